// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/sha256.h"

/* FIPS 180-4 section 4.2.2 */
const uint32_t sha256_k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

/* Section 5.3.3 */
const uint32_t sha256_start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

void sha256_store(uint8_t *p, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> (8 * (size - 1 - i)));
}

/* FIPS 180-4 section 6.2.2, a round: the registers stay where they are, their names move on. */
#define ROUND(a, b, c, d, e, f, g, h, k, x) do {						\
	uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +			\
		      (g ^ (e & (f ^ g))) + (k) + (x);						\
	d += t1;										\
	h = t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));	\
} while (0)

/* Eight rounds from t on, after which every name is back at its register. */
#define ROUNDS(t) do {								\
	ROUND(a, b, c, d, e, f, g, h, k[(t) + 0], w[(t) + 0]);			\
	ROUND(h, a, b, c, d, e, f, g, k[(t) + 1], w[(t) + 1]);			\
	ROUND(g, h, a, b, c, d, e, f, k[(t) + 2], w[(t) + 2]);			\
	ROUND(f, g, h, a, b, c, d, e, k[(t) + 3], w[(t) + 3]);			\
	ROUND(e, f, g, h, a, b, c, d, k[(t) + 4], w[(t) + 4]);			\
	ROUND(d, e, f, g, h, a, b, c, k[(t) + 5], w[(t) + 5]);			\
	ROUND(c, d, e, f, g, h, a, b, k[(t) + 6], w[(t) + 6]);			\
	ROUND(b, c, d, e, f, g, h, a, k[(t) + 7], w[(t) + 7]);			\
} while (0)

#define NEXT(t) (w[t] += w[((t) + 9) & 15] + small0(w[((t) + 1) & 15]) + small1(w[((t) + 14) & 15]))
#define NEXT4(t) (NEXT(t), NEXT((t) + 1), NEXT((t) + 2), NEXT((t) + 3))

static inline uint32_t small0(uint32_t x)
{
	return rotate(x, 7) ^ rotate(x, 18) ^ x >> 3;
}

static inline uint32_t small1(uint32_t x)
{
	return rotate(x, 17) ^ rotate(x, 19) ^ x >> 10;
}

void sha256_compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	const uint32_t *k = sha256_k;
	uint32_t w[16];

	for (unsigned int i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (;;) {
		ROUNDS(0);
		ROUNDS(8);
		k += 16;
		if (k == sha256_k + 64)
			break;
		NEXT4(0);
		NEXT4(4);
		NEXT4(8);
		NEXT4(12);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_init(struct sha256 *s)
{
	for (unsigned int i = 0; i < 8; i++)
		s->state[i] = sha256_start[i];
	s->length = 0;
}

void sha256_update(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t have = s->length % SHA256_BLOCK_SIZE;

	s->length += len;
	if (have) {
		while (len && have < SHA256_BLOCK_SIZE) {
			s->block[have++] = *p++;
			len--;
		}
		if (have < SHA256_BLOCK_SIZE)
			return;
		sha256_compress(s->state, s->block);
	}
	for (; len >= SHA256_BLOCK_SIZE; len -= SHA256_BLOCK_SIZE, p += SHA256_BLOCK_SIZE)
		sha256_compress(s->state, p);
	for (size_t i = 0; i < len; i++)
		s->block[i] = p[i];
}

void sha256_final(struct sha256 *s, uint8_t digest[SHA256_DIGEST_SIZE])
{
	size_t have = s->length % SHA256_BLOCK_SIZE;

	s->block[have++] = 0x80;
	if (have > SHA256_BLOCK_SIZE - 8) {
		while (have < SHA256_BLOCK_SIZE)
			s->block[have++] = 0;
		sha256_compress(s->state, s->block);
		have = 0;
	}
	while (have < SHA256_BLOCK_SIZE - 8)
		s->block[have++] = 0;
	sha256_store(s->block + have, s->length * 8, 8);
	sha256_compress(s->state, s->block);
	for (unsigned int i = 0; i < 8; i++)
		sha256_store(digest + 4 * i, s->state[i], 4);
}
