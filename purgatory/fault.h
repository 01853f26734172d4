/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* For entry.S that takes exceptions: the machine says what happened, and stays as it is. */
#ifndef PURGATORY_FAULT_H
#define PURGATORY_FAULT_H

#include "purgatory/purgatory.h"

/* @name, then all digits of @v; a name begins with what separates it from the one before. */
void fault_number(const struct purgatory_params *p, const char *name, uint64_t v);
/* After the last number. For ever. */
void fault_stop(const struct purgatory_params *p);

#endif
