// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Kernels and initial RAM disks in their formats: each bound from both sides. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "common/crc32.h"
#include "common/elf.h"
#include "kexec/format/format.h"

#define MIB	((uint64_t)1 << 20)

/* Of exactly this size, so that reading beyond it is noticed. */
static struct file file_of(const void *data, size_t len)
{
	struct file f;

	file_unpacked(&f, "test", memcpy(mem_alloc(len), data, len), len);
	return f;
}

/* --- ELF --- */

static void put(uint8_t *e, unsigned int at, unsigned int size, uint64_t value)
{
	bytes_put(e + at, value, size, false);
}

/* 64 bit, big-endian. */
static void put_elf(uint8_t *e, unsigned int type, uint64_t phoff, unsigned int n)
{
	memcpy(e, ELF_MAGIC "\2\2\1", 7);
	put(e, 16, 2, type);
	put(e, 18, 2, ELF_EM_PPC64);
	put(e, 20, 4, 1);
	put(e, 32, 8, phoff);
	put(e, 52, 2, ELF64_EHDR_SIZE);
	put(e, 54, 2, ELF64_PHDR_SIZE);
	put(e, 56, 2, n);
}

static void put_phdr(uint8_t *e, const struct elf_phdr *p)
{
	put(e, 0, 4, p->type);
	put(e, 4, 4, p->flags);
	put(e, 8, 8, p->offset);
	put(e, 16, 8, p->vaddr);
	put(e, 24, 8, p->paddr);
	put(e, 32, 8, p->filesz);
	put(e, 40, 8, p->memsz);
	put(e, 48, 8, p->align);
}

#define LOAD(paddr_, memsz_, align_) \
	{ \
		.type = ELF_PT_LOAD, .vaddr = (paddr_) + 0xc000, .paddr = (paddr_), \
		.memsz = (memsz_), .align = (align_) \
	}
#define OTHER(type_) { .type = (type_), .paddr = 0x10, .memsz = 9 }

static const struct {
	unsigned int type, n;
	struct elf_phdr phdr[3];
	int err;
	const char *text;	/* of the error */
	unsigned int n_pieces;
	uint64_t low, high, align;
} elves[] = {
	{ ELF_ET_EXEC, 1, { LOAD(0x1000, 0x10, 0) }, 0, NULL, 1, 0x1000, 0x1010, 1 },
	{ ELF_ET_DYN, 1, { LOAD(0x1000, 0x10, 1) }, 0, NULL, 1, 0x1000, 0x1010, 1 },
	{ ELF_ET_CORE,
	  1,
	  { LOAD(0x1000, 0x10, 1) },
	  ENOEXEC,
	  "ELF file of type 4, not an",
	  0,
	  0,
	  0,
	  0 },
	{ 1, 1, { LOAD(0x1000, 0x10, 1) }, ENOEXEC, "ELF file of type 1, not an", 0, 0, 0, 0 },
	{ ELF_ET_EXEC,
	  2,
	  { LOAD(0x1000, 0x10, 0), OTHER(ELF_PT_INTERP) },
	  ENOEXEC,
	  "is a user program",
	  0,
	  0,
	  0,
	  0 },
	{ ELF_ET_EXEC, 0, {}, EINVAL, "has no PT_LOAD", 0, 0, 0, 0 },
	{ ELF_ET_EXEC, 1, { OTHER(ELF_PT_NOTE) }, EINVAL, "has no PT_LOAD", 0, 0, 0, 0 },
	{ ELF_ET_EXEC, 1, { LOAD(0x1000, 0, 0) }, EINVAL, "has no PT_LOAD", 0, 0, 0, 0 },
	{ ELF_ET_EXEC,
	  3,
	  { OTHER(ELF_PT_NOTE), LOAD(0x500, 0, 0), LOAD(0x1000, 0x10, 0) },
	  0,
	  NULL,
	  1,
	  0x1000,
	  0x1010,
	  1 },
	{ ELF_ET_EXEC,
	  3,
	  { LOAD(0x2000, 0x10, 0x10), LOAD(0x1000, 0x1000, 0x100), LOAD(0x3000, 1, 4) },
	  0,
	  NULL,
	  3,
	  0x1000,
	  0x3001,
	  0x100 },
	{ ELF_ET_EXEC, 2, { LOAD(1, 1, 0), LOAD(2, 1, 0) }, 0, NULL, 2, 1, 3, 1 },
	{ ELF_ET_EXEC,
	  2,
	  { LOAD(0x2000, 0x10, 0), LOAD(0x1000, 0x1001, 0) },
	  EINVAL,
	  "PT_LOAD segments overlap: 0x1000-0x2001 and 0x2000-0x2010",
	  0,
	  0,
	  0,
	  0 },
	{ ELF_ET_EXEC,
	  1,
	  { LOAD(0x1000, 0x10, 3) },
	  EINVAL,
	  "program header 0: alignment 0x3 is not",
	  0,
	  0,
	  0,
	  0 },
	{ ELF_ET_EXEC, 1, { LOAD(0x1000, 0x10, 1 << 30) }, 0, NULL, 1, 0x1000, 0x1010, 1 << 30 },
	{ ELF_ET_EXEC,
	  1,
	  { LOAD(0x1000, 0x10, 1ull << 31) },
	  EINVAL,
	  "alignment 0x80000000 is not",
	  0,
	  0,
	  0,
	  0 },
};

static void expect_elf(size_t row, const struct kernel *k)
{
	assert_int_equal(k->n_pieces, elves[row].n_pieces);
	assert_int_equal(k->low, elves[row].low);
	assert_int_equal(k->virtual, elves[row].low + 0xc000);
	assert_int_equal(k->high, elves[row].high);
	assert_int_equal(k->align, elves[row].align);
	assert_int_equal(k->relocatable, elves[row].type == ELF_ET_DYN);
	assert_int_equal(k->bits, 64);
	assert_int_equal(k->elf_machine, ELF_EM_PPC64);
	assert_false(k->little);
	for (unsigned int i = 1; i < k->n_pieces; i++)
		assert_true(k->piece[i - 1].addr < k->piece[i].addr);
}

static void elf_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(elves); i++) {
		size_t size = ELF64_EHDR_SIZE + elves[i].n * ELF64_PHDR_SIZE;
		struct arena arena = {0};
		struct kernel k = {0};
		uint8_t e[ELF64_EHDR_SIZE + 3 * ELF64_PHDR_SIZE] = {0};

		put_elf(e, elves[i].type, ELF64_EHDR_SIZE, elves[i].n);
		for (unsigned int p = 0; p < elves[i].n; p++)
			put_phdr(e + ELF64_EHDR_SIZE + p * ELF64_PHDR_SIZE, &elves[i].phdr[p]);
		k.file = file_of(e, size);
		assert_true(format_elf.probe(&k.file));
		if (elves[i].err) {
			assert_fails(format_elf.understand(&k, &arena), elves[i].err,
				     elves[i].text);
		} else {
			assert_int_equal(format_elf.understand(&k, &arena), 0);
			expect_elf(i, &k);
		}
		kernel_close(&k);
		arena_free(&arena);
	}
}

static void expect_large(uint64_t size, uint64_t phoff, unsigned int n, const char *text)
{
	uint8_t *e = mem_alloc(size);
	struct arena arena = {0};
	struct kernel k = {0};

	put_elf(e, ELF_ET_EXEC, phoff, n);
	put_phdr(e + phoff, &(struct elf_phdr)LOAD(0x1000, 0x10, 0));
	file_unpacked(&k.file, "test", e, size);
	if (text) {
		assert_fails(format_elf.understand(&k, &arena), EINVAL, text);
	} else {
		assert_int_equal(format_elf.understand(&k, &arena), 0);
		assert_int_equal(k.n_pieces, 1);
	}
	kernel_close(&k);
	arena_free(&arena);
}

static void large_headers(void **state)
{
	(void)state;
	expect_large(64 + 4096 * 56, 64, 4096, NULL);
	expect_large(64 + 4097 * 56, 64, 4097, "has 4097 program headers, more than 4096");
	expect_large(16 * MIB, 16 * MIB - 56, 1, NULL);
	expect_large(16 * MIB + 1, 16 * MIB - 55, 1,
		     "program headers end at 0x1000001, beyond 0x1000000");
}

/* The second piece is linked at 0xe000 for what is at 0x2000. */
static const struct {
	uint64_t entry, want;
} entries[] = {
	{ 0x1000, 0 },
	{ 0x100f, 0xf },
	{ 0x1010, KERNEL_NO_ENTRY },
	{ 0xfff, KERNEL_NO_ENTRY },
	{ 0xd000, 0 },
	{ 0xd00f, 0xf },
	{ 0xd010, KERNEL_NO_ENTRY },
	{ 0xcfff, KERNEL_NO_ENTRY },
	{ 0x2000, 0x1000 },
	{ 0xe00f, 0x100f },
	{ 0xe010, KERNEL_NO_ENTRY },
	{ 0x12, KERNEL_NO_ENTRY },
};

static void elf_entries(void **state)
{
	static const struct elf_phdr phdr[] = { OTHER(ELF_PT_NOTE), LOAD(0x2000, 0x10, 0),
						LOAD(0x1000, 0x10, 0) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		uint8_t e[ELF64_EHDR_SIZE + 3 * ELF64_PHDR_SIZE] = {0};
		struct arena arena = {0};
		struct kernel k = {0};

		put_elf(e, ELF_ET_EXEC, ELF64_EHDR_SIZE, 3);
		put(e, 24, 8, entries[i].entry);
		for (unsigned int p = 0; p < 3; p++)
			put_phdr(e + ELF64_EHDR_SIZE + p * ELF64_PHDR_SIZE, &phdr[p]);
		k.file = file_of(e, sizeof(e));
		assert_int_equal(format_elf.understand(&k, &arena), 0);
		assert_true(k.entry == entries[i].want);
		kernel_close(&k);
		arena_free(&arena);
	}
}

static void damaged_headers(void **state)
{
	uint8_t e[ELF64_EHDR_SIZE] = {0};
	struct arena arena = {0};
	struct kernel k = {0};

	(void)state;
	put_elf(e, ELF_ET_EXEC, 0, 0);
	e[23] = 2;
	k.file = file_of(e, sizeof(e));
	assert_fails(format_elf.understand(&k, &arena), EINVAL, "unknown byte order or version");
	kernel_close(&k);
	arena_free(&arena);
}

static void elf_magic(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		bool is;
	} magics[] = {
		{ ELF_MAGIC, 4, true },
		{ ELF_MAGIC "\2", 5, true },
		{ ELF_MAGIC, 3, false },
		{ "abcd", 4, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		struct file f = file_of(magics[i].data, magics[i].len);

		assert_int_equal(format_elf.probe(&f), magics[i].is);
		file_close(&f);
	}
}

/* It is open already when it becomes shorter. */
static void elf_cut(void **state)
{
	static const off_t cuts[] = { 0, 10, 63, 64, 119 };
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/vmlinux", dir);
	uint8_t e[ELF64_EHDR_SIZE + ELF64_PHDR_SIZE] = {0};

	(void)state;
	put_elf(e, ELF_ET_EXEC, ELF64_EHDR_SIZE, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct arena arena = {0};
		struct kernel k = {0};

		unit_write(dir, "vmlinux", e, sizeof(e));
		assert_int_equal(file_open(&k.file, path), 0);
		unit_end_lease(k.file.fd);
		assert_int_equal(truncate(path, cuts[i]), 0);
		assert_fails(format_elf.understand(&k, &arena), EIO, "cannot be read");
		kernel_close(&k);
		arena_free(&arena);
	}
	unit_remove(dir);
}

/* --- flat --- */

static void flat_kernels(void **state)
{
	static const uint64_t sizes[] = { 1, 16 * MIB, 20 * MIB };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct arena arena = {0};
		struct kernel k = { .file.size = sizes[i] };

		assert_int_equal(kernel_understand_flat(&k, &arena, 0x1000), 0);
		assert_true(k.flat);
		assert_int_equal(k.n_pieces, 1);
		assert_int_equal(k.low, 0x1000);
		assert_int_equal(k.piece[0].filesz, sizes[i]);
		assert_int_equal(k.high, 0x1000 + sizes[i] + (i == 2 ? 20 : 16) * MIB);
		arena_free(&arena);
	}
}

/* --- uImage --- */

enum {
	U_HEADER_CRC = 4,
	U_SIZE = 12,
	U_LOAD = 16,
	U_DATA_CRC = 24,
	U_ARCH = 29,
	U_TYPE = 30,
	U_COMPRESSION = 31
};
#define U_INSIDE "inside"

struct uimage { uint8_t bytes[64 + sizeof(U_INSIDE) - 1]; };

static void u_sum(struct uimage *u)
{
	put(u->bytes, U_HEADER_CRC, 4, 0);
	put(u->bytes, U_HEADER_CRC, 4, crc32_of(u->bytes, 64));
}

static struct uimage uimage(unsigned int type, unsigned int compression)
{
	struct uimage u = {0};

	memcpy(u.bytes + 64, U_INSIDE, sizeof(U_INSIDE) - 1);
	put(u.bytes, 0, 4, 0x27051956);
	put(u.bytes, U_SIZE, 4, sizeof(U_INSIDE) - 1);
	put(u.bytes, U_LOAD, 4, 0x1000);
	put(u.bytes, U_DATA_CRC, 4, crc32_of(U_INSIDE, sizeof(U_INSIDE) - 1));
	u.bytes[U_ARCH] = 7;
	u.bytes[U_TYPE] = (uint8_t)type;
	u.bytes[U_COMPRESSION] = (uint8_t)compression;
	u_sum(&u);
	return u;
}

static int u_locate(const void *data, size_t len, struct wrapped *w)
{
	struct file f = file_of(data, len);
	int rc = wrapping_uimage.locate(&f, w);

	file_close(&f);
	return rc;
}

static const struct {
	unsigned int type, compression;
	int err;
	const char *text;
} u_kernels[] = {
	{ 2, 0, 0, NULL },
	{ 14, 0, 0, NULL },
	{ 2, 1, 0, NULL },
	{ 2, 3, 0, NULL },
	{ 2, 6, 0, NULL },
	{ 2, 2, ENOTSUP, "is compressed with bzip2" },
	{ 2, 4, ENOTSUP, "is compressed with lzo" },
	{ 2, 5, 0, NULL },
	{ 2, 7, ENOTSUP, "is compressed with something unknown" },
	{ 2, 255, ENOTSUP, "is compressed with something unknown" },
	{ 3, 0, ENOEXEC, "holds a RAM disk, not a kernel" },
	{ 4, 0, ENOEXEC, "holds several files" },
	{ 8, 0, ENOEXEC, "holds a device tree, not a kernel" },
	{ 5, 0, ENOEXEC, "is of type 5, not a kernel" },
};

static void uimage_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(u_kernels); i++) {
		struct uimage u = uimage(u_kernels[i].type, u_kernels[i].compression);
		struct wrapped w = {0};

		if (u_kernels[i].err) {
			assert_fails(u_locate(u.bytes, sizeof(u), &w), u_kernels[i].err,
				     u_kernels[i].text);
			continue;
		}
		assert_int_equal(u_locate(u.bytes, sizeof(u), &w), 0);
		assert_true(w.may_be_flat);
		assert_int_equal(w.load, 0x1000);
		assert_int_equal(w.kernel.offset, 64);
		assert_int_equal(w.kernel.size, sizeof(U_INSIDE) - 1);
	}
}

static void uimage_damage(void **state)
{
	struct uimage u = uimage(2, 0);
	struct wrapped w = {0};

	(void)state;
	assert_fails(u_locate(u.bytes, sizeof(u) - 1, &w), EINVAL, "truncated, 69 bytes of 70");
	u.bytes[69]++;
	assert_fails(u_locate(u.bytes, sizeof(u), &w), EINVAL, "the data is damaged");
	u.bytes[69]--;
	u.bytes[40]++;
	assert_fails(u_locate(u.bytes, sizeof(u), &w), EINVAL, "the header is damaged");
	assert_int_equal(w.kernel.size, 0);
}

static void uimage_magic(void **state)
{
	struct uimage u = uimage(2, 0);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct file f = file_of(u.bytes, i == 1 ? 63 : 64);

		assert_int_equal(uimage_probe(&f), i == 0);
		file_close(&f);
		u.bytes[0] += i == 1;
	}
}

static void uimage_initrds(void **state)
{
	struct uimage u = uimage(3, 0), kernel = uimage(14, 0);
	struct file f = file_of(u.bytes, sizeof(u));
	uint64_t size = 0;

	(void)state;
	assert_int_equal(uimage_find_initrd(&f, 7, &size), 0);
	assert_int_equal(size, sizeof(U_INSIDE) - 1);
	assert_int_equal(uimage_find_initrd(&f, 0, &size), 0);
	assert_fails(uimage_find_initrd(&f, 8, &size), ENOEXEC,
		     "is for U-Boot's architecture 7, this machine is 8");
	f.data[40]++;
	assert_fails(uimage_find_initrd(&f, 7, &size), EINVAL, "the header is damaged");
	file_close(&f);
	f = file_of(kernel.bytes, sizeof(kernel));
	assert_fails(uimage_find_initrd(&f, 7, &size), ENOEXEC, "holds a kernel, not a RAM disk");
	file_close(&f);
	put(u.bytes, U_SIZE, 4, 0);
	u_sum(&u);
	f = file_of(u.bytes, 64);
	assert_fails(uimage_find_initrd(&f, 7, &size), EINVAL, "there is no RAM disk inside");
	file_close(&f);
}

static void flat_in_a_uimage(void **state)
{
	struct uimage u = uimage(2, 0);
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/uImage", dir);
	struct arena arena = {0};
	struct kernel k;

	(void)state;
	unit_write(dir, "uImage", u.bytes, sizeof(u));
	assert_int_equal(kernel_open(&k, &arena, path), 0);
	assert_string_equal(k.format, "flat in a uImage");
	assert_true(k.flat && k.low == 0x1000 && k.file.size == sizeof(U_INSIDE) - 1);
	kernel_close(&k);
	arena_free(&arena);
	unit_remove(dir);
}

/* What it is wrapped in is gone, or the file is as it was. */
static void uimage_is_taken_off(void **state)
{
	struct uimage u = uimage(3, 0);
	struct file f = file_of(u.bytes, sizeof(u));

	(void)state;
	assert_int_equal(uimage_read_inside(&f), 0);
	assert_int_equal(f.size, sizeof(U_INSIDE) - 1);
	assert_memory_equal(f.data, U_INSIDE, f.size);
	file_close(&f);
	u.bytes[64]++;
	f = file_of(u.bytes, sizeof(u));
	assert_fails(uimage_read_inside(&f), EINVAL, "the data is damaged");
	assert_int_equal(f.size, sizeof(u));
	file_close(&f);
}

static void uimage_cut(void **state)
{
	struct uimage u = uimage(3, 0);
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/initrd", dir);
	struct file f;
	uint64_t size;

	(void)state;
	unit_write(dir, "initrd", u.bytes, sizeof(u));
	assert_int_equal(file_open(&f, path), 0);
	unit_end_lease(f.fd);
	assert_int_equal(truncate(path, 65), 0);
	assert_fails(uimage_read_inside(&f), EBUSY, "became shorter");
	assert_int_equal(truncate(path, 63), 0);
	free(f.data);
	f.data = NULL;
	assert_fails(uimage_find_initrd(&f, 7, &size), EIO, "the header cannot be read");
	file_close(&f);
	unit_remove(dir);
}

/* --- initial RAM disks --- */

static const struct {
	const char *data;
	size_t len;
	const char *text;
} disks[] = {
	{ "abcd", 4, NULL },
	{ "a", 1, NULL },
	{ "\177EL", 3, NULL },
	{ "\xd0\x0d\xfe", 3, NULL },
	{ ELF_MAGIC, 4, "test: begins like an ELF file" },
	{ ELF_MAGIC "x", 5, "begins like an ELF file" },
	{ "\xd0\x0d\xfe\xed", 4, "test: begins like a device tree" },
	{ "\xd0\x0d\xfe\xedx", 5, "begins like a device tree" },
};

static void plain_initrds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		struct file f = file_of(disks[i].data, disks[i].len);
		uint64_t size = 0;

		if (disks[i].text)
			assert_fails(initrd_check(&f, 7, &size), ENOEXEC, disks[i].text);
		else
			assert_int_equal(initrd_check(&f, 7, &size), 0);
		assert_int_equal(size, disks[i].len);
		assert_int_equal(initrd_read(&f), 0);
		assert_string_equal(fail_text(), "");
		assert_int_equal(f.size, disks[i].len);
		file_close(&f);
	}
}

static void wrapped_initrds(void **state)
{
	struct uimage u = uimage(3, 0);
	struct file f = file_of(u.bytes, sizeof(u));
	uint64_t size = 0;

	(void)state;
	assert_int_equal(initrd_check(&f, 7, &size), 0);
	assert_string_equal(fail_text(), "");
	assert_int_equal(size, sizeof(U_INSIDE) - 1);
	assert_fails(initrd_check(&f, 8, &size), ENOEXEC,
		     "test: uImage: is for U-Boot's architecture 7");
	f.data[64]++;
	assert_fails(initrd_read(&f), EINVAL, "test: uImage: the data is damaged");
	f.data[64]--;
	assert_int_equal(initrd_read(&f), 0);
	assert_string_equal(fail_text(), "");
	assert_int_equal(f.size, sizeof(U_INSIDE) - 1);
	file_close(&f);
}

/* What is no RAM disk is none inside U-Boot's header either. */
static void wrongly_wrapped_initrds(void **state)
{
	static const struct {
		uint8_t start[4];
		const char *said;
	} rows[] = {
		{ { 0x27, 0x05, 0x19, 0x56 }, "test: uImage: holds another uImage" },
		{ { 0x7f, 'E', 'L', 'F' }, "test: uImage: begins like an ELF file" },
		{ { 0xd0, 0x0d, 0xfe, 0xed }, "test: uImage: begins like a device tree" },
		{ { 0x27, 0x05, 0x19, 0x57 }, NULL },
	};
	uint8_t twice[64 + sizeof(struct uimage)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct uimage outer = uimage(3, 0), inner = uimage(3, 0);
		struct file f;

		memcpy(inner.bytes, rows[i].start, 4);
		put(outer.bytes, U_SIZE, 4, sizeof(inner));
		put(outer.bytes, U_DATA_CRC, 4, crc32_of(inner.bytes, sizeof(inner)));
		u_sum(&outer);
		memcpy(twice, outer.bytes, 64);
		memcpy(twice + 64, inner.bytes, sizeof(inner));
		f = file_of(twice, sizeof(twice));
		if (rows[i].said)
			assert_fails(initrd_read(&f), ENOEXEC, rows[i].said);
		else
			assert_int_equal(initrd_read(&f), 0);
		file_close(&f);
	}
}

/* One behind the other, each from a multiple of 4 bytes on; none of U-Boot's wrappings is left. */
static void joined_initrds(void **state)
{
	struct uimage u = uimage(3, 0);
	char *dir = unit_directory();
	STRING_AUTO first = mem_printf("%s/first", dir);
	STRING_AUTO second = mem_printf("%s/second", dir);
	STRING_AUTO names = mem_printf("%s + %s + %s", first, second, first);
	STRING_AUTO none = mem_printf("%s/none", dir);
	const char *more[] = { second, first, NULL };
	struct arena arena = {0};
	struct file f;

	(void)state;
	unit_write(dir, "first", "abcde", 5);
	unit_write(dir, "second", u.bytes, sizeof(u));
	assert_int_equal(initrd_open(&f, &arena, first, more, 7), 0);
	assert_string_equal(f.name, names);
	assert_int_equal(f.size, 8 + 8 + 5);
	assert_memory_equal(f.data, "abcde\0\0\0" U_INSIDE "\0\0abcde", f.size);
	file_close(&f);
	assert_fails(initrd_open(&f, &arena, first, more, 8), ENOEXEC,
		     "is for U-Boot's architecture 7");
	assert_fails(initrd_open(&f, &arena, second, (const char *[]){ first, NULL }, 8), ENOEXEC,
		     "is for U-Boot's architecture 7");
	assert_fails(initrd_open(&f, &arena, none, more, 7), ENOENT, "none");
	more[1] = none;
	assert_fails(initrd_open(&f, &arena, first, more, 7), ENOENT, "none");
	assert_int_equal(truncate(second, (off_t)2 << 30), 0);	/* its sum is of 8 bytes */
	assert_int_equal(truncate(first, ((off_t)2 << 30) + 1), 0);
	assert_fails(initrd_open(&f, &arena, first, more, 7), EFBIG,
		     "first: with it the initial RAM disks have more than 2147483648 bytes");
	unit_write(dir, "first", "abcde", 5);
	unit_write(dir, "second", "", 0);
	assert_int_equal(truncate(second, (off_t)2 << 30), 0);
	assert_fails(initrd_open(&f, &arena, first, more, 7), EFBIG,
		     "second: with it the initial RAM disks have more than 2147483648 bytes");
	arena_free(&arena);
	unit_remove(dir);
}

/* --- zImage: sections none, the names, the kernel, the initrd; then a part of each --- */

#define Z_NAMES "\0.kernel:vmlinux.strip\0.kernel:initrd\0.text"
enum { Z_AT_KERNEL = 1, Z_AT_INITRD = 23, Z_AT_TEXT = 38, Z_SECTIONS = 4, Z_TABLE = 128 };

struct zimage {
	unsigned int class, order, n, shentsize, index;
	uint64_t names_size, kernel_name;
	bool no_end;		/* the last name is not terminated */
	size_t len;		/* of the file; 0: all */
};

/* The names are behind the sections' headers. */
static struct file zimage_of(const struct zimage *z)
{
	bool wide = z->class == 2, little = z->order == 1;
	unsigned int word = wide ? 8 : 4, shdr = wide ? 64 : 40, offset = wide ? 24 : 16,
		     size = wide ? 32 : 20;
	uint64_t names = Z_TABLE + Z_SECTIONS * shdr, all = names + z->names_size;
	uint8_t *e = mem_alloc(all), *table = e + Z_TABLE;
	uint64_t values[Z_SECTIONS][3] = {
		{ Z_AT_TEXT, 1, 2 },
		{ 0, names, z->names_size },
		{ z->kernel_name, 11, 12 },
		{ Z_AT_INITRD, 21, 22 },
	};
	struct file f;

	memcpy(e, ELF_MAGIC, 4);
	e[4] = (uint8_t)z->class;
	e[5] = (uint8_t)z->order;
	bytes_put(e + (wide ? 40 : 32), Z_TABLE, word, little);
	bytes_put(e + (wide ? 58 : 46), z->shentsize ? z->shentsize : shdr, 2, little);
	bytes_put(e + (wide ? 60 : 48), z->n, 2, little);
	bytes_put(e + (wide ? 62 : 50), z->index, 2, little);
	for (unsigned int i = 0; i < Z_SECTIONS; i++) {
		bytes_put(table + i * shdr, values[i][0], 4, little);
		bytes_put(table + i * shdr + offset, values[i][1], word, little);
		bytes_put(table + i * shdr + size, values[i][2], word, little);
	}
	memcpy(e + names, Z_NAMES,
	       z->names_size < sizeof(Z_NAMES) ? z->names_size : sizeof(Z_NAMES));
	if (z->no_end)
		e[all - 1] = 'x';
	f = file_of(e, z->len ? z->len : all);
	free(e);
	return f;
}

enum { N = sizeof(Z_NAMES), K = Z_AT_KERNEL };

static const struct zimage good_zimages[] = {
	{ 2, 2, 4, 0, 1, N, K, false, 0 },
	{ 2, 1, 4, 0, 1, N, K, false, 0 },
	{ 1, 2, 4, 0, 1, N, K, false, 0 },
	{ 1, 1, 4, 0, 1, N, K, false, 0 },
	{ 2, 2, 4, 0, 1, MIB, K, false, 0 },
};

static const struct zimage no_zimages[] = {
	{ 0, 2, 4, 0, 1, N, K, false, 0 },
	{ 3, 2, 4, 0, 1, N, K, false, 0 },
	{ 2, 2, 0, 0, 1, N, K, false, 0 },
	{ 2, 2, 1, 0, 0, N, K, false, 0 },
	{ 2, 2, 2, 0, 1, N, K, false, 0 },
	{ 2, 2, 4, 63, 1, N, K, false, 0 },
	{ 2, 2, 4, 0, 4, N, K, false, 0 },
	{ 2, 2, 4, 0, 5, N, K, false, 0 },
	{ 2, 2, 4, 0, 1, 0, K, false, 0 },
	{ 2, 2, 4, 0, 1, MIB + 1, K, false, 0 },
	{ 2, 2, 4, 0, 1, N, K, true, 0 },
	{ 2, 2, 4, 0, 1, N, Z_AT_TEXT, false, 0 },
	{ 2, 2, 4, 0, 1, N, K + 1, false, 0 },
	{ 2, 2, 4, 0, 1, N, N, false, 0 },
	{ 2, 2, 4, 0, 1, N, UINT32_MAX, false, 0 },
	{ 2, 2, 4, 0, 1, N, K, false, 63 },
	{ 2, 2, 4, 0, 1, N, K, false, Z_TABLE + 256 - 1 },
	{ 2, 2, 4, 0, 1, N, K, false, Z_TABLE + 256 + N - 1 },
};

static void zimages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_zimages); i++) {
		struct file f = zimage_of(&good_zimages[i]);
		struct wrapped w = {0};

		assert_true(wrapping_zimage.probe(&f));
		assert_int_equal(wrapping_zimage.locate(&f, &w), 0);
		assert_true(w.kernel.offset == 11 && w.kernel.size == 12);
		assert_true(w.initrd.offset == 21 && w.initrd.size == 22);
		file_close(&f);
	}
}

/* What its sections say is looked at before anything is copied. */
static void zimages_that_are_cut(void **state)
{
	struct file f = zimage_of(&(struct zimage){ 2, 2, 4, 0, 1, N, K, false, 0 });
	uint8_t *table = f.data + Z_TABLE;
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/zImage", dir);
	struct arena arena = {0};
	struct kernel k;

	(void)state;
	put(table + 3 * 64, 24, 8, f.size - 21);
	unit_write(dir, "zImage", f.data, f.size);
	assert_fails(kernel_open(&k, &arena, path), EINVAL,
		     "the initrd inside ends beyond the file");
	kernel_close(&k);
	put(table + 2 * 64, 24, 8, f.size - 11);
	unit_write(dir, "zImage", f.data, f.size);
	assert_fails(kernel_open(&k, &arena, path), EINVAL,
		     "the kernel inside ends beyond the file");
	kernel_close(&k);
	file_close(&f);
	arena_free(&arena);
	unit_remove(dir);
}

static void other_elves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(no_zimages); i++) {
		struct file f = zimage_of(&no_zimages[i]);
		struct wrapped w = {0};

		if (wrapping_zimage.probe(&f))
			print_error("row %zu\n", i);
		assert_false(wrapping_zimage.probe(&f));
		assert_fails(wrapping_zimage.locate(&f, &w), EINVAL,
			     "its sections changed meanwhile");
		file_close(&f);
	}
}

/* What nobody looks at is unpacked all the same: for a machine of which nothing is known. */
static void unpacked_alone(void **state)
{
	struct file f = zimage_of(&good_zimages[0]);
	char *dir = unit_directory();
	STRING_AUTO path = mem_printf("%s/zImage", dir);
	struct kernel k;

	(void)state;
	assert_fails(kernel_open_unpacked(&k, path), ENOENT, "zImage");
	kernel_close(&k);
	unit_write(dir, "zImage", f.data, f.size);
	assert_int_equal(kernel_open_unpacked(&k, path), 0);
	assert_string_equal(k.wrapping, "zImage");
	assert_int_equal(k.file.size, 12);
	assert_int_equal(k.initrd.size, 22);
	assert_null(k.type);
	kernel_close(&k);
	file_close(&f);
	unit_remove(dir);
}

static void no_elf_at_all(void **state)
{
	struct file f = zimage_of(&good_zimages[0]);

	(void)state;
	f.data[1] = 'e';
	assert_false(wrapping_zimage.probe(&f));
	file_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_kernels),
		cmocka_unit_test(large_headers),
		cmocka_unit_test(elf_entries),
		cmocka_unit_test(damaged_headers),
		cmocka_unit_test(elf_magic),
		cmocka_unit_test(elf_cut),
		cmocka_unit_test(flat_kernels),
		cmocka_unit_test(uimage_kernels),
		cmocka_unit_test(uimage_damage),
		cmocka_unit_test(uimage_magic),
		cmocka_unit_test(uimage_initrds),
		cmocka_unit_test(flat_in_a_uimage),
		cmocka_unit_test(uimage_is_taken_off),
		cmocka_unit_test(uimage_cut),
		cmocka_unit_test(unpacked_alone),
		cmocka_unit_test(plain_initrds),
		cmocka_unit_test(wrapped_initrds),
		cmocka_unit_test(wrongly_wrapped_initrds),
		cmocka_unit_test(joined_initrds),
		cmocka_unit_test(zimages),
		cmocka_unit_test(zimages_that_are_cut),
		cmocka_unit_test(other_elves),
		cmocka_unit_test(no_elf_at_all),
	};

	return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
