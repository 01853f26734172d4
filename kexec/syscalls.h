/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The only place that changes the machine, or asks it for what is never the same twice. The table
 * is chosen when the program is linked: Linux, or the tests' strict model of it.
 */
#ifndef KEXEC_SYSCALLS_H
#define KEXEC_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct kexec_segment, include/uapi/linux/kexec.h */
struct kexec_segment {
	const void *buf;
	size_t bufsz;
	unsigned long mem;
	size_t memsz;
};

struct syscalls {
	/* For the rest of the run, before anything is read: enum confine_purpose. */
	void (*confine)(unsigned int purposes);
	/* What loading and starting take (capabilities(7)). A message says what is missing. */
	int (*permitted)(void);
	/* Each of the others returns 0 or a negative errno. */
	int (*kexec_load)(unsigned long entry, unsigned long n, const struct kexec_segment *segment,
			  unsigned long flags);
	int (*kexec_file_load)(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
			       const char *cmdline, unsigned long flags);
	int (*reboot_kexec)(void);	/* does not return when it succeeds */
	int (*interfaces_down)(void);	/* every network interface but loopback */
	int (*shut_down)(void);		/* ask the system to shut down into the loaded kernel */
	int (*log_line)(const char *line);	/* into the kernel's log */
	int (*random)(void *bytes, size_t n);	/* for the second kernel, not for keys of ours */
	void (*sync)(void);
	void (*sleep_ms)(unsigned int ms);
	uint64_t (*now)(void);		/* nanoseconds that never go back; or NULL */
	bool any_machine;	/* a model: may load for a machine that is only recorded */
};

extern const struct syscalls syscalls;

#endif
