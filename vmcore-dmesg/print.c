// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "common/text.h"
#include "vmcore-dmesg/print.h"

#define NSEC_PER_SEC UINT64_C(1000000000)
#define USEC_PER_SEC 1000000
#define PREFIX_MAX 192

static const char *const levels[] = {
	"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", NULL,
};

static const char *const facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
	"authpriv", "ftp",
};

/* SGR sequences, by level. */
static const char *const colors[] = {
	"\33[7;31m", "\33[7;31m", "\33[1;31m", "\33[31m", "\33[1m", "", "", "",
};

const char *print_level_name(unsigned int level)
{
	return level < ARRAY_SIZE(levels) ? levels[level] : NULL;
}

/* --- the prefix --- */

static size_t put_digits(char *s, uint64_t v, size_t width, char pad)
{
	char digits[20];
	size_t n = 0, at = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (at + n < width)
		s[at++] = pad;
	while (n)
		s[at++] = digits[--n];
	return at;
}

static void put_six_digits(char *s, uint32_t v)
{
	for (int i = 5; i >= 0; i--, v /= 10)
		s[i] = (char)('0' + v % 10);
}

/*
 * "%5lu.%06lu": printf() took a third of the time, and the seconds, which many records share, a
 * fifth of what was left.
 */
static size_t put_seconds(struct print *p, char *s, uint64_t ts_nsec)
{
	uint64_t second = ts_nsec / NSEC_PER_SEC;

	if (!p->second_len || second != p->second) {
		p->second = second;
		p->second_len = put_digits(p->second_text, second, 5, ' ');
		p->second_text[p->second_len++] = '.';
	}
	memcpy(s, p->second_text, sizeof(p->second_text));
	put_six_digits(s + p->second_len, (uint32_t)((ts_nsec - second * NSEC_PER_SEC) / 1000));
	return p->second_len + 6;
}

/* Wall clock time; empty for a year that struct tm cannot have. */
static size_t put_wall_clock(const struct print *p, char *s, size_t size, uint64_t ts_nsec)
{
	int64_t usec = p->boot_usec + (int64_t)(ts_nsec / 1000), part = usec % USEC_PER_SEC;
	time_t seconds;
	struct tm tm;
	size_t n;

	part += part < 0 ? USEC_PER_SEC : 0;
	seconds = (time_t)((usec - part) / USEC_PER_SEC);
	if (!localtime_r(&seconds, &tm))
		return 0;
	if (p->time == TIME_CTIME)
		return strftime(s, size, "%a %b %e %H:%M:%S %Y", &tm);
	n = strftime(s, size, "%Y-%m-%dT%H:%M:%S", &tm);
	s[n++] = ',';
	n += put_digits(s + n, (uint64_t)part, 6, '0');
	n += strftime(s + n, size - n, "%z", &tm);
	memmove(s + n - 1, s + n - 2, 2);	/* +0100 to +01:00 */
	s[n - 2] = ':';
	return n + 1;
}

static size_t put_caller(char *s, uint32_t caller)
{
	s[0] = caller & CALLER_CPU ? 'C' : 'T';
	return 1 + put_digits(s + 1, caller & ~CALLER_CPU, 0, ' ');
}

static size_t put_text(char *s, const char *text)
{
	size_t n = strlen(text);

	memcpy(s, text, n);
	return n;
}

static const char *facility_name(unsigned int facility, char number[8])
{
	if (facility < ARRAY_SIZE(facilities))
		return facilities[facility];
	snprintf(number, 8, "%u", facility & 0xff);
	return number;
}

static size_t put_decoded(char *s, const struct record *r)
{
	char number[8];

	return (size_t)sprintf(s, "%-6s:%-6s: ", facility_name(r->facility, number),
			       levels[r->level & 7]);
}

static size_t put_time(struct print *p, char *s, const struct record *r)
{
	size_t n = 0;

	if (!(r->has & RECORD_TIME) || p->time == TIME_NONE)
		return 0;
	if (p->time != TIME_ISO)
		s[n++] = '[';
	n += p->time == TIME_RAW ? put_seconds(p, s + n, r->ts_nsec) :
				   put_wall_clock(p, s + n, 64, r->ts_nsec);
	if (p->time != TIME_ISO)
		s[n++] = ']';
	return n;
}

/* As the kernel's: "[%5lu.%06lu][%6s] ", kernel/printk/printk.c:info_print_prefix() */
static size_t put_prefix(struct print *p, char *s, const struct record *r)
{
	bool times = (r->has & RECORD_TIME && p->time != TIME_NONE) ||
		     (p->caller && r->has & RECORD_CALLER);
	size_t n = 0;

	if (p->decode && r->has & RECORD_LEVEL)
		n += put_decoded(s, r);
	if (p->color && times)
		n += put_text(s + n, "\33[32m");
	n += put_time(p, s + n, r);
	if (p->caller && r->has & RECORD_CALLER) {
		char caller[16];

		caller[put_caller(caller, r->caller)] = 0;
		n += (size_t)sprintf(s + n, "[%6s]", caller);
	}
	if (times)
		s[n++] = ' ';
	if (p->color && times)
		n += put_text(s + n, "\33[0m");
	if (p->color && r->has & RECORD_LEVEL)
		n += put_text(s + n, colors[r->level & 7]);
	return n;
}

/* --- the text --- */

/* Terminals obey the other white space: what is behind a \r hides what was in front. */
static bool plain(uint8_t c, bool terminal)
{
	return (c >= ' ' && c <= '~') || c == '\t' ||
	       (!terminal && (c == '\v' || c == '\f' || c == '\r'));
}

/*
 * How many bytes from the start are printable ASCII, eight at a time: the sums
 * have the upper bit of a byte set for those from 0x7f on and below the blank.
 */
static size_t plain_start(const uint8_t *s, size_t len, bool terminal)
{
	const uint64_t ones = 0x0101010101010101;
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t v;

		memcpy(&v, s + i, 8);
		if ((v | (v + ones) | (v - 0x20 * ones)) & 0x80 * ones)
			break;
	}
	while (i < len && plain(s[i], terminal))
		i++;
	return i;
}

static void put_escape(struct output *out, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t *s = output_room(out, 4);

	s[0] = '\\';
	s[1] = 'x';
	s[2] = (uint8_t)hex[c >> 4];
	s[3] = (uint8_t)hex[c & 15];
	output_used(out, 4);
}

/* Up to a newline or the end; how many bytes that was. */
static size_t put_escaped(struct output *out, const uint8_t *s, size_t len, bool terminal)
{
	size_t i = 0;

	while (i < len && s[i] != '\n') {
		size_t n = plain_start(s + i, len - i, terminal);

		output_add(out, s + i, n);
		i += n;
		if (i < len && s[i] != '\n')
			put_escape(out, s[i++]);
	}
	return i;
}

void print_escaped(struct print *p, const void *text, size_t len)
{
	const uint8_t *s = text;

	for (size_t n; len; s += n, len -= n) {
		n = put_escaped(p->out, s, len, p->terminal);
		output_byte(p->out, '\n');
		n += n < len;
	}
}

static void print_line(struct print *p, const struct record *r)
{
	output_add(p->out, r->line, r->line_len);
	output_byte(p->out, '\n');
}

static void print_text(struct print *p, const struct record *r, const uint8_t *s, size_t len,
		       bool prefixed)
{
	char prefix[PREFIX_MAX];
	size_t prefix_len = prefixed ? put_prefix(p, prefix, r) : 0;

	for (bool more = true; more; s++, len--) {
		size_t n;

		output_add(p->out, prefix, prefix_len);
		n = put_escaped(p->out, s, len, p->terminal);
		s += n;
		len -= n;
		more = len;	/* there is a newline */
		if (p->color)
			output_text(p->out, "\33[0m");
		output_byte(p->out, '\n');
	}
}

/* --- JSON --- */

/* Characters of a C1 set, which terminals obey: U+0080 to U+009F. */
static bool is_control(const uint8_t *s, size_t n)
{
	return n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

static void json_control(struct output *out, uint8_t c)
{
	char s[8];

	snprintf(s, sizeof(s), "\\u%04x", c);
	output_text(out, s);
}

static void json_byte(struct output *out, uint8_t c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c ? strchr(from, c) : NULL;
	char s[8];

	if (known)
		snprintf(s, sizeof(s), "\\%c", to[known - from]);
	else if (c >= 0x80)
		snprintf(s, sizeof(s), "\\\\x%02x", c);	/* no UTF-8, so not for JSON */
	else
		snprintf(s, sizeof(s), "%c", c);
	if (!known && (c < ' ' || c == 0x7f))
		json_control(out, c);
	else
		output_text(out, s);
}

static void json_string(struct output *out, const uint8_t *s, size_t len)
{
	output_byte(out, '"');
	for (size_t n; len; s += n, len -= n) {
		n = text_utf8(s, len);
		if (is_control(s, n))
			json_control(out, s[1]);
		else if (n)
			output_add(out, s, n);
		else
			json_byte(out, *s);
		n += !n;
	}
	output_byte(out, '"');
}

static void json_key(struct output *out, const char *key)
{
	output_text(out, "         \"");
	output_text(out, key);
	output_text(out, "\": ");
}

static void json_value(struct output *out, const char *s, size_t len, bool quoted)
{
	if (quoted)
		json_string(out, (const uint8_t *)s, len);
	else
		output_add(out, s, len);
	output_text(out, ",\n");
}

static void json_level(struct print *p, const struct record *r)
{
	char s[16];

	if (p->decode) {
		const char *facility = facility_name(r->facility, s), *level = levels[r->level & 7];

		json_key(p->out, "fac");
		json_value(p->out, facility, strlen(facility), true);
		json_key(p->out, "pri");
		json_value(p->out, level, strlen(level), true);
	} else {
		json_key(p->out, "pri");
		json_value(p->out, s, put_digits(s, r->facility << 3 | r->level, 0, ' '), false);
	}
}

static void json_record(struct print *p, const struct record *r)
{
	struct output *out = p->out;
	char s[64];

	output_text(out, p->n ? "{\n" : "      {\n");
	if (r->has & RECORD_LEVEL)
		json_level(p, r);
	if (r->has & RECORD_TIME && p->time != TIME_NONE) {
		json_key(out, "time");
		if (p->time == TIME_RAW)
			json_value(out, s, put_seconds(p, s, r->ts_nsec), false);
		else
			json_value(out, s, put_wall_clock(p, s, sizeof(s), r->ts_nsec), true);
	}
	if (p->caller && r->has & RECORD_CALLER) {
		json_key(out, "caller");
		json_value(out, s, put_caller(s, r->caller), true);
	}
	json_key(out, "msg");
	json_string(out, r->text, r->len);
	output_text(out, "\n      }");
}

/* --- all of it --- */

void print_begin(struct print *p)
{
	if (p->json)
		output_text(p->out, "{\n   \"dmesg\": [\n");
}

void print_record(struct log *log, const struct record *r)
{
	struct print *p = log->to;
	bool line = r->has & RECORD_LINE && p->time == TIME_RAW && !p->decode;

	if (p->levels && (!(r->has & RECORD_LEVEL) || !(p->levels >> r->level & 1)))
		return;
	if (p->json && p->n)
		output_byte(p->out, ',');
	if (p->json)
		json_record(p, r);
	else if (line && !p->terminal && !p->color)
		print_line(p, r);
	else if (line && !p->color)
		print_text(p, r, r->line, r->line_len, false);
	else
		print_text(p, r, r->text, r->len, true);
	p->n++;
}

void print_end(struct print *p)
{
	if (p->json)
		output_text(p->out, p->n ? "\n   ]\n}\n" : "   ]\n}\n");
}
