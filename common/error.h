/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What went wrong, in words, on its way from where it happened to main().
 *
 * A function that fails records a message and returns a negative errno:
 *
 *	return fail(EINVAL, "program header %u ends beyond the file", i);
 *
 * Each caller that knows more puts its context in front:
 *
 *	if (rc < 0)
 *		return fail_in(rc, "kernel %s", path);
 *
 * Nothing but main() prints the result or chooses the exit status. This is
 * the only mutable state that modules share.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <errno.h>
#include <stdbool.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Start a new message (dropping an older one); returns -@err. */
int fail(int err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Prepend "context: " to the message; returns @rc unchanged. */
int fail_in(int rc, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The message, or "" when there is none. Valid until the next fail(). */
const char *fail_text(void);
void fail_forget(void);

/* The program's name in front of each line on stderr: "kexec". */
void message_program(const char *name);
void message_debug(bool on);
/* @f is called before anything is written to stderr, or flushed to stdout for it. */
void message_before(void (*f)(void));
bool message_debugging(void);

/*
 * How the program ends when there is no memory left: with this status, 1 if nothing was said, and
 * with words on what has become of its task by then, or NULL.
 */
void message_when_out_of_memory(int status, const char *words);
void message_end_of_memory(void) __attribute__((noreturn));

void warn(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* something to act on */
void notice(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* something to know */
void debug(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* only with -d */

#endif
