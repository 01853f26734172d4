// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The survey of x86_64 machines: recorded ones, and those with something missing or wrong. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/plan.h"
#include "purgatory/blobs.h"
#include "purgatory/params.h"

#define MIB	((uint64_t)1 << 20)
#define PAGE	4096

static char *dir;
/* What open() says of a file of this name. */
static const char *deny_name;
static int deny_error;

static int open_or_not(int at, const char *name, int flags)
{
	if (deny_name && !strcmp(name, deny_name)) {
		errno = deny_error;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, 0);
}

int openat(int at, const char *name, int flags, ...)
{
	return open_or_not(at, name, flags);
}

/* What _FORTIFY_SOURCE makes of such a call. */
int __openat_2(int at, const char *name, int flags);
int __openat_2(int at, const char *name, int flags)
{
	return open_or_not(at, name, flags);
}

int __openat64_2(int at, const char *name, int flags);
int __openat64_2(int at, const char *name, int flags)
{
	return open_or_not(at, name, flags);
}

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	deny_name = NULL;
	fail_forget();
	unit_remove(dir);
	return 0;
}

static char *below(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

/* A recorded machine, as DIR/machine. */
static char *unpack(const char *name)
{
	const char *srcdir = getenv("srcdir");
	STRING_AUTO command = mem_printf(
		"mkdir -p %s/machine && tar -xzf %s/tests/machines/%s.tar.gz -C"
		" %s/machine",
		dir, srcdir ? srcdir : ".", name, dir);

	assert_int_equal(system(command), 0);
	return below("machine");
}

static void text(const char *name, const char *value)
{
	STRING_AUTO path = mem_printf("machine/%s", name);

	unit_write(dir, path, value, strlen(value));
}

static void resize(const char *name, off_t size)
{
	STRING_AUTO path = mem_printf("%s/machine/%s", dir, name);

	assert_int_equal(truncate(path, size), 0);
}

static void take_away(const char *name)
{
	STRING_AUTO command = mem_printf("rm -r %s/machine/%s", dir, name);

	assert_int_equal(system(command), 0);
}

static int survey(struct machine *m, const char *root, const char *copy)
{
	static struct sysroot sr;

	sr = (struct sysroot){ .root = root, .copy = copy };
	return machine_survey(m, &sr);
}

static void has_range(const struct range *r, uint64_t start, uint64_t end)
{
	assert_int_equal(r->start, start);
	assert_int_equal(r->end, end);
}

/* --- the machines that were recorded --- */

static const uint8_t seed[X86_RNG_SEED_SIZE] = { 1 };

/* Whatever is recorded, both kinds of boot parameters can be made of it, and the proofs say so. */
static void boot_data_is_proven(const struct machine *m)
{
	const struct x86_64_facts *f = m->arch_facts;
	struct range core = { m->crash.end - 2 * MIB, m->crash.end - MIB, NULL };
	struct x86_64_expect expect = { .cmdline = m->cmdline,
					.kernel_bytes = MIB,
					.vmlinux = true };
	struct x86_64_boot b = {
		.running = f->boot_params, .e820 = &f->e820, .cmdline = m->cmdline, .seed = seed,
		.efi = f->has_efi ? &f->efi : NULL, .rsdp = f->rsdp,
	};
	uint64_t addr = m->crash.start + MIB;
	X86_64_E820_AUTO e = {0};
	BUF_AUTO out = {0};

	assert_int_equal(ranges_add(&expect.covered, addr, x86_64_boot_size(&b), "boot parameters"),
			 0);
	assert_int_equal(x86_64_boot_build(&b, addr, &out), 0);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, addr, &expect), 0);
	expect.crash = true;
	expect.core = core;
	assert_fails(x86_64_prove_boot_data(out.data, out.len, addr, &expect), EINVAL,
		     "has the elfcorehdr");
	x86_64_e820_crash(m, core, &e);
	b.e820 = &e;
	assert_int_equal(x86_64_boot_build(&b, addr, &out), 0);
	assert_int_equal(x86_64_prove_boot_data(out.data, out.len, addr, &expect), 0);
	ranges_free(&expect.covered);
}

static void machine_with_a_bios(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_string_equal(m.arch->machines[0], "x86_64");
	assert_int_equal(m.possible.n, 4);
	assert_int_equal(m.present.n, 1);
	assert_int_equal(m.n_notes, 1);
	has_range(&m.crash, 0x2f000000, 0x3f000000);
	assert_int_equal(f->crash_low.n + f->cma.n + m.crash_more.n, 0);
	assert_int_equal(m.ram.n, 2);
	has_range(&m.ram.at[1], 0x100000, 0x3ffe0000);
	assert_int_equal(f->low_ram.n, 1);
	has_range(&f->low_ram.at[0], 0x1000, 0x9fc00);
	assert_int_equal(f->acpi_tables.n + f->acpi_nvs.n, 0);
	assert_true(ranges_cover(&f->reserved, 0xfd00000000, 0x10000000000));
	assert_true(ranges_cover(&f->reserved, 0xb0000000, 0xc0000000)); /* inside another line */
	assert_true(f->e820_is_firmware);
	assert_int_equal(f->e820.n, 9);
	assert_int_equal(f->e820.at[8].start, 0xfd00000000);
	assert_int_equal(m.avoid.n, 1);
	has_range(&m.avoid.at[0], 0, MIB);
	assert_false(f->has_efi || f->efi_missing || f->la57 || f->gbpages);
	assert_int_equal(f->lockdown, POLICY_LOCKDOWN_NONE);
	assert_true(f->has_addresses);
	assert_int_equal(f->text_phys, 0x18000000);
	assert_true(f->text > 0xffffffff80000000 && f->text_end - f->text > 16 * MIB);
	assert_int_equal(f->page_offset >> 48, 0xffff);
	boot_data_is_proven(&m);
	machine_free(&m);
}

/* A DIMM at 4 GiB and a CPU came after boot: the kernel puts the DIMM into firmware's map too. */
static void machine_with_added_memory(void **state)
{
	STRING_AUTO root = unpack("q35-bios-added");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(m.n_notes, 2);
	assert_true(ranges_cover(&m.ram, 0x100000000, 0x110000000));
	assert_int_equal(f->e820.n, 9);
	for (size_t i = 0; i < f->e820.n; i++)
		assert_int_not_equal(f->e820.at[i].start, 0x100000000);
	assert_int_equal(m.avoid.n, 2);
	has_range(&m.avoid.at[1], 0x100000000, 0x110000000);
	boot_data_is_proven(&m);
	machine_free(&m);
}

/*
 * The boot loader's map is without it, in whatever order that is, and more than boot_params have
 * room for.
 */
static void added_memory_without_firmwares_map(void **state)
{
	static const uint8_t more[2 * X86_E820_ENTRY_SIZE] = {
		[4] = 8, [12] = 1, [16] = 1, [24] = 7, [32] = 1, [36] = 1
	};
	STRING_AUTO root = unpack("q35-bios-added");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/firmware/memmap");
	text("sys/kernel/boot_params/setup_data/0/type", "0x1\n");
	unit_write(dir, "machine/sys/kernel/boot_params/setup_data/0/data", more, sizeof(more));
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(f->e820_is_firmware);
	assert_int_equal(f->e820.n, 11);
	for (size_t i = 0; i < f->e820.n; i++) {
		assert_int_not_equal(f->e820.at[i].start, 0x100000000);
		assert_true(!i || f->e820.at[i - 1].start <= f->e820.at[i].start);
	}
	assert_int_equal(f->e820.at[8].start, 0x700000000);
	assert_int_equal(f->e820.at[9].end, 0x900000000);
	assert_true(ranges_cover(&m.avoid, 0x100000000, 0x110000000));
	boot_data_is_proven(&m);
	machine_free(&m);
}

static void machine_with_efi(void **state)
{
	STRING_AUTO root = unpack("q35-uefi");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	has_range(&m.crash, 0x2b000000, 0x3b000000);
	assert_int_equal(f->cma.n, 1);
	assert_int_equal(m.crash_more.n, 1);
	assert_int_equal(f->cma.at[0].end - f->cma.at[0].start, 64 * MIB);
	assert_int_equal(f->acpi_tables.n, 1);
	has_range(&f->acpi_tables.at[0], 0x3f76c000, 0x3f77e000);
	assert_int_equal(f->acpi_nvs.n, 4);
	assert_true(f->has_efi);
	assert_true(f->efi.n_regions > 3);
	assert_int_equal(f->efi.smbios, 0x3f520000);
	assert_true(f->efi.config_table && f->efi.fw_vendor);
	assert_int_equal(f->rsdp, 0x3f77d014);
	assert_true(f->has_addresses);
	assert_int_equal(f->text_phys, 0x15000000);
	assert_int_equal(f->page_offset, 0xffff8b6d00000000);
	boot_data_is_proven(&m);
	machine_free(&m);
}

/*
 * Started by kexec, with boot parameters that this program built: firmware's map is the same again.
 * The node of setup_data splits System RAM at bytes that are no pages.
 */
static void machine_that_kexec_started(void **state)
{
	STRING_AUTO root = unpack("q35-bios-kexec");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(m.ram.n, 2);
	has_range(&m.ram.at[0], 0x1000, 0x9fc00);
	has_range(&m.ram.at[1], 0x100000, 0x3ffe0000);
	assert_int_equal(f->e820.n, 9);
	assert_int_equal(f->e820.at[8].start, 0xfd00000000);
	assert_int_equal(f->boot_params[X86_HDR_LOADER], 0xd0);
	assert_int_equal(f->n_setup_data, 1);
	assert_int_equal(f->setup_data[0].type, X86_SETUP_RNG_SEED);
	assert_int_equal(f->setup_data[0].len, 0);	/* used, and wiped */
	assert_int_equal(f->rsdp, 0xf58d0);
	assert_int_equal(m.crash.end, 0);
	machine_free(&m);
}

/* What --record writes is what the survey reads, and no byte of the large files beyond that. */
static void record_is_complete(void **state)
{
	static const char *const names[] = { "q35-bios", "q35-bios-added", "q35-bios-kexec",
					     "q35-uefi" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO root = unpack(names[i]);
		STRING_AUTO copy = below("copy");
		STRING_AUTO compare = mem_printf(
			"cd %s && LC_ALL=C diff -r machine copy >differ;"
			" ! grep -v '^Only in machine' differ &&"
			" test -s copy/proc/kcore -a -s copy/sys/firmware/memmap/0/end &&"
			" rm -r copy",
			dir);
		struct machine m, again;

		assert_int_equal(mkdir(copy, 0700), 0);
		text("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu la57 pdpe1gb\n\n");
		resize("proc/cpuinfo", 100000);
		assert_int_equal(survey(&m, root, copy), 0);
		assert_int_equal(survey(&again, copy, NULL), 0);
		assert_true(machine_same(&m, &again));
		assert_int_equal(((struct x86_64_facts *)m.arch_facts)->page_offset,
				 ((struct x86_64_facts *)again.arch_facts)->page_offset);
		assert_true(((struct x86_64_facts *)again.arch_facts)->la57);
		machine_free(&m);
		machine_free(&again);
		resize("proc/cpuinfo", 16384);
		assert_int_equal(system(compare), 0);
		take_away("");
	}
}

/* --- one fact at a time --- */

static void memory_that_cannot_be_seen(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	struct machine m;

	(void)state;
	text("proc/iomem", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n");
	assert_fails(survey(&m, root, NULL), EPERM, "all addresses are 0: kexec needs to be root");
	machine_free(&m);
	text("proc/iomem", "00000000-00000fff : Reserved\n");
	assert_fails(survey(&m, root, NULL), EINVAL, "proc/iomem: has no \"System RAM\"");
	machine_free(&m);
	text("proc/iomem", "");
	assert_fails(survey(&m, root, NULL), EINVAL, "proc/iomem: has no \"System RAM\"");
	machine_free(&m);
	take_away("proc/iomem");
	assert_fails(survey(&m, root, NULL), ENOENT,
		     "it is not known what memory this machine has");
	machine_free(&m);
}

static void two_crash_regions_and_drivers_memory(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/firmware/memmap");
	take_away("sys/kernel/boot_params");
	text("proc/iomem",
	     "00001000-0009ffff : System RAM\n000a0000-000fffff : Reserved\n"
	     "00100000-7fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n"
	     "80000000-80000fff : ACPI Tables\nno line\n80001000-80001fff : ACPI Non-volatile"
	     " Storage\n"
	     "80002000-80002fff : Soft Reserved\n"
	     "100000000-1ffffffff : System RAM\n  180000000-1bfffffff : Crash kernel\n"
	     "200000000-20fffffff : System RAM (kmem)\n"
	     "300000000-3ffffffff : Persistent Memory\n  300000000-30fffffff : dax0.0\n"
	     "    300000000-30fffffff : System RAM\nfffffffffff00000-ffffffffffffffff :"
	     " Reserved\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	has_range(&m.crash, 0x180000000, 0x1c0000000);
	assert_int_equal(f->crash_low.n, 1);
	has_range(&f->crash_low.at[0], 0x20000000, 0x30000000);
	assert_int_equal(m.crash_more.n, 1);
	assert_false(f->e820_is_firmware);
	assert_int_equal(f->e820.n, 8);
	assert_int_equal(f->e820.at[5].type, X86_E820_SOFT_RESERVED);
	assert_int_equal(f->e820.at[6].start, 0x100000000);
	assert_int_equal(f->e820.at[7].type, X86_E820_PMEM);
	assert_int_equal(f->reserved.n, 1);
	assert_true(ranges_cover(&m.avoid, 0x200000000, 0x210000000));
	assert_true(ranges_cover(&m.avoid, 0x300000000, 0x310000000));
	assert_null(ranges_find(&m.avoid, MIB, 0x200000000));
	assert_true(ranges_cover(&m.ram, 0x300000000, 0x310000000));
	machine_free(&m);
}

/* They are two: in the lower one the running kernel would not take a segment. */
static void crash_regions_that_touch(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	struct machine m;

	(void)state;
	text("proc/iomem", "00100000-7fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n"
			   "  30000000-3fffffff : Crash kernel\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	has_range(&m.crash, 0x30000000, 0x40000000);
	assert_int_equal(m.crash_more.n, 1);
	has_range(&m.crash_more.at[0], 0x20000000, 0x30000000);
	machine_free(&m);
}

static void maps_that_are_broken(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	text("sys/firmware/memmap/3/type", "Unknown E820 type\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(f->e820.n, 9);
	for (size_t i = 0; i < f->e820.n; i++)
		assert_true(f->e820.at[i].type == X86_E820_RAM ||
			    f->e820.at[i].type == X86_E820_RESERVED);
	machine_free(&m);
	text("sys/firmware/memmap/3/start", "0xffffffffffffffff\n");
	assert_fails(survey(&m, root, NULL), EINVAL, "memmap/3: 0xffffffffffffffff-0x");
	machine_free(&m);
	take_away("sys/firmware/memmap/3/end");
	assert_fails(survey(&m, root, NULL), ENOENT, "sys/firmware/memmap/3/end: is not there");
	machine_free(&m);
	take_away("sys/firmware/memmap/3/start");
	assert_fails(survey(&m, root, NULL), ENOENT, "sys/firmware/memmap/3/start: is not there");
	machine_free(&m);
	text("sys/firmware/memmap/3/start", "0x0\n");
	text("sys/firmware/memmap/3/end", "0xfff\n");
	take_away("sys/firmware/memmap/3/type");
	assert_fails(survey(&m, root, NULL), ENOENT, "sys/firmware/memmap/3/type: is not there");
	machine_free(&m);
	text("sys/firmware/memmap/3/type", "Reserved\n");
	text("sys/kernel/boot_params/data", "short");
	assert_fails(survey(&m, root, NULL), EINVAL,
		     "boot_params/data: 5 bytes, struct boot_params has 4096");
	machine_free(&m);
}

/*
 * Removed with its memory after the directory was read: what is there no more is no part of the
 * map, nor is what was recorded of it before.
 */
static void map_without_an_entry(void **state)
{
	static const char entry[] = "sys/firmware/memmap/77";
	STRING_AUTO root = unpack("q35-bios-added");
	STRING_AUTO copy = below("copy");
	STRING_AUTO prepare = mem_printf(
		"ln -s none %s/%s && mkdir -p %s/%s && echo 0x0 >%s/%s/start", root, entry, copy,
		entry, copy, entry);
	STRING_AUTO look = mem_printf("test ! -e %s/%s", copy, entry);
	struct machine m;

	(void)state;
	assert_int_equal(system(prepare), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(survey(&m, i ? copy : root, i ? NULL : copy), 0);
		assert_int_equal(((const struct x86_64_facts *)m.arch_facts)->e820.n, 9);
		assert_string_equal(fail_text(), "");
		machine_free(&m);
		assert_int_equal(system(look), 0);
	}
	take_away("sys/firmware/memmap/77");
	text("sys/firmware/memmap/77/start", "0x0\n");
	assert_fails(survey(&m, root, NULL), ENOENT, "sys/firmware/memmap/77/end: is not there");
	machine_free(&m);
}

static void addresses_that_are_not_said(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	text("proc/kcore", "not an ELF file");
	assert_fails(survey(&m, root, NULL), ENOEXEC, "proc/kcore: not an ELF file");
	machine_free(&m);
	resize("proc/kcore", 0);
	assert_fails(survey(&m, root, NULL), ENOEXEC, "proc/kcore: not an ELF file");
	machine_free(&m);
	take_away("proc/kcore");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_false(f->has_addresses);
	assert_string_equal(f->no_addresses, "/proc/kcore is not there");
	machine_free(&m);
	{
		uint8_t head[64] = "\177ELF\2\1\1";

		bytes_put(head + 16, 4, 2, true);
		bytes_put(head + 18, 62, 2, true);
		bytes_put(head + 20, 1, 4, true);
		bytes_put(head + 32, 64, 8, true);
		bytes_put(head + 52, 64, 2, true);
		bytes_put(head + 54, 56, 2, true);
		unit_write(dir, "machine/proc/kcore", head, sizeof(head));
		assert_int_equal(survey(&m, root, NULL), 0);
		f = m.arch_facts;
		assert_false(f->has_addresses);
		assert_non_null(strstr(f->no_addresses,
				       "has no program headers of memory and of the kernel"));
		machine_free(&m);
		bytes_put(head + 32, (uint64_t)1 << 40, 8, true);
		unit_write(dir, "machine/proc/kcore", head, sizeof(head));
		assert_fails(survey(&m, root, NULL), EINVAL,
			     "its program headers end at 0x10000000000");
		machine_free(&m);
	}
}

static void processor_and_policy(void **state)
{
	static const struct {
		const char *name, *value;
	} files[] = {
		{ "proc/cpuinfo",
		  "processor\t: 0\nmodel name\t: la57 pdpe1gb\nflags\t\t: fpu la57x xpdpe1gb\n"
		  "bugs\t\t: la57\n\nprocessor\t: 1\nflags\t\t: la57 pdpe1gb\n" },
		{ "sys/kernel/security/lockdown", "none [integrity] confidentiality\n" },
		{ "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		  "\6\1\1\1\1" },
	};
	STRING_AUTO root = unpack("q35-uefi");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		text(files[i].name, files[i].value);
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_false(f->la57 || f->gbpages);
	assert_int_equal(f->lockdown, POLICY_LOCKDOWN_INTEGRITY);
	assert_int_equal(f->secure_boot, ANSWER_YES);
	machine_free(&m);
	text(files[0].name, "flags\t\t: no first line\nflags\t\t: fpu pdpe1gb la57\n");
	text(files[1].name, "none integrity [confidentiality]\n");
	text(files[2].name, "\1\1\1\1\2");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(f->la57 && f->gbpages);
	assert_int_equal(f->lockdown, POLICY_LOCKDOWN_CONFIDENTIALITY);
	assert_int_equal(f->secure_boot, ANSWER_NO);
	machine_free(&m);
	text("proc/cmdline", "quiet nogbpages\n");
	text(files[1].name, "?\n");
	take_away("sys/firmware/efi/efivars");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(f->la57 && !f->gbpages);
	assert_int_equal(f->lockdown, POLICY_LOCKDOWN_UNKNOWN);
	machine_free(&m);
}

/* Patch a byte of the recorded boot_params. */
static void patch_boot_params(unsigned int at, uint64_t value, size_t size)
{
	STRING_AUTO path = below("machine/sys/kernel/boot_params/data");
	FILE *file = fopen(path, "r+");
	uint8_t bytes[8];

	assert_non_null(file);
	bytes_put(bytes, value, size, true);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static void efi_that_cannot_be_passed_on(void **state)
{
	STRING_AUTO root = unpack("q35-uefi");
	static const struct {
		const char *file, *value;
		unsigned int at, size;
		uint64_t v;
		const char *why;
	} steps[] = {
		{ NULL, NULL, 0x070, 8, 0, NULL },
		{ "sys/firmware/efi/config_table", NULL, 0x1ec, 1, 3, "config_table is not there" },
		{ "sys/firmware/efi/runtime-map", NULL, 0x1ec, 1, 2, "no runtime services" },
		{ NULL, NULL, 0x1d4, 4, 0, "without EFI's map of memory" },
		{ NULL, NULL, 0x1c0, 4, 0, "without EFI's map of memory" },
		{ "sys/firmware/efi/fw_platform_size", "32\n", 0x1ec, 1, 9,
		  "its firmware has 32 bits" },
	};
	static const enum answer boots[] = {
		ANSWER_NO, ANSWER_YES, ANSWER_NO, ANSWER_NO, ANSWER_NO, ANSWER_UNKNOWN,
	};

	(void)state;
	patch_boot_params(0x1ec, 2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct x86_64_facts *f;
		struct machine m;

		if (steps[i].value)
			text(steps[i].file, steps[i].value);
		else if (steps[i].file)
			take_away(steps[i].file);
		patch_boot_params(steps[i].at, steps[i].v, steps[i].size);
		assert_int_equal(survey(&m, root, NULL), 0);
		f = m.arch_facts;
		assert_int_equal(f->has_efi, !steps[i].why);
		assert_int_equal(f->secure_boot, boots[i]);
		assert_int_equal(f->rsdp, 0x3f77d014);		/* of the EFI table, ACPI20 */
		if (steps[i].why)
			assert_non_null(strstr(f->efi_missing, steps[i].why));
		machine_free(&m);
	}
	text("sys/firmware/efi/systab", "ACPI=0x1234\n");
	{
		struct machine m;

		take_away("sys/firmware/efi/fw_vendor");
		assert_int_equal(survey(&m, root, NULL), 0);
		assert_int_equal(((struct x86_64_facts *)m.arch_facts)->rsdp, 0x1234);
		machine_free(&m);
	}
}

static void setup_data_in_the_order_of_numbers(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;
	uint8_t entry[40] = {0};

	(void)state;
	bytes_put(entry, 0x100000000, 8, true);
	bytes_put(entry + 8, 0x10000000, 8, true);
	bytes_put(entry + 16, 1, 4, true);
	bytes_put(entry + 20, UINT64_MAX, 8, true);	/* wraps: not an entry */
	bytes_put(entry + 28, 2, 8, true);
	text("sys/kernel/boot_params/setup_data/10/type", "0x1\n");
	unit_write(dir, "machine/sys/kernel/boot_params/setup_data/10/data", entry, sizeof(entry));
	text("sys/kernel/boot_params/setup_data/9/type",
	     "0x80000009\n"); /* no data: SETUP_INDIRECT */
	text("sys/kernel/boot_params/setup_data/x/type", "0x1\n");
	text("sys/firmware/memmap/10/start", "0x100000000\n");
	text("sys/firmware/memmap/10/end", "0x10fffffff\n");
	text("sys/firmware/memmap/10/type", "System RAM\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(f->n_setup_data, 2);
	assert_int_equal(f->setup_data[0].type, 0x80000009);
	assert_int_equal(f->setup_data[0].len, 0);
	assert_int_equal(f->setup_data[1].type, 1);
	assert_int_equal(f->setup_data[1].len, 40);
	assert_int_equal(f->e820.n, 10); /* the boot loader told of it, so it was not added */
	machine_free(&m);
	take_away("sys/kernel/boot_params/setup_data/10/type");
	assert_fails(survey(&m, root, NULL), ENOENT, "setup_data/10/type: is not there");
	machine_free(&m);
}

/* One whose name is deny_name cannot be read, for this reason: is that said, or no fault? */
static void denied(const char *root, const char *name, int err, bool tolerated)
{
	struct machine m;

	deny_name = name;
	deny_error = err;
	fail_forget();
	if (tolerated) {
		assert_int_equal(survey(&m, root, NULL), 0);
		assert_string_equal(fail_text(), "");
	} else {
		assert_fails(survey(&m, root, NULL), err, name);
	}
	deny_name = NULL;
	machine_free(&m);
}

/* What is not there is no fault, but of what there is each file must be read. */
static void files_that_cannot_be_read(void **state)
{
	static const struct {
		const char *name;
		bool missing, secret;	/* is it no fault that it is? */
	} rows[] = {
		{ "systab", true, true },	     { "cpuinfo", true, false },
		{ "fw_platform_size", true, false }, { "fw_vendor", true, false },
		{ "config_table", true, false },     { "runtime-map", true, false },
		{ "virt_addr", false, false },	     { "memmap", true, false },
		{ "setup_data", true, false },	     { "boot_params", true, false },
	};
	STRING_AUTO root = unpack("q35-uefi");

	(void)state;
	text("sys/kernel/boot_params/setup_data/0/type", "0x9\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		denied(root, rows[i].name, EIO, false);
		denied(root, rows[i].name, EACCES, rows[i].secret);
		denied(root, rows[i].name, EPERM, rows[i].secret);
		if (rows[i].missing)
			denied(root, rows[i].name, ENOENT, true);
	}
}

/* Neither the file that was read before nor the one that is read next hides it. */
static void numbers_that_are_none(void **state)
{
	static const struct {
		const char *name, *good;
	} files[] = {
		{ "sys/firmware/efi/fw_platform_size", "64\n" },
		{ "sys/firmware/efi/config_table", "0x1000\n" },
		{ "sys/firmware/efi/fw_vendor", "0x1000\n" },
		{ "sys/firmware/efi/runtime-map/0/type", "0x6\n" },
		{ "sys/firmware/efi/runtime-map/0/phys_addr", "0x1000\n" },
		{ "sys/firmware/efi/runtime-map/0/virt_addr", "0x1000\n" },
		{ "sys/firmware/memmap/0/start", "0x0\n" },
		{ "sys/firmware/memmap/0/end", "0xfff\n" },
		{ "sys/kernel/boot_params/setup_data/0/type", "0x9\n" },
	};
	STRING_AUTO root = unpack("q35-uefi");
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		text(files[i].name, "none\n");
		assert_fails(survey(&m, root, NULL), EINVAL, files[i].name);
		machine_free(&m);
		text(files[i].name, files[i].good);
		assert_int_equal(survey(&m, root, NULL), 0);
		machine_free(&m);
	}
}

/* Of a directory of numbers: what is in it, in their order, and no other name. */
static void regions_of_efi(void **state)
{
	static const char *const names[] = { "type", "phys_addr", "virt_addr", "num_pages",
					     "attribute" };
	static const uint64_t values[2][5] = {
		{ 6, 0x7e000000, 0xfffffffeff000000, 16, 0x800000000000000f },
		{ 5, 0x7e100000, 0xfffffffefe000000, 32, 0x8000000000000001 },
	};
	STRING_AUTO root = unpack("q35-uefi");
	const struct x86_64_efi_region *r;
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/firmware/efi/runtime-map");
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			STRING_AUTO name = mem_printf("sys/firmware/efi/runtime-map/%d/%s",
						      i ? 999999999 : 2, names[j]);
			STRING_AUTO value = mem_printf("0x%" PRIx64 "\n", values[i][j]);

			text(name, value);
		}
	text("sys/firmware/efi/runtime-map/1000000000/type", "0x1\n");
	text("sys/firmware/efi/runtime-map/x/type", "0x1\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	r = f->efi.region;
	assert_int_equal(f->efi.n_regions, 2);
	for (size_t i = 0; i < 2; i++) {
		const uint64_t got[] = { r[i].type, r[i].phys, r[i].virt, r[i].pages,
					 r[i].attribute };

		assert_memory_equal(got, values[i], sizeof(got));
	}
	machine_free(&m);
}

/* What boot_params say goes first; then the newer table. */
static void root_of_acpi(void **state)
{
	static const struct {
		uint64_t told;
		const char *systab;
		uint64_t rsdp, smbios;
	} rows[] = {
		{ 0x1000, "ACPI20=0x2000\nACPI=0x3000\n", 0x1000, 0 },
		{ 0, "ACPI20=0x2000\nACPI=0x3000\nSMBIOS=0x4000\n", 0x2000, 0x4000 },
		{ 0, "SMBIOS3=0x5000\nACPI=0x3000\nACPI20=0x2000\n", 0x2000, 0 },
		{ 0, "SMBIOS=0x4000\nACPI=0x3000\n", 0x3000, 0x4000 },
		{ 0, "", 0, 0 },
		{ 0x1000, "", 0x1000, 0 },
	};
	STRING_AUTO root = unpack("q35-uefi");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		patch_boot_params(X86_BP_RSDP, rows[i].told, 8);
		text("sys/firmware/efi/systab", rows[i].systab);
		assert_int_equal(survey(&m, root, NULL), 0);
		f = m.arch_facts;
		assert_int_equal(f->rsdp, rows[i].rsdp);
		assert_int_equal(f->efi.smbios, rows[i].smbios);
		machine_free(&m);
	}
	take_away("sys/kernel/boot_params");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(!f->has_efi && strstr(f->efi_missing, "boot_params is not there"));
	machine_free(&m);
}

/* EFI's tables are looked for even where one of them is not there. */
static void vendor_without_a_config_table(void **state)
{
	STRING_AUTO root = unpack("q35-uefi");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/firmware/efi/config_table");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(f->efi.fw_vendor && !f->efi.config_table && !f->has_efi);
	machine_free(&m);
}

/* The variable goes first; of what the stub may have found only four numbers mean something. */
static void secure_boot_as_the_stub_found_it(void **state)
{
	static const enum answer found[] = { ANSWER_UNKNOWN, ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES,
					     ANSWER_UNKNOWN, ANSWER_UNKNOWN };
	static const char name[] =
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	STRING_AUTO root = unpack("q35-uefi");
	struct machine m;

	(void)state;
	unit_write(dir, "machine/sys/firmware/efi/efivars/none", "", 0);
	for (unsigned int variable = 0; variable < 2; variable++) {
		if (variable)
			text(name, "\6\1\1\1\1");
		else
			take_away("sys/firmware/efi/efivars");
		for (unsigned int i = 0; i < ARRAY_SIZE(found); i++) {
			patch_boot_params(X86_BP_SECURE_BOOT, i, 1);
			assert_int_equal(survey(&m, root, NULL), 0);
			assert_int_equal(((struct x86_64_facts *)m.arch_facts)->secure_boot,
					 variable ? ANSWER_YES : found[i]);
			machine_free(&m);
		}
	}
}

/* The digest's instructions are three flags of the first processor, whole words. */
static void processors_that_hash(void **state)
{
	static const struct {
		const char *flags;
		bool sha;
	} rows[] = {
		{ "sha_ni sse4_1 ssse3", true }, { "fpu ssse3 sse4_1 x sha_ni", true },
		{ "sse4_1 ssse3", false },	 { "sha_ni ssse3", false },
		{ "sha_ni sse4_1", false },	 { "sha_ni sse4_1x ssse3", false },
		{ "", false },
	};
	STRING_AUTO root = unpack("q35-bios");
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO words = mem_printf("processor\t: 0\nflags\t\t: %s\n\nprocessor\t: 1\n"
					       "flags\t\t: sha_ni sse4_1 ssse3\n", rows[i].flags);

		text("proc/cpuinfo", words);
		assert_int_equal(survey(&m, root, NULL), 0);
		assert_int_equal(((struct x86_64_facts *)m.arch_facts)->sha, rows[i].sha);
		machine_free(&m);
	}
	text("proc/cpuinfo", "processor\t: 0\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	assert_false(((struct x86_64_facts *)m.arch_facts)->sha);
	machine_free(&m);
}

#define MAP	0xffffffff80000000	/* the kernel's own */
#define LINEAR	0xffff888000000000

/* An ELF file with program headers alone; of one without a type the row is the last. */
struct header {
	uint32_t type;
	uint64_t vaddr, paddr, memsz;
};

static void write_kcore(const struct header *h)
{
	uint8_t file[64 + 8 * 56] = "\177ELF\2\1\1";
	unsigned int n = 0;

	for (; h[n].type; n++) {
		uint8_t *at = file + 64 + 56 * n;

		bytes_put(at, h[n].type, 4, true);
		bytes_put(at + 16, h[n].vaddr, 8, true);
		bytes_put(at + 24, h[n].paddr, 8, true);
		bytes_put(at + 40, h[n].memsz, 8, true);
	}
	bytes_put(file + 16, 4, 2, true);
	bytes_put(file + 18, 62, 2, true);
	bytes_put(file + 20, 1, 4, true);
	bytes_put(file + 32, 64, 8, true);
	bytes_put(file + 52, 64, 2, true);
	bytes_put(file + 54, 56, 2, true);
	bytes_put(file + 56, n, 2, true);
	unit_write(dir, "machine/proc/kcore", file, 64 + 56 * n);
}

/* Of each kind the first that is one says it; with one kind alone nothing is known. */
static void addresses_of_memory_and_kernel(void **state)
{
	enum { LOAD = 1, NOTE = 4 };
	static const struct {
		struct header h[8];
		bool known;
	} rows[] = {
		{ { { LOAD, MAP, 16 * MIB, MIB }, { LOAD, LINEAR, 0, MIB } }, true },
		{ { { LOAD, LINEAR, 0, MIB }, { LOAD, MAP, 16 * MIB, MIB } }, true },
		{ { { NOTE, 0x1000, 0x2000, MIB },
		    { LOAD, LINEAR - MIB, UINT64_MAX, MIB },
		    { LOAD, LINEAR + MIB, 0, 0 },
		    { LOAD, LINEAR + 2 * MIB, 2 * MIB, MIB },
		    { LOAD, LINEAR, MIB, MIB },
		    { LOAD, MAP, 16 * MIB, MIB } }, true },
		{ { { NOTE, MAP + MIB, 0, MIB },
		    { LOAD, MAP + MIB, UINT64_MAX, MIB },
		    { LOAD, MAP + MIB, 0, 0 },
		    { LOAD, MAP, 16 * MIB, MIB },
		    { LOAD, MAP + MIB, 0, 2 * MIB },
		    { LOAD, LINEAR, 0, MIB } }, true },
		{ { { LOAD, LINEAR, 0, MIB } }, false },
		{ { { LOAD, LINEAR, 0, MIB }, { LOAD, LINEAR + MIB, MIB, MIB } }, false },
		{ { { LOAD, MAP, 16 * MIB, MIB } }, false },
		{ { { LOAD, MAP, 16 * MIB, MIB }, { LOAD, MAP + MIB, 17 * MIB, MIB } }, false },
		{ { { LOAD, MAP, 16 * MIB, 3ull << 30 }, { LOAD, LINEAR, 0, MIB } }, false },
		{ { { NOTE, LINEAR, 0, MIB }, { NOTE, MAP, 0, MIB } }, false },
	};
	STRING_AUTO root = unpack("q35-bios");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct x86_64_facts *f;
		struct machine m;

		write_kcore(rows[i].h);
		assert_int_equal(survey(&m, root, NULL), 0);
		f = m.arch_facts;
		assert_int_equal(f->has_addresses, rows[i].known);
		assert_int_equal(!f->no_addresses, rows[i].known);
		assert_int_equal(f->page_offset, rows[i].known ? LINEAR : 0);
		assert_int_equal(f->text, rows[i].known ? MAP : 0);
		assert_int_equal(f->text_end, rows[i].known ? MAP + MIB : 0);
		assert_int_equal(f->text_phys, rows[i].known ? 16 * MIB : 0);
		machine_free(&m);
	}
}

/* --- maps of memory --- */

/* DIR/N of firmware's map; @last is in it. */
static void memmap(unsigned int n, uint64_t start, uint64_t last, const char *type)
{
	static const char *const names[] = { "start", "end", "type" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		STRING_AUTO name = mem_printf("sys/firmware/memmap/%u/%s", n, names[i]);
		STRING_AUTO value = i == 2 ? mem_printf("%s\n", type) :
				    mem_printf("0x%" PRIx64 "\n", i ? last : start);

		text(name, value);
	}
}

static struct x86_64_e820_entry *entry_of(const struct x86_64_facts *f, uint64_t start)
{
	for (size_t i = 0; i < f->e820.n; i++)
		if (f->e820.at[i].start == start)
			return &f->e820.at[i];
	return NULL;
}

/* A map that the boot loader did not tell again has nothing to be compared with. */
static void firmwares_map_alone(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/kernel/boot_params");
	memmap(9, 0x200000000, 0x20fffffff, "System RAM");
	memmap(10, 0x300000000, 0x300000000, "Reserved");	/* one byte */
	memmap(11, 0x400000000, 0x40fffffff, "System RAM");
	memmap(12, 0x500000000, 0x50fffffff, "Reserved");
	text("proc/iomem", "00001000-0009fbff : System RAM\n00100000-3ffdffff : System RAM\n"
			   "200000000-20fffffff : System RAM (kmem)\n"
			   "400000000-40fffffff : System RAM\n"
			   "500000000-50fffffff : System RAM\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_true(f->e820_is_firmware);
	assert_int_equal(f->e820.n, 13);
	assert_int_equal(entry_of(f, 0x200000000)->end, 0x210000000);
	assert_int_equal(entry_of(f, 0x300000000)->end, 0x300000001);
	assert_int_equal(m.avoid.n, 3);
	has_range(&m.avoid.at[1], 0x200000000, 0x210000000); /* a driver's, whoever tells it */
	has_range(&m.avoid.at[2], 0x500000000, 0x510000000); /* firmware knows it as no RAM */
	machine_free(&m);
}

/* What was added behind all that firmware tells is not known, though its map had it once. */
static void added_behind_all(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	memmap(9, 0x20000000000, 0x200ffffffff, "System RAM");
	text("proc/iomem", "00001000-0009fbff : System RAM\n00100000-3ffdffff : System RAM\n"
			   "20000000000-200ffffffff : System RAM\n");
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(f->e820.n, 9);
	assert_int_equal(m.avoid.n, 2);
	has_range(&m.avoid.at[1], 0x20000000000, 0x20100000000);
	machine_free(&m);
}

/* As many entries as the number says, and at most those for which there is room. */
static void map_of_the_boot_loader(void **state)
{
	static const struct {
		unsigned int said, told;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 127, 127 }, { 128, 128 }, { 129, 128 }, { 255, 128 } };
	/* The last one's type is that of a map, and no such node is behind it. */
	static const uint8_t first[] = { 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255,
					 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	/* An entry, were it of that type. */
	static const uint8_t other[X86_E820_ENTRY_SIZE] = { [4] = 6, [12] = 1, [16] = 1 };
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	struct machine m;

	(void)state;
	take_away("sys/firmware/memmap");
	text("sys/kernel/boot_params/setup_data/1/type", "0x9\n");
	unit_write(dir, "machine/sys/kernel/boot_params/setup_data/1/data", other, sizeof(other));
	text("sys/kernel/boot_params/setup_data/0/type", "0x5\n");
	unit_write(dir, "machine/sys/kernel/boot_params/setup_data/0/data", first, sizeof(first));
	for (unsigned int i = 0; i < 140; i++) {
		unsigned int at = X86_BP_E820_TABLE + i * X86_E820_ENTRY_SIZE;

		patch_boot_params(at, (i + 1) * 2 * MIB, 8);
		patch_boot_params(at + 8, MIB, 8);
		patch_boot_params(at + 16, X86_E820_NVS, 4);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		patch_boot_params(X86_BP_E820_ENTRIES, rows[i].said, 1);
		assert_int_equal(survey(&m, root, NULL), 0);
		f = m.arch_facts;
		assert_int_equal(f->e820_is_firmware, rows[i].told > 0);
		if (rows[i].told)
			assert_int_equal(f->e820.n, rows[i].told);
		assert_int_equal(!!entry_of(f, 2 * MIB), rows[i].told > 0);
		machine_free(&m);
	}
}

/* As many as a table of ranges has room for at first, so that behind the last there is no other. */
static void maps_that_fill_their_tables(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	const struct x86_64_facts *f;
	BUF_AUTO iomem = {0};
	struct machine m;

	(void)state;
	take_away("sys/kernel/boot_params");
	for (unsigned int i = 0; i < 32; i++) {
		memmap(i, (i + 1) * 2 * MIB, (i + 1) * 2 * MIB + MIB - 1, "System RAM");
		if (i < 8)
			buf_printf(&iomem, "%08" PRIx64 "-%08" PRIx64 " : System RAM\n",
				   (i + 1) * 2 * MIB, (i + 1) * 2 * MIB + MIB - 1);
	}
	text("proc/iomem", (char *)iomem.data);
	assert_int_equal(survey(&m, root, NULL), 0);
	f = m.arch_facts;
	assert_int_equal(f->e820.n, 32);
	assert_int_equal(m.ram.n, 8);
	assert_int_equal(m.avoid.n, 1);
	has_range(&m.avoid.at[0], 0, MIB);
	machine_free(&m);
}

/* --- time --- */

static double cost_of(unsigned int lines)
{
	STRING_AUTO root = below("machine");
	BUF_AUTO iomem = {0};
	struct machine m;
	clock_t start;

	for (unsigned int i = 0; i < lines; i++)
		buf_printf(&iomem, "%08llx-%08llx : %s\n", (i * 2ull + 256) * PAGE,
			   (i * 2ull + 257) * PAGE - 1, i % 3 ? "System RAM" : "Reserved");
	text("proc/iomem", (char *)iomem.data);
	start = clock();
	assert_int_equal(survey(&m, root, NULL), 0);
	start = clock() - start;
	assert_int_equal(m.ram.n, lines - (lines + 2) / 3);
	machine_free(&m);
	return (double)start;
}

/* Four times as many lines cost four times as much, not sixteen. */
static void many_ranges_are_no_trouble(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	double small, large;

	(void)state;
	(void)root;
	small = cost_of(40000);
	large = cost_of(160000);
	print_message("# %.0f ms for 40,000 lines, %.0f ms for 160,000\n",
		      small * 1000 / CLOCKS_PER_SEC, large * 1000 / CLOCKS_PER_SEC);
	assert_true(large < small * 8 + CLOCKS_PER_SEC / 20);
}

/* --- a plan --- */

static bool has_purgatory(void)
{
	for (const struct purgatory_blob *p = purgatory_blobs; p->name; p++)
		if (!strcmp(p->name, "x86_64"))
			return true;
	return false;
}

/* Linked for 16 MiB, one segment of 4 MiB; it says that it cannot move. */
static void write_vmlinux(void)
{
	static uint8_t d[8192] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	bytes_put(d + 16, 2, 2, true);
	bytes_put(d + 18, 62, 2, true);
	bytes_put(d + 20, 1, 4, true);
	bytes_put(d + 24, 0x1000000, 8, true);
	bytes_put(d + 32, 64, 8, true);
	bytes_put(d + 52, 64, 2, true);
	bytes_put(d + 54, 56, 2, true);
	bytes_put(d + 56, 1, 2, true);
	bytes_put(d + 64, 1, 4, true);
	bytes_put(d + 72, 4096, 8, true);
	bytes_put(d + 80, 0xffffffff81000000, 8, true);
	bytes_put(d + 88, 0x1000000, 8, true);
	bytes_put(d + 96, 4096, 8, true);
	bytes_put(d + 104, 4 * MIB, 8, true);
	unit_write(dir, "vmlinux", d, sizeof(d));
}

/* Where the purgatory goes is where the kernel is taken to be. */
static void plan_of_a_vmlinux(void **state)
{
	STRING_AUTO root = unpack("q35-bios");
	STRING_AUTO kernel = below("vmlinux");
	static const uint8_t plan_seed[PLAN_SEED_SIZE] = { 1 };
	const struct plan_request r = {
		.kernel = kernel,
		.cmdline = "quiet",
		.mem_max = UINT64_MAX,
		.crash = true,
	};
	static const struct {
		uint64_t by;
		bool proven;
	} rows[] = {
		{ 0, true },	     { 0x1000, false }, { MIB, false },
		{ 0x1fffff, false }, { 2 * MIB, true },
	};
	struct machine m;
	struct image image;
	struct files files;
	struct segment *purgatory;
	uint8_t *copy;

	(void)state;
	if (!has_purgatory())
		return; /* this kexec was configured without */
	write_vmlinux();
	assert_int_equal(survey(&m, root, NULL), 0);
	image_init(&image, &m);
	files_init(&files);
	assert_int_equal(plan_open(&image, &files, &r).rc, 0);
	image.request.seed = plan_seed;
	assert_int_equal(plan(&image), 0);
	assert_int_equal(image.kernel_base % (2 * MIB), 0);
	purgatory = image_segment(&image, ROLE_PURGATORY);
	copy = mem_alloc(purgatory->bufsz);
	memcpy(copy, purgatory->data, purgatory->bufsz);
	purgatory->data = copy;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *at = copy + PURGATORY_PARAMS_OFFSET +
			offsetof(struct purgatory_params, kernel);

		bytes_put(at, le64_get(at) + rows[i].by, 8, true);
		if (rows[i].proven)
			assert_int_equal(x86_64_prove(&image), 0);
		else
			assert_fails(x86_64_prove(&image), EINVAL, "no multiple of 0x200000");
		bytes_put(at, le64_get(at) - rows[i].by, 8, true);
	}
	purgatory->role = ROLE_KERNEL_MORE;
	assert_fails(x86_64_prove(&image), EINVAL, "there is no kernel or purgatory");
	image_free(&image);
	files_free(&files);
	machine_free(&m);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(machine_with_a_bios, setup, teardown),
		cmocka_unit_test_setup_teardown(plan_of_a_vmlinux, setup, teardown),
		cmocka_unit_test_setup_teardown(machine_with_added_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(added_memory_without_firmwares_map, setup,
						teardown),
		cmocka_unit_test_setup_teardown(machine_with_efi, setup, teardown),
		cmocka_unit_test_setup_teardown(machine_that_kexec_started, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_cannot_be_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(two_crash_regions_and_drivers_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(crash_regions_that_touch, setup, teardown),
		cmocka_unit_test_setup_teardown(maps_that_are_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(map_without_an_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_that_are_not_said, setup, teardown),
		cmocka_unit_test_setup_teardown(processor_and_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(efi_that_cannot_be_passed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(setup_data_in_the_order_of_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(regions_of_efi, setup, teardown),
		cmocka_unit_test_setup_teardown(root_of_acpi, setup, teardown),
		cmocka_unit_test_setup_teardown(vendor_without_a_config_table, setup, teardown),
		cmocka_unit_test_setup_teardown(secure_boot_as_the_stub_found_it, setup, teardown),
		cmocka_unit_test_setup_teardown(processors_that_hash, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_of_memory_and_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(firmwares_map_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(added_behind_all, setup, teardown),
		cmocka_unit_test_setup_teardown(map_of_the_boot_loader, setup, teardown),
		cmocka_unit_test_setup_teardown(maps_that_fill_their_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(record_is_complete, setup, teardown),
		cmocka_unit_test_setup_teardown(many_ranges_are_no_trouble, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
