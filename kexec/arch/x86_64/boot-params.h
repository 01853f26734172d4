/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What an x86_64 kernel is told by who starts it: struct boot_params (the "zero page"), the
 * command line, the EFI memory map and the list of setup_data, made as one segment. Pure: no I/O,
 * no machine. Documentation/arch/x86/{boot,zero-page}.rst, arch/x86/include/uapi/asm/
 * {bootparam,setup_data}.h; what the kernel's own loader passes on is in
 * arch/x86/kernel/kexec-bzimage64.c:setup_boot_parameters, and so here, with what that one leaves
 * out and firmware tells only at its own boot (APM, IST, disks, EDID).
 *
 * All numbers in memory are little-endian, at any host.
 */
#ifndef KEXEC_ARCH_X86_64_BOOT_PARAMS_H
#define KEXEC_ARCH_X86_64_BOOT_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mem.h"
#include "common/ranges.h"

#define X86_BOOT_PARAMS_SIZE	4096

/* Offsets in struct boot_params, arch/x86/include/uapi/asm/bootparam.h. */
enum {
	X86_BP_SCREEN_INFO = 0x000,
	X86_BP_EXT_MEM_K = 0x002,
	X86_BP_APM = 0x040,
	X86_BP_IST = 0x060,
	X86_BP_RSDP = 0x070,
	X86_BP_HD0 = 0x080,
	X86_BP_SYS_DESC = 0x0a0,
	X86_BP_EXT_RAMDISK_IMAGE = 0x0c0,
	X86_BP_EXT_RAMDISK_SIZE = 0x0c4,
	X86_BP_EXT_CMD_LINE_PTR = 0x0c8,
	X86_BP_EDID = 0x140,
	X86_BP_EFI_INFO = 0x1c0,
	X86_BP_ALT_MEM_K = 0x1e0,
	X86_BP_E820_ENTRIES = 0x1e8,
	X86_BP_EDD_ENTRIES = 0x1e9,
	X86_BP_EDD_MBR_ENTRIES = 0x1ea,
	X86_BP_SECURE_BOOT = 0x1ec,
	X86_BP_SENTINEL = 0x1ef,
	X86_BP_HEADER = 0x1f1,
	X86_BP_EDD_MBR = 0x290,
	X86_BP_E820_TABLE = 0x2d0,
	X86_BP_EDD = 0xd00,
	X86_BP_EDD_END = 0xeec,
};

/* Of struct setup_header, also from the start of boot_params (and of a bzImage). */
enum {
	X86_HDR_SETUP_SECTS = 0x1f1, X86_HDR_VID_MODE = 0x1fa, X86_HDR_BOOT_FLAG = 0x1fe,
	X86_HDR_JUMP_LEN = 0x201, X86_HDR_MAGIC = 0x202, X86_HDR_VERSION = 0x206,
	X86_HDR_LOADER = 0x210, X86_HDR_LOADFLAGS = 0x211, X86_HDR_CODE32_START = 0x214,
	X86_HDR_RAMDISK_IMAGE = 0x218, X86_HDR_RAMDISK_SIZE = 0x21c, X86_HDR_HEAP_END = 0x224,
	X86_HDR_CMD_LINE_PTR = 0x228, X86_HDR_INITRD_MAX = 0x22c, X86_HDR_ALIGNMENT = 0x230,
	X86_HDR_RELOCATABLE = 0x234, X86_HDR_XLOADFLAGS = 0x236, X86_HDR_CMDLINE_SIZE = 0x238,
	X86_HDR_SUBARCH = 0x23c, X86_HDR_SUBARCH_DATA = 0x240, X86_HDR_SETUP_DATA = 0x250,
	X86_HDR_PREF_ADDRESS = 0x258, X86_HDR_INIT_SIZE = 0x260, X86_HDR_END = 0x290,
};

/* boot_params.hdr.type_of_loader: kexec's number, 0xd, and its version 0. */
#define X86_LOADER_KEXEC	0xd0

enum {
	X86_E820_RAM = 1, X86_E820_RESERVED = 2, X86_E820_ACPI = 3, X86_E820_NVS = 4,
	X86_E820_UNUSABLE = 5, X86_E820_PMEM = 7, X86_E820_PRAM = 12,
};
#define X86_E820_SOFT_RESERVED	0xefffffffu

#define X86_E820_ENTRY_SIZE	20	/* u64 address, u64 size, u32 type */
#define X86_E820_IN_ZERO_PAGE	128	/* E820_MAX_ENTRIES_ZEROPAGE */

enum {
	X86_SETUP_E820_EXT = 1, X86_SETUP_DTB = 2, X86_SETUP_EFI = 4, X86_SETUP_RNG_SEED = 9,
};
#define X86_SETUP_NODE_SIZE	16	/* u64 next, u32 type, u32 len, then the data */
#define X86_RNG_SEED_SIZE	32	/* arch/x86/kernel/kexec-bzimage64.c:RNG_SEED_LENGTH */

#define X86_EFI_SIGNATURE	0x34364c45u	/* "EL64" */
#define X86_EFI_DESC_SIZE	40		/* efi_memory_desc_t; firmware's may be larger */

/* One area of the memory map, [start, end). */
struct x86_64_e820_entry {
	uint64_t start, end;
	uint32_t type;			/* X86_E820_* or any other number */
};

struct x86_64_e820 {
	struct x86_64_e820_entry *at;
	size_t n, cap;
};

#define X86_64_E820_AUTO __attribute__((cleanup(x86_64_e820_free))) struct x86_64_e820

/* Appends; an empty area is not kept. */
void x86_64_e820_add(struct x86_64_e820 *e, uint64_t start, uint64_t end, uint32_t type);
void x86_64_e820_add_ranges(struct x86_64_e820 *e, const struct ranges *r, uint32_t type);
/* By address; nothing is merged, overlaps stay (the kernel resolves them: e820__update_table()). */
void x86_64_e820_sort(struct x86_64_e820 *e);
void x86_64_e820_free(struct x86_64_e820 *e);

/*
 * The type of a name of /sys/firmware/memmap and /proc/iomem (arch/x86/kernel/e820.c:
 * e820_type_to_string); false: no such type, as of "Unknown E820 type".
 */
bool x86_64_e820_named(const char *name, size_t len, uint32_t *type);

/* And the name of a type; "e820 type" for one without. */
const char *x86_64_e820_name(uint32_t type);

/*
 * Take out of @e the RAM of which @boot, the map that the boot loader told, has nothing: it was
 * added while Linux ran (mm/memory_hotplug.c:add_memory_resource calls firmware_map_add_hotplug),
 * and the next kernel adds it by itself. @e is sorted.
 */
void x86_64_e820_without_added(struct x86_64_e820 *e, const struct x86_64_e820 *boot);

/*
 * "memmap=exactmap memmap=SIZE@START ..." (arch/x86/kernel/e820.c:parse_memmap_one) of all of it
 * which that option can say: RAM, ACPI tables and NVS, reserved, persistent memory. Appended to
 * @out; for --pass-memmap-cmdline.
 */
void x86_64_memmap_words(const struct x86_64_e820 *e, struct buf *out);

/* A region of EFI's runtime services: /sys/firmware/efi/runtime-map/N/. */
struct x86_64_efi_region {
	uint32_t type;
	uint64_t phys, virt, pages, attribute;
};

/* What a kernel started by kexec needs to use EFI: arch/x86/platform/efi/efi.c:efi_setup. */
struct x86_64_efi {
	const struct x86_64_efi_region *region;
	size_t n_regions;
	uint64_t fw_vendor, config_table;	/* physical; SETUP_EFI's fw_vendor and tables */
	uint64_t smbios;		/* physical, 0: not known; SETUP_EFI's smbios */
};

/* All that the segment is made of. Pointers are the caller's. */
struct x86_64_boot {
	const uint8_t *running;		/* boot_params of the running kernel; NULL: not known */
	/*
	 * The new kernel's file from X86_BP_HEADER on: at least to its own end (0x202 + the byte at
	 * 0x201), what is more is not looked at. NULL: an ELF kernel has none, one of protocol 2.15
	 * is made.
	 */
	const uint8_t *header;
	size_t header_size;		/* bytes that can be read there */
	const struct x86_64_e820 *e820;	/* sorted, or in the order of a capture kernel's */
	const char *cmdline;
	uint64_t initrd, initrd_size;	/* physical; size 0: none, with EFI told as an empty one */
	const struct x86_64_efi *efi;	/* NULL: not with EFI, or --noefi */
	uint64_t rsdp;			/* physical; 0: the kernel looks for it as after a BIOS */
	const uint8_t *seed;		/* X86_RNG_SEED_SIZE fresh bytes; NULL: none */
	const uint8_t *dtb;		/* --dtb; NULL: none */
	size_t dtb_size;
};

/*
 * Is it the header of a bzImage of protocol 2.12 or later, which all 64-bit entry needs? @header as
 * in struct x86_64_boot. -EINVAL with a message.
 */
int x86_64_check_header(const uint8_t *header, size_t size);

/* Bytes of the segment; they do not depend on where it goes. */
uint64_t x86_64_boot_size(const struct x86_64_boot *b);

/*
 * The segment for the physical address @addr, a multiple of a page and also that of boot_params;
 * @out is emptied before. Screen and video mode are what the running kernel was told, so that
 * --reuse-video-type is always the case. -EINVAL as of x86_64_check_header().
 */
int x86_64_boot_build(const struct x86_64_boot *b, uint64_t addr, struct buf *out);

#endif
