// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "kexec/exit.h"
#include "kexec/policy.h"
#include "kexec/readiness.h"
#include "kexec/record.h"

static int fail_if_incomplete(const char *dir, int rc)
{
	return rc < 0 ? fail_in(rc, "--record: the copy in %s is not complete", dir) : 0;
}

/* All that planning reads, and what -S --verbose reads. */
static int record_all(const struct sysroot *sr)
{
	struct machine machine;
	struct readiness readiness = {0};
	struct policy policy;
	int rc = machine_survey(&machine, sr);

	if (rc >= 0)
		rc = readiness_read(&readiness, sr);
	if (rc >= 0)
		rc = policy_read(&policy, sr);
	machine_free(&machine);
	readiness_free(&readiness);
	return rc;
}

int record(const char *dir, const char *root)
{
	int rc = 0, incomplete = 0;
	struct sysroot sr = { .root = root, .copy = dir, .incomplete = &incomplete };

	if (mkdir(dir, 0700) < 0)
		rc = fail(errno, "--record %s: %s", dir, errno == EEXIST ?
			  "exists already; name a new directory" : strerror(errno));
	if (rc >= 0)
		message_when_out_of_memory(STATUS_ERROR, "--record: the copy is not complete");
	if (rc >= 0)
		rc = fail_if_incomplete(dir, record_all(&sr));
	if (rc >= 0 && incomplete)
		rc = fail_if_incomplete(dir, fail(incomplete, "%s", strerror(incomplete)));
	if (rc < 0)
		return say_why(STATUS_ERROR);
	text_print(
		stdout,
		"%s: what kexec reads of this machine. It can hold secrets (command line, firmware"
		" properties);\n",
		dir);
	puts("look through it before you pass it on. Only its owner can read it.");
	return STATUS_OK;
}
