/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What the running kernel will do to a loaded image when CPUs and memory come
 * and go: how much room that needs, and a rehearsal of it on a scratch copy.
 *
 * CPUs: arch/powerpc/kexec/core_64.c:update_cpus_node deletes every child of
 * /cpus with device_type "cpu" and adds the live ones with all their
 * properties, `name` included. Memory: arch/powerpc/kexec/crash.c:
 * update_crash_elfcorehdr regenerates the header.
 */
#ifndef KEXEC_HOTPLUG_H
#define KEXEC_HOTPLUG_H

#include "kexec/devicetree.h"
#include "kexec/image.h"

/* What the FDT must be able to hold. */
struct hotplug_cores {
	uint64_t possible;		/* cores, every possible CPU counted */
	const struct dt_node *largest;	/* the live CPU node that takes most bytes */
};

/* -EINVAL with a message when there is no /cpus or no CPU node in it. */
int hotplug_cores(const struct machine *m, struct hotplug_cores *cores);

/*
 * Bytes which the flattened tree @fdt lacks until every possible core, each
 * as large as the largest there is, is in it; exact for libfdt.
 */
uint64_t hotplug_fdt_needed(const struct hotplug_cores *cores, const void *fdt);

/*
 * Bytes to give beyond that, because nodes of cores that come later may have
 * properties which no present one has.
 */
uint64_t hotplug_fdt_spare(const struct hotplug_cores *cores, const void *fdt);

uint64_t hotplug_cpu_nodes(const void *fdt);

/* Do it to a copy of the @size bytes at @fdt: every possible core arrives. */
int hotplug_rehearse_fdt(const struct hotplug_cores *cores, const void *fdt, uint64_t size);

/* Every possible CPU and as many memory ranges as the kernel is prepared for arrive. */
int hotplug_rehearse_elfcorehdr(const struct machine *m, const struct segment *s);

#endif
