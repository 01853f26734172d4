// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* mkcore.h as a program: its text from standard input, the core to standard output. */
#include <stdio.h>

#include "tests/unit/mkcore.h"

int main(void)
{
	BUF_AUTO text = {0};
	BUF_AUTO core = {0};
	char piece[4096];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)))
		buf_add(&text, piece, n);
	buf_add(&text, "", 0);
	mkcore(&core, (const char *)text.data);
	if (fwrite(core.data, 1, core.len, stdout) != core.len || fflush(stdout)) {
		perror("mkcore: standard output");
		return 1;
	}
	return 0;
}
