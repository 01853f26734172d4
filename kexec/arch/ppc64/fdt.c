// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The second kernel's flattened device tree: how large, where. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/cpunodes.h"
#include "kexec/arch/ppc64/ppc64.h"

/* Bytes for the FDT, with the free space for hotplug inside. @fdt is @tree flattened. */
static int size_fdt(struct image *image, const struct dt_node *tree, const uint8_t *fdt,
		    uint64_t *total, struct room *room)
{
	uint64_t used = fdt_totalsize(fdt), needed, more;
	struct cpunodes cores;
	int rc;

	*total = used;
	if (!image->hotplug)
		return 0;
	rc = cpunodes_count(image->machine, &cores);
	if (rc < 0)
		return rc;
	needed = cpunodes_needed(&cores, tree, fdt);
	more = needed + cpunodes_spare(&cores);
	debug("kdump fdt extra size: %" PRIu64, more);
	*total = round_up64(used + more, image->machine->page_size);
	if (*total > DT_SIZE_MAX)
		return fail(E2BIG, "device tree: needs more than %zu bytes", DT_SIZE_MAX);
	*room = (struct room){ cpunodes_in(tree), cores.possible, needed, *total - used };
	return 0;
}

/* With the free space, which is zero; the last entry of the reserve map is for itself. */
static void fill_fdt(struct image *image, struct segment *s, const uint8_t *fdt)
{
	struct range *own = &image->reserve.at[image->reserve.n - 1];
	uint8_t *data = arena_alloc(&image->arena, s->bufsz), *entry;

	own->start = s->addr;
	own->end = s->addr + s->memsz;
	memcpy(data, fdt, fdt_totalsize(fdt));
	fdt_set_totalsize(data, (uint32_t)s->bufsz);
	entry = data + fdt_off_mem_rsvmap(data) +
		(image->reserve.n - 1) * sizeof(struct fdt_reserve_entry);
	be64_put(entry, own->start);
	be64_put(entry + 8, own->end - own->start);
	s->data = data;
}

static int place_fdt(struct image *image, const struct dt_node *tree, const uint8_t *fdt)
{
	struct segment s = { .role = ROLE_BOOT_DATA, .name = "fdt", .owner = IMAGE_BUILT,
			     .digest = !image->hotplug,
			     .kept = image->hotplug ? &ppc64_kept_cpus : NULL };
	struct placement p = image_early(image, 0);
	int rc = size_fdt(image, tree, fdt, &s.bufsz, &s.room);

	s.memsz = s.bufsz;
	p.top_down = true;
	return rc < 0 ? rc : image_place(image, s, p);
}

/*
 * Where the running kernel would put them: so that nothing else in the blob moves
 * (purgatory/arch/ppc64/tree.c).
 */
static void cpus_first(struct dt_node *tree)
{
	struct dt_node *cpus = dt_child(tree, "cpus"), *all = cpus ? cpus->children : NULL, *next;

	if (!cpus)
		return;
	cpus->children = cpus->last = NULL;
	for (int first = 1; first >= 0; first--) {
		struct dt_node *rest = NULL, **end = &rest;

		for (; all; all = next) {
			next = all->next;
			all->next = NULL;
			if (first && !dt_is_type(all, "cpu")) {
				*end = all;
				end = &all->next;
			} else {
				dt_append(cpus, all);
			}
		}
		all = rest;
	}
}

/*
 * Flattened before it is placed: the entry for itself counts in its size before
 * the address is known.
 */
int ppc64_boot_data(struct image *image)
{
	struct dt_node *tree;
	uint8_t *fdt = NULL;
	size_t used;
	int rc = ppc64_new_tree(image, &tree);

	if (rc >= 0 && image->hotplug)
		cpus_first(tree);
	if (rc >= 0)
		rc = ranges_add(&image->reserve, 0, 1, "fdt");
	if (rc >= 0)
		rc = dt_flatten(tree, &image->reserve, &fdt, &used);
	if (rc >= 0)
		rc = place_fdt(image, tree, fdt);
	if (rc >= 0)
		fill_fdt(image, image_segment(image, ROLE_BOOT_DATA), fdt);
	free(fdt);
	return rc;
}
