// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/ppc64/flatcpus.h"

#define MEASURED_MAX	((uint64_t)64 << 20)	/* bytes, for four nodes: none comes near */

bool flatcpus_is_cpu(const void *fdt, int node)
{
	int len;
	const char *type = fdt_getprop(fdt, node, "device_type", &len);

	return type && len == 4 && !memcmp(type, "cpu", 4);
}

uint64_t flatcpus_node_size(const void *fdt, int node)
{
	int depth = 0, at = node, next;

	do {
		switch (fdt_next_tag(fdt, at, &next)) {
		case FDT_BEGIN_NODE:
			depth++;
			break;
		case FDT_END_NODE:
			depth--;
			break;
		case FDT_END:
			return 0;
		}
		at = next;
	} while (depth > 0);
	return (uint64_t)(at - node);
}

/* What libfdt's functions that write demand (scripts/dtc/libfdt/fdt_rw.c:fdt_rw_probe_). */
static int check_layout(const void *fdt)
{
	uint64_t reserve = fdt_off_mem_rsvmap(fdt), structure = fdt_off_dt_struct(fdt);
	uint64_t strings = fdt_off_dt_strings(fdt);
	int entries = fdt_num_mem_rsv(fdt);

	if (fdt_version(fdt) < 17)
		return -FDT_ERR_BADVERSION;
	if (entries < 0 || reserve < sizeof(struct fdt_header) ||
	    structure < reserve + ((uint64_t)entries + 1) * sizeof(struct fdt_reserve_entry) ||
	    strings < structure + fdt_size_dt_struct(fdt) ||
	    fdt_totalsize(fdt) < strings + fdt_size_dt_strings(fdt))
		return -FDT_ERR_BADLAYOUT;
	return 0;
}

/* Bytes that are free when no CPU node is there. */
static int flatcpus_find_free(const void *fdt, uint64_t *bytes)
{
	int node, cpus = fdt_path_offset(fdt, "/cpus");

	if (cpus < 0)
		return cpus;
	*bytes = fdt_totalsize(fdt) - fdt_off_dt_strings(fdt) - fdt_size_dt_strings(fdt);
	fdt_for_each_subnode(node, fdt, cpus)
		if (flatcpus_is_cpu(fdt, node))
			*bytes += flatcpus_node_size(fdt, node);
	return node == -FDT_ERR_NOTFOUND ? 0 : node;
}

static uint64_t size_bound(const void *fdt, const struct dt_node *like)
{
	uint64_t node = 1024 + strlen(like->name);

	for (const struct dt_prop *p = like->props; p; p = p->next)
		node += 64 + 2 * strlen(p->name) + p->len;
	return 4096 + fdt_size_dt_strings(fdt) + 4 * node;
}

/* A tree with an empty /cpus and the strings of @fdt, which are its last block. */
static int make_bare(const void *fdt, uint8_t *bare, uint64_t size)
{
	int cpus, rc = fdt_create_empty_tree(bare, (int)size);

	if (rc)
		return rc;
	cpus = fdt_add_subnode(bare, 0, "cpus");
	memcpy(bare + fdt_off_dt_strings(bare), (const uint8_t *)fdt + fdt_off_dt_strings(fdt),
	       fdt_size_dt_strings(fdt));
	fdt_set_size_dt_strings(bare, fdt_size_dt_strings(fdt));
	return cpus;
}

static uint64_t used(const void *fdt)
{
	return (uint64_t)fdt_size_dt_struct(fdt) + fdt_size_dt_strings(fdt);
}

/* Bytes that the first node takes, with the names which only it has, and each that follows. */
static int measure(const void *fdt, const struct dt_node *like, flatcpus_add_fn *add,
		   uint64_t *first, uint64_t *next)
{
	uint64_t before, size = size_bound(fdt, like);
	uint8_t *bare = size > MEASURED_MAX ? NULL : mem_alloc(size);
	int rc, cpus = bare ? make_bare(fdt, bare, size) : -FDT_ERR_NOSPACE;

	if (cpus < 0) {
		free(bare);
		return cpus;
	}
	before = used(bare);
	rc = add(bare, cpus, like, 0);
	*first = used(bare) - before;
	if (!rc)
		rc = add(bare, cpus, like, 1);
	*next = used(bare) - before - *first;
	free(bare);
	return rc;
}

int flatcpus_replace(const void *fdt, const struct dt_node *like, uint64_t cores,
		     flatcpus_add_fn *add, uint64_t *added)
{
	uint64_t room = 0, first, next;
	int rc = check_layout(fdt);

	*added = 0;
	if (!rc)
		rc = flatcpus_find_free(fdt, &room);
	if (!rc)
		rc = measure(fdt, like, add, &first, &next);
	if (rc || !cores || room < first)
		return rc;
	*added = 1 + (room - first) / next;
	if (*added > cores)
		*added = cores;
	return 0;
}
