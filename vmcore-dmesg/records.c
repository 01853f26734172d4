// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The ring of variable records of Linux 3.5 to 5.9, kernel/printk/printk.c
 * there: a header, its text, its dictionary, padding. A header of zeroes says
 * that the next record is at the ring's start. Header and sizes are from
 * vmcoreinfo, which 3.5 itself does not have.
 */
#include <inttypes.h>

#include "vmcore-dmesg/log.h"

#define SIZE_MAX_LOG (UINT64_C(1) << 31)
#define PADDING_MAX 8		/* LOG_ALIGN is 4, or 8 where that is u64's */

struct numbers {
	uint64_t header, ts_nsec, len, text_len, dict_len;
};

#define NUMBERS(name) {							\
	{ "SIZE(" name ")", offsetof(struct numbers, header) },		\
	{ "OFFSET(" name ".ts_nsec)", offsetof(struct numbers, ts_nsec) },	\
	{ "OFFSET(" name ".len)", offsetof(struct numbers, len) },	\
	{ "OFFSET(" name ".text_len)", offsetof(struct numbers, text_len) },	\
	{ "OFFSET(" name ".dict_len)", offsetof(struct numbers, dict_len) },	\
}

/* struct log became struct printk_log in Linux 3.11. */
static const struct log_number numbers_of_log[] = NUMBERS("log");
static const struct log_number numbers_of_printk_log[] = NUMBERS("printk_log");

#define NOWHERE UINT64_MAX

struct ring {
	struct vmcore *core;
	struct numbers n;
	uint64_t size, first, next;
	uint64_t clear;		/* the first record that is wanted, or NOWHERE: all are */
	struct span data;
};

struct header {
	uint64_t ts_nsec, len, text_len, dict_len;
	uint8_t facility, level;
	uint32_t caller;
	bool has_caller;
};

/* --- the ring's ends --- */

static int records_read_numbers(struct ring *ring)
{
	struct numbers *n = &ring->n;
	uint64_t v;
	bool newer = vmcoreinfo_has_number(&ring->core->info, "SIZE(printk_log)", &v);
	int rc;

	*n = (struct numbers){ .header = 16, .len = 8, .text_len = 10, .dict_len = 12 };
	rc = log_numbers(ring->core, newer ? numbers_of_printk_log : numbers_of_log,
			 ARRAY_SIZE(numbers_of_log), n);
	if (rc == -ENOENT && !n->ts_nsec) {
		fail_forget();	/* offset 0 is its default */
		rc = log_numbers(ring->core, (newer ? numbers_of_printk_log : numbers_of_log) + 2,
				 ARRAY_SIZE(numbers_of_log) - 2, n);
	}
	if (rc >= 0 && (n->header < 16 || n->ts_nsec > n->header - 8 || n->len > n->header - 2 ||
			n->text_len > n->header - 2 || n->dict_len > n->header - 4))
		return fail(EBADMSG, "vmcoreinfo: a record's header of %" PRIu64 " bytes does not"
			    " hold its fields", n->header);
	return rc;
}

static int records_open_ring(struct ring *ring)
{
	uint64_t va = 0;
	int rc = records_read_numbers(ring);

	if (rc >= 0)
		rc = vmcore_variable(ring->core, "log_buf_len", 4, &ring->size);
	if (rc >= 0)
		rc = vmcore_variable(ring->core, "log_first_idx", 4, &ring->first);
	if (rc >= 0)
		rc = vmcore_variable(ring->core, "log_next_idx", 4, &ring->next);
	if (rc >= 0)
		rc = vmcore_pointer_variable(ring->core, "log_buf", &va);
	if (rc < 0)
		return rc;
	if (!ring->size || ring->size > SIZE_MAX_LOG)
		return fail(EBADMSG, "the log's size is damaged: 0x%" PRIx64 " bytes, the limit is"
			    " 0x%" PRIx64, ring->size, SIZE_MAX_LOG);
	return span_init(&ring->data, ring->core, "the log", va, ring->size);
}

/* --- one record --- */

/*
 * Behind dict_len: u8 facility, then flags and level as a bit field which
 * follows the byte order. The first 3.5 had a u16 of both instead, whose
 * upper half is 0 - as flags and level of a whole line never are together.
 */
static void read_level(const struct ring *ring, const uint8_t *p, struct header *h)
{
	uint8_t both = p[ring->n.dict_len + 3];

	h->facility = p[ring->n.dict_len + 2];
	h->level = ring->core->little ? both >> 5 : both & 7;
	if (ring->core->little && !both) {
		h->level = h->facility & 7;
		h->facility >>= 3;
	}
}

/* False when it is not in the dump. */
static bool records_read_header(struct ring *ring, uint64_t at, struct header *h)
{
	const struct numbers *n = &ring->n;
	const struct vmcore *core = ring->core;
	const uint8_t *p = span_at(&ring->data, at, n->header);

	if (!p)
		return false;
	h->ts_nsec = vmcore_get(core, p + n->ts_nsec, 8);
	h->len = vmcore_get(core, p + n->len, 2);
	h->text_len = vmcore_get(core, p + n->text_len, 2);
	h->dict_len = vmcore_get(core, p + n->dict_len, 2);
	read_level(ring, p, h);
	/* CONFIG_PRINTK_CALLER puts it there; padding has the same size on some machines */
	h->has_caller = n->header >= n->dict_len + 8;
	h->caller = h->has_caller ? (uint32_t)vmcore_get(core, p + n->dict_len + 4, 4) : 0;
	return true;
}

static bool plausible(const struct ring *ring, uint64_t at, const struct header *h)
{
	uint64_t used = ring->n.header + h->text_len + h->dict_len;

	return h->len >= used && h->len - used < PADDING_MAX && !(h->len & 3) &&
	       h->len <= ring->size - at;
}

static void records_hand_out(struct ring *ring, uint64_t at, const struct header *h,
			     struct log *log)
{
	const uint8_t *p = span_at(&ring->data, at, ring->n.header + h->text_len);
	struct record r = {
		.has = RECORD_TIME | RECORD_LEVEL | (h->has_caller ? RECORD_CALLER : 0),
		.ts_nsec = h->ts_nsec, .caller = h->caller,
		.facility = h->facility, .level = h->level, .len = h->text_len,
	};

	if (!p) {
		log->damaged++;
		return;
	}
	r.text = p + ring->n.header;
	log->record(log, &r);
}

/* --- the walk --- */

enum step { RECORD, WRAP, NONE };

static enum step look(struct ring *ring, uint64_t at, struct header *h)
{
	if (!records_read_header(ring, at, h))
		return NONE;
	if (!h->len)
		return WRAP;
	return plausible(ring, at, h) ? RECORD : NONE;
}

/* Something that looks like a record, with what looks like the next behind it. */
static bool is_record(struct ring *ring, uint64_t at, uint64_t end)
{
	struct header h, next;

	if (look(ring, at, &h) != RECORD || !h.text_len)
		return false;
	return at + h.len == end || look(ring, at + h.len, &next) != NONE;
}

/* Where the next record seems to begin; @end when none does. */
static uint64_t find_record(struct ring *ring, uint64_t at, uint64_t end)
{
	for (size_t len; at < end; at += len) {
		if (!span_block(&ring->data, at, end, &len))
			continue;
		for (uint64_t i = round_up64(at, 4); i < at + len; i += 4)
			if (is_record(ring, i, end))
				return i;
	}
	return end;
}

/*
 * A header without a length says so only where the record that went to the
 * ring's start had no room (log_store()): else its length is lost.
 */
static bool records_wraps(struct ring *ring, uint64_t at)
{
	struct header h;

	return look(ring, 0, &h) != RECORD || ring->size - at < h.len + ring->n.header;
}

/*
 * The records from @at up to @end: the newest's end, or the ring's. Damage is
 * stepped over to the next record; each step is forward, so that is all of it.
 */
static void records_walk_part(struct ring *ring, uint64_t at, uint64_t end, struct log *log)
{
	struct header h;

	while (at < end) {
		enum step step = look(ring, at, &h);

		if (step == RECORD && h.len <= end - at) {
			records_hand_out(ring, at, &h, log);
			at += h.len;
			continue;
		}
		if (step == WRAP && end == ring->size && records_wraps(ring, at))
			return;
		log->damaged++;
		at = find_record(ring, round_up64(at + 1, 4), end);
	}
}

/*
 * log_first_idx and log_next_idx are equal only while there is no record. A
 * damaged one is replaced: the oldest record is then the first one behind the
 * newest; and without the newest's end all of the ring is gone through.
 */
static void repair(struct ring *ring, struct log *log)
{
	if (ring->next > ring->size) {
		log->disordered = true;
		ring->next = ring->first > ring->size ? ring->size : ring->first;
		ring->first = ring->next == ring->size ? 0 : ring->next;
	} else if (ring->first >= ring->size) {
		log->disordered = true;
		ring->first = find_record(ring, round_up64(ring->next, 4), ring->size);
		if (ring->first == ring->size)
			ring->first = 0;
	}
}

static void records_walk_ring(struct ring *ring, struct log *log)
{
	uint64_t from;
	struct header h;

	repair(ring, log);
	from = ring->clear == NOWHERE ? ring->first : ring->clear;
	if (from < ring->next) {
		records_walk_part(ring, from, ring->next, log);
	} else if (from != ring->next || log->disordered || look(ring, from, &h) == RECORD) {
		records_walk_part(ring, from, ring->size, log);
		records_walk_part(ring, 0, ring->next, log);
	}
}

/*
 * Where "dmesg --clear" came last; 0 is where it is when it never came. Once
 * the ring has gone round that place, it is no more than an offset: the log
 * goes from there only when a record begins there, or the newest ends.
 */
static int find_clear(struct ring *ring)
{
	uint64_t clear, at = ring->first;
	bool round = false;
	struct header h;
	int rc = vmcore_variable(ring->core, "clear_idx", 4, &clear);

	if (rc < 0 || !clear || clear >= ring->size)
		return rc;
	while (at != clear) {
		enum step step = at == ring->next ? NONE : look(ring, at, &h);

		if (step == NONE || (step == WRAP && round))
			return 0;
		round |= step == WRAP;
		at = step == WRAP ? 0 : at + h.len;
	}
	ring->clear = clear;
	return 0;
}

static bool records_probe(const struct vmcore *core)
{
	return vmcoreinfo_has_symbol(&core->info, "log_buf") &&
	       vmcoreinfo_has_symbol(&core->info, "log_first_idx");
}

static int records_walk(struct vmcore *core, struct log *log)
{
	struct ring ring = { .core = core, .clear = NOWHERE };
	int rc = records_open_ring(&ring);

	if (rc >= 0 && log->since_clear)
		rc = find_clear(&ring);
	if (rc >= 0 && ring.clear != ring.next)
		records_walk_ring(&ring, log);
	span_free(&ring.data);
	return rc;
}

const struct log_layout log_records = { "records", records_probe, records_walk };
