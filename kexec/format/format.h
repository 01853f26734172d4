/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Kernel file formats, one file each: tables of {name, probe, understand} for what
 * a kernel is, and of {name, probe, locate} for what can be wrapped around one;
 * and the initial RAM disk, which U-Boot's wrapping can be around too.
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
	uint8_t *data;			/* inside the kernel's file; NULL until kernel_read() */
	uint64_t offset;		/* where that is */
	uint64_t filesz, memsz;		/* bytes; the rest of memsz is zero */
};

/* A kernel file, understood. Pieces are in ascending order and do not overlap. */
struct kernel {
	const char *format;		/* "ELF", "ELF in a zImage", for people */
	const char *wrapping;		/* outermost, as --type calls it; NULL: none */
	struct file file;		/* the kernel's own bytes, unpacked; read by kernel_read() */
	struct file initrd;		/* data is NULL unless one is wrapped in with the kernel */
	bool flat;			/* no headers: the architecture finds out the rest */
	bool little;			/* byte order of the kernel's own code and data */
	uint16_t elf_machine;
	unsigned int bits;		/* 32 or 64 */
	bool relocatable;		/* may be loaded elsewhere than linked, in steps of align */
	uint64_t align;			/* bytes, a power of two */
	uint64_t low, high;		/* [low, high) holds all pieces */
	uint64_t virtual;		/* the address for which what is at low was linked; flat: 0 */
	struct kernel_piece *piece;
	unsigned int n_pieces;
};

struct format {
	const char *name;
	bool (*probe)(const struct file *file);
	/* From the headers, of a file that need not have been read: everything but the data. */
	int (*understand)(struct kernel *kernel, struct arena *arena);
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
	uint64_t (*extent)(const struct file *file);	/* bytes of the file to read; NULL: all */
	/* @file has been read; what is inside is checked against its size by the caller. */
	int (*locate)(const struct file *file, struct wrapped *w);
};

/* Is the kernel inside something, or compressed, so that the file cannot go as it is? */
bool kernel_is_packed(const struct file *file);

/*
 * Decompress and unwrap @file until a kernel is left; what is not packed is not
 * read. @outermost: what was around it, or NULL; @w is what the innermost
 * wrapping said.
 */
int kernel_unpack(struct file *file, const char **outermost, struct wrapped *w, struct file *initrd);

/* "zImage, uImage": the names for --type beside the architecture's own. */
bool kernel_wrapping_exists(const char *name);
#define KERNEL_WRAPPINGS "zImage, uImage"

/*
 * Open @path, unpack it and find its format and extent; a file that is not packed
 * is not read yet. Every failure has a message with the path.
 */
int kernel_open(struct kernel *kernel, struct arena *arena, const char *path);
/* Read what goes into memory: the pieces have their data then. */
int kernel_read(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

/* The @size bytes at the linked address @addr, or NULL if the file does not hold them. */
uint8_t *kernel_bytes(const struct kernel *kernel, uint64_t addr, uint64_t size);

/* Make @k of the flat kernel in its file, meant for physical address @load. */
int kernel_understand_flat(struct kernel *kernel, struct arena *arena, uint64_t load);

/*
 * Is it an initrd? What certainly is none - an ELF file, a device tree, another
 * thing in U-Boot's wrapping, or a RAM disk in it for another machine than
 * @uimage_arch (U-Boot's IH_ARCH_*; 0: any) - is -ENOEXEC, what is damaged -EINVAL.
 * *@size: bytes for memory, which is what initrd_read() leaves.
 */
int initrd_check(const struct file *f, unsigned int uimage_arch, uint64_t *size);
/* Read it, and take the wrapping off (its checksum is verified). */
int initrd_read(struct file *f);
/* Is what goes into memory the file as it is? */
bool initrd_is_plain(const struct file *f);

bool uimage_probe(const struct file *f);
/* The RAM disk inside, by the header alone; errors as of initrd_check(). */
int uimage_find_initrd(const struct file *f, unsigned int arch, uint64_t *size);
/* Read @f, verify the data's checksum and leave the data alone. */
int uimage_read_inside(struct file *f);

extern const struct format format_elf;
extern const struct wrapping wrapping_zimage, wrapping_uimage;

#endif
