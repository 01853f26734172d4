// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <time.h>

#include "kexec/arch/arch.h"
#include "kexec/policy.h"
#include "kexec/readiness.h"
#include "kexec/syscalls.h"

/* --- facts --- */

static int read_image(struct readiness *r, const struct sysroot *sr)
{
	int rc = state_loaded(sr, true, &r->loaded);

	return rc < 0 ? rc : state_kept(sr, &r->cpu_kept, &r->memory_kept);
}

/*
 * While the kernel changes the image it says that there is none, and while anybody
 * holds its lock, that it keeps none current. A recording does not waver.
 */
static bool may_waver(const struct readiness *r, const struct sysroot *sr)
{
	return (sysroot_is_live(sr) || syscalls.any_machine) &&
	       (r->loaded == ANSWER_NO || r->cpu_kept == ANSWER_NO || r->memory_kept == ANSWER_NO);
}

/* The log first: reading crash_hotplug at the wrong moment makes a line in it. */
static int read_state(struct readiness *r, const struct sysroot *sr)
{
	int rc = klog_read(sr, &r->machine.arena, &r->log);

	if (rc >= 0)
		rc = read_image(r, sr);
	if (rc >= 0 && may_waver(r, sr)) {
		syscalls.sleep_ms(READINESS_PAUSE_MS);
		rc = read_image(r, sr);
	}
	if (rc >= 0)
		rc = state_crash_size(sr, &r->reserved);
	return rc == -EBUSY ? 0 : rc;
}

/* Only root may read the notes' addresses; that there are some, everybody can see. */
static int read_cpus(struct readiness *r, const struct sysroot *sr)
{
	struct machine *m = &r->machine;
	int rc = machine_survey_cpus(m);

	for (size_t i = 0; i < m->possible.n && rc >= 0; i++) {
		STRING_AUTO notes = mem_printf(SYS_CPU "/cpu%u/crash_notes", m->possible.id[i]);

		r->cpus.with_notes += sysroot_exists(sr, notes);
	}
	r->cpus.notes_before = !m->arch || m->arch->notes_before_cpus;
	r->cpus.possible = m->possible.n;
	r->cpus.present = m->present.n;
	return rc;
}

/* Whatever is loaded: what the crash region alone tells. */
static void read_region(struct readiness *r, const struct sysroot *sr)
{
	struct machine *m = &r->machine;
	int rc;

	if (!m->arch || !r->reserved)
		return;
	rc = machine_cmdline(sr, &m->arena, &m->cmdline);
	if (rc >= 0)
		rc = machine_survey_memory(m);
	if (rc >= 0 && m->arch->prove_region && m->arch->prove_region(m) < 0)
		r->region_problem = arena_printf(&m->arena, "%s", fail_text());
	fail_forget();
}

/* -S -l is no part of this, but a snapshot answers it too. */
static void copy_normal_state(const struct sysroot *sr)
{
	enum answer loaded;

	if (sr->copy && state_loaded(sr, false, &loaded) < 0)
		fail_forget();
}

static void read_policy(struct readiness *r, const struct sysroot *sr)
{
	struct policy policy;

	policy_guess(&policy, sr);
	r->restricted = policy_restricts(&policy);
}

int readiness_read(struct readiness *r, const struct sysroot *sr)
{
	int rc;

	*r = (struct readiness){0};
	rc = machine_identify(&r->machine, sr);
	if (rc >= 0)
		rc = read_state(r, sr);
	if (rc >= 0)
		rc = state_fadump(sr, &r->fadump);
	if (rc >= 0)
		rc = read_cpus(r, sr);
	if (rc >= 0)
		rc = udev_read(sr, &r->machine.arena, arch_udev_name(r->machine.name), &r->udev);
	if (rc < 0)
		return rc;
	loads_read(sr, &r->machine.arena, &r->loads);
	r->now = (uint64_t)time(NULL);
	read_policy(r, sr);
	read_region(r, sr);
	r->keeps_backup = flaw_is_absent(&r->machine, FLAW_FORGETS);
	copy_normal_state(sr);
	return 0;
}

void readiness_free(struct readiness *r)
{
	machine_free(&r->machine);
}

/* --- what follows --- */

static bool keeps_cpus(const struct readiness *r)
{
	return state_keeps(r->cpu_kept, r->memory_kept);
}

static bool keeps_memory(const struct readiness *r)
{
	return state_keeps(r->memory_kept, r->cpu_kept);
}

/* A CPU that went does no harm; memory that went would be read for the dump. */
static bool udev_reloads_cpus(const struct readiness *r)
{
	return udev_actions(&r->udev, UDEV_CPU) &
	       (r->machine.arch ? r->machine.arch->cpu_comes : UDEV_COMES);
}

static bool udev_reloads_memory(const struct readiness *r)
{
	unsigned int actions = udev_actions(&r->udev, UDEV_MEMORY);

	return (actions & UDEV_COMES) && (actions & UDEV_GOES);
}

static enum verdict judge_fadump(const struct readiness *r)
{
	if (r->fadump.registered != ANSWER_YES)
		return r->fadump.registered == ANSWER_NO ? VERDICT_FADUMP_NOT_REGISTERED :
							   VERDICT_UNKNOWN;
	return r->fadump.hotplug_ready == ANSWER_YES || udev_reloads_memory(r) ?
	       VERDICT_FADUMP : VERDICT_FADUMP_STALE;
}

static enum verdict judge(const struct readiness *r)
{
	if (r->fadump.enabled == ANSWER_YES)
		return judge_fadump(r);
	if (r->loaded == ANSWER_UNKNOWN)
		return VERDICT_UNKNOWN;
	if (r->loaded == ANSWER_NO)
		return r->reserved ? VERDICT_NOT_LOADED : VERDICT_NOT_RESERVED;
	if (r->region_problem)
		return VERDICT_CANNOT_START;
	if (keeps_cpus(r) && keeps_memory(r))
		return r->log.missed ? VERDICT_MISSED : VERDICT_KEPT;
	return (keeps_cpus(r) || udev_reloads_cpus(r)) &&
			(keeps_memory(r) || udev_reloads_memory(r)) ?
		VERDICT_RELOADED :
		VERDICT_STALE;
}

/* The kernel does not say; sometimes it follows from what it says about hotplug. */
static const char *loaded_with(const struct readiness *r)
{
	if (r->loaded != ANSWER_YES)
		return r->loaded == ANSWER_NO ? "nothing" : "unknown";
	if (r->cpu_kept == ANSWER_YES || r->memory_kept == ANSWER_YES)
		return "kexec_file_load, or kexec_load with --hotplug";
	if (r->machine.arch && r->machine.arch->file_load_is_kept &&
	    (r->cpu_kept == ANSWER_NO || r->memory_kept == ANSWER_NO))
		return "kexec_load without --hotplug";
	return "unknown";
}

static enum answer is_current(const struct readiness *r)
{
	if (r->verdict == VERDICT_KEPT)
		return r->log.known ? ANSWER_YES : ANSWER_UNKNOWN;
	return r->verdict == VERDICT_MISSED ? ANSWER_NO : ANSWER_UNKNOWN;
}

static void add_warning(struct readiness *r, const char *text)
{
	if (r->n_warnings < READINESS_WARNINGS)
		r->warnings[r->n_warnings++] = text;
}

static bool forgets_removals(const struct readiness *r)
{
	return r->memory_kept == ANSWER_YES && flaw_find(&r->machine, FLAW_KEEPS_REMOVED);
}

/*
 * Events on which a rule reloads although the kernel has seen to the image; when memory goes it may
 * not have.
 */
static unsigned int rule_superfluous(const struct readiness *r, const struct udev_reload *u)
{
	return u->subsystem == UDEV_MEMORY && forgets_removals(r) ? u->ungated & ~UDEV_GOES :
								    u->ungated;
}

static void warn_of_rules(struct readiness *r)
{
	for (size_t i = 0; i < r->udev.n; i++) {
		const struct udev_reload *u = &r->udev.at[i];

		if (!rule_superfluous(r, u))
			continue;
		add_warning(r,
			    arena_printf(&r->machine.arena,
					 "%s:%u reloads although the kernel keeps"
					 " the image current, and disarms it for a while each time;"
					 " skip it when ATTRS{crash_hotplug}==\"1\"",
					 u->file, u->line));
		return;
	}
}

/* When it goes offline it is still in /proc/iomem: a reload then is too early. */
static bool udev_reloads_removed(const struct readiness *r)
{
	unsigned int ungated = 0;

	for (size_t i = 0; i < r->udev.n; i++)
		ungated |= r->udev.at[i].subsystem == UDEV_MEMORY ? r->udev.at[i].ungated : 0;
	return ungated & UDEV_REMOVE;
}

/*
 * Of images that the kernel keeps; who made them it does not say, so of the other flaws nothing
 * follows.
 */
static bool flaw_spoils(const struct readiness *r, const struct flaw *flaw)
{
	switch (flaw->effect) {
	case FLAW_FORGETS:
		return r->memory_kept == ANSWER_YES && r->keeps_backup == ANSWER_NO;
	case FLAW_KEEPS_REMOVED:
		return forgets_removals(r) && !udev_reloads_removed(r);
	default:
		return false;
	}
}

static void warn_of_flaws(struct readiness *r)
{
	const struct arch *arch = r->machine.arch;

	for (size_t i = 0; arch && i < arch->n_flaws; i++)
		if (flaw_spoils(r, &arch->flaws[i]))
			add_warning(r,
				    arena_printf(&r->machine.arena, "%s; %s", arch->flaws[i].text,
						 arch->flaws[i].advice));
}

static void warn_of_log(struct readiness *r)
{
	const char *when = r->log.since_load ? "" :
			   " (before or after the load, which it does not mention)";

	add_warning(r,
		    arena_printf(&r->machine.arena,
				 "the kernel's log has %zu complaint%s of updates"
				 " that failed%s, the last: \"%s\"; load again",
				 r->log.missed, r->log.missed == 1 ? "" : "s", when, r->log.last));
}

/* What kexec warned of when it loaded the image. */
static void warn_of_load(struct readiness *r)
{
	if (r->log.doubt)
		add_warning(
			r,
			arena_printf(&r->machine.arena, "of the loaded kernel: %s", r->log.doubt));
}

static void warn_of_cpus(struct readiness *r)
{
	size_t cpus = r->cpus.notes_before ? r->cpus.possible : r->cpus.present;

	if (r->cpus.with_notes < cpus)
		add_warning(r,
			    arena_printf(&r->machine.arena,
					 "%zu of %zu %s CPUs have no crash_notes:"
					 " their registers cannot be in a dump",
					 cpus - r->cpus.with_notes, cpus,
					 r->cpus.notes_before ? "possible" : "present"));
}

void readiness_judge(struct readiness *r)
{
	bool fadump = r->fadump.enabled == ANSWER_YES;

	r->verdict = judge(r);
	r->loaded_with = loaded_with(r);
	r->n_warnings = 0;
	r->current = is_current(r);
	if (r->verdict == VERDICT_MISSED)
		warn_of_log(r);
	if (r->verdict == VERDICT_KEPT || r->verdict == VERDICT_MISSED) {
		warn_of_flaws(r);
		warn_of_rules(r);
	}
	if (r->loaded == ANSWER_YES && !fadump) {
		warn_of_cpus(r);
		warn_of_load(r);
	}
	if (r->loaded == ANSWER_YES && fadump)
		add_warning(
			r,
			"a crash kernel is loaded too; fadump is first, it would never be started");
	if (r->region_problem && !fadump)
		add_warning(r, r->region_problem);
	if (r->fit.asked && r->fit.problem)
		add_warning(r, arena_printf(&r->machine.arena, "that kernel would not load: %s",
					    r->fit.problem));
	if (r->fit.asked && r->fit.doubt)
		add_warning(r, arena_printf(&r->machine.arena, "of that kernel: %s", r->fit.doubt));
}

static const struct {
	const char *name, *sentence;
	enum readiness_status status;
} verdicts[] = {
	[VERDICT_UNKNOWN] = { "unknown", "the kernel does not say whether a crash would be dumped",
			      READINESS_UNKNOWN },
	[VERDICT_NOT_RESERVED] = { "not-reserved",
				   "not armed: no memory is reserved; boot with"
				   " crashkernel=SIZE",
				   READINESS_NOT_ARMED },
	[VERDICT_NOT_LOADED] = { "not-loaded", "not armed: no crash kernel is loaded",
				 READINESS_NOT_ARMED },
	[VERDICT_CANNOT_START] = { "cannot-start",
				   "not armed: a crash kernel is loaded, but it cannot"
				   " start in the memory that is reserved",
				   READINESS_NOT_ARMED },
	[VERDICT_STALE] = { "stale-after-hotplug",
			    "armed, but stale once CPUs or memory change: the"
			    " kernel does not keep it current, and no udev rule reloads it",
			    READINESS_ATTENTION },
	[VERDICT_RELOADED] = { "reloaded-by-udev",
			       "armed; udev rules reload it when CPUs or memory change",
			       READINESS_READY },
	[VERDICT_KEPT] = { "kept-current",
			   "armed; the kernel keeps it current when CPUs or memory change",
			   READINESS_READY },
	[VERDICT_MISSED] = { "update-missed",
			     "armed, but perhaps stale: the kernel should keep it current, and"
			     " seems to have missed a change of CPUs or memory",
			     READINESS_ATTENTION },
	[VERDICT_FADUMP] = { "fadump", "armed: fadump is registered", READINESS_READY },
	[VERDICT_FADUMP_STALE] = { "fadump-stale-after-hotplug",
				   "fadump is registered, but nothing"
				   " registers it again when memory changes",
				   READINESS_ATTENTION },
	[VERDICT_FADUMP_NOT_REGISTERED] = { "fadump-not-registered",
					    "not armed: fadump is enabled, but"
					    " not registered",
					    READINESS_NOT_ARMED },
};

enum readiness_status readiness_status(const struct readiness *r)
{
	enum readiness_status status = verdicts[r->verdict].status;

	return status == READINESS_READY && r->n_warnings ? READINESS_ATTENTION : status;
}

const char *readiness_name(enum verdict verdict)
{
	return verdicts[verdict].name;
}

const char *readiness_sentence(enum verdict verdict)
{
	return verdicts[verdict].sentence;
}
