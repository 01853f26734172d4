// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From and to flattened trees, with libfdt. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/devicetree.h"

#define BLOB_VERSION_MIN 16
#define FDT_SIZE_MAX	((size_t)1 << 30)	/* fdt_check_header() takes less than 2 GiB */

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

	if (depth > DT_DEPTH_MAX)
		return fail(EINVAL, "is more than %d levels deep", DT_DEPTH_MAX);
	if (rc < 0)
		return rc;
	fdt_for_each_subnode(child, fdt, node) {
		const char *name = fdt_get_name(fdt, child, NULL);
		struct dt_node *n = arena_alloc(a, sizeof(*n));

		n->name = arena_string(a, name, strlen(name));
		dt_append(to, n);
		rc = blob_node(a, fdt, child, n, depth + 1);
		if (rc < 0)
			return rc;
	}
	dt_sort_children(to);
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
