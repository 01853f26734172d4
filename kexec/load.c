// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <stdarg.h>
#include <stdlib.h>

#include "kexec/apply.h"
#include "kexec/arch/arch.h"
#include "kexec/exit.h"
#include "kexec/klog.h"
#include "kexec/load.h"
#include "kexec/plan.h"
#include "kexec/prove.h"
#include "kexec/rebootcpu.h"
#include "kexec/report.h"
#include "kexec/reuse.h"
#include "kexec/start.h"

static int show(const struct image *image, const struct options *o)
{
	int rc = o->dump ? report_dump(image, o->dump) : 0;

	if (rc >= 0 && o->json)
		rc = report_json(image, stdout);
	else if (rc >= 0 && o->dry_run)
		report_text(image, stdout);
	return rc < 0 ? say_why(STATUS_ERROR) : STATUS_OK;
}

/*
 * A CPU or memory that came or went between the survey and the end of the load
 * was an event for the old image: the new one does not know of it, and with
 * --hotplug nobody reloads.
 */
static bool is_stale(const struct machine *planned, const struct sysroot *sr)
{
	struct machine now;
	bool stale = machine_survey(&now, sr) < 0 || !machine_same(planned, &now);

	machine_free(&now);
	return stale;
}

/* It is a setting for an image that is gone; the user hears when it stays. */
static void restore_reboot_cpu(const struct sysroot *sr)
{
	if (rebootcpu_restore(sr) < 0)
		warn("the CPU which starts the next kernel stays changed: %s", fail_text());
	fail_forget();
}

/* The machine's architecture, NULL when kexec cannot plan for it. */
static const struct arch *find_arch(const struct sysroot *sr, bool *little)
{
	struct machine m;
	const struct arch *arch;

	if (machine_identify(&m, sr) < 0)
		fail_forget();
	arch = m.arch;
	*little = m.little;
	machine_free(&m);
	return arch;
}

/*
 * kexec_file_load frees the armed image before it looks at the file, and takes
 * any static program for a kernel; look first. What this cannot tell, a
 * signature for one, the kernel decides.
 */
static int check_kernel_file(const struct options *o, const struct arch *arch)
{
	struct arena arena = {0};
	struct kernel k;
	int rc = kernel_open(&k, &arena, o->request.kernel);

	if (rc >= 0 && !k.flat)
		rc = arch->check_kernel(&k);
	kernel_close(&k);
	arena_free(&arena);
	return rc;
}

/* It is loaded, but: now a warning, and in the log for whoever asks later. */
static void PRINTF_LIKE(1, 2) doubt_load(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	warn("%s", text);
	klog_write_doubt(text);
	free(text);
}

/* What the running kernel took, and will be of no use to it. */
static int check_loaded_file(const struct options *o, bool little, const char *flaw)
{
	struct arena arena = {0};
	struct kernel k;
	int status = flaw ? STATUS_DOUBTFUL : STATUS_OK;

	if (flaw)
		doubt_load("%s; use -c", flaw);
	if (kernel_open(&k, &arena, o->request.kernel) < 0) {
		fail_forget();
	} else if (!k.flat && k.little != little) {
		doubt_load("kernel %s: is %s-endian, unlike the running kernel; it will boot, but not find"
			   " the dump", o->request.kernel, k.little ? "little" : "big");
		status = STATUS_DOUBTFUL;
	}
	kernel_close(&k);
	arena_free(&arena);
	return status;
}

/* The running kernel loads an image that cannot start as any other. */
static int check_region(const struct options *o, const struct sysroot *sr)
{
	struct machine m;
	int rc = 0;

	if (!o->crash)
		return 0;
	if (machine_survey(&m, sr) >= 0)
		rc = m.arch->prove_region(&m);
	else
		fail_forget();
	machine_free(&m);
	return rc;
}

static int file_load_failed(int rc)
{
	return say_why(rc == -ENOSYS ? STATUS_NO_FILE_LOAD :
		       rc == -ENOENT || rc == -ENODEV ? STATUS_ERROR : STATUS_LOAD_FAILED);
}

/* kexec_file_load; *fall_back is set, and nothing else done, when kexec_load may do better. */
static int load_file(const struct options *o, const struct sysroot *sr, bool *fall_back)
{
	int rc = apply_file_load(&o->request, sr);

	if (rc >= 0 && !o->crash)
		restore_reboot_cpu(sr);
	*fall_back = rc < 0 && o->syscall == SYSCALL_AUTO && apply_may_fall_back(rc);
	if (*fall_back)
		notice("%s; loading with kexec_load", fail_text());
	return rc >= 0 || *fall_back ? STATUS_OK : file_load_failed(rc);
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

		apply_unload(false);
		fail(EIO, "%s; unloaded again, it would start on a CPU that it does not know", why);
	}
	return rc;
}

static int load_image(const struct options *o, const struct image *image, const struct sysroot *sr,
		      bool file_first)
{
	bool fall_back = true;
	int status = file_first ? load_file(o, sr, &fall_back) : STATUS_OK;

	if (status != STATUS_OK || !fall_back)
		return status;
	return load_with_reboot_cpu(image, sr) < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
}

/* What --hotplug cannot do on this kernel, where that is known. */
static void warn_of_flaw(const struct machine *m)
{
	enum answer kept = m->arch->keeps_backup(m->release);

	if (kept == ANSWER_NO && m->can_memory_hotplug)
		warn("%s; reload after such changes", m->arch->backup_flaw);
	else if (kept == ANSWER_UNKNOWN)
		debug("Linux %s: not known whether it keeps the place of the backup region when memory"
		      " changes", m->release);
}

/* Into the kernel's log, for klog_scan(): what it complained of before is not about this image. */
static void log_load(const struct options *o, const char *line)
{
	if (o->crash && !o->dry_run)
		klog_write(line);
}

/* Survey, plan, prove, then show or load. */
static int plan_and_load(const struct options *o, const struct sysroot *sr, bool file_first,
			 bool *stale)
{
	struct machine machine;
	struct image image;
	int status, rc = machine_survey(&machine, sr);

	image_init(&image, &machine);
	if (rc >= 0)
		rc = plan(&image, &o->request);
	if (rc >= 0)
		rc = prove(&image);
	if (rc < 0)
		status = say_why(rc == -ENOEXEC ? STATUS_LOAD_FAILED : STATUS_ERROR);
	else
		status = show(&image, o);
	if (status == STATUS_OK && !o->dry_run)
		status = load_image(o, &image, sr, file_first);
	*stale = status == STATUS_OK && !o->dry_run && image.hotplug && is_stale(&machine, sr);
	if (status == STATUS_OK && image.hotplug && !*stale)
		warn_of_flaw(&machine);
	if (status == STATUS_OK)
		log_load(o, KLOG_LOADED);
	if (status == STATUS_OK && image.doubt && !o->dry_run) {
		klog_write_doubt(image.doubt);
		status = STATUS_DOUBTFUL;
	}
	image_free(&image);
	machine_free(&machine);
	return status;
}

static bool is_loaded(int status)
{
	return status == STATUS_OK || status == STATUS_DOUBTFUL;
}

#define STALE_TRIES 5

static int load_planned(const struct options *o, const struct sysroot *sr, bool file_first)
{
	bool stale = true;
	int status = STATUS_OK;

	for (unsigned int i = 0; i < STALE_TRIES && stale && is_loaded(status); i++) {
		if (i)
			notice("CPUs or memory changed while the image was loaded; loading again");
		status = plan_and_load(o, sr, file_first, &stale);
	}
	if (!stale || !is_loaded(status))
		return status;
	doubt_load("CPUs or memory kept changing; the loaded image is not current. Load again when they"
		   " have settled");
	return STATUS_DOUBTFUL;
}

/*
 * A kexec_file_load that fails can cost the armed crash kernel; what takes its
 * place must then be certain, so it is planned and proved before; and only we
 * know types. Else it has to be a kernel at least, and the running one reads the
 * files alone.
 */
static int load_one_way(const struct options *o, const struct sysroot *sr, bool armed)
{
	const char *only = plan_only_kexec_load(&o->request), *flaw;
	bool fall_back = false, little = true;
	const struct arch *arch = find_arch(sr, &little);
	int status, rc;

	flaw = o->crash && arch && !little ? arch->big_endian_file_flaw : NULL;

	if (o->syscall == SYSCALL_FILE && only) {
		fail(ENOTSUP, "%s not supported while using --kexec-file-syscall: the running kernel plans"
		     " alone; use -c", only);
		return say_why(STATUS_ERROR);
	}
	if (o->syscall == SYSCALL_LOAD || o->dry_run || only || (o->syscall == SYSCALL_AUTO && flaw))
		return load_planned(o, sr, false);
	if (o->syscall == SYSCALL_AUTO && ((o->crash && armed && arch) || o->request.type))
		return load_planned(o, sr, true);
	rc = check_region(o, sr);
	if (rc >= 0 && arch)
		rc = check_kernel_file(o, arch);
	if (rc < 0)
		return say_why(rc == -ENOEXEC ? STATUS_LOAD_FAILED : STATUS_ERROR);
	status = load_file(o, sr, &fall_back);
	if (fall_back)
		return load_planned(o, sr, false);
	if (status == STATUS_OK)
		log_load(o, KLOG_LOADED);
	return status == STATUS_OK && o->crash && arch ? check_loaded_file(o, little, flaw) : status;
}

static int check_fadump(const struct options *o, const struct sysroot *sr)
{
	bool fadump = false;
	int rc = o->crash ? machine_fadump(sr, &fadump) : 0;

	if (rc < 0 || !fadump || o->force || o->dry_run)
		return rc;
	return fail(EBUSY, "fadump is enabled and handles crashes on this machine; a crash kernel would"
		    " never be started. Boot with fadump=off, or add --force to load one all the same");
}

static bool crash_loaded(const struct sysroot *sr)
{
	bool loaded = false;

	if (machine_image_loaded(sr, true, &loaded) < 0)
		fail_forget();
	return loaded;
}

int load(struct options *o, const struct sysroot *sr)
{
	int status, rc = check_fadump(o, sr);
	bool armed;

	if (rc >= 0 && o->request.reuse_initrd)
		rc = reuse_initrd(sr, &o->arena, &o->request);
	if (rc < 0)
		return say_why(STATUS_ERROR);
	armed = crash_loaded(sr);
	log_load(o, KLOG_LOADING);
	status = load_one_way(o, sr, armed);
	if (!is_loaded(status) && armed && !crash_loaded(sr))
		warn("no crash kernel is armed now; the one loaded before is gone");
	if (is_loaded(status) && !o->dry_run && o->request.hotplug && !apply_check_hotplug(sr)) {
		klog_write_doubt("the running kernel does not keep it current, although --hotplug was given");
		status = STATUS_DOUBTFUL;
	}
	if (status != STATUS_OK || o->dry_run)
		return status;
	if (o->then == THEN_EXEC)
		rc = start_now(sr, o->no_sync, o->no_ifdown);
	else if (o->then == THEN_REBOOT)
		rc = start_by_shutdown();
	return rc < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
}

int unload(const struct options *o, const struct sysroot *sr)
{
	int rc = -ENOSYS;

	if (o->syscall != SYSCALL_LOAD)
		rc = apply_file_unload(o->crash);
	if (rc < 0 && o->syscall != SYSCALL_FILE && apply_may_fall_back(rc))
		rc = apply_unload(o->crash);
	if (rc == -ENOSYS && o->syscall == SYSCALL_FILE)
		return say_why(STATUS_NO_FILE_LOAD);
	if (rc >= 0 && !o->crash)
		restore_reboot_cpu(sr);
	return rc < 0 ? say_why(STATUS_LOAD_FAILED) : STATUS_OK;
}
