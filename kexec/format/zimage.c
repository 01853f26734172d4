// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * zImage: the boot wrapper, an ELF program that holds the kernel (often
 * compressed) and sometimes an initrd in sections of their own
 * (arch/powerpc/boot/wrapper). Firmware starts the wrapper; the kernel alone
 * is what kexec wants.
 */
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/format/format.h"

#define SHSTRTAB_MAX	((uint64_t)1 << 20)

/* Where the fields of the header and of a section header are, by class. */
struct layout {
	unsigned int word, ehdr, shoff, shentsize, shdr, s_offset, s_size;
};

static const struct layout layouts[] = {
	{ 4, 52, 32, 46, 40, 16, 20 },
	{ 8, 64, 40, 58, 64, 24, 32 },
};

/* The section table and the names in it, read whole. */
struct sections {
	const struct layout *l;
	bool little;
	uint64_t n, names_size;
	uint8_t *table, *names;
};

static uint64_t field(const struct sections *s, const uint8_t *header, unsigned int at,
		      unsigned int bytes)
{
	return bytes_get(header + at, bytes, s->little);
}

static bool read_names(const struct file *f, struct sections *s, uint64_t index)
{
	const uint8_t *h = s->table + index * s->l->shdr;

	if (index >= s->n)
		return false;
	s->names_size = field(s, h, s->l->s_size, s->l->word);
	if (!s->names_size || s->names_size > SHSTRTAB_MAX)
		return false;
	s->names = mem_alloc(s->names_size);
	return file_peek(f, field(s, h, s->l->s_offset, s->l->word), s->names, s->names_size) &&
	       !s->names[s->names_size - 1];
}

static bool read_sections(const struct file *f, struct sections *s)
{
	uint8_t e[ELF64_EHDR_SIZE];

	if (!file_peek(f, 0, e, sizeof(e)) || memcmp(e, ELF_MAGIC, 4) || e[4] < 1 || e[4] > 2)
		return false;
	s->l = &layouts[e[4] - 1];
	s->little = e[5] == 1;
	s->n = field(s, e, s->l->shentsize + 2, 2);
	if (!s->n || field(s, e, s->l->shentsize, 2) != s->l->shdr)
		return false;
	s->table = mem_alloc(s->n * s->l->shdr);
	return file_peek(f, field(s, e, s->l->shoff, s->l->word), s->table, s->n * s->l->shdr) &&
	       read_names(f, s, field(s, e, s->l->shentsize + 4, 2));
}

static void free_sections(struct sections *s)
{
	free(s->table);
	free(s->names);
}

static bool zimage_find(const struct sections *s, const char *name, struct payload *p)
{
	for (uint64_t i = 0; i < s->n; i++) {
		const uint8_t *h = s->table + i * s->l->shdr;
		uint64_t at = field(s, h, 0, 4);

		if (at >= s->names_size || strcmp((char *)s->names + at, name))
			continue;
		p->offset = field(s, h, s->l->s_offset, s->l->word);
		p->size = field(s, h, s->l->s_size, s->l->word);
		return true;
	}
	return false;
}

static bool look(const struct file *f, struct payload *kernel, struct payload *initrd)
{
	struct sections s = {0};
	bool found = read_sections(f, &s) && zimage_find(&s, ".kernel:vmlinux.strip", kernel);

	if (found)
		zimage_find(&s, ".kernel:initrd", initrd);
	free_sections(&s);
	return found;
}

static bool zimage_probe(const struct file *f)
{
	struct payload kernel, initrd;

	return look(f, &kernel, &initrd);
}

static int zimage_locate(const struct file *f, struct wrapped *w)
{
	return look(f, &w->kernel, &w->initrd) ? 0 : fail(EINVAL, "its sections changed meanwhile");
}

const struct wrapping wrapping_zimage = { "zImage", zimage_probe, NULL, zimage_locate, NULL };
