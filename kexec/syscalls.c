// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/confine.h"
#include "common/error.h"
#include "common/mem.h"
#include "kexec/ifdown.h"
#include "kexec/syscalls.h"
#include "kexec/sysroot.h"

static int linux_result(long rc)
{
	return rc < 0 ? -errno : 0;
}

static int linux_kexec_load(unsigned long entry, unsigned long n,
			    const struct kexec_segment *segment, unsigned long flags)
{
	return linux_result(syscall(SYS_kexec_load, entry, n, segment, flags));
}

static int linux_kexec_file_load(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
				 const char *cmdline, unsigned long flags)
{
	return linux_result(
		syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, cmdline_size, cmdline, flags));
}

static int linux_reboot_kexec(void)
{
	return linux_result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			      LINUX_REBOOT_CMD_KEXEC, NULL));
}

static int linux_run(const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
}

/* systemd knows about loaded kernels; elsewhere the scripts of a reboot do. */
static int linux_shut_down(void)
{
	static const char *const commands[][4] = {
		{ "/usr/bin/systemctl", "kexec" },
		{ "/bin/systemctl", "kexec" },
		{ "/sbin/shutdown", "-r", "now" },
		{ "/usr/sbin/shutdown", "-r", "now" },
		{ "/bin/shutdown", "-r", "now" },
	};
	int rc = -ENOENT;

	for (size_t i = 0; rc == -ENOENT && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!access(commands[i][0], X_OK))
			rc = linux_run(commands[i]);
	return rc;
}

/* What is written to after confine(). */
static int linux_log = -1;

static int linux_open_log(void)
{
	return open("/" KERNEL_LOG, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

static void linux_confine(unsigned int purposes)
{
	if (purposes & CONFINE_LOADS)
		linux_log = linux_open_log();
	confine(purposes);
}

/* Where there is no answer the system call will have one. */
static int linux_permitted(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0 ||
	    data[CAP_TO_INDEX(CAP_SYS_BOOT)].effective & CAP_TO_MASK(CAP_SYS_BOOT))
		return 0;
	return fail(EPERM,
		    "the capability CAP_SYS_BOOT is missing, without which no kernel is loaded,"
		    " unloaded or started: run it as root, outside of containers");
}

/*
 * user.info, for whoever writes "kernel" is not believed. One write() is one record; dprintf() of
 * glibc before 2.37 asks for the position first, which this file does not know.
 */
static int linux_log_line(const char *line)
{
	STRING_AUTO record = mem_printf("<14>%s\n", line);
	int fd = linux_log >= 0 ? linux_log : linux_open_log();
	int rc = fd < 0 ? -errno : write(fd, record, strlen(record)) < 0 ? -errno : 0;

	if (fd >= 0 && fd != linux_log)
		close(fd);
	return rc;
}

/* At boot it may not be ready: then the second kernel begins without. */
static int linux_random(void *bytes, size_t n)
{
	return getrandom(bytes, n, GRND_NONBLOCK) == (ssize_t)n ? 0 : -EAGAIN;
}

static void linux_sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static uint64_t linux_now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

const struct syscalls syscalls = {
	.confine = linux_confine,
	.permitted = linux_permitted,
	.kexec_load = linux_kexec_load,
	.kexec_file_load = linux_kexec_file_load,
	.reboot_kexec = linux_reboot_kexec,
	.interfaces_down = ifdown_all,
	.shut_down = linux_shut_down,
	.log_line = linux_log_line,
	.random = linux_random,
	.sync = sync,
	.sleep_ms = linux_sleep_ms,
	.now = linux_now,
};
