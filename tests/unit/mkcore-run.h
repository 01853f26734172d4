/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* vmcore-dmesg on generated cores (mkcore.h): each case states the whole output. */
#ifndef TESTS_UNIT_MKCORE_RUN_H
#define TESTS_UNIT_MKCORE_RUN_H

#include "tests/unit/mkcore.h"
#include "tests/unit/unit.h"
#include "vmcore-dmesg/print.h"

struct result {
	int rc;
	struct log log;
	char *out;		/* free() it */
	size_t len;
};

/* What a case is about, besides the core. */
struct how {
	bool reads;		/* as from a file that cannot be mapped */
	bool since_clear;
	uint64_t keep;		/* if not 0: all that is left of the file once it is open */
	struct print print;
};

struct result run_how(const struct buf *core, struct how how);
/* Without options; mapped and read, the result has to be the same. */
struct result run_on(const struct buf *core);
struct result run(const char *spec);

/* All records are there, in order. */
bool whole(const struct result *r);

/* Nothing is wrong with it; some records are damaged; the log's ends are; nothing can be had. */
void prints(const char *spec, const char *out);
void prints_how(const char *spec, struct how how, const char *out);
void prints_part(const char *spec, const char *out, uint64_t damaged);
void salvages(const char *spec, const char *out);
void fails(const char *spec, int err, const char *message);

/* The settings that make a machine, NULL at the end; a case on all of them. */
extern const char *const machines[];
void on_all_machines(const char *spec, const char *out);

#define THREE "record 0.000001 one\nrecord 1.500000 two\nrecord 98765.999999 three\n"
#define THREE_OUT "[    0.000001] one\n[    1.500000] two\n[98765.999999] three\n"

/* @before, then @n records "message 007"; free() it. */
char *numbered(const char *before, unsigned int from, unsigned int n, const char *format);
#define RECORD_FORMAT "record 7.%06u %s\n"
#define OUTPUT_FORMAT "[    7.%06u] %s\n"

/* @n such records into a ring: its last @kept ones are there. */
void keeps(const char *ring, unsigned int n, unsigned int kept);

/* 40 such records, with random damage: any result, but an end. */
void garble(const char *ring, unsigned int times);

#endif
