// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The second kernel's device tree: the live one, with its own command line and
 * initrd, for a capture kernel the memory it may use, and without what the
 * running kernel put there for itself.
 */
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/cmdline.h"
#include "kexec/nexttree.h"

/*
 * In /chosen of the running kernel, not for the next one. Several are
 * exported big-endian but read in host order (arch/powerpc/kernel/prom.c:
 * early_init_dt_scan_chosen_ppc), so a copy would be misread; the others
 * describe the running kernel's own memory.
 */
static const char *const stale[] = {
	"bootargs", "kaslr-seed", "linux,booted-from-kexec", "linux,crashkernel-base",
	"linux,crashkernel-size", "linux,elfcorehdr", "linux,htab-base", "linux,htab-size",
	"linux,ima-kexec-buffer", "linux,initrd-end", "linux,initrd-start", "linux,kernel-end",
	"linux,memory-limit", "linux,tce-alloc-end", "linux,tce-alloc-start",
	"linux,usable-memory-range", "rng-seed",
};

/* Append the usable parts of [start, end) as (base, size) pairs; returns how many. */
static uint64_t put_usable(const struct image *image, struct dt_cells cells, uint64_t start,
			   uint64_t end, struct buf *out)
{
	uint8_t pair[16];
	uint64_t n = 0;

	for (size_t i = 0; i < image->usable.n; i++) {
		const struct range *u = &image->usable.at[i];
		uint64_t from = u->start > start ? u->start : start,
			 to = u->end < end ? u->end : end;

		if (from >= to)
			continue;
		buf_add(out, pair, dt_put_pair(pair, cells, from, to - from));
		n++;
	}
	return n;
}

/*
 * linux,usable-memory replaces reg. A node without usable memory gets one
 * empty pair: without the property all of its memory would be used.
 */
static int limit_memory_node(struct image *image, struct dt_node *node, struct dt_cells cells)
{
	const struct dt_prop *reg = dt_prop(node, "reg");
	RANGES_AUTO have = {0};
	BUF_AUTO usable = {0};
	uint8_t none[16];
	uint64_t n = 0;
	int rc = dt_add_ranges(reg, cells, node->name, NULL, &have);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < have.n; i++)
		n += put_usable(image, cells, have.at[i].start, have.at[i].end, &usable);
	if (!n)
		buf_add(&usable, none, dt_put_pair(none, cells, 0, 0));
	dt_set(&image->arena, node, "linux,usable-memory", usable.data, usable.len);
	return 0;
}

struct drconf_stream {
	struct image *image;
	struct dt_cells cells;
	struct buf pairs, out;
};

/* How many of @n LMBs from @base on end before there is usable memory. */
static uint64_t lmbs_without_usable(const struct image *image, uint64_t base, uint64_t size,
				    uint64_t n)
{
	const struct range *u = ranges_find(&image->usable, base, base + n * size);

	if (!u)
		return n;
	return u->start > base ? (u->start - base) / size : 0;
}

static void put_lmb(struct drconf_stream *s, uint64_t base, uint64_t size)
{
	uint8_t count[8];

	s->pairs.len = 0;
	bytes_put(count, put_usable(s->image, s->cells, base, base + size, &s->pairs),
		  4 * s->cells.size, false);
	buf_add(&s->out, count, 4 * s->cells.size);
	buf_add(&s->out, s->pairs.data, s->pairs.len);
}

/*
 * The readers (prom.c:early_init_drmem_lmb, numa.c:numa_setup_drmem_lmb) skip
 * LMBs that are reserved or not assigned without advancing in the stream: only
 * the others have an entry, but each of those has one, if only a count of 0.
 */
static int put_lmbs(const struct ppc64_lmbs *l, void *context)
{
	struct drconf_stream *s = context;
	uint64_t cell = 4 * s->cells.size, without;

	for (uint64_t i = 0; l->usable && i < l->n; i += without + 1) {
		uint64_t base = l->base + i * l->size;

		without = lmbs_without_usable(s->image, base, l->size, l->n - i);
		buf_reserve(&s->out, without * cell);
		memset(s->out.data + s->out.len, 0, without * cell);
		s->out.len += without * cell;
		if (i + without < l->n)
			put_lmb(s, base + without * l->size, l->size);
	}
	return 0;
}

static int limit_drconf(struct image *image, struct dt_node *drconf, struct dt_cells cells)
{
	struct drconf_stream s = { .image = image, .cells = cells };
	int rc = ppc64_each_lmb(drconf, cells, put_lmbs, &s);

	dt_set(&image->arena, drconf, "linux,drconf-usable-memory", s.out.data, s.out.len);
	buf_free(&s.pairs);
	buf_free(&s.out);
	return rc;
}

static bool is_capture_kernel(const struct machine *m)
{
	const struct dt_node *chosen = dt_child(m->tree, "chosen");
	size_t len;

	return cmdline_find(m->cmdline, "elfcorehdr", &len) ||
	       (chosen && dt_prop(chosen, "linux,elfcorehdr"));
}

/*
 * What limits the running kernel, if it is a capture kernel, must not limit a
 * normal one. With the same property firmware says that a GPU's memory is no RAM.
 */
static void unlimit_memory(const struct machine *m, struct dt_node *root)
{
	struct dt_node *drconf = ppc64_drconf(root);

	if (!is_capture_kernel(m))
		return;
	for (struct dt_node *n = root->children; n; n = n->next)
		if (dt_is_type(n, "memory") && !dt_compatible(n, "ibm,coherent-device-memory"))
			dt_remove(n, "linux,usable-memory");
	if (drconf)
		dt_remove(drconf, "linux,drconf-usable-memory");
}

static int limit_memory(struct image *image, struct dt_node *root, struct dt_cells cells)
{
	struct dt_node *drconf = ppc64_drconf(root);
	int rc = 0;

	for (struct dt_node *n = root->children; n && rc >= 0; n = n->next)
		if (dt_is_type(n, "memory") && dt_prop(n, "reg"))
			rc = limit_memory_node(image, n, cells);
	if (rc >= 0 && drconf)
		rc = limit_drconf(image, drconf, cells);
	return rc;
}

/*
 * Reusable memory becomes the kernel's own pages (CMA). Outside of the crash
 * region these hold what is to be dumped; and as no memory of the capture
 * kernel they have no page structures, over which it would fall.
 */
static int disable_reusable(struct image *image, struct dt_node *root)
{
	struct dt_node *parent = dt_child(root, "reserved-memory");
	const struct machine *m = image->machine;
	struct dt_cells cells;
	int rc = parent ? dt_cells(parent, &cells) : 0;

	for (struct dt_node *n = parent ? parent->children : NULL; n && rc >= 0; n = n->next) {
		RANGES_AUTO r = {0};

		if (!dt_prop(n, "reusable") || !dt_prop(n, "reg"))
			continue;
		rc = dt_add_ranges(dt_prop(n, "reg"), cells, n->name, n->name, &r);
		ranges_merge(&r);
		ranges_subtract_one(&r, m->crash.start, m->crash.end);
		if (r.n)
			dt_set(&image->arena, n, "status", "disabled", sizeof("disabled"));
	}
	return rc;
}

struct linear {
	struct ranges memory;		/* of the second kernel */
	uint64_t piece;			/* a pointer needs whole ones of this size */
	const struct ranges *pointed;	/* by the running kernel's tree; NULL: this is that tree */
};

static int forget_unmapped(struct dt_node *node, const struct ppc64_pointer *p, void *context)
{
	const struct linear *l = context;
	uint64_t end = p->start + p->bytes;

	if (end >= p->start && (!l->pointed || ranges_cover(l->pointed, p->start, end)) &&
	    ranges_cover(&l->memory, round_down64(p->start, l->piece), round_up64(end, l->piece)))
		return 0;
	debug("%s/%s is taken out: there is no %s in the second kernel's memory", node->name,
	      p->base, p->why);
	dt_remove(node, p->base);
	dt_remove(node, p->size);
	return 0;
}

/* Point to nothing that the second kernel cannot read: it would fault. */
static int forget_pointers(struct image *image, struct dt_node *root, struct dt_cells cells)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	struct linear l = { .piece = image->crash ? PPC64_LINEAR_PIECE : 1,
			    .pointed = image->dtb_tree ? &f->pointed : NULL };
	int rc = ppc64_memory_of(root, cells, &l.memory);

	if (image->crash)
		ranges_intersect(&l.memory, &image->usable);
	if (rc >= 0)
		rc = ppc64_each_pointer(image->machine, root, forget_unmapped, &l);
	ranges_free(&l.memory);
	return rc;
}

/* All that the capture kernel has as memory although it is the crashed kernel's or firmware's. */
static void reserve_crashed(struct image *image)
{
	const struct machine *m = image->machine;
	RANGES_AUTO crashed = {0};

	ranges_copy(&crashed, &image->usable);
	ranges_subtract_one(&crashed, 0, PPC64_BACKUP_SIZE);
	ranges_subtract_one(&crashed, m->crash.start, m->crash.end);
	ranges_subtract(&crashed, &m->crash_more);
	for (size_t i = 0; i < crashed.n; i++)
		crashed.at[i].why = "memory of the crashed kernel";
	ranges_copy(&image->reserve, &crashed);
}

/*
 * What the second kernel must not use although it is memory. The elfcorehdr
 * over its full memsz: the running kernel may have filled it.
 */
static int fill_reserve_map(struct image *image, const struct ppc64_facts *f)
{
	int rc = nexttree_reserve(image, ROLE_CORE);

	if (rc >= 0)
		rc = nexttree_reserve(image, ROLE_BACKUP);
	if (rc >= 0)
		rc = nexttree_reserve(image, ROLE_INITRD);
	reserve_crashed(image);
	if (rc >= 0)
		rc = ranges_add(&image->reserve, image->old_initrd.start,
				image->old_initrd.end - image->old_initrd.start, "initrd");
	ranges_copy(&image->reserve, &image->dtb_reserve);
	ranges_copy(&image->reserve, &f->rtas);
	ranges_copy(&image->reserve, &f->opal);
	ranges_copy(&image->reserve, &f->pointed);
	ranges_copy(&image->reserve, &f->reserved);
	return rc;
}

int ppc64_new_tree(struct image *image, struct dt_node **tree)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	struct dt_cells cells;
	int rc = dt_cells(nexttree_source(image), &cells);

	if (rc < 0)
		return rc;
	*tree = dt_copy(&image->arena, nexttree_source(image));
	if (image->dtb_tree)
		ppc64_complete_dtb(image, *tree);
	for (struct dt_node *n = NULL; (n = dt_next(*tree, n));)
		dt_remove(n, "name");	/* version 16 and later do without */
	nexttree_chosen(image, *tree, stale, ARRAY_SIZE(stale));
	if (image->crash)
		rc = limit_memory(image, *tree, cells);
	else
		unlimit_memory(image->machine, *tree);
	if (rc >= 0 && image->crash)
		rc = disable_reusable(image, *tree);
	if (rc >= 0)
		rc = forget_pointers(image, *tree, cells);
	return rc < 0 ? rc : fill_reserve_map(image, f);
}
