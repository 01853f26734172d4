/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What GRUB would do, by its files alone: grub.cfg is a script, of which nothing is run. Its menu
 * and its default are found in the words that grub-mkconfig(8) writes; what a variable is comes
 * from the environment block (grubenv), else it is empty, as GRUB has it.
 */
#ifndef NEXT_BOOT_GRUB_H
#define NEXT_BOOT_GRUB_H

#include "next-boot/entry.h"

struct grub {
	const char *config;	/* "/boot/grub/grub.cfg", below the root; NULL: there is none */
	bool blscfg;		/* it asks for entries of type 1 */
	const char *fixed;	/* its default, as it is written there; or NULL */
	struct names names, values;	/* the environment block */
};

/* The configuration with its menu into @all, and the environment block. */
int grub_read(struct tree *t, struct grub *g, struct entries *all);
void grub_free(struct grub *g);

/* "" when it is not set. */
const char *grub_variable(const struct grub *g, const char *name);
/* @text with $NAME and ${NAME} replaced. */
const char *grub_expand(struct arena *arena, const struct grub *g, const char *text);

/* What GRUB looks for in its menu, and where that comes from; "" is the first one. */
const char *grub_default(struct arena *arena, const struct grub *g, const char **why);

/*
 * The entry that @wanted, a default of GRUB ("0", an id, a title, "MENU>ENTRY"), means among those
 * of @type; what is unknown means the first one. NULL: there is none.
 */
const struct entry *grub_find(const struct entries *all, enum entry_type type, const char *wanted);

#endif
