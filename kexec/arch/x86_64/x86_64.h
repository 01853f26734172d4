/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* x86_64: PCs and servers with BIOS or UEFI, guests of any hypervisor. */
#ifndef KEXEC_ARCH_X86_64_X86_64_H
#define KEXEC_ARCH_X86_64_X86_64_H

#include "kexec/arch/arch.h"
#include "kexec/arch/x86_64/boot-params.h"
#include "kexec/policy.h"

/* The running kernel keeps [0, 1 MiB) for itself (arch/x86/realmode/init.c:reserve_real_mode). */
#define X86_64_LOW_MEMORY	((uint64_t)1 << 20)

/* A node of the running kernel's setup_data: /sys/kernel/boot_params/setup_data/N/. */
struct x86_64_setup_data {
	uint32_t type;			/* X86_SETUP_* */
	const uint8_t *data;
	size_t len;
};

struct x86_64_facts {
	/*
	 * The memory map for a kernel that is started after a reboot: firmware's, without memory
	 * that was hot-added. Sorted.
	 */
	struct x86_64_e820 e820;
	bool e820_is_firmware; /* of /sys/firmware/memmap or boot_params; else of /proc/iomem */

	/*
	 * Of /proc/iomem, for a capture kernel: System RAM below 1 MiB, "ACPI Tables", "ACPI
	 * Non-volatile Storage" and "Reserved" (not "Soft Reserved"), at whatever depth.
	 */
	struct ranges low_ram, acpi_tables, acpi_nvs, reserved;
	struct ranges crash_low;	/* crashk_low_res, also in machine.crash_more */
	struct ranges cma;		/* crashkernel=,cma: also in machine.crash_more */

	const uint8_t *boot_params; /* the running kernel's, X86_BOOT_PARAMS_SIZE bytes; or NULL */
	struct x86_64_setup_data *setup_data;	/* in the kernel's order */
	size_t n_setup_data;

	bool has_efi;		 /* it runs on EFI with runtime services: efi can be passed on */
	const char *efi_missing; /* why EFI cannot be passed on; NULL: it can, or there is none */
	struct x86_64_efi efi;
	uint64_t rsdp;			/* of boot_params, else of EFI's tables; 0: not known */

	enum answer secure_boot;
	enum policy_lockdown lockdown;
	bool la57;			/* 5-level paging is on: no kernel without XLF_5LEVEL */
	bool sha;			/* sha_ni, sse4_1, ssse3: purgatory/arch/x86_64/lanes.h */
	bool gbpages;			/* pdpe1gb: the kernel's identity map takes few pages */

	/*
	 * Of the program headers of /proc/kcore. Virtual = physical + page_offset (modulo 2^64), of
	 * the linear map. text, text_end: virtual addresses of _text and _end; text_phys: physical.
	 */
	bool has_addresses;		/* false: no_addresses says why, the four are 0 */
	const char *no_addresses;
	uint64_t page_offset, text, text_end, text_phys;
};

#define X86_64_N_FLAWS 1
extern const struct flaw x86_64_flaws[X86_64_N_FLAWS];

/* survey.c. Facts as above, and of machine: ram, avoid, crash, crash_more. */
int x86_64_survey(struct machine *m);
void x86_64_forget(struct machine *m);

/*
 * e820.c: the memory map of a capture kernel, in the order of arch/x86/kernel/crash.c:
 * crash_setup_memmap_entries. @core: the elfcorehdr's segment, which is not in it; empty while it
 * has no place (then the table may have an entry less than at last). Appended to @out.
 */
void x86_64_e820_crash(const struct machine *m, struct range core, struct x86_64_e820 *out);

/*
 * Pages that the running kernel takes of the crash region for the identity map of its jump
 * (arch/x86/kernel/machine_kexec_64.c:init_pgtable): of all memory that is there now and of the
 * ACPI tables. The extra ones: the top (two with la57), four for the jump itself, and two each for
 * EFI's system table, its configuration table and a console's registers, where no memory is.
 */
#define X86_64_PAGE_TABLE_EXTRA	12
uint64_t x86_64_page_table_pages(const struct machine *m);

/*
 * proofs.c: a finished segment read again, by code that shares nothing with the builder, as the
 * kernel reads it. -EINVAL with a message for what a kernel would stumble over.
 */
struct x86_64_expect {
	bool crash;			/* else the e820 is sorted, too */
	struct range core; /* crash: the elfcorehdr's segment, in no entry of the e820 */
	struct ranges covered;		/* each must be RAM of the e820: all other segments */
	uint64_t kernel_bytes;		/* memsz of the kernel: at least what its header wants */
	uint64_t kernel_at;		/* where its first byte is */
	bool vmlinux;			/* it came without a header */
	const char *cmdline;
	uint64_t initrd, initrd_size;	/* 0, 0: none */
};
int x86_64_prove_boot_data(const uint8_t *data, size_t len, uint64_t addr,
			   const struct x86_64_expect *expect);

/* The steps of struct arch: needs.c, boot-data.c. */
int x86_64_check_kernel(const struct kernel *k);
uint64_t x86_64_kernel_pages(const struct machine *m);
int x86_64_needs(struct image *image);
int x86_64_room(struct image *image);
int x86_64_core(struct image *image);
const char *x86_64_cmdline(struct image *image);
int x86_64_boot_data(struct image *image);
int x86_64_fill(struct image *image);
int x86_64_prove(const struct image *image);

#endif
