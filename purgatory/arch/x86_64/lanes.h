/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The lanes by the SHA extensions (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * CPUID leaf 7, EBX bit 29), with SSE4.1; two lanes at a time. Of processors that have both.
 */
#ifndef PURGATORY_ARCH_X86_64_LANES_H
#define PURGATORY_ARCH_X86_64_LANES_H

#include "purgatory/lanes.h"

lanes_blocks lanes_x86_64;

#endif
