// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/elf.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/udev.h"

static const char *const machines[] = { "aarch64", NULL };

const struct arch arch_arm64 = {
	.machines = machines,
	.type = "vmlinux",
	.elf_machine = ELF_EM_AARCH64,
	/*
	 * No release has the feature yet. The files of a kernel that has it say so, and what is
	 * known of it is from the series as it was posted ("arm64: kexec: add crash hotplug
	 * support"): the flag, no change to the FDT, all possible CPUs in an elfcorehdr which it
	 * makes.
	 */
	.keep_flag = KEXEC_CRASH_HOTPLUG_SUPPORT,
	.uimage_arch = 22,	   /* IH_ARCH_ARM64 */
	.command_line_size = 2048, /* arch/arm64/include/uapi/asm/setup.h */
	.core_phdrs = 3,	   /* vmcoreinfo, the kernel's text, and one that is always spare */
	.cpu_comes = UDEV_COMES,   /* ACPI's, as on x86_64 */
	.file_load_is_kept = true,
	/* Of ACPI machines; a kernel without memory hotplug passes it over. */
	.no_memory_hotplug = "acpi_no_memhotplug",
	.core_in_tree = true, /* drivers/of/fdt.c:early_init_dt_check_for_elfcorehdr */
	.special = SPECIAL_CONSOLE_SERIAL | SPECIAL_SERIAL_AMBA | SPECIAL_SERIAL_FIRST,
	.reserve_name = "reserve map",
	.check_kernel = arm64_check_kernel,
	.survey = arm64_survey,
	.forget = arm64_forget,
	.kernel_pages = arm64_kernel_pages,
	.needs = arm64_needs,
	.room = arm64_room,
	.core = arm64_core,
	.boot_data = arm64_boot_data,
	.fill = arm64_fill,
	.prove = arm64_prove,
};
