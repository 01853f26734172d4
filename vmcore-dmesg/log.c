// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "vmcore-dmesg/log.h"

#define NSEC_PER_SEC 1000000000

static const struct log_layout *const layouts[] = { &log_prb };

int log_dump(struct vmcore *core, struct log *log)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i]->probe(core))
			return layouts[i]->dump(core, log);
	if (vmcore_has_symbol(core, "log_buf"))
		return fail(EOPNOTSUPP, "Linux %s: logs of kernels before 5.10 cannot be read",
			    vmcore_release(core));
	return fail(EOPNOTSUPP, "Linux %s: vmcoreinfo has no SYMBOL(prb), so the log cannot be"
		    " found", vmcore_release(core));
}

static bool plain(uint8_t c)
{
	return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r');
}

static void put_line(FILE *out, const uint8_t *text, size_t len)
{
	size_t i = 0, run;

	while (i < len) {
		for (run = i; i < len && plain(text[i]); i++)
			;
		fwrite_unlocked(text + run, 1, i - run, out);
		if (i < len)
			fprintf(out, "\\x%02x", text[i++]);
	}
	putc_unlocked('\n', out);
}

/* kernel/printk/printk.c:record_print_text() */
void log_record(struct log *log, uint64_t ts_nsec, const uint8_t *text, size_t len)
{
	char stamp[40];
	int n = snprintf(stamp, sizeof(stamp), "[%5" PRIu64 ".%06" PRIu64 "] ",
			 ts_nsec / NSEC_PER_SEC, ts_nsec % NSEC_PER_SEC / 1000);
	const uint8_t *end = text + len, *newline;

	for (;;) {
		newline = memchr(text, '\n', (size_t)(end - text));
		fwrite_unlocked(stamp, 1, (size_t)n, log->out);
		put_line(log->out, text, (size_t)((newline ? newline : end) - text));
		if (!newline)
			break;
		text = newline + 1;
	}
}
