// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/version.h"
#include "vmcore-dmesg/log.h"

#define OUTPUT_BUFFER ((size_t)256 * 1024)

/* vmcore-dmesg(8); those that kexec-tools has, have its numbers. */
enum {
	STATUS_OK = 0,
	STATUS_USAGE = 1,
	STATUS_OPEN = 2,
	STATUS_READ = 3,
	STATUS_NOT_ELF = 4,
	STATUS_HEADERS = 11,
	STATUS_ADDRESS = 30,
	STATUS_LAYOUT = 50,
	STATUS_WRITE = 54,
	STATUS_VMCOREINFO = 60,
	STATUS_VALUE = 65,
	STATUS_DAMAGED = 70,
};

static const struct {
	int rc, status;
} statuses[] = {
	{ -ENOEXEC, STATUS_NOT_ELF },
	{ -EINVAL, STATUS_HEADERS },
	{ -EFAULT, STATUS_ADDRESS },
	{ -EOPNOTSUPP, STATUS_LAYOUT },
	{ -ENOENT, STATUS_VMCOREINFO },
	{ -EBADMSG, STATUS_VALUE },
};

static int say_why(const char *name, int status)
{
	notice("%s: %s", name, fail_text());
	fail_forget();
	return status;
}

static int status_of(int rc)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].rc == rc)
			return statuses[i].status;
	return STATUS_READ;
}

static int report(const char *name, const struct log *log)
{
	if (log->lost)
		notice("%s: records for whose text the kernel had no room: %" PRIu64, name,
		       log->lost);
	if (log->disordered)
		notice("%s: the log's head is damaged, records may be missing", name);
	if (log->damaged)
		notice("%s: records damaged or not in the dump: %" PRIu64, name, log->damaged);
	return log->disordered || log->damaged ? STATUS_DAMAGED : STATUS_OK;
}

static int print_log(struct vmcore *core, const char *name)
{
	struct log log = { .out = stdout };
	int rc = vmcore_read_headers(core);

	if (rc >= 0)
		rc = log_dump(core, &log);
	if (ferror(stdout) || fflush(stdout)) {
		fail(errno, "cannot be written: %s", strerror(errno));
		return say_why("standard output", STATUS_WRITE);
	}
	return rc < 0 ? say_why(name, status_of(rc)) : report(name, &log);
}

static int run(const char *name)
{
	static char buffer[OUTPUT_BUFFER];
	struct vmcore core;
	int status;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (vmcore_open(&core, name) < 0)
		status = say_why(name, STATUS_OPEN);
	else
		status = print_log(&core, name);
	vmcore_close(&core);
	return status;
}

static void usage(FILE *out)
{
	fputs("Usage: vmcore-dmesg FILE\n"
	      "Print the kernel log of a crash dump, /proc/vmcore or a copy of it.\n"
	      "\n"
	      "  -h, --help     print this and exit\n"
	      "  -v, --version  print the version and exit\n", out);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option = getopt_long(argc, argv, "hv", options, NULL);

	message_program("vmcore-dmesg");
	if (option == 'h') {
		usage(stdout);
		return STATUS_OK;
	}
	if (option == 'v') {
		puts(VERSION_TEXT);
		return STATUS_OK;
	}
	if (option != -1 || argc - optind != 1) {
		usage(stderr);
		return STATUS_USAGE;
	}
	return run(argv[optind]);
}
