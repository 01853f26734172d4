// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/decompress.h"
#include "common/error.h"
#include "kexec/format/format.h"

#define NESTING_MAX 4	/* a compressed kernel in a zImage in a uImage, itself compressed */

static const struct format *const formats[] = { &format_elf, &format_bzimage, &format_image };
static const struct wrapping *const wrappings[] = {
	&wrapping_zimage, &wrapping_uimage, &wrapping_zboot, &wrapping_uki,
};

static const struct wrapping *wrapping_of(const struct file *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrappings); i++)
		if (wrappings[i]->probe(f))
			return wrappings[i];
	return NULL;
}

/* Other words that kexec-tools has. */
static const struct {
	const char *word, *is, *why;	/* what it means, or why it is refused */
} type_words[] = {
	{ "bzImage64", "bzImage", NULL },
	{ "vmlinuz", "zboot", NULL },
	{ "multiboot-x86", NULL, "kexec loads Linux, not Multiboot programs (a hypervisor)" },
	{ "multiboot2-x86", NULL, "kexec loads Linux, not Multiboot programs (a hypervisor)" },
	{ "elf-x86", NULL, "kexec loads 64-bit kernels" },
	{ "beoboot-x86", NULL, "nothing has made such files for twenty years" },
	{ "nbi-x86", NULL, "nothing has made such files for twenty years" },
};

const char *kernel_type(const char *word, const char **why)
{
	*why = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
		if (!strcmp(type_words[i].word, word)) {
			*why = type_words[i].why;
			return type_words[i].is;
		}
	for (size_t i = 0; i < ARRAY_SIZE(wrappings); i++)
		if (!strcmp(wrappings[i]->name, word))
			return wrappings[i]->name;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i]->type && !strcmp(formats[i]->type, word))
			return formats[i]->type;
	return NULL;
}

static int check_inside(const struct file *f, const char *what, const struct payload *p)
{
	if (p->size > f->size || p->offset > f->size - p->size)
		return fail(EINVAL, "the %s inside ends beyond the file: truncated or damaged",
			    what);
	return 0;
}

/*
 * One behind the other, each from a multiple of 4 bytes on, as Linux wants them (init/initramfs.c).
 */
static void keep_initrd(const struct file *f, const struct wrapped *w, struct file *initrd)
{
	uint64_t start = w->initrd.size ? round_up64(w->early.size, 4) : w->early.size;
	uint64_t size = start + w->initrd.size;
	uint8_t *data;

	if (!size || initrd->data)
		return;
	data = mem_alloc(size);
	memset(data, 0, size);
	memcpy(data, f->data + w->early.offset, w->early.size);
	memcpy(data + start, f->data + w->initrd.offset, w->initrd.size);
	file_unpacked(initrd, f->name, data, size);
}

/* Text that need not end in a NUL; a line's end is a space, as systemd's stub has it. */
static void keep_cmdline(const struct file *f, const struct payload *p, char **cmdline)
{
	const char *text = (const char *)f->data + p->offset;
	size_t len = strnlen(text, p->size);

	if (!p->size || *cmdline)
		return;
	*cmdline = mem_alloc(len + 1);
	for (size_t i = 0; i < len; i++)
		(*cmdline)[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
	while (len && (*cmdline)[len - 1] == ' ')
		len--;
	(*cmdline)[len] = 0;
}

static int unwrap(struct file *f, const struct wrapping *wrapping, struct unpacked *u)
{
	struct wrapped w = {0};
	const struct { const char *what; const struct payload *p; } inside[] = {
		{ "kernel", &w.kernel }, { "initrd", &w.initrd }, { "early initrd", &w.early },
		{ "command line", &w.cmdline },
	};
	int rc = wrapping->locate(f, &w);

	for (size_t i = 0; i < ARRAY_SIZE(inside) && rc >= 0; i++)
		rc = check_inside(f, inside[i].what, inside[i].p);
	if (rc >= 0 && !w.kernel.size)
		rc = fail(EINVAL, "there is no kernel inside");
	if (rc < 0)
		return fail_in(rc, "%s", wrapping->name);
	keep_initrd(f, &w, &u->initrd);
	keep_cmdline(f, &w.cmdline, &u->cmdline);
	u->may_be_flat = w.may_be_flat;
	u->load = w.load;
	rc = file_check(f);
	file_narrow(f, w.kernel.offset, w.kernel.size);
	return rc;
}

/* As much as matters: behind it, there can be the rest of a device. */
static int read_wrapping(struct file *f, const struct wrapping *wrapping)
{
	uint64_t size = wrapping->extent ? wrapping->extent(f) : f->size;

	if (size > f->size)
		size = f->size;
	if (size > DECOMPRESS_MAX)
		return fail(EFBIG, "%s: has %" PRIu64 " bytes, more than %" PRIu64, wrapping->name,
			    size, DECOMPRESS_MAX);
	return file_read_start(f, size);
}

int kernel_unpack(struct file *f, struct unpacked *u)
{
	const struct wrapping *wrapping;

	*u = (struct unpacked){0};
	for (unsigned int i = 0; i < NESTING_MAX; i++) {
		bool compressed = file_is_compressed(f);
		int rc = compressed ? file_decompress(f, DECOMPRESS_MAX) : 0;

		wrapping = rc < 0 ? NULL : wrapping_of(f);
		if (rc < 0 || (!compressed && !wrapping))
			return rc;
		if (wrapping && !u->outermost)
			u->outermost = wrapping;
		if (wrapping)
			rc = read_wrapping(f, wrapping);
		if (wrapping && rc >= 0)
			rc = unwrap(f, wrapping, u);
		if (rc < 0)
			return rc;
	}
	return fail(EINVAL, "is packed %d times or more", NESTING_MAX);
}

static int understand_inside(struct kernel *k, struct arena *arena, const struct unpacked *u)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!formats[i]->probe(&k->file))
			continue;
		k->type = formats[i]->type;
		k->format = k->wrapping ? arena_printf(arena, "%s in a %s", formats[i]->name,
						       k->wrapping) : formats[i]->name;
		return formats[i]->understand(k, arena);
	}
	if (u->may_be_flat) {
		k->format = arena_printf(arena, "flat in a %s", k->wrapping);
		return kernel_understand_flat(k, arena, u->load);
	}
	return fail(ENOEXEC,
		    "Cannot determine the file type of %s: not an ELF file (vmlinux, zImage),"
		    " bzImage, Image, uImage or unified kernel image",
		    k->file.name);
}

static int open_unpacked(struct kernel *k, const char *path, struct unpacked *u)
{
	int rc;

	*k = (struct kernel){0};
	*u = (struct unpacked){0};
	rc = file_open(&k->file, path);
	if (rc < 0)
		return rc;
	rc = kernel_unpack(&k->file, u);
	k->initrd = u->initrd;
	k->cmdline = u->cmdline;
	k->wrapping = u->outermost ? u->outermost->name : NULL;
	return rc < 0 ? fail_in(rc, "Cannot load %s", path) : 0;
}

int kernel_open_unpacked(struct kernel *k, const char *path)
{
	struct unpacked u;

	return open_unpacked(k, path, &u);
}

int kernel_open(struct kernel *k, struct arena *arena, const char *path)
{
	struct unpacked u;
	int rc = open_unpacked(k, path, &u);

	if (rc < 0)
		return rc;
	k->change = arena_alloc(arena, sizeof(*k->change));
	rc = understand_inside(k, arena, &u);
	if (rc >= 0 && u.outermost && u.outermost->notice)
		notice("%s: %s", k->file.name, u.outermost->notice);
	return rc < 0 ? fail_in(rc, "Cannot load %s", path) : 0;
}

int kernel_read(struct kernel *k)
{
	uint64_t end = 0;
	int rc;

	for (unsigned int i = 0; i < k->n_pieces; i++)
		if (k->piece[i].offset + k->piece[i].filesz > end)
			end = k->piece[i].offset + k->piece[i].filesz;
	if (end > DECOMPRESS_MAX)
		return fail(EFBIG, "kernel %s: has data up to 0x%" PRIx64 ", beyond 0x%" PRIx64,
			    k->file.name, end, DECOMPRESS_MAX);
	rc = file_read_start(&k->file, end);
	for (unsigned int i = 0; i < k->n_pieces && rc >= 0; i++)
		k->piece[i].data = k->file.data + k->piece[i].offset;
	return rc;
}

void kernel_close(struct kernel *k)
{
	file_close(&k->file);
	file_close(&k->initrd);
	free(k->cmdline);
	k->cmdline = NULL;
}

void kernel_change(struct kernel *k, uint8_t *at, uint64_t value)
{
	if (k->change && !k->change->at) {
		k->change->at = at;
		memcpy(k->change->other, at, sizeof(k->change->other));
	}
	bytes_put(at, value, sizeof(k->change->other), k->little);
}

void kernel_swap_change(const struct kernel *k)
{
	uint8_t now[sizeof(k->change->other)];

	if (!k->change || !k->change->at)
		return;
	memcpy(now, k->change->at, sizeof(now));
	memcpy(k->change->at, k->change->other, sizeof(now));
	memcpy(k->change->other, now, sizeof(now));
}

uint8_t *kernel_bytes(const struct kernel *k, uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < k->n_pieces; i++) {
		const struct kernel_piece *p = &k->piece[i];

		if (addr >= p->addr && size <= p->filesz && addr - p->addr <= p->filesz - size)
			return p->data + (addr - p->addr);
	}
	return NULL;
}
