// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/confine.h"
#include "common/file.h"
#include "common/version.h"
#include "vmcore-dmesg/options.h"

/* vmcore-dmesg(8); those that kexec-tools has, have its numbers. */
enum {
	STATUS_OK = 0,
	STATUS_USAGE = 1,
	STATUS_OPEN = 2,
	STATUS_READ = 3,
	STATUS_NOT_ELF = 4,
	STATUS_FORMAT = 5,
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
	{ -ENOSYS, STATUS_FORMAT },
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

/* What a dump that is cut off lacks says nothing of the kernel that it is of. */
static int say_why_not(const char *name, const struct vmcore *core, int status)
{
	if (!core->cut)
		return say_why(name, status);
	notice("%s: %s: %s; copy it again if it is whole elsewhere", name, core->cut, fail_text());
	fail_forget();
	return status == STATUS_NOT_ELF || status == STATUS_LAYOUT || status == STATUS_VMCOREINFO ||
	       status == STATUS_VALUE ? STATUS_HEADERS : status;
}

/* What the records that are missing do not tell. */
static int say_unread(const char *name, const struct vmcore *core, int status)
{
	if (status != STATUS_OK && core->unread)
		notice("%s: part of it cannot be read: %s", name, core->unread);
	if (status == STATUS_DAMAGED && core->cut)
		notice("%s: %s; copy it again if it is whole elsewhere", name, core->cut);
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
	unsigned int faults = input_faults();

	if (log->lost)
		notice("%s: records for whose text the kernel had no room: %" PRIu64, name,
		       log->lost);
	if (log->disordered)
		notice("%s: the log's head is damaged, records may be missing", name);
	if (log->damaged)
		notice("%s: records damaged or not in the dump: %" PRIu64, name, log->damaged);
	if (faults)
		notice("%s: pages of the file that could not be read: %u", name, faults);
	return log->disordered || log->damaged || faults ? STATUS_DAMAGED : STATUS_OK;
}

/* --- the output --- */

/* A file named by -o may be a terminal, too; whatever device it is, it is treated as one. */
static void look_at_terminal(struct options *o, const struct output *out)
{
	struct stat st;

	o->print.terminal = o->output ? !fstat(out->fd, &st) && S_ISCHR(st.st_mode) :
					isatty(STDOUT_FILENO);
	o->print.color = !o->print.json && (o->color == COLOR_ALWAYS ||
					    (o->color == COLOR_AUTO && !o->output &&
					     o->print.terminal));
}

/* The log's clock starts at boot; CRASHTIME is when its last record was new. */
static int find_boot_time(struct vmcore *core, struct print *p)
{
	uint64_t crash, last;

	if (p->time != TIME_CTIME && p->time != TIME_ISO)
		return 0;
	if (!vmcoreinfo_has_number(&core->info, "CRASHTIME", &crash))
		return fail(ENOENT, "vmcoreinfo lacks CRASHTIME, so there is only the time since"
			    " boot: leave out --ctime and --time-format");
	if (!log_last_time(core, &last))
		last = 0;
	p->boot_usec = (int64_t)(crash % UINT32_MAX) * 1000000 - (int64_t)(last / 1000);
	return 0;
}

static int print_log(struct vmcore *core, struct options *o, struct log *log)
{
	int rc;

	*log = (struct log){
		.record = print_record, .to = &o->print, .since_clear = o->since_clear,
	};
	message_when_out_of_memory(STATUS_READ, "what was printed is not all of the log");
	print_begin(&o->print);
	rc = log_walk(core, log);
	print_end(&o->print);
	return rc;
}

/* What was damaged is in @log; nothing is written on other errors. */
static int print(struct vmcore *core, struct options *o, struct log *log)
{
	struct output *out = o->print.out;
	int rc = 0, written;

	if (o->action == ACTION_LOG)
		rc = print_log(core, o, log);
	else
		print_escaped(&o->print, core->info.text, strlen(core->info.text));
	if (rc < 0) {
		rc = say_why_not(o->file, core, status_of(rc));
		return rc;
	}
	written = output_close(out, false);
	if (written < 0) {
		notice("%s", fail_text());
		fail_forget();
		return STATUS_WRITE;
	}
	return report(o->file, log);
}

static int read_and_print(struct vmcore *core, struct options *o)
{
	struct log log = {0};
	int rc = log_open(core);

	if (rc >= 0 && o->action == ACTION_LOG)
		rc = find_boot_time(core, &o->print);
	rc = rc < 0 ? say_why_not(o->file, core, status_of(rc)) : print(core, o, &log);
	return say_unread(o->file, core, rc);
}

/* Everything is open before more of the dump is looked at than whether it is a flattened one. */
static int run(struct options *o)
{
	struct vmcore core;
	struct output out;
	int status, rc;

	file_take_streams();
	rc = vmcore_open(&core, o->file);
	output_open(&out, rc < 0 ? NULL : o->output);
	out.dump = &core.input;
	o->print.out = &out;
	look_at_terminal(o, &out);
	tzset();	/* reads a file, the first time */
	confine(out.made ? CONFINE_REMOVES : 0);
	if (rc >= 0)
		rc = vmcore_fill(&core);
	status = rc < 0 ? say_why(o->file, STATUS_OPEN) : read_and_print(&core, o);
	if (out.data)
		output_close(&out, true);
	vmcore_close(&core);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;

	message_program("vmcore-dmesg");
	message_when_out_of_memory(STATUS_READ, NULL);
	if (options_parse(&o, argc, argv) < 0) {
		notice("%s", fail_text());
		fail_forget();
		return STATUS_USAGE;
	}
	if (o.action >= ACTION_HELP) {
		if (o.action == ACTION_HELP)
			options_help(stdout);
		else
			puts(VERSION_TEXT);
		return fflush(stdout) ? STATUS_WRITE : STATUS_OK;
	}
	return run(&o);
}
