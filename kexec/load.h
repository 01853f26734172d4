/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Loading as the options want it, by the system call that can do it, and
 * unloading. Both say what went wrong and return the exit status.
 */
#ifndef KEXEC_LOAD_H
#define KEXEC_LOAD_H

#include "kexec/options.h"
#include "kexec/sysroot.h"

/* Resolves what in the request depends on the machine. */
int load(struct options *o, const struct sysroot *sr);
int unload(const struct options *o, const struct sysroot *sr);

#endif
