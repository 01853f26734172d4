// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A dump, cut off at every STEP-th of its bytes: cuts STEP FILE. Each part gives the records
 * of the whole file, or some of them and says that there is damage, or none and
 * says what is wrong; and whenever it is not all of them, that it is cut off.
 * Ends with status 1 and a word about the first part that does otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmcore-dmesg/log.h"

struct records {
	struct buf texts;	/* each with a zero behind it */
	const char *next;	/* of the whole file's, which all have to be among */
	bool strange;
	uint64_t n;
};

static void keep_record(struct log *log, const struct record *r)
{
	struct records *records = log->to;

	buf_printf(&records->texts, "%llu %.*s", (unsigned long long)r->ts_nsec, (int)r->len,
		   (const char *)r->text);
	buf_add(&records->texts, "", 1);
	records->n++;
}

static void compare_record(struct log *log, const struct record *r)
{
	struct records *records = log->to;
	struct records one = {0};
	struct log to_one = { .to = &one };

	keep_record(&to_one, r);
	while (*records->next && strcmp(records->next, (const char *)one.texts.data))
		records->next += strlen(records->next) + 1;
	records->strange |= !*records->next;
	records->n++;
	buf_free(&one.texts);
}

/* 2: all records; 1: some, with damage; 0: none, for the reason in fail_text(). */
static int read_dump(const char *name, struct log *log, struct vmcore *core)
{
	int rc = vmcore_open(core, name);

	if (rc >= 0)
		rc = vmcore_fill(core);
	if (rc >= 0)
		rc = log_open(core);
	if (rc >= 0)
		rc = log_walk(core, log);
	return rc < 0 ? 0 : log->damaged || log->disordered ? 1 : 2;
}

static int wrong(size_t len, const char *what)
{
	printf("the first %zu bytes: %s; %s\n", len, what, fail_text());
	return 1;
}

static int try_part(const char *name, size_t len, const struct records *whole, unsigned int n[3])
{
	struct records records = { .next = (const char *)whole->texts.data };
	struct log log = { .record = compare_record, .to = &records };
	struct vmcore core;
	int result = read_dump(name, &log, &core), rc = 0;

	if (records.strange)
		rc = wrong(len, "a record that is not in the dump");
	else if (result == 2 && records.n != whole->n)
		rc = wrong(len, "records are missing, and it does not say so");
	else if (result < 2 && !core.cut && strncmp(fail_text(), "it ", 3))
		rc = wrong(len, "it does not say that it is cut off");
	else if (!result && !*fail_text())
		rc = wrong(len, "nothing, without a reason");
	n[result]++;
	fail_forget();
	vmcore_close(&core);
	return rc;
}

static bool load(struct buf *data, const char *name)
{
	FILE *file = fopen(name, "r");
	char piece[4096];
	size_t n;

	while (file && (n = fread(piece, 1, sizeof(piece), file)))
		buf_add(data, piece, n);
	return file && !fclose(file);
}

int main(int argc, char **argv)
{
	struct records whole = {0};
	struct log log = { .record = keep_record, .to = &whole };
	struct vmcore core;
	unsigned int n[3] = {0};
	size_t step = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	int fd = memfd_create("part", 0), rc = 0;
	BUF_AUTO data = {0};
	char name[64];

	if (!step || fd < 0 || !load(&data, argv[2]))
		return 2;
	if (read_dump(argv[2], &log, &core) != 2)
		return wrong(data.len, "not all records");
	vmcore_close(&core);
	buf_add(&whole.texts, "", 1);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	for (size_t len = 0; len < data.len && !rc; len += step) {
		if (ftruncate(fd, 0) || pwrite(fd, data.data, len, 0) != (ssize_t)len)
			return 2;
		rc = try_part(name, len, &whole, n);
	}
	printf("of %zu bytes: %u with nothing, %u with some, %u with all\n", data.len, n[0], n[1],
	       n[2]);
	buf_free(&whole.texts);
	return rc;
}
