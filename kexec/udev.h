/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which udev rules reload the crash kernel when CPUs or memory change?
 *
 * The rules are followed as udev does (udev(7)): files by name, one hides
 * those of its name in later directories; GOTO and LABEL; a rule applies when
 * all its conditions hold. Known of an event are ACTION, SUBSYSTEM, KERNEL,
 * ATTRS{crash_hotplug} and the machine's CONST{arch}; every other condition may
 * hold or not, and what may be reached counts. A rule reloads when what it runs (RUN, PROGRAM,
 * IMPORT, or ENV{SYSTEMD_WANTS}) has "kdump" or "kexec" in its words. A PROGRAM beside a GOTO or
 * RUN is taken for a condition. So a rule whose command does not name either is not found, and
 * whether a command does what its name says is not known.
 */
#ifndef KEXEC_UDEV_H
#define KEXEC_UDEV_H

#include "kexec/sysroot.h"

enum udev_subsystem { UDEV_CPU, UDEV_MEMORY };

/* ACTION of an event, as bits. */
enum {
	UDEV_ADD = 1, UDEV_ONLINE = 2, UDEV_REMOVE = 4, UDEV_OFFLINE = 8,
	UDEV_COMES = UDEV_ADD | UDEV_ONLINE,
	UDEV_GOES = UDEV_REMOVE | UDEV_OFFLINE,
};

/* One rule which reloads. */
struct udev_reload {
	const char *file;		/* path, as the user knows it */
	unsigned int line;
	enum udev_subsystem subsystem;
	unsigned int actions;		/* on these, when crash_hotplug reads 0 */
	unsigned int ungated;		/* on these even when it reads 1 */
};

struct udev_reloads {
	struct udev_reload *at;
	size_t n;
	const char *arch;		/* CONST{arch} of the machine; NULL: not known */
	size_t unread;			/* rules files that this user may not read */
};

/*
 * Look through the rules directories of a machine whose CONST{arch} is @arch. Everything that @out
 * points to is in
 * @arena. With sr->copy set, files that name kdump or kexec are copied.
 */
int udev_read(const struct sysroot *sr, struct arena *arena, const char *arch,
	      struct udev_reloads *out);

/* The same for the text of one file and @out->arch; appends to @out. */
void udev_scan(struct arena *arena, const char *file, const char *text, struct udev_reloads *out);

/* The actions on which any rule reloads, for one subsystem. */
unsigned int udev_actions(const struct udev_reloads *r, enum udev_subsystem subsystem);

#endif
