/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Memory for programs that run once: arenas for facts and plans, growing
 * buffers for what is being built.
 *
 * None of these returns NULL. When the system has no memory left they say so
 * and end the program: message_when_out_of_memory(). Sizes that come from a file are bounded by
 * the caller first.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

void *mem_alloc(size_t size);				/* zeroed; free() it */
void *mem_resize(void *p, size_t count, size_t size);	/* count × size, checked */
char *mem_copy_string(const char *s);
char *mem_copy_text(const char *s, size_t len); /* at most @len of it */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *fmt, va_list ap);

/* Everything allocated from an arena lives until arena_free(). */
struct arena {
	struct arena_chunk *chunks;
};

void *arena_alloc(struct arena *a, size_t size);	/* zeroed, 16-byte aligned */
void *arena_copy(struct arena *a, const void *data, size_t size);
char *arena_string(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_free(struct arena *a);

/*
 * A growing byte string. data[len] is always 0, so that text can be used as
 * a C string.
 */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

void buf_reserve(struct buf *b, size_t more);	/* room for @more bytes after len */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_free(struct buf *b);

#define BUF_AUTO __attribute__((cleanup(buf_free))) struct buf

void free_pointer(void *pp);	/* for cleanup(): frees *(void **)pp */
#define STRING_AUTO __attribute__((cleanup(free_pointer))) char *

#endif
