/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* cmocka, with the headers that it wants before it, and what several tests use. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail			/* the name is ours: common/error.h */

#include "common/bytes.h"
#include "common/error.h"
#include "common/mem.h"

/* The call failed with this errno, and its message contains @text. */
#define assert_fails(call, err, text) do {					\
	fail_forget();								\
	assert_int_equal((call), -(err));					\
	if (!strstr(fail_text(), (text))) {					\
		print_error("message \"%s\" has no \"%s\"\n", fail_text(), (text)); \
		_fail(__FILE__, __LINE__);					\
	}									\
	fail_forget();								\
} while (0)

/* What the rehearsal lets each of the cores grow by: a property, and once its name. */
#define GROWN_NODE	(12 + 256)
#define GROWN_NAME	sizeof("vendor,of-the-other-machine")

/*
 * By an emulator that gives programs no SIGBUS for a page which their file no longer has, and
 * does not limit their memory.
 */
static inline bool unit_is_emulated(void)
{
	return getenv("KEXEC_TEST_EMULATED");
}

/* What is written to stderr from unit_listen() to unit_heard(), as far as @text has room. */
struct said {
	FILE *file;
	int before;
	char text[512];
};

static inline void unit_listen(struct said *said)
{
	said->file = tmpfile();
	assert_non_null(said->file);
	fflush(stderr);
	said->before = dup(STDERR_FILENO);
	dup2(fileno(said->file), STDERR_FILENO);
}

static inline void unit_heard(struct said *said)
{
	fflush(stderr);
	dup2(said->before, STDERR_FILENO);
	close(said->before);
	rewind(said->file);
	said->text[fread(said->text, 1, sizeof(said->text) - 1, said->file)] = 0;
	fclose(said->file);
}

/* A new temporary directory; unit_remove() deletes it with all that is in it. */
static inline char *unit_directory(void)
{
	const char *parent = getenv("TMPDIR");
	char *dir = mem_printf("%s/kexec-unit-XXXXXX", parent ? parent : "/tmp");

	assert_non_null(mkdtemp(dir));
	return dir;
}

/*
 * By no other program, for some tests have a directory for each row of a table; and by descriptors,
 * for some have paths that are too long for a name.
 */
static inline void unit_remove_at(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *d;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		assert_int_equal(unlinkat(at, name, 0), 0);
		return;
	}
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			unit_remove_at(fd, d->d_name);
	closedir(dir);
	assert_int_equal(unlinkat(at, name, AT_REMOVEDIR), 0);
}

static inline void unit_remove(char *dir)
{
	if (!access(dir, F_OK))
		unit_remove_at(AT_FDCWD, dir);
	free(dir);
}

/* As where file_open() could have no lease: else who writes to the file waits. */
static inline void unit_end_lease(int fd)
{
	assert_int_equal(fcntl(fd, F_SETLEASE, F_UNLCK), 0);
}

/* From now on this system call of ours fails with this error. */
static inline void unit_let_fail(long number, int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(2);
}

/* Write DIR/NAME, directories included. */
static inline void unit_write(const char *dir, const char *name, const void *data, size_t len)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, name);
	FILE *f;

	for (char *end = path + 1; (end = strchr(end, '/')); *end++ = '/') {
		*end = 0;
		mkdir(path, 0777);	/* or it is there; if not, the file cannot be opened */
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

#endif
