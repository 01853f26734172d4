// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Verify BYTES as the purgatory does, so that somebody can count: "speed portable|unit|zeros
 * BYTES". "unit" is what this processor has; "zeros" are only looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/lanes.h"

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	uint8_t digest[SHA256_DIGEST_SIZE], *data = calloc(size + 1, 1);
	struct lanes lanes;

	if (argc != 3 || !data)
		return 2;
	if (!strcmp(argv[1], "zeros"))
		return !lanes_zeros(data, size);
	lanes_init(&lanes, strcmp(argv[1], "unit") ? lanes_portable : lanes_here()->blocks);
	lanes_region(&lanes, data, size);
	lanes_final(&lanes, "", 0, digest);
	printf("%02x\n", digest[0]);
	return 0;
}
