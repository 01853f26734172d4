/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The program headers of /proc/kcore (fs/proc/kcore.c:elf_kcore_store_hdr): what the running kernel
 * has mapped where, each with its physical address, or -1 where that is not one range.
 */
#ifndef KEXEC_KCORE_H
#define KEXEC_KCORE_H

#include "common/elf.h"
#include "kexec/sysroot.h"

/*
 * The headers alone: the file is as large as the address space. A file which cannot be had is no
 * error: then *@why says why (it is NULL otherwise), and @elf is empty.
 */
int kcore_headers(const struct sysroot *sr, struct arena *arena, struct elf *elf, const char **why);

#endif
