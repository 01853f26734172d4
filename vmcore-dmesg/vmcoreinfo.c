// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/mem.h"
#include "vmcore-dmesg/vmcoreinfo.h"

/* Longer ones are cut. The kernel's has room for 64. */
#define RELEASE_MAX 64

/* What follows "key=", or NULL. */
static const char *info_line(const struct vmcoreinfo *info, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = info->text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static int info_number(const struct vmcoreinfo *info, const char *key, int base, uint64_t *v)
{
	const char *s = info_line(info, key);
	uint64_t parsed;
	char *end;

	if (!s)
		return fail(ENOENT, "vmcoreinfo lacks %s", key);
	if (!base)
		base = strncmp(s, "0x", 2) ? 10 : 16;
	errno = 0;
	parsed = strtoull(s, &end, base);
	if (errno || end == s || (*end && *end != '\n') || isspace((unsigned char)*s))
		return fail(EBADMSG, "vmcoreinfo: %s is not a number", key);
	*v = parsed;
	return 0;
}

bool vmcoreinfo_has_symbol(const struct vmcoreinfo *info, const char *name)
{
	STRING_AUTO key = mem_printf("SYMBOL(%s)", name);

	return info_line(info, key) != NULL;
}

int vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name, uint64_t *va)
{
	STRING_AUTO key = mem_printf("SYMBOL(%s)", name);

	return info_number(info, key, 16, va);
}

int vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *v)
{
	return info_number(info, key, 0, v);
}

static bool info_has(const struct vmcoreinfo *info, const char *key, int base, uint64_t *v)
{
	if (info_number(info, key, base, v) >= 0)
		return true;
	fail_forget();
	return false;
}

bool vmcoreinfo_has_number(const struct vmcoreinfo *info, const char *key, uint64_t *v)
{
	return info_has(info, key, 0, v);
}

bool vmcoreinfo_has_hex(const struct vmcoreinfo *info, const char *key, uint64_t *v)
{
	return info_has(info, key, 16, v);
}

const char *vmcoreinfo_release(const struct vmcoreinfo *info, size_t *len)
{
	const char *s = info_line(info, "OSRELEASE");

	for (*len = 0; s && *len < RELEASE_MAX && isgraph((unsigned char)s[*len]); ++*len)
		;
	if (*len)
		return s;
	*len = 1;
	return "?";
}
