/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What the kernel says of itself when asked: each prints and returns the exit status. */
#ifndef KEXEC_STATUS_H
#define KEXEC_STATUS_H

#include "kexec/options.h"
#include "kexec/sysroot.h"

int status_print(bool crash, const struct sysroot *sr);			/* -S */
int status_print_crash_size(const struct sysroot *sr);			/* --print-ckr-size */
/* -S --verbose; finds the initrd of --reuseinitrd for @o. */
int status_print_readiness(struct options *o, const struct sysroot *sr);

#endif
