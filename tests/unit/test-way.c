// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Which system call loads, what must be certain before it, what may follow, and who warns. */
#include "tests/unit/unit.h"

#include "kexec/arch/arch.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/way.h"

/*
 * A little-endian machine of a type that kexec knows, with a kernel of which nothing bad is known.
 */
#define GOOD .can_plan = true, .keeps_backup = ANSWER_YES, .memory_hotplug = true
#define AUTO GOOD, .asked = SYSCALL_AUTO
#define FILE_ONLY GOOD, .asked = SYSCALL_FILE
#define LOAD_ONLY GOOD, .asked = SYSCALL_LOAD
/* The same, with one that is known to have the backup region's place wrong. */
#define FLAWED \
	.can_plan = true, .keeps_backup = ANSWER_NO, .memory_hotplug = true, .asked = SYSCALL_AUTO
#define FLAWED_FILE .can_plan = true, .keeps_backup = ANSWER_NO, .asked = SYSCALL_FILE

static const struct {
	const char *what;
	struct way_facts f;
	enum way_call first, second;
	enum way_proof proof;
	const char *why;
} rows[] = {
	{ "-s --dtb",
	  { FILE_ONLY, .only_load = "--dtb" },
	  WAY_NONE,
	  WAY_NONE,
	  WAY_PROOF_KERNEL,
	  "-s" },
	{ "-s -p --dtb",
	  { FILE_ONLY, .crash = true, .only_load = "--dtb" },
	  WAY_NONE,
	  WAY_NONE,
	  WAY_PROOF_KERNEL,
	  "-s" },
	{ "-s -p", { FILE_ONLY, .crash = true }, WAY_FILE, WAY_NONE, WAY_PROOF_FILES, "-s" },
	{ "-s -p --hotplug",
	  { FILE_ONLY, .crash = true, .hotplug = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_FILES,
	  "-s" },
	{ "-s -p, big-endian",
	  { FILE_ONLY, .crash = true, .file_spoils = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_FILES,
	  "-s" },
	{ "-s -p, unknown machine",
	  { .asked = SYSCALL_FILE, .crash = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_KERNEL,
	  "-s" },
	{ "-s -l", { FILE_ONLY }, WAY_FILE, WAY_NONE, WAY_PROOF_KERNEL, "-s" },
	{ "-s -l --type", { FILE_ONLY, .type = true }, WAY_FILE, WAY_NONE, WAY_PROOF_KERNEL, "-s" },
	{ "-c -p", { LOAD_ONLY, .crash = true }, WAY_LOAD, WAY_NONE, WAY_PROOF_PLAN, "-c" },
	{ "-c -p --hotplug",
	  { LOAD_ONLY, .crash = true, .hotplug = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "-c" },
	{ "-c -l --dtb",
	  { LOAD_ONLY, .only_load = "--dtb" },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "-c" },
	{ "-a -p --entry",
	  { AUTO, .crash = true, .only_load = "--entry" },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "option" },
	{ "-a -p --hotplug --dtb",
	  { AUTO, .crash = true, .hotplug = true, .only_load = "--dtb" },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "option" },
	{ "-a -p, big-endian",
	  { AUTO, .crash = true, .file_spoils = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "spoils" },
	{ "-a -p --hotplug, big-endian",
	  { AUTO, .crash = true, .hotplug = true, .file_spoils = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "spoils" },
	{ "-a -l, big-endian",
	  { AUTO, .file_spoils = true },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_KERNEL,
	  "default" },
	{ "-a -p --hotplug",
	  { AUTO, .crash = true, .hotplug = true },
	  WAY_LOAD,
	  WAY_FILE,
	  WAY_PROOF_PLAN,
	  "--hotplug" },
	{ "-a -p --hotplug --type",
	  { AUTO, .crash = true, .hotplug = true, .type = true },
	  WAY_LOAD,
	  WAY_FILE,
	  WAY_PROOF_PLAN,
	  "--hotplug" },
	{ "-a -p --hotplug, unknown machine",
	  { .crash = true, .hotplug = true },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_KERNEL,
	  "default" },
	{ "-a -p", { AUTO, .crash = true }, WAY_FILE, WAY_LOAD, WAY_PROOF_TRY_PLAN, "default" },
	{ "-a -p --type",
	  { AUTO, .crash = true, .type = true },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_PLAN,
	  "default" },
	{ "-a -p, wrong backup region",
	  { FLAWED, .crash = true },
	  WAY_LOAD,
	  WAY_FILE,
	  WAY_PROOF_TRY_PLAN,
	  "first 64 KiB" },
	{ "-a -p --type, wrong backup region",
	  { FLAWED, .crash = true, .type = true },
	  WAY_LOAD,
	  WAY_FILE,
	  WAY_PROOF_PLAN,
	  "first 64 KiB" },
	{ "-a -p, backup region not known",
	  { .can_plan = true,
	    .asked = SYSCALL_AUTO,
	    .crash = true,
	    .keeps_backup = ANSWER_UNKNOWN },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_TRY_PLAN,
	  "default" },
	{ "-a -p --hotplug, wrong backup region",
	  { FLAWED, .crash = true, .hotplug = true },
	  WAY_LOAD,
	  WAY_FILE,
	  WAY_PROOF_PLAN,
	  "--hotplug" },
	{ "-a -p, wrong backup region, big-endian",
	  { FLAWED, .crash = true, .file_spoils = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "spoils" },
	{ "-a -l, wrong backup region",
	  { FLAWED },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_KERNEL,
	  "default" },
	{ "-s -p, wrong backup region",
	  { FLAWED_FILE, .crash = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_FILES,
	  "-s" },
	{ "-a -p, unknown machine",
	  { .crash = true },
	  WAY_FILE,
	  WAY_LOAD,
	  WAY_PROOF_KERNEL,
	  "default" },
	{ "-a -l --type", { AUTO, .type = true }, WAY_FILE, WAY_LOAD, WAY_PROOF_PLAN, "default" },
	{ "-a -l", { AUTO }, WAY_FILE, WAY_LOAD, WAY_PROOF_KERNEL, "default" },
	/* Locked down. */
	{ "-a -l, forbidden",
	  { AUTO, .forbidden = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_KERNEL,
	  "locked down" },
	{ "-a -p, forbidden",
	  { AUTO, .crash = true, .forbidden = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_TRY_PLAN,
	  "locked down" },
	{ "-a -p --hotplug, forbidden",
	  { AUTO, .crash = true, .hotplug = true, .forbidden = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "locked down" },
	{ "-a -p, wrong backup region, forbidden",
	  { FLAWED, .crash = true, .forbidden = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_TRY_PLAN,
	  "locked down" },
	{ "-a -p, big-endian, forbidden",
	  { AUTO, .crash = true, .file_spoils = true, .forbidden = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "spoils" },
	{ "-a -p --dtb, forbidden",
	  { AUTO, .crash = true, .only_load = "--dtb", .forbidden = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "option" },
	{ "-c -p, forbidden",
	  { LOAD_ONLY, .crash = true, .forbidden = true },
	  WAY_LOAD,
	  WAY_NONE,
	  WAY_PROOF_PLAN,
	  "-c" },
	{ "-s -p, forbidden",
	  { FILE_ONLY, .crash = true, .forbidden = true },
	  WAY_FILE,
	  WAY_NONE,
	  WAY_PROOF_FILES,
	  "-s" },
};

static void choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct way w = way_choose(&rows[i].f);

		if (w.first != rows[i].first || w.second != rows[i].second ||
		    w.proof != rows[i].proof || !strstr(w.why, rows[i].why)) {
			print_error("%s: %s, %s, proof %d, \"%s\"\n", rows[i].what,
				    way_name(w.first), way_name(w.second), w.proof, w.why);
			_fail(__FILE__, __LINE__);
		}
	}
}

/* All facts that there can be. */
static struct way_facts facts_of(unsigned int bits)
{
	return (struct way_facts){
		.asked = bits % 3,
		.crash = bits / 3 & 1,
		.hotplug = bits / 3 & 1 && bits / 6 & 1,
		.type = bits / 12 & 1,
		.only_load = bits / 24 & 1 ? "--dtb" : NULL,
		.can_plan = bits / 48 & 1,
		.file_spoils = bits / 96 & 1,
		.keeps_backup = bits / 192 % 3,
		.memory_hotplug = bits / 576 & 1,
		.forbidden = bits / 1152 & 1,
		.preserves = bits / 2304 & 1,
	};
}

#define ALL_FACTS (3 * 64 * 3 * 2 * 4)

static void promises(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < ALL_FACTS; bits++) {
		struct way_facts f = facts_of(bits);
		struct way w = way_choose(&f);
		bool auto_file = f.asked == SYSCALL_AUTO && f.forbidden && w.first == WAY_FILE;
		bool hotplug = f.hotplug && f.can_plan && f.asked != SYSCALL_FILE;

		/* What was asked for is what is done. */
		assert_true(f.asked != SYSCALL_FILE || w.first != WAY_LOAD);
		assert_true(f.asked != SYSCALL_LOAD || w.first == WAY_LOAD);
		assert_true(f.asked == SYSCALL_AUTO || w.second == WAY_NONE);
		assert_true(!f.only_load || (w.first != WAY_FILE && w.second != WAY_FILE));
		/* Never two of the same, never kexec_load first without a plan. */
		assert_true(w.first == WAY_NONE || w.first != w.second);
		assert_true(w.first != WAY_LOAD || w.proof == WAY_PROOF_PLAN ||
			    (w.proof == WAY_PROOF_TRY_PLAN && w.second == WAY_FILE));
		/* What is forbidden is not tried, unless nothing else would do. */
		assert_true(!auto_file || w.second == WAY_NONE);
		assert_true(!f.forbidden || w.second == WAY_NONE);
		/* A wrong image is not preferred where a right one can be planned. */
		assert_true(auto_file || f.asked != SYSCALL_AUTO || !f.crash || !f.can_plan ||
			    w.first == WAY_LOAD || (!f.file_spoils && f.keeps_backup != ANSWER_NO));
		/* --hotplug is kexec_load with a plan wherever that can be. */
		assert_true(!hotplug ||
			    ((auto_file || w.first == WAY_LOAD) && w.proof == WAY_PROOF_PLAN));
		/* A crash image of a machine that we know costs nothing by surprise. */
		assert_true(!f.crash || !f.can_plan || w.first == WAY_NONE ||
			    w.proof != WAY_PROOF_KERNEL);
		assert_non_null(w.why);
	}
}

static void warnings(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < ALL_FACTS; bits++) {
		struct way_facts f = facts_of(bits);
		struct way w = way_choose(&f);
		bool forgets = f.crash && f.keeps_backup == ANSWER_NO;

		assert_int_equal(w.file_warning, f.crash && f.file_spoils ? WAY_WARN_BIG_ENDIAN :
				 forgets ? WAY_WARN_FILE_BACKUP : WAY_WARN_NOTHING);
		assert_int_equal(w.load_warning,
				 forgets && f.hotplug && f.memory_hotplug ? WAY_WARN_BACKUP :
					 !f.crash && f.preserves	  ? WAY_WARN_PRESERVED :
									    WAY_WARN_NOTHING);
	}
}

static const int refused[] = { EPERM,  EACCES,	EKEYREJECTED, EKEYREVOKED, EKEYEXPIRED,
			       ENOKEY, EBADMSG, ELIBBAD,      ENODATA,	   ENOPKG };
static const int cannot[] = { ENOSYS, EINVAL, ENOEXEC, EOPNOTSUPP };
static const int otherwise[] = { ENOMEM, EADDRNOTAVAIL, EIO,   EFBIG,  E2BIG,  ETXTBSY,	 EINTR,
				 EBUSY,	 EFAULT,	EBADF, ENOENT, ENODEV, EOVERFLOW };

static void after_a_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(way_goes_on(WAY_FILE, -refused[i], true));
	for (size_t i = 0; i < ARRAY_SIZE(cannot); i++) {
		assert_true(way_goes_on(WAY_FILE, -cannot[i], false));
		assert_true(way_goes_on(WAY_FILE, -cannot[i], true));
	}
	for (size_t i = 0; i < ARRAY_SIZE(otherwise); i++) {
		assert_false(way_goes_on(WAY_FILE, -otherwise[i], false));
		assert_true(way_goes_on(WAY_FILE, -otherwise[i], true));
		assert_false(way_goes_on(WAY_LOAD, -otherwise[i], true));
	}
	assert_true(way_goes_on(WAY_LOAD, -EPERM, true));
	assert_true(way_goes_on(WAY_LOAD, -EACCES, true));
	assert_true(way_goes_on(WAY_LOAD, -ENOSYS, true));
	assert_false(way_goes_on(WAY_LOAD, -EINVAL, true));
	assert_false(way_goes_on(WAY_LOAD, -ENOEXEC, true));
	assert_false(way_goes_on(WAY_LOAD, -EKEYREJECTED, true));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(way_name(WAY_FILE), "kexec_file_load");
	assert_string_equal(way_name(WAY_LOAD), "kexec_load");
	assert_string_equal(way_name(WAY_NONE), "none");
}

/* --- what is known of a kernel by its release --- */

static const struct {
	const char *release;
	enum answer keeps; /* the place of the backup region */
} releases[] = {
	{ "6.9.3", ANSWER_UNKNOWN },
	{ "6.10.1", ANSWER_NO },
	{ "6.10", ANSWER_NO },
	{ "6.11.4-1-default", ANSWER_NO },
	{ "6.12.90", ANSWER_NO },
	{ "6.12.91", ANSWER_YES },
	{ "6.12.91+deb13", ANSWER_YES },
	{ "6.12", ANSWER_NO },
	{ "6.12.0-55.el10", ANSWER_UNKNOWN },
	{ "6.13.7", ANSWER_NO },
	{ "6.14.0", ANSWER_NO },
	{ "6.15.1", ANSWER_NO },
	{ "6.16.1", ANSWER_NO },
	{ "6.17.1", ANSWER_UNKNOWN },
	{ "6.18.1", ANSWER_UNKNOWN },
	{ "5.12.91", ANSWER_UNKNOWN },
	{ "7.0.5", ANSWER_UNKNOWN },
	{ "7.1", ANSWER_YES },
	{ "7.1.0-rc1", ANSWER_UNKNOWN },
	{ "7.2.11", ANSWER_YES },
	{ "8.0.1", ANSWER_YES },
	{ "7", ANSWER_UNKNOWN },
	{ "next", ANSWER_UNKNOWN },
};

static enum answer opposite(enum answer a)
{
	return a == ANSWER_UNKNOWN ? a : a == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
}

static void flaws_of_releases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct machine m = { .arch = arch_find("ppc64le"),
				     .release = releases[i].release,
				     .little = true };
		const struct flaw *flaw = flaw_find(&m, FLAW_FORGETS);

		assert_int_equal(ppc64_keeps_backup(releases[i].release), releases[i].keeps);
		assert_int_equal(flaw->has(&m), opposite(releases[i].keeps));
		assert_int_equal(flaw_is_absent(&m, FLAW_FORGETS), releases[i].keeps);
		assert_int_equal(flaw_is_absent(&m, FLAW_FILE_FORGETS), releases[i].keeps);
	}
}

/* A flaw that nobody knows of is absent; of a machine of unknown kind nothing is known. */
static void flaws_of_machines(void **state)
{
	struct machine m = { .arch = arch_find("ppc64"), .release = "6.12.91" };

	(void)state;
	assert_int_equal(flaw_is_absent(&m, FLAW_FILE_SPOILS), ANSWER_NO);
	m.little = true;
	assert_int_equal(flaw_is_absent(&m, FLAW_FILE_SPOILS), ANSWER_YES);
	assert_null(flaw_find(&m, FLAW_KEEPS_REMOVED));
	assert_int_equal(flaw_is_absent(&m, FLAW_KEEPS_REMOVED), ANSWER_YES);
	m.arch = arch_find("x86_64");
	assert_null(flaw_find(&m, FLAW_FORGETS));
	assert_int_equal(flaw_is_absent(&m, FLAW_FORGETS), ANSWER_YES);
	assert_int_equal(flaw_is_absent(&m, FLAW_KEEPS_REMOVED), ANSWER_NO);
	m.arch = NULL;
	assert_null(flaw_find(&m, FLAW_FORGETS));
	assert_int_equal(flaw_is_absent(&m, FLAW_FORGETS), ANSWER_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice),
		cmocka_unit_test(promises),
		cmocka_unit_test(warnings),
		cmocka_unit_test(after_a_failure),
		cmocka_unit_test(names),
		cmocka_unit_test(flaws_of_releases),
		cmocka_unit_test(flaws_of_machines),
	};

	return cmocka_run_group_tests_name("way", tests, NULL, NULL);
}
