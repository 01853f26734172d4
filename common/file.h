/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A regular file that the user named, opened once; read whole only when its
 * contents are needed. It is read and not mapped: a file that is rewritten or
 * truncated meanwhile would change under a digest, or kill us.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILE_HEAD_SIZE 16

struct file {
	const char *name;	/* as the user gave it; not copied */
	uint64_t size;
	uint8_t *data;		/* NULL until file_read(); may be changed */
	int fd;			/* open while the file is; -1 for an unpacked file */
	uint8_t head[FILE_HEAD_SIZE];	/* the first bytes, for recognising what it is */
};

/*
 * Refuses (with a message that names the file) what is not a regular file -
 * a directory, a device, a FIFO: opening never blocks - and what is empty.
 */
int file_open(struct file *f, const char *name);
/* -EBUSY with a message when the file changes while it is read. */
int file_read(struct file *f);
/* The @len bytes at @offset, whether the file has been read or not; false: it has not so many. */
bool file_peek(const struct file *f, uint64_t offset, void *out, size_t len);
/* Keep only [offset, offset + size) of a file that has been read; it leaves its descriptor. */
void file_narrow(struct file *f, uint64_t offset, uint64_t size);
void file_close(struct file *f);

#endif
