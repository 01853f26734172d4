// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/bytes.h"
#include "next-boot/loader.h"

/* --- EFI variables: four bytes of attributes, then UTF-16 --- */

#define EFI_ATTRIBUTES	4

static void efi_add_character(struct buf *out, uint32_t c)
{
	uint8_t s[4] = { (uint8_t)c };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (uint8_t)(0x80 | (c & 0x3f));
	if (n > 1)
		s[0] = (uint8_t)(0xf00 >> n | c);
	buf_add(out, s, n);
}

/* UTF-8 of what is there, a string for each NUL in it; a lone surrogate is U+FFFD. */
static void efi_text(const uint8_t *data, size_t len, struct buf *out)
{
	for (size_t i = 0; i + 2 <= len; i += 2) {
		uint32_t c = le16_get(data + i), low = i + 4 <= len ? le16_get(data + i + 2) : 0;

		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		efi_add_character(out, c);
	}
	buf_add(out, "", 1);
}

/* All strings of a variable of the boot loader's, one after the other; n is 0: there is none. */
static int efi_variable(struct tree *t, const char *name, struct names *out)
{
	STRING_AUTO path = mem_printf(EFI_VARIABLES "/%s-" LOADER_VENDOR, name);
	struct place whole = tree_whole(t);
	BUF_AUTO raw = {0};
	BUF_AUTO text = {0};
	int rc = place_text(t, &whole, path, &raw);

	*out = (struct names){0};
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (raw.len > EFI_ATTRIBUTES)
		efi_text(raw.data + EFI_ATTRIBUTES, raw.len - EFI_ATTRIBUTES, &text);
	for (size_t at = 0, n; at < text.len; at += n + 1) {
		const char *s = (const char *)text.data + at;

		n = strlen(s);
		if (!n)
			continue;
		out->at = mem_resize(out->at, out->n + 1, sizeof(*out->at));
		out->at[out->n++] = arena_string(&t->arena, s, n);
	}
	return 0;
}

/* The one string of a variable, or NULL. */
static int efi_string(struct tree *t, const char *name, const char **out)
{
	struct names names;
	int rc = efi_variable(t, name, &names);

	*out = names.n ? names.at[0] : NULL;
	free(names.at);
	return rc;
}

/* --- which loader --- */

/* In the order of bootctl(1), --esp-path. 0: there is none that has @what. */
static int loader_find_esp(struct tree *t, struct loader *l, const char *what)
{
	static const char *const paths[] = { "/efi", "/boot", "/boot/efi" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int rc = tree_place(t, paths[i], &l->esp);

		if (rc >= 0 && place_has(&l->esp, what))
			return 1;
		if (rc >= 0)
			close(l->esp.fd);
		l->esp.fd = -1;
		if (rc < 0 && rc != -ENOENT)
			return rc;
	}
	return 0;
}

/* An extended boot loader partition can have EFI/Linux, but no boot loader. */
static int loader_find_places(struct tree *t, struct loader *l)
{
	static const char *const signs[] = { EFI_SYSTEMD, "EFI/BOOT", "EFI" };
	int rc = 0;

	l->esp.fd = l->boot.fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(signs) && !rc; i++)
		rc = loader_find_esp(t, l, signs[i]);
	if (rc < 0 || (rc && !strcmp(l->esp.name, "/boot")))
		return rc;
	rc = tree_place(t, "/boot", &l->boot);
	l->boot.fd = rc < 0 ? -1 : l->boot.fd;
	return rc == -ENOENT ? 0 : rc;
}

static bool loader_has(const struct entries *all, enum entry_type type)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].type == type)
			return true;
	return false;
}

static bool loader_has_blue_entries(const struct entries *all)
{
	return loader_has(all, ENTRY_TYPE1) || loader_has(all, ENTRY_TYPE2);
}

static enum loader_kind loader_grub_kind(const struct loader *l, const struct entries *all)
{
	bool bls = loader_has(all, ENTRY_TYPE1) && (l->grub.blscfg || !l->grub.config);

	return bls ? LOADER_GRUB_BLS : l->grub.config ? LOADER_GRUB : LOADER_LINKS;
}

/*
 * What the running system was booted by says so itself; GRUB since 2.12, and only with its module
 * bli. Where UEFI's variables can be read and it does not, it is none of those that always do.
 */
static int loader_recognise(struct tree *t, struct loader *l, const struct entries *all)
{
	struct place whole = tree_whole(t);
	bool variables = place_has(&whole, EFI_VARIABLES "/.");
	bool installed = l->esp.fd >= 0 && place_has(&l->esp, EFI_SYSTEMD);
	const char *info;
	int rc = efi_string(t, "LoaderInfo", &info);

	if (rc < 0)
		return rc;
	if (info && strncasecmp(info, "GRUB", 4)) {
		l->kind = LOADER_SPECIFICATION;
		l->name = arena_printf(&t->arena, "%s (says LoaderInfo)", info);
	} else if (info || (l->grub.config && (variables || !installed))) {
		l->kind = loader_grub_kind(l, all);
		l->name = info ? arena_printf(&t->arena, "%s (says LoaderInfo)", info) :
				 arena_printf(&t->arena, "GRUB (there is %s)", l->grub.config);
	} else if (loader_has_blue_entries(all)) {
		l->kind = LOADER_SPECIFICATION;
		l->name = installed ? "systemd-boot (it is installed)" :
				      "one of the Boot Loader Specification (it has entries)";
	} else {
		l->kind = LOADER_LINKS;
	}
	if (l->kind == LOADER_LINKS)
		l->name = "not known";
	return 0;
}

static bool loader_shows(const struct loader *l, const struct entry *e)
{
	switch (l->kind) {
	case LOADER_SPECIFICATION: return e->type == ENTRY_TYPE1 || e->type == ENTRY_TYPE2;
	case LOADER_GRUB_BLS:
		return e->type == ENTRY_TYPE1 || e->type == ENTRY_GRUB;
	case LOADER_GRUB: return e->type == ENTRY_GRUB;
	case LOADER_LINKS: return e->type == ENTRY_KERNEL;
	}
	return false;
}

/* GRUB has variables in what an entry says, and several initrds in a line. */
static void loader_expand(struct tree *t, const struct loader *l, struct entry *e)
{
	const char *id = e->id;
	BUF_AUTO all = {0};

	for (size_t i = 0; i < e->initrd.n; i++)
		buf_printf(&all, "%s ",
			   grub_expand(&t->arena, &l->grub, e->initrd.at[i], &e->doubt));
	free(e->initrd.at);
	entry_words(&t->arena, all.len ? (char *)all.data : "", &e->initrd);
	if (e->options)
		e->options = grub_expand(&t->arena, &l->grub, e->options, &e->doubt);
	/* ... and calls it by its name without the suffix. */
	e->id = arena_string(&t->arena, id, strlen(id) - strlen(".conf"));
}

/* After those of type 1, where blscfg is in what grub-mkconfig(8) writes. */
static void loader_put_menu_last(struct entries *all)
{
	struct entry *menu;
	size_t n = 0;

	while (n < all->n && all->at[n].type == ENTRY_GRUB)
		n++;
	menu = mem_resize(NULL, n, sizeof(*menu));
	memcpy(menu, all->at, n * sizeof(*menu));
	all->n -= n;
	memmove(all->at, all->at + n, all->n * sizeof(*all->at));
	entries_sort(all, true);
	for (size_t i = 0; i < n; i++)
		menu[i].menu += menu[i].menu >= 0 ? (int)all->n : 0;
	memcpy(all->at + all->n, menu, n * sizeof(*menu));
	all->n += n;
	free(menu);
}

/* GRUB's own entries stay as they were in its menu, which are indexes of each other. */
static void loader_keep_shown(struct tree *t, const struct loader *l, struct entries *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct entry *e = &all->at[i];

		if (!loader_shows(l, e)) {
			free(e->initrd.at);
			continue;
		}
		if (e->type == ENTRY_TYPE1 && l->kind == LOADER_GRUB_BLS)
			loader_expand(t, l, e);
		all->at[n++] = *e;
	}
	all->n = n;
	if (l->kind == LOADER_GRUB_BLS)
		loader_put_menu_last(all);
	else if (l->kind != LOADER_GRUB)
		entries_sort(all, l->kind != LOADER_SPECIFICATION);
}

static const char *loader_machine(struct tree *t)
{
	static const char *const names[][2] = {
		{ "x86_64", "x64" }, { "aarch64", "aa64" }, { "riscv64", "riscv64" },
		{ "loongarch64", "loongarch64" },
	};
	struct place whole = tree_whole(t);
	BUF_AUTO text = {0};
	struct utsname uts;
	const char *arch;
	int rc = place_text(t, &whole, TREE_ARCH, &text);

	fail_forget();
	uname(&uts);
	arch = rc >= 0 && text.len ? strtok((char *)text.data, "\n") : uts.machine;
	for (size_t i = 0; arch && i < ARRAY_SIZE(names); i++)
		if (!strcmp(arch, names[i][0]))
			return names[i][1];
	return NULL;
}

/* The menu first: its entries refer to each other by where they are. */
static int loader_read_all(struct tree *t, struct loader *l, struct entries *all)
{
	int rc = grub_read(t, &l->grub, all);

	if (rc >= 0 && l->esp.fd >= 0)
		rc = entries_read(t, &l->esp, all);
	if (rc >= 0 && l->boot.fd >= 0)
		rc = entries_read(t, &l->boot, all);
	return rc < 0 ? rc : entries_read_kernels(t, all);
}

int loader_read(struct tree *t, struct loader *l, struct entries *all)
{
	int rc;

	*l = (struct loader){0};
	*all = (struct entries){0};
	l->machine = loader_machine(t);
	rc = loader_find_places(t, l);
	if (rc >= 0)
		rc = loader_read_all(t, l, all);
	if (rc >= 0)
		rc = loader_recognise(t, l, all);
	if (rc >= 0)
		loader_keep_shown(t, l, all);
	return rc;
}

void loader_free(struct loader *l)
{
	grub_free(&l->grub);
	if (l->esp.fd >= 0)
		close(l->esp.fd);
	if (l->boot.fd >= 0)
		close(l->boot.fd);
}

/* --- what an entry names --- */

/*
 * A path of GRUB's begins where its file system does, which is /boot's, the ESP or not, or can be a
 * snapshot that has it: "/@/boot/…". Where its script or an entry is, there is one of the two.
 */
int loader_find(struct tree *t, const struct loader *l, const struct entry *e, const char *path,
		const char **found)
{
	struct place whole = tree_whole(t);
	const char *below = strstr(path, "/boot/");
	int rc;

	if (e->type == ENTRY_KERNEL || l->kind == LOADER_SPECIFICATION)
		return place_find(t, &e->place, path, found);
	rc = place_find(t, l->boot.fd >= 0 ? &l->boot : &l->esp, path, found);
	if (rc < 0 && e->type == ENTRY_TYPE1)
		rc = place_find(t, &e->place, path, found);
	return rc < 0 && below ? place_find(t, &whole, below, found) : rc;
}

/* Of systemd-boot's menu: what is for another machine, or has no file, is not in it. */
static bool loader_can_start(struct tree *t, const struct loader *l, const struct entry *e)
{
	const char *image = entry_image(e), *found;
	int rc;

	if (!image || !strncmp(e->id, "auto-", 5))
		return false;
	if (e->architecture && l->machine && strcasecmp(e->architecture, l->machine))
		return false;
	rc = place_find(t, &e->place, image, &found);
	fail_forget();
	return rc >= 0;
}

/* --- what systemd-boot would start --- */

struct loader_settings {
	const char *preferred, *fixed;			/* loader.conf */
	const char *once, *preferred_now, *now, *last;	/* EFI variables */
	struct names known;	/* what the boot loader found, firmware's own things too */
};

static int loader_read_conf(struct tree *t, const struct loader *l, struct loader_settings *s)
{
	BUF_AUTO text = {0};
	char *rest, *key, *value;
	int rc = l->esp.fd >= 0 ? place_text(t, &l->esp, LOADER_CONF, &text) :
		 l->boot.fd >= 0 ? place_text(t, &l->boot, LOADER_CONF, &text) : -ENOENT;

	rest = rc >= 0 ? (char *)text.data : (char[]){ 0 };
	while (entry_line(&rest, &key, &value)) {
		if (!strcmp(key, "default") && *value)
			s->fixed = arena_string(&t->arena, value, strlen(value));
		if (!strcmp(key, "preferred") && *value)
			s->preferred = arena_string(&t->arena, value, strlen(value));
	}
	return rc == -ENOENT ? 0 : rc;
}

static int loader_read_settings(struct tree *t, const struct loader *l, struct loader_settings *s)
{
	int rc;

	*s = (struct loader_settings){0};
	rc = loader_read_conf(t, l, s);
	if (rc >= 0)
		rc = efi_string(t, "LoaderEntryOneShot", &s->once);
	if (rc >= 0)
		rc = efi_string(t, "LoaderEntryPreferred", &s->preferred_now);
	if (rc >= 0)
		rc = efi_string(t, "LoaderEntryDefault", &s->now);
	if (rc >= 0)
		rc = efi_string(t, "LoaderEntryLastBooted", &s->last);
	return rc < 0 ? rc : efi_variable(t, "LoaderEntries", &s->known);
}

/* systemd-boot's patterns are those of glob(7), in either case. */
static bool loader_matches(const char *pattern, const char *id)
{
	return !fnmatch(pattern, id, FNM_CASEFOLD);
}

/* "image.efi@profile", of an image that is there: kexec(8) loads what all profiles share. */
static int loader_refuse_profile(struct tree *t, const struct entries *all, const char *pattern)
{
	const char *at = strrchr(pattern, '@'), *image;

	image = at ? arena_string(&t->arena, pattern, (size_t)(at - pattern)) : "";
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].type == ENTRY_TYPE2 && loader_matches(image, all->at[i].id))
			return fail(EINVAL,
				    "the boot loader would start %s, one of the profiles of a"
				    " unified kernel image, which cannot be loaded",
				    pattern);
	return -ENOENT;
}

/*
 * The first that @pattern matches. -ENOENT: none; -EINVAL with a message: what is no kernel, but
 * would be started.
 */
static int loader_match(struct tree *t, const struct loader *l, const struct entries *all,
			const struct loader_settings *s, const char *pattern, bool good,
			const struct entry **out)
{
	for (size_t i = 0; i < all->n; i++) {
		*out = &all->at[i];
		if (loader_matches(pattern, (*out)->id) && (!good || (*out)->left) &&
		    loader_can_start(t, l, *out))
			return 0;
	}
	for (size_t i = 0; i < s->known.n; i++)
		if (!strncmp(s->known.at[i], "auto-", 5) && loader_matches(pattern, s->known.at[i]))
			return fail(EINVAL,
				    "the boot loader would start %s, which is no kernel of Linux;"
				    " --entry=NAME loads another entry",
				    s->known.at[i]);
	return loader_refuse_profile(t, all, pattern);
}

static int loader_choose_first(struct tree *t, const struct loader *l, const struct entries *all,
			       struct choice *out)
{
	for (size_t i = 0; i < all->n; i++)
		if (loader_can_start(t, l, &all->at[i])) {
			*out = (struct choice){ &all->at[i], "the first one", NULL };
			return 0;
		}
	return fail(ENOENT, "no entry of the boot loader can be started: see kdump-load --list");
}

/* In the order in which they count; what matches nothing is passed. */
static int loader_choose_by(struct tree *t, const struct loader *l, const struct entries *all,
			    const struct loader_settings *s, struct choice *out)
{
	bool saved = s->now ? !strcasecmp(s->now, "@saved") :
			      s->fixed && !strcasecmp(s->fixed, "@saved");
	const struct {
		const char *pattern, *why;
		bool good;
	} ways[] = {
		{ s->once, "LoaderEntryOneShot, for one boot", false },
		{ s->preferred_now, "LoaderEntryPreferred", true },
		{ s->preferred, "preferred in loader.conf", true },
		{ saved ? s->last : NULL, "LoaderEntryLastBooted: the default is @saved", false },
		{ s->now, "LoaderEntryDefault", false },
		{ s->fixed, "default in loader.conf", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int rc = ways[i].pattern ? loader_match(t, l, all, s, ways[i].pattern,
							ways[i].good, &out->entry) : -ENOENT;

		if (rc == -EINVAL)
			return rc;
		if (rc < 0)
			continue;
		out->why = ways[i].why;
		out->note = i ? NULL : "it stays set: the boot loader starts that entry, too";
		return 0;
	}
	return loader_choose_first(t, l, all, out);
}

static int loader_choose_specified(struct tree *t, const struct loader *l,
				   const struct entries *all, struct choice *out)
{
	struct loader_settings s;
	int rc = loader_read_settings(t, l, &s);

	if (rc >= 0)
		rc = loader_choose_by(t, l, all, &s, out);
	free(s.known.at);
	return rc;
}

/* --- the others --- */

/* GRUB calls entries by their names without the suffix. */
static const struct entry *loader_named(const struct entries *all, const char *name)
{
	for (size_t i = 0; name && i < all->n; i++) {
		size_t n = strlen(all->at[i].id);

		if (!strncmp(all->at[i].id, name, n) && (!name[n] || !strcmp(name + n, ".conf")))
			return &all->at[i];
	}
	return NULL;
}

/* A GRUB without a script does as the specification of the boot loader's interface has it. */
static int loader_choose_by_variables(struct tree *t, const struct entries *all, struct choice *out)
{
	const char *once, *now;
	int rc = efi_string(t, "LoaderEntryOneShot", &once);

	if (rc >= 0)
		rc = efi_string(t, "LoaderEntryDefault", &now);
	if (rc < 0)
		return rc;
	out->entry = loader_named(all, once);
	out->why = "LoaderEntryOneShot, for one boot";
	out->note = "it stays set: the boot loader starts that entry, too";
	if (out->entry)
		return 0;
	out->entry = loader_named(all, now);
	out->why = "LoaderEntryDefault";
	out->note = NULL;
	return 0;
}

static int loader_choose_of_menu(struct tree *t, const struct loader *l, const struct entries *all,
				 struct choice *out)
{
	const char *wanted, *unsure;
	bool matches;
	int rc = grub_default(&l->grub, &wanted, &out->why);

	if (rc < 0)
		return rc;
	out->entry = grub_find(&l->grub, all, wanted, &matches, &unsure);
	if (l->grub.unread && !matches)
		return fail(EINVAL,
			    "%s: has no entry %s; it also reads %s, which cannot be known;"
			    " --entry=NAME loads an entry",
			    l->grub.config, wanted, l->grub.unread);
	if (unsure)
		return fail(EINVAL,
			    "%s: whether GRUB would start \"%s\" is decided by %s, of which"
			    " only GRUB knows what it is; --entry=NAME loads an entry",
			    l->grub.config, out->entry->title ? out->entry->title : out->entry->id,
			    unsure);
	if (!matches)
		out->why = arena_printf(&t->arena, "the first: %s, %s, is not in GRUB's menu",
					wanted, out->why);
	return 0;
}

static int loader_choose_grub(struct tree *t, const struct loader *l, const struct entries *all,
			      struct choice *out)
{
	int rc = l->grub.config ? 0 : loader_choose_by_variables(t, all, out);

	if (rc >= 0 && !out->entry)
		rc = loader_choose_of_menu(t, l, all, out);
	if (rc < 0)
		return rc;
	if (!out->entry)
		return fail(ENOENT, "%s has no entry in its menu", l->grub.config);
	if (!out->entry->kernel)
		return fail(ENOENT,
			    "GRUB would start \"%s\", which is no kernel of Linux; --entry=NAME"
			    " loads another entry",
			    out->entry->title ? out->entry->title : out->entry->id);
	return 0;
}

static const struct entry *loader_entry_of(struct tree *t, const struct entries *all,
					   const char *file)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *e = &all->at[i];
		const char *found;

		if (place_find(t, &e->place, e->kernel, &found) >= 0 && !strcmp(found, file))
			return e;
	}
	fail_forget();
	return NULL;
}

/* What the distribution's links name; else what is running. */
static int loader_choose_link(struct tree *t, const struct entries *all, struct choice *out)
{
	static const char *const links[] = { "/boot/vmlinuz", "/boot/vmlinux", "/boot/image",
					     "/boot/Image", "/vmlinuz", "/vmlinux" };
	struct place whole = tree_whole(t);
	BUF_AUTO text = {0};
	struct utsname uts;
	const char *found = NULL, *release;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (place_find(t, &whole, links[i], &found) < 0)
			continue;
		out->entry = loader_entry_of(t, all, found);
		out->why = arena_printf(&t->arena, "the link %s", links[i]);
		if (out->entry)
			return 0;
	}
	fail_forget();
	uname(&uts);
	release = place_text(t, &whole, TREE_RELEASE, &text) >= 0 && text.len ?
		strtok((char *)text.data, "\n") : uts.release;
	for (size_t i = 0; release && i < all->n; i++)
		if (!strcmp(all->at[i].version, release)) {
			*out = (struct choice){ &all->at[i],
						"the running version: there is no link that names"
						" another", NULL };
			return 0;
		}
	return fail(ENOENT, "no boot loader that is known, no link and no kernel of version %s"
		    " in /boot", release ? release : "that is running");
}

int loader_choose(struct tree *t, const struct loader *l, const struct entries *all,
		  struct choice *out)
{
	*out = (struct choice){0};
	switch (l->kind) {
	case LOADER_SPECIFICATION: return loader_choose_specified(t, l, all, out);
	case LOADER_LINKS: return loader_choose_link(t, all, out);
	default: return loader_choose_grub(t, l, all, out);
	}
}

int loader_choose_named(const struct entries *all, const char *name, struct choice *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *e = &all->at[i];
		const char *file = e->type == ENTRY_GRUB ? e->id : strrchr(e->path, '/') + 1;

		if (strcmp(e->id, name) && strcmp(file, name) &&
		    (!e->title || strcmp(e->title, name)))
			continue;
		*out = (struct choice){ e, "it was asked for", NULL };
		return entry_image(e) ? 0 :
		       fail(ENOENT, "%s: names no kernel", name);
	}
	return fail(ENOENT, "%s: there is no such entry; kdump-load --list shows those that there"
		    " are", name);
}
