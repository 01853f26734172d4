// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/decompress.h"
#include "common/error.h"
#include "kexec/format/format.h"

#define NESTING_MAX 4	/* a compressed kernel in a zImage in a uImage, itself compressed */

static const struct format *const formats[] = { &format_elf };
static const struct wrapping *const wrappings[] = { &wrapping_zimage, &wrapping_uimage };

static const struct wrapping *wrapping_of(const struct file *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrappings); i++)
		if (wrappings[i]->probe(f))
			return wrappings[i];
	return NULL;
}

bool kernel_wrapping_exists(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrappings); i++)
		if (!strcmp(wrappings[i]->name, name))
			return true;
	return false;
}

bool kernel_is_packed(const struct file *f)
{
	return file_is_compressed(f) || wrapping_of(f);
}

static int check_inside(const struct file *f, const char *what, const struct payload *p)
{
	if (p->size > f->size || p->offset > f->size - p->size)
		return fail(EINVAL, "the %s inside ends beyond the file: truncated or damaged", what);
	return 0;
}

static int unwrap(struct file *f, const struct wrapping *wrapping, struct wrapped *w,
		  struct file *initrd)
{
	int rc;

	*w = (struct wrapped){0};
	rc = wrapping->locate(f, w);
	if (rc >= 0)
		rc = check_inside(f, "kernel", &w->kernel);
	if (rc >= 0)
		rc = check_inside(f, "initrd", &w->initrd);
	if (rc >= 0 && !w->kernel.size)
		rc = fail(EINVAL, "there is no kernel inside");
	if (rc < 0)
		return fail_in(rc, "%s", wrapping->name);
	if (w->initrd.size && !initrd->data) {
		uint8_t *data = mem_alloc(w->initrd.size);

		memcpy(data, f->data + w->initrd.offset, w->initrd.size);
		file_unpacked(initrd, f->name, data, w->initrd.size);
	}
	file_narrow(f, w->kernel.offset, w->kernel.size);
	return 0;
}

/* As much as matters: behind it, there can be the rest of a device. */
static int read_wrapping(struct file *f, const struct wrapping *wrapping)
{
	uint64_t size = wrapping->extent ? wrapping->extent(f) : f->size;

	if (size > f->size)
		size = f->size;
	if (size > DECOMPRESS_MAX)
		return fail(EFBIG, "%s: has %" PRIu64 " bytes, more than %" PRIu64, wrapping->name, size,
			    DECOMPRESS_MAX);
	return file_read_start(f, size);
}

int kernel_unpack(struct file *f, const char **outermost, struct wrapped *w, struct file *initrd)
{
	const struct wrapping *wrapping;

	*outermost = NULL;
	for (unsigned int i = 0; i < NESTING_MAX; i++) {
		bool compressed = file_is_compressed(f);
		int rc = compressed ? file_decompress(f) : 0;

		wrapping = rc < 0 ? NULL : wrapping_of(f);
		if (rc < 0 || (!compressed && !wrapping))
			return rc;
		if (wrapping && !*outermost)
			*outermost = wrapping->name;
		if (wrapping)
			rc = read_wrapping(f, wrapping);
		if (wrapping && rc >= 0)
			rc = unwrap(f, wrapping, w, initrd);
		if (rc < 0)
			return rc;
	}
	return fail(EINVAL, "is packed more than %d times", NESTING_MAX);
}

static int understand(struct kernel *k, struct arena *arena)
{
	struct wrapped w = {0};
	int rc = kernel_unpack(&k->file, &k->wrapping, &w, &k->initrd);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!formats[i]->probe(&k->file))
			continue;
		k->format = k->wrapping ? arena_printf(arena, "%s in a %s", formats[i]->name,
						       k->wrapping) : formats[i]->name;
		return formats[i]->understand(k, arena);
	}
	if (w.may_be_flat) {
		k->format = arena_printf(arena, "flat in a %s", k->wrapping);
		return kernel_understand_flat(k, arena, w.load);
	}
	return fail(ENOEXEC, "Cannot determine the file type of %s: not an ELF file (vmlinux, zImage)"
		    " nor a uImage", k->file.name);
}

int kernel_open(struct kernel *k, struct arena *arena, const char *path)
{
	int rc;

	*k = (struct kernel){0};
	rc = file_open(&k->file, path);
	if (rc < 0)
		return rc;
	rc = understand(k, arena);
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
		return fail(EFBIG, "kernel %s: has data up to 0x%" PRIx64 ", beyond 0x%" PRIx64, k->file.name,
			    end, DECOMPRESS_MAX);
	rc = file_read_start(&k->file, end);
	for (unsigned int i = 0; i < k->n_pieces && rc >= 0; i++)
		k->piece[i].data = k->file.data + k->piece[i].offset;
	return rc;
}

void kernel_close(struct kernel *k)
{
	file_close(&k->file);
	file_close(&k->initrd);
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
