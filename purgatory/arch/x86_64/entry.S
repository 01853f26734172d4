/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Entered by arch/x86/kernel/relocate_kernel_64.S in long mode on an identity map,
 * interrupts off, all registers zero or garbage, with little stack, and with a GDT and an IDT
 * that are gone or (since Linux 6.16) the old kernel's. SSE is off. While C runs there is an IDT
 * of our own: with a console an exception is named, without one it is a reset.
 */
#include "purgatory/arch/x86_64/fault.h"
#include "purgatory/params.h"

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
 * Whatever comes is a fault: interrupts are masked, NMIs too (LINT1 by lapic_shutdown() of the
 * kernel that was). The address behind the call tells which. Another one from here on is a reset,
 * as without an IDT: what tells of the first may be damaged.
 */
	.globl	fault_gates
	.balign	FAULT_GATE
fault_gates:
	.rept	FAULT_GATES
	call	fault
	.balign	FAULT_GATE
	.endr

fault:
	popq	%rsi
	pushq	$0
	pushq	$0
	lidt	(%rsp)
	addq	$16, %rsp
	leaq	fault_gates(%rip), %rax
	subq	%rax, %rsi
	shrq	$FAULT_GATE_SHIFT, %rsi
	leaq	params(%rip), %rdi
	movq	%rsp, %rdx			/* what the processor has put there */
	movq	%cr2, %rcx
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	cld
	call	purgatory_fault

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
