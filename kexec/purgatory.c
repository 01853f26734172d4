// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/progress.h"
#include "common/sha256.h"
#include "kexec/arch/arch.h"
#include "kexec/arch/lanes.h"
#include "kexec/purgatory.h"
#include "kexec/sealed.h"
#include "purgatory/blobs.h"

#define DIGEST_AT	PURGATORY_PARAM(digest)
#define DIGEST_END PURGATORY_PARAM(kernel) /* and of the names, which are in no region either */

static const struct purgatory_blob *purgatory_find(const char *machine)
{
	for (const struct purgatory_blob *b = purgatory_blobs; b->name; b++)
		if (!strcmp(b->name, machine))
			return b;
	return NULL;
}

int purgatory_place(struct image *image)
{
	const struct machine *m = image->machine;
	const struct purgatory_blob *b = purgatory_find(m->name);
	struct segment s = { .role = ROLE_PURGATORY, .name = "purgatory", .owner = IMAGE_BUILT,
			     .digest = true };

	if (!b)
		return fail(ENOTSUP,
			    "this kexec was built without a purgatory for %s; configure with"
			    " --enable-arches=%s",
			    m->name, m->name);
	if (b->size < PURGATORY_PARAM(region) ||
	    bytes_get(b->data + PURGATORY_PARAM(magic), 8, m->little) != PURGATORY_MAGIC)
		return fail(EINVAL, "the purgatory for %s inside this kexec is damaged", b->name);
	image->purgatory = arena_copy(&image->arena, b->data, b->size);
	s.data = image->purgatory;
	s.bufsz = b->size;
	s.memsz = bytes_get(b->data + PURGATORY_PARAM(image_size), 8, m->little);
	return image_place(image, s, image_early(image, 0));
}

void purgatory_put(struct image *image, size_t offset, uint64_t value)
{
	bytes_put(image->purgatory + offset, value, 8, image->machine->little);
}

static uint64_t purgatory_get(const struct image *image, size_t offset)
{
	return bytes_get(image->purgatory + offset, 8, image->machine->little);
}

static int purgatory_add_region(struct image *image, const char *name, struct purgatory_region r)
{
	uint64_t n = purgatory_get(image, PURGATORY_PARAM(n_regions));

	if (n == PURGATORY_MAX_REGIONS)
		return fail(E2BIG, "purgatory: more than %d regions to verify",
			    PURGATORY_MAX_REGIONS);
	purgatory_put(image, PURGATORY_REGION(n, start), r.start);
	purgatory_put(image, PURGATORY_REGION(n, size), r.size);
	purgatory_put(image, PURGATORY_REGION(n, zeros), r.zeros);
	purgatory_put(image, PURGATORY_PARAM(n_regions), n + 1);
	progress_expect(r.size);
	snprintf((char *)image->purgatory + PURGATORY_NAME(n, name),
		 sizeof(((struct purgatory_name *)0)->name), "%s", name);
	return 0;
}

/* Of the purgatory itself all but the digest, and the stack, which is in use meanwhile. */
static int purgatory_add_itself(struct image *image, const struct segment *s)
{
	struct purgatory_region before = { .start = s->addr, .size = DIGEST_AT };
	struct purgatory_region after = {
		.start = s->addr + DIGEST_END, .size = s->bufsz - DIGEST_END,
	};
	int rc = purgatory_add_region(image, s->name, before);

	return rc < 0 ? rc : purgatory_add_region(image, s->name, after);
}

/*
 * The purgatory is first, which has the table of regions in it: where an entry is damaged, so is
 * this region, and not only the one that is read wrongly.
 */
static int purgatory_add_regions(struct image *image)
{
	int rc = purgatory_add_itself(image, image_segment(image, ROLE_PURGATORY));

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++) {
		const struct segment *s = &image->segment[i];

		if (!s->digest)
			debug("Skipping segment mem: 0x%" PRIx64
			      " from SHA calculation (%s, the running"
			      " kernel may rewrite it)",
			      s->addr, s->name);
		else if (s->role != ROLE_PURGATORY)
			rc = purgatory_add_region(
				image, s->name,
				(struct purgatory_region){ .start = s->addr,
							   .size = s->bufsz,
							   .zeros = s->memsz - s->bufsz });
	}
	return rc;
}

/* A multiple of LANES_GROUP, so that it does not matter where a region is cut. */
_Static_assert(PROGRESS_PIECE % LANES_GROUP == 0, "a lane would be filled up amid a region");

/* @size bytes of data which will be at physical address @start. */
static void purgatory_hash(const struct image *image, struct lanes *lanes, uint64_t start,
			   uint64_t size)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (start < s->addr || start - s->addr >= s->memsz)
			continue;
		for (uint64_t at = 0; at < size; at += PROGRESS_PIECE) {
			uint64_t left = size - at;
			uint64_t n = left < PROGRESS_PIECE ? left : PROGRESS_PIECE;

			lanes_region(lanes, s->data + (start - s->addr) + at, n);
			progress_advance(n);
		}
		return;
	}
}

/* Of the regions as they were just written, when everything else in the block is final. */
static void purgatory_put_digest(struct image *image)
{
	uint64_t n = purgatory_get(image, PURGATORY_PARAM(n_regions));
	const struct lanes_unit *unit = lanes_here();
	struct lanes lanes;

	debug("digest: by %s", unit->name);
	lanes_init(&lanes, unit->blocks);
	for (uint64_t i = 0; i < n; i++) {
		purgatory_hash(image, &lanes, purgatory_get(image, PURGATORY_REGION(i, start)),
			       purgatory_get(image, PURGATORY_REGION(i, size)));
		bytes_put(image->purgatory + PURGATORY_NAME(i, check), lanes_check(&lanes), 4,
			  image->machine->little);
	}
	lanes_final(&lanes, image->purgatory + PURGATORY_PARAM(region),
		    n * sizeof(struct purgatory_region), image->purgatory + DIGEST_AT);
}

int purgatory_fill(struct image *image)
{
	int rc;

	purgatory_put(image, PURGATORY_PARAM(kernel), image->kernel_base);
	sealed_put(image);
	rc = image->machine->arch->fill(image);
	progress_begin("hashing");
	if (rc >= 0 && !image->no_checks)
		rc = purgatory_add_regions(image);
	if (rc >= 0 && !image->no_checks)
		purgatory_put_digest(image);
	progress_end();
	return rc;
}
