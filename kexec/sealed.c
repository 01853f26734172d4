// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/prove.h"
#include "kexec/purgatory.h"
#include "kexec/sealed.h"

static int sealed_add(struct image *image, const struct segment *s, struct buf *out)
{
	struct purgatory_kept *k = &image->sealed[image->n_sealed];
	static const uint8_t zeros[SEALED_ALIGN];
	int rc = 0;

	if (image->n_sealed == PURGATORY_MAX_KEPT)
		return fail(E2BIG, "%s: the purgatory can look after %d such segments", s->name,
			    PURGATORY_MAX_KEPT);
	*k = (struct purgatory_kept){
		.start = s->addr, .size = s->memsz, .sealed = out->len, .kind = s->kept->kind
	};
	snprintf(k->name, sizeof(k->name), "%s", s->name);
	if (s->kept->seal)
		rc = s->kept->seal(s, out, k);
	else
		buf_add(out, s->data, s->bufsz);
	if (rc < 0)
		return rc;
	k->sealed_size = out->len - k->sealed;
	buf_add(out, zeros, -out->len % SEALED_ALIGN);
	image->n_sealed++;
	return 0;
}

/* What fits but for them is better than nothing. */
static int sealed_leave_out(struct image *image)
{
	image_doubt(image,
		    "%s; so the purgatory has no copies of what the running kernel rewrites, and"
		    " will not look for damage there",
		    fail_text());
	fail_forget();
	image->n_sealed = 0;
	return 0;
}

int sealed_place(struct image *image)
{
	struct segment s = {
		.role = ROLE_SEALED, .name = "sealed", .owner = IMAGE_BUILT, .digest = true
	};
	static const char head[SEALED_ALIGN] = "copies follow:";
	BUF_AUTO out = { 0 };
	int rc = 0;

	if (!image->hotplug || image->no_checks)
		return 0;
	buf_add(&out, head, sizeof(head));
	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++)
		if (image->segment[i].kept)
			rc = sealed_add(image, &image->segment[i], &out);
	if (rc < 0)
		return rc;
	s.data = arena_copy(&image->arena, out.data, out.len);
	s.bufsz = s.memsz = out.len;
	rc = image_place(image, s, image_early(image, 0));
	if (rc == -ENOSPC || rc == -E2BIG)
		return sealed_leave_out(image);
	for (unsigned int i = 0; i < image->n_sealed; i++)
		image->sealed[i].sealed += image_address(image, ROLE_SEALED);
	return rc;
}

#define AT(field) offsetof(struct purgatory_kept, field)
static const size_t sealed_words[] = { AT(start), AT(size), AT(sealed), AT(sealed_size), AT(kind) };
static const size_t sealed_halves[] = { AT(cpus_at), AT(cpus_end), AT(spare),
					AT(ids_at),  AT(ids),	   AT(reg_at) };

void sealed_put(struct image *image)
{
	bool little = image->machine->little;

	purgatory_put(image, PURGATORY_PARAM(n_kept), image->n_sealed);
	for (unsigned int i = 0; i < image->n_sealed; i++) {
		const uint8_t *k = (const uint8_t *)&image->sealed[i];
		uint8_t *to = image->purgatory + PURGATORY_PARAM(kept) +
			i * sizeof(struct purgatory_kept);
		uint64_t word;
		uint32_t half;

		for (size_t n = 0; n < ARRAY_SIZE(sealed_words); n++) {
			memcpy(&word, k + sealed_words[n], sizeof(word));
			bytes_put(to + sealed_words[n], word, sizeof(word), little);
		}
		for (size_t n = 0; n < ARRAY_SIZE(sealed_halves); n++) {
			memcpy(&half, k + sealed_halves[n], sizeof(half));
			bytes_put(to + sealed_halves[n], half, sizeof(half), little);
		}
		memcpy(to + AT(name), image->sealed[i].name, sizeof(image->sealed[i].name));
	}
}

/* --- the proof: what is in the parameters, not what the planner remembers --- */

static void sealed_get(const struct image *image, const uint8_t *from, struct purgatory_kept *k)
{
	bool little = image->machine->little;

	for (size_t n = 0; n < ARRAY_SIZE(sealed_words); n++) {
		uint64_t word = bytes_get(from + sealed_words[n], 8, little);

		memcpy((uint8_t *)k + sealed_words[n], &word, sizeof(word));
	}
	for (size_t n = 0; n < ARRAY_SIZE(sealed_halves); n++) {
		uint32_t half = (uint32_t)bytes_get(from + sealed_halves[n], 4, little);

		memcpy((uint8_t *)k + sealed_halves[n], &half, sizeof(half));
	}
	memcpy(k->name, from + AT(name), sizeof(k->name));
}

static int sealed_prove_one(const struct image *image, const struct segment *s,
			    const struct purgatory_kept *k)
{
	const struct segment *in = image_segment(image, ROLE_SEALED);
	const uint8_t *copy;

	if (k->size != s->memsz || k->kind != s->kept->kind || k->name[sizeof(k->name) - 1])
		return prove_wrong("the purgatory would look after another segment");
	if (!in || in->kept || !in->digest || k->sealed < in->addr ||
	    k->sealed - in->addr > in->bufsz ||
	    k->sealed_size > in->bufsz - (k->sealed - in->addr) || k->sealed % SEALED_ALIGN ||
	    k->sealed_size > s->memsz)
		return prove_wrong("a copy for the purgatory is not in what it verifies");
	copy = in->data + (k->sealed - in->addr);
	if (s->kept->prove_sealed)
		return s->kept->prove_sealed(s, copy, k);
	if (k->sealed_size != s->bufsz || memcmp(copy, s->data, s->bufsz))
		return prove_wrong("a copy for the purgatory is not what was planned");
	return 0;
}

static int sealed_find(const struct image *image, const uint8_t *from, uint64_t n,
		       const struct segment *s)
{
	struct purgatory_kept k;

	for (uint64_t i = 0; i < n; i++) {
		sealed_get(image, from + i * sizeof(k), &k);
		if (k.start == s->addr)
			return sealed_prove_one(image, s, &k);
	}
	return prove_wrong("the purgatory would not look after a segment that changes");
}

int sealed_prove(const struct image *image, const struct segment *purgatory)
{
	const uint8_t *from = purgatory->data + PURGATORY_PARAM(kept);
	uint64_t kept = 0,
		 n = bytes_get(purgatory->data + PURGATORY_PARAM(n_kept), 8,
			       image->machine->little);
	int rc = 0;

	for (unsigned int i = 0; i < image->n_segments && !image->no_checks; i++)
		kept += image->segment[i].kept != NULL;
	if (!n && !image_segment(image, ROLE_SEALED) && image->n_doubts)
		return 0;
	if (n > kept || n > PURGATORY_MAX_KEPT)
		return prove_wrong("the purgatory would look after what does not change");
	for (unsigned int i = 0; i < image->n_segments && rc >= 0 && kept; i++)
		if (image->segment[i].kept)
			rc = sealed_find(image, from, n, &image->segment[i]);
	return rc;
}
