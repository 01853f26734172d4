// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What the running kernel says now, by new and old names, and what it does not say. */
#include "tests/unit/unit.h"

#include "kexec/state.h"

static char *dir;
static struct sysroot sr;

static int setup(void **state)
{
	(void)state;
	sr.root = dir = unit_directory();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	fail_forget();
	return 0;
}

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static enum answer loaded(bool crash)
{
	enum answer a;

	assert_int_equal(state_loaded(&sr, crash, &a), 0);
	return a;
}

static void is_it_loaded(void **state)
{
	enum answer a;

	(void)state;
	assert_true(loaded(false) == ANSWER_UNKNOWN && loaded(true) == ANSWER_UNKNOWN);
	says(SYS_CRASH_LOADED_OLD, "1\n");
	says(SYS_LOADED_OLD, "0\n");
	assert_true(loaded(false) == ANSWER_NO && loaded(true) == ANSWER_YES);
	says(SYS_CRASH_LOADED, "0\n");		/* the new name comes first */
	says(SYS_LOADED, "1\n");
	assert_true(loaded(false) == ANSWER_YES && loaded(true) == ANSWER_NO);
	says(SYS_CRASH_LOADED, "what?\n");
	assert_true(state_loaded(&sr, true, &a) < 0 && a == ANSWER_UNKNOWN);
	assert_non_null(strstr(fail_text(), "crash_loaded"));
}

static void how_much_is_reserved(void **state)
{
	uint64_t size = 0;

	(void)state;
	assert_int_equal(state_crash_size(&sr, &size), 0);
	assert_true(size == STATE_SIZE_UNKNOWN);
	says(SYS_CRASH_SIZE_OLD, "536870912\n");
	assert_int_equal(state_crash_size(&sr, &size), 0);
	assert_true(size == 512 << 20);
	says(SYS_CRASH_SIZE, "0\n");
	assert_int_equal(state_crash_size(&sr, &size), 0);
	assert_true(size == 0);
	says(SYS_CRASH_SIZE, "-1\n");
	assert_true(state_crash_size(&sr, &size) < 0 && size == STATE_SIZE_UNKNOWN);
}

static void is_it_kept(void **state)
{
	static const struct {
		const char *cpu, *memory;
		enum answer answers[2];
		bool keeps[2];
	} rows[] = {
		{ NULL, NULL, { ANSWER_UNKNOWN, ANSWER_UNKNOWN }, { false, false } },
		{ "1\n", NULL, { ANSWER_YES, ANSWER_UNKNOWN }, { true, true } },
		{ "0\n", NULL, { ANSWER_NO, ANSWER_UNKNOWN }, { false, true } },
		{ "0\n", "1\n", { ANSWER_NO, ANSWER_YES }, { false, true } },
		{ "1\n", "0\n", { ANSWER_YES, ANSWER_NO }, { true, false } },
		{ "1\n", "1\n", { ANSWER_YES, ANSWER_YES }, { true, true } },
	};
	enum answer cpu, memory;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].cpu)
			says(SYS_CPU_CRASH_HOTPLUG, rows[i].cpu);
		if (rows[i].memory)
			says(SYS_MEMORY_CRASH_HOTPLUG, rows[i].memory);
		assert_int_equal(state_kept(&sr, &cpu, &memory), 0);
		assert_true(cpu == rows[i].answers[0] && memory == rows[i].answers[1]);
		assert_int_equal(state_keeps(cpu, memory), rows[i].keeps[0]);
		assert_int_equal(state_keeps(memory, cpu), rows[i].keeps[1]);
	}
	says(SYS_CPU_CRASH_HOTPLUG, "yes\n");
	assert_true(state_kept(&sr, &cpu, &memory) < 0);
	assert_true(cpu == ANSWER_UNKNOWN && memory == ANSWER_UNKNOWN);
}

static void fadump(void **state)
{
	struct state_fadump f;

	(void)state;
	assert_int_equal(state_fadump(&sr, &f), 0);
	assert_true(f.enabled == ANSWER_UNKNOWN && f.registered == ANSWER_UNKNOWN &&
		    f.hotplug_ready == ANSWER_UNKNOWN && f.reserved == STATE_SIZE_UNKNOWN);
	says(SYS_FADUMP_ENABLED_OLD, "1\n");
	says(SYS_FADUMP_REGISTERED_OLD, "0\n");
	says(SYS_FADUMP_HOTPLUG_READY, "1\n");
	says(SYS_FADUMP_MEM_RESERVED, "4096\n");
	assert_int_equal(state_fadump(&sr, &f), 0);
	assert_true(f.enabled == ANSWER_YES && f.registered == ANSWER_NO &&
		    f.hotplug_ready == ANSWER_YES && f.reserved == 4096);
}

/* What is not a number is an error, whatever the files say that are read after it. */
static void fadump_of_no_numbers(void **state)
{
	static const char *const names[] = {
		SYS_FADUMP_ENABLED_OLD,
		SYS_FADUMP_REGISTERED_OLD,
		SYS_FADUMP_HOTPLUG_READY,
		SYS_FADUMP_MEM_RESERVED,
	};
	struct state_fadump f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			says(names[j], i == j ? "what?\n" : "1\n");
		fail_forget();
		assert_true(state_fadump(&sr, &f) < 0);
		assert_non_null(strstr(fail_text(), names[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_it_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(how_much_is_reserved, setup, teardown),
		cmocka_unit_test_setup_teardown(is_it_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(fadump, setup, teardown),
		cmocka_unit_test_setup_teardown(fadump_of_no_numbers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
