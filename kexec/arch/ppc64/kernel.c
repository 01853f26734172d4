// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What a kernel file for ppc64 looks like; and what is none. */
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "purgatory/params.h"

/* The word that tells a relocatable kernel where to run tells us its byte order too. */
int ppc64_understand_flat(struct kernel *k)
{
	const uint8_t *flag = kernel_bytes(k, k->low + PPC64_RUN_AT_LOAD, 4);

	k->little = flag && le32_get(flag) == PPC64_RUN_AT_LOAD_OFF;
	if (!k->little && (!flag || be32_get(flag) != PPC64_RUN_AT_LOAD_OFF))
		return fail(ENOEXEC,
			    "kernel %s: neither an ELF file nor a flat relocatable ppc64 kernel",
			    k->file.name);
	k->elf_machine = ELF_EM_PPC64;
	return 0;
}

/*
 * Every ppc64 Linux is linked to run in the linear map, whatever its load address
 * (arch/powerpc/Kconfig: KERNEL_START, PAGE_OFFSET; vmlinux.lds.S). No program is:
 * its addresses end far below (asm/task_size_64.h). And it begins with code, which
 * a file of debug information leaves out.
 */
static int check_marks(const struct kernel *k)
{
	const struct kernel_piece *first = &k->piece[0];

	if (k->virtual >> 60 != PPC64_PAGE_OFFSET >> 60)
		return fail(ENOEXEC,
			    "kernel %s: is not a Linux kernel but some other program: it is linked"
			    " to run at 0x%" PRIx64 ", kernels are at 0x%llx and above",
			    k->file.name, k->virtual, PPC64_PAGE_OFFSET);
	if (first->filesz < PURGATORY_HEAD_SIZE)
		return fail(ENOEXEC,
			    "kernel %s: its first segment has %" PRIu64 " bytes in the file: there"
			    " is no code to start (is it a file with debug information only?)",
			    k->file.name, first->filesz);
	return 0;
}

int ppc64_check_kernel(const struct kernel *k)
{
	if (k->bits != 64)
		return fail(ENOEXEC, "kernel %s: is a %u bit ELF file, this machine needs 64 bit",
			    k->file.name, k->bits);
	if (k->elf_machine != ELF_EM_PPC64)
		return fail(ENOEXEC, "kernel %s: is for ELF machine %u, this machine is %u (ppc64)",
			    k->file.name, k->elf_machine, ELF_EM_PPC64);
	return check_marks(k);
}
