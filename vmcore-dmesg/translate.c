// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Virtual to physical addresses, as the crashed kernel has them: what each
 * architecture computes, and the page tables of x86_64, whose linear map can
 * be anywhere.
 */
#include "vmcore-dmesg/vmcore.h"

/* Four at most: two of a machine, and two of any. In one that ends before it begins nothing is. */
static void add_direct(struct vmcore *core, uint64_t first, uint64_t last, uint64_t physical)
{
	core->direct[core->n_direct++] = (struct vmcore_direct){ first, last, physical - first };
}

static void ppc64_direct(struct vmcore *core)
{
	add_direct(core, 0xc000000000000000, 0xcfffffffffffffff, 0);
}

/* --- 32 bits, where vmcoreinfo has no numbers for it --- */

/* An address in the kernel's image, which is near the start of its linear map. */
static uint64_t image_address(const struct vmcore *core)
{
	static const char *const keys[] = {
		"SYMBOL(_stext)", "SYMBOL(swapper_pg_dir)", "SYMBOL(prb)", "SYMBOL(log_buf)",
	};
	uint64_t lowest = UINT32_MAX, va;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (vmcoreinfo_has_hex(&core->info, keys[i], &va) && va < lowest)
			lowest = va;
	return lowest;
}

/*
 * PAGE_OFFSET is one of CONFIG_VMSPLIT_*, and the highest of them that is not
 * above the image; the linear map ends before VMALLOC_START, which older
 * kernels do not tell. False when the image is below all of them.
 */
static bool assume_split(struct vmcore *core, uint64_t memory_start)
{
	static const uint32_t splits[] = {
		0xc0000000, 0xb0000000, 0x80000000, 0x78000000, 0x40000000,
	};
	uint64_t image = image_address(core), end = 0xf8000000;

	vmcoreinfo_has_number(&core->info, "NUMBER(VMALLOC_START)", &end);
	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		if (image < splits[i])
			continue;
		add_direct(core, splits[i], end - 1, memory_start);
		core->assumed = true;
		return true;
	}
	return false;
}

/* Of the dump; UINT64_MAX when it does not say. */
static uint64_t lowest_physical(const struct vmcore *core)
{
	uint64_t lowest = UINT64_MAX;

	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];

		if (p->type == ELF_PT_LOAD && p->memsz && p->paddr < lowest)
			lowest = p->paddr;
	}
	return lowest;
}

/*
 * Memory begins anywhere, where the linear map does: at a multiple of 2 MiB up
 * to 128 MiB (arch/arm/kernel/phys2virt.S), or what the firmware keeps of it is
 * not in the dump. The attempts are these multiples.
 */
static bool any_start_direct(struct vmcore *core, unsigned int attempt)
{
	uint64_t start = lowest_physical(core);

	return attempt < 7 && start != UINT64_MAX &&
	       assume_split(core, round_down64(start, (uint64_t)2 << 20 << attempt));
}

/* KSEG0 and KSEG1: arch/mips/include/asm/addrspace.h */
static void mips_direct(struct vmcore *core)
{
	if (core->word == 4) {
		add_direct(core, 0x80000000, 0x9fffffff, 0);
		add_direct(core, 0xa0000000, 0xbfffffff, 0);
	}
}

static void i386_direct(struct vmcore *core)
{
	assume_split(core, 0);
}

/* --- 64 bits --- */

/*
 * Kernels before 4.10 do not tell phys_base: their image is where the loader
 * saw it, which it knows from the kernel's own lists.
 */
static bool find_phys_base(const struct vmcore *core, uint64_t image, uint64_t *base)
{
	if (vmcoreinfo_has_number(&core->info, "NUMBER(phys_base)", base))
		return true;
	for (uint32_t i = 0; i < core->elf.n_phdrs; i++) {
		const struct elf_phdr *p = &core->elf.phdr[i];

		if (p->type != ELF_PT_LOAD || p->vaddr < image || p->vaddr == UINT64_MAX)
			continue;
		*base = p->paddr - (p->vaddr - image);
		return true;
	}
	return false;
}

/*
 * The kernel's image: arch/x86/include/asm/page_64.h:__phys_addr_nodebug().
 * Modules are behind it, where page tables alone know.
 */
static void x86_64_direct(struct vmcore *core)
{
	uint64_t base, image = 0xffffffff80000000, size = UINT64_C(1) << 30, table, five = 0;

	if (core->word == 4) {
		i386_direct(core);
		return;
	}
	if (!find_phys_base(core, image, &base))
		return;
	vmcoreinfo_has_number(&core->info, "NUMBER(KERNEL_IMAGE_SIZE)", &size);
	add_direct(core, image, image + size - 1, base);
	if (!vmcoreinfo_has_hex(&core->info, "SYMBOL(init_top_pgt)", &table) &&
	    !vmcoreinfo_has_hex(&core->info, "SYMBOL(init_level4_pgt)", &table))
		return;
	vmcoreinfo_has_number(&core->info, "NUMBER(pgtable_l5_enabled)", &five);
	vmcoreinfo_has_number(&core->info, "NUMBER(sme_mask)", &core->encrypted);
	core->page_table = table - image + base;
	core->levels = five == 1 ? 5 : 4;
}

/*
 * The linear map below the image, or above it before Linux 5.4:
 * arch/arm64/include/asm/memory.h:__virt_to_phys_nodebug()
 */
static void arm64_direct(struct vmcore *core)
{
	uint64_t bits, base, start, middle, text = UINT64_MAX;
	bool image_first;

	if (!vmcoreinfo_has_number(&core->info, "NUMBER(VA_BITS)", &bits) || bits < 36 || bits > 52)
		return;
	start = -(UINT64_C(1) << bits);
	middle = -(UINT64_C(1) << ((bits < 48 ? bits : 48) - 1));
	vmcoreinfo_has_hex(&core->info, "SYMBOL(_stext)", &text);
	image_first = text < middle;
	if (!image_first)
		vmcoreinfo_has_number(&core->info, "NUMBER(MODULES_VADDR)", &middle);
	if (vmcoreinfo_has_number(&core->info, "NUMBER(PHYS_OFFSET)", &base))
		add_direct(core, image_first ? middle : start,
			   image_first ? UINT64_MAX : middle - 1, base);
	if (vmcoreinfo_has_number(&core->info, "NUMBER(kimage_voffset)", &base)) {
		uint64_t image = image_first ? start : middle;

		add_direct(core, image, image_first ? middle - 1 : UINT64_MAX, image - base);
	}
}

/* arch/s390/include/asm/page.h:__pa_nodebug(); before Linux 6.10 all of it is where it is. */
static void s390_direct(struct vmcore *core)
{
	uint64_t identity = 0, image, physical;

	vmcoreinfo_has_hex(&core->info, "IDENTITYBASE", &identity);
	if (vmcoreinfo_has_hex(&core->info, "KERNELOFFPHYS", &physical) &&
	    vmcoreinfo_has_hex(&core->info, "KERNELOFFSET", &image) && image > identity) {
		add_direct(core, image, UINT64_MAX, physical);
		add_direct(core, identity, image - 1, 0);
	} else {
		add_direct(core, identity, UINT64_MAX, 0);
	}
}

/*
 * What any kernel may say: arch/riscv/kernel/vmcore_info.c. Of 32 bits it has no physical addresses
 * of more, but signed ones.
 */
static void any_direct(struct vmcore *core)
{
	uint64_t base, offset, image = UINT64_MAX, mask = vmcore_word_mask(core);

	if (vmcoreinfo_has_number(&core->info, "NUMBER(KERNEL_LINK_ADDR)", &image) &&
	    vmcoreinfo_has_number(&core->info, "NUMBER(va_kernel_pa_offset)", &offset))
		add_direct(core, image, UINT64_MAX, (image - offset) & mask);
	if (vmcoreinfo_has_number(&core->info, "NUMBER(PAGE_OFFSET)", &base) &&
	    (vmcoreinfo_has_number(&core->info, "NUMBER(PHYS_OFFSET)", &offset) ||
	     vmcoreinfo_has_number(&core->info, "NUMBER(phys_ram_base)", &offset)))
		add_direct(core, base, image - 1, offset & mask);
}

static const struct {
	uint16_t machine;
	void (*direct)(struct vmcore *core);
} machines[] = {
	{ ELF_EM_PPC64, ppc64_direct },
	{ ELF_EM_386, i386_direct },
	{ ELF_EM_MIPS, mips_direct },
	{ ELF_EM_X86_64, x86_64_direct },
	{ ELF_EM_AARCH64, arm64_direct },
	{ ELF_EM_S390, s390_direct },
};

bool vmcore_find_direct(struct vmcore *core, unsigned int attempt)
{
	core->n_direct = 0;
	core->page_table = core->encrypted = 0;
	core->assumed = false;
	if (core->machine == ELF_EM_ARM || core->machine == ELF_EM_PPC)
		return any_start_direct(core, attempt);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == core->machine)
			machines[i].direct(core);
	any_direct(core);
	return !attempt;
}

/* --- x86_64's page tables --- */

enum { PTE_PRESENT = 1, PTE_LARGE = 0x80 };
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

static bool translate_walk(struct vmcore *core, uint64_t va, uint64_t *pa, size_t *len)
{
	uint64_t table = core->page_table, size = 0, entry;
	uint8_t d[8];

	for (unsigned int level = core->levels; level > 0; level--) {
		unsigned int shift = 12 + 9 * (level - 1);

		table += 8 * (va >> shift & 511);
		if (core->format->piece(core, table, true, d, sizeof(d), NULL) < sizeof(d))
			return false;
		entry = vmcore_get(core, d, sizeof(d));
		if (!(entry & PTE_PRESENT))
			return false;
		table = entry & PTE_ADDRESS & ~core->encrypted;
		size = UINT64_C(1) << shift;
		if (level == 2 || level == 3)
			if (entry & PTE_LARGE)
				break;
	}
	*pa = (table & ~(size - 1)) + (va & (size - 1));
	if (*len > size - (va & (size - 1)))
		*len = (size_t)(size - (va & (size - 1)));
	return true;
}

bool vmcore_physical(struct vmcore *core, uint64_t va, uint64_t *pa, size_t *len)
{
	for (unsigned int i = 0; i < core->n_direct; i++) {
		const struct vmcore_direct *d = &core->direct[i];

		if (va < d->first || va > d->last)
			continue;
		if (*len - 1 > d->last - va)
			*len = (size_t)(d->last - va) + 1;
		*pa = va + d->add;
		return true;
	}
	return core->page_table && translate_walk(core, va, pa, len);
}
