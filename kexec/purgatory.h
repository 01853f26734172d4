/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The purgatory's segment: a place for it, its parameters (purgatory/params.h), the digest. */
#ifndef KEXEC_PURGATORY_H
#define KEXEC_PURGATORY_H

#include <stddef.h>

#include "kexec/image.h"
#include "purgatory/params.h"

/* Where a field of struct purgatory_params is in the blob. */
#define PURGATORY_PARAM(field) (PURGATORY_PARAMS_OFFSET + offsetof(struct purgatory_params, field))

/* And one of a region's. */
#define PURGATORY_REGION(i, field) (PURGATORY_PARAM(region) + \
				    (i) * sizeof(struct purgatory_region) + \
				    offsetof(struct purgatory_region, field))

/* And one of its name's. */
#define PURGATORY_NAME(i, field) \
	(PURGATORY_PARAM(name) + (i) * sizeof(struct purgatory_name) + \
	 offsetof(struct purgatory_name, field))

/* And one of the architecture's words. */
#define PURGATORY_ARCH(word) (PURGATORY_PARAMS_OFFSET + PURGATORY_ARCH_AT(word))

/* A place for the machine's blob; -ENOTSUP: this kexec was built without it. */
int purgatory_place(struct image *image);

/* A word of the parameters, in the running kernel's byte order; for struct arch, fill. */
void purgatory_put(struct image *image, size_t offset, uint64_t value);

/*
 * When all addresses are known: where the kernel is, what the architecture adds, what to
 * verify and the digest of it.
 */
int purgatory_fill(struct image *image);

#endif
