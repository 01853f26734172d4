// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Device trees in memory, what of them is for the next kernel, and those that users give. */
#include "tests/unit/trees.h"
#include "tests/unit/unit.h"

#include <libfdt.h>

#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/nexttree.h"
#include "kexec/purgatory.h"

static struct arena arena;

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	fail_forget();
	return 0;
}

static struct dt_node *new_root(void)
{
	return tree_new(&arena);
}

static struct dt_node *make_tree(const char *text)
{
	return tree_of(&arena, text);
}

static void order_of_names(void **state)
{
	static const char *const sorted[] = {
		"", "@0", "a", "a@1", "a@2", "a@10", "a@1f", "a@1f,0", "ab", "ab@0", "b", "b@0",
	};
	const size_t n = ARRAY_SIZE(sorted);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		size_t a = i / n, b = i % n;
		int order = dt_compare_names(sorted[a], sorted[b]);

		assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
	}
}

/* The names of all nodes below, in tree order; that each knows its place. */
static void expect_names(const struct dt_node *root, const char *want)
{
	BUF_AUTO got = {0};

	buf_printf(&got, "%s", "");
	for (const struct dt_node *n = NULL; (n = dt_next(root, n));) {
		const struct dt_node *last = n->children;

		while (last && last->next)
			last = last->next;
		assert_ptr_equal(n->last, last);
		for (const struct dt_node *c = n->children; c; c = c->next)
			assert_ptr_equal(c->parent, n);
		if (n != root)
			buf_printf(&got, "%s%s%s", got.len ? " " : "", n->name,
				   dt_prop(n, "first") ? "!" : "");
	}
	assert_string_equal((char *)got.data, want);
}

/* However they come; of equal names the first stays the first. */
static void nodes_in_order(void **state)
{
	static const char *const names[] = { "b@8", "a", "c", "b@10", "b@8", "a", "c", "b" };

	(void)state;
	expect_names(new_root(), "");
	for (int sorted = 0; sorted < 2; sorted++) {
		struct dt_node *root = new_root(), *deep = dt_add_child(&arena, root, "deep");

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct dt_node *node = arena_alloc(&arena, sizeof(*node));

			node->name = names[i];
			if (i < 4)
				dt_set(&arena, node, "first", "", 0);
			(sorted ? dt_append : dt_insert)(deep, node);
		}
		if (sorted) {
			expect_names(root, "deep b@8! a! c! b@10! b@8 a c b");
			dt_sort(root);
		}
		expect_names(root, "deep a! a b b@8! b@8 b@10! c! c");
	}
}

/* Each of the trees that these paths make differs from the others. */
static const char *const paths[] = {
	"", "a", "b", "a/b", "a b", "a:p", "a:q", "a:p=1", "a:p=2", "a:p=12", "a:p,q", "a/b:p",
	"a b:p", "a:p b", ":p", "a/b/c",
};

static void trees_that_differ(void **state)
{
	const size_t n = ARRAY_SIZE(paths);

	(void)state;
	assert_true(dt_same(NULL, NULL));
	for (size_t i = 0; i < n * n; i++) {
		struct dt_node *a = make_tree(paths[i / n]), *b = make_tree(paths[i % n]);

		assert_int_equal(dt_same(a, b), i / n == i % n);
		assert_int_equal(dt_same(dt_copy(&arena, a), b), i / n == i % n);
		assert_false(dt_same(a, NULL) || dt_same(NULL, b));
	}
}

static void walks_of_trees(void **state)
{
	struct dt_node *root = make_tree("a/b/c a/bc d e/f"), *copy = dt_copy(&arena, root);

	(void)state;
	expect_names(root, "a b c bc d e f");
	expect_names(copy, "a b c bc d e f");
	expect_names(dt_find(root, "/a"), "b c bc");
	expect_names(dt_find(root, "/a/b"), "c");
	expect_names(dt_find(root, "/d"), "");
	assert_ptr_equal(dt_find(root, "/"), root);
	assert_ptr_equal(dt_find(root, "//a/bc/"), dt_child(dt_child(root, "a"), "bc"));
	assert_string_equal(dt_find(root, "/a/bc")->name, "bc");
	assert_null(dt_find(root, "/a/x/c"));
	assert_null(dt_find(root, "/a/bcd"));
	assert_null(dt_child(root, "ab"));
	assert_null(dt_child(make_tree("ab"), "a"));
}

static void strings_of_properties(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		bool is, has;	/* the string "ab"; it among others */
	} rows[] = {
		{ "", 0, false, false }, { "", 1, false, false }, { "ab", 2, false, false },
		{ "ab", 3, true, true }, { "abc", 3, false, false }, { "ac", 3, false, false },
		{ "xab", 4, false, false }, { "abc", 4, false, false },
		{ "a", 2, false, false }, { "ab\0", 4, false, true },
		{ "ab\0c", 5, false, true }, { "x\0ab", 5, false, true },
		{ "x\0ab", 4, false, false }, { "x\0abc", 5, false, false },
		{ "\0ab", 4, false, true }, { "abc\0de\0ab", 10, false, true },
	};
	struct dt_node *root = new_root();

	(void)state;
	assert_false(dt_is_type(root, "ab") || dt_compatible(root, "ab"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		dt_set(&arena, root, "device_type", rows[i].value, rows[i].len);
		dt_set(&arena, root, "compatible", rows[i].value, rows[i].len);
		assert_int_equal(dt_is_type(root, "ab"), rows[i].is);
		assert_int_equal(dt_compatible(root, "ab"), rows[i].has);
	}
}

/* Numbers of 4 or 8 bytes; cells are numbers of 4, and 1 or 2. */
static void sizes_of_numbers(void **state)
{
	static const uint8_t bytes[12] = { 0, 0, 0, 2, 0, 0, 0, 1 };
	struct dt_node *root = new_root();
	struct dt_cells cells;
	uint64_t value = 0;

	(void)state;
	assert_int_equal(dt_cells(root, &cells), 0);
	assert_true(cells.addr == 2 && cells.size == 1);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		STRING_AUTO text = mem_printf("has %zu bytes, not 4", len);

		dt_set(&arena, root, "#size-cells", bytes, len);
		if (len == 4 || len == 8) {
			assert_int_equal(dt_number(root, "#size-cells", &value), 1);
			assert_int_equal(value, len == 4 ? 2 : 0x200000001);
		} else {
			assert_fails(dt_number(root, "#size-cells", &value), EINVAL, text);
		}
		if (len != 4)
			assert_fails(dt_cells(root, &cells), EINVAL, text);
	}
	for (unsigned int i = 0; i < 16; i++) {
		uint8_t count[4] = { 0, 0, 0, (uint8_t)(i / 4) };
		bool good = i / 4 >= 1 && i / 4 <= 2 && i % 4 >= 1 && i % 4 <= 2;

		dt_set(&arena, root, "#address-cells", count, 4);
		count[3] = i % 4;
		dt_set(&arena, root, "#size-cells", count, 4);
		if (good) {
			assert_int_equal(dt_cells(root, &cells), 0);
			assert_true(cells.addr == i / 4 && cells.size == i % 4);
		} else {
			assert_fails(dt_cells(root, &cells), EINVAL,
				     "addresses and sizes here have 1 or 2 cells");
		}
	}
}

/* What is put as pairs is read as ranges: all of them, and none that wraps around. */
static void pairs_and_ranges(void **state)
{
	struct dt_node *root = new_root();
	uint8_t bytes[32];

	(void)state;
	for (unsigned int addr = 1; addr <= 2; addr++)
		for (unsigned int size = 1; size <= 2; size++) {
			struct dt_cells cells = { addr, size };
			size_t one = dt_put_pair(bytes, cells, 0x1000, 0x10);
			RANGES_AUTO r = {0};

			assert_int_equal(one, 4 * (addr + size));
			dt_put_pair(bytes + one, cells, 0x2000, 0x20);
			dt_set(&arena, root, "reg", bytes, 2 * one);
			assert_int_equal(dt_add_ranges(dt_prop(root, "reg"), cells, "x", "y", &r),
					 0);
			assert_int_equal(r.n, 2);
			assert_true(r.at[0].start == 0x1000 && r.at[0].end == 0x1010 &&
				    r.at[1].start == 0x2000 && r.at[1].end == 0x2020);
			dt_set(&arena, root, "reg", bytes, 2 * one - 1);
			assert_fails(dt_add_ranges(dt_prop(root, "reg"), cells, "x", "y", &r),
				     EINVAL, "x/reg has ");
			if (addr != 2)
				continue;
			dt_put_pair(bytes, cells, UINT64_MAX, 2);
			dt_set(&arena, root, "reg", bytes, 2 * one);
			assert_fails(dt_add_ranges(dt_prop(root, "reg"), cells, "x", "y", &r),
				     EOVERFLOW, "device tree: x/reg: ");
		}
}

static void properties_are_set(void **state)
{
	static const char *const names[] = { "reg", "ranges", "a", "z", "ranges", "reg", "rag" };
	static const char *const sorted[] = { "a", "rag", "ranges", "reg", "z" };
	struct dt_node *root = new_root();
	size_t i = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		dt_set(&arena, root, names[i], names[i], strlen(names[i]) + 1);
	i = 0;
	for (const struct dt_prop *p = root->props; p; p = p->next) {
		assert_string_equal(p->name, sorted[i]);
		assert_string_equal((const char *)p->data, sorted[i++]);
	}
	assert_int_equal(i, ARRAY_SIZE(sorted));
	dt_remove(root, "r");
	for (i = 0; i < ARRAY_SIZE(sorted); i++) {
		assert_string_equal(dt_prop(root, sorted[i])->name, sorted[i]);
		dt_remove(root, sorted[i]);
		assert_null(dt_prop(root, sorted[i]));
	}
	assert_null(root->props);
}

/* A path, with options or without, or an alias of one. */
static void paths_of_consoles(void **state)
{
	static const struct {
		const char *tree, *console;
	} rows[] = {
		{ "", NULL }, { "chosen serial", NULL }, { "chosen:stdout-path=/serial", NULL },
		{ "chosen:stdout-path=/serial serial", "serial" },
		{ "chosen:stdout-path=/soc/uart:115200n8 soc/uart", "uart" },
		{ "chosen:linux;stdout-path=/a a b", "a" },
		{ "chosen:linux;stdout-path=/a,stdout-path=/b a b", "a" },
		{ "chosen:stdout-path=serial serial", NULL },
		{ "chosen:stdout-path=serial serial aliases", NULL },
		{ "chosen:stdout-path=s0:9600 soc/uart aliases:s0=/soc/uart", "uart" },
		{ "chosen:stdout-path=s0 uart aliases:s0=uart", NULL },
		{ "chosen:stdout-path=s1 uart aliases:s0=/uart", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dt_node *root = make_tree(rows[i].tree);
		const struct dt_node *console = dt_stdout(&arena, root);

		assert_int_equal(console != NULL, rows[i].console != NULL);
		if (console)
			assert_string_equal(console->name, rows[i].console);
	}
}

static void set_pair(struct dt_node *node, const char *name, uint64_t addr, uint64_t size)
{
	uint8_t pair[16];

	dt_set(&arena, node, name, pair, dt_put_pair(pair, (struct dt_cells){ 2, 2 }, addr, size));
}

static void expect_one(const struct ranges *r, bool there, uint64_t start)
{
	assert_int_equal(r->n, there);
	assert_true(!there || r->at[0].start == start);
}

/* The children of the root that are memory, not disabled; of each what may be used, if it says. */
static void memory_of_trees(void **state)
{
	static const struct {
		const char *tree;
		uint64_t start;		/* 0: none */
	} rows[] = {
		{ "", 0 }, { "m", 0 }, { "m:device_type=memory", 0x1000 },
		{ "m:device_type=cpu", 0 }, { "m:device_type=memory,status=okay", 0x1000 },
		{ "m:device_type=memory,status=disabled", 0 }, { "x/m:device_type=memory", 0 },
		{ "m:device_type=memory,usable", 0x8000 }, { "m:device_type=memory,none", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dt_node *root = make_tree(rows[i].tree), *m = NULL;
		RANGES_AUTO memory = {0};

		while ((m = dt_next(root, m))) {
			if (!dt_prop(m, "none"))
				set_pair(m, "reg", 0x1000, 0x1000);
			if (dt_prop(m, "usable"))
				set_pair(m, "linux,usable-memory", 0x8000, 0x1000);
		}
		assert_int_equal(nexttree_memory(root, (struct dt_cells){ 2, 2 }, &memory), 0);
		expect_one(&memory, rows[i].start, rows[i].start);
	}
}

static void memory_that_cannot_be(void **state)
{
	struct dt_node *root = make_tree("m@0 m@1"), *reserved = make_tree("reserved-memory/a@0 "
									   "reserved-memory/b@1");

	(void)state;
	for (int i = 0; i < 2; i++) {	/* the first, the last: neither is passed over */
		struct dt_node *m = i ? root->last : root->children;
		struct dt_node *r = i ? reserved->last->last : reserved->last->children;
		RANGES_AUTO out = {0};

		for (struct dt_node *n = root->children; n; n = n->next) {
			dt_set(&arena, n, "device_type", "memory", 7);
			set_pair(n, "reg", 0x1000, 0x1000);
		}
		for (struct dt_node *n = reserved->last->children; n; n = n->next)
			set_pair(n, "reg", 0x1000, 0x1000);
		assert_int_equal(nexttree_memory(root, (struct dt_cells){ 2, 2 }, &out), 0);
		assert_int_equal(out.n, 2);
		dt_set(&arena, m, "reg", "", 1);
		assert_fails(nexttree_memory(root, (struct dt_cells){ 2, 2 }, &out), EINVAL,
			     "/reg has 1 bytes, not a multiple of 16");
		dt_set(&arena, reserved->last, "#address-cells", "\0\0\0\2", 4);
		dt_set(&arena, reserved->last, "#size-cells", "\0\0\0\2", 4);
		assert_int_equal(nexttree_reserved_memory(reserved, false, &out), 0);
		dt_set(&arena, r, "reg", "", 1);
		assert_fails(nexttree_reserved_memory(reserved, false, &out), EINVAL,
			     "/reg has 1 bytes, not a multiple of 16");
		dt_set(&arena, reserved->last, "#size-cells", "\0\0\0\3", 4);
		assert_fails(nexttree_reserved_memory(reserved, false, &out), EINVAL,
			     "addresses and sizes here have 1 or 2 cells");
	}
}

static void reservations_of_trees(void **state)
{
	static const struct {
		const char *prop;
		bool reserved, mapped;
	} rows[] = {
		{ "reg", true, true }, { "wish", false, false }, { "no-map", true, false },
		{ "reusable", true, false }, { "status", false, false },
	};
	RANGES_AUTO none = {0};

	(void)state;
	assert_int_equal(nexttree_reserved_memory(new_root(), false, &none), 0);
	expect_one(&none, false, 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		struct dt_node *root = make_tree("reserved-memory/a"), *a = root->last->children;
		const char *prop = rows[i / 2].prop;
		RANGES_AUTO out = {0};

		dt_set(&arena, root->last, "#size-cells", "\0\0\0\2", 4);
		dt_set(&arena, a, prop, "disabled", 9);
		if (strcmp(prop, "wish"))
			set_pair(a, "reg", 0x1000, 0x1000);
		assert_int_equal(nexttree_reserved_memory(root, i & 1, &out), 0);
		expect_one(&out, i & 1 ? rows[i / 2].mapped : rows[i / 2].reserved, 0x1000);
	}
}

static void expect_initrd(const struct dt_node *chosen, uint64_t start, uint64_t end)
{
	uint64_t value = 0;

	assert_int_equal(dt_number(chosen, "linux,initrd-start", &value), start != end);
	assert_true(start == end || value == start);
	assert_int_equal(dt_number(chosen, "linux,initrd-end", &value), start != end);
	assert_true(start == end || value == end);
}

/* The command line, the initrd that is loaded, or is there; of the running kernel's nothing. */
static void chosen_of_trees(void **state)
{
	static const char *const stale[] = { "linux,kho-fdt", "kaslr-seed", "rng-seed" };
	struct machine machine = {0};

	(void)state;
	for (int i = 0; i < 6; i++) {
		bool initrd = i / 2 == 1, old = i / 2 == 2;
		struct dt_node *root = make_tree(i & 1 ? "a" : "chosen:kaslr-seed,other,rng-seed");
		const struct dt_node *chosen;
		struct image image;

		image_init(&image, &machine);
		image.cmdline = "quiet";
		image.old_initrd = (struct range){ old ? 0x5000 : 0, old ? 0x5800 : 0, "" };
		image.segment[0] = (struct segment){
			.role = ROLE_INITRD, .name = "initrd", .addr = 0x1000, .bufsz = 0x234,
			.memsz = 0x1000,
		};
		image.n_segments = initrd;
		chosen = nexttree_chosen(&image, root, stale, 2);
		assert_ptr_equal(chosen, dt_child(root, "chosen"));
		assert_true(dt_string_is(chosen, "bootargs", "quiet"));
		assert_non_null(dt_prop(chosen, "linux,booted-from-kexec"));
		assert_null(dt_prop(chosen, "kaslr-seed"));
		assert_int_equal(dt_prop(chosen, "other") != NULL, !(i & 1));
		assert_int_equal(dt_prop(chosen, "rng-seed") != NULL, !(i & 1));
		expect_initrd(chosen, initrd ? 0x1000 : old ? 0x5000 : 0,
			      initrd ? 0x1234 : old ? 0x5800 : 0);
		assert_int_equal(nexttree_reserve(&image, ROLE_INITRD), 0);
		expect_one(&image.reserve, initrd, 0x1000);
		assert_true(!initrd || image.reserve.at[0].end == 0x2000);
		image.n_segments = 0;
		image.dtb_tree = i & 1 ? root : NULL;
		assert_ptr_equal(nexttree_source(&image), image.dtb_tree);
		image_free(&image);
	}
}

/* All of it, as ranges; what wraps around is none. */
static void reserve_maps(void **state)
{
	RANGES_AUTO reserve = {0};
	uint8_t *fdt;
	size_t size;

	(void)state;
	assert_int_equal(ranges_add(&reserve, 0x1000, 0x1000, "a"), 0);
	assert_int_equal(ranges_add(&reserve, 0x8000, 0x1000, "b"), 0);
	for (int bad = 0; bad < 3; bad++) {
		RANGES_AUTO out = {0};

		assert_int_equal(dt_flatten(new_root(), &reserve, &fdt, &size), 0);
		if (bad) {
			be64_put(fdt + fdt_off_mem_rsvmap(fdt) + (bad == 2 ? 16 : 0), UINT64_MAX);
			assert_fails(nexttree_reserved(fdt, &out), EINVAL,
				     "the FDT's reserve map cannot be read");
		} else {
			assert_int_equal(nexttree_reserved(fdt, &out), 0);
			assert_true(out.n == 2 && out.at[0].start == 0x1000 &&
				    out.at[0].end == 0x2000 && out.at[1].end == 0x9000);
		}
		free(fdt);
	}
}

/* A sound blob of version 17 that has the command line. */
static void trees_for_the_next(void **state)
{
	static const struct {
		const char *tree, *text;
		uint32_t version;
		size_t shorter;
	} rows[] = {
		{ "chosen:bootargs=quiet", NULL, 17, 0 },
		{ "chosen:bootargs=quiet", "the FDT is not sound", 17, 1 },
		{ "chosen:bootargs=quiet", "the FDT's version is older than 17", 16, 0 },
		{ "chosen:bootargs=quie", "the FDT does not hold the command line", 17, 0 },
		{ "chosen:other=quiet", "the FDT does not hold the command line", 17, 0 },
		{ "other:bootargs=quiet", "the FDT does not hold the command line", 17, 0 },
	};
	struct image image = { .cmdline = "quiet" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dt_node *root = make_tree(rows[i].tree);
		struct segment s = {0};
		uint8_t *fdt;
		size_t size;

		assert_int_equal(dt_flatten(root, &(struct ranges){0}, &fdt, &size), 0);
		fdt_set_version(fdt, rows[i].version);
		s.data = fdt;
		s.bufsz = size - rows[i].shorter;
		if (rows[i].text)
			assert_fails(nexttree_prove(&image, &s), EINVAL, rows[i].text);
		else
			assert_int_equal(nexttree_prove(&image, &s), 0);
		free(fdt);
	}
}

/* --- what users give for a machine of POWER --- */

#define CPU(id) "cpus/c@" id ":device_type=cpu,reg=<" id " "
#define THREADS(id, next) \
	"cpus/c@" id ":device_type=cpu,reg=<" id ",ibm;ppc-interrupt-server#s=<" id "." next " "
#define OF(size) ":#size-cells=<2 memory@0:device_type=memory,reg=<0.0.0." size " "
#define ALL OF("40000000")
#define MIB ((uint64_t)1 << 20)

/* A machine of three CPUs and 1 GiB, and an image with this tree for it. */
struct given {
	struct ppc64_facts facts;
	struct machine machine;
	struct image image;
	struct ppc64_cpu *cpu;
};

static void give(struct given *g, const char *live, const char *dtb)
{
	*g = (struct given){ .cpu = mem_alloc(3 * sizeof(*g->cpu)) };
	for (uint32_t i = 0; i < 3; i++)
		g->cpu[i] = (struct ppc64_cpu){ i, 8 * i };
	g->facts.cpu = g->cpu;
	g->facts.n_cpus = 3;
	g->machine.arch_facts = &g->facts;
	g->machine.page_size = 65536;
	g->machine.tree = make_tree(live);
	g->machine.crash = (struct range){ 256 * MIB, 512 * MIB, "crash" };
	assert_int_equal(idlist_parse(&g->machine.online, "0-2"), 0);
	assert_int_equal(ranges_add(&g->machine.ram, 0, 1024 * MIB, "RAM"), 0);
	image_init(&g->image, &g->machine);
	g->image.reboot_cpu = -1;
	g->image.dtb.name = "tree.dtb";
	g->image.dtb_tree = make_tree(dtb);
	assert_int_equal(ranges_add(&g->image.free, 0, 1024 * MIB, "RAM"), 0);
}

static void take_back(struct given *g)
{
	g->image.dtb.name = NULL;
	image_free(&g->image);
	idlist_free(&g->machine.online);
	ranges_free(&g->machine.ram);
	free(g->cpu);
	fail_forget();
}

#define THREE CPU("0") CPU("8") CPU("10")
#define NO_START "tree.dtb: no CPU that can start the second kernel is in this device tree"

/* The CPU that crashes is in it, and one that can start the next kernel: another, if need be. */
static void cpus_of_given_trees(void **state)
{
	static const struct {
		const char *live, *dtb, *online;
		int64_t reboot_cpu, chosen;	/* chosen: -1, as it was */
		bool crash;
		const char *text;	/* NULL: it may be used */
	} rows[] = {
		{ THREE, THREE, "0-2", 0, -1, true, NULL },
		{ THREE, "", "0-2", 0, -1, false, "there is no CPU in this device tree" },
		{ THREE, "cpus ", "0-2", 0, -1, true, "there is no CPU in this device tree" },
		{ THREE, CPU("0") CPU("8"), "0-2", 0, -1, true,
		  "tree.dtb: the CPU with hardware id 16 is not in this device tree" },
		{ THREE, CPU("8") CPU("10"), "0-2", 0, -1, true, "hardware id 0 is not" },
		{ THREE, CPU("0") CPU("8"), "0-2", 0, -1, false, NULL },
		{ THREE, CPU("8") CPU("10"), "0-2", 0, 1, false, NULL },
		{ THREE, CPU("10"), "0,2", 0, 2, false, NULL },
		{ THREE, CPU("8"), "0,2", 0, -1, false, NO_START },
		{ THREE, CPU("8"), "0-2", -1, -1, false, NO_START },
		{ THREE, CPU("0"), "0-2", -1, -1, false, NULL },
		{ THREE, CPU("8"), "0-2", 1, -1, false, NULL },
		{ THREE, CPU("0"), "0,2", 1, -1, false, NULL },
		{ THREE, CPU("8"), "", 1, -1, false, NULL },
		{ THREE, CPU("8"), "", 5, -1, false, NO_START },
		{ THREADS("0", "1"), THREADS("0", "1"), "0-2", 0, -1, true, NULL },
		{ THREADS("0", "1"), CPU("0"), "0-2", 0, -1, true, "hardware id 1 is not" },
		{ CPU("0") CPU("8"), CPU("0") "cpus/l2:reg=<8 ", "0-2", 0, -1, true,
		  "hardware id 8 is not" },
		{ CPU("0") "cpus/l2:reg=<8 cpus/d:device_type=cpu ", CPU("0"), "0-2", 0, -1, true,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO dtb = mem_printf("%s" ALL, rows[i].dtb);
		struct given g;

		give(&g, rows[i].live, dtb);
		idlist_free(&g.machine.online);
		if (*rows[i].online)
			assert_int_equal(idlist_parse(&g.machine.online, rows[i].online), 0);
		g.machine.reboot_cpu = rows[i].reboot_cpu;
		g.image.crash = rows[i].crash;
		if (rows[i].text)
			assert_fails(ppc64_check_dtb(&g.image), EINVAL, rows[i].text);
		else
			assert_int_equal(ppc64_check_dtb(&g.image), 0);
		assert_int_equal(g.image.reboot_cpu, rows[i].chosen);
		take_back(&g);
	}
}

static const char *in_mib(const struct ranges *r)
{
	BUF_AUTO text = {0};

	buf_printf(&text, "%s", "");
	for (size_t i = 0; i < r->n; i++)
		buf_printf(&text, "%s%d-%d", i ? " " : "", (int)(r->at[i].start / MIB),
			   (int)(r->at[i].end / MIB));
	return arena_string(&arena, (char *)text.data, text.len);
}

#define WARNING "is memory of this machine"
#define PIECE(n) "m@" n ":device_type=memory,reg=<0." n "000000.0.1000000 "
#define EIGHT \
	":#size-cells=<2 " PIECE("0") PIECE("2") PIECE("4") PIECE("6") PIECE("8") PIECE("a") \
	PIECE("c") PIECE("e")

/* What it says of memory, and what it sets aside: where segments may go then. */
static void memory_of_given_trees(void **state)
{
	static const struct {
		const char *dtb;
		bool crash;
		const char *free, *text;	/* of a warning, or (free: NULL) a refusal */
	} rows[] = {
		{ ALL, false, "0-1024", NULL },
		{ ALL, true, "0-1024", NULL },
		{ ":#size-cells=<2", false, NULL, "tree.dtb: no memory at address 0 is" },
		{ ":#size-cells=<2 m:device_type=memory,reg=<0.100000.0.40000000", false, NULL,
		  "no memory at address 0 is in this device tree" },
		{ ":#size-cells=<2 m:device_type=memory,reg=<0", false, NULL,
		  "tree.dtb: device tree: m/reg has 4 bytes" },
		{ OF("18000000"), true, NULL, "tree.dtb: the crash region is not in this" },
		{ OF("20000000"), true, "0-1024", NULL },
		{ OF("18000000"), false, "0-384", NULL },
		{ OF("80000000"), false, "0-1024", "not all of 0x0-0x80000000 " WARNING },
		{ OF("80000000"), true, "0-1024", "not all of 0x0-0x80000000 " WARNING },
		{ EIGHT, false, "0-16 32-48 64-80 96-112 128-144 160-176 192-208 224-240", NULL },
		{ ALL ":reserved-ranges=<0.100000.0.100000", false, "0-1 2-1024", NULL },
		{ ALL "reserved-memory:#size-cells=<2 reserved-memory/a:reg=<0.300000.0.100000",
		  false, "0-3 4-1024", NULL },
		{ ALL ":reserved-ranges=<1", false, NULL,
		  "tree.dtb: device tree: /reserved-ranges has 4 bytes" },
		{ ALL "reserved-memory:#size-cells=<3", false, NULL, "tree.dtb: device tree: res" },
		{ ALL ":#size-cells=<3", false, NULL, "tree.dtb: device tree: /#size-cells is 3" },
		{ ALL ":#size-cells=<3,reserved-ranges=<0.100000.0.100000", false, NULL,
		  "tree.dtb: device tree: /#size-cells is 3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO dtb = mem_printf(CPU("0") "%s", rows[i].dtb);
		struct given g;
		struct said said;

		give(&g, CPU("0"), dtb);
		g.image.crash = rows[i].crash;
		if (rows[i].free) {
			unit_listen(&said);
			assert_int_equal(ppc64_check_dtb(&g.image), 0);
			unit_heard(&said);
			assert_string_equal(in_mib(&g.image.free), rows[i].free);
			assert_int_equal(*said.text != 0, rows[i].text != NULL);
			assert_true(!rows[i].text || strstr(said.text, rows[i].text));
		} else {
			assert_fails(ppc64_check_dtb(&g.image), EINVAL, rows[i].text);
		}
		take_back(&g);
	}
}

/* The reserve map but for what held the initrd that is no more: where /chosen says, in pages. */
static void reserve_maps_of_given_trees(void **state)
{
	static const struct {
		const char *chosen;
		uint64_t starts[3];	/* in MiB, each of 1 MiB; a 0 behind the first ends them */
		const char *free;
	} rows[] = {
		{ "", { 5, 7 }, "0-5 6-7 8-1024" },
		{ "chosen", { 5, 7 }, "0-5 6-7 8-1024" },
		{ "chosen:linux;initrd-start=<500000,linux;initrd-end=<600000", { 5, 7 },
		  "0-7 8-1024" },
		{ "chosen:linux;initrd-start=<508000,linux;initrd-end=<5ff001", { 7, 5 },
		  "0-7 8-1024" },
		{ "chosen:linux;initrd-start=<500000,linux;initrd-end=<600000", { 5, 5, 7 },
		  "0-7 8-1024" },
		{ "chosen:linux;initrd-start=<500000,linux;initrd-end=<600001", { 5, 7 },
		  "0-5 6-7 8-1024" },
		{ "chosen:linux;initrd-start=<4ff000,linux;initrd-end=<600000", { 5, 7 },
		  "0-5 6-7 8-1024" },
		{ "chosen:linux;initrd-start=<500000", { 5, 7 }, "0-5 6-7 8-1024" },
		{ "chosen:linux;initrd-end=<100000", { 0, 7 }, "1-7 8-1024" },
		{ "chosen:linux;initrd-start=ab,linux;initrd-end=<600000", { 5, 7 },
		  "0-5 6-7 8-1024" },
		{ "chosen:linux;initrd-start=<500000,linux;initrd-end=ab", { 5, 7 },
		  "0-5 6-7 8-1024" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO dtb = mem_printf(CPU("0") ALL "%s", rows[i].chosen);
		struct given g;

		give(&g, CPU("0"), dtb);
		for (size_t k = 0; k < 3 && (!k || rows[i].starts[k]); k++)
			assert_int_equal(ranges_add(&g.image.dtb_reserve, rows[i].starts[k] * MIB,
						    MIB, "reserved"), 0);
		assert_int_equal(ppc64_check_dtb(&g.image), 0);
		assert_string_equal(fail_text(), "");
		assert_string_equal(in_mib(&g.image.free), rows[i].free);
		take_back(&g);
	}
}

/* What only the running kernel knows is as it is there; all else is the user's. */
static void facts_of_given_trees(void **state)
{
	static const struct {
		const char *live, *dtb, *want;
	} rows[] = {
		{ "", "", "" }, { "a", "b", "b" }, { "chosen", "a", "a chosen" },
		{ "a:cpu-version=<1", "a:cpu-version=<1", "a:cpu-version=<1" },
		{ "a:cpu-version=<1", "a:cpu-version=<2", "a:cpu-version=<1" },
		{ "a:cpu-version=<1", "a:cpu-version=<1.2", "a:cpu-version=<1" },
		{ "a:cpu-version=<1.2", "a:cpu-version=<1", "a:cpu-version=<1.2" },
		{ "a", "a:cpu-version=<2", "a" },
		{ "a:cpu-version=<1,x=<1", "a:x=<2", "a:cpu-version=<1,x=<2" },
		{ "b:cpu-version=<1", "a:cpu-version=<2", "a:cpu-version=<2" },
		{ "a b:cpu-version=<1 d", "b:cpu-version=<2 c d:cpu-version=<5",
		  "b:cpu-version=<1 c d" },
		{ "a/b/c:linux;tce-base=<1 a/b/d", "a/b/c a/b/d:linux;tce-base=<2",
		  "a/b/c:linux;tce-base=<1 a/b/d" },
		{ "rtas:x=<1,phandle=<7,name=rtas,interrupt-parent=<1", "", "rtas:x=<1" },
		{ "rtas:x=<1,phandle=<7", "rtas:y=<1,z=<2,phandle=<9,linux;phandle=<9",
		  "rtas:x=<1,phandle=<9,linux;phandle=<9" },
		{ "ibm;opal:v=<1 ibm;opal/firmware/exports:a=<1", "ibm;opal:old=<5",
		  "ibm;opal:v=<1 ibm;opal/firmware/exports:a=<1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Of each property that is not as the user said. */
		bool is_told = strcmp(rows[i].want, rows[i].dtb) && !strchr(rows[i].want, ' ');
		struct dt_node *tree, *want = make_tree(rows[i].want);
		struct said said;
		struct given g;

		give(&g, rows[i].live, rows[i].dtb);
		tree = dt_copy(&arena, g.image.dtb_tree);
		message_debug(true);
		unit_listen(&said);
		ppc64_complete_dtb(&g.image, tree);
		unit_heard(&said);
		message_debug(false);
		assert_true(*said.text ? strcmp(rows[i].want, rows[i].dtb) : !is_told);
		if (!dt_same(tree, want))
			print_error("not \"%s\"\n", rows[i].want);
		assert_true(dt_same(tree, want));
		take_back(&g);
	}
}

/* Takes what it is given out, and fails with the n-th. */
struct pointers {
	struct buf text;
	int fails_at;
};

static int note_pointer(struct dt_node *node, const struct ppc64_pointer *p, void *context)
{
	struct pointers *seen = context;

	buf_printf(&seen->text, "%s%s/%s %s %x+%x", seen->text.len ? ", " : "", node->name, p->base,
		   p->why, (unsigned int)p->start, (unsigned int)p->bytes);
	dt_remove(node, p->base);
	dt_remove(node, p->size);
	return --seen->fails_at ? 0 : -EIO;
}

/* Whatever the tree points to; a virtual TPM's log as the running kernel put it. */
static void pointers_of_trees(void **state)
{
	static const struct {
		const char *tree;
		bool little;
		int fails_at, err;
		const char *want;
	} rows[] = {
		{ "", true, 0, 0, "" },
		{ "a:device_type=pci,linux;tce-base=<1000,linux;tce-size=<10", true, 0, 0,
		  "a/linux,tce-base TCE table 1000+10" },
		{ "a:device_type=pci,linux;tce-base=<0.1000,linux;tce-size=<0.10", true, 0, 0,
		  "a/linux,tce-base TCE table 1000+10" },
		{ "a:linux;tce-base=<1000,linux;tce-size=<10", true, 0, 0, "" },
		{ "a:device_type=pci,linux;tce-base=<1000", true, 0, 0, "" },
		{ "a:device_type=pci,linux;tce-size=<1000", true, 0, 0, "" },
		{ "a:device_type=pci,linux;tce-base=<1.2.3,linux;tce-size=<10", true, 0, EINVAL,
		  "a/linux,tce-base and linux,tce-size have 12 and 4 bytes, not 4 or 8" },
		{ "a:device_type=pci,linux;tce-base=<1,linux;tce-size=ab b", true, 0, EINVAL,
		  "a/linux,tce-base and linux,tce-size have 4 and 3 bytes, not 4 or 8" },
		{ "v:linux;sml-base=<1000,linux;sml-size=<10", true, 0, 0,
		  "v/linux,sml-base TPM log 1000+10" },
		{ "v:linux;sml-size=<10", true, 0, 0, "" },
		{ "v:compatible=IBM;vtpm,linux;sml-base=<100000,linux;sml-size=<10000000", true, 0,
		  0, "v/linux,sml-base TPM log 1000+10" },
		{ "v:compatible=IBM;vtpm20,linux;sml-base=<100000,linux;sml-size=<10000000", true,
		  0, 0, "v/linux,sml-base TPM log 1000+10" },
		{ "v:compatible=IBM;vtpm20,linux;sml-base=<1000,linux;sml-size=<10", false, 0, 0,
		  "v/linux,sml-base TPM log 1000+10" },
		{ "ibm;opal/firmware:symbol-map=<0.1.0.2 ibm;opal/firmware/exports:a=<0.3.0.4,"
		  "b=<0.5.0.6.7,c=<0.7.8,name=more-than-16-bytes ibm;opal/firmware/exports/x:d="
		  "<0.8.0.9", true, 0, 0,
		  "firmware/symbol-map export of OPAL 1+2, exports/a export of OPAL 3+4, "
		  "exports/b export of OPAL 5+6, x/d export of OPAL 8+9" },
		{ "ibm;opal/firmware", true, 0, 0, "" },
		{ "ibm;opal/firmware:symbol-map=<0.1.0.2 ibm;opal/firmware/exports:a=<0.3.0.4",
		  true, 1, EIO, "firmware/symbol-map export of OPAL 1+2" },
		{ "ibm;opal/firmware/exports:a=<0.3.0.4,b=<0.5.0.6 ibm;opal/firmware/exports/x:d="
		  "<0.8.0.9", true, 1, EIO, "exports/a export of OPAL 3+4" },
		{ "ibm;opal/firmware/exports:b=<0.5.0.6 ibm;opal/firmware/exports/x:d=<0.8.0.9 v:"
		  "linux;sml-base=<1,linux;sml-size=<1", true, 1, EIO,
		  "exports/b export of OPAL 5+6" },
		{ "a:device_type=pci,linux;tce-base=<1,linux;tce-size=<2,linux;sml-base=<3,"
		  "linux;sml-size=<4 b:linux;sml-base=<5,linux;sml-size=<6", true, 1, EIO,
		  "a/linux,tce-base TCE table 1+2" },
		{ "a:device_type=pci,linux;tce-base=<1,linux;tce-size=<2,linux;sml-base=<3,"
		  "linux;sml-size=<4 b:linux;sml-base=<5,linux;sml-size=<6", true, 2, EIO,
		  "a/linux,tce-base TCE table 1+2, a/linux,sml-base TPM log 3+4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine m = { .little = rows[i].little };
		struct pointers seen = { .fails_at = rows[i].fails_at };
		int rc;

		buf_printf(&seen.text, "%s", "");
		rc = ppc64_each_pointer(&m, make_tree(rows[i].tree), note_pointer, &seen);
		assert_int_equal(rc, -rows[i].err);
		if (rc == -EINVAL)
			assert_non_null(strstr(fail_text(), rows[i].want));
		else
			assert_string_equal((char *)seen.text.data, rows[i].want);
		fail_forget();
		buf_free(&seen.text);
	}
}

/* Without room for what is at the start of memory there is no dump. */
static void no_room_for_the_start(void **state)
{
	struct given g;

	(void)state;
	give(&g, CPU("0"), "");
	g.image.crash = true;
	ranges_clip(&g.image.free, 0, 0);
	assert_fails(ppc64_core(&g.image), ENOSPC, "backup");
	take_back(&g);
}

/* What secondary CPUs run is the new kernel's, but for its first instruction, and all there. */
static void heads_of_kernels(void **state)
{
	struct kernel_piece piece = { .addr = 0x2000000, .memsz = 0x1000 };
	uint8_t head[PURGATORY_HEAD_SIZE], *purgatory = mem_alloc(0x2000);
	struct given g;

	(void)state;
	memset(head, 0xa5, sizeof(head));
	give(&g, CPU("0"), "");
	g.image.purgatory = purgatory;
	g.image.kernel.file.name = "vmlinux";
	g.image.kernel.low = piece.addr;
	g.image.kernel.piece = &piece;
	g.image.kernel.n_pieces = 1;
	piece.data = head;
	piece.filesz = sizeof(head) - 1;
	assert_fails(ppc64_fill(&g.image), EINVAL,
		     "kernel vmlinux: its first segment has less than 256 bytes");
	piece.filesz = sizeof(head);
	g.facts.hvterm_unit = 0x71000000;
	assert_int_equal(ppc64_fill(&g.image), 0);
	assert_memory_equal(purgatory, "\0\0\0\0", 4);
	assert_memory_equal(purgatory + 4, head + 4, sizeof(head) - 4);
	assert_int_equal(be64_get(purgatory + PURGATORY_PARAM(console_port)), 0x71000000);
	g.image.kernel = (struct kernel){0};
	g.image.purgatory = NULL;
	take_back(&g);
	free(purgatory);
}

/* The crash region as far as the capture kernel has it, which cuts its memory to whole 16 MiB. */
static void rooms_of_crash_regions(void **state)
{
	static const struct {
		uint64_t start, end;	/* in MiB, as all that follows */
		uint64_t hole, hole_end, pointed;	/* of memory; pointed: 0, none */
		const char *dtb;	/* NULL: the live tree serves, else what the user's has */
		const char *free, *text;
	} rows[] = {
		{ 256, 512, 0, 0, 0, NULL, "0-512", NULL },
		{ 256, 505, 0, 0, 0, NULL, "0-496", NULL },
		{ 256, 260, 0, 0, 0, NULL, "0-260", NULL },
		{ 256, 505, 300, 400, 0, NULL, "0-505", NULL },
		{ 256, 505, 500, 1024, 0, NULL, "0-505", NULL },
		{ 256, 505, 0, 0, 600, NULL, "0-599", NULL },
		{ 256, 505, 0, 0, 0, ALL, "0-496", NULL },
		{ 256, 505, 0, 0, 0,
		  OF("6400000") "m@1:device_type=memory,reg=<0.c800000.0.40000000 ", "0-500",
		  NULL },
		{ 256, 505, 0, 0, 0, ":#size-cells=<3", NULL,
		  "tree.dtb: device tree: /#size-cells is 3" },
		{ 256, 505, 0, 0, 0, ":#size-cells=<2 m:device_type=memory,reg=<0", NULL,
		  "tree.dtb: device tree: m/reg has 4 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO dtb = mem_printf(CPU("0") "%s", rows[i].dtb ? rows[i].dtb : "");
		struct given g;

		give(&g, CPU("0"), dtb);
		if (!rows[i].dtb)
			g.image.dtb_tree = NULL;
		g.image.crash = true;
		g.machine.real_mode_limit = UINT64_MAX;
		g.machine.crash = (struct range){ rows[i].start * MIB, rows[i].end * MIB, "" };
		ranges_add(&g.facts.memory, 0, 1024 * MIB, "memory");
		ranges_subtract_one(&g.facts.memory, rows[i].hole * MIB, rows[i].hole_end * MIB);
		ranges_add(&g.facts.pointed, rows[i].pointed * MIB, rows[i].pointed ? 1 : 0, "log");
		if (rows[i].text) {
			assert_fails(ppc64_room(&g.image), EINVAL, rows[i].text);
		} else {
			assert_int_equal(ppc64_room(&g.image), 0);
			assert_string_equal(in_mib(&g.image.free), rows[i].free);
		}
		ranges_free(&g.facts.memory);
		ranges_free(&g.facts.pointed);
		take_back(&g);
	}
}

/* Memory that is low enough can be had; what is set aside in it must be understood. */
static void low_crash_regions(void **state)
{
	struct given g;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool bad = i == 3;

		give(&g, bad ? "reserved-memory:#size-cells=<3 " CPU("0") : CPU("0"), "");
		g.image.dtb_tree = NULL;
		g.image.crash = i != 2;
		g.image.more_room = NULL;
		g.machine.real_mode_limit = 256 * MIB + (i == 1 ? MIB : 0);
		assert_int_equal(ppc64_low_memory(&g.machine), g.machine.real_mode_limit);
		if (bad)
			assert_fails(ppc64_room(&g.image), EINVAL, "#size-cells is 3");
		else
			assert_int_equal(ppc64_room(&g.image), 0);
		assert_int_equal(g.image.more_room != NULL, i == 0 || bad);
		take_back(&g);
	}
	give(&g, CPU("0"), ALL);
	assert_fails(ppc64_room(&g.image), EINVAL, "there is no CPU in this device tree");
	take_back(&g);
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order_of_names),
		TEST(nodes_in_order),
		TEST(trees_that_differ),
		TEST(walks_of_trees),
		TEST(strings_of_properties),
		TEST(sizes_of_numbers),
		TEST(pairs_and_ranges),
		TEST(properties_are_set),
		TEST(paths_of_consoles),
		TEST(memory_of_trees),
		TEST(memory_that_cannot_be),
		TEST(reservations_of_trees),
		TEST(chosen_of_trees),
		TEST(reserve_maps),
		TEST(trees_for_the_next),
		TEST(cpus_of_given_trees),
		TEST(memory_of_given_trees),
		TEST(reserve_maps_of_given_trees),
		TEST(facts_of_given_trees),
		TEST(pointers_of_trees),
		TEST(no_room_for_the_start),
		TEST(heads_of_kernels),
		TEST(rooms_of_crash_regions),
		TEST(low_crash_regions),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
