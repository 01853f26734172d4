/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The lanes by the vector unit: each has an element of every register (Power ISA 2.07, "Vector
 * SHA-256 Sigma Word"). Of processors since POWER8, in both byte orders.
 */
#ifndef PURGATORY_ARCH_PPC64_LANES_H
#define PURGATORY_ARCH_PPC64_LANES_H

#include "purgatory/lanes.h"

lanes_blocks lanes_ppc64;

#endif
