// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/policy.h"
#include "kexec/start.h"
#include "kexec/state.h"
#include "kexec/syscalls.h"

/*
 * Live update is told first, and may refuse: kernel/kexec_core.c:kernel_kexec, liveupdate_reboot().
 */
static const char *start_cause(int err, const struct sysroot *sr)
{
	struct policy policy;

	policy_guess(&policy, sr);
	if (err == EPERM)
		return ": it needs root (CAP_SYS_BOOT)";
	if (err == EBUSY)
		return ": a load or a hotplug update is going on; try again";
	return policy.preserves ?
		": what is preserved for the next kernel (live update) may not be ready; the"
		" kernel's log says more" :
		"";
}

struct failure start_now(const struct sysroot *sr, bool no_sync, bool no_ifdown)
{
	enum answer loaded;
	int rc = state_loaded(sr, false, &loaded);

	if (rc >= 0 && loaded != ANSWER_YES)
		rc = fail(ENOENT,
			  "Nothing has been loaded! Load a kernel with -l first, or use -f");
	if (rc < 0)
		return failure_of(PHASE_PREPARE, rc);
	if (!no_sync)
		syscalls.sync();
	if (!no_ifdown) {
		rc = syscalls.interfaces_down();
		if (rc < 0)
			notice("network interfaces stay up: %s", strerror(-rc));
	}
	rc = syscalls.reboot_kexec();
	fail(-rc, "kexec failed: %s%s", strerror(-rc), start_cause(-rc, sr));
	return failure_of(PHASE_CALL, rc);
}

int start_by_shutdown(void)
{
	int rc = syscalls.shut_down();

	if (rc == -ENOENT)
		return fail(ENOENT,
			    "the kernel is loaded, but there is neither systemctl nor shutdown to"
			    " reboot with; start it with -e");
	return rc < 0 ?
		fail(-rc, "the kernel is loaded, but the shutdown failed: %s; start it with -e",
		     strerror(-rc)) :
		0;
}
