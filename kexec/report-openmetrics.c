// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The exposition is text of both formats, Prometheus' own (0.0.4), which node_exporter and
 * promtool read, and OpenMetrics: so there is no type that only one of them has, and no counter,
 * whose name the two type differently.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "common/version.h"
#include "kexec/report.h"

#define VERDICTS (VERDICT_FADUMP_NOT_REGISTERED + 1)

/* A family: what it is, before its samples. */
static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP kexec_%s %s\n# TYPE kexec_%s %s\n", name, help, name, type);
}

/* One line that a terminal may see, in the quotes of a label. */
static void metric_label(FILE *out, const char *before, const char *name, const char *value)
{
	char *text = NULL;
	size_t len = 0;
	FILE *shown = open_memstream(&text, &len);

	fprintf(out, "%s%s=\"", before, name);
	if (shown) {
		text_print(shown, "%s", value);
		fclose(shown);
	}
	for (const char *c = text ? text : ""; *c; c++)
		fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	fputc('"', out);
	free(text);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "gauge", help);
	fprintf(out, "kexec_%s %" PRIu64 "\n", name, value);
}

/* What is unknown has no sample. */
static void gauge_answer(FILE *out, const char *name, const char *help, enum answer a)
{
	if (a != ANSWER_UNKNOWN)
		gauge(out, name, help, a == ANSWER_YES);
}

static void gauge_size(FILE *out, const char *name, const char *help, uint64_t bytes)
{
	if (bytes != READINESS_SIZE_UNKNOWN)
		gauge(out, name, help, bytes);
}

static void sample(FILE *out, const char *name, const char *key, const char *value, uint64_t n)
{
	fprintf(out, "kexec_%s", name);
	metric_label(out, "{", key, value);
	fprintf(out, "} %" PRIu64 "\n", n);
}

static void metrics_of_verdict(const struct readiness *r, FILE *out)
{
	gauge(out, "readiness_status",
	      "Would a crash leave a dump? 0: yes, 1: in doubt, 2: no, 3: unknown.",
	      readiness_status(r));
	family(out, "verdict", "gauge", "1 for the verdict that holds, see READINESS in kexec(8).");
	for (unsigned int v = 0; v < VERDICTS; v++)
		sample(out, "verdict", "verdict", readiness_name(v), v == r->verdict);
	gauge(out, "warnings", "How many warnings there are.", r->n_warnings);
	if (!r->n_warnings)
		return;
	family(out, "warning_info", "gauge", "Each warning: what will spoil the dump, or may.");
	for (size_t i = 0; i < r->n_warnings; i++) {
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again |= !strcmp(r->warnings[i], r->warnings[j]);
		if (!again)
			sample(out, "warning_info", "text", r->warnings[i], 1);
	}
}

static void metrics_of_kept(const struct readiness *r, FILE *out)
{
	if (r->cpu_kept == ANSWER_UNKNOWN && r->memory_kept == ANSWER_UNKNOWN)
		return;
	family(out, "crash_hotplug", "gauge",
	       "1: the kernel keeps the image current when CPUs, memory change.");
	if (r->cpu_kept)
		sample(out, "crash_hotplug", "subsystem", "cpu", r->cpu_kept == ANSWER_YES);
	if (r->memory_kept)
		sample(out, "crash_hotplug", "subsystem", "memory", r->memory_kept == ANSWER_YES);
}

static void metrics_of_image(const struct readiness *r, FILE *out)
{
	gauge_answer(out, "crash_loaded", "1: a crash kernel is loaded.", r->loaded);
	gauge_size(out, "crash_reserved_bytes", "Memory reserved for crash kernels.", r->reserved);
	metrics_of_kept(r, out);
	gauge_answer(out, "crash_current", "1: the image knows the CPUs and memory of now.",
		     r->current);
	if (r->log.known)
		gauge(out, "crash_missed_updates",
		      "Updates of the image that failed, by the kernel's log.", r->log.missed);
	gauge_answer(out, "crash_keeps_backup",
		     "0: the kernel forgets the backup region when memory changes.",
		     r->keeps_backup);
	gauge(out, "crash_signed_only", "1: only signed kernels can be loaded.",
	      r->restricted != NULL);
}

static void metrics_of_machine(const struct readiness *r, FILE *out)
{
	family(out, "info", "gauge", "The kexec that says this, and the kernel it runs on.");
	fputs("kexec_info", out);
	metric_label(out, "{", "version", PACKAGE_VERSION);
	metric_label(out, ",", "release", r->machine.release);
	metric_label(out, ",", "machine", r->machine.name);
	metric_label(out, ",", "loaded_with", r->loaded_with);
	fputs("} 1\n", out);
	family(out, "cpus", "gauge", "CPUs by what they are.");
	sample(out, "cpus", "state", "possible", r->cpus.possible);
	sample(out, "cpus", "state", "present", r->cpus.present);
	sample(out, "cpus", "state", "with_crash_notes", r->cpus.with_notes);
	gauge_answer(out, "fadump_enabled", "1: fadump is enabled.", r->fadump.enabled);
	gauge_answer(out, "fadump_registered", "1: fadump is registered.", r->fadump.registered);
	gauge_answer(out, "fadump_hotplug_ready", "1: fadump keeps up with memory.",
		     r->fadump.hotplug_ready);
	if (r->fadump.enabled == ANSWER_YES)
		gauge_size(out, "fadump_reserved_bytes", "Memory reserved for fadump.",
			   r->fadump.reserved);
	gauge(out, "udev_rules", "udev rules that reload the crash kernel.", r->udev.n);
	gauge(out, "udev_unread_files", "Files of udev rules that could not be read.",
	      r->udev.unread);
}

static void metrics_of_fit(const struct readiness *r, FILE *out)
{
	if (!r->fit.asked)
		return;
	gauge(out, "would_fit", "1: the kernel that was named would load.", !r->fit.problem);
	if (!r->fit.problem)
		gauge(out, "would_use_bytes", "Memory that its image takes.", r->fit.used);
}

/* --- what kdump-load has noted --- */

static void note_sample(FILE *out, const char *name, const char *suffix, const struct load_note *n)
{
	fprintf(out, "kexec_%s%s", name, suffix);
	metric_label(out, "{", n->kind == LOAD_EVENT ? "outcome" : "reason", n->what);
	fputs("} ", out);
}

static void put_seconds_of(FILE *out, uint64_t centiseconds)
{
	fprintf(out, "%" PRIu64 ".%02" PRIu64 "\n", centiseconds / 100, centiseconds % 100);
}

static bool has_notes(const struct loads *l, enum load_kind kind)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == kind)
			return true;
	return false;
}

/* @name: all of them; @last: the last one of each kind. */
static void metrics_of_notes(const struct loads *l, enum load_kind kind, const char *name,
			     const char *help, const char *last, const char *last_help, FILE *out)
{
	if (!has_notes(l, kind))
		return;
	family(out, name, "summary", help);
	for (size_t i = 0; i < l->n; i++) {
		const struct load_note *n = &l->at[i];

		if (n->kind != kind)
			continue;
		note_sample(out, name, "_count", n);
		fprintf(out, "%" PRIu64 "\n", n->count);
		note_sample(out, name, "_sum", n);
		put_seconds_of(out, n->centiseconds);
	}
	family(out, last, "gauge", last_help);
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == kind) {
			note_sample(out, last, "", &l->at[i]);
			put_seconds_of(out, l->at[i].last_centiseconds);
		}
}

static void metrics_of_failures(const struct loads *l, FILE *out)
{
	if (!has_notes(l, LOAD_FAILURE))
		return;
	family(out, "crash_load_failures", "gauge",
	       "Loads by kdump-load since the boot that failed.");
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == LOAD_FAILURE) {
			note_sample(out, "crash_load_failures", "", &l->at[i]);
			fprintf(out, "%" PRIu64 "\n", l->at[i].count);
		}
	family(out, "crash_load_last_failure_timestamp_seconds", "gauge",
	       "When the last of them failed, since the epoch.");
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == LOAD_FAILURE) {
			note_sample(out, "crash_load_last_failure_timestamp_seconds", "",
				    &l->at[i]);
			fprintf(out, "%" PRIu64 "\n", l->at[i].time);
		}
}

static void metrics_of_loads(const struct readiness *r, FILE *out)
{
	const struct load_note *last = loads_last(&r->loads);

	metrics_of_notes(
		&r->loads, LOAD_SUCCESS, "crash_load_seconds",
		"Loads by kdump-load since the boot that succeeded, and how long they took.",
		"crash_load_last_duration_seconds", "How long the last of them took.", out);
	metrics_of_failures(&r->loads, out);
	metrics_of_notes(&r->loads, LOAD_EVENT, "hotplug_event_seconds",
			 "Storms of CPU and memory events, and how long until they were answered.",
			 "hotplug_event_last_duration_seconds", "How long the last of them took.",
			 out);
	if (!last)
		return;
	gauge(out, "crash_load_timestamp_seconds", "When kdump-load last loaded, since the epoch.",
	      last->time);
	gauge(out, "crash_load_age_seconds", "How long that is ago.",
	      r->now > last->time ? r->now - last->time : 0);
}

void report_readiness_openmetrics(const struct readiness *r, FILE *out)
{
	metrics_of_verdict(r, out);
	metrics_of_image(r, out);
	metrics_of_machine(r, out);
	metrics_of_fit(r, out);
	metrics_of_loads(r, out);
	fputs("# EOF\n", out);
}
