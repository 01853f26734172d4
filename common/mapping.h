/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Files that are mapped: nothing of them is copied. What cannot be read of one (a disk that
 * fails, a file that somebody cuts) reads as zeroes and is counted, instead of killing us.
 */
#ifndef COMMON_MAPPING_H
#define COMMON_MAPPING_H

#include <stddef.h>

/* The first @size bytes; @prot and @flags of mmap(2). NULL, without a message: read it instead. */
void *mapping_make(int fd, size_t size, int prot, int flags);
void mapping_end(void *start, size_t size);

/* Make every page be read now, so that those which cannot be are counted. */
void mapping_touch(const void *start, size_t size);

/* Pages of any mapping that could not be read, since the program began. */
unsigned int mapping_faults(void);

#endif
