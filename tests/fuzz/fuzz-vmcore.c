// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The whole of vmcore-dmesg on any input, for libFuzzer: the input is the dump,
 * but for its last byte, which chooses options. Built by tests/fuzz/run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmcore-dmesg/print.h"

/* The walk is bounded by the ring's size, which is bounded by 2^31: short of that, for speed. */
#define RECORDS_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_bounded(struct log *log, const struct record *r)
{
	struct print *p = log->to;

	if (p->n < RECORDS_MAX)
		print_record(log, r);
}

static void read_log(struct vmcore *core, unsigned int choice)
{
	struct output out;
	struct print p = {
		.out = &out, .time = choice & 3, .decode = choice & 4, .json = choice & 8,
		.caller = choice & 4, .color = choice & 32, .terminal = choice & 16,
	};
	struct log log = { .record = print_bounded, .to = &p, .since_clear = choice & 64 };
	uint64_t last;
	int rc;

	if (p.time == TIME_CTIME && log_last_time(core, &last))
		p.boot_usec = -(int64_t)(last / 1000);
	output_open(&out, "/dev/null");
	print_begin(&p);
	rc = log_walk(core, &log);
	print_end(&p);
	output_close(&out, rc < 0);
	if (rc < 0 && !*fail_text())
		abort();	/* an error without words */
	fail_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int choice = size ? data[size - 1] : 0;
	struct vmcore core;
	char name[64];
	int fd = memfd_create("dump", 0);

	if (fd < 0 || (size && write(fd, data, size - 1) < 0))
		abort();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (vmcore_open(&core, name) >= 0 && vmcore_fill(&core) >= 0) {
		if (choice & 128)
			input_unmap(&core.input);
		if (log_open(&core) >= 0)
			read_log(&core, choice);
	}
	fail_forget();
	vmcore_close(&core);
	close(fd);
	return 0;
}
