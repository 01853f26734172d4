// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arch.h"

extern const struct arch arch_ppc64, arch_x86_64, arch_arm64;

static const struct arch *const arches[] = { &arch_ppc64, &arch_x86_64, &arch_arm64 };

static bool arch_has(const struct arch *arch, const char *uname_machine)
{
	for (const char *const *name = arch->machines; *name; name++)
		if (!strcmp(*name, uname_machine))
			return true;
	return false;
}

const struct arch *arch_find(const char *uname_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arch_has(arches[i], uname_machine))
			return arches[i];
	return NULL;
}

char *arch_names(struct arena *a)
{
	char *names = arena_printf(a, "%s", "");

	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		for (const char *const *name = arches[i]->machines; *name; name++)
			names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", *name);
	return names;
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
