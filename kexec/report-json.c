// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>
#ifdef HAVE_JSON_C
#include <json-c/json.h>
#endif

#include "common/library.h"
#include "common/progress.h"
#include "common/text.h"
#include "common/version.h"
#include "kexec/arch/arch.h"
#include "kexec/report.h"

#ifdef HAVE_JSON_C
#define JSON_C_FUNCTIONS(F) \
	F(json_object_array_add) \
	F(json_object_new_array) \
	F(json_object_new_boolean) \
	F(json_object_new_object) \
	F(json_object_new_string) \
	F(json_object_new_uint64) \
	F(json_object_object_add) \
	F(json_object_put) \
	F(json_object_to_json_string_ext)
#ifdef JSON_C_SONAME
LIBRARY_LOADED(json_c, JSON_C_FUNCTIONS, JSON_C_SONAME, "--json", "suggested");
#else
LIBRARY_LINKED(json_c, JSON_C_FUNCTIONS);
#endif

/* Without memory it makes nothing, or leaves something out, or asserts that neither was so. */
static json_object *report_had(json_object *o)
{
	if (!o)
		message_end_of_memory();
	return o;
}

static json_object *report_object(void)
{
	return report_had(json_c.json_object_new_object());
}

static json_object *report_array(void)
{
	return report_had(json_c.json_object_new_array());
}

static void report_put(json_object *o, const char *key, json_object *value)
{
	if (json_c.json_object_object_add(o, key, report_had(value)) < 0)
		message_end_of_memory();
}

/* "null": not known. */
static void report_put_nothing(json_object *o, const char *key)
{
	if (json_c.json_object_object_add(o, key, NULL) < 0)
		message_end_of_memory();
}

static void report_put_item(json_object *array, json_object *value)
{
	if (json_c.json_object_array_add(array, report_had(value)) < 0)
		message_end_of_memory();
}

static void put_text(json_object *o, const char *key, const char *value)
{
	report_put(o, key, json_c.json_object_new_string(value ? value : ""));
}

static void put_address(json_object *o, const char *key, uint64_t value)
{
	STRING_AUTO text = mem_printf("0x%" PRIx64, value);

	put_text(o, key, text);
}

static void put_number(json_object *o, const char *key, uint64_t value)
{
	report_put(o, key, json_c.json_object_new_uint64(value));
}

static void put_bool(json_object *o, const char *key, bool value)
{
	report_put(o, key, json_c.json_object_new_boolean(value));
}

static json_object *machine_object(const struct machine *m)
{
	json_object *o = report_object();

	put_text(o, "type", m->name);
	put_text(o, "byte_order", m->little ? "little" : "big");
	put_text(o, "release", m->release);
	put_number(o, "page_size", m->page_size);
	put_number(o, "possible_cpus", m->possible.n);
	put_number(o, "present_cpus", m->present.n);
	return o;
}

static json_object *segments_array(const struct image *image)
{
	json_object *array = report_array();

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];
		json_object *o = report_object();

		put_text(o, "name", s->name);
		put_text(o, "owner", s->owner);
		put_address(o, "address", s->addr);
		put_number(o, "bufsz", s->bufsz);
		put_number(o, "memsz", s->memsz);
		put_bool(o, "digest", s->digest);
		put_bool(o, "hotplug", s->kept);
		report_put_item(array, o);
	}
	return array;
}

static void put_ranges(json_object *to, const char *key, const struct ranges *r)
{
	json_object *array = report_array();

	for (size_t i = 0; i < r->n; i++) {
		json_object *o = report_object();

		put_address(o, "start", r->at[i].start);
		put_address(o, "end", r->at[i].end);
		put_text(o, "why", r->at[i].why);
		report_put_item(array, o);
	}
	report_put(to, key, array);
}

static json_object *ranges_object(const struct image *image)
{
	const struct machine *m = image->machine;
	RANGES_AUTO crash = {0};
	json_object *o = report_object();

	ranges_copy(&crash, &(struct ranges){ (struct range *)&m->crash, 1, 1 });
	ranges_copy(&crash, &m->crash_more);
	put_ranges(o, "crash_region", &crash);
	put_ranges(o, "ram", &m->ram);
	put_ranges(o, "avoid", &m->avoid);
	put_ranges(o, "usable", &image->usable);
	put_ranges(o, "reserve", &image->reserve);
	put_ranges(o, "dump", &image->dump);
	return o;
}

static json_object *room_object(const struct room *r)
{
	json_object *o = report_object();

	put_number(o, "possible", r->capacity);
	put_number(o, "now", r->now);
	put_number(o, "bytes_needed", r->needed);
	put_number(o, "bytes_free", r->free);
	return o;
}

static json_object *hotplug_object(const struct image *image)
{
	json_object *o = report_object();

	for (unsigned int i = image->n_segments; i-- > 0;)
		if (image->segment[i].kept)
			report_put(o, image->segment[i].name,
					       room_object(&image->segment[i].room));
	return o;
}

/*
 * json-c escapes what JSON must not hold, and passes on what is no UTF-8 or no
 * business of a terminal. Outside of strings there is none of it; a newline there
 * is a newline.
 */
static void print_escaped(const uint8_t *s, size_t len, FILE *out)
{
	for (size_t n; len; s += n, len -= n) {
		size_t sequence = *s < 0x80 ? 1 : text_utf8(s, len);
		uint32_t c = sequence > 1 ? text_character(s, sequence) : *s;

		n = sequence ? sequence : 1;
		if (!sequence)
			fputs("\\ufffd", out);
		else if (text_is_plain(c) || c == '\n')
			fwrite(s, 1, n, out);
		else
			fprintf(out, "\\u%04x", c);	/* all of them are below 0x10000 */
	}
}

static int print(json_object *o, FILE *out)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = json_c.json_object_to_json_string_ext(o, flags);

	if (!text)
		message_end_of_memory();
	print_escaped((const uint8_t *)text, strlen(text), out);
	fputc('\n', out);
	json_c.json_object_put(o);
	return 0;
}

/* In the order in which a load tries them. */
static json_object *calls_array(const struct way *way)
{
	json_object *array = report_array();

	report_put_item(array, json_c.json_object_new_string(way_name(way->first)));
	if (way->second)
		report_put_item(
			array, json_c.json_object_new_string(way_name(way->second)));
	return array;
}

static json_object *steps_array(void)
{
	json_object *array = report_array();
	size_t n;
	const struct progress_step *step = progress_steps(&n);

	for (size_t i = 0; i < n; i++) {
		json_object *o = report_object();

		put_text(o, "name", step[i].name);
		put_number(o, "bytes", step[i].bytes);
		put_number(o, "microseconds", step[i].ns / 1000);
		report_put_item(array, o);
	}
	return array;
}

int report_json(const struct image *image, const struct way *way, FILE *out)
{
	int rc = library_need(&json_c_library);
	json_object *o;

	if (rc < 0)
		return fail_in(rc, "--json");
	o = report_object();
	put_number(o, "version", 1);
	put_text(o, "program", VERSION_TEXT);
	put_text(o, "image", image->crash ? "crash" : "normal");
	report_put(o, "machine", machine_object(image->machine));
	put_text(o, "kernel", image->kernel.file.name);
	put_text(o, "format", image->kernel.format);
	put_text(o, "command_line", image->cmdline);
	report_put(o, "system_calls", calls_array(way));
	put_address(o, "entry", image->entry);
	put_address(o, "flags", image->flags);
	if (image->reboot_cpu >= 0)
		put_number(o, "reboot_cpu", (uint64_t)image->reboot_cpu);
	if (image->dtb_tree)
		put_text(o, "dtb", image->dtb.name);
	report_put(o, "segments", segments_array(image));
	report_put(o, "ranges", ranges_object(image));
	if (image->hotplug)
		report_put(o, "hotplug", hotplug_object(image));
	report_put(o, "steps", steps_array());
	return print(o, out);
}

static void put_answer(json_object *o, const char *key, enum answer answer)
{
	if (answer == ANSWER_UNKNOWN)
		report_put_nothing(o, key);
	else
		put_bool(o, key, answer == ANSWER_YES);
}

static void put_size(json_object *o, const char *key, uint64_t bytes)
{
	if (bytes == READINESS_SIZE_UNKNOWN)
		report_put_nothing(o, key);
	else
		put_number(o, key, bytes);
}

static json_object *fadump_object(const struct readiness *r)
{
	json_object *o = report_object();

	put_answer(o, "enabled", r->fadump.enabled);
	put_answer(o, "registered", r->fadump.registered);
	put_answer(o, "hotplug_ready", r->fadump.hotplug_ready);
	put_size(o, "bytes_reserved", r->fadump.reserved);
	return o;
}

static json_object *cpus_object(const struct readiness *r)
{
	json_object *o = report_object();

	put_number(o, "possible", r->cpus.possible);
	put_number(o, "present", r->cpus.present);
	put_number(o, "with_crash_notes", r->cpus.with_notes);
	return o;
}

static json_object *actions_array(unsigned int actions)
{
	static const char *const names[] = { "add", "online", "remove", "offline" };
	json_object *array = report_array();

	for (unsigned int bit = 0; bit < 4; bit++)
		if (actions >> bit & 1)
			report_put_item(
				array, json_c.json_object_new_string(names[bit]));
	return array;
}

static json_object *rules_array(const struct udev_reloads *rules)
{
	json_object *array = report_array();

	for (size_t i = 0; i < rules->n; i++) {
		const struct udev_reload *u = &rules->at[i];
		json_object *o = report_object();

		put_text(o, "file", u->file);
		put_number(o, "line", u->line);
		put_text(o, "subsystem", u->subsystem == UDEV_CPU ? "cpu" : "memory");
		report_put(o, "actions", actions_array(u->actions | u->ungated));
		put_bool(o, "gated", !u->ungated);
		report_put_item(array, o);
	}
	return array;
}

static json_object *fit_object(const struct readiness *r)
{
	json_object *o = report_object();

	put_bool(o, "fits", !r->fit.problem);
	if (r->fit.problem)
		put_text(o, "problem", r->fit.problem);
	else
		put_number(o, "bytes_used", r->fit.used);
	put_number(o, "bytes_reserved", r->fit.region);
	return o;
}

static json_object *warnings_array(const struct readiness *r)
{
	json_object *array = report_array();

	for (size_t i = 0; i < r->n_warnings; i++)
		report_put_item(array, json_c.json_object_new_string(r->warnings[i]));
	return array;
}

int report_readiness_json(const struct readiness *r, FILE *out)
{
	int rc = library_need(&json_c_library);
	json_object *o, *kept;

	if (rc < 0)
		return fail_in(rc, "--json");
	o = report_object();
	kept = report_object();
	put_number(o, "version", 1);
	put_text(o, "program", VERSION_TEXT);
	put_text(o, "verdict", readiness_name(r->verdict));
	put_number(o, "status", readiness_status(r));
	put_text(o, "text", readiness_sentence(r->verdict));
	report_put(o, "warnings", warnings_array(r));
	put_answer(o, "loaded", r->loaded);
	put_text(o, "loaded_with", r->loaded_with);
	put_size(o, "bytes_reserved", r->reserved);
	put_text(o, "release", r->machine.release);
	put_bool(o, "signed_only", r->restricted);
	put_answer(kept, "cpu", r->cpu_kept);
	put_answer(kept, "memory", r->memory_kept);
	report_put(o, "crash_hotplug", kept);
	put_answer(o, "current", r->current);
	put_size(o, "missed_updates", r->log.known ? r->log.missed : READINESS_SIZE_UNKNOWN);
	put_answer(o, "keeps_backup_region", r->keeps_backup);
	report_put(o, "cpus", cpus_object(r));
	report_put(o, "fadump", fadump_object(r));
	report_put(o, "udev", rules_array(&r->udev));
	put_number(o, "udev_unread", r->udev.unread);
	if (r->fit.asked)
		report_put(o, "fit", fit_object(r));
	return print(o, out);
}

#else

static int without_json(void)
{
	return fail(ENOTSUP,
		    "--json: this kexec was built without json-c (configure --with-json-c)");
}

int report_json(const struct image *image, const struct way *way, FILE *out)
{
	(void)image;
	(void)way;
	(void)out;
	return without_json();
}

int report_readiness_json(const struct readiness *r, FILE *out)
{
	(void)r;
	(void)out;
	return without_json();
}

#endif
