// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <stdint.h>

#include "kexec/state.h"

/* A file that reads 0 or 1. */
static int state_answer(const struct sysroot *sr, const char *path, const char *old_path,
			enum answer *out)
{
	uint64_t value = 0;
	int rc = sysroot_number2(sr, path, old_path, &value);

	*out = rc < 0 ? ANSWER_UNKNOWN : value == 1 ? ANSWER_YES : ANSWER_NO;
	return rc == -ENOENT ? 0 : rc;
}

static int state_size(const struct sysroot *sr, const char *path, const char *old_path,
		      uint64_t *out)
{
	int rc = sysroot_number2(sr, path, old_path, out);

	if (rc < 0)
		*out = STATE_SIZE_UNKNOWN;
	return rc == -ENOENT ? 0 : rc;
}

int state_loaded(const struct sysroot *sr, bool crash, enum answer *loaded)
{
	return crash ? state_answer(sr, SYS_CRASH_LOADED, SYS_CRASH_LOADED_OLD, loaded) :
		       state_answer(sr, SYS_LOADED, SYS_LOADED_OLD, loaded);
}

int state_crash_size(const struct sysroot *sr, uint64_t *size)
{
	return state_size(sr, SYS_CRASH_SIZE, SYS_CRASH_SIZE_OLD, size);
}

int state_kept(const struct sysroot *sr, enum answer *cpu, enum answer *memory)
{
	int rc = state_answer(sr, SYS_CPU_CRASH_HOTPLUG, SYS_CPU_CRASH_HOTPLUG, cpu);

	*memory = ANSWER_UNKNOWN;
	return rc < 0 ?
		rc :
		state_answer(sr, SYS_MEMORY_CRASH_HOTPLUG, SYS_MEMORY_CRASH_HOTPLUG, memory);
}

bool state_keeps(enum answer this, enum answer other)
{
	return this == ANSWER_YES || (this == ANSWER_UNKNOWN && other != ANSWER_UNKNOWN);
}

int state_fadump(const struct sysroot *sr, struct state_fadump *f)
{
	int rc = state_answer(sr, SYS_FADUMP_ENABLED, SYS_FADUMP_ENABLED_OLD, &f->enabled);

	if (rc >= 0)
		rc = state_answer(sr, SYS_FADUMP_REGISTERED, SYS_FADUMP_REGISTERED_OLD,
				  &f->registered);
	if (rc >= 0)
		rc = state_answer(sr, SYS_FADUMP_HOTPLUG_READY, SYS_FADUMP_HOTPLUG_READY,
				  &f->hotplug_ready);
	if (rc < 0)
		return rc;
	rc = state_size(sr, SYS_FADUMP_MEM_RESERVED, SYS_FADUMP_MEM_RESERVED, &f->reserved);
	return rc == -EBUSY ? 0 : rc;
}
