// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arch.h"

extern const struct arch arch_ppc64, arch_x86_64;

static const struct arch *const arches[] = { &arch_ppc64, &arch_x86_64 };

const struct arch *arch_find(const char *uname_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i]->is_machine(uname_machine))
			return arches[i];
	return NULL;
}

const char *arch_udev_name(const char *uname_machine)
{
	static const char *const names[][2] = {
		{ "ppc64le", "ppc64-le" }, { "ppc64", "ppc64" }, { "x86_64", "x86-64" },
		{ "aarch64", "arm64" }, { "aarch64_be", "arm64-be" }, { "s390x", "s390x" },
		{ "riscv64", "riscv64" }, { "loongarch64", "loongarch64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i][0], uname_machine))
			return names[i][1];
	return NULL;
}
