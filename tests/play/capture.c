// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The crash: the purgatory's C, in place, and then what the capture kernel looks at:
 * fs/proc/vmcore.c, and where there is a tree arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/lanes.h"
#include "purgatory/purgatory.h"
#include "tests/play/play.h"

#define EHDR_SIZE 64
#define PHDR_SIZE 56
#define PT_LOAD 1
#define PT_NOTE 4

static bool stopped;
static char told[1024]; /* by the purgatory */

void arch_start(const struct purgatory_params *p)
{
	(void)p;
	stopped = false;
	*told = 0;
}

void arch_print(const struct purgatory_params *p, const char *text)
{
	(void)p;
	strncat(told, text, sizeof(told) - strlen(told) - 1);
}

void arch_finish(const struct purgatory_params *p, uint64_t cpu)
{
	(void)p;
	(void)cpu;
}

void arch_stop(void)
{
	stopped = true;
}

lanes_blocks *arch_lanes_begin(const struct purgatory_params *p, uint64_t *before)
{
	(void)p;
	*before = 0;
	return lanes_here()->blocks;
}

void arch_lanes_end(const struct purgatory_params *p, uint64_t before)
{
	(void)p;
	(void)before;
}

static const size_t table_at = offsetof(struct purgatory_params, region);

/* In this machine's byte order, which may not be that of the image. */
static struct purgatory_params read_params(const struct world *w, const uint8_t *block)
{
	struct purgatory_params p;
	const size_t digest = offsetof(struct purgatory_params, digest), words = sizeof(p) / 8;
	uint64_t *to = (uint64_t *)&p;

	for (size_t i = 0; i < words; i++)
		to[i] = get(w, block + 8 * i, 8);
	memcpy(p.digest, block + digest, sizeof(p.digest));
	memcpy(p.name, block + offsetof(struct purgatory_params, name), sizeof(p.name));
	for (size_t i = 0; i < PURGATORY_MAX_KEPT; i++) {
		const uint8_t *kept = block + offsetof(struct purgatory_params, kept) +
			i * sizeof(p.kept[0]);
		const size_t first = offsetof(struct purgatory_kept, cpus_at);
		uint32_t *half = &p.kept[i].cpus_at;

		for (size_t k = 0; k < 6; k++)
			half[k] = (uint32_t)get(w, kept + first + 4 * k, 4);
		memcpy(p.kept[i].name, kept + offsetof(struct purgatory_kept, name),
		       sizeof(p.kept[i].name));
	}
	return p;
}

/* The digest has the table's bytes as they are there: for the other byte order, not with
 * purgatory(). */
static bool digest_is_right(const struct purgatory_params *p, const uint8_t *table)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct lanes lanes;

	lanes_init(&lanes, lanes_here()->blocks);
	for (uint64_t i = 0; i < p->n_regions; i++) {
		const uint8_t *at = (const uint8_t *)p->region[i].start;

		lanes_region(&lanes, at, p->region[i].size);
		if (!lanes_zeros(at + p->region[i].size, p->region[i].zeros))
			return false;
	}
	lanes_final(&lanes, table, p->n_regions * sizeof(p->region[0]), digest);
	return !memcmp(digest, p->digest, sizeof(digest));
}

static bool in_segments(struct world *w, uint64_t at, uint64_t size)
{
	struct segment *s = segment_at(w, at);

	return s && size <= s->mem + s->memsz - at;
}

static bool is_mended(const char *name)
{
	char line[80];

	snprintf(line, sizeof(line), "purgatory: %s ", name);
	return strstr(told, line) && strstr(strstr(told, line), "its copy of the load is used");
}

static bool find_params(struct world *w, struct purgatory_params *p)
{
	struct segment *s = segment_at(w, w->entry);

	if (!s || !in_segments(w, w->entry, PURGATORY_PARAMS_OFFSET + sizeof(*p)))
		return wrong("the entry 0x%lx is in no segment", w->entry);
	*p = read_params(w, s->bytes + (w->entry - s->mem) + PURGATORY_PARAMS_OFFSET);
	return true;
}

static bool run_purgatory(struct world *w, struct purgatory_params *p, size_t cpu)
{
	struct segment *s = segment_at(w, w->entry);
	const uint8_t *block;

	if (!s || !in_segments(w, w->entry, PURGATORY_PARAMS_OFFSET + sizeof(*p)))
		return wrong("the entry 0x%lx is in no segment", w->entry);
	block = s->bytes + (w->entry - s->mem) + PURGATORY_PARAMS_OFFSET;
	*p = read_params(w, block);
	if (p->magic != PURGATORY_MAGIC || !p->n_regions || p->n_regions > PURGATORY_MAX_REGIONS)
		return wrong("no purgatory, or nothing to verify");
	for (uint64_t i = 0; i < p->n_regions; i++)
		if (!in_segments(w, p->region[i].start, p->region[i].size + p->region[i].zeros))
			return wrong("region 0x%lx is not loaded", p->region[i].start);
	if (p->backup_size &&
	    (p->backup_source || p->backup_size != BACKUP_SIZE ||
	     !in_segments(w, p->backup, p->backup_size)))
		return wrong("0x%lx bytes are copied to 0x%lx", p->backup_size, p->backup);
	if (w->big) {
		arch_start(p);
		stopped = !digest_is_right(p, block + table_at);
		if (p->backup_size)
			memcpy((void *)p->backup, w->low, BACKUP_SIZE);
		for (uint64_t i = 0; i < p->n_kept; i++)
			if (p->kept[i].kind == PURGATORY_KEPT_ARCH &&
			    arch_check_kept(&p->kept[i], w->now.cpus[cpu].hw))
				return wrong("the purgatory takes the tree for another");
	} else {
		p->backup_source = (uintptr_t)w->low; /* in place of physical 0 */
		purgatory(p, w->now.cpus[cpu].hw);
	}
	return !stopped || wrong("the purgatory stops: the digest differs");
}

/* --- what the capture kernel is told --- */

/* A number with K, M or G behind it, lib/cmdline.c:memparse. */
static uint64_t memory_number(const char *text)
{
	char *end;
	uint64_t value = strtoul(text, &end, 0);

	return *end == 'K'  ? value << 10 :
		*end == 'M' ? value << 20 :
		*end == 'G' ? value << 30 :
			      value;
}

static const char *told_line(struct world *w, const struct purgatory_params *p)
{
	const uint8_t *data = (const uint8_t *)p->arch[0];
	uint64_t at;
	int len;

	if (!in_segments(w, p->arch[0], 4096))
		return NULL;
	if (w->arch != X86_64) {
		int chosen = fdt_check_header(data) ? -1 : fdt_path_offset(data, "/chosen");

		return chosen < 0 ? NULL : fdt_getprop(data, chosen, "bootargs", &len);
	}
	at = get(w, data + 0x0c8, 4) << 32 | get(w, data + 0x228, 4);
	return in_segments(w, at, 1) ? (const char *)at : NULL;
}

static struct segment *told_header(struct world *w, const struct purgatory_params *p)
{
	const char *line = told_line(w, p), *word = line ? strstr(line, "elfcorehdr=") : NULL;
	const void *tree = (const void *)p->arch[0];
	uint64_t at = word ? memory_number(word + strlen("elfcorehdr=")) : 0;
	int len = 0;

	if (w->arch == ARM64) { /* drivers/of/fdt.c:early_init_dt_check_for_elfcorehdr */
		const void *prop = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"),
					       "linux,elfcorehdr", &len);

		at = prop && len >= 8 ? fdt64_ld(prop) : at;
	}
	return at && segment_at(w, at) && segment_at(w, at)->mem == at ? segment_at(w, at) : NULL;
}

/* --- the tree --- */

static bool has_cpu(const void *fdt, int cpus, unsigned int hw)
{
	int node, len;

	fdt_for_each_subnode(node, fdt, cpus)
	{
		const fdt32_t *ids = fdt_getprop(fdt, node, "ibm,ppc-interrupt-server#s", &len);
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (!type || strcmp(type, "cpu"))
			continue;
		if (!ids)
			ids = fdt_getprop(fdt, node, "reg", &len);
		for (int i = 0; ids && i < len / 4; i++)
			if (fdt32_ld(ids + i) == hw)
				return true;
	}
	return false;
}

/* Nothing of a tree changes but the nodes of CPUs, whose order is free. */
static bool same_node(const void *a, int x, const void *b, int y, bool cpus)
{
	int p, q, len, other;

	for (p = fdt_first_property_offset(a, x), q = fdt_first_property_offset(b, y);
	     p >= 0 && q >= 0;
	     p = fdt_next_property_offset(a, p), q = fdt_next_property_offset(b, q)) {
		const char *name, *also;
		const void *one = fdt_getprop_by_offset(a, p, &name, &len);
		const void *two = fdt_getprop_by_offset(b, q, &also, &other);

		if (!one || !two || strcmp(name, also) || len != other ||
		    memcmp(one, two, (size_t)len))
			return false;
	}
	if (p >= 0 || q >= 0)
		return false;
	x = fdt_first_subnode(a, x);
	y = fdt_first_subnode(b, y);
	for (;;) {
		while (cpus && x >= 0 && fdt_getprop(a, x, "device_type", NULL) &&
		       !strcmp(fdt_getprop(a, x, "device_type", NULL), "cpu"))
			x = fdt_next_subnode(a, x);
		while (cpus && y >= 0 && fdt_getprop(b, y, "device_type", NULL) &&
		       !strcmp(fdt_getprop(b, y, "device_type", NULL), "cpu"))
			y = fdt_next_subnode(b, y);
		if (x < 0 || y < 0)
			return x < 0 && y < 0;
		if (strcmp(fdt_get_name(a, x, NULL), fdt_get_name(b, y, NULL)) ||
		    !same_node(a, x, b, y, !strcmp(fdt_get_name(a, x, NULL), "cpus")))
			return false;
		x = fdt_next_subnode(a, x);
		y = fdt_next_subnode(b, y);
	}
}

static bool same_reserve_map(const void *a, const void *b)
{
	uint64_t start[2], size[2];

	if (fdt_num_mem_rsv(a) != fdt_num_mem_rsv(b))
		return false;
	for (int i = 0; i < fdt_num_mem_rsv(a); i++)
		if (fdt_get_mem_rsv(a, i, &start[0], &size[0]) ||
		    fdt_get_mem_rsv(b, i, &start[1], &size[1]) || start[0] != start[1] ||
		    size[0] != size[1])
			return false;
	return true;
}

static bool tree_is_good(struct world *w, const struct purgatory_params *p, size_t cpu)
{
	struct segment *s = segment_at(w, p->arch[0]);
	int cpus;

	if (!s || s->mem != p->arch[0] || fdt_check_full(s->bytes, s->memsz))
		return wrong("there is no sound tree at 0x%lx", p->arch[0]);
	cpus = fdt_path_offset(s->bytes, "/cpus");
	if (w->arch == PPC64 && !has_cpu(s->bytes, cpus, w->now.cpus[cpu].hw))
		return wrong("Failed to identify boot CPU: %u is not in the tree",
			     w->now.cpus[cpu].hw);
	for (size_t i = 0; w->arch == PPC64 && i < w->n_cpus && !is_mended("fdt"); i++)
		if (w->now.cpus[i].present && !has_cpu(s->bytes, cpus, w->now.cpus[i].hw))
			return wrong("CPU %u is not in the tree", w->now.cpus[i].hw);
	if (!same_reserve_map(s->bytes, s->loaded) || !same_node(s->bytes, 0, s->loaded, 0, false))
		return wrong("what no event touches is not in the tree as it was");
	return true;
}

/* --- /proc/vmcore --- */

struct core_header {
	const uint8_t *phdrs;
	uint64_t n, notes;
};

static bool header_is_sane(struct world *w, const struct segment *s, struct core_header *h)
{
	static const uint64_t machines[] = { [PPC64] = 21, [X86_64] = 62, [ARM64] = 183 };
	const uint8_t *e = s->bytes;

	*h = (struct core_header){ e + EHDR_SIZE, get(w, e + 56, 2), 0 };
	if (memcmp(e, "\177ELF\2", 5) || e[6] != 1 || get(w, e + 16, 2) != 4 ||
	    get(w, e + 18, 2) != machines[w->arch] || get(w, e + 20, 4) != 1 ||
	    get(w, e + 52, 2) != EHDR_SIZE || get(w, e + 54, 2) != PHDR_SIZE || !h->n ||
	    EHDR_SIZE + PHDR_SIZE * h->n > s->memsz)
		return wrong("Core image elf header is not sane");
	while (h->notes < h->n && get(w, h->phdrs + PHDR_SIZE * h->notes, 4) == PT_NOTE)
		h->notes++;
	for (uint64_t i = h->notes; i < h->n; i++)
		if (get(w, h->phdrs + PHDR_SIZE * i, 4) != PT_LOAD)
			return wrong("program header %lu is neither note nor, behind these, memory",
				     i);
	return true;
}

static bool is_noted(struct world *w, const struct core_header *h, uint64_t at, uint64_t size)
{
	for (uint64_t i = 0; i < h->notes; i++)
		if (get(w, h->phdrs + PHDR_SIZE * i + 8, 8) == at &&
		    get(w, h->phdrs + PHDR_SIZE * i + 40, 8) == size)
			return true;
	return false;
}

static bool notes_are_there(struct world *w, const struct core_header *h)
{
	struct range info = w->vmcoreinfo;

	for (size_t i = 0; i < w->n_cpus; i++)
		if (w->now.cpus[i].online &&
		    !is_noted(w, h, w->now.cpus[i].notes, w->now.cpus[i].notes_size))
			return wrong("the registers of CPU number %zu will be lost", i);
	if (h->notes > w->n_cpus + 1)
		return wrong("%lu notes", h->notes);
	return is_noted(w, h, info.start, info.end - info.start) || wrong("no vmcoreinfo");
}

/* What is read for the first bytes of memory is what the purgatory has saved of them. */
static bool backup_is_read(struct world *w, uint64_t offset, uint64_t size)
{
	return size == BACKUP_SIZE && in_segments(w, offset, size) &&
		!memcmp((const void *)offset, w->low, size);
}

static bool memory_is_there(struct world *w, const struct core_header *h)
{
	struct ranges got = { 0 }, want = dump_ranges(w);
	bool text = w->arch == PPC64, ok = true;

	for (uint64_t i = h->notes; i < h->n && ok; i++) {
		const uint8_t *at = h->phdrs + PHDR_SIZE * i;
		uint64_t offset = get(w, at + 8, 8), vaddr = get(w, at + 16, 8),
			 paddr = get(w, at + 24, 8);
		uint64_t size = get(w, at + 40, 8);

		if (w->arch == PPC64 && !paddr)
			ok = backup_is_read(w, offset, size) ||
				wrong("backup read from 0x%lx", offset);
		else if (offset != paddr)
			ok = wrong("memory 0x%lx is read from 0x%lx", paddr, offset);
		if (paddr == w->text.start && vaddr == w->text_address && !text)
			text = true;
		else if (vaddr != paddr + w->linear)
			ok = ok && wrong("memory 0x%lx is at virtual 0x%lx", paddr, vaddr);
		ranges_add(&got, paddr, paddr + size);
	}
	if (w->now.stale.end)
		ranges_add(&want, w->now.stale.start, w->now.stale.end);
	if (ok && !text)
		ok = wrong("the kernel's text has no addresses");
	if (ok && !ranges_same(&got, &want))
		ok = wrong("%zu ranges in the dump, not the %zu of this machine", got.n, want.n);
	free(got.at);
	free(want.at);
	return ok;
}

/* But for these the image is what was loaded. */
static bool rest_is_as_loaded(struct world *w)
{
	for (size_t i = 0; i < w->n_segments; i++) {
		const struct segment *s = &w->segments[i];

		if (!may_change(w, s) && memcmp(s->bytes, s->loaded, s->memsz))
			return wrong("segment 0x%lx is not what was loaded", s->mem);
	}
	return true;
}

static bool core_is_good(struct world *w, struct purgatory_params *p)
{
	struct segment *s = told_header(w, p);
	struct core_header h;

	if (!s)
		return wrong("elfcorehdr= is not the address of a segment");
	return header_is_sane(w, s, &h) && notes_are_there(w, &h) && memory_is_there(w, &h);
}

bool crash(struct world *w, size_t cpu)
{
	struct purgatory_params p;

	if (!run_purgatory(w, &p, cpu))
		return false;
	if (*told)
		return wrong("nothing is wrong, and the purgatory says: %s", told);
	if (w->arch != X86_64 && !tree_is_good(w, &p, cpu))
		return false;
	return core_is_good(w, &p) && rest_is_as_loaded(w);
}

/* --- what is damaged --- */

const char *segment_name(struct world *w, const struct segment *s)
{
	static struct purgatory_params p;

	if (!find_params(w, &p))
		return NULL;
	for (uint64_t i = 0; i < p.n_kept; i++)
		if (p.kept[i].start == s->mem)
			return p.kept[i].name;
	for (uint64_t i = 0; i < p.n_regions; i++)
		if (p.region[i].start - s->mem < s->memsz)
			return p.name[i].name;
	return NULL;
}

uint64_t segment_used(struct world *w, const struct segment *s)
{
	if (may_change(w, s) && !memcmp(s->bytes, "\177ELF", 4))
		return EHDR_SIZE + PHDR_SIZE * get(w, s->bytes + 56, 2);
	if (w->arch == PPC64 && !fdt_check_header(s->bytes))
		return fdt_off_dt_strings(s->bytes) + fdt_size_dt_strings(s->bytes);
	return s->memsz;
}

static sigjmp_buf fault;

static void on_fault(int signal)
{
	siglongjmp(fault, signal);
}

/* What there was when the copy was made. */
static void forget_events(struct world *w)
{
	memcpy(w->now.cpus, w->boot.cpus, w->n_cpus * sizeof(*w->now.cpus));
	if (w->n_slots)
		memcpy(w->now.slots, w->boot.slots, w->n_slots * sizeof(*w->now.slots));
	w->now.stale = (struct range){ 0, 0 };
}

enum outcome crash_damaged(struct world *w, size_t cpu, const char *name)
{
	struct purgatory_params p;
	char line[80];

	snprintf(line, sizeof(line), "purgatory: %s is damaged\r\n", name);
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	if (sigsetjmp(fault, 1))
		return SILENT;
	stopped = false;
	*told = 0;
	if (!run_purgatory(w, &p, cpu))
		return stopped && strstr(told, line) ? REFUSED : SILENT;
	if (w->arch != X86_64 && !tree_is_good(w, &p, cpu))
		return SILENT;
	if (is_mended("elfcorehdr"))
		forget_events(w);
	if (!core_is_good(w, &p))
		return SILENT;
	return is_mended(name) ? MENDED : UNNOTICED;
}
