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
	const char *type; /* as --type calls it; NULL: as the architecture calls its ELF files */
	struct file file; /* the kernel's own bytes, unpacked; read by kernel_read() */
	struct file initrd;		/* data is NULL unless one is wrapped in with the kernel */
	char *cmdline; /* wrapped in with the kernel, for who gives none; or NULL */
	bool flat;			/* no headers: the architecture finds out the rest */
	bool little;			/* byte order of the kernel's own code and data */
	uint16_t elf_machine;
	unsigned int bits;		/* 32 or 64 */
	bool relocatable;		/* may be loaded elsewhere than linked, in steps of align */
	uint64_t align;			/* bytes, a power of two */
	uint64_t low, high;		/* [low, high) holds all pieces */
	uint64_t virtual; /* the address for which what is at low was linked; not ELF: 0 */
	uint64_t entry;	  /* its 64-bit entry, from low; ELF: e_entry; or KERNEL_NO_ENTRY */
	/* What the file says of how to boot it; an ELF or flat kernel does not. */
	uint64_t cmdline_max;		/* bytes without the NUL; 0: what the architecture says */
	uint64_t kernel_below; /* where kernel, command line and boot data must end; 0: anywhere */
	uint64_t initrd_below;		/* where the initrd must end; 0: anywhere */
	uint64_t page_size;		/* for which it was built, bytes; 0: it does not say */
	bool five_level;		/* x86: starts where 5-level paging is on (XLF_5LEVEL) */
	const uint8_t *boot_header;	/* x86: the setup header, from 0x1f1 of the file; or NULL */
	size_t boot_header_size;
	struct kernel_piece *piece;
	unsigned int n_pieces;
	struct kernel_change *change;	/* shared by copies of this; or NULL */
};

/* What of the file's own bytes is not as it was read. */
struct kernel_change {
	uint8_t *at;			/* NULL: nothing */
	uint8_t other[4];		/* what was there, or is to be */
};

#define KERNEL_NO_ENTRY UINT64_MAX	/* what the file names as entry is in none of its pieces */

struct format {
	const char *name;
	const char *type;		/* for struct kernel */
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
	struct payload kernel, initrd, cmdline;
	struct payload early;		/* an initrd that goes in front of initrd (microcode) */
	bool may_be_flat;		/* the kernel can be a flat one, meant for address load */
	uint64_t load;
};

struct wrapping {
	const char *name;		/* as --type calls it */
	bool (*probe)(const struct file *file);	/* looks at no more than headers */
	uint64_t (*extent)(const struct file *file);	/* bytes of the file to read; NULL: all */
	/* @file has been read; what is inside is checked against its size by the caller. */
	int (*locate)(const struct file *file, struct wrapped *w);
	const char *notice;		/* what the user should know when one is opened; or NULL */
};

/* What is left when everything around a kernel is off. */
struct unpacked {
	const struct wrapping *outermost;	/* NULL: there was none */
	struct file initrd;		/* data NULL: none inside; with what goes in front of it */
	char *cmdline;			/* of the outermost that has one, or NULL */
	bool may_be_flat;		/* of the innermost: see struct wrapped */
	uint64_t load;
};

/*
 * Decompress and unwrap @file until a kernel is left; what is not packed is not
 * read. What @u holds is the caller's, in any case: a file, and a string for free().
 */
int kernel_unpack(struct file *file, struct unpacked *u);

/*
 * A word for --type beside the architecture's own, as struct kernel has it in type and
 * wrapping (some have two); or NULL, and *@why it is refused if it is known.
 */
const char *kernel_type(const char *word, const char **why);
#define KERNEL_TYPES "bzImage, Image, uki, zboot, zImage, uImage"

/*
 * Open @path, unpack it and find its format and extent; a file that is not packed
 * is not read yet. Every failure has a message with the path.
 */
int kernel_open(struct kernel *kernel, struct arena *arena, const char *path);
/* The same for who does not know what it should be: what is in file, initrd and cmdline is all. */
int kernel_open_unpacked(struct kernel *kernel, const char *path);
/* Read what goes into memory: the pieces have their data then. */
int kernel_read(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

/*
 * Write @value over the four bytes at @at, which are inside a piece; kernel_swap_change() undoes
 * and redoes it.
 */
void kernel_change(struct kernel *kernel, uint8_t *at, uint64_t value);
void kernel_swap_change(const struct kernel *kernel);

/* What the 64 bytes of an Image's header say; 0: nothing (before Linux 3.17, and reserved). */
uint64_t image_page_size(const uint8_t *header);

/* The @size bytes at the linked address @addr, or NULL if the file does not hold them. */
uint8_t *kernel_bytes(const struct kernel *kernel, uint64_t addr, uint64_t size);

/* Make @k of the flat kernel in its file, meant for physical address @load. */
int kernel_understand_flat(struct kernel *kernel, struct arena *arena, uint64_t load);

/*
 * Open the initrd @path, and make one file of it and of all @more (ends with NULL; or
 * NULL), each from a multiple of 4 bytes on, as Linux wants them (init/initramfs.c). Each
 * alone must pass initrd_check(). The name of what was joined is in @arena.
 */
int initrd_open(struct file *f, struct arena *arena, const char *path, const char *const *more,
		unsigned int uimage_arch);

/*
 * Is it an initrd? What certainly is none - an ELF file, a device tree, another
 * thing in U-Boot's wrapping, or a RAM disk in it for another machine than
 * @uimage_arch (U-Boot's IH_ARCH_*; 0: any) - is -ENOEXEC, what is damaged -EINVAL.
 * *@size: bytes for memory, which is what initrd_read() leaves.
 */
int initrd_check(const struct file *f, unsigned int uimage_arch, uint64_t *size);
/* Read it, and take the wrapping off (its checksum is verified). */
int initrd_read(struct file *f);

/* Is it a unified kernel image? */
bool pe_is_uki(const struct file *f);
/*
 * A section of a PE program, before the first .profile; size 0: there is none. What of it is in the
 * file is for the caller to find out.
 */
int pe_find(const struct file *f, const char *name, struct payload *p);
/* Where the last section of a PE program ends in its file; 0: it is none. */
uint64_t pe_extent(const struct file *f);

bool uimage_probe(const struct file *f);
/* The RAM disk inside, by the header alone; errors as of initrd_check(). */
int uimage_find_initrd(const struct file *f, unsigned int arch, uint64_t *size);
/* Read @f, verify the data's checksum and leave the data alone. */
int uimage_read_inside(struct file *f);

extern const struct format format_bzimage, format_elf, format_image;
extern const struct wrapping wrapping_zimage, wrapping_uimage, wrapping_uki, wrapping_zboot;

#endif
