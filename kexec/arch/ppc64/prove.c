// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What only ppc64 demands of an image: its device tree, the backup region. */
#include <libfdt.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/nexttree.h"
#include "kexec/prove.h"

/* What the capture kernel has as memory is its own, or reserved, or backed up. */
static int prove_crashed_memory(const struct image *image, const struct ranges *reserved)
{
	const struct machine *m = image->machine;
	RANGES_AUTO own = {0};
	RANGES_AUTO crashed = {0};

	ranges_copy(&own, reserved);
	ranges_copy(&own, &m->crash_more);
	ranges_merge(&own);
	ranges_copy(&crashed, &image->usable);
	ranges_subtract(&crashed, &own);
	ranges_subtract_one(&crashed, 0, PPC64_BACKUP_SIZE);
	ranges_subtract_one(&crashed, m->crash.start, m->crash.end);
	return crashed.n ?
		prove_wrong("the crashed kernel's memory is not in the FDT's reserve map") :
		0;
}

/* What the capture kernel must keep its hands off, over the full memsz. */
static int prove_reserve_map(const struct image *image, const void *fdt)
{
	static const enum role roles[] = { ROLE_CORE, ROLE_BOOT_DATA, ROLE_BACKUP, ROLE_INITRD };
	RANGES_AUTO reserved = {0};
	int rc = nexttree_reserved(fdt, &reserved);

	for (size_t i = 0; i < ARRAY_SIZE(roles) && rc >= 0; i++) {
		const struct segment *s = image_segment(image, roles[i]);

		if (s && !ranges_cover(&reserved, s->addr, s->addr + s->memsz))
			rc = prove_wrong("a segment is not wholly in the FDT's reserve map");
	}
	return rc >= 0 && image->crash ? prove_crashed_memory(image, &reserved) : rc;
}

static int prove_fdt(const struct image *image, const struct segment *s)
{
	int rc = nexttree_prove(image, s);

	if (rc < 0)
		return rc;
	if (fdt_path_offset(s->data, "/cpus") < 0)
		return prove_wrong("the FDT has no /cpus node");
	return prove_reserve_map(image, s->data);
}

/*
 * update_crash_elfcorehdr (arch/powerpc/kexec/crash.c): the first program header with
 * p_paddr 0, of any type, is the backup region.
 */
static int prove_backup(const struct image *image)
{
	const struct segment *s = image_segment(image, ROLE_CORE);
	const struct segment *backup = image_segment(image, ROLE_BACKUP);
	struct arena arena = {0};
	unsigned int zeros = 0;
	struct elf elf;
	int rc = elf_parse(&elf, &arena, s->data, s->bufsz, UINT64_MAX);

	for (uint32_t i = 0; rc >= 0 && i < elf.n_phdrs; i++) {
		const struct elf_phdr *p = &elf.phdr[i];

		if (p->paddr)
			continue;
		zeros++;
		if (p->type != ELF_PT_LOAD || !backup || p->offset != backup->addr)
			rc = prove_wrong(
				"something else than the backup region is at address 0 in the"
				" elfcorehdr");
	}
	if (rc >= 0 && zeros != 1)
		rc = prove_wrong(
			"the elfcorehdr does not have exactly one program header for address 0");
	arena_free(&arena);
	return rc;
}

int ppc64_prove(const struct image *image)
{
	const struct segment *fdt = image_segment(image, ROLE_BOOT_DATA);
	int rc;

	if (!fdt || (image->hotplug && !fdt->kept))
		return prove_wrong("there is no FDT, or it is not marked for hotplug");
	rc = prove_fdt(image, fdt);
	if (rc >= 0 && image->crash)
		rc = prove_backup(image);
	return rc >= 0 && image->crash ? ppc64_prove_start(image, fdt) : rc;
}
