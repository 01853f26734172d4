// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What udev rules do, what is known of releases, and the verdict. */
#include <sys/klog.h>

#include "tests/unit/unit.h"

#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/readiness.h"
#include "kexec/syscalls.h"
#include "tests/unit/power.h"

static struct arena arena;

static char *dir;
static unsigned int sleeps;
static void (*while_asleep)(void);

static void fake_sleep(unsigned int ms)
{
	assert_int_equal(ms, READINESS_PAUSE_MS);
	sleeps++;
	if (while_asleep)
		while_asleep();
}

static char *logged;
static int log_error;

static int fake_log_line(const char *line)
{
	free(logged);
	logged = mem_copy_string(line);
	return log_error;
}

/* A directory here is a machine that is at work. */
const struct syscalls syscalls = {
	.sleep_ms = fake_sleep, .log_line = fake_log_line, .any_machine = true,
};

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	fail_forget();
	return 0;
}

static struct udev_reloads scan(const char *text)
{
	struct udev_reloads out = {0};

	udev_scan(&arena, "/x.rules", text, &out);
	return out;
}

/* Exactly one rule reloads, there and then. */
static void assert_reload(const char *text, unsigned int line, enum udev_subsystem subsystem,
			  unsigned int actions, unsigned int ungated)
{
	struct udev_reloads r = scan(text);

	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].line, line);
	assert_int_equal(r.at[0].subsystem, subsystem);
	assert_int_equal(r.at[0].actions, actions);
	assert_int_equal(r.at[0].ungated, ungated);
}

#define ALL (UDEV_COMES | UDEV_GOES)

static void rules_without_a_gate(void **state)
{
	(void)state;
	assert_reload("SUBSYSTEM==\"cpu\", ACTION==\"online\", RUN+=\"/lib/kdump-reload\"\n", 1,
		      UDEV_CPU, UDEV_ONLINE, UDEV_ONLINE);
	assert_reload(
		"\n# x\nSUBSYSTEM==\"memory\", ACTION==\"add|remove\", PROGRAM=\"kdump-config"
		" try\"",
		3, UDEV_MEMORY, UDEV_ADD | UDEV_REMOVE, UDEV_ADD | UDEV_REMOVE);
	assert_reload("KERNEL==\"cpu[0-9]*\", ENV{SYSTEMD_WANTS}+=\"kdump-reload.service\"\n", 1,
		      UDEV_CPU, ALL, ALL);
	assert_reload(
		"SUBSYSTEM==\"cpu\" ACTION!=\"remove\", \\\n# between\n RUN{program}=\"kexec"
		" \\\"-p\\\"\"\n",
		1, UDEV_CPU, ALL & ~UDEV_REMOVE, ALL & ~UDEV_REMOVE);
}

static void rules_with_a_gate(void **state)
{
	(void)state;
	assert_reload("SUBSYSTEM==\"cpu\", ATTRS{crash_hotplug}!=\"1\", RUN+=\"kdump\"\n", 1,
		      UDEV_CPU, ALL, 0);
	assert_reload("SUBSYSTEM!=\"cpu\", GOTO=\"end\"\n"
		      "ATTRS{crash_hotplug}==\"1\", GOTO=\"end\"\n"
		      "RUN+=\"kdump\"\n"
		      "LABEL=\"end\"\n", 3, UDEV_CPU, ALL, 0);
	/*
	 * The gate is only for memory; then it is after what it should guard; then of the device.
	 */
	assert_reload("SUBSYSTEM==\"memory\", ATTRS{crash_hotplug}==\"1\", GOTO=\"end\"\n"
		      "SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\nLABEL=\"end\"\n", 2, UDEV_CPU, ALL, ALL);
	assert_reload(
		"SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\nATTRS{crash_hotplug}==\"1\", GOTO=\"end\"\n"
		"LABEL=\"end\"\n",
		1, UDEV_CPU, ALL, ALL);
	assert_reload(
		"ATTR{crash_hotplug}==\"1\", GOTO=\"end\"\nSUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n"
		"LABEL=\"end\"\n",
		2, UDEV_CPU, ALL, ALL);
}

static void rules_that_may_apply(void **state)
{
	(void)state;
	/* A jump on an unknown condition may be taken or not. */
	assert_reload("SUBSYSTEM==\"cpu\", TEST==\"/x\", GOTO=\"reload\"\nGOTO=\"end\"\n"
		      "LABEL=\"reload\"\nRUN+=\"kdump\"\nLABEL=\"end\"\n", 4, UDEV_CPU, ALL, ALL);
	assert_reload(
		"SUBSYSTEM==\"cpu\", ENV{x}==\"1\", GOTO=\"end\"\nSUBSYSTEM==\"cpu\","
		" RUN+=\"kdump\"\n"
		"LABEL=\"end\"\n",
		2, UDEV_CPU, ALL, ALL);
}

static void rules_that_do_not_reload(void **state)
{
	static const char *const texts[] = {
		"",
		"SUBSYSTEM==\"block\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", ACTION==\"change\", RUN+=\"kdump\"\n",
		"#SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", RUN+=\"other\"\n",
		"SUBSYSTEM==\"cpu\", RUN-=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", PROGRAM=\"is-active kdump\", GOTO=\"end\"\nLABEL=\"end\"\n",
		"GOTO=\"end\"\nSUBSYSTEM==\"cpu\", RUN+=\"kdump\"\nLABEL=\"end\"\n",
		"SUBSYSTEM==\"cpu\", RUN+=\"kdump\n",
		"SUBSYSTEM==\"cpu\", RUN+=kdump\n",
		"SUBSYSTEM\"cpu\", RUN+=\"kdump\"\n",
		"SUBSYSTEM{==\"cpu\", RUN+=\"kdump\"",
		"==\"cpu\", RUN+=\"kdump\"\\",
		/* Operators that the key cannot have: udev ignores the line. */
		"SUBSYSTEM=\"cpu\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", ACTION=\"online\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", DEVPATH=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", KERNEL:=\"cpu*\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", KERNELS=\"cpu*\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", SUBSYSTEMS+=\"cpu\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", DRIVER-=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", DRIVERS=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", ATTRS{x}=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", CONST{arch}=\"x86\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", TAGS=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", TEST=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", RESULT=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", RUN==\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", RUN!=\"\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", RUN-=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", LABEL==\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", GOTO!=\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", OPTIONS==\"x\", RUN+=\"kdump\"\n",
		"SUBSYSTEM==\"cpu\", ENV{x}-=\"x\", RUN+=\"kdump\"\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(scan(texts[i]).n, 0);
}

/* Of what kexec does not know, both may be; what looks alike is something else. */
static void rules_of_other_words(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} table[] = {
		{ "SUBSYSTEM==e\"cpu\", RUN+=e\"kdump\"", 1 },
		{ "SUBSYSTEM==i\"cpu\", RUN+=i\"kdump\"", 1 },
		{ "SUBSYSTEM==\"cpu\", RUN+=xkdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", IMPORT{program}=\"kdump\"", 1 },
		{ "SUBSYSTEM==\"cpu\", IMPORT{file}=\"kdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", PROGRAM=\"kdump\"", 1 },
		{ "SUBSYSTEM==\"cpu\", ENV{SYSTEMD_WANTS}==\"kdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", ENV{x}=\"kdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", TAG-=\"x\", SYMLINK-=\"y\", RUN+=\"kdump\"", 1 },
		{ "SUBSYSTEM==\"cpu\", ENV{x}+=\"x\", ATTR{y}=\"y\", NAME:=\"z\", RUN+=\"kdump\"",
		  1 },
		{ "SUBSYSTEM==\"cpu\", TAG+=\"kdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", ATTR{crash_hotplug}==\"1\", RUN+=\"kdump\"", 0 },
		{ "SUBSYSTEM==\"cpu\", CONST{virt}==\"kvm\", RUN+=\"kdump\"", 1 },
		/* It may end here, or go on. */
		{ "PROGRAM=\"x\", GOTO=\"end\"\nSUBSYSTEM==\"cpu\", RUN+=\"kdump\"\nLABEL=\"end\"",
		  1 },
		{ "IMPORT{program}=\"x\", GOTO=\"end\"\nSUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n"
		  "LABEL=\"end\"",
		  1 },
		{ "ENV{a}=\"x\", GOTO=\"end\"\nSUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n"
		  "LABEL=\"end\"",
		  0 },
		/* A value without an end, behind a longer line. */
		{ "SUBSYSTEM==\"block\", RUN+=\"kdump, and so on for a long while\"\n"
		  "SUBSYSTEM==\"cpu\", RUN+=\"kdump\\\\",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct udev_reloads out = { .arch = "ppc64-le" };

		udev_scan(&arena, "/x.rules", table[i].text, &out);
		if (out.n != table[i].n)
			_fail(table[i].text, (int)i);
	}
	assert_reload("SUBSYSTEM==\"cpu\", ATTRS{other}!=\"1\", RUN+=\"kdump\"\n", 1, UDEV_CPU, ALL,
		      ALL);
	assert_reload("SUBSYSTEM==\"cpu\", ATTR{crash_hotplug}!=\"1\", RUN+=\"kdump\"\n", 1,
		      UDEV_CPU, ALL, ALL);
}

#define PUT "SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n"
#define WANT "SUBSYSTEM==\"cpu\", ENV{SYSTEMD_WANTS}+=\"kdump\"\n"
#define CPU "SUBSYSTEM==\"cpu\", "

/*
 * What is put into a list is not run when a later rule, of any file, that applies for certain
 * assigns it anew; nor when an earlier one has done so for good.
 */
static void rules_that_undo_others(void **state)
{
	static const struct {
		const char *first, *second;
		unsigned int actions, ungated;
		size_t n;
	} table[] = {
		{ PUT, "", ALL, ALL, 1 },
		{ PUT, CPU "RUN=\"other\"", 0, 0, 0 },
		{ PUT, CPU "RUN=\"\"", 0, 0, 0 },
		{ PUT, CPU "RUN:=\"other\"", 0, 0, 0 },
		{ PUT, "RUN{builtin}=\"kmod\"", 0, 0, 0 },
		{ PUT, CPU "RUN=\"kexec\"", ALL, ALL, 1 },
		{ PUT, CPU "RUN=\"other\", RUN+=\"kexec\"", ALL, ALL, 1 },
		{ PUT, CPU "RUN+=\"kexec\", RUN=\"other\"", 0, 0, 0 },
		{ PUT, CPU "RUN+=\"other\"", ALL, ALL, 1 },
		{ CPU "RUN+=\"kdump\", RUN{builtin}=\"kmod\"", "", ALL, ALL, 1 },
		{ CPU "RUN{builtin}=\"kdump\", RUN=\"other\"", "", 0, 0, 0 },
		{ CPU "RUN:=\"other\", RUN{builtin}:=\"kdump\"", "", ALL, ALL, 1 },
		{ CPU "RUN=\"other\", RUN{builtin}=\"kdump\"", "", 0, 0, 0 },
		{ PUT, CPU "RUN-=\"kdump\"", ALL, ALL, 1 },
		{ PUT, CPU "ACTION==\"online\", RUN=\"\"", ALL & ~UDEV_ONLINE, ALL & ~UDEV_ONLINE,
		  1 },
		{ PUT, CPU "ATTRS{crash_hotplug}==\"1\", RUN=\"\"", ALL, 0, 1 },
		{ PUT, CPU "ATTRS{crash_hotplug}==\"0\", RUN=\"\"", 0, ALL, 1 },
		{ PUT, "SUBSYSTEM==\"memory\", RUN=\"\"", ALL, ALL, 1 },
		{ CPU "RUN=\"\"", PUT, ALL, ALL, 1 },
		/* for good */
		{ CPU "RUN:=\"\"", PUT, 0, 0, 0 },
		{ CPU "RUN:=\"kdump\"", CPU "RUN=\"\"", ALL, ALL, 1 },
		{ CPU "RUN:=\"kdump\"", PUT, ALL, ALL, 1 },
		{ CPU "RUN:=\"\", RUN+=\"kdump\"", "", 0, 0, 0 },
		{ CPU "ACTION==\"add\", RUN:=\"\"", PUT, ALL & ~UDEV_ADD, ALL & ~UDEV_ADD, 1 },
		{ CPU "ATTRS{crash_hotplug}==\"1\", RUN:=\"\"", PUT, ALL, 0, 1 },
		{ "SUBSYSTEM==\"memory\", RUN:=\"\"", PUT, ALL, ALL, 1 },
		{ CPU "RUN:=\"\"", WANT, ALL, ALL, 1 },
		/* units that are wanted are another list, which nothing keeps for good */
		{ WANT, CPU "RUN=\"\"", ALL, ALL, 1 },
		{ WANT, CPU "ENV{SYSTEMD_WANTS}=\"\"", 0, 0, 0 },
		{ WANT, CPU "ENV{SYSTEMD_WANTS}=\"x.service\"", 0, 0, 0 },
		{ WANT, CPU "ENV{SYSTEMD_WANTS}==\"\"", ALL, ALL, 1 },
		{ WANT, CPU "ENV{OTHER}=\"\"", ALL, ALL, 1 },
		{ PUT, CPU "ENV{SYSTEMD_WANTS}=\"\"", ALL, ALL, 1 },
		{ CPU "ENV{SYSTEMD_WANTS}:=\"\"", WANT, ALL, ALL, 1 },
		{ CPU "RUN+=\"kdump\", ENV{SYSTEMD_WANTS}+=\"kdump\"", CPU "RUN=\"\"", ALL, ALL,
		  1 },
		{ CPU "RUN+=\"kdump\", ENV{SYSTEMD_WANTS}+=\"kdump\"", "", ALL, ALL, 2 },
		/* what has been done, is done */
		{ CPU "IMPORT{program}=\"kdump\"", CPU "RUN=\"\", IMPORT{program}=\"x\"", ALL, ALL,
		  1 },
		{ CPU "PROGRAM=\"kdump\"", CPU "PROGRAM=\"x\"", ALL, ALL, 1 },
		/* it may be, and may not */
		{ PUT, CPU "TEST==\"/x\", RUN=\"\"", ALL, ALL, 1 },
		{ PUT, "TEST==\"/x\", GOTO=\"end\"\n" CPU "RUN=\"\"\nLABEL=\"end\"", ALL, ALL, 1 },
		{ PUT,
		  "TEST==\"/x\", GOTO=\"do\"\nGOTO=\"end\"\nLABEL=\"do\", " CPU
		  "RUN=\"\"\nLABEL=\"end\"",
		  ALL, ALL, 1 },
		{ CPU "TEST==\"/x\", RUN:=\"\"", PUT, ALL, ALL, 1 },
		/* ways that lead there, or past it, for certain */
		{ PUT, "SUBSYSTEM!=\"cpu\", GOTO=\"end\"\nRUN=\"\"\nLABEL=\"end\"", 0, 0, 0 },
		{ PUT,
		  "SUBSYSTEM==\"cpu\", GOTO=\"do\"\nGOTO=\"end\"\nLABEL=\"do\"\nRUN=\"\"\n"
		  "LABEL=\"end\"",
		  0, 0, 0 },
		{ PUT, "SUBSYSTEM==\"cpu\", GOTO=\"end\"\nRUN=\"\"\nLABEL=\"end\"", ALL, ALL, 1 },
		{ PUT, "SUBSYSTEM==\"cpu\", GOTO=\"end\"\nLABEL=\"end\"\nRUN=\"\"", 0, 0, 0 },
		/* where ways meet again it is as certain as before */
		{ PUT,
		  "ENV{a}==\"1\", GOTO=\"j\"\nENV{b}==\"1\"\nLABEL=\"j\"\n" CPU "RUN=\"\"",
		  0, 0, 0 },
		{ PUT,
		  "ENV{a}==\"1\", GOTO=\"j\"\nENV{b}==\"1\"\nLABEL=\"j\", " CPU "RUN=\"\"",
		  0, 0, 0 },
		{ PUT,
		  "ENV{a}==\"1\", GOTO=\"far\"\nENV{b}==\"1\", GOTO=\"near\"\nLABEL=\"near\"\n" CPU
		  "RUN=\"\"\nLABEL=\"far\"",
		  ALL, ALL, 1 },
		{ PUT,
		  "ENV{a}==\"1\", GOTO=\"far\"\nENV{b}==\"1\", GOTO=\"near\"\nLABEL=\"near\"\n"
		  "LABEL=\"far\"\n" CPU "RUN=\"\"",
		  0, 0, 0 },
		{ PUT,
		  "ENV{a}==\"1\", GOTO=\"j\"\nSUBSYSTEM==\"cpu\", GOTO=\"end\"\nLABEL=\"j\"\n" CPU
		  "RUN=\"\"\nLABEL=\"end\"",
		  ALL, ALL, 1 },
		/* lines that udev does not take */
		{ "OWNER==\"root\", RUN+=\"kdump\"", "MODE!=\"1\", RUN+=\"kdump\"", 0, 0, 0 },
		{ "SECLABEL{x}==\"y\", RUN+=\"kdump\"", "GROUP==\"x\", RUN+=\"kdump\"", 0, 0, 0 },
		{ "GOTO+=\"x\", RUN+=\"kdump\"", "LABEL:=\"x\", RUN+=\"kdump\"", 0, 0, 0 },
		{ CPU "OWNER=\"root\", GROUP+=\"x\", RUN+=\"kdump\"", "", ALL, ALL, 1 },
		/* letters of either case, where the rule says so */
		{ "SUBSYSTEM==i\"CPU\", RUN+=\"kdump\"", "", ALL, ALL, 1 },
		{ "SUBSYSTEM==\"CPU\", RUN+=\"kdump\"", "", 0, 0, 0 },
		{ "SUBSYSTEM==e\"CPU\", RUN+=\"kdump\"", "", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct udev_reloads out = { 0 };
		unsigned int ungated = 0;

		udev_scan(&arena, "/a.rules", table[i].first, &out);
		udev_scan(&arena, "/b.rules", table[i].second, &out);
		for (size_t j = 0; j < out.n; j++)
			ungated |= out.at[j].ungated;
		if (out.n != table[i].n || udev_actions(&out, UDEV_CPU) != table[i].actions ||
		    ungated != table[i].ungated || udev_actions(&out, UDEV_MEMORY))
			_fail(table[i].second, (int)i);
	}
}

/* A file has a part in it when it says so, or changes what others say. */
static void rules_with_a_part(void **state)
{
	static const struct {
		const char *first, *second;
		bool part;
	} table[] = {
		{ "", PUT, true },
		{ "", "# kdump\n", true },
		{ "", "# kexec\n", true },
		{ "", CPU "RUN+=\"other\"\n", false },
		{ "", CPU "RUN=\"\"\n", false },
		{ PUT, CPU "RUN=\"\"\n", true },
		{ PUT, CPU "ACTION==\"add\", RUN=\"\"\n", true },
		{ PUT, "SUBSYSTEM==\"memory\", RUN=\"\"\n", false },
		{ "", CPU "RUN:=\"\"\n", true },
		{ "", "SUBSYSTEM==\"block\", RUN:=\"\"\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct udev_reloads out = { 0 };

		udev_scan(&arena, "/a.rules", table[i].first, &out);
		if (udev_scan(&arena, "/b.rules", table[i].second, &out) != table[i].part)
			_fail(table[i].second, (int)i);
	}
}

/* How often a rule that is under this condition reloads, on a machine of this type. */
static size_t scan_on(const char *uname_machine, const char *condition)
{
	STRING_AUTO text = mem_printf(
		"SUBSYSTEM==\"cpu\", ACTION==\"online\", CONST{arch}%s, GOTO=\"do\"\n"
		"GOTO=\"end\"\nLABEL=\"do\"\nRUN+=\"kdump\"\nLABEL=\"end\"\n",
		condition);
	struct udev_reloads out = { .arch = arch_udev_name(uname_machine) };

	udev_scan(&arena, "/x.rules", text, &out);
	return out.n;
}

static void rules_for_an_architecture(void **state)
{
	static const struct {
		const char *machine, *condition;
		size_t n;
	} table[] = {
		{ "ppc64le", "==\"ppc64-le\"", 1 },
		{ "ppc64le", "==\"ppc64le\"", 0 },
		{ "ppc64le", "==\"ppc64\"", 0 },
		{ "ppc64le", "==\"ppc64*\"", 1 },
		{ "ppc64le", "!=\"ppc64*\"", 0 },
		{ "ppc64le", "!=\"x86*\"", 1 },
		{ "ppc64le", "==\"x86|x86-64|arm64|ppc64-le\"", 1 },
		{ "ppc64le", "==\"s390*\"", 0 },
		{ "ppc64", "==\"ppc64\"", 1 },
		{ "ppc64", "==\"ppc64-le\"", 0 },
		{ "ppc64", "!=\"ppc64-le\"", 1 },
		{ "x86_64", "==\"x86-64\"", 1 },
		{ "x86_64", "==\"x86_64\"", 0 },
		{ "aarch64", "==\"arm64\"", 1 },
		{ "aarch64", "!=\"arm64\"", 0 },
		/* What is not known may be either. */
		{ "pdp11", "==\"x86\"", 1 },
		{ "pdp11", "!=\"x86\"", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (scan_on(table[i].machine, table[i].condition) != table[i].n)
			_fail(table[i].condition, (int)i);
}

static void rules_many(void **state)
{
	BUF_AUTO text = {0};
	struct udev_reloads r;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		buf_printf(&text, "SUBSYSTEM==\"cpu\", RUN+=\"kdump %u\"\n", i);
	r = scan((char *)text.data);
	assert_int_equal(r.n, 1000);
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(r.at[i].line, i + 1);
	assert_int_equal(udev_actions(&r, UDEV_CPU), ALL);
	assert_int_equal(udev_actions(&r, UDEV_MEMORY), 0);
}

static void releases(void **state)
{
	static const struct {
		const char *release;
		enum answer answer;
	} table[] = {
		{ "6.12.91", ANSWER_YES },
		{ "6.12.107+deb13-powerpc64le-64k", ANSWER_YES },
		{ "6.12.90", ANSWER_NO },
		{ "6.12.57+deb13-powerpc64le", ANSWER_NO },
		{ "6.12.0", ANSWER_NO },
		{ "6.10.3-foo", ANSWER_NO },
		{ "6.16.12", ANSWER_NO },
		{ "7.1.0-5-generic", ANSWER_YES },
		{ "7.2.13-powerpc64le", ANSWER_YES },
		{ "8.0.1", ANSWER_YES },
		{ "6.12.0-55.el10.ppc64le", ANSWER_UNKNOWN },
		{ "6.12.0-rc4", ANSWER_UNKNOWN },
		{ "7.1.0-rc1", ANSWER_UNKNOWN },
		{ "7.0.3", ANSWER_UNKNOWN },
		{ "6.18.3", ANSWER_UNKNOWN },
		{ "6.17.5", ANSWER_UNKNOWN },
		{ "6.9.1", ANSWER_UNKNOWN },
		{ "5.14.0-503.el9.ppc64le", ANSWER_UNKNOWN },
		{ "6", ANSWER_UNKNOWN },
		{ "", ANSWER_UNKNOWN },
		{ "linux", ANSWER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (ppc64_keeps_backup(table[i].release) != table[i].answer)
			_fail(table[i].release, (int)i);
}

/* A machine that is ready; each case spoils something. */
static struct readiness ready(void)
{
	return (struct readiness){
		.loaded = ANSWER_YES, .reserved = 1 << 29,
		.cpu_kept = ANSWER_YES, .memory_kept = ANSWER_YES,
		.cpus = { .possible = 4, .present = 1, .with_notes = 4, .notes_before = true },
	};
}

static void assert_verdict(struct readiness *r, enum verdict verdict, enum readiness_status status)
{
	readiness_judge(r);
	assert_string_equal(readiness_name(r->verdict), readiness_name(verdict));
	assert_int_equal(readiness_status(r), status);
	arena_free(&r->machine.arena);
}

static void verdicts(void **state)
{
	struct readiness r = ready();

	(void)state;
	assert_verdict(&r, VERDICT_KEPT, READINESS_READY);
	r.memory_kept = ANSWER_UNKNOWN;			/* a kernel without memory hotplug */
	assert_verdict(&r, VERDICT_KEPT, READINESS_READY);
	r.cpu_kept = ANSWER_UNKNOWN;			/* ... without crash hotplug */
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	r.cpu_kept = r.memory_kept = ANSWER_NO;
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	r.loaded = ANSWER_NO;
	assert_verdict(&r, VERDICT_NOT_LOADED, READINESS_NOT_ARMED);
	r.reserved = READINESS_SIZE_UNKNOWN;
	assert_verdict(&r, VERDICT_NOT_LOADED, READINESS_NOT_ARMED);
	r.reserved = 0;
	assert_verdict(&r, VERDICT_NOT_RESERVED, READINESS_NOT_ARMED);
	r.loaded = ANSWER_UNKNOWN;
	assert_verdict(&r, VERDICT_UNKNOWN, READINESS_UNKNOWN);
}

static void verdicts_with_rules(void **state)
{
	struct readiness r = ready();

	(void)state;
	r.cpu_kept = r.memory_kept = ANSWER_NO;
	r.udev = scan("SUBSYSTEM==\"cpu\", ACTION==\"online\", RUN+=\"kdump\"\n");
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	udev_scan(&arena, "/y", "SUBSYSTEM==\"memory\", ACTION==\"online\", RUN+=\"kdump\"\n",
		  &r.udev);
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	udev_scan(&arena, "/z", "SUBSYSTEM==\"memory\", ACTION==\"offline\", RUN+=\"kdump\"\n",
		  &r.udev);
	assert_verdict(&r, VERDICT_RELOADED, READINESS_READY);
	r.cpu_kept = r.memory_kept = ANSWER_YES;		/* and the rules have no gate */
	readiness_judge(&r);
	assert_int_equal(r.n_warnings, 1);
	assert_non_null(strstr(r.warnings[0], "/x.rules:1 reloads although"));
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
}

/* On POWER a CPU that comes is never added: its device is always there. */
static void verdicts_with_rules_for_cpus(void **state)
{
	static const struct {
		const char *machine, *actions;
		enum verdict verdict;
	} table[] = {
		{ "ppc64le", "online", VERDICT_RELOADED },
		{ "ppc64le", "add|online", VERDICT_RELOADED },
		{ "ppc64le", "o*", VERDICT_RELOADED },
		{ "ppc64le", "add", VERDICT_STALE },
		{ "ppc64", "add|remove", VERDICT_STALE },
		{ "ppc64le", "offline", VERDICT_STALE },
		{ "ppc64le", "change", VERDICT_STALE },
		{ "ppc64", "*line", VERDICT_RELOADED },
		{ "x86_64", "add", VERDICT_RELOADED },
		{ "x86_64", "online", VERDICT_RELOADED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		STRING_AUTO text = mem_printf(
			"SUBSYSTEM==\"memory\", RUN+=\"kdump\"\n"
			"SUBSYSTEM==\"cpu\", ACTION==\"%s\", RUN+=\"kdump\"\n",
			table[i].actions);
		struct readiness r = ready();

		r.cpu_kept = r.memory_kept = ANSWER_NO;
		r.machine.arch = arch_find(table[i].machine);
		r.udev = scan(text);
		readiness_judge(&r);
		if (r.verdict != table[i].verdict)
			_fail(table[i].actions, (int)i);
		arena_free(&r.machine.arena);
	}
}

/* x86 leaves memory that was removed in the image which it keeps current; POWER takes it out. */
static void verdicts_after_removals(void **state)
{
#define MEMORY(condition) "SUBSYSTEM==\"memory\", " condition ", RUN+=\"kdump\"\n"
	static const struct {
		const char *machine, *rules;
		bool removal, superfluous;	/* what is warned of */
	} table[] = {
		{ "x86_64", "", true, false },
		{ "ppc64le", "", false, false },
		{ "x86_64", MEMORY("ACTION==\"remove\""), false, false },
		{ "ppc64le", MEMORY("ACTION==\"remove\""), false, true },
		{ "x86_64", MEMORY("ACTION==\"remove\", CONST{arch}==\"x86-64\""), false, false },
		{ "x86_64", MEMORY("ACTION==\"remove\", CONST{arch}==\"arm64\""), true, false },
		{ "x86_64", MEMORY("ACTION==\"remove\", ATTRS{crash_hotplug}!=\"1\""), true,
		  false },
		/* Then the memory is still there. */
		{ "x86_64", MEMORY("ACTION==\"offline\""), true, false },
		{ "x86_64", MEMORY("ACTION==\"remove|offline\""), false, false },
		{ "x86_64", MEMORY("ACTION==\"remove|online\""), false, true },
		{ "x86_64", MEMORY("ACTION==\"add\""), true, true },
		{ "x86_64", MEMORY("ACTION==\"remove\"") "SUBSYSTEM==\"cpu\", RUN+=\"kdump\"",
		  false, true },
		{ "x86_64", "SUBSYSTEM==\"cpu\", ACTION==\"remove\", RUN+=\"kdump\"", true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct readiness r = ready();
		size_t expected = table[i].removal + table[i].superfluous;

		r.machine.arch = arch_find(table[i].machine);
		r.udev.arch = arch_udev_name(table[i].machine);
		udev_scan(&arena, "/x.rules", table[i].rules, &r.udev);
		readiness_judge(&r);
		if (r.verdict != VERDICT_KEPT || r.n_warnings != expected ||
		    readiness_status(&r) != (expected ? READINESS_ATTENTION : READINESS_READY) ||
		    (table[i].removal &&
		     !strstr(r.warnings[0], "leaves memory that was removed in the image")) ||
		    (table[i].superfluous &&
		     !strstr(r.warnings[expected - 1], "reloads although the kernel")))
			_fail(table[i].rules, (int)i);
		arena_free(&r.machine.arena);
	}
}

/* Where memory cannot be removed, or what was loaded is not kept, that fault does nothing. */
static void removals_that_do_no_harm(void **state)
{
	static const enum answer answers[] = { ANSWER_UNKNOWN, ANSWER_NO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct readiness r = ready();

		r.machine.arch = arch_find("x86_64");
		r.memory_kept = answers[i];
		readiness_judge(&r);
		assert_int_equal(r.n_warnings, 0);
		arena_free(&r.machine.arena);
	}
}

/* On x86_64 a CPU has no notes before it is there, and is warned of only then. */
static void verdicts_of_cpus_without_notes(void **state)
{
	static const struct {
		bool before;
		size_t present, with_notes;
		const char *warning;
	} table[] = {
		{ false, 1, 1, NULL }, { false, 2, 1, "1 of 2 present CPUs have no crash_notes" },
		{ false, 4, 4, NULL }, { false, 2, 0, "2 of 2 present CPUs have no crash_notes" },
		{ true, 1, 1, "3 of 4 possible CPUs have no crash_notes" }, { true, 1, 4, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct readiness r = ready();

		r.cpus.present = table[i].present;
		r.cpus.with_notes = table[i].with_notes;
		r.cpus.notes_before = table[i].before;
		readiness_judge(&r);
		if (r.n_warnings != !!table[i].warning ||
		    (table[i].warning && !strstr(r.warnings[0], table[i].warning)))
			_fail("warning", (int)i);
		arena_free(&r.machine.arena);
	}
	assert_false(arch_find("x86_64")->notes_before_cpus);
	assert_true(arch_find("ppc64le")->notes_before_cpus);
}

static void verdicts_of_fadump(void **state)
{
	struct readiness r = ready();

	(void)state;
	r.loaded = ANSWER_NO;
	r.fadump.enabled = ANSWER_YES;
	assert_verdict(&r, VERDICT_UNKNOWN, READINESS_UNKNOWN);
	r.fadump.registered = ANSWER_NO;
	assert_verdict(&r, VERDICT_FADUMP_NOT_REGISTERED, READINESS_NOT_ARMED);
	r.fadump.registered = ANSWER_YES;
	assert_verdict(&r, VERDICT_FADUMP_STALE, READINESS_ATTENTION);
	r.udev = scan("SUBSYSTEM==\"memory\", RUN+=\"kdump\"\n");
	assert_verdict(&r, VERDICT_FADUMP, READINESS_READY);
	r.udev.n = 0;
	r.fadump.hotplug_ready = ANSWER_YES;
	assert_verdict(&r, VERDICT_FADUMP, READINESS_READY);
	r.loaded = ANSWER_YES;
	assert_verdict(&r, VERDICT_FADUMP, READINESS_ATTENTION);
}

/* What kernels print, of syslog(2): kernel/crash_core.c, arch/powerpc and arch/x86 crash.c. */
#define DROPPED \
	"<6>[  101.000001] crash hp: kexec_trylock() failed, kdump image may be inaccurate\n"
#define FAILED "<3>[  102.000002][ T1234] crash hp: Failed to update crash FDT\n"
#define MARK(text) "<14>[  100.000000] " text "\n"

static struct klog scan_log(const char *text)
{
	BUF_AUTO lines = {0};
	struct klog log;

	klog_scan(&arena, text, &log, &lines);
	return log;
}

static void log_complaints(void **state)
{
	static const char *const complaints[] = {
		DROPPED,
		FAILED,
		"<3>crash hp: unable to locate elfcorehdr segment",
		"<4>[    1.0] crash hp: Unknown hotplug action\n",
		"<3>[12345.678901] crash hp: Updated crash elfcorehdr elfsz 8192 > memsz 4096",
		"<3>[    1.0] crash hp: unable to create new elfcorehdr",
		"<3>[1.0][C3]  crash hp: x\n",
	};
	static const char *const others[] = {
		"",
		"\n\n",
		"<",
		"<3",
		"<3>",
		"<3>[",
		"<3>[1.0]",
		"<3>[1.0",
		"crash hp: x\n",
		"<x>crash hp: x\n",
		"<7>[    1.0] crash hp: hp_action 1, cpu 3\n",
		"<7>[    1.0] crash hp: updated elfcorehdr\n",
		"<12>[    1.0] crash hp: kexec_trylock() failed\n",
		"<3>[    1.0] x: crash hp: no\n",
		"<6>[    1.0] kexec: a crash kernel is loaded\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++)
		if (scan_log(complaints[i]).missed != 1 || scan_log(complaints[i]).since_load)
			_fail(complaints[i], (int)i);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (scan_log(others[i]).missed || scan_log(others[i]).since_load)
			_fail(others[i], (int)i);
}

static void log_of_loads(void **state)
{
	static const struct {
		const char *text;
		size_t missed;
		bool since_load;
	} table[] = {
		{ DROPPED FAILED, 2, false },
		/* During and after the load, not before. */
		{ DROPPED MARK(KLOG_LOADING) MARK(KLOG_LOADED), 0, true },
		{ MARK(KLOG_LOADING) DROPPED MARK(KLOG_LOADED), 1, true },
		{ MARK(KLOG_LOADING) MARK(KLOG_LOADED) FAILED, 1, true },
		{ DROPPED MARK(KLOG_LOADING) DROPPED MARK(KLOG_LOADED) FAILED DROPPED, 3, true },
		/* Of loads in a row the last. */
		{ MARK(KLOG_LOADING) DROPPED MARK(KLOG_LOADED) MARK(KLOG_LOADED), 0, true },
		{ MARK(KLOG_LOADING) DROPPED MARK(KLOG_LOADED) DROPPED MARK(KLOG_LOADED), 1, true },
		/* A load that failed takes nothing back. */
		{ MARK(KLOG_LOADING) MARK(KLOG_LOADED) FAILED MARK(KLOG_LOADING), 1, true },
		{ MARK(KLOG_LOADING) MARK(KLOG_LOADED) FAILED MARK(KLOG_LOADING) MARK(KLOG_LOADING)
		  MARK(KLOG_LOADED), 0, true },
		/* Lines that the log has lost. */
		{ DROPPED MARK(KLOG_LOADED), 1, true },
		{ MARK(KLOG_LOADED) DROPPED MARK(KLOG_LOADED), 1, true },
		{ "<14>kexec: a crash kernel is loaded, and more\n" DROPPED, 1, false },
		{ DROPPED MARK("kexec: a crash kernel is loade") FAILED, 2, false },
		{ DROPPED MARK("kexec: a crash kernel is fooled") FAILED, 2, false },
		{ DROPPED MARK("kexec: loading a trash kernel") FAILED MARK(KLOG_LOADED), 2, true },
		/* Not at the level that the kernel has for itself alone. */
		{ DROPPED "<7>" KLOG_LOADED "\n" DROPPED, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct klog log = scan_log(table[i].text);

		if (log.missed != table[i].missed || log.since_load != table[i].since_load ||
		    !log.missed != !log.last)
			_fail(table[i].text, (int)i);
	}
	assert_string_equal(scan_log(DROPPED FAILED).last,
			    "[  102.000002][ T1234] crash hp: Failed to update crash FDT");
}

static void log_of_doubts(void **state)
{
	struct klog log = scan_log(MARK(KLOG_LOADING) MARK(KLOG_LOADED) MARK(KLOG_DOUBT "is odd"));
	struct readiness r = ready();

	(void)state;
	assert_string_equal(log.doubt, "is odd");
	r.log = log;
	readiness_judge(&r);
	assert_string_equal(r.warnings[0], "of the loaded kernel: is odd");
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
	r.loaded = ANSWER_NO;
	assert_verdict(&r, VERDICT_NOT_LOADED, READINESS_NOT_ARMED);
	/* A load that failed leaves it, another takes it away. */
	log = scan_log(MARK(KLOG_DOUBT "a") MARK(KLOG_DOUBT "b\nc") MARK(KLOG_LOADING));
	assert_string_equal(log.doubt, "b");
	assert_null(scan_log(MARK(KLOG_DOUBT "a") MARK(KLOG_LOADED)).doubt);
	assert_null(scan_log("<6>" KLOG_DOUBT "a\n").doubt);
}

/* What is recorded is what matters, and says the same once more. */
static void log_is_recorded(void **state)
{
	BUF_AUTO lines = {0}, again = {0};
	struct klog log;

	(void)state;
	klog_scan(&arena,
		  "<6>[0.1] secret\n" MARK(KLOG_LOADING) "<3>crash it\n" DROPPED MARK(KLOG_LOADED)
			  MARK(KLOG_DOUBT "x") "<14>kexec: secret\n" FAILED,
		  &log, &lines);
	assert_string_equal((char *)lines.data, MARK(KLOG_LOADING) DROPPED MARK(KLOG_LOADED)
			    MARK(KLOG_DOUBT "x") FAILED);
	klog_scan(&arena, (char *)lines.data, &log, &again);
	assert_string_equal((char *)lines.data, (char *)again.data);
	assert_int_equal(log.missed, 2);
}

/* What is no text is one all the same, and no more than the kernel takes. */
static void log_is_written(void **state)
{
	char longer[1000] = "a\nb\x1f ~\x80";
	struct said said;

	(void)state;
	memset(longer + strlen(longer), 'x', sizeof(longer) - strlen(longer) - 1);
	klog_write_doubt(longer);
	assert_int_equal(strlen(logged), strlen(KLOG_DOUBT) + 800);
	assert_memory_equal(logged, KLOG_DOUBT "a?b? ~\x80xx", strlen(KLOG_DOUBT) + 9);
	message_debug(true);
	for (log_error = -EPERM; log_error <= 0; log_error += EPERM) {
		unit_listen(&said);
		klog_write(KLOG_LOADED);
		unit_heard(&said);
		assert_string_equal(logged, KLOG_LOADED);
		assert_int_equal(!strstr(said.text, "the kernel's log does not get \"" KLOG_LOADED
					 "\": Operation not permitted"), !log_error);
		assert_int_equal(!*said.text, !log_error);
	}
	message_debug(false);
	free(logged);
	logged = NULL;
	log_error = 0;
}

static void verdicts_of_the_log(void **state)
{
	struct readiness r = ready();

	(void)state;
	readiness_judge(&r);
	assert_int_equal(r.current, ANSWER_UNKNOWN);	/* the log was not to be read */
	r.log = scan_log(MARK(KLOG_LOADING) MARK(KLOG_LOADED));
	assert_verdict(&r, VERDICT_KEPT, READINESS_READY);
	assert_int_equal(r.current, ANSWER_YES);
	r.log = scan_log(FAILED);
	readiness_judge(&r);
	assert_int_equal(r.n_warnings, 1);
	assert_non_null(
		strstr(r.warnings[0], "has 1 complaint of updates that failed (before or after"));
	assert_non_null(strstr(r.warnings[0], "crash hp: Failed to update crash FDT\""));
	assert_verdict(&r, VERDICT_MISSED, READINESS_ATTENTION);
	assert_int_equal(r.current, ANSWER_NO);
	r.cpu_kept = r.memory_kept = ANSWER_NO; /* not kept: what the kernel drops matters not */
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	assert_int_equal(r.current, ANSWER_UNKNOWN);
	r.loaded = ANSWER_NO;
	assert_verdict(&r, VERDICT_NOT_LOADED, READINESS_NOT_ARMED);
}

static void verdicts_with_warnings(void **state)
{
	struct readiness r = ready();

	(void)state;
	r.cpus.with_notes = 3;
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
	r.loaded = ANSWER_NO;				/* nothing of it matters then */
	assert_verdict(&r, VERDICT_NOT_LOADED, READINESS_NOT_ARMED);
	r = ready();
	r.machine.arch = arch_find("ppc64le");
	r.keeps_backup = ANSWER_NO;
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
	r.keeps_backup = ANSWER_UNKNOWN;
	assert_verdict(&r, VERDICT_KEPT, READINESS_READY);
	r.fit.asked = true;
	assert_verdict(&r, VERDICT_KEPT, READINESS_READY);
	r.fit.doubt = "is odd";
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
	r.fit.doubt = NULL;
	r.fit.problem = "too large";
	assert_verdict(&r, VERDICT_KEPT, READINESS_ATTENTION);
}

static void which_call_loaded(void **state)
{
	struct readiness r = ready();

	(void)state;
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "kexec_file_load, or kexec_load with --hotplug");
	r.cpu_kept = r.memory_kept = ANSWER_NO;
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "unknown");	/* of a machine nothing is known of */
	r.machine.arch = arch_find("ppc64");
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "kexec_load without --hotplug");
	r.cpu_kept = r.memory_kept = ANSWER_UNKNOWN;
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "unknown");
	r.loaded = ANSWER_NO;
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "nothing");
}

/* --- what is read --- */

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static void says_nothing(const char *name)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, name);

	assert_int_equal(unlink(path), 0);
}

static int setup_machine(void **state)
{
	(void)state;
	dir = unit_directory();
	sleeps = 0;
	while_asleep = NULL;
	says(SNAPSHOT_FACTS, "machine x86_64\nbyte-order little\npage-size 4096\nrelease 6.12.0\n");
	says(SYS_CRASH_LOADED, "1\n");
	says(SYS_CRASH_SIZE, "268435456\n");
	says(SYS_CPU_CRASH_HOTPLUG, "1\n");
	says(SYS_MEMORY_CRASH_HOTPLUG, "1\n");
	says(SYS_CPU_POSSIBLE, "0-3\n");
	says(SYS_CPU_PRESENT, "0-1\n");
	says(SYS_CPU_ONLINE, "0\n");
	says(SYS_CPU "/cpu0/crash_notes", "7f000000\n");
	says(SYS_CPU "/cpu1/crash_notes", "7f010000\n");
	says(SNAPSHOT_LOG, MARK(KLOG_LOADED));
	return 0;
}

static int teardown_machine(void **state)
{
	unit_remove(dir);
	return teardown(state);
}

static int read_readiness(struct readiness *r)
{
	struct sysroot sr = { .root = dir };

	fail_forget();
	return readiness_read(r, &sr);
}

static void all_is_read(void **state)
{
	struct readiness r;

	(void)state;
	says("etc/udev/rules.d/98-kdump.rules", "SUBSYSTEM==\"cpu\", RUN+=\"kdump\"\n");
	says(SYS_FADUMP_ENABLED, "1\n");
	says(SYS_LOCKDOWN, "none [integrity] confidentiality\n");
	assert_int_equal(read_readiness(&r), 0);
	assert_string_equal(r.machine.name, "x86_64");
	assert_true(r.loaded == ANSWER_YES && r.reserved == 1 << 28);
	assert_true(r.cpu_kept == ANSWER_YES && r.memory_kept == ANSWER_YES);
	assert_true(r.log.known && r.log.since_load);
	assert_int_equal(r.fadump.enabled, ANSWER_YES);
	assert_true(r.cpus.possible == 4 && r.cpus.present == 2 && r.cpus.with_notes == 2);
	assert_int_equal(r.cpus.notes_before, arch_find("x86_64")->notes_before_cpus);
	assert_int_equal(r.udev.n, 1);
	assert_non_null(r.restricted);
	assert_int_equal(r.keeps_backup, flaw_is_absent(&r.machine, FLAW_FORGETS));
	assert_null(r.region_problem);
	assert_int_equal(sleeps, 0);
	assert_string_equal(fail_text(), "");
	readiness_free(&r);
	/* Of a machine that kexec does not know: what is there whatever it is. */
	says(SNAPSHOT_FACTS, "machine s390x\nbyte-order big\npage-size 4096\nrelease 6.12.0\n");
	assert_int_equal(read_readiness(&r), 0);
	assert_true(r.cpus.notes_before && r.loaded == ANSWER_YES);
	readiness_free(&r);
}

static void armed_at_last(void)
{
	says(SYS_CRASH_LOADED, "1\n");
	says(SYS_CPU_CRASH_HOTPLUG, "1\n");
	says(SYS_MEMORY_CRASH_HOTPLUG, "1\n");
}

static void broken_at_last(void)
{
	says(SYS_CRASH_LOADED, "what?\n");
}

/* What is alarming is read once more, a little later; what is not is not. */
static void answers_that_waver(void **state)
{
	static const char *const files[] = {
		SYS_CRASH_LOADED, SYS_CPU_CRASH_HOTPLUG, SYS_MEMORY_CRASH_HOTPLUG,
	};
	struct readiness r;

	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_SIZE(files); i++) {
		armed_at_last();
		says(files[i / 3], "0\n");
		sleeps = 0;
		while_asleep = i % 3 == 0 ? armed_at_last : i % 3 == 1 ? broken_at_last : NULL;
		assert_int_equal(read_readiness(&r), i % 3 == 1 ? -EINVAL : 0);
		assert_int_equal(sleeps, 1);
		if (i % 3 == 0)
			assert_true(r.loaded == ANSWER_YES && r.cpu_kept == ANSWER_YES &&
				    r.memory_kept == ANSWER_YES);
		if (i % 3 == 2)
			assert_int_equal((r.loaded == ANSWER_NO) + (r.cpu_kept == ANSWER_NO) +
						 (r.memory_kept == ANSWER_NO), 1);
		readiness_free(&r);
	}
	armed_at_last();
	says_nothing(SYS_CPU_CRASH_HOTPLUG);	/* unknown is no alarm */
	sleeps = 0;
	assert_int_equal(read_readiness(&r), 0);
	assert_true(!sleeps && r.cpu_kept == ANSWER_UNKNOWN);
	readiness_free(&r);
}

/* A file that says nonsense is an error, whichever it is; what comes after it is not asked. */
static void nonsense_is_an_error(void **state)
{
	static const struct { const char *name, *text; } rows[] = {
		{ SNAPSHOT_FACTS, "machine" }, { SYS_CRASH_LOADED, NULL }, { SYS_CRASH_SIZE, NULL },
		{ SYS_CPU_CRASH_HOTPLUG, NULL }, { SYS_MEMORY_CRASH_HOTPLUG, NULL },
		{ SYS_FADUMP_ENABLED, NULL }, { SYS_CPU_POSSIBLE, NULL },
	};
	struct readiness r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup_machine(state);
		says(rows[i].name, rows[i].text ? rows[i].text : "what?\n");
		assert_int_equal(read_readiness(&r), -EINVAL);
		assert_true(fail_text()[0] != 0);
		assert_true(!sleeps && !r.udev.n && !r.restricted);
		readiness_free(&r);
		unit_remove(dir);
	}
}

/* The log is no file of one number: what it is instead is an error, too. */
static void no_log(void **state)
{
	STRING_AUTO path = mem_printf("%s/" SNAPSHOT_LOG, dir);
	struct readiness r;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(read_readiness(&r), 0);
	assert_false(r.log.known);
	readiness_free(&r);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(read_readiness(&r), -EINVAL);
	readiness_free(&r);
}

/* syslog(2) of this machine: one line, or it may not be read. */
static int log_denied;

int klogctl(int type, char *data, int room)
{
	const char *text = MARK(KLOG_LOADED);

	errno = EPERM;
	if (log_denied)
		return -1;
	if (type == 3)
		snprintf(data, (size_t)room, "%s", text);
	return (int)strlen(text);
}

static void log_of_this_machine(void **state)
{
	const struct sysroot sr = { .root = "/" };
	struct klog log;

	(void)state;
	for (log_denied = 0; log_denied < 2; log_denied++) {
		assert_int_equal(klog_read(&sr, &arena, &log), 0);
		assert_int_equal(log.known, !log_denied);
		assert_int_equal(log.since_load, !log_denied);
	}
}

/* What a snapshot is to answer for -S -l, too. */
static void normal_state_is_copied(void **state)
{
	STRING_AUTO copy = mem_printf("%s/copy", dir);
	STRING_AUTO path = mem_printf("%s/" SYS_LOADED, copy);
	struct sysroot sr = { .root = dir, .copy = copy };
	struct readiness r;

	(void)state;
	assert_int_equal(mkdir(copy, 0700), 0);
	says(SYS_LOADED, "0\n");
	assert_int_equal(readiness_read(&r, &sr), 0);
	assert_int_equal(access(path, F_OK), 0);
	readiness_free(&r);
	says(SYS_LOADED, "what?\n");
	assert_int_equal(readiness_read(&r, &sr), 0);
	assert_string_equal(fail_text(), "");
	readiness_free(&r);
}

/* The crash region alone may tell that nothing can start in it. */
static void what_the_region_tells(void **state)
{
	static const struct {
		const char *gone; /* from the machine */
		uint32_t mib;
		const char *size;
		bool problem;
	} rows[] = {
		{ NULL, 512, "536870912\n", false },
		{ NULL, 2, "2097152\n", true },
		{ NULL, 2, "0\n", false },
		{ PROC_DEVICE_TREE, 2, "2097152\n", false },
		{ PROC_CMDLINE, 2, "2097152\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct readiness r;

		setup_machine(state);
		power_write(&(struct power){ dir, "ppc64le", true, 65536 });
		power_be(&(struct power){ .dir = dir }, POWER_TREE "chosen/linux,crashkernel-size",
			 (uint64_t)rows[i].mib << 20, 8);
		says(SYS_CRASH_SIZE, rows[i].size);
		if (rows[i].gone) {
			STRING_AUTO command = mem_printf("rm -rf %s/%s; mkdir -p %s/%s/x", dir,
							 rows[i].gone, dir, rows[i].gone);

			assert_int_equal(system(command), 0);
		}
		assert_int_equal(read_readiness(&r), 0);
		assert_int_equal(r.region_problem != NULL, rows[i].problem);
		if (rows[i].problem)
			assert_non_null(strstr(r.region_problem, "capture kernel"));
		assert_string_equal(fail_text(), "");
		readiness_free(&r);
		unit_remove(dir);
	}
}

/* One of two answers, or one of two mechanisms, is not both. */
static void verdicts_of_halves(void **state)
{
	struct readiness r = ready();

	(void)state;
	r.cpu_kept = ANSWER_NO;
	assert_verdict(&r, VERDICT_STALE, READINESS_ATTENTION);
	assert_string_equal(r.loaded_with, "kexec_file_load, or kexec_load with --hotplug");
	r.memory_kept = ANSWER_UNKNOWN;
	r.machine.arch = arch_find("ppc64");
	readiness_judge(&r);
	assert_string_equal(r.loaded_with, "kexec_load without --hotplug");
	r = ready();
	r.region_problem = "too small";
	readiness_judge(&r);
	assert_int_equal(r.verdict, VERDICT_CANNOT_START);
	assert_int_equal(r.n_warnings, 1);
	assert_string_equal(r.warnings[0], "too small");
	assert_non_null(strstr(readiness_sentence(r.verdict), "cannot start in the memory"));
	r.fadump = (struct state_fadump){ .enabled = ANSWER_YES, .registered = ANSWER_YES,
					  .hotplug_ready = ANSWER_YES };
	r.cpus.with_notes = 3;
	readiness_judge(&r);
	assert_int_equal(r.verdict, VERDICT_FADUMP);
	assert_int_equal(r.n_warnings, 1);
	assert_non_null(strstr(r.warnings[0], "a crash kernel is loaded too"));
	r.fadump.enabled = ANSWER_NO;
	r.region_problem = NULL;
	r.loaded = ANSWER_NO;
	readiness_judge(&r);
	assert_int_equal(r.n_warnings, 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)
#define ON_A_MACHINE(function) \
	cmocka_unit_test_setup_teardown(function, setup_machine, teardown_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rules_without_a_gate),
		TEST(rules_with_a_gate),
		TEST(rules_that_may_apply),
		TEST(rules_that_do_not_reload),
		TEST(rules_of_other_words),
		TEST(rules_that_undo_others),
		TEST(rules_with_a_part),
		TEST(rules_for_an_architecture),
		TEST(rules_many),
		TEST(releases),
		TEST(verdicts),
		TEST(verdicts_with_rules),
		TEST(verdicts_with_rules_for_cpus),
		TEST(verdicts_after_removals),
		TEST(removals_that_do_no_harm),
		TEST(verdicts_of_cpus_without_notes),
		TEST(verdicts_of_fadump),
		TEST(log_complaints),
		TEST(log_of_loads),
		TEST(log_of_doubts),
		TEST(log_is_recorded),
		TEST(log_is_written),
		TEST(log_of_this_machine),
		TEST(verdicts_of_the_log),
		TEST(verdicts_with_warnings),
		TEST(which_call_loaded),
		ON_A_MACHINE(all_is_read),
		ON_A_MACHINE(answers_that_waver),
		TEST(nonsense_is_an_error),
		ON_A_MACHINE(normal_state_is_copied),
		ON_A_MACHINE(no_log),
		TEST(what_the_region_tells),
		TEST(verdicts_of_halves),
	};

	return cmocka_run_group_tests_name("readiness", tests, NULL, NULL);
}
