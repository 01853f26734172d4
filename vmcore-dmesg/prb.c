// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The lockless ring of Linux 5.10 and later, kernel/printk/printk_ringbuffer.[ch]:
 * descriptors, an info for each, and a data ring with their texts. Record
 * @id has index @id modulo the number of descriptors in the first two.
 */
#include <inttypes.h>

#include "common/bytes.h"
#include "vmcore-dmesg/log.h"

/* Ten times the kernel's; bounds what a dump can make us read. */
#define STRUCTURE_MAX 1024
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

static const struct {
	const char *key;
	size_t at;
} numbers[] = {
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
	struct span descs, infos, data;
};

/* --- the ring's head --- */

static int read_numbers(struct prb *prb)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t v;
		int rc = vmcore_number(prb->core, numbers[i].key, &v);

		if (rc < 0)
			return rc;
		if (v > STRUCTURE_MAX)
			return fail(EBADMSG, "vmcoreinfo: %s is %" PRIu64 ", the limit is %u",
				    numbers[i].key, v, STRUCTURE_MAX);
		memcpy((uint8_t *)&prb->n + numbers[i].at, &v, sizeof(v));
	}
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

static int open_ring(struct prb *prb)
{
	uint64_t va, descs, texts;
	int rc = read_numbers(prb);

	if (rc >= 0)
		rc = vmcore_symbol(prb->core, "prb", &va);
	if (rc >= 0)
		rc = vmcore_pointer(prb->core, va, &va);
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
};

/* @size bytes at @at of element @index of an array, if they are inside it. */
static bool get(struct prb *prb, struct span *s, uint64_t element, uint64_t index, uint64_t at,
		size_t size, uint64_t *v)
{
	const uint8_t *d = at < element ? span_at(s, index * element + at, size) : NULL;

	if (d)
		*v = bytes_get(d, size, prb->core->elf.little);
	return d != NULL;
}

static bool get_desc(struct prb *prb, uint64_t index, struct desc *d)
{
	const struct numbers *n = &prb->n;
	unsigned int word = prb->core->word;
	uint64_t size = n->desc_size, state_var;

	if (!get(prb, &prb->descs, size, index, n->state_var + n->counter, word, &state_var) ||
	    !get(prb, &prb->descs, size, index, n->text_blk_lpos + n->begin, word, &d->begin) ||
	    !get(prb, &prb->descs, size, index, n->text_blk_lpos + n->next, word, &d->next))
		return false;
	d->id = state_var & prb->id_mask;
	d->state = (enum state)(state_var >> (8 * word - 2));
	return true;
}

/* A record's number and its index go together (prb_reserve()): else this is no info. */
static bool get_info(struct prb *prb, uint64_t index, struct info *i)
{
	const struct numbers *n = &prb->n;
	uint64_t size = n->info_size;

	return get(prb, &prb->infos, size, index, n->seq, 8, &i->seq) &&
	       get(prb, &prb->infos, size, index, n->ts_nsec, 8, &i->ts_nsec) &&
	       get(prb, &prb->infos, size, index, n->text_len, 2, &i->text_len) &&
	       (i->seq & (prb->count - 1)) == index;
}

static uint64_t wraps(const struct prb *prb, uint64_t lpos)
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
	if (wraps(prb, d->begin) == wraps(prb, last)) {
		*at = d->begin & (prb->size - 1);
		*len = (d->next - d->begin) & prb->word_mask;
	} else if (wraps(prb, d->begin + prb->size) == wraps(prb, last)) {
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
	if (!p || bytes_get(p, word, prb->core->elf.little) != d->id)
		return false;
	*text = p + word;
	return true;
}

static void print_text(struct prb *prb, const struct desc *d, const struct info *i, struct log *log)
{
	const uint8_t *text = (const uint8_t *)"";
	size_t len = 0;

	if (d->begin & d->next & DATALESS) {
		if (d->begin != EMPTY_LINE_LPOS || d->next != EMPTY_LINE_LPOS)
			log->lost++;
		else
			log_record(log, i->ts_nsec, text, len);
	} else if (get_text(prb, d, i->text_len, &text, &len)) {
		log_record(log, i->ts_nsec, text, len);
		log->damaged += len < i->text_len;
	} else {
		log->damaged++;
	}
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
static void print_record(struct prb *prb, uint64_t id, struct log *log)
{
	uint64_t index = id & (prb->count - 1);
	struct desc d;
	struct info i;

	if (!get_desc(prb, index, &d))
		log->damaged++;
	else if (is_free(prb, &d, id))
		return;
	else if (d.id != id)
		log->damaged += !log->disordered;
	else if (d.state == RESERVED)
		return;
	else if (!get_info(prb, index, &i))
		log->damaged++;
	else
		print_text(prb, &d, &i, log);
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

static int walk(struct prb *prb, struct log *log)
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
		print_record(prb, (newest - last + i) & prb->id_mask, log);
	return rc;
}

static bool probe(const struct vmcore *core)
{
	return vmcore_has_symbol(core, "prb");
}

static int dump(struct vmcore *core, struct log *log)
{
	struct prb prb = { .core = core };
	int rc = open_ring(&prb);

	if (rc >= 0)
		rc = walk(&prb, log);
	span_free(&prb.descs);
	span_free(&prb.infos);
	span_free(&prb.data);
	return rc;
}

const struct log_layout log_prb = { "printk_ringbuffer", probe, dump };
