// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/bytes.h"
#include "kexec/arch/arch.h"

extern const struct arch arch_ppc64;

static const struct arch *const arches[] = { &arch_ppc64 };

const struct arch *arch_find(const char *uname_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i]->is_machine(uname_machine))
			return arches[i];
	return NULL;
}
