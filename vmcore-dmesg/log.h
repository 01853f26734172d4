/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The kernel's log in a dump: which layout it has, and its records one after
 * the other. How they are printed is print.h's subject.
 */
#ifndef VMCORE_DMESG_LOG_H
#define VMCORE_DMESG_LOG_H

#include "vmcore-dmesg/vmcore.h"

/* One record, or, in a layout that knows no records (RECORD_LINE), one line. */
struct record {
	unsigned int has;	/* RECORD_* */
	uint64_t ts_nsec;	/* since boot */
	uint32_t caller;	/* a thread, or with CALLER_CPU a CPU */
	uint8_t facility, level;	/* syslog(3) */
	const uint8_t *text;	/* not terminated; may hold any byte */
	size_t len;
	const uint8_t *line;	/* RECORD_LINE: as it is in the kernel, marks of time and */
	size_t line_len;	/* level included */
};

enum { RECORD_TIME = 1, RECORD_LEVEL = 2, RECORD_CALLER = 4, RECORD_LINE = 8 };
#define CALLER_CPU UINT32_C(0x80000000)

/* Who gets the records, what else is wanted, and what could not be had. */
struct log {
	void (*record)(struct log *log, const struct record *r);
	void *to;		/* for record() */
	bool since_clear;	/* only what came after the last "dmesg --clear" */

	uint64_t damaged;	/* records that do not make sense or are not in the dump */
	uint64_t lost;		/* records whose text the kernel had no room for */
	bool disordered;	/* the log's ends are damaged: records may be missing */
};

/* One file per layout. */
struct log_layout {
	const char *name;
	bool (*probe)(const struct vmcore *core);	/* by the symbols in vmcoreinfo */
	int (*walk)(struct vmcore *core, struct log *log);
};

extern const struct log_layout log_prb;		/* Linux 5.10 and later */
extern const struct log_layout log_records;	/* 3.5 to 5.9 */
extern const struct log_layout log_bytes;	/* before */

/*
 * Read the headers, and choose among the VMCOREINFO notes, if there are several.
 * In this order it counts that a note has a log of at least one record, leads to
 * its kernel's release in memory, is not the beginning of another note (a copy
 * that is cut off), and has CRASHTIME, which a kernel notes when it crashes. Of
 * equals the first is taken. Errors are those of vmcore.h.
 */
int log_open(struct vmcore *core);

/*
 * Hand out what can be read, the oldest first. Damaged records are counted,
 * not an error; the errors are those of vmcore.h and -EOPNOTSUPP: a layout
 * not known here.
 */
int log_walk(struct vmcore *core, struct log *log);

/* The newest record's time; false when there is none. */
bool log_last_time(struct vmcore *core, uint64_t *ts_nsec);

/*
 * The numbers in vmcoreinfo that a layout needs, read into a structure of
 * uint64_t. A field whose line is missing keeps its value when that is not 0,
 * else it is -ENOENT.
 */
struct log_number {
	const char *key;
	size_t at;		/* offsetof() the field */
};

int log_numbers(struct vmcore *core, const struct log_number *numbers, size_t n, void *fields);

#endif
