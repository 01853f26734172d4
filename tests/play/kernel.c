// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * How a kernel keeps a loaded crash image current: kernel/crash_core.c:crash_handle_hotplug_event
 * and crash_prepare_elf64_headers, arch/powerpc/kexec/crash.c, arch/powerpc/kexec/core_64.c:
 * update_cpus_node, arch/powerpc/kexec/ranges.c, arch/x86/kernel/crash.c; arm64 as in the series
 * that was posted for it, which does what x86 does.
 */
#include <err.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/play/play.h"

#define EHDR_SIZE 64
#define PHDR_SIZE 56
#define ELF_CORE_HEADER_ALIGN 4096
#define PT_LOAD 1
#define PT_NOTE 4

static struct ranges all_ram(const struct world *w)
{
	struct ranges all = ranges_copy(&w->ram);

	/* Most slots are behind what is always there, and in order. */
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->now.slots[i].present)
			ranges_add(&all, w->now.slots[i].range.start, w->now.slots[i].range.end);
	return all;
}

static void cut_all(struct ranges *r, const struct ranges *holes)
{
	for (size_t i = 0; i < holes->n; i++)
		ranges_cut(r, holes->at[i].start, holes->at[i].end);
}

static struct ranges without_regions(const struct world *w)
{
	struct ranges r = all_ram(w);

	ranges_cut(&r, 0, w->low_end);
	cut_all(&r, &w->crash);
	cut_all(&r, &w->cma);
	return r;
}

struct ranges dump_ranges(const struct world *w)
{
	struct ranges r = without_regions(w);

	for (size_t i = 0; i < w->keep.n; i++)
		ranges_add(&r, w->keep.at[i].start, w->keep.at[i].end);
	return r;
}

/* One list, by address; what the kernel adds is not merged with what it touches. */
static struct ranges header_ranges(const struct world *w, struct range gone)
{
	struct ranges r = without_regions(w), list = { 0 };
	size_t k = 0;

	ranges_cut(&r, gone.start, gone.end);
	list.at = calloc(r.n + w->keep.n + 2, sizeof(*list.at));
	if (!list.at)
		err(2, "memory");
	if (w->arch == PPC64) {
		ranges_cut(&r, 0, BACKUP_SIZE);
		list.at[list.n++] = (struct range){ 0, BACKUP_SIZE };
	}
	for (size_t i = 0; i < r.n; i++) {
		while (k < w->keep.n && w->keep.at[k].start < r.at[i].start)
			list.at[list.n++] = w->keep.at[k++];
		list.at[list.n++] = r.at[i];
	}
	while (k < w->keep.n)
		list.at[list.n++] = w->keep.at[k++];
	free(r.at);
	return list;
}

size_t excess_ranges(const struct world *w)
{
	struct ranges r = header_ranges(w, (struct range){ 0, 0 });

	free(r.at);
	return r.n > w->max_ranges ? r.n - w->max_ranges : 0;
}

static uint8_t *put_phdr(const struct world *w, uint8_t *at, uint64_t type, struct range r,
			 uint64_t vaddr)
{
	memset(at, 0, PHDR_SIZE);
	put(w, at, 4, type);
	put(w, at + 4, 4, type == PT_LOAD ? 7 : 0);
	put(w, at + 8, 8, r.start);
	put(w, at + 16, 8, vaddr);
	put(w, at + 24, 8, r.start);
	put(w, at + 32, 8, r.end - r.start);
	put(w, at + 40, 8, r.end - r.start);
	return at + PHDR_SIZE;
}

static void put_ehdr(const struct world *w, uint8_t *at, uint64_t headers)
{
	static const unsigned int machines[] = { [PPC64] = 21, [X86_64] = 62, [ARM64] = 183 };

	memset(at, 0, EHDR_SIZE);
	memcpy(at, "\177ELF\2\1\1", 7);
	put(w, at + 16, 2, 4);
	put(w, at + 18, 2, machines[w->arch]);
	put(w, at + 20, 4, 1);
	put(w, at + 32, 8, EHDR_SIZE);
	put(w, at + 52, 2, EHDR_SIZE);
	put(w, at + 54, 2, PHDR_SIZE);
	put(w, at + 56, 2, headers);
}

/* The last one whose first bytes are these, as the kernel takes it; or, for a tree, the first. */
static struct segment *find(struct world *w, const char *magic, bool last)
{
	struct segment *found = NULL;

	for (size_t i = 0; i < w->n_segments; i++)
		if ((last || !found) && !memcmp(w->segments[i].bytes, magic, 4))
			found = &w->segments[i];
	return found;
}

/* powerpc's sync_backup_region_phdr */
static void sync_backup(struct world *w, uint8_t *phdrs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!get(w, phdrs + PHDR_SIZE * i + 24, 8)) {
			put(w, phdrs + PHDR_SIZE * i + 8, 8, w->backup);
			return;
		}
}

static bool rewrite_elfcorehdr(struct world *w, struct segment *s, struct range gone)
{
	struct ranges r = header_ranges(w, gone);
	size_t headers = w->n_cpus + 1 + r.n, text = w->arch != PPC64;
	size_t size = EHDR_SIZE + PHDR_SIZE * (headers + 1);
	uint8_t *at = s->bytes + EHDR_SIZE;

	size = (size + ELF_CORE_HEADER_ALIGN - 1) / ELF_CORE_HEADER_ALIGN * ELF_CORE_HEADER_ALIGN;
	if (size > s->memsz) {
		free(r.at);
		return wrong("crash hp: update elfcorehdr elfsz %zu > memsz %lu", size, s->memsz);
	}
	memset(s->bytes, 0, size);
	put_ehdr(w, s->bytes, headers + text);
	for (size_t i = 0; i < w->n_cpus; i++) {
		const struct cpu *c = &w->boot.cpus[i];

		at = put_phdr(w, at, PT_NOTE, (struct range){ c->notes, c->notes + c->notes_size },
			      0);
	}
	at = put_phdr(w, at, PT_NOTE, w->vmcoreinfo, 0);
	if (text)
		at = put_phdr(w, at, PT_LOAD, w->text, w->text_address);
	for (size_t i = 0; i < r.n; i++)
		at = put_phdr(w, at, PT_LOAD, r.at[i], r.at[i].start + w->linear);
	if (w->arch == PPC64)
		sync_backup(w, s->bytes + EHDR_SIZE, headers);
	free(r.at);
	w->now.rewritten = true;
	w->now.stale = (struct range){ 0, 0 };
	w->now.missed_memory = false;
	w->now.missed_cpu = w->now.missed_cpu && w->arch == PPC64;
	return true;
}

/* --- the device tree --- */

static bool is_cpu(const void *fdt, int node)
{
	int len;
	const char *type = fdt_getprop(fdt, node, "device_type", &len);

	return type && len > 0 && !strcmp(type, "cpu");
}

static int delete_cpus(void *fdt, int cpus)
{
	int rc = 0, node = fdt_first_subnode(fdt, cpus);

	while (node >= 0 && rc >= 0) {
		if (is_cpu(fdt, node)) {
			rc = fdt_del_node(fdt, node);
			node = fdt_first_subnode(fdt, cpus);
		} else {
			node = fdt_next_subnode(fdt, node);
		}
	}
	return rc;
}

static int add_core(struct world *w, void *fdt, int cpus, const struct core *core)
{
	static const char zeros[1 << 16];
	int rc, node = fdt_add_subnode(fdt, cpus, core->name);

	if (node < 0)
		return node;
	for (int i = 0; i < core->n_props; i++) {
		const struct prop *p = &core->props[i];

		rc = fdt_setprop(fdt, node, p->name, p->data, p->len);
		if (rc < 0)
			return rc;
	}
	return w->now.grown ? fdt_setprop(fdt, node, "vendor,added-later", zeros, w->now.grown) : 0;
}

static bool is_live(const struct world *w, size_t core)
{
	bool live = w->cores[core].always;

	for (size_t i = 0; i < w->n_cpus; i++)
		live |= w->now.cpus[i].present && w->now.cpus[i].core == (int)core;
	return live;
}

static bool rewrite_tree(struct world *w)
{
	struct segment *s = find(w, "\xd0\x0d\xfe\xed", false);
	int cpus, rc;

	if (!s)
		return wrong("crash hp: Unable to locate FDT segment");
	if (fdt_totalsize(s->bytes) > s->memsz)
		return wrong("the tree says %u bytes, its segment has %lu", fdt_totalsize(s->bytes),
			     s->memsz);
	cpus = fdt_path_offset(s->bytes, "/cpus");
	rc = cpus < 0 ? cpus : delete_cpus(s->bytes, cpus);
	for (size_t i = 0; i < w->n_cores && rc >= 0; i++)
		if (is_live(w, i))
			rc = add_core(w, s->bytes, cpus, &w->cores[i]);
	if (rc < 0)
		return wrong("crash hp: Failed to update crash FDT: %s", fdt_strerror(rc));
	w->now.missed_cpu = false;
	return true;
}

/* --- events --- */

/* Where the kernel rewrites anything at all, it has to find this. */
static struct segment *elfcorehdr(struct world *w)
{
	uint64_t asked = w->arch == X86_64 ? 0xc : 0x8;
	struct segment *s = w->flags & asked ? find(w, "\177ELF", true) : NULL;

	if (!s)
		wrong("crash hp: unable to locate elfcorehdr segment, or flags 0x%lx", w->flags);
	return s;
}

bool kernel_cpu_event(struct world *w, bool added)
{
	struct segment *s = elfcorehdr(w);

	if (w->now.locked) {
		w->now.locked = false;
		w->now.missed_cpu = true;
		return true;
	}
	if (w->arch != PPC64)
		return s && (w->now.rewritten || rewrite_elfcorehdr(w, s, (struct range){ 0, 0 }));
	return s && (!added || rewrite_tree(w));
}

/* Of memory that goes the kernel has still the range; POWER's alone leaves it out. */
bool kernel_memory_event(struct world *w, bool added, struct range range)
{
	struct range gone = { 0, 0 };
	struct segment *s = elfcorehdr(w);

	if (w->now.locked) {
		w->now.locked = false;
		w->now.missed_memory = true;
		return true;
	}
	if (!added && w->arch == PPC64)
		gone = range;
	if (!s || !rewrite_elfcorehdr(w, s, gone))
		return false;
	if (!added && w->arch != PPC64)
		w->now.stale = range;
	return true;
}
