/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The files that a request names, opened once. What is proved of them is what is loaded: by either
 * system call, by the first try and by each that follows it.
 */
#ifndef KEXEC_FILES_H
#define KEXEC_FILES_H

#include "common/ranges.h"
#include "kexec/devicetree.h"
#include "kexec/format/format.h"

struct arch;
struct plan_request;

/* Steps of progress.h. */
#define FILES_STEP_KERNEL "reading the kernel"
#define FILES_STEP_INITRD "reading the initrd"

struct files {
	struct arena arena;
	struct kernel kernel;		/* unpacked; file.name NULL: not opened yet */
	struct file initrd; /* the one named, else the one inside the kernel; name NULL: none yet */
	struct file dtb;
	struct dt_node *dtb_tree;	/* what is in dtb; NULL: not read */
	struct ranges dtb_reserve;	/* and its reserve map */
	int kernel_copy, initrd_copy;	/* see files_kernel_fd(); -1: there is none */
};

void files_init(struct files *f);
void files_free(struct files *f);

/*
 * What is open stays; the errors are those of opening, with messages. @arch NULL: kexec knows no
 * such machine, so the kernel is unpacked and not looked at.
 */
int files_open_kernel(struct files *f, const struct plan_request *request, const struct arch *arch);
/* With the kernel open. *size: bytes for memory; 0: there is no initrd. */
int files_open_initrd(struct files *f, const struct plan_request *request, const struct arch *arch,
		      uint64_t *size);

/*
 * For kexec_file_load, of opened files: the file's own descriptor where it goes as it is, so that
 * the running kernel sees its signature and its extended attributes; of what only exists unpacked,
 * or on a device, which it does not read, a sealed copy in memory. *fd -1: there is no initrd.
 * -EFBIG with a message: more than the call takes, which may be right for the other one.
 */
int files_kernel_fd(struct files *f, int *fd);
int files_initrd_fd(struct files *f, int *fd);
/* Of one without files: a page of zeroes, the call takes no file of 0 bytes. */
int files_empty_initrd_fd(struct files *f, int *fd);

/* What those descriptors hold now is what was opened, as far as that can be known. */
bool files_are_unchanged(const struct files *f);

/* What was read of them is still in memory: file_holds(). For kexec_load. */
bool files_hold(const struct files *f);

#endif
