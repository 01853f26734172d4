// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/bytes.h"
#include "kexec/arch/arch.h"
#include "kexec/machine.h"
#include "kexec/rebootcpu.h"

#define PAGE_SIZE_MIN	4096
#define PAGE_SIZE_MAX	(1 << 20)

/* The line "KEY VALUE" of a snapshot's facts. */
static char *fact(struct arena *a, const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return arena_string(a, line + len + 1, strcspn(line + len + 1, "\n"));
	}
	return NULL;
}

/* "hwcap HEX HEX". Snapshots made before there was such a line say nothing. */
static int read_hwcap(struct machine *m, const char *text)
{
	const char *hwcap = fact(&m->arena, text, "hwcap");
	char end;

	if (!hwcap)
		return 0;
	if (sscanf(hwcap, "%" SCNx64 " %" SCNx64 "%c", &m->hwcap, &m->hwcap2, &end) != 2)
		return fail(EINVAL, "%s: \"hwcap %s\" is not two hexadecimal numbers",
			    SNAPSHOT_FACTS, hwcap);
	return 0;
}

static int facts_from_snapshot(struct machine *m)
{
	BUF_AUTO text = {0};
	STRING_AUTO name = sysroot_name(m->sr, SNAPSHOT_FACTS);
	char *page, *order;
	int rc = sysroot_read(m->sr, SNAPSHOT_FACTS, &text);

	if (rc == -ENOENT)
		return fail(ENOENT, "%s: not there, so %s is not a snapshot made with --record",
			    name, m->sr->root);
	if (rc < 0)
		return rc;
	m->name = fact(&m->arena, (char *)text.data, "machine");
	m->release = fact(&m->arena, (char *)text.data, "release");
	page = fact(&m->arena, (char *)text.data, "page-size");
	order = fact(&m->arena, (char *)text.data, "byte-order");
	if (!m->name || !m->release || !page || !order)
		return fail(EINVAL,
			    "%s: needs the lines machine, release, page-size and byte-order", name);
	if (strspn(page, "0123456789") != strlen(page) ||
	    (strcmp(order, "little") && strcmp(order, "big")))
		return fail(EINVAL,
			    "%s: \"page-size %s\" is no number, or \"byte-order %s\" neither"
			    " little nor big",
			    name, page, order);
	m->page_size = strtoull(page, NULL, 10);
	m->little = !strcmp(order, "little");
	return read_hwcap(m, (char *)text.data);
}

static int facts_from_system(struct machine *m)
{
	struct utsname u;

	if (uname(&u) < 0)
		return fail(errno, "uname: %s", strerror(errno));
	m->name = arena_string(&m->arena, u.machine, strlen(u.machine));
	m->release = arena_string(&m->arena, u.release, strlen(u.release));
	m->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	m->little = *(const uint8_t *)&(const uint16_t){ 1 };
	m->hwcap = getauxval(AT_HWCAP);
	m->hwcap2 = getauxval(AT_HWCAP2);
	return 0;
}

static int record_facts(const struct machine *m)
{
	STRING_AUTO hwcap = m->hwcap || m->hwcap2 ?
		mem_printf("hwcap %" PRIx64 " %" PRIx64 "\n", m->hwcap, m->hwcap2) :
		mem_copy_string("");
	STRING_AUTO text = mem_printf(
		"machine %s\nbyte-order %s\npage-size %" PRIu64 "\nrelease %s\n%s", m->name,
		m->little ? "little" : "big", m->page_size, m->release, hwcap);

	return sysroot_record(m->sr, SNAPSHOT_FACTS, text, strlen(text));
}

int machine_identify(struct machine *m, const struct sysroot *sr)
{
	int rc;

	*m = (struct machine){ .sr = sr };
	rc = sysroot_is_live(sr) ? facts_from_system(m) : facts_from_snapshot(m);
	if (rc < 0)
		return rc;
	if (m->page_size < PAGE_SIZE_MIN || m->page_size > PAGE_SIZE_MAX ||
	    !is_power_of_two(m->page_size))
		return fail(EINVAL, "%s: a page size of %" PRIu64 " bytes cannot be",
			    sysroot_is_live(m->sr) ? "this machine" : SNAPSHOT_FACTS, m->page_size);
	m->arch = arch_find(m->name);
	return sr->copy ? record_facts(m) : 0;
}

int machine_cmdline(const struct sysroot *sr, struct arena *a, const char **cmdline)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(sr, PROC_CMDLINE, &text);

	*cmdline = "";
	if (rc >= 0)
		*cmdline = arena_string(a, (char *)text.data, strcspn((char *)text.data, "\n"));
	return rc == -ENOENT ? 0 : rc;
}

static int read_cpu_list(const struct machine *m, const char *path, struct idlist *list)
{
	STRING_AUTO name = sysroot_name(m->sr, path);
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, path, &text);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = idlist_parse(list, (char *)text.data);
	return rc < 0 ? fail_in(rc, "%s", name) : 0;
}

static int read_reboot_cpu(struct machine *m)
{
	uint64_t cpu = 0;
	int rc = rebootcpu_get(m->sr, &cpu);

	m->reboot_cpu = rc < 0 ? -1 : (int64_t)(cpu & INT32_MAX);
	return rc == -ENOENT ? 0 : rc;
}

const char *machine_cpu_file(uint32_t cpu, const char *file, char out[CPU_PATH_SIZE])
{
	char *at = out + sizeof("cpu4294967295");

	assert(strlen(file) <= CPU_FILE_MAX);
	memcpy(at, file, strlen(file) + 1);
	*--at = '/';
	do
		*--at = (char)('0' + cpu % 10);
	while (cpu /= 10);
	return memcpy(at - 3, "cpu", 3);
}

/* The CPU's device went meanwhile, or one of its files never was. */
static int check_no_size(const struct sysroot_dir *cpus, const char *addr, const char *size)
{
	STRING_AUTO addr_path = sysroot_path_in(cpus, addr);
	STRING_AUTO size_path = sysroot_path_in(cpus, size);

	if (sysroot_exists(cpus->sr, size_path) || !sysroot_exists(cpus->sr, addr_path))
		return 0;
	return fail(ENOENT, "%s/%s does not exist, but crash_notes beside it does", cpus->sr->root,
		    size_path);
}

/*
 * cpuN/crash_notes is hex without 0x, crash_notes_size decimal
 * (drivers/base/cpu.c). The memory is there for every possible CPU, also while
 * its device comes or goes; a size of 0 is one that could not be read then.
 */
static int read_notes_of(struct machine *m, const struct sysroot_dir *cpus, uint32_t cpu,
			 bool *found, struct cpu_notes *out)
{
	char addr_path[CPU_PATH_SIZE], size_path[CPU_PATH_SIZE];
	const char *addr = machine_cpu_file(cpu, "crash_notes", addr_path);
	const char *size = machine_cpu_file(cpu, "crash_notes_size", size_path);
	int rc = sysroot_number_in(cpus, addr, 16, &out->addr);

	*found = rc >= 0;
	out->cpu = cpu;
	out->size = 0;
	if (rc == -ENOENT)
		return 0;
	if (rc >= 0)
		rc = sysroot_number_in(cpus, size, 10, &out->size);
	if (rc == -ENOENT)
		return check_no_size(cpus, addr, size);
	if (rc >= 0 && (!out->addr || out->addr + out->size < out->addr))
		return fail(EINVAL, "%s/" SYS_CPU "/%s: 0x%" PRIx64 " is no address of %" PRIu64
			    " bytes", m->sr->root, addr, out->addr, out->size);
	return rc;
}

static int record_notes_size(const struct machine *m, const struct cpu_notes *n)
{
	STRING_AUTO name = mem_printf(SYS_CPU "/cpu%u/crash_notes_size", n->cpu);
	STRING_AUTO text = mem_printf("%" PRIu64 "\n", n->size);

	return sysroot_record(m->sr, name, text, strlen(text));
}

/* One type has one size (kernel/crash_core.c:crash_notes). */
static int complete_notes(struct machine *m)
{
	uint64_t size = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n_notes && !size; i++)
		size = m->notes[i].size;
	for (size_t i = 0; i < m->n_notes && rc >= 0; i++) {
		if (m->notes[i].size)
			continue;
		m->notes[i].size = size;
		rc = m->sr->copy ? record_notes_size(m, &m->notes[i]) : 0;
	}
	return rc;
}

/* "cpuN" exactly as the kernel prints N. */
static bool cpu_directory(const struct sysroot_entry *e, uint32_t *cpu)
{
	const char *digits = e->name + 3;
	size_t len;

	if (!e->directory || strncmp(e->name, "cpu", 3))
		return false;
	len = strspn(digits, "0123456789");
	if (!len || len > 9 || digits[len] || (len > 1 && *digits == '0'))
		return false;
	*cpu = (uint32_t)strtoul(digits, NULL, 10);
	return *cpu < IDLIST_MAX;
}

static int by_cpu(const void *a, const void *b)
{
	const struct cpu_notes *x = a, *y = b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

/* Every directory, not 0 to N - 1: numbers may be sparse. */
static int read_crash_notes(struct machine *m)
{
	struct sysroot_dir cpus;
	int rc = sysroot_open(m->sr, SYS_CPU, &m->arena, &cpus);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	m->notes = arena_alloc(&m->arena, cpus.list.n * sizeof(*m->notes));
	for (size_t i = 0; i < cpus.list.n && rc >= 0; i++) {
		uint32_t cpu;
		bool found = false;

		if (cpu_directory(&cpus.list.at[i], &cpu))
			rc = read_notes_of(m, &cpus, cpu, &found, &m->notes[m->n_notes]);
		m->n_notes += found;
	}
	sysroot_close(&cpus);
	qsort(m->notes, m->n_notes, sizeof(*m->notes), by_cpu);
	return rc < 0 ? rc : complete_notes(m);
}

/* "0x<address> <size in hex>\n" (kernel/ksysfs.c:vmcoreinfo_show) */
static int read_vmcoreinfo(struct machine *m)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, SYS_VMCOREINFO, &text);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (text.data[0] != '0' || sscanf((char *)text.data, "%" SCNx64 " %" SCNx64, &m->vmcoreinfo,
					  &m->vmcoreinfo_size) != 2 ||
	    m->vmcoreinfo + m->vmcoreinfo_size < m->vmcoreinfo)
		return fail(EINVAL, "%s/" SYS_VMCOREINFO ": \"%.*s\" is not an address and a size",
			    m->sr->root, (int)strcspn((char *)text.data, "\n"), text.data);
	return 0;
}

static int file_exists(const struct sysroot *sr, const char *path, bool *exists)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(sr, path, &text);

	*exists = rc >= 0;
	return rc == -ENOENT ? 0 : rc;
}

#define ELFCOREHDR_SIZE_MAX	((uint64_t)64 << 20)	/* ELF can count 65,535 entries: 3.5 MiB */

static int read_hotplug(struct machine *m)
{
	int rc = file_exists(m->sr, SYS_CPU_CRASH_HOTPLUG, &m->can_cpu_hotplug);

	if (rc >= 0)
		rc = file_exists(m->sr, SYS_MEMORY_CRASH_HOTPLUG, &m->can_memory_hotplug);
	if (rc >= 0)
		rc = sysroot_number2(m->sr, SYS_ELFCOREHDR_SIZE, SYS_ELFCOREHDR_SIZE_OLD,
				     &m->elfcorehdr_size);
	if (m->elfcorehdr_size > ELFCOREHDR_SIZE_MAX)
		return fail(EINVAL, "%s/" SYS_ELFCOREHDR_SIZE_OLD ": %" PRIu64 " bytes cannot be",
			    m->sr->root, m->elfcorehdr_size);
	return rc == -ENOENT ? 0 : rc;
}

/*
 * A line for each range that crashkernel=SIZE,cma set aside
 * (kernel/kexec_core.c:crash_cma_ranges_show).
 */
static int read_cma(struct machine *m)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, SYS_CRASH_CMA_RANGES, &text);

	if (rc == -ENOENT)
		rc = sysroot_read(m->sr, SYS_CRASH_CMA_RANGES_OLD, &text);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *line = (char *)text.data, *end; *line && rc >= 0;
	     line = end + (*end == '\n')) {
		uint64_t start, last;

		end = ranges_parse(line, &start, &last);
		if (!end || (*end && *end != '\n'))
			return fail(EINVAL, "%s/" SYS_CRASH_CMA_RANGES ": \"%.*s\" is not a range",
				    m->sr->root, (int)strcspn(line, "\n"), line);
		rc = ranges_add(&m->crash_more, start, last - start + 1, "crashkernel=,cma");
	}
	return rc;
}

/* The reservation can have been made smaller since boot. */
static int read_crash_size(struct machine *m)
{
	int rc = state_crash_size(m->sr, &m->crash_size);

	return rc == -EBUSY ? 0 : rc;
}

int machine_survey_memory(struct machine *m)
{
	int rc = read_crash_size(m);

	if (rc >= 0)
		rc = read_cma(m);
	if (rc < 0)
		return rc;
	rc = m->arch->survey(m);
	return rc < 0 ? fail_in(rc, "Could not get memory layout") : 0;
}

/* "MemTotal:       16384 kB" is totalram_pages() (fs/proc/meminfo.c). */
static int read_meminfo(struct machine *m)
{
	BUF_AUTO text = {0};
	uint64_t kib = 0;
	int rc = sysroot_read(m->sr, PROC_MEMINFO, &text);
	const char *line;

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	line = strstr((char *)text.data, "MemTotal:");
	if (!line || sscanf(line, "MemTotal: %" SCNu64 " kB", &kib) != 1 || kib > UINT64_MAX >> 10)
		return fail(EINVAL,
			    "%s/" PROC_MEMINFO ": does not have the line \"MemTotal: N kB\"",
			    m->sr->root);
	m->ram_managed = kib << 10;
	return 0;
}

uint64_t machine_image_limit(const struct machine *m)
{
	uint64_t bytes = m->ram_managed ? m->ram_managed : ranges_total(&m->ram);

	return bytes / m->page_size / 2 * m->page_size;
}

int machine_survey_cpus(struct machine *m)
{
	static const char *const lists[] = { SYS_CPU_POSSIBLE, SYS_CPU_PRESENT, SYS_CPU_ONLINE };
	struct idlist *const to[] = { &m->possible, &m->present, &m->online };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && rc >= 0; i++)
		rc = read_cpu_list(m, lists[i], to[i]);
	return rc;
}

int machine_survey(struct machine *m, const struct sysroot *sr)
{
	int rc = machine_identify(m, sr);

	if (rc >= 0 && !m->arch)
		rc = fail(ENOTSUP,
			  "this version loads no kernels on a machine of type %s, only on %s",
			  m->name, arch_names(&m->arena));
	if (rc >= 0)
		rc = machine_cmdline(sr, &m->arena, &m->cmdline);
	if (rc >= 0)
		rc = machine_survey_cpus(m);
	if (rc >= 0)
		rc = read_reboot_cpu(m);
	if (rc >= 0)
		rc = read_crash_notes(m);
	if (rc >= 0)
		rc = read_vmcoreinfo(m);
	if (rc >= 0)
		rc = read_hotplug(m);
	if (rc >= 0)
		rc = read_meminfo(m);
	return rc < 0 ? rc : machine_survey_memory(m);
}

int machine_survey_again(struct machine *m, const struct machine *before)
{
	int rc = machine_identify(m, before->sr);

	m->before = before;
	if (rc >= 0)
		rc = machine_cmdline(before->sr, &m->arena, &m->cmdline);
	if (rc >= 0)
		rc = machine_survey_cpus(m);
	return rc < 0 ? rc : machine_survey_memory(m);
}

static bool same_ids(const struct idlist *a, const struct idlist *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->id, b->id, a->n * sizeof(*a->id)));
}

static bool same_ranges(const struct ranges *a, const struct ranges *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->at[i].start == b->at[i].start && a->at[i].end == b->at[i].end;
	return same;
}

bool machine_same(const struct machine *a, const struct machine *b)
{
	return same_ids(&a->present, &b->present) && same_ids(&a->online, &b->online) &&
	       same_ranges(&a->ram, &b->ram) && dt_same(a->tree, b->tree);
}

void machine_free(struct machine *m)
{
	if (m->arch_facts)
		m->arch->forget(m);
	idlist_free(&m->possible);
	idlist_free(&m->present);
	idlist_free(&m->online);
	ranges_free(&m->ram);
	ranges_free(&m->avoid);
	ranges_free(&m->crash_more);
	arena_free(&m->arena);
}
