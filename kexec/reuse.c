// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/cmdline.h"
#include "kexec/reuse.h"

int reuse_initrd(const struct sysroot *sr, struct arena *arena, struct plan_request *request)
{
	const char *cmdline;
	size_t len;
	int rc = machine_cmdline(sr, arena, &cmdline);

	if (rc < 0)
		return rc;
	if (!cmdline_find(cmdline, "retain_initrd", &len))
		return fail(
			ENOENT,
			"--reuseinitrd: the running kernel has not kept its initrd; boot it with"
			" retain_initrd, or name a file with --initrd");
	if (sysroot_exists(sr, SYS_INITRD)) {
		STRING_AUTO name = sysroot_name(sr, SYS_INITRD);

		request->initrd = arena_string(arena, name, strlen(name));
		request->reuse_initrd = false;
		return 0;
	}
	if (request->crash)
		return fail(ENOTSUP,
			    "--reuseinitrd: the running kernel shows its initrd only in memory,"
			    " outside the crash region; name a file with --initrd");
	return 0;
}
