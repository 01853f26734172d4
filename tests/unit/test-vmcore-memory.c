// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: what of a kernel's memory is read where, by either way to it, against plain models
 * that go by one address at a time; and what a file is, by its first bytes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/unit.h"
#include "vmcore-dmesg/vmcore.h"

static unsigned int seed = 1;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

/* --- what is read where --- */

enum { PAGE = 4096, PAGES = 36, WORLD = PAGES * PAGE };
enum state { NOWHERE, CUT, LEFT_OUT, HELD };

/*
 * A dump with two ways to what it holds: by virtual addresses, which may begin at the end of the
 * address space and go on at 0, and by physical ones.
 */
static struct world {
	uint64_t start[2];		/* of the virtual and of the physical addresses */
	uint8_t state[2][WORLD], byte[2][WORLD];
	uint64_t mask;
	uint64_t piece;			/* none goes beyond a multiple of so many bytes */
	uint64_t n_read;		/* bytes that were read so far */
	bool mapped, tells_gaps;
	unsigned int closed;
	unsigned int fails;		/* this piece and all after it, if it is not 0 */
} world;

static bool in_world(uint64_t address, bool by_physical, uint64_t *i)
{
	*i = address - world.start[by_physical];
	if (!by_physical)
		*i &= world.mask;
	return *i < WORLD && (by_physical || address <= world.mask);
}

static enum state state_at(uint64_t address, bool by_physical)
{
	uint64_t i;

	return in_world(address, by_physical, &i) ? world.state[by_physical][i] : NOWHERE;
}

static size_t world_piece(struct vmcore *core, uint64_t address, bool by_physical, void *buf,
			  size_t len, const uint8_t **at)
{
	uint64_t i, room = world.piece - address % world.piece, end;
	size_t n = 0;

	(void)core;
	if (!in_world(address, by_physical, &i) || (!buf && !world.mapped))
		return 0;
	if (world.fails && (world.fails == 1 || !--world.fails))
		return 0;
	end = by_physical ? UINT64_MAX : world.mask;
	while (n < len && n < room && n <= end - address && i + n < WORLD &&
	       world.state[by_physical][i + n] == HELD)
		n++;
	if (buf)
		memcpy(buf, &world.byte[by_physical][i], n);
	else
		*at = &world.byte[by_physical][i];
	world.n_read += buf ? n : 0;
	return n;
}

static bool world_covers(struct vmcore *core, uint64_t address, bool by_physical)
{
	(void)core;
	return state_at(address, by_physical) != NOWHERE;
}

static bool world_left_out(struct vmcore *core, uint64_t address, bool by_physical)
{
	(void)core;
	return state_at(address, by_physical) == LEFT_OUT;
}

static uint64_t world_gap(struct vmcore *core, uint64_t address, bool by_physical)
{
	enum state state = state_at(address, by_physical);
	uint64_t n = 0, i, start = world.start[by_physical];

	(void)core;
	if (!world.tells_gaps || state == HELD || state == CUT)
		return 0;
	while (in_world(address + n, by_physical, &i) && address + n >= address &&
	       world.state[by_physical][i] == state)
		n++;
	if (state == LEFT_OUT || in_world(address + n, by_physical, &i))
		return n;
	return start > address ? start - address : UINT64_MAX - address;
}

static void world_close(struct vmcore *core)
{
	(void)core;
	world.closed++;
}

static const struct vmcore_format world_format = {
	.close = world_close, .piece = world_piece, .covers = world_covers,
	.left_out = world_left_out, .gap = world_gap,
};

/* What is in it, in runs of @run bytes; what is cut off is pages, as rules are for. */
static void world_fill(bool by_physical, uint64_t run)
{
	unsigned int state = HELD, zero = 0, salt = any(1 << 20);

	for (uint64_t i = 0; i < WORLD; i++) {
		if (i % run == 0)
			state = any(4) ? HELD : any(HELD);
		if (i % 256 == 0)
			zero = any(2);
		state = state == CUT && run != PAGE ? NOWHERE : state;
		world.state[by_physical][i] = (uint8_t)state;
		world.byte[by_physical][i] = zero ? 0 : (uint8_t)((i ^ salt) * 40503 >> 5) % 3;
	}
}

/* For some pages from this one on; returns where the next one may begin. */
static unsigned int add_rule(struct vmcore *core, unsigned int page)
{
	unsigned int from = page + any(PAGES - page), end = from + 1 + any(PAGES - from);
	uint64_t first = (world.start[0] + from * PAGE) & world.mask;
	uint64_t last = (world.start[0] + end * PAGE - 1) & world.mask;
	uint64_t to = any(2) ? from : any(PAGES + 2) - UINT64_C(1);

	core->direct[core->n_direct++] = (struct vmcore_direct){
		first, last < first ? world.mask : last, world.start[1] + to * PAGE - first,
	};
	return end;
}

static void world_make(struct vmcore *core)
{
	static const uint64_t starts[] = { 0, 0xc0100000, 0x40000000 };
	uint64_t run, end;

	*core = (struct vmcore){ .format = &world_format, .word = any(2) ? 4 : 8,
				 .rules_first = any(2), .little = any(2) };
	world = (struct world){ .mapped = any(2), .tells_gaps = any(4) };
	world.mask = core->word == 4 ? UINT32_MAX : UINT64_MAX;
	world.start[0] = any(2) ? starts[any(ARRAY_SIZE(starts))] :
				  (-(uint64_t)PAGE * any(PAGES)) & world.mask;
	world.start[1] = any(4) == 0 ? world.start[0] : any(2) ? 0x200000 : UINT64_C(1) << 40;
	world.piece = any(2) ? WORLD : 700;
	run = world.tells_gaps && any(2) ? 1 + any(2000) : PAGE;
	if (any(8) == 0)
		run = WORLD;
	world_fill(false, run);
	world_fill(true, run);
	end = world.mask - world.start[0] + 1;	/* of the address space, if it is in the world */
	if (end <= WORLD && any(2))
		memset(world.state[0] + end / 2, NOWHERE, (size_t)(end - end / 2));
	for (unsigned int page = any(3) ? 0 : PAGES; page < PAGES && core->n_direct < 4;)
		page = add_rule(core, page);
}

/* --- one address at a time --- */

static struct {
	enum state state;
	const uint8_t *at;
} known[WORLD + 8];

static bool way_leads(const struct vmcore *core, bool rule, uint64_t va, uint64_t *i)
{
	uint64_t address = va;
	unsigned int d = 0;

	while (rule && d < core->n_direct &&
	       (va < core->direct[d].first || va > core->direct[d].last))
		d++;
	if (rule && d == core->n_direct)
		return false;
	if (rule)
		address += core->direct[d].add;
	return in_world(address, rule, i) && world.state[rule][*i] != NOWHERE;
}

/* The way that is believed, or, where that leads nowhere, the other. */
static void know(const struct vmcore *core)
{
	for (uint64_t n = 0; n < WORLD + 8; n++) {
		uint64_t va = (world.start[0] + n) & world.mask, i;
		bool rule = core->rules_first;

		known[n].state = NOWHERE;
		known[n].at = NULL;
		if (!way_leads(core, rule, va, &i)) {
			rule = !rule;
			if (!way_leads(core, rule, va, &i))
				continue;
		}
		known[n].state = world.state[rule][i];
		known[n].at = &world.byte[rule][i];
	}
}

static uint64_t held(uint64_t i, uint64_t len)
{
	uint64_t n = 0;

	while (n < len && i + n < WORLD && known[i + n].state == HELD)
		n++;
	return n;
}

static void expect_bytes(const uint8_t *d, uint64_t i, uint64_t len)
{
	uint64_t n = 0;

	while (n < len && d[n] == *known[i + n].at)
		n++;
	assert_int_equal(n, len);
}

static uint64_t va_of(uint64_t i)
{
	return world.start[0] + i;	/* which may be more than the mask lets through */
}

static void memory_read(void **state)
{
	static uint8_t d[WORLD];

	(void)state;
	for (unsigned int times = 0; times < 60; times++) {
		struct vmcore core;

		world_make(&core);
		know(&core);
		for (unsigned int k = 0; k < 50; k++) {
			uint64_t i = any(WORLD), len = any(8) ? any(3 * PAGE) : WORLD;
			size_t n;

			len = len < WORLD - i ? len : WORLD - i;
			n = vmcore_read(&core, va_of(i), d, (size_t)len);
			assert_int_equal(n, held(i, len));
			expect_bytes(d, i, n);
		}
	}
}

/* Zeroes where a page was left out for being of them, from there on. */
static void value_at(struct vmcore *core, uint64_t i, size_t size)
{
	uint64_t v = 1, want = 0, n = held(i, size);

	for (uint64_t k = 0; k < n; k++)
		want |= (uint64_t)*known[i + k].at << 8 * (core->little ? k : size - 1 - k);
	if (n == size || known[i + n].state == LEFT_OUT) {
		assert_int_equal(vmcore_value(core, va_of(i), size, &v), 0);
		assert_int_equal(v, want);
	} else {
		STRING_AUTO words = mem_printf("address 0x%" PRIx64 " is not in the dump",
					       va_of(i));

		assert_fails(vmcore_value(core, va_of(i), size, &v), EFAULT, words);
		assert_int_equal(v, 1);
	}
}

static void memory_values(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 60; times++) {
		struct vmcore core;

		world_make(&core);
		know(&core);
		for (unsigned int k = 0; k < 500; k++)
			value_at(&core, any(WORLD), 1 + any(8));
		for (uint64_t page = PAGE; page < WORLD; page += PAGE)
			value_at(&core, page - any(8), 1 + any(8));
	}
}

/* By its symbol, and as wide as the kernel's pointers are. */
static void memory_variables(void **state)
{
	uint64_t v;

	(void)state;
	for (unsigned int word = 4; word <= 8; word += 4) {
		struct vmcore core = { .format = &world_format, .word = word, .little = true };

		world = (struct world){ .mask = vmcore_word_mask(&core), .piece = WORLD };
		memset(world.state, HELD, sizeof(world.state));
		memset(world.byte, 0x11, sizeof(world.byte));
		core.info.text = "SYMBOL(a)=20\nSYMBOL(b)=fffff\n";
		assert_int_equal(vmcore_variable(&core, "a", 2, &v), 0);
		assert_int_equal(v, 0x1111);
		assert_int_equal(vmcore_pointer_variable(&core, "a", &v), 0);
		assert_int_equal(v, 0x1111111111111111 & world.mask);
		assert_int_equal(vmcore_pointer(&core, 0x20, &v), 0);
		assert_int_equal(v, 0x1111111111111111 & world.mask);
		assert_fails(vmcore_pointer_variable(&core, "b", &v), EFAULT,
			     "address 0xfffff is not in the dump");
		assert_fails(vmcore_variable(&core, "c", 2, &v), ENOENT, "lacks SYMBOL(c)");
	}
}

/* --- spans --- */

static bool span_begins(struct span *s, struct vmcore *core, uint64_t i, uint64_t size)
{
	bool covered = size && known[i].state != NOWHERE && known[i + size - 1].state != NOWHERE;
	STRING_AUTO words = mem_printf("some array, 0x%" PRIx64 " bytes at address 0x%" PRIx64
				       ", is not in the dump", size, va_of(i));

	if (covered)
		assert_int_equal(span_init(s, core, "some array", va_of(i), size), 0);
	else
		assert_fails(span_init(s, core, "some array", va_of(i), size), EFAULT, words);
	return covered;
}

/* As far as it is one piece of the file, where that is mapped. */
static void expect_map(const struct span *s, uint64_t i, uint64_t size)
{
	uint64_t n = 0, most = world.mapped ? held(i, size) : 0;

	while (n < most && known[i + n].at == known[i].at + n)
		n++;
	assert_int_equal(s->mapped, n);
	if (n)
		assert_ptr_equal(s->map, known[i].at);
}

/* What has been read once is not read again. */
static void expect_kept(struct span *s, uint64_t i, uint64_t offset)
{
	uint64_t n = held(i + offset, s->size - offset < SPAN_PIECE ? s->size - offset :
			  SPAN_PIECE), n_read;

	if (!span_at(s, offset, 1) || offset < s->mapped)
		return;
	n_read = world.n_read;
	assert_non_null(span_at(s, offset, 1));
	assert_non_null(span_at(s, offset + n - 1, 1));
	assert_non_null(span_at(s, offset, (size_t)n));
	assert_int_equal(world.n_read, n_read);
}

static void expect_at(struct span *s, uint64_t i, uint64_t offset, uint64_t len)
{
	const uint8_t *d = span_at(s, offset, (size_t)len);
	bool inside = offset <= s->size && len <= s->size - offset, has = inside &&
		held(i + offset, len) == len;

	if (len > SPAN_PIECE && !(has && offset + len <= s->mapped))
		has = false;
	assert_int_equal(d != NULL, has);
	if (has)
		expect_bytes(d, i + offset, len);
}

static void span_anywhere(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 120; times++) {
		struct vmcore core;
		struct span s = {0};
		uint64_t i = any(4) ? any(WORLD) : 0, size;

		world_make(&core);
		know(&core);
		size = any(WORLD - (unsigned int)i + 1);
		size = any(2) ? size % (2 * PAGE) : size;
		if (!span_begins(&s, &core, i, size))
			continue;
		expect_map(&s, i, size);
		expect_kept(&s, i, any((unsigned int)size));
		for (unsigned int k = 0; k < 40; k++) {
			const uint64_t lengths[] = { 1 + any(64), 1 + any(PAGE), SPAN_PIECE,
						     SPAN_PIECE + 1 };
			uint64_t len = lengths[any(ARRAY_SIZE(lengths))];
			uint64_t offset = any((unsigned int)size + 2);

			expect_at(&s, i, offset, len);
			if (offset < size)
				expect_at(&s, i, offset, size - offset);
		}
		expect_at(&s, i, UINT64_MAX, 1);
		span_free(&s);
		span_free(&s);
	}
}

/* All of it is there, and as much of it can be had at once as there is room for. */
static void span_large(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 8; times++) {
		struct vmcore core = { .format = &world_format, .word = 8 };
		struct span s;

		world = (struct world){ .mask = UINT64_MAX, .mapped = times & 1,
					.start = { 0x10000 }, .piece = times & 2 ? WORLD : 700 };
		world_fill(false, PAGE);
		memset(world.state[0], HELD, WORLD);
		know(&core);
		assert_true(span_begins(&s, &core, 0, WORLD));
		expect_map(&s, 0, WORLD);
		expect_kept(&s, 0, times & 4 ? WORLD - SPAN_PIECE - 1 : WORLD - SPAN_PIECE);
		for (uint64_t offset = 0; offset <= WORLD - SPAN_PIECE; offset += PAGE) {
			expect_at(&s, 0, offset, SPAN_PIECE);
			expect_at(&s, 0, offset, SPAN_PIECE + 1);
			expect_at(&s, 0, WORLD - offset, offset + 1);
		}
		span_free(&s);
	}
}

static bool all_zero(uint64_t i, uint64_t len)
{
	uint64_t n = 0;

	while (n < len && !*known[i + n].at)
		n++;
	return n == len;
}

/* A part that begins at @i of the world, where at most @most bytes are wanted. */
static void expect_part(const struct vmcore *core, const uint8_t *d, uint64_t i, uint64_t len,
			uint64_t most)
{
	uint64_t block = SPAN_BLOCK - va_of(i) % SPAN_BLOCK, n = 0;
	enum state state = known[i].state;

	assert_in_range(len, 1, most);
	if (state == HELD) {
		block = block < most ? block : most;
		assert_in_range(len, held(i, block) == block ? block : 1, block);
		assert_int_equal(held(i, len), len);
		assert_int_equal(d == NULL, all_zero(i, len));
		if (d)
			expect_bytes(d, i, len);
		return;
	}
	assert_null(d);
	while (n < len && known[i + n].state != HELD)
		n++;
	assert_int_equal(n, len);
	/* nothing but what is left out, or not there, and no other way: all of it is one part */
	if (!core->n_direct && world.tells_gaps && state != CUT && len < most &&
	    (va_of(i + len) & world.mask) && (va_of(i + len) & world.mask) != world.mask)
		assert_int_not_equal(known[i + len].state, state);
}

/* Every byte is in one part, and none that is there is in a gap. */
static void expect_parts(struct span *s, uint64_t i, uint64_t at, uint64_t end)
{
	for (size_t len; at < end; at += len) {
		const uint8_t *d = span_block(s, at, end, &len);

		expect_part(s->core, d, i + at, len, end - at);
	}
}

static void span_parts(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 120; times++) {
		struct vmcore core;
		struct span s = {0};
		uint64_t i = any(WORLD), size, at;

		world_make(&core);
		know(&core);
		size = any(4) ? any(WORLD - (unsigned int)i + 1) : WORLD - i;
		if (!span_begins(&s, &core, i, size))
			continue;
		at = any(2) ? any((unsigned int)size) : 0;
		expect_parts(&s, i, at, any(2) ? size : at + any((unsigned int)(size - at) + 1));
		span_free(&s);
	}
}

/* The end of the address space is in a gap, behind which an array goes on at 0. */
static void span_around(void **state)
{
	(void)state;
	for (unsigned int word = 4; word <= 8; word += 4) {
		struct vmcore core = { .format = &world_format, .word = word };
		struct span s;

		world = (struct world){ .mask = vmcore_word_mask(&core), .piece = WORLD,
					.tells_gaps = true };
		world.start[0] = world.mask - 2 * PAGE + 1;
		world_fill(false, PAGE);
		memset(world.state[0], HELD, WORLD);
		memset(world.state[0] + PAGE, NOWHERE, PAGE);
		know(&core);
		assert_true(span_begins(&s, &core, 0, WORLD));
		expect_parts(&s, 0, 0, WORLD);
		span_free(&s);
	}
}

/* A disk that fails from some read on, even of what was read before: what is read is right. */
static void span_that_fails(void **state)
{
	(void)state;
	for (unsigned int fails = 1; fails < 60; fails++) {
		struct vmcore core = { .format = &world_format, .word = 8 };
		struct span s;

		world = (struct world){ .mask = UINT64_MAX, .piece = 100 };
		world_fill(false, PAGE);
		memset(world.state[0], HELD, WORLD);
		know(&core);
		assert_true(span_begins(&s, &core, 0, WORLD));
		world.fails = fails;
		for (uint64_t at = 0; at < WORLD;) {
			size_t len;
			const uint8_t *d = span_block(&s, at, WORLD, &len);

			assert_true(len && len <= WORLD - at);
			if (d)
				expect_bytes(d, at, len);
			at += len;
		}
		span_free(&s);
	}
}

/* --- which way is believed --- */

#define RELEASE "6.12.0-test"

/*
 * The kernel's name, behind two others of 65 bytes: right, another, longer, cut off, or where no
 * dump has it.
 */
enum name { RIGHT, OTHER, LONGER, NO_END, NO_NAME, NAMES };

static void put_name(bool by_physical, uint64_t i, enum name name)
{
	const char *const texts[] = { RELEASE, "6.12.0-tesT", RELEASE "+", RELEASE, RELEASE };
	size_t len = strlen(texts[name]) + 1;

	memset(world.byte[by_physical], 'x', WORLD);
	memset(world.state[by_physical], HELD, WORLD);
	memcpy(&world.byte[by_physical][i + 130], texts[name], len);
	if (name == NO_END)
		memset(&world.state[by_physical][i + 130 + len - 1], NOWHERE, 1);
	if (name == NO_NAME)
		memset(world.state[by_physical], NOWHERE, WORLD);
}

static const struct {
	unsigned int machine, word;
	uint64_t virtual, physical;
	bool assumed, rules;
} believed[] = {
	{ ELF_EM_PPC64, 8, 0xc000000000100000, 0x100000, false, true },
	{ ELF_EM_386, 4, 0xc0100000, 0x100000, true, true },
	{ 243, 8, 0xc000000000100000, 0x100000, false, false },
};

/* What is wrong with all that a dump says of physical addresses. */
static const struct {
	struct elf_phdr phdr[2];
	bool has;
} headers[] = {
	{ { { .type = ELF_PT_LOAD, .paddr = 0x1000 }, { .type = ELF_PT_LOAD } }, true },
	{ { { .type = ELF_PT_LOAD, .paddr = UINT64_MAX },
	    { .type = ELF_PT_LOAD, .paddr = 0x1000 } }, true },
	{ { { .type = ELF_PT_LOAD }, { .type = ELF_PT_LOAD, .paddr = UINT64_MAX } }, false },
	{ { { .type = ELF_PT_NOTE, .paddr = 0x1000 }, { .type = ELF_PT_LOAD } }, false },
};

/* One of all cases: how vmcore.h says the way is chosen. */
static void believe(unsigned int m, unsigned int h, enum name by_file, enum name by_rule,
		    bool named)
{
	struct elf_phdr *phdr = mem_alloc(sizeof(headers[h].phdr));
	struct vmcore core = {
		.format = &world_format, .machine = (uint16_t)believed[m].machine,
		.class_word = believed[m].word, .elf = { .phdr = phdr, .n_phdrs = 2 },
	};
	unsigned int offset = any(2) ? 4 : any(300);
	STRING_AUTO own = mem_printf("OFFSET(uts_namespace.name)=%u\n", offset);
	STRING_AUTO text = mem_printf("OSRELEASE=" RELEASE "\n%s%s=%" PRIx64 "\n",
				      offset == 4 ? "" : own, named ? "SYMBOL(init_uts_ns)" : "X",
				      believed[m].virtual + 64);
	const struct vmcoreinfo info = { .text = text };
	bool file = named && by_file == RIGHT;
	bool rule = named && by_rule == RIGHT && believed[m].rules;

	memcpy(phdr, headers[h].phdr, sizeof(headers[h].phdr));
	world = (struct world){ .mask = believed[m].word == 4 ? UINT32_MAX : UINT64_MAX,
				.start = { believed[m].virtual, believed[m].physical },
				.piece = any(2) ? WORLD : 3 };
	put_name(false, 64 + offset, by_file);
	put_name(true, 64 + offset, by_rule);
	assert_int_equal(vmcore_use_info(&core, &info), 0);
	assert_int_equal(core.named, file || rule);
	assert_int_equal(core.rules_first, headers[h].has &&
			 (rule || !(believed[m].assumed || file)));
	free(phdr);
}

static void ways_believed(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < ARRAY_SIZE(believed); m++)
		for (unsigned int h = 0; h < ARRAY_SIZE(headers); h++)
			for (unsigned int n = 0; n < NAMES * NAMES * 2; n++)
				believe(m, h, n / 2 % NAMES, n / 2 / NAMES, n % 2);
}

/* Memory begins at a multiple of 64 MiB, and its first 33 MiB are not in the dump. */
static void ways_assumed(void **state)
{
	(void)state;
	for (enum name name = RIGHT; name < NAMES; name++) {
		const struct elf_phdr phdr = { .type = ELF_PT_LOAD, .memsz = 1,
					       .paddr = 0x62300000 };
		struct vmcore core = { .format = &world_format, .machine = ELF_EM_ARM,
				       .elf = { .phdr = &phdr, .n_phdrs = 1 } };
		const struct vmcoreinfo info = {
			.text = "OSRELEASE=" RELEASE "\nSYMBOL(init_uts_ns)=c2300000\n"
				"SYMBOL(_stext)=c0008000\n",
		};
		uint64_t pa;
		size_t len = 1;

		world = (struct world){ .mask = UINT32_MAX, .piece = WORLD,
					.start = { 0x1000, 0x62300000 } };
		put_name(true, 4, name);
		assert_int_equal(vmcore_use_info(&core, &info), 0);
		assert_int_equal(core.named, name == RIGHT);
		assert_int_equal(core.rules_first, name == RIGHT);
		assert_true(vmcore_physical(&core, 0xc0000000, &pa, &len));
		assert_int_equal(pa, name == RIGHT ? 0x60000000 : 0x62200000);
	}
}

/* --- words --- */

static void words_of_machines(void **state)
{
	static const struct {
		unsigned int machine, class_word;
		const char *text;
		unsigned int word;
	} rows[] = {
		{ ELF_EM_386, 8, "", 4 }, { ELF_EM_ARM, 8, "", 4 }, { ELF_EM_PPC, 8, "", 4 },
		{ ELF_EM_PPC64, 8, "", 8 }, { ELF_EM_PPC64, 4, "", 4 }, { 243, 4, "", 4 },
		{ ELF_EM_386, 4, "SIZE(atomic_long_t)=8\n", 8 },
		{ 243, 8, "SIZE(atomic_long_t)=4\n", 4 },
		{ ELF_EM_X86_64, 8, "", 8 }, { ELF_EM_X86_64, 4, "", 4 },
		{ ELF_EM_X86_64, 8, "SYMBOL(log_buf)=ffffffff\n", 4 },
		{ ELF_EM_X86_64, 8, "SYMBOL(log_buf)=100000000\n", 8 },
		{ ELF_EM_X86_64, 8, "SYMBOL(prb)=c1000000\n", 4 },
		{ ELF_EM_X86_64, 8, "SYMBOL(prb)=ffffffff81000000\n", 8 },
		{ ELF_EM_X86_64, 8, "SYMBOL(log_buf)=c1000000\nSYMBOL(prb)=c1000040\n", 4 },
		{ 243, 8, "SIZE(atomic_long_t)=5\n", 0 }, { 243, 8, "SIZE(atomic_long_t)=0\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmcore core = { .format = &world_format,
				       .machine = (uint16_t)rows[i].machine,
				       .class_word = rows[i].class_word };
		const struct vmcoreinfo info = { .text = rows[i].text, .little = i & 1 };

		if (rows[i].word)
			assert_int_equal(vmcore_use_info(&core, &info), 0);
		else
			assert_fails(vmcore_use_info(&core, &info), EBADMSG,
				     "vmcoreinfo: an atomic_long_t of ");
		assert_int_equal(core.word, rows[i].word);
		assert_int_equal(core.little, i & 1);
		assert_ptr_equal(core.info.text, rows[i].text);
	}
}

/* A 32-bit kernel's loader wrote addresses with their sign: each note is gone by anew. */
static void words_of_notes(void **state)
{
	static const struct elf_phdr phdr = {
		.type = ELF_PT_LOAD, .vaddr = 0xffffffffc0000000, .memsz = 4096,
	};
	static const struct vmcoreinfo wide = { .text = "SIZE(atomic_long_t)=8\n" };
	static const struct vmcoreinfo narrow = { .text = "SIZE(atomic_long_t)=4\n" };
	struct vmcore core = { .format = &vmcore_elf, .machine = 243, .class_word = 8,
			       .elf = { .phdr = &phdr, .n_phdrs = 1 } };
	struct span s;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(vmcore_use_info(&core, i & 1 ? &narrow : &wide), 0);
		assert_int_equal(span_init(&s, &core, "", 0xffffffffc0000000, 1), 0);
		assert_int_equal(span_init(&s, &core, "", 0xc0000000, 1), i & 1 ? 0 : -EFAULT);
		fail_forget();
	}
	arena_free(&core.arena);
}

/* --- files --- */

static void open_file(struct vmcore *core, const void *d, size_t len)
{
	char *dir = unit_directory();
	STRING_AUTO name = mem_printf("%s/dump", dir);

	unit_write(dir, "dump", d, len);
	assert_int_equal(vmcore_open(core, name), 0);
	assert_int_equal(vmcore_fill(core), 0);
	unit_remove(dir);
}

static void files_begin(void **state)
{
	static const struct {
		char data[40];
		size_t len;
		int err;
		const char *message;
	} rows[] = {
		{ "", 0, ENOEXEC, "it is empty" },
		{ "\177EL", 3, EINVAL, "it begins as an ELF file does, and ends there after 3" },
		{ "\177ELF", 4, EINVAL, "" },
		{ "KDUMP  ", 7, EINVAL, "as a compressed kdump file does, and ends there after 7" },
		{ "D", 1, EINVAL, "as a diskdump file does, and ends there after 1 bytes" },
		{ "DISKDUMX", 8, ENOEXEC, "neither an ELF core nor a dump" },
		{ "makedumpfil", 11, EINVAL, "as a flattened dump does, and ends there after 11" },
		{ "makedumpfileX", 13, ENOEXEC, "neither an ELF core nor a dump" },
		{ "X", 1, ENOEXEC, "neither an ELF core nor a dump" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmcore core;

		open_file(&core, rows[i].data, rows[i].len);
		assert_fails(vmcore_read_headers(&core), rows[i].err, rows[i].message);
		vmcore_close(&core);
	}
}

/* A library that fails to open a file keeps it: here is one such file alone. */
static void files_compressed(void **state)
{
	struct vmcore core;

	(void)state;
	open_file(&core, "DISKDUMP", 8);
	fail_forget();
	assert_true(vmcore_read_headers(&core) < 0);
	assert_non_null(strstr(fail_text(), "a diskdump file"));
	assert_ptr_equal(core.format, &vmcore_kdumpfile);
	fail_forget();
	vmcore_close(&core);
}

/* Of what is no regular file nobody knows how large it is, and so nothing of it is cut off. */
static void files_without_size(void **state)
{
	struct vmcore core;

	(void)state;
	for (unsigned int known_size = 0; known_size < 2; known_size++) {
		open_file(&core, "\177ELF", 4);
		core.input.size = known_size ? 4 : 0;
		assert_fails(vmcore_read_headers(&core), EINVAL, "");
		assert_int_equal(core.cut != NULL, known_size);
		vmcore_close(&core);
	}
}

/* A flattened dump without its end mark, whose pieces are not its first. */
static void files_flattened(void **state)
{
	static const uint64_t at[] = { 100, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		uint8_t d[4096 + 16 + 8] = "makedumpfile";
		struct vmcore core;

		be64_put(d + 16, 1);
		be64_put(d + 24, 1);
		be64_put(d + 4096, at[i]);
		be64_put(d + 4096 + 8, 8);
		memcpy(d + 4096 + 16, "12345678", 8);
		open_file(&core, d, sizeof(d));
		assert_fails(vmcore_read_headers(&core), at[i] ? EINVAL : ENOEXEC,
			     at[i] ? "the beginning of the dump is missing" : "neither an ELF");
		assert_non_null(core.cut);
		assert_string_equal(core.cut, "this flattened dump is cut off after 4120 bytes,"
				    " before its end mark");
		vmcore_close(&core);
	}
}

static void files_closed(void **state)
{
	struct vmcore core;

	(void)state;
	world.closed = 0;
	open_file(&core, "x", 1);
	core.format = &world_format;
	vmcore_close(&core);
	assert_int_equal(world.closed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_machines),
		cmocka_unit_test(words_of_notes),
		cmocka_unit_test(files_begin),
		cmocka_unit_test(files_compressed),
		cmocka_unit_test(files_flattened),
		cmocka_unit_test(files_without_size),
		cmocka_unit_test(files_closed),
		cmocka_unit_test(memory_variables),
		cmocka_unit_test(ways_assumed),
		cmocka_unit_test(ways_believed),
		cmocka_unit_test(memory_read),
		cmocka_unit_test(memory_values),
		cmocka_unit_test(span_anywhere),
		cmocka_unit_test(span_large),
		cmocka_unit_test(span_parts),
		cmocka_unit_test(span_around),
		cmocka_unit_test(span_that_fails),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
