/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What a boot loader could start: entries of the UAPI Group's "Boot Loader Specification"
 * (UAPI.1), of GRUB's menu, and kernels in /boot. Text from files, as it was there: hostile.
 */
#ifndef NEXT_BOOT_ENTRY_H
#define NEXT_BOOT_ENTRY_H

#include "next-boot/tree.h"

enum entry_type {
	ENTRY_TYPE1,	/* a file in loader/entries */
	ENTRY_TYPE2,	/* a unified kernel image in EFI/Linux */
	ENTRY_GRUB,	/* of grub.cfg */
	ENTRY_KERNEL,	/* a kernel in /boot or /usr/lib/modules */
};

#define ENTRY_NOT_COUNTED (-1)

struct entry {
	enum entry_type type;
	struct place place;		/* whose files the entry names */
	/* By which it is chosen; of types 1 and 2 the file's name without boot counters. */
	const char *id;
	const char *path;		/* of what describes it, below the tree's root */
	/* Of the rest each may be NULL. */
	const char *title, *sort_key, *version, *machine_id, *architecture, *profile;
	const char *options;
	const char *kernel, *efi, *uki;	/* a path for who has the place as root */
	const char *devicetree;
	struct names initrd;
	int left, done;			/* boot counters, or ENTRY_NOT_COUNTED */
	int menu;			/* ENTRY_GRUB: the menu that holds it, or -1 */
	int index;			/* ... and how many are before it there */
	bool submenu;			/* ... and it is itself one */
	const char *device;		/* ENTRY_GRUB: where GRUB finds its files; or NULL */
	const char *unsure;		/* what decides if it is in the menu at all; NULL: it is */
	const char *doubt;		/* why nobody knows what it starts; or NULL */
};

struct entries {
	struct entry *at;
	size_t n;
};

/* Add a new one; good until the next is added. */
struct entry *entries_add(struct entries *all, enum entry_type type, const struct place *p,
			  const char *id);
void entries_free(struct entries *all);

/* Those of types 1 and 2 in @p. What makes no sense is left out with a notice. */
int entries_read(struct tree *t, const struct place *p, struct entries *all);
/* Kernels in /boot, and of modules whose kernel is not there; each with its initrd in /boot. */
int entries_read_kernels(struct tree *t, struct entries *all);

/* "NAME+LEFT-DONE.conf": the name without counters, and what they are. */
const char *entry_id(struct arena *arena, const char *file, int *left, int *done);

/*
 * Is @a to be before @b? systemd-boot's order is that of the specification; GRUB knows no sort
 * keys, and compares names alone.
 */
int entry_compare(const struct entry *a, const struct entry *b);
void entries_sort(struct entries *all, bool by_name);

/* What is started: of kernel, uki and efi the one that there is; NULL: none. */
const char *entry_image(const struct entry *e);

/* "KEY VALUE" in lines: the next one's key and value, or false. Comments are passed. */
bool entry_line(char **text, char **key, char **value);

/* The words between white space; what they point into is @text. */
void entry_words(struct arena *arena, const char *text, struct names *out);

#endif
