/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The files that boot loaders read, all below one root: "/" on the machine itself, or the
 * directory where another machine's files are. No link there leads out of it.
 *
 * Only this header knows where the kernel keeps things.
 */
#ifndef NEXT_BOOT_TREE_H
#define NEXT_BOOT_TREE_H

#include <stdbool.h>

#include "common/mem.h"

#define EFI_VARIABLES	"/sys/firmware/efi/efivars"
/* systemd.io/BOOT_LOADER_INTERFACE: the vendor of its variables. */
#define LOADER_VENDOR	"4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define SELF_FDS	"/proc/self/fd"
#define TREE_ARCH	"/proc/sys/kernel/arch"
#define TREE_RELEASE	"/proc/sys/kernel/osrelease"
#define MODULES		"/usr/lib/modules"
#define LOADER_CONF	"loader/loader.conf"
#define LOADER_ENTRIES	"loader/entries"
#define EFI_LINUX	"EFI/Linux"
#define EFI_SYSTEMD	"EFI/systemd"

/* Configurations and lists are read whole; none comes near. */
#define TREE_TEXT_MAX	(1024 * 1024)

struct tree {
	const char *root;	/* "/", or a directory without a "/" at the end */
	int fd;
	struct arena arena;	/* what is found lives there */
};

/* A directory that a boot loader sees as the root of a file system: "/boot/efi". */
struct place {
	const char *name;	/* below the tree's root */
	int fd;
};

/* Each -errno has a message, but for -ENOENT: there is no such thing. */
int tree_open(struct tree *t, const char *root);
void tree_close(struct tree *t);

/* The whole tree as a place. */
struct place tree_whole(const struct tree *t);
int tree_place(const struct tree *t, const char *path, struct place *p);

/* The file's text, as a string in the arena; none of it may be larger than TREE_TEXT_MAX. */
int place_text(struct tree *t, const struct place *p, const char *path, struct buf *out);
bool place_has(const struct place *p, const char *path);

struct names {
	const char **at;
	size_t n;
};

/* What is in a directory, sorted by bytes; empty where there is none. The caller frees names.at. */
int place_list(struct tree *t, const struct place *p, const char *path, struct names *out);

/*
 * The name, links resolved, by which anybody can open the regular file that is @path to who has
 * @p as root. It is in @p, or in one of the directories where kernels are: nothing else is ever
 * given to a kernel that boots.
 */
int place_find(struct tree *t, const struct place *p, const char *path, const char **found);

#endif
