// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From /proc and /sys: what memory there is, and what firmware told who started the kernel. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/cmdline.h"
#include "kexec/iomem.h"
#include "kexec/kcore.h"

/* The first CPU's paragraph is less than half of this. */
#define CPUINFO_START	(16 * 1024)
/* The kernel's own mapping: arch/x86/include/asm/page_64_types.h:__START_KERNEL_map */
#define KERNEL_MAP	0xffffffff80000000ull

/* A file which it is no fault to be without, or not to be allowed to read. */
static int survey_optional(int rc)
{
	if (rc == -EACCES || rc == -EPERM)
		fail_forget();
	return rc == -ENOENT || rc == -EACCES || rc == -EPERM ? 0 : rc;
}

/* --- directories of numbers --- */

struct survey_numbers {
	uint64_t *at;
	size_t n;
};

static int survey_by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The entries of a directory that are numbers, in their order: as text 10 is before 9. */
static int survey_numbers(struct machine *m, const char *path, struct survey_numbers *out)
{
	struct sysroot_list list;
	int rc = sysroot_list(m->sr, path, &m->arena, &list);

	*out = (struct survey_numbers){0};
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	out->at = arena_alloc(&m->arena, list.n * sizeof(*out->at));
	for (size_t i = 0; i < list.n; i++) {
		const char *name = list.at[i].name;

		if (*name && strspn(name, "0123456789") == strlen(name) && strlen(name) < 10)
			out->at[out->n++] = strtoull(name, NULL, 10);
	}
	sysroot_list_free(&list);
	qsort(out->at, out->n, sizeof(*out->at), survey_by_number);
	return 0;
}

/* DIR/N/NAME, a number in hex with 0x. -ENOENT has a message here: its neighbours are there. */
static int survey_field(const struct machine *m, const char *dir, uint64_t n, const char *name,
			uint64_t *value)
{
	STRING_AUTO path = mem_printf("%s/%" PRIu64 "/%s", dir, n, name);
	STRING_AUTO shown = sysroot_name(m->sr, path);
	int rc = sysroot_number(m->sr, path, 16, value);

	return rc == -ENOENT ? fail(ENOENT, "%s: is not there", shown) : rc;
}

/* --- /proc/iomem --- */

struct survey_iomem {
	struct machine *m;
	struct x86_64_facts *f;
	struct ranges crash;
};

/*
 * Memory that a driver added (kmem, virtio_mem) has the driver's name behind it, or on older
 * kernels only the driver's line above it. The next kernel may not find it.
 */
static int survey_add_ram(struct survey_iomem *to, const struct iomem_line *l)
{
	bool driver = l->depth || !iomem_is(l, "System RAM");
	uint64_t size = l->end - l->start;
	int rc = ranges_add(&to->m->ram, l->start, size, "System RAM");

	if (rc >= 0 && driver)
		rc = ranges_add(&to->m->avoid, l->start, size, "memory that a driver added");
	if (!driver && !to->f->e820_is_firmware)
		x86_64_e820_add(&to->f->e820, l->start, l->end, X86_E820_RAM);
	return rc;
}

static int survey_iomem_line(const struct iomem_line *l, void *context)
{
	struct survey_iomem *to = context;
	struct x86_64_facts *f = to->f;
	uint64_t size = l->end - l->start;
	uint32_t type;

	if (iomem_is(l, "Crash kernel"))
		return iomem_add_crash(&to->crash, l);
	if (iomem_is(l, "System RAM") || iomem_begins(l, "System RAM ("))
		return survey_add_ram(to, l);
	if (!x86_64_e820_named(l->name, l->name_len, &type))
		return 0;
	if (!f->e820_is_firmware)
		x86_64_e820_add(&f->e820, l->start, l->end, type);
	if (type == X86_E820_ACPI)
		return ranges_add(&f->acpi_tables, l->start, size, "ACPI Tables");
	if (type == X86_E820_NVS)
		return ranges_add(&f->acpi_nvs, l->start, size, "ACPI Non-volatile Storage");
	return type == X86_E820_RESERVED ? ranges_add(&f->reserved, l->start, size, "Reserved") : 0;
}

static int survey_memory(struct machine *m, struct x86_64_facts *f)
{
	struct survey_iomem to = { .m = m, .f = f };
	int rc = iomem_survey(m, survey_iomem_line, &to);

	ranges_merge(&m->ram);
	ranges_merge(&f->acpi_tables);
	ranges_merge(&f->acpi_nvs);
	ranges_merge(&f->reserved);
	ranges_copy(&f->low_ram, &m->ram);
	ranges_clip(&f->low_ram, 0, X86_64_LOW_MEMORY);
	iomem_crash_regions(m, &to.crash, &f->crash_low);
	ranges_free(&to.crash);
	return rc;
}

/* --- what the boot loader told the running kernel --- */

/* One whose data the kernel does not show (SETUP_INDIRECT to nothing) has none. */
static int survey_setup_node(struct machine *m, const char *dir, uint64_t n,
			     struct x86_64_setup_data *out)
{
	STRING_AUTO path = mem_printf("%s/%" PRIu64 "/data", dir, n);
	BUF_AUTO data = {0};
	uint64_t type = 0;
	int rc = survey_field(m, dir, n, "type", &type);

	if (rc < 0)
		return rc;
	rc = sysroot_read(m->sr, path, &data);
	*out = (struct x86_64_setup_data){
		(uint32_t)type, arena_copy(&m->arena, data.data, data.len), data.len,
	};
	return rc == -ENOENT ? 0 : rc;
}

static int survey_setup_data(struct machine *m, struct x86_64_facts *f)
{
	static const char dir[] = SYS_BOOT_PARAMS "/setup_data";
	struct survey_numbers list;
	int rc = survey_numbers(m, dir, &list);

	f->setup_data = arena_alloc(&m->arena, list.n * sizeof(*f->setup_data));
	for (size_t i = 0; i < list.n && rc >= 0; i++)
		rc = survey_setup_node(m, dir, list.at[i], &f->setup_data[f->n_setup_data++]);
	return rc;
}

static int survey_boot_params(struct machine *m, struct x86_64_facts *f)
{
	static const char path[] = SYS_BOOT_PARAMS "/data";
	STRING_AUTO name = sysroot_name(m->sr, path);
	BUF_AUTO data = {0};
	int rc = sysroot_read(m->sr, path, &data);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (data.len != X86_BOOT_PARAMS_SIZE)
		return fail(EINVAL, "%s: %zu bytes, struct boot_params has %d", name, data.len,
			    X86_BOOT_PARAMS_SIZE);
	f->boot_params = arena_copy(&m->arena, data.data, data.len);
	f->rsdp = le64_get(f->boot_params + X86_BP_RSDP);
	return survey_setup_data(m, f);
}

static void survey_add_entries(struct x86_64_e820 *e, const uint8_t *table, size_t n)
{
	for (size_t i = 0; i < n; i++, table += X86_E820_ENTRY_SIZE) {
		uint64_t start = le64_get(table), end;

		if (!__builtin_add_overflow(start, le64_get(table + 8), &end))
			x86_64_e820_add(e, start, end, le32_get(table + 16));
	}
}

/* The map that the boot loader told: before memory was added. Nothing: it is not known. */
static void survey_boot_e820(const struct x86_64_facts *f, struct x86_64_e820 *boot)
{
	size_t n = f->boot_params ? f->boot_params[X86_BP_E820_ENTRIES] : 0;

	if (n > X86_E820_IN_ZERO_PAGE)
		n = X86_E820_IN_ZERO_PAGE;
	if (n)
		survey_add_entries(boot, f->boot_params + X86_BP_E820_TABLE, n);
	for (size_t i = 0; n && i < f->n_setup_data; i++)
		if (f->setup_data[i].type == X86_SETUP_E820_EXT)
			survey_add_entries(boot, f->setup_data[i].data,
					   f->setup_data[i].len / X86_E820_ENTRY_SIZE);
}

static int survey_memmap_entry(struct machine *m, struct x86_64_facts *f, uint64_t n)
{
	STRING_AUTO path = mem_printf(SYS_FIRMWARE_MEMMAP "/%" PRIu64 "/type", n);
	STRING_AUTO name = sysroot_name(m->sr, path);
	BUF_AUTO text = {0};
	uint64_t start = 0, last = 0;
	uint32_t type = X86_E820_RESERVED;	/* of a name that is not known: keep off */
	int rc = survey_field(m, SYS_FIRMWARE_MEMMAP, n, "start", &start);

	if (rc >= 0)
		rc = survey_field(m, SYS_FIRMWARE_MEMMAP, n, "end", &last);
	if (rc < 0)
		return rc;
	rc = sysroot_read(m->sr, path, &text);
	if (rc < 0)
		return rc == -ENOENT ? fail(ENOENT, "%s: is not there", name) : rc;
	if (start > last || last == UINT64_MAX)
		return fail(EINVAL, "/" SYS_FIRMWARE_MEMMAP "/%" PRIu64 ": 0x%" PRIx64 "-0x%" PRIx64
			    " is not a range", n, start, last);
	x86_64_e820_named((char *)text.data, strcspn((char *)text.data, "\n"), &type);
	x86_64_e820_add(&f->e820, start, last + 1, type);
	return 0;
}

/* Memory that is removed takes its entry away (drivers/firmware/memmap.c:firmware_map_remove()). */
static int survey_memmap_if_there(struct machine *m, struct x86_64_facts *f, uint64_t n)
{
	STRING_AUTO path = mem_printf(SYS_FIRMWARE_MEMMAP "/%" PRIu64, n);
	int rc = survey_memmap_entry(m, f, n);

	if (rc != -ENOENT || sysroot_exists(m->sr, path))
		return rc;
	fail_forget();
	sysroot_unrecord(m->sr, path);
	return 0;
}

/*
 * Where CONFIG_FIRMWARE_MEMMAP is off there is no such directory: then what the boot loader told is
 * taken as it is. Only where that is not to be had either, /proc/iomem's, in which nothing shows
 * what was hot-added.
 */
static int survey_memmap(struct machine *m, struct x86_64_facts *f)
{
	X86_64_E820_AUTO boot = {0};
	struct survey_numbers list;
	int rc = survey_numbers(m, SYS_FIRMWARE_MEMMAP, &list);

	for (size_t i = 0; i < list.n && rc >= 0; i++)
		rc = survey_memmap_if_there(m, f, list.at[i]);
	if (rc < 0)
		return rc;
	survey_boot_e820(f, &boot);
	f->e820_is_firmware = list.n || boot.n;
	if (!list.n)
		survey_boot_e820(f, &f->e820);
	x86_64_e820_sort(&f->e820);
	if (list.n && boot.n)
		x86_64_e820_without_added(&f->e820, &boot);
	return 0;
}

/* --- EFI --- */

static int survey_runtime_map(struct machine *m, struct x86_64_facts *f)
{
	static const char dir[] = SYS_EFI_RUNTIME_MAP;
	struct x86_64_efi_region *r;
	struct survey_numbers list;
	int rc = survey_numbers(m, dir, &list);

	f->efi.region = r = arena_alloc(&m->arena, list.n * sizeof(*r));
	for (size_t i = 0; i < list.n && rc >= 0; i++, r++) {
		struct { const char *name; uint64_t *to; } fields[] = {
			{ "phys_addr", &r->phys }, { "virt_addr", &r->virt },
			{ "num_pages", &r->pages }, { "attribute", &r->attribute },
		};
		uint64_t type = 0;

		rc = survey_field(m, dir, list.at[i], "type", &type);
		for (size_t j = 0; j < ARRAY_SIZE(fields) && rc >= 0; j++)
			rc = survey_field(m, dir, list.at[i], fields[j].name, fields[j].to);
		r->type = (uint32_t)type;
	}
	f->efi.n_regions = list.n;
	return rc;
}

/* "NAME=0x..." of the systab file (drivers/firmware/efi/efi.c:systab_show); 0: no such line. */
static uint64_t survey_systab_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, name, len) && line[len] == '=')
			return strtoull(line + len + 1, NULL, 16);
	return 0;
}

static int survey_systab(struct machine *m, struct x86_64_facts *f)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(m->sr, SYS_EFI "/systab", &text);

	if (rc < 0)
		return survey_optional(rc);
	f->efi.smbios = survey_systab_line((char *)text.data, "SMBIOS");
	if (!f->rsdp)
		f->rsdp = survey_systab_line((char *)text.data, "ACPI20");
	if (!f->rsdp)
		f->rsdp = survey_systab_line((char *)text.data, "ACPI");
	return 0;
}

/* What kexec-bzimage64.c:setup_efi_state() asks for before it passes EFI on. */
static const char *survey_efi_missing(const struct x86_64_facts *f, uint64_t bits)
{
	const uint8_t *info = f->boot_params ? f->boot_params + X86_BP_EFI_INFO : NULL;

	if (bits != 64)
		return "its firmware has 32 bits";
	if (!info)
		return SYS_BOOT_PARAMS " is not there";
	if (le32_get(info) != X86_EFI_SIGNATURE || !le32_get(info + 4 * 5))
		return "the running kernel was started without EFI's map of memory";
	if (!f->efi.n_regions)
		return SYS_EFI_RUNTIME_MAP " is empty: no runtime services";
	return f->efi.config_table ? NULL : SYS_EFI "/config_table is not there";
}

static int survey_efi(struct machine *m, struct x86_64_facts *f)
{
	uint64_t bits = 0;
	int rc = sysroot_number(m->sr, SYS_EFI "/fw_platform_size", 10, &bits);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = survey_runtime_map(m, f);
	if (rc >= 0)
		rc = survey_systab(m, f);
	if (rc >= 0)
		rc = sysroot_number(m->sr, SYS_EFI "/config_table", 16, &f->efi.config_table);
	if (rc >= 0 || rc == -ENOENT)
		rc = sysroot_number(m->sr, SYS_EFI "/fw_vendor", 16, &f->efi.fw_vendor);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	f->efi_missing = survey_efi_missing(f, bits);
	f->has_efi = !f->efi_missing;
	return 0;
}

/* --- policy --- */

/* Without efivarfs what the EFI stub found (include/linux/efi.h:enum efi_secureboot_mode). */
static int survey_policy(struct machine *m, struct x86_64_facts *f)
{
	static const enum answer modes[] = { ANSWER_UNKNOWN, ANSWER_UNKNOWN, ANSWER_NO,
					     ANSWER_YES };
	unsigned int mode = f->boot_params ? f->boot_params[X86_BP_SECURE_BOOT] : 0;
	struct policy policy;
	int rc = policy_read(&policy, m->sr);

	f->lockdown = policy.lockdown;
	f->secure_boot = policy.secure_boot;
	if (f->secure_boot == ANSWER_UNKNOWN && mode < ARRAY_SIZE(modes))
		f->secure_boot = modes[mode];
	return rc;
}

/* --- the processor and the kernel's addresses --- */

static bool survey_has_flag(const char *line, const char *flag)
{
	size_t len = strlen(flag), end = strcspn(line, "\n");

	for (const char *at = line; at < line + end; at += strcspn(at, " \n"), at += *at == ' ')
		if (strcspn(at, " \n") == len && !memcmp(at, flag, len))
			return true;
	return false;
}

static int survey_cpu(struct machine *m, struct x86_64_facts *f)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read_start(m->sr, PROC_CPUINFO, CPUINFO_START, &text);
	const char *flags = rc < 0 ? NULL : strstr((char *)text.data, "\nflags\t");
	size_t len;

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	f->la57 = flags && survey_has_flag(flags + 1, "la57");
	f->sha = flags && survey_has_flag(flags + 1, "sha_ni") &&
		 survey_has_flag(flags + 1, "sse4_1") && survey_has_flag(flags + 1, "ssse3");
	f->gbpages = flags && survey_has_flag(flags + 1, "pdpe1gb") &&
		     !(m->cmdline && cmdline_find(m->cmdline, "nogbpages", &len));
	return 0;
}

/* Of fs/proc/kcore.c:elf_kcore_store_hdr(): what is not memory or the kernel has p_paddr -1. */
static void survey_addresses(struct x86_64_facts *f, const struct elf *elf)
{
	bool ram = false, text = false;

	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];

		if (p->type != ELF_PT_LOAD || p->paddr == UINT64_MAX || !p->memsz)
			continue;
		if (p->vaddr < KERNEL_MAP && !ram) {
			f->page_offset = p->vaddr - p->paddr;
			ram = true;
		} else if (p->vaddr >= KERNEL_MAP && !text) {
			f->text = p->vaddr;
			f->text_end = p->vaddr + p->memsz;
			f->text_phys = p->paddr;
			text = true;
		}
	}
	f->has_addresses = ram && text && f->text_end > f->text;
	if (!f->has_addresses) {
		f->page_offset = f->text = f->text_end = f->text_phys = 0;
		f->no_addresses = "/" PROC_KCORE
				  " has no program headers of memory and of the kernel";
	}
}

static int survey_kcore(struct machine *m, struct x86_64_facts *f)
{
	struct elf elf = {0};
	int rc = kcore_headers(m->sr, &m->arena, &elf, &f->no_addresses);

	if (rc >= 0 && !f->no_addresses)
		survey_addresses(f, &elf);
	return rc;
}

/*
 * Where no segment goes: the first 1 MiB, where firmware and the start of each kernel put what must
 * be there; and memory which the next kernel will not know of.
 */
static void survey_avoid(struct machine *m, const struct x86_64_facts *f)
{
	RANGES_AUTO known = {0}, unknown = {0};

	for (size_t i = 0; i < f->e820.n; i++)
		if (f->e820.at[i].type == X86_E820_RAM)
			ranges_add(&known, f->e820.at[i].start,
				   f->e820.at[i].end - f->e820.at[i].start, NULL);
	ranges_merge(&known);
	for (size_t i = 0; i < m->ram.n; i++)
		ranges_add(&unknown, m->ram.at[i].start, m->ram.at[i].end - m->ram.at[i].start,
			   "memory that is not in firmware's map");
	ranges_subtract(&unknown, &known);
	ranges_copy(&m->avoid, &unknown);
	ranges_add(&m->avoid, 0, X86_64_LOW_MEMORY, "the first 1 MiB");
	ranges_merge(&m->avoid);
}

int x86_64_survey(struct machine *m)
{
	struct x86_64_facts *f = m->arch_facts = arena_alloc(&m->arena, sizeof(*f));
	int (*const steps[])(struct machine *, struct x86_64_facts *) = {
		survey_boot_params, survey_memmap, survey_memory, survey_efi, survey_policy,
		survey_cpu, survey_kcore,
	};
	int rc = 0;

	ranges_copy(&f->cma, &m->crash_more);	/* so far that is all there is in it */
	ranges_merge(&f->cma);
	for (size_t i = 0; i < ARRAY_SIZE(steps) && rc >= 0; i++)
		rc = steps[i](m, f);
	if (rc < 0)
		return rc;
	x86_64_e820_sort(&f->e820);
	survey_avoid(m, f);
	m->real_mode_limit = UINT64_MAX;
	return 0;
}

void x86_64_forget(struct machine *m)
{
	struct x86_64_facts *f = m->arch_facts;

	x86_64_e820_free(&f->e820);
	ranges_free(&f->low_ram);
	ranges_free(&f->acpi_tables);
	ranges_free(&f->acpi_nvs);
	ranges_free(&f->reserved);
	ranges_free(&f->crash_low);
	ranges_free(&f->cma);
}
