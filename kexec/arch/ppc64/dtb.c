// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A device tree that the user gave (--dtb) in place of the live one: can the
 * second kernel boot from it on this machine, and what only the running
 * kernel knows.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/nexttree.h"

/*
 * What firmware and kernel settled when this machine was booted, whatever the
 * node: what was negotiated (prom_init.c:prom_send_capabilities; read by
 * init_64.c:early_check_vec5 and xive/spapr.c), how CPUs present themselves
 * (prom.c:early_init_dt_scan_cpus), interrupts and priorities that are ours
 * (xive/spapr.c), what secure boot demands (secure_boot.c), logs and tables in
 * memory, DMA windows that are set up, or that none are (iommu-off).
 */
static const char *const facts_of_now[] = {
	"ibm,architecture-vec-5",
	"cpu-version",
	"ibm,xive-lisn-ranges",
	"ibm,plat-res-int-priorities",
	"ibm,secure-boot",
	"ibm,trusted-boot",
	"os-secureboot-enforcing",
	"trusted-enabled",
	"linux,sml-base",
	"linux,sml-size",
	"linux,tce-base",
	"linux,tce-size",
	"ibm,dma-window",
	"linux,direct64-ddr-window-info",
	"linux,dma64-ddr-window-info",
	"linux,iommu-off",
	"linux,iommu-force-on",
};

/* All properties of these: addresses, tokens and versions of the firmware that runs. */
static const char *const firmware_of_now[] = {
	"/rtas", "/ibm,opal", "/ibm,opal/firmware", "/ibm,opal/firmware/exports",
};

/* One CPU's hardware ids: of all its threads, or of the only one. */
static const struct dt_prop *ids_of(const struct dt_node *cpu)
{
	const struct dt_prop *p = dt_prop(cpu, "ibm,ppc-interrupt-server#s");

	return p ? p : dt_prop(cpu, "reg");
}

static bool next_id(const struct dt_node **cpu, uint32_t *at, uint32_t *id)
{
	for (; *cpu; *cpu = (*cpu)->next, *at = 0) {
		const struct dt_prop *p = dt_is_type(*cpu, "cpu") ? ids_of(*cpu) : NULL;

		if (!p || *at + 4 > p->len)
			continue;
		*id = be32_get(p->data + *at);
		*at += 4;
		return true;
	}
	return false;
}

static const struct dt_node *first_cpu(const struct dt_node *tree)
{
	const struct dt_node *cpus = dt_child(tree, "cpus");

	return cpus ? cpus->children : NULL;
}

static bool has_cpu(const struct dt_node *tree, uint32_t wanted)
{
	const struct dt_node *cpu = first_cpu(tree);
	uint32_t at = 0, id;

	while (next_id(&cpu, &at, &id))
		if (id == wanted)
			return true;
	return false;
}

/* The first CPU of the live tree that @tree does not have. */
static bool lacks_cpu(const struct dt_node *live, const struct dt_node *tree, uint32_t *id)
{
	const struct dt_node *cpu = first_cpu(live);
	uint32_t at = 0;

	while (next_id(&cpu, &at, id))
		if (!has_cpu(tree, *id))
			return true;
	return false;
}

static const struct ppc64_cpu *find_cpu(const struct ppc64_facts *f, uint32_t cpu)
{
	for (size_t i = 0; i < f->n_cpus; i++)
		if (f->cpu[i].cpu == cpu)
			return &f->cpu[i];
	return NULL;
}

/* The CPU that will start the second kernel: kernel/reboot.c:migrate_to_reboot_cpu. */
static const struct ppc64_cpu *starting_cpu(const struct machine *m)
{
	const struct ppc64_facts *f = m->arch_facts;
	uint32_t cpu = m->reboot_cpu < 0 ? 0 : (uint32_t)m->reboot_cpu;

	if (m->online.n && !idlist_has(&m->online, cpu))
		cpu = m->online.id[0];
	return find_cpu(f, cpu);
}

/*
 * The second kernel looks for the CPU it runs on in its tree, and stops when
 * that is not there (arch/powerpc/kernel/prom.c:early_init_devtree).
 */
static int choose_reboot_cpu(struct image *image)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;
	const struct ppc64_cpu *now = starting_cpu(m);

	if (now && has_cpu(image->dtb_tree, now->hardware_id))
		return 0;
	for (size_t i = 0; i < f->n_cpus && m->reboot_cpu >= 0; i++) {
		if (!idlist_has(&m->online, f->cpu[i].cpu) ||
		    !has_cpu(image->dtb_tree, f->cpu[i].hardware_id))
			continue;
		image->reboot_cpu = f->cpu[i].cpu;
		debug("CPU %u (hardware id %u) will start the second kernel", f->cpu[i].cpu,
		      f->cpu[i].hardware_id);
		return 0;
	}
	return fail(EINVAL, "%s: no CPU that can start the second kernel is in this device tree",
		    image->dtb.name);
}

static int check_cpus(struct image *image)
{
	const struct dt_node *live = image->machine->tree;
	uint32_t id = 0;

	if (!first_cpu(image->dtb_tree))
		return fail(EINVAL,
			    "%s: there is no CPU in this device tree; no kernel can boot from it",
			    image->dtb.name);
	if (!lacks_cpu(live, image->dtb_tree, &id))
		return 0;
	if (image->crash)
		return fail(EINVAL,
			    "%s: the CPU with hardware id %u is not in this device tree; a crash"
			    " on it would not be dumped",
			    image->dtb.name, id);
	return choose_reboot_cpu(image);
}

static int check_memory(struct image *image)
{
	RANGES_AUTO memory = {0};
	struct dt_cells cells;
	int rc = dt_cells(image->dtb_tree, &cells);

	if (rc >= 0)
		rc = ppc64_memory_of(image->dtb_tree, cells, &memory);
	if (rc >= 0 && (!memory.n || memory.at[0].start))
		rc = fail(EINVAL, "no memory at address 0 is in this device tree");
	if (rc < 0)
		return fail_in(rc, "%s", image->dtb.name);
	if (image->crash &&
	    !ranges_cover(&memory, image->machine->crash.start, image->machine->crash.end))
		return fail(EINVAL, "%s: the crash region is not in this device tree's memory",
			    image->dtb.name);
	for (size_t i = 0; i < memory.n; i++)
		if (!ranges_cover(&image->machine->ram, memory.at[i].start, memory.at[i].end))
			warn("%s: not all of 0x%" PRIx64 "-0x%" PRIx64 " is memory of this machine",
			     image->dtb.name, memory.at[i].start, memory.at[i].end);
	if (!image->crash)
		ranges_intersect(&image->free, &memory);
	return 0;
}

/* The reservations of the tree's own initrd, which is not the one that we pass. */
static void forget_old_initrd(struct image *image)
{
	const struct dt_node *chosen = dt_child(image->dtb_tree, "chosen");
	uint64_t start = 0, end = 0, page = image->machine->page_size;
	struct ranges *r = &image->dtb_reserve;

	if (!chosen || dt_number(chosen, "linux,initrd-start", &start) <= 0 ||
	    dt_number(chosen, "linux,initrd-end", &end) <= 0) {
		fail_forget();
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		if (round_down64(r->at[i].start, page) == round_down64(start, page) &&
		    round_up64(r->at[i].end, page) == round_up64(end, page))
			r->at[i--] = r->at[--r->n];
}

/* What the tree sets aside by its nodes: the second kernel reads those itself. */
static int avoid_reserved(struct image *image)
{
	const struct dt_prop *reserved = dt_prop(image->dtb_tree, "reserved-ranges");
	RANGES_AUTO avoid = {0};
	struct dt_cells cells;
	int rc = dt_cells(image->dtb_tree, &cells);

	if (rc >= 0)
		rc = nexttree_reserved_memory(image->dtb_tree, false, &avoid);
	if (rc >= 0 && reserved)
		rc = dt_add_ranges(reserved, cells, "", "reserved-ranges", &avoid);
	if (rc < 0)
		return fail_in(rc, "%s", image->dtb.name);
	ranges_merge(&avoid);
	ranges_subtract(&image->free, &avoid);
	return 0;
}

int ppc64_check_dtb(struct image *image)
{
	int rc = check_cpus(image);

	if (rc < 0)
		return rc;
	/* As the live one: "dtc -I fs" has the order of a directory. */
	dt_sort(image->dtb_tree);
	forget_old_initrd(image);
	ranges_merge(&image->dtb_reserve);
	ranges_subtract(&image->free, &image->dtb_reserve);
	rc = avoid_reserved(image);
	return rc < 0 ? rc : check_memory(image);
}

/* The node at the same path in another tree, or NULL. */
static struct dt_node *counterpart(const struct dt_node *node, struct dt_node *root)
{
	struct dt_node *parent;

	if (!node->parent)
		return root;
	parent = counterpart(node->parent, root);
	return parent ? dt_child(parent, node->name) : NULL;
}

static void take_over(struct image *image, const struct dt_node *live, struct dt_node *node,
		      const char *name)
{
	const struct dt_prop *is = dt_prop(live, name), *said = dt_prop(node, name);

	if ((!is && !said) ||
	    (is && said && is->len == said->len && !memcmp(is->data, said->data, is->len)))
		return;
	debug("%s: %s/%s %s", image->dtb.name, node->name, name, is ?
	      "is as on the running machine" : "is taken out, the running machine has it no more");
	if (is)
		dt_set(&image->arena, node, name, is->data, is->len);
	else
		dt_remove(node, name);
}

/* The user's tree may have no such node; the machine has one. */
static struct dt_node *make_counterpart(struct image *image, const struct dt_node *node,
					struct dt_node *root)
{
	struct dt_node *parent, *found = counterpart(node, root);

	if (found)
		return found;
	parent = make_counterpart(image, node->parent, root);
	return dt_add_child(&image->arena, parent, node->name);
}

/* Numbers that nodes have in their own tree, and by which they are found there. */
static bool is_of_tree(const char *name)
{
	static const char *const names[] = {
		"name", "phandle", "linux,phandle", "ibm,phandle", "interrupt-parent",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Both ways: what is there now, and what only the user's tree says. */
static void take_over_all(struct image *image, const struct dt_node *live, struct dt_node *node)
{
	for (const struct dt_prop *p = live->props; p; p = p->next)
		if (!is_of_tree(p->name))
			take_over(image, live, node, p->name);
	for (const struct dt_prop *p = node->props, *next; p; p = next) {
		next = p->next;
		if (!is_of_tree(p->name))
			take_over(image, live, node, p->name);
	}
}

/* Both trees are in the same order. */
static void take_over_facts(struct image *image, const struct dt_node *live, struct dt_node *node)
{
	const struct dt_node *l = live->children;
	struct dt_node *n = node->children;

	for (size_t i = 0; i < ARRAY_SIZE(facts_of_now); i++)
		take_over(image, live, node, facts_of_now[i]);
	while (l && n) {
		int order = dt_compare_names(l->name, n->name);

		if (!order)
			take_over_facts(image, l, n);
		l = order <= 0 ? l->next : l;
		n = order >= 0 ? n->next : n;
	}
}

void ppc64_complete_dtb(struct image *image, struct dt_node *tree)
{
	const struct dt_node *live = dt_child(image->machine->tree, "chosen");

	if (live)
		make_counterpart(image, live, tree);
	for (size_t i = 0; i < ARRAY_SIZE(firmware_of_now); i++) {
		live = dt_find(image->machine->tree, firmware_of_now[i]);
		if (live)
			take_over_all(image, live, make_counterpart(image, live, tree));
	}
	take_over_facts(image, image->machine->tree, tree);
}
