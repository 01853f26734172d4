/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Compressed files, recognised by their first bytes: gzip (RFC 1952), xz and
 * the older .lzma, zstd (RFC 8878). A library that was not there at configure
 * time is an honest error.
 */
#ifndef COMMON_DECOMPRESS_H
#define COMMON_DECOMPRESS_H

#include "common/file.h"

/* No kernel comes near; a bomb would. */
#define DECOMPRESS_MAX	((uint64_t)2 << 30)

bool file_is_compressed(const struct file *f);

/*
 * Read @f whole and, when it is compressed, replace it by what it decompresses
 * to. Damaged, truncated or endless input is an error:
 * there is no falling back to the raw bytes.
 */
int file_decompress(struct file *f);

#endif
