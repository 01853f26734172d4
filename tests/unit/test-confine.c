// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What is forbidden is tried from inside, each thing in a child of its own, with arguments that do
 * no harm; and without the filter, where the kernel has another answer.
 */
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/confine.h"
#include "tests/unit/unit.h"

#define NOWHERE "/nonexistent/file"
#define UNFILTERED (~0u) /* of purposes: no filter */
#define EVERYBODY  (~0u)

/* @allowed: the purposes for which it is not refused; arguments as of syscall(2). */
static const struct {
	const char *name;
	unsigned int allowed;
	long number;
	uintptr_t argument[6];
} attempts[] = {
	{ "open for writing", CONFINE_WRITES, SYS_openat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE, O_WRONLY } },
	{ "open and create", CONFINE_WRITES, SYS_openat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE, O_CREAT } },
	{ "open for reading", CONFINE_OPENS | CONFINE_WRITES, SYS_openat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE, O_RDONLY } },
	{ "remove", CONFINE_WRITES | CONFINE_REMOVES, SYS_unlinkat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "make a directory", CONFINE_WRITES, SYS_mkdirat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "memory with code", CONFINE_OPENS, SYS_mprotect, { 1, 4096, PROT_EXEC } },
	{ "map with code", CONFINE_OPENS, SYS_mmap,
	  { 0, 4096, PROT_EXEC, MAP_PRIVATE, (uintptr_t)-1 } },
	{ "kexec_load", CONFINE_LOADS, SYS_kexec_load, { 0, 1000, 1 } },
	{ "reboot", 0, SYS_reboot, { 1, 2, 3 } },
	{ "socket", 0, SYS_socket, { 4711 } },
	{ "the kernel's log", CONFINE_MACHINE, SYS_syslog, { 3, 0, (uintptr_t)-1 } },
	{ "execve", 0, SYS_execve, { (uintptr_t)NOWHERE } },
	{ "execveat", 0, SYS_execveat, { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "clone", 0, SYS_clone, { CLONE_SIGHAND } },
	{ "ptrace", 0, SYS_ptrace, { PTRACE_CONT } },
	{ "mount", 0, SYS_mount, { 0, (uintptr_t)NOWHERE, 0, MS_BIND } },
	{ "unshare", 0, SYS_unshare, { CLONE_PARENT_SETTID } },
	{ "is it a terminal", EVERYBODY, SYS_ioctl, { (uintptr_t)-1, TCGETS } },
	{ "its size", EVERYBODY, SYS_ioctl, { (uintptr_t)-1, TIOCGWINSZ } },
	{ "how much memory", EVERYBODY, SYS_sysinfo, { (uintptr_t)-1 } },
	{ "a signal for another thread", 0, SYS_tgkill, { 1, 1, 4711 } },
	{ "kill", 0, SYS_kill, { 1, 4711 } },
	{ "change of owner", 0, SYS_fchownat, { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "change of mode", 0, SYS_fchmodat, { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "link", 0, SYS_linkat,
	  { (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE, (uintptr_t)AT_FDCWD, (uintptr_t)NOWHERE } },
	{ "another terminal input", 0, SYS_ioctl, { 0, TIOCSTI } },
	{ "options of a process", 0, SYS_prctl, { PR_GET_DUMPABLE } },
	{ "more file systems", 0, SYS_chroot, { (uintptr_t)NOWHERE } },
};

/* A sanitizer has system calls of its own before _exit(2). */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

/* In a child: 0, or the errno of the attempt. */
static int attempt(size_t i, unsigned int purposes)
{
	const uintptr_t *a = attempts[i].argument;
	int status;
	pid_t pid = fork();

	if (!pid) {
		errno = ERANGE;		/* of an earlier call: nobody's business */
		if (purposes != UNFILTERED && confine_now(purposes) < 0)
			leave(255);
		leave(syscall(attempts[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ?
			      errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/*
 * This system call of ours fails from now on; where @first is not 0, only with this as its first
 * argument. Error 0: none does. False: there are no filters here.
 */
static bool let_fail(long number, uint32_t first, int err)
{
	const uint32_t argument = offsetof(struct seccomp_data, args) +
		(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 err ? SECCOMP_RET_ERRNO | (uint32_t)err : SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (!first)
		code[3].jf = 0;
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
		!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* An emulator, or a kernel without: where another filter cannot be had either. */
static bool no_filter(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		leave(!let_fail(0, 0, 0));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_attempts(void **state)
{
	static const unsigned int purposes[] = {
		0, CONFINE_REMOVES, CONFINE_OPENS, CONFINE_OPENS | CONFINE_MACHINE,
		CONFINE_OPENS | CONFINE_WRITES, CONFINE_OPENS | CONFINE_LOADS,
	};

	size_t learned = 0;

	(void)state;
	if (no_filter())
		return;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		int without = attempt(i, UNFILTERED);

		for (size_t k = 0; k < sizeof(purposes) / sizeof(*purposes); k++) {
			bool allowed = attempts[i].allowed == EVERYBODY ||
				attempts[i].allowed & purposes[k];
			int got = attempt(i, purposes[k]);

			if (got == (allowed ? without : EPERM))
				continue;
			print_error("%s with purposes %u: %s, without a filter %s\n",
				    attempts[i].name, purposes[k], strerror(got),
				    strerror(without));
			_fail(__FILE__, __LINE__);
		}
		/* Where the kernel itself refuses it, nothing is learned. */
		learned += without != EPERM;
	}
	assert_true(learned >= sizeof(attempts) / sizeof(*attempts) - 6);
}

/* A library asks for what came later, and has another way. */
static void test_newer_call(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (no_filter())
		return;
	pid = fork();
	if (!pid) {
		confine_now(CONFINE_OPENS);
		leave(syscall(440, 0, 0, 0, 0, 0) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), ENOSYS);
}

/* A program that finds itself broken ends as such. */
static void test_abort(void **state)
{
	const struct rlimit none = {0};
	int status;
	pid_t pid;

	(void)state;
	if (no_filter())
		return;
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		confine_now(0);
		/* Of abort(3), without what a sanitizer does before a call that does not return. */
		raise(SIGABRT);
		leave(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* Of 64 capabilities, those in effect: /proc/self/status is not open to who is confined. */
static uint64_t effective(unsigned int purposes)
{
	static const char key[] = "CapEff:";
	char text[8192];
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		int fd = open("/proc/thread-self/status", O_RDONLY);
		ssize_t n;

		if (purposes != UNFILTERED)
			confine_now(purposes);
		n = read(fd, text, sizeof(text) - 1);
		leave(n <= 0 || write(ends[1], text, (size_t)n) != n);
	}
	close(ends[1]);
	memset(text, 0, sizeof(text));
	for (ssize_t n, at = 0; (n = read(ends[0], text + at, sizeof(text) - 1 - (size_t)at)) > 0;)
		at += n;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	assert_non_null(strstr(text, key));
	return strtoull(strstr(text, key) + strlen(key), NULL, 16);
}

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define ALL_HAVE CAPABILITY(CAP_SYS_RESOURCE)
#define WHO_READS (ALL_HAVE | CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_LEASE))

/* Of those that this process has, what is left for each purpose: this and nothing else. */
static void test_capabilities(void **state)
{
	static const struct {
		unsigned int purposes;
		uint64_t kept;
	} sets[] = {
		{ 0, ALL_HAVE },
		{ CONFINE_REMOVES, ALL_HAVE | CAPABILITY(CAP_DAC_OVERRIDE) },
		{ CONFINE_OPENS, WHO_READS },
		{ CONFINE_OPENS | CONFINE_MACHINE,
		  WHO_READS | CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_RAWIO) |
			  CAPABILITY(CAP_SYSLOG) },
		{ CONFINE_OPENS | CONFINE_WRITES, WHO_READS | CAPABILITY(CAP_DAC_OVERRIDE) },
		{ CONFINE_OPENS | CONFINE_LOADS, WHO_READS | CAPABILITY(CAP_SYS_BOOT) },
	};
	uint64_t own = effective(UNFILTERED);

	(void)state;
	if (no_filter())
		return;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		assert_int_equal(effective(sets[i].purposes), own & sets[i].kept);
}

/* Each call that makes it what it is may fail: the first error is the result, the rest is done. */
static const struct {
	const char *said;	/* by confine() */
	long number;
	uint32_t first;
	bool confined;		/* all the same */
} failures[] = {
	{ "keeps its capabilities: ", SYS_capget, 0, true },
	{ "keeps its capabilities: ", SYS_capset, 0, true },
	{ "runs without a filter of system calls: ", SYS_prctl, PR_SET_NO_NEW_PRIVS, false },
	{ "runs without a filter of system calls: ", SYS_prctl, PR_SET_SECCOMP, false },
};

static void test_failures(void **state)
{
	(void)state;
	if (no_filter())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			if (!let_fail(failures[i].number, failures[i].first, EIO))
				leave(1);
			if (confine_now(CONFINE_OPENS) != -EIO)
				leave(2);
			syscall(SYS_execve, NOWHERE, NULL, NULL);
			leave(errno == (failures[i].confined ? EPERM : ENOENT) ? 0 : 3);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

/* confine() in a child, with -d: the errno of execve(2) then, and what was said. */
static int confined(size_t failure, const char *escape, struct said *said)
{
	int status;
	pid_t pid;

	unit_listen(said);
	pid = fork();
	if (!pid) {
		message_debug(true);
		if (escape)
			setenv(CONFINE_ESCAPE, escape, 1);
		else
			unsetenv(CONFINE_ESCAPE);
		if (failure < ARRAY_SIZE(failures) &&
		    !let_fail(failures[failure].number, failures[failure].first, EIO))
			leave(255);
		confine(CONFINE_OPENS);
		syscall(SYS_execve, NOWHERE, NULL, NULL);
		leave(errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unit_heard(said);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The run goes on without what cannot be had; a sanitizer, or who looks inside, has all. */
static void test_whole(void **state)
{
	struct said said;

	(void)state;
	if (no_filter())
		return;
	assert_int_equal(confined(SIZE_MAX, NULL, &said), SANITIZED ? ENOENT : EPERM);
	assert_string_equal(said.text, "");
	assert_int_equal(confined(SIZE_MAX, "1", &said), ENOENT);
	assert_string_equal(said.text, "");
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		assert_int_equal(confined(i, NULL, &said),
				 failures[i].confined && !SANITIZED ? EPERM : ENOENT);
		assert_int_equal(!*said.text, SANITIZED);
		if (!SANITIZED)
			assert_non_null(strstr(said.text, failures[i].said));
		assert_ptr_equal(strchr(said.text, '\n'), strrchr(said.text, '\n'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_newer_call),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
