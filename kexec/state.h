/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What the running kernel says now: state, not facts, so each call reads it anew. A file that is
 * not there says ANSWER_UNKNOWN or STATE_SIZE_UNKNOWN, which is no error: whoever asks decides what
 * follows. Other errors are negative errnos with messages.
 */
#ifndef KEXEC_STATE_H
#define KEXEC_STATE_H

#include "kexec/sysroot.h"

/* What can be known from outside, or not. */
enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

#define STATE_SIZE_UNKNOWN UINT64_MAX

/* Is a kernel for a crash, or for a reboot, loaded? (kernel/ksysfs.c, kernel/kexec_core.c) */
int state_loaded(const struct sysroot *sr, bool crash, enum answer *loaded);

/* Bytes reserved for crash kernels. -EBUSY: the kernel is loading one, it will say later. */
int state_crash_size(const struct sysroot *sr, uint64_t *size);

/*
 * Does the kernel keep the loaded image current when CPUs, when memory change? Unknown: there is no
 * such file. While anybody holds its lock it says no
 * (kernel/crash_core.c:crash_check_hotplug_support).
 */
int state_kept(const struct sysroot *sr, enum answer *cpu, enum answer *memory);
/*
 * What follows for @this: one file without the other is a kernel that cannot hotplug the one kind,
 * so that it never changes.
 */
bool state_keeps(enum answer this, enum answer other);

/* fadump, the firmware's own way to dump (arch/powerpc/kernel/fadump.c). */
struct state_fadump {
	enum answer enabled, registered, hotplug_ready;
	uint64_t reserved;		/* bytes */
};

int state_fadump(const struct sysroot *sr, struct state_fadump *f);

#endif
