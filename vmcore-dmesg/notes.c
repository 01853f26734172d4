// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/notes.h"

#define NOTES_MAX (1u << 20)		/* one per CPU, and a few */
#define INFOS_MAX 64u			/* of which so many are VMCOREINFO; there should be one */
#define SEARCH_MAX ((uint64_t)16 << 20)	/* how many bytes of notes are searched for a lost one */
#define SEARCH_PIECE ((size_t)64 * 1024)
#define BLOCK 4096u			/* what is lost at least when one byte cannot be read */
#define NOTE_HEADER 12
#define VMCOREINFO "VMCOREINFO"
#define VMCOREINFO_NAMESZ ((uint32_t)sizeof(VMCOREINFO))
#define NAME_END ((size_t)NOTE_HEADER + VMCOREINFO_NAMESZ)

/* No error ends the search: another note may be whole. The first is for when none is. */
struct finder {
	struct vmcore *core;
	int rc;
	char *text;
};

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

/* False when none of it can be read; @done is then 0. */
static bool notes_read(struct finder *f, uint64_t at, void *buf, size_t len, size_t *done)
{
	int rc = input_read(&f->core->input, at, buf, len, done);

	if (rc >= 0)
		return true;
	if (!f->rc) {
		f->rc = rc;
		f->text = mem_printf("%s", fail_text());
	}
	fail_forget();
	return false;
}

/* False at the end of what is in the file or in the segment, which ends at @end. */
static bool read_note(struct finder *f, uint64_t at, uint64_t end, struct note *note)
{
	uint8_t d[NAME_END];
	size_t len;

	if (at >= end)
		return false;
	return notes_read(f, at, d, sizeof(d), &len) && len >= NOTE_HEADER &&
	       parse_note(d, len, at, end, f->core->elf.little, note);
}

/*
 * A note that is cut off still names the first structures. Of one that is larger
 * than any kernel's, the start is kept.
 */
static void take_note(struct finder *f, const struct note *note, bool little)
{
	struct vmcore *core = f->core;
	size_t len = note->descsz < VMCOREINFO_MAX ? note->descsz : VMCOREINFO_MAX;
	char *text;

	for (unsigned int i = 0; i < core->n_infos; i++)
		if (core->infos[i].at == note->desc)
			return;
	if (!len || core->n_infos == INFOS_MAX)
		return;
	text = mem_alloc(len);		/* not for good, of what cannot be read */
	if (notes_read(f, note->desc, text, len, &len) && len)
		core->infos[core->n_infos++] = (struct vmcoreinfo){
			arena_string(&core->arena, text, len), len, little, note->desc,
		};
	free(text);
}

static uint64_t end_of(const struct elf_phdr *p)
{
	return p->filesz < UINT64_MAX - p->offset ? p->offset + p->filesz : UINT64_MAX;
}

static void walk_notes(struct finder *f)
{
	const struct elf *elf = &f->core->elf;
	unsigned int notes = 0;
	struct note note;

	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];
		uint64_t at = p->offset;

		if (p->type != ELF_PT_NOTE)
			continue;
		for (; read_note(f, at, end_of(p), &note) && notes++ < NOTES_MAX; at = note.next)
			if (note.vmcoreinfo)
				take_note(f, &note, elf->little);
	}
}

/* In one piece of notes, which begins at @at: the name, behind a header that fits it. */
static void search_piece(struct finder *f, const uint8_t *d, size_t len, uint64_t at, uint64_t end)
{
	struct note note;

	for (size_t i = 0; i + NAME_END <= len; i += 4)
		for (unsigned int order = 0; order < 2; order++)
			if (parse_note(d + i, len - i, at + i, end, order, &note) &&
			    note.vmcoreinfo)
				take_note(f, &note, order);
}

/*
 * A piece ends early where no more can be read, or is there, as in what a flattened dump has lost:
 * the search goes on in the next block.
 */
static void search_notes(struct finder *f)
{
	uint8_t *d = mem_alloc(SEARCH_PIECE);
	uint64_t searched = 0;
	size_t len;

	for (uint32_t i = 0; i < f->core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &f->core->elf.phdr[i];
		uint64_t at = p->offset, end = end_of(p);

		while (p->type == ELF_PT_NOTE && at < end && searched < SEARCH_MAX) {
			len = end - at < SEARCH_PIECE ? (size_t)(end - at) : SEARCH_PIECE;
			if (notes_read(f, at, d, len, &len) && len)
				search_piece(f, d, len, at, end);
			else if (at >= f->core->input.end)
				break;
			else
				len = BLOCK - at % BLOCK;
			searched += len;
			len = len == SEARCH_PIECE ? len - (size_t)round_up64(NAME_END, 4)
						  : (size_t)round_up64(len, 4);
			at = len < end - at ? at + len : end;
		}
	}
	free(d);
}

/* As a kernel makes it: lines without a zero, some of them about a log. */
static bool is_sound(const struct vmcoreinfo *info)
{
	return strlen(info->text) == info->len && info->text[info->len - 1] == '\n' &&
	       (vmcoreinfo_has_symbol(info, "prb") || vmcoreinfo_has_symbol(info, "log_buf"));
}

int notes_find(struct vmcore *core)
{
	struct finder f = { .core = core };
	bool sound = false;
	int rc = 0;

	core->infos = arena_alloc(&core->arena, INFOS_MAX * sizeof(*core->infos));
	walk_notes(&f);
	for (unsigned int i = 0; i < core->n_infos; i++)
		sound |= is_sound(&core->infos[i]);
	if (!sound)
		search_notes(&f);
	if (!core->n_infos)
		rc = f.rc ? fail(-f.rc, "%s", f.text)
			  : fail(EINVAL, "there is no VMCOREINFO note: not a dump of a Linux"
				 " kernel, or truncated");
	free(f.text);
	return rc;
}
