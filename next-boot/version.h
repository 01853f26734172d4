/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Versions, as the UAPI Group's "Version Format Specification" (UAPI.10) compares them. */
#ifndef NEXT_BOOT_VERSION_H
#define NEXT_BOOT_VERSION_H

/* Less than, equal to, greater than 0, as strcmp(3). NULL is as "". */
int version_compare(const char *a, const char *b);

#endif
