// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What is known of the running kernel from its release number alone. */
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"

/*
 * Linux 6.10 learned to rewrite the elfcorehdr, and with every change of
 * memory forgot where the backup region is, until commits f53b24d1fa26 and
 * 789335cacdf3 of 2026 (arch/powerpc/kexec/crash.c:sync_backup_region_phdr).
 * Of the stable series 6.12 has them since 6.12.91; those in `ended` ended
 * before; of others nothing is known. Linux 7.1 came after them.
 */
#define MENDED_6_12	91
static const unsigned int ended[] = { 10, 11, 13, 14, 15, 16 };		/* 6.N */

static enum answer stable_6(unsigned int minor, unsigned int patch)
{
	if (minor == 12)
		return patch >= MENDED_6_12 ? ANSWER_YES : ANSWER_NO;
	for (size_t i = 0; i < ARRAY_SIZE(ended); i++)
		if (ended[i] == minor)
			return ANSWER_NO;
	return ANSWER_UNKNOWN;
}

/*
 * A distribution that stays at the first number of a series ("6.12.0-55.el10")
 * puts its own selection of fixes on it: nothing is known of those.
 */
enum answer ppc64_keeps_backup(const char *release)
{
	unsigned int major = 0, minor = 0, patch = 0;
	int n = sscanf(release, "%4u.%4u.%4u", &major, &minor, &patch);
	bool plain = strspn(release, "0123456789.") == strlen(release);

	if (n < 2 || strstr(release, "-rc"))
		return ANSWER_UNKNOWN;
	if (major > 7 || (major == 7 && minor >= 1))
		return ANSWER_YES;
	return major == 6 && (patch || plain) ? stable_6(minor, patch) : ANSWER_UNKNOWN;
}
