/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Options + machine + kernel file → image. Pure: reads files, changes nothing. */
#ifndef KEXEC_PLAN_H
#define KEXEC_PLAN_H

#include "kexec/image.h"

/* @image is from image_init() with a surveyed machine. */
int plan(struct image *image, const struct plan_request *request);

/* The name of a wish that kexec_file_load cannot be asked for, or NULL. */
const char *plan_only_kexec_load(const struct plan_request *request);

#endif
