// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What a kernel wants on this machine, what is none for it, and where it may go. */
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/x86_64/x86_64.h"

/*
 * Where every x86_64 Linux is linked to run:
 * arch/x86/include/asm/page_64_types.h:__START_KERNEL_map.
 */
#define KERNEL_MAP 0xffffffff80000000ull

int x86_64_check_kernel(const struct kernel *k)
{
	if (k->bits != 64)
		return fail(ENOEXEC, "kernel %s: is a %u bit kernel, this machine needs 64 bit",
			    k->file.name, k->bits);
	if (k->elf_machine != ELF_EM_X86_64)
		return fail(ENOEXEC,
			    "kernel %s: is for ELF machine %u, this machine is %u (x86_64)",
			    k->file.name, k->elf_machine, ELF_EM_X86_64);
	if (!k->boot_header && k->virtual < KERNEL_MAP)
		return fail(ENOEXEC,
			    "kernel %s: is not a Linux kernel but some other program: it is linked"
			    " to run at 0x%" PRIx64 ", kernels are at 0x%llx and above",
			    k->file.name, k->virtual, KERNEL_MAP);
	if (k->entry == KERNEL_NO_ENTRY)
		return fail(ENOEXEC, "kernel %s: its entry point is in none of its segments",
			    k->file.name);
	return 0;
}

/*
 * A crashed kernel's virtual addresses are in the elfcorehdr. Readers of a dump find what they
 * look for by them, where they do not translate by page tables.
 */
static void check_addresses(struct image *image)
{
	const struct x86_64_facts *f = image->machine->arch_facts;

	if (!f->has_addresses)
		image_doubt(image, "%s; the dump will not have the kernel's virtual addresses, and"
			    " makedumpfile may not read it", f->no_addresses);
}

static int x86_64_check_machine(struct image *image)
{
	const struct x86_64_facts *f = image->machine->arch_facts;
	const struct kernel *k = &image->kernel;

	if (k->flat)
		return fail(ENOEXEC, "kernel %s: neither a bzImage nor an ELF file", k->file.name);
	if (f->la57 && k->boot_header && !k->five_level)
		return fail(
			ENOEXEC,
			"kernel %s: cannot start where 5-level paging is on, as it is here"
			" (CONFIG_X86_5LEVEL); boot this machine with no5lvl, or use another"
			" kernel",
			k->file.name);
	if (image->request.reuse_initrd)
		return fail(
			ENOTSUP,
			"--reuseinitrd: the running kernel does not show its initrd as a file; name"
			" one with --initrd");
	if (image->crash)
		check_addresses(image);
	return 0;
}

/*
 * A vmlinux says that it cannot move (ET_EXEC), with CONFIG_RELOCATABLE or without. Its entry runs
 * from any multiple of 2 MiB all the same and takes phys_base from where it is
 * (arch/x86/kernel/head_64.S:startup_64, head64.c:__startup_64).
 */
#define VMLINUX_ALIGN ((uint64_t)2 << 20)

static void let_vmlinux_move(struct kernel *k)
{
	if (k->boot_header)
		return;
	k->relocatable = true;
	k->align = VMLINUX_ALIGN;
}

/* Below: a bzImage's decompressor moves itself to where it was meant to run, over what is there. */
static uint64_t lowest_place(const struct kernel *k)
{
	return k->relocatable ? k->low : 0;
}

int x86_64_needs(struct image *image)
{
	const struct kernel *k = &image->kernel;
	uint64_t most = image->machine->arch->command_line_size - 1;
	int rc = x86_64_check_kernel(k);

	if (rc >= 0)
		rc = x86_64_check_machine(image);
	if (rc < 0)
		return rc;
	let_vmlinux_move(&image->kernel);
	image->needs = (struct needs){
		.kernel_align = k->align,
		.kernel_above = lowest_place(k),
		.kernel_below = k->kernel_below,
		.below = k->kernel_below,
		.initrd_below = k->initrd_below,
		.above = X86_64_LOW_MEMORY,
		.above_what = "the first MiB",
		.cmdline_max = k->cmdline_max ? k->cmdline_max : most,
	};
	return 0;
}

/* Memory that firmware did not tell of is added by the next kernel itself, when it is too late. */
static void find_normal_room(struct image *image)
{
	const struct x86_64_facts *f = image->machine->arch_facts;
	RANGES_AUTO ram = {0};

	for (size_t i = 0; i < f->e820.n; i++)
		if (f->e820.at[i].type == X86_E820_RAM)
			ranges_add(&ram, f->e820.at[i].start,
				   f->e820.at[i].end - f->e820.at[i].start, NULL);
	ranges_merge(&ram);
	ranges_intersect(&image->free, &ram);
}

int x86_64_room(struct image *image)
{
	const struct machine *m = image->machine;
	const struct x86_64_facts *f = m->arch_facts;

	if (!image->crash) {
		find_normal_room(image);
		return 0;
	}
	ranges_copy(&image->usable, &f->low_ram);
	ranges_add(&image->usable, m->crash.start, m->crash.end - m->crash.start, "crash region");
	ranges_copy(&image->usable, &m->crash_more);
	ranges_merge(&image->usable);
	return 0;
}

/* The control code (two pages, aligned to that), a copy of vmcoreinfo, page tables. */
uint64_t x86_64_kernel_pages(const struct machine *m)
{
	return 4 + x86_64_page_table_pages(m);
}
