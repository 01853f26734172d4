// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "next-boot/grub.h"

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
		const char *equals;

		for (; *text && *text != '\n'; text++) {
			text += *text == '\\' && text[1];
			buf_add(&line, text, 1);
		}
		text += *text == '\n';
		if (!line.len || line.data[0] == '#' || !strchr((char *)line.data, '='))
			continue;
		equals = strchr((char *)line.data, '=');
		grub_add(&g->names, arena_string(arena, (char *)line.data,
						 (size_t)(equals - (char *)line.data)));
		grub_add(&g->values, arena_string(arena, equals + 1, strlen(equals + 1)));
	}
}

const char *grub_variable(const struct grub *g, const char *name)
{
	for (size_t i = g->names.n; i-- > 0;)
		if (!strcmp(g->names.at[i], name))
			return g->values.at[i];
	return "";
}

const char *grub_expand(struct arena *arena, const struct grub *g, const char *text)
{
	BUF_AUTO out = {0};

	while (*text) {
		bool brace = text[0] == '$' && text[1] == '{';
		const char *name = text + 1 + brace;
		size_t n = 0;

		while (*text == '$' && isascii(name[n]) &&
		       (isalnum((unsigned char)name[n]) || name[n] == '_'))
			n++;
		if (!n || (brace && name[n] != '}')) {
			buf_add(&out, text++, 1);
			continue;
		}
		name = arena_string(arena, name, n);
		buf_printf(&out, "%s", grub_variable(g, name));
		text += 1 + n + 2 * brace;
	}
	return arena_string(arena, out.len ? (char *)out.data : "", out.len);
}

/* --- words of a script --- */

enum grub_token { GRUB_WORD, GRUB_END_OF_COMMAND, GRUB_END };

/* A quoted part, up to its end. */
static void grub_quoted(const char **s, struct buf *word)
{
	char quote = *(*s)++;

	for (; **s && **s != quote; (*s)++) {
		if (quote == '"' && **s == '\\' && (*s)[1])
			(*s)++;
		buf_add(word, *s, 1);
	}
	*s += **s == quote;
}

static enum grub_token grub_token(const char **s, struct buf *word)
{
	*s += strspn(*s, " \t\r");
	while ((*s)[0] == '\\' && (*s)[1] == '\n')
		*s += 2 + strspn(*s + 2, " \t\r");
	if (**s == '#')
		*s += strcspn(*s, "\n");
	if (!**s)
		return GRUB_END;
	if (strchr("\n;&|", **s)) {
		(*s)++;
		return GRUB_END_OF_COMMAND;
	}
	word->len = 0;
	buf_add(word, "", 0);
	while (**s && !strchr(" \t\r\n;&|", **s)) {
		if (**s == '\'' || **s == '"') {
			grub_quoted(s, word);
			continue;
		}
		*s += **s == '\\' && (*s)[1];
		buf_add(word, (*s)++, 1);
	}
	buf_reserve(word, 1);
	word->data[word->len] = 0;
	return GRUB_WORD;
}

/* --- the menu --- */

#define GRUB_DEPTH	32
#define GRUB_NO_MENU	(-1)
#define GRUB_OTHER	(-2)	/* a pair of braces that is no menu's */

struct grub_reader {
	struct tree *t;
	struct grub *g;
	struct entries *all;
	struct place place;
	int inside[GRUB_DEPTH];	/* entries of all, or GRUB_OTHER */
	int depth;
};

static int grub_innermost(const struct grub_reader *r)
{
	return r->depth ? r->inside[r->depth - 1] : GRUB_NO_MENU;
}

static int grub_count(const struct entries *all, int menu)
{
	int n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->at[i].type == ENTRY_GRUB && all->at[i].menu == menu;
	return n;
}

static void grub_open_entry(struct grub_reader *r, const struct names *words, bool submenu)
{
	int menu = grub_innermost(r), index = grub_count(r->all, menu);
	const char *title = words->n > 2 ? words->at[1] : "", *id = title;
	struct entry *e;

	for (size_t i = 1; i + 1 < words->n; i++)
		if (!strcmp(words->at[i], "$menuentry_id_option") ||
		    !strcmp(words->at[i], "--id"))
			id = words->at[i + 1];
	e = entries_add(r->all, ENTRY_GRUB, &r->place, id);
	e->title = title;
	e->path = r->g->config;
	e->menu = menu;
	e->index = index;
	e->submenu = submenu;
	r->inside[r->depth++] = (int)r->all->n - 1;
}

/* Words with spaces are in quotes again, as GRUB gives them to Linux. */
static const char *grub_options(const struct grub_reader *r, const struct names *words)
{
	BUF_AUTO out = {0};

	for (size_t i = 2; i < words->n; i++) {
		const char *word = grub_expand(&r->t->arena, r->g, words->at[i]);
		const char *quote = strpbrk(word, " \t") ? "\"" : "";

		if (*word)
			buf_printf(&out, "%s%s%s%s", out.len ? " " : "", quote, word, quote);
	}
	return arena_string(&r->t->arena, out.len ? (char *)out.data : "", out.len);
}

/* The root is what is searched for at the beginning of each entry. */
static const char *grub_path(const struct grub_reader *r, const char *word)
{
	static const char root[] = "($root)";

	if (!strncmp(word, root, strlen(root)))
		word += strlen(root);
	return grub_expand(&r->t->arena, r->g, word);
}

static bool grub_is(const char *word, const char *command)
{
	size_t n = strlen(command);

	return !strncmp(word, command, n) &&
	       (!word[n] || !strcmp(word + n, "16") || !strcmp(word + n, "efi"));
}

static void grub_in_entry(struct grub_reader *r, const struct names *words)
{
	int at = grub_innermost(r);
	struct entry *e = at >= 0 ? &r->all->at[at] : NULL;

	if (!e || e->submenu || words->n < 2)
		return;
	if (grub_is(words->at[0], "linux")) {
		e->kernel = grub_path(r, words->at[1]);
		e->options = grub_options(r, words);
	} else if (grub_is(words->at[0], "initrd")) {
		e->initrd.n = 0;
		for (size_t i = 1; i < words->n; i++)
			grub_add(&e->initrd, grub_path(r, words->at[i]));
	}
}

/* One is for the entry of the next boot alone; the other is what is of interest. */
static void grub_set(struct grub_reader *r, const struct names *words)
{
	static const char is[] = "default=";

	if (words->n == 2 && !strncmp(words->at[1], is, strlen(is)) &&
	    !strstr(words->at[1], "next_entry"))
		r->g->fixed = words->at[1] + strlen(is);
}

static int grub_command(struct grub_reader *r, const struct names *words)
{
	const char *command = words->n ? words->at[0] : "";
	bool opens = words->n && !strcmp(words->at[words->n - 1], "{");
	bool submenu = !strcmp(command, "submenu");

	if (opens && r->depth == GRUB_DEPTH)
		return fail(EINVAL, "%s: has braces in braces in braces", r->g->config);
	if (opens && (submenu || !strcmp(command, "menuentry")))
		grub_open_entry(r, words, submenu);
	else if (opens)
		r->inside[r->depth++] = GRUB_OTHER;
	else if (!strcmp(command, "}"))
		r->depth -= r->depth > 0;
	else if (!strcmp(command, "blscfg"))
		r->g->blscfg = true;
	else if (!strcmp(command, "set"))
		grub_set(r, words);
	else
		grub_in_entry(r, words);
	return 0;
}

/* "then" and such come before a command in the same line. */
static bool grub_introduces(const struct names *words)
{
	static const char *const keywords[] = { "if", "then", "else", "elif", "do", "while" };

	for (size_t i = 0; words->n == 1 && i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(words->at[0], keywords[i]))
			return true;
	return false;
}

static int grub_read_config(struct grub_reader *r, const char *text)
{
	struct names words = {0};
	BUF_AUTO word = {0};
	enum grub_token token;
	int rc = 0;

	do {
		token = grub_token(&text, &word);
		if (token == GRUB_WORD) {
			grub_add(&words, arena_string(&r->t->arena, (char *)word.data, word.len));
			if (grub_introduces(&words))
				words.n = 0;
		}
		if (token != GRUB_WORD || !strcmp((char *)word.data, "{")) {
			rc = grub_command(r, &words);
			words.n = 0;
		}
	} while (token != GRUB_END && rc >= 0);
	free(words.at);
	return rc;
}

int grub_read(struct tree *t, struct grub *g, struct entries *all)
{
	static const char *const configs[] = { "/boot/grub2/grub.cfg", "/boot/grub/grub.cfg" };
	static const char *const blocks[] = { "/boot/grub2/grubenv", "/boot/grub/grubenv" };
	struct place whole = tree_whole(t);
	struct grub_reader r = { .t = t, .g = g, .all = all, .place = whole };
	BUF_AUTO text = {0};
	BUF_AUTO block = {0};
	int rc = -ENOENT;

	*g = (struct grub){0};
	for (size_t i = 0; i < ARRAY_SIZE(blocks) && rc == -ENOENT; i++)
		rc = place_text(t, &whole, blocks[i], &block);
	if (rc >= 0 && block.len)
		grub_read_environment(&t->arena, g, (char *)block.data);
	if (rc >= 0 || rc == -ENOENT)
		rc = -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(configs) && rc == -ENOENT; i++) {
		rc = place_text(t, &whole, configs[i], &text);
		g->config = configs[i];
	}
	if (rc == -ENOENT) {
		g->config = NULL;
		return 0;
	}
	return rc < 0 ? rc : grub_read_config(&r, text.len ? (char *)text.data : "");
}

void grub_free(struct grub *g)
{
	free(g->names.at);
	free(g->values.at);
	*g = (struct grub){0};
}

/* --- the default --- */

const char *grub_default(struct arena *arena, const struct grub *g, const char **why)
{
	const char *next = grub_variable(g, "next_entry"), *fixed;

	if (*next) {
		*why = "next_entry of GRUB's environment block, which stays there";
		return next;
	}
	fixed = g->fixed ? grub_expand(arena, g, g->fixed) : "";
	if (g->fixed && !strstr(g->fixed, "saved_entry")) {
		*why = "the default of grub.cfg";
		return fixed;
	}
	fixed = grub_variable(g, "saved_entry");
	*why = *fixed ? "saved_entry of GRUB's environment block" : "the first of GRUB's menu";
	return fixed;
}

static bool grub_is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) < 9;
}

/* What @wanted, one step of a path, means in a menu. */
static const struct entry *grub_step(const struct entries *all, enum entry_type type, int menu,
				     const char *wanted)
{
	int index = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct entry *e = &all->at[i];

		if (e->type != type || e->menu != menu)
			continue;
		if (!strcmp(e->id, wanted) || (e->title && !strcmp(e->title, wanted)) ||
		    (grub_is_number(wanted) && atoi(wanted) == index))
			return e;
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

const struct entry *grub_find(const struct entries *all, enum entry_type type, const char *wanted)
{
	const struct entry *e = NULL, *found;
	int menu = GRUB_NO_MENU;

	do {
		STRING_AUTO step = grub_first_step(&wanted);

		found = grub_step(all, type, menu, step);
		if (!found) {
			wanted = "";
			found = grub_step(all, type, menu, "0");
		}
		e = found ? found : e;
		menu = found ? (int)(found - all->at) : menu;
	} while (found && (*wanted || found->submenu));
	return e;
}
