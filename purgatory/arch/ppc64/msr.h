/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The machine state register, which only the machine itself has; a test has its own. */
#ifndef PURGATORY_ARCH_PPC64_MSR_H
#define PURGATORY_ARCH_PPC64_MSR_H

#include <stdint.h>

/* Power ISA book III section 3.2.1: without them each instruction of these is an interrupt. */
#define MSR_FP		(1ull << 13)
#define MSR_VSX		(1ull << 23)
#define MSR_VEC		(1ull << 25)
#define MSR_VECTORS	(MSR_FP | MSR_VSX | MSR_VEC)

static inline uint64_t msr_read(void)
{
	uint64_t v;

	__asm__ volatile("mfmsr %0" : "=r"(v));
	return v;
}

static inline void msr_write(uint64_t v)
{
	__asm__ volatile("mtmsrd %0\n\tisync" : : "r"(v) : "memory");
}

#endif
