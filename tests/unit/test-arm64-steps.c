// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * arm64: each step of a plan by itself, with a machine and an image that are made for it: which
 * kernels, where there is room, what the dump has, the next tree, the purgatory's parameters.
 */
#include "tests/unit/trees.h"
#include "tests/unit/unit.h"

#include <inttypes.h>

#include <libfdt.h>

#include "common/elf.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/purgatory.h"

#define MIB	((uint64_t)1 << 20)
#define RAM	0x40000000ull
#define CRASH	0x60000000ull
#define UART	0x9000000ull

extern const struct arch arch_arm64;

static struct arm64_facts facts;
static struct machine machine;
static struct image image;
static uint8_t params[PURGATORY_PARAMS_OFFSET + sizeof(struct purgatory_params)];

/* One GiB of memory with a crash region, the tree of these words (trees.h), and no segments. */
static void begin(const char *tree)
{
	facts = (struct arm64_facts){ .has_addresses = true };
	machine = (struct machine){ .arch = &arch_arm64, .arch_facts = &facts, .name = "aarch64",
				    .page_size = 4096, .little = true,
				    .crash = { CRASH, CRASH + 16 * MIB, NULL } };
	machine.tree = tree_of(&machine.arena, tree);
	ranges_add(&machine.ram, RAM, 1024 * MIB, "System RAM");
	image_init(&image, &machine);
	image.cmdline = arena_string(&image.arena, "quiet", 5);
	image.purgatory = memset(params, 0, sizeof(params));
}

static void end(void)
{
	image_free(&image);
	ranges_free(&machine.ram);
	ranges_free(&machine.crash_more);
	arena_free(&machine.arena);
	arm64_forget(&machine);
	fail_forget();
}

/* "START-END ..." */
static void assert_ranges(const struct ranges *r, const char *text)
{
	BUF_AUTO out = {0};

	for (size_t i = 0; i < r->n; i++)
		buf_printf(&out, "%s%" PRIx64 "-%" PRIx64, i ? " " : "", r->at[i].start,
			   r->at[i].end);
	assert_string_equal(out.len ? (char *)out.data : "", text);
}

/* --- kernels --- */

static void kernels(void **state)
{
	static const struct {
		const char *type;
		unsigned int bits;
		uint16_t machine;
		uint64_t header;	/* bytes of it that are there */
		bool flat, little, other_magic, machine_is_big;
		const char *text;	/* NULL: it can be loaded */
	} rows[] = {
		{ NULL, 64, 183, 64, false, true, false, false, NULL },
		{ NULL, 64, 183, 63, false, true, false, false, "does not begin with the header" },
		{ NULL, 64, 183, 64, false, true, true, false, "does not begin with the header" },
		{ NULL, 32, 183, 64, false, true, false, false,
		  "kernel k: is a 32 bit kernel, this machine needs 64 bit" },
		{ NULL, 64, 62, 64, false, true, false, false,
		  "kernel k: is for ELF machine 62, this machine is 183 (aarch64)" },
		{ "Image", 64, 183, 0, false, true, false, false, NULL },
		{ "flat", 64, 183, 64, true, true, false, false,
		  "kernel k: neither an Image nor an ELF file" },
		{ "Image", 64, 183, 64, false, false, false, false, "is big-endian, unlike" },
		{ "Image", 64, 183, 64, false, true, false, true, "is little-endian, unlike" },
		{ "Image", 64, 183, 64, false, false, false, true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *header = mem_alloc(64);
		struct kernel_piece piece = { 0x1000, header, 0, rows[i].header, 4096 };
		struct kernel *k = &image.kernel;

		memset(header, 0, 64);
		memcpy(header + 56, rows[i].other_magic ? "ARM\x65" : "ARM\x64", 4);
		header[24] = 1 << 1;		/* pages of 4 KiB */
		begin("");
		machine.little = !rows[i].machine_is_big;
		*k = (struct kernel){ .type = rows[i].type, .file.name = "k", .bits = rows[i].bits,
				      .elf_machine = rows[i].machine, .flat = rows[i].flat,
				      .little = rows[i].little, .low = 0x1000, .piece = &piece,
				      .n_pieces = 1 };
		if (rows[i].text) {
			assert_fails(arm64_needs(&image), ENOEXEC, rows[i].text);
		} else {
			assert_int_equal(arm64_needs(&image), 0);
			assert_true(k->relocatable == !rows[i].type);
			assert_int_equal(k->align, rows[i].type ? 0 : 2 * MIB);
			assert_int_equal(k->page_size, rows[i].type ? 0 : 4096);
			assert_int_equal(image.needs.above, RAM);
			assert_int_equal(image.needs.cmdline_max, 2047);	/* and a NUL */
		}
		end();
		free(header);
	}
}

/* What of this machine is to be known before an image is loaded. */
static void doubts(void **state)
{
	static const struct {
		bool crash, has_addresses, reuse;
		const char *lpis_unknown;
		const char *text, *doubt, *said;	/* NULL: nothing */
	} rows[] = {
		{ true, true, false, NULL, NULL, NULL, NULL },
		{ true, false, false, NULL, NULL,
		  "why; the dump will not have the kernel's virtual addresses", NULL },
		{ false, false, false, NULL, NULL, NULL, NULL },
		{ false, true, false, "nobody knows", NULL, NULL,
		  "has tables in memory, and nobody knows: the next kernel can clear" },
		{ true, true, false, "nobody knows", NULL, NULL, NULL },
		{ false, true, true, NULL, "--reuseinitrd: the running kernel does not show", NULL,
		  NULL },
		{ true, true, true, NULL, "--reuseinitrd: the running kernel does not show", NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said;
		int rc;

		begin("");
		image.kernel = (struct kernel){ .type = "Image", .bits = 64, .elf_machine = 183,
						.little = true };
		image.crash = rows[i].crash;
		image.request.reuse_initrd = rows[i].reuse;
		facts.has_addresses = rows[i].has_addresses;
		facts.no_addresses = rows[i].has_addresses ? NULL : "why";
		facts.lpis_unknown = rows[i].lpis_unknown;
		unit_listen(&said);
		rc = arm64_needs(&image);
		unit_heard(&said);
		assert_int_equal(rc, rows[i].text ? -ENOTSUP : 0);
		assert_non_null(strstr(fail_text(), rows[i].text ? rows[i].text : ""));
		assert_int_equal(image.n_doubts, rows[i].doubt != NULL);
		if (rows[i].doubt)
			assert_non_null(strstr(image.doubt[0], rows[i].doubt));
		if (rows[i].said)
			assert_non_null(strstr(said.text, rows[i].said));
		else
			assert_string_equal(said.text, "");
		end();
	}
}

/* --- room --- */

#define CELLS		":#address-cells=<2,#size-cells=<2 "
#define MEMORY(reg)	"memory@0:device_type=memory,reg=<" reg " "
#define ALL		MEMORY("0.40000000.0.40000000")
#define SET_ASIDE(reg)	"reserved-memory:#address-cells=<2,#size-cells=<2 "	\
			"reserved-memory/a:reg=<" reg " "
#define BAD_CELLS	":#address-cells=<3 "
#define NO_CELLS	"#address-cells is 3"

enum { LIVE, OWN };		/* the machine's tree, or one that the user names */

/* Where segments of a normal image may go: not where the next kernel has no memory. */
static void room_of_a_normal_image(void **state)
{
	static const struct {
		int whose;
		bool efi;
		const char *tree, *text, *room;		/* text NULL: there is this room */
	} rows[] = {
		{ LIVE, false, CELLS ALL, NULL, "40000000-60000000 61000000-80000000" },
		{ LIVE, false, CELLS MEMORY("0.48000000.0.8000000"), NULL, "48000000-50000000" },
		{ LIVE, true, CELLS MEMORY("0.48000000.0.8000000"), NULL,
		  "40000000-60000000 61000000-80000000" },
		{ LIVE, false, CELLS MEMORY("0.48000000.0.8000000") SET_ASIDE("0.48000000.0.1000"),
		  NULL, "48000000-50000000" },
		{ OWN, false, CELLS MEMORY("0.48000000.0.8000000") SET_ASIDE("0.48000000.0.1000"),
		  NULL, "48001000-50000000" },
		{ OWN, true, CELLS SET_ASIDE("0.48000000.0.18000000"), NULL,
		  "40000000-48000000 61000000-80000000" },
		{ LIVE, false, CELLS, "device tree: there is no memory in this device tree", NULL },
		{ OWN, false, CELLS, "a.dtb: there is no memory in this device tree", NULL },
		{ LIVE, true, CELLS, NULL, "40000000-60000000 61000000-80000000" },
		{ LIVE, false, BAD_CELLS ALL, NO_CELLS, NULL },
		{ LIVE, true, BAD_CELLS ALL, NO_CELLS, NULL },
		{ OWN, false, BAD_CELLS ALL, NO_CELLS, NULL },
		{ OWN, true, BAD_CELLS ALL SET_ASIDE("0.48000000.0.1000"), NO_CELLS, NULL },
		{ OWN, false, CELLS ALL SET_ASIDE("0.48000000.0"), "a/reg has 12 bytes", NULL },
		{ OWN, true, CELLS ALL SET_ASIDE("0.48000000.0"), "a/reg has 12 bytes", NULL },
		{ LIVE, false, CELLS MEMORY("0.48000000.0"), "memory@0/reg has 12 bytes", NULL },
		{ LIVE, true, CELLS MEMORY("0.48000000.0"), NULL,
		  "40000000-60000000 61000000-80000000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(rows[i].whose == LIVE ? rows[i].tree : CELLS ALL);
		if (rows[i].whose == OWN)
			image.dtb_tree = tree_of(&image.arena, rows[i].tree);
		image.dtb.name = "a.dtb";
		facts.efi = rows[i].efi;
		ranges_add(&image.free, RAM, 1024 * MIB, NULL);
		if (rows[i].text) {
			assert_fails(arm64_room(&image), EINVAL, rows[i].text);
		} else {
			assert_int_equal(arm64_room(&image), 0);
			assert_ranges(&image.free, rows[i].room);
		}
		assert_int_equal(image.usable.n, 0);
		end();
	}
	begin(CELLS ALL);
	ranges_add(&machine.crash_more, 0x70000000, 0x1000, NULL);
	ranges_add(&facts.tree_reserve, 0x71000000, 0x1000, NULL);
	ranges_add(&image.dtb_reserve, 0x72000000, 0x1000, NULL);
	ranges_add(&image.free, RAM, 1024 * MIB, NULL);
	assert_int_equal(arm64_room(&image), 0);
	assert_ranges(&image.free, "40000000-60000000 61000000-70000000 70001000-71000000"
				   " 71001000-72000000 72001000-80000000");
	end();
}

/* The capture kernel's is the crash region, if that is memory of the tree that it gets. */
static void room_of_a_capture_kernel(void **state)
{
	static const struct {
		int whose;
		bool efi;
		const char *tree, *text;		/* text NULL: it is */
	} rows[] = {
		{ LIVE, false, CELLS, NULL },
		{ LIVE, false, BAD_CELLS, NULL },	/* the next step says so */
		{ OWN, false, CELLS ALL, NULL },
		{ OWN, false, CELLS MEMORY("0.60000000.0.1000000"), NULL },
		{ OWN, false, CELLS MEMORY("0.60000000.0.fff000"),
		  "a.dtb: the crash region is no memory in this device tree" },
		{ OWN, true, CELLS MEMORY("0.60000000.0.fff000"), NULL },
		{ OWN, false, CELLS ALL SET_ASIDE("0.5fff0000.0.10000"), NULL },
		{ OWN, false, CELLS ALL SET_ASIDE("0.5fff0000.0.11000"),
		  "a.dtb: reserves memory of the crash region for a device" },
		{ OWN, true, CELLS SET_ASIDE("0.60fff000.0.1000"),
		  "a.dtb: reserves memory of the crash region for a device" },
		{ OWN, false, BAD_CELLS ALL, NO_CELLS },
		{ OWN, true, BAD_CELLS, NO_CELLS },
		{ OWN, false, CELLS ALL SET_ASIDE("0.48000000.0"), "a/reg has 12 bytes" },
		{ OWN, true, CELLS SET_ASIDE("0.48000000.0"), "a/reg has 12 bytes" },
		{ OWN, false, CELLS ALL SET_ASIDE("0.60000000.0.1000.0"), "a/reg has 20 bytes" },
		{ OWN, false, CELLS MEMORY("0.60000000.0"), "memory@0/reg has 12 bytes" },
		{ OWN, true, CELLS MEMORY("0.60000000.0"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(rows[i].whose == LIVE ? rows[i].tree : CELLS);
		if (rows[i].whose == OWN)
			image.dtb_tree = tree_of(&image.arena, rows[i].tree);
		image.dtb.name = "a.dtb";
		image.crash = true;
		facts.efi = rows[i].efi;
		ranges_add(&machine.crash_more, 0x70000000, 0x1000, NULL);
		ranges_add(&image.free, RAM, 1024 * MIB, NULL);
		if (rows[i].text) {
			assert_fails(arm64_room(&image), EINVAL, rows[i].text);
			assert_ranges(&image.usable, "");
		} else {
			assert_int_equal(arm64_room(&image), 0);
			assert_ranges(&image.usable, "60000000-61000000 70000000-70001000");
		}
		assert_ranges(&image.free, "40000000-80000000");
		end();
	}
}

/* --- the dump --- */

static void what_the_dump_has(void **state)
{
	(void)state;
	for (int known = 0; known < 2; known++) {
		begin("");
		facts.has_addresses = known;
		facts.linear = 0x1000;
		facts.text = 0xffff800080000000;
		facts.text_phys = 0x40200000;
		facts.text_size = 0x2510000;
		ranges_add(&machine.ram, 0x80000000, MIB, "System RAM");
		ranges_add(&machine.crash_more, 0x70000000, 0x1000, NULL);
		assert_int_equal(arm64_core(&image), 0);
		assert_ranges(&image.dump, "40000000-60000000 61000000-70000000 70001000-80100000");
		assert_ranges(&image.core.dump,
			      "40000000-60000000 61000000-70000000 70001000-80100000");
		assert_int_equal(image.core.linear, 0x1000);
		assert_int_equal(image.core.n_loads, known);
		assert_int_equal(image.core.load[0].start, known ? 0x40200000 : 0);
		assert_int_equal(image.core.load[0].end, known ? 0x42710000 : 0);
		assert_int_equal(image.core.load[0].offset, known ? 0x40200000 : 0);
		assert_true(image.core.load[0].virtual == (known ? facts.text : 0));
		end();
	}
}

/* --- the next tree --- */

static struct dt_node *next_tree(void)
{
	struct dt_node *tree = NULL;

	assert_int_equal(arm64_new_tree(&image, &tree), 0);
	return tree;
}

static uint64_t chosen_cells(const struct dt_node *tree, const char *name)
{
	uint64_t value = 0;

	dt_number(dt_child(tree, "chosen"), name, &value);
	return value;
}

/* A tree that a user names tells nothing of UEFI: the live one does, but for what is there. */
static void uefi_stays(void **state)
{
	const struct dt_node *tree;

	(void)state;
	begin("chosen:linux;uefi-system-table=<1.2,linux;uefi-mmap-size=<3,other=<4");
	image.dtb_tree = tree_of(&image.arena, "chosen:linux;uefi-mmap-size=<5");
	tree = next_tree();
	assert_true(chosen_cells(tree, "linux,uefi-system-table") == 0x100000002);
	assert_int_equal(chosen_cells(tree, "linux,uefi-mmap-size"), 5);
	assert_null(dt_prop(dt_child(tree, "chosen"), "linux,uefi-mmap-desc-ver"));
	assert_null(dt_prop(dt_child(tree, "chosen"), "other"));
	end();
	begin("");			/* no /chosen at all */
	image.dtb_tree = tree_of(&image.arena, "a:b=c");
	assert_null(dt_prop(dt_child(next_tree(), "chosen"), "linux,uefi-system-table"));
	end();
}

static void seeds(void **state)
{
	static const uint8_t seed[PLAN_SEED_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const struct {
		bool seed;
		const char *cmdline;
		bool kaslr, rng;
	} rows[] = {
		{ true, "quiet", true, true },
		{ true, "quiet nokaslr", false, true },
		{ false, "quiet", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dt_prop *kaslr, *rng;
		const struct dt_node *tree;

		begin("chosen:kaslr-seed=<7.7,rng-seed=<7");	/* used: of another boot */
		image.cmdline = arena_string(&image.arena, rows[i].cmdline,
					     strlen(rows[i].cmdline));
		image.request.seed = rows[i].seed ? seed : NULL;
		tree = next_tree();
		kaslr = dt_prop(dt_child(tree, "chosen"), "kaslr-seed");
		rng = dt_prop(dt_child(tree, "chosen"), "rng-seed");
		assert_true(!!kaslr == rows[i].kaslr && !!rng == rows[i].rng);
		if (kaslr)
			assert_true(kaslr->len == 8 && !memcmp(kaslr->data, seed, 8));
		if (rng)
			assert_true(rng->len == 32 && !memcmp(rng->data, seed + 8, 32));
		end();
	}
}

static void add_segment(enum role role, uint64_t addr, uint64_t size)
{
	image.segment[image.n_segments++] =
		(struct segment){ .role = role, .name = "a segment", .addr = addr, .memsz = size };
}

/* Our own first, then what the tree said, then the tables of the GIC that it did not. */
static void reserve_map(void **state)
{
	static const struct {
		bool crash, own_tree;
		const char *map;
	} rows[] = {
		{ false, false, "60000000-60001000 50000000-50010000 50020000-50030000" },
		{ false, true, "60000000-60001000 51000000-51001000 50000000-50030000" },
		{ true, false, "61000000-61001000 60000000-60001000 50000000-50010000" },
		{ true, true, "61000000-61001000 60000000-60001000 51000000-51001000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin("");
		image.crash = rows[i].crash;
		if (rows[i].own_tree)
			image.dtb_tree = tree_of(&image.arena, "a:b=c");
		ranges_add(&facts.tree_reserve, 0x50000000, 0x10000, "the tree's");
		ranges_add(&image.dtb_reserve, 0x51000000, 0x1000, "the user's");
		ranges_add(&facts.lpi_tables, 0x50000000, 0x10000, "the GIC's");
		ranges_add(&facts.lpi_tables, rows[i].own_tree ? 0x50010000 : 0x50020000,
			   rows[i].own_tree ? 0x20000 : 0x10000, "the GIC's");
		add_segment(ROLE_INITRD, 0x60000000, 0x1000);
		if (rows[i].crash)
			add_segment(ROLE_CORE, 0x61000000, 0x1000);
		next_tree();
		assert_ranges(&image.reserve, rows[i].map);
		end();
	}
	/* What cannot be reserved is said, whatever else there is. */
	begin("");
	image.crash = true;
	add_segment(ROLE_CORE, 0x61000000, UINT64_MAX);
	add_segment(ROLE_INITRD, 0x60000000, 0x1000);
	assert_fails(arm64_new_tree(&image, &(struct dt_node *){ NULL }), EOVERFLOW, "a segment");
	end();
}

static void tree_without_cells(void **state)
{
	(void)state;
	begin(BAD_CELLS);
	assert_fails(arm64_new_tree(&image, &(struct dt_node *){ NULL }), EINVAL, NO_CELLS);
	assert_fails(arm64_boot_data(&image), EINVAL, NO_CELLS);
	assert_int_equal(image.n_segments, 0);
	end();
}

/* As large as a kernel maps, and the least that is larger. */
static void largest_tree(void **state)
{
	uint64_t need = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t len = i ? 2 * MIB - need + (i == 2 ? 4 : 0) : 0;
		uint8_t *bytes = mem_alloc(len + 1);

		memset(bytes, 0, len + 1);
		begin("");
		dt_set(&machine.arena, machine.tree, "larger", bytes, len);
		ranges_add(&image.free, RAM, 1024 * MIB, NULL);
		if (i == 2) {
			assert_fails(arm64_boot_data(&image), E2BIG,
				     "device tree: has 2097156 bytes, the kernel takes 2097152");
			assert_int_equal(image.n_segments, 0);
		} else {
			assert_int_equal(arm64_boot_data(&image), 0);
			assert_int_equal(image.n_segments, 1);
			assert_int_equal(image.segment[0].addr % (2 * MIB), 0);
			assert_int_equal(fdt_totalsize(image.segment[0].data),
					 image.segment[0].bufsz);
			assert_true(i == 0 || image.segment[0].bufsz == 2 * MIB);
			need = i ? need : image.segment[0].bufsz;
		}
		end();
		free(bytes);
	}
}

/* --- the purgatory's parameters --- */

static uint64_t param(size_t offset)
{
	return le64_get(params + offset);
}

static void consoles(void **state)
{
#define NONE	"the purgatory will say nothing"
#define OTHER	"the purgatory uses the one that is named"
	static const struct {
		unsigned int asked;
		uint64_t kind;
		bool verbose;
		const char *said;	/* NULL: nothing */
	} rows[] = {
		{ 0, 0, false, NULL },
		{ 0, PURGATORY_CONSOLE_PL011, false, NULL },
		{ SPECIAL_CONSOLE_SERIAL, 0, true, NONE },
		{ SPECIAL_SERIAL_AMBA, 0, true, NONE },
		{ SPECIAL_SERIAL_FIRST, 0, true, NONE },
		{ SPECIAL_CONSOLE_SERIAL, PURGATORY_CONSOLE_PL011, true, NULL },
		{ SPECIAL_CONSOLE_SERIAL, PURGATORY_CONSOLE_8250, true, NULL },
		{ SPECIAL_SERIAL_AMBA, PURGATORY_CONSOLE_PL011, true, NULL },
		{ SPECIAL_SERIAL_AMBA, PURGATORY_CONSOLE_8250, true, OTHER },
		{ SPECIAL_SERIAL_FIRST, PURGATORY_CONSOLE_PL011, true, OTHER },
		{ SPECIAL_SERIAL_FIRST, PURGATORY_CONSOLE_8250, true, NULL },
		{ SPECIAL_CONSOLE_VGA, 0, false, NULL },	/* no wish of this machine's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said;

		begin("");
		image.no_checks = true;
		image.request.special = rows[i].asked;
		facts.uart = (struct arm64_uart){ rows[i].kind, UART, 2 };
		unit_listen(&said);
		assert_int_equal(arm64_fill(&image), 0);
		unit_heard(&said);
		if (rows[i].said)
			assert_non_null(strstr(said.text, rows[i].said));
		else
			assert_string_equal(said.text, "");
		assert_int_equal(param(PURGATORY_PARAM(consoles)),
				 rows[i].kind | (rows[i].verbose ? PURGATORY_CONSOLE_VERBOSE : 0));
		assert_int_equal(param(PURGATORY_PARAM(console_port)), UART);
		assert_int_equal(param(PURGATORY_ARCH(PURGATORY_ARM64_UART_SHIFT)), 2);
		end();
	}
}

/* Where the tree and the page tables are, and of what pages those are made. */
static void parameters(void **state)
{
	static const struct {
		uint64_t page, granule;
		bool no_checks, map;
		const char *said;	/* NULL: nothing */
	} rows[] = {
		{ 0x1000, 0, false, true, NULL },
		{ 0x4000, 2, false, true, NULL },
		{ 0x10000, 1, false, true, NULL },
		{ 0x10000, 0, true, false, NULL },
		{ 0x2000, 0, false, false, "has pages of 8 KiB, for which this kexec knows no" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said;

		begin("");
		machine.page_size = rows[i].page;
		machine.hwcap = i & 1 ? 1 << 6 : ~(uint64_t)(1 << 6);
		image.no_checks = rows[i].no_checks;
		add_segment(ROLE_BOOT_DATA, 0x50000000, 0x10000);
		image.segment[0].digest = !image.no_checks;
		ranges_add(&image.free, 0x60000000, 16 * MIB, NULL);
		unit_listen(&said);
		assert_int_equal(arm64_fill(&image), 0);
		unit_heard(&said);
		if (rows[i].said)
			assert_non_null(strstr(said.text, rows[i].said));
		else
			assert_string_equal(said.text, "");
		assert_int_equal(param(PURGATORY_PARAM(units)), i & 1 ? PURGATORY_UNIT_LANES : 0);
		assert_int_equal(param(PURGATORY_ARCH(PURGATORY_ARM64_FDT)), 0x50000000);
		assert_int_equal(param(PURGATORY_ARCH(PURGATORY_ARM64_GRANULE)), rows[i].granule);
		assert_true(!!image_segment(&image, ROLE_IDMAP) == rows[i].map);
		assert_int_equal(param(PURGATORY_ARCH(PURGATORY_ARM64_IDMAP)),
				 rows[i].map ? image_address(&image, ROLE_IDMAP) : 0);
		end();
	}
}

/* --- page tables --- */

/* The leaf of a page in tables of 4 KiB, or 0. */
static uint64_t mapped(uint64_t address)
{
	const struct segment *s = image_segment(&image, ROLE_IDMAP);
	uint64_t table = s->addr, entry = 0;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		entry = le64_get(s->data + (table - s->addr) + 8 * (address >> shift & 511));
		if ((entry & 3) != 3)
			return entry;
		table = entry & 0xfffffffff000;
	}
	return entry;
}

/* What it verifies and what the running kernel rewrites; nothing else. */
static void what_is_mapped(void **state)
{
	static const struct kept kept;

	(void)state;
	begin("");
	add_segment(ROLE_KERNEL, 0x50000000, 0x1000);
	add_segment(ROLE_INITRD, 0x50010000, 0x1000);
	add_segment(ROLE_CORE, 0x50020000, 0x1000);
	image.segment[1].digest = true;
	image.segment[2].kept = &kept;
	ranges_add(&image.free, 0x60000000, 16 * MIB, NULL);
	assert_int_equal(arm64_fill(&image), 0);
	assert_int_equal(mapped(0x50000000), 0);
	assert_int_equal(mapped(0x50010000) & 0xfffffffff000, 0x50010000);
	assert_int_equal(mapped(0x50020000) & 0xfffffffff000, 0x50020000);
	assert_int_equal(mapped(image_address(&image, ROLE_IDMAP)) & 0xfffffffff000,
			 image_address(&image, ROLE_IDMAP));
	end();
}

/* Beyond 48 bits: what is to be mapped, or the tables themselves; and no room for them. */
static void maps_that_cannot_be(void **state)
{
	static const struct {
		uint64_t segment, room;
		int err;
		const char *text;
	} rows[] = {
		{ (uint64_t)1 << 48, 0x60000000, E2BIG,
		  "idmap: 0x1000000000fff is beyond the 48 bits" },
		{ 0x50000000, 0, ENOSPC, "idmap" },
		{ 0x50000000, (uint64_t)1 << 48, E2BIG, "is beyond the 48 bits" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin("");
		add_segment(ROLE_INITRD, rows[i].segment, 0x1000);
		image.segment[0].digest = true;
		image.room = "the room";
		if (rows[i].room)
			ranges_add(&image.free, rows[i].room, 16 * MIB, NULL);
		assert_fails(arm64_fill(&image), rows[i].err, rows[i].text);
		end();
	}
}

/* Larger than a block, but it does not begin with one. */
static void pages_before_a_block(void **state)
{
	struct range one = { 0x401ff000, 0x40600000, NULL };
	struct ranges r = { &one, 1, 1 };
	BUF_AUTO out = {0};

	(void)state;
	assert_int_equal(arm64_idmap_build(&r, 0, 4096, 0x1000, &out), 4);
	assert_int_equal(le64_get(out.data + 0x3000 + 511 * 8), 0x401ff703);
	assert_int_equal(le64_get(out.data + 0x2000 + 8), 0x40200701);
	assert_int_equal(le64_get(out.data + 0x2000 + 16), 0x40400701);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels),
		cmocka_unit_test(doubts),
		cmocka_unit_test(room_of_a_normal_image),
		cmocka_unit_test(room_of_a_capture_kernel),
		cmocka_unit_test(what_the_dump_has),
		cmocka_unit_test(uefi_stays),
		cmocka_unit_test(seeds),
		cmocka_unit_test(reserve_map),
		cmocka_unit_test(tree_without_cells),
		cmocka_unit_test(largest_tree),
		cmocka_unit_test(consoles),
		cmocka_unit_test(parameters),
		cmocka_unit_test(what_is_mapped),
		cmocka_unit_test(maps_that_cannot_be),
		cmocka_unit_test(pages_before_a_block),
	};

	return cmocka_run_group_tests_name("arm64-steps", tests, NULL, NULL);
}
