// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The survey of a machine whose devices are taken away while it is read. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/iomem.h"
#include "kexec/udev.h"

/*
 * In place of the C library's: what kernfs answers for a file or directory
 * that was removed. The call number @fail_at says so, and with @fail_path every
 * read of a file whose path has this in it.
 */
static long calls, fail_at;
static const char *fail_path;
/* And what open() says of a file of this name. */
static const char *deny_name;
static int deny_error;

static bool goes(int fd)
{
	char link[64], path[4096] = "";

	calls++;
	if (fail_at && calls == fail_at)
		return true;
	if (!fail_path)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, fail_path);
}

static ssize_t read_or_go(int fd, void *data, size_t size)
{
	if (goes(fd)) {
		errno = ENODEV;
		return -1;
	}
	return syscall(SYS_read, fd, data, size);
}

static int open_or_go(int dir, const char *name, int flags)
{
	if (deny_name && !strcmp(name, deny_name)) {
		errno = deny_error;
		return -1;
	}
	if (goes(-1)) {
		errno = ENODEV;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, name, flags, 0);
}

ssize_t read(int fd, void *data, size_t size)
{
	return read_or_go(fd, data, size);
}

int openat(int dir, const char *name, int flags, ...)
{
	return open_or_go(dir, name, flags);
}

/* What _FORTIFY_SOURCE makes of such calls. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	return size > room ? -1 : read_or_go(fd, data, size);
}

int __openat_2(int dir, const char *name, int flags);
int __openat_2(int dir, const char *name, int flags)
{
	return open_or_go(dir, name, flags);
}

int __openat64_2(int dir, const char *name, int flags);
int __openat64_2(int dir, const char *name, int flags)
{
	return open_or_go(dir, name, flags);
}

int fstat(int fd, struct stat *st)
{
	if (goes(-1)) {
		errno = ENODEV;
		return -1;
	}
	return (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

static char *dir;

static int setup(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "kexec-snapshot",
		  "machine ppc64le\nbyte-order little\npage-size 65536\nrelease 6.12\n" },
		{ "proc/cmdline", "quiet\n" },
		{ "proc/iomem", "00000000-7fffffff : System RAM\n" },
		{ "sys/devices/system/cpu/possible", "0-1\n" },
		{ "sys/devices/system/cpu/present", "0-1\n" },
		{ "sys/devices/system/cpu/online", "0-1\n" },
		{ "sys/devices/system/cpu/cpu0/crash_notes", "7f000000\n" },
		{ "sys/devices/system/cpu/cpu0/crash_notes_size", "568\n" },
		{ "sys/devices/system/cpu/cpu1/crash_notes", "7f010000\n" },
		{ "sys/devices/system/cpu/cpu1/crash_notes_size", "568\n" },
		{ "sys/devices/system/cpu/cpu1/physical_id", "1\n" },
		{ "sys/kernel/vmcoreinfo", "0x7e000000 1024\n" },
		{ "sys/kernel/kexec/crash_cma_ranges", "" },
	};
	static const struct { const char *name, *data; size_t len; } props[] = {
		{ "chosen/bootargs", "quiet", 6 },
		{ "memory@0/device_type", "memory", 7 },
		{ "memory@0/reg", "\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0", 16 },
		{ "#address-cells", "\0\0\0\2", 4 },
		{ "#size-cells", "\0\0\0\2", 4 },
		{ "cpus/name", "cpus", 5 },
		{ "cpus/PowerPC,POWER9@0/device_type", "cpu", 4 },
		{ "cpus/PowerPC,POWER9@0/reg", "\0\0\0\0", 4 },
		{ "cpus/PowerPC,POWER9@1/device_type", "cpu", 4 },
		{ "cpus/PowerPC,POWER9@1/reg", "\0\0\0\1", 4 },
		{ "cpus/PowerPC,POWER9@1/l2-cache/name", "l2-cache", 9 },
		{ "cpus/PowerPC,POWER9@1/l2-cache/reg", "\0\0\0\1", 4 },
	};

	(void)state;
	dir = unit_directory();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unit_write(dir, files[i].name, files[i].text, strlen(files[i].text));
	for (size_t i = 0; i < ARRAY_SIZE(props); i++) {
		STRING_AUTO name = mem_printf(PROC_DEVICE_TREE "/%s", props[i].name);

		unit_write(dir, name, props[i].data, props[i].len);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	fail_forget();
	return 0;
}

static int survey(struct machine *m, const struct sysroot *sr, long at, const char *path)
{
	int rc;

	fail_forget();
	calls = 0;
	fail_at = at;
	fail_path = path;
	rc = machine_survey(m, sr);
	fail_at = 0;
	fail_path = NULL;
	return rc;
}

/* Whichever single call it is: all is read. */
static void any_call_once(void **state)
{
	struct sysroot sr = { .root = dir };
	struct machine whole, m;
	long all;

	(void)state;
	assert_int_equal(survey(&whole, &sr, 0, NULL), 0);
	all = calls;
	assert_true(all > 100);
	for (long i = 1; i <= all; i++) {
		assert_int_equal(survey(&m, &sr, i, NULL), 0);
		assert_true(machine_same(&m, &whole));
		assert_int_equal(m.n_notes, 2);
		assert_true(!memcmp(m.notes, whole.notes, 2 * sizeof(*m.notes)));
		assert_true(m.vmcoreinfo == whole.vmcoreinfo && m.ram.at[0].end == 0x80000000);
		machine_free(&m);
	}
	machine_free(&whole);
}

/* Names of the files of CPUs. */
static void names_of_cpu_files(void **state)
{
	static const uint32_t cpus[] = { 0, 9, 10, 16383, 4294967295 };
	char path[CPU_PATH_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		STRING_AUTO wanted = mem_printf("cpu%u/crash_notes_size", cpus[i]);

		assert_string_equal(machine_cpu_file(cpus[i], "crash_notes_size", path), wanted);
	}
}

static bool same_again(const struct machine *before)
{
	struct machine now;
	bool same;

	calls = 0;
	assert_int_equal(machine_survey_again(&now, before), 0);
	same = machine_same(before, &now);
	machine_free(&now);
	return same;
}

/* The second look: what CPUs and memory change is seen, and what they do not is not read. */
static void only_what_changes(void **state)
{
	static const struct {
		const char *name, *data;
		size_t len;
		bool seen;
	} cases[] = {
		{ PROC_DEVICE_TREE "/cpus/PowerPC,POWER9@1/reg", "\0\0\0\2", 4, true },
		{ PROC_DEVICE_TREE "/cpus/PowerPC,POWER9@2/reg", "\0\0\0\2", 4, true },
		{ PROC_DEVICE_TREE "/memory@0/reg", "\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0", 16,
		  true },
		{ PROC_DEVICE_TREE "/memory@80000000/device_type", "memory", 7, true },
		{ PROC_DEVICE_TREE "/" PPC64_DRCONF "/ibm,lmb-size", "\0\0\0\0\x10\0\0\0", 8,
		  true },
		{ PROC_DEVICE_TREE "/pci@1/reg", "\0\0\0\1", 4, true },
		{ PROC_DEVICE_TREE "/pci@0/ethernet@0/reg", "\0\0\0\1", 4, false },
		{ PROC_DEVICE_TREE "/model", "another", 8, true },
		{ PROC_IOMEM, "00000000-3fffffff : System RAM\n", 31, true },
		{ SYS_CPU_PRESENT, "0\n", 2, true },
		{ SYS_CPU_ONLINE, "1\n", 2, true },
		{ SYS_VMCOREINFO, "0x7e010000 1024\n", 16, false },
	};

	(void)state;
	for (int i = 0; i < 50; i++) {
		STRING_AUTO name = mem_printf(PROC_DEVICE_TREE "/pci@0/ethernet@%x/reg", i);

		unit_write(dir, name, "\0\0\0\0", 4);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sysroot sr = { .root = dir };
		struct machine first;
		long all;

		assert_int_equal(survey(&first, &sr, 0, NULL), 0);
		all = calls;
		assert_true(same_again(&first));
		assert_true(calls < all - 150);
		unit_write(dir, cases[i].name, cases[i].data, cases[i].len);
		assert_int_equal(same_again(&first), !cases[i].seen);
		machine_free(&first);
	}
}

/* Nothing is half there: a CPU node without its type is not found again by the kernel. */
static void one_that_stays_away(void **state)
{
	static const struct { const char *path; bool has_node; } cases[] = {
		{ "POWER9@1/device_type", false }, { "POWER9@1/reg", false },
		{ "cpus/name", true }, { "l2-cache/reg", true }, { "cpu1/crash_notes_size", true },
		{ "cpu1/crash_notes", true }, { "physical_id", true }, { "proc/iomem", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STRING_AUTO copy = mem_printf("%s/copy%zu", dir, i);
		struct sysroot sr = { .root = dir, .copy = copy }, again = { .root = copy };
		struct machine m, recorded;
		const struct dt_node *cpu;

		assert_int_equal(mkdir(copy, 0700), 0);
		assert_int_equal(survey(&m, &sr, 0, cases[i].path), 0);
		cpu = dt_find(m.tree, "/cpus/PowerPC,POWER9@1");
		assert_int_equal(cpu != NULL, cases[i].has_node);
		assert_true(!cpu || (dt_is_type(cpu, "cpu") && dt_prop(cpu, "reg")));
		assert_int_equal(survey(&recorded, &again, 0, NULL), 0);
		assert_true(machine_same(&m, &recorded));
		assert_int_equal(m.n_notes, recorded.n_notes);
		machine_free(&m);
		machine_free(&recorded);
	}
}

/* The memory is there, and all CPUs have the same size of it. */
static void notes_without_a_size(void **state)
{
	struct sysroot sr = { .root = dir };
	struct machine m;

	(void)state;
	assert_int_equal(survey(&m, &sr, 0, "cpu0/crash_notes_size"), 0);
	assert_int_equal(m.n_notes, 2);
	assert_true(m.notes[0].addr == 0x7f000000 && m.notes[0].size == 568);
	machine_free(&m);
}

/* Somebody else's snapshot leads nowhere else, at no step. */
static void links_in_a_snapshot(void **state)
{
	struct sysroot sr = { .root = dir };
	STRING_AUTO cpu = mem_printf("%s/sys/devices/system/cpu/cpu1", dir);
	STRING_AUTO other = mem_printf("%s/other", dir);
	struct machine m;

	(void)state;
	assert_int_equal(rename(cpu, other), 0);
	assert_int_equal(symlink(other, cpu), 0);
	survey(&m, &sr, 0, NULL);
	assert_int_equal(((struct ppc64_facts *)m.arch_facts)->n_cpus, 0);
	assert_int_equal(m.n_notes, 1);
	machine_free(&m);
}

/* The highest is where segments go, in whatever order the lines are. */
static void crash_regions_in_any_order(void **state)
{
	static const uint64_t starts[][3] = {
		{ 0x1000, 0x2000, 0x9000 }, { 0x9000, 0x2000, 0x1000 }, { 0x2000, 0x9000, 0x1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct machine m = {0};
		RANGES_AUTO crash = {0};
		RANGES_AUTO low = {0};

		for (size_t k = 0; k < ARRAY_SIZE(starts[i]); k++) {
			struct iomem_line line = { .start = starts[i][k],
						   .end = starts[i][k] + 0x1000 };

			assert_int_equal(iomem_add_crash(&crash, &line), 0);
		}
		iomem_crash_regions(&m, &crash, &low);
		assert_int_equal(m.crash.start, 0x9000);
		assert_int_equal(m.crash_more.n, 1);
		assert_true(m.crash_more.at[0].start == 0x1000 && m.crash_more.at[0].end == 0x3000);
		ranges_free(&m.crash_more);
	}
}

static int no_line(const struct iomem_line *line, void *context)
{
	(void)line;
	(void)context;
	return 0;
}

/* What cannot be read does not say that there is no memory. */
static void no_file_of_memory(void **state)
{
	struct sysroot sr = { .root = dir };
	struct machine m = { .sr = &sr };
	STRING_AUTO path = mem_printf("%s/" PROC_IOMEM, dir);

	(void)state;
	assert_fails(iomem_survey(&m, no_line, NULL), EINVAL, "has no \"System RAM\"");
	assert_int_equal(unlink(path) | mkdir(path, 0777), 0);
	assert_fails(iomem_survey(&m, no_line, NULL), EINVAL, "is not a regular file");
}

static struct udev_reloads rules_of(const char *copy, struct arena *arena, int rc)
{
	struct sysroot sr = { .root = dir, .copy = copy };
	struct udev_reloads r;

	fail_forget();
	assert_int_equal(udev_read(&sr, arena, "x86-64", &r), rc);
	assert_int_equal(!*fail_text(), rc == 0);
	return r;
}

#define RELOADS "SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n"
#define WANTS "SUBSYSTEM==\"cpu\", ENV{SYSTEMD_WANTS}+=\"kdump\"\n"
#define NO_WANTS "ENV{SYSTEMD_WANTS}=\"\"\n"

/* By name, whatever the directory; the first of a name hides the others, whatever it is. */
static void rules_in_directories(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ UDEV_RULES_ETC "/50-b.rules", RELOADS },
		{ UDEV_RULES_USR "/50-b.rules", RELOADS },
		{ UDEV_RULES_USR "/10-a.rules", "\n" RELOADS },
		{ UDEV_RULES_LIB "/99-z.rules", "# kexec\n" },
		{ UDEV_RULES_RUN "/5.rules", "" },
		{ UDEV_RULES_USR "/60-c.rules", RELOADS },
		{ UDEV_RULES_ETC "/60-c.rules/x", "" },
		{ UDEV_RULES_ETC "/70-d.rule", RELOADS },
		{ UDEV_RULES_ETC "/rules", RELOADS },
		{ UDEV_RULES_ETC "/70-d.rules.bak", RELOADS },
		{ UDEV_RULES_ETC "/80-e.rules", "SUBSYSTEM==\"cpu\", RUN+=\"other\"\n" },
	};
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO copied = mem_printf("%s/" UDEV_RULES_ETC "/50-b.rules", copy);
	STRING_AUTO not_copied = mem_printf("%s/" UDEV_RULES_ETC "/80-e.rules", copy);
	STRING_AUTO kept = mem_printf("%s/" UDEV_RULES_LIB "/99-z.rules", copy);
	struct arena arena = { 0 };
	struct udev_reloads r;

	(void)state;
	r = rules_of(NULL, &arena, 0);
	assert_true(!r.n && !r.unread);
	unit_write(dir, UDEV_RULES_ETC "/x", "", 0);
	sysroot_remove(&(struct sysroot){ .root = dir }, UDEV_RULES_ETC "/x");
	r = rules_of(NULL, &arena, 0); /* of an empty directory */
	assert_true(!r.n && !r.unread);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unit_write(dir, files[i].name, files[i].text, strlen(files[i].text));
	r = rules_of(NULL, &arena, 0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.at[0].file, "/" UDEV_RULES_USR "/10-a.rules");
	assert_int_equal(r.at[0].line, 2);
	assert_string_equal(r.at[1].file, "/" UDEV_RULES_ETC "/50-b.rules");
	assert_int_equal(r.unread, 0);
	/* One that is not there any more, or nobody may read; any other is an error. */
	deny_name = "50-b.rules";
	deny_error = EACCES;
	r = rules_of(NULL, &arena, 0);
	assert_true(r.n == 1 && r.unread == 1);
	deny_error = ENOENT;
	r = rules_of(NULL, &arena, 0);
	assert_true(r.n == 1 && !r.unread);
	deny_error = EIO;
	r = rules_of(NULL, &arena, -EIO);
	assert_true(r.n == 1 && !r.unread);
	deny_name = "rules.d";
	rules_of(NULL, &arena, -EIO);
	deny_name = NULL;
	/* A snapshot has what may reload, and no more. */
	assert_int_equal(mkdir(copy, 0700), 0);
	rules_of(copy, &arena, 0);
	assert_true(!access(copied, F_OK) && !access(kept, F_OK) && access(not_copied, F_OK));
	arena_free(&arena);
}

/* A file that names neither kdump nor kexec counts when it assigns what others put into lists. */
static void rules_that_undo_others(void **state)
{
	static const struct {
		const char *text;
		bool undoes;
	} table[] = {
		{ "RUN=\"\"\n", true },
		{ "RUN = \"\"\n", true },
		{ "RUN:=\"\"\n", true },
		{ "SUBSYSTEM==\"x\", RUN==\"\"\nSUBSYSTEM==\"cpu\", RUN{program}=\"x\"\n", true },
		{ "RUN+=\"a\"\nRUN\nRUN=\"\"", true },
		{ "RUN+=\"x\"\n", false },
		{ "RUN", false },
		{ "ENV{SYSTEMD_WANTS}=\"\"\n", false },
		{ "SUBSYSTEM==\"memory\", RUN=\"\"\n", false },
	};
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO copied = mem_printf("%s/" UDEV_RULES_ETC "/60-b.rules", copy);
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	unit_write(dir, UDEV_RULES_USR "/50-a.rules", RELOADS, strlen(RELOADS));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		unit_write(dir, UDEV_RULES_ETC "/60-b.rules", table[i].text, strlen(table[i].text));
		if (rules_of(copy, &arena, 0).n != !table[i].undoes ||
		    !access(copied, F_OK) != table[i].undoes)
			_fail(table[i].text, (int)i);
		unlink(copied);
	}
	unit_write(dir, UDEV_RULES_USR "/50-a.rules", WANTS, strlen(WANTS));
	unit_write(dir, UDEV_RULES_ETC "/60-b.rules", NO_WANTS, strlen(NO_WANTS));
	assert_int_equal(rules_of(NULL, &arena, 0).n, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_call_once, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_stays_away, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_without_a_size, setup, teardown),
		cmocka_unit_test_setup_teardown(links_in_a_snapshot, setup, teardown),
		cmocka_unit_test(crash_regions_in_any_order),
		cmocka_unit_test_setup_teardown(rules_in_directories, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_that_undo_others, setup, teardown),
		cmocka_unit_test(names_of_cpu_files),
		cmocka_unit_test_setup_teardown(no_file_of_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
