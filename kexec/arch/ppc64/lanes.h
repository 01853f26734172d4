/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
#ifndef KEXEC_ARCH_PPC64_LANES_H
#define KEXEC_ARCH_PPC64_LANES_H

#include <stdbool.h>
#include <stdint.h>

/* arch/powerpc/include/uapi/asm/cputable.h */
#define PPC64_HAS_ALTIVEC	0x10000000	/* of AT_HWCAP */
#define PPC64_HAS_VSX		0x00000080
#define PPC64_HAS_VEC_CRYPTO	0x02000000	/* of AT_HWCAP2 */

/* Do processors of which the kernel says this have what purgatory/arch/ppc64/lanes.h needs? */
static inline bool ppc64_has_lanes(uint64_t hwcap, uint64_t hwcap2)
{
	return hwcap & PPC64_HAS_ALTIVEC && hwcap & PPC64_HAS_VSX && hwcap2 & PPC64_HAS_VEC_CRYPTO;
}

#endif
