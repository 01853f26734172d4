// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * arm64: what the survey makes of a machine, kernel files, the purgatory's page tables, and every
 * proof that is its own, seen to fail on a spoilt copy of a sound image.
 */
#include "tests/unit/trees.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <libfdt.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/plan.h"
#include "kexec/prove.h"
#include "purgatory/blobs.h"
#include "purgatory/params.h"

#define MIB	((uint64_t)1 << 20)
#define GIB	((uint64_t)1 << 30)
#define RAM	0x40000000ull
#define CRASH	0x60000000ull
#define LINEAR	0xffff0dfbc0000000ull	/* virtual - physical */
#define TEXT	0xffffa8eaf8c00000ull
#define UART	0x9000000ull

/* --- the machine --- */

static char *dir;
static struct sysroot sr;

static void write_text(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

/* With addresses and sizes of this many cells. */
static uint32_t cells = 2;

static void put_node(void *fdt, const char *name, const char *compatible, uint64_t reg,
		     uint64_t size)
{
	unsigned int width = cells * 4;
	uint8_t pair[16];

	bytes_put(pair, reg, width, false);
	bytes_put(pair + width, size, width, false);
	fdt_begin_node(fdt, name);
	if (compatible)
		fdt_property_string(fdt, "compatible", compatible);
	else
		fdt_property_string(fdt, "device_type", "memory");
	fdt_property(fdt, "reg", pair, (int)(2 * width));
	fdt_end_node(fdt);
}

static void write_tree(bool its)
{
	static uint8_t fdt[8192];

	fdt_create(fdt, sizeof(fdt));
	fdt_add_reservemap_entry(fdt, 0x48000000, 0x100000);	/* the running kernel's initrd */
	fdt_add_reservemap_entry(fdt, 0x50000000, 0x10000);	/* firmware's */
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	fdt_property_u32(fdt, "#address-cells", cells);
	fdt_property_u32(fdt, "#size-cells", cells);
	put_node(fdt, "memory@40000000", NULL, RAM, GIB);
	put_node(fdt, "pl011@9000000", "arm,pl011", UART, 0x1000);
	if (its)
		put_node(fdt, "its@8080000", "arm,gic-v3-its", 0x8080000, 0x20000);
	fdt_begin_node(fdt, "chosen");
	fdt_property_string(fdt, "stdout-path", "/pl011@9000000:115200");
	fdt_property_string(fdt, "bootargs", "console=ttyAMA0");
	fdt_property_u64(fdt, "kaslr-seed", 0);
	fdt_property_u64(fdt, "linux,initrd-start", 0x48000000);
	fdt_property_u64(fdt, "linux,initrd-end", 0x480fff00);
	fdt_property_u64(fdt, "linux,kho-fdt", 1);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	assert_int_equal(fdt_finish(fdt), 0);
	/* Firmware's, and by chance as large as the tree. */
	bytes_put(fdt + fdt_off_mem_rsvmap(fdt) + 16, 0x50000000, 8, false);
	bytes_put(fdt + fdt_off_mem_rsvmap(fdt) + 24, fdt_totalsize(fdt), 8, false);
	unit_write(dir, SYS_FIRMWARE_FDT, fdt, fdt_totalsize(fdt));
}

struct core_row {
	uint64_t vaddr, paddr, size;
	uint32_t type;			/* PT_NOTE is 4; 0: PT_LOAD */
};

static void write_core_rows(const struct core_row *rows, unsigned int n)
{
	uint8_t d[64 + 4 * 56] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	assert_true(n <= 4);
	bytes_put(d + 16, 4, 2, true);
	bytes_put(d + 18, 183, 2, true);
	bytes_put(d + 20, 1, 4, true);
	bytes_put(d + 32, 64, 8, true);
	bytes_put(d + 52, 64, 2, true);
	bytes_put(d + 54, 56, 2, true);
	bytes_put(d + 56, n, 2, true);
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *phdr = d + 64 + i * 56;

		bytes_put(phdr, rows[i].type ? rows[i].type : 1, 4, true);
		bytes_put(phdr + 16, rows[i].vaddr, 8, true);
		bytes_put(phdr + 24, rows[i].paddr, 8, true);
		bytes_put(phdr + 40, rows[i].size, 8, true);
	}
	unit_write(dir, PROC_KCORE, d, 64 + n * 56);
}

/* The kernel's text first, what is not memory, memory: as Linux 6.12 has them. */
#define CORE_TEXT	{ TEXT, 0x40200000, 0x2510000, 0 }
#define CORE_VMALLOC	{ 0xffff800080000000, UINT64_MAX, GIB, 0 }
#define CORE_RAM	{ RAM + LINEAR, RAM, GIB, 0 }

static void write_kcore(void)
{
	static const struct core_row rows[] = { CORE_TEXT, CORE_VMALLOC, CORE_RAM };

	write_core_rows(rows, ARRAY_SIZE(rows));
}

#define IOMEM	"09000000-09000fff : pl011@9000000\n40000000-7fffffff : System RAM\n"	\
		"  40200000-41f3ffff : Kernel code\n  41f40000-4224ffff : reserved\n"		\
		"  42250000-4270ffff : Kernel data\n  48000000-480fffff : reserved\n"

/* A header with nothing behind it that matters. */
static void write_kernel(const char *name, uint64_t flags, uint64_t size)
{
	static uint8_t k[0x30000];

	bytes_put(k + 8, 0, 8, true);
	bytes_put(k + 16, size, 8, true);
	bytes_put(k + 24, flags, 8, true);
	memcpy(k + 56, "ARM\x64", 4);
	unit_write(dir, name, k, sizeof(k));
}

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	sr = (struct sysroot){ .root = dir };
	write_text(SNAPSHOT_FACTS,
		   "machine aarch64\nbyte-order little\npage-size 4096\nrelease 6.12.0\n");
	write_text(PROC_CMDLINE, "console=ttyAMA0 crashkernel=256M\n");
	write_text(PROC_IOMEM, IOMEM "  60000000-6fffffff : Crash kernel\n");
	write_text(SYS_CPU_POSSIBLE, "0-1\n");
	write_text(SYS_CPU_PRESENT, "0-1\n");
	write_text(SYS_CPU_ONLINE, "0-1\n");
	write_text(SYS_CPU "/cpu0/crash_notes", "43000000\n");
	write_text(SYS_CPU "/cpu0/crash_notes_size", "400\n");
	write_text(SYS_CPU "/cpu1/crash_notes", "43001000\n");
	write_text(SYS_CPU "/cpu1/crash_notes_size", "400\n");
	write_text(SYS_ELFCOREHDR_SIZE, "65536\n");
	write_text(SYS_CPU_CRASH_HOTPLUG, "1\n");
	write_text(SYS_MEMORY_CRASH_HOTPLUG, "1\n");
	write_text(SYS_VMCOREINFO, "0x0000000043196000 1024\n");
	write_text(
		SNAPSHOT_LOG_TABLES,
		"<6>[    0.000000] GICv3: using LPI property table @0x00000000429f0000\n"
		"<6>[    0.100000] GICv3: CPU1: using allocated LPI pending table"
		" @0x0000000042a00000\n");
	write_tree(true);
	write_kcore();
	write_kernel("vmlinuz", 10, 0x40000);
	write_kernel("large", 10, 5 * MIB);
	write_text("initrd", "what an initrd begins with");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	return 0;
}

/* --- images, and copies to spoil --- */

enum plan_kind { CRASHED, NORMAL, UNCHECKED, KEPT, LARGE };

static struct machine machine;
static struct image image;
static struct files files;
static uint8_t *copies[SEGMENT_MAX];
#define SPARE 4096 /* bytes that a copy may grow by */

static bool has_purgatory(void)
{
	for (const struct purgatory_blob *p = purgatory_blobs; p->name; p++)
		if (!strcmp(p->name, "aarch64"))
			return true;
	return false;
}

static int try_plan(enum plan_kind kind, const char *kernel_name)
{
	STRING_AUTO kernel = mem_printf("%s/%s", dir, kernel_name);
	STRING_AUTO initrd = mem_printf("%s/initrd", dir);
	static const uint8_t seed[PLAN_SEED_SIZE] = { 1, 2, 3 };
	struct plan_request r = {
		.kernel = kernel, .initrd = initrd, .cmdline = "quiet", .mem_max = UINT64_MAX,
		.crash = kind != NORMAL, .no_checks = kind == UNCHECKED, .hotplug = kind == KEPT,
	};
	int rc = machine_survey(&machine, &sr);

	assert_int_equal(rc, 0);
	image_init(&image, &machine);
	files_init(&files);
	rc = plan_open(&image, &files, &r).rc;
	image.request.seed = seed;
	return rc < 0 ? rc : plan(&image);
}

static void make_plan(enum plan_kind kind)
{
	if (try_plan(kind, kind == LARGE ? "large" : "vmlinuz") < 0)
		print_error("%s\n", fail_text());
	assert_int_equal(prove(&image), 0);
	for (unsigned int i = 0; i < image.n_segments; i++) {
		struct segment *s = &image.segment[i];

		copies[i] = mem_alloc(s->bufsz + SPARE);
		memset(copies[i] + s->bufsz, 0, SPARE);
		memcpy(copies[i], s->data, s->bufsz);
		s->data = copies[i];
	}
}

static void forget_plan(void)
{
	for (unsigned int i = 0; i < SEGMENT_MAX; i++) {
		free(copies[i]);
		copies[i] = NULL;
	}
	image_free(&image);
	files_free(&files);
	machine_free(&machine);
	fail_forget();
}

static struct segment *of(enum role role)
{
	struct segment *s = image_segment(&image, role);

	assert_non_null(s);
	return s;
}

static uint8_t *bytes_of(enum role role)
{
	return (uint8_t *)of(role)->data;
}

/* --- spoiling --- */

static struct arm64_facts *facts(void)
{
	return machine.arch_facts;
}

static void put_chosen(const char *name, int at, uint64_t value)
{
	void *fdt = bytes_of(ROLE_BOOT_DATA);
	int len, chosen = fdt_path_offset(fdt, "/chosen");
	uint8_t *p = (uint8_t *)(uintptr_t)fdt_getprop(fdt, chosen, name, &len);

	assert_non_null(p);
	assert_true(at + 8 <= len);
	bytes_put(p + at, value, 8, false);
}

static void remove_role(int64_t role)
{
	for (unsigned int i = 0; i < image.n_segments; i++)
		if ((int64_t)image.segment[i].role == role)
			image.segment[i].role = ROLE_KERNEL_MORE;
}

static void move_fdt(int64_t by) { of(ROLE_BOOT_DATA)->addr += (uint64_t)by; }
static void fdt_size(int64_t by) { of(ROLE_BOOT_DATA)->bufsz = (uint64_t)by; }
static void fdt_fills(int64_t bytes)
{
	of(ROLE_BOOT_DATA)->addr = round_up64(of(ROLE_BOOT_DATA)->addr, 2 * MIB);
	of(ROLE_BOOT_DATA)->bufsz = (uint64_t)bytes;
}

/* A property of /chosen has this many bytes more, or less. */
static void longer(const char *name, int by)
{
	struct segment *s = of(ROLE_BOOT_DATA);
	void *fdt = bytes_of(ROLE_BOOT_DATA), *value;
	int len, chosen = fdt_path_offset(fdt, "/chosen");

	assert_int_equal(fdt_open_into(fdt, fdt, (int)s->bufsz + SPARE), 0);
	assert_non_null(fdt_getprop(fdt, chosen, name, &len));
	assert_int_equal(fdt_setprop_placeholder(fdt, chosen, name, len + by, &value), 0);
	if (by > 0)
		memset((uint8_t *)value + len, 0, (size_t)by);
	fdt_pack(fdt);
	s->bufsz = fdt_totalsize(fdt);
}
static void longer_core(int64_t by) { longer("linux,elfcorehdr", (int)by); }

static void initrd_start(int64_t by)
{
	put_chosen("linux,initrd-start", 0, of(ROLE_INITRD)->addr + (uint64_t)by);
}
static void initrd_end(int64_t by)
{
	put_chosen("linux,initrd-end", 0, of(ROLE_INITRD)->addr + (uint64_t)by);
}
static void core_start(int64_t by)
{
	put_chosen("linux,elfcorehdr", 0, of(ROLE_CORE)->addr + (uint64_t)by);
}
static void core_size(int64_t by)
{
	put_chosen("linux,elfcorehdr", 8, of(ROLE_CORE)->memsz + (uint64_t)by);
}
static void usable_start(int64_t by)
{
	put_chosen("linux,usable-memory-range", 0, CRASH + (uint64_t)by);
}
static void usable_size(int64_t by)
{
	put_chosen("linux,usable-memory-range", 8, 256 * MIB + (uint64_t)by);
}
static void reserve(int64_t by)
{
	void *fdt = bytes_of(ROLE_BOOT_DATA);

	bytes_put((uint8_t *)fdt + fdt_off_mem_rsvmap(fdt) + (by & ~7) * 2, 0x7f000000, 8, false);
}
static void more_usable(int64_t by)
{
	ranges_add(&image.usable, CRASH + 256 * MIB, (uint64_t)by, NULL);
}
static void other_crash(int64_t by)
{
	machine.crash.start += (uint64_t)by;
	machine.crash.end += (uint64_t)by;
}
static void less_usable(int64_t by)
{
	image.usable.at[0].start += (uint64_t)by;
	image.usable.at[0].end += (uint64_t)by;
}
static void kernel_byte(int64_t at) { bytes_of(ROLE_KERNEL)[at] ^= 1; }
static void kernel_base(int64_t by) { image.kernel_base += (uint64_t)by; }
static void initrd_far(int64_t by)
{
	of(ROLE_INITRD)->addr = (uint64_t)by;
	put_chosen("linux,initrd-start", 0, (uint64_t)by);
	put_chosen("linux,initrd-end", 0, (uint64_t)by + of(ROLE_INITRD)->bufsz);
}
/* Four bytes, and what follows them is nothing (FDT_NOP); as eight they would be its address. */
static void short_start(int64_t by)
{
	uint8_t *p;
	int len;

	of(ROLE_INITRD)->addr = FDT_NOP;
	initrd_far(FDT_NOP);
	p = (uint8_t *)(uintptr_t)fdt_getprop(
		bytes_of(ROLE_BOOT_DATA), fdt_path_offset(bytes_of(ROLE_BOOT_DATA), "/chosen"),
		"linux,initrd-start", &len);
	bytes_put(p - 8, (uint64_t)by, 4, false);
}
static void crash_here(int64_t by)
{
	machine.crash.start = of(ROLE_KERNEL)->addr + (uint64_t)by;
	machine.crash.end = machine.crash.start + 1;
}

/* Of all segments, the highest ends where the crash region begins. */
static void crash_behind(int64_t by)
{
	machine.crash.start = 0;
	for (unsigned int i = 0; i < image.n_segments; i++)
		if (image.segment[i].addr + image.segment[i].memsz > machine.crash.start)
			machine.crash.start = image.segment[i].addr + image.segment[i].memsz;
	machine.crash.start += (uint64_t)by;
	machine.crash.end = machine.crash.start + 4096;
}
static void kernel_size(int64_t bytes) { of(ROLE_KERNEL)->bufsz = (uint64_t)bytes; }

static void map_root(int64_t by)
{
	bytes_put(bytes_of(ROLE_PURGATORY) + PURGATORY_ARCH_AT(PURGATORY_ARM64_IDMAP) +
			  PURGATORY_PARAMS_OFFSET,
		  of(ROLE_IDMAP)->addr + (uint64_t)by, 8, true);
}

static void map_granule(int64_t tg0)
{
	bytes_put(bytes_of(ROLE_PURGATORY) + PURGATORY_ARCH_AT(PURGATORY_ARM64_GRANULE) +
			  PURGATORY_PARAMS_OFFSET,
		  (uint64_t)tg0, 8, true);
}

/* Of a running kernel with such pages, without tables. */
static void no_map_of(int64_t page)
{
	machine.page_size = (uint64_t)page;
	remove_role(ROLE_IDMAP);
}

/* The first entry of the root table. */
static void map_entry(int64_t value)
{
	bytes_put(bytes_of(ROLE_IDMAP), (uint64_t)value + of(ROLE_IDMAP)->addr, 8, true);
}

static void map_end(int64_t by)
{
	map_entry((int64_t)of(ROLE_IDMAP)->bufsz + by);
}

/* The very last entry of the last table. */
static void map_last(int64_t value)
{
	bytes_put(bytes_of(ROLE_IDMAP) + of(ROLE_IDMAP)->bufsz - 8, (uint64_t)value, 8, true);
}

/* Tables that lie this much behind where they should. */
static void map_moved(int64_t by)
{
	map_root(by);
	of(ROLE_IDMAP)->addr += (uint64_t)by;
}

/* A table of nothing more, to which this many entries of the root's lead. */
static void map_empty(int64_t times)
{
	struct segment *s = of(ROLE_IDMAP);
	uint64_t at = s->addr + s->bufsz;

	s->bufsz += 4096;
	for (int64_t i = 0; i < times; i++)
		bytes_put(bytes_of(ROLE_IDMAP) + 8 * (511 - i), at | 3, 8, true);
}

/* Where the entry for @address is, of a level's table. */
static uint8_t *map_find(unsigned int level, uint64_t address)
{
	uint8_t *tables = bytes_of(ROLE_IDMAP), *entry = tables;

	for (unsigned int i = 0; i <= level; i++) {
		uint64_t index = address >> (39 - 9 * i) & 511;

		entry = tables + index * 8;
		tables = bytes_of(ROLE_IDMAP) +
			((le64_get(entry) & 0xfffffffff000) - of(ROLE_IDMAP)->addr);
	}
	return entry;
}

/* As much as one entry of that level has, in one. */
static void map_block(int64_t level)
{
	bytes_put(map_find((unsigned int)level, 0x40000000), 0x40000000 | 1 << 10 | 1, 8, true);
}
static void map_device(int64_t bits)
{
	bytes_put(map_find(2, UART), UART | (uint64_t)bits, 8, true);
}

/* The first leaf: change bits of it. */
static void map_leaf(int64_t bits)
{
	uint8_t *tables = bytes_of(ROLE_IDMAP);

	for (uint64_t at = 0; at < of(ROLE_IDMAP)->bufsz; at += 8) {
		uint64_t e = le64_get(tables + at);

		if (!(e & 1 << 10))
			continue;
		bytes_put(tables + at, e ^ (uint64_t)bits, 8, true);
		return;
	}
	assert_true(!"a leaf");
}

static void no_leaf(int64_t at)
{
	uint8_t *tables = bytes_of(ROLE_IDMAP);

	for (uint64_t i = 0; i < of(ROLE_IDMAP)->bufsz; i += 8)
		if (le64_get(tables + i) & 1 << 10 &&
		    (le64_get(tables + i) & 0xfffffffff000) == (uint64_t)at)
			bytes_put(tables + i, 0, 8, true);
}

static void drop_uart(int64_t by)
{
	(void)by;
	no_leaf((int64_t)UART);
}

static void other_uart(int64_t by)
{
	facts()->uart.base += (uint64_t)by;
}

static void without_uart(int64_t by)
{
	(void)by;
	facts()->uart.base = 0;
}

static void more_to_map(int64_t by)
{
	of(ROLE_IDMAP)->memsz += (uint64_t)by;
}

static void less_to_map(int64_t by)
{
	of(ROLE_KERNEL)->memsz -= (uint64_t)by;
}

static void other_cmdline(int64_t by)
{
	image.cmdline[by] ^= 1;
}

#define UNREAD		"the purgatory cannot read all that it must verify"
#define LEADS_OUT	"the purgatory's page tables lead out of their segment"
#define NOT_SELF	"the purgatory's page tables do not map memory to itself"
#define NOT_CONSOLE	"the purgatory's page tables do not map its console alone as a device"
#define NOT_CORE	"linux,elfcorehdr is not the elfcorehdr"
#define NOT_INITRD	"the FDT does not say where the initrd is"
#define NOT_FIRST	"the first range of linux,usable-memory-range is not the crash region"
#define NOT_RESERVED	"the elfcorehdr or the initrd is not in the FDT's reserve map"
#define CROSSES		"the FDT crosses a multiple of 2 MiB, which no kernel maps"
#define NO_IMAGE	"the kernel does not begin with the header of an Image"
#define FAR_INITRD	"the initrd is not in the kernel's window of 32 GiB"
#define MAPS_MORE	"the purgatory's page tables map more than the image"
#define OTHER_PAGES "are not made of pages such as the running kernel has"
#define CACHES_OFF "the purgatory would verify with the caches off"
#define NO_OFFSET	"the kernel is not at its offset from a multiple of 2 MiB"

static const struct spoil_row {
	enum plan_kind plan;
	void (*spoil)(int64_t by);
	int64_t by;
	const char *text;		/* NULL: it passes */
} spoils[] = {
	{ CRASHED, remove_role, ROLE_BOOT_DATA, "there is no FDT" },
	{ CRASHED, move_fdt, 4, CROSSES },
	{ CRASHED, move_fdt, 0x1ffff8, CROSSES },
	{ CRASHED, move_fdt, 0x1f0000, UNREAD }, /* does not cross it */
	{ CRASHED, fdt_size, 0x200001, CROSSES },
	{ CRASHED, fdt_fills, 0x200000, NULL }, /* exactly what lies between two */
	{ CRASHED, fdt_fills, 0x1ffff8, NULL },
	{ CRASHED, other_cmdline, 0, "the FDT does not hold the command line" },
	{ CRASHED, initrd_start, 1, NOT_INITRD },
	{ CRASHED, initrd_end, 0, NOT_INITRD },
	{ CRASHED, short_start, 8, NOT_RESERVED },
	{ CRASHED, short_start, 4, NOT_INITRD },
	{ CRASHED, longer_core, 4, NOT_CORE },
	{ CRASHED, longer_core, 16, NOT_CORE },
	{ CRASHED, core_start, 4096, NOT_CORE },
	{ CRASHED, core_size, -1, NOT_CORE },
	{ CRASHED, usable_start, 4096, NOT_FIRST },
	{ CRASHED, usable_size, 4096, NOT_FIRST },
	{ CRASHED, more_usable, 4096,
	  "linux,usable-memory-range is not what the capture kernel may use" },
	{ CRASHED, less_usable, 4096,
	  "linux,usable-memory-range has memory of the crashed kernel" },
	{ CRASHED, other_crash, 4096, NOT_FIRST },
	{ CRASHED, reserve, 0, NOT_RESERVED },
	{ CRASHED, reserve, 8, NOT_RESERVED },
	{ CRASHED, reserve, 16, NULL },
	{ NORMAL, reserve, 0, NOT_RESERVED },
	{ NORMAL, reserve, 16,
	  "the tables of the interrupt controller are not in the FDT's reserve map" },
	{ CRASHED, kernel_byte, 56, NO_IMAGE },
	{ CRASHED, remove_role, ROLE_KERNEL, NO_IMAGE },
	{ CRASHED, kernel_size, 63, NO_IMAGE },
	{ CRASHED, kernel_size, 64, NULL },
	{ CRASHED, kernel_byte, 9, NO_OFFSET },
	{ CRASHED, kernel_base, 0x1000, NO_OFFSET },
	{ NORMAL, initrd_far, (int64_t)(33 * GIB - 4096), NULL },
	{ NORMAL, initrd_far, (int64_t)(33 * GIB), FAR_INITRD },
	{ NORMAL, initrd_far, (int64_t)GIB, NULL },
	{ NORMAL, initrd_far, (int64_t)(GIB - 4096), FAR_INITRD },
	{ NORMAL, crash_here, 0, "a segment of a normal image is in the crash region" },
	{ NORMAL, crash_here, -1, NULL },
	{ NORMAL, crash_behind, -1, "a segment of a normal image is in the crash region" },
	{ NORMAL, crash_behind, 0, NULL },
	{ CRASHED, remove_role, ROLE_IDMAP, CACHES_OFF },
	{ CRASHED, no_map_of, 0x1000, CACHES_OFF },
	{ CRASHED, no_map_of, 0x4000, CACHES_OFF },
	{ CRASHED, no_map_of, 0x10000, CACHES_OFF },
	{ CRASHED, no_map_of, 0x2000, NULL }, /* no granule: it was warned of */
	{ CRASHED, map_granule, 1, OTHER_PAGES },
	{ CRASHED, map_granule, 2, OTHER_PAGES },
	{ CRASHED, map_granule, 3, OTHER_PAGES },
	{ UNCHECKED, fdt_size, 0x200001, CROSSES },
	{ CRASHED, map_root, 4096, "the purgatory does not know its page tables" },
	{ CRASHED, map_entry, 0x100003, LEADS_OUT },
	{ CRASHED, map_entry, -4093, LEADS_OUT },
	{ CRASHED, map_entry, 3, NOT_SELF }, /* the table itself */
	{ CRASHED, map_end, 3, LEADS_OUT },
	{ CRASHED, map_moved, 8, LEADS_OUT },
	{ CRASHED, map_empty, 1, NULL },
	{ CRASHED, map_empty, 2, LEADS_OUT }, /* twice to the same */
	{ CRASHED, map_last, 1 << 10 | 3, NOT_SELF },
	{ CRASHED, map_block, 1, NOT_SELF },
	{ CRASHED, map_device, 1 << 10 | 1 << 2 | 1, NOT_CONSOLE }, /* 2 MiB of it */
	{ CRASHED, map_leaf, 4096, NOT_SELF },
	{ CRASHED, map_leaf, 1 << 10, "the purgatory" },
	{ CRASHED, map_leaf, 2, NOT_SELF },
	{ CRASHED, drop_uart, 0, NOT_CONSOLE },
	{ CRASHED, other_uart, 4096, NOT_CONSOLE },
	{ CRASHED, other_uart, 4, NULL },
	{ CRASHED, without_uart, 0, NOT_CONSOLE },
	{ CRASHED, no_leaf, (int64_t)0x60200000 + 0x40000 - 0x1000, UNREAD },
	{ CRASHED, more_to_map, 0x1000000, UNREAD },
	{ CRASHED, less_to_map, 4096, MAPS_MORE },
	{ LARGE, less_to_map, 4096, MAPS_MORE },
	{ KEPT, less_to_map, 4096, MAPS_MORE },
};

/* The window's row moves the initrd, and with it what the tables and the reserve map say. */
static int prove_row(const struct spoil_row *row)
{
	int rc = arm64_prove(&image);

	if (row->spoil == initrd_far && rc < 0 && strstr(fail_text(), NOT_RESERVED)) {
		void *fdt = bytes_of(ROLE_BOOT_DATA);

		fail_forget();
		bytes_put((uint8_t *)fdt + fdt_off_mem_rsvmap(fdt), (uint64_t)row->by, 8, false);
		rc = arm64_prove(&image);
		if (rc < 0 && !row->text && strstr(fail_text(), "the purgatory"))
			rc = 0; /* it is in the window; the tables are not about that */
	}
	return rc;
}

static void every_proof(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	if (!has_purgatory())
		return;		/* this kexec was configured without */
	for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
		const struct spoil_row *row = &spoils[i];
		int rc;

		make_plan(row->plan);
		row->spoil(row->by);
		rc = prove_row(row);
		if ((rc < 0) != (row->text != NULL) ||
		    (rc < 0 && !strstr(fail_text(), row->text))) {
			print_error("row %zu: %d \"%s\", not \"%s\"\n", i, rc,
				    rc ? fail_text() : "", row->text ? row->text : "");
			wrong++;
		}
		forget_plan();
	}
	assert_int_equal(wrong, 0);
}

/* --- the survey --- */

static void what_is_known(void **state)
{
	(void)state;
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_int_equal(machine.crash.start, CRASH);
	assert_int_equal(machine.crash.end, CRASH + 256 * MIB);
	assert_true(facts()->has_addresses && !facts()->efi && facts()->lpis);
	assert_int_equal(facts()->linear, LINEAR);
	assert_int_equal(facts()->text, TEXT);
	assert_int_equal(facts()->text_phys, 0x40200000);
	assert_int_equal(facts()->uart.base, UART);
	assert_int_equal(facts()->uart.kind, PURGATORY_CONSOLE_PL011);
	assert_int_equal(facts()->tree_reserve.n, 1);	/* not the old initrd's */
	assert_int_equal(facts()->tree_reserve.at[0].start, 0x50000000);
	assert_non_null(ranges_find(&machine.avoid, 0x429f0000, 0x429f0001));
	assert_non_null(ranges_find(&machine.avoid, 0x42a0ffff, 0x42a10000));
	assert_null(ranges_find(&machine.avoid, 0x42a10000, 0x42a10001));
	assert_non_null(ranges_find(&machine.avoid, 0x41f40000, 0x41f40001));
	assert_null(ranges_find(&machine.avoid, CRASH, CRASH + 256 * MIB));
	/* A kernel for a reboot may go where the running one is; a device is no memory. */
	assert_null(ranges_find(&machine.avoid, 0x40200000, 0x41f40000));
	assert_int_equal(machine.ram.n, 1);
	assert_int_equal(machine.ram.at[0].start, RAM);
	forget_plan();
}

/* --- what the survey makes of files that are otherwise --- */

static void survey_fails(int err, const char *text)
{
	assert_fails(machine_survey(&machine, &sr), err, text);
	forget_plan();
}

/* Of the tree's reservations those that were the running kernel's go, and no others. */
static void reservations(void **state)
{
	static const struct {
		uint64_t start, end;		/* of its initrd; 0: the tree does not say */
		uint64_t core, core_size;	/* and its elfcorehdr; 0: none */
		int core_len;			/* bytes of that property */
		uint64_t map[3][2];		/* addresses and sizes */
		uint64_t left[3];		/* addresses */
	} rows[] = {
		{ 0x48000000, 0x480fff00, 0, 0, 0,
		  { { 0x50000000, 0x1000 }, { 0x48000000, 0x100000 } }, { 0x50000000 } },
		{ 0x48000000, 0x480fff00, 0, 0, 0,
		  { { 0x48000000, 0x100000 }, { 0x50000000, 0x1000 } }, { 0x50000000 } },
		{ 0x48000123, 0x480fff00, 0, 0, 0, { { 0x48000000, 0x100000 } }, { 0 } },
		{ 0x48000000, 0x480fff00, 0, 0, 0,
		  { { 0x48000000, 0x200000 }, { 0x47000000, 0x1100000 } },
		  { 0x48000000, 0x47000000 } },
		{ 0, 0x10000, 0, 0, 0,
		  { { 0, 0x10000 }, { 0x50000000, 0x1000 } }, { 0, 0x50000000 } },
		{ 0x48000000, 0, 0, 0, 0, { { 0x48000000, 0x100000 } }, { 0x48000000 } },
		{ 0, 0, 0x6f000000, 0x1800, 16,
		  { { 0x6f000000, 0x2000 }, { 0x50000000, 0x1000 } }, { 0x50000000 } },
		{ 0, 0, 0x6f000000, 0x1800, 8,
		  { { 0x6f000000, 0x2000 }, { 0x50000000, 0x1000 } },
		  { 0x6f000000, 0x50000000 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static uint8_t fdt[8192];
		const struct ranges *r;
		uint8_t pair[16];
		size_t n = 0;

		fdt_create(fdt, sizeof(fdt));
		for (size_t k = 0; k < 3 && rows[i].map[k][1]; k++)
			fdt_add_reservemap_entry(fdt, rows[i].map[k][0], rows[i].map[k][1]);
		fdt_finish_reservemap(fdt);
		fdt_begin_node(fdt, "");
		fdt_begin_node(fdt, "chosen");
		if (rows[i].start)
			fdt_property_u64(fdt, "linux,initrd-start", rows[i].start);
		if (rows[i].end)
			fdt_property_u64(fdt, "linux,initrd-end", rows[i].end);
		bytes_put(pair, rows[i].core, 8, false);
		bytes_put(pair + 8, rows[i].core_size, 8, false);
		if (rows[i].core_len)
			fdt_property(fdt, "linux,elfcorehdr", pair, rows[i].core_len);
		fdt_end_node(fdt);
		fdt_end_node(fdt);
		assert_int_equal(fdt_finish(fdt), 0);
		unit_write(dir, SYS_FIRMWARE_FDT, fdt, fdt_totalsize(fdt));
		assert_int_equal(machine_survey(&machine, &sr), 0);
		r = &facts()->tree_reserve;
		while (n < 3 && (rows[i].left[n] || (!n && !rows[i].start && rows[i].end)))
			n++;
		if (r->n != n)
			print_error("row %zu: %zu\n", i, r->n);
		assert_int_equal(r->n, n);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(r->at[k].start, rows[i].left[k]);
			assert_string_equal(r->at[k].why, "reserved by the device tree");
		}
		forget_plan();
	}
}

static void remove_file(const char *name)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, name);

	assert_int_equal(unlink(path), 0);
}

/* The blob, else the directory; where neither can be read, the message is about the last. */
static void trees_of_the_machine(void **state)
{
	static const struct {
		int err, rc;
		const char *text;
	} errors[] = {
		{ EACCES, -EACCES, PROC_DEVICE_TREE },
		{ EPERM, -EPERM, PROC_DEVICE_TREE },
		{ EIO, -EIO, SYS_FIRMWARE_FDT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors) && !unit_is_emulated(); i++) {
		struct machine m = {0};
		int status;
		pid_t pid;

		assert_int_equal(machine_identify(&m, &sr), 0);
		pid = fork();
		if (!pid) {
			unit_let_fail(SYS_openat, errors[i].err);
			_exit(arm64_survey(&m) != errors[i].rc ? 1 :
			      !strstr(fail_text(), errors[i].text));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		machine_free(&m);
	}
	write_text(SYS_FIRMWARE_FDT, "no tree, but long enough for the header of one: 40 bytes");
	survey_fails(EINVAL, SYS_FIRMWARE_FDT);
	remove_file(SYS_FIRMWARE_FDT);
	survey_fails(ENOENT, "this machine has no device tree");
	write_text(PROC_DEVICE_TREE "/chosen/bootargs", "quiet");
	unit_write(dir, PROC_DEVICE_TREE "/chosen/linux,uefi-system-table", "\0\0\0\1\0\0\0", 8);
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_true(facts()->efi);
	assert_int_equal(facts()->tree_reserve.n, 0);
	forget_plan();
}

/* What a driver added is memory, of which a driver can take away each block. */
static void lines_of_iomem(void **state)
{
	static const struct range avoided[] = {
		{ 0x90000000, 0xa0000000, NULL }, { 0xb0000000, 0xc0000000, NULL },
	};

	(void)state;
	write_text(PROC_IOMEM, IOMEM "80000000-8fffffff : reserved\n"
		   "90000000-9fffffff : System RAM (kmem)\n"
		   "a0000000-bfffffff : Persistent Memory\n"
		   "  b0000000-bfffffff : System RAM\n");
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_int_equal(machine.ram.n, 3);
	for (size_t i = 0; i < ARRAY_SIZE(avoided); i++) {
		assert_int_equal(machine.ram.at[i + 1].start, avoided[i].start);
		assert_int_equal(machine.ram.at[i + 1].end, avoided[i].end);
		assert_true(ranges_cover(&machine.avoid, avoided[i].start, avoided[i].end));
	}
	assert_null(ranges_find(&machine.avoid, 0x80000000, 0x90000000));
	assert_null(ranges_find(&machine.avoid, 0xa0000000, 0xb0000000));
	forget_plan();
}

static void logs(void **state)
{
	STRING_AUTO path = mem_printf("%s/" SNAPSHOT_LOG_TABLES, dir);
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	int incomplete = 0;

	(void)state;
	write_text(SNAPSHOT_LOG_TABLES, "<6>[    0.0] GICv3: using LPI property table @0x10000\n"
		   "<6>[    0.0] GICv3: CPU0: using allocated LPI pending table @0x20000\n"
		   "<6>[    0.1] GICv3: CPU1: using allocated LPI pending table @0x30000\n");
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_null(facts()->lpis_unknown);
	forget_plan();
	/* Its lines cannot be recorded: a snapshot that lacks them is none. */
	write_text("copy/" SNAPSHOT_LOG_TABLES "/in the way", "");
	sr.copy = copy;
	sr.incomplete = &incomplete;
	assert_int_equal(machine_survey(&machine, &sr), -EISDIR);
	forget_plan();
	sr = (struct sysroot){ .root = dir };
	remove_file(SNAPSHOT_LOG_TABLES);
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_string_equal(facts()->lpis_unknown, "the kernel's log cannot be read");
	forget_plan();
	assert_int_equal(mkdir(path, 0777), 0);
	survey_fails(EINVAL, "is not a regular file");
}

/* The kernel is what all of "Kernel code" and "Kernel data" are in, whichever comes first. */
static void addresses(void **state)
{
#define CODE	"  40200000-41f3ffff : Kernel code\n"
#define DATA	"  42250000-4270ffff : Kernel data\n"
#define MEMORY	"40000000-7fffffff : System RAM\n"
	static const struct {
		const char *iomem;
		struct core_row rows[4];
		unsigned int n;
		uint64_t text, text_size, linear;	/* text 0: not known */
	} rows[] = {
		{ MEMORY CODE DATA, { CORE_RAM, CORE_TEXT }, 2, TEXT, 0x2510000, LINEAR },
		{ MEMORY DATA CODE, { CORE_RAM, CORE_TEXT }, 2, TEXT, 0x2510000, LINEAR },
		/* Pieces of the kernel are not all of it, nor is what is only as large. */
		{ MEMORY CODE DATA, { { 1, 0x42250000, 0x4c0000, 0 }, CORE_TEXT, CORE_RAM }, 3,
		  TEXT, 0x2510000, 1 - 0x42250000ull },
		{ MEMORY CODE DATA, { CORE_TEXT, { 2, 0x40200000, 0x1d40000, 0 }, CORE_RAM }, 3,
		  TEXT, 0x2510000, 2 - 0x40200000ull },
		{ MEMORY DATA CODE, { CORE_TEXT, { 2, 0x40200000, 0x1d40000, 0 }, CORE_RAM }, 3,
		  TEXT, 0x2510000, 2 - 0x40200000ull },
		{ MEMORY CODE DATA, { { 3, 0x40200000, 0x2510000, 4 }, CORE_TEXT, CORE_RAM },
		  3, TEXT, 0x2510000, LINEAR },
		{ MEMORY CODE DATA, { CORE_TEXT, { 4, 0x40200000, 0x2510000, 0 } }, 2, TEXT,
		  0x2510000, 4 - 0x40200000ull },
		/* The first of memory, not what has no size or no one address. */
		{ MEMORY CODE DATA,
		  { { 5, 0x1000, 0, 0 }, CORE_TEXT, CORE_RAM, { 6, RAM, GIB, 0 } }, 4,
		  TEXT, 0x2510000, LINEAR },
		{ MEMORY CODE DATA, { CORE_TEXT, CORE_VMALLOC }, 2, 0, 0, 0 },
		{ MEMORY CODE DATA, { CORE_VMALLOC }, 1, 0, 0, 0 },
		{ MEMORY CODE DATA, { { 7, 0x50000000, MIB, 0 } }, 1, 0, 0, 0 },
		/* Nothing says where the kernel is. */
		{ MEMORY, { { 8, 0, 0x80000000, 0 }, CORE_RAM }, 2, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct arm64_facts *f;

		write_text(PROC_IOMEM, rows[i].iomem);
		write_core_rows(rows[i].rows, rows[i].n);
		assert_int_equal(machine_survey(&machine, &sr), 0);
		f = facts();
		if (f->text != rows[i].text || f->linear != rows[i].linear)
			print_error("row %zu: 0x%" PRIx64 "\n", i, f->text);
		assert_true(f->has_addresses == (rows[i].text != 0));
		assert_true(f->text == rows[i].text && f->text_size == rows[i].text_size);
		assert_true(f->text_phys == (rows[i].text ? 0x40200000 : 0));
		assert_true(f->linear == rows[i].linear);
		if (!f->has_addresses)
			assert_string_equal(f->no_addresses,
					    "/" PROC_KCORE
					    " has no program headers of memory and of the kernel");
		forget_plan();
	}
	remove_file(PROC_KCORE);
	assert_int_equal(machine_survey(&machine, &sr), 0);
	assert_false(facts()->has_addresses);
	assert_string_equal(facts()->no_addresses, "/" PROC_KCORE " is not there");
	forget_plan();
	write_text(PROC_KCORE, "no core, but more than sixty-four bytes of text: these are enough");
	survey_fails(ENOEXEC, PROC_KCORE);
}

/* The upper region is for segments, and the capture kernel has both: in this order. */
/* The upper one caps all memory, the lower is added; also where they touch they are two. */
static void two_regions(void **state)
{
	static const uint64_t sizes[] = { 128 * MIB, 256 * MIB };

	(void)state;
	if (!has_purgatory())
		return;		/* this kexec was configured without */
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		STRING_AUTO iomem = mem_printf(IOMEM "  50000000-%" PRIx64 " : Crash kernel\n"
						     "  60000000-6fffffff : Crash kernel\n"
						     "    60000000-6fffffff : reserved\n",
					       0x50000000 + sizes[i] - 1);
		const uint8_t *p;
		int len;

		write_text(PROC_IOMEM, iomem);
		make_plan(CRASHED);
		p = fdt_getprop(bytes_of(ROLE_BOOT_DATA),
				fdt_path_offset(bytes_of(ROLE_BOOT_DATA), "/chosen"),
				"linux,usable-memory-range", &len);
		assert_int_equal(len, 32);
		assert_int_equal(be64_get(p), CRASH);
		assert_int_equal(be64_get(p + 8), 256 * MIB);
		assert_int_equal(be64_get(p + 16), 0x50000000);
		assert_int_equal(be64_get(p + 24), sizes[i]);
		assert_null(ranges_find(&image.dump, 0x50000000, 0x50000000 + sizes[i]));
		forget_plan();
	}
}

/* Older machines say where everything is in one cell each. */
static void addresses_of_one_cell(void **state)
{
	int len;

	(void)state;
	if (!has_purgatory())
		return;		/* this kexec was configured without */
	cells = 1;
	write_tree(true);
	cells = 2;
	make_plan(CRASHED);
	assert_non_null(fdt_getprop(bytes_of(ROLE_BOOT_DATA),
				    fdt_path_offset(bytes_of(ROLE_BOOT_DATA), "/chosen"),
				    "linux,elfcorehdr", &len));
	assert_int_equal(len, 8);
	forget_plan();
}

/* What must go from /chosen, and what is new in it. */
static void new_chosen(void **state)
{
	void *fdt;
	int chosen, len;

	(void)state;
	if (!has_purgatory())
		return;		/* this kexec was configured without */
	make_plan(NORMAL);
	fdt = bytes_of(ROLE_BOOT_DATA);
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_null(fdt_getprop(fdt, chosen, "linux,kho-fdt", &len));
	assert_null(fdt_getprop(fdt, chosen, "linux,elfcorehdr", &len));
	assert_null(fdt_getprop(fdt, chosen, "linux,usable-memory-range", &len));
	assert_string_equal(fdt_getprop(fdt, chosen, "bootargs", &len), "quiet");
	assert_non_null(fdt_getprop(fdt, chosen, "linux,booted-from-kexec", &len));
	assert_int_equal(be64_get(fdt_getprop(fdt, chosen, "kaslr-seed", &len)),
			 0x0102030000000000);
	assert_non_null(fdt_getprop(fdt, chosen, "rng-seed", &len));
	assert_int_equal(len, 32);
	forget_plan();
}

static void tables_that_the_log_forgot(void **state)
{
	struct said said;

	(void)state;
	if (!has_purgatory())
		return;		/* this kexec was configured without */
	write_text(SNAPSHOT_LOG_TABLES, "");
	unit_listen(&said);
	make_plan(NORMAL);
	unit_heard(&said);
	assert_non_null(strstr(
		said.text,
		"the kernel's log no longer says where all of them are: the next kernel can"));
	forget_plan();
	write_tree(false);			/* no ITS: nothing to warn of */
	unit_listen(&said);
	make_plan(NORMAL);
	unit_heard(&said);
	assert_string_equal(said.text, "");
	forget_plan();
}

static void lines_of_the_log(void **state)
{
	static const char pending[] = "GICv3: CPU0: using allocated LPI pending table @0x10000\n";
	static const char both[] = "GICv3: using LPI property table @0x20000\n"
				   "GICv3: CPU0: using allocated LPI pending table @0x10000\n";
	RANGES_AUTO tables = {0};
	bool all;

	(void)state;
	assert_int_equal(
		arm64_lpi_tables("GICv3: using LPI property table @0x100000000\n"
				 "GICv3: CPU0: using reserved LPI pending table @0x100010000\n"
				 "GICv3: CPU1: using allocated LPI pending table @0x200010000\n"
				 "GICv3: using LPI property table @0x1234\n" /* not aligned */
				 "somebody: using LPI property table @0x300000000\n"
				 "GICv3: LPI pending table\nGICv3: no LPI property table @\n",
				 2, &tables, &all),
		0);
	assert_true(all);
	assert_int_equal(tables.n, 2);
	assert_int_equal(tables.at[0].start, 0x100000000);
	assert_int_equal(tables.at[0].end, 0x100020000);
	assert_int_equal(tables.at[1].end, 0x200020000);
	/* The oldest line is lost first; and of three CPUs one is not told of. */
	assert_int_equal(arm64_lpi_tables(pending, 1, &tables, &all), 0);
	assert_false(all);
	assert_int_equal(arm64_lpi_tables(both, 2, &tables, &all), 0);
	assert_false(all);
}

/* The table is whole, of its kind, and of a port in memory that can be mapped. */
static void console_of_acpi(void **state)
{
	static const struct {
		uint64_t base, kind;
		uint8_t len, length, space, type, width, shift;
	} tables[] = {
		{ UART, PURGATORY_CONSOLE_PL011, 80, 80, 0, 3, 32, 0 },
		{ UART, PURGATORY_CONSOLE_PL011, 52, 52, 0, 3, 8, 0 },
		{ UART, PURGATORY_CONSOLE_PL011, 80, 80, 0, 0xd, 32, 0 },
		{ UART, PURGATORY_CONSOLE_PL011, 80, 80, 0, 0xe, 32, 0 },
		{ UART, PURGATORY_CONSOLE_8250, 80, 80, 0, 0x12, 32, 2 },
		{ UART, PURGATORY_CONSOLE_8250, 80, 80, 0, 0x12, 8, 0 },
		{ (1ull << 48) - 1, PURGATORY_CONSOLE_PL011, 80, 80, 0, 3, 32, 0 },
		{ 1ull << 48, 0, 80, 80, 0, 3, 32, 0 },
		{ 0, 0, 80, 80, 0, 3, 32, 0 },
		{ UART, 0, 51, 80, 0, 3, 32, 0 },
		{ UART, 0, 80, 51, 0, 3, 32, 0 },
		{ UART, 0, 80, 80, 1, 3, 32, 0 },		/* an I/O port */
		{ UART, 0, 80, 80, 0, 0xff, 32, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(tables); i++) {
		size_t row = i / 2;
		uint8_t *t = mem_alloc(tables[row].len);
		bool there = !(i & 1) && tables[row].kind;
		struct arm64_uart uart;

		memcpy(t, i & 1 ? "XPCR" : "SPCR", 4);
		bytes_put(t + 4, tables[row].length, 4, true);
		t[36] = tables[row].type;
		t[40] = tables[row].space;
		t[41] = tables[row].width;
		bytes_put(t + 44, tables[row].base, tables[row].len < 52 ? 7 : 8, true);
		uart = arm64_uart_of_spcr(t, tables[row].len);
		assert_int_equal(uart.kind, there ? tables[row].kind : 0);
		assert_true(!there || uart.base == tables[row].base);
		assert_int_equal(uart.shift, there ? tables[row].shift : 0);
		free(t);
	}
}

#define ON "chosen:stdout-path=/u u:compatible=arm;pl011,"
#define BUS "chosen:stdout-path=/b/u b/u:compatible=arm;pl011,reg=<"
#define SMALL "b:#address-cells=<1,#size-cells=<1,ranges"
#define BUSES "chosen:stdout-path=/a/b/u a/b/u:compatible=arm;pl011,reg=<"

/* What the tree says of the console; its address as the processor has it, through each bus. */
static void console_of_a_tree(void **state)
{
	static const struct {
		const char *tree;
		uint64_t base;		/* 0: none */
		uint64_t kind, shift;
	} trees[] = {
		{ "", 0, 0, 0 },
		{ ON "reg=<0.9000000.1000", UART, PURGATORY_CONSOLE_PL011, 0 },
		{ ON "reg=<0.9000000", UART, PURGATORY_CONSOLE_PL011, 0 },
		{ ON "reg=<9000000", 0, 0, 0 },
		{ ON "reg=<", 0, 0, 0 },
		{ ON "other", 0, 0, 0 },
		{ ON "reg=<ffff.ffffffff", (1ull << 48) - 1, PURGATORY_CONSOLE_PL011, 0 },
		{ ON "reg=<10000.0", 0, 0, 0 },
		{ ON "reg=<0.9000000 :#address-cells=<3", 0, 0, 0 },
		{ "chosen:stdout-path=/ :compatible=arm;pl011,reg=<0.9000000", 0, 0, 0 },
		{ ON "reg=<0.9000000,reg-shift=<3", UART, PURGATORY_CONSOLE_PL011, 3 },
		{ ON "reg=<0.9000000,reg-shift=<4", 0, 0, 0 },
		{ ON "reg=<0.9000000,reg-shift=ab", 0, 0, 0 },
		{ "chosen:stdout-path=/u u:compatible=ns16550a,reg=<0.9000000,reg-shift=<2", UART,
		  PURGATORY_CONSOLE_8250, 2 },
		{ "chosen:stdout-path=/u u:compatible=snps;dw-apb-uart,reg=<0.9000000", UART,
		  PURGATORY_CONSOLE_8250, 0 },
		{ "chosen:stdout-path=/u u:compatible=other,reg=<0.9000000", 0, 0, 0 },
		/* Of a bus: its addresses are these, or no address of the processor. */
		{ BUS "9000000 " SMALL, UART, PURGATORY_CONSOLE_PL011, 0 },
		{ BUS "9000000 b:#address-cells=<1,#size-cells=<1", 0, 0, 0 },
		{ BUS "10 " SMALL "=<10.0.9000000.20", UART, PURGATORY_CONSOLE_PL011, 0 },
		{ BUS "2f " SMALL "=<10.0.9000000.20", UART + 31, PURGATORY_CONSOLE_PL011, 0 },
		{ BUS "f " SMALL "=<10.0.9000000.20", 0, 0, 0 },
		{ BUS "30 " SMALL "=<10.0.9000000.20", 0, 0, 0 },
		{ BUS "30 " SMALL "=<10.0.9000000.20.30.0.a000000.1", 0xa000000,
		  PURGATORY_CONSOLE_PL011, 0 },
		{ BUS "10 " SMALL "=<10.0.30.20.30.0.a000000.1", 0x30, PURGATORY_CONSOLE_PL011, 0 },
		{ BUS "10 " SMALL "=<10.0.9000000", 0, 0, 0 },
		{ BUS "0.9000000 b:ranges,#address-cells=<3", 0, 0, 0 },
		{ BUS "9000000 " SMALL " :#address-cells=<3", 0, 0, 0 },
		{ BUSES "4 a/" SMALL "=<0.20.100 a:#address-cells=<1,ranges=<0.0.9000000.1000",
		  UART + 0x24, PURGATORY_CONSOLE_PL011, 0 },
		{ BUSES "4 a/" SMALL "=<0.20.100 a:#address-cells=<1", 0, 0, 0 },
	};
	static const struct {
		const char *cmdline;
		bool is;
	} lines[] = {
		{ "quiet", true }, { "console=ttyAMA0,115200", true }, { "console=ttyS0", false },
		{ "console=tty0", false }, { "console=tty0 console=ttyAMA0", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trees) + ARRAY_SIZE(lines); i++) {
		size_t row = i < ARRAY_SIZE(trees) ? i : 1;
		bool is = i == row || lines[i - ARRAY_SIZE(trees)].is;
		struct arm64_uart uart = { 1, 2, 3 };
		struct machine m = { .sr = &sr };

		m.cmdline = i == row ? "quiet" : lines[i - ARRAY_SIZE(trees)].cmdline;
		m.tree = tree_of(&m.arena, trees[row].tree);
		assert_int_equal(arm64_find_uart(&m, &uart), 0);
		assert_string_equal(fail_text(), "");
		if (uart.base != (is ? trees[row].base : 0))
			print_error("%s: 0x%" PRIx64 "\n", trees[row].tree, uart.base);
		assert_true(uart.base == (is ? trees[row].base : 0));
		assert_int_equal(uart.kind, is ? trees[row].kind : 0);
		assert_int_equal(uart.shift, is ? trees[row].shift : 0);
		arena_free(&m.arena);
	}
}

/* ACPI's table where the tree says nothing; an 8250 is another driver's. */
static void console_of_the_table(void **state)
{
	static const int errors[] = { EACCES, EPERM, ENOENT, EIO };
	uint8_t t[80] = "SPCR";
	struct arm64_uart uart;
	struct machine m = { .sr = &sr, .cmdline = "console=ttyS0" };
	STRING_AUTO path = mem_printf("%s/" SYS_ACPI_SPCR, dir);

	(void)state;
	bytes_put(t + 4, sizeof(t), 4, true);
	t[36] = 0x12;
	bytes_put(t + 44, UART, 8, true);
	unit_write(dir, SYS_ACPI_SPCR, t, sizeof(t));
	m.tree = tree_new(&m.arena);
	assert_int_equal(arm64_find_uart(&m, &uart), 0);
	assert_true(uart.base == UART && uart.kind == PURGATORY_CONSOLE_8250);
	m.cmdline = "console=ttyAMA0";
	assert_int_equal(arm64_find_uart(&m, &uart), 0);
	assert_true(!uart.base && !uart.kind);
	m.tree = tree_of(&m.arena, ON "reg=<0.8000000");
	assert_int_equal(arm64_find_uart(&m, &uart), 0);
	assert_true(uart.base == 0x8000000 && uart.kind == PURGATORY_CONSOLE_PL011);
	for (size_t i = 0; i < ARRAY_SIZE(errors) && !unit_is_emulated(); i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			m.tree = tree_new(&m.arena);
			unit_let_fail(SYS_openat, errors[i]);
			_exit(arm64_find_uart(&m, &uart) != (errors[i] == EIO ? -EIO : 0) ||
			      !*fail_text() != (errors[i] != EIO) || uart.kind);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	assert_int_equal(unlink(path) | mkdir(path, 0777), 0);
	assert_int_equal(arm64_find_uart(&m, &uart), 0);
	m.tree = tree_new(&m.arena);
	assert_fails(arm64_find_uart(&m, &uart), EINVAL, "is not a regular file");
	arena_free(&m.arena);
}

/* --- kernels --- */

static void refuse(const char *what, uint64_t flags, const char *text)
{
	write_kernel("other", flags, 0x40000);
	assert_fails(try_plan(NORMAL, "other"), ENOEXEC, text);
	(void)what;
	forget_plan();
}

static void kernels(void **state)
{
	struct said said;

	(void)state;
	refuse("big-endian", 11, "is big-endian, unlike the running kernel");
	unit_listen(&said);
	write_kernel("other", 2 << 1 | 8, 0x40000);
	assert_int_equal(try_plan(NORMAL, "other"), has_purgatory() ? 0 : -ENOTSUP);
	unit_heard(&said);
	assert_non_null(strstr(said.text, "has pages of 16 KiB, the running one of 4 KiB"));
	forget_plan();
}

/* --- page tables --- */

static void tables_are_small(void **state)
{
	struct range one = { GIB, GIB + 2 * MIB, NULL };
	struct ranges r = { &one, 1, 1 };
	BUF_AUTO out = {0};

	(void)state;
	assert_int_equal(arm64_idmap_build(&r, 0, 4096, 0x1000, &out), 3); /* a block of 2 MiB */
	assert_int_equal(le64_get(out.data), 0x2003);
	assert_int_equal(le64_get(out.data + 0x1000 + 8), 0x3003);
	assert_int_equal(le64_get(out.data + 0x2000), GIB | 0x701);
	one.end -= 4096;
	assert_int_equal(arm64_idmap_build(&r, 0, 4096, 0x1000, NULL), 4);
	assert_int_equal(arm64_idmap_build(&r, UART, 4096, 0x1000, NULL), 6);
	one = (struct range){ ((uint64_t)1 << 48) - 4096, (uint64_t)1 << 48, NULL };
	assert_int_equal(arm64_idmap_build(&r, 0, 4096, 0x1000, NULL), 4);
	one = (struct range){ (uint64_t)1 << 48, ((uint64_t)1 << 48) + 4096, NULL };
	assert_fails(arm64_idmap_build(&r, 0, 4096, 0x1000, NULL), E2BIG,
		     "is beyond the 48 bits of");
}

/* What @out's tables, of which the root is at @at, make of an address; the leaf. */
static uint64_t walked(const struct buf *out, uint64_t at, unsigned int shift, unsigned int first,
		       unsigned int last, uint64_t address)
{
	uint64_t table = at, entry = 0;

	for (unsigned int level = first; level <= last; level++) {
		unsigned int low = shift + (shift - 3) * (3 - level);
		uint64_t index = address >> low & (((uint64_t)1 << (shift - 3)) - 1);

		assert_int_equal(table % ((uint64_t)1 << shift), 0);
		entry = le64_get(out->data + (table - at) + 8 * index);
		table = entry & ~(uint64_t)3;
	}
	return entry;
}

/* Pages of 16 KiB: four levels, of which the first has one bit. Of 64 KiB: three. */
static void tables_of_other_pages(void **state)
{
	static const struct {
		unsigned int shift, first;
		uint64_t block;
		int tables;
	} granule[] = { { 14, 0, 32 * MIB, 5 }, { 16, 1, 512 * MIB, 4 } };

	(void)state;
	assert_int_equal(arm64_granule(0x1000), 0);
	assert_int_equal(arm64_granule(0x2000), -1);
	assert_int_equal(arm64_granule(0x4000), 2);
	assert_int_equal(arm64_granule(0x10000), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(granule); i++) {
		unsigned int shift = granule[i].shift, first = granule[i].first;
		uint64_t page = (uint64_t)1 << shift, at = 16 * page;
		uint64_t top = ((uint64_t)1 << 48) - page, end = GIB + granule[i].block + page;
		struct range range[] = { { GIB, end, NULL }, { top, top + page, NULL } };
		struct ranges r = { range, 1, 1 };
		BUF_AUTO out = { 0 };

		assert_int_equal(arm64_idmap_build(&r, UART + 0x123, page, at, &out),
				 granule[i].tables);
		assert_int_equal(out.len, (uint64_t)granule[i].tables * page);
		assert_int_equal(walked(&out, at, shift, first, 2, GIB), GIB | 0x701);
		assert_int_equal(walked(&out, at, shift, first, 3, end - page),
				 (end - page) | 0x703);
		assert_int_equal(walked(&out, at, shift, first, 3, UART),
				 (UART & -page) | 3ull << 53 | 0x407);
		assert_int_equal(walked(&out, at, shift, first, 3, end), 0);
		r = (struct ranges){ range + 1, 1, 1 };
		out.len = 0;
		assert_int_equal(arm64_idmap_build(&r, 0, page, at, &out), 4 - (int)first);
		assert_int_equal(walked(&out, at, shift, first, 3, top), top | 0x703);
	}
}

static void too_many_tables(void **state)
{
	RANGES_AUTO r = {0};

	(void)state;
	for (uint64_t i = 0; i < 90; i++)
		ranges_add(&r, i << 39, 4096, NULL);
	assert_fails(arm64_idmap_build(&r, 0, 4096, 0, NULL), E2BIG,
		     "in so many places that the purgatory");
}

#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_MACHINE(what_is_known),
		ON_A_MACHINE(reservations),
		ON_A_MACHINE(trees_of_the_machine),
		ON_A_MACHINE(lines_of_iomem),
		ON_A_MACHINE(logs),
		ON_A_MACHINE(addresses),
		ON_A_MACHINE(every_proof),
		ON_A_MACHINE(two_regions),
		ON_A_MACHINE(addresses_of_one_cell),
		ON_A_MACHINE(new_chosen),
		ON_A_MACHINE(tables_that_the_log_forgot),
		ON_A_MACHINE(kernels),
		cmocka_unit_test(lines_of_the_log),
		cmocka_unit_test(console_of_acpi),
		ON_A_MACHINE(console_of_a_tree),
		ON_A_MACHINE(console_of_the_table),
		cmocka_unit_test(tables_are_small),
		cmocka_unit_test(tables_of_other_pages),
		cmocka_unit_test(too_many_tables),
	};

	return cmocka_run_group_tests_name("arm64", tests, NULL, NULL);
}
