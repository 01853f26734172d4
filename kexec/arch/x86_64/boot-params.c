// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/error.h"
#include "kexec/arch/x86_64/boot-params.h"

#define LOADED_HIGH	0x01
#define XLF_64		0x03		/* XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G */
#define BOOT_FLAG	0xaa55
#define BOOT_PAGE	4096
#define BOOT_PARTS	16		/* each begins at a multiple of this */

/* Of the header the kernel reads at most to here: init_size. */
#define HEADER_NEEDED	(X86_HDR_INIT_SIZE + 4)
#define EFI_SETUP_SIZE	96		/* arch/x86/include/asm/efi.h:struct efi_setup_data */
#define EFI_DESC_MAX	4096		/* more is no descriptor */
#define EDD_MAX		6		/* EDDMAXNR */
#define EDD_MBR_MAX	16		/* EDD_MBR_SIG_MAX */

/* --- what is where, from the start of the segment --- */

struct boot_node {
	uint32_t type, len;
	uint64_t at;
};

struct boot_layout {
	uint64_t cmdline, efi_map, desc_size, size;
	uint64_t no_initrd;		/* a page that stands for one; 0: none has to */
	struct boot_node node[4];
	unsigned int n_nodes;
};

/* The stride is firmware's: what is behind the fields that we know stays 0. */
static uint64_t boot_desc_size(const struct x86_64_boot *b)
{
	uint32_t size = b->running ? le32_get(b->running + X86_BP_EFI_INFO + 8) : 0;

	return size < X86_EFI_DESC_SIZE || size > EFI_DESC_MAX || size % 8 ? X86_EFI_DESC_SIZE :
									     size;
}

static uint64_t boot_take(struct boot_layout *l, uint64_t bytes)
{
	uint64_t at = l->size;

	l->size = round_up64(at + bytes, BOOT_PARTS);
	return at;
}

static void boot_take_node(struct boot_layout *l, uint32_t type, size_t len)
{
	l->node[l->n_nodes++] = (struct boot_node){
		type, (uint32_t)len, boot_take(l, X86_SETUP_NODE_SIZE + len),
	};
}

/*
 * Where an EFI stub was given an initrd, it has told EFI's tables of it
 * (drivers/firmware/efi/libstub/ efi-stub-helper.c:efi_load_initrd), and a kernel that is told of
 * no other takes that one (drivers/ firmware/efi/efi.c:efi_config_parse_tables,
 * arch/x86/kernel/setup.c:get_ramdisk_size): memory which since then anything may be in. Zeroes are
 * an initrd without files. It has a page of its own, as the kernel frees whole pages.
 */
static bool boot_hides_initrd(const struct x86_64_boot *b)
{
	return b->efi && !b->initrd_size;
}

static struct boot_layout boot_layout(const struct x86_64_boot *b)
{
	struct boot_layout l = { .size = X86_BOOT_PARAMS_SIZE, .desc_size = boot_desc_size(b) };

	l.cmdline = boot_take(&l, strlen(b->cmdline) + 1);
	if (b->efi)
		l.efi_map = boot_take(&l, b->efi->n_regions * l.desc_size);
	if (b->e820->n > X86_E820_IN_ZERO_PAGE)
		boot_take_node(&l, X86_SETUP_E820_EXT,
			       (b->e820->n - X86_E820_IN_ZERO_PAGE) * X86_E820_ENTRY_SIZE);
	if (b->efi)
		boot_take_node(&l, X86_SETUP_EFI, EFI_SETUP_SIZE);
	if (b->dtb)
		boot_take_node(&l, X86_SETUP_DTB, b->dtb_size);
	if (b->seed)
		boot_take_node(&l, X86_SETUP_RNG_SEED, X86_RNG_SEED_SIZE);
	if (boot_hides_initrd(b)) {
		l.size = round_up64(l.size, BOOT_PAGE);
		l.no_initrd = boot_take(&l, BOOT_PAGE);
	}
	return l;
}

uint64_t x86_64_boot_size(const struct x86_64_boot *b)
{
	return boot_layout(b).size;
}

/* --- the setup header --- */

static uint64_t boot_header_end(const uint8_t *header)
{
	return X86_HDR_MAGIC + header[X86_HDR_JUMP_LEN - X86_BP_HEADER];
}

int x86_64_check_header(const uint8_t *header, size_t size)
{
	unsigned int version;

	if (size < HEADER_NEEDED - X86_BP_HEADER ||
	    le16_get(header + (X86_HDR_BOOT_FLAG - X86_BP_HEADER)) != BOOT_FLAG ||
	    memcmp(header + (X86_HDR_MAGIC - X86_BP_HEADER), "HdrS", 4) != 0)
		return fail(EINVAL, "it has no setup header with the marks 0xaa55 and \"HdrS\"");
	version = le16_get(header + (X86_HDR_VERSION - X86_BP_HEADER));
	if (version < 0x20c)
		return fail(EINVAL,
			    "its boot protocol is %u.%02u, before 2.12 (Linux 3.8) there is no"
			    " 64-bit entry",
			    version >> 8, version & 0xff);
	if (boot_header_end(header) < HEADER_NEEDED ||
	    boot_header_end(header) - X86_BP_HEADER > size)
		return fail(EINVAL,
			    "its setup header ends at 0x%" PRIx64 ", too early or beyond the file",
			    boot_header_end(header));
	return 0;
}

/* An ELF kernel is entered behind all that reads a setup header, but for what is set below. */
static void boot_made_header(uint8_t *page)
{
	bytes_put(page + X86_HDR_BOOT_FLAG, BOOT_FLAG, 2, true);
	memcpy(page + X86_HDR_MAGIC, "HdrS", 4);
	bytes_put(page + X86_HDR_VERSION, 0x20f, 2, true);
	page[X86_HDR_LOADFLAGS] = LOADED_HIGH;
	bytes_put(page + X86_HDR_INITRD_MAX, 0x7fffffff, 4, true);
	bytes_put(page + X86_HDR_XLOADFLAGS, XLF_64, 2, true);
	bytes_put(page + X86_HDR_CMDLINE_SIZE, 2047, 4, true);
}

static void boot_put_split(uint8_t *page, unsigned int low, unsigned int high, uint64_t v)
{
	bytes_put(page + low, v & UINT32_MAX, 4, true);
	bytes_put(page + high, v >> 32, 4, true);
}

static void boot_header(const struct x86_64_boot *b, const struct boot_layout *l, uint64_t addr,
			uint8_t *page)
{
	uint64_t end = b->header ? boot_header_end(b->header) : 0;
	uint64_t initrd_size = l->no_initrd ? BOOT_PAGE : b->initrd_size;
	uint64_t initrd = l->no_initrd ? addr + l->no_initrd : initrd_size ? b->initrd : 0;

	if (end > X86_HDR_END)
		end = X86_HDR_END;
	if (b->header)
		memcpy(page + X86_BP_HEADER, b->header, end - X86_BP_HEADER);
	else
		boot_made_header(page);
	page[X86_HDR_LOADER] = X86_LOADER_KEXEC;
	page[X86_HDR_LOADFLAGS] &= LOADED_HIGH;
	if (b->running)
		memcpy(page + X86_HDR_SUBARCH, b->running + X86_HDR_SUBARCH, 4);
	boot_put_split(page, X86_HDR_CMD_LINE_PTR, X86_BP_EXT_CMD_LINE_PTR, addr + l->cmdline);
	boot_put_split(page, X86_HDR_RAMDISK_IMAGE, X86_BP_EXT_RAMDISK_IMAGE, initrd);
	boot_put_split(page, X86_HDR_RAMDISK_SIZE, X86_BP_EXT_RAMDISK_SIZE, initrd_size);
	bytes_put(page + X86_HDR_SETUP_DATA, l->n_nodes ? addr + l->node[0].at : 0, 8, true);
}

/* --- the rest of boot_params --- */

/* What the running kernel was told and will not be told again. */
static void boot_inherited(const struct x86_64_boot *b, uint8_t *page)
{
	static const struct { unsigned int start, end; } parts[] = {
		{ X86_BP_SCREEN_INFO, X86_BP_APM + 20 }, { X86_BP_IST, X86_BP_IST + 16 },
		{ X86_BP_HD0, X86_BP_SYS_DESC + 16 }, { X86_BP_EDID, X86_BP_EDID + 128 },
		{ X86_BP_EDD_ENTRIES, X86_BP_EDD_MBR_ENTRIES + 1 },
		{ X86_BP_SECURE_BOOT, X86_BP_SECURE_BOOT + 1 },
		{ X86_BP_EDD_MBR, X86_BP_E820_TABLE }, { X86_BP_EDD, X86_BP_EDD_END },
	};

	for (size_t i = 0; b->running && i < ARRAY_SIZE(parts); i++)
		memcpy(page + parts[i].start, b->running + parts[i].start,
		       parts[i].end - parts[i].start);
	if (page[X86_BP_EDD_ENTRIES] > EDD_MAX)
		page[X86_BP_EDD_ENTRIES] = EDD_MAX;
	if (page[X86_BP_EDD_MBR_ENTRIES] > EDD_MBR_MAX)
		page[X86_BP_EDD_MBR_ENTRIES] = EDD_MBR_MAX;
	bytes_put(page + X86_BP_RSDP, b->rsdp, 8, true);
}

/* What BIOS calls older than E820 would say: memory above 1 MiB, in KiB. */
static void boot_memory_sizes(const struct x86_64_e820 *e, uint8_t *page)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->at[i].type == X86_E820_RAM && e->at[i].start <= 0x100000 &&
		    e->at[i].end > 0x100000)
			kib = (e->at[i].end - 0x100000) >> 10;
	bytes_put(page + X86_BP_EXT_MEM_K, kib > 0xfc00 ? 0xfc00 : kib, 2, true);
	bytes_put(page + X86_BP_ALT_MEM_K, kib > UINT32_MAX ? UINT32_MAX : kib, 4, true);
}

static void boot_entries(const struct x86_64_e820 *e, size_t from, size_t to, uint8_t *table)
{
	for (size_t i = from; i < to; i++, table += X86_E820_ENTRY_SIZE) {
		bytes_put(table, e->at[i].start, 8, true);
		bytes_put(table + 8, e->at[i].end - e->at[i].start, 8, true);
		bytes_put(table + 16, e->at[i].type, 4, true);
	}
}

static void boot_e820(const struct x86_64_e820 *e, uint8_t *page)
{
	size_t n = e->n < X86_E820_IN_ZERO_PAGE ? e->n : X86_E820_IN_ZERO_PAGE;

	page[X86_BP_E820_ENTRIES] = (uint8_t)n;
	boot_entries(e, 0, n, page + X86_BP_E820_TABLE);
	boot_memory_sizes(e, page);
}

/* struct efi_info; systab and its version are the running kernel's. */
static void boot_efi(const struct x86_64_boot *b, const struct boot_layout *l, uint64_t addr,
		     uint8_t *data)
{
	uint8_t *info = data + X86_BP_EFI_INFO, *desc = data + l->efi_map;
	uint64_t map = addr + l->efi_map;

	if (b->running)
		memcpy(info, b->running + X86_BP_EFI_INFO, 32);
	bytes_put(info, X86_EFI_SIGNATURE, 4, true);
	bytes_put(info + 8, l->desc_size, 4, true);
	boot_put_split(info, 16, 28, map);
	bytes_put(info + 20, b->efi->n_regions * l->desc_size, 4, true);
	for (size_t i = 0; i < b->efi->n_regions; i++, desc += l->desc_size) {
		const struct x86_64_efi_region *r = &b->efi->region[i];
		const uint64_t words[] = { r->type, r->phys, r->virt, r->pages, r->attribute };

		for (size_t j = 0; j < ARRAY_SIZE(words); j++)
			bytes_put(desc + 8 * j, words[j], 8, true);
	}
}

/* --- setup_data --- */

static void boot_node_data(const struct x86_64_boot *b, uint32_t type, uint8_t *to)
{
	switch (type) {
	case X86_SETUP_E820_EXT:
		boot_entries(b->e820, X86_E820_IN_ZERO_PAGE, b->e820->n, to);
		break;
	case X86_SETUP_EFI:
		bytes_put(to, b->efi->fw_vendor, 8, true);
		bytes_put(to + 16, b->efi->config_table, 8, true);
		bytes_put(to + 24, b->efi->smbios, 8, true);
		break;
	case X86_SETUP_DTB:
		memcpy(to, b->dtb, b->dtb_size);
		break;
	case X86_SETUP_RNG_SEED:
		memcpy(to, b->seed, X86_RNG_SEED_SIZE);
		break;
	}
}

static void boot_nodes(const struct x86_64_boot *b, const struct boot_layout *l, uint64_t addr,
		       uint8_t *data)
{
	for (unsigned int i = 0; i < l->n_nodes; i++) {
		uint8_t *node = data + l->node[i].at;

		bytes_put(node, i + 1 < l->n_nodes ? addr + l->node[i + 1].at : 0, 8, true);
		bytes_put(node + 8, l->node[i].type, 4, true);
		bytes_put(node + 12, l->node[i].len, 4, true);
		boot_node_data(b, l->node[i].type, node + X86_SETUP_NODE_SIZE);
	}
}

static uint8_t *boot_zeroes(struct buf *out, uint64_t size)
{
	out->len = 0;
	buf_reserve(out, size);
	memset(out->data, 0, size + 1);
	out->len = size;
	return out->data;
}

int x86_64_boot_build(const struct x86_64_boot *b, uint64_t addr, struct buf *out)
{
	struct boot_layout l = boot_layout(b);
	uint8_t *data;
	int rc = b->header ? x86_64_check_header(b->header, b->header_size) : 0;

	if (rc < 0)
		return rc;
	data = boot_zeroes(out, l.size);
	boot_inherited(b, data);
	boot_header(b, &l, addr, data);
	boot_e820(b->e820, data);
	memcpy(data + l.cmdline, b->cmdline, strlen(b->cmdline));	/* zeroes follow */
	if (b->efi)
		boot_efi(b, &l, addr, data);
	boot_nodes(b, &l, addr, data);
	return 0;
}
