// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/idlist.h"
#include "common/mem.h"

static bool number(const char **p, uint32_t *out)
{
	uint32_t v = 0;

	if (**p < '0' || **p > '9')
		return false;
	while (**p >= '0' && **p <= '9') {
		v = v * 10 + (uint32_t)(*(*p)++ - '0');
		if (v >= IDLIST_MAX)
			return false;
	}
	*out = v;
	return true;
}

static bool one_run(const char **p, uint32_t *first, uint32_t *last)
{
	if (!number(p, first))
		return false;
	*last = *first;
	if (**p == '-') {
		(*p)++;
		if (!number(p, last) || *last < *first)
			return false;
	}
	return true;
}

int idlist_parse(struct idlist *list, const char *text)
{
	const char *p = text;
	uint32_t first, last;

	*list = (struct idlist){0};
	while (*p && *p != '\n') {
		if (!one_run(&p, &first, &last) ||
		    (list->n && first <= list->id[list->n - 1]) ||
		    (*p && *p != '\n' && *p != ',')) {
			idlist_free(list);
			return fail(EINVAL, "\"%.*s\" is not a list of numbers like 0-3,8",
				    (int)strcspn(text, "\n"), text);
		}
		list->id = mem_resize(list->id, list->n + last - first + 1, sizeof(*list->id));
		while (first <= last)
			list->id[list->n++] = first++;
		if (*p == ',')
			p++;
	}
	return 0;
}

bool idlist_has(const struct idlist *list, uint32_t id)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->id[middle] == id)
			return true;
		if (list->id[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void idlist_free(struct idlist *list)
{
	free(list->id);
	*list = (struct idlist){0};
}
