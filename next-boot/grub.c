// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/bytes.h"
#include "next-boot/grub.h"

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SPACE " \t\n\v\f\r"

static void grub_add(struct names *names, const char *text)
{
	names->at = mem_resize(names->at, names->n + 1, sizeof(*names->at));
	names->at[names->n++] = text;
}

/* --- the environment block: lines NAME=VALUE, with "\" before "\" and newlines --- */

static void grub_read_environment(struct arena *arena, struct grub *g, const char *text)
{
	while (*text) {
		BUF_AUTO line = {0};
		const char *name, *equals;

		buf_add(&line, "", 0);
		for (; *text && *text != '\n'; text++) {
			text += *text == '\\' && text[1];
			buf_add(&line, text, 1);
		}
		text += *text == '\n';
		name = (char *)line.data;
		equals = strchr(name, '=');
		if (!equals || *name == '#')
			continue;
		grub_add(&g->names, arena_string(arena, name, (size_t)(equals - name)));
		grub_add(&g->values, arena_printf(arena, "%s", equals + 1));
	}
}

static bool grub_is_one_of(const char *name, const char *const names[])
{
	while (*names && strcmp(name, *names))
		names++;
	return *names;
}

/* What GRUB itself knows: "y" for each feature, the directory of grub.cfg, what is read later. */
static const char *grub_builtin(const struct grub *g, const char *name)
{
	static const char *const features[] = {
		"feature_200_final", "feature_all_video_module", "feature_chainloader_bpb",
		"feature_default_font_path", "feature_menuentry_id", "feature_menuentry_options",
		"feature_nativedisk_cmd", "feature_ntldr", "feature_platform_search_hint",
		"feature_timeout_style", NULL
	};
	static const char *const others[] = { "grub_platform", "grub_cpu", "cmdpath", "fw_path",
					      "config_file", "chosen", "?", "@", "*", "#", NULL };
	static const char *const here[] = { "prefix", "config_directory", NULL };

	if (grub_is_one_of(name, features))
		return "y";
	if (!strcmp(name, "root"))
		return "root";
	if (grub_is_one_of(name, here))
		return g->directory;
	if (grub_is_one_of(name, others) || !strncmp(name, "feature_", 8) ||
	    !strncmp(name, "net_", 4) || isdigit((unsigned char)*name))
		return NULL;
	return "";
}

/* The variable's place among the first @n, from 1; 0: nothing sets it. */
static size_t grub_set_at(const struct grub *g, const char *name, size_t n)
{
	while (n > 0 && strcmp(g->names.at[n - 1], name))
		n--;
	return n;
}

static bool grub_is_exported(const struct grub *g, const char *name)
{
	for (size_t i = 0; i < g->exported.n; i++)
		if (!strcmp(name, g->exported.at[i]))
			return true;
	return !strcmp(name, "root");
}

/* NULL: it is something, but what, only GRUB knows. */
static const char *grub_variable(const struct grub *g, const char *name)
{
	size_t at = grub_set_at(g, name, g->names.n);

	if (!at)
		return grub_builtin(g, name);
	return at > g->n_outside || grub_is_exported(g, name) ? g->values.at[at - 1] : "";
}

static void grub_put(struct grub *g, const char *name, const char *value)
{
	grub_add(&g->names, name);
	grub_add(&g->values, value);
}

/* Of these nothing has to be known: empty on most machines, or of what the console looks like. */
static bool grub_is_harmless(const char *name)
{
	static const char *const names[] = { "tuned_params", "tuned_initrd", "grub_users",
					     "extra_cmdline", "vt_handoff", NULL };

	return grub_is_one_of(name, names);
}

/* "$NAME" or "${NAME}" at @s: how long that is, or 0. */
static size_t grub_reference(struct arena *arena, const char *s, const char **name)
{
	bool brace = s[1] == '{';
	const char *at = s + 1 + brace;
	size_t n = strspn(at, DIGITS);

	if (!n)
		n = *at && strchr("?@*#", *at) ? 1 : strspn(at, DIGITS LETTERS "_");
	if (!n || (brace && at[n] != '}'))
		return 0;
	*name = arena_string(arena, at, n);
	return 1 + n + 2 * brace;
}

/* blscfg takes them as they are then: what is set later, is not known. */
const char *grub_expand(struct arena *arena, const struct grub *g, const char *text,
			const char **doubt)
{
	BUF_AUTO out = {0};

	buf_add(&out, "", 0);
	for (size_t n; *text; text += n) {
		const char *name, *value;
		size_t at;

		n = *text == '$' ? grub_reference(arena, text, &name) : 0;
		if (!n) {
			n = 1;
			buf_add(&out, text, 1);
			continue;
		}
		value = grub_variable(g, name);
		at = grub_set_at(g, name, g->names.n);
		if (!at && !grub_is_harmless(name))
			*doubt = arena_printf(arena, "it has $%s, which nothing sets", name);
		else if (!value || at > g->n_at_blscfg)
			*doubt = arena_printf(
				arena, "it has $%s, of which only GRUB knows what it is", name);
		buf_printf(&out, "%s", value ? value : "");
	}
	return arena_string(arena, (char *)out.data, out.len);
}

/* --- commands of a script --- */

struct grub_word {
	const char *text;
	const char *unset;   /* a variable in it that nothing sets; or NULL */
	const char *unknown; /* ... of which nobody knows what it is */
	const char *used;    /* ... any */
};

struct grub_words {
	struct grub_word *at;
	size_t n;
};

enum grub_truth { GRUB_NO, GRUB_MAYBE, GRUB_YES };

#define GRUB_DEPTH 32
#define GRUB_SOURCES 8
#define GRUB_NONE (-1)

struct grub_if {
	enum grub_truth now, before; /* is this branch run; was one before it */
	const char *about;	     /* what nobody knows */
};

struct grub_body {
	int entry;
	const char *text;
};

struct grub_reader {
	struct tree *t;
	struct grub *g;
	struct entries *all;
	struct place place;
	struct grub_words words;
	bool joined; /* "a && b": whether b is run, nobody knows */
	bool joined_next;
	struct grub_if ifs[GRUB_DEPTH];
	int first_if, n_ifs, depth, sources;
	int menu, entry; /* that it is in; or GRUB_NONE */
	/* What functions set, by their names. */
	struct names functions, function_sets;
	struct grub_body *bodies;
	size_t n_bodies;
};

static void grub_end_word(struct grub_reader *r, struct buf *text, struct grub_word *word)
{
	buf_add(text, "", 0);
	word->text = arena_string(&r->t->arena, (char *)text->data, text->len);
	r->words.at = mem_resize(r->words.at, r->words.n + 1, sizeof(*r->words.at));
	r->words.at[r->words.n++] = *word;
	*word = (struct grub_word){ 0 };
	text->len = 0;
}

/*
 * Without quotes a value is split into words, the first of which belongs to what is before it, the
 * last to what comes. False: no variable's name is there.
 */
static bool grub_word_variable(struct grub_reader *r, const char **s, struct buf *text,
			       struct grub_word *word, bool quoted, bool *any)
{
	const char *name, *value;
	size_t n = grub_reference(&r->t->arena, *s, &name);

	if (!n)
		return false;
	*s += n;
	value = grub_variable(r->g, name);
	word->used = name;
	if (!value)
		word->unknown = name;
	else if (!grub_set_at(r->g, name, r->g->names.n) && !*value)
		word->unset = name;
	value = value ? value : "";
	if (quoted)
		buf_add(text, value, strlen(value));
	else
		value += strspn(value, SPACE);
	while (!quoted && *value) {
		n = strcspn(value, SPACE);
		*any = true;
		buf_add(text, value, n);
		value += n + strspn(value + n, SPACE);
		if (*value) {
			grub_end_word(r, text, word);
			word->used = name;
		}
	}
	*any = *any || word->unknown;
	return true;
}

/* A newline with a "\" before it is none. */
static bool grub_joins_lines(const char **s)
{
	bool joins = (*s)[0] == '\\' && (*s)[1] == '\n';

	*s += 2 * joins;
	return joins;
}

static void grub_quoted(struct grub_reader *r, const char **s, struct buf *text,
			struct grub_word *word)
{
	char quote = *(*s)++;
	bool any = true;

	while (**s && **s != quote) {
		if (quote == '"' && **s == '$' && grub_word_variable(r, s, text, word, true, &any))
			continue;
		if (quote == '"' && **s == '\\' && (*s)[1]) {
			if (grub_joins_lines(s))
				continue;
			*s += strchr("$\"\\", (*s)[1]) != NULL;
		}
		buf_add(text, (*s)++, 1);
	}
	*s += **s == quote;
}

static void grub_read_word(struct grub_reader *r, const char **s)
{
	struct grub_word word = { 0 };
	BUF_AUTO text = { 0 };
	bool any = false;

	if (**s == '{' || **s == '}') {
		buf_add(&text, (*s)++, 1);
		grub_end_word(r, &text, &word);
		return;
	}
	while (**s && !strchr(" \t\r\n;&|{}", **s)) {
		if (grub_joins_lines(s))
			continue;
		if (**s == '\'' || **s == '"') {
			grub_quoted(r, s, &text, &word);
			any = true;
			continue;
		}
		if (**s == '$' && grub_word_variable(r, s, &text, &word, false, &any))
			continue;
		*s += **s == '\\' && (*s)[1];
		buf_add(&text, (*s)++, 1);
		any = true;
	}
	/* What is empty without quotes is no word; what was in it is to be known all the same. */
	if (any)
		grub_end_word(r, &text, &word);
	else if (word.unset && r->words.n)
		r->words.at[r->words.n - 1].unset = word.unset;
}

static bool grub_word_is(const struct grub_words *w, size_t i, const char *text)
{
	return i < w->n && !strcmp(w->at[i].text, text);
}

/* The next command's words; "then" and such, and what opens braces, are some. */
static bool grub_next(struct grub_reader *r, const char **s)
{
	struct grub_words *w = &r->words;

	w->n = 0;
	r->joined = r->joined_next;
	r->joined_next = false;
	while (true) {
		do
			*s += strspn(*s, " \t\r");
		while (grub_joins_lines(s));
		if (**s == '#')
			*s += strcspn(*s, "\n");
		if (!**s)
			return w->n;
		if (strchr("\n;&|", **s)) {
			bool joins = **s == '&' || **s == '|';

			(*s)++;
			if (w->n) {
				r->joined_next = joins;
				return true;
			}
			r->joined |= joins;
			continue;
		}
		grub_read_word(r, s);
		if (w->n == 1 &&
		    (grub_word_is(w, 0, "then") || grub_word_is(w, 0, "else") ||
		     grub_word_is(w, 0, "do") || grub_word_is(w, 0, "}")))
			return true;
		if (w->n && grub_word_is(w, w->n - 1, "{"))
			return true;
	}
}

/* Nobody knows what it is now: @about decides it. */
static void grub_forget(struct grub_reader *r, const char *name, const char *about)
{
	grub_put(r->g, name, NULL);
	if (r->entry == GRUB_NONE && r->menu == GRUB_NONE && !strcmp(name, "default"))
		r->g->default_about = about;
}

/* --- conditions --- */

static enum grub_truth grub_truth(bool is)
{
	return is ? GRUB_YES : GRUB_NO;
}

static const char *grub_path_here(const struct grub *g, const char *path)
{
	size_t n = strlen(g->directory);

	return !strncmp(path, g->directory, n) && path[n] == '/' ? path : NULL;
}

/* "-e", "-f", "-s" and "-d". */
static enum grub_truth grub_test_file(const struct grub_reader *r, char kind, const char *path)
{
	STRING_AUTO inside = mem_printf("%s/.", path);
	BUF_AUTO text = { 0 };
	int rc;

	if (!grub_path_here(r->g, path))
		return GRUB_MAYBE;
	if (kind == 'e')
		return grub_truth(place_has(&r->place, path));
	if (kind == 'd' || place_has(&r->place, inside))
		return grub_truth((kind == 'd') == place_has(&r->place, inside));
	if (kind == 'f')
		return grub_truth(place_has(&r->place, path));
	rc = place_text(r->t, &r->place, path, &text);
	fail_forget();
	return rc < 0 && rc != -ENOENT ? GRUB_MAYBE : grub_truth(text.len);
}

/* As GRUB reads it: "010" is 8, "08" is 8, too. False: more is behind it, or it is too long. */
static bool grub_number(const char *s, long *number)
{
	const char *digits = s + (*s == '-');
	bool octal = *digits == '0' && digits[1] != '8' && digits[1] != '9';
	char *end;

	*number = strtol(s, &end, octal ? 0 : 10);
	return (isdigit((unsigned char)*digits) || !*s) && !*end && strlen(s) < 10;
}

static bool grub_compares(const char *operator)
{
	static const char *const operators[] = { "=", "==", "!=", "-eq", "-ne", "-lt",
						 "-le", "-gt", "-ge", NULL };

	return grub_is_one_of(operator, operators);
}

static enum grub_truth grub_compare(const char *a, const char *operator, const char *b)
{
	long x, y;
	bool differ = strcmp(a, b);

	if (*operator != '-')
		return grub_truth(differ == (*operator == '!'));
	if (!grub_number(a, &x) || !grub_number(b, &y))
		return GRUB_MAYBE;
	switch (operator[1] << 8 | operator[2]) {
	case 'e' << 8 | 'q': return grub_truth(x == y);
	case 'n' << 8 | 'e': return grub_truth(x != y);
	case 'l' << 8 | 't': return grub_truth(x < y);
	case 'l' << 8 | 'e': return grub_truth(x <= y);
	case 'g' << 8 | 't': return grub_truth(x > y);
	default: return grub_truth(x >= y);
	}
}

static const char *const grub_unary[] = { "-z", "-n", "-e", "-f", "-s", "-d", NULL };

/* What begins with one of @n words, of which so many are *@used. */
static enum grub_truth grub_test_one(const struct grub_reader *r, const struct grub_word *w,
				     size_t n, size_t *used)
{
	*used = n > 2 && grub_compares(w[1].text)	  ? 3 :
		n > 1 && grub_is_one_of(w->text, grub_unary) ? 2 :
							  1;
	for (size_t i = 0; i < *used; i++)
		if (w[i].unknown)
			return GRUB_MAYBE;
	if (*used == 3)
		return grub_compare(w->text, w[1].text, w[2].text);
	if (*used == 1)
		return grub_truth(*w->text);
	if (w->text[1] == 'z' || w->text[1] == 'n')
		return grub_truth((w->text[1] == 'n') == (*w[1].text != 0));
	return grub_test_file(r, w->text[1], w[1].text);
}

/* What is no operator of any GRUB, where the words that it would have are missing. */
static bool grub_is_text(const char *word)
{
	return !*word || !strchr("-()<>", *word) || !strcmp(word, "-a") ||
	       grub_is_one_of(word, grub_unary);
}

/* As GRUB does, from left to right; of nothing it is true. */
static enum grub_truth grub_test(const struct grub_reader *r, const struct grub_word *w, size_t n)
{
	enum grub_truth any = GRUB_NO, every = GRUB_YES;
	bool inverted = false;

	for (size_t i = 0, used; i < n; i += used) {
		enum grub_truth one = grub_test_one(r, w + i, n - i, &used);

		if (used == 1 && !strcmp(w[i].text, "-o")) {
			any = every > any ? every : any;
			every = GRUB_YES;
		} else if (used == 1 && !strcmp(w[i].text, "!")) {
			inverted = !inverted;
		} else if (used == 1 && !grub_is_text(w[i].text)) {
			return GRUB_MAYBE;
		} else if (used > 1 || strcmp(w[i].text, "-a")) {
			one = inverted ? GRUB_YES - one : one;
			every = one < every ? one : every;
			inverted = false;
		}
	}
	return every > any ? every : any;
}

/* Of the command that comes after "if". */
static enum grub_truth grub_condition(struct grub_reader *r, struct grub_if *f)
{
	const struct grub_words *w = &r->words;
	size_t n = w->n;

	f->about = n > 1 ? w->at[1].text : "?";
	for (size_t i = 1; i < n; i++)
		if (w->at[i].used)
			f->about = arena_printf(&r->t->arena, "$%s", w->at[i].used);
	for (size_t i = 1; i < n; i++)
		if (w->at[i].unknown)
			f->about = arena_printf(&r->t->arena, "$%s", w->at[i].unknown);
	if (grub_word_is(w, 1, "[") && grub_word_is(w, n - 1, "]"))
		return grub_test(r, w->at + 2, n - 3);
	if (grub_word_is(w, 1, "test"))
		return grub_test(r, w->at + 2, n - 2);
	return grub_word_is(w, 1, "true")  ? GRUB_YES :
	       grub_word_is(w, 1, "false") ? GRUB_NO :
					     GRUB_MAYBE;
}

static enum grub_truth grub_runs(const struct grub_reader *r)
{
	enum grub_truth runs = r->joined ? GRUB_MAYBE : GRUB_YES;

	for (int i = r->first_if; i < r->n_ifs; i++)
		runs = r->ifs[i].now < runs ? r->ifs[i].now : runs;
	return runs;
}

static const char *grub_about(const struct grub_reader *r)
{
	for (int i = r->first_if; i < r->n_ifs; i++)
		if (r->ifs[i].now == GRUB_MAYBE)
			return r->ifs[i].about;
	return "the command before it";
}

static int grub_too_deep(const struct grub_reader *r)
{
	return fail(EINVAL, "%s: has braces in braces in braces", r->g->config);
}

/* 1: that was a word of the language; those of before @base are somebody else's. */
static int grub_control(struct grub_reader *r, int base)
{
	static const char *const loops[] = { "for", "while", "until", NULL };
	const char *word = r->words.at[0].text;
	struct grub_if *f = r->n_ifs > base ? &r->ifs[r->n_ifs - 1] : NULL;
	bool loop = grub_is_one_of(word, loops);

	if (loop || !strcmp(word, "if")) {
		if (r->n_ifs == GRUB_DEPTH)
			return grub_too_deep(r);
		f = &r->ifs[r->n_ifs++];
		f->now = f->before = grub_condition(r, f);
		if (loop)
			f->now = GRUB_MAYBE;
		if (!strcmp(word, "for") && r->words.n > 1)
			grub_forget(r, r->words.at[1].text, "a loop");
		return 1;
	}
	if (!strcmp(word, "fi") || !strcmp(word, "done"))
		r->n_ifs -= f != NULL;
	else if (!strcmp(word, "elif") && f) {
		enum grub_truth this = grub_condition(r, f);

		f->now = this < GRUB_YES - f->before ? this : GRUB_YES - f->before;
		f->before = this > f->before ? this : f->before;
	} else if (!strcmp(word, "else") && f) {
		f->now = GRUB_YES - f->before;
	} else {
		return 0;
	}
	return 1;
}

/* --- the menu --- */

static int grub_count(const struct entries *all, int menu)
{
	int n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->at[i].type == ENTRY_GRUB && all->at[i].menu == menu;
	return n;
}

/* "menuentry TITLE OPTIONS {", in any order. */
static const char *grub_title(const struct grub_words *w, const char **id)
{
	static const char *const with_value[] = { "--class", "--users", "--hotkey", "--source",
						  "--id", NULL };
	const char *title = NULL;

	*id = NULL;
	for (size_t i = 1; i + 1 < w->n; i++) {
		const char *word = w->at[i].text;

		if (!strncmp(word, "--id=", 5))
			*id = word + 5;
		else if (!strcmp(word, "--id"))
			*id = w->at[i + 1].text;
		else if (!title && strncmp(word, "--", 2))
			title = word;
		i += grub_is_one_of(word, with_value);
	}
	return title;
}

static int grub_add_entry(struct grub_reader *r, bool submenu, const char *title, const char *id)
{
	int index = grub_count(r->all, r->menu);
	struct entry *e = entries_add(r->all, ENTRY_GRUB, &r->place, id ? id : title);

	e->title = title;
	e->path = r->g->config;
	e->menu = r->menu;
	e->index = index;
	e->submenu = submenu;
	if (grub_runs(r) == GRUB_MAYBE)
		e->unsure = grub_about(r);
	return (int)r->all->n - 1;
}

static void grub_doubt(struct grub_reader *r, struct entry *e)
{
	if (grub_runs(r) == GRUB_MAYBE)
		e->doubt = arena_printf(&r->t->arena,
					"what it loads is decided by %s, of which only"
					" GRUB knows what it is",
					grub_about(r));
	for (size_t i = 1; i < r->words.n; i++) {
		const struct grub_word *w = &r->words.at[i];

		if (w->unknown && !grub_is_harmless(w->unknown))
			e->doubt = arena_printf(&r->t->arena,
						"it has $%s, of which only GRUB knows"
						" what it is",
						w->unknown);
		if (w->unset && !grub_is_harmless(w->unset))
			e->doubt = arena_printf(&r->t->arena, "it has $%s, which nothing sets",
						w->unset);
	}
}

/* As GRUB gives them to Linux: what has a space is in quotes, and there is a "\" before others. */
static const char *grub_options(const struct grub_reader *r)
{
	BUF_AUTO out = {0};

	buf_add(&out, "", 0);
	for (size_t i = 2; i < r->words.n; i++) {
		const char *word = r->words.at[i].text, *quote = strchr(word, ' ') ? "\"" : "";

		if (!*word)
			continue;
		buf_printf(&out, "%s%s", out.len ? " " : "", quote);
		for (; *word; word++)
			buf_printf(&out, "%s%c", strchr("\\'\"", *word) ? "\\" : "", *word);
		buf_printf(&out, "%s", quote);
	}
	return arena_string(&r->t->arena, (char *)out.data, out.len);
}

/* The root is what is searched for at the beginning of each entry. */
static const char *grub_path(struct grub_reader *r, const char *word, struct entry *e)
{
	const char *root = grub_variable(r->g, "root");
	STRING_AUTO here = mem_printf("(%s)", root ? root : "");

	if (!strncmp(word, here, strlen(here)))
		return word + strlen(here);
	if (*word == '(')
		e->doubt = arena_printf(&r->t->arena, "%s is on another disk", word);
	return word;
}

static bool grub_is(const char *word, const char *command)
{
	size_t n = strlen(command);

	return !strncmp(word, command, n) &&
	       (!word[n] || !strcmp(word + n, "16") || !strcmp(word + n, "efi"));
}

static void grub_in_entry(struct grub_reader *r)
{
	const struct grub_words *w = &r->words;
	struct entry *e = &r->all->at[r->entry];

	if (w->n < 2)
		return;
	if (grub_is(w->at[0].text, "linux")) {
		e->kernel = grub_path(r, w->at[1].text, e);
		e->options = grub_options(r);
		e->device = grub_variable(r->g, "root");
		grub_doubt(r, e);
	} else if (grub_is(w->at[0].text, "initrd")) {
		e->initrd.n = 0;
		for (size_t i = 1; i < w->n; i++)
			if (*w->at[i].text)
				grub_add(&e->initrd, grub_path(r, w->at[i].text, e));
		grub_doubt(r, e);
	}
}

/* --- what changes variables --- */

/* @word: "NAME=VALUE". */
static bool grub_assign(struct grub_reader *r, const struct grub_word *word)
{
	const char *equals = strchr(word->text, '='), *name, *was, *value;

	if (!equals)
		return false;
	name = arena_string(&r->t->arena, word->text, (size_t)(equals - word->text));
	value = word->unknown ? NULL : equals + 1;
	was = grub_variable(r->g, name);
	if (grub_runs(r) == GRUB_MAYBE && value && (!was || strcmp(was, value)))
		value = NULL;
	if (value)
		grub_put(r->g, name, value);
	else
		grub_forget(r, name,
			    word->unknown ? arena_printf(&r->t->arena, "$%s", word->unknown) :
					    grub_about(r));
	if (r->entry == GRUB_NONE && r->menu == GRUB_NONE && !strcmp(name, "default"))
		r->g->default_of = word->used;
	return true;
}

/*
 * "search --set=root --fs-uuid X": the root is known by what it is searched for; of other commands
 * nobody knows what they find. "regexp --set=1:NAME": that part of the match.
 */
static void grub_search(struct grub_reader *r)
{
	const struct grub_words *w = &r->words;
	const char *command = w->at[0].text;
	bool search = !strncmp(command, "search", 6);
	const struct grub_word *last = NULL;

	for (size_t i = 1; i < w->n; i++)
		if (*w->at[i].text != '-')
			last = &w->at[i];
	for (size_t i = 1; i < w->n; i++) {
		const char *word = w->at[i].text, *name = NULL;
		bool alone = !strcmp(word, "--set") || !strcmp(word, "-s");

		if (!strncmp(word, "--set=", 6))
			name = word + 6;
		else if (alone)
			name = search ? "root" : i + 1 < w->n ? w->at[i + 1].text : NULL;
		if (!name)
			continue;
		name = strchr(name, ':') ? strchr(name, ':') + 1 : name;
		if (search && !strcmp(name, "root") && last && !last->unknown)
			grub_put(r->g, name, last->text);
		else
			grub_forget(r, name, arena_printf(&r->t->arena, "the command %s", command));
	}
}

static int grub_run(struct grub_reader *r, const char **text, bool nested);
static int grub_run_bodies(struct grub_reader *r, size_t first);

/* Another file, if it is beside grub.cfg: only there it is known which one is meant. */
static int grub_source(struct grub_reader *r)
{
	const struct grub_word *word = &r->words.at[r->words.n - 1];
	BUF_AUTO text = { 0 };
	const char *s;
	int rc = r->words.n == 2 && !word->unknown && grub_path_here(r->g, word->text) &&
			grub_runs(r) == GRUB_YES && r->sources < GRUB_SOURCES ?
		place_text(r->t, &r->place, word->text, &text) :
		-EINVAL;

	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		fail_forget();
		r->g->unread = word->text;
		return 0;
	}
	s = arena_string(&r->t->arena, (char *)text.data, text.len);
	r->sources++;
	rc = grub_run(r, &s, false);
	r->sources--;
	return rc;
}

static void grub_call(struct grub_reader *r, const char *name)
{
	for (size_t i = 0; i < r->functions.n; i++)
		if (!strcmp(r->functions.at[i], name))
			grub_forget(r, r->function_sets.at[i],
				    arena_printf(&r->t->arena, "the function %s", name));
}

/* Up to the brace that closes; what @function sets is remembered. */
static int grub_skip(struct grub_reader *r, const char **text, const char *function)
{
	int depth = 1;

	while (depth && grub_next(r, text)) {
		const struct grub_words *w = &r->words;
		const char *set = w->at[grub_word_is(w, 0, "set") && w->n > 1].text;

		if (grub_word_is(w, 0, "}"))
			depth--;
		else if (grub_word_is(w, w->n - 1, "{"))
			depth++;
		else if (function && strchr(set, '=')) {
			grub_add(&r->functions, function);
			grub_add(&r->function_sets,
				 arena_string(&r->t->arena, set, strcspn(set, "=")));
		}
		if (depth > GRUB_DEPTH)
			return grub_too_deep(r);
	}
	return 0;
}

/*
 * A menu's entries are made at once; what an entry does, is done when all of its menu is known. In
 * a menu below another there are only the variables which were exported.
 */
static int grub_braces(struct grub_reader *r, const char **text)
{
	bool submenu = grub_word_is(&r->words, 0, "submenu");
	bool entry = submenu || grub_word_is(&r->words, 0, "menuentry");
	size_t variables = r->g->names.n, outside = r->g->n_outside, bodies = r->n_bodies;
	const char *title = NULL, *id = NULL;
	int menu = r->menu, ifs = r->n_ifs, rc;

	if (entry)
		title = grub_title(&r->words, &id);
	if (!title || r->entry != GRUB_NONE || grub_runs(r) == GRUB_NO)
		return grub_skip(r, text,
				 grub_word_is(&r->words, 0, "function") ? r->words.at[1].text :
									  NULL);
	if (!submenu) {
		r->bodies = mem_resize(r->bodies, r->n_bodies + 1, sizeof(*r->bodies));
		r->bodies[r->n_bodies++] = (struct grub_body){
			grub_add_entry(r, false, title, id), *text
		};
		return grub_skip(r, text, NULL);
	}
	if (r->depth == GRUB_DEPTH)
		return grub_too_deep(r);
	r->menu = grub_add_entry(r, true, title, id);
	r->g->n_outside = variables;
	r->depth++;
	rc = grub_run(r, text, true);
	r->depth--;
	rc = rc < 0 ? rc : grub_run_bodies(r, bodies);
	r->menu = menu;
	r->n_ifs = ifs;
	r->g->n_outside = outside;
	r->g->names.n = r->g->values.n = variables;
	return rc;
}

static int grub_command(struct grub_reader *r)
{
	static const char *const changes[] = { "increment", "decrement", "read", "getenv", NULL };
	const struct grub_words *w = &r->words;
	const char *command = w->at[0].text;
	bool env = !strcmp(command, "load_env");

	if (grub_runs(r) == GRUB_NO)
		return 0;
	if (!strcmp(command, "blscfg")) {
		r->g->blscfg = true;
		r->g->n_at_blscfg = r->g->names.n;
		r->g->before_blscfg = grub_count(r->all, GRUB_NONE);
	} else if (!strcmp(command, "set")) {
		if (w->n > 1)
			grub_assign(r, &w->at[1]);
	} else if (!strcmp(command, "export")) {
		for (size_t i = 1; i < w->n; i++)
			grub_add(&r->g->exported, w->at[i].text);
	} else if (!strcmp(command, "unset") && w->n > 1) {
		if (grub_runs(r) == GRUB_YES)
			grub_put(r->g, w->at[1].text, "");
		else
			grub_forget(r, w->at[1].text, grub_about(r));
	} else if ((!strcmp(command, "source") || !strcmp(command, ".") ||
		    !strcmp(command, "configfile")) &&
		   w->n > 1) {
		return r->entry == GRUB_NONE ? grub_source(r) : 0;
	} else if (env && !grub_path_here(r->g, w->at[w->n - 1].text) &&
		   strchr(w->at[w->n - 1].text, '/')) {
		r->g->unread = w->at[w->n - 1].text;
	} else if (!grub_assign(r, &w->at[0])) {
		if (w->n > 1 && grub_is_one_of(command, changes))
			grub_forget(r, w->at[1].text,
				    arena_printf(&r->t->arena, "the command %s", command));
		grub_search(r);
		grub_call(r, command);
		if (r->entry != GRUB_NONE)
			grub_in_entry(r);
	}
	return 0;
}

/* Up to the end, or, @nested, to the brace that closes. */
static int grub_run(struct grub_reader *r, const char **text, bool nested)
{
	int base = r->n_ifs, rc = 0;

	while (rc >= 0 && grub_next(r, text)) {
		const struct grub_words *w = &r->words;

		rc = grub_control(r, base);
		if (rc)
			continue;
		if (grub_word_is(w, 0, "}")) {
			if (nested)
				return 0;
			continue;
		}
		rc = grub_word_is(w, w->n - 1, "{") ? grub_braces(r, text) : grub_command(r);
	}
	r->n_ifs = base;
	return rc < 0 ? rc : 0;
}

/* What the entries of one menu do, which are those from @first on. */
static int grub_run_bodies(struct grub_reader *r, size_t first)
{
	size_t variables = r->g->names.n;
	int before = r->first_if, rc = 0;

	r->first_if = r->n_ifs;
	for (size_t i = first; i < r->n_bodies && rc >= 0; i++) {
		r->entry = r->bodies[i].entry;
		rc = grub_run(r, &r->bodies[i].text, true);
		r->g->names.n = r->g->values.n = variables;
	}
	r->entry = GRUB_NONE;
	r->first_if = before;
	r->n_bodies = first;
	return rc;
}

/* --- the entries' disks --- */

/* The UUID of the file system that has /boot, as fstab(5) says; NULL: it does not. */
static const char *grub_own_uuid(struct tree *t, const struct place *whole)
{
	const char *root = NULL, *boot = NULL;
	char *rest, *key, *value;
	BUF_AUTO text = { 0 };

	if (place_text(t, whole, "/etc/fstab", &text) < 0) {
		fail_forget();
		return NULL;
	}
	rest = (char *)text.data;
	while (entry_line(&rest, &key, &value)) {
		size_t n = strcspn(value, " \t");
		const char *uuid = strncmp(key, "UUID=", 5) ?
			"" :
			arena_printf(&t->arena, "%s", key + 5);

		if (n == 1 && *value == '/')
			root = uuid;
		if (n == 5 && !strncmp(value, "/boot", n))
			boot = uuid;
	}
	root = boot ? boot : root;
	return root && *root ? root : NULL;
}

/* A device of GRUB's, "hd0,gpt2", is a guess of the machine that wrote it. */
static bool grub_is_uuid(const char *s)
{
	return strspn(s, "0123456789abcdefABCDEF-") == strlen(s) && strchr(s, '-');
}

/*
 * Other systems have entries, too (os-prober), and kernels of the same names: what is not on the
 * disk of /boot, or of the first entry, is not what is found here.
 */
static void grub_doubt_disks(struct grub_reader *r)
{
	const char *own = grub_own_uuid(r->t, &r->place);

	for (size_t i = 0; i < r->all->n; i++) {
		struct entry *e = &r->all->at[i];

		if (!e->kernel || !e->device)
			continue;
		if (!own)
			own = e->device;
		if (grub_is_uuid(own) == grub_is_uuid(e->device) && strcasecmp(own, e->device))
			e->doubt = arena_printf(&r->t->arena,
						"it is of another disk than /boot (%s,"
						" not %s)",
						e->device, own);
	}
}

static int grub_read_config(struct grub_reader *r, const char *text)
{
	const char *slash = strrchr(r->g->config, '/');
	int rc;

	r->g->directory = arena_string(&r->t->arena, r->g->config, (size_t)(slash - r->g->config));
	rc = grub_run(r, &text, false);
	if (rc >= 0) {
		r->g->fixed = grub_variable(r->g, "default");
		rc = grub_run_bodies(r, 0);
	}
	if (rc >= 0)
		grub_doubt_disks(r);
	free(r->words.at);
	free(r->functions.at);
	free(r->function_sets.at);
	free(r->bodies);
	return rc;
}

int grub_read(struct tree *t, struct grub *g, struct entries *all)
{
	static const char *const configs[] = { "/boot/grub2/grub.cfg", "/boot/grub/grub.cfg" };
	static const char *const blocks[] = { "/boot/grub2/grubenv", "/boot/grub/grubenv" };
	struct place whole = tree_whole(t);
	struct grub_reader r = {
		.t = t, .g = g, .all = all, .place = whole, .menu = GRUB_NONE, .entry = GRUB_NONE
	};
	BUF_AUTO text = {0};
	BUF_AUTO block = {0};
	int rc = -ENOENT;

	*g = (struct grub){ .directory = "", .n_at_blscfg = SIZE_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(blocks) && rc == -ENOENT; i++)
		rc = place_text(t, &whole, blocks[i], &block);
	if (rc >= 0)
		grub_read_environment(&t->arena, g, (char *)block.data);
	rc = rc < 0 ? rc : -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(configs) && rc == -ENOENT; i++) {
		rc = place_text(t, &whole, configs[i], &text);
		g->config = configs[i];
	}
	if (rc == -ENOENT) {
		g->config = NULL;
		return 0;
	}
	return rc < 0 ? rc :
		grub_read_config(&r, arena_string(&t->arena, (char *)text.data, text.len));
}

void grub_free(struct grub *g)
{
	free(g->names.at);
	free(g->values.at);
	free(g->exported.at);
	*g = (struct grub){0};
}

/* --- the default --- */

/* Without a grub.cfg: what such a GRUB does itself. */
static const char *grub_own_default(const struct grub *g, const char **of)
{
	*of = "next_entry";
	if (!grub_set_at(g, *of, g->names.n) || !*grub_variable(g, *of))
		*of = "saved_entry";
	return grub_variable(g, *of);
}

int grub_default(const struct grub *g, const char **wanted, const char **why)
{
	const char *of = g->default_of;

	*wanted = g->config ? g->fixed : grub_own_default(g, &of);
	if (!*wanted)
		return fail(EINVAL,
			    "%s: what GRUB would start is decided by %s, of which only GRUB"
			    " knows what it is; --entry=NAME loads an entry",
			    g->config, g->default_about);
	*why = !**wanted ? "the first of GRUB's menu" :
		of && !strcmp(of, "next_entry") ?
			   "next_entry of GRUB's environment block, which stays there" :
		of && !strcmp(of, "saved_entry") ? "saved_entry of GRUB's environment block" :
						   "the default of grub.cfg";
	return 0;
}

/*
 * What @wanted, one step of a path, means in a menu. @unsure: by where it is, and whether something
 * is before it nobody knows.
 */
static const struct entry *grub_step(const struct grub *g, const struct entries *all, int menu,
				     const char *wanted, const char **unsure)
{
	const char *maybe = NULL;
	long number;
	bool numbered = isdigit((unsigned char)*wanted) && grub_number(wanted, &number);
	int index = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct entry *e = &all->at[i];

		if (e->menu != menu)
			continue;
		if (e->type == ENTRY_TYPE1 && g->before_blscfg)
			maybe = "blscfg, which is not the first in its menu";
		if (numbered ? index == number :
			       !strcmp(e->id, wanted) || (e->title && !strcmp(e->title, wanted))) {
			maybe = numbered && maybe ? maybe : e->unsure;
			*unsure = maybe ? maybe : *unsure;
			return e;
		}
		maybe = e->unsure ? e->unsure : maybe;
		index++;
	}
	return NULL;
}

/* The first step of "A>B", where ">>" is a ">" that belongs to a name. */
static char *grub_first_step(const char **path)
{
	char *step = mem_alloc(strlen(*path) + 1);
	size_t n = 0;

	for (; **path && (**path != '>' || (*path)[1] == '>'); (*path)++) {
		*path += **path == '>';
		step[n++] = **path;
	}
	*path += **path == '>';
	return step;
}

const struct entry *grub_find(const struct grub *g, const struct entries *all, const char *wanted,
			      bool *matches, const char **unsure)
{
	const struct entry *e = NULL, *found;
	int menu = GRUB_NONE;

	*matches = true;
	*unsure = NULL;
	do {
		STRING_AUTO step = grub_first_step(&wanted);
		long number;

		found = grub_step(g, all, menu, step, unsure);
		if (!found) {
			*matches = *matches && !*step;
			wanted = "";
			found = grub_step(g, all, menu, "0", unsure);
		}
		if (!found)
			break;
		/* Distributions have changed what "6.12-1" is: the sixth, or a name. */
		if (isdigit((unsigned char)*step) && !grub_number(step, &number) &&
		    found->type == ENTRY_GRUB)
			*unsure = "the number that a name begins with";
		e = found;
		menu = (int)(found - all->at);
	} while (found->submenu);
	return e;
}
