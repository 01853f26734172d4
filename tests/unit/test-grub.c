// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What is followed of GRUB's script: words, variables, conditions, menus. What is in these tables
 * is what GRUB itself does with it (grub-emu 2.06 and 2.12), but where it says that nobody knows.
 */
#include "tests/unit/boot-tree.h"

#include "next-boot/grub.h"

#define CFG	"boot/grub/grub.cfg"
#define MAYBE	"$grub_cpu = x"

static char *dir;
static struct tree tree;
static struct grub grub;
static struct entries all;

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	assert_int_equal(tree_open(&tree, dir), 0);
	return 0;
}

static void forget(void)
{
	grub_free(&grub);
	entries_free(&all);
	all = (struct entries){0};
}

static int teardown(void **state)
{
	(void)state;
	forget();
	tree_close(&tree);
	unit_remove(dir);
	fail_forget();
	return 0;
}

static void put(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static void without(const char *name)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, name);

	assert_int_equal(unlink(path), 0);
}

/* Every row of a table is read in the same tree. */
static void read_script(const char *script)
{
	forget();
	put(CFG, script);
	assert_int_equal(grub_read(&tree, &grub, &all), 0);
	assert_string_equal(grub.config, "/" CFG);
	assert_string_equal(grub.directory, "/boot/grub");
}

#define UNSET	"(not set)"
#define UNKNOWN	"(not known)"

static const char *value_of(const char *name)
{
	assert_int_equal(grub.names.n, grub.values.n);
	for (size_t i = grub.names.n; i-- > 0;)
		if (!strcmp(grub.names.at[i], name))
			return grub.values.at[i] ? grub.values.at[i] : UNKNOWN;
	return UNSET;
}

/* Says which row it is, and what is the case there. */
static void assert_row(const char *row, const char *is, const char *expected)
{
	is = is ? is : "(null)";
	expected = expected ? expected : "(null)";
	if (strcmp(is, expected))
		print_error("%s\nis \"%s\"\n", row, is);
	assert_string_equal(is, expected);
}

/* --- words and variables: what an entry gives to its kernel --- */

#define SETS	"set one=1\nset two='1 2'\nset wide=' 1 \t2\n3 '\nset none=\nset blank=' '\n" \
		"set quoted='\"'\nset _a1Z9=n\n"

static void words(void **state)
{
	static const struct {
		const char *words, *options;
		const char *doubt;	/* NULL: it is known */
	} rows[] = {
		{ "a b\tc \\\n d", "a b c d", NULL },
		{ "a\\\nb", "ab", NULL },
		{ "\"a\\\nb\"", "ab", NULL },
		{ "a\\\n b", "a b", NULL }, { "a\\\n\"b c\"", "\"ab c\"", NULL },
		{ "\"a\\\n\\\n\\\"b\\\n\" c", "a\\\"b c", NULL },
		{ "a;linux /k c", "c", NULL },
		{ "a # b", "a", NULL },
		{ "a#b", "a#b", NULL },
		{ "a\r", "a", NULL },
		{ "'a\\b'", "a\\\\b", NULL },
		{ "'a$q\"b'", "a$q\\\"b", NULL },
		{ "\"a\\b\"", "a\\\\b", NULL },
		{ "\"a\\$q\\\"\\\\b'\"", "a$q\\\"\\\\b\\'", NULL },
		{ "a\\b\\ c\\;\\$\\'\\\"", "\"ab c;$\\'\\\"\"", NULL },
		{ "a'b c'\"d\"e", "\"ab cde\"", NULL },
		{ "a '' \"\" b", "a b", NULL },
		{ "'' a", "a", NULL },
		{ "a\"b\nc\"", "ab\nc", NULL },
		{ "$", "$", NULL }, { "a$-b", "a$-b", NULL }, { "\"$ a\"", "\"$ a\"", NULL },
		{ "$one${one}x\"$one\"'$one'", "11x1$one", NULL },
		{ "\"$one\"$one", "11", NULL },
		{ "$_a1Z9 ${_a1Z9}_ \"a$_a1Z9-\"", "n n_ an-", NULL },
		{ "$two \"$two\"", "1 2 \"1 2\"", NULL },
		{ "a${two}b $two", "a1 2b 1 2", NULL },
		{ "a${wide}b", "a1 2 3b", NULL },
		{ "$wide c", "1 2 3 c", NULL },
		{ "a${wide}\"x y\"", "a1 2 \"3x y\"", NULL },
		{ "a $none b$none \"$none\" c", "a b c", NULL },
		{ "a $blank b${blank}c", "a bc", NULL },
		{ "\"$blank\"", "\" \"", NULL },
		{ "$quoted", "\\\"", NULL },
		{ "$1a", "a", "it has $1, of which only GRUB knows what it is" },
		{ "${12}b", "b", "it has $12, of which only GRUB knows what it is" },
		{ "$12", "", "it has $12, of which only GRUB knows what it is" },
		{ "$?c", "c", "it has $?, of which only GRUB knows what it is" },
		{ "${?}c", "c", "it has $?, of which only GRUB knows what it is" },
		{ "$@", "", "it has $@, of which only GRUB knows what it is" },
		{ "a$*", "a", "it has $*, of which only GRUB knows what it is" },
		{ "\"$#\"", "", "it has $#, of which only GRUB knows what it is" },
		{ "$net_default_ip", "",
		  "it has $net_default_ip, of which only GRUB knows what it is" },
		{ "a${nobody}b", "ab", "it has $nobody, which nothing sets" },
		{ "a$nobody $none", "a", "it has $nobody, which nothing sets" },
		{ "a $nobody b", "a b", "it has $nobody, which nothing sets" },
		{ "a \"$nobody\"", "a", "it has $nobody, which nothing sets" },
		{ "$grub_cpu $tuned_params", "",
		  "it has $grub_cpu, of which only GRUB knows what it is" },
		{ "$tuned_params$tuned_initrd${grub_users}${extra_cmdline} $vt_handoff", "", NULL },
		{ "$vt_handoffs", "", "it has $vt_handoffs, which nothing sets" },
		{ "$prefix ${config_directory} $root", "/boot/grub /boot/grub root", NULL },
		{ "$feature_200_final$feature_all_video_module$feature_chainloader_bpb"
		  "$feature_default_font_path$feature_menuentry_id$feature_menuentry_options"
		  "$feature_nativedisk_cmd$feature_ntldr$feature_platform_search_hint"
		  "$feature_timeout_style", "yyyyyyyyyy", NULL },
		{ "$feature_of_tomorrow", "",
		  "it has $feature_of_tomorrow, of which only GRUB knows what it is" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO script = mem_printf(SETS "menuentry e {\nlinux /k %s\n}\n",
						rows[i].words);

		read_script(script);
		assert_int_equal(all.n, 1);
		assert_row(rows[i].words, all.at[0].options, rows[i].options);
		assert_row(rows[i].words, all.at[0].doubt, rows[i].doubt);
	}
}

/* What a variable is at the end. */
static void variables(void **state)
{
	static const struct {
		const char *script, *value;
	} rows[] = {
		{ "set r=1", "1" },
		{ "r=1", "1" },
		{ "r=1 2", "1" },
		{ "set r=1 2", "1" },
		{ "set r", UNSET },
		{ "set", UNSET },
		{ "r", UNSET },
		{ "set s r=1", UNSET },
		{ "set r=a=b", "a=b" },
		{ "set r=", "" },
		{ "set 'r'=\"a\"'b'c", "abc" },
		{ "r=1; r=2", "2" },
		{ "$nobody r=1", "1" },
		{ "r=1; unset r", "" },
		{ "r=1; unset", "1" },
		{ "r=1; unset r s", "" },
		{ "r=1; unset s", "1" },
		{ "n=r; set $n=1", "1" },
		{ "t='1 2'; r=$t", "1" },
		{ "t='1 2'; set r=\"$t\"", "1 2" },
		{ "r=$nobody", "" },
		{ "r=$grub_cpu", UNKNOWN },
		{ "r=1; r=\"a$grub_cpu\"", UNKNOWN },
		{ "r=1; increment r", UNKNOWN }, { "r=1; decrement r", UNKNOWN },
		{ "r=1; read r", UNKNOWN }, { "r=1; getenv r x", UNKNOWN },
		{ "r=1; read; read s; reads r; read s r", "1" },
		{ "r=1; for r in a b; do x; done", UNKNOWN },
		{ "r=1\nfor\ndone", "1" },
		{ "r=1; while r; do x; done", "1" },
		{ "for i in 1 2; do r=1; done", UNKNOWN },
		{ "until true; do r=1; done", UNKNOWN },
		{ "while true; do r=1; done; r=2", "2" },
		{ "r=1; for i in 1 2; do r=1; done", "1" },
		{ "if [ " MAYBE " ]; then r=1; fi", UNKNOWN },
		{ "r=1; if [ " MAYBE " ]; then r=1; fi", "1" },
		{ "r=1; if [ " MAYBE " ]; then r=2; fi", UNKNOWN },
		{ "r=$grub_cpu; if [ " MAYBE " ]; then r=2; fi", UNKNOWN },
		{ "r=1; if [ " MAYBE " ]; then unset r; fi", UNKNOWN },
		{ "if [ " MAYBE " ]; then if false; then r=1; fi; fi", UNSET },
		{ "if [ " MAYBE " ]; then if true; then r=1; fi; fi", UNKNOWN },
		{ "if false; then if [ " MAYBE " ]; then r=1; fi; fi", UNSET },
		{ "if true; then if [ " MAYBE " ]; then r=1; fi; r=2; fi", "2" },
		/* Words of the language that do not belong there. */
		{ "fi; done; else; elif true; then; do\n}\nr=1", "1" },
		{ "if false; then r=1; fi\nelse\nr=2", "2" },
		/* "&&" is none of GRUB's words: nobody knows what it does of all that. */
		{ "a && r=1", UNKNOWN }, { "a || r=1", UNKNOWN }, { "a & r=1", UNKNOWN },
		{ "a | r=1", UNKNOWN }, { "a &&\n r=1", UNKNOWN }, { "a && b\nr=1", "1" },
		{ "a; r=1", "1" }, { "\n;\nr=1", "1" }, { "&r=1", UNKNOWN },
		{ "function f {\nr=1\n}\n", UNSET },
		{ "function f {\nr=1\n}\nf", UNKNOWN },
		{ "function f {\nset r=1\n}\nf", UNKNOWN },
		{ "function f {\nset r=1 2\n}\nf", UNKNOWN },
		{ "function f {\nr=1\n}\ng", UNSET },
		{ "function f {\nx r=1\nset\nr\necho r=1\n}\nf", UNSET },
		{ "function f {\nif a; then\nb {\nc\n}\nfi\nr=1\n}\nf", UNKNOWN },
		{ "function f{\nr=1;}\nf", UNKNOWN },
		{ "function f {\nr=1\n}\nif false; then f; fi", UNSET },
		{ "function {\nr=1\n}\nr=2", "2" },
		{ "function f {\nr=1\n}\nr=2\nf x", UNKNOWN },
		{ "r=1\nf {\nr=2\n}\n", "1" },
		{ "search --set=r --fs-uuid 12-34", UNKNOWN },
		{ "search --set r --fs-uuid 12-34", UNSET },
		{ "probe --set=r --fs-uuid hd0", UNKNOWN },
		{ "probe --set r --fs-uuid hd0", UNKNOWN },
		{ "probe -s r --fs-uuid hd0", UNKNOWN },
		{ "x a b r\nprobe hd0 --set", UNSET },
		{ "s=1 --set=r", UNSET },
		{ "probe --sets r", UNSET },
		{ "regexp --set=1:r a b", UNKNOWN },
		{ "regexp --set 1:r a b", UNKNOWN },
		{ "source /boot/grub/more.cfg", "more" },
		{ ". /boot/grub/more.cfg", "more" },
		{ "configfile $prefix/more.cfg", "more" },
		{ "source", UNSET }, { "sources /boot/grub/more.cfg", UNSET },
		{ "source /boot/grub/more.cfg; r=1", "1" },
		{ "if false; then source /boot/grub/more.cfg; fi", UNSET },
		{ "menuentry e {\nsource /boot/grub/more.cfg\n}", UNSET },
		{ "source /boot/grub/nothing; r=1", "1" },
		{ "source /boot/grub/opens.cfg\nr=2", "2" },
		{ "if false; then\nsource /boot/grub/opens.cfg\nr=2\nfi", UNSET },
	};

	(void)state;
	put("boot/grub/more.cfg", "r=more");
	put("boot/grub/opens.cfg", "if [ " MAYBE " ]; then\nr=1");
	put("boot/grub/nothing", "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		read_script(rows[i].script);
		assert_row(rows[i].script, value_of("r"), rows[i].value);
		assert_null(grub.unread);
	}
}

/* The environment block: the variables that there are at the beginning. */
static void environment(void **state)
{
	static const struct {
		const char *block, *value;
	} rows[] = {
		{ "# GRUB Environment Block\nr=1\n####", "1" },
		{ "r=1", "1" },
		{ "\n\nr=1\n", "1" },
		{ "#\n#r=2\nr=1\n#r=3\n", "1" },
		{ "#r=2\n", UNSET },
		{ "r\n", UNSET },
		{ "r=\n", "" },
		{ "r=a=b\n", "a=b" },
		{ "r=a\\\\b\\\nc\n", "a\\b\nc" },
		{ "r=a\\", "a\\" },
		{ "r=1\nr=2\n", "2" },
		{ "s=r=1\n", UNSET },
		{ "", UNSET },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put("boot/grub/grubenv", rows[i].block);
		read_script("x\n");
		assert_row(rows[i].block, value_of("r"), rows[i].value);
	}
}

/* --- conditions --- */

static void conditions(void **state)
{
	static const char *const yes[] = {
		"[ ]", "test", "true", "true x", "[ a ]", "test a", "[ ! '' ]", "[ a = a ]",
		"[ a == a ]", "[ a != b ]", "[ '' = '' ]", "[ $nobody ]", "[ $nobody = a ]",
		"[ -z '' ]", "[ -n a ]", "[ -z ]", "[ -n ]", "[ -z = -z ]", "[ -n = -n ]",
		"[ -z $nobody ]",
		"[ a -a b ]", "[ '' -o a ]", "[ '' -a '' -o a ]", "[ a -o '' -a '' ]", "[ a -o ]",
		"[ ! a -o a ]", "[ ! '' -a a ]", "[ ! ! a ]", "[ a b ]", "[ a b c ]", "[ a b = b ]",
		"[ a = a -a b = b ]", "[ a = b -o c -a d ]", "[ -o a ]", "[ -a ]", "[ ! ]",
		"[ a ! ]", "[ '' -o ]", "[ = a ]", "[ a = ]",
		"[ 1 -eq 1 ]", "[ 1 -eq 01 ]", "[ 010 -eq 8 ]", "[ 08 -eq 8 ]", "[ 09 -eq 9 ]",
		"[ 0 -eq 00 ]", "[ 0x10 -eq 16 ]", "[ -5 -eq -5 ]", "[ -1 -lt 0 ]",
		"[ -010 -eq -8 ]",
		"[ 1 -ne 2 ]", "[ 1 -lt 2 ]", "[ 1 -le 1 ]", "[ 1 -le 2 ]", "[ 2 -gt 1 ]",
		"[ 2 -ge 1 ]",
		"[ 2 -ge 2 ]", "[ 1 -gt '' ]", "[ 10 -gt 9 ]", "[ 999999999 -gt 999999998 ]",
		"[ -e /boot/grub/some ]", "[ -f /boot/grub/some ]", "[ -s /boot/grub/some ]",
		"[ -e /boot/grub/empty ]", "[ -f /boot/grub/empty ]", "[ -d /boot/grub/sub ]",
		"[ -e /boot/grub/sub ]", "[ ! -f /boot/grub/sub ]", "[ -s /boot/grub/some -a x ]",
		"[ -f $prefix/some ]", "[ ! -f /boot/grub/none ]",
		"[ ! -a '' ]", "[ " MAYBE " -o a ]",
	};
	static const char *const no[] = {
		"false", "false x", "[ '' ]", "[ ! a ]", "[ a = b ]", "[ a == b ]", "[ a != a ]",
		"[ ! = a ]", "[ -z a ]", "[ -n '' ]", "[ -n \"$nobody\" ]", "[ -z -a a ]",
		"[ '' a ]",
		"[ a '' ]", "[ '' '' ]", "[ ! ! '' ]", "[ ! ! '' a ]", "[ a -a '' ]",
		"[ '' -o ! a -o '' ]", "[ '' b = b ]", "[ '' -n a ]", "test ''", "[ '' -o '' ]",
		"[ a -a b = c ]", "[ 1 -eq 2 ]", "[ 1 -ne 1 ]", "[ 10 -eq 010 ]", "[ 2 -lt 2 ]",
		"[ 2 -lt 1 ]", "[ 2 -le 1 ]", "[ 1 -gt 1 ]", "[ 1 -gt 2 ]", "[ 1 -ge 2 ]",
		"[ -e /boot/grub/none ]", "[ -f /boot/grub/none ]", "[ -s /boot/grub/none ]",
		"[ -d /boot/grub/none ]", "[ -d /boot/grub/some ]", "[ -d /boot/grub/empty ]",
		"[ -f /boot/grub/sub ]", "[ -s /boot/grub/empty ]", "[ " MAYBE " -a '' ]",
		"[ ! -d /boot/grub/sub ]", "[ ! -a a ]",
	};
	static const char *const maybe[] = {
		"x", "[ " MAYBE " ]", "[ ! " MAYBE " ]", "[ a = $grub_cpu ]", "[ $grub_cpu ]",
		"[ a $grub_cpu ]", "[ -n $grub_cpu ]", "[ -f /boot/grub/$grub_cpu ]",
		"[ " MAYBE " -a a ]", "[ '' -o " MAYBE " ]", "[ a", "[", "[ 018 -eq 1 ]",
		"[ 1 -eq 018 ]",
		"[ 1x -eq 1 ]", "[ +1 -eq 1 ]", "[ ' 1' -eq 1 ]", "[ 1000000000 -eq 1 ]",
		"[ a -eq a ]",
		"[ - -eq 0 ]", "[ a -foo b ]", "[ '' -foo b ]", "[ \"(\" a \")\" ]", "[ a '<' b ]",
		"[ '>' ]", "[ -f /boot/grubs ]", "[ -f /boot ]", "[ -e /boot/grub ]",
		"[ -f boot/grub/x ]",
		"[ -e /other/some ]", "[ -d /other ]", "[ -s /other ]", "[ -q /boot/grub/some ]",
		"[ -s /boot/grub/fifo ]", "sleep 1", "trues", "tests a", ("test " MAYBE),
	};
	static const struct {
		const char *const *of;
		size_t n;
		const char *value;
	} tables[] = {
		{ yes, ARRAY_SIZE(yes), "yes" }, { no, ARRAY_SIZE(no), "no" },
		{ maybe, ARRAY_SIZE(maybe), UNKNOWN },
	};
	STRING_AUTO fifo = mem_printf("%s/boot/grub/fifo", dir);

	(void)state;
	put("boot/grub/some", "x");
	put("boot/grub/empty", "");
	put("boot/grub/sub/x", "");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t k = 0; k < tables[i].n; k++) {
			STRING_AUTO script = mem_printf("if %s; then r=yes; else r=no; fi\n",
							tables[i].of[k]);

			read_script(script);
			assert_row(script, value_of("r"), tables[i].value);
			assert_string_equal(fail_text(), "");
		}
}

enum truth { NO, DEPENDS, YES };

static enum truth both(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

/* Each three conditions, of which each may be true, false, or not known: which branch is run. */
static void branches(void **state)
{
	static const char *const conditions[] = { "false", "[ " MAYBE " ]", "true" };
	static const char *const values[] = { UNSET, UNKNOWN, "1" };

	(void)state;
	for (int i = 0; i < 27; i++) {
		enum truth c[] = { i % 3, i / 3 % 3, i / 9 };
		STRING_AUTO script = mem_printf("if %s; then a=1\nelif %s; then b=1\nelif %s\nthen"
						" c=1\nelse d=1; fi; e=1\n", conditions[c[0]],
						conditions[c[1]], conditions[c[2]]);
		enum truth left = YES;

		read_script(script);
		for (int k = 0; k < 3; k++) {
			assert_row(script, value_of((char[]){ (char)('a' + k), 0 }),
				   values[both(left, c[k])]);
			left = both(left, YES - c[k]);
		}
		assert_row(script, value_of("d"), values[left]);
		assert_row(script, value_of("e"), "1");
	}
}

/* --- the menu --- */

/* Entries as "TITLE/ID@MENU.INDEX", those that may not be there with "?", submenus with ">". */
static void menus(void **state)
{
	static const struct {
		const char *script, *entries;
	} rows[] = {
		{ "menuentry a {\n}\nmenuentry b {\n}", "a/a@-1.0 b/b@-1.1" },
		{ "menuentry \"a b\"{\n}", "a b/a b@-1.0" },
		{ "menuentry a --id i {\n}", "a/i@-1.0" },
		{ "menuentry a --id=i {\n}", "a/i@-1.0" },
		{ "menuentry --id i a {\n}", "a/i@-1.0" },
		{ "menuentry a b c --id d --id e {\n}", "a/e@-1.0" },
		{ "menuentry --class k --users u --hotkey h --source s --unrestricted t {\n}",
		  "t/t@-1.0" },
		{ "menuentry --class=k t {\n}", "t/t@-1.0" },
		{ "menuentry a $menuentry_id_option i {\n}", "a/a@-1.0" },
		{ "menuentry {\n}\nmenuentry --id i {\n}\nmenuentry a {\n}", "a/a@-1.0" },
		{ "menuentry '' {\n}", "/@-1.0" },
		{ "menuentry a {\nmenuentry b {\n}\nsubmenu c {\nmenuentry d {\n}\n}\n}\n"
		  "menuentry e {\n}", "a/a@-1.0 e/e@-1.1" },
		{ "submenu m --id i {\nmenuentry a {\n}\nsubmenu n {\nmenuentry b {\n}\n}\n"
		  "menuentry c {\n}\n}\nmenuentry d {\n}",
		  ">m/i@-1.0 a/a@0.0 >n/n@0.1 b/b@2.0 c/c@0.2 d/d@-1.1" },
		{ "submenu {\nmenuentry a {\n}\n}\nmenuentry b {\n}", "b/b@-1.0" },
		{ "if false; then\nmenuentry a {\n}\nsubmenu m {\nmenuentry b {\n}\n}\nfi\n"
		  "menuentry c {\n}", "c/c@-1.0" },
		{ "if [ " MAYBE " ]; then\nmenuentry a {\n}\nfi\nmenuentry b {\n}",
		  "?a/a@-1.0 b/b@-1.1" },
		{ "if [ " MAYBE " ]; then\nsubmenu m {\nfi\nmenuentry a {\n}\n}\nfi\n"
		  "menuentry b {\n}",
		  "?>m/m@-1.0 ?a/a@0.0 b/b@-1.1" },
		{ "submenu m {\nif [ " MAYBE " ]; then\n}\nmenuentry b {\n}",
		  ">m/m@-1.0 b/b@-1.1" },
		{ "function f {\nmenuentry a {\n}\n}\nmenuentry b {\n}", "b/b@-1.0" },
		{ "menuentrys a {\n}\nmenuentry\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		BUF_AUTO out = {0};

		read_script(rows[i].script);
		buf_add(&out, "", 0);
		for (size_t k = 0; k < all.n; k++) {
			const struct entry *e = &all.at[k];

			assert_int_equal(e->type, ENTRY_GRUB);
			assert_string_equal(e->path, "/" CFG);
			buf_printf(&out, "%s%s%s%s/%s@%d.%d", k ? " " : "", e->unsure ? "?" : "",
				   e->submenu ? ">" : "", e->title, e->id, e->menu, e->index);
		}
		assert_row(rows[i].script, (char *)out.data, rows[i].entries);
	}
}

/* What decides whether an entry is there, and what an entry does. */
static void abouts(void **state)
{
	static const struct {
		const char *script, *unsure, *doubt;
	} rows[] = {
		{ "if [ x$x = x -a " MAYBE " -a y$y ]; then\nmenuentry e {\nlinux /k\n}\nfi",
		  "$grub_cpu", NULL },
		{ "x=1; if sleep $x \"$y\"; then\nmenuentry e {\nlinux /k\n}\nfi", "$y", NULL },
		{ "if sleep 1; then\nmenuentry e {\nlinux /k\n}\nfi", "sleep", NULL },
		{ "if\nmenuentry e {\nlinux /k\n}\nfi", "?", NULL },
		{ "if true; then if sleep; then if $grub_cpu; then\nmenuentry e {\n"
		  "linux /k\n}\nfi; fi;"
		  " fi", "sleep", NULL },
		{ "a && menuentry e {\nlinux /k\n}", "the command before it", NULL },
		{ "if sleep; then x; fi; a && menuentry e {\nlinux /k\n}", "the command before it",
		  NULL },
		{ "menuentry e { linux /k; initrd /$x\n}", NULL, "it has $x, which nothing sets" },
		{ "menuentry e {\nif sleep; then linux /k; fi\n}", NULL,
		  "what it loads is decided by sleep, of which only GRUB knows what it is" },
		{ "menuentry e {\na && linux /k\n}", NULL, "what it loads is decided by the command"
		  " before it, of which only GRUB knows what it is" },
		{ "menuentry e {\nlinux /k\nif sleep; then initrd /i; fi\n}", NULL,
		  "what it loads is decided by sleep, of which only GRUB knows what it is" },
		{ "menuentry e {\nlinux /k\ninitrd /$x\n}", NULL, "it has $x, which nothing sets" },
		{ "menuentry e {\nlinux /k\nif false; then linux /j $x; fi\n}", NULL, NULL },
		{ "menuentry e {\nlinux /k\nif sleep; then fi; insmod $x\n}", NULL, NULL },
		{ "menuentry e {\nlinux /k\ninitrd (hd1)/i\n}", NULL,
		  "(hd1)/i is on another disk" },
		{ "menuentry e {\nset root=$grub_cpu\nlinux ()/k\n}", NULL, NULL },
		/* Bodies are of when all is known, and one after the other. */
		{ "menuentry e {\nlinux /k $x\n}\nset x=1", NULL, NULL },
		{ "menuentry d {\nx=1\n}\nmenuentry e {\nlinux /k $x\n}\n", NULL,
		  "it has $x, which nothing sets" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct entry *e;

		read_script(rows[i].script);
		assert_row(rows[i].script, all.n ? "some" : "none", "some");
		e = &all.at[all.n - 1];
		assert_row(rows[i].script, e->kernel, "/k");
		assert_row(rows[i].script, e->unsure, rows[i].unsure);
		assert_row(rows[i].script, e->doubt, rows[i].doubt);
	}
}

/* In a menu below another there are only the variables that were exported. */
static void submenus(void **state)
{
	(void)state;
	read_script("set y=y\nset r=r\nset root=12-34\nset x=x\nexport y x2 r\n"
		    "submenu m {\nset z=z\nmenuentry a {\nlinux /k \"<$x$y$z>\" $r $root $prefix\n"
		    "x=2\ny=2\n}\n"
		    "menuentry b {\nlinux /k \"<$x$y$z>\"\n}\nset r=2\n}\n"
		    "menuentry c {\nlinux /k \"<$x$y$z>\"\n}\nset y=3\n");
	assert_int_equal(all.n, 4);
	assert_string_equal(all.at[1].options, "<yz> 2 12-34 /boot/grub");
	assert_null(all.at[1].doubt);
	assert_string_equal(all.at[2].options, "<yz>");
	assert_string_equal(all.at[3].options, "<x3>");
	assert_string_equal(all.at[3].doubt, "it has $z, which nothing sets");
	assert_string_equal(value_of("x"), "x");
	assert_string_equal(value_of("r"), "r");
	/* ... and so below that, and once more outside. */
	read_script("set x=x\nset y=y\nexport z y\nsubmenu m {\nset x=2\nset z=z\nsubmenu n {\n"
		    "menuentry a {\nlinux /k \"<$x$y$z>\"\n}\n}\n"
		    "menuentry b {\nlinux /k \"<$x$y$z>\"\n}\n}\n"
		    "menuentry c {\nlinux /k \"<$x$y>\"\n}\n");
	assert_string_equal(all.at[2].options, "<yz>");
	assert_string_equal(all.at[3].options, "<2yz>");
	assert_string_equal(all.at[4].options, "<xy>");
	/* ... and its conditions are not those of what its entries do. */
	read_script("if [ " MAYBE " ]; then\nsubmenu m {\nmenuentry a {\nlinux /k\n}\n}\n"
		    "menuentry b {\n}\nfi\n");
	assert_string_equal(all.at[1].unsure, "$grub_cpu");
	assert_null(all.at[1].doubt);
	assert_string_equal(all.at[2].unsure, "$grub_cpu");
}

/* --- the default --- */

#define MENU	"menuentry a --id x {\n}\nmenuentry 2 {\n}\nmenuentry c --id 0 {\n}\n" \
		"submenu 'm>n' {\nmenuentry e {\n}\nmenuentry f {\n}\n}\nmenuentry 6.12 {\n}\n"

static void defaults(void **state)
{
	static const struct {
		const char *wanted, *title;
		bool matches;
		const char *unsure;
	} rows[] = {
		{ "", "a", true, NULL }, { "0", "a", true, NULL }, { "1", "2", true, NULL },
		{ "2", "c", true, NULL }, { "02", "c", true, NULL }, { "0x2", "c", true, NULL },
		{ "010", "a", false, NULL }, { "9", "a", false, NULL }, { "x", "a", true, NULL },
		{ "a", "a", true, NULL }, { "c", "c", true, NULL }, { "e", "a", false, NULL },
		{ "-1", "a", false, NULL },
		{ "3", "e", true, NULL }, { "3>0", "e", true, NULL }, { "3>1", "f", true, NULL },
		{ "3>f", "f", true, NULL }, { "3>z", "e", false, NULL }, { "3>", "e", true, NULL },
		{ "m>>n>1", "f", true, NULL }, { "m>>n", "e", true, NULL },
		{ "m>n>1", "a", false, NULL },
		{ "2>0", "c", true, NULL }, { "z>1", "a", false, NULL }, { ">1", "a", true, NULL },
		{ "6.12", "6.12", true, "the number that a name begins with" },
		{ "3x", "a", false, "the number that a name begins with" },
	};

	(void)state;
	read_script(MENU);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *unsure = "x";
		bool matches;
		const struct entry *e = grub_find(&grub, &all, rows[i].wanted, &matches, &unsure);

		assert_row(rows[i].wanted, e->title, rows[i].title);
		assert_row(rows[i].wanted, unsure, rows[i].unsure);
		assert_row(rows[i].wanted, matches ? "yes" : "no", rows[i].matches ? "yes" : "no");
	}
}

#define B_DEPENDS "menuentry a {\n}\nif x; then\nmenuentry b {\n}\nfi\nmenuentry c {\n}"

/* What is before a number in the menu decides what that is, of a name only where it is itself. */
static void defaults_that_depend(void **state)
{
	static const struct {
		const char *script, *wanted, *title, *unsure;
	} rows[] = {
		{ B_DEPENDS, "0", "a", NULL },
		{ B_DEPENDS, "1", "b", "x" },
		{ B_DEPENDS, "2", "c", "x" },
		{ B_DEPENDS, "b", "b", "x" },
		{ B_DEPENDS, "c", "c", NULL },
		{ B_DEPENDS, "z", "a", NULL },
		{ "if x; then\nmenuentry a {\n}\nfi\nif y; then\nmenuentry b {\n}\nfi\n", "1", "b",
		  "x" },
		{ "if x; then\nmenuentry a {\n}\nfi\nmenuentry c {\n}", "", "a", "x" },
		{ "submenu m {\nif x; then\nmenuentry a {\n}\nfi\nmenuentry c {\n}\n}", "0>1", "c",
		  "x" },
		{ "if x; then\nsubmenu m {\nmenuentry a {\n}\n}\nfi\n", "m>0", "a", "x" },
		{ "submenu m {\n}\n", "0", "m", NULL },
	};
	bool matches;
	const char *unsure;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct entry *e;

		read_script(rows[i].script);
		e = grub_find(&grub, &all, rows[i].wanted, &matches, &unsure);
		assert_row(rows[i].script, e->title, rows[i].title);
		assert_row(rows[i].script, unsure, rows[i].unsure);
	}
	read_script("x\n");
	assert_null(grub_find(&grub, &all, "1x", &matches, &unsure));
	assert_null(unsure);
	assert_false(matches);
}

/* Entries of type 1 have no title that they need; where blscfg is not the first they move. */
static void defaults_of_blscfg(void **state)
{
	static const char *const before[] = { "menuentry a {\n}\nblscfg\n",
	"blscfg\nmenuentry a {\n}\n" };
	struct place whole = tree_whole(&tree);
	const char *unsure;
	bool matches;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const struct entry *e;

		read_script(before[i]);
		assert_true(grub.blscfg);
		assert_int_equal(grub.before_blscfg, !i);
		entries_add(&all, ENTRY_TYPE1, &whole, "b");
		entries_add(&all, ENTRY_TYPE1, &whole, "0ab-6.12");
		e = grub_find(&grub, &all, "0ab-6.12", &matches, &unsure);
		assert_ptr_equal(e, &all.at[2]);
		assert_true(matches);
		assert_null(unsure);
		e = grub_find(&grub, &all, "2", &matches, &unsure);
		assert_ptr_equal(e, &all.at[2]);
		assert_row(before[i], unsure,
		i ? NULL : "blscfg, which is not the first in its menu");
		e = grub_find(&grub, &all, "0", &matches, &unsure);
		assert_null(unsure);
	}
	read_script("submenu m {\nmenuentry b {\n}\n}\nmenuentry a {\n}\nblscfg x\n");
	assert_int_equal(grub.before_blscfg, 2);
	read_script("if false; then blscfg; fi\nblscfgs");
	assert_false(grub.blscfg);
	assert_int_equal(grub.before_blscfg, 0);
}

/* What it is, where it comes from, and of what is not known who decides. */
static void why(void **state)
{
	static const struct {
		const char *script, *wanted;	/* NULL: the refusal */
		const char *why;
	} rows[] = {
		{ "", "", "the first of GRUB's menu" },
		{ "default=1", "1", "the default of grub.cfg" },
		{ "default=$next_entry", "n",
		  "next_entry of GRUB's environment block, which stays there" },
		{ "default=\"${saved_entry}\"", "s", "saved_entry of GRUB's environment block" },
		{ "default=$other", "o", "the default of grub.cfg" },
		{ "default=$saved_entry\ndefault=1", "1", "the default of grub.cfg" },
		{ "default=$nobody", "", "the first of GRUB's menu" },
		{ "default=$saved_entry; if sleep; then d=1; fi", "s",
		  "saved_entry of GRUB's environment block" },
		{ "submenu m {\ndefault=$other\n}\nmenuentry e {\ndefault=$other\n}\n"
		  "default=$saved_entry"
		  "\nmenuentry e {\ndefault=$other\n}\nsubmenu n {\ndefault=$other\n}\n", "s",
		  "saved_entry of GRUB's environment block" },
		{ "default=$grub_cpu", NULL, "decided by $grub_cpu, of which" },
		{ "default=a$grub_cpu\nsubmenu m {\nread default\n}\n", NULL,
		  "decided by $grub_cpu, of which" },
		{ "if sleep; then default=1; fi", NULL, "decided by sleep, of which" },
		{ "default=1; if sleep; then unset default; fi", NULL,
		  "decided by sleep, of which" },
		{ "a && default=1", NULL, "decided by the command before it, of which" },
		{ "read default", NULL, "decided by the command read, of which" },
		{ "probe --set=default x", NULL, "decided by the command probe, of which" },
		{ "for default in 1 2; do\ndone", NULL, "decided by a loop, of which" },
		{ "function f {\ndefault=1\n}\nf", NULL, "decided by the function f, of which" },
		{ "function f {\nother=1\n}\nf", "", "the first of GRUB's menu" },
		{ "function f {\ndefault=1\n}\nread default\nmenuentry e {\nf\n}", NULL,
		  "decided by the command read, of which" },
	};

	(void)state;
	put("boot/grub/grubenv", "saved_entry=s\nnext_entry=n\nother=o\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *wanted = "x", *reason = "x";
		int rc;

		read_script(rows[i].script);
		rc = grub_default(&grub, &wanted, &reason);
		assert_row(rows[i].script, wanted, rows[i].wanted);
		assert_int_equal(rc, rows[i].wanted ? 0 : -EINVAL);
		if (rows[i].wanted)
			assert_row(rows[i].script, reason, rows[i].why);
		else if (!strstr(fail_text(), rows[i].why))
			assert_row(rows[i].script, fail_text(), rows[i].why);
		fail_forget();
	}
}

/* Without a script. */
static void why_without(void **state)
{
	static const struct {
		const char *block, *wanted, *why;
	} rows[] = {
		{ "saved_entry=s\nnext_entry=n\n", "n",
		  "next_entry of GRUB's environment block, which stays there" },
		{ "saved_entry=s\nnext_entry=\n", "s", "saved_entry of GRUB's environment block" },
		{ "saved_entry=s\n", "s", "saved_entry of GRUB's environment block" },
		{ "", "", "the first of GRUB's menu" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *wanted, *reason;

		forget();
		put("boot/grub/grubenv", rows[i].block);
		assert_int_equal(grub_read(&tree, &grub, &all), 0);
		assert_null(grub.config);
		assert_string_equal(grub.directory, "");
		assert_int_equal(grub_default(&grub, &wanted, &reason), 0);
		assert_string_equal(wanted, rows[i].wanted);
		assert_string_equal(reason, rows[i].why);
	}
}

/* --- what blscfg's entries say --- */

static void expansions(void **state)
{
	static const struct {
		const char *text, *is, *doubt;
	} rows[] = {
		{ "", "", NULL }, { "a $ b$", "a $ b$", NULL }, { "$-", "$-", NULL },
		{ "$set a${set}b", "1 2 a1 2b", NULL },
		{ "${set", "${set", NULL }, { "${}", "${}", NULL }, { "${set-}", "${set-}", NULL },
		{ "a $tuned_params b", "a  b", NULL },
		{ "a$nobody", "a", "it has $nobody, which nothing sets" },
		{ "$root", "root", "it has $root, which nothing sets" },
		{ "$later", "2", "it has $later, of which only GRUB knows what it is" },
		{ "$before", "", "it has $before, of which only GRUB knows what it is" },
		{ "$last", "3", NULL },
		{ "$next", "4", "it has $next, of which only GRUB knows what it is" },
	};

	(void)state;
	read_script("set set='1 2'\nread before\nset last=3\nblscfg\nset next=4\nset later=2\n");
	assert_int_equal(grub.n_at_blscfg, 3);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *doubt = NULL;

		assert_row(rows[i].text, grub_expand(&tree.arena, &grub, rows[i].text, &doubt),
			   rows[i].is);
		assert_row(rows[i].text, doubt, rows[i].doubt);
	}
}

/* --- disks --- */

#define ON(id)	"menuentry e {\nset root=" id "\nlinux /k\n}\n"
#define DOUBT(has, own) "it is of another disk than /boot (" has ", not " own ")"

static void disks(void **state)
{
	static const struct {
		const char *fstab, *script, *doubt;	/* of the last entry */
	} rows[] = {
		{ NULL, ON("12-34"), NULL },
		{ NULL, ON("12-34") ON("12-34"), NULL },
		{ NULL, ON("12-34") ON("12-35"), DOUBT("12-35", "12-34") },
		{ NULL, ON("12-ab") ON("12-AB"), NULL },
		{ NULL, ON("hd0") ON("hd1"), DOUBT("hd1", "hd0") },
		{ NULL, ON("12-34") ON("hd1"), NULL },
		{ NULL, ON("hd0") ON("12-34"), NULL },
		{ NULL, ON("12") ON("34-5"), NULL },	/* without a "-" it is none of a disk */
		{ NULL, ON("12-g") ON("34-5"), NULL },
		{ NULL, ON("$grub_cpu") ON("34-5") ON("$grub_cpu"), NULL },
		{ NULL, "menuentry e {\nset root=12-34\n}\n" ON("12-35"), NULL },
		{ NULL, ON("12-34") "menuentry e {\nset root=12-35\n}\n", NULL },
		{ "UUID=12-34 / ext4\n", ON("12-35"), DOUBT("12-35", "12-34") },
		{ "UUID=12-34 / ext4\n", ON("12-34"), NULL },
		{ "UUID=12-34\t/\n", ON("12-35"), DOUBT("12-35", "12-34") },
		{ "UUID=1-1 / x\nUUID=12-34 /boot x\nUUID=2-2 /home x\n", ON("12-34"), NULL },
		{ "UUID=12-34 /boot x\nUUID=1-1 / x\n", ON("1-1"), DOUBT("1-1", "12-34") },
		{ "UUID=1-1 / x\nUUID=2-2 /boots x\nUUID=3-3 /boot/efi x\nUUID=4-4 /root x\n"
		  "UUID=5-5 b x\n",
		  ON("1-1"), NULL },
		{ "UUID=1-1 / x\nUUID=5-5 /etc_ x\n", ON("1-1"), NULL },
		{ "/dev/sda1 / x\n", ON("12-35"), NULL },
		{ "UUID=1-1 / x\n/dev/sda1 /boot x\n", ON("12-35"), NULL },
		{ "PARTUUID=1-1 / x\n", ON("12-35"), NULL },
		{ "UUID=1-1\n", ON("12-35"), NULL },
		{ "", ON("12-35"), NULL },
		{ NULL, "search --set=root --fs-uuid 1-1\nmenuentry e {\nlinux /k\n}\n" ON("1-2"),
		  DOUBT("1-2", "1-1") },
		{ NULL, "search --fs-uuid 1-1 --set=root\nmenuentry e {\nlinux /k\n}\n" ON("1-2"),
		  DOUBT("1-2", "1-1") },
		{ NULL, "search --fs-uuid --set 1-1\nmenuentry e {\nlinux /k\n}\n" ON("1-2"),
		  DOUBT("1-2", "1-1") },
		{ NULL, "search -s -u 1-1\nmenuentry e {\nlinux /k\n}\n" ON("1-2"), DOUBT("1-2",
		  "1-1") },
		{ NULL, "search.fs_uuid --set=root 1-1\nmenuentry e {\nlinux /k\n}\n" ON("1-2"),
		  DOUBT("1-2", "1-1") },
		{ NULL,
		  "search --set=root --fs-uuid $grub_cpu\nmenuentry e {\nlinux /k\n}\n" ON("1-2"),
		  NULL },
		{ NULL, "search --set=root\nmenuentry e {\nlinux /k\n}\n" ON("1-2"), NULL },
		{ NULL,
		  "root=3-3\nsearch --fs-uuid 1-1\nmenuentry e {\nlinux /k\n}\n" ON("3-3"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].fstab)
			put("etc/fstab", rows[i].fstab);
		read_script(rows[i].script);
		assert_row(rows[i].script, all.at[all.n - 1].doubt, rows[i].doubt);
		assert_string_equal(fail_text(), "");
		if (rows[i].fstab)
			without("etc/fstab");
	}
	put("etc/fstab/x", "");		/* what cannot be read is none */
	read_script(ON("12-34") ON("12-35"));
	assert_string_equal(all.at[1].doubt, DOUBT("12-35", "12-34"));
	assert_string_equal(fail_text(), "");
}

/* Which commands load what, and where from. */
static void loads(void **state)
{
	static const struct {
		const char *body, *kernel, *initrd, *options, *device;
	} rows[] = {
		{ "linux /k a", "/k", "", "a", "root" },
		{ "linux16 /k", "/k", "", "", "root" }, { "linuxefi /k", "/k", "", "", "root" },
		{ "linuxx /k", NULL, "", NULL, NULL }, { "linu /k", NULL, "", NULL, NULL },
		{ "linux", NULL, "", NULL, NULL }, { "initrd", NULL, "", NULL, NULL },
		{ "initrd /i '' /j", NULL, "/i /j", NULL, NULL },
		{ "initrd16 /i", NULL, "/i", NULL, NULL },
		{ "initrdefi /i", NULL, "/i", NULL, NULL },
		{ "initrds /i", NULL, "", NULL, NULL },
		{ "linux /k a\nlinux /l b", "/l", "", "b", "root" },
		{ "initrd /i\ninitrd /j", NULL, "/j", NULL, NULL },
		{ "set root=1-1\nlinux (1-1)/k\ninitrd ($root)/i", "/k", "/i", "", "1-1" },
		{ "set root=1-1\nlinux /k\nset root=2-2", "/k", "", "", "1-1" },
		{ "linux (1-1)/k", "(1-1)/k", "", "", "root" },
		{ "unset root\nlinux ()/k", "/k", "", "", "" },
		{ "set root=$grub_cpu\nlinux ()/k", "/k", "", "", NULL },
		{ "if false; then linux /k; fi", NULL, "", NULL, NULL },
		{ "}\nlinux /k", NULL, "", NULL, NULL },
		{ "f {\n}\nlinux /k", "/k", "", "", "root" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO script = mem_printf("linux /other\nmenuentry e {\n%s\n}\n"
						"linux /other\n",
						rows[i].body);
		BUF_AUTO initrd = {0};

		read_script(script);
		buf_add(&initrd, "", 0);
		for (size_t k = 0; k < all.at[0].initrd.n; k++)
			buf_printf(&initrd, "%s%s", k ? " " : "", all.at[0].initrd.at[k]);
		assert_row(script, all.at[0].kernel, rows[i].kernel);
		assert_row(script, all.at[0].options, rows[i].options);
		assert_row(script, all.at[0].device, rows[i].device);
		assert_row(script, (char *)initrd.data, rows[i].initrd);
	}
}

/* --- files --- */

/* What cannot be followed is remembered, but what is not there. */
static void unread(void **state)
{
	static const struct {
		const char *script, *unread;
	} rows[] = {
		{ "source /elsewhere", "/elsewhere" },
		{ "source /boot/grub/dir", "/boot/grub/dir" },
		{ "source /boot/grub/none", NULL }, { "source /boot/grubs/x", "/boot/grubs/x" },
		{ "source /boot/grub/a$grub_cpu", "/boot/grub/a" },
		{ "source /boot/grub/a b", "b" },
		{ "if sleep; then source /boot/grub/none; fi", "/boot/grub/none" },
		{ "a && source /boot/grub/none", "/boot/grub/none" },
		{ "if false; then source /elsewhere; fi", NULL },
		{ "menuentry e {\nsource /elsewhere\n}", NULL },
		{ "source /boot/grub/grub.cfg", "/boot/grub/grub.cfg" },
		{ "source /boot/grub/7", NULL }, { "source /boot/grub/8", "/boot/grub/0" },
		{ "load_env", NULL }, { "load_env x", NULL },
		{ "load_env -f /boot/grub/grubenv", NULL },
		{ "load_env -f /elsewhere", "/elsewhere" }, { "load_envs /elsewhere", NULL },
		{ "x /elsewhere", NULL },
	};

	(void)state;
	put("boot/grub/dir/x", "");
	put("boot/grub/0", "");
	for (char i = '1'; i <= '8'; i++) {
		STRING_AUTO name = mem_printf("boot/grub/%c", i);
		STRING_AUTO text = mem_printf("source /boot/grub/%c", i - 1);

		put(name, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		read_script(rows[i].script);
		assert_row(rows[i].script, grub.unread, rows[i].unread);
		assert_string_equal(fail_text(), "");
	}
	/* A row of files, each read to its end. */
	put("boot/grub/a", "set a=1");
	put("boot/grub/b", "source /boot/grub/a\nsource /boot/grub/a\nset b=1\n");
	read_script("source /boot/grub/b\nsource /boot/grub/b\nsource /boot/grub/b\n"
		    "source /boot/grub/b\n"
		    "source /boot/grub/b\nset c=1");
	assert_null(grub.unread);
	assert_string_equal(value_of("a"), "1");
	assert_string_equal(value_of("b"), "1");
	assert_string_equal(value_of("c"), "1");
}

/* Which files are read, and what cannot be is a refusal. */
static void configurations(void **state)
{
	(void)state;
	put("boot/grub2/grub.cfg", "set r=2\n");
	put("boot/grub2/grubenv", "e=2\n");
	put("boot/grub/grub.cfg", "set r=1\n");
	put("boot/grub/grubenv", "e=1\n");
	assert_int_equal(grub_read(&tree, &grub, &all), 0);
	assert_string_equal(grub.config, "/boot/grub2/grub.cfg");
	assert_string_equal(grub.directory, "/boot/grub2");
	assert_string_equal(value_of("r"), "2");
	assert_string_equal(value_of("e"), "2");
	assert_int_equal(grub.n_at_blscfg, SIZE_MAX);
	forget();
	assert_int_equal(grub.names.n, 0);
	assert_int_equal(grub.values.n, 0);
	without("boot/grub2/grub.cfg");
	without("boot/grub2/grubenv");
	read_script("set r=1\n");
	assert_string_equal(value_of("e"), "1");
	without("boot/grub/grubenv");
	put("boot/grub/grubenv/x", "");
	forget();
	assert_fails(grub_read(&tree, &grub, &all), EINVAL,
	"/boot/grub/grubenv: is not a regular file");
	assert_int_equal(grub.names.n, 0);
	forget();
	put("boot/grub2/grub.cfg/x", "");
	put("boot/grub2/grubenv", "e=2\n");
	assert_fails(grub_read(&tree, &grub, &all), EINVAL,
	"/boot/grub2/grub.cfg: is not a regular file");
}

/* As deep as it is followed, and deeper: as GRUB's braces, in a file that is read,
in a function. */
static void depths(void **state)
{
	static const struct {
		const char *before, *opens, *closes;
		int most;
	} rows[] = {
		{ "", "if true; then\n", "fi\n", 32 },
		{ "set x=1\nset y=1\n", "submenu m {\n", "}\n", 32 },
		{ "", "f {\n", "}\n", 32 },
		{ "function g {\n", "f {\n", "}\n", 31 },
		{ "menuentry e {\n", "f {\n", "}\n", 31 },
		{ "menuentry e {\n", "if true; then\n", "fi\n", 32 },
		{ "submenu s {\nmenuentry e {\n", "for i in a; do\n", "done\n", 32 },
	};

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(rows); i++) {
		BUF_AUTO script = {0};
		int n = rows[i / 4].most + (int)(i & 1);
		int rc;

		buf_printf(&script, "%s", rows[i / 4].before);
		for (int k = 0; k < n; k++)
			buf_printf(&script, "%s", rows[i / 4].opens);
		for (int k = 0; k < n; k++)
			buf_printf(&script, "%s", rows[i / 4].closes);
		forget();
		put(CFG, i & 2 ? "source /boot/grub/deep\nset r=1\n" : (char *)script.data);
		put("boot/grub/deep", (char *)script.data);
		rc = grub_read(&tree, &grub, &all);
		if (i & 1) {
			assert_int_equal(rc, -EINVAL);
			assert_non_null(strstr(fail_text(), "has braces in braces in braces"));
			fail_forget();
			continue;
		}
		if (rc)
			print_error("%s", (char *)script.data);
		assert_int_equal(rc, 0);
		assert_string_equal(value_of("r"), i & 2 ? "1" : UNSET);
	}
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_TREE(words),
		IN_A_TREE(variables),
		IN_A_TREE(environment),
		IN_A_TREE(conditions),
		IN_A_TREE(branches),
		IN_A_TREE(menus),
		IN_A_TREE(abouts),
		IN_A_TREE(submenus),
		IN_A_TREE(defaults),
		IN_A_TREE(defaults_that_depend),
		IN_A_TREE(defaults_of_blscfg),
		IN_A_TREE(why),
		IN_A_TREE(why_without),
		IN_A_TREE(expansions),
		IN_A_TREE(disks),
		IN_A_TREE(loads),
		IN_A_TREE(unread),
		IN_A_TREE(configurations),
		IN_A_TREE(depths),
	};

	return _cmocka_run_group_tests("grub", tests, unit_opens_trees() ? ARRAY_SIZE(tests) : 0,
	NULL,
				       NULL);
}
