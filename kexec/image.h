/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The plan: what one kexec_load() call would load, and why. Pure data; built
 * by the planner, checked by prove.h, shown by report.h, loaded by syscalls.h.
 */
#ifndef KEXEC_IMAGE_H
#define KEXEC_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mem.h"
#include "common/ranges.h"
#include "kexec/elfcorehdr.h"
#include "kexec/failure.h"
#include "kexec/files.h"
#include "kexec/kept.h"
#include "kexec/machine.h"
#include "purgatory/params.h"

#define SEGMENT_MAX	16	/* KEXEC_SEGMENT_MAX, include/linux/kexec.h */

/* Flags of kexec_load(2), include/uapi/linux/kexec.h. */
#define KEXEC_ON_CRASH			0x1
#define KEXEC_UPDATE_ELFCOREHDR		0x4
#define KEXEC_CRASH_HOTPLUG_SUPPORT	0x8
#define KEXEC_DEBUG			0x10	/* not known to Linux 6.12 */

enum role {
	ROLE_KERNEL,		/* the first piece of it; others have ROLE_KERNEL_MORE */
	ROLE_KERNEL_MORE,
	ROLE_PURGATORY,
	ROLE_BACKUP,		/* where the purgatory saves what the capture kernel overwrites */
	ROLE_CORE,		/* the elfcorehdr */
	ROLE_INITRD,
	ROLE_BOOT_DATA,		/* what the second kernel is handed: a device tree, boot_params */
	ROLE_SEALED,		/* copies of what the running kernel rewrites */
	ROLE_IDMAP,		/* page tables with which the purgatory can use the caches */
};

struct segment {
	enum role role;		/* for the program */
	const char *name;	/* for people and --json, unique: "kernel", "kernel-2", "fdt" */
	const char *owner;	/* where it comes from: a file, or "built by kexec" */
	const uint8_t *data;
	uint64_t bufsz;		/* bytes of data; the kernel zeroes the rest */
	uint64_t addr, memsz;	/* physical; multiples of the running kernel's page size */
	bool digest;		/* the purgatory verifies it; of no segment with no_checks */
	const struct kept *kept;	/* how the running kernel rewrites it; NULL: it does not */
	struct room room;	/* with kept */
};

/* What the user asked for. */
struct plan_request {
	const char *kernel, *initrd;	/* paths; initrd may be NULL */
	/* Paths, to be joined behind it; ends with NULL; or NULL. */
	const char *const *more_initrds;
	const char *cmdline;		/* may be NULL: none given */
	const char *base_cmdline; /* with reuse_cmdline: instead of the running kernel's, or NULL */
	const char *remove_cmdline;	/* with reuse_cmdline: names to take out of it, or NULL */
	const char *type;		/* of the kernel file; NULL: whatever it is */
	uint64_t mem_min, mem_max;	/* every segment goes inside [min, max] */
	bool crash;			/* for a panic, else for a reboot */
	bool hotplug;
	bool no_checks;			/* no digest */
	bool reuse_cmdline, no_old_root;
	bool reuse_initrd;		/* the running kernel's, where it lies in memory */
	const char *dtb;		/* path of a device tree instead of the live one, or NULL */
	bool has_entry;			/* enter at `entry`, not in the purgatory */
	uint64_t entry;			/* physical address */
	bool no_cma, force_dtb;		/* wishes that only kexec_file_load has flags for */
	bool acpi_memhotplug;		/* the capture kernel may add memory by itself */
	unsigned int special;		/* SPECIAL_*: which of these were given */
	uint64_t serial_port, serial_baud;	/* --serial, --serial-baud; 0: not given */
	const uint8_t *seed; /* PLAN_SEED_SIZE fresh bytes for the second kernel, or NULL */
};

#define PLAN_SEED_SIZE 40

/* Wishes that do not exist on every architecture (struct arch, special). */
enum {
	SPECIAL_CONSOLE_SERIAL = 1,
	SPECIAL_SERIAL = 2,
	SPECIAL_SERIAL_BAUD = 4,
	SPECIAL_CONSOLE_VGA = 8,
	SPECIAL_NO_EFI = 16,
	SPECIAL_MEMMAP = 32,
	SPECIAL_SERIAL_AMBA = 64,
	SPECIAL_SERIAL_FIRST = 128,	/* ttyS0, on arm64 if the machine names it */
};

/*
 * What this kernel wants on this machine: struct arch, needs() fills it in, the common steps obey.
 */
struct needs {
	uint64_t kernel_align;		/* bytes, a power of two: where the kernel goes */
	uint64_t kernel_above;		/* it begins at or above; 0: anywhere */
	uint64_t kernel_below;		/* it ends at or below; 0: anywhere */
	uint64_t below;			/* the same for all that early boot touches */
	uint64_t initrd_below;		/* and for the initrd; 0: as `below` */
	/*
	 * All that early boot touches lies above the kernel, and within so many bytes from the
	 * multiple of window_align at or below it; 0: its place does not matter.
	 */
	uint64_t window, window_align;
	bool top_down; /* those go to the highest places: the low ones are wanted later */
	uint64_t above;			/* normal: no segment goes below */
	const char *above_what;		/* for messages: "the kernels" */
	uint64_t cmdline_max;		/* bytes, NUL not counted */
};

#define IMAGE_DOUBTS_MAX 4

struct image {
	const struct machine *machine;
	struct plan_request request; /* what the user asked for, with what the kernel's file says */
	struct needs needs;
	struct core core;		/* crash: what the elfcorehdr tells */
	uint64_t kernel_base;		/* where the kernel's lowest linked address went */
	uint8_t *purgatory;		/* the bytes of its segment, to be filled in */
	struct arena arena;
	/* Of struct files, which keeps what they point to. */
	struct kernel kernel;
	struct file initrd, dtb;
	struct dt_node *dtb_tree;	/* what is in dtb; NULL: the live tree serves */
	struct ranges dtb_reserve;	/* and its reserve map; its own copy */
	struct range old_initrd;	/* the running kernel's, to be used in place; else empty */

	struct segment segment[SEGMENT_MAX];
	unsigned int n_segments;
	struct purgatory_kept sealed[PURGATORY_MAX_KEPT];	/* what the purgatory looks after */
	unsigned int n_sealed;
	uint64_t entry;
	uint32_t flags;			/* of kexec_load(2), architecture included */
	bool crash, hotplug, no_checks;
	bool own_entry;			/* the user chose it */
	const char *doubt[IMAGE_DOUBTS_MAX]; /* why a dump will lack something, see image_doubt() */
	unsigned int n_doubts;
	char *cmdline;			/* as the second kernel gets it */
	int64_t reboot_cpu;		/* the CPU that must start the second kernel; -1: any */

	struct ranges free;		/* where segments may still be placed */
	struct range spare; /* a part of it that is used only where nothing else will do */
	const char *room, *more_room;	/* for messages: what free began as, how to get more */
	struct ranges usable;		/* crash: RAM that the second kernel may use */
	struct ranges dump;		/* crash: memory which the dump will contain */
	struct ranges reserve; /* what it must leave alone, in the order in which it is told */
};

void image_init(struct image *image, const struct machine *machine);
void image_free(struct image *image);

/*
 * It can be loaded, but a dump will lack something. Whoever loads it, or shows it, warns: an
 * image of kexec_file_load may be loaded instead, of which this does not hold.
 */
void image_doubt(struct image *image, const char *fmt, ...) PRINTF_LIKE(2, 3);
void image_warn(const struct image *image);

/*
 * Open and read the files which @request names, those in @files which are not: what there is of I/O
 * on the way to an image. Of a surveyed machine; what could never be placed on it is not read.
 * Messages carry the path. @files must live longer than @image. PHASE_FILES or PHASE_INITRD;
 * -ENOSPC: too large for the machine.
 */
struct failure image_open(struct image *image, struct files *files,
			  const struct plan_request *request);

/*
 * The running kernel takes pages of the crash region for itself (control code, a
 * copy of vmcoreinfo, page tables): the lowest which no segment covers, whatever else is
 * there (kernel/kexec_core.c:kimage_alloc_crash_control_pages). Leave it the lowest
 * free ones, in one piece.
 */
int image_leave_pages(struct image *image, uint64_t pages);

/* Where a segment may go. */
struct placement {
	uint64_t align;		/* bytes, power of two; at least a page is used anyway */
	uint64_t below;		/* the segment ends at or below; 0: no bound */
	bool top_down;
	uint64_t above;		/* it begins at or above */
};

/*
 * Give the segment (role, name, owner, data, bufsz and memsz set; memsz is rounded
 * up to pages) an address and append it to the image. The message of a
 * failure says what did not fit where, with numbers.
 */
int image_place(struct image *image, struct segment s, struct placement p);

/*
 * Place the kernel's pieces as one block; they keep their distances. Pieces that share
 * a page become one segment. *base is where the lowest linked address went.
 */
int image_place_kernel(struct image *image, struct placement p, uint64_t *base);

/* Where what early boot touches goes; @align as of struct placement. */
struct placement image_early(const struct image *image, uint64_t align);

#define IMAGE_BUILT "built by kexec"	/* the owner of segments that come from no file */

/* The first segment of that role, or NULL. */
struct segment *image_segment(const struct image *image, enum role role);
/* Its first address; 0: there is none. */
uint64_t image_address(const struct image *image, enum role role);

#endif
