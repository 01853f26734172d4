/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What only the machine itself can do; the unit test has its own instead. */
#ifndef PURGATORY_ARCH_ARM64_IO_H
#define PURGATORY_ARCH_ARM64_IO_H

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

#endif
