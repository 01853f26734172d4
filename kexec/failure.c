// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <stddef.h>

#include "common/bytes.h"
#include "kexec/exit.h"
#include "kexec/failure.h"

/*
 * The first row that fits decides; errno 0 is any. Statuses are what kexec-tools has for the same.
 */
static const struct failure_row {
	enum phase phase;
	int err, status;
	bool leaves_running_kernel;
} failure_rows[] = {
	{ PHASE_MACHINE, 0, STATUS_ERROR, true },

	/* No kernel, or none for this machine, whoever loads it; and too large is too large. */
	{ PHASE_FILES, ENOEXEC, STATUS_LOAD_FAILED, false },
	{ PHASE_FILES, ENOSPC, STATUS_ERROR, false },
	{ PHASE_FILES, 0, STATUS_ERROR, true },
	{ PHASE_INITRD, ENOSPC, STATUS_ERROR, false },
	{ PHASE_INITRD, 0, STATUS_LOAD_FAILED, false },

	{ PHASE_PLAN, ENOEXEC, STATUS_LOAD_FAILED, false },
	{ PHASE_PLAN, ENOSPC, STATUS_ERROR, false },
	{ PHASE_PLAN, ENODEV, STATUS_ERROR, false }, /* no memory is reserved for a crash kernel */
	{ PHASE_PLAN, 0, STATUS_ERROR, true },
	{ PHASE_PROOF, ENOSPC, STATUS_ERROR, false },
	{ PHASE_PROOF, 0, STATUS_ERROR, true },

	{ PHASE_PREPARE, ENODEV, STATUS_ERROR, false }, /* as above */
	{ PHASE_PREPARE, ENOENT, STATUS_ERROR,
	  false }, /* there is nothing loaded that could be started */
	{ PHASE_PREPARE, 0, STATUS_LOAD_FAILED, false },
	{ PHASE_CALL, 0, STATUS_LOAD_FAILED, false },
};

static const struct failure_row *failure_row(struct failure f)
{
	for (size_t i = 0; i < ARRAY_SIZE(failure_rows); i++)
		if (failure_rows[i].phase == f.phase &&
		    (!failure_rows[i].err || failure_rows[i].err == -f.rc))
			return &failure_rows[i];
	return NULL;
}

int failure_status(struct failure f)
{
	return f.rc < 0 ? failure_row(f)->status : STATUS_OK;
}

bool failure_leaves_running_kernel(struct failure f)
{
	return f.rc < 0 && failure_row(f)->leaves_running_kernel;
}
