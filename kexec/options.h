/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The command line: argv → struct options. No file is read, nothing is done.
 * Compatible with kexec-tools 2.0.32: getopt's permutation, abbreviations,
 * bundled short options, repeated options (the last one wins; of --initrd all count).
 */
#ifndef KEXEC_OPTIONS_H
#define KEXEC_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "kexec/image.h"

enum action {
	ACTION_LOAD,		/* load; then what `then` says */
	ACTION_EXEC,		/* start the kernel that is loaded */
	ACTION_UNLOAD,
	ACTION_STATUS,
	ACTION_CRASH_SIZE,
	ACTION_RECORD,
	ACTION_HELP,
	ACTION_VERSION,
};

/* After a load. */
enum then {
	THEN_NOTHING,
	THEN_EXEC,		/* -f: start it at once */
	THEN_REBOOT,		/* no action given: shut down into it */
};

enum load_syscall {
	SYSCALL_AUTO,		/* -a: see way.h */
	SYSCALL_FILE,		/* -s */
	SYSCALL_LOAD,		/* -c */
};

struct options {
	enum action action;
	enum then then;
	enum load_syscall syscall;
	bool crash;		/* the action is about the crash image, not the normal one */
	struct plan_request request;
	const char *sysroot;	/* "/" unless given */
	const char *record;	/* where the snapshot goes */
	const char *dump;	/* where --dump writes, or NULL */
	bool dry_run, json, map, openmetrics, debug;
	bool verbose;		/* -S: readiness, see readiness.h */
	bool no_sync, no_ifdown;
	bool force;		/* -f */
	struct arena arena;	/* for what becomes of the options later */
};

/*
 * 0, or the exit status: 1 for what is wrong with the options, 255 when the
 * kernel is missing. The message is recorded.
 */
int options_parse(struct options *o, int argc, char **argv);
void options_usage(FILE *out);
void options_help(FILE *out);

#endif
