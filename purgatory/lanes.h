/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The digest of an image, as params.h defines it: SHA-256 in four lanes that do not depend on each
 * other, and over the lanes' digests. One source for the loader and the purgatory. Freestanding:
 * no libc, no relocation.
 *
 * What hashes the lanes is a function, because a processor may have a unit which does it several
 * times as fast: arch/NAME/lanes.c.
 */
#ifndef PURGATORY_LANES_H
#define PURGATORY_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sha256.h"

#define LANES		4
#define LANES_PAGE	4096		/* bytes for one lane before it is the next one's turn */
#define LANES_GROUP	(LANES * LANES_PAGE)

/*
 * Add @n blocks of SHA256_BLOCK_SIZE bytes to each lane's state: those of lane i follow each other
 * from @data + i * @stride on. Of the functions which do it all give the same.
 */
typedef void lanes_blocks(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n);

/* The purgatory takes their addresses, and cannot be relocated. */
#define LANES_HERE __attribute__((visibility("hidden")))

/* With nothing but C: the one that every processor has. */
LANES_HERE lanes_blocks lanes_portable;

struct lanes {
	lanes_blocks *blocks;
	uint32_t state[LANES][8];
	uint64_t length;		/* bytes of each lane so far, a multiple of LANES_PAGE */
};

void lanes_init(struct lanes *l, lanes_blocks *blocks);

/* The bytes of the next region. */
void lanes_region(struct lanes *l, const void *data, uint64_t size);

/* Of all regions so far: struct purgatory_name, check. */
uint32_t lanes_check(const struct lanes *l);

/* @table: the regions' entries of the parameters, @len bytes, as they are there. */
void lanes_final(struct lanes *l, const void *table, size_t len,
		 uint8_t digest[SHA256_DIGEST_SIZE]);

/* Is each of the @size bytes at @at zero? */
bool lanes_zeros(const void *at, uint64_t size);

#endif
