// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/mem.h"
#include "common/progress.h"

#define MS		((uint64_t)1000000)	/* nanoseconds */
#define LINE_AFTER	(1000 * MS)
#define LINE_AGAIN	(100 * MS)

static struct {
	uint64_t (*now)(void);
	uint64_t since;			/* when the innermost step began, or went on */
	bool line;			/* there may be one, from then on: */
	uint64_t due;
	int shown;			/* columns of the one that is there */
	struct progress_step step[12];
	unsigned int n;
	unsigned int inside[4], depth;	/* the innermost is the last */
} progress;

static struct progress_step *progress_innermost(void)
{
	return progress.depth ? &progress.step[progress.inside[progress.depth - 1]] : NULL;
}

/* What has passed is the innermost step's. */
static uint64_t progress_pass(void)
{
	struct progress_step *s = progress_innermost();
	uint64_t now = progress.now();

	if (s)
		s->ns += now - progress.since;
	progress.since = now;
	return now;
}

static void progress_clear(void)
{
	if (progress.shown)
		fprintf(stderr, "\r%*s\r", progress.shown, "");
	progress.shown = 0;
}

static char *progress_text(const struct progress_step *s)
{
	uint64_t ms = s->ns / MS, rate = ms ? s->bytes * 1000 / ms >> 20 : 0;

	if (!s->bytes && !s->expected)
		return mem_printf("%s", s->name);
	if (!s->expected)
		return mem_printf("%s: %" PRIu64 " MiB, %" PRIu64 " MiB/s", s->name,
				  s->bytes >> 20, rate);
	return mem_printf("%s: %" PRIu64 " of %" PRIu64 " MiB, %" PRIu64 " MiB/s", s->name,
			  s->bytes >> 20, s->expected >> 20, rate);
}

/* With spaces over what a longer one has left. */
static void progress_show(void)
{
	const struct progress_step *s = progress_innermost();
	STRING_AUTO text = NULL;
	uint64_t now;

	if (!progress.line || !s)
		return;
	now = progress_pass();
	if (now < progress.due)
		return;
	progress.due = now + LINE_AGAIN;
	text = progress_text(s);
	fprintf(stderr, "\r%-*s", progress.shown, text);
	if (progress.shown < (int)strlen(text))
		progress.shown = (int)strlen(text);
}

void progress_start(uint64_t (*now)(void), bool line)
{
	memset(&progress, 0, sizeof(progress));
	progress.now = now;
	progress.line = now && line && isatty(STDERR_FILENO);
	progress.due = progress.line ? now() + LINE_AFTER : 0;
	message_before(progress_clear);
}

void progress_begin(const char *name)
{
	unsigned int i = 0;

	if (!progress.now)
		return;
	progress_pass();
	while (i < progress.n && strcmp(progress.step[i].name, name))
		i++;
	if (i == progress.n) {
		assert(i < ARRAY_SIZE(progress.step));
		progress.step[progress.n++] = (struct progress_step){ .name = name };
	}
	progress.step[i].before = progress.step[i].bytes;
	assert(progress.depth < ARRAY_SIZE(progress.inside));
	progress.inside[progress.depth++] = i;
	progress_show();
}

void progress_expect(uint64_t bytes)
{
	struct progress_step *s = progress_innermost();

	if (s)
		s->expected += bytes;
	progress_show();
}

void progress_advance(uint64_t bytes)
{
	struct progress_step *s = progress_innermost();

	if (s)
		s->bytes += bytes;
	progress_show();
}

void progress_reach(uint64_t bytes)
{
	struct progress_step *s = progress_innermost();

	if (s)
		s->bytes = s->before + bytes;
	progress_show();
}

void progress_end(void)
{
	if (!progress.now)
		return;
	assert(progress.depth);
	progress_pass();
	progress.depth--;
	if (!progress.depth)
		progress_clear();
}

const struct progress_step *progress_steps(size_t *n)
{
	*n = progress.n;
	return progress.step;
}

void progress_debug(void)
{
	for (unsigned int i = 0; i < progress.n; i++) {
		const struct progress_step *s = &progress.step[i];
		uint64_t us = s->ns / 1000;
		STRING_AUTO bytes = mem_printf(", %" PRIu64 " bytes", s->bytes);

		debug("%s: %" PRIu64 ".%03" PRIu64 " ms%s", s->name, us / 1000, us % 1000,
		      s->bytes ? bytes : "");
	}
}
