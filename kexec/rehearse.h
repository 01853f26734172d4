/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * --hotplug, rehearsed (struct kept): what the running kernel will do to the elfcorehdr when
 * CPUs and memory come. Part of the proof: it counts and sizes by itself, so that a
 * mistake of the planner's (elfcorehdr.h) is not made twice.
 */
#ifndef KEXEC_REHEARSE_H
#define KEXEC_REHEARSE_H

#include "kexec/image.h"

/*
 * kernel/crash_core.c:crash_prepare_elf64_headers, with every possible CPU and as many
 * memory ranges as the kernel is prepared for, or as there are and one more. Warns
 * when there are more than that. @ranges: PT_LOADs in the header.
 */
int rehearse_elfcorehdr(const struct machine *m, const struct segment *s, uint64_t ranges);

#endif
