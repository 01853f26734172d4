// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

size_t text_utf8(const uint8_t *s, size_t len)
{
	uint8_t c = s[0], low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	uint8_t high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	size_t n = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 :
		   c >= 0xf0 && c <= 0xf4 ? 4 : 0;

	if (!n || len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

uint32_t text_character(const uint8_t *s, size_t len)
{
	uint32_t c = s[0] & (0x7f >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

bool text_is_plain(uint32_t c)
{
	static const uint32_t bad[][2] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (c >= bad[i][0] && c <= bad[i][1])
			return false;
	return true;
}

/* How many bytes from @s on can be shown as they are. */
static size_t plain_run(const uint8_t *s, size_t len)
{
	size_t run = 0, n;

	while (run < len) {
		if (s[run] >= 0x20 && s[run] < 0x7f) {
			run++;
			continue;
		}
		n = text_utf8(s + run, len - run);
		if (!n || !text_is_plain(text_character(s + run, n)))
			break;
		run += n;
	}
	return run;
}

/* What cannot be shown is a whole character where it is one, else a byte. */
static void add_shown(struct buf *out, const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t len = strlen(text), run, n;

	for (;;) {
		run = plain_run(s, len);
		buf_add(out, s, run);
		s += run;
		len -= run;
		if (!len)
			return;
		n = text_utf8(s, len);
		for (n = n ? n : 1; n; n--, len--)
			buf_printf(out, "\\x%02x", *s++);
	}
}

static void put_shown(FILE *out, const char *text, const char *end)
{
	BUF_AUTO shown = {0};

	add_shown(&shown, text);
	buf_add(&shown, end, strlen(end));
	fwrite(shown.data, 1, shown.len, out);
}

void text_print(FILE *out, const char *fmt, ...)
{
	size_t ends = strlen(fmt);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	while (ends && fmt[ends - 1] == '\n')
		ends--;
	fmt += ends;		/* the newlines */
	text[strlen(text) - strlen(fmt)] = 0;
	put_shown(out, text, fmt);
	free(text);
}

void text_json(FILE *out, const char *text)
{
	size_t len = strlen(text), n;

	fputc('"', out);
	for (const uint8_t *s = (const uint8_t *)text; len; s += n, len -= n) {
		size_t sequence = *s < 0x80 ? 1 : text_utf8(s, len);
		uint32_t c = sequence > 1 ? text_character(s, sequence) : *s;

		n = sequence ? sequence : 1;
		if (!sequence)
			fputs("\\ufffd", out);
		else if (!text_is_plain(c))
			fprintf(out, "\\u%04x", c);	/* all of them are below 0x10000 */
		else
			fprintf(out, "%s%.*s", c == '"' || c == '\\' ? "\\" : "", (int)n, s);
	}
	fputc('"', out);
}
