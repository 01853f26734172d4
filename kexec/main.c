// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The story: options; then what they ask for. Loading is load.c's: survey, plan, prove, apply. */
#include <stdio.h>
#include <string.h>

#include "common/confine.h"
#include "common/file.h"
#include "common/version.h"
#include "kexec/exit.h"
#include "kexec/load.h"
#include "kexec/readiness.h"
#include "kexec/record.h"
#include "kexec/start.h"
#include "kexec/status.h"
#include "kexec/syscalls.h"

static int main_start(const struct options *o, const struct sysroot *sr)
{
	struct failure f = start_now(sr, o->no_sync, o->no_ifdown);

	return f.rc < 0 ? say_why(failure_status(f)) : STATUS_OK;
}

/*
 * What the rest of the run is for; 0: nothing is read, or what comes after inherits what we may do:
 * a shutdown, and with -f reboot(2), which would be called with what kernels before 5.16 turn off
 * for a task with a filter (speculation).
 */
static unsigned int main_purposes(const struct options *o, const struct sysroot *sr)
{
	unsigned int reads = CONFINE_OPENS | (sysroot_is_live(sr) ? CONFINE_MACHINE : 0);

	switch (o->action) {
	case ACTION_STATUS:
	case ACTION_CRASH_SIZE:
		return reads;
	case ACTION_RECORD:
		return reads | CONFINE_WRITES;
	case ACTION_LOAD:
		break;
	default:
		return 0;
	}
	if (o->dump)
		reads |= CONFINE_WRITES;
	if (o->dry_run)
		return reads;
	/* A normal load may choose the CPU that starts the next kernel. */
	reads |= CONFINE_LOADS | (o->crash ? 0 : CONFINE_WRITES);
	return o->then == THEN_NOTHING ? reads : 0;
}

/* What cannot be done is said before anything is read, or waited for. */
static bool main_may(const struct options *o)
{
	bool changes = o->action == ACTION_UNLOAD || o->action == ACTION_EXEC ||
		       (o->action == ACTION_LOAD && !o->dry_run);

	return !changes || syscalls.permitted() >= 0;
}

static int main_run(struct options *o, const struct sysroot *sr)
{
	unsigned int purposes = main_purposes(o, sr);

	if (o->action != ACTION_HELP && o->action != ACTION_VERSION)
		file_take_streams();
	if (!main_may(o))
		return say_why(STATUS_LOAD_FAILED);
	if (purposes)
		syscalls.confine(purposes);
	switch (o->action) {
	case ACTION_HELP:
		options_help(stdout);
		return STATUS_OK;
	case ACTION_VERSION:
		puts(VERSION_TEXT);
		return STATUS_OK;
	case ACTION_STATUS:
		message_when_out_of_memory(o->verbose ? READINESS_UNKNOWN : STATUS_LOAD_FAILED,
					   NULL);
		return o->verbose ? status_print_readiness(o, sr) : status_print(o->crash, sr);
	case ACTION_CRASH_SIZE:
		return status_print_crash_size(sr);
	case ACTION_RECORD:
		return record(o->record, o->sysroot);
	case ACTION_UNLOAD:
		return unload(o, sr);
	case ACTION_EXEC:
		return main_start(o, sr);
	case ACTION_LOAD:
		return load(o, sr);
	}
	return STATUS_ERROR;
}

/* A recorded machine is planned for, never changed. */
static bool would_change_another(const struct options *o)
{
	return strcmp(o->sysroot, "/") && !syscalls.any_machine &&
	       (o->action == ACTION_UNLOAD || o->action == ACTION_EXEC ||
		(o->action == ACTION_LOAD && !o->dry_run));
}

int main(int argc, char **argv)
{
	struct options o;
	int status = options_parse(&o, argc, argv);

	if (status == STATUS_OK && would_change_another(&o)) {
		fail(EINVAL, "--sysroot %s is a recorded machine, nothing can be loaded there; add"
		     " --dry-run", o.sysroot);
		status = STATUS_ERROR;
	}
	if (status != STATUS_OK) {
		say_why(status);
		options_usage(stderr);
		return status;
	}
	message_debug(o.debug);
	status = main_run(&o, &(struct sysroot){ .root = o.sysroot });
	if (fflush(stdout) || ferror(stdout)) {
		notice("standard output: %s", strerror(errno));
		status = STATUS_ERROR;
	}
	fail_forget();
	arena_free(&o.arena);
	return status;
}
