/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * One system call, after everything that can fail has not. A crash load frees
 * the old image first, inside the kernel: a failure can leave none.
 */
#ifndef KEXEC_APPLY_H
#define KEXEC_APPLY_H

#include "kexec/image.h"

#define APPLY_STEP "loading"	/* of progress.h: the system call */

/* Load the planned image with kexec_load. */
int apply_load(const struct image *image, const struct sysroot *sr);

/*
 * Have the kernel plan and load: kexec_file_load, of @files, which are opened unless
 * they are open already. PHASE_CALL: the failure is the system call's; else something
 * before it failed and nothing has changed.
 */
struct failure apply_file_load(const struct plan_request *request, struct files *files,
			       const struct sysroot *sr);

/* @sr: for the reason when it fails. */
int apply_unload(bool crash, const struct sysroot *sr);
int apply_file_unload(bool crash, const struct sysroot *sr);

/* After a load with --hotplug: do the kernel's files say that it agreed? Warns when not. */
bool apply_check_hotplug(const struct sysroot *sr);

/*
 * Is a limit set on how often a crash or a normal kernel may be loaded? Each call then counts, also
 * one that is refused: what may be refused for a flag alone is not tried.
 */
bool apply_is_counted(bool crash, const struct sysroot *sr);

/*
 * The same for calls that are to be made now: how many, should the lock be another's. Where each
 * counts, also one that finds it taken (kernel/kexec.c:kexec_load_check), it is one, and until
 * then the lock has been waited for, two seconds at most.
 */
unsigned int apply_tries(bool crash, const struct sysroot *sr);

/* Try a system call until somebody else's lock is free. */
#define APPLY_BUSY_TRIES	20
#define APPLY_BUSY_SLEEP_MS	100
#define APPLY_RETRY(tries, call) __extension__ ({				\
	int rc_ = -EBUSY;							\
	for (unsigned int i_ = 0, n_ = (tries); i_ < n_ && rc_ == -EBUSY; i_++) {	\
		if (i_)								\
			syscalls.sleep_ms(APPLY_BUSY_SLEEP_MS);			\
		rc_ = (call);							\
	}									\
	rc_;									\
})

#endif
