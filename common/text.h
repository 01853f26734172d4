/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Text that others chose (names of files, command lines, what a machine or a
 * recording says of itself) on its way to a terminal. Whatever it holds, what
 * is printed of it is one line of valid UTF-8 which no terminal obeys.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

/*
 * The length of the UTF-8 sequence at the start of @s, 2 to 4; 0: it is none. RFC 3629, section 4
 */
size_t text_utf8(const uint8_t *s, size_t len);

/* The character of a sequence of that length. */
uint32_t text_character(const uint8_t *s, size_t len);

/*
 * May it be shown as it is? Not control characters (C0, DEL, C1), nor what ends
 * a line or turns the direction of writing (Unicode's line separators and
 * bidirectional controls).
 */
bool text_is_plain(uint32_t character);

/*
 * What printf() makes of the format; a byte of what is not plain, or no UTF-8, as \xNN. In one
 * write, so that two programs' messages do not mix. Only newlines at the end of the format itself
 * are newlines.
 */
void text_print(FILE *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A string of JSON, quotes included. What no terminal should get is \uXXXX, what is no UTF-8
 * is U+FFFD.
 */
void text_json(FILE *out, const char *text);

#endif
