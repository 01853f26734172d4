// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What only arm64 demands of an image, read again as the kernels and the processor read it. Numbers
 * are written here anew, from Documentation/arch/arm64/booting.rst and the architecture's manual:
 * one that is wrong in the planner must not be wrong here too.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/nexttree.h"
#include "kexec/prove.h"
#include "kexec/purgatory.h"

#define MIB2 0x200000ull

/* --- the device tree --- */

/* A property of /chosen that is one number of 8 bytes; 0: it is not there. */
static uint64_t chosen_number(const void *fdt, const char *name)
{
	int len = 0, chosen = fdt_path_offset(fdt, "/chosen");
	const uint8_t *p = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, name, &len);

	return p && len == 8 ? be64_get(p) : 0;
}

/* drivers/of/fdt.c:early_init_dt_check_for_initrd */
static int prove_told_initrd(const struct image *image, const void *fdt)
{
	const struct segment *s = image_segment(image, ROLE_INITRD);
	uint64_t start = chosen_number(fdt, "linux,initrd-start"),
		 end = chosen_number(fdt, "linux,initrd-end");

	if (start != (s ? s->addr : 0) || end != (s ? s->addr + s->bufsz : 0))
		return prove_wrong("the FDT does not say where the initrd is");
	return 0;
}

/* Entry @i of (address, size) pairs in root cells; false: there is none. */
static bool chosen_range(const void *fdt, const char *name, int i, struct range *out)
{
	int len = 0, chosen = fdt_path_offset(fdt, "/chosen");
	int cells[2] = { fdt_address_cells(fdt, 0), fdt_size_cells(fdt, 0) };
	int width = 4 * (cells[0] + cells[1]);
	const uint8_t *p = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, name, &len);

	if (!p || cells[0] < 1 || cells[1] < 1 || len % width || i >= len / width)
		return false;
	p += i * width;
	out->start = bytes_get(p, (size_t)cells[0] * 4, false);
	out->end = out->start + bytes_get(p + cells[0] * 4, (size_t)cells[1] * 4, false);
	return true;
}

/* The first entry caps memory: all segments must be in it. Together they are what is to be used. */
static int prove_usable(const struct image *image, const void *fdt)
{
	RANGES_AUTO told = {0}, usable = {0};
	struct range r, first = {0};

	for (int i = 0; chosen_range(fdt, "linux,usable-memory-range", i, &r); i++) {
		if (!i)
			first = r;
		ranges_add(&told, r.start, r.end - r.start, NULL);
	}
	if (first.start != image->machine->crash.start || first.end != image->machine->crash.end)
		return prove_wrong(
			"the first range of linux,usable-memory-range is not the crash region");
	ranges_copy(&usable, &image->usable);
	ranges_merge(&usable);
	ranges_merge(&told);
	if (ranges_total(&told) != ranges_total(&usable))
		return prove_wrong(
			"linux,usable-memory-range is not what the capture kernel may use");
	ranges_subtract(&told, &usable);
	return told.n ? prove_wrong("linux,usable-memory-range has memory of the crashed kernel") :
			0;
}

static int prove_crash(const struct image *image, const void *fdt)
{
	const struct segment *core = image_segment(image, ROLE_CORE);
	struct range r = {0}, more;

	if (!chosen_range(fdt, "linux,elfcorehdr", 0, &r) ||
	    chosen_range(fdt, "linux,elfcorehdr", 1, &more) || r.start != core->addr ||
	    r.end != core->addr + core->memsz)
		return prove_wrong("linux,elfcorehdr is not the elfcorehdr");
	return prove_usable(image, fdt);
}

static int prove_memreserve(const struct image *image, const void *fdt)
{
	const struct arm64_facts *f = image->machine->arch_facts;
	static const enum role roles[] = { ROLE_CORE, ROLE_INITRD };
	RANGES_AUTO reserved = {0};
	int rc = nexttree_reserved(fdt, &reserved);

	for (size_t i = 0; i < ARRAY_SIZE(roles) && rc >= 0; i++) {
		const struct segment *s = image_segment(image, roles[i]);

		if (s && !ranges_cover(&reserved, s->addr, s->addr + s->memsz))
			rc = prove_wrong(
				"the elfcorehdr or the initrd is not in the FDT's reserve map");
	}
	for (size_t i = 0; i < f->lpi_tables.n && rc >= 0 && !image->crash; i++)
		if (!ranges_cover(&reserved, f->lpi_tables.at[i].start, f->lpi_tables.at[i].end))
			rc = prove_wrong(
				"the tables of the interrupt controller are not in the FDT's"
				" reserve"
				" map");
	return rc;
}

static int prove_tree(const struct image *image)
{
	const struct segment *s = image_segment(image, ROLE_BOOT_DATA);
	int rc;

	if (!s)
		return prove_wrong("there is no FDT");
	if (s->bufsz > MIB2 || s->addr % 8 || s->addr / MIB2 != (s->addr + s->bufsz - 1) / MIB2)
		return prove_wrong("the FDT crosses a multiple of 2 MiB, which no kernel maps");
	rc = nexttree_prove(image, s);
	if (rc >= 0)
		rc = prove_told_initrd(image, s->data);
	if (rc >= 0)
		rc = prove_memreserve(image, s->data);
	return rc >= 0 && image->crash ? prove_crash(image, s->data) : rc;
}

/* --- where things are --- */

static int prove_places(const struct image *image)
{
	const struct machine *m = image->machine;
	const struct segment *kernel = image_segment(image, ROLE_KERNEL);
	const struct segment *initrd = image_segment(image, ROLE_INITRD);
	uint64_t base = image->kernel_base, window;

	if (!kernel || kernel->bufsz < 64 || memcmp(kernel->data + 56, "ARM\x64", 4))
		return prove_wrong("the kernel does not begin with the header of an Image");
	if (kernel->addr != base || base % MIB2 != le64_get(kernel->data + 8))
		return prove_wrong("the kernel is not at its offset from a multiple of 2 MiB");
	window = base >> 30 << 30;
	if (initrd &&
	    (initrd->addr < window || initrd->addr + initrd->memsz > window + (32ull << 30)))
		return prove_wrong("the initrd is not in the kernel's window of 32 GiB");
	for (unsigned int i = 0; i < image->n_segments && !image->crash; i++) {
		const struct segment *s = &image->segment[i];

		if (s->addr < m->crash.end && m->crash.start < s->addr + s->memsz)
			return prove_wrong("a segment of a normal image is in the crash region");
	}
	return 0;
}

/* --- the purgatory's page tables --- */

struct walk {
	const struct image *image;
	const struct segment *tables;
	struct ranges memory, device;
	unsigned int seen;		/* tables: none is reached twice */
	uint64_t page;	   /* bytes that an entry of level 3 has; a table has as many */
	unsigned int bits; /* of an address, by which the entry in a table is found */
};

static uint64_t page_tables_entry(const struct walk *w, uint64_t table, unsigned int i)
{
	uint64_t at = table - w->tables->addr + i * 8;

	return at + 8 <= w->tables->bufsz ? le64_get(w->tables->data + at) : 0;
}

/* As the processor walks, up to level 3. With pages of 4 KiB: 512 GiB, 1 GiB, 2 MiB, 4 KiB. */
static int walk_table(struct walk *w, uint64_t table, unsigned int level, uint64_t from)
{
	uint64_t size = w->page << (w->bits * (3 - level));
	int rc = 0;

	if (table < w->tables->addr || table - w->tables->addr >= w->tables->bufsz ||
	    table % w->page || ++w->seen > w->tables->bufsz / w->page)
		return prove_wrong("the purgatory's page tables lead out of their segment");
	for (unsigned int i = 0; i < w->page / 8 && rc >= 0; i++) {
		uint64_t e = page_tables_entry(w, table, i), address = e & 0x0000fffffffff000;

		if (!(e & 1))
			continue;
		if (level < 3 && e & 2) {
			rc = walk_table(w, address, level + 1, from + i * size);
			continue;
		}
		if (address != from + i * size || !(e & 1 << 10) || (level != 2 && level != 3) ||
		    (level == 3 && !(e & 2)))
			return prove_wrong(
				"the purgatory's page tables do not map memory to itself");
		rc = ranges_add(e & 1 << 2 ? &w->device : &w->memory, address, size, NULL);
	}
	return rc;
}

/* Everything that is verified, the purgatory, its console; and no byte that is not the image's. */
static int prove_mapped(struct walk *w)
{
	const struct arm64_facts *f = w->image->machine->arch_facts;
	uint64_t uart = f->uart.base & -w->page, bytes;
	RANGES_AUTO wanted = {0};

	for (unsigned int i = 0; i < w->image->n_segments; i++)
		ranges_add(&wanted, w->image->segment[i].addr, w->image->segment[i].memsz, NULL);
	ranges_merge(&wanted);
	ranges_merge(&w->memory);
	bytes = ranges_total(&wanted);
	ranges_subtract(&wanted, &w->memory);
	if (wanted.n)
		return prove_wrong("the purgatory cannot read all that it must verify");
	if (ranges_total(&w->memory) != bytes)
		return prove_wrong("the purgatory's page tables map more than the image");
	if (f->uart.base ? w->device.n != 1 || w->device.at[0].start != uart ||
			    w->device.at[0].end != uart + w->page :
			   w->device.n != 0)
		return prove_wrong(
			"the purgatory's page tables do not map its console alone as a device");
	return 0;
}

static uint64_t purgatory_word(const struct image *image, size_t at)
{
	const struct segment *s = image_segment(image, ROLE_PURGATORY);

	return s ? bytes_get(s->data + at, 8, image->machine->little) : 0;
}

static int prove_idmap(const struct image *image)
{
	/* By TCR_EL1.TG0: what a page has, and the first level that has bits of 48. */
	static const struct {
		uint64_t page;
		unsigned int bits, first;
	} granule[] = { { 0x1000, 9, 0 }, { 0x10000, 13, 1 }, { 0x4000, 11, 0 } };
	const struct segment *s = image_segment(image, ROLE_IDMAP);
	uint64_t root = purgatory_word(image, PURGATORY_ARCH(PURGATORY_ARM64_IDMAP)),
		 tg0 = purgatory_word(image, PURGATORY_ARCH(PURGATORY_ARM64_GRANULE)),
		 page = image->machine->page_size;
	struct walk w = { .image = image, .tables = s };
	int rc;

	if (!s)
		return image->no_checks || (page != 0x1000 && page != 0x4000 && page != 0x10000) ?
			0 :
			prove_wrong("the purgatory would verify with the caches off");
	if (root != s->addr)
		return prove_wrong("the purgatory does not know its page tables");
	if (tg0 >= ARRAY_SIZE(granule) || granule[tg0].page != page)
		return prove_wrong("the purgatory's page tables are not made of pages such as the"
				   " running kernel has");
	w.page = page;
	w.bits = granule[tg0].bits;
	rc = walk_table(&w, root, granule[tg0].first, 0);
	if (rc >= 0)
		rc = prove_mapped(&w);
	ranges_free(&w.memory);
	ranges_free(&w.device);
	return rc;
}

int arm64_prove(const struct image *image)
{
	int rc = prove_tree(image);

	if (rc >= 0)
		rc = prove_places(image);
	return rc < 0 ? rc : prove_idmap(image);
}
