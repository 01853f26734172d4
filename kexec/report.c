// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "kexec/arch/arch.h"
#include "kexec/report.h"

#define GROUPED_SIZE REPORT_SIZE_TEXT

/* 4512 as "4,512". */
static const char *grouped(uint64_t v, char out[GROUPED_SIZE])
{
	char digits[GROUPED_SIZE];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	char *to = out;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = 0;
	return out;
}

const char *report_size(uint64_t bytes, char out[REPORT_SIZE_TEXT])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int u = 0;

	while (u < 6 && bytes && !(bytes & 1023)) {
		bytes >>= 10;
		u++;
	}
	while (u < 6 && bytes >= 100 * 1024) {
		bytes >>= 10;
		u++;
	}
	snprintf(out, REPORT_SIZE_TEXT, "%" PRIu64 " %s", bytes, units[u]);
	return out;
}

static void show_ranges(FILE *out, const char *title, const struct ranges *r)
{
	char size[GROUPED_SIZE];

	fprintf(out, "\n%s\n", title);
	for (size_t i = 0; i < r->n; i++)
		text_print(out, "  0x%012" PRIx64 "-0x%012" PRIx64 "  %9s  %s\n", r->at[i].start,
			   r->at[i].end, report_size(r->at[i].end - r->at[i].start, size),
			   r->at[i].why);
	if (!r->n)
		fputs("  none\n", out);
}

static void show_segments(FILE *out, const struct image *image)
{
	fprintf(out, "\nSegments\n  %-11s  %-29s  %11s  %11s  %-6s  %-7s  %s\n", "name", "address",
		"bufsz", "memsz", "digest", "hotplug", "from");
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];
		char bufsz[GROUPED_SIZE], memsz[GROUPED_SIZE];

		text_print(out,
			   "  %-11s  0x%012" PRIx64 "-0x%012" PRIx64
			   "  %11s  %11s  %-6s  %-7s  %s\n",
			   s->name, s->addr, s->addr + s->memsz, grouped(s->bufsz, bufsz),
			   grouped(s->memsz, memsz), s->digest ? "yes" : "no",
			   s->kept ? "yes" : "no", s->owner);
	}
}

static void show_hotplug(FILE *out, const struct image *image)
{
	char a[GROUPED_SIZE], b[GROUPED_SIZE];

	fputs("\nHotplug\n", out);
	if (!image->hotplug)
		fputs("  not asked for (--hotplug): reload after each change of CPUs or memory\n",
		      out);
	for (unsigned int i = image->n_segments; i-- > 0;) {
		const struct segment *s = &image->segment[i];

		if (!s->kept)
			continue;
		fprintf(out, "  %s: room for %s %s, %s now: ", s->kept->what,
			grouped(s->room.capacity, a), s->kept->unit, grouped(s->room.now, b));
		fprintf(out, "%s bytes needed, %s free\n", grouped(s->room.needed, a),
			grouped(s->room.free, b));
	}
}

/* With kexec_file_load the running kernel makes an image of its own. */
static void show_way(FILE *out, const struct way *way)
{
	fprintf(out, "  system call   %s%s%s (%s)\n", way_name(way->first),
		way->second ? ", else " : "", way->second ? way_name(way->second) : "", way->why);
	if (way->first == WAY_FILE)
		fputs("                the running kernel plans for kexec_file_load; this is"
		      " kexec's plan\n",
		      out);
}

void report_text(const struct image *image, const struct way *way, FILE *out)
{
	const struct machine *m = image->machine;
	char size[GROUPED_SIZE], page[GROUPED_SIZE];
	STRING_AUTO title = NULL;

	text_print(out,
		   "%s image for Linux %s on %s (%s pages, %zu of %zu possible CPUs present)\n\n",
		   image->crash ? "Crash" : "Normal", m->release, m->name,
		   report_size(m->page_size, page), m->present.n, m->possible.n);
	text_print(out, "  kernel        %s (%s, %s-endian)\n", image->kernel.file.name,
		image->kernel.format, image->kernel.little ? "little" : "big");
	text_print(out, "  command line  %s\n", image->cmdline);
	show_way(out, way);
	if (image->dtb_tree)
		text_print(out, "  device tree   %s\n", image->dtb.name);
	if (image->reboot_cpu >= 0)
		fprintf(out,
			"  reboot CPU    CPU %" PRId64
			" will start it, the usual one is not in its device"
			" tree\n",
			image->reboot_cpu);
	if (image->crash)
		fprintf(out, "  crash region  0x%" PRIx64 "-0x%" PRIx64 "  %s\n", m->crash.start,
			m->crash.end, report_size(m->crash.end - m->crash.start, size));
	for (size_t i = 0; image->crash && i < m->crash_more.n; i++)
		text_print(out,
			   "                0x%" PRIx64 "-0x%" PRIx64
			   "  %s  %s, not for segments\n",
			   m->crash_more.at[i].start, m->crash_more.at[i].end,
			   report_size(m->crash_more.at[i].end - m->crash_more.at[i].start, size),
			   m->crash_more.at[i].why);
	fprintf(out, "  may take      %s, half of the memory that the running kernel manages%s\n",
		report_size(machine_image_limit(m), size),
		m->ram_managed ? "" : " (an estimate: it does not say how much)");
	fprintf(out, "  entry         0x%" PRIx64 "\n", image->entry);
	fprintf(out, "  flags         0x%x%s%s%s\n", image->flags, image->crash ? " ON_CRASH" : "",
		image->flags & KEXEC_UPDATE_ELFCOREHDR ? " UPDATE_ELFCOREHDR" : "",
		image->flags & KEXEC_CRASH_HOTPLUG_SUPPORT ? " CRASH_HOTPLUG_SUPPORT" : "");
	show_segments(out, image);
	if (image->crash)
		show_hotplug(out, image);
	show_ranges(out, "Memory of the running kernel", &m->ram);
	show_ranges(out, "In use by firmware or kernel: no segment goes here", &m->avoid);
	if (image->crash)
		show_ranges(out, "Memory that the capture kernel may use", &image->usable);
	title = mem_printf("%s (%s)", image->crash ? "... of which it must leave alone" :
			   "Memory that the new kernel must leave alone", m->arch->reserve_name);
	show_ranges(out, title, &image->reserve);
	if (image->crash)
		show_ranges(out, "Memory that the dump will contain", &image->dump);
}

static int write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(name, "wxe");
	bool ok;

	if (!f)
		return fail(errno, "%s: %s", name, strerror(errno));
	ok = !len || fwrite(data, 1, len, f) == len;
	if (fclose(f) || !ok)
		return fail(EIO, "%s: %s", name, strerror(errno));
	return 0;
}

static int dump_segment(const struct segment *s, const char *dir)
{
	STRING_AUTO name = mem_printf("%s/%s.%s", dir, s->name,
				      strcmp(s->name, "fdt") ? "bin" : "dtb");

	return write_file(name, s->data, s->bufsz);
}

int report_dump(const struct image *image, const char *dir)
{
	int rc = 0;

	if (mkdir(dir, 0700) < 0)
		return fail(errno, "--dump %s: %s", dir, errno == EEXIST ?
			    "exists already; name a new directory" : strerror(errno));
	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++)
		rc = dump_segment(&image->segment[i], dir);
	return rc;
}
