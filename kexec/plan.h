/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Options + machine + files → image: a table of steps, some of them the architecture's (struct
 * arch).
 */
#ifndef KEXEC_PLAN_H
#define KEXEC_PLAN_H

#include "kexec/image.h"

/*
 * Can this machine do at all what is asked, and image_open(). @image is from image_init() with a
 * surveyed machine.
 */
struct failure plan_open(struct image *image, struct files *files,
			 const struct plan_request *request);

/* Of an opened image; pure: no I/O. Once. */
int plan(struct image *image);

/*
 * A capture kernel of the other byte order boots, but takes the elfcorehdr for
 * nonsense (fs/proc/vmcore.c:parse_crash_elf64_headers) and has no dump:
 * -ENOEXEC with a message.
 */
int plan_check_byte_order(const struct machine *m, bool little, const char *kernel);

/*
 * What --type demands; NULL: nothing. -ENOEXEC with a message: there is no such type, or it is
 * another.
 */
int plan_check_type(const struct machine *m, const struct kernel *k, const char *type);

/*
 * The command line @wanted of a capture kernel with the word in front that keeps it from adding
 * memory by itself (struct arch, no_memory_hotplug), unless it is there already or
 * --acpi-memhotplug was given. @arch may be NULL.
 */
struct arch;
const char *plan_capture_words(struct arena *a, const struct arch *arch,
			       const struct plan_request *r, const char *wanted);

/* The name of a wish that kexec_file_load cannot be asked for, or NULL. */
const char *plan_only_kexec_load(const struct plan_request *request);
/* The same of wishes that are dropped, aloud, where the user asked for kexec_file_load. */
const char *plan_rather_kexec_load(const struct plan_request *request);

#endif
