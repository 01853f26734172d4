/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which pages a compressed kdump file has lost because it is cut off (a full
 * disk): libkdumpfile 0.5 reads what is behind a file's end as zeroes.
 *
 * The format is diskdump's with makedumpfile's sub-header, in blocks of a page:
 * header, sub-header, a bitmap of the pages that the machine has, one of those
 * in the file, a descriptor for each of these, the pages.
 */
#ifndef VMCORE_DMESG_DISKDUMP_H
#define VMCORE_DMESG_DISKDUMP_H

#include "vmcore-dmesg/input.h"

struct diskdump {
	struct input *input;
	bool little;
	uint64_t page;		/* its size; 0: nothing is cut off, or it cannot be told */
	uint64_t needs;		/* so many bytes at least belong to the file */
	uint64_t bitmap, descs;	/* where in the file they are: the second bitmap, the descriptors */
	struct diskdump_mark {	/* so many pages before that frame are in the file: */
		uint64_t frame, before;
	} at, marks[256]; /* where the last question was, and from the bitmap's start to its end */
	uint64_t step;		/* so many frames from a mark to the next */
};

/* What the header says of the two, when nobody knows: good enough for needs. */
void diskdump_guess(struct input *in, bool *little, unsigned int *word);

/*
 * @word: the size of the kernel's unsigned long. What is no such dump, or one
 * file of several, has lost nothing.
 */
void diskdump_init(struct diskdump *d, struct input *in, bool little, unsigned int word);

/* Whether the page at the physical address was to be in the file, and its end is not. */
bool diskdump_has_lost(struct diskdump *d, uint64_t address);

#endif
