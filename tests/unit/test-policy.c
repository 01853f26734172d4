// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What the running kernel refuses, by files made up, and what is said of each refusal. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "tests/unit/unit.h"

#include "kexec/policy.h"
#include "kexec/syscalls.h"

/* No case here sleeps or writes. */
const struct syscalls syscalls;

#define SECURE_BOOT	"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LOCKDOWN	"sys/kernel/security/lockdown"
#define DISABLED	"proc/sys/kernel/kexec_load_disabled"
#define PANIC		"proc/sys/kernel/kexec_load_limit_panic"
#define REBOOT		"proc/sys/kernel/kexec_load_limit_reboot"

/* In place of the C library's: the kernel lets nobody open such a file. */
static const char *closed;
static int why_closed;

static int open_unless_closed(int dir, const char *name, int flags)
{
	if (closed && strstr(name, closed)) {
		errno = why_closed;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, name, flags, 0);
}

int openat(int dir, const char *name, int flags, ...)
{
	return open_unless_closed(dir, name, flags);
}

/* What _FORTIFY_SOURCE makes of such calls. */
int __openat_2(int dir, const char *name, int flags);
int __openat_2(int dir, const char *name, int flags)
{
	return open_unless_closed(dir, name, flags);
}

int __openat64_2(int dir, const char *name, int flags);
int __openat64_2(int dir, const char *name, int flags)
{
	return open_unless_closed(dir, name, flags);
}

static struct policy policy_of(const char *file, const char *text)
{
	char *dir = unit_directory();
	struct sysroot sr = { .root = dir };
	struct policy p;

	if (file)
		unit_write(dir, file, text, strlen(text));
	assert_int_equal(policy_read(&p, &sr), 0);
	unit_remove(dir);
	return p;
}

static void nothing_is_known(void **state)
{
	struct policy p = policy_of(NULL, NULL);

	(void)state;
	assert_int_equal(p.secure_boot, ANSWER_UNKNOWN);
	assert_int_equal(p.lockdown, POLICY_LOCKDOWN_UNKNOWN);
	assert_false(p.disabled || p.enabled || p.used_up_panic || p.used_up_reboot ||
		     p.preserves || policy_forbids_kexec_load(&p));
}

static void files_of_the_kernel(void **state)
{
	static const struct {
		const char *text;
		enum policy_lockdown lockdown;
		bool forbids;
	} table[] = {
		{ "[none] integrity confidentiality\n", POLICY_LOCKDOWN_NONE, false },
		{ "none [integrity] confidentiality\n", POLICY_LOCKDOWN_INTEGRITY, true },
		{ "none integrity [confidentiality]\n", POLICY_LOCKDOWN_CONFIDENTIALITY, true },
		{ "none integrity confidentiality\n", POLICY_LOCKDOWN_UNKNOWN, false },
		{ "", POLICY_LOCKDOWN_UNKNOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct policy p = policy_of(LOCKDOWN, table[i].text);

		assert_int_equal(p.lockdown, table[i].lockdown);
		assert_int_equal(policy_forbids_kexec_load(&p), table[i].forbids);
	}
	assert_int_equal(policy_of(SECURE_BOOT, "\6\1\1\1\1").secure_boot, ANSWER_YES);
	assert_int_equal(policy_of(SECURE_BOOT, "\6\1\1\1\2").secure_boot, ANSWER_NO);
	assert_int_equal(policy_of(SECURE_BOOT, "\6\1\1\1").secure_boot, ANSWER_UNKNOWN);
	assert_true(policy_of(DISABLED, "1\n").disabled);
	assert_false(policy_of(DISABLED, "0\n").disabled);
	assert_true(policy_of(DISABLED, "0\n").enabled);
	assert_false(policy_of(DISABLED, "1\n").enabled);
	assert_true(policy_of(PANIC, "0\n").used_up_panic);
	assert_false(policy_of(PANIC, "0\n").used_up_reboot);
	assert_true(policy_of(REBOOT, "0\n").used_up_reboot);
	assert_false(policy_of(PANIC, "-1\n").used_up_panic);
	assert_false(policy_of(PANIC, "10\n").used_up_panic);
}

/* lib/kstrtox.c:kstrtobool */
static void memory_for_the_next_kernel(void **state)
{
	static const char *const yes[] = {
		"kho=on",	 "kho=1",	 "quiet kho=yes x",	 "kho=t",
		"liveupdate=on", "liveupdate=1", "kho=off liveupdate=ON"
	};
	static const char *const no[] = {
		"",	 "kho",	   "kho=",	    "kho=0",	    "kho=off",	  "kho=no",
		"kho=o", "xkho=1", "kho_scratch=1", "liveupdate=0", "liveupdate", "-- kho=1"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!policy_of("proc/cmdline", yes[i]).preserves)
			_fail(yes[i], (int)i);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (policy_of("proc/cmdline", no[i]).preserves)
			_fail(no[i], (int)i);
	assert_true(policy_of("dev/liveupdate", "").preserves);
}

/* A directory where a file should be: that is said, unless nobody wants to hear of it. */
static void what_cannot_be_read(void **state)
{
	static const char *const files[] = { SECURE_BOOT, LOCKDOWN, DISABLED,
					     PANIC,	  REBOOT,   "proc/cmdline" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *dir = unit_directory();
		STRING_AUTO inside = mem_printf("%s/file", files[i]);
		struct sysroot sr = { .root = dir };
		struct policy p;

		unit_write(dir, inside, "", 0);
		assert_fails(policy_read(&p, &sr), EINVAL, files[i]);
		policy_guess(&p, &sr);
		assert_string_equal(fail_text(), "");
		assert_int_equal(p.lockdown, POLICY_LOCKDOWN_UNKNOWN);
		unit_remove(dir);
	}
}

/* Without root some of these files cannot be opened: that is no fault. */
static void what_may_not_be_read(void **state)
{
	static const char *const names[] = { "SecureBoot", "lockdown", "kexec_load_disabled",
					     "limit_panic" };
	static const int errors[] = { EACCES, EPERM, EIO };
	struct sysroot sr = { .root = unit_directory() };
	struct policy p;

	(void)state;
	unit_write(sr.root, SECURE_BOOT, "\6\1\1\1\1", 5);
	unit_write(sr.root, LOCKDOWN, "none [integrity]\n", 17);
	unit_write(sr.root, DISABLED, "1\n", 2);
	unit_write(sr.root, PANIC, "0\n", 2);
	for (size_t i = 0; i < ARRAY_SIZE(names) * ARRAY_SIZE(errors); i++) {
		closed = names[i / ARRAY_SIZE(errors)];
		why_closed = errors[i % ARRAY_SIZE(errors)];
		if (why_closed == EIO) {
			assert_fails(policy_read(&p, &sr), EIO, closed);
			continue;
		}
		assert_int_equal(policy_read(&p, &sr), 0);
		assert_string_equal(fail_text(), "");
	}
	closed = NULL;
	assert_int_equal(policy_read(&p, &sr), 0);
	assert_true(p.secure_boot == ANSWER_YES && policy_forbids_kexec_load(&p) && p.disabled &&
		    p.used_up_panic);
	unit_remove((char *)sr.root);
}

/* What has failed before is still said. */
static void guesses_forget_nothing_else(void **state)
{
	struct sysroot sr = { .root = "/nowhere" };
	struct policy p = { .disabled = true, .lockdown = POLICY_LOCKDOWN_INTEGRITY };

	(void)state;
	(void)fail(EINVAL, "what failed");
	policy_guess(&p, &sr);
	assert_string_equal(fail_text(), "what failed");
	assert_false(p.disabled || policy_forbids_kexec_load(&p));
	fail_forget();
}

static void causes(void **state)
{
	static const struct {
		struct policy p;
		int err;
		bool crash, file;
		const char *text, *without;
	} table[] = {
		{ { .lockdown = POLICY_LOCKDOWN_INTEGRITY },
		  EPERM,
		  true,
		  false,
		  "locked down: .*by kexec_file_load (-s)",
		  "root" },
		{ { .lockdown = POLICY_LOCKDOWN_CONFIDENTIALITY },
		  EPERM,
		  false,
		  true,
		  "signed with a key",
		  "root" },
		{ { .lockdown = POLICY_LOCKDOWN_NONE },
		  EPERM,
		  true,
		  false,
		  "needs root (CAP_SYS_BOOT)",
		  "locked down" },
		{ { 0 }, EPERM, true, true, "needs root (CAP_SYS_BOOT)", "locked down" },
		{ { .enabled = true },
		  EPERM,
		  true,
		  true,
		  "not on the file system that LoadPin has pinned",
		  "root" },
		{ { .enabled = true },
		  EPERM,
		  false,
		  false,
		  "LoadPin or lockdown (Secure Boot) takes kernels by kexec_file_load (-s) only",
		  "root" },
		{ { .enabled = true, .used_up_panic = true },
		  EPERM,
		  true,
		  true,
		  "kexec_load_limit_panic is 0",
		  "LoadPin" },
		{ { .enabled = true, .lockdown = POLICY_LOCKDOWN_INTEGRITY },
		  EPERM,
		  true,
		  true,
		  "signed with a key",
		  "LoadPin" },
		{ { .disabled = true, .lockdown = POLICY_LOCKDOWN_INTEGRITY },
		  EPERM,
		  true,
		  true,
		  "kexec_load_disabled is 1",
		  "locked down" },
		{ { .used_up_panic = true },
		  EPERM,
		  true,
		  false,
		  "kexec_load_limit_panic is 0",
		  "root" },
		{ { .used_up_panic = true }, EPERM, false, false, "needs root", "panic is 0" },
		{ { .used_up_reboot = true },
		  EPERM,
		  false,
		  true,
		  "kexec_load_limit_reboot is 0",
		  "root" },
		{ { .used_up_reboot = true }, EPERM, true, true, "needs root", "reboot is 0" },
		{ { .secure_boot = ANSWER_YES },
		  EACCES,
		  true,
		  false,
		  "Secure Boot the running kernel takes kernels by"
		  " kexec_file_load (-s)",
		  "SELinux" },
		{ { .secure_boot = ANSWER_YES },
		  EACCES,
		  true,
		  true,
		  "forbids this kernel",
		  "(-s)" },
		{ { .secure_boot = ANSWER_NO },
		  EACCES,
		  true,
		  false,
		  "IMA, SELinux",
		  "Secure Boot" },
		{ { .lockdown = POLICY_LOCKDOWN_INTEGRITY },
		  EACCES,
		  true,
		  false,
		  "locked down: .*by kexec_file_load (-s)",
		  "SELinux" },
		{ { .lockdown = POLICY_LOCKDOWN_INTEGRITY, .disabled = true },
		  EACCES,
		  true,
		  true,
		  "signed with a key",
		  "disabled" },
		{ { .lockdown = POLICY_LOCKDOWN_INTEGRITY, .secure_boot = ANSWER_NO },
		  EACCES,
		  true,
		  false,
		  "IMA, SELinux",
		  "Secure Boot" },
		{ { .lockdown = POLICY_LOCKDOWN_NONE },
		  EACCES,
		  true,
		  false,
		  "IMA, SELinux",
		  "Secure Boot" },
		{ { .secure_boot = ANSWER_YES }, EPERM, true, false, "needs root", "db" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *text = policy_cause(&table[i].p, table[i].err, table[i].crash,
						table[i].file);
		const char *end = strstr(table[i].text, ".*");
		STRING_AUTO begin = mem_printf(
			"%.*s", (int)(end ? end - table[i].text : (long)strlen(table[i].text)),
			table[i].text);

		if (!strstr(text, begin) || !strstr(text, end ? end + 2 : "") ||
		    strstr(text, table[i].without))
			_fail(text, (int)i);
	}
}

/* Lockdown restricts more than Secure Boot does; what is not known restricts nothing. */
static void restrictions(void **state)
{
	const struct policy locked = { .lockdown = POLICY_LOCKDOWN_CONFIDENTIALITY,
				       .secure_boot = ANSWER_YES };
	const enum answer not[] = { ANSWER_NO, ANSWER_UNKNOWN };

	(void)state;
	assert_non_null(strstr(policy_restricts(&locked), "is locked down"));
	assert_non_null(strstr(policy_restricts(&(struct policy){ .secure_boot = ANSWER_YES }),
			       "Secure Boot is on"));
	for (size_t i = 0; i < ARRAY_SIZE(not); i++)
		assert_null(policy_restricts(&(struct policy){ .secure_boot = not[i] }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known),
		cmocka_unit_test(files_of_the_kernel),
		cmocka_unit_test(memory_for_the_next_kernel),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(what_may_not_be_read),
		cmocka_unit_test(guesses_forget_nothing_else),
		cmocka_unit_test(restrictions),
		cmocka_unit_test(causes),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
