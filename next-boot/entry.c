// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/bytes.h"
#include "common/file.h"
#include "kexec/format/format.h"
#include "next-boot/entry.h"
#include "next-boot/version.h"

#define ENTRIES_MAX	4096

struct entry *entries_add(struct entries *all, enum entry_type type, const struct place *p,
			  const char *id)
{
	all->at = mem_resize(all->at, all->n + 1, sizeof(*all->at));
	all->at[all->n] = (struct entry){
		.type = type, .place = *p, .id = id, .left = ENTRY_NOT_COUNTED,
		.done = ENTRY_NOT_COUNTED, .menu = -1,
	};
	return &all->at[all->n++];
}

void entries_free(struct entries *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->at[i].initrd.at);
	free(all->at);
	*all = (struct entries){0};
}

const char *entry_image(const struct entry *e)
{
	return e->kernel ? e->kernel : e->uki ? e->uki : e->efi;
}

/* --- names --- */

static bool entry_ends(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && !strcasecmp(name + len - n, suffix);
}

/* Digits, and a number; where they end. NULL: they are none. */
static const char *entry_counter(const char *s, int *value)
{
	size_t n = strspn(s, "0123456789");
	unsigned long v = n && n < 19 ? strtoul(s, NULL, 10) : ~0ul;

	*value = v <= INT_MAX ? (int)v : ENTRY_NOT_COUNTED;
	return v <= INT_MAX ? s + n : NULL;
}

const char *entry_id(struct arena *arena, const char *file, int *left, int *done)
{
	const char *suffix = strrchr(file, '.'), *plus = suffix, *end;
	int l, d = ENTRY_NOT_COUNTED;

	*left = *done = ENTRY_NOT_COUNTED;
	while (plus && plus > file && *plus != '+')
		plus--;
	if (!plus || *plus != '+')
		return arena_string(arena, file, strlen(file));
	end = entry_counter(plus + 1, &l);
	if (end && *end == '-')
		end = entry_counter(end + 1, &d);
	if (!end || end != suffix)
		return arena_string(arena, file, strlen(file));
	*left = l;
	*done = d;
	return arena_printf(arena, "%.*s%s", (int)(plus - file), file, suffix);
}

/* --- lines --- */

static char *entry_trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		s[--n] = 0;
	return s;
}

bool entry_line(char **text, char **key, char **value)
{
	while (**text) {
		char *line = *text, *end = line + strcspn(line, "\n");

		*text = end + (*end == '\n');
		*end = 0;
		*key = entry_trim(line);
		if (!**key || **key == '#')
			continue;
		*value = *key + strcspn(*key, " \t");
		if (**value)
			*(*value)++ = 0;
		*value = entry_trim(*value);
		return true;
	}
	return false;
}

void entry_words(struct arena *arena, const char *text, struct names *out)
{
	*out = (struct names){0};
	for (size_t n; *(text += strspn(text, " \t")); text += n) {
		n = strcspn(text, " \t");
		out->at = mem_resize(out->at, out->n + 1, sizeof(*out->at));
		out->at[out->n++] = arena_string(arena, text, n);
	}
}

/* --- type 1 --- */

static const char *entry_joined(struct arena *arena, const char *before, const char *more)
{
	return before ? arena_printf(arena, "%s %s", before, more) :
			arena_string(arena, more, strlen(more));
}

static void entry_add_initrd(struct arena *arena, struct entry *e, const char *path)
{
	e->initrd.at = mem_resize(e->initrd.at, e->initrd.n + 1, sizeof(*e->initrd.at));
	e->initrd.at[e->initrd.n++] = arena_string(arena, path, strlen(path));
}

/* Keys that we do not know are for others. The last one counts, but for what can be repeated. */
static void entry_take(struct arena *arena, struct entry *e, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **where;
	} keys[] = {
		{ "title", &e->title }, { "version", &e->version },
		{ "machine-id", &e->machine_id }, { "sort-key", &e->sort_key },
		{ "architecture", &e->architecture }, { "linux", &e->kernel },
		{ "efi", &e->efi }, { "uki", &e->uki }, { "profile", &e->profile },
		{ "devicetree", &e->devicetree },
	};

	if (!*value)
		return;
	if (!strcmp(key, "options"))
		e->options = entry_joined(arena, e->options, value);
	if (!strcmp(key, "initrd"))
		entry_add_initrd(arena, e, value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(key, keys[i].key))
			*keys[i].where = arena_string(arena, value, strlen(value));
}

static const char *entry_path_name(struct tree *t, const struct place *p, const char *directory,
				   const char *name)
{
	return arena_printf(&t->arena, "%s/%s/%s", strcmp(p->name, "/") ? p->name : "", directory,
			    name);
}

static int entry_read_type1(struct tree *t, const struct place *p, const char *name,
			    struct entries *all)
{
	STRING_AUTO path = mem_printf(LOADER_ENTRIES "/%s", name);
	BUF_AUTO text = {0};
	char *rest, *key, *value;
	struct entry *e;
	int left, done, rc = place_text(t, p, path, &text);

	if (rc < 0 && rc != -ENOENT)
		notice("left out: %s", fail_text());
	if (rc < 0) {
		fail_forget();
		return 0;
	}
	e = entries_add(all, ENTRY_TYPE1, p, entry_id(&t->arena, name, &left, &done));
	e->left = left;
	e->done = done;
	e->path = entry_path_name(t, p, LOADER_ENTRIES, name);
	rest = text.len ? (char *)text.data : (char[]){ 0 };
	while (entry_line(&rest, &key, &value))
		entry_take(&t->arena, e, key, value);
	return 0;
}

/* --- type 2 --- */

#define UKI_TEXT_MAX	(64 * 1024)

static char *entry_uki_text(struct tree *t, const struct file *f, const char *section)
{
	struct payload p;
	char *data, *text = NULL;

	if (pe_find(f, section, &p) < 0 || !p.size || p.size > UKI_TEXT_MAX) {
		fail_forget();
		return NULL;
	}
	data = mem_alloc(p.size + 1);
	if (file_peek(f, p.offset, data, p.size))
		text = arena_string(&t->arena, data, strlen(data));
	free(data);
	return text;
}

/* os-release(5), without the quotes of a shell. NULL: it does not say, or says nothing. */
static const char *entry_release(struct arena *arena, const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *value = text + len + 1;
		char *out, *to;

		if (strncmp(text, name, len) || text[len] != '=')
			continue;
		out = to = arena_string(arena, value, strcspn(value, "\n"));
		for (const char *from = out; *from; from++)
			if (*from == '\\' && from[1])
				*to++ = *++from;
			else if (*from != '"' && *from != '\'')
				*to++ = *from;
		*to = 0;
		out = entry_trim(out);
		found = *out ? out : NULL;
	}
	return found;
}

static const char *entry_first_release(struct arena *arena, const char *text,
				       const char *const *names)
{
	const char *value = NULL;

	while (*names && !value)
		value = entry_release(arena, text, *names++);
	return value;
}

/* What the specification makes of the os-release of a unified kernel image. */
static void entry_describe_uki(struct tree *t, struct entry *e, const struct file *f,
			       const char *release)
{
	static const char *const titles[] = { "PRETTY_NAME", "IMAGE_ID", "NAME", "ID", NULL };
	static const char *const versions[] = { "IMAGE_VERSION", "VERSION", "VERSION_ID",
						"BUILD_ID", NULL };
	static const char *const keys[] = { "IMAGE_ID", "ID", NULL };
	char *options = entry_uki_text(t, f, ".cmdline");

	e->title = entry_first_release(&t->arena, release, titles);
	e->version = entry_first_release(&t->arena, release, versions);
	e->sort_key = entry_first_release(&t->arena, release, keys);
	e->options = options ? entry_trim(options) : NULL;
}

static int entry_read_type2(struct tree *t, const struct place *p, const char *name,
			    struct entries *all)
{
	const char *path = arena_printf(&t->arena, "/" EFI_LINUX "/%s", name), *real, *release;
	struct entry *e;
	struct file f;
	int left, done, rc = place_find(t, p, path, &real);

	if (rc >= 0)
		rc = file_open(&f, real);
	if (rc < 0) {
		notice("left out: %s", fail_text());
		fail_forget();
		return 0;
	}
	release = entry_uki_text(t, &f, ".osrel");
	if (release && pe_is_uki(&f)) {
		e = entries_add(all, ENTRY_TYPE2, p, entry_id(&t->arena, name, &left, &done));
		e->left = left;
		e->done = done;
		e->uki = path;
		e->path = entry_path_name(t, p, EFI_LINUX, name);
		entry_describe_uki(t, e, &f, release);
		if (!e->title) {
			notice("left out: %s: its os-release has no name", real);
			all->n--;
		}
	} else {
		notice("left out: %s: is no unified kernel image", real);
	}
	file_close(&f);
	return 0;
}

/* --- all of a place: whatever a file is called, systemd-boot shows it (bootctl(1) does not) --- */

static int entries_read_directory(struct tree *t, const struct place *p, const char *directory,
				  const char *suffix,
				  int (*read_one)(struct tree *t, const struct place *p,
						  const char *name, struct entries *all),
				  struct entries *all)
{
	struct names names;
	int rc = place_list(t, p, directory, &names);

	for (size_t i = 0; i < names.n && rc >= 0; i++) {
		if (!entry_ends(names.at[i], suffix))
			continue;
		if (all->n == ENTRIES_MAX)
			rc = fail(E2BIG, "%s/%s: has more than %d entries", p->name, directory,
				  ENTRIES_MAX);
		else
			rc = read_one(t, p, names.at[i], all);
	}
	free(names.at);
	return rc;
}

int entries_read(struct tree *t, const struct place *p, struct entries *all)
{
	int rc = entries_read_directory(t, p, LOADER_ENTRIES, ".conf", entry_read_type1, all);

	return rc < 0 ? rc :
	       entries_read_directory(t, p, EFI_LINUX, ".efi", entry_read_type2, all);
}

/* --- kernels in /boot --- */

static const char *entry_kernel_version(const char *name)
{
	static const char *const kinds[] = { "vmlinuz-", "vmlinux-", "Image-", "image-" };

	if (entry_ends(name, ".old") || entry_ends(name, ".sig") || strstr(name, ".dpkg-"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i])) && name[strlen(kinds[i])])
			return name + strlen(kinds[i]);
	return NULL;
}

static void entry_find_initrd(struct tree *t, const struct place *whole, struct entry *e)
{
	static const char *const names[][2] = {
		{ "initrd.img-", "" }, { "initramfs-", ".img" }, { "initrd-", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names) && !e->initrd.n; i++) {
		STRING_AUTO path = mem_printf("/boot/%s%s%s", names[i][0], e->version,
					      names[i][1]);

		if (place_has(whole, path))
			entry_add_initrd(&t->arena, e, path);
	}
}

static void entry_add_kernel(struct tree *t, const char *path, const char *id, const char *version,
			     struct entries *all)
{
	struct place whole = tree_whole(t);
	struct entry *e = entries_add(all, ENTRY_KERNEL, &whole, id);

	e->path = e->kernel = path;
	e->version = version;
	entry_find_initrd(t, &whole, e);
}

static bool entry_has_version(const struct entries *all, const char *version)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].type == ENTRY_KERNEL && !strcmp(all->at[i].version, version))
			return true;
	return false;
}

/* Where no boot loader looks, but some distributions keep the only copy. */
static int entries_read_modules(struct tree *t, struct entries *all)
{
	static const char *const names[] = { "vmlinuz", "vmlinux", "Image", "image" };
	struct place whole = tree_whole(t);
	struct names versions;
	int rc = place_list(t, &whole, MODULES, &versions);

	for (size_t i = 0; i < versions.n && all->n < ENTRIES_MAX; i++)
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			const char *path = arena_printf(&t->arena, MODULES "/%s/%s",
							versions.at[i], names[j]);

			if (!entry_has_version(all, versions.at[i]) && place_has(&whole, path))
				entry_add_kernel(t, path,
						 arena_printf(&t->arena, "%s-%s", names[j],
							      versions.at[i]),
						 versions.at[i], all);
		}
	free(versions.at);
	return rc;
}

int entries_read_kernels(struct tree *t, struct entries *all)
{
	struct place whole = tree_whole(t);
	struct names names;
	int rc = place_list(t, &whole, "/boot", &names);

	for (size_t i = 0; i < names.n && all->n < ENTRIES_MAX; i++) {
		const char *version = entry_kernel_version(names.at[i]);

		if (version)
			entry_add_kernel(t, arena_printf(&t->arena, "/boot/%s", names.at[i]),
					 names.at[i], version, all);
	}
	free(names.at);
	return rc < 0 ? rc : entries_read_modules(t, all);
}

/* --- their order --- */

static int entry_order(int a, int b)
{
	return (a > b) - (a < b);
}

/* Who is not counted has more than anybody. */
static int entry_tries(int n)
{
	return n == ENTRY_NOT_COUNTED ? INT_MAX : n;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
	int r = entry_order(!a->left, !b->left);

	if (!r)
		r = entry_order(!a->sort_key, !b->sort_key);
	if (!r && a->sort_key) {
		r = strcmp(a->sort_key, b->sort_key);
		if (!r)
			r = strcmp(a->machine_id ? a->machine_id : "",
				   b->machine_id ? b->machine_id : "");
		if (!r)
			r = version_compare(b->version, a->version);
	}
	if (!r)
		r = version_compare(b->id, a->id);
	if (!r)
		r = entry_order(entry_tries(b->left), entry_tries(a->left));
	return r ? r : entry_order(entry_tries(a->done), entry_tries(b->done));
}

static int entry_by_key(const void *a, const void *b)
{
	int r = entry_compare(a, b);

	return r ? r : strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static int entry_by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = version_compare(y->id, x->id);

	return r ? r : strcmp(x->path, y->path);
}

void entries_sort(struct entries *all, bool by_name)
{
	if (all->n)
		qsort(all->at, all->n, sizeof(*all->at), by_name ? entry_by_name : entry_by_key);
}
