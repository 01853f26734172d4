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

void vmcore_close(struct vmcore *core)
{
	if (core->format)
		core->format->close(core);
	input_close(&core->input);
	arena_free(&core->arena);
}

/* What the first bytes of makedumpfile's formats are; input.c has undone the flattened one. */
static const struct {
	const char *magic, *what;
} compressed[] = {
	{ "KDUMP   ", "a compressed kdump file" },
	{ "DISKDUMP", "a diskdump file" },
};

static const struct vmcore_format *recognise(struct vmcore *core)
{
	uint8_t head[16];
	size_t len;

	if (input_read(&core->input, 0, head, sizeof(head), &len) < 0)
		fail_forget();
	for (size_t i = 0; i < ARRAY_SIZE(compressed); i++) {
		size_t n = strlen(compressed[i].magic);

		if (len >= n && !memcmp(head, compressed[i].magic, n)) {
			fail(ENOSYS, "%s", compressed[i].what);
			return &vmcore_kdumpfile;
		}
	}
	return &vmcore_elf;
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
	uint64_t word = is_32_bit_machine(core) ? 4 : core->word;

	vmcoreinfo_has_number(&core->info, "SIZE(atomic_long_t)", &word);
	if (word != 4 && word != 8)
		return fail(EBADMSG, "vmcoreinfo: an atomic_long_t of %" PRIu64 " bytes", word);
	core->word = (unsigned int)word;
	return 0;
}

int vmcore_read_headers(struct vmcore *core)
{
	int rc;

	core->format = recognise(core);
	rc = core->format->open(core);
	if (rc >= 0)
		rc = find_word(core);
	if (rc >= 0)
		vmcore_find_direct(core);
	return rc;
}

/* --- memory --- */

static uint64_t word_mask(const struct vmcore *core)
{
	return core->word == 4 ? UINT32_MAX : UINT64_MAX;
}

/* One piece of memory, which the file knows by its virtual address or by its physical one. */
static size_t piece(struct vmcore *core, uint64_t va, void *buf, size_t len, const uint8_t **at)
{
	size_t n, max = len;
	uint64_t pa;

	va &= word_mask(core);
	n = core->format->piece(core, va, false, buf, len, at);
	if (!n && vmcore_physical(core, va, &pa, &max))
		n = core->format->piece(core, pa, true, buf, max, at);
	return n;
}

/* What the format says of the address, by either name. */
static bool ask(struct vmcore *core, bool (*format)(struct vmcore *, uint64_t, bool), uint64_t va)
{
	size_t one = 1;
	uint64_t pa;

	va &= word_mask(core);
	return format(core, va, false) ||
	       (vmcore_physical(core, va, &pa, &one) && format(core, pa, true));
}

static bool covers(struct vmcore *core, uint64_t va)
{
	return ask(core, core->format->covers, va);
}

static bool left_out(struct vmcore *core, uint64_t va)
{
	return ask(core, core->format->left_out, va);
}

/* No architecture has smaller pages, nor rules for parts of one. */
#define PAGE_MIN 4096

/* For how many bytes piece() would find nothing either; 0 when that is not known. */
static uint64_t gap(struct vmcore *core, uint64_t va)
{
	size_t max = SIZE_MAX / 2;
	uint64_t n, physical, pa;

	va &= word_mask(core);
	n = core->format->gap(core, va, false);
	if (n > word_mask(core) - va)
		n = word_mask(core) - va;
	if (!n || (!core->n_direct && !core->page_table))
		return n;
	physical = PAGE_MIN - va % PAGE_MIN;
	if (vmcore_physical(core, va, &pa, &max))
		physical = core->format->gap(core, pa, true);
	n = n < max ? n : max;
	return n < physical ? n : physical;
}

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

int span_init(struct span *s, struct vmcore *core, const char *what, uint64_t va, uint64_t size)
{
	size_t most = size < SIZE_MAX / 2 ? (size_t)size : SIZE_MAX / 2;

	*s = (struct span){ .core = core, .va = va, .size = size };
	if (!size || !covers(core, va) || !covers(core, va + size - 1))
		return fail(EFAULT, "%s, 0x%" PRIx64 " bytes at address 0x%" PRIx64
			    ", is not in the dump", what, size, va);
	s->mapped = piece(core, va, NULL, most, &s->map);
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

	if (offset > s->size || len > s->size - offset || len > SPAN_PIECE)
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

/* A gap that begins in a block of @len bytes; it ends where a block does. */
static size_t gap_size(struct span *s, uint64_t offset, uint64_t end, size_t len)
{
	uint64_t n = gap(s->core, s->va + offset);

	if (n >= end - offset)
		n = end - offset;
	else if (n > len)
		n = round_down64(offset + n, SPAN_BLOCK) - offset;
	return n > len && n < SIZE_MAX ? (size_t)n : len;
}

const uint8_t *span_block(struct span *s, uint64_t offset, uint64_t end, size_t *len)
{
	const uint8_t *d;
	size_t n;

	*len = SPAN_BLOCK - offset % SPAN_BLOCK;
	if (*len > end - offset)
		*len = (size_t)(end - offset);
	if (!span_at(s, offset, 1)) {
		*len = gap_size(s, offset, end, *len);
		return NULL;
	}
	for (n = *len; n > 1 && !span_at(s, offset, n); n /= 2)
		;
	d = span_at(s, offset, n);
	*len = n;	/* the rest is the next block */
	return d[0] || memcmp(d, d + 1, n - 1) ? d : NULL;
}
