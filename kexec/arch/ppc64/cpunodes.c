// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/cpunodes.h"

/*
 * Bytes for each core, present or not: what comes later has properties that no node of now
 * has, and when a partition moves to another machine all of them grow by 64 to 256 bytes.
 */
#define CPU_NODE_SPARE	512
#define STRINGS_SPARE	4096	/* bytes, for the names of such properties */

static size_t base_length(const char *name)
{
	return strcspn(name, "@");
}

/*
 * A node's name with the longest unit address that a 32-bit reg can give, so
 * that no core which comes later needs more.
 */
static size_t longest_name(const struct dt_node *node)
{
	return base_length(node->name) + strlen("@ffffffff");
}

static uint64_t align4(uint64_t len)
{
	return round_up64(len, 4);
}

/*
 * Bytes in the structure block: FDT_BEGIN_NODE, name, properties, FDT_END_NODE.
 * The kernel gives every live node a `name` property; that of a node which
 * came by DLPAR holds the unit address too (seen on Linux 6.12).
 */
static uint64_t live_node_size(const struct dt_node *node)
{
	uint64_t name = align4(longest_name(node) + 1);
	uint64_t size = 4 + name + sizeof(struct fdt_property) + name + 4;

	for (const struct dt_prop *p = node->props; p; p = p->next)
		if (strcmp(p->name, "name"))
			size += sizeof(struct fdt_property) + align4(p->len);
	return size;
}

static uint64_t threads_of(const struct dt_node *cpu)
{
	const struct dt_prop *p = dt_prop(cpu, "ibm,ppc-interrupt-server#s");

	return p && p->len >= 4 ? p->len / 4 : 1;
}

int cpunodes_count(const struct machine *m, struct cpunodes *cores)
{
	const struct dt_node *cpus = m->tree ? dt_child(m->tree, "cpus") : NULL;
	uint64_t largest = 0, threads = UINT64_MAX, nodes = 0;

	*cores = (struct cpunodes){0};
	for (const struct dt_node *n = cpus ? cpus->children : NULL; n; n = n->next) {
		if (!dt_is_type(n, "cpu"))
			continue;
		nodes++;
		if (live_node_size(n) > largest) {
			largest = live_node_size(n);
			cores->largest = n;
		}
		if (threads_of(n) < threads)
			threads = threads_of(n);
	}
	if (!cpus)
		return fail(EINVAL, "device tree: there is no /cpus node");
	if (!cores->largest)
		return fail(EINVAL, "device tree: no CPU node below /cpus");
	cores->possible = (m->possible.n + threads - 1) / threads;
	if (cores->possible < nodes)
		cores->possible = nodes;
	return 0;
}

uint64_t cpunodes_in(const struct dt_node *tree)
{
	const struct dt_node *cpus = dt_child(tree, "cpus");
	uint64_t n = 0;

	for (const struct dt_node *c = cpus ? cpus->children : NULL; c; c = c->next)
		n += dt_is_type(c, "cpu");
	return n;
}

/* libfdt shares a name with the tail of any string that is there. */
static bool flat_has_string(const void *fdt, const char *name)
{
	return memmem((const char *)fdt + fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt), name,
		      strlen(name) + 1);
}

/* As it is flattened, with all that is below it. */
static uint64_t flat_size(const struct dt_node *node)
{
	uint64_t size = 0;

	for (const struct dt_node *n = NULL; (n = dt_next(node, n));) {
		size += 4 + align4(strlen(n->name) + 1) + 4;
		for (const struct dt_prop *p = n->props; p; p = p->next)
			size += sizeof(struct fdt_property) + align4(p->len);
	}
	return size;
}

uint64_t cpunodes_needed(const struct cpunodes *cores, const struct dt_node *tree, const void *fdt)
{
	const struct dt_node *cpus = dt_child(tree, "cpus");
	uint64_t after = cores->possible * live_node_size(cores->largest), before = 0;

	for (const struct dt_node *c = cpus ? cpus->children : NULL; c; c = c->next)
		if (dt_is_type(c, "cpu"))
			before += flat_size(c);
	for (const struct dt_prop *p = cores->largest->props; p; p = p->next)
		if (!flat_has_string(fdt, p->name))
			after += strlen(p->name) + 1;
	if (!dt_prop(cores->largest, "name") && !flat_has_string(fdt, "name"))
		after += strlen("name") + 1;
	return after > before ? after - before : 0;
}

uint64_t cpunodes_spare(const struct cpunodes *cores)
{
	return STRINGS_SPARE + cores->possible * CPU_NODE_SPARE;
}
