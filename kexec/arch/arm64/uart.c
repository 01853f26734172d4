// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Where the purgatory can say something: the serial console of the running kernel. */
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/cmdline.h"
#include "purgatory/params.h"

/* Offsets in the table; little-endian. */
enum {
	SPCR_LENGTH = 4,
	SPCR_TYPE = 36,
	SPCR_SPACE = 40,
	SPCR_WIDTH = 41,
	SPCR_ADDRESS = 44,
	SPCR_END = 52
};

#define UART_END	((uint64_t)1 << 48)	/* of what the purgatory can map (idmap.c) */

/* Its types, as drivers/acpi/spcr.c takes them. */
enum { SPCR_PL011 = 3, SPCR_SBSA_32 = 0x0d, SPCR_SBSA = 0x0e, SPCR_16550_GAS = 0x12 };

struct arm64_uart arm64_uart_of_spcr(const uint8_t *t, size_t len)
{
	struct arm64_uart uart = {0};

	if (len < SPCR_END || memcmp(t, "SPCR", 4) || le32_get(t + SPCR_LENGTH) < SPCR_END ||
	    t[SPCR_SPACE] != 0)			/* not in memory */
		return uart;
	uart.base = le64_get(t + SPCR_ADDRESS);
	switch (t[SPCR_TYPE]) {
	case SPCR_PL011: case SPCR_SBSA_32: case SPCR_SBSA:
		uart.kind = PURGATORY_CONSOLE_PL011;
		break;
	case SPCR_16550_GAS:
		uart.kind = PURGATORY_CONSOLE_8250;
		uart.shift = t[SPCR_WIDTH] == 32 ? 2 : 0;
	}
	return uart.base && uart.base < UART_END ? uart : (struct arm64_uart){0};
}

/*
 * The bus' address of a node as the CPU has it: each node above translates by its ranges
 * (Devicetree Specification 2.3.8). False: it is not in them.
 */
static bool uart_translate(const struct dt_node *bus, uint64_t *address)
{
	for (; bus->parent; bus = bus->parent) {
		const struct dt_prop *p = dt_prop(bus, "ranges");
		struct dt_cells child, parent;
		uint32_t width;
		bool found = false;

		if (!p || dt_cells(bus, &child) < 0 || dt_cells(bus->parent, &parent) < 0)
			return false;
		width = 4 * (child.addr + parent.addr + child.size);
		for (uint32_t at = 0; at + width <= p->len && !found; at += width) {
			const uint8_t *e = p->data + at, *to = e + 4 * child.addr;
			uint64_t from = bytes_get(e, 4 * child.addr, false);
			uint64_t size = bytes_get(to + 4 * parent.addr, 4 * child.size, false);

			if (*address < from || *address - from >= size)
				continue;
			*address += bytes_get(to, 4 * parent.addr, false) - from;
			found = true;
		}
		if (p->len && !found)
			return false;
	}
	return true;
}

static struct arm64_uart uart_of_tree(struct machine *m)
{
	const struct dt_node *n = dt_stdout(&m->arena, m->tree);
	const struct dt_prop *reg = n ? dt_prop(n, "reg") : NULL;
	struct arm64_uart uart = {0};
	struct dt_cells cells;

	if (!reg || !n->parent || dt_cells(n->parent, &cells) < 0 || reg->len < 4 * cells.addr)
		return uart;
	uart.base = bytes_get(reg->data, 4 * cells.addr, false);
	if (dt_number(n, "reg-shift", &uart.shift) < 0 || uart.shift > 3 ||
	    !uart_translate(n->parent, &uart.base))
		return (struct arm64_uart){0};
	if (dt_compatible(n, "arm,pl011"))
		uart.kind = PURGATORY_CONSOLE_PL011;
	else if (dt_compatible(n, "ns16550a") || dt_compatible(n, "snps,dw-apb-uart"))
		uart.kind = PURGATORY_CONSOLE_8250;
	return uart.kind && uart.base < UART_END ? uart : (struct arm64_uart){0};
}

/* A port that is not in use as a console can be without its clock, and hang who touches it. */
static bool uart_is_console(const struct machine *m, const struct arm64_uart *uart)
{
	const char *driver = uart->kind == PURGATORY_CONSOLE_PL011 ? "console=ttyAMA" :
								     "console=ttyS";
	size_t len;

	return strstr(m->cmdline, driver) || !cmdline_find(m->cmdline, "console", &len);
}

int arm64_find_uart(struct machine *m, struct arm64_uart *uart)
{
	BUF_AUTO table = {0};
	int rc = 0;

	*uart = uart_of_tree(m);
	fail_forget();
	if (!uart->kind)
		rc = sysroot_read(m->sr, SYS_ACPI_SPCR, &table);
	if (rc == -EACCES || rc == -EPERM)
		fail_forget();
	else if (rc < 0 && rc != -ENOENT)
		return rc;
	if (table.len)
		*uart = arm64_uart_of_spcr(table.data, table.len);
	if (!uart_is_console(m, uart))
		*uart = (struct arm64_uart){0};
	return 0;
}
