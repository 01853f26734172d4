/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The kernel's log in a dump: which layout it has, and how its records are
 * printed.
 */
#ifndef VMCORE_DMESG_LOG_H
#define VMCORE_DMESG_LOG_H

#include <stdio.h>

#include "vmcore-dmesg/vmcore.h"

/* Where the log goes to, and what could not go there. */
struct log {
	FILE *out;
	uint64_t damaged;	/* records that do not make sense or are not in the dump */
	uint64_t lost;		/* records whose text the kernel had no room for */
	bool disordered;	/* the log's ends are damaged: records may be missing */
};

/* One file per layout. */
struct log_layout {
	const char *name;
	bool (*probe)(const struct vmcore *core);	/* by the symbols in vmcoreinfo */
	int (*dump)(struct vmcore *core, struct log *log);
};

extern const struct log_layout log_prb;		/* Linux 5.10 and later */

/*
 * Print what can be printed. Damaged records are counted, not an error; the
 * errors are those of vmcore.h and -EOPNOTSUPP: a layout not known here.
 * Failures to write are left in @log->out.
 */
int log_dump(struct vmcore *core, struct log *log);

/*
 * One record: "[%5lu.%06lu] " in front of each of its lines, as the kernel
 * prints it; bytes that are neither printable ASCII nor white space as \xNN.
 */
void log_record(struct log *log, uint64_t ts_nsec, const uint8_t *text, size_t len);

#endif
