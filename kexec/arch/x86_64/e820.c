// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Maps of memory as PC firmware and the kernel tell them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/x86_64/x86_64.h"

void x86_64_e820_add(struct x86_64_e820 *e, uint64_t start, uint64_t end, uint32_t type)
{
	if (start >= end)
		return;
	if (e->n == e->cap) {
		e->cap = e->cap ? 2 * e->cap : 32;
		e->at = mem_resize(e->at, e->cap, sizeof(*e->at));
	}
	e->at[e->n++] = (struct x86_64_e820_entry){ start, end, type };
}

void x86_64_e820_add_ranges(struct x86_64_e820 *e, const struct ranges *r, uint32_t type)
{
	for (size_t i = 0; i < r->n; i++)
		x86_64_e820_add(e, r->at[i].start, r->at[i].end, type);
}

static int e820_by_start(const void *a, const void *b)
{
	const struct x86_64_e820_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return x->type < y->type ? -1 : x->type > y->type;
}

void x86_64_e820_sort(struct x86_64_e820 *e)
{
	if (e->n)
		qsort(e->at, e->n, sizeof(*e->at), e820_by_start);
}

void x86_64_e820_free(struct x86_64_e820 *e)
{
	free(e->at);
	*e = (struct x86_64_e820){0};
}

static const struct e820_name {
	const char *name;
	uint32_t type;
	char memmap; /* what memmap= writes between size and address; 0: it cannot say that */
} e820_names[] = {
	{ "System RAM", X86_E820_RAM, '@' },
	{ "Reserved", X86_E820_RESERVED, '$' },
	{ "reserved", X86_E820_RESERVED, '$' },	/* before Linux 4.12 */
	{ "ACPI Tables", X86_E820_ACPI, '#' },
	/* memmap= has no NVS; the kernel must keep off it too, and ACPI tables it keeps. */
	{ "ACPI Non-volatile Storage", X86_E820_NVS, '#' },
	{ "Unusable memory", X86_E820_UNUSABLE, '$' },
	{ "Persistent Memory", X86_E820_PMEM, 0 },
	{ "Persistent Memory (legacy)", X86_E820_PRAM, '!' },
	{ "Soft Reserved", X86_E820_SOFT_RESERVED, '$' },
};

bool x86_64_e820_named(const char *name, size_t len, uint32_t *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(e820_names); i++) {
		if (strlen(e820_names[i].name) != len || memcmp(e820_names[i].name, name, len) != 0)
			continue;
		*type = e820_names[i].type;
		return true;
	}
	return false;
}

const char *x86_64_e820_name(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(e820_names); i++)
		if (e820_names[i].type == type)
			return e820_names[i].name;
	return "e820 type";
}

static char e820_memmap_sign(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(e820_names); i++)
		if (e820_names[i].type == type)
			return e820_names[i].memmap;
	return '$';
}

/* In KiB, as people write it, where that is exact. */
static void e820_number(struct buf *out, uint64_t v)
{
	if (v % 1024)
		buf_printf(out, "0x%" PRIx64, v);
	else
		buf_printf(out, "%" PRIu64 "K", v / 1024);
}

void x86_64_memmap_words(const struct x86_64_e820 *e, struct buf *out)
{
	buf_printf(out, "memmap=exactmap");
	for (size_t i = 0; i < e->n; i++) {
		const struct x86_64_e820_entry *a = &e->at[i];
		char sign = e820_memmap_sign(a->type);

		if (!sign)
			continue;
		buf_printf(out, " memmap=");
		e820_number(out, a->end - a->start);
		buf_printf(out, "%c", sign);
		e820_number(out, a->start);
	}
}

void x86_64_e820_without_added(struct x86_64_e820 *e, const struct x86_64_e820 *boot)
{
	RANGES_AUTO known = {0};
	size_t kept = 0, k = 0;

	for (size_t i = 0; i < boot->n; i++)
		ranges_add(&known, boot->at[i].start, boot->at[i].end - boot->at[i].start, NULL);
	ranges_merge(&known);
	for (size_t i = 0; i < e->n; i++) {
		const struct x86_64_e820_entry *a = &e->at[i];

		while (k < known.n && known.at[k].end <= a->start)
			k++;
		if (a->type != X86_E820_RAM || (k < known.n && known.at[k].start < a->end))
			e->at[kept++] = *a;
	}
	e->n = kept;
}

/* crash_setup_memmap_entries() lets a piece of less than a page out. */
static void e820_add_pieces(struct x86_64_e820 *out, const struct ranges *pieces, uint64_t page)
{
	for (size_t i = 0; i < pieces->n; i++)
		if (pieces->at[i].end - pieces->at[i].start >= page)
			x86_64_e820_add(out, pieces->at[i].start, pieces->at[i].end, X86_E820_RAM);
}

void x86_64_e820_crash(const struct machine *m, struct range core, struct x86_64_e820 *out)
{
	const struct x86_64_facts *f = m->arch_facts;
	RANGES_AUTO region = {0};

	x86_64_e820_add_ranges(out, &f->low_ram, X86_E820_RAM);
	x86_64_e820_add_ranges(out, &f->acpi_tables, X86_E820_ACPI);
	x86_64_e820_add_ranges(out, &f->acpi_nvs, X86_E820_NVS);
	x86_64_e820_add_ranges(out, &f->reserved, X86_E820_RESERVED);
	x86_64_e820_add_ranges(out, &f->crash_low, X86_E820_RAM);
	ranges_add(&region, m->crash.start, m->crash.end - m->crash.start, "crashkernel=");
	ranges_subtract_one(&region, core.start, core.end);
	e820_add_pieces(out, &region, m->page_size);
	x86_64_e820_add_ranges(out, &f->cma, X86_E820_RAM);
}

/* --- page tables --- */

#define GIB	((uint64_t)1 << 30)

struct page_count {
	uint64_t pages, gib, top;	/* the last GiB and 512 GiB that have theirs, plus 1 */
};

/* Units of a range, in ascending order: one that the range before has too has its page already. */
static uint64_t count_units(uint64_t first, uint64_t last, uint64_t *seen)
{
	uint64_t n = last - first + 1 - (*seen == first + 1);

	*seen = last + 1;
	return n;
}

/* arch/x86/mm/ident_map.c: a GiB that is not mapped whole has a page of 2 MiB entries. */
static void count_pages_of(struct page_count *c, uint64_t start, uint64_t end, bool gbpages)
{
	uint64_t first = start / GIB, last = (end - 1) / GIB;

	c->pages += count_units(first / 512, last / 512, &c->top);
	if (!gbpages) {
		c->pages += count_units(first, last, &c->gib);
		return;
	}
	if (start % GIB || end - start < GIB)
		c->pages += count_units(first, first, &c->gib);
	if (end % GIB && last != first)
		c->pages += count_units(last, last, &c->gib);
}

uint64_t x86_64_page_table_pages(const struct machine *m)
{
	const struct x86_64_facts *f = m->arch_facts;
	struct page_count c = { .pages = X86_64_PAGE_TABLE_EXTRA };
	RANGES_AUTO mapped = {0};

	ranges_copy(&mapped, &m->ram);
	ranges_copy(&mapped, &f->acpi_tables);
	ranges_copy(&mapped, &f->acpi_nvs);
	ranges_merge(&mapped);
	for (size_t i = 0; i < mapped.n; i++)
		count_pages_of(&c, mapped.at[i].start, mapped.at[i].end, f->gbpages);
	return c.pages;
}
