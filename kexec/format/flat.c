// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A flat kernel: just its bytes, as `objcopy -O binary` makes them of vmlinux.
 * Nothing in it says how much memory it zeroes behind itself; the architecture
 * finds out what it is.
 */
#include "kexec/format/format.h"

#define BSS_MIN	((uint64_t)16 << 20)	/* a generous guess: real ones have 1 to 20 MiB */

int kernel_understand_flat(struct kernel *k, struct arena *arena, uint64_t load)
{
	uint64_t size = k->file.size;

	k->flat = true;
	k->align = 1;
	k->bits = 64;
	k->low = load;
	k->n_pieces = 1;
	k->piece = arena_alloc(arena, sizeof(*k->piece));
	k->piece[0] = (struct kernel_piece){
		.addr = load, .filesz = size, .memsz = size + (size > BSS_MIN ? size : BSS_MIN),
	};
	k->high = load + k->piece[0].memsz;
	return 0;
}
