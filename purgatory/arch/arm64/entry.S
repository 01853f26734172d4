/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Entered by arch/arm64/kernel/cpu-reset.S or relocate_kernel.S at EL1 or EL2 with the MMU and the
 * caches off, interrupts masked, all registers zero or garbage. The image is in memory, cleaned to
 * the point of coherency. The kernel is entered in the same state.
 *
 * In between the caches are on, with the page tables that the loader made: only then is verifying
 * fast. All that is written while they are on is the stack, which is cleaned before they go off.
 *
 * x19: parameters. x20: SCTLR as it was. x21: the map is on.
 */
#include "purgatory/params.h"

#define SCTLR_M		(1 << 0)
#define SCTLR_C		(1 << 2)
#define SCTLR_I		(1 << 12)
#define SCTLR_WXN	(1 << 19)

#define MAIR		0x00ff			/* 0: memory, write-back; 1: device, nGnRnE */
/* 48 bits below, walks through the caches; nothing above. The granule comes at its bit. */
#define TCR_EL1_BASE	(16 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)
#define TCR_EL2_BASE	(16 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 1 << 31)
#define TCR_TG0		14
#define PARANGE_MAX	5			/* 48 bits */

	.section .head, "ax"
	.globl	purgatory_start
purgatory_start:
	b	start
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET
params:
	.8byte	PURGATORY_MAGIC
	.8byte	purgatory_end - purgatory_start
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE

/* x0: is this EL2? flags eq if so. */
	.macro	if_el2
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	.endm

start:
	msr	daifset, #0xf
	adr	x19, params
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	if_el2
	b.eq	1f
	msr	vbar_el1, x1
	b	2f
1:	msr	vbar_el2, x1
2:	isb
	bl	stack_lines			/* no line of it may be in a cache */
	bl	map_on
	adrp	x0, purgatory_stack_end
	add	sp, x0, :lo12:purgatory_stack_end
	mov	x29, xzr			/* end of the chain of frames */
	mov	x30, xzr
	mov	x0, x19
	mov	x1, xzr
	bl	purgatory
	ldr	x22, [x19, #PURGATORY_KERNEL_AT]
	ldr	x23, [x19, #PURGATORY_ARCH_AT(PURGATORY_ARM64_FDT)]
	cbz	x21, 3f
	bl	stack_lines
	bl	map_off
3:	mov	x0, x23
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x22

/* Write back and forget the cache lines from the code's end to that of the stack. */
stack_lines:
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4			/* the smallest line, in words, as a power of two */
	mov	x2, #4
	lsl	x2, x2, x3
	adrp	x0, purgatory_loaded_end
	add	x0, x0, :lo12:purgatory_loaded_end
	adrp	x1, purgatory_end
	add	x1, x1, :lo12:purgatory_end
	sub	x3, x2, #1
	bic	x0, x0, x3
1:	dc	civac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

/*
 * Unless there are no tables: then all stays as it is. Their granule is that of the kernel which
 * ran here, so this processor has it.
 */
map_on:
	mov	x21, xzr
	ldr	x4, [x19, #PURGATORY_ARCH_AT(PURGATORY_ARM64_IDMAP)]
	cbz	x4, 9f
	ldr	x10, [x19, #PURGATORY_ARCH_AT(PURGATORY_ARM64_GRANULE)]
	mrs	x5, id_aa64mmfr0_el1
	and	x5, x5, #0xf			/* PARange */
	cmp	x5, #PARANGE_MAX
	mov	x0, #PARANGE_MAX
	csel	x5, x5, x0, ls
	/* Linux leaves FEAT_S1PIE on, by which these tables give no access. */
	mrs	x9, S3_0_C0_C7_3		/* ID_AA64MMFR3_EL1 */
	tst	x9, #0xf			/* TCRX: is there TCR2? */
	b.eq	2f
	if_el2
	b.eq	1f
	msr	S3_0_C2_C0_3, xzr		/* TCR2_EL1 */
	b	2f
1:	msr	S3_4_C2_C0_3, xzr		/* TCR2_EL2 */
2:
	lsl	x10, x10, #TCR_TG0
	mov	x6, #MAIR
	mov	x8, #(SCTLR_M | SCTLR_C)
	orr	x8, x8, #SCTLR_I
	if_el2
	b.eq	2f

	ldr	x7, =TCR_EL1_BASE
	orr	x7, x7, x5, lsl #32
	orr	x7, x7, x10
	msr	mair_el1, x6
	msr	tcr_el1, x7
	msr	ttbr0_el1, x4
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	mrs	x20, sctlr_el1
	orr	x0, x20, x8
	bic	x0, x0, #SCTLR_WXN
	msr	sctlr_el1, x0
	isb
	b	8f

2:	mrs	x0, hcr_el2
	tbnz	x0, #34, 3f			/* E2H: the registers are as those of EL1 */
	ldr	x7, =TCR_EL2_BASE
	orr	x7, x7, x5, lsl #16
	b	4f
3:	ldr	x7, =TCR_EL1_BASE
	orr	x7, x7, x5, lsl #32
4:	orr	x7, x7, x10
	msr	mair_el2, x6
	msr	tcr_el2, x7
	msr	ttbr0_el2, x4
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	mrs	x20, sctlr_el2
	orr	x0, x20, x8
	bic	x0, x0, #SCTLR_WXN
	msr	sctlr_el2, x0
	isb
8:	mov	x21, #1
9:	ret

/* Everything that was written is in memory by now. */
map_off:
	isb					/* or some fetch ahead with no map */
	if_el2
	b.eq	2f
	msr	sctlr_el1, x20
	isb
	tlbi	vmalle1
	b	3f
2:	msr	sctlr_el2, x20
	isb
	tlbi	alle2
3:	ic	iallu
	dsb	nsh
	isb
	ret
	.ltorg

/* Whatever comes is a fault: interrupts are masked. */
	.balign	2048
vectors:
	.rept	16
	b	fault
	.balign	128
	.endr

fault:
	adrp	x0, purgatory_stack_end
	add	sp, x0, :lo12:purgatory_stack_end
	mov	x29, xzr
	adr	x19, params
	if_el2
	mov	x0, x19
	b.eq	1f
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, far_el1
	b	purgatory_fault
1:	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	b	purgatory_fault
	.section .note.GNU-stack, "", @progbits
