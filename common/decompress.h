/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Compressed files, recognised by their first bytes: gzip (RFC 1952), xz, lzip
 * and the older .lzma, zstd (RFC 8878), lz4 (its frames and the older ones of lz4 -l).
 * A library that was not there at configure
 * time, or is not when it is needed (common/library.h), is an honest error.
 *
 * What gzip, xz, zstd and lz4 call good with -t is decompressed: members, streams or
 * frames in any number, empty ones among them, padding between xz streams,
 * skippable zstd and lz4 frames, dictionaries and windows of any size. Behind gzip data
 * zeroes are ignored and garbage is left out with a warning, behind lzip data
 * anything is ignored; behind xz, .lzma, zstd and lz4 data nothing else may come.
 */
#ifndef COMMON_DECOMPRESS_H
#define COMMON_DECOMPRESS_H

#include "common/file.h"

/* No kernel comes near, packed or not; a bomb would. */
#define DECOMPRESS_MAX	((uint64_t)2 << 30)

bool file_is_compressed(const struct file *f);

/*
 * Read @f whole, which is at most @max bytes, and replace it by what it decompresses
 * to, about as much at most (8 MiB more can be); for a file that file_is_compressed().
 * Damaged, truncated or endless input is an error: there is no falling back to the
 * raw bytes.
 */
int file_decompress(struct file *f, uint64_t max);

#endif
