// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/cmdline.h"
#include "kexec/fileproof.h"
#include "kexec/plan.h"

static int fileproof_kernel(const struct machine *m, const struct kernel *k,
			    const struct plan_request *request)
{
	int rc = k->flat ? 0 : m->arch->check_kernel(k);

	if (rc >= 0)
		rc = plan_check_type(m, k, request->type);
	return rc < 0 || k->flat || !request->crash ? rc :
	       plan_check_byte_order(m, k->little, request->kernel);
}

/*
 * fs/kernel_read_file.c answers ETXTBSY for a file that somebody has open for
 * writing; such a file cannot be leased.
 */
static int fileproof_not_written(const struct file *f)
{
	return !f->is_written ? 0 :
				fail(ETXTBSY,
				     "%s: is open for writing, so the running kernel would not"
				     " load it; try again when it is finished",
				     f->name);
}

static int fileproof_size(const struct machine *m, uint64_t kernel, uint64_t initrd)
{
	uint64_t region = UINT64_MAX, limit = m->ram_managed ? machine_image_limit(m) : UINT64_MAX;

	if (state_crash_size(m->sr, &region) < 0)
		fail_forget();
	if (!region)
		return fail(ENODEV,
			    "Memory for crashkernel is not reserved: boot with crashkernel=SIZE"
			    " (try crashkernel=512M) and load again");
	if (m->crash.end - m->crash.start && m->crash.end - m->crash.start < region)
		region = m->crash.end - m->crash.start;
	if (region < limit)
		limit = region;
	if (kernel <= limit && initrd <= limit - kernel)
		return 0;
	return fail(ENOSPC,
		    "the kernel (0x%" PRIx64 " bytes) and the initrd (0x%" PRIx64 ") are together"
		    " larger than 0x%" PRIx64 " bytes, %s",
		    kernel, initrd, limit,
		    limit == region ? "the crash region; reserve more with crashkernel=" :
				      "half of memory, which the"
				      " running kernel refuses; use a smaller initrd");
}

/* The running kernel puts elfcorehdr= in front (kexec/file_load.c:setup_kdump_cmdline). */
static int fileproof_command_line(const struct machine *m, const struct plan_request *request)
{
	struct arena arena = {0};
	const char *running = "", *wanted;
	uint64_t len;
	int rc = request->reuse_cmdline ? machine_cmdline(m->sr, &arena, &running) : 0;

	if (rc < 0)
		return rc;
	wanted = plan_capture_words(&arena, m->arch, request,
				    cmdline_wanted(&arena, running, request));
	len = strlen(wanted) + strlen("elfcorehdr=0x0 ");
	for (uint64_t start = m->crash.start >> 4; start; start >>= 4)
		len++;
	arena_free(&arena);
	if (len < m->arch->command_line_size)
		return 0;
	return fail(E2BIG,
		    "Command line overflow: %" PRIu64
		    " bytes with what the running kernel adds, the"
		    " kernel takes %" PRIu64 "; shorten it",
		    len, m->arch->command_line_size - 1);
}

static struct failure fileproof_initrd(const struct machine *m, struct files *f,
				       const struct plan_request *request, uint64_t *size)
{
	int rc = files_open_initrd(f, request, m->arch, size);

	return failure_of(PHASE_INITRD, rc < 0 ? fail_in(rc, "Could not open initrd file") : 0);
}

static int fileproof_room(const struct machine *m, const struct files *f,
			  const struct plan_request *request, uint64_t initrd)
{
	struct plan_request wanted = cmdline_with_inside(request, f->kernel.cmdline);
	int rc = fileproof_size(m, f->kernel.high - f->kernel.low, initrd);

	if (rc >= 0)
		rc = fileproof_command_line(m, &wanted);
	return rc < 0 || !m->arch->prove_region ? rc : m->arch->prove_region(m);
}

static struct failure fileproof_crash(const struct machine *m, struct files *f,
				      const struct plan_request *request)
{
	uint64_t initrd = 0;
	int rc = fileproof_not_written(&f->kernel.file);
	struct failure failure = failure_of(PHASE_FILES, rc);

	if (rc >= 0)
		failure = fileproof_initrd(m, f, request, &initrd);
	if (failure.rc < 0)
		return failure;
	rc = fileproof_not_written(&f->initrd);
	return failure_of(PHASE_PLAN, rc < 0 ? rc : fileproof_room(m, f, request, initrd));
}

struct failure fileproof(const struct machine *m, struct files *f,
			 const struct plan_request *request)
{
	int rc;

	if (!m->arch)
		return NO_FAILURE;
	rc = files_open_kernel(f, request, m->arch);
	if (rc >= 0)
		rc = fileproof_kernel(m, &f->kernel, request);
	return rc >= 0 && request->crash ? fileproof_crash(m, f, request) :
					   failure_of(PHASE_FILES, rc);
}
