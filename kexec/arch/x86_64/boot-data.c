// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The steps that make what the second kernel is told: the dump's contents, boot_params, the way in.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/cmdline.h"
#include "kexec/prove.h"
#include "kexec/purgatory.h"

/*
 * As arch/x86/kernel/crash.c:prepare_elf_headers() makes it: the kernel's text at its own addresses
 * too, and no memory below 1 MiB, where firmware and the capture kernel write.
 */
int x86_64_core(struct image *image)
{
	const struct machine *m = image->machine;
	const struct x86_64_facts *f = m->arch_facts;

	ranges_copy(&image->dump, &m->ram);
	ranges_merge(&image->dump);
	ranges_clip(&image->dump, X86_64_LOW_MEMORY, UINT64_MAX);
	ranges_subtract_one(&image->dump, m->crash.start, m->crash.end);
	ranges_subtract(&image->dump, &m->crash_more);
	ranges_copy(&image->core.dump, &image->dump);
	image->core.linear = f->page_offset;
	if (f->has_addresses)
		image->core.load[image->core.n_loads++] = (struct core_load){
			f->text_phys, f->text_phys + (f->text_end - f->text), f->text_phys, f->text
		};
	return 0;
}

static void find_e820(const struct image *image, struct x86_64_e820 *e820)
{
	const struct x86_64_facts *f = image->machine->arch_facts;
	const struct segment *core = image_segment(image, ROLE_CORE);

	if (image->crash)
		x86_64_e820_crash(image->machine,
				  (struct range){ core->addr, core->addr + core->memsz, NULL },
				  e820);
	else
		for (size_t i = 0; i < f->e820.n; i++)
			x86_64_e820_add(e820, f->e820.at[i].start, f->e820.at[i].end,
					f->e820.at[i].type);
}

const char *x86_64_cmdline(struct image *image)
{
	const char *wanted = cmdline_wanted(&image->arena, image->machine->cmdline,
					    &image->request);
	X86_64_E820_AUTO e820 = {0};
	BUF_AUTO words = {0};

	if (!(image->request.special & SPECIAL_MEMMAP))
		return wanted;
	find_e820(image, &e820);
	x86_64_memmap_words(&e820, &words);
	return cmdline_join(&image->arena,
			    arena_string(&image->arena, (const char *)words.data, words.len),
			    wanted);
}

/* For the report: what of the map is not memory to use. */
static int list_reserved(struct image *image, const struct x86_64_e820 *e820)
{
	int rc = 0;

	for (size_t i = 0; i < e820->n && rc >= 0; i++)
		if (e820->at[i].type != X86_E820_RAM)
			rc = ranges_add(&image->reserve, e820->at[i].start,
					e820->at[i].end - e820->at[i].start,
					x86_64_e820_name(e820->at[i].type));
	return rc;
}

static int place_boot_data(struct image *image, const struct x86_64_boot *boot)
{
	struct segment s = { .role = ROLE_BOOT_DATA,
			     .name = "boot_params",
			     .owner = IMAGE_BUILT,
			     .digest = true,
			     .bufsz = x86_64_boot_size(boot),
			     .memsz = x86_64_boot_size(boot) };
	struct segment *placed;
	BUF_AUTO data = {0};
	int rc = image_place(image, s, image_early(image, 0));

	if (rc < 0)
		return rc;
	placed = image_segment(image, ROLE_BOOT_DATA);
	rc = x86_64_boot_build(boot, placed->addr, &data);
	if (rc >= 0)
		placed->data = arena_copy(&image->arena, data.data, data.len);
	return rc;
}

int x86_64_boot_data(struct image *image)
{
	const struct x86_64_facts *f = image->machine->arch_facts;
	const struct segment *initrd = image_segment(image, ROLE_INITRD);
	X86_64_E820_AUTO e820 = {0};
	struct x86_64_boot boot = {
		.running = f->boot_params,
		.header = image->kernel.boot_header,
		.header_size = image->kernel.boot_header_size,
		.e820 = &e820,
		.cmdline = image->cmdline,
		.initrd = initrd ? initrd->addr : 0,
		.initrd_size = initrd ? initrd->bufsz : 0,
		.efi = f->has_efi && !(image->request.special & SPECIAL_NO_EFI) ? &f->efi : NULL,
		.rsdp = f->rsdp,
		.seed = image->request.seed,
		.dtb = image->dtb.data,
		.dtb_size = image->dtb.size,
	};
	int rc;

	if (f->efi_missing)
		notice("%s; the next kernel finds ACPI, but not the services of EFI",
		       f->efi_missing);
	if (!f->e820_is_firmware && !image->crash)
		notice("neither /" SYS_FIRMWARE_MEMMAP " nor /" SYS_BOOT_PARAMS
		       " tells firmware's map of"
		       " memory: what was hot-added is told to the next kernel as if it had been"
		       " there at"
		       " boot");
	find_e820(image, &e820);
	rc = list_reserved(image, &e820);
	return rc < 0 ? rc : place_boot_data(image, &boot);
}

#define SCREEN_VIDEO_IS_VGA	0x0f	/* struct screen_info, orig_video_isVGA */
#define VIDEO_TYPE_VGAC		0x22	/* text mode (include/uapi/linux/screen_info.h) */
#define COM1			0x3f8
#define SERIAL_CLOCK		115200

/*
 * Where the purgatory can say that the digest is wrong, though nobody asked: where this kernel's
 * console is.
 */
static uint64_t known_consoles(const struct image *image, uint64_t *port)
{
	const struct x86_64_facts *f = image->machine->arch_facts;
	const char *cmdline = image->machine->cmdline;
	uint64_t consoles = 0;

	*port = strstr(cmdline, "console=ttyS1") ? COM1 - 0x100 : COM1;
	if (strstr(cmdline, "console=ttyS0") || strstr(cmdline, "console=ttyS1"))
		consoles |= PURGATORY_CONSOLE_SERIAL;
	if (f->boot_params && (f->boot_params[SCREEN_VIDEO_IS_VGA] == 1 ||
			       f->boot_params[SCREEN_VIDEO_IS_VGA] == VIDEO_TYPE_VGAC))
		consoles |= PURGATORY_CONSOLE_VGA;
	return consoles;
}

static void put_consoles(struct image *image)
{
	const struct plan_request *r = &image->request;
	uint64_t port, consoles = known_consoles(image, &port);

	if (r->special &
	    (SPECIAL_CONSOLE_SERIAL | SPECIAL_SERIAL | SPECIAL_SERIAL_FIRST | SPECIAL_SERIAL_BAUD))
		consoles |= PURGATORY_CONSOLE_SERIAL | PURGATORY_CONSOLE_VERBOSE;
	if (r->special & SPECIAL_CONSOLE_VGA)
		consoles |= PURGATORY_CONSOLE_VGA | PURGATORY_CONSOLE_VERBOSE;
	purgatory_put(image, PURGATORY_PARAM(consoles), consoles);
	purgatory_put(image, PURGATORY_PARAM(console_port), r->serial_port ? r->serial_port : port);
	purgatory_put(image, PURGATORY_PARAM(console_divisor),
		      r->serial_baud ? SERIAL_CLOCK / r->serial_baud : 0);
}

int x86_64_fill(struct image *image)
{
	const struct x86_64_facts *f = image->machine->arch_facts;

	purgatory_put(image, PURGATORY_PARAM(kernel), image->kernel_base + image->kernel.entry);
	purgatory_put(image, PURGATORY_ARCH(PURGATORY_X86_64_BOOT_PARAMS),
		      image_address(image, ROLE_BOOT_DATA));
	purgatory_put(image, PURGATORY_PARAM(units), f->sha ? PURGATORY_UNIT_LANES : 0);
	put_consoles(image);
	return 0;
}

int x86_64_prove(const struct image *image)
{
	const struct segment *boot = image_segment(image, ROLE_BOOT_DATA);
	const struct segment *initrd = image_segment(image, ROLE_INITRD);
	const struct segment *kernel = image_segment(image, ROLE_KERNEL);
	const struct segment *purgatory = image_segment(image, ROLE_PURGATORY);
	struct x86_64_expect expect = { .crash = image->crash, .cmdline = image->cmdline };
	RANGES_AUTO covered = {0};
	int rc;

	if (!boot || !kernel || !purgatory)
		return prove_wrong("there are no boot_params, or there is no kernel or purgatory");
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->role == ROLE_CORE)
			expect.core = (struct range){ s->addr, s->addr + s->memsz, NULL };
		else
			ranges_add(&covered, s->addr, s->memsz, s->name);
	}
	expect.covered = covered;
	expect.kernel_bytes = kernel->memsz;
	expect.vmlinux = !image->kernel.boot_header;
	expect.kernel_at = le64_get(purgatory->data + PURGATORY_PARAM(kernel)) -
		image->kernel.entry;
	expect.initrd = initrd ? initrd->addr : 0;
	expect.initrd_size = initrd ? initrd->bufsz : 0;
	rc = x86_64_prove_boot_data(boot->data, boot->bufsz, boot->addr, &expect);
	return rc;
}
