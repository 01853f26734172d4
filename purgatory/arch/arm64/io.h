/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What only the machine itself can do; the unit test has its own instead. */
#ifndef PURGATORY_ARCH_ARM64_IO_H
#define PURGATORY_ARCH_ARM64_IO_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t io_read(uint64_t address)
{
	return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void io_write(uint64_t address, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)address = v;
}

static inline uint8_t io_read_byte(uint64_t address)
{
	return *(volatile uint8_t *)(uintptr_t)address;
}

static inline void io_write_byte(uint64_t address, uint8_t v)
{
	*(volatile uint8_t *)(uintptr_t)address = v;
}

/* Until an interrupt that will not come. */
static inline void io_halt(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

#define EL2		(2 << 2)	/* CurrentEL */
#define HCR_E2H		(1ull << 34)
#define SCTLR_MMU	1u
#define CPTR_TFP	(1u << 10)	/* of EL2 without E2H: trap */
#define CPACR_FPEN	(3u << 20)	/* of EL1, and of EL2 with E2H: do not trap */

#define IO_READ(reg) ({ uint64_t v_; __asm__ volatile("mrs %0, " #reg : "=r"(v_)); v_; })
#define IO_WRITE(reg, v) \
	__asm__ volatile("msr " #reg ", %0\n\tisb" : : "r"((uint64_t)(v)) : "memory")

static inline bool io_is_el2(void)
{
	return IO_READ(CurrentEL) == EL2;
}

/* Write the cache lines of [start, end) back to memory. */
static inline void io_clean(uint64_t start, uint64_t end)
{
	uint64_t line = 4u << (IO_READ(ctr_el0) >> 16 & 0xf);

	for (uint64_t at = start & ~(line - 1); at < end; at += line)
		__asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb sy" : : : "memory");
}

/* Else memory is accessed like a device: nothing may be out of alignment. */
static inline bool io_mmu_is_on(void)
{
	return (io_is_el2() ? IO_READ(sctlr_el2) : IO_READ(sctlr_el1)) & SCTLR_MMU;
}

/* With SME (ID_AA64PFR1_EL1) the crashed program may have been in a mode without them. */
static inline bool io_has_streaming(void)
{
	return IO_READ(id_aa64pfr1_el1) >> 24 & 0xf;
}

/* What says whether vector registers may be used. */
static inline uint64_t io_read_vector_control(void)
{
	return io_is_el2() ? IO_READ(cptr_el2) : IO_READ(cpacr_el1);
}

static inline void io_write_vector_control(uint64_t v)
{
	if (io_is_el2())
		IO_WRITE(cptr_el2, v);
	else
		IO_WRITE(cpacr_el1, v);
}

static inline uint64_t io_with_vectors(uint64_t v)
{
	if (io_is_el2() && !(IO_READ(hcr_el2) & HCR_E2H))
		return v & ~(uint64_t)CPTR_TFP;
	return v | CPACR_FPEN;
}

#endif
