// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/arch/ppc64/lanes.h"
#include "purgatory/arch/ppc64/msr.h"
#include "purgatory/purgatory.h"

#define H_PUT_TERM_CHAR		0x58	/* PAPR section 16.6 "Virtual Terminal" */
#define H_BUSY			1
#define H_PUT_TERM_CHAR_MAX	16
#define BUSY_RETRIES		100000

#define FDT_BOOT_CPUID_PHYS	28	/* big-endian 32 bit, Devicetree Specification 5.2 */

/* "sc 1" is written out because assemblers for old CPUs refuse its operand. */
static uint64_t put_term_char(uint64_t unit, uint64_t count, uint64_t first, uint64_t second)
{
	register uint64_t r3 __asm__("r3") = H_PUT_TERM_CHAR;
	register uint64_t r4 __asm__("r4") = unit;
	register uint64_t r5 __asm__("r5") = count;
	register uint64_t r6 __asm__("r6") = first;
	register uint64_t r7 __asm__("r7") = second;

	__asm__ volatile(".long 0x44000022"
			 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
			 :
			 : "r0", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "xer", "cr0", "cr1",
			   "cr5", "cr6", "cr7", "memory");
	return r3;
}

/* The hypervisor's console needs nothing. */
void arch_start(const struct purgatory_params *p)
{
	(void)p;
}

/* The characters travel in two registers, the first one in the top byte. */
void arch_print(const struct purgatory_params *p, const char *text)
{
	if (!(p->consoles & PURGATORY_CONSOLE_HVTERM))
		return;
	while (*text) {
		uint64_t word[2] = { 0, 0 };
		unsigned int n = 0;

		for (; *text && n < H_PUT_TERM_CHAR_MAX; n++)
			word[n / 8] |= (uint64_t)(uint8_t)*text++ << (56 - 8 * (n % 8));
		for (unsigned int i = 0; i < BUSY_RETRIES; i++)
			if (put_term_char(p->console_port, n, word[0], word[1]) != H_BUSY)
				break;
	}
}

lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	*before = msr_read();
	if (!(p->units & PURGATORY_UNIT_LANES))
		return lanes_portable;
	msr_write(*before | MSR_VECTORS);
	return lanes_ppc64;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	if (p->units & PURGATORY_UNIT_LANES)
		msr_write(before);
}

/* The kernel looks for itself among the CPUs of the tree by this number. */
void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	uint64_t fdt = p->arch[PURGATORY_PPC64_FDT];
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)(fdt + FDT_BOOT_CPUID_PHYS);

	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(cpu >> (24 - 8 * i));
}

void arch_stop(void)
{
	for (;;)
		__asm__ volatile("or 31, 31, 31" ::: "memory");	/* very low thread priority */
}
