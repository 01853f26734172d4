// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "vmcore-dmesg/log.h"

/* Ten times the kernel's structures; bounds what a dump can make us read. */
#define STRUCTURE_MAX 1024

static const struct log_layout *const layouts[] = { &log_prb, &log_records, &log_bytes };

/* --- layouts --- */

int log_walk(struct vmcore *core, struct log *log)
{
	const char *release;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i]->probe(core))
			return layouts[i]->walk(core, log);
	release = vmcoreinfo_release(&core->info, &len);
	return fail(EOPNOTSUPP, "Linux %.*s: vmcoreinfo has neither SYMBOL(prb) nor"
		    " SYMBOL(log_buf) with its companions, so the log cannot be found", (int)len,
		    release);
}

/* --- several notes --- */

static void count_record(struct log *log, const struct record *r)
{
	(void)r;
	++*(uint64_t *)log->to;
}

static bool begins_another(const struct vmcore *core, const struct vmcoreinfo *info)
{
	size_t len = strlen(info->text);

	for (unsigned int i = 0; i < core->n_infos; i++)
		if (strlen(core->infos[i].text) > len &&
		    !memcmp(core->infos[i].text, info->text, len))
			return true;
	return false;
}

enum { HAS_CRASHTIME = 1, IS_WHOLE = 2, IS_NAMED = 4, HAS_LOG = 8, ALL = 15 };

/* What speaks for the note: what counts more is the higher bit. */
static unsigned int judge_info(struct vmcore *core, const struct vmcoreinfo *info)
{
	uint64_t records = 0, time;
	struct log log = { .record = count_record, .to = &records };
	unsigned int worth = 0;

	if (vmcore_use_info(core, info) >= 0) {
		worth |= log_walk(core, &log) >= 0 && records ? HAS_LOG : 0;
		worth |= core->named ? IS_NAMED : 0;
	}
	fail_forget();
	worth |= begins_another(core, info) ? 0 : IS_WHOLE;
	worth |= vmcoreinfo_has_number(info, "CRASHTIME", &time) ? HAS_CRASHTIME : 0;
	return worth;
}

int log_open(struct vmcore *core)
{
	const struct vmcoreinfo *best;
	unsigned int worth, most = 0;
	int rc = vmcore_read_headers(core);

	if (rc < 0)
		return rc;
	best = core->infos;
	for (unsigned int i = 0; i < core->n_infos && core->n_infos > 1 && most < ALL; i++) {
		worth = judge_info(core, &core->infos[i]);
		if (worth <= most)
			continue;
		best = &core->infos[i];
		most = worth;
	}
	core->unread = NULL;
	return vmcore_use_info(core, best);
}

/* --- times --- */

struct last {
	uint64_t ts_nsec;
	bool found;
};

static void note_time(struct log *log, const struct record *r)
{
	struct last *last = log->to;

	if (r->has & RECORD_TIME)
		*last = (struct last){ r->ts_nsec, true };
}

bool log_last_time(struct vmcore *core, uint64_t *ts_nsec)
{
	struct last last = {0};
	struct log log = { .record = note_time, .to = &last };

	if (log_walk(core, &log) < 0)
		fail_forget();
	*ts_nsec = last.ts_nsec;
	return last.found;
}

/* --- numbers --- */

int log_numbers(struct vmcore *core, const struct log_number *numbers, size_t n, void *fields)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *field = (uint8_t *)fields + numbers[i].at;
		uint64_t v;
		int rc;

		memcpy(&v, field, sizeof(v));
		rc = vmcoreinfo_number(&core->info, numbers[i].key, &v);
		if (rc == -ENOENT && v) {
			fail_forget();
			continue;
		}
		if (rc < 0)
			return rc;
		if (v > STRUCTURE_MAX)
			return fail(EBADMSG, "vmcoreinfo: %s is %" PRIu64 ", the limit is %u",
				    numbers[i].key, v, STRUCTURE_MAX);
		memcpy(field, &v, sizeof(v));
	}
	return 0;
}
