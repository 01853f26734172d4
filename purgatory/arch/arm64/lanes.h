/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The lanes by FEAT_SHA256 (Arm Architecture Reference Manual, ID_AA64ISAR0_EL1.SHA2), two at a
 * time. Of processors that have it; the kernel says so with HWCAP_SHA2.
 */
#ifndef PURGATORY_ARCH_ARM64_LANES_H
#define PURGATORY_ARCH_ARM64_LANES_H

#include "purgatory/lanes.h"

LANES_HERE lanes_blocks lanes_arm64;

#endif
