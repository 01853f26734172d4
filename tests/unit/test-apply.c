// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Which system calls are made, with what, how often; and what is said of their answers. */
#include "tests/unit/bzimage.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/crc32.h"
#include "common/progress.h"
#include "kexec/apply.h"
#include "kexec/arch/arch.h"
#include "kexec/fileproof.h"
#include "kexec/plan.h"
#include "kexec/syscalls.h"

#define CALLS_MAX 32
#define EMPTY_SIZE 4096 /* of an initrd of nothing: a page of zeros, which the kernel passes over */

struct call {
	bool file;
	unsigned long entry, n, flags, cmdline_size;
	struct kexec_segment segment[2];
	const void *segments;
	int kernel_fd, initrd_fd;
	char text[64]; /* the command line */
};

static char *dir;
static struct sysroot sr;
static struct files files;

/* What the running kernel was asked; what it answers: -EINVAL to flags that it does not know. */
static struct {
	struct call call[CALLS_MAX];
	unsigned int n, sleeps, busy; /* the latter: answers to come that are -EBUSY */
	int answer;
	unsigned long unknown;
	int refused_initrd; /* with an initrd, this is the answer; 0: none of its own */
	void (*while_asleep)(void);
} asked;

/* As often as this the kernel's lock is found taken by who reads the crash region's size. */
static unsigned int taken, looks;

static int open_unless_taken(int at, const char *name, int flags)
{
	if (strstr(name, "crash_size"))
		looks++;
	if (taken && strstr(name, "crash_size")) {
		taken--;
		errno = EBUSY;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, 0);
}

/* In place of the C library's, and of what _FORTIFY_SOURCE makes of such calls. */
int openat(int at, const char *name, int flags, ...)
{
	return open_unless_taken(at, name, flags);
}

int __openat_2(int at, const char *name, int flags);
int __openat_2(int at, const char *name, int flags)
{
	return open_unless_taken(at, name, flags);
}

int __openat64_2(int at, const char *name, int flags);
int __openat64_2(int at, const char *name, int flags)
{
	return open_unless_taken(at, name, flags);
}

static int answer(unsigned long flags)
{
	if (asked.busy) {
		asked.busy--;
		return -EBUSY;
	}
	return flags & asked.unknown ? -EINVAL : asked.answer;
}

static struct call *note_call(unsigned long flags)
{
	struct call *call = &asked.call[asked.n++];

	assert_true(asked.n < CALLS_MAX);
	*call = (struct call){ .flags = flags };
	return call;
}

static int fake_load(unsigned long entry, unsigned long n, const struct kexec_segment *segment,
		     unsigned long flags)
{
	struct call *call = note_call(flags);

	call->entry = entry;
	call->n = n;
	call->segments = segment;
	if (segment == (const struct kexec_segment *)8)
		return flags & asked.unknown ? -EINVAL : -EFAULT;
	for (unsigned long i = 0; i < n && i < ARRAY_SIZE(call->segment); i++)
		call->segment[i] = segment[i];
	return answer(flags);
}

static int fake_file_load(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
			  const char *cmdline, unsigned long flags)
{
	struct call *call = note_call(flags);

	call->file = true;
	call->kernel_fd = kernel_fd;
	call->initrd_fd = initrd_fd;
	call->cmdline_size = cmdline_size;
	snprintf(call->text, sizeof(call->text), "%s", cmdline ? cmdline : "NULL");
	return asked.refused_initrd && !(flags & 4) ? asked.refused_initrd : answer(flags);
}

static void fake_sleep(unsigned int ms)
{
	assert_int_equal(ms, APPLY_BUSY_SLEEP_MS);
	asked.sleeps++;
	if (asked.while_asleep)
		asked.while_asleep();
}

const struct syscalls syscalls = {
	.kexec_load = fake_load,
	.kexec_file_load = fake_file_load,
	.sleep_ms = fake_sleep,
};

static int setup(void **state)
{
	(void)state;
	sr.root = dir = unit_directory();
	memset(&asked, 0, sizeof(asked));
	files_init(&files);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_free(&files);
	unit_remove(dir);
	message_debug(false);
	fail_forget();
	return 0;
}

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

/* --- kexec_load --- */

enum { ON_CRASH = 1, UPDATE_ELFCOREHDR = 4, CRASH_HOTPLUG = 8 };
#define MACHINE 0x150000u

static int load(uint32_t flags)
{
	static const uint8_t first[4096], second[8];
	struct image image = {
		.entry = 0x1234,
		.flags = flags,
		.n_segments = 2,
		.cmdline = (char *)"a b",
		.segment = { { .name = "x",
			       .data = first,
			       .bufsz = 4096,
			       .addr = 0x10000,
			       .memsz = 0x2000 },
			     { .name = "y",
			       .data = second,
			       .bufsz = 8,
			       .addr = 0x20000,
			       .memsz = 0x3000 } },
	};

	return apply_load(&image, &sr);
}

static void an_image_is_handed_over(void **state)
{
	const struct call *c = &asked.call[0];
	struct said said;

	(void)state;
	unit_listen(&said);
	assert_int_equal(load(MACHINE | ON_CRASH), 0);
	unit_heard(&said);
	assert_string_equal(said.text, "kexec: Modified cmdline:a b\n");
	assert_string_equal(fail_text(), "");
	assert_true(asked.n == 1 && !asked.sleeps && !c->file);
	assert_true(c->entry == 0x1234 && c->n == 2 && c->flags == (MACHINE | ON_CRASH));
	assert_true(c->segment[0].bufsz == 4096 && c->segment[0].mem == 0x10000 &&
		    c->segment[0].memsz == 0x2000 && c->segment[0].buf);
	assert_true(c->segment[1].bufsz == 8 && c->segment[1].mem == 0x20000 &&
		    c->segment[1].memsz == 0x3000 && c->segment[1].buf);
}

/* As many segments as the kernel takes: none is written behind them. */
static void full_images(void **state)
{
	static const uint8_t bytes[8];
	struct image image = { .n_segments = SEGMENT_MAX, .cmdline = (char *)"" };

	(void)state;
	for (unsigned int i = 0; i < SEGMENT_MAX; i++)
		image.segment[i] = (struct segment){ .name = "s", .data = bytes, .bufsz = 8 };
	assert_int_equal(apply_load(&image, &sr), 0);
	assert_int_equal(asked.call[0].n, SEGMENT_MAX);
}

/* Somebody else's lock is waited for: two seconds, not for ever. */
static void locks_are_waited_for(void **state)
{
	(void)state;
	for (unsigned int file = 0; file < 2; file++)
		for (unsigned int busy = 0; busy <= APPLY_BUSY_TRIES; busy++) {
			int rc;

			memset(&asked, 0, sizeof(asked));
			asked.busy = busy;
			rc = file ? apply_file_unload(true, &sr) : apply_unload(true, &sr);
			assert_int_equal(rc, busy < APPLY_BUSY_TRIES ? 0 : -EBUSY);
			assert_int_equal(asked.n, busy < APPLY_BUSY_TRIES ? busy + 1 : busy);
			assert_int_equal(asked.sleeps, asked.n - 1);
			fail_forget();
		}
}

/* Where each call counts the lock is waited for without one, and one is made. */
static void limited_calls_wait(void **state)
{
	static const struct {
		const char *limit;
		unsigned int taken, busy, sleeps, calls;
		int rc;
	} rows[] = {
		{ "3\n", 0, 0, 0, 1, 0 },
		{ "3\n", 5, 0, 5, 1, 0 },
		{ "3\n", APPLY_BUSY_TRIES, 0, APPLY_BUSY_TRIES, 1, 0 },
		{ "3\n", APPLY_BUSY_TRIES + 1, 1, APPLY_BUSY_TRIES, 1, -EBUSY },
		{ "3\n", 0, 1, 0, 1, -EBUSY },
		{ "-1\n", 5, 2, 2, 3, 0 },
	};

	(void)state;
	says(SYS_CRASH_SIZE, "1\n");
	for (size_t i = 0; i < 6 * ARRAY_SIZE(rows); i++) {
		bool crash = i % 2;

		memset(&asked, 0, sizeof(asked));
		says(PROC_LOAD_LIMIT_PANIC, crash ? rows[i / 6].limit : "-1\n");
		says(PROC_LOAD_LIMIT_REBOOT, crash ? "-1\n" : rows[i / 6].limit);
		taken = rows[i / 6].taken;
		asked.busy = rows[i / 6].busy;
		looks = 0;
		assert_int_equal(i / 2 % 3 == 0 ? load(crash ? ON_CRASH : 0) :
				 i / 2 % 3 == 1 ? apply_unload(crash, &sr) :
						  apply_file_unload(crash, &sr),
				 rows[i / 6].rc);
		assert_int_equal(asked.n, rows[i / 6].calls);
		assert_int_equal(asked.sleeps, rows[i / 6].sleeps);
		assert_int_equal(looks != 0, rows[i / 6].limit[0] == '3');
		if (!rows[i / 6].rc)
			assert_string_equal(fail_text(), "");
		fail_forget();
	}
	taken = 0;
}

static void unloading(void **state)
{
	(void)state;
	for (unsigned int crash = 0; crash < 2; crash++) {
		const struct call *c = asked.call;

		memset(&asked, 0, sizeof(asked));
		assert_int_equal(apply_unload(crash, &sr), 0);
		assert_int_equal(apply_file_unload(crash, &sr), 0);
		assert_true(asked.n == 2 && !c[0].file && c[1].file);
		assert_true(!c[0].entry && !c[0].n && !c[0].segments && c[0].flags == crash);
		assert_true(c[1].kernel_fd == -1 && c[1].initrd_fd == -1 && !c[1].cmdline_size &&
			    c[1].flags == (crash ? 3 : 1));
		assert_string_equal(fail_text(), "");
		assert_string_equal(c[1].text, "NULL");
		asked.answer = -ENOMEM;
		assert_fails(apply_unload(crash, &sr), ENOMEM, "kexec unload failed: Cannot alloc");
		assert_fails(apply_file_unload(crash, &sr), ENOMEM, "not enough free memory");
	}
}

static void answers_are_explained(void **state)
{
	static const struct {
		int err;
		uint32_t flags;
		const char *says;
	} rows[] = {
		{ EINVAL, 0, "Invalid argument: the kernel found the segments inconsistent" },
		{ EINVAL, ON_CRASH, "Invalid argument: the kernel found the segments" },
		{ EINVAL, CRASH_HOTPLUG, "the kernel does not know --hotplug" },
		{ EINVAL, UPDATE_ELFCOREHDR, "the kernel does not know --hotplug" },
		{ EADDRNOTAVAIL, ON_CRASH, "outside the crash region" },
		{ EADDRNOTAVAIL, 0, "not made of whole pages" },
		{ ENOMEM, ON_CRASH, "no free pages for itself in the crash region" },
		{ ENOMEM, 0, "not enough free memory" },
		{ EBUSY, 0, "another load, unload or hotplug update is going on" },
		{ ETXTBSY, 0, "a segment overlaps the running kernel" },
		{ EFAULT, 0, "could not be read again" },
		{ ENOSYS, 0, "this kernel has no kexec_load" },
		{ EIO, 0, "Input/output error: unexpected" },
		{ EPERM, ON_CRASH, "it needs root" },
		{ EACCES, ON_CRASH, "kexec_load failed: Permission denied: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&asked, 0, sizeof(asked));
		asked.answer = -rows[i].err;
		assert_fails(load(rows[i].flags), rows[i].err, rows[i].says);
		asked.n = 0;
		assert_fails(load(rows[i].flags), rows[i].err, "kexec_load failed: ");
	}
}

/* With -d the kernel is asked for its own words, if it knows of that, and if asking is free. */
static void debugging_is_wished_for(void **state)
{
	static const struct {
		const char *limit;
		bool debug, knows;
		unsigned int calls, flag;
	} rows[] = {
		{ NULL, true, true, 2, 1 },  { NULL, true, false, 2, 0 },
		{ NULL, false, true, 1, 0 }, { "-1\n", true, true, 2, 1 },
		{ "5\n", true, true, 1, 0 }, { "0\n", true, true, 1, 0 },
	};
	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct call *c = asked.call;

		memset(&asked, 0, sizeof(asked));
		asked.unknown = rows[i].knows ? 0 : KEXEC_DEBUG;
		message_debug(rows[i].debug);
		if (rows[i].limit)
			says(PROC_LOAD_LIMIT_PANIC, rows[i].limit);
		unit_listen(&said);
		assert_int_equal(load(ON_CRASH), 0);
		unit_heard(&said);
		assert_int_equal(strstr(said.text, "segment[1]: bufsz = 0x8 mem = 0x20000") != NULL,
				 rows[i].debug);
		assert_null(strstr(said.text, "segment[2]"));
		assert_int_equal(asked.n, rows[i].calls);
		assert_int_equal(c[asked.n - 1].flags, ON_CRASH | (rows[i].flag ? KEXEC_DEBUG : 0));
		if (asked.n == 2)
			assert_true(c[0].entry == 0x1234 && c[0].n == 1 &&
				    c[0].flags == (ON_CRASH | KEXEC_DEBUG));
	}
}

static void kept_at_last(void)
{
	if (asked.sleeps == 2)
		says(SYS_CPU_CRASH_HOTPLUG, "1\n");
}

static void is_it_kept(void **state)
{
	static const struct {
		const char *cpu, *memory, *says;
		bool later, kept;
		unsigned int sleeps;
	} rows[] = {
		{ "1\n", "1\n", "", false, true, 0 },
		{ "0\n", "1\n", "when CPUs change", false, false, 2 },
		{ "1\n", "0\n", "when memory change", false, false, 2 },
		{ "0\n", "0\n", "when CPUs and memory change", false, false, 2 },
		{ "0\n", "1\n", "", true, true, 2 },
		{ "what?\n", "1\n", "when CPUs and memory change", false, false, 2 },
	};
	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&asked, 0, sizeof(asked));
		asked.while_asleep = rows[i].later ? kept_at_last : NULL;
		says(SYS_CPU_CRASH_HOTPLUG, rows[i].cpu);
		says(SYS_MEMORY_CRASH_HOTPLUG, rows[i].memory);
		unit_listen(&said);
		assert_int_equal(apply_check_hotplug(&sr), rows[i].kept);
		unit_heard(&said);
		assert_int_equal(asked.sleeps, rows[i].sleeps);
		assert_int_equal(said.text[0] != 0, rows[i].says[0] != 0);
		assert_non_null(strstr(said.text, rows[i].says));
		assert_string_equal(fail_text(), "");
	}
}

/* --- kexec_file_load, of a machine of which nothing is known --- */

static char kernel_path[256], initrd_path[256];

static struct plan_request file_request(bool crash, bool initrd)
{
	files_free(&files); /* their leases would keep who writes waiting */
	files_init(&files);
	says("kernel", "a kernel");
	says("initrd", "an initrd");
	snprintf(kernel_path, sizeof(kernel_path), "%s/kernel", dir);
	snprintf(initrd_path, sizeof(initrd_path), "%s/initrd", dir);
	return (struct plan_request){ .kernel = kernel_path,
				      .initrd = initrd ? initrd_path : NULL,
				      .cmdline = "a b",
				      .crash = crash,
				      .mem_max = UINT64_MAX };
}

static struct failure load_files(const struct plan_request *r)
{
	memset(asked.call, 0, sizeof(asked.call));
	asked.n = asked.sleeps = 0;
	files_free(&files);
	files_init(&files);
	fail_forget();
	return apply_file_load(r, &files, &sr);
}

static uint64_t no_time(void)
{
	return 0;
}

static uint64_t bytes_handed_over(void)
{
	size_t n;
	const struct progress_step *steps = progress_steps(&n);

	assert_string_equal(steps[n - 1].name, APPLY_STEP);
	return steps[n - 1].bytes;
}

/* What has been refused has not been handed over. */
static void bytes_of_calls(void **state)
{
	struct plan_request r = file_request(true, true);

	(void)state;
	for (asked.answer = 0; asked.answer >= -ENOMEM; asked.answer -= ENOMEM) {
		progress_start(no_time, false);
		load(MACHINE);
		assert_int_equal(bytes_handed_over(), asked.answer ? 0 : 4096 + 8);
		progress_start(no_time, false);
		load_files(&r);
		assert_int_equal(bytes_handed_over(), asked.answer ? 0 : 8 + 9);
	}
	progress_start(NULL, false);
}

static void files_are_handed_over(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct plan_request r = file_request(i & 1, i & 2);
		const struct call *c = asked.call;
		char bytes[32];

		assert_int_equal(load_files(&r).rc, 0);
		assert_true(asked.n == 1 && !asked.sleeps && c->file);
		assert_int_equal(c->flags, (i & 1 ? 2 : 0) | (i & 2 ? 0 : 4));
		assert_string_equal(c->text, "a b");
		assert_int_equal(c->cmdline_size, 4);
		assert_int_equal(pread(c->kernel_fd, bytes, sizeof(bytes), 0), 8);
		assert_memory_equal(bytes, "a kernel", 8);
		assert_int_equal(c->initrd_fd >= 0, (i & 2) != 0);
		if (i & 2) {
			assert_int_equal(pread(c->initrd_fd, bytes, sizeof(bytes), 0), 9);
			assert_memory_equal(bytes, "an initrd", 9);
		}
	}
}

/* A flag that the kernel does not know is dropped, aloud; what was asked for is not. */
static void wishes_are_dropped(void **state)
{
	enum { DEBUG = 8, NO_CMA = 16, FORCE_DTB = 32 };
	static const struct {
		bool debug, no_cma, force_dtb;
		unsigned long unknown;
		unsigned int calls;
		const char *says;
	} rows[] = {
		{ false, false, false, 0, 1, NULL },
		{ true, true, true, 0, 1, NULL },
		{ true, false, false, DEBUG, 2, "does not know the debug flag; loaded without" },
		{ false, true, false, NO_CMA, 2, "does not know --no-cma; loaded without" },
		{ false, false, true, FORCE_DTB, 2, "does not know --force-dtb; loaded without" },
		{ true, true, true, NO_CMA, 2, "know --no-cma --force-dtb the debug flag; loaded" },
	};
	struct said said;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_request r = file_request(true, true);
		unsigned long want = 2 | (rows[i].debug ? DEBUG : 0) |
			(rows[i].no_cma ? NO_CMA : 0) | (rows[i].force_dtb ? FORCE_DTB : 0);

		r.no_cma = rows[i].no_cma;
		r.force_dtb = rows[i].force_dtb;
		message_debug(rows[i].debug);
		asked.unknown = rows[i].unknown;
		unit_listen(&said);
		assert_int_equal(load_files(&r).rc, 0);
		unit_heard(&said);
		assert_int_equal(asked.n, rows[i].calls);
		assert_int_equal(asked.call[0].flags, want);
		if (asked.n == 2)
			assert_int_equal(asked.call[1].flags, 2);
		assert_int_equal(strstr(said.text, "does not know") != NULL, rows[i].says != NULL);
		if (rows[i].says)
			assert_non_null(strstr(said.text, rows[i].says));
		asked.unknown = 2;
		unit_listen(&said);
		assert_int_equal(load_files(&r).rc, -EINVAL);
		unit_heard(&said);
		assert_null(strstr(said.text, "does not know"));
		assert_int_equal(asked.n, want == 2 ? 1 : 2);
		asked.unknown = 0;
		asked.answer = -ENOMEM;
		assert_int_equal(load_files(&r).rc, -ENOMEM);
		assert_int_equal(asked.n, 1);
		asked.answer = 0;
	}
}

/* Where each call counts, only one is made: a kernel that does not know a wish would use it up. */
static void limited_calls(void **state)
{
	enum { DEBUG = 8, NO_CMA = 16, CRASH = 2 };
	static const struct {
		const char *panic, *reboot;
		bool crash, counted;
	} rows[] = {
		{ "1\n", "-1\n", true, true },   { "1\n", "-1\n", false, false },
		{ "-1\n", "1\n", false, true },  { "-1\n", "1\n", true, false },
		{ "-1\n", "-1\n", true, false }, { "7\n", "7\n", true, true },
	};
	struct said said;

	(void)state;
	message_debug(true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_request r = file_request(rows[i].crash, true);
		unsigned long flags = rows[i].crash ? CRASH : 0;

		r.no_cma = true;
		asked.unknown = NO_CMA;
		says(PROC_LOAD_LIMIT_PANIC, rows[i].panic);
		says(PROC_LOAD_LIMIT_REBOOT, rows[i].reboot);
		unit_listen(&said);
		assert_int_equal(load_files(&r).rc, 0);
		unit_heard(&said);
		assert_int_equal(asked.n, rows[i].counted ? 1 : 2);
		assert_int_equal(asked.call[0].flags,
				 rows[i].counted ? flags : flags | DEBUG | NO_CMA);
		assert_int_equal(asked.call[asked.n - 1].flags, flags);
		assert_int_equal(strstr(said.text, rows[i].crash ? "load_limit_panic)" :
								   "load_limit_reboot)") != NULL,
				 rows[i].counted);
		assert_int_equal(strstr(said.text, "would count; loaded without --no-cma") != NULL,
				 rows[i].counted);
	}
}

static void file_answers_are_explained(void **state)
{
	static const struct {
		int err;
		const char *says;
	} rows[] = {
		{ ENOSYS, "" },
		{ ENOEXEC, "failed: Exec format error: the running kernel does not load files of" },
		{ EINVAL, "does not take this file or a flag" },
		{ EPERM, "it needs root" },
		{ EACCES, "kexec_file_load failed: Permission denied: " },
		{ EKEYREJECTED, "signature is missing" },
		{ EKEYREVOKED, "signature is missing" },
		{ EKEYEXPIRED, "signature is missing" },
		{ ENOKEY, "signature is missing" },
		{ EBADMSG, "signature is missing" },
		{ ELIBBAD, "signature is missing" },
		{ ENODATA, "signature is missing" },
		{ ENOPKG, "signature is missing" },
		{ EADDRNOTAVAIL, "it does not fit" },
		{ ENOMEM, "not enough free memory" },
		{ ETXTBSY, "is open for writing" },
		{ EBUSY, "another load, unload" },
		{ EIO, "unexpected" },
	};
	struct plan_request r = file_request(true, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure f;

		asked.answer = -rows[i].err;
		f = load_files(&r);
		assert_true(f.phase == PHASE_CALL && f.rc == -rows[i].err);
		if (!strstr(fail_text(), rows[i].says))
			print_error("\"%s\" has no \"%s\"\n", fail_text(), rows[i].says);
		assert_non_null(strstr(fail_text(), rows[i].says));
		/* Its own words are for a kernel that has the call. */
		if (rows[i].err == ENOSYS)
			assert_string_equal(fail_text(),
					    "syscall kexec_file_load not available"
					    " (CONFIG_KEXEC_FILE)");
	}
}

static void write_while_asleep(void)
{
	unit_end_lease(files.kernel.file.fd);
	says("kernel", "another kernel");
}

/* What was looked at is what is loaded: no call is made for a file that was written to since. */
static void files_that_change(void **state)
{
	struct plan_request r = file_request(true, false);
	struct failure f;

	(void)state;
	asked.busy = 1;
	asked.while_asleep = write_while_asleep;
	f = load_files(&r);
	assert_true(f.phase == PHASE_PREPARE && f.rc == -ESTALE);
	assert_non_null(strstr(fail_text(), "was written to after kexec had looked at it"));
	assert_int_equal(asked.n, 1);
}

/* What fails before the call changes nothing, and none is made. */
static void no_call_is_made(void **state)
{
	static const struct {
		const char *size;
		enum phase phase;
		int err;
		const char *says;
	} rows[] = {
		{ "0\n", PHASE_PREPARE, ENODEV, "Memory for crashkernel is not reserved" },
		{ "4096\n", PHASE_NONE, 0, "" },
		{ "what?\n", PHASE_NONE, 0, "" },
	};
	struct plan_request r = file_request(true, true);
	struct failure f;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool fails = rows[i / 2].err && i % 2;

		r.crash = i % 2;
		says(SYS_CRASH_SIZE, rows[i / 2].size);
		f = load_files(&r);
		assert_int_equal(f.rc, fails ? -ENODEV : 0);
		assert_true(f.phase == (fails ? rows[i / 2].phase : PHASE_NONE));
		assert_non_null(strstr(fail_text(), fails ? rows[i / 2].says : ""));
		assert_int_equal(asked.n, !fails);
		if (!fails)
			assert_string_equal(fail_text(), "");
	}
	says(SYS_CRASH_SIZE, "0\n");
	r.reuse_cmdline = r.crash = true;
	f = load_files(&r);
	assert_true(f.phase == PHASE_PREPARE && f.rc == -ENODEV && !asked.n);
	says(SYS_CRASH_SIZE, "4096\n");
	r.reuse_cmdline = false;
	r.initrd = "/nonexistent";
	f = load_files(&r);
	assert_true(f.phase == PHASE_INITRD && f.rc == -ENOENT && !asked.n);
	assert_non_null(strstr(fail_text(), "Could not open initrd file"));
	r.kernel = "/nonexistent";
	f = load_files(&r);
	assert_true(f.phase == PHASE_FILES && f.rc == -ENOENT && !asked.n);
}

/* Of a machine that is known, what is no kernel of its own is not handed over. */
static void kernels_of_known_machines(void **state)
{
	struct plan_request r = file_request(true, false);
	struct failure f;

	(void)state;
	says(SNAPSHOT_FACTS, "machine x86_64\nrelease 6.12\npage-size 4096\nbyte-order little\n");
	f = load_files(&r);
	assert_true(f.phase == PHASE_FILES && f.rc == -ENOEXEC && !asked.n);
	assert_non_null(strstr(fail_text(), "Cannot determine the file type"));
}

/* There is one now, whoever runs this; the copy is for later. */
static int standard_input(void)
{
	int copy = dup(STDIN_FILENO);

	if (copy >= 0)
		return copy;
	assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
	return dup(STDIN_FILENO);
}

/* Descriptor 0 is one like others, where nobody has given kexec a standard input. */
static void descriptor_0(void **state)
{
	struct plan_request r = file_request(true, true);
	int before = standard_input();

	(void)state;
	assert_int_equal(files_open_kernel(&files, &r, NULL), 0);
	close(STDIN_FILENO);
	assert_int_equal(apply_file_load(&r, &files, &sr).rc, 0);
	dup2(before, STDIN_FILENO);
	close(before);
	assert_int_equal(asked.call[0].initrd_fd, STDIN_FILENO);
	assert_int_equal(asked.call[0].flags, 2);
}

/* One block as it is, in a file of gzip's. */
static void write_gzip(const char *name, const char *text)
{
	size_t n = strlen(text);
	uint8_t file[64] = { 0x1f, 0x8b, 8, [9] = 3, [10] = 1 };

	bytes_put(file + 11, n, 2, true);
	bytes_put(file + 13, ~n & 0xffff, 2, true);
	memcpy(file + 15, text, n);
	bytes_put(file + 15 + n, crc32_of(text, n), 4, true);
	bytes_put(file + 19 + n, n, 4, true);
	unit_write(dir, name, file, 23 + n);
}

/* Where there is no descriptor for a copy, there is no call with what is not one. */
static void copies_that_cannot_be(void **state)
{
	struct plan_request r = file_request(true, true);
	struct rlimit before, none;
	struct failure f;
	uint64_t size;

	(void)state;
	write_gzip("kernel", "unpacked");
	assert_int_equal(load_files(&r).rc, 0);
	assert_true(asked.call[0].kernel_fd != files.kernel.file.fd);
	files_free(&files);
	files_init(&files);
	asked.n = 0;
	assert_int_equal(files_open_kernel(&files, &r, NULL), 0);
	assert_int_equal(files_open_initrd(&files, &r, NULL, &size), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	f = apply_file_load(&r, &files, &sr);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(f.phase == PHASE_PREPARE && f.rc == -EMFILE && !asked.n);
	assert_non_null(strstr(fail_text(), "memfd_create"));
}

static void the_running_command_line(void **state)
{
	struct plan_request r = file_request(false, false);
	STRING_AUTO proc_path = mem_printf("%s/proc", dir);
	STRING_AUTO cmdline_path = mem_printf("%s/proc/cmdline", dir);
	struct failure f;

	(void)state;
	r.reuse_cmdline = true;
	assert_int_equal(load_files(&r).rc, 0);
	assert_string_equal(asked.call[0].text, "a b");
	assert_int_equal(mkdir(proc_path, 0777) | mkdir(cmdline_path, 0777), 0);
	f = load_files(&r);
	assert_true(f.phase == PHASE_PREPARE && f.rc < 0 && !asked.n);
	assert_non_null(strstr(fail_text(), "proc/cmdline"));
	assert_int_equal(rmdir(cmdline_path), 0);
	says("proc/cmdline", "root=/dev/x quiet\n");
	assert_int_equal(load_files(&r).rc, 0);
	assert_string_equal(asked.call[0].text, "root=/dev/x quiet a b");
	r.reuse_cmdline = false;
	assert_int_equal(load_files(&r).rc, 0);
	assert_string_equal(asked.call[0].text, "a b");
}

static void what_it_does_not_know(void **state)
{
	struct plan_request r = file_request(false, false);
	struct said said;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		r.special = i ? SPECIAL_NO_EFI : 0;
		r.kernel = i < 2 ? kernel_path : "/nonexistent";
		unit_listen(&said);
		assert_int_equal(load_files(&r).rc, i < 2 ? 0 : -ENOENT);
		unit_heard(&said);
		assert_int_equal(strstr(said.text, "own loader knows nothing of that") != NULL,
				 i == 1);
	}
}

/* --- what is certain to fail is seen before the armed image is gone --- */

#define KERNEL_SIZE 0x10000u

static struct arch looking;		/* arm64, with what a case changes of it */
static struct machine looked_at;
static unsigned int regions;		/* how often prove_region was asked */

static int any_kernel(const struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

static int no_kernel(const struct kernel *kernel)
{
	return fail(ENOEXEC, "%s is no kernel", kernel->file.name);
}

static int no_region(const struct machine *m)
{
	assert_ptr_equal(m, &looked_at);
	regions++;
	return fail(ENOSPC, "nothing starts there");
}

static void write_image(const char *name, bool big_endian)
{
	static uint8_t k[KERNEL_SIZE];

	memset(k, 0, sizeof(k));
	bytes_put(k + 16, sizeof(k), 8, true);
	bytes_put(k + 24, 10 | big_endian, 8, true);
	memcpy(k + 56, "ARM\x64", 4);
	unit_write(dir, name, k, sizeof(k));
}

/* A machine with 1 MiB for a crash kernel, of which all is known that is looked at. */
static struct plan_request look(bool crash, bool initrd)
{
	struct plan_request r = file_request(crash, initrd);

	write_image("kernel", false);
	says(SYS_CRASH_SIZE, "1048576\n");
	looking = *arch_find("aarch64");
	looking.check_kernel = any_kernel;
	looking.no_memory_hotplug = NULL;
	looked_at = (struct machine){
		.sr = &sr, .arch = &looking, .little = true, .page_size = 4096,
		.crash = { 0x60000000, 0x60100000, NULL },
	};
	regions = 0;
	return r;
}

static void assert_looked(const struct plan_request *r, enum phase phase, int err, const char *text)
{
	struct failure f;

	fail_forget();
	files_free(&files);
	files_init(&files);
	f = fileproof(&looked_at, &files, r);
	if (f.phase != phase || f.rc != -err || !strstr(fail_text(), text))
		print_error("phase %d, %d: \"%s\", not %d, %d: \"%s\"\n", f.phase, f.rc,
			    fail_text(), phase, -err, text);
	assert_true(f.phase == phase && f.rc == -err && strstr(fail_text(), text));
	if (!err)
		assert_string_equal(fail_text(), "");
	files_free(&files);
	files_init(&files);
}

/* Of a normal image, for which nothing is freed, the kernel; of one for a crash, the rest too. */
static void files_are_looked_at(void **state)
{
	struct plan_request r = look(false, true);

	(void)state;
	r.initrd = "/nonexistent";
	assert_looked(&r, PHASE_NONE, 0, "");
	r.crash = true;
	assert_looked(&r, PHASE_INITRD, ENOENT, "Could not open initrd file");
	looking.check_kernel = no_kernel;
	assert_looked(&r, PHASE_FILES, ENOEXEC, "is no kernel");
	r.crash = false;
	assert_looked(&r, PHASE_FILES, ENOEXEC, "is no kernel");
	looking.check_kernel = any_kernel;
	r.type = "elf-x86_64";
	assert_looked(&r, PHASE_FILES, ENOEXEC, "elf-x86_64");
	r.type = NULL;
	r.kernel = "/nonexistent";
	assert_looked(&r, PHASE_FILES, ENOENT, "/nonexistent");
	looked_at.arch = NULL;			/* the running kernel knows more */
	assert_looked(&r, PHASE_NONE, 0, "");
}

/* After a crash it would not find the dump; else it may be meant. */
static void kernels_of_the_other_byte_order(void **state)
{
	struct plan_request r = look(true, false);

	(void)state;
	looked_at.little = false;
	assert_looked(&r, PHASE_FILES, ENOEXEC, "is little-endian, unlike the running kernel");
	r.crash = false;
	assert_looked(&r, PHASE_NONE, 0, "");
	r.crash = true;
	write_image("kernel", true);
	assert_looked(&r, PHASE_NONE, 0, "");
}

/* fs/kernel_read_file.c: ETXTBSY; of a normal image the kernel may say so itself. */
static void files_that_are_written(void **state)
{
	static const char *const names[] = { "kernel", "initrd" };
	struct plan_request r = look(true, true);

	(void)state;
	assert_looked(&r, PHASE_NONE, 0, "");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO path = mem_printf("%s/%s", dir, names[i]);
		STRING_AUTO text = mem_printf("%s: is open for writing", path);
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		r.crash = true;
		assert_looked(&r, i ? PHASE_PLAN : PHASE_FILES, ETXTBSY, text);
		r.crash = false;
		assert_looked(&r, PHASE_NONE, 0, "");
		close(fd);
	}
}

static void write_initrd(size_t size)
{
	static const uint8_t bytes[0x100000];

	assert_true(size <= sizeof(bytes));
	unit_write(dir, "initrd", bytes, size);
}

/* Kernel and initrd fit exactly, or do not by one byte: into the region, into half of memory. */
static void files_that_fit(void **state)
{
	static const struct {
		const char *reserved;
		uint64_t region, memory, most;
		const char *text;
	} rows[] = {
		{ "1048576\n", 0x100000, 0, 0x100000, "the crash region; reserve more" },
		{ "917504\n", 0x100000, 0, 0xe0000, "the crash region; reserve more" },
		{ "1048576\n", 0xe0000, 0, 0xe0000, "the crash region; reserve more" },
		{ "1048576\n", 0, 0, 0x100000, "the crash region; reserve more" },
		{ "no number\n", 0xe0000, 0, 0xe0000, "the crash region; reserve more" },
		{ "1048576\n", 0x100000, 0x180000, 0xc0000, "half of memory, which the" },
		{ "1048576\n", 0x100000, 0x200000, 0x100000, "the crash region; reserve more" },
	};
	struct plan_request r = look(true, true);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		says(SYS_CRASH_SIZE, rows[i].reserved);
		looked_at.crash.end = looked_at.crash.start + rows[i].region;
		looked_at.ram_managed = rows[i].memory;
		write_initrd(rows[i].most - KERNEL_SIZE);
		assert_looked(&r, PHASE_NONE, 0, "");
		write_initrd(rows[i].most - KERNEL_SIZE + 1);
		assert_looked(&r, PHASE_PLAN, ENOSPC, rows[i].text);
	}
	says(SYS_CRASH_SIZE, "0\n");
	assert_looked(&r, PHASE_PLAN, ENODEV, "Memory for crashkernel is not reserved");
	says(SYS_CRASH_SIZE, "32768\n");	/* not even the kernel */
	assert_looked(&r, PHASE_PLAN, ENOSPC, "the crash region; reserve more");
	says(SYS_CRASH_SIZE, "65536\n");	/* it alone */
	assert_looked(&r, PHASE_PLAN, ENOSPC, "the crash region; reserve more");
	r.initrd = NULL;
	assert_looked(&r, PHASE_NONE, 0, "");
}

/* With what the running kernel puts in front of it, and the word that keeps memory out. */
static void command_lines_that_fit(void **state)
{
	static const struct {
		const char *word;
		uint64_t start;
		const char *whole;	/* as the running kernel makes it */
	} rows[] = {
		{ NULL, 0, "elfcorehdr=0x0 a b" },
		{ NULL, 0xf, "elfcorehdr=0xf a b" },
		{ NULL, 0x10, "elfcorehdr=0x10 a b" },
		{ NULL, 0x60000000, "elfcorehdr=0x60000000 a b" },
		{ NULL, 0x100000000, "elfcorehdr=0x100000000 a b" },
		{ "no_more", 0x60000000, "elfcorehdr=0x60000000 no_more a b" },
	};
	struct plan_request r = look(true, false);
	STRING_AUTO cmdline_path = mem_printf("%s/" PROC_CMDLINE, dir);
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		looked_at.crash = (struct range){ rows[i].start, rows[i].start + 0x100000, NULL };
		looking.no_memory_hotplug = rows[i].word;
		looking.command_line_size = strlen(rows[i].whole) + 1;
		assert_looked(&r, PHASE_NONE, 0, "");
		looking.command_line_size--;
		text = mem_printf("Command line overflow: %zu bytes with what the running kernel"
				  " adds, the kernel takes %zu;",
				  strlen(rows[i].whole), strlen(rows[i].whole) - 1);
		assert_looked(&r, PHASE_PLAN, E2BIG, text);
		free(text);
	}
	looking.command_line_size += 2;
	r.reuse_cmdline = true;
	says(PROC_CMDLINE, "c\n");
	assert_looked(&r, PHASE_PLAN, E2BIG, "Command line overflow");
	looking.command_line_size++;
	assert_looked(&r, PHASE_NONE, 0, "");
	assert_int_equal(remove(cmdline_path) | mkdir(cmdline_path, 0777), 0);
	assert_looked(&r, PHASE_PLAN, EINVAL, "proc/cmdline");
	r.reuse_cmdline = false;
	assert_looked(&r, PHASE_NONE, 0, "");
}

/* A region in which none can start is not asked of what does not even fit. */
static void regions_in_which_none_starts(void **state)
{
	struct plan_request r = look(true, false);

	(void)state;
	looking.prove_region = no_region;
	assert_looked(&r, PHASE_PLAN, ENOSPC, "nothing starts there");
	assert_int_equal(regions, 1);
	looking.command_line_size = 8;
	assert_looked(&r, PHASE_PLAN, E2BIG, "Command line overflow");
	says(SYS_CRASH_SIZE, "0\n");
	assert_looked(&r, PHASE_PLAN, ENODEV, "Memory for crashkernel is not reserved");
	assert_int_equal(regions, 1);
}

/* --- where EFI's tables may tell of an initrd that is long gone --- */

/* There an empty one is handed over, but for a policy that wants even that signed, or pinned. */
static void initrds_of_nothing(void **state)
{
	enum { NO_INITRAMFS = 4 };
	static const struct {
		bool efi, own;
		int policy;		/* with an initrd nothing is loaded, but this said */
		int answer, rc;		/* the answer to what is loaded without */
		unsigned int calls, last;
		bool warns;
	} rows[] = {
		{ false, false, 0, 0, 0, 1, NO_INITRAMFS, false },
		{ true, false, 0, 0, 0, 1, 0, false },
		{ true, false, -EACCES, 0, 0, 2, NO_INITRAMFS, true },
		{ true, false, -EPERM, 0, 0, 2, NO_INITRAMFS, true },
		{ true, false, -EACCES, -EACCES, -EACCES, 2, NO_INITRAMFS, false },
		{ true, false, -EPERM, -EPERM, -EPERM, 2, NO_INITRAMFS, false },
		{ true, false, 0, -ENOMEM, -ENOMEM, 1, 0, false },
		{ true, true, -EACCES, 0, -EACCES, 1, 0, false },
		{ true, true, -EPERM, 0, -EPERM, 1, 0, false },
		{ false, false, 0, -EACCES, -EACCES, 1, NO_INITRAMFS, false },
		{ false, false, 0, -EPERM, -EPERM, 1, NO_INITRAMFS, false },
	};
	struct plan_request r = file_request(false, false);
	struct said said;

	(void)state;
	says(SNAPSHOT_FACTS, "machine x86_64\nrelease 6.12\npage-size 4096\nbyte-order little\n");
	bzimage_write(dir, "kernel");
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct call *last = &asked.call[rows[i / 2].calls - 1];
		STRING_AUTO efi = mem_printf("%s/" SYS_EFI_RUNTIME_MAP, dir);
		bool made = rows[i / 2].efi;
		uint8_t bytes[EMPTY_SIZE + 1] = { 1 };

		r.crash = i % 2;
		r.initrd = rows[i / 2].own ? initrd_path : NULL;
		remove(efi);
		if (made)
			says(SYS_EFI_RUNTIME_MAP "/0", "");
		asked.answer = rows[i / 2].answer;
		asked.refused_initrd = rows[i / 2].policy;
		unit_listen(&said);
		assert_int_equal(load_files(&r).rc, rows[i / 2].rc);
		unit_heard(&said);
		assert_int_equal(asked.n, rows[i / 2].calls);
		assert_int_equal(last->flags, rows[i / 2].last | (r.crash ? 2 : 0));
		assert_int_equal(strstr(said.text, "takes no initrd that it does not trust") !=
					 NULL,
				 rows[i / 2].warns);
		if (!rows[i / 2].own && made) {
			assert_int_equal(pread(asked.call[0].initrd_fd, bytes, sizeof(bytes), 0),
					 EMPTY_SIZE);
			for (size_t at = 0; at < sizeof(bytes) - 1; at++)
				assert_int_equal(bytes[at], 0);
		}
		if (made) {
			STRING_AUTO entry = mem_printf("%s/0", efi);

			assert_int_equal(remove(entry), 0);
		}
	}
}

/* None that may be refused is tried where that would count. */
static void no_empty_initrd_where_loads_are_limited(void **state)
{
	enum { NO_INITRAMFS = 4 };
	struct plan_request r = file_request(false, false);
	struct said said;

	(void)state;
	says(SNAPSHOT_FACTS, "machine x86_64\nrelease 6.12\npage-size 4096\nbyte-order little\n");
	says(SYS_EFI_RUNTIME_MAP "/0", "");
	says(PROC_LOAD_LIMIT_REBOOT, "1\n");
	bzimage_write(dir, "kernel");
	asked.refused_initrd = -EPERM;
	unit_listen(&said);
	assert_int_equal(load_files(&r).rc, 0);
	unit_heard(&said);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.call[0].flags, NO_INITRAMFS);
	assert_non_null(strstr(said.text, "empty initrd would count: the next kernel may take"));
	r.initrd = initrd_path;
	asked.refused_initrd = 0;
	unit_listen(&said);
	assert_int_equal(load_files(&r).rc, 0);
	unit_heard(&said);
	assert_string_equal(said.text, "");
	assert_int_equal(asked.call[0].flags, 0);
}

/* One that was given is none of these, whatever its descriptor. */
static void initrd_at_descriptor_0(void **state)
{
	struct plan_request r = file_request(false, true);
	int before = standard_input();
	char bytes[32];

	(void)state;
	says(SNAPSHOT_FACTS, "machine x86_64\nrelease 6.12\npage-size 4096\nbyte-order little\n");
	says(SYS_EFI_RUNTIME_MAP "/0", "");
	bzimage_write(dir, "kernel");
	assert_int_equal(files_open_kernel(&files, &r, arch_find("x86_64")), 0);
	close(STDIN_FILENO);
	assert_int_equal(apply_file_load(&r, &files, &sr).rc, 0);
	assert_int_equal(asked.call[0].initrd_fd, STDIN_FILENO);
	assert_int_equal(pread(STDIN_FILENO, bytes, sizeof(bytes), 0), 9);
	dup2(before, STDIN_FILENO);
	close(before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_image_is_handed_over),
		TEST(full_images),
		TEST(bytes_of_calls),
		TEST(locks_are_waited_for),
		TEST(limited_calls_wait),
		TEST(unloading),
		TEST(answers_are_explained),
		TEST(debugging_is_wished_for),
		TEST(is_it_kept),
		TEST(files_are_handed_over),
		TEST(wishes_are_dropped),
		TEST(limited_calls),
		TEST(file_answers_are_explained),
		TEST(files_that_change),
		TEST(no_call_is_made),
		TEST(kernels_of_known_machines),
		TEST(descriptor_0),
		TEST(copies_that_cannot_be),
		TEST(the_running_command_line),
		TEST(what_it_does_not_know),
		TEST(files_are_looked_at),
		TEST(kernels_of_the_other_byte_order),
		TEST(files_that_are_written),
		TEST(files_that_fit),
		TEST(command_lines_that_fit),
		TEST(regions_in_which_none_starts),
		TEST(initrds_of_nothing),
		TEST(no_empty_initrd_where_loads_are_limited),
		TEST(initrd_at_descriptor_0),
	};

	message_program("kexec");
	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
