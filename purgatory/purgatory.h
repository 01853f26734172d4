/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The purgatory runs between two kernels: on one CPU, in real mode, with
 * interrupts off and nothing to call but itself. It writes no memory but its
 * own stack until the digest is verified.
 */
#ifndef PURGATORY_PURGATORY_H
#define PURGATORY_PURGATORY_H

#include <stdbool.h>

#include "purgatory/params.h"

/*
 * Called by entry.S. Verifies the digest, copies the backup region and lets
 * the architecture finish the boot data for the CPU @cpu. Returns when the
 * kernel may be entered; does not return when the digest does not match.
 */
void purgatory(const struct purgatory_params *p, uint64_t cpu);

/* Does the memory which @p describes have the digest in @p? */
bool purgatory_verify(const struct purgatory_params *p);

/* Each architecture's own part. */
void arch_print(const struct purgatory_params *p, const char *text);
void arch_finish(const struct purgatory_params *p, uint64_t cpu);
void arch_stop(void);

#endif
