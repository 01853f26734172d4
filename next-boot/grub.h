/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What GRUB would do, by its files alone. Of grub.cfg, a script, nothing is run: what it does to
 * variables and the menu is followed, and where a condition is about what only GRUB knows, what
 * depends on it is not known either. Variables begin as the environment block (grubenv) has them.
 */
#ifndef NEXT_BOOT_GRUB_H
#define NEXT_BOOT_GRUB_H

#include "next-boot/entry.h"

struct grub {
	const char *config;	/* "/boot/grub/grub.cfg", below the root; NULL: there is none */
	const char *directory;	/* ... where that is */
	bool blscfg;		/* it asks for entries of type 1 */
	size_t n_at_blscfg;	/* of the variables, those that were set then */
	size_t n_outside;	/* ... and those of the menus around this one: not in it */
	struct names exported;
	int before_blscfg;	/* entries of its own that are before those */
	const char *fixed;	/* its default; NULL: not known, which is about default_about */
	const char *default_of, *default_about; /* a variable that it was set from; or NULL */
	const char *unread;	    /* another file that it has read; NULL: all are known */
	struct names names, values; /* the last one counts; a value of NULL: not known */
};

/* The configuration with its menu into @all, and the environment block. */
int grub_read(struct tree *t, struct grub *g, struct entries *all);
void grub_free(struct grub *g);

/* @text with $NAME and ${NAME} replaced. @doubt is set where not all of them are known. */
const char *grub_expand(struct arena *arena, const struct grub *g, const char *text,
			const char **doubt);

/*
 * What GRUB looks for in its menu, and where that comes from; "" is the first one. -EINVAL with a
 * message: that cannot be known.
 */
int grub_default(const struct grub *g, const char **wanted, const char **why);

/*
 * The entry that @wanted, a default of GRUB ("0", an id, a title, "MENU>ENTRY"), means in its menu;
 * what is unknown means the first one (@matches is false). NULL: there is none. @unsure: what
 * decides whether it is that one; or NULL.
 */
const struct entry *grub_find(const struct grub *g, const struct entries *all, const char *wanted,
			      bool *matches, const char **unsure);

#endif
