/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * A dump of a crashed kernel with its vmcoreinfo
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst): /proc/vmcore or a copy of
 * it, or a file of makedumpfile.
 *
 * Nothing in the file is trusted. What can be read is there, what cannot is
 * not, so that a truncated dump gives what it holds. Addresses are the crashed
 * kernel's virtual addresses, values have its byte order and word size,
 * whatever machine this runs on.
 *
 * Functions that return int return 0 or a negative errno with a message:
 *	-ENOEXEC	no dump in a known format
 *	-EINVAL		a broken file, or no dump of a Linux kernel
 *	-ENOSYS		a format that this build cannot read
 *	-ENOENT		vmcoreinfo lacks a line
 *	-EFAULT		the dump lacks an address
 *	-EBADMSG	a value that cannot be
 *	others		from open(2), pread(2) and so on
 */
#ifndef VMCORE_DMESG_VMCORE_H
#define VMCORE_DMESG_VMCORE_H

#include "common/bytes.h"
#include "common/elf.h"
#include "vmcore-dmesg/input.h"
#include "vmcore-dmesg/segments.h"
#include "vmcore-dmesg/vmcoreinfo.h"

struct vmcore;

/* A file format: elfcore.c, kdumpfile.c. */
struct vmcore_format {
	/* Finds infos, the word size of the file's class, and the machine. */
	int (*open)(struct vmcore *core);
	void (*close)(struct vmcore *core);
	/*
	 * How many of @len bytes at the address are there, in one piece. They
	 * go to @buf, or, when that is NULL, *@at is where they are in memory.
	 */
	size_t (*piece)(struct vmcore *core, uint64_t address, bool physical, void *buf,
			size_t len, const uint8_t **at);
	/* Whether the address should be there, in a file that is whole. */
	bool (*covers)(struct vmcore *core, uint64_t address, bool physical);
	/* Whether the file says that it leaves this out because of its contents: zeroes, mostly. */
	bool (*left_out)(struct vmcore *core, uint64_t address, bool physical);
	/* At least so many bytes from the address on are not there; 0 when it may be. */
	uint64_t (*gap)(struct vmcore *core, uint64_t address, bool physical);
};

extern const struct vmcore_format vmcore_elf, vmcore_kdumpfile;

/* A virtual address from @first to @last, plus @add modulo 2^64, is a physical one. */
struct vmcore_direct {
	uint64_t first, last, add;
};

struct vmcore {
	struct input input;
	const struct vmcore_format *format;
	struct arena arena;
	struct elf elf;		/* only of an ELF file */
	struct segments segments[2];	/* of it, by virtual and by physical address */
	void *handle;		/* only of the other formats */
	uint64_t needs;		/* so many bytes at least belong to the file, as far as is known */
	const char *cut;	/* where the file is cut off, in words, or NULL */
	/* Why something in the file makes no sense: the first reason, or NULL. */
	const char *unread;

	struct vmcoreinfo *infos;	/* all there are, and the one that is used: */
	unsigned int n_infos;
	struct vmcoreinfo info;
	bool little;
	bool named;		/* the kernel's name (below) is where info says */
	uint16_t machine;	/* as in ELF files: e_machine */
	unsigned int class_word;	/* what the file's class says of word */
	unsigned int word;	/* bytes of the kernel's unsigned long: 4 or 8 */
	unsigned int n_direct;
	struct vmcore_direct direct[4];
	bool assumed;		/* direct is what most kernels have, and not what this one says */
	uint64_t page_table;	/* x86_64: physical address of the kernel's, 0 if not known, */
	unsigned int levels;	/* how many it has, */
	uint64_t encrypted;	/* and which bits of its entries are no addresses */
	bool rules_first;	/* these are believed, and not the file's virtual addresses */
};

static inline uint64_t vmcore_word_mask(const struct vmcore *core)
{
	return core->word == 4 ? UINT32_MAX : UINT64_MAX;
}

/* vmcore_close() what vmcore_open() was called for, also if it failed. */
int vmcore_open(struct vmcore *core, const char *name);
/* Then, before anything else: input_fill(). */
int vmcore_fill(struct vmcore *core);
/*
 * Finds infos, at least one. Whoever reads memory says which of them it goes by; log_open() does.
 */
int vmcore_read_headers(struct vmcore *core);
int vmcore_use_info(struct vmcore *core, const struct vmcoreinfo *info);
void vmcore_close(struct vmcore *core);

/* --- memory --- */

/*
 * Virtual addresses lead into a file in two ways: by its own (p_vaddr), which
 * are the guess of the program that loaded the crash kernel, or empty; and by
 * the kernel's rules (vmcoreinfo, page tables) with physical ones (p_paddr).
 * The rules come first, where the file has what they lead to, unless
 *	- all p_paddr are empty, or the format has virtual addresses of its own;
 *	- the rules are assumed (32 bits), and do not lead to the kernel's name;
 *	- they do not, but p_vaddr does.
 * The name is OSRELEASE, which is in init_uts_ns, too.
 */

/*
 * Which physical addresses the kernel has by its own account, for
 * vmcore_physical(). Where that is assumed, there may be more than one
 * possibility; false behind the last. translate.c.
 */
bool vmcore_find_direct(struct vmcore *core, unsigned int attempt);
/* False when there is no rule for the address. */
bool vmcore_physical(struct vmcore *core, uint64_t va, uint64_t *pa, size_t *len);

/*
 * How many of the @len bytes from @va on the dump holds before its first gap.
 * What was left out of it is one: not even a program that leaves out only
 * zeroes says that this is all it did.
 */
size_t vmcore_read(struct vmcore *core, uint64_t va, void *buf, size_t len);

/* An unsigned integer of @size bytes, 1 to 8; 0 where vmcore_format says that it is left out. */
int vmcore_value(struct vmcore *core, uint64_t va, size_t size, uint64_t *v);
int vmcore_pointer(struct vmcore *core, uint64_t va, uint64_t *v);
/* What is in the variable of that SYMBOL() line: an unsigned integer of @size bytes; a pointer. */
int vmcore_variable(struct vmcore *core, const char *name, size_t size, uint64_t *v);
int vmcore_pointer_variable(struct vmcore *core, const char *name, uint64_t *v);

/* A field of a structure that was read. */
static inline uint64_t vmcore_get(const struct vmcore *core, const uint8_t *p, size_t size)
{
	switch (size) {
	case 8: return core->little ? le64_get(p) : be64_get(p);
	case 4: return core->little ? le32_get(p) : be32_get(p);
	case 2: return core->little ? le16_get(p) : be16_get(p);
	default: return bytes_get(p, size, core->little);
	}
}

/*
 * An array of any size in the kernel's memory, where it is when the file is
 * mapped, else read in pieces: memory use does not depend on what the dump
 * claims.
 */
#define SPAN_PIECE ((size_t)128 * 1024)

struct span {
	struct vmcore *core;
	uint64_t va, size;
	const uint8_t *map;	/* the first so many bytes of the array, in the file */
	size_t mapped;
	uint64_t start;		/* offset in the array of what data[] holds, */
	size_t valid;		/* and how much of it */
	uint8_t *data;
};

/* @what names the array in messages. -EFAULT unless the dump covers both ends. */
int span_init(struct span *s, struct vmcore *core, const char *what, uint64_t va, uint64_t size);
void span_free(struct span *s);

const uint8_t *span_read(struct span *s, uint64_t offset, size_t len);

/*
 * @len (at most SPAN_PIECE) bytes at @offset, valid until the next call; NULL
 * when they are outside the array or not in the dump.
 */
static inline const uint8_t *span_at(struct span *s, uint64_t offset, size_t len)
{
	if (len <= s->mapped && offset <= s->mapped - len)
		return s->map + offset;
	return span_read(s, offset, len);
}

/*
 * The part from @offset on, up to @end or a multiple of SPAN_BLOCK bytes in
 * the kernel's memory, as pages are, for those who go on behind gaps: NULL when
 * it is one - not in the dump, or zeroes, as what a dump leaves out is. @len is
 * set in any case; a gap in the dump is one part.
 */
#define SPAN_BLOCK ((size_t)512)
const uint8_t *span_block(struct span *s, uint64_t offset, uint64_t end, size_t *len);

#endif
