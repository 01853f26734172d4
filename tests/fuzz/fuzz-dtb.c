// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Device tree blobs, for libFuzzer: what is accepted flattens again, to a blob
 * that reads back as the same tree, and what it says of memory can be read.
 */
#include <stdlib.h>

#include "kexec/arch/ppc64/ppc64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_memory(const struct dt_node *root)
{
	RANGES_AUTO memory = {0};
	struct dt_cells cells;

	if (dt_cells(root, &cells) >= 0)
		ppc64_memory_of(root, cells, &memory);
	fail_forget();
}

static void flatten_again(struct arena *arena, const struct dt_node *root,
			  const struct ranges *reserve)
{
	RANGES_AUTO again = {0};
	struct dt_node *tree;
	uint8_t *blob;
	size_t size;

	if (dt_flatten(root, reserve, &blob, &size) < 0) {
		fail_forget();
		return;
	}
	if (dt_read_blob(arena, blob, size, &tree, &again) >= 0 && !dt_same(root, tree))
		abort();
	fail_forget();
	free(blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	RANGES_AUTO reserve = {0};
	struct dt_node *root;

	if (dt_read_blob(&arena, data, size, &root, &reserve) >= 0) {
		read_memory(root);
		flatten_again(&arena, root, &reserve);
	} else if (!*fail_text()) {
		abort();	/* an error without words */
	}
	fail_forget();
	arena_free(&arena);
	return 0;
}
