/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What kdump-load(8) notes since the boot, in a file with a line for each kind:
 *
 *	KIND WHAT COUNT CENTISECONDS TIME LAST-CENTISECONDS STATUS
 *
 * KIND is "load" or, where that did not succeed, "failure" (WHAT is why: service, hotplug, hand),
 *or "event" (CPUs or memory had changed; WHAT became of the image: kept, reloaded; or the reload
 * failed). COUNT were there, which took so long together; the
 * last one ended at TIME (since the epoch), took so long and had that exit status.
 */
#ifndef KEXEC_LOADS_H
#define KEXEC_LOADS_H

#include "kexec/sysroot.h"

#define LOADS_MAX 16

enum load_kind { LOAD_SUCCESS, LOAD_FAILURE, LOAD_EVENT };

struct load_note {
	enum load_kind kind;
	const char *what;		/* of small letters */
	uint64_t count, centiseconds, time, last_centiseconds, status;
};

struct loads {
	struct load_note at[LOADS_MAX];
	size_t n;
};

/*
 * Statistics: no such file, or one that cannot be read, are none. Lines that are no such line are
 * passed; of several of one kind the last counts.
 */
void loads_read(const struct sysroot *sr, struct arena *arena, struct loads *out);

/* The last load that succeeded, whatever for; NULL: there was none. */
const struct load_note *loads_last(const struct loads *l);

#endif
