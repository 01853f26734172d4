// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From the directory that the kernel exports. */
#include <string.h>

#include "kexec/devicetree.h"

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
		dt_insert(node, child);
		rc = read_node(a, sr, entry, child, depth + 1);
	}
	return rc;
}

static int read_node(struct arena *a, const struct sysroot *sr, const char *path,
		     struct dt_node *node, int depth)
{
	struct sysroot_list list;
	int rc;

	if (depth > DT_DEPTH_MAX)
		return fail(EINVAL, "%s/%s: the device tree is more than %d levels deep", sr->root,
			    path, DT_DEPTH_MAX);
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
