/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* What tests of next-boot/ share. */
#ifndef TESTS_UNIT_BOOT_TREE_H
#define TESTS_UNIT_BOOT_TREE_H

#include "tests/unit/unit.h"

#include "next-boot/tree.h"

/* Emulators of older kernels have no openat2: then no file of a tree can be opened. */
static inline bool unit_opens_trees(void)
{
	struct place whole;
	struct tree tree;
	bool opens;

	if (tree_open(&tree, "/") < 0)
		return true;
	whole = tree_whole(&tree);
	opens = place_has(&whole, "/");
	tree_close(&tree);
	return opens || !unit_is_emulated();
}

#endif
