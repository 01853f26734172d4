// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The purgatory is entered with the MMU and the caches off, and would need most of a minute to
 * verify an image from uncached memory. These page tables, a part of the image as all else, let it
 * turn them on: what it reads is mapped to itself, and nothing more, so that nothing beyond is ever
 * fetched by speculation (Arm Architecture Reference Manual, D8, "VMSAv8-64").
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"

#define IDMAP_PAGE	((uint64_t)4096)
#define IDMAP_ENTRIES	512
#define IDMAP_BITS	48
#define IDMAP_TABLES_MAX 256	/* a segment takes six at most, where everything is far apart */

/* Descriptors. */
#define DESC_TABLE	3ull		/* at the levels 0 to 2; at level 3 a page */
#define DESC_BLOCK	1ull
#define DESC_DEVICE	(1ull << 2)	/* AttrIndx: MAIR's second byte; the first is memory */
#define DESC_INNER	(3ull << 8)
#define DESC_ACCESSED	(1ull << 10)
#define DESC_NO_EXEC	(3ull << 53)	/* for one privilege level or two */

struct idmap {
	uint8_t *page;			/* IDMAP_TABLES_MAX of them */
	uint64_t at;			/* of the first */
	unsigned int n;
};

/* Address bits which a level's index begins with: 39, 30, 21, 12. */
static unsigned int level_shift(unsigned int level)
{
	return 39 - 9 * level;
}

static uint8_t *idmap_entry(struct idmap *map, unsigned int table, unsigned int level,
			    uint64_t address)
{
	uint64_t index = address >> level_shift(level) & (IDMAP_ENTRIES - 1);

	return map->page + table * IDMAP_PAGE + index * 8;
}

/* The next level's table for this address, made if need be. */
static int idmap_descend(struct idmap *map, unsigned int *table, unsigned int level,
			 uint64_t address)
{
	uint8_t *entry = idmap_entry(map, *table, level, address);
	uint64_t value = le64_get(entry);

	if (value) {
		*table = (unsigned int)(((value & ~(IDMAP_PAGE - 1)) - map->at) / IDMAP_PAGE);
		return 0;
	}
	if (map->n == IDMAP_TABLES_MAX)
		return fail(
			E2BIG,
			"idmap: the image is in so many places that the purgatory would need more"
			" than %d page tables; load with --no-checks",
			IDMAP_TABLES_MAX);
	*table = map->n++;
	bytes_put(entry, (map->at + *table * IDMAP_PAGE) | DESC_TABLE, 8, true);
	return 0;
}

/* As much as one entry maps: 2 MiB where all of them are wanted. Returns how much. */
static int idmap_one(struct idmap *map, uint64_t address, uint64_t end, uint64_t flags,
		     uint64_t *done)
{
	uint64_t block = (uint64_t)1 << level_shift(2);
	bool whole = !(address & (block - 1)) && end - address >= block;
	unsigned int table = 0, last = whole ? 2 : 3;
	int rc = 0;

	for (unsigned int level = 0; level < last && rc >= 0; level++)
		rc = idmap_descend(map, &table, level, address);
	if (rc < 0)
		return rc;
	bytes_put(idmap_entry(map, table, last, address),
		  address | flags | DESC_ACCESSED | (whole ? DESC_BLOCK : DESC_TABLE), 8, true);
	*done = whole ? block : IDMAP_PAGE;
	return 0;
}

static int idmap_range(struct idmap *map, uint64_t start, uint64_t end, uint64_t flags)
{
	uint64_t done = 0;
	int rc = 0;

	if (end > (uint64_t)1 << IDMAP_BITS)
		return fail(E2BIG,
			    "idmap: 0x%" PRIx64
			    " is beyond the %d bits of the purgatory's page tables;"
			    " load with --no-checks",
			    end - 1, IDMAP_BITS);
	for (uint64_t at = start; at < end && rc >= 0; at += done)
		rc = idmap_one(map, at, end, flags, &done);
	return rc;
}

int arm64_idmap_build(const struct ranges *ranges, uint64_t device, uint64_t at, struct buf *out)
{
	BUF_AUTO pages = {0};
	struct idmap map = { .at = at, .n = 1 };
	int rc = 0;

	buf_reserve(&pages, IDMAP_TABLES_MAX * IDMAP_PAGE);
	map.page = pages.data;
	memset(map.page, 0, IDMAP_TABLES_MAX * IDMAP_PAGE);
	for (size_t i = 0; i < ranges->n && rc >= 0; i++)
		rc = idmap_range(&map, ranges->at[i].start, ranges->at[i].end, DESC_INNER);
	if (rc >= 0 && device)
		rc = idmap_range(&map, round_down64(device, IDMAP_PAGE),
				 round_down64(device, IDMAP_PAGE) + IDMAP_PAGE,
				 DESC_DEVICE | DESC_NO_EXEC);
	if (rc < 0)
		return rc;
	if (out)
		buf_add(out, map.page, map.n * IDMAP_PAGE);
	return (int)map.n;
}

/* What the purgatory touches: what it verifies or looks after, and all of itself. */
static void find_touched(const struct image *image, struct ranges *out)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest || s->kept || s->role == ROLE_PURGATORY)
			ranges_add(out, s->addr, s->memsz, NULL);
	}
	ranges_merge(out);
}

/* The tables lie among what they map: with room for those which that itself may take. */
#define IDMAP_OWN_TABLES 6

int arm64_idmap_place(struct image *image)
{
	const struct arm64_facts *f = image->machine->arch_facts;
	struct segment s = {
		.role = ROLE_IDMAP, .name = "idmap", .owner = IMAGE_BUILT, .digest = true
	};
	struct segment *placed;
	RANGES_AUTO touched = {0};
	BUF_AUTO tables = {0};
	int rc;

	if (image->no_checks)
		return 0;
	find_touched(image, &touched);
	rc = arm64_idmap_build(&touched, f->uart.base, 0, NULL);
	if (rc < 0)
		return rc;
	s.memsz = ((uint64_t)rc + IDMAP_OWN_TABLES) * IDMAP_PAGE;
	rc = image_place(image, s, image_early(image, 0));
	if (rc < 0)
		return rc;
	placed = image_segment(image, ROLE_IDMAP);
	ranges_add(&touched, placed->addr, placed->memsz, NULL);
	ranges_merge(&touched);
	rc = arm64_idmap_build(&touched, f->uart.base, placed->addr, &tables);
	if (rc < 0)
		return rc;
	placed->data = arena_copy(&image->arena, tables.data, tables.len);
	placed->bufsz = tables.len;
	return 0;
}
