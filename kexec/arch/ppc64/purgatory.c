// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What the purgatory must know on ppc64. */
#include <string.h>

#include "kexec/arch/ppc64/lanes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/purgatory.h"

/*
 * Secondary CPUs arrive at absolute 0x60 with nothing but the new kernel's
 * own holding loop to catch them: all of the head but its first instruction
 * is the kernel's (arch/powerpc/kexec/file_load.c:setup_purgatory).
 */
static int put_slave_code(struct image *image)
{
	const struct kernel *k = &image->kernel;
	const uint8_t *head = kernel_bytes(k, k->low, PURGATORY_HEAD_SIZE);

	if (!head)
		return fail(EINVAL, "kernel %s: its first segment has less than %d bytes",
			    k->file.name, PURGATORY_HEAD_SIZE);
	memcpy(image->purgatory + 4, head + 4, PURGATORY_HEAD_SIZE - 4);
	return 0;
}

int ppc64_fill(struct image *image)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;
	int rc = put_slave_code(image);

	if (rc < 0)
		return rc;
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_PPC64_FDT),
		      image_address(image, ROLE_BOOT_DATA));
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_PPC64_OPAL_BASE), f->opal_base);
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_PPC64_OPAL_ENTRY), f->opal_entry);
	purgatory_put(image, PURGATORY_PARAM(backup_source), 0);
	purgatory_put(image, PURGATORY_PARAM(backup), image_address(image, ROLE_BACKUP));
	purgatory_put(image, PURGATORY_PARAM(backup_size),
		      image_segment(image, ROLE_BACKUP) ? PPC64_BACKUP_SIZE : 0);
	purgatory_put(image, PURGATORY_PARAM(consoles),
		      (f->hvterm ? PURGATORY_CONSOLE_HVTERM : 0) |
			      (image->request.special & SPECIAL_CONSOLE_SERIAL ?
				       PURGATORY_CONSOLE_VERBOSE :
				       0));
	purgatory_put(image, PURGATORY_PARAM(console_port), f->hvterm_unit);
	purgatory_put(image, PURGATORY_PARAM(units),
		      ppc64_has_lanes(m->hwcap, m->hwcap2) ? PURGATORY_UNIT_LANES : 0);
	return 0;
}
