/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Loaded in front of the C library into a foreign kexec which runs under
 * qemu-user: kexec_load(2) writes the image into the directory
 * $INTERPOSE_DUMP instead of loading it, and pages have $INTERPOSE_PAGE_SIZE
 * bytes (under qemu-user's own option for that, system calls with pointers
 * into a library's data fail).
 *
 * DUMP/image: "ENTRY FLAGS", then "MEM MEMSZ BUFSZ" for each segment, all
 * hexadecimal; DUMP/N: the bytes of segment N. Written last, the file `image`
 * tells that the rest is complete.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NR_KEXEC_LOAD	268	/* arch/powerpc/kernel/syscalls/syscall.tbl */

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
