/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The lines that a kernel leaves for those who read its memory
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst, kernel/vmcore_info.c):
 * KEY=VALUE, where a key is SYMBOL(name), OFFSET(struct.field), SIZE(type),
 * NUMBER(name) or a word. A zero ends them.
 *
 * Functions that return int return 0 or a negative errno with a message:
 *	-ENOENT		there is no such line
 *	-EBADMSG	its value is no number
 */
#ifndef VMCORE_DMESG_VMCOREINFO_H
#define VMCORE_DMESG_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most so many bytes are kept. */
#define VMCOREINFO_MAX (1u << 20)	/* the kernel's is one page */

struct vmcoreinfo {
	const char *text;	/* 0-terminated, but may have zeroes in front of its end */
	size_t len;
	bool little;		/* the byte order of the note that it was in */
	uint64_t at;		/* where in an ELF file it begins */
};

bool vmcoreinfo_has_symbol(const struct vmcoreinfo *info, const char *name);
/* The address of the kernel's variable @name: SYMBOL(name). */
int vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name, uint64_t *va);
/* @key is complete: "SIZE(atomic_long_t)"; negative numbers as two's complement. */
int vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *v);
/* The same for lines that need not be there: false then, without a message. */
bool vmcoreinfo_has_number(const struct vmcoreinfo *info, const char *key, uint64_t *v);
bool vmcoreinfo_has_hex(const struct vmcoreinfo *info, const char *key, uint64_t *v);
/* "6.12.0", of @len bytes, without a zero behind; "?" where there is none. Fit to be printed. */
const char *vmcoreinfo_release(const struct vmcoreinfo *info, size_t *len);

#endif
