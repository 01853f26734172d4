// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"

#define PN_XNUM 0xffff

/* Where the fields of a header are, by class. */
struct layout {
	unsigned int bits, word, ehdr, phdr;
	unsigned int entry, phoff, ehsize, phentsize, phnum;
	unsigned int p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
	unsigned int sh_info;
};

static const struct layout layouts[] = {
	{ 32, 4, 52, 32, 24, 28, 40, 42, 44, 24, 4, 8, 12, 16, 20, 28, 28 },
	{ 64, 8, 64, 56, 24, 32, 52, 54, 56, 4, 8, 16, 24, 32, 40, 48, 44 },
};

static uint64_t half(const uint8_t *data, unsigned int at, bool little)
{
	return bytes_get(data + at, 2, little);
}

static bool current_version(const uint8_t *data, bool little)
{
	return bytes_get(data + 20, 4, little) == 1;
}

/* How much of the header makes sense in this byte order. */
static unsigned int evidence(const uint8_t *data, const struct layout *l, bool little)
{
	uint64_t type = half(data, 16, little), machine = half(data, 18, little);

	return 2 * current_version(data, little) + (type >= 1 && type <= 4) +
	       (machine >= 1 && machine < 1024) + (half(data, l->ehsize, little) == l->ehdr) +
	       (half(data, l->phentsize, little) == l->phdr);
}

static bool byte_order(const uint8_t *data, const struct layout *l, bool *little)
{
	unsigned int if_little = evidence(data, l, true), if_big = evidence(data, l, false);

	*little = if_little == if_big ? data[5] == 1 : if_little > if_big;
	return if_little != if_big || data[5] == 1 || data[5] == 2;
}

static int identify(const uint8_t *data, size_t len, const struct layout **l, bool *little)
{
	if (len < 4 || memcmp(data, ELF_MAGIC, 4) != 0)
		return fail(ENOEXEC, "not an ELF file");
	if (len < 16 || data[4] < 1 || data[4] > 2)
		return fail(EINVAL, "broken ELF header: class is neither 32 nor 64 bit");
	*l = &layouts[data[4] - 1];
	if (len < (*l)->ehdr)
		return fail(EINVAL, "truncated ELF header: %zu bytes of %u", len, (*l)->ehdr);
	if (!byte_order(data, *l, little))
		return fail(EINVAL, "broken ELF header: unknown byte order or version");
	return 0;
}

static int identify_exactly(const uint8_t *data, size_t len, const struct layout **l, bool *little)
{
	int rc = identify(data, len, l, little);

	if (rc >= 0 && ((data[5] != 1 && data[5] != 2) || !current_version(data, *little)))
		return fail(EINVAL, "broken ELF header: unknown byte order or version");
	return rc;
}

static int headers_size(const uint8_t *data, size_t len, uint64_t file_size, uint64_t *need,
			const struct layout **layout, bool *little)
{
	int rc = identify_exactly(data, len, layout, little);
	const struct layout *l;
	uint64_t phoff, phnum;

	if (rc < 0)
		return rc;
	l = *layout;
	phoff = bytes_get(data + l->phoff, l->word, *little);
	phnum = bytes_get(data + l->phnum, 2, *little);
	if (phnum && bytes_get(data + l->phentsize, 2, *little) != l->phdr)
		return fail(EINVAL, "broken ELF header: program headers of %u bytes, expected %u",
			    (unsigned int)bytes_get(data + l->phentsize, 2, *little), l->phdr);
	if (__builtin_add_overflow(phoff, phnum * l->phdr, need) || *need > file_size)
		return fail(EINVAL, "%" PRIu64 " program headers at offset 0x%" PRIx64
			    " end beyond the file (%" PRIu64 " bytes)", phnum, phoff, file_size);
	if (*need < l->ehdr)
		*need = l->ehdr;
	return 0;
}

int elf_headers_size(const uint8_t *data, size_t len, uint64_t file_size, uint64_t *need)
{
	const struct layout *l;
	bool little;

	return headers_size(data, len, file_size, need, &l, &little);
}

static void read_phdr(struct elf_phdr *p, const uint8_t *d, const struct layout *l, bool little)
{
	p->type = (uint32_t)bytes_get(d, 4, little);
	p->flags = (uint32_t)bytes_get(d + l->p_flags, 4, little);
	p->offset = bytes_get(d + l->p_offset, l->word, little);
	p->vaddr = bytes_get(d + l->p_vaddr, l->word, little);
	p->paddr = bytes_get(d + l->p_paddr, l->word, little);
	p->filesz = bytes_get(d + l->p_filesz, l->word, little);
	p->memsz = bytes_get(d + l->p_memsz, l->word, little);
	p->align = bytes_get(d + l->p_align, l->word, little);
	/* Linkers and QEMU's dump.c say anything where there is nothing: all ones, or the end. */
	if (!p->filesz)
		p->offset = 0;
}

static int check_phdr(const struct elf_phdr *p, uint32_t i, uint64_t file_size)
{
	uint64_t end;

	if (!p->type)
		return 0;
	if (__builtin_add_overflow(p->offset, p->filesz, &end) || end > file_size)
		return fail(EINVAL, "program header %u: 0x%" PRIx64 " bytes at offset 0x%" PRIx64
			    " end beyond the file (0x%" PRIx64 " bytes): truncated or damaged",
			    i, p->filesz, p->offset, file_size);
	if (__builtin_add_overflow(p->paddr, p->memsz, &end))
		return fail(EINVAL, "program header %u: 0x%" PRIx64 " bytes at address 0x%" PRIx64
			    " wrap around 64 bits", i, p->memsz, p->paddr);
	if (p->type == ELF_PT_LOAD && p->filesz > p->memsz)
		return fail(EINVAL, "program header %u: 0x%" PRIx64 " bytes in the file but 0x%"
			    PRIx64 " in memory", i, p->filesz, p->memsz);
	return 0;
}

static void read_header(struct elf *elf, const uint8_t *data, const struct layout *l, bool little)
{
	*elf = (struct elf){
		.bits = l->bits, .little = little,
		.type = (uint16_t)half(data, 16, little),
		.machine = (uint16_t)half(data, 18, little),
		.entry = bytes_get(data + l->entry, l->word, little),
		.n_phdrs = (uint32_t)half(data, l->phnum, little),
	};
}

int elf_parse(struct elf *elf, struct arena *arena, const uint8_t *data, size_t len,
	      uint64_t file_size)
{
	const struct layout *l;
	struct elf_phdr *phdr;
	uint64_t need = 0, phoff;
	bool little;
	int rc = headers_size(data, len, file_size, &need, &l, &little);

	if (rc < 0)
		return rc;
	if (need > len)
		return fail(EINVAL,
			    "program headers end at 0x%" PRIx64 ", only 0x%zx bytes are there",
			    need, len);
	read_header(elf, data, l, little);
	phoff = bytes_get(data + l->phoff, l->word, little);
	phdr = arena_alloc(arena, elf->n_phdrs * sizeof(*phdr));
	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		read_phdr(&phdr[i], data + phoff + (uint64_t)i * l->phdr, l, little);
		rc = check_phdr(&phdr[i], i, file_size);
		if (rc < 0)
			return rc;
	}
	elf->phdr = phdr;
	return 0;
}

/* --- cores --- */

/* More program headers than e_phnum can say: sh_info of the first section header can. */
static void count_phdrs(struct elf *elf, const struct elf_reader *reader, const uint8_t *data,
			const struct layout *l)
{
	uint64_t shoff = bytes_get(data + l->phoff + l->word, l->word, elf->little), at;
	uint8_t info[4];
	size_t done;

	if (elf->n_phdrs != PN_XNUM || !shoff)
		return;
	if (__builtin_add_overflow(shoff, l->sh_info, &at) ||
	    reader->read(reader->from, at, info, sizeof(info), &done) < 0 || done < sizeof(info))
		fail_forget();
	else
		elf->n_phdrs = (uint32_t)bytes_get(info, 4, elf->little);
}

static int read_phdrs(struct elf *elf, struct arena *arena, const struct elf_reader *reader,
		      const struct layout *l, uint64_t phoff, uint32_t max)
{
	uint32_t announced = elf->n_phdrs, n = announced < max ? announced : max;
	struct elf_phdr *phdr;
	BUF_AUTO table = {0};
	int rc;

	buf_reserve(&table, (size_t)n * l->phdr);
	rc = reader->read(reader->from, phoff, table.data, (size_t)n * l->phdr, &table.len);
	if (rc < 0)
		return rc;
	elf->n_phdrs = (uint32_t)(table.len / l->phdr);
	elf->n_missing = announced - elf->n_phdrs;
	phdr = arena_alloc(arena, elf->n_phdrs * sizeof(*phdr));
	for (uint32_t i = 0; i < elf->n_phdrs; i++)
		read_phdr(&phdr[i], table.data + (size_t)i * l->phdr, l, elf->little);
	elf->phdr = phdr;
	return 0;
}

int elf_read_core(struct elf *elf, struct arena *arena, const struct elf_reader *reader,
		  uint32_t max)
{
	uint8_t data[ELF64_EHDR_SIZE];
	const struct layout *l;
	bool little;
	size_t len;
	int rc = reader->read(reader->from, 0, data, sizeof(data), &len);

	if (rc >= 0)
		rc = identify(data, len, &l, &little);
	if (rc < 0)
		return rc;
	read_header(elf, data, l, little);
	if (elf->n_phdrs && half(data, l->phentsize, little) != l->phdr)
		return fail(EINVAL, "broken ELF header: program headers of %u bytes, expected %u",
			    (unsigned int)half(data, l->phentsize, little), l->phdr);
	count_phdrs(elf, reader, data, l);
	return read_phdrs(elf, arena, reader, l, bytes_get(data + l->phoff, l->word, little), max);
}
