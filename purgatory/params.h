/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The whole contract between the loader and the purgatory.
 *
 * The purgatory is a flat, position-independent blob. The loader copies it,
 * fills in this block at a fixed offset, and loads the result as a segment of
 * image_size bytes whose first byte is the image's entry point. All numbers
 * are in the byte order of the running kernel, in which the purgatory runs.
 *
 * What is verified are n_regions memory regions, in order. Of each the first `size`
 * bytes are in the digest, and the `zeros` bytes behind them must be zero. Only these bytes of
 * the whole image are in no region: the segments which the running kernel
 * may rewrite (with --hotplug, see kept[]), the 32 bytes of the digest itself and the names behind
 * it, which serve to say what is damaged where it is wrong, and what
 * lies behind the blob's bytes up to image_size, the purgatory's own stack and variables.
 *
 * The digest is made so that four processors, or the four parts of a vector, could work at it at
 * a time. The text is, for each region in order, its `size` bytes and as many zeros as make them a
 * multiple of 16384 (none, where they are one). It is cut into pages of 4096 bytes, numbered from
 * 0. Lane i, of 0 to 3, is the pages whose number is i modulo 4, joined in order. The digest is
 *
 *	SHA-256(SHA-256(lane 0) SHA-256(lane 1) SHA-256(lane 2) SHA-256(lane 3) table)
 *
 * of these joined: each SHA-256 is of FIPS 180-4, 32 bytes, and the table is the n_regions entries
 * of region[] with all their 24 bytes, as they are here in the block. Who knows the table knows
 * where the zeros are that were put in. Without a region there is no digest.
 *
 * Four examples, with tables of bytes 0xff instead of addresses, where byte k of all regions
 * together is (7 * k + (k >> 8)) mod 256 and the sizes are
 *	1
 *	  02a6b133343a259789b9396900ba243c83d93c1be06a3d5a8aaf4f16aaf38dc4
 *	4097, 12288
 *	  afdb89b089d5e528a4e079ec603f6be6cec5b66af3ba950af955e0bf1a2d3ca5
 *	0, 16384
 *	  e58ccf96ccf833a8aaaa241a861fa4397861511e56fe506bbb6ebfd9c932f9b5
 *	100000, 64, 16385
 *	  1eb1f687f4f379367e049b49b6774c5a427b219f6a0d9c4ac565f802e7f757af
 *
 * A region's name has, as `check`, all words of the four lanes' states when this region is in,
 * joined by exclusive or: where the digest is wrong, the first region whose check is wrong is
 * damaged. The purgatory's own come first, as the table is in them.
 *
 * Architectures differ in the words of arch[], which are named below, and in
 * what the kernel address means there; nothing else.
 *
 * This header is also included by assembly.
 */
#ifndef PURGATORY_PARAMS_H
#define PURGATORY_PARAMS_H

/*
 * ppc64: the kernel copies the first 256 bytes at the entry point to physical
 * 0, where they catch the secondary CPUs; the loader fills all but the first
 * word with the new kernel's own (arch/powerpc/kernel/misc_64.S:kexec_sequence).
 * x86_64: nobody touches them.
 */
#define PURGATORY_HEAD_SIZE	0x100
#define PURGATORY_PARAMS_OFFSET	PURGATORY_HEAD_SIZE
#define PURGATORY_MAX_REGIONS 17 /* 16 segments, and the purgatory in two pieces */
#define PURGATORY_MAX_KEPT 2
#define PURGATORY_MAGIC		0x6b78707572676131	/* "kxpurga1" */
#define PURGATORY_ARCH_WORDS	4

/*
 * Bits of the word `consoles`: where text goes. ppc64 has HVTERM, x86_64 has SERIAL and
 * VGA, arm64 has PL011 and 8250; a bit of another architecture is ignored. That the digest is wrong
 * is said there always.
 */
#define PURGATORY_CONSOLE_HVTERM	1	/* PAPR H_PUT_TERM_CHAR to vty console_port */
#define PURGATORY_CONSOLE_SERIAL	2	/* the 8250 at I/O port console_port */
#define PURGATORY_CONSOLE_VGA		4	/* text memory at 0xb8000, 80 by 25 */
#define PURGATORY_CONSOLE_PL011 8 /* Arm's PL011, or SBSA's part of it, at physical console_port \
				   */
#define PURGATORY_CONSOLE_8250		16	/* an 8250 in memory at physical console_port */
/* And one line each that the purgatory was reached, that the digest is right, where it jumps. */
#define PURGATORY_CONSOLE_VERBOSE	0x100

/*
 * arch[]: words by number, each a physical address where it says nothing else.
 * ppc64: `kernel` is where the kernel's first byte is. r3 = the FDT; r8 and r9 = OPAL's.
 */
#define PURGATORY_PPC64_FDT		0
#define PURGATORY_PPC64_OPAL_BASE	1	/* 0 where there is no OPAL */
#define PURGATORY_PPC64_OPAL_ENTRY	2
/*
 * x86_64: `kernel` is the 64-bit entry (struct kernel: where its low went + entry), which
 * is entered in long mode on the running kernel's identity map, with RSI = boot_params, CS
 * 0x10, DS, ES and SS 0x18, interrupts off, and a stack in the purgatory
 * (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol").
 */
#define PURGATORY_X86_64_BOOT_PARAMS	0
/*
 * arm64: `kernel` is where the Image's first byte is. It is entered with the MMU and the caches
 * off, as the purgatory is, and x0 = the FDT, x1 to x3 = 0 (Documentation/arch/arm64/booting.rst).
 */
#define PURGATORY_ARM64_FDT		0
#define PURGATORY_ARM64_IDMAP 1	     /* the root of page tables, 48 bits; 0: the caches stay off */
#define PURGATORY_ARM64_UART_SHIFT 2 /* CONSOLE_8250: registers are 1 << this bytes apart */
#define PURGATORY_ARM64_GRANULE 3    /* of the page tables, as TCR_EL1.TG0: 0 4 KiB, 1 64, 2 16 */

#define PURGATORY_NAMES_SIZE (PURGATORY_MAX_REGIONS * 16)

/* Offsets in the block that assembly reads. */
#define PURGATORY_KERNEL_AT (48 + PURGATORY_NAMES_SIZE)
#define PURGATORY_ARCH_AT(word) (104 + PURGATORY_NAMES_SIZE + 8 * (word))

/*
 * Bits of the word `units`: what every processor of the machine has and its kernel uses, so that
 * the digest may be made with it. Without it C does.
 */
#define PURGATORY_UNIT_LANES		1	/* what arch/NAME/lanes.h names */

/*
 * kept[].kind: what the running kernel rewrites, and so how it is known to be sound.
 * CORE: the ELF core header, of the running kernel's byte order. ARCH: of the architecture's own
 * kind; ppc64: the FDT, in which nothing changes but the CPU nodes.
 */
#define PURGATORY_KEPT_CORE 1
#define PURGATORY_KEPT_ARCH 2

#define PURGATORY_PARAMS_SIZE \
	(16 * 8 + 32 + PURGATORY_NAMES_SIZE + PURGATORY_MAX_REGIONS * 24 + PURGATORY_MAX_KEPT * 80)

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct purgatory_region {
	uint64_t start, size;		/* physical address, bytes */
	uint64_t zeros;			/* bytes behind these that are zero */
};

struct purgatory_name {
	uint32_t check; /* see above */
	char name[12];	/* of the segment, for messages; a NUL at its end */
};

/*
 * A segment which the running kernel may have rewritten, and so is in no region. Its first bytes
 * as they were loaded are in one, elsewhere: what is damaged is replaced by these.
 */
struct purgatory_kept {
	uint64_t start, size;	      /* the segment: physical address, all its bytes */
	uint64_t sealed, sealed_size; /* the copy; aligned to 16 */
	uint64_t kind;		      /* PURGATORY_KEPT_* */
	/*
	 * ARCH, ppc64: offsets in the copy. From cpus_at to cpus_end there are the nodes of CPUs.
	 * The first `spare` bytes of these are not in what was loaded: a node for a core that is
	 * not in it; 0: there is none. The numbers of its `ids` threads are at ids_at (big-endian
	 * 32 bit), the first one at reg_at as well.
	 */
	uint32_t cpus_at, cpus_end, spare, ids_at, ids, reg_at;
	char name[16]; /* for messages; a NUL at its end */
};

struct purgatory_params {
	uint64_t magic;			/* set at build time */
	uint64_t image_size;		/* set at build time: blob, bss and stack */
	uint8_t digest[32];		/* of the regions, see above */
	struct purgatory_name name[PURGATORY_MAX_REGIONS]; /* of each region */
	uint64_t kernel;		/* where to go; see arch[] */
	uint64_t backup_source;
	uint64_t backup;		/* where the source is copied to */
	uint64_t backup_size;		/* a multiple of 8; 0: nothing to copy */
	uint64_t consoles;		/* PURGATORY_CONSOLE_*; 0: none */
	uint64_t console_port;		/* see there */
	uint64_t console_divisor;	/* serial: 115200 / baud; 0: leave the port as it is set */
	uint64_t arch[PURGATORY_ARCH_WORDS];
	uint64_t n_regions;		/* 0, with a digest of zeroes: verify nothing */
	uint64_t units;			/* PURGATORY_UNIT_* */
	uint64_t n_kept;		/* 0 where nothing is verified */
	struct purgatory_region region[PURGATORY_MAX_REGIONS];
	struct purgatory_kept kept[PURGATORY_MAX_KEPT];
};

_Static_assert(sizeof(struct purgatory_params) == PURGATORY_PARAMS_SIZE, "params.h");
_Static_assert(offsetof(struct purgatory_params, kernel) == PURGATORY_KERNEL_AT, "params.h");
_Static_assert(offsetof(struct purgatory_params, arch) == PURGATORY_ARCH_AT(0), "params.h");
#endif

#endif
