// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdlib.h>

#include "common/progress.h"
#include "kexec/apply.h"
#include "kexec/arch/arch.h"
#include "kexec/exit.h"
#include "kexec/fileproof.h"
#include "kexec/klog.h"
#include "kexec/load.h"
#include "kexec/plan.h"
#include "kexec/policy.h"
#include "kexec/prove.h"
#include "kexec/readiness.h"
#include "kexec/rebootcpu.h"
#include "kexec/report.h"
#include "kexec/reuse.h"
#include "kexec/start.h"
#include "kexec/syscalls.h"
#include "kexec/way.h"

/* One try to load: what is known, what is certain, what was done. */
struct load_try {
	const struct options *o;
	const struct sysroot *sr;
	struct files *files;
	struct way way;
	struct machine machine;
	uint8_t seed[PLAN_SEED_SIZE];
	struct image image;
	bool surveyed, planned;		/* the machine is known; the image is proved */
	enum way_call made; /* the call that was tried last, or would be first (--dry-run) */
	bool *armed;	    /* a crash kernel was loaded before, or by a try before */
	char *no_plan;			/* why kexec_file_load is tried without one, or NULL */
	struct failure no_plan_failure;
};

static void load_try_init(struct load_try *t, const struct options *o, const struct sysroot *sr,
			  struct files *files, const struct way *way)
{
	*t = (struct load_try){ .o = o, .sr = sr, .files = files, .way = *way, .made = way->first };
	image_init(&t->image, &t->machine);
}

static void load_try_free(struct load_try *t)
{
	image_free(&t->image);
	machine_free(&t->machine);
	free(t->no_plan);
}

static int load_dump(const struct image *image, const char *directory)
{
	int rc;

	message_when_out_of_memory(STATUS_ERROR, "--dump: the directory is not complete");
	rc = report_dump(image, directory);
	message_when_out_of_memory(STATUS_ERROR, "what comes after --dump is not complete");
	return rc;
}

static int load_show(const struct load_try *t)
{
	const struct options *o = t->o;
	int rc = o->dump ? load_dump(&t->image, o->dump) : 0;

	if (rc >= 0 && o->json)
		rc = report_json(&t->image, &t->way, stdout);
	else if (rc >= 0 && o->map)
		report_map(&t->image, stdout);
	else if (rc >= 0 && o->dry_run)
		report_text(&t->image, &t->way, stdout);
	return rc < 0 ? say_why(STATUS_ERROR) : STATUS_OK;
}

/* --- what must be certain --- */

/* What is only a wish does not turn -s down. */
static const char *load_only_load(const struct options *o)
{
	const char *only = plan_only_kexec_load(&o->request);

	return only || o->syscall == SYSCALL_FILE ? only : plan_rather_kexec_load(&o->request);
}

/* To choose, the kind of machine is enough. */
static struct way load_way(const struct options *o, const struct sysroot *sr)
{
	struct machine m;
	enum answer cpu, memory;
	struct policy policy;
	struct way way;

	policy_guess(&policy, sr);
	machine_identify(&m, sr);
	state_kept(sr, &cpu, &memory);
	fail_forget();			/* what is not known here is asked, and said, again */
	way = way_choose(&(struct way_facts){
		.asked = o->syscall,
		.crash = o->crash,
		.hotplug = o->request.hotplug,
		.type = o->request.type,
		.only_load = load_only_load(o),
		.can_plan = m.arch,
		.file_spoils = flaw_is_absent(&m, FLAW_FILE_SPOILS) == ANSWER_NO,
		.keeps_backup = flaw_is_absent(&m, FLAW_FORGETS),
		.memory_hotplug = memory != ANSWER_UNKNOWN,
		.forbidden = policy_forbids_kexec_load(&policy),
		.preserves = policy.preserves,
	});
	machine_free(&m);
	return way;
}

static struct failure load_plan(struct load_try *t)
{
	struct failure f;
	int rc;

	progress_begin("surveying");
	rc = machine_survey(&t->machine, t->sr);
	progress_end();
	f = failure_of(PHASE_MACHINE, rc);
	t->surveyed = rc >= 0;
	if (f.rc >= 0)
		f = plan_open(&t->image, t->files, &t->o->request);
	if (syscalls.random(t->seed, sizeof(t->seed)) >= 0)
		t->image.request.seed = t->seed;
	if (f.rc >= 0) {
		progress_begin("planning");
		f = failure_of(PHASE_PLAN, plan(&t->image));
		progress_end();
	}
	if (f.rc >= 0) {
		progress_begin("proving");
		f = failure_of(PHASE_PROOF, prove(&t->image));
		progress_end();
	}
	t->planned = f.rc >= 0;
	return f;
}

static int load_say_why(struct failure f)
{
	return say_why(failure_status(f));
}

/* Where we do not understand the machine, the running kernel may. */
static bool load_may_do_without(const struct load_try *t, struct failure f)
{
	return t->way.proof == WAY_PROOF_TRY_PLAN && !t->o->dry_run &&
		failure_leaves_running_kernel(f);
}

/* Without a plan, look at the files, with what is known of the machine. */
static struct failure load_look_at_files(struct load_try *t)
{
	struct machine m;
	struct failure f;

	if (t->way.proof != WAY_PROOF_KERNEL) {
		if (t->way.proof == WAY_PROOF_FILES)
			t->surveyed = machine_survey(&t->machine, t->sr) >= 0;
		fail_forget();
		return fileproof(&t->machine, t->files, &t->o->request);
	}
	machine_identify(&m, t->sr);
	fail_forget();
	f = fileproof(&m, t->files, &t->o->request);
	machine_free(&m);
	return f;
}

static int load_make_certain(struct load_try *t)
{
	bool looks = !t->o->dry_run && (t->way.proof == WAY_PROOF_FILES ||
					t->way.proof == WAY_PROOF_KERNEL);
	struct failure f = looks ? load_look_at_files(t) : load_plan(t);

	if (f.rc < 0 && load_may_do_without(t, f)) {
		t->no_plan = mem_copy_string(fail_text());
		t->no_plan_failure = f;
		t->way.first = WAY_FILE;
		t->way.second = WAY_NONE;
		f = load_look_at_files(t);
	}
	return f.rc < 0 ? load_say_why(f) : STATUS_OK;
}

/* --- the system calls --- */

/* It is a setting for an image that is gone; the user hears when it stays. */
static void restore_reboot_cpu(const struct sysroot *sr)
{
	if (rebootcpu_restore(sr) < 0)
		warn("the CPU which starts the next kernel stays changed: %s", fail_text());
	fail_forget();
}

/*
 * For an image that needs it, another CPU will start the next kernel; else the
 * usual one again. Only when it is loaded: the image before, which stays when
 * a normal load fails, has its own wish.
 */
static int load_with_reboot_cpu(const struct image *image, const struct sysroot *sr)
{
	int rc = apply_load(image, sr);

	if (rc < 0 || image->crash)
		return rc;
	if (image->reboot_cpu < 0) {
		restore_reboot_cpu(sr);
		return 0;
	}
	rc = rebootcpu_set(sr, (uint64_t)image->reboot_cpu);
	if (rc < 0) {
		STRING_AUTO why = mem_copy_string(fail_text());

		apply_unload(false, sr);
		fail(EIO, "%s; unloaded again, it would start on a CPU that it does not know", why);
	}
	return rc;
}

static bool crash_loaded(const struct sysroot *sr)
{
	enum answer loaded;

	state_loaded(sr, true, &loaded);
	fail_forget();
	return loaded == ANSWER_YES;
}

static bool is_no_file_load(const struct load_try *t, struct failure f)
{
	return t->made == WAY_FILE && f.phase == PHASE_CALL && f.rc == -ENOSYS;
}

#define LOAD_UNCERTAIN \
	"kexec -S says whether a kernel is loaded, kexec -S -p whether a crash kernel is"

static struct failure load_by(struct load_try *t, enum way_call call)
{
	struct failure f;

	t->made = call;
	message_when_out_of_memory(STATUS_LOAD_FAILED, LOAD_UNCERTAIN);
	if (t->o->crash && crash_loaded(t->sr))
		*t->armed = true;
	if (call == WAY_LOAD && !files_hold(t->files))
		return failure_of(PHASE_PREPARE,
				  fail(EBUSY,
				       "the kernel, the initrd or the device tree was"
				       " written to, or cannot be read any more; try again"));
	if (call == WAY_LOAD)
		return failure_of(PHASE_CALL, load_with_reboot_cpu(&t->image, t->sr));
	f = apply_file_load(&t->o->request, t->files, t->sr);
	if (t->no_plan && !is_no_file_load(t, f))
		notice(f.rc < 0 ? "%s; the running kernel was to plan alone" :
		       "%s; the running kernel planned alone", t->no_plan);
	if (f.rc >= 0 && !t->o->crash)
		restore_reboot_cpu(t->sr);
	return f;
}

static int load_failed(const struct load_try *t, struct failure f)
{
	if (is_no_file_load(t, f) && t->no_plan) {
		fail(-t->no_plan_failure.rc, "%s", t->no_plan);
		return load_say_why(t->no_plan_failure);
	}
	if (is_no_file_load(t, f) && t->o->syscall == SYSCALL_FILE)
		return say_why(STATUS_NO_FILE_LOAD);
	return load_say_why(f);
}

static int load_second(struct load_try *t)
{
	struct failure f = NO_FAILURE;

	notice("%s; loading with %s", fail_text(), way_name(t->way.second));
	if (t->way.second == WAY_LOAD && !t->planned)
		f = load_plan(t);
	else if (t->way.second == WAY_FILE)
		f = fileproof(&t->machine, t->files, &t->o->request);
	if (f.rc < 0)
		return load_say_why(f);
	f = load_by(t, t->way.second);
	return f.rc < 0 ? load_failed(t, f) : STATUS_OK;
}

/*
 * What a call has answered, the other may not; where none was made, it is there for what has a
 * plan.
 */
static bool load_goes_on(const struct load_try *t, struct failure f)
{
	if (t->way.second == WAY_NONE)
		return false;
	return f.phase == PHASE_CALL ? way_goes_on(t->way.first, f.rc, t->planned) :
				       t->planned || (f.phase == PHASE_PREPARE && f.rc == -EFBIG);
}

static int load_call(struct load_try *t)
{
	struct failure f = load_by(t, t->way.first);

	if (f.rc >= 0)
		return STATUS_OK;
	return load_goes_on(t, f) ? load_second(t) : load_failed(t, f);
}

/* --- what came of it --- */

/* Into the kernel's log, for klog_scan(): what it complained of before is not about this image. */
static void log_load(const struct options *o, const char *line)
{
	if (o->crash && !o->dry_run)
		klog_write(line);
}

static bool load_is_done(int status)
{
	return status == STATUS_OK || status == STATUS_DOUBTFUL;
}

/* It is loaded, but: now a warning, and in the log for whoever asks later. */
static int doubt_load(const struct options *o, const char *text)
{
	warn("%s", text);
	if (!o->dry_run && o->crash)
		klog_write_doubt(text);
	return STATUS_DOUBTFUL;
}

/*
 * Is it the kernel's to keep the image current? What it planned itself it keeps where it can keep
 * any. What it answers now counts for nothing: 0 as well while another event has its lock.
 */
static bool load_is_kept(const struct load_try *t)
{
	enum answer cpu, memory;

	if (t->o->request.hotplug)
		return true;
	if (state_kept(t->sr, &cpu, &memory) < 0)
		fail_forget();
	return t->made == WAY_FILE && (cpu != ANSWER_UNKNOWN || memory != ANSWER_UNKNOWN);
}

/*
 * A CPU or memory that came or went between the survey and the end of the load
 * was an event for the old image, or for none: the kernel drops it while the
 * call holds its lock. The new image does not know of it, and where the kernel
 * keeps it current nobody reloads.
 */
static bool load_is_stale(const struct load_try *t)
{
	struct machine now;
	bool stale;

	if (!t->o->crash || !t->surveyed || !load_is_kept(t))
		return false;
	stale = machine_survey_again(&now, &t->machine) < 0 || !machine_same(&t->machine, &now);
	machine_free(&now);
	return stale;
}

static int load_warn_of(const struct load_try *t, enum flaw_effect effect)
{
	const struct flaw *flaw = flaw_find(&t->machine, effect);
	STRING_AUTO text = mem_printf("%s; %s", flaw->text, flaw->advice);

	if (flaw->spoils)
		return doubt_load(t->o, text);
	warn("%s", text);
	return STATUS_OK;
}

/* What the chosen call cannot do on this kernel, where that is known. */
static int load_warn(const struct load_try *t)
{
	int status = STATUS_OK;

	switch (t->made == WAY_FILE ? t->way.file_warning : t->way.load_warning) {
	case WAY_WARN_NOTHING:
		break;
	case WAY_WARN_BIG_ENDIAN:
		status = load_warn_of(t, FLAW_FILE_SPOILS);
		break;
	case WAY_WARN_FILE_BACKUP:
		status = load_warn_of(t, FLAW_FILE_FORGETS);
		break;
	case WAY_WARN_BACKUP:
		status = load_warn_of(t, FLAW_FORGETS);
		break;
	case WAY_WARN_PRESERVED:
		warn("memory that is preserved for the next kernel (kexec handover, live update)"
		     " is lost when"
		     " this one is started: kexec_load passes nothing on; use -s");
		break;
	}
	if (t->machine.arch && t->o->request.hotplug &&
	    flaw_is_absent(&t->machine, FLAW_FORGETS) == ANSWER_UNKNOWN)
		debug("Linux %s: not known whether it keeps the place of the backup region when"
		      " memory"
		      " changes",
		      t->machine.release);
	return status;
}

/*
 * An image is loaded; is it what was asked for? Of a plan that is only shown, warnings are enough.
 */
static int load_verify(const struct load_try *t)
{
	const char *doubt = t->made == WAY_LOAD ? t->image.doubt[0] : NULL;
	int status = load_warn(t);

	if (!t->o->dry_run && !(t->made == WAY_FILE ? files_are_unchanged(t->files) :
						      files_hold(t->files)))
		status = doubt_load(
			t->o,
			"the kernel or the initrd was written to while it was loaded; load"
			" again");

	if (doubt)
		image_warn(&t->image);
	if (t->o->dry_run)
		return STATUS_OK;
	if (doubt)
		klog_write_doubt(doubt);
	if (!t->o->request.hotplug || apply_check_hotplug(t->sr))
		return doubt ? STATUS_DOUBTFUL : status;
	klog_write_doubt(
		"the running kernel does not keep it current, although --hotplug was given");
	return STATUS_DOUBTFUL;
}

static int load_once(const struct options *o, const struct sysroot *sr, struct files *files,
		     const struct way *way, bool *armed, bool *stale)
{
	struct load_try t;
	int status;

	load_try_init(&t, o, sr, files, way);
	t.armed = armed;
	status = load_make_certain(&t);
	if (status == STATUS_OK)
		status = load_show(&t);
	if (status == STATUS_OK && !o->dry_run)
		status = load_call(&t);
	if (status == STATUS_OK)
		log_load(o, KLOG_LOADED);
	*stale = status == STATUS_OK && !o->dry_run && load_is_stale(&t);
	if (status == STATUS_OK && !*stale)
		status = load_verify(&t);
	load_try_free(&t);
	return status;
}

/* While the running kernel changes an image it says that there is none: that is no loss. */
static bool crash_is_gone(const struct sysroot *sr)
{
	if (crash_loaded(sr))
		return false;
	syscalls.sleep_ms(READINESS_PAUSE_MS);
	return !crash_loaded(sr);
}

/* What an earlier try has loaded is stale, or gone. */
static void load_again_failed(const struct options *o, const struct sysroot *sr, bool *armed)
{
	if (crash_is_gone(sr))
		*armed = true;	/* by that try */
	else
		doubt_load(o, "CPUs or memory changed and loading again failed; the loaded image"
			      " is not current");
}

/* Hotplug comes in bursts: wait for the end of one, 1.5 seconds in all. */
#define LOAD_TRIES		5
#define LOAD_PAUSE_MS(i)	(50u << (i))

static int load_until_current(const struct options *o, const struct sysroot *sr,
			      struct files *files, bool *armed)
{
	struct way way = load_way(o, sr);
	unsigned int tries;
	bool stale = true;
	int status = STATUS_OK;

	if (way.first == WAY_NONE) {
		fail(ENOTSUP,
		     "%s not supported while using --kexec-file-syscall: the running kernel plans"
		     " alone; use -c",
		     plan_only_kexec_load(&o->request));
		return say_why(STATUS_ERROR);
	}
	if (o->request.hotplug && o->syscall == SYSCALL_AUTO && way.first == WAY_FILE &&
	    way.second == WAY_NONE)
		notice("loading with kexec_file_load: %s", way.why);
	for (tries = 0; tries < LOAD_TRIES && stale && status == STATUS_OK; tries++) {
		if (tries) {
			notice("CPUs or memory changed while the image was loaded; loading again");
			syscalls.sleep_ms(LOAD_PAUSE_MS(tries));
		}
		status = load_once(o, sr, files, &way, armed, &stale);
	}
	if (!load_is_done(status) && tries > 1 && o->crash)
		load_again_failed(o, sr, armed);
	if (!stale || status != STATUS_OK)
		return status;
	return doubt_load(
		o,
		"CPUs or memory kept changing; the loaded image is not current. Load again"
		" when they have settled");
}

static int check_fadump(const struct options *o, const struct sysroot *sr)
{
	struct state_fadump fadump = {0};
	int rc = o->crash ? state_fadump(sr, &fadump) : 0;

	if (rc < 0 || fadump.enabled != ANSWER_YES || o->force || o->dry_run)
		return rc;
	return fail(
		EBUSY,
		"fadump is enabled and handles crashes on this machine; a crash kernel would"
		" never be started. Boot with fadump=off, or add --force to load one all the same");
}

int load(struct options *o, const struct sysroot *sr)
{
	int status, rc = check_fadump(o, sr);
	struct files files;
	bool armed;

	if (rc >= 0 && o->request.reuse_initrd)
		rc = reuse_initrd(sr, &o->arena, &o->request);
	if (rc < 0)
		return say_why(STATUS_ERROR);
	/* Asked again before each call: the running kernel may be changing the image just now. */
	armed = crash_loaded(sr);
	log_load(o, KLOG_LOADING);
	files_init(&files);
	progress_start(syscalls.now, !o->json);
	status = load_until_current(o, sr, &files, &armed);
	progress_debug();
	files_free(&files);
	if (!load_is_done(status) && armed && crash_is_gone(sr))
		warn("no crash kernel is armed now; the one loaded before is gone");
	if (status != STATUS_OK || o->dry_run)
		return status;
	if (o->then == THEN_EXEC)
		rc = start_now(sr, o->no_sync, o->no_ifdown).rc;
	else if (o->then == THEN_REBOOT)
		rc = start_by_shutdown();
	return rc < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
}

int unload(const struct options *o, const struct sysroot *sr)
{
	int rc = -ENOSYS;

	message_when_out_of_memory(STATUS_LOAD_FAILED, LOAD_UNCERTAIN);
	if (o->syscall != SYSCALL_LOAD)
		rc = apply_file_unload(o->crash, sr);
	if (rc < 0 && o->syscall != SYSCALL_FILE && way_goes_on(WAY_FILE, rc, false))
		rc = apply_unload(o->crash, sr);
	if (rc == -ENOSYS && o->syscall == SYSCALL_FILE)
		return say_why(STATUS_NO_FILE_LOAD);
	if (rc >= 0 && !o->crash)
		restore_reboot_cpu(sr);
	return rc < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
}
