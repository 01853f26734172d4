// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Each file that a machine is read from: what is made of it, and of nonsense in it. */
#include "tests/unit/unit.h"

#include <sys/utsname.h>

#include "kexec/machine.h"
#include "tests/unit/power.h"

#define FACTS(machine, order, page, release) \
	"machine " machine "\nbyte-order " order "\npage-size " page "\nrelease " release "\n"
#define GOOD FACTS("ppc64le", "little", "65536", "6.12")
#define NOTES SYS_CPU "/cpu1/crash_notes"
#define NOTES_SIZE NOTES "_size"

static char *dir;
static struct sysroot sr;

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static void is_gone(const char *name)
{
	STRING_AUTO command = mem_printf("rm -r '%s/%s'", dir, name);

	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	sr = (struct sysroot){ .root = dir };
	power_write(&(struct power){ dir, "ppc64le", true, 65536 });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	fail_forget();
	return 0;
}

static int survey(struct machine *m)
{
	fail_forget();
	return machine_survey(m, &sr);
}

/* A name without a text: it is removed; with "/": it is a directory. */
static const struct row {
	const char *name, *text;
	int err; /* 0: it is read */
	const char *message;
} rows[] = {
	{ SNAPSHOT_FACTS, NULL, ENOENT, "is not a snapshot made with --record" },
	{ SNAPSHOT_FACTS, "/", EINVAL, "is not a regular file" },
	{ SNAPSHOT_FACTS, "", EINVAL, "needs the lines machine" },
	{ SNAPSHOT_FACTS, "byte-order little\npage-size 65536\nrelease 6.12\n", EINVAL,
	  "needs the lines machine" },
	{ SNAPSHOT_FACTS, "machine ppc64le\npage-size 65536\nrelease 6.12\n", EINVAL,
	  "needs the lines machine" },
	{ SNAPSHOT_FACTS, "machine ppc64le\nbyte-order little\nrelease 6.12\n", EINVAL,
	  "needs the lines machine" },
	{ SNAPSHOT_FACTS, "machine ppc64le\nbyte-order little\npage-size 65536\n", EINVAL,
	  "needs the lines machine" },
	{ SNAPSHOT_FACTS, "machines ppc64le\nbyte-order little\npage-size 65536\nrelease 6.12\n",
	  EINVAL, "needs the lines machine" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "64k", "6.12"), EINVAL, "is no number" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "middle", "65536", "6.12"), EINVAL, "neither little" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "2048", "6.12"), EINVAL,
	  "a page size of 2048" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "2097152", "6.12"), EINVAL,
	  "a page size of 2097152" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "12288", "6.12"), EINVAL,
	  "a page size of 12288" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "4096", "6.12"), 0, "" },
	{ SNAPSHOT_FACTS, FACTS("ppc64le", "little", "1048576", "6.12"), 0, "" },
	{ SNAPSHOT_FACTS, GOOD "hwcap 1f\n", EINVAL, "is not two hexadecimal numbers" },
	{ SNAPSHOT_FACTS, GOOD "hwcap 1 2 3\n", EINVAL, "is not two hexadecimal numbers" },
	{ SNAPSHOT_FACTS, GOOD "hwcap x\n", EINVAL, "is not two hexadecimal numbers" },
	{ SNAPSHOT_FACTS, GOOD "hwcap 1f 2\n", 0, "" },
	{ SNAPSHOT_FACTS, FACTS("s390x", "big", "4096", "6.12"), ENOTSUP,
	  "loads no kernels on a machine of type s390x, only on " },
	{ PROC_CMDLINE, "/", EINVAL, PROC_CMDLINE },
	{ PROC_CMDLINE, NULL, 0, "" },
	{ SYS_CPU_POSSIBLE, "some\n", EINVAL, SYS_CPU_POSSIBLE },
	{ SYS_CPU_PRESENT, "some\n", EINVAL, SYS_CPU_PRESENT },
	{ SYS_CPU_ONLINE, "some\n", EINVAL, SYS_CPU_ONLINE },
	{ SYS_CPU_ONLINE, "/", EINVAL, SYS_CPU_ONLINE },
	{ SYS_CPU_ONLINE, NULL, 0, "" },
	{ SYS_CPU, NULL, 0, "" },
	{ SYS_CPU, "no directory", EINVAL, SYS_CPU },
	{ SYS_REBOOT_CPU, "first\n", EINVAL, SYS_REBOOT_CPU },
	{ SYS_REBOOT_CPU, "1\n", 0, "" },
	{ NOTES, "far away\n", EINVAL, NOTES },
	{ NOTES, "0\n", EINVAL, "0x0 is no address of 568 bytes" },
	{ NOTES, "ffffffffffffff00\n", EINVAL, "is no address of 568 bytes" },
	{ NOTES, NULL, 0, "" },
	{ NOTES_SIZE, "large\n", EINVAL, NOTES_SIZE },
	{ NOTES_SIZE, "0\n", 0, "" },
	{ NOTES_SIZE, NULL, ENOENT, "does not exist, but crash_notes beside it does" },
	{ SYS_VMCOREINFO, "/", EINVAL, SYS_VMCOREINFO },
	{ SYS_VMCOREINFO, "somewhere\n", EINVAL, "is not an address and a size" },
	{ SYS_VMCOREINFO, "7e000000 1024\n", EINVAL, "is not an address and a size" },
	{ SYS_VMCOREINFO, "0x7e000000\n", EINVAL, "is not an address and a size" },
	{ SYS_VMCOREINFO, "0xffffffffffffff00 1024\n", EINVAL, "is not an address and a size" },
	{ SYS_VMCOREINFO, "0x7e000000 0\n", 0, "" },
	{ SYS_VMCOREINFO, NULL, 0, "" },
	{ SYS_CPU_CRASH_HOTPLUG, "/", EINVAL, SYS_CPU_CRASH_HOTPLUG },
	{ SYS_MEMORY_CRASH_HOTPLUG, "/", EINVAL, SYS_MEMORY_CRASH_HOTPLUG },
	{ SYS_ELFCOREHDR_SIZE, "much\n", EINVAL, SYS_ELFCOREHDR_SIZE },
	{ SYS_ELFCOREHDR_SIZE, "67108865\n", EINVAL, "67108865 bytes cannot be" },
	{ SYS_ELFCOREHDR_SIZE, "67108864\n", 0, "" },
	{ SYS_ELFCOREHDR_SIZE, NULL, 0, "" },
	{ SYS_CRASH_CMA_RANGES, "/", EINVAL, SYS_CRASH_CMA_RANGES },
	{ SYS_CRASH_CMA_RANGES, "here and there\n", EINVAL, "is not a range" },
	{ SYS_CRASH_CMA_RANGES, "48000000-4fffffff, and more\n", EINVAL, "is not a range" },
	{ SYS_CRASH_SIZE, "large\n", EINVAL, SYS_CRASH_SIZE },
	{ PROC_MEMINFO, "/", EINVAL, PROC_MEMINFO },
	{ PROC_MEMINFO, "", EINVAL, "does not have the line" },
	{ PROC_MEMINFO, "MemFree: 1 kB\n", EINVAL, "does not have the line" },
	{ PROC_MEMINFO, "MemTotal: much\n", EINVAL, "does not have the line" },
	{ PROC_MEMINFO, "MemTotal: 18014398509481984 kB\n", EINVAL, "does not have the line" },
	{ PROC_MEMINFO, "MemTotal: 18014398509481983 kB\n", 0, "" },
	{ PROC_DEVICE_TREE, NULL, ENOENT, "Could not get memory layout: " },
};

static void make(const struct row *r)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, r->name);

	if (!access(path, F_OK))
		is_gone(r->name);
	if (r->text && strcmp(r->text, "/")) {
		says(r->name, r->text);
	} else if (r->text) {
		STRING_AUTO inside = mem_printf("%s/inside", r->name);

		says(inside, "");
	}
}

/* Of each: it is an error with a message that names it, or none at all. */
static void each_file(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct machine m;
		int rc;

		make(r);
		rc = survey(&m);
		if (rc != -r->err || (r->err && !strstr(fail_text(), r->message)) ||
		    (!r->err && *fail_text())) {
			print_error("%s \"%s\": %d, \"%s\"\n", r->name, r->text ? r->text : "gone",
				    rc, fail_text());
			_fail(__FILE__, __LINE__);
		}
		machine_free(&m);
		teardown(state);
		setup(state);
	}
}

static void what_is_read(void **state)
{
	struct machine m;

	(void)state;
	says(SNAPSHOT_FACTS, "machinery x\npages 1\n" GOOD "hwcap 1f 2\n");
	says(PROC_CMDLINE, "a b\nc");
	says(SYS_CPU_POSSIBLE, "0-7\n");
	says(SYS_CPU_PRESENT, "0-3\n");
	says(SYS_CPU_ONLINE, "0-1\n");
	says(SYS_REBOOT_CPU, "1\n");
	says(SYS_CRASH_SIZE, "268435456\n");
	says(SYS_CRASH_CMA_RANGES, "48000000-4fffffff\n58000000-5fffffff");
	says(PROC_MEMINFO, "MemFree: 1 kB\nMemTotal:       1048577 kB\n");
	assert_int_equal(survey(&m), 0);
	assert_string_equal(m.name, "ppc64le");
	assert_string_equal(m.release, "6.12");
	assert_string_equal(m.cmdline, "a b");
	assert_true(m.little && m.page_size == 65536 && m.hwcap == 0x1f && m.hwcap2 == 2);
	assert_true(m.possible.n == 8 && m.present.n == 4 && m.online.n == 2);
	assert_int_equal(m.reboot_cpu, 1);
	assert_true(m.vmcoreinfo == 0x7e000000 && m.vmcoreinfo_size == 0x1024);
	assert_true(m.can_cpu_hotplug && m.can_memory_hotplug);
	assert_int_equal(m.elfcorehdr_size, 64 + 56 * (POWER_CPUS + 1 + 8192));
	assert_int_equal(m.crash_size, 268435456);
	assert_int_equal(m.crash_more.n, 2);
	assert_true(m.crash_more.at[0].start == 0x48000000 && m.crash_more.at[0].end == 0x50000000);
	assert_true(m.crash_more.at[1].start == 0x58000000 && m.crash_more.at[1].end == 0x60000000);
	assert_int_equal(m.ram_managed, (uint64_t)1048577 << 10);
	/* Half of it, in whole pages: the kernel's totalram_pages / 2. */
	assert_int_equal(machine_image_limit(&m), 0x20000000);
	machine_free(&m);
	is_gone(PROC_MEMINFO);
	is_gone(SYS_CPU_CRASH_HOTPLUG);
	is_gone(SYS_REBOOT_CPU);
	is_gone(SYS_CRASH_CMA_RANGES);
	says(SYS_CRASH_CMA_RANGES_OLD, "48000000-4fffffff\n");
	assert_int_equal(survey(&m), 0);
	assert_true(!m.can_cpu_hotplug && m.can_memory_hotplug && m.reboot_cpu == -1);
	assert_int_equal(m.crash_more.n, 1);
	assert_int_equal(m.ram_managed, 0);
	assert_int_equal(machine_image_limit(&m), 0x40000000);
	machine_free(&m);
	is_gone(SYS_MEMORY_CRASH_HOTPLUG);
	says(SYS_CPU_CRASH_HOTPLUG, "0\n");
	assert_int_equal(survey(&m), 0);
	assert_true(m.can_cpu_hotplug && !m.can_memory_hotplug);
	machine_free(&m);
}

/* Directories "cpuN" as the kernel prints N, in whatever order they are listed. */
static void notes_of_cpus(void **state)
{
	static const char *const others[] = {
		"cpu",	"cpufreq",	 "cpu01",      "cpu1x",
		"abc1", "cpu4294967297", "cpu1048576", "cpu999999999",
	};
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		STRING_AUTO name = mem_printf(SYS_CPU "/%s/crash_notes", others[i]);
		STRING_AUTO size = mem_printf("%s_size", name);

		says(name, "1000\n");
		says(size, "568\n");
	}
	says(SYS_CPU "/cpu1048575/crash_notes", "2000\n");
	says(SYS_CPU "/cpu1048575/crash_notes_size", "568\n");
	assert_int_equal(survey(&m), 0);
	assert_int_equal(m.n_notes, POWER_CPUS + 1);
	for (size_t i = 0; i < m.n_notes; i++) {
		bool last = i == POWER_CPUS;

		assert_int_equal(m.notes[i].cpu, last ? 1048575 : i);
		assert_int_equal(m.notes[i].addr, last ? 0x2000 : 0x7f000000 + 0x10000 * i);
		assert_int_equal(m.notes[i].size, 568);
	}
	machine_free(&m);
	/* What each says of itself is so. */
	says(SYS_CPU "/cpu2/crash_notes_size", "600\n");
	assert_int_equal(survey(&m), 0);
	assert_true(m.notes[1].size == 568 && m.notes[2].size == 600);
	machine_free(&m);
	says(SYS_CPU "/cpu2/crash_notes_size", "568\n");
	/* All have one size, which a snapshot says of each of them, and of no other. */
	is_gone(SYS_CPU "/cpu0");
	says(NOTES_SIZE, "0\n");
	assert_int_equal(mkdir(copy, 0700), 0);
	sr.copy = copy;
	assert_int_equal(survey(&m), 0);
	for (size_t i = 0; i < m.n_notes; i++)
		assert_int_equal(m.notes[i].size, 568);
	machine_free(&m);
	sr = (struct sysroot){ .root = copy };
	assert_int_equal(survey(&m), 0);
	assert_int_equal(m.n_notes, POWER_CPUS);
	assert_true(m.notes[0].cpu == 1 && m.notes[0].size == 568);
	machine_free(&m);
	sr.root = dir;
	{
		STRING_AUTO none = mem_printf("%s/" SYS_CPU "/cpu0", copy);

		assert_int_not_equal(access(none, F_OK), 0);
	}
}

/* Of none of them is a size known. */
static void notes_of_no_size(void **state)
{
	struct machine m;

	(void)state;
	is_gone(SYS_CPU);
	says(SYS_CPU "/cpu0/crash_notes", "1000\n");
	says(SYS_CPU "/cpu0/crash_notes_size", "0\n");
	assert_int_equal(survey(&m), 0);
	assert_int_equal(m.n_notes, 1);
	assert_int_equal(m.notes[0].size, 0);
	machine_free(&m);
}

/* What is recorded of the machine itself, and read again. */
static void facts_are_recorded(void **state)
{
	static const char *const texts[] = {
		GOOD,
		GOOD "hwcap 1f 0\n",
		GOOD "hwcap 0 2\n",
		FACTS("x86_64", "little", "4096", "7.1.0-rc1"),
		FACTS("ppc64", "big", "4096", "6.12") "hwcap 1 2\n",
	};
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO path = mem_printf("%s/" SNAPSHOT_FACTS, copy);

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char text[256] = "";
		struct machine m;
		FILE *f;

		says(SNAPSHOT_FACTS, texts[i]);
		sr.copy = copy;
		assert_int_equal(machine_identify(&m, &sr), 0);
		machine_free(&m);
		f = fopen(path, "r");
		assert_non_null(f);
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		fclose(f);
		assert_string_equal(text, texts[i]);
		assert_int_equal(unlink(path), 0);
	}
}

static void this_machine(void **state)
{
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	struct sysroot live = { .root = "/", .copy = copy }, again = { .root = copy };
	struct utsname u;
	struct machine m, recorded;

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(uname(&u), 0);
	assert_int_equal(machine_identify(&m, &live), 0);
	assert_string_equal(m.name, u.machine);
	assert_string_equal(m.release, u.release);
	assert_int_equal(m.page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(machine_identify(&recorded, &again), 0);
	assert_string_equal(recorded.name, m.name);
	assert_string_equal(recorded.release, m.release);
	assert_true(recorded.page_size == m.page_size && recorded.little == m.little);
	assert_true(recorded.hwcap == m.hwcap && recorded.hwcap2 == m.hwcap2);
	machine_free(&m);
	machine_free(&recorded);
}

/* Anything that came, went or became another. */
static void what_is_the_same(void **state)
{
	static const uint8_t less[16] = { [12] = 0x70 };
	struct machine before, now;

	assert_int_equal(survey(&before), 0);
	for (unsigned int i = 0; i < 6; i++) {
		switch (i) {
		case 1:
			says(SYS_CPU_PRESENT, "0\n");
			break;
		case 2:
			says(SYS_CPU_ONLINE, "0,2\n");
			break;
		case 3:
			unit_write(dir, POWER_TREE "memory@0/reg", less, sizeof(less));
			break;
		case 4:
			power_be(&(struct power){ .dir = dir }, POWER_CPU_NODE "reg", 8, 4);
			break;
		case 5:
			says(SYS_CPU_ONLINE, "0-3\n");
			break;
		default:
			break;
		}
		assert_int_equal(survey(&now), 0);
		assert_int_equal(machine_same(&before, &now), i == 0);
		assert_int_equal(machine_same(&now, &before), i == 0);
		/* Memory alone, as where no tree tells of it. */
		if (i == 3) {
			now.tree = before.tree;
			assert_false(machine_same(&before, &now));
			now.ram.at[0] = before.ram.at[0];
			assert_true(machine_same(&before, &now));
			now.ram.at[0].start += 65536;
			assert_false(machine_same(&before, &now));
			now.ram.n--;
			assert_false(machine_same(&before, &now));
		}
		machine_free(&now);
		teardown(state);
		setup(state);
	}
	machine_free(&before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_file),	TEST(what_is_read),	  TEST(notes_of_cpus),
		TEST(notes_of_no_size), TEST(facts_are_recorded), TEST(this_machine),
		TEST(what_is_the_same),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
