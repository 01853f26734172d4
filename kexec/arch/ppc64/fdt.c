// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The second kernel's flattened device tree: how large, where. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/cpunodes.h"
#include "kexec/arch/ppc64/ppc64.h"

/* Bytes that the FDT needs, with the free space for hotplug inside. */
static int size_fdt(struct image *image, const struct dt_node *tree, size_t *used, size_t *total,
		    struct room *room)
{
	struct cpunodes cores;
	uint64_t needed, more;
	uint8_t *fdt;
	int rc = dt_flatten(tree, &image->reserve, 0, &fdt, used);

	if (rc < 0)
		return rc;
	*total = *used;
	if (image->hotplug)
		rc = cpunodes_count(image->machine, &cores);
	if (image->hotplug && rc >= 0) {
		needed = cpunodes_needed(&cores, fdt);
		more = needed + cpunodes_spare(&cores);
		debug("kdump fdt extra size: %" PRIu64, more);
		*total = round_up64(*used + more, image->machine->page_size);
		*room = (struct room){ cpunodes_in(fdt), cores.possible, needed, *total - *used };
	}
	free(fdt);
	return rc;
}

/*
 * Placed before it is written: the last entry of its reserve map is for itself,
 * and counts in its size before the address is known.
 */
int ppc64_boot_data(struct image *image)
{
	struct segment s = { .role = ROLE_BOOT_DATA, .name = "fdt", .owner = IMAGE_BUILT,
			     .digest = !image->hotplug,
			     .kept = image->hotplug ? &ppc64_kept_cpus : NULL };
	struct placement p = image_early(image, 0);
	struct segment *placed;
	struct dt_node *tree;
	size_t used, total;
	uint8_t *fdt;
	int rc;

	rc = ppc64_new_tree(image, &tree);
	if (rc >= 0)
		rc = ranges_add(&image->reserve, 0, 1, "fdt");
	if (rc >= 0)
		rc = size_fdt(image, tree, &used, &total, &s.room);
	if (rc < 0)
		return rc;
	s.bufsz = s.memsz = total;
	p.top_down = true;
	rc = image_place(image, s, p);
	if (rc < 0)
		return rc;
	placed = image_segment(image, ROLE_BOOT_DATA);
	image->reserve.at[image->reserve.n - 1].start = placed->addr;
	image->reserve.at[image->reserve.n - 1].end = placed->addr + placed->memsz;
	rc = dt_flatten(tree, &image->reserve, total - used, &fdt, &used);
	if (rc < 0)
		return rc;
	placed->data = arena_copy(&image->arena, fdt, total);
	free(fdt);
	return 0;
}
