// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Where segments go, against a search through all places; kernels in pieces; digests. */
#include "tests/unit/unit.h"

#include "common/sha256.h"
#include "kexec/image.h"

enum { PAGE = 4096, UNIT = 1024, UNITS = 64, PER_PAGE = PAGE / UNIT };

static const struct machine machine = { .page_size = PAGE };

static uint64_t pseudo_random(uint64_t below)
{
	static uint32_t x = 1;

	x = x * 1664525 + 1013904223;
	return (x >> 8) % below;
}

static void begin(struct image *image)
{
	image_init(image, &machine);
	image->room = "this test";
	image->more_room = "Give it more";
}

static uint64_t units(uint64_t start, uint64_t n)
{
	return n ? (n < 64 ? (1ull << n) - 1 : UINT64_MAX) << start : 0;
}

static void free_some(struct image *image)
{
	for (uint64_t at = pseudo_random(8); at < UNITS; at += 1 + pseudo_random(6)) {
		uint64_t n = 1 + pseudo_random(24);

		n = n < UNITS - at ? n : UNITS - at;
		assert_int_equal(ranges_add(&image->free, at * UNIT, n * UNIT, "free"), 0);
		at += n;
	}
}

static void spare_some(struct image *image)
{
	uint64_t start = pseudo_random(UNITS), n = pseudo_random(UNITS - start);

	if (pseudo_random(2))
		image->spare = (struct range){ start * UNIT, (start + n) * UNIT, "spare" };
}

static uint64_t spare_units(const struct image *image)
{
	return units(image->spare.start / UNIT, (image->spare.end - image->spare.start) / UNIT);
}

static uint64_t free_units(const struct image *image)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < image->free.n; i++)
		bits |= units(image->free.at[i].start / UNIT,
			      (image->free.at[i].end - image->free.at[i].start) / UNIT);
	return bits;
}

/* The first place of @n units, from the lowest or from the highest; UNITS: there is none. */
static uint64_t search(uint64_t bits, uint64_t n, uint64_t align, struct placement p)
{
	uint64_t found = UNITS;

	for (uint64_t at = 0; at + n <= UNITS; at += align / UNIT) {
		if ((bits & units(at, n)) != units(at, n) || (p.below && (at + n) * UNIT > p.below) ||
		    at * UNIT < p.above)
			continue;
		if (found == UNITS || p.top_down)
			found = at;
	}
	return found;
}

static void place_one(struct image *image)
{
	static const uint64_t aligns[] = { 0, 1, PAGE, 2 * PAGE, 4 * PAGE };
	struct placement p = {
		.align = aligns[pseudo_random(ARRAY_SIZE(aligns))],
		.below = pseudo_random(2) ? UNIT * pseudo_random(UNITS + 8) : 0,
		.top_down = pseudo_random(2),
		.above = pseudo_random(2) ? UNIT * pseudo_random(UNITS + 8) : 0,
	};
	struct segment s = { .name = "x", .memsz = 1 + pseudo_random(5 * PAGE) };
	uint64_t bits = free_units(image), n = round_up64(s.memsz, PAGE) / UNIT;
	uint64_t align = p.align > PAGE ? p.align : PAGE;
	uint64_t place = search(bits & ~spare_units(image), n, align, p);

	if (place == UNITS)
		place = search(bits, n, align, p);
	if (place == UNITS) {
		assert_fails(image_place(image, s, p), ENOSPC, "Could not find a free area");
		assert_true(free_units(image) == bits && !image->n_segments);
		return;
	}
	assert_int_equal(image_place(image, s, p), 0);
	assert_int_equal(image->segment[0].addr, place * UNIT);
	assert_int_equal(image->segment[0].memsz, n * UNIT);
	assert_true(free_units(image) == (bits & ~units(place, n)));
}

static void places_are_the_first(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5000; i++) {
		struct image image;

		begin(&image);
		free_some(&image);
		spare_some(&image);
		place_one(&image);
		image_free(&image);
	}
}

/* The messages of what does not fit have the numbers that tell why. */
static void no_place(void **state)
{
	struct segment s = { .name = "initrd", .memsz = 5000 };
	struct image image;

	(void)state;
	begin(&image);
	assert_int_equal(ranges_add(&image.free, 0, 7000, "free"), 0);
	assert_int_equal(ranges_add(&image.free, 10000, 6000, "free"), 0);
	assert_fails(image_place(&image, s, (struct placement){0}), ENOSPC,
		     "initrd: Could not find a free area of memory of 0x2000 bytes (8 KiB) in this"
		     " test; the largest free piece has 0x1b58 bytes. Give it more");
	assert_fails(image_place(&image, s, (struct placement){ .below = 0x1000 }), ENOSPC,
		     "in this test below 0x1000 (as far as early boot reaches here); the largest");
	assert_fails(image_place(&image, s, (struct placement){ .below = UINT64_MAX }), ENOSPC,
		     "in this test; the largest");
	s.memsz = UINT64_MAX;
	assert_fails(image_place(&image, s, (struct placement){0}), EOVERFLOW, "too large");
	image_free(&image);
}

static void segments_are_counted(void **state)
{
	struct image image;

	(void)state;
	begin(&image);
	assert_int_equal(ranges_add(&image.free, 0, 100 * PAGE, "free"), 0);
	assert_int_equal(image_leave_pages(&image, 3), 0);
	assert_int_equal(image.free.at[0].start, 3 * PAGE);
	for (unsigned int i = 0; i < SEGMENT_MAX; i++)
		assert_int_equal(image_place(&image, (struct segment){ .name = "s", .memsz = 1 },
					     (struct placement){0}), 0);
	assert_fails(image_place(&image, (struct segment){ .name = "s", .memsz = 1 },
				 (struct placement){0}), E2BIG, "more than the 16 segments");
	image_free(&image);
}

/* --- kernels --- */

/* A few pieces, some in one page, some far apart, from @low on. */
static void make_pieces(struct kernel *k, struct arena *arena, uint64_t low)
{
	uint64_t at = low;

	k->n_pieces = 1 + (unsigned int)pseudo_random(6);
	k->piece = arena_alloc(arena, k->n_pieces * sizeof(*k->piece));
	k->low = low;
	k->align = 1;
	for (unsigned int i = 0; i < k->n_pieces; i++) {
		struct kernel_piece *p = &k->piece[i];

		p->addr = at;
		p->filesz = pseudo_random(3) ? 1 + pseudo_random(2 * PAGE) : 0;
		p->memsz = p->filesz + (pseudo_random(2) ? 1 + pseudo_random(PAGE) : 0);
		p->memsz = p->memsz ? p->memsz : 1;
		p->data = arena_alloc(arena, p->filesz);
		memset(p->data, (int)(i + 1), p->filesz);
		k->high = at + p->memsz;
		at = k->high + pseudo_random(pseudo_random(2) ? 100 : 3 * PAGE);
		if (!pseudo_random(4))
			at = round_up64(k->high, PAGE);
	}
}

/* What is at @addr when the image is loaded; segments are whole pages, none upon another. */
static int loaded_byte(const struct image *image, uint64_t addr)
{
	int byte = -1;

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (addr < s->addr || addr >= s->addr + s->memsz)
			continue;
		assert_int_equal(byte, -1);
		byte = addr - s->addr < s->bufsz ? s->data[addr - s->addr] : 0;
	}
	return byte;
}

static void expect_pieces(const struct image *image, uint64_t base)
{
	const struct kernel *k = &image->kernel;

	for (unsigned int i = 0; i < image->n_segments; i++) {
		assert_int_equal((image->segment[i].addr | image->segment[i].memsz) % PAGE, 0);
		assert_true(image->segment[i].bufsz <= image->segment[i].memsz);
	}
	for (unsigned int i = 0; i < k->n_pieces; i++)
		for (uint64_t n = 0; n < k->piece[i].memsz; n++)
			assert_int_equal(loaded_byte(image, base + (k->piece[i].addr - k->low) + n),
					 n < k->piece[i].filesz ? k->piece[i].data[n] : 0);
}

/* Segments only for pages that a piece is in: pieces that share none are apart. */
static unsigned int separate_parts(const struct kernel *k)
{
	unsigned int parts = 1;

	for (unsigned int i = 1; i < k->n_pieces; i++)
		parts += k->piece[i].addr / PAGE >
			 (k->piece[i - 1].addr + k->piece[i - 1].memsz - 1) / PAGE;
	return parts;
}

static void kernels_keep_their_distances(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		struct placement p = { .align = PAGE << pseudo_random(3) };
		uint64_t start = PAGE * pseudo_random(8) + pseudo_random(PAGE), base = 0;
		struct image image;

		begin(&image);
		make_pieces(&image.kernel, &image.arena,
			    pseudo_random(2) * pseudo_random(5 * PAGE));
		image.kernel.relocatable = i % 2;
		assert_int_equal(ranges_add(&image.free, i % 2 ? start : 0, 100 * PAGE, "free"), 0);
		assert_int_equal(image_place_kernel(&image, p, &base), 0);
		if (!image.kernel.relocatable)
			assert_int_equal(base, image.kernel.low);
		else
			assert_int_equal((base - image.kernel.low) % p.align, 0);
		assert_int_equal(image.n_segments, separate_parts(&image.kernel));
		expect_pieces(&image, base);
		for (unsigned int s = 0; s < image.n_segments; s++)
			assert_null(ranges_find(&image.free, image.segment[s].addr,
						image.segment[s].addr + image.segment[s].memsz));
		image_free(&image);
	}
}

static void kernels_that_do_not_fit(void **state)
{
	struct kernel_piece pieces[SEGMENT_MAX + 1];
	struct image image;
	uint64_t base = 0;

	(void)state;
	begin(&image);
	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct kernel_piece){ .addr = i * PAGE, .memsz = 1 };
	image.kernel = (struct kernel){ .piece = pieces, .n_pieces = SEGMENT_MAX + 1, .align = 1,
					.high = SEGMENT_MAX * PAGE + 1, .relocatable = true };
	assert_int_equal(ranges_add(&image.free, PAGE, 8 * PAGE, "free"), 0);
	assert_int_equal(ranges_add(&image.free, 20 * PAGE, 9 * PAGE, "free"), 0);
	assert_fails(image_place_kernel(&image, (struct placement){0}, &base), ENOSPC,
		     "kernel: Could not");
	image.kernel.relocatable = false;
	assert_fails(image_place_kernel(&image, (struct placement){0}, &base), ENOSPC,
		     "is not relocatable and linked for 0x0-0x11000");
	image.kernel.high = UINT64_MAX;
	assert_fails(image_place_kernel(&image, (struct placement){0}, &base), ENOSPC,
		     "kernel: Could not");
	image.kernel.high = SEGMENT_MAX * PAGE + 1;
	assert_int_equal(ranges_add(&image.free, 9 * PAGE, 11 * PAGE, "free"), 0);
	ranges_merge(&image.free);
	image.kernel.relocatable = true;
	assert_fails(image_place_kernel(&image, (struct placement){0}, &base), E2BIG,
		     "16 segments");
	image.kernel.piece = NULL;
	image_free(&image);
}

/* The zeros behind the data are in it, however many. */
static void check_digest(const struct segment *s, const uint8_t *flat, uint64_t from, uint64_t size)
{
	uint8_t got[SHA256_DIGEST_SIZE], want[SHA256_DIGEST_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_update(&sha, flat + from, size);
	sha256_final(&sha, want);
	sha256_init(&sha);
	segment_digest(&sha, s, from, size);
	sha256_final(&sha, got);
	assert_memory_equal(got, want, sizeof(got));
}

static void digest_as_laid_out(void **state)
{
	static const uint64_t zeros[] = { 0, 1, 4095, 4096, 4097, 9000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++) {
		uint8_t *flat = mem_alloc(5 + zeros[i]), *data = mem_alloc(5);
		struct segment s = { .data = data, .bufsz = 5, .memsz = 5 + zeros[i] };

		memcpy(data, "abcde", 5);
		memcpy(flat, "abcde", 5);
		for (uint64_t from = 0; from <= s.memsz && from < 8; from++)
			for (uint64_t size = 0; size <= s.memsz - from; size += size < 8 ? 1 : 4093)
				check_digest(&s, flat, from, size);
		check_digest(&s, flat, 0, s.memsz);
		free(flat);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_the_first),
		cmocka_unit_test(no_place),
		cmocka_unit_test(segments_are_counted),
		cmocka_unit_test(kernels_keep_their_distances),
		cmocka_unit_test(kernels_that_do_not_fit),
		cmocka_unit_test(digest_as_laid_out),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
