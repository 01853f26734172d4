// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The purgatory's own source, compiled for this machine, with memory of this process. */
#include "tests/unit/unit.h"

#include "kexec/arch/lanes.h"
#include "purgatory/kept.c"
#include "purgatory/purgatory.c"

static struct buf printed;
static uint64_t finished_cpu;
static bool started, finished, stopped;

void arch_start(const struct purgatory_params *p)
{
	(void)p;
	started = true;
}

void arch_print(const struct purgatory_params *p, const char *text)
{
	(void)p;
	assert_true(started);
	assert_string_equal(text + strlen(text) - 2, "\r\n");
	buf_printf(&printed, "%s", text);
}

static bool arch_damaged, arch_completed;

const char *arch_check_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	assert_int_equal(k->kind, PURGATORY_KEPT_ARCH);
	assert_int_equal(cpu, 42);
	return arch_damaged ? "is not what it was" : NULL;
}

void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	assert_int_equal(cpu, 42);
	assert_memory_equal((void *)(uintptr_t)k->start, (void *)(uintptr_t)k->sealed,
			    k->sealed_size);
	assert_false(finished);
	arch_completed = true;
}

void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	(void)p;
	finished = true;
	finished_cpu = cpu;
}

void arch_stop(void)
{
	stopped = true;
}

/* What the unit is on this machine; that it is not left ready. */
static bool unit_ready;

lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	*before = 0x1234;
	unit_ready = p->units & PURGATORY_UNIT_LANES;
	return unit_ready ? lanes_here()->blocks : lanes_portable;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	assert_int_equal(before, 0x1234);
	assert_int_equal(unit_ready, p->units & PURGATORY_UNIT_LANES);
	unit_ready = false;
}

static uint64_t source[32], backup[32];
enum { KERNEL_DATA = 40000 };
static uint8_t kernel[50000], initrd[77];	/* the rest of the kernel's memory is zero */

static void put_digest(struct purgatory_params *p)
{
	struct lanes l;

	lanes_init(&l, lanes_portable);
	for (uint64_t i = 0; i < p->n_regions; i++) {
		lanes_region(&l, (void *)(uintptr_t)p->region[i].start, p->region[i].size);
		p->name[i].check = lanes_check(&l);
	}
	lanes_final(&l, p->region, p->n_regions * sizeof(p->region[0]), p->digest);
}

static bool verify(const struct purgatory_params *p)
{
	uint64_t damaged;

	return purgatory_verify(p, &damaged);
}

static int setup(void **state)
{
	static struct purgatory_params p;

	memset(kernel, 0, sizeof(kernel));
	for (unsigned int i = 0; i < KERNEL_DATA; i++)
		kernel[i] = (uint8_t)(i * 3);
	memset(source, 0x5a, sizeof(source));
	memset(backup, 0, sizeof(backup));
	buf_free(&printed);
	started = finished = stopped = arch_damaged = arch_completed = false;
	p = (struct purgatory_params){
		.backup_source = (uintptr_t)source,
		.backup = (uintptr_t)backup,
		.backup_size = sizeof(source),
		.n_regions = 2,
		.region = { { (uintptr_t)kernel, KERNEL_DATA, sizeof(kernel) - KERNEL_DATA },
			    { (uintptr_t)initrd, sizeof(initrd), 0 } },
		.name = { { 0, "kernel" }, { 0, "initrd" } },
	};
	put_digest(&p);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&printed);
	return 0;
}

static void intact(void **state)
{
	purgatory(*state, 42);
	assert_true(finished && !stopped);
	assert_int_equal(finished_cpu, 42);
	assert_memory_equal(backup, source, sizeof(source));
	assert_int_equal(printed.len, 0);
}

static void expect_stop(struct purgatory_params *p)
{
	purgatory(p, 1);
	assert_true(stopped && !finished);
	assert_int_equal(backup[0], 0);		/* nothing is written before the proof */
	assert_non_null(strstr((char *)printed.data, "digest mismatch"));
}

static void three_lines(void **state)
{
	struct purgatory_params *p = *state;

	p->consoles = PURGATORY_CONSOLE_VERBOSE;
	p->kernel = 0xfedcba9876543210;
	purgatory(p, 0);
	assert_string_equal((char *)printed.data, "I'm in purgatory\r\n"
			    "purgatory: the SHA-256 digest is right\r\n"
			    "purgatory: jumping to the kernel at 0xfedcba9876543210\r\n");
	buf_free(&printed);
	p->n_regions = 0;
	assert_false(verify(p)); /* the count is lost, not the wish */
	memset(p->digest, 0, sizeof(p->digest));
	purgatory(p, 0);
	assert_non_null(strstr((char *)printed.data, "nothing to verify"));
	assert_null(strstr((char *)printed.data, "digest is right"));
	buf_free(&printed);
	p->n_regions = 2;
	p->digest[0] ^= 1;
	memset(backup, 0, sizeof(backup));
	finished = false;
	expect_stop(p);
	assert_null(strstr((char *)printed.data, "jumping"));
}

static void expect_named(struct purgatory_params *p, const char *line)
{
	buf_free(&printed);
	stopped = false;
	expect_stop(p);
	assert_non_null(strstr((char *)printed.data, line));
}

/* And it is said which; of several the first. */
static void one_bit_in_each_region(void **state)
{
	initrd[76] ^= 1;
	expect_named(*state, "\r\npurgatory: initrd is damaged\r\n");
	kernel[0] ^= 0x80;
	expect_named(*state, "\r\npurgatory: kernel is damaged\r\n");
	initrd[76] ^= 1;
	expect_named(*state, "\r\npurgatory: kernel is damaged\r\n");
	kernel[0] ^= 0x80;
	kernel[sizeof(kernel) - 1] ^= 1;
	expect_named(*state, "\r\npurgatory: kernel is damaged\r\n");
}

/* A name that has no end, and a check that is wrong where nothing else is. */
static void names_that_are_damaged(void **state)
{
	struct purgatory_params *p = *state;

	memset(p->name, 'x', sizeof(p->name));
	assert_true(verify(p));
	initrd[0] ^= 1;
	expect_named(p, "purgatory: xxxxxxxxxxxx");
	initrd[0] ^= 1;
}

static void each_byte_of_the_digest(void **state)
{
	struct purgatory_params *p = *state;

	for (unsigned int i = 0; i < sizeof(p->digest); i++) {
		p->digest[i] ^= 1;
		expect_named(p, "\r\npurgatory: the digest is damaged\r\n");
		p->digest[i] ^= 1;
	}
	assert_true(verify(p));
}

static void too_many_regions(void **state)
{
	struct purgatory_params *p = *state;

	p->n_regions = PURGATORY_MAX_REGIONS + 1;
	expect_stop(p);
}

static void as_many_regions_as_can_be(void **state)
{
	struct purgatory_params *p = *state;

	p->n_regions = PURGATORY_MAX_REGIONS;
	for (unsigned int i = 0; i < PURGATORY_MAX_REGIONS; i++)
		p->region[i] = (struct purgatory_region){ (uintptr_t)&kernel[i], 1, 0 };
	put_digest(p);
	assert_true(verify(p));
	strcpy(p->name[PURGATORY_MAX_REGIONS - 1].name, "the last");
	kernel[PURGATORY_MAX_REGIONS - 1] ^= 1;
	expect_named(p, "\r\npurgatory: the last is damaged\r\n");
}

/* What is behind the last one is not looked at. */
static void one_region_of_two(void **state)
{
	struct purgatory_params *p = *state;

	p->n_regions = 1;
	put_digest(p);
	initrd[0] ^= 1;
	assert_true(verify(p));
	initrd[0] ^= 1;
}

/* Whether a byte is hashed or is to be zero: none may be another. By both ways to hash. */
static void each_byte(void **state)
{
	struct purgatory_params *p = *state;

	for (p->units = 0; p->units <= PURGATORY_UNIT_LANES; p->units++) {
		for (size_t at = 0; at < sizeof(kernel);
		     at += at < 100 || at > sizeof(kernel) - 100 ? 1 : 97) {
			kernel[at] ^= 1;
			assert_false(verify(p));
			kernel[at] ^= 1;
		}
		for (size_t at = KERNEL_DATA - 100; at < KERNEL_DATA + 100; at++) {
			kernel[at] ^= 0x80;
			assert_false(verify(p));
			kernel[at] ^= 0x80;
		}
		assert_true(verify(p));
		assert_false(unit_ready);
	}
}

/* Where a region's bytes end is in the digest, too: zeros that are hashed are no zeros behind. */
static void borders(void **state)
{
	struct purgatory_params *p = *state;

	p->region[0].size++;
	p->region[0].zeros--;
	assert_false(verify(p));
	put_digest(p);
	assert_true(verify(p));
	p->region[1].start++;
	p->region[1].size--;
	assert_false(verify(p));
}

static void nothing_to_do(void **state)
{
	struct purgatory_params *p = *state;

	p->n_regions = 0;
	p->backup_size = 0;
	memset(p->digest, 0, sizeof(p->digest));
	purgatory(p, 0);
	assert_true(finished && !stopped);
	assert_int_equal(backup[0], 0);
}

/* What is damaged is replaced, which is said; and nothing else is touched. */
static void kept_by_the_architecture(void **state)
{
	static uint8_t now[64], sealed[48] __attribute__((aligned(16)));
	struct purgatory_params *p = *state;

	memset(now, 1, sizeof(now));
	memset(sealed, 2, sizeof(sealed));
	p->n_kept = 1;
	p->kept[0] = (struct purgatory_kept){
		.start = (uintptr_t)now,
		.size = sizeof(now),
		.sealed = (uintptr_t)sealed,
		.sealed_size = sizeof(sealed),
		.kind = PURGATORY_KEPT_ARCH,
		.name = "fdt",
	};
	purgatory(p, 42);
	assert_true(finished && !arch_completed);
	assert_int_equal(printed.len, 0);
	assert_int_equal(now[0], 1);
	arch_damaged = true;
	finished = false;
	purgatory(p, 42);
	assert_true(finished && arch_completed);
	assert_string_equal((char *)printed.data,
			    "purgatory: fdt is not what it was; its copy of the"
			    " load is used\r\n");
	assert_int_equal(now[47], 2);
	assert_int_equal(now[48], 1);
}

/* Where the image itself is damaged there is nothing to be put anywhere. */
static void kept_with_a_wrong_digest(void **state)
{
	struct purgatory_params *p = *state;

	p->n_kept = 1;
	p->kept[0].kind = PURGATORY_KEPT_ARCH;
	arch_damaged = true;
	initrd[0] ^= 1;
	expect_stop(p);
	assert_false(arch_completed);
	initrd[0] ^= 1;
}

static void long_lines_end(void **state)
{
	char line[PRINT_LINE + 1], word[2 * PRINT_LINE];

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	line[PRINT_LINE] = '!';
	print_line(line, "name", word, word);
	assert_int_equal(strlen(line), PRINT_LINE - 1);
	assert_string_equal(line + PRINT_LINE - 4, "w\r\n");
	print_line(line, "a", "is", " b");
	assert_string_equal(line, "purgatory: a is b\r\n");
	assert_int_equal(line[PRINT_LINE], '!');
}

/* The examples of params.h, which something else has made from its words (tests/digest). */
static const struct {
	size_t sizes[3], n;
	const char *digest;
} examples[] = {
	{ { 1 }, 1, "02a6b133343a259789b9396900ba243c83d93c1be06a3d5a8aaf4f16aaf38dc4" },
	{ { 4097, 12288 }, 2, "afdb89b089d5e528a4e079ec603f6be6cec5b66af3ba950af955e0bf1a2d3ca5" },
	{ { 0, 16384 }, 2, "e58ccf96ccf833a8aaaa241a861fa4397861511e56fe506bbb6ebfd9c932f9b5" },
	{ { 100000, 64, 16385 },
	  3,
	  "1eb1f687f4f379367e049b49b6774c5a427b219f6a0d9c4ac565f802e7f757af" },
};

static void expect_example(size_t i, lanes_blocks *blocks)
{
	static uint8_t text[200000], table[3 * sizeof(struct purgatory_region)];
	uint8_t digest[SHA256_DIGEST_SIZE];
	BUF_AUTO got = {0};
	struct lanes l;
	size_t at = 0;

	for (size_t k = 0; k < sizeof(text); k++)
		text[k] = (uint8_t)(7 * k + (k >> 8));
	memset(table, 0xff, sizeof(table));
	lanes_init(&l, blocks);
	for (size_t k = 0; k < examples[i].n; k++) {
		lanes_region(&l, text + at, examples[i].sizes[k]);
		at += examples[i].sizes[k];
	}
	lanes_final(&l, table, examples[i].n * sizeof(struct purgatory_region), digest);
	for (size_t k = 0; k < sizeof(digest); k++)
		buf_printf(&got, "%02x", digest[k]);
	assert_string_equal((char *)got.data, examples[i].digest);
}

static void as_defined(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		expect_example(i, lanes_portable);
		expect_example(i, lanes_here()->blocks);
	}
}

/*
 * Of each length, at each alignment, with one byte that is not; and what is beside it does not
 * count.
 */
static void zeros(void **state)
{
	uint8_t bytes[128];

	(void)state;
	for (size_t from = 1; from < 18; from++)
		for (size_t size = 0; size < 100; size++) {
			memset(bytes, 0, sizeof(bytes));
			bytes[from - 1] = bytes[from + size] = 1;
			assert_true(lanes_zeros(bytes + from, size));
			for (size_t at = 0; at < size; at++) {
				bytes[from + at] = 0x80;
				assert_false(lanes_zeros(bytes + from, size));
				bytes[from + at] = 0;
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(intact, setup, teardown),
		cmocka_unit_test_setup_teardown(three_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(one_bit_in_each_region, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_are_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_by_the_architecture, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_with_a_wrong_digest, setup, teardown),
		cmocka_unit_test(long_lines_end),
		cmocka_unit_test_setup_teardown(each_byte_of_the_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_regions, setup, teardown),
		cmocka_unit_test_setup_teardown(as_many_regions_as_can_be, setup, teardown),
		cmocka_unit_test_setup_teardown(one_region_of_two, setup, teardown),
		cmocka_unit_test_setup_teardown(each_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(borders, setup, teardown),
		cmocka_unit_test(as_defined),
		cmocka_unit_test(zeros),
		cmocka_unit_test_setup_teardown(nothing_to_do, setup, teardown),
	};

	return cmocka_run_group_tests_name("purgatory", tests, NULL, NULL);
}
