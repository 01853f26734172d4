/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The ELF core header which becomes /proc/vmcore: one PT_NOTE for each CPU,
 * one for vmcoreinfo, then the memory. Layout and fields as in
 * kernel/crash_core.c:crash_prepare_elf64_headers; what the capture kernel
 * demands: fs/proc/vmcore.c.
 */
#ifndef KEXEC_ELFCOREHDR_H
#define KEXEC_ELFCOREHDR_H

#include "common/ranges.h"
#include "kexec/machine.h"

struct image;

/* e_phnum has 16 bits, and nobody reads PN_XNUM (0xffff) here. */
#define ELFCOREHDR_PHDRS_MAX	65534

/* A PT_LOAD that is not simply memory where the linear map has it. */
struct core_load {
	uint64_t start, end;		/* physical address of the memory */
	uint64_t offset;		/* where the capture kernel finds it: a physical address */
	uint64_t virtual;		/* where the crashed kernel had it */
};

#define CORE_LOADS 2

/* What the header tells, for every architecture. */
struct core {
	struct ranges dump;		/* sorted; each a PT_LOAD in the linear map */
	uint64_t linear;		/* added (mod 2^64) to a physical address: the linear map */
	struct core_load load[CORE_LOADS];	/* in front of those: a start of memory that has
						   been moved away, the kernel's text */
	unsigned int n_loads;
};

/* [0, size) of memory will be found at @backup. */
void core_move_start(struct core *core, uint64_t backup, uint64_t size);

/* Program headers that elfcorehdr_build() would write. */
uint64_t elfcorehdr_count(const struct machine *m, const struct core *core);
uint64_t elfcorehdr_size(uint64_t phdrs);	/* bytes */

/* The header for the running kernel's byte order, appended to @out. */
int elfcorehdr_build(const struct machine *m, const struct core *core, struct buf *out);

/*
 * How large the segment must be (bytes, before rounding to pages) so that the
 * running kernel can rewrite it after any hotplug event: at least what
 * crash_elfcorehdr_size says, or some more ranges than there are now; and one
 * program header more because the kernel always counts a spare one. @built: bytes of
 * the header as it is now.
 */
uint64_t elfcorehdr_hotplug_size(const struct machine *m, uint64_t built);

/* Place the segment, from image->core. */
int elfcorehdr_place(struct image *image);

#endif
