/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Entries, shown to people and to programs. */
#ifndef NEXT_BOOT_SHOW_H
#define NEXT_BOOT_SHOW_H

#include <stdio.h>

#include "next-boot/loader.h"

/* @next: the one that is loaded; NULL: none is. */
void show_table(const struct loader *l, const struct entries *all, const struct choice *next,
		FILE *out);
/* An array of objects, with the members that "bootctl list --json" has for the same. */
void show_json(const struct tree *t, const struct entries *all, const struct choice *next,
	       FILE *out);

/* A command as one can give it to a shell. */
void show_command(const char *program, const char *const *arguments, FILE *out);

#endif
