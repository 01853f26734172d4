// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "purgatory/fault.h"

/* One call for the line: a console that is damaged itself comes after those that are not. */
void fault_stop(const struct purgatory_params *p, const struct fault_register *registers)
{
	char line[PRINT_LINE], *to = line;

	for (unsigned int i = 0; i < FAULT_REGISTERS; i++) {
		for (const char *from = registers[i].name; *from; from++)
			*to++ = *from;
		print_hex(to, registers[i].value);
		to += PRINT_HEX - 1;
	}
	*to++ = '\r';
	*to++ = '\n';
	*to = 0;
	arch_print(p, line);
	arch_print(p, "purgatory: stopped; there will be no dump.\r\n");
	arch_stop();
}
