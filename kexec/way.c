// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>

#include "common/bytes.h"
#include "kexec/way.h"

#define WAY_WHY_FORBIDDEN "the running kernel is locked down, and has no other call"

#define ANY_OF(asked) (1u << (asked))
#define AUTO	ANY_OF(SYSCALL_AUTO)
#define FILE_	ANY_OF(SYSCALL_FILE)
#define LOAD	ANY_OF(SYSCALL_LOAD)

/* What a row wants of a fact. */
enum wanted { EITHER, NO, YES };

/* The first row that fits decides; the last ones of each option fit everything. */
static const struct way_row {
	unsigned int asked;		/* bits: -a, -s, -c */
	enum wanted only_load, can_plan, crash, hotplug, type, file_spoils, file_forgets;
	enum way_call first, second;
	enum way_proof proof;
	const char *why;
} way_rows[] = {
	/* -s and a wish that the running kernel cannot be told of: nothing can be done. */
	{ FILE_, .only_load = YES, .first = WAY_NONE, .why = "-s" },
	/*
	 * -s is a decision, and it stands. For a crash image look at the files:
	 * what surely fails must not cost the armed one. Of machines that kexec
	 * does not know, it does not know kernels.
	 */
	{ FILE_, .crash = YES, .can_plan = YES, .first = WAY_FILE, .proof = WAY_PROOF_FILES,
	  .why = "-s" },
	{ FILE_, .first = WAY_FILE, .proof = WAY_PROOF_KERNEL, .why = "-s" },
	{ LOAD, .first = WAY_LOAD, .proof = WAY_PROOF_PLAN, .why = "-c" },

	/* -a from here on. Another system call is no substitute for a wish. */
	{ AUTO, .only_load = YES, .first = WAY_LOAD, .proof = WAY_PROOF_PLAN,
	  .why = "an option that only kexec_load can do" },
	/* An armed image that overwrites the dump is worse than a failure. */
	{ AUTO, .can_plan = YES, .crash = YES, .file_spoils = YES, .first = WAY_LOAD,
	  .proof = WAY_PROOF_PLAN, .why = "the running kernel's own loader spoils dumps" },
	/*
	 * What --hotplug promises has been rehearsed on the image that is loaded;
	 * of an image which the running kernel makes, nothing is known. It comes
	 * second where a policy or the kernel leaves no other.
	 */
	{ AUTO, .can_plan = YES, .crash = YES, .hotplug = YES, .first = WAY_LOAD,
	  .second = WAY_FILE, .proof = WAY_PROOF_PLAN,
	  .why = "--hotplug: what has been rehearsed is loaded" },
	/*
	 * Its first 64 KiB would be wrong for certain. Where kexec cannot plan, or may
	 * not load, that is better than no dump.
	 */
	{ AUTO, .can_plan = YES, .crash = YES, .type = NO, .file_forgets = YES, .first = WAY_LOAD,
	  .second = WAY_FILE, .proof = WAY_PROOF_TRY_PLAN,
	  .why = "the running kernel's own loader has a wrong place for the first 64 KiB" },
	{ AUTO, .can_plan = YES, .crash = YES, .type = YES, .file_forgets = YES, .first = WAY_LOAD,
	  .second = WAY_FILE, .proof = WAY_PROOF_PLAN,
	  .why = "the running kernel's own loader has a wrong place for the first 64 KiB" },
	/*
	 * A kexec_file_load that fails costs the armed image; its place is then
	 * taken by one that is certain. The first load is no other than a reload,
	 * so that a command line which has worked works again.
	 */
	{ AUTO, .can_plan = YES, .crash = YES, .type = NO, .first = WAY_FILE, .second = WAY_LOAD,
	  .proof = WAY_PROOF_TRY_PLAN, .why = "the default" },
	/* Only we know types. */
	{ AUTO, .type = YES, .first = WAY_FILE, .second = WAY_LOAD, .proof = WAY_PROOF_PLAN,
	  .why = "the default" },
	/* A normal image stays when a load fails, there is nothing to lose. */
	{ AUTO, .first = WAY_FILE, .second = WAY_LOAD, .proof = WAY_PROOF_KERNEL,
	  .why = "the default" },
};

static bool way_has(enum wanted wanted, bool fact)
{
	return wanted == EITHER || fact == (wanted == YES);
}

static bool way_fits(const struct way_row *r, const struct way_facts *f)
{
	return r->asked & ANY_OF(f->asked) && way_has(r->only_load, f->only_load) &&
	       way_has(r->can_plan, f->can_plan) && way_has(r->crash, f->crash) &&
	       way_has(r->hotplug, f->hotplug) && way_has(r->type, f->type) &&
	       way_has(r->file_spoils, f->file_spoils) &&
	       way_has(r->file_forgets, f->keeps_backup == ANSWER_NO);
}

/*
 * A running kernel that does not set the backup region's place in an
 * elfcorehdr of its own forgets the one in ours only when memory changes.
 */
static void way_warn(struct way *w, const struct way_facts *f)
{
	bool forgets = f->crash && f->keeps_backup == ANSWER_NO;

	w->file_warning = f->crash && f->file_spoils ? WAY_WARN_BIG_ENDIAN :
			  forgets ? WAY_WARN_FILE_BACKUP : WAY_WARN_NOTHING;
	w->load_warning = forgets && f->hotplug && f->memory_hotplug ? WAY_WARN_BACKUP :
			  !f->crash && f->preserves ? WAY_WARN_PRESERVED : WAY_WARN_NOTHING;
}

/* Where -a may use both calls and one is refused whatever it loads, the other is left. */
static void way_obey(struct way *w, const struct way_facts *f)
{
	bool either = (w->first == WAY_FILE && w->second == WAY_LOAD) ||
		      (w->first == WAY_LOAD && w->second == WAY_FILE);

	if (!f->forbidden || !either)
		return;
	w->first = WAY_FILE;
	w->second = WAY_NONE;
	w->why = WAY_WHY_FORBIDDEN;
}

struct way way_choose(const struct way_facts *f)
{
	const struct way_row *r = way_rows;
	struct way w;

	while (!way_fits(r, f))
		r++;
	w = (struct way){
		.first = r->first, .second = r->second, .proof = r->proof, .why = r->why
	};
	way_obey(&w, f);
	way_warn(&w, f);
	return w;
}

static bool way_among(const int *list, size_t n, int err)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == err)
			return true;
	return false;
}

bool way_goes_on(enum way_call call, int rc, bool planned)
{
	/*
	 * No, says lockdown, Secure Boot (IMA), a limit or a security module; or there is no such
	 * call.
	 */
	static const int load_leaves_none[] = { EPERM, EACCES, ENOSYS };
	/*
	 * Permission, and what crypto/asymmetric_keys/ and kernel/module_signing.c say of
	 * signatures.
	 */
	static const int file_refused[] = {
		EPERM,	EACCES,	 EKEYREJECTED, EKEYREVOKED, EKEYEXPIRED,
		ENOKEY, EBADMSG, ELIBBAD,      ENODATA,	    ENOPKG,
	};
	/* No such call, or the running kernel does not take this file or a flag. */
	static const int file_cannot[] = { ENOSYS, EINVAL, ENOEXEC, EOPNOTSUPP };

	if (call == WAY_LOAD)
		return way_among(load_leaves_none, ARRAY_SIZE(load_leaves_none), -rc);
	return way_among(file_cannot, ARRAY_SIZE(file_cannot), -rc) ||
	       (planned && !way_among(file_refused, ARRAY_SIZE(file_refused), -rc));
}

const char *way_name(enum way_call call)
{
	return call == WAY_FILE ? "kexec_file_load" : call == WAY_LOAD ? "kexec_load" : "none";
}
