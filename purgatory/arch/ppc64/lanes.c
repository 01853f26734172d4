// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#ifdef __powerpc64__
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("cpu=power8")	/* also where the rest is for an older one */
#endif
#include <altivec.h>
#undef bool
#undef pixel
#undef vector

#include "purgatory/arch/ppc64/lanes.h"

typedef __vector unsigned int words;		/* one of each lane */
typedef __vector unsigned char bytes;

/* FIPS 180-4 section 4.1.2: the functions of a round are of type 1, those of the schedule 0. */
#define BIG0(x) __builtin_crypto_vshasigmaw(x, 1, 0)
#define BIG1(x) __builtin_crypto_vshasigmaw(x, 1, 15)
#define SMALL0(x) __builtin_crypto_vshasigmaw(x, 0, 0)
#define SMALL1(x) __builtin_crypto_vshasigmaw(x, 0, 15)

#define ROUND(a, b, c, d, e, f, g, h, k, x) do {					\
	words t1 = h + BIG1(e) + vec_sel(g, f, e) + (k) + (x);				\
	d += t1;									\
	h = t1 + BIG0(a) + vec_sel(b, c, vec_xor(a, b));				\
} while (0)

/* Eight rounds from t on, after which every name is back at its register. */
#define ROUNDS(t) do {									\
	words k = vec_xl(4 * (t), next_k);						\
	ROUND(a, b, c, d, e, f, g, h, vec_splat(k, 0), w[(t) + 0]);			\
	ROUND(h, a, b, c, d, e, f, g, vec_splat(k, 1), w[(t) + 1]);			\
	ROUND(g, h, a, b, c, d, e, f, vec_splat(k, 2), w[(t) + 2]);			\
	ROUND(f, g, h, a, b, c, d, e, vec_splat(k, 3), w[(t) + 3]);			\
	k = vec_xl(4 * (t) + 16, next_k);						\
	ROUND(e, f, g, h, a, b, c, d, vec_splat(k, 0), w[(t) + 4]);			\
	ROUND(d, e, f, g, h, a, b, c, vec_splat(k, 1), w[(t) + 5]);			\
	ROUND(c, d, e, f, g, h, a, b, vec_splat(k, 2), w[(t) + 6]);			\
	ROUND(b, c, d, e, f, g, h, a, vec_splat(k, 3), w[(t) + 7]);			\
} while (0)

#define NEXT(t) (w[t] += SMALL0(w[((t) + 1) & 15]) + w[((t) + 9) & 15] + SMALL1(w[((t) + 14) & 15]))
#define NEXT4(t) (NEXT(t), NEXT((t) + 1), NEXT((t) + 2), NEXT((t) + 3))

/* Rows become columns: of four vectors of one lane's words four of all lanes', and back. */
static inline void transpose(words v[4])
{
	words a = vec_mergeh(v[0], v[2]), b = vec_mergeh(v[1], v[3]);
	words c = vec_mergel(v[0], v[2]), d = vec_mergel(v[1], v[3]);

	v[0] = vec_mergeh(a, b);
	v[1] = vec_mergel(a, b);
	v[2] = vec_mergeh(c, d);
	v[3] = vec_mergel(c, d);
}

/* Words of a message are big-endian. */
static inline words take_words(const uint8_t *p)
{
	bytes x = vec_xl(0, (const unsigned char *)p);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	x = vec_perm(x, x, (bytes){ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 });
#endif
	return (words)x;
}

static inline void take_block(words w[16], const uint8_t *data, size_t stride)
{
	for (unsigned int i = 0; i < 16; i += 4) {
		for (unsigned int lane = 0; lane < LANES; lane++)
			w[i + lane] = take_words(data + lane * stride + 4 * i);
		transpose(w + i);
	}
}

static inline void compress_four(words state[8], words w[16])
{
	words a = state[0], b = state[1], c = state[2], d = state[3];
	words e = state[4], f = state[5], g = state[6], h = state[7];
	const uint32_t *next_k = sha256_k;

	for (;;) {
		ROUNDS(0);
		ROUNDS(8);
		next_k += 16;
		if (next_k == sha256_k + 64)
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

void lanes_ppc64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	words all[8], w[16];

	for (unsigned int half = 0; half < 2; half++) {
		for (unsigned int lane = 0; lane < LANES; lane++)
			all[4 * half + lane] = vec_xl(16 * half, state[lane]);
		transpose(all + 4 * half);
	}
	for (; n; n--, data += SHA256_BLOCK_SIZE) {
		take_block(w, data, stride);
		compress_four(all, w);
	}
	for (unsigned int half = 0; half < 2; half++) {
		transpose(all + 4 * half);
		for (unsigned int lane = 0; lane < LANES; lane++)
			vec_xst(all[4 * half + lane], 16 * half, state[lane]);
	}
}
#endif
