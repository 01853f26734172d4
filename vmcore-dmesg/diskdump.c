// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/bytes.h"
#include "common/error.h"
#include "vmcore-dmesg/diskdump.h"

/* offset, 8 bytes; size, 4; flags, 4; page flags, 8 */
#define DESC_SIZE 24
#define BLOCK_MAX (1u << 20)

struct desc {
	uint64_t offset, size;
};

static uint32_t get32(const struct diskdump *d, const uint8_t *p)
{
	return d->little ? le32_get(p) : be32_get(p);
}

/* How many of the bytes are there; what cannot be read is not. */
static size_t read_part(const struct diskdump *d, uint64_t offset, void *buf, size_t len)
{
	size_t done;

	if (input_read(d->input, offset, buf, len, &done) < 0)
		fail_forget();
	return done;
}

static bool read_desc(const struct diskdump *d, uint64_t index, struct desc *desc)
{
	uint8_t b[DESC_SIZE];

	if (read_part(d, d->descs + index * DESC_SIZE, b, sizeof(b)) < sizeof(b))
		return false;
	desc->offset = d->little ? le64_get(b) : be64_get(b);
	desc->size = get32(d, b + 8);
	return true;
}

/* Whether the page that it describes is there. */
static bool holds(const struct diskdump *d, const struct desc *desc)
{
	return desc->size && input_has(d->input, desc->offset, desc->size);
}

/* From the nearest place in front of the frame for which that is known. */
static void go_near(struct diskdump *d, uint64_t frame)
{
	const struct diskdump_mark *mark = &d->marks[frame / d->step];

	if (frame < d->at.frame || mark->frame > d->at.frame)
		d->at = *mark;
}

/* How many pages before the frame are in the file. */
static uint64_t count_before(struct diskdump *d, uint64_t frame)
{
	uint8_t b[4096];
	size_t len;

	go_near(d, frame);
	while (d->at.frame < round_down64(frame, 8)) {
		uint64_t left = (frame - d->at.frame) / 8;

		len = read_part(d, d->bitmap + d->at.frame / 8, b,
				left < sizeof(b) ? (size_t)left : sizeof(b));
		for (size_t i = 0; i < len; i++)
			d->at.before += (unsigned int)__builtin_popcount(b[i]);
		d->at.frame += 8 * len;
		if (!len)
			break;
	}
	return d->at.before;
}

/* How many the bitmap has. */
static uint64_t all_frames(const struct diskdump *d)
{
	return 8 * (d->descs - d->bitmap);
}

/* All pages in the file; what count_before() then need not count again. */
static uint64_t count_all(struct diskdump *d)
{
	uint64_t frames = all_frames(d);

	/* There are fewer such steps than marks. */
	d->step = round_up64(frames / ARRAY_SIZE(d->marks) + 1, 8);
	for (size_t i = 1; i * d->step <= frames; i++) {
		count_before(d, i * d->step);
		d->marks[i] = d->at;
	}
	return count_before(d, frames);
}

/*
 * Pages are in the order of their descriptors, but for those of zeroes: all of
 * them are the first page behind the descriptors.
 */
static bool is_whole(struct diskdump *d)
{
	uint64_t count = count_all(d), first = d->descs + count * DESC_SIZE, end;
	bool whole = !d->input->cut && d->at.frame == all_frames(d);
	struct desc desc = {0};

	d->needs = first;
	while (whole && count) {
		whole = read_desc(d, --count, &desc) && holds(d, &desc);
		if (!__builtin_add_overflow(desc.offset, desc.size, &end) && end > d->needs)
			d->needs = end;
		if (desc.offset != first)
			break;
	}
	return whole;
}

/* The version is a small number; utsname has the machine's name in its fifth field. */
void diskdump_guess(struct input *in, bool *little, unsigned int *word)
{
	const struct diskdump d = { .input = in };
	char head[12 + 5 * 65 + 1] = {0};

	read_part(&d, 0, head, sizeof(head) - 1);
	*little = le32_get((const uint8_t *)head + 8) <= UINT16_MAX;
	*word = strstr(head + 12 + 4 * 65, "64") || !strcmp(head + 12 + 4 * 65, "s390x") ? 8 : 4;
}

/*
 * The header has utsname, a struct timeval and the status in front of block_size,
 * sub_hdr_size and bitmap_blocks; the sub-header has phys_base and dump_level in
 * front of split, which says that pages are in other files too.
 */
void diskdump_init(struct diskdump *d, struct input *in, bool little, unsigned int word)
{
	size_t sizes = word == 8 ? 428 : 416;
	uint64_t block, sub, bitmaps;
	uint8_t head[440], split[4] = {0};

	*d = (struct diskdump){ .input = in, .little = little, .needs = sizeof(head) };
	if (read_part(d, 0, head, sizeof(head)) < sizeof(head) || memcmp(head, "KDUMP   ", 8))
		return;
	block = get32(d, head + sizes);
	sub = get32(d, head + sizes + 4);
	bitmaps = get32(d, head + sizes + 8);
	read_part(d, block + word + 4, split, sizeof(split));
	if (get32(d, split) || !is_power_of_two(block) || block > BLOCK_MAX)
		return;
	d->bitmap = block * (1 + sub + bitmaps / 2);
	d->descs = block * (1 + sub + bitmaps);
	d->needs = d->descs;
	d->page = is_whole(d) ? 0 : block;
}

bool diskdump_has_lost(struct diskdump *d, uint64_t address)
{
	uint64_t frame, index;
	struct desc desc;
	uint8_t bits;

	if (!d->page || address / d->page >= all_frames(d))
		return false;
	frame = address / d->page;
	index = count_before(d, frame);
	if (d->at.frame != round_down64(frame, 8) ||
	    read_part(d, d->bitmap + frame / 8, &bits, 1) < 1)
		return true;
	if (!(bits >> frame % 8 & 1))
		return false;
	index += (unsigned int)__builtin_popcount(bits & ((1u << frame % 8) - 1));
	return !read_desc(d, index, &desc) || !holds(d, &desc);
}
