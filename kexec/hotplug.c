// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/elfcorehdr.h"
#include "kexec/hotplug.h"

#define CPU_NODE_SPARE	256	/* bytes for each missing core, for properties that only it has */
#define STRINGS_SPARE	4096	/* bytes, for their names; a core can come back with a new one too */
#define ELFCOREHDR_ALIGN 4096	/* the kernel rounds to this before it compares with memsz */

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

static uint64_t flat_node_size(const void *fdt, int node)
{
	int depth = 0, at = node, next;

	do {
		switch (fdt_next_tag(fdt, at, &next)) {
		case FDT_BEGIN_NODE:
			depth++;
			break;
		case FDT_END_NODE:
			depth--;
			break;
		case FDT_END:
			return 0;
		}
		at = next;
	} while (depth > 0);
	return (uint64_t)(at - node);
}

static bool flat_is_cpu(const void *fdt, int node)
{
	int len;
	const char *type = fdt_getprop(fdt, node, "device_type", &len);

	return type && len == 4 && !memcmp(type, "cpu", 4);
}

static uint64_t threads_of(const struct dt_node *cpu)
{
	const struct dt_prop *p = dt_prop(cpu, "ibm,ppc-interrupt-server#s");

	return p && p->len >= 4 ? p->len / 4 : 1;
}

int hotplug_cores(const struct machine *m, struct hotplug_cores *cores)
{
	const struct dt_node *cpus = m->tree ? dt_child(m->tree, "cpus") : NULL;
	uint64_t largest = 0, threads = UINT64_MAX, nodes = 0;

	*cores = (struct hotplug_cores){0};
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
	if (!cores->largest)
		return fail(EINVAL, "device tree: %s", cpus ? "no CPU node below /cpus" :
			    "there is no /cpus node");
	cores->possible = (m->possible.n + threads - 1) / threads;
	if (cores->possible < nodes)
		cores->possible = nodes;
	return 0;
}

uint64_t hotplug_cpu_nodes(const void *fdt)
{
	uint64_t n = 0;
	int node;

	fdt_for_each_subnode(node, fdt, fdt_path_offset(fdt, "/cpus"))
		n += flat_is_cpu(fdt, node);
	return n;
}

/* libfdt shares a name with the tail of any string that is there. */
static bool flat_has_string(const void *fdt, const char *name)
{
	return memmem((const char *)fdt + fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt), name,
		      strlen(name) + 1);
}

uint64_t hotplug_fdt_needed(const struct hotplug_cores *cores, const void *fdt)
{
	uint64_t after = cores->possible * live_node_size(cores->largest), before = 0;
	int node;

	fdt_for_each_subnode(node, fdt, fdt_path_offset(fdt, "/cpus"))
		if (flat_is_cpu(fdt, node))
			before += flat_node_size(fdt, node);
	for (const struct dt_prop *p = cores->largest->props; p; p = p->next)
		if (!flat_has_string(fdt, p->name))
			after += strlen(p->name) + 1;
	if (!dt_prop(cores->largest, "name") && !flat_has_string(fdt, "name"))
		after += strlen("name") + 1;
	return after > before ? after - before : 0;
}

uint64_t hotplug_fdt_spare(const struct hotplug_cores *cores, const void *fdt)
{
	uint64_t now = hotplug_cpu_nodes(fdt);

	return STRINGS_SPARE + (cores->possible > now ? (cores->possible - now) * CPU_NODE_SPARE : 0);
}

static int delete_cpu_nodes(void *fdt, int cpus)
{
	int node = fdt_first_subnode(fdt, cpus);

	while (node >= 0) {
		int rc;

		if (!flat_is_cpu(fdt, node)) {
			node = fdt_next_subnode(fdt, node);
			continue;
		}
		rc = fdt_del_node(fdt, node);
		if (rc)
			return rc;
		node = fdt_first_subnode(fdt, cpus);
	}
	return node == -FDT_ERR_NOTFOUND ? 0 : node;
}

static int add_cpu_node(void *fdt, int cpus, const struct dt_node *like, uint64_t i)
{
	STRING_AUTO name = mem_printf("%.*s@f%07" PRIx64, (int)base_length(like->name), like->name, i);
	int rc = 0, node = fdt_add_subnode(fdt, cpus, name);

	if (node < 0)
		return node;
	for (const struct dt_prop *p = like->props; p && !rc; p = p->next)
		if (strcmp(p->name, "name"))
			rc = fdt_setprop(fdt, node, p->name, p->data, (int)p->len);
	return rc ? rc : fdt_setprop_string(fdt, node, "name", name);
}

static int rehearse(const struct hotplug_cores *cores, void *fdt)
{
	int rc, cpus = fdt_path_offset(fdt, "/cpus");

	if (cpus < 0)
		return fail(EINVAL, "hotplug rehearsal: no /cpus in the flattened tree");
	rc = delete_cpu_nodes(fdt, cpus);
	if (rc)
		return fail(EINVAL, "hotplug rehearsal: the kernel could not delete the CPU nodes: %s",
			    fdt_strerror(rc));
	for (uint64_t i = 0; i < cores->possible && !rc; i++) {
		rc = add_cpu_node(fdt, cpus, cores->largest, i);
		if (rc)
			return fail(ENOSPC, "hotplug rehearsal: the kernel could add only %" PRIu64
				    " of %" PRIu64 " cores to the FDT: %s", i, cores->possible,
				    fdt_strerror(rc));
	}
	return 0;
}

int hotplug_rehearse_fdt(const struct hotplug_cores *cores, const void *fdt, uint64_t size)
{
	uint8_t *scratch;
	int rc;

	if (fdt_totalsize(fdt) > size)
		return fail(EINVAL, "hotplug rehearsal: the FDT claims %u bytes of a segment of %"
			    PRIu64, fdt_totalsize(fdt), size);
	scratch = mem_alloc(size);
	memcpy(scratch, fdt, size);
	rc = rehearse(cores, scratch);
	free(scratch);
	return rc;
}

/* As many memory ranges as crash_elfcorehdr_size has room for and ELF can count. */
static uint64_t most_ranges(const struct machine *m)
{
	uint64_t others = m->n_notes + 1, all = m->elfcorehdr_size / ELF64_PHDR_SIZE;

	if (all > ELFCOREHDR_PHDRS_MAX)
		all = ELFCOREHDR_PHDRS_MAX;
	return all > others ? all - others : 0;
}

/*
 * Regenerate the header with that many ranges, and size it as
 * crash_prepare_elf64_headers() does: a spare program header, rounded up to
 * 4096.
 */
int hotplug_rehearse_elfcorehdr(const struct machine *m, const struct segment *s)
{
	uint64_t n = most_ranges(m), grown;
	RANGES_AUTO ranges = {0};
	BUF_AUTO header = {0};
	int rc = 0;

	for (uint64_t i = 0; i < n && rc >= 0; i++)
		rc = ranges_add(&ranges, (2 * i + 1) << 20, 1 << 20, NULL);
	if (rc >= 0)
		rc = elfcorehdr_build(&(struct elfcorehdr){ .machine = m, .dump = &ranges }, &header);
	if (rc < 0)
		return fail_in(rc, "hotplug rehearsal");
	grown = header.len > s->bufsz ? header.len : s->bufsz;
	grown = round_up64(grown + ELF64_PHDR_SIZE, ELFCOREHDR_ALIGN);
	if (grown > s->memsz)
		return fail(ENOSPC, "hotplug rehearsal: a regenerated elfcorehdr takes up to %" PRIu64
			    " bytes, its segment has %" PRIu64, grown, s->memsz);
	return 0;
}
