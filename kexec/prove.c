// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "common/sha256.h"
#include "kexec/arch/arch.h"
#include "kexec/prove.h"
#include "kexec/purgatory.h"
#include "kexec/sealed.h"

int prove_wrong(const char *what)
{
	return fail(EINVAL,
		    "the plan is wrong and was not loaded: %s. This is a bug in kexec; please"
		    " report it with a --record of the machine",
		    what);
}

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
					       "Overlapping memory segments at 0x%" PRIx64,
					       b->addr);
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
	return fail(ENOSPC,
		    "the image takes 0x%" PRIx64 " bytes, more than half of memory (0x%" PRIx64
		    "%s), which the running kernel refuses; use a smaller initrd",
		    total, limit,
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
	uint64_t found = 0, needed = m->arch->kernel_pages(m);

	for (uint64_t page = m->crash.start; page < m->crash.end && found < needed;
	     page += m->page_size) {
		const struct range *r = ranges_find(&m->avoid, page, page + m->page_size);

		if (is_taken(image, page))
			continue;
		if (r)
			return fail(ENOSPC,
				    "the running kernel would put its own pages at 0x%" PRIx64
				    ", over %s; move the reservation (crashkernel=SIZE@OFFSET)",
				    page, r->why);
		found++;
	}
	if (found < needed)
		return fail(ENOSPC,
			    "the crash region is full: the running kernel needs %" PRIu64
			    " pages in"
			    " it for itself; reserve more with crashkernel=",
			    needed);
	return 0;
}

static bool begins_with(const struct segment *s, const uint8_t magic[4])
{
	return s->bufsz >= 4 && !memcmp(s->data, magic, 4);
}

/* The running kernel finds what it rewrites by its first bytes. */
static int prove_magic(const struct image *image, const struct segment *kept)
{
	if (!begins_with(kept, kept->kept->magic))
		return bad(kept, "does not begin with its magic");
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s != kept && begins_with(s, kept->kept->magic))
			return fail(EINVAL,
				    "%s (%s) begins like %s; with --hotplug the running kernel"
				    " would rewrite it by mistake",
				    s->name, s->owner, kept->kept->like);
	}
	return 0;
}

static int prove_kept(const struct image *image,
		      int (*check)(const struct image *, const struct segment *))
{
	int rc = 0;

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++)
		if (image->segment[i].kept)
			rc = check(image, &image->segment[i]);
	return rc;
}

static int prove_rehearsal(const struct image *image, const struct segment *s)
{
	return s->kept->rehearse(image, s);
}

/* Out of the digest: with --hotplug the segments that may change, with --no-checks all. */
static int prove_marks(const struct image *image)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest == (s->kept || image->no_checks))
			return bad(
				s,
				s->digest ?
					"may change, or is not to be checked, but is in the"
					" digest" :
					"is not in the digest");
		if (s->kept && !image->hotplug)
			return bad(s, "is marked for hotplug, which was not asked for");
	}
	return 0;
}

/* fs/proc/vmcore.c: notes first and together. */
static int prove_core(const struct image *image)
{
	const struct segment *s = image_segment(image, ROLE_CORE);
	struct arena arena = {0};
	bool memory = false;
	struct elf elf;
	int rc;

	if (!s)
		return prove_wrong("there is no elfcorehdr");
	if (image->hotplug && !s->kept)
		return prove_wrong("the elfcorehdr is not marked for hotplug");
	rc = elf_parse(&elf, &arena, s->data, s->bufsz, UINT64_MAX);
	for (uint32_t i = 0; rc >= 0 && i < elf.n_phdrs; i++) {
		memory = memory || elf.phdr[i].type == ELF_PT_LOAD;
		if (elf.phdr[i].type == ELF_PT_NOTE && memory)
			rc = bad(s, "has a note behind memory");
	}
	arena_free(&arena);
	return rc;
}

static uint64_t param(const struct image *image, const struct segment *s, size_t offset)
{
	return bytes_get(s->data + PURGATORY_PARAMS_OFFSET + offset, 8, image->machine->little);
}

static struct purgatory_region region(const struct image *image, const struct segment *s,
				      uint64_t i)
{
	size_t at = offsetof(struct purgatory_params, region) + i * sizeof(struct purgatory_region);

	return (struct purgatory_region){
		.start = param(image, s, at + offsetof(struct purgatory_region, start)),
		.size = param(image, s, at + offsetof(struct purgatory_region, size)),
		.zeros = param(image, s, at + offsetof(struct purgatory_region, zeros)),
	};
}

static const struct segment *segment_at(const struct image *image, uint64_t addr)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (addr >= s->addr && addr - s->addr < s->memsz)
			return s;
	}
	return NULL;
}

/* Of one segment: bytes which were hashed are its data, those that are to be zero are behind it. */
static bool is_loaded(const struct image *image, const struct purgatory_region *r)
{
	const struct segment *s = segment_at(image, r->start);
	uint64_t from, end;

	if (!s)
		return false;
	from = r->start - s->addr;
	if (from > s->bufsz || r->size > s->bufsz - from)
		return false;
	end = from + r->size;
	return !r->zeros || (end == s->bufsz && r->zeros <= s->memsz - end);
}

/* What nobody rewrites, but the digest itself with the names, and the purgatory's stack. */
static void find_verifiable(const struct image *image, const struct segment *purgatory,
			    struct ranges *out)
{
	uint64_t digest = purgatory->addr + PURGATORY_PARAMS_OFFSET +
			  offsetof(struct purgatory_params, digest);

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (!s->kept)
			ranges_add(out, s->addr, s == purgatory ? s->bufsz : s->memsz, NULL);
	}
	ranges_merge(out);
	ranges_subtract_one(out, digest, digest + SHA256_DIGEST_SIZE + PURGATORY_NAMES_SIZE);
}

/* Regions as the purgatory will read them. */
static int prove_digest(const struct image *image, const struct segment *purgatory)
{
	uint64_t n = param(image, purgatory, offsetof(struct purgatory_params, n_regions));
	RANGES_AUTO missed = {0};
	RANGES_AUTO seen = {0};

	if (image->no_checks)
		return n ? prove_wrong("the purgatory verifies what was not to be verified") : 0;
	if (!n || n > PURGATORY_MAX_REGIONS)
		return prove_wrong("the purgatory has nothing to verify");
	for (uint64_t i = 0; i < n; i++) {
		struct purgatory_region r = region(image, purgatory, i);

		if (!is_loaded(image, &r))
			return prove_wrong(
				"the purgatory verifies memory which is not in the image as"
				" it is there");
		if (ranges_find(&seen, r.start, r.start + r.size + r.zeros))
			return prove_wrong("the digest covers some memory twice");
		ranges_add(&seen, r.start, r.size + r.zeros, NULL);
	}
	find_verifiable(image, purgatory, &missed);
	if (ranges_total(&seen) != ranges_total(&missed))
		return prove_wrong("the digest does not cover as much as it must");
	ranges_merge(&seen);
	ranges_subtract(&missed, &seen);
	return missed.n ? prove_wrong("the digest does not cover exactly what it must") : 0;
}

static int prove_purgatory(const struct image *image)
{
	const struct segment *s = image_segment(image, ROLE_PURGATORY);

	if (!s || (!image->own_entry && image->entry != s->addr))
		return prove_wrong("the purgatory or the entry point is missing");
	return prove_digest(image, s);
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
		rc = prove_core(image);
	if (rc >= 0)
		rc = prove_kept(image, prove_magic);
	if (rc >= 0)
		rc = image->machine->arch->prove(image);
	if (rc >= 0)
		rc = prove_purgatory(image);
	if (rc >= 0)
		rc = prove_kept(image, prove_rehearsal);
	return rc < 0 ? rc : sealed_prove(image, image_segment(image, ROLE_PURGATORY));
}
