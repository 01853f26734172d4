// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* vmlinux: an ELF executable whose PT_LOADs have physical addresses. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/format/format.h"

#define ALIGN_MAX	((uint64_t)1 << 30)
#define PIECES_MAX	4096
#define HEADERS_MAX	((uint64_t)16 << 20)

static bool elf_probe(const struct file *file)
{
	return file->size >= 4 && !memcmp(file->head, ELF_MAGIC, 4);
}

static int check_type(const struct elf *elf)
{
	if (elf->type != ELF_ET_EXEC && elf->type != ELF_ET_DYN)
		return fail(ENOEXEC,
			    "ELF file of type %u, not an executable: a module or a core dump?",
			    elf->type);
	for (uint32_t i = 0; i < elf->n_phdrs; i++)
		if (elf->phdr[i].type == ELF_PT_INTERP)
			return fail(ENOEXEC,
				    "is a user program (it has an interpreter), not a kernel");
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct kernel_piece *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int check_align(struct kernel *k, const struct elf_phdr *p, uint32_t i)
{
	if (p->align <= 1)
		return 0;
	if (!is_power_of_two(p->align) || p->align > ALIGN_MAX)
		return fail(EINVAL, "program header %u: alignment 0x%" PRIx64
			    " is not a power of two up to 0x%" PRIx64, i, p->align, ALIGN_MAX);
	if (p->align > k->align)
		k->align = p->align;
	return 0;
}

static int check_overlap(const struct kernel *k)
{
	for (unsigned int i = 1; i < k->n_pieces; i++) {
		const struct kernel_piece *a = &k->piece[i - 1], *b = &k->piece[i];

		if (a->addr + a->memsz > b->addr)
			return fail(EINVAL, "PT_LOAD segments overlap: 0x%" PRIx64 "-0x%" PRIx64
				    " and 0x%" PRIx64 "-0x%" PRIx64, a->addr, a->addr + a->memsz,
				    b->addr, b->addr + b->memsz);
	}
	return 0;
}

static int collect(struct kernel *k, const struct elf *elf)
{
	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];
		int rc;

		if (p->type != ELF_PT_LOAD || !p->memsz)
			continue;
		rc = check_align(k, p, i);
		if (rc < 0)
			return rc;
		if (!k->n_pieces || p->paddr < k->low) {
			k->low = p->paddr;
			k->virtual = p->vaddr;
		}
		k->piece[k->n_pieces++] = (struct kernel_piece){
			.addr = p->paddr,
			.offset = p->offset,
			.filesz = p->filesz,
			.memsz = p->memsz,
		};
	}
	if (!k->n_pieces)
		return fail(EINVAL, "has no PT_LOAD segment: there is nothing to load");
	return 0;
}

/* The entry is a physical or a virtual address, as the architecture's linker script has it. */
static uint64_t find_entry(const struct kernel *k, const struct elf *elf)
{
	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];

		if (p->type != ELF_PT_LOAD)
			continue;
		if (elf->entry >= p->paddr && elf->entry - p->paddr < p->memsz)
			return elf->entry - k->low;
		if (elf->entry >= p->vaddr && elf->entry - p->vaddr < p->memsz)
			return p->paddr + (elf->entry - p->vaddr) - k->low;
	}
	return KERNEL_NO_ENTRY;
}

/* The headers alone: much of a file with debug information is not for memory. */
static int read_headers(const struct file *f, struct arena *arena, struct elf *elf)
{
	uint8_t start[ELF64_EHDR_SIZE] = {0}, *data;
	size_t len = f->size < sizeof(start) ? f->size : sizeof(start);
	uint64_t need = 0;
	int rc;

	if (!file_peek(f, 0, start, len))
		return fail(EIO, "cannot be read");
	rc = elf_headers_size(start, len, f->size, &need);
	if (rc < 0)
		return rc;
	if (need > HEADERS_MAX)
		return fail(EINVAL, "program headers end at 0x%" PRIx64 ", beyond 0x%" PRIx64, need,
			    HEADERS_MAX);
	data = arena_alloc(arena, need);
	if (!file_peek(f, 0, data, need))
		return fail(EIO, "cannot be read");
	return elf_parse(elf, arena, data, need, f->size);
}

static int understand(struct kernel *k, struct arena *arena)
{
	struct elf elf;
	int rc = read_headers(&k->file, arena, &elf);

	if (rc >= 0)
		rc = check_type(&elf);
	if (rc < 0)
		return rc;
	if (elf.n_phdrs > PIECES_MAX)
		return fail(EINVAL, "has %u program headers, more than %u", elf.n_phdrs,
			    PIECES_MAX);
	k->bits = elf.bits;
	k->little = elf.little;
	k->elf_machine = elf.machine;
	k->relocatable = elf.type == ELF_ET_DYN;
	k->align = 1;
	k->piece = arena_alloc(arena, elf.n_phdrs * sizeof(*k->piece));
	rc = collect(k, &elf);
	if (rc < 0)
		return rc;
	k->entry = find_entry(k, &elf);
	qsort(k->piece, k->n_pieces, sizeof(*k->piece), by_addr);
	k->high = k->piece[k->n_pieces - 1].addr + k->piece[k->n_pieces - 1].memsz;
	return check_overlap(k);
}

const struct format format_elf = { "ELF", NULL, elf_probe, understand };
