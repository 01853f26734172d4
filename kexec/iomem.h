/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The text of /proc/iomem (kernel/resource.c:r_show): one line "START-END : NAME" for each
 * resource, hex without 0x, END inclusive, indented by two blanks for each resource that it is in.
 * Without CAP_SYS_ADMIN all addresses read 0.
 */
#ifndef KEXEC_IOMEM_H
#define KEXEC_IOMEM_H

#include "kexec/machine.h"

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

/* The same of the machine's own. Errors have messages; that there is no such file is one, too. */
int iomem_survey(const struct machine *m, iomem_fn *fn, void *context);

/* A line of a crash region: two that touch stay two. For iomem_crash_regions() alone. */
int iomem_add_crash(struct ranges *crash, const struct iomem_line *line);

/*
 * The crash regions that the lines told of, in any order: the highest is crashk_res, where segments
 * go, and becomes machine.crash. crashk_low_res is the capture kernel's too, for devices that
 * reach no further, and goes to @low and machine.crash_more; no segment goes there, also where
 * the two touch (kernel/crash_reserve.c:reserve_crashkernel_generic).
 */
void iomem_crash_regions(struct machine *m, const struct ranges *crash, struct ranges *low);

bool iomem_is(const struct iomem_line *line, const char *name);
bool iomem_begins(const struct iomem_line *line, const char *name);

#endif
