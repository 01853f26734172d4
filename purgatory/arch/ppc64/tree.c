// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The FDT which the running kernel keeps current (arch/powerpc/kexec/core_64.c:update_cpus_node):
 * it takes out the nodes of CPUs and puts them in behind the properties of /cpus, where the loader
 * has put them; new names of properties go behind the old ones. All else stays as it was loaded.
 */
#include "purgatory/purgatory.h"

/* Words of the header, Devicetree Specification 5.2. */
enum { FDT_STRUCT = 2, FDT_STRINGS = 3, FDT_STRINGS_SIZE = 8, FDT_STRUCT_SIZE = 9, FDT_WORDS };
/* Those which stay: magic, totalsize, where the structure and the reserve map are, versions. */
#define FDT_FIXED 0x77u

enum { BEGIN_NODE = 1, END_NODE, PROP, NOP };

static uint32_t tree_word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void tree_put(uint64_t address, uint64_t word)
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)address;

	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(word >> shift);
}

static bool tree_same(const uint8_t *a, const uint8_t *b, uint64_t len)
{
	while (len--)
		if (*a++ != *b++)
			return false;
	return true;
}

/* With the NUL; 0: there is none. */
static uint32_t tree_string(const uint8_t *from, uint64_t room)
{
	for (uint32_t i = 0; i < room; i++)
		if (!from[i])
			return i + 1;
	return 0;
}

static bool tree_is(const uint8_t *string, const char *text)
{
	for (; *text; string++, text++)
		if (*string != (uint8_t)*text)
			return false;
	return !*string;
}

/* A blob: its blocks, which follow each other. */
struct tree {
	const uint8_t *fdt, *end; /* the structure block ends; its size is whole words */
	const uint8_t *names;
	uint64_t names_size;
};

static bool tree_open(struct tree *t, uint64_t address, uint64_t size)
{
	const uint8_t *fdt = (const uint8_t *)(uintptr_t)address;
	uint64_t struct_size = tree_word(fdt + 4 * FDT_STRUCT_SIZE);
	uint64_t end = tree_word(fdt + 4 * FDT_STRUCT) + struct_size;
	uint64_t names = tree_word(fdt + 4 * FDT_STRINGS);

	t->fdt = fdt;
	t->end = fdt + end;
	t->names = fdt + names;
	t->names_size = tree_word(fdt + 4 * FDT_STRINGS_SIZE);
	return struct_size % 4 == 0 && end <= names && names + t->names_size <= size;
}

enum { LACKS_CPU, HAS_CPU, DAMAGED };

static bool tree_has_number(const uint8_t *ids, uint32_t len, uint64_t cpu)
{
	for (; len >= 4; len -= 4, ids += 4)
		if (tree_word(ids) == cpu)
			return true;
	return false;
}

/*
 * Nodes in the words from @at to @end: sound? And is one of this CPU, as
 * arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus finds it? @was: how they were loaded, up to
 * @was_end. The kernel puts in nodes and properties in another order: where nothing differs before
 * the value of a property, it was not the kernel.
 */
static unsigned int tree_walk(const struct tree *t, const uint8_t *at, const uint8_t *end,
			      const uint8_t *was, const uint8_t *was_end, uint64_t cpu)
{
	bool is_cpu = false, servers = false, here = false, found = false;
	unsigned int depth = 0;

	while (at < end) {
		const uint8_t *value = at + 4;
		uint64_t room = (uint64_t)(end - value), len = 0, name;
		uint32_t tag = tree_word(at);

		if (tag == BEGIN_NODE) {
			len = tree_string(value, room);
			if (!len)
				return DAMAGED;
			value += (len + 3) & ~3ull;
			len = 0;
			if (!depth++)
				is_cpu = servers = here = false;
		} else if (tag == PROP && depth && room >= 8) {
			len = tree_word(value);
			name = tree_word(value + 4);
			value += 8;
			if (len > room - 8 || name >= t->names_size ||
			    !tree_string(t->names + name, t->names_size - name))
				return DAMAGED;
			if (depth == 1 && tree_is(t->names + name, "device_type")) {
				is_cpu = len == 4 && tree_is(value, "cpu");
			} else if (depth == 1 &&
				   tree_is(t->names + name, "ibm,ppc-interrupt-server#s")) {
				servers = true;
				here = tree_has_number(value, (uint32_t)len, cpu);
			} else if (depth == 1 && !servers && tree_is(t->names + name, "reg")) {
				here = tree_has_number(value, (uint32_t)len, cpu);
			}
		} else if (tag == END_NODE && depth) {
			if (!--depth)
				found |= is_cpu && here;
		} else if (tag != NOP) {
			return DAMAGED;
		}
		if (was &&
		    (was_end - was < value - at || !tree_same(at, was, (uint64_t)(value - at))))
			was = 0;
		if (was && !tree_same(value, was + (value - at), len))
			return DAMAGED;
		len = (len + 3) & ~3ull;
		if (was)
			was += value - at + (int64_t)len;
		at = value + len;
	}
	return depth ? DAMAGED : found ? HAS_CPU : LACKS_CPU;
}

static bool tree_same_head(const struct purgatory_kept *k, const struct tree *now,
			   const struct tree *was)
{
	for (unsigned int i = 0; i < FDT_WORDS; i++)
		if (FDT_FIXED >> i & 1 && !tree_same(now->fdt + 4 * i, was->fdt + 4 * i, 4))
			return false;
	return tree_same(now->fdt + 4 * FDT_WORDS, was->fdt + 4 * FDT_WORDS,
			 k->cpus_at - 4 * FDT_WORDS);
}

static unsigned int tree_check(const struct purgatory_kept *k, uint64_t cpu)
{
	const uint8_t *cpus, *end;
	struct tree now, was;
	uint64_t behind;

	if (!tree_open(&now, k->start, k->size) || !tree_open(&was, k->sealed, k->sealed_size) ||
	    !tree_same_head(k, &now, &was))
		return DAMAGED;
	cpus = now.fdt + k->cpus_at;
	behind = (uint64_t)(was.end - was.fdt) - k->cpus_end;
	end = now.end - behind;
	if (now.end - cpus < (int64_t)behind || !tree_same(end, was.end - behind, behind) ||
	    now.names_size < was.names_size || !tree_same(now.names, was.names, was.names_size))
		return DAMAGED;
	return tree_walk(&now, cpus, end, was.fdt + k->cpus_at + k->spare, was.end - behind, cpu);
}

const char *arch_check_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	unsigned int found = tree_check(k, cpu);

	return found == HAS_CPU	 ? 0 :
		found == DAMAGED ? KEPT_DAMAGED :
				   "lacks the CPU that crashed";
}

/* The spare node becomes that of this CPU's core; or nobody's, where there is one. */
void arch_complete_kept(const struct purgatory_kept *k, uint64_t cpu)
{
	uint64_t at = k->start + k->cpus_at, first;
	struct tree t;

	if (!k->spare || !tree_open(&t, k->start, k->size))
		return;
	if (tree_walk(&t, t.fdt + k->cpus_at + k->spare, t.fdt + k->cpus_end, 0, 0, cpu) ==
	    HAS_CPU) {
		for (uint32_t i = 0; i < k->spare; i += 4)
			tree_put(at + i, NOP);
		return;
	}
	first = cpu - (uint32_t)(cpu - tree_word(t.fdt + k->ids_at)) % k->ids;
	tree_put(k->start + k->reg_at, first);
	for (uint32_t i = 0; i < k->ids; i++)
		tree_put(k->start + k->ids_at + 4 * i, first + i);
}
