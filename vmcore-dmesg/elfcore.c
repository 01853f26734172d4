// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Dumps in ELF: fs/proc/vmcore.c, fs/proc/kcore.c, and what tools make in their likeness. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/vmcore.h"

#define PHDRS_MAX (1u << 18)
#define NOTES_MAX (1u << 20)		/* one per CPU, and a few */
#define SEARCH_MAX ((uint64_t)16 << 20)	/* how many bytes of notes are searched for a lost one */
#define SEARCH_PIECE ((size_t)64 * 1024)
#define NOTE_HEADER 12
#define VMCOREINFO "VMCOREINFO"
#define VMCOREINFO_NAMESZ ((uint32_t)sizeof(VMCOREINFO))
#define NAME_END ((size_t)NOTE_HEADER + VMCOREINFO_NAMESZ)

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

/* --- notes --- */

struct note {
	uint32_t namesz, descsz;
	uint64_t desc, next;	/* file offsets */
	bool vmcoreinfo;
};

static bool parse_note(const uint8_t *d, size_t len, uint64_t at, uint64_t end, bool little,
		       struct note *note)
{
	note->namesz = little ? le32_get(d) : be32_get(d);
	note->descsz = little ? le32_get(d + 4) : be32_get(d + 4);
	if (__builtin_add_overflow(at, NOTE_HEADER + round_up64(note->namesz, 4), &note->desc) ||
	    __builtin_add_overflow(note->desc, round_up64(note->descsz, 4), &note->next))
		return false;
	note->vmcoreinfo = len >= NAME_END && note->namesz == VMCOREINFO_NAMESZ &&
			   !memcmp(d + NOTE_HEADER, VMCOREINFO, VMCOREINFO_NAMESZ);
	return note->desc <= end && note->descsz <= end - note->desc;
}

/* False at the end of what is in the file or in the segment, which ends at @end. */
static bool read_note(struct vmcore *core, uint64_t at, uint64_t end, struct note *note)
{
	uint8_t d[NAME_END];
	size_t len;

	if (at >= end)
		return false;
	if (input_read(&core->input, at, d, sizeof(d), &len) < 0)
		fail_forget();
	return len >= NOTE_HEADER && parse_note(d, len, at, end, core->little, note);
}

/* A note that is cut off still names the first structures. */
static int read_vmcoreinfo(struct vmcore *core, const struct note *note)
{
	size_t len = note->descsz;
	char *info;
	int rc;

	if (len > VMCOREINFO_MAX)
		return fail(EINVAL, "the VMCOREINFO note has %zu bytes, the limit is %u", len,
			    VMCOREINFO_MAX);
	info = arena_alloc(&core->arena, len + 1);
	rc = input_read(&core->input, note->desc, info, len, &core->info.len);
	if (rc >= 0)
		core->info.text = info;
	return rc;
}

static uint64_t end_of(const struct elf_phdr *p)
{
	return p->filesz < UINT64_MAX - p->offset ? p->offset + p->filesz : UINT64_MAX;
}

static bool walk_notes(struct vmcore *core, struct note *note)
{
	unsigned int notes = 0;

	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t at = p->offset;

		if (p->type != ELF_PT_NOTE)
			continue;
		for (; read_note(core, at, end_of(p), note) && notes++ < NOTES_MAX; at = note->next)
			if (note->vmcoreinfo && note->descsz)
				return true;
	}
	return false;
}

/* In one piece of notes, which begins at @at: the name, behind a header that fits it. */
static bool search_piece(struct vmcore *core, const uint8_t *d, size_t len, uint64_t at,
			 uint64_t end, struct note *note)
{
	for (size_t i = 0; i + NAME_END <= len; i += 4)
		for (unsigned int order = 0; order < 2; order++) {
			bool little = core->elf.little ^ order;

			if (parse_note(d + i, len - i, at + i, end, little, note) &&
			    note->vmcoreinfo && note->descsz) {
				core->little = little;
				return true;
			}
		}
	return false;
}

/* When another note's sizes are damaged, or the headers have not the notes' byte order. */
static bool search_notes(struct vmcore *core, struct note *note)
{
	uint8_t *d = mem_alloc(SEARCH_PIECE);
	uint64_t searched = 0;
	bool found = false;
	size_t len;

	for (uint32_t i = 0; i < core->elf.n_phdrs && !found; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t at = p->offset, end = end_of(p);

		while (p->type == ELF_PT_NOTE && !found && at < end && searched < SEARCH_MAX) {
			len = end - at < SEARCH_PIECE ? (size_t)(end - at) : SEARCH_PIECE;
			if (input_read(&core->input, at, d, len, &len) < 0)
				fail_forget();
			found = search_piece(core, d, len, at, end, note);
			if (len < NAME_END)
				break;
			at += len == SEARCH_PIECE ? len - round_up64(NAME_END, 4) : len;
			searched += len;
		}
	}
	free(d);
	return found;
}

static int open_elf(struct vmcore *core)
{
	struct note note;
	int rc = read_headers(core);

	if (rc < 0)
		return rc;
	core->little = core->elf.little;
	core->machine = core->elf.machine;
	core->word = core->elf.bits / 8;
	if (!walk_notes(core, &note) && !search_notes(core, &note))
		return fail(EINVAL, "there is no VMCOREINFO note: not a dump of a Linux kernel, or"
			    " truncated");
	return read_vmcoreinfo(core, &note);
}

static void close_elf(struct vmcore *core)
{
	(void)core;
}

/* --- memory --- */

static uint64_t word_mask(const struct vmcore *core)
{
	return core->word == 4 ? UINT32_MAX : UINT64_MAX;
}

/* The index is made when it is first needed: the mask is not known before vmcoreinfo. */
static uint32_t find(struct vmcore *core, uint64_t address, bool physical, uint64_t *left)
{
	struct segments *s = &core->segments[physical];

	if (!s->n)
		segments_init(s, &core->arena, &core->elf, physical, word_mask(core));
	return segments_find(s, address, left);
}

static uint64_t offset_in(struct vmcore *core, const struct elf_phdr *p, uint64_t address,
			  bool physical)
{
	return address - (physical ? p->paddr : p->vaddr & word_mask(core));
}

/* A segment has more memory than bytes in the file where pages were left out. */
static size_t piece(struct vmcore *core, uint64_t address, bool physical, void *buf, size_t len,
		    const uint8_t **at)
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

static bool covers(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;

	return find(core, address, physical, &left) != SEGMENT_NONE;
}

static bool left_out(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;
	uint32_t i = find(core, address, physical, &left);

	return i != SEGMENT_NONE &&
	       offset_in(core, &core->elf.phdr[i], address, physical) >= core->elf.phdr[i].filesz;
}

static uint64_t gap(struct vmcore *core, uint64_t address, bool physical)
{
	uint64_t left;

	if (find(core, address, physical, &left) == SEGMENT_NONE ||
	    left_out(core, address, physical))
		return left;
	return 0;
}

const struct vmcore_format vmcore_elf = { open_elf, close_elf, piece, covers, left_out, gap };
