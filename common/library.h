/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Libraries that most runs need nothing of: loaded when they are (dlopen(3)), so that starting
 * costs nothing for them and a small initramfs may lack them. configure knows their names; where
 * there is no shared one, as in a static build, or with --disable-dlopen, they are linked.
 *
 *	#define ZLIB_FUNCTIONS(F) F(inflate) F(inflateEnd)
 *	#ifdef ZLIB_SONAME
 *	LIBRARY_LOADED(zlib, ZLIB_FUNCTIONS, ZLIB_SONAME, "gzip", "recommended");
 *	#else
 *	LIBRARY_LINKED(zlib, ZLIB_FUNCTIONS);
 *	#endif
 *
 * makes zlib.inflate(), which may be called after library_need(&zlib_library). What is loaded is
 * told in the program's .note.dlopen (systemd's ELF_DLOPEN_METADATA.md), by which tools that
 * make packages and initramfs images find it.
 */
#ifndef COMMON_LIBRARY_H
#define COMMON_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

struct library {
	const char *soname;	/* NULL: it is linked */
	const char *functions;	/* their names, each with its NUL, and another NUL */
	void **pointers;	/* to each, in this order; NULL until they are there */
};

/* -ENOTSUP with a message that names the library. */
int library_need(const struct library *l);

#define LIBRARY_POINTER(function) __typeof__(function) *function;
#define LIBRARY_NAME(function)	  #function "\0"
#define LIBRARY_ITSELF(function)  .function = (function),

struct library_note {
	uint32_t name_size, size, type;
	char name[4];
};

#define LIBRARY_TEXT(soname, feature, priority)                                    \
	"[{\"feature\":\"" feature "\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]"

#define LIBRARY_LOADED(variable, FUNCTIONS, soname, feature, priority)             \
	static struct {                                                            \
		FUNCTIONS(LIBRARY_POINTER)                                         \
	} variable;                                                                \
	static const struct library variable##_library = {                         \
		soname, FUNCTIONS(LIBRARY_NAME), (void **)&variable                \
	};                                                                         \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct { \
		struct library_note head;                                          \
		char text[(sizeof(LIBRARY_TEXT(soname, feature, priority)) + 3) & ~3u]; \
	} variable##_note = { { 4, sizeof(LIBRARY_TEXT(soname, feature, priority)), 0x407c0c0a, \
				"FDO" },                                           \
			      LIBRARY_TEXT(soname, feature, priority) }

#define LIBRARY_LINKED(variable, FUNCTIONS)                                        \
	static const struct {                                                      \
		FUNCTIONS(LIBRARY_POINTER)                                         \
	} variable = { FUNCTIONS(LIBRARY_ITSELF) };                                \
	static const struct library variable##_library = { NULL, NULL, NULL }

#endif
