/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * How much room the FDT of a loaded image needs for what the running kernel does to
 * it when CPUs come: arch/powerpc/kexec/core_64.c:update_cpus_node deletes every
 * child of /cpus with device_type "cpu" and adds the live ones with all their
 * properties, `name` included. The planner's side; rehearse.c is the prover's.
 */
#ifndef KEXEC_ARCH_PPC64_CPUNODES_H
#define KEXEC_ARCH_PPC64_CPUNODES_H

#include "kexec/devicetree.h"
#include "kexec/image.h"

/* What the FDT must be able to hold. */
struct cpunodes {
	uint64_t possible;		/* cores, every possible CPU counted */
	const struct dt_node *largest;	/* the live CPU node that takes most bytes */
};

/* -EINVAL with a message when there is no /cpus or no CPU node in it. */
int cpunodes_count(const struct machine *m, struct cpunodes *cores);

/*
 * Bytes which @fdt, that is @tree flattened, lacks until every possible core, each
 * as large as the largest there is, is in it; exact for libfdt.
 */
uint64_t cpunodes_needed(const struct cpunodes *cores, const struct dt_node *tree,
			 const void *fdt);

/* Bytes to give beyond that, because nodes can get properties which none has now. */
uint64_t cpunodes_spare(const struct cpunodes *cores);

uint64_t cpunodes_in(const struct dt_node *tree);

#endif
