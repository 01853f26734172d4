// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The purgatory is entered with the MMU and the caches off, and would need most of a minute to
 * verify an image from uncached memory. These page tables, a part of the image as all else, let it
 * turn them on: what it reads is mapped to itself, and nothing more, so that nothing beyond is ever
 * fetched by speculation (Arm Architecture Reference Manual, D8, "VMSAv8-64"). Their granule is the
 * running kernel's: each processor that it uses knows that one, and may know no other.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"

#define IDMAP_BITS	48
#define IDMAP_LEVEL_LAST 3
#define IDMAP_LEVEL_BLOCK 2	/* the only one with blocks that every granule has */
#define IDMAP_TABLES_MAX 256	/* a segment takes six at most, where everything is far apart */

/* Descriptors. */
#define DESC_TABLE	3ull		/* at the levels 0 to 2; at level 3 a page */
#define DESC_BLOCK	1ull
#define DESC_DEVICE	(1ull << 2)	/* AttrIndx: MAIR's second byte; the first is memory */
#define DESC_INNER	(3ull << 8)
#define DESC_ACCESSED	(1ull << 10)
#define DESC_NO_EXEC	(3ull << 53)	/* for one privilege level or two */

struct idmap {
	struct buf tables;
	uint64_t at;			/* of the first */
	uint64_t page;			/* bytes of a page, and of a table */
};

int arm64_granule(uint64_t page)
{
	return page == 0x1000 ? 0 : page == 0x10000 ? 1 : page == 0x4000 ? 2 : -1;
}

/* Address bits which a level's index begins with: for pages of 4 KiB 39, 30, 21, 12. */
static unsigned int level_shift(const struct idmap *map, unsigned int level)
{
	unsigned int shift = (unsigned int)__builtin_ctzll(map->page);

	return shift + (shift - 3) * (IDMAP_LEVEL_LAST - level);
}

/* The first level whose index has bits at all: with pages of 64 KiB that is 1. */
static unsigned int level_first(const struct idmap *map)
{
	unsigned int level = 0;

	while (level_shift(map, level) >= IDMAP_BITS)
		level++;
	return level;
}

static uint8_t *idmap_entry(struct idmap *map, uint64_t table, unsigned int level, uint64_t address)
{
	uint64_t index = address >> level_shift(map, level) & (map->page / 8 - 1);

	return map->tables.data + table * map->page + index * 8;
}

static uint64_t idmap_add_table(struct idmap *map)
{
	buf_reserve(&map->tables, map->page);
	memset(map->tables.data + map->tables.len, 0, map->page);
	map->tables.len += map->page;
	return map->tables.len / map->page - 1;
}

/* The next level's table for this address, made if need be. */
static int idmap_descend(struct idmap *map, uint64_t *table, unsigned int level, uint64_t address)
{
	uint64_t from = *table, value = le64_get(idmap_entry(map, from, level, address));

	if (value) {
		*table = (value - map->at) / map->page;
		return 0;
	}
	if (map->tables.len == IDMAP_TABLES_MAX * map->page)
		return fail(
			E2BIG,
			"idmap: the image is in so many places that the purgatory would need more"
			" than %d page tables; load with --no-checks",
			IDMAP_TABLES_MAX);
	*table = idmap_add_table(map);
	bytes_put(idmap_entry(map, from, level, address),
		  (map->at + *table * map->page) | DESC_TABLE, 8, true);
	return 0;
}

/* As much as one entry maps: a block where all of it is wanted. *done: how much. */
static int idmap_one(struct idmap *map, uint64_t address, uint64_t end, uint64_t flags,
		     uint64_t *done)
{
	uint64_t block = (uint64_t)1 << level_shift(map, IDMAP_LEVEL_BLOCK), table = 0;
	bool whole = !(address & (block - 1)) && end - address >= block;
	unsigned int last = whole ? IDMAP_LEVEL_BLOCK : IDMAP_LEVEL_LAST;
	int rc = 0;

	for (unsigned int level = level_first(map); level < last && rc >= 0; level++)
		rc = idmap_descend(map, &table, level, address);
	if (rc < 0)
		return rc;
	bytes_put(idmap_entry(map, table, last, address),
		  address | flags | DESC_ACCESSED | (whole ? DESC_BLOCK : DESC_TABLE), 8, true);
	*done = whole ? block : map->page;
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

int arm64_idmap_build(const struct ranges *ranges, uint64_t device, uint64_t page, uint64_t at,
		      struct buf *out)
{
	struct idmap map = { .at = at, .page = page };
	int rc = 0;

	idmap_add_table(&map);
	for (size_t i = 0; i < ranges->n && rc >= 0; i++)
		rc = idmap_range(&map, ranges->at[i].start, ranges->at[i].end, DESC_INNER);
	if (rc >= 0 && device)
		rc = idmap_range(&map, round_down64(device, page),
				 round_down64(device, page) + page, DESC_DEVICE | DESC_NO_EXEC);
	if (rc >= 0 && out)
		buf_add(out, map.tables.data, map.tables.len);
	rc = rc < 0 ? rc : (int)(map.tables.len / page);
	buf_free(&map.tables);
	return rc;
}

/* What the purgatory touches: what it verifies, itself too, or looks after. */
static void find_touched(const struct image *image, struct ranges *out)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest || s->kept)
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
	uint64_t page = image->machine->page_size;
	int rc;

	if (image->no_checks)
		return 0;
	if (arm64_granule(page) < 0) {
		warn("the purgatory will verify the image with the caches off, which can take"
		     " minutes: the running kernel has pages of %" PRIu64
		     " KiB, for which this kexec knows no page tables",
		     page >> 10);
		return 0;
	}
	find_touched(image, &touched);
	rc = arm64_idmap_build(&touched, f->uart.base, page, 0, NULL);
	if (rc < 0)
		return rc;
	s.memsz = ((uint64_t)rc + IDMAP_OWN_TABLES) * page;
	rc = image_place(image, s, image_early(image, 0));
	if (rc < 0)
		return rc;
	placed = image_segment(image, ROLE_IDMAP);
	ranges_add(&touched, placed->addr, placed->memsz, NULL);
	ranges_merge(&touched);
	rc = arm64_idmap_build(&touched, f->uart.base, page, placed->addr, &tables);
	if (rc < 0)
		return rc;
	placed->data = arena_copy(&image->arena, tables.data, tables.len);
	placed->bufsz = tables.len;
	return 0;
}
