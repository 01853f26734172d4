// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "kexec/arch/lanes.h"

#ifdef __x86_64__
#include <cpuid.h>

#include "purgatory/arch/x86_64/lanes.h"

#define LEAF_FEATURES	1	/* ECX */
#define HAS_SSSE3	(1u << 9)
#define HAS_SSE4_1	(1u << 19)
#define LEAF_MORE	7	/* EBX, of subleaf 0 */
#define HAS_SHA		(1u << 29)

static bool has_sha(void)
{
	const unsigned int sse = HAS_SSSE3 | HAS_SSE4_1;
	unsigned int a, b, c, d;

	return __get_cpuid(LEAF_FEATURES, &a, &b, &c, &d) && (c & sse) == sse &&
	       __get_cpuid_count(LEAF_MORE, 0, &a, &b, &c, &d) && b & HAS_SHA;
}

const struct lanes_unit lanes_unit_x86_64 = { "SHA extensions", has_sha, lanes_x86_64 };
#else
const struct lanes_unit lanes_unit_x86_64;
#endif
