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

static enum answer loses_backup(const struct machine *m)
{
	enum answer keeps = ppc64_keeps_backup(m->release);

	return keeps == ANSWER_UNKNOWN ? keeps : keeps == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
}

static enum answer is_big_endian(const struct machine *m)
{
	return m->little ? ANSWER_NO : ANSWER_YES;
}

const struct flaw ppc64_flaws[PPC64_N_FLAWS] = {
	/*
	 * arch/powerpc/purgatory/trampoline_64.S reads eight bytes of run_at_load, of
	 * which kexec/file_load_64.c:setup_purgatory_ppc64() writes the first four.
	 */
	{ .effect = FLAW_FILE_SPOILS,
	  .has = is_big_endian,
	  .spoils = true,
	  .text = "a capture kernel which a big-endian Linux loads by itself moves to address 0,"
		  " over the"
		  " memory to be dumped",
	  .advice = "use -c" },
	/*
	 * kexec/file_load_64.c:update_backup_region_phdr() looked at the first program
	 * header only, a note, until the commits named above.
	 */
	{ .effect = FLAW_FILE_FORGETS,
	  .has = loses_backup,
	  .text = "this Linux has a wrong place for the first 64 KiB of memory in a crash image"
		  " that it makes"
		  " by itself, they are wrong in a dump (6.12.91 and 7.1 are mended)",
	  .advice = "use -c" },
	{ .effect = FLAW_FORGETS,
	  .has = loses_backup,
	  .text = "this Linux loses the place of the first 64 KiB of memory when memory comes or"
		  " goes, they"
		  " are wrong in a dump after that (6.12.91 and 7.1 are mended)",
	  .advice = "reload after such changes" },
};
