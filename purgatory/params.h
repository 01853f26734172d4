/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The whole contract between the loader and the purgatory.
 *
 * The purgatory is a flat, position-independent blob. The loader copies it,
 * fills in this block at a fixed offset, and loads the result as a segment of
 * image_size bytes whose first byte is the image's entry point. All numbers
 * are in the byte order of the running kernel, in which the purgatory runs.
 *
 * The digest covers n_regions memory regions, in order. Only these bytes of
 * the whole image are in no region: the segments which the running kernel
 * may rewrite (with --hotplug), the 32 bytes of the digest itself, and the
 * purgatory's own stack.
 *
 * This header is also included by assembly.
 */
#ifndef PURGATORY_PARAMS_H
#define PURGATORY_PARAMS_H

/*
 * ppc64: the kernel copies the first 256 bytes at the entry point to physical
 * 0, where they catch the secondary CPUs; the loader fills all but the first
 * word with the new kernel's own (arch/powerpc/kernel/misc_64.S:kexec_sequence).
 */
#define PURGATORY_HEAD_SIZE	0x100
#define PURGATORY_PARAMS_OFFSET	PURGATORY_HEAD_SIZE
#define PURGATORY_MAX_REGIONS	20	/* 16 segments, and the purgatory in pieces */
#define PURGATORY_MAGIC		0x6b78707572676131	/* "kxpurga1" */

#define PURGATORY_PARAMS_SIZE	(12 * 8 + 32 + PURGATORY_MAX_REGIONS * 16)

#ifndef __ASSEMBLER__
#include <stdint.h>

enum purgatory_console {
	PURGATORY_CONSOLE_NONE,
	PURGATORY_CONSOLE_HVTERM,	/* PAPR H_PUT_TERM_CHAR */
};

struct purgatory_region {
	uint64_t start, size;		/* physical address, bytes */
};

struct purgatory_params {
	uint64_t magic;			/* set at build time */
	uint64_t image_size;		/* set at build time: blob, bss and stack */
	uint8_t digest[32];		/* SHA-256 over the regions */
	uint64_t kernel;		/* entry point */
	uint64_t fdt;
	uint64_t backup_source;
	uint64_t backup;		/* where the source is copied to */
	uint64_t backup_size;		/* 0: nothing to copy */
	uint64_t opal_base, opal_entry;	/* ppc64: r8 and r9 at the kernel's entry */
	uint64_t console;		/* enum purgatory_console */
	uint64_t console_unit;		/* hvterm: the vty's unit address */
	uint64_t n_regions;		/* 0: verify nothing */
	struct purgatory_region region[PURGATORY_MAX_REGIONS];
};

_Static_assert(sizeof(struct purgatory_params) == PURGATORY_PARAMS_SIZE, "params.h");
#endif

#endif
