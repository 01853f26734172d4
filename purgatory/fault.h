/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* For entry.S that takes exceptions: the machine says what happened, and stays as it is. */
#ifndef PURGATORY_FAULT_H
#define PURGATORY_FAULT_H

#include "purgatory/purgatory.h"

/* Of the processor. @name: what stands before the number; the first one's begins the line. */
struct fault_register {
	const char *name;
	uint64_t value;
};

#define FAULT_REGISTERS 3
/* Says them in one line shorter than PRINT_LINE, and that there will be no dump. For ever. */
void fault_stop(const struct purgatory_params *p, const struct fault_register *registers);

#endif
