// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From the device tree: what memory there is, who uses it, where the crash region is. */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/cmdline.h"
#include "kexec/iomem.h"
#include "kexec/nexttree.h"

#define GIB		((uint64_t)1 << 30)
#define TIB		((uint64_t)1 << 40)

/* ibm,architecture-vec-5, arch/powerpc/include/asm/prom.h:OV5_MMU_SUPPORT */
#define VEC5_MMU_BYTE	24
#define VEC5_MMU_MASK	0xc0
#define VEC5_MMU_RADIX	0x40

/*
 * A pair of properties which describe one area, where both are there: it is appended to @out
 * and to what must be avoided.
 */
static int add_area(struct machine *m, const struct dt_node *node, const char *base_name,
		    const char *size_name, const char *why, struct ranges *out)
{
	uint64_t base = 0, size = 0;
	int has_base = dt_number(node, base_name, &base), has_size = 0, rc = 0;

	if (has_base >= 0)
		has_size = dt_number(node, size_name, &size);
	if (has_base < 0 || has_size < 0)
		return -EINVAL;
	if (!has_base || !has_size)
		return 0;
	if (out)
		rc = ranges_add(out, base, size, why);
	if (rc >= 0)
		rc = ranges_add(&m->avoid, base, size, why);
	return rc;
}

static int add_lmbs(const struct ppc64_lmbs *l, void *context)
{
	return l->usable ? ranges_add(context, l->base, l->n * l->size, "memory (LMB)") : 0;
}

int ppc64_memory_of(const struct dt_node *tree, struct dt_cells cells, struct ranges *memory)
{
	const struct dt_node *drconf = ppc64_drconf(tree);
	int rc = nexttree_memory(tree, cells, memory);

	if (rc >= 0 && drconf)
		rc = ppc64_each_lmb(drconf, cells, add_lmbs, memory);
	ranges_merge(memory);
	return rc;
}

/* arch/powerpc/kernel/sysfs.c:show_physical_id */
static int survey_cpus(struct machine *m, struct ppc64_facts *f)
{
	struct sysroot_dir cpus;
	int rc = sysroot_open(m->sr, SYS_CPU, NULL, &cpus);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	f->cpu = arena_alloc(&m->arena, m->present.n * sizeof(*f->cpu));
	for (size_t i = 0; i < m->present.n && rc >= 0; i++) {
		char path[CPU_PATH_SIZE];
		const char *name = machine_cpu_file(m->present.id[i], "physical_id", path);
		uint64_t id = 0;

		rc = sysroot_number_in(&cpus, name, 10, &id);
		if (rc >= 0)
			f->cpu[f->n_cpus++] = (struct ppc64_cpu){ m->present.id[i], (uint32_t)id };
		if (rc == -ENOENT)
			rc = 0;
	}
	sysroot_close(&cpus);
	return rc;
}

/*
 * Memory that a driver added (kmem, virtio_mem) has the driver's name behind
 * it, or on older kernels only the driver's line above it (mm/memory_hotplug.c:
 * add_memory_driver_managed). The kernel uses it and it is dumped; but who
 * boots next may not find it, and must not be put there.
 */
struct ppc64_iomem {
	struct machine *m;
	struct ranges *ram;
};

static int add_iomem(const struct iomem_line *line, void *context)
{
	struct ppc64_iomem *to = context;
	uint64_t size = line->end - line->start;
	bool driver = iomem_begins(line, "System RAM (");
	int rc;

	/* On no ppc64 kernel up to 6.12; where it is, there can be several regions. */
	if (iomem_is(line, "Crash kernel") && size > 1)
		return ranges_add(&to->m->crash_more, line->start, size, "Crash kernel");
	if ((!driver && !iomem_is(line, "System RAM")) || size == 1)
		return 0;
	rc = ranges_add(to->ram, line->start, size, "System RAM");
	if (rc >= 0 && (driver || line->depth))
		rc = ranges_add(&to->m->avoid, line->start, size, "memory that a driver added");
	return rc;
}

/* Without privilege all addresses read 0. */
static int read_iomem(struct machine *m, struct ranges *ram)
{
	struct ppc64_iomem to = { m, ram };
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, PROC_IOMEM, &text);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = iomem_each((char *)text.data, add_iomem, &to);
	ranges_merge(ram);
	return rc == -EPERM ? 0 : rc;
}

/*
 * The kernel's own list of resources is memblock, from which it regenerates
 * the elfcorehdr too. Where it cannot be read, the tree: with mem= up to
 * linux,memory-limit, which says nothing otherwise (it is always there and not
 * raised when memory is added: arch/powerpc/kernel/prom.c).
 */
static int survey_ram(struct machine *m, const struct ppc64_facts *f)
{
	const struct dt_node *chosen = dt_child(m->tree, "chosen");
	RANGES_AUTO iomem = {0};
	uint64_t limit = 0;
	size_t len;
	int rc = read_iomem(m, &iomem);

	ranges_copy(&m->ram, iomem.n ? &iomem : &f->memory);
	if (rc < 0 || iomem.n || !chosen || !cmdline_find(m->cmdline, "mem", &len))
		return rc;
	rc = dt_number(chosen, "linux,memory-limit", &limit);
	if (limit)
		ranges_clip(&m->ram, 0, limit);
	return rc < 0 ? rc : 0;
}

static int survey_chosen(struct machine *m)
{
	const struct dt_node *chosen = dt_child(m->tree, "chosen");
	uint64_t size = 0, end;
	int rc;

	if (!chosen)
		return 0;
	rc = dt_number(chosen, "linux,kernel-end", &m->kernel_end);
	if (rc >= 0)
		rc = add_area(m, chosen, "linux,htab-base", "linux,htab-size", "hash table", NULL);
	if (rc >= 0)
		rc = dt_number(chosen, "linux,crashkernel-base", &m->crash.start);
	if (rc > 0)
		rc = dt_number(chosen, "linux,crashkernel-size", &size);
	if (rc < 0)
		return rc;
	if (size > m->crash_size)	/* the tree still says what it was at boot */
		size = m->crash_size;
	if (__builtin_add_overflow(m->crash.start, size, &end))
		return fail(EINVAL, "device tree: the crash region of 0x%" PRIx64 " bytes at 0x%"
			    PRIx64 " wraps around 64 bits", size, m->crash.start);
	m->crash.end = end;
	m->crash.why = "crashkernel=";
	ranges_merge(&m->crash_more);
	ranges_subtract_one(&m->crash_more, m->crash.start, m->crash.end);
	return 0;
}

struct pointed {
	struct machine *m;
	struct ppc64_facts *f;
};

static int add_pointed(struct dt_node *node, const struct ppc64_pointer *p, void *context)
{
	const struct pointed *to = context;
	int rc = ranges_add(&to->f->pointed, p->start, p->bytes, p->why);

	if (rc >= 0)
		rc = ranges_add(&to->m->avoid, p->start, p->bytes, p->why);
	return rc < 0 ? fail_in(rc, "device tree: %s", node->name) : 0;
}

/* A GPU's own memory: it can be gone, or hang who reads it, after a crash. */
static int survey_coherent(struct machine *m, struct ppc64_facts *f)
{
	int rc = 0;

	for (const struct dt_node *n = m->tree->children; n && rc >= 0; n = n->next)
		if (dt_prop(n, "reg") && dt_compatible(n, "ibm,coherent-device-memory"))
			rc = dt_add_ranges(dt_prop(n, "reg"), f->cells, n->name, "memory of a GPU",
					   &f->coherent);
	ranges_merge(&f->coherent);
	ranges_copy(&m->avoid, &f->coherent);
	return rc;
}

/* arch/powerpc/platforms/pseries/plpks-secvar.c */
static int survey_keystore(const struct machine *m, struct ppc64_facts *f)
{
	BUF_AUTO format = {0};
	int rc = sysroot_read(m->sr, SYS_SECVAR_FORMAT, &format);

	f->keystore = rc >= 0 && !strncmp((char *)format.data, "ibm,plpks", strlen("ibm,plpks"));
	return rc == -ENOENT ? 0 : rc;
}

static int survey_firmware(struct machine *m, struct ppc64_facts *f)
{
	const struct dt_node *rtas = dt_child(m->tree, "rtas");
	const struct dt_node *opal = dt_find(m->tree, "/ibm,opal");
	const struct dt_prop *reserved = dt_prop(m->tree, "reserved-ranges");
	int rc = 0;

	f->guest = !opal;
	if (rtas)
		rc = add_area(m, rtas, "linux,rtas-base", "rtas-size", "RTAS", &f->rtas);
	if (rc >= 0 && opal)
		rc = add_area(m, opal, "opal-base-address", "opal-runtime-size", "OPAL", &f->opal);
	if (rc >= 0 && opal)
		rc = dt_number(opal, "opal-base-address", &f->opal_base);
	if (rc >= 0 && opal)
		rc = dt_number(opal, "opal-entry-address", &f->opal_entry);
	if (rc >= 0)
		rc = ppc64_each_pointer(m, m->tree, add_pointed, &(struct pointed){ m, f });
	ranges_merge(&f->pointed);
	if (rc >= 0 && reserved)
		rc = dt_add_ranges(reserved, f->cells, "", "reserved-ranges", &f->reserved);
	ranges_copy(&m->avoid, &f->reserved);
	if (rc >= 0)
		rc = nexttree_reserved_memory(m->tree, false, &m->avoid);
	if (rc >= 0)
		rc = survey_coherent(m, f);
	return rc < 0 ? rc : survey_keystore(m, f);
}

/* PVR: POWER9, POWER10 and later, or the architecture level 3.00 and later. */
static bool is_arch_300(const struct dt_node *root)
{
	const struct dt_node *cpus = dt_child(root, "cpus");
	uint64_t pvr = 0;

	for (const struct dt_node *n = cpus ? cpus->children : NULL; n && !pvr; n = n->next)
		if (dt_is_type(n, "cpu"))
			dt_number(n, "cpu-version", &pvr);
	fail_forget();		/* it is an older one, then */
	if (pvr >> 16 == 0x0f00)
		return (pvr & 0xffff) >= 5;
	return pvr >> 16 == 0x4e || (pvr >> 16 >= 0x80 && pvr >> 16 < 0x100);
}

/*
 * A guest has it from the hypervisor. Without one Linux takes radix where it can; the hash
 * table in memory that it has else, it exports (arch/powerpc/kexec/core_64.c:export_htab_values).
 */
static bool is_radix(const struct dt_node *root, bool guest)
{
	const struct dt_node *chosen = dt_child(root, "chosen");
	const struct dt_prop *p = chosen ? dt_prop(chosen, "ibm,architecture-vec-5") : NULL;

	if (!guest)
		return is_arch_300(root) && !(chosen && dt_prop(chosen, "linux,htab-base"));
	return p && p->len > VEC5_MMU_BYTE &&
		(p->data[VEC5_MMU_BYTE] & VEC5_MMU_MASK) == VEC5_MMU_RADIX;
}

/* The end of the pair that begins at 0: one pair, whatever follows it. 0: there is none. */
static int find_first_memory(const struct dt_prop *reg, struct dt_cells cells, uint64_t *end)
{
	uint32_t width = 4 * (cells.addr + cells.size);
	int rc = 0;

	for (uint32_t at = 0; at + width <= reg->len && rc >= 0 && !*end; at += width) {
		struct dt_prop pair = { .data = reg->data + at, .len = width };
		RANGES_AUTO one = {0};

		rc = dt_add_ranges(&pair, cells, "memory", "RMA", &one);
		if (one.n && !one.at[0].start)
			*end = one.at[0].end;
	}
	return rc;
}

/*
 * Early boot of a hash guest reaches the first piece of memory only (arch/powerpc/kernel/
 * prom.c:early_init_dt_add_memory_arch), at most 1 GiB before POWER9 and 1 TiB since
 * (arch/powerpc/mm/book3s64/hash_utils.c:hash__setup_initial_memory_limit). Radix and
 * bare metal reach everything.
 */
static int survey_real_mode(struct machine *m, const struct ppc64_facts *f)
{
	uint64_t cap = is_arch_300(m->tree) ? TIB : GIB, end = 0;
	const struct dt_node *n;
	int rc = 0;

	m->real_mode_limit = UINT64_MAX;
	if (!f->guest || f->radix)
		return 0;
	m->real_mode_limit = cap;
	for (n = m->tree->children; n && rc >= 0 && !end; n = n->next) {
		const struct dt_prop *reg = dt_prop(n, "reg");

		if (dt_is_type(n, "memory") && reg)
			rc = find_first_memory(reg, f->cells, &end);
	}
	if (end && end < cap)
		m->real_mode_limit = end;
	return rc;
}

static void survey_console(struct machine *m, struct ppc64_facts *f)
{
	const struct dt_node *node = dt_stdout(&m->arena, m->tree);

	f->hvterm = node && dt_compatible(node, "hvterm1") &&
		    dt_number(node, "reg", &f->hvterm_unit) == 1;
	fail_forget();		/* a console is nothing that a survey fails for */
}

/*
 * Nodes below the root that come and go with CPUs and memory, or have in them what does
 * (arch/powerpc/platforms/pseries/hotplug-{cpu,memory}.c).
 */
static bool survey_changes(const char *name)
{
	return !strcmp(name, "cpus") || !strncmp(name, "memory@", 7) || !strcmp(name, PPC64_DRCONF);
}

int ppc64_survey(struct machine *m)
{
	struct ppc64_facts *f = m->arch_facts = arena_alloc(&m->arena, sizeof(*f));
	int rc = dt_read_again(&m->arena, m->sr, m->before ? m->before->tree : NULL, survey_changes,
			       &m->tree);

	if (rc == -ENOENT)
		return fail(ENOENT, "this machine has no device tree (" PROC_DEVICE_TREE ")");
	if (rc >= 0)
		rc = dt_cells(m->tree, &f->cells);
	if (rc >= 0)
		rc = ppc64_memory_of(m->tree, f->cells, &f->memory);
	if (rc >= 0)
		rc = survey_cpus(m, f);
	if (rc >= 0)
		rc = survey_ram(m, f);
	if (rc >= 0)
		rc = survey_chosen(m);
	if (rc >= 0)
		rc = survey_firmware(m, f);
	if (rc < 0)
		return rc;
	f->radix = is_radix(m->tree, f->guest);
	survey_console(m, f);
	return survey_real_mode(m, f);
}

void ppc64_forget(struct machine *m)
{
	struct ppc64_facts *f = m->arch_facts;

	ranges_free(&f->memory);
	ranges_free(&f->rtas);
	ranges_free(&f->opal);
	ranges_free(&f->pointed);
	ranges_free(&f->reserved);
	ranges_free(&f->coherent);
}
