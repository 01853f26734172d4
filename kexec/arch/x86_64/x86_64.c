// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/elf.h"
#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/udev.h"

static const char *const machines[] = { "x86_64", NULL };

/* There is no backup region: the running kernel never uses the first 1 MiB. */
static enum answer keeps_backup(const char *release)
{
	(void)release;
	return ANSWER_YES;
}

static int prove_region(const struct machine *m)
{
	(void)m;
	return 0;	/* nothing is known that a capture kernel needs at a certain place */
}

/* Surveyed and recorded; without needs() nothing is loaded by kexec_load. */
const struct arch arch_x86_64 = {
	.machines = machines,
	.type = "elf-x86_64",
	.elf_machine = ELF_EM_X86_64,
	.uimage_arch = 24,		/* IH_ARCH_X86_64 */
	.command_line_size = 2048,	/* arch/x86/include/asm/setup.h */
	.cpu_comes = UDEV_COMES,
	.file_load_is_kept = true,	/* arch/x86/kernel/crash.c:arch_crash_hotplug_support */
	.keeps_backup = keeps_backup,
	.survey = x86_64_survey,
	.forget = x86_64_forget,
	.prove_region = prove_region,
};
