/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * One system call, after everything that can fail has not. A crash load frees
 * the old image first, inside the kernel: a failure can leave none, and then
 * the message says so.
 */
#ifndef KEXEC_APPLY_H
#define KEXEC_APPLY_H

#include "kexec/image.h"

/* Load the image; with --hotplug read back whether the kernel agreed, and warn if not. */
int apply_load(const struct image *image, const struct sysroot *sr);

int apply_unload(bool crash);

#endif
