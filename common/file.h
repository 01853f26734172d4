/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A file that the user named, opened once; read only when its contents are
 * needed, and then only as far. A block device is a file of its size.
 *
 * While it is open nobody changes it where we can have a read lease (fcntl(2), F_SETLEASE): who
 * wants to write to it waits. Such a file is mapped, and no memory taken for a copy. Elsewhere
 * it is read, as it could change under a digest, and file_is_unchanged() goes by what stat(2)
 * says.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define FILE_HEAD_SIZE 16

struct file {
	const char *name;	/* as the user gave it; not copied */
	uint64_t size;
	uint8_t *data;		/* NULL until file_read(); may be changed */
	uint64_t mapped;	/* bytes, where data is the file itself; 0: it is a copy */
	int fd;			/* open while the file is; -1 for an unpacked file */
	bool is_device;		/* a block device, of which fd is */
	bool is_written;	/* when it was opened somebody had it open for writing */
	struct timespec modified;	/* when, as it was opened */
	uint64_t whole;		/* and how many bytes it had */
	uint8_t head[FILE_HEAD_SIZE];	/* the first bytes, for recognising what it is */
};

/*
 * Refuses (with a message that names the file) what is neither a regular file
 * nor a block device - a directory, a character device, a FIFO: opening never
 * blocks - and what is empty.
 */
int file_open(struct file *f, const char *name);
/* -EBUSY with a message when the file has changed since it was opened. */
int file_read(struct file *f);
/* The same for the first @size bytes, up to the file's size: from then on they are the file. */
int file_read_start(struct file *f, uint64_t size);
/* The @len bytes at @offset, whether the file has been read or not; false: it has not so many. */
bool file_peek(const struct file *f, uint64_t offset, void *out, size_t len);
/* A file that exists in memory alone; takes over @data. */
void file_unpacked(struct file *f, const char *name, uint8_t *data, uint64_t size);
/* Keep only [offset, offset + size) of a file that has been read; it leaves its descriptor. */
void file_narrow(struct file *f, uint64_t offset, uint64_t size);
/* Is what is in fd now what was there when it was opened? */
bool file_is_unchanged(const struct file *f);
/*
 * Is what was read of it still what is in data? A mapped file is not where its lease ended (after
 * 45 seconds) and a writer came, or its disk failed.
 */
bool file_holds(const struct file *f);
/* The same with a message: -EBUSY. When something has been copied out of data. */
int file_check(const struct file *f);
void file_close(struct file *f);

/*
 * Before anything is opened: who starts a program without standard input, output or error would
 * leave their numbers to what it opens, into which a message would then be written. They are taken
 * by the root directory, opened for neither reading nor writing, so that both fail with EBADF as
 * they would have; a program that is started finds them closed.
 */
void file_take_streams(void);

#endif
