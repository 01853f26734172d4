/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which unit hashes the lanes (purgatory/lanes.h) where this program runs. What the purgatory may
 * use is another matter: that is a fact of the machine which is planned for.
 */
#ifndef KEXEC_ARCH_LANES_H
#define KEXEC_ARCH_LANES_H

#include "purgatory/lanes.h"

struct lanes_unit {
	const char *name;		/* for tests and -d; NULL: not compiled for this host */
	bool (*here)(void);		/* does this processor have it, and the kernel let us? */
	lanes_blocks *blocks;
};

/* Each architecture's, kexec/arch/NAME/lanes.c. */
extern const struct lanes_unit lanes_unit_arm64, lanes_unit_ppc64, lanes_unit_x86_64;

/* The fastest that this processor has: at least lanes_portable, named "portable". */
const struct lanes_unit *lanes_here(void);

#endif
