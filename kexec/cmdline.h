/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Kernel command lines as the kernel splits them (lib/cmdline.c:next_arg):
 * parameters are separated by white space, except inside double quotes. Behind
 * the word "--" there are no parameters, but arguments for init
 * (kernel/params.c:parse_args). In names dash and underscore are the same.
 */
#ifndef KEXEC_CMDLINE_H
#define KEXEC_CMDLINE_H

#include <stdbool.h>

#include "kexec/image.h"

/*
 * The next parameter at or after *p: its start and length, *p moves behind it.
 * False at the end.
 */
bool cmdline_next(const char **p, const char **word, size_t *len);

/* The first parameter NAME or NAME=...; NULL when there is none. */
const char *cmdline_find(const char *text, const char *name, size_t *len);

/*
 * The parameters of @first, those of @second; then "--", if either has one, and
 * the arguments of both. A quote that is still open where something follows is
 * closed.
 */
char *cmdline_join(struct arena *a, const char *first, const char *second);

/*
 * @text without every word NAME or NAME=... of the NULL-terminated list, behind
 * "--" too: some readers look for names anywhere (kernel/crash_reserve.c).
 */
char *cmdline_without(struct arena *a, const char *text, const char *const *names);

/*
 * What the user wants the second kernel to get: the given text, joined to what
 * --reuse-cmdline keeps of the running kernel's or --base-cmdline of its text
 * (not what only concerns the running one, nor what --remove-cmdline names). A
 * parameter which kexec itself sets is taken out.
 */
const char *cmdline_wanted(struct arena *a, const char *running,
			   const struct plan_request *request);

/* @request with the command line @inside the kernel's file (or NULL), where the user gave none. */
struct plan_request cmdline_with_inside(const struct plan_request *request, const char *inside);

#endif
