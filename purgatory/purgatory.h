/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The purgatory runs between two kernels: on one CPU, with interrupts off, at
 * physical addresses (ppc64: in real mode; x86_64: on an identity map) and with
 * nothing to call but itself. It writes no memory but its own stack and variables, which lie
 * behind the blob, and what a console is made of, until the digest is verified.
 */
#ifndef PURGATORY_PURGATORY_H
#define PURGATORY_PURGATORY_H

#include <stdbool.h>

#include "purgatory/kept.h"
#include "purgatory/lanes.h"
#include "purgatory/params.h"

/*
 * Called by entry.S. Verifies the digest, copies the backup region and lets
 * the architecture finish the boot data for the CPU @cpu. Returns when the
 * kernel may be entered; does not return when the digest does not match.
 */
void purgatory(const struct purgatory_params *p, uint64_t cpu);

/*
 * Does the memory which @p describes have the digest in @p, and zeros where it says so? If not,
 * *damaged is the number of a region which is not as it was; n_regions: the digest is not.
 */
bool purgatory_verify(const struct purgatory_params *p, uint64_t *damaged);

/* "purgatory: NAME WHAT MORE", which together have room in it. */
#define PRINT_LINE 160
void print_line(char line[PRINT_LINE], const char *name, const char *what, const char *more);
/* All 16 digits of @v. */
#define PRINT_HEX 17
static inline void print_hex(char text[PRINT_HEX], uint64_t v)
{
	for (unsigned int i = 0; i < PRINT_HEX - 1; i++)
		text[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
	text[PRINT_HEX - 1] = 0;
}

/* Each architecture's own part. The first thing: make the consoles ready. */
void arch_start(const struct purgatory_params *p);
/* @text is whole lines that end in "\r\n". Without a console: nothing. */
void arch_print(const struct purgatory_params *p, const char *text);
/*
 * What adds to the lanes: arch/NAME/lanes.h's where p->units has PURGATORY_UNIT_LANES, which is
 * made ready here. *before: what arch_lanes_end() puts back, so that the kernel is entered with the
 * processor's state as it was; but nobody needs what was in those registers.
 */
lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before);
void arch_lanes_end(const struct purgatory_params *p, uint64_t before);
/* Of segments of PURGATORY_KEPT_ARCH. */
kept_check arch_check_kept;
/* The copy is in the place of @k: what is to be done for the CPU @cpu. */
void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu);
/* Before the kernel is entered. */
void arch_finish(const struct purgatory_params *p, uint64_t cpu);
/* For ever. */
void arch_stop(void);

#endif
