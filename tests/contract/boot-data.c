// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What is surveyed of an x86_64 machine and told its next kernel, for checks that are not in C.
 *
 * usage: boot-data SNAPSHOT NORMAL CRASH
 *
 * Writes the two segments, for a reboot and for a crash, to the files NORMAL and CRASH, each proven,
 * and prints the facts, "NAME VALUE..." each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kexec/arch/x86_64/x86_64.h"

static const uint8_t seed[X86_RNG_SEED_SIZE] = "0123456789abcdef0123456789abcdef";

static int write_out(const char *path, const struct buf *data)
{
	FILE *f = fopen(path, "w");
	bool good = f && fwrite(data->data, 1, data->len, f) == data->len;

	return f && !fclose(f) && good ? 0 : fail(EIO, "%s: cannot be written", path);
}

/* In the crash region whatever it is for: that is RAM of either map. */
static int make(const struct machine *m, const struct x86_64_e820 *e, struct range core, const char *path)
{
	const struct x86_64_facts *f = m->arch_facts;
	struct x86_64_boot b = {
		.running = f->boot_params, .e820 = e, .cmdline = m->cmdline, .seed = seed, .rsdp = f->rsdp,
		.efi = f->has_efi ? &f->efi : NULL, .initrd = m->crash.start + 0x800000, .initrd_size = 12345,
	};
	struct x86_64_expect expect = {
		.crash = core.end, .core = core, .cmdline = m->cmdline, .initrd = b.initrd,
		.initrd_size = b.initrd_size,
	};
	uint64_t addr = m->crash.start;
	BUF_AUTO out = {0};
	int rc = ranges_add(&expect.covered, addr, x86_64_boot_size(&b), "boot parameters");

	if (rc >= 0)
		rc = ranges_add(&expect.covered, b.initrd, b.initrd_size, "initrd");
	if (rc >= 0)
		rc = x86_64_boot_build(&b, addr, &out);
	if (rc >= 0)
		rc = x86_64_prove_boot_data(out.data, out.len, addr, &expect);
	ranges_free(&expect.covered);
	return rc < 0 ? rc : write_out(path, &out);
}

static void tell_ranges(const char *name, const struct ranges *r)
{
	printf("%s", name);
	for (size_t i = 0; i < r->n; i++)
		printf(" %" PRIx64 "-%" PRIx64, r->at[i].start, r->at[i].end);
	puts("");
}

static void tell(const struct machine *m)
{
	const struct x86_64_facts *f = m->arch_facts;

	printf("crash %" PRIx64 "-%" PRIx64 "\n", m->crash.start, m->crash.end);
	tell_ranges("crash_low", &f->crash_low);
	tell_ranges("cma", &f->cma);
	tell_ranges("ram", &m->ram);
	tell_ranges("avoid", &m->avoid);
	printf("la57 %d\ngbpages %d\nefi %d\nrsdp %" PRIx64 "\nsecure_boot %d\n", f->la57, f->gbpages,
	       f->has_efi, f->rsdp, f->secure_boot);
	printf("page_offset %" PRIx64 "\ntext %" PRIx64 " %" PRIx64 " %" PRIx64 "\npages %" PRIu64 "\n",
	       f->page_offset, f->text, f->text_end, f->text_phys, x86_64_page_table_pages(m));
}

int main(int argc, char *argv[])
{
	struct sysroot sr = { .root = argc == 4 ? argv[1] : NULL };
	struct machine m;
	int rc = argc == 4 ? machine_survey(&m, &sr) : fail(EINVAL, "usage: boot-data SNAPSHOT NORMAL CRASH");

	if (rc >= 0) {
		struct range core = { m.crash.start + 0x200000, m.crash.start + 0x2e1000, NULL };
		X86_64_E820_AUTO e = {0};

		x86_64_e820_crash(&m, core, &e);
		tell(&m);
		rc = make(&m, &((struct x86_64_facts *)m.arch_facts)->e820, (struct range){0}, argv[2]);
		if (rc >= 0)
			rc = make(&m, &e, core, argv[3]);
	}
	if (rc < 0)
		fprintf(stderr, "boot-data: %s\n", fail_text());
	if (argc == 4)
		machine_free(&m);
	return rc < 0;
}
