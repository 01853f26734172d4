// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Dumps in ELF: fs/proc/vmcore.c, fs/proc/kcore.c, and what tools make in their likeness. */
#include "vmcore-dmesg/notes.h"

#define PHDRS_MAX (1u << 18)

/* --- headers --- */

static int read_input(void *from, uint64_t offset, void *buf, size_t len, size_t *done)
{
	return input_read(from, offset, buf, len, done);
}

static int read_headers(struct vmcore *core)
{
	const struct elf_reader reader = { read_input, &core->input };
	int rc = elf_read_core(&core->elf, &core->arena, &reader, PHDRS_MAX);

	if (rc == -ENOEXEC)
		return fail(ENOEXEC, "neither an ELF core nor a dump of makedumpfile");
	if (rc >= 0 && core->elf.type != ELF_ET_CORE)
		rc = fail(EINVAL, "an ELF file of type %u, not a core (type %u)", core->elf.type,
			  ELF_ET_CORE);
	return rc;
}

/*
 * Where the last of what the headers describe ends; behind the file's end, when some are missing.
 */
static void elfcore_note_needs(struct vmcore *core)
{
	if (core->elf.n_missing)
		core->needs = core->input.size + 1;
	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t end;

		if (!__builtin_add_overflow(p->offset, p->filesz, &end) && end > core->needs)
			core->needs = end;
	}
}

static int open_elf(struct vmcore *core)
{
	int rc = read_headers(core);

	if (rc != -ENOEXEC)
		core->needs = ELF64_EHDR_SIZE;
	if (rc < 0)
		return rc;
	elfcore_note_needs(core);
	core->machine = core->elf.machine;
	core->class_word = core->elf.bits / 8;
	return notes_find(core);
}

static void close_elf(struct vmcore *core)
{
	(void)core;
}

/* --- memory --- */

/* The index is made when it is first needed: the mask is not known before vmcoreinfo. */
static uint32_t find(struct vmcore *core, uint64_t address, bool physical, uint64_t *left)
{
	struct segments *s = &core->segments[physical];

	if (!s->n)
		segments_init(s, &core->arena, &core->elf, physical, vmcore_word_mask(core));
	return segments_find(s, address, left);
}

static uint64_t offset_in(struct vmcore *core, const struct elf_phdr *p, uint64_t address,
			  bool physical)
{
	return address - (physical ? p->paddr : p->vaddr & vmcore_word_mask(core));
}

/* A segment has more memory than bytes in the file where pages were left out. */
static size_t elfcore_piece(struct vmcore *core, uint64_t address, bool physical, void *buf,
			    size_t len, const uint8_t **at)
{
	uint64_t into, limit, offset;
	uint32_t i = find(core, address, physical, &limit);
	const struct elf_phdr *p;
	size_t done;

	if (i == SEGMENT_NONE)
		return 0;
	p = &core->elf.phdr[i];
	into = offset_in(core, p, address, physical);
	limit = p->filesz < p->memsz ? p->filesz : p->memsz;
	if (into >= limit || __builtin_add_overflow(p->offset, into, &offset))
		return 0;
	if (len > limit - into)
		len = (size_t)(limit - into);
	if (!buf)
		return input_map(&core->input, offset, len, at);
	if (input_read(&core->input, offset, buf, len, &done) < 0)
		fail_forget();
	return done;
}

static bool elfcore_covers(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;

	return find(core, address, physical, &left) != SEGMENT_NONE;
}

static bool elfcore_left_out(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;
	uint32_t i = find(core, address, physical, &left);

	return i != SEGMENT_NONE &&
	       offset_in(core, &core->elf.phdr[i], address, physical) >= core->elf.phdr[i].filesz;
}

static uint64_t elfcore_gap(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;

	if (find(core, address, physical, &left) == SEGMENT_NONE ||
	    elfcore_left_out(core, address, physical))
		return left;
	return 0;
}

const struct vmcore_format vmcore_elf = { open_elf,	  close_elf,	    elfcore_piece,
					  elfcore_covers, elfcore_left_out, elfcore_gap };
