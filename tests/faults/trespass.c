// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Loaded into a program (LD_PRELOAD): when it first reads or writes a file itself, what it has no
 * use for is tried from inside. TRESPASS names a file for what came of each: a word and an errno.
 * The arguments are such that nothing happens where it is allowed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOWHERE "/nonexistent/file"

static int told = -1, tried;

__attribute__((constructor)) static void begin(void)
{
	told = open(getenv("TRESPASS"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void try(const char *what, long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
		uintptr_t e)
{
	long rc = syscall(number, a, b, c, d, e, 0);

	dprintf(told, "%s %d\n", what, rc < 0 ? errno : 0);
}

static void trespass(void)
{
	const uintptr_t at = (uintptr_t)AT_FDCWD, path = (uintptr_t)NOWHERE;

	if (tried++ || told < 0)
		return;
	try("write", SYS_openat, at, path, O_WRONLY, 0, 0);
	try("create", SYS_openat, at, path, O_CREAT, 0600, 0);
	try("read", SYS_openat, at, path, O_RDONLY, 0, 0);
	try("remove", SYS_unlinkat, at, path, 0, 0, 0);
	try("socket", SYS_socket, 4711, 0, 0, 0, 0);
	try("execve", SYS_execve, path, 0, 0, 0, 0);
	try("ptrace", SYS_ptrace, PTRACE_CONT, 0, 0, 0, 0);
	try("mount", SYS_mount, 0, path, 0, MS_BIND, 0);
	try("clone", SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0);
	try("code", SYS_mprotect, 1, 4096, PROT_EXEC, 0, 0);
	try("load", SYS_kexec_load, 0, 1000, 1, 0, 0);
	try("reboot", SYS_reboot, 1, 2, 3, 0, 0);
	try("mode", SYS_fchmodat, at, path, 0, 0, 0);
	try("outside", SYS_personality, 0xffffffff, 0, 0, 0, 0);
}

ssize_t read(int fd, void *data, size_t n)
{
	trespass();
	return syscall(SYS_read, fd, data, n);
}

ssize_t write(int fd, const void *data, size_t n)
{
	trespass();
	return syscall(SYS_write, fd, data, n);
}
