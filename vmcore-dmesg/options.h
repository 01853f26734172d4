/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The command line: argv → struct options. No file is read, nothing is done. */
#ifndef VMCORE_DMESG_OPTIONS_H
#define VMCORE_DMESG_OPTIONS_H

#include <stdio.h>

#include "vmcore-dmesg/print.h"

enum action { ACTION_LOG, ACTION_VMCOREINFO, ACTION_HELP, ACTION_VERSION };

struct options {
	enum action action;
	const char *file;	/* the dump; "-": standard input */
	const char *output;	/* NULL: standard output */
	bool since_clear;
	enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
	struct print print;	/* what it prints and how; out and boot_usec are left */
};

/* -EINVAL with a message. */
int options_parse(struct options *o, int argc, char **argv);
void options_help(FILE *out);

#endif
