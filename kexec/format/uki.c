// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A unified kernel image: a program for UEFI with the kernel, the initrd and the
 * command line in sections of their own (the UAPI Group's "Unified Kernel Image").
 * Only what is before the first .profile counts, the profile that all share.
 *
 * The PE format: Microsoft's "PE Format", sections COFF File Header and Section Table.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/format/format.h"

#define PE_OFFSET_AT	0x3c
#define COFF_SIZE	24	/* with the signature in front */
#define SECTION_SIZE	40
#define SECTIONS_MAX	1024	/* a UKI with twenty profiles has a hundred */

enum { COFF_SECTIONS = 6, COFF_OPTIONAL_SIZE = 20 };
enum { SECTION_VIRTUAL_SIZE = 8, SECTION_RAW_SIZE = 16, SECTION_RAW_OFFSET = 20 };

/* The section table, which is read whole. */
struct pe {
	uint8_t *table;
	unsigned int n;
	uint64_t end;		/* of the headers, in the file */
};

/* False: no PE file, or one that is cut within its headers. */
static bool pe_read(const struct file *f, struct pe *pe)
{
	uint8_t at[4], coff[COFF_SIZE];
	uint64_t offset;

	*pe = (struct pe){0};
	if (memcmp(f->head, "MZ", 2) || !file_peek(f, PE_OFFSET_AT, at, sizeof(at)) ||
	    !file_peek(f, le32_get(at), coff, sizeof(coff)) || memcmp(coff, "PE\0", 4))
		return false;
	pe->n = le16_get(coff + COFF_SECTIONS);
	if (pe->n > SECTIONS_MAX)
		return false;
	offset = (uint64_t)le32_get(at) + COFF_SIZE + le16_get(coff + COFF_OPTIONAL_SIZE);
	pe->end = offset + pe->n * SECTION_SIZE;
	pe->table = mem_alloc(pe->n * SECTION_SIZE);
	return file_peek(f, offset, pe->table, pe->n * SECTION_SIZE);
}

static const uint8_t *pe_section(const struct pe *pe, unsigned int i)
{
	return pe->table + i * SECTION_SIZE;
}

static bool pe_is_named(const uint8_t *section, const char *name)
{
	return !strncmp((const char *)section, name, 8);
}

static uint64_t pe_raw_end(const uint8_t *section)
{
	return (uint64_t)le32_get(section + SECTION_RAW_OFFSET) +
		le32_get(section + SECTION_RAW_SIZE);
}

/* How many sections belong to the profile that all share. */
static unsigned int uki_base(const struct pe *pe)
{
	unsigned int n = 0;

	while (n < pe->n && !pe_is_named(pe_section(pe, n), ".profile"))
		n++;
	return n;
}

bool pe_is_uki(const struct file *f)
{
	struct pe pe;
	bool found = false;

	if (pe_read(f, &pe))
		for (unsigned int i = 0; i < pe.n && !found; i++)
			found = pe_is_named(pe_section(&pe, i), ".linux");
	free(pe.table);
	return found;
}

/* Behind it, there can be a signature; it is of no use here. */
uint64_t pe_extent(const struct file *f)
{
	struct pe pe;
	uint64_t end = 0;

	if (pe_read(f, &pe))
		for (unsigned int i = 0; i < pe.n; i++)
			if (pe_raw_end(pe_section(&pe, i)) > end)
				end = pe_raw_end(pe_section(&pe, i));
	free(pe.table);
	return end;
}

/* Of all sections: one that is damaged makes the others doubtful. */
static int uki_check_sections(const struct file *f, const struct pe *pe)
{
	for (unsigned int i = 0; i < pe->n; i++) {
		const uint8_t *s = pe_section(pe, i);
		uint64_t start = le32_get(s + SECTION_RAW_OFFSET), end = pe_raw_end(s);

		if (start == end)
			continue;
		if (end > f->size)
			return fail(EINVAL,
				    "section %u ends at 0x%" PRIx64 ", beyond the file (0x%" PRIx64
				    " bytes): truncated or damaged",
				    i, end, f->size);
		if (start < pe->end)
			return fail(EINVAL, "section %u overlaps the headers: damaged", i);
		for (unsigned int j = 0; j < i; j++) {
			const uint8_t *o = pe_section(pe, j);

			if (le32_get(o + SECTION_RAW_SIZE) && start < pe_raw_end(o) &&
			    le32_get(o + SECTION_RAW_OFFSET) < end)
				return fail(EINVAL, "sections %u and %u overlap: damaged", j, i);
		}
	}
	return 0;
}

/* The raw size is padded to the file's alignment, the virtual size to nothing. */
static int uki_find(const struct pe *pe, const char *name, struct payload *p)
{
	bool found = false;

	for (unsigned int i = 0; i < uki_base(pe); i++) {
		const uint8_t *s = pe_section(pe, i);
		uint64_t raw = le32_get(s + SECTION_RAW_SIZE),
			 virtual = le32_get(s + SECTION_VIRTUAL_SIZE);

		if (!pe_is_named(s, name))
			continue;
		if (found)
			return fail(EINVAL, "has more than one section %s", name);
		found = true;
		*p = (struct payload){
			le32_get(s + SECTION_RAW_OFFSET), virtual < raw ? virtual : raw,
		};
	}
	return 0;
}

int pe_find(const struct file *f, const char *name, struct payload *p)
{
	struct pe pe;
	int rc = pe_read(f, &pe) ? 0 : fail(ENOEXEC, "%s: is no PE program", f->name);

	*p = (struct payload){0};
	if (rc >= 0)
		rc = uki_find(&pe, name, p);
	free(pe.table);
	return rc;
}

static int uki_find_all(const struct pe *pe, struct wrapped *w)
{
	int rc = uki_find(pe, ".linux", &w->kernel);

	if (rc >= 0)
		rc = uki_find(pe, ".ucode", &w->early);
	if (rc >= 0)
		rc = uki_find(pe, ".initrd", &w->initrd);
	return rc < 0 ? rc : uki_find(pe, ".cmdline", &w->cmdline);
}

static int uki_locate(const struct file *f, struct wrapped *w)
{
	struct pe pe;
	int rc = pe_read(f, &pe) ? 0 : fail(EINVAL, "its headers changed meanwhile");

	if (rc >= 0)
		rc = uki_check_sections(f, &pe);
	if (rc >= 0)
		rc = uki_find_all(&pe, w);
	free(pe.table);
	return rc;
}

const struct wrapping wrapping_uki = {
	"uki",
	pe_is_uki,
	pe_extent,
	uki_locate,
	"a unified kernel image: nothing is measured into the TPM, and add-ons and credentials"
	" beside it"
	" are not applied",
};
