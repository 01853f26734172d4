// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What a kernel wants on this machine, and what is none for it. */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/cmdline.h"
#include "kexec/nexttree.h"
#include "kexec/plan.h"

#define KERNEL_ALIGN 0x10000 /* RELOCATABLE wants 16 KiB (Kconfig); whole 64 KiB pages suit all */

/*
 * Where the running kernel may end when it does not say: kernels without
 * crash support export no linux,kernel-end. It refuses what overlaps it.
 */
#define KERNEL_END_GUESS ((uint64_t)256 << 20)

/* A part of the crash region is good for what must be low: nothing else goes there. */
static bool leaves_low(const struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t low = ppc64_low_memory(m);

	return image->crash && m->crash.start < low && low < m->crash.end;
}

static int ppc64_check_machine(const struct image *image)
{
	const struct machine *m = image->machine;
	const struct ppc64_facts *f = m->arch_facts;

	if (f->keystore && !image->crash)
		warn("the password of the platform keystore (PLPKS) is in the running kernel"
		     " alone; only"
		     " kexec_file_load (-s) hands it to the next one");
	if (!dt_child(nexttree_source(image), "cpus"))
		return fail(EINVAL,
			    "device tree: there is no /cpus node; no kernel can boot from it");
	if (!m->ram.n)
		return fail(EINVAL, "device tree: there is no memory in it");
	if (image->crash && m->ram.at[0].start)
		return fail(EINVAL,
			    "memory begins at 0x%" PRIx64 ", not at 0: no capture kernel can"
			    " boot here",
			    m->ram.at[0].start);
	return 0;
}

static int ppc64_check_kernel_here(struct image *image)
{
	struct kernel *k = &image->kernel;
	int rc = k->flat ? ppc64_understand_flat(k) : ppc64_check_kernel(k);

	if (rc < 0)
		return rc;
	return image->crash ? plan_check_byte_order(image->machine, k->little, k->file.name) : 0;
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
		kernel_change(k, flag, 1);
	debug("kernel: %s-endian, %s", k->little ? "little" : "big",
	      !image->crash ? "will copy itself to 0" :
	      k->relocatable ? "relocatable: told to run where it is loaded" :
	      "not relocatable: goes where it was linked");
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
		return fail(ENOENT,
			    "--reuseinitrd: the device tree does not say where the running kernel's"
			    " initrd is; name a file with --initrd");
	if (r->start < image->kernel.high - image->kernel.low)
		return fail(ENOSPC,
			    "--reuseinitrd: the running kernel's initrd at 0x%" PRIx64
			    " is where the"
			    " new kernel will run; name a file with --initrd",
			    r->start);
	return 0;
}

/*
 * A normal image: above the running kernel, and above where the new one will copy itself to, [0,
 * its size).
 */
static uint64_t find_floor(const struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t floor = m->kernel_end ? m->kernel_end : KERNEL_END_GUESS;

	return image->kernel.high - image->kernel.low > floor ?
		image->kernel.high - image->kernel.low :
		floor;
}

static void fill_needs(struct image *image)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	uint64_t limit = image->machine->real_mode_limit, align = image->kernel.align;

	image->needs = (struct needs){
		.kernel_align = align > KERNEL_ALIGN ? align : KERNEL_ALIGN,
		.kernel_below = image->crash && f->rtas.n && limit > PPC64_RTAS_REACHES ?
			PPC64_RTAS_REACHES :
			limit,
		.below = limit,
		.top_down = leaves_low(image),
		.above = find_floor(image),
		.above_what = "the kernels",
		.cmdline_max = image->machine->arch->command_line_size - 1,
	};
}

int ppc64_needs(struct image *image)
{
	int rc = ppc64_check_machine(image);

	if (rc >= 0)
		rc = ppc64_check_kernel_here(image);
	if (rc >= 0 && image->request.reuse_initrd)
		rc = find_old_initrd(image);
	if (rc < 0)
		return rc;
	prepare_kernel(image);
	fill_needs(image);
	return 0;
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

const char *ppc64_cmdline(struct image *image)
{
	struct plan_request r = image->request;
	const char *wanted;

	if (!r.cmdline && !r.reuse_cmdline && image->dtb_tree) {
		r.base_cmdline = dtb_bootargs(image);
		r.reuse_cmdline = r.base_cmdline != NULL;
	}
	wanted = cmdline_wanted(&image->arena, image->machine->cmdline, &r);
	return r.no_old_root ? wanted : with_old_root(image, wanted);
}
