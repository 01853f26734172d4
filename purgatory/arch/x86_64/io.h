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

/*
 * Manual of the processors, volume 3, "Initialization of the SSE extensions": with these as they
 * are here an instruction on XMM registers is none that is unknown, and none that traps.
 */
#define CR0_EMULATE		(1ull << 2)	/* EM */
#define CR0_TASK_SWITCHED	(1ull << 3)	/* TS */
#define CR4_SSE			(1ull << 9)	/* OSFXSR */

static inline uint64_t io_read_cr0(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr0, %0" : "=r"(v));
	return v;
}

static inline void io_write_cr0(uint64_t v)
{
	__asm__ volatile("movq %0, %%cr0" : : "r"(v) : "memory");
}

static inline uint64_t io_read_cr4(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr4, %0" : "=r"(v));
	return v;
}

static inline void io_write_cr4(uint64_t v)
{
	__asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}

/* As LIDT and SIDT have it. */
struct io_table {
	uint16_t last;	/* the number of its last byte */
	uint64_t start;
} __attribute__((packed));

static inline void io_store_idt(struct io_table *t)
{
	__asm__ volatile("sidt %0" : "=m"(*t));
}

static inline void io_load_idt(const struct io_table *t)
{
	__asm__ volatile("lidt %0" : : "m"(*t) : "memory");
}

/* By entry.S: FAULT_GATES of them, FAULT_GATE bytes each. */
extern const uint8_t fault_gates[] __attribute__((visibility("hidden")));

/* The kernel maps all of the first MiB (arch/x86/mm/init.c:init_mem_mapping). */
#define IO_VGA_TEXT ((volatile uint16_t *)0xb8000)

#endif
