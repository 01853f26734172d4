// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#ifdef __aarch64__
/*
 * The instructions for this file alone: gcc by a pragma, clang by function, once its header is
 * told.
 */
#ifdef __clang__
#define WITH_UNIT __attribute__((target("sha2")))
#ifndef __ARM_FEATURE_SHA2
#define __ARM_FEATURE_SHA2 1
#endif
#else
#pragma GCC target("+crypto")
#define WITH_UNIT
#endif
#include <arm_neon.h>

#include "purgatory/arch/arm64/lanes.h"

#define INLINE static inline __attribute__((always_inline)) WITH_UNIT

/* One lane: its state and the last 16 words. */
struct stream {
	const uint8_t *data;
	uint32x4_t abcd, efgh;
	uint32x4_t w0, w1, w2, w3;
};

/* Four words of the message: they are big-endian. */
INLINE uint32x4_t first(const uint8_t *p)
{
	return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)));
}

/* Of the sixteen from @a to @d the four which follow. */
INLINE uint32x4_t next(uint32x4_t a, uint32x4_t b, uint32x4_t c, uint32x4_t d)
{
	return vsha256su1q_u32(vsha256su0q_u32(a, b), c, d);
}

INLINE void four_rounds(struct stream *s, uint32x4_t w, const uint32_t *k)
{
	uint32x4_t x = vaddq_u32(w, vld1q_u32(k)), abcd = s->abcd;

	s->abcd = vsha256hq_u32(abcd, s->efgh, x);
	s->efgh = vsha256h2q_u32(s->efgh, abcd, x);
}

/* An instruction takes longer than the next one has to wait: so there are two streams. */
#define BOTH(WORD, VALUE, k) do {						\
	x->WORD = VALUE(x);							\
	y->WORD = VALUE(y);							\
	four_rounds(x, x->WORD, k);						\
	four_rounds(y, y->WORD, k);						\
} while (0)

#define FIRST0(s) first((s)->data)
#define FIRST1(s) first((s)->data + 16)
#define FIRST2(s) first((s)->data + 32)
#define FIRST3(s) first((s)->data + 48)
#define NEXT0(s) next((s)->w0, (s)->w1, (s)->w2, (s)->w3)
#define NEXT1(s) next((s)->w1, (s)->w2, (s)->w3, (s)->w0)
#define NEXT2(s) next((s)->w2, (s)->w3, (s)->w0, (s)->w1)
#define NEXT3(s) next((s)->w3, (s)->w0, (s)->w1, (s)->w2)

INLINE void compress_two(struct stream *x, struct stream *y)
{
	uint32x4_t abcd[2] = { x->abcd, y->abcd }, efgh[2] = { x->efgh, y->efgh };
	const uint32_t *k = sha256_k;

	BOTH(w0, FIRST0, k);
	BOTH(w1, FIRST1, k + 4);
	BOTH(w2, FIRST2, k + 8);
	BOTH(w3, FIRST3, k + 12);
	for (k += 16; k != sha256_k + 64; k += 16) {
		BOTH(w0, NEXT0, k);
		BOTH(w1, NEXT1, k + 4);
		BOTH(w2, NEXT2, k + 8);
		BOTH(w3, NEXT3, k + 12);
	}
	x->abcd = vaddq_u32(x->abcd, abcd[0]);
	y->abcd = vaddq_u32(y->abcd, abcd[1]);
	x->efgh = vaddq_u32(x->efgh, efgh[0]);
	y->efgh = vaddq_u32(y->efgh, efgh[1]);
}

WITH_UNIT void lanes_arm64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	for (unsigned int lane = 0; lane < LANES; lane += 2) {
		uint32_t *to_x = state[lane], *to_y = state[lane + 1];
		struct stream x = { .data = data + lane * stride };
		struct stream y = { .data = data + (lane + 1) * stride };

		x.abcd = vld1q_u32(to_x);
		x.efgh = vld1q_u32(to_x + 4);
		y.abcd = vld1q_u32(to_y);
		y.efgh = vld1q_u32(to_y + 4);
		for (size_t i = 0; i < n; i++) {
			compress_two(&x, &y);
			x.data += SHA256_BLOCK_SIZE;
			y.data += SHA256_BLOCK_SIZE;
		}
		vst1q_u32(to_x, x.abcd);
		vst1q_u32(to_x + 4, x.efgh);
		vst1q_u32(to_y, y.abcd);
		vst1q_u32(to_y + 4, y.efgh);
	}
}
#endif
