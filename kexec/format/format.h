/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Kernel file formats: a table of {name, probe, load}, one file each.
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
	const char *format;
	struct file file;
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

/* Open @path, find its format and read it. Every failure has a message with the path. */
int kernel_open(struct kernel *kernel, struct arena *arena, const char *path);
void kernel_close(struct kernel *kernel);

/* The @size bytes at the linked address @addr, or NULL if the file does not hold them. */
uint8_t *kernel_bytes(const struct kernel *kernel, uint64_t addr, uint64_t size);

extern const struct format format_elf;

#endif
