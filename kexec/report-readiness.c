// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>

#include "common/text.h"
#include "kexec/arch/arch.h"
#include "kexec/report.h"

static const char *yes_no(enum answer a)
{
	return a == ANSWER_YES ? "yes" : a == ANSWER_NO ? "no" : "unknown";
}

static void show_size(FILE *out, const char *what, uint64_t bytes)
{
	char text[REPORT_SIZE_TEXT];

	fprintf(out, "  %-13s %s\n", what, bytes == READINESS_SIZE_UNKNOWN ? "unknown" :
		report_size(bytes, text));
}

static void show_kernel(const struct readiness *r, FILE *out)
{
	text_print(out, "  kernel        Linux %s on %s\n", r->machine.release, r->machine.name);
	if (r->restricted)
		fprintf(out, "  loads         %s\n", r->restricted);
	if (r->cpu_kept == ANSWER_UNKNOWN && r->memory_kept == ANSWER_UNKNOWN)
		fputs("  kept current  no: the kernel cannot (there are no crash_hotplug files)\n",
		      out);
	else
		fprintf(out, "  kept current  CPUs: %s, memory: %s%s\n",
			r->cpu_kept ? yes_no(r->cpu_kept) : "never change",
			r->memory_kept ? yes_no(r->memory_kept) : "never changes",
			r->loaded == ANSWER_YES && r->verdict != VERDICT_KEPT &&
			r->verdict != VERDICT_MISSED ?
			" (load with --hotplug for that)" : "");
	fprintf(out, "  CPUs          %zu possible, %zu present, %zu with crash notes\n",
		r->cpus.possible, r->cpus.present, r->cpus.with_notes);
}

/* Of the image that is loaded, and the CPUs and memory of now. */
static void show_current(const struct readiness *r, FILE *out)
{
	if (r->loaded != ANSWER_YES)
		return;
	fprintf(out, "  current       %s\n",
		r->current == ANSWER_YES ?
			"yes: the kernel's log has no complaint of an update that failed" :
			r->current == ANSWER_NO ?
			"perhaps not: see the kernel's log (dmesg | grep 'crash hp')" :
			r->verdict == VERDICT_KEPT ?
			"not known: the kernel's log, which says when an update fails, could not"
			" be read" :
			"not known: the kernel does not say which CPUs and memory it was loaded"
			" for");
}

static void show_fadump(const struct readiness *r, FILE *out)
{
	if (r->fadump.enabled == ANSWER_UNKNOWN)
		return;		/* the kernel knows of no such thing */
	if (r->fadump.enabled == ANSWER_NO) {
		fputs("  fadump        not enabled\n", out);
		return;
	}
	fprintf(out, "  fadump        enabled; registered: %s, keeps up with memory: %s\n",
		yes_no(r->fadump.registered), r->fadump.hotplug_ready == ANSWER_YES ? "yes" : "no");
	show_size(out, "fadump memory", r->fadump.reserved);
}

static void show_rules(const struct readiness *r, FILE *out)
{
	static const char *const actions[] = { "add", "online", "remove", "offline" };

	for (size_t i = 0; i < r->udev.n; i++) {
		const struct udev_reload *u = &r->udev.at[i];

		text_print(out, "  udev          %s:%u reloads on %s", u->file, u->line,
			u->subsystem == UDEV_CPU ? "CPU" : "memory");
		for (unsigned int bit = 0; bit < 4; bit++)
			if ((u->actions | u->ungated) >> bit & 1)
				fprintf(out, " %s", actions[bit]);
		fputs(u->ungated ? "\n" : ", unless crash_hotplug reads 1\n", out);
	}
	if (!r->udev.n)
		fputs("  udev          no rule reloads\n", out);
	if (r->udev.unread)
		fprintf(out, "  udev          %zu files of rules could not be read\n",
			r->udev.unread);
}

static void show_fit(const struct readiness *r, FILE *out)
{
	char used[REPORT_SIZE_TEXT], left[REPORT_SIZE_TEXT];

	if (!r->fit.asked)
		return;
	if (r->fit.problem)
		fputs("  would fit     no\n", out);
	else
		fprintf(out, "  would fit     yes: %s are loaded, %s are left to run in\n",
			report_size(r->fit.used, used),
			report_size(r->fit.region - r->fit.used, left));
}

static const char *const words[] = {
	[READINESS_READY] = "OK",
	[READINESS_ATTENTION] = "WARNING",
	[READINESS_NOT_ARMED] = "CRITICAL",
	[READINESS_UNKNOWN] = "UNKNOWN",
};

void report_readiness(const struct readiness *r, FILE *out)
{
	text_print(out, "KEXEC %s: %s", words[readiness_status(r)], readiness_sentence(r->verdict));
	if (r->n_warnings)
		text_print(out, r->verdict == VERDICT_MISSED ? ": %s" : "; but %s", r->warnings[0]);
	fputc('\n', out);
	for (size_t i = 1; i < r->n_warnings; i++)
		text_print(out, "  warning       %s\n", r->warnings[i]);
	fprintf(out, "  loaded        %s\n", yes_no(r->loaded));
	fprintf(out, "  loaded with   %s\n", r->loaded_with);
	show_size(out, "reserved", r->reserved);
	show_fit(r, out);
	show_kernel(r, out);
	show_current(r, out);
	show_fadump(r, out);
	show_rules(r, out);
}
