/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* --record: all that kexec reads of the machine at @root, copied to the new directory @dir. */
#ifndef KEXEC_RECORD_H
#define KEXEC_RECORD_H

int record(const char *dir, const char *root);

#endif
