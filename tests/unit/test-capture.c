// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What a kernel wants of a ppc64 machine, and a capture kernel to start: each need, met and not. */
#include "tests/unit/unit.h"

#include "kexec/arch/ppc64/ppc64.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static struct arena arena;

struct region {
	const char *says;		/* NULL: a kernel can start there */
	uint64_t start, size;
	bool radix, bare, rtas, small_segments;
	uint64_t real_mode;		/* 0: all */
	uint64_t hole, hole_size;	/* of the region, in use by firmware */
	uint64_t more, more_size;	/* memory that is the capture kernel's, too */
	uint32_t pid_bits;		/* 0: the tree does not say */
	bool htab;			/* a guest whose hash table is in its own memory */
};

static const struct region regions[] = {
	{ NULL, 512 * MIB, 256 * MIB, .radix = true, .rtas = true },
	{ NULL, 512 * MIB, 256 * MIB, .rtas = true, .real_mode = GIB },
	{ NULL, 1536 * MIB, 512 * MIB, .radix = true, .bare = true },
	{ NULL, 0, 0, .radix = true, .rtas = true },
	/* Where what Linux allocates first must be. */
	{ "the page tables of its memory takes 0x3000", 512 * MIB, 8 * KIB, .radix = true },
	{ "process table takes 0x800000", 512 * MIB, 4 * MIB, .radix = true },
	{ "not in one piece", 512 * MIB, 14 * MIB, .radix = true, .hole = 519 * MIB,
	  .hole_size = 1 },
	{ "not in one piece", 516 * MIB, 10 * MIB, .radix = true },
	{ NULL, 511 * MIB, 15 * MIB, .radix = true, .hole = 521 * MIB, .hole_size = 1 },
	{ "not in one piece", 512 * MIB, 14 * MIB, .radix = true, .hole = 521 * MIB,
	  .hole_size = 1 },
	{ "process table takes 0x100000 bytes (", 512 * MIB, 512 * KIB, .radix = true,
	  .pid_bits = 16 },
	{ "process table takes 0x800000 bytes (", 512 * MIB, 4 * MIB, .radix = true,
	  .pid_bits = 20 },
	{ "process table takes 0x800000 bytes (", 512 * MIB, 4 * MIB, .radix = true,
	  .pid_bits = 33 },
	{ "hash table takes 0x100000", 512 * MIB, 512 * KIB, .bare = true },
	{ "hash table takes 0x100000", 512 * MIB, 512 * KIB, .htab = true },
	/* In front of the hash table there is too little. */
	{ "machine check stacks takes", 248 * KIB, 264 * KIB, .bare = true },
	/* What it takes is all of a piece. */
	{ "emergency stacks takes", 512 * MIB - 64 * KIB, MIB + 64 * KIB, .bare = true,
	  .hole = 512 * MIB - 32 * KIB, .hole_size = 32 * KIB },
	{ NULL, 512 * MIB, 4 * MIB, .bare = true },
	{ "RTAS takes 0x10000 bytes below 0x40000000", 1536 * MIB, 512 * MIB, .radix = true,
	  .rtas = true },
	{ "0x7c00 are free for it there; use a smaller initrd", GIB - 32 * KIB, 512 * MIB,
	  .radix = true, .rtas = true },
	{ "0x0 are free for it there; reserve memory below that", GIB, 512 * MIB, .radix = true,
	  .rtas = true },
	/* The data of the first CPU are taken from the bottom up, and in the way of the buffer. */
	{ "0xfc00 are free for it there; use a smaller initrd", GIB - 64 * KIB, 512 * MIB,
	  .radix = true, .rtas = true },
	{ NULL, GIB - 68 * KIB, 512 * MIB, .radix = true, .rtas = true },
	{ "the data of its first CPU takes 0x400 bytes", 512 * MIB, 512, .radix = true },
	{ "the page tables of its memory takes 0x3000", 512 * MIB, KIB, .radix = true },
	{ "the data of its first CPU takes 0x400 bytes below 0x20000000", 512 * MIB - 512, MIB,
	  .rtas = true, .real_mode = 512 * MIB },
	{ "RTAS takes 0x10000 bytes below 0x20000000", 512 * MIB - 64 * KIB, MIB, .rtas = true,
	  .real_mode = 512 * MIB },
	{ NULL, 1536 * MIB, 512 * MIB, .radix = true, .rtas = true, .more = 800 * MIB,
	  .more_size = MIB },
	{ "machine check stacks takes 0x4000 bytes below 0x100000000", 5 * GIB, GIB,
	  .radix = true },
	{ NULL, 5 * GIB, GIB, .radix = true, .bare = true },
	{ "emergency stacks takes 0x8000 bytes below 0x40000000", GIB - 20 * KIB, 512 * MIB,
	  .real_mode = GIB },
	{ "interrupt stacks takes 0x8000 bytes below 0x10000000", 256 * MIB - 52 * KIB, 512 * MIB,
	  .small_segments = true, .real_mode = GIB },
	{ "descriptions of pages takes 0x4000000", 64 * GIB - 32 * MIB, 32 * MIB, .radix = true,
	  .bare = true },
};

static uint8_t *be32(uint32_t value)
{
	uint8_t *bytes = arena_alloc(&arena, 4);

	be32_put(bytes, value);
	return bytes;
}

static struct dt_node *cpu_tree(const struct region *r)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *cpu;

	root->name = "";
	cpu = dt_add_child(&arena, dt_add_child(&arena, root, "cpus"), "PowerPC,POWER9@0");
	dt_set(&arena, cpu, "device_type", "cpu", 4);
	if (r->pid_bits)
		dt_set(&arena, cpu, "ibm,mmu-pid-bits", be32(r->pid_bits), 4);
	if (r->htab)
		dt_set(&arena, dt_add_child(&arena, root, "chosen"), "linux,htab-base", "12345678",
		       8);
	dt_set(&arena, cpu, "ibm,processor-segment-sizes", "\0\0\0\x1c\0\0\0\x28",
	       r->small_segments ? 4 : 8);
	return root;
}

static void make_machine(struct machine *m, struct ppc64_facts *f, const struct region *r)
{
	*f = (struct ppc64_facts){ .radix = r->radix, .guest = !r->bare };
	*m = (struct machine){ .arch = arch_find("ppc64le"), .page_size = 65536, .arch_facts = f,
			       .crash = { r->start, r->start + r->size, "crash" },
			       .real_mode_limit = r->real_mode ? r->real_mode : UINT64_MAX };
	assert_int_equal(idlist_parse(&m->possible, "0-7"), 0);
	m->tree = cpu_tree(r);
	if (r->rtas)
		assert_int_equal(ranges_add(&f->rtas, 0x10000000, 0x10000, "RTAS"), 0);
	assert_int_equal(ranges_add(&m->avoid, r->hole, r->hole_size, "firmware"), 0);
	assert_int_equal(ranges_add(&m->crash_more, r->more, r->more_size, "CMA"), 0);
}

static void free_machine(struct machine *m, struct ppc64_facts *f)
{
	ranges_free(&f->rtas);
	ranges_free(&m->avoid);
	ranges_free(&m->crash_more);
	idlist_free(&m->possible);
	arena_free(&arena);
}

static void crash_regions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		struct ppc64_facts f;
		struct machine m;

		make_machine(&m, &f, &regions[i]);
		print_message("# region %zu\n", i);
		if (regions[i].says)
			assert_fails(ppc64_prove_region(&m), ENOSPC, regions[i].says);
		else
			assert_int_equal(ppc64_prove_region(&m), 0);
		free_machine(&m, &f);
	}
}

/* Of a number that is none, nothing is known: and nothing is said. */
static void odd_pid_bits(void **state)
{
	static const struct region r = { NULL, 512 * MIB, 256 * MIB, .radix = true };
	struct dt_node *cpu;
	struct ppc64_facts f;
	struct machine m;

	(void)state;
	make_machine(&m, &f, &r);
	cpu = dt_child(m.tree, "cpus")->children;
	dt_set(&arena, cpu, "ibm,mmu-pid-bits", "123", 3);
	fail_forget();
	assert_int_equal(ppc64_prove_region(&m), 0);
	assert_string_equal(fail_text(), "");
	free_machine(&m, &f);
}

/* --- a finished image --- */

struct start {
	const char *says;
	uint64_t memory;		/* the FDT's: [0, memory) */
	uint64_t kernel, kernel_size, initrd, initrd_size;
	uint64_t reserved, reserved_size;	/* in the FDT's reserve map */
};

#define REGION { NULL, 512 * MIB, 512 * MIB, .radix = true, .rtas = true }
#define FDT_AT (1000 * MIB)

static const struct start starts[] = {
	{ NULL, GIB, 600 * MIB, 64 * MIB, .initrd = 700 * MIB, .initrd_size = MIB },
	{ "RTAS takes", 2 * GIB, 600 * MIB, 64 * MIB, .reserved = MIB, .reserved_size = GIB },
	{ "use a smaller initrd", GIB, 1000 * MIB, 16 * MIB, .initrd = 512 * MIB,
	  .initrd_size = 488 * MIB },
	/* Memory is cut to 16 MiB. */
	{ "kernel at 0x", GIB - MIB, GIB - 20 * MIB, .kernel_size = 8 * MIB },
	{ "initrd at 0x", GIB - MIB, 600 * MIB, 8 * MIB, .initrd = GIB - 18 * MIB,
	  .initrd_size = 4 * MIB },
	{ NULL, GIB - MIB, GIB - 24 * MIB, .kernel_size = 8 * MIB },
	{ "out of the reach of RTAS", 5 * GIB, 4 * GIB - MIB, .kernel_size = 2 * MIB },
	{ NULL, 5 * GIB, 4 * GIB - 2 * MIB, .kernel_size = 2 * MIB },
};

static const uint8_t *make_fdt(const struct start *s, size_t *size)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root)), *node;
	RANGES_AUTO reserve = {0};
	uint8_t pair[16], *fdt;
	struct dt_cells cells = { 2, 2 };

	root->name = "";
	dt_set(&arena, root, "#address-cells", "\0\0\0\2", 4);
	dt_set(&arena, root, "#size-cells", "\0\0\0\2", 4);
	node = dt_add_child(&arena, root, "memory@0");
	dt_set(&arena, node, "device_type", "memory", 7);
	dt_set(&arena, node, "reg", pair, dt_put_pair(pair, cells, 0, 64 * GIB));
	dt_set(&arena, node, "linux,usable-memory", pair, dt_put_pair(pair, cells, 0, s->memory));
	/* The crashed kernel's. */
	assert_int_equal(ranges_add(&reserve, 64 * KIB, 512 * MIB - 64 * KIB, "crashed"), 0);
	assert_int_equal(ranges_add(&reserve, s->reserved, s->reserved_size, "r"), 0);
	assert_int_equal(dt_flatten(root, &reserve, &fdt, size), 0);
	return fdt;
}

static void finished_images(void **state)
{
	static const struct region region = REGION;

	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		const struct start *s = &starts[i];
		struct ppc64_facts f;
		struct machine m;
		struct image image;
		size_t size;
		const uint8_t *fdt;

		make_machine(&m, &f, &region);
		fdt = make_fdt(s, &size);
		image_init(&image, &m);
		image.crash = true;
		image.cmdline = (char *)"nr_cpus=1";
		image.segment[image.n_segments++] = (struct segment){
			.name = "kernel", .addr = s->kernel, .memsz = s->kernel_size };
		image.segment[image.n_segments++] = (struct segment){
			.name = "fdt", .data = fdt, .bufsz = size, .addr = FDT_AT, .memsz = 65536 };
		if (s->initrd)
			image.segment[image.n_segments++] = (struct segment){
				.name = "initrd", .addr = s->initrd, .memsz = s->initrd_size };
		print_message("# start %zu\n", i);
		unit_listen(&said);
		if (s->says)
			assert_fails(ppc64_prove_start(&image, &image.segment[1]), ENOSPC, s->says);
		else
			assert_int_equal(ppc64_prove_start(&image, &image.segment[1]), 0);
		unit_heard(&said);
		assert_string_equal(said.text, ""); /* what is refused is not warned of */
		image_free(&image);
		free((void *)fdt);
		free_machine(&m, &f);
	}
}

/* --- what it is likely to take --- */

/*
 * Of a guest with a hash MMU, which wants no alignment: what is free is exactly what it is likely
 * to take, and then one byte less.
 */
static const struct {
	uint64_t initrd, unpacked; /* bytes; the latter: what that is estimated to become */
	const char *start;	   /* of the initrd */
	const char *cmdline;
	uint32_t possible, cpus; /* the latter: that are counted */
	uint32_t page;
} amounts[] = {
	{ 0, 0, "", "irqpoll maxcpus=1", 8, 8, 65536 },
	{ 0, 0, "", "nr_cpus=", 16, 16, 65536 },
	{ 0, 0, "", "nr_cpus 1", 16, 16, 65536 },
	{ 0, 0, "", "nr_cpus=0", 16, 16, 65536 },
	{ 0, 0, "", "nr_cpus=1", 16, 8, 65536 },
	{ 0, 0, "", "nr_cpus=8", 24, 8, 65536 },
	{ 0, 0, "", "nr_cpus=9", 24, 16, 4096 },
	{ 0, 0, "", "nr_cpus=99", 24, 24, 4096 },
	{ 4, 4, "0707", "nr_cpus=1", 8, 8, 4096 },
	{ 4, 12, "0708", "nr_cpus=1", 8, 8, 4096 },
	{ 3, 9, "070", "nr_cpus=1", 8, 8, 65536 },
	{ MIB, MIB, "0707", "nr_cpus=1", 8, 8, 65536 },
	{ MIB, 3 * MIB, "\x1f\x8b", "nr_cpus=1", 8, 8, 65536 },
};

#define AMOUNT_MEMORY (768 * MIB)

/* Sums of the sizes that capture.c names, each with its file of Linux. */
static uint64_t likely_of(size_t i)
{
	uint64_t page = amounts[i].page, cpus = amounts[i].cpus;
	uint64_t stack = page > 16 * KIB ? page : 16 * KIB;
	uint64_t rtas = 64 * KIB + 256 * KIB, stacks = (1 + 2 + 2) * cpus * stack;
	uint64_t pacas = cpus * 8 * KIB, areas = cpus * (128 * KIB + page);

	return rtas + stacks + pacas + AMOUNT_MEMORY / page * 64 + areas + 24 * MIB +
		amounts[i].unpacked + 24 * MIB;
}

/* Free are these bytes: what is behind the vectors and the first page, the others at 512 MiB. */
static void say_likely(size_t i, uint64_t free_bytes, struct said *said)
{
	static const struct region region = { NULL, 512 * MIB, 256 * MIB, .rtas = true,
					      .real_mode = GIB };
	uint64_t behind = amounts[i].page == 65536 ? 0 : 32 * KIB;
	uint64_t at = 512 * MIB + free_bytes - behind;
	struct start start = { NULL, AMOUNT_MEMORY, .reserved = at,
			       .reserved_size = AMOUNT_MEMORY - at };
	uint8_t *initrd = mem_alloc(MIB);
	struct ppc64_facts f;
	struct machine m;
	struct image image;
	size_t size;
	const uint8_t *fdt;
	STRING_AUTO possible = mem_printf("0-%u", amounts[i].possible - 1);

	memset(initrd, 0, MIB);
	memcpy(initrd, amounts[i].start, strlen(amounts[i].start));
	make_machine(&m, &f, &region);
	idlist_free(&m.possible);
	assert_int_equal(idlist_parse(&m.possible, possible), 0);
	m.page_size = amounts[i].page;
	dt_set(&arena, dt_child(m.tree, "cpus")->children, "ibm,ppc-interrupt-server#s",
	       memset(arena_alloc(&arena, 32), 0, 32), 32);
	fdt = make_fdt(&start, &size);
	image_init(&image, &m);
	image.crash = true;
	image.cmdline = (char *)amounts[i].cmdline;
	image.segment[image.n_segments++] = (struct segment){ .name = "kernel",
							      .addr = 32 * MIB,
							      .memsz = 8 * MIB };
	image.segment[image.n_segments++] = (struct segment){
		.name = "fdt", .data = fdt, .bufsz = size, .addr = 40 * MIB, .memsz = 65536
	};
	if (amounts[i].initrd)
		image.segment[image.n_segments++] = (struct segment){ .role = ROLE_INITRD,
								      .name = "initrd",
								      .addr = 48 * MIB,
								      .data = initrd,
								      .bufsz = amounts[i].initrd,
								      .memsz = 64 * KIB };
	unit_listen(said);
	assert_int_equal(ppc64_prove_start(&image, &image.segment[1]), 0);
	unit_heard(said);
	image_free(&image);
	free((void *)fdt);
	free(initrd);
	free_machine(&m, &f);
}

static void likely_amounts(void **state)
{
	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		uint64_t likely = likely_of(i);
		STRING_AUTO want = mem_printf(
			"of about %llu KiB that it takes, its programs are 24576 KiB, where 24575"
			" KiB of its %llu KiB are left then; %suse a smaller initrd",
			(unsigned long long)(likely / KIB),
			(unsigned long long)((likely - 1) / KIB),
			amounts[i].cpus > 8 ?
				"give it fewer CPUs (nr_cpus=1 on its command line), " :
				"");

		print_message("# amount %zu\n", i);
		say_likely(i, likely, &said);
		assert_string_equal(said.text, "");
		say_likely(i, likely - 1, &said);
		if (!strstr(said.text, want))
			print_error("\"%s\" has no \"%s\"\n", said.text, want);
		assert_non_null(strstr(said.text, want));
	}
}

/* With a radix MMU its tables are counted, too: of memory that ends at a whole GiB, and not. */
static void likely_tables(void **state)
{
	static const struct {
		uint32_t bits;
		uint64_t end, kib;
	} rows[] = {
		{ 20, 0, 16384 }, { 19, 0, 8192 },	  { 33, 0, 16384 },
		{ 0, 0, 16384 },  { 32, 0, 64ull << 20 }, { 20, 16 * MIB, 16384 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct region region = { NULL,		512 * MIB,    512 * MIB,
					 .radix = true, .bare = true, .pid_bits = rows[i].bits };
		uint64_t memory = 2 * GIB + rows[i].end, gib = rows[i].end ? 3 : 2;
		struct start start = { NULL, memory, .reserved = 512 * MIB + 24 * MIB,
				       .reserved_size = memory };
		uint64_t likely = ((gib + 6) * 64 + rows[i].kib) * KIB + 5 * 8 * 64 * KIB +
			8 * 8 * KIB + memory / 65536 * 64 + 8 * 192 * KIB + 48 * MIB;
		STRING_AUTO want = mem_printf("of about %llu KiB that it takes, %s",
					      (unsigned long long)(likely / KIB),
					      rows[i].bits == 32 ? "its process table are" : "");
		struct ppc64_facts f;
		struct machine m;
		struct image image;
		struct said said;
		size_t size;
		const uint8_t *fdt;

		make_machine(&m, &f, &region);
		fdt = make_fdt(&start, &size);
		image_init(&image, &m);
		image.crash = true;
		image.cmdline = (char *)"";
		image.segment[image.n_segments++] = (struct segment){ .name = "kernel",
								      .addr = 32 * MIB,
								      .memsz = 8 * MIB };
		image.segment[image.n_segments++] = (struct segment){
			.name = "fdt", .data = fdt, .bufsz = size, .addr = 40 * MIB, .memsz = 65536
		};
		unit_listen(&said);
		assert_int_equal(ppc64_prove_start(&image, &image.segment[1]), 0);
		unit_heard(&said);
		if (!strstr(said.text, want))
			print_error("\"%s\" has no \"%s\"\n", said.text, want);
		assert_non_null(strstr(said.text, want));
		image_free(&image);
		free((void *)fdt);
		free_machine(&m, &f);
	}
}

/* --- what it is told is memory --- */

static struct dt_node *told_root(void)
{
	struct dt_node *root = arena_alloc(&arena, sizeof(*root));

	root->name = "";
	dt_set(&arena, root, "#address-cells", be32(2), 4);
	dt_set(&arena, root, "#size-cells", be32(2), 4);
	return root;
}

static void set_words(struct dt_node *node, const char *name, const uint32_t *words, size_t n)
{
	uint8_t *bytes = arena_alloc(&arena, 4 * n);

	for (size_t i = 0; i < n; i++)
		be32_put(bytes + 4 * i, words[i]);
	dt_set(&arena, node, name, bytes, 4 * n);
}

/* What is said of a kernel there, with @root for its FDT, whose reserve map is @reserve. */
static int prove_told(struct dt_node *root, const struct ranges *reserve, uint64_t kernel,
		      bool spoil_map)
{
	static const struct region region = { NULL, 512 * MIB, 512 * MIB, .real_mode = GIB };
	struct ppc64_facts f;
	struct machine m;
	struct image image;
	uint8_t *fdt;
	size_t size;
	int rc;

	make_machine(&m, &f, &region);
	assert_int_equal(dt_flatten(root, reserve, &fdt, &size), 0);
	if (spoil_map)
		memset(fdt + be32_get(fdt + 16) + 8, 0xff, 8);
	image_init(&image, &m);
	image.crash = true;
	image.cmdline = (char *)"nr_cpus=1";
	image.segment[image.n_segments++] = (struct segment){ .name = "kernel",
							      .addr = kernel,
							      .memsz = 8 * MIB };
	image.segment[image.n_segments++] = (struct segment){
		.name = "fdt", .data = fdt, .bufsz = size, .addr = kernel + 8 * MIB, .memsz = 65536
	};
	fail_forget();
	rc = ppc64_prove_start(&image, &image.segment[1]);
	image_free(&image);
	free(fdt);
	free_machine(&m, &f);
	return rc;
}

/*
 * LMBs of 256 MiB: two at 0, one at 512 MiB that is not there, one at 768 MiB; and what may be
 * used of each that is: a count, and pairs.
 */
#define NONE 0, 0
#define ALL_OF(n) 0, 1, 0, (n) << 28, 0, 1 << 28
#define LAST (784 * MIB)

static const struct {
	const char *says;
	int err;
	uint64_t kernel;
	size_t n; /* words; 0: the property is not there */
	uint32_t words[24];
} lmbs[] = {
	{ NULL, 0, LAST, 0, { 0 } },
	{ NULL, 0, 272 * MIB, 0, { 0 } },
	{ "kernel at 0x21000000", ENOSPC, 528 * MIB, 0, { 0 } },
	{ NULL, 0, LAST, 10, { NONE, NONE, ALL_OF(3) } },
	{ NULL, 0, 272 * MIB, 10, { NONE, ALL_OF(1), NONE } },
	{ NULL, 0, 16 * MIB, 10, { ALL_OF(0), NONE, NONE } },
	{ "kernel at 0x31000000", ENOSPC, LAST, 10, { ALL_OF(0), NONE, NONE } },
	{ NULL,
	  0,
	  LAST,
	  20,
	  { ALL_OF(0), NONE, 0, 2, 0, 0x30000000, 0, MIB, 0, 0x31000000, 0, 32 * MIB } },
	{ "linux,drconf-usable-memory ends too early",
	  EINVAL,
	  16 * MIB,
	  9,
	  { ALL_OF(0), NONE, NONE } },
	{ "linux,drconf-usable-memory ends too early", EINVAL, 16 * MIB, 8, { ALL_OF(0), NONE } },
	{ "linux,drconf-usable-memory ends too early",
	  EINVAL,
	  16 * MIB,
	  13,
	  { ALL_OF(0), NONE, 0, 2, 0, 0x30000000, 0 } },
	{ "linux,drconf-usable-memory ends too early",
	  EINVAL,
	  16 * MIB,
	  14,
	  { ALL_OF(0), NONE, 0, 2, 0, 0x30000000, 0, MIB } },
	{ "do not fit in 64 bits",
	  EOVERFLOW,
	  LAST,
	  18,
	  { 0, 2, UINT32_MAX, 0, 1, 0, 0, 0, 0, 1 << 28, NONE, ALL_OF(3) } },
	{ "do not fit in 64 bits",
	  EOVERFLOW,
	  LAST,
	  18,
	  { 0, 2, 0, 0, 0, 1 << 28, UINT32_MAX, 0, 1, 0, NONE, ALL_OF(3) } },
};

static void blocks_of_memory(void **state)
{
	static const uint32_t sets[] = { 3, 2, 0, 0, 0, 0,	    8, 1, 0, 0x20000000,
					 2, 0, 0, 1, 0, 0x30000000, 3, 0, 8 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lmbs); i++) {
		struct dt_node *root = told_root();
		struct dt_node *drconf = dt_add_child(&arena, root,
						      "ibm,dynamic-reconfiguration-memory");

		dt_set_u64(&arena, drconf, "ibm,lmb-size", 256 * MIB);
		set_words(drconf, "ibm,dynamic-memory-v2", sets, ARRAY_SIZE(sets));
		if (lmbs[i].n)
			set_words(drconf, "linux,drconf-usable-memory", lmbs[i].words, lmbs[i].n);
		print_message("# blocks %zu\n", i);
		if (lmbs[i].says)
			assert_fails(prove_told(root, &(struct ranges){ 0 }, lmbs[i].kernel, false),
				     lmbs[i].err, lmbs[i].says);
		else
			assert_int_equal(
				prove_told(root, &(struct ranges){ 0 }, lmbs[i].kernel, false), 0);
	}
}

static struct dt_node *told_memory(void)
{
	static const uint32_t all[] = { 0, 0, 0, 1 << 30 };
	struct dt_node *root = told_root(), *node = dt_add_child(&arena, root, "memory@0");

	dt_set(&arena, node, "device_type", "memory", 7);
	set_words(node, "reg", all, 4);
	return root;
}

/* Neither what is reserved in nodes nor what is so in the map is free; what is not understood is
 * refused, whatever follows it. */
static void reserved_memory(void **state)
{
	static const uint32_t all[] = { 0, 0, 0, 1 << 30 };
	struct dt_node *root, *node;
	RANGES_AUTO map = { 0 };

	(void)state;
	assert_int_equal(ranges_add(&map, MIB, MIB, "map"), 0);
	assert_int_equal(prove_told(told_memory(), &map, 64 * MIB, false), 0);
	assert_fails(prove_told(told_memory(), &map, 64 * MIB, true), EOVERFLOW,
		     "do not fit in 64 bits");

	root = told_memory();
	set_words(root, "reserved-ranges", all, 4);
	assert_fails(prove_told(root, &map, 64 * MIB, false), ENOSPC, "0x0 are free for it there");

	for (unsigned int sound = 0; sound < 2; sound++) {
		root = told_memory();
		if (!sound)
			set_words(root, "reserved-ranges", all, 3);
		node = dt_add_child(&arena, root, "reserved-memory");
		set_words(node, "#address-cells", (uint32_t[]){ 2 }, 1);
		set_words(node, "#size-cells", (uint32_t[]){ 2 }, 1);
		set_words(dt_add_child(&arena, node, "r@0"), "reg", all, 4);
		if (sound)
			assert_fails(prove_told(root, &map, 64 * MIB, false), ENOSPC,
				     "0x0 are free for it there");
		else
			assert_fails(prove_told(root, &map, 64 * MIB, false), EINVAL,
				     "reserved-ranges has 12 bytes");
	}

	root = told_memory();
	dt_set(&arena, root, "#size-cells", "123", 3);
	assert_fails(prove_told(root, &map, 64 * MIB, false), EINVAL, "#size-cells");
	root = told_memory();
	set_words(root->children, "reg", all, 3);
	assert_fails(prove_told(root, &map, 64 * MIB, false), EINVAL, "reg has 12 bytes");
}

/* However many ranges there are: eight are as many as the first allocation of a list has. */
static void many_pieces(void **state)
{
	uint32_t reg[8 * 4] = { 0 }, reserved[3 * 4] = { 0 };
	RANGES_AUTO map = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct dt_node *root = told_memory();

		for (uint32_t j = 0; j < 8; j++) {
			reg[4 * j + 1] = 64 * MIB * j;
			reg[4 * j + 3] = 48 * MIB;
		}
		for (uint32_t j = 0; j < 3; j++) {
			reserved[4 * j + 1] = 128 * MIB + 64 * MIB * j;
			reserved[4 * j + 3] = MIB;
		}
		set_words(root->children, "reg", reg, 32);
		set_words(root, "reserved-ranges", reserved, 12);
		ranges_add(&map, 64 * KIB + 256 * KIB * i, 64 * KIB, "map");
		assert_int_equal(prove_told(root, &map, 64 * MIB, false), 0);
	}
}

/* --- the piece that is left to it --- */

static const struct {
	struct region region;
	uint64_t usable;		/* the capture kernel's memory: [0, usable) */
	struct range free[2], spare;
} spares[] = {
	/* The highest with room above, not that which page tables and FDT take from. */
	{ { .radix = true }, GIB, { { 512 * MIB, 768 * MIB, "" } }, { 752 * MIB, 760 * MIB, "" } },
	{ { .radix = true }, GIB, { { 127 * MIB, 144 * MIB, "" } }, { 128 * MIB, 136 * MIB, "" } },
	{ { .radix = true },
	  GIB,
	  { { 512 * MIB, 768 * MIB, "" }, { 800 * MIB, 801 * MIB, "" } },
	  { 760 * MIB, 768 * MIB, "" } },
	{ { .radix = true },
	  GIB,
	  { { 512 * MIB, 768 * MIB, "" }, { 800 * MIB, 801 * MIB - 1, "" } },
	  { 752 * MIB, 760 * MIB, "" } },
	{ { .radix = true },
	  GIB,
	  { { 512 * MIB, 523 * MIB, "" }, { 525 * MIB, 535 * MIB, "" } },
	  { 512 * MIB, 520 * MIB, "" } },
	/* Without room above any of them, the highest all the same. */
	{ { .radix = true }, GIB, { { 510 * MIB, 520 * MIB, "" } }, { 512 * MIB, 520 * MIB, "" } },
	{ { .radix = true }, GIB, { { 513 * MIB, 527 * MIB, "" } }, { 0 } },
	{ { .radix = true }, GIB, { { 0, 8 * MIB, "" } }, { 0, 8 * MIB, "" } },
	{ { .radix = true }, GIB, { { 0, 16 * MIB, "" } }, { 0, 8 * MIB, "" } },
	{ { .radix = true }, GIB, { { 512 * MIB, 528 * MIB, "" } }, { 512 * MIB, 520 * MIB, "" } },
	{ { .radix = true },
	  GIB,
	  { { 512 * MIB, 528 * MIB, "" }, { 600 * MIB, 608 * MIB, "" } },
	  { 520 * MIB, 528 * MIB, "" } },
	{ { .radix = true }, GIB, { { 0 } }, { 0 } },
	/* A hash table, of 1 MiB here; the hypervisor has a guest's. */
	{ { .bare = true }, GIB, { { 512 * MIB, 768 * MIB, "" } }, { 766 * MIB, 767 * MIB, "" } },
	{ { .bare = true },
	  2 * GIB,
	  { { 512 * MIB, 767 * MIB, "" } },
	  { 764 * MIB, 766 * MIB, "" } },
};

static void pieces_are_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spares); i++) {
		struct ppc64_facts f;
		struct machine m;
		struct image image;

		make_machine(&m, &f, &spares[i].region);
		image_init(&image, &m);
		assert_int_equal(ranges_add(&image.usable, 0, spares[i].usable, "memory"), 0);
		for (size_t j = 0; j < ARRAY_SIZE(spares[i].free) && spares[i].free[j].end; j++)
			ranges_add(&image.free, spares[i].free[j].start,
				   spares[i].free[j].end - spares[i].free[j].start, "free");
		print_message("# spare %zu\n", i);
		ppc64_leave_piece(&image);
		assert_int_equal(image.spare.start, spares[i].spare.start);
		assert_int_equal(image.spare.end, spares[i].spare.end);
		image_free(&image);
		free_machine(&m, &f);
	}
}

/* A guest with a hash MMU wants whole pages for RTAS: they are everywhere. */
static void no_piece_of_a_guest(void **state)
{
	static const struct region guest = { .rtas = true, .real_mode = GIB };
	struct ppc64_facts f;
	struct machine m;
	struct image image;

	(void)state;
	make_machine(&m, &f, &guest);
	image_init(&image, &m);
	assert_int_equal(ranges_add(&image.usable, 0, GIB, "memory"), 0);
	assert_int_equal(ranges_add(&image.free, 512 * MIB, MIB, "free"), 0);
	ppc64_leave_piece(&image);
	assert_int_equal(image.spare.end, 0);
	image_free(&image);
	free_machine(&m, &f);
}

/* Less than 16 MiB Linux does not cut, more to the lowest whole ones. */
static void memory_is_cut(void **state)
{
	RANGES_AUTO memory = {0};

	(void)state;
	assert_true(ppc64_memory_cut(&memory) == UINT64_MAX);
	ranges_add(&memory, 0, 16 * MIB - 1, "m");
	assert_true(ppc64_memory_cut(&memory) == UINT64_MAX);
	ranges_add(&memory, 16 * MIB - 1, 1, "m");
	assert_int_equal(ppc64_memory_cut(&memory), 16 * MIB);
	ranges_clip(&memory, 0, 16 * MIB - 1);
	ranges_add(&memory, GIB, MIB, "m");
	assert_int_equal(ppc64_memory_cut(&memory), GIB + 1);
	ranges_add(&memory, 2 * GIB, 16 * MIB, "m");
	assert_int_equal(ppc64_memory_cut(&memory), 2 * GIB + 15 * MIB + 1);
}

/* --- what is no kernel, or no machine, for it --- */

enum { HEAD = 0x100, ELF_PPC64 = 21 };

/* A kernel in one piece, with this word where it is told whether to stay. */
struct given {
	struct ppc64_facts facts;
	struct machine m;
	struct image image;
	struct kernel_piece piece;
	uint8_t bytes[HEAD];
};

static void give_word(struct given *g, uint32_t word, bool little)
{
	bytes_put(g->bytes + PPC64_RUN_AT_LOAD, word, 4, little);
	g->image.kernel.little = g->m.little = little;
}

static void give(struct given *g)
{
	*g = (struct given){ .piece = { .addr = 32 * MIB, .filesz = HEAD, .memsz = MIB } };
	g->m = (struct machine){ .arch = arch_find("ppc64le"),
				 .arch_facts = &g->facts,
				 .page_size = 65536,
				 .real_mode_limit = GIB,
				 .crash = { 512 * MIB, 768 * MIB, "crash" } };
	g->m.tree = cpu_tree(&regions[0]);
	dt_add_child(&arena, g->m.tree, "chosen");
	assert_int_equal(ranges_add(&g->m.ram, 0, 2 * GIB, "RAM"), 0);
	image_init(&g->image, &g->m);
	g->piece.data = g->bytes;
	g->image.kernel = (struct kernel){ .bits = 64,
					   .elf_machine = ELF_PPC64,
					   .virtual = PPC64_PAGE_OFFSET,
					   .piece = &g->piece,
					   .n_pieces = 1,
					   .low = 32 * MIB,
					   .high = 64 * MIB };
	give_word(g, PPC64_RUN_AT_LOAD_OFF, true);
}

static void take_back(struct given *g)
{
	g->image.kernel.piece = NULL;
	ranges_free(&g->m.ram);
	ranges_free(&g->facts.rtas);
	image_free(&g->image);
	arena_free(&arena);
}

static void machines_that_boot_none(void **state)
{
	struct given g;

	(void)state;
	for (unsigned int crash = 0; crash < 2; crash++) {
		give(&g);
		g.image.crash = crash;
		assert_int_equal(ppc64_needs(&g.image), 0);
		g.m.ram.at[0].start = MIB;
		if (crash)
			assert_fails(ppc64_needs(&g.image), EINVAL,
				     "memory begins at 0x100000, not at 0");
		else
			assert_int_equal(ppc64_needs(&g.image), 0);
		g.m.ram.n = 0;
		assert_fails(ppc64_needs(&g.image), EINVAL, "there is no memory in it");
		g.m.tree = arena_alloc(&arena, sizeof(*g.m.tree));
		g.m.tree->name = "";
		assert_fails(ppc64_needs(&g.image), EINVAL, "there is no /cpus node");
		take_back(&g);
	}
}

/* Only the running kernel knows the password of the keystore; a capture kernel does not ask. */
static void passwords_are_lost(void **state)
{
	struct given g;
	struct said said;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		give(&g);
		g.image.crash = i & 1;
		g.facts.keystore = i & 2;
		unit_listen(&said);
		assert_int_equal(ppc64_needs(&g.image), 0);
		unit_heard(&said);
		assert_int_equal(strstr(said.text, "keystore") != NULL, i == 2);
		take_back(&g);
	}
}

static void kernels_are_for_this_machine(void **state)
{
	struct given g;
	struct kernel *k = &g.image.kernel;

	(void)state;
	give(&g);
	k->bits = 32;
	assert_fails(ppc64_needs(&g.image), ENOEXEC, "is a 32 bit ELF file");
	k->bits = 64;
	k->elf_machine = 62;
	assert_fails(ppc64_needs(&g.image), ENOEXEC, "is for ELF machine 62, this machine is 21");
	k->elf_machine = ELF_PPC64;
	k->virtual = PPC64_PAGE_OFFSET - 1;
	assert_fails(ppc64_needs(&g.image), ENOEXEC, "is linked to run at 0xbfffffffffffffff");
	k->virtual = PPC64_PAGE_OFFSET + 5 * GIB;
	assert_int_equal(ppc64_needs(&g.image), 0);
	g.piece.filesz = HEAD - 1;
	assert_fails(ppc64_needs(&g.image), ENOEXEC, "there is no code to start");
	g.piece.filesz = HEAD;
	k->little = false;
	assert_int_equal(ppc64_needs(&g.image), 0);
	g.image.crash = true;
	assert_fails(ppc64_needs(&g.image), ENOEXEC, "is big-endian, unlike the running kernel");
	take_back(&g);
}

static void flat_kernels_tell_their_order(void **state)
{
	struct given g;

	(void)state;
	for (unsigned int little = 0; little < 2; little++) {
		give(&g);
		give_word(&g, PPC64_RUN_AT_LOAD_OFF, little);
		g.image.kernel.flat = true;
		g.image.kernel.little = !little;
		g.image.kernel.bits = g.image.kernel.elf_machine = 0;
		assert_int_equal(ppc64_needs(&g.image), 0);
		assert_int_equal(g.image.kernel.little, little);
		assert_int_equal(g.image.kernel.elf_machine, ELF_PPC64);
		give_word(&g, 1, little);
		assert_fails(ppc64_needs(&g.image), ENOEXEC,
			     "neither an ELF file nor a flat relocatable");
		g.piece.filesz = PPC64_RUN_AT_LOAD + 3;
		assert_fails(ppc64_needs(&g.image), ENOEXEC,
			     "neither an ELF file nor a flat relocatable");
		take_back(&g);
	}
}

/* A capture kernel is told to stay where it is, if it knows that word; else it cannot move. */
static void kernels_are_told_to_stay(void **state)
{
	static const struct { uint32_t word; bool knows; } rows[] = {
		{ PPC64_RUN_AT_LOAD_OFF, true }, { 1, true }, { 0, false }, { 2, false },
		{ PPC64_RUN_AT_LOAD_OFF + 1, false },
	};

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(rows); i++) {
		bool little = i & 1, crash = i & 2;
		uint32_t word = rows[i / 4].word;
		struct given g;

		give(&g);
		give_word(&g, word, little);
		g.image.crash = crash;
		assert_int_equal(ppc64_needs(&g.image), 0);
		assert_int_equal(g.image.kernel.relocatable, !crash || rows[i / 4].knows);
		assert_int_equal(bytes_get(g.bytes + PPC64_RUN_AT_LOAD, 4, little),
				 crash && rows[i / 4].knows ? 1 : word);
		take_back(&g);
	}
}

static void old_initrds_stay(void **state)
{
	static const struct {
		uint64_t start, end;
		const char *text;
		int err;
	} rows[] = {
		{ 32 * MIB, 33 * MIB, NULL, 0 },
		{ 0, 0, "does not say where", ENOENT },
		{ 64 * MIB, 64 * MIB, "does not say where", ENOENT },
		{ 64 * MIB, 63 * MIB, "does not say where", ENOENT },
		{ 32 * MIB - 1, 33 * MIB, "at 0x1ffffff is where the new kernel will run", ENOSPC },
	};
	struct given g;
	struct dt_node *chosen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		give(&g);
		chosen = (struct dt_node *)dt_child(g.m.tree, "chosen");
		g.image.request.reuse_initrd = true;
		assert_fails(ppc64_needs(&g.image), ENOENT, "does not say where");
		dt_set_u64(&arena, chosen, "linux,initrd-end", rows[i].end);
		assert_fails(ppc64_needs(&g.image), ENOENT, "does not say where");
		dt_set_u64(&arena, chosen, "linux,initrd-start", rows[i].start);
		if (rows[i].text)
			assert_fails(ppc64_needs(&g.image), rows[i].err, rows[i].text);
		else
			assert_int_equal(ppc64_needs(&g.image), 0);
		assert_int_equal(g.image.old_initrd.start, rows[i].start);
		g.image.request.reuse_initrd = false;
		assert_int_equal(ppc64_needs(&g.image), 0);
		g.image.request.reuse_initrd = true;
		g.m.tree = cpu_tree(&regions[0]);
		assert_fails(ppc64_needs(&g.image), ENOENT, "does not say where");
		take_back(&g);
	}
}

/* --- where it may go --- */

static const struct {
	bool crash, rtas;
	uint64_t limit, align, kernel_end, size, crash_start;	/* in MiB */
	uint64_t want_align, below, above;			/* in KiB, MiB, MiB */
	bool top_down;
} places[] = {
	{ false, true, 8192, 0, 48, 32, 512, 64, 8192, 48, false },
	{ false, true, 8192, 2, 0, 32, 512, 2048, 8192, 256, false },
	{ false, true, 8192, 0, 48, 49, 512, 64, 8192, 49, false },
	{ true, true, 8192, 0, 48, 32, 512, 64, 4096, 48, false },
	{ true, false, 8192, 0, 48, 32, 512, 64, 8192, 48, false },
	{ true, true, 4096, 0, 48, 32, 512, 64, 4096, 48, false },
	{ true, true, 1024, 0, 48, 32, 900, 64, 1024, 48, true },
	{ true, true, 1024, 0, 48, 32, 768, 64, 1024, 48, false },
	{ true, true, 1024, 0, 48, 32, 1024, 64, 1024, 48, false },
	{ false, true, 1024, 0, 48, 32, 900, 64, 1024, 48, false },
};

static void kernels_have_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct given g;

		give(&g);
		g.image.crash = places[i].crash;
		g.image.kernel.align = places[i].align * MIB;
		g.image.kernel.high = g.image.kernel.low + places[i].size * MIB;
		g.m.kernel_end = places[i].kernel_end * MIB;
		g.m.real_mode_limit = places[i].limit * MIB;
		g.m.crash = (struct range){ places[i].crash_start * MIB,
					    (places[i].crash_start + 256) * MIB, "" };
		if (places[i].rtas)
			assert_int_equal(ranges_add(&g.facts.rtas, 256 * MIB, MIB, "RTAS"), 0);
		print_message("# place %zu\n", i);
		assert_int_equal(ppc64_needs(&g.image), 0);
		assert_int_equal(g.image.needs.kernel_align, places[i].want_align * KIB);
		assert_int_equal(g.image.needs.kernel_below, places[i].below * MIB);
		assert_int_equal(g.image.needs.below, places[i].limit * MIB);
		assert_int_equal(g.image.needs.above, places[i].above * MIB);
		assert_int_equal(g.image.needs.top_down, places[i].top_down);
		assert_int_equal(g.image.needs.cmdline_max, 2047);
		take_back(&g);
	}
}

/* --- its command line --- */

static const struct {
	const char *running, *dtb;	/* bootargs of the live tree, of --dtb's; NULL: none */
	const char *given;
	bool no_old_root, reuse;
	const char *want;
} lines[] = {
	{ "quiet root=/dev/a x", NULL, "one two", false, false, "root=/dev/a one two" },
	{ "quiet root=/dev/a x", NULL, NULL, false, false, "root=/dev/a" },
	{ "quiet root=/dev/a x", NULL, "root=/dev/b", false, false, "root=/dev/b" },
	{ "quiet root=/dev/a x", NULL, "one", true, false, "one" },
	{ "quiet", NULL, "one", false, false, "one" },
	{ NULL, NULL, "one", false, false, "one" },
	{ "root=/dev/a", "root=/dev/c y", NULL, false, false, "root=/dev/c y" },
	{ "root=/dev/a", "root=/dev/c y", "one", false, false, "root=/dev/a one" },
	{ "root=/dev/a", "root=/dev/c y", NULL, false, true, "root=/dev/a running" },
	{ "root=/dev/a", "", NULL, false, false, "root=/dev/a" },
};

static void give_bootargs(struct dt_node *tree, const char *text)
{
	if (text)
		dt_set(&arena, (struct dt_node *)dt_child(tree, "chosen"), "bootargs", text,
		       strlen(text) + 1);
}

static void command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct given g;

		give(&g);
		g.m.cmdline = (char *)"running";
		give_bootargs(g.m.tree, lines[i].running);
		if (lines[i].dtb) {
			g.image.dtb_tree = cpu_tree(&regions[0]);
			assert_string_equal(ppc64_cmdline(&g.image),
					    "root=/dev/a"); /* it has no /chosen */
			dt_add_child(&arena, g.image.dtb_tree, "chosen");
			assert_string_equal(ppc64_cmdline(&g.image),
					    "root=/dev/a"); /* and no bootargs */
			give_bootargs(g.image.dtb_tree, lines[i].dtb);
		}
		g.image.request.cmdline = lines[i].given;
		g.image.request.no_old_root = lines[i].no_old_root;
		g.image.request.reuse_cmdline = lines[i].reuse;
		assert_string_equal(ppc64_cmdline(&g.image), lines[i].want);
		take_back(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crash_regions),
		cmocka_unit_test(odd_pid_bits),
		cmocka_unit_test(finished_images),
		cmocka_unit_test(likely_amounts),
		cmocka_unit_test(likely_tables),
		cmocka_unit_test(blocks_of_memory),
		cmocka_unit_test(reserved_memory),
		cmocka_unit_test(many_pieces),
		cmocka_unit_test(memory_is_cut),
		cmocka_unit_test(pieces_are_left),
		cmocka_unit_test(no_piece_of_a_guest),
		cmocka_unit_test(machines_that_boot_none),
		cmocka_unit_test(passwords_are_lost),
		cmocka_unit_test(kernels_are_for_this_machine),
		cmocka_unit_test(flat_kernels_tell_their_order),
		cmocka_unit_test(kernels_are_told_to_stay),
		cmocka_unit_test(old_initrds_stay),
		cmocka_unit_test(kernels_have_places),
		cmocka_unit_test(command_lines),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
