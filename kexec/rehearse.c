// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/rehearse.h"

/* What the kernel rounds the regenerated header to before it looks at memsz. */
#define ELFCOREHDR_ALIGN 4096
#define EHDR_SIZE	64
#define PHDR_SIZE	56
#define PHDRS_MAX	65534	/* in 16 bits, of which the last value has a meaning */

/*
 * What arch_crash_get_elfcorehdr_size() counted: on ppc64 CONFIG_CRASH_MAX_MEMORY_RANGES, elsewhere
 * at least that. 0: the kernel does not say, or never changes the header.
 */
static uint64_t prepared_for(const struct machine *m)
{
	uint64_t others = EHDR_SIZE +
		PHDR_SIZE * ((uint64_t)m->possible.n + m->arch->core_phdrs - 1);
	uint64_t size = m->elfcorehdr_size ? m->elfcorehdr_size + m->arch->elfcorehdr_hint_lacks :
					     0;

	return size > others ? (size - others) / PHDR_SIZE : 0;
}

static void warn_of_ranges(uint64_t ranges, uint64_t most, uint64_t room)
{
	warn("memory is in %" PRIu64 " ranges, the running kernel is prepared for %" PRIu64
	     " (CONFIG_CRASH_MAX_MEMORY_RANGES): the elfcorehdr has room for %" PRIu64
	     "; when memory is"
	     " added in more pieces the dump will lack it until kexec loads again",
	     ranges, most, room);
}

int rehearse_elfcorehdr(const struct machine *m, const struct segment *s, uint64_t ranges)
{
	uint64_t cpus = (uint64_t)m->possible.n, most = prepared_for(m), n, grown;
	uint64_t others = m->arch->core_phdrs - 1;

	if (cpus + others + ranges > PHDRS_MAX)
		return fail(E2BIG,
			    "hotplug rehearsal: %" PRIu64 " CPUs and %" PRIu64
			    " memory ranges are more"
			    " than the %d program headers that an elfcorehdr can count",
			    cpus, ranges, PHDRS_MAX);
	n = ranges + 1 > most ? ranges + 1 : most;
	if (n + cpus + others > PHDRS_MAX)
		n = PHDRS_MAX - cpus - others;
	/* The notes of CPUs, the ranges, what each header has, and always a spare one. */
	grown = round_up64(EHDR_SIZE + PHDR_SIZE * (cpus + others + n + 1), ELFCOREHDR_ALIGN);
	if (grown > s->memsz)
		return fail(ENOSPC,
			    "hotplug rehearsal: a regenerated elfcorehdr takes up to %" PRIu64
			    " bytes, its segment has %" PRIu64,
			    grown, s->memsz);
	if (most && ranges > most)
		warn_of_ranges(ranges, most,
			       (s->memsz - EHDR_SIZE) / PHDR_SIZE - cpus - others - 1);
	return 0;
}

static int rehearse_core(const struct image *image, const struct segment *s)
{
	struct arena arena = {0};
	uint64_t loads = 0;
	struct elf elf;
	int rc = elf_parse(&elf, &arena, s->data, s->bufsz, UINT64_MAX);

	for (uint32_t i = 0; rc >= 0 && i < elf.n_phdrs; i++)
		loads += elf.phdr[i].type == ELF_PT_LOAD;
	arena_free(&arena);
	return rc < 0 ? rc : rehearse_elfcorehdr(image->machine, s, loads);
}

const struct kept kept_elfcorehdr = {
	.what = "elfcorehdr",
	.unit = "CPUs and memory ranges",
	.like = "an ELF file",
	.magic = { 0x7f, 'E', 'L', 'F' },
	.rehearse = rehearse_core,
	.kind = PURGATORY_KEPT_CORE,
};
