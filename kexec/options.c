// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <getopt.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/options.h"

/* Long options without a short form. */
enum {
	OPT_APPEND = 256, OPT_INITRD, OPT_HOTPLUG, OPT_CRASH_SIZE, OPT_DRY_RUN, OPT_JSON, OPT_DUMP,
	OPT_RECORD, OPT_SYSROOT, OPT_IGNORED,
};

struct row {
	int key;		/* the short option, or OPT_* */
	const char *name, *arg, *help;	/* help NULL: another name for the row above, or compatibility */
};

static const struct row rows[] = {
	{ 'p', "load-panic", NULL, "load KERNEL for the next panic (a crash kernel)" },
	{ OPT_HOTPLUG, "hotplug", NULL, "let the running kernel keep it current over CPU and memory hotplug" },
	{ OPT_INITRD, "initrd", "FILE", "the initial ram disk" },
	{ OPT_INITRD, "ramdisk", "FILE", NULL },
	{ OPT_APPEND, "command-line", "TEXT", "the command line" },
	{ OPT_APPEND, "append", "TEXT", NULL },
	{ 'c', "kexec-syscall", NULL, "load with kexec_load (the default)" },
	{ 'a', "kexec-syscall-auto", NULL, "the same in this version" },
	{ 'u', "unload", NULL, "unload; with -p the crash kernel" },
	{ 'S', "status", NULL, "exit with 1 if a crash kernel is loaded (with -l: a normal one), 0 if not" },
	{ 'l', "load", NULL, "with -S: the kernel for the next reboot" },
	{ OPT_CRASH_SIZE, "print-ckr-size", NULL, "print how many bytes are reserved for crash kernels" },
	{ OPT_DRY_RUN, "dry-run", NULL, "plan and prove, print the plan, load nothing" },
	{ OPT_JSON, "json", NULL, "print the plan as JSON" },
	{ OPT_DUMP, "dump", "DIR", "write each planned segment to a file in DIR" },
	{ OPT_RECORD, "record", "DIR", "copy what planning reads of this machine to the new directory DIR" },
	{ OPT_SYSROOT, "sysroot", "DIR", "plan for the machine recorded in DIR (with --dry-run)" },
	{ 'd', "debug", NULL, "say why, step by step" },
	{ 'h', "help", NULL, "this text" },
	{ 'v', "version", NULL, "the version" },
	{ OPT_IGNORED, "args-linux", NULL, NULL },
	{ OPT_IGNORED, "elf64-core-headers", NULL, NULL },
};

void options_help(FILE *out)
{
	fputs("Usage: kexec -p [OPTION]... KERNEL\n"
	      "       kexec -u|-S [-p|-l]\n"
	      "       kexec --record DIR\n\n"
	      "Load a kernel which takes over after a panic, to save what happened.\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		char text[64];

		if (!r->help)
			continue;
		snprintf(text, sizeof(text), "--%s%s%s", r->name, r->arg ? "=" : "",
			 r->arg ? r->arg : "");
		if (r->key < OPT_APPEND)
			fprintf(out, "  -%c, %-21s %s\n", r->key, text, r->help);
		else
			fprintf(out, "      %-21s %s\n", text, r->help);
	}
	fputs("\nExamples, errors and exit statuses: kexec(8).\n", out);
}

static void make_tables(struct option *longs, char *shorts)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		longs[i] = (struct option){
			rows[i].name, rows[i].arg ? required_argument : no_argument, NULL, rows[i].key,
		};
		if (rows[i].key < OPT_APPEND)
			*shorts++ = (char)rows[i].key;
	}
	longs[ARRAY_SIZE(rows)] = (struct option){0};
	*shorts = 0;
}

/* What the actions and marks on the command line add up to. */
struct seen {
	bool p, l, u, S, crash_size, record, help, version;
};

static int apply(struct options *o, struct seen *seen, int key)
{
	switch (key) {
	case 'p': seen->p = true; break;
	case 'l': seen->l = true; break;
	case 'u': seen->u = true; break;
	case 'S': seen->S = true; break;
	case 'h': seen->help = true; break;
	case 'v': seen->version = true; break;
	case 'd': o->debug = true; break;
	case 'a':
	case 'c': break;
	case OPT_APPEND: o->request.cmdline = optarg; break;
	case OPT_INITRD: o->request.initrd = optarg; break;
	case OPT_HOTPLUG: o->request.hotplug = true; break;
	case OPT_CRASH_SIZE: seen->crash_size = true; break;
	case OPT_DRY_RUN: o->dry_run = true; break;
	case OPT_JSON: o->json = true; break;
	case OPT_DUMP: o->dump = optarg; break;
	case OPT_RECORD: seen->record = true; o->record = optarg; break;
	case OPT_SYSROOT: o->sysroot = optarg; break;
	case OPT_IGNORED: break;
	default: return fail(EINVAL, "see kexec --help");
	}
	return 0;
}

static int choose(struct options *o, const struct seen *s)
{
	if (s->p && s->l)
		return fail(EINVAL, "-p (crash kernel) and -l (normal kernel) contradict each other");
	if (s->u && s->S)
		return fail(EINVAL, "-u (unload) and -S (status) contradict each other");
	o->crash = !s->l && (s->p || s->S);
	o->action = s->help ? ACTION_HELP : s->version ? ACTION_VERSION :
		    s->crash_size ? ACTION_CRASH_SIZE : s->record ? ACTION_RECORD :
		    s->S ? ACTION_STATUS : s->u ? ACTION_UNLOAD : s->p ? ACTION_LOAD_CRASH :
		    ACTION_NONE;
	return 0;
}

static int check(const struct options *o, int operands)
{
	if (o->action == ACTION_NONE)
		return fail(EINVAL, "this version loads crash kernels: kexec -p KERNEL; see kexec --help");
	if (o->action == ACTION_LOAD_CRASH && !operands)
		return fail(EINVAL, "No kernel specified");
	if (operands > 1)
		return fail(EINVAL, "more than one kernel: \"%s\" and others", o->request.kernel);
	if (o->action != ACTION_LOAD_CRASH && (o->dry_run || o->json || o->dump))
		return fail(EINVAL, "--dry-run, --json and --dump need a kernel to plan for: kexec -p");
	if (o->json && !o->dry_run)
		return fail(EINVAL, "--json shows a plan; add --dry-run");
	if (strcmp(o->sysroot, "/") && o->action == ACTION_RECORD)
		return fail(EINVAL, "--record copies this machine, --sysroot names another one");
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(rows) + 1];
	char shorts[ARRAY_SIZE(rows) + 1];
	struct seen seen = {0};
	int key, rc = 0;

	*o = (struct options){ .sysroot = "/" };
	make_tables(longs, shorts);
	optind = 1;
	while (rc >= 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		rc = apply(o, &seen, key);
	if (rc >= 0)
		rc = choose(o, &seen);
	if (rc < 0)
		return rc;
	o->request.kernel = optind < argc ? argv[optind] : NULL;
	return check(o, argc - optind);
}
