// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdio.h>

#include "kexec/rebootcpu.h"

int rebootcpu_get(const struct sysroot *sr, uint64_t *cpu)
{
	return sysroot_number(sr, SYS_REBOOT_CPU, 10, cpu);
}

static int write_setting(const struct sysroot *sr, uint64_t cpu)
{
	STRING_AUTO text = mem_printf("%" PRIu64 "\n", cpu);

	return sysroot_write(sr, SYS_REBOOT_CPU, text, false);
}

/* 1 and what it was before us and what we made of it, or 0: we did not change it. */
static int remembered(const struct sysroot *sr, uint64_t *before, uint64_t *ours)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(sr, RUN_REBOOT_CPU, &text);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return sscanf((char *)text.data, "%" SCNu64 " %" SCNu64, before, ours) == 2;
}

int rebootcpu_set(const struct sysroot *sr, uint64_t cpu)
{
	STRING_AUTO text = NULL;
	uint64_t now, before, ours;
	int rc = rebootcpu_get(sr, &now);

	if (rc < 0 || now == cpu)
		return rc;
	rc = remembered(sr, &before, &ours);
	if (rc < 0)
		return rc;
	if (!rc || ours != now)
		before = now;
	text = mem_printf("%" PRIu64 " %" PRIu64 "\n", before, cpu);
	if (sysroot_write(sr, RUN_REBOOT_CPU, text, true) < 0)
		warn("CPU %" PRIu64
		     " will start the next kernel, and --unload will not put CPU %" PRIu64
		     " back: %s",
		     cpu, before, fail_text());
	return write_setting(sr, cpu);
}

int rebootcpu_restore(const struct sysroot *sr)
{
	uint64_t now, before, ours;
	int rc = remembered(sr, &before, &ours);

	if (rc <= 0)
		return rc;
	rc = rebootcpu_get(sr, &now);
	if (rc >= 0 && now == ours)
		rc = write_setting(sr, before);
	if (rc >= 0 || rc == -ENOENT)
		sysroot_remove(sr, RUN_REBOOT_CPU);
	return rc == -ENOENT ? 0 : rc;
}
