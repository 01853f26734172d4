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

/* One lane: its state (a to d, e to h) and the last 16 words. */
struct stream {
	const uint8_t *data;
	uint32x4_t low, high;
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
	uint32x4_t x = vaddq_u32(w, vld1q_u32(k)), abcd = s->low;

	s->low = vsha256hq_u32(abcd, s->high, x);
	s->high = vsha256h2q_u32(s->high, abcd, x);
}

INLINE uint32x4_t add(uint32x4_t a, uint32x4_t b)
{
	return vaddq_u32(a, b);
}

INLINE void take_state(struct stream *s, const uint32_t state[8])
{
	s->low = vld1q_u32(state);
	s->high = vld1q_u32(state + 4);
}

INLINE void give_state(const struct stream *s, uint32_t state[8])
{
	vst1q_u32(state, s->low);
	vst1q_u32(state + 4, s->high);
}

#include "purgatory/two-streams.h"

WITH_UNIT void lanes_arm64(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
{
	two_streams(state, data, stride, n);
}
#endif
