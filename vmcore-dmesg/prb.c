// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The lockless ring of Linux 5.10 and later, kernel/printk/printk_ringbuffer.[ch]:
 * descriptors, an info for each, and a data ring with their texts. Record
 * @id has index @id modulo the number of descriptors in the first two.
 */
#include <inttypes.h>

#include "vmcore-dmesg/log.h"

/* kernel/printk/printk.c: LOG_BUF_LEN_MAX, and one descriptor for 2^PRB_AVGBITS bytes of it */
#define SIZE_BITS_MAX 31
#define COUNT_BITS_MAX 26

enum state { RESERVED, COMMITTED, FINALIZED, REUSABLE };
enum { DATALESS = 1, EMPTY_LINE_LPOS = 3 };

/* What vmcoreinfo says: kernel/printk/printk.c:log_buf_vmcoreinfo_setup(). */
struct numbers {
	uint64_t desc_ring, text_data_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id;
	uint64_t size_bits, data;
	uint64_t desc_size, state_var, text_blk_lpos, begin, next;
	uint64_t info_size, seq, ts_nsec, text_len;
	uint64_t counter;
};

#define NUMBER(key, member) { key, offsetof(struct numbers, member) }

static const struct log_number numbers[] = {
	NUMBER("OFFSET(printk_ringbuffer.desc_ring)", desc_ring),
	NUMBER("OFFSET(printk_ringbuffer.text_data_ring)", text_data_ring),
	NUMBER("OFFSET(prb_desc_ring.count_bits)", count_bits),
	NUMBER("OFFSET(prb_desc_ring.descs)", descs),
	NUMBER("OFFSET(prb_desc_ring.infos)", infos),
	NUMBER("OFFSET(prb_desc_ring.head_id)", head_id),
	NUMBER("OFFSET(prb_desc_ring.tail_id)", tail_id),
	NUMBER("OFFSET(prb_data_ring.size_bits)", size_bits),
	NUMBER("OFFSET(prb_data_ring.data)", data),
	NUMBER("SIZE(prb_desc)", desc_size),
	NUMBER("OFFSET(prb_desc.state_var)", state_var),
	NUMBER("OFFSET(prb_desc.text_blk_lpos)", text_blk_lpos),
	NUMBER("OFFSET(prb_data_blk_lpos.begin)", begin),
	NUMBER("OFFSET(prb_data_blk_lpos.next)", next),
	NUMBER("SIZE(printk_info)", info_size),
	NUMBER("OFFSET(printk_info.seq)", seq),
	NUMBER("OFFSET(printk_info.ts_nsec)", ts_nsec),
	NUMBER("OFFSET(printk_info.text_len)", text_len),
	NUMBER("OFFSET(atomic_long_t.counter)", counter),
};

struct prb {
	struct vmcore *core;
	struct numbers n;
	uint64_t word_mask, id_mask;
	uint64_t count_bits, count, size_bits, size;
	uint64_t head_id, tail_id;
	uint64_t caller_id;	/* an offset */
	bool has_caller;
	uint64_t clear_seq;	/* records before are not wanted */
	struct span descs, infos, data;
};

/* --- the ring's head --- */

/* Whether @field of @size bytes is inside a structure; checked once, not at each record. */
static bool fits(uint64_t structure, uint64_t field, size_t size)
{
	return field <= structure && size <= structure - field;
}

static int prb_read_numbers(struct prb *prb)
{
	struct numbers *n = &prb->n;
	size_t word = prb->core->word;
	int rc = log_numbers(prb->core, numbers, ARRAY_SIZE(numbers), n);

	if (rc < 0)
		return rc;
	if (!fits(n->desc_size, n->state_var + n->counter, word) ||
	    !fits(n->desc_size, n->text_blk_lpos + n->begin, word) ||
	    !fits(n->desc_size, n->text_blk_lpos + n->next, word) ||
	    !fits(n->info_size, n->seq, 8) || !fits(n->info_size, n->ts_nsec, 8) ||
	    !fits(n->info_size, n->text_len, 4))
		return fail(EBADMSG, "vmcoreinfo: a field is outside its structure (prb_desc %"
			    PRIu64 " bytes, printk_info %" PRIu64 " bytes)", n->desc_size,
			    n->info_size);
	prb->has_caller = vmcoreinfo_has_number(&prb->core->info, "OFFSET(printk_info.caller_id)",
					    &prb->caller_id) &&
			  fits(n->info_size, prb->caller_id, 4);
	return 0;
}

static int read_sizes(struct prb *prb, uint64_t descs, uint64_t texts)
{
	int rc = vmcore_value(prb->core, descs + prb->n.count_bits, 4, &prb->count_bits);

	if (rc >= 0)
		rc = vmcore_value(prb->core, texts + prb->n.size_bits, 4, &prb->size_bits);
	if (rc < 0)
		return rc;
	if (prb->count_bits > COUNT_BITS_MAX || prb->size_bits > SIZE_BITS_MAX)
		return fail(EBADMSG, "the log's head is damaged: 2^%" PRIu64 " records and"
			    " 2^%" PRIu64 " bytes, the limits are 2^%u and 2^%u", prb->count_bits,
			    prb->size_bits, COUNT_BITS_MAX, SIZE_BITS_MAX);
	prb->count = UINT64_C(1) << prb->count_bits;
	prb->size = UINT64_C(1) << prb->size_bits;
	return 0;
}

static int read_ids(struct prb *prb, uint64_t descs)
{
	int rc = vmcore_pointer(prb->core, descs + prb->n.head_id + prb->n.counter, &prb->head_id);

	if (rc >= 0)
		rc = vmcore_pointer(prb->core, descs + prb->n.tail_id + prb->n.counter,
				    &prb->tail_id);
	return rc;
}

/* The array of @size bytes that the pointer at @va points to. */
static int open_span(struct prb *prb, struct span *s, const char *what, uint64_t va, uint64_t size)
{
	uint64_t array = 0;
	int rc = vmcore_pointer(prb->core, va, &array);

	return rc < 0 ? rc : span_init(s, prb->core, what, array, size);
}

static int open_spans(struct prb *prb, uint64_t descs, uint64_t texts)
{
	const struct numbers *n = &prb->n;
	int rc = open_span(prb, &prb->descs, "the log's descriptor array", descs + n->descs,
			   prb->count * n->desc_size);

	if (rc >= 0)
		rc = open_span(prb, &prb->infos, "the log's info array", descs + n->infos,
			       prb->count * n->info_size);
	if (rc >= 0)
		rc = open_span(prb, &prb->data, "the log's text", texts + n->data, prb->size);
	return rc;
}

static int prb_open_ring(struct prb *prb)
{
	uint64_t va, descs, texts;
	int rc = prb_read_numbers(prb);

	if (rc >= 0)
		rc = vmcore_pointer_variable(prb->core, "prb", &va);
	if (rc < 0)
		return rc;
	prb->word_mask = UINT64_MAX >> (64 - 8 * prb->core->word);
	prb->id_mask = prb->word_mask >> 2;
	descs = va + prb->n.desc_ring;
	texts = va + prb->n.text_data_ring;
	rc = read_sizes(prb, descs, texts);
	if (rc >= 0)
		rc = read_ids(prb, descs);
	return rc < 0 ? rc : open_spans(prb, descs, texts);
}

/* --- one record --- */

struct desc {
	uint64_t id, begin, next;
	enum state state;
};

struct info {
	uint64_t seq, ts_nsec, text_len;
	uint8_t facility, level;
	uint32_t caller;
};

static bool get_desc(struct prb *prb, uint64_t index, struct desc *d)
{
	const struct numbers *n = &prb->n;
	const struct vmcore *core = prb->core;
	const uint8_t *p = span_at(&prb->descs, index * n->desc_size, n->desc_size);
	uint64_t state_var;

	if (!p)
		return false;
	state_var = vmcore_get(core, p + n->state_var + n->counter, core->word);
	d->begin = vmcore_get(core, p + n->text_blk_lpos + n->begin, core->word);
	d->next = vmcore_get(core, p + n->text_blk_lpos + n->next, core->word);
	d->id = state_var & prb->id_mask;
	d->state = (enum state)(state_var >> (8 * core->word - 2));
	return true;
}

/*
 * A record's number and its index go together (prb_reserve()): else this is no
 * info. Facility and level have no lines in vmcoreinfo, but are behind text_len:
 * include/linux/printk_ringbuffer.h, a bit field that follows the byte order.
 */
static bool get_info(struct prb *prb, uint64_t index, struct info *i)
{
	const struct numbers *n = &prb->n;
	const struct vmcore *core = prb->core;
	const uint8_t *p = span_at(&prb->infos, index * n->info_size, n->info_size);

	if (!p)
		return false;
	i->seq = vmcore_get(core, p + n->seq, 8);
	i->ts_nsec = vmcore_get(core, p + n->ts_nsec, 8);
	i->text_len = vmcore_get(core, p + n->text_len, 2);
	i->facility = p[n->text_len + 2];
	i->level = core->little ? p[n->text_len + 3] >> 5 : p[n->text_len + 3] & 7;
	i->caller = prb->has_caller ? (uint32_t)vmcore_get(core, p + prb->caller_id, 4) : 0;
	return (i->seq & (prb->count - 1)) == index;
}

static uint64_t prb_wraps(const struct prb *prb, uint64_t lpos)
{
	return (lpos & prb->word_mask) >> prb->size_bits;
}

/*
 * Where the record's block is in the data ring. Positions count up without
 * end; a block that would cross the ring's end is at its start instead.
 */
static bool find_block(const struct prb *prb, const struct desc *d, uint64_t *at, uint64_t *len)
{
	uint64_t last = (d->next - 1) & prb->word_mask, word = prb->core->word;

	if ((d->begin | d->next) & (word - 1))
		return false;
	if (prb_wraps(prb, d->begin) == prb_wraps(prb, last)) {
		*at = d->begin & (prb->size - 1);
		*len = (d->next - d->begin) & prb->word_mask;
	} else if (prb_wraps(prb, d->begin + prb->size) == prb_wraps(prb, last)) {
		*at = 0;
		*len = (last & (prb->size - 1)) + 1;
	} else {
		return false;
	}
	return *len >= word && *len <= prb->size;
}

static bool get_text(struct prb *prb, const struct desc *d, uint64_t text_len,
		     const uint8_t **text, size_t *len)
{
	size_t word = prb->core->word;
	uint64_t at, block;
	const uint8_t *p;

	if (!find_block(prb, d, &at, &block))
		return false;
	*len = text_len < block - word ? text_len : block - word;
	p = span_at(&prb->data, at, word + *len);
	if (!p || vmcore_get(prb->core, p, word) != d->id)
		return false;
	*text = p + word;
	return true;
}

static void prb_hand_out(const struct prb *prb, const struct info *i, const uint8_t *text,
			 size_t len, struct log *log)
{
	const struct record r = {
		.has = RECORD_TIME | RECORD_LEVEL | (prb->has_caller ? RECORD_CALLER : 0),
		.ts_nsec = i->ts_nsec, .caller = i->caller,
		.facility = i->facility, .level = i->level, .text = text, .len = len,
	};

	log->record(log, &r);
}

static void take_text(struct prb *prb, const struct desc *d, const struct info *i, struct log *log)
{
	const uint8_t *text;
	size_t len;

	if (d->begin & d->next & DATALESS) {
		if (d->begin != EMPTY_LINE_LPOS || d->next != EMPTY_LINE_LPOS)
			log->lost++;
		else
			prb_hand_out(prb, i, (const uint8_t *)"", 0, log);
	} else if (get_text(prb, d, i->text_len, &text, &len)) {
		prb_hand_out(prb, i, text, len, log);
		log->damaged += len < i->text_len;
	} else {
		log->damaged++;
	}
}

/* No record: where a new ring's head and tail are (printk_ringbuffer.h: DESC0_ID). */
static uint64_t first_id(const struct prb *prb)
{
	return -(prb->count + 1) & prb->id_mask;
}

/* The record's text was given up for a newer one, or it is just about to be reserved. */
static bool is_free(const struct prb *prb, const struct desc *d, uint64_t id)
{
	return d->state == REUSABLE && ((id - d->id) & (prb->id_mask & ~prb->count)) == 0;
}

/*
 * Committed records count: the last before a panic may still be open for more
 * text. Reserved ones are still being written: a CPU died in printk().
 */
static void take_record(struct prb *prb, uint64_t id, struct log *log)
{
	uint64_t index = id & (prb->count - 1);
	struct desc d;
	struct info i;

	if (!get_desc(prb, index, &d))
		log->damaged += id != first_id(prb);
	else if (is_free(prb, &d, id))
		return;
	else if (d.id != id)
		log->damaged += !log->disordered && id != first_id(prb);
	else if (d.state == RESERVED)
		return;
	else if (!get_info(prb, index, &i))
		log->damaged++;
	else if (i.seq >= prb->clear_seq)
		take_text(prb, &d, &i, log);
}

/* --- the walk --- */

/* The newest id that a descriptor itself claims, for when the ring's head is no help. */
static int find_newest(struct prb *prb, uint64_t *newest)
{
	bool found = false;
	struct desc d;
	struct info i;

	for (uint64_t index = 0; index < prb->count; index++) {
		if (!get_desc(prb, index, &d) || (d.id & (prb->count - 1)) != index ||
		    (d.state != COMMITTED && d.state != FINALIZED) || !get_info(prb, index, &i))
			continue;
		if (!found || ((d.id - *newest) & prb->id_mask) <= prb->id_mask / 2)
			*newest = d.id;
		found = true;
	}
	if (!found)
		return fail(EBADMSG, "the log's head is damaged (records 0x%" PRIx64 " to 0x%"
			    PRIx64 "), and no record is in place", prb->tail_id, prb->head_id);
	return 0;
}

/*
 * The number of the first record after "dmesg --clear": a u64, or (5.11 and
 * later) two of them of which a counter's lowest bit says which is valid
 * (kernel/printk/printk.c: struct latched_seq).
 */
static int read_clear_seq(struct prb *prb)
{
	uint64_t va, latch = 0, val = 0;
	int rc = vmcoreinfo_symbol(&prb->core->info, "clear_seq", &va);

	if (rc >= 0 && vmcoreinfo_has_number(&prb->core->info, "OFFSET(latched_seq.val)", &val))
		rc = vmcore_value(prb->core, va, 4, &latch);
	if (rc >= 0)
		rc = vmcore_value(prb->core, va + val + 8 * (latch & 1), 8, &prb->clear_seq);
	return rc;
}

static int prb_walk_ring(struct prb *prb, struct log *log)
{
	uint64_t newest = prb->head_id & prb->id_mask;
	uint64_t last = (newest - prb->tail_id) & prb->id_mask;
	int rc = 0;

	if (newest != prb->head_id || prb->tail_id > prb->id_mask || last >= prb->count) {
		log->disordered = true;
		last = prb->count - 1;
		rc = find_newest(prb, &newest);
	}
	for (uint64_t i = 0; rc >= 0 && i <= last; i++)
		take_record(prb, (newest - last + i) & prb->id_mask, log);
	return rc;
}

static bool prb_probe(const struct vmcore *core)
{
	return vmcoreinfo_has_symbol(&core->info, "prb");
}

static int prb_walk(struct vmcore *core, struct log *log)
{
	struct prb prb = { .core = core };
	int rc = prb_open_ring(&prb);

	if (rc >= 0 && log->since_clear)
		rc = read_clear_seq(&prb);
	if (rc >= 0)
		rc = prb_walk_ring(&prb, log);
	span_free(&prb.descs);
	span_free(&prb.infos);
	span_free(&prb.data);
	return rc;
}

const struct log_layout log_prb = { "printk_ringbuffer", prb_probe, prb_walk };
