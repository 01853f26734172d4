// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kexec/syscalls.h"

static int linux_kexec_load(unsigned long entry, unsigned long n,
			    const struct kexec_segment *segment, unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, n, segment, flags) < 0 ? -errno : 0;
}

static void linux_sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

const struct syscalls syscalls = {
	.kexec_load = linux_kexec_load,
	.sleep_ms = linux_sleep_ms,
};
