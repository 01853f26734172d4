// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "next-boot/version.h"

static bool version_counts(char c)
{
	return c && (strchr("~-^.", c) || (isascii(c) && isalnum((unsigned char)c)));
}

static const char *version_skip(const char *s)
{
	while (*s && !version_counts(*s))
		s++;
	return s;
}

static int version_order(bool a, bool b)
{
	return (int)a - (int)b;
}

/* A number is more than letters. Of digits without zeros in front: the longer, then the greater. */
static int version_numbers(const char **a, const char **b)
{
	int r = version_order(isdigit((unsigned char)**a), isdigit((unsigned char)**b));
	size_t m, n;

	if (r)
		return r;
	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	m = strspn(*a, "0123456789");
	n = strspn(*b, "0123456789");
	r = m != n ? version_order(m > n, m < n) : memcmp(*a, *b, m);
	*a += m;
	*b += n;
	return r;
}

static size_t version_letters(const char *s)
{
	size_t n = 0;

	while (isascii(s[n]) && isalpha((unsigned char)s[n]))
		n++;
	return n;
}

/* Letters by their code, capitals first; of two that begin alike the shorter is less. */
static int version_words(const char **a, const char **b)
{
	size_t m = version_letters(*a), n = version_letters(*b);
	int r = memcmp(*a, *b, m < n ? m : n);

	*a += m;
	*b += n;
	return r ? r : version_order(m > n, m < n);
}

/* One that has a separator where the other has none is less. What both have is passed. */
static int version_separator(const char **a, const char **b, char c)
{
	int r = version_order(**a != c, **b != c);

	if (!r && **a == c) {
		(*a)++;
		(*b)++;
	}
	return r;
}

/* Other characters are passed only where a round begins: after a separator they end a word. */
int version_compare(const char *a, const char *b)
{
	int r = 0;

	a = a ? a : "";
	b = b ? b : "";
	while (!r) {
		a = version_skip(a);
		b = version_skip(b);
		r = version_separator(&a, &b, '~');
		if (r || !*a || !*b)
			return r ? r : version_order(*a, *b);
		for (const char *c = "-^."; *c && !r; c++)
			r = version_separator(&a, &b, *c);
		if (!r)
			r = isdigit((unsigned char)*a) || isdigit((unsigned char)*b) ?
				version_numbers(&a, &b) : version_words(&a, &b);
	}
	return r;
}
