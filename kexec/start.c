// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/machine.h"
#include "kexec/start.h"
#include "kexec/syscalls.h"

int start_now(const struct sysroot *sr, bool no_sync, bool no_ifdown)
{
	bool loaded = false;
	int rc = machine_image_loaded(sr, false, &loaded);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (!loaded)
		return fail(ENOENT, "Nothing has been loaded! Load a kernel with -l first, or use -f");
	if (!no_sync)
		syscalls.sync();
	if (!no_ifdown) {
		rc = syscalls.interfaces_down();
		if (rc < 0)
			notice("network interfaces stay up: %s", strerror(-rc));
	}
	rc = syscalls.reboot_kexec();
	return fail(-rc, "kexec failed: %s%s", strerror(-rc), rc == -EPERM ?
		    ": it needs root (CAP_SYS_BOOT)" : rc == -EBUSY ?
		    ": a load or a hotplug update is going on; try again" : "");
}

int start_by_shutdown(void)
{
	int rc = syscalls.shut_down();

	if (rc == -ENOENT)
		return fail(ENOENT, "the kernel is loaded, but there is neither systemctl nor shutdown to"
			    " reboot with; start it with -e");
	return rc < 0 ? fail(-rc, "the kernel is loaded, but the shutdown failed: %s; start it with -e",
			     strerror(-rc)) : 0;
}
