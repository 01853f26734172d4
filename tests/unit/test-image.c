// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Where segments go, against a search through all places; kernels in pieces; what is verified. */
#include "tests/unit/unit.h"

#include "kexec/arch/arch.h"
#include "kexec/image.h"
#include "kexec/purgatory.h"
#include "kexec/sealed.h"
#include "purgatory/blobs.h"
#include "purgatory/lanes.h"

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
		if ((bits & units(at, n)) != units(at, n) ||
		    (p.below && (at + n) * UNIT > p.below) || at * UNIT < p.above)
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

/* The first of its kind, and none that is behind the last. */
static void segments_are_found(void **state)
{
	struct image image;

	(void)state;
	begin(&image);
	image.segment[0] = (struct segment){ .role = ROLE_KERNEL, .addr = 1 };
	image.segment[1] = (struct segment){ .role = ROLE_INITRD, .addr = 2 };
	image.segment[2] = (struct segment){ .role = ROLE_INITRD, .addr = 3 };
	image.segment[3] = (struct segment){ .role = ROLE_CORE, .addr = 4 };
	image.n_segments = 3;
	assert_ptr_equal(image_segment(&image, ROLE_INITRD), &image.segment[1]);
	assert_int_equal(image_address(&image, ROLE_INITRD), 2);
	assert_int_equal(image_address(&image, ROLE_KERNEL), 1);
	assert_null(image_segment(&image, ROLE_CORE));
	assert_int_equal(image_address(&image, ROLE_CORE), 0);
	image_free(&image);
}

static void early_boot_reaches(void **state)
{
	struct image image;
	struct placement p;

	(void)state;
	begin(&image);
	image.needs = (struct needs){ .below = 0x1000, .top_down = true };
	p = image_early(&image, 16);
	assert_true(p.align == 16 && p.below == 0x1000 && p.top_down && !p.above);
	image.needs.top_down = false;
	assert_false(image_early(&image, 0).top_down);
	/* Around the kernel, from a multiple of the window's own step on. */
	image.needs = (struct needs){ .window = 0x8000, .window_align = 0x4000 };
	image.kernel_base = 0x6000;
	p = image_early(&image, 0);
	assert_true(p.above == 0x6000 && p.below == 0x4000 + 0x8000);
}

static void doubts_are_said(void **state)
{
	struct image image;
	struct said said;

	(void)state;
	begin(&image);
	for (unsigned int i = 0; i < IMAGE_DOUBTS_MAX + 2; i++)
		image_doubt(&image, "doubt %u", i);
	assert_int_equal(image.n_doubts, IMAGE_DOUBTS_MAX);
	image.n_doubts--;
	unit_listen(&said);
	image_warn(&image);
	unit_heard(&said);
	for (unsigned int i = 0; i < IMAGE_DOUBTS_MAX; i++) {
		STRING_AUTO text = mem_printf("doubt %u\n", i);

		assert_int_equal(strstr(said.text, text) != NULL, i < image.n_doubts);
	}
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

/* Each segment is called by the number of the first piece that is in it. */
static void expect_names(const struct image *image, uint64_t base)
{
	const struct kernel *k = &image->kernel;

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];
		STRING_AUTO name = NULL;
		unsigned int piece = 0;

		while (base + (k->piece[piece].addr - k->low) < s->addr)
			piece++;
		name = mem_printf(piece ? "kernel-%u" : "kernel", piece + 1);
		assert_string_equal(s->name, name);
		assert_int_equal(s->role, piece ? ROLE_KERNEL_MORE : ROLE_KERNEL);
		assert_true(s->digest);
	}
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
		struct placement p = { .align = pseudo_random(4) ?
					       (uint64_t)PAGE << pseudo_random(3) :
					       i % 2 };
		uint64_t start = PAGE * pseudo_random(8) + pseudo_random(PAGE), base = 0;
		struct image image;

		begin(&image);
		make_pieces(&image.kernel, &image.arena,
			    pseudo_random(2) * pseudo_random(5 * PAGE));
		image.kernel.relocatable = i % 2;
		if (!image.kernel.relocatable)
			start = round_down64(image.kernel.low, PAGE);
		assert_int_equal(ranges_add(&image.free, start, 100 * PAGE, "free"), 0);
		assert_int_equal(image_place_kernel(&image, p, &base), 0);
		if (!image.kernel.relocatable)
			assert_int_equal(base, image.kernel.low);
		else
			assert_int_equal(
				(base - image.kernel.low) % (p.align > PAGE ? p.align : PAGE), 0);
		assert_int_equal(image.n_segments, separate_parts(&image.kernel));
		expect_pieces(&image, base);
		expect_names(&image, base);
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
	uint64_t base = 1;

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
	assert_int_equal(base, 1);
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

/* --- the purgatory --- */

enum { BLOB_SIZE = PURGATORY_PARAM(region) + PURGATORY_MAX_REGIONS * 24 + 40 };

static uint8_t blob_bytes[BLOB_SIZE];

/* In place of those inside kexec: one of each size that matters. */
const struct purgatory_blob purgatory_blobs[] = {
	{ "other", NULL, 0 },
	{ "whole", blob_bytes, BLOB_SIZE },
	{ "smallest", blob_bytes, PURGATORY_PARAM(region) },
	{ "short", blob_bytes, PURGATORY_PARAM(region) - 1 },
	{ NULL, NULL, 0 },
};

static int filled;	/* what the architecture's fill() returns */

static int fill(struct image *image)
{
	purgatory_put(image, PURGATORY_ARCH(0), 0x1122334455667788);
	return filled;
}

static const struct arch arch = { .fill = fill };

static struct machine machine_of(const char *name, bool little)
{
	return (struct machine){
		.name = (char *)name, .page_size = PAGE, .little = little, .arch = &arch
	};
}

static void make_blob(bool little)
{
	for (unsigned int i = 0; i < BLOB_SIZE; i++)
		blob_bytes[i] = (uint8_t)(i * 7);
	bytes_put(blob_bytes + PURGATORY_PARAM(magic), PURGATORY_MAGIC, 8, little);
	bytes_put(blob_bytes + PURGATORY_PARAM(image_size), 2 * PAGE + 5, 8, little);
	bytes_put(blob_bytes + PURGATORY_PARAM(n_regions), 0, 8, little);
}

static int place_purgatory(struct image *image, const struct machine *m)
{
	begin(image);
	image->machine = m;
	assert_int_equal(ranges_add(&image->free, PAGE, 100 * PAGE, "free"), 0);
	return purgatory_place(image);
}

static void purgatory_has_its_place(void **state)
{
	struct image image;

	(void)state;
	for (unsigned int little = 0; little < 2; little++) {
		struct machine m = machine_of("whole", little);

		make_blob(little);
		assert_int_equal(place_purgatory(&image, &m), 0);
		assert_int_equal(image.n_segments, 1);
		assert_true(image.segment[0].role == ROLE_PURGATORY && image.segment[0].digest);
		assert_int_equal(image.segment[0].bufsz, BLOB_SIZE);
		assert_int_equal(image.segment[0].memsz, 3 * PAGE);
		assert_memory_equal(image.segment[0].data, blob_bytes, BLOB_SIZE);
		image_free(&image);
	}
}

static void purgatory_is_damaged(void **state)
{
	static const struct { const char *name; int err; const char *text; } rows[] = {
		{ "whole", 0, NULL }, { "smallest", 0, NULL },
		{ "short", EINVAL, "the purgatory for short inside this kexec is damaged" },
		{ "none", ENOTSUP, "this kexec was built without a purgatory for none" },
	};
	struct image image;

	(void)state;
	make_blob(true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine m = machine_of(rows[i].name, true);

		if (rows[i].err)
			assert_fails(place_purgatory(&image, &m), rows[i].err, rows[i].text);
		else
			assert_int_equal(place_purgatory(&image, &m), 0);
		image_free(&image);
		m.little = false;	/* and so its magic is another number */
		assert_int_equal(place_purgatory(&image, &m), rows[i].err ? -rows[i].err : -EINVAL);
		image_free(&image);
	}
	fail_forget();
}

/*
 * Segments side by side, some apart, of random bytes, in any order; the purgatory is one of them.
 */
static void place_some(struct image *image, unsigned int n)
{
	unsigned int purgatory = (unsigned int)pseudo_random(n);

	for (unsigned int i = 0; i < n; i++) {
		struct segment s = { .role = ROLE_INITRD, .name = "s", .digest = pseudo_random(4) };
		struct placement p = { .top_down = pseudo_random(2),
				       .above = PAGE * pseudo_random(40) };
		uint8_t *data;

		if (i == purgatory) {
			assert_int_equal(purgatory_place(image), 0);
			continue;
		}
		s.memsz = 1 + pseudo_random(2 * PAGE);
		s.bufsz = pseudo_random(s.memsz + 1);
		s.data = data = arena_alloc(&image->arena, s.bufsz);
		for (uint64_t k = 0; k < s.bufsz; k++)
			data[k] = (uint8_t)pseudo_random(256);
		assert_int_equal(image_place(image, s, p), 0);
	}
}

/* Behind the last segment and the last region there are others, which nobody is to look at. */
static void poison(struct image *image)
{
	if (image->n_segments < SEGMENT_MAX)
		image->segment[image->n_segments] = (struct segment){
			.name = "beyond", .addr = 110 * PAGE, .memsz = PAGE, .digest = true };
	for (unsigned int i = 0; i < PURGATORY_MAX_REGIONS; i++) {
		purgatory_put(image, PURGATORY_PARAM(region) + 24 * i, image->segment[0].addr);
		purgatory_put(image, PURGATORY_PARAM(region) + 24 * i + 8, 1);
	}
}

static uint64_t word_at(const struct image *image, size_t at)
{
	return bytes_get(image->purgatory + at, 8, image->machine->little);
}

/* Is this byte of the image to be verified? */
static bool to_be_verified(const struct segment *s, uint64_t at)
{
	if (!s->digest || s->role != ROLE_PURGATORY)
		return s->digest;
	return at < s->bufsz && (at < PURGATORY_PARAM(digest) || at >= PURGATORY_PARAM(kernel));
}

/*
 * The digest is of what the regions name, what is not in it is zero, and they name each byte once
 * that must be verified, and no other.
 */
static void expect_verified(const struct image *image)
{
	static uint8_t times[120 * PAGE];
	uint64_t n = word_at(image, PURGATORY_PARAM(n_regions));
	static uint8_t bytes[120 * PAGE];
	uint8_t want[SHA256_DIGEST_SIZE];
	struct lanes lanes;

	memset(times, 0, sizeof(times));
	lanes_init(&lanes, lanes_portable);
	assert_in_range(n, 1, PURGATORY_MAX_REGIONS);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t start = word_at(image, PURGATORY_PARAM(region) + 24 * i);
		uint64_t size = word_at(image, PURGATORY_PARAM(region) + 24 * i + 8);
		uint64_t zeros = word_at(image, PURGATORY_PARAM(region) + 24 * i + 16);

		for (uint64_t at = start; at < start + size + zeros; at++) {
			bytes[at] = (uint8_t)loaded_byte(image, at);
			assert_true(at < start + size || !bytes[at]);
			times[at]++;
		}
		lanes_region(&lanes, bytes + start, size);
	}
	lanes_final(&lanes, image->purgatory + PURGATORY_PARAM(region), 24 * n, want);
	assert_memory_equal(image->purgatory + PURGATORY_PARAM(digest), want, sizeof(want));
	for (unsigned int i = 0; i < image->n_segments; i++)
		for (uint64_t at = 0; at < image->segment[i].memsz; at++)
			assert_int_equal(times[image->segment[i].addr + at],
					 to_be_verified(&image->segment[i], at));
}

static void purgatory_verifies_the_image(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		struct machine m = machine_of("whole", i % 2);
		struct image image;

		make_blob(i % 2);
		begin(&image);
		image.machine = &m;
		image.kernel_base = 0x1234567;
		assert_int_equal(ranges_add(&image.free, PAGE, 100 * PAGE, "free"), 0);
		place_some(&image, 1 + (unsigned int)pseudo_random(SEGMENT_MAX));
		poison(&image);
		filled = 0;
		assert_int_equal(purgatory_fill(&image), 0);
		assert_int_equal(word_at(&image, PURGATORY_PARAM(kernel)), 0x1234567);
		assert_int_equal(word_at(&image, PURGATORY_ARCH(0)), 0x1122334455667788);
		expect_verified(&image);
		image_free(&image);
	}
}

/* Nothing but the architecture's words is written: it was not asked for, or they are not right. */
static void purgatory_verifies_nothing(void **state)
{
	struct machine m = machine_of("whole", true);
	struct image image;

	(void)state;
	make_blob(true);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(place_purgatory(&image, &m), 0);
		image.no_checks = i;
		filled = i ? 0 : -EINVAL;
		assert_int_equal(purgatory_fill(&image), filled);
		assert_int_equal(word_at(&image, PURGATORY_PARAM(n_regions)), 0);
		assert_memory_equal(image.purgatory + PURGATORY_PARAM(digest),
				    blob_bytes + PURGATORY_PARAM(digest), SHA256_DIGEST_SIZE);
		image_free(&image);
	}
}

/* The two of the purgatory itself are the last that there is room for, and then they are not. */
static int no_seal(const struct segment *s, struct buf *out, struct purgatory_kept *k)
{
	(void)s;
	(void)out;
	(void)k;
	return fail(EINVAL, "it cannot be copied");
}

/* So many as the purgatory looks after; and what cannot be copied is not loaded. */
static void copies_have_their_places(void **state)
{
	struct machine m = machine_of("whole", true);
	struct kept kept = { .kind = PURGATORY_KEPT_CORE }, other = { .seal = no_seal };
	struct image image;

	(void)state;
	for (unsigned int n = 0; n <= PURGATORY_MAX_KEPT + 1; n++) {
		begin(&image);
		image.machine = &m;
		image.hotplug = true;
		assert_int_equal(ranges_add(&image.free, PAGE, 100 * PAGE, "free"), 0);
		for (unsigned int i = 0; i < n; i++) {
			struct segment s = { .name = "a segment with a long name",
					     .memsz = PAGE,
					     .data = (const uint8_t *)"0123456",
					     .bufsz = 7,
					     .kept = &kept };

			assert_int_equal(image_place(&image, s, (struct placement){ 0 }), 0);
		}
		image.segment[n].kept = &other; /* this is none */
		if (n > PURGATORY_MAX_KEPT) {
			assert_fails(sealed_place(&image), E2BIG,
				     "the purgatory can look after 2 such segments");
			image.n_segments = n = 1;
			image.n_sealed = 0;
			image.segment[0].kept = &other;
			assert_fails(sealed_place(&image), EINVAL, "it cannot be copied");
			image_free(&image);
			return;
		}
		assert_int_equal(sealed_place(&image), 0);
		assert_int_equal(image.n_sealed, n);
		assert_int_equal(image.n_segments, n + 1);
		for (unsigned int i = 0; i < n; i++) {
			const struct purgatory_kept *k = &image.sealed[i];
			const struct segment *in = &image.segment[n];

			assert_int_equal(k->sealed, in->addr + 16 * (i + 1));
			assert_memory_equal(in->data + 16 * (i + 1), "0123456", 7);
			assert_int_equal(k->sealed_size, 7);
			assert_int_equal(k->start, image.segment[i].addr);
			assert_int_equal(k->size, PAGE);
			assert_string_equal(k->name, "a segment with ");
		}
		image_free(&image);
	}
}

/* The proof, of what the proofs before it would refuse. */
static void copies_are_proven(void **state)
{
	static const uint8_t data[16] = "sixteen of them";
	static uint8_t words[PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE];
	struct machine m = machine_of("whole", true);
	struct kept kept = { .kind = PURGATORY_KEPT_CORE };
	struct segment s = {
		.name = "core", .memsz = PAGE, .data = data, .bufsz = 16, .kept = &kept
	};
	struct segment purgatory = { .role = ROLE_PURGATORY };
	struct image image;
	struct segment *in;

	(void)state;
	begin(&image);
	image.machine = &m;
	image.hotplug = true;
	assert_int_equal(ranges_add(&image.free, PAGE, 100 * PAGE, "free"), 0);
	assert_int_equal(image_place(&image, s, (struct placement){ 0 }), 0);
	image.segment[0].memsz = 16;
	image.purgatory = words;
	assert_int_equal(sealed_place(&image), 0);
	sealed_put(&image);
	purgatory.data = words;
	assert_int_equal(sealed_prove(&image, &purgatory), 0);
	in = &image.segment[1];
	in->digest = false;
	assert_fails(sealed_prove(&image, &purgatory), EINVAL,
		     "a copy for the purgatory is not in what it verifies");
	in->digest = true;
	in->kept = &kept;
	assert_fails(sealed_prove(&image, &purgatory), EINVAL,
		     "a copy for the purgatory is not in what it verifies");
	in->kept = NULL;
	image.segment[2].kept = &kept; /* this is none */
	assert_int_equal(sealed_prove(&image, &purgatory), 0);
	purgatory_put(&image, PURGATORY_PARAM(n_kept), 2);
	assert_fails(sealed_prove(&image, &purgatory), EINVAL,
		     "the purgatory would look after what does not change");
	image_free(&image);
}

/* Without room for them, in memory or among the segments, the rest is loaded; which is said. */
static void copies_that_do_not_fit(void **state)
{
	static uint8_t words[PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE];
	struct machine m = machine_of("whole", true);
	struct kept kept = { .kind = PURGATORY_KEPT_CORE };
	struct segment s = { .name = "core", .memsz = PAGE, .kept = &kept };
	struct segment purgatory = { .role = ROLE_PURGATORY, .data = words };
	struct image image;

	(void)state;
	for (unsigned int full = 0; full < 2; full++) {
		begin(&image);
		image.machine = &m;
		image.hotplug = true;
		image.purgatory = words;
		assert_int_equal(ranges_add(&image.free, PAGE, (full ? 100 : 1) * PAGE, "free"), 0);
		assert_int_equal(image_place(&image, s, (struct placement){ 0 }), 0);
		image.n_segments = full ? SEGMENT_MAX : 1;
		assert_int_equal(sealed_place(&image), 0);
		assert_int_equal(image.n_sealed, 0);
		assert_int_equal(image.n_doubts, 1);
		image.n_segments = 1;
		sealed_put(&image);
		assert_int_equal(sealed_prove(&image, &purgatory), 0);
		purgatory_put(&image, PURGATORY_PARAM(n_kept), 1);
		assert_fails(sealed_prove(&image, &purgatory), EINVAL,
			     "the purgatory would not look after a segment that changes");
		purgatory_put(&image, PURGATORY_PARAM(n_kept), 0);
		image.segment[image.n_segments++] = (struct segment){ .role = ROLE_SEALED };
		assert_fails(sealed_prove(&image, &purgatory), EINVAL,
			     "the purgatory would not look after a segment that changes");
		image.n_segments = 1;
		image.n_doubts = 0;
		assert_fails(sealed_prove(&image, &purgatory), EINVAL,
			     "the purgatory would not look after a segment that changes");
		image_free(&image);
	}
}

static void purgatory_has_room_for_regions(void **state)
{
	struct machine m = machine_of("whole", true);
	struct image image;
	uint8_t digest[SHA256_DIGEST_SIZE];

	(void)state;
	filled = 0;
	for (uint64_t n = PURGATORY_MAX_REGIONS - 2; n <= PURGATORY_MAX_REGIONS; n++) {
		make_blob(true);
		memset(blob_bytes + PURGATORY_PARAM(region), 0, PURGATORY_MAX_REGIONS * 24);
		bytes_put(blob_bytes + PURGATORY_PARAM(n_regions), n, 8, true);
		assert_int_equal(place_purgatory(&image, &m), 0);
		memcpy(digest, image.purgatory + PURGATORY_PARAM(digest), sizeof(digest));
		if (n == PURGATORY_MAX_REGIONS - 2) {
			assert_int_equal(purgatory_fill(&image), 0);
		} else {
			assert_fails(purgatory_fill(&image), E2BIG,
				     "more than 17 regions to verify");
			assert_memory_equal(image.purgatory + PURGATORY_PARAM(digest), digest,
					    sizeof(digest));
		}
		assert_memory_equal(
			image.purgatory + PURGATORY_PARAM(region) + PURGATORY_MAX_REGIONS * 24,
			blob_bytes + PURGATORY_PARAM(region) + PURGATORY_MAX_REGIONS * 24, 40);
		image_free(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_the_first),
		cmocka_unit_test(no_place),
		cmocka_unit_test(segments_are_counted),
		cmocka_unit_test(segments_are_found),
		cmocka_unit_test(early_boot_reaches),
		cmocka_unit_test(doubts_are_said),
		cmocka_unit_test(kernels_keep_their_distances),
		cmocka_unit_test(kernels_that_do_not_fit),
		cmocka_unit_test(purgatory_has_its_place),
		cmocka_unit_test(purgatory_is_damaged),
		cmocka_unit_test(purgatory_verifies_the_image),
		cmocka_unit_test(purgatory_verifies_nothing),
		cmocka_unit_test(copies_have_their_places),
		cmocka_unit_test(copies_are_proven),
		cmocka_unit_test(copies_that_do_not_fit),
		cmocka_unit_test(purgatory_has_room_for_regions),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
