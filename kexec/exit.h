/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Exit statuses that scripts know: kexec(8). What is below main() on the top floor returns them. */
#ifndef KEXEC_EXIT_H
#define KEXEC_EXIT_H

#include "common/error.h"

enum {
	STATUS_OK = 0,
	STATUS_LOADED = 1,		/* the answer of -S */
	STATUS_ERROR = 1,
	STATUS_DOUBTFUL = 4,		/* loaded, but a warning said why it may be of no use */
	STATUS_NO_FILE_LOAD = 253,	/* -s, and no kexec_file_load */
	STATUS_LOAD_FAILED = 255,
};

/* The recorded message goes to the user, @status to the shell. */
static inline int say_why(int status)
{
	notice("%s", fail_text());
	return status;
}

#endif
