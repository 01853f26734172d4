/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The command line: argv → struct options. No file is read, nothing is done. */
#ifndef KEXEC_OPTIONS_H
#define KEXEC_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "kexec/image.h"

enum action {
	ACTION_NONE,
	ACTION_LOAD_CRASH,
	ACTION_UNLOAD,
	ACTION_STATUS,
	ACTION_CRASH_SIZE,
	ACTION_RECORD,
	ACTION_HELP,
	ACTION_VERSION,
};

struct options {
	enum action action;
	bool crash;		/* the action is about the crash image, not the normal one */
	struct plan_request request;
	const char *sysroot;	/* "/" unless given */
	const char *record;	/* where the snapshot goes */
	const char *dump;	/* where --dump writes, or NULL */
	bool dry_run, json, debug;
};

/* 0, or -EINVAL with a message; getopt's own complaints are already on stderr then. */
int options_parse(struct options *o, int argc, char **argv);
void options_help(FILE *out);

#endif
