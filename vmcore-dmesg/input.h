/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The file with the dump, read at offsets. A regular file is mapped, so that
 * nothing of it is copied. What cannot be mapped (/proc/vmcore, a disk) is
 * read in pieces, and what cannot be read at offsets is first copied to an
 * unlinked file in $TMPDIR, or /var/tmp: a pipe, and makedumpfile's flattened
 * format (makedumpfile -F: pieces of the dump in the order they were made).
 *
 * Its size is never trusted: what can be read is there. A page of the map
 * that cannot be had any more (a failing disk, a file that became shorter)
 * reads as zeroes, and input_faults() counts it.
 *
 * A flattened dump that is cut off has lost pieces from anywhere in the dump:
 * these are not there, as what is behind a file's end is not.
 */
#ifndef VMCORE_DMESG_INPUT_H
#define VMCORE_DMESG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Bytes of the dump, from one offset up to another. */
struct input_part {
	uint64_t start, end;
};

struct input {
	int fd;
	int copy;		/* from input_open() to input_fill(): the file to copy to, or -1 */
	const uint8_t *map;	/* all of the file, or NULL */
	uint64_t map_size;
	uint64_t end;		/* the file is known to end here or before */
	uint64_t size;		/* of a regular file, or a copy; 0: not known */
	struct stat source;	/* what was opened, also when fd is a copy */
	bool cut;		/* a flattened dump without its end mark: */
	uint64_t cut_at;	/* bytes of it that there are, */
	struct input_part *parts;	/* and what they hold of the dump, in order */
	size_t n_parts;
};

/*
 * "-" is standard input. Negative errno with a message; input_close() in any
 * case. One input is open at a time. Opens all that there is to open; what is in the file
 * matters only to input_fill(), which copies and maps.
 */
int input_open(struct input *in, const char *name);
int input_fill(struct input *in);
void input_close(struct input *in);

/* Whether @st is the dump itself, by any name, or any node of the same disk. */
bool input_is(const struct input *in, const struct stat *st);

/* Go on with reads, as for a file that cannot be mapped. */
void input_unmap(struct input *in);

/* As many bytes as are there; an error only when the first cannot be read. */
int input_read(struct input *in, uint64_t offset, void *buf, size_t len, size_t *done);

/* Whether all @len bytes, at least one, are there. */
bool input_has(struct input *in, uint64_t offset, uint64_t len);

/* How many of @len bytes at @offset the map holds, and where; 0 without a map. */
size_t input_map(const struct input *in, uint64_t offset, size_t len, const uint8_t **at);

unsigned int input_faults(void);

#endif
