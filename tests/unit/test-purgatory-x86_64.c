// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The purgatory for x86_64 as far as it is C, compiled for this machine, with a model of
 * the 8250 and of the screen.
 */
#include "tests/unit/unit.h"

#include "kexec/arch/lanes.h"

#define PURGATORY_ARCH_X86_64_IO_H	/* instead of io.h: */
#define PORT 0x2f8

/*
 * What was sent, the divisor that was set, and how often the port must be asked until it is ready.
 */
static struct {
	struct buf sent;
	uint8_t lcr, divisor[2];
	unsigned int busy, asked;
	bool never_ready;
} uart;
static uint16_t screen[25 * 80];
static jmp_buf halted;

/* Where the table of exceptions is; and when the port was last asked. */
struct io_table {
	uint16_t last;
	uint64_t start;
} __attribute__((packed));

static const struct io_table of_the_kernel = { 0xfff, 0xfffffe0000000000 };
static struct io_table table, meanwhile;
static const uint8_t fault_gates[32 * 8];

static uint8_t io_read(uint16_t port)
{
	assert_int_equal(port, PORT + 5);
	uart.asked++;
	meanwhile = table;
	if (uart.never_ready || uart.asked % (uart.busy + 1))
		return 0;
	return 0x60;
}

static void io_write(uint16_t port, uint8_t v)
{
	if (port == PORT + 3) {
		uart.lcr = v;
	} else if (uart.lcr & 0x80) {
		assert_true(port == PORT || port == PORT + 1);
		uart.divisor[port - PORT] = v;
	} else {
		assert_int_equal(port, PORT);
		buf_printf(&uart.sent, "%c", v);
	}
}

static void io_halt(void)
{
	longjmp(halted, 1);
}

/* The control registers, and how the unit was entered and left. */
#define CR0_EMULATE		(1ull << 2)
#define CR0_TASK_SWITCHED	(1ull << 3)
#define CR4_SSE			(1ull << 9)
#define CR4_BEFORE		0x20	/* PAE */
static uint64_t cr0, cr4;
static bool was_ready;
static unsigned int cr4_written;

static uint64_t io_read_cr0(void)
{
	return cr0;
}

static void io_write_cr0(uint64_t v)
{
	cr0 = v;
}

static uint64_t io_read_cr4(void)
{
	return cr4;
}

static void io_write_cr4(uint64_t v)
{
	cr4 = v;
	cr4_written++;
	was_ready = was_ready || (v & CR4_SSE && !(cr0 & (CR0_EMULATE | CR0_TASK_SWITCHED)));
}

static void io_store_idt(struct io_table *t)
{
	*t = table;
}

static void io_load_idt(const struct io_table *t)
{
	table = *t;
}

#define IO_VGA_TEXT ((volatile uint16_t *)screen)

/* The unit, or on a machine without it what does the same. */
static void unit_lanes(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	assert_true(cr4 & CR4_SSE && !(cr0 & (CR0_EMULATE | CR0_TASK_SWITCHED)));
	lanes_here()->blocks(state, data, stride, n);
}
#define lanes_x86_64 unit_lanes

#include "purgatory/fault.c"
#include "purgatory/kept.c"
#include "purgatory/purgatory.c"
#include "purgatory/arch/x86_64/x86_64.c"

static bool verify(const struct purgatory_params *p)
{
	uint64_t damaged;

	return purgatory_verify(p, &damaged);
}

static uint8_t kernel[1000];

static int setup(void **state)
{
	static struct purgatory_params p;
	struct lanes l;

	for (unsigned int i = 0; i < sizeof(kernel); i++)
		kernel[i] = (uint8_t)(i * 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(screen); i++)
		screen[i] = 0x0700 | ('a' + i / 80);
	buf_free(&uart.sent);
	memset(&uart, 0, sizeof(uart));
	uart.lcr = 0x03;
	p = (struct purgatory_params){
		.kernel = 0x1000200, .console_port = PORT, .n_regions = 1,
		.region = { { (uintptr_t)kernel, sizeof(kernel), 0 } },
	};
	lanes_init(&l, lanes_portable);
	lanes_region(&l, kernel, sizeof(kernel));
	lanes_final(&l, p.region, sizeof(p.region[0]), p.digest);
	table = of_the_kernel;
	meanwhile = (struct io_table){0};
	cr0 = 0x80000001 | CR0_EMULATE | CR0_TASK_SWITCHED;
	cr4 = CR4_BEFORE;
	was_ready = false;
	cr4_written = 0;
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&uart.sent);
	return 0;
}

/* A row of the screen without the blanks at its end. */
static const char *row(unsigned int number)
{
	static char text[81];
	unsigned int n = 80;

	for (unsigned int i = 0; i < 80; i++) {
		assert_int_equal(screen[80 * number + i] >> 8, 7);
		text[i] = (char)screen[80 * number + i];
	}
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = 0;
	return text;
}

#define ALL_IS_WELL "I'm in purgatory\r\npurgatory: the SHA-256 digest is right\r\n" \
	"purgatory: jumping to the kernel at 0x0000000001000200\r\n"

static void silent(void **state)
{
	struct purgatory_params *p = *state;

	purgatory(p, 0);
	assert_int_equal(uart.asked, 0);
	assert_string_equal(row(24) + 79, "y");
	p->consoles = PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VGA;
	purgatory(p, 0);
	assert_int_equal(uart.sent.len, 0);
	assert_string_equal(row(24) + 79, "y");
}

static void on_serial(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VERBOSE;
	uart.busy = 3;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, 4 * strlen(ALL_IS_WELL));
	assert_int_equal(uart.divisor[0], 0);
	assert_string_equal(row(24) + 79, "y");
}

/* 115200 / 300: both bytes of the divisor; and the port is as it should be afterwards. */
static void speed(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VERBOSE;
	p->console_divisor = 384;
	purgatory(p, 0);
	assert_int_equal(uart.divisor[0], 0x80);
	assert_int_equal(uart.divisor[1], 1);
	assert_int_equal(uart.lcr, 0x03);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
}

static void port_that_is_never_ready(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VERBOSE;
	uart.never_ready = true;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, SERIAL_TRIES * strlen(ALL_IS_WELL));
}

static void on_screen(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_VGA | PURGATORY_CONSOLE_VERBOSE;
	purgatory(p, 0);
	assert_string_equal(row(24), "purgatory: jumping to the kernel at 0x0000000001000200");
	assert_string_equal(row(23), "purgatory: the SHA-256 digest is right");
	assert_string_equal(row(22), "I'm in purgatory");
	assert_string_equal(row(21) + 79, "y");		/* what was on the last row before */
	assert_int_equal(uart.asked, 0);
}

static void nothing_of_its_own(void **state)
{
	(void)state;
	assert_null(arch_check_kept(NULL, 0));
	arch_complete_kept(NULL, 0);
}

static void long_line_is_broken(void **state)
{
	char text[170];

	(void)state;
	memset(text, '1', 80);
	memset(text + 80, '2', 80);
	strcpy(text + 160, "3\r\n");
	vga_print(text);
	assert_string_equal(row(24), "3");
	text[160] = 0;
	assert_string_equal(row(23), text + 80);
	text[80] = 0;
	assert_string_equal(row(22), text);
	assert_string_equal(row(21) + 79, "y");
}

static void stops(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VGA;
	kernel[999] ^= 1;
	if (!setjmp(halted)) {
		purgatory(p, 0);
		assert_true(!"it went on");
	}
	assert_non_null(strstr((char *)uart.sent.data, "digest mismatch"));
	assert_string_equal(row(24), "purgatory: stopped; there will be no dump.");
}

/* Its registers can be used meanwhile, and then no more; without it nothing is touched. */
static void unit_is_made_ready(void **state)
{
	struct purgatory_params *p = *state;

	assert_true(verify(p));
	assert_false(was_ready);
	assert_int_equal(cr4_written, 0);
	assert_int_equal(cr0, 0x80000001 | CR0_EMULATE | CR0_TASK_SWITCHED);
	assert_int_equal(cr4, CR4_BEFORE);
	p->units = PURGATORY_UNIT_LANES;
	assert_true(verify(p));
	assert_true(was_ready);
	assert_int_equal(cr4, CR4_BEFORE);
	kernel[0] ^= 1;
	assert_false(verify(p));
	p->units = 1ull << 63;		/* of another one, which is not known here */
	was_ready = false;
	assert_false(verify(p));
	assert_false(was_ready);
}

/* With a console; else an exception is a reset, which somebody may see: the table has no gate. */
static void exceptions_are_awaited(void **state)
{
	static const uint64_t consoles[] = { PURGATORY_CONSOLE_VGA, PURGATORY_CONSOLE_SERIAL };
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_VERBOSE;
	arch_start(p);
	assert_int_equal(table.last, 0);
	assert_int_equal(table.start, 0);
	arch_finish(p, 0);
	assert_memory_equal(&table, &of_the_kernel, sizeof(table));
	for (unsigned int i = 0; i < ARRAY_SIZE(consoles); i++) {
		p->consoles = consoles[i];
		arch_start(p);
		assert_int_equal(table.start, (uintptr_t)fault_table);
		assert_int_equal(table.last, 32 * 16 - 1);
		arch_finish(p, 0);
		assert_memory_equal(&table, &of_the_kernel, sizeof(table));
	}
	p->consoles |= PURGATORY_CONSOLE_VERBOSE;
	purgatory(p, 0);
	assert_memory_equal(&table, &of_the_kernel, sizeof(table));
	/* It is in use before a port is waited for. */
	p->console_divisor = 1;
	table.start = 0;
	arch_start(p);
	assert_int_equal(meanwhile.start, (uintptr_t)fault_table);
	/* Made by a host of the other byte order, it is no processor's. */
	for (unsigned int i = 0; i < 32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; i++) {
		const uint8_t *gate = (const uint8_t *)fault_table + 16 * i;
		uint64_t at = le16_get(gate) | (uint64_t)le16_get(gate + 6) << 16 |
			(uint64_t)le32_get(gate + 8) << 32;

		assert_true(at == (uintptr_t)fault_gates + 8 * i);
		assert_int_equal(le16_get(gate + 2), 0x10);
		assert_int_equal(gate[4], 0);
		assert_int_equal(gate[5], 0x8e);
		assert_int_equal(le32_get(gate + 12), 0);
	}
}

/* It does not come back. */
static void fall(const struct purgatory_params *p, uint64_t vector)
{
	static const uint64_t pushed[] = { 0xabc, 0x6d310abc, 0x10 };

	if (!setjmp(halted)) {
		purgatory_fault(p, vector, pushed, 0xfedcba9876543210);
		assert_true(!"it went on");
	}
}

/* Some have a code on the stack, below the address: the processors' manual, volume 3, table 6-1. */
static void fault_is_told(void **state)
{
	static const unsigned int with_code[] = { 8, 10, 11, 12, 13, 14, 17, 21, 29, 30 };
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_SERIAL;
	for (unsigned int i = 0; i < 32; i++) {
		STRING_AUTO text = NULL;
		bool code = false;

		for (unsigned int k = 0; k < ARRAY_SIZE(with_code); k++)
			code = code || with_code[k] == i;
		buf_free(&uart.sent);
		fall(p, i);
		text = mem_printf("\r\npurgatory: a fault, exception 0x00000000000000%02x"
				  " RIP 0x%016x CR2 0xfedcba9876543210\r\n"
				  "purgatory: stopped; there will be no dump.\r\n",
				  i, code ? 0x6d310abc : 0xabc);
		assert_string_equal((char *)uart.sent.data, text);
	}
}

/* On the screen it takes as many rows as it has, not one for each number. */
static void fault_is_shown(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_VGA;
	fall(p, 14);
	assert_string_equal(row(VGA_ROWS - 3), "purgatory: a fault, exception 0x000000000000000e"
			    " RIP 0x000000006d310abc CR2 0xfe");
	assert_string_equal(row(VGA_ROWS - 2), "dcba9876543210");
	assert_string_equal(row(VGA_ROWS - 1), "purgatory: stopped; there will be no dump.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silent, setup, teardown),
		cmocka_unit_test_setup_teardown(on_serial, setup, teardown),
		cmocka_unit_test_setup_teardown(speed, setup, teardown),
		cmocka_unit_test_setup_teardown(port_that_is_never_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(on_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(long_line_is_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(unit_is_made_ready, setup, teardown),
		cmocka_unit_test(nothing_of_its_own),
		cmocka_unit_test_setup_teardown(exceptions_are_awaited, setup, teardown),
		cmocka_unit_test_setup_teardown(fault_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(fault_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(stops, setup, teardown),
	};

	return cmocka_run_group_tests_name("purgatory-x86_64", tests, NULL, NULL);
}
