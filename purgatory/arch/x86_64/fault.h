/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What entry.S and C know of exceptions, and of the selectors that are loaded. */
#ifndef PURGATORY_ARCH_X86_64_FAULT_H
#define PURGATORY_ARCH_X86_64_FAULT_H

#define BOOT_CS		0x10	/* Documentation/arch/x86/boot.rst: __BOOT_CS, __BOOT_DS */
#define BOOT_DS		0x18

#define FAULT_GATES	32	/* vectors that are the processor's own */
#define FAULT_GATE_SHIFT 3
#define FAULT_GATE	(1 << FAULT_GATE_SHIFT)	/* bytes from one to the next */

#endif
