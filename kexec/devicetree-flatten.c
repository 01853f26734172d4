// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * To flattened trees (Devicetree Specification chapter 5). libfdt's writer looks for each
 * property's name in the whole block of names before it: quadratic, and most of the time that
 * a load took on a large machine.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/devicetree.h"

#define FDT_VERSION	17
#define FDT_COMPATIBLE	16

/* The strings block, and which name is where in it: offset + 1, 0 is a free slot. */
struct names {
	struct buf block;
	uint32_t *slot;
	size_t n, slots;	/* slots: a power of two, at most half of them in use */
};

struct flat {
	struct names names;
	uint8_t *at;		/* where the structure block goes on */
};

/* FNV-1a */
static uint32_t name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static uint32_t *name_slot(const struct names *names, const char *name)
{
	const char *block = (const char *)names->block.data;
	size_t i = name_hash(name);

	while (names->slot[i &= names->slots - 1] && strcmp(block + names->slot[i] - 1, name))
		i++;
	return &names->slot[i];
}

static void names_grow(struct names *names)
{
	struct names more = { .block = names->block,
			      .slots = names->slots ? 2 * names->slots : 1024 };

	more.slot = mem_alloc(more.slots * sizeof(*more.slot));
	for (size_t at = 0; at < names->block.len; at += strlen((char *)names->block.data + at) + 1)
		*name_slot(&more, (char *)names->block.data + at) = (uint32_t)at + 1;
	more.n = names->n;
	free(names->slot);
	*names = more;
}

static uint32_t name_offset(struct names *names, const char *name)
{
	uint32_t *slot;

	if (2 * names->n >= names->slots)
		names_grow(names);
	slot = name_slot(names, name);
	if (!*slot) {
		*slot = (uint32_t)names->block.len + 1;
		buf_add(&names->block, name, strlen(name) + 1);
		names->n++;
	}
	return *slot - 1;
}

static void put_cell(struct flat *f, uint32_t value)
{
	be32_put(f->at, value);
	f->at += 4;
}

/* Filled up to whole cells; the memory behind is zero. */
static void put_bytes(struct flat *f, const void *data, size_t len)
{
	memcpy(f->at, data, len);
	f->at += round_up64(len, 4);
}

static void put_node(struct flat *f, const struct dt_node *node)
{
	put_cell(f, FDT_BEGIN_NODE);
	put_bytes(f, node->name, strlen(node->name) + 1);
	for (const struct dt_prop *p = node->props; p; p = p->next) {
		put_cell(f, FDT_PROP);
		put_cell(f, p->len);
		put_cell(f, name_offset(&f->names, p->name));
		put_bytes(f, p->data, p->len);
	}
	for (const struct dt_node *c = node->children; c; c = c->next)
		put_node(f, c);
	put_cell(f, FDT_END_NODE);
}

/* Bytes of the structure block, and in *names those of all names, were none used twice. */
static size_t structure_size(const struct dt_node *root, size_t *names)
{
	size_t size = 4;	/* FDT_END */

	*names = 0;
	for (const struct dt_node *n = NULL; (n = dt_next(root, n));) {
		size += 8 + round_up64(strlen(n->name) + 1, 4);
		for (const struct dt_prop *p = n->props; p; p = p->next) {
			size += 12 + round_up64(p->len, 4);
			*names += strlen(p->name) + 1;
		}
	}
	return size;
}

/* The memory behind it is zero: an empty entry, which ends it. */
static void put_reserve_map(uint8_t *at, const struct ranges *reserve)
{
	for (size_t i = 0; i < reserve->n; i++, at += 16) {
		be64_put(at, reserve->at[i].start);
		be64_put(at + 8, reserve->at[i].end - reserve->at[i].start);
	}
}

static void put_header(uint8_t *fdt, size_t total, size_t map, size_t structure, size_t size,
		       size_t strings, size_t strings_size)
{
	fdt_set_magic(fdt, FDT_MAGIC);
	fdt_set_totalsize(fdt, (uint32_t)total);
	fdt_set_off_mem_rsvmap(fdt, (uint32_t)map);
	fdt_set_off_dt_struct(fdt, (uint32_t)structure);
	fdt_set_size_dt_struct(fdt, (uint32_t)size);
	fdt_set_off_dt_strings(fdt, (uint32_t)strings);
	fdt_set_size_dt_strings(fdt, (uint32_t)strings_size);
	fdt_set_version(fdt, FDT_VERSION);
	fdt_set_last_comp_version(fdt, FDT_COMPATIBLE);
}

int dt_flatten(const struct dt_node *root, const struct ranges *reserve, uint8_t **blob,
	       size_t *size)
{
	size_t map = round_up64(sizeof(struct fdt_header), 16);
	size_t structure = map + 16 * (reserve->n + 1), names, strings;
	size_t structure_bytes = structure_size(root, &names);
	struct flat f = {0};
	uint8_t *fdt;

	if (structure + structure_bytes + names > DT_SIZE_MAX)
		return fail(E2BIG, "device tree: needs more than %zu bytes", DT_SIZE_MAX);
	strings = structure + structure_bytes;
	fdt = mem_alloc(strings);
	put_reserve_map(fdt + map, reserve);
	f.at = fdt + structure;
	put_node(&f, root);
	put_cell(&f, FDT_END);
	*size = strings + f.names.block.len;
	put_header(fdt, *size, map, structure, structure_bytes, strings, f.names.block.len);
	fdt = mem_resize(fdt, *size, 1);
	if (f.names.block.len)
		memcpy(fdt + strings, f.names.block.data, f.names.block.len);
	buf_free(&f.names.block);
	free(f.names.slot);
	*blob = fdt;
	return 0;
}
