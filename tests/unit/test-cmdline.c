// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Command lines as the kernel splits them; of exact size, so that reading beyond them is noticed.
 */
#include "tests/unit/unit.h"

#include "kexec/cmdline.h"

static const struct {
	const char *text, *name, *found;	/* NULL: not there */
} finds[] = {
	{ "", "a", NULL },
	{ "a", "a", "a" },
	{ "a=", "a", "a=" },
	{ "ab", "a", NULL },
	{ "a", "ab", NULL },
	{ "x a=1 b", "a", "a=1" },
	{ "x a=1 b", "b", "b" },
	{ "a=1 a=2", "a", "a=1" },
	{ " \t\n\v\f\ra \r", "a", "a" },
	{ "x\ta", "a", "a" },
	{ "x\na", "a", "a" },
	{ "x\va", "a", "a" },
	{ "x\fa", "a", "a" },
	{ "x\ra", "a", "a" },
	{ "x\ba", "a", NULL },
	{ "x\x0e"
	  "a",
	  "a", NULL },
	{ "x\x1f"
	  "a",
	  "a", NULL },
	{ "x\xa0"
	  "a",
	  "a", NULL },
	{ "x,a", "a", NULL },
	{ "a=\"1 2\" b", "a", "a=\"1 2\"" },
	{ "\"a=1 2\" b", "a", "\"a=1 2\"" },
	{ "x=\"1 a\" b", "a", NULL },
	{ "x=\"1 a\" b", "b", "b" },
	{ "x=\"1 a", "a", NULL },
	{ "\"a", "a", "\"a" },
	{ "a\"", "a", NULL },
	{ "\"", "a", NULL },
	{ "a-b_c=1", "a_b-c", "a-b_c=1" },
	{ "a-b_c=1", "a_b-d", NULL },
	{ "-- a", "a", NULL },
	{ "x -- a", "a", NULL },
	{ "\"--\" a", "a", NULL },
	{ "\"--", "a", NULL },
	{ "\"--x\" a", "a", "a" },
	{ "\"--=\" a", "a", "a" },
	{ "--\" a\" a", "a", "a" },
	{ "--\"\" a", "a", "a" },
	{ "\"--\"\"\" a", "a", "a" },
	{ "--x a", "a", "a" },
	{ "- a", "a", "a" },
	{ "xy a", "a", "a" },
	{ "\"xy\" a", "a", "a" },
	{ "\"xy a", "a", NULL },
};

static void parameters_are_found(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(finds); i++) {
		STRING_AUTO text = mem_printf("%s", finds[i].text);
		size_t len = 0;
		const char *got = cmdline_find(text, finds[i].name, &len);
		STRING_AUTO word = mem_printf("%.*s", (int)len, got ? got : "");

		if (!got != !finds[i].found || (got && strcmp(word, finds[i].found))) {
			print_error("row %zu: \"%s\"\n", i, got ? word : "NULL");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static const struct { const char *first, *second, *joined; } joins[] = {
	{ "", "", "" },
	{ "a", "", "a" },
	{ "", "b", "b" },
	{ " a  b ", "\tc", "a b c" },
	{ "a -- x", "b -- y z", "a b -- x y z" },
	{ "a -- x", "b", "a b -- x" },
	{ "a", "b -- y", "a b -- y" },
	{ "a --", "b", "a b --" },
	{ "a \"--\" x", "b", "a b -- x" },
	{ "a=\"1 2", "b", "a=\"1 2\" b" },
	{ "a", "b=\"1 2", "a b=\"1 2" },
	{ "a", "b=\"1 2 -- y", "a b=\"1 2 -- y" },
	{ "a=\"1", "b=\"1 2\" c", "a=\"1\" b=\"1 2\" c" },
	{ "a -- x=\"1", "b -- y", "a b -- x=\"1\" y" },
};

static void lines_are_joined(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(joins); i++)
		assert_string_equal(cmdline_join(&a, joins[i].first, joins[i].second),
				    joins[i].joined);
	arena_free(&a);
}

static void names_are_taken_out(void **state)
{
	static const char *const names[] = { "one", "two", NULL };
	static const char *const none[] = { NULL };
	struct arena a = {0};

	(void)state;
	assert_string_equal(cmdline_without(&a, "one a=1 two=2 onetwo \"one=x y\" b", names),
			    "a=1 onetwo b");
	assert_string_equal(cmdline_without(&a, "a -- one -- b two", names), "a -- -- b");
	assert_string_equal(cmdline_without(&a, "one two", none), "one two");
	assert_string_equal(cmdline_without(&a, "one", names), "");
	arena_free(&a);
}

/* --- what the second kernel gets --- */

static void expect_wanted(struct plan_request r, const char *running, const char *want)
{
	struct arena a = {0};

	assert_string_equal(cmdline_wanted(&a, running, &r), want);
	arena_free(&a);
}

static void what_is_wanted(void **state)
{
	const char *running =
		"BOOT_IMAGE=/vmlinux root=/dev/sda  crashkernel=1G elfcorehdr=2G -- init";

	(void)state;
	expect_wanted((struct plan_request){0}, running, "");
	expect_wanted((struct plan_request){ .cmdline = "a  elfcorehdr=1" }, running,
		      "a  elfcorehdr=1");
	expect_wanted((struct plan_request){ .crash = true, .cmdline = "a  b" }, running, "a  b");
	expect_wanted((struct plan_request){ .crash = true, .cmdline = "a elfcorehdr=1" }, running,
		      "a");
	expect_wanted((struct plan_request){ .crash = true, .cmdline = "-- elfcorehdr=1 b" },
		      running, "-- b");
	expect_wanted((struct plan_request){ .reuse_cmdline = true, .cmdline = "a -- b" }, running,
		      "root=/dev/sda crashkernel=1G a -- init b");
	expect_wanted((struct plan_request){ .reuse_cmdline = true, .crash = true }, running,
		      "root=/dev/sda -- init");
	expect_wanted((struct plan_request){ .reuse_cmdline = true,
					     .base_cmdline = "base BOOT_IMAGE=x",
					     .cmdline = "a" },
		      running, "base a");
}

static const struct { const char *list, *left; } removals[] = {
	{ "", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "quiet", "root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "qui", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "quiets", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ " ,splash,\t root \n quiet,", "console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "root=UUID=1", "quiet console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "root=UUID=1,quiet", "console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "root=UUID=12", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "root=UUID=", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "root=UUID=2", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "toor=UUID=1", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "console=hvc0,9600", "quiet root=UUID=1 a-b=\"1 2\" -- init" },
	{ "console=hvc0 a_b", "quiet root=UUID=1 console=hvc0,9600 -- init" },
	{ "quiet=", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "quiet=1", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
	{ "--", "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init" },
};

static void what_is_removed(void **state)
{
	const char *running = "quiet root=UUID=1 console=hvc0,9600 a-b=\"1 2\" -- init";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(removals); i++) {
		STRING_AUTO list = mem_printf("%s", removals[i].list);
		STRING_AUTO text = mem_printf("%s", running);

		expect_wanted(
			(struct plan_request){ .reuse_cmdline = true, .remove_cmdline = list },
			text, removals[i].left);
	}
}

/* The kernel's own is for who gives none. */
static void what_is_inside(void **state)
{
	struct plan_request none = { .kernel = "vmlinux" };
	struct plan_request given = { .kernel = "vmlinux", .cmdline = "given" };
	struct plan_request reused = { .kernel = "vmlinux", .reuse_cmdline = true };

	(void)state;
	assert_string_equal(cmdline_with_inside(&none, "inside").cmdline, "inside");
	assert_null(cmdline_with_inside(&none, NULL).cmdline);
	assert_string_equal(cmdline_with_inside(&given, "inside").cmdline, "given");
	assert_string_equal(cmdline_with_inside(&given, NULL).cmdline, "given");
	assert_null(cmdline_with_inside(&reused, "inside").cmdline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_found),
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(names_are_taken_out),
		cmocka_unit_test(what_is_wanted),
		cmocka_unit_test(what_is_removed),
		cmocka_unit_test(what_is_inside),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
