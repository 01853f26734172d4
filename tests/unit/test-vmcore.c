// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* vmcore-dmesg: files, addresses, and the ring of Linux 5.10 and later. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/mkcore-run.h"

/* --- what a record looks like --- */

static void test_stamps(void **state)
{
	(void)state;
	prints(THREE, THREE_OUT);
	prints("record 123456.000000 wide", "[123456.000000] wide\n");
}

static void test_lines(void **state)
{
	(void)state;
	prints("record 1.000000 a\\nb", "[    1.000000] a\n[    1.000000] b\n");
	prints("record 1.000000 a\\n\\nb\\n",
	       "[    1.000000] a\n[    1.000000] \n[    1.000000] b\n[    1.000000] \n");
	prints("blank 1.000000\nrecord 2.000000 x", "[    1.000000] \n[    2.000000] x\n");
}

static void test_escapes(void **state)
{
	(void)state;
	prints("record 1.000000 \\x00\\x07\\x08\\x09\\x0b\\x0c\\x0d\\x0e\\x1b[0m\\x7f",
	       "[    1.000000] \\x00\\x07\\x08\t\v\f\r\\x0e\\x1b[0m\\x7f\n");
	prints("record 1.000000  !~\\\\ \\x80\\xc3\\xa9\\xff",
	       "[    1.000000]  !~\\ \\x80\\xc3\\xa9\\xff\n");
}

static void test_states(void **state)
{
	struct result r = run("fail 1.000000\n" THREE);

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, THREE_OUT);
	assert_int_equal(r.log.lost, 1);
	assert_true(whole(&r));
	free(r.out);
	prints(THREE "commit 98766.000000 panic", THREE_OUT "[98766.000000] panic\n");
	prints("reserve 0.000000 half\n" THREE "reserve 98766.000000 half", THREE_OUT);
}

/* --- machines --- */

static void test_machines(void **state)
{
	(void)state;
	on_all_machines(THREE, THREE_OUT);
	on_all_machines("shift 40\n" THREE, THREE_OUT);
	on_all_machines("shift 12\n" THREE, THREE_OUT);
	on_all_machines("", "");
}

static void test_addresses(void **state)
{
	(void)state;
	prints("load 0 0x100000\nat 0xc000000000100000\n" THREE, THREE_OUT);
	prints("machine 62\nload 0 0x1000000\nat 0xffffffff82000000\n"
	       "line NUMBER(phys_base)=-16777216\n" THREE, THREE_OUT);
	prints("machine 183\nload 0 0x40210000\nat 0xffff800080010000\nline NUMBER(VA_BITS)=48\n"
	       "line NUMBER(kimage_voffset)=0xffff80003fe00000\n" THREE, THREE_OUT);
	prints("machine 183\nload 0 0x40210000\nat 0xffff000000210000\nline NUMBER(VA_BITS)=48\n"
	       "line NUMBER(PHYS_OFFSET)=0x40000000\n" THREE, THREE_OUT);
	prints("machine 183\nload 0 0x40210000\nat 0xfff0000000210000\nline NUMBER(VA_BITS)=52\n"
	       "line NUMBER(PHYS_OFFSET)=0x40000000\n" THREE, THREE_OUT);
	/* 52 bits with pages of 16 KiB: PAGE_END is MODULES_VADDR */
	prints("machine 183\nload 0 0x40210000\nat 0xffffa00000210000\nline NUMBER(VA_BITS)=52\n"
	       "line NUMBER(MODULES_VADDR)=0xffffc00000000000\n"
	       "line NUMBER(PHYS_OFFSET)=0xfff0600040000000\n" THREE, THREE_OUT);
	/* before 5.4 the image was below the linear map */
	prints("machine 183\nload 0 0x40210000\nat 0xffff800000210000\nline NUMBER(VA_BITS)=48\n"
	       "line SYMBOL(_stext)=ffff000008080000\nline NUMBER(PHYS_OFFSET)=0x40000000\n" THREE,
	       THREE_OUT);
	prints("machine 183\nload 0 0x40210000\nat 0xffff000008210000\nline NUMBER(VA_BITS)=48\n"
	       "line SYMBOL(_stext)=ffff000008080000\n"
	       "line NUMBER(kimage_voffset)=0xfffeffffc8000000\n" THREE, THREE_OUT);
	prints("machine 22\norder big\nload 0 0x100000\nat 0x3ffe0100000\n"
	       "line KERNELOFFSET=3ffe0000000\nline KERNELOFFPHYS=0\n" THREE, THREE_OUT);
	prints("machine 22\norder big\nload 0 0x100000\nat 0x8000100000\nline"
	       " IDENTITYBASE=8000000000\n"
	       "line KERNELOFFSET=3ffe0000000\nline KERNELOFFPHYS=0\n" THREE,
	       THREE_OUT);
	prints("class 32\nmachine 3\nload 0 0x100000\nat 0xc0100000\n" THREE, THREE_OUT);
	prints("machine 243\nload 0 0x80200000\nat 0xffffffff80200000\n"
	       "line NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"
	       "line NUMBER(va_kernel_pa_offset)=0xffffffff00000000\n" THREE, THREE_OUT);
	prints("machine 243\nload 0 0x80200000\nat 0xff60000000200000\n"
	       "line NUMBER(PAGE_OFFSET)=0xff60000000000000\n"
	       "line NUMBER(phys_ram_base)=0x80000000\n" THREE, THREE_OUT);
	/* sv32: both are negative when printed as long */
	prints("class 32\nmachine 243\nload 0 0x80200000\nat 0xc0200000\n"
	       "line NUMBER(PAGE_OFFSET)=0xc0000000\nline"
	       " NUMBER(phys_ram_base)=-2147483648\n" THREE,
	       THREE_OUT);
	fails("machine 62\nload 0 0x1000000\nat 0xffffffff82000000\n" THREE, EFAULT,
	      "address 0xffffffff82000040 is not in the dump");
	fails("machine 183\nload 0 0x40210000\nat 0xffff000000210000\n" THREE, EFAULT,
	      "address 0xffff000000210040 is not in the dump");
}

/* A linear map that can be anywhere, as dumps from outside of the machine have it. */
static void test_page_tables(void **state)
{
	const char *at = "machine 62\nload 0 0x1000000\nat 0xffff9a1234000000\n";
	STRING_AUTO with = mem_printf("%stables\n" THREE, at);
	STRING_AUTO without = mem_printf("%sline NUMBER(phys_base)=0\n" THREE, at);
	STRING_AUTO lost = mem_printf(
		"%stables\nline SYMBOL(init_top_pgt)=ffffffff81000000\n" THREE, at);

	(void)state;
	prints(with, THREE_OUT);
	fails(without, EFAULT, "address 0xffff9a1234000040 is not in the dump");
	fails(lost, EFAULT, "address 0xffff9a1234000040 is not in the dump");
}

/* Whose kernel says where its memory is: settings, its address, the physical one. */
static const struct kernel {
	const char *settings;
	uint64_t va, pa;
} kernels[] = {
	{ "machine 62\ntables\n", 0xffff888001000000, 0x1000000 },
	{ "machine 62\ntables\n", 0xffff9a1234000000, 0x1000000 },
	{ "machine 62\nline NUMBER(phys_base)=-16777216\n", 0xffffffff82000000, 0x1000000 },
	{ "machine 183\nline NUMBER(VA_BITS)=48\nline NUMBER(PHYS_OFFSET)=0x40000000\n",
	  0xffff000000210000, 0x40210000 },
	{ "machine 183\nline NUMBER(VA_BITS)=48\nline NUMBER(kimage_voffset)=0xffff80003fe00000\n",
	  0xffff800080010000, 0x40210000 },
	{ "", 0xc000000000100000, 0x100000 },
	{ "order big\n", 0xc000000000100000, 0x100000 },
	{ "machine 22\norder big\n", 0x1000000, 0x1000000 },
	{ "machine 22\norder big\nline IDENTITYBASE=8000000000\nline KERNELOFFSET=3ffe0000000\n"
	  "line KERNELOFFPHYS=0\n", 0x8000100000, 0x100000 },
	{ "machine 22\norder big\nline IDENTITYBASE=0\nline KERNELOFFSET=3ffe0000000\n"
	  "line KERNELOFFPHYS=0\n", 0x3ffe0100000, 0x100000 },
	{ "machine 243\nline NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"
	  "line NUMBER(va_kernel_pa_offset)=0xffffffff00000000\n", 0xffffffff80200000, 0x80200000 },
	{ "machine 243\nline NUMBER(PAGE_OFFSET)=0xff60000000000000\n"
	  "line NUMBER(phys_ram_base)=0x80000000\n", 0xff60000000200000, 0x80200000 },
	{ "class 32\nmachine 243\nline NUMBER(PAGE_OFFSET)=0xc0000000\n"
	  "line NUMBER(phys_ram_base)=-2147483648\n", 0xc0200000, 0x80200000 },
	{ "class 32\nmachine 8\n", 0x80200000, 0x200000 },
	{ "class 32\nmachine 8\norder big\n", 0xa0200000, 0x200000 },
	/* nothing said, so the kernel's name has to be there */
	{ "class 32\nmachine 3\nuts\n", 0xc1000000, 0x1000000 },
	{ "class 32\nmachine 40\nuts\n", 0xc0108000, 0x10108000 },
	{ "class 32\nmachine 20\norder big\nuts\n", 0xc0000000, 0x2000000 },
};

/*
 * p_vaddr is wrong by one more bit each time, and at the right address is another
 * segment: empty, rubbish, or with another log. The kernel is believed; so it is
 * when nothing is wrong, and p_vaddr where p_paddr is empty.
 */
static void test_wrong_addresses(void **state)
{
	static const char *const whats[] = { "first 0", "last 0", "first 0xa5", "last 0xa5",
					     "first log", "last log" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		const struct kernel *k = &kernels[i];
		STRING_AUTO right = mem_printf("%sload 0x%" PRIx64 " 0x%" PRIx64 "\n" THREE,
					       k->settings, k->va, k->pa);
		STRING_AUTO empty = mem_printf("%sload 0x%" PRIx64 " -1\n" THREE, k->settings,
					       k->va);
		STRING_AUTO zero = mem_printf("%sload 0x%" PRIx64 " 0\n" THREE, k->settings, k->va);

		prints(right, THREE_OUT);
		if (!strstr(k->settings, "tables")) {
			prints(empty, THREE_OUT);
			prints(zero, THREE_OUT);
		}
		for (unsigned int n = 0; n < 8 * ARRAY_SIZE(whats); n++) {
			const char *what = whats[n / 8];
			STRING_AUTO wrong = mem_printf(
				"%sload 0x%" PRIx64 " 0x%" PRIx64 "\nat 0x%" PRIx64
				"\nover 0x%" PRIx64 " 0x%" PRIx64 " %s\n" THREE,
				k->settings, k->va ^ (1u << (20 + n % 8)), k->pa, k->va, k->va,
				k->pa + (1 << 28), what);

			prints(wrong, THREE_OUT);
		}
	}
}

/* A dump whose rules make no sense, but whose addresses lead to the kernel's name. */
static void test_wrong_rules(void **state)
{
	(void)state;
	prints("machine 62\nuts\nline NUMBER(phys_base)=0x300000\n"
	       "load 0xffffffff82000000 0x1000000\nover 0xffff888002300000 0x2300000 last"
	       " 0xa5\n" THREE,
	       THREE_OUT);
	prints("machine 183\nuts\nomit SYMBOL(_stext)\nline NUMBER(VA_BITS)=48\n"
	       "line NUMBER(PHYS_OFFSET)=0x40000000\nload 0xffff000001000000 0x51000000\n"
	       "over 0xffff000021000000 0x41000000 last 0xa5\n" THREE, THREE_OUT);
}

/*
 * 32-bit kernels whose dump says 0 or -1 for all virtual addresses, as /proc/vmcore
 * of ARM does; memory that begins anywhere; each CONFIG_VMSPLIT_*.
 */
static void test_no_virtual(void **state)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					   0x40000000 };
	static const unsigned int machine[] = { ELF_EM_ARM, ELF_EM_386, ELF_EM_PPC, ELF_EM_ARM };

	(void)state;
	for (unsigned int i = 0; i < 5 * 4 * 2 * 4; i++) {
		uint64_t va = splits[i % 5] + 0x108000, pa = 0x108000;
		unsigned int m = machine[i / 5 % 4], at = i / 40;

		if (m != ELF_EM_386)
			pa += at == 0	? 0 :
				at == 1 ? 0x10000000 :
				at == 2 ? 0x60200000 :
					  0x80000000;
		for (unsigned int order = 0; order < 2; order++) {
			STRING_AUTO spec = mem_printf(
				"class 32\nmachine %u\norder %s\nload %s 0x%" PRIx64
				"\nat 0x%" PRIx64 "\n%s" THREE,
				m, order ? "big" : "little", i / 20 % 2 ? "0" : "-1", pa, va,
				i % 2 ? "uts\n" : "");

			prints(spec, THREE_OUT);
		}
	}
	/* what is behind the start of memory is not in the dump: the name tells where that was */
	prints("class 32\nmachine 40\nuts\nload 0 0x82108000\nat 0xc2108000\n" THREE, THREE_OUT);
	/* nor has all memory an address of 32 bits */
	prints("word 4\nmachine 40\nuts\nload 0 0x802108000\nat 0xc2108000\n" THREE, THREE_OUT);
	fails("class 32\nmachine 40\nload 0 0x100000\nat 0x30100000\n" THREE, EFAULT,
	      "address 0x30100040 is not in the dump");
}

/* Each field alone may claim the other byte order. */
static void test_byte_order(void **state)
{
	(void)state;
	prints("order big\nmark little\nversion 0\n" THREE, THREE_OUT);
	prints("order little\nmark big\nversion 0x01000000\n" THREE, THREE_OUT);
	prints("class 32\nmachine 20\norder big\nmark little\nversion 0x01000000\n" THREE,
	       THREE_OUT);
}

/* /proc/kcore, and dumps made of it: no physical addresses. */
static void test_no_physical(void **state)
{
	(void)state;
	prints("load 0xc000000000100000 -1\n" THREE, THREE_OUT);
	prints("load 0xc000000000100000 -1\nsplit 100\n" THREE, THREE_OUT);
}

/* Each place where memory can be split, the second half first in the file. */
static void test_split(void **state)
{
	(void)state;
	for (unsigned int at = 1; at < 1344; at++) {
		STRING_AUTO spec = mem_printf("split %u\n" THREE, at);

		prints(spec, THREE_OUT);
	}
	prints("absent 100\n" THREE, THREE_OUT);
	prints_part("absent 230\n" THREE, "[    0.000001] one\n",
		    2); /* its unused end is 208 bytes */
}

/* --- rings --- */

/*
 * 11 characters and the id take 24 bytes of a data ring with 64-bit words, 16
 * with 32-bit ones. The walk ends at the head, of 2^COUNT_BITS records at most.
 */
static void test_full_descriptors(void **state)
{
	(void)state;
	keeps("ring 3 10\n", 7, 7);
	keeps("ring 3 10\n", 8, 8);
	keeps("ring 3 10\n", 9, 8);
	for (unsigned int n = 10; n < 100; n++)
		keeps("ring 3 10\n", n, 8);
	keeps("class 32\norder big\nring 3 10\n", 99, 8);
	keeps("ring 0 10\n", 5, 1);
}

/* 128 bytes hold 5 blocks of 24 bytes, and 8 are left over at its end. */
static void test_full_texts(void **state)
{
	(void)state;
	keeps("ring 5 7\n", 5, 5);
	keeps("ring 5 7\n", 6, 5);
	keeps("ring 5 7\n", 60, 5);
	keeps("order big\nring 5 7\n", 200, 5);
}

/* Blocks that end where the ring ends: moved to its start, or (newer kernels) left there. */
static void test_exact_end(void **state)
{
	(void)state;
	keeps("class 32\nring 5 7\n", 7, 7);
	keeps("class 32\nring 5 7\n", 8, 7);
	keeps("class 32\nring 5 7\nexact\n", 8, 8);
	for (unsigned int n = 8; n < 50; n++)
		keeps("class 32\nring 5 7\nexact\n", n, 8);
}

static void test_wrapped_block(void **state)
{
	(void)state;
	prints("ring 5 7\n"
	       "record 0.000001 0123456789abcdef0123456789abcdef\n"
	       "record 0.000002 0123456789abcdef0123456789abcdef\n"
	       "record 0.000003 0123456789abcdef0123456789abcdef\n"
	       "record 0.000004 8 bytes are left, so from the start\n",
	       "[    0.000003] 0123456789abcdef0123456789abcdef\n"
	       "[    0.000004] 8 bytes are left, so from the start\n");
}

static void test_large(void **state)
{
	(void)state;
	keeps("ring 14 19\n", 20000, 16384);
}

/* --- damage --- */

static void test_damaged_records(void **state)
{
	static const char *const damage[] = {
		"state_var 0",			/* zeroed */
		"state_var 0x1234567812345678",
		"begin 0x7fffffffffffff00",	/* far from next */
		"begin 0xffffffffffffff04",	/* not aligned */
		"next 0xffffffffffffff10",	/* no room for the id */
		"next 1",
		"seq 0",
		"seq 0xffffffffffffffff",
		"id 0x1234",			/* the text is another's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		STRING_AUTO spec = mem_printf(THREE "put 1 %s\n", damage[i]);

		prints_part(spec, "[    0.000001] one\n[98765.999999] three\n", 1);
	}
}

static void test_damaged_length(void **state)
{
	(void)state;
	prints_part(THREE "put 1 text_len 65535\n",
		    "[    0.000001] one\n[    1.500000] two\\x00\\x00\\x00\\x00\\x00\n"
		    "[98765.999999] three\n", 1);
}

static void test_damaged_head(void **state)
{
	(void)state;
	salvages(THREE "put head_id 0\n", THREE_OUT);
	salvages(THREE "put tail_id 0\n", THREE_OUT);
	salvages(THREE "put head_id 0xdeadbeefdeadbeef\nput tail_id -1\n", THREE_OUT);
	fails("put head_id 0\n", EBADMSG, "the log's head is damaged (records 0x3ffffffffffffff7"
	      " to 0x0), and no record is in place");
	fails(THREE "put count_bits 27\n", EBADMSG,
	      "the log's head is damaged: 2^27 records and 2^8 bytes,"
	      " the limits are 2^26 and 2^31");
	fails(THREE "put size_bits 4294967295\n", EBADMSG,
	      "the log's head is damaged: 2^3 records and 2^4294967295 bytes,"
	      " the limits are 2^26 and 2^31");
}

static void test_since_clear(void **state)
{
	const struct how how = { .since_clear = true };

	(void)state;
	prints_how(THREE, how, THREE_OUT);
	prints_how("latched\n" THREE, how, THREE_OUT);
	prints_how(THREE "clear\n", how, "");
	prints_how(THREE "clear\nrecord 98766.000000 new\n", how, "[98766.000000] new\n");
	prints_how("latched\nclass 32\norder big\n" THREE "clear\nrecord 98766.000000 new\n", how,
		   "[98766.000000] new\n");
	prints(THREE "clear\nrecord 98766.000000 new\n", THREE_OUT "[98766.000000] new\n");
}

/* A salvaged full ring keeps its order. */
static void test_salvaged_order(void **state)
{
	STRING_AUTO spec = numbered("ring 3 10\n", 0, 21, RECORD_FORMAT);
	STRING_AUTO damaged = mem_printf("%sput head_id 700\n", spec);
	STRING_AUTO out = numbered("", 13, 8, OUTPUT_FORMAT);

	(void)state;
	salvages(damaged, out);
}

static void test_damaged_pointers(void **state)
{
	(void)state;
	fails(THREE "put prb 8\n", EFAULT, "address 0x8 is not in the dump");
	fails(THREE "put descs -8\n", EFAULT, "the log's descriptor array, 0xc0 bytes at address"
	      " 0xfffffffffffffff8, is not in the dump");
	fails(THREE "put infos 0\n", EFAULT,
	      "the log's info array, 0x2c0 bytes at address 0x0, is not in the dump");
	fails(THREE "put size_bits 31\n", EFAULT, "the log's text, 0x80000000 bytes at address"
	      " 0xc000000000100480, is not in the dump");
	fails(THREE "put count_bits 26\n", EFAULT, "the log's descriptor array, 0x60000000 bytes at"
	      " address 0xc000000000100100, is not in the dump");
}

/* --- vmcoreinfo --- */

static void test_notes(void **state)
{
	(void)state;
	prints("note 0 0\nnote 0 0\n" THREE, THREE_OUT);
	/* sizes that lead nowhere: the note is searched for */
	prints("note 0xffffffff 0\n" THREE, THREE_OUT);
	prints("note 0 0xffffffff\n" THREE, THREE_OUT);
	prints("order big\nmark little\nversion 0\nnote 0 0x7fffff00\n" THREE, THREE_OUT);
	fails("omit OSRELEASE\nomit SYMBOL\nomit SIZE\nomit OFFSET\nomit LENGTH\nomit PAGESIZE\n",
	      EINVAL, "there is no VMCOREINFO note: not a dump of a Linux kernel, or truncated");
}

static void test_vmcoreinfo(void **state)
{
	(void)state;
	prints("line SYMBOL(prb2)=1\nline X\nline\n" THREE, THREE_OUT);
	prints("omit SIZE(atomic_long_t)\n" THREE, THREE_OUT);
	fails("omit SIZE(printk_info)\n" THREE, ENOENT, "vmcoreinfo lacks SIZE(printk_info)");
	fails("line SYMBOL(prb)=banana\n" THREE, EBADMSG,
	      "vmcoreinfo: SYMBOL(prb) is not a number");
	fails("line SIZE(prb_desc)=\n" THREE, EBADMSG,
	      "vmcoreinfo: SIZE(prb_desc) is not a number");
	fails("line SIZE(prb_desc)=-24\n" THREE, EBADMSG,
	      "vmcoreinfo: SIZE(prb_desc) is 18446744073709551592, the limit is 1024");
	fails("line SIZE(atomic_long_t)=16\n" THREE, EBADMSG,
	      "vmcoreinfo: an atomic_long_t of 16 bytes");
}

static void test_other_layouts(void **state)
{
	(void)state;
	fails("release 4.18.0\nomit SYMBOL(prb)\nline SYMBOL(log_buf)=c000000000001000\n",
	      EOPNOTSUPP, "Linux 4.18.0: vmcoreinfo has neither SYMBOL(prb) nor SYMBOL(log_buf)"
	      " with its companions, so the log cannot be found");
	fails("release 9.9\x1b[0m\nomit SYMBOL\n", EOPNOTSUPP,
	      "Linux 9.9: vmcoreinfo has neither SYMBOL(prb) nor SYMBOL(log_buf)"
	      " with its companions, so the log cannot be found");
}

/* --- files --- */

static void test_no_core(void **state)
{
	struct vmcore core;

	(void)state;
	fails("type 2\n" THREE, EINVAL, "an ELF file of type 2, not a core (type 4)");
	assert_int_equal(vmcore_open(&core, "/nonexistent/vmcore"), -ENOENT);
	assert_string_equal(fail_text(), "cannot be opened: No such file or directory");
	vmcore_close(&core);
	assert_int_equal(vmcore_open(&core, "/"), 0);
	assert_int_equal(vmcore_fill(&core), 0);
	assert_int_equal(vmcore_read_headers(&core), -EISDIR);
	assert_string_equal(fail_text(), "cannot be read at offset 0x0: Is a directory");
	vmcore_close(&core);
}

static void test_not_elf(void **state)
{
	static const struct {
		const char *data;
		int rc;
		const char *message;
	} files[] = {
		{ "", -ENOEXEC, "it is empty" },
		{ "\177EL", -EINVAL,
		  "it begins as an ELF file does, and ends there after 3 bytes" },
		{ "makedump", -EINVAL,
		  "it begins as a flattened dump does, and ends there after 8 bytes" },
		{ "PK and so on", -ENOEXEC, "neither an ELF core nor a dump of makedumpfile" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		BUF_AUTO b = {0};
		struct result r;

		buf_add(&b, files[i].data, strlen(files[i].data));
		r = run_on(&b);
		assert_int_equal(r.rc, files[i].rc);
		assert_string_equal(fail_text(), files[i].message);
		free(r.out);
	}
}

/* A file that becomes shorter while it is mapped reads as zeroes, and says so. */
static void test_shrinks(void **state)
{
	STRING_AUTO spec = numbered("ring 10 15\n", 0, 900, RECORD_FORMAT);
	BUF_AUTO b = {0};
	struct result r;

	if (unit_is_emulated())
		return;
	(void)state;
	mkcore(&b, spec);
	r = run_how(&b, (struct how){ .keep = b.len / 2 });
	assert_int_equal(r.rc, 0);
	assert_true(r.log.damaged > 100);
	assert_true(input_faults() > 0);
	free(r.out);
	r = run_how(&b, (struct how){0});
	assert_true(whole(&r));
	assert_int_equal(input_faults(), 0);
	free(r.out);
}

/* Cut anywhere, a dump gives what it still holds, and says so unless that is all. */
static void test_truncated(void **state)
{
	STRING_AUTO spec = numbered("ring 4 8\nclass 32\n", 0, 12, RECORD_FORMAT);
	STRING_AUTO out = numbered("", 0, 12, OUTPUT_FORMAT);
	BUF_AUTO b = {0};
	size_t partial = 0;

	(void)state;
	for (mkcore(&b, spec); b.len; b.len--) {
		struct result r = run_on(&b);

		if (whole(&r))
			assert_string_equal(r.out, out);
		else if (r.rc >= 0)
			assert_memory_equal(r.out, out, r.len);
		partial += r.rc >= 0 && r.len && !whole(&r);
		free(r.out);
	}
	assert_true(partial > 100);
}

static void test_garbled(void **state)
{
	(void)state;
	garble("ring 4 8\n", 3000);
	garble("class 32\norder big\nmachine 20\nring 4 8\n", 3000);
}

/* Who ends the program in between leaves no file that was made in vain, and what was written. */
static void test_out_of_memory(void **state)
{
	(void)state;
	for (unsigned int written = 0; written < 2; written++) {
		static char *dir, *name; /* which a sanitizer still sees when exit(3) is called */
		static struct output out;
		int status;
		pid_t pid;

		dir = unit_directory();
		name = mem_printf("%s/log", dir);
		pid = fork();
		if (!pid) {
			output_open(&out, name);
			output_text(&out, "x");
			if (written)
				output_flush(&out);
			message_when_out_of_memory(3, NULL);
			message_end_of_memory();
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 3);
		assert_int_equal(access(name, F_OK), written ? 0 : -1);
		free(name);
		unit_remove(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_page_tables),
		cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_no_physical),
		cmocka_unit_test(test_full_descriptors),
		cmocka_unit_test(test_full_texts),
		cmocka_unit_test(test_exact_end),
		cmocka_unit_test(test_wrapped_block),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_damaged_records),
		cmocka_unit_test(test_damaged_length),
		cmocka_unit_test(test_damaged_head),
		cmocka_unit_test(test_since_clear),
		cmocka_unit_test(test_salvaged_order),
		cmocka_unit_test(test_damaged_pointers),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_vmcoreinfo),
		cmocka_unit_test(test_other_layouts),
		cmocka_unit_test(test_no_core),
		cmocka_unit_test(test_not_elf),
		cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_wrong_addresses),
		cmocka_unit_test(test_no_virtual),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbled),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
