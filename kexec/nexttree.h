/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The second kernel's device tree, as far as it is the same on every machine that has one
 * (drivers/of/kexec.c:of_kexec_alloc_and_setup_fdt).
 */
#ifndef KEXEC_NEXTTREE_H
#define KEXEC_NEXTTREE_H

#include "kexec/image.h"

/* The tree from which it is made: the live one, or the user's. */
const struct dt_node *nexttree_source(const struct image *image);

/*
 * What the memory nodes of a tree have, appended; drivers/of/fdt.c:early_init_dt_scan_memory looks
 * at children of the root only. @cells: of its root.
 */
int nexttree_memory(const struct dt_node *tree, struct dt_cells cells, struct ranges *memory);

/*
 * What the children of /reserved-memory set aside, appended; with @mapped only
 * those that a kernel must have as memory to use them: no-map ones it never
 * maps, reusable ones are for its own pages.
 */
int nexttree_reserved_memory(const struct dt_node *tree, bool mapped, struct ranges *out);

/*
 * /chosen of the copy @root: without the @n properties @stale, which are the running kernel's own;
 * with the command line and where the initrd is. Returns the node.
 */
struct dt_node *nexttree_chosen(struct image *image, struct dt_node *root,
				const char *const *stale, size_t n);

/* The segment of that role, whole pages, into the reserve map; nothing if there is none. */
int nexttree_reserve(struct image *image, enum role role);

/*
 * Proofs that share nothing with the builder. The blob is sound, of version 17 or later, and has
 * the command line in /chosen; -EINVAL with a message.
 */
int nexttree_prove(const struct image *image, const struct segment *fdt);
/* Its reserve map, merged, appended to @out. */
int nexttree_reserved(const void *fdt, struct ranges *out);

#endif
