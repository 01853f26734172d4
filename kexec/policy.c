// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <string.h>

#include "kexec/cmdline.h"
#include "kexec/policy.h"

/* It is no fault to be without such a file, or not to be allowed to read it. */
static int policy_file(const struct sysroot *sr, const char *path, struct buf *out)
{
	int rc = sysroot_read(sr, path, out);

	if (rc == -EACCES || rc == -EPERM)
		fail_forget();
	return rc == -ENOENT || rc == -EACCES || rc == -EPERM ? 0 : rc;
}

/* A variable's file begins with four bytes of attributes (fs/efivarfs/file.c). */
static int policy_secure_boot(const struct sysroot *sr, enum answer *out)
{
	BUF_AUTO data = {0};
	int rc = policy_file(sr, SYS_EFI_SECURE_BOOT, &data);

	if (data.len >= 5)
		*out = data.data[4] == 1 ? ANSWER_YES : ANSWER_NO;
	return rc;
}

/* "none [integrity] confidentiality" */
static int policy_lockdown(const struct sysroot *sr, enum policy_lockdown *out)
{
	BUF_AUTO text = {0};
	int rc = policy_file(sr, SYS_LOCKDOWN, &text);
	const char *s = text.len ? (const char *)text.data : "";

	*out = strstr(s, "[none]") ? POLICY_LOCKDOWN_NONE :
	       strstr(s, "[integrity]") ? POLICY_LOCKDOWN_INTEGRITY :
	       strstr(s, "[confidentiality]") ? POLICY_LOCKDOWN_CONFIDENTIALITY :
	       POLICY_LOCKDOWN_UNKNOWN;
	return rc;
}

static int policy_sysctl(const struct sysroot *sr, const char *path, const char *value, bool *out)
{
	BUF_AUTO text = {0};
	int rc = policy_file(sr, path, &text);

	*out = text.len && !strcmp((char *)text.data, value);
	return rc;
}

static int policy_disabled(const struct sysroot *sr, struct policy *p)
{
	BUF_AUTO text = {0};
	int rc = policy_file(sr, PROC_LOAD_DISABLED, &text);

	p->disabled = text.len && !strcmp((char *)text.data, "1\n");
	p->enabled = text.len && !strcmp((char *)text.data, "0\n");
	return rc;
}

/* lib/kstrtox.c:kstrtobool, of a parameter "NAME=VALUE". */
static bool policy_says_yes(const char *cmdline, const char *name)
{
	size_t len = 0;
	const char *word = cmdline_find(cmdline, name, &len);
	const char *value = word ? memchr(word, '=', len) : NULL;

	if (!value || ++value >= word + len)
		return false;
	return strchr("yYtT1", *value) ||
	       (strchr("oO", *value) && value + 1 < word + len && strchr("nN", value[1]));
}

static int policy_preserves(const struct sysroot *sr, bool *out)
{
	struct arena arena = {0};
	const char *cmdline = "";
	int rc = machine_cmdline(sr, &arena, &cmdline);

	*out = sysroot_exists(sr, DEV_LIVEUPDATE) || policy_says_yes(cmdline, "kho") ||
	       policy_says_yes(cmdline, "liveupdate");
	arena_free(&arena);
	return rc;
}

int policy_read(struct policy *p, const struct sysroot *sr)
{
	int rc;

	*p = (struct policy){0};
	rc = policy_secure_boot(sr, &p->secure_boot);
	if (rc >= 0)
		rc = policy_lockdown(sr, &p->lockdown);
	if (rc >= 0)
		rc = policy_disabled(sr, p);
	if (rc >= 0)
		rc = policy_sysctl(sr, PROC_LOAD_LIMIT_PANIC, "0\n", &p->used_up_panic);
	if (rc >= 0)
		rc = policy_sysctl(sr, PROC_LOAD_LIMIT_REBOOT, "0\n", &p->used_up_reboot);
	return rc < 0 ? rc : policy_preserves(sr, &p->preserves);
}

void policy_guess(struct policy *p, const struct sysroot *sr)
{
	if (policy_read(p, sr) < 0)
		fail_forget();
}

bool policy_forbids_kexec_load(const struct policy *p)
{
	return p->lockdown == POLICY_LOCKDOWN_INTEGRITY ||
	       p->lockdown == POLICY_LOCKDOWN_CONFIDENTIALITY;
}

const char *policy_restricts(const struct policy *p)
{
	if (policy_forbids_kexec_load(p))
		return "only signed kernels, with kexec_file_load (-s): the running kernel is"
		       " locked down";
	return p->secure_boot == ANSWER_YES ?
	       "only with kexec_file_load (-s), signed kernels: Secure Boot is on" : NULL;
}

/* In the order in which the kernel asks: kernel/kexec.c:kexec_load_check. */
static const char *policy_cause_eperm(const struct policy *p, bool crash, bool file)
{
	if (p->disabled)
		return "sysctl kernel.kexec_load_disabled is 1, which nothing but a reboot changes";
	if (crash ? p->used_up_panic : p->used_up_reboot)
		return crash ?
			"sysctl kernel.kexec_load_limit_panic is 0: as many crash kernels as it"
			" allowed have been loaded" :
			"sysctl kernel.kexec_load_limit_reboot is 0: as many kernels as it allowed"
			" have been loaded";
	if (policy_forbids_kexec_load(p))
		return file ?
			"the running kernel is locked down: it takes only kernels signed with a key"
			" that it trusts (of its own keyring, Secure Boot's db, or a MOK)" :
			"the running kernel is locked down: it takes kernels by kexec_file_load"
			" (-s)"
			" only, signed ones";
	/*
	 * CAP_SYS_BOOT was looked for before (struct syscalls: permitted). LoadPin has no file of
	 * kexec_load, and refuses it (security/loadpin/loadpin.c:loadpin_check).
	 */
	if (p->enabled)
		return file ?
			"the kernel or the initrd is not on the file system that LoadPin has"
			" pinned, or not signed where lockdown (Secure Boot) wants that; or this is"
			" a container, whose CAP_SYS_BOOT does not count" :
			"LoadPin or lockdown (Secure Boot) takes kernels by kexec_file_load (-s)"
			" only; or this is a container, whose CAP_SYS_BOOT does not count";
	return file ?
		"it needs root (CAP_SYS_BOOT), sysctl kernel.kexec_load_disabled = 0, and under"
		" lockdown (Secure Boot) a kernel with a valid signature" :
		"it needs root (CAP_SYS_BOOT), sysctl kernel.kexec_load_disabled = 0, an unused"
		" kernel.kexec_load_limit_*, and no lockdown (Secure Boot)";
}

const char *policy_cause(const struct policy *p, int err, bool crash, bool file)
{
	if (err == EPERM)
		return policy_cause_eperm(p, crash, file);
	/* Where efivarfs is not mounted, lockdown is what tells of Secure Boot. */
	if (p->secure_boot == ANSWER_UNKNOWN && policy_forbids_kexec_load(p))
		return policy_cause_eperm(&(struct policy){ .lockdown = p->lockdown }, crash, file);
	if (p->secure_boot != ANSWER_YES)
		return "a security policy (IMA, SELinux) forbids it";
	return file ?
		"under Secure Boot a security policy (IMA) forbids this kernel: it takes only"
		" signed ones" :
		"under Secure Boot the running kernel takes kernels by kexec_file_load (-s) only,"
		" signed ones";
}
