// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The steps that make what the second kernel is told: the dump's contents, the tree, the way in. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/purgatory.h"

/* As arch/arm64/kernel/machine_kexec_file.c:prepare_elf_headers() makes it. */
int arm64_core(struct image *image)
{
	const struct machine *m = image->machine;
	const struct arm64_facts *f = m->arch_facts;

	ranges_copy(&image->dump, &m->ram);
	ranges_merge(&image->dump);
	ranges_subtract_one(&image->dump, m->crash.start, m->crash.end);
	ranges_subtract(&image->dump, &m->crash_more);
	ranges_copy(&image->core.dump, &image->dump);
	image->core.linear = f->linear;
	if (f->has_addresses)
		image->core.load[image->core.n_loads++] = (struct core_load){
			f->text_phys, f->text_phys + f->text_size, f->text_phys, f->text };
	return 0;
}

/* From a multiple of 2 MiB on it cannot cross one. */
int arm64_boot_data(struct image *image)
{
	struct segment s = {
		.role = ROLE_BOOT_DATA, .name = "fdt", .owner = IMAGE_BUILT, .digest = true
	};
	struct dt_node *tree;
	uint8_t *fdt;
	size_t size;
	int rc = arm64_new_tree(image, &tree);

	if (rc >= 0)
		rc = dt_flatten(tree, &image->reserve, &fdt, &size);
	if (rc < 0)
		return rc;
	s.data = arena_copy(&image->arena, fdt, size);
	s.bufsz = s.memsz = size;
	free(fdt);
	if (size > ARM64_FDT_MAX)
		return fail(E2BIG, "device tree: has %zu bytes, the kernel takes %" PRIu64, size,
			    ARM64_FDT_MAX);
	return image_place(image, s, image_early(image, ARM64_BASE_ALIGN));
}

static int put_uart(struct image *image)
{
	const struct arm64_facts *f = image->machine->arch_facts;
	unsigned int asked = image->request.special & image->machine->arch->special;
	bool other = (asked & SPECIAL_SERIAL_AMBA && f->uart.kind != PURGATORY_CONSOLE_PL011) ||
		(asked & SPECIAL_SERIAL_FIRST && f->uart.kind != PURGATORY_CONSOLE_8250);

	if (asked && !f->uart.kind)
		warn("--console-serial, --serial: neither the device tree (stdout-path) nor ACPI"
		     " (SPCR) names a serial"
		     " console which this kernel uses; the purgatory will say nothing");
	else if (other)
		warn("--serial: the port that the machine names as its console is not of this kind"
		     " (ttyAMA0: PL011, ttyS0: 8250); the purgatory uses the one that is named");
	purgatory_put(image, PURGATORY_PARAM(consoles), f->uart.kind |
		      (asked ? PURGATORY_CONSOLE_VERBOSE : 0));
	purgatory_put(image, PURGATORY_PARAM(console_port), f->uart.base);
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_ARM64_UART_SHIFT), f->uart.shift);
	return 0;
}

#define HWCAP_WITH_SHA2	(1ul << 6)	/* arch/arm64/include/uapi/asm/hwcap.h:HWCAP_SHA2 */

/* The page tables map all other segments. */
int arm64_fill(struct image *image)
{
	int rc = arm64_idmap_place(image);

	if (rc < 0)
		return rc;
	purgatory_put(image, PURGATORY_PARAM(units),
		      image->machine->hwcap & HWCAP_WITH_SHA2 ? PURGATORY_UNIT_LANES : 0);
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_ARM64_FDT),
		      image_address(image, ROLE_BOOT_DATA));
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_ARM64_IDMAP),
		      image_address(image, ROLE_IDMAP));
	if (image_segment(image, ROLE_IDMAP))
		purgatory_put(image, PURGATORY_ARCH(PURGATORY_ARM64_GRANULE),
			      (uint64_t)arm64_granule(image->machine->page_size));
	return put_uart(image);
}
