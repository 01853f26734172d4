// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The copy of the FDT for the purgatory: as it is loaded, and with the node of a core more, which
 * becomes that of a CPU that crashes and is not in it.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/flatcpus.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/prove.h"
#include "purgatory/params.h"

#define SEAL_UNIT "@crashed" /* behind the name of a CPU's node */
#define SEAL_IDS "ibm,ppc-interrupt-server#s"

/*
 * What another core has of its own; nobody looks for it in a capture kernel, or warns when threads
 * in it are not those of the node (arch/powerpc/kernel/smp.c: get_cpu_thread_group_start(),
 * arch/powerpc/sysdev/xics/xics-common.c: xics_update_irq_servers()).
 */
static bool seal_is_own(const char *name)
{
	static const char *const own[] = { "phandle",		"linux,phandle",
					   "ibm,phandle",	"ibm,my-drc-index",
					   "ibm,thread-groups", "ibm,ppc-interrupt-gserver#s" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (!strcmp(name, own[i]))
			return true;
	return false;
}

static int seal_first_cpu(const void *fdt)
{
	int node = fdt_first_subnode(fdt, fdt_path_offset(fdt, "/cpus"));

	return node >= 0 && flatcpus_is_cpu(fdt, node) ? node : -FDT_ERR_NOTFOUND;
}

/* A node like @like of @fdt, the first in @copy; its offset, or an error of libfdt's. */
static int seal_add_node(void *copy, const void *fdt, int like)
{
	const char *name = fdt_get_name(fdt, like, NULL), *key;
	STRING_AUTO crashed = mem_printf("%.*s" SEAL_UNIT, (int)strcspn(name, "@"), name);
	int node = fdt_add_subnode(copy, fdt_path_offset(copy, "/cpus"), crashed);
	int prop, len, rc = node < 0 ? node : 0;

	fdt_for_each_property_offset(prop, fdt, like)
	{
		const void *value = fdt_getprop_by_offset(fdt, prop, &key, &len);

		if (rc >= 0 && value && !seal_is_own(key))
			rc = fdt_setprop(copy, node, key, value, len);
	}
	return rc < 0 ? rc : node;
}

/* Where the last cell of the node's property is, and how many there are from *first on. */
static uint32_t seal_cells(const uint8_t *fdt, int node, const char *name, uint32_t *first)
{
	int len = 0;
	const uint8_t *value = fdt_getprop(fdt, node, name, &len);

	if (!value || len < 4)
		return 0;
	*first = (uint32_t)(value - fdt);
	return (uint32_t)len / 4;
}

static void seal_describe(const uint8_t *copy, int node, struct purgatory_kept *k)
{
	uint32_t cells = seal_cells(copy, node, "reg", &k->reg_at);

	k->ids_at = k->reg_at += cells ? 4 * (cells - 1) : 0;
	k->ids = cells ? 1 : 0;
	cells = seal_cells(copy, node, SEAL_IDS, &k->ids_at);
	if (cells)
		k->ids = cells;
	k->spare = k->ids ? (uint32_t)flatcpus_node_size(copy, node) : 0;
}

/* Behind the last node of a CPU; they are the first ones below /cpus. */
static uint32_t seal_cpus_end(const void *fdt, int node)
{
	int end = node;

	for (; node >= 0 && flatcpus_is_cpu(fdt, node); node = fdt_next_subnode(fdt, node))
		end = node + (int)flatcpus_node_size(fdt, node);
	return fdt_off_dt_struct(fdt) + (uint32_t)end;
}

static uint32_t seal_used(const void *fdt)
{
	return fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);
}

int ppc64_seal_fdt(const struct segment *s, struct buf *out, struct purgatory_kept *k)
{
	uint8_t *copy = mem_alloc(s->bufsz);
	int like = seal_first_cpu(s->data), node;

	memcpy(copy, s->data, s->bufsz);
	node = like < 0 ? like : seal_add_node(copy, s->data, like);
	if (node >= 0) {
		seal_describe(copy, node, k);
	} else {
		memcpy(copy, s->data, s->bufsz);
		node = like;
	}
	if (node >= 0) {
		k->cpus_at = fdt_off_dt_struct(copy) + (uint32_t)node;
		k->cpus_end = seal_cpus_end(copy, node);
		buf_add(out, copy, seal_used(copy));
	}
	free(copy);
	return node >= 0 ? 0 : fail(EINVAL, "the FDT: no node of a CPU is the first below /cpus");
}

/* --- the proof --- */

/* The node that was not in the plan: one, of a CPU, with the places where numbers are put. */
static bool seal_spare_is_right(const uint8_t *copy, const struct purgatory_kept *k)
{
	int node = (int)(k->cpus_at - fdt_off_dt_struct(copy));
	uint32_t ids = 0, reg = 0, n, cells;

	if (!flatcpus_is_cpu(copy, node) || flatcpus_node_size(copy, node) != k->spare)
		return false;
	cells = seal_cells(copy, node, "reg", &reg);
	reg += cells ? 4 * (cells - 1) : 0;
	n = seal_cells(copy, node, SEAL_IDS, &ids);
	return cells && k->reg_at == reg &&
		(n ? k->ids == n && k->ids_at == ids : k->ids == 1 && k->ids_at == reg);
}

/* Without that node it is the plan: the blocks byte for byte. */
static bool seal_is_plan(const struct segment *s, const uint8_t *copy,
			 const struct purgatory_kept *k)
{
	uint32_t strings = fdt_off_dt_strings(s->data);
	struct fdt_header head;

	if (k->sealed_size != (uint64_t)seal_used(s->data) + k->spare ||
	    k->cpus_at < sizeof(head) || k->cpus_at > strings ||
	    k->cpus_end < k->cpus_at + k->spare || k->cpus_end > strings + k->spare)
		return false;
	memcpy(&head, s->data, sizeof(head));
	fdt_set_off_dt_strings(&head, strings + k->spare);
	fdt_set_size_dt_struct(&head, fdt_size_dt_struct(s->data) + k->spare);
	return !memcmp(copy, &head, sizeof(head)) &&
		!memcmp(copy + sizeof(head), s->data + sizeof(head), k->cpus_at - sizeof(head)) &&
		!memcmp(copy + k->cpus_at + k->spare, s->data + k->cpus_at,
			seal_used(s->data) - k->cpus_at);
}

/* From the beginning of a node on the nodes of CPUs, all there are; then something else. */
static bool seal_has_all_cpus(const struct segment *s, const struct purgatory_kept *k)
{
	const void *fdt = s->data;
	int cpus = fdt_path_offset(fdt, "/cpus"), node, at, end;

	at = (int)(k->cpus_at - fdt_off_dt_struct(fdt));
	end = (int)(k->cpus_end - k->spare - fdt_off_dt_struct(fdt));
	if (cpus < 0 || fdt_first_subnode(fdt, cpus) != at)
		return false;
	fdt_for_each_subnode(node, fdt, cpus)
	{
		if (flatcpus_is_cpu(fdt, node) != (node < end))
			return false;
	}
	return seal_cpus_end(fdt, at) == k->cpus_end - k->spare;
}

int ppc64_prove_sealed(const struct segment *s, const uint8_t *copy, const struct purgatory_kept *k)
{
	if (!seal_is_plan(s, copy, k))
		return prove_wrong("the copy of the FDT is not what was planned");
	if (!seal_has_all_cpus(s, k))
		return prove_wrong("the purgatory does not know where the FDT has its CPUs");
	if (k->spare && !seal_spare_is_right(copy, k))
		return prove_wrong("the copy of the FDT has no node for the CPU that crashes");
	return 0;
}
