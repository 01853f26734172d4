// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/vmcore.h"

/* --- the file --- */

int vmcore_open(struct vmcore *core, const char *name)
{
	*core = (struct vmcore){0};
	return input_open(&core->input, name);
}

int vmcore_fill(struct vmcore *core)
{
	return input_fill(&core->input);
}

void vmcore_close(struct vmcore *core)
{
	if (core->format)
		core->format->close(core);
	input_close(&core->input);
	arena_free(&core->arena);
}

/* What the first bytes of files are; input.c has undone the flattened format. */
static const struct {
	const char *magic, *what;
	const struct vmcore_format *format;
} formats[] = {
	{ ELF_MAGIC, "an ELF file", &vmcore_elf },
	{ "KDUMP   ", "a compressed kdump file", &vmcore_kdumpfile },
	{ "DISKDUMP", "a diskdump file", &vmcore_kdumpfile },
	{ "makedumpfile", "a flattened dump", NULL },
};

/*
 * With a message that says what it is. A file that ends within such a word was
 * to be that; of one that has no such word ELF has to say what is wrong with it.
 */
static int recognise(struct vmcore *core)
{
	uint8_t head[16];
	size_t len;

	core->format = &vmcore_elf;
	if (input_read(&core->input, 0, head, sizeof(head), &len) < 0)
		fail_forget();
	else if (core->input.cut && !len)
		return fail(EINVAL, "the beginning of the dump is missing");
	else if (!len)
		return fail(ENOEXEC, "it is empty");
	for (size_t i = 0; len && i < ARRAY_SIZE(formats); i++) {
		size_t n = strlen(formats[i].magic);

		if (memcmp(head, formats[i].magic, len < n ? len : n))
			continue;
		if (len < n)
			return fail(EINVAL, "it begins as %s does, and ends there after %zu bytes",
				    formats[i].what, len);
		if (formats[i].format)
			core->format = formats[i].format;
		return fail(0, "%s", formats[i].what);
	}
	return 0;
}

/* Nothing that a file lacks makes sense of what is missing in it. */
static void note_cut(struct vmcore *core)
{
	const struct input *in = &core->input;
	STRING_AUTO words = NULL;

	if (in->cut)
		words = mem_printf("this flattened dump is cut off after %" PRIu64
				   " bytes, before its"
				   " end mark",
				   in->cut_at);
	else if (in->size && in->size < core->needs)
		words = mem_printf("the file is cut off after %" PRIu64
				   " bytes of at least %" PRIu64,
				   in->size, core->needs);
	if (words)
		core->cut = arena_string(&core->arena, words, strlen(words));
}

/* x86_64's own kernels are in the upper half of 64 bits. */
static bool is_32_bit_machine(const struct vmcore *core)
{
	uint64_t va = 0;

	switch (core->machine) {
	case ELF_EM_386:
	case ELF_EM_PPC:
	case ELF_EM_ARM:
		return true;
	case ELF_EM_X86_64:
		return (vmcoreinfo_has_hex(&core->info, "SYMBOL(log_buf)", &va) ||
			vmcoreinfo_has_hex(&core->info, "SYMBOL(prb)", &va)) && va <= UINT32_MAX;
	default:
		return false;
	}
}

/* A 32-bit kernel with more than 4 GiB of memory has an ELF64 dump. */
static int find_word(struct vmcore *core)
{
	uint64_t word = is_32_bit_machine(core) ? 4 : core->class_word;

	vmcoreinfo_has_number(&core->info, "SIZE(atomic_long_t)", &word);
	if (word != 4 && word != 8)
		return fail(EBADMSG, "vmcoreinfo: an atomic_long_t of %" PRIu64 " bytes", word);
	core->word = (unsigned int)word;
	return 0;
}

/* --- memory --- */

static size_t piece_by(struct vmcore *core, bool rule, uint64_t va, void *buf, size_t len,
		       const uint8_t **at)
{
	uint64_t address = va &= vmcore_word_mask(core);

	if (rule && !vmcore_physical(core, va, &address, &len))
		return 0;
	return core->format->piece(core, address, rule, buf, len, at);
}

typedef bool (*question)(struct vmcore *core, uint64_t address, bool physical);

static bool ask_by(struct vmcore *core, bool rule, question format, uint64_t va)
{
	uint64_t address = va &= vmcore_word_mask(core);
	size_t one = 1;

	return (!rule || vmcore_physical(core, va, &address, &one)) && format(core, address, rule);
}

/* True when it is by the rules that the address is found. Nowhere counts as the file's way. */
static bool way_to(struct vmcore *core, uint64_t va)
{
	bool first = core->rules_first;

	if (ask_by(core, first, core->format->covers, va))
		return first;
	return first ? false : ask_by(core, true, core->format->covers, va);
}

/* No architecture has smaller pages, nor rules for parts of one. */
#define PAGE_MIN 4096

/* At least so many bytes are not there in that way; 0 when that is not known. */
static uint64_t gap_by(struct vmcore *core, bool rule, uint64_t va)
{
	uint64_t address = va &= vmcore_word_mask(core), n;
	size_t max = SIZE_MAX / 2;

	if (rule && !core->n_direct && !core->page_table)
		return UINT64_MAX;
	if (rule && !vmcore_physical(core, va, &address, &max))
		return PAGE_MIN - va % PAGE_MIN;
	n = core->format->gap(core, address, rule);
	if (n > vmcore_word_mask(core) - va)
		n = vmcore_word_mask(core) - va;
	return n < max ? n : max;
}

/*
 * One piece of memory. What one way leads to is not looked for by the other, which goes on no
 * further than the first leads nowhere.
 */
static size_t piece(struct vmcore *core, uint64_t va, void *buf, size_t len, const uint8_t **at)
{
	bool first = core->rules_first;
	size_t n = piece_by(core, first, va, buf, len, at);
	uint64_t nowhere;

	if (n || ask_by(core, first, core->format->covers, va))
		return n;
	nowhere = gap_by(core, first, va);
	if (!nowhere)
		nowhere = PAGE_MIN - va % PAGE_MIN;
	return piece_by(core, !first, va, buf, len < nowhere ? len : (size_t)nowhere, at);
}

static bool covers(struct vmcore *core, uint64_t va)
{
	return ask_by(core, way_to(core, va), core->format->covers, va);
}

static bool left_out(struct vmcore *core, uint64_t va)
{
	return ask_by(core, way_to(core, va), core->format->left_out, va);
}

/* For how many bytes piece() would find nothing either; 0 when that is not known. */
static uint64_t gap(struct vmcore *core, uint64_t va)
{
	bool first = core->rules_first;
	uint64_t n = gap_by(core, first, va), other;

	if (ask_by(core, first, core->format->covers, va))
		return n;
	other = gap_by(core, !first, va);
	return n < other ? n : other;
}

/* --- which way is believed --- */

/* utsname.release: include/uapi/linux/utsname.h */
#define RELEASE_AT (2 * 65)

/* Whether the kernel's name is where vmcoreinfo says, going there in that way alone. */
static bool leads_to_name(struct vmcore *core, bool rule)
{
	uint64_t va, name = 4;	/* in older kernels, which have no line for it */
	char found[RELEASE_AT];
	const char *release;
	size_t len, n;

	if (!vmcoreinfo_has_hex(&core->info, "SYMBOL(init_uts_ns)", &va))
		return false;
	vmcoreinfo_has_number(&core->info, "OFFSET(uts_namespace.name)", &name);
	va += name;
	release = vmcoreinfo_release(&core->info, &len);
	for (size_t done = 0; done < len + 1; done += n) {
		n = piece_by(core, rule, va + RELEASE_AT + done, found + done, len + 1 - done,
			     NULL);
		if (!n)
			return false;
	}
	return !memcmp(found, release, len) && !found[len];
}

static bool has_physical(const struct vmcore *core)
{
	for (uint32_t i = 0; i < core->elf.n_phdrs; i++)
		if (core->elf.phdr[i].type == ELF_PT_LOAD && core->elf.phdr[i].paddr &&
		    core->elf.phdr[i].paddr != UINT64_MAX)
			return true;
	return false;
}

/* Of the possible rules those that lead to the name, else the first. */
static void choose_way(struct vmcore *core)
{
	bool by_rule = false, by_file = leads_to_name(core, false);

	for (unsigned int i = 0; !by_rule && vmcore_find_direct(core, i); i++)
		by_rule = leads_to_name(core, true);
	if (!by_rule)
		vmcore_find_direct(core, 0);
	core->rules_first = has_physical(core) && (by_rule || (!core->assumed && !by_file));
	core->named = by_rule || by_file;
}

int vmcore_read_headers(struct vmcore *core)
{
	int rc = recognise(core);

	if (rc >= 0)
		rc = core->format->open(core);
	note_cut(core);
	return rc;
}

int vmcore_use_info(struct vmcore *core, const struct vmcoreinfo *info)
{
	unsigned int word = core->word;
	int rc;

	core->info = *info;
	core->little = info->little;
	rc = find_word(core);
	if (core->word != word)
		core->segments[false].n = 0;	/* made with the other word's mask */
	if (rc >= 0)
		choose_way(core);
	return rc;
}

/* --- reading --- */

size_t vmcore_read(struct vmcore *core, uint64_t va, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = piece(core, va + done, (uint8_t *)buf + done, len - done, NULL);

		if (!n)
			break;
		done += n;
	}
	return done;
}

int vmcore_value(struct vmcore *core, uint64_t va, size_t size, uint64_t *v)
{
	uint8_t d[8] = {0};
	size_t done = vmcore_read(core, va, d, size);

	if (done < size && !left_out(core, va + done))
		return fail(EFAULT, "address 0x%" PRIx64 " is not in the dump", va);
	*v = vmcore_get(core, d, size);
	return 0;
}

int vmcore_pointer(struct vmcore *core, uint64_t va, uint64_t *v)
{
	return vmcore_value(core, va, core->word, v);
}

int vmcore_variable(struct vmcore *core, const char *name, size_t size, uint64_t *v)
{
	uint64_t va;
	int rc = vmcoreinfo_symbol(&core->info, name, &va);

	return rc < 0 ? rc : vmcore_value(core, va, size, v);
}

int vmcore_pointer_variable(struct vmcore *core, const char *name, uint64_t *v)
{
	return vmcore_variable(core, name, core->word, v);
}

/* Page tables give one page after the other, which mostly are one piece of the file. */
static void map_span(struct span *s, size_t most)
{
	const uint8_t *at = NULL;
	size_t n;

	while (s->mapped < most) {
		n = piece(s->core, s->va + s->mapped, NULL, most - s->mapped, &at);
		if (!n || (s->mapped && at != s->map + s->mapped))
			break;
		s->map = s->mapped ? s->map : at;
		s->mapped += n;
	}
}

int span_init(struct span *s, struct vmcore *core, const char *what, uint64_t va, uint64_t size)
{
	size_t most = size < SIZE_MAX / 2 ? (size_t)size : SIZE_MAX / 2;

	*s = (struct span){ .core = core, .va = va, .size = size };
	if (!size || !covers(core, va) || !covers(core, va + size - 1))
		return fail(EFAULT, "%s, 0x%" PRIx64 " bytes at address 0x%" PRIx64
			    ", is not in the dump", what, size, va);
	map_span(s, most);
	return 0;
}

void span_free(struct span *s)
{
	free(s->data);
	s->data = NULL;
}

const uint8_t *span_read(struct span *s, uint64_t offset, size_t len)
{
	uint64_t left;

	if (offset > s->size)
		return NULL;
	if (!s->data)
		s->data = mem_alloc(SPAN_PIECE);
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

/* A gap of which no more than one block is known, of @len bytes, unless the dump says more. */
static size_t gap_size(struct span *s, uint64_t offset, uint64_t end, size_t len)
{
	uint64_t n = gap(s->core, s->va + offset);

	if (!n)
		return len;
	return (size_t)(n < end - offset ? n : end - offset);
}

const uint8_t *span_block(struct span *s, uint64_t offset, uint64_t end, size_t *len)
{
	const uint8_t *d = NULL;
	size_t n;

	*len = SPAN_BLOCK - (s->va + offset) % SPAN_BLOCK;
	if (*len > end - offset)
		*len = (size_t)(end - offset);
	/* What could be read once may not be again. */
	n = span_at(s, offset, 1) ? *len : 0;
	while (n && !(d = span_at(s, offset, n)))
		n /= 2;
	if (!d) {
		*len = gap_size(s, offset, end, *len);
		return NULL;
	}
	*len = n;	/* the rest is the next block */
	return d[0] || memcmp(d, d + 1, n - 1) ? d : NULL;
}
