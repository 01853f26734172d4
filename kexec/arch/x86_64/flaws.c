// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "kexec/arch/x86_64/x86_64.h"

/* There is no backup region to be lost: the running kernel never uses the first 1 MiB. */
static enum answer has_always(const struct machine *m)
{
	(void)m;
	return ANSWER_YES;
}

const struct flaw x86_64_flaws[X86_64_N_FLAWS] = {
	/*
	 * Its handler looks at /proc/iomem's resources when memory goes offline, before
	 * mm/memory_hotplug.c:try_remove_memory takes them away, and nothing calls it afterwards.
	 */
	{ .effect = FLAW_KEEPS_REMOVED,
	  .has = has_always,
	  .text = "this kernel leaves memory that was removed in the image, and the capture"
		  " kernel would read"
		  " what is not there",
	  .advice =
		  "no udev rule reloads on the event \"remove\" of memory when crash_hotplug"
		  " reads 1" },
};
