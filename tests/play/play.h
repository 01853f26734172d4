/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What comes after the load: the kernel that keeps an image current, the crash, and what the
 * capture kernel asks of the memory that it finds. From the kernel's sources, with no code of
 * kexec's but the purgatory, which is the image's own.
 */
#ifndef TESTS_PLAY_PLAY_H
#define TESTS_PLAY_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKUP_SIZE 0x10000

enum arch { PPC64, X86_64, ARM64 };

struct range {
	uint64_t start, end;
};

/* Sorted, disjoint, not touching, but where it says otherwise. */
struct ranges {
	struct range *at;
	size_t n;
};

struct cpu {
	uint64_t notes, notes_size;
	unsigned int hw;
	int core; /* its number, -1: this architecture has no nodes of cores */
	bool present, online;
};

struct prop {
	char *name;
	uint8_t *data;
	int len;
};

/* A node of the live /cpus, there while a CPU of it is present. */
struct core {
	char *name;
	struct prop *props;
	int n_props;
	bool always; /* nr_cpus=: its CPUs cannot be used, its node is there */
};

/* Memory that comes and goes. */
struct slot {
	struct range range;
	bool present;
};

struct segment {
	uint64_t mem, memsz, bufsz;
	uint8_t *bytes;	 /* at that very address of this process */
	uint8_t *loaded; /* what the load put there, memsz bytes */
};

/* What a sequence of events changes. */
struct state {
	struct cpu *cpus;
	struct slot *slots;
	int grown;   /* bytes of a property which every core's node has got */
	bool locked; /* somebody has the kernel's lock: the next event is dropped */
	bool missed_cpu, missed_memory; /* since the last event of the kind that was not dropped */
	bool rewritten;	    /* the elfcorehdr, once: struct kimage, elfcorehdr_updated */
	struct range stale; /* in the elfcorehdr, and gone: a fault of the kernel's */
};

struct world {
	enum arch arch;
	bool big;
	uint64_t entry, flags, page, max_ranges, low_end, linear;
	struct range vmcoreinfo, text;
	uint64_t text_address;
	struct ranges ram, crash, cma, keep;
	struct segment *segments;
	size_t n_segments;
	struct core *cores;
	size_t n_cores, n_cpus, n_slots;
	struct state boot, now;
	uint64_t backup; /* as the kernel learned it when it loaded the image */
	uint8_t *low;	 /* the first BACKUP_SIZE bytes of memory */
};

/* The first thing that went wrong; further ones are not told. Returns false, always. */
bool __attribute__((format(printf, 1, 2))) wrong(const char *format, ...);

/* world.c: files of tests/play/run and of the model of the kernel. End the program when no good. */
void world_read(struct world *w, const char *description, const char *memory);
/* As after the load. */
void world_reset(struct world *w);
/* Is it the kernel's to rewrite, or the purgatory's? */
bool may_change(const struct world *w, const struct segment *s);
struct segment *segment_at(struct world *w, uint64_t address);
/* In the machine's byte order, from any address. */
uint64_t get(const struct world *w, const void *from, int bytes);
void put(const struct world *w, void *to, int bytes, uint64_t value);

/* ranges.c */
void ranges_add(struct ranges *r, uint64_t start, uint64_t end);
void ranges_cut(struct ranges *r, uint64_t start, uint64_t end);
bool ranges_same(const struct ranges *a, const struct ranges *b);
struct ranges ranges_copy(const struct ranges *r);

/* kernel.c: what is in the dump; what the kernel does, with the lock or without. */
struct ranges dump_ranges(const struct world *w);
bool kernel_cpu_event(struct world *w, bool added);
bool kernel_memory_event(struct world *w, bool added, struct range range);
/* By how many they are more than the kernel was built for. */
size_t excess_ranges(const struct world *w);

/* capture.c: the machine panics on CPU number @cpu. The purgatory finds nothing wrong. */
bool crash(struct world *w, size_t cpu);
/*
 * The same where something is: bytes have changed, or the kernel has missed an event.
 * REFUSED: the purgatory stops, and the name that it says is @name's.
 */
enum outcome { SILENT, UNNOTICED, MENDED, REFUSED, OUTCOMES };
enum outcome crash_damaged(struct world *w, size_t cpu, const char *name);
/* What the purgatory calls the segment; or NULL. */
const char *segment_name(struct world *w, const struct segment *s);
/* Bytes of it that somebody reads. */
uint64_t segment_used(struct world *w, const struct segment *s);

#endif
