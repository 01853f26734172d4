// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/exit.h"
#include "kexec/loads.h"

static bool load_word_is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && !strncmp(s, word, n);
}

/* The next number of a line. */
static bool load_number(const char **s, uint64_t *value)
{
	char *end;

	*s += strspn(*s, " ");
	if (strspn(*s, "0123456789") == 0)
		return false;
	errno = 0;
	*value = strtoull(*s, &end, 10);
	*s = end;
	return !errno;
}

static bool load_kind_of(const char *s, size_t n, enum load_kind *kind)
{
	static const char *const kinds[] = { "load", "failure", "event" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (load_word_is(s, n, kinds[i])) {
			*kind = (enum load_kind)i;
			return true;
		}
	return false;
}

static bool load_line(struct arena *arena, const char *s, struct load_note *note)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	uint64_t *const numbers[] = { &note->count, &note->centiseconds, &note->time,
				      &note->last_centiseconds, &note->status };
	size_t n = strspn(s, letters);

	if (!load_kind_of(s, n, &note->kind) || s[n] != ' ')
		return false;
	s += n + 1;
	n = strspn(s, letters);
	if (!n)
		return false;
	note->what = arena_string(arena, s, n);
	s += n;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (*s != ' ' || !load_number(&s, numbers[i]))
			return false;
	return *s == '\n' || !*s;
}

static void load_keep(struct loads *l, const struct load_note *note)
{
	size_t i = 0;

	while (i < l->n && (l->at[i].kind != note->kind || strcmp(l->at[i].what, note->what)))
		i++;
	if (i == LOADS_MAX)
		return;
	l->at[i] = *note;
	l->n += i == l->n;
}

void loads_read(const struct sysroot *sr, struct arena *arena, struct loads *out)
{
	BUF_AUTO text = {0};
	struct load_note note;

	*out = (struct loads){0};
	if (sysroot_read(sr, RUN_KDUMP_LOADS, &text) < 0) {
		fail_forget();
		return;
	}
	for (const char *s = text.len ? (char *)text.data : ""; *s;
	     s += strcspn(s, "\n"), s += *s == '\n')
		if (load_line(arena, s, &note))
			load_keep(out, &note);
}

const struct load_note *loads_last(const struct loads *l)
{
	const struct load_note *last = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == LOAD_SUCCESS && (!last || l->at[i].time > last->time))
			last = &l->at[i];
	return last;
}
