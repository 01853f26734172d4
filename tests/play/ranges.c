// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "tests/play/play.h"

static void insert(struct ranges *r, size_t at, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (!(r->n & (r->n - 1))) /* a power of two is full */
		r->at = realloc(r->at, 2 * (r->n + 1) * sizeof(*r->at));
	if (!r->at)
		err(2, "memory");
	memmove(r->at + at + 1, r->at + at, (r->n - at) * sizeof(*r->at));
	r->at[at] = (struct range){ start, end };
	r->n++;
}

static void take_out(struct ranges *r, size_t at)
{
	memmove(r->at + at, r->at + at + 1, (--r->n - at) * sizeof(*r->at));
}

void ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	size_t i = r->n && start > r->at[r->n - 1].end ? r->n : 0;

	if (start >= end)
		return;
	while (i < r->n && r->at[i].end < start)
		i++;
	while (i < r->n && r->at[i].start <= end) {
		start = r->at[i].start < start ? r->at[i].start : start;
		end = r->at[i].end > end ? r->at[i].end : end;
		take_out(r, i);
	}
	insert(r, i, start, end);
}

void ranges_cut(struct ranges *r, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < r->n;) {
		struct range old = r->at[i];

		if (old.end <= start || old.start >= end) {
			i++;
			continue;
		}
		take_out(r, i);
		insert(r, i, end > old.start ? end : old.start, old.end);
		if (old.start < start)
			insert(r, i++, old.start, start);
		if (i < r->n && r->at[i].start == end)
			i++;
	}
}

bool ranges_same(const struct ranges *a, const struct ranges *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->at, b->at, a->n * sizeof(*a->at)));
}

struct ranges ranges_copy(const struct ranges *r)
{
	struct ranges copy = { 0 };

	for (size_t i = 0; i < r->n; i++)
		insert(&copy, i, r->at[i].start, r->at[i].end);
	return copy;
}
