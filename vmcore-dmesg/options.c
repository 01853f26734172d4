// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <getopt.h>
#include <string.h>

#include "vmcore-dmesg/options.h"

/* Long options without a short form. */
enum { OPT_TIME_FORMAT = 256, OPT_CALLER, OPT_SINCE_CLEAR, OPT_VMCOREINFO, OPT_COLOR };

struct row {
	int key;		/* the short option, or OPT_* */
	const char *name, *arg, *help;
};

static const struct row rows[] = {
	{ 'x', "decode", NULL, "facility and level in front of each record" },
	{ 'T', "ctime", NULL, "wall clock time, as --time-format=ctime" },
	{ OPT_TIME_FORMAT, "time-format", "FORMAT", "raw (since boot), ctime, iso, or notime" },
	{ 'l', "level", "LIST", "only records of these levels: err,warn or err+ (err and worse)" },
	{ 'J', "json", NULL, "JSON, with the keys of dmesg --json" },
	{ OPT_CALLER, "caller", NULL, "the thread (T) or CPU (C) that wrote each record" },
	{ OPT_SINCE_CLEAR, "since-clear", NULL, "only what came after the log was last cleared" },
	{ OPT_COLOR, "color", "WHEN", "auto (on a terminal), always, or never" },
	{ 'o', "output", "FILE", "write to FILE and not to standard output" },
	{ OPT_VMCOREINFO, "vmcoreinfo", NULL, "print the VMCOREINFO note and not the log" },
	{ 'h', "help", NULL, "this text" },
	{ 'v', "version", NULL, "the version" },
};

void options_help(FILE *out)
{
	fputs("Usage: vmcore-dmesg [OPTION]... FILE\n\n"
	      "Print the kernel log of a crash dump: /proc/vmcore or a copy of it, of any\n"
	      "machine. - is standard input.\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		char text[64];

		snprintf(text, sizeof(text), "--%s%s%s", r->name, r->arg ? "=" : "",
			 r->arg ? r->arg : "");
		if (r->key < OPT_TIME_FORMAT)
			fprintf(out, "  -%c, %-21s %s\n", r->key, text, r->help);
		else
			fprintf(out, "      %-21s %s\n", text, r->help);
	}
	fputs("\nFormats, examples and exit statuses: vmcore-dmesg(8).\n", out);
}

#define OPERAND 1	/* getopt's key for a word between options that is none */

static void make_tables(struct option *longs, char *shorts)
{
	*shorts++ = '-';	/* the file between options, whatever POSIXLY_CORRECT says */
	*shorts++ = ':';	/* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		longs[i] = (struct option){
			rows[i].name, rows[i].arg ? required_argument : no_argument, NULL,
			rows[i].key,
		};
		if (rows[i].key < OPT_TIME_FORMAT) {
			*shorts++ = (char)rows[i].key;
			if (rows[i].arg)
				*shorts++ = ':';
		}
	}
	longs[ARRAY_SIZE(rows)] = (struct option){0};
	*shorts = 0;
}

/* --- values --- */

static int choose(const char *option, const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return fail(EINVAL, "--%s=%s: no such value; see vmcore-dmesg --help", option, word);
}

/* "err": that level; "err+": it and worse; "+err": it and less. */
static int options_parse_level(const char *word, size_t len, uint8_t *levels)
{
	bool worse = len && word[len - 1] == '+', less = !worse && len && *word == '+';
	const char *name;

	word += less;
	len -= worse || less;
	for (unsigned int i = 0; (name = print_level_name(i)); i++) {
		if (strlen(name) != len || strncmp(name, word, len))
			continue;
		*levels |= (uint8_t)(worse ? (2 << i) - 1 : less ? 0xff << i : 1 << i);
		return 0;
	}
	return fail(EINVAL, "--level: there is no level \"%.*s\": emerg, alert, crit, err, warn,"
		    " notice, info, debug", (int)len, word);
}

static int parse_levels(const char *list, uint8_t *levels)
{
	int rc;

	do {
		size_t len = strcspn(list, ",");

		rc = options_parse_level(list, len, levels);
		list += len;
	} while (rc >= 0 && *list++);
	return rc;
}

static int apply_value(struct options *o, int key)
{
	static const char *const times[] = { "raw", "ctime", "iso", "notime", NULL };
	static const char *const colors[] = { "auto", "always", "never", NULL };
	int v = 0;

	switch (key) {
	case 'o': o->output = optarg; break;
	case 'l': return parse_levels(optarg, &o->print.levels);
	case OPT_TIME_FORMAT:
		v = choose("time-format", times, optarg);
		o->print.time = v < 0 ? TIME_RAW : (enum time_format)v;
		break;
	case OPT_COLOR:
		v = choose("color", colors, optarg);
		o->color = v < 0 ? COLOR_AUTO : (unsigned int)v;
		break;
	}
	return v < 0 ? v : 0;
}

/* What getopt did not take; its own message would be a line more. */
static int refuse(int key, char **argv)
{
	const char *word = argv[optind - 1];

	if (key == ':')
		return fail(EINVAL, "option '%s' requires an argument; see vmcore-dmesg --help",
			    word);
	if (!optopt)
		return fail(EINVAL, "unrecognized or ambiguous option '%s'; see vmcore-dmesg"
			    " --help", word);
	if (!strncmp(word, "--", 2))
		return fail(EINVAL, "option '%s' takes no argument; see vmcore-dmesg --help", word);
	return fail(EINVAL, "invalid option -- '%c'; see vmcore-dmesg --help", optopt);
}

static int apply(struct options *o, int key)
{
	switch (key) {
	case OPERAND: o->file = optarg; break;
	case 'x': o->print.decode = true; break;
	case 'T': o->print.time = TIME_CTIME; break;
	case 'J': o->print.json = true; break;
	case OPT_CALLER: o->print.caller = true; break;
	case OPT_SINCE_CLEAR: o->since_clear = true; break;
	case OPT_VMCOREINFO: o->action = ACTION_VMCOREINFO; break;
	case 'h': o->action = ACTION_HELP; break;
	case 'v': o->action = ACTION_VERSION; break;
	default: return apply_value(o, key);
	}
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(rows) + 1];
	char shorts[2 * ARRAY_SIZE(rows) + 3];
	int key, files = 0, rc;

	*o = (struct options){0};
	make_tables(longs, shorts);
	opterr = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		rc = key == '?' || key == ':' ? refuse(key, argv) : apply(o, key);
		files += key == OPERAND;
		if (rc < 0)
			return rc;
		if (o->action >= ACTION_HELP)
			return 0;
	}
	files += argc - optind;
	if (files != 1)
		return fail(EINVAL, "one file is wanted, %d given; see vmcore-dmesg --help", files);
	if (optind < argc)
		o->file = argv[optind];
	return 0;
}
