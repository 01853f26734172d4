/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The VMCOREINFO notes of an ELF core (gABI, chapter 5, "Note Section"). */
#ifndef VMCORE_DMESG_NOTES_H
#define VMCORE_DMESG_NOTES_H

#include "vmcore-dmesg/vmcore.h"

/*
 * Fill core->infos, in the order of the file. When none of the notes is whole,
 * and about a log, all bytes of notes are searched, too: another note's sizes
 * may be damaged, or the headers not in the notes' byte order.
 * -EINVAL when there is none; what input_read() says when it cannot be read.
 */
int notes_find(struct vmcore *core);

#endif
