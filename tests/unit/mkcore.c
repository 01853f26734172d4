// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/elf.h"
#include "tests/unit/mkcore-model.h"

enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };
enum { FAILED_LPOS = 1, EMPTY_LPOS = 3 };
enum { LATCH_BYTES = 24 };
/* struct uts_namespace, and a pointer to the pages. */
enum { UTS_NAME = 4, UTS_FIELD = 65, UTS_PAGES = 512, UTS_BYTES = 128 * 1024 };

static _Noreturn void reject(const char *line)
{
	fprintf(stderr, "mkcore: cannot understand: %s\n", line);
	exit(99);
}

/* --- structures: fields of a ring, a descriptor and an info --- */

enum field {
	COUNT_BITS, DESCS, INFOS, HEAD_ID, TAIL_ID, SIZE_BITS, DATA, HEAD_LPOS, TAIL_LPOS,
	STATE_VAR, BEGIN, NEXT, SEQ, TS_NSEC, TEXT_LEN, FACILITY, LEVEL, CALLER, N_FIELDS
};

/* Offsets from the start of the outermost structure; size 0 is a word. */
static const struct {
	const char *name;
	uint8_t words, bytes, size;
} fields[N_FIELDS] = {
	[COUNT_BITS] = { "count_bits", 0, 0, 4 },
	[DESCS] = { "descs", 1, 0, 0 },
	[INFOS] = { "infos", 2, 0, 0 },
	[HEAD_ID] = { "head_id", 3, 0, 0 },
	[TAIL_ID] = { "tail_id", 4, 0, 0 },
	[SIZE_BITS] = { "size_bits", 6, 0, 4 },
	[DATA] = { "data", 7, 0, 0 },
	[HEAD_LPOS] = { "head_lpos", 8, 0, 0 },
	[TAIL_LPOS] = { "tail_lpos", 9, 0, 0 },
	[STATE_VAR] = { "state_var", 0, 0, 0 },
	[BEGIN] = { "begin", 1, 0, 0 },
	[NEXT] = { "next", 2, 0, 0 },
	[SEQ] = { "seq", 0, 0, 8 },
	[TS_NSEC] = { "ts_nsec", 0, 8, 8 },
	[TEXT_LEN] = { "text_len", 0, 16, 2 },
	[FACILITY] = { "facility", 0, 18, 1 },
	[LEVEL] = { "level", 0, 19, 1 },
	[CALLER] = { "caller", 0, 20, 4 },
};

static uint64_t field_offset(const struct core *c, enum field f)
{
	return fields[f].words * c->word + fields[f].bytes + c->shift;
}

static uint64_t ring_size(const struct core *c) { return 11 * c->word + c->shift; }
static uint64_t desc_size(const struct core *c) { return 3 * c->word + c->shift; }
static uint64_t info_size(const struct core *c) { return 88 + c->shift; }

static uint64_t word_mask(const struct core *c) { return UINT64_MAX >> (64 - 8 * c->word); }
static uint64_t id_mask(const struct core *c) { return word_mask(c) >> 2; }
static uint64_t count(const struct core *c) { return 1ull << c->count_bits; }
static uint64_t size(const struct core *c) { return core_size(c); }
static uint64_t lpos_offset(const struct core *c, uint64_t lpos) { return lpos & (size(c) - 1); }
static uint64_t wraps(const struct core *c, uint64_t lpos) { return lpos >> c->size_bits; }

static void put(struct core *c, uint64_t base, enum field f, uint64_t v)
{
	bytes_put(c->memory.data + base + field_offset(c, f), v,
		  fields[f].size ? fields[f].size : c->word, c->little);
}

static uint64_t get(const struct core *c, uint64_t base, enum field f)
{
	return bytes_get(c->memory.data + base + field_offset(c, f),
			 fields[f].size ? fields[f].size : c->word, c->little);
}

static uint64_t desc_at(const struct core *c, uint64_t id)
{
	return c->descs + (id & (count(c) - 1)) * desc_size(c);
}

static uint64_t info_at(const struct core *c, uint64_t id)
{
	return c->infos + (id & (count(c) - 1)) * info_size(c);
}

static void set_state(struct core *c, uint64_t id, uint64_t state)
{
	put(c, desc_at(c, id), STATE_VAR, (id & id_mask(c)) | state << (8 * c->word - 2));
}

/* --- the writer --- */

static uint64_t first_id(const struct core *c)
{
	return -(count(c) + 1) & id_mask(c);
}

static void put_pointer(struct core *c, uint64_t at, uint64_t to)
{
	bytes_put(c->memory.data + at, c->at + to, c->word, c->little);
}

uint64_t core_place(uint64_t *end, uint64_t bytes)
{
	uint64_t at = round_up64(*end, 64);

	*end = at + bytes;
	return at;
}

static void put_positions(struct core *c)
{
	put(c, c->ring, HEAD_ID, c->head_id);
	put(c, c->ring, TAIL_ID, c->tail_id);
	put(c, c->ring, HEAD_LPOS, c->head_lpos);
	put(c, c->ring, TAIL_LPOS, c->tail_lpos);
}

/* An empty ring, as DEFINE_PRINTKRB() makes it. */
static void lay_out(struct core *c)
{
	uint64_t end = 64;

	if (c->memory.len)
		return;
	if (c->layout != LAYOUT_PRB) {
		old_lay_out(c);
		return;
	}
	c->variables = end - 32;
	c->prb = core_place(&end, c->word);
	c->ring = core_place(&end, ring_size(c));
	c->descs = core_place(&end, count(c) * desc_size(c));
	c->infos = core_place(&end, count(c) * info_size(c));
	c->data = core_place(&end, size(c));
	buf_reserve(&c->memory, end);
	memset(c->memory.data, 0, end);
	c->memory.len = end;

	put_pointer(c, c->prb, c->ring);
	put_pointer(c, c->ring + field_offset(c, DESCS), c->descs);
	put_pointer(c, c->ring + field_offset(c, INFOS), c->infos);
	put_pointer(c, c->ring + field_offset(c, DATA), c->data);
	put(c, c->ring, COUNT_BITS, c->count_bits);
	put(c, c->ring, SIZE_BITS, c->size_bits);
	c->head_id = c->tail_id = first_id(c);
	c->head_lpos = c->tail_lpos = -size(c) & word_mask(c);
	set_state(c, c->head_id, REUSABLE);
	put(c, info_at(c, 0), SEQ, -count(c));
	put_positions(c);
}

/* Give up the oldest texts until none is before @lpos. */
static void push_data_tail(struct core *c, uint64_t lpos)
{
	while (((lpos - c->tail_lpos - 1) & word_mask(c)) < size(c)) {
		const uint8_t *block = c->memory.data + c->data + lpos_offset(c, c->tail_lpos);
		uint64_t id = bytes_get(block, c->word, c->little);

		set_state(c, id, REUSABLE);
		c->tail_lpos = get(c, desc_at(c, id), NEXT);
	}
}

static void push_desc_tail(struct core *c)
{
	uint64_t state = get(c, desc_at(c, c->tail_id), STATE_VAR) >> (8 * c->word - 2);
	uint64_t next = get(c, desc_at(c, c->tail_id), NEXT);

	if (state != REUSABLE && !(next & 1))
		push_data_tail(c, next);
	set_state(c, c->tail_id, REUSABLE);
	c->tail_id = (c->tail_id + 1) & id_mask(c);
}

static uint64_t reserve_desc(struct core *c)
{
	uint64_t id = (c->head_id + 1) & id_mask(c), seq;

	if (((id - count(c)) & id_mask(c)) == c->tail_id)
		push_desc_tail(c);
	c->head_id = id;
	seq = get(c, info_at(c, id), SEQ);
	if (!seq && (id & (count(c) - 1)))
		put(c, info_at(c, id), SEQ, id & (count(c) - 1));
	else
		put(c, info_at(c, id), SEQ, seq + count(c));
	return id;
}

static void put_id(struct core *c, uint64_t lpos, uint64_t id)
{
	bytes_put(c->memory.data + c->data + lpos_offset(c, lpos), id, c->word, c->little);
}

/* Where the text of @len bytes goes, as an offset in memory. */
static uint64_t reserve_data(struct core *c, uint64_t id, uint64_t len)
{
	uint64_t bytes = round_up64(c->word + len, c->word);
	uint64_t begin = c->head_lpos, next = (begin + bytes) & word_mask(c), block = begin;

	if (wraps(c, begin) != wraps(c, (next - c->exact) & word_mask(c))) {
		block = 0;
		next = (next & ~(size(c) - 1)) + bytes;
	}
	push_data_tail(c, (next - size(c)) & word_mask(c));
	c->head_lpos = next;
	put(c, desc_at(c, id), BEGIN, begin);
	put(c, desc_at(c, id), NEXT, next);
	put_id(c, begin, id);
	put_id(c, block, id);
	return c->data + lpos_offset(c, block) + c->word;
}

static void write_record(struct core *c, uint64_t state, uint64_t lpos, uint64_t ts,
			 const struct buf *text)
{
	uint64_t id;

	lay_out(c);
	if (c->layout != LAYOUT_PRB) {
		old_record(c, ts, text);
		return;
	}
	id = reserve_desc(c);
	put(c, info_at(c, id), FACILITY, c->priority >> 3);
	put(c, info_at(c, id), LEVEL, c->little ? (c->priority & 7) << 5 | c->flags :
						  c->flags << 3 | (c->priority & 7));
	put(c, info_at(c, id), CALLER, c->caller);
	put(c, info_at(c, id), TS_NSEC, ts);
	put(c, info_at(c, id), TEXT_LEN, text->len);
	if (lpos) {
		put(c, desc_at(c, id), BEGIN, lpos);
		put(c, desc_at(c, id), NEXT, lpos);
	} else {
		if (text->len + 2 * c->word > size(c))
			reject("a text is longer than the ring");
		memcpy(c->memory.data + reserve_data(c, id, text->len), text->data, text->len);
	}
	set_state(c, id, state);
	put_positions(c);
}

/* The sequence number of the next record: a counter, and two numbers of which it says one. */
static void clear(struct core *c)
{
	uint8_t *p;
	uint64_t seq = 0;

	lay_out(c);
	if (c->layout != LAYOUT_PRB) {
		old_clear(c);
		return;
	}
	if ((get(c, desc_at(c, c->head_id), STATE_VAR) & id_mask(c)) == c->head_id &&
	    c->head_id != first_id(c))
		seq = get(c, info_at(c, c->head_id), SEQ) + 1;
	p = c->memory.data + c->variables;
	if (c->latched) {
		bytes_put(p, 1, 4, c->little);
		bytes_put(p + 8, 1000000, 8, c->little);
		bytes_put(p + 16, seq, 8, c->little);
	} else {
		bytes_put(p, seq, 8, c->little);
	}
}

/* --- vmcoreinfo --- */

static const struct {
	const char *name;
	enum field field, base;
} offsets[] = {
	{ "prb_desc_ring.count_bits", COUNT_BITS, COUNT_BITS },
	{ "prb_desc_ring.descs", DESCS, COUNT_BITS },
	{ "prb_desc_ring.infos", INFOS, COUNT_BITS },
	{ "prb_desc_ring.head_id", HEAD_ID, COUNT_BITS },
	{ "prb_desc_ring.tail_id", TAIL_ID, COUNT_BITS },
	{ "prb_data_ring.size_bits", SIZE_BITS, SIZE_BITS },
	{ "prb_data_ring.data", DATA, SIZE_BITS },
	{ "prb_data_ring.head_lpos", HEAD_LPOS, SIZE_BITS },
	{ "prb_data_ring.tail_lpos", TAIL_LPOS, SIZE_BITS },
	{ "prb_data_blk_lpos.begin", BEGIN, BEGIN },
	{ "prb_data_blk_lpos.next", NEXT, BEGIN },
};

static void add_offsets(const struct core *c, struct buf *b)
{
	buf_printf(b, "OFFSET(printk_ringbuffer.desc_ring)=%" PRIu64 "\n",
		   field_offset(c, COUNT_BITS));
	buf_printf(b, "OFFSET(printk_ringbuffer.text_data_ring)=%" PRIu64 "\n",
		   field_offset(c, SIZE_BITS));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		buf_printf(b, "OFFSET(%s)=%" PRIu64 "\n", offsets[i].name,
			   field_offset(c, offsets[i].field) - field_offset(c, offsets[i].base));
	buf_printf(b, "OFFSET(prb_desc.state_var)=%" PRIu64 "\n", field_offset(c, STATE_VAR));
	buf_printf(b, "OFFSET(prb_desc.text_blk_lpos)=%" PRIu64 "\n", field_offset(c, BEGIN));
	buf_printf(b, "OFFSET(printk_info.seq)=%" PRIu64 "\n", field_offset(c, SEQ));
	buf_printf(b, "OFFSET(printk_info.ts_nsec)=%" PRIu64 "\n", field_offset(c, TS_NSEC));
	buf_printf(b, "OFFSET(printk_info.text_len)=%" PRIu64 "\n", field_offset(c, TEXT_LEN));
	buf_printf(b, "OFFSET(printk_info.caller_id)=%" PRIu64 "\n", 20 + c->shift);
	buf_printf(b, "OFFSET(printk_info.dev_info)=%" PRIu64 "\n", 24 + c->shift);
	buf_printf(b, "OFFSET(atomic_long_t.counter)=0\n");
}

static void add_sizes(const struct core *c, struct buf *b)
{
	buf_printf(b, "SIZE(printk_ringbuffer)=%" PRIu64 "\n", ring_size(c));
	buf_printf(b, "SIZE(prb_desc_ring)=%u\n", 6 * c->word);
	buf_printf(b, "SIZE(prb_data_ring)=%u\n", 4 * c->word);
	buf_printf(b, "SIZE(prb_desc)=%" PRIu64 "\n", desc_size(c));
	buf_printf(b, "SIZE(prb_data_blk_lpos)=%u\n", 2 * c->word);
	buf_printf(b, "SIZE(printk_info)=%" PRIu64 "\n", info_size(c));
	buf_printf(b, "SIZE(dev_printk_info)=64\nLENGTH(printk_info_subsystem)=16\n");
	buf_printf(b, "LENGTH(printk_info_device)=48\nSIZE(atomic_long_t)=%u\n", c->word);
}

static bool omitted(const struct core *c, const char *line)
{
	const char *o = c->omit.len ? (const char *)c->omit.data : "";

	for (; *o; o += strcspn(o, "\n") + 1)
		if (!strncmp(line, o, strcspn(o, "\n")))
			return true;
	return false;
}

static void prb_vmcoreinfo(const struct core *c, struct buf *all)
{
	buf_printf(all, "SYMBOL(prb)=%" PRIx64 "\nSYMBOL(printk_rb_static)=%" PRIx64 "\n",
		   c->at + c->prb, c->at + c->ring);
	buf_printf(all, "SYMBOL(clear_seq)=%" PRIx64 "\n", c->at + c->variables);
	if (c->latched)
		buf_printf(all, "SIZE(latched_seq)=%u\nOFFSET(latched_seq.val)=8\n", LATCH_BYTES);
	add_sizes(c, all);
	add_offsets(c, all);
}

/* What makedumpfile wants to see of any kernel: its release, and an array of pages. */
static void uts_vmcoreinfo(const struct core *c, struct buf *all)
{
	uint64_t at = c->at + c->uts_at;

	buf_printf(all, "SYMBOL(init_uts_ns)=%" PRIx64 "\nOFFSET(uts_namespace.name)=%u\n", at,
		   UTS_NAME);
	buf_printf(all, "SYMBOL(_stext)=%" PRIx64 "\nSYMBOL(swapper_pg_dir)=%" PRIx64 "\n", at, at);
	buf_printf(all, "SYMBOL(mem_map)=%" PRIx64 "\nSYMBOL(contig_page_data)=%" PRIx64 "\n",
		   at + UTS_PAGES, at + UTS_PAGES);
	buf_printf(all, "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=52\n"
		   "OFFSET(page.mapping)=24\nOFFSET(page.lru)=8\nOFFSET(page._mapcount)=48\n"
		   "OFFSET(page.private)=40\nSIZE(list_head)=16\n");
}

static void vmcoreinfo(const struct core *c, struct buf *out)
{
	BUF_AUTO all = {0};

	buf_add(&all, c->lines.data, c->lines.len);
	buf_printf(&all, "OSRELEASE=%s\nPAGESIZE=%u\n", c->release,
		   c->machine == ELF_EM_PPC64 ? 65536 : 4096);
	if (c->tables)
		buf_printf(&all, "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=%" PRIx64 "\n",
			   0xffffffff80000000 + c->paddr + c->root);
	if (c->uts)
		uts_vmcoreinfo(c, &all);
	if (c->layout == LAYOUT_PRB)
		prb_vmcoreinfo(c, &all);
	else
		old_vmcoreinfo(c, &all);
	for (char *line = (char *)all.data; *line; line += strcspn(line, "\n") + 1)
		if (!omitted(c, line))
			buf_add(out, line, strcspn(line, "\n") + 1);
}

/* --- the ELF file --- */

static void add(struct buf *b, const struct core *c, uint64_t v, size_t bytes)
{
	uint8_t d[8];

	bytes_put(d, v, bytes, c->little);
	buf_add(b, d, bytes);
}

static void add_note(struct buf *b, const struct core *c, const char *name, uint32_t type,
		     const void *desc, size_t len)
{
	size_t name_len = strlen(name) + 1;

	add(b, c, name_len, 4);
	add(b, c, len, 4);
	add(b, c, type, 4);
	buf_add(b, name, name_len);
	buf_add(b, "\0\0\0", -name_len & 3);
	buf_add(b, desc, len);
	buf_add(b, "\0\0\0", -len & 3);
}

static void add_phdr(struct buf *b, const struct core *c, const struct elf_phdr *p)
{
	unsigned int w = c->bits / 8;

	add(b, c, p->type, 4);
	if (w == 8)
		add(b, c, p->flags, 4);
	add(b, c, p->offset, w);
	add(b, c, p->vaddr, w);
	add(b, c, p->paddr, w);
	add(b, c, p->filesz, w);
	add(b, c, p->memsz, w);
	if (w == 4)
		add(b, c, p->flags, 4);
	add(b, c, p->align, w);
}

/* Behind the program headers: room for the one section header of a core with PN_XNUM. */
#define SECTION_AT(c) (40 + 3 * ((c)->bits / 8) + 4 * ((c)->bits == 64 ? 56 : 32))
enum { SECTION_BYTES = 64 };

static void add_section(struct buf *b, const struct core *c, unsigned int phnum)
{
	size_t sh_info = c->bits == 64 ? 44 : 28;

	while (b->len < SECTION_AT(c) + sh_info)
		buf_add(b, "", 1);
	add(b, c, phnum, 4);
}

static void add_ehdr(struct buf *b, const struct core *c, unsigned int phnum)
{
	unsigned int w = c->bits / 8, ehsize = 40 + 3 * w;
	const uint8_t ident[16] = {
		0x7f, 'E', 'L', 'F', w == 8 ? 2 : 1, c->mark_little ? 1 : 2, 1,
	};
	static const uint8_t none[6];

	buf_add(b, ident, sizeof(ident));
	add(b, c, c->type, 2);
	add(b, c, c->machine, 2);
	add(b, c, c->version, 4);
	add(b, c, 0, w);
	add(b, c, ehsize, w);
	add(b, c, c->extended ? SECTION_AT(c) : 0, w);
	add(b, c, 0, 4);
	add(b, c, ehsize, 2);
	add(b, c, w == 8 ? 56 : 32, 2);
	add(b, c, c->extended ? 0xffff : phnum, 2);
	buf_add(b, none, sizeof(none));
}

/* One PT_LOAD, or two around the split with the second one's bytes first. */
static unsigned int loads(const struct core *c, uint64_t offset, struct elf_phdr p[2])
{
	uint64_t len = c->memory.len, last = c->split ? len - c->split : len;

	p[0] = (struct elf_phdr){ ELF_PT_LOAD, 7, offset, c->vaddr + (len - last),
				  c->paddr + (len - last), last - c->absent, last, 0 };
	p[1] = (struct elf_phdr){ ELF_PT_LOAD, 7, offset + last - c->absent, c->vaddr, c->paddr,
				  c->split, c->split, 0 };
	return c->split ? 2 : 1;
}

static void add_over(struct buf *out, const struct core *c)
{
	BUF_AUTO copy = {0};

	buf_add(&copy, c->memory.data, c->memory.len);
	if (strcmp(c->over.what, "log"))
		memset(copy.data, (int)strtoul(c->over.what, NULL, 0), copy.len);
	for (uint64_t i = 0; i < core_size(c); i++)
		copy.data[c->data + i] = (uint8_t)toupper(copy.data[c->data + i]);
	buf_add(out, copy.data, copy.len);
}

/* The PT_LOADs of the memory, and what is over it. */
static unsigned int all_loads(const struct core *c, uint64_t offset, struct elf_phdr p[3])
{
	uint64_t len = c->memory.len;
	bool over = *c->over.what, first = over && !strcmp(c->over.where, "first");
	unsigned int n = loads(c, offset, p + first);

	if (over)
		p[first ? 0 : n] = (struct elf_phdr){
			ELF_PT_LOAD, 7, offset + len - c->absent, c->over.vaddr, c->over.paddr,
			len, len, 0,
		};
	return n + over;
}

/* libkdumpfile wants as many as the machine has. */
static void add_registers(struct buf *b, const struct core *c)
{
	static const uint8_t none[504];

	if (c->uts)
		add_note(b, c, "CORE", 1, none, c->machine == 62 ? 336 : sizeof(none));
	else
		add_note(b, c, "CORE", 1, "some registers", 14);
}

static void build(struct buf *out, const struct core *c)
{
	uint64_t start = SECTION_AT(c) + (c->extended ? SECTION_BYTES : 0);
	struct elf_phdr note = { .type = ELF_PT_NOTE, .offset = start }, load[3];
	BUF_AUTO notes = {0};
	BUF_AUTO info = {0};
	unsigned int n;

	vmcoreinfo(c, &info);
	add_registers(&notes, c);
	buf_add(&notes, c->notes.data, c->notes.len);
	add_note(&notes, c, "VMCOREINFO", 0, info.data, info.len);
	note.filesz = note.memsz = notes.len;
	n = all_loads(c, start + notes.len, load);
	add_ehdr(out, c, 1 + n);
	add_phdr(out, c, &note);
	for (unsigned int i = 0; i < n; i++)
		add_phdr(out, c, &load[i]);
	if (c->extended)
		add_section(out, c, 1 + n);
	while (out->len < start)
		buf_add(out, "", 1);
	buf_add(out, notes.data, notes.len);
	buf_add(out, c->memory.data + c->split, c->memory.len - c->split - c->absent);
	buf_add(out, c->memory.data, c->split);
	if (*c->over.what)
		add_over(out, c);
	out->len -= c->cut;
}

/* --- the directives --- */

static void setting(struct core *c, const char *name, const char *arg, const char *line)
{
	const struct {
		const char *name;
		uint64_t *value;
	} numbers[] = {
		{ "type", &c->type }, { "machine", &c->machine }, { "at", &c->at },
		{ "shift", &c->shift }, { "split", &c->split }, { "absent", &c->absent },
		{ "cut", &c->cut }, { "version", &c->version }, { "header", &c->header },
		{ "align", &c->align }, { "level", &c->priority }, { "caller", &c->caller },
		{ "flags", &c->flags },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(name, numbers[i].name)) {
			*numbers[i].value = strtoull(arg, NULL, 0);
			return;
		}
	reject(line);
}

static bool set_word(struct core *c, const char *name, const char *arg)
{
	if (!strcmp(name, "class")) {
		c->bits = (unsigned int)atoi(arg);
		c->word = c->bits / 8;
		if (c->bits == 32)
			c->vaddr = c->at = 0xc0100000;
	} else if (!strcmp(name, "word")) {
		c->word = (unsigned int)atoi(arg);
	} else if (!strcmp(name, "order")) {
		c->little = c->mark_little = !strcmp(arg, "little");
	} else if (!strcmp(name, "mark")) {
		c->mark_little = !strcmp(arg, "little");
	} else if (!strcmp(name, "exact")) {
		c->exact = true;
	} else if (!strcmp(name, "latched")) {
		c->latched = true;
	} else if (!strcmp(name, "extended")) {
		c->extended = true;
	} else if (!strcmp(name, "tables")) {
		c->tables = true;
	} else if (!strcmp(name, "uts")) {
		c->uts = true;
	} else if (!strcmp(name, "clear")) {
		clear(c);
	} else {
		return false;
	}
	return true;
}

static void unescape(struct buf *text, const char *s)
{
	unsigned int byte;

	for (; *s; s++) {
		byte = (uint8_t)*s;
		if (*s == '\\') {
			byte = *++s == 'n' ? '\n' : (uint8_t)*s;
			if (*s == 'x' && sscanf(s + 1, "%2x", &byte) == 1)
				s += 2;
			if (!*s)
				reject("a text ends in \\");
		}
		buf_add(text, &(uint8_t){ (uint8_t)byte }, 1);
	}
}

/* Two numbers, of any base that C knows. */
static bool two(const char *arg, uint64_t *a, uint64_t *b)
{
	char *end;

	*a = strtoull(arg, &end, 0);
	if (*end != ' ')
		return false;
	*b = strtoull(end, &end, 0);
	return !*end;
}

static bool set_over(struct over *over, const char *arg)
{
	char *end;

	over->vaddr = strtoull(arg, &end, 0);
	over->paddr = strtoull(end, &end, 0);
	return sscanf(end, "%7s %7s", over->where, over->what) == 2;
}

static bool set_text(struct core *c, const char *name, const char *arg)
{
	uint64_t a, b;

	if (!strcmp(name, "release")) {
		snprintf(c->release, sizeof(c->release), "%s", arg);
	} else if (!strcmp(name, "layout")) {
		c->layout = !strcmp(arg, "bytes") ? LAYOUT_BYTES :
			    !strcmp(arg, "records") ? LAYOUT_RECORDS : LAYOUT_PRB;
	} else if (!strcmp(name, "names")) {
		snprintf(c->names, sizeof(c->names), "%s", arg);
	} else if (!strcmp(name, "dict")) {
		c->dict.len = 0;
		unescape(&c->dict, arg);
	} else if (!strcmp(name, "line")) {
		buf_printf(&c->lines, "%s\n", arg);
	} else if (!strcmp(name, "omit")) {
		buf_printf(&c->omit, "%s\n", arg);
	} else if (!strcmp(name, "load") && two(arg, &a, &b)) {
		c->vaddr = c->at = a;
		c->paddr = b;
	} else if (!strcmp(name, "over") && set_over(&c->over, arg)) {
		return true;
	} else if (!strcmp(name, "ring") && two(arg, &a, &b)) {
		c->count_bits = a;
		c->size_bits = b;
	} else if (!strcmp(name, "note") && two(arg, &a, &b)) {
		add(&c->notes, c, a, 4);
		add(&c->notes, c, b, 4);
		add(&c->notes, c, 7, 4);
	} else {
		return false;
	}
	return true;
}

static bool happen(struct core *c, const char *name, const char *arg)
{
	static const struct {
		const char *name;
		uint64_t state, lpos;
	} events[] = {
		{ "record", FINALIZED, 0 }, { "commit", COMMITTED, 0 }, { "reserve", RESERVED, 0 },
		{ "blank", FINALIZED, EMPTY_LPOS }, { "fail", FINALIZED, FAILED_LPOS },
	};
	BUF_AUTO text = {0};
	unsigned long sec, usec;
	int used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(name, events[i].name))
			continue;
		if (sscanf(arg, "%lu.%lu%n", &sec, &usec, &used) != 2)
			return false;
		unescape(&text, arg + used + (arg[used] == ' '));
		write_record(c, events[i].state, events[i].lpos, sec * 1000000000 + usec * 1000,
			     &text);
		return true;
	}
	return false;
}

static uint64_t record_id(const struct core *c, unsigned long n)
{
	return (first_id(c) + 1 + n) & id_mask(c);
}

static void damage_record(struct core *c, unsigned long n, const char *name, uint64_t v,
			  const char *line)
{
	uint64_t id = record_id(c, n), begin;

	if (c->layout != LAYOUT_PRB) {
		if (!old_put_record(c, n, name, v))
			reject(line);
		return;
	}
	begin = get(c, desc_at(c, id), BEGIN);
	if (!strcmp(name, "id"))
		put_id(c, begin, v);
	for (enum field f = STATE_VAR; f < N_FIELDS; f++)
		if (!strcmp(name, fields[f].name)) {
			put(c, f < SEQ ? desc_at(c, id) : info_at(c, id), f, v);
			return;
		}
	if (strcmp(name, "id"))
		reject(line);
}

static void damage(struct core *c, const char *arg, const char *line)
{
	char name[16];
	unsigned long n;
	const char *value = strrchr(arg, ' ');
	uint64_t v;

	if (!value)
		reject(line);
	v = strtoull(value, NULL, 0);
	if (sscanf(arg, "%lu %15s", &n, name) == 2) {
		damage_record(c, n, name, v, line);
		return;
	}
	if (sscanf(arg, "%15s", name) == 1 && c->layout != LAYOUT_PRB && old_put(c, name, v))
		return;
	if (c->layout != LAYOUT_PRB)
		reject(line);
	if (!strcmp(name, "prb")) {
		bytes_put(c->memory.data + c->prb, v, c->word, c->little);
		return;
	}
	for (enum field f = COUNT_BITS; f < STATE_VAR; f++)
		if (!strcmp(name, fields[f].name)) {
			put(c, c->ring, f, v);
			return;
		}
	reject(line);
}

static void directive(struct core *c, const char *line)
{
	char name[16] = "";
	const char *arg;

	sscanf(line, "%15s", name);
	arg = line + strlen(name) + (line[strlen(name)] == ' ');
	if (!strcmp(name, "put")) {
		lay_out(c);
		damage(c, arg, line);
	} else if (!set_word(c, name, arg) && !set_text(c, name, arg) && !happen(c, name, arg)) {
		setting(c, name, arg, line);
	}
}

static void add_uts(struct core *c)
{
	const char *const names[] = { "Linux", "crashed", c->release, "#1 SMP",
				      c->machine == 62	? "x86_64" :
					      c->little ? "ppc64le" :
							  "ppc64" };

	c->uts_at = round_up64(c->memory.len, 64);
	buf_reserve(&c->memory, c->uts_at + UTS_BYTES - c->memory.len);
	memset(c->memory.data + c->memory.len, 0, c->uts_at + UTS_BYTES - c->memory.len);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		strcpy((char *)c->memory.data + c->uts_at + UTS_NAME + i * UTS_FIELD, names[i]);
	c->memory.len = c->uts_at + UTS_BYTES;
	put_pointer(c, c->uts_at + UTS_PAGES, c->uts_at);
}

/*
 * x86_64's page tables behind all else: four levels, of which the last maps
 * 2 MiB at once. at and paddr have to agree in what is below 2 MiB.
 */
static void add_tables(struct core *c)
{
	const uint64_t page = 4096, large = 2 << 20, present = 1, is_large = 0x80;
	uint64_t end = round_up64(c->memory.len, page), entry[3];

	c->root = end;
	buf_reserve(&c->memory, end + 3 * page - c->memory.len);
	memset(c->memory.data + c->memory.len, 0, end + 3 * page - c->memory.len);
	c->memory.len = end + 3 * page;
	entry[0] = (c->paddr + end + page) | present;
	entry[1] = (c->paddr + end + 2 * page) | present;
	entry[2] = (c->paddr & ~(large - 1)) | present | is_large;
	for (unsigned int i = 0; i < 3; i++)
		bytes_put(c->memory.data + end + i * page + 8 * (c->at >> (39 - 9 * i) & 511),
			  entry[i], 8, c->little);
}

void mkcore(struct buf *core, const char *text)
{
	struct core c = {
		.bits = 64,
		.word = 8,
		.little = true,
		.mark_little = true,
		.type = ELF_ET_CORE,
		.machine = ELF_EM_PPC64,
		.vaddr = 0xc000000000100000,
		.at = 0xc000000000100000,
		.paddr = 0x100000,
		.count_bits = 3,
		.size_bits = 8,
		.release = "6.12.0",
		.version = 1,
		.header = 16,
		.align = 4,
		.names = "printk_log",
		.priority = 6,
	};
	STRING_AUTO copy = mem_copy_string(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			directive(&c, line);
	lay_out(&c);
	if (c.uts)
		add_uts(&c);
	if (c.tables)
		add_tables(&c);
	build(core, &c);
	buf_free(&c.memory);
	buf_free(&c.lines);
	buf_free(&c.omit);
	buf_free(&c.notes);
	buf_free(&c.dict);
}
