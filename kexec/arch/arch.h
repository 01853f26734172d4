/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The only way in which the rest of kexec knows an architecture: facts, steps of the
 * story in plan.c, proofs. All of them are always compiled in: any host can plan for
 * any machine's snapshot.
 *
 * A hook returns 0, or a negative errno with a message. One that may be NULL says so.
 */
#ifndef KEXEC_ARCH_ARCH_H
#define KEXEC_ARCH_ARCH_H

#include "kexec/flaw.h"
#include "kexec/format/format.h"
#include "kexec/image.h"
#include "kexec/machine.h"

struct arch {
	const char *const *machines;	/* of uname -m, and of its purgatories; NULL ends */
	const char *type;		/* what --type calls its plain kernels */
	uint16_t elf_machine; /* of kernels and of the elfcorehdr; KEXEC_ARCH_* is this << 16 */
	uint32_t keep_flag;		/* of kexec_load(2), with --hotplug */
	/* The first Linux that keeps images, for messages; NULL: none yet. */
	const char *keeps_since;
	uint8_t uimage_arch;		/* IH_ARCH_*, U-Boot's include/image.h; 0: any */
	uint64_t command_line_size;	/* the kernel's COMMAND_LINE_SIZE, NUL included */
	/*
	 * Of the elfcorehdr that the running kernel makes: program headers beside the CPUs'
	 * notes and memory (vmcoreinfo, the kernel's text, a spare one); bytes which
	 * crash_elfcorehdr_size does not count.
	 */
	unsigned int core_phdrs, elfcorehdr_hint_lacks;
	/*
	 * cpuN/crash_notes is there for every possible CPU, not only for those which are present.
	 */
	bool notes_before_cpus;
	/*
	 * ACTION of the event (UDEV_*, kexec/udev.h) that tells of a CPU which has come, for
	 * certain: where the kernel has a device for every possible CPU nothing is ever added.
	 */
	unsigned int cpu_comes;
	/* Since there are crash_hotplug files, images of kexec_file_load have been kept current. */
	bool file_load_is_kept;
	const struct flaw *flaws;	/* of its kernels, one row for each effect */
	size_t n_flaws;
	/*
	 * A parameter that keeps a capture kernel from adding memory which was hot-added to the
	 * crashed one: it would use, and so overwrite, what is to be dumped. NULL: it never does.
	 */
	const char *no_memory_hotplug;
	/*
	 * While this exists, the firmware's tables may tell a kernel that is given no initrd of one
	 * that is long gone: it is given an empty one. The plan has it from the survey. NULL:
	 * never.
	 */
	const char *keeps_initrd;
	/* The elfcorehdr is named in the device tree, and not on the command line as well. */
	bool core_in_tree;
	unsigned int special;		/* SPECIAL_*: which of these wishes exist here */
	/* What struct image, reserve becomes for the second kernel: "reserve map". */
	const char *reserve_name;

	/*
	 * Is it, by what kernel_open() knows, a kernel for these machines? -ENOEXEC with a
	 * message that names the file. Not asked of a flat one, which has no headers.
	 */
	int (*check_kernel)(const struct kernel *kernel);

	/*
	 * Called by machine_survey() at its end. Out: tree (if there is one), ram, avoid,
	 * crash, crash_more, kernel_end, real_mode_limit, arch_facts.
	 */
	int (*survey)(struct machine *m);
	void (*forget)(struct machine *m);	/* what survey took beyond the arena */
	/* Of a surveyed machine: pages that the running kernel takes of its crash region. */
	uint64_t (*kernel_pages)(const struct machine *m);

	/* --- steps of plan(), in this order; they do no I/O --- */

	/*
	 * In: the files, the request. Out: image->needs. What cannot boot on this machine is
	 * refused here, before anything is placed.
	 */
	int (*needs)(struct image *image);
	/*
	 * In: image->free, all memory that segments may have. Out: less of it, where the
	 * second kernel does not reach; crash: image->usable. May be NULL.
	 */
	int (*room)(struct image *image);
	/*
	 * Crash. In: image->free, without the running kernel's pages. Out: image->spare. May be
	 * NULL.
	 */
	void (*spare)(struct image *image);
	/*
	 * Crash, when the kernel and the purgatory have their places. Out: image->core and
	 * image->dump, and segments of its own.
	 */
	int (*core)(struct image *image);
	/* What the command line is made of; NULL: cmdline_wanted(). In the arena. */
	const char *(*cmdline)(struct image *image);
	/*
	 * When all other segments are placed. Out: the segment of ROLE_BOOT_DATA, image->reserve.
	 */
	int (*boot_data)(struct image *image);
	/*
	 * At the end: the architecture's words in the purgatory's parameters (kexec/purgatory.h).
	 */
	int (*fill)(struct image *image);

	/* --- proofs --- */

	/*
	 * Of a finished image whose segments have passed the common proofs; the digest and the
	 * rehearsals follow.
	 */
	int (*prove)(const struct image *image);
	/*
	 * Of a surveyed machine: 0, or -ENOSPC with why no capture kernel can start in its
	 * crash region. May be NULL.
	 */
	int (*prove_region)(const struct machine *m);
};

/* For a machine name of uname(2), or NULL. */
const struct arch *arch_find(const char *uname_machine);
/* What arch_find() knows, for messages: "ppc64, ppc64le". */
char *arch_names(struct arena *a);
/*
 * CONST{arch} of udev rules, for a machine name of uname(2): systemd's word for it
 * (src/basic/architecture.c), also of machines that arch_find() does not know; or NULL.
 */
const char *arch_udev_name(const char *uname_machine);

#endif
