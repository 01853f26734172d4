/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* arm64: servers, boards and guests, with a device tree or with ACPI. */
#ifndef KEXEC_ARCH_ARM64_ARM64_H
#define KEXEC_ARCH_ARM64_ARM64_H

#include "kexec/arch/arch.h"

/* Documentation/arch/arm64/booting.rst: the Image's base, the tree's size, the initrd's window. */
#define ARM64_BASE_ALIGN	((uint64_t)2 << 20)
#define ARM64_FDT_MAX		((uint64_t)2 << 20)
#define ARM64_WINDOW		((uint64_t)32 << 30)
#define ARM64_WINDOW_ALIGN	((uint64_t)1 << 30)

/* Each LPI table has as much, rounded to it (drivers/irqchip/irq-gic-v3-its.c:LPI_PROPBASE_SZ). */
#define ARM64_LPI_TABLE_SIZE	((uint64_t)64 << 10)

/* Where text for people goes: the console of the tree or of ACPI. */
struct arm64_uart {
	uint64_t kind; /* PURGATORY_CONSOLE_PL011, PURGATORY_CONSOLE_8250; 0: none known */
	uint64_t base;			/* physical */
	uint64_t shift;			/* 8250: registers are 1 << shift bytes apart */
};

struct arm64_facts {
	struct ranges tree_reserve;	/* the reserve map of the tree, without what was the running
					   kernel's */
	struct ranges reserved;		/* "reserved" of /proc/iomem, also in machine.avoid */
	struct ranges cma;		/* crashkernel=,cma: also in machine.crash_more */
	struct ranges crash_low;	/* crashk_low_res, also in machine.crash_more */

	bool efi; /* the tree tells of UEFI: memory, and ACPI, come from there */
	bool lpis;			/* GICv3 with an ITS: its tables lie in memory */
	struct ranges
		lpi_tables; /* where the kernel's log says that they are; also in machine.avoid */
	const char *
		lpis_unknown; /* why it is not known where they are; NULL: it is, or needs not be */

	struct arm64_uart uart;

	struct range code;		/* [_stext, _end) of the running kernel, of /proc/iomem */
	/* Of the program headers of /proc/kcore, as for x86_64. */
	bool has_addresses;		/* false: no_addresses says why, the rest is 0 */
	const char *no_addresses;
	uint64_t linear;		/* virtual - physical (modulo 2^64) in the linear map */
	uint64_t text, text_phys, text_size;	/* of [_text, _end) */
};

int arm64_survey(struct machine *m);
void arm64_forget(struct machine *m);

/*
 * lpi.c: what the log's lines of the GIC, as logread_lines() gives them, say; appended to @tables.
 * *all: the table of properties is among them, and one of what is pending for each of @cpus: the
 * log loses its oldest lines first.
 */
int arm64_lpi_tables(const char *lines, size_t cpus, struct ranges *tables, bool *all);

/* uart.c: of /chosen's stdout-path, else of ACPI's SPCR. */
int arm64_find_uart(struct machine *m, struct arm64_uart *uart);
/* Of the table itself (Microsoft's "Serial Port Console Redirection Table"). */
struct arm64_uart arm64_uart_of_spcr(const uint8_t *table, size_t len);

/* idmap.c: what TCR_EL1.TG0 has for pages of so many bytes; -1: there are no such pages. */
int arm64_granule(uint64_t page);
/*
 * Page tables with a granule of @page bytes and addresses of 48 bits, which map each page of
 * @ranges (merged; whole pages) and of @device (one page; 0: none) to itself. They lie at @at, the
 * first is the root. Appended to @out; without @out only counted. Pages, or -E2BIG with a message.
 */
int arm64_idmap_build(const struct ranges *ranges, uint64_t device, uint64_t page, uint64_t at,
		      struct buf *out);
/*
 * Place the segment for the image's other ones, if there is anything to verify. Where the running
 * kernel's granule is not known, there is none, and a warning.
 */
int arm64_idmap_place(struct image *image);

/* The steps of struct arch: needs.c, boot-data.c, proofs.c. */
int arm64_check_kernel(const struct kernel *k);
uint64_t arm64_kernel_pages(const struct machine *m);
int arm64_needs(struct image *image);
int arm64_room(struct image *image);
int arm64_core(struct image *image);
int arm64_boot_data(struct image *image);
int arm64_fill(struct image *image);
int arm64_prove(const struct image *image);

/* tree.c: turn a copy of the source tree into the second kernel's; fill image->reserve too. */
int arm64_new_tree(struct image *image, struct dt_node **tree);

#endif
