// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/mapping.h"

/* For the signal handler, which gets no argument of ours. A kernel, initrds, a device tree. */
#define MAPPINGS 8

static struct {
	uintptr_t start, size;
	int prot;
} mappings[MAPPINGS];

static uintptr_t page_size;
static volatile sig_atomic_t faults;

/* Put a page of zeroes where the file has none: the reader sees damage, and goes on. */
static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	void *page = (void *)(at & ~(page_size - 1));
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	(void)context;
	for (unsigned int i = 0; i < MAPPINGS; i++)
		if (at - mappings[i].start < mappings[i].size &&
		    mmap(page, page_size, mappings[i].prot, flags, -1, 0) == page) {
			faults++;
			return;
		}
	signal(signal_number, SIG_DFL);
}

void *mapping_make(int fd, size_t size, int prot, int flags)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	unsigned int i = 0;
	void *p;

	while (i < MAPPINGS && mappings[i].size)
		i++;
	if (i == MAPPINGS)
		return NULL;
	p = mmap(NULL, size, prot, flags, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	mappings[i].start = (uintptr_t)p;
	mappings[i].size = size;
	mappings[i].prot = prot;
	sigaction(SIGBUS, &action, NULL);
	return p;
}

void mapping_end(void *start, size_t size)
{
	for (unsigned int i = 0; i < MAPPINGS; i++)
		if (mappings[i].size && mappings[i].start == (uintptr_t)start)
			mappings[i].size = 0;
	munmap(start, size);
}

void mapping_touch(const void *start, size_t size)
{
	const volatile uint8_t *p = start;

	for (size_t at = 0; at < size; at += page_size)
		(void)p[at];
}

unsigned int mapping_faults(void)
{
	return (unsigned int)faults;
}
