// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* kexec_file_load(2): the kernel reads, verifies, plans and loads. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/progress.h"
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
	case ESTALE:
		return "the kernel or the initrd was written to after kexec had looked at it; try"
		       " again";
	default:
		return "unexpected";
	}
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

static int check_reservation(const struct plan_request *request, const struct sysroot *sr)
{
	uint64_t size = 1;

	if (request->crash)
		state_crash_size(sr, &size);
	fail_forget();			/* what is not known is none that fails here */
	if (!size)
		return fail(ENODEV,
			    "Memory for crashkernel is not reserved: boot with crashkernel=SIZE"
			    " (try crashkernel=512M) and load again");
	return 0;
}

/* What the call is made with. */
struct apply_file {
	const struct plan_request *request;
	const struct sysroot *sr;
	struct files *files;
	int kernel_fd, initrd_fd;
	bool empty_initrd; /* not one that was asked for: arch->keeps_initrd */
	bool counted;	   /* for which reason there is no empty one, which may be refused */
	const char *cmdline;
};

/* What was looked at, or nothing: -ESTALE is no answer of the system call. */
static int apply_file_try(const struct apply_file *a, unsigned long flags)
{
	if (!files_are_unchanged(a->files))
		return -ESTALE;
	return syscalls.kexec_file_load(a->kernel_fd, a->initrd_fd, strlen(a->cmdline) + 1,
					a->cmdline, flags);
}

static int apply_file_call(const struct apply_file *a, unsigned long flags)
{
	debug("kexec_file_load: flags = 0x%lx, command line \"%s\"", flags, a->cmdline);
	return APPLY_RETRY(apply_tries(a->request->crash, a->sr), apply_file_try(a, flags));
}

/*
 * A kernel that does not know a flag answers EINVAL before it does anything.
 * What is only a wish is then dropped, aloud: another system call is no
 * substitute for a flag.
 */
static int apply_file_wishes(const struct apply_file *a, unsigned long flags)
{
	const struct plan_request *request = a->request;
	unsigned long wishes = (message_debugging() ? FILE_DEBUG : 0) |
			       (request->no_cma ? FILE_NO_CMA : 0) |
			       (request->force_dtb ? FILE_FORCE_DTB : 0);
	bool counted = wishes && apply_is_counted(request->crash, a->sr);
	int rc = apply_file_call(a, flags | (counted ? 0 : wishes));

	if (counted && rc >= 0 && wishes != FILE_DEBUG)
		notice("a limit on loads is set (sysctl kernel.kexec_load_limit_%s), and trying"
		       " what the running kernel may not know would count; loaded without%s%s",
		       request->crash ? "panic" : "reboot",
		       wishes & FILE_NO_CMA ? " --no-cma" : "",
		       wishes & FILE_FORCE_DTB ? " --force-dtb" : "");
	if (counted || rc != -EINVAL || !wishes)
		return rc;
	rc = apply_file_call(a, flags);
	if (rc >= 0)
		notice("the running kernel does not know%s%s%s; loaded without",
		       wishes & FILE_NO_CMA ? " --no-cma" : "",
		       wishes & FILE_FORCE_DTB ? " --force-dtb" : "",
		       wishes & FILE_DEBUG ? " the debug flag" : "");
	return rc;
}

static const char stale_initrd[] =
	"the next kernel may take memory for its initrd that EFI's tables tell of; give it one with"
	" --initrd";

static struct failure apply_file_make(const struct apply_file *a)
{
	bool crash = a->request->crash;
	unsigned long flags = (crash ? FILE_ON_CRASH : 0) |
		(a->initrd_fd < 0 ? FILE_NO_INITRAMFS : 0);
	int rc = apply_file_wishes(a, flags);

	/*
	 * A policy of IMA that wants signatures of all files wants one of this (EACCES). LoadPin
	 * takes files of one file system (EPERM, security/loadpin/loadpin.c:loadpin_check).
	 */
	if ((rc == -EACCES || rc == -EPERM) && a->empty_initrd) {
		rc = apply_file_wishes(a, flags | FILE_NO_INITRAMFS);
		if (rc >= 0)
			warn("the running kernel takes no initrd that it does not trust (signed, or"
			     " from the file system that LoadPin has pinned), not even an empty"
			     " one: %s", stale_initrd);
	}
	if (rc >= 0 && a->counted)
		warn("a limit on loads is set (sysctl kernel.kexec_load_limit_%s), and trying an"
		     " empty initrd would count: %s", crash ? "panic" : "reboot", stale_initrd);
	if (rc == -ENOSYS)
		fail(ENOSYS, "%s", apply_file_cause(ENOSYS, crash, a->sr));
	else if (rc < 0)
		fail(-rc, "kexec_file_load failed: %s: %s", strerror(-rc),
		     apply_file_cause(-rc, crash, a->sr));
	return failure_of(rc == -ESTALE ? PHASE_PREPARE : PHASE_CALL, rc);
}

static struct failure apply_file_open(struct apply_file *a, const struct arch *arch)
{
	struct files *f = a->files;
	uint64_t size;
	int rc = files_open_kernel(f, a->request, arch);

	if (rc < 0)
		return failure_of(PHASE_FILES, rc);
	rc = files_open_initrd(f, a->request, arch, &size);
	if (rc < 0)
		return failure_of(PHASE_INITRD, fail_in(rc, "Could not open initrd file"));
	rc = files_kernel_fd(f, &a->kernel_fd);
	if (rc >= 0)
		rc = files_initrd_fd(f, &a->initrd_fd);
	a->empty_initrd = rc >= 0 && a->initrd_fd < 0 && arch && arch->keeps_initrd &&
		sysroot_exists(a->sr, arch->keeps_initrd);
	a->counted = a->empty_initrd && apply_is_counted(a->request->crash, a->sr);
	a->empty_initrd = a->empty_initrd && !a->counted;
	if (a->empty_initrd)
		rc = files_empty_initrd_fd(f, &a->initrd_fd);
	return failure_of(PHASE_PREPARE, rc);
}

struct failure apply_file_load(const struct plan_request *request, struct files *files,
			       const struct sysroot *sr)
{
	struct apply_file a = { .request = request, .sr = sr, .files = files };
	const char *running = "", *rather = plan_rather_kexec_load(request);
	const struct arch *arch = arch_here(sr);
	struct plan_request wanted;
	struct arena arena = {0};
	int rc = check_reservation(request, sr);
	struct failure f;

	if (rc >= 0 && request->reuse_cmdline)
		rc = machine_cmdline(sr, &arena, &running);
	f = rc < 0 ? failure_of(PHASE_PREPARE, rc) : apply_file_open(&a, arch);
	if (f.rc >= 0 && rather)
		notice("%s: the running kernel's own loader knows nothing of that", rather);
	wanted = cmdline_with_inside(request, files->kernel.cmdline);
	a.cmdline = plan_capture_words(&arena, arch, request,
				       cmdline_wanted(&arena, running, &wanted));
	progress_begin(APPLY_STEP);
	if (f.rc >= 0)
		f = apply_file_make(&a);
	progress_advance(f.rc < 0 ? 0 : files->kernel.file.size + files->initrd.size);
	progress_end();
	arena_free(&arena);
	return f;
}

int apply_file_unload(bool crash, const struct sysroot *sr)
{
	unsigned long flags = FILE_UNLOAD | (crash ? FILE_ON_CRASH : 0);
	int rc = APPLY_RETRY(apply_tries(crash, sr),
			     syscalls.kexec_file_load(-1, -1, 0, NULL, flags));

	if (rc < 0)
		return fail(-rc, "kexec unload failed: %s: %s", strerror(-rc),
			    apply_file_cause(-rc, crash, sr));
	return 0;
}
