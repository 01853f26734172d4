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

void text_put(FILE *out, const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t len = strlen(text), n;

	for (; len; s += n, len -= n) {
		size_t sequence = text_utf8(s, len);

		n = sequence ? sequence : 1;
		if (sequence ? text_is_plain(text_character(s, n)) : text_is_plain(*s) && *s < 0x80)
			fwrite(s, 1, n, out);
		else
			for (size_t i = 0; i < n; i++)
				fprintf(out, "\\x%02x", s[i]);
	}
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
	text_put(out, text);
	fputs(fmt, out);
	free(text);
}
