/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Integers in memory of a stated byte order, at any alignment.
 *
 * Device trees are big-endian; ELF files and the purgatory's parameters have
 * the order of the machine they are for, which need not be this one.
 * No other file swaps bytes.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t be16_get(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be32_get(const void *p)
{
	return (uint32_t)be16_get(p) << 16 | be16_get((const uint8_t *)p + 2);
}

static inline uint64_t be64_get(const void *p)
{
	return (uint64_t)be32_get(p) << 32 | be32_get((const uint8_t *)p + 4);
}

static inline uint16_t le16_get(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[1] << 8 | b[0]);
}

static inline uint32_t le32_get(const void *p)
{
	return (uint32_t)le16_get((const uint8_t *)p + 2) << 16 | le16_get(p);
}

static inline uint64_t le64_get(const void *p)
{
	return (uint64_t)le32_get((const uint8_t *)p + 4) << 32 | le32_get(p);
}

/* The low @size bytes of @v (1 to 8) in the order that @little says. */
static inline void bytes_put(void *p, uint64_t v, size_t size, bool little)
{
	uint8_t *b = p;

	for (size_t i = 0; i < size; i++)
		b[little ? i : size - 1 - i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t bytes_get(const void *p, size_t size, bool little)
{
	const uint8_t *b = p;
	uint64_t v = 0;

	if (size == 8)
		return little ? le64_get(p) : be64_get(p);
	if (size == 4)
		return little ? le32_get(p) : be32_get(p);
	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)b[little ? i : size - 1 - i] << (8 * i);
	return v;
}

static inline void be32_put(void *p, uint32_t v) { bytes_put(p, v, 4, false); }
static inline void be64_put(void *p, uint64_t v) { bytes_put(p, v, 8, false); }

/* @v rounded up to @align, a power of two. Fails (false) when it would wrap. */
static inline bool round_up_ok(uint64_t v, uint64_t align, uint64_t *out)
{
	if (__builtin_add_overflow(v, align - 1, out))
		return false;
	*out &= ~(align - 1);
	return true;
}

/* For values that are already known to be far from 2^64. */
static inline uint64_t round_up64(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline uint64_t round_down64(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

static inline bool is_power_of_two(uint64_t v)
{
	return v && !(v & (v - 1));
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
