/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What kdump-load(8) notes since the boot, in a file with a line for each kind:
 *
 *	KIND WHAT COUNT CENTISECONDS TIME LAST-CENTISECONDS STATUS
 *
 * KIND is "load" (WHAT is why: service, hotplug, hand) or "event" (CPUs or memory had changed;
 * WHAT became of the image: kept, reloaded). COUNT were there, which took so long together; the
 * last one ended at TIME (since the epoch), took so long and had that exit status.
 */
#ifndef KEXEC_LOADS_H
#define KEXEC_LOADS_H

#include "kexec/sysroot.h"

#define LOADS_MAX 16

struct load_note {
	bool event;
	const char *what;		/* of small letters */
	uint64_t count, centiseconds, time, last_centiseconds, status;
};

struct loads {
	struct load_note at[LOADS_MAX];
	size_t n;
};

/* No such file: none. Lines that are no such line are passed. */
int loads_read(const struct sysroot *sr, struct arena *arena, struct loads *out);

/* The last load that succeeded, whatever for; NULL: there was none. */
const struct load_note *loads_last(const struct loads *l);

#endif
