/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Sets of physical addresses: half-open ranges [start, end), each with the
 * reason why it is in the set. Bytes, 64 bits. An empty range is never kept.
 *
 * ranges_add() only appends (what touches the last one for the same reason becomes a part of
 * it); every other function expects and leaves a list that is sorted and without overlaps
 * (ranges_merge() makes it so).
 */
#ifndef COMMON_RANGES_H
#define COMMON_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start, end;
	const char *why;	/* outlives the list; may be NULL */
};

struct ranges {
	struct range *at;
	size_t n, cap;
};

#define RANGES_AUTO __attribute__((cleanup(ranges_free))) struct ranges

/* -EOVERFLOW (with a message) when start + size wraps 64 bits. */
int ranges_add(struct ranges *r, uint64_t start, uint64_t size, const char *why);
/* Sorts; unites what overlaps (the lowest piece's reason stays) or touches for the same reason. */
void ranges_merge(struct ranges *r);
void ranges_copy(struct ranges *to, const struct ranges *from);	/* appends */
void ranges_subtract(struct ranges *r, const struct ranges *holes);
void ranges_subtract_one(struct ranges *r, uint64_t start, uint64_t end);
void ranges_clip(struct ranges *r, uint64_t start, uint64_t end);
void ranges_intersect(struct ranges *r, const struct ranges *with);
/* The first range that shares a byte with [start, end), or NULL. Any list. */
const struct range *ranges_find(const struct ranges *r, uint64_t start, uint64_t end);
/* Is every byte of [start, end) in the set? */
bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end);
/*
 * "START-END" as the kernel prints it: hex without 0x, END inclusive. Returns what follows, or
 * NULL.
 */
const char *ranges_parse(const char *text, uint64_t *start, uint64_t *last);
uint64_t ranges_total(const struct ranges *r);
void ranges_free(struct ranges *r);

#endif
