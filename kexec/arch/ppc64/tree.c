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

static void put_initrd(struct image *image, struct dt_node *chosen)
{
	const struct segment *s = image_segment(image, "initrd");
	uint64_t start = s ? s->addr : image->old_initrd.start;
	uint64_t end = s ? s->addr + s->bufsz : image->old_initrd.end;

	if (start == end)
		return;
	dt_set_u64(&image->arena, chosen, "linux,initrd-start", start);
	dt_set_u64(&image->arena, chosen, "linux,initrd-end", end);
}

static void fill_chosen(struct image *image, struct dt_node *root)
{
	struct dt_node *chosen = dt_child(root, "chosen");
	struct arena *a = &image->arena;

	if (!chosen)
		chosen = dt_add_child(a, root, "chosen");
	for (size_t i = 0; i < ARRAY_SIZE(stale); i++)
		dt_remove(chosen, stale[i]);
	dt_set(a, chosen, "bootargs", image->cmdline, strlen(image->cmdline) + 1);
	dt_set(a, chosen, "linux,booted-from-kexec", "", 0);
	put_initrd(image, chosen);
}

/* Append the usable parts of [start, end) as (base, size) pairs; returns how many. */
static uint64_t put_usable(const struct image *image, struct dt_cells cells, uint64_t start,
			   uint64_t end, struct buf *out)
{
	uint8_t pair[16];
	uint64_t n = 0;

	for (size_t i = 0; i < image->usable.n; i++) {
		const struct range *u = &image->usable.at[i];
		uint64_t from = u->start > start ? u->start : start, to = u->end < end ? u->end : end;

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

/*
 * The readers (prom.c:early_init_drmem_lmb, numa.c:numa_setup_drmem_lmb) skip
 * LMBs that are reserved or not assigned without advancing in the stream: only
 * the others have an entry, but each of those has one, if only a count of 0.
 */
static int put_lmb(const struct ppc64_lmb *lmb, void *context)
{
	struct drconf_stream *s = context;
	uint8_t count[8];
	uint64_t n;

	if (!lmb->usable)
		return 0;
	s->pairs.len = 0;
	n = put_usable(s->image, s->cells, lmb->base, lmb->base + lmb->size, &s->pairs);
	bytes_put(count, n, 4 * s->cells.size, false);
	buf_add(&s->out, count, 4 * s->cells.size);
	buf_add(&s->out, s->pairs.data, s->pairs.len);
	return 0;
}

static int limit_drconf(struct image *image, struct dt_node *drconf, struct dt_cells cells)
{
	struct drconf_stream s = { .image = image, .cells = cells };
	int rc = ppc64_each_lmb(drconf, cells, put_lmb, &s);

	if (rc >= 0)
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

/* All below the crash region but the backed up start, and but for what else is the capture kernel's. */
static int reserve_crashed(struct image *image)
{
	RANGES_AUTO crashed = {0};
	uint64_t end = image->machine->crash.start;
	int rc = 0;

	if (image->crash && end > PPC64_BACKUP_SIZE)
		rc = ranges_add(&crashed, PPC64_BACKUP_SIZE, end - PPC64_BACKUP_SIZE,
				"memory of the crashed kernel");
	ranges_subtract(&crashed, &image->machine->crash_more);
	ranges_copy(&image->reserve, &crashed);
	return rc;
}

static int reserve_segment(struct image *image, const char *name)
{
	const struct segment *s = image_segment(image, name);

	return s ? ranges_add(&image->reserve, s->addr, s->memsz, name) : 0;
}

/*
 * What the second kernel must not use although it is memory. The elfcorehdr
 * over its full memsz: the running kernel may have filled it.
 */
static int fill_reserve_map(struct image *image, const struct ppc64_facts *f)
{
	int rc = reserve_segment(image, "elfcorehdr");

	if (rc >= 0)
		rc = reserve_segment(image, "backup");
	if (rc >= 0)
		rc = reserve_segment(image, "initrd");
	if (rc >= 0)
		rc = reserve_crashed(image);
	if (rc >= 0)
		rc = ranges_add(&image->reserve, image->old_initrd.start,
				image->old_initrd.end - image->old_initrd.start, "initrd");
	ranges_copy(&image->reserve, &image->dtb_reserve);
	ranges_copy(&image->reserve, &f->rtas);
	ranges_copy(&image->reserve, &f->opal);
	ranges_copy(&image->reserve, &f->tce);
	ranges_copy(&image->reserve, &f->tpm_log);
	ranges_copy(&image->reserve, &f->reserved);
	return rc;
}

const struct dt_node *ppc64_source_tree(const struct image *image)
{
	return image->dtb_tree ? image->dtb_tree : image->machine->tree;
}

int ppc64_new_tree(struct image *image, struct dt_node **tree)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	struct dt_cells cells;
	int rc = dt_cells(ppc64_source_tree(image), &cells);

	if (rc < 0)
		return rc;
	*tree = dt_copy(&image->arena, ppc64_source_tree(image));
	if (image->dtb_tree)
		ppc64_complete_dtb(image, *tree);
	for (struct dt_node *n = NULL; (n = dt_next(*tree, n));)
		dt_remove(n, "name");	/* version 16 and later do without */
	fill_chosen(image, *tree);
	if (image->crash)
		rc = limit_memory(image, *tree, cells);
	else
		unlimit_memory(image->machine, *tree);
	return rc < 0 ? rc : fill_reserve_map(image, f);
}
