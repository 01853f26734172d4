/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Start the normal kernel that is loaded. */
#ifndef KEXEC_START_H
#define KEXEC_START_H

#include <stdbool.h>

#include "kexec/failure.h"
#include "kexec/sysroot.h"

/*
 * Sync file systems, take the network down, and jump. Returns only when that
 * fails. PHASE_PREPARE with -ENOENT: nothing is loaded.
 */
struct failure start_now(const struct sysroot *sr, bool no_sync, bool no_ifdown);

/* Shut the system down into it, with all that a reboot does. */
int start_by_shutdown(void);

#endif
