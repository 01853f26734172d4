/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
#ifndef TESTS_UNIT_BZIMAGE_H
#define TESTS_UNIT_BZIMAGE_H

#include "tests/unit/unit.h"

/* The few bytes that make a kernel for x86_64. */
static inline void bzimage_write(const char *dir, const char *name)
{
	uint8_t d[0x800] = "MZ";

	d[0x1f1] = 1;
	bytes_put(d + 0x1f4, 0x40, 4, true);
	bytes_put(d + 0x1fe, 0xaa55, 2, true);
	d[0x201] = 0x6a;
	memcpy(d + 0x202, "HdrS", 4);
	bytes_put(d + 0x206, 0x20f, 2, true);
	d[0x211] = 1;
	bytes_put(d + 0x22c, 0x7fffffff, 4, true);
	bytes_put(d + 0x230, 0x200000, 4, true);
	d[0x234] = 1;
	bytes_put(d + 0x236, 0x23, 2, true);
	bytes_put(d + 0x238, 2047, 4, true);
	bytes_put(d + 0x258, 0x1000000, 8, true);
	bytes_put(d + 0x260, 0x300000, 4, true);
	unit_write(dir, name, d, sizeof(d));
}

#endif
