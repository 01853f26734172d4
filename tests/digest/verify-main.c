// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The purgatory's own check of an image, with one byte of it changed at a time:
 *
 *	verify UNITS SEGMENT... <ADDRESSES
 *
 * Each SEGMENT is "FILE:ADDRESS:MEMSZ", the purgatory's first: it is put where it will be on the
 * machine, with the zeros behind. As the word `units` of its parameters it gets UNITS, and
 * where that is another, the digest of it. For each address, in hex, a line: "right"; "wrong" and
 *the name of what is said to be damaged; or "fault" where the list of the regions was changed so
 *that it leads out of memory.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kexec/arch/lanes.h"
#include "purgatory/kept.c"
#include "purgatory/purgatory.c"

lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	*before = 0;
	return p->units & PURGATORY_UNIT_LANES ? lanes_here()->blocks : lanes_portable;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	(void)p, (void)before;
}

/* There are no consoles, and nothing is started. */
void arch_start(const struct purgatory_params *p)
{
	(void)p;
}

void arch_print(const struct purgatory_params *p, const char *text)
{
	(void)p, (void)text;
}

void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	(void)p, (void)cpu;
}

const char *arch_check_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)k, (void)cpu;
	return 0;
}

void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)k, (void)cpu;
}

void arch_stop(void)
{
}

static void die(const char *what)
{
	fprintf(stderr, "verify: %s\n", what);
	exit(2);
}

static uint8_t *load(char *segment)
{
	char *at = strchr(segment, ':'), *end;
	FILE *file;
	uint64_t addr, memsz;
	uint8_t *memory;

	if (!at)
		die("no address");
	*at++ = 0;
	addr = strtoull(at, &end, 16);
	memsz = strtoull(end + 1, NULL, 16);
	memory = mmap((void *)(uintptr_t)addr, memsz, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	file = fopen(segment, "rb");
	if (memory != (void *)(uintptr_t)addr || !file || fread(memory, 1, memsz, file) > memsz)
		die("a segment that cannot be put there");
	fclose(file);
	return memory;
}

static void set_units(struct purgatory_params *p, uint64_t units)
{
	struct lanes lanes;
	uint64_t before;

	if (p->units == units)
		return;
	p->units = units;
	lanes_init(&lanes, arch_lanes_begin(p, &before));
	for (uint64_t i = 0; i < p->n_regions; i++) {
		lanes_region(&lanes, (void *)(uintptr_t)p->region[i].start, p->region[i].size);
		p->name[i].check = lanes_check(&lanes);
	}
	lanes_final(&lanes, p->region, p->n_regions * sizeof(p->region[0]), p->digest);
}

static sigjmp_buf fault;

static void on_fault(int signal)
{
	siglongjmp(fault, signal);
}

static void verify_changed(const struct purgatory_params *p, uint8_t *byte)
{
	volatile uint64_t damaged = 0;
	volatile bool right = false;
	bool faulted = sigsetjmp(fault, 1);

	if (!faulted) {
		uint64_t found;

		*byte ^= 0x10;
		right = purgatory_verify(p, &found);
		damaged = found;
	}
	if (faulted || right)
		puts(faulted ? "fault" : "right");
	else
		printf("wrong %.12s\n", damaged < p->n_regions ? p->name[damaged].name : "digest");
	*byte ^= 0x10;
}

int main(int argc, char **argv)
{
	struct purgatory_params *p = NULL;
	uint64_t addr, found;

	for (int i = 2; i < argc; i++) {
		uint8_t *memory = load(argv[i]);

		p = p ? p : (struct purgatory_params *)(memory + PURGATORY_PARAMS_OFFSET);
	}
	if (!p)
		die("no segments");
	if (!purgatory_verify(p, &found))
		die("the image is wrong as it is");
	set_units(p, strtoull(argv[1], NULL, 0));
	if (!purgatory_verify(p, &found))
		die("the image is wrong with these units");
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	while (scanf("%" SCNx64, &addr) == 1)
		verify_changed(p, (uint8_t *)(uintptr_t)addr);
	return !purgatory_verify(p, &found);
}
