// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* From /proc and /sys: what memory there is, what nobody may touch, and what firmware told. */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/arm64/arm64.h"
#include "kexec/iomem.h"
#include "kexec/kcore.h"
#include "kexec/logread.h"

/* --- the device tree --- */

/*
 * The reservations of the kernel that runs: for its initrd and its elfcorehdr. One for the tree
 * itself, which some boot loaders make, stays: nobody tells where the tree lies, and what only has
 * its size can be firmware's.
 */
static void survey_forget_own(struct arm64_facts *f, const struct dt_node *chosen, uint64_t page)
{
	struct range own[2] = {0};
	const struct dt_prop *core = chosen ? dt_prop(chosen, "linux,elfcorehdr") : NULL;
	uint64_t start = 0, end = 0;
	struct ranges *r = &f->tree_reserve;

	if (chosen && dt_number(chosen, "linux,initrd-start", &start) > 0 &&
	    dt_number(chosen, "linux,initrd-end", &end) > 0)
		own[0] = (struct range){ round_down64(start, page), round_up64(end, page), NULL };
	fail_forget();
	if (core && core->len == 16)
		own[1] = (struct range){
			round_down64(be64_get(core->data), page),
			round_up64(be64_get(core->data) + be64_get(core->data + 8), page), NULL
		};
	for (size_t i = 0; i < r->n; i++) {
		const struct range *e = &r->at[i];
		bool is_own = false;

		for (size_t k = 0; k < ARRAY_SIZE(own); k++)
			is_own = is_own ||
				(own[k].end && round_down64(e->start, page) == own[k].start &&
				 round_up64(e->end, page) == own[k].end);
		if (is_own)
			r->at[i--] = r->at[--r->n];
	}
}

/* As the kernel was handed it; only root may read that, but the directory has the same nodes. */
static int survey_tree(struct machine *m, struct arm64_facts *f)
{
	STRING_AUTO name = sysroot_name(m->sr, SYS_FIRMWARE_FDT);
	BUF_AUTO blob = {0};
	int rc = sysroot_read(m->sr, SYS_FIRMWARE_FDT, &blob);
	const struct dt_node *chosen;

	if (rc == -ENOENT || rc == -EACCES || rc == -EPERM) {
		fail_forget();
		rc = dt_read(&m->arena, m->sr, &m->tree);
	} else if (rc >= 0) {
		/* The tree points into it. */
		rc = dt_read_blob(&m->arena, arena_copy(&m->arena, blob.data, blob.len), blob.len,
				  &m->tree, &f->tree_reserve);
		rc = rc < 0 ? fail_in(rc, "%s", name) : 0;
	}
	if (rc == -ENOENT)
		return fail(ENOENT,
			    "this machine has no device tree, not even the one with which UEFI"
			    " starts a kernel (/" SYS_FIRMWARE_FDT ", /" PROC_DEVICE_TREE ")");
	if (rc < 0)
		return rc;
	chosen = dt_child(m->tree, "chosen");
	f->efi = chosen && dt_prop(chosen, "linux,uefi-system-table");
	survey_forget_own(f, chosen, m->page_size);
	for (size_t i = 0; i < f->tree_reserve.n; i++)
		f->tree_reserve.at[i].why = "reserved by the device tree";
	return 0;
}

/* --- /proc/iomem --- */

struct survey_iomem {
	struct machine *m;
	struct arm64_facts *f;
	struct ranges crash;
};

/* "Kernel code" is [_stext, __init_begin), "Kernel data" [_sdata, _end). */
static void survey_code(struct range *code, const struct iomem_line *l)
{
	if (!code->end || l->start < code->start)
		code->start = l->start;
	if (l->end > code->end)
		code->end = l->end;
}

/*
 * Below "System RAM" what memblock has reserved: by firmware, by UEFI for all kernels to come, by
 * the kernel for itself (arch/arm64/kernel/setup.c:reserve_memblock_reserved_regions). kexec_load
 * does not look.
 */
static int survey_resource(const struct iomem_line *l, void *context)
{
	struct survey_iomem *to = context;
	uint64_t size = l->end - l->start;
	bool driver = iomem_begins(l, "System RAM (");
	int rc;

	if (iomem_is(l, "Crash kernel"))
		return iomem_add_crash(&to->crash, l);
	if (iomem_is(l, "Kernel code") || iomem_is(l, "Kernel data"))
		survey_code(&to->f->code, l);
	if (l->depth && iomem_is(l, "reserved"))
		return ranges_add(&to->f->reserved, l->start, size, "reserved");
	if (!driver && !iomem_is(l, "System RAM"))
		return 0;
	rc = ranges_add(&to->m->ram, l->start, size, "System RAM");
	if (rc >= 0 && (driver || l->depth))
		rc = ranges_add(&to->m->avoid, l->start, size, "memory that a driver added");
	return rc;
}

static int survey_resources(struct machine *m, struct arm64_facts *f)
{
	struct survey_iomem to = { .m = m, .f = f };
	int rc = iomem_survey(m, survey_resource, &to);

	ranges_merge(&m->ram);
	ranges_merge(&f->reserved);
	iomem_crash_regions(m, &to.crash, &f->crash_low);
	/* The reservation is one of memblock's too. */
	ranges_merge(&to.crash);
	ranges_subtract(&f->reserved, &to.crash);
	ranges_free(&to.crash);
	ranges_copy(&m->avoid, &f->reserved);
	return rc;
}

/* --- the interrupt controller --- */

static bool survey_has_its(const struct dt_node *tree)
{
	for (struct dt_node *n = NULL; (n = dt_next(tree, n));)
		if (dt_compatible(n, "arm,gic-v3-its") && !dt_string_is(n, "status", "disabled"))
			return true;
	return false;
}

/* With UEFI they are among what /proc/iomem has as reserved. */
static int survey_lpis(struct machine *m, struct arm64_facts *f)
{
	BUF_AUTO lines = {0};
	bool all = false;
	int rc;

	f->lpis = survey_has_its(m->tree);
	if (f->efi || !f->lpis)
		return 0;
	rc = logread_lines(m->sr, "LPI ", SNAPSHOT_LOG_TABLES, &lines);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (lines.len)
		rc = arm64_lpi_tables((char *)lines.data, m->online.n, &f->lpi_tables, &all);
	ranges_copy(&m->avoid, &f->lpi_tables);
	if (!all)
		f->lpis_unknown = rc == -ENOENT ? "the kernel's log cannot be read" :
				  "the kernel's log no longer says where all of them are";
	return rc == -ENOENT ? 0 : rc;
}

/* --- the kernel's addresses --- */

/* [_text, _end) is the smallest piece that has all of the kernel in it; memory is larger. */
static void survey_kernel_map(struct arm64_facts *f, const struct elf *elf)
{
	const struct elf_phdr *text = NULL, *ram = NULL;

	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];

		if (p->type == ELF_PT_LOAD && p->paddr <= f->code.start &&
		    f->code.end <= p->paddr + p->memsz && (!text || p->memsz < text->memsz))
			text = p;
	}
	for (uint32_t i = 0; i < elf->n_phdrs && !ram; i++) {
		const struct elf_phdr *p = &elf->phdr[i];

		if (p->type == ELF_PT_LOAD && p->paddr != UINT64_MAX && p->memsz && p != text)
			ram = p;
	}
	f->has_addresses = f->code.end && text && ram;
	if (!f->has_addresses) {
		f->no_addresses = "/" PROC_KCORE
				  " has no program headers of memory and of the kernel";
		return;
	}
	f->linear = ram->vaddr - ram->paddr;
	f->text = text->vaddr;
	f->text_phys = text->paddr;
	f->text_size = text->memsz;
}

static int survey_kernel(struct machine *m, struct arm64_facts *f)
{
	struct elf elf = {0};
	int rc = kcore_headers(m->sr, &m->arena, &elf, &f->no_addresses);

	if (rc >= 0 && !f->no_addresses)
		survey_kernel_map(f, &elf);
	return rc;
}

static int survey_uart(struct machine *m, struct arm64_facts *f)
{
	return arm64_find_uart(m, &f->uart);
}

int arm64_survey(struct machine *m)
{
	struct arm64_facts *f = m->arch_facts = arena_alloc(&m->arena, sizeof(*f));
	int (*const steps[])(struct machine *, struct arm64_facts *) = {
		survey_tree, survey_resources, survey_lpis, survey_kernel, survey_uart,
	};
	int rc = 0;

	ranges_copy(&f->cma, &m->crash_more);	/* so far that is all there is in it */
	for (size_t i = 0; i < ARRAY_SIZE(steps) && rc >= 0; i++)
		rc = steps[i](m, f);
	ranges_merge(&m->avoid);
	m->real_mode_limit = UINT64_MAX;
	return rc;
}

void arm64_forget(struct machine *m)
{
	struct arm64_facts *f = m->arch_facts;

	ranges_free(&f->tree_reserve);
	ranges_free(&f->reserved);
	ranges_free(&f->cma);
	ranges_free(&f->crash_low);
	ranges_free(&f->lpi_tables);
}
