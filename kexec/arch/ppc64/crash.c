// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* Plan a crash image: which segments, where, with what in them. */
#include <inttypes.h>
#include <libfdt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/sha256.h"
#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/elfcorehdr.h"
#include "kexec/hotplug.h"
#include "purgatory/blobs.h"
#include "purgatory/params.h"

#define BUILT		"built by kexec"
#define KERNEL_ALIGN	0x10000		/* arch/powerpc/Kconfig, help of RELOCATABLE: 16 KiB */
#define RUN_AT_LOAD	0x5c		/* arch/powerpc/kernel/head_64.S:__run_at_load */
#define RUN_AT_LOAD_OFF	0x72756e30	/* "run0" */

static const struct ppc64_facts *facts(const struct image *image)
{
	return image->machine->arch_facts;
}

/* Everything that early boot touches: kernel, purgatory, FDT, initrd. */
static struct placement early(const struct image *image, uint64_t align, bool top_down)
{
	return (struct placement){ align, image->machine->real_mode_limit, top_down };
}

static int check_machine(const struct image *image)
{
	const struct machine *m = image->machine;

	if (m->crash.start == m->crash.end)
		return fail(ENODEV, "no memory is reserved for a crash kernel; boot with"
			    " crashkernel=SIZE (try crashkernel=512M) and load again");
	if (!dt_child(m->tree, "cpus"))
		return fail(EINVAL, "device tree: there is no /cpus node; no kernel can boot from it");
	if (!m->ram.n)
		return fail(EINVAL, "device tree: there is no memory in it");
	if (!m->n_notes)
		return fail(ENOENT, "no CPU has crash_notes below " SYS_CPU
			    "; the running kernel needs CONFIG_CRASH_DUMP");
	return 0;
}

static int check_kernel(const struct image *image)
{
	const struct kernel *k = &image->kernel;

	if (k->bits != 64)
		return fail(ENOEXEC, "kernel %s: is a %u bit ELF file, this machine needs 64 bit",
			    k->file.name, k->bits);
	if (k->elf_machine != image->machine->arch->elf_machine)
		return fail(ENOEXEC, "kernel %s: is for ELF machine %u, this machine is %u (%s)",
			    k->file.name, k->elf_machine, image->machine->arch->elf_machine,
			    image->machine->name);
	return 0;
}

static int find_room(struct image *image)
{
	const struct machine *m = image->machine;
	RANGES_AUTO avoid = {0};

	ranges_copy(&avoid, &m->avoid);
	ranges_merge(&avoid);
	ranges_add(&image->free, m->crash.start, m->crash.end - m->crash.start, "crash region");
	ranges_subtract(&image->free, &avoid);
	return image_leave_pages(image);
}

/*
 * A relocatable kernel has a word that says whether to stay where it was
 * loaded; a kernel without it goes where it was linked.
 */
static void prepare_kernel(struct image *image)
{
	struct kernel *k = &image->kernel;
	uint8_t *flag = kernel_bytes(k, k->low + RUN_AT_LOAD, 4);
	uint64_t value = flag ? bytes_get(flag, 4, k->little) : 0;

	k->relocatable = value == RUN_AT_LOAD_OFF || value == 1;
	if (k->relocatable)
		bytes_put(flag, 1, 4, k->little);
	debug("kernel: %s, %s", k->little ? "little-endian" : "big-endian",
	      k->relocatable ? "relocatable: told to run where it is loaded"
			     : "not relocatable: goes where it was linked");
}

static int place_kernel(struct image *image, uint64_t *base)
{
	const struct kernel *k = &image->kernel;
	uint64_t align = k->align > KERNEL_ALIGN ? k->align : KERNEL_ALIGN;
	uint64_t size = image->machine->crash.end - image->machine->crash.start;

	if (k->relocatable && k->high - k->low > size)
		return fail(ENOSPC, "kernel %s: takes 0x%" PRIx64 " bytes (%" PRIu64
			    " MiB), the crash region has 0x%" PRIx64 " (%" PRIu64
			    " MiB); reserve more with crashkernel=", k->file.name, k->high - k->low,
			    (k->high - k->low) >> 20, size, size >> 20);
	return image_place_kernel(image, early(image, align, false), base);
}

static const struct purgatory_blob *find_purgatory(const struct machine *m)
{
	const char *name = m->little ? "ppc64le" : "ppc64";

	for (const struct purgatory_blob *b = purgatory_blobs; b->name; b++)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

#define PARAM(field) (PURGATORY_PARAMS_OFFSET + offsetof(struct purgatory_params, field))

/* A place for the purgatory; its contents come last, when all addresses are known. */
static int place_purgatory(struct image *image, uint8_t **blob)
{
	const struct machine *m = image->machine;
	const struct purgatory_blob *b = find_purgatory(m);
	struct segment s = { .name = "purgatory", .owner = BUILT, .digest = true };

	if (!b)
		return fail(ENOTSUP, "this kexec was built without a purgatory for %s; configure with"
			    " --enable-arches=%s", m->name, m->little ? "ppc64le" : "ppc64");
	if (b->size < PARAM(region) ||
	    bytes_get(b->data + PARAM(magic), 8, m->little) != PURGATORY_MAGIC)
		return fail(EINVAL, "the purgatory for %s inside this kexec is damaged", b->name);
	*blob = arena_copy(&image->arena, b->data, b->size);
	s.data = *blob;
	s.bufsz = b->size;
	s.memsz = bytes_get(b->data + PARAM(image_size), 8, m->little);
	return image_place(image, s, early(image, 0, false));
}

static int place_backup(struct image *image)
{
	struct segment s = {
		.name = "backup", .owner = "room for the first 64 KiB of memory",
		.memsz = PPC64_BACKUP_SIZE, .digest = true,
	};

	return image_place(image, s, early(image, 0, false));
}

/* RAM without the crash region, and the firmware's own memory wherever it is. */
static void find_dump(struct image *image)
{
	const struct machine *m = image->machine;

	ranges_copy(&image->dump, &m->ram);
	ranges_merge(&image->dump);
	ranges_subtract_one(&image->dump, m->crash.start, m->crash.end);
	ranges_copy(&image->dump, &facts(image)->rtas);
	ranges_copy(&image->dump, &facts(image)->opal);
	ranges_merge(&image->dump);
}

static int place_elfcorehdr(struct image *image, bool hotplug)
{
	const struct machine *m = image->machine;
	struct elfcorehdr h = {
		.machine = m, .dump = &image->dump, .virtual_base = PPC64_PAGE_OFFSET,
		.backup = image_segment(image, "backup")->addr, .backup_size = PPC64_BACKUP_SIZE,
	};
	struct segment s = { .name = "elfcorehdr", .owner = BUILT, .digest = !hotplug,
			     .hotplug = hotplug };
	BUF_AUTO out = {0};
	int rc = elfcorehdr_build(&h, &out);

	if (rc < 0)
		return rc;
	s.data = arena_copy(&image->arena, out.data, out.len);
	s.bufsz = out.len;
	s.memsz = hotplug ? elfcorehdr_hotplug_size(m, out.len) : out.len;
	rc = image_place(image, s, (struct placement){0});
	if (rc < 0)
		return rc;
	s.memsz = image_segment(image, "elfcorehdr")->memsz;
	image->elfcorehdr_room = (struct hotplug_room){
		.possible = (s.memsz - elfcorehdr_size(1)) / (elfcorehdr_size(1) - elfcorehdr_size(0)),
		.now = elfcorehdr_count(&h),
		.needed = hotplug ? elfcorehdr_hotplug_size(m, out.len) - out.len : 0,
		.free = s.memsz - out.len,
	};
	return 0;
}

static int place_initrd(struct image *image)
{
	const struct file *f = &image->initrd;
	struct segment s = {
		.name = "initrd", .owner = f->name, .data = f->data, .bufsz = f->size,
		.memsz = f->size, .digest = true,
	};

	return f->data ? image_place(image, s, early(image, 0, false)) : 0;
}

/*
 * elfcorehdr= comes first: behind a "--" or an unbalanced quote the kernel
 * would not see it, and there would be no dump.
 */
static int build_cmdline(struct image *image, const char *given)
{
	const struct arch *arch = image->machine->arch;
	uint64_t kib = image_segment(image, "elfcorehdr")->addr >> 10;

	if (strstr(given, "elfcorehdr="))
		return fail(EINVAL, "command line: elfcorehdr= is for kexec to set, and of two the"
			    " kernel takes the last; leave it out");
	image->cmdline = arena_printf(&image->arena, "elfcorehdr=%" PRIu64 "K%s%s", kib,
				      *given ? " " : "", given);
	if (strlen(image->cmdline) + 1 > arch->command_line_size)
		return fail(E2BIG, "command line: %zu bytes with the elfcorehdr= that kexec adds, the"
			    " kernel takes %" PRIu64 "; shorten it by %zu", strlen(image->cmdline),
			    arch->command_line_size - 1,
			    strlen(image->cmdline) + 1 - (size_t)arch->command_line_size);
	return 0;
}

/* Hash MMU boot demands memory from 0 on; what is in use there is reserved. */
static void find_usable(struct image *image)
{
	const struct ppc64_facts *f = facts(image);

	ranges_add(&image->usable, 0, image->machine->crash.end, "up to the crash region's end");
	ranges_copy(&image->usable, &f->rtas);
	ranges_copy(&image->usable, &f->opal);
	ranges_copy(&image->usable, &f->tce);
	ranges_merge(&image->usable);
}

/* Bytes that the FDT needs, with the free space for hotplug inside. */
static int size_fdt(struct image *image, const struct dt_node *tree, bool hotplug, size_t *used,
		    size_t *total)
{
	struct hotplug_cores cores;
	uint64_t needed, room;
	uint8_t *fdt;
	int rc = dt_flatten(tree, &image->reserve, 0, &fdt, used);

	if (rc < 0)
		return rc;
	*total = *used;
	if (hotplug)
		rc = hotplug_cores(image->machine, &cores);
	if (hotplug && rc >= 0) {
		needed = hotplug_fdt_needed(&cores, fdt);
		room = needed + hotplug_fdt_spare(&cores, fdt);
		*total = round_up64(*used + room, image->machine->page_size);
		image->fdt_room = (struct hotplug_room){
			cores.possible, hotplug_cpu_nodes(fdt), needed, *total - *used };
	}
	free(fdt);
	return rc;
}

/* Placed before it is written: its reserve map has an entry for itself. */
static int place_fdt(struct image *image, bool hotplug)
{
	struct segment s = { .name = "fdt", .owner = BUILT, .digest = !hotplug, .hotplug = hotplug };
	struct segment *placed;
	struct dt_node *tree;
	size_t used, total;
	uint8_t *fdt;
	int rc;

	find_usable(image);
	rc = ppc64_crash_tree(image, &tree);
	if (rc >= 0)
		rc = size_fdt(image, tree, hotplug, &used, &total);
	if (rc < 0)
		return rc;
	s.bufsz = s.memsz = total;
	rc = image_place(image, s, early(image, 0, true));
	if (rc < 0)
		return rc;
	placed = image_segment(image, "fdt");
	ppc64_reserve_fdt(image, placed);
	rc = dt_flatten(tree, &image->reserve, total - used, &fdt, &used);
	if (rc < 0)
		return rc;
	placed->data = arena_copy(&image->arena, fdt, total);
	free(fdt);
	return 0;
}

struct params {
	uint8_t *blob;
	bool little;
	uint64_t n_regions;
};

static void put_param(const struct params *p, size_t offset, uint64_t value)
{
	bytes_put(p->blob + offset, value, 8, p->little);
}

static int add_region(struct params *p, uint64_t start, uint64_t size)
{
	size_t at = PARAM(region) + p->n_regions * sizeof(struct purgatory_region);

	if (p->n_regions == PURGATORY_MAX_REGIONS)
		return fail(E2BIG, "purgatory: more than %d regions to verify", PURGATORY_MAX_REGIONS);
	put_param(p, at, start);
	put_param(p, at + 8, size);
	p->n_regions++;
	put_param(p, PARAM(n_regions), p->n_regions);
	return 0;
}

/* All but the 32 bytes of the digest, and the stack, which is in use meanwhile. */
static int add_own_regions(struct params *p, const struct segment *s)
{
	uint64_t before = PARAM(digest), after = before + SHA256_DIGEST_SIZE;
	int rc = add_region(p, s->addr, before);

	return rc < 0 ? rc : add_region(p, s->addr + after, s->bufsz - after);
}

static int add_regions(const struct image *image, struct params *p)
{
	int rc = 0;

	for (unsigned int i = 0; i < image->n_segments && rc >= 0; i++) {
		const struct segment *s = &image->segment[i];

		if (!s->digest)
			debug("%s: not in the digest, the running kernel may rewrite it", s->name);
		else if (s->data == p->blob)
			rc = add_own_regions(p, s);
		else
			rc = add_region(p, s->addr, s->memsz);
	}
	return rc;
}

/* In the order of add_regions(), after everything else in the block is final. */
static void put_digest(const struct image *image, const struct params *p)
{
	uint64_t before = PARAM(digest), after = before + SHA256_DIGEST_SIZE;
	struct sha256 sha;

	sha256_init(&sha);
	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		if (s->digest && s->data == p->blob) {
			sha256_update(&sha, s->data, before);
			sha256_update(&sha, s->data + after, s->bufsz - after);
		} else if (s->digest) {
			segment_digest(&sha, s);
		}
	}
	sha256_final(&sha, p->blob + before);
}

/*
 * Secondary CPUs arrive at absolute 0x60 with nothing but the new kernel's
 * own holding loop to catch them: all of the head but its first instruction
 * is the kernel's (arch/powerpc/kexec/file_load.c:setup_purgatory).
 */
static int put_slave_code(const struct image *image, uint8_t *blob)
{
	const struct kernel *k = &image->kernel;
	const uint8_t *head = kernel_bytes(k, k->low, PURGATORY_HEAD_SIZE);

	if (!head)
		return fail(EINVAL, "kernel %s: its first segment has less than %d bytes", k->file.name,
			    PURGATORY_HEAD_SIZE);
	memcpy(blob + 4, head + 4, PURGATORY_HEAD_SIZE - 4);
	return 0;
}

static int fill_purgatory(const struct image *image, uint8_t *blob, uint64_t kernel_base)
{
	const struct ppc64_facts *f = facts(image);
	struct params p = { blob, image->machine->little, 0 };
	int rc = put_slave_code(image, blob);

	if (rc < 0)
		return rc;
	put_param(&p, PARAM(kernel), kernel_base);
	put_param(&p, PARAM(fdt), image_segment(image, "fdt")->addr);
	put_param(&p, PARAM(backup_source), 0);
	put_param(&p, PARAM(backup), image_segment(image, "backup")->addr);
	put_param(&p, PARAM(backup_size), PPC64_BACKUP_SIZE);
	put_param(&p, PARAM(opal_base), f->opal_base);
	put_param(&p, PARAM(opal_entry), f->opal_entry);
	put_param(&p, PARAM(console), f->hvterm ? PURGATORY_CONSOLE_HVTERM : PURGATORY_CONSOLE_NONE);
	put_param(&p, PARAM(console_unit), f->hvterm_unit);
	rc = add_regions(image, &p);
	if (rc >= 0)
		put_digest(image, &p);
	return rc;
}

int ppc64_plan_crash(struct image *image, const struct plan_request *request)
{
	uint64_t kernel_base = 0;
	uint8_t *purgatory = NULL;
	int rc = check_machine(image);

	if (rc >= 0)
		rc = check_kernel(image);
	if (rc < 0)
		return rc;
	find_dump(image);
	prepare_kernel(image);
	rc = find_room(image);
	if (rc >= 0)
		rc = place_kernel(image, &kernel_base);
	if (rc >= 0)
		rc = place_purgatory(image, &purgatory);
	if (rc >= 0)
		rc = place_backup(image);
	if (rc >= 0)
		rc = place_elfcorehdr(image, request->hotplug);
	if (rc >= 0)
		rc = place_initrd(image);
	if (rc >= 0)
		rc = build_cmdline(image, request->cmdline ? request->cmdline : "");
	if (rc >= 0)
		rc = place_fdt(image, request->hotplug);
	if (rc >= 0)
		rc = fill_purgatory(image, purgatory, kernel_base);
	if (rc >= 0)
		image->entry = image_segment(image, "purgatory")->addr;
	return rc;
}
