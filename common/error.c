// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/mem.h"
#include "common/text.h"

static char *message;
static const char *program = "kexec";
static bool debugging;
static int memory_status = 1;
static const char *memory_words;
static void (*before)(void);

int fail(int err, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	free(message);
	message = text;
	return -err;
}

int fail_in(int rc, const char *fmt, ...)
{
	va_list ap;
	char *context, *text;

	va_start(ap, fmt);
	context = mem_vprintf(fmt, ap);
	va_end(ap);
	text = mem_printf("%s: %s", context, message ? message : strerror(-rc));
	free(context);
	free(message);
	message = text;
	return rc;
}

const char *fail_text(void)
{
	return message ? message : "";
}

void fail_forget(void)
{
	free(message);
	message = NULL;
}

void message_program(const char *name)
{
	program = name;
}

void message_debug(bool on)
{
	debugging = on;
}

bool message_debugging(void)
{
	return debugging;
}

void message_when_out_of_memory(int status, const char *words)
{
	memory_status = status;
	memory_words = words;
}

void message_before(void (*f)(void))
{
	before = f;
}

/* stderr has no buffer, and what was printed before is the caller's. */
void message_end_of_memory(void)
{
	if (before)
		before();
	fprintf(stderr, "%s: out of memory%s%s\n", program, memory_words ? "; " : "",
		memory_words ? memory_words : "");
	exit(memory_status);
}

static void say(const char *kind, const char *fmt, va_list ap)
{
	STRING_AUTO text = mem_vprintf(fmt, ap);

	if (before)
		before();
	fflush(stdout);
	text_print(stderr, "%s: %s%s\n", program, kind, text);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void notice(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void debug(const char *fmt, ...)
{
	va_list ap;

	if (!debugging)
		return;
	va_start(ap, fmt);
	say("debug: ", fmt, ap);
	va_end(ap);
}
