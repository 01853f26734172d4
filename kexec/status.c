// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdio.h>

#include "kexec/exit.h"
#include "kexec/plan.h"
#include "kexec/prove.h"
#include "kexec/readiness.h"
#include "kexec/report.h"
#include "kexec/reuse.h"
#include "kexec/status.h"

int status_print(bool crash, const struct sysroot *sr)
{
	enum answer loaded;
	int rc = state_loaded(sr, crash, &loaded);

	if (rc >= 0 && loaded == ANSWER_UNKNOWN)
		rc = fail(ENOENT,
			  "the running kernel does not say whether a kernel is loaded: it was built"
			  " without %s",
			  crash ? "CONFIG_CRASH_DUMP" : "CONFIG_KEXEC");
	if (rc < 0)
		return say_why(STATUS_LOAD_FAILED);
	return loaded == ANSWER_YES ? STATUS_LOADED : STATUS_OK;
}

int status_print_crash_size(const struct sysroot *sr)
{
	uint64_t size = 0;
	int rc = state_crash_size(sr, &size);

	if (rc >= 0 && size == STATE_SIZE_UNKNOWN)
		rc = fail(
			ENOENT,
			"the running kernel does not say how much is reserved: it was built without"
			" CONFIG_CRASH_DUMP");
	if (rc < 0)
		return say_why(STATUS_ERROR);
	printf("%" PRIu64 "\n", size);
	return STATUS_OK;
}

/* A kernel that is named along: planned and proven, not loaded. */
static int check_fit(struct options *o, const struct sysroot *sr, struct readiness *r)
{
	struct machine machine;
	struct files files;
	struct image image;
	int rc = machine_survey(&machine, sr);

	files_init(&files);
	image_init(&image, &machine);
	r->fit.asked = true;
	if (rc >= 0 &&
	    ((o->request.reuse_initrd && reuse_initrd(sr, &o->arena, &o->request) < 0) ||
	     plan_open(&image, &files, &o->request).rc < 0 || plan(&image) < 0 ||
	     prove(&image) < 0))
		r->fit.problem = arena_printf(&r->machine.arena, "%s", fail_text());
	if (!r->fit.problem && image.n_doubts)
		r->fit.doubt = arena_printf(&r->machine.arena, "%s", image.doubt[0]);
	r->fit.region = machine.crash.end - machine.crash.start;
	if (!r->fit.problem)
		image_warn(&image);
	for (unsigned int i = 0; i < image.n_segments; i++)
		r->fit.used += image.segment[i].memsz;
	image_free(&image);
	files_free(&files);
	machine_free(&machine);
	return rc;
}

int status_print_readiness(struct options *o, const struct sysroot *sr)
{
	struct readiness r;
	int status, rc = readiness_read(&r, sr);

	if (rc >= 0 && o->request.kernel)
		rc = check_fit(o, sr, &r);
	if (rc >= 0) {
		readiness_judge(&r);
		if (o->json)
			rc = report_readiness_json(&r, stdout);
		else if (o->openmetrics)
			report_readiness_openmetrics(&r, stdout);
		else
			report_readiness(&r, stdout);
	}
	status = rc < 0 ? say_why(READINESS_UNKNOWN) : (int)readiness_status(&r);
	readiness_free(&r);
	return status;
}
