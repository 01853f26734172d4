/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which udev rules reload the crash kernel when CPUs or memory change?
 *
 * The rules are followed as udev does (udev(7)): files by name, one hides
 * those of its name in later directories; GOTO and LABEL; a line with an
 * operator that its key cannot have is ignored; a rule applies when all its
 * conditions hold. Known of an event are ACTION, SUBSYSTEM, KERNEL,
 * ATTRS{crash_hotplug} and the machine's CONST{arch}; every other condition may
 * hold or not, and what may be reached counts. A rule reloads when what it runs (RUN, PROGRAM,
 * IMPORT, or ENV{SYSTEMD_WANTS}) has "kdump" or "kexec" in its words. A PROGRAM beside a GOTO or
 * RUN is taken for a condition. RUN and ENV{SYSTEMD_WANTS} are lists: when a rule that applies
 * for certain assigns one of them ("="), nothing is left from before, and nothing is added to a
 * RUN that is assigned for good (":="). So a rule whose command does not name either is not
 * found, and whether a command does what its name says is not known.
 */
#ifndef KEXEC_UDEV_H
#define KEXEC_UDEV_H

#include "kexec/sysroot.h"

enum udev_subsystem { UDEV_CPU, UDEV_MEMORY };

/* What waits for all rules to be followed, and may be assigned anew; NONE: is done at once. */
enum udev_list { UDEV_LIST_NONE, UDEV_LIST_RUN, UDEV_LIST_WANTS, UDEV_LISTS };

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
	enum udev_list list;
	unsigned int actions;		/* on these, when crash_hotplug reads 0 */
	unsigned int ungated;		/* on these even when it reads 1 */
};

struct udev_reloads {
	struct udev_reload *at;
	size_t n;
	const char *arch;		/* CONST{arch} of the machine; NULL: not known */
	/* by subsystem and crash_hotplug: the actions for which RUN is what it is, for good */
	unsigned int final[2][2];
	size_t unread;			/* rules files that this user may not read */
};

/*
 * Look through the rules directories of a machine whose CONST{arch} is @arch. Everything that @out
 * points to is in
 * @arena. With sr->copy set, files that name kdump or kexec, or change what others have put into
 * lists, are copied.
 */
int udev_read(const struct sysroot *sr, struct arena *arena, const char *arch,
	      struct udev_reloads *out);

/*
 * The same for the text of one file, which follows those that @out knows, and @out->arch. False: it
 * has no part in it.
 */
bool udev_scan(struct arena *arena, const char *file, const char *text, struct udev_reloads *out);

/* The actions on which any rule reloads, for one subsystem. */
unsigned int udev_actions(const struct udev_reloads *r, enum udev_subsystem subsystem);

#endif
