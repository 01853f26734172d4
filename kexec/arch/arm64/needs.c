// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What a kernel wants on this machine, what is none for it, and where it may go. */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/nexttree.h"

#define IMAGE_HEADER 64
#define IMAGE_MAGIC_AT	56

int arm64_check_kernel(const struct kernel *k)
{
	if (k->bits != 64)
		return fail(ENOEXEC, "kernel %s: is a %u bit kernel, this machine needs 64 bit",
			    k->file.name, k->bits);
	if (k->elf_machine != ELF_EM_AARCH64)
		return fail(ENOEXEC,
			    "kernel %s: is for ELF machine %u, this machine is %u (aarch64)",
			    k->file.name, k->elf_machine, ELF_EM_AARCH64);
	return 0;
}

/* An ELF file has the header of an Image at its start, or no boot loader can enter it. */
static int check_elf(struct kernel *k)
{
	const uint8_t *header;

	if (k->type)
		return 0;
	header = kernel_bytes(k, k->low, IMAGE_HEADER);
	if (!header || memcmp(header + IMAGE_MAGIC_AT, "ARM\x64", 4))
		return fail(
			ENOEXEC,
			"kernel %s: does not begin with the header of an Image: not a Linux kernel"
			" but some other program",
			k->file.name);
	/* Linked to virtual addresses; to be loaded at any multiple of 2 MiB. */
	k->relocatable = true;
	k->align = ARM64_BASE_ALIGN;
	k->page_size = image_page_size(header);
	return 0;
}

static int check_kernel(struct image *image)
{
	struct kernel *k = &image->kernel;
	const struct machine *m = image->machine;
	int rc = k->flat ?
		fail(ENOEXEC, "kernel %s: neither an Image nor an ELF file", k->file.name) :
		arm64_check_kernel(k);

	if (rc >= 0)
		rc = check_elf(k);
	if (rc < 0)
		return rc;
	if (k->little != m->little)
		return fail(ENOEXEC,
			    "kernel %s: is %s-endian, unlike the running kernel; it is not known"
			    " whether the processors here can run it",
			    k->file.name, k->little ? "little" : "big");
	if (k->page_size && k->page_size != m->page_size)
		warn("kernel %s has pages of %" PRIu64 " KiB, the running one of %" PRIu64
		     " KiB: it only starts"
		     " on processors that know both",
		     k->file.name, k->page_size >> 10, m->page_size >> 10);
	return 0;
}

static int check_machine(struct image *image)
{
	const struct arm64_facts *f = image->machine->arch_facts;

	if (image->request.reuse_initrd)
		return fail(
			ENOTSUP,
			"--reuseinitrd: the running kernel does not show its initrd as a file; name"
			" one with --initrd");
	if (image->crash && !f->has_addresses)
		image_doubt(image, "%s; the dump will not have the kernel's virtual addresses, and"
			    " makedumpfile may not read it", f->no_addresses);
	if (!image->crash && f->lpis_unknown)
		warn("the interrupt controller has tables in memory, and %s: the next kernel can"
		     " clear what"
		     " it has there. Boot it with its=off, or load soon after a boot",
		     f->lpis_unknown);
	return 0;
}

int arm64_needs(struct image *image)
{
	const struct machine *m = image->machine;
	int rc = check_kernel(image);

	if (rc >= 0)
		rc = check_machine(image);
	if (rc < 0)
		return rc;
	image->needs = (struct needs){
		.kernel_align = ARM64_BASE_ALIGN,
		.window = ARM64_WINDOW, .window_align = ARM64_WINDOW_ALIGN,
		.above = m->ram.at[0].start, .above_what = "its start",
		.cmdline_max = m->arch->command_line_size - 1,
	};
	return 0;
}

/* Memory that the next kernel will have: of its tree, where UEFI does not tell it. */
static int find_known_room(struct image *image)
{
	const struct dt_node *tree = nexttree_source(image);
	const struct machine *m = image->machine;
	const struct arm64_facts *f = m->arch_facts;
	RANGES_AUTO memory = {0};
	RANGES_AUTO reserved = {0};
	struct dt_cells cells;
	int rc = dt_cells(tree, &cells);

	if (rc >= 0 && image->dtb_tree)
		rc = nexttree_reserved_memory(tree, false, &reserved);
	ranges_merge(&reserved);
	ranges_subtract(&image->free, &reserved);
	ranges_subtract_one(&image->free, m->crash.start, m->crash.end);
	ranges_subtract(&image->free, &m->crash_more);
	ranges_subtract(&image->free, &f->tree_reserve);
	ranges_subtract(&image->free, &image->dtb_reserve);
	if (rc >= 0 && !f->efi)
		rc = nexttree_memory(tree, cells, &memory);
	if (rc < 0 || f->efi)
		return rc;
	if (!memory.n)
		return fail(
			EINVAL,
			"%s: there is no memory in this device tree; no kernel can boot from it",
			image->dtb_tree ? image->dtb.name : "device tree");
	ranges_merge(&memory);
	ranges_intersect(&image->free, &memory);
	return 0;
}

/* What is no memory of the capture kernel's tree is none of its usable memory either. */
static int check_crash_region(const struct image *image)
{
	const struct arm64_facts *f = image->machine->arch_facts;
	const struct machine *m = image->machine;
	RANGES_AUTO memory = {0};
	RANGES_AUTO reserved = {0};
	struct dt_cells cells;
	int rc = image->dtb_tree ? dt_cells(image->dtb_tree, &cells) : 1;

	if (rc)
		return rc < 0 ? rc : 0;
	rc = nexttree_reserved_memory(image->dtb_tree, false, &reserved);
	if (rc >= 0 && ranges_find(&reserved, m->crash.start, m->crash.end))
		return fail(EINVAL, "%s: reserves memory of the crash region for a device",
			    image->dtb.name);
	if (rc < 0 || f->efi)
		return rc;
	rc = nexttree_memory(image->dtb_tree, cells, &memory);
	ranges_merge(&memory);
	if (rc >= 0 && !ranges_cover(&memory, m->crash.start, m->crash.end))
		return fail(EINVAL,
			    "%s: the crash region is no memory in this device tree; name the tree"
			    " that this machine was booted with",
			    image->dtb.name);
	return rc;
}

int arm64_room(struct image *image)
{
	const struct machine *m = image->machine;
	int rc;

	if (!image->crash)
		return find_known_room(image);
	rc = check_crash_region(image);
	if (rc < 0)
		return rc;
	ranges_add(&image->usable, m->crash.start, m->crash.end - m->crash.start, "crash region");
	ranges_copy(&image->usable, &m->crash_more);
	return 0;
}

/* The control code and a copy of vmcoreinfo; tables are only for an image that must be moved. */
uint64_t arm64_kernel_pages(const struct machine *m)
{
	(void)m;
	return 2;
}
