// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What boot loaders read, for libFuzzer: grub.cfg, grubenv, an entry of type 1 and loader.conf,
 * with bytes of 0xff between them, in a tree at FUZZ_TREE that has kernels. What would be started
 * is one of the entries, and can be shown; errors have words.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "next-boot/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"boot/grub/grub.cfg", "boot/grub/grubenv", "boot/loader/entries/one.conf",
	"boot/loader/loader.conf",
};

static void put_file(const char *name, const uint8_t *data, size_t size)
{
	STRING_AUTO path = mem_printf("%s/%s", getenv("FUZZ_TREE"), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	close(fd);
}

static void choose(struct tree *t)
{
	static FILE *nowhere;
	struct entries all;
	struct loader l;
	struct choice c;
	const char *found;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (loader_read(t, &l, &all) < 0) {
		if (!*fail_text())
			abort();
	} else if (loader_choose(t, &l, &all, &c) < 0) {
		if (!*fail_text())
			abort();
		show_table(&l, &all, NULL, nowhere);
	} else {
		if (c.entry < all.at || c.entry >= all.at + all.n)
			abort();
		show_table(&l, &all, &c, nowhere);
		show_json(t, &all, &c, nowhere);
		if (entry_image(c.entry))
			loader_find(t, &l, c.entry, entry_image(c.entry), &found);
	}
	fail_forget();
	entries_free(&all);
	loader_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree t;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
		size_t n = end ? (size_t)(end - data) : size;

		put_file(names[i], data, n);
		data += n + !!end;
		size -= n + !!end;
	}
	if (tree_open(&t, getenv("FUZZ_TREE")) < 0)
		abort();
	choose(&t);
	tree_close(&t);
	return 0;
}
