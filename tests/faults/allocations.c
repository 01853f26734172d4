// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Loaded into a program (LD_PRELOAD): the allocation of the number FAIL_ALLOCATION fails (0: none).
 * FAIL_TOLD names a file for how many there were, and how many were not freed, when it ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size), *__libc_calloc(size_t n, size_t size),
	*__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);

static unsigned long wanted, count;
static long held;
static int counting, told = -1;

/* What the dynamic linker and other libraries have before main() is not counted. */
__attribute__((constructor)) static void begin(void)
{
	wanted = strtoul(getenv("FAIL_ALLOCATION"), NULL, 10);
	told = open(getenv("FAIL_TOLD"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	counting = 1;
}

__attribute__((destructor)) static void end(void)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%lu %ld\n", count, held);

	if (write(told, text, (size_t)n) != n)
		abort();
}

static int fails(void)
{
	if (!counting || ++count != wanted)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void *had(void *p)
{
	held += counting && p;
	return p;
}

void *malloc(size_t size)
{
	return fails() ? NULL : had(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : had(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	if (fails())
		return NULL;
	return p ? __libc_realloc(p, size) : had(__libc_malloc(size));
}

void free(void *p)
{
	held -= counting && p;
	__libc_free(p);
}
