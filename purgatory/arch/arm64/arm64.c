// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdbool.h>

#include "purgatory/arch/arm64/io.h"
#include "purgatory/arch/arm64/lanes.h"
#include "purgatory/fault.h"
#include "purgatory/purgatory.h"

void *memcpy(void *to, const void *from, size_t len);

/* The compiler calls it for what it may not copy in words, as accesses must be aligned. */
void *memcpy(void *to, const void *from, size_t len)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (len--)
		*t++ = *f++;
	return to;
}

/*
 * Arm's PL011 (DDI 0183), and SBSA's Generic UART: the flags and the data are at the same places.
 */
enum { PL011_DATA = 0, PL011_FLAGS = 0x18 };
#define PL011_FULL	0x20

/* The 8250's registers, times the distance between them. */
enum { UART_DATA = 0, UART_LSR = 5 };
#define LSR_ROOM	0x20

#define TRIES		100000	/* a port that never is ready stops nothing */

static void pl011_put(uint64_t port, uint8_t c)
{
	for (unsigned int i = 0; i < TRIES && io_read(port + PL011_FLAGS) & PL011_FULL; i++)
		;
	io_write(port + PL011_DATA, c);
}

/* Whole words where registers are as far apart: some buses have no smaller access. */
static uint8_t uart_read(uint64_t port, unsigned int shift, unsigned int at)
{
	uint64_t address = port + ((uint64_t)at << shift);

	return shift == 2 ? (uint8_t)io_read(address) : io_read_byte(address);
}

static void uart_put(uint64_t port, unsigned int shift, uint8_t c)
{
	for (unsigned int i = 0; i < TRIES && !(uart_read(port, shift, UART_LSR) & LSR_ROOM); i++)
		;
	if (shift == 2)
		io_write(port + UART_DATA, c);
	else
		io_write_byte(port + UART_DATA, c);
}

/* As the running kernel had set it up. */
void arch_start(const struct purgatory_params *p)
{
	(void)p;
}

void arch_print(const struct purgatory_params *p, const char *text)
{
	for (; *text; text++) {
		if (p->consoles & PURGATORY_CONSOLE_PL011)
			pl011_put(p->console_port, (uint8_t)*text);
		else if (p->consoles & PURGATORY_CONSOLE_8250)
			uart_put(p->console_port, (unsigned int)p->arch[PURGATORY_ARM64_UART_SHIFT],
				 (uint8_t)*text);
	}
}

/* With the MMU off C does it, which was compiled for that. */
lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	*before = io_read_vector_control();
	if (!(p->units & PURGATORY_UNIT_LANES) || !io_mmu_is_on() || io_has_streaming())
		return lanes_portable;
	io_write_vector_control(io_with_vectors(*before));
	return lanes_arm64;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	(void)p;
	io_write_vector_control(before);
}

/* There is none. */
const char *arch_check_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)k;
	(void)cpu;
	return NULL;
}

/* It is read with the caches off. */
void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)cpu;
	if (io_mmu_is_on())
		io_clean(k->start, k->start + k->sealed_size);
}

/* The boot data names no CPU. */
void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	(void)p;
	(void)cpu;
}

void arch_stop(void)
{
	for (;;)
		io_halt();
}

void purgatory_fault(const struct purgatory_params *p, uint64_t syndrome, uint64_t at,
		     uint64_t address);

/* Called by entry.S for each exception. */
void purgatory_fault(const struct purgatory_params *p, uint64_t syndrome, uint64_t at,
		     uint64_t address)
{
	fault_stop(p, (struct fault_register[FAULT_REGISTERS]){
			      { "\r\npurgatory: a fault, ESR 0x", syndrome },
			      { " ELR 0x", at },
			      { " FAR 0x", address },
		      });
}
