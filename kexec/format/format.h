/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Kernel file formats, one file each: tables of {name, probe, load} for what a
 * kernel is, and of {name, probe, locate} for what can be wrapped around one.
 */
#ifndef KEXEC_FORMAT_FORMAT_H
#define KEXEC_FORMAT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/file.h"
#include "common/mem.h"

/* A piece of the kernel as it must lie in memory. */
struct kernel_piece {
	uint64_t addr;			/* physical, as linked */
	uint8_t *data;			/* inside the kernel's file */
	uint64_t filesz, memsz;		/* bytes; the rest of memsz is zero */
};

/* A kernel file, understood. Pieces are in ascending order and do not overlap. */
struct kernel {
	const char *format;		/* "ELF", "ELF in a zImage", for people */
	const char *wrapping;		/* outermost, as --type calls it; NULL: none */
	struct file file;		/* the kernel's own bytes, unpacked */
	struct file initrd;		/* data is NULL unless one is wrapped in with the kernel */
	bool flat;			/* no headers: the architecture finds out the rest */
	bool little;			/* byte order of the kernel's own code and data */
	uint16_t elf_machine;
	unsigned int bits;		/* 32 or 64 */
	bool relocatable;		/* may be loaded elsewhere than linked, in steps of align */
	uint64_t align;			/* bytes, a power of two */
	uint64_t low, high;		/* [low, high) holds all pieces */
	struct kernel_piece *piece;
	unsigned int n_pieces;
};

struct format {
	const char *name;
	bool (*probe)(const struct file *file);
	int (*load)(struct kernel *kernel, struct arena *arena);
};

/* Bytes of a file. */
struct payload {
	uint64_t offset, size;
};

/* What a wrapping holds; size 0: no such thing. */
struct wrapped {
	struct payload kernel, initrd;
	bool may_be_flat;		/* the kernel can be a flat one, meant for address load */
	uint64_t load;
};

struct wrapping {
	const char *name;		/* as --type calls it */
	bool (*probe)(const struct file *file);	/* looks at no more than headers */
	/* @file has been read; what is inside is checked against its size by the caller. */
	int (*locate)(const struct file *file, struct wrapped *w);
};

/* Is the kernel inside something, or compressed, so that the file cannot go as it is? */
bool kernel_is_packed(const struct file *file);

/*
 * Decompress and unwrap @file until a kernel is left. @outermost: what was
 * around it, or NULL; @w is what the innermost wrapping said.
 */
int kernel_unpack(struct file *file, const char **outermost, struct wrapped *w, struct file *initrd);

/* "zImage, uImage": the names for --type beside the architecture's own. */
bool kernel_wrapping_exists(const char *name);
#define KERNEL_WRAPPINGS "zImage, uImage"

/* Open @path, find its format and read it. Every failure has a message with the path. */
int kernel_open(struct kernel *kernel, struct arena *arena, const char *path);
void kernel_close(struct kernel *kernel);

/* The @size bytes at the linked address @addr, or NULL if the file does not hold them. */
uint8_t *kernel_bytes(const struct kernel *kernel, uint64_t addr, uint64_t size);

/* Make @k of the flat kernel in its file, meant for physical address @load. */
int kernel_load_flat(struct kernel *kernel, struct arena *arena, uint64_t load);

extern const struct format format_elf;
extern const struct wrapping wrapping_zimage, wrapping_uimage;

#endif
