/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* ppc64 and ppc64le: LPARs and guests (pseries), bare metal (powernv). */
#ifndef KEXEC_ARCH_PPC64_PPC64_H
#define KEXEC_ARCH_PPC64_PPC64_H

#include "kexec/arch/arch.h"

/* arch/powerpc/include/asm/crashdump-ppc64.h */
#define PPC64_BACKUP_SIZE	0x10000

/* A word in the kernel that says whether it stays where it is: arch/powerpc/kernel/head_64.S */
#define PPC64_RUN_AT_LOAD	0x5c		/* __run_at_load */
#define PPC64_RUN_AT_LOAD_OFF	0x72756e30	/* "run0" */

/* The linear map, arch/powerpc/include/asm/page.h:PAGE_OFFSET */
#define PPC64_PAGE_OFFSET	0xc000000000000000ull

/*
 * Memory gets into it in whole aligned pieces of at most this size: the large
 * page of a hash MMU (arch/powerpc/mm/book3s64/hash_utils.c:htab_bolt_mapping).
 * Smaller memory costs no less: sections have this size too (sparsemem.h).
 */
#define PPC64_LINEAR_PIECE	((uint64_t)16 << 20)

/*
 * Memory is cut to whole ones before anything is moved:
 * arch/powerpc/kernel/prom.c:early_init_devtree
 */
#define PPC64_MEMORY_STEP	((uint64_t)16 << 20)

/*
 * RTAS takes addresses of 32 bits, of the kernel's own data too:
 * arch/powerpc/kernel/rtas.c:rtas_args
 */
#define PPC64_RTAS_REACHES	((uint64_t)4 << 30)

/* A present CPU and the number that firmware knows it by (its thread's "server"). */
struct ppc64_cpu {
	uint32_t cpu, hardware_id;
};

struct ppc64_facts {
	struct dt_cells cells;		/* of the root node */
	struct ranges memory;		/* all RAM of the device tree */
	struct ppc64_cpu *cpu;		/* ascending; those whose number the kernel says */
	size_t n_cpus;
	struct ranges rtas, opal, reserved;	/* each also in machine.avoid */
	struct ranges pointed;	/* what the tree points to (pointers.c): also in machine.avoid */
	struct ranges coherent; /* memory of GPUs: also in machine.avoid, never in the dump */
	uint64_t opal_base, opal_entry;
	bool guest;			/* under a hypervisor: no OPAL */
	bool radix;			/* the MMU in use */
	bool keystore;			/* PLPKS: its password is in the kernel alone */
	bool hvterm;			/* stdout is a PAPR virtual terminal */
	uint64_t hvterm_unit;
};

/* flaws.c */
enum answer ppc64_keeps_backup(const char *release);
#define PPC64_N_FLAWS 3
extern const struct flaw ppc64_flaws[PPC64_N_FLAWS];

int ppc64_survey(struct machine *m);
void ppc64_forget(struct machine *m);

/*
 * Where a kernel that is told of @memory (merged) cuts it to whole PPC64_MEMORY_STEPs: the
 * lowest stay (mm/memblock.c:memblock_enforce_memory_limit). UINT64_MAX: nowhere, there is
 * not one step.
 */
uint64_t ppc64_memory_cut(const struct ranges *memory);

/* All memory which a tree describes, merged. @cells: of its root. */
int ppc64_memory_of(const struct dt_node *tree, struct dt_cells cells, struct ranges *memory);

/*
 * A piece of memory that one property of a node points to, or two (base and
 * size). Kernels read it through their linear map and fault where that has
 * nothing: it must be memory of the next kernel too, or not be pointed to.
 */
struct ppc64_pointer {
	const char *base, *size;	/* the properties' names; the same when one holds both */
	const char *why;
	uint64_t start, bytes;
};

/* The callback may take the properties out of the node. */
typedef int ppc64_pointer_fn(struct dt_node *node, const struct ppc64_pointer *p, void *context);
/* -EINVAL (with a message) for a length no kernel reads; else what the callback says, < 0 stops. */
int ppc64_each_pointer(const struct machine *m, struct dt_node *tree, ppc64_pointer_fn *fn,
		       void *context);

#define PPC64_DRCONF "ibm,dynamic-reconfiguration-memory"

/*
 * LMBs: the memory of /ibm,dynamic-reconfiguration-memory (drmem.h), in the
 * order of the property, v1 or v2: @n of them, each of @size bytes, one behind the
 * other. Those that are usable end below 2^64. The callback's non-zero result stops.
 */
struct ppc64_lmbs {
	uint64_t base, size, n;
	bool usable;		/* assigned to this partition and not reserved */
};

typedef int ppc64_lmbs_fn(const struct ppc64_lmbs *lmbs, void *context);
int ppc64_each_lmb(const struct dt_node *drconf, struct dt_cells cells, ppc64_lmbs_fn *fn,
		   void *context);

/* The node, or NULL. */
struct dt_node *ppc64_drconf(const struct dt_node *root);

/* kernel.c */
int ppc64_check_kernel(const struct kernel *k);
/* Find the byte order of a flat kernel, which is in its own bytes. */
int ppc64_understand_flat(struct kernel *k);

/* The steps of struct arch: needs.c, room.c, crash.c, fdt.c, purgatory.c. */
int ppc64_needs(struct image *image);
const char *ppc64_cmdline(struct image *image);
int ppc64_room(struct image *image);
int ppc64_core(struct image *image);
int ppc64_boot_data(struct image *image);
int ppc64_fill(struct image *image);

/*
 * dtb.c: may this machine boot from image->dtb_tree? Takes out of image->free
 * what is not free there and chooses image->reboot_cpu.
 */
int ppc64_check_dtb(struct image *image);
/* Put into a copy of it what only the running kernel knows. */
void ppc64_complete_dtb(struct image *image, struct dt_node *tree);

/* tree.c: turn a copy of the live tree into the second kernel's; fill image->reserve too. */
int ppc64_new_tree(struct image *image, struct dt_node **tree);

/*
 * rehearse.c: arch/powerpc/kexec/core_64.c:update_cpus_node, with a node for every core that
 * can be there, each as large as the largest of now and grown as far as new firmware
 * lets them grow. -EINVAL, -ENOSPC with a message: not all of them fit.
 */
int ppc64_rehearse_fdt(const struct machine *m, const void *fdt, uint64_t size);
/*
 * The FDT: the kernel finds the first segment that begins so
 * (arch/powerpc/kexec/crash.c:get_fdt_index).
 */
extern const struct kept ppc64_kept_cpus;

/* seal.c: its copy for the purgatory (struct kept). */
int ppc64_seal_fdt(const struct segment *s, struct buf *out, struct purgatory_kept *k);
int ppc64_prove_sealed(const struct segment *s, const uint8_t *copy,
		       const struct purgatory_kept *k);

int ppc64_prove(const struct image *image);

/*
 * capture.c: does the capture kernel find the memory which it takes while it starts? -ENOSPC
 * with a message where it cannot, whatever it is configured for; a warning where
 * it will hardly do. @fdt: the finished one, with its memory and what is reserved.
 */
int ppc64_prove_start(const struct image *image, const struct segment *fdt);
/* The same of the crash region with nothing in it: what is certain for any image. */
int ppc64_prove_region(const struct machine *m);

/*
 * A process or hash table is one piece, on a multiple of its size. Make the best place for
 * one in image->free spare, so that the image's own segments do not take the last.
 */
void ppc64_leave_piece(struct image *image);

/* What no capture kernel does without must be below; UINT64_MAX: it may be anywhere. */
uint64_t ppc64_low_memory(const struct machine *m);

#endif
