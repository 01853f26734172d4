// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Every proof of a planned image, seen to fail: sound images are planned in
 * process, each row of a table spoils one of them in one way, and prove() must
 * refuse it with that errno and text. A row without an errno is the same change
 * kept just inside the bound, and must pass.
 *
 * A new refusal is a new row; tests/dist looks for its text here.
 *
 * And what the planner itself refuses of machines and wishes.
 */
#include "tests/unit/unit.h"

#include <libfdt.h>

#include <inttypes.h>

#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/arch/ppc64/cpunodes.h"
#include "kexec/plan.h"
#include "kexec/prove.h"
#include "purgatory/params.h"
#include "tests/unit/power.h"

#define MIB	((uint64_t)1 << 20)

/* What is planned for each machine; what comes of it is spoilt in a copy. */
enum plan_kind { HOTPLUG, CRASH, NORMAL, UNCHECKED, PLANS };

static const struct plan_request requests[PLANS] = {
	[HOTPLUG] = { .crash = true, .hotplug = true },
	[CRASH] = { .crash = true },
	[NORMAL] = { .no_old_root = true },
	[UNCHECKED] = { .crash = true, .no_checks = true },
};

/* One machine and the images planned for it. */
struct base {
	const char *name;
	bool little;
	uint32_t page_size;
	char *dir, *kernel, *initrd;
	struct sysroot sr;
	struct machine machine;
	struct files files[PLANS];
	struct image image[PLANS];
};

static struct base bases[] = {
	{ .name = "ppc64le", .little = true, .page_size = 65536 },
	{ .name = "ppc64", .little = false, .page_size = 4096 },
};

/* A copy to be spoilt: everything in it may be changed. */
struct spoilt {
	struct machine m;
	struct image image;
	uint64_t page;
};

struct row {
	const char *what;
	enum plan_kind plan;
	void (*spoil)(struct spoilt *t, const char *name, int64_t by);
	const char *name;	/* of a segment, mostly; may be NULL */
	int64_t by;
	int err;		/* 0: it passes */
	const char *text;	/* in the message */
};

/* --- the machine --- */

static void plan_all(struct base *b)
{
	b->kernel = mem_printf("%s/vmlinux", b->dir);
	b->initrd = mem_printf("%s/initrd", b->dir);
	for (unsigned int i = 0; i < PLANS; i++) {
		struct plan_request r = requests[i];

		r.kernel = b->kernel;
		r.initrd = b->initrd;
		r.cmdline = "maxcpus=1";
		r.mem_max = UINT64_MAX;
		files_init(&b->files[i]);
		image_init(&b->image[i], &b->machine);
		if (plan_open(&b->image[i], &b->files[i], &r).rc < 0 || plan(&b->image[i]) < 0)
			print_error("%s: %s\n", b->name, fail_text());
		assert_int_equal(b->image[i].n_segments, r.crash ? 6 + r.hotplug : 4);
	}
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct base *b = &bases[i];

		if (!unit_has_purgatory(b->name))
			continue;
		b->dir = unit_directory();
		b->sr.root = b->dir;
		power_write(&(struct power){ b->dir, b->name, b->little, b->page_size });
		assert_int_equal(machine_survey(&b->machine, &b->sr), 0);
		plan_all(b);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct base *b = &bases[i];

		if (!b->dir)
			continue;
		for (unsigned int k = 0; k < PLANS; k++) {
			image_free(&b->image[k]);
			files_free(&b->files[k]);
		}
		machine_free(&b->machine);
		free(b->kernel);
		free(b->initrd);
		unit_remove(b->dir);
	}
	fail_forget();
	return 0;
}

/* --- a copy to spoil --- */

/* What lies behind the last segment would be refused, if anybody looked at it. */
static void poison(struct image *image)
{
	for (unsigned int i = image->n_segments; i < SEGMENT_MAX; i++)
		image->segment[i] = (struct segment){
			.name = "beyond", .owner = "nobody", .addr = 1, .memsz = UINT64_MAX / 2,
			.bufsz = UINT64_MAX, .kept = image->hotplug ? &kept_elfcorehdr : NULL,
		};
}

static void make_copy(struct spoilt *t, const struct base *b, enum plan_kind kind)
{
	*t = (struct spoilt){ .m = b->machine, .image = b->image[kind], .page = b->page_size };
	t->m.ram = t->m.avoid = t->m.crash_more = (struct ranges){0};
	ranges_copy(&t->m.ram, &b->machine.ram);
	ranges_copy(&t->m.avoid, &b->machine.avoid);
	ranges_copy(&t->m.crash_more, &b->machine.crash_more);
	t->image.machine = &t->m;
	t->image.cmdline = mem_copy_string(t->image.cmdline);
	for (unsigned int i = 0; i < t->image.n_segments; i++) {
		struct segment *s = &t->image.segment[i];
		uint8_t *data = s->bufsz ? mem_alloc(s->bufsz) : NULL;

		if (data)		/* exactly so large, for the sanitizer */
			memcpy(data, s->data, s->bufsz);
		s->data = data;
	}
	poison(&t->image);
}

static void free_copy(struct spoilt *t)
{
	ranges_free(&t->m.ram);
	ranges_free(&t->m.avoid);
	ranges_free(&t->m.crash_more);
	for (unsigned int i = 0; i < t->image.n_segments; i++)
		free((void *)t->image.segment[i].data);
	free(t->image.cmdline);
}

static struct segment *of(struct spoilt *t, const char *name)
{
	struct segment *s = NULL;

	for (unsigned int i = 0; i < t->image.n_segments; i++)
		if (!strcmp(t->image.segment[i].name, name))
			s = &t->image.segment[i];
	assert_non_null(s);
	return s;
}

static uint8_t *bytes_of(struct spoilt *t, const char *name)
{
	return (uint8_t *)of(t, name)->data;
}

static uint64_t lowest(const struct spoilt *t)
{
	uint64_t low = UINT64_MAX;

	for (unsigned int i = 0; i < t->image.n_segments; i++)
		low = t->image.segment[i].addr < low ? t->image.segment[i].addr : low;
	return low;
}

/* --- spoiling segments --- */

static void nothing(struct spoilt *t, const char *name, int64_t by)
{
	(void)t, (void)name, (void)by;
}

static void move(struct spoilt *t, const char *name, int64_t by)
{
	of(t, name)->addr += (uint64_t)by;
}

static void move_pages(struct spoilt *t, const char *name, int64_t pages)
{
	move(t, name, pages * (int64_t)t->page);
}

/* To where the last page of so many would be the last of 64 bits. */
static void move_to_top(struct spoilt *t, const char *name, int64_t pages)
{
	of(t, name)->addr = -(uint64_t)pages * t->page;
	of(t, name)->memsz = 4 * t->page;
}

static void grow(struct spoilt *t, const char *name, int64_t by)
{
	of(t, name)->memsz += (uint64_t)by;
}

static void resize_region(struct spoilt *t, const char *name, int64_t by);

/* So that it has @by bytes of data more than memory. */
static void fill(struct spoilt *t, const char *name, int64_t by)
{
	struct segment *s = of(t, name);
	uint64_t size = s->memsz + (uint64_t)by;
	uint8_t *data = mem_alloc(size);

	memcpy(data, s->data, s->bufsz);
	free((void *)s->data);
	s->data = data;
	s->bufsz = size;
	resize_region(t, name, 0);
}

static void no_memory(struct spoilt *t, const char *name, int64_t by)
{
	(void)by;
	of(t, name)->memsz = of(t, name)->bufsz = 0;
}

static void begin_with(struct spoilt *t, const char *name, const char *text, uint64_t len)
{
	struct segment *s = of(t, name);

	free((void *)s->data);
	s->data = memcpy(mem_alloc(len), text, len);
	s->bufsz = len;
	resize_region(t, name, 0);
}

static void be_an_elf_file(struct spoilt *t, const char *name, int64_t len)
{
	begin_with(t, name, ELF_MAGIC, (uint64_t)len);
}

static void be_a_tree(struct spoilt *t, const char *name, int64_t len)
{
	begin_with(t, name, "\xd0\x0d\xfe\xed", (uint64_t)len);
}

static void flip(struct spoilt *t, const char *name, int64_t at)
{
	bytes_of(t, name)[at] ^= 0x40;
}

static void reverse(struct spoilt *t, const char *name, int64_t by)
{
	unsigned int n = t->image.n_segments;

	(void)name, (void)by;
	for (unsigned int i = 0; i < n / 2; i++) {
		struct segment s = t->image.segment[i];

		t->image.segment[i] = t->image.segment[n - 1 - i];
		t->image.segment[n - 1 - i] = s;
	}
}

static void remove_segment(struct spoilt *t, const char *name, int64_t by)
{
	struct segment *s = of(t, name), *last = &t->image.segment[--t->image.n_segments];

	(void)by;
	free((void *)s->data);
	for (; s < last; s++)
		*s = s[1];
	poison(&t->image);
}

static void mark(struct spoilt *t, const char *name, int64_t digest)
{
	of(t, name)->digest = digest;
}

static void mark_hotplug(struct spoilt *t, const char *name, int64_t hotplug)
{
	of(t, name)->kept = hotplug ? &kept_elfcorehdr : NULL;
	of(t, name)->digest = !hotplug;
}

static void change_entry(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	t->image.entry += (uint64_t)by;
}

static void own_entry(struct spoilt *t, const char *name, int64_t by)
{
	t->image.own_entry = true;
	change_entry(t, name, by);
}

/* --- spoiling the machine --- */

/* The region ends so many pages above the highest segment. */
static void end_region(struct spoilt *t, const char *name, int64_t pages)
{
	uint64_t end = 0;

	(void)name;
	for (unsigned int i = 0; i < t->image.n_segments; i++) {
		const struct segment *s = &t->image.segment[i];

		end = s->addr + s->memsz > end ? s->addr + s->memsz : end;
	}
	t->m.crash.end = end + (uint64_t)pages * t->page;
}

/* The region begins so many bytes above the lowest segment. */
static void begin_region(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	t->m.crash.start = lowest(t) + (uint64_t)by;
}

static void hole_behind(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t start = of(t, name)->addr + of(t, name)->memsz + (uint64_t)by;

	ranges_subtract_one(&t->m.ram, start, start + t->page);
}

static void hole_before(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t end = of(t, name)->addr + (uint64_t)by;

	ranges_subtract_one(&t->m.ram, end - t->page, end);
}

static void kernel_ends(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	t->m.kernel_end = lowest(t) + (uint64_t)by;
}

static void firmware(struct spoilt *t, uint64_t start)
{
	assert_int_equal(ranges_add(&t->m.avoid, start, 1, "a byte of firmware"), 0);
	ranges_merge(&t->m.avoid);
}

static void firmware_behind(struct spoilt *t, const char *name, int64_t by)
{
	firmware(t, of(t, name)->addr + of(t, name)->memsz + (uint64_t)by);
}

static void firmware_at(struct spoilt *t, const char *name, int64_t by)
{
	firmware(t, of(t, name)->addr + (uint64_t)by);
}

/* The planner left the two lowest pages free. */
static void firmware_in_page(struct spoilt *t, const char *name, int64_t page)
{
	(void)name;
	firmware(t, t->m.crash.start + (uint64_t)page * t->page + t->page - 1);
}

/* Memory is what the segments take, and that once more and @by bytes elsewhere. */
static void memory_is_twice(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t total = 0;

	(void)name;
	t->m.ram.n = 0;
	for (unsigned int i = 0; i < t->image.n_segments; i++) {
		total += t->image.segment[i].memsz;
		assert_int_equal(ranges_add(&t->m.ram, t->image.segment[i].addr,
					    t->image.segment[i].memsz, "RAM"), 0);
	}
	assert_int_equal(ranges_add(&t->m.ram, 1ull << 40, total + (uint64_t)by, "RAM"), 0);
	ranges_merge(&t->m.ram);
}

static void fill_hole(struct spoilt *t, uint64_t start, uint64_t end)
{
	if (start == end)
		return;
	assert_true(t->image.n_segments < SEGMENT_MAX);
	t->image.segment[t->image.n_segments++] = (struct segment){
		.role = ROLE_KERNEL_MORE, .name = "filler", .owner = "this test", .addr = start,
		.memsz = end - start };
}

/* Segments in all of the region but the lowest @pages, or the highest: those are free. */
static void fill_region(struct spoilt *t, const char *name, int64_t pages)
{
	RANGES_AUTO free = {0};

	assert_int_equal(ranges_add(&free, t->m.crash.start, t->m.crash.end - t->m.crash.start, ""),
			 0);
	for (unsigned int i = 0; i < t->image.n_segments; i++)
		ranges_subtract_one(&free, t->image.segment[i].addr,
				    t->image.segment[i].addr + t->image.segment[i].memsz);
	t->m.avoid.n = 0;
	if (!strcmp(name, "but the lowest"))
		ranges_clip(&free, t->m.crash.start + (uint64_t)pages * t->page, UINT64_MAX);
	else
		ranges_clip(&free, 0, free.at[free.n - 1].end - (uint64_t)pages * t->page);
	for (size_t i = 0; i < free.n; i++)
		fill_hole(t, free.at[i].start, free.at[i].end);
}

/* --- spoiling the elfcorehdr --- */

enum { P_TYPE, P_OFFSET = 8, P_PADDR = 24 };

static uint8_t *phdr(struct spoilt *t, uint64_t i)
{
	return bytes_of(t, "elfcorehdr") + ELF64_EHDR_SIZE + i * ELF64_PHDR_SIZE;
}

static uint64_t phdr_get(struct spoilt *t, uint64_t i, unsigned int field)
{
	return bytes_get(phdr(t, i) + field, field == P_TYPE ? 4 : 8, t->m.little);
}

static void phdr_put(struct spoilt *t, uint64_t i, unsigned int field, uint64_t value)
{
	bytes_put(phdr(t, i) + field, value, field == P_TYPE ? 4 : 8, t->m.little);
}

/* The first PT_LOAD, which is the backup region's. */
static uint64_t backup_phdr(struct spoilt *t)
{
	uint64_t i = 0;

	while (phdr_get(t, i, P_TYPE) != ELF_PT_LOAD)
		i++;
	return i;
}

static void note_behind(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	phdr_put(t, backup_phdr(t) + (uint64_t)by, P_TYPE, ELF_PT_NOTE);
}

static void note_at_zero(struct spoilt *t, const char *name, int64_t by)
{
	(void)name, (void)by;
	phdr_put(t, 0, P_PADDR, 0);
}

static void backup_elsewhere(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t i = backup_phdr(t);

	(void)name;
	phdr_put(t, i, P_OFFSET, phdr_get(t, i, P_OFFSET) + (uint64_t)by);
}

static void no_backup_phdr(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	phdr_put(t, backup_phdr(t), P_PADDR, (uint64_t)by);
}

/* Another that looks like the backup region's, to the last bit. */
static void second_backup(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t i = backup_phdr(t);

	(void)name, (void)by;
	memcpy(phdr(t, i + 1), phdr(t, i), ELF64_PHDR_SIZE);
}

static void many_cpus(struct spoilt *t, const char *name, int64_t n)
{
	(void)name;
	t->m.possible.n = (size_t)n;
}

/* --- spoiling the device tree --- */

static void edit_tree(struct spoilt *t, int (*edit)(void *fdt))
{
	assert_int_equal(edit(bytes_of(t, "fdt")), 0);
}

static int remove_bootargs(void *fdt)
{
	return fdt_delprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs");
}

static int remove_chosen(void *fdt)
{
	return fdt_del_node(fdt, fdt_path_offset(fdt, "/chosen"));
}

static int remove_cpus(void *fdt)
{
	return fdt_del_node(fdt, fdt_path_offset(fdt, "/cpus"));
}

static void no_bootargs(struct spoilt *t, const char *name, int64_t by)
{
	(void)name, (void)by;
	edit_tree(t, remove_bootargs);
}

static void no_chosen(struct spoilt *t, const char *name, int64_t by)
{
	(void)name, (void)by;
	edit_tree(t, remove_chosen);
}

static void no_cpus(struct spoilt *t, const char *name, int64_t by)
{
	(void)name, (void)by;
	edit_tree(t, remove_cpus);
}

static void other_cmdline(struct spoilt *t, const char *name, int64_t at)
{
	(void)name;
	t->image.cmdline[at] ^= 1;
}

static void tree_version(struct spoilt *t, const char *name, int64_t version)
{
	(void)name;
	fdt_set_version(bytes_of(t, "fdt"), (uint32_t)version);
}

/* The last memory which the capture kernel would have ends with the segment, or @by bytes later. */
static void usable_ends_with(struct spoilt *t, const char *name, int64_t by)
{
	uint8_t *fdt = bytes_of(t, "fdt");
	int len, node = fdt_path_offset(fdt, "/memory@0");
	uint8_t *last = (uint8_t *)fdt_getprop(fdt, node, "linux,usable-memory", &len) + len - 16;

	bytes_put(last + 8,
		  of(t, name)->addr + of(t, name)->memsz + (uint64_t)by - bytes_get(last, 8, false),
		  8, false);
}

/* The free space at its end is gone, but for what @by gives back. */
static void no_room_for_cores(struct spoilt *t, const char *name, int64_t by)
{
	RANGES_AUTO reserve = {0};
	struct arena arena = {0};
	struct cpunodes cores;
	struct dt_node *tree;
	uint8_t *fdt = bytes_of(t, "fdt");
	uint64_t used = fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);

	(void)name;
	assert_int_equal(dt_read_sound_blob(&arena, fdt, &tree, &reserve), 0);
	assert_int_equal(cpunodes_count(&t->m, &cores), 0);
	fdt_set_totalsize(fdt, (uint32_t)(used + cpunodes_needed(&cores, tree, fdt) +
					  cores.possible * GROWN_NODE + GROWN_NAME + (uint64_t)by));
	fdt_set_totalsize(memmem(bytes_of(t, "sealed"), of(t, "sealed")->bufsz, fdt, 4),
			  fdt_totalsize(fdt));
	arena_free(&arena);
}

static void no_live_cpus(struct spoilt *t, const char *name, int64_t by)
{
	static struct dt_node root;

	(void)name, (void)by;
	t->m.tree = &root;
}

/* Where the reserve map's entry is that begins at @start. */
static struct fdt_reserve_entry *reserved_at(struct spoilt *t, uint64_t start)
{
	uint8_t *fdt = bytes_of(t, "fdt");
	struct fdt_reserve_entry *e = (void *)(fdt + fdt_off_mem_rsvmap(fdt));

	for (; be64_get(&e->address) || be64_get(&e->size); e++)
		if (be64_get(&e->address) == start)
			return e;
	return NULL;
}

/* No longer reserved: the last byte of the segment. */
static void unreserve_end(struct spoilt *t, const char *name, int64_t by)
{
	struct fdt_reserve_entry *e = reserved_at(t, of(t, name)->addr);

	assert_non_null(e);
	bytes_put(&e->size, of(t, name)->memsz - (uint64_t)by, 8, false);
}

static void unreserve_start(struct spoilt *t, const char *name, int64_t by)
{
	struct fdt_reserve_entry *e = reserved_at(t, of(t, name)->addr);

	assert_non_null(e);
	bytes_put(&e->address, of(t, name)->addr + (uint64_t)by, 8, false);
}

/* The crashed kernel's memory, in front of the crash region. */
static void unreserve_crashed(struct spoilt *t, const char *name, int64_t by)
{
	uint8_t *fdt = bytes_of(t, "fdt");
	struct fdt_reserve_entry *e = (void *)(fdt + fdt_off_mem_rsvmap(fdt));

	(void)name;
	while (be64_get(&e->address) + be64_get(&e->size) != t->m.crash.start)
		e++;
	bytes_put(&e->size, be64_get(&e->size) - (uint64_t)by, 8, false);
}

/* The same bytes are the capture kernel's own, as with crashkernel=,cma. */
static void unreserve_more(struct spoilt *t, const char *name, int64_t by)
{
	unreserve_crashed(t, name, by);
	assert_int_equal(ranges_add(&t->m.crash_more, t->m.crash.start - (uint64_t)by, (uint64_t)by,
				    "crashkernel=,cma"), 0);
}

static void reserve_what_cannot_be(struct spoilt *t, const char *name, int64_t by)
{
	struct fdt_reserve_entry *e = reserved_at(t, of(t, name)->addr);

	assert_non_null(e);
	bytes_put(&e->size, (uint64_t)by, 8, false);
}

/* --- spoiling the purgatory's parameters --- */

static uint8_t *param(struct spoilt *t, size_t offset)
{
	return bytes_of(t, "purgatory") + PURGATORY_PARAMS_OFFSET + offset;
}

static uint64_t n_regions(struct spoilt *t)
{
	return bytes_get(param(t, offsetof(struct purgatory_params, n_regions)), 8, t->m.little);
}

static void set_regions(struct spoilt *t, const char *name, int64_t n)
{
	(void)name;
	bytes_put(param(t, offsetof(struct purgatory_params, n_regions)), (uint64_t)n, 8,
		  t->m.little);
}

static uint8_t *region(struct spoilt *t, uint64_t i)
{
	return param(t, offsetof(struct purgatory_params, region) +
		     i * sizeof(struct purgatory_region));
}

static uint64_t region_start(struct spoilt *t, uint64_t i)
{
	return bytes_get(region(t, i), 8, t->m.little);
}

static void put_region(struct spoilt *t, uint64_t i, uint64_t start, uint64_t size, uint64_t zeros)
{
	bytes_put(region(t, i), start, 8, t->m.little);
	bytes_put(region(t, i) + 8, size, 8, t->m.little);
	bytes_put(region(t, i) + 16, zeros, 8, t->m.little);
}

static void add_region(struct spoilt *t, uint64_t start, uint64_t size, uint64_t zeros)
{
	uint64_t n = n_regions(t);

	put_region(t, n, start, size, zeros);
	set_regions(t, NULL, (int64_t)n + 1);
}

static uint64_t region_of(struct spoilt *t, const char *name)
{
	uint64_t i = 0;

	while (region_start(t, i) != of(t, name)->addr)
		i++;
	return i;
}

/* The segment's region in two, the second @by bytes earlier than where the first ends. */
static void split_region(struct spoilt *t, const char *name, int64_t by)
{
	const struct segment *s = of(t, name);
	uint64_t half = s->bufsz / 2;

	put_region(t, region_of(t, name), s->addr, half, 0);
	add_region(t, s->addr + half - (uint64_t)by, s->bufsz - half + (uint64_t)by,
		   s->memsz - s->bufsz);
}

/* The segment's zeros in a region of their own, and @by bytes of its data with them. */
static void split_zeros(struct spoilt *t, const char *name, int64_t by)
{
	const struct segment *s = of(t, name);
	uint64_t size = s->bufsz - (uint64_t)by;

	put_region(t, region_of(t, name), s->addr, size, 0);
	add_region(t, s->addr + size, 0, s->memsz - size);
}

static void resize_region(struct spoilt *t, const char *name, int64_t by)
{
	const struct segment *s = of(t, name);

	put_region(t, region_of(t, name), s->addr, s->bufsz, s->memsz - s->bufsz + (uint64_t)by);
}

/* So many bytes more are hashed, and less are to be zero. */
static void move_border(struct spoilt *t, const char *name, int64_t by)
{
	const struct segment *s = of(t, name);

	put_region(t, region_of(t, name), s->addr, s->bufsz + (uint64_t)by,
		   s->memsz - s->bufsz - (uint64_t)by);
}

static void move_region(struct spoilt *t, const char *name, int64_t by)
{
	const struct segment *s = of(t, name);

	put_region(t, region_of(t, name), s->addr + (uint64_t)by, s->bufsz, s->memsz - s->bufsz);
}

/* The purgatory's own second region: what follows the digest. */
static void move_last_own_region(struct spoilt *t, const char *name, int64_t by)
{
	uint64_t i = region_of(t, "purgatory") + 1;

	(void)name;
	put_region(t, i, region_start(t, i) + (uint64_t)by,
		   bytes_get(region(t, i) + 8, 8, t->m.little), 0);
}

static void digest_byte(struct spoilt *t, const char *name, int64_t at)
{
	add_region(t, of(t, name)->addr + (uint64_t)at, 1, 0);
}

/* Behind the segment's data, one byte more than follows from how it is loaded. */
static void hash_behind(struct spoilt *t, const char *name, int64_t at)
{
	add_region(t, of(t, name)->addr + of(t, name)->bufsz + (uint64_t)at, 1, 0);
}

static void zero_behind(struct spoilt *t, const char *name, int64_t at)
{
	add_region(t, of(t, name)->addr + of(t, name)->bufsz + (uint64_t)at, 0, 1);
}

/* Of no bytes, so far behind the segment. */
static void empty_region(struct spoilt *t, const char *name, int64_t by)
{
	add_region(t, of(t, name)->addr + of(t, name)->memsz + (uint64_t)by, 0, 0);
}

/* A word of what the purgatory looks after; the FDT is the last one. */
static void kept_word(struct spoilt *t, size_t field, int64_t by)
{
	uint8_t *at = param(t, offsetof(struct purgatory_params, kept) + field);

	bytes_put(at, bytes_get(at, 8, t->m.little) + (uint64_t)by, 8, t->m.little);
}

static void kept_start(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	kept_word(t, offsetof(struct purgatory_kept, start), by);
}

static void kept_size(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	kept_word(t, offsetof(struct purgatory_kept, size), by);
}

static void kept_kind(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	kept_word(t, offsetof(struct purgatory_kept, kind), by);
}

static void kept_name(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	*param(t, offsetof(struct purgatory_params, kept[0].name) + 15) += (uint8_t)by;
}

static void kept_copy(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	kept_word(t, offsetof(struct purgatory_kept, sealed), by);
}

static void kept_copy_size(struct spoilt *t, const char *name, int64_t by)
{
	(void)name;
	kept_word(t, offsetof(struct purgatory_kept, sealed_size), by);
}

/* So many bytes at the end of the copies. */
static void kept_last_bytes(struct spoilt *t, const char *name, int64_t size)
{
	const struct segment *in = of(t, name);

	bytes_put(param(t, offsetof(struct purgatory_params, kept[0].sealed)),
		  in->addr + in->bufsz - (uint64_t)size, 8, t->m.little);
	bytes_put(param(t, offsetof(struct purgatory_params, kept[0].sealed_size)), (uint64_t)size,
		  8, t->m.little);
}

static void set_kept(struct spoilt *t, const char *name, int64_t n)
{
	(void)name;
	bytes_put(param(t, offsetof(struct purgatory_params, n_kept)), (uint64_t)n, 8, t->m.little);
}

/* The copies are somewhere else than the segment that is for them. */
static void other_role(struct spoilt *t, const char *name, int64_t by)
{
	of(t, name)->role = (enum role)by;
}

/* --- the table --- */

#define NOT_AFTER "the purgatory would not look after a segment that changes"
#define NOT_LOOKED "the purgatory would look after another segment"
#define NOT_SEALED "a copy for the purgatory is not in what it verifies"
#define NOT_THE_COPY "a copy for the purgatory is not what was planned"

#define PASSES		0, NULL
#define NOT_PAGES	"is not made of whole pages"
#define NOT_CRASH	"is not inside the crash region"
#define NOT_RAM		"is not inside memory"
#define NOT_OURS	"overlaps the running kernel"
#define FIRMWARE	"overlaps memory of the firmware"
#define FULL		"the crash region is full"
#define NOT_ZERO	"something else than the backup region is at address 0 in the elfcorehdr"
#define NOT_RESERVED	"a segment is not wholly in the FDT's reserve map"
#define NOT_CRASHED	"the crashed kernel's memory is not in the FDT's reserve map"
#define NOT_CMDLINE	"the FDT does not hold the command line"
#define NOT_EXACT	"the digest does not cover exactly what it must"
#define NOT_AS_MUCH	"the digest does not cover as much as it must"
#define NOT_IMAGE	"the purgatory verifies memory which is not in the image as it is there"
#define NOT_VERIFIED	"the purgatory has nothing to verify"
#define MISSING		"the purgatory or the entry point is missing"
#define NO_TREE		"there is no FDT, or it is not marked for hotplug"

static const struct row rows[] = {
	/* each plan as it is */
	{ "nothing is wrong", HOTPLUG, nothing, NULL, 0, PASSES },
	{ "nothing is wrong", CRASH, nothing, NULL, 0, PASSES },
	{ "nothing is wrong", NORMAL, nothing, NULL, 0, PASSES },
	{ "nothing is wrong", UNCHECKED, nothing, NULL, 0, PASSES },
	{ "the order of segments", HOTPLUG, reverse, NULL, 0, PASSES },

	/* each segment */
	{ "ends at 2^64", NORMAL, move_to_top, "fdt", 4, EINVAL, "wraps around 64 bits" },
	{ "ends one page below 2^64", NORMAL, move_to_top, "fdt", 5, EINVAL, NOT_RAM },
	{ "ends one page above 2^64", NORMAL, move_to_top, "fdt", 3, EINVAL,
	  "wraps around 64 bits" },
	{ "begins off its page", HOTPLUG, move, "initrd", 16, EINVAL,
	  "Invalid memory segment, nothing was loaded: initrd at 0x" },
	{ "begins off its page", NORMAL, move, "kernel", 2048, EINVAL, NOT_PAGES },
	{ "ends off its page", HOTPLUG, grow, "initrd", -16, EINVAL, NOT_PAGES },
	{ "has no memory", HOTPLUG, no_memory, "initrd", 0, EINVAL, "has more data than memory" },
	{ "as much data as memory", CRASH, fill, "initrd", 0, PASSES },
	{ "more data than memory", CRASH, fill, "initrd", 1, EINVAL, "has more data than memory" },

	/* the crash region; that it begins elsewhere is noticed anyway, but by another */
	{ "the region begins with the image", CRASH, begin_region, NULL, 0, EINVAL, NOT_CRASHED },
	{ "the region begins above the image", CRASH, begin_region, NULL, 1, EINVAL, NOT_CRASH },
	{ "the region ends with the image", CRASH, end_region, NULL, 0, PASSES },
	{ "the region ends below the image", CRASH, end_region, NULL, -1, EINVAL, NOT_CRASH },
	{ "far below the region", CRASH, move, "fdt", -(int64_t)(1000 * MIB), EINVAL, NOT_CRASH },

	/* memory, the running kernel, firmware */
	{ "memory ends with it", HOTPLUG, hole_behind, "fdt", 0, PASSES },
	{ "memory ends in it", HOTPLUG, hole_behind, "fdt", -1, EINVAL, NOT_RAM },
	{ "memory begins with it", HOTPLUG, hole_before, "fdt", 0, PASSES },
	{ "memory begins in it", HOTPLUG, hole_before, "fdt", 1, EINVAL, NOT_RAM },
	{ "the running kernel ends at the image", HOTPLUG, kernel_ends, NULL, 0, PASSES },
	{ "the running kernel ends in the image", HOTPLUG, kernel_ends, NULL, 1, EINVAL, NOT_OURS },
	{ "the running kernel ends in the image", NORMAL, kernel_ends, NULL, 1, EINVAL, NOT_OURS },
	{ "firmware behind it", HOTPLUG, firmware_behind, "fdt", 0, PASSES },
	{ "firmware in its last byte", HOTPLUG, firmware_behind, "fdt", -1, EINVAL, FIRMWARE },
	{ "firmware before it", HOTPLUG, firmware_at, "fdt", -1, PASSES },
	{ "firmware in its first byte", HOTPLUG, firmware_at, "fdt", 0, EINVAL, FIRMWARE },
	{ "firmware in it", NORMAL, firmware_at, "initrd", 0, EINVAL, FIRMWARE },

	/* all segments together */
	{ "one upon another", HOTPLUG, move_pages, "initrd", -1, EINVAL, "is in another's place" },
	{ "one upon another", NORMAL, move_pages, "purgatory", -1, EINVAL,
	  "is in another's place" },
	{ "half of memory", NORMAL, memory_is_twice, NULL, 0, PASSES },
	{ "more than half of memory", NORMAL, memory_is_twice, NULL, -2, ENOSPC,
	  "more than half of memory" },
	{ "half of memory", HOTPLUG, memory_is_twice, NULL, 0, PASSES },
	{ "more than half of memory", HOTPLUG, memory_is_twice, NULL, -2, ENOSPC,
	  "more than half of memory" },

	/* what is in the digest */
	{ "is not marked", CRASH, mark, "initrd", false, EINVAL, "is not in the digest" },
	{ "is marked twice", HOTPLUG, mark, "fdt", true, EINVAL,
	  "may change, or is not to be checked, but is in the digest" },
	{ "is marked with --no-checks", UNCHECKED, mark, "initrd", true, EINVAL,
	  "may change, or is not to be checked, but is in the digest" },
	{ "hotplug without --hotplug", CRASH, mark_hotplug, "fdt", true, EINVAL,
	  "is marked for hotplug, which was not asked for" },
	{ "the elfcorehdr is not marked", HOTPLUG, mark_hotplug, "elfcorehdr", false, EINVAL,
	  "the elfcorehdr is not marked for hotplug" },
	{ "marks with --no-checks", UNCHECKED, mark, "initrd", false, PASSES },

	/* the running kernel's own pages */
	{ "firmware in the first page", CRASH, firmware_in_page, NULL, 0, ENOSPC,
	  "would put its own pages" },
	{ "firmware in the second page", CRASH, firmware_in_page, NULL, 1, ENOSPC,
	  "would put its own pages" },
	{ "firmware in the third free page", CRASH, firmware_behind, "initrd", 0, PASSES },
	{ "all is full", UNCHECKED, fill_region, "but the lowest", 2, PASSES },
	{ "all is full", UNCHECKED, fill_region, "but the lowest", 1, ENOSPC, FULL },
	{ "all is full", UNCHECKED, fill_region, "but the lowest", 0, ENOSPC, FULL },
	{ "all is full", UNCHECKED, fill_region, "but the highest", 2, PASSES },
	{ "all is full", UNCHECKED, fill_region, "but the highest", 1, ENOSPC, FULL },

	/* the elfcorehdr */
	{ "there is none", CRASH, remove_segment, "elfcorehdr", 0, EINVAL,
	  "there is no elfcorehdr" },
	{ "not ELF", CRASH, flip, "elfcorehdr", 0, ENOEXEC, "not an ELF file" },
	{ "a note behind memory", CRASH, note_behind, NULL, 1, EINVAL, "has a note behind memory" },
	{ "a note in memory's place", CRASH, note_behind, NULL, 0, EINVAL, NOT_ZERO },
	{ "a note at 0", HOTPLUG, note_at_zero, NULL, 0, EINVAL, NOT_ZERO },
	{ "the backup is elsewhere", HOTPLUG, backup_elsewhere, NULL, 1, EINVAL, NOT_ZERO },
	{ "no backup segment", CRASH, remove_segment, "backup", 0, EINVAL, NOT_ZERO },
	{ "no program header for 0", CRASH, no_backup_phdr, NULL, 0x10000, EINVAL,
	  "the elfcorehdr does not have exactly one program header for address 0" },
	{ "two program headers for 0", CRASH, second_backup, NULL, 0, EINVAL,
	  "the elfcorehdr does not have exactly one program header for address 0" },
	{ "no elfcorehdr, no crash", NORMAL, nothing, NULL, 0, PASSES },

	/* how the running kernel finds what it rewrites */
	{ "the initrd is an ELF file", HOTPLUG, be_an_elf_file, "initrd", 4, EINVAL,
	  "begins like an ELF file" },
	{ "the initrd is a tree", HOTPLUG, be_a_tree, "initrd", 4, EINVAL,
	  "; with --hotplug the running kernel would rewrite it by mistake" },
	{ "three bytes of an ELF file", HOTPLUG, be_an_elf_file, "initrd", 3, PASSES },
	{ "an ELF file without --hotplug", CRASH, be_an_elf_file, "initrd", 4, PASSES },
	{ "the tree is none", HOTPLUG, flip, "fdt", 0, EINVAL, "does not begin with its magic" },

	/* the rehearsals, through prove() */
	{ "no room for memory", HOTPLUG, grow, "elfcorehdr", -65536, ENOSPC,
	  "a regenerated elfcorehdr takes up to" },
	{ "more CPUs than ELF counts", HOTPLUG, many_cpus, NULL, 65533, E2BIG,
	  "hotplug rehearsal: 65533 CPUs and" },
	{ "room for all cores", HOTPLUG, no_room_for_cores, NULL, 0, PASSES },
	{ "no room for the last core", HOTPLUG, no_room_for_cores, NULL, -4, ENOSPC,
	  "the kernel could add only" },
	{ "no CPU to rehearse with", HOTPLUG, no_live_cpus, NULL, 0, EINVAL,
	  "hotplug rehearsal: the running kernel has no CPU node to add" },

	/* the device tree */
	{ "no tree", CRASH, remove_segment, "fdt", 0, EINVAL, NO_TREE },
	{ "the tree is not marked", HOTPLUG, mark_hotplug, "fdt", false, EINVAL, NO_TREE },
	{ "no purgatory", CRASH, remove_segment, "purgatory", 0, EINVAL,
	  "the plan is wrong and was not loaded: " MISSING },
	{ "the entry point is elsewhere", CRASH, change_entry, NULL, 4, EINVAL, MISSING },
	{ "the user's entry point is elsewhere", NORMAL, own_entry, NULL, 4, PASSES },
	{ "no magic", CRASH, flip, "fdt", 0, EINVAL, "the FDT is not sound" },
	{ "version 16", CRASH, tree_version, NULL, 16, EINVAL,
	  "the FDT's version is older than 17" },
	{ "another command line", CRASH, other_cmdline, NULL, 0, EINVAL, NOT_CMDLINE },
	{ "no bootargs", CRASH, no_bootargs, NULL, 0, EINVAL, NOT_CMDLINE },
	{ "no /chosen", CRASH, no_chosen, NULL, 0, EINVAL, NOT_CMDLINE },
	{ "no /cpus", CRASH, no_cpus, NULL, 0, EINVAL, "the FDT has no /cpus node" },
	{ "no end of the reserve map", CRASH, reserve_what_cannot_be, "fdt", -1, EINVAL,
	  "the FDT's reserve map cannot be read" },
	{ "elfcorehdr", CRASH, unreserve_end, "elfcorehdr", 0, PASSES },
	{ "elfcorehdr but a byte", CRASH, unreserve_end, "elfcorehdr", 1, EINVAL, NOT_RESERVED },
	{ "fdt but a byte", CRASH, unreserve_end, "fdt", 1, EINVAL, NOT_RESERVED },
	{ "backup but a byte", CRASH, unreserve_end, "backup", 1, EINVAL, NOT_RESERVED },
	{ "initrd but its first byte", CRASH, unreserve_start, "initrd", 1, EINVAL, NOT_RESERVED },
	{ "initrd, normal boot", NORMAL, unreserve_start, "initrd", 1, EINVAL, NOT_RESERVED },
	{ "crashed memory", CRASH, unreserve_crashed, NULL, 0, PASSES },
	{ "crashed memory but a byte", CRASH, unreserve_crashed, NULL, 1, EINVAL, NOT_CRASHED },
	{ "crashed memory, without CMA", CRASH, unreserve_more, NULL, 65536, PASSES },

	{ "usable memory ends in it", CRASH, usable_ends_with, "initrd", -1, ENOSPC,
	  " is not in the memory which the capture kernel would have" },

	/* the digest */
	{ "no regions", CRASH, set_regions, NULL, 0, EINVAL, NOT_VERIFIED },
	{ "as many regions as can be", CRASH, set_regions, NULL, PURGATORY_MAX_REGIONS, EINVAL,
	  NOT_IMAGE },
	{ "too many regions", CRASH, set_regions, NULL, PURGATORY_MAX_REGIONS + 1, EINVAL,
	  NOT_VERIFIED },
	{ "one region with --no-checks", UNCHECKED, set_regions, NULL, 1, EINVAL,
	  "the purgatory verifies what was not to be verified" },
	{ "one region only", CRASH, set_regions, NULL, 1, EINVAL, NOT_AS_MUCH },
	{ "a region in two", CRASH, split_region, "kernel", 0, PASSES },
	{ "two regions overlap", CRASH, split_region, "kernel", 1, EINVAL,
	  "the digest covers some memory twice" },
	{ "a byte between two regions", CRASH, split_region, "kernel", -1, EINVAL, NOT_AS_MUCH },
	{ "a byte too few", CRASH, resize_region, "initrd", -1, EINVAL, NOT_AS_MUCH },
	{ "a byte too many", CRASH, resize_region, "initrd", 1, EINVAL, NOT_IMAGE },
	{ "a byte too far", CRASH, move_region, "initrd", 1, EINVAL, NOT_IMAGE },
	{ "a byte too early", CRASH, move_region, "kernel", -1, EINVAL, NOT_IMAGE },
	{ "zeros apart", CRASH, split_zeros, "kernel", 0, PASSES },
	{ "zeros apart", CRASH, split_zeros, "initrd", 0, PASSES },
	{ "a byte of data is to be zero", CRASH, split_zeros, "kernel", 1, EINVAL, NOT_IMAGE },
	{ "a byte less hashed", CRASH, move_border, "initrd", -1, EINVAL, NOT_IMAGE },
	{ "a zero hashed", CRASH, move_border, "initrd", 1, EINVAL, NOT_IMAGE },
	{ "a byte of stack hashed", CRASH, hash_behind, "purgatory", 0, EINVAL, NOT_IMAGE },
	{ "a byte of stack is to be zero", CRASH, zero_behind, "purgatory", 0, EINVAL,
	  NOT_AS_MUCH },
	{ "the last of it, too", CRASH, zero_behind, "purgatory", 64, EINVAL, NOT_IMAGE },
	{ "a byte of digest instead", CRASH, move_last_own_region, NULL, -1, EINVAL, NOT_EXACT },
	{ "a byte of stack instead", CRASH, move_last_own_region, NULL, 1, EINVAL, NOT_IMAGE },
	{ "a byte that may change", HOTPLUG, digest_byte, "fdt", 0, EINVAL, NOT_AS_MUCH },
	{ "no byte behind the end", CRASH, empty_region, "fdt", 0, EINVAL, NOT_IMAGE },
	{ "no byte far behind the end", CRASH, empty_region, "fdt", 1, EINVAL, NOT_IMAGE },

	/* what the purgatory looks after */
	{ "another segment", HOTPLUG, kept_start, NULL, 0x10000, EINVAL, NOT_AFTER },
	{ "not all of it", HOTPLUG, kept_size, NULL, -1, EINVAL, NOT_LOOKED },
	{ "something else", HOTPLUG, kept_kind, NULL, 1, EINVAL, NOT_LOOKED },
	{ "a name without end", HOTPLUG, kept_name, NULL, 'x', EINVAL, NOT_LOOKED },
	{ "one of two", HOTPLUG, set_kept, NULL, 1, EINVAL, NOT_AFTER },
	{ "none", HOTPLUG, set_kept, NULL, 0, EINVAL, NOT_AFTER },
	{ "one more", HOTPLUG, set_kept, NULL, 3, EINVAL,
	  "the purgatory would look after what does not change" },
	{ "what may not change", CRASH, set_kept, NULL, 1, EINVAL,
	  "the purgatory would look after what does not change" },
	{ "something, with --no-checks", UNCHECKED, set_kept, NULL, 1, EINVAL,
	  "the purgatory would look after what does not change" },
	{ "a copy below the others", HOTPLUG, kept_copy, NULL, -32, EINVAL, NOT_SEALED },
	{ "what is in front of the copies", HOTPLUG, kept_copy, NULL, -16, EINVAL, NOT_THE_COPY },
	{ "no bytes at the end", HOTPLUG, kept_last_bytes, "sealed", 0, EINVAL, NOT_THE_COPY },
	{ "the last bytes", HOTPLUG, kept_last_bytes, "sealed", 16, EINVAL, NOT_THE_COPY },
	{ "a copy not aligned", HOTPLUG, kept_copy, NULL, 8, EINVAL, NOT_SEALED },
	{ "a copy behind the others", HOTPLUG, kept_copy, NULL, 1 << 30, EINVAL, NOT_SEALED },
	{ "a copy that ends behind them", HOTPLUG, kept_copy_size, NULL, 1 << 30, EINVAL,
	  NOT_SEALED },
	{ "another copy", HOTPLUG, kept_copy, NULL, 16, EINVAL, NOT_THE_COPY },
	{ "a byte of the copy missing", HOTPLUG, kept_copy_size, NULL, -1, EINVAL, NOT_THE_COPY },
	{ "no copies", HOTPLUG, other_role, "sealed", ROLE_IDMAP, EINVAL, NOT_SEALED },
	{ "a byte of the copy", HOTPLUG, flip, "sealed", 100, EINVAL, NOT_THE_COPY },
};

/* What is wrong with what prove() said, or NULL. */
static char *judge(const struct row *row, int rc)
{
	if (rc != -row->err)
		return mem_printf("%d instead of %d: \"%s\"", rc, -row->err, rc ? fail_text() : "");
	if (row->err && !strstr(fail_text(), row->text))
		return mem_printf("\"%s\" instead of \"%s\"", fail_text(), row->text);
	return NULL;
}

static void every_proof(void **state)
{
	const struct base *b = *state;
	unsigned int wrong = 0;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spoilt t;
		STRING_AUTO problem = NULL;

		make_copy(&t, b, rows[i].plan);
		fail_forget();
		rows[i].spoil(&t, rows[i].name, rows[i].by);
		problem = judge(&rows[i], prove(&t.image));
		if (problem)
			print_error("row %zu, %s %s: %s\n", i, rows[i].what,
				    rows[i].name ? rows[i].name : "", problem);
		wrong += problem != NULL;
		free_copy(&t);
	}
	assert_int_equal(wrong, 0);
}

/* --- what cannot be planned --- */

static void no_files_for_hotplug(struct machine *m)
{
	m->can_cpu_hotplug = m->can_memory_hotplug = false;
}

static void cpus_alone(struct machine *m)
{
	m->can_memory_hotplug = false;
}

static void memory_alone(struct machine *m)
{
	m->can_cpu_hotplug = false;
}

static void no_size(struct machine *m)
{
	m->elfcorehdr_size = 0;
}

static void no_region(struct machine *m)
{
	m->crash.end = m->crash.start;
}

static void no_notes(struct machine *m)
{
	m->n_notes = 0;
}

static void kernel_up_to_the_region(struct machine *m)
{
	m->kernel_end = m->crash.start;
}

static void kernel_in_the_region(struct machine *m)
{
	m->kernel_end = m->crash.start + 1;
}

static void no_last_note(struct machine *m)
{
	m->n_notes--;
}

static void no_first_note(struct machine *m)
{
	m->n_notes--;
	m->notes++;
}

static void another_cpus_note(struct machine *m)
{
	static struct cpu_notes notes[POWER_CPUS];

	memcpy(notes, m->notes, sizeof(notes));
	notes[3].cpu = notes[2].cpu;	/* CPU 3 has none */
	m->notes = notes;
}

/* What is behind the last note is none. */
static void half_of_the_notes(struct machine *m)
{
	static struct cpu_notes notes[POWER_CPUS];

	memcpy(notes, m->notes, sizeof(notes));
	notes[POWER_CPUS / 2].cpu = 0;
	m->notes = notes;
	m->n_notes = POWER_CPUS / 2;
}

static void no_possible_cpu(struct machine *m)
{
	m->possible.n = 0;
}

static void no_vmcoreinfo(struct machine *m)
{
	m->vmcoreinfo = 0;
}

static void unchanged(struct machine *m)
{
	(void)m;
}

#define CRASH_OF(...)	{ .crash = true, .mem_max = UINT64_MAX, __VA_ARGS__ }
#define NORMAL_OF(...)	{ .mem_max = UINT64_MAX, __VA_ARGS__ }
#define NO_NOTES	" possible CPUs have no crash_notes"

static const struct wish {
	struct plan_request r;
	void (*change)(struct machine *m);
	int err;			/* 0: it is planned, with this doubt, if any */
	const char *text;
} wishes[] = {
	{ CRASH_OF(.hotplug = true), no_files_for_hotplug, ENOTSUP, "--hotplug: Path /" },
	{ CRASH_OF(.hotplug = true), cpus_alone, 0, NULL },
	{ CRASH_OF(.hotplug = true), memory_alone, 0, NULL },
	{ CRASH_OF(.hotplug = true), no_size, ENOTSUP, "crash_elfcorehdr_size does not exist" },
	{ CRASH_OF(.hotplug = false), no_files_for_hotplug, 0, NULL },
	{ NORMAL_OF(.type = "elf-ppc64"), unchanged, 0, NULL },
	{ NORMAL_OF(.type = "bzImage64"), unchanged, ENOEXEC,
	  "Wrong file type bzImage64, file matches type elf-ppc64" },
	{ NORMAL_OF(.type = "uImage"), unchanged, ENOEXEC, "Wrong file type uImage" },
	{ NORMAL_OF(.type = "elf-x86"), unchanged, ENOEXEC,
	  "Unsupported kernel type elf-x86: kexec loads 64-bit" },
	{ NORMAL_OF(.type = "vmlinux"), unchanged, ENOEXEC,
	  "on this machine there are elf-ppc64, bzImage" },
	/* Before any file is opened. */
	{ NORMAL_OF(.type = "vmlinux", .kernel = "/nowhere"), unchanged, ENOEXEC,
	  "Unsupported kernel type vmlinux" },
	{ CRASH_OF(.hotplug = true, .kernel = "/nowhere"), no_size, ENOTSUP,
	  "crash_elfcorehdr_size does not exist" },
	{ NORMAL_OF(.special = SPECIAL_CONSOLE_SERIAL), unchanged, 0, NULL },
	{ NORMAL_OF(.special = SPECIAL_SERIAL), unchanged, EINVAL,
	  "--serial: there is no such thing" },
	{ NORMAL_OF(.special = SPECIAL_SERIAL_BAUD), unchanged, EINVAL,
	  "--serial-baud: there is no such thing" },
	{ NORMAL_OF(.special = SPECIAL_CONSOLE_VGA), unchanged, EINVAL,
	  "--console-vga: there is no such thing" },
	{ NORMAL_OF(.special = SPECIAL_NO_EFI), unchanged, EINVAL,
	  "--noefi: there is no such thing" },
	{ NORMAL_OF(.special = SPECIAL_MEMMAP), unchanged, EINVAL,
	  "--pass-memmap-cmdline: there is no such thing" },
	{ CRASH_OF(.special = SPECIAL_SERIAL), unchanged, EINVAL,
	  "--serial: there is no such thing" },
	{ CRASH_OF(.type = "uImage"), unchanged, ENOEXEC, "Wrong file type" },
	{ CRASH_OF(.hotplug = false), no_region, ENODEV, "Memory for crashkernel is not reserved" },
	{ NORMAL_OF(.hotplug = false), no_region, 0, NULL },
	{ CRASH_OF(.hotplug = false), no_notes, ENOENT, "no CPU has crash_notes" },
	{ NORMAL_OF(.hotplug = false), no_notes, 0, NULL },
	{ CRASH_OF(.hotplug = false), kernel_up_to_the_region, 0, NULL },
	{ CRASH_OF(.hotplug = false), kernel_in_the_region, EINVAL, "inside the running kernel" },
	{ CRASH_OF(.hotplug = true), unchanged, 0, NULL },
	{ CRASH_OF(.hotplug = true), no_last_note, ENOENT, "1 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = true), no_first_note, ENOENT, "1 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = true), another_cpus_note, ENOENT, "1 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = true), no_possible_cpu, ENOENT, "0 of 0" NO_NOTES },
	{ CRASH_OF(.hotplug = false), no_last_note, 0, "1 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = false), another_cpus_note, 0, "1 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = false), half_of_the_notes, 0, "4 of 8" NO_NOTES },
	{ CRASH_OF(.hotplug = false), no_vmcoreinfo, 0, "vmcoreinfo is not there" },
	{ NORMAL_OF(.has_entry = true, .entry = 1), unchanged, EINVAL,
	  "--entry=0x1: nothing will be loaded there" },
	{ CRASH_OF(.mem_min = 1024 * MIB - 65536 * 3), unchanged, ENOSPC,
	  "Widen --mem-min and --mem-max" },
	{ { .crash = true, .mem_max = 512 * MIB + 65536 * 3 },
	  unchanged,
	  ENOSPC,
	  "Widen --mem-min and --mem-max" },
	{ { .mem_min = 3072 * MIB, .mem_max = UINT64_MAX },
	  unchanged,
	  ENOSPC,
	  "in memory above the kernels (0x3000000)" },
};

/* Of what was asked for, as far as any image must have it. */
static void expect_plan(const struct image *image, const struct plan_request *r)
{
	assert_true(image->crash == r->crash && image->hotplug == r->hotplug);
	assert_int_equal(image->flags, 21u << 16 | (r->crash ? 1 : 0) | (r->hotplug ? 8 : 0));
	assert_int_equal(image->entry, image_address(image, ROLE_PURGATORY));
	assert_false(image->own_entry);
	assert_int_equal(image->spare.end != 0, r->crash);
	assert_string_equal(image->more_room, r->crash ? "Reserve more with crashkernel=" :
			    "Give the machine more memory");
	assert_int_equal(image_segment(image, ROLE_CORE) != NULL, r->crash);
	if (r->crash) {
		STRING_AUTO word = mem_printf("elfcorehdr=%" PRIu64 "K root=",
					      image_address(image, ROLE_CORE) / 1024);

		assert_memory_equal(image->cmdline, word, strlen(word));
	} else {
		assert_memory_equal(image->cmdline, "root=", 5);
	}
}

static int plan_one(struct image *image, struct files *files, const struct machine *m,
		    struct plan_request r, const struct base *b)
{
	int rc;

	r.kernel = r.kernel ? r.kernel : b->kernel;
	files_init(files);
	image_init(image, m);
	rc = plan_open(image, files, &r).rc;
	if (rc < 0)
		return rc;
	poison(image);
	return plan(image);
}

static void wishes_and_machines(void **state)
{
	const struct base *b = *state;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		const struct wish *w = &wishes[i];
		struct machine m = b->machine;
		struct files files;
		struct image image;

		print_message("# wish %zu\n", i);
		w->change(&m);
		fail_forget();
		if (w->err) {
			assert_fails(plan_one(&image, &files, &m, w->r, b), w->err, w->text);
		} else {
			assert_int_equal(plan_one(&image, &files, &m, w->r, b), 0);
			expect_plan(&image, &w->r);
			assert_int_equal(image.n_doubts, w->text ? 1 : 0);
			if (w->text)
				assert_non_null(strstr(image.doubt[0], w->text));
		}
		image_free(&image);
		files_free(&files);
	}
}

/* Nothing is below @min or above @max, which is the last byte. */
static void expect_between(const struct image *image, uint64_t min, uint64_t max)
{
	for (unsigned int i = 0; i < image->n_segments; i++)
		assert_true(image->segment[i].addr >= min &&
			    image->segment[i].addr + image->segment[i].memsz - 1 <= max);
}

static void images_are_where_they_are_wanted(void **state)
{
	const struct base *b = *state;
	const uint64_t middle = 768 * MIB;
	struct files files;
	struct image image;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (unsigned int crash = 0; crash < 2; crash++) {
		assert_int_equal(plan_one(&image, &files, &b->machine, (struct plan_request){
			.crash = crash, .mem_min = middle, .mem_max = UINT64_MAX }, b), 0);
		expect_between(&image, middle, UINT64_MAX);
		image_free(&image);
		files_free(&files);
		assert_int_equal(plan_one(&image, &files, &b->machine, (struct plan_request){
			.crash = crash, .mem_max = middle - 1 }, b), 0);
		expect_between(&image, crash ? 512 * MIB : 48 * MIB, middle - 1);
		assert_string_equal(image.more_room, "Widen --mem-min and --mem-max");
		image_free(&image);
		files_free(&files);
	}
}

static uint64_t highest(const struct image *image)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < image->n_segments; i++)
		if (image->segment[i].addr + image->segment[i].memsz > end)
			end = image->segment[i].addr + image->segment[i].memsz;
	return end;
}

/* In the fewest pages that will do it takes the last one, too; a byte less is a page less. */
static void images_take_all_that_is_theirs(void **state)
{
	const struct base *b = *state;
	struct plan_request r = { .mem_min = 768 * MIB, .mem_max = 768 * MIB - 1 };
	struct files files;
	struct image image;
	int rc = -ENOSPC;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	while (rc == -ENOSPC) {
		r.mem_max += b->page_size;
		rc = plan_one(&image, &files, &b->machine, r, b);
		if (rc == 0)
			assert_int_equal(highest(&image), r.mem_max + 1);
		image_free(&image);
		files_free(&files);
	}
	assert_int_equal(rc, 0);
	r.mem_max--;
	assert_fails(plan_one(&image, &files, &b->machine, r, b), ENOSPC,
		     "Could not find a free area");
	image_free(&image);
	files_free(&files);
}

/* --- what an architecture may do, or leave --- */

static int no_room_here(struct image *image)
{
	(void)image;
	return fail(EINVAL, "no room here");
}

static uint64_t initrd_below;

static int high_places(struct image *image)
{
	int rc = arch_find("ppc64le")->needs(image);

	image->needs.top_down = true;
	image->needs.below = 900 * MIB;
	image->needs.initrd_below = initrd_below;
	return rc;
}

static void hooks_that_fail_or_are_not_there(void **state)
{
	const struct base *b = *state;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (unsigned int crash = 0; crash < 2; crash++) {
		struct plan_request r = { .crash = crash, .mem_max = UINT64_MAX };
		struct machine m = b->machine;
		struct arch arch = *m.arch;
		struct files files;
		struct image image;

		m.arch = &arch;
		arch.room = no_room_here;
		assert_fails(plan_one(&image, &files, &m, r, b), EINVAL, "no room here");
		image_free(&image);
		files_free(&files);
		arch.room = crash ? b->machine.arch->room :
				    NULL; /* of a capture kernel it finds memory */
		arch.spare = NULL;
		assert_int_equal(plan_one(&image, &files, &m, r, b), 0);
		image_free(&image);
		files_free(&files);
	}
}

static void initrds_have_a_bound_of_their_own(void **state)
{
	const struct base *b = *state;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (unsigned int i = 0; i < 2; i++) {
		struct plan_request r = { .crash = true,
					  .mem_max = UINT64_MAX,
					  .initrd = b->initrd };
		struct machine m = b->machine;
		struct arch arch = *m.arch;
		const struct segment *s;
		struct files files;
		struct image image;

		m.arch = &arch;
		arch.needs = high_places;
		initrd_below = i ? 700 * MIB : 0;
		assert_int_equal(plan_one(&image, &files, &m, r, b), 0);
		s = image_segment(&image, ROLE_INITRD);
		assert_in_range(s->addr + s->memsz, i ? 690 * MIB : 890 * MIB,
				i ? 700 * MIB : 900 * MIB);
		image_free(&image);
		files_free(&files);
	}
}

/* In a segment, from its first byte to its last, and nowhere else. */
static void entries_are_in_the_image(void **state)
{
	const struct base *b = *state;
	uint64_t first = UINT64_MAX, end = 0;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (unsigned int i = 0; i < b->image[NORMAL].n_segments; i++) {
		const struct segment *s = &b->image[NORMAL].segment[i];

		first = s->addr < first ? s->addr : first;
		end = s->addr + s->memsz > end ? s->addr + s->memsz : end;
	}
	for (unsigned int i = 0; i < 4; i++) {
		const uint64_t entries[] = { first, end - 1, first - 1, end };
		struct plan_request r = NORMAL_OF(.initrd = b->initrd, .no_old_root = true,
						  .cmdline = "maxcpus=1", .has_entry = true,
						  .entry = entries[i]);
		struct files files;
		struct image image;

		if (i < 2) {
			assert_int_equal(plan_one(&image, &files, &b->machine, r, b), 0);
			assert_int_equal(image.entry, entries[i]);
			assert_true(image.own_entry);
		} else {
			assert_fails(plan_one(&image, &files, &b->machine, r, b), EINVAL,
				     "nothing will be loaded there");
		}
		image_free(&image);
		files_free(&files);
	}
}

/* Longest, and one byte longer. */
static void command_lines_end(void **state)
{
	const struct base *b = *state;
	char line[2049];
	struct plan_request r = NORMAL_OF(.cmdline = line, .no_old_root = true);
	struct files files;
	struct image image;

	if (!b->dir)
		return;		/* this kexec was configured without its purgatory */
	for (unsigned int len = 2047; len <= 2048; len++) {
		memset(line, 'x', len);
		line[len] = 0;
		if (len == 2048)
			assert_fails(plan_one(&image, &files, &b->machine, r, b), E2BIG,
				     "2048 bytes with all that kexec adds,"
				     " the kernel takes 2047; shorten it by 1");
		else
			assert_int_equal(plan_one(&image, &files, &b->machine, r, b), 0);
		assert_string_equal(image.cmdline, line);
		image_free(&image);
		files_free(&files);
	}
	line[0] = 0;
	r.crash = true;
	assert_int_equal(plan_one(&image, &files, &b->machine, r, b), 0);
	assert_int_equal(image.cmdline[strlen(image.cmdline) - 1], 'K');
	image_free(&image);
	files_free(&files);
}

/* Which calls can do what was asked for. */
static void wishes_and_calls(void **state)
{
	static const struct {
		struct plan_request r;
		const char *only, *rather;
	} calls[] = {
		{ { .mem_max = UINT64_MAX }, NULL, NULL },
		{ { .mem_max = UINT64_MAX, .dtb = "x" }, "--dtb", NULL },
		{ { .mem_max = UINT64_MAX, .has_entry = true }, "--entry", NULL },
		{ { .mem_max = UINT64_MAX, .reuse_initrd = true }, "--reuseinitrd (by", NULL },
		{ { .mem_max = UINT64_MAX, .mem_min = 1 }, "--mem-min", NULL },
		{ { .mem_max = UINT64_MAX - 1 }, "--mem-min", NULL },
		{ { .mem_max = UINT64_MAX, .special = SPECIAL_NO_EFI }, NULL, "--noefi" },
		{ { .mem_max = UINT64_MAX, .special = SPECIAL_MEMMAP | SPECIAL_SERIAL },
		  NULL,
		  "--noefi" },
		{ { .mem_max = UINT64_MAX, .special = SPECIAL_SERIAL }, NULL, "--console-serial" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const char *only = plan_only_kexec_load(&calls[i].r),
			   *rather = plan_rather_kexec_load(&calls[i].r);

		assert_int_equal(only != NULL, calls[i].only != NULL);
		assert_true(!only || strstr(only, calls[i].only) == only);
		assert_int_equal(rather != NULL, calls[i].rather != NULL);
		assert_true(!rather || strstr(rather, calls[i].rather) == rather);
	}
}

static void capture_kernels_add_no_memory(void **state)
{
	const struct arch *x86 = arch_find("x86_64"), *power = arch_find("ppc64");
	static const struct plan_request crash = { .crash = true }, normal = {0},
					 may = { .crash = true, .acpi_memhotplug = true };
	struct arena a = {0};

	(void)state;
	assert_string_equal(plan_capture_words(&a, x86, &crash, "one"), "acpi_no_memhotplug one");
	assert_string_equal(plan_capture_words(&a, x86, &crash, "a acpi_no_memhotplug"),
			    "a acpi_no_memhotplug");
	assert_string_equal(plan_capture_words(&a, x86, &normal, "one"), "one");
	assert_string_equal(plan_capture_words(&a, x86, &may, "one"), "one");
	assert_string_equal(plan_capture_words(&a, power, &crash, "one"), "one");
	assert_string_equal(plan_capture_words(&a, NULL, &crash, "one"), "one");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "every proof, little-endian, 64 KiB pages", every_proof, NULL, NULL, &bases[0] },
		{ "every proof, big-endian, 4 KiB pages", every_proof, NULL, NULL, &bases[1] },
		{ "wishes and machines", wishes_and_machines, NULL, NULL, &bases[0] },
		{ "images are where they are wanted", images_are_where_they_are_wanted, NULL, NULL,
		  &bases[0] },
		{ "images take all that is theirs", images_take_all_that_is_theirs, NULL, NULL,
		  &bases[0] },
		{ "hooks fail or are not there", hooks_that_fail_or_are_not_there, NULL, NULL,
		  &bases[0] },
		{ "initrds have a bound of their own", initrds_have_a_bound_of_their_own, NULL,
		  NULL, &bases[0] },
		{ "entries are in the image", entries_are_in_the_image, NULL, NULL, &bases[0] },
		{ "command lines end", command_lines_end, NULL, NULL, &bases[0] },
		cmocka_unit_test(wishes_and_calls),
		cmocka_unit_test(capture_kernels_add_no_memory),
	};

	return cmocka_run_group_tests_name("prove", tests, setup, teardown);
}
