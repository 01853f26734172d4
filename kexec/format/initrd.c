// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The initial RAM disk: any bytes that Linux tells apart (init/initramfs.c,
 * init/do_mounts_rd.c), passed as they are - but not with U-Boot's header in
 * front, and not what a slip of the hand has put in its place.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/decompress.h"
#include "common/elf.h"
#include "common/error.h"
#include "kexec/format/format.h"

#define FDT_MAGIC 0xd00dfeedu

/* What it begins with, without a header of U-Boot's. */
static int initrd_check_start(const struct file *f)
{
	if (f->size >= 4 && !memcmp(f->head, ELF_MAGIC, 4))
		return fail(ENOEXEC,
			    "begins like an ELF file, a kernel or a program: it is no initial RAM"
			    " disk");
	if (f->size >= 4 && be32_get(f->head) == FDT_MAGIC)
		return fail(ENOEXEC, "begins like a device tree: it is no initial RAM disk");
	return 0;
}

static int initrd_check_kind(const struct file *f, unsigned int uimage_arch, uint64_t *size)
{
	int rc;

	*size = f->size;
	if (!uimage_probe(f))
		return initrd_check_start(f);
	rc = uimage_find_initrd(f, uimage_arch, size);
	return rc < 0 ? fail_in(rc, "uImage") : 0;
}

int initrd_check(const struct file *f, unsigned int uimage_arch, uint64_t *size)
{
	int rc = initrd_check_kind(f, uimage_arch, size);

	return rc < 0 ? fail_in(rc, "%s", f->name) : 0;
}

int initrd_read(struct file *f)
{
	int rc;

	if (!uimage_probe(f))
		return file_read(f);
	rc = uimage_read_inside(f);
	if (rc >= 0 && uimage_probe(f))
		rc = fail(ENOEXEC,
			  "holds another uImage: the RAM disk was wrapped twice; take one of the"
			  " headers off (tail -c +65)");
	else if (rc >= 0)
		rc = initrd_check_start(f);
	return rc < 0 ? fail_in(rc, "%s: uImage", f->name) : 0;
}

/* Append what is in @f; which is closed. */
static int initrd_append(struct buf *joined, struct file *f, unsigned int uimage_arch)
{
	static const uint8_t zeroes[4];
	uint64_t size;
	int rc = initrd_check(f, uimage_arch, &size);

	if (rc >= 0 && (size > DECOMPRESS_MAX || joined->len > DECOMPRESS_MAX - size))
		rc = fail(EFBIG,
			  "%s: with it the initial RAM disks have more than %" PRIu64 " bytes",
			  f->name, DECOMPRESS_MAX);
	if (rc >= 0)
		rc = initrd_read(f);
	if (rc >= 0) {
		buf_add(joined, zeroes, round_up64(joined->len, 4) - joined->len);
		buf_add(joined, f->data, f->size);
		rc = file_check(f);
	}
	file_close(f);
	return rc;
}

int initrd_open(struct file *f, struct arena *arena, const char *path, const char *const *more,
		unsigned int uimage_arch)
{
	BUF_AUTO joined = {0};
	const char *name = path;
	int rc = file_open(f, path);

	if (rc < 0 || !more)
		return rc;
	rc = initrd_append(&joined, f, uimage_arch);
	for (; *more && rc >= 0; more++) {
		rc = file_open(f, *more);
		if (rc >= 0)
			rc = initrd_append(&joined, f, uimage_arch);
		name = arena_printf(arena, "%s + %s", name, *more);
	}
	if (rc < 0)
		return rc;
	file_unpacked(f, name, joined.data, joined.len);
	joined = (struct buf){0};
	return 0;
}
