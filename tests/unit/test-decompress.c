// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What is recognised as compressed, what comes out of it, and what is said of damage. */
#include "tests/unit/unit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "common/crc32.h"
#include "common/decompress.h"

#ifdef HAVE_ZLIB
#define GZIP true
#else
#define GZIP false
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#define XZ true
#define LZIP (LZMA_VERSION >= 50040002)
#else
#define XZ false
#define LZIP false
#endif
#ifdef HAVE_ZSTD
#define ZSTD true
#else
#define ZSTD false
#endif

#ifdef HAVE_LZ4
#define LZ4 true
#else
#define LZ4 false
#endif

#define MIB	((uint64_t)1 << 20)
#define MAX	(2 * MIB)

/*
 * "kernel", as gzip, xz (also --format=lzma, and that with lc=4, pb=4) and zstd make it, and lzip
 * would.
 */
#define GZ	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x4e\x2d\xca\x4b\xcd\x01\x00" \
		"\xab\x9a\xd2\x5d\x06\x00\x00\x00"
#define GZ_NONE	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define XZ_HEAD	"\xfd\x37\x7a\x58\x5a\x00"
#define XZ_FILE	XZ_HEAD "\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3" \
		"\x01\x00\x05kernel\x00\x00\x00\xb2\x26\x61\xa5\xbf\x7c\x61\x7a\x00\x01\x1e\x06" \
		"\xc1\x2f\xa4\x1d\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a"
#define XZ_NONE	XZ_HEAD "\x00\x04\xe6\xd6\xb4\x46\x00\x00\x00\x00\x1c\xdf\x44\x21\x1f\xb6\xf3\x7d" \
		"\x01\x00\x00\x00\x00\x04\x59\x5a"
#define XZ_NEW	XZ_HEAD "\x01\x04\xa7\xe7\xaf\x5f"	/* with a flag that nobody knows yet */
#define ONES	"\xff\xff\xff\xff\xff\xff\xff\xff"
#define LZ_RAW	"\x00\x35\x99\x4a\xab\xa2\xe2\xb4\x48\x4e\xae\xff\xfd\x53\xa0\x00"
#define LZ_TAIL	"\x00\x35\x99\x4a\xab\x57\x5c\x6c\x84\x22\x5a\xff\xfe\x32\xb8\x00"
#define ALONE	"\x5d\x00\x00\x80\x00" ONES LZ_RAW
#define LZ_FILE	"LZIP\x01\x17" LZ_RAW "\xab\x9a\xd2\x5d\x06\0\0\0\0\0\0\0\x2a\0\0\0\0\0\0\0"
#define ZS	"\x28\xb5\x2f\xfd\x00\x58\x31\x00\x00kernel"
#define ZS_SKIP	"\x50\x2a\x4d\x18\x00\x00\x00\x00"
#define ZS_LONG	"\x28\xb5\x2f\xfd\x00\x90\x31\x00\x00kernel"	/* a window of 256 MiB */

/* "kernel" as lz4 would make it: a frame with a block as it is, and the older form, of blocks
 * alone. */
#define L4_HEAD "\x04\x22\x4d\x18\x60\x40\x82"
#define L4 \
	L4_HEAD "\x06\0\0\x80" \
		"kernel" \
		"\0\0\0\0"
#define L4_OLD \
	"\x02\x21\x4c\x18" \
	"\x07\0\0\0" \
	"\x60" \
	"kernel"
/* As GZ, with a checksum of the header (RFC 1952, 2.3.1), which is right, or wrong. */
#define GZ_HEAD(sum) \
	"\x1f\x8b\x08\x02\x00\x00\x00\x00\x02\x03" sum \
	"\xcb\x4e\x2d\xca\x4b\xcd\x01\x00\xab\x9a\xd2\x5d\x06\x00\x00\x00"

/* Of exactly this size, so that reading beyond it is noticed. */
static struct file file_of(const void *data, size_t len)
{
	struct file f;

	file_unpacked(&f, "test", memcpy(mem_alloc(len), data, len), len);
	return f;
}

#define ROW(s) (s), sizeof(s) - 1

static const struct {
	const char *data;
	size_t len;
	const char *method;	/* NULL: not compressed */
	bool built_in;
	const char *text;	/* of the error, or what is inside */
	int err;
} rows[] = {
	{ ROW(GZ), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ GZ), "gzip", GZIP, "kernelkernel", 0 },
	{ ROW(GZ GZ_NONE), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ_NONE), "gzip", GZIP, "nothing inside", EINVAL },
	{ ROW(GZ "\0"), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ "\0\0\0"), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ "\x01"), "gzip", GZIP, "truncated", EINVAL },
	{ ROW(GZ "\x1f"), "gzip", GZIP, "truncated", EINVAL },
	{ ROW(GZ "\x1f\x8b"), "gzip", GZIP, "truncated", EINVAL },
	{ ROW(GZ "\x1f\x8a"), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ "\x1e\x8b"), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ "\0\x8b"), "gzip", GZIP, "kernel", 0 },
	{ ROW("\x1f\x8b\x08"), "gzip", GZIP, "truncated", EINVAL },
	{ ROW(GZ_HEAD("\x25\x15")), "gzip", GZIP, "kernel", 0 },
	{ ROW(GZ_HEAD("xx")), "gzip", GZIP, "header crc mismatch", EINVAL },
	{ ROW("\x1f\x8b\x08\xe0" GZ), "gzip", GZIP, "unknown header flags", EINVAL },
	{ ROW("\x1f\x8b"), NULL, true, NULL, 0 },
	{ ROW("\x1f\x8b\x07" GZ), NULL, true, NULL, 0 },
	{ ROW(XZ_FILE), "xz", XZ, "kernel", 0 },
	{ ROW(XZ_FILE "\0\0\0\0" XZ_FILE), "xz", XZ, "kernelkernel", 0 },
	{ ROW(XZ_NONE), "xz", XZ, "nothing inside", EINVAL },
	{ ROW(XZ_HEAD), "xz", XZ, "truncated", EINVAL },
	{ ROW(XZ_FILE "garbage garbage"), "xz", XZ, "damaged, or something else is behind it",
	  EINVAL },
	{ ROW(XZ_NEW), "xz", XZ, "needs a newer liblzma", ENOTSUP },
	{ ROW("\xfd"
	      "7zXZ"),
	  NULL, true, NULL, 0 }, /* of which the last byte is a zero */
	{ ROW(ALONE), "lzma", XZ, "kernel", 0 },
	{ ROW("\x5d\x00\x00\x80\x00\x06\0\0\0\0\0\0\0" LZ_RAW), "lzma", XZ, "kernel", 0 },
	{ ROW("\xb8\x00\x00\x80\x00" ONES LZ_TAIL), "lzma", XZ, "kernel", 0 }, /* lc 4, pb 4 */
	{ ROW("\x5d\x00\x00\x80\x00" ONES "\0"), "lzma", XZ, "truncated", EINVAL },
	{ ROW("\x5d\x00\x00\x80\x00" ONES), NULL, true, NULL, 0 },
	{ ROW("\x5d\x00\x00\x80\x00\0\0\0\x80\0\0\0\0\0"), "lzma", XZ, "truncated", EINVAL },
	{ ROW("\x5d\x00\x00\x80\x00\x01\0\0\x80\0\0\0\0\0"), NULL, true, NULL, 0 },
	{ ROW("\x5d\x00\x00\x80\x00\0\0\0\0\0\0\0\0\0"), NULL, true, NULL, 0 },
	{ ROW("\x5d\x00\x00\x80\x00" ONES "\x01"), NULL, true, NULL, 0 },
	{ ROW("\x05\x00\x00\x80\x00" ONES "\0"), NULL, true, NULL, 0 }, /* lc 5 */
	{ ROW("\xe1\x00\x00\x80\x00" ONES "\0"), NULL, true, NULL, 0 }, /* pb 5 */
	{ ROW(LZ_FILE), "lzip", LZIP, "kernel", 0 },
	{ ROW(LZ_FILE "garbage"), "lzip", LZIP, "kernel", 0 },
	{ ROW("LZIP"), "lzip", LZIP, "truncated", EINVAL },
	{ ROW("LZI"), NULL, true, NULL, 0 },
	{ ROW("LZIQ"), NULL, true, NULL, 0 },
	{ ROW(ZS), "zstd", ZSTD, "kernel", 0 },
	{ ROW(ZS_SKIP ZS ZS_SKIP ZS), "zstd", ZSTD, "kernelkernel", 0 },
	{ ROW("\x5f\x2a\x4d\x18\x02\0\0\0xx" ZS), "zstd", ZSTD, "kernel", 0 },
	{ ROW(ZS_LONG), "zstd", ZSTD, "kernel", 0 },
	{ ROW(ZS_SKIP), "zstd", ZSTD, "nothing inside", EINVAL },
	{ ROW("\x28\xb5\x2f\xfd"), "zstd", ZSTD, "truncated", EINVAL },
	{ ROW(ZS "\x28\xb5"), "zstd", ZSTD, "truncated", EINVAL },
	{ ROW(ZS "garbage"), "zstd", ZSTD, "Unknown frame descriptor", EINVAL },
	{ ROW("\x28\xb5\x2f"), NULL, true, NULL, 0 },
	{ ROW("\x50\x2a\x4d\x18\0\0\0"), NULL, true, NULL, 0 },
	{ ROW("\x60\x2a\x4d\x18\0\0\0\0"), NULL, true, NULL, 0 },
	{ ROW(L4), "lz4", LZ4, "kernel", 0 },
	{ ROW(L4 L4), "lz4", LZ4, "kernelkernel", 0 },
	{ ROW(ZS_SKIP L4 ZS_SKIP L4), "lz4", LZ4, "kernelkernel", 0 },
	{ ROW(L4_OLD), "lz4", LZ4, "kernel", 0 },
	{ ROW(L4_OLD "\x07\0\0\0"
		     "\x60"
		     "kernel"),
	  "lz4", LZ4, "kernelkernel", 0 },
	{ ROW(L4_OLD L4_OLD L4 L4_OLD), "lz4", LZ4, "kernelkernelkernelkernel", 0 },
	{ ROW(L4_HEAD "\0\0\0\0"), "lz4", LZ4, "nothing inside", EINVAL },
	{ ROW(L4_HEAD), "lz4", LZ4, "truncated", EINVAL },
	{ ROW(L4_HEAD "\x06\0\0\x80"
		      "kern"),
	  "lz4", LZ4, "truncated", EINVAL },
	{ ROW(L4_HEAD "\x06\0\0\x80"
		      "kernel"),
	  "lz4", LZ4, "truncated", EINVAL },
	{ ROW(L4_HEAD "\x06\xff\xff\xff"
		      "kernel"),
	  "lz4", LZ4, "ERROR_maxBlockSize_invalid", EINVAL },
	{ ROW("\x04\x22\x4d\x18\x60\x40\x83"), "lz4", LZ4, "ERROR_headerChecksum_invalid", EINVAL },
	{ ROW(L4 "x"), "lz4", LZ4, "truncated, damaged, or something else is behind it", EINVAL },
	{ ROW(L4 "garbage"), "lz4", LZ4, "truncated, damaged, or something else is behind it",
	  EINVAL },
	{ ROW(L4_OLD "x"), "lz4", LZ4, "truncated, damaged, or something else is behind it",
	  EINVAL },
	{ ROW(L4_OLD "garbage"), "lz4", LZ4, "truncated, damaged, or something else is behind it",
	  EINVAL },
	{ ROW(L4_OLD "\x08\0\0\0"
		     "\x60"
		     "kernel"),
	  "lz4", LZ4, "truncated", EINVAL },
	/* What follows would do, were it not too short or no block. */
	{ ROW(L4_OLD "\xff\0\0\0" L4), "lz4", LZ4, "truncated", EINVAL },
	{ ROW(L4_OLD "\x15\0\0\0" L4), "lz4", LZ4, "data: damaged", EINVAL },
	{ ROW(L4_OLD "\0\0\0\0"), "lz4", LZ4, "data: damaged", EINVAL },
	{ ROW(L4_OLD "\x01\0\0\0"
		     "\0"),
	  "lz4", LZ4, "kernel", 0 },
	{ ROW(L4 "\x02\x21\x4c\x18"), "lz4", LZ4, "kernel", 0 },
	{ ROW(L4_OLD "\x07\0\0\0"
		     "\xf0"
		     "kernel"),
	  "lz4", LZ4, "damaged", EINVAL },
	{ ROW("\x02\x21\x4c\x18"
	      "\x07\0\0"),
	  "lz4", LZ4, "truncated, damaged, or something else is behind it", EINVAL },
	{ ROW("\x03\x22\x4d\x18"), NULL, true, NULL, 0 },
	{ ROW("\x04\x22\x4d"), NULL, true, NULL, 0 },
	{ ROW("kernel, not compressed"), NULL, true, NULL, 0 },
};

static void expect_inside(struct file *f, const char *text)
{
	assert_int_equal(file_decompress(f, MAX), 0);
	assert_int_equal(f->size, strlen(text));
	assert_memory_equal(f->data, text, f->size);
	assert_string_equal(f->name, "test");
}

static void recognised_and_decompressed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct file f = file_of(rows[i].data, rows[i].len);

		assert_int_equal(file_is_compressed(&f), rows[i].method != NULL);
		if (rows[i].method && !rows[i].built_in)
			assert_fails(file_decompress(&f, MAX), ENOTSUP,
				     "this kexec was built without");
		else if (rows[i].err)
			assert_fails(file_decompress(&f, MAX), rows[i].err, rows[i].text);
		else if (rows[i].method)
			expect_inside(&f, rows[i].text);
		file_close(&f);
	}
}

/* The error says of what kind the data was. */
static void damage_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].method && rows[i].built_in && rows[i].err) {
			struct file f = file_of(rows[i].data, rows[i].len);
			STRING_AUTO text = mem_printf("%s data: ", rows[i].method);

			assert_fails(file_decompress(&f, MAX), rows[i].err, text);
			file_close(&f);
		}
}

/* What is written to stderr while this is decompressed. */
static void expect_said(const void *data, size_t len, const char *want)
{
	struct file f = file_of(data, len);
	struct said said;

	unit_listen(&said);
	if (GZIP)
		assert_int_equal(file_decompress(&f, MAX), 0);
	unit_heard(&said);
	assert_string_equal(said.text, GZIP ? want : "");
	file_close(&f);
}

static void garbage_is_mentioned(void **state)
{
	(void)state;
	expect_said(ROW(GZ), "");
	expect_said(ROW(GZ "\0\0\0"), "");
	expect_said(ROW(GZ "\0\0xyz"),
		    "kexec: warning: test: 5 bytes behind the gzip data are not used\n");
	/* Not of what is wrong before it. */
	if (GZIP) {
		struct file f = file_of(ROW(GZ_HEAD("xx") "garbage"));
		struct said said;

		unit_listen(&said);
		assert_int_equal(file_decompress(&f, MAX), -EINVAL);
		unit_heard(&said);
		assert_string_equal(said.text, "");
		file_close(&f);
	}
	/* Which could be what a member says of its size, for once. */
	expect_said(ROW(GZ "xy\x06\0\0\0"),
		    "kexec: warning: test: 6 bytes behind the gzip data are not used\n");
}

/*
 * --- more than one step of 1 MiB: gzip data in stored blocks, zstd data in blocks of one byte each
 * ---
 */

static void add_number(struct buf *b, uint32_t value, unsigned int bytes)
{
	uint8_t data[4];

	bytes_put(data, value, bytes, true);
	buf_add(b, data, bytes);
}

static uint8_t *pattern(uint64_t size)
{
	uint8_t *data = mem_alloc(size);

	for (uint64_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	return data;
}

/* @checked: with a checksum of the header, which zlib alone looks at. */
static struct file stored(const uint8_t *data, uint64_t size, bool checked)
{
	BUF_AUTO b = {0};

	buf_add(&b, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	if (checked) {
		b.data[3] = 2;
		add_number(&b, crc32_of(b.data, b.len) & 0xffff, 2);
	}
	for (uint64_t at = 0; at < size;) {
		uint32_t n = size - at < 0xffff ? (uint32_t)(size - at) : 0xffff;

		add_number(&b, at + n == size, 1);
		add_number(&b, n, 2);
		add_number(&b, ~n & 0xffff, 2);
		buf_add(&b, data + at, n);
		at += n;
	}
	add_number(&b, crc32_of(data, size), 4);
	add_number(&b, (uint32_t)size, 4);
	return file_of(b.data, b.len);
}

/*
 * A member of gzip's with @stored bytes as they are and then @runs times 258 zeroes, in the codes
 * of RFC 1951, 3.2.6: 13 bits for each. @stored is a multiple of 0xffff.
 */
static void add_member(struct buf *b, uint64_t stored, uint32_t runs)
{
	uint64_t size = stored + 1 + 258 * (uint64_t)runs;
	uint8_t *data = mem_alloc(size);
	uint32_t bits = 3, n = 3; /* the last block, of fixed codes */

	memset(data, 'x', stored);
	buf_add(b, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	for (uint64_t at = 0; at < stored; at += 0xffff) {
		add_number(b, 0, 1);
		add_number(b, 0xffff, 2);
		add_number(b, 0, 2);
		buf_add(b, data + at, 0xffff);
	}
	for (uint32_t i = 0; i < runs + 2; i++) {
		/* Literal 0; length 258 at distance 1; the end: the first bit of a code comes
		 * first. */
		bits |= (i == 0 ? 0x0cu : i <= runs ? 0xa3u : 0) << n;
		n += i == 0 ? 8 : i <= runs ? 13 : 7;
		for (; n >= 8; n -= 8, bits >>= 8)
			add_number(b, bits & 0xff, 1);
	}
	if (n)
		add_number(b, bits, 1);
	add_number(b, crc32_of(data, size), 4);
	add_number(b, (uint32_t)size, 4);
	free(data);
}

static struct file same_bytes(const uint32_t *block, size_t n)
{
	BUF_AUTO b = {0};

	buf_add(&b, "\x28\xb5\x2f\xfd\x00\x58", 6);
	for (size_t i = 0; i < n; i++) {
		add_number(&b, block[i] << 3 | 1 << 1 | (i == n - 1), 3);
		add_number(&b, (uint32_t)i, 1);
	}
	return file_of(b.data, b.len);
}

static void many_steps_of_gzip(void **state)
{
	const uint64_t size = MAX + 2 * MIB + 1000;
	uint8_t *data = pattern(size);

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct file f = stored(data, size, i);

		if (GZIP) {
			assert_int_equal(file_decompress(&f, size + MIB), 0);
			assert_int_equal(f.size, size);
			assert_memory_equal(f.data, data, size);
		}
		file_close(&f);
	}
	free(data);
}

static void many_steps_of_zstd(void **state)
{
	static const uint32_t block[] = { 1000,	  131072, 131072, 131072, 131072,
					  131072, 131072, 131072, 131072 };
	struct file f = same_bytes(block, ARRAY_SIZE(block));

	(void)state;
	if (ZSTD) {
		assert_int_equal(file_decompress(&f, MAX), 0);
		assert_int_equal(f.size, MIB + 1000);
		assert_int_equal(f.data[999], 0);
		assert_int_equal(f.data[1000], 1);
		assert_int_equal(f.data[MIB + 999], 8);
	}
	file_close(&f);
}

/* --- bounds: of the file, and of what is inside --- */

static void files_of_bounded_size(void **state)
{
	struct file f = file_of(ROW(GZ));

	(void)state;
	if (GZIP) {
		assert_fails(file_decompress(&f, sizeof(GZ) - 2), EFBIG,
			     "26 bytes of gzip data, more than 25");
		assert_int_equal(file_decompress(&f, sizeof(GZ) - 1), 0);
	}
	file_close(&f);
}

static void expect_too_much(struct file f, uint64_t size)
{
	assert_fails(file_decompress(&f, MAX - 1), EFBIG,
		     "decompresses to more than 2097151 bytes");
	assert_int_equal(file_decompress(&f, MAX), 0);
	assert_int_equal(f.size, size);
	file_close(&f);
}

/* What the faster library would have room for is no more than is allowed, either. */
static void members_of_bounded_size(void **state)
{
	BUF_AUTO one = { 0 }, four = { 0 };
	struct file f;

	(void)state;
	add_member(&one, 16 * 0xffff, 16384); /* 5 MiB of 1 */
	for (unsigned int i = 0; i < 4; i++)
		add_member(&four, 4 * 0xffff, 3072); /* each 1 MiB of a quarter of it */
	f = file_of(one.data, one.len);
	if (GZIP) {
		assert_fails(file_decompress(&f, MAX), EFBIG, "decompresses to more than");
		assert_int_equal(file_decompress(&f, 6 * MIB), 0);
		assert_int_equal(f.size, 16 * 0xffff + 1 + 258 * 16384);
		assert_int_equal(f.data[16 * 0xffff - 1], 'x');
		assert_int_equal(f.data[f.size - 1], 0);
	}
	file_close(&f);
	f = file_of(four.data, four.len);
	if (GZIP) {
		assert_fails(file_decompress(&f, MAX), EFBIG, "decompresses to more than");
		assert_int_equal(file_decompress(&f, 5 * MIB), 0);
		assert_int_equal(f.size, 4 * (4 * 0xffff + 1 + 258 * 3072));
	}
	file_close(&f);
}

/* 64 KiB of zeroes, by xz --check=none. */
static const char xz_zeroes[] =
	"\xfd\x37\x7a\x58\x5a\x00\x00\x00\xff\x12\xd9\x41\x02\x00\x21\x01\x16\x00\x00\x00"
	"\x74\x2f\xe5\xa3\xe0\xff\xff\x00\x4c\x5d\x00\x00\x6f\xfd\xff\xff\xa3\xb7\xff\x47"
	"\x3e\x48\x15\x72\x39\x61\x51\xb8\x92\x28\xe6\xa3\x86\x07\xf9\xee\xe4\x1e\x82\xd3"
	"\x2f\xc5\x3a\x3c\x01\x4b\xb1\x7e\xc9\x8a\x8a\x4d\x2f\xa3\x0d\xd9\x7f\xa6\xe3\x8c"
	"\x23\x11\x53\xe0\x59\x18\xc5\x75\x8a\xe2\x77\xf8\xb6\x94\x7f\x0c\x6a\xc0\xde\x74"
	"\x49\x64\x5c\x9e\x3a\xd1\x00\x00\x00\x01\x60\x80\x80\x04\x00\x00\xf2\x75\x17\x90"
	"\xa8\x00\x0a\xfc\x02\x00\x00\x00\x00\x00\x59\x5a";

/* And by gzip. */
static const char gzip_zeroes[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x01\x00\x00\x00\x80\x90\xfe"
	"\xaf\xee\x08\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x6a\xeb\x8e\x97\xd7\x00\x00\x01\x00";

static struct file many(const char *data, size_t len, unsigned int n)
{
	BUF_AUTO b = {0};

	while (n--)
		buf_add(&b, data, len);
	return file_of(b.data, b.len);
}

static struct file many_blocks(void)
{
	uint32_t block[17];

	for (size_t i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = 131072;
	return same_bytes(block, ARRAY_SIZE(block));
}

/* 64 KiB each, of lz4: one literal, and a match as long as the rest but five. */
static struct file many_frames(bool old)
{
	uint8_t block[512] = { 0x1f, 0, 1 };
	uint32_t n = 65536 - 1 - 5, len = 4;
	BUF_AUTO b = { 0 };

	for (n -= 4 + 15; n >= 255; n -= 255)
		block[len++] = 255;
	block[len++] = (uint8_t)n;
	block[len++] = 0x50;
	len += 5;
	for (unsigned int i = 0; i < 33; i++) {
		if (!old)
			buf_add(&b, L4_HEAD, sizeof(L4_HEAD) - 1);
		else if (!i)
			buf_add(&b, L4_OLD, 4);
		add_number(&b, len, 4);
		buf_add(&b, block, len);
		if (!old)
			add_number(&b, 0, 4);
	}
	return file_of(b.data, b.len);
}

static void output_of_bounded_size(void **state)
{
	(void)state;
	if (GZIP)
		expect_too_much(many(gzip_zeroes, sizeof(gzip_zeroes) - 1, 33), MAX + 65536);
	if (XZ)
		expect_too_much(many(xz_zeroes, sizeof(xz_zeroes) - 1, 33), MAX + 65536);
	if (ZSTD)
		expect_too_much(many_blocks(), MAX + 131072);
	if (LZ4)
		expect_too_much(many_frames(false), MAX + 65536);
	if (LZ4)
		expect_too_much(many_frames(true), MAX + 65536);
}

#ifndef __has_feature /* clang's */
#define __has_feature(name) 0
#endif

/* Sanitizers reserve more than any limit that would be one. */
static bool limit_memory(struct rlimit *before)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
	(void)before;
	return false;
#else
	struct rlimit less = { .rlim_cur = 1 << 30 };

	assert_int_equal(getrlimit(RLIMIT_AS, before), 0);
	less.rlim_max = before->rlim_max;
	return !setrlimit(RLIMIT_AS, &less);
#endif
}

static void dictionaries_that_cannot_be_had(void **state)
{
	struct file f = file_of(ROW("\x5d\x00\x00\x00\x80" ONES LZ_RAW));
	struct rlimit before;

	(void)state;
	if (XZ && !unit_is_emulated() && limit_memory(&before)) {
		assert_fails(file_decompress(&f, MAX), ENOMEM,
			     "its dictionary needs 2048 MiB of memory, which cannot be had");
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	}
	file_close(&f);
}

/* What a file that changed holds is not looked at. */
static void a_file_that_changes(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/kernel", dir);
	struct file f;

	(void)state;
	unit_write(dir, "kernel", ROW(GZ GZ));
	assert_int_equal(file_open(&f, path), 0);
	unit_end_lease(f.fd);
	unit_write(dir, "kernel", ROW(GZ));
	if (GZIP)
		assert_fails(file_decompress(&f, MAX), EBUSY, "became shorter");
	file_close(&f);
	/* Nor what it held when it was mapped. */
	assert_int_equal(file_open(&f, path), 0);
	assert_int_equal(file_read(&f), 0);
	unit_end_lease(f.fd);
	unit_write(dir, "kernel", ROW(GZ "\0\0\0\0"));
	if (GZIP && f.mapped)
		assert_fails(file_decompress(&f, MAX), EBUSY, "changed while it was read");
	file_close(&f);
	unit_remove(dir);
}

/* Of which the second is not yet all in sight when the first has ended. */
static void members_of_more_than_a_step(void **state)
{
	uint8_t *data = pattern(2 * MIB);
	struct file second = stored(data, 2 * MIB, true), f;
	BUF_AUTO b = {0};

	(void)state;
	buf_add(&b, GZ, sizeof(GZ) - 1);
	buf_add(&b, second.data, second.size);
	f = file_of(b.data, b.len);
	if (GZIP) {
		assert_int_equal(file_decompress(&f, 4 * MIB), 0);
		assert_int_equal(f.size, 6 + 2 * MIB);
		assert_memory_equal(f.data, "kernel", 6);
		assert_memory_equal(f.data + 6, data, 2 * MIB);
	}
	file_close(&f);
	file_close(&second);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recognised_and_decompressed),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(garbage_is_mentioned),
		cmocka_unit_test(many_steps_of_gzip),
		cmocka_unit_test(many_steps_of_zstd),
		cmocka_unit_test(members_of_more_than_a_step),
		cmocka_unit_test(files_of_bounded_size),
		cmocka_unit_test(members_of_bounded_size),
		cmocka_unit_test(output_of_bounded_size),
		cmocka_unit_test(dictionaries_that_cannot_be_had),
		cmocka_unit_test(a_file_that_changes),
	};

	return cmocka_run_group_tests_name("decompress", tests, NULL, NULL);
}
