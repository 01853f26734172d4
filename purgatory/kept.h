/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The segments which the running kernel rewrites, and which no digest can cover, at the time of the
 * crash: is each what that kernel writes? What is not is replaced by the copy of the load.
 */
#ifndef PURGATORY_KEPT_H
#define PURGATORY_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "purgatory/params.h"

/* What is wrong with a segment, for a line on the console; NULL: nothing. */
typedef const char *kept_check(const struct purgatory_kept *k, uint64_t cpu);

/*
 * The ELF core header: what fs/proc/vmcore.c demands of it, and what
 * kernel/crash_core.c:crash_prepare_elf64_headers writes twice in each program header.
 */
kept_check kept_check_core;

/* For the line. */
#define KEPT_DAMAGED "is damaged"

/* When the digest is verified, on the CPU @cpu: check all of them. */
void kept_mend(const struct purgatory_params *p, uint64_t cpu);

#endif
