/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

/*
 * "kexec-tools 3.0.0 (kexec-hotplug)": programs parse the first two words
 * and compare the numbers with those of kexec-tools.
 */
#define VERSION_TEXT PACKAGE_STRING " (" PACKAGE_TARNAME ")"

#endif
