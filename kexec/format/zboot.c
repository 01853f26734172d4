// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * EFI zboot (drivers/firmware/efi/libstub/zboot-header.S): a program for UEFI that
 * holds a kernel, compressed, of any kind.
 */
#include <string.h>

#include "common/bytes.h"
#include "kexec/format/format.h"

#define HEADER_SIZE	64	/* up to the PE header's place in it */
#define NAME_SIZE	32

/* Offsets; little-endian, whatever the machine. */
enum { ZBOOT_MAGIC = 4, PAYLOAD_OFFSET = 8, PAYLOAD_SIZE = 12, COMPRESSION = 24 };

/*
 * What the kernel's Makefiles write there (drivers/firmware/efi/libstub/Makefile.zboot); the data
 * itself says it again.
 */
static const char *const zboot_compressions[] = {
	"gzip", "lz4", "lzma", "xzkern", "zstd", "zstd22"
};

static bool zboot_probe(const struct file *f)
{
	return f->size >= HEADER_SIZE && !memcmp(f->head, "MZ", 2) &&
	       !memcmp(f->head + ZBOOT_MAGIC, "zimg", 4);
}

static int zboot_locate(const struct file *f, struct wrapped *w)
{
	uint8_t h[HEADER_SIZE];
	char name[NAME_SIZE + 1] = {0};

	if (!file_peek(f, 0, h, sizeof(h)))
		return fail(EIO, "the header cannot be read");
	memcpy(name, h + COMPRESSION, NAME_SIZE);
	for (char *c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			return fail(EINVAL, "the name of its compression is damaged");
	w->kernel = (struct payload){ le32_get(h + PAYLOAD_OFFSET), le32_get(h + PAYLOAD_SIZE) };
	for (size_t i = 0; i < ARRAY_SIZE(zboot_compressions); i++)
		if (!strcmp(name, zboot_compressions[i]))
			return 0;
	return fail(ENOTSUP, "is compressed with \"%s\", which kexec does not decompress", name);
}

const struct wrapping wrapping_zboot = { "zboot", zboot_probe, NULL, zboot_locate, NULL };
