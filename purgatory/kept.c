// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/kept.h"
#include "purgatory/purgatory.h"

#define PT_LOAD 1
#define PT_NOTE 4
#define CORE_ALIGN 4096 /* kernel/crash_core.c: ELF_CORE_HEADER_ALIGN */

struct kept_ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct kept_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/*
 * Byte n of the header is what it was when it was loaded where bit n is set: what is in all of
 * them, but EI_DATA, which Linux 6.12 writes wrong where it is big-endian; nobody looks at the
 * rest.
 */
#define EHDR_FIXED 0x00f000ff00ff005full

static bool kept_same_ehdr(const uint8_t *now, const uint8_t *sealed)
{
	for (unsigned int i = 0; i < sizeof(struct kept_ehdr); i++)
		if (EHDR_FIXED >> i & 1 && now[i] != sealed[i])
			return false;
	return true;
}

static const struct kept_phdr *kept_phdrs(const struct kept_ehdr *e)
{
	return (const struct kept_phdr *)(e + 1);
}

/* Of all program headers: where memory is, and how much of it. */
static bool kept_phdr_is_sane(const struct kept_phdr *p)
{
	return p->memsz && p->filesz == p->memsz && p->offset + p->memsz > p->offset &&
		p->paddr + p->memsz > p->paddr;
}

/*
 * The first PT_LOAD may be another one than the rest, as @was in the copy: the start of memory is
 * read elsewhere, or the kernel's text has an address of its own. Who loaded it may not have known
 * that address.
 */
static bool kept_load_is_sane(const struct kept_phdr *p, bool first, uint64_t linear,
			      const struct kept_phdr *was)
{
	uint64_t moved = was->offset - was->paddr, text = was->vaddr - was->paddr;

	if (p->offset != p->paddr && !(first && p->offset - p->paddr == moved))
		return false;
	return p->vaddr - p->paddr == linear ||
		(first && (p->vaddr - p->paddr == text || (text == linear && !moved)));
}

static bool kept_core_is_sane(const struct kept_ehdr *e, uint64_t size, const struct kept_phdr *was)
{
	const struct kept_phdr *p = kept_phdrs(e), *end = p + e->phnum, *last = end - 1;
	uint64_t room = (size - sizeof(*e)) / sizeof(*p);
	unsigned int notes = 0, loads = 0;

	if (!e->phnum || e->phnum > room)
		return false;
	for (; p < end; p++) {
		if (!kept_phdr_is_sane(p))
			return false;
		if (p->type == PT_NOTE && !loads && p->offset == p->paddr)
			notes++;
		else if (p->type == PT_LOAD &&
			 kept_load_is_sane(p, !loads, last->vaddr - last->paddr, was))
			loads++;
		else
			return false;
	}
	/* What the kernel writes ends at a multiple of this, and is zero behind the last one. */
	return notes && loads &&
		(e->phnum == room ||
		 ((const uint8_t *)end - (const uint8_t *)e) % CORE_ALIGN == 0 || !end->type);
}

const char *kept_check_core(const struct purgatory_kept *k, uint64_t cpu)
{
	const struct kept_ehdr *now = (const void *)(uintptr_t)k->start;
	const struct kept_ehdr *sealed = (const void *)(uintptr_t)k->sealed;
	const struct kept_phdr *load = kept_phdrs(sealed);

	(void)cpu;
	while (load->type == PT_NOTE)
		load++;
	return kept_same_ehdr((const uint8_t *)now, (const uint8_t *)sealed) &&
			kept_core_is_sane(now, k->size, load) ?
		NULL :
		KEPT_DAMAGED;
}

static void kept_say(const struct purgatory_params *p, const struct purgatory_kept *k,
		     const char *what)
{
	char line[PRINT_LINE];

	print_line(line, k->name, what, "; its copy of the load is used");
	arch_print(p, line);
}

void kept_mend(const struct purgatory_params *p, uint64_t cpu)
{
	for (unsigned int i = 0; i < p->n_kept && i < PURGATORY_MAX_KEPT; i++) {
		const struct purgatory_kept *k = &p->kept[i];
		const uint8_t *from = (const uint8_t *)(uintptr_t)k->sealed;
		volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)k->start;
		const char *what = k->kind == PURGATORY_KEPT_CORE ? kept_check_core(k, cpu) :
								    arch_check_kept(k, cpu);

		if (!what)
			continue;
		kept_say(p, k, what);
		for (uint64_t n = 0; n < k->sealed_size; n++)
			to[n] = from[n];
		arch_complete_kept(k, cpu);
	}
}
