// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/udev.h"

static const char *const machines[] = { "ppc64", "ppc64le", NULL };

/* The control page and a copy of vmcoreinfo (kernel/kexec_core.c). */
static uint64_t kernel_pages(const struct machine *m)
{
	(void)m;
	return 2;
}

const struct arch arch_ppc64 = {
	.machines = machines,
	.type = "elf-ppc64",
	.elf_machine = ELF_EM_PPC64,
	.keep_flag = KEXEC_CRASH_HOTPLUG_SUPPORT,
	.keeps_since = "6.10",
	.uimage_arch = 7,		/* IH_ARCH_PPC: there is no other for 64 bits */
	.command_line_size = 2048,	/* arch/powerpc/include/uapi/asm/setup.h */
	.core_phdrs = 2,		/* vmcoreinfo, and one that is always spare */
	.notes_before_cpus = true,	/* arch/powerpc/kernel/sysfs.c:topology_init */
	.cpu_comes = UDEV_ONLINE,
	.file_load_is_kept = true,	/* arch/powerpc/kexec/crash.c:arch_crash_hotplug_support */
	.flaws = ppc64_flaws,
	.n_flaws = PPC64_N_FLAWS,
	.special = SPECIAL_CONSOLE_SERIAL,	/* the hypervisor's console */
	.reserve_name = "reserve map",
	.check_kernel = ppc64_check_kernel,
	.survey = ppc64_survey,
	.forget = ppc64_forget,
	.kernel_pages = kernel_pages,
	.needs = ppc64_needs,
	.room = ppc64_room,
	.spare = ppc64_leave_piece,
	.core = ppc64_core,
	.cmdline = ppc64_cmdline,
	.boot_data = ppc64_boot_data,
	.fill = ppc64_fill,
	.prove = ppc64_prove,
	.prove_region = ppc64_prove_region,
};
