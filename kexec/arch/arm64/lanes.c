// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "kexec/arch/lanes.h"

#ifdef __aarch64__
#include <sys/auxv.h>

#include "purgatory/arch/arm64/lanes.h"

#define HWCAP_WITH_SHA2	(1ul << 6)	/* arch/arm64/include/uapi/asm/hwcap.h:HWCAP_SHA2 */

static bool has_sha2(void)
{
	return getauxval(AT_HWCAP) & HWCAP_WITH_SHA2;
}

const struct lanes_unit lanes_unit_arm64 = { "FEAT_SHA256", has_sha2, lanes_arm64 };
#else
const struct lanes_unit lanes_unit_arm64;
#endif
