// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>

#include "common/bytes.h"
#include "common/elf.h"
#include "kexec/arch/arch.h"
#include "kexec/elfcorehdr.h"
#include "kexec/image.h"

/* Room for so many more, where memory is in more ranges than the kernel is prepared for. */
#define MORE_RANGES 512

void core_move_start(struct core *core, uint64_t backup, uint64_t size)
{
	uint64_t end;

	if (!size || !core->dump.n || core->dump.at[0].start)
		return;
	end = core->dump.at[0].end < size ? core->dump.at[0].end : size;
	core->load[core->n_loads++] = (struct core_load){ 0, end, backup, core->linear };
	ranges_subtract_one(&core->dump, 0, end);
}

uint64_t elfcorehdr_count(const struct machine *m, const struct core *core)
{
	return m->n_notes + (m->vmcoreinfo != 0) + core->n_loads + core->dump.n;
}

uint64_t elfcorehdr_size(uint64_t phdrs)
{
	return ELF64_EHDR_SIZE + phdrs * ELF64_PHDR_SIZE;
}

static void put_ehdr(const struct machine *m, uint64_t phdrs, struct buf *out)
{
	uint8_t e[ELF64_EHDR_SIZE] = { 0x7f, 'E', 'L', 'F', 2, m->little ? 1 : 2, 1 };

	bytes_put(e + 16, ELF_ET_CORE, 2, m->little);
	bytes_put(e + 18, m->arch->elf_machine, 2, m->little);
	bytes_put(e + 20, 1, 4, m->little);			/* e_version */
	bytes_put(e + 32, ELF64_EHDR_SIZE, 8, m->little);	/* e_phoff */
	bytes_put(e + 52, ELF64_EHDR_SIZE, 2, m->little);
	bytes_put(e + 54, ELF64_PHDR_SIZE, 2, m->little);
	bytes_put(e + 56, phdrs, 2, m->little);
	buf_add(out, e, sizeof(e));
}

static void put_phdr(const struct machine *m, const struct elf_phdr *p, struct buf *out)
{
	uint8_t d[ELF64_PHDR_SIZE] = {0};

	bytes_put(d, p->type, 4, m->little);
	bytes_put(d + 4, p->flags, 4, m->little);
	bytes_put(d + 8, p->offset, 8, m->little);
	bytes_put(d + 16, p->vaddr, 8, m->little);
	bytes_put(d + 24, p->paddr, 8, m->little);
	bytes_put(d + 32, p->filesz, 8, m->little);
	bytes_put(d + 40, p->memsz, 8, m->little);
	buf_add(out, d, sizeof(d));
}

/* p_paddr must not be 0: that marks the backup region (contract with update_crash_elfcorehdr). */
static void put_note(const struct machine *m, uint64_t addr, uint64_t size, struct buf *out)
{
	put_phdr(m, &(struct elf_phdr){ .type = ELF_PT_NOTE, .offset = addr, .paddr = addr,
					.filesz = size, .memsz = size }, out);
}

static void put_load(const struct machine *m, const struct core_load *l, struct buf *out)
{
	put_phdr(m,
		 &(struct elf_phdr){ .type = ELF_PT_LOAD,
				     .flags = 7,
				     .offset = l->offset,
				     .vaddr = l->virtual,
				     .paddr = l->start,
				     .filesz = l->end - l->start,
				     .memsz = l->end - l->start },
		 out);
}

int elfcorehdr_build(const struct machine *m, const struct core *core, struct buf *out)
{
	uint64_t phdrs = elfcorehdr_count(m, core);

	if (phdrs > ELFCOREHDR_PHDRS_MAX)
		return fail(E2BIG,
			    "elfcorehdr: %" PRIu64 " CPUs and memory ranges, more than the %u"
			    " which an ELF header can count",
			    phdrs, ELFCOREHDR_PHDRS_MAX);
	put_ehdr(m, phdrs, out);
	for (size_t i = 0; i < m->n_notes; i++)
		put_note(m, m->notes[i].addr, m->notes[i].size, out);
	if (m->vmcoreinfo)
		put_note(m, m->vmcoreinfo, m->vmcoreinfo_size, out);
	for (unsigned int i = 0; i < core->n_loads; i++)
		put_load(m, &core->load[i], out);
	for (size_t i = 0; i < core->dump.n; i++) {
		const struct range *r = &core->dump.at[i];

		put_load(m,
			 &(struct core_load){ r->start, r->end, r->start, r->start + core->linear },
			 out);
	}
	return 0;
}

/* CPUs that have no note yet, because the kernel makes it when they come. */
static uint64_t notes_to_come(const struct machine *m)
{
	return m->possible.n > m->n_notes ? m->possible.n - m->n_notes : 0;
}

uint64_t elfcorehdr_hotplug_size(const struct machine *m, uint64_t built)
{
	uint64_t more = built + (MORE_RANGES + notes_to_come(m)) * ELF64_PHDR_SIZE;
	uint64_t hint = m->elfcorehdr_size + m->arch->elfcorehdr_hint_lacks;

	if (more > elfcorehdr_size(ELFCOREHDR_PHDRS_MAX))
		more = elfcorehdr_size(ELFCOREHDR_PHDRS_MAX);
	return (hint > more ? hint : more) + ELF64_PHDR_SIZE;
}

int elfcorehdr_place(struct image *image)
{
	const struct machine *m = image->machine;
	struct segment s = { .role = ROLE_CORE,
			     .name = "elfcorehdr",
			     .owner = IMAGE_BUILT,
			     .digest = !image->hotplug,
			     .kept = image->hotplug ? &kept_elfcorehdr : NULL };
	BUF_AUTO out = {0};
	int rc = elfcorehdr_build(m, &image->core, &out);

	if (rc < 0)
		return rc;
	if (image->hotplug)
		debug("ELFCOREHDR_SIZE %" PRIu64, m->elfcorehdr_size);
	s.data = arena_copy(&image->arena, out.data, out.len);
	s.bufsz = out.len;
	s.memsz = image->hotplug ? elfcorehdr_hotplug_size(m, out.len) : out.len;
	s.room.now = elfcorehdr_count(m, &image->core);
	s.room.needed = s.memsz - out.len;
	rc = image_place(image, s, image_early(image, 0));
	if (rc < 0)
		return rc;
	s.memsz = image_segment(image, ROLE_CORE)->memsz;
	s.room.capacity = (s.memsz - ELF64_EHDR_SIZE) / ELF64_PHDR_SIZE - 1;
	s.room.free = s.memsz - out.len;
	image_segment(image, ROLE_CORE)->room = s.room;
	return 0;
}
