// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/cmdline.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool cmdline_next(const char **p, const char **word, size_t *len)
{
	bool quoted = false;

	while (is_space(**p))
		(*p)++;
	*word = *p;
	for (; **p && (quoted || !is_space(**p)); (*p)++)
		quoted ^= **p == '"';
	*len = (size_t)(*p - *word);
	return *len;
}

/* A parameter can be quoted as a whole: "name=a b". */
static bool is_named_n(const char *word, size_t len, const char *name, size_t n)
{
	if (len && *word == '"') {
		word++;
		len--;
	}
	return len >= n && !memcmp(word, name, n) && (len == n || word[n] == '=');
}

static bool is_named(const char *word, size_t len, const char *name)
{
	return is_named_n(word, len, name, strlen(name));
}

/* Among names as users list them: "quiet,splash rhgb". */
static bool is_listed(const char *word, size_t len, const char *list)
{
	static const char separators[] = ", \t\n";
	size_t n;

	for (list += strspn(list, separators); *list; list += n, list += strspn(list, separators)) {
		n = strcspn(list, separators);
		if (is_named_n(word, len, list, n))
			return true;
	}
	return false;
}

const char *cmdline_find(const char *text, const char *name, size_t *len)
{
	const char *word;

	while (cmdline_next(&text, &word, len))
		if (is_named(word, *len, name))
			return word;
	return NULL;
}

/* @list may be NULL: more names, in one string. */
static char *without(struct arena *a, const char *text, const char *const *names, const char *list)
{
	BUF_AUTO out = {0};
	const char *word;
	size_t len;

	while (cmdline_next(&text, &word, &len)) {
		const char *const *name = names;

		while (*name && !is_named(word, len, *name))
			name++;
		if (*name || (list && is_listed(word, len, list)))
			debug("command line: \"%.*s\" is left out", (int)len, word);
		else
			buf_printf(&out, "%s%.*s", out.len ? " " : "", (int)len, word);
	}
	return arena_string(a, out.data ? (char *)out.data : "", out.len);
}

char *cmdline_without(struct arena *a, const char *text, const char *const *names)
{
	return without(a, text, names, NULL);
}

/* What the boot loader put there; and, in a capture kernel, what made it one. */
static const char *const not_for_the_next[] = { "BOOT_IMAGE", "elfcorehdr", NULL };
static const char *const not_for_a_capture[] = { "BOOT_IMAGE", "elfcorehdr", "crashkernel", NULL };
static const char *const ours[] = { "elfcorehdr", NULL };

const char *cmdline_wanted(struct arena *a, const char *running,
			   const struct plan_request *request)
{
	const char *given = request->cmdline ? request->cmdline : "";
	const char *reused;
	size_t len;

	if (request->crash && cmdline_find(given, ours[0], &len)) {
		notice("command line: elfcorehdr= is taken out, kexec sets it");
		given = cmdline_without(a, given, ours);
	}
	if (!request->reuse_cmdline)
		return given;
	reused = without(a, request->base_cmdline ? request->base_cmdline : running,
			 request->crash ? not_for_a_capture : not_for_the_next,
			 request->remove_cmdline);
	return arena_printf(a, "%s%s%s", reused, *reused && *given ? " " : "", given);
}
