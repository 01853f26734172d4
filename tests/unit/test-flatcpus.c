// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* How many CPU nodes fit: the quick answer is that of libfdt doing all of it. */
#include "tests/unit/flat.h"
#include "tests/unit/trees.h"
#include "tests/unit/unit.h"

#include <libfdt.h>

#include "kexec/arch/ppc64/flatcpus.h"

#define TREES	100
#define CORES	40

static struct arena arena;

static unsigned int random_below(unsigned int n)
{
	static uint64_t state = 88172645463325252ull;	/* xorshift64 */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % n;
}

static int add_node(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	STRING_AUTO name = mem_printf("cpu@f%07x", (unsigned int)i);
	int rc = 0, node = fdt_add_subnode(fdt, cpus, name);

	if (node < 0)
		return node;
	for (const struct dt_prop *p = like->props; p && !rc; p = p->next)
		rc = fdt_setprop(fdt, node, p->name, p->data, (int)p->len);
	return rc ? rc : fdt_setprop_string(fdt, node, "name", name);
}

/* As the kernel does it, on a copy. */
static uint64_t replay(const uint8_t *fdt, size_t size, const struct dt_node *like, uint64_t cores)
{
	uint8_t *copy = mem_alloc(size);
	int node, cpus = fdt_path_offset(fdt, "/cpus");
	uint64_t i = 0;

	memcpy(copy, fdt, size);
	for (node = fdt_first_subnode(copy, cpus); node >= 0;)
		if (flatcpus_is_cpu(copy, node)) {
			assert_int_equal(fdt_del_node(copy, node), 0);
			node = fdt_first_subnode(copy, cpus);
		} else {
			node = fdt_next_subnode(copy, node);
		}
	while (i < cores && !add_node(copy, cpus, like, i))
		i++;
	free(copy);
	return i;
}

/* Names are tails of others, which libfdt shares. */
static void add_props(struct dt_node *node)
{
	static const char *const names[] = {
		"reg",	   "ibm,reg", "x", "long-property-of-firmware", "property-of-firmware",
		"name-of", "e",
	};
	uint8_t data[300];

	for (unsigned int i = random_below(12); i; i--) {
		memset(data, (int)random_below(256), sizeof(data));
		dt_set(&arena, node, names[random_below(ARRAY_SIZE(names))], data,
		       random_below(sizeof(data)));
	}
}

static struct dt_node *random_tree(const struct dt_node **like)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *cpus, *n;

	root->name = "";
	cpus = dt_add_child(&arena, root, "cpus");
	add_props(dt_add_child(&arena, root, "before"));
	add_props(dt_add_child(&arena, root, "pci@1"));
	for (unsigned int i = random_below(8); i; i--) {
		STRING_AUTO name = mem_printf("%s@%x", random_below(4) ? "cpu" : "cache", i);

		n = dt_add_child(&arena, cpus, name);
		add_props(n);
		if (*name == 'c' && name[1] == 'p')
			dt_set(&arena, n, "device_type", "cpu", 4);
		if (!random_below(3))
			add_props(dt_add_child(&arena, n, "l2-cache"));
	}
	n = arena_alloc(&arena, sizeof(*n));
	n->name = "cpu";
	add_props(n);
	dt_set(&arena, n, "device_type", "cpu", 4);
	*like = n;
	return root;
}

static size_t used(const uint8_t *fdt)
{
	return fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);
}

static uint64_t quick(const uint8_t *fdt, const struct dt_node *like, uint64_t cores)
{
	uint64_t added = UINT64_MAX;

	assert_int_equal(flatcpus_replace(fdt, like, cores, add_node, &added), 0);
	return added;
}

static void as_libfdt_does_it(void **state)
{
	unsigned int some = 0, edges = 0;

	(void)state;
	for (unsigned int t = 0; t < TREES; t++) {
		const struct dt_node *like;
		struct dt_node *root = random_tree(&like);
		unsigned int cores = random_below(CORES);
		RANGES_AUTO reserve = {0};
		uint64_t fits;
		uint8_t *fdt;
		size_t size;

		assert_int_equal(ranges_add(&reserve, t * 4096, random_below(2), "r"), 0);
		flatten_with_room(root, &reserve, random_below(CORES * 600), &fdt, &size);
		fits = replay(fdt, size, like, cores);
		assert_int_equal(quick(fdt, like, cores), fits);
		some += fits > 0 && fits < cores;
		/* To the byte, about where the last one that fits does so no more. */
		for (size_t less = size - 1; fits && less >= used(fdt);
		     less -= 1 + random_below(20)) {
			fdt_set_totalsize(fdt, (uint32_t)less);
			if (replay(fdt, less, like, fits) == fits)
				continue;
			edges++;
			for (size_t at = less; at < less + 20 && at <= size; at++) {
				fdt_set_totalsize(fdt, (uint32_t)at);
				assert_int_equal(quick(fdt, like, cores),
						 replay(fdt, at, like, cores));
			}
			break;
		}
		free(fdt);
	}
	assert_true(some > TREES / 10 && edges > TREES / 10);
	arena_free(&arena);
}

/* What libfdt would not edit. */
static void not_to_be_edited(void **state)
{
	const struct dt_node *like;
	struct dt_node *root = random_tree(&like);
	uint64_t added;
	uint8_t *fdt;
	size_t size;

	(void)state;
	flatten_with_room(root, &(struct ranges){0}, 5000, &fdt, &size);
	fdt_set_version(fdt, 16);
	assert_int_equal(flatcpus_replace(fdt, like, 3, add_node, &added), -FDT_ERR_BADVERSION);
	fdt_set_version(fdt, 17);
	fdt_set_totalsize(fdt, fdt_off_dt_strings(fdt));
	assert_int_equal(flatcpus_replace(fdt, like, 3, add_node, &added), -FDT_ERR_BADLAYOUT);
	fdt_set_totalsize(fdt, (uint32_t)size);
	assert_int_equal(fdt_set_name(fdt, fdt_path_offset(fdt, "/cpus"), "spuc"), 0);
	assert_int_equal(flatcpus_replace(fdt, like, 3, add_node, &added), -FDT_ERR_NOTFOUND);
	free(fdt);
	arena_free(&arena);
}

static uint8_t *blob_of(const char *words, size_t room, size_t *size)
{
	uint8_t *fdt;

	flatten_with_room(tree_of(&arena, words), &(struct ranges){0}, room, &fdt, size);
	return fdt;
}

/* What the kernel replaces, and how large it is with all that is in it. */
static void nodes_of_cpus(void **state)
{
	static const struct {
		const char *type;
		int len;	/* < 0: it has none */
		bool is;
	} rows[] = {
		{ "cpu", 4, true }, { "", -1, false }, { "", 0, false }, { "cpu", 3, false },
		{ "abc", 4, false }, { "cpus", 5, false }, { "cpu\0", 5, false },
		{ "cache", 6, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dt_node *root = tree_of(&arena, "cpus/a/b/c:p=<1 cpus/a/d cpus/e");
		uint8_t *fdt;
		size_t size;

		if (rows[i].len >= 0)
			dt_set(&arena, dt_find(root, "/cpus/a"), "device_type", rows[i].type,
			       (size_t)rows[i].len);
		flatten_with_room(root, &(struct ranges){0}, 0, &fdt, &size);
		assert_int_equal(flatcpus_is_cpu(fdt, fdt_path_offset(fdt, "/cpus/a")), rows[i].is);
		assert_int_equal(flatcpus_node_size(fdt, fdt_path_offset(fdt, "/cpus/e")), 12);
		assert_int_equal(flatcpus_node_size(fdt, fdt_path_offset(fdt, "/cpus/a/b")),
				 12 + 12 + 16);
		assert_int_equal(flatcpus_node_size(fdt, fdt_path_offset(fdt, "/cpus/a")),
				 12 + 12 + 12 + 16 + 12 +
					 (rows[i].len < 0 ? 0 : 12 + (rows[i].len + 3) / 4 * 4));
		free(fdt);
	}
	arena_free(&arena);
}

/* Each of the blocks is where libfdt looks for what it edits, or nothing is edited. */
static void layouts(void **state)
{
	static const struct {
		int reserve, structure, strings, total;		/* moved by so many bytes */
		bool bad;
	} rows[] = {
		{ 0, 0, 0, 0, false },
		{ -8, 0, 0, 0, false },
		{ -16, 0, 0, 0, true },	/* in the header: without an entry */
		{ 90, 0, 0, 0, true },	/* without an end */
		{ 0, -16, 0, 0, true },
		{ 0, -8, 0, 0, true },
		{ 0, 0, -4, 0, true },
		{ 0, 0, 0, -36, false },
		{ 0, 0, 0, -37, true },
	};
	static const struct dt_node like = { .name = "cpu" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t added;
		size_t size;
		uint8_t *fdt = blob_of("cpus:p", 36, &size);
		int rc;

		fdt_set_off_mem_rsvmap(fdt, fdt_off_mem_rsvmap(fdt) + rows[i].reserve);
		fdt_set_off_dt_struct(fdt, fdt_off_dt_struct(fdt) + rows[i].structure);
		fdt_set_off_dt_strings(fdt, fdt_off_dt_strings(fdt) + rows[i].strings);
		fdt_set_totalsize(fdt, fdt_totalsize(fdt) + rows[i].total);
		rc = flatcpus_replace(fdt, &like, 1, add_node, &added);
		if (rc != (rows[i].bad ? -FDT_ERR_BADLAYOUT : 0))
			print_error("%zu: %s\n", i, fdt_strerror(rc));
		assert_int_equal(rc, rows[i].bad ? -FDT_ERR_BADLAYOUT : 0);
		free(fdt);
	}
	arena_free(&arena);
}

static int add_none(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	(void)fdt, (void)cpus, (void)like, (void)i;
	return -FDT_ERR_BADVALUE;
}

static int add_one(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	int rc = add_node(fdt, cpus, like, i);

	return i ? -FDT_ERR_BADVALUE : rc;
}

static int add_second(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	int rc = add_node(fdt, cpus, like, i);

	return i ? rc : -FDT_ERR_BADVALUE;
}

/* What cannot be added to a tree of its own cannot be to any. */
static void nodes_that_cannot_be_added(void **state)
{
	static flatcpus_add_fn *const adds[] = { add_none, add_one, add_second };
	const struct dt_node like = { .name = "cpu" };
	uint8_t *fdt;
	size_t size;

	(void)state;
	fdt = blob_of("cpus", 4096, &size);
	for (size_t i = 0; i < ARRAY_SIZE(adds); i++) {
		uint64_t added = 1;

		assert_int_equal(flatcpus_replace(fdt, &like, 3, adds[i], &added),
				 -FDT_ERR_BADVALUE);
		assert_int_equal(added, 0);
	}
	free(fdt);
	arena_free(&arena);
}

/* What is measured takes at most 64 MiB. */
static void nodes_that_are_too_large(void **state)
{
	const uint32_t len = ((64 << 20) - 4096) / 4 - 1024 - 3 - 64 - 2;
	struct dt_prop p = { .name = "p", .len = len };
	const struct dt_node like = { .name = "cpu", .props = &p };
	uint64_t added;
	uint8_t *fdt;
	size_t size;

	(void)state;
	fdt = blob_of("cpus", 4096, &size);
	assert_int_equal(fdt_size_dt_strings(fdt), 0);
	assert_int_equal(flatcpus_replace(fdt, &like, 3, add_none, &added), -FDT_ERR_BADVALUE);
	p.len++;
	assert_int_equal(flatcpus_replace(fdt, &like, 3, add_none, &added), -FDT_ERR_NOSPACE);
	free(fdt);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_libfdt_does_it),
		cmocka_unit_test(not_to_be_edited),
		cmocka_unit_test(nodes_of_cpus),
		cmocka_unit_test(layouts),
		cmocka_unit_test(nodes_that_cannot_be_added),
		cmocka_unit_test(nodes_that_are_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
