// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/bytes.h"
#include "kexec/devicetree.h"

/*
 * Names as nodes are sorted by them: cpu@8 before cpu@10. The order of CPU
 * nodes decides how the second kernel numbers its CPUs.
 */
int dt_compare_names(const char *a, const char *b)
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

void dt_insert(struct dt_node *parent, struct dt_node *node)
{
	struct dt_node **at = &parent->children;

	if (parent->last && dt_compare_names(parent->last->name, node->name) <= 0)
		at = &parent->last->next;	/* the common case: they come sorted */
	while (*at && dt_compare_names((*at)->name, node->name) <= 0)
		at = &(*at)->next;
	node->next = *at;
	node->parent = parent;
	*at = node;
	if (!node->next)
		parent->last = node;
}

void dt_append(struct dt_node *parent, struct dt_node *node)
{
	struct dt_node **at = parent->last ? &parent->last->next : &parent->children;

	node->next = NULL;
	node->parent = parent;
	*at = parent->last = node;
}

/* Both lists are sorted; of equal names those of @a come first. */
static struct dt_node *merge_nodes(struct dt_node *a, struct dt_node *b)
{
	struct dt_node *merged = NULL, **at = &merged;

	while (a && b) {
		struct dt_node **first = dt_compare_names(a->name, b->name) <= 0 ? &a : &b;

		*at = *first;
		at = &(*at)->next;
		*first = *at;
	}
	*at = a ? a : b;
	return merged;
}

static struct dt_node *sort_nodes(struct dt_node *list)
{
	struct dt_node *middle = list, *half;

	if (!list || !list->next)
		return list;
	for (struct dt_node *n = list->next; n && n->next; n = n->next->next)
		middle = middle->next;
	half = middle->next;
	middle->next = NULL;
	return merge_nodes(sort_nodes(list), sort_nodes(half));
}

void dt_sort_children(struct dt_node *parent)
{
	parent->children = parent->last = sort_nodes(parent->children);
	while (parent->last && parent->last->next)
		parent->last = parent->last->next;
}

void dt_sort(struct dt_node *root)
{
	for (struct dt_node *n = NULL; (n = dt_next(root, n));)
		dt_sort_children(n);
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
	for (; x || y; x = x->next, y = y->next)
		if (!dt_same(x, y))
			return false;
	return true;
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
	dt_insert(parent, node);
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

/* Most names differ in the first character: large trees are searched many times. */
static bool dt_same_name(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}

struct dt_prop *dt_prop(const struct dt_node *node, const char *name)
{
	for (struct dt_prop *p = node->props; p; p = p->next)
		if (dt_same_name(p->name, name))
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

const struct dt_node *dt_stdout(struct arena *a, struct dt_node *root)
{
	static const char *const names[] = { "linux,stdout-path", "stdout-path" };
	struct dt_node *chosen = dt_child(root, "chosen"), *aliases = dt_child(root, "aliases");
	const struct dt_prop *p = NULL;
	char *path;

	for (size_t i = 0; chosen && !p && i < ARRAY_SIZE(names); i++)
		p = dt_prop(chosen, names[i]);
	if (!p)
		return NULL;
	path = arena_string(a, (const char *)p->data, p->len);
	path[strcspn(path, ":")] = 0;		/* options, as in "/serial:115200" */
	if (*path != '/' && aliases) {
		p = dt_prop(aliases, path);
		path = p ? arena_string(a, (const char *)p->data, p->len) : path;
	}
	return *path == '/' ? dt_find(root, path) : NULL;
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
		if (dt_same_name((*at)->name, name)) {
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
		return fail(EINVAL, "device tree: %s/%s has %u bytes, not 4", node->name, name,
			    p->len);
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
