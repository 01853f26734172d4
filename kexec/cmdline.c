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
static void cmdline_unquote(const char **word, size_t *len)
{
	if (*len && **word == '"') {
		(*word)++;
		(*len)--;
	}
}

/* kernel/params.c:parse_args stops there; what follows is for init. */
static bool is_dashes(const char *word, size_t len)
{
	bool quoted = *word == '"';

	cmdline_unquote(&word, &len);
	return len >= 2 && !memcmp(word, "--", 2) &&
		(len == 2 || (quoted && len == 3 && word[2] == '"'));
}

/* Dash and underscore are one (kernel/params.c:parameq). */
static bool same_name(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return true;
}

static bool is_named_n(const char *word, size_t len, const char *name, size_t n)
{
	cmdline_unquote(&word, &len);
	return len >= n && same_name(word, name, n) && (len == n || word[n] == '=');
}

static bool is_named(const char *word, size_t len, const char *name)
{
	return is_named_n(word, len, name, strlen(name));
}

static const char cmdline_separators[] = ", \t\n";

/* The word as it is; a value can have commas in it. */
static bool is_listed_whole(const char *word, size_t len, const char *list)
{
	size_t name = strcspn(word, "=");

	return name < len && strlen(list) >= len && same_name(word, list, name) &&
	       !memcmp(word + name, list + name, len - name) &&
	       (!list[len] || strchr(cmdline_separators, list[len]));
}

/* Among names, or names with a value, as users list them: "quiet,splash rhgb console=hvc0". */
static bool is_listed(const char *word, size_t len, const char *list)
{
	size_t n;

	for (list += strspn(list, cmdline_separators); *list;
	     list += n, list += strspn(list, cmdline_separators)) {
		n = strcspn(list, cmdline_separators);
		if (memchr(list, '=', n) ? is_listed_whole(word, len, list) :
					   is_named_n(word, len, list, n))
			return true;
	}
	return false;
}

/* The word of that name, among parameters only or anywhere. */
static const char *find(const char *text, const char *name, bool anywhere, size_t *len)
{
	const char *word;

	while (cmdline_next(&text, &word, len) && (anywhere || !is_dashes(word, *len)))
		if (is_named(word, *len, name))
			return word;
	return NULL;
}

const char *cmdline_find(const char *text, const char *name, size_t *len)
{
	return find(text, name, false, len);
}

/* A line in the making; is there a quote open at its end? */
struct line {
	struct buf text;
	bool quoted, dashes;
};

static void add_word(struct line *line, const char *word, size_t len)
{
	buf_printf(&line->text, "%s%s%.*s", line->quoted ? "\"" : "", line->text.len ? " " : "",
		   (int)len, word);
	line->quoted = false;
	while (len--)
		line->quoted ^= *word++ == '"';
}

static char *finish_line(struct line *line, struct arena *a)
{
	char *text = arena_string(a, line->text.data ? (char *)line->text.data : "",
				  line->text.len);

	buf_free(&line->text);
	return text;
}

/* The parameters of *@text; *@text moves to its "--" or its end. */
static void add_parameters(struct line *line, const char **text)
{
	const char *next = *text, *word;
	size_t len;

	while (cmdline_next(&next, &word, &len) && !is_dashes(word, len)) {
		add_word(line, word, len);
		*text = next;
	}
}

/* What is behind the "--" that @text begins with, if it does. */
static void add_arguments(struct line *line, const char *text)
{
	const char *word;
	size_t len;

	if (!cmdline_next(&text, &word, &len))
		return;
	if (!line->dashes)
		add_word(line, "--", 2);
	line->dashes = true;
	while (cmdline_next(&text, &word, &len))
		add_word(line, word, len);
}

char *cmdline_join(struct arena *a, const char *first, const char *second)
{
	struct line line = {0};

	add_parameters(&line, &first);
	add_parameters(&line, &second);
	add_arguments(&line, first);
	add_arguments(&line, second);
	return finish_line(&line, a);
}

/* @list may be NULL: more names, in one string. */
static char *without(struct arena *a, const char *text, const char *const *names, const char *list)
{
	struct line line = {0};
	const char *word;
	size_t len;

	while (cmdline_next(&text, &word, &len)) {
		const char *const *name = names;

		while (*name && !is_named(word, len, *name))
			name++;
		if (*name || (list && !is_dashes(word, len) && is_listed(word, len, list)))
			debug("command line: \"%.*s\" is left out", (int)len, word);
		else
			add_word(&line, word, len);
	}
	return finish_line(&line, a);
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

	if (request->crash && find(given, ours[0], true, &len)) {
		notice("command line: elfcorehdr= is taken out, kexec sets it");
		given = cmdline_without(a, given, ours);
	}
	if (!request->reuse_cmdline)
		return given;
	reused = without(a, request->base_cmdline ? request->base_cmdline : running,
			 request->crash ? not_for_a_capture : not_for_the_next,
			 request->remove_cmdline);
	return cmdline_join(a, reused, given);
}

struct plan_request cmdline_with_inside(const struct plan_request *request, const char *inside)
{
	struct plan_request r = *request;

	if (!r.cmdline && !r.reuse_cmdline && inside) {
		debug("command line: the one inside %s", r.kernel);
		r.cmdline = inside;
	}
	return r;
}
