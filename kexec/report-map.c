// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "kexec/report.h"

#define MAP_COLUMNS	64
#define MAP_ROWS	16
#define MAP_FREE	'.'
#define MAP_TAKEN	'#'

/* What the running kernel rewrites has small letters. */
static char map_letter(const struct segment *s)
{
	static const char letters[] = {
		[ROLE_KERNEL] = 'K', [ROLE_KERNEL_MORE] = 'K', [ROLE_PURGATORY] = 'P',
		[ROLE_BACKUP] = 'B', [ROLE_CORE] = 'E',	       [ROLE_INITRD] = 'I',
		[ROLE_BOOT_DATA] = 'D', [ROLE_IDMAP] = 'M',	       [ROLE_SEALED] = 'S',
	};

	return s->kept ? (char)tolower(letters[s->role]) : letters[s->role];
}

/* Of a normal image: from its first segment to its last. */
static struct range map_extent(const struct image *image)
{
	struct range extent = image->machine->crash;

	if (image->crash)
		return extent;
	extent = (struct range){ .start = UINT64_MAX };
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->addr < extent.start)
			extent.start = s->addr;
		if (s->addr + s->memsz > extent.end)
			extent.end = s->addr + s->memsz;
	}
	return extent;
}

/* The smallest of what is in there: a few pages must not vanish behind a kernel. */
static char map_character(const struct image *image, uint64_t start, uint64_t end)
{
	const struct segment *shown = NULL;

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->memsz && s->addr < end && s->addr + s->memsz > start &&
		    (!shown || s->memsz < shown->memsz))
			shown = s;
	}
	if (shown)
		return map_letter(shown);
	return ranges_find(&image->machine->avoid, start, end) ? MAP_TAKEN : MAP_FREE;
}

static uint64_t map_cell(const struct image *image, struct range extent)
{
	uint64_t page = image->machine->page_size;
	uint64_t cells = MAP_COLUMNS * MAP_ROWS;
	uint64_t cell = (extent.end - extent.start + cells - 1) / cells;

	return (cell + page - 1) / page * page;
}

static void show_cells(const struct image *image, struct range extent, uint64_t cell, FILE *out)
{
	for (uint64_t at = extent.start; at < extent.end;) {
		fprintf(out, "  0x%012" PRIx64 "  ", at);
		for (unsigned int i = 0; i < MAP_COLUMNS && at < extent.end; i++, at += cell)
			fputc(map_character(image, at,
					    extent.end - at < cell ? extent.end : at + cell),
			      out);
		fputc('\n', out);
	}
}

static void show_legend(const struct image *image, struct range extent, FILE *out)
{
	RANGES_AUTO left = { 0 };
	char size[REPORT_SIZE_TEXT];
	bool taken = ranges_find(&image->machine->avoid, extent.start, extent.end);
	const struct ranges *more = &image->machine->crash_more;

	ranges_add(&left, extent.start, extent.end - extent.start, NULL);
	fputc('\n', out);
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		text_print(out, "  %c  %-11s  0x%012" PRIx64 "-0x%012" PRIx64 "  %9s%s\n",
			   map_letter(s), s->name, s->addr, s->addr + s->memsz,
			   report_size(s->memsz, size),
			   s->kept ? "  rewritten on hotplug" : s->digest ? "  verified" : "");
		ranges_subtract_one(&left, s->addr, s->addr + s->memsz);
	}
	ranges_subtract(&left, &image->machine->avoid);
	if (taken)
		fprintf(out, "  %c  in use by firmware or kernel\n", MAP_TAKEN);
	fprintf(out, "  %c  free: %s%s\n", MAP_FREE, report_size(ranges_total(&left), size),
		image->crash ? ", for the capture kernel to run in" : "");
	for (size_t i = 0; image->crash && i < more->n; i++)
		text_print(out,
			   "  +  elsewhere    0x%012" PRIx64 "-0x%012" PRIx64
			   "  %9s  %s, not for segments\n",
			   more->at[i].start, more->at[i].end,
			   report_size(more->at[i].end - more->at[i].start, size),
			   more->at[i].why);
}

void report_map(const struct image *image, FILE *out)
{
	struct range extent = map_extent(image);
	uint64_t cell = map_cell(image, extent);
	char size[REPORT_SIZE_TEXT], one[REPORT_SIZE_TEXT];

	fprintf(out, "%s: 0x%" PRIx64 "-0x%" PRIx64 ", %s; a character is %s\n\n",
		image->crash ? "Crash region" : "From the first segment to the last", extent.start,
		extent.end, report_size(extent.end - extent.start, size), report_size(cell, one));
	show_cells(image, extent, cell, out);
	show_legend(image, extent, out);
}
