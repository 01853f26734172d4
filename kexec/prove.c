// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/prove.h"
#include "kexec/rehearse.h"

#define FDT_MAGIC "\xd0\x0d\xfe\xed"

static int bad(const struct segment *s, const char *what)
{
	return fail(EINVAL, "Invalid memory segment, nothing was loaded: %s at 0x%" PRIx64 "-0x%"
		    PRIx64 " %s. This is a bug in kexec; please report it with a --record of the"
		    " machine", s->name, s->addr, s->addr + s->memsz, what);
}

/* kernel/kexec_core.c:sanity_check_segment_list */
static int prove_one(const struct image *image, const struct segment *s)
{
	const struct machine *m = image->machine;
	uint64_t end;

	if (__builtin_add_overflow(s->addr, s->memsz, &end))
		return bad(s, "wraps around 64 bits");
	if ((s->addr | s->memsz) & (m->page_size - 1))
		return bad(s, "is not made of whole pages");
	if (!s->memsz || s->bufsz > s->memsz)
		return bad(s, "has more data than memory");
	if (image->crash && (s->addr < m->crash.start || end > m->crash.end))
		return bad(s, "is not inside the crash region");
	if (!ranges_cover(&m->ram, s->addr, end))
		return bad(s, "is not inside memory");
	if (s->addr < m->kernel_end)
		return bad(s, "overlaps the running kernel");
	if (ranges_find(&m->avoid, s->addr, end))
		return bad(s, "overlaps memory of the firmware");
	return 0;
}

static int prove_disjoint(const struct image *image)
{
	for (unsigned int i = 0; i < image->n_segments; i++)
		for (unsigned int k = i + 1; k < image->n_segments; k++) {
			const struct segment *a = &image->segment[i], *b = &image->segment[k];

			if (a->addr < b->addr + b->memsz && b->addr < a->addr + a->memsz)
				return fail_in(bad(a, "is in another's place"),
					       "Overlapping memory segments at 0x%" PRIx64, b->addr);
		}
	return 0;
}

/* More than half of memory, and the kernel answers EINVAL when the armed image is gone. */
static int prove_total(const struct image *image)
{
	const struct machine *m = image->machine;
	uint64_t total = 0, limit = machine_image_limit(m);

	for (unsigned int i = 0; i < image->n_segments; i++)
		total += image->segment[i].memsz;
	if (total <= limit)
		return 0;
	return fail(ENOSPC, "the image takes 0x%" PRIx64 " bytes, more than half of memory (0x%" PRIx64
		    "%s), which the running kernel refuses; use a smaller initrd", total, limit,
		    m->ram_managed ? "" : ", an estimate: " PROC_MEMINFO " is not there");
}

static bool is_taken(const struct image *image, uint64_t page)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (page >= s->addr && page < s->addr + s->memsz)
			return true;
	}
	return false;
}

/* kimage_alloc_crash_control_pages: the lowest pages that no segment covers. */
static int prove_kernel_pages(const struct image *image)
{
	const struct machine *m = image->machine;
	unsigned int found = 0;

	for (uint64_t page = m->crash.start; page < m->crash.end && found < IMAGE_KERNEL_PAGES;
	     page += m->page_size) {
		const struct range *r = ranges_find(&m->avoid, page, page + m->page_size);

		if (is_taken(image, page))
			continue;
		if (r)
			return fail(ENOSPC, "the running kernel would put its own pages at 0x%" PRIx64
				    ", over %s; move the reservation (crashkernel=SIZE@OFFSET)", page,
				    r->why);
		found++;
	}
	if (found < IMAGE_KERNEL_PAGES)
		return fail(ENOSPC, "the crash region is full: the running kernel needs %d pages in it"
			    " for itself; reserve more with crashkernel=", IMAGE_KERNEL_PAGES);
	return 0;
}

static bool begins_with(const struct segment *s, const char *magic)
{
	return s->bufsz >= 4 && !memcmp(s->data, magic, 4);
}

/*
 * The running kernel finds the two segments by their first bytes: the last
 * ELF header (kernel/crash_core.c:crash_handle_hotplug_event) and the first
 * FDT (arch/powerpc/kexec/crash.c:get_fdt_index).
 */
static int prove_magic(const struct image *image, const char *name, const char *magic)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];
		bool expected = !strcmp(s->name, name);

		if (begins_with(s, magic) && !expected)
			return fail(EINVAL, "%s (%s) begins like %s; with --hotplug the running kernel"
				    " would rewrite it by mistake", s->name, s->owner,
				    !strcmp(name, "fdt") ? "a device tree" : "an ELF file");
		if (expected && !begins_with(s, magic))
			return bad(s, "does not begin with its magic");
	}
	return 0;
}

/* Out of the digest: with --hotplug the segments that may change, with --no-checks all. */
static int prove_marks(const struct image *image)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest == (s->hotplug || image->no_checks))
			return bad(s, s->digest ? "may change, or is not to be checked, but is in the digest"
						: "is not in the digest");
		if (s->hotplug && !image->hotplug)
			return bad(s, "is marked for hotplug, which was not asked for");
	}
	return 0;
}

/*
 * fs/proc/vmcore.c: notes first and together. update_crash_elfcorehdr: the
 * first program header with p_paddr 0, of any type, is the backup region.
 */
static int prove_elfcorehdr(const struct image *image)
{
	const struct segment *s = image_segment(image, "elfcorehdr");
	const struct segment *backup = image_segment(image, "backup");
	unsigned int loads = 0, zeros = 0;
	struct arena arena = {0};
	struct elf elf;
	int rc;

	if (!s)
		return fail(EINVAL, "the plan is wrong and was not loaded: there is no elfcorehdr");
	rc = elf_parse(&elf, &arena, s->data, s->bufsz, UINT64_MAX);
	for (uint32_t i = 0; rc >= 0 && i < elf.n_phdrs; i++) {
		const struct elf_phdr *p = &elf.phdr[i];

		loads += p->type == ELF_PT_LOAD;
		zeros += p->paddr == 0;
		if (p->type == ELF_PT_NOTE && loads)
			rc = bad(s, "has a note behind memory");
		if (!p->paddr && (p->type != ELF_PT_LOAD || !backup || p->offset != backup->addr))
			rc = bad(s, "has something else than the backup region at address 0");
	}
	if (rc >= 0 && zeros != 1)
		rc = bad(s, "does not have exactly one program header for address 0");
	if (rc >= 0 && image->hotplug)
		rc = rehearse_elfcorehdr(image->machine, s, loads);
	arena_free(&arena);
	return rc;
}

int prove(const struct image *image)
{
	int rc = 0;

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++)
		rc = prove_one(image, &image->segment[i]);
	if (rc >= 0)
		rc = prove_disjoint(image);
	if (rc >= 0)
		rc = prove_total(image);
	if (rc >= 0)
		rc = prove_marks(image);
	if (rc >= 0 && image->crash)
		rc = prove_kernel_pages(image);
	if (rc >= 0 && image->crash)
		rc = prove_elfcorehdr(image);
	if (rc >= 0 && image->hotplug)
		rc = prove_magic(image, "elfcorehdr", ELF_MAGIC);
	if (rc >= 0 && image->hotplug)
		rc = prove_magic(image, "fdt", FDT_MAGIC);
	return rc < 0 ? rc : image->machine->arch->prove(image);
}
