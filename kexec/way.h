/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Which system call loads an image, what must be certain before it is made,
 * which may follow when it fails, and what the user must be warned of. Pure:
 * nothing is read, called or said.
 */
#ifndef KEXEC_WAY_H
#define KEXEC_WAY_H

#include "kexec/machine.h"
#include "kexec/options.h"

enum way_call {
	WAY_NONE,
	WAY_LOAD,		/* kexec_load: we plan */
	WAY_FILE,		/* kexec_file_load: the running kernel plans */
};

/* What must be certain before the first call. A crash load frees the armed image first. */
enum way_proof {
	WAY_PROOF_KERNEL,   /* it is a kernel for this machine; more the running kernel looks at */
	WAY_PROOF_FILES,    /* the files are what this machine could load */
	WAY_PROOF_TRY_PLAN, /* a plan, proved; where we cannot plan for the machine: the files, and
			       kexec_file_load alone, whatever was to be first */
	WAY_PROOF_PLAN,	    /* a plan, proved */
};

enum way_warning {
	WAY_WARN_NOTHING,
	WAY_WARN_BIG_ENDIAN,	/* FLAW_FILE_SPOILS, kexec/flaw.h */
	WAY_WARN_FILE_BACKUP,	/* FLAW_FILE_FORGETS */
	WAY_WARN_BACKUP,	/* FLAW_FORGETS */
	WAY_WARN_PRESERVED,	/* memory kept for the next kernel is lost: struct policy */
};

/* All that it depends on. */
struct way_facts {
	enum load_syscall asked;
	bool crash, hotplug, type;	/* -p, --hotplug, --type are given */
	const char *only_load;		/* a wish that only kexec_load can be asked for, or NULL */
	bool can_plan;			/* kexec knows this type of machine */
	bool file_spoils; /* a crash image of kexec_file_load would overwrite the dump */
	enum answer keeps_backup;	/* the running kernel is without FLAW_FORGETS */
	bool memory_hotplug;		/* the running kernel rewrites images when memory changes */
	bool forbidden;			/* kexec_load is, for certain: struct policy */
	bool preserves;			/* what kexec_load does not pass on: struct policy */
};

struct way {
	enum way_call first, second; /* second: WAY_NONE, or after a failure; see way_goes_on() */
	enum way_proof proof;
	const char *why;		/* that call first, for people */
	enum way_warning file_warning, load_warning;	/* when that call has loaded the image */
};

/* way.first is WAY_NONE when what was asked for cannot be done: -s and only_load. */
struct way way_choose(const struct way_facts *f);

/*
 * May the other system call be tried when @call has failed with the negative
 * errno @rc? @planned: the image for kexec_load has been proved.
 */
bool way_goes_on(enum way_call call, int rc, bool planned);

/* "kexec_load", "kexec_file_load". */
const char *way_name(enum way_call call);

#endif
