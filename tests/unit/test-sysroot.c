// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The room through which a machine is read: each kind of file and directory, each answer of the
 * system. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>

#include "kexec/sysroot.h"

/* In place of the C library's. */
static struct {
	unsigned int interrupted; /* reads and writes that are, first */
	int read_error, write_error, open_error, close_error;
	unsigned int good; /* reads before that error */
	int mkdir_error;
	unsigned int times;    /* so often; 0: each time */
	const char *open_name; /* only of this name */
	size_t piece;	       /* bytes that one of them gives or takes; 0: all */
	bool unknown_types;    /* as of a file system whose directories do not say */
	int list_error;
} system_;

static int once(int err)
{
	if (err && system_.times && !--system_.times)
		system_.read_error = system_.write_error = system_.open_error = 0;
	return err;
}

static ssize_t answer(int err)
{
	errno = err;
	return -1;
}

ssize_t read(int fd, void *data, size_t size)
{
	if (system_.interrupted) {
		system_.interrupted--;
		return answer(EINTR);
	}
	if (system_.read_error && !system_.good)
		return answer(once(system_.read_error));
	system_.good -= system_.good > 0;
	return syscall(SYS_read, fd, data,
		       system_.piece && system_.piece < size ? system_.piece : size);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	return size > room ? -1 : read(fd, data, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (system_.interrupted) {
		system_.interrupted--;
		return answer(EINTR);
	}
	if (system_.write_error)
		return answer(once(system_.write_error));
	return syscall(SYS_write, fd, data,
		       system_.piece && system_.piece < size ? system_.piece : size);
}

static int open_or_fail(int at, const char *name, int flags, mode_t mode)
{
	if (system_.open_error && (!system_.open_name || strstr(name, system_.open_name)))
		return (int)answer(once(system_.open_error));
	return (int)syscall(SYS_openat, at, name, flags, mode);
}

int openat(int at, const char *name, int flags, ...)
{
	return open_or_fail(at, name, flags, 0600);
}

int open(const char *name, int flags, ...)
{
	return open_or_fail(AT_FDCWD, name, flags, 0600);
}

int __openat_2(int at, const char *name, int flags);
int __openat_2(int at, const char *name, int flags)
{
	return open_or_fail(at, name, flags, 0);
}

int __open_2(const char *name, int flags);
int __open_2(const char *name, int flags)
{
	return open_or_fail(AT_FDCWD, name, flags, 0);
}

int mkdir(const char *name, mode_t mode)
{
	return system_.mkdir_error ? (int)answer(system_.mkdir_error) :
				     (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
}

int close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	return system_.close_error ? (int)answer(system_.close_error) : rc;
}

static struct dirent *listed(DIR *stream, const char *name)
{
	struct dirent *(*real)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, name);
	struct dirent *e;

	if (system_.list_error) {
		errno = system_.list_error;
		return NULL;
	}
	e = real(stream);
	if (e && system_.unknown_types)
		e->d_type = DT_UNKNOWN;
	return e;
}

struct dirent *readdir(DIR *stream)
{
	return listed(stream, "readdir");
}

static char *dir, *copy;
static struct sysroot sr;
static int incomplete;
static struct arena arena;

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	memset(&system_, 0, sizeof(system_));
	dir = unit_directory();
	copy = mem_printf("%s/copy", dir);
	sr = (struct sysroot){ .root = dir };
	incomplete = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memset(&system_, 0, sizeof(system_));
	arena_free(&arena);
	unit_remove(dir);
	free(copy);
	fail_forget();
	return 0;
}

/* This is what is read; behind what was there before. */
static void assert_reads(const char *name, const char *text)
{
	BUF_AUTO out = { 0 };
	STRING_AUTO whole = mem_printf("before %s", text);

	buf_printf(&out, "before ");
	assert_int_equal(sysroot_read(&sr, name, &out), 0);
	assert_int_equal(out.len, strlen(whole));
	assert_string_equal((char *)out.data, whole);
	assert_string_equal(fail_text(), "");
}

/* And this is why not: nothing is added to what was there before. */
static void assert_unread(const char *name, int err, const char *text)
{
	BUF_AUTO out = { 0 };

	fail_forget();
	buf_printf(&out, "before");
	assert_int_equal(sysroot_read(&sr, name, &out), -err);
	if (err == ENOENT)
		assert_string_equal((char *)out.data, "before");
	if (!strstr(fail_text(), text) || !*text != !*fail_text())
		_fail(fail_text(), __LINE__);
	fail_forget();
}

static void files_are_read(void **state)
{
	BUF_AUTO large = { 0 };
	BUF_AUTO out = { 0 };

	(void)state;
	for (unsigned int i = 0; large.len < 200000; i++)
		buf_printf(&large, "%u,", i);
	says("a/b/large", (char *)large.data);
	says("empty", "");
	says("small", "x\n");
	assert_reads("a/b/large", (char *)large.data);
	assert_reads("empty", "");
	assert_reads("small", "x\n");
	system_.piece = 777;
	assert_reads("a/b/large", (char *)large.data);
	system_.piece = 0;
	system_.interrupted = 3;
	assert_reads("small", "x\n");
	assert_int_equal(sysroot_read_start(&sr, "a/b/large", 1000, &out), 0);
	assert_int_equal(out.len, 1000);
	assert_memory_equal(out.data, large.data, 1000);
	out.len = 0;
	assert_int_equal(sysroot_read_start(&sr, "a/b/large", 70000, &out), 0);
	assert_int_equal(out.len, 70000);
	out.len = 0;
	assert_int_equal(sysroot_read_start(&sr, "small", 1000, &out), 0);
	assert_int_equal(out.len, 2);
	/* Slashes at a root's end are one. */
	{
		STRING_AUTO root = mem_printf("%s/", dir);
		STRING_AUTO name = sysroot_name(&(struct sysroot){ .root = root }, "small");
		STRING_AUTO expected = mem_printf("%s/small", dir);
		STRING_AUTO live = sysroot_name(&(struct sysroot){ .root = "/" }, "proc");

		assert_string_equal(name, expected);
		assert_string_equal(live, "/proc");
		sr.root = root;
		assert_reads("small", "x\n");
		sr.root = dir;
	}
}

/* Without an end: more than any file of these has. */
static void files_without_an_end(void **state)
{
	const struct sysroot_entry e = { .name = "endless", .regular = true };
	struct sysroot_dir above;
	STRING_AUTO path = mem_printf("%s/endless", dir);
	BUF_AUTO out = { 0 };

	(void)state;
	says("endless", "");
	assert_int_equal(truncate(path, 256 << 20), 0);
	assert_int_equal(sysroot_read(&sr, "endless", &out), 0);
	assert_int_equal(out.len, 256 << 20);
	buf_free(&out);
	assert_int_equal(truncate(path, (256 << 20) + 1), 0);
	assert_int_equal(sysroot_read(&sr, "endless", &out), -EFBIG);
	assert_non_null(strstr(fail_text(), "File too large"));
	buf_free(&out);
	assert_int_equal(sysroot_read_start(&sr, "endless", 256 << 20, &out), 0);
	buf_free(&out);
	assert_int_equal(sysroot_open(&sr, ".", NULL, &above), 0);
	assert_int_equal(sysroot_read_in(&above, &e, &out), -EFBIG);
	sysroot_close(&above);
}

static void files_that_are_not_read(void **state)
{
	STRING_AUTO link = mem_printf("%s/link", dir);
	STRING_AUTO way = mem_printf("%s/way", dir);

	(void)state;
	says("a/b", "x");
	assert_int_equal(symlink("a/b", link) | symlink("a", way), 0);
	assert_unread("nowhere", ENOENT, "");
	assert_unread("no/where", ENOENT, "");
	assert_unread("a/b/c", ENOENT, "");
	assert_unread("a", EINVAL, "/a: is not a regular file");
	assert_unread("link", EINVAL, "/link: is not a regular file");
	assert_unread("way/b", ENOENT, "");
	/* Who is not root may not read all. */
	system_.open_name = "b";
	for (unsigned int i = 0; i < 2; i++) {
		system_.open_error = i ? EPERM : EACCES;
		assert_unread("a/b", system_.open_error, "(kexec needs to be root to read this)");
	}
	sr.incomplete = &incomplete;
	assert_unread("a/b", EPERM, "needs to be root");
	assert_int_equal(incomplete, 0);
	system_.open_error = EIO;
	assert_unread("a/b", EIO, "/a/b: Input/output error");
	assert_int_equal(incomplete, EIO);
	system_.open_error = ENFILE;
	assert_unread("a/b", ENFILE, "/a/b: Too many open files");
	assert_int_equal(incomplete, EIO);
	sr.incomplete = NULL;
	assert_unread("a/b", ENFILE, "/a/b: Too many open files");
	system_.open_error = 0;
	system_.read_error = EIO;
	assert_unread("a/b", EIO, "/a/b: Input/output error");
	/* Nor is what was read until then. */
	system_.read_error = ENODEV;
	system_.good = 1;
	assert_unread("a/b", ENOENT, "");
	/* A device that is taken away: once is nothing, twice it is gone. */
	system_.read_error = ENODEV;
	system_.times = 1;
	assert_reads("a/b", "x");
	for (unsigned int i = 0; i < 2; i++) {
		system_.read_error = i ? ENXIO : ENODEV;
		system_.times = 0;
		assert_unread("a/b", ENOENT, "");
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int base, rc;
		uint64_t value;
	} rows[] = {
		{ "0\n", 10, 0, 0 },
		{ "12\n", 10, 0, 12 },
		{ "12", 10, 0, 12 },
		{ "1f\n", 16, 0, 0x1f },
		{ "1f\n", 10, -EINVAL, 0 },
		{ "18446744073709551615\n", 10, 0, UINT64_MAX },
		{ "18446744073709551616\n", 10, -EINVAL, 0 },
		{ "", 10, -EINVAL, 0 },
		{ "\n", 10, -EINVAL, 0 },
		{ "x\n", 16, -EINVAL, 0 },
		{ "g\n", 16, -EINVAL, 0 },
		{ "a\n", 10, -EINVAL, 0 },
		{ " 1\n", 10, -EINVAL, 0 },
		{ "-1\n", 10, -EINVAL, 0 },
		{ "+1\n", 10, -EINVAL, 0 },
		{ "1 2\n", 10, -EINVAL, 0 },
		{ "1x", 10, -EINVAL, 0 },
	};
	struct sysroot_dir above;
	uint64_t value = 7;

	(void)state;
	says("d/other", "5\n");
	assert_int_equal(sysroot_open(&sr, "d", NULL, &above), 0);
	assert_int_equal(above.list.n, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		says("d/number", rows[i].text);
		fail_forget();
		if (sysroot_number(&sr, "d/number", rows[i].base, &value) != rows[i].rc)
			_fail(rows[i].text, (int)i);
		assert_int_equal(strstr(fail_text(), "d/number: \"") != NULL, rows[i].rc != 0);
		assert_true(rows[i].rc || value == rows[i].value);
		value = 7;
		fail_forget();
		if (sysroot_number_in(&above, "number", rows[i].base, &value) != rows[i].rc)
			_fail(rows[i].text, (int)i);
		assert_int_equal(strstr(fail_text(), "is not a number") != NULL, rows[i].rc != 0);
		assert_true(rows[i].rc || value == rows[i].value);
	}
	fail_forget();
	assert_int_equal(sysroot_number(&sr, "d/none", 10, &value), -ENOENT);
	assert_int_equal(sysroot_number_in(&above, "none", 10, &value), -ENOENT);
	sysroot_close(&above);
	assert_int_equal(sysroot_number2(&sr, "d/none", "d/other", &value), 0);
	assert_int_equal(value, 5);
	says("d/number", "6\n");
	assert_int_equal(sysroot_number2(&sr, "d/number", "d/other", &value), 0);
	assert_int_equal(value, 6);
	assert_int_equal(sysroot_number2(&sr, "d/none", "d/nothing", &value), -ENOENT);
	assert_string_equal(fail_text(), "");
}

/* Sorted, as what they are, whatever the file system says of them. */
static void directories(void **state)
{
	STRING_AUTO link = mem_printf("%s/d/link", dir);
	STRING_AUTO empty = mem_printf("%s/empty", dir);
	struct sysroot_list list;

	(void)state;
	says("d/file", "x");
	says("d/directory/x", "x");
	assert_int_equal(symlink("file", link), 0);
	for (unsigned int i = 0; i < 100; i++) {
		STRING_AUTO name = mem_printf("d/%02u", 99 - i);

		says(name, "");
	}
	for (unsigned int i = 0; i < 2; i++) {
		system_.unknown_types = i;
		assert_int_equal(sysroot_list(&sr, "d", &arena, &list), 0);
		assert_int_equal(list.n, 103);
		for (unsigned int k = 1; k < list.n; k++)
			assert_true(strcmp(list.at[k - 1].name, list.at[k].name) < 0);
		assert_true(list.at[0].regular && !list.at[0].directory);
		assert_true(list.at[100].directory && !list.at[100].regular);
		assert_true(list.at[101].regular && !list.at[101].directory);
		assert_true(!list.at[102].directory && !list.at[102].regular);
		sysroot_list_free(&list);
		assert_true(!list.at && !list.n);
	}
	assert_int_equal(mkdir(empty, 0700), 0);
	assert_int_equal(sysroot_list(&sr, "empty", &arena, &list), 0);
	assert_int_equal(list.n, 0);
}

static int listed_as(const char *name, int *err)
{
	struct sysroot_list list;

	fail_forget();
	*err = -sysroot_list(&sr, name, &arena, &list);
	sysroot_list_free(&list);
	return !!*fail_text();
}

static void directories_that_are_not(void **state)
{
	STRING_AUTO link = mem_printf("%s/link", dir);
	struct sysroot live = { .root = "/" };
	struct sysroot_list list;
	int err;

	(void)state;
	says("d/file", "x");
	assert_int_equal(symlink("d", link), 0);
	assert_true(!listed_as("nowhere", &err) && err == ENOENT);
	assert_true(listed_as("d/file", &err) && err == EINVAL);
	assert_non_null(strstr(fail_text(), "/d/file: is not a directory"));
	assert_true(listed_as("link", &err) && err == EINVAL);
	assert_non_null(strstr(fail_text(), "/link: is not a directory"));
	system_.open_error = EIO;
	system_.open_name = "d";
	assert_true(listed_as("d", &err) && err == EIO);
	assert_non_null(strstr(fail_text(), "/d: Input/output error"));
	system_.open_error = ENODEV;
	assert_true(!listed_as("d", &err) && err == ENOENT);
	system_.times = 1;
	assert_true(!listed_as("d", &err) && !err);
	system_.open_error = 0;
	system_.list_error = EIO;
	assert_true(listed_as("d", &err) && err == EIO);
	system_.list_error = ENODEV;
	assert_true(!listed_as("d", &err) && err == ENOENT);
	system_.list_error = 0;
	/* Here a file in its place is one that comes and goes. */
	fail_forget();
	assert_int_equal(sysroot_list(&live, "proc/cmdline", &arena, &list), -ENOENT);
	assert_string_equal(fail_text(), "");
	assert_int_equal(sysroot_list(&live, "proc/self", &arena, &list), 0);
	assert_true(list.n > 10);
	sysroot_list_free(&list);
}

static int read_in(const struct sysroot_dir *above, const char *name, bool regular, char text[16])
{
	struct sysroot_entry e = { .name = name, .regular = regular };
	BUF_AUTO out = { 0 };
	int rc;

	fail_forget();
	buf_printf(&out, "%s", "");
	rc = sysroot_read_in(above, &e, &out);
	snprintf(text, 16, "%s", (char *)out.data);
	return rc;
}

static void entries_are_read(void **state)
{
	STRING_AUTO link = mem_printf("%s/d/link", dir);
	BUF_AUTO large = { 0 };
	BUF_AUTO out = { 0 };
	struct sysroot_dir above, inner;
	char text[16];

	(void)state;
	says("d/file", "x");
	says("d/e/file", "y");
	for (unsigned int i = 0; large.len < 20000; i++)
		buf_printf(&large, "%u,", i);
	says("d/large", (char *)large.data);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(sysroot_open(&sr, "d", &arena, &above), 0);
	assert_int_equal(above.list.n, 4);
	assert_int_equal(read_in(&above, "file", true, text), 0);
	assert_string_equal(text, "x");
	assert_int_equal(read_in(&above, "file", false, text), 0);
	assert_string_equal(text, "x");
	assert_int_equal(read_in(&above, "e/file", false, text), 0);
	assert_string_equal(text, "y");
	assert_int_equal(sysroot_open_in(&above, &above.list.at[0], &arena, &inner), 0);
	assert_int_equal(read_in(&inner, "file", true, text), 0);
	assert_string_equal(text, "y");
	assert_int_equal(read_in(&above, "none", false, text), -ENOENT);
	assert_int_equal(read_in(&above, "file/none", false, text), -ENOENT);
	assert_string_equal(fail_text(), "");
	assert_int_equal(read_in(&above, "e", false, text), -EINVAL);
	assert_non_null(strstr(fail_text(), "/d/e: is not a regular file"));
	assert_int_equal(read_in(&above, "link", false, text), -EINVAL);
	assert_non_null(strstr(fail_text(), "/d/link: is not a regular file"));
	sysroot_close(&inner);
	assert_int_equal(sysroot_open_in(&above, &above.list.at[1], &arena, &inner), -EINVAL);
	assert_non_null(strstr(fail_text(), "/d/file: is not a directory"));
	sysroot_close(&inner);
	fail_forget();
	/* What gives at least a piece goes on. */
	system_.piece = SYSROOT_PIECE;
	assert_int_equal(
		sysroot_read_in(&above, &(struct sysroot_entry){ .name = "large", .regular = true },
				&out),
		0);
	assert_int_equal(out.len, large.len);
	system_.piece = 0;
	system_.read_error = ENODEV;
	system_.times = 1;
	assert_int_equal(read_in(&above, "file", true, text), 0);
	assert_string_equal(text, "x");
	system_.read_error = ENODEV;
	system_.times = 0;
	assert_int_equal(read_in(&above, "file", true, text), -ENOENT);
	assert_string_equal(text, "");
	system_.read_error = EIO;
	assert_int_equal(read_in(&above, "file", true, text), -EIO);
	assert_non_null(strstr(fail_text(), "/d/file: Input/output error"));
	sysroot_close(&above);
	assert_null(above.stream);
	sysroot_close(&above);
}

static void what_exists(void **state)
{
	STRING_AUTO link = mem_printf("%s/link", dir);
	int before = dup(STDIN_FILENO);

	(void)state;
	says("d/file", "");
	assert_int_equal(symlink("d/file", link), 0);
	assert_true(sysroot_exists(&sr, "d/file") && sysroot_exists(&sr, "d"));
	assert_false(sysroot_exists(&sr, "d/none") || sysroot_exists(&sr, "link") ||
		     sysroot_exists(&sr, "link/x"));
	/* Nothing stays open, and descriptor 0 is one like others. */
	close(STDIN_FILENO);
	assert_true(sysroot_exists(&sr, "d/file"));
	assert_reads("d/file", "");
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	dup2(before, STDIN_FILENO);
	close(before);
}

static void what_is_written(void **state)
{
	STRING_AUTO link = mem_printf("%s/link", dir);
	STRING_AUTO file = mem_printf("%s/file", dir);

	(void)state;
	says("file", "what was there");
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(sysroot_write(&sr, "file", "x", false), 0);
	assert_reads("file", "xhat was there");
	assert_int_equal(sysroot_write(&sr, "file", "y", true), 0);
	assert_reads("file", "y");
	assert_int_equal(sysroot_write(&sr, "new", "z", true), 0);
	assert_reads("new", "z");
	assert_fails(sysroot_write(&sr, "none", "x", false), ENOENT, "/none: No such file");
	assert_fails(sysroot_write(&sr, "link", "x", false), ELOOP, "/link: ");
	system_.piece = 1;
	system_.interrupted = 2;
	assert_int_equal(sysroot_write(&sr, "file", "in pieces", true), 0);
	system_.piece = 0;
	assert_reads("file", "in pieces");
	system_.write_error = EINVAL;
	assert_fails(sysroot_write(&sr, "file", "x", false), EINVAL, "/file: Invalid argument");
	system_.close_error = ENOSPC;
	assert_fails(sysroot_write(&sr, "file", "x", false), EINVAL, "/file: Invalid argument");
	system_.write_error = 0;
	assert_fails(sysroot_write(&sr, "file", "x", false), ENOSPC, "/file: No space");
	system_.close_error = 0;
	sysroot_remove(&sr, "file");
	assert_int_equal(access(file, F_OK), -1);
	sysroot_remove(&sr, "file");
}

/* A snapshot has what was read, in directories of its own, and says what it lacks. */
static void what_is_recorded(void **state)
{
	struct sysroot again;
	BUF_AUTO out = { 0 };
	struct sysroot_dir above;
	char text[16];

	(void)state;
	says("a/b/c", "x");
	assert_int_equal(mkdir(copy, 0700), 0);
	sr.copy = copy;
	sr.incomplete = &incomplete;
	again = (struct sysroot){ .root = copy };
	buf_printf(&out, "before ");
	assert_int_equal(sysroot_read(&sr, "a/b/c", &out), 0);
	out.len = 0;
	assert_int_equal(sysroot_read(&again, "a/b/c", &out), 0);
	assert_string_equal((char *)out.data, "x");
	assert_int_equal(sysroot_record(&sr, "other", "y", 1), 0);
	assert_true(sysroot_exists(&again, "other"));
	sysroot_unrecord(&sr, "a/b");
	assert_true(!sysroot_exists(&again, "a/b") && sysroot_exists(&again, "a"));
	assert_int_equal(sysroot_open(&sr, "a/b", &arena, &above), 0);
	assert_int_equal(read_in(&above, "c", true, text), 0);
	sysroot_close(&above);
	assert_true(sysroot_exists(&again, "a/b/c"));
	assert_int_equal(incomplete, 0);
	system_.write_error = ENOSPC;
	assert_fails(sysroot_record(&sr, "other", "y", 1), ENOSPC, "/copy/other: No space");
	assert_int_equal(incomplete, ENOSPC);
	system_.write_error = 0;
	incomplete = 0;
	system_.close_error = EIO;
	assert_fails(sysroot_record(&sr, "other", "y", 1), EIO, "/copy/other: Input/output");
	system_.close_error = 0;
	incomplete = 0;
	assert_fails(sysroot_record(&sr, "a", "y", 1), EISDIR, "/copy/a: Is a directory");
	assert_fails(sysroot_record(&sr, "other/x", "y", 1), ENOTDIR, "/copy/other/x: Not a dir");
	incomplete = 0;
	sr.copy = "/proc/nowhere";
	assert_fails(sysroot_record(&sr, "a/x", "y", 1), ENOENT, "/proc/nowhere/a: No such");
	assert_int_equal(incomplete, ENOENT);
	sr.copy = copy;
	sysroot_unrecord(&sr, "a");
	system_.mkdir_error = EIO;
	assert_fails(sysroot_record(&sr, "a/x", "y", 1), EIO, "/copy/a: Input/output error");
	assert_false(sysroot_exists(&again, "a"));
	system_.mkdir_error = 0;
	/* Where nothing is recorded, nothing is taken out. */
	sr.copy = NULL;
	sysroot_unrecord(&sr, "a");
	assert_true(sysroot_exists(&sr, "a/b/c"));
}

/* Where nobody has given kexec a standard input, any file may get that descriptor. */
static void descriptor_0(void **state)
{
	struct sysroot live = { .root = "/" }, again = { .root = copy };
	int before = dup(STDIN_FILENO);
	BUF_AUTO out = { 0 };
	struct sysroot_dir above;
	char text[16];

	(void)state;
	says("d/file", "x");
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(sysroot_open(&sr, "d", &arena, &above), 0);
	close(STDIN_FILENO);
	errno = EIO; /* of something before */
	assert_int_equal(sysroot_read(&live, "proc/self/comm", &out), 0);
	errno = EIO;
	assert_int_equal(read_in(&above, "file", true, text), 0);
	assert_string_equal(text, "x");
	assert_int_equal(sysroot_write(&sr, "d/file", "y", true), 0);
	assert_reads("d/file", "y");
	sr.copy = copy;
	assert_int_equal(sysroot_record(&sr, "z", "z", 1), 0);
	assert_true(sysroot_exists(&again, "z"));
	sysroot_close(&above);
	assert_int_equal(sysroot_open(&sr, "d", &arena, &above), 0);
	assert_int_equal(above.list.n, 1);
	sysroot_close(&above);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	dup2(before, STDIN_FILENO);
	close(before);
}

static void which_is_live(void **state)
{
	struct sysroot live = { .root = "/" };
	BUF_AUTO out = { 0 };
	struct sysroot_dir above;
	char text[16];

	(void)state;
	assert_true(sysroot_is_live(&live) && !sysroot_is_live(&sr));
	/* Of this machine links are followed: sysfs has many. */
	assert_int_equal(sysroot_read(&live, "proc/self/comm", &out), 0);
	assert_true(out.len > 1);
	assert_int_equal(sysroot_read(&live, "nowhere/at/all", &out), -ENOENT);
	assert_int_equal(sysroot_open(&live, "proc", NULL, &above), 0);
	assert_int_equal(read_in(&above, "self/comm", false, text), 0);
	sysroot_close(&above);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_read),
		TEST(files_that_are_not_read),
		TEST(numbers),
		TEST(directories),
		TEST(directories_that_are_not),
		TEST(entries_are_read),
		TEST(what_exists),
		TEST(what_is_written),
		TEST(what_is_recorded),
		TEST(which_is_live),
		TEST(descriptor_0),
		TEST(files_without_an_end),
	};

	if (!dlsym(RTLD_NEXT, "readdir")) {
		puts("1..0 # SKIP linked statically: there is no readdir() but ours");
		return 0;
	}
	return cmocka_run_group_tests_name("sysroot", tests, NULL, NULL);
}
