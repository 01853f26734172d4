// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * uImage: the legacy format of the U-Boot boot loader. A header of 64 bytes,
 * big-endian, then the kernel: often compressed, an ELF file or flat.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/crc32.h"
#include "kexec/format/format.h"

#define HEADER_SIZE	64
#define MAGIC		0x27051956u

/* Offsets in the header. */
enum { HEADER_CRC = 4, DATA_SIZE = 12, LOAD = 16, DATA_CRC = 24, TYPE = 30, COMPRESSION = 31 };

enum { TYPE_KERNEL = 2, TYPE_KERNEL_NOLOAD = 14 };

/* What the header can say of the compression; the data itself says it again. */
static const char *const compressions[] = {
	"none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd",
};

static bool is_known(unsigned int compression)
{
	return compression == 0 || compression == 1 || compression == 3 || compression == 6;
}

static bool probe(const struct file *f)
{
	return f->size >= HEADER_SIZE && be32_get(f->head) == MAGIC;
}

static int check_header(const struct file *f)
{
	unsigned int type = f->data[TYPE], compression = f->data[COMPRESSION];
	uint8_t h[HEADER_SIZE];

	memcpy(h, f->data, sizeof(h));
	be32_put(h + HEADER_CRC, 0);
	if (crc32_of(h, sizeof(h)) != be32_get(f->data + HEADER_CRC))
		return fail(EINVAL, "the header is damaged (its CRC is wrong)");
	if (type != TYPE_KERNEL && type != TYPE_KERNEL_NOLOAD)
		return fail(ENOEXEC, "is of type %u, not a kernel", type);
	if (!is_known(compression))
		return fail(ENOTSUP, "is compressed with %s, which kexec does not decompress",
			    compression < ARRAY_SIZE(compressions) ? compressions[compression] :
			    "something unknown");
	return 0;
}

static int locate(const struct file *f, struct wrapped *w)
{
	uint64_t size = be32_get(f->data + DATA_SIZE);
	int rc = check_header(f);

	if (rc < 0)
		return rc;
	if (size > f->size - HEADER_SIZE)
		return fail(EINVAL, "truncated, %" PRIu64 " bytes of %" PRIu64, f->size,
			    size + HEADER_SIZE);
	if (crc32_of(f->data + HEADER_SIZE, size) != be32_get(f->data + DATA_CRC))
		return fail(EINVAL, "the data is damaged (its CRC is wrong)");
	w->kernel = (struct payload){ HEADER_SIZE, size };
	w->may_be_flat = true;
	w->load = be32_get(f->data + LOAD);
	return 0;
}

const struct wrapping wrapping_uimage = { "uImage", probe, locate };
