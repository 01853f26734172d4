// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "vmcore-dmesg/vmcore.h"

#define HEADERS_MAX ((uint64_t)16 << 20)
#define NOTES_MAX (1u << 20)		/* one per CPU, and a few */
#define VMCOREINFO_MAX (1u << 20)	/* the kernel's is one page */
#define NOTE_HEADER 12
#define VMCOREINFO "VMCOREINFO"
#define VMCOREINFO_NAMESZ ((uint32_t)sizeof(VMCOREINFO))

enum { EM_ARM64 = 183, EM_X86_64 = 62 };

/* --- the file --- */

int vmcore_open(struct vmcore *core, const char *name)
{
	*core = (struct vmcore){ .end = INT64_MAX };
	core->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (core->fd < 0)
		return fail(errno, "cannot be opened: %s", strerror(errno));
	return 0;
}

void vmcore_close(struct vmcore *core)
{
	if (core->fd >= 0)
		close(core->fd);
	core->fd = -1;
	arena_free(&core->arena);
}

/* As many bytes as are there; an error only when the first cannot be read. */
static int read_file(struct vmcore *core, uint64_t offset, void *buf, size_t len, size_t *done)
{
	*done = 0;
	if (offset >= core->end)
		return 0;
	if (len > core->end - offset)
		len = core->end - offset;
	while (*done < len) {
		ssize_t n = pread(core->fd, (uint8_t *)buf + *done, len - *done,
				  (off_t)(offset + *done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !*done)
			return fail(errno, "cannot be read at offset 0x%" PRIx64 ": %s", offset,
				    strerror(errno));
		if (!n)
			core->end = offset + *done;
		if (n <= 0)
			break;
		*done += (size_t)n;
	}
	return 0;
}

static int read_elf(struct vmcore *core)
{
	uint8_t first[ELF64_EHDR_SIZE], *headers;
	uint64_t need;
	size_t len;
	int rc = read_file(core, 0, first, sizeof(first), &len);

	if (rc >= 0)
		rc = elf_headers_size(first, len, UINT64_MAX, &need);
	if (rc == -ENOEXEC)
		return fail(ENOEXEC, "not an ELF core (if it is makedumpfile's compressed format,"
			    " use makedumpfile --dump-dmesg)");
	if (rc < 0)
		return rc;
	if (need > HEADERS_MAX)
		return fail(EINVAL, "program headers end at offset 0x%" PRIx64 ", the limit is 0x%"
			    PRIx64, need, HEADERS_MAX);
	headers = arena_alloc(&core->arena, need);
	rc = read_file(core, 0, headers, need, &len);
	if (rc >= 0)
		rc = elf_parse(&core->elf, &core->arena, headers, len, UINT64_MAX);
	if (rc >= 0 && core->elf.type != ELF_ET_CORE)
		rc = fail(EINVAL, "an ELF file of type %u, not a core (type %u)", core->elf.type,
			  ELF_ET_CORE);
	return rc;
}

/* --- notes --- */

struct note {
	uint32_t namesz, descsz;
	uint64_t desc, next;	/* file offsets */
	bool vmcoreinfo;
};

/* False at the end of what is in the file or in the segment, which ends at @end. */
static bool read_note(struct vmcore *core, uint64_t at, uint64_t end, struct note *note)
{
	uint8_t d[NOTE_HEADER + VMCOREINFO_NAMESZ];
	size_t len;

	if (at >= end || read_file(core, at, d, sizeof(d), &len) < 0 || len < NOTE_HEADER)
		return false;
	note->namesz = (uint32_t)bytes_get(d, 4, core->elf.little);
	note->descsz = (uint32_t)bytes_get(d + 4, 4, core->elf.little);
	if (__builtin_add_overflow(at, NOTE_HEADER + round_up64(note->namesz, 4), &note->desc) ||
	    __builtin_add_overflow(note->desc, round_up64(note->descsz, 4), &note->next))
		return false;
	note->vmcoreinfo = len == sizeof(d) && note->namesz == VMCOREINFO_NAMESZ &&
			   !memcmp(d + NOTE_HEADER, VMCOREINFO, VMCOREINFO_NAMESZ);
	return note->desc <= end && note->descsz <= end - note->desc;
}

/* A note that is cut off still names the first structures. */
static int read_vmcoreinfo(struct vmcore *core, const struct note *note)
{
	size_t len = note->descsz;
	char *info;
	int rc;

	if (len > VMCOREINFO_MAX)
		return fail(EINVAL, "the VMCOREINFO note has %zu bytes, the limit is %u", len,
			    VMCOREINFO_MAX);
	info = arena_alloc(&core->arena, len + 1);
	rc = read_file(core, note->desc, info, len, &len);
	if (rc >= 0)
		core->info = info;
	return rc;
}

static int find_vmcoreinfo(struct vmcore *core)
{
	unsigned int notes = 0;
	struct note note;

	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t at = p->offset, end = p->offset + p->filesz;

		if (p->type != ELF_PT_NOTE)
			continue;
		for (; read_note(core, at, end, &note) && notes++ < NOTES_MAX; at = note.next)
			if (note.vmcoreinfo && note.descsz)
				return read_vmcoreinfo(core, &note);
	}
	return fail(EINVAL, "there is no VMCOREINFO note: not a dump of a Linux kernel, or"
		    " truncated");
}

static bool have_number(const struct vmcore *core, const char *key, uint64_t *v)
{
	if (vmcore_number(core, key, v) >= 0)
		return true;
	fail_forget();
	return false;
}

static int find_word(struct vmcore *core)
{
	uint64_t word;

	/* a 32-bit kernel with more than 4 GiB of memory has an ELF64 dump */
	if (!have_number(core, "SIZE(atomic_long_t)", &word))
		word = core->elf.bits / 8;
	if (word != 4 && word != 8)
		return fail(EBADMSG, "vmcoreinfo: an atomic_long_t of %" PRIu64 " bytes", word);
	core->word = (unsigned int)word;
	return 0;
}

/* --- architectures: virtual to physical, where p_vaddr does not say --- */

static void add_direct(struct vmcore *core, uint64_t first, uint64_t last, uint64_t physical)
{
	core->direct[core->n_direct++] = (struct vmcore_direct){ first, last, physical - first };
}

static void ppc64_direct(struct vmcore *core)
{
	add_direct(core, 0xc000000000000000, 0xcfffffffffffffff, 0);
}

/* The kernel's image: arch/x86/include/asm/page_64.h:__phys_addr_nodebug() */
static void x86_64_direct(struct vmcore *core)
{
	uint64_t base;

	if (have_number(core, "NUMBER(phys_base)", &base))
		add_direct(core, 0xffffffff80000000, UINT64_MAX, base);
}

/*
 * The linear map, and the image above it, since Linux 5.4:
 * arch/arm64/include/asm/memory.h:__virt_to_phys_nodebug()
 */
static void arm64_direct(struct vmcore *core)
{
	uint64_t bits, base, linear, image;

	if (!have_number(core, "NUMBER(VA_BITS)", &bits) || bits < 36 || bits > 52)
		return;
	linear = -(UINT64_C(1) << bits);
	image = -(UINT64_C(1) << ((bits < 48 ? bits : 48) - 1));
	if (have_number(core, "NUMBER(PHYS_OFFSET)", &base))
		add_direct(core, linear, image - 1, base);
	if (have_number(core, "NUMBER(kimage_voffset)", &base))
		add_direct(core, image, UINT64_MAX, image - base);
}

static const struct {
	uint16_t machine;
	void (*direct)(struct vmcore *core);
} machines[] = {
	{ ELF_EM_PPC64, ppc64_direct },
	{ EM_X86_64, x86_64_direct },
	{ EM_ARM64, arm64_direct },
};

static void find_direct(struct vmcore *core)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == core->elf.machine)
			machines[i].direct(core);
}

int vmcore_read_headers(struct vmcore *core)
{
	int rc = read_elf(core);

	if (rc >= 0)
		rc = find_vmcoreinfo(core);
	if (rc >= 0)
		rc = find_word(core);
	if (rc >= 0)
		find_direct(core);
	return rc;
}

/* --- vmcoreinfo --- */

/* What follows "key=", or NULL. */
static const char *info_line(const struct vmcore *core, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = core->info; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static int info_number(const struct vmcore *core, const char *key, int base, uint64_t *v)
{
	const char *s = info_line(core, key);
	char *end;

	if (!s)
		return fail(ENOENT, "vmcoreinfo lacks %s", key);
	if (!base)
		base = strncmp(s, "0x", 2) ? 10 : 16;
	errno = 0;
	*v = strtoull(s, &end, base);
	if (errno || end == s || (*end && *end != '\n') || isspace((unsigned char)*s))
		return fail(EBADMSG, "vmcoreinfo: %s is not a number", key);
	return 0;
}

bool vmcore_has_symbol(const struct vmcore *core, const char *name)
{
	STRING_AUTO key = mem_printf("SYMBOL(%s)", name);

	return info_line(core, key) != NULL;
}

int vmcore_symbol(const struct vmcore *core, const char *name, uint64_t *va)
{
	STRING_AUTO key = mem_printf("SYMBOL(%s)", name);

	return info_number(core, key, 16, va);
}

int vmcore_number(const struct vmcore *core, const char *key, uint64_t *v)
{
	return info_number(core, key, 0, v);
}

const char *vmcore_release(struct vmcore *core)
{
	const char *s = info_line(core, "OSRELEASE");
	size_t len = 0;

	while (s && len < 64 && isgraph((unsigned char)s[len]))
		len++;
	return len ? arena_string(&core->arena, s, len) : "?";
}

/* --- memory --- */

static uint64_t word_mask(const struct vmcore *core)
{
	return core->word == 4 ? UINT32_MAX : UINT64_MAX;
}

/* Whether program header @i holds the address, and how far behind its start. */
static bool holds(const struct vmcore *core, uint32_t i, uint64_t address, bool physical,
		  uint64_t *into)
{
	const struct elf_phdr *p = &core->elf.phdr[i];
	uint64_t start = physical ? p->paddr : p->vaddr & word_mask(core);

	*into = address - start;
	return p->type == ELF_PT_LOAD && address >= start && *into < p->memsz;
}

static const struct elf_phdr *find(struct vmcore *core, uint64_t address, bool physical,
				   uint64_t *into)
{
	uint32_t i = core->hint;

	if (i < core->elf.n_phdrs && holds(core, i, address, physical, into))
		return &core->elf.phdr[i];
	for (i = 0; i < core->elf.n_phdrs; i++)
		if (holds(core, i, address, physical, into)) {
			core->hint = i;
			return &core->elf.phdr[i];
		}
	return NULL;
}

static const struct elf_phdr *find_virtual(struct vmcore *core, uint64_t va, uint64_t *into)
{
	const struct elf_phdr *p;

	va &= word_mask(core);
	p = find(core, va, false, into);
	for (unsigned int i = 0; !p && i < core->n_direct; i++)
		if (va >= core->direct[i].first && va <= core->direct[i].last)
			p = find(core, va + core->direct[i].add, true, into);
	return p;
}

/* Memory that a dump describes without holding it was zero, or is left out as such. */
static size_t read_segment(struct vmcore *core, const struct elf_phdr *p, uint64_t into,
			   void *buf, size_t len)
{
	uint64_t limit = into < p->filesz ? p->filesz : p->memsz;
	size_t done;

	if (len > limit - into)
		len = limit - into;
	if (into >= p->filesz) {
		memset(buf, 0, len);
		return len;
	}
	if (read_file(core, p->offset + into, buf, len, &done) < 0)
		fail_forget();
	return done;
}

size_t vmcore_read(struct vmcore *core, uint64_t va, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint64_t into;
		const struct elf_phdr *p = find_virtual(core, va + done, &into);
		size_t n = p ? read_segment(core, p, into, (uint8_t *)buf + done, len - done) : 0;

		if (!n)
			break;
		done += n;
	}
	return done;
}

int vmcore_value(struct vmcore *core, uint64_t va, size_t size, uint64_t *v)
{
	uint8_t d[8];

	if (vmcore_read(core, va, d, size) < size)
		return fail(EFAULT, "address 0x%" PRIx64 " is not in the dump", va);
	*v = bytes_get(d, size, core->elf.little);
	return 0;
}

int vmcore_pointer(struct vmcore *core, uint64_t va, uint64_t *v)
{
	return vmcore_value(core, va, core->word, v);
}

int span_init(struct span *s, struct vmcore *core, const char *what, uint64_t va, uint64_t size)
{
	uint64_t into;

	*s = (struct span){ .core = core, .va = va, .size = size };
	if (!size || !find_virtual(core, va, &into) || !find_virtual(core, va + size - 1, &into))
		return fail(EFAULT, "%s, 0x%" PRIx64 " bytes at address 0x%" PRIx64
			    ", is not in the dump", what, size, va);
	s->data = mem_alloc(SPAN_PIECE);
	return 0;
}

void span_free(struct span *s)
{
	free(s->data);
	s->data = NULL;
}

const uint8_t *span_at(struct span *s, uint64_t offset, size_t len)
{
	uint64_t left;

	if (offset > s->size || len > s->size - offset)
		return NULL;
	left = s->size - offset;
	if (offset < s->start || offset - s->start > s->valid ||
	    len > s->valid - (offset - s->start)) {
		s->start = offset;
		s->valid = vmcore_read(s->core, s->va + offset, s->data,
				       left < SPAN_PIECE ? left : SPAN_PIECE);
		if (len > s->valid)
			return NULL;
	}
	return s->data + (offset - s->start);
}
