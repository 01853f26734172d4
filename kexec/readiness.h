/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Would a crash of this machine, now and after CPUs or memory have come or
 * gone, leave a dump? Facts that every user may read, and what follows.
 * Plain data: report.h shows it.
 */
#ifndef KEXEC_READINESS_H
#define KEXEC_READINESS_H

#include "kexec/klog.h"
#include "kexec/loads.h"
#include "kexec/machine.h"
#include "kexec/udev.h"

/*
 * The exit status of kexec -S --verbose, which is what monitoring calls OK,
 * warning, critical and unknown.
 */
enum readiness_status {
	READINESS_READY = 0,
	READINESS_ATTENTION = 1,	/* armed, but something will spoil the dump */
	READINESS_NOT_ARMED = 2,
	READINESS_UNKNOWN = 3,
};

enum verdict {
	VERDICT_UNKNOWN,	/* the kernel does not say whether a crash kernel is loaded */
	VERDICT_NOT_RESERVED,
	VERDICT_NOT_LOADED,
	VERDICT_CANNOT_START,	/* armed in vain: no kernel can start in that crash region */
	VERDICT_STALE,		/* armed; CPUs or memory that change make the image stale */
	VERDICT_RELOADED,	/* armed; udev rules reload it then */
	VERDICT_KEPT,		/* armed; the kernel keeps it current */
	VERDICT_MISSED,		/* armed; it should, but its log says that it missed a change */
	VERDICT_FADUMP,		/* fadump is registered */
	VERDICT_FADUMP_STALE,	/* ... for the memory of now: nobody registers it again */
	VERDICT_FADUMP_NOT_REGISTERED,
};

#define READINESS_WARNINGS 8
#define READINESS_SIZE_UNKNOWN STATE_SIZE_UNKNOWN

struct readiness {
	struct machine machine; /* what it is, CPUs, perhaps its memory; the arena */

	enum answer loaded;
	uint64_t reserved;			/* bytes, or READINESS_SIZE_UNKNOWN */
	enum answer cpu_kept, memory_kept;	/* crash_hotplug; unknown: there is no such file */
	struct klog log;
	const char *restricted;			/* policy_restricts(); NULL: not that is known */
	struct state_fadump fadump;
	struct {
		size_t possible, present, with_notes;	/* with_notes: of the possible */
		bool notes_before; /* there should be some before a CPU is present (struct arch) */
	} cpus;
	struct udev_reloads udev;
	enum answer keeps_backup;		/* it is without FLAW_FORGETS, kexec/flaw.h */
	struct loads loads;			/* what kdump-load noted, and when it is now: */
	uint64_t now;				/* seconds since the epoch */
	const char *region_problem; /* why no crash kernel can start there; NULL: none known */

	/* Of a kernel that is to be loaded; left alone by readiness_read(). */
	struct {
		bool asked;
		const char *problem;		/* why it would not load; NULL: it would */
		const char *doubt;		/* ... and yet be of no use; NULL: no reason */
		uint64_t region, used;		/* bytes: of the crash region, of the segments */
	} fit;

	/* What follows. */
	enum verdict verdict;
	/*
	 * Does the image know the CPUs and the memory of now? What it was loaded for the
	 * kernel does not say, so yes and no can only come from what it keeps and missed.
	 */
	enum answer current;
	const char *loaded_with;		/* which system call, as far as that can be known */
	const char *warnings[READINESS_WARNINGS];
	size_t n_warnings;
};

/*
 * What is alarming is read again after that long: the kernel's answers waver while it is at work.
 */
#define READINESS_PAUSE_MS	300

/*
 * Read the facts; with sr->copy set also what makes a snapshot answer. What a
 * file does not say is unknown; -errno with a message for a file which says
 * nonsense.
 */
int readiness_read(struct readiness *r, const struct sysroot *sr);
void readiness_free(struct readiness *r);

/* Pure: fill in what follows from the facts. */
void readiness_judge(struct readiness *r);

/* Of the verdict and the warnings together. */
enum readiness_status readiness_status(const struct readiness *r);
/* "kept-current": the verdict for programs. */
const char *readiness_name(enum verdict verdict);
/* The same for people, one sentence. */
const char *readiness_sentence(enum verdict verdict);

#endif
