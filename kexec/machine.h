/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What the machine says about itself: facts, read once, never changed.
 * What is missing is absent here too; the planner decides what it needs.
 */
#ifndef KEXEC_MACHINE_H
#define KEXEC_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/idlist.h"
#include "common/mem.h"
#include "common/ranges.h"
#include "kexec/devicetree.h"
#include "kexec/state.h"
#include "kexec/sysroot.h"

struct arch;

/* One CPU's crash notes buffer (drivers/base/cpu.c): physical address, bytes. */
struct cpu_notes {
	uint32_t cpu;
	uint64_t addr, size;
};

struct machine {
	const struct sysroot *sr;
	struct arena arena;
	const struct arch *arch;
	const struct machine *before; /* machine_survey_again(): the first survey, else NULL */

	const char *name;		/* as uname -m: "ppc64le" */
	const char *release;		/* of the running kernel */
	uint64_t page_size;		/* of the running kernel, bytes */
	bool little;			/* byte order of the running kernel */
	const char *cmdline;		/* of the running kernel */
	uint64_t hwcap, hwcap2;		/* AT_HWCAP, AT_HWCAP2 of programs; 0: not known */

	struct idlist possible, present, online;	/* CPU numbers */
	int64_t reboot_cpu;		/* on which the next kernel starts; -1: it does not say */
	struct cpu_notes *notes;	/* ascending, one for each cpuN directory that has them */
	size_t n_notes;
	uint64_t vmcoreinfo, vmcoreinfo_size;	/* physical address, bytes; 0: none */

	bool can_cpu_hotplug, can_memory_hotplug;	/* the crash_hotplug files exist */
	uint64_t elfcorehdr_size;	/* what the kernel wants, bytes; 0: it does not say */

	struct dt_node *tree;		/* NULL: the machine has none */
	struct ranges ram;		/* System RAM of the running kernel */
	uint64_t ram_managed; /* bytes of it that the kernel counts (totalram_pages); 0: unknown */
	struct ranges avoid;		/* in use by firmware or kernel: no segment goes here */
	struct range crash;		/* the crash region; start == end: none is reserved */
	struct ranges crash_more; /* a capture kernel's too, but no segment goes there: CMA, other
				     regions. Not in the dump */
	uint64_t crash_size;		/* as the kernel has it now, bytes; STATE_SIZE_UNKNOWN */
	uint64_t kernel_end;		/* physical end of the running kernel; 0: unknown */
	uint64_t real_mode_limit;	/* early boot reaches [0, limit) only */
	void *arch_facts;		/* what only the architecture understands */
};

/*
 * Only what kind of machine it is: name, release, page_size, little, hwcap, hwcap2, and arch,
 * which is NULL for one that kexec loads no kernels on.
 */
int machine_identify(struct machine *m, const struct sysroot *sr);

/* Read everything. With sr->copy set this is also what makes a snapshot. */
int machine_survey(struct machine *m, const struct sysroot *sr);
/*
 * The same again, for machine_same() with @before: read is only what changes when CPUs and memory
 * come and go.
 */
int machine_survey_again(struct machine *m, const struct machine *before);
/* Of an identified machine: its CPUs, and then its memory. What every user may read. */
int machine_survey_cpus(struct machine *m);
int machine_survey_memory(struct machine *m);
void machine_free(struct machine *m);

/*
 * "cpuN/FILE" below SYS_CPU, @file of at most CPU_FILE_MAX characters. Of large machines tens of
 * thousands are read; with printf() the names would be a fifth of a survey.
 */
#define CPU_FILE_MAX 16
#define CPU_PATH_SIZE (sizeof("cpu4294967295/") + CPU_FILE_MAX)
const char *machine_cpu_file(uint32_t cpu, const char *file, char out[CPU_PATH_SIZE]);

/*
 * Do two surveys agree on everything that hotplug changes: CPUs, memory, the
 * device tree (of which a second survey has read what they change)?
 */
bool machine_same(const struct machine *a, const struct machine *b);

/*
 * Bytes that all segments together may take: half of the memory which the
 * running kernel manages (kernel/kexec_core.c:sanity_check_segment_list). What
 * it reserved, crash regions for one, does not count. Where it does not say, of
 * all memory: too much.
 */
uint64_t machine_image_limit(const struct machine *m);

/* The running kernel's command line, in the arena; "" when it cannot be had. */
int machine_cmdline(const struct sysroot *sr, struct arena *a, const char **cmdline);

#endif
