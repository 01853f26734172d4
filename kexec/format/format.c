// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "common/bytes.h"
#include "common/decompress.h"
#include "common/error.h"
#include "kexec/format/format.h"

static const struct format *const formats[] = { &format_elf };

static int understand(struct kernel *k, struct arena *arena)
{
	int rc = file_decompress(&k->file);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!formats[i]->probe(&k->file))
			continue;
		k->format = formats[i]->name;
		return formats[i]->load(k, arena);
	}
	return fail(ENOEXEC, "Cannot determine the file type of %s: not an ELF file (vmlinux)",
		    k->file.name);
}

int kernel_open(struct kernel *k, struct arena *arena, const char *path)
{
	int rc;

	*k = (struct kernel){0};
	rc = file_open(&k->file, path);
	if (rc < 0)
		return rc;
	rc = understand(k, arena);
	return rc < 0 ? fail_in(rc, "Cannot load %s", path) : 0;
}

void kernel_close(struct kernel *k)
{
	file_close(&k->file);
}

uint8_t *kernel_bytes(const struct kernel *k, uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < k->n_pieces; i++) {
		const struct kernel_piece *p = &k->piece[i];

		if (addr >= p->addr && size <= p->filesz && addr - p->addr <= p->filesz - size)
			return p->data + (addr - p->addr);
	}
	return NULL;
}
