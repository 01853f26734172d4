/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The text of /proc/iomem (kernel/resource.c:r_show): one line "START-END : NAME" for each
 * resource, hex without 0x, END inclusive, indented by two blanks for each resource that it is in.
 * Without CAP_SYS_ADMIN all addresses read 0.
 */
#ifndef KEXEC_IOMEM_H
#define KEXEC_IOMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iomem_line {
	uint64_t start, end;	/* [start, end) */
	const char *name;	/* of name_len bytes, no string */
	size_t name_len;
	unsigned int depth;	/* 0: in no other */
};

/* A result < 0 stops. */
typedef int iomem_fn(const struct iomem_line *line, void *context);

/*
 * Each line that is a resource, in the order of the text; others are passed over. -EPERM (no
 * message) when there are some and all of them are 0-0; else what the callback said.
 */
int iomem_each(const char *text, iomem_fn *fn, void *context);

bool iomem_is(const struct iomem_line *line, const char *name);
bool iomem_begins(const struct iomem_line *line, const char *name);

#endif
