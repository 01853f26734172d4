// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/flatcpus.h"
#include "kexec/arch/ppc64/ppc64.h"

/*
 * After a partition has moved to another machine its firmware describes every CPU anew,
 * with features that the first did not know: so much more for each, and a new name.
 */
#define GROWTH		256
#define GROWTH_NAME	"vendor,of-the-other-machine"

/* Bytes of the values: what is the largest node, if not exactly by how much. */
static uint64_t node_bytes(const struct dt_node *node)
{
	uint64_t bytes = 0;

	for (const struct dt_prop *p = node->props; p; p = p->next)
		bytes += 12 + (uint64_t)p->len;
	return bytes;
}

struct live_cpus {
	const struct dt_node *largest;
	uint64_t nodes, threads;	/* threads: of all nodes together */
	uint64_t fewest;		/* threads of one node */
};

/* arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus counts threads so. */
static void count_cpu(struct live_cpus *live, const struct dt_node *n)
{
	const struct dt_prop *p = dt_prop(n, "ibm,ppc-interrupt-server#s");
	uint64_t threads;

	if (!p)
		p = dt_prop(n, "reg");
	threads = p && p->len > 4 ? p->len / 4 : 1;
	live->nodes++;
	live->threads += threads;
	if (!live->fewest || threads < live->fewest)
		live->fewest = threads;
	if (!live->largest || node_bytes(n) > node_bytes(live->largest))
		live->largest = n;
}

/*
 * Each possible CPU that no live node accounts for, by the fewest to a core there
 * are, needs a core yet to come.
 */
static uint64_t most_cores(const struct machine *m, const struct live_cpus *live)
{
	uint64_t more = m->possible.n > live->threads ? m->possible.n - live->threads : 0;

	return live->nodes + (more + live->fewest - 1) / live->fewest;
}

/* A unit address as long as they get, and the `name` that the kernel gives each live node. */
static int add_cpu_node(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	static const uint8_t grown[GROWTH];
	STRING_AUTO name = mem_printf("%.*s@f%07" PRIx64, (int)strcspn(like->name, "@"), like->name,
				      i);
	int rc = 0, node = fdt_add_subnode(fdt, cpus, name);

	if (node < 0)
		return node;
	for (const struct dt_prop *p = like->props; p && !rc; p = p->next)
		if (strcmp(p->name, "name"))
			rc = fdt_setprop(fdt, node, p->name, p->data, (int)p->len);
	if (!rc)
		rc = fdt_setprop(fdt, node, GROWTH_NAME, grown, sizeof(grown));
	return rc ? rc : fdt_setprop_string(fdt, node, "name", name);
}

int ppc64_rehearse_fdt(const struct machine *m, const void *fdt, uint64_t size)
{
	const struct dt_node *cpus = dt_child(m->tree, "cpus");
	struct live_cpus live = {0};
	uint64_t cores, added;
	int rc;

	for (const struct dt_node *n = cpus ? cpus->children : NULL; n; n = n->next)
		if (dt_is_type(n, "cpu"))
			count_cpu(&live, n);
	if (!live.nodes)
		return fail(EINVAL, "hotplug rehearsal: the running kernel has no CPU node to add");
	if (fdt_totalsize(fdt) > size)
		return fail(EINVAL, "hotplug rehearsal: the FDT claims %u bytes of a segment of %"
			    PRIu64, fdt_totalsize(fdt), size);
	cores = most_cores(m, &live);
	rc = flatcpus_replace(fdt, live.largest, cores, add_cpu_node, &added);
	if (rc)
		return fail(EINVAL,
			    "hotplug rehearsal: the kernel could not replace the CPU nodes: %s",
			    fdt_strerror(rc));
	if (added < cores)
		return fail(ENOSPC,
			    "hotplug rehearsal: the kernel could add only %" PRIu64 " of %" PRIu64
			    " cores to the FDT: %s",
			    added, cores, fdt_strerror(-FDT_ERR_NOSPACE));
	return 0;
}

static int rehearse_cpus(const struct image *image, const struct segment *s)
{
	return ppc64_rehearse_fdt(image->machine, s->data, s->bufsz);
}

const struct kept ppc64_kept_cpus = {
	.what = "FDT",
	.unit = "cores",
	.like = "a device tree",
	.magic = { 0xd0, 0x0d, 0xfe, 0xed },
	.rehearse = rehearse_cpus,
	.kind = PURGATORY_KEPT_ARCH,
	.seal = ppc64_seal_fdt,
	.prove_sealed = ppc64_prove_sealed,
};
