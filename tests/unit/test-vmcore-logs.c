// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: the kernels' logs in each of their layouts, sound and damaged in many ways, against
 * plain models of what log.h and the kernels' own sources promise.
 */
#include <inttypes.h>
#include <regex.h>
#include <sys/mman.h>

#include "tests/unit/unit.h"
#include "vmcore-dmesg/log.h"

static unsigned int seed = 1;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static uint64_t any64(void)
{
	return (uint64_t)any(1u << 31) << 33 ^ (uint64_t)any(1u << 31) << 16 ^ any(1u << 31);
}

/* --- a dump --- */

#define BASE UINT64_C(0xc0001000)

/* All of a kernel's memory from BASE on, of which the dump lacks one piece. */
struct kernel {
	unsigned int word;
	bool little;
	struct buf info, memory;
	uint64_t hole, hole_end;	/* offsets in it; equal where all of it is there */
	bool left_out;			/* what is missing is so because of its contents */
};

static const struct kernel *kernel_of(const struct vmcore *core)
{
	return core->handle;
}

static bool kernel_has(const struct kernel *k, uint64_t at, uint64_t len)
{
	return at + len <= k->memory.len &&
	       (at + len <= k->hole || at >= k->hole_end || k->hole == k->hole_end);
}

static bool flat_covers(struct vmcore *core, uint64_t va, bool physical)
{
	return !physical && va >= BASE && va - BASE < kernel_of(core)->memory.len;
}

static size_t flat_piece(struct vmcore *core, uint64_t va, bool physical, void *buf, size_t len,
			 const uint8_t **at)
{
	const struct kernel *k = kernel_of(core);
	uint64_t start = va - BASE, end = k->memory.len;

	if (!flat_covers(core, va, physical) || !kernel_has(k, start, 1))
		return 0;
	if (start < k->hole && k->hole < k->hole_end)
		end = k->hole;
	if (len > end - start)
		len = end - start;
	if (buf)
		memcpy(buf, k->memory.data + start, len);
	else
		*at = k->memory.data + start;
	return len;
}

static bool flat_left_out(struct vmcore *core, uint64_t va, bool physical)
{
	return flat_covers(core, va, physical) && kernel_of(core)->left_out &&
	       !kernel_has(kernel_of(core), va - BASE, 1);
}

static uint64_t flat_gap(struct vmcore *core, uint64_t va, bool physical)
{
	return flat_left_out(core, va, physical) ? kernel_of(core)->hole_end - (va - BASE) : 0;
}

static const struct vmcore_format flat = {
	.piece = flat_piece, .covers = flat_covers, .left_out = flat_left_out, .gap = flat_gap,
};

static struct vmcore core_of(struct kernel *k, bool mapped)
{
	return (struct vmcore){
		.format = &flat, .handle = k, .word = k->word, .little = k->little,
		.info = { .text = (char *)k->info.data, .len = k->info.len, .little = k->little },
		.input.map = mapped ? k->memory.data : NULL,
	};
}

static void kernel_end(struct kernel *k)
{
	buf_free(&k->info);
	buf_free(&k->memory);
}

/* Some of memory, behind a gap: its offset. */
static uint64_t place_behind(struct kernel *k, uint64_t gap, uint64_t size)
{
	buf_reserve(&k->memory, gap + size);
	memset(k->memory.data + k->memory.len, 0xa5, gap + size);
	k->memory.len += gap + size;
	return k->memory.len - size;
}

static uint64_t place(struct kernel *k, uint64_t size)
{
	return place_behind(k, 1 + any(9), size);
}

/* An array within which, at @edge, a block of memory begins, more often than not. */
static uint64_t place_edge(struct kernel *k, uint64_t size, uint64_t edge)
{
	return place_behind(k, any(4) ? -(k->memory.len + edge) % 512 : any(9), size);
}

static void put(struct kernel *k, uint64_t at, uint64_t v, size_t size)
{
	bytes_put(k->memory.data + at, v, size, k->little);
}

static void line(struct kernel *k, const char *key, uint64_t v)
{
	buf_printf(&k->info, "%s=%" PRIu64 "\n", key, v);
}

/* A variable of the kernel: its offset in memory. */
static uint64_t variable(struct kernel *k, const char *name, uint64_t v, size_t size)
{
	uint64_t at = place(k, size);

	buf_printf(&k->info, "SYMBOL(%s)=%" PRIx64 "\n", name, BASE + at);
	put(k, at, v, size);
	return at;
}

/* A field of a structure that ends at @end so far, with room in front of it: its offset there. */
static uint64_t field(struct kernel *k, const char *key, uint64_t *end, uint64_t size)
{
	uint64_t at = *end + any(5);

	line(k, key, at);
	*end = at + size;
	return at;
}

/* What is lost of an array: pages, of which it may have a part. */
static void lose_pages(struct kernel *k, uint64_t at, uint64_t size)
{
	uint64_t start = round_down64(at, 512) + 512 * any((unsigned int)size / 512 + 2);
	uint64_t end = start + 512 * (1 + any(3));

	k->hole = start < at ? at : start;
	k->hole_end = end < at + size ? end : at + size;
	if (k->hole > k->hole_end)
		k->hole = k->hole_end;
}

/*
 * Of an array at that place in memory, from @start up to @end, what is in the same 512 bytes of
 * memory as @at is zeroes, as what a dump leaves out is.
 */
static bool is_left_out(const uint8_t *array, uint64_t place, uint64_t start, uint64_t at,
			uint64_t end)
{
	uint64_t into = (place + at) % 512;

	if (end - at > 512 - into)
		end = at + 512 - into;
	if (at - start > into)
		start = at - into;
	while (start < end && !array[start])
		start++;
	return start == end;
}

/* --- what becomes of it --- */

struct outcome {
	int rc;
	uint64_t damaged, lost;
	bool disordered;
	struct buf records;
	bool timed;			/* one of them has a time: the last of these has this */
	uint64_t last;
};

static void show(struct outcome *o, const struct record *r)
{
	struct buf *out = &o->records;

	buf_printf(out, "%u ", r->has);
	if (r->has & RECORD_TIME)
		buf_printf(out, "at %" PRIu64 " ", r->ts_nsec);
	if (r->has & RECORD_LEVEL)
		buf_printf(out, "level %u.%u ", r->facility, r->level);
	if (r->has & RECORD_CALLER)
		buf_printf(out, "of %x ", r->caller);
	if (r->len)
		buf_add(out, r->text, r->len);
	buf_add(out, "|", 1);
	if (r->line_len)
		buf_add(out, r->line, r->line_len);
	buf_add(out, "\n", 1);
	o->timed |= r->has & RECORD_TIME;
	o->last = r->has & RECORD_TIME ? r->ts_nsec : o->last;
}

static void take_record(struct log *log, const struct record *r)
{
	show(log->to, r);
}

static struct outcome walk(const struct log_layout *layout, struct kernel *k, bool mapped,
			   bool since_clear)
{
	struct vmcore core = core_of(k, mapped);
	struct outcome o = {0};
	struct log log = { .record = take_record, .to = &o, .since_clear = since_clear };

	fail_forget();
	assert_true(layout->probe(&core));
	o.rc = layout->walk(&core, &log);
	o.damaged = log.damaged;
	o.lost = log.lost;
	o.disordered = log.disordered;
	assert_int_equal(o.rc < 0, *fail_text() != 0);
	return o;
}

/* Who does not ask for a clear knows the newest time. */
static void ends_at(struct kernel *k, bool mapped, const struct outcome *expected)
{
	struct vmcore core = core_of(k, mapped);
	uint64_t last;

	fail_forget();
	assert_int_equal(log_last_time(&core, &last), expected->timed);
	assert_int_equal(last, expected->last);
	assert_string_equal(fail_text(), "");
}

/* In a file that is mapped, and in one that is not. */
static void comes_to(const struct log_layout *layout, struct kernel *k, bool since_clear,
		     const struct outcome *expected)
{
	for (unsigned int mapped = 0; mapped < 2; mapped++) {
		struct outcome o = walk(layout, k, mapped, since_clear);

		assert_int_equal(o.rc, expected->rc);
		assert_int_equal(o.records.len, expected->records.len);
		if (o.records.len)
			assert_memory_equal(o.records.data, expected->records.data, o.records.len);
		assert_int_equal(o.damaged, expected->damaged);
		assert_int_equal(o.lost, expected->lost);
		assert_int_equal(o.disordered, expected->disordered);
		if (!since_clear)
			ends_at(k, mapped, expected);
		buf_free(&o.records);
	}
}

static void refuses(const struct log_layout *layout, struct kernel *k, bool since_clear, int err,
		    const char *words)
{
	struct outcome o = walk(layout, k, false, since_clear);

	assert_int_equal(o.rc, -err);
	assert_int_equal(o.records.len, 0);
	if (!strstr(fail_text(), words))
		assert_string_equal(fail_text(), words);
	fail_forget();
}

/*
 * Without any byte of a log's head, which is @needed bytes outside of its arrays, there is no log;
 * what else is in memory is not missed.
 */
static void head_missing(const struct log_layout *layout, struct kernel *k, bool since_clear,
			 uint64_t arrays, uint64_t size, unsigned int needed)
{
	unsigned int missed = 0;

	k->left_out = false;
	for (uint64_t at = 0; at < k->memory.len; at++) {
		struct outcome o;

		if (at >= arrays && at - arrays < size)
			continue;
		k->hole = at;
		k->hole_end = at + 1;
		o = walk(layout, k, false, since_clear);
		missed += o.rc == -EFAULT && strstr(fail_text(), "address 0x") == fail_text();
		fail_forget();
		buf_free(&o.records);
	}
	k->hole = k->hole_end = 0;
	assert_int_equal(missed, needed);
}

/* A line of vmcoreinfo, and what is said without it. */
static void without_line(const struct log_layout *layout, struct kernel *k, bool since_clear,
			 const char *key)
{
	STRING_AUTO says = mem_printf("vmcoreinfo lacks %s", key);
	char *at = strstr((char *)k->info.data, key);

	assert_non_null(at);
	*at = '-';
	refuses(layout, k, since_clear, ENOENT, says);
	*at = *key;
}

/* --- 5.10 and later --- */

enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };
enum { SLOTS = 8, TEXTS = 128 };

/* A descriptor with its info. */
struct slot {
	uint64_t id, state, begin, next, seq, ts_nsec, text_len, caller;
	uint8_t facility, level, flags;
};

struct prb {
	unsigned int word;
	uint64_t count, size, word_mask, id_mask;
	uint64_t count_bits, size_bits, head, tail, clear;
	bool has_caller;
	struct slot slot[SLOTS];
	uint8_t texts[TEXTS];
	bool little;
	/* where it is in memory */
	uint64_t descs, desc_size, infos, info_size, data, count_bits_at, size_bits_at;
};

static struct slot *slot_of(struct prb *p, uint64_t id)
{
	return &p->slot[id % p->count];
}

/* A block as data_alloc() makes it, and its id and text; at the ring's end it may be either. */
static void prb_add_text(struct prb *p, struct slot *s, uint64_t *lpos)
{
	uint64_t len = any(3) ? any(12) : any(TEXTS), bytes = round_up64(p->word + len, p->word);
	uint64_t begin = *lpos & p->word_mask, at = begin % p->size;

	if (bytes > p->size)
		return;
	s->text_len = len;
	s->begin = begin;
	if (p->size - at < bytes + (any(2) ? 0 : 1)) {
		begin += p->size - at;
		at = 0;
	}
	s->next = *lpos = (begin + bytes) & p->word_mask;
	bytes_put(p->texts + at, s->id & p->id_mask, p->word, p->little);
}

static void prb_add_record(struct prb *p, uint64_t id, uint64_t seq, uint64_t *lpos)
{
	struct slot *s = slot_of(p, id);
	unsigned int kind = any(8);

	*s = (struct slot){
		.id = id, .state = any(5) ? COMMITTED + any(2) : any(4), .seq = seq,
		.ts_nsec = any64(), .caller = any64() & UINT32_MAX, .facility = (uint8_t)any(256),
		.level = (uint8_t)any(8), .flags = (uint8_t)any(32),
	};
	s->begin = s->next = kind == 1 ? 1 : 3;
	if (kind > 1)
		prb_add_text(p, s, lpos);
}

/* Around where ids and positions begin, and where they go round. */
static uint64_t prb_start(uint64_t unit)
{
	switch (any(4)) {
	case 0: return any64();
	case 1: return any(3) * unit;
	default: return -((1 + any(3)) * unit + any(2));
	}
}

static void prb_fill(struct prb *p)
{
	uint64_t id = prb_start(p->count) & p->id_mask;
	uint64_t lpos = prb_start(p->size) & -(uint64_t)p->word;
	uint64_t n = any((unsigned int)p->count + 1), seq = p->count * any(9) + id % p->count;

	for (size_t i = 0; i < sizeof(p->texts); i++)
		p->texts[i] = (uint8_t)(37 * i);
	for (uint64_t i = 0; i < p->count; i++) {
		struct slot *s = slot_of(p, id + i);

		*s = (struct slot){0};
		if (any(2))
			continue;
		s->id = id + i - p->count;
		s->state = REUSABLE;
	}
	if (!n) {
		id = -(p->count + 1) & p->id_mask;
		*slot_of(p, id) = (struct slot){ .id = id, .state = REUSABLE };
		n = 1;
	} else {
		for (uint64_t i = 0; i < n; i++)
			prb_add_record(p, (id + i) & p->id_mask, seq + i, &lpos);
	}
	p->tail = id;
	p->head = (id + n - 1) & p->id_mask;
	p->clear = seq + any((unsigned int)n + 2) - 1;
}

static void prb_damage(struct prb *p)
{
	struct slot *s = &p->slot[any((unsigned int)p->count)];
	uint64_t *const fields[] = { &s->id, &s->state, &s->begin, &s->next, &s->seq, &s->text_len,
				     &p->head, &p->tail };
	const uint64_t by[] = { 0, -(uint64_t)p->word, 1, 2, p->word, p->count, p->size,
				p->word_mask - p->id_mask, p->id_mask / 2, p->size - p->word,
				any(1024), any64() };
	uint64_t v = by[any(ARRAY_SIZE(by))];

	switch (any(6)) {
	case 0: p->texts[any(TEXTS)] ^= (uint8_t)v; break;
	case 1: s->next = s->begin + v; break;
	case 2: *fields[any(ARRAY_SIZE(fields))] = v; break;
	case 3: *fields[any(ARRAY_SIZE(fields))] -= v; break;
	default: *fields[any(ARRAY_SIZE(fields))] += v; break;
	}
}

static struct prb prb_make(void)
{
	struct prb p = {
		.word = any(2) ? 4 : 8, .little = any(2), .has_caller = any(2),
		.count_bits = any(4), .size_bits = any(5) ? 5 + any(3) : any(5),
	};

	p.count = UINT64_C(1) << p.count_bits;
	p.size = UINT64_C(1) << p.size_bits;
	p.word_mask = p.word == 4 ? UINT32_MAX : UINT64_MAX;
	p.id_mask = p.word_mask / 4;
	prb_fill(&p);
	for (unsigned int n = any(4); n > 1; n--)
		prb_damage(&p);
	p.head &= p.word_mask;
	p.tail &= p.word_mask;
	for (uint64_t i = 0; i < p.count; i++) {
		struct slot *s = &p.slot[i];

		s->id &= p.id_mask;
		s->state &= 3;
		s->begin &= p.word_mask;
		s->next &= p.word_mask;
		s->text_len &= UINT16_MAX;
	}
	return p;
}

/* Each structure's fields are in this order, with anything between them. */
static void prb_write_descs(struct prb *p, struct kernel *k, uint64_t counter)
{
	uint64_t end = 0, pair = 0;
	uint64_t begin = field(k, "OFFSET(prb_data_blk_lpos.begin)", &pair, p->word);
	uint64_t next = field(k, "OFFSET(prb_data_blk_lpos.next)", &pair, p->word);
	uint64_t state = field(k, "OFFSET(prb_desc.state_var)", &end, counter + p->word);
	uint64_t lpos = field(k, "OFFSET(prb_desc.text_blk_lpos)", &end, pair);

	p->desc_size = end;
	line(k, "SIZE(prb_desc)", end);
	p->descs = place(k, p->count * p->desc_size);
	for (uint64_t i = 0; i < p->count; i++) {
		const struct slot *s = &p->slot[i];
		uint64_t at = p->descs + i * p->desc_size;

		put(k, at + state + counter, s->id | s->state << (8 * p->word - 2), p->word);
		put(k, at + lpos + begin, s->begin, p->word);
		put(k, at + lpos + next, s->next, p->word);
	}
}

static void prb_write_infos(struct prb *p, struct kernel *k)
{
	uint64_t end = 0;
	uint64_t seq = field(k, "OFFSET(printk_info.seq)", &end, 8);
	uint64_t ts_nsec = field(k, "OFFSET(printk_info.ts_nsec)", &end, 8);
	uint64_t text_len = field(k, "OFFSET(printk_info.text_len)", &end, 4);
	uint64_t caller = p->has_caller ? field(k, "OFFSET(printk_info.caller_id)", &end, 4) : 0;

	if (!p->has_caller && any(2))
		line(k, "OFFSET(printk_info.caller_id)",
		     any(2) ? end - any(4) : UINT64_MAX - any(5));
	p->info_size = end;
	line(k, "SIZE(printk_info)", end);
	p->infos = place(k, p->count * p->info_size);
	for (uint64_t i = 0; i < p->count; i++) {
		const struct slot *s = &p->slot[i];
		uint64_t at = p->infos + i * p->info_size;

		put(k, at + seq, s->seq, 8);
		put(k, at + ts_nsec, s->ts_nsec, 8);
		put(k, at + text_len, s->text_len, 2);
		put(k, at + text_len + 2, s->facility, 1);
		put(k, at + text_len + 3, k->little ? s->level << 5 | s->flags :
						      s->flags << 3 | s->level, 1);
		if (p->has_caller)
			put(k, at + caller, s->caller, 4);
	}
}

static void prb_write_ring(struct prb *p, struct kernel *k, uint64_t counter)
{
	uint64_t end = 0, descs_end = 0, texts_end = 0;
	const struct {
		const char *key;
		uint64_t *end, v, in;
		unsigned int size;
	} fields[] = {
		{ "OFFSET(prb_desc_ring.count_bits)", &descs_end, p->count_bits, 0, 4 },
		{ "OFFSET(prb_desc_ring.descs)", &descs_end, BASE + p->descs, 0, p->word },
		{ "OFFSET(prb_desc_ring.infos)", &descs_end, BASE + p->infos, 0, p->word },
		{ "OFFSET(prb_desc_ring.head_id)", &descs_end, p->head, counter, p->word },
		{ "OFFSET(prb_desc_ring.tail_id)", &descs_end, p->tail, counter, p->word },
		{ "OFFSET(prb_data_ring.size_bits)", &texts_end, p->size_bits, 0, 4 },
		{ "OFFSET(prb_data_ring.data)", &texts_end, BASE + p->data, 0, p->word },
	};
	uint64_t at[ARRAY_SIZE(fields)], rings[2], ring;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		at[i] = field(k, fields[i].key, fields[i].end, fields[i].in + fields[i].size);
	rings[0] = field(k, "OFFSET(printk_ringbuffer.desc_ring)", &end, descs_end);
	rings[1] = field(k, "OFFSET(printk_ringbuffer.text_data_ring)", &end, texts_end);
	ring = place(k, end);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		put(k, ring + rings[fields[i].end == &texts_end] + at[i] + fields[i].in,
		    fields[i].v, fields[i].size);
	p->count_bits_at = ring + rings[0] + at[0];
	p->size_bits_at = ring + rings[1] + at[5];
	variable(k, "prb", BASE + ring, p->word);
}

static void prb_write_clear(const struct prb *p, struct kernel *k)
{
	unsigned int latch = any(1000);
	uint64_t at;

	if (any(2)) {
		variable(k, "clear_seq", p->clear, 8);
		return;
	}
	at = variable(k, "clear_seq", latch, 4);
	line(k, "OFFSET(latched_seq.val)", place(k, 16) - at);
	put(k, k->memory.len - 16, latch % 2 ? 0 : p->clear, 8);
	put(k, k->memory.len - 8, latch % 2 ? p->clear : 0, 8);
}

static struct kernel prb_write(struct prb *p)
{
	struct kernel k = { .word = p->word, .little = p->little };
	uint64_t counter = 4 * any(3);

	line(&k, "OFFSET(atomic_long_t.counter)", counter);
	prb_write_descs(p, &k, counter);
	prb_write_infos(p, &k);
	p->data = place(&k, p->size);
	memcpy(k.memory.data + p->data, p->texts, p->size);
	if (!any(3)) {
		k.hole = p->descs + any((unsigned int)(p->data + p->size - p->descs));
		k.hole_end = k.hole + 1 + any(100);
		if (k.hole_end > p->data + p->size)
			k.hole_end = p->data + p->size;
		k.left_out = any(2);
	}
	prb_write_ring(p, &k, counter);
	prb_write_clear(p, &k);
	return k;
}

static bool desc_is_there(const struct prb *p, const struct kernel *k, uint64_t i)
{
	return kernel_has(k, p->descs + i * p->desc_size, p->desc_size);
}

static bool info_is_there(const struct prb *p, const struct kernel *k, uint64_t i)
{
	return kernel_has(k, p->infos + i * p->info_size, p->info_size) &&
	       p->slot[i].seq % p->count == i;
}

/* A block of that many bytes, from its position on or from the next start of the ring. */
static bool block_of(const struct prb *p, const struct slot *s, uint64_t *at, uint64_t *len)
{
	uint64_t left = p->size - s->begin % p->size, round = s->begin + left;

	for (*len = p->word; *len <= p->size && s->begin % p->word == 0; *len += p->word) {
		*at = s->begin % p->size;
		if (*len <= left && ((s->begin + *len) & p->word_mask) == s->next)
			return true;
		*at = 0;
		if (((round + *len) & p->word_mask) == s->next)
			return true;
	}
	return false;
}

static void expect_text(const struct prb *p, const struct kernel *k, const struct slot *s,
			struct outcome *o)
{
	struct record r = {
		.has = RECORD_TIME | RECORD_LEVEL | (p->has_caller ? RECORD_CALLER : 0),
		.ts_nsec = s->ts_nsec, .caller = (uint32_t)s->caller, .facility = s->facility,
		.level = s->level,
	};
	uint64_t at, len;

	if (s->begin % 2 && s->next % 2) {
		if (s->begin == 3 && s->next == 3)
			show(o, &r);
		else
			o->lost++;
		return;
	}
	if (!block_of(p, s, &at, &len)) {
		o->damaged++;
		return;
	}
	r.len = s->text_len < len - p->word ? s->text_len : len - p->word;
	r.text = p->texts + at + p->word;
	if (!kernel_has(k, p->data + at, p->word + r.len) ||
	    bytes_get(p->texts + at, p->word, p->little) != s->id) {
		o->damaged++;
		return;
	}
	show(o, &r);
	o->damaged += r.len < s->text_len;
}

static void expect_id(const struct prb *p, const struct kernel *k, uint64_t id, uint64_t clear,
		      struct outcome *o)
{
	bool is_first = id == (-(p->count + 1) & p->id_mask);
	const struct slot *s = &p->slot[id % p->count];

	if (!desc_is_there(p, k, id % p->count))
		o->damaged += !is_first;
	else if (s->state == REUSABLE && (s->id == id || ((s->id + p->count) & p->id_mask) == id))
		return;
	else if (s->id != id)
		o->damaged += !o->disordered && !is_first;
	else if (s->state == RESERVED)
		return;
	else if (!info_is_there(p, k, id % p->count))
		o->damaged++;
	else if (s->seq >= clear)
		expect_text(p, k, s, o);
}

static bool is_in_place(const struct prb *p, const struct kernel *k, uint64_t i)
{
	return desc_is_there(p, k, i) && info_is_there(p, k, i) && p->slot[i].id % p->count == i &&
	       (p->slot[i].state == COMMITTED || p->slot[i].state == FINALIZED);
}

/*
 * The one that is newer than all others, of which none is half of all ids behind it. 0 when none
 * is in place; -1 when they contradict each other.
 */
static int newest_of(const struct prb *p, const struct kernel *k, uint64_t *newest)
{
	bool some = false, newer;

	for (uint64_t i = 0; i < p->count; i++) {
		newer = is_in_place(p, k, i);
		some |= newer;
		for (uint64_t j = 0; j < p->count; j++)
			newer &= !is_in_place(p, k, j) ||
				 ((p->slot[i].id - p->slot[j].id) & p->id_mask) <= p->id_mask / 2;
		*newest = p->slot[i].id;
		if (newer)
			return 1;
	}
	return some ? -1 : 0;
}

/* False where ids contradict each other, so that no model says which is the newest. */
static bool prb_expect(const struct prb *p, const struct kernel *k, uint64_t clear,
		       struct outcome *o)
{
	uint64_t n = ((p->head - p->tail) & p->id_mask) + 1, id = p->tail;
	int found;

	*o = (struct outcome){0};
	if (p->head > p->id_mask || p->tail > p->id_mask || n > p->count) {
		o->disordered = true;
		found = newest_of(p, k, &id);
		o->rc = found ? 0 : -EBADMSG;
		if (found <= 0)
			return found == 0;
		n = p->count;
		id -= n - 1;
	}
	for (; n; n--, id++)
		expect_id(p, k, id & p->id_mask, clear, o);
	return true;
}

static void prb_anything(void **state)
{
	unsigned int undecided = 0;

	(void)state;
	for (unsigned int times = 0; times < 10000; times++) {
		struct prb p = prb_make();
		struct kernel k = prb_write(&p);
		bool since_clear = any(2);
		struct outcome o;

		if (prb_expect(&p, &k, since_clear ? p.clear : 0, &o))
			comes_to(&log_prb, &k, since_clear, &o);
		else
			undecided++;
		buf_free(&o.records);
		kernel_end(&k);
	}
	assert_true(undecided < 100);
}

/* Of two ids that are as far from each other as can be, the nearer way says which is newer. */
static void prb_far_apart(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 200; times++) {
		struct prb p = prb_make();
		struct slot *older = &p.slot[0], *newer = &p.slot[p.id_mask / 2 % p.count];
		struct outcome o;
		struct kernel k;

		if (p.count == 1)
			continue;
		for (uint64_t i = 0; i < p.count; i++)
			p.slot[i].state = RESERVED;
		*older = (struct slot){ .id = p.count * any(9), .state = FINALIZED, .begin = 3,
					.next = 3 };
		*newer = *older;
		newer->ts_nsec = 1;
		newer->id += p.id_mask / 2;
		newer->seq = newer->id % p.count;
		p.head = p.word_mask;
		k = prb_write(&p);
		k.hole = k.hole_end;
		assert_true(prb_expect(&p, &k, 0, &o));
		comes_to(&log_prb, &k, false, &o);
		buf_free(&o.records);
		kernel_end(&k);
	}
}

static void prb_head_missing(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 40; times++) {
		bool since_clear = times & 1;
		struct prb p = prb_make();
		struct kernel k = prb_write(&p);
		unsigned int needed = 4 + 4 + 6 * p.word;

		if (since_clear)
			needed += strstr((char *)k.info.data, "latched_seq") ? 12 : 8;
		head_missing(&log_prb, &k, since_clear, p.descs, p.data + p.size - p.descs, needed);
		kernel_end(&k);
	}
}

static void prb_lines_missing(void **state)
{
	static const char *const keys[] = {
		"OFFSET(printk_ringbuffer.desc_ring)", "OFFSET(printk_ringbuffer.text_data_ring)",
		"OFFSET(prb_desc_ring.count_bits)", "OFFSET(prb_desc_ring.descs)",
		"OFFSET(prb_desc_ring.infos)", "OFFSET(prb_desc_ring.head_id)",
		"OFFSET(prb_desc_ring.tail_id)", "OFFSET(prb_data_ring.size_bits)",
		"OFFSET(prb_data_ring.data)", "SIZE(prb_desc)", "OFFSET(prb_desc.state_var)",
		"OFFSET(prb_desc.text_blk_lpos)", "OFFSET(prb_data_blk_lpos.begin)",
		"OFFSET(prb_data_blk_lpos.next)", "SIZE(printk_info)", "OFFSET(printk_info.seq)",
		"OFFSET(printk_info.ts_nsec)", "OFFSET(printk_info.text_len)",
		"OFFSET(atomic_long_t.counter)",
	};
	struct prb p = prb_make();
	struct kernel k = prb_write(&p);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		without_line(&log_prb, &k, false, keys[i]);
	without_line(&log_prb, &k, true, "SYMBOL(clear_seq)");
	kernel_end(&k);
}

/* As many records and bytes as there can be are looked for, and no more. */
static void prb_sizes(void **state)
{
	static const char damaged[] = "the log's head is damaged: 2^";
	struct prb p = prb_make();
	struct kernel k = prb_write(&p);

	(void)state;
	put(&k, p.count_bits_at, 26, 4);
	refuses(&log_prb, &k, false, EFAULT, "the log's descriptor array, 0x");
	put(&k, p.count_bits_at, 27, 4);
	refuses(&log_prb, &k, false, EBADMSG, damaged);
	put(&k, p.count_bits_at, p.count_bits, 4);
	put(&k, p.size_bits_at, 31, 4);
	refuses(&log_prb, &k, false, EFAULT, "the log's text, 0x80000000 bytes");
	put(&k, p.size_bits_at, 32, 4);
	refuses(&log_prb, &k, false, EBADMSG, damaged);
	kernel_end(&k);
}

static void prb_no_offsets(struct kernel *k)
{
	static const char *const fields[] = {
		"printk_ringbuffer.desc_ring", "printk_ringbuffer.text_data_ring",
		"prb_desc_ring.count_bits", "prb_desc_ring.descs", "prb_desc_ring.infos",
		"prb_desc_ring.head_id", "prb_desc_ring.tail_id", "prb_data_ring.size_bits",
		"prb_data_ring.data",
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		buf_printf(&k->info, "OFFSET(%s)=0\n", fields[i]);
}

/* Fields of any place in structures of any size: which of them are inside. */
static void prb_fields(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 8000; times++) {
		struct kernel k = { .word = times & 1 ? 4 : 8 };
		const uint64_t desc = k.word + any(4), info = 8 + any(2);
		const uint64_t counter = any(3), state_var = any(3), blk = any(3), begin = any(3);
		const uint64_t next = any(3), seq = any(2), ts_nsec = any(2), text_len = any(7);

		prb_no_offsets(&k);
		line(&k, "SIZE(prb_desc)", desc);
		line(&k, "OFFSET(atomic_long_t.counter)", counter);
		line(&k, "OFFSET(prb_desc.state_var)", state_var);
		line(&k, "OFFSET(prb_desc.text_blk_lpos)", blk);
		line(&k, "OFFSET(prb_data_blk_lpos.begin)", begin);
		line(&k, "OFFSET(prb_data_blk_lpos.next)", next);
		line(&k, "SIZE(printk_info)", info);
		line(&k, "OFFSET(printk_info.seq)", seq);
		line(&k, "OFFSET(printk_info.ts_nsec)", ts_nsec);
		line(&k, "OFFSET(printk_info.text_len)", text_len);
		variable(&k, "prb", BASE - 1, k.word);
		if (state_var + counter + k.word > desc || blk + begin + k.word > desc ||
		    blk + next + k.word > desc || seq + 8 > info || ts_nsec + 8 > info ||
		    text_len + 4 > info)
			refuses(&log_prb, &k, false, EBADMSG, "vmcoreinfo: a field is outside its"
				" structure (prb_desc ");
		else
			refuses(&log_prb, &k, false, EFAULT,
				"address 0xc0000fff is not in the dump");
		kernel_end(&k);
	}
}

/* --- 3.5 to 5.9 --- */

enum { RING = 2048 };

struct records {
	unsigned int word;
	bool little;
	uint64_t header, ts_nsec, len, text_len, dict_len;	/* its size, and offsets in it */
	const char *name;		/* of the header's structure, or NULL */
	uint64_t size, first, next, clear;
	uint8_t data[RING];
	uint64_t at;			/* where that is in memory */
	uint64_t starts[RING / 16], n;	/* where records were begun, */
	uint64_t edge;			/* and, around one of them, a page begins */
};

static bool records_have_callers(const struct records *r)
{
	return r->header >= r->dict_len + 8;
}

static uint64_t records_get(const struct records *r, uint64_t at, size_t size)
{
	return bytes_get(r->data + at, size, r->little);
}

static void records_put(struct records *r, uint64_t at, uint64_t v, size_t size)
{
	bytes_put(r->data + at, v, size, r->little);
}

/* No byte of a record's time is zero, so that none begins in what looks as if it were left out. */
static uint64_t records_add(struct records *r, uint64_t at, uint64_t text, uint64_t dict)
{
	uint64_t used = r->header + text + dict, len = round_up64(used, any(2) ? 4 : 8);

	for (uint64_t i = 0, by = any(255); i < len; i++)
		r->data[at + i] = (uint8_t)(1 + (by + 37 * i) % 255);
	records_put(r, at + r->len, len, 2);
	records_put(r, at + r->text_len, text, 2);
	records_put(r, at + r->dict_len, dict, 2);
	if (!any(4))
		r->data[at + r->dict_len + 3] = 0;
	return len;
}

/* log_store(): the oldest records make room for the newest, which may go to the ring's start. */
static void records_fill(struct records *r)
{
	uint64_t ends[RING / 16], *starts = r->starts, oldest = 0, n = 0, at = 0;

	for (uint64_t i = any(4) ? any(RING / 16) : 0; n < i; n++) {
		uint64_t text = any(8) ? any(60) : 0, dict = any(3) ? 0 : any(20), len;

		len = round_up64(r->header + text + dict, 8);
		if (len + r->header > r->size)
			break;
		if (at + len + r->header > r->size) {
			while (oldest < n && starts[oldest] >= at)
				oldest++;
			memset(r->data + at, 0, r->header);
			at = 0;
		}
		while (oldest < n && starts[oldest] >= at && starts[oldest] < at + len + r->header)
			oldest++;
		starts[n] = at;
		at += records_add(r, at, text, dict);
		ends[n] = at;
	}
	r->next = at;
	r->first = oldest < n ? starts[oldest] : at;
	if (n && any(3))
		r->clear = any(2) ? starts[any((unsigned int)n)] : ends[any((unsigned int)n)];
	r->n = n;
	r->edge = (n ? starts[any((unsigned int)n)] : 0) + 4 * any(4);
}

static void records_damage(struct records *r)
{
	const uint64_t values[] = { 0, 1, 4, r->header, any(RING), r->size, r->size - 4,
				    r->size + 1, r->first, r->next, any(1 << 16), UINT32_MAX };
	uint64_t *const ends[] = { &r->first, &r->next, &r->clear };
	const uint64_t fields[] = { r->len, r->text_len, r->dict_len, r->dict_len + 2 };
	uint64_t v = values[any(ARRAY_SIZE(values))], at, from;

	switch (any(6)) {
	case 0:
		*ends[any(3)] = v;
		break;
	case 1:
		*ends[any(3)] += 4 * any(3) - 4;
		break;
	case 2:
		at = r->n && any(8) ? r->starts[any((unsigned int)r->n)] :
				      4 * any((unsigned int)r->size / 4);
		at += fields[any(4)];
		if (at + 2 <= r->size)
			records_put(r, at, any(2) ? v : records_get(r, at, 2) + any(17) - 8, 2);
		break;
	case 3:
		at = any(2) ? r->edge : any(RING);
		from = at < 512 ? 0 : at - 512;
		memset(r->data + from, 0, at - from);
		break;
	case 4:		/* a record up to the very end of the ring */
		at = round_up64(r->header, 8) + 8 * any(10);
		if (at <= r->size)
			records_add(r, r->size - at, at - r->header, 0);
		break;
	case 5:		/* a record that is said not to have been written yet */
		memset(r->data + r->edge, 0, r->edge < r->size ? 8 : 0);
		r->next = r->edge + 4 * any(4);
		break;
	}
	r->first &= UINT32_MAX;
	r->next &= UINT32_MAX;
	r->clear &= UINT32_MAX;
}

/* A line that may be missing where it says what is assumed. */
static void records_line(struct kernel *k, const char *what, const char *name, uint64_t v,
			 uint64_t assumed)
{
	const char *in = strchr(what, '%');

	if (v != assumed || any(2))
		buf_printf(&k->info, "%.*s%s%s=%" PRIu64 "\n", (int)(in - what), what, name, in + 2,
			   v);
}

/* A header of 3.5, of which vmcoreinfo says nothing, or one with its fields anywhere. */
static void records_lay_out(struct records *r, struct kernel *k)
{
	static const char *const names[] = { NULL, "log", "printk_log" };
	uint64_t end = 0;

	r->name = names[any(3)];
	r->header = 16;
	r->ts_nsec = 0;
	r->len = 8;
	r->text_len = 10;
	r->dict_len = 12;
	if (!r->name)
		return;
	if (any(2)) {
		r->ts_nsec = any(5);
		r->len = r->ts_nsec + 8 + any(5);
		r->text_len = r->len + 2 + any(5);
		r->dict_len = r->text_len + 2 + any(5);
	}
	end = r->dict_len + 4 + any(10);
	r->header = end < 16 ? 16 : end;
	for (unsigned int i = 0; i < 2; i++) {
		/* the older name says nothing where there is the newer */
		const char *name = i ? "log" : r->name;

		if (i && strcmp(r->name, "printk_log"))
			break;
		records_line(k, "SIZE(%s)", name, i ? 999 : r->header, i || *name == 'p' ? 0 : 16);
		records_line(k, "OFFSET(%s.ts_nsec)", name, r->ts_nsec, 0);
		records_line(k, "OFFSET(%s.len)", name, i ? 99 : r->len, 8);
		records_line(k, "OFFSET(%s.text_len)", name, r->text_len, 10);
		records_line(k, "OFFSET(%s.dict_len)", name, r->dict_len, 12);
	}
}

static struct kernel records_make(struct records *r)
{
	struct kernel k = { .word = any(2) ? 4 : 8, .little = any(2), .left_out = any(2) };
	unsigned int damage = any(5);

	*r = (struct records){ .little = k.little };
	r->size = any(2) ? RING : 32 + 4 * any(100);
	records_lay_out(r, &k);
	records_fill(r);
	for (; damage > 2; damage--)
		records_damage(r);
	variable(&k, "log_buf_len", r->size, 4);
	variable(&k, "log_first_idx", r->first, 4);
	variable(&k, "log_next_idx", r->next, 4);
	variable(&k, "clear_idx", r->clear, 4);
	r->at = place_edge(&k, r->size, r->edge);
	memcpy(k.memory.data + r->at, r->data, r->size);
	variable(&k, "log_buf", BASE + r->at, k.word);
	if (!any(3))
		lose_pages(&k, r->at, r->size);
	return k;
}

/* --- what is expected of it --- */

enum kind { NO_RECORD, TO_START, A_RECORD };

static enum kind kind_at(const struct records *r, const struct kernel *k, uint64_t at)
{
	uint64_t len, used;

	if (at + r->header > r->size || !kernel_has(k, r->at + at, r->header))
		return NO_RECORD;
	len = records_get(r, at + r->len, 2);
	used = r->header + records_get(r, at + r->text_len, 2) +
	       records_get(r, at + r->dict_len, 2);
	if (!len)
		return TO_START;
	return len % 4 == 0 && len >= used && len < used + 8 && at + len <= r->size ? A_RECORD :
										       NO_RECORD;
}

static uint64_t len_at(const struct records *r, uint64_t at)
{
	return records_get(r, at + r->len, 2);
}

/* What looks like a record and has text, with what may follow one behind it. */
static uint64_t sound_behind(const struct records *r, const struct kernel *k, uint64_t from,
			     uint64_t end)
{
	for (uint64_t at = from = round_up64(from, 4); at < end; at += 4)
		if (kind_at(r, k, at) == A_RECORD && records_get(r, at + r->text_len, 2) &&
		    !is_left_out(r->data, r->at, from, at, end) &&
		    (at + len_at(r, at) == end || kind_at(r, k, at + len_at(r, at)) != NO_RECORD))
			return at;
	return end;
}

static void expect_record(const struct records *r, const struct kernel *k, uint64_t at,
			  struct outcome *o)
{
	const uint8_t *p = r->data + at;
	struct record rec = {
		.has = RECORD_TIME | RECORD_LEVEL | (records_have_callers(r) ? RECORD_CALLER : 0),
		.ts_nsec = records_get(r, at + r->ts_nsec, 8), .facility = p[r->dict_len + 2],
		.text = p + r->header, .len = records_get(r, at + r->text_len, 2),
	};
	uint8_t last = p[r->dict_len + 3];

	rec.level = r->little ? last / 32 : last % 8;
	if (r->little && !last) {
		rec.level = rec.facility % 8;
		rec.facility /= 8;
	}
	if (records_have_callers(r))
		rec.caller = (uint32_t)records_get(r, at + r->dict_len + 4, 4);
	if (kernel_has(k, r->at + at, r->header + rec.len))
		show(o, &rec);
	else
		o->damaged++;
}

/* The next record found no room: else a header without a length is damaged. */
static bool goes_to_start(const struct records *r, const struct kernel *k, uint64_t at)
{
	return kind_at(r, k, at) == TO_START &&
	       (kind_at(r, k, 0) != A_RECORD || at + len_at(r, 0) + r->header > r->size);
}

static void expect_part(const struct records *r, const struct kernel *k, uint64_t at, uint64_t end,
			struct outcome *o)
{
	while (at < end && !(end == r->size && goes_to_start(r, k, at))) {
		if (kind_at(r, k, at) == A_RECORD && at + len_at(r, at) <= end) {
			expect_record(r, k, at, o);
			at += len_at(r, at);
		} else {
			o->damaged++;
			at = sound_behind(r, k, at + 1, end);
		}
	}
}

/* Whether one comes from the first record to where the last clear was. */
static bool comes_to_clear(const struct records *r, const struct kernel *k)
{
	uint64_t at = r->first;

	for (unsigned int rounds = 0; at != r->clear && at != r->next && rounds < 2; ) {
		switch (kind_at(r, k, at)) {
		case NO_RECORD: return false;
		case TO_START: at = 0; rounds++; break;
		case A_RECORD: at += len_at(r, at); break;
		}
	}
	return at == r->clear;
}

static void records_expect(const struct records *r, const struct kernel *k, bool since_clear,
			   struct outcome *o)
{
	bool cleared = since_clear && r->clear && comes_to_clear(r, k);
	uint64_t first = r->first, next = r->next;

	if (cleared && r->clear == next)
		return;
	if (first == next && first < r->size && kind_at(r, k, first) != A_RECORD)
		return;		/* which is so before the first record */
	o->disordered = next > r->size || first >= r->size;
	if (next > r->size)
		next = first < r->size ? first : r->size;
	if (first >= r->size)
		first = next < r->size ? sound_behind(r, k, next, r->size) : 0;
	if (first == r->size)
		first = 0;
	if (cleared)
		first = r->clear;
	if (first < next) {
		expect_part(r, k, first, next, o);
	} else {
		expect_part(r, k, first, r->size, o);
		expect_part(r, k, 0, next, o);
	}
}

static void records_anything(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 10000; times++) {
		struct records r;
		struct kernel k = records_make(&r);
		struct outcome o = {0};

		records_expect(&r, &k, times & 1, &o);
		comes_to(&log_records, &k, times & 1, &o);
		buf_free(&o.records);
		kernel_end(&k);
	}
}

/* Fields of any place in a header of any size: which of them are inside. */
static void records_fields(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 8000; times++) {
		struct kernel k = { .word = 8 };
		uint64_t size = 14 + any(6), ts_nsec = size - 6 - any(4), len = size - any(4);
		uint64_t text_len = size - any(4), dict_len = size - 2 - any(4);

		line(&k, "SIZE(log)", size);
		line(&k, "OFFSET(log.ts_nsec)", ts_nsec);
		line(&k, "OFFSET(log.len)", len);
		line(&k, "OFFSET(log.text_len)", text_len);
		line(&k, "OFFSET(log.dict_len)", dict_len);
		line(&k, "SYMBOL(log_buf)", 0);
		line(&k, "SYMBOL(log_first_idx)", 0);
		if (size < 16 || ts_nsec + 8 > size || len + 2 > size || text_len + 2 > size ||
		    dict_len + 4 > size)
			refuses(&log_records, &k, false, EBADMSG, "bytes does not hold its fields");
		else
			refuses(&log_records, &k, false, ENOENT, "SYMBOL(log_buf_len)");
		kernel_end(&k);
	}
}

/* A number that is none is an error, also where one may be missing. */
static void records_numbers(void **state)
{
	static const char *const lines[] = {
		"SIZE(log)", "OFFSET(log.ts_nsec)", "OFFSET(log.len)", "OFFSET(log.text_len)",
		"OFFSET(log.dict_len)",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct kernel k = { .word = 8 };

		buf_printf(&k.info, "%s=x\nSYMBOL(log_buf)=0\nSYMBOL(log_first_idx)=0\n", lines[i]);
		refuses(&log_records, &k, false, EBADMSG, lines[i]);
		kernel_end(&k);
	}
}

/* What is said of a log whose size is another. */
static void with_size(const struct log_layout *layout, struct kernel *k, uint32_t size, int err,
		      const char *words)
{
	uint64_t at = strtoull(strstr((char *)k->info.data, "SYMBOL(log_buf_len)=") + 20, NULL, 16);

	put(k, at - BASE, size, 4);
	refuses(layout, k, false, err, words);
}

static void records_heads(void **state)
{
	static const char *const keys[] = { "SYMBOL(log_buf_len)", "SYMBOL(log_next_idx)" };

	(void)state;
	for (unsigned int times = 0; times < 20; times++) {
		struct records r;
		struct kernel k = records_make(&r);

		head_missing(&log_records, &k, times & 1, r.at, r.size,
			     (times & 1 ? 4 : 3) * 4 + k.word);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			without_line(&log_records, &k, false, keys[i]);
		without_line(&log_records, &k, true, "SYMBOL(clear_idx)");
		with_size(&log_records, &k, 0, EBADMSG, "the log's size is damaged: 0x0 bytes");
		with_size(&log_records, &k, (UINT32_C(1) << 31) + 1, EBADMSG,
			  "the log's size is damaged: 0x80000001 bytes");
		with_size(&log_records, &k, UINT32_C(1) << 31, EFAULT,
			  "the log, 0x80000000 bytes at");
		kernel_end(&k);
	}
}

/* --- before 3.5 --- */

enum { BYTES_MAX = 4096 };

struct bytes {
	uint64_t size, end, chars;
	uint8_t data[BYTES_MAX];
	uint64_t at;			/* where that is in memory */
};

/* emit_log_char() */
static void bytes_write(struct bytes *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		b->data[b->end++ % b->size] = (uint8_t)s[i];
		b->chars += b->chars < b->size;
	}
}

/* One of these or, where it is to be, a part of it. */
static void bytes_write_any(struct bytes *b, const char *const *words, unsigned int n)
{
	const char *s = words[any(n)];

	bytes_write(b, s, any(4) ? strlen(s) : any((unsigned int)strlen(s) + 1));
}

static void bytes_write_line(struct bytes *b)
{
	static const char *const levels[] = {
		"", "<6>", "<30>", "<255>", "<256>", "<0006>", "<00006>", "<>", "<:>", "</>",
		"< 6>", "<-1>", "<6]", "x6>", "<9>", "<09>",
	};
	static const char *const times[] = {
		"", "[    1.234567] ", "[    1.234567] ", "[98765.999999] ", "[.123456] ",
		"[ 9999999999.999999] ", "[10000000000.000000] ", "[1000000000.000000] ",
		"[0000000000007.000000] ", "[1.23456] ", "[1.2345678] ", "[1.234567]",
		"[1.234567]x", "[1.234567) ", "[-1.234567] ", "[1:234567] ", "[:.234567] ",
		"[/.234567] ", "[10000000005.000000] ",
		"[1.23456:] ", "[1.23456/] ", "(1.234567] ", "[1,234567] ", "[9.909090] ",
	};
	static const char *const texts[] = {
		"", "eth0: link is up", "x", " [1.234567] <6>", "<6>",
	};

	bytes_write_any(b, levels, ARRAY_SIZE(levels));
	bytes_write_any(b, times, ARRAY_SIZE(times));
	bytes_write_any(b, texts, ARRAY_SIZE(texts));
	bytes_write(b, "\n", any(8) ? 1 : 0);
}

static struct kernel bytes_make(struct bytes *b)
{
	struct kernel k = { .word = any(2) ? 4 : 8, .little = any(2), .left_out = any(2) };
	const uint64_t odd[] = { 0, 1, any(BYTES_MAX), UINT32_MAX };

	*b = (struct bytes){ .size = UINT64_C(1) << any(13) };
	memset(b->data, 'o', any(2) ? b->size : 0);
	b->end = any(2) ? 0 : UINT32_MAX - any(1000);
	for (unsigned int n = any(100); n; n--) {
		bytes_write_line(b);
		if (!any(50))
			b->chars = 0;
	}
	for (uint64_t i = 512 * any(8); !any(8) && i < b->size; i++)
		b->data[i] = 0;
	for (unsigned int n = any(5); n == 1 && b->size > BYTES_MAX / 2; n--)
		memset(b->data + any(BYTES_MAX / 2), 0, any(BYTES_MAX / 2));
	if (!any(8))
		b->end = odd[any(4)];
	if (!any(8))
		b->chars = odd[any(4)];
	b->end &= UINT32_MAX;
	variable(&k, "log_buf_len", b->size, 4);
	variable(&k, "log_end", b->end, 4);
	variable(&k, "logged_chars", b->chars, 4);
	b->at = place(&k, b->size);
	memcpy(k.memory.data + b->at, b->data, b->size);
	variable(&k, "log_buf", BASE + b->at, k.word);
	if (!any(3))
		lose_pages(&k, b->at, b->size);
	return k;
}

static uint64_t number_in(const char *s, const regmatch_t *m)
{
	STRING_AUTO text = mem_copy_text(s + m->rm_so, (size_t)(m->rm_eo - m->rm_so));

	return strtoull(text, NULL, 10);
}

static bool matches(const char *s, const char *pattern, regmatch_t m[3])
{
	regex_t re;
	int rc;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED), 0);
	rc = regexec(&re, s, 3, m, 0);
	regfree(&re);
	return !rc;
}

static void expect_line(struct buf *line, struct outcome *o)
{
	struct record r = { .has = RECORD_LINE, .line = line->data, .line_len = line->len };
	const char *s = (const char *)line->data;
	regmatch_t m[3];

	if (*s == '<' && matches(s, "^<([0-9]{1,4})>", m) && number_in(s, &m[1]) < 256) {
		r.has |= RECORD_LEVEL;
		r.facility = (uint8_t)(number_in(s, &m[1]) / 8);
		r.level = number_in(s, &m[1]) % 8;
		s += m[0].rm_eo;
	}
	if (*s == '[' && matches(s, "^\\[ *([0-9]*)\\.([0-9]{6})\\] ", m) &&
	    number_in(s, &m[1]) < UINT64_C(10000000000)) {
		r.has |= RECORD_TIME;
		r.ts_nsec = (number_in(s, &m[1]) * 1000000 + number_in(s, &m[2])) * 1000;
		s += m[0].rm_eo;
	}
	r.text = (const uint8_t *)s;
	r.len = line->len - (size_t)((const uint8_t *)s - line->data);
	show(o, &r);
	line->len = 0;
	line->data[0] = 0;
}

static void expect_bytes(const struct bytes *b, const struct kernel *k, uint64_t start,
			 uint64_t end, struct buf *line, struct outcome *o)
{
	bool gap = false;

	for (uint64_t i = start; i < end; i++) {
		bool lost = !kernel_has(k, b->at + i, 1) ||
			    is_left_out(b->data, b->at, start, i, end);

		if (lost && line->len)
			expect_line(line, o);
		o->damaged += lost && !gap;
		gap = lost;
		if (!lost && b->data[i] == '\n')
			expect_line(line, o);
		else if (!lost)
			buf_add(line, &b->data[i], 1);
	}
}

static void bytes_expect(const struct bytes *b, const struct kernel *k, bool since_clear,
			 struct outcome *o)
{
	uint64_t n = b->end, start;
	BUF_AUTO line = {0};

	if (since_clear)
		n = b->chars;
	else if (b->chars > b->end)
		n = b->size;	/* log_end has gone round */
	if (n > b->size)
		n = b->size;
	start = (b->end + b->size - n) % b->size;
	buf_add(&line, "", 0);
	expect_bytes(b, k, start, start + n < b->size ? start + n : b->size, &line, o);
	if (start + n > b->size)
		expect_bytes(b, k, 0, start + n - b->size, &line, o);
	if (line.len)
		expect_line(&line, o);
}

static void bytes_anything(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 2500; times++) {
		struct bytes b;
		struct kernel k = bytes_make(&b);
		struct outcome o = {0};

		bytes_expect(&b, &k, times & 1, &o);
		comes_to(&log_bytes, &k, times & 1, &o);
		buf_free(&o.records);
		kernel_end(&k);
	}
}

/* The lines of a ring of that size, none of which begins with a mark. */
static struct kernel bytes_of_lines(const struct buf *lines, uint64_t size)
{
	struct kernel k = { .word = 8, .little = true };
	uint64_t at;

	variable(&k, "log_buf_len", size, 4);
	variable(&k, "log_end", lines->len, 4);
	variable(&k, "logged_chars", lines->len, 4);
	at = place_edge(&k, size, 0);
	memcpy(k.memory.data + at, lines->data, lines->len);
	variable(&k, "log_buf", BASE + at, 8);
	return k;
}

struct lengths {
	size_t n, len[64];
};

static void take_length(struct log *log, const struct record *r)
{
	struct lengths *l = log->to;

	assert_int_equal(r->len, r->line_len);
	assert_true(l->n < ARRAY_SIZE(l->len));
	l->len[l->n++] = r->line_len;
}

/* Lines of 64 KiB are whole; the pieces of longer ones, but for the last, are longer than that. */
static void bytes_long_lines(void **state)
{
	const size_t limit = 64 << 10;

	(void)state;
	for (unsigned int times = 0; times < 40; times++) {
		size_t n = 0, lines[8];
		struct lengths found = {0};
		struct log log = { .record = take_length, .to = &found };
		struct vmcore core;
		BUF_AUTO text = {0};
		struct kernel k;

		for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
			lines[i] = any(2) ? limit + any(1200) - 600 :
					    1 + any(4) * limit / 2 + any(9);
			if (!i && any(2))
				lines[i] = limit;
			buf_reserve(&text, lines[i] + 1);
			memset(text.data + text.len, 'x', lines[i]);
			text.data[text.len + lines[i]] = '\n';
			text.len += lines[i] + 1;
		}
		k = bytes_of_lines(&text, 1 << 20);
		core = core_of(&k, times & 1);
		assert_int_equal(log_bytes.walk(&core, &log), 0);
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
			size_t left = lines[i];

			for (; left > limit && found.len[n] < left; left -= found.len[n++])
				assert_in_range(found.len[n], limit + 1, limit + 512);
			assert_int_equal(found.len[n++], left);
			assert_true(left <= limit + 512);
			/* of what was cut at its end, that end is still to come */
			n += left > limit && n < found.n && !found.len[n];
		}
		assert_int_equal(found.n, n);
		kernel_end(&k);
	}
}

static void bytes_heads(void **state)
{
	static const char *const keys[] = { "SYMBOL(log_buf_len)", "SYMBOL(log_end)" };
	static const uint32_t no_sizes[] = { 0, 3, 4095, 4097, UINT32_MAX };

	(void)state;
	for (unsigned int times = 0; times < 20; times++) {
		struct bytes b;
		struct kernel k = bytes_make(&b);

		head_missing(&log_bytes, &k, false, b.at, b.size, 3 * 4 + k.word);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			without_line(&log_bytes, &k, false, keys[i]);
		for (size_t i = 0; i < ARRAY_SIZE(no_sizes); i++)
			with_size(&log_bytes, &k, no_sizes[i], EBADMSG,
				  "the log's size is damaged: 0x");
		with_size(&log_bytes, &k, UINT32_C(1) << 31, EFAULT,
			  "the log, 0x80000000 bytes at");
		kernel_end(&k);
	}
}

/* --- which log --- */

static void choose_layout(void **state)
{
	static const char *const symbols[] = { "prb", "log_buf", "log_first_idx", "logged_chars" };

	(void)state;
	for (unsigned int set = 0; set < 16; set++) {
		struct kernel k = { .word = 8 };
		struct log log = { .record = take_record };
		struct vmcore core;

		variable(&k, "log_buf_len", 16, 4);
		for (unsigned int i = 0; i < ARRAY_SIZE(symbols); i++)
			if (set & 1u << i)
				variable(&k, symbols[i], 0, 8);
		core = core_of(&k, false);
		if (set & 1)
			assert_fails(log_walk(&core, &log), ENOENT, "desc_ring)");
		else if ((set & 6) == 6)
			assert_fails(log_walk(&core, &log), ENOENT, "SYMBOL(log_next_idx)");
		else if ((set & 10) == 10)
			assert_fails(log_walk(&core, &log), ENOENT, "SYMBOL(log_end)");
		else
			assert_fails(log_walk(&core, &log), EOPNOTSUPP,
				     "Linux ?: vmcoreinfo has neither SYMBOL(prb) nor"
				     " SYMBOL(log_buf) with its companions");
		kernel_end(&k);
	}
}

static void numbers_of_lines(void **state)
{
	static const struct {
		const char *line;
		int err;	/* that of @without where there is no such line */
		uint64_t v;
	} lines[] = {
		{ "", 0, 0 }, { "OFFSET(x)=0\n", 0, 0 }, { "OFFSET(x)=7\n", 0, 7 },
		{ "OFFSET(x)=1024\n", 0, 1024 }, { "OFFSET(x)=1025\n", EBADMSG, 0 },
		{ "OFFSET(x)=-1\n", EBADMSG, 0 }, { "OFFSET(x)=y\n", EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines) * 2 * 4; i++) {
		const struct log_number numbers[] = { { "SIZE(a)", 0 }, { "OFFSET(x)", 8 },
						      { "SIZE(b)", 16 } };
		size_t l = i / 8, n = i & 3;
		const uint64_t before = i & 4 ? 5 : 0;
		uint64_t fields[] = { 1, before, 2, 3 }, v = *lines[l].line ? lines[l].v : before;
		STRING_AUTO text = mem_printf("SIZE(a)=11\n%sSIZE(b)=22\n", lines[l].line);
		struct vmcore core = { .info = { .text = text, .len = strlen(text) } };
		int err = n < 2 ? 0 : *lines[l].line || before ? lines[l].err : ENOENT;

		fail_forget();
		assert_int_equal(log_numbers(&core, numbers, n, fields), -err);
		assert_int_equal(*fail_text() != 0, err != 0);
		assert_int_equal(fields[0], n > 0 ? 11 : 1);
		assert_int_equal(fields[1], n > 1 && !err ? v : before);
		assert_int_equal(fields[2], n > 2 && !err ? 22 : 2);
		assert_int_equal(fields[3], 3);
	}
	fail_forget();
}

/* --- which note --- */

/* What a note says, line by line, of which a copy that is cut off has the first. */
struct note {
	const char *lines[8];
	unsigned int n;
};

#define NO_WORD "SIZE(atomic_long_t)=5\n"	/* with which nothing can be read */

enum { UTS = 0x400, RING_AT = 0x800, NOTE_MEMORY = 0x1000 };

/* The log's variables: first of one with a line, then of one without. */
static void put_memory(uint8_t *memory)
{
	strcpy((char *)memory + UTS + 130, "6.1");
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *p = memory + 0x100 * i;

		bytes_put(p, BASE + RING_AT, 8, true);
		bytes_put(p + 8, 16, 4, true);
		bytes_put(p + 12, i ? 0 : 2, 4, true);
		bytes_put(p + 16, i ? 0 : 2, 4, true);
	}
	memory[RING_AT] = 'x';
	memory[RING_AT + 1] = '\n';
}

static struct note note_make(void)
{
	static const char *const logs[][4] = {
		{ "SYMBOL(log_buf)=c0001000\n", "SYMBOL(log_buf_len)=c0001008\n",
		  "SYMBOL(log_end)=c000100c\n", "SYMBOL(logged_chars)=c0001010\n" },
		{ "SYMBOL(log_buf)=c0001100\n", "SYMBOL(log_buf_len)=c0001108\n",
		  "SYMBOL(log_end)=c000110c\n", "SYMBOL(logged_chars)=c0001110\n" },
		{ "SYMBOL(log_buf)=c0001000\n", "SYMBOL(log_buf_len)=1000\n",
		  "SYMBOL(log_end)=c000100c\n", "SYMBOL(logged_chars)=c0001010\n" },
	};
	static const char *const names[] = {
		"OFFSET(uts_namespace.name)=0\nSYMBOL(init_uts_ns)=c0001400\n",
		"OFFSET(uts_namespace.name)=0\nSYMBOL(init_uts_ns)=c0001401\n",
	};
	unsigned int log = any(ARRAY_SIZE(logs)), name = any(2);
	struct note note = { .lines = { any(8) ? "OSRELEASE=6.1\n" : "OSRELEASE=6.2\n" }, .n = 1 };

	if (!any(6))
		note.lines[note.n++] = NO_WORD;
	if (any(2))
		note.lines[note.n++] = "CRASHTIME=1\n";
	if (any(2))
		note.lines[note.n++] = names[name];
	for (unsigned int i = 0; i < 4; i++)
		note.lines[note.n++] = logs[log][i];
	return note;
}

static char *note_text(const struct note *note)
{
	BUF_AUTO b = {0};

	for (unsigned int i = 0; i < note->n; i++)
		buf_printf(&b, "%s", note->lines[i]);
	return mem_copy_string((char *)b.data);
}

/* The more of these there are of what log.h says, the first of it counting most. */
static unsigned int worth_of(char *const *texts, unsigned int n, unsigned int i)
{
	static const char log[] = "SYMBOL(log_buf)=c0001000\nSYMBOL(log_buf_len)=c0001008\n"
				  "SYMBOL(log_end)=c000100c\nSYMBOL(logged_chars)=c0001010\n";
	bool begins = false, readable = !strstr(texts[i], NO_WORD);
	bool named = readable && strstr(texts[i], "SYMBOL(init_uts_ns)=c0001400\n") &&
		     strstr(texts[i], "OSRELEASE=6.1\n");

	for (unsigned int j = 0; j < n; j++)
		begins |= strlen(texts[j]) > strlen(texts[i]) &&
			  strstr(texts[j], texts[i]) == texts[j];
	return (readable && strstr(texts[i], log) ? 8 : 0) + (named ? 4 : 0) + (begins ? 0 : 2) +
	       (strstr(texts[i], "CRASHTIME=") ? 1 : 0);
}

static void add(struct buf *b, uint64_t v, size_t size)
{
	uint8_t d[8];

	bytes_put(d, v, size, true);
	buf_add(b, d, size);
}

static void add_segment(struct buf *b, uint32_t type, uint64_t offset, uint64_t va, uint64_t size)
{
	add(b, type, 4);
	add(b, 0, 4);
	add(b, offset, 8);
	add(b, va, 8);
	add(b, 0, 8);
	add(b, size, 8);
	add(b, size, 8);
	add(b, 0, 8);
}

static void note_file(struct buf *b, char *const *texts, unsigned int n)
{
	uint8_t memory[NOTE_MEMORY] = {0};
	BUF_AUTO notes = {0};

	for (unsigned int i = 0; i < n; i++) {
		add(&notes, 11, 4);
		add(&notes, strlen(texts[i]), 4);
		add(&notes, 0, 4);
		buf_add(&notes, "VMCOREINFO\0", 12);
		buf_add(&notes, texts[i], strlen(texts[i]));
		buf_add(&notes, "\0\0\0", -strlen(texts[i]) & 3);
	}
	put_memory(memory);
	buf_add(b, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
	add(b, ELF_ET_CORE, 2);
	add(b, ELF_EM_PPC64, 2);
	add(b, 1, 4);
	add(b, 0, 8);
	add(b, 64, 8);
	add(b, 0, 8);
	add(b, 0, 4);
	add(b, 64, 2);
	add(b, 56, 2);
	add(b, 2, 2);
	add(b, 0, 6);
	add_segment(b, ELF_PT_NOTE, 64 + 2 * 56, 0, notes.len);
	add_segment(b, ELF_PT_LOAD, 64 + 2 * 56 + notes.len, BASE, sizeof(memory));
	buf_add(b, notes.data, notes.len);
	buf_add(b, memory, sizeof(memory));
}

static int open_file(struct vmcore *core, const struct buf *b)
{
	int fd = memfd_create("notes", MFD_CLOEXEC);
	char name[32];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), b->len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	assert_int_equal(vmcore_open(core, name), 0);
	assert_int_equal(vmcore_fill(core), 0);
	close(fd);
	fail_forget();
	return log_open(core);
}

/* The place of the note that is chosen. */
static unsigned int note_chosen(char *const *texts, unsigned int n)
{
	unsigned int chosen = n;
	struct vmcore core;
	BUF_AUTO b = {0};
	int rc;

	note_file(&b, texts, n);
	rc = open_file(&core, &b);
	for (unsigned int i = 0; i < n; i++)
		if (core.info.text == core.infos[i].text)
			chosen = i;
	assert_int_equal(core.n_infos, n);
	assert_true(chosen < n);
	assert_int_equal(rc, strstr(texts[chosen], NO_WORD) ? -EBADMSG : 0);
	assert_int_equal(rc < 0, *fail_text() != 0);
	vmcore_close(&core);
	return chosen;
}

/* Any notes, and copies of some of them, which may be cut off behind any of their lines. */
static void choose_note(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 1500; times++) {
		unsigned int n = 1 + any(4), best = 0;
		struct note notes[4] = {0};
		char *texts[4];

		for (unsigned int i = 0; i < n; i++) {
			notes[i] = i && any(2) ? notes[any(i)] : note_make();
			if (any(2))
				notes[i].n = 1 + any(notes[i].n);
			texts[i] = note_text(&notes[i]);
		}
		for (unsigned int i = 1; i < n; i++)
			if (worth_of(texts, n, i) > worth_of(texts, n, best))
				best = i;
		assert_int_equal(note_chosen(texts, n), best);
		for (unsigned int i = 0; i < n; i++)
			free(texts[i]);
	}
}

static void choose_no_note(void **state)
{
	struct vmcore core;
	BUF_AUTO b = {0};

	(void)state;
	note_file(&b, NULL, 0);
	assert_int_equal(open_file(&core, &b), -EINVAL);
	assert_non_null(strstr(fail_text(), "there is no VMCOREINFO note"));
	vmcore_close(&core);
	b.len = 0;
	buf_add(&b, "no dump", 7);
	assert_int_equal(open_file(&core, &b), -ENOEXEC);
	vmcore_close(&core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choose_layout),
		cmocka_unit_test(choose_note),
		cmocka_unit_test(choose_no_note),
		cmocka_unit_test(numbers_of_lines),
		cmocka_unit_test(prb_lines_missing),
		cmocka_unit_test(prb_head_missing),
		cmocka_unit_test(prb_sizes),
		cmocka_unit_test(prb_fields),
		cmocka_unit_test(prb_far_apart),
		cmocka_unit_test(records_fields),
		cmocka_unit_test(records_numbers),
		cmocka_unit_test(records_heads),
		cmocka_unit_test(bytes_heads),
		cmocka_unit_test(bytes_long_lines),
		cmocka_unit_test(prb_anything),
		cmocka_unit_test(records_anything),
		cmocka_unit_test(bytes_anything),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
