/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A segment that the running kernel rewrites when CPUs or memory come and go
 * describes itself: how the kernel finds it, what it has room for, and how to
 * try out what will be done to it. The rest of kexec loops over such segments.
 */
#ifndef KEXEC_KEPT_H
#define KEXEC_KEPT_H

#include <stdint.h>

struct buf;
struct image;
struct purgatory_kept;
struct segment;

/* What a kept segment holds and can hold; the planner's reckoning, for reports. */
struct room {
	uint64_t now, capacity;		/* in units of the segment: struct kept, unit */
	uint64_t needed, free;		/* bytes beyond what is used now */
};

struct kept {
	const char *what, *unit;	/* for people: "FDT", "cores" */
	const char *like;		/* what else begins so: "a device tree" */
	uint8_t magic[4];		/* the running kernel finds it by these first bytes */
	/*
	 * In: an image whose segments are finished. Do to a copy of @s what the running
	 * kernel will do when everything has come that can. -EINVAL, -ENOSPC, -E2BIG with a
	 * message. It counts and sizes by itself, so that a mistake of the planner's is
	 * not made twice.
	 */
	int (*rehearse)(const struct image *image, const struct segment *s);
	uint64_t kind; /* PURGATORY_KEPT_*: how the purgatory sees whether it is sound */
	/*
	 * The copy that it puts there where it is not, appended to @out; and what is its kind's own
	 * in @k. A negative errno with a message. NULL: the data.
	 */
	int (*seal)(const struct segment *s, struct buf *out, struct purgatory_kept *k);
	/* Is the copy, of k->sealed_size bytes, right? -EINVAL with a message. With seal. */
	int (*prove_sealed)(const struct segment *s, const uint8_t *copy,
			    const struct purgatory_kept *k);
};

/*
 * kernel/crash_core.c:crash_handle_hotplug_event looks for the last segment
 * that begins like an ELF file, and writes what crash_prepare_elf64_headers makes.
 */
extern const struct kept kept_elfcorehdr;

#endif
