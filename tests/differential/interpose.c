/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Loaded in front of the C library into a foreign kexec: kexec_load(2) writes the image into the
 * directory $INTERPOSE_DUMP, if that is set, instead of loading it. Pages have $INTERPOSE_PAGE_SIZE
 * bytes (under qemu-user's own option for that, system calls with pointers into a library's data
 * fail). What is below /proc and /sys, and a frame buffer, is read below $INTERPOSE_ROOT, if that
 * is set, and $INTERPOSE_CPUS and $INTERPOSE_RELEASE say what else the machine is like. With
 * $INTERPOSE_STOP the program stops in the call, for who looks at its memory.
 *
 * DUMP/image: "ENTRY FLAGS", then "MEM MEMSZ BUFSZ" for each segment, all
 * hexadecimal; DUMP/N: the bytes of segment N. Written last, the file `image`
 * tells that the rest is complete.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __x86_64__
#define NR_KEXEC_LOAD	246	/* arch/x86/entry/syscalls/syscall_64.tbl */
#define MACHINE		"x86_64"
#elif defined(__aarch64__)
#define NR_KEXEC_LOAD	104	/* include/uapi/asm-generic/unistd.h */
#define MACHINE		"aarch64"
#else
#define NR_KEXEC_LOAD	268	/* arch/powerpc/kernel/syscalls/syscall.tbl */
#define MACHINE		"ppc64le"
#endif

struct segment {
	const void *buf;
	size_t bufsz;
	unsigned long mem;
	size_t memsz;
};

static FILE *create(const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", getenv("INTERPOSE_DUMP"), name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		abort();
	}
	return f;
}

static void finish(FILE *f)
{
	if (ferror(f) || fclose(f)) {
		perror("interpose");
		abort();
	}
}

static void dump_segment(unsigned long number, const struct segment *s)
{
	char name[32];
	FILE *f;

	snprintf(name, sizeof(name), "%lu", number);
	f = create(name);
	fwrite(s->buf, 1, s->bufsz, f);
	finish(f);
}

static long kexec_load(unsigned long entry, unsigned long n, const struct segment *segment,
		       unsigned long flags)
{
	FILE *f;

	if (getenv("INTERPOSE_STOP"))
		raise(SIGSTOP);
	if (!getenv("INTERPOSE_DUMP"))
		return 0;
	for (unsigned long i = 0; i < n; i++)
		dump_segment(i, &segment[i]);
	f = create("image");
	fprintf(f, "%lx %lx\n", entry, flags);
	for (unsigned long i = 0; i < n; i++)
		fprintf(f, "%lx %zx %zx\n", segment[i].mem, segment[i].memsz, segment[i].bufsz);
	finish(f);
	return 0;
}

int getpagesize(void)
{
	return atoi(getenv("INTERPOSE_PAGE_SIZE"));
}

long syscall(long number, ...)
{
	unsigned long a[4];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (number == NR_KEXEC_LOAD)
		return kexec_load(a[0], a[1], (const struct segment *)a[2], a[3]);
	errno = ENOSYS;
	return -1;
}

/* --- another machine's files --- */

static const char *elsewhere(const char *path, char *buffer, size_t size)
{
	const char *root = getenv("INTERPOSE_ROOT");

	if (!root ||
	    (strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5) &&
	     strncmp(path, "/dev/fb", 7)))
		return path;
	snprintf(buffer, size, "%s%s", root, path);
	return buffer;
}

#define ELSEWHERE(path) \
	char buffer[4096]; \
	const char *real = elsewhere(path, buffer, sizeof(buffer))
#define NEXT(name)		__typeof__(name) *next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

FILE *fopen(const char *path, const char *mode)
{
	ELSEWHERE(path);
	NEXT(fopen);

	return next(real, mode);
}

int open(const char *path, int flags, ...)
{
	ELSEWHERE(path);
	NEXT(open);
	va_list list;
	int mode;

	va_start(list, flags);
	mode = flags & O_CREAT ? va_arg(list, int) : 0;
	va_end(list);
	return next(real, flags, mode);
}

DIR *opendir(const char *path)
{
	ELSEWHERE(path);
	NEXT(opendir);

	return next(real);
}

int access(const char *path, int mode)
{
	ELSEWHERE(path);
	NEXT(access);

	return next(real, mode);
}

int stat(const char *path, struct stat *st)
{
	ELSEWHERE(path);
	NEXT(stat);

	return next(real, st);
}

/* It plans for the kind of machine that uname(2) names, and looks at the version. */
int uname(struct utsname *name)
{
	NEXT(uname);
	int rc = next(name);

	if (!rc && getenv("INTERPOSE_RELEASE")) {
		snprintf(name->release, sizeof(name->release), "%s", getenv("INTERPOSE_RELEASE"));
		snprintf(name->machine, sizeof(name->machine), "%s", MACHINE);
	}
	return rc;
}

long sysconf(int name)
{
	NEXT(sysconf);
	const char *cpus = getenv("INTERPOSE_CPUS");

	return cpus && (name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN) ? atol(cpus) :
											next(name);
}
