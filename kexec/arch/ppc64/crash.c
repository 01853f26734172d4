// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What only a crash image has: the backup region, the elfcorehdr, memory to use and to dump. */
#include <inttypes.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/elfcorehdr.h"

int ppc64_place_backup(struct image *image)
{
	struct segment s = {
		.name = "backup", .owner = "room for the first 64 KiB of memory",
		.memsz = PPC64_BACKUP_SIZE, .digest = true,
	};

	return image_place(image, s, ppc64_early(image, 0, false));
}

/* RAM without the crash region, and the firmware's own memory wherever it is. */
void ppc64_find_dump(struct image *image)
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

int ppc64_place_elfcorehdr(struct image *image)
{
	const struct machine *m = image->machine;
	struct elfcorehdr h = {
		.machine = m, .dump = &image->dump, .virtual_base = PPC64_PAGE_OFFSET,
		.backup = image_segment(image, "backup")->addr, .backup_size = PPC64_BACKUP_SIZE,
	};
	struct segment s = { .name = "elfcorehdr", .owner = PPC64_BUILT, .digest = !image->hotplug,
			     .hotplug = image->hotplug };
	BUF_AUTO out = {0};
	int rc = elfcorehdr_build(&h, &out);

	if (rc < 0)
		return rc;
	if (image->hotplug)
		debug("ELFCOREHDR_SIZE %" PRIu64, m->elfcorehdr_size);
	s.data = arena_copy(&image->arena, out.data, out.len);
	s.bufsz = out.len;
	s.memsz = image->hotplug ? elfcorehdr_hotplug_size(m, out.len) : out.len;
	rc = image_place(image, s, ppc64_early(image, 0, false));
	if (rc < 0)
		return rc;
	s.memsz = image_segment(image, "elfcorehdr")->memsz;
	image->elfcorehdr_room = (struct hotplug_room){
		.possible = (s.memsz - elfcorehdr_size(1)) / (elfcorehdr_size(1) - elfcorehdr_size(0)),
		.now = elfcorehdr_count(&h),
		.needed = image->hotplug ? elfcorehdr_hotplug_size(m, out.len) - out.len : 0,
		.free = s.memsz - out.len,
	};
	return 0;
}

/* What the second kernel's tree will point to: all of it must get into its linear map. */
static int find_mapped(const struct image *image, struct ranges *mapped)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	int rc = ppc64_reserved_memory(ppc64_source_tree(image), true, mapped);

	ranges_copy(mapped, &f->pointed);
	for (size_t i = 0; i < mapped->n; i++) {
		struct range *r = &mapped->at[i];

		r->start = round_down64(r->start, PPC64_LINEAR_PIECE);
		r->end = round_up64(r->end, PPC64_LINEAR_PIECE);
	}
	return rc;
}

/* Hash MMU boot demands memory from 0 on; what is in use there is reserved. */
int ppc64_find_usable(struct image *image)
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
