/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Plans and readiness, shown: to people, to programs, and as files. */
#ifndef KEXEC_REPORT_H
#define KEXEC_REPORT_H

#include <stdio.h>

#include "kexec/image.h"
#include "kexec/readiness.h"
#include "kexec/way.h"

/* @way: how a load would load it. */
void report_text(const struct image *image, const struct way *way, FILE *out);

/*
 * The crash region to scale, or the memory from the first to the last segment of a normal image:
 * what lies where, what the running kernel may rewrite, what is free.
 */
void report_map(const struct image *image, FILE *out);

/*
 * One JSON object. "version" is 1 and grows when a member changes its meaning
 * or goes away; new members may appear. Addresses are strings ("0x20000000"):
 * many readers of JSON lose integers above 2^53. Sizes are bytes, as numbers.
 * -ENOTSUP with a message when kexec was built without json-c, or it is not there now.
 */
int report_json(const struct image *image, const struct way *way, FILE *out);

/* Readiness: its first line is the verdict, as monitoring shows it. */
void report_readiness(const struct readiness *r, FILE *out);
/* As report_json(). What is unknown is null. */
int report_readiness_json(const struct readiness *r, FILE *out);

/* A text exposition that Prometheus and OpenMetrics read. */
void report_readiness_openmetrics(const struct readiness *r, FILE *out);

/* "512 MiB" */
#define REPORT_SIZE_TEXT 32
const char *report_size(uint64_t bytes, char out[REPORT_SIZE_TEXT]);

/* DIR/NAME.bin for each segment (its bufsz bytes); the device tree is DIR/fdt.dtb. */
int report_dump(const struct image *image, const char *dir);

#endif
