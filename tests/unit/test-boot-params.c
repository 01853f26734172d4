// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* x86_64: what a kernel wants; boot parameters built, read again by the proofs, spoilt. */
#include "tests/unit/unit.h"

#include "kexec/arch/x86_64/x86_64.h"

#define ADDR	0x7ff00000ull
#define MIB	((uint64_t)1 << 20)
#define GIB	((uint64_t)1 << 30)

/* --- what they are made of --- */

static uint8_t running[X86_BOOT_PARAMS_SIZE], header[X86_HDR_END - X86_BP_HEADER];
static uint8_t seed[X86_RNG_SEED_SIZE];
static const struct x86_64_efi_region regions[] = {
	{ 5, 0x7e000000, 0xfffffffeff000000, 16, 0x800000000000000f },
	{ 6, 0x7e100000, 0xfffffffefe000000, 32, 0x8000000000000000 },
};
static const struct x86_64_efi efi = { regions, 2, 0x7e001000, 0x7e002000, 0x7e003000 };

static void put(uint8_t *page, unsigned int at, uint64_t v, size_t size)
{
	bytes_put(page + at, v, size, true);
}

/*
 * Every byte of the running kernel's is its own low address, so that one that is copied is known.
 */
static void fill_running(void)
{
	for (unsigned int i = 0; i < sizeof(running); i++)
		running[i] = (uint8_t)(i * 7 + 1);
	running[X86_BP_EDD_ENTRIES] = 3;
	running[X86_BP_EDD_MBR_ENTRIES] = 2;
	put(running, X86_BP_EFI_INFO, X86_EFI_SIGNATURE, 4);
	put(running, X86_BP_EFI_INFO + 4, 0x7e004000, 4);
	put(running, X86_BP_EFI_INFO + 8, 48, 4);
	put(running, X86_BP_EFI_INFO + 12, 1, 4);
	put(running, X86_BP_EFI_INFO + 24, 1, 4);
}

static void fill_header(void)
{
	uint8_t page[X86_HDR_END] = {0};

	for (unsigned int i = X86_BP_HEADER; i < X86_HDR_END; i++)
		page[i] = (uint8_t)(0x80 + i);
	put(page, X86_HDR_BOOT_FLAG, 0xaa55, 2);
	memcpy(page + X86_HDR_MAGIC, "HdrS", 4);
	page[X86_HDR_JUMP_LEN] = 0x6a;		/* to 0x26c, as since Linux 5.3 */
	put(page, X86_HDR_VERSION, 0x20f, 2);
	page[X86_HDR_LOADFLAGS] = 0xff;
	put(page, 0x230, 0x200000, 4);	/* kernel_alignment */
	put(page, 0x258, 0x1000000, 8); /* pref_address */
	put(page, X86_HDR_CMDLINE_SIZE, 2047, 4);
	put(page, X86_HDR_INIT_SIZE, 0x3000000, 4);
	memcpy(header, page + X86_BP_HEADER, sizeof(header));
}

static int setup(void **state)
{
	(void)state;
	fill_running();
	fill_header();
	for (unsigned int i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(200 + i);
	return 0;
}

/* RAM and reserved memory in turn, from 1 MiB on, each of 1 MiB; then all above 4 GiB. */
static void fill_e820(struct x86_64_e820 *e, size_t entries)
{
	x86_64_e820_add(e, 0x1000, 0x9fc00, X86_E820_RAM);
	for (size_t i = 1; i + 1 < entries; i++)
		x86_64_e820_add(e, i * MIB, (i + 1) * MIB,
				i % 2 ? X86_E820_RAM : X86_E820_RESERVED);
	x86_64_e820_add(e, 4 * GIB, 8 * GIB, X86_E820_RAM);
}

static struct x86_64_boot usual(const struct x86_64_e820 *e)
{
	return (struct x86_64_boot){
		.running = running,
		.header = header,
		.header_size = sizeof(header),
		.e820 = e,
		.cmdline = "root=/dev/sda1 quiet",
		.initrd = 5 * GIB + 4096,
		.initrd_size = 9 * MIB + 5,
		.efi = &efi,
		.rsdp = 0x7e005014,
		.seed = seed,
	};
}

static struct x86_64_expect expected(const struct x86_64_boot *b)
{
	return (struct x86_64_expect){
		.kernel_bytes = 0x3000000,
		.kernel_at = 0x1200000,
		.vmlinux = !b->header,
		.cmdline = b->cmdline,
		.initrd = b->initrd,
		.initrd_size = b->initrd_size,
	};
}

static void build(const struct x86_64_boot *b, struct buf *out)
{
	assert_int_equal(x86_64_boot_build(b, ADDR, out), 0);
	assert_int_equal(out->len, x86_64_boot_size(b));
	assert_int_equal(out->data[out->len], 0);
}

static uint64_t get(const struct buf *b, uint64_t at, size_t size)
{
	assert_true(at + size <= b->len);
	return bytes_get(b->data + at, size, true);
}

/* --- boot_params --- */

static void inherits_what_firmware_told(void **state)
{
	/* By the kernel's document, not by our constants. */
	static const struct {
		unsigned int start, end;
	} copied[] = {
		{ 0x000, 0x002 }, { 0x004, 0x054 }, { 0x060, 0x070 }, { 0x080, 0x0b0 },
		{ 0x140, 0x1c0 }, { 0x1e9, 0x1eb }, { 0x1ec, 0x1ed }, { 0x23c, 0x240 },
		{ 0x290, 0x2d0 }, { 0xd00, 0xeec },
	}, zero[] = {
		{ 0x054, 0x060 }, { 0x078, 0x080 }, { 0x0b0, 0x0c0 }, { 0x0cc, 0x140 },
		{ 0x1e4, 0x1e8 }, { 0x1eb, 0x1ec }, { 0x1ed, 0x1f1 }, { 0x26c, 0x290 },
		{ 0xcd0, 0xd00 }, { 0xeec, 0x1000 },
	};
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);

	(void)state;
	fill_e820(&e, 4);
	build(&b, &out);
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		assert_memory_equal(out.data + copied[i].start, running + copied[i].start,
				    copied[i].end - copied[i].start);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		for (unsigned int at = zero[i].start; at < zero[i].end; at++)
			assert_int_equal(out.data[at], 0);
	assert_int_equal(get(&out, 0x070, 8), 0x7e005014);
}

static void header_is_the_kernels_own(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);

	(void)state;
	fill_e820(&e, 4);
	build(&b, &out);
	assert_memory_equal(out.data + 0x1f1, header, 0x210 - 0x1f1);
	assert_memory_equal(out.data + 0x22c, header + 0x22c - 0x1f1, 0x23c - 0x22c);
	assert_memory_equal(out.data + 0x258, header + 0x258 - 0x1f1, 0x26c - 0x258);
	assert_int_equal(out.data[0x210], 0xd0);
	assert_int_equal(out.data[0x211], 1);
	assert_int_equal(get(&out, 0x228, 4), ADDR + 4096);
	assert_string_equal((char *)out.data + 4096, b.cmdline);
	assert_int_equal(get(&out, 0x218, 4), 0x40001000);
	assert_int_equal(get(&out, 0x0c0, 4), 1);
	assert_int_equal(get(&out, 0x21c, 4), 9 * MIB + 5);
	assert_int_equal(get(&out, 0x0c4, 4), 0);
}

/* Above 4 GiB, with an initrd of more than 4 GiB. */
static void addresses_have_upper_halves(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);

	(void)state;
	fill_e820(&e, 4);
	b.initrd_size = 5 * GIB;
	assert_int_equal(x86_64_boot_build(&b, 6 * GIB, &out), 0);
	assert_int_equal(get(&out, 0x228, 4), 0x80001000);
	assert_int_equal(get(&out, 0x0c8, 4), 1);
	assert_int_equal(get(&out, 0x0c4, 4), 1);
	assert_int_equal(get(&out, 0x21c, 4), GIB);
	assert_int_equal(get(&out, 0x250, 8) >> 32, 1);
	assert_int_equal(get(&out, 0x1dc, 4), 1);
}

static void elf_kernel_gets_a_header(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	struct x86_64_expect expect;

	(void)state;
	fill_e820(&e, 4);
	b.header = NULL;
	expect = expected(&b);
	build(&b, &out);
	assert_int_equal(get(&out, 0x206, 2), 0x20f);
	assert_int_equal(get(&out, 0x236, 2), 3);
	assert_int_equal(out.data[0x211], 1);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
}

static void headers_are_checked(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	uint8_t old[sizeof(header)];

	(void)state;
	fill_e820(&e, 4);
	memcpy(old, header, sizeof(old));
	b.header = old;
	put(old, X86_HDR_VERSION - X86_BP_HEADER, 0x20b, 2);
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL,
		     "its boot protocol is 2.11, before 2.12");
	memcpy(old, header, sizeof(old));
	old[X86_HDR_MAGIC - X86_BP_HEADER] = 'h';
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL, "no setup header with the marks");
	memcpy(old, header, sizeof(old));
	put(old, X86_HDR_BOOT_FLAG - X86_BP_HEADER, 0, 2);
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL, "no setup header with the marks");
	memcpy(old, header, sizeof(old));
	b.header_size = 0x264 - 0x1f1 - 1;
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL, "no setup header with the marks");
	b.header_size = 0x26c - 0x1f1 - 1;
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL,
		     "its setup header ends at 0x26c, too early or");
	b.header_size = 0x264 - 0x1f1;
	old[X86_HDR_JUMP_LEN - X86_BP_HEADER] = 0x62;
	put(old, X86_HDR_VERSION - X86_BP_HEADER, 0x20c, 2);
	assert_int_equal(x86_64_boot_build(&b, ADDR, &out), 0);
	b.header_size = sizeof(old);
	old[X86_HDR_JUMP_LEN - X86_BP_HEADER] = 0x61;
	assert_fails(x86_64_boot_build(&b, ADDR, &out), EINVAL,
		     "its setup header ends at 0x263, too early or");
}

/* A header that is longer than boot_params has room for; as many bytes are there. */
static void long_header_is_cut(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	uint8_t large[0x301 - 0x1f1];

	(void)state;
	fill_e820(&e, 4);
	memset(large, 0xee, sizeof(large));
	memcpy(large, header, sizeof(header));
	large[X86_HDR_JUMP_LEN - X86_BP_HEADER] = 0xff;
	b.header = large;
	b.header_size = sizeof(large);
	build(&b, &out);
	assert_memory_equal(out.data + 0x290, running + 0x290, 0x40);
}

static void without_anything_known(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = {
		.header = header, .header_size = sizeof(header), .e820 = &e, .cmdline = ""
	};
	struct x86_64_expect expect = expected(&b);

	(void)state;
	fill_e820(&e, 2);
	b.initrd = 4096;	/* of no size: there is none */
	build(&b, &out);
	assert_int_equal(out.len, 4096 + 16);
	assert_int_equal(get(&out, 0x250, 8), 0);
	for (unsigned int at = 0; at < 0x1e0; at++)
		if (at >= 0x0c8 + 4 || at < 0x002)
			assert_int_equal(out.data[at], 0);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
}

/*
 * With EFI a kernel that is told of none takes the one which the boot before left in EFI's tables.
 */
static void no_initrd_with_efi_is_an_empty_one(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	struct x86_64_expect expect;
	uint64_t at, size;

	(void)state;
	fill_e820(&e, 4);
	b.initrd = b.initrd_size = 0;
	expect = expected(&b);
	build(&b, &out);
	at = get(&out, 0x218, 4) | get(&out, 0x0c0, 4) << 32;
	size = get(&out, 0x21c, 4) | get(&out, 0x0c4, 4) << 32;
	assert_int_equal(at % 4096, 0);
	assert_int_equal(size, 4096);
	assert_int_equal(at + size, ADDR + out.len);
	for (uint64_t i = 0; i < size; i++)
		assert_int_equal(out.data[at - ADDR + i], 0);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	out.data[out.len - 1] = '0';
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "no empty one is in its place");
	out.data[out.len - 1] = 0;
	buf_add(&out, "behind it", sizeof("behind it"));
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	put(out.data, 0x21c, size - 1, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "no empty one is in its place");
	put(out.data, 0x21c, 2 * size, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "no empty one is in its place");
	put(out.data, 0x21c, 0, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "there is no initrd, but at");
	put(out.data, 0x21c, size, 4);
	put(out.data, 0x218, (at + 16) & UINT32_MAX, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "no empty one is in its place");
	b.efi = NULL;
	build(&b, &out);
	assert_int_equal(get(&out, 0x218, 8), 0);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
}

/* --- memory --- */

static void e820_overflows_into_setup_data(void **state)
{
	static const size_t counts[] = { 2, 127, 128, 129, 130, 1000, 3200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		X86_64_E820_AUTO e = {0};
		BUF_AUTO out = {0};
		struct x86_64_boot b = usual(&e);
		struct x86_64_expect expect = expected(&b);
		size_t n = counts[i], more = n > 128 ? n - 128 : 0;
		uint64_t node;

		fill_e820(&e, n);
		build(&b, &out);
		assert_int_equal(out.data[0x1e8], n - more);
		assert_int_equal(get(&out, 0x2d0 + 20, 8), n > 2 ? MIB : 4 * GIB);
		assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
		node = get(&out, 0x250, 8) - ADDR;
		assert_int_equal(get(&out, node + 8, 4), more ? 1 : 4);
		if (!more)
			continue;
		assert_int_equal(get(&out, node + 12, 4), more * 20);
		assert_int_equal(get(&out, node + 16 + (more - 1) * 20, 8), 4 * GIB);
		assert_int_equal(get(&out, node + 16 + (more - 1) * 20 + 8, 8), 4 * GIB);
	}
}

static void memory_sizes_are_those_of_e801(void **state)
{
	static const struct {
		uint64_t end;
		uint32_t ext, alt;
	} cases[] = {
		{ 16 * MIB, 15 << 10, 15 << 10 },
		{ 64 * MIB, 0xfc00, 0xfc00 },
		{ 2 * GIB, 0xfc00, 2047 << 10 },
		{ 8192ull * GIB, 0xfc00, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		X86_64_E820_AUTO e = {0};
		BUF_AUTO out = {0};
		struct x86_64_boot b = usual(&e);

		x86_64_e820_add(&e, 0, 0x9f000, X86_E820_RAM);
		x86_64_e820_add(&e, MIB, cases[i].end, X86_E820_RAM);
		x86_64_e820_add(&e, MIB / 2, MIB, X86_E820_RAM); /* crash images have no order */
		x86_64_e820_add(&e, MIB, 3 * MIB, X86_E820_RESERVED);
		x86_64_e820_add(&e, 9000ull * GIB, 9001ull * GIB, X86_E820_RAM);
		build(&b, &out);
		assert_int_equal(get(&out, 0x002, 2), cases[i].ext);
		assert_int_equal(get(&out, 0x1e0, 4), cases[i].alt);
	}
}

static void names_and_words_of_memory(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
	} names[] = {
		{ "System RAM", 1 },
		{ "Reserved", 2 },
		{ "reserved", 2 },
		{ "ACPI Tables", 3 },
		{ "ACPI Non-volatile Storage", 4 },
		{ "Unusable memory", 5 },
		{ "Persistent Memory", 7 },
		{ "Persistent Memory (legacy)", 12 },
		{ "Soft Reserved", 0xefffffff },
	};
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	uint32_t type = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(x86_64_e820_named(names[i].name, strlen(names[i].name), &type));
		assert_int_equal(type, names[i].type);
		assert_string_equal(x86_64_e820_name(type), i == 2 ? "Reserved" : names[i].name);
		x86_64_e820_add(&e, (i + 1) * MIB, (i + 2) * MIB + (i == 8), type);
		assert_false(x86_64_e820_named(names[i].name, strlen(names[i].name) - 1, &type));
	}
	assert_false(x86_64_e820_named("Unknown E820 type", 17, &type));
	assert_string_equal(x86_64_e820_name(99), "e820 type");
	x86_64_e820_add(&e, 4 * GIB, 4 * GIB, X86_E820_RAM);	/* empty */
	x86_64_e820_add(&e, 32 * MIB, 33 * MIB, 99);
	x86_64_memmap_words(&e, &out);
	assert_string_equal(
		(char *)out.data,
		"memmap=exactmap memmap=1024K@1024K memmap=1024K$2048K"
		" memmap=1024K$3072K memmap=1024K#4096K memmap=1024K#5120K memmap=1024K$6144K"
		" memmap=1024K!8192K memmap=0x100001$9216K memmap=1024K$32768K");
}

static void added_memory_is_taken_out(void **state)
{
	X86_64_E820_AUTO e = {0}, boot = {0};

	(void)state;
	x86_64_e820_add(&boot, 0x100000, 0x40000000, X86_E820_RAM);
	x86_64_e820_add(&boot, 0, 0x9fc00, X86_E820_RAM);
	x86_64_e820_add(&e, 0, 0x9fc00, X86_E820_RAM);
	x86_64_e820_add(&e, 0xa0000, 0x100000, X86_E820_RESERVED);
	x86_64_e820_add(&e, 0x100000, 0x40000000, X86_E820_RAM);
	x86_64_e820_add(&e, 0x100000000, 0x110000000, X86_E820_RAM);
	x86_64_e820_add(&e, 0x200000000, 0x210000000, X86_E820_RESERVED);
	x86_64_e820_without_added(&e, &boot);
	assert_int_equal(e.n, 4);
	assert_int_equal(e.at[1].start, 0xa0000);
	assert_int_equal(e.at[3].start, 0x200000000);
}

/* As many known ranges as there is memory for: nothing is looked for behind them. */
static void added_behind_all_and_between(void **state)
{
	static const unsigned int counts[] = { 1, 2, 4, 8, 16, 32, 64 };

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		X86_64_E820_AUTO e = {0}, boot = {0};

		for (unsigned int i = 0; i < counts[c]; i++)
			x86_64_e820_add(&boot, (2 * i + 1) * MIB, (2 * i + 2) * MIB, X86_E820_RAM);
		boot.at = mem_resize(boot.at, boot.n, sizeof(*boot.at));
		boot.cap = boot.n;
		for (unsigned int i = 0; i < 2 * counts[c] + 2; i++)
			x86_64_e820_add(&e, i * MIB, (i + 1) * MIB, X86_E820_RAM);
		x86_64_e820_without_added(&e, &boot);
		assert_int_equal(e.n, counts[c]);
		for (unsigned int i = 0; i < counts[c]; i++)
			assert_int_equal(e.at[i].start, boot.at[i].start);
	}
}

/* By start, then by end, then by type; of none, nothing. */
static void maps_are_sorted(void **state)
{
	static const struct x86_64_e820_entry want[] = {
		{ 0, 1, 2 }, { 1, 2, 1 }, { 1, 2, 2 }, { 1, 3, 1 }, { 1, 4, 0 }, { 2, 3, 1 },
	};
	static const unsigned int orders[][6] = {
		{ 5, 4, 3, 2, 1, 0 },
		{ 3, 0, 5, 1, 4, 2 },
		{ 0, 1, 2, 3, 4, 5 },
		{ 2, 1, 4, 3, 0, 5 },
	};
	X86_64_E820_AUTO none = {0};

	(void)state;
	x86_64_e820_sort(&none);
	assert_int_equal(none.n, 0);
	for (size_t o = 0; o < ARRAY_SIZE(orders); o++) {
		X86_64_E820_AUTO e = {0};

		for (size_t i = 0; i < ARRAY_SIZE(want); i++)
			x86_64_e820_add(&e, want[orders[o][i]].start, want[orders[o][i]].end,
					want[orders[o][i]].type);
		x86_64_e820_sort(&e);
		for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
			assert_int_equal(e.at[i].start, want[i].start);
			assert_int_equal(e.at[i].end, want[i].end);
			assert_int_equal(e.at[i].type, want[i].type);
		}
	}
}

static void range(struct ranges *r, uint64_t start, uint64_t end)
{
	assert_int_equal(ranges_add(r, start, end - start, "x"), 0);
}

/* The order of arch/x86/kernel/crash.c, and nothing of the elfcorehdr. */
static void crash_e820_is_the_kernels(void **state)
{
	static const struct x86_64_e820_entry want[] = {
		{ 0x1000, 0x9fc00, 1 },	       { 0x7fe0000, 0x7fff000, 3 },
		{ 0x7fff000, 0x8000000, 4 },   { 0x9fc00, 0xa0000, 2 },
		{ 0xfeffc000, 0xff000000, 2 }, { 0x10000000, 0x20000000, 1 },
		{ 0x40000000, 0x5ff00000, 1 }, { 0x5fff0000, 0x60000000, 1 },
		{ 0x70000000, 0x74000000, 1 },
	};
	struct x86_64_facts f = {0};
	struct machine m = {
		.arch_facts = &f, .page_size = 4096, .crash = { 0x40000000, 0x60000000, NULL },
	};
	X86_64_E820_AUTO e = {0};

	(void)state;
	range(&f.low_ram, 0x1000, 0x9fc00);
	range(&f.acpi_tables, 0x7fe0000, 0x7fff000);
	range(&f.acpi_nvs, 0x7fff000, 0x8000000);
	range(&f.reserved, 0x9fc00, 0xa0000);
	range(&f.reserved, 0xfeffc000, 0xff000000);
	range(&f.crash_low, 0x10000000, 0x20000000);
	range(&f.cma, 0x70000000, 0x74000000);
	x86_64_e820_crash(&m, (struct range){ 0x5ff00000, 0x5fff0000, NULL }, &e);
	assert_int_equal(e.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < e.n; i++) {
		assert_int_equal(e.at[i].start, want[i].start);
		assert_int_equal(e.at[i].end, want[i].end);
		assert_int_equal(e.at[i].type, want[i].type);
	}
	e.n = 0;
	x86_64_e820_crash(&m, (struct range){ 0x5ff00000, 0x5ffff800, NULL }, &e);
	assert_int_equal(e.n, ARRAY_SIZE(want) - 1);	/* half a page behind it is of no use */
	e.n = 0;
	x86_64_e820_crash(&m, (struct range){0}, &e);
	assert_int_equal(e.n, ARRAY_SIZE(want) - 1);
	e.n = 0;
	x86_64_e820_crash(&m, (struct range){ 0x5ff00000, 0x5ffff000, NULL }, &e);
	assert_int_equal(e.n, ARRAY_SIZE(want));	/* a page is */
	e.n = 0;
	x86_64_e820_crash(&m, (struct range){ 0x40000000, 0x60000000, NULL }, &e);
	assert_int_equal(e.n, ARRAY_SIZE(want) - 2);
	x86_64_forget(&m);
}

static void page_tables_are_counted(void **state)
{
	static const struct {
		bool gbpages;
		uint64_t start, end, acpi;
		unsigned int pages;
	} cases[] = {
		{ false, 0x1000, GIB, 0, 2 },
		{ false, 0x1000, 4 * GIB, 0, 5 },
		{ false, 0, 1024 * GIB, 0, 1024 + 2 },
		{ true, 0, 1024 * GIB, 0, 2 },
		{ true, 0x1000, 3 * GIB, 0, 2 },
		{ true, 0, 3 * GIB + 4096, 0, 2 },
		{ true, 0x1000, 3 * GIB + 4096, 0, 3 },
		{ true, MIB, 2 * MIB, 0, 2 },
		{ false, MIB, 2 * MIB, 3 * MIB, 2 },
		{ false, MIB, 2 * MIB, 3 * GIB, 3 },
		{ true, 0, UINT64_MAX, 0, (1 << 25) + 1 },
		{ true, GIB, 2 * GIB, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct x86_64_facts f = { .gbpages = cases[i].gbpages };
		struct machine m = { .arch_facts = &f };

		range(&m.ram, cases[i].start, cases[i].end);
		if (cases[i].acpi)
			range(&f.acpi_tables, cases[i].acpi, cases[i].acpi + 4096);
		assert_int_equal(x86_64_page_table_pages(&m),
				 cases[i].pages + X86_64_PAGE_TABLE_EXTRA);
		assert_int_equal(x86_64_kernel_pages(&m), 4 + x86_64_page_table_pages(&m));
		x86_64_forget(&m);
		ranges_free(&m.ram);
	}
}

/* --- EFI and setup_data --- */

static uint64_t find_node(const struct buf *b, uint64_t type)
{
	uint64_t at = get(b, 0x250, 8);

	while (at && get(b, at - ADDR + 8, 4) != type)
		at = get(b, at - ADDR, 8);
	return at ? at - ADDR : 0;
}

static void efi_is_passed_on(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	uint64_t node, map;

	(void)state;
	fill_e820(&e, 4);
	build(&b, &out);
	node = find_node(&out, 4);
	map = get(&out, 0x1d0, 4) - ADDR;
	assert_int_equal(get(&out, 0x1c0, 4), X86_EFI_SIGNATURE);
	assert_int_equal(get(&out, 0x1c4, 4), 0x7e004000);
	assert_int_equal(get(&out, 0x1d8, 4), 1);
	assert_int_equal(get(&out, 0x1c8, 4), 48);		/* firmware's stride */
	assert_int_equal(get(&out, 0x1cc, 4), 1);
	assert_int_equal(get(&out, 0x1d4, 4), 96);
	assert_int_equal(get(&out, map + 48, 8), 6);
	assert_int_equal(get(&out, map + 56, 8), 0x7e100000);
	assert_int_equal(get(&out, map + 64, 8), 0xfffffffefe000000);
	assert_int_equal(get(&out, map + 72, 8), 32);
	assert_int_equal(get(&out, map + 80, 8), 0x8000000000000000);
	assert_int_equal(get(&out, node + 12, 4), 96);
	assert_int_equal(get(&out, node + 16, 8), 0x7e001000);
	assert_int_equal(get(&out, node + 32, 8), 0x7e002000);
	assert_int_equal(get(&out, node + 40, 8), 0x7e003000);
	b.running = NULL;
	build(&b, &out);
	assert_int_equal(get(&out, 0x1c0, 8), X86_EFI_SIGNATURE);
	assert_int_equal(get(&out, 0x1c8, 4), 40);
	b.running = running;
	b.efi = NULL;				/* --noefi */
	build(&b, &out);
	assert_int_equal(get(&out, 0x1c0, 8), 0);
	assert_int_equal(find_node(&out, 4), 0);
	assert_int_equal(get(&out, 0x070, 8), 0x7e005014);
}

static void strides_that_cannot_be_are_not_used(void **state)
{
	static const uint32_t strides[] = { 0, 32, 39, 44, 4104, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strides); i++) {
		X86_64_E820_AUTO e = {0};
		BUF_AUTO out = {0};
		struct x86_64_boot b = usual(&e);
		struct x86_64_expect expect = expected(&b);

		fill_e820(&e, 4);
		put(running, 0x1c8, strides[i], 4);
		build(&b, &out);
		assert_int_equal(get(&out, 0x1c8, 4), 40);
		assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	}
	fill_running();
}

static void largest_stride_is_used(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);

	(void)state;
	fill_e820(&e, 4);
	put(running, 0x1c8, 4096, 4);
	build(&b, &out);
	assert_int_equal(get(&out, 0x1c8, 4), 4096);
	assert_int_equal(get(&out, 0x1d4, 4), 2 * 4096);
	fill_running();
}

/* Of tables in the page, no more entries than they have room for. */
static void disks_that_cannot_be_are_not_counted(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);

	(void)state;
	fill_e820(&e, 4);
	running[X86_BP_EDD_ENTRIES] = 7;
	running[X86_BP_EDD_MBR_ENTRIES] = 17;
	build(&b, &out);
	assert_int_equal(out.data[0x1e9], 6);
	assert_int_equal(out.data[0x1ea], 16);
	fill_running();
}

static void seed_and_tree_are_the_callers(void **state)
{
	static const uint8_t dtb[] = "\xd0\x0d\xfe\xed and so on";
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	uint64_t node;

	(void)state;
	fill_e820(&e, 4);
	b.dtb = dtb;
	b.dtb_size = sizeof(dtb);
	build(&b, &out);
	node = find_node(&out, 2);
	assert_int_equal(get(&out, node + 12, 4), sizeof(dtb));
	assert_memory_equal(out.data + node + 16, dtb, sizeof(dtb));
	node = find_node(&out, 9);
	assert_int_equal(get(&out, node + 12, 4), 32);
	assert_memory_equal(out.data + node + 16, seed, 32);
	assert_int_equal(get(&out, node, 8), 0);
	b.seed = NULL;
	build(&b, &out);
	assert_int_equal(find_node(&out, 9), 0);
}

/* --- the proofs can fail --- */

struct spoil {
	const char *name;
	unsigned int at;
	size_t size;
	uint64_t value;
	const char *text;	/* in the message; NULL: just what may be */
};

static const struct spoil spoils[] = {
	{ "sentinel", 0x1ef, 1, 0xff, "the sentinel is 0xff; the kernel would clear most" },
	{ "boot flag", 0x1fe, 2, 0, "no header of protocol 2.12 or later" },
	{ "mark", 0x202, 4, 0, "no header of protocol 2.12 or later" },
	{ "protocol", 0x206, 2, 0x20b, "no header of protocol 2.12 or later" },
	{ "first protocol", 0x206, 2, 0x20c, NULL },
	{ "loader", 0x210, 1, 0xff, "the type of loader is 0xff, not kexec's" },
	{ "init_size", 0x260, 4, 0x3000001, "the kernel needs 0x3000001 bytes to start" },
	{ "command line", 0x228, 4, ADDR + 4097, "the command line is not at" },
	{ "command line above", 0x0c8, 4, 1, "the command line is not at" },
	{ "command line in the page", 0x228, 4, ADDR, "the command line is not at" },
	{ "command line's limit", 0x238, 4, 5,
	  "the command line has 20 bytes, the kernel reads 5" },
	{ "command line's last limit", 0x238, 4, 20, NULL },
	{ "initrd", 0x218, 4, 0, "they say that the initrd is at" },
	{ "initrd's size above", 0x0c4, 4, 1, "they say that the initrd is at" },
	{ "chain", 0x250, 8, ADDR, "the chain of setup_data leads to" },
	{ "chain in the page", 0x250, 8, ADDR + 0xcd0, "the chain of setup_data leads to" },
	{ "chain below", 0x250, 8, ADDR - 16, "the chain of setup_data leads to" },
	{ "chain beyond", 0x250, 8, ADDR + 0x100000, "the chain of setup_data leads to" },
	{ "chain wraps", 0x250, 8, UINT64_MAX - 7, "the chain of setup_data leads to" },
	{ "no chain", 0x250, 8, 0, "EFI's signature, system table and setup_data" },
	{ "EFI's signature", 0x1c0, 4, 0, "EFI's signature, system table and setup_data" },
	{ "EFI of 32 bits", 0x1c0, 4, 0x32334c45, "EFI's signature, system table and setup_data" },
	{ "EFI's map", 0x1d0, 4, 0, "EFI's map of memory" },
	{ "EFI's map in the page", 0x1d0, 4, ADDR, "EFI's map of memory" },
	{ "EFI's map behind the page", 0x1d0, 4, ADDR + 4096, NULL },
	{ "EFI's short stride", 0x1c8, 4, 32, "EFI's map of memory" },
	{ "no size of EFI's map", 0x1d4, 4, 0, "EFI's map of memory" },
	{ "EFI's stride", 0x1c8, 4, 0, "EFI's map of memory" },
	{ "EFI's size", 0x1d4, 4, 97, "EFI's map of memory" },
	{ "no entries", 0x1e8, 1, 0, "entries of the e820 in the zero page" },
	{ "one entry", 0x1e8, 1, 1, "entries of the e820 in the zero page" },
	{ "129 entries", 0x1e8, 1, 129, "entries of the e820 in the zero page" },
	{ "empty entry", 0x2d8, 8, 0, "the e820 has 0x0 bytes at" },
	{ "entry wraps", 0x2d8, 8, UINT64_MAX, "bytes at 0x1000" },
	{ "order", 0x2d0, 8, 9 * GIB, "is not behind the one before it" },
	{ "covered", 0x2d0 + 5 * 20 + 8, 8, GIB,
	  "a segment, 0x140001000-0x140901004"
	  ", is not RAM of the e820" },
};

static void proofs_refuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
		const struct spoil *s = &spoils[i];
		X86_64_E820_AUTO e = {0};
		BUF_AUTO out = {0};
		struct x86_64_boot b = usual(&e);
		struct x86_64_expect expect = expected(&b);

		fill_e820(&e, 6);
		ranges_add(&expect.covered, b.initrd, b.initrd_size, NULL);
		build(&b, &out);
		assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
		assert_string_equal(fail_text(), "");
		put(out.data, s->at, s->value, s->size);
		print_message("# %s\n", s->name);
		if (s->text)
			assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect),
				     EINVAL, s->text);
		else
			assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect),
					 0);
		ranges_free(&expect.covered);
	}
}

/* The NUL is part of it, and all of it is behind the page. */
static void proofs_refuse_command_lines(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = { .e820 = &e, .cmdline = "fifteen letters" };
	struct x86_64_expect expect = expected(&b);

	(void)state;
	fill_e820(&e, 2);
	build(&b, &out);
	assert_int_equal(out.len, 4096 + 16);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	assert_fails(x86_64_prove_boot_data(out.data, out.len - 1, ADDR, &expect), EINVAL,
		     "the command line is not at");
	assert_fails(x86_64_prove_boot_data(out.data, 4096, ADDR, &expect), EINVAL,
		     "the command line is not at");
	out.data[4096 + 15] = '!';
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "the command line is not at");
	memcpy(out.data + 0xcd0, b.cmdline, 16);
	put(out.data, 0x228, ADDR + 0xcd0, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "the command line is not at");
}

/* By the document of the kernel: 0x230 kernel_alignment, 0x234 relocatable_kernel, 0x258
 * pref_address. */
static void proofs_refuse_places_of_kernels(void **state)
{
	static const struct {
		bool vmlinux;
		uint64_t relocatable, align, at;
		const char *text; /* NULL: it may be there */
	} rows[] = {
		{ true, 0, 0, 0x1200000, NULL },
		{ true, 0, 0, 0x1300000, "is at 0x1300000, which is no multiple of 0x200000" },
		{ true, 1, 0x1000, 0x1201000, "which is no multiple of 0x200000" },
		{ false, 1, 0x200000, 0x1200000, NULL },
		{ false, 1, 0x200000, 0x1201000, "which is no multiple of 0x200000" },
		{ false, 1, 0x1000, 0x1201000, NULL },
		{ false, 1, 0x1000000, 0x1200000, "which is no multiple of 0x1000000" },
		{ false, 1, 0, 0x1200000, "which is no multiple of 0x0" },
		{ false, 0, 0x200000, 0x1000000, NULL },
		{ false, 0, 0, 0x1000000, NULL },
		{ false, 0, 0x200000, 0x1200000, "only runs at 0x1000000; it is at 0x1200000" },
	};
	X86_64_E820_AUTO e = { 0 };
	BUF_AUTO out = { 0 };
	struct x86_64_boot b = usual(&e);
	struct x86_64_expect expect = expected(&b);

	(void)state;
	fill_e820(&e, 4);
	build(&b, &out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(out.data, 0x234, rows[i].relocatable, 1);
		put(out.data, 0x230, rows[i].align, 4);
		expect.vmlinux = rows[i].vmlinux;
		expect.kernel_at = rows[i].at;
		if (rows[i].text)
			assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect),
				     EINVAL, rows[i].text);
		else
			assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect),
					 0);
	}
}

/* Sixteen zeroes are a node of nothing, if they are where one may be. */
static void proofs_refuse_places_of_nodes(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = { .e820 = &e, .cmdline = "", .seed = seed };
	struct x86_64_expect expect = expected(&b);
	uint64_t node;

	(void)state;
	fill_e820(&e, 2);
	build(&b, &out);
	node = find_node(&out, 9);
	memset(out.data + node + 16, 0, 32);
	put(out.data, 0x250, ADDR + 4096, 8);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	put(out.data, 0x250, ADDR + node + 24, 8);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	put(out.data, 0x250, ADDR + node + 20, 8);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "where no node is");
}

static void proofs_refuse_chains(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	struct x86_64_expect expect = expected(&b);
	uint64_t first, types[] = { 8, 10 };

	(void)state;
	fill_e820(&e, 130);
	build(&b, &out);
	first = get(&out, 0x250, 8) - ADDR;
	put(out.data, (unsigned int)first, ADDR + find_node(&out, 4), 8);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	put(out.data, (unsigned int)find_node(&out, 9), ADDR + find_node(&out, 4), 8);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "or does not end");
	build(&b, &out);
	put(out.data, (unsigned int)first + 12, 39, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "entries of the e820 in setup_data are 39 bytes, or there twice");
	put(out.data, (unsigned int)first + 12, UINT32_MAX, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "where no node is");
	build(&b, &out);
	put(out.data, (unsigned int)find_node(&out, 9) + 12, 20, 4);
	put(out.data, (unsigned int)find_node(&out, 9) + 8, 1, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "entries of the e820 in setup_data are 20 bytes, or there twice");
	build(&b, &out);
	put(out.data, 0x1c4, 0, 4);
	put(out.data, 0x1d8, 0, 4);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "EFI's signature, system table and setup_data");
	build(&b, &out);
	put(out.data, 0x1e8, 127, 1);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "and 2 behind it");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		build(&b, &out);
		put(out.data, (unsigned int)find_node(&out, 9) + 8, types[i], 4);
		assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
			     "is of the running kernel's own memory");
	}
	assert_fails(x86_64_prove_boot_data(out.data, 4095, ADDR, &expect), EINVAL,
		     "0xfff bytes at");
	assert_fails(x86_64_prove_boot_data(out.data, out.len, UINT64_MAX - 4095, &expect), EINVAL,
		     "are none");
}

static void proofs_refuse_memory(void **state)
{
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};
	struct x86_64_boot b = usual(&e);
	struct x86_64_expect expect = expected(&b);

	(void)state;
	expect.crash = true;
	expect.core = (struct range){ 4 * GIB, 4 * GIB + 4096, NULL };
	fill_e820(&e, 4);
	build(&b, &out);
	assert_fails(x86_64_prove_boot_data(out.data, 4095, ADDR, &expect), EINVAL,
		     "0xfff bytes at 0x7ff00000 are none");
	assert_fails(x86_64_prove_boot_data(out.data, 4096, UINT64_MAX - 4095, &expect), EINVAL,
		     "are none");
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "the e820's entry at 0x100000000 has the elfcorehdr in it");
	expect.core = (struct range){0};
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), 0);
	x86_64_e820_add(&e, 6 * GIB, 6 * GIB + MIB, X86_E820_ACPI);
	build(&b, &out);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "the e820 has 0x180000000 as RAM and as something else");
	e.at[e.n - 1].type = X86_E820_RAM;
	build(&b, &out);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "the e820 has some RAM twice");
	e.n = 0;
	fill_e820(&e, 3201);
	build(&b, &out);
	assert_fails(x86_64_prove_boot_data(out.data, out.len, ADDR, &expect), EINVAL,
		     "and 3073 behind it");
}

/* --- what a kernel wants of a machine --- */

#define LINKED 0xffffffff80000000ull

/* An ELF kernel unless it has a setup header. */
struct wanted {
	const char *text;		/* why it is refused; NULL: it is not */
	struct kernel k;
	bool crash, la57, reuse_initrd;
};

static const struct wanted wanted[] = {
	{ .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED } },
	{ .text = "is linked to run at 0xffffffff7fffffff",
	  .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED - 1 } },
	{ .k = { .bits = 64, .elf_machine = 62, .boot_header = header } },
	{ .text = "is a 32 bit kernel", .k = { .bits = 32, .elf_machine = 62, .virtual = LINKED } },
	{ .text = "is for ELF machine 21, this machine is 62",
	  .k = { .bits = 64, .elf_machine = 21, .virtual = LINKED } },
	{ .text = "its entry point is in none of its segments",
	  .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED, .entry = KERNEL_NO_ENTRY } },
	{ .text = "neither a bzImage nor an ELF file",
	  .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED, .flat = true } },
	{ .text = "where 5-level paging is on",
	  .k = { .bits = 64, .elf_machine = 62, .boot_header = header },
	  .la57 = true },
	{ .k = { .bits = 64, .elf_machine = 62, .boot_header = header, .five_level = true },
	  .la57 = true },
	{ .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED }, .la57 = true },
	{ .text = "--reuseinitrd",
	  .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED },
	  .reuse_initrd = true },
	{ .k = { .bits = 64, .elf_machine = 62, .virtual = LINKED }, .crash = true },
};

static void kernels_are_for_this_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct x86_64_facts f = { .la57 = wanted[i].la57,
					  .has_addresses = i % 2,
					  .no_addresses = "why" };
		struct machine m = { .arch = arch_find("x86_64"), .arch_facts = &f };
		struct image image;

		image_init(&image, &m);
		image.kernel = wanted[i].k;
		image.kernel.low = 16 * MIB;
		image.crash = wanted[i].crash;
		image.request.reuse_initrd = wanted[i].reuse_initrd;
		if (wanted[i].text)
			assert_fails(x86_64_needs(&image),
				     wanted[i].reuse_initrd ? ENOTSUP : ENOEXEC, wanted[i].text);
		else
			assert_int_equal(x86_64_needs(&image), 0);
		assert_int_equal(image.needs.above, wanted[i].text ? 0 : MIB);
		assert_int_equal(image.n_doubts, 0);
		if (wanted[i].crash) {
			f.has_addresses = false;
			assert_int_equal(x86_64_needs(&image), 0);
			assert_string_equal(image.doubt[0],
					    "why; the dump will not have the kernel's virtual"
					    " addresses, and makedumpfile may not read it");
		}
		image_free(&image);
	}
}

static void kernels_want_places(void **state)
{
	struct x86_64_facts f = { .has_addresses = true };
	struct machine m = { .arch = arch_find("x86_64"), .arch_facts = &f };
	struct image image;

	(void)state;
	image_init(&image, &m);
	image.kernel = (struct kernel){ .bits = 64,
					.elf_machine = 62,
					.virtual = LINKED,
					.low = 16 * MIB,
					.align = 1,
					.kernel_below = 4 * GIB,
					.initrd_below = 2 * GIB };
	assert_int_equal(x86_64_needs(&image), 0);
	assert_true(image.kernel.relocatable); /* a vmlinux, whatever it says */
	assert_int_equal(image.needs.kernel_above, 16 * MIB);
	assert_int_equal(image.needs.kernel_align, 2 * MIB);
	image.kernel.relocatable = false;
	image.kernel.boot_header = header;
	image.kernel.five_level = true;
	assert_int_equal(x86_64_needs(&image), 0);
	assert_false(image.kernel.relocatable);
	assert_int_equal(image.needs.kernel_above, 0);
	assert_int_equal(image.needs.cmdline_max, 2047);
	image.kernel.relocatable = true;
	image.kernel.cmdline_max = 255;
	assert_int_equal(x86_64_needs(&image), 0);
	assert_int_equal(image.needs.kernel_above, 16 * MIB);
	assert_int_equal(image.needs.kernel_align, 2 * MIB);
	assert_int_equal(image.needs.kernel_below, 4 * GIB);
	assert_int_equal(image.needs.below, 4 * GIB);
	assert_int_equal(image.needs.initrd_below, 2 * GIB);
	assert_int_equal(image.needs.cmdline_max, 255);
	image_free(&image);
}

static void expect_ranges(const struct ranges *r, const struct range *want, size_t n)
{
	assert_int_equal(r->n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(r->at[i].start == want[i].start && r->at[i].end == want[i].end);
}

/*
 * A normal image: RAM of firmware's map; a capture kernel: its region, low memory, what is its own
 * elsewhere.
 */
static void kernels_have_room(void **state)
{
	static const struct range normal[] = { { 2 * MIB, 3 * MIB, NULL }, { GIB, 2 * GIB, NULL } };
	static const struct range crash[] = {
		{ 0x1000, 0x9f000, NULL },
		{ 16 * MIB, 32 * MIB, NULL },
		{ GIB, GIB + 256 * MIB, NULL },
	};
	struct x86_64_facts f = {0};
	struct machine m = { .arch = arch_find("x86_64"), .arch_facts = &f,
			     .crash = { GIB, GIB + 256 * MIB, "crash" } };
	struct image image;

	(void)state;
	x86_64_e820_add(&f.e820, 0, 3 * MIB, X86_E820_RAM);
	x86_64_e820_add(&f.e820, 3 * MIB, GIB, X86_E820_RESERVED);
	x86_64_e820_add(&f.e820, GIB, 2 * GIB, X86_E820_RAM);
	assert_int_equal(ranges_add(&f.low_ram, 0x1000, 0x9e000, "low"), 0);
	assert_int_equal(ranges_add(&m.crash_more, 16 * MIB, 16 * MIB, "CMA"), 0);
	image_init(&image, &m);
	assert_int_equal(ranges_add(&image.free, 2 * MIB, 5 * GIB, "free"), 0);
	assert_int_equal(x86_64_room(&image), 0);
	expect_ranges(&image.free, normal, ARRAY_SIZE(normal));
	assert_int_equal(image.usable.n, 0);
	image.crash = true;
	assert_int_equal(x86_64_room(&image), 0);
	expect_ranges(&image.free, normal, ARRAY_SIZE(normal));
	expect_ranges(&image.usable, crash, ARRAY_SIZE(crash));
	ranges_free(&f.low_ram);
	ranges_free(&m.crash_more);
	x86_64_e820_free(&f.e820);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inherits_what_firmware_told),
		cmocka_unit_test(header_is_the_kernels_own),
		cmocka_unit_test(addresses_have_upper_halves),
		cmocka_unit_test(elf_kernel_gets_a_header),
		cmocka_unit_test(headers_are_checked),
		cmocka_unit_test(long_header_is_cut),
		cmocka_unit_test(without_anything_known),
		cmocka_unit_test(no_initrd_with_efi_is_an_empty_one),
		cmocka_unit_test(e820_overflows_into_setup_data),
		cmocka_unit_test(memory_sizes_are_those_of_e801),
		cmocka_unit_test(names_and_words_of_memory),
		cmocka_unit_test(added_memory_is_taken_out),
		cmocka_unit_test(added_behind_all_and_between),
		cmocka_unit_test(maps_are_sorted),
		cmocka_unit_test(crash_e820_is_the_kernels),
		cmocka_unit_test(page_tables_are_counted),
		cmocka_unit_test(efi_is_passed_on),
		cmocka_unit_test(strides_that_cannot_be_are_not_used),
		cmocka_unit_test(largest_stride_is_used),
		cmocka_unit_test(disks_that_cannot_be_are_not_counted),
		cmocka_unit_test(seed_and_tree_are_the_callers),
		cmocka_unit_test(proofs_refuse),
		cmocka_unit_test(proofs_refuse_command_lines),
		cmocka_unit_test(proofs_refuse_places_of_kernels),
		cmocka_unit_test(proofs_refuse_places_of_nodes),
		cmocka_unit_test(proofs_refuse_chains),
		cmocka_unit_test(proofs_refuse_memory),
		cmocka_unit_test(kernels_are_for_this_machine),
		cmocka_unit_test(kernels_want_places),
		cmocka_unit_test(kernels_have_room),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
