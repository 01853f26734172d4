// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What only ppc64 demands of an image: its device tree, its purgatory. */
#include <inttypes.h>
#include <libfdt.h>
#include <stddef.h>
#include <string.h>

#include "common/bytes.h"
#include "common/sha256.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/rehearse.h"
#include "purgatory/params.h"

static int wrong(const char *what)
{
	return fail(EINVAL, "the plan is wrong and was not loaded: %s. This is a bug in kexec; please"
		    " report it with a --record of the machine", what);
}

static int reserved_ranges(const void *fdt, struct ranges *out)
{
	uint64_t start, size;
	int rc = 0;

	for (int i = 0; i < fdt_num_mem_rsv(fdt) && rc >= 0; i++)
		rc = fdt_get_mem_rsv(fdt, i, &start, &size) ? -EINVAL
							    : ranges_add(out, start, size, "reserved");
	ranges_merge(out);
	return rc < 0 ? wrong("the FDT's reserve map cannot be read") : 0;
}

/* What the capture kernel has as memory is its own, or reserved, or backed up. */
static int prove_crashed_memory(const struct image *image, const struct ranges *reserved)
{
	const struct machine *m = image->machine;
	RANGES_AUTO own = {0};
	RANGES_AUTO crashed = {0};

	ranges_copy(&own, reserved);
	ranges_copy(&own, &m->crash_more);
	if (ranges_add(&own, 0, PPC64_BACKUP_SIZE, "backup") < 0 ||
	    ranges_add(&own, m->crash.start, m->crash.end - m->crash.start, "crash region") < 0)
		return -EINVAL;
	ranges_merge(&own);
	ranges_copy(&crashed, &image->usable);
	ranges_subtract(&crashed, &own);
	return crashed.n ? wrong("the crashed kernel's memory is not in the FDT's reserve map") : 0;
}

/* What the capture kernel must keep its hands off, over the full memsz. */
static int prove_reserve_map(const struct image *image, const void *fdt)
{
	static const char *const names[] = { "elfcorehdr", "fdt", "backup", "initrd" };
	RANGES_AUTO reserved = {0};
	int rc = reserved_ranges(fdt, &reserved);

	for (size_t i = 0; i < ARRAY_SIZE(names) && rc >= 0; i++) {
		const struct segment *s = image_segment(image, names[i]);

		if (s && !ranges_cover(&reserved, s->addr, s->addr + s->memsz))
			rc = wrong("a segment is not wholly in the FDT's reserve map");
	}
	return rc >= 0 && image->crash ? prove_crashed_memory(image, &reserved) : rc;
}

static int prove_fdt(const struct image *image, const struct segment *s)
{
	int len, chosen;
	const char *bootargs;

	if (fdt_check_full(s->data, s->bufsz))
		return wrong("the FDT is not sound");
	if (fdt_version(s->data) < 17)
		return wrong("the FDT's version is older than 17");
	chosen = fdt_path_offset(s->data, "/chosen");
	bootargs = chosen < 0 ? NULL : fdt_getprop(s->data, chosen, "bootargs", &len);
	if (!bootargs || strcmp(bootargs, image->cmdline))
		return wrong("the FDT does not hold the command line");
	if (fdt_path_offset(s->data, "/cpus") < 0)
		return wrong("the FDT has no /cpus node");
	return prove_reserve_map(image, s->data);
}

static uint64_t param(const struct image *image, const struct segment *s, size_t offset)
{
	return bytes_get(s->data + PURGATORY_PARAMS_OFFSET + offset, 8, image->machine->little);
}

static bool is_loaded(const struct image *image, uint64_t start, uint64_t size)
{
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (start >= s->addr && start - s->addr <= s->memsz &&
		    size <= s->memsz - (start - s->addr))
			return true;
	}
	return false;
}

/* What nobody rewrites, but the digest itself and the purgatory's stack. */
static void find_verifiable(const struct image *image, const struct segment *purgatory,
			    struct ranges *out)
{
	uint64_t digest = purgatory->addr + PURGATORY_PARAMS_OFFSET +
			  offsetof(struct purgatory_params, digest);

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (!s->hotplug)
			ranges_add(out, s->addr, s == purgatory ? s->bufsz : s->memsz, NULL);
	}
	ranges_merge(out);
	ranges_subtract_one(out, digest, digest + SHA256_DIGEST_SIZE);
}

/* Regions as the purgatory will read them. */
static int prove_digest(const struct image *image, const struct segment *purgatory)
{
	uint64_t n = param(image, purgatory, offsetof(struct purgatory_params, n_regions));
	RANGES_AUTO missed = {0};
	RANGES_AUTO seen = {0};

	if (image->no_checks)
		return n ? wrong("the purgatory verifies what was not to be verified") : 0;
	if (!n || n > PURGATORY_MAX_REGIONS)
		return wrong("the purgatory has nothing to verify");
	for (uint64_t i = 0; i < n; i++) {
		size_t at = offsetof(struct purgatory_params, region) +
			    i * sizeof(struct purgatory_region);
		uint64_t start = param(image, purgatory, at), size = param(image, purgatory, at + 8);

		if (!is_loaded(image, start, size))
			return wrong("the digest covers memory which is not in the image");
		if (ranges_find(&seen, start, start + size))
			return wrong("the digest covers some memory twice");
		ranges_add(&seen, start, size, NULL);
	}
	find_verifiable(image, purgatory, &missed);
	if (ranges_total(&seen) != ranges_total(&missed))
		return wrong("the digest does not cover as much as it must");
	ranges_merge(&seen);
	ranges_subtract(&missed, &seen);
	return missed.n ? wrong("the digest does not cover exactly what it must") : 0;
}

int ppc64_prove(const struct image *image)
{
	const struct segment *fdt = image_segment(image, "fdt");
	const struct segment *purgatory = image_segment(image, "purgatory");
	int rc;

	if (!fdt || !purgatory || (!image->own_entry && image->entry != purgatory->addr))
		return wrong("the FDT, the purgatory or the entry point is missing");
	rc = prove_fdt(image, fdt);
	if (rc >= 0)
		rc = prove_digest(image, purgatory);
	if (rc >= 0 && image->crash)
		rc = ppc64_prove_start(image, fdt);
	if (rc < 0 || !image->hotplug)
		return rc;
	return rehearse_fdt(image->machine, fdt->data, fdt->bufsz);
}
