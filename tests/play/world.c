// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A machine's description is lines of a word and what belongs to it, numbers in hex:
 *   arch NAME BIG PAGE MAX_RANGES LOW_END LINEAR
 *   vmcoreinfo START END     text START END ADDRESS
 *   ram|crash|cma|keep START END
 *   core NAME ALWAYS         prop NAME BYTES (of the core above; "-": none)
 *   cpu NOTES SIZE HW CORE PRESENT
 *   slot START END PRESENT
 * What the model of the kernel has written is in its model.c:keep_memory().
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/play/play.h"

#define LINE_MAX_BYTES (1 << 20)

static void *more(void *array, size_t n, size_t size)
{
	/* A power of two is full. */
	if (n & (n - 1) || (n && n < 8))
		return array;
	array = realloc(array, size * (n < 8 ? 8 : 2 * n));
	if (!array)
		err(2, "memory");
	return array;
}

uint64_t get(const struct world *w, const void *from, int bytes)
{
	const uint8_t *p = from;
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | p[w->big ? i : bytes - 1 - i];
	return value;
}

void put(const struct world *w, void *to, int bytes, uint64_t value)
{
	uint8_t *p = to;

	for (int i = 0; i < bytes; i++, value >>= 8)
		p[w->big ? bytes - 1 - i : i] = (uint8_t)value;
}

static void read_arch(struct world *w, const char *text)
{
	static const char *const names[] = {
		[PPC64] = "ppc64", [X86_64] = "x86_64", [ARM64] = "arm64"
	};
	char name[16];
	int big;

	if (sscanf(text, "%15s %d %lx %lx %lx %lx", name, &big, &w->page, &w->max_ranges,
		   &w->low_end, &w->linear) != 6)
		errx(2, "arch %s", text);
	w->big = big;
	for (int i = PPC64; i <= ARM64; i++)
		if (!strcmp(name, names[i]))
			w->arch = (enum arch)i;
}

static void read_core(struct world *w, const char *text)
{
	char name[256];
	int always;

	if (sscanf(text, "%255s %d", name, &always) != 2)
		errx(2, "core %s", text);
	w->cores = more(w->cores, w->n_cores, sizeof(*w->cores));
	w->cores[w->n_cores++] = (struct core){ .name = strdup(name), .always = always };
}

static void read_prop(struct core *core, const char *text)
{
	struct prop *p;
	char name[256];
	int at = 0;

	if (sscanf(text, "%255s %n", name, &at) != 1 || !at)
		errx(2, "prop %s", text);
	core->props = more(core->props, (size_t)core->n_props, sizeof(*p));
	p = &core->props[core->n_props++];
	*p = (struct prop){ strdup(name), malloc(strlen(text) / 2 + 1), 0 };
	for (unsigned int byte; sscanf(text + at, "%2x", &byte) == 1; at += 2)
		p->data[p->len++] = (uint8_t)byte;
}

static void read_cpu(struct world *w, const char *text)
{
	struct cpu *c;
	int present;

	w->boot.cpus = more(w->boot.cpus, w->n_cpus, sizeof(*c));
	c = &w->boot.cpus[w->n_cpus++];
	if (sscanf(text, "%lx %lx %x %d %d", &c->notes, &c->notes_size, &c->hw, &c->core,
		   &present) != 5 ||
	    c->core >= (int)w->n_cores)
		errx(2, "cpu %s", text);
	c->present = c->online = present;
}

static void read_slot(struct world *w, const char *text)
{
	struct slot *s;
	int present;

	w->boot.slots = more(w->boot.slots, w->n_slots, sizeof(*s));
	s = &w->boot.slots[w->n_slots++];
	if (sscanf(text, "%lx %lx %d", &s->range.start, &s->range.end, &present) != 3)
		errx(2, "slot %s", text);
	s->present = present;
}

static void read_range(struct world *w, const char *word, const char *text)
{
	const struct {
		const char *word;
		struct ranges *to;
	} sets[] = {
		{ "ram", &w->ram }, { "crash", &w->crash }, { "cma", &w->cma }, { "keep", &w->keep }
	};
	struct range r;
	int n = sscanf(text, "%lx %lx %lx", &r.start, &r.end, &w->text_address);

	if (n == 2 && !strcmp(word, "vmcoreinfo"))
		w->vmcoreinfo = r;
	else if (n == 3 && !strcmp(word, "text"))
		w->text = r;
	for (size_t i = 0; n == 2 && i < sizeof(sets) / sizeof(*sets); i++)
		if (!strcmp(word, sets[i].word))
			ranges_add(sets[i].to, r.start, r.end);
}

static void read_line(struct world *w, const char *word, const char *text)
{
	if (!strcmp(word, "arch"))
		read_arch(w, text);
	else if (!strcmp(word, "core"))
		read_core(w, text);
	else if (!strcmp(word, "prop") && w->n_cores)
		read_prop(&w->cores[w->n_cores - 1], text);
	else if (!strcmp(word, "cpu"))
		read_cpu(w, text);
	else if (!strcmp(word, "slot"))
		read_slot(w, text);
	else
		read_range(w, word, text);
}

static void read_description(struct world *w, const char *path)
{
	char *line = malloc(LINE_MAX_BYTES), word[32];
	FILE *f = fopen(path, "r");
	int at;

	if (!f || !line)
		err(2, "%s", path);
	while (fgets(line, LINE_MAX_BYTES, f))
		if (sscanf(line, "%31s %n", word, &at) == 1)
			read_line(w, word, line + at);
	fclose(f);
	free(line);
}

static void read_exactly(FILE *f, void *to, size_t size, const char *path)
{
	if (fread(to, 1, size, f) != size)
		errx(2, "%s: too short", path);
}

static void read_segment(FILE *f, struct segment *s, const char *path)
{
	uint64_t head[3];

	read_exactly(f, head, sizeof(head), path);
	*s = (struct segment){ .mem = head[0], .memsz = head[1], .bufsz = head[2] };
	s->loaded = calloc(1, s->memsz);
	/* The purgatory's code reads the addresses that are in it. */
	s->bytes = mmap((void *)s->mem, s->memsz, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (!s->loaded || s->bytes != (void *)s->mem)
		err(2, "memory of 0x%lx", s->mem);
	read_exactly(f, s->loaded, s->bufsz, path);
}

static void read_memory(struct world *w, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint64_t head[3];

	if (!f)
		err(2, "%s", path);
	read_exactly(f, head, sizeof(head), path);
	w->entry = head[0];
	w->flags = head[1];
	w->n_segments = head[2];
	w->segments = calloc(w->n_segments, sizeof(*w->segments));
	for (size_t i = 0; i < w->n_segments; i++)
		read_segment(f, &w->segments[i], path);
	fclose(f);
}

static bool begins(const struct segment *s, const char *magic)
{
	return s->bufsz >= 4 && !memcmp(s->loaded, magic, 4);
}

/* arch/powerpc/kexec/core_64.c:machine_kexec_post_load: of each header, the first that has address
 * 0 */
static void learn_backup(struct world *w)
{
	for (size_t i = 0; i < w->n_segments; i++) {
		const uint8_t *ehdr = w->segments[i].loaded;

		if (!begins(&w->segments[i], "\177ELF"))
			continue;
		for (uint64_t k = 0, n = get(w, ehdr + 56, 2); k < n; k++)
			if (!get(w, ehdr + 64 + 56 * k + 24, 8)) {
				w->backup = get(w, ehdr + 64 + 56 * k + 8, 8);
				break;
			}
	}
}

void world_read(struct world *w, const char *description, const char *memory)
{
	read_description(w, description);
	read_memory(w, memory);
	w->low = malloc(BACKUP_SIZE);
	w->now.cpus = calloc(w->n_cpus, sizeof(*w->now.cpus));
	w->now.slots = calloc(w->n_slots + 1, sizeof(*w->now.slots));
	if (!w->n_cpus || !w->low || !w->now.cpus || !w->now.slots)
		errx(2, "%s: no CPU, or no memory", description);
	for (int i = 0; i < BACKUP_SIZE; i++)
		w->low[i] = (uint8_t)(i * 7 + (i >> 8) + 1);
	if (w->arch == PPC64)
		learn_backup(w);
	for (size_t i = 0; i < w->n_segments; i++)
		memcpy(w->segments[i].bytes, w->segments[i].loaded, w->segments[i].memsz);
}

bool may_change(const struct world *w, const struct segment *s)
{
	return begins(s, "\177ELF") ||
		(w->arch == PPC64 &&
		 (begins(s, "\xd0\x0d\xfe\xed") || w->backup - s->mem < s->memsz));
}

void world_reset(struct world *w)
{
	struct state now = { .cpus = w->now.cpus, .slots = w->now.slots };

	memcpy(now.cpus, w->boot.cpus, w->n_cpus * sizeof(*now.cpus));
	if (w->n_slots)
		memcpy(now.slots, w->boot.slots, w->n_slots * sizeof(*now.slots));
	w->now = now;
	for (size_t i = 0; i < w->n_segments; i++)
		if (may_change(w, &w->segments[i]))
			memcpy(w->segments[i].bytes, w->segments[i].loaded, w->segments[i].memsz);
}

struct segment *segment_at(struct world *w, uint64_t address)
{
	for (size_t i = 0; i < w->n_segments; i++)
		if (address - w->segments[i].mem < w->segments[i].memsz)
			return &w->segments[i];
	return NULL;
}
