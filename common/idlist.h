/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Lists of CPU numbers as sysfs prints them: "0-3,8,10-11\n"
 * (kernel lib/vsprintf.c, "%*pbl"). An empty line is an empty set.
 */
#ifndef COMMON_IDLIST_H
#define COMMON_IDLIST_H

#include <stdbool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idlist {
	uint32_t *id;		/* ascending, no duplicates */
	size_t n;
};

#define IDLIST_MAX 1048576u	/* ids must be below: no kernel has more CPUs */

/* -EINVAL with a message; @list is then empty. */
int idlist_parse(struct idlist *list, const char *text);
bool idlist_has(const struct idlist *list, uint32_t id);
void idlist_free(struct idlist *list);

#endif
