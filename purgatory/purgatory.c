// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/purgatory.h"

static void digest_regions(const struct purgatory_params *p, uint8_t digest[SHA256_DIGEST_SIZE])
{
	struct lanes lanes;
	uint64_t before;

	lanes_init(&lanes, arch_lanes_begin(p, &before));
	for (uint64_t i = 0; i < p->n_regions; i++)
		lanes_region(&lanes, (const void *)(uintptr_t)p->region[i].start,
			     p->region[i].size);
	lanes_final(&lanes, p->region, p->n_regions * sizeof(*p->region), digest);
	arch_lanes_end(p, before);
}

bool purgatory_verify(const struct purgatory_params *p)
{
	uint8_t digest[SHA256_DIGEST_SIZE] = {0};
	uint8_t differ = 0;

	if (p->n_regions > PURGATORY_MAX_REGIONS)
		return false;
	if (p->n_regions)
		digest_regions(p, digest);
	for (unsigned int i = 0; i < sizeof(digest); i++)
		differ |= digest[i] ^ p->digest[i];
	for (uint64_t i = 0; i < p->n_regions; i++)
		if (!lanes_zeros((const void *)(uintptr_t)(p->region[i].start + p->region[i].size),
				 p->region[i].zeros))
			return false;
	return !differ;
}

/* volatile: the source is at physical 0, which C would call a null pointer. */
static void copy_backup(const struct purgatory_params *p)
{
	const volatile uint64_t *from = (const volatile uint64_t *)(uintptr_t)p->backup_source;
	volatile uint64_t *to = (volatile uint64_t *)(uintptr_t)p->backup;

	for (uint64_t i = 0; i < p->backup_size / sizeof(*to); i++)
		to[i] = from[i];
}

static void say(const struct purgatory_params *p, const char *line)
{
	if (p->consoles & PURGATORY_CONSOLE_VERBOSE)
		arch_print(p, line);
}

static void say_where(const struct purgatory_params *p)
{
	char line[] = "purgatory: jumping to the kernel at 0x0123456789abcdef\r\n";
	char *digit = line + sizeof(line) - sizeof("0123456789abcdef\r\n");

	for (int shift = 60; shift >= 0; shift -= 4)
		*digit++ = "0123456789abcdef"[p->kernel >> shift & 15];
	say(p, line);
}

void purgatory(const struct purgatory_params *p, uint64_t cpu)
{
	arch_start(p);
	say(p, "I'm in purgatory\r\n");
	if (!purgatory_verify(p)) {
		arch_print(p, "purgatory: SHA-256 digest mismatch: the crash kernel was damaged"
			      " after it was loaded.\r\n"
			      "purgatory: stopped; there will be no dump.\r\n");
		arch_stop();
		return;
	}
	say(p, p->n_regions ? "purgatory: the SHA-256 digest is right\r\n"
			    : "purgatory: nothing to verify, loaded without a digest\r\n");
	copy_backup(p);
	arch_finish(p, cpu);
	say_where(p);
}
