// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From the directory that the kernel exports. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kexec/devicetree.h"

struct reading {
	struct arena *a;
	const struct sysroot *sr;
	struct buf value;	/* of the property that is being read */
	bool changed;		/* something went while it was read */
	const struct dt_node *before; /* or NULL, and then all is read */
	bool (*changes)(const char *name);
};

static int compare_entry(const void *key, const void *entry)
{
	return strcmp(key, ((const struct sysroot_entry *)entry)->name);
}

static bool list_has(const struct sysroot_list *list, const char *name, size_t len)
{
	STRING_AUTO key = mem_copy_text(name, len);

	return bsearch(key, list->at, list->n, sizeof(*list->at), compare_entry);
}

/* Without a safe_name() suffix: "#N" beside a file without it. */
static const char *real_name(struct reading *r, const struct sysroot_list *list, const char *name)
{
	const char *hash = strrchr(name, '#');

	if (!hash || hash[1] < '1' || hash[1] > '9' ||
	    hash[1 + strspn(hash + 1, "0123456789")] ||
	    !list_has(list, name, (size_t)(hash - name)))
		return name;
	return arena_string(r->a, name, (size_t)(hash - name));
}

/* -ENOENT: it is gone. */
static int read_prop(struct reading *r, const struct sysroot_dir *dir,
		     const struct sysroot_entry *e, struct dt_node *node, struct dt_prop ***tail)
{
	const char *name = real_name(r, &dir->list, e->name);
	struct dt_prop *p;
	int rc;

	r->value.len = 0;
	rc = sysroot_read_in(dir, e, &r->value);
	if (rc < 0)
		return rc;
	if (name != e->name && dt_prop(node, name)) {
		debug("%s/%s: a second property of that name is dropped", dir->name, e->name);
		return 0;
	}
	p = arena_alloc(r->a, sizeof(*p));
	p->name = name;
	p->len = (uint32_t)r->value.len;
	p->data = arena_copy(r->a, r->value.data, r->value.len);
	**tail = p;
	*tail = &p->next;
	return 0;
}

static int read_entries(struct reading *r, const struct sysroot_dir *dir, struct dt_node *node,
			int depth);

static int read_child(struct reading *r, const struct sysroot_dir *above,
		      const struct sysroot_entry *e, struct dt_node *node, int depth)
{
	struct dt_node *child = arena_alloc(r->a, sizeof(*child));
	struct sysroot_dir dir;
	int rc;

	if (depth == 1 && r->before && !r->changes(e->name)) {
		const struct dt_node *same = dt_child(r->before, e->name);

		if (same) {
			dt_append(node, dt_copy(r->a, same));
			return 0;
		}
	}
	if (depth > DT_DEPTH_MAX) {
		STRING_AUTO path = sysroot_path_in(above, e->name);

		return fail(EINVAL, "%s/%s: the device tree is more than %d levels deep",
			    r->sr->root, path, DT_DEPTH_MAX);
	}
	rc = sysroot_open_in(above, e, r->a, &dir);
	child->name = real_name(r, &above->list, e->name);
	if (rc >= 0)
		rc = read_entries(r, &dir, child, depth);
	sysroot_close(&dir);
	if (rc >= 0)
		dt_append(node, child);
	return rc;
}

static void unrecord(const struct reading *r, const struct sysroot_dir *dir, const char *name)
{
	STRING_AUTO path = sysroot_path_in(dir, name);

	sysroot_unrecord(r->sr, path);
}

/*
 * A device loses its properties one by one before its node goes: what is left
 * of it is no node. Of any other node only the property is gone.
 */
static int read_entries(struct reading *r, const struct sysroot_dir *dir, struct dt_node *node,
			int depth)
{
	bool device = strchr(node->name, '@'), lost = device && !dir->list.n;
	struct dt_prop **tail = &node->props;
	int rc = 0;

	for (size_t i = 0; i < dir->list.n && rc >= 0; i++) {
		const struct sysroot_entry *e = &dir->list.at[i];

		rc = e->directory ? read_child(r, dir, e, node, depth + 1) :
		     read_prop(r, dir, e, node, &tail);
		if (rc != -ENOENT)
			continue;
		r->changed = true;
		lost = lost || (device && !e->directory);
		unrecord(r, dir, e->name);
		rc = 0;
	}
	dt_sort_children(node);
	return rc >= 0 && lost ? -ENOENT : rc;
}

static int read_root(struct reading *r, struct dt_node **root)
{
	struct sysroot_dir dir;
	int rc = sysroot_open(r->sr, PROC_DEVICE_TREE, r->a, &dir);

	*root = arena_alloc(r->a, sizeof(**root));
	(*root)->name = "";
	if (rc >= 0)
		rc = read_entries(r, &dir, *root, 0);
	sysroot_close(&dir);
	return rc;
}

#define READ_TRIES	5
#define READ_PAUSE_US	20000	/* a node goes in less */

/* While devices come and go, again; when that takes too long, without those which go. */
int dt_read_again(struct arena *a, const struct sysroot *sr, const struct dt_node *before,
		  bool (*changes)(const char *name), struct dt_node **root)
{
	struct reading r = {
		.a = a, .sr = sr, .changed = true, .before = before, .changes = changes
	};
	int rc = 0;

	for (int i = 0; i < READ_TRIES && r.changed && rc >= 0; i++) {
		if (i && sysroot_is_live(sr))
			usleep(READ_PAUSE_US);
		if (i)
			sysroot_unrecord(sr, PROC_DEVICE_TREE);
		r.changed = false;
		rc = read_root(&r, root);
	}
	buf_free(&r.value);
	return rc;
}

int dt_read(struct arena *a, const struct sysroot *sr, struct dt_node **root)
{
	return dt_read_again(a, sr, NULL, NULL, root);
}
