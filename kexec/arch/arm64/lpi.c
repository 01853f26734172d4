// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The tables of GICv3's LPIs. The interrupt controller reads and writes them in memory, and cannot
 * be told to stop: the next kernel finds them in use and clears them where they are
 * (drivers/irqchip/irq-gic-v3-its.c:allocate_lpi_tables, gic_reset_prop_table), whatever it has
 * there. With UEFI the first kernel reserves them for all later ones; with a device tree nobody
 * does.
 */
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arm64/arm64.h"

/* What is behind @word in a line of @len bytes, or NULL. */
static const char *behind(const char *line, size_t len, const char *word)
{
	const char *at = memmem(line, len, word, strlen(word));

	return at ? at + strlen(word) : NULL;
}

/*
 * "GICv3: using LPI property table @0x...", "GICv3: CPU1: using allocated LPI pending table @0x..."
 */
static bool is_table(const char *line, size_t len, uint64_t *address, bool *properties)
{
	const char *at = behind(line, len, "LPI property table @");
	char *end;

	*properties = at;
	if (!at)
		at = behind(line, len, "LPI pending table @");
	if (!at || strncmp(line, "GICv3: ", 7))
		return false;
	*address = strtoull(at, &end, 16);
	return end != at && end <= line + len && *address && *address % ARM64_LPI_TABLE_SIZE == 0;
}

int arm64_lpi_tables(const char *lines, size_t cpus, struct ranges *tables, bool *all)
{
	bool properties, any = false;
	size_t pending = 0;
	int rc = 0;

	for (const char *line = lines; *line && rc >= 0;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		uint64_t address = 0;

		if (!is_table(line, strcspn(line, "\n"), &address, &properties))
			continue;
		any = any || properties;
		pending += !properties;
		rc = ranges_add(tables, address, ARM64_LPI_TABLE_SIZE, "LPI tables of the GIC");
	}
	*all = any && pending >= cpus;
	ranges_merge(tables);
	return rc;
}
