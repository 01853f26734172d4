// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/text.h"
#include "next-boot/show.h"

static const char *const types[] = {
	[ENTRY_TYPE1] = "type1",
	[ENTRY_TYPE2] = "type2",
	[ENTRY_GRUB] = "grub",
	[ENTRY_KERNEL] = "kernel",
};

/* --- a table --- */

static const char *show_title(const struct entry *e)
{
	return e->title ? e->title : e->submenu ? "(a menu)" : "";
}

static const char *show_version(const struct entry *e)
{
	return e->version ? e->version : "";
}

static int show_widest(const struct entries *all, const char *(*text)(const struct entry *e),
		       int least)
{
	for (size_t i = 0; i < all->n; i++) {
		int n = (int)strlen(text(&all->at[i]));

		least = n > least ? n : least;
	}
	return least;
}

static const char *show_id(const struct entry *e)
{
	return e->id;
}

void show_table(const struct loader *l, const struct entries *all, const struct choice *next,
		FILE *out)
{
	int id = show_widest(all, show_id, 2), version = show_widest(all, show_version, 7);

	text_print(out, "boot loader     %s\n", l->name);
	if (next)
		text_print(out, "next            %s (%s)\n", next->entry->id, next->why);
	fputc('\n', out);
	text_print(out, "  %-*s  %-6s  %-*s  %s\n", id, "id", "type", version, "version", "title");
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *e = &all->at[i];
		STRING_AUTO tries = e->left < 0 ? mem_printf("%s", "") :
				    mem_printf(" (%d boots left to try)", e->left);

		text_print(out, "%s %-*s  %-6s  %-*s  %s%s\n", next && next->entry == e ? "*" : " ",
			   id, e->id, types[e->type], version, show_version(e), show_title(e),
			   tries);
	}
}

/* --- JSON --- */

struct json {
	FILE *out;
	bool more;		/* there was a member before */
};

static void json_member(struct json *j, const char *key)
{
	fprintf(j->out, "%s\t\t\"%s\" : ", j->more ? ",\n" : "", key);
	j->more = true;
}

static void json_text(struct json *j, const char *key, const char *value)
{
	if (!value)
		return;
	json_member(j, key);
	text_json(j->out, value);
}

static void json_tries(struct json *j, const char *key, int value)
{
	if (value < 0)
		return;
	json_member(j, key);
	fprintf(j->out, "%d", value);
}

static void json_names(struct json *j, const char *key, const struct names *names)
{
	if (!names->n)
		return;
	json_member(j, key);
	for (size_t i = 0; i < names->n; i++) {
		fputs(i ? ", " : "[", j->out);
		text_json(j->out, names->at[i]);
	}
	fputc(']', j->out);
}

static void json_entry(const struct tree *t, const struct entry *e, bool next, FILE *out)
{
	struct json j = { .out = out };
	const char *root = strcmp(t->root, "/") ? t->root : "";
	STRING_AUTO path = mem_printf("%s%s", root, e->path);
	STRING_AUTO place = mem_printf("%s%s", root, e->place.name);

	fputs("\t{\n", out);
	json_text(&j, "type", types[e->type]);
	json_text(&j, "id", e->id);
	json_text(&j, "path", path);
	json_text(&j, "root", place);
	json_text(&j, "title", e->title);
	json_text(&j, "sortKey", e->sort_key);
	json_text(&j, "version", e->version);
	json_text(&j, "machineId", e->machine_id);
	json_text(&j, "architecture", e->architecture);
	json_text(&j, "options", e->options);
	json_text(&j, "linux", e->type == ENTRY_TYPE2 ? e->uki : e->kernel);
	json_text(&j, "efi", e->efi);
	json_text(&j, "uki", e->type == ENTRY_TYPE2 ? NULL : e->uki);
	json_text(&j, "devicetree", e->devicetree);
	json_names(&j, "initrd", &e->initrd);
	json_tries(&j, "triesLeft", e->left);
	json_tries(&j, "triesDone", e->done);
	json_member(&j, "isDefault");
	fputs(next ? "true\n\t}" : "false\n\t}", out);
}

void show_json(const struct tree *t, const struct entries *all, const struct choice *next,
	       FILE *out)
{
	fputs("[\n", out);
	for (size_t i = 0; i < all->n; i++) {
		json_entry(t, &all->at[i], next && next->entry == &all->at[i], out);
		fputs(i + 1 < all->n ? ",\n" : "\n", out);
	}
	fputs("]\n", out);
}

/* --- a command --- */

static void show_word(struct buf *line, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_/.=,:+-";

	if (*word && strspn(word, plain) == strlen(word)) {
		buf_printf(line, " %s", word);
		return;
	}
	buf_printf(line, " '");
	for (; *word; word++)
		buf_printf(line, *word == '\'' ? "'\\''" : "%c", *word);
	buf_printf(line, "'");
}

void show_command(const char *program, const char *const *arguments, FILE *out)
{
	BUF_AUTO line = {0};

	show_word(&line, program);
	while (*arguments)
		show_word(&line, *arguments++);
	text_print(out, "command        %s\n", (char *)line.data);
}
