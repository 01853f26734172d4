// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What the running kernel rewrites, at the time of the crash: the purgatory's own source for the
 * ELF core header and for POWER's FDT, and the loader's for the copy of that.
 */
#include "tests/unit/unit.h"

#include <libfdt.h>

#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/image.h"

#include "purgatory/arch/ppc64/tree.c"
#include "purgatory/kept.c"

static struct buf said;

void arch_print(const struct purgatory_params *p, const char *text)
{
	(void)p;
	buf_printf(&said, "%s", text);
}

void print_line(char line[PRINT_LINE], const char *name, const char *what, const char *more)
{
	snprintf(line, PRINT_LINE, "%s %s%s\n", name, what, more);
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&said);
	return 0;
}

/* --- the ELF core header --- */

#define MOVED 0x21000000ull
#define LINEAR 0xc000000000000000ull
#define ROOM (64 + 56 * 8)

static struct {
	struct kept_ehdr ehdr;
	struct kept_phdr phdr[8];
} core, core_sealed;
_Static_assert(sizeof(core) == ROOM, "as in memory");

static struct kept_phdr note(uint64_t at)
{
	return (struct kept_phdr){ PT_NOTE, 0, at, 0, at, 400, 400, 0 };
}

static struct kept_phdr load(uint64_t at, uint64_t size)
{
	return (struct kept_phdr){ PT_LOAD, 7, at, at + LINEAR, at, size, size, 0 };
}

static const struct purgatory_kept *make_core(void)
{
	static struct purgatory_kept k;

	memset(&core, 0, sizeof(core));
	core.ehdr = (struct kept_ehdr){
		.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
		.type = 4,
		.machine = 21,
		.version = 1,
		.phoff = 64,
		.ehsize = 64,
		.phentsize = 56,
		.phnum = 5,
	};
	core.phdr[0] = note(0x7f000000);
	core.phdr[1] = note(0x7e000000);
	core.phdr[2] = load(0, 0x10000);
	core.phdr[2].offset = MOVED;
	core.phdr[3] = load(0x10000, 0x1fff0000);
	core.phdr[4] = load(0x40000000, 0x40000000);
	core_sealed = core;
	k = (struct purgatory_kept){ .start = (uintptr_t)&core,
				     .size = sizeof(core),
				     .sealed = (uintptr_t)&core_sealed,
				     .sealed_size = 64 + 56 * 5,
				     .kind = PURGATORY_KEPT_CORE,
				     .name = "elfcorehdr" };
	return &k;
}

static void expect_core(const struct purgatory_kept *k, bool sound)
{
	const char *what = kept_check_core(k, 0);

	assert_string_equal(what ? what : "sound", sound ? "sound" : KEPT_DAMAGED);
}

/* What the kernel makes of it: other notes, other memory, up to what there is room for. */
static void core_rewritten(void **state)
{
	const struct purgatory_kept *k = make_core();

	(void)state;
	expect_core(k, true);
	core.ehdr.ident[5] = 2;
	core.phdr[5] = load(0x100000000, 0x10000000);
	core.ehdr.phnum = 6;
	expect_core(k, true);
	core.phdr[2].offset = 0; /* by Linux 6.10 on */
	expect_core(k, true);
	core.phdr[6] = load(0x200000000, 0x10000000);
	core.phdr[7] = load(0x300000000, 0x10000000);
	core.ehdr.phnum = 8;
	expect_core(k, true);
	core.ehdr.phnum = 9;
	expect_core(k, false);
	make_core();
	core.phdr[3] = (struct kept_phdr){ 0 };
	core.ehdr.phnum = 3;
	expect_core(k, true);
	core.ehdr.phnum = 2;
	expect_core(k, false);
	core.ehdr.phnum = 0;
	expect_core(k, false);
}

/* The first PT_LOAD has the address that it had; any, where there was none of the kernel's text. */
static void core_with_text(void **state)
{
	const uint64_t text = 0xffffffff81000000;
	const struct purgatory_kept *k = make_core();

	(void)state;
	core.phdr[2].vaddr = text;
	expect_core(k, false);
	core.phdr[2].offset = core_sealed.phdr[2].offset = 0;
	expect_core(k, true);
	core_sealed.phdr[2].vaddr = text;
	expect_core(k, true);
	core.phdr[2].vaddr ^= 0x100;
	expect_core(k, false);
	core.phdr[2].vaddr = LINEAR;
	expect_core(k, true);
	core.phdr[3].vaddr = core.phdr[3].paddr + text;
	expect_core(k, false);
}

/* As many program headers as end with a page: what was there before is still behind them. */
static void core_that_ends_with_a_page(void **state)
{
	static uint8_t bytes[8192] __attribute__((aligned(16)));
	struct kept_ehdr *e = (struct kept_ehdr *)bytes;
	struct kept_phdr *p = (struct kept_phdr *)(e + 1);
	struct purgatory_kept k = *make_core();

	(void)state;
	k.start = (uintptr_t)bytes;
	k.size = sizeof(bytes);
	memcpy(bytes, &core, 64 + 56 * 5);
	for (uint64_t i = 5; i < 74; i++)
		p[i] = load(i << 32, 0x1000);
	for (e->phnum = 71; e->phnum < 75; e->phnum++)
		expect_core(&k, e->phnum == 72 || e->phnum == 74);
}

/* Fields which nobody looks at, and what the kernel may have written there. */
static bool core_may_differ(size_t at)
{
	size_t field = at < 64 ? at : (at - 64) % 56;

	if (at < 64)
		return field == 5 || (field >= 7 && field < 16) || (field >= 24 && field < 32) ||
			(field >= 40 && field < 52) || field >= 58;
	if ((at - 64) / 56 == 5)
		return field >= 4;
	return (at - 64) / 56 > 5 || (field >= 4 && field < 8) || field >= 48 ||
		((at - 64) / 56 < 2 && field >= 16 && field < 24);
}

static void core_each_byte(void **state)
{
	const struct purgatory_kept *k = make_core();
	uint8_t *bytes = (uint8_t *)&core;

	(void)state;
	for (size_t i = 0; i < sizeof(core); i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			bytes[i] ^= 1u << bit;
			if ((kept_check_core(k, 0) == NULL) != core_may_differ(i))
				print_error("byte %zu, bit %u\n", i, bit);
			expect_core(k, core_may_differ(i));
			bytes[i] ^= 1u << bit;
		}
}

static const struct {
	unsigned int number;
	struct kept_phdr phdr;
} core_wrong[] = {
	{ 0, { PT_LOAD, 7, 0x1000, LINEAR, 0x1000, 16, 16, 0 } }, /* then comes a note */
	{ 3, { PT_NOTE, 0, 0x1000, 0, 0x1000, 16, 16, 0 } },
	{ 3, { PT_LOAD, 7, MOVED, LINEAR, 0, 16, 16, 0 } }, /* moved, but not the first */
	{ 3, { PT_LOAD, 7, 0x1000, LINEAR + 0x1000, 0x1000, 0, 0, 0 } },
	{ 3, { PT_LOAD, 7, -8ull, LINEAR - 8, -8ull, 16, 16, 0 } }, /* wraps */
	{ 2, { PT_LOAD, 7, MOVED - 8, LINEAR - 8, -8ull, 16, 16, 0 } },
	{ 2, { PT_LOAD, 7, -8ull, LINEAR, -8 - MOVED, 16, 16, 0 } },
	{ 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
};

static void core_each_fault(void **state)
{
	const struct purgatory_kept *k = make_core();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(core_wrong); i++) {
		make_core();
		core.phdr[core_wrong[i].number] = core_wrong[i].phdr;
		expect_core(k, false);
	}
	make_core();
	core.phdr[0] = core.phdr[1] = load(0x1000, 16); /* no notes */
	expect_core(k, false);
}

/* All that are damaged, and these alone, get their copies. */
static void core_is_mended(void **state)
{
	struct purgatory_params p = { .n_kept = 7, .kept = { *make_core(), *make_core() } };
	uint8_t behind = 0x5a;

	(void)state;
	kept_mend(&p, 0);
	assert_int_equal(said.len, 0);
	memset(&core, behind, sizeof(core));
	p.n_kept = 1;
	kept_mend(&p, 0);
	assert_string_equal((char *)said.data,
			    "elfcorehdr is damaged; its copy of the load is used\n");
	assert_memory_equal(&core, &core_sealed, 64 + 56 * 5);
	assert_int_equal(((uint8_t *)&core)[64 + 56 * 5], behind);
}

/* --- the FDT --- */

enum { CAPACITY = 8192 };
static uint8_t tree[CAPACITY] __attribute__((aligned(16)));
static uint8_t tree_planned[CAPACITY], tree_saved[CAPACITY];
static struct buf tree_copy;
static struct purgatory_kept tree_kept;

static int add_cpu(void *fdt, int cpus, const char *name, uint32_t first, bool servers)
{
	fdt32_t ids[2] = { cpu_to_fdt32(first), cpu_to_fdt32(first + 1) };
	int node = fdt_add_subnode(fdt, cpus, name);

	assert_true(node >= 0);
	assert_int_equal(fdt_setprop_string(fdt, node, "device_type", "cpu"), 0);
	if (servers)
		assert_int_equal(fdt_setprop(fdt, node, "ibm,ppc-interrupt-server#s", ids, 8), 0);
	assert_int_equal(fdt_setprop_u32(fdt, node, "reg", first), 0);
	assert_int_equal(fdt_setprop_u32(fdt, node, "ibm,my-drc-index", 0x10000000 | first), 0);
	assert_int_equal(fdt_setprop_string(fdt, node, "ibm,pa-features", "many"), 0);
	return node;
}

static struct segment tree_segment(void)
{
	uint32_t size = fdt_totalsize(tree_planned);

	return (struct segment){ .data = tree_planned, .bufsz = size, .memsz = size };
}

/* What is planned is loaded, and copied. */
static void load_tree(void)
{
	struct segment s = tree_segment();

	buf_free(&tree_copy);
	memcpy(tree, tree_planned, sizeof(tree));
	memset(&tree_kept, 0, sizeof(tree_kept));
	assert_int_equal(ppc64_seal_fdt(&s, &tree_copy, &tree_kept), 0);
	tree_kept.start = (uintptr_t)tree;
	tree_kept.size = s.memsz;
	tree_kept.sealed = (uintptr_t)tree_copy.data;
	tree_kept.sealed_size = tree_copy.len;
}

static void expect_proven(void)
{
	struct segment s = tree_segment();

	assert_int_equal(ppc64_prove_sealed(&s, tree_copy.data, &tree_kept), 0);
}

/* libfdt puts a node in front of those that are there. */
static void make_tree(bool servers)
{
	int root, cpus, other;

	memset(tree, 0, sizeof(tree));
	assert_int_equal(fdt_create_empty_tree(tree, CAPACITY), 0);
	assert_int_equal(fdt_add_mem_rsv(tree, 0x1000, 0x2000), 0);
	root = fdt_path_offset(tree, "/");
	assert_int_equal(fdt_setprop_string(tree, root, "device_type", "chrp"), 0);
	other = fdt_add_subnode(tree, root, "chosen");
	assert_int_equal(fdt_setprop_string(tree, other, "bootargs", "maxcpus=1"), 0);
	cpus = fdt_add_subnode(tree, root, "cpus");
	assert_int_equal(fdt_setprop_u32(tree, cpus, "#address-cells", 1), 0);
	other = fdt_add_subnode(tree, cpus, "l2-cache");
	assert_int_equal(fdt_setprop_string(tree, other, "device_type", "cache"), 0);
	add_cpu(tree, fdt_path_offset(tree, "/cpus"), "PowerPC,POWER9@8", 8, servers);
	add_cpu(tree, fdt_path_offset(tree, "/cpus"), "PowerPC,POWER9@0", 0, servers);
	memcpy(tree_planned, tree, sizeof(tree));
	load_tree();
	expect_proven();
}

static void expect_tree(uint64_t cpu, const char *what)
{
	const char *found = arch_check_kept(&tree_kept, cpu);

	assert_string_equal(found ? found : "sound", what ? what : "sound");
}

#define LACKS "lacks the CPU that crashed"

static void tree_as_loaded(void **state)
{
	(void)state;
	for (int servers = 0; servers < 2; servers++) {
		make_tree(servers);
		expect_tree(0, NULL);
		expect_tree(8, NULL);
		expect_tree(9, servers ? NULL : LACKS);
		expect_tree(10, LACKS);
		expect_tree((1ull << 32) + 8, LACKS);
	}
}

static void delete_cpus(void)
{
	int node;

	while ((node = fdt_path_offset(tree, "/cpus/PowerPC,POWER9@0")) >= 0 ||
	       (node = fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8")) >= 0)
		assert_int_equal(fdt_del_node(tree, node), 0);
}

/* In the order of the running kernel; with properties that none had. */
static void rewrite_cpus(void)
{
	int cpus, node;

	delete_cpus();
	expect_tree(0, LACKS);
	cpus = fdt_path_offset(tree, "/cpus");
	add_cpu(tree, cpus, "PowerPC,POWER9@0", 0, true);
	add_cpu(tree, cpus, "PowerPC,POWER9@8", 8, true);
	node = add_cpu(tree, cpus, "PowerPC,POWER9@10", 16, true);
	assert_int_equal(fdt_setprop_string(tree, node, "vendor,new", "x"), 0);
}

static void tree_rewritten(void **state)
{
	(void)state;
	make_tree(true);
	rewrite_cpus();
	expect_tree(0, NULL);
	expect_tree(17, NULL);
	expect_tree(18, LACKS);
}

/* The nodes of CPUs, and what may stand behind the strings, is the kernel's to write. */
static bool tree_may_differ(size_t at)
{
	size_t end = fdt_off_dt_struct(tree) + fdt_size_dt_struct(tree) -
		(fdt_off_dt_struct(tree_copy.data) + fdt_size_dt_struct(tree_copy.data) -
		 tree_kept.cpus_end);
	size_t strings = fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree_planned);

	return (at >= 28 && at < 36) || (at >= tree_kept.cpus_at && at < end) || at >= strings;
}

static void tree_flip_all(uint64_t cpu)
{
	memcpy(tree_saved, tree, sizeof(tree));
	for (size_t i = 0; i < fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree) + 16; i++) {
		const char *found;

		tree[i] ^= 0x10;
		found = arch_check_kept(&tree_kept, cpu);
		tree[i] ^= 0x10;
		if (!tree_may_differ(i) && !found)
			print_error("byte %zu of the FDT\n", i);
		if (!tree_may_differ(i))
			assert_string_equal(found ? found : "sound", KEPT_DAMAGED);
	}
	assert_memory_equal(tree_saved, tree, sizeof(tree));
}

static void tree_each_byte(void **state)
{
	(void)state;
	make_tree(true);
	tree_flip_all(8);
	rewrite_cpus();
	tree_flip_all(8);
}

/* As long as the kernel has written nothing, each value of a CPU's node is known as well. */
static void tree_values_of_cpus(void **state)
{
	int node, prop, len, values = 0;

	(void)state;
	make_tree(true);
	node = fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8");
	fdt_for_each_property_offset(prop, tree, node)
	{
		const void *value = fdt_getprop_by_offset(tree, prop, NULL, &len);

		for (int i = 0; i < len; i++) {
			uint8_t *byte = tree + ((const uint8_t *)value - tree) + i;

			*byte ^= 1;
			expect_tree(0, KEPT_DAMAGED);
			*byte ^= 1;
			values++;
		}
	}
	assert_true(values > 20);
	rewrite_cpus();
	node = fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8");
	assert_int_equal(fdt_setprop_string(tree, node, "ibm,pa-features", "mine"), 0);
	expect_tree(0, NULL);
}

/* Words in the nodes of CPUs, which nothing is to be compared with. */
static void tree_broken_nodes(void **state)
{
	static const struct {
		int tag;  /* in the first node: its number */
		int word; /* from there on */
		uint32_t value;
	} wrong[] = {
		{ 0, 0, 2 },	      { 0, 0, 3 },	    { 0, 0, 9 },    { 0, 0, 5 },
		{ 0, 0, 0 },	      { 1, 1, 0x7fffffff }, { 1, 1, -1u },  { 1, 1, 4000 },
		{ 1, 2, 0x7fffffff }, { 1, 2, -1u },	    { 1, 2, 4000 }, { 6, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int at, next;

		make_tree(true);
		rewrite_cpus();
		at = fdt_path_offset(tree, "/cpus/PowerPC,POWER9@10");
		for (int k = 0; k < wrong[i].tag; k++, at = next)
			fdt_next_tag(tree, at, &next);
		be32_put(tree + fdt_off_dt_struct(tree) + at + 4 * wrong[i].word, wrong[i].value);
		expect_tree(8, KEPT_DAMAGED);
	}
}

/* Nodes by hand, which libfdt would not make: words from `BEGIN_NODE and a name of one word` on. */
#define NAMES "device_type\0ibm,ppc-interrupt-server#s\0reg\0other"
enum { TYPE = 0, SERVERS = 12, REG = 39, OTHER = 43 };
#define NODE BEGIN_NODE, 0x61000000
#define CPU PROP, 4, TYPE, 0x63707500
#define MEMORY PROP, 4, TYPE, 0x6d656d00
#define IS_9(name) PROP, 4, name, 9

static void tree_words(void **state)
{
	static const struct {
		unsigned int found;
		uint32_t word[28]; /* -1: the end */
	} rows[] = {
		{ HAS_CPU, { NODE, CPU, IS_9(REG), END_NODE, -1u } },
		{ HAS_CPU, { NODE, IS_9(REG), NOP, CPU, END_NODE, NOP, -1u } },
		{ LACKS_CPU, { NODE, MEMORY, IS_9(REG), END_NODE, -1u } },
		{ LACKS_CPU, { NODE, CPU, IS_9(OTHER), END_NODE, -1u } },
		{ LACKS_CPU, { NODE, CPU, PROP, 3, REG, 9, END_NODE, -1u } },
		{ LACKS_CPU, { NODE, PROP, 5, TYPE, 0x63707500, 0, IS_9(REG), END_NODE, -1u } },
		/* the threads count, where they are named */
		{ LACKS_CPU, { NODE, CPU, PROP, 4, SERVERS, 8, IS_9(REG), END_NODE, -1u } },
		{ HAS_CPU, { NODE, CPU, IS_9(SERVERS), PROP, 4, REG, 8, END_NODE, -1u } },
		/* what is in another node */
		{ LACKS_CPU, { NODE, CPU, END_NODE, NODE, IS_9(REG), END_NODE, -1u } },
		{ LACKS_CPU, { NODE, CPU, NODE, IS_9(REG), END_NODE, END_NODE, -1u } },
		{ LACKS_CPU, { NODE, CPU, NODE, IS_9(SERVERS), END_NODE, END_NODE, -1u } },
		{ LACKS_CPU, { NODE, IS_9(REG), NODE, CPU, END_NODE, END_NODE, -1u } },
		{ HAS_CPU, { NODE, CPU, IS_9(REG), NODE, END_NODE, END_NODE, -1u } },
		{ LACKS_CPU,
		  { NODE, CPU, IS_9(REG), NODE, END_NODE, PROP, 4, REG, 8, END_NODE, -1u } },
		{ LACKS_CPU, { -1u } },
		{ DAMAGED, { NODE, CPU, 7, END_NODE, -1u } },
		{ DAMAGED, { NODE, CPU, 9, END_NODE, -1u } },
		{ DAMAGED, { NODE, CPU, IS_9(REG), -1u } },
		{ DAMAGED, { END_NODE, -1u } },
		{ DAMAGED, { CPU, -1u } },
		{ DAMAGED, { 7, -1u } },
		{ DAMAGED, { NODE, CPU, PROP, -1u } },
		{ DAMAGED, { NODE, PROP, 0, sizeof(NAMES), END_NODE, -1u } },
		{ DAMAGED, { NODE, PROP, 0, OTHER, END_NODE, -1u } }, /* no end within the names */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tree t = { .names = (const uint8_t *)NAMES,
				  .names_size = sizeof(NAMES) - 1 };
		uint8_t bytes[sizeof(rows[i].word)];
		unsigned int n = 0, found;

		for (; rows[i].word[n] != -1u; n++)
			be32_put(bytes + 4 * n, rows[i].word[n]);
		if (i + 1 < ARRAY_SIZE(rows))
			t.names_size++;
		found = tree_walk(&t, bytes, bytes + 4 * n, NULL, NULL, 9);
		if (found != rows[i].found)
			print_error("row %zu\n", i);
		assert_int_equal(found, rows[i].found);
	}
}

/* Blocks that lead out of the segment, or into each other. */
static void tree_broken_header(void **state)
{
	static const struct {
		unsigned int word;
		uint32_t value;
	} wrong[] = {
		{ FDT_STRUCT_SIZE, 4000 }, { FDT_STRUCT_SIZE, 0 },
		{ FDT_STRUCT_SIZE, -1u },  { FDT_STRUCT_SIZE, 48 },
		{ FDT_STRINGS, 0 },	   { FDT_STRINGS, CAPACITY },
		{ FDT_STRINGS, -1u },	   { FDT_STRINGS_SIZE, CAPACITY },
		{ FDT_STRINGS_SIZE, -1u }, { FDT_STRINGS_SIZE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_tree(true);
		be32_put(tree + 4 * wrong[i].word, wrong[i].value);
		expect_tree(8, KEPT_DAMAGED);
	}
	make_tree(true);
	tree_kept.size = fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree);
	expect_tree(8, NULL);
	tree_kept.size--;
	expect_tree(8, KEPT_DAMAGED);
}

static void mend_tree(uint64_t cpu)
{
	struct purgatory_params p = { .n_kept = 1, .kept = { tree_kept } };

	p.kept[0].kind = PURGATORY_KEPT_ARCH;
	kept_mend(&p, cpu);
	assert_true(said.len > 0);
	buf_free(&said);
}

static uint32_t cpu_word(const char *path, const char *name, unsigned int i)
{
	int len, node = fdt_path_offset(tree, path);
	const fdt32_t *value = fdt_getprop(tree, node, name, &len);

	assert_true(value && len >= 4 * (int)(i + 1));
	return fdt32_to_cpu(value[i]);
}

#define CRASHED "/cpus/PowerPC,POWER9@crashed"

/* A CPU that is there: the tree is that of the load. */
static void tree_mended(void **state)
{
	(void)state;
	make_tree(true);
	memset(tree, 0x77, CAPACITY / 2);
	mend_tree(9);
	assert_int_equal(fdt_check_full(tree, CAPACITY), 0);
	assert_true(fdt_path_offset(tree, CRASHED) < 0);
	assert_true(fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8") > 0);
	assert_true(fdt_path_offset(tree, "/cpus/l2-cache") > 0);
	assert_string_equal(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "bootargs", NULL),
			    "maxcpus=1");
}

/* One that came later: with its number and those of the core's other threads. */
static void tree_completed(void **state)
{
	(void)state;
	make_tree(true);
	delete_cpus();
	mend_tree(17);
	assert_int_equal(fdt_check_full(tree, CAPACITY), 0);
	assert_int_equal(cpu_word(CRASHED, "reg", 0), 16);
	assert_int_equal(cpu_word(CRASHED, "ibm,ppc-interrupt-server#s", 0), 16);
	assert_int_equal(cpu_word(CRASHED, "ibm,ppc-interrupt-server#s", 1), 17);
	assert_true(fdt_getprop(tree, fdt_path_offset(tree, CRASHED), "ibm,my-drc-index", NULL) ==
		    NULL);
	assert_string_equal(
		fdt_getprop(tree, fdt_path_offset(tree, CRASHED), "ibm,pa-features", NULL), "many");
	assert_true(fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8") > 0);
	make_tree(false);
	delete_cpus();
	mend_tree(3);
	assert_int_equal(cpu_word(CRASHED, "reg", 0), 3);
}

static void make_tree_without_spare(void)
{
	make_tree(true);
	fdt_set_totalsize(tree_planned, fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree) + 8);
	load_tree();
	assert_int_equal(tree_kept.spare, 0);
	expect_proven();
}

/* Where there was no room for such a node it is the tree of the load. */
static void tree_without_spare(void **state)
{
	(void)state;
	make_tree_without_spare();
	expect_tree(8, NULL);
	tree[100] ^= 1;
	expect_tree(8, KEPT_DAMAGED);
	mend_tree(8);
	assert_memory_equal(tree, tree_planned, tree_copy.len);
}

/* --- what the proof of the copy refuses --- */

#define NOT_PLANNED "the copy of the FDT is not what was planned"
#define NO_CPUS "the purgatory does not know where the FDT has its CPUs"
#define NO_NODE "the copy of the FDT has no node for the CPU that crashes"

static void is_refused(const char *what)
{
	struct segment s = tree_segment();

	assert_fails(ppc64_prove_sealed(&s, tree_copy.data, &tree_kept), EINVAL, what);
}

static void expect_refused(const char *what)
{
	is_refused(what);
	make_tree(true);
}

static void copies_refused(void **state)
{
	size_t size;

	(void)state;
	make_tree(true);
	for (size_t at = 0; at < tree_copy.len; at++) {
		if (at < tree_kept.cpus_at || at >= tree_kept.cpus_at + tree_kept.spare) {
			tree_copy.data[at] ^= 1;
			expect_refused(NOT_PLANNED);
		}
	}
	tree_kept.sealed_size--;
	expect_refused(NOT_PLANNED);
	tree_kept.cpus_at = 39;
	expect_refused(NOT_PLANNED);
	tree_kept.cpus_at = -1u;
	expect_refused(NOT_PLANNED);
	tree_kept.cpus_end = tree_kept.cpus_at + tree_kept.spare - 1;
	expect_refused(NOT_PLANNED);
	tree_kept.cpus_end = -1u;
	expect_refused(NOT_PLANNED);
	tree_kept.cpus_end -= 4;
	expect_refused(NO_CPUS);
	tree_kept.cpus_end += 4;
	expect_refused(NO_CPUS);
	tree_kept.cpus_end = tree_kept.cpus_at + tree_kept.spare;
	expect_refused(NO_CPUS);
	tree_kept.cpus_end = fdt_off_dt_strings(tree) + tree_kept.spare;
	expect_refused(NO_CPUS);
	size = tree_kept.spare;
	tree_kept.spare -= 4;
	tree_kept.sealed_size -= 4;
	expect_refused(NOT_PLANNED);
	assert_int_equal(tree_kept.spare, size);
	tree_kept.reg_at += 4;
	expect_refused(NO_NODE);
	tree_kept.ids_at -= 4;
	expect_refused(NO_NODE);
	tree_kept.ids++;
	expect_refused(NO_NODE);
	tree_kept.ids = 1;
	expect_refused(NO_NODE);
	tree_copy.data[tree_kept.cpus_at + 3] = FDT_NOP;
	expect_refused(NO_NODE);
}

/* What the added node is. */
static void spares_refused(void **state)
{
	uint8_t *spare;

	(void)state;
	make_tree(true);
	spare = tree_copy.data + tree_kept.cpus_at;
	*(uint8_t *)memmem(spare, tree_kept.spare, "cpu", 4) = 'x';
	expect_refused(NO_NODE);
	/* It ends with the next one. */
	tree_copy.data[tree_kept.cpus_at + tree_kept.spare - 1] = FDT_NOP;
	expect_refused(NO_NODE);
	make_tree(false);
	tree_kept.ids = 2;
	is_refused(NO_NODE);
	tree_kept.ids = 1;
	tree_kept.ids_at += 4;
	is_refused(NO_NODE);
}

/* Where no node is added, any place could be where it was. */
static void places_refused(void **state)
{
	uint32_t at;

	(void)state;
	make_tree_without_spare();
	at = tree_kept.cpus_at;
	tree_kept.cpus_at = sizeof(struct fdt_header);
	is_refused(NO_CPUS);
	tree_kept.cpus_at = fdt_off_dt_struct(tree) +
		(uint32_t)fdt_path_offset(tree, "/cpus/PowerPC,POWER9@8");
	assert_true(tree_kept.cpus_at > at);
	is_refused(NO_CPUS);
	tree_kept.cpus_at = tree_kept.cpus_end = fdt_off_dt_strings(tree);
	is_refused(NO_CPUS);
}

/* Trees that are laid out in another way than the planner's. */
static void cpu_behind_others(void **state)
{
	int cpus;

	(void)state;
	make_tree(true);
	cpus = fdt_path_offset(tree_planned, "/cpus");
	assert_true(fdt_add_subnode(tree_planned, cpus, "l3-cache") > 0);
	add_cpu(tree_planned, cpus, "PowerPC,POWER9@10", 16, true);
	load_tree();
	is_refused(NO_CPUS);
}

/* A number needs four bytes. */
static void short_numbers(void **state)
{
	int cpu;

	(void)state;
	make_tree(false);
	cpu = fdt_path_offset(tree_planned, "/cpus/PowerPC,POWER9@0");
	assert_int_equal(fdt_setprop(tree_planned, cpu, "ibm,ppc-interrupt-server#s", "12", 3), 0);
	load_tree();
	assert_int_equal(tree_kept.ids, 1);
	assert_int_equal(tree_kept.ids_at, tree_kept.reg_at);
	expect_proven();
}

static void no_cpu_first(void **state)
{
	struct segment s;

	(void)state;
	make_tree(true);
	s = tree_segment();
	assert_true(fdt_add_subnode(tree_planned, fdt_path_offset(tree_planned, "/cpus"), "x") > 0);
	buf_free(&tree_copy);
	assert_fails(ppc64_seal_fdt(&s, &tree_copy, &tree_kept), EINVAL,
		     "the FDT: no node of a CPU is the first below /cpus");
	assert_int_equal(tree_copy.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_rewritten),
		cmocka_unit_test(core_with_text),
		cmocka_unit_test(core_that_ends_with_a_page),
		cmocka_unit_test(core_each_byte),
		cmocka_unit_test(core_each_fault),
		cmocka_unit_test_teardown(core_is_mended, teardown),
		cmocka_unit_test(tree_as_loaded),
		cmocka_unit_test(tree_rewritten),
		cmocka_unit_test(tree_each_byte),
		cmocka_unit_test(tree_values_of_cpus),
		cmocka_unit_test(tree_broken_nodes),
		cmocka_unit_test(tree_words),
		cmocka_unit_test(tree_broken_header),
		cmocka_unit_test_teardown(tree_mended, teardown),
		cmocka_unit_test_teardown(tree_completed, teardown),
		cmocka_unit_test_teardown(tree_without_spare, teardown),
		cmocka_unit_test(copies_refused),
		cmocka_unit_test(spares_refused),
		cmocka_unit_test(places_refused),
		cmocka_unit_test(cpu_behind_others),
		cmocka_unit_test(short_numbers),
		cmocka_unit_test(no_cpu_first),
	};
	int rc = cmocka_run_group_tests_name("kept", tests, NULL, NULL);

	buf_free(&tree_copy);
	return rc;
}
