// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/bytes.h"
#include "kexec/arch/lanes.h"

static const struct lanes_unit *const lanes_units[] = {
	&lanes_unit_arm64, &lanes_unit_ppc64, &lanes_unit_x86_64,
};

static const struct lanes_unit lanes_unit_portable = {
	.name = "portable", .blocks = lanes_portable,
};

const struct lanes_unit *lanes_here(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(lanes_units); i++)
		if (lanes_units[i]->name && lanes_units[i]->here())
			return lanes_units[i];
	return &lanes_unit_portable;
}
