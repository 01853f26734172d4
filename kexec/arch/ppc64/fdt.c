// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The second kernel's flattened device tree: how large, where. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/hotplug.h"

/* Bytes that the FDT needs, with the free space for hotplug inside. */
static int size_fdt(struct image *image, const struct dt_node *tree, size_t *used, size_t *total)
{
	struct hotplug_cores cores;
	uint64_t needed, room;
	uint8_t *fdt;
	int rc = dt_flatten(tree, &image->reserve, 0, &fdt, used);

	if (rc < 0)
		return rc;
	*total = *used;
	if (image->hotplug)
		rc = hotplug_cores(image->machine, &cores);
	if (image->hotplug && rc >= 0) {
		needed = hotplug_fdt_needed(&cores, fdt);
		room = needed + hotplug_fdt_spare(&cores);
		debug("kdump fdt extra size: %" PRIu64, room);
		*total = round_up64(*used + room, image->machine->page_size);
		image->fdt_room = (struct hotplug_room){
			cores.possible, hotplug_cpu_nodes(fdt), needed, *total - *used };
	}
	free(fdt);
	return rc;
}

/*
 * Placed before it is written: the last entry of its reserve map is for itself,
 * and counts in its size before the address is known.
 */
int ppc64_place_fdt(struct image *image)
{
	struct segment s = { .name = "fdt", .owner = PPC64_BUILT,
			     .digest = !image->hotplug, .hotplug = image->hotplug };
	struct segment *placed;
	struct dt_node *tree;
	size_t used, total;
	uint8_t *fdt;
	int rc;

	rc = ppc64_new_tree(image, &tree);
	if (rc >= 0)
		rc = ranges_add(&image->reserve, 0, 1, "fdt");
	if (rc >= 0)
		rc = size_fdt(image, tree, &used, &total);
	if (rc < 0)
		return rc;
	s.bufsz = s.memsz = total;
	rc = image_place(image, s, ppc64_early(image, 0, true));
	if (rc < 0)
		return rc;
	placed = image_segment(image, "fdt");
	image->reserve.at[image->reserve.n - 1].start = placed->addr;
	image->reserve.at[image->reserve.n - 1].end = placed->addr + placed->memsz;
	rc = dt_flatten(tree, &image->reserve, total - used, &fdt, &used);
	if (rc < 0)
		return rc;
	placed->data = arena_copy(&image->arena, fdt, total);
	free(fdt);
	return 0;
}
