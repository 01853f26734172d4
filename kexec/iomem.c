// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/error.h"
#include "common/ranges.h"
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

bool iomem_begins(const struct iomem_line *line, const char *name)
{
	size_t len = strlen(name);

	return line->name_len >= len && !memcmp(line->name, name, len);
}

bool iomem_is(const struct iomem_line *line, const char *name)
{
	return iomem_begins(line, name) && line->name_len == strlen(name);
}
