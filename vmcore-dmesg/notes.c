// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/notes.h"

#define NOTES_MAX (1u << 20)		/* one per CPU, and a few */
#define INFOS_MAX 64u			/* of which so many are VMCOREINFO; there should be one */
#define SEARCH_MAX ((uint64_t)16 << 20)	/* how many bytes of notes are searched for a lost one */
#define SEARCH_PIECE ((size_t)64 * 1024)
#define NOTE_HEADER 12
#define VMCOREINFO "VMCOREINFO"
#define VMCOREINFO_NAMESZ ((uint32_t)sizeof(VMCOREINFO))
#define NAME_END ((size_t)NOTE_HEADER + VMCOREINFO_NAMESZ)

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
	return len >= NOTE_HEADER && parse_note(d, len, at, end, core->elf.little, note);
}

/*
 * A note that is cut off still names the first structures. Of one that is larger
 * than any kernel's, the start is kept.
 */
static int take_note(struct vmcore *core, const struct note *note, bool little)
{
	struct vmcoreinfo *info = &core->infos[core->n_infos];
	size_t len = note->descsz < VMCOREINFO_MAX ? note->descsz : VMCOREINFO_MAX;
	char *text;
	int rc;

	for (unsigned int i = 0; i < core->n_infos; i++)
		if (core->infos[i].at == note->desc)
			return 0;
	if (!len || core->n_infos == INFOS_MAX)
		return 0;
	text = arena_alloc(&core->arena, len + 1);
	rc = input_read(&core->input, note->desc, text, len, &len);
	if (rc < 0 || !len)
		return rc;
	*info = (struct vmcoreinfo){ text, len, little, note->desc };
	core->n_infos++;
	return 0;
}

static uint64_t end_of(const struct elf_phdr *p)
{
	return p->filesz < UINT64_MAX - p->offset ? p->offset + p->filesz : UINT64_MAX;
}

static int walk_notes(struct vmcore *core)
{
	unsigned int notes = 0;
	struct note note;
	int rc = 0;

	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t at = p->offset;

		if (p->type != ELF_PT_NOTE)
			continue;
		for (; read_note(core, at, end_of(p), &note) && notes++ < NOTES_MAX; at = note.next)
			if (note.vmcoreinfo && rc >= 0)
				rc = take_note(core, &note, core->elf.little);
	}
	return rc;
}

/* In one piece of notes, which begins at @at: the name, behind a header that fits it. */
static int search_piece(struct vmcore *core, const uint8_t *d, size_t len, uint64_t at,
			uint64_t end)
{
	struct note note;
	int rc = 0;

	for (size_t i = 0; i + NAME_END <= len; i += 4)
		for (unsigned int order = 0; order < 2 && rc >= 0; order++)
			if (parse_note(d + i, len - i, at + i, end, order, &note) &&
			    note.vmcoreinfo)
				rc = take_note(core, &note, order);
	return rc;
}

static int search_notes(struct vmcore *core)
{
	uint8_t *d = mem_alloc(SEARCH_PIECE);
	uint64_t searched = 0;
	size_t len;
	int rc = 0;

	for (uint32_t i = 0; i < core->elf.n_phdrs && rc >= 0; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];
		uint64_t at = p->offset, end = end_of(p);

		while (p->type == ELF_PT_NOTE && at < end && searched < SEARCH_MAX && rc >= 0) {
			len = end - at < SEARCH_PIECE ? (size_t)(end - at) : SEARCH_PIECE;
			if (input_read(&core->input, at, d, len, &len) < 0)
				fail_forget();
			rc = search_piece(core, d, len, at, end);
			if (len < NAME_END)
				break;
			at += len == SEARCH_PIECE ? len - round_up64(NAME_END, 4) : len;
			searched += len;
		}
	}
	free(d);
	return rc;
}

/* As a kernel makes it: lines without a zero, some of them about a log. */
static bool is_sound(const struct vmcoreinfo *info)
{
	return strlen(info->text) == info->len && info->text[info->len - 1] == '\n' &&
	       (vmcoreinfo_has_symbol(info, "prb") || vmcoreinfo_has_symbol(info, "log_buf"));
}

int notes_find(struct vmcore *core)
{
	bool sound = false;
	int rc;

	core->infos = arena_alloc(&core->arena, INFOS_MAX * sizeof(*core->infos));
	rc = walk_notes(core);
	for (unsigned int i = 0; i < core->n_infos; i++)
		sound |= is_sound(&core->infos[i]);
	if (rc >= 0 && !sound)
		rc = search_notes(core);
	if (core->n_infos) {
		fail_forget();
		return 0;
	}
	return rc < 0 ? rc : fail(EINVAL, "there is no VMCOREINFO note: not a dump of a Linux"
				  " kernel, or truncated");
}
