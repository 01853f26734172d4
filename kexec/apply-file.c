// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* kexec_file_load(2): the kernel reads, verifies, plans and loads. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kexec/apply.h"
#include "kexec/arch/arch.h"
#include "kexec/cmdline.h"
#include "kexec/plan.h"
#include "kexec/policy.h"
#include "kexec/syscalls.h"

/* include/uapi/linux/kexec.h */
#define FILE_UNLOAD		0x1
#define FILE_ON_CRASH		0x2
#define FILE_NO_INITRAMFS	0x4
/* Since 6.8, and in kernels after 6.12. */
#define FILE_DEBUG		0x8
#define FILE_NO_CMA		0x10
#define FILE_FORCE_DTB		0x20

#define FILE_SIZE_MAX ((uint64_t)4 << 30)	/* kernel/kexec_file.c:KEXEC_FILE_SIZE_MAX */

/* kernel/kexec_file.c, kernel/kexec_core.c, arch/powerpc/kexec/elf_64.c */
static const char *apply_file_cause(int err, bool crash, const struct sysroot *sr)
{
	struct policy policy;

	switch (err) {
	case ENOSYS:
		return "syscall kexec_file_load not available (CONFIG_KEXEC_FILE)";
	case ENOEXEC:
		return "the running kernel does not load files of this kind";
	case EINVAL:
		return "the running kernel does not take this file or a flag";
	case EPERM:
	case EACCES:
		policy_guess(&policy, sr);
		return policy_cause(&policy, err, crash, true);
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
	case ENOKEY:
	case EBADMSG:
	case ELIBBAD:
	case ENODATA:
	case ENOPKG:
		return "the kernel's signature is missing, damaged, or by a key which the running"
		       " kernel does not trust";
	case EADDRNOTAVAIL:
		return "it does not fit; for a crash kernel reserve more with crashkernel=";
	case ENOMEM:
		return "not enough free memory";
	case ETXTBSY:
		return "the kernel or the initrd is open for writing; try again";
	case EBUSY:
		return "another load, unload or hotplug update is going on; try again";
	default:
		return "unexpected";
	}
}

/* Since Linux 6.3, which complains in its log without it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif

/*
 * What only exists unpacked, or on a device, which the kernel does not read; sealed,
 * because the kernel reads it later.
 */
static int memory_file(const struct file *f, int *fd)
{
	uint64_t done = 0;

	*fd = memfd_create("kernel", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (*fd < 0 && errno == EINVAL)
		*fd = memfd_create("kernel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return fail(errno, "memfd_create: %s", strerror(errno));
	while (done < f->size) {
		ssize_t n = write(*fd, f->data + done, f->size - done);

		if (n < 0 && errno != EINTR)
			return fail(errno, "memfd: %s", strerror(errno));
		done += n > 0 ? (uint64_t)n : 0;
	}
	if (fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return fail(errno, "memfd: %s", strerror(errno));
	return 0;
}

static int pass_on(const struct file *f, int *fd)
{
	*fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	return *fd < 0 ? fail(errno, "%s: %s", f->name, strerror(errno)) : 0;
}

/* What is too large for this system call may be right for the other. */
static int check_size(const struct file *f, uint64_t size)
{
	return size <= FILE_SIZE_MAX ? 0 : fail(EINVAL, "%s: has %" PRIu64 " bytes, kexec_file_load takes"
						" up to %" PRIu64, f->name, size, FILE_SIZE_MAX);
}

/*
 * The descriptor to pass: the file's own when it goes as it is, so that the
 * kernel sees its signature and its extended attributes. Whatever is wrong
 * with the file is -ENOENT, which no system call answers: nothing was called.
 */
static int open_kernel(const char *path, struct file *f, struct unpacked *u, int *fd)
{
	int rc = file_open(f, path);

	*fd = -1;
	if (rc < 0)
		return -ENOENT;
	if (!kernel_is_packed(f) && !f->is_device)
		return pass_on(f, fd);
	rc = kernel_unpack(f, u);
	if (rc >= 0)
		rc = check_size(f, f->size);
	if (rc >= 0)
		rc = file_read(f);
	return rc < 0 ? fail_in(-ENOENT, "Cannot load %s", path) : memory_file(f, fd);
}

/* NULL: kexec loads no kernels on such a machine by itself. */
static const struct arch *arch_here(const struct sysroot *sr)
{
	struct machine m;
	const struct arch *arch = machine_identify(&m, sr) >= 0 ? m.arch : NULL;

	machine_free(&m);
	fail_forget();
	return arch;
}

static int open_initrd(const struct plan_request *request, const struct arch *arch, struct arena *arena,
		       struct file *f, int *fd)
{
	unsigned int uimage_arch = arch ? arch->uimage_arch : 0;
	uint64_t size;
	int rc = initrd_open(f, arena, request->initrd, request->more_initrds, uimage_arch);

	if (rc >= 0)
		rc = initrd_check(f, uimage_arch, &size);
	if (rc >= 0 && check_size(f, size) < 0)
		return -EINVAL;
	if (rc >= 0 && !initrd_is_plain(f))
		rc = initrd_read(f);
	if (rc < 0)
		return fail_in(-EIO, "Could not open initrd file");
	return f->data ? memory_file(f, fd) : pass_on(f, fd);
}

static int check_reservation(const struct plan_request *request, const struct sysroot *sr)
{
	uint64_t size = 1;

	if (request->crash && machine_crash_size(sr, &size) >= 0 && !size)
		return fail(ENODEV, "Memory for crashkernel is not reserved: boot with crashkernel=SIZE"
			    " (try crashkernel=512M) and load again");
	return 0;
}

static int call(int kernel_fd, int initrd_fd, const char *cmdline, unsigned long flags)
{
	debug("kexec_file_load: flags = 0x%lx, command line \"%s\"", flags, cmdline);
	return APPLY_RETRY(syscalls.kexec_file_load(kernel_fd, initrd_fd, strlen(cmdline) + 1, cmdline,
						    flags));
}

/*
 * A kernel that does not know a flag answers EINVAL before it does anything.
 * What is only a wish is then dropped, aloud: another system call is no
 * substitute for a flag.
 */
static int call_with_wishes(const struct plan_request *request, int kernel_fd, int initrd_fd,
			    const char *cmdline, unsigned long flags)
{
	unsigned long wishes = (message_debugging() ? FILE_DEBUG : 0) |
			       (request->no_cma ? FILE_NO_CMA : 0) |
			       (request->force_dtb ? FILE_FORCE_DTB : 0);
	int rc = call(kernel_fd, initrd_fd, cmdline, flags | wishes);

	if (rc != -EINVAL || !wishes)
		return rc;
	rc = call(kernel_fd, initrd_fd, cmdline, flags);
	if (rc >= 0)
		notice("the running kernel does not know%s%s%s; loaded without",
		       wishes & FILE_NO_CMA ? " --no-cma" : "",
		       wishes & FILE_FORCE_DTB ? " --force-dtb" : "",
		       wishes & FILE_DEBUG ? " the debug flag" : "");
	return rc;
}

static int load(const struct plan_request *request, const struct sysroot *sr, int kernel_fd,
		int initrd_fd, const char *cmdline)
{
	unsigned long flags = (request->crash ? FILE_ON_CRASH : 0) |
			      (initrd_fd < 0 ? FILE_NO_INITRAMFS : 0);
	int rc = call_with_wishes(request, kernel_fd, initrd_fd, cmdline, flags);

	if (rc >= 0)
		return 0;
	if (rc == -ENOSYS)
		return fail(ENOSYS, "%s", apply_file_cause(ENOSYS, request->crash, sr));
	return fail(-rc, "kexec_file_load failed: %s: %s", strerror(-rc),
		    apply_file_cause(-rc, request->crash, sr));
}

int apply_file_load(const struct plan_request *request, const struct sysroot *sr, bool *called)
{
	struct file kernel = {0}, initrd = {0};
	struct plan_request wanted;
	struct unpacked inside = {0};
	struct arena arena = {0};
	int kernel_fd = -1, initrd_fd = -1, rc = check_reservation(request, sr);
	const struct arch *arch = arch_here(sr);
	const char *running = "";

	if (rc >= 0 && request->reuse_cmdline)
		rc = machine_cmdline(sr, &arena, &running);
	if (rc >= 0)
		rc = open_kernel(request->kernel, &kernel, &inside, &kernel_fd);
	if (rc >= 0 && request->initrd)
		rc = open_initrd(request, arch, &arena, &initrd, &initrd_fd);
	else if (rc >= 0 && inside.initrd.data)
		rc = memory_file(&inside.initrd, &initrd_fd);
	if (rc >= 0 && plan_rather_kexec_load(request))
		notice("%s: the running kernel's own loader knows nothing of that", plan_rather_kexec_load(request));
	if (rc >= 0)
		*called = true;
	wanted = cmdline_with_inside(request, inside.cmdline);
	if (rc >= 0)
		rc = load(request, sr, kernel_fd, initrd_fd,
			  plan_capture_words(&arena, arch, request,
					     cmdline_wanted(&arena, running, &wanted)));
	if (kernel_fd >= 0)
		close(kernel_fd);
	if (initrd_fd >= 0)
		close(initrd_fd);
	file_close(&kernel);
	file_close(&initrd);
	kernel_unpacked_free(&inside);
	arena_free(&arena);
	return rc;
}

int apply_file_unload(bool crash, const struct sysroot *sr)
{
	unsigned long flags = FILE_UNLOAD | (crash ? FILE_ON_CRASH : 0);
	int rc = APPLY_RETRY(syscalls.kexec_file_load(-1, -1, 0, NULL, flags));

	if (rc < 0)
		return fail(-rc, "kexec unload failed: %s: %s", strerror(-rc),
			    apply_file_cause(-rc, crash, sr));
	return 0;
}
