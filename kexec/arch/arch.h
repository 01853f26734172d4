/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The only way in which the rest of kexec knows an architecture. All of them
 * are always compiled in: any host can plan for any machine's snapshot.
 */
#ifndef KEXEC_ARCH_ARCH_H
#define KEXEC_ARCH_ARCH_H

#include "kexec/format/format.h"
#include "kexec/image.h"
#include "kexec/machine.h"

struct arch {
	const char *name;
	const char *type;		/* what --type calls its kernels */
	uint16_t elf_machine;		/* of kernels and of the elfcorehdr */
	uint32_t kexec_arch;		/* KEXEC_ARCH_*, include/uapi/linux/kexec.h */
	uint8_t uimage_arch;		/* IH_ARCH_*, U-Boot's include/image.h */
	uint64_t command_line_size;	/* the kernel's COMMAND_LINE_SIZE, NUL included */
	bool (*is_machine)(const char *uname_machine);
	/*
	 * ACTION of the event (UDEV_*, kexec/udev.h) that tells of a CPU which has come, for
	 * certain: where the kernel has a device for every possible CPU nothing is ever added.
	 */
	unsigned int cpu_comes;
	/* Since there are crash_hotplug files, images of kexec_file_load have been kept current. */
	bool file_load_is_kept;
	/* A kernel's own fault: what spoils crash images of kexec_file_load where it is big-endian. */
	const char *big_endian_file_flaw;
	/*
	 * A kernel's own fault: when it rewrites the elfcorehdr after a change of
	 * memory, does it keep what points to the backup region? And what to say
	 * when it is known not to.
	 */
	enum answer (*keeps_backup)(const char *release);
	const char *backup_flaw;
	/* And of a crash image of kexec_file_load, when keeps_backup says no. */
	const char *file_backup_flaw;
	/*
	 * Is it, by what kernel_open() knows, a kernel for these machines? -ENOEXEC with a
	 * message that names the file. Not asked of a flat one, which has no headers.
	 */
	int (*check_kernel)(const struct kernel *kernel);
	/* Fill in tree, ram, avoid, crash, kernel_end, real_mode_limit, arch_facts. */
	int (*survey)(struct machine *m);
	void (*release)(struct machine *m);	/* what survey took beyond the arena */
	/* Place and build every segment. NULL: so far such machines are only surveyed and recorded. */
	int (*plan)(struct image *image, const struct plan_request *request);
	/* What only this architecture can check, --hotplug's rehearsal included. */
	int (*prove)(const struct image *image);
	/* Of a surveyed machine: 0, or -ENOSPC with why no capture kernel can start in its crash region. */
	int (*prove_region)(const struct machine *m);
};

/* For a machine name of uname(2), or NULL. */
const struct arch *arch_find(const char *uname_machine);
/*
 * CONST{arch} of udev rules, for a machine name of uname(2): systemd's word for it
 * (src/basic/architecture.c), also of machines that arch_find() does not know; or NULL.
 */
const char *arch_udev_name(const char *uname_machine);
/* "ppc64, ppc64le": what arch_find() knows, for messages. */
#define ARCH_KNOWN_MACHINES "ppc64, ppc64le"

#endif
