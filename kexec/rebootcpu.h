/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The CPU on which the running kernel starts the next one, a setting in sysfs
 * (kernel/reboot.c). It is changed only for a device tree without the CPU that
 * it names, remembered in a file below /run, and put back when that image goes.
 */
#ifndef KEXEC_REBOOTCPU_H
#define KEXEC_REBOOTCPU_H

#include <stdint.h>

#include "kexec/sysroot.h"

/* The setting now; -ENOENT without a message: the kernel has none. */
int rebootcpu_get(const struct sysroot *sr, uint64_t *cpu);
int rebootcpu_set(const struct sysroot *sr, uint64_t cpu);
/* What rebootcpu_set() found, unless somebody else has changed it since. */
int rebootcpu_restore(const struct sysroot *sr);

#endif
