// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arch.h"
#include "kexec/cmdline.h"
#include "kexec/plan.h"
#include "kexec/purgatory.h"
#include "kexec/sealed.h"

/*
 * The files exist where the kernel has the feature (one may be missing: a
 * kernel can have CPU without memory hotplug); what they read is its state.
 */
static int check_hotplug(const struct machine *m)
{
	const char *missing = !m->can_cpu_hotplug && !m->can_memory_hotplug ?
		SYS_CPU_CRASH_HOTPLUG :
		!m->elfcorehdr_size ? SYS_ELFCOREHDR_SIZE_OLD :
				      NULL;
	STRING_AUTO name = missing ? sysroot_name(m->sr, missing) : NULL;

	if (missing && !m->arch->keeps_since)
		return fail(
			ENOTSUP,
			"--hotplug: Path %s does not exist: no release of Linux up to 7.3 keeps"
			" crash images current on a machine of type %s (this is %s). Nothing was"
			" loaded;"
			" without --hotplug, reload after each change",
			name, m->name, m->release);
	if (missing)
		return fail(
			ENOTSUP,
			"--hotplug: Path %s does not exist, the kernel needs"
			" CONFIG_CRASH_HOTPLUG (Linux %s or later; this is %s). Nothing was loaded;"
			" without --hotplug, reload after each change",
			name, m->arch->keeps_since, m->release);
	return 0;
}

static int check_type_exists(const struct machine *m, const char *type)
{
	const char *why = NULL;

	if (!type || !strcmp(type, m->arch->type) || kernel_type(type, &why))
		return 0;
	if (why)
		return fail(ENOEXEC, "Unsupported kernel type %s: %s", type, why);
	return fail(ENOEXEC,
		    "Unsupported kernel type %s; on this machine there are %s, " KERNEL_TYPES, type,
		    m->arch->type);
}

int plan_check_type(const struct machine *m, const struct kernel *k, const char *type)
{
	const char *is = k->wrapping ? k->wrapping : k->type ? k->type : m->arch->type;
	const char *why, *wanted = type ? kernel_type(type, &why) : NULL;
	int rc = check_type_exists(m, type);

	if (rc < 0 || !type || !strcmp(wanted ? wanted : type, is))
		return rc;
	return fail(ENOEXEC, "Wrong file type %s, file matches type %s", type, is);
}

int plan_check_byte_order(const struct machine *m, bool little, const char *kernel)
{
	if (little == m->little)
		return 0;
	return fail(ENOEXEC,
		    "kernel %s: is %s-endian, unlike the running kernel; after a crash it would"
		    " boot, but not find the dump. Use a %s-endian one",
		    kernel, little ? "little" : "big", little ? "big" : "little");
}

const char *plan_only_kexec_load(const struct plan_request *r)
{
	return r->dtb ? "--dtb" :
		r->has_entry ?
			"--entry" :
		r->reuse_initrd ?
			"--reuseinitrd (by a kernel that does not show its initrd as a file)" :
		r->mem_min || r->mem_max != UINT64_MAX ? "--mem-min and --mem-max" :
							 NULL;
}

const char *plan_rather_kexec_load(const struct plan_request *r)
{
	return r->special & (SPECIAL_NO_EFI | SPECIAL_MEMMAP) ?
		"--noefi and --pass-memmap-cmdline" :
		r->special ? "--console-serial, --serial and --console-vga" :
			     NULL;
}

/*
 * A CPU without a note leaves no registers in the dump. Where there are notes for every
 * possible CPU, nothing adds one later: a CPU event does not touch the elfcorehdr.
 */
static int check_notes(struct image *image)
{
	const struct machine *m = image->machine;
	const struct idlist *cpus = m->arch->notes_before_cpus ? &m->possible : &m->present;
	const char *kind = m->arch->notes_before_cpus ? "possible" : "present";
	size_t missing = 0, n = 0;

	for (size_t i = 0; i < cpus->n; i++) {
		while (n < m->n_notes && m->notes[n].cpu < cpus->id[i])
			n++;
		missing += n == m->n_notes || m->notes[n].cpu != cpus->id[i];
	}
	if (image->hotplug && (missing || !cpus->n))
		return fail(ENOENT,
			    "--hotplug: %zu of %zu %s CPUs have no crash_notes below " SYS_CPU
			    ", so a crash on them would not be dumped right",
			    missing, cpus->n, kind);
	if (missing)
		image_doubt(image,
			    "%zu of %zu %s CPUs have no crash_notes; their registers will not be in"
			    " the dump",
			    missing, cpus->n, kind);
	if (!m->vmcoreinfo)
		image_doubt(image,
			    SYS_VMCOREINFO " is not there; makedumpfile and vmcore-dmesg will not"
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
	if (m->crash.start < m->kernel_end)
		return fail(EINVAL,
			    "the crash region begins at 0x%" PRIx64 ", inside the running kernel"
			    " (which ends at 0x%" PRIx64 ")",
			    m->crash.start, m->kernel_end);
	return check_notes(image);
}

/* An option for another kind of machine is a mistake, and says nothing of what was meant here. */
static int check_special(const struct machine *m, unsigned int special)
{
	static const char *const names[] = { "console-serial", "serial",      "serial-baud",
					     "console-vga",    "noefi",	      "pass-memmap-cmdline",
					     "serial=ttyAMA0", "serial=ttyS0" };
	unsigned int unknown = special & ~m->arch->special;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unknown >> i & 1)
			return fail(EINVAL, "--%s: there is no such thing on a machine of type %s",
				    names[i], m->name);
	return 0;
}

static int check_request(struct image *image)
{
	const struct plan_request *r = &image->request;
	const struct machine *m = image->machine;
	int rc;

	image->crash = r->crash;
	image->hotplug = r->hotplug;
	image->no_checks = r->no_checks;
	image->flags = (uint32_t)m->arch->elf_machine << 16 | (r->crash ? KEXEC_ON_CRASH : 0) |
		       (r->hotplug ? m->arch->keep_flag : 0);
	rc = plan_check_type(m, &image->kernel, r->type);
	if (rc >= 0)
		rc = check_special(m, r->special);
	return rc >= 0 && r->crash ? check_crash(image) : rc;
}

static int find_room(struct image *image)
{
	const struct plan_request *r = &image->request;
	const struct machine *m = image->machine;
	RANGES_AUTO avoid = {0};
	int rc = 0;

	if (image->crash) {
		image->room = arena_printf(&image->arena,
					   "the crash region 0x%" PRIx64 "-0x%" PRIx64,
					   m->crash.start, m->crash.end);
		image->more_room = "Reserve more with crashkernel=";
		rc = ranges_add(&image->free, m->crash.start, m->crash.end - m->crash.start,
				"crash region");
	} else {
		image->room = arena_printf(&image->arena, "memory above %s (0x%" PRIx64 ")",
					   image->needs.above_what, image->needs.above);
		image->more_room = "Give the machine more memory";
		ranges_copy(&image->free, &m->ram);
		ranges_clip(&image->free, image->needs.above, UINT64_MAX);
	}
	ranges_copy(&avoid, &m->avoid);
	ranges_merge(&avoid);
	ranges_subtract(&image->free, &avoid);
	ranges_subtract_one(&image->free, image->old_initrd.start, image->old_initrd.end);
	if (rc >= 0 && m->arch->room)
		rc = m->arch->room(image);
	if (rc < 0)
		return rc;
	if (r->mem_min || r->mem_max != UINT64_MAX) {
		ranges_clip(&image->free, r->mem_min,
			    r->mem_max == UINT64_MAX ? UINT64_MAX : r->mem_max + 1);
		image->more_room = "Widen --mem-min and --mem-max";
	}
	if (image->crash)
		rc = image_leave_pages(image, m->arch->kernel_pages(m));
	if (rc >= 0 && image->crash && m->arch->spare)
		m->arch->spare(image);
	return rc;
}

static int place_kernel(struct image *image)
{
	const struct needs *n = &image->needs;
	struct placement p = { n->kernel_align, n->kernel_below, n->top_down, n->kernel_above };

	return image_place_kernel(image, p, &image->kernel_base);
}

static int place_core(struct image *image)
{
	int rc = image->crash ? image->machine->arch->core(image) : 0;

	return rc >= 0 && image->crash ? elfcorehdr_place(image) : rc;
}

static int place_initrd(struct image *image)
{
	const struct file *f = &image->initrd;
	struct placement p = image_early(image, 0);
	struct segment s = {
		.role = ROLE_INITRD, .name = "initrd", .owner = f->name, .data = f->data,
		.bufsz = f->size, .memsz = f->size, .digest = true,
	};

	if (image->needs.initrd_below)
		p.below = image->needs.initrd_below;
	return f->data ? image_place(image, s, p) : 0;
}

const char *plan_capture_words(struct arena *a, const struct arch *arch,
			       const struct plan_request *r, const char *wanted)
{
	size_t len;

	if (!r->crash || r->acpi_memhotplug || !arch || !arch->no_memory_hotplug ||
	    cmdline_find(wanted, arch->no_memory_hotplug, &len))
		return wanted;
	return cmdline_join(a, arch->no_memory_hotplug, wanted);
}

/*
 * elfcorehdr= comes first: behind a "--" or an unbalanced quote the kernel
 * would not see it, and there would be no dump.
 */
static int build_cmdline(struct image *image)
{
	const struct machine *m = image->machine;
	const char *wanted = m->arch->cmdline ? m->arch->cmdline(image) :
			     cmdline_wanted(&image->arena, m->cmdline, &image->request);
	uint64_t limit = image->needs.cmdline_max, len;

	wanted = plan_capture_words(&image->arena, m->arch, &image->request, wanted);
	if (image->crash && !m->arch->core_in_tree)
		image->cmdline = arena_printf(&image->arena, "elfcorehdr=%" PRIu64 "K%s%s",
					      image_address(image, ROLE_CORE) >> 10,
					      *wanted ? " " : "", wanted);
	else
		image->cmdline = arena_printf(&image->arena, "%s", wanted);
	len = strlen(image->cmdline);
	if (len > limit)
		return fail(E2BIG,
			    "Command line overflow: %" PRIu64 " bytes with all that kexec adds,"
			    " the kernel takes %" PRIu64 "; shorten it by %" PRIu64,
			    len, limit, len - limit);
	return 0;
}

/* Another way in than the purgatory is for who knows what is there. */
static int choose_entry(struct image *image)
{
	const struct plan_request *r = &image->request;

	image->entry = image_address(image, ROLE_PURGATORY);
	if (!r->has_entry)
		return 0;
	image->entry = r->entry;
	image->own_entry = true;
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (r->entry >= s->addr && r->entry < s->addr + s->memsz)
			return 0;
	}
	return fail(EINVAL,
		    "--entry=0x%" PRIx64 ": nothing will be loaded there; --dry-run shows what"
		    " goes where",
		    r->entry);
}

int plan(struct image *image)
{
	const struct arch *arch = image->machine->arch;
	int (*const steps[])(struct image *) = {
		check_request,	 arch->needs,  find_room,      place_kernel,
		purgatory_place, place_core,   place_initrd,   build_cmdline,
		arch->boot_data, sealed_place, purgatory_fill, choose_entry,
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps) && rc >= 0; i++)
		rc = steps[i](image);
	return rc;
}

struct failure plan_open(struct image *image, struct files *files,
			 const struct plan_request *request)
{
	int rc = request->hotplug ? check_hotplug(image->machine) : 0;

	if (rc >= 0)
		rc = check_type_exists(image->machine, request->type);
	return rc < 0 ? failure_of(PHASE_PLAN, rc) : image_open(image, files, request);
}
