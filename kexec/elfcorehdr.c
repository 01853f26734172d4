// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/elfcorehdr.h"

/* Room for so many more, where memory is in more ranges than the kernel is prepared for. */
#define MORE_RANGES 512

/* Is the backed-up part a PT_LOAD of its own, in front of the first range? */
static bool splits_first(const struct elfcorehdr *h)
{
	return h->backup_size && h->dump->n && !h->dump->at[0].start &&
	       h->dump->at[0].end > h->backup_size;
}

uint64_t elfcorehdr_count(const struct elfcorehdr *h)
{
	return h->machine->n_notes + (h->machine->vmcoreinfo != 0) + h->dump->n + splits_first(h);
}

uint64_t elfcorehdr_size(uint64_t phdrs)
{
	return ELF64_EHDR_SIZE + phdrs * ELF64_PHDR_SIZE;
}

static void put_ehdr(const struct machine *m, uint64_t phdrs, struct buf *out)
{
	uint8_t e[ELF64_EHDR_SIZE] = { 0x7f, 'E', 'L', 'F', 2, m->little ? 1 : 2, 1 };

	bytes_put(e + 16, ELF_ET_CORE, 2, m->little);
	bytes_put(e + 18, m->arch->elf_machine, 2, m->little);
	bytes_put(e + 20, 1, 4, m->little);			/* e_version */
	bytes_put(e + 32, ELF64_EHDR_SIZE, 8, m->little);	/* e_phoff */
	bytes_put(e + 52, ELF64_EHDR_SIZE, 2, m->little);
	bytes_put(e + 54, ELF64_PHDR_SIZE, 2, m->little);
	bytes_put(e + 56, phdrs, 2, m->little);
	buf_add(out, e, sizeof(e));
}

static void put_phdr(const struct machine *m, const struct elf_phdr *p, struct buf *out)
{
	uint8_t d[ELF64_PHDR_SIZE] = {0};

	bytes_put(d, p->type, 4, m->little);
	bytes_put(d + 4, p->flags, 4, m->little);
	bytes_put(d + 8, p->offset, 8, m->little);
	bytes_put(d + 16, p->vaddr, 8, m->little);
	bytes_put(d + 24, p->paddr, 8, m->little);
	bytes_put(d + 32, p->filesz, 8, m->little);
	bytes_put(d + 40, p->memsz, 8, m->little);
	buf_add(out, d, sizeof(d));
}

/* p_paddr must not be 0: that marks the backup region (contract with update_crash_elfcorehdr). */
static void put_note(const struct machine *m, uint64_t addr, uint64_t size, struct buf *out)
{
	put_phdr(m, &(struct elf_phdr){ .type = ELF_PT_NOTE, .offset = addr, .paddr = addr,
					.filesz = size, .memsz = size }, out);
}

static void put_load(const struct elfcorehdr *h, uint64_t start, uint64_t end, uint64_t offset,
		     struct buf *out)
{
	put_phdr(h->machine, &(struct elf_phdr){
		.type = ELF_PT_LOAD, .flags = 7, .offset = offset, .vaddr = start | h->virtual_base,
		.paddr = start, .filesz = end - start, .memsz = end - start }, out);
}

static void put_loads(const struct elfcorehdr *h, struct buf *out)
{
	for (size_t i = 0; i < h->dump->n; i++) {
		const struct range *r = &h->dump->at[i];
		uint64_t start = r->start;

		if (!i && !start && h->backup_size) {
			uint64_t end = r->end < h->backup_size ? r->end : h->backup_size;

			put_load(h, 0, end, h->backup, out);
			start = end;
		}
		if (start < r->end)
			put_load(h, start, r->end, start, out);
	}
}

int elfcorehdr_build(const struct elfcorehdr *h, struct buf *out)
{
	const struct machine *m = h->machine;
	uint64_t phdrs = elfcorehdr_count(h);

	if (phdrs > ELFCOREHDR_PHDRS_MAX)
		return fail(E2BIG, "elfcorehdr: %" PRIu64 " CPUs and memory ranges, more than the %u"
			    " which an ELF header can count", phdrs, ELFCOREHDR_PHDRS_MAX);
	put_ehdr(m, phdrs, out);
	for (size_t i = 0; i < m->n_notes; i++)
		put_note(m, m->notes[i].addr, m->notes[i].size, out);
	if (m->vmcoreinfo)
		put_note(m, m->vmcoreinfo, m->vmcoreinfo_size, out);
	put_loads(h, out);
	return 0;
}

uint64_t elfcorehdr_hotplug_size(const struct machine *m, uint64_t built)
{
	uint64_t more = built + MORE_RANGES * ELF64_PHDR_SIZE;

	if (more > elfcorehdr_size(ELFCOREHDR_PHDRS_MAX))
		more = elfcorehdr_size(ELFCOREHDR_PHDRS_MAX);
	return (m->elfcorehdr_size > more ? m->elfcorehdr_size : more) + ELF64_PHDR_SIZE;
}
