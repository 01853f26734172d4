/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Entered by arch/x86/kernel/relocate_kernel_64.S in long mode on an identity map,
 * interrupts off, all registers zero or garbage, with little stack, and with a GDT and an IDT
 * that are gone or (since Linux 6.16) the old kernel's. SSE is off. The IDT is left:
 * where there is one, it shows the registers after an exception.
 */
#include "purgatory/params.h"

#define BOOT_CS		0x10	/* Documentation/arch/x86/boot.rst: __BOOT_CS, __BOOT_DS */
#define BOOT_DS		0x18

	.section .head, "ax"
	.globl	purgatory_start
purgatory_start:
	jmp	start
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET
params:
	.8byte	PURGATORY_MAGIC
	.8byte	purgatory_end - purgatory_start
	.org	purgatory_start + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE

start:
	cli
	cld
	leaq	purgatory_stack_end(%rip), %rsp
	leaq	gdt(%rip), %rax
	subq	$16, %rsp
	movw	$(gdt_end - gdt - 1), 6(%rsp)
	movq	%rax, 8(%rsp)
	lgdt	6(%rsp)
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	leaq	1f(%rip), %rax
	pushq	$BOOT_CS
	pushq	%rax
	lretq
1:	leaq	purgatory_stack_end(%rip), %rsp
	xorl	%ebp, %ebp			/* end of the chain of frames */
	leaq	params(%rip), %rdi
	xorl	%esi, %esi
	call	purgatory

	movq	PURGATORY_KERNEL_AT + params(%rip), %rax
	movq	PURGATORY_ARCH_AT(PURGATORY_X86_64_BOOT_PARAMS) + params(%rip), %rsi
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	jmp	*%rax

/*
 * Flat, 4 GiB, as the kernel wants them. Marked as accessed already: the processor would
 * write that, into what the digest covers.
 */
	.balign	8
gdt:	.8byte	0, 0
	.8byte	0x00af9b000000ffff		/* BOOT_CS: 64-bit code */
	.8byte	0x00cf93000000ffff		/* BOOT_DS */
gdt_end:
	.section .note.GNU-stack, "", @progbits
