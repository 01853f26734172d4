// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/ranges.h"

static void append(struct ranges *r, uint64_t start, uint64_t end, const char *why)
{
	if (start >= end)
		return;
	if (r->n && r->at[r->n - 1].end == start && r->at[r->n - 1].why == why) {
		r->at[r->n - 1].end = end;	/* memory comes in many equal blocks */
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 8;
		r->at = mem_resize(r->at, r->cap, sizeof(*r->at));
	}
	r->at[r->n++] = (struct range){ start, end, why };
}

int ranges_add(struct ranges *r, uint64_t start, uint64_t size, const char *why)
{
	uint64_t end;

	if (__builtin_add_overflow(start, size, &end))
		return fail(EOVERFLOW, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64
			    " do not fit in 64 bits", why ? why : "range", size, start);
	append(r, start, end, why);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return 0;
}

static bool same_reason(const struct range *a, const struct range *b)
{
	return a->why == b->why || (a->why && b->why && !strcmp(a->why, b->why));
}

void ranges_merge(struct ranges *r)
{
	size_t out = 0;

	if (!r->n)
		return;
	qsort(r->at, r->n, sizeof(*r->at), by_start);
	for (size_t i = 1; i < r->n; i++) {
		struct range *last = &r->at[out];

		if (r->at[i].start > last->end ||
		    (r->at[i].start == last->end && !same_reason(last, &r->at[i])))
			r->at[++out] = r->at[i];
		else if (r->at[i].end > last->end)
			last->end = r->at[i].end;
	}
	r->n = out + 1;
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
	for (size_t i = 0; i < from->n; i++)
		append(to, from->at[i].start, from->at[i].end, from->at[i].why);
}

void ranges_subtract(struct ranges *r, const struct ranges *holes)
{
	struct ranges out = {0};
	size_t h = 0;

	for (size_t i = 0; i < r->n; i++) {
		uint64_t at = r->at[i].start, end = r->at[i].end;

		while (h < holes->n && holes->at[h].end <= at)
			h++;
		for (size_t k = h; k < holes->n && holes->at[k].start < end; k++) {
			append(&out, at, holes->at[k].start, r->at[i].why);
			at = holes->at[k].end;
		}
		append(&out, at, end, r->at[i].why);
	}
	free(r->at);
	*r = out;
}

void ranges_subtract_one(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range hole = { start, end, NULL };

	if (start < end)
		ranges_subtract(r, &(struct ranges){ &hole, 1, 1 });
}

void ranges_intersect(struct ranges *r, const struct ranges *with)
{
	struct ranges out = {0};
	size_t w = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct range *a = &r->at[i];

		while (w < with->n && with->at[w].end <= a->start)
			w++;
		for (size_t k = w; k < with->n && with->at[k].start < a->end; k++)
			append(&out, a->start > with->at[k].start ? a->start : with->at[k].start,
			       a->end < with->at[k].end ? a->end : with->at[k].end, a->why);
	}
	free(r->at);
	*r = out;
}

void ranges_clip(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range window = { start, end, NULL };

	ranges_intersect(r, &(struct ranges){ &window, 1, 1 });
}

const struct range *ranges_find(const struct ranges *r, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].start < end && start < r->at[i].end)
			return &r->at[i];
	return NULL;
}

bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < r->n && start < end; i++)
		if (r->at[i].start <= start && start < r->at[i].end)
			start = r->at[i].end;
	return start >= end;
}

/* strtoull() would take signs, spaces and 0x too. */
static const char *parse_hex(const char *text, uint64_t *value)
{
	char *end;

	if (!isxdigit((unsigned char)*text) || text[1] == 'x' || text[1] == 'X')
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, 16);
	return errno ? NULL : end;
}

const char *ranges_parse(const char *text, uint64_t *start, uint64_t *last)
{
	text = parse_hex(text, start);
	text = text && *text == '-' ? parse_hex(text + 1, last) : NULL;
	return text && *start <= *last ? text : NULL;
}

uint64_t ranges_total(const struct ranges *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->n; i++)
		sum += r->at[i].end - r->at[i].start;
	return sum;
}

void ranges_free(struct ranges *r)
{
	free(r->at);
	*r = (struct ranges){0};
}
