// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#ifdef __x86_64__
#include <immintrin.h>

#include "purgatory/arch/x86_64/lanes.h"

#define WITH_UNIT __attribute__((target("sha,sse4.1")))
#define INLINE static inline __attribute__((always_inline)) WITH_UNIT

/* One lane: a to h and the last 16 words, in the order which the instructions want. */
struct stream {
	const uint8_t *data;
	__m128i abef, cdgh;
	__m128i w0, w1, w2, w3;
};

INLINE __m128i load(const void *p)
{
	return _mm_loadu_si128(p);
}

INLINE void take_state(struct stream *s, const uint32_t state[8])
{
	__m128i badc = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(load(state + 4), 0x1b);

	s->abef = _mm_alignr_epi8(badc, hgfe, 8);
	s->cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
}

INLINE void give_state(const struct stream *s, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(s->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);

	_mm_storeu_si128((void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four words of the message. */
INLINE __m128i first(const uint8_t *p)
{
	return _mm_shuffle_epi8(load(p), _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

/* Of the sixteen from @a to @d the four which follow. */
INLINE __m128i next(__m128i a, __m128i b, __m128i c, __m128i d)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));

	return _mm_sha256msg2_epu32(sum, d);
}

INLINE void four_rounds(struct stream *s, __m128i w, const uint32_t *k)
{
	__m128i x = _mm_add_epi32(w, load(k));

	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, x);
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(x, 0x0e));
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
	__m128i abef[2] = { x->abef, y->abef }, cdgh[2] = { x->cdgh, y->cdgh };
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
	x->abef = _mm_add_epi32(x->abef, abef[0]);
	y->abef = _mm_add_epi32(y->abef, abef[1]);
	x->cdgh = _mm_add_epi32(x->cdgh, cdgh[0]);
	y->cdgh = _mm_add_epi32(y->cdgh, cdgh[1]);
}

WITH_UNIT void lanes_x86_64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	for (unsigned int lane = 0; lane < LANES; lane += 2) {
		struct stream x = { .data = data + lane * stride };
		struct stream y = { .data = data + (lane + 1) * stride };

		take_state(&x, state[lane]);
		take_state(&y, state[lane + 1]);
		for (size_t i = 0; i < n; i++) {
			compress_two(&x, &y);
			x.data += SHA256_BLOCK_SIZE;
			y.data += SHA256_BLOCK_SIZE;
		}
		give_state(&x, state[lane]);
		give_state(&y, state[lane + 1]);
	}
}
#endif
