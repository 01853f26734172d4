// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>

#include "vmcore-dmesg/segments.h"

/*
 * All ones, 0 beside a physical address, or any 0 of a 32-bit kernel, where it
 * could reach the kernel's own addresses: the loader did not know it.
 */
static bool has_vaddr(const struct elf_phdr *p, uint64_t mask)
{
	return (p->vaddr & mask) != mask && (p->vaddr || (!p->paddr && mask == UINT64_MAX));
}

static bool range_of(const struct elf_phdr *p, bool physical, uint64_t mask, uint64_t *start,
		     uint64_t *last)
{
	*start = physical ? p->paddr : p->vaddr & mask;
	if (__builtin_add_overflow(*start, p->memsz - 1, last))
		*last = UINT64_MAX;
	return p->type == ELF_PT_LOAD && p->memsz && (physical || has_vaddr(p, mask));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct segment *)a)->start, y = ((const struct segment *)b)->start;

	return (x > y) - (x < y);
}

/* Each address where a range begins or has ended, once. */
static void add_starts(struct segments *s, const struct elf *elf, bool physical, uint64_t mask)
{
	uint64_t start, last;
	size_t n = 1;

	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		if (!range_of(&elf->phdr[i], physical, mask, &start, &last))
			continue;
		s->at[n++].start = start;
		if (last < UINT64_MAX)
			s->at[n++].start = last + 1;
	}
	qsort(s->at, n, sizeof(*s->at), compare);
	for (size_t i = s->n = 1; i < n; i++)
		if (s->at[i].start != s->at[s->n - 1].start)
			s->at[s->n++].start = s->at[i].start;
	for (size_t i = 0; i < s->n; i++)
		s->at[i].header = SEGMENT_NONE;
}

static size_t find_index(const struct segments *s, uint64_t address)
{
	size_t low = 0, high = s->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->at[middle].start <= address)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first free segment from @i on: next[] leads from a taken one towards it. */
static uint32_t skip_taken(uint32_t *next, uint32_t i)
{
	while (next[i] != i)
		i = next[i] = next[next[i]];
	return i;
}

void segments_init(struct segments *s, struct arena *arena, const struct elf *elf, bool physical,
		   uint64_t mask)
{
	uint64_t start, last;
	uint32_t *next;

	s->at = arena_alloc(arena, (2 * (size_t)elf->n_phdrs + 1) * sizeof(*s->at));
	add_starts(s, elf, physical, mask);
	next = mem_alloc((s->n + 1) * sizeof(*next));
	for (uint32_t i = 0; i <= s->n; i++)
		next[i] = i;
	for (uint32_t h = 0; h < elf->n_phdrs; h++) {
		if (!range_of(&elf->phdr[h], physical, mask, &start, &last))
			continue;
		for (uint32_t i = skip_taken(next, (uint32_t)find_index(s, start));
		     i < s->n && s->at[i].start <= last; i = skip_taken(next, i)) {
			s->at[i].header = h;
			next[i] = i + 1;
		}
	}
	free(next);
}

uint32_t segments_find(const struct segments *s, uint64_t address, uint64_t *left)
{
	size_t i = find_index(s, address);

	*left = (i + 1 < s->n ? s->at[i + 1].start : UINT64_MAX) - address;
	return s->at[i].header;
}
