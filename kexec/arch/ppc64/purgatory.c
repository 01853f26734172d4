// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The purgatory's segment: a place for it, its parameters, the digest. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/bytes.h"
#include "common/sha256.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "purgatory/blobs.h"
#include "purgatory/params.h"

static const struct purgatory_blob *find_purgatory(const struct machine *m)
{
	const char *name = m->little ? "ppc64le" : "ppc64";

	for (const struct purgatory_blob *b = purgatory_blobs; b->name; b++)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

#define PARAM(field) (PURGATORY_PARAMS_OFFSET + offsetof(struct purgatory_params, field))

/* A place for the purgatory; its contents come last, when all addresses are known. */
int ppc64_place_purgatory(struct image *image, uint8_t **blob)
{
	const struct machine *m = image->machine;
	const struct purgatory_blob *b = find_purgatory(m);
	struct segment s = { .name = "purgatory", .owner = PPC64_BUILT, .digest = true };

	if (!b)
		return fail(ENOTSUP, "this kexec was built without a purgatory for %s; configure with"
			    " --enable-arches=%s", m->name, m->little ? "ppc64le" : "ppc64");
	if (b->size < PARAM(region) ||
	    bytes_get(b->data + PARAM(magic), 8, m->little) != PURGATORY_MAGIC)
		return fail(EINVAL, "the purgatory for %s inside this kexec is damaged", b->name);
	*blob = arena_copy(&image->arena, b->data, b->size);
	s.data = *blob;
	s.bufsz = b->size;
	s.memsz = bytes_get(b->data + PARAM(image_size), 8, m->little);
	return image_place(image, s, ppc64_early(image, 0, false));
}

struct params {
	uint8_t *blob;
	bool little;
	uint64_t n_regions;
};

#define PARAM_ARCH(word) (PURGATORY_PARAMS_OFFSET + PURGATORY_ARCH_AT(word))

static void put_param(const struct params *p, size_t offset, uint64_t value)
{
	bytes_put(p->blob + offset, value, 8, p->little);
}

static int add_region(struct params *p, uint64_t start, uint64_t size)
{
	size_t at = PARAM(region) + p->n_regions * sizeof(struct purgatory_region);

	if (p->n_regions == PURGATORY_MAX_REGIONS)
		return fail(E2BIG, "purgatory: more than %d regions to verify", PURGATORY_MAX_REGIONS);
	put_param(p, at, start);
	put_param(p, at + 8, size);
	p->n_regions++;
	put_param(p, PARAM(n_regions), p->n_regions);
	return 0;
}

/* All but the 32 bytes of the digest, and the stack, which is in use meanwhile. */
static int add_own_regions(struct params *p, const struct segment *s)
{
	uint64_t before = PARAM(digest), after = before + SHA256_DIGEST_SIZE;
	int rc = add_region(p, s->addr, before);

	return rc < 0 ? rc : add_region(p, s->addr + after, s->bufsz - after);
}

static int add_regions(const struct image *image, struct params *p)
{
	int rc = 0;

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++) {
		const struct segment *s = &image->segment[i];

		if (!s->digest)
			debug("Skipping segment mem: 0x%" PRIx64 " from SHA calculation (%s, the running"
			      " kernel may rewrite it)", s->addr, s->name);
		else if (s->data == p->blob)
			rc = add_own_regions(p, s);
		else
			rc = add_region(p, s->addr, s->memsz);
	}
	return rc;
}

/* In the order of add_regions(), after everything else in the block is final. */
static void put_digest(const struct image *image, const struct params *p)
{
	uint64_t before = PARAM(digest), after = before + SHA256_DIGEST_SIZE;
	struct sha256 sha;

	sha256_init(&sha);
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest && s->data == p->blob) {
			sha256_update(&sha, s->data, before);
			sha256_update(&sha, s->data + after, s->bufsz - after);
		} else if (s->digest) {
			segment_digest(&sha, s);
		}
	}
	sha256_final(&sha, p->blob + before);
}

/*
 * Secondary CPUs arrive at absolute 0x60 with nothing but the new kernel's
 * own holding loop to catch them: all of the head but its first instruction
 * is the kernel's (arch/powerpc/kexec/file_load.c:setup_purgatory).
 */
static int put_slave_code(const struct image *image, uint8_t *blob)
{
	const struct kernel *k = &image->kernel;
	const uint8_t *head = kernel_bytes(k, k->low, PURGATORY_HEAD_SIZE);

	if (!head)
		return fail(EINVAL, "kernel %s: its first segment has less than %d bytes", k->file.name,
			    PURGATORY_HEAD_SIZE);
	memcpy(blob + 4, head + 4, PURGATORY_HEAD_SIZE - 4);
	return 0;
}

int ppc64_fill_purgatory(const struct image *image, uint8_t *blob, uint64_t kernel_base)
{
	const struct ppc64_facts *f = image->machine->arch_facts;
	const struct segment *backup = image_segment(image, "backup");
	struct params p = { blob, image->machine->little, 0 };
	int rc = put_slave_code(image, blob);

	if (rc < 0)
		return rc;
	put_param(&p, PARAM(kernel), kernel_base);
	put_param(&p, PARAM_ARCH(PURGATORY_PPC64_FDT), image_segment(image, "fdt")->addr);
	put_param(&p, PARAM(backup_source), 0);
	put_param(&p, PARAM(backup), backup ? backup->addr : 0);
	put_param(&p, PARAM(backup_size), backup ? PPC64_BACKUP_SIZE : 0);
	put_param(&p, PARAM_ARCH(PURGATORY_PPC64_OPAL_BASE), f->opal_base);
	put_param(&p, PARAM_ARCH(PURGATORY_PPC64_OPAL_ENTRY), f->opal_entry);
	put_param(&p, PARAM(consoles), f->hvterm ? PURGATORY_CONSOLE_HVTERM : 0);
	put_param(&p, PARAM(console_port), f->hvterm_unit);
	if (image->no_checks)
		return 0;
	rc = add_regions(image, &p);
	if (rc >= 0)
		put_digest(image, &p);
	return rc;
}
