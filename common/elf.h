/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Reading ELF headers, 32 and 64 bit, either byte order (System V gABI,
 * chapter 4 and 5). Everything in the file is hostile until checked here:
 * after elf_parse() no program header leads outside the file. What
 * elf_read_core() finds may lead anywhere.
 *
 * The byte order is what most of the header agrees on, not what it claims: a
 * big-endian kernel up to 6.12 at least marks its own core headers
 * little-endian (kernel/crash_core.c:crash_prepare_elf64_headers).
 */
#ifndef COMMON_ELF_H
#define COMMON_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mem.h"

#define ELF_MAGIC	"\177ELF"
#define ELF64_EHDR_SIZE	64
#define ELF64_PHDR_SIZE	56

enum { ELF_ET_EXEC = 2, ELF_ET_DYN = 3, ELF_ET_CORE = 4 };
enum { ELF_PT_LOAD = 1, ELF_PT_INTERP = 3, ELF_PT_NOTE = 4 };
enum {
	ELF_EM_386 = 3, ELF_EM_MIPS = 8, ELF_EM_PPC = 20, ELF_EM_PPC64 = 21, ELF_EM_S390 = 22,
	ELF_EM_ARM = 40, ELF_EM_X86_64 = 62, ELF_EM_AARCH64 = 183,
};

struct elf_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf {
	unsigned int bits;	/* 32 or 64 */
	bool little;
	uint16_t type, machine;
	uint64_t entry;
	uint32_t n_phdrs;
	uint32_t n_missing;	/* elf_read_core(): announced, but not there */
	const struct elf_phdr *phdr;
};

/* How many bytes from the file's start elf_parse() needs: header and program headers. */
int elf_headers_size(const uint8_t *data, size_t len, uint64_t file_size, uint64_t *need);

/*
 * Parse the headers in data[0, len) of a file of @file_size bytes; @arena
 * holds the program headers. Checks: magic, class, version, sizes, every
 * program header inside the file (except PT_NULL), no sum wraps 64 bits.
 * -ENOEXEC when it is not ELF at all, -EINVAL when it is broken ELF.
 */
int elf_parse(struct elf *elf, struct arena *arena, const uint8_t *data, size_t len,
	      uint64_t file_size);

/* Up to @len bytes at @offset of a file; *@done of them are there. */
struct elf_reader {
	int (*read)(void *from, uint64_t offset, void *buf, size_t len, size_t *done);
	void *from;
};

/*
 * The headers of a core, which may be cut off or damaged: whoever uses a
 * program header checks it. Those that are not in the file, or more than
 * @max, are left out; their number (PN_XNUM: gABI, "Number of program header
 * table entries") stays in n_missing. Errors as above, and those of @reader.
 */
int elf_read_core(struct elf *elf, struct arena *arena, const struct elf_reader *reader,
		  uint32_t max);

#endif
