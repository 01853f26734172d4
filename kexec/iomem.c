// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/error.h"
#include "kexec/iomem.h"

/* One that ends with the address space has no end in 64 bits: none is memory. */
static bool iomem_parse(const char *text, size_t len, struct iomem_line *line)
{
	size_t indent = strspn(text, " ");
	uint64_t last;
	const char *at = ranges_parse(text + indent, &line->start, &last);

	if (!at || strncmp(at, " : ", 3) || last == UINT64_MAX)
		return false;
	line->end = last + 1;
	line->depth = (unsigned int)(indent / 2);
	line->name = at + 3;
	line->name_len = len - (size_t)(line->name - text);
	return true;
}

int iomem_each(const char *text, iomem_fn *fn, void *context)
{
	size_t lines = 0, hidden = 0;
	int rc = 0;

	for (const char *at = text; *at && rc >= 0;) {
		struct iomem_line line;
		size_t len = strcspn(at, "\n");

		if (iomem_parse(at, len, &line)) {
			lines++;
			hidden += line.end == 1;
			rc = line.end == 1 ? 0 : fn(&line, context);
		}
		at += len + (at[len] == '\n');
	}
	return rc < 0 ? rc : lines && lines == hidden ? -EPERM : 0;
}

int iomem_survey(const struct machine *m, iomem_fn *fn, void *context)
{
	STRING_AUTO name = sysroot_name(m->sr, PROC_IOMEM);
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, PROC_IOMEM, &text);

	if (rc == -ENOENT)
		return fail(ENOENT,
			    "%s: is not there, so it is not known what memory this machine has",
			    name);
	if (rc >= 0)
		rc = iomem_each((char *)text.data, fn, context);
	if (rc == -EPERM)
		return fail(EPERM,
			    "%s: all addresses are 0: kexec needs to be root (CAP_SYS_ADMIN) to see"
			    " them",
			    name);
	return rc < 0 || m->ram.n ? rc : fail(EINVAL, "%s: has no \"System RAM\"", name);
}

/* ranges_add() unites what touches the last one for the same reason: so they take turns. */
int iomem_add_crash(struct ranges *crash, const struct iomem_line *line)
{
	static const char *const whys[] = { "Crash kernel", "another Crash kernel" };

	return ranges_add(crash, line->start, line->end - line->start, whys[crash->n % 2]);
}

void iomem_crash_regions(struct machine *m, const struct ranges *crash, struct ranges *low)
{
	size_t upper = 0;

	if (!crash->n)
		return;
	for (size_t i = 1; i < crash->n; i++)
		if (crash->at[i].start > crash->at[upper].start)
			upper = i;
	m->crash = crash->at[upper];
	m->crash.why = "crashkernel=";
	for (size_t i = 0; i < crash->n; i++)
		if (i != upper)
			ranges_add(low, crash->at[i].start,
				   crash->at[i].end - crash->at[i].start, "Crash kernel");
	ranges_copy(&m->crash_more, low);
	ranges_merge(&m->crash_more);
}

bool iomem_begins(const struct iomem_line *line, const char *name)
{
	size_t len = strlen(name);

	return line->name_len >= len && !memcmp(line->name, name, len);
}

bool iomem_is(const struct iomem_line *line, const char *name)
{
	return iomem_begins(line, name) && line->name_len == strlen(name);
}
