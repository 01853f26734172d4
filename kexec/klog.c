// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/klog.h"
#include "kexec/logread.h"
#include "kexec/syscalls.h"

#define LEVEL_DEBUG	7

enum klog_line {
	KLOG_OTHER, KLOG_MISSED, KLOG_LINE_LOADING, KLOG_LINE_LOADED, KLOG_LINE_DOUBT,
};

static bool klog_is(const char *at, size_t len, const char *text)
{
	return len == strlen(text) && !strncmp(at, text, len);
}

/* Nobody but the kernel writes with facility 0 (kernel/printk/printk.c:devkmsg_write). */
static enum klog_line klog_kind(const char *line)
{
	static const char complaint[] = "crash hp: ";
	unsigned long priority;
	const char *at = logread_text(line, &priority);
	size_t len = at ? strcspn(at, "\n") : 0;

	if (!at)
		return KLOG_OTHER;
	if (priority < LEVEL_DEBUG)
		return strncmp(at, complaint, strlen(complaint)) ? KLOG_OTHER : KLOG_MISSED;
	if (priority == LEVEL_DEBUG)
		return KLOG_OTHER;
	return klog_is(at, len, KLOG_LOADING) ? KLOG_LINE_LOADING :
	       klog_is(at, len, KLOG_LOADED) ? KLOG_LINE_LOADED :
	       !strncmp(at, KLOG_DOUBT, strlen(KLOG_DOUBT)) ? KLOG_LINE_DOUBT : KLOG_OTHER;
}

void klog_scan(struct arena *arena, const char *text, struct klog *out, struct buf *lines)
{
	size_t all = 0, before_loading = 0, before = 0;
	const char *last = NULL, *doubt = NULL;

	*out = (struct klog){ .known = true };
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		enum klog_line kind = klog_kind(line);

		if (kind != KLOG_OTHER)
			buf_printf(lines, "%.*s\n", (int)strcspn(line, "\n"), line);
		if (kind == KLOG_MISSED) {
			all++;
			last = line;
		} else if (kind == KLOG_LINE_LOADING) {
			before_loading = all;
		} else if (kind == KLOG_LINE_DOUBT) {
			doubt = strstr(line, KLOG_DOUBT) + strlen(KLOG_DOUBT);
		} else if (kind != KLOG_OTHER) {
			doubt = NULL;
			before = before_loading;
			before_loading = all;
			out->since_load = true;
		}
	}
	if (doubt)
		out->doubt = arena_string(arena, doubt, strcspn(doubt, "\n"));
	out->missed = all - before;
	if (out->missed) {
		last = strchr(last, '>') + 1;
		out->last = arena_string(arena, last, strcspn(last, "\n"));
	}
}

int klog_read(const struct sysroot *sr, struct arena *arena, struct klog *out)
{
	const struct sysroot plain = { .root = sr->root };
	BUF_AUTO text = {0}, lines = {0};
	bool live = sysroot_is_live(sr);
	int rc = live ? logread_system(&text) : sysroot_read(&plain, SNAPSHOT_LOG, &text);

	*out = (struct klog){0};
	if (rc < 0 && (rc == -ENOENT || live))
		return 0;
	if (rc < 0)
		return rc;
	klog_scan(arena, text.len ? (char *)text.data : "", out, &lines);
	return sr->copy ? sysroot_record(sr, SNAPSHOT_LOG, lines.data, lines.len) : 0;
}

/* kernel/printk/printk.c:devkmsg_write takes no longer ones; and a line it has to be. */
#define DOUBT_MAX 800

void klog_write_doubt(const char *why)
{
	STRING_AUTO line = mem_printf("%s%.*s", KLOG_DOUBT, DOUBT_MAX, why);

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	klog_write(line);
}

void klog_write(const char *line)
{
	int rc = syscalls.log_line(line);

	if (rc < 0)
		debug("the kernel's log does not get \"%s\": %s", line, strerror(-rc));
}
