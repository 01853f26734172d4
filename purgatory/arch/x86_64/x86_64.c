// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdbool.h>

#include "purgatory/arch/x86_64/fault.h"
#include "purgatory/arch/x86_64/io.h"
#include "purgatory/arch/x86_64/lanes.h"
#include "purgatory/fault.h"
#include "purgatory/purgatory.h"

/* The 8250's registers (and the 16550's), beyond its port. */
enum { UART_DATA = 0, UART_DIVISOR_LOW = 0, UART_DIVISOR_HIGH = 1, UART_LCR = 3, UART_LSR = 5 };

#define LCR_DIVISOR	0x80
#define LCR_8N1		0x03
#define LSR_ROOM	0x20	/* for one character */
#define LSR_IDLE	0x40	/* the last one has left */
#define SERIAL_TRIES	100000	/* a read takes about 1 µs, a character up to 10 ms */

#define VGA_ROWS	25
#define VGA_COLUMNS	80
#define VGA_LOOK	0x0700	/* light grey on black */

/* A port that is not there reads as all ones: ready. One that never is stops nothing. */
static void serial_wait(uint16_t port, uint8_t bit)
{
	for (unsigned int i = 0; i < SERIAL_TRIES; i++)
		if (io_read(port + UART_LSR) & bit)
			return;
}

static void serial_set_speed(uint16_t port, uint16_t divisor)
{
	serial_wait(port, LSR_IDLE);
	io_write(port + UART_LCR, LCR_DIVISOR | LCR_8N1);
	io_write(port + UART_DIVISOR_LOW, divisor & 0xff);
	io_write(port + UART_DIVISOR_HIGH, divisor >> 8);
	io_write(port + UART_LCR, LCR_8N1);
}

static void serial_print(uint16_t port, const char *text)
{
	for (; *text; text++) {
		serial_wait(port, LSR_ROOM);
		io_write(port + UART_DATA, (uint8_t)*text);
	}
}

static void vga_scroll(void)
{
	volatile uint16_t *cell = IO_VGA_TEXT;

	for (unsigned int i = 0; i < (VGA_ROWS - 1) * VGA_COLUMNS; i++)
		cell[i] = cell[i + VGA_COLUMNS];
	for (unsigned int i = (VGA_ROWS - 1) * VGA_COLUMNS; i < VGA_ROWS * VGA_COLUMNS; i++)
		cell[i] = VGA_LOOK | ' ';
}

/* On the last row, which scrolls up first: so nothing must be remembered between lines. */
static void vga_print(const char *text)
{
	volatile uint16_t *row = IO_VGA_TEXT + (VGA_ROWS - 1) * VGA_COLUMNS;
	unsigned int column = VGA_COLUMNS;

	for (; *text; text++) {
		if (*text == '\r' || *text == '\n') {
			column = VGA_COLUMNS;
			continue;
		}
		if (column == VGA_COLUMNS) {
			vga_scroll();
			column = 0;
		}
		row[column++] = VGA_LOOK | (uint8_t)*text;
	}
}

/* Of the processors' manual, volume 3, "Interrupt and exception handling". */
struct fault_gate {
	uint16_t low, selector;
	uint8_t stack, kind; /* the one that is in use; interrupts are masked */
	uint16_t middle;
	uint32_t high, zero;
};

#define FAULT_GATE_KIND	0x8e
/* With these a code is on the stack, below the address: 8, 10 to 14, 17, 21, 29 and 30. */
#define FAULT_CODES	0x60227d00u

/*
 * Where nobody could read of it, the machine is rather reset: by a table that is empty, as with
 * that of the kernel, which it leaves in place since Linux 6.16, the machine stands still.
 */
#define FAULT_CONSOLES	(PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VGA)

static struct fault_gate fault_table[FAULT_GATES];
static struct io_table fault_before;

static void fault_begin(void)
{
	for (unsigned int i = 0; i < FAULT_GATES; i++) {
		uint64_t at = (uint64_t)(uintptr_t)(fault_gates + i * FAULT_GATE);

		fault_table[i] = (struct fault_gate){
			.low = (uint16_t)at, .middle = (uint16_t)(at >> 16),
			.high = (uint32_t)(at >> 32), .selector = BOOT_CS,
			.kind = FAULT_GATE_KIND,
		};
	}
	io_load_idt(&(struct io_table){ sizeof(fault_table) - 1,
					(uint64_t)(uintptr_t)fault_table });
}

void purgatory_fault(const struct purgatory_params *p, uint64_t vector, const uint64_t *pushed,
		     uint64_t address);

/* Called by entry.S for each exception. */
void purgatory_fault(const struct purgatory_params *p, uint64_t vector, const uint64_t *pushed,
		     uint64_t address)
{
	fault_stop(p, (struct fault_register[FAULT_REGISTERS]){
			      { "\r\npurgatory: a fault, exception 0x", vector },
			      { " RIP 0x", pushed[FAULT_CODES >> vector & 1] },
			      { " CR2 0x", address },
		      });
}

void arch_start(const struct purgatory_params *p)
{
	io_store_idt(&fault_before);
	if (p->consoles & FAULT_CONSOLES)
		fault_begin();
	else
		io_load_idt(&(struct io_table){ 0, 0 });
	if (p->consoles & PURGATORY_CONSOLE_SERIAL && p->console_divisor)
		serial_set_speed((uint16_t)p->console_port, (uint16_t)p->console_divisor);
}

void arch_print(const struct purgatory_params *p, const char *text)
{
	if (p->consoles & PURGATORY_CONSOLE_SERIAL)
		serial_print((uint16_t)p->console_port, text);
	if (p->consoles & PURGATORY_CONSOLE_VGA)
		vga_print(text);
}

/* Of CR0 arch/x86/kernel/relocate_kernel_64.S has cleared both already, and of CR4 the one. */
lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	*before = io_read_cr4();
	if (!(p->units & PURGATORY_UNIT_LANES))
		return lanes_portable;
	io_write_cr0(io_read_cr0() & ~(CR0_EMULATE | CR0_TASK_SWITCHED));
	io_write_cr4(*before | CR4_SSE);
	return lanes_x86_64;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	if (p->units & PURGATORY_UNIT_LANES)
		io_write_cr4(before);
}

/* There is none. */
const char *arch_check_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)k;
	(void)cpu;
	return NULL;
}

/* Nothing is: no boot data names a CPU. */
void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	(void)k;
	(void)cpu;
}

/* The boot data names no CPU. */
void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	(void)p;
	(void)cpu;
	io_load_idt(&fault_before);
}

void arch_stop(void)
{
	for (;;)
		io_halt();
}
