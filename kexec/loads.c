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

static bool load_line(struct arena *arena, const char *s, struct load_note *note)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	uint64_t *const numbers[] = { &note->count, &note->centiseconds, &note->time,
				      &note->last_centiseconds, &note->status };
	size_t n = strspn(s, letters);

	note->event = load_word_is(s, n, "event");
	if ((!note->event && !load_word_is(s, n, "load")) || s[n] != ' ')
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

int loads_read(const struct sysroot *sr, struct arena *arena, struct loads *out)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(sr, RUN_KDUMP_LOADS, &text);

	*out = (struct loads){0};
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *s = text.len ? (char *)text.data : ""; *s && out->n < LOADS_MAX;
	     s += strcspn(s, "\n"), s += *s == '\n')
		out->n += load_line(arena, s, &out->at[out->n]);
	return 0;
}

const struct load_note *loads_last(const struct loads *l)
{
	const struct load_note *last = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].event && (l->at[i].status == STATUS_OK ||
					l->at[i].status == STATUS_DOUBTFUL) &&
		    (!last || l->at[i].time > last->time))
			last = &l->at[i];
	return last;
}
