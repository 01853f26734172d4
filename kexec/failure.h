/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which step of a load failed, and with what errno: the exit status and what may be tried instead
 * follow from the two, in one table. Pure; the message is where fail() has left it.
 */
#ifndef KEXEC_FAILURE_H
#define KEXEC_FAILURE_H

#include <stdbool.h>

enum phase {
	PHASE_NONE,    /* nothing has failed */
	PHASE_MACHINE, /* the machine could not be read, or is not understood */
	PHASE_FILES,   /* the kernel or the device tree: opened, unpacked, understood, read */
	PHASE_INITRD,  /* the same of the initrd */
	PHASE_PLAN,    /* the image, or what would become of it */
	PHASE_PROOF,
	PHASE_PREPARE, /* what a system call needs; it was not made */
	PHASE_CALL,    /* the system call's own answer */
	PHASES
};

struct failure {
	enum phase phase;
	int rc;			/* a negative errno; 0: nothing has failed */
};

#define NO_FAILURE ((struct failure){ PHASE_NONE, 0 })

/* @rc as functions return it: 0 or more is none. */
static inline struct failure failure_of(enum phase phase, int rc)
{
	return rc < 0 ? (struct failure){ phase, rc } : NO_FAILURE;
}

/* The exit status: STATUS_*, kexec/exit.h. */
int failure_status(struct failure f);

/* Before any call: may the running kernel, which plans by itself, still be able to load it? */
bool failure_leaves_running_kernel(struct failure f);

#endif
