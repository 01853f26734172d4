/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * kexec_file_load frees the armed crash image before it looks at the files:
 * look first. Only what is certain to fail, or to leave no dump, is refused;
 * the rest, a signature for one, the running kernel decides.
 */
#ifndef KEXEC_FILEPROOF_H
#define KEXEC_FILEPROOF_H

#include "kexec/image.h"

/*
 * @m need not be surveyed to the end; what is not known is not looked at. Of a
 * normal image, for which nothing is freed, the kernel alone is looked at. What is
 * looked at stays open in @files.
 * PHASE_FILES, PHASE_INITRD: what opening it says; -ENOEXEC: not a kernel for this, or
 * not an initrd; -ETXTBSY: it is being written. PHASE_PLAN: -ENOSPC: too large, or no
 * capture kernel can start there; -E2BIG: the command line is too long;
 * -ENODEV: nothing is reserved. All with messages.
 */
struct failure fileproof(const struct machine *m, struct files *files,
			 const struct plan_request *request);

#endif
