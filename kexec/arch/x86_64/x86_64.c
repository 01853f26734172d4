// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/elf.h"
#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/sysroot.h"
#include "kexec/udev.h"

static const char *const machines[] = { "x86_64", NULL };

const struct arch arch_x86_64 = {
	.machines = machines,
	.type = "elf-x86_64",
	.elf_machine = ELF_EM_X86_64,
	/*
	 * Linux 6.6 to 6.9 know this flag alone; later ones take it for the other (kernel/kexec.c).
	 */
	.keep_flag = KEXEC_UPDATE_ELFCOREHDR,
	.keeps_since = "6.6",
	.uimage_arch = 24,	   /* IH_ARCH_X86_64 */
	.command_line_size = 2048, /* arch/x86/include/asm/setup.h */
	.core_phdrs = 3,	   /* vmcoreinfo, the kernel's text, and one that is always spare */
	.elfcorehdr_hint_lacks =
		64, /* the ELF header: arch/x86/kernel/crash.c:arch_crash_get_elfcorehdr_size */
	/*
	 * Added when it is plugged in (drivers/acpi/acpi_processor.c: arch_register_cpu), and
	 * online when it is used: one which was there before but offline has its notes in the
	 * image.
	 */
	.cpu_comes = UDEV_COMES,
	.file_load_is_kept = true, /* arch/x86/kernel/crash.c:arch_crash_hotplug_support */
	.flaws = x86_64_flaws,
	.n_flaws = X86_64_N_FLAWS,
	.no_memory_hotplug = "acpi_no_memhotplug",
	.keeps_initrd = SYS_EFI_RUNTIME_MAP, /* boot-params.c:boot_hides_initrd() */
	.special = SPECIAL_CONSOLE_SERIAL | SPECIAL_SERIAL | SPECIAL_SERIAL_FIRST |
		SPECIAL_SERIAL_BAUD | SPECIAL_CONSOLE_VGA | SPECIAL_NO_EFI | SPECIAL_MEMMAP,
	.reserve_name = "e820",
	.check_kernel = x86_64_check_kernel,
	.survey = x86_64_survey,
	.forget = x86_64_forget,
	.kernel_pages = x86_64_kernel_pages,
	.needs = x86_64_needs,
	.room = x86_64_room,
	.core = x86_64_core,
	.cmdline = x86_64_cmdline,
	.boot_data = x86_64_boot_data,
	.fill = x86_64_fill,
	.prove = x86_64_prove,
};
