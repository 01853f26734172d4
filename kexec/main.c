// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The story: options; then what they ask for. Loading is load.c's: survey, plan, prove, apply. */
#include <stdio.h>
#include <string.h>

#include "common/version.h"
#include "kexec/exit.h"
#include "kexec/load.h"
#include "kexec/record.h"
#include "kexec/start.h"
#include "kexec/status.h"
#include "kexec/syscalls.h"

static int main_start(const struct options *o, const struct sysroot *sr)
{
	struct failure f = start_now(sr, o->no_sync, o->no_ifdown);

	return f.rc < 0 ? say_why(failure_status(f)) : STATUS_OK;
}

static int main_run(struct options *o, const struct sysroot *sr)
{
	switch (o->action) {
	case ACTION_HELP:
		options_help(stdout);
		return STATUS_OK;
	case ACTION_VERSION:
		puts(VERSION_TEXT);
		return STATUS_OK;
	case ACTION_STATUS:
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
