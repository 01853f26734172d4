/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Entered by arch/powerpc/kernel/misc_64.S:kexec_sequence in real mode, in
 * the byte order of the old kernel, with r3 = hardware id of this CPU. All
 * other registers are garbage. ELFv2 in both byte orders.
 */
#include "purgatory/params.h"

#define PARAM_KERNEL		(PURGATORY_PARAMS_OFFSET + PURGATORY_KERNEL_AT)
#define PARAM_ARCH(word)	(PURGATORY_PARAMS_OFFSET + PURGATORY_ARCH_AT(word))

	.section .head, "ax"
	.globl	purgatory_start
purgatory_start:
	b	start
	.org	purgatory_start + 0x60		/* secondaries, when nothing better is put here */
	b	.
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET
	.8byte	PURGATORY_MAGIC
	.8byte	purgatory_end - purgatory_start
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE

start:
	or	2, 2, 2				/* medium thread priority */
	mr	30, 3				/* this CPU */
	bcl	20, 31, 1f
1:	mflr	12
	addis	31, 12, (purgatory_start - 1b)@ha
	addi	31, 31, (purgatory_start - 1b)@l
	addis	2, 12, (.TOC. - 1b)@ha
	addi	2, 2, (.TOC. - 1b)@l
	addis	1, 12, (purgatory_stack_end - 1b)@ha
	addi	1, 1, (purgatory_stack_end - 1b)@l
	li	0, 0
	stdu	0, -64(1)			/* end of the chain of frames */

	addi	3, 31, PURGATORY_PARAMS_OFFSET
	mr	4, 30
	bl	purgatory
	nop

	/*
	 * Give late secondaries time to pass 0x60 before the kernel overwrites
	 * low memory: nobody waited for them.
	 */
	lis	4, 1
	mtctr	4
2:	bdnz	2b

	/*
	 * The kernel's convention (Documentation/arch/powerpc/booting.rst):
	 * r3 = device tree, r4 = where the kernel is, r5 = 0. Big-endian, which
	 * every ppc64 kernel takes at its entry whatever its own order is.
	 */
	ld	3, PARAM_ARCH(PURGATORY_PPC64_FDT)(31)
	ld	4, PARAM_KERNEL(31)
	li	5, 0
	li	6, 0
	li	7, 0
	ld	8, PARAM_ARCH(PURGATORY_PPC64_OPAL_BASE)(31)
	ld	9, PARAM_ARCH(PURGATORY_PPC64_OPAL_ENTRY)(31)
	mfmsr	10
	rldicr	10, 10, 0, 62			/* MSR[LE] = 0 */
	mtsrr0	4
	mtsrr1	10
	sync
	isync
	rfid
	b	.
	.section .note.GNU-stack, "", @progbits
