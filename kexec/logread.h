/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The running kernel's log, as text. */
#ifndef KEXEC_LOGREAD_H
#define KEXEC_LOGREAD_H

#include "kexec/sysroot.h"

/* All of this machine's, lines "<LEVEL>[TIME] TEXT", by syslog(2); -errno without a message. */
int logread_system(struct buf *out);

/* Of such a line what is behind "<LEVEL>", the time stamp and what else is in brackets; or NULL. */
const char *logread_text(const char *line, unsigned long *priority);

/*
 * Of the log all lines in whose text @word is, appended to @out without their stamps; of a snapshot
 * those in its file @recorded, which is written with sr->copy set. -ENOENT without a message: there
 * is no such log, or it may not be read.
 */
int logread_lines(const struct sysroot *sr, const char *word, const char *recorded,
		  struct buf *out);

#endif
