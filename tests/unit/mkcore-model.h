/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Inside mkcore.h: the core being made, and the models of older kernels' writers. */
#ifndef TESTS_UNIT_MKCORE_MODEL_H
#define TESTS_UNIT_MKCORE_MODEL_H

#include "common/bytes.h"
#include "tests/unit/mkcore.h"

enum layout { LAYOUT_PRB, LAYOUT_RECORDS, LAYOUT_BYTES };

struct core {
	enum layout layout;
	unsigned int bits, word;
	bool little, mark_little, exact, latched, extended, tables, uts;
	uint64_t type, machine, version, vaddr, paddr, at, shift, split, absent, cut;
	uint64_t count_bits, size_bits;
	uint64_t header, align;		/* LAYOUT_RECORDS */
	uint64_t priority, caller, flags;	/* of the records to come */
	char release[64], names[16];
	struct over {
		uint64_t vaddr, paddr;
		char where[8], what[8];		/* what is "" when there is none */
	} over;
	struct buf lines, omit, notes, dict;

	struct buf memory;			/* all of it, from vaddr on */
	uint64_t prb, ring, descs, infos, data;	/* offsets in memory */
	uint64_t head_id, tail_id, head_lpos, tail_lpos;
	uint64_t variables;			/* offset of the clear_seq, or of the older ones */
	uint64_t first, next, clear, n_records;	/* offsets in the ring of records */
	uint64_t end, chars;			/* of the ring of bytes */
	uint64_t root, uts_at;			/* offsets of the page table, and the release */
};

static inline uint64_t core_size(const struct core *c) { return 1ull << c->size_bits; }
uint64_t core_place(uint64_t *end, uint64_t bytes);

/* mkcore-old.c */
void old_lay_out(struct core *c);
void old_record(struct core *c, uint64_t ts_nsec, const struct buf *text);
void old_clear(struct core *c);
void old_vmcoreinfo(const struct core *c, struct buf *all);
/* A variable, or with @n a field of record @n; false when it has not that name. */
bool old_put(struct core *c, const char *name, uint64_t v);
bool old_put_record(struct core *c, uint64_t n, const char *name, uint64_t v);

#endif
