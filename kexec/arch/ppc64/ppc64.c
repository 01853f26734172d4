// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/udev.h"

static bool is_machine(const char *name)
{
	return !strcmp(name, "ppc64") || !strcmp(name, "ppc64le");
}

const struct arch arch_ppc64 = {
	.name = "ppc64",
	.type = "elf-ppc64",
	.elf_machine = ELF_EM_PPC64,
	.kexec_arch = ELF_EM_PPC64 << 16,
	.uimage_arch = 7,		/* IH_ARCH_PPC: there is no other for 64 bits */
	.command_line_size = 2048,	/* arch/powerpc/include/uapi/asm/setup.h */
	.is_machine = is_machine,
	.cpu_comes = UDEV_ONLINE,	/* arch/powerpc/kernel/sysfs.c:topology_init */
	.file_load_is_kept = true,	/* arch/powerpc/kexec/crash.c:arch_crash_hotplug_support */
	/*
	 * arch/powerpc/purgatory/trampoline_64.S reads eight bytes of run_at_load, of
	 * which kexec/file_load_64.c:setup_purgatory_ppc64() writes the first four.
	 */
	.big_endian_file_flaw = "a capture kernel which a big-endian Linux loads by itself moves to"
				" address 0, over the memory to be dumped",
	.keeps_backup = ppc64_keeps_backup,
	.backup_flaw = "this Linux loses the place of the first 64 KiB of memory when memory comes or"
		       " goes, they are wrong in a dump after that (6.12.91 and 7.1 are mended)",
	/*
	 * kexec/file_load_64.c:update_backup_region_phdr() looked at the first program
	 * header only, a note, until the same commits.
	 */
	.file_backup_flaw = "this Linux has a wrong place for the first 64 KiB of memory in a crash image"
			    " that it makes by itself, they are wrong in a dump (6.12.91 and 7.1 are"
			    " mended)",
	.check_kernel = ppc64_check_kernel,
	.survey = ppc64_survey,
	.release = ppc64_release,
	.plan = ppc64_plan,
	.prove = ppc64_prove,
	.prove_region = ppc64_prove_region,
};
