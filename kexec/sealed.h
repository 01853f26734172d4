/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * With --hotplug: a segment with a copy of each that the running kernel rewrites (struct kept). The
 * digest covers it. Where the purgatory finds such a segment damaged, it puts the copy there.
 */
#ifndef KEXEC_SEALED_H
#define KEXEC_SEALED_H

#include "kexec/image.h"

/* A copy begins at a multiple of this; in front of all of them is as much, which has no magic. */
#define SEALED_ALIGN 16

/*
 * When all other segments are placed and final. Nothing, where nothing would verify the copies; and
 * where there is no room for them, or no segment, with an image_doubt().
 */
int sealed_place(struct image *image);

/* Into the purgatory's parameters. */
void sealed_put(struct image *image);

/*
 * -EINVAL with a message: what the purgatory would put somewhere is not what was planned for there,
 * or not verified.
 */
int sealed_prove(const struct image *image, const struct segment *purgatory);

#endif
