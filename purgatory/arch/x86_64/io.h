/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What only the machine itself can do; the unit test has its own instead. */
#ifndef PURGATORY_ARCH_X86_64_IO_H
#define PURGATORY_ARCH_X86_64_IO_H

#include <stdint.h>

static inline uint8_t io_read(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void io_write(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

/* Until an interrupt that will not come. */
static inline void io_halt(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
}

/* The kernel maps all of the first MiB (arch/x86/mm/init.c:init_mem_mapping). */
#define IO_VGA_TEXT ((volatile uint16_t *)0xb8000)

#endif
