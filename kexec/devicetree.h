/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The device tree in memory: read from the directory that the kernel exports,
 * edited, and flattened with libfdt (Devicetree Specification chapter 5).
 *
 * Values are the raw big-endian bytes. Nodes and properties live in the
 * caller's arena; a copied tree shares the values of the original.
 */
#ifndef KEXEC_DEVICETREE_H
#define KEXEC_DEVICETREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mem.h"
#include "common/ranges.h"
#include "kexec/sysroot.h"

struct dt_prop {
	struct dt_prop *next;
	const char *name;
	const uint8_t *data;
	uint32_t len;
};

struct dt_node {
	struct dt_node *next, *children, *last, *parent;	/* last: of the children */
	struct dt_prop *props;
	const char *name;	/* "memory@0"; "" for the root */
};

#define DT_DEPTH_MAX 64	/* levels; no real tree comes near, damaged ones do */

/*
 * Read the tree below the sysroot's device-tree directory. Order is stable:
 * properties by name, nodes by name with unit addresses as numbers. The
 * suffixes that the kernel adds to names which collide within a node
 * (drivers/of/kobj.c:safe_name, "l2-cache#1") are taken off again.
 * -ENOENT without a message when the machine has no device tree.
 */
int dt_read(struct arena *a, const struct sysroot *sr, struct dt_node **root);

/*
 * The same once more: nodes below the root that were there @before, and of which @changes says by
 * their name that they stay as they were, are copied and not read.
 */
int dt_read_again(struct arena *a, const struct sysroot *sr, const struct dt_node *before,
		  bool (*changes)(const char *name), struct dt_node **root);

/*
 * The tree and the reserve map of a blob, in which names and values stay; nodes and properties
 * are in the blob's order. -EINVAL with a message when it is not a sound flattened device tree.
 */
int dt_read_blob(struct arena *a, const uint8_t *blob, uint64_t size, struct dt_node **root,
		 struct ranges *reserve);
/*
 * The same of one that fdt_check_full() has found sound, of version 16 or later. That takes a tree
 * without a root, and properties outside of nodes or behind children: -EINVAL with a message.
 */
int dt_read_sound_blob(struct arena *a, const uint8_t *blob, struct dt_node **root,
		       struct ranges *reserve);

/* Do both trees have the same nodes, properties and values? */
bool dt_same(const struct dt_node *a, const struct dt_node *b);

/* The order of nodes: < 0, 0, > 0. */
int dt_compare_names(const char *a, const char *b);
/* Link a new node in at its place in that order, if it is kept; of equal names as the last. */
void dt_insert(struct dt_node *parent, struct dt_node *node);
/* Link many: each at the end, then all of them sorted. */
void dt_append(struct dt_node *parent, struct dt_node *node);
void dt_sort_children(struct dt_node *parent);
/* The whole tree. */
void dt_sort(struct dt_node *root);

struct dt_node *dt_copy(struct arena *a, const struct dt_node *root);

struct dt_node *dt_child(const struct dt_node *node, const char *name);	/* exact name */
struct dt_node *dt_find(struct dt_node *root, const char *path);	/* "/chosen", exact names */
struct dt_node *dt_add_child(struct arena *a, struct dt_node *parent, const char *name);
/* @root and the nodes below it in tree order; NULL starts, NULL ends. */
struct dt_node *dt_next(const struct dt_node *root, const struct dt_node *node);

struct dt_prop *dt_prop(const struct dt_node *node, const char *name);
/* Does the property hold exactly this string, NUL included? */
bool dt_string_is(const struct dt_node *node, const char *name, const char *value);
/* Is @value one of the strings of "compatible"? */
bool dt_compatible(const struct dt_node *node, const char *value);
bool dt_is_type(const struct dt_node *node, const char *type);	/* device_type */
/* A big-endian number of 4 or 8 bytes: 1, or 0 when absent, or -EINVAL (length) with a message. */
int dt_number(const struct dt_node *node, const char *name, uint64_t *value);

/* What /chosen names as the console (stdout-path, an alias or a path), or NULL. */
const struct dt_node *dt_stdout(struct arena *a, struct dt_node *root);

void dt_set(struct arena *a, struct dt_node *node, const char *name, const void *data, size_t len);
void dt_set_u64(struct arena *a, struct dt_node *node, const char *name, uint64_t value);
void dt_remove(struct dt_node *node, const char *name);

/* How many 32-bit cells an address and a size have in the children's reg. */
struct dt_cells {
	unsigned int addr, size;
};

/* -EINVAL with a message for what no 64-bit machine can have (0 or more than 2). */
int dt_cells(const struct dt_node *node, struct dt_cells *cells);
/* Append all (address, size) pairs of the property. @why is kept. */
int dt_add_ranges(const struct dt_prop *prop, struct dt_cells cells, const char *where,
		  const char *why, struct ranges *out);
/* Write one pair; @out needs 16 bytes. Returns the number of bytes written. */
size_t dt_put_pair(uint8_t *out, struct dt_cells cells, uint64_t addr, uint64_t size);

#define DT_SIZE_MAX	((size_t)1 << 30)	/* fdt_check_header() takes less than 2 GiB */

/* Flatten into a malloc()ed version 17 blob whose totalsize is what the tree needs. */
int dt_flatten(const struct dt_node *root, const struct ranges *reserve, uint8_t **blob,
	       size_t *size);

#endif
