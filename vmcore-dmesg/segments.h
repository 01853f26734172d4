/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which PT_LOAD of a core holds an address, by bisection: /proc/vmcore can
 * have tens of thousands of them. Where they overlap, the first in the file
 * counts.
 */
#ifndef VMCORE_DMESG_SEGMENTS_H
#define VMCORE_DMESG_SEGMENTS_H

#include "common/elf.h"

#define SEGMENT_NONE UINT32_MAX

struct segment {
	uint64_t start;		/* up to the next segment's, or the address space's end */
	uint32_t header;	/* index in the program headers, or SEGMENT_NONE */
};

/* Sorted, the first at 0; n is 0 before segments_init(). */
struct segments {
	struct segment *at;
	size_t n;
};

/* By physical or by virtual address; of the latter only the bits in @mask count. */
void segments_init(struct segments *s, struct arena *arena, const struct elf *elf, bool physical,
		   uint64_t mask);

/* The header's index or SEGMENT_NONE; at least @left bytes from the address on it is the same. */
uint32_t segments_find(const struct segments *s, uint64_t address, uint64_t *left);

#endif
