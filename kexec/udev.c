// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/udev.h"

/* KEY{attribute} OPERATOR "value" */
struct token {
	const char *key, *attribute, *value;	/* attribute "" when there is none */
	bool compares, negated;			/* == or !=; != */
	bool assigns, final, caseless;		/* = or :=; :=; the value is i"..." */
	struct token *next;
};

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

struct rule {
	unsigned int line;		/* a file's rules have ascending ones, and none has 0 */
	struct token *tokens;
	struct rule *next, *target;	/* target: where GOTO leads */
	/* by subsystem: its place in udev_reloads, from 1; 0: none */
	size_t entry[2][UDEV_LISTS];
	bool reached;			/* perhaps */
};

/* An event that is imagined. */
struct event {
	const char *action, *subsystem, *device, *crash_hotplug, *arch;
};

/* --- text to rules --- */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t,");
}

/* The value is in quotes; \" does not end it. */
static const char *parse_value(struct arena *a, const char *at, const char **value)
{
	size_t len = 0;

	if (*at == 'e' || *at == 'i')
		at++;
	if (*at++ != '"')
		return NULL;
	while (at[len] && at[len] != '"')
		len += at[len] == '\\' && at[len + 1] ? 2 : 1;
	*value = arena_string(a, at, len);
	return at[len] ? at + len + 1 : NULL;
}

/* Whether udev takes this key with an operator which begins so. */
static bool operator_fits(const char *key, bool compares, char first)
{
	static const char *const compared[] = {
		"ACTION", "DEVPATH", "KERNEL", "KERNELS", "SUBSYSTEM", "SUBSYSTEMS", "DRIVER",
		"DRIVERS", "ATTRS", "CONST", "TAGS", "TEST", "RESULT",
	};
	static const char *const done[] = {
		"RUN", "OPTIONS", "OWNER", "GROUP", "MODE", "SECLABEL",
	};

	if (!strcmp(key, "GOTO") || !strcmp(key, "LABEL"))
		return !compares && first == '=';
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++)
		if (!strcmp(key, compared[i]))
			return compares;
	for (size_t i = 0; i < ARRAY_SIZE(done); i++)
		if (!strcmp(key, done[i]) && compares)
			return false;
	return first != '-' || !strcmp(key, "TAG") || !strcmp(key, "SYMLINK");
}

/* NULL: what is here is no token; udev ignores such a line. */
static const char *parse_token(struct arena *a, const char *at, struct token *t)
{
	size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	t->key = arena_string(a, at, len);
	t->attribute = "";
	at += len;
	if (*at == '{') {
		len = strcspn(at, "}");
		t->attribute = arena_string(a, at + 1, len - 1);
		at += len + (at[len] != 0);
	}
	at = skip_blanks(at);
	len = strspn(at, "=!+-:");
	t->compares = len == 2 && (!strncmp(at, "==", 2) || !strncmp(at, "!=", 2));
	t->negated = t->compares && *at == '!';
	if (!operator_fits(t->key, t->compares, *at))
		return NULL;
	t->final = *at == ':';
	t->assigns = t->final || (*at == '=' && !t->compares);
	at = skip_blanks(at + len);
	t->caseless = *at == 'i';
	return *t->key && len && len <= 2 ? parse_value(a, at, &t->value) : NULL;
}

static struct rule *parse_rule(struct arena *a, const char *at, unsigned int line)
{
	struct rule *rule = arena_alloc(a, sizeof(*rule));
	struct token **tail = &rule->tokens;

	rule->line = line;
	for (at = skip_blanks(at); *at && *at != '#'; at = skip_blanks(at)) {
		struct token *t = arena_alloc(a, sizeof(*t));

		at = parse_token(a, at, t);
		if (!at)
			return NULL;
		*tail = t;
		tail = &t->next;
	}
	return rule->tokens ? rule : NULL;
}

/* A backslash at its end joins a line with the next; comments do not interrupt that. */
static struct rule *parse_lines(struct arena *a, const char *text)
{
	struct rule *first = NULL, **tail = &first;
	BUF_AUTO joined = {0};
	unsigned int line = 0, began = 1;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool comment = text[strspn(text, " \t")] == '#';
		bool more = comment ? joined.len : len && text[len - 1] == '\\';

		line++;
		if (!joined.len)
			began = line;
		if (!comment)
			buf_add(&joined, text, len - more);
		text += len + (text[len] != 0);
		if (!joined.len || (more && *text))
			continue;
		*tail = parse_rule(a, (char *)joined.data, began);
		tail = *tail ? &(*tail)->next : tail;
		joined.len = 0;
	}
	return first;
}

/* --- does a rule apply --- */

/* "a|b*" */
static bool udev_fits(const char *patterns, const char *value, bool caseless)
{
	for (const char *p = patterns; ; p++) {
		STRING_AUTO one = mem_printf("%.*s", (int)strcspn(p, "|"), p);

		if (!fnmatch(one, value, caseless ? FNM_CASEFOLD : 0))
			return true;
		p += strcspn(p, "|");
		if (!*p)
			return false;
	}
}

static const struct token *find_token(const struct rule *rule, const char *key)
{
	for (const struct token *t = rule->tokens; t; t = t->next)
		if (!strcmp(t->key, key))
			return t;
	return NULL;
}

static const char *known(const struct token *t, const struct event *e)
{
	if (!strcmp(t->key, "ACTION"))
		return e->action;
	if (!strcmp(t->key, "SUBSYSTEM") || !strcmp(t->key, "SUBSYSTEMS"))
		return e->subsystem;
	if (!strcmp(t->key, "KERNEL") || !strcmp(t->key, "KERNELS"))
		return e->device;
	if (!strcmp(t->key, "ATTRS") && !strcmp(t->attribute, "crash_hotplug"))
		return e->crash_hotplug;
	if (!strcmp(t->key, "CONST") && !strcmp(t->attribute, "arch"))
		return e->arch;
	return NULL;
}

static enum match match_token(const struct token *t, const struct event *e)
{
	const char *value = known(t, e);

	if (!t->compares)
		return strcmp(t->key, "PROGRAM") && strcmp(t->key, "IMPORT") ? MATCH_YES :
									       MATCH_MAYBE;
	/* The file is at the subsystem, a parent, never at the device: ATTR does not find it. */
	if (!strcmp(t->key, "ATTR") && !strcmp(t->attribute, "crash_hotplug") && !t->negated)
		return MATCH_NO;
	if (!value)
		return MATCH_MAYBE;
	return udev_fits(t->value, value, t->caseless) != t->negated ? MATCH_YES : MATCH_NO;
}

static enum match less_certain(enum match a, enum match b)
{
	return a < b ? a : b;
}

static enum match match_rule(const struct rule *rule, const struct event *e)
{
	enum match all = MATCH_YES;

	for (const struct token *t = rule->tokens; t; t = t->next)
		all = less_certain(all, match_token(t, e));
	return all;
}

static bool runs(const struct token *t, const struct rule *rule)
{
	if (!strcmp(t->key, "RUN"))
		return true;
	if (!strcmp(t->key, "PROGRAM"))
		return !find_token(rule, "GOTO") && !find_token(rule, "RUN");
	if (!strcmp(t->key, "IMPORT"))
		return !strcmp(t->attribute, "program");
	return !strcmp(t->key, "ENV") && !strcmp(t->attribute, "SYSTEMD_WANTS") && !t->compares;
}

static enum udev_list list_of(const struct token *t)
{
	if (!strcmp(t->key, "RUN"))
		return UDEV_LIST_RUN;
	return strcmp(t->key, "ENV") ? UDEV_LIST_NONE : UDEV_LIST_WANTS;
}

static bool names_loader(const char *text)
{
	return strstr(text, "kdump") || strstr(text, "kexec");
}

/* --- following the rules --- */

/* Forward only, as udev's. */
static struct rule *label(const struct rule *from, const char *name)
{
	for (struct rule *r = from->next; r; r = r->next) {
		const struct token *t = find_token(r, "LABEL");

		if (t && !strcmp(t->value, name))
			return r;
	}
	return NULL;
}

static struct rule *parse_file(struct arena *a, const char *text)
{
	struct rule *first = parse_lines(a, text);

	for (struct rule *r = first; r; r = r->next) {
		const struct token *jump = find_token(r, "GOTO");

		r->target = jump ? label(r, jump->value) : NULL;
	}
	return first;
}

static struct udev_reload *udev_append(struct arena *a, struct udev_reloads *out)
{
	if (!(out->n & (out->n - 1))) {		/* full: 0, 1, 2, 4, ... */
		struct udev_reload *grown = arena_alloc(a, (2 * out->n + 1) * sizeof(*grown));

		if (out->n)
			memcpy(grown, out->at, out->n * sizeof(*grown));
		out->at = grown;
	}
	return &out->at[out->n++];
}

static const char *const actions[] = { "add", "online", "remove", "offline" };	/* bit by bit */
static const char *const subsystems[] = { [UDEV_CPU] = "cpu", [UDEV_MEMORY] = "memory" };
static const char *const devices[] = { [UDEV_CPU] = "cpu1", [UDEV_MEMORY] = "memory1" };

struct scan {
	struct arena *arena;
	const char *file;
	struct rule *rules;
	struct udev_reloads *out;
	bool takes; /* what has been, or will be, put into lists */
	/* what is followed now */
	enum udev_subsystem subsystem;
	unsigned int action; /* a bit */
	bool kept;
};

static unsigned int *actions_of(const struct scan *s, struct udev_reload *r)
{
	return s->kept ? &r->ungated : &r->actions;
}

static void mark(const struct scan *s, struct rule *rule, enum udev_list list)
{
	size_t *entry = &rule->entry[s->subsystem][list];

	if (!*entry) {
		*udev_append(s->arena, s->out) = (struct udev_reload){
			.file = s->file,
			.line = rule->line,
			.subsystem = s->subsystem,
			.list = list,
		};
		*entry = s->out->n;
	}
	*actions_of(s, &s->out->at[*entry - 1]) |= s->action;
}

/* What has been put into a list so far is not run. */
static void empty_list(struct scan *s, enum udev_list list)
{
	for (size_t i = 0; i < s->out->n; i++) {
		struct udev_reload *r = &s->out->at[i];

		if (r->subsystem != s->subsystem || r->list != list ||
		    !(*actions_of(s, r) & s->action))
			continue;
		*actions_of(s, r) &= ~s->action;
		s->takes = true;
	}
}

static void apply_token(struct scan *s, struct rule *rule, const struct token *t, bool certain)
{
	unsigned int *final = &s->out->final[s->subsystem][s->kept];
	enum udev_list list = list_of(t);
	bool run = list == UDEV_LIST_RUN;

	if (run && *final & s->action)
		return;
	if (runs(t, rule) && t->assigns && certain && list)
		empty_list(s, list);
	if (run && t->final && certain) {
		*final |= s->action;
		s->takes = true;
	}
	if (runs(t, rule) && names_loader(t->value))
		mark(s, rule, list);
}

/* One that applies, for @certain or perhaps. Of one rule, udev does RUN{builtin} before RUN. */
static void apply_rule(struct scan *s, struct rule *rule, bool certain)
{
	for (const struct token *t = rule->tokens; t; t = t->next)
		if (!strcmp(t->attribute, "builtin"))
			apply_token(s, rule, t, certain);
	for (const struct token *t = rule->tokens; t; t = t->next)
		if (strcmp(t->attribute, "builtin"))
			apply_token(s, rule, t, certain);
}

static void follow(struct scan *s, const char *action)
{
	struct event e = { action, subsystems[s->subsystem], devices[s->subsystem],
			   s->kept ? "1" : "0", s->out->arch };
	unsigned int met = 0;	/* the line at which all ways that may be gone have met again */

	for (struct rule *r = s->rules; r; r = r->next)
		r->reached = r == s->rules;
	for (struct rule *r = s->rules; r; r = r->next) {
		enum match match = r->reached ? match_rule(r, &e) : MATCH_NO;
		enum match applies = r->line < met ? less_certain(MATCH_MAYBE, match) : match;

		if (applies)
			apply_rule(s, r, applies == MATCH_YES);
		if (applies && r->target) {
			r->target->reached = true;
			met = r->target->line > met ? r->target->line : met;
		}
		if (r->next && r->reached && !(r->target && match == MATCH_YES))
			r->next->reached = true;
	}
}

static void drop_emptied(struct udev_reloads *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		if (out->at[i].actions | out->at[i].ungated)
			out->at[n++] = out->at[i];
	out->n = n;
}

bool udev_scan(struct arena *arena, const char *file, const char *text, struct udev_reloads *out)
{
	struct scan s = {
		.arena = arena,
		.file = file,
		.rules = parse_file(arena, text),
		.out = out,
	};

	for (unsigned int subsystem = UDEV_CPU; subsystem <= UDEV_MEMORY; subsystem++)
		for (unsigned int action = 0; action < ARRAY_SIZE(actions); action++)
			for (unsigned int kept = 0; kept <= 1; kept++) {
				s.subsystem = subsystem;
				s.action = 1u << action;
				s.kept = kept;
				follow(&s, actions[action]);
			}
	drop_emptied(out);
	return s.takes || names_loader(text);
}

unsigned int udev_actions(const struct udev_reloads *r, enum udev_subsystem subsystem)
{
	unsigned int all = 0;

	for (size_t i = 0; i < r->n; i++)
		all |= r->at[i].subsystem == subsystem ? r->at[i].actions : 0;
	return all;
}

/* --- files --- */

struct rules_file {
	const char *name;		/* without the directory; what udev sorts by */
	const char *directory;
};

struct rules_files {
	struct rules_file *at;
	size_t n;
};

static bool is_hidden(const struct rules_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(files->at[i].name, name))
			return true;
	return false;
}

static int add_directory(const struct sysroot *sr, struct arena *a, const char *directory,
			 struct rules_files *files)
{
	struct sysroot_list list;
	int rc = sysroot_list(sr, directory, a, &list);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	files->at = mem_resize(files->at, files->n + list.n, sizeof(*files->at));
	for (size_t i = 0; i < list.n; i++) {
		const char *dot = strrchr(list.at[i].name, '.');

		if (dot && !strcmp(dot, ".rules") && !is_hidden(files, list.at[i].name))
			files->at[files->n++] = (struct rules_file){
				list.at[i].name, directory,
			};
	}
	sysroot_list_free(&list);
	return 0;
}

static int udev_by_name(const void *a, const void *b)
{
	return strcmp(((const struct rules_file *)a)->name, ((const struct rules_file *)b)->name);
}

/* What is no regular file, as a link to /dev/null, only hides others of its name. */
static int read_rules(const struct sysroot *sr, struct arena *a, const struct rules_file *f,
		      struct udev_reloads *out)
{
	const struct sysroot plain = { .root = sr->root };
	STRING_AUTO path = mem_printf("%s/%s", f->directory, f->name);
	STRING_AUTO shown = mem_printf("/%s", path);
	BUF_AUTO text = {0};
	int rc = sysroot_read(&plain, path, &text);

	out->unread += rc == -EACCES;
	if (rc == -ENOENT || rc == -EINVAL || rc == -EACCES)
		fail_forget();
	if (rc < 0)
		return rc == -ENOENT || rc == -EINVAL || rc == -EACCES ? 0 : rc;
	if (!text.len ||
	    !udev_scan(a, arena_string(a, shown, strlen(shown)), (char *)text.data, out))
		return 0;
	return sr->copy ? sysroot_record(sr, path, text.data, text.len) : 0;
}

int udev_read(const struct sysroot *sr, struct arena *arena, const char *arch,
	      struct udev_reloads *out)
{
	static const char *const directories[] = {
		UDEV_RULES_ETC, UDEV_RULES_RUN, UDEV_RULES_LOCAL, UDEV_RULES_USR, UDEV_RULES_LIB,
	};
	struct rules_files files = {0};
	int rc = 0;

	*out = (struct udev_reloads){ .arch = arch };
	for (size_t i = 0; i < ARRAY_SIZE(directories) && rc >= 0; i++)
		rc = add_directory(sr, arena, directories[i], &files);
	if (files.n)
		qsort(files.at, files.n, sizeof(*files.at), udev_by_name);
	for (size_t i = 0; i < files.n && rc >= 0; i++)
		rc = read_rules(sr, arena, &files.at[i], out);
	free(files.at);
	return rc;
}
