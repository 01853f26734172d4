/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A running kernel's own faults, which spoil dumps whatever kexec does. Each architecture has a
 * table of them (struct arch, flaws); who chooses a system call, loads, or judges readiness looks
 * there.
 */
#ifndef KEXEC_FLAW_H
#define KEXEC_FLAW_H

#include <stdbool.h>
#include <stddef.h>

#include "kexec/state.h"

struct machine;

/*
 * What goes wrong. Who is warned of it, and when, is in way.c (of a load) and readiness.c (of an
 * image).
 */
enum flaw_effect {
	/* A crash image which the running kernel makes itself overwrites what is to be dumped. */
	FLAW_FILE_SPOILS,
	/* ... has a wrong place for the backup region. */
	FLAW_FILE_FORGETS,
	/*
	 * An image that it keeps current loses the place of the backup region when memory changes.
	 */
	FLAW_FORGETS,
	/* ... still says that memory is there which was removed. */
	FLAW_KEEPS_REMOVED,
};

struct flaw {
	enum flaw_effect effect;
	/*
	 * Does this kernel (name, release and byte order of a machine that is identified) have it?
	 */
	enum answer (*has)(const struct machine *m);
	const char *text, *advice;	/* half a sentence each: what is wrong, what to do */
	bool spoils;			/* loaded all the same, the image is in doubt */
};

/* The architecture's row, or NULL. @m is identified; its kind may be unknown. */
const struct flaw *flaw_find(const struct machine *m, enum flaw_effect effect);

/*
 * Is this kernel without it? Yes where nobody knows of such a fault; of an unknown kind nothing is
 * known.
 */
enum answer flaw_is_absent(const struct machine *m, enum flaw_effect effect);

#endif
