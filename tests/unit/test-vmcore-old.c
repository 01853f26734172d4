// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* vmcore-dmesg: the rings of kernels before 5.10. */
#include "tests/unit/mkcore-run.h"

#define RECORDS "layout records\nrelease 4.18.0\n"
#define BYTES "layout bytes\nrelease 2.6.32\n"

/* --- records, 3.5 to 5.9 --- */

static void test_records(void **state)
{
	(void)state;
	on_all_machines(RECORDS THREE, THREE_OUT);
	on_all_machines(RECORDS "header 20\n" THREE, THREE_OUT);
	on_all_machines(RECORDS "header 24\nalign 8\n" THREE, THREE_OUT);
	on_all_machines(RECORDS "names log\n" THREE, THREE_OUT);
	on_all_machines(RECORDS "names none\n" THREE, THREE_OUT);
	on_all_machines(RECORDS "shift 4\nheader 24\n" THREE, THREE_OUT);
	on_all_machines(RECORDS, "");
}

static void test_records_text(void **state)
{
	(void)state;
	prints(RECORDS "dict SUBSYSTEM=pci\\x00DEVICE=+pci:0\n" THREE, THREE_OUT);
	prints(RECORDS "record 1.000000 a\\n\\nb\\x80\\x1b[0m\nrecord 2.000000\n",
	       "[    1.000000] a\n[    1.000000] \n[    1.000000] b\\x80\\x1b[0m\n[    2.000000]"
	       " \n");
}

/*
 * A record of 11 characters takes 28 bytes, and 16 stay free behind the last
 * for the header of zeroes: 240 of 256 bytes are 8 records, before the first wrap.
 */
static void test_records_wrap(void **state)
{
	(void)state;
	keeps(RECORDS "ring 0 8\n", 8, 8);
	keeps(RECORDS "ring 0 8\n", 9, 7);
	for (unsigned int n = 9; n < 100; n++)
		keeps(RECORDS "ring 0 8\n", n, 7);
	keeps(RECORDS "class 32\norder big\nmachine 20\nring 0 8\n", 99, 7);
	keeps(RECORDS "ring 0 14\n", 5000, 583);
}

/*
 * Each length of the records before the ring's end: what is still there is whole, and the newest.
 */
static void test_records_end(void **state)
{
	(void)state;
	for (unsigned int n = 1; n < 240; n++) {
		STRING_AUTO fill = mem_alloc(n + 1);
		STRING_AUTO spec = mem_printf(RECORDS "ring 0 9\nrecord 1.000000 old\n"
					      "record 2.000000 %s\nrecord 3.000000 %s\n"
					      "record 4.000000 last\n",
					      (char *)memset(fill, 'x', n), fill);
		STRING_AUTO out = mem_printf("[    1.000000] old\n[    2.000000] %s\n"
					     "[    3.000000] %s\n[    4.000000] last\n",
					     fill, fill);
		struct result r = run(spec);

		assert_true(whole(&r));
		assert_true(r.len <= strlen(out) && r.len >= strlen("[    4.000000] last\n"));
		assert_string_equal(r.out, out + strlen(out) - r.len);
		free(r.out);
	}
}

static void test_records_since_clear(void **state)
{
	const struct how how = { .since_clear = true };
	STRING_AUTO around = numbered(RECORDS "ring 0 8\nrecord 1.000000 x\nclear\n", 0, 100,
				      RECORD_FORMAT);
	BUF_AUTO b = {0};
	struct result r;

	(void)state;
	prints_how(RECORDS THREE, how, THREE_OUT);
	prints_how(RECORDS THREE "clear\n", how, "");
	prints_how(RECORDS THREE "clear\nrecord 98766.000000 new\n", how, "[98766.000000] new\n");
	/* gone round since: whatever it is, it ends with the newest */
	mkcore(&b, around);
	r = run_how(&b, how);
	assert_int_equal(r.rc, 0);
	assert_string_equal(strstr(r.out, "[    7.000099]"), "[    7.000099] message 099\n");
	free(r.out);
}

/* Records of three characters take 20 bytes: at 0, 20 and (five characters) 40. */
static void test_records_damaged(void **state)
{
	static const char *const damage[] = {
		"put 20 len 0", "put 20 len 8", "put 20 len 65535", "put 20 len 21",
		"put 20 text_len 400", "put 20 dict_len 65535",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		STRING_AUTO spec = mem_printf(RECORDS THREE "%s\n", damage[i]);

		prints_part(spec, "[    0.000001] one\n[98765.999999] three\n", 1);
	}
	prints_part(RECORDS THREE "put 0 len 0\n", "[    1.500000] two\n[98765.999999] three\n", 1);
	prints_part(RECORDS THREE "put 40 len 3\n", "[    0.000001] one\n[    1.500000] two\n", 1);
}

/* In a ring that has gone round, a length of 0 is the end of its first part only at the ring's. */
static void test_records_no_wrap(void **state)
{
	STRING_AUTO spec = numbered(RECORDS "ring 0 8\n", 0, 12, RECORD_FORMAT);
	STRING_AUTO damaged = mem_printf("%sput 168 len 0\n", spec);
	STRING_AUTO before = numbered("", 5, 1, OUTPUT_FORMAT);
	STRING_AUTO out = numbered(before, 7, 5, OUTPUT_FORMAT);

	(void)state;
	prints_part(damaged, out, 1);
}

static void test_records_ends(void **state)
{
	STRING_AUTO spec = numbered(RECORDS "ring 0 8\n", 0, 12, RECORD_FORMAT);
	STRING_AUTO first = mem_printf("%sput log_first_idx 4096\n", spec);
	STRING_AUTO out = numbered("", 4, 8, OUTPUT_FORMAT);

	(void)state;
	salvages(first, out);	/* with the one that was just given up, but is still there */
	salvages(RECORDS THREE "put log_first_idx -4\n", THREE_OUT);
	fails(RECORDS THREE "put log_buf_len 0\n", EBADMSG,
	      "the log's size is damaged: 0x0 bytes, the limit is 0x80000000");
	fails(RECORDS THREE "put log_buf_len -1\n", EBADMSG,
	      "the log's size is damaged: 0xffffffff bytes, the limit is 0x80000000");
	fails(RECORDS THREE "put log_buf 8\n", EFAULT,
	      "the log, 0x100 bytes at address 0x8, is not in the dump");
	fails(RECORDS "omit SYMBOL(log_next_idx)\n", ENOENT,
	      "vmcoreinfo lacks SYMBOL(log_next_idx)");
	fails(RECORDS "omit OFFSET(printk_log.text_len)\nline OFFSET(printk_log.len)=15\n", EBADMSG,
	      "vmcoreinfo: a record's header of 16 bytes does not hold its fields");
}

/* No end of the ring that is damaged takes the records with it, whichever of them are asked for. */
static void test_records_damaged_ends(void **state)
{
	static const struct {
		const char *spec, *out;
		uint64_t damaged;
		bool since_clear, disordered;
	} rows[] = {
		{ THREE "put log_next_idx -4\n", THREE_OUT, 1, false, true },
		{ THREE "put log_next_idx -4\n", THREE_OUT, 1, true, true },
		{ THREE "put log_next_idx 0\n", THREE_OUT, 1, false, false },
		{ THREE "put log_next_idx 0\n", THREE_OUT, 1, true, false },
		{ THREE "put 0 len 3\nput log_next_idx -4\n",
		  "[    1.500000] two\n[98765.999999] three\n", 1, false, true },
		{ THREE "clear\nrecord 98766.000000 new\nput log_next_idx -4\n",
		  "[98766.000000] new\n", 1, true, true },
		{ THREE "put clear_idx 256\nput log_first_idx 256\nput log_next_idx 256\n",
		  THREE_OUT, 1, true, true },
		{ THREE "put clear_idx -4\nput log_first_idx -4\nput log_next_idx -4\n",
		  THREE_OUT, 1, true, true },
		{ THREE "put clear_idx -4\nput log_first_idx -4\n", THREE_OUT, 0, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO spec = mem_printf(RECORDS "%s", rows[i].spec);
		BUF_AUTO b = {0};
		struct result r;

		mkcore(&b, spec);
		r = run_how(&b, (struct how){ .since_clear = rows[i].since_clear });
		assert_int_equal(r.rc, 0);
		assert_string_equal(r.out, rows[i].out);
		assert_int_equal(r.log.damaged, rows[i].damaged);
		assert_int_equal(r.log.disordered, rows[i].disordered);
		free(r.out);
	}
}

/* Any end of the ring, and any start: never more than the records there are. */
static void test_records_any_end(void **state)
{
	STRING_AUTO spec = numbered(RECORDS "ring 0 8\n", 0, 12, RECORD_FORMAT);

	(void)state;
	for (unsigned int i = 0; i < 1024; i++) {
		STRING_AUTO damaged = mem_printf("%sput %s %u\n", spec, i & 1 ? "log_first_idx" :
						 "log_next_idx", i / 2);
		struct result r = run(damaged);

		assert_int_equal(r.rc, 0);
		assert_true(r.len <= 9 * strlen("[    7.000000] message 000\n"));
		free(r.out);
	}
}

/* --- bytes, before 3.5 --- */

#define THREE_LINES "<6>[    0.000001] one\n<6>[    1.500000] two\n<6>[98765.999999] three\n"

static void test_bytes(void **state)
{
	const struct how decode = { .print.decode = true };

	(void)state;
	on_all_machines(BYTES THREE, THREE_LINES);
	on_all_machines(BYTES, "");
	prints(BYTES "record 1.000000 \\x80\\x1b[0m\n", "<6>[    1.000000] \x80\x1b[0m\n");
	prints_how(BYTES THREE, decode, "kern  :info  : [    0.000001] one\n"
		   "kern  :info  : [    1.500000] two\nkern  :info  : [98765.999999] three\n");
	prints_how(BYTES "level 30\nrecord 1.000000 \\x80\\x1b[0m\n", decode,
		   "daemon:info  : [    1.000000] \\x80\\x1b[0m\n");
}

/* 30 bytes a line: 8 of them and the end of one more are in 256. */
static void test_bytes_wrap(void **state)
{
	(void)state;
	for (unsigned int n = 9; n < 50; n++) {
		STRING_AUTO spec = numbered(BYTES "ring 0 8\n", 0, n, RECORD_FORMAT);
		STRING_AUTO out = numbered("", n - 9, 9, "<6>" OUTPUT_FORMAT);

		prints(spec, out + strlen(out) - 256);
	}
	/* more than was ever written: the rest is zeroes, which text is not */
	prints_part(BYTES "record 1.000000 a\nput logged_chars 5000\n", "<6>[    1.000000] a\n", 1);
}

static void test_bytes_damaged(void **state)
{
	(void)state;
	fails(BYTES THREE "put log_buf_len 255\n", EBADMSG,
	      "the log's size is damaged: 0xff bytes, not a power of two up to 0x80000000");
	fails(BYTES THREE "put log_buf 8\n", EFAULT,
	      "the log, 0x100 bytes at address 0x8, is not in the dump");
	fails(BYTES "omit SYMBOL(log_end)\n", ENOENT, "vmcoreinfo lacks SYMBOL(log_end)");
}

/*
 * A block of memory, in the midst of a ring that begins anywhere in one, is zero: the lines in
 * which it begins and ends are not one.
 */
static void test_bytes_gap(void **state)
{
	STRING_AUTO spec = numbered(BYTES "ring 0 11\n", 0, 60, RECORD_FORMAT);
	STRING_AUTO out = numbered("", 0, 60, "<6>" OUTPUT_FORMAT);
	const size_t line = strlen("<6>[    7.000000] message 000\n");
	size_t start, end;
	BUF_AUTO expected = {0};
	BUF_AUTO core = {0};
	uint8_t *ring;
	struct result r;

	(void)state;
	mkcore(&core, spec);
	ring = memmem(core.data, core.len, out, 100);
	assert_non_null(ring);
	start = (size_t)(ring - core.data) - le64_get(core.data + 64 + 56 + 8);	/* p_offset */
	start = 1024 - start % 512;
	end = start + 512;
	assert_true(start % 512 && start % line && end % line);	/* in the midst of lines */
	memset(ring + start, 0, end - start);
	buf_add(&expected, out, start);
	buf_add(&expected, "\n", 1);
	buf_add(&expected, out + end, 60 * line - end);
	r = run_on(&core);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, (const char *)expected.data);
	assert_int_equal(r.log.damaged, 1);
	free(r.out);
}

/* 12 lines in a ring of 2^@bits bytes, with a clear in front of the lines @first and @last. */
static char *with_clears(unsigned int bits, unsigned int first, unsigned int last)
{
	BUF_AUTO b = {0};

	buf_printf(&b, BYTES "ring 0 %u\n", bits);
	for (unsigned int i = 0; i <= 12; i++) {
		if (i == first || i == last)
			buf_printf(&b, "clear\n");
		if (i < 12)
			buf_printf(&b, "record 7.%06u message %03u\n", i, i);
	}
	return mem_copy_string((const char *)b.data);
}

/*
 * A clear takes nothing out of the ring: none, one or two of them, at the start,
 * anywhere, and at the end, in rings that hold all lines, some, or part of one.
 */
static void test_bytes_clear(void **state)
{
	STRING_AUTO all = numbered("", 0, 12, "<6>" OUTPUT_FORMAT);
	const struct how since = { .since_clear = true };
	const size_t line = strlen(all) / 12;

	(void)state;
	for (unsigned int i = 0; i < 6 * 14 * 14; i++) {
		unsigned int bits = 4 + i % 6, first = i / 6 % 14, last = i / 6 / 14;
		STRING_AUTO spec = with_clears(bits, first, last);
		size_t size = 1u << bits, written = 12 * line, newer = written;

		if (first > last)
			continue;
		if (last <= 12)
			newer = (12 - last) * line;
		else if (first <= 12)
			newer = (12 - first) * line;
		prints(spec, all + written - (written < size ? written : size));
		prints_how(spec, since, all + written - (newer < size ? newer : size));
	}
}

/* log_end has gone round 2^32, and logged_chars tells, unless there was a clear since. */
static void test_bytes_round(void **state)
{
	STRING_AUTO spec = numbered(BYTES "ring 0 8\n", 0, 10, RECORD_FORMAT);
	STRING_AUTO all = numbered("", 0, 10, "<6>" OUTPUT_FORMAT);
	STRING_AUTO round = mem_printf("%sput log_end 44\n", spec);
	STRING_AUTO cleared = mem_printf("%sput logged_chars 30\n", round);

	(void)state;
	assert_int_equal(strlen(all) % 256, 44);
	prints(round, all + strlen(all) - 256);
	prints(cleared, all + strlen(all) - 44);
	prints_how(cleared, (struct how){ .since_clear = true }, all + strlen(all) - 30);
}

/* Whatever logged_chars is, no line of the log is lost, and none comes twice. */
static void test_bytes_chars(void **state)
{
	static const char *const values[] = {
		"0", "1", "29", "30", "31", "89", "90", "91", "255", "256", "257", "0x7fffffff",
		"0x80000000", "-1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		STRING_AUTO spec = numbered(BYTES "ring 0 8\n", 0, 3, RECORD_FORMAT);
		STRING_AUTO odd = mem_printf("%sput logged_chars %s\n", spec, values[i]);
		STRING_AUTO out = numbered("", 0, 3, "<6>" OUTPUT_FORMAT);
		struct result r = run(odd);

		assert_int_equal(r.rc, 0);
		assert_string_equal(r.out, out);
		/* more than were ever written cannot be */
		assert_int_equal(r.log.damaged, i > 6);
		free(r.out);
	}
}

/* --- both --- */

/* Cut anywhere, a dump gives what it still holds, and says so unless that is all. */
static void truncated(const char *ring, const char *format)
{
	STRING_AUTO spec = numbered(ring, 0, 9, RECORD_FORMAT);
	STRING_AUTO out = numbered("", 0, 9, format);
	BUF_AUTO b = {0};
	size_t partial = 0;

	for (mkcore(&b, spec); b.len; b.len--) {
		struct result r = run_on(&b);

		if (whole(&r))
			assert_string_equal(r.out, out);
		else if (r.rc >= 0 && r.len)
			assert_memory_equal(r.out, out, r.len - 1);
		partial += r.rc >= 0 && r.len && !whole(&r);
		free(r.out);
	}
	assert_true(partial > 100);
}

static void test_truncated(void **state)
{
	(void)state;
	truncated(RECORDS "ring 0 9\n", OUTPUT_FORMAT);
	truncated(BYTES "ring 0 9\n", "<6>" OUTPUT_FORMAT);
}

static void test_garbled(void **state)
{
	(void)state;
	garble(RECORDS "ring 0 8\n", 3000);
	garble(BYTES "ring 0 8\n", 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_text),
		cmocka_unit_test(test_records_wrap),
		cmocka_unit_test(test_records_end),
		cmocka_unit_test(test_records_since_clear),
		cmocka_unit_test(test_records_damaged),
		cmocka_unit_test(test_records_no_wrap),
		cmocka_unit_test(test_records_ends),
		cmocka_unit_test(test_records_damaged_ends),
		cmocka_unit_test(test_records_any_end),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bytes_wrap),
		cmocka_unit_test(test_bytes_damaged),
		cmocka_unit_test(test_bytes_gap),
		cmocka_unit_test(test_bytes_clear),
		cmocka_unit_test(test_bytes_round),
		cmocka_unit_test(test_bytes_chars),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbled),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
