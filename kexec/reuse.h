/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * --reuseinitrd: the initrd which the running kernel was started with and,
 * told by retain_initrd, has kept.
 */
#ifndef KEXEC_REUSE_H
#define KEXEC_REUSE_H

#include "kexec/image.h"

/*
 * Where the running kernel shows its initrd as a file (Linux 6.9 and later,
 * init/initramfs.c), that becomes the request's initrd, from @arena; else
 * reuse_initrd stays set, and it has to be used where it lies in memory.
 */
int reuse_initrd(const struct sysroot *sr, struct arena *arena, struct plan_request *request);

#endif
