// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The second kernel's device tree: the live one with its own /chosen, as drivers/of/kexec.c makes
 * it. Memory nodes stay: what a capture kernel may use is in one property.
 */
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/cmdline.h"
#include "kexec/nexttree.h"

/*
 * In /chosen of the running kernel, not for the next one: its own command line, seeds that it has
 * used (and zeroed), its own memory, what it was handed over.
 */
static const char *const stale[] = {
	"bootargs",
	"kaslr-seed",
	"linux,booted-from-kexec",
	"linux,dmcryptkeys",
	"linux,elfcorehdr",
	"linux,ima-kexec-buffer",
	"linux,initrd-end",
	"linux,initrd-start",
	"linux,kho-fdt",
	"linux,kho-scratch",
	"linux,usable-memory-range",
	"rng-seed",
};

/* Without these a kernel finds neither UEFI nor ACPI; a user's tree does not have them. */
static const char *const of_uefi[] = {
	"linux,uefi-system-table", "linux,uefi-mmap-start", "linux,uefi-mmap-size",
	"linux,uefi-mmap-desc-size", "linux,uefi-mmap-desc-ver", "linux,uefi-secure-boot",
};

static void keep_uefi(struct image *image, struct dt_node *chosen)
{
	const struct dt_node *live = dt_child(image->machine->tree, "chosen");

	for (size_t i = 0; live && i < ARRAY_SIZE(of_uefi); i++) {
		const struct dt_prop *p = dt_prop(live, of_uefi[i]);

		if (p && !dt_prop(chosen, of_uefi[i]))
			dt_set(&image->arena, chosen, p->name, p->data, p->len);
	}
}

#define KASLR_SEED_SIZE 8

static void put_seeds(struct image *image, struct dt_node *chosen)
{
	const uint8_t *seed = image->request.seed;
	size_t len;

	if (!seed)
		return;
	if (!cmdline_find(image->cmdline, "nokaslr", &len))
		dt_set(&image->arena, chosen, "kaslr-seed", seed, KASLR_SEED_SIZE);
	dt_set(&image->arena, chosen, "rng-seed", seed + KASLR_SEED_SIZE,
	       PLAN_SEED_SIZE - KASLR_SEED_SIZE);
}

static void put_range(struct buf *out, struct dt_cells cells, const struct range *r)
{
	uint8_t pair[16];

	buf_add(out, pair, dt_put_pair(pair, cells, r->start, r->end - r->start));
}

/*
 * drivers/of/fdt.c:early_init_dt_check_for_usable_mem_range: the first caps all memory, the others
 * are added to it; Linux up to 7.2 reads two of them, later ones six.
 */
static void put_crash(struct image *image, struct dt_node *chosen, struct dt_cells cells)
{
	const struct machine *m = image->machine;
	const struct arm64_facts *f = m->arch_facts;
	const struct segment *s = image_segment(image, ROLE_CORE);
	struct range core = { s->addr, s->addr + s->memsz, NULL };
	BUF_AUTO usable = {0}, header = {0};

	put_range(&header, cells, &core);
	dt_set(&image->arena, chosen, "linux,elfcorehdr", header.data, header.len);
	put_range(&usable, cells, &m->crash);
	for (size_t i = 0; i < f->crash_low.n; i++)
		put_range(&usable, cells, &f->crash_low.at[i]);
	for (size_t i = 0; i < f->cma.n; i++)
		put_range(&usable, cells, &f->cma.at[i]);
	dt_set(&image->arena, chosen, "linux,usable-memory-range", usable.data, usable.len);
}

/*
 * For a normal kernel the GIC's tables too. A capture kernel has no memory where they are, and
 * knows that it is one.
 */
static int fill_memreserve(struct image *image)
{
	const struct arm64_facts *f = image->machine->arch_facts;
	const struct ranges *told = image->dtb_tree ? &image->dtb_reserve : &f->tree_reserve;
	RANGES_AUTO tables = {0};
	int rc = nexttree_reserve(image, ROLE_CORE);

	if (rc >= 0)
		rc = nexttree_reserve(image, ROLE_INITRD);
	ranges_copy(&image->reserve, told);
	if (image->crash)
		return rc;
	ranges_copy(&tables, &f->lpi_tables);
	ranges_subtract(&tables, told);
	ranges_copy(&image->reserve, &tables);
	return rc;
}

int arm64_new_tree(struct image *image, struct dt_node **tree)
{
	struct dt_node *chosen;
	struct dt_cells cells;
	int rc = dt_cells(nexttree_source(image), &cells);

	if (rc < 0)
		return rc;
	*tree = dt_copy(&image->arena, nexttree_source(image));
	for (struct dt_node *n = NULL; (n = dt_next(*tree, n));)
		dt_remove(n, "name");	/* of /proc/device-tree; version 16 and later do without */
	chosen = nexttree_chosen(image, *tree, stale, ARRAY_SIZE(stale));
	keep_uefi(image, chosen);
	put_seeds(image, chosen);
	if (image->crash)
		put_crash(image, chosen, cells);
	return fill_memreserve(image);
}
