/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Where the log goes: a file behind one large buffer, so that a log of 16 MiB
 * takes less than a hundred writes. After the first write that fails nothing
 * more is written; @error says why.
 */
#ifndef VMCORE_DMESG_OUTPUT_H
#define VMCORE_DMESG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vmcore-dmesg/input.h"

#define OUTPUT_BUFFER ((size_t)256 * 1024)
#define OUTPUT_ROOM_MAX ((size_t)1024)

struct output {
	const char *name;	/* NULL: standard output */
	const struct input *dump;	/* if set: never written to, whatever @name says */
	bool refused;		/* for that reason */
	bool made;		/* by us, and nothing is in it: removed if that stays so */
	char *made_name;	/* what it is called, if not @name: that is a link to it */
	bool begun;
	int fd;
	int error;		/* an errno */
	uint8_t *data;
	size_t len;
};

/*
 * A file is opened now, and loses what it had with the first write. @out has to last until
 * output_close(): a program that ends before, out of memory, leaves no file that it made in vain.
 */
void output_open(struct output *out, const char *name);

/*
 * Writes what is left, and a file to its disk: the machine may be told to
 * reboot next. With @discard nothing is written that was not yet. 0 or a
 * negative errno with a message.
 */
int output_close(struct output *out, bool discard);

void output_flush(struct output *out);
void output_add(struct output *out, const void *data, size_t len);
void output_text(struct output *out, const char *text);

/* Room for @len (at most OUTPUT_ROOM_MAX) bytes; output_used() says how many were written there. */
static inline uint8_t *output_room(struct output *out, size_t len)
{
	if (OUTPUT_BUFFER - out->len < len)
		output_flush(out);
	return out->data + out->len;
}

static inline void output_used(struct output *out, size_t len)
{
	out->len += len;
}

static inline void output_byte(struct output *out, char c)
{
	*output_room(out, 1) = (uint8_t)c;
	output_used(out, 1);
}

#endif
