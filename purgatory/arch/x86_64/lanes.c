// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#ifdef __x86_64__
#include <immintrin.h>

#include "purgatory/arch/x86_64/lanes.h"

#define WITH_UNIT __attribute__((target("sha,sse4.1")))
#define INLINE static inline __attribute__((always_inline)) WITH_UNIT

/* One lane: its state (a, b, e, f and c, d, g, h) and the last 16 words. */
struct stream {
	const uint8_t *data;
	__m128i low, high;
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

	s->low = _mm_alignr_epi8(badc, hgfe, 8);
	s->high = _mm_blend_epi16(hgfe, badc, 0xf0);
}

INLINE void give_state(const struct stream *s, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(s->low, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(s->high, 0xb1);

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

	s->high = _mm_sha256rnds2_epu32(s->high, s->low, x);
	s->low = _mm_sha256rnds2_epu32(s->low, s->high, _mm_shuffle_epi32(x, 0x0e));
}

INLINE __m128i add(__m128i a, __m128i b)
{
	return _mm_add_epi32(a, b);
}

#include "purgatory/two-streams.h"

WITH_UNIT void lanes_x86_64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	two_streams(state, data, stride, n);
}
#endif
