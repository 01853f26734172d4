/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Check a planned image as the running kernel, the purgatory and the capture
 * kernel will. It shares no code with the planner that could share a mistake:
 * it looks at the finished segments. An image that fails is never loaded.
 */
#ifndef KEXEC_PROVE_H
#define KEXEC_PROVE_H

#include "kexec/image.h"

/* 0, or a negative errno with a message that names segment and address. */
int prove(const struct image *image);

/*
 * -EINVAL, with a message that the plan is wrong because of @what: for the proofs of an
 * architecture.
 */
int prove_wrong(const char *what);

#endif
