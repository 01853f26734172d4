// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The rings of kernels before 5.10, for mkcore.h. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/mkcore-model.h"

/* The variables: log_buf, then numbers of 32 bits, in this order. */
enum { LOG_BUF_LEN, FIRST_OR_END, NEXT_OR_CHARS, CLEAR_IDX, N_VARIABLES };

static const char *const names[2][N_VARIABLES] = {
	{ "log_buf_len", "log_first_idx", "log_next_idx", "clear_idx" },
	{ "log_buf_len", "log_end", "logged_chars", NULL },
};

static const char *name_of(const struct core *c, unsigned int i)
{
	return names[c->layout == LAYOUT_BYTES][i];
}

static uint64_t offset_of(const struct core *c, unsigned int i)
{
	return c->variables + c->word + 4 * i;
}

static void put_variables(struct core *c)
{
	const uint64_t records[] = { core_size(c), c->first, c->next, c->clear };
	const uint64_t bytes[] = { core_size(c), c->end, c->chars, 0 };

	for (unsigned int i = 0; i < N_VARIABLES; i++)
		bytes_put(c->memory.data + offset_of(c, i),
			  c->layout == LAYOUT_BYTES ? bytes[i] : records[i], 4, c->little);
}

void old_lay_out(struct core *c)
{
	uint64_t end = 64;

	c->variables = core_place(&end, c->word + 4 * N_VARIABLES);
	c->data = core_place(&end, core_size(c));
	buf_reserve(&c->memory, end);
	memset(c->memory.data, 0, end);
	c->memory.len = end;
	bytes_put(c->memory.data + c->variables, c->at + c->data, c->word, c->little);
	put_variables(c);
}

static uint8_t *at(struct core *c, uint64_t offset)
{
	return c->memory.data + c->data + offset;
}

static uint64_t len_of(struct core *c, uint64_t offset)
{
	return bytes_get(at(c, offset) + c->shift + 8, 2, c->little);
}

/* log_next() */
static uint64_t behind(struct core *c, uint64_t offset)
{
	uint64_t len = len_of(c, offset);

	return len ? offset + len : len_of(c, 0);
}

static bool has_space(const struct core *c, uint64_t size)
{
	uint64_t room;

	if (c->next > c->first || !c->n_records)
		room = core_size(c) - c->next > c->first ? core_size(c) - c->next : c->first;
	else
		room = c->first - c->next;
	return room >= size + c->header;
}

/* log_store(), log_make_free_space() */
static void store(struct core *c, uint64_t ts_nsec, const struct buf *text)
{
	uint64_t size = round_up64(c->header + text->len + c->dict.len, c->align);
	uint8_t *p;

	while (c->n_records && !has_space(c, size)) {
		c->first = behind(c, c->first);
		c->n_records--;
	}
	if (c->next + size + c->header > core_size(c)) {
		memset(at(c, c->next), 0, c->header);
		c->next = 0;
	}
	p = at(c, c->next);
	memset(p, 0, size);
	bytes_put(p + c->shift, ts_nsec, 8, c->little);
	bytes_put(p + c->shift + 8, size, 2, c->little);
	bytes_put(p + c->shift + 10, text->len, 2, c->little);
	bytes_put(p + c->shift + 12, c->dict.len, 2, c->little);
	p[c->shift + 14] = (uint8_t)(c->priority >> 3);
	p[c->shift + 15] = (uint8_t)(c->little ? (c->priority & 7) << 5 | c->flags :
						  c->flags << 3 | (c->priority & 7));
	if (c->header >= c->shift + 20)
		bytes_put(p + c->shift + 16, c->caller, 4, c->little);
	if (text->len)
		memcpy(p + c->header, text->data, text->len);
	if (c->dict.len)
		memcpy(p + c->header + text->len, c->dict.data, c->dict.len);
	c->next += size;
	c->n_records++;
}

/* emit_log_char() */
static void emit(struct core *c, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		*at(c, c->end++ & (core_size(c) - 1)) = s[i];
		c->chars += c->chars < core_size(c);
	}
}

void old_record(struct core *c, uint64_t ts_nsec, const struct buf *text)
{
	BUF_AUTO line = {0};

	if (c->layout == LAYOUT_RECORDS) {
		store(c, ts_nsec, text);
	} else {
		buf_printf(&line, "<%" PRIu64 ">[%5" PRIu64 ".%06" PRIu64 "] ", c->priority,
			   ts_nsec / 1000000000, ts_nsec % 1000000000 / 1000);
		buf_add(&line, text->data, text->len);
		buf_add(&line, "\n", 1);
		emit(c, line.data, line.len);
	}
	put_variables(c);
}

void old_clear(struct core *c)
{
	c->clear = c->next;
	c->chars = 0;
	put_variables(c);
}

void old_vmcoreinfo(const struct core *c, struct buf *all)
{
	static const char *const fields[] = { "ts_nsec", "len", "text_len", "dict_len" };
	static const unsigned int offsets[] = { 0, 8, 10, 12 };

	buf_printf(all, "SYMBOL(log_buf)=%" PRIx64 "\n", c->at + c->variables);
	for (unsigned int i = 0; i < N_VARIABLES && name_of(c, i); i++)
		buf_printf(all, "SYMBOL(%s)=%" PRIx64 "\n", name_of(c, i), c->at + offset_of(c, i));
	if (c->layout == LAYOUT_BYTES || !strcmp(c->names, "none"))
		return;
	buf_printf(all, "SIZE(%s)=%" PRIu64 "\n", c->names, c->header);
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		buf_printf(all, "OFFSET(%s.%s)=%" PRIu64 "\n", c->names, fields[i],
			   offsets[i] + c->shift);
}

bool old_put(struct core *c, const char *name, uint64_t v)
{
	if (!strcmp(name, "log_buf")) {
		bytes_put(c->memory.data + c->variables, v, c->word, c->little);
		return true;
	}
	for (unsigned int i = 0; i < N_VARIABLES && name_of(c, i); i++)
		if (!strcmp(name_of(c, i), name)) {
			bytes_put(c->memory.data + offset_of(c, i), v, 4, c->little);
			return true;
		}
	return false;
}

bool old_put_record(struct core *c, uint64_t n, const char *name, uint64_t v)
{
	static const char *const fields[] = { "len", "text_len", "dict_len" };

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i], name)) {
			bytes_put(at(c, n) + c->shift + 8 + 2 * i, v, 2, c->little);
			return true;
		}
	return false;
}
