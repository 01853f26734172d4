// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/fault.h"

void fault_number(const struct purgatory_params *p, const char *name, uint64_t v)
{
	char text[PRINT_HEX];

	print_hex(text, v);
	arch_print(p, name);
	arch_print(p, text);
}

void fault_stop(const struct purgatory_params *p)
{
	arch_print(p, "\r\npurgatory: stopped; there will be no dump.\r\n");
	arch_stop();
}
