// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * SHA-256 of lanes by a processor's instructions for it. One of them takes longer than the next has
 * to wait: so two lanes go side by side.
 *
 * What includes this, one file for each processor, has defined before
 *
 *   WITH_UNIT    the attribute of a function that may use the instructions
 *   INLINE       static inline, always, and WITH_UNIT
 *   struct stream    a lane: where its @data are, its state in two vectors (@low, @high), in
 *                the order which the instructions want, and the last 16 words, @w0 to @w3
 *   take_state(), give_state()    between that and the eight words of a state
 *   first(p)     four words of the message, which are big-endian
 *   next(a, b, c, d)    of the sixteen words from @a to @d the four which follow
 *   add(a, b)    of four words each
 *   four_rounds(s, w, k)
 */
#ifndef PURGATORY_TWO_STREAMS_H
#define PURGATORY_TWO_STREAMS_H

#include "purgatory/lanes.h"

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
	struct stream from_x = *x, from_y = *y;
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
	x->low = add(x->low, from_x.low);
	y->low = add(y->low, from_y.low);
	x->high = add(x->high, from_x.high);
	y->high = add(y->high, from_y.high);
}

/* As lanes.h has it of the function for each processor. */
INLINE void two_streams(uint32_t state[LANES][8], const uint8_t *data, size_t stride, size_t n)
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
