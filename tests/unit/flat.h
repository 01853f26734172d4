/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Device tree blobs for tests. */
#ifndef TESTS_UNIT_FLAT_H
#define TESTS_UNIT_FLAT_H

#include <libfdt.h>

#include "kexec/devicetree.h"
#include "tests/unit/unit.h"

/* With @room free bytes: what totalsize promises beyond the strings block, the last one. */
static inline void flatten_with_room(const struct dt_node *tree, const struct ranges *reserve,
				     size_t room, uint8_t **fdt, size_t *size)
{
	assert_int_equal(dt_flatten(tree, reserve, fdt, size), 0);
	*fdt = mem_resize(*fdt, *size + room, 1);
	memset(*fdt + *size, 0, room);
	*size += room;
	fdt_set_totalsize(*fdt, (uint32_t)*size);
}

#endif
