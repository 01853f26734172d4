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

/* e_phnum has 16 bits, and nobody reads PN_XNUM (0xffff) here. */
#define ELFCOREHDR_PHDRS_MAX	65534

struct elfcorehdr {
	const struct machine *machine;
	const struct ranges *dump;	/* sorted; each a PT_LOAD */
	uint64_t virtual_base;		/* OR-ed to a physical address: the linear map */
	/* [0, backup_size) is in the dump at @backup; size 0: there is none. */
	uint64_t backup, backup_size;
};

/* Program headers that elfcorehdr_build() would write. */
uint64_t elfcorehdr_count(const struct elfcorehdr *h);
uint64_t elfcorehdr_size(uint64_t phdrs);	/* bytes */

/* The header for the running kernel's byte order, appended to @out. */
int elfcorehdr_build(const struct elfcorehdr *h, struct buf *out);

/*
 * How large the segment must be (bytes, before rounding to pages) so that the
 * running kernel can rewrite it after any hotplug event: at least what
 * crash_elfcorehdr_size says, or some more ranges than there are now; and one
 * program header more because the kernel always counts a spare one.
 */
uint64_t elfcorehdr_hotplug_size(const struct machine *m, uint64_t built);

#endif
