/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Which boot loader there is, and what it would start: without one of its settings changing. */
#ifndef NEXT_BOOT_LOADER_H
#define NEXT_BOOT_LOADER_H

#include "next-boot/entry.h"
#include "next-boot/grub.h"

enum loader_kind {
	LOADER_SPECIFICATION,	/* systemd-boot, or another of the Boot Loader Specification */
	LOADER_GRUB_BLS,	/* GRUB, with entries of type 1 */
	LOADER_GRUB,
	LOADER_LINKS,		/* not known: the distribution's links, or the running version */
};

struct loader {
	enum loader_kind kind;
	const char *name;	/* for people: "systemd-boot 257 (says LoaderInfo)" */
	struct place esp, boot;	/* fd -1: there is none, or it is the other */
	struct grub grub;
	const char *machine;	/* "x64": what UEFI calls it; NULL: not known */
};

struct choice {
	const struct entry *entry;
	const char *why;
	const char *note;	/* what else is to be known; or NULL */
};

/* Find out, and read every entry, in the loader's order. */
int loader_read(struct tree *t, struct loader *l, struct entries *all);
void loader_free(struct loader *l);

/* -ENOENT with a message: there is none, or what would be started is no kernel. */
int loader_choose(struct tree *t, const struct loader *l, const struct entries *all,
		  struct choice *out);
/* By its id, or the file's name. */
int loader_choose_named(const struct entries *all, const char *name, struct choice *out);

/* What an entry names, found. */
int loader_find(struct tree *t, const struct loader *l, const struct entry *e, const char *path,
		const char **found);

#endif
