// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Load what the boot loader would start next: kdump-load --next-boot is this program, and kexec(8)
 * does the loading. Nothing is written, no variable of UEFI's and no file.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "next-boot/show.h"

struct request {
	const char *root, *kexec, *entry;
	bool explain, list, json;
};

enum { REQUEST_ROOT = 1, REQUEST_KEXEC, REQUEST_ENTRY, REQUEST_EXPLAIN, REQUEST_LIST,
       REQUEST_JSON };

static const struct option options[] = {
	{ "root", required_argument, NULL, REQUEST_ROOT },
	{ "kexec", required_argument, NULL, REQUEST_KEXEC },
	{ "entry", required_argument, NULL, REQUEST_ENTRY },
	{ "explain", no_argument, NULL, REQUEST_EXPLAIN },
	{ "list", no_argument, NULL, REQUEST_LIST },
	{ "json", no_argument, NULL, REQUEST_JSON },
	{ 0 },
};

static int request_parse(struct request *r, int argc, char **argv)
{
	int key;

	*r = (struct request){ .root = "/", .kexec = "kexec" };
	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (key) {
		case REQUEST_ROOT: r->root = optarg; break;
		case REQUEST_KEXEC: r->kexec = optarg; break;
		case REQUEST_ENTRY: r->entry = optarg; break;
		case REQUEST_EXPLAIN: r->explain = true; break;
		case REQUEST_LIST: r->list = true; break;
		case REQUEST_JSON: r->json = true; break;
		default: return -EINVAL;
		}
	return optind < argc ? -EINVAL : 0;
}

static void add_argument(struct names *argv, const char *text)
{
	argv->at = mem_resize(argv->at, argv->n + 2, sizeof(*argv->at));
	argv->at[argv->n++] = text;
	argv->at[argv->n] = NULL;
}

/* An image has its own command line and initrd; of what has none, GRUB's menu or the entry says. */
static int add_parts(struct tree *t, const struct loader *l, const struct entry *e,
		     struct names *argv)
{
	const char *found;
	int rc;

	for (size_t i = 0; i < e->initrd.n; i++) {
		rc = loader_find(t, l, e, e->initrd.at[i], &found);
		if (rc < 0)
			return fail_in(rc, "initrd");
		add_argument(argv, arena_printf(&t->arena, "--initrd=%s", found));
	}
	if (e->type == ENTRY_KERNEL)
		add_argument(argv, "--reuse-cmdline");
	else if (e->kernel || (e->options && e->type == ENTRY_TYPE1))
		add_argument(argv, arena_printf(&t->arena, "--command-line=%s",
						e->options ? e->options : ""));
	rc = loader_find(t, l, e, entry_image(e), &found);
	if (rc < 0)
		return fail_in(rc, "kernel");
	add_argument(argv, found);
	return 0;
}

static void explain_entry(const struct request *r, const struct loader *l, const struct choice *c,
			  const char *const *arguments)
{
	text_print(stdout, "boot loader     %s\n", l->name);
	text_print(stdout, "entry           %s (%s)\n", c->entry->id, c->why);
	if (c->entry->title)
		text_print(stdout, "title           %s\n", c->entry->title);
	show_command(r->kexec, arguments, stdout);
	fputc('\n', stdout);
	fflush(stdout);
}

/* What starting it in this way leaves out. */
static void say_what_differs(const struct choice *c)
{
	const struct entry *e = c->entry;

	if (c->note)
		notice("%s: %s; %s", e->id, c->why, c->note);
	if (e->left >= 0)
		notice("%s: %d boots are left to try; only the boot loader counts them, this is"
		       " none of them",
		       e->id, e->left);
	if (e->devicetree)
		notice("%s: its devicetree is left out: the next kernel gets this machine's tree",
		       e->id);
	if (e->profile && strcmp(e->profile, "0"))
		notice("%s: profile %s is left out: what all profiles share is loaded", e->id,
		       e->profile);
}

/* With --explain kexec(8) is asked for its plan, for the machine that is looked at. */
static int load_entry(const struct request *r, struct tree *t, const struct loader *l,
		      const struct choice *c)
{
	struct names argv = {0};
	size_t arguments;
	int rc;

	add_argument(&argv, r->kexec);
	if (r->explain && strcmp(r->root, "/"))
		add_argument(&argv, arena_printf(&t->arena, "--sysroot=%s", r->root));
	if (r->explain)
		add_argument(&argv, "--dry-run");
	arguments = argv.n;
	add_argument(&argv, "-l");
	rc = c->entry->doubt ? fail(EINVAL, "%s", c->entry->doubt) :
			       add_parts(t, l, c->entry, &argv);
	if (rc >= 0) {
		say_what_differs(c);
		if (r->explain)
			explain_entry(r, l, c, argv.at + arguments);
		execvp(r->kexec, (char *const *)argv.at);
		rc = fail(errno, "%s: %s", r->kexec, strerror(errno));
	}
	free(argv.at);
	return fail_in(rc, "entry %s", c->entry->id);
}

static void print_entries(const struct request *r, struct tree *t, const struct loader *l,
			 const struct entries *all)
{
	struct choice c;
	int rc = loader_choose(t, l, all, &c);

	if (r->json)
		show_json(t, all, rc < 0 ? NULL : &c, stdout);
	else
		show_table(l, all, rc < 0 ? NULL : &c, stdout);
	if (rc < 0)
		notice("%s", fail_text());
	else if (c.entry->doubt)
		notice("%s: cannot be loaded: %s", c.entry->id, c.entry->doubt);
	fail_forget();
}

static int run(const struct request *r, struct tree *t)
{
	struct entries all;
	struct loader l;
	struct choice c;
	int rc = loader_read(t, &l, &all);

	if (rc >= 0 && r->list)
		print_entries(r, t, &l, &all);
	else if (rc >= 0)
		rc = r->entry ? loader_choose_named(&all, r->entry, &c) :
				loader_choose(t, &l, &all, &c);
	if (rc >= 0 && !r->list)
		rc = load_entry(r, t, &l, &c);
	entries_free(&all);
	loader_free(&l);
	return rc;
}

int main(int argc, char **argv)
{
	struct request r;
	struct tree t;
	int rc;

	file_take_streams();
	message_program("kdump-load");
	if (request_parse(&r, argc, argv) < 0) {
		fputs("usage: next-boot [--root=DIR] [--kexec=FILE] [--explain] [--entry=NAME]"
		      " [--list [--json]]\n", stderr);
		return 2;
	}
	rc = tree_open(&t, r.root);
	if (rc >= 0) {
		rc = run(&r, &t);
		tree_close(&t);
	}
	if (rc < 0)
		notice("%s", fail_text());
	fail_forget();
	if (fflush(stdout) || ferror(stdout)) {
		notice("standard output: %s", strerror(errno));
		rc = -EIO;
	}
	return rc < 0;
}
