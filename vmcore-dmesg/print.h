/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Records as text or JSON. Without options as the kernel prints them:
 * "[%5lu.%06lu] " in front of each line; bytes that are neither printable
 * ASCII nor white space as \xNN. Lines (RECORD_LINE) are as they were in the
 * kernel instead, except on a terminal. The options' formats are dmesg(1)'s.
 * Whatever is in a dump, a terminal gets of it printable characters, tabs and
 * newlines alone, and JSON is valid.
 */
#ifndef VMCORE_DMESG_PRINT_H
#define VMCORE_DMESG_PRINT_H

#include "vmcore-dmesg/log.h"
#include "vmcore-dmesg/output.h"

enum time_format { TIME_RAW, TIME_CTIME, TIME_ISO, TIME_NONE };

struct print {
	enum time_format time;
	bool decode, caller, json, color;
	bool terminal;		/* somebody looks at it: no bytes that do things to terminals */
	uint8_t levels;		/* bit N: level N is wanted; 0: all */

	struct output *out;
	int64_t boot_usec;	/* TIME_CTIME, TIME_ISO: when the clock of the log was 0 */
	uint64_t n;		/* records printed */
	uint64_t second; /* of the record before, and its text with the point: at most 11 digits */
	char second_text[12];
	size_t second_len; /* 0: there was none */
};

/* Other text of the dump: lines, with \xNN as above. */
void print_escaped(struct print *p, const void *text, size_t len);

void print_begin(struct print *p);
/* For struct log's record(): log->to is the struct print. */
void print_record(struct log *log, const struct record *r);
void print_end(struct print *p);

/* Names as dmesg(1) has them: level 0 "emerg" to 7 "debug"; NULL behind them. */
const char *print_level_name(unsigned int level);

#endif
