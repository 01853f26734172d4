// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The story of an image: which segments, where, with what in them. */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/cmdline.h"
#include "kexec/plan.h"

#define KERNEL_ALIGN	0x10000		/* RELOCATABLE wants 16 KiB (Kconfig); whole 64 KiB pages suit all */

/*
 * Where the running kernel may end when it does not say: kernels without
 * crash support export no linux,kernel-end. It refuses what overlaps it.
 */
#define KERNEL_END_GUESS ((uint64_t)256 << 20)

/* RTAS takes addresses of 32 bits, of the kernel's own data too (arch/powerpc/kernel/rtas.c). */
#define RTAS_REACHES ((uint64_t)4 << 30)

/* A part of the crash region is good for what must be low: nothing else goes there. */
static bool leaves_low(const struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t low = ppc64_low_memory(m);

	return image->crash && m->crash.start < low && low < m->crash.end;
}

struct placement ppc64_early(const struct image *image, uint64_t align, bool top_down)
{
	return (struct placement){ align, image->machine->real_mode_limit,
				   top_down || leaves_low(image) };
}

/*
 * A CPU without a note leaves no registers in the dump. With --hotplug nothing
 * adds it later: on this architecture a CPU event does not touch the elfcorehdr.
 */
static int check_notes(struct image *image)
{
	const struct machine *m = image->machine;
	size_t missing = 0, n = 0;

	for (size_t i = 0; i < m->possible.n; i++) {
		while (n < m->n_notes && m->notes[n].cpu < m->possible.id[i])
			n++;
		missing += n == m->n_notes || m->notes[n].cpu != m->possible.id[i];
	}
	if (image->hotplug && (missing || !m->possible.n))
		return fail(ENOENT, "--hotplug: %zu of %zu possible CPUs have no crash_notes below "
			    SYS_CPU ", so a crash on them would not be dumped right", missing,
			    m->possible.n);
	if (missing)
		image_doubt(image, "%zu of %zu possible CPUs have no crash_notes; their registers will not"
			    " be in the dump", missing, m->possible.n);
	if (!m->vmcoreinfo)
		image_doubt(image, SYS_VMCOREINFO " is not there; makedumpfile and vmcore-dmesg will not"
			    " understand the dump");
	return 0;
}

static int check_crash(struct image *image)
{
	const struct machine *m = image->machine;

	if (m->crash.start == m->crash.end)
		return fail(ENODEV, "Memory for crashkernel is not reserved: boot with"
			    " crashkernel=SIZE (try crashkernel=512M) and load again");
	if (!m->n_notes)
		return fail(ENOENT, "no CPU has crash_notes below " SYS_CPU
			    "; the running kernel needs CONFIG_CRASH_DUMP");
	if (m->ram.at[0].start)
		return fail(EINVAL, "memory begins at 0x%" PRIx64 ", not at 0: no capture kernel can"
			    " boot here", m->ram.at[0].start);
	if (m->crash.start < m->kernel_end)
		return fail(EINVAL, "the crash region begins at 0x%" PRIx64 ", inside the running kernel"
			    " (which ends at 0x%" PRIx64 ")", m->crash.start, m->kernel_end);
	return check_notes(image);
}

static int check_machine(struct image *image)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;

	if (f->keystore && !image->crash)
		warn("the password of the platform keystore (PLPKS) is in the running kernel alone; only"
		     " kexec_file_load (-s) hands it to the next one");

	if (!dt_child(ppc64_source_tree(image), "cpus"))
		return fail(EINVAL, "device tree: there is no /cpus node; no kernel can boot from it");
	if (!m->ram.n)
		return fail(EINVAL, "device tree: there is no memory in it");
	return image->crash ? check_crash(image) : 0;
}

static int check_kernel(struct image *image)
{
	struct kernel *k = &image->kernel;
	int rc = k->flat ? ppc64_understand_flat(k) : ppc64_check_kernel(k);

	if (rc < 0)
		return rc;
	return image->crash ? plan_check_byte_order(image->machine, k->little, k->file.name) : 0;
}

/*
 * The capture kernel cuts its memory to a multiple of this, before it has
 * moved anything (arch/powerpc/kernel/prom.c:early_init_devtree).
 */
#define MEMORY_STEP	((uint64_t)16 << 20)

/* The end of so much of @memory. */
static uint64_t find_cut(const struct ranges *memory)
{
	uint64_t left = round_down64(ranges_total(memory), MEMORY_STEP);

	for (size_t i = 0; i < memory->n && left; i++) {
		uint64_t size = memory->at[i].end - memory->at[i].start;

		if (left <= size)
			return memory->at[i].start + left;
		left -= size;
	}
	return UINT64_MAX;
}

static int find_memory_end(struct image *image, uint64_t *end)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;
	RANGES_AUTO memory = {0};
	struct dt_cells cells;
	int rc = 0;

	if (image->dtb_tree) {
		rc = dt_cells(image->dtb_tree, &cells);
		if (rc >= 0)
			rc = ppc64_memory_of(image->dtb_tree, cells, &memory);
	} else {
		ranges_copy(&memory, &f->memory);
	}
	if (rc < 0)
		return fail_in(rc, "%s", image->dtb.name);
	ranges_intersect(&memory, &image->usable);
	*end = find_cut(&memory);
	if (*end <= m->crash.start || !ranges_cover(&memory, m->crash.start, m->crash.end))
		*end = m->crash.end;	/* for the proof to refuse */
	return 0;
}

static int find_crash_room(struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t end = 0;
	int rc;

	rc = ppc64_find_usable(image);
	if (rc >= 0)
		rc = find_memory_end(image, &end);
	if (rc < 0)
		return rc;
	if (end > m->crash.end)
		end = m->crash.end;
	image->room = arena_printf(&image->arena, "the crash region 0x%" PRIx64 "-0x%" PRIx64,
				   m->crash.start, m->crash.end);
	image->more_room = "Reserve more with crashkernel=";
	return ranges_add(&image->free, m->crash.start, end - m->crash.start, "crash region");
}

/*
 * Above the running kernel, and above where the new one will copy itself to:
 * [0, its size).
 */
static void find_normal_room(struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t floor = m->kernel_end ? m->kernel_end : KERNEL_END_GUESS;

	if (image->kernel.high - image->kernel.low > floor)
		floor = image->kernel.high - image->kernel.low;
	image->room = arena_printf(&image->arena, "memory above the kernels (0x%" PRIx64 ")", floor);
	image->more_room = "Give the machine more memory";
	ranges_copy(&image->free, &m->ram);
	ranges_clip(&image->free, floor, UINT64_MAX);
}

static int find_room(struct image *image, const struct plan_request *request)
{
	RANGES_AUTO avoid = {0};
	int rc = 0;

	if (image->crash)
		rc = find_crash_room(image);
	else
		find_normal_room(image);
	if (rc < 0)
		return rc;
	ranges_copy(&avoid, &image->machine->avoid);
	ranges_merge(&avoid);
	ranges_subtract(&image->free, &avoid);
	ranges_subtract_one(&image->free, image->old_initrd.start, image->old_initrd.end);
	if (image->dtb_tree)
		rc = ppc64_check_dtb(image);
	if (rc < 0)
		return rc;
	if (request->mem_min || request->mem_max != UINT64_MAX) {
		ranges_clip(&image->free, request->mem_min, request->mem_max == UINT64_MAX ?
			    UINT64_MAX : request->mem_max + 1);
		image->more_room = "Widen --mem-min and --mem-max";
	}
	return image->crash ? image_leave_pages(image) : 0;
}

/*
 * A relocatable kernel has a word that says whether to stay where it was
 * loaded, which a capture kernel must; without it, it goes where it was
 * linked. For a normal boot every kernel copies itself to 0.
 */
static void prepare_kernel(struct image *image)
{
	struct kernel *k = &image->kernel;
	uint8_t *flag = kernel_bytes(k, k->low + PPC64_RUN_AT_LOAD, 4);
	uint64_t value = flag ? bytes_get(flag, 4, k->little) : 0;

	k->relocatable = !image->crash || value == PPC64_RUN_AT_LOAD_OFF || value == 1;
	if (image->crash && k->relocatable)
		bytes_put(flag, 1, 4, k->little);
	debug("kernel: %s-endian, %s", k->little ? "little" : "big",
	      !image->crash ? "will copy itself to 0" :
	      k->relocatable ? "relocatable: told to run where it is loaded" :
	      "not relocatable: goes where it was linked");
}

static int place_kernel(struct image *image, uint64_t *base)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	const struct kernel *k = &image->kernel;
	struct placement p = ppc64_early(image, k->align > KERNEL_ALIGN ? k->align : KERNEL_ALIGN, false);

	if (image->crash && f->rtas.n && p.below > RTAS_REACHES)
		p.below = RTAS_REACHES;
	return image_place_kernel(image, p, base);
}

static int place_initrd(struct image *image)
{
	const struct file *f = &image->initrd;
	struct segment s = {
		.name = "initrd", .owner = f->name, .data = f->data, .bufsz = f->size,
		.memsz = f->size, .digest = true,
	};

	return f->data ? image_place(image, s, ppc64_early(image, 0, false)) : 0;
}

/*
 * The running kernel's initrd stays where it is; the new kernel's copy of
 * itself to 0 must not reach it.
 */
static int find_old_initrd(struct image *image)
{
	const struct dt_node *chosen = dt_child(image->machine->tree, "chosen");
	struct range *r = &image->old_initrd;

	if (!chosen || dt_number(chosen, "linux,initrd-start", &r->start) <= 0 ||
	    dt_number(chosen, "linux,initrd-end", &r->end) <= 0 || r->start >= r->end)
		return fail(ENOENT, "--reuseinitrd: the device tree does not say where the running kernel's"
			    " initrd is; name a file with --initrd");
	if (r->start < image->kernel.high - image->kernel.low)
		return fail(ENOSPC, "--reuseinitrd: the running kernel's initrd at 0x%" PRIx64 " is where the"
			    " new kernel will run; name a file with --initrd", r->start);
	return 0;
}

/* Another way in than the purgatory is for who knows what is there. */
static int set_entry(struct image *image, const struct plan_request *request)
{
	image->entry = image_segment(image, "purgatory")->addr;
	if (!request->has_entry)
		return 0;
	image->entry = request->entry;
	image->own_entry = true;
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (request->entry >= s->addr && request->entry < s->addr + s->memsz)
			return 0;
	}
	return fail(EINVAL, "--entry=0x%" PRIx64 ": nothing will be loaded there; --dry-run shows what"
		    " goes where", request->entry);
}

/* The root= of the running tree's bootargs in front, unless the new line has one. */
static const char *with_old_root(struct image *image, const char *wanted)
{
	const struct dt_node *chosen = dt_child(image->machine->tree, "chosen");
	const struct dt_prop *bootargs = chosen ? dt_prop(chosen, "bootargs") : NULL;
	struct arena *a = &image->arena;
	const char *root = NULL;
	size_t len;

	if (bootargs && !cmdline_find(wanted, "root", &len))
		root = cmdline_find(arena_string(a, (const char *)bootargs->data, bootargs->len),
				    "root", &len);
	if (!root)
		return wanted;
	debug("command line: %.*s is the running kernel's", (int)len, root);
	return cmdline_join(a, arena_string(a, root, len), wanted);
}

/* A tree that the user gave brings its own command line, unless she gave one too. */
static const char *dtb_bootargs(struct image *image)
{
	const struct dt_node *chosen = dt_child(image->dtb_tree, "chosen");
	const struct dt_prop *p = chosen ? dt_prop(chosen, "bootargs") : NULL;

	return p ? arena_string(&image->arena, (const char *)p->data, p->len) : NULL;
}

/*
 * elfcorehdr= comes first: behind a "--" or an unbalanced quote the kernel
 * would not see it, and there would be no dump.
 */
static int build_cmdline(struct image *image, const struct plan_request *request)
{
	uint64_t limit = image->machine->arch->command_line_size - 1, len;
	struct plan_request r = *request;
	const char *wanted;

	if (!r.cmdline && !r.reuse_cmdline && image->dtb_tree) {
		r.base_cmdline = dtb_bootargs(image);
		r.reuse_cmdline = r.base_cmdline != NULL;
	}
	wanted = cmdline_wanted(&image->arena, image->machine->cmdline, &r);

	if (!request->no_old_root)
		wanted = with_old_root(image, wanted);
	if (image->crash)
		image->cmdline = arena_printf(&image->arena, "elfcorehdr=%" PRIu64 "K%s%s",
					      image_segment(image, "elfcorehdr")->addr >> 10,
					      *wanted ? " " : "", wanted);
	else
		image->cmdline = arena_printf(&image->arena, "%s", wanted);
	len = strlen(image->cmdline);
	if (len > limit)
		return fail(E2BIG, "Command line overflow: %" PRIu64 " bytes with all that kexec adds,"
			    " the kernel takes %" PRIu64 "; shorten it by %" PRIu64, len, limit,
			    len - limit);
	return 0;
}

static int place_crash_parts(struct image *image)
{
	int rc = ppc64_place_backup(image);

	return rc < 0 ? rc : ppc64_place_elfcorehdr(image);
}

int ppc64_plan(struct image *image, const struct plan_request *request)
{
	uint64_t kernel_base = 0;
	uint8_t *purgatory = NULL;
	int rc = check_machine(image);

	if (rc >= 0)
		rc = check_kernel(image);
	if (rc >= 0 && request->reuse_initrd)
		rc = find_old_initrd(image);
	if (rc >= 0)
		rc = find_room(image, request);
	if (rc < 0)
		return rc;
	prepare_kernel(image);
	if (image->crash)
		ppc64_find_dump(image);
	rc = place_kernel(image, &kernel_base);
	if (rc >= 0)
		rc = ppc64_place_purgatory(image, &purgatory);
	if (rc >= 0 && image->crash)
		rc = place_crash_parts(image);
	if (rc >= 0)
		rc = place_initrd(image);
	if (rc >= 0)
		rc = build_cmdline(image, request);
	if (rc >= 0)
		rc = ppc64_place_fdt(image);
	if (rc >= 0)
		rc = ppc64_fill_purgatory(image, purgatory, kernel_base);
	return rc < 0 ? rc : set_entry(image, request);
}
