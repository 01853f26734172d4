/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A whole regular file in memory, mapped rather than read: what is not
 * touched costs nothing. The mapping is private, so that a loader may patch
 * bytes without changing the file.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct file {
	const char *name;	/* as the user gave it; not copied */
	uint8_t *data;
	uint64_t size;
	int fd;			/* open while the file is; -1 for a decompressed file */
	bool mapped;		/* else data is from malloc() (a decompressed file) */
};

/*
 * Refuses (with a message that names the file) what is not a regular file -
 * a directory, a device, a FIFO: opening never blocks - and what is empty.
 */
int file_open(struct file *f, const char *name);
void file_close(struct file *f);

#endif
