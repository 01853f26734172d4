/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What takes time: steps, one after the other or one inside of another, how long each took and of
 * how many bytes it was. When the whole has taken a second, a line on the terminal says how far it
 * is, and is gone before anything else is said there.
 *
 * As the messages of error.h it is state that modules share. Before progress_start() nothing here
 * does anything, or looks at the clock.
 */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_step {
	const char *name;
	uint64_t bytes;			/* done */
	uint64_t expected;		/* of them, in all; 0: not known */
	uint64_t ns;			/* without the steps inside of it */
	uint64_t before;		/* bytes, when it began this time */
};

/* @now: nanoseconds that never go back; NULL: nothing is measured. @line: only on a terminal. */
void progress_start(uint64_t (*now)(void), bool line);

/* @name is not copied: "reading the kernel". A step of the same name goes on. */
void progress_begin(const char *name);
/* The innermost step is about so many bytes more. */
void progress_expect(uint64_t bytes);
/* So many are done; about once in PROGRESS_PIECE bytes. */
void progress_advance(uint64_t bytes);
/* So many in all since progress_begin(), for who cannot say how many more. */
void progress_reach(uint64_t bytes);
void progress_end(void);

/* Bytes after which who could go on without a word says progress_advance(). */
#define PROGRESS_PIECE ((uint64_t)1 << 20)

/* In the order in which they began. */
const struct progress_step *progress_steps(size_t *n);
/* Each of them by debug(). */
void progress_debug(void);

#endif
