// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Device tree, memory blocks, elfcorehdr and the room for hotplug. */
#include "tests/unit/flat.h"
#include "tests/unit/unit.h"

#include <libfdt.h>
#include <sys/stat.h>

#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/elfcorehdr.h"
#include "kexec/plan.h"
#include "kexec/arch/ppc64/cpunodes.h"
#include "kexec/rehearse.h"

#define TREE "proc/device-tree/"

static char *dir;
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	arena_free(&arena);
	fail_forget();
	return 0;
}

static struct dt_node *read_tree(void)
{
	struct sysroot sr = { .root = dir };
	struct dt_node *root;

	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	return root;
}

static void tree_order_and_suffixes(void **state)
{
	const struct dt_node *n;

	(void)state;
	unit_write(dir, TREE "cpus/cpu@10/reg", "\0\0\0\x10", 4);
	unit_write(dir, TREE "cpus/cpu@8/reg", "\0\0\0\x8", 4);
	unit_write(dir, TREE "cpus/cpu@8/l2-cache", "\0\0\0\x1", 4);
	unit_write(dir, TREE "cpus/cpu@8/l2-cache#1/reg", "\0\0\0\x9", 4);
	unit_write(dir, TREE "cpus/cpu@8/ibm,ppc-interrupt-server#s", "\0\0\0\x8", 4);
	unit_write(dir, TREE "cpus/#address-cells", "\0\0\0\1", 4);
	unit_write(dir, TREE "cpus/x#1", "alone", 5);
	n = dt_child(read_tree(), "cpus");
	assert_string_equal(n->children->name, "cpu@8");
	assert_string_equal(n->children->next->name, "cpu@10");
	assert_string_equal(n->children->children->name, "l2-cache");
	assert_non_null(dt_prop(n->children, "l2-cache"));
	assert_non_null(dt_prop(n->children, "ibm,ppc-interrupt-server#s"));
	assert_non_null(dt_prop(n, "#address-cells"));
	assert_non_null(dt_prop(n, "x#1"));
}

/* A number behind "#" is the kernel's own where there is the same name without it. */
static void suffixes_of_names(void **state)
{
	static const struct {
		const char *beside, *name, *want;	/* NULL: it is dropped */
	} rows[] = {
		{ "x/", "x#1", "x" }, { "x/", "x#9", "x" }, { "x/", "x#10", "x" },
		{ "x/", "x#0", "x#0" }, { "x/", "x#01", "x#01" }, { "x/", "x#", "x#" },
		{ "x/", "x#:", "x#:" }, { "x/", "x#1a", "x#1a" }, { "x/", "x#a", "x#a" },
		{ "y/", "x#1", "x#1" }, { "x/", "x1", "x1" }, { "x/", "#1", "#1" },
		{ "x/", "xy#1", "xy#1" }, { "x", "x#1", NULL }, { "x#2/", "x#2#1", "x#2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool directory = strchr(rows[i].beside, '/');
		STRING_AUTO beside = mem_printf(TREE "n%zu/%s%s", i, rows[i].beside,
						directory ? "file" : "");
		STRING_AUTO name = mem_printf(TREE "n%zu/%s", i, rows[i].name);
		STRING_AUTO node = mem_printf("n%zu", i);
		const struct dt_node *n;

		unit_write(dir, beside, "beside", 6);
		unit_write(dir, name, "value", 5);
		n = dt_child(read_tree(), node);
		assert_memory_equal(n->props->data, rows[i].want ? "value" : "beside", 5);
		assert_string_equal(n->props->name, rows[i].want ? rows[i].want : "x");
		assert_null(n->props->next);
		assert_int_equal(n->children != NULL, directory);
	}
}

static bool changes_a(const char *name)
{
	return !strcmp(name, "a");
}

/* Of what is below the root only what changes is read again, and what is new. */
static void trees_read_again(void **state)
{
	static const struct {
		const char *path, *value;
	} rows[] = {
		{ "", "new" }, { "/a", "new" }, { "/a/b", "new" }, { "/b", "old" },
		{ "/b/a", "old" }, { "/c", "new" }, { "/c/b", "new" },
	};
	struct sysroot sr = { .root = dir };
	struct dt_node *before = NULL, *root;

	(void)state;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			STRING_AUTO name = mem_printf(TREE "%s/value", rows[i].path);

			if (again || rows[i].path[0] != '/' || rows[i].path[1] != 'c')
				unit_write(dir, name, again ? "new" : "old", 3);
		}
		assert_int_equal(dt_read_again(&arena, &sr, before, changes_a, &root), 0);
		if (!again)
			before = root;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_memory_equal(dt_prop(dt_find(root, rows[i].path), "value")->data,
				    rows[i].value, 3);
	assert_ptr_equal(dt_find(root, "/b")->parent, root);
	assert_ptr_not_equal(dt_find(root, "/b"), dt_find(before, "/b"));
}

/* As deep as a tree may be, and one level more. */
static void depth_of_directories(void **state)
{
	struct sysroot sr = { .root = dir };
	BUF_AUTO path = {0};
	struct dt_node *root;

	(void)state;
	buf_printf(&path, "%s", PROC_DEVICE_TREE);
	for (int depth = 1; depth <= DT_DEPTH_MAX + 1; depth++) {
		buf_printf(&path, "/a");
		if (depth >= DT_DEPTH_MAX) {
			STRING_AUTO name = mem_printf("%s/reg", (char *)path.data);

			unit_write(dir, name, "", 0);
		}
		if (depth == DT_DEPTH_MAX)
			assert_int_equal(dt_read(&arena, &sr, &root), 0);
	}
	assert_fails(dt_read(&arena, &sr, &root), EINVAL,
		     "/a/a: the device tree is more than 64 levels deep");
}

static void no_tree(void **state)
{
	struct sysroot sr = { .root = dir };
	struct dt_node *root;

	(void)state;
	assert_fails(dt_read(&arena, &sr, &root), ENOENT, "");
}

static void tree_values(void **state)
{
	struct dt_node *root;
	struct dt_cells cells;
	RANGES_AUTO r = {0};
	uint64_t v = 7;

	(void)state;
	unit_write(dir, TREE "four", "\0\0\1\0", 4);
	unit_write(dir, TREE "eight", "\0\0\0\1\0\0\0\0", 8);
	unit_write(dir, TREE "three", "123", 3);
	unit_write(dir, TREE "compatible", "a,b\0hvterm1", 12);
	unit_write(dir, TREE "#address-cells", "\0\0\0\2", 4);
	unit_write(dir, TREE "reg", "\0\0\0\0\0\0\0\1\0\0\0\2", 12);
	root = read_tree();
	assert_int_equal(dt_number(root, "four", &v), 1);
	assert_int_equal(v, 256);
	assert_int_equal(dt_number(root, "eight", &v), 1);
	assert_true(v == 1ull << 32);
	assert_int_equal(dt_number(root, "none", &v), 0);
	assert_fails(dt_number(root, "three", &v), EINVAL, "3 bytes");
	assert_true(dt_compatible(root, "hvterm1") && dt_compatible(root, "a,b"));
	assert_false(dt_compatible(root, "hvterm"));
	assert_int_equal(dt_cells(root, &cells), 0);
	assert_true(cells.addr == 2 && cells.size == 1);
	assert_int_equal(dt_add_ranges(dt_prop(root, "reg"), cells, "/", "x", &r), 0);
	assert_true(r.n == 1 && r.at[0].start == 1 && r.at[0].end == 3);
	assert_fails(dt_add_ranges(dt_prop(root, "eight"), cells, "/", "x", &r), EINVAL,
		     "not a multiple of 12");
}

/* A recorded property is the one that was read: mode 0400, size 0 in stat() or not. */
static void recording(void **state)
{
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO name = mem_printf("%s/" TREE "chosen/secret", dir);
	STRING_AUTO copied = mem_printf("%s/" TREE "chosen/secret", copy);
	struct sysroot sr = { .root = dir, .copy = copy };
	struct sysroot again = { .root = copy };
	struct dt_node *root;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	unit_write(dir, TREE "chosen/secret", "\0\1\2\n", 4);
	assert_int_equal(chmod(name, 0400), 0);
	assert_int_equal(dt_read(&arena, &sr, &root), 0);
	assert_int_equal(stat(copied, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(dt_read(&arena, &again, &root), 0);
	assert_int_equal(dt_prop(dt_child(root, "chosen"), "secret")->len, 4);
	assert_memory_equal(dt_prop(dt_child(root, "chosen"), "secret")->data, "\0\1\2\n", 4);
}

static void flattening(void **state)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root));
	RANGES_AUTO reserve = {0};
	struct dt_node *chosen;
	uint8_t *fdt;
	size_t size;

	(void)state;
	root->name = "";
	chosen = dt_add_child(&arena, root, "chosen");
	dt_set(&arena, chosen, "bootargs", "x", 2);
	dt_set_u64(&arena, chosen, "start", 5);
	dt_set(&arena, chosen, "bootargs", "yy", 3);
	dt_remove(chosen, "nothing");
	assert_int_equal(ranges_add(&reserve, 0x1000, 0x2000, "r"), 0);
	assert_int_equal(dt_flatten(root, &reserve, &fdt, &size), 0);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_int_equal(fdt_totalsize(fdt), size);
	assert_int_equal(fdt_version(fdt), 17);
	assert_int_equal(size, fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt));
	assert_int_equal(fdt_num_mem_rsv(fdt), 1);
	assert_string_equal(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL),
			    "yy");
	free(fdt);
}

/* What is flattened reads back the same; no byte of it can be missing. */
static void blobs(void **state)
{
	RANGES_AUTO reserve = {0};
	RANGES_AUTO got = {0};
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *again, *cpus;
	uint8_t *fdt;
	size_t size;

	(void)state;
	root->name = "";
	cpus = dt_add_child(&arena, root, "cpus");
	dt_set(&arena, dt_add_child(&arena, cpus, "cpu@8"), "reg", "\0\0\0\x8", 4);
	dt_set(&arena, dt_add_child(&arena, cpus, "cpu@10"), "empty", "", 0);
	dt_set(&arena, root, "model", "x", 2);
	assert_int_equal(ranges_add(&reserve, 0x1000, 0x2000, "r"), 0);
	assert_int_equal(dt_flatten(root, &reserve, &fdt, &size), 0);
	assert_int_equal(dt_read_blob(&arena, fdt, size, &again, &got), 0);
	assert_true(dt_same(root, again));
	assert_int_equal(got.n, 1);
	assert_true(got.at[0].start == 0x1000 && got.at[0].end == 0x3000);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *part = mem_alloc(cut + 1);	/* exact, for the sanitizer */

		memcpy(part, fdt, cut);
		assert_int_equal(dt_read_blob(&arena, part, cut, &again, &got), -EINVAL);
		free(part);
	}
	fail_forget();
	free(fdt);
}

/* A blob's nodes stay in its order; sorted, cpu@8 is before cpu@10 at each level. */
static void order_of_a_blob(void **state)
{
	static const char *const names[] = { "cpu@100", "cpu@10", "cpu@8" };
	static uint8_t fdt[1024];
	RANGES_AUTO reserve = { 0 };
	struct dt_node *root, *n;
	size_t i = 0;

	(void)state;
	fdt_create(fdt, sizeof(fdt));
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	fdt_begin_node(fdt, "cpus");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fdt_begin_node(fdt, names[i]);
		fdt_end_node(fdt);
	}
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "chosen");
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	assert_int_equal(fdt_finish(fdt), 0);
	assert_int_equal(dt_read_blob(&arena, fdt, fdt_totalsize(fdt), &root, &reserve), 0);
	assert_string_equal(root->children->name, "cpus");
	for (n = root->children->children, i = 0; n; n = n->next)
		assert_string_equal(n->name, names[i++]);
	assert_int_equal(i, ARRAY_SIZE(names));
	dt_sort(root);
	assert_string_equal(root->children->name, "chosen");
	assert_string_equal(root->last->name, "cpus");
	for (n = root->last->children; n; n = n->next)
		assert_string_equal(n->name, names[--i]);
	assert_string_equal(root->last->last->name, "cpu@100");
}

/*
 * What fdt_check_full() takes, and no tree is: no root, properties that no node has, those that
 * are so long that their end is before them.
 */
static void trees_of_no_node(void **state)
{
	static const struct {
		uint32_t cells[16];
		size_t n;
	} structures[] = {
		{ { FDT_END }, 1 },
		{ { FDT_PROP, 0, 0, FDT_END }, 4 },
		{ { FDT_BEGIN_NODE, 0, FDT_END_NODE, FDT_PROP, 0, 0, FDT_END }, 7 },
		{ { FDT_BEGIN_NODE, 0, FDT_BEGIN_NODE, 0x61000000, FDT_END_NODE, FDT_PROP, 0, 0,
		    FDT_END_NODE, FDT_END }, 10 },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, UINT32_MAX, 0, FDT_END_NODE, FDT_END }, 7 },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, UINT32_MAX - 7, 0, FDT_END_NODE, FDT_END }, 7 },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, INT32_MAX, 0, FDT_END_NODE, FDT_END }, 7 },
	};
	RANGES_AUTO reserve = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
		uint8_t fdt[256] = {0};
		struct dt_node *root;

		fdt_set_magic(fdt, FDT_MAGIC);
		fdt_set_totalsize(fdt, sizeof(fdt));
		fdt_set_version(fdt, 17);
		fdt_set_last_comp_version(fdt, 16);
		fdt_set_off_mem_rsvmap(fdt, 48);
		fdt_set_off_dt_struct(fdt, 64);
		fdt_set_size_dt_struct(fdt, (uint32_t)(4 * structures[i].n));
		fdt_set_off_dt_strings(fdt, 192);
		fdt_set_size_dt_strings(fdt, 4);
		memcpy(fdt + 192, "p\0\0", 4);
		for (size_t k = 0; k < structures[i].n; k++)
			be32_put(fdt + 64 + 4 * k, structures[i].cells[k]);
		assert_fails(dt_read_blob(&arena, fdt, sizeof(fdt), &root, &reserve), EINVAL,
			     "is a damaged device tree blob");
	}
}

/* A blob that ends with these cells of structure; exact, for the sanitizer. */
static uint8_t *blob_of_cells(const uint32_t *cells, size_t n)
{
	uint32_t size = (uint32_t)(64 + 4 * n);
	uint8_t *fdt = mem_alloc(size);

	memset(fdt, 0, 64);
	fdt_set_magic(fdt, FDT_MAGIC);
	fdt_set_totalsize(fdt, size);
	fdt_set_version(fdt, 17);
	fdt_set_last_comp_version(fdt, 16);
	fdt_set_off_mem_rsvmap(fdt, 48);
	fdt_set_off_dt_struct(fdt, 64);
	fdt_set_size_dt_struct(fdt, size - 64);
	fdt_set_off_dt_strings(fdt, 44);
	for (size_t i = 0; i < n; i++)
		be32_put(fdt + 64 + 4 * i, cells[i]);
	return fdt;
}

#define NAMED_A		FDT_BEGIN_NODE, 0x61000000
#define DAMAGED		"is a damaged device tree blob"
#define TRUNCATED	DAMAGED ": FDT_ERR_TRUNCATED"
#define BAD_STRUCTURE	DAMAGED ": FDT_ERR_BADSTRUCTURE"

/* Nothing of a structure is read that is not in the blob, whatever was checked before. */
static void structures_of_blobs(void **state)
{
	static const struct {
		uint32_t cells[16];
		size_t n;
		const char *text;	/* NULL: it is one */
	} rows[] = {
		{ { FDT_BEGIN_NODE, 0, FDT_END_NODE, FDT_END }, 4, NULL },
		{ { FDT_NOP, FDT_BEGIN_NODE, 0, FDT_NOP, FDT_END_NODE, FDT_NOP, FDT_END }, 7,
		  NULL },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, 5, 0, 1, 2, NAMED_A, FDT_END_NODE, FDT_END_NODE,
		    FDT_END }, 12, NULL },
		{ { FDT_BEGIN_NODE }, 1, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0x61616161 }, 2, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_BEGIN_NODE, 0x61616161 }, 4, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP }, 3, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, 0 }, 4, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, 4, 0 }, 5, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, 5, 0, 0 }, 6, TRUNCATED },
		{ { FDT_BEGIN_NODE, 0, FDT_PROP, UINT32_MAX, 0, 0 }, 6, TRUNCATED },
		{ { 0 }, 0, BAD_STRUCTURE },
		{ { FDT_END }, 1, BAD_STRUCTURE },
		{ { FDT_END_NODE, FDT_END }, 2, BAD_STRUCTURE },
		{ { FDT_PROP, 0, 0, FDT_END }, 4, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0 }, 2, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, FDT_END }, 3, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, FDT_END_NODE }, 3, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, FDT_END_NODE, FDT_END_NODE, FDT_END }, 5, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, FDT_END_NODE, 5, FDT_END }, 5, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, 5, FDT_END_NODE, FDT_END }, 5, BAD_STRUCTURE },
		{ { FDT_BEGIN_NODE, 0, NAMED_A, FDT_END_NODE, FDT_PROP, 0, 0, FDT_END_NODE,
		    FDT_END }, 10, BAD_STRUCTURE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *fdt = blob_of_cells(rows[i].cells, rows[i].n);
		RANGES_AUTO reserve = {0};
		struct dt_node *root;

		if (rows[i].text)
			assert_fails(dt_read_sound_blob(&arena, fdt, &root, &reserve), EINVAL,
				     rows[i].text);
		else
			assert_int_equal(dt_read_sound_blob(&arena, fdt, &root, &reserve), 0);
		free(fdt);
	}
}

/* As deep as a tree may be, and one level more. */
static void depth_of_blobs(void **state)
{
	uint32_t cells[3 * (DT_DEPTH_MAX + 2) + 1];

	(void)state;
	for (size_t depth = DT_DEPTH_MAX + 1; depth <= DT_DEPTH_MAX + 2; depth++) {
		RANGES_AUTO reserve = {0};
		struct dt_node *root;
		uint8_t *fdt;

		for (size_t i = 0; i < depth; i++) {
			cells[2 * i] = FDT_BEGIN_NODE;
			cells[2 * i + 1] = i ? 0x61000000 : 0;
			cells[2 * depth + i] = FDT_END_NODE;
		}
		cells[3 * depth] = FDT_END;
		fdt = blob_of_cells(cells, 3 * depth + 1);
		if (depth == DT_DEPTH_MAX + 1)
			assert_int_equal(dt_read_sound_blob(&arena, fdt, &root, &reserve), 0);
		else
			assert_fails(dt_read_sound_blob(&arena, fdt, &root, &reserve), EINVAL,
				     "is more than 64 levels deep");
		free(fdt);
	}
}

/* Of a header alone that is one the rest is missing; of less it is not known to be one. */
static void headers_alone(void **state)
{
	static const uint32_t none;
	uint8_t *fdt = blob_of_cells(&none, 0);
	RANGES_AUTO reserve = {0};
	struct dt_node *root;

	(void)state;
	assert_fails(dt_read_blob(&arena, fdt, sizeof(struct fdt_header), &root, &reserve), EINVAL,
		     TRUNCATED);
	assert_fails(dt_read_blob(&arena, fdt, sizeof(struct fdt_header) - 1, &root, &reserve),
		     EINVAL, "is not a device tree blob");
	free(fdt);
}

static void versions_of_blobs(void **state)
{
	static const uint32_t cells[] = { FDT_BEGIN_NODE, 0, FDT_END_NODE, FDT_END };
	uint8_t *fdt = blob_of_cells(cells, ARRAY_SIZE(cells));
	RANGES_AUTO reserve = {0};
	struct dt_node *root;

	(void)state;
	fdt_set_version(fdt, 16);
	assert_int_equal(dt_read_blob(&arena, fdt, fdt_totalsize(fdt), &root, &reserve), 0);
	fdt_set_version(fdt, 15);
	fdt_set_last_comp_version(fdt, 15);
	assert_fails(dt_read_blob(&arena, fdt, fdt_totalsize(fdt), &root, &reserve), EINVAL,
		     "of version 15, too old: 16 and later are understood");
	free(fdt);
}

/* Each name is in the block once, however many there are: libfdt finds them all. */
static void many_names(void **state)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *child;
	const unsigned int n = 5000;
	const char *strings;
	uint8_t *fdt;
	size_t size, bytes = 0;

	(void)state;
	root->name = "";
	child = dt_add_child(&arena, root, "child");
	for (unsigned int i = 0; i < 2 * n; i++) {
		struct dt_node *to = i < n ? root : child;
		struct dt_prop *p = arena_alloc(&arena, sizeof(*p));

		/* One without a name is the first that had no room in the table of names. */
		const char *name = i % n == n - 513 ? "" : arena_printf(&arena, "p%u", i % n);

		*p = (struct dt_prop){ to->props, name,
				       (const uint8_t *)arena_printf(&arena, "%u", i),
				       (uint32_t)(i & 1) };
		to->props = p;
		bytes += i < n ? strlen(p->name) + 1 : 0;
	}
	child->props->len = DT_SIZE_MAX;
	assert_fails(dt_flatten(root, &(struct ranges){0}, &fdt, &size), E2BIG,
		     "device tree: needs more than 1073741824 bytes");
	child->props->len = 0;
	assert_int_equal(dt_flatten(root, &(struct ranges){0}, &fdt, &size), 0);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_int_equal(fdt_size_dt_strings(fdt), bytes);
	strings = (const char *)fdt + fdt_off_dt_strings(fdt);
	assert_string_equal(strings, root->props->name);
	for (const struct dt_prop *p = child->props; p; p = p->next) {
		int len;
		const void *data = fdt_getprop(fdt, fdt_path_offset(fdt, "/child"), p->name, &len);

		assert_int_equal(len, p->len);
		assert_memory_equal(data, p->data, p->len);
	}
	free(fdt);
}

static int collect(const struct ppc64_lmbs *l, void *context)
{
	for (uint64_t i = 0; i < l->n; i++)
		buf_printf(context, "%lx%s ", (unsigned long)(l->base + i * l->size),
			   l->usable ? "" : "-");
	return 0;
}

static void expect_lmbs(const char *name, const void *data, size_t len, const char *want)
{
	struct dt_node node = { .name = "drconf" };
	BUF_AUTO got = {0};

	dt_set_u64(&arena, &node, "ibm,lmb-size", 0x100);
	dt_set(&arena, &node, name, data, len);
	assert_int_equal(ppc64_each_lmb(&node, (struct dt_cells){ 2, 2 }, collect, &got), 0);
	assert_string_equal((char *)got.data, want);
}

static void memory_blocks(void **state)
{
	static const char v1[] = "\0\0\0\3"
		"\0\0\0\0\0\0\x10\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x8"
		"\0\0\0\0\0\0\x20\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x88"
		"\0\0\0\0\0\0\x30\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0";
	static const char v2[] = "\0\0\0\2"
		"\0\0\0\3" "\0\0\0\0\0\0\x10\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\x8"
		"\0\0\0\1" "\0\0\0\0\0\0\x50\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0";

	/* All alike but one, and some of them next to each other. */
	static const char gaps[] = "\0\0\0\5"
		"\0\0\0\0\0\0\x10\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x8"
		"\0\0\0\0\0\0\x11\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x8"
		"\0\0\0\0\0\0\x20\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x8"
		"\0\0\0\0\0\0\x21\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0"
		"\0\0\0\0\0\0\x8\0" "\0\0\0\1" "\0\0\0\0" "\0\0\0\0" "\0\0\0\x8";

	(void)state;
	expect_lmbs("ibm,dynamic-memory", v1, sizeof(v1) - 1, "1000 2000- 3000- ");
	expect_lmbs("ibm,dynamic-memory", gaps, sizeof(gaps) - 1, "1000 1100 2000 2100- 800 ");
	expect_lmbs("ibm,dynamic-memory-v2", v2, sizeof(v2) - 1, "1000 1100 1200 5000- ");
}

/* The first of all blocks, and how many there are; with @stop, an error at the second. */
struct counted {
	uint64_t first, n;
	bool stop;
};

static int count(const struct ppc64_lmbs *l, void *context)
{
	struct counted *c = context;

	c->first = c->n ? c->first : l->base;
	c->n += l->n;
	return c->stop && c->n >= 2 ? -EPERM : 0;
}

/* Of exactly this size, in cells of 32 bits; *@c is what was counted. */
static int count_lmbs(const char *name, const uint32_t *cells, size_t len, struct counted *c)
{
	struct dt_node node = { .name = "drconf" };
	uint8_t *data = mem_alloc(len);
	struct dt_prop p = { .name = name, .data = data, .len = (uint32_t)len };
	int rc;

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(cells[i / 4] >> (24 - i % 4 * 8));
	dt_set_u64(&arena, &node, "ibm,lmb-size", 0x100);
	p.next = node.props;
	node.props = &p;
	rc = ppc64_each_lmb(&node, (struct dt_cells){ 1, 1 }, count, c);
	free(data);
	return rc;
}

#define V1 "ibm,dynamic-memory"
#define V2 "ibm,dynamic-memory-v2"
#define BLOCKS_MAX (1u << 24)

static void memory_blocks_and_bounds(void **state)
{
	static const uint32_t two[] = { 2, 0x1000, 1, 0, 0, 8, 0x2000, 1, 0, 0, 8 };
	static const uint32_t sets[] = { 2, 1, 0x1000, 1, 0, 8, 1, 0x2000, 1, 0, 8 };
	static const struct {
		const char *name;
		const uint32_t *cells;
	} both[] = { { V1, two }, { V2, sets } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		struct counted c = {0};

		assert_int_equal(count_lmbs(both[i].name, both[i].cells, sizeof(two), &c), 0);
		assert_true(c.n == 2 && c.first == 0x1000);
		c = (struct counted){ .stop = true };
		assert_int_equal(count_lmbs(both[i].name, both[i].cells, sizeof(two), &c), -EPERM);
		assert_int_equal(c.n, 2);
		assert_fails(count_lmbs(both[i].name, both[i].cells, sizeof(two) - 1, &c), EINVAL,
			     both[i].name);
		assert_fails(count_lmbs(both[i].name, both[i].cells, 3, &c), EINVAL,
			     "has 3 bytes, its count of entries wants 4");
		assert_int_equal(count_lmbs(both[i].name, (uint32_t[]){ 0 }, 4, &c), 0);
		assert_fails(count_lmbs(both[i].name, (uint32_t[]){ BLOCKS_MAX + 1 }, 4, &c),
			     EINVAL, "has 4 bytes, its count of entries wants 335544344");
		assert_int_equal(c.n, 2);
	}
}

/* More than anybody has, in one set or in several. */
static void memory_blocks_in_sets(void **state)
{
	const uint32_t max[] = { 1, BLOCKS_MAX, 0x1000, 1, 0, 8 };
	const uint32_t more[] = { 2, 1, 0x1000, 1, 0, 8, BLOCKS_MAX, 0x2000, 1, 0, 8 };
	const uint32_t none[] = { 1, 0, 0x1000, 1, 0, 8 };
	struct counted c = {0};

	(void)state;
	assert_int_equal(count_lmbs(V2, none, sizeof(none), &c), 0);
	assert_true(c.n == 0 && c.first == 0);	/* nobody is told of it */
	assert_int_equal(count_lmbs(V2, max, sizeof(max), &c), 0);
	assert_int_equal(c.n, BLOCKS_MAX);
	c = (struct counted){0};
	assert_fails(count_lmbs(V2, more, sizeof(more), &c), EINVAL,
		     "counts more than 16777216 memory blocks");
	assert_int_equal(c.n, 1);
	c = (struct counted){ .stop = true };
	assert_int_equal(count_lmbs(V2, max, sizeof(max), &c), -EPERM);
	assert_int_equal(c.n, BLOCKS_MAX);
}

static int each_of(const char *name, const void *size, size_t len)
{
	struct dt_node node = { .name = "drconf" };
	struct counted c = {0};

	if (name)
		dt_set(&arena, &node, name, "\0\0\0", 4);
	if (size)
		dt_set(&arena, &node, "ibm,lmb-size", size, len);
	return ppc64_each_lmb(&node, (struct dt_cells){ 1, 1 }, count, &c);
}

static void memory_blocks_have_a_size(void **state)
{
	(void)state;
	assert_int_equal(each_of(NULL, NULL, 0), 0);
	assert_int_equal(each_of(V1, "\0\0\1", 4), 0);
	assert_int_equal(each_of(V2, "\0\0\1", 4), 0);
	assert_fails(each_of(V1, NULL, 0), EINVAL, "drconf/ibm,lmb-size is missing or 0");
	assert_fails(each_of(V2, "\0\0\0", 4), EINVAL, "drconf/ibm,lmb-size is missing or 0");
	assert_fails(each_of(V1, "\0\0\1", 3), EINVAL,
		     "drconf/ibm,lmb-size has 3 bytes, not 4 or 8");
}

/* Those which are memory end within 64 bits. */
static void memory_blocks_have_an_end(void **state)
{
	static const struct { uint64_t base, size; uint32_t n, flags; bool ends; } rows[] = {
		{ -(uint64_t)0x300, 0x100, 2, 8, true }, { -(uint64_t)0x200, 0x100, 2, 8, false },
		{ -(uint64_t)0x100, 0x100, 2, 8, false }, { 0, (uint64_t)1 << 63, 1, 8, true },
		{ 0, (uint64_t)1 << 63, 2, 8, false }, { -(uint64_t)0x200, 0x100, 2, 0, true },
		{ 0, (uint64_t)1 << 63, 2, 0x88, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t data[28] = {0};
		struct dt_node node = { .name = "drconf" };
		struct counted c = {0};

		bytes_put(data, 1, 4, false);
		bytes_put(data + 4, rows[i].n, 4, false);
		bytes_put(data + 8, rows[i].base, 8, false);
		bytes_put(data + 24, rows[i].flags, 4, false);
		dt_set_u64(&arena, &node, "ibm,lmb-size", rows[i].size);
		dt_set(&arena, &node, V2, data, sizeof(data));
		if (rows[i].ends)
			assert_int_equal(
				ppc64_each_lmb(&node, (struct dt_cells){ 2, 2 }, count, &c), 0);
		else
			assert_fails(ppc64_each_lmb(&node, (struct dt_cells){ 2, 2 }, count, &c),
				     EOVERFLOW, "ibm,dynamic-memory-v2: 2 memory blocks from 0x");
		assert_int_equal(c.n, rows[i].ends ? rows[i].n : 0);
	}
}

static void memory_blocks_have_a_node(void **state)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *node;

	(void)state;
	assert_null(ppc64_drconf(root));
	node = dt_add_child(&arena, root, "ibm,dynamic-reconfiguration-memory");
	assert_ptr_equal(ppc64_drconf(root), node);
}

/* A machine with @possible CPUs, two threads a core, one core present. */
static void make_machine(struct machine *m, uint32_t possible)
{
	STRING_AUTO list = mem_printf("0-%u", possible - 1);

	*m = (struct machine){ .arch = arch_find("ppc64le"), .page_size = 4096, .little = true };
	assert_int_equal(idlist_parse(&m->possible, list), 0);
	unit_write(dir, TREE "cpus/PowerPC,POWER9@0/device_type", "cpu", 4);
	unit_write(dir, TREE "cpus/PowerPC,POWER9@0/name", "PowerPC,POWER9", 15);
	unit_write(dir, TREE "cpus/PowerPC,POWER9@0/odd", "12345", 5);
	unit_write(dir, TREE "cpus/PowerPC,POWER9@0/ibm,ppc-interrupt-server#s", "\0\0\0\0\0\0\0\1",
		   8);
	unit_write(dir, TREE "cpus/l2-cache/device_type", "cache", 6);
	m->tree = read_tree();
}

static void flatten_without_names(const struct machine *m, size_t room, uint8_t **fdt, size_t *size)
{
	struct dt_node *tree = dt_copy(&arena, m->tree);

	for (struct dt_node *n = NULL; (n = dt_next(tree, n));)
		dt_remove(n, "name");
	flatten_with_room(tree, &(struct ranges){0}, room, fdt, size);
}

static struct dt_node *tree_of(const uint8_t *fdt)
{
	RANGES_AUTO reserve = {0};
	struct dt_node *tree;

	assert_int_equal(dt_read_sound_blob(&arena, fdt, &tree, &reserve), 0);
	return tree;
}

/*
 * "Needed" is exact: with that much room, and for what every core grows by, all of
 * them can really be added, and with 4 bytes less the last one cannot.
 */
static void room_is_exact(void **state)
{
	static const uint32_t possible[] = { 2, 4, 8, 64, 2048 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(possible); i++) {
		struct cpunodes cores;
		struct machine m;
		uint64_t needed;
		uint8_t *fdt;
		size_t size;

		make_machine(&m, possible[i]);
		assert_int_equal(cpunodes_count(&m, &cores), 0);
		assert_int_equal(cores.possible, possible[i] / 2);
		flatten_without_names(&m, 0, &fdt, &size);
		assert_int_equal(cpunodes_in(tree_of(fdt)), 1);
		needed = cpunodes_needed(&cores, tree_of(fdt), fdt);
		assert_true(needed > 0);
		assert_true(cpunodes_spare(&cores) >= possible[i] / 2 * GROWN_NODE + GROWN_NAME);
		needed += possible[i] / 2 * GROWN_NODE + GROWN_NAME;
		free(fdt);
		flatten_without_names(&m, needed, &fdt, &size);
		assert_int_equal(ppc64_rehearse_fdt(&m, fdt, size), 0);
		free(fdt);
		flatten_without_names(&m, needed - 4, &fdt, &size);
		assert_fails(ppc64_rehearse_fdt(&m, fdt, size), ENOSPC,
			     "the kernel could add only");
		fdt_set_totalsize(fdt, (uint32_t)size + 1);
		assert_fails(ppc64_rehearse_fdt(&m, fdt, size), EINVAL, "the FDT claims");
		free(fdt);
		idlist_free(&m.possible);
	}
}

/*
 * So many threads by the interrupt servers and by reg, 0 for no such property; and a property of
 * its own.
 */
static void write_cpu(const char *name, size_t servers, size_t regs, size_t more)
{
	static const uint8_t zeros[1024];
	const struct {
		const char *name;
		size_t len;
	} props[] = {
		{ "ibm,ppc-interrupt-server#s", servers * 4 },
		{ "reg", regs * 4 },
		{ "more", more },
	};
	STRING_AUTO type = mem_printf(TREE "cpus/%s/device_type", name);

	unit_write(dir, type, "cpu", 4);
	for (size_t i = 0; i < ARRAY_SIZE(props); i++) {
		STRING_AUTO path = mem_printf(TREE "cpus/%s/%s", name, props[i].name);

		if (props[i].len)
			unit_write(dir, path, zeros, props[i].len);
	}
}

/* There is room for exactly so many cores, of the largest kind. */
static void takes_cores(const struct machine *m, uint64_t n)
{
	struct cpunodes cores;
	uint64_t needed;
	uint8_t *fdt;
	size_t size;

	assert_int_equal(cpunodes_count(m, &cores), 0);
	cores.possible = n;
	flatten_without_names(m, 0, &fdt, &size);
	needed = cpunodes_needed(&cores, tree_of(fdt), fdt) + n * GROWN_NODE + GROWN_NAME;
	free(fdt);
	flatten_without_names(m, needed, &fdt, &size);
	assert_int_equal(ppc64_rehearse_fdt(m, fdt, size), 0);
	free(fdt);
	flatten_without_names(m, needed - 4, &fdt, &size);
	assert_fails(ppc64_rehearse_fdt(m, fdt, size), ENOSPC, "the kernel could add only");
	free(fdt);
}

static void room_of_unlike_cores(void **state)
{
	static const struct {
		struct {
			size_t servers, regs, more;
		} cpu[2];
		uint64_t planned, rehearsed;
	} rows[] = {
		{ { { 1, 0, 4 }, { 1, 0, 4 } }, 8, 8 },
		{ { { 1, 0, 4 }, { 1, 0, 400 } }, 8, 8 },
		{ { { 1, 0, 400 }, { 1, 0, 4 } }, 8, 8 },
		{ { { 2, 0, 4 }, { 2, 0, 4 } }, 4, 4 },
		{ { { 1, 0, 4 }, { 2, 0, 4 } }, 8, 7 },
		{ { { 4, 0, 4 }, { 1, 0, 4 } }, 8, 5 },
		{ { { 0, 2, 4 }, { 2, 0, 4 } }, 8, 4 }, /* threads by reg, not by servers */
		{ { { 0, 0, 4 }, { 0, 0, 4 } }, 8, 8 },
		{ { { 8, 0, 4 }, { 8, 0, 4 } }, 2, 2 }, /* more than are possible */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO gone = mem_printf("rm -r %s/proc", dir);
		struct cpunodes cores;
		struct machine m = { .arch = arch_find("ppc64le") };

		assert_int_equal(idlist_parse(&m.possible, "0-7"), 0);
		unit_write(dir, TREE "names", "not a node's name", 4);
		write_cpu("PowerPC,POWER10@0", rows[i].cpu[0].servers, rows[i].cpu[0].regs,
			  rows[i].cpu[0].more);
		write_cpu("PowerPC,POWER10@8", rows[i].cpu[1].servers, rows[i].cpu[1].regs,
			  rows[i].cpu[1].more);
		m.tree = read_tree();
		assert_int_equal(cpunodes_count(&m, &cores), 0);
		assert_int_equal(cores.possible, rows[i].planned);
		takes_cores(&m, rows[i].rehearsed);
		assert_int_equal(system(gone), 0);
		idlist_free(&m.possible);
	}
}

/* What libfdt cannot edit, and what has no place for CPUs. */
static void rehearsal_of_other_trees(void **state)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root));
	struct machine m;
	uint8_t *fdt;
	size_t size;

	(void)state;
	make_machine(&m, 4);
	flatten_without_names(&m, 4096, &fdt, &size);
	fdt_set_version(fdt, 16);
	assert_fails(ppc64_rehearse_fdt(&m, fdt, size), EINVAL,
		     "the kernel could not replace the CPU nodes");
	free(fdt);
	root->name = "";
	flatten_with_room(root, &(struct ranges){0}, 4096, &fdt, &size);
	assert_fails(ppc64_rehearse_fdt(&m, fdt, size), EINVAL,
		     "the kernel could not replace the CPU nodes");
	free(fdt);
	idlist_free(&m.possible);
}

static void no_cpu_nodes(void **state)
{
	struct cpunodes cores;
	struct machine m;

	(void)state;
	make_machine(&m, 4);
	dt_remove(dt_find(m.tree, "/cpus/PowerPC,POWER9@0"), "device_type");
	assert_fails(cpunodes_count(&m, &cores), EINVAL, "device tree: no CPU node below /cpus");
	assert_fails(ppc64_rehearse_fdt(&m, NULL, 0), EINVAL, "no CPU node");
	m.tree = arena_alloc(&arena, sizeof(*m.tree));
	assert_fails(cpunodes_count(&m, &cores), EINVAL, "device tree: there is no /cpus node");
	idlist_free(&m.possible);
}

static void check_header(const struct buf *out, bool little)
{
	struct elf elf;

	assert_int_equal(elf_parse(&elf, &arena, out->data, out->len, UINT64_MAX), 0);
	assert_int_equal(elf.little, little);
	assert_int_equal(elf.n_phdrs, 6);
	assert_int_equal(elf.phdr[0].type, ELF_PT_NOTE);
	assert_int_equal(elf.phdr[1].paddr, 0x2000);
	assert_int_equal(elf.phdr[2].memsz, 1024);
	assert_true(elf.phdr[3].paddr == 0 && elf.phdr[3].offset == 0x900000 &&
		    elf.phdr[3].memsz == 0x10000 && elf.phdr[3].vaddr == PPC64_PAGE_OFFSET);
	assert_true(elf.phdr[4].paddr == 0x10000 && elf.phdr[4].offset == 0x10000);
	assert_true(elf.phdr[5].paddr == 0x200000 && elf.phdr[5].memsz == 0x1000);
}

static void core_header(void **state)
{
	struct cpu_notes notes[] = { { 0, 0x1000, 568 }, { 5, 0x2000, 568 } };
	RANGES_AUTO dump = {0};

	(void)state;
	assert_int_equal(ranges_add(&dump, 0, 0x100000, "low"), 0);
	assert_int_equal(ranges_add(&dump, 0x200000, 0x1000, "high"), 0);
	for (int little = 0; little < 2; little++) {
		struct machine m = { .arch = arch_find("ppc64"), .little = little, .notes = notes,
				     .n_notes = 2, .vmcoreinfo = 0x3000, .vmcoreinfo_size = 1024 };
		struct core core = { .linear = PPC64_PAGE_OFFSET };
		BUF_AUTO out = {0};

		ranges_copy(&core.dump, &dump);
		core_move_start(&core, 0x900000, 0x10000);
		assert_int_equal(elfcorehdr_build(&m, &core, &out), 0);
		assert_int_equal(out.len, elfcorehdr_size(elfcorehdr_count(&m, &core)));
		check_header(&out, little);
		ranges_free(&core.dump);
	}
}

/* The backed-up start of memory in every relation to the first range. */
static void check_backup(uint64_t start, uint64_t end, uint64_t backup_size)
{
	struct machine m = { .arch = arch_find("ppc64"), .little = true };
	struct core core = { .linear = PPC64_PAGE_OFFSET };
	BUF_AUTO out = {0};
	uint64_t at = start;
	struct elf elf;

	if (start < end)
		assert_int_equal(ranges_add(&core.dump, start, end - start, "first"), 0);
	assert_int_equal(ranges_add(&core.dump, 0x800000, 0x1000, "second"), 0);
	core_move_start(&core, 0x900000, backup_size);
	core.dump.at = mem_resize(core.dump.at, core.dump.n,
				  sizeof(*core.dump.at)); /* exact, for the sanitizer */
	assert_int_equal(elfcorehdr_build(&m, &core, &out), 0);
	assert_int_equal(out.len, elfcorehdr_size(elfcorehdr_count(&m, &core)));
	assert_int_equal(elf_parse(&elf, &arena, out.data, out.len, UINT64_MAX), 0);
	assert_int_equal(elfcorehdr_size(elf.n_phdrs), out.len);
	for (uint32_t i = 0; i < elf.n_phdrs; i++) {
		const struct elf_phdr *p = &elf.phdr[i];

		if (at == end || start >= end)
			at = 0x800000;
		assert_true(p->paddr == at && p->memsz && p->filesz == p->memsz);
		assert_true(p->offset == (p->paddr < backup_size ? 0x900000 : at));
		assert_true(at >= backup_size || at + p->memsz <= backup_size);
		at += p->memsz;
	}
	assert_int_equal(at, 0x801000);
	ranges_free(&core.dump);
}

static void core_header_backup(void **state)
{
	static const uint64_t ends[] = { 0, 0x8000, 0x10000, 0x18000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		check_backup(0, ends[i], 0x10000);
		check_backup(0, ends[i], 0);
		check_backup(0x20000, 0x20000 + ends[i], 0x10000);
	}
}

/*
 * What the kernel announces, if that is more than 512 ranges beyond what is built; at most what ELF
 * counts.
 */
static void core_header_sizes(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"), .elfcorehdr_size = 1000 + 512 * 56 };

	(void)state;
	assert_int_equal(elfcorehdr_hotplug_size(&m, 999), m.elfcorehdr_size + 56);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1000), m.elfcorehdr_size + 56);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1001), m.elfcorehdr_size + 57);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 64 + 65534 * 56), 64 + 65535 * 56);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 64 + 65000 * 56), 64 + 65513 * 56);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 64 + 65400 * 56), 64 + 65535 * 56);
}

static void core_header_too_large(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"), .page_size = 4096 };
	struct image image = { .machine = &m, .room = "this test", .more_room = "" };
	struct core core = {0};
	BUF_AUTO out = {0};

	(void)state;
	for (uint64_t i = 0; i < ELFCOREHDR_PHDRS_MAX; i++)
		assert_int_equal(ranges_add(&core.dump, i * 0x20000, 0x1000, "r"), 0);
	assert_int_equal(elfcorehdr_build(&m, &core, &out), 0);
	assert_int_equal(out.len, elfcorehdr_size(ELFCOREHDR_PHDRS_MAX));
	assert_int_equal(ranges_add(&core.dump, UINT64_MAX - 0x20000, 0x1000, "r"), 0);
	assert_fails(elfcorehdr_build(&m, &core, &out), E2BIG, "65535 CPUs and memory ranges");
	image.core = core;
	assert_fails(elfcorehdr_place(&image), E2BIG, "65535 CPUs and memory ranges");
	image.core.dump.n = 1;
	assert_fails(elfcorehdr_place(&image), ENOSPC, "elfcorehdr: Could not find a free area");
	arena_free(&image.arena);
	ranges_free(&core.dump);
}

/* 8192 ranges and the possible CPUs, as arch_crash_get_elfcorehdr_size() counts. */
static void core_header_room(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"), .little = true };
	struct segment s = { .bufsz = 64 + 56 * 5 };

	(void)state;
	assert_int_equal(idlist_parse(&m.possible, "0-3"), 0);
	m.elfcorehdr_size = 64 + 56 * (4 + 1 + 8192);
	s.memsz = round_up64(elfcorehdr_hotplug_size(&m, s.bufsz), 4096);
	assert_int_equal(rehearse_elfcorehdr(&m, &s, 1), 0);
	s.memsz -= 4096;
	assert_fails(rehearse_elfcorehdr(&m, &s, 1), ENOSPC, "regenerated elfcorehdr");
	idlist_free(&m.possible);
}

/* What --dry-run and -d tell of it. */
static void core_header_placed(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"),
			     .page_size = 65536,
			     .elfcorehdr_size = 300000 };

	(void)state;
	for (int hotplug = 0; hotplug < 2; hotplug++) {
		struct image image = { .machine = &m, .hotplug = hotplug };
		const struct segment *s;
		struct said said;

		assert_int_equal(ranges_add(&image.free, 0x10000, 0x100000, "free"), 0);
		assert_int_equal(ranges_add(&image.core.dump, 0x20000, 0x1000, "r"), 0);
		assert_int_equal(ranges_add(&image.core.dump, 0x40000, 0x1000, "r"), 0);
		message_debug(true);
		unit_listen(&said);
		assert_int_equal(elfcorehdr_place(&image), 0);
		unit_heard(&said);
		message_debug(false);
		assert_int_equal(strstr(said.text, "ELFCOREHDR_SIZE 300000\n") != NULL, hotplug);
		s = image_segment(&image, ROLE_CORE);
		assert_int_equal(s->kept != NULL, hotplug);
		assert_int_equal(s->bufsz, 64 + 2 * 56);
		assert_int_equal(s->memsz, hotplug ? 5 * 65536 : 65536);
		assert_int_equal(s->room.now, 2);
		assert_int_equal(s->room.capacity, (s->memsz - 64) / 56 - 1);
		assert_int_equal(s->room.needed, hotplug ? 300000 + 56 - s->bufsz : 0);
		assert_int_equal(s->room.free, s->memsz - s->bufsz);
		image_free(&image);
	}
}

/* More ranges than the kernel is prepared for: some more have room too. */
static void core_header_of_many(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"), .little = true };
	struct segment s = { .bufsz = 64 + 56 * (1 + 1 + 9000) };

	(void)state;
	assert_int_equal(idlist_parse(&m.possible, "0"), 0);
	m.elfcorehdr_size = 64 + 56 * (1 + 1 + 8192);
	s.memsz = round_up64(elfcorehdr_hotplug_size(&m, s.bufsz), 4096);
	assert_int_equal(rehearse_elfcorehdr(&m, &s, 9000), 0);
	assert_int_equal(rehearse_elfcorehdr(&m, &s, 9500), 0);
	assert_fails(rehearse_elfcorehdr(&m, &s, 9600), ENOSPC, "regenerated elfcorehdr");
	assert_true(elfcorehdr_hotplug_size(&m, 64 + 56 * 65500) <= 64 + 56 * 65535);
	idlist_free(&m.possible);
}

/*
 * The regenerated header fills its pages to the last byte with 72 program headers: four CPUs'
 * notes, vmcoreinfo, on x86_64 the kernel's text, the ranges and always a spare one.
 */
static void core_header_rehearsal(void **state)
{
	static const struct {
		const char *arch;
		uint64_t hint, ranges,
			memsz; /* hint: ranges that the running kernel is prepared for */
		int err;
		const char *text;		/* of the failure, or in a warning */
	} rows[] = {
		{ "ppc64", 0, 65, 4096, 0, NULL },
		{ "ppc64", 0, 66, 4096, ENOSPC, "takes up to 8192 bytes, its segment has 4096" },
		{ "ppc64", 66, 1, 4096, 0, NULL },
		{ "ppc64", 67, 1, 4096, ENOSPC, "takes up to 8192 bytes, its segment has 4096" },
		{ "ppc64", 66, 66, 4096, ENOSPC, "takes up to 8192 bytes, its segment has 4096" },
		{ "ppc64", 66, 66, 8192, 0, NULL },
		{ "ppc64", 66, 67, 8192, 0,
		  "memory is in 67 ranges, the running kernel is prepared for 66"
		  " (CONFIG_CRASH_MAX_MEMORY_RANGES): the elfcorehdr has room for 139;" },
		{ "ppc64", 0, 67, 8192, 0, NULL },
		{ "ppc64", 0, 65529, 3674112, 0, NULL },
		{ "ppc64", 0, 65530, 3674112, E2BIG,
		  "4 CPUs and 65530 memory ranges are more than the 65534" },
		{ "ppc64", 70000, 1, 3674112, 0, NULL },
		{ "ppc64", 70000, 1, 3674112 - 4096, ENOSPC, "takes up to 3674112 bytes" },
		{ "x86_64", 0, 64, 4096, 0, NULL },
		{ "x86_64", 0, 65, 4096, ENOSPC, "takes up to 8192 bytes, its segment has 4096" },
		{ "x86_64", 65, 1, 4096, 0, NULL },
		{ "x86_64", 66, 1, 4096, ENOSPC, "takes up to 8192 bytes, its segment has 4096" },
		{ "x86_64", 65, 66, 8192, 0,
		  "prepared for 65 (CONFIG_CRASH_MAX_MEMORY_RANGES): the elfcorehdr"
		  " has room for 138;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine m = { .arch = arch_find(rows[i].arch), .little = true };
		struct segment s = { .memsz = rows[i].memsz };
		uint64_t others = 4 + m.arch->core_phdrs - 1;
		struct said said;
		int rc;

		assert_int_equal(idlist_parse(&m.possible, "0-3"), 0);
		if (rows[i].hint)
			m.elfcorehdr_size = 64 + 56 * (others + rows[i].hint) -
				m.arch->elfcorehdr_hint_lacks;
		unit_listen(&said);
		rc = rehearse_elfcorehdr(&m, &s, rows[i].ranges);
		unit_heard(&said);
		assert_int_equal(rc, -rows[i].err);
		if (rows[i].text)
			assert_non_null(strstr(rc ? fail_text() : said.text, rows[i].text));
		if (rc || !rows[i].text)
			assert_string_equal(said.text, "");
		idlist_free(&m.possible);
	}
}

/* Only memory is counted in the header, not its notes. */
static void core_header_rehearsed(void **state)
{
	struct cpu_notes notes[] = { { 0, 0x1000, 568 }, { 1, 0x2000, 568 } };
	struct machine m = { .arch = arch_find("ppc64"),
			     .notes = notes,
			     .n_notes = 2,
			     .vmcoreinfo = 0x3000,
			     .vmcoreinfo_size = 1024 };
	struct image image = { .machine = &m };
	struct core core = {0};

	(void)state;
	assert_int_equal(idlist_parse(&m.possible, "0-3"), 0);
	for (uint64_t i = 0; i < 65; i++)
		assert_int_equal(ranges_add(&core.dump, i * 0x20000, 0x1000, "r"), 0);
	for (int more = 0; more < 2; more++) {
		struct segment s = { .memsz = 4096 };
		BUF_AUTO out = {0};

		assert_int_equal(elfcorehdr_build(&m, &core, &out), 0);
		s.data = out.data;
		s.bufsz = out.len;
		assert_int_equal(kept_elfcorehdr.rehearse(&image, &s), more ? -ENOSPC : 0);
		assert_int_equal(ranges_add(&core.dump, 0x20000000, 0x1000, "r"), 0);
	}
	ranges_free(&core.dump);
	idlist_free(&m.possible);
}

/*
 * A note of each CPU that is possible and not there; on x86_64 the kernel forgets the ELF header
 * itself.
 */
static void core_header_to_come(void **state)
{
	struct machine m = { .arch = arch_find("x86_64"), .n_notes = 1 };

	(void)state;
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1000), 1000 + (512 + 1) * 56);
	assert_int_equal(idlist_parse(&m.possible, "0-3"), 0);
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1000), 1000 + (512 + 3 + 1) * 56);
	m.n_notes = 4;
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1000), 1000 + (512 + 1) * 56);
	m.elfcorehdr_size = 100000;
	assert_int_equal(elfcorehdr_hotplug_size(&m, 1000), 100000 + 64 + 56);
	idlist_free(&m.possible);
}

/* --- what is refused before any file is read --- */

/* Until the kernel says that it keeps images, nothing is opened: not even what is not there. */
static void hotplug_of_kernels_without(void **state)
{
	static const struct {
		const char *machine;
		bool cpu, memory;
		uint64_t size;
		const char *says;
	} rows[] = {
		{ "ppc64le", false, false, 0, "the kernel needs CONFIG_CRASH_HOTPLUG (Linux 6.10" },
		{ "ppc64le", false, false, 4096, "cpu/crash_hotplug does not exist" },
		{ "ppc64le", true, true, 0, "crash_elfcorehdr_size does not exist" },
		{ "x86_64", false, false, 0, "the kernel needs CONFIG_CRASH_HOTPLUG (Linux 6.6" },
		{ "aarch64", false, false, 0, "keeps crash images current on a machine of type" },
		{ "aarch64", true, false, 0, "keeps crash images current on a machine of type" },
		{ "ppc64le", true, false, 4096, NULL },
		{ "ppc64le", false, true, 4096, NULL },
		{ "aarch64", true, true, 4096, NULL },
	};
	struct sysroot sr = { .root = dir };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		STRING_AUTO kernel = mem_printf("%s/no-kernel", dir);
		struct plan_request r = {
			.kernel = kernel, .crash = true, .hotplug = i & 1, .mem_max = UINT64_MAX
		};
		struct machine m = { .sr = &sr,
				     .arch = arch_find(rows[i / 2].machine),
				     .name = rows[i / 2].machine,
				     .release = "6.1",
				     .can_cpu_hotplug = rows[i / 2].cpu,
				     .can_memory_hotplug = rows[i / 2].memory,
				     .elfcorehdr_size = rows[i / 2].size };
		struct files files;
		struct image image;

		files_init(&files);
		image_init(&image, &m);
		if (r.hotplug && rows[i / 2].says)
			assert_fails(plan_open(&image, &files, &r).rc, ENOTSUP, rows[i / 2].says);
		else
			assert_fails(plan_open(&image, &files, &r).rc, ENOENT, "no-kernel");
		image_free(&image);
		files_free(&files);
	}
}

static void byte_orders(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct machine m = { .little = i & 1 };
		bool little = i & 2;

		if (little == m.little)
			assert_int_equal(plan_check_byte_order(&m, little, "vmlinux"), 0);
		else
			assert_fails(plan_check_byte_order(&m, little, "vmlinux"), ENOEXEC,
				     little ? "kernel vmlinux: is little-endian, unlike" :
					      "kernel vmlinux: is big-endian, unlike");
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tree_order_and_suffixes),
		TEST(tree_values),
		TEST(suffixes_of_names),
		TEST(trees_read_again),
		TEST(depth_of_directories),
		TEST(no_tree),
		TEST(recording),
		TEST(flattening),
		TEST(blobs),
		TEST(order_of_a_blob),
		TEST(many_names),
		TEST(trees_of_no_node),
		TEST(structures_of_blobs),
		TEST(depth_of_blobs),
		TEST(headers_alone),
		TEST(versions_of_blobs),
		TEST(memory_blocks),
		TEST(memory_blocks_and_bounds),
		TEST(memory_blocks_in_sets),
		TEST(memory_blocks_have_a_size),
		TEST(memory_blocks_have_an_end),
		TEST(memory_blocks_have_a_node),
		TEST(room_is_exact),
		TEST(room_of_unlike_cores),
		TEST(rehearsal_of_other_trees),
		TEST(no_cpu_nodes),
		TEST(core_header),
		TEST(core_header_backup),
		TEST(core_header_sizes),
		TEST(core_header_too_large),
		TEST(core_header_room),
		TEST(core_header_placed),
		TEST(core_header_of_many),
		TEST(core_header_rehearsal),
		TEST(core_header_rehearsed),
		TEST(core_header_to_come),
		TEST(hotplug_of_kernels_without),
		TEST(byte_orders),
	};

	return cmocka_run_group_tests_name("kexec", tests, NULL, NULL);
}
