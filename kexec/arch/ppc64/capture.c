// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Will a capture kernel find the memory that it takes while it starts, where it must be?
 * Its first allocations, rehearsed on what it would be told is memory and is not in use.
 * Facts of Linux 6.12; below arch/powerpc/ where no directory is named.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/nexttree.h"
#include "kexec/cmdline.h"

#define KIB		((uint64_t)1 << 10)
#define MIB		((uint64_t)1 << 20)
#define GIB		((uint64_t)1 << 30)
#define TIB		((uint64_t)1 << 40)
#define ANYWHERE	UINT64_MAX

/* kernel/prom.c:early_init_devtree reserves this at 0 for interrupt vectors, at least. */
#define VECTORS_SIZE	(32 * KIB)
#define RTAS_BELOW	GIB		/* include/asm/rtas.h:RTAS_INSTANTIATE_MAX */

/*
 * The capture kernel's pages need not be the running kernel's. What is certain is
 * taken of the size that makes it less, what is likely of the running kernel's.
 */
#define LARGEST_PAGE	(64 * KIB)
#define SMALLEST_PAGE	(4 * KIB)
#define PAGE_STRUCT	64		/* include/linux/mm_types.h:struct page */
#define LPPACA_SIZE	KIB		/* kernel/paca.c: a part of a CPU's data */
#define STACK_SIZE	(16 * KIB)	/* Kconfig:THREAD_SHIFT; a page, if that is more */

/* Likely sizes, from what Linux 6.12 on QEMU took; other configurations differ. */
#define PACA_SIZE	(8 * KIB)	/* include/asm/paca.h with lppaca and SLB shadow */
#define PERCPU_SIZE	(128 * KIB)	/* static, for modules and dynamic, together */
#define KERNEL_SIZE	(24 * MIB)	/* log, caches, hash tables, threads, drivers */
#define USER_SIZE	(24 * MIB)	/* programs, and what they have open */
#define INITRD_GROWTH	3		/* an unpacked initramfs to a compressed one */

/* How a capture kernel on this machine starts. */
struct boot {
	const struct machine *machine;
	const struct ppc64_facts *facts;
	uint64_t rma;		/* real mode reaches [0, rma) */
	uint64_t bolted;	/* mapped for certain: kernel/setup_64.c:ppc64_bolted_size */
	uint64_t memory, end;	/* bytes of memory; where it ends */
	uint64_t cpus;		/* that will be possible there */
	uint64_t initrd;	/* bytes of the unpacked initramfs, estimated */
};

/* One thing that it takes, in this order. */
struct need {
	const char *what, *where;
	uint64_t below;		/* has to end at or below */
	uint64_t align;		/* is one piece of this alignment; 0: is in many */
	uint64_t least;		/* bytes; every kernel takes these, or stops */
	uint64_t likely;	/* bytes, estimated */
};

#define NEEDS_MAX 16

struct start_needs {
	struct need at[NEEDS_MAX];
	size_t n;
	size_t n_lowest;	/* the first ones, from the bottom up */
};

static void add_need(struct start_needs *needs, struct need n)
{
	needs->at[needs->n++] = n;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A number of a live CPU node, all of which are alike; 0: it is not there. */
static uint64_t cpu_number(const struct machine *m, const char *name)
{
	const struct dt_node *cpus = dt_child(m->tree, "cpus");
	uint64_t value = 0;

	for (const struct dt_node *n = cpus ? cpus->children : NULL; n && !value; n = n->next)
		if (dt_is_type(n, "cpu") && dt_number(n, name, &value) < 0)
			fail_forget();
	return value;
}

/* mm/book3s64/hash_utils.c:htab_dt_scan_seg_sizes; without the property, nothing is certain. */
static bool has_small_segments(const struct machine *m)
{
	const struct dt_node *cpus = dt_child(m->tree, "cpus");
	bool small = false;

	for (const struct dt_node *n = cpus ? cpus->children : NULL; n; n = n->next) {
		const struct dt_prop *p = dt_prop(n, "ibm,processor-segment-sizes");

		small = p != NULL;
		for (uint32_t i = 0; p && i + 4 <= p->len; i += 4)
			if (be32_get(p->data + i) == 40)
				return false;
	}
	return small;
}

/* In its own memory, not the hypervisor's. */
static bool has_hash_table(const struct machine *m)
{
	const struct dt_node *chosen = dt_child(m->tree, "chosen");

	return chosen && dt_prop(chosen, "linux,htab-base");
}

/* mm/book3s64/hash_utils.c:htab_shift_for_mem_size */
static uint64_t hash_table_size(uint64_t memory, uint64_t page)
{
	uint64_t size = memory / page / 2 * 128;
	uint64_t table = 256 * KIB;

	while (table < size)
		table <<= 1;
	return table;
}

static struct boot boot_of(const struct machine *m, const struct ranges *memory)
{
	const struct ppc64_facts *f = m->arch_facts;

	return (struct boot){
		.machine = m,
		.facts = f,
		.rma = m->real_mode_limit,
		.bolted = f->radix ? ANYWHERE : has_small_segments(m) ? 256 * MIB : TIB,
		.memory = ranges_total(memory),
		.end = memory->n ? memory->at[memory->n - 1].end : 0,
		.cpus = m->possible.n,
	};
}

/* Before all else, where it may be in the way of what has to be low. */
static void need_first_cpu(const struct boot *b, struct start_needs *needs)
{
	add_need(needs, (struct need){ "the data of its first CPU",
				       "kernel/paca.c:alloc_paca_data", lower(b->rma, b->bolted),
				       LPPACA_SIZE, LPPACA_SIZE, PACA_SIZE });
	needs->n_lowest = needs->n;
}

static void need_page_tables(const struct boot *b, struct start_needs *needs)
{
	uint64_t page = b->machine->page_size, bits = cpu_number(b->machine, "ibm,mmu-pid-bits");
	uint64_t gib = (b->end + GIB - 1) / GIB;

	if (!bits || bits > 32)
		bits = 20;
	if (b->facts->radix) {
		add_need(needs,
			 (struct need){ "the page tables of its memory",
					"mm/book3s64/radix_pgtable.c:early_alloc_pgtable", ANYWHERE,
					0, 3 * SMALLEST_PAGE, (gib + 6) * page });
		/* Some POWER9 guests use 19 bits: a table that is half as large. */
		add_need(needs,
			 (struct need){ "its process table",
					"mm/book3s64/radix_pgtable.c:radix_init_pgtable", ANYWHERE,
					(uint64_t)16 << lower(bits, 19),
					(uint64_t)16 << lower(bits, 19), (uint64_t)16 << bits });
	} else if (!b->facts->guest || has_hash_table(b->machine)) {
		uint64_t least = hash_table_size(b->memory, LARGEST_PAGE);

		add_need(needs,
			 (struct need){ "its hash table",
					"mm/book3s64/hash_utils.c:htab_initialize", ANYWHERE, least,
					least, hash_table_size(b->memory, page) });
	}
}

uint64_t ppc64_low_memory(const struct machine *m)
{
	const struct ppc64_facts *f = m->arch_facts;

	return f->rtas.n ? lower(m->real_mode_limit, RTAS_BELOW) : m->real_mode_limit;
}

static void need_rtas(const struct boot *b, struct start_needs *needs)
{
	uint64_t below = ppc64_low_memory(b->machine);

	if (!b->facts->rtas.n)
		return;
	add_need(needs,
		 (struct need){ "the buffer for RTAS", "kernel/rtas.c:rtas_initialize", below,
				SMALLEST_PAGE, 64 * KIB, 64 * KIB });
	add_need(needs,
		 (struct need){ "the work area for RTAS",
				"platforms/pseries/rtas-work-area.c:rtas_work_area_reserve_arena",
				below, SMALLEST_PAGE, 0, 256 * KIB });
}

/* Of one CPU at least, whatever the kernel is configured for. */
static void need_stacks(const struct boot *b, struct start_needs *needs)
{
	uint64_t stack = b->machine->page_size > STACK_SIZE ? b->machine->page_size : STACK_SIZE;
	uint64_t real = lower(b->rma, b->bolted);
	uint64_t check = b->facts->guest ? lower(real, PPC64_RTAS_REACHES) : real;

	add_need(needs,
		 (struct need){ "the machine check stacks",
				"kernel/setup_64.c:emergency_stack_init", check, 0, STACK_SIZE,
				b->cpus * stack });
	add_need(needs,
		 (struct need){ "the emergency stacks", "kernel/setup_64.c:emergency_stack_init",
				real, 0, 2 * STACK_SIZE, 2 * b->cpus * stack });
	add_need(needs,
		 (struct need){ "the data of its CPUs", "kernel/paca.c:allocate_paca", real, 0, 0,
				(b->cpus - 1) * PACA_SIZE });
	add_need(needs, (struct need){
		"the interrupt stacks", "kernel/setup_64.c:irqstack_early_init", b->bolted, 0,
		2 * STACK_SIZE, 2 * b->cpus * stack });
}

static void need_rest(const struct boot *b, struct start_needs *needs)
{
	uint64_t page = b->machine->page_size;

	add_need(needs, (struct need){
		"the descriptions of pages", "mm/sparse.c:sparse_init", ANYWHERE, 0,
		b->memory / LARGEST_PAGE * PAGE_STRUCT, b->memory / page * PAGE_STRUCT });
	add_need(needs, (struct need){
		"the areas of its CPUs", "kernel/setup_64.c:setup_per_cpu_areas", ANYWHERE, 0, 0,
		b->cpus * (PERCPU_SIZE + page) });
	add_need(needs, (struct need){ "itself", "mm/mm_init.c:mm_core_init", ANYWHERE, 0, 0,
				       KERNEL_SIZE });
	add_need(needs,
		 (struct need){ "the unpacked initramfs", "init/initramfs.c:unpack_to_rootfs",
				ANYWHERE, 0, 0, b->initrd });
	add_need(needs, (struct need){ "its programs", "fs/exec.c", ANYWHERE, 0, 0, USER_SIZE });
}

static struct start_needs list_needs(const struct boot *b)
{
	struct start_needs needs = {0};

	need_first_cpu(b, &needs);
	need_page_tables(b, &needs);
	need_rtas(b, &needs);
	need_stacks(b, &needs);
	need_rest(b, &needs);
	return needs;
}

/* --- memblock: from the top down, but for the first --- */

static bool take_lowest(struct ranges *free, uint64_t size, uint64_t align, uint64_t below)
{
	for (size_t i = 0; i < free->n; i++) {
		const struct range *r = &free->at[i];
		uint64_t start = round_up64(r->start, align), end = lower(r->end, below);

		if (start >= end || end - start < size)
			continue;
		ranges_subtract_one(free, start, start + size);
		return true;
	}
	return false;
}

static bool take_piece(struct ranges *free, uint64_t size, uint64_t align, uint64_t below)
{
	for (size_t i = free->n; i--; ) {
		const struct range *r = &free->at[i];
		uint64_t end = lower(r->end, below), start;

		if (end < size)
			continue;
		start = round_down64(end - size, align);
		if (start < r->start)
			continue;
		ranges_subtract_one(free, start, start + size);
		return true;
	}
	return false;
}

static bool take_pieces(struct ranges *free, uint64_t size, uint64_t below)
{
	for (size_t i = free->n; i-- && size; ) {
		uint64_t end = lower(free->at[i].end, below), start = free->at[i].start, part;

		if (start >= end)
			continue;
		part = lower(size, end - start);
		ranges_subtract_one(free, end - part, end);
		size -= part;
	}
	return !size;
}

/* Number @i of them. */
static bool take_need(struct ranges *free, const struct start_needs *needs, size_t i, uint64_t size)
{
	const struct need *n = &needs->at[i];

	if (i < needs->n_lowest)
		return take_lowest(free, size, n->align, n->below);
	return n->align ? take_piece(free, size, n->align, n->below) :
			  take_pieces(free, size, n->below);
}

static uint64_t free_below(const struct ranges *free, uint64_t below)
{
	RANGES_AUTO low = {0};

	ranges_copy(&low, free);
	ranges_clip(&low, 0, below);
	return ranges_total(&low);
}

static char *where_is(uint64_t below)
{
	return below == ANYWHERE ? mem_copy_string("") : mem_printf(" below 0x%" PRIx64, below);
}

static const char *remedy(const struct boot *b, uint64_t below)
{
	return b->machine->crash.start >= below ?
		"reserve memory below that (crashkernel=SIZE without"
		" @OFFSET, or with a lower one)" :
		"use a smaller initrd, or reserve more with crashkernel=";
}

static int cannot_start(const struct boot *b, const struct need *n, const struct ranges *free)
{
	STRING_AUTO below = where_is(n->below);

	return fail(ENOSPC,
		    "the capture kernel would stop while it starts: %s takes 0x%" PRIx64
		    " bytes%s (arch/powerpc/%s), 0x%" PRIx64 " are free for it there%s; %s",
		    n->what, n->least, below, n->where, free_below(free, n->below),
		    n->align > SMALLEST_PAGE ? ", not in one piece with that alignment" : "",
		    remedy(b, n->below));
}

/* --- a place for the largest piece --- */

/* image->usable has no less than what it will be told of, so this is no less than what it takes. */
static uint64_t largest_piece(const struct image *image)
{
	struct boot boot = boot_of(image->machine, &image->usable);
	struct start_needs needs = list_needs(&boot);
	uint64_t largest = SMALLEST_PAGE;

	for (size_t i = 0; i < needs.n; i++)
		if (needs.at[i].align > largest)
			largest = needs.at[i].align;
	return largest;
}

static uint64_t free_above(const struct ranges *free, uint64_t start)
{
	RANGES_AUTO high = {0};

	ranges_copy(&high, free);
	ranges_clip(&high, start, UINT64_MAX);
	return ranges_total(&high);
}

/* The highest one that has @above bytes of free memory above it. */
static bool find_spare(const struct ranges *free, uint64_t size, uint64_t above,
		       struct range *spare)
{
	for (size_t i = free->n; i--; ) {
		const struct range *r = &free->at[i];
		uint64_t start = r->end < size ? 0 : round_down64(r->end - size, size);

		if (r->end < size || start < r->start)
			continue;
		while (start >= size && start - size >= r->start &&
		       free_above(free, start + size) < above)
			start -= size;
		if (free_above(free, start + size) >= above) {
			*spare = (struct range){ start, start + size,
						 "left to the capture kernel" };
			return true;
		}
	}
	return false;
}

/*
 * Above it there is room for the FDT, and for the page tables which a kernel with a radix MMU
 * takes before, from the top down.
 */
#define ABOVE_SPARE MIB

void ppc64_leave_piece(struct image *image)
{
	uint64_t size = largest_piece(image);

	if (size > SMALLEST_PAGE && !find_spare(&image->free, size, ABOVE_SPARE, &image->spare))
		find_spare(&image->free, size, 0, &image->spare);
}

/* What every kernel takes, in its order. */
static int prove_least(const struct boot *b, const struct start_needs *needs,
		       const struct ranges *free)
{
	RANGES_AUTO left = {0};

	ranges_copy(&left, free);
	for (size_t i = 0; i < needs->n; i++) {
		const struct need *n = &needs->at[i];

		if (n->least && !take_need(&left, needs, i, n->least))
			return cannot_start(b, n, &left);
	}
	return 0;
}

static uint64_t likely_total(const struct start_needs *needs)
{
	uint64_t total = 0;

	for (size_t i = 0; i < needs->n; i++)
		total += needs->at[i].likely;
	return total;
}

/* What a kernel like the running one takes. */
static void warn_of_likely(const struct boot *b, const struct start_needs *needs,
			   const struct ranges *free)
{
	RANGES_AUTO left = {0};

	ranges_copy(&left, free);
	for (size_t i = 0; i < needs->n; i++) {
		const struct need *n = &needs->at[i];
		STRING_AUTO below = where_is(n->below);
		uint64_t rest = free_below(&left, n->below);

		if (!n->likely || take_need(&left, needs, i, n->likely))
			continue;
		warn("the capture kernel may run out of memory: of about %" PRIu64
		     " KiB that it takes, %s"
		     " are %" PRIu64 " KiB%s, where %" PRIu64 " KiB of its %" PRIu64
		     " KiB are left then; %s%s",
		     likely_total(needs) / KIB, n->what, n->likely / KIB, below, rest / KIB,
		     ranges_total(free) / KIB,
		     b->cpus > 8 ? "give it fewer CPUs (nr_cpus=1 on its command line), " : "",
		     remedy(b, n->below));
		return;
	}
}

/* --- what it is told --- */

struct usable_stream {
	struct ranges *memory;
	struct dt_cells cells;
	const struct dt_prop *usable;	/* NULL: all of each LMB */
	uint32_t at;
};

/* The next LMB's count of pairs, and those. */
static int read_usable(struct usable_stream *s)
{
	uint32_t pair = 4 * (s->cells.addr + s->cells.size);
	uint64_t n;
	int rc = 0;

	if (s->usable->len - s->at < 4 * s->cells.size)
		return fail(EINVAL, "the FDT's linux,drconf-usable-memory ends too early");
	n = bytes_get(s->usable->data + s->at, 4 * s->cells.size, false);
	s->at += 4 * s->cells.size;
	if (n > (s->usable->len - s->at) / pair)
		return fail(EINVAL, "the FDT's linux,drconf-usable-memory ends too early");
	for (; n && rc >= 0; n--, s->at += pair) {
		const uint8_t *p = s->usable->data + s->at;

		rc = ranges_add(s->memory, bytes_get(p, 4 * s->cells.addr, false),
				bytes_get(p + 4 * s->cells.addr, 4 * s->cells.size, false), "LMB");
	}
	return rc;
}

/* kernel/prom.c:early_init_drmem_lmb */
static int read_lmbs(const struct ppc64_lmbs *l, void *context)
{
	struct usable_stream *s = context;
	int rc = 0;

	if (!l->usable)
		return 0;
	if (!s->usable)
		return ranges_add(s->memory, l->base, l->n * l->size, "LMB");
	for (uint64_t i = 0; i < l->n && rc >= 0; i++)
		rc = read_usable(s);
	return rc;
}

static int read_memory(const struct dt_node *tree, struct dt_cells cells, struct ranges *memory)
{
	const struct dt_node *drconf = ppc64_drconf(tree);
	struct usable_stream s = { .memory = memory, .cells = cells };
	int rc = nexttree_memory(tree, cells, memory);

	if (drconf)
		s.usable = dt_prop(drconf, "linux,drconf-usable-memory");
	if (rc >= 0 && drconf)
		rc = ppc64_each_lmb(drconf, cells, read_lmbs, &s);
	ranges_merge(memory);
	return rc;
}

uint64_t ppc64_memory_cut(const struct ranges *memory)
{
	uint64_t left = round_down64(ranges_total(memory), PPC64_MEMORY_STEP);

	for (size_t i = 0; i < memory->n && left; i++) {
		uint64_t size = memory->at[i].end - memory->at[i].start;

		if (size >= left)
			return memory->at[i].start + left;
		left -= size;
	}
	return UINT64_MAX;
}

static bool is_kernel(const struct segment *s)
{
	return !strcmp(s->name, "kernel") || !strncmp(s->name, "kernel-", strlen("kernel-"));
}

/* And nothing is taken of the first page: mm/memblock.c:memblock_find_in_range_node. */
static int reserve_segments(const struct image *image, struct ranges *reserved)
{
	uint64_t page = image->machine->page_size;
	int rc = ranges_add(reserved, 0, page > VECTORS_SIZE ? page : VECTORS_SIZE, "vectors");

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++) {
		const struct segment *s = &image->segment[i];

		if (is_kernel(s) || !strcmp(s->name, "fdt") || !strcmp(s->name, "initrd"))
			rc = ranges_add(reserved, s->addr, s->memsz, s->name);
	}
	return rc;
}

static int reserve_nodes(const struct dt_node *tree, struct dt_cells cells, struct ranges *reserved)
{
	const struct dt_prop *p = dt_prop(tree, "reserved-ranges");
	int rc = p ? dt_add_ranges(p, cells, "", "reserved-ranges", reserved) : 0;

	return rc < 0 ? rc : nexttree_reserved_memory(tree, false, reserved);
}

/* The kernel runs, and finds its initrd, only in what it is told is memory. */
static int prove_in_memory(const struct image *image, const struct ranges *memory)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if ((is_kernel(s) || !strcmp(s->name, "initrd")) &&
		    !ranges_cover(memory, s->addr, s->addr + s->memsz))
			return fail(ENOSPC,
				    "%s at 0x%" PRIx64 "-0x%" PRIx64
				    " is not in the memory which the"
				    " capture kernel would have",
				    s->name, s->addr, s->addr + s->memsz);
	}
	return 0;
}

/* Firmware is handed addresses of the kernel's own data: kernel/rtas.c:rtas_args. */
static int prove_rtas_reach(const struct image *image, const struct ppc64_facts *f)
{
	for (unsigned int i = 0; i < image->n_segments && f->rtas.n; i++) {
		const struct segment *s = &image->segment[i];

		if (is_kernel(s) && s->addr + s->memsz > PPC64_RTAS_REACHES)
			return fail(ENOSPC,
				    "%s at 0x%" PRIx64 "-0x%" PRIx64 " is out of the reach of RTAS"
				    " (4 GiB); reserve memory below with crashkernel=",
				    s->name, s->addr, s->addr + s->memsz);
	}
	return 0;
}

/* Free memory when memblock is set up. */
static int find_free(const struct image *image, const struct segment *fdt, struct ranges *memory,
		     struct ranges *free)
{
	RANGES_AUTO reserved = {0};
	struct arena arena = {0};
	struct dt_cells cells;
	struct dt_node *tree;
	int rc = dt_read_sound_blob(&arena, fdt->data, &tree, &reserved);

	if (rc >= 0)
		rc = dt_cells(tree, &cells);
	if (rc >= 0)
		rc = read_memory(tree, cells, memory);
	if (rc >= 0)
		rc = reserve_nodes(tree, cells, &reserved);
	if (rc >= 0)
		rc = reserve_segments(image, &reserved);
	arena_free(&arena);
	for (size_t i = 0; i < memory->n; i++)
		memory->at[i].why = NULL; /* it was in the arena; one is as good as the other */
	for (size_t i = 0; i < reserved.n; i++)
		reserved.at[i].why = NULL;
	if (rc < 0)
		return rc;
	ranges_merge(memory);
	ranges_clip(memory, 0, ppc64_memory_cut(memory));
	ranges_copy(free, memory);
	ranges_merge(&reserved);
	ranges_subtract(free, &reserved);
	return 0;
}

static uint64_t threads_to_a_core(const struct machine *m)
{
	const struct dt_node *cpus = dt_child(m->tree, "cpus");
	uint64_t most = 1;

	for (const struct dt_node *n = cpus ? cpus->children : NULL; n; n = n->next) {
		const struct dt_prop *p = dt_prop(n, "ibm,ppc-interrupt-server#s");

		if (p && p->len / 4 > most)
			most = p->len / 4;
	}
	return most;
}

/* nr_cpus= counts, rounded up to whole cores; maxcpus= only says how many start. */
static uint64_t capture_cpus(const struct image *image)
{
	uint64_t possible = image->machine->possible.n, threads = threads_to_a_core(image->machine),
		 n;
	size_t len;
	const char *word = cmdline_find(image->cmdline, "nr_cpus", &len);

	if (!word || len <= strlen("nr_cpus="))
		return possible;
	n = strtoull(word + strlen("nr_cpus="), NULL, 10);
	return n && n < possible ? lower((n + threads - 1) / threads * threads, possible) :
				   possible;
}

/* An archive as it is takes its own size once more. */
static uint64_t unpacked_size(const struct segment *initrd)
{
	if (!initrd)
		return 0;
	return initrd->bufsz >= 4 && !memcmp(initrd->data, "0707", 4) ? initrd->bufsz :
	       INITRD_GROWTH * initrd->bufsz;
}

int ppc64_prove_start(const struct image *image, const struct segment *fdt)
{
	RANGES_AUTO memory = {0};
	RANGES_AUTO free = {0};
	struct start_needs needs;
	struct boot boot;
	int rc = find_free(image, fdt, &memory, &free);

	if (rc >= 0)
		rc = prove_in_memory(image, &memory);
	if (rc >= 0)
		rc = prove_rtas_reach(image, image->machine->arch_facts);
	if (rc < 0)
		return rc;
	boot = boot_of(image->machine, &memory);
	boot.cpus = capture_cpus(image);
	boot.initrd = unpacked_size(image_segment(image, ROLE_INITRD));
	needs = list_needs(&boot);
	rc = prove_least(&boot, &needs, &free);
	if (rc >= 0)
		warn_of_likely(&boot, &needs, &free);
	return rc;
}

int ppc64_prove_region(const struct machine *m)
{
	RANGES_AUTO memory = {0};
	RANGES_AUTO free = {0};
	struct start_needs needs;
	struct boot boot;
	int rc = ranges_add(&memory, 0, m->crash.end, NULL);

	if (rc >= 0)
		rc = ranges_add(&free, m->crash.start, m->crash.end - m->crash.start, NULL);
	/* Without a limit the survey did not come so far, and too little is known. */
	if (rc < 0 || m->crash.start == m->crash.end || !m->real_mode_limit)
		return rc;
	ranges_copy(&free, &m->crash_more);
	ranges_merge(&free);
	for (size_t i = 0; i < m->avoid.n; i++)
		ranges_subtract_one(&free, m->avoid.at[i].start, m->avoid.at[i].end);
	boot = boot_of(m, &memory);
	needs = list_needs(&boot);
	return prove_least(&boot, &needs, &free);
}
