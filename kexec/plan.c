// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/cmdline.h"
#include "kexec/plan.h"

/*
 * The files exist where the kernel has the feature (one may be missing: a
 * kernel can have CPU without memory hotplug); what they read is its state.
 */
static int check_hotplug(const struct machine *m)
{
	const char *missing = !m->can_cpu_hotplug && !m->can_memory_hotplug ? SYS_CPU_CRASH_HOTPLUG :
			      !m->elfcorehdr_size ? SYS_ELFCOREHDR_SIZE_OLD : NULL;
	STRING_AUTO name = missing ? sysroot_name(m->sr, missing) : NULL;

	if (missing)
		return fail(ENOTSUP, "--hotplug: Path %s does not exist, the kernel needs"
			    " CONFIG_CRASH_HOTPLUG (Linux 6.10 or later; this is %s). Nothing was loaded;"
			    " without --hotplug, reload after each change", name, m->release);
	return 0;
}

static int check_type_exists(const struct machine *m, const char *type)
{
	const char *why = NULL;

	if (!type || !strcmp(type, m->arch->type) || kernel_type(type, &why))
		return 0;
	if (why)
		return fail(ENOEXEC, "Unsupported kernel type %s: %s", type, why);
	return fail(ENOEXEC, "Unsupported kernel type %s; on this machine there are %s, " KERNEL_TYPES,
		    type, m->arch->type);
}

static int check_type(const struct image *image, const char *type)
{
	const struct kernel *k = &image->kernel;
	const char *is = k->wrapping ? k->wrapping : k->type ? k->type : image->machine->arch->type;
	const char *why, *wanted = type ? kernel_type(type, &why) : NULL;

	if (!type || !strcmp(wanted ? wanted : type, is))
		return 0;
	return fail(ENOEXEC, "Wrong file type %s, file matches type %s", type, is);
}

int plan_check_byte_order(const struct machine *m, bool little, const char *kernel)
{
	if (little == m->little)
		return 0;
	return fail(ENOEXEC, "kernel %s: is %s-endian, unlike the running kernel; after a crash it would"
		    " boot, but not find the dump. Use a %s-endian one", kernel, little ? "little" : "big",
		    little ? "big" : "little");
}

const char *plan_only_kexec_load(const struct plan_request *r)
{
	return r->dtb ? "--dtb" : r->has_entry ? "--entry" :
	       r->reuse_initrd ? "--reuseinitrd (by a kernel that does not show its initrd as a file)" :
	       r->mem_min || r->mem_max != UINT64_MAX ? "--mem-min and --mem-max" : NULL;
}

int plan(struct image *image, const struct plan_request *request)
{
	const struct machine *m = image->machine;
	struct plan_request wanted;
	int rc = request->hotplug ? check_hotplug(m) : 0;

	if (rc >= 0)
		rc = check_type_exists(m, request->type);
	if (rc >= 0)
		rc = image_open(image, request);
	if (rc >= 0)
		rc = check_type(image, request->type);
	if (rc < 0)
		return rc;
	image->crash = request->crash;
	image->hotplug = request->hotplug;
	image->no_checks = request->no_checks;
	image->flags = m->arch->kexec_arch | (request->crash ? KEXEC_ON_CRASH : 0) |
		       (request->hotplug ? KEXEC_CRASH_HOTPLUG_SUPPORT : 0);
	wanted = cmdline_with_inside(request, image->kernel.cmdline);
	return m->arch->plan(image, &wanted);
}
