// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The ring of bytes of Linux 2.6.30 to 3.4, kernel/printk.c there: the text as
 * it went to the console, each line with "<LEVEL>" and usually "[seconds] " in
 * front. log_end counts all bytes ever written, logged_chars those since the
 * last "dmesg --clear" or "dmesg -c", up to the ring's size: what was cleared
 * is still in the ring, until newer text takes its place.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "vmcore-dmesg/log.h"

#define SIZE_MAX_LOG (UINT64_C(1) << 31)
/* The kernel's lines are at most 1024; longer ones come from damage, and are cut in pieces. */
#define LINE_MAX_LOG ((size_t)64 * 1024)

struct ring {
	struct vmcore *core;
	uint64_t size, end, chars;
	struct span data;
	struct buf line;	/* what of a line was before a piece's end, not before a gap */
};

static int textring_open_ring(struct ring *ring)
{
	uint64_t va = 0;
	int rc = vmcore_variable(ring->core, "log_buf_len", 4, &ring->size);

	if (rc >= 0)
		rc = vmcore_variable(ring->core, "log_end", 4, &ring->end);
	if (rc >= 0)
		rc = vmcore_variable(ring->core, "logged_chars", 4, &ring->chars);
	if (rc >= 0)
		rc = vmcore_pointer_variable(ring->core, "log_buf", &va);
	if (rc < 0)
		return rc;
	if (!is_power_of_two(ring->size) || ring->size > SIZE_MAX_LOG)
		return fail(EBADMSG, "the log's size is damaged: 0x%" PRIx64 " bytes, not a power"
			    " of two up to 0x%" PRIx64, ring->size, SIZE_MAX_LOG);
	return span_init(&ring->data, ring->core, "the log", va, ring->size);
}

/* --- lines --- */

/* Behind the line are zeroes, which are no part of a mark. */
static uint8_t line_at(const struct record *r, size_t i)
{
	return i < r->line_len ? r->line[i] : 0;
}

/* "<6>", or with a facility "<30>"; 0 when there is none. */
static size_t textring_parse_level(struct record *r)
{
	unsigned int v = 0;
	size_t i = 1;

	if (line_at(r, 0) != '<')
		return 0;
	for (; i < 5 && isdigit(line_at(r, i)); i++)
		v = v * 10 + line_at(r, i) - '0';
	if (i == 1 || line_at(r, i) != '>' || v > 255)
		return 0;
	r->has |= RECORD_LEVEL;
	r->facility = (uint8_t)(v >> 3);
	r->level = v & 7;
	return i + 1;
}

/* "[    1.234567] "; 0 when there is none. */
static size_t parse_time(struct record *r, size_t i)
{
	uint64_t seconds = 0, part = 0;
	size_t start = i, digits = 0;

	if (line_at(r, i++) != '[')
		return 0;
	while (line_at(r, i) == ' ')
		i++;
	for (; isdigit(line_at(r, i)) && seconds < 1000000000; i++)
		seconds = seconds * 10 + line_at(r, i) - '0';
	if (line_at(r, i++) != '.')
		return 0;
	for (; isdigit(line_at(r, i)); i++, digits++)
		part = part * 10 + line_at(r, i) - '0';
	if (digits != 6 || line_at(r, i) != ']' || line_at(r, i + 1) != ' ')
		return 0;
	r->has |= RECORD_TIME;
	r->ts_nsec = seconds * 1000000000 + part * 1000;
	return i + 2 - start;
}

static void textring_hand_out(const uint8_t *line, size_t len, struct log *log)
{
	struct record r = { .has = RECORD_LINE, .line = line, .line_len = len };
	size_t marks = textring_parse_level(&r);

	marks += parse_time(&r, marks);
	r.text = line + marks;
	r.len = len - marks;
	log->record(log, &r);
}

/* A line may go on in the next piece. */
static void take(struct ring *ring, const uint8_t *d, size_t len, struct log *log)
{
	const uint8_t *newline;

	for (; (newline = memchr(d, '\n', len)) || ring->line.len + len > LINE_MAX_LOG;) {
		size_t n = newline ? (size_t)(newline - d) : len;

		if (ring->line.len) {
			buf_add(&ring->line, d, n);
			textring_hand_out(ring->line.data, ring->line.len, log);
			ring->line.len = 0;
		} else {
			textring_hand_out(d, n, log);
		}
		d += n + (newline != NULL);
		len -= n + (newline != NULL);
	}
	buf_add(&ring->line, d, len);
}

/* --- the walk --- */

static void end_line(struct ring *ring, struct log *log)
{
	if (ring->line.len)
		textring_hand_out(ring->line.data, ring->line.len, log);
	ring->line.len = 0;
}

/*
 * Text has no zeroes: a block of them is a gap like one that is not in the
 * dump. What is in front of it and what is behind it are lines of their own.
 */
static void textring_walk_part(struct ring *ring, uint64_t at, uint64_t end, struct log *log)
{
	bool gap = false;
	size_t len;

	for (; at < end; at += len) {
		const uint8_t *d = span_block(&ring->data, at, end, &len);

		if (d) {
			take(ring, d, len, log);
		} else {
			end_line(ring, log);
			log->damaged += !gap;
		}
		gap = !d;
	}
}

/*
 * How many bytes of the log are in the ring. log_end goes round at 2^32, which
 * every size divides: after that there is more than it says, which shows as
 * long as logged_chars says more. (It is no use to look for text behind
 * log_end: a ring that log_buf_len= asked for may begin with what was in that
 * memory before.)
 */
static uint64_t count_bytes(const struct ring *ring, const struct log *log)
{
	uint64_t n = ring->chars;

	if (!log->since_clear)
		n = ring->chars > ring->end ? ring->size : ring->end;
	return n < ring->size ? n : ring->size;
}

static void textring_walk_ring(struct ring *ring, struct log *log)
{
	uint64_t n = count_bytes(ring, log);
	uint64_t first = (ring->end - n) & (ring->size - 1);
	uint64_t before = ring->size - first < n ? ring->size - first : n;

	textring_walk_part(ring, first, first + before, log);
	textring_walk_part(ring, 0, n - before, log);
	end_line(ring, log);
}

static bool textring_probe(const struct vmcore *core)
{
	return vmcoreinfo_has_symbol(&core->info, "log_buf") &&
	       vmcoreinfo_has_symbol(&core->info, "logged_chars");
}

static int textring_walk(struct vmcore *core, struct log *log)
{
	struct ring ring = { .core = core };
	int rc = textring_open_ring(&ring);

	if (rc >= 0)
		textring_walk_ring(&ring, log);
	span_free(&ring.data);
	buf_free(&ring.line);
	return rc;
}

const struct log_layout log_bytes = { "bytes", textring_probe, textring_walk };
