// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "kexec/arch/lanes.h"

#ifdef __powerpc64__
#include <sys/auxv.h>

#include "kexec/arch/ppc64/lanes.h"
#include "purgatory/arch/ppc64/lanes.h"

static bool has_vector_crypto(void)
{
	return ppc64_has_lanes(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
}

const struct lanes_unit lanes_unit_ppc64 = { "vshasigmaw", has_vector_crypto, lanes_ppc64 };
#else
const struct lanes_unit lanes_unit_ppc64;
#endif
