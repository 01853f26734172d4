/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A dump of a crashed kernel: /proc/vmcore or a copy of it, an ELF core with
 * a VMCOREINFO note (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 *
 * Nothing in the file is trusted. Its size is never asked for: what can be
 * read is there, what cannot is not, so that a truncated dump gives what it
 * holds. Addresses are the crashed kernel's virtual addresses, values have
 * its byte order and word size, whatever machine this runs on.
 *
 * Functions that return int return 0 or a negative errno with a message:
 *	-ENOEXEC	not an ELF file
 *	-EINVAL		a broken ELF file, or no dump of a Linux kernel
 *	-ENOENT		vmcoreinfo lacks a line
 *	-EFAULT		the dump lacks an address
 *	-EBADMSG	a value that cannot be
 *	others		from open(2) and pread(2)
 */
#ifndef VMCORE_DMESG_VMCORE_H
#define VMCORE_DMESG_VMCORE_H

#include "common/elf.h"

/* A virtual address from @first to @last, plus @add modulo 2^64, is a physical one. */
struct vmcore_direct {
	uint64_t first, last, add;
};

struct vmcore {
	int fd;
	struct arena arena;
	struct elf elf;
	uint32_t hint;		/* the program header that held the last address */
	uint64_t end;		/* the file is known to end here or before */
	const char *info;	/* vmcoreinfo: lines of text, 0-terminated */
	unsigned int word;	/* bytes of the kernel's unsigned long: 4 or 8 */
	unsigned int n_direct;
	struct vmcore_direct direct[2];	/* for loaders that left p_vaddr empty or wrong */
};

/* vmcore_close() what vmcore_open() was called for, also if it failed. */
int vmcore_open(struct vmcore *core, const char *name);
int vmcore_read_headers(struct vmcore *core);
void vmcore_close(struct vmcore *core);

/* --- vmcoreinfo --- */

bool vmcore_has_symbol(const struct vmcore *core, const char *name);
/* The address of the kernel's variable @name: SYMBOL(name). */
int vmcore_symbol(const struct vmcore *core, const char *name, uint64_t *va);
/* @key is complete: "SIZE(atomic_long_t)"; negative numbers as two's complement. */
int vmcore_number(const struct vmcore *core, const char *key, uint64_t *v);
/* "6.12.0", or "?": fit to be printed. */
const char *vmcore_release(struct vmcore *core);

/* --- memory --- */

/* How many of the @len bytes from @va on the dump holds before its first gap. */
size_t vmcore_read(struct vmcore *core, uint64_t va, void *buf, size_t len);

/* An unsigned integer of @size bytes, 1 to 8. */
int vmcore_value(struct vmcore *core, uint64_t va, size_t size, uint64_t *v);
int vmcore_pointer(struct vmcore *core, uint64_t va, uint64_t *v);

/*
 * An array of any size in the kernel's memory, read in pieces: memory use
 * does not depend on what the dump claims.
 */
#define SPAN_PIECE ((size_t)128 * 1024)

struct span {
	struct vmcore *core;
	uint64_t va, size;
	uint64_t start;		/* offset in the array of what data[] holds, */
	size_t valid;		/* and how much of it */
	uint8_t *data;
};

/* @what names the array in messages. -EFAULT unless the dump covers both ends. */
int span_init(struct span *s, struct vmcore *core, const char *what, uint64_t va, uint64_t size);
void span_free(struct span *s);

/*
 * @len (at most SPAN_PIECE) bytes at @offset, valid until the next call; NULL
 * when they are outside the array or not in the dump.
 */
const uint8_t *span_at(struct span *s, uint64_t offset, size_t len);

#endif
