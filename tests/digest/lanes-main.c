// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The digest of regions, by the portable code and by what this processor has:
 *
 *	lanes DATA <CASES
 *
 * The first line of the output names what it has. A case is a line "TABLE ALIGN:SIZE..." (TABLE in
 * hex, "-": empty): regions follow each other in the file DATA from its start on, and each is put
 * so that its address is ALIGN more than a multiple of 64. For each a line of the digest, or of two
 * when they differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/lanes.h"

#define DATA_MAX	(1 << 20)
#define REGIONS_MAX	20
#define LINE_MAX_LEN	4096

static uint8_t data[DATA_MAX], table[LINE_MAX_LEN];
static uint8_t place[REGIONS_MAX][DATA_MAX / 4 + 64] __attribute__((aligned(64)));
static struct { const uint8_t *at; size_t size; } region[REGIONS_MAX];
static size_t n_regions, table_len;

static void die(const char *why)
{
	fprintf(stderr, "lanes: %s\n", why);
	exit(2);
}

static void read_table(const char *hex)
{
	unsigned int byte;

	for (table_len = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		table[table_len++] = (uint8_t)byte;
}

static void read_case(char *line)
{
	size_t from = 0, align, size;
	char *word = strtok(line, " \n");

	read_table(word);
	for (n_regions = 0; (word = strtok(NULL, " \n")); n_regions++) {
		if (n_regions == REGIONS_MAX || sscanf(word, "%zu:%zu", &align, &size) != 2 ||
		    align >= 64 || size > DATA_MAX / 4 || from + size > DATA_MAX)
			die("a case that cannot be");
		memset(place[n_regions], 0xff, sizeof(place[n_regions]));
		region[n_regions].at = memcpy(place[n_regions] + align, data + from, size);
		region[n_regions].size = size;
		from += size;
	}
}

static void digest_by(lanes_blocks *blocks, uint8_t digest[SHA256_DIGEST_SIZE])
{
	struct lanes l;

	lanes_init(&l, blocks);
	for (size_t i = 0; i < n_regions; i++)
		lanes_region(&l, region[i].at, region[i].size);
	lanes_final(&l, table, table_len, digest);
}

static void print(const uint8_t digest[SHA256_DIGEST_SIZE])
{
	for (unsigned int i = 0; i < SHA256_DIGEST_SIZE; i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	uint8_t portable[SHA256_DIGEST_SIZE], unit[SHA256_DIGEST_SIZE];
	char line[LINE_MAX_LEN];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (!file || fread(data, 1, sizeof(data), file) != sizeof(data))
		die("no data");
	puts(lanes_here()->name);
	while (fgets(line, sizeof(line), stdin)) {
		read_case(line);
		digest_by(lanes_portable, portable);
		digest_by(lanes_here()->blocks, unit);
		print(portable);
		if (memcmp(portable, unit, sizeof(unit)))
			print(unit);
	}
	return 0;
}
