// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/purgatory.h"

/* And the first region, if there is one, that is not as it was. */
static uint64_t digest_regions(const struct purgatory_params *p, uint8_t digest[SHA256_DIGEST_SIZE])
{
	uint64_t before, damaged = p->n_regions;
	struct lanes lanes;

	lanes_init(&lanes, arch_lanes_begin(p, &before));
	for (uint64_t i = 0; i < p->n_regions; i++) {
		lanes_region(&lanes, (const void *)(uintptr_t)p->region[i].start,
			     p->region[i].size);
		if (damaged == p->n_regions && lanes_check(&lanes) != p->name[i].check)
			damaged = i;
	}
	lanes_final(&lanes, p->region, p->n_regions * sizeof(*p->region), digest);
	arch_lanes_end(p, before);
	return damaged;
}

bool purgatory_verify(const struct purgatory_params *p, uint64_t *damaged)
{
	uint8_t digest[SHA256_DIGEST_SIZE], differ = 0;

	*damaged = 0;
	/* For an initializer some compilers call memset(), which is not here. */
	for (unsigned int i = 0; i < sizeof(digest); i++)
		digest[i] = 0;
	if (p->n_regions > PURGATORY_MAX_REGIONS)
		return false;
	if (p->n_regions)
		*damaged = digest_regions(p, digest);
	for (unsigned int i = 0; i < sizeof(digest); i++)
		differ |= digest[i] ^ p->digest[i];
	if (differ)
		return false;
	for (uint64_t i = 0; i < p->n_regions; i++) {
		*damaged = i;
		if (!lanes_zeros((const void *)(uintptr_t)(p->region[i].start + p->region[i].size),
				 p->region[i].zeros))
			return false;
	}
	return true;
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

/* What does not fit is left out; whole lines end so. */
static char *print_word(char *to, const char *end, const char *word)
{
	while (*word && to < end)
		*to++ = *word++;
	return to;
}

void print_line(char line[PRINT_LINE], const char *name, const char *what, const char *more)
{
	const char *end = line + PRINT_LINE - sizeof("\r\n");
	char *to = print_word(line, end, "purgatory: ");

	to = print_word(to, end, name);
	to = print_word(to, end, " ");
	to = print_word(to, end, what);
	to = print_word(to, end, more);
	*to++ = '\r';
	*to++ = '\n';
	*to = 0;
}

static void say_where(const struct purgatory_params *p)
{
	char address[PRINT_HEX], line[PRINT_LINE];

	print_hex(address, p->kernel);
	print_line(line, "jumping to the kernel", "at 0x", address);
	say(p, line);
}

static void stop(const struct purgatory_params *p, uint64_t damaged)
{
	bool known = damaged < p->n_regions && p->n_regions <= PURGATORY_MAX_REGIONS;
	char line[PRINT_LINE];

	arch_print(p, "purgatory: SHA-256 digest mismatch: what was loaded is damaged.\r\n");
	/* A name that is damaged itself has other bytes behind it; the line has its end. */
	print_line(line, known ? p->name[damaged].name : "the digest", KEPT_DAMAGED, "");
	arch_print(p, line);
	arch_print(p, "purgatory: stopped; there will be no dump.\r\n");
	arch_stop();
}

void purgatory(const struct purgatory_params *p, uint64_t cpu)
{
	uint64_t damaged;

	arch_start(p);
	say(p, "I'm in purgatory\r\n");
	if (!purgatory_verify(p, &damaged)) {
		stop(p, damaged);
		return;
	}
	say(p, p->n_regions ? "purgatory: the SHA-256 digest is right\r\n"
			    : "purgatory: nothing to verify, no digest\r\n");
	copy_backup(p);
	kept_mend(p, cpu);
	say_where(p);
	arch_finish(p, cpu);
}
