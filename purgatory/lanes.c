// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/lanes.h"

void lanes_portable(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	for (unsigned int lane = 0; lane < LANES; lane++)
		for (size_t i = 0; i < n; i++)
			sha256_compress(state[lane], data + lane * stride + i * SHA256_BLOCK_SIZE);
}

void lanes_init(struct lanes *l, lanes_blocks *blocks)
{
	l->blocks = blocks;
	l->length = 0;
	for (unsigned int lane = 0; lane < LANES; lane++)
		for (unsigned int i = 0; i < 8; i++)
			l->state[lane][i] = sha256_start[i];
}

/* What is no whole group, with zeros up to the end of one: a block of each lane at a time. */
static void lanes_rest(struct lanes *l, const uint8_t *data, size_t size)
{
	uint8_t row[LANES][SHA256_BLOCK_SIZE];

	for (size_t at = 0; at < LANES_PAGE; at += SHA256_BLOCK_SIZE) {
		for (unsigned int lane = 0; lane < LANES; lane++)
			for (size_t i = 0; i < SHA256_BLOCK_SIZE; i++) {
				size_t from = lane * LANES_PAGE + at + i;

				row[lane][i] = from < size ? data[from] : 0;
			}
		l->blocks(l->state, row[0], SHA256_BLOCK_SIZE, 1);
	}
	l->length += LANES_PAGE;
}

void lanes_region(struct lanes *l, const void *data, uint64_t size)
{
	const uint8_t *p = data;

	for (; size >= LANES_GROUP; size -= LANES_GROUP, p += LANES_GROUP) {
		l->blocks(l->state, p, LANES_PAGE, LANES_PAGE / SHA256_BLOCK_SIZE);
		l->length += LANES_PAGE;
	}
	if (size)
		lanes_rest(l, p, (size_t)size);
}

uint32_t lanes_check(const struct lanes *l)
{
	uint32_t check = 0;

	for (unsigned int lane = 0; lane < LANES; lane++)
		for (unsigned int i = 0; i < 8; i++)
			check ^= l->state[lane][i];
	return check;
}

/* FIPS 180-4 section 5.1.1: all lanes are of one length, which is whole blocks, and end alike. */
static void lanes_end(struct lanes *l)
{
	uint8_t row[LANES][SHA256_BLOCK_SIZE];

	for (unsigned int lane = 0; lane < LANES; lane++) {
		for (unsigned int i = 1; i < SHA256_BLOCK_SIZE - 8; i++)
			row[lane][i] = 0;
		row[lane][0] = 0x80;
		sha256_store(row[lane] + SHA256_BLOCK_SIZE - 8, l->length * 8, 8);
	}
	l->blocks(l->state, row[0], SHA256_BLOCK_SIZE, 1);
}

void lanes_final(struct lanes *l, const void *table, size_t len, uint8_t digest[SHA256_DIGEST_SIZE])
{
	uint8_t word[4];
	struct sha256 sha;

	lanes_end(l);
	sha256_init(&sha);
	for (unsigned int lane = 0; lane < LANES; lane++)
		for (unsigned int i = 0; i < 8; i++) {
			sha256_store(word, l->state[lane][i], sizeof(word));
			sha256_update(&sha, word, sizeof(word));
		}
	sha256_update(&sha, table, len);
	sha256_final(&sha, digest);
}

bool lanes_zeros(const void *at, uint64_t size)
{
	const uint8_t *p = at;
	uint64_t seen = 0, word;

	for (; size && (uintptr_t)p % sizeof(word); size--)
		seen |= *p++;
	for (; size >= 4 * sizeof(word); size -= 4 * sizeof(word), p += 4 * sizeof(word))
		for (unsigned int i = 0; i < 4; i++) {
			__builtin_memcpy(&word, p + i * sizeof(word), sizeof(word));
			seen |= word;
		}
	for (; size; size--)
		seen |= *p++;
	return !seen;
}
