// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/flatcpus.h"
#include "kexec/rehearse.h"

/*
 * After a partition has moved to another machine its firmware describes every CPU anew,
 * with features that the first did not know: so much more for each, and a new name.
 */
#define GROWTH		256
#define GROWTH_NAME	"vendor,of-the-other-machine"

/* What the kernel rounds the regenerated header to before it looks at memsz. */
#define ELFCOREHDR_ALIGN 4096
#define EHDR_SIZE	64
#define PHDR_SIZE	56
#define PHDRS_MAX	65534	/* in 16 bits, of which the last value has a meaning */

/* --- the device tree --- */

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
	STRING_AUTO name = mem_printf("%.*s@f%07" PRIx64, (int)strcspn(like->name, "@"), like->name, i);
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

int rehearse_fdt(const struct machine *m, const void *fdt, uint64_t size)
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
		return fail(EINVAL, "hotplug rehearsal: the kernel could not replace the CPU nodes: %s",
			    fdt_strerror(rc));
	if (added < cores)
		return fail(ENOSPC, "hotplug rehearsal: the kernel could add only %" PRIu64 " of %" PRIu64
			    " cores to the FDT: %s", added, cores, fdt_strerror(-FDT_ERR_NOSPACE));
	return 0;
}

/* --- the elfcorehdr --- */

/*
 * What arch/powerpc/kexec/crash.c:arch_crash_get_elfcorehdr_size counted: CONFIG_CRASH_MAX_
 * MEMORY_RANGES. 0: the kernel does not say, or never changes the header.
 */
static uint64_t prepared_for(const struct machine *m)
{
	uint64_t others = EHDR_SIZE + PHDR_SIZE * ((uint64_t)m->possible.n + 1);

	return m->elfcorehdr_size > others ? (m->elfcorehdr_size - others) / PHDR_SIZE : 0;
}

static void warn_of_ranges(uint64_t ranges, uint64_t most, uint64_t room)
{
	warn("memory is in %" PRIu64 " ranges, the running kernel is prepared for %" PRIu64
	     " (CONFIG_CRASH_MAX_MEMORY_RANGES): the elfcorehdr has room for %" PRIu64 "; when memory is"
	     " added in more pieces the dump will lack it until kexec loads again", ranges, most, room);
}

int rehearse_elfcorehdr(const struct machine *m, const struct segment *s, uint64_t ranges)
{
	uint64_t cpus = (uint64_t)m->possible.n, most = prepared_for(m), n, grown;

	if (cpus + 1 + ranges > PHDRS_MAX)
		return fail(E2BIG, "hotplug rehearsal: %" PRIu64 " CPUs and %" PRIu64 " memory ranges are more"
			    " than the %d program headers that an elfcorehdr can count", cpus, ranges,
			    PHDRS_MAX);
	n = ranges + 1 > most ? ranges + 1 : most;
	if (n + cpus + 1 > PHDRS_MAX)
		n = PHDRS_MAX - cpus - 1;
	/* The notes of CPUs and of vmcoreinfo, the ranges, and always a spare one. */
	grown = round_up64(EHDR_SIZE + PHDR_SIZE * (cpus + 1 + n + 1), ELFCOREHDR_ALIGN);
	if (grown > s->memsz)
		return fail(ENOSPC, "hotplug rehearsal: a regenerated elfcorehdr takes up to %" PRIu64
			    " bytes, its segment has %" PRIu64, grown, s->memsz);
	if (most && ranges > most)
		warn_of_ranges(ranges, most, (s->memsz - EHDR_SIZE) / PHDR_SIZE - cpus - 2);
	return 0;
}
