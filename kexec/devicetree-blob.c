// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From flattened trees, with libfdt. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/devicetree.h"

#define BLOB_VERSION_MIN 16

static int blob_error(int rc)
{
	return rc == -FDT_ERR_BADMAGIC ?
		fail(EINVAL, "is not a device tree blob, as dtc makes them") :
		fail(EINVAL, "is a damaged device tree blob: %s", fdt_strerror(rc));
}

/*
 * Where the tree's structure block is read. fdt_check_full() of libfdt 1.6 takes a property of
 * nearly 4 GiB for one of less than nothing: what is read here is seen to be in the blob.
 */
struct cursor {
	const uint8_t *at, *end;
	const char *strings;
	struct dt_prop **tail;	/* of the node that is open, before its first child; else NULL */
};

/* That many bytes and what makes them a multiple of 4; false: there are not so many. */
static bool step_over(struct cursor *c, uint64_t bytes)
{
	if (round_up64(bytes, 4) > (uint64_t)(c->end - c->at))
		return false;
	c->at += round_up64(bytes, 4);
	return true;
}

/* NULL: the name does not end. */
static struct dt_node *begin_node(struct cursor *c, struct arena *a, struct dt_node *parent)
{
	struct dt_node *node = arena_alloc(a, sizeof(*node));
	const char *name = (const char *)c->at;

	if (!step_over(c, strnlen(name, (size_t)(c->end - c->at)) + 1))
		return NULL;
	node->name = parent ? name : "";
	c->tail = &node->props;
	if (parent)
		dt_append(parent, node);
	return node;
}

static bool add_prop(struct cursor *c, struct arena *a)
{
	struct dt_prop *p = arena_alloc(a, sizeof(*p));
	const uint8_t *head = c->at;

	if (!step_over(c, 8))
		return false;
	p->len = be32_get(head);
	p->name = c->strings + be32_get(head + 4);
	p->data = c->at;
	*c->tail = p;
	c->tail = &p->next;
	return step_over(c, p->len);
}

static int read_structure(struct cursor *c, struct arena *a, struct dt_node **root)
{
	struct dt_node *node = NULL;
	int depth = 0;

	*root = NULL;
	for (;;) {
		const uint8_t *at = c->at;
		uint32_t tag = step_over(c, 4) ? be32_get(at) : UINT32_MAX;

		if (tag == FDT_BEGIN_NODE) {
			node = begin_node(c, a, node);
			if (!node)
				return blob_error(-FDT_ERR_TRUNCATED);
			if (!depth)
				*root = node;
			if (++depth > DT_DEPTH_MAX + 1)
				return fail(EINVAL, "is more than %d levels deep", DT_DEPTH_MAX);
		} else if (tag == FDT_PROP && c->tail) {
			if (!add_prop(c, a))
				return blob_error(-FDT_ERR_TRUNCATED);
		} else if (tag == FDT_END_NODE && node) {
			node = node->parent;
			c->tail = NULL;
			depth--;
		} else if (tag == FDT_END && *root && !node) {
			return 0;
		} else if (tag != FDT_NOP) {
			return blob_error(-FDT_ERR_BADSTRUCTURE);
		}
	}
}

int dt_read_sound_blob(struct arena *a, const uint8_t *blob, struct dt_node **root,
		       struct ranges *reserve)
{
	struct cursor c = { .at = blob + fdt_off_dt_struct(blob),
			    .end = blob + fdt_totalsize(blob),
			    .strings = (const char *)blob + fdt_off_dt_strings(blob) };
	int rc = 0;

	for (int i = 0; i < fdt_num_mem_rsv(blob) && rc >= 0; i++) {
		uint64_t start, bytes;

		rc = fdt_get_mem_rsv(blob, i, &start, &bytes);
		rc = rc ? blob_error(rc) : ranges_add(reserve, start, bytes, "reserved by --dtb");
	}
	return rc < 0 ? rc : read_structure(&c, a, root);
}

int dt_read_blob(struct arena *a, const uint8_t *blob, uint64_t size, struct dt_node **root,
		 struct ranges *reserve)
{
	int rc = size < sizeof(struct fdt_header) ? -FDT_ERR_BADMAGIC : fdt_check_header(blob);

	/*
	 * Nodes of older ones have whole paths for names, over which fdt_check_full() can stumble.
	 */
	if (!rc && fdt_version(blob) < BLOB_VERSION_MIN)
		return fail(EINVAL, "is a device tree blob of version %u, too old: %d and later are"
			    " understood", fdt_version(blob), BLOB_VERSION_MIN);
	if (!rc)
		rc = fdt_check_full(blob, size);
	return rc ? blob_error(rc) : dt_read_sound_blob(a, blob, root, reserve);
}
