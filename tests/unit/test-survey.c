// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The survey of a machine whose devices are taken away while it is read. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/iomem.h"
#include "kexec/kcore.h"
#include "kexec/logread.h"
#include "kexec/udev.h"

/*
 * In place of the C library's: what kernfs answers for a file or directory
 * that was removed. The call number @fail_at says so, and with @fail_path every
 * read of a file whose path has this in it.
 */
static long calls, fail_at;
static const char *fail_path;
static unsigned int gone;	/* so many did */
static const char *goes_too;	/* for good, once one does */
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
	if (readlink(link, path, sizeof(path) - 1) <= 0 || !strstr(path, fail_path))
		return false;
	gone++;
	if (goes_too)
		unlink(goes_too);
	return true;
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

/* The log of a kernel whose buffer has this size; an error instead of either. */
static struct {
	int size, size_error, read_error;
	const char *text;
	int room;	/* that it was last read with */
} kernel_log;

int klogctl(int type, char *data, int room)
{
	int err = type == 10 ? kernel_log.size_error : kernel_log.read_error;
	size_t len = strlen(kernel_log.text);

	if (err) {
		errno = err;
		return -1;
	}
	if (type == 10)
		return kernel_log.size;
	kernel_log.room = room;
	len = len < (size_t)room ? len : (size_t)room;
	memcpy(data, kernel_log.text, len);
	return (int)len;
}

static unsigned int pauses;

int usleep(useconds_t us)
{
	(void)us;
	pauses++;
	return 0;
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

/* ... and a part of it that fails is its failure, whatever can be read after that. */
static void a_second_look_that_fails(void **state)
{
	static const char *const names[] = { PROC_CMDLINE, SNAPSHOT_FACTS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO path = mem_printf("%s/%s", dir, names[i]);
		struct sysroot sr = { .root = dir };
		struct machine first, now;

		assert_int_equal(survey(&first, &sr, 0, NULL), 0);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_true(machine_survey_again(&now, &first) < 0);
		fail_forget();
		assert_int_equal(rmdir(path), 0);
		machine_free(&now);
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

/*
 * As long as something is gone a tree is read again, five times: then what is left of it is the
 * tree. What was recorded of it before is gone, too. A snapshot needs no time in between.
 */
static void trees_without_rest(void **state)
{
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO copied = mem_printf("%s/" PROC_DEVICE_TREE "/chosen/bootargs", copy);
	STRING_AUTO read_before = mem_printf("%s/" PROC_DEVICE_TREE "/chosen/bootargs", dir);
	struct sysroot sr = { .root = dir, .copy = copy };
	struct arena arena = {0};
	BUF_AUTO nothing = {0};
	struct dt_node *root;
	unsigned int once;

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	pauses = 0;
	fail_path = "POWER9@1/l2-cache/reg";
	gone = 0;
	assert_int_equal(sysroot_read(&sr, PROC_DEVICE_TREE "/cpus/PowerPC,POWER9@1/l2-cache/reg",
				      &nothing), -ENOENT);
	once = gone;
	gone = 0;
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	assert_int_equal(gone, 5 * once);
	assert_null(dt_prop(dt_find(root, "/cpus/PowerPC,POWER9@1/l2-cache"), "reg"));
	assert_int_equal(access(copied, F_OK), 0);
	goes_too = read_before;
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	assert_int_equal(access(copied, F_OK), -1);
	goes_too = fail_path = NULL;
	assert_int_equal(pauses, 0);
	arena_free(&arena);
}

/* A device of which nothing is left is no node; what is none may be empty. */
static void nodes_without_properties(void **state)
{
	static const char *const names[] = { "device@1", "plain" };
	struct sysroot sr = { .root = dir };
	struct arena arena = {0};
	struct dt_node *root;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO path = mem_printf("%s/" PROC_DEVICE_TREE "/%s", dir, names[i]);

		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	assert_null(dt_child(root, "device@1"));
	assert_non_null(dt_child(root, "plain"));
	deny_name = "plain";
	deny_error = ENOENT;		/* gone after it was listed */
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	assert_null(dt_child(root, "plain"));
	deny_error = EIO;
	assert_fails(dt_read(&arena, &sr, &root), EIO, "plain");
	deny_name = NULL;
	arena_free(&arena);
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

/* Level, stamp and what else is in brackets before the text, as far as it is in this line. */
static void text_of_lines(void **state)
{
	static const struct {
		const char *line, *text;
		unsigned long priority;
	} rows[] = {
		{ "<6>text", "text", 6 }, { "<14>[    1.0] text", "text", 14 },
		{ "<6>[ 1.0][    T1] text", "text", 6 }, { "<6>[ 1.0] [ CPU] [x", "[x", 6 },
		{ "<6>[ 1.0]", "", 6 }, { "<6>", "", 6 }, { "<6>a [b] c", "a [b] c", 6 },
		{ "<6>(a] c", "(a] c", 6 }, { "<6>[a\n<6>[b] c", "[a\n<6>[b] c", 6 },
		{ "", NULL, 0 }, { "text", NULL, 0 }, { "6>text", NULL, 0 }, { "x6>text", NULL, 0 },
		{ "<6", NULL, 0 }, { "<6 text", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long priority = 0;
		const char *text = logread_text(rows[i].line, &priority);

		assert_int_equal(text != NULL, rows[i].text != NULL);
		if (text) {
			assert_string_equal(text, rows[i].text);
			assert_int_equal(priority, rows[i].priority);
		}
	}
}

/* As much as the kernel has, each line with its time: but not without end. */
static void log_of_the_system(void **state)
{
	static const struct {
		int size, room;
	} rows[] = {
		{ 0, 4096 }, { 16384, 69632 }, { (16 << 20) - 1, (64 << 20) + 4092 },
		{ 16 << 20, 64 << 20 }, { INT_MAX, 64 << 20 },
	};
	static char full[4096];

	(void)state;
	kernel_log.text = "<6>[ 1.0] text\n";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		BUF_AUTO out = {0};

		kernel_log.size = rows[i].size;
		assert_int_equal(logread_system(&out), 0);
		assert_int_equal(kernel_log.room, rows[i].room);
		assert_string_equal((char *)out.data, kernel_log.text);
		assert_int_equal(out.len, strlen(kernel_log.text));
	}
	for (int i = 0; i < 4; i++) {	/* what fills it, and nothing; neither can be had */
		BUF_AUTO out = {0};

		memset(full, i == 0 ? 'x' : 0, sizeof(full) - 1);
		kernel_log.text = full;
		kernel_log.size = 0;
		kernel_log.size_error = i == 2 ? EPERM : 0;
		kernel_log.read_error = i == 3 ? EPERM : 0;
		errno = EIO;
		assert_int_equal(logread_system(&out), i < 2 ? 0 : -EPERM);
		assert_int_equal(out.len, i == 0 ? sizeof(full) - 1 : 0);
	}
	kernel_log.size_error = kernel_log.read_error = 0;
}

/* Those with the word in their own text; a snapshot gets them as they are. */
static void lines_of_the_log(void **state)
{
	static const char text[] = "<6>[ 1.0] one word\n<6>[ 2.0] none\n\nword\n"
				   "<6>word[ 3.0] first\n<6>[word] x\n<5>[ 4.0] last word";
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO copied = mem_printf("%s/" SNAPSHOT_LOG_TABLES, copy);
	struct sysroot sr = { .root = dir, .copy = copy }, again = { .root = copy };
	struct sysroot live = { .root = "/" };
	BUF_AUTO out = {0};
	BUF_AUTO recorded = {0};
	BUF_AUTO same = {0};
	BUF_AUTO here = {0};

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(logread_lines(&sr, "word", SNAPSHOT_LOG_TABLES, &out), -ENOENT);
	unit_write(dir, SNAPSHOT_LOG_TABLES, text, strlen(text));
	assert_int_equal(logread_lines(&sr, "word", SNAPSHOT_LOG_TABLES, &out), 0);
	assert_string_equal((char *)out.data, "one word\nword[ 3.0] first\nlast word\n");
	assert_int_equal(sysroot_read(&again, SNAPSHOT_LOG_TABLES, &recorded), 0);
	assert_string_equal((char *)recorded.data, "<6>[ 1.0] one word\n<6>word[ 3.0] first\n"
						   "<5>[ 4.0] last word\n");
	assert_int_equal(logread_lines(&again, "word", SNAPSHOT_LOG_TABLES, &same), 0);
	assert_string_equal((char *)same.data, (char *)out.data);
	kernel_log.text = text;
	assert_int_equal(logread_lines(&live, "word", SNAPSHOT_LOG_TABLES, &here), 0);
	assert_string_equal((char *)here.data, (char *)out.data);
	kernel_log.read_error = EPERM;
	assert_int_equal(logread_lines(&live, "word", SNAPSHOT_LOG_TABLES, &here), -ENOENT);
	kernel_log.read_error = 0;
	unit_write(dir, SNAPSHOT_LOG_TABLES, "", 0);
	assert_int_equal(logread_lines(&again, "none", SNAPSHOT_LOG_TABLES, &here), 0);
	assert_int_equal(unlink(copied) | mkdir(copied, 0777), 0);
	assert_fails(logread_lines(&again, "none", SNAPSHOT_LOG_TABLES, &here), EINVAL,
		     "is not a regular file");
}

/* What cannot be had has a reason; what is there and no such file is an error. */
static void headers_of_the_kernel(void **state)
{
	static const struct {
		int err;
		const char *why;
	} rows[] = {
		{ ENOENT, "/" PROC_KCORE " is not there" },
		{ EACCES, "/" PROC_KCORE " must not be read (" },
		{ EPERM, "/" PROC_KCORE " must not be read (" },
	};
	static uint8_t file[64 + 56 + 65534 * 56] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct sysroot sr = { .root = dir };
	struct arena arena = {0};
	const char *why = "x";
	struct elf elf;

	(void)state;
	bytes_put(file + 16, 4, 2, true);
	bytes_put(file + 18, 183, 2, true);
	bytes_put(file + 20, 1, 4, true);
	bytes_put(file + 32, 64 + 56, 8, true);
	bytes_put(file + 52, 64, 2, true);
	bytes_put(file + 54, 56, 2, true);
	bytes_put(file + 56, 65534, 2, true);
	unit_write(dir, PROC_KCORE, file, sizeof(file));
	assert_int_equal(kcore_headers(&sr, &arena, &elf, &why), 0);
	assert_null(why);
	assert_int_equal(elf.n_phdrs, 65534);
	assert_string_equal(fail_text(), "");
	bytes_put(file + 32, 64 + 57, 8, true);
	unit_write(dir, PROC_KCORE, file, sizeof(file));
	assert_fails(kcore_headers(&sr, &arena, &elf, &why), EINVAL,
		     PROC_KCORE ": its program headers end at 0x380009");
	unit_write(dir, PROC_KCORE, "none", 4);
	assert_fails(kcore_headers(&sr, &arena, &elf, &why), ENOEXEC, PROC_KCORE ": ");
	assert_null(why);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		deny_name = "kcore";
		deny_error = rows[i].err;
		assert_int_equal(kcore_headers(&sr, &arena, &elf, &why), 0);
		assert_memory_equal(why, rows[i].why, strlen(rows[i].why));
		assert_string_equal(fail_text(), "");
	}
	deny_error = EIO;
	assert_fails(kcore_headers(&sr, &arena, &elf, &why), EIO, PROC_KCORE);
	deny_name = NULL;
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_call_once, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_look_that_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_stays_away, setup, teardown),
		cmocka_unit_test_setup_teardown(trees_without_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(nodes_without_properties, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_without_a_size, setup, teardown),
		cmocka_unit_test_setup_teardown(links_in_a_snapshot, setup, teardown),
		cmocka_unit_test(crash_regions_in_any_order),
		cmocka_unit_test(text_of_lines),
		cmocka_unit_test(log_of_the_system),
		cmocka_unit_test_setup_teardown(lines_of_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(headers_of_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_in_directories, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_that_undo_others, setup, teardown),
		cmocka_unit_test(names_of_cpu_files),
		cmocka_unit_test_setup_teardown(no_file_of_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
