// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What only a crash image has: the backup region, and what the dump is made of. */
#include "kexec/arch/ppc64/ppc64.h"

static int place_backup(struct image *image)
{
	struct segment s = {
		.role = ROLE_BACKUP,
		.name = "backup",
		.owner = "room for the first 64 KiB of memory",
		.memsz = PPC64_BACKUP_SIZE,
		.digest = true,
	};

	return image_place(image, s, image_early(image, 0));
}

/* RAM without the crash region, and the firmware's own memory wherever it is. */
static void find_dump(struct image *image)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	const struct machine *m = image->machine;

	ranges_copy(&image->dump, &m->ram);
	ranges_merge(&image->dump);
	ranges_subtract_one(&image->dump, m->crash.start, m->crash.end);
	ranges_subtract(&image->dump, &m->crash_more);
	ranges_subtract(&image->dump, &f->coherent);
	ranges_copy(&image->dump, &f->rtas);
	ranges_copy(&image->dump, &f->opal);
	ranges_merge(&image->dump);
}

int ppc64_core(struct image *image)
{
	int rc = place_backup(image);

	if (rc < 0)
		return rc;
	find_dump(image);
	image->core.linear = PPC64_PAGE_OFFSET;
	ranges_copy(&image->core.dump, &image->dump);
	core_move_start(&image->core, image_address(image, ROLE_BACKUP), PPC64_BACKUP_SIZE);
	return 0;
}
