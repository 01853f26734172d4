// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Where in memory a second kernel can be, and what it may use of it. */
#include <inttypes.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/nexttree.h"

/* What the second kernel's tree will point to: all of it must get into its linear map. */
static int find_mapped(const struct image *image, struct ranges *mapped)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	int rc = nexttree_reserved_memory(nexttree_source(image), true, mapped);

	ranges_copy(mapped, &f->pointed);
	for (size_t i = 0; i < mapped->n; i++) {
		struct range *r = &mapped->at[i];

		r->start = round_down64(r->start, PPC64_LINEAR_PIECE);
		r->end = round_up64(r->end, PPC64_LINEAR_PIECE);
	}
	return rc;
}

/* Hash MMU boot demands memory from 0 on; what is in use there is reserved. */
static int find_usable(struct image *image)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	RANGES_AUTO mapped = {0};
	int rc;

	ranges_add(&image->usable, 0, image->machine->crash.end, "up to the crash region's end");
	ranges_copy(&image->usable, &image->machine->crash_more);
	ranges_copy(&image->usable, &f->rtas);
	ranges_copy(&image->usable, &f->opal);
	rc = find_mapped(image, &mapped);
	ranges_copy(&image->usable, &mapped);
	ranges_merge(&image->usable);
	return rc;
}

static int find_memory_end(struct image *image, uint64_t *end)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;
	RANGES_AUTO memory = {0};
	struct dt_cells cells;
	int rc = 0;

	if (image->dtb_tree) {
		rc = dt_cells(image->dtb_tree, &cells);
		if (rc >= 0)
			rc = ppc64_memory_of(image->dtb_tree, cells, &memory);
	} else {
		ranges_copy(&memory, &f->memory);
	}
	if (rc < 0)
		return fail_in(rc, "%s", image->dtb.name);
	ranges_intersect(&memory, &image->usable);
	*end = ppc64_memory_cut(&memory);
	if (*end <= m->crash.start || !ranges_cover(&memory, m->crash.start, m->crash.end))
		*end = m->crash.end;	/* for the proof to refuse */
	return 0;
}

/* Of the crash region, what the capture kernel has when it has cut its memory. */
static int find_crash_room(struct image *image)
{
	uint64_t end = 0;
	int rc = find_usable(image);

	if (rc >= 0)
		rc = find_memory_end(image, &end);
	if (rc >= 0)
		ranges_clip(&image->free, 0, end);
	return rc;
}

int ppc64_room(struct image *image)
{
	uint64_t low = ppc64_low_memory(image->machine);
	int rc = image->crash ? find_crash_room(image) : 0;

	if (image->crash && image->machine->crash.start >= low)
		image->more_room = arena_printf(&image->arena,
						"Reserve memory below 0x%" PRIx64 " (crashkernel="
						"SIZE without @OFFSET, or with a lower one)",
						low);
	if (rc >= 0 && image->dtb_tree)
		rc = ppc64_check_dtb(image);
	return rc;
}
