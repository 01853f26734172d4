/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * SHA-256 (FIPS 180-4). Freestanding: the same source is part of the
 * purgatory, where there is no libc, no vector unit and no relocation.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* In the purgatory nothing is found by way of a table of addresses. */
#pragma GCC visibility push(hidden)

#define SHA256_DIGEST_SIZE 32
#define SHA256_BLOCK_SIZE 64

struct sha256 {
	uint32_t state[8];
	uint64_t length;			/* bytes so far */
	uint8_t block[SHA256_BLOCK_SIZE];	/* the last length % 64 bytes */
};

/* Of what is short: small rather than fast. */
__attribute__((cold)) void sha256_init(struct sha256 *s);
__attribute__((cold)) void sha256_update(struct sha256 *s, const void *data, size_t len);
__attribute__((cold)) void sha256_final(struct sha256 *s, uint8_t digest[SHA256_DIGEST_SIZE]);

/* For those who hash several messages at a time: FIPS 180-4's H(0) and K, and a block's step. */
extern const uint32_t sha256_start[8];
extern const uint32_t sha256_k[64] __attribute__((aligned(16)));
void sha256_compress(uint32_t state[8], const uint8_t *block);
/* @v as @size big-endian bytes. */
__attribute__((cold)) void sha256_store(uint8_t *p, uint64_t v, unsigned int size);

#pragma GCC visibility pop

#endif
