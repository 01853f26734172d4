// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"

static bool is_machine(const char *name)
{
	return !strcmp(name, "ppc64") || !strcmp(name, "ppc64le");
}

const struct arch arch_ppc64 = {
	.name = "ppc64",
	.type = "elf-ppc64",
	.elf_machine = ELF_EM_PPC64,
	.kexec_arch = ELF_EM_PPC64 << 16,
	.command_line_size = 2048,	/* arch/powerpc/include/uapi/asm/setup.h */
	.is_machine = is_machine,
	.survey = ppc64_survey,
	.release = ppc64_release,
	.plan = ppc64_plan,
	.prove = ppc64_prove,
};
