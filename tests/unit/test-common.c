// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/crc32.h"
#include "common/elf.h"
#include "common/file.h"
#include "common/idlist.h"
#include "common/library.h"
#include "common/mapping.h"
#include "common/progress.h"
#include "common/ranges.h"
#include "common/sha256.h"
#include "common/text.h"

static void bytes(void **state)
{
	const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t out[8] = {0};
	uint64_t v;

	(void)state;
	assert_int_equal(be16_get(b), 0x0102);
	assert_int_equal(be32_get(b), 0x01020304);
	assert_true(be64_get(b) == 0x0102030405060708ull);
	assert_int_equal(le16_get(b), 0x0201);
	assert_true(le64_get(b) == 0x0807060504030201ull);
	assert_int_equal(bytes_get(b, 3, false), 0x010203);
	bytes_put(out, 0x0102, 2, true);
	assert_memory_equal(out, "\2\1\0\0", 4);
	assert_true(round_up_ok(1, 4096, &v) && v == 4096);
	assert_false(round_up_ok(UINT64_MAX - 10, 4096, &v));
	assert_false(is_power_of_two(0) || is_power_of_two(6));
}

static void messages(void **state)
{
	(void)state;
	assert_int_equal(fail(ENOENT, "no %s", "file"), -ENOENT);
	assert_int_equal(fail_in(-ENOENT, "kernel %d", 1), -ENOENT);
	assert_string_equal(fail_text(), "kernel 1: no file");
	fail_forget();
	assert_string_equal(fail_text(), "");
}

static void expect_ranges(const struct ranges *r, const char *want)
{
	BUF_AUTO got = {0};

	buf_printf(&got, "%s", "");
	for (size_t i = 0; i < r->n; i++)
		buf_printf(&got, "%s%lu-%lu", i ? " " : "", (unsigned long)r->at[i].start,
			   (unsigned long)r->at[i].end);
	assert_string_equal((char *)got.data, want);
}

static void add(struct ranges *r, uint64_t start, uint64_t end)
{
	assert_int_equal(ranges_add(r, start, end - start, "test"), 0);
}

static void ranges_are_merged(void **state)
{
	RANGES_AUTO r = {0};

	(void)state;
	ranges_merge(&r);
	expect_ranges(&r, "");
	add(&r, 50, 60);
	add(&r, 10, 20);
	add(&r, 12, 14);	/* nested: what lies behind must stay covered */
	add(&r, 20, 25);
	add(&r, 5, 5);
	ranges_merge(&r);
	expect_ranges(&r, "10-25 50-60");
	assert_fails(ranges_add(&r, UINT64_MAX, 2, "wrap"), EOVERFLOW, "wrap");
}

static void ranges_keep_reasons(void **state)
{
	RANGES_AUTO r = {0};

	(void)state;
	assert_int_equal(ranges_add(&r, 0, 10, "RTAS"), 0);
	assert_int_equal(ranges_add(&r, 10, 10, "memory"), 0);
	ranges_merge(&r);
	expect_ranges(&r, "0-10 10-20");
	assert_string_equal(r.at[0].why, "RTAS");
}

static void ranges_are_parsed(void **state)
{
	static const char *const bad[] = { "", "-", "10", "10-", "-20", "g-h", "20-10", "10 -20",
					   "0x10-20", "0X10-20", "10-0x20", "10-0X20",
					   "10000000000000000-2", "1-10000000000000000" };
	uint64_t start = 1, last = 2;
	const char *end;

	(void)state;
	end = ranges_parse("10-1f : RAM", &start, &last);
	assert_non_null(end);
	assert_string_equal(end, " : RAM");
	assert_int_equal(start, 0x10);
	assert_int_equal(last, 0x1f);
	assert_non_null(ranges_parse("20-20", &start, &last));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		start = last = 0;
		assert_null(ranges_parse(bad[i], &start, &last));
	}
}

static void ranges_are_subtracted(void **state)
{
	RANGES_AUTO r = {0};
	RANGES_AUTO holes = {0};

	(void)state;
	add(&r, 0, 100);
	add(&r, 200, 300);
	add(&holes, 10, 20);
	add(&holes, 90, 210);
	add(&holes, 250, 260);
	ranges_subtract(&r, &holes);
	expect_ranges(&r, "0-10 20-90 210-250 260-300");
	ranges_subtract_one(&r, 0, 30);
	expect_ranges(&r, "30-90 210-250 260-300");
	ranges_clip(&r, 80, 270);
	expect_ranges(&r, "80-90 210-250 260-270");
	assert_int_equal(ranges_total(&r), 60);
	ranges_clip(&r, 5, 5);
	expect_ranges(&r, "");
}

static void ranges_intersect_and_cover(void **state)
{
	RANGES_AUTO r = {0};
	RANGES_AUTO with = {0};

	(void)state;
	add(&r, 0, 50);
	add(&r, 60, 100);
	add(&with, 40, 70);
	add(&with, 90, 200);
	ranges_intersect(&r, &with);
	expect_ranges(&r, "40-50 60-70 90-100");
	assert_true(ranges_cover(&r, 40, 50) && ranges_cover(&r, 62, 62));
	assert_false(ranges_cover(&r, 40, 51));
	assert_non_null(ranges_find(&r, 49, 55));
	assert_null(ranges_find(&r, 50, 60));
}

/* --- ranges as the sets that they are: of the numbers 0 to 15, as bits --- */

enum { NUMBERS = 16 };

static uint32_t pseudo_random(void)
{
	static uint32_t x = 1;

	x = x * 1664525 + 1013904223;
	return x >> 16;
}

static uint32_t window(uint64_t start, uint64_t end)
{
	return start < end ? ((1u << end) - 1) & ~((1u << start) - 1) : 0;
}

/* The list is sorted, nothing in it is empty or twice, each has the reason @why. */
static uint32_t bits_of(const struct ranges *r, const char *why)
{
	uint64_t last = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < r->n; i++) {
		assert_true(r->at[i].start >= last && r->at[i].start < r->at[i].end);
		assert_string_equal(r->at[i].why, why);
		last = r->at[i].end;
		bits |= window(r->at[i].start, r->at[i].end);
	}
	return bits;
}

/* A few ranges that overlap, touch and hold each other, unsorted; empty ones too. */
static uint32_t add_some(struct ranges *r, const char *why)
{
	uint32_t bits = 0;

	for (uint32_t n = pseudo_random() % 6; n; n--) {
		uint64_t start = pseudo_random() % NUMBERS;
		uint64_t end = start + pseudo_random() % (NUMBERS - start + 1);

		assert_int_equal(ranges_add(r, start, end - start, why), 0);
		bits |= window(start, end);
	}
	return bits;
}

static unsigned int runs_in(uint32_t bits)
{
	return (unsigned int)__builtin_popcount(bits & ~(bits << 1));
}

static void check_questions(const struct ranges *r, uint32_t bits)
{
	assert_int_equal(ranges_total(r), __builtin_popcount(bits));
	for (uint64_t start = 0; start <= NUMBERS; start++)
		for (uint64_t end = 0; end <= NUMBERS; end++) {
			uint32_t w = window(start, end);
			const struct range *found = start < end ? ranges_find(r, start, end) : NULL;

			assert_int_equal(ranges_cover(r, start, end), (w & ~bits) == 0);
			assert_int_equal(found != NULL, (w & bits) != 0);
			if (found)	/* the first of them */
				assert_int_equal(w & bits & (window(0, found->start)), 0);
		}
}

static void check_changes(const struct ranges *a, uint32_t in_a, const struct ranges *b,
			  uint32_t in_b)
{
	uint64_t start = pseudo_random() % (NUMBERS + 1), end = pseudo_random() % (NUMBERS + 1);
	struct ranges got[5] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(got); i++)
		ranges_copy(&got[i], a);
	assert_int_equal(bits_of(&got[0], "a"), in_a);
	ranges_subtract(&got[1], b);
	assert_int_equal(bits_of(&got[1], "a"), in_a & ~in_b);
	ranges_intersect(&got[2], b);
	assert_int_equal(bits_of(&got[2], "a"), in_a & in_b);
	ranges_subtract_one(&got[3], start, end);
	assert_int_equal(bits_of(&got[3], "a"), in_a & ~window(start, end));
	ranges_clip(&got[4], start, end);
	assert_int_equal(bits_of(&got[4], "a"), in_a & window(start, end));
	for (size_t i = 0; i < ARRAY_SIZE(got); i++)
		ranges_free(&got[i]);
}

static void ranges_are_sets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		RANGES_AUTO a = {0};
		RANGES_AUTO b = {0};
		uint32_t in_a = add_some(&a, "a"), in_b = add_some(&b, "b");

		ranges_merge(&a);
		ranges_merge(&b);
		assert_int_equal(bits_of(&a, "a"), in_a);
		assert_int_equal(a.n, runs_in(in_a));
		check_questions(&a, in_a);
		check_changes(&a, in_a, &b, in_b);
	}
}

/* Of the longest of those that begin together; what touches is one only for one reason. */
static void ranges_keep_the_first_reason(void **state)
{
	RANGES_AUTO r = {0};
	char same[] = "same";	/* equal, but elsewhere */

	(void)state;
	assert_int_equal(ranges_add(&r, 0, 5, "short"), 0);
	assert_int_equal(ranges_add(&r, 0, 10, "long"), 0);
	assert_int_equal(ranges_add(&r, 20, 5, same), 0);
	assert_int_equal(ranges_add(&r, 25, 5, "same"), 0);
	assert_int_equal(ranges_add(&r, 30, 5, NULL), 0);
	assert_int_equal(ranges_add(&r, 40, 5, NULL), 0);
	assert_int_equal(ranges_add(&r, 45, 5, "other"), 0);
	ranges_merge(&r);
	expect_ranges(&r, "0-10 20-30 30-35 40-45 45-50");
	assert_string_equal(r.at[0].why, "long");
	assert_string_equal(r.at[4].why, "other");
}

/* Memory comes in many equal blocks, which are one range. */
static void ranges_grow(void **state)
{
	RANGES_AUTO r = {0};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		add(&r, i, i + 1);
	assert_int_equal(r.n, 1);
	for (uint64_t i = 0; i < 1000; i++)
		add(&r, 2000 + 2 * i, 2000 + 2 * i + 1);
	assert_int_equal(r.n, 1001);
	assert_int_equal(ranges_total(&r), 2000);
}

static void id_lists(void **state)
{
	static const char *const bad[] = { "1;2", ",",	",1",	"1,,2", ":",
					   "x",	  "1-", "1-,2", "1-:",	"1048576" };
	STRING_AUTO exact = mem_printf("%s", "0-1,4");	/* nothing behind its end may be read */
	struct idlist l;

	(void)state;
	assert_int_equal(idlist_parse(&l, "0-3,8,10-11\n"), 0);
	assert_int_equal(l.n, 7);
	assert_true(l.id[0] == 0 && l.id[4] == 8 && l.id[6] == 11);
	idlist_free(&l);
	assert_int_equal(idlist_parse(&l, "\n"), 0);
	assert_int_equal(l.n, 0);
	assert_fails(idlist_parse(&l, "3-1\n"), EINVAL, "3-1");
	assert_fails(idlist_parse(&l, "1,1\n"), EINVAL, "1,1");
	assert_fails(idlist_parse(&l, "0-99999999999\n"), EINVAL, "not a list");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(idlist_parse(&l, bad[i]), EINVAL, "not a list");
	assert_int_equal(idlist_parse(&l, exact), 0);
	assert_int_equal(l.n, 3);
	idlist_free(&l);
	assert_int_equal(idlist_parse(&l, "3-3,1048575\n"), 0);
	assert_int_equal(l.n, 2);
	assert_true(l.id[0] == 3 && l.id[1] == IDLIST_MAX - 1);
	idlist_free(&l);
	assert_int_equal(idlist_parse(&l, "0-2,7,9-10\n"), 0);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(idlist_has(&l, i), i < 3 || i == 7 || i == 9 || i == 10);
	idlist_free(&l);
	assert_false(idlist_has(&l, 0));
}

static void expect_sha256(const char *text, size_t repeat, const char *hex)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	BUF_AUTO got = {0};
	struct sha256 s;

	sha256_init(&s);
	for (size_t i = 0; i < repeat; i++)
		sha256_update(&s, text, strlen(text));
	sha256_final(&s, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		buf_printf(&got, "%02x", digest[i]);
	assert_string_equal((char *)got.data, hex);
}

/* The examples of FIPS 180-4 (NIST, "SHA256.pdf"), and lengths around a block's end. */
static void sha256_examples(void **state)
{
	(void)state;
	expect_sha256("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_sha256("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect_sha256("a", 1000000,
		      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	expect_sha256("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	expect_sha256("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
	expect_sha256("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

static void put_header(uint8_t *e, unsigned int class, unsigned int data, bool little)
{
	memcpy(e, ELF_MAGIC, 4);
	e[4] = (uint8_t)class;
	e[5] = (uint8_t)data;
	e[6] = 1;
	bytes_put(e + 16, ELF_ET_CORE, 2, little);
	bytes_put(e + 20, 1, 4, little);
	if (class == 2) {
		bytes_put(e + 32, 64, 8, little);
		bytes_put(e + 54, 56, 2, little);
		bytes_put(e + 56, 1, 2, little);
	} else {
		bytes_put(e + 28, 52, 4, little);
		bytes_put(e + 42, 32, 2, little);
		bytes_put(e + 44, 1, 2, little);
	}
}

static void expect_elf(const uint8_t *data, size_t len, unsigned int bits, bool little)
{
	struct arena a = {0};
	struct elf elf;

	assert_int_equal(elf_parse(&elf, &a, data, len, len), 0);
	assert_int_equal(elf.bits, bits);
	assert_int_equal(elf.little, little);
	assert_int_equal(elf.n_phdrs, 1);
	assert_non_null(elf.phdr);
	arena_free(&a);
}

static void elf_classes_and_orders(void **state)
{
	(void)state;
	for (unsigned int class = 1; class <= 2; class++)
		for (unsigned int order = 1; order <= 2; order++) {
			uint8_t e[120] = {0};

			put_header(e, class, order, order == 1);
			expect_elf(e, sizeof(e), class * 32, order == 1);
		}
}

/* What a big-endian kernel regenerates: EI_DATA says little, everything else is big. */
static void elf_mislabelled(void **state)
{
	uint8_t e[120] = {0};

	(void)state;
	put_header(e, 2, 1, false);
	expect_elf(e, sizeof(e), 64, false);
}

/* Any cut of the headers must fail, never read beyond. */
static void elf_truncated(void **state)
{
	uint8_t e[120] = {0};

	(void)state;
	put_header(e, 2, 1, true);
	for (size_t len = 0; len < sizeof(e); len++) {
		uint8_t *exact = memcpy(malloc(len ? len : 1), e, len);
		struct arena a = {0};
		struct elf elf;

		assert_true(elf_parse(&elf, &a, exact, len, len) < 0);
		arena_free(&a);
		free(exact);
	}
	fail_forget();
}

/* --- each bound of elf_parse(), from both sides, in both classes and byte orders --- */

enum elf_field {
	NO_FIELD, EI_CLASS, EI_DATA, E_VERSION, E_PHOFF, E_PHENTSIZE, E_PHNUM,
	P_TYPE, P_OFFSET, P_PADDR, P_FILESZ, P_MEMSZ,
};

enum { ELF_FILE = 200 };

/* [field][class is 64 bit] */
static const struct { unsigned int at, size; } elf_fields[][2] = {
	[E_PHOFF] = { { 28, 4 }, { 32, 8 } }, [E_PHENTSIZE] = { { 42, 2 }, { 54, 2 } },
	[E_PHNUM] = { { 44, 2 }, { 56, 2 } }, [EI_CLASS] = { { 4, 1 }, { 4, 1 } },
	[EI_DATA] = { { 5, 1 }, { 5, 1 } }, [E_VERSION] = { { 20, 4 }, { 20, 4 } },
	[P_TYPE] = { { 52, 4 }, { 64, 4 } }, [P_OFFSET] = { { 56, 4 }, { 72, 8 } },
	[P_PADDR] = { { 64, 4 }, { 88, 8 } }, [P_FILESZ] = { { 68, 4 }, { 96, 8 } },
	[P_MEMSZ] = { { 72, 4 }, { 104, 8 } },
};

static void put_field(uint8_t *e, enum elf_field f, bool wide, bool little, uint64_t value)
{
	bytes_put(e + elf_fields[f][wide].at, value, elf_fields[f][wide].size, little);
}

static const struct {
	struct { enum elf_field field; uint64_t value; } put[3];
	const char *text;	/* NULL: it passes */
} elf_bounds[] = {
	{ { { E_PHNUM, 1 } }, NULL },
	{ { { E_PHNUM, 0 }, { E_PHENTSIZE, 0 } }, NULL },
	{ { { E_PHENTSIZE, 33 } }, "program headers of 33 bytes" },
	{ { { E_PHOFF, ELF_FILE } }, "end beyond the file" },
	{ { { E_PHOFF, UINT64_MAX } }, "end beyond the file" },
	{ { { E_PHNUM, 0 }, { E_PHOFF, ELF_FILE } }, NULL },
	{ { { E_PHNUM, 0 }, { E_PHOFF, ELF_FILE + 1 } }, "end beyond the file" },
	{ { { EI_CLASS, 0 } }, "class is neither" },
	{ { { EI_CLASS, 3 } }, "class is neither" },
	{ { { EI_DATA, 0 } }, "unknown byte order or version" },
	{ { { EI_DATA, 3 } }, "unknown byte order or version" },
	{ { { E_VERSION, 0 } }, "unknown byte order or version" },
	{ { { P_OFFSET, ELF_FILE - 9 }, { P_FILESZ, 9 }, { P_MEMSZ, 9 } }, NULL },
	{ { { P_OFFSET, ELF_FILE - 9 }, { P_FILESZ, 10 }, { P_MEMSZ, 10 } },
	  "end beyond the file" },
	{ { { P_OFFSET, UINT64_MAX }, { P_FILESZ, 1 }, { P_MEMSZ, 1 } }, "end beyond the file" },
	{ { { P_TYPE, 0 }, { P_OFFSET, UINT64_MAX }, { P_FILESZ, 1 } }, NULL },
	{ { { P_OFFSET, UINT64_MAX }, { P_FILESZ, 0 }, { P_MEMSZ, 9 } }, NULL },
	{ { { P_OFFSET, ELF_FILE + 1 }, { P_FILESZ, 0 } }, NULL },
	{ { { P_OFFSET, 0 }, { P_FILESZ, ELF_FILE }, { P_MEMSZ, ELF_FILE } }, NULL },
	{ { { P_OFFSET, 0 }, { P_FILESZ, ELF_FILE + 1 }, { P_MEMSZ, ELF_FILE + 1 } },
	  "end beyond the file" },
	{ { { P_FILESZ, 7 }, { P_MEMSZ, 7 } }, NULL },
	{ { { P_FILESZ, 7 }, { P_MEMSZ, 6 } }, "bytes in the file but" },
	{ { { P_TYPE, ELF_PT_NOTE }, { P_FILESZ, 7 }, { P_MEMSZ, 0 } }, NULL },
};

static void check_bound(size_t row, bool wide, bool little)
{
	uint8_t *e = mem_alloc(ELF_FILE);
	const char *text = elf_bounds[row].text;
	struct arena a = {0};
	struct elf elf;

	put_header(e, wide ? 2 : 1, little ? 1 : 2, little);
	put_field(e, P_TYPE, wide, little, ELF_PT_LOAD);
	for (size_t i = 0; i < ARRAY_SIZE(elf_bounds[row].put); i++)
		if (elf_bounds[row].put[i].field)
			put_field(e, elf_bounds[row].put[i].field, wide, little,
				  elf_bounds[row].put[i].value);
	if (text)
		assert_fails(elf_parse(&elf, &a, e, ELF_FILE, ELF_FILE), EINVAL, text);
	else
		assert_int_equal(elf_parse(&elf, &a, e, ELF_FILE, ELF_FILE), 0);
	arena_free(&a);
	free(e);
}

static void elf_has_bounds(void **state)
{
	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(elf_bounds); row++)
		for (unsigned int i = 0; i < 4; i++)
			check_bound(row, i & 1, i & 2);
}

/* In memory, and in the part of a file that is there. */
static void elf_addresses(void **state)
{
	struct arena a = {0};
	uint8_t e[120] = {0};
	struct elf elf;

	(void)state;
	put_header(e, 2, 1, true);
	put_field(e, P_TYPE, true, true, ELF_PT_NOTE);
	put_field(e, P_MEMSZ, true, true, 9);
	put_field(e, P_PADDR, true, true, UINT64_MAX - 9);
	assert_int_equal(elf_parse(&elf, &a, e, sizeof(e), UINT64_MAX), 0);
	put_field(e, P_PADDR, true, true, UINT64_MAX - 8);
	assert_fails(elf_parse(&elf, &a, e, sizeof(e), UINT64_MAX), EINVAL, "wrap around 64 bits");
	put_field(e, P_PADDR, true, true, 0);
	assert_fails(elf_parse(&elf, &a, e, sizeof(e) - 1, UINT64_MAX), EINVAL, "bytes are there");
	assert_fails(elf_parse(&elf, &a, e, 3, UINT64_MAX), ENOEXEC, "not an ELF file");
	assert_fails(elf_parse(&elf, &a, e, 4, UINT64_MAX), EINVAL, "class is neither");
	assert_fails(elf_parse(&elf, &a, e, 63, UINT64_MAX), EINVAL, "truncated ELF header");
	e[3] = 'f';
	assert_fails(elf_parse(&elf, &a, e, sizeof(e), UINT64_MAX), ENOEXEC, "not an ELF file");
	arena_free(&a);
}

/* --- the byte order that most of the header agrees on, or else what it claims --- */

static int read_bytes(void *from, uint64_t offset, void *buf, size_t len, size_t *done)
{
	const struct buf *b = from;

	*done = offset >= b->len ? 0 : b->len - offset < len ? b->len - offset : len;
	memcpy(buf, b->data + (*done ? offset : 0), *done);
	return 0;
}

static int read_core(struct elf *elf, struct arena *a, uint8_t *data, size_t len, uint32_t max)
{
	struct buf b = { .data = data, .len = len };

	return elf_read_core(elf, a, &(struct elf_reader){ read_bytes, &b }, max);
}

enum { E_TYPE = 16, E_MACHINE = 18, E_VERSION_AT = 20, E_EHSIZE_64 = 52, E_PHENTSIZE_64 = 54 };
enum order { NEITHER, LITTLE, BIG };

static const struct {
	unsigned int at, size;
	uint64_t value;		/* written big-endian */
	enum order order;	/* which is more likely, then */
} evidences[] = {
	{ E_TYPE, 2, 0, NEITHER },	{ E_TYPE, 2, 1, BIG },
	{ E_TYPE, 2, 4, BIG },		{ E_TYPE, 2, 5, NEITHER },
	{ E_TYPE, 2, 0x100, LITTLE },	{ E_TYPE, 2, 0x500, NEITHER },
	{ E_MACHINE, 2, 0, NEITHER },	{ E_MACHINE, 2, ELF_EM_PPC64, BIG },
	{ E_MACHINE, 2, 1, NEITHER },	{ E_MACHINE, 2, 1023, BIG },
	{ E_MACHINE, 2, 1024, LITTLE }, { E_MACHINE, 2, 0xffff, NEITHER },
	{ E_VERSION_AT, 4, 1, BIG },	{ E_VERSION_AT, 4, 2, NEITHER },
	{ E_EHSIZE_64, 2, 64, BIG },	{ E_EHSIZE_64, 2, 65, NEITHER },
	{ E_PHENTSIZE_64, 2, 56, BIG }, { E_PHENTSIZE_64, 2, 32, NEITHER },
};

static void elf_evidence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(evidences); i++)
		for (unsigned int claim = 0; claim < 4; claim++) {
			enum order order = evidences[i].order;
			uint8_t e[64] = ELF_MAGIC "\2";
			struct arena a = {0};
			struct elf elf;

			e[5] = (uint8_t)claim;
			bytes_put(e + evidences[i].at, evidences[i].value, evidences[i].size,
				  false);
			if (order == NEITHER && (claim == 0 || claim == 3)) {
				assert_fails(read_core(&elf, &a, e, sizeof(e), 9), EINVAL,
					     "unknown byte order");
			} else {
				assert_int_equal(read_core(&elf, &a, e, sizeof(e), 9), 0);
				assert_int_equal(elf.little, (order ? order : claim) == LITTLE);
			}
			arena_free(&a);
		}
}

/* --- cores: what is there, and how much is not --- */

/* A file of which one place cannot be read. */
struct broken {
	const uint8_t *data;
	size_t len;
	uint64_t bad;
};

static int read_broken(void *from, uint64_t offset, void *buf, size_t len, size_t *done)
{
	const struct broken *b = from;

	memset(buf, 1, len);
	*done = len;
	if (offset == b->bad)
		return fail(EIO, "cannot be read");
	return read_bytes(&(struct buf){ .data = (uint8_t *)b->data, .len = b->len }, offset, buf,
			  len, done);
}

enum {
	CORE_PHDRS = 2,
	CORE_SHOFF = 64 + CORE_PHDRS * 56,
	CORE_SIZE = CORE_SHOFF + 64,
	NOWHERE = 4096
};

static void put_core(uint8_t *e, uint64_t phnum, uint64_t shoff, uint64_t sh_info)
{
	memset(e, 0, CORE_SIZE);
	put_header(e, 2, 1, true);
	put_field(e, E_PHNUM, true, true, phnum);
	bytes_put(e + 40, shoff, 8, true);
	bytes_put(e + CORE_SHOFF + 44, sh_info, 4, true);
	for (unsigned int i = 0; i < CORE_PHDRS; i++)
		bytes_put(e + 64 + i * 56, ELF_PT_LOAD + i, 4, true);
}

static void expect_core(const uint8_t *e, size_t len, uint64_t bad, uint32_t max, uint32_t n,
			uint32_t missing)
{
	struct broken b = { e, len, bad };
	struct arena a = {0};
	struct elf elf;

	assert_int_equal(elf_read_core(&elf, &a, &(struct elf_reader){ read_broken, &b }, max), 0);
	assert_string_equal(fail_text(), "");
	assert_int_equal(elf.n_phdrs, n);
	assert_int_equal(elf.n_missing, missing);
	for (uint32_t i = 0; i < n && i < CORE_PHDRS; i++)
		assert_int_equal(elf.phdr[i].type, ELF_PT_LOAD + i);
	arena_free(&a);
}

static void cores_are_counted(void **state)
{
	uint8_t e[CORE_SIZE];

	(void)state;
	put_core(e, 2, CORE_SHOFF, 1);
	expect_core(e, sizeof(e), NOWHERE, 9, 2, 0);
	expect_core(e, sizeof(e), NOWHERE, 2, 2, 0);
	expect_core(e, sizeof(e), NOWHERE, 1, 1, 1);
	expect_core(e, CORE_SHOFF - 1, NOWHERE, 9, 1, 1);
	put_core(e, 0xffff, CORE_SHOFF, 2);
	expect_core(e, sizeof(e), NOWHERE, 9, 2, 0);
	expect_core(e, CORE_SHOFF + 47, NOWHERE, 9, 2, 65533);
	expect_core(e, sizeof(e), CORE_SHOFF + 44, 2, 2, 65533);
	put_core(e, 0xffff, 0, 2);
	expect_core(e, sizeof(e), NOWHERE, 2, 2, 65533);
	put_core(e, 0xffff, UINT64_MAX - 3, 2);
	expect_core(e, sizeof(e), NOWHERE, 2, 2, 65533);
}

static void fail_core(const uint8_t *e, uint64_t bad, int err, const char *text)
{
	struct broken b = { e, CORE_SIZE, bad };
	struct arena a = {0};
	struct elf elf;

	assert_fails(elf_read_core(&elf, &a, &(struct elf_reader){ read_broken, &b }, 9), err,
		     text);
	arena_free(&a);
}

static void cores_that_cannot_be_read(void **state)
{
	uint8_t e[CORE_SIZE];

	(void)state;
	put_core(e, 2, 0, 0);
	fail_core(e, 0, EIO, "cannot be read");
	fail_core(e, 64, EIO, "cannot be read");
	put_field(e, E_PHENTSIZE, true, true, 57);
	fail_core(e, NOWHERE, EINVAL, "program headers of 57 bytes, expected 56");
	put_field(e, E_PHNUM, true, true, 0);
	expect_core(e, sizeof(e), NOWHERE, 9, 0, 0);
	e[0] = 0;
	fail_core(e, NOWHERE, ENOEXEC, "not an ELF file");
}

/* So many that they fill memory of their own, behind which nothing may be touched. */
static void cores_of_many_parts(void **state)
{
	const uint32_t n = 4096;
	size_t size = 64 + n * 56;
	uint8_t *e = mem_alloc(size);

	(void)state;
	put_core(e, n, 0, 0);
	expect_core(e, size, size, n, n, 0);
	free(e);
}

/* The header counts, even where there are no program headers behind it. */
static void elf_sizes(void **state)
{
	uint8_t e[120] = {0};
	uint64_t need = 0;

	(void)state;
	assert_fails(elf_headers_size(e, sizeof(e), sizeof(e), &need), ENOEXEC, "not an ELF file");
	put_header(e, 2, 1, true);
	assert_int_equal(elf_headers_size(e, sizeof(e), sizeof(e), &need), 0);
	assert_int_equal(need, 120);
	put_field(e, E_PHNUM, true, true, 0);
	put_field(e, E_PHOFF, true, true, 0);
	assert_int_equal(elf_headers_size(e, sizeof(e), sizeof(e), &need), 0);
	assert_int_equal(need, 64);
}

static void elf_shortest(void **state)
{
	struct arena a = {0};
	uint8_t e[64] = {0};
	struct elf elf;

	(void)state;
	put_header(e, 2, 1, true);
	put_field(e, E_PHNUM, true, true, 0);
	assert_fails(elf_parse(&elf, &a, e, 15, 64), EINVAL, "class is neither");
	assert_fails(elf_parse(&elf, &a, e, 16, 64), EINVAL,
		     "truncated ELF header: 16 bytes of 64");
	assert_int_equal(elf_parse(&elf, &a, e, 64, 64), 0);
	assert_int_equal(elf.n_phdrs, 0);
	arena_free(&a);
}

/* In a child: its exit status; 0: as it should be. Bit i of @closed: stream i is. */
static int take_streams(unsigned int closed, bool broken)
{
	int ends[2], before, null = open("/dev/null", O_RDWR);

	if (pipe(ends))
		return 1;
	close(ends[0]);
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (closed >> i & 1 ? close(i) : dup2(broken ? ends[1] : null, i) != i)
			return 2;
	file_take_streams();
	before = dup(null);
	if (before <= STDERR_FILENO || close(before))
		return 3;
	/* Of what they are taken by nothing more is open. */
	file_take_streams();
	if (dup(null) != before || close(before))
		return 4;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		char byte = 0;

		if (fcntl(i, F_GETFD) != (closed >> i & 1 ? FD_CLOEXEC : 0))
			return 5;
		if (closed >> i & 1 && (read(i, &byte, 1) != -1 || errno != EBADF))
			return 6;
		if (closed >> i & 1 && (write(i, &byte, 1) != -1 || errno != EBADF))
			return 7;
	}
	return 0;
}

/* Their numbers are no file's; what is open stays, also what nobody reads any more. */
static void streams_that_are_closed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(take_streams(i & 7, i & 8));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void files(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO fifo = mem_printf("%s/fifo", dir);
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	assert_int_equal(file_open(&f, plain), 0);
	assert_int_equal(f.size, 5);
	assert_memory_equal(f.head, "hello", 5);
	assert_int_equal(file_read(&f), 0);
	assert_memory_equal(f.data, "hello", 5);
	file_close(&f);
	assert_int_equal(file_open(&f, plain), 0);
	unit_end_lease(f.fd);
	unit_write(dir, "plain", "hell", 4);
	assert_fails(file_read(&f), EBUSY, "became shorter");
	file_close(&f);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_fails(file_open(&f, fifo), EINVAL, "is a FIFO");
	assert_fails(file_open(&f, dir), EINVAL, "is a directory");
	assert_fails(file_open(&f, "/dev/null"), EINVAL, "is a character device");
	assert_fails(file_open(&f, "/nonexistent"), ENOENT, "No such file");
	unit_write(dir, "plain", "", 0);
	assert_fails(file_open(&f, plain), EINVAL, "plain: is empty");
	unit_remove(dir);
}

/* In a process that can do it no more. */
static void expect_open_fails(const char *name, long number, int err, const char *text)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct file f;

		unit_let_fail(number, err);
		if (number == SYS_newfstatat)	/* what fstat() is depends on the C library */
			unit_let_fail(SYS_fstat, err);
		_exit(file_open(&f, name) != -err || strcmp(fail_text(), text));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The message says what helps; and what was open is closed. */
static void files_that_cannot_be_opened(void **state)
{
	static const struct {
		int err;
		const char *advice;
	} rows[] = {
		{ ENOENT, "; name a file that is there" },
		{ ENOTDIR, "; name a file that is there" },
		{ EACCES, "; it must be readable by who runs this" },
		{ EPERM, "; it must be readable by who runs this" },
		{ ELOOP, "" },
	};
	static const long later[] = { SYS_newfstatat, SYS_pread64 };
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	STRING_AUTO lost = mem_printf("%s: %s", plain, strerror(EIO));
	struct file f;
	int next;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && !unit_is_emulated(); i++) {
		STRING_AUTO text = mem_printf("Cannot open `%s': %s%s", plain,
					      strerror(rows[i].err), rows[i].advice);

		expect_open_fails(plain, SYS_openat, rows[i].err, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(later) && !unit_is_emulated(); i++)
		expect_open_fails(plain, later[i], EIO, lost);
	next = dup(STDERR_FILENO);
	close(next);
	assert_fails(file_open(&f, dir), EINVAL, "is a directory");
	assert_int_equal(dup(STDERR_FILENO), next);
	close(next);
	unit_remove(dir);
}

/* Of who has no standard input the first file is 0; an error of before is none of it. */
static void files_of_number_0(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	int input = dup(STDIN_FILENO);
	struct file f;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	close(STDIN_FILENO);
	errno = EAGAIN;
	assert_int_equal(file_open(&f, plain), 0);
	assert_int_equal(f.fd, 0);
	assert_false(f.is_written);
	file_close(&(struct file){0});		/* of none that is open */
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), FD_CLOEXEC);
	file_close(&f);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	dup2(input, STDIN_FILENO);
	close(input);
	unit_remove(dir);
}

/* While it is open, nobody else may write; another file may take its name. */
static void files_under_lease(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	STRING_AUTO other = mem_printf("%s/other", dir);
	struct file f, second;
	int fd;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	unit_write(dir, "other", "HELLO", 5);
	assert_int_equal(file_open(&f, plain), 0);
	assert_false(f.is_written);
	assert_int_equal(fcntl(f.fd, F_GETLEASE), F_RDLCK);
	assert_int_equal(file_open(&second, plain), 0);
	file_close(&second);
	assert_int_equal(rename(other, plain), 0);
	assert_true(file_is_unchanged(&f));
	assert_int_equal(file_read(&f), 0);
	assert_memory_equal(f.data, "hello", 5);
	file_close(&f);
	assert_int_equal(file_open(&f, plain), 0);
	assert_int_equal(open(plain, O_WRONLY | O_NONBLOCK), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(fcntl(f.fd, F_GETLEASE), F_UNLCK);	/* somebody waits */
	assert_true(file_is_unchanged(&f));
	file_close(&f);
	fd = open(plain, O_WRONLY);
	assert_int_equal(file_open(&f, plain), 0);
	assert_true(f.is_written && file_is_unchanged(&f));
	close(fd);
	file_close(&f);
	unit_remove(dir);
}

/* Without a lease it is seen that somebody has written: by the time, or by the size. */
static void files_without_lease(void **state)
{
	static const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1 } };
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f;

	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		unit_write(dir, "plain", "hello", 5);
		if (longer)
			assert_int_equal(utimensat(AT_FDCWD, plain, times, 0), 0);
		assert_int_equal(file_open(&f, plain), 0);
		unit_end_lease(f.fd);
		assert_true(file_is_unchanged(&f));
		unit_write(dir, "plain", "HELLO!", 5 + (size_t)longer);
		assert_int_equal(utimensat(AT_FDCWD, plain, times, 0), 0);
		assert_false(file_is_unchanged(&f));
		assert_fails(file_read(&f), EBUSY, "plain: changed while it was read; try again");
		file_close(&f);
	}
	unit_remove(dir);
}

/* What could not be read is not there the second time either. */
static void files_that_were_not_read(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	assert_int_equal(file_open(&f, plain), 0);
	unit_end_lease(f.fd);
	unit_write(dir, "plain", "longer", 6);
	for (int i = 0; i < 2; i++) {
		assert_fails(file_read(&f), EBUSY, "changed while it was read");
		assert_null(f.data);
	}
	unit_write(dir, "plain", "h", 1);
	assert_fails(file_read(&f), EBUSY, "became shorter");
	assert_null(f.data);
	file_close(&f);
	unit_remove(dir);
}

/* Under a lease the file is mapped, and what we change in it stays with us; else it is copied. */
static void files_are_mapped(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f;
	char on_disk;

	(void)state;
	for (int i = 0; i < 20; i++) {		/* more often than there can be mappings at once */
		bool lease = i & 1;

		unit_write(dir, "plain", "hello", 5);
		assert_int_equal(file_open(&f, plain), 0);
		if (!lease)
			unit_end_lease(f.fd);
		assert_int_equal(file_read_start(&f, 4), 0);
		assert_int_equal(f.mapped, lease ? 4 : 0);
		assert_int_equal(f.size, 4);
		f.data[0] = 'j';
		assert_int_equal(pread(f.fd, &on_disk, 1, 0), 1);
		assert_int_equal(on_disk, 'h');
		assert_true(file_holds(&f));
		if (lease)
			unit_end_lease(f.fd);
		assert_true(file_holds(&f));
		unit_write(dir, "plain", "hellos", 6);
		assert_int_equal(file_holds(&f), !lease);
		if (lease)
			assert_fails(file_check(&f), EBUSY, "plain: changed while it was read, or");
		else
			assert_int_equal(file_check(&f), 0);
		file_narrow(&f, 1, 2);
		assert_memory_equal(f.data, "el", 2);
		assert_true(!f.mapped && file_holds(&f));
		file_close(&f);
	}
	unit_remove(dir);
}

/* As of a disk that fails: what lies behind its end cannot be read. */
static void files_that_cannot_be_read(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f;

	(void)state;
	if (!unit_is_emulated()) {
		unit_write(dir, "plain", "hello", 5);
		assert_int_equal(file_open(&f, plain), 0);
		assert_fails(file_read_start(&f, 3 * page), EIO, "plain: Input/output error");
		assert_null(f.data);
		assert_int_equal(f.size, 5);
		file_close(&f);
	}
	unit_remove(dir);
}

/* Of more files than can be mapped at once the others are copied. */
static void many_files(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	struct file f[16];
	unsigned int mapped = 0;

	(void)state;
	unit_write(dir, "plain", "hello", 5);
	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		assert_int_equal(file_open(&f[i], plain), 0);
		assert_int_equal(file_read(&f[i]), 0);
		assert_memory_equal(f[i].data, "hello", 5);
		mapped += f[i].mapped > 0;
	}
	assert_true(mapped && mapped < ARRAY_SIZE(f));
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		file_close(&f[i]);
	unit_remove(dir);
}

/* What is not there reads as zeroes and is counted; a signal for other memory is not ours. */
static void files_that_lose_pages(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("short", 0);
	unsigned int before = mapping_faults();
	uint8_t *data, *all[32];
	size_t n = 0;

	if (unit_is_emulated())
		return;
	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)(3 * page)), 0);
	assert_int_equal(pwrite(fd, "a", 1, 0), 1);
	assert_int_equal(pwrite(fd, "b", 1, (off_t)page), 1);
	data = mapping_make(fd, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	assert_non_null(data);
	mapping_touch(data, 3 * page);
	assert_int_equal(mapping_faults(), before);
	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	mapping_touch(data, 3 * page);
	assert_int_equal(mapping_faults(), before + 2);
	assert_true(data[0] == 'a' && !data[page]);
	mapping_end(data, 3 * page);
	while (n < 32 && (all[n] = mapping_make(fd, page, PROT_READ, MAP_PRIVATE)))
		n++;
	assert_true(n > 4 && n < 32);
	while (n--)
		mapping_end(all[n], page);
	close(fd);
}

/* As the kernel sends it for an access to this address. */
static void bus_error_at(const uint8_t *at)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = BUS_ADRERR };

	info.si_addr = (void *)(uintptr_t)at;
	assert_int_equal(syscall(SYS_rt_sigqueueinfo, getpid(), SIGBUS, &info), 0);
}

static bool bus_errors_are_ours(void)
{
	struct sigaction now;

	assert_int_equal(sigaction(SIGBUS, NULL, &now), 0);
	return now.sa_flags & SA_SIGINFO;
}

/* Counted, and others are still awaited; or left to who is killed by it. */
static void expect_bus_error(const uint8_t *at, bool ours)
{
	unsigned int before = mapping_faults();

	bus_error_at(at);
	assert_int_equal(mapping_faults(), before + ours);
	assert_int_equal(bus_errors_are_ours(), ours);
}

/* Ours are those from the first byte to the last of what is mapped, until it no longer is. */
static void faults_of_mappings(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("pages", 0);
	uint8_t *first, *second;

	(void)state;
	if (unit_is_emulated())
		return;
	assert_int_equal(ftruncate(fd, (off_t)(3 * page)), 0);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *data = mapping_make(fd, 3 * page, PROT_READ, MAP_PRIVATE);
		const uint8_t *at[] = { data, data + 3 * page - 1, data - 1, data + 3 * page };

		assert_non_null(data);
		expect_bus_error(at[i], i < 2);
		mapping_end(data, 3 * page);
	}
	first = mapping_make(fd, page, PROT_READ, MAP_PRIVATE);
	second = mapping_make(fd, page, PROT_READ, MAP_PRIVATE);
	assert_true(first && second);
	mapping_end(second, page);
	expect_bus_error(first, true);
	expect_bus_error(second, false);
	mapping_end(first, page);
	assert_null(mapping_make(-1, page, PROT_READ, MAP_PRIVATE));
	signal(SIGBUS, SIG_DFL);
	close(fd);
}

/* Nothing behind the last page. */
static void all_pages_are_touched(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("page", 0);
	uint8_t *data;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)(2 * page)), 0);
	data = mapping_make(fd, 2 * page, PROT_READ, MAP_PRIVATE);
	assert_non_null(data);
	assert_int_equal(mprotect(data + page, page, PROT_NONE), 0);
	mapping_touch(data, page);
	mapping_end(data, 2 * page);
	close(fd);
}

static void pieces_of_files(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO plain = mem_printf("%s/plain", dir);
	char out[8] = "";
	struct file f;

	(void)state;
	unit_write(dir, "plain", "hello world", 11);
	assert_int_equal(file_open(&f, plain), 0);
	for (int read = 0; read < 2; read++) {
		assert_true(file_peek(&f, 6, out, 5));
		assert_memory_equal(out, "world", 5);
		assert_false(file_peek(&f, 7, out, 5));
		assert_true(file_peek(&f, 11, out, 0));
		assert_false(file_peek(&f, 12, out, 0));
		assert_false(file_peek(&f, UINT64_MAX, out, 2));
		assert_int_equal(file_read(&f), 0);
	}
	file_narrow(&f, 6, 3);
	assert_int_equal(f.size, 3);
	assert_memory_equal(f.data, "wor", 3);
	assert_memory_equal(f.head, "wor\0", 4);
	assert_int_equal(f.fd, -1);
	file_close(&f);
	unit_remove(dir);
}

/* The check value of every catalogue of CRCs. */
#if defined(LIBRARIES_LOADED) && defined(ZLIB_SONAME)
/* All that is needed of it, or nothing: and then it is tried again. */
static void libraries(void **state)
{
	static const struct {
		const char *soname, *functions, *text;
	} rows[] = {
		{ NULL, "crc32\0adler32\0", NULL },
		{ ZLIB_SONAME, "crc32\0adler32\0", NULL },
		{ "libnone.so.99", "crc32\0adler32\0", "needs a library: libnone.so.99" },
		{ ZLIB_SONAME, "crc32\0no_such_function\0",
		  "needs a newer " ZLIB_SONAME ": this one has no no_such_function" },
		{ ZLIB_SONAME, "no_such_function\0crc32\0", "has no no_such_function" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		void *pointers[2] = { i & 1 ? &pointers : NULL, NULL };
		struct library l = { rows[i / 2].soname, rows[i / 2].functions, pointers };
		bool loaded = !(i & 1) && rows[i / 2].soname && !rows[i / 2].text;

		for (int again = 0; again < 2; again++)
			if (!(i & 1) && rows[i / 2].text)
				assert_fails(library_need(&l), ENOTSUP, rows[i / 2].text);
			else
				assert_int_equal(library_need(&l), 0);
		assert_int_equal(pointers[0] != NULL, loaded || i & 1);
		assert_int_equal(pointers[1] != NULL, loaded);
	}
}
#endif

static void crc32_examples(void **state)
{
	(void)state;
	assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_of("", 0), 0);
}

/* What text_print() makes of it. */
static char *shown(const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	text_print(f, "%s", text);
	fclose(f);
	return out;
}

static void expect_shown(const char *text, const char *want)
{
	STRING_AUTO got = shown(text);

	assert_string_equal(got, want);
}

/* Each byte alone, and in the middle of others. */
static void text_bytes(void **state)
{
	(void)state;
	for (unsigned int c = 1; c < 256; c++) {
		STRING_AUTO plain = mem_printf("%ca%cb%c", c, c, c);
		STRING_AUTO escaped = mem_printf("\\x%02xa\\x%02xb\\x%02x", c, c, c);

		expect_shown(plain, c >= ' ' && c < 0x7f ? plain : escaped);
	}
}

static size_t put_utf8(char *s, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	s[0] = (char)(n == 1 ? c : (0xf00 >> n) | c >> (6 * (n - 1)));
	for (size_t i = 1; i < n; i++)
		s[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
	s[n] = 0;
	return n;
}

/* Every character; a surrogate is none. */
static void text_characters(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c < 0x110000; c++) {
		char s[5];
		size_t n = put_utf8(s, c);
		bool surrogate = c >= 0xd800 && c < 0xe000;

		assert_int_equal(text_utf8((uint8_t *)s, n), surrogate ? 0 : n);
		assert_int_equal(text_utf8((uint8_t *)s, n - 1), 0);
		if (!surrogate)
			assert_int_equal(text_character((uint8_t *)s, n), c);
		assert_int_equal(text_is_plain(c),
				 !(c < 0xa0 || c == 0x61c || c == 0x200e || c == 0x200f ||
				   (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)));
	}
}

/* A sequence is what its character is written as, and nothing else is one. */
static void check_sequence(const uint8_t *s)
{
	size_t n = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
	uint32_t c = n ? text_character(s, n) : 0;
	char again[5];

	if (!n || c >= 0x110000 || (c >= 0xd800 && c < 0xe000) || put_utf8(again, c) != n ||
	    memcmp(s, again, n))
		n = 0;
	assert_int_equal(text_utf8(s, 4), n);
}

static void text_sequences(void **state)
{
	static const uint8_t others[] = { 'a', 0x7f, 0x80, 0xbf, 0xc0, 0xff };
	uint8_t s[4];

	(void)state;
	for (unsigned int start = 0; start < 0x10000; start++)
		for (size_t i = 0; i < ARRAY_SIZE(others) * ARRAY_SIZE(others); i++) {
			bytes_put(s, start, 2, false);
			s[2] = others[i / ARRAY_SIZE(others)];
			s[3] = others[i % ARRAY_SIZE(others)];
			check_sequence(s);
		}
}

static void text_as_it_is_shown(void **state)
{
	(void)state;
	expect_shown("", "");
	expect_shown("\u00e4\u0436\u20ac\U0001d11e \\ \"%s\"",
		     "\u00e4\u0436\u20ac\U0001d11e \\ \"%s\"");
	expect_shown("\xc2\x9b[2J", "\\xc2\\x9b[2J");
	expect_shown("\u202e", "\\xe2\\x80\\xae");
	expect_shown("\xe2\x82", "\\xe2\\x82");
	expect_shown("\xe2\x82\xe2\x82\xac", "\\xe2\\x82\u20ac");
	expect_shown("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf",
		     "\\xc0\\xaf\\xe0\\x80\\xaf\\xf0\\x80\\x80\\xaf");
	expect_shown("\xed\xa0\x80\xf4\x90\x80\x80\xff",
		     "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xff");
}

static void text_lines(void **state)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	(void)state;
	text_print(f, "a %s %d\n\n", "b\nc", 1);
	text_print(f, "%s", "d\n");
	text_print(f, "\n");
	text_print(f, "%s\n", "");
	fclose(f);
	assert_string_equal(out, "a b\\x0ac 1\n\nd\\x0a\n\n");
	free(out);
}

static void text_as_json(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "plain ~ text", "plain ~ text" },
		{ "\"\\/\\\"", "\\\"\\\\/\\\\\\\"" },
		{ "\1\n\x1f\x7f", "\\u0001\\u000a\\u001f\\u007f" },
		{ "\u00a0\u00e4\u20ac\U0001d11e", "\u00a0\u00e4\u20ac\U0001d11e" },
		{ "\xc2\x80\xc2\x9b\u202e", "\\u0080\\u009b\\u202e" },
		{ "\x80z\xff\xe2\x82", "\\ufffdz\\ufffd\\ufffd\\ufffd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO want = mem_printf("\"%s\"", rows[i][1]);
		char *out = NULL;
		size_t len;
		FILE *f = open_memstream(&out, &len);

		text_json(f, rows[i][0]);
		fclose(f);
		assert_string_equal(out, want);
		free(out);
	}
}

/* Of two programs that talk at once, no message is in the middle of another's. */
static void message_is_one_write(void **state)
{
	char got[256];
	int ends[2];
	FILE *f;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	f = fdopen(ends[1], "w");
	setvbuf(f, NULL, _IONBF, 0);	/* as stderr is */
	text_print(f, "one %s, \u20ac\x01 and %d\n", "message", 1);
	assert_int_equal(recv(ends[0], got, sizeof(got), 0),
			 strlen("one message, \u20ac\\x01 and 1\n"));
	fclose(f);
	assert_int_equal(recv(ends[0], got, sizeof(got), 0), 0);
	close(ends[0]);
}

/* --- what takes time --- */

static uint64_t ms;

static uint64_t fake_now(void)
{
	return ms * 1000000;
}

static int real_stderr, terminal;

/* Messages go to a terminal, as they are. */
static void to_terminal(void)
{
	struct termios raw;
	int slave;

	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal) | unlockpt(terminal), 0);
	slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	real_stderr = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	close(slave);
}

static void to_terminal_no_more(void)
{
	progress_start(NULL, false);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(terminal);
}

/*
 * What has come there since. It comes when the kernel finds time: where nothing is wanted, what is
 * there all the same is in front of what is wanted next.
 */
static void expect_line(const char *want)
{
	struct pollfd wait = { terminal, POLLIN, 0 };
	char got[256] = "";
	size_t len = 0;

	while (len < strlen(want) && poll(&wait, 1, 10000) == 1) {
		ssize_t n = read(terminal, got + len, sizeof(got) - 1 - len);

		len += n > 0 ? (size_t)n : 0;
		got[len] = 0;
	}
	assert_string_equal(got, want);
}

#define MB ((uint64_t)1 << 20)

static void progress_on_a_terminal(void **state)
{
	(void)state;
	to_terminal();
	ms = 5;
	progress_start(fake_now, true);
	progress_begin("reading the initrd");
	progress_expect(500 * MB);
	ms += 999;
	progress_advance(60 * MB);
	expect_line("");			/* a second has not passed */
	ms += 1;
	progress_advance(60 * MB);
	expect_line("\rreading the initrd: 120 of 500 MiB, 120 MiB/s");
	ms += 99;
	progress_advance(1 * MB);
	expect_line("");			/* nor a tenth since the last */
	ms += 1;
	progress_begin("decoding");
	progress_reach(0);
	expect_line("\rdecoding                                     ");
	ms += 500;
	progress_reach(7 * MB);
	expect_line("\rdecoding: 7 MiB, 14 MiB/s                    ");
	progress_end();
	ms += 100;
	progress_advance(339 * MB);
	expect_line("\rreading the initrd: 460 of 500 MiB, 383 MiB/s");
	warn("a word");
	expect_line("\r                                             \rkexec: warning: a word\n");
	ms += 100;
	progress_advance(40 * MB);
	expect_line("\rreading the initrd: 500 of 500 MiB, 384 MiB/s");
	progress_end();
	expect_line("\r                                             \r");
	ms += 2000;
	progress_begin("planning");
	expect_line("\rplanning");
	progress_end();
	expect_line("\r        \r");
	progress_expect(1);			/* inside of no step: nobody's */
	progress_advance(1);
	progress_reach(1);
	warn("the last word");
	expect_line("kexec: warning: the last word\n");
	to_terminal_no_more();
}

static void progress_without_a_line(void **state)
{
	int both[2], saved;
	char c;

	(void)state;
	to_terminal();
	progress_start(fake_now, false);	/* somebody reads what we say */
	progress_begin("reading");
	ms += 5000;
	progress_advance(MB);
	progress_end();
	assert_int_equal(pipe(both), 0);
	saved = dup(STDERR_FILENO);
	dup2(both[1], STDERR_FILENO);
	progress_start(fake_now, true);
	progress_begin("reading");
	ms += 5000;
	progress_advance(MB);
	progress_end();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(both[1]);
	assert_int_equal(read(both[0], &c, 1), 0);
	close(both[0]);
	warn("the first word");
	expect_line("kexec: warning: the first word\n");
	to_terminal_no_more();
}

static void expect_step(const struct progress_step *s, const char *name, uint64_t bytes,
			uint64_t took)
{
	assert_string_equal(s->name, name);
	assert_true(s->bytes == bytes);
	assert_true(s->ns == took * 1000000);
}

static void progress_is_kept(void **state)
{
	const struct progress_step *s;
	size_t n;

	(void)state;
	progress_start(NULL, true);
	progress_begin("nothing");		/* without a clock there are no steps */
	progress_advance(1);
	progress_end();
	progress_steps(&n);
	assert_int_equal(n, 0);
	progress_start(fake_now, false);
	ms += 1;				/* before the first: of none */
	progress_begin("reading");
	ms += 10;
	progress_advance(3);
	progress_begin("decoding");
	ms += 100;
	progress_reach(5);
	progress_reach(7);			/* instead, not besides */
	progress_end();
	ms += 1000;
	progress_end();
	ms += 1;				/* and between */
	progress_begin("hashing");
	ms += 2;
	progress_end();
	progress_begin("reading");		/* goes on */
	progress_begin("decoding");
	progress_reach(4);
	progress_end();
	ms += 20;
	progress_advance(4);
	progress_end();
	s = progress_steps(&n);
	assert_int_equal(n, 3);
	expect_step(&s[0], "reading", 7, 1030);
	expect_step(&s[1], "decoding", 11, 100);
	expect_step(&s[2], "hashing", 0, 2);
	progress_start(NULL, false);
}

/* With -d: each step once, in the order in which they began. */
static void progress_is_told(void **state)
{
	struct said said;

	(void)state;
	progress_start(fake_now, false);
	progress_begin("reading");
	ms += 1234;
	progress_advance(5 * MB + 1);
	progress_begin("decoding");
	progress_end();
	progress_end();
	unit_listen(&said);
	progress_debug();			/* nobody asked */
	message_debug(true);
	progress_debug();
	message_debug(false);
	unit_heard(&said);
	assert_string_equal(said.text, "kexec: debug: reading: 1234.000 ms, 5242881 bytes\n"
				       "kexec: debug: decoding: 0.000 ms\n");
	progress_start(NULL, false);
}

/* More steps than there is room for, and more inside of each other, are a fault of the program. */
static void progress_has_room(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g",
					     "h", "i", "j", "k", "l", "m" };
	const struct rlimit none = {0};
	struct said said;
	size_t n;

	(void)state;
	for (unsigned int inside = 0; inside < 2; inside++) {
		unsigned int most = inside ? 4 : 12;

		for (unsigned int count = most; count <= most + 1; count++) {
			int status;
			pid_t pid;

			unit_listen(&said);
			pid = fork();
			if (!pid) {
				setrlimit(RLIMIT_CORE, &none);
				progress_start(fake_now, false);
				for (unsigned int i = 0; i < count; i++) {
					progress_begin(names[i]);
					if (!inside)
						progress_end();
				}
				progress_steps(&n);
				_exit(n == count ? 0 : 1);
			}
			assert_int_equal(waitpid(pid, &status, 0), pid);
			unit_heard(&said);
			if (count == most) {
				assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
				continue;
			}
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
			assert_non_null(strstr(said.text, "Assertion"));
		}
	}
}

/* In pieces, by both ways to read: as many bytes as the file has. */
static void progress_of_files(void **state)
{
	const uint64_t sizes[] = { 1, PROGRESS_PIECE, 9 * PROGRESS_PIECE + 1 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		char path[] = "/tmp/kexec-progress-XXXXXX";
		int fd = mkstemp(path), written = -1;
		const struct progress_step *s;
		struct file f;
		size_t n;

		assert_int_equal(ftruncate(fd, (off_t)sizes[i / 2]), 0);
		assert_int_equal(pwrite(fd, "end", 1, (off_t)sizes[i / 2] - 1), 1);
		close(fd);
		if (i % 2)
			written = open(path, O_WRONLY);	/* then there is no lease */
		progress_start(fake_now, false);
		progress_begin("reading");
		assert_int_equal(file_open(&f, path), 0);
		assert_int_equal(file_read(&f), 0);
		progress_end();
		s = progress_steps(&n);
		assert_true(s->bytes == sizes[i / 2] && s->expected == sizes[i / 2]);
		assert_int_equal(f.data[sizes[i / 2] - 1], 'e');
		file_close(&f);
		if (i % 2)
			close(written);
		unlink(path);
	}
	progress_start(NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(messages),
		cmocka_unit_test(ranges_are_merged),
		cmocka_unit_test(ranges_keep_reasons),
		cmocka_unit_test(ranges_are_parsed),
		cmocka_unit_test(ranges_are_subtracted),
		cmocka_unit_test(ranges_intersect_and_cover),
		cmocka_unit_test(ranges_are_sets),
		cmocka_unit_test(ranges_keep_the_first_reason),
		cmocka_unit_test(ranges_grow),
		cmocka_unit_test(id_lists),
		cmocka_unit_test(sha256_examples),
		cmocka_unit_test(elf_classes_and_orders),
		cmocka_unit_test(elf_mislabelled),
		cmocka_unit_test(elf_truncated),
		cmocka_unit_test(elf_has_bounds),
		cmocka_unit_test(elf_addresses),
		cmocka_unit_test(elf_evidence),
		cmocka_unit_test(cores_are_counted),
		cmocka_unit_test(cores_that_cannot_be_read),
		cmocka_unit_test(cores_of_many_parts),
		cmocka_unit_test(elf_sizes),
		cmocka_unit_test(elf_shortest),
		cmocka_unit_test(streams_that_are_closed),
		cmocka_unit_test(files),
		cmocka_unit_test(files_that_cannot_be_opened),
		cmocka_unit_test(files_of_number_0),
		cmocka_unit_test(files_under_lease),
		cmocka_unit_test(files_without_lease),
		cmocka_unit_test(files_that_were_not_read),
		cmocka_unit_test(files_are_mapped),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(many_files),
		cmocka_unit_test(files_that_lose_pages),
		cmocka_unit_test(faults_of_mappings),
		cmocka_unit_test(all_pages_are_touched),
		cmocka_unit_test(pieces_of_files),
#if defined(LIBRARIES_LOADED) && defined(ZLIB_SONAME)
		cmocka_unit_test(libraries),
#endif
		cmocka_unit_test(crc32_examples),
		cmocka_unit_test(text_bytes),
		cmocka_unit_test(text_characters),
		cmocka_unit_test(text_sequences),
		cmocka_unit_test(text_as_it_is_shown),
		cmocka_unit_test(text_lines),
		cmocka_unit_test(text_as_json),
		cmocka_unit_test(message_is_one_write),
		cmocka_unit_test(progress_on_a_terminal),
		cmocka_unit_test(progress_without_a_line),
		cmocka_unit_test(progress_is_kept),
		cmocka_unit_test(progress_is_told),
		cmocka_unit_test(progress_has_room),
		cmocka_unit_test(progress_of_files),
	};

	return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}
