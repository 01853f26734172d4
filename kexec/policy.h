/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What the running kernel refuses, and what it would pass on to the next one. This is state, read
 * anew each time: lockdown can be switched on, a limit is used up. On any architecture.
 */
#ifndef KEXEC_POLICY_H
#define KEXEC_POLICY_H

#include "kexec/machine.h"

/*
 * security/lockdown/lockdown.c:lockdown_read. Both of the last two forbid kexec_load, with EPERM.
 */
enum policy_lockdown {
	POLICY_LOCKDOWN_UNKNOWN,	/* securityfs is not mounted, or not readable */
	POLICY_LOCKDOWN_NONE, POLICY_LOCKDOWN_INTEGRITY, POLICY_LOCKDOWN_CONFIDENTIALITY,
};

struct policy {
	/*
	 * Of EFI's variable. With CONFIG_KEXEC_SIG kexec_load is then forbidden with EACCES, before
	 * lockdown is asked (security/integrity/ima/ima_main.c:ima_load_data).
	 */
	enum answer secure_boot;
	enum policy_lockdown lockdown;
	/* kernel/kexec_core.c:kexec_load_permitted, EPERM from both calls. */
	bool disabled;			/* kernel.kexec_load_disabled: until the next boot */
	bool enabled;			/* known not to be; with neither it is not known */
	bool used_up_panic, used_up_reboot;	/* kernel.kexec_load_limit_*: 0 loads are left */
	/*
	 * Memory can be kept for the next kernel: kexec handover (kho=on), live update. Only
	 * kexec_file_load passes it on (kernel/liveupdate/), and only to a kernel that is not for
	 * a crash.
	 */
	bool preserves;
};

/*
 * What is not there or not for this user stays unknown, or false. -errno with a message for a file
 * that cannot be read otherwise, or not be copied: with sr->copy set a snapshot answers too.
 */
int policy_read(struct policy *p, const struct sysroot *sr);
/* The same where an answer is worth having and none does no harm. */
void policy_guess(struct policy *p, const struct sysroot *sr);

/* Does it forbid kexec_load, signed or not, for certain? */
bool policy_forbids_kexec_load(const struct policy *p);

/*
 * "only signed kernels, ...": what the running kernel restricts loading to, and why; NULL: it is
 * not known to. Secure Boot alone forbids only kexec_load.
 */
const char *policy_restricts(const struct policy *p);

/*
 * Why a call for a normal or a crash kernel, kexec_file_load or kexec_load, was refused with the
 * positive errno @err (EPERM, EACCES), and what can be done: half a sentence.
 */
const char *policy_cause(const struct policy *p, int err, bool crash, bool file);

#endif
