// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/devicetree.h"

#define DEPTH_MAX	64
#define BLOB_VERSION_MIN 16
#define FDT_SIZE_MAX	((size_t)1 << 30)	/* fdt_check_header() takes less than 2 GiB */

/*
 * Names as nodes are sorted by them: cpu@8 before cpu@10. The order of CPU
 * nodes decides how the second kernel numbers its CPUs.
 */
static int compare_names(const char *a, const char *b)
{
	const char *unit_a = strchr(a, '@'), *unit_b = strchr(b, '@');
	size_t base_a = unit_a ? (size_t)(unit_a - a) : strlen(a);
	size_t base_b = unit_b ? (size_t)(unit_b - b) : strlen(b);
	int order = strncmp(a, b, base_a < base_b ? base_a : base_b);

	if (order)
		return order;
	if (base_a != base_b)
		return base_a < base_b ? -1 : 1;
	if (!unit_a || !unit_b)
		return (unit_a != NULL) - (unit_b != NULL);
	if (strlen(unit_a) != strlen(unit_b))
		return strlen(unit_a) < strlen(unit_b) ? -1 : 1;
	return strcmp(unit_a, unit_b);
}

/* Link in at the right place; equal names keep the order of arrival. */
static void insert_node(struct dt_node *parent, struct dt_node *node)
{
	struct dt_node **at = &parent->children;

	if (parent->last && compare_names(parent->last->name, node->name) <= 0)
		at = &parent->last->next;	/* the common case: they come sorted */
	while (*at && compare_names((*at)->name, node->name) <= 0)
		at = &(*at)->next;
	node->next = *at;
	node->parent = parent;
	*at = node;
	if (!node->next)
		parent->last = node;
}

static bool list_has(const struct sysroot_list *list, const char *name, size_t len)
{
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->at[i].name) == len && !memcmp(list->at[i].name, name, len))
			return true;
	return false;
}

/* Length of the name without a safe_name() suffix: "#N" beside a file without it. */
static size_t real_name_length(const struct sysroot_list *list, const char *name)
{
	const char *hash = strrchr(name, '#');
	size_t len = strlen(name);

	if (!hash || hash == name || hash[1] < '1' || hash[1] > '9' ||
	    hash[1 + strspn(hash + 1, "0123456789")])
		return len;
	return list_has(list, name, (size_t)(hash - name)) ? (size_t)(hash - name) : len;
}

static int read_prop(struct arena *a, const struct sysroot *sr, const char *path,
		     const char *name, size_t name_len, struct dt_node *node,
		     struct dt_prop ***tail)
{
	BUF_AUTO value = {0};
	struct dt_prop *p;
	int rc = sysroot_read(sr, path, &value);

	if (rc == -ENOENT)	/* hot-unplugged while we walked */
		return 0;
	if (rc < 0)
		return rc;
	p = arena_alloc(a, sizeof(*p));
	p->name = arena_string(a, name, name_len);
	if (name[name_len] && dt_prop(node, p->name)) {
		debug("%s: a second property of that name is dropped", path);
		return 0;
	}
	p->len = (uint32_t)value.len;
	p->data = arena_copy(a, value.data, value.len);
	**tail = p;
	*tail = &p->next;
	return 0;
}

static int read_node(struct arena *a, const struct sysroot *sr, const char *path,
		     struct dt_node *node, int depth);

static int read_entries(struct arena *a, const struct sysroot *sr, const char *path,
			struct dt_node *node, const struct sysroot_list *list, int depth)
{
	struct dt_prop **tail = &node->props;
	int rc = 0;

	for (size_t i = 0; i < list->n && rc >= 0; i++) {
		const char *name = list->at[i].name;
		size_t len = real_name_length(list, name);
		STRING_AUTO entry = mem_printf("%s/%s", path, name);
		struct dt_node *child;

		if (!list->at[i].directory) {
			rc = read_prop(a, sr, entry, name, len, node, &tail);
			continue;
		}
		child = arena_alloc(a, sizeof(*child));
		child->name = arena_string(a, name, len);
		insert_node(node, child);
		rc = read_node(a, sr, entry, child, depth + 1);
	}
	return rc;
}

static int read_node(struct arena *a, const struct sysroot *sr, const char *path,
		     struct dt_node *node, int depth)
{
	struct sysroot_list list;
	int rc;

	if (depth > DEPTH_MAX)
		return fail(EINVAL, "%s/%s: the device tree is more than %d levels deep", sr->root,
			    path, DEPTH_MAX);
	rc = sysroot_list(sr, path, &list);
	if (rc == -ENOENT && depth)	/* hot-unplugged while we walked */
		return 0;
	if (rc < 0)
		return rc;
	rc = read_entries(a, sr, path, node, &list, depth);
	sysroot_list_free(&list);
	return rc;
}

int dt_read(struct arena *a, const struct sysroot *sr, struct dt_node **root)
{
	*root = arena_alloc(a, sizeof(**root));
	(*root)->name = "";
	return read_node(a, sr, PROC_DEVICE_TREE, *root, 0);
}

static int blob_error(int rc)
{
	return rc == -FDT_ERR_BADMAGIC ? fail(EINVAL, "is not a device tree blob, as dtc makes them") :
	       fail(EINVAL, "is a damaged device tree blob: %s", fdt_strerror(rc));
}

static int blob_props(struct arena *a, const void *fdt, int node, struct dt_node *to)
{
	struct dt_prop **tail = &to->props;
	int at;

	fdt_for_each_property_offset(at, fdt, node) {
		struct dt_prop *p = arena_alloc(a, sizeof(*p));
		const char *name;
		int len;
		const void *data = fdt_getprop_by_offset(fdt, at, &name, &len);

		if (!data || len < 0)
			return blob_error(len);
		p->name = arena_string(a, name, strlen(name));
		p->data = arena_copy(a, data, (size_t)len);
		p->len = (uint32_t)len;
		*tail = p;
		tail = &p->next;
	}
	return at == -FDT_ERR_NOTFOUND ? 0 : blob_error(at);
}

static int blob_node(struct arena *a, const void *fdt, int node, struct dt_node *to, int depth)
{
	int child, rc = blob_props(a, fdt, node, to);

	if (depth > DEPTH_MAX)
		return fail(EINVAL, "is more than %d levels deep", DEPTH_MAX);
	if (rc < 0)
		return rc;
	fdt_for_each_subnode(child, fdt, node) {
		const char *name = fdt_get_name(fdt, child, NULL);
		struct dt_node *n = arena_alloc(a, sizeof(*n));

		n->name = arena_string(a, name, strlen(name));
		insert_node(to, n);
		rc = blob_node(a, fdt, child, n, depth + 1);
		if (rc < 0)
			return rc;
	}
	return child == -FDT_ERR_NOTFOUND ? 0 : blob_error(child);
}

int dt_read_blob(struct arena *a, const uint8_t *blob, uint64_t size, struct dt_node **root,
		 struct ranges *reserve)
{
	int rc = size < sizeof(struct fdt_header) ? -FDT_ERR_BADMAGIC : fdt_check_header(blob);

	/* Nodes of older ones have whole paths for names, over which fdt_check_full() can stumble. */
	if (!rc && fdt_version(blob) < BLOB_VERSION_MIN)
		return fail(EINVAL, "is a device tree blob of version %u, too old: %d and later are"
			    " understood", fdt_version(blob), BLOB_VERSION_MIN);
	if (!rc)
		rc = fdt_check_full(blob, size);
	if (rc)
		return blob_error(rc);
	for (int i = 0; i < fdt_num_mem_rsv(blob) && rc >= 0; i++) {
		uint64_t start, bytes;

		rc = fdt_get_mem_rsv(blob, i, &start, &bytes);
		rc = rc ? blob_error(rc) : ranges_add(reserve, start, bytes, "reserved by --dtb");
	}
	*root = arena_alloc(a, sizeof(**root));
	(*root)->name = "";
	return rc < 0 ? rc : blob_node(a, blob, 0, *root, 0);
}

static bool same_props(const struct dt_prop *a, const struct dt_prop *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (strcmp(a->name, b->name) || a->len != b->len ||
		    (a->len && memcmp(a->data, b->data, a->len)))
			return false;
	return !a && !b;
}

bool dt_same(const struct dt_node *a, const struct dt_node *b)
{
	const struct dt_node *x = a ? a->children : NULL, *y = b ? b->children : NULL;

	if (!a || !b)
		return a == b;
	if (strcmp(a->name, b->name) || !same_props(a->props, b->props))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!dt_same(x, y))
			return false;
	return !x && !y;
}

static struct dt_node *copy_below(struct arena *a, const struct dt_node *from,
				  struct dt_node *parent)
{
	struct dt_node *node = arena_alloc(a, sizeof(*node)), **child = &node->children;
	struct dt_prop **prop = &node->props;

	node->name = from->name;
	node->parent = parent;
	for (const struct dt_prop *p = from->props; p; p = p->next) {
		*prop = arena_copy(a, p, sizeof(*p));
		prop = &(*prop)->next;
	}
	*prop = NULL;
	for (const struct dt_node *c = from->children; c; c = c->next) {
		node->last = *child = copy_below(a, c, node);
		child = &(*child)->next;
	}
	return node;
}

struct dt_node *dt_copy(struct arena *a, const struct dt_node *root)
{
	return copy_below(a, root, NULL);
}

static struct dt_node *child_named(const struct dt_node *node, const char *name, size_t len)
{
	for (struct dt_node *c = node->children; c; c = c->next)
		if (!strncmp(c->name, name, len) && !c->name[len])
			return c;
	return NULL;
}

struct dt_node *dt_child(const struct dt_node *node, const char *name)
{
	return child_named(node, name, strlen(name));
}

struct dt_node *dt_find(struct dt_node *node, const char *path)
{
	while (node && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		node = child_named(node, path, len);
		path += len;
	}
	return node;
}

struct dt_node *dt_add_child(struct arena *a, struct dt_node *parent, const char *name)
{
	struct dt_node *node = arena_alloc(a, sizeof(*node));

	node->name = arena_string(a, name, strlen(name));
	insert_node(parent, node);
	return node;
}

struct dt_node *dt_next(const struct dt_node *root, const struct dt_node *node)
{
	if (!node)
		return (struct dt_node *)root;
	if (node->children)
		return node->children;
	while (node != root && !node->next)
		node = node->parent;
	return node == root ? NULL : node->next;
}

struct dt_prop *dt_prop(const struct dt_node *node, const char *name)
{
	for (struct dt_prop *p = node->props; p; p = p->next)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

bool dt_string_is(const struct dt_node *node, const char *name, const char *value)
{
	const struct dt_prop *p = dt_prop(node, name);

	return p && p->len == strlen(value) + 1 && !memcmp(p->data, value, p->len);
}

bool dt_compatible(const struct dt_node *node, const char *value)
{
	const struct dt_prop *p = dt_prop(node, "compatible");
	size_t want = strlen(value) + 1;

	for (size_t at = 0; p && at < p->len;) {
		size_t len = strnlen((const char *)p->data + at, p->len - at) + 1;

		if (len == want && at + len <= p->len && !memcmp(p->data + at, value, len))
			return true;
		at += len;
	}
	return false;
}

bool dt_is_type(const struct dt_node *node, const char *type)
{
	return dt_string_is(node, "device_type", type);
}

int dt_number(const struct dt_node *node, const char *name, uint64_t *value)
{
	const struct dt_prop *p = dt_prop(node, name);

	if (!p)
		return 0;
	if (p->len != 4 && p->len != 8)
		return fail(EINVAL, "device tree: %s/%s has %u bytes, not 4 or 8", node->name, name,
			    p->len);
	*value = bytes_get(p->data, p->len, false);
	return 1;
}

void dt_set(struct arena *a, struct dt_node *node, const char *name, const void *data, size_t len)
{
	struct dt_prop *p = dt_prop(node, name), **at = &node->props;

	if (!p) {
		while (*at && strcmp((*at)->name, name) < 0)
			at = &(*at)->next;
		p = arena_alloc(a, sizeof(*p));
		p->name = arena_string(a, name, strlen(name));
		p->next = *at;
		*at = p;
	}
	p->data = arena_copy(a, data, len);
	p->len = (uint32_t)len;
}

void dt_set_u64(struct arena *a, struct dt_node *node, const char *name, uint64_t value)
{
	uint8_t bytes[8];

	be64_put(bytes, value);
	dt_set(a, node, name, bytes, sizeof(bytes));
}

void dt_remove(struct dt_node *node, const char *name)
{
	for (struct dt_prop **at = &node->props; *at; at = &(*at)->next)
		if (!strcmp((*at)->name, name)) {
			*at = (*at)->next;
			return;
		}
}

static int one_cell_count(const struct dt_node *node, const char *name, unsigned int absent,
			  unsigned int *out)
{
	const struct dt_prop *p = dt_prop(node, name);

	*out = absent;
	if (!p)
		return 0;
	if (p->len != 4)
		return fail(EINVAL, "device tree: %s/%s has %u bytes, not 4", node->name, name, p->len);
	*out = be32_get(p->data);
	if (*out < 1 || *out > 2)
		return fail(EINVAL, "device tree: %s/%s is %u; addresses and sizes here have 1 or 2"
			    " cells", node->name, name, *out);
	return 0;
}

/* Defaults: Devicetree Specification 2.3.5. */
int dt_cells(const struct dt_node *node, struct dt_cells *cells)
{
	int rc = one_cell_count(node, "#address-cells", 2, &cells->addr);

	return rc < 0 ? rc : one_cell_count(node, "#size-cells", 1, &cells->size);
}

int dt_add_ranges(const struct dt_prop *prop, struct dt_cells cells, const char *where,
		  const char *why, struct ranges *out)
{
	uint32_t step = 4 * (cells.addr + cells.size);

	if (prop->len % step)
		return fail(EINVAL, "device tree: %s/%s has %u bytes, not a multiple of %u", where,
			    prop->name, prop->len, step);
	for (uint32_t at = 0; at < prop->len; at += step) {
		uint64_t addr = bytes_get(prop->data + at, 4 * cells.addr, false);
		uint64_t size = bytes_get(prop->data + at + 4 * cells.addr, 4 * cells.size, false);
		int rc = ranges_add(out, addr, size, why);

		if (rc < 0)
			return fail_in(rc, "device tree: %s/%s", where, prop->name);
	}
	return 0;
}

size_t dt_put_pair(uint8_t *out, struct dt_cells cells, uint64_t addr, uint64_t size)
{
	bytes_put(out, addr, 4 * cells.addr, false);
	bytes_put(out + 4 * cells.addr, size, 4 * cells.size, false);
	return 4 * (cells.addr + cells.size);
}

/* An upper bound: no name is shared in the strings block. */
static size_t flat_size_bound(const struct dt_node *root, const struct ranges *reserve)
{
	size_t size = 4096 + (reserve->n + 1) * sizeof(struct fdt_reserve_entry);

	for (const struct dt_node *n = NULL; (n = dt_next(root, n));) {
		size += strlen(n->name) + 16;
		for (const struct dt_prop *p = n->props; p; p = p->next)
			size += (size_t)p->len + strlen(p->name) + 32;
	}
	return size;
}

static int write_node(void *fdt, const struct dt_node *node)
{
	int rc = fdt_begin_node(fdt, node->name);

	for (const struct dt_prop *p = node->props; p && !rc; p = p->next)
		rc = fdt_property(fdt, p->name, p->data, (int)p->len);
	for (const struct dt_node *c = node->children; c && !rc; c = c->next)
		rc = write_node(fdt, c);
	return rc ? rc : fdt_end_node(fdt);
}

static int write_tree(void *fdt, size_t size, const struct dt_node *root,
		      const struct ranges *reserve)
{
	int rc = fdt_create(fdt, (int)size);

	for (size_t i = 0; i < reserve->n && !rc; i++)
		rc = fdt_add_reservemap_entry(fdt, reserve->at[i].start,
					      reserve->at[i].end - reserve->at[i].start);
	if (!rc)
		rc = fdt_finish_reservemap(fdt);
	if (!rc)
		rc = write_node(fdt, root);
	return rc ? rc : fdt_finish(fdt);
}

/* Free space is what totalsize promises beyond the strings block, the last one. */
int dt_flatten(const struct dt_node *root, const struct ranges *reserve, size_t room,
	       uint8_t **blob, size_t *size)
{
	size_t bound = flat_size_bound(root, reserve);
	uint8_t *fdt;
	int rc;

	if (bound > FDT_SIZE_MAX || room > FDT_SIZE_MAX)
		return fail(E2BIG, "device tree: needs more than %zu bytes", FDT_SIZE_MAX);
	fdt = mem_alloc(bound + room);
	rc = write_tree(fdt, bound, root, reserve);
	if (rc) {
		free(fdt);
		return fail(EINVAL, "device tree: cannot be flattened: %s", fdt_strerror(rc));
	}
	*size = fdt_totalsize(fdt) + room;
	memset(fdt + fdt_totalsize(fdt), 0, room);
	fdt_set_totalsize(fdt, (uint32_t)*size);
	*blob = fdt;
	return 0;
}
