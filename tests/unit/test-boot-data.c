// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* x86_64: the steps of a plan that make what the second kernel is told, on machines made here. */
#include "tests/unit/unit.h"

#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/prove.h"
#include "kexec/purgatory.h"

#define KIB	((uint64_t)1 << 10)
#define MIB	((uint64_t)1 << 20)
#define GIB	((uint64_t)1 << 30)
#define ENTRIES	32

/* What is behind the last entry of a map is in no map. */
static struct x86_64_e820_entry entries[ENTRIES + 1];
static uint8_t running[X86_BOOT_PARAMS_SIZE];
static uint8_t blob[PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE];
static struct x86_64_facts f;
static struct machine m;
static struct image image;

/* A MiB of RAM and one that is reserved in turn; the last of RAM is large. */
static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i] = (struct x86_64_e820_entry){ i * MIB, (i + 1) * MIB,
							 i % 2 ? X86_E820_RESERVED : X86_E820_RAM };
	entries[ENTRIES - 2] = (struct x86_64_e820_entry){ GIB, 2 * GIB, X86_E820_RAM };
	entries[ENTRIES - 1] = (struct x86_64_e820_entry){ 2 * GIB, 3 * GIB, X86_E820_ACPI };
	entries[ENTRIES] = (struct x86_64_e820_entry){ 7 * GIB, 8 * GIB, X86_E820_NVS };
	memset(running, 0, sizeof(running));
	memset(blob, 0, sizeof(blob));
	f = (struct x86_64_facts){ .e820 = { entries, ENTRIES, ENTRIES }, .e820_is_firmware = true,
				   .boot_params = running };
	m = (struct machine){ .arch = arch_find("x86_64"), .arch_facts = &f, .cmdline = "",
			      .page_size = 4 * KIB, .little = true,
			      .crash = { GIB, GIB + 256 * MIB, "crash" } };
	image_init(&image, &m);
	image.purgatory = blob;
	image.cmdline = arena_printf(&image.arena, "quiet");
	assert_int_equal(ranges_add(&image.free, GIB, GIB, "free"), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	image_free(&image);
	ranges_free(&m.ram);
	ranges_free(&m.crash_more);
	ranges_free(&f.low_ram);
	fail_forget();
	return 0;
}

static void is_range(const struct range *r, uint64_t start, uint64_t end)
{
	assert_int_equal(r->start, start);
	assert_int_equal(r->end, end);
}

/* --- the dump --- */

static void dump_is_without_what_is_no_evidence(void **state)
{
	(void)state;
	f.page_offset = 0xffff888000000000;
	f.text = 0xffffffff81000000;
	f.text_end = f.text + 48 * MIB;
	f.text_phys = 512 * MIB;
	assert_int_equal(ranges_add(&m.ram, 4 * KIB, 2 * GIB, NULL), 0);
	assert_int_equal(ranges_add(&m.crash_more, 16 * MIB, 16 * MIB, NULL), 0);
	assert_int_equal(x86_64_core(&image), 0);
	assert_int_equal(image.dump.n, 3);
	is_range(&image.dump.at[0], MIB, 16 * MIB);
	is_range(&image.dump.at[1], 32 * MIB, GIB);
	is_range(&image.dump.at[2], GIB + 256 * MIB, 2 * GIB + 4 * KIB);
	assert_int_equal(image.core.dump.n, 3);
	is_range(&image.core.dump.at[2], GIB + 256 * MIB, 2 * GIB + 4 * KIB);
	assert_int_equal(image.core.linear, f.page_offset);
	assert_int_equal(image.core.n_loads, 0);	/* the addresses are not known */
}

static void kernels_text_is_at_its_own_addresses(void **state)
{
	const struct core_load *load = &image.core.load[0];

	(void)state;
	f.has_addresses = true;
	f.text = 0xffffffff81000000;
	f.text_end = f.text + 48 * MIB;
	f.text_phys = 512 * MIB;
	assert_int_equal(x86_64_core(&image), 0);
	assert_int_equal(image.core.n_loads, 1);
	assert_int_equal(load->start, 512 * MIB);
	assert_int_equal(load->end, 560 * MIB);
	assert_int_equal(load->offset, 512 * MIB);
	assert_int_equal(load->virtual, f.text);
}

/* --- maps --- */

static struct segment some(enum role role, uint64_t addr, uint64_t size)
{
	return (struct segment){ .role = role, .name = "some", .addr = addr, .bufsz = size,
				 .memsz = size };
}

/* A capture kernel: low memory, and its region without the elfcorehdr. */
static void make_crash(void)
{
	image.crash = true;
	image.segment[image.n_segments++] = some(ROLE_CORE, GIB + 64 * MIB, MIB);
	assert_int_equal(ranges_add(&f.low_ram, 4 * KIB, 636 * KIB, NULL), 0);
}

static void map_is_in_the_command_line_where_it_was_asked_for(void **state)
{
	const char *words;

	(void)state;
	f.e820.n = 2;
	image.request.cmdline = "quiet";
	assert_string_equal(x86_64_cmdline(&image), "quiet");
	image.request.special = ~(unsigned int)SPECIAL_MEMMAP;
	assert_string_equal(x86_64_cmdline(&image), "quiet");
	image.request.special = SPECIAL_MEMMAP;
	words = x86_64_cmdline(&image);
	assert_string_equal(words, "memmap=exactmap memmap=1024K@0K memmap=1024K$1024K quiet");
	make_crash();
	words = x86_64_cmdline(&image);
	assert_string_equal(words, "memmap=exactmap memmap=636K@4K memmap=65536K@1048576K"
				   " memmap=195584K@1115136K quiet");
}

/* The report lists what is not RAM, in the map's order. */
static void what_is_reserved_is_listed(void **state)
{
	const struct range *r;

	(void)state;
	assert_int_equal(x86_64_boot_data(&image), 0);
	r = image.reserve.at;
	assert_int_equal(image.reserve.n, ENTRIES / 2);
	for (size_t i = 0; i < ENTRIES / 2; i++)
		is_range(&r[i], entries[2 * i + 1].start, entries[2 * i + 1].end);
	assert_string_equal(r[0].why, "Reserved");
	assert_string_equal(r[ENTRIES / 2 - 1].why, "ACPI Tables");
}

/* --- the segment --- */

static void segment_is_built_where_it_goes(void **state)
{
	const struct segment *s;

	(void)state;
	assert_int_equal(x86_64_boot_data(&image), 0);
	assert_int_equal(image.n_segments, 1);
	s = image_segment(&image, ROLE_BOOT_DATA);
	assert_int_equal(s->addr, GIB);
	assert_true(s->digest && s->bufsz > X86_BOOT_PARAMS_SIZE && s->memsz >= s->bufsz);
	assert_int_equal(s->data[X86_BP_E820_ENTRIES], ENTRIES);
	assert_int_equal(le32_get(s->data + X86_BP_EFI_INFO), 0);
	assert_string_equal((const char *)s->data + (le32_get(s->data + 0x228) - s->addr), "quiet");
}

static void segment_that_cannot_be(void **state)
{
	static const uint8_t none[X86_HDR_END - X86_BP_HEADER] = {0};

	(void)state;
	image.kernel.boot_header = none;
	image.kernel.boot_header_size = sizeof(none);
	assert_fails(x86_64_boot_data(&image), EINVAL, "no setup header");
	assert_null(image_segment(&image, ROLE_BOOT_DATA)->data);
	image.n_segments = 0;
	image.kernel.boot_header = NULL;
	ranges_clip(&image.free, GIB, GIB + 4 * KIB);
	assert_fails(x86_64_boot_data(&image), ENOSPC, "boot_params");
	assert_int_equal(image.n_segments, 0);
}

/* Services of EFI are passed on where they can be, and nobody forbade it. */
static void efi_is_passed_on_unless(void **state)
{
	static const struct x86_64_efi_region region = { 5, 2 * GIB, 0xfffffffeff000000, 16, 15 };
	static const struct {
		bool has;
		unsigned int special;
		bool told;
	} rows[] = {
		{ true, 0, true },
		{ true, SPECIAL_MEMMAP, true },
		{ true, SPECIAL_NO_EFI, false },
		{ false, 0, false },
		{ false, SPECIAL_NO_EFI, false },
	};

	(void)state;
	f.efi = (struct x86_64_efi){ &region, 1, MIB, 2 * MIB, 3 * MIB };
	bytes_put(running + X86_BP_EFI_INFO, X86_EFI_SIGNATURE, 4, true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f.has_efi = rows[i].has;
		image.request.special = rows[i].special;
		image.n_segments = 0;
		assert_int_equal(x86_64_boot_data(&image), 0);
		assert_int_equal(le32_get(image.segment[0].data + X86_BP_EFI_INFO),
				 rows[i].told ? X86_EFI_SIGNATURE : 0);
	}
}

/* What the next kernel will lack is said, of a capture kernel only what it would have wanted. */
static void what_is_lacking_is_said(void **state)
{
	static const char efi[] = "why; the next kernel finds ACPI, but not the services of EFI";
	static const char map[] = "tells firmware's map of memory";
	static const struct {
		bool efi, firmware, crash;
	} rows[] = {
		{ false, true, false }, { true, true, false },	{ false, false, false },
		{ true, false, false }, { false, true, true },	{ true, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said;
		int rc;

		f.efi_missing = rows[i].efi ? "why" : NULL;
		f.e820_is_firmware = rows[i].firmware;
		image.n_segments = 0;
		if (rows[i].crash)
			make_crash();
		unit_listen(&said);
		rc = x86_64_boot_data(&image);
		unit_heard(&said);
		assert_int_equal(rc, 0);
		assert_int_equal(!!strstr(said.text, efi), rows[i].efi);
		assert_int_equal(!!strstr(said.text, map), !rows[i].firmware && !rows[i].crash);
		assert_true(rows[i].efi || !rows[i].firmware || !*said.text);
	}
}

/* --- the purgatory's words --- */

static uint64_t word(size_t offset)
{
	return le64_get(blob + offset);
}

static void purgatory_knows_where_to_go(void **state)
{
	(void)state;
	image.kernel_base = 16 * MIB;
	image.kernel.entry = 512;
	image.segment[image.n_segments++] = some(ROLE_BOOT_DATA, GIB, MIB);
	assert_int_equal(x86_64_fill(&image), 0);
	assert_int_equal(word(PURGATORY_PARAM(kernel)), 16 * MIB + 512);
	assert_int_equal(word(PURGATORY_ARCH(PURGATORY_X86_64_BOOT_PARAMS)), GIB);
	assert_int_equal(word(PURGATORY_PARAM(units)), 0);
	f.sha = true;
	assert_int_equal(x86_64_fill(&image), 0);
	assert_int_equal(word(PURGATORY_PARAM(units)), PURGATORY_UNIT_LANES);
}

/* Where this kernel has a console a wrong digest is said; where somebody asks, more. */
static void purgatory_knows_where_to_speak(void **state)
{
	enum {
		SERIAL = PURGATORY_CONSOLE_SERIAL, VGA = PURGATORY_CONSOLE_VGA,
		LOUD = PURGATORY_CONSOLE_VERBOSE, NOT_KNOWN = -1,
	};
	static const struct {
		const char *cmdline;
		int video;		/* orig_video_isVGA; of what is NOT_KNOWN, nothing */
		unsigned int special;
		uint64_t port, baud, consoles, at, divisor;
	} rows[] = {
		{ "quiet", 0, 0, 0, 0, 0, 0x3f8, 0 },
		{ "quiet", NOT_KNOWN, 0, 0, 0, 0, 0x3f8, 0 },
		{ "quiet", 1, 0, 0, 0, VGA, 0x3f8, 0 },			/* VGA */
		{ "quiet", 0x22, 0, 0, 0, VGA, 0x3f8, 0 },		/* VGA, in text mode */
		{ "quiet", 0x23, 0, 0, 0, 0, 0x3f8, 0 },		/* VESA's, graphical */
		{ "quiet", 0x70, 0, 0, 0, 0, 0x3f8, 0 },		/* EFI's */
		{ "console=ttyS0 quiet", 0, 0, 0, 0, SERIAL, 0x3f8, 0 },
		{ "quiet console=ttyS1,9600", 0x70, 0, 0, 0, SERIAL, 0x2f8, 0 },
		{ "console=ttyS0 console=tty0", NOT_KNOWN, 0, 0, 0, SERIAL, 0x3f8, 0 },
		{ "console=ttyS0", 1, 0, 0, 0, SERIAL | VGA, 0x3f8, 0 },
		{ "", 0, SPECIAL_CONSOLE_SERIAL, 0, 0, SERIAL | LOUD, 0x3f8, 0 },
		{ "", 0, SPECIAL_SERIAL, 0x3e8, 0, SERIAL | LOUD, 0x3e8, 0 },
		{ "", 0, SPECIAL_SERIAL_FIRST, 0x3f8, 0, SERIAL | LOUD, 0x3f8, 0 },
		{ "", 0, SPECIAL_SERIAL_BAUD, 0, 9600, SERIAL | LOUD, 0x3f8, 12 },
		{ "console=ttyS1", 0, SPECIAL_SERIAL_BAUD, 0, 115200, SERIAL | LOUD, 0x2f8, 1 },
		{ "console=ttyS1", 0, SPECIAL_SERIAL, 0x3e8, 0, SERIAL | LOUD, 0x3e8, 0 },
		{ "", 0, SPECIAL_CONSOLE_VGA, 0, 0, VGA | LOUD, 0x3f8, 0 },
		{ "", 0, SPECIAL_NO_EFI | SPECIAL_MEMMAP, 0, 0, 0, 0x3f8, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f.boot_params = rows[i].video == NOT_KNOWN ? NULL : running;
		running[0x0f] = (uint8_t)rows[i].video;
		m.cmdline = rows[i].cmdline;
		image.request.special = rows[i].special;
		image.request.serial_port = rows[i].port;
		image.request.serial_baud = rows[i].baud;
		assert_int_equal(x86_64_fill(&image), 0);
		assert_int_equal(word(PURGATORY_PARAM(consoles)), rows[i].consoles);
		assert_int_equal(word(PURGATORY_PARAM(console_port)), rows[i].at);
		assert_int_equal(word(PURGATORY_PARAM(console_divisor)), rows[i].divisor);
	}
}

/* --- the proof --- */

/* All that the proof looks at: an ELF kernel, a purgatory, an initrd, boot_params of them. */
static void make_image(bool crash)
{
	struct segment purgatory = some(ROLE_PURGATORY, GIB + 128 * MIB, MIB);

	if (crash)
		make_crash();
	image.kernel_base = GIB + 16 * MIB;
	image.segment[image.n_segments++] = some(ROLE_KERNEL, GIB + 16 * MIB, 32 * MIB);
	image.segment[image.n_segments++] = some(ROLE_INITRD, GIB + 80 * MIB, 16 * MIB);
	purgatory.data = blob;
	image.segment[image.n_segments++] = purgatory;
	assert_int_equal(x86_64_boot_data(&image), 0);
	assert_int_equal(x86_64_fill(&image), 0);
	/* Behind the last one there is none, whatever there is. */
	image.segment[image.n_segments] = some(ROLE_KERNEL_MORE, 9 * GIB, MIB);
}

static void proof_wants_all_of_them(void **state)
{
	static const enum role roles[] = { ROLE_BOOT_DATA, ROLE_KERNEL, ROLE_PURGATORY };

	(void)state;
	make_image(false);
	assert_int_equal(x86_64_prove(&image), 0);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct segment *s = image_segment(&image, roles[i]);

		s->role = ROLE_SEALED;
		assert_fails(x86_64_prove(&image), EINVAL,
			     "there are no boot_params, or there is no kernel or purgatory");
		s->role = roles[i];
	}
	assert_int_equal(x86_64_prove(&image), 0);
}

/* Each segment is RAM for the second kernel, but the elfcorehdr, which it must not use. */
static void proof_wants_segments_in_memory(void **state)
{
	(void)state;
	make_image(true);
	assert_int_equal(x86_64_prove(&image), 0);
	image.segment[0].addr -= MIB;
	assert_fails(x86_64_prove(&image), EINVAL, "has the elfcorehdr in it");
	image.segment[0].addr += MIB;
	for (unsigned int i = 1; i < image.n_segments; i++) {
		struct segment *s = &image.segment[i];

		s->memsz += GIB;
		assert_fails(x86_64_prove(&image), EINVAL, ", is not RAM of the e820");
		s->memsz -= GIB;
	}
	assert_int_equal(x86_64_prove(&image), 0);
}

static void proof_looks_at_kernel_and_initrd(void **state)
{
	struct segment *initrd;

	(void)state;
	make_image(false);
	initrd = image_segment(&image, ROLE_INITRD);
	initrd->bufsz -= 1;
	assert_fails(x86_64_prove(&image), EINVAL, "they say that the initrd is at");
	initrd->bufsz += 1;
	initrd->role = ROLE_SEALED;
	assert_fails(x86_64_prove(&image), EINVAL, "it is at 0x0 (0x0)");
	initrd->role = ROLE_INITRD;
	bytes_put(blob + PURGATORY_PARAM(kernel), GIB + 16 * MIB + 4 * KIB, 8, true);
	assert_fails(x86_64_prove(&image), EINVAL, "which is no multiple of 0x200000");
	image.kernel.entry = 4 * KIB;
	assert_int_equal(x86_64_prove(&image), 0);
	image.cmdline[0] = 'Q';
	assert_fails(x86_64_prove(&image), EINVAL, "the command line is not at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dump_is_without_what_is_no_evidence, setup,
						teardown),
		cmocka_unit_test_setup_teardown(kernels_text_is_at_its_own_addresses, setup,
						teardown),
		cmocka_unit_test_setup_teardown(map_is_in_the_command_line_where_it_was_asked_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_reserved_is_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(segment_is_built_where_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(segment_that_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(efi_is_passed_on_unless, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_lacking_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(purgatory_knows_where_to_go, setup, teardown),
		cmocka_unit_test_setup_teardown(purgatory_knows_where_to_speak, setup, teardown),
		cmocka_unit_test_setup_teardown(proof_wants_all_of_them, setup, teardown),
		cmocka_unit_test_setup_teardown(proof_wants_segments_in_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(proof_looks_at_kernel_and_initrd, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
