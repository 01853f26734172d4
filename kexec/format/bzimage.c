// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * bzImage: x86's kernel file (Documentation/arch/x86/boot.rst). The setup code for
 * firmware that starts in real mode, with a header in it that tells how to load the rest,
 * the protected-mode part; that is all we need. It unpacks itself.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/format/format.h"

#define SECTOR			512
#define SETUP_SECTORS_DEFAULT	4	/* which setup_sects = 0 means */
#define ENTRY_64		0x200	/* in the protected-mode part */
#define VERSION_MIN		0x20c	/* Linux 3.8: says whether there is a 64-bit entry */
#define HEADER_START		0x1f1
#define HEADER_MAX		(0x202 + 0xff)
#define ALIGN_MAX		((uint64_t)1 << 30)
#define BELOW_4G		((uint64_t)1 << 32)

/* Offsets in the file; each field little-endian. */
enum {
	SETUP_SECTS = 0x1f1, SYSSIZE = 0x1f4, BOOT_FLAG = 0x1fe, JUMP_LENGTH = 0x201, MAGIC = 0x202,
	PROTOCOL = 0x206, LOADFLAGS = 0x211, INITRD_ADDR_MAX = 0x22c, KERNEL_ALIGNMENT = 0x230,
	RELOCATABLE = 0x234, XLOADFLAGS = 0x236, CMDLINE_SIZE = 0x238, PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260, HEADER_NEEDED = 0x264,
};

enum { LOADED_HIGH = 1 };
enum { XLF_KERNEL_64 = 1, XLF_CAN_BE_LOADED_ABOVE_4G = 2, XLF_5LEVEL = 32 };

static bool bzimage_probe(const struct file *f)
{
	uint8_t b[MAGIC + 4 - BOOT_FLAG];

	return file_peek(f, BOOT_FLAG, b, sizeof(b)) && le16_get(b) == 0xaa55 &&
	       !memcmp(b + (MAGIC - BOOT_FLAG), "HdrS", 4);
}

/* The start of the file; in @h offsets are the file's. */
static int bzimage_check_header(const uint8_t *h)
{
	unsigned int version = le16_get(h + PROTOCOL);
	uint64_t align = le32_get(h + KERNEL_ALIGNMENT);

	if (version < VERSION_MIN)
		return fail(ENOEXEC,
			    "has version %u.%u of the boot protocol; kexec needs 2.12 or later"
			    " (Linux 3.8)",
			    version >> 8, version & 0xff);
	if (!(le16_get(h + XLOADFLAGS) & XLF_KERNEL_64))
		return fail(ENOEXEC, "is a 32-bit kernel (it has no 64-bit entry)");
	if (!(h[LOADFLAGS] & LOADED_HIGH))
		return fail(ENOEXEC, "is to be loaded below 1 MiB, as no 64-bit kernel is");
	if (MAGIC + (unsigned int)h[JUMP_LENGTH] < HEADER_NEEDED)
		return fail(EINVAL, "its header ends at 0x%x, before 0x%x: damaged",
			    MAGIC + h[JUMP_LENGTH], HEADER_NEEDED);
	if (!is_power_of_two(align) || align > ALIGN_MAX)
		return fail(EINVAL,
			    "alignment 0x%" PRIx64 " is not a power of two up to 0x%" PRIx64, align,
			    ALIGN_MAX);
	return 0;
}

/* The protected-mode part; behind it there can be a signature, or the rest of a device. */
static int bzimage_find_piece(struct kernel *k, const uint8_t *h)
{
	uint64_t sectors = h[SETUP_SECTS] ? h[SETUP_SECTS] : SETUP_SECTORS_DEFAULT;
	uint64_t start = (1 + sectors) * SECTOR, size = (uint64_t)le32_get(h + SYSSIZE) * 16;
	uint64_t init_size = le32_get(h + INIT_SIZE), end;
	struct kernel_piece *p = k->piece;

	*p = (struct kernel_piece){
		.addr = le64_get(h + PREF_ADDRESS),
		.offset = start,
		.filesz = size,
		.memsz = init_size,
	};
	if (start > k->file.size || size > k->file.size - start)
		return fail(EINVAL, "truncated, %" PRIu64 " bytes of %" PRIu64, k->file.size,
			    start + size);
	if (size <= ENTRY_64)
		return fail(EINVAL, "has no code at its 64-bit entry");
	if (init_size < size)
		return fail(EINVAL,
			    "wants 0x%" PRIx64 " bytes of memory for 0x%" PRIx64 " bytes of code:"
			    " damaged",
			    init_size, size);
	if (__builtin_add_overflow(p->addr, init_size, &end))
		return fail(EINVAL, "load address 0x%" PRIx64 " is beyond all memory", p->addr);
	return 0;
}

static int bzimage_understand(struct kernel *k, struct arena *arena)
{
	uint8_t h[HEADER_MAX] = {0};
	size_t len = k->file.size < sizeof(h) ? k->file.size : sizeof(h);
	bool high;
	int rc;

	if (!file_peek(&k->file, 0, h, len))
		return fail(EIO, "cannot be read");
	k->n_pieces = 1;
	k->piece = arena_alloc(arena, sizeof(*k->piece));
	rc = bzimage_check_header(h);
	if (rc >= 0)
		rc = bzimage_find_piece(k, h);
	if (rc < 0)
		return fail_in(rc, "bzImage");
	high = le16_get(h + XLOADFLAGS) & XLF_CAN_BE_LOADED_ABOVE_4G;
	k->little = true;
	k->bits = 64;
	k->elf_machine = ELF_EM_X86_64;
	k->low = k->piece->addr;
	k->high = k->low + k->piece->memsz;
	k->align = le32_get(h + KERNEL_ALIGNMENT);
	k->relocatable = h[RELOCATABLE];
	k->entry = ENTRY_64;
	k->cmdline_max = le32_get(h + CMDLINE_SIZE);
	k->kernel_below = high ? 0 : BELOW_4G;
	k->initrd_below = high ? 0 : (uint64_t)le32_get(h + INITRD_ADDR_MAX) + 1;
	k->five_level = le16_get(h + XLOADFLAGS) & XLF_5LEVEL;
	k->boot_header_size = MAGIC + h[JUMP_LENGTH] - HEADER_START;
	k->boot_header = arena_copy(arena, h + HEADER_START, k->boot_header_size);
	return 0;
}

const struct format format_bzimage = { "bzImage", "bzImage", bzimage_probe, bzimage_understand };
