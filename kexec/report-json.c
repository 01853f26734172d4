// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#ifdef HAVE_JSON_C
#include <json-c/json.h>
#endif

#include "common/version.h"
#include "kexec/arch/arch.h"
#include "kexec/report.h"

#ifdef HAVE_JSON_C

static void put_text(json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value ? value : ""));
}

static void put_address(json_object *o, const char *key, uint64_t value)
{
	STRING_AUTO text = mem_printf("0x%" PRIx64, value);

	put_text(o, key, text);
}

static void put_number(json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void put_bool(json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

static json_object *machine_object(const struct machine *m)
{
	json_object *o = json_object_new_object();

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
	json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];
		json_object *o = json_object_new_object();

		put_text(o, "name", s->name);
		put_text(o, "owner", s->owner);
		put_address(o, "address", s->addr);
		put_number(o, "bufsz", s->bufsz);
		put_number(o, "memsz", s->memsz);
		put_bool(o, "digest", s->digest);
		put_bool(o, "hotplug", s->hotplug);
		json_object_array_add(array, o);
	}
	return array;
}

static void put_ranges(json_object *to, const char *key, const struct ranges *r)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < r->n; i++) {
		json_object *o = json_object_new_object();

		put_address(o, "start", r->at[i].start);
		put_address(o, "end", r->at[i].end);
		put_text(o, "why", r->at[i].why);
		json_object_array_add(array, o);
	}
	json_object_object_add(to, key, array);
}

static json_object *ranges_object(const struct image *image)
{
	const struct machine *m = image->machine;
	RANGES_AUTO crash = {0};
	json_object *o = json_object_new_object();

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

static json_object *room_object(const struct hotplug_room *r)
{
	json_object *o = json_object_new_object();

	put_number(o, "possible", r->possible);
	put_number(o, "now", r->now);
	put_number(o, "bytes_needed", r->needed);
	put_number(o, "bytes_free", r->free);
	return o;
}

static json_object *hotplug_object(const struct image *image)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "fdt", room_object(&image->fdt_room));
	json_object_object_add(o, "elfcorehdr", room_object(&image->elfcorehdr_room));
	return o;
}

int report_json(const struct image *image, FILE *out)
{
	json_object *o = json_object_new_object();

	put_number(o, "version", 1);
	put_text(o, "program", VERSION_TEXT);
	put_text(o, "image", image->crash ? "crash" : "normal");
	json_object_object_add(o, "machine", machine_object(image->machine));
	put_text(o, "kernel", image->kernel.file.name);
	put_text(o, "format", image->kernel.format);
	put_text(o, "command_line", image->cmdline);
	put_address(o, "entry", image->entry);
	put_address(o, "flags", image->flags);
	if (image->reboot_cpu >= 0)
		put_number(o, "reboot_cpu", (uint64_t)image->reboot_cpu);
	if (image->dtb_tree)
		put_text(o, "dtb", image->dtb.name);
	json_object_object_add(o, "segments", segments_array(image));
	json_object_object_add(o, "ranges", ranges_object(image));
	if (image->hotplug)
		json_object_object_add(o, "hotplug", hotplug_object(image));
	fprintf(out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return 0;
}

#else

int report_json(const struct image *image, FILE *out)
{
	(void)image;
	(void)out;
	return fail(ENOTSUP, "--json: this kexec was built without json-c (configure --with-json-c)");
}

#endif
