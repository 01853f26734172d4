// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The story: options, survey, plan, prove, then report or apply. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/version.h"
#include "kexec/apply.h"
#include "kexec/arch/arch.h"
#include "kexec/options.h"
#include "kexec/plan.h"
#include "kexec/prove.h"
#include "kexec/report.h"
#include "kexec/syscalls.h"

/* Exit statuses that scripts know: kexec(8). */
enum { STATUS_OK = 0, STATUS_LOADED = 1, STATUS_ERROR = 1, STATUS_LOAD_FAILED = 255 };

static int say_why(int status)
{
	notice("%s", fail_text());
	return status;
}

static int show(const struct image *image, const struct options *o)
{
	int rc = o->dump ? report_dump(image, o->dump) : 0;

	if (rc >= 0 && o->json)
		rc = report_json(image, stdout);
	else if (rc >= 0 && o->dry_run)
		report_text(image, stdout);
	return rc < 0 ? say_why(STATUS_ERROR) : STATUS_OK;
}

static int load_crash(const struct options *o, const struct sysroot *sr)
{
	struct machine machine;
	struct image image;
	int status, rc = machine_survey(&machine, sr);

	image_init(&image, &machine);
	if (rc >= 0)
		rc = plan(&image, &o->request);
	if (rc >= 0)
		rc = prove(&image);
	if (rc < 0)
		status = say_why(rc == -ENOEXEC ? STATUS_LOAD_FAILED : STATUS_ERROR);
	else
		status = show(&image, o);
	if (status == STATUS_OK && !o->dry_run && apply_load(&image, sr) < 0)
		status = say_why(STATUS_LOAD_FAILED);
	image_free(&image);
	machine_free(&machine);
	return status;
}

static int print_status(bool crash, const struct sysroot *sr)
{
	bool loaded;
	int rc = machine_image_loaded(sr, crash, &loaded);

	if (rc == -ENOENT)
		fail(ENOENT, "the running kernel does not say whether a kernel is loaded: it was built"
		     " without %s", crash ? "CONFIG_CRASH_DUMP" : "CONFIG_KEXEC");
	if (rc < 0)
		return say_why(STATUS_LOAD_FAILED);
	return loaded ? STATUS_LOADED : STATUS_OK;
}

static int print_crash_size(const struct sysroot *sr)
{
	uint64_t size = 0;
	int rc = machine_crash_size(sr, &size);

	if (rc < 0 && rc != -ENOENT)
		return say_why(STATUS_ERROR);
	printf("%" PRIu64 "\n", size);
	return STATUS_OK;
}

static int record(const char *dir)
{
	struct sysroot sr = { .root = "/", .copy = dir };
	struct machine machine = {0};
	int rc = 0;

	if (mkdir(dir, 0700) < 0)
		rc = fail(errno, "--record %s: %s", dir, errno == EEXIST ?
			  "exists already; name a new directory" : strerror(errno));
	if (rc >= 0)
		rc = machine_survey(&machine, &sr);
	machine_free(&machine);
	if (rc < 0)
		return say_why(STATUS_ERROR);
	printf("%s: what kexec reads of this machine. It can hold secrets (command line, firmware"
	       " properties);\nlook through it before you pass it on. Only its owner can read it.\n", dir);
	return STATUS_OK;
}

static int run(const struct options *o, const struct sysroot *sr)
{
	switch (o->action) {
	case ACTION_HELP:
		options_help(stdout);
		return STATUS_OK;
	case ACTION_VERSION:
		puts(VERSION_TEXT);
		return STATUS_OK;
	case ACTION_STATUS:
		return print_status(o->crash, sr);
	case ACTION_CRASH_SIZE:
		return print_crash_size(sr);
	case ACTION_RECORD:
		return record(o->record);
	case ACTION_UNLOAD:
		return apply_unload(o->crash) < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
	default:
		return load_crash(o, sr);
	}
}

/* A recorded machine is planned for, never changed. */
static bool would_change_another(const struct options *o)
{
	return strcmp(o->sysroot, "/") && !syscalls.any_machine &&
	       (o->action == ACTION_UNLOAD || (o->action == ACTION_LOAD_CRASH && !o->dry_run));
}

int main(int argc, char **argv)
{
	struct options o;
	int rc = options_parse(&o, argc, argv);

	if (rc >= 0 && would_change_another(&o))
		rc = fail(EINVAL, "--sysroot %s is a recorded machine, nothing can be loaded there; add"
			  " --dry-run", o.sysroot);
	if (rc < 0)
		return say_why(STATUS_ERROR);
	message_debug(o.debug);
	rc = run(&o, &(struct sysroot){ .root = o.sysroot });
	fail_forget();
	return rc;
}
