// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * uImage: the legacy format of the U-Boot boot loader (its include/image.h). A
 * header of 64 bytes, big-endian, then a kernel: often compressed, an ELF file or
 * flat; or a RAM disk, which U-Boot hands over as it is, compressed or not.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/crc32.h"
#include "kexec/format/format.h"

#define HEADER_SIZE	64
#define MAGIC		0x27051956u

/* Offsets in the header. */
enum {
	HEADER_CRC = 4,
	DATA_SIZE = 12,
	LOAD = 16,
	DATA_CRC = 24,
	ARCH = 29,
	TYPE = 30,
	COMPRESSION = 31,
};

enum {
	TYPE_KERNEL = 2,
	TYPE_RAMDISK = 3,
	TYPE_MULTI = 4,
	TYPE_FLAT_DT = 8,
	TYPE_KERNEL_NOLOAD = 14
};

/* What the header can say of the compression; the data itself says it again. */
static const char *const compressions[] = {
	"none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd",
};

static bool is_known(unsigned int compression)
{
	return compression == 0 || compression == 1 || compression == 3 || compression == 5 ||
		compression == 6;
}

bool uimage_probe(const struct file *f)
{
	return f->size >= HEADER_SIZE && be32_get(f->head) == MAGIC;
}

static uint64_t extent(const struct file *f)
{
	return HEADER_SIZE + (uint64_t)be32_get(f->head + DATA_SIZE);
}

static int uimage_read_header(const struct file *f, uint8_t h[HEADER_SIZE])
{
	uint8_t summed[HEADER_SIZE];

	if (!file_peek(f, 0, h, HEADER_SIZE))
		return fail(EIO, "the header cannot be read");
	memcpy(summed, h, HEADER_SIZE);
	be32_put(summed + HEADER_CRC, 0);
	if (crc32_of(summed, HEADER_SIZE) != be32_get(h + HEADER_CRC))
		return fail(EINVAL, "the header is damaged (its CRC is wrong)");
	if (extent(f) > f->size)
		return fail(EINVAL, "truncated, %" PRIu64 " bytes of %" PRIu64, f->size, extent(f));
	return 0;
}

/* It is not @wanted. Of several files in one, nothing says for certain which is what. */
static int wrong_type(unsigned int type, const char *wanted)
{
	switch (type) {
	case TYPE_KERNEL:
	case TYPE_KERNEL_NOLOAD:
		return fail(ENOEXEC, "holds a kernel, not %s", wanted);
	case TYPE_RAMDISK:
		return fail(ENOEXEC, "holds a RAM disk, not %s", wanted);
	case TYPE_FLAT_DT:
		return fail(ENOEXEC, "holds a device tree, not %s", wanted);
	case TYPE_MULTI:
		return fail(ENOEXEC,
			    "holds several files; take them out (dumpimage -T multi -p NUMBER) and"
			    " name each one");
	default:
		return fail(ENOEXEC, "is of type %u, not %s", type, wanted);
	}
}

static int check_data(const struct file *f, const uint8_t h[HEADER_SIZE])
{
	if (crc32_of(f->data + HEADER_SIZE, be32_get(h + DATA_SIZE)) != be32_get(h + DATA_CRC))
		return fail(EINVAL, "the data is damaged (its CRC is wrong)");
	return 0;
}

static int uimage_check_kernel(const uint8_t h[HEADER_SIZE])
{
	unsigned int type = h[TYPE], compression = h[COMPRESSION];

	if (type != TYPE_KERNEL && type != TYPE_KERNEL_NOLOAD)
		return wrong_type(type, "a kernel");
	if (!is_known(compression))
		return fail(ENOTSUP, "is compressed with %s, which kexec does not decompress",
			    compression < ARRAY_SIZE(compressions) ? compressions[compression] :
			    "something unknown");
	return 0;
}

static int uimage_locate(const struct file *f, struct wrapped *w)
{
	uint8_t h[HEADER_SIZE];
	int rc = uimage_read_header(f, h);

	if (rc >= 0)
		rc = uimage_check_kernel(h);
	if (rc >= 0)
		rc = check_data(f, h);
	if (rc < 0)
		return rc;
	w->kernel = (struct payload){ HEADER_SIZE, be32_get(h + DATA_SIZE) };
	w->may_be_flat = true;
	w->load = be32_get(h + LOAD);
	return 0;
}

int uimage_find_initrd(const struct file *f, unsigned int arch, uint64_t *size)
{
	uint8_t h[HEADER_SIZE];
	int rc = uimage_read_header(f, h);

	if (rc < 0)
		return rc;
	if (h[TYPE] != TYPE_RAMDISK)
		return wrong_type(h[TYPE], "a RAM disk");
	if (arch && h[ARCH] != arch)
		return fail(ENOEXEC, "is for U-Boot's architecture %u, this machine is %u", h[ARCH],
			    arch);
	*size = be32_get(h + DATA_SIZE);
	return *size ? 0 : fail(EINVAL, "there is no RAM disk inside");
}

int uimage_read_inside(struct file *f)
{
	uint64_t size = extent(f);
	int rc = file_read_start(f, size);

	if (rc >= 0)
		rc = check_data(f, f->data);
	if (rc >= 0)
		file_narrow(f, HEADER_SIZE, size - HEADER_SIZE);
	return rc;
}

const struct wrapping wrapping_uimage = { "uImage", uimage_probe, extent, uimage_locate, NULL };
