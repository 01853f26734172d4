// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What is in kernel files for x86 and for UEFI, whole, cut and with any field wrong. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libfdt.h>

#include "common/crc32.h"
#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/format/format.h"
#include "kexec/image.h"

#define CODE	0x600		/* bytes of code in the smallest bzImage here */
#define SETUP	0x400

/* A file in memory, opened as a kernel. */
struct opened {
	struct kernel k;
	struct arena arena;
	char name[64];
	int fd, rc;
};

static void open_bytes(struct opened *o, const void *data, size_t size)
{
	*o = (struct opened){ .fd = memfd_create("kernel", 0) };
	assert_int_equal(write(o->fd, data, size), size);
	snprintf(o->name, sizeof(o->name), "/proc/self/fd/%d", o->fd);
	o->rc = kernel_open(&o->k, &o->arena, o->name);
	if (o->rc >= 0)
		o->rc = kernel_read(&o->k);
}

static void close_bytes(struct opened *o)
{
	kernel_close(&o->k);
	arena_free(&o->arena);
	close(o->fd);
}

/* Whatever it is: in order and readable, or refused with words. */
static void survives(const void *data, size_t size)
{
	struct opened o;
	volatile uint8_t seen = 0;

	fail_forget();
	open_bytes(&o, data, size);
	if (o.rc < 0) {
		assert_true(*fail_text());
	} else {
		for (unsigned int i = 0; i < o.k.n_pieces; i++) {
			const struct kernel_piece *p = &o.k.piece[i];

			assert_true(p->filesz <= p->memsz && p->addr + p->memsz >= p->addr);
			for (uint64_t at = 0; at < p->filesz; at++)
				seen ^= p->data[at];
		}
		for (uint64_t at = 0; at < o.k.initrd.size; at++)
			seen ^= o.k.initrd.data[at];
		(void)seen;
	}
	close_bytes(&o);
}

static void refused(const void *data, size_t size, int err, const char *text)
{
	struct opened o;

	fail_forget();
	open_bytes(&o, data, size);
	if (o.rc != -err || !strstr(fail_text(), text)) {
		print_error("%d \"%s\", not %d \"%s\"\n", o.rc, fail_text(), -err, text);
		_fail(__FILE__, __LINE__);
	}
	fail_forget();
	close_bytes(&o);
}

static void accepted(const void *data, size_t size)
{
	struct opened o;

	fail_forget();
	open_bytes(&o, data, size);
	assert_string_equal(fail_text(), "");
	assert_int_equal(o.rc, 0);
	close_bytes(&o);
}

/* Every length but the whole; each byte of the first @headers with some bits turned. */
static void endure(const uint8_t *data, size_t size, size_t headers)
{
	static const uint8_t turn[] = { 0x01, 0x10, 0x80, 0xff };
	uint8_t *copy = malloc(size);
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	for (size_t cut = 1; cut < size; cut++) {
		struct opened o;

		memcpy(copy, data, size);
		fail_forget();
		open_bytes(&o, copy, cut);
		if (o.rc >= 0 || !*fail_text()) {
			print_error("cut to %zu of %zu bytes: %d\n", cut, size, o.rc);
			_fail(__FILE__, __LINE__);
		}
		close_bytes(&o);
	}
	dup2(null, STDERR_FILENO);	/* thousands of notices */
	for (size_t at = 0; at < headers; at++)
		for (size_t i = 0; i < ARRAY_SIZE(turn); i++) {
			memcpy(copy, data, size);
			copy[at] ^= turn[i];
			survives(copy, size);
		}
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	free(copy);
	fail_forget();
}

static void put(uint8_t *p, uint64_t v, size_t size)
{
	bytes_put(p, v, size, true);
}

/* --- bzImage --- */

#define BZIMAGE_SIZE (SETUP + CODE)

static void make_bzimage(uint8_t d[BZIMAGE_SIZE])
{
	for (unsigned int i = 0; i < BZIMAGE_SIZE; i++)
		d[i] = i < SETUP ? 0 : (uint8_t)(i * 5);
	memcpy(d, "MZ", 2);
	d[0x1f1] = 1;
	put(d + 0x1f4, CODE / 16, 4);
	put(d + 0x1fe, 0xaa55, 2);
	d[0x201] = 0x6a;
	memcpy(d + 0x202, "HdrS", 4);
	put(d + 0x206, 0x20f, 2);
	d[0x211] = 1;
	put(d + 0x22c, 0x7fffffff, 4);
	put(d + 0x230, 0x200000, 4);
	d[0x234] = 1;
	put(d + 0x236, 0x23, 2);
	put(d + 0x238, 2047, 4);
	put(d + 0x258, 0x1000000, 8);
	put(d + 0x260, 0x300000, 4);
}

static void bzimage_is_understood(void **state)
{
	uint8_t d[BZIMAGE_SIZE + 100];
	struct opened o;

	(void)state;
	make_bzimage(d);
	memset(d + BZIMAGE_SIZE, 0xee, 100);	/* a signature */
	open_bytes(&o, d, sizeof(d));
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage");
	assert_string_equal(o.k.type, "bzImage");
	assert_null(o.k.wrapping);
	assert_int_equal(o.k.elf_machine, ELF_EM_X86_64);
	assert_true(o.k.little && o.k.bits == 64 && o.k.relocatable && o.k.five_level && !o.k.flat);
	assert_int_equal(o.k.n_pieces, 1);
	assert_int_equal(o.k.piece->addr, 0x1000000);
	assert_int_equal(o.k.piece->filesz, CODE);
	assert_int_equal(o.k.piece->memsz, 0x300000);
	assert_memory_equal(o.k.piece->data, d + SETUP, CODE);
	assert_int_equal(o.k.low, 0x1000000);
	assert_int_equal(o.k.high, 0x1300000);
	assert_int_equal(o.k.align, 0x200000);
	assert_int_equal(o.k.entry, 0x200);
	assert_int_equal(o.k.cmdline_max, 2047);
	assert_int_equal(o.k.initrd_below, 0);
	assert_int_equal(o.k.kernel_below, 0);
	assert_int_equal(o.k.boot_header_size, 0x202 + 0x6a - 0x1f1);
	assert_memory_equal(o.k.boot_header, d + 0x1f1, o.k.boot_header_size);
	close_bytes(&o);
}

static void bzimage_for_low_memory(void **state)
{
	uint8_t d[BZIMAGE_SIZE];
	struct opened o;

	(void)state;
	make_bzimage(d);
	put(d + 0x236, 1, 2);
	d[0x234] = 0;
	d[0x1f1] = 0;	/* as if 4: the code begins later, so there is less of it */
	put(d + 0x1f4, (BZIMAGE_SIZE - 0xa00) / 16, 4);
	refused(d, sizeof(d), EINVAL, "has no code at its 64-bit entry");
	d[0x1f1] = 1;
	put(d + 0x1f4, CODE / 16, 4);
	open_bytes(&o, d, sizeof(d));
	assert_int_equal(o.rc, 0);
	assert_true(!o.k.relocatable && !o.k.five_level);
	assert_int_equal(o.k.kernel_below, (uint64_t)1 << 32);
	assert_int_equal(o.k.initrd_below, 0x80000000);
	close_bytes(&o);
}

static void bzimage_refusals(void **state)
{
	static const struct {
		unsigned int at, size;
		uint64_t value;
		int err;
		const char *text;
	} rows[] = {
		{ 0x1fe, 2, 0, ENOEXEC, "Cannot determine the file type" },
		{ 0x201, 1, 0x61, EINVAL, "its header ends at 0x263, before 0x264" },
		{ 0x201, 1, 0x62, 0, NULL },
		{ 0x206, 2, 0x20c, 0, NULL },
		{ 0x230, 4, 1 << 30, 0, NULL },
		{ 0x230, 4, 1ull << 31, EINVAL, "is not a power of two up to 0x40000000" },
		{ 0x260, 4, CODE, 0, NULL },
		{ 0x206, 2, 0x20b, ENOEXEC, "has version 2.11 of the boot protocol" },
		{ 0x236, 2, 0x22, ENOEXEC, "is a 32-bit kernel" },
		{ 0x211, 1, 0, ENOEXEC, "is to be loaded below 1 MiB" },
		{ 0x201, 1, 0x20, EINVAL, "its header ends at 0x222, before 0x264" },
		{ 0x230, 4, 0x180000, EINVAL, "is not a power of two" },
		{ 0x230, 4, 0, EINVAL, "is not a power of two" },
		{ 0x1f4, 4, CODE / 16 + 1, EINVAL, "truncated, 2560 bytes of 2576" },
		{ 0x1f1, 1, 200, EINVAL, "truncated" },
		{ 0x1f4, 4, 0x20, EINVAL, "has no code at its 64-bit entry" },
		{ 0x260, 4, CODE - 1, EINVAL,
		  "wants 0x5ff bytes of memory for 0x600 bytes of code" },
		{ 0x258, 8, UINT64_MAX - 5, EINVAL, "is beyond all memory" },
		{ 0x202, 4, 0, ENOEXEC, "Cannot determine the file type" },
	};
	uint8_t d[BZIMAGE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_bzimage(d);
		put(d + rows[i].at, rows[i].value, rows[i].size);
		if (rows[i].err)
			refused(d, sizeof(d), rows[i].err, rows[i].text);
		else
			accepted(d, sizeof(d));
	}
	make_bzimage(d);
	d[0x1f1] = 4;		/* the code begins where the file ends */
	put(d + 0x1f4, 0, 4);
	refused(d, sizeof(d), EINVAL, "has no code at its 64-bit entry");
}

/* It is open already when it becomes shorter. */
static void bzimage_cut(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/vmlinuz", dir);
	struct arena arena = {0};
	struct kernel k = {0};
	uint8_t d[BZIMAGE_SIZE];

	(void)state;
	make_bzimage(d);
	unit_write(dir, "vmlinuz", d, sizeof(d));
	assert_int_equal(file_open(&k.file, path), 0);
	unit_end_lease(k.file.fd);
	assert_int_equal(truncate(path, 0x300), 0);
	assert_fails(format_bzimage.understand(&k, &arena), EIO, "cannot be read");
	kernel_close(&k);
	arena_free(&arena);
	unit_remove(dir);
}

static void bzimage_endures(void **state)
{
	uint8_t d[BZIMAGE_SIZE];

	(void)state;
	make_bzimage(d);
	endure(d, sizeof(d), SETUP);
}

/* --- PE: zboot and UKI --- */

struct part {
	const char *name;
	const void *data;
	size_t size, virtual;	/* virtual 0: as size */
};

#define ALIGN		64	/* of raw data; real ones have 512 */
#define SECTION(i)	(0x58 + 40 * (i))

/* A PE file with nothing but sections; *@headers: bytes of headers. */
static uint8_t *make_pe(const struct part *part, size_t n, size_t *size, size_t *headers)
{
	size_t at = round_up64(SECTION(n), ALIGN);
	uint8_t *d = calloc(1, 1 << 16);

	*headers = SECTION(n);
	memcpy(d, "MZ", 2);
	put(d + 0x3c, 0x40, 4);
	memcpy(d + 0x40, "PE\0", 4);
	put(d + 0x46, n, 2);
	for (size_t i = 0; i < n; i++) {
		uint8_t *s = d + SECTION(i);
		size_t raw = round_up64(part[i].size, ALIGN);

		strncpy((char *)s, part[i].name, 8);
		put(s + 8, part[i].virtual ? part[i].virtual : part[i].size, 4);
		put(s + 16, raw, 4);
		put(s + 20, at, 4);
		memset(d + at, 0xa5, raw);
		memcpy(d + at, part[i].data, part[i].size);
		at += raw;
	}
	*size = at;
	return d;
}

static uint8_t bzimage[BZIMAGE_SIZE];

static uint8_t *make_uki(size_t *size, size_t *headers)
{
	const struct part part[] = {
		{ ".text", "stub", 4, 0 },
		{ ".cmdline", "root=/dev/x\nquiet \n", 18, 0 },
		{ ".initrd", "initrd!", 7, 0 },
		{ ".ucode", "micro", 5, 0 },
		{ ".linux", bzimage, sizeof(bzimage), 0 },
		{ ".profile", "ID=other", 8, 0 },
		{ ".cmdline", "other", 5, 0 },
		{ ".initrd", "other", 5, 0 },
	};

	make_bzimage(bzimage);
	return make_pe(part, ARRAY_SIZE(part), size, headers);
}

static void uki_is_understood(void **state)
{
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);
	struct opened o;

	(void)state;
	open_bytes(&o, d, size);
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage in a uki");
	assert_string_equal(o.k.wrapping, "uki");
	assert_int_equal(o.k.piece->filesz, CODE);
	assert_memory_equal(o.k.piece->data, bzimage + SETUP, CODE);
	assert_string_equal(o.k.cmdline, "root=/dev/x quiet");
	assert_int_equal(o.k.initrd.size, 8 + 7);
	assert_memory_equal(o.k.initrd.data, "micro\0\0\0initrd!", 15);
	close_bytes(&o);
	free(d);
}

/* Of both sizes the smaller one counts: zeroes that only memory would have are none. */
static void uki_sizes(void **state)
{
	const struct part part[] = {
		{ ".initrd", "0123456789", 10, 4 }, { ".ucode", "u", 1, 1000 },
		{ ".linux", bzimage, sizeof(bzimage), 0 },
	};
	size_t size, headers;
	struct opened o;
	uint8_t *d;

	(void)state;
	make_bzimage(bzimage);
	d = make_pe(part, ARRAY_SIZE(part), &size, &headers);
	open_bytes(&o, d, size);
	assert_int_equal(o.rc, 0);
	assert_null(o.k.cmdline);
	assert_int_equal(o.k.initrd.size, ALIGN + 4);
	assert_memory_equal(o.k.initrd.data + ALIGN, "0123", 4);
	close_bytes(&o);
	free(d);
}

static void uki_refusals(void **state)
{
	static const struct {
		unsigned int at;
		uint64_t value;
		const char *text;
	} rows[] = {
		{ SECTION(2) + 20, 0xffffff00, "section 2 ends at 0xffffff40, beyond the file" },
		{ SECTION(5) + 16, 0xffffffff, "section 5 ends at" },
		{ SECTION(1) + 20, 0x10, "section 1 overlaps the headers" },
		{ SECTION(4) + 8, 0, "there is no kernel inside" },
	};
	static const char *const names[] = { ".linux", ".ucode", ".initrd", ".cmdline" };
	size_t size, headers;
	uint8_t *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		d = make_uki(&size, &headers);
		put(d + rows[i].at, rows[i].value, 4);
		refused(d, size, EINVAL, rows[i].text);
		free(d);
	}
	d = make_uki(&size, &headers);
	memcpy(d + SECTION(3) + 20, d + SECTION(2) + 20, 4);
	refused(d, size, EINVAL, "sections 2 and 3 overlap");
	free(d);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO text = mem_printf("has more than one section %s", names[i]);

		d = make_uki(&size, &headers);
		strncpy((char *)d + SECTION(0), names[i], 8);
		refused(d, size, EINVAL, text);
		free(d);
	}
	d = make_uki(&size, &headers);
	memcpy(d + SECTION(0), ".profile", 8);
	refused(d, size, EINVAL, "there is no kernel inside");
	free(d);
}

/* No PE files at all, or ones without a kernel in them. */
static void other_programs(void **state)
{
	const struct part none[] = { { ".text", "stub", 4, 0 }, { ".data", "data", 4, 0 } };
	static const unsigned int marks[] = { 0, 1, 0x40, 0x41, 0x3c, SECTION(4) + 1 };
	struct wrapped w = {0};
	size_t size, headers;
	struct file f;
	uint8_t *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		d = make_uki(&size, &headers);
		d[marks[i]] ^= 0x20;
		refused(d, size, ENOEXEC, "Cannot determine the file type");
		file_unpacked(&f, "test", d, size);
		assert_int_equal(wrapping_uki.probe(&f), false);
		if (marks[i] < SECTION(4))
			assert_fails(wrapping_uki.locate(&f, &w), EINVAL,
				     "its headers changed meanwhile");
		file_close(&f);
	}
	d = make_pe(none, ARRAY_SIZE(none), &size, &headers);
	refused(d, size, ENOEXEC, "Cannot determine the file type");
	put(d + 0x46, 0, 2);
	refused(d, size, ENOEXEC, "Cannot determine the file type");
	free(d);
}

/* In the table in another order than in the file, without data, right behind the headers. */
static void uki_layouts(void **state)
{
	const struct part empty[] = {
		{ ".bss", "", 0, 0x1000 },
		{ ".linux", bzimage, sizeof(bzimage), 0 },
		{ ".data", "", 0, 0x1000 },
	};
	uint8_t section[40];
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);

	(void)state;
	memcpy(section, d + SECTION(1), 40);
	memcpy(d + SECTION(1), d + SECTION(2), 40);
	memcpy(d + SECTION(2), section, 40);
	accepted(d, size);
	free(d);
	d = make_pe(empty, ARRAY_SIZE(empty), &size, &headers);
	accepted(d, size);
	put(d + SECTION(0) + 20, 0, 4);
	accepted(d, size);
	put(d + SECTION(0) + 20, size - 100, 4);	/* no bytes, inside another's */
	put(d + SECTION(2) + 20, size - 100, 4);
	accepted(d, size);
	free(d);
	d = make_pe(&empty[1], 1, &size, &headers);
	assert_int_equal(headers % ALIGN, 0);
	accepted(d, size);
	free(d);
}

static void uki_of_many_sections(void **state)
{
	enum { MANY = 1024, NAME_AT = SECTION(MANY - 1) };
	size_t start = round_up64(SECTION(MANY + 1), ALIGN), size = start + BZIMAGE_SIZE;
	uint8_t *d = calloc(1, size);
	struct file f;

	(void)state;
	make_bzimage(d + start);
	memcpy(d, "MZ", 2);
	put(d + 0x3c, 0x40, 4);
	memcpy(d + 0x40, "PE\0", 4);
	put(d + 0x46, MANY, 2);
	memcpy(d + NAME_AT, ".linux", 6);
	put(d + NAME_AT + 8, BZIMAGE_SIZE, 4);
	put(d + NAME_AT + 16, BZIMAGE_SIZE, 4);
	put(d + NAME_AT + 20, start, 4);
	accepted(d, size);
	put(d + 0x46, MANY + 1, 2);
	refused(d, size, ENOEXEC, "Cannot determine the file type");
	file_unpacked(&f, "test", d, size);
	assert_int_equal(wrapping_uki.extent(&f), 0);
	file_close(&f);
}

/*
 * The command line as it is shown to nobody but the kernel; of two layers the outer one's counts.
 */
static void uki_command_lines(void **state)
{
	char full[ALIGN];
	const struct { const char *text; size_t size; const char *want; } rows[] = {
		{ full, ALIGN, NULL }, { " \n ", 3, "" }, { "a\tb\0c", 5, "a b" }, { "x", 1, "x" },
	};

	(void)state;
	memset(full, 'z', sizeof(full));
	make_bzimage(bzimage);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct part part[] = {
			{ ".linux", bzimage, sizeof(bzimage), 0 },
			{ ".cmdline", rows[i].text, rows[i].size, 0 },
		};
		size_t size, headers;
		uint8_t *d = make_pe(part, ARRAY_SIZE(part), &size, &headers);
		struct unpacked u;
		struct opened o;
		struct file f;

		open_bytes(&o, d, size);
		assert_int_equal(o.rc, 0);
		assert_null(o.k.initrd.data);
		if (rows[i].want)
			assert_string_equal(o.k.cmdline, rows[i].want);
		else
			assert_true(strlen(o.k.cmdline) == ALIGN && o.k.cmdline[ALIGN - 1] == 'z');
		close_bytes(&o);
		/* In memory alone nothing is behind its last byte. */
		file_unpacked(&f, "test", memcpy(mem_alloc(size), d, size), size);
		free(d);
		assert_int_equal(kernel_unpack(&f, &u), 0);
		assert_non_null(u.cmdline);
		free(u.cmdline);
		file_close(&f);
	}
}

/* The first of a name, before the profiles; what has none, and what is no PE program. */
static void sections_of_a_program(void **state)
{
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);
	struct payload p;
	struct file f;

	(void)state;
	file_unpacked(&f, "test", d, size);
	assert_int_equal(pe_find(&f, ".cmdline", &p), 0);
	assert_int_equal(p.size, 18);
	assert_memory_equal(d + p.offset, "root=/dev/x\nquiet \n", 18);
	p.size = 1;
	assert_int_equal(pe_find(&f, ".osrel", &p), 0);
	assert_int_equal(p.size, 0);
	memcpy(d + SECTION(1), ".initrd\0", 8);
	assert_fails(pe_find(&f, ".initrd", &p), EINVAL, "has more than one section .initrd");
	d[0x40] = 'N';
	p.size = 1;
	assert_fails(pe_find(&f, ".cmdline", &p), ENOEXEC, "test: is no PE program");
	assert_int_equal(p.size, 0);
	file_close(&f);
}

static void uki_in_a_uki(void **state)
{
	size_t size, headers, all;
	uint8_t *d = make_uki(&size, &headers), *outer;
	const struct part part[] = {
		{ ".initrd", "outer", 5, 0 },
		{ ".cmdline", "outer", 5, 0 },
		{ ".linux", d, size, 0 },
	};
	struct opened o;
	struct said said;

	(void)state;
	outer = make_pe(part, ARRAY_SIZE(part), &all, &headers);
	unit_listen(&said);
	open_bytes(&o, outer, all);
	unit_heard(&said);
	assert_int_equal(o.rc, 0);
	assert_non_null(strstr(said.text, ": a unified kernel image: nothing is measured"));
	assert_string_equal(o.k.format, "bzImage in a uki");
	assert_string_equal(o.k.cmdline, "outer");
	assert_int_equal(o.k.initrd.size, 5);
	assert_memory_equal(o.k.initrd.data, "outer", 5);
	close_bytes(&o);
	free(outer);
	d[SECTION(4) + 8] = d[SECTION(4) + 9] = 0;
	unit_listen(&said);
	refused(d, size, EINVAL, "there is no kernel inside");
	unit_heard(&said);
	assert_string_equal(said.text, "");
	free(d);
}

static void uki_endures(void **state)
{
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);

	(void)state;
	endure(d, size, headers);
	free(d);
}

/* What is inside need not be compressed for us; the loop that unpacks looks for itself. */
static uint8_t *make_zboot(size_t *size)
{
	uint8_t *d = calloc(1, 1 << 13);

	make_bzimage(bzimage);
	memcpy(d, "MZ\0\0zimg", 8);
	put(d + 8, 0x80, 4);
	put(d + 12, sizeof(bzimage), 4);
	strcpy((char *)d + 24, "zstd22");
	memcpy(d + 0x80, bzimage, sizeof(bzimage));
	*size = 0x80 + sizeof(bzimage);
	return d;
}

/* --- Image --- */

/* What a header of 64 bytes says, of a file that ends where its only section does. */
static const struct {
	uint64_t text, size, flags;
	int cut;		/* bytes that are missing at the end */
	int err;
	const char *message;
	uint64_t filesz;	/* 0: the whole file */
} images[] = {
	{ 0, 0x40000, 2, 0, 0, NULL, 0 },
	{ 0x1ff000, 0x40000, 5, 0, 0, NULL, 0 },
	{ 0x200000, 0x40000, 0, 0, EINVAL, "text_offset 0x200000 is not a page below 0x200000", 0 },
	{ 0x800, 0x40000, 0, 0, EINVAL, "text_offset 0x800 is not a page", 0 },
	{ 0x200800, 0x40000, 0, 0, EINVAL, "text_offset 0x200800 is not a page", 0 },
	{ 0, 0, 0, 0, ENOEXEC, "Image: does not say how much memory it needs", 0 },
	{ 0, 63, 0, 0, EINVAL, "image_size 0x3f cannot be: damaged", 0 },
	{ 0, 64, 6, 0, 0, NULL, 64 },
	{ 0, INT64_MAX, 0, 0, 0, NULL, 0 },
	{ 0, INT64_MAX + 1ull, 0, 0, EINVAL, "image_size 0x8000000000000000 cannot be", 0 },
	{ 0, 0x40000, 0, 1, EINVAL, "Image: truncated, 191 bytes of 192", 0 },
	{ 0, 0, 0, 1, ENOEXEC, "does not say how much memory it needs", 0 },
};

static uint8_t *make_image(size_t row, size_t *size)
{
	static const uint8_t code[64];
	const struct part part = { ".text", code, sizeof(code), 0 };
	size_t headers;
	uint8_t *d = make_pe(&part, 1, size, &headers);

	put(d + 8, images[row].text, 8);
	put(d + 16, images[row].size, 8);
	put(d + 24, images[row].flags, 8);
	memcpy(d + 56, "ARM\x64", 4);
	return d;
}

static void images_are_understood(void **state)
{
	static const uint64_t pages[] = { 0, 4096, 16384, 65536 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		struct kernel k = {0};
		struct arena a = {0};
		size_t size;
		uint8_t *d = make_image(i, &size);

		file_unpacked(&k.file, "test", d, size - (size_t)images[i].cut);
		assert_true(format_image.probe(&k.file));
		if (images[i].err) {
			assert_fails(format_image.understand(&k, &a), images[i].err,
				     images[i].message);
		} else {
			assert_int_equal(format_image.understand(&k, &a), 0);
			assert_int_equal(k.n_pieces, 1);
			assert_true(k.low == images[i].text && k.high == k.low + images[i].size);
			assert_true(k.piece->addr == k.low && k.piece->memsz == images[i].size);
			assert_int_equal(k.piece->filesz,
					 images[i].filesz ? images[i].filesz : size);
			assert_int_equal(k.little, !(images[i].flags & 1));
			assert_int_equal(k.page_size, pages[images[i].flags >> 1]);
		}
		file_close(&k.file);
		arena_free(&a);
	}
}

/* A header is one of 64 bytes with the mark in it, which can be read. */
static void images_are_known(void **state)
{
	const struct file lost = { .name = "test", .size = 100, .fd = -1 };
	struct kernel k = { .file = lost };
	size_t size;
	uint8_t *d = make_image(0, &size);
	struct arena a = {0};

	(void)state;
	for (size_t len = 56; len <= 65; len++) {
		struct file f;

		file_unpacked(&f, "test", memcpy(mem_alloc(len), d, len), len);
		assert_int_equal(format_image.probe(&f), len >= 64);
		if (len > 56) {
			f.data[56] = 0;
			assert_false(format_image.probe(&f));
		}
		file_close(&f);
	}
	assert_false(format_image.probe(&lost));
	assert_fails(format_image.understand(&k, &a), EIO, "Image: the header cannot be read");
	free(d);
}

static void zboot_is_understood(void **state)
{
	size_t size;
	uint8_t *d = make_zboot(&size);
	struct opened o;

	(void)state;
	open_bytes(&o, d, size);
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage in a zboot");
	assert_memory_equal(o.k.piece->data, bzimage + SETUP, CODE);
	close_bytes(&o);
	strcpy((char *)d + 24, "lzo");
	refused(d, size, ENOTSUP, "is compressed with \"lzo\"");
	strcpy((char *)d + 24, "\x1b[0m");
	refused(d, size, EINVAL, "the name of its compression is damaged");
	strcpy((char *)d + 24, "gzip");
	put(d + 12, sizeof(bzimage) + 1, 4);
	refused(d, size, EINVAL, "the kernel inside ends beyond the file");
	free(d);
}

static void zboot_names(void **state)
{
	static const struct {
		const char *name;
		int err;
	} rows[] = {
		{ " ", ENOTSUP },
		{ "~", ENOTSUP },
		{ "\x1f", EINVAL },
		{ "\x7f", EINVAL },
		{ "", ENOTSUP },
		{ "gzip", 0 },
		{ "lz4", 0 },
		{ "lzma", 0 },
		{ "xzkern", 0 },
		{ "zstd", 0 },
		{ "zstd22", 0 },
		{ "zstd2", ENOTSUP },
		{ "thirty-two letters and no NUL ...", ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size;
		uint8_t *d = make_zboot(&size);

		memset(d + 24, 0, 32);
		strncpy((char *)d + 24, rows[i].name, 32);
		if (rows[i].err)
			refused(d, size, rows[i].err,
				rows[i].err == EINVAL ? "is damaged" : "is compressed with");
		else
			accepted(d, size);
		free(d);
	}
}

/* A header and nothing else is one; what has half of the mark, or is shorter, is none. */
static void zboot_marks(void **state)
{
	static const struct {
		char mz[3], zimg[5];
		size_t size;
		bool is;
	} rows[] = {
		{ "MZ", "zimg", 64, true },
		{ "MZ", "zimg", 63, false },
		{ "MZ", "zimh", 64, false },
		{ "MX", "zimg", 64, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *d = calloc(1, rows[i].size);
		struct wrapped w = {0};
		struct file f;

		memcpy(d, rows[i].mz, 2);
		memcpy(d + 4, rows[i].zimg, 4);
		file_unpacked(&f, "test", d, rows[i].size);
		assert_int_equal(wrapping_zboot.probe(&f), rows[i].is);
		if (rows[i].size < 64)
			assert_fails(wrapping_zboot.locate(&f, &w), EIO,
				     "the header cannot be read");
		file_close(&f);
	}
}

/* Its kernel is itself: it is unpacked for ever, or refused. */
static void layers_are_counted(void **state)
{
	size_t size, n = 0;
	uint8_t *d = make_zboot(&size);
	uint8_t *nested = calloc(1, size + 4 * 64);
	struct said said;

	(void)state;
	put(d + 8, 0, 4);
	put(d + 12, size, 4);
	refused(d, size, EINVAL, "is packed 4 times or more");
	put(d + 12, UINT32_MAX, 4);
	refused(d, size, EINVAL, "the kernel inside ends beyond the file");
	free(d);
	for (; n < 4; n++) {
		uint8_t *h = nested + n * 64;

		memcpy(h, "MZ\0\0zimg", 8);
		put(h + 8, 64, 4);
		put(h + 12, (3 - n) * 64 + sizeof(bzimage), 4);
		strcpy((char *)h + 24, "gzip");
	}
	memcpy(nested + 4 * 64, bzimage, sizeof(bzimage));
	refused(nested, 4 * 64 + sizeof(bzimage), EINVAL, "is packed 4 times or more");
	unit_listen(&said);
	accepted(nested + 64, 3 * 64 + sizeof(bzimage));
	unit_heard(&said);
	assert_string_equal(said.text, "");
	free(nested);
}

/* What it is wrapped in is the outermost of all; what is compressed need not be wrapped. */
static void layers_have_a_name(void **state)
{
	size_t size, headers;
	uint8_t *uki = make_uki(&size, &headers), *d = calloc(1, 64 + size);
	struct unpacked u;
	struct opened o;
	struct file f;

	(void)state;
	bytes_put(d, 0x27051956, 4, false);
	bytes_put(d + 12, size, 4, false);
	bytes_put(d + 24, crc32_of(uki, size), 4, false);
	d[30] = 2;		/* a kernel */
	bytes_put(d + 4, crc32_of(d, 64), 4, false);
	memcpy(d + 64, uki, size);
	open_bytes(&o, d, 64 + size);
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage in a uImage");
	assert_string_equal(o.k.cmdline, "root=/dev/x quiet");
	close_bytes(&o);
	file_unpacked(&f, "test", d, 64 + size);
	assert_int_equal(kernel_unpack(&f, &u), 0);
	assert_true(u.outermost == &wrapping_uimage && u.cmdline && u.initrd.data);
	file_close(&u.initrd);
	free(u.cmdline);
	file_close(&f);
	free(uki);
}

#ifdef HAVE_ZLIB
/* A gzip file in one stored block. */
static size_t stored(uint8_t *out, const uint8_t *data, size_t size)
{
	memcpy(out, "\x1f\x8b\x08\0\0\0\0\0\0\3\1", 11);
	put(out + 11, size, 2);
	put(out + 13, ~size & 0xffff, 2);
	memcpy(out + 15, data, size);
	put(out + 15 + size, crc32_of(data, size), 4);
	put(out + 19 + size, size, 4);
	return size + 23;
}

static void compressed_layers(void **state)
{
	enum { HEAD = 64 };
	uint8_t d[HEAD + BZIMAGE_SIZE + 23] = {0};
	struct opened o;
	size_t size;

	(void)state;
	make_bzimage(bzimage);
	size = stored(d + HEAD, bzimage, sizeof(bzimage));
	open_bytes(&o, d + HEAD, size);
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage");
	assert_null(o.k.wrapping);
	close_bytes(&o);
	memcpy(d, "MZ\0\0zimg", 8);
	put(d + 8, HEAD, 4);
	put(d + 12, size, 4);
	strcpy((char *)d + 24, "gzip");
	open_bytes(&o, d, HEAD + size);
	assert_int_equal(o.rc, 0);
	assert_string_equal(o.k.format, "bzImage in a zboot");
	assert_memory_equal(o.k.piece->data, bzimage + SETUP, CODE);
	close_bytes(&o);
}
#endif

/* A header, and nothing for two gigabytes and a byte; and no file at all. */
static void files_that_are_not_read(void **state)
{
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/vmlinuz", dir);
	struct arena arena = {0};
	struct kernel k;
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);

	(void)state;
	assert_fails(kernel_open(&k, &arena, path), ENOENT, path);
	unit_write(dir, "vmlinuz", d, size);	/* what is behind it does not matter */
	assert_int_equal(truncate(path, (off_t)3 << 30), 0);
	assert_int_equal(kernel_open(&k, &arena, path), 0);
	free(d);
	d = make_zboot(&size);
	kernel_close(&k);
	unit_write(dir, "vmlinuz", d, size);
	assert_int_equal(truncate(path, ((off_t)2 << 30) + 1), 0);
	assert_fails(kernel_open(&k, &arena, path), EFBIG,
		     "zboot: has 2147483649 bytes, more than 2147483648");
	kernel_close(&k);
	arena_free(&arena);
	free(d);
	unit_remove(dir);
}

/* As far as the last byte of any piece, in whatever order they are, and no further than 2 GiB. */
static void pieces_are_read(void **state)
{
	struct kernel_piece pieces[] = {
		{ .offset = 50, .filesz = 40 },
		{ .offset = 10, .filesz = 10 },
		{ .offset = 30, .filesz = 5 },
	};
	struct kernel k = { .piece = pieces, .n_pieces = 3 };
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/kernel", dir);
	uint8_t bytes[100];

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	unit_write(dir, "kernel", bytes, sizeof(bytes));
	assert_int_equal(file_open(&k.file, path), 0);
	assert_int_equal(kernel_read(&k), 0);
	assert_int_equal(k.file.size, 90);
	for (unsigned int i = 0; i < 3; i++)
		assert_memory_equal(pieces[i].data, bytes + pieces[i].offset, pieces[i].filesz);
	kernel_close(&k);
	assert_int_equal(file_open(&k.file, path), 0);
	pieces[1].offset = ((uint64_t)2 << 30) - 9;
	assert_fails(kernel_read(&k), EFBIG, "has data up to 0x80000001, beyond 0x80000000");
	assert_null(k.file.data);
	kernel_close(&k);
	unit_remove(dir);
}

/* What is written over can be had back, and again; the first writing counts. */
static void changes_of_a_kernel(void **state)
{
	char text[] = "abcdefghijkl";
	uint8_t *data = (uint8_t *)text;
	struct kernel_change change = {0};
	struct kernel k = { .little = true, .change = &change }, copy = k;

	(void)state;
	kernel_swap_change(&k);
	kernel_change(&copy, data + 4, 0x34333231);
	assert_string_equal(text, "abcd1234ijkl");
	kernel_change(&copy, data + 4, 0x34333231);
	kernel_swap_change(&k);
	assert_string_equal(text, "abcdefghijkl");
	kernel_swap_change(&k);
	assert_string_equal(text, "abcd1234ijkl");
	k.change = NULL;
	kernel_swap_change(&k);
	k.little = false;
	kernel_change(&k, data, 0x34333231);
	assert_string_equal(text, "43211234ijkl");
}

static void bytes_of_a_kernel(void **state)
{
	uint8_t data[8];
	struct kernel_piece pieces[] = {
		{ .addr = 0x1000, .data = data, .filesz = 4, .memsz = 0x100 },
		{ .addr = 0x2000, .data = data + 4, .filesz = 4, .memsz = 4 },
	};
	struct kernel k = { .piece = pieces, .n_pieces = 2 };
	static const struct {
		uint64_t addr, size;
		int at;
	} rows[] = {
		{ 0x1000, 4, 0 },  { 0x1003, 1, 3 },	       { 0x1003, 2, -1 },
		{ 0x1004, 1, -1 }, { 0x1000, 5, -1 },	       { 0xfff, 1, -1 },
		{ 0x2000, 4, 4 },  { 0x2002, 2, 6 },	       { 0x2003, 2, -1 },
		{ 0x3000, 1, -1 }, { 0x2000, UINT64_MAX, -1 }, { UINT64_MAX, 2, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint8_t *p = kernel_bytes(&k, rows[i].addr, rows[i].size);

		assert_ptr_equal(p, rows[i].at < 0 ? NULL : data + rows[i].at);
	}
}

static void zboot_endures(void **state)
{
	size_t size;
	uint8_t *d = make_zboot(&size);

	(void)state;
	endure(d, size, 0x40);
	free(d);
}

/* --- the rest --- */

static void elf_entry(void **state)
{
	static const struct {
		uint64_t entry, found;
	} rows[] = {
		{ 0x100010, 0x10 }, { 0xc000000000000020, 0x20 },
		{ 0x1000ff, 0xff }, { 0x100100, UINT64_MAX },
		{ 0, UINT64_MAX },
	};
	uint8_t d[64 + 56 + 32] = "\x7f" "ELF\2\1\1";

	(void)state;
	put(d + 16, 2, 2);
	put(d + 18, 62, 2);
	put(d + 20, 1, 4);
	put(d + 32, 64, 8);
	put(d + 52, 64, 2);
	put(d + 54, 56, 2);
	put(d + 56, 1, 2);
	put(d + 64, 1, 4);
	put(d + 64 + 8, 64 + 56, 8);
	put(d + 64 + 16, 0xc000000000000000, 8);
	put(d + 64 + 24, 0x100000, 8);
	put(d + 64 + 32, 32, 8);
	put(d + 64 + 40, 0x100, 8);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct opened o;

		put(d + 24, rows[i].entry, 8);
		open_bytes(&o, d, sizeof(d));
		assert_int_equal(o.rc, 0);
		assert_int_equal(o.k.entry, rows[i].found);
		assert_null(o.k.type);
		close_bytes(&o);
	}
}

static void types(void **state)
{
	const char *why;

	(void)state;
	assert_string_equal(kernel_type("bzImage", &why), "bzImage");
	assert_string_equal(kernel_type("bzImage64", &why), "bzImage");
	assert_string_equal(kernel_type("vmlinuz", &why), "zboot");
	assert_string_equal(kernel_type("uki", &why), "uki");
	assert_string_equal(kernel_type("uImage", &why), "uImage");
	assert_null(why);
	assert_null(kernel_type("multiboot-x86", &why));
	assert_non_null(strstr(why, "not Multiboot programs"));
	assert_null(kernel_type("ELF", &why));
	assert_null(why);
}

/* --- what a plan opens --- */

static const struct arch any_arch = { .uimage_arch = 7 };

/* A kernel that takes 0x300000 bytes, and what goes with it, on a machine with so much room. */
struct opened_files {
	char *dir, *kernel, *other;
	struct machine m;
	struct files files;
	struct image image;
};

static void begin_files(struct opened_files *f)
{
	uint8_t d[BZIMAGE_SIZE];

	*f = (struct opened_files){ .dir = unit_directory(), .m.arch = &any_arch };
	f->kernel = mem_printf("%s/vmlinuz", f->dir);
	f->other = mem_printf("%s/other", f->dir);
	make_bzimage(d);
	unit_write(f->dir, "vmlinuz", d, sizeof(d));
}

static void end_files(struct opened_files *f)
{
	ranges_free(&f->m.ram);
	free(f->kernel);
	free(f->other);
	unit_remove(f->dir);
}

static int try_files(struct opened_files *f, struct plan_request r)
{
	files_init(&f->files);
	image_init(&f->image, &f->m);
	r.kernel = r.kernel ? r.kernel : f->kernel;
	return image_open(&f->image, &f->files, &r).rc;
}

static void forget_files(struct opened_files *f)
{
	image_free(&f->image);
	files_free(&f->files);
}

static void set_room(struct opened_files *f, uint64_t crash, uint64_t ram)
{
	f->m.crash = (struct range){ 0x1000, 0x1000 + crash, "crash" };
	f->m.ram.n = 0;
	assert_int_equal(ranges_add(&f->m.ram, 0, ram, "RAM"), 0);
}

/* Where there is no room at all, the planner says so. */
static const struct {
	bool crash;
	uint64_t region, ram;
	const char *where;
} rooms[] = {
	{ true, 0x300000, 0, NULL },
	{ true, 0x300000, 0x1000000, NULL },
	{ true, 0x2fffff, 0x1000000,
	  "memory of 0x300000 bytes (3072 KiB) in the crash region, which has 0x2fffff" },
	{ true, 0, 0x300000, NULL },
	{ true, 0, 0x2fffff, "memory of 0x300000 bytes (3072 KiB) in memory, which has 0x2fffff" },
	{ true, 0, 0, NULL },
	{ false, 0, 0, NULL },
	{ false, 1, 0x300000, NULL },
	{ false, 0x300000, 0x300000, NULL },
	{ false, 0x1000000, 0x2fffff,
	  "memory of 0x300000 bytes (3072 KiB) in memory, which has 0x2fffff" },
};

static void kernels_without_room(void **state)
{
	struct opened_files f;

	(void)state;
	begin_files(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		struct plan_request r = { .crash = rooms[i].crash };

		set_room(&f, rooms[i].region, rooms[i].ram);
		if (rooms[i].where) {
			assert_fails(try_files(&f, r), ENOSPC, rooms[i].where);
		} else {
			assert_int_equal(try_files(&f, r), 0);
			assert_memory_equal(f.image.kernel.piece->data, "\0\5\n", 3);
			assert_true(!f.image.initrd.data && !f.image.dtb.data);
		}
		forget_files(&f);
	}
	end_files(&f);
}

/* What is too large for the room which the kernel has is not read. */
static void other_files_without_room(void **state)
{
	struct opened_files f;

	(void)state;
	begin_files(&f);
	set_room(&f, 0x300000, 0x400000);
	unit_write(f.dir, "other", "abc", 3);
	assert_int_equal(truncate(f.other, 0x300001), 0);
	assert_fails(
		try_files(&f, (struct plan_request){ .crash = true, .initrd = f.other }), ENOSPC,
		"initrd: Could not find a free area of memory of 0x300001 bytes (3073 KiB) in the"
		" crash");
	forget_files(&f);
	assert_fails(try_files(&f, (struct plan_request){ .crash = true, .dtb = f.other }), ENOSPC,
		     "other: device tree: Could not find a free area");
	forget_files(&f);
	assert_int_equal(try_files(&f, (struct plan_request){ .initrd = f.other }), 0);
	assert_int_equal(f.image.initrd.size, 0x300001);
	assert_memory_equal(f.image.initrd.data, "abc\0", 4);
	forget_files(&f);
	end_files(&f);
}

static void files_that_cannot_be_opened(void **state)
{
	struct opened_files f;

	(void)state;
	begin_files(&f);
	assert_fails(try_files(&f, (struct plan_request){ .initrd = f.other }), ENOENT,
		     "Could not open initrd file: Cannot open `");
	forget_files(&f);
	assert_fails(try_files(&f, (struct plan_request){ .dtb = f.other, .initrd = f.kernel }),
		     ENOENT, "--dtb /");
	assert_null(f.image.initrd.data);
	forget_files(&f);
	assert_fails(try_files(&f, (struct plan_request){ .kernel = f.other, .dtb = f.kernel }),
		     ENOENT, f.other);
	assert_null(f.image.dtb.data);
	forget_files(&f);
	unit_write(f.dir, "other", ELF_MAGIC, 4);
	assert_fails(try_files(&f, (struct plan_request){ .initrd = f.other }), ENOEXEC,
		     "Could not open initrd file");
	forget_files(&f);
	assert_fails(try_files(&f, (struct plan_request){ .dtb = f.other }), EINVAL, "--dtb /");
	forget_files(&f);
	end_files(&f);
}

static void device_trees_are_opened(void **state)
{
	uint8_t tree[256];
	struct opened_files f;

	(void)state;
	begin_files(&f);
	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	assert_int_equal(fdt_add_mem_rsv(tree, 0x1000, 0x200), 0);
	unit_write(f.dir, "other", tree, sizeof(tree));
	fail_forget();
	assert_int_equal(try_files(&f, (struct plan_request){ .dtb = f.other }), 0);
	assert_string_equal(fail_text(), "");
	assert_non_null(f.image.dtb_tree);
	assert_int_equal(ranges_total(&f.image.dtb_reserve), 0x200);
	forget_files(&f);
	end_files(&f);
}

/* The initrd inside the kernel's file, unless another one is named. */
static void initrds_inside(void **state)
{
	struct opened_files f;
	size_t size, headers;
	uint8_t *d = make_uki(&size, &headers);

	(void)state;
	begin_files(&f);
	set_room(&f, 0, 0x300000);
	unit_write(f.dir, "vmlinuz", d, size);
	unit_write(f.dir, "other", "other", 5);
	assert_int_equal(try_files(&f, (struct plan_request){0}), 0);
	assert_int_equal(f.image.initrd.size, 15);
	assert_memory_equal(f.image.initrd.data, "micro\0\0\0initrd!", 15);
	assert_null(f.image.kernel.initrd.data);
	forget_files(&f);
	assert_int_equal(try_files(&f, (struct plan_request){ .initrd = f.other }), 0);
	assert_memory_equal(f.image.initrd.data, "other", 5);
	forget_files(&f);
	end_files(&f);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bzimage_is_understood),
		cmocka_unit_test(bzimage_for_low_memory),
		cmocka_unit_test(bzimage_refusals),
		cmocka_unit_test(bzimage_cut),
		cmocka_unit_test(bzimage_endures),
		cmocka_unit_test(uki_is_understood),
		cmocka_unit_test(uki_sizes),
		cmocka_unit_test(uki_refusals),
		cmocka_unit_test(other_programs),
		cmocka_unit_test(uki_layouts),
		cmocka_unit_test(uki_of_many_sections),
		cmocka_unit_test(uki_command_lines),
		cmocka_unit_test(sections_of_a_program),
		cmocka_unit_test(uki_in_a_uki),
		cmocka_unit_test(uki_endures),
		cmocka_unit_test(images_are_understood),
		cmocka_unit_test(images_are_known),
		cmocka_unit_test(zboot_is_understood),
		cmocka_unit_test(zboot_names),
		cmocka_unit_test(zboot_marks),
		cmocka_unit_test(layers_are_counted),
		cmocka_unit_test(layers_have_a_name),
#ifdef HAVE_ZLIB
		cmocka_unit_test(compressed_layers),
#endif
		cmocka_unit_test(files_that_are_not_read),
		cmocka_unit_test(changes_of_a_kernel),
		cmocka_unit_test(pieces_are_read),
		cmocka_unit_test(bytes_of_a_kernel),
		cmocka_unit_test(zboot_endures),
		cmocka_unit_test(elf_entry),
		cmocka_unit_test(types),
		cmocka_unit_test(kernels_without_room),
		cmocka_unit_test(other_files_without_room),
		cmocka_unit_test(files_that_cannot_be_opened),
		cmocka_unit_test(device_trees_are_opened),
		cmocka_unit_test(initrds_inside),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
