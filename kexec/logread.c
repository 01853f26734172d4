// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "kexec/logread.h"

/* syslog(2) */
#define LOG_READ_ALL	3
#define LOG_SIZE_BUFFER	10
#define LOG_SIZE_MAX	(64 << 20)

const char *logread_text(const char *line, unsigned long *priority)
{
	char *at;

	if (*line != '<')
		return NULL;
	*priority = strtoul(line + 1, &at, 10);
	if (*at++ != '>')
		return NULL;
	while (*at == '[' && at[strcspn(at, "]\n")] == ']') {
		at += strcspn(at, "]") + 1;
		at += strspn(at, " ");
	}
	return at;
}

/* The text is longer than what the kernel keeps of it: each line has its time. */
int logread_system(struct buf *out)
{
	int size = klogctl(LOG_SIZE_BUFFER, NULL, 0), len = -1;

	if (size >= 0) {
		size = size < LOG_SIZE_MAX / 4 ? 4 * size + 4096 : LOG_SIZE_MAX;
		buf_reserve(out, (size_t)size);
		len = klogctl(LOG_READ_ALL, (char *)out->data, size);
	}
	if (len < 0)
		return -errno;
	out->len = (size_t)len;
	out->data[len] = 0;
	return 0;
}

int logread_lines(const struct sysroot *sr, const char *word, const char *recorded, struct buf *out)
{
	const struct sysroot plain = { .root = sr->root };
	BUF_AUTO text = {0}, lines = {0};
	bool live = sysroot_is_live(sr);
	int rc = live ? logread_system(&text) : sysroot_read(&plain, recorded, &text);

	if (rc < 0)
		return live ? -ENOENT : rc;
	for (const char *line = text.len ? (char *)text.data : ""; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		int len = (int)strcspn(line, "\n");
		unsigned long priority;
		const char *at = logread_text(line, &priority),
			   *found = at ? strstr(at, word) : NULL;

		if (!found || found >= line + len)
			continue;
		buf_printf(&lines, "%.*s\n", len, line);
		buf_printf(out, "%.*s\n", len - (int)(at - line), at);
	}
	return sr->copy ? sysroot_record(sr, recorded, lines.data, lines.len) : 0;
}
