// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The purgatory for arm64 as far as it is C, compiled for this machine, with models of a PL011 and
 * of an 8250 in memory.
 */
#include "tests/unit/unit.h"

#define PURGATORY_ARCH_ARM64_IO_H	/* instead of io.h: */
#define PORT 0x9000000

/* What was sent, how often the port must be asked until it is ready, and how wide accesses are. */
static struct {
	struct buf sent;
	unsigned int busy, asked, width;
	uint64_t status;		/* the register that is asked */
	uint32_t ready, full;
	bool never_ready;
} uart;
static jmp_buf halted;

static uint32_t uart_model_read(uint64_t address, unsigned int width)
{
	assert_int_equal(address, uart.status);
	assert_int_equal(width, uart.width);
	uart.asked++;
	return uart.never_ready || uart.asked % (uart.busy + 1) ? uart.full : uart.ready;
}

static void uart_model_write(uint64_t address, uint32_t v, unsigned int width)
{
	assert_int_equal(address, PORT);
	assert_int_equal(width, uart.width);
	buf_printf(&uart.sent, "%c", (int)v);
}

static uint32_t io_read(uint64_t address) { return uart_model_read(address, 4); }
static void io_write(uint64_t address, uint32_t v) { uart_model_write(address, v, 4); }
static uint8_t io_read_byte(uint64_t address) { return (uint8_t)uart_model_read(address, 1); }
static void io_write_byte(uint64_t address, uint8_t v) { uart_model_write(address, v, 1); }

/* What decides on the unit for the digest. */
static struct {
	bool mmu, streaming;
	uint64_t control;
	unsigned int blocks;	/* hashed by it */
} vectors;

static bool io_has_streaming(void) { return vectors.streaming; }
static bool io_mmu_is_on(void) { return vectors.mmu; }
static uint64_t io_read_vector_control(void) { return vectors.control; }
static void io_write_vector_control(uint64_t v) { vectors.control = v; }
static uint64_t io_with_vectors(uint64_t v) { return v | 3 << 20; }

static uint64_t cleaned_from, cleaned_to;

static void io_clean(uint64_t start, uint64_t end)
{
	assert_true(vectors.mmu);
	cleaned_from = start;
	cleaned_to = end;
}

static void io_halt(void)
{
	longjmp(halted, 1);
}

#define PURGATORY_ARCH_ARM64_LANES_H	/* instead of lanes.h */
#include "purgatory/lanes.h"

static void lanes_arm64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	assert_true(vectors.mmu && vectors.control == (1 | 3 << 20));
	vectors.blocks += (unsigned int)n;
	lanes_portable(state, data, stride, n);
}

#define memcpy purgatory_memcpy		/* the program has one of its own */
#include "purgatory/fault.c"
#include "purgatory/kept.c"
#include "purgatory/purgatory.c"
#include "purgatory/arch/arm64/arm64.c"
#undef memcpy

static uint8_t kernel[1000];

static int setup(void **state)
{
	static struct purgatory_params p;
	struct lanes l;

	for (unsigned int i = 0; i < sizeof(kernel); i++)
		kernel[i] = (uint8_t)(i * 3);
	buf_free(&uart.sent);
	memset(&uart, 0, sizeof(uart));
	uart.width = 4;
	uart.status = PORT + 0x18;
	uart.full = 0x20;
	p = (struct purgatory_params){
		.kernel = 0x60200000, .console_port = PORT, .n_regions = 1,
		.consoles = PURGATORY_CONSOLE_PL011 | PURGATORY_CONSOLE_VERBOSE,
		.region = { { (uintptr_t)kernel, sizeof(kernel), 0 } },
	};
	lanes_init(&l, lanes_portable);
	lanes_region(&l, kernel, sizeof(kernel));
	lanes_final(&l, p.region, sizeof(p.region[0]), p.digest);
	memset(&vectors, 0, sizeof(vectors));
	vectors.control = 1;
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&uart.sent);
	return 0;
}

#define ALL_IS_WELL "I'm in purgatory\r\npurgatory: the SHA-256 digest is right\r\n" \
	"purgatory: jumping to the kernel at 0x0000000060200000\r\n"

static void silent(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_PL011;
	purgatory(p, 0);
	p->consoles = PURGATORY_CONSOLE_VERBOSE;
	purgatory(p, 0);
	assert_int_equal(uart.asked, 0);
	assert_int_equal(uart.sent.len, 0);
}

static void on_pl011(void **state)
{
	uart.busy = 3;
	purgatory(*state, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, 4 * strlen(ALL_IS_WELL));
}

static void on_8250(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_8250 | PURGATORY_CONSOLE_VERBOSE;
	uart.busy = 2;
	uart.ready = 0x20;
	uart.full = 0;
	uart.width = 1;
	uart.status = PORT + 5;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, 3 * strlen(ALL_IS_WELL));
	buf_free(&uart.sent);
	p->arch[PURGATORY_ARM64_UART_SHIFT] = 2;
	uart.width = 4;
	uart.status = PORT + 20;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
}

static void port_that_is_never_ready(void **state)
{
	struct purgatory_params *p = *state;

	uart.never_ready = true;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, TRIES * strlen(ALL_IS_WELL));
	buf_free(&uart.sent);
	p->consoles = PURGATORY_CONSOLE_8250 | PURGATORY_CONSOLE_VERBOSE;
	uart.asked = 0;
	uart.full = 0;
	uart.width = 1;
	uart.status = PORT + 5;
	purgatory(p, 0);
	assert_string_equal((char *)uart.sent.data, ALL_IS_WELL);
	assert_int_equal(uart.asked, TRIES * strlen(ALL_IS_WELL));
}

static void stops(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_PL011;
	kernel[999] ^= 1;
	if (!setjmp(halted)) {
		purgatory(p, 0);
		assert_true(!"it went on");
	}
	assert_non_null(strstr((char *)uart.sent.data, "digest mismatch"));
}

/* Where the processor has it, and memory is accessed as such; what said whether is put back. */
static void by_the_unit(void **state)
{
	struct purgatory_params *p = *state;

	for (unsigned int i = 0; i < 8; i++) {
		vectors.blocks = 0;
		vectors.mmu = i & 1;
		vectors.streaming = i & 4;
		p->units = i & 2 ? PURGATORY_UNIT_LANES : 0;
		purgatory(p, 0);
		assert_int_equal(vectors.blocks != 0, i == 3);
		assert_int_equal(vectors.control, 1);
	}
}

/* What is put into memory with the caches on is there when they are off. */
static void copy_is_cleaned(void **state)
{
	static uint8_t now[256] __attribute__((aligned(16))),
		sealed[256] __attribute__((aligned(16)));
	struct purgatory_params *p = *state;

	sealed[0] = 1;
	p->n_kept = 1;
	p->kept[0] = (struct purgatory_kept){
		.start = (uintptr_t)now,
		.size = sizeof(now),
		.sealed = (uintptr_t)sealed,
		.sealed_size = sizeof(sealed),
		.kind = PURGATORY_KEPT_CORE,
		.name = "elfcorehdr",
	};
	for (vectors.mmu = false;; vectors.mmu = true) {
		now[0] = 0;
		cleaned_from = cleaned_to = 0;
		purgatory(p, 0);
		assert_non_null(strstr((char *)uart.sent.data, "elfcorehdr is damaged; its copy"));
		assert_int_equal(now[0], 1);
		assert_int_equal(cleaned_from, vectors.mmu ? (uintptr_t)now : 0);
		assert_int_equal(cleaned_to, vectors.mmu ? (uintptr_t)now + sizeof(sealed) : 0);
		if (vectors.mmu)
			return;
	}
}

static void nothing_of_its_own(void **state)
{
	(void)state;
	assert_null(arch_check_kept(NULL, 0));
}

static void fault_is_told(void **state)
{
	if (!setjmp(halted)) {
		purgatory_fault(*state, 0x96000045, 0x6d310abc, 0xfedcba9876543210);
		assert_true(!"it went on");
	}
	assert_non_null(strstr((char *)uart.sent.data,
			       "purgatory: a fault, ESR 0x0000000096000045 ELR"
			       " 0x000000006d310abc FAR 0xfedcba9876543210\r\n"));
	assert_non_null(strstr((char *)uart.sent.data, "there will be no dump"));
}

static void copies(void **state)
{
	char to[8] = "-------";

	(void)state;
	assert_ptr_equal(purgatory_memcpy(to + 1, "abcdef", 3), to + 1);
	assert_string_equal(to, "-abc---");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silent, setup, teardown),
		cmocka_unit_test_setup_teardown(on_pl011, setup, teardown),
		cmocka_unit_test_setup_teardown(on_8250, setup, teardown),
		cmocka_unit_test_setup_teardown(port_that_is_never_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(stops, setup, teardown),
		cmocka_unit_test_setup_teardown(by_the_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(copy_is_cleaned, setup, teardown),
		cmocka_unit_test(nothing_of_its_own),
		cmocka_unit_test_setup_teardown(fault_is_told, setup, teardown),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests_name("purgatory-arm64", tests, NULL, NULL);
}
