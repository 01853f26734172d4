// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/confine.h"
#include "common/error.h"

/*
 * A number means nothing without the machine that it is of
 * (Documentation/userspace-api/seccomp_filter.rst).
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__ILP32__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CONFINE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define CONFINE_ARCH AUDIT_ARCH_PPC64
#endif

#ifdef CONFINE_ARCH

/* From here on (Linux 5.1) a number is the same on all machines; nothing older replaces it. */
#define CONFINE_NEW 424

#define OPENS	 CONFINE_OPENS
#define MACHINE	 CONFINE_MACHINE
#define WRITES	 CONFINE_WRITES
#define REMOVES	 (CONFINE_REMOVES | CONFINE_WRITES)
#define LOADS	 CONFINE_LOADS
#define ALWAYS	 (~0u)

#define TO_WRITE (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define TO_RUN	 PROT_EXEC

/* TCGETS; libc has another struct termios than asm/termbits.h, whose size is in it here. */
#ifdef __powerpc64__
#define IS_TERMINAL _IOR('t', 19, uint8_t[44])
#else
#define IS_TERMINAL TCGETS
/* TCGETS2, which has a name only beside that struct. */
#define IS_TERMINAL_2 _IOR('T', 0x2a, uint8_t[44])
#endif

enum confine_kind {
	CONFINE_ANY,
	CONFINE_WITHOUT,	/* the argument has none of these bits */
	CONFINE_IS,		/* it is this */
};

/* What no row with one of the purposes allows is refused. */
struct confine_rule {
	unsigned int purposes, number;
	enum confine_kind kind;
	unsigned int argument;
	uint32_t value;
};

#define ROW(purposes, name) { purposes, SYS_##name, CONFINE_ANY, 0, 0 }

/* What libraries make of our calls is of glibc and musl. */
static const struct confine_rule confine_rules[] = {
	ROW(ALWAYS, read), ROW(ALWAYS, pread64), ROW(ALWAYS, readv), ROW(ALWAYS, preadv),
	ROW(ALWAYS, write), ROW(ALWAYS, pwrite64), ROW(ALWAYS, writev), ROW(ALWAYS, pwritev),
	ROW(ALWAYS, lseek), ROW(ALWAYS, close), ROW(ALWAYS, fsync), ROW(ALWAYS, fdatasync),
	ROW(ALWAYS, ftruncate), ROW(ALWAYS, fstat), ROW(ALWAYS, fstatfs), ROW(ALWAYS, fcntl),
	ROW(ALWAYS, munmap), ROW(ALWAYS, mremap), ROW(ALWAYS, brk), ROW(ALWAYS, madvise),
	ROW(ALWAYS, futex), ROW(ALWAYS, getrandom), ROW(ALWAYS, rt_sigaction),
	ROW(ALWAYS, rt_sigprocmask), ROW(ALWAYS, rt_sigreturn), ROW(ALWAYS, restart_syscall),
	ROW(ALWAYS, clock_gettime), ROW(ALWAYS, gettimeofday), ROW(ALWAYS, exit),
	ROW(ALWAYS, exit_group), ROW(ALWAYS, newfstatat), ROW(ALWAYS, statx),
	ROW(ALWAYS, getpid), ROW(ALWAYS, gettid),	/* abort(3) */
	ROW(ALWAYS, sysinfo),				/* qsort(3) */
#ifdef SYS_fstatfs64
	ROW(ALWAYS, fstatfs64), ROW(OPENS, statfs64),
#endif
	/* Whether it is a terminal, to which lines go at once; the second is how musl asks. */
	{ ALWAYS, SYS_ioctl, CONFINE_IS, 1, IS_TERMINAL },
	{ ALWAYS, SYS_ioctl, CONFINE_IS, 1, TIOCGWINSZ },
#ifdef IS_TERMINAL_2
	{ ALWAYS, SYS_ioctl, CONFINE_IS, 1, IS_TERMINAL_2 },
#endif
	/* A library that is loaded has code; what is read has none. */
	ROW(OPENS, mmap), ROW(OPENS, mprotect),
	{ ALWAYS, SYS_mmap, CONFINE_WITHOUT, 2, TO_RUN },
	{ ALWAYS, SYS_mprotect, CONFINE_WITHOUT, 2, TO_RUN },
	ROW(WRITES, openat),
	{ OPENS, SYS_openat, CONFINE_WITHOUT, 2, TO_WRITE },
	ROW(OPENS, getdents64), ROW(OPENS, readlinkat), ROW(OPENS, faccessat),
	ROW(OPENS, fadvise64), ROW(OPENS, statfs), ROW(OPENS, uname), ROW(OPENS, getcwd),
	ROW(OPENS, nanosleep), ROW(OPENS, clock_nanosleep), ROW(OPENS, sched_getaffinity),
	ROW(OPENS, fchdir),	/* nftw(3) */
#ifdef SYS_open
	ROW(WRITES, open),
	{ OPENS, SYS_open, CONFINE_WITHOUT, 1, TO_WRITE },
	ROW(OPENS, stat), ROW(OPENS, lstat), ROW(OPENS, readlink), ROW(OPENS, access),
	ROW(WRITES, mkdir), ROW(WRITES, rmdir), ROW(REMOVES, unlink),
#endif
	ROW(MACHINE, syslog),
	ROW(WRITES, mkdirat), ROW(REMOVES, unlinkat),
	ROW(LOADS, kexec_load), ROW(LOADS, memfd_create),
#ifdef SYS_kexec_file_load
	ROW(LOADS, kexec_file_load),
#endif
};

/* Capabilities: reserved room on a full disk, and what each purpose is for. */
static const struct {
	unsigned int purposes, capability;
} confine_kept[] = {
	{ ALWAYS, CAP_SYS_RESOURCE },
	{ OPENS | WRITES, CAP_DAC_READ_SEARCH }, { OPENS, CAP_LEASE },
	{ REMOVES, CAP_DAC_OVERRIDE },
	{ MACHINE, CAP_SYS_ADMIN }, { MACHINE, CAP_SYS_RAWIO }, { MACHINE, CAP_SYSLOG },
	{ LOADS, CAP_SYS_BOOT },
};

static bool confine_serves(unsigned int row, unsigned int purposes)
{
	return row == ALWAYS || row & purposes;
}

static int confine_capabilities(unsigned int purposes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	uint32_t kept[_LINUX_CAPABILITY_U32S_3] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(confine_kept); i++)
		if (confine_serves(confine_kept[i].purposes, purposes))
			kept[CAP_TO_INDEX(confine_kept[i].capability)] |=
				CAP_TO_MASK(confine_kept[i].capability);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		data[i].effective &= kept[i];
		data[i].permitted &= kept[i];
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* The lower half of an argument: flags and ioctl()s have no other. */
static uint32_t confine_argument(unsigned int number)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) + 8 * number +
			  (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
}

struct confine_program {
	struct sock_filter at[5 * ARRAY_SIZE(confine_rules) + 32];
	unsigned short n;
};

static void confine_add(struct confine_program *p, uint16_t code, uint32_t k, uint8_t yes,
			uint8_t no)
{
	p->at[p->n++] = (struct sock_filter){ code, yes, no, k };
}

static void confine_answer(struct confine_program *p, uint32_t answer)
{
	confine_add(p, BPF_RET | BPF_K, answer, 0, 0);
}

static void confine_number(struct confine_program *p)
{
	confine_add(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
}

static void confine_rule(struct confine_program *p, const struct confine_rule *r)
{
	const uint16_t test = BPF_JMP | BPF_K;
	bool any = r->kind == CONFINE_ANY, without = r->kind == CONFINE_WITHOUT;

	confine_add(p, test | BPF_JEQ, r->number, 0, any ? 1 : 4);
	if (!any) {
		confine_add(p, BPF_LD | BPF_W | BPF_ABS, confine_argument(r->argument), 0, 0);
		confine_add(p, test | (without ? BPF_JSET : BPF_JEQ), r->value, without, !without);
	}
	confine_answer(p, SECCOMP_RET_ALLOW);
	if (!any)
		confine_number(p);
}

static int confine_calls(unsigned int purposes)
{
	struct confine_program p = { .n = 0 };
	struct sock_fprog program = { .filter = p.at };
	const uint32_t self = (uint32_t)getpid();
	/* abort(3) of glibc and of musl: this process has one thread, of the same number. */
	const struct confine_rule aborts[] = {
		{ ALWAYS, SYS_tgkill, CONFINE_IS, 0, self },
		{ ALWAYS, SYS_tkill, CONFINE_IS, 0, self },
	};

	confine_add(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	confine_add(&p, BPF_JMP | BPF_K | BPF_JEQ, CONFINE_ARCH, 1, 0);
	confine_answer(&p, SECCOMP_RET_ERRNO | EPERM);
	confine_number(&p);
	for (size_t i = 0; i < ARRAY_SIZE(confine_rules); i++)
		if (confine_serves(confine_rules[i].purposes, purposes))
			confine_rule(&p, &confine_rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(aborts); i++)
		confine_rule(&p, &aborts[i]);
	confine_add(&p, BPF_JMP | BPF_K | BPF_JGE, CONFINE_NEW, 0, 1);
	confine_answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
	confine_answer(&p, SECCOMP_RET_ERRNO | EPERM);
	program.len = p.n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Not seccomp(2), which a unit of systemd may forbid: @system-service is without. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

#else
static int confine_capabilities(unsigned int purposes)
{
	(void)purposes;
	return -ENOSYS;
}

static int confine_calls(unsigned int purposes)
{
	(void)purposes;
	return -ENOSYS;
}
#endif

int confine_now(unsigned int purposes)
{
	int rc = confine_capabilities(purposes), calls = confine_calls(purposes);

	return rc < 0 ? rc : calls;
}

/* A sanitizer opens, traces and starts what it likes, up to the end. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZED true
#elif defined(__has_feature)
#define CONFINE_SANITIZED __has_feature(address_sanitizer)
#else
#define CONFINE_SANITIZED false
#endif

void confine(unsigned int purposes)
{
	int rc;

	if (CONFINE_SANITIZED || getenv(CONFINE_ESCAPE))
		return;
	rc = confine_capabilities(purposes);
	if (rc < 0)
		debug("keeps its capabilities: %s", strerror(-rc));
	rc = confine_calls(purposes);
	if (rc < 0)
		debug("runs without a filter of system calls: %s", strerror(-rc));
}
