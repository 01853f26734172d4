// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/options.h"

/* Long options without a short form. */
enum {
	OPT_APPEND = 256, OPT_REUSE_CMDLINE, OPT_BASE_CMDLINE, OPT_REMOVE_CMDLINE, OPT_INITRD,
	OPT_HOTPLUG, OPT_CRASH_SIZE, OPT_DRY_RUN, OPT_JSON, OPT_MAP, OPT_DUMP, OPT_RECORD,
	OPT_SYSROOT, OPT_MEM_MIN, OPT_MEM_MAX, OPT_NO_OLD_ROOT, OPT_NO_CMA,
	OPT_ACPI_MEMHOTPLUG, OPT_FORCE_DTB, OPT_DTB, OPT_ENTRY, OPT_REUSE_INITRD, OPT_JUMP,
	OPT_XEN, OPT_IGNORED, OPT_VERBOSE, OPT_CONSOLE_SERIAL, OPT_SERIAL, OPT_SERIAL_BAUD,
	OPT_CONSOLE_VGA, OPT_NO_EFI, OPT_MEMMAP, OPT_VGA_RESET, OPT_16_OR_32, OPT_NO_LINUX,
	OPT_OPENMETRICS,
};

struct row {
	int key;		/* the short option, or OPT_* */
	const char *name, *arg;
	const char *help;	/* NULL: another name for the row above, or compatibility */
};

static const struct row rows[] = {
	{ 'p', "load-panic", NULL, "load KERNEL for the next panic (a crash kernel)" },
	{ 'l', "load", NULL, "load KERNEL for the next reboot" },
	{ 'e', "exec", NULL, "start the kernel that is loaded, now" },
	{ 'f', "force", NULL, "load KERNEL and start it at once, without shutting down" },
	{ 'u', "unload", NULL, "unload; with -p the crash kernel" },
	{ 'S', "status", NULL,
	  "exit with 1 if a crash kernel is loaded (with -l: a normal one), 0 if not" },
	{ OPT_VERBOSE, "verbose", NULL,
	  "with -S: would a crash leave a dump, and why; see kexec(8)" },
	{ OPT_HOTPLUG, "hotplug", NULL,
	  "with -p: the running kernel keeps it current over hotplug" },
	{ OPT_INITRD, "initrd", "FILE", "the initial ram disk; several are joined in their order" },
	{ OPT_INITRD, "ramdisk", "FILE", NULL },
	{ OPT_REUSE_INITRD, "reuseinitrd", NULL,
	  "the running kernel's initrd (needs retain_initrd there)" },
	{ OPT_APPEND, "command-line", "TEXT", "the command line" },
	{ OPT_APPEND, "append", "TEXT", NULL },
	{ OPT_REUSE_CMDLINE, "reuse-cmdline", NULL,
	  "begin with the running kernel's command line" },
	{ OPT_BASE_CMDLINE, "base-cmdline", "TEXT",
	  "the same with TEXT instead of the running kernel's" },
	{ OPT_REMOVE_CMDLINE, "remove-cmdline", "NAMES",
	  "of these two, take out the parameters NAMES" },
	{ OPT_NO_OLD_ROOT, "dt-no-old-root", NULL, "do not take root= from the running kernel" },
	{ OPT_DTB, "dtb", "FILE", "a device tree blob instead of the running machine's tree" },
	{ OPT_DTB, "devicetreeblob", "FILE", NULL },
	{ 't', "type", "TYPE",
	  "the kernel must be of this type (bzImage, Image, uki, zboot, zImage, uImage)" },
	{ OPT_MEM_MIN, "mem-min", "ADDRESS", "place nothing below (K, M, G allowed)" },
	{ OPT_MEM_MAX, "mem-max", "ADDRESS", "place nothing above" },
	{ OPT_ENTRY, "entry", "ADDRESS", "enter there, not in the purgatory" },
	{ 'i', "no-checks", NULL, "no digest, so the purgatory verifies nothing" },
	{ 'a', "kexec-syscall-auto", NULL, "the better system call, then the other (default)" },
	{ 's', "kexec-file-syscall", NULL, "load with kexec_file_load only" },
	{ 'c', "kexec-syscall", NULL, "load with kexec_load only" },
	{ OPT_ACPI_MEMHOTPLUG, "acpi-memhotplug", NULL,
	  "with -p: let the capture kernel add hot-added memory" },
	{ OPT_NO_CMA, "no-cma", NULL, "with kexec_file_load: take no contiguous memory (CMA)" },
	{ OPT_FORCE_DTB, "force-dtb", NULL,
	  "with kexec_file_load: pass a device tree where it is a choice" },
	{ OPT_CONSOLE_SERIAL, "console-serial", NULL,
	  "say on the console how far the purgatory came" },
	{ OPT_SERIAL, "serial", "PORT",
	  "the same on ttyS0, ttyS1 or an I/O port like 0x3f8 (x86_64), ttyAMA0, ttyS0 (arm64)" },
	{ OPT_SERIAL_BAUD, "serial-baud", "N",
	  "at this speed (x86_64; default: as the port is set)" },
	{ OPT_CONSOLE_VGA, "console-vga", NULL, "the same on the screen in text mode (x86_64)" },
	{ OPT_NO_EFI, "noefi", NULL, "do not pass on the services of EFI (x86_64)" },
	{ OPT_MEMMAP, "pass-memmap-cmdline", NULL,
	  "tell the memory map on the command line too (x86_64)" },
	{ 'x', "no-ifdown", NULL, "do not take network interfaces down before starting a kernel" },
	{ 'y', "no-sync", NULL, "do not sync file systems before starting a kernel" },
	{ OPT_CRASH_SIZE, "print-ckr-size", NULL,
	  "print how many bytes are reserved for crash kernels" },
	{ OPT_DRY_RUN, "dry-run", NULL, "plan and prove, print the plan, load nothing" },
	{ OPT_JSON, "json", NULL, "print the plan, or what -S --verbose finds, as JSON" },
	{ OPT_MAP, "map", NULL, "print where in memory the plan puts what, to scale" },
	{ OPT_OPENMETRICS, "openmetrics", NULL,
	  "print what -S --verbose finds as metrics for Prometheus" },
	{ OPT_DUMP, "dump", "DIR",
	  "write each planned segment to a file in the new directory DIR" },
	{ OPT_RECORD, "record", "DIR",
	  "copy what planning reads of this machine to the new directory DIR" },
	{ OPT_SYSROOT, "sysroot", "DIR", "the machine is the one recorded in DIR, not this one" },
	{ 'd', "debug", NULL, "say why, step by step" },
	{ 'h', "help", NULL, "this text" },
	{ 'v', "version", NULL, "the version" },
	{ OPT_JUMP, "load-preserve-context", NULL, NULL },
	{ OPT_JUMP, "load-jump-back-helper", NULL, NULL },
	{ OPT_XEN, "load-live-update", NULL, NULL },
	{ OPT_XEN, "exec-live-update", NULL, NULL },
	{ OPT_VGA_RESET, "reset-vga", NULL, NULL },
	{ OPT_16_OR_32, "real-mode", NULL, NULL },
	{ OPT_16_OR_32, "entry-32bit", NULL, NULL },
	{ OPT_NO_LINUX, "module", "TEXT", NULL },
	{ OPT_NO_LINUX, "args-elf", NULL, NULL },
	{ OPT_NO_LINUX, "args-none", NULL, NULL },
	{ OPT_IGNORED, "args-linux", NULL, NULL },
	{ OPT_IGNORED, "reuse-video-type", NULL, NULL },
	{ OPT_IGNORED, "elf32-core-headers", NULL, NULL },
	{ OPT_IGNORED, "elf64-core-headers", NULL, NULL },
};

void options_usage(FILE *out)
{
	fputs("Usage: kexec [-l|-p|-f] [OPTION]... KERNEL\n"
	      "       kexec -e|-u|-S [-p|-l]\n"
	      "       kexec -S --verbose [KERNEL [--initrd=FILE]]\n"
	      "       kexec --record DIR\n", out);
}

void options_help(FILE *out)
{
	options_usage(out);
	fputs("\nLoad another kernel: for the next panic (-p), for the next reboot (-l), or to"
	      " start it\n"
	      "at once (-f). Without an action: load it and reboot into it.\n\n",
	      out);
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

/*
 * Abbreviations of kexec-tools' options that ours (--verbose, --sysroot) would
 * make ambiguous.
 */
static const struct option abbreviations[] = {
	{ "s", no_argument, NULL, 'S' }, { "v", no_argument, NULL, 'v' },
	{ "ve", no_argument, NULL, 'v' }, { "ver", no_argument, NULL, 'v' },
};

static void make_tables(struct option *longs, char *shorts)
{
	*shorts++ = '-';	/* operands between options, whatever POSIXLY_CORRECT says */
	*shorts++ = ':';	/* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		longs[i] = (struct option){
			rows[i].name,
			rows[i].arg ? required_argument : no_argument,
			NULL,
			rows[i].key,
		};
		if (rows[i].key < OPT_APPEND) {
			*shorts++ = (char)rows[i].key;
			if (rows[i].arg)
				*shorts++ = ':';
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(abbreviations); i++)
		longs[ARRAY_SIZE(rows) + i] = abbreviations[i];
	*shorts = 0;
}

/* An address: any base that C knows, then K, M or G. */
static int parse_address(const char *option, const char *text, uint64_t *out)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (errno || end == text || *text == '-' || (*end && (!unit || end[1])) ||
	    (unit && __builtin_mul_overflow(*out, (uint64_t)1 << (10 * (unit - units + 1)), out)))
		return fail(EINVAL,
			    "Bad option value in --%s=%s: an address like 0x20000000 or 512M is"
			    " wanted",
			    option, text);
	return 0;
}

/* ttyS0, ttyS1, or a port (Documentation/admin-guide/serial-console.rst; asm-x86: 0x3f8, 0x2f8). */
static int parse_serial(const char *text, struct plan_request *r)
{
	uint64_t *port = &r->serial_port;
	char *end;

	/* Of Arm's there is only the one that the machine names as its console. */
	if (!strcmp(text, "ttyAMA0")) {
		r->special |= SPECIAL_SERIAL_AMBA;
		return 0;
	}
	if (!strcmp(text, "ttyS0")) {
		r->special |= SPECIAL_SERIAL_FIRST;
		*port = 0x3f8;
		return 0;
	}
	r->special |= SPECIAL_SERIAL;
	if (!strcmp(text, "ttyS1")) {
		*port = 0x2f8;
		return 0;
	}
	errno = 0;
	*port = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || !*port || *port > 0xffff)
		return fail(EINVAL,
			    "Bad serial port in --serial=%s: ttyS0, ttyS1 or an I/O port like 0x3f8"
			    " is wanted",
			    text);
	return 0;
}

#define SERIAL_CLOCK 115200

static int parse_baud(const char *text, uint64_t *baud)
{
	char *end;

	errno = 0;
	*baud = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *baud < 9600 || *baud > SERIAL_CLOCK ||
	    SERIAL_CLOCK % *baud)
		return fail(EINVAL,
			    "Bad speed in --serial-baud=%s: 9600 to 115200 is wanted, a divisor of"
			    " 115200",
			    text);
	return 0;
}

#define OPERAND 1	/* getopt's key for a word between options that is none */

/* Each action that was asked for; what they add up to is for choose(). */
struct seen {
	bool p, l, e, f, u, S, crash_size, record, help, version;
	int operands;
};

static void add_operand(struct options *o, struct seen *seen, const char *word)
{
	if (!seen->operands++)
		o->request.kernel = word;
}

/* An empty name: none, not those before either. */
static void add_initrd(struct options *o, const char *path)
{
	struct plan_request *r = &o->request;
	const char **more;
	size_t n = 0;

	if (!*path || !r->initrd) {
		r->initrd = *path ? path : NULL;
		r->more_initrds = NULL;
		return;
	}
	while (r->more_initrds && r->more_initrds[n])
		n++;
	more = arena_alloc(&o->arena, (n + 2) * sizeof(*more));
	for (size_t i = 0; i < n; i++)
		more[i] = r->more_initrds[i];
	more[n] = path;
	more[n + 1] = NULL;
	r->more_initrds = more;
}

static int apply_value(struct options *o, struct seen *seen, int key)
{
	switch (key) {
	case 't': o->request.type = optarg; break;
	case OPT_APPEND: o->request.cmdline = optarg; break;
	case OPT_BASE_CMDLINE:
		o->request.reuse_cmdline = true;
		o->request.base_cmdline = optarg;
		break;
	case OPT_REMOVE_CMDLINE: o->request.remove_cmdline = optarg; break;
	case OPT_INITRD: add_initrd(o, optarg); break;
	case OPT_DUMP: o->dump = optarg; break;
	case OPT_RECORD: seen->record = true; o->record = optarg; break;
	case OPT_SYSROOT: o->sysroot = optarg; break;
	case OPT_MEM_MIN: return parse_address("mem-min", optarg, &o->request.mem_min);
	case OPT_MEM_MAX: return parse_address("mem-max", optarg, &o->request.mem_max);
	case OPT_ENTRY:
		o->request.has_entry = true;
		return parse_address("entry", optarg, &o->request.entry);
	case OPT_DTB: o->request.dtb = *optarg ? optarg : NULL; break;
	case OPT_SERIAL:
		return parse_serial(optarg, &o->request);
	case OPT_SERIAL_BAUD:
		o->request.special |= SPECIAL_SERIAL_BAUD;
		return parse_baud(optarg, &o->request.serial_baud);
	case OPT_XEN:
		return fail(EINVAL,
			    "--load-live-update and --exec-live-update are for the Xen hypervisor,"
			    " which this kexec does not support");
	case OPT_JUMP:
		return fail(
			EINVAL,
			"--load-preserve-context and --load-jump-back-helper are for kernels that"
			" jump back (KEXEC_JUMP), which this kexec does not support");
	case OPT_VGA_RESET:
		return fail(
			EINVAL,
			"--reset-vga: is not supported; the next kernel finds the screen as this"
			" one"
			" was told of it, and its drivers set it up anew");
	case OPT_16_OR_32:
		return fail(
			EINVAL,
			"--real-mode and --entry-32bit are not supported: kernels are entered in"
			" 64-bit"
			" mode, as every x86_64 kernel since Linux 3.8 can be; what the BIOS left"
			" behind is"
			" not what its 16-bit code expects");
	case OPT_NO_LINUX:
		return fail(
			EINVAL,
			"--module, --args-elf and --args-none are for multiboot and other programs"
			" than Linux, which this kexec does not load");
	case OPT_IGNORED: break;
	}
	return 0;
}

/* What getopt did not take; its own message would be a line more. */
static int refuse(int key, char **argv)
{
	const char *word = argv[optind - 1];

	if (key == ':')
		return fail(EINVAL, "option '%s' requires an argument; see kexec --help", word);
	if (!optopt)
		return fail(EINVAL, "unrecognized or ambiguous option '%s'; see kexec --help",
			    word);
	if (!strncmp(word, "--", 2))
		return fail(EINVAL, "option '%s' takes no argument; see kexec --help", word);
	return fail(EINVAL, "invalid option -- '%c'; see kexec --help", optopt);
}

static int apply(struct options *o, struct seen *seen, int key)
{
	switch (key) {
	case OPERAND: add_operand(o, seen, optarg); break;
	case 'p': seen->p = true; break;
	case 'l': seen->l = true; break;
	case 'e': seen->e = true; break;
	case 'f': seen->f = true; break;
	case 'u': seen->u = true; break;
	case 'S': seen->S = true; break;
	case 'h': seen->help = true; break;
	case 'v': seen->version = true; break;
	case 'd': o->debug = true; break;
	case 'i': o->request.no_checks = true; break;
	case 'x': o->no_ifdown = true; break;
	case 'y': o->no_sync = true; break;
	case 'a': o->syscall = SYSCALL_AUTO; break;
	case 's': o->syscall = SYSCALL_FILE; break;
	case 'c': o->syscall = SYSCALL_LOAD; break;
	case OPT_HOTPLUG: o->request.hotplug = true; break;
	case OPT_REUSE_CMDLINE: o->request.reuse_cmdline = true; break;
	case OPT_REUSE_INITRD: o->request.reuse_initrd = true; break;
	case OPT_NO_OLD_ROOT: o->request.no_old_root = true; break;
	case OPT_NO_CMA: o->request.no_cma = true; break;
	case OPT_ACPI_MEMHOTPLUG: o->request.acpi_memhotplug = true; break;
	case OPT_CONSOLE_SERIAL: o->request.special |= SPECIAL_CONSOLE_SERIAL; break;
	case OPT_CONSOLE_VGA: o->request.special |= SPECIAL_CONSOLE_VGA; break;
	case OPT_NO_EFI: o->request.special |= SPECIAL_NO_EFI; break;
	case OPT_MEMMAP: o->request.special |= SPECIAL_MEMMAP; break;
	case OPT_FORCE_DTB: o->request.force_dtb = true; break;
	case OPT_CRASH_SIZE: seen->crash_size = true; break;
	case OPT_DRY_RUN: o->dry_run = true; break;
	case OPT_JSON: o->json = true; break;
	case OPT_MAP: o->map = true; break;
	case OPT_VERBOSE: o->verbose = true; break;
	case OPT_OPENMETRICS: o->openmetrics = true; break;
	default: return apply_value(o, seen, key);
	}
	return 0;
}

/* Pairs of which only one can be meant. */
static int contradiction(const struct seen *s)
{
	const struct {
		bool both;
		const char *a, *b;
	} pairs[] = {
		{ s->p && s->l, "-p (crash kernel)", "-l (normal kernel)" },
		{ s->f && s->l, "-f (load and start)", "-l (load, start later)" },
		{ s->e && s->l, "-e (start what is loaded)", "-l (load); -f loads and starts" },
		{ s->e && s->p, "-e (start what is loaded)", "-p (load for a panic)" },
		{ s->u && s->e, "-u (unload)", "-e (start what is loaded)" },
		{ s->u && s->f, "-u (unload)", "-f (load and start)" },
		{ s->u && s->S, "-u (unload)", "-S (status)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i].both)
			return fail(EINVAL, "%s and %s contradict each other", pairs[i].a,
				    pairs[i].b);
	return 0;
}

static int choose(struct options *o, const struct seen *s)
{
	o->action = s->help ? ACTION_HELP : s->version ? ACTION_VERSION :
		    s->crash_size ? ACTION_CRASH_SIZE : s->record ? ACTION_RECORD :
		    s->S ? ACTION_STATUS : s->u ? ACTION_UNLOAD : s->e ? ACTION_EXEC : ACTION_LOAD;
	o->crash = !s->l && (s->p || s->S);
	o->force = s->f;
	if (o->action == ACTION_LOAD && !s->p && !s->l)
		o->then = s->f ? THEN_EXEC : THEN_REBOOT;
	return o->action <= ACTION_STATUS ? contradiction(s) : 0;
}

static int options_check(const struct options *o, int operands)
{
	bool ask = o->action == ACTION_STATUS && o->verbose;
	bool load = o->action == ACTION_LOAD || (ask && o->request.kernel);

	if (o->verbose && (!ask || !o->crash))
		return fail(EINVAL, "--verbose is for -S and the crash kernel: kexec -S --verbose");
	if (o->openmetrics && (!ask || o->json))
		return fail(EINVAL, "--openmetrics is for -S --verbose, and not with --json");
	if (ask && (o->dry_run || o->dump || o->map))
		return fail(EINVAL,
			    "-S --verbose loads nothing; --dry-run, --map and --dump are for"
			    " loading");
	if (!load && operands && o->action >= ACTION_EXEC && o->action <= ACTION_STATUS)
		return fail(EINVAL,
			    "\"%s\": a kernel is for loading, which this action does not do",
			    o->request.kernel);
	if (!*o->sysroot)
		return fail(EINVAL, "--sysroot needs a directory");
	if (operands > 1)
		return fail(EINVAL, "more than one kernel: \"%s\" and others", o->request.kernel);
	if (!load && (o->dry_run || (o->json && !ask) || o->dump || o->map))
		return fail(EINVAL,
			    "--dry-run, --json, --map and --dump need a kernel to plan for");
	if (!load && (o->request.initrd || o->request.cmdline || o->request.reuse_cmdline ||
		      o->request.hotplug || o->request.dtb || o->request.reuse_initrd))
		return fail(EINVAL,
			    "--initrd, --reuseinitrd, --command-line, --reuse-cmdline, --dtb and"
			    " --hotplug are for loading a kernel");
	if (o->request.initrd && o->request.reuse_initrd)
		return fail(EINVAL, "--initrd and --reuseinitrd contradict each other");
	if (o->request.remove_cmdline && !o->request.reuse_cmdline)
		return fail(EINVAL, "--remove-cmdline needs a command line to begin with; add"
			    " --reuse-cmdline or --base-cmdline");
	if (load && o->request.hotplug && !o->crash)
		return fail(EINVAL, "--hotplug is for crash kernels; add -p");
	if ((o->json || o->dump || o->map) && !o->dry_run && !ask)
		return fail(EINVAL, "--json, --map and --dump show a plan; add --dry-run");
	if (o->json && o->map)
		return fail(EINVAL, "--json and --map contradict each other");
	if (o->request.more_initrds)
		notice("--initrd was given more than once; the files are joined, in this order");
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(rows) + ARRAY_SIZE(abbreviations) + 1] = {0};
	char shorts[2 * ARRAY_SIZE(rows) + 3];
	struct seen seen = {0};
	int key, rc = 0;

	*o = (struct options){ .sysroot = "/", .request.mem_max = UINT64_MAX };
	make_tables(longs, shorts);
	optind = 1;
	opterr = 0;
	while (rc >= 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		rc = key == '?' || key == ':' ? refuse(key, argv) : apply(o, &seen, key);
	while (rc >= 0 && optind < argc)	/* behind a "--" */
		add_operand(o, &seen, argv[optind++]);
	if (rc >= 0)
		rc = choose(o, &seen);
	o->request.crash = o->crash;
	if (rc >= 0)
		rc = options_check(o, seen.operands);
	if (rc < 0)
		return 1;
	if (o->action == ACTION_LOAD && !o->request.kernel) {
		fail(EINVAL, "No kernel specified; see kexec --help");
		return 255;
	}
	return 0;
}
