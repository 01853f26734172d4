// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Logical memory blocks: arch/powerpc/mm/drmem.c, arch/powerpc/include/asm/drmem.h. */
#include <inttypes.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"

#define LMB_ASSIGNED	0x00000008u
#define LMB_RESERVED	0x00000080u

/* 4 PiB in blocks of 256 MiB: nothing real comes near, damaged counts do. */
#define LMBS_MAX	(1u << 24)

struct walk {
	const char *name;		/* of the property */
	uint64_t lmb_size;
	unsigned int addr_bytes;	/* of a base address */
	ppc64_lmbs_fn *fn;
	void *context;
};

struct dt_node *ppc64_drconf(const struct dt_node *root)
{
	return dt_child(root, PPC64_DRCONF);
}

static bool is_usable(uint32_t flags)
{
	return (flags & LMB_ASSIGNED) && !(flags & LMB_RESERVED);
}

static int give(const struct walk *w, uint64_t base, uint64_t n, uint32_t flags)
{
	struct ppc64_lmbs lmbs = { base, w->lmb_size, n, is_usable(flags) };
	uint64_t bytes;

	if (lmbs.usable && (__builtin_mul_overflow(n, w->lmb_size, &bytes) || base + bytes < base))
		return fail(EOVERFLOW, "device tree: %s: %" PRIu64 " memory blocks from 0x%" PRIx64
			    " on go beyond 64 bits", w->name, n, base);
	return w->fn(&lmbs, w->context);
}

static int bad_length(const struct walk *w, uint32_t len, uint64_t want)
{
	return fail(EINVAL, "device tree: %s has %u bytes, its count of entries wants %" PRIu64,
		    w->name, len, want);
}

struct v1_entry {
	uint64_t base;
	uint32_t flags;
};

static struct v1_entry v1_entry(const struct walk *w, const uint8_t *e)
{
	return (struct v1_entry){
		w->addr_bytes == 8 ? be64_get(e) : be32_get(e), be32_get(e + w->addr_bytes + 12),
	};
}

/* count, then {base, drc index, reserved, associativity, flags} for each LMB */
static int each_v1(const struct walk *w, const struct dt_prop *p)
{
	uint32_t size = w->addr_bytes + 16, n = p->len >= 4 ? be32_get(p->data) : 0, run;
	int rc = 0;

	if (4 + (uint64_t)n * size > p->len)
		return bad_length(w, p->len, 4 + (uint64_t)n * size);
	for (uint32_t i = 0; i < n && !rc; i += run) {
		struct v1_entry first = v1_entry(w, p->data + 4 + (size_t)i * size), e = first;

		for (run = 1; i + run < n; run++) {
			uint64_t next = e.base + w->lmb_size;

			e = v1_entry(w, p->data + 4 + (size_t)(i + run) * size);
			if (e.base != next || e.base < first.base || e.flags != first.flags)
				break;
		}
		rc = give(w, first.base, run, first.flags);
	}
	return rc;
}

/* count of sets, then {LMBs in the set, base, drc index, associativity, flags} for each */
static int each_v2(const struct walk *w, const struct dt_prop *p)
{
	uint32_t entry = w->addr_bytes + 16, n = p->len >= 4 ? be32_get(p->data) : 0;
	uint64_t total = 0;
	int rc = 0;

	if (4 + (uint64_t)n * entry > p->len)
		return bad_length(w, p->len, 4 + (uint64_t)n * entry);
	for (uint32_t i = 0; i < n && !rc; i++) {
		const uint8_t *e = p->data + 4 + (size_t)i * entry;
		uint32_t lmbs = be32_get(e);
		uint64_t base = bytes_get(e + 4, w->addr_bytes, false);

		total += lmbs;
		if (total > LMBS_MAX)
			return fail(EINVAL, "device tree: %s counts more than %u memory blocks",
				    w->name, LMBS_MAX);
		if (lmbs)
			rc = give(w, base, lmbs, be32_get(e + w->addr_bytes + 12));
	}
	return rc;
}

int ppc64_each_lmb(const struct dt_node *drconf, struct dt_cells cells, ppc64_lmbs_fn *fn,
		   void *context)
{
	const struct dt_prop *v1 = dt_prop(drconf, "ibm,dynamic-memory");
	const struct dt_prop *v2 = dt_prop(drconf, "ibm,dynamic-memory-v2");
	struct walk w = { .addr_bytes = 4 * cells.addr, .fn = fn, .context = context };
	int rc;

	if (!v1 && !v2)
		return 0;
	w.name = v1 ? v1->name : v2->name;
	rc = dt_number(drconf, "ibm,lmb-size", &w.lmb_size);
	if (rc < 0)
		return rc;
	if (!rc || !w.lmb_size)
		return fail(EINVAL, "device tree: %s/ibm,lmb-size is missing or 0", drconf->name);
	return v1 ? each_v1(&w, v1) : each_v2(&w, v2);
}
