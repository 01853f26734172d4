/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Give up what the rest of the run has no use for, before anything is read that others have
 * written: capabilities(7), and system calls by a seccomp(2) filter that stays to the end. What
 * is not allowed fails with EPERM, and nobody is killed; of system calls which came after Linux
 * 5.0 libraries hear ENOSYS, for which they have another way.
 *
 * The filter is our own, of a table: a library for it would be one more to have in an initramfs.
 */
#ifndef COMMON_CONFINE_H
#define COMMON_CONFINE_H

/* What remains possible, beside reading and writing what is open, having memory, and ending. */
enum confine_purpose {
	CONFINE_OPENS = 1,	/* files are opened to be read, directories too; libraries loaded */
	CONFINE_MACHINE = 2,	/* and what the kernel tells only the privileged */
	CONFINE_WRITES = 4,	/* files are made and written, and removed */
	CONFINE_REMOVES = 8,	/* a file is removed */
	CONFINE_LOADS = 16,	/* kexec_load(2), kexec_file_load(2) */
};

/* Set by who has to look inside, as a debugger: all remains possible. */
#define CONFINE_ESCAPE "KEXEC_UNCONFINED"

/*
 * @purposes: enum confine_purpose. Where a filter cannot be had (a kernel without, an emulator, a
 * program with sanitizers, CONFINE_ESCAPE) the run goes on without, and -d says so.
 */
void confine(unsigned int purposes);

/* confine() itself: 0, or a negative errno without a message. */
int confine_now(unsigned int purposes);

#endif
