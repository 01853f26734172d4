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
	bool changed;		/* something went while it was read */
};

static int compare_entry(const void *key, const void *entry)
{
	return strcmp(key, ((const struct sysroot_entry *)entry)->name);
}

static bool list_has(const struct sysroot_list *list, const char *name, size_t len)
{
	STRING_AUTO key = mem_printf("%.*s", (int)len, name);

	return bsearch(key, list->at, list->n, sizeof(*list->at), compare_entry);
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

/* -ENOENT: it is gone. */
static int read_prop(struct reading *r, const char *path, const char *name, size_t name_len,
		     struct dt_node *node, struct dt_prop ***tail)
{
	BUF_AUTO value = {0};
	struct dt_prop *p;
	int rc = sysroot_read(r->sr, path, &value);

	if (rc < 0)
		return rc;
	p = arena_alloc(r->a, sizeof(*p));
	p->name = arena_string(r->a, name, name_len);
	if (name[name_len] && dt_prop(node, p->name)) {
		debug("%s: a second property of that name is dropped", path);
		return 0;
	}
	p->len = (uint32_t)value.len;
	p->data = arena_copy(r->a, value.data, value.len);
	**tail = p;
	*tail = &p->next;
	return 0;
}

static int read_node(struct reading *r, const char *path, struct dt_node *node, int depth);

static int read_child(struct reading *r, const char *path, const char *name, size_t name_len,
		      struct dt_node *node, int depth)
{
	struct dt_node *child = arena_alloc(r->a, sizeof(*child));
	int rc;

	child->name = arena_string(r->a, name, name_len);
	rc = read_node(r, path, child, depth + 1);
	if (rc >= 0)
		dt_append(node, child);
	return rc;
}

/*
 * A device loses its properties one by one before its node goes: what is left
 * of it is no node. Of any other node only the property is gone.
 */
static int read_entries(struct reading *r, const char *path, struct dt_node *node,
			const struct sysroot_list *list, int depth)
{
	bool device = strchr(node->name, '@'), lost = device && !list->n;
	struct dt_prop **tail = &node->props;
	int rc = 0;

	for (size_t i = 0; i < list->n && rc >= 0; i++) {
		const char *name = list->at[i].name;
		size_t len = real_name_length(list, name);
		STRING_AUTO entry = mem_printf("%s/%s", path, name);

		if (list->at[i].directory)
			rc = read_child(r, entry, name, len, node, depth);
		else
			rc = read_prop(r, entry, name, len, node, &tail);
		if (rc != -ENOENT)
			continue;
		r->changed = true;
		lost = lost || (device && !list->at[i].directory);
		sysroot_unrecord(r->sr, entry);
		rc = 0;
	}
	dt_sort_children(node);
	return rc >= 0 && lost ? -ENOENT : rc;
}

static int read_node(struct reading *r, const char *path, struct dt_node *node, int depth)
{
	struct sysroot_list list;
	int rc;

	if (depth > DT_DEPTH_MAX)
		return fail(EINVAL, "%s/%s: the device tree is more than %d levels deep", r->sr->root,
			    path, DT_DEPTH_MAX);
	rc = sysroot_list(r->sr, path, &list);
	if (rc < 0)
		return rc;
	rc = read_entries(r, path, node, &list, depth);
	sysroot_list_free(&list);
	return rc;
}

#define READ_TRIES	5
#define READ_PAUSE_US	20000	/* a node goes in less */

/* While devices come and go, again; when that takes too long, without those which go. */
int dt_read(struct arena *a, const struct sysroot *sr, struct dt_node **root)
{
	struct reading r = { .a = a, .sr = sr, .changed = true };
	int rc = 0;

	for (int i = 0; i < READ_TRIES && r.changed && rc >= 0; i++) {
		if (i && sysroot_is_live(sr))
			usleep(READ_PAUSE_US);
		if (i)
			sysroot_unrecord(sr, PROC_DEVICE_TREE);
		r.changed = false;
		*root = arena_alloc(a, sizeof(**root));
		(*root)->name = "";
		rc = read_node(&r, PROC_DEVICE_TREE, *root, 0);
	}
	return rc;
}
