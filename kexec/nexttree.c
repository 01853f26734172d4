// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <libfdt.h>
#include <string.h>

#include "kexec/nexttree.h"
#include "kexec/prove.h"

const struct dt_node *nexttree_source(const struct image *image)
{
	return image->dtb_tree ? image->dtb_tree : image->machine->tree;
}

int nexttree_memory(const struct dt_node *tree, struct dt_cells cells, struct ranges *memory)
{
	int rc = 0;

	for (const struct dt_node *n = tree->children; n && rc >= 0; n = n->next) {
		const struct dt_prop *reg = dt_prop(n, "linux,usable-memory");

		if (!reg)
			reg = dt_prop(n, "reg");
		if (dt_is_type(n, "memory") && reg && !dt_string_is(n, "status", "disabled"))
			rc = dt_add_ranges(reg, cells, n->name, "memory", memory);
	}
	return rc;
}

static void put_initrd(struct image *image, struct dt_node *chosen)
{
	const struct segment *s = image_segment(image, ROLE_INITRD);
	uint64_t start = s ? s->addr : image->old_initrd.start;
	uint64_t end = s ? s->addr + s->bufsz : image->old_initrd.end;

	if (start == end)
		return;
	dt_set_u64(&image->arena, chosen, "linux,initrd-start", start);
	dt_set_u64(&image->arena, chosen, "linux,initrd-end", end);
}

/* Devicetree Specification 3.5: each child is a reservation, or (without reg) a wish for one. */
int nexttree_reserved_memory(const struct dt_node *tree, bool mapped, struct ranges *out)
{
	const struct dt_node *parent = dt_child(tree, "reserved-memory");
	struct dt_cells cells;
	int rc = parent ? dt_cells(parent, &cells) : 0;

	for (const struct dt_node *n = parent ? parent->children : NULL; n && rc >= 0;
	     n = n->next) {
		const struct dt_prop *reg = dt_prop(n, "reg");

		if (!reg || dt_string_is(n, "status", "disabled") ||
		    (mapped && (dt_prop(n, "no-map") || dt_prop(n, "reusable"))))
			continue;
		rc = dt_add_ranges(reg, cells, n->name, n->name, out);
	}
	return rc;
}

struct dt_node *nexttree_chosen(struct image *image, struct dt_node *root,
				const char *const *stale, size_t n)
{
	struct dt_node *chosen = dt_child(root, "chosen");
	struct arena *a = &image->arena;

	if (!chosen)
		chosen = dt_add_child(a, root, "chosen");
	for (size_t i = 0; i < n; i++)
		dt_remove(chosen, stale[i]);
	dt_set(a, chosen, "bootargs", image->cmdline, strlen(image->cmdline) + 1);
	dt_set(a, chosen, "linux,booted-from-kexec", "", 0);
	put_initrd(image, chosen);
	return chosen;
}

int nexttree_reserve(struct image *image, enum role role)
{
	const struct segment *s = image_segment(image, role);

	return s ? ranges_add(&image->reserve, s->addr, s->memsz, s->name) : 0;
}

int nexttree_reserved(const void *fdt, struct ranges *out)
{
	uint64_t start, size;
	int rc = 0;

	for (int i = 0; i < fdt_num_mem_rsv(fdt) && rc >= 0; i++)
		rc = fdt_get_mem_rsv(fdt, i, &start, &size) ?
			-EINVAL :
			ranges_add(out, start, size, "reserved");
	ranges_merge(out);
	return rc < 0 ? prove_wrong("the FDT's reserve map cannot be read") : 0;
}

int nexttree_prove(const struct image *image, const struct segment *s)
{
	int len, chosen;
	const char *bootargs;

	if (fdt_check_full(s->data, s->bufsz))
		return prove_wrong("the FDT is not sound");
	if (fdt_version(s->data) < 17)
		return prove_wrong("the FDT's version is older than 17");
	chosen = fdt_path_offset(s->data, "/chosen");
	bootargs = chosen < 0 ? NULL : fdt_getprop(s->data, chosen, "bootargs", &len);
	if (!bootargs || strcmp(bootargs, image->cmdline))
		return prove_wrong("the FDT does not hold the command line");
	return 0;
}
