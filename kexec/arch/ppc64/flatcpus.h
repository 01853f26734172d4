/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What becomes of a flattened tree when all its CPU nodes are replaced with
 * libfdt, as arch/powerpc/kexec/core_64.c:update_cpus_node does: in time that
 * grows with the tree, where libfdt moves what is behind for each property.
 */
#ifndef KEXEC_ARCH_PPC64_FLATCPUS_H
#define KEXEC_ARCH_PPC64_FLATCPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/devicetree.h"

/* Is it one of the nodes that the kernel replaces? */
bool flatcpus_is_cpu(const void *fdt, int node);

/* Bytes which a node with all that is in it has in the structure block; 0: it has no end. */
uint64_t flatcpus_node_size(const void *fdt, int node);

/* Add node number @i below @cpus with libfdt; 0 or its error. For every @i > 0 equally large. */
typedef int flatcpus_add_fn(void *fdt, int cpus, const struct dt_node *like, uint64_t i);

/*
 * Of @cores nodes, how many can be added to @fdt after its CPU nodes have been
 * deleted: what libfdt says of two in a tree which has nothing but the same
 * strings tells of all. 0, or an error of libfdt's for a tree that it would
 * not edit.
 */
int flatcpus_replace(const void *fdt, const struct dt_node *like, uint64_t cores,
		     flatcpus_add_fn *add, uint64_t *added);

#endif
