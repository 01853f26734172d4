// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <dlfcn.h>
#include <string.h>

#include "common/error.h"
#include "common/library.h"

#ifdef LIBRARIES_LOADED
/* It stays for as long as the program runs. */
int library_need(const struct library *l)
{
	void *handle, **pointer = l->pointers;

	if (!l->soname || *pointer)
		return 0;
	handle = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return fail(ENOTSUP, "needs a library: %s; install or repair it", dlerror());
	for (const char *f = l->functions; *f; f += strlen(f) + 1, pointer++) {
		*pointer = dlsym(handle, f);
		if (!*pointer) {
			*l->pointers = NULL;
			return fail(ENOTSUP, "needs a newer %s: this one has no %s", l->soname, f);
		}
	}
	return 0;
}
#else
int library_need(const struct library *l)
{
	(void)l;
	return 0;
}
#endif
