// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: which physical address a kernel's rules and page tables give, against plain models
 * that go by one address at a time.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/unit.h"
#include "vmcore-dmesg/vmcore.h"

static unsigned int seed = 1;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

/* --- what a kernel says --- */

enum key {
	STEXT, SWAPPER, PRB, LOG_BUF, VMALLOC_START, PHYS_BASE, IMAGE_SIZE, VA_BITS, PHYS_OFFSET,
	KIMAGE_VOFFSET, MODULES_VADDR, IDENTITY, OFFSET_PHYSICAL, OFFSET_VIRTUAL, LINK_ADDRESS,
	LINK_OFFSET, PAGE_OFFSET, RAM_BASE, KEYS
};

static const struct {
	const char *name;
	bool hex;
	uint64_t values[7];	/* what it may be */
} keys[KEYS] = {
	[STEXT] = { "SYMBOL(_stext)", true,
		    { 0xc0008000, 0xb0000000, 0x3fffffff, 0x80000001, 0xffff000008080000,
		      0xffff800000000000, 0xffff800008010000 } },
	[SWAPPER] = { "SYMBOL(swapper_pg_dir)", true,
		      { 0xc0004000, 0xc0000000, 0xafffffff, 0x78000000, 0x77ffffff, 0x40000000,
			0x90000000 } },
	[PRB] = { "SYMBOL(prb)", true,
		  { 0xc1000000, 0xc0000000, 0x80000000, 0x7fffffff, 0x3fffffff, 0x50000000,
		    0xbfffffff } },
	[LOG_BUF] = { "SYMBOL(log_buf)", true,
		      { 0xc1000040, 0xc0000000, 0x80000000, 0x79000000, 0x3fffffff, 0x40000000,
			0xffffffff } },
	[VMALLOC_START] = { "NUMBER(VMALLOC_START)", false,
			    { 0xf0800000, 0xc0000001, 0xc0000000, 0xbfffffff, 0xe0000000,
			      0xffffffff, 0xf8000000 } },
	[PHYS_BASE] = { "NUMBER(phys_base)", false,
			{ 0, 0x1000000, -(uint64_t)0x1000000, 0x23000000, 0x7f000000, 1, 5 } },
	[IMAGE_SIZE] = { "NUMBER(KERNEL_IMAGE_SIZE)", false,
			 { 0, 1, 0x20000000, 0x40000000, 0x7fffffff, 0x80000000, 0x80000001 } },
	[VA_BITS] = { "NUMBER(VA_BITS)", false, { 48, 52, 36, 35, 53, 64, 39 } },
	[PHYS_OFFSET] = { "NUMBER(PHYS_OFFSET)", false,
			  { 0x40000000, 0, 0x80000000, 0xfff0600040000000, 0x8000000000, 0x200000,
			    -(uint64_t)0x7fe00000 } },
	[KIMAGE_VOFFSET] = { "NUMBER(kimage_voffset)", false,
			     { 0xffff80003fe00000, 0xfffeffffc8000000, 0, 1, 0xffff000000000000,
			       0x7000, 0xffff7fffc0000000 } },
	[MODULES_VADDR] = { "NUMBER(MODULES_VADDR)", false,
			    { 0xffff800000000000, 0xffffc00000000000, 0xfffffff800000000,
			      0xffff000000000000, 0xfff0000000000000, 1, 0xffff800080000000 } },
	[IDENTITY] = { "IDENTITYBASE", true,
		       { 0, 0x8000000000, 0x1000, 0x3ffe0000000, 1, 0x10000, 0x100000 } },
	[OFFSET_PHYSICAL] = { "KERNELOFFPHYS", true, { 0, 0x200000, 0x7fff000, 3, 17, 5, 0x3000 } },
	[OFFSET_VIRTUAL] = { "KERNELOFFSET", true,
			     { 0x3ffe0000000, 0x100000, 0x1000, 0, 1, 2, 0x8000000001 } },
	[LINK_ADDRESS] = { "NUMBER(KERNEL_LINK_ADDR)", false,
			   { 0xffffffff80000000, 0xc0000000, 0xff60000000200000, UINT64_MAX,
			     0xd0000000, 0xc0400000, 0xffffffff00000000 } },
	[LINK_OFFSET] = { "NUMBER(va_kernel_pa_offset)", false,
			  { 0xffffffff03000000, 0x43000000, 0, 3, 0xffffffff43000000, 0x7000,
			    -(uint64_t)0x7000 } },
	[PAGE_OFFSET] = { "NUMBER(PAGE_OFFSET)", false,
			  { 0xff60000000000000, 0xc0000000, 0xffffffff80000000, 0xd8000000, 1,
			    0xffffffe000000000, 0xb0000000 } },
	[RAM_BASE] = { "NUMBER(phys_ram_base)", false,
		       { 0x80000000, 0, -(uint64_t)0x80000000, 0x10, 0x880000000, 1, 0x200000 } },
};

/* A kernel, and the segments of its dump. */
struct kernel {
	unsigned int machine, word;
	bool says[KEYS];
	uint64_t value[KEYS];
	struct elf_phdr *phdr;	/* with no room behind the last */
	uint32_t n_phdrs;
};

static char *info_of(const struct kernel *k)
{
	BUF_AUTO b = {0};

	buf_add(&b, "", 1);
	b.len = 0;
	for (unsigned int i = 0; i < KEYS; i++)
		if (k->says[i])
			buf_printf(&b, keys[i].hex ? "%s=%" PRIx64 "\n" :
				   any(2) ? "%s=0x%" PRIx64 "\n" : "%s=%" PRId64 "\n",
				   keys[i].name, k->value[i]);
	return mem_copy_string((char *)b.data);
}

static const struct kernel_kind {
	unsigned int machine, word;
	enum key says[8];	/* what it may say, up to the first KEYS */
} kinds[] = {
	{ ELF_EM_PPC64, 8, { PHYS_BASE, KEYS } },
	{ ELF_EM_386, 4, { STEXT, SWAPPER, PRB, LOG_BUF, VMALLOC_START, KEYS } },
	{ ELF_EM_ARM, 4, { STEXT, SWAPPER, PRB, LOG_BUF, VMALLOC_START, KEYS } },
	{ ELF_EM_PPC, 4, { STEXT, SWAPPER, PRB, LOG_BUF, KEYS } },
	{ ELF_EM_X86_64, 4, { STEXT, PRB, VMALLOC_START, PHYS_BASE, KEYS } },
	{ ELF_EM_X86_64, 8, { PHYS_BASE, IMAGE_SIZE, KEYS } },
	{ ELF_EM_MIPS, 4, { PHYS_BASE, KEYS } },
	{ ELF_EM_MIPS, 8, { PHYS_BASE, KEYS } },
	{ ELF_EM_AARCH64, 8, { STEXT, VA_BITS, PHYS_OFFSET, KIMAGE_VOFFSET, MODULES_VADDR, KEYS } },
	{ ELF_EM_S390, 8, { IDENTITY, OFFSET_PHYSICAL, OFFSET_VIRTUAL, KEYS } },
	{ 243, 4, { LINK_ADDRESS, LINK_OFFSET, PAGE_OFFSET, PHYS_OFFSET, RAM_BASE, KEYS } },
	{ 243, 8, { LINK_ADDRESS, LINK_OFFSET, PAGE_OFFSET, PHYS_OFFSET, RAM_BASE, KEYS } },
};

static struct elf_phdr any_segment(void)
{
	static const uint64_t virtual[] = { 0, UINT64_MAX, 0xffffffff80000000, 0xffffffff7fffffff,
					    0xffffffff81000000, 0xffff888000000000 };
	static const uint64_t physical[] = { 0, UINT64_MAX, 0x1000000, 0x60200000, 0x800208000,
					     0x87f00000 };

	return (struct elf_phdr){
		.type = any(6) ? ELF_PT_LOAD : ELF_PT_NOTE, .memsz = any(6),
		.vaddr = virtual[any(ARRAY_SIZE(virtual))],
		.paddr = physical[any(ARRAY_SIZE(physical))],
	};
}

static void kernel_make(struct kernel *k, const struct kernel_kind *kind)
{
	*k = (struct kernel){ .machine = kind->machine, .word = kind->word, .n_phdrs = any(4) };
	for (const enum key *key = kind->says; *key != KEYS; key++) {
		k->says[*key] = any(4);
		k->value[*key] = keys[*key].values[any(ARRAY_SIZE(keys[*key].values))];
	}
	k->phdr = calloc(k->n_phdrs + !k->n_phdrs, sizeof(*k->phdr));
	for (uint32_t i = 0; i < k->n_phdrs; i++)
		k->phdr[i] = any_segment();
}

/* --- which physical address the kernel has for it, by what each architecture computes --- */

/* The highest that is not above the kernel's image, as far as that is known; 0: there is none. */
static uint64_t split_of(const struct kernel *k)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					   0x40000000, 0 };
	const uint64_t *split = splits;

	for (enum key key = STEXT; key <= LOG_BUF; key++)
		while (k->says[key] && *split && k->value[key] < *split)
			split++;
	return *split;
}

static bool by_split(const struct kernel *k, uint64_t va, uint64_t start, uint64_t *pa)
{
	uint64_t end = k->says[VMALLOC_START] ? k->value[VMALLOC_START] : 0xf8000000;
	uint64_t split = split_of(k);

	*pa = va - split + start;
	return split && va >= split && va < end;
}

/* Where the dump's memory begins, rounded down to a multiple of 2 MiB, 4 MiB, up to 128 MiB. */
static bool memory_start(const struct kernel *k, unsigned int attempt, uint64_t *start)
{
	*start = UINT64_MAX;
	for (uint32_t i = 0; i < k->n_phdrs; i++)
		if (k->phdr[i].type == ELF_PT_LOAD && k->phdr[i].memsz &&
		    k->phdr[i].paddr < *start)
			*start = k->phdr[i].paddr;
	if (*start == UINT64_MAX || attempt > 6)
		return false;
	*start -= *start % ((uint64_t)(2 << attempt) << 20);
	return true;
}

static bool image_base(const struct kernel *k, uint64_t image, uint64_t *base)
{
	uint32_t i = 0;

	*base = k->value[PHYS_BASE];
	if (k->says[PHYS_BASE])
		return true;
	while (i < k->n_phdrs && (k->phdr[i].type != ELF_PT_LOAD || k->phdr[i].vaddr < image ||
				  k->phdr[i].vaddr == UINT64_MAX))
		i++;
	if (i < k->n_phdrs)
		*base = k->phdr[i].paddr - (k->phdr[i].vaddr - image);
	return i < k->n_phdrs;
}

static bool by_image(const struct kernel *k, uint64_t va, uint64_t *pa)
{
	uint64_t image = 0xffffffff80000000, room = 0x80000000, size = 0x40000000, base;

	if (k->says[IMAGE_SIZE])
		size = k->value[IMAGE_SIZE];
	if (!image_base(k, image, &base) || size > room)
		return false;
	*pa = va - image + base;
	return va >= image && va - image < size;
}

static bool by_arm64(const struct kernel *k, uint64_t va, uint64_t *pa)
{
	uint64_t bits = k->value[VA_BITS], start, end, linear;
	bool old, is_linear;

	if (!k->says[VA_BITS] || bits < 36 || bits > 52)
		return false;
	start = -(UINT64_C(1) << bits);
	linear = start;
	end = bits > 48 ? 0xffff800000000000 : start / 2 + (UINT64_C(1) << 63);
	old = k->says[STEXT] && k->value[STEXT] < end;
	if (old)
		linear = end;
	else if (k->says[MODULES_VADDR])
		end = k->value[MODULES_VADDR];
	is_linear = old ? va >= end : va >= start && va < end;
	*pa = is_linear ? va - linear + k->value[PHYS_OFFSET] : va - k->value[KIMAGE_VOFFSET];
	if (is_linear)
		return k->says[PHYS_OFFSET];
	return k->says[KIMAGE_VOFFSET] && (old ? va >= start : va >= end);
}

static bool by_s390(const struct kernel *k, uint64_t va, uint64_t *pa)
{
	uint64_t identity = k->says[IDENTITY] ? k->value[IDENTITY] : 0;
	uint64_t image = k->value[OFFSET_VIRTUAL];

	*pa = va - identity;
	if (k->says[OFFSET_PHYSICAL] && k->says[OFFSET_VIRTUAL] && image > identity && va >= image)
		*pa = va - image + k->value[OFFSET_PHYSICAL];
	return va >= identity;
}

static bool by_any(const struct kernel *k, uint64_t va, uint64_t *pa)
{
	uint64_t mask = k->word == 4 ? UINT32_MAX : UINT64_MAX;
	uint64_t image = k->says[LINK_ADDRESS] ? k->value[LINK_ADDRESS] : UINT64_MAX;
	uint64_t start = k->value[k->says[PHYS_OFFSET] ? PHYS_OFFSET : RAM_BASE];

	if (va >= image) {
		*pa = va - image + ((image - k->value[LINK_OFFSET]) & mask);
		return k->says[LINK_ADDRESS] && k->says[LINK_OFFSET];
	}
	*pa = va - k->value[PAGE_OFFSET] + (start & mask);
	return k->says[PAGE_OFFSET] && va >= k->value[PAGE_OFFSET] &&
	       (k->says[PHYS_OFFSET] || k->says[RAM_BASE]);
}

static bool physical(const struct kernel *k, unsigned int attempt, uint64_t va, uint64_t *pa)
{
	uint64_t start = 0;

	switch (k->machine) {
	case ELF_EM_PPC64:
		*pa = va & 0x0fffffffffffffff;
		return va >> 60 == 0xc;
	case ELF_EM_MIPS:
		*pa = va & 0x1fffffff;
		return k->word == 4 && va >= 0x80000000 && va < 0xc0000000;
	case ELF_EM_ARM:
	case ELF_EM_PPC:
		return memory_start(k, attempt, &start) && by_split(k, va, start, pa);
	case ELF_EM_386:
		return by_split(k, va, 0, pa);
	case ELF_EM_X86_64:
		return k->word == 4 ? by_split(k, va, 0, pa) : by_image(k, va, pa);
	case ELF_EM_AARCH64:
		return by_arm64(k, va, pa);
	case ELF_EM_S390:
		return by_s390(k, va, pa);
	default:
		return by_any(k, va, pa);
	}
}

/* As many bytes are beside each other in both as the answer says: no two rules here go on so. */
static void expect_physical(struct vmcore *core, const struct kernel *k, unsigned int attempt,
			    uint64_t va, size_t len)
{
	uint64_t pa = 0, want = 0, other;
	size_t n = len;
	bool has = physical(k, attempt, va, &want);

	assert_int_equal(vmcore_physical(core, va, &pa, &n), has);
	if (!has)
		return;
	assert_int_equal(pa, want);
	assert_in_range(n, 1, len);
	assert_in_range(n - 1, 0, UINT64_MAX - va);
	assert_true(physical(k, attempt, va + n - 1, &other) && other == want + n - 1);
	if (n < len && va + n && va + n <= vmcore_word_mask(core))
		assert_false(physical(k, attempt, va + n, &other) && other == want + n);
}

static void expect_rules(struct vmcore *core, const struct kernel *k, unsigned int attempt)
{
	static const uint64_t edges[] = {
		0, 0x40000000, 0x78000000, 0x80000000, 0xa0000000, 0xb0000000, 0xc0000000,
		0xf8000000, UINT32_MAX, 0xc000000000000000, 0xd000000000000000,
		0xfff0000000000000, 0xffff000000000000, 0xffff800000000000, 0xffffff8000000000,
		0xfffffff000000000, 0xfffffff800000000, 0xffffffff80000000, 0xffffffffa0000000,
		0xffffffffc0000000, UINT64_MAX - 2,
	};

	for (size_t i = 0; i < ARRAY_SIZE(edges) + KEYS; i++) {
		uint64_t edge = i < KEYS ? k->value[i] : edges[i - KEYS];

		for (uint64_t va = edge - 3; va != edge + 3; va++) {
			const size_t lengths[] = { 1, 2, 3, 4096, SIZE_MAX / 2 };

			expect_physical(core, k, attempt, va & vmcore_word_mask(core),
					lengths[any(ARRAY_SIZE(lengths))]);
		}
	}
}

/* The kernel's rules; of those that are assumed there is one for each multiple. */
static void rules_of_machines(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 200 * ARRAY_SIZE(kinds); times++) {
		struct kernel k;
		struct vmcore core = { .format = &vmcore_elf };
		uint64_t start;
		char *text;
		bool starts;

		kernel_make(&k, &kinds[times % ARRAY_SIZE(kinds)]);
		text = info_of(&k);
		core.info = (struct vmcoreinfo){ .text = text, .len = strlen(text) };
		core.machine = (uint16_t)k.machine;
		core.word = k.word;
		core.elf = (struct elf){ .phdr = k.phdr, .n_phdrs = k.n_phdrs };
		starts = k.machine == ELF_EM_ARM || k.machine == ELF_EM_PPC;
		for (unsigned int attempt = 0; attempt < 9; attempt++) {
			bool split = k.word == 4 && (starts || k.machine == ELF_EM_386 ||
						     k.machine == ELF_EM_X86_64) &&
				     (!starts || memory_start(&k, attempt, &start)) && split_of(&k);

			assert_int_equal(vmcore_find_direct(&core, attempt),
					 starts ? split : !attempt);
			assert_int_equal(core.assumed, split);
			expect_rules(&core, &k, attempt);
		}
		free(text);
		free(k.phdr);
	}
}

/* --- page tables --- */

enum { TABLES = 10, TABLE_SIZE = 4096, HUGE_PAGE = 0x80 };

/* The physical memory of a machine: tables, of which some are not all there. */
static struct {
	uint64_t at[TABLES];
	uint64_t entry[TABLES][512];
	size_t len[TABLES];
	uint64_t encrypted;
} tables;

static size_t tables_piece(struct vmcore *core, uint64_t address, bool is_physical, void *buf,
			   size_t len, const uint8_t **at)
{
	(void)core;
	(void)at;
	assert_true(is_physical && buf);
	for (unsigned int i = 0; i < TABLES; i++) {
		uint64_t into = address - tables.at[i];

		for (size_t n = 0; into < tables.len[i]; n++) {
			if (n == len || into + n == tables.len[i])
				return n;
			((uint8_t *)buf)[n] = (uint8_t)(tables.entry[i][(into + n) / 8] >>
							8 * ((into + n) % 8));
		}
	}
	return 0;
}

static uint64_t any_entry(void)
{
	uint64_t e = tables.at[any(TABLES)] | (any(2) ? tables.encrypted : 0);

	e |= any(8) != 0;				/* present */
	e |= any(4) ? 0 : HUGE_PAGE;
	e |= any(2) ? 0x8000000000000e66 : 0;		/* what is no address: NX, access */
	return any(6) ? e : e ^ (uint64_t)any(1 << 20) << 12;
}

static void tables_make(void)
{
	tables.encrypted = any(2) ? UINT64_C(1) << 47 : 0;
	for (unsigned int i = 0; i < TABLES; i++) {
		tables.at[i] = (uint64_t)(i + 1) << (any(2) ? 12 : 22 + any(12));
		tables.at[i] += (uint64_t)(TABLES + i) << 12;
		tables.len[i] = any(8) ? TABLE_SIZE : 4 * any(TABLE_SIZE / 4);
	}
	tables.len[0] = TABLE_SIZE;
	for (unsigned int i = 0; i < TABLES * 512; i++)
		tables.entry[i / 512][i % 512] = any_entry();
}

/* Which bytes of memory a table of this level says the address is in: @pa is the first. */
static bool look_up(uint64_t table, unsigned int level, uint64_t va, uint64_t *pa, uint64_t *size)
{
	uint64_t entry = table + va / ((uint64_t)TABLE_SIZE << 9 * (level - 1)) % 512 * 8, e = 0;
	unsigned int i = 0;

	*size = (uint64_t)TABLE_SIZE << 9 * (level - 1);
	while (i < TABLES && entry - tables.at[i] >= TABLE_SIZE)
		i++;
	if (i < TABLES && entry - tables.at[i] + 8 <= tables.len[i])
		e = tables.entry[i][(entry - tables.at[i]) / 8];
	if (e % 2 == 0)
		return false;
	*pa = (e % (UINT64_C(1) << 52) / TABLE_SIZE * TABLE_SIZE) & ~tables.encrypted;
	if (level > 1 && (level > 3 || !(e & HUGE_PAGE)))
		return look_up(*pa, level - 1, va, pa, size);
	*pa = *pa / *size * *size;
	return true;
}

/* The root by either name, which is in the kernel's image; tables of four or five levels. */
static char *tables_info(unsigned int kind, uint64_t base, unsigned int *levels)
{
	static const char *const roots[] = { "SYMBOL(init_top_pgt)", "SYMBOL(init_level4_pgt)",
					     "SYMBOL(init_pgt)" };
	static const char *const five[] = { "", "NUMBER(pgtable_l5_enabled)=0\n",
					    "NUMBER(pgtable_l5_enabled)=1\n" };

	*levels = kind / 3 % 3 == 2 ? 5 : 4;
	return mem_printf("NUMBER(phys_base)=%" PRId64 "\n%s=%" PRIx64 "\n%sNUMBER(sme_mask)=%"
			  PRIu64 "\n", base, roots[kind % 3],
			  0xffffffff80000000 + (tables.at[0] - base), five[kind / 3 % 3],
			  tables.encrypted);
}

static void rules_of_tables(void **state)
{
	static const struct vmcore_format format = { .piece = tables_piece };
	unsigned int found = 0;

	(void)state;
	for (unsigned int times = 0; times < 180; times++) {
		unsigned int levels;
		struct vmcore core = { .format = &format, .machine = ELF_EM_X86_64, .word = 8 };
		char *text;

		tables_make();
		text = tables_info(times, tables.at[0] - 0x10000 * any(8), &levels);
		core.info = (struct vmcoreinfo){ .text = text };
		core.little = true;
		assert_true(vmcore_find_direct(&core, 0));
		for (unsigned int i = 0; i < 300; i++) {
			uint64_t high = any(1 << 30), low = any(1 << 30);
			uint64_t va = 0xfffffff000000000 ^ high << 30 ^ low;
			uint64_t pa, start = 0, size = 0, into;
			size_t len = (size_t)1 << any(32), n = len;
			bool has = times % 3 < 2 &&
				   look_up(tables.at[0], levels, va, &start, &size);

			if (va >= 0xffffffff80000000)
				continue;
			va -= any(8) ? 0 : va % TABLE_SIZE;
			assert_int_equal(vmcore_physical(&core, va, &pa, &n), has);
			into = has ? va % size : 0;
			found += has;
			if (has)
				assert_int_equal(pa, start + into);
			assert_int_equal(n, has && len > size - into ? size - into : len);
		}
		free(text);
	}
	assert_true(found > 1000);
}

/* The image of a kernel that does not say where it is has no tables that could be found. */
static void rules_without_base(void **state)
{
	struct vmcore core = { .machine = ELF_EM_X86_64, .word = 8 };

	(void)state;
	core.info.text = "SYMBOL(init_top_pgt)=ffffffff81000000\n";
	assert_true(vmcore_find_direct(&core, 0));
	assert_int_equal(core.page_table | core.n_direct, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_without_base),
		cmocka_unit_test(rules_of_tables),
		cmocka_unit_test(rules_of_machines),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
