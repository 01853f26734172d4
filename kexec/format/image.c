// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Image: arm64's kernel file, its bytes as they lie in memory behind a header of 64 bytes
 * (Documentation/arch/arm64/booting.rst). It is a PE program too where there is UEFI, and can have
 * been signed as such: the signature, behind all else, is not for memory.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/format/format.h"

#define HEADER_SIZE	64
#define BASE_ALIGN	((uint64_t)2 << 20)

/* Offsets; little-endian, whatever the kernel is. */
enum { TEXT_OFFSET = 8, IMAGE_SIZE = 16, FLAGS = 24, MAGIC = 56 };

enum { FLAG_BIG_ENDIAN = 1, FLAG_PAGE_SHIFT = 1, FLAG_PAGE_MASK = 3 };

static bool image_probe(const struct file *f)
{
	uint8_t magic[4];

	return f->size >= HEADER_SIZE && file_peek(f, MAGIC, magic, sizeof(magic)) &&
	       !memcmp(magic, "ARM\x64", 4);
}

uint64_t image_page_size(const uint8_t *header)
{
	static const uint64_t sizes[] = { 0, 4096, 16384, 65536 };

	return sizes[le64_get(header + FLAGS) >> FLAG_PAGE_SHIFT & FLAG_PAGE_MASK];
}

static int image_check_header(const struct kernel *k, const uint8_t *h)
{
	uint64_t text = le64_get(h + TEXT_OFFSET), size = le64_get(h + IMAGE_SIZE);
	uint64_t end = pe_extent(&k->file);

	if (!size)
		return fail(ENOEXEC,
			    "does not say how much memory it needs (image_size is 0); kexec needs"
			    " Linux 3.17 or later");
	if (text >= BASE_ALIGN || text % 4096)
		return fail(EINVAL,
			    "text_offset 0x%" PRIx64 " is not a page below 0x%" PRIx64 ": damaged",
			    text, BASE_ALIGN);
	if (size < HEADER_SIZE || size > UINT64_MAX / 2)
		return fail(EINVAL, "image_size 0x%" PRIx64 " cannot be: damaged", size);
	if (end > k->file.size)
		return fail(EINVAL, "truncated, %" PRIu64 " bytes of %" PRIu64, k->file.size, end);
	return 0;
}

static int image_understand(struct kernel *k, struct arena *arena)
{
	uint8_t h[HEADER_SIZE];
	uint64_t size;
	int rc;

	if (!file_peek(&k->file, 0, h, sizeof(h)))
		return fail(EIO, "Image: the header cannot be read");
	rc = image_check_header(k, h);
	if (rc < 0)
		return fail_in(rc, "Image");
	size = le64_get(h + IMAGE_SIZE);
	k->little = !(le64_get(h + FLAGS) & FLAG_BIG_ENDIAN);
	k->page_size = image_page_size(h);
	k->bits = 64;
	k->elf_machine = ELF_EM_AARCH64;
	k->relocatable = true;
	k->align = BASE_ALIGN;
	k->low = le64_get(h + TEXT_OFFSET);
	k->high = k->low + size;
	k->n_pieces = 1;
	k->piece = arena_alloc(arena, sizeof(*k->piece));
	*k->piece = (struct kernel_piece){
		.addr = k->low, .filesz = k->file.size < size ? k->file.size : size, .memsz = size,
	};
	return 0;
}

const struct format format_image = { "Image", "Image", image_probe, image_understand };
