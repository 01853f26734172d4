// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: what reads a dump, on files whose sizes, offsets and counts are at their limits and
 * beyond, against plain models of what the headers promise.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/mkcore.h"
#include "tests/unit/unit.h"
#include "vmcore-dmesg/notes.h"

/* A dump of these bytes, and, if that is not 0, others @at, with zeroes in front of them. */
static void open_two(struct vmcore *core, const struct buf *b, const struct buf *other, uint64_t at)
{
	int fd = memfd_create("bounds", MFD_CLOEXEC);
	char name[32];

	assert_true(fd >= 0);
	assert_int_equal(b->len ? pwrite(fd, b->data, b->len, 0) : 0, b->len);
	if (at)
		assert_int_equal(pwrite(fd, other->data, other->len, (off_t)at), other->len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	assert_int_equal(vmcore_open(core, name), 0);
	assert_int_equal(vmcore_fill(core), 0);
	close(fd);
}

static void open_bytes(struct vmcore *core, const struct buf *b, bool mapped)
{
	open_two(core, b, NULL, 0);
	if (!mapped)
		input_unmap(&core->input);
}

static unsigned int seed = 1;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static uint64_t rounded(uint64_t v)
{
	return (v + 3) & ~UINT64_C(3);
}

/* --- notes --- */

struct expected {
	struct vmcoreinfo info[64];
	unsigned int n;
};

static uint32_t word_at(const struct buf *b, uint64_t at, bool little)
{
	return little ? le32_get(b->data + at) : be32_get(b->data + at);
}

/* A note that is in its segment, up to @end, and whose header is in the file. */
static bool note_at(const struct buf *b, uint64_t at, uint64_t end, bool little, uint64_t *desc,
		    uint64_t *descsz)
{
	if (at >= end || at >= b->len || b->len - at < 12)
		return false;
	*desc = at + 12 + rounded(word_at(b, at, little));
	*descsz = word_at(b, at + 4, little);
	return *desc <= end && *descsz <= end - *desc;
}

static void expect_note(struct expected *e, const struct buf *b, uint64_t at, uint64_t end,
			bool little)
{
	uint64_t desc, descsz;

	if (!note_at(b, at, end, little, &desc, &descsz) || b->len - at < 23 ||
	    word_at(b, at, little) != 11 || memcmp(b->data + at + 12, "VMCOREINFO", 11))
		return;
	for (unsigned int i = 0; i < e->n; i++)
		if (e->info[i].at == desc)
			return;
	if (descsz > VMCOREINFO_MAX)
		descsz = VMCOREINFO_MAX;
	if (desc >= b->len || !descsz || e->n == 64)
		return;
	if (descsz > b->len - desc)
		descsz = b->len - desc;
	e->info[e->n++] = (struct vmcoreinfo){ (char *)b->data + desc, descsz, little, desc };
}

static uint64_t end_of(const struct elf_phdr *p)
{
	return p->offset + p->filesz < p->offset ? UINT64_MAX : p->offset + p->filesz;
}

static bool is_about_a_log(const struct vmcoreinfo *i)
{
	static const char *const lines[] = { "SYMBOL(prb)=1\n", "SYMBOL(log_buf)=2\n" };

	for (size_t l = 0; l < ARRAY_SIZE(lines); l++)
		if (i->len == strlen(lines[l]) && !memcmp(i->text, lines[l], i->len))
			return true;
	return false;
}

static void expect_notes(struct expected *e, const struct buf *b, const struct elf *elf)
{
	uint64_t desc, size;
	bool sound = false;

	e->n = 0;
	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		uint64_t at = elf->phdr[i].offset, end = end_of(&elf->phdr[i]);

		for (; elf->phdr[i].type == ELF_PT_NOTE &&
		       note_at(b, at, end, elf->little, &desc, &size); at = desc + rounded(size))
			expect_note(e, b, at, end, elf->little);
	}
	for (unsigned int i = 0; i < e->n; i++)
		sound |= is_about_a_log(&e->info[i]);
	for (uint32_t i = 0; i < elf->n_phdrs && !sound; i++) {
		uint64_t end = end_of(&elf->phdr[i]), in_file = end < b->len ? end : b->len;

		for (uint64_t at = elf->phdr[i].offset;
		     elf->phdr[i].type == ELF_PT_NOTE && at < in_file && in_file - at >= 23;
		     at += 4)
			for (unsigned int little = 0; little < 2; little++)
				expect_note(e, b, at, end, little);
	}
}

static void find_notes(const struct buf *b, const struct elf *elf, bool mapped)
{
	struct expected e;
	struct vmcore core;

	expect_notes(&e, b, elf);
	open_bytes(&core, b, mapped);
	core.elf = *elf;
	fail_forget();
	assert_int_equal(notes_find(&core), e.n ? 0 : -EINVAL);
	assert_string_equal(fail_text(), e.n ? "" : "there is no VMCOREINFO note: not a dump of a"
			    " Linux kernel, or truncated");
	assert_int_equal(core.n_infos, e.n);
	for (unsigned int i = 0; i < e.n; i++) {
		assert_int_equal(core.infos[i].at, e.info[i].at);
		assert_int_equal(core.infos[i].len, e.info[i].len);
		assert_int_equal(core.infos[i].little, e.info[i].little);
		assert_memory_equal(core.infos[i].text, e.info[i].text, e.info[i].len);
		assert_int_equal(core.infos[i].text[e.info[i].len], 0);
	}
	vmcore_close(&core);
}

static void add_word(struct buf *b, uint32_t v, bool little)
{
	uint8_t d[4];

	bytes_put(d, v, sizeof(d), little);
	buf_add(b, d, sizeof(d));
}

/* What looks like one, whose sizes may be anything. */
static void add_note(struct buf *b, bool little)
{
	static const struct {
		char text[12];
		uint32_t size;
	} names[] = { { "VMCOREINFO", 11 }, { "VMCOREINFO", 11 }, { "VMCOREINFO", 11 },
		      { "VMCOREINFO", 10 }, { "VMCOREINFOX", 11 }, { "CORE", 5 }, { "", 0 },
		      { "VMCOREINFO", UINT32_MAX }, { "VMCOREINFO", UINT32_MAX - 3 } };
	static const char *const descs[] = {
		"SYMBOL(prb)=1\n", "SYMBOL(log_buf)=2\n", "SYMBOL(prb)=1", "X=1\n", "X", "",
		"SYMBOL(prb)=1\n\0\n",
	};
	static const uint32_t sizes[] = { 0, 1, 3, 4, 5, UINT32_MAX, UINT32_MAX - 3 };
	unsigned int name = any(ARRAY_SIZE(names)), d = any(ARRAY_SIZE(descs));
	size_t len = d == 6 ? 16 : strlen(descs[d]);

	add_word(b, names[name].size, little);
	add_word(b, any(3) ? (uint32_t)len : sizes[any(ARRAY_SIZE(sizes))], little);
	add_word(b, 0, little);
	buf_add(b, names[name].text, names[name].size > 12 ? 12 : rounded(names[name].size));
	buf_add(b, descs[d], len);
	buf_add(b, "\0\0\0", -len & 3);
}

/* In any segments, which overlap, end anywhere, and are larger than any file. */
static void notes_anywhere(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 4000; times++) {
		struct elf_phdr phdr[3] = {0};
		struct elf elf = { .phdr = phdr, .n_phdrs = any(3), .little = any(2) };
		BUF_AUTO b = {0};

		for (unsigned int n = any(5); n; n--)
			add_note(&b, any(6) ? elf.little : !elf.little);
		if (!any(3) && b.len)
			b.len -= any((unsigned int)b.len);
		phdr[elf.n_phdrs].type = ELF_PT_NOTE;	/* which is none of them */
		phdr[elf.n_phdrs].filesz = b.len;
		for (uint32_t i = 0; i < elf.n_phdrs; i++) {
			uint64_t offset = any(3) ? 4 * any((unsigned int)b.len / 4 + 2) : 0;
			const uint64_t sizes[] = { b.len - offset, b.len - offset, b.len, 0,
						   any(80), UINT64_MAX - offset, UINT64_MAX };

			phdr[i].type = any(8) ? ELF_PT_NOTE : ELF_PT_LOAD;
			phdr[i].offset = any(40) ? offset : UINT64_MAX - offset;
			phdr[i].filesz = sizes[any(ARRAY_SIZE(sizes))];
		}
		find_notes(&b, &elf, times % 2);
	}
}

static void add_info(struct buf *b, bool little, uint32_t len)
{
	static const char text[16] = "SYMBOL(prb)=1\n";

	add_word(b, 11, little);
	add_word(b, len, little);
	add_word(b, 0, little);
	buf_add(b, "VMCOREINFO\0", 12);
	buf_add(b, text, sizeof(text));
}

/* So many of them are kept, and so much of one. */
static void notes_too_many(void **state)
{
	struct elf_phdr phdr = { .type = ELF_PT_NOTE };
	struct elf elf = { .phdr = &phdr, .n_phdrs = 1 };

	(void)state;
	for (unsigned int n = 63; n < 66; n++) {
		BUF_AUTO b = {0};

		for (unsigned int i = 0; i < n; i++)
			add_info(&b, false, 14);
		phdr.filesz = b.len;
		find_notes(&b, &elf, true);
	}
	for (uint32_t len = VMCOREINFO_MAX - 1; len < VMCOREINFO_MAX + 2; len++) {
		BUF_AUTO b = {0};

		add_info(&b, false, len);
		buf_reserve(&b, VMCOREINFO_MAX);
		memset(b.data + b.len, '\n', VMCOREINFO_MAX);
		b.len += VMCOREINFO_MAX;
		phdr.filesz = b.len;
		find_notes(&b, &elf, len % 2);
	}
}

static unsigned int count_notes(const struct buf *b, uint64_t at, const struct buf *note)
{
	struct elf_phdr phdr = { .type = ELF_PT_NOTE, .filesz = at + note->len };
	struct vmcore core;
	int rc;

	open_two(&core, b, note, at);
	core.elf = (struct elf){ .phdr = &phdr, .n_phdrs = 1 };
	rc = notes_find(&core);
	assert_int_equal(rc, core.n_infos ? 0 : -EINVAL);
	vmcore_close(&core);
	return core.n_infos;
}

/*
 * A note of the other byte order around the end of a piece, which the next one overlaps by 24
 * bytes, and of the last piece that is searched; and behind as many notes as are looked at.
 */
static void notes_far(void **state)
{
	const uint64_t next = (64 << 10) - 24, last = 256 * next, empty = 12 * ((1 << 20) - 2);
	BUF_AUTO none = {0}, strange = {0}, usual = {0};

	(void)state;
	add_info(&strange, true, 14);
	add_info(&usual, false, 14);
	for (uint64_t at = next - 8; at <= next + 24; at += 8)
		assert_int_equal(count_notes(&none, at, &strange), 1);
	assert_int_equal(count_notes(&none, last, &strange), 1);
	assert_int_equal(count_notes(&none, last + 4, &strange), 0);
	assert_int_equal(count_notes(&usual, usual.len + empty, &usual), 2);
	assert_int_equal(count_notes(&usual, usual.len + empty + 12, &usual), 1);
}

/* Five pages of a process, of which the second and the fourth cannot be read. */
struct holes {
	uint8_t *d;
	size_t page;
};

static struct holes holes_make(void)
{
	struct holes h = { .page = (size_t)sysconf(_SC_PAGESIZE) };

	h.d = mmap(NULL, 5 * h.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(h.d != MAP_FAILED);
	munmap(h.d + h.page, h.page);
	munmap(h.d + 3 * h.page, h.page);
	return h;
}

static void holes_end(const struct holes *h)
{
	for (size_t i = 0; i < 5; i += 2)
		munmap(h->d + i * h->page, h->page);
}

/* How many notes are found; of none, why, and where in the pages. */
static unsigned int holes_find(const struct holes *h, const struct elf_phdr *phdr, uint32_t n,
			       uint64_t *unreadable)
{
	static const char words[] = "cannot be read at offset 0x";
	struct vmcore core;
	unsigned int found;
	int rc;

	assert_int_equal(vmcore_open(&core, "/proc/self/mem"), 0);
	assert_int_equal(vmcore_fill(&core), 0);
	core.elf = (struct elf){ .phdr = phdr, .n_phdrs = n };
	rc = notes_find(&core);
	found = core.n_infos;
	assert_int_equal(rc, found ? 0 : -EIO);
	assert_int_equal(strncmp(fail_text(), words, strlen(words)) == 0, !found);
	if (!found)
		*unreadable = strtoull(fail_text() + strlen(words), NULL, 16) - (uintptr_t)h->d;
	fail_forget();
	vmcore_close(&core);
	return found;
}

static void holes_put(const struct holes *h, uint64_t at, bool strange, size_t len)
{
	BUF_AUTO note = {0};

	add_info(&note, strange, 14);
	memcpy(h->d + at, note.data, len < note.len ? len : note.len);
}

/*
 * One segment, with a note of which only the first bytes can be read, and one behind one or two
 * holes. What is cut off within its text counts, as what is whole does; but only after one that
 * is whole nothing is searched.
 */
static void notes_behind_holes(void **state)
{
	(void)state;
	if (unit_is_emulated())
		return;
	for (unsigned int left = 0; left < 48; left += 4)
		for (unsigned int i = 0; i < 8 * 3 * 2; i++) {
			const bool strange = i & 1;
			const struct holes h = holes_make();
			const struct elf_phdr phdr = {
				.type = ELF_PT_NOTE, .filesz = 5 * h.page,
				.offset = (uintptr_t)h.d + h.page - left,
			};
			unsigned int behind = i / 2 % 3, whole = !strange && left >= 40;
			uint64_t at = 0;

			holes_put(&h, h.page - left, strange, left);
			if (behind)
				holes_put(&h, 2 * behind * h.page + 4 * (i / 6), i / 6 & 1, 40);
			assert_int_equal(holes_find(&h, &phdr, 1, &at),
					 (left > 24) + (behind && !whole));
			assert_true(left > 24 || behind || at / h.page == 1);
			holes_end(&h);
		}
}

/* A segment each, in any order: the first error is told when there is no note. */
static void notes_unreadable(void **state)
{
	(void)state;
	if (unit_is_emulated())
		return;
	for (unsigned int i = 0; i < 4 * 4 * 4; i++) {
		const struct holes h = holes_make();
		const uint64_t kinds[] = {
			h.page + 8, 3 * h.page - 24, 2 * h.page, h.page - 24,
		};
		const unsigned int order[] = { i % 4, i / 4 % 4, i / 16 };
		bool whole = false;
		struct elf_phdr phdr[3];
		uint64_t at = 0;

		holes_put(&h, h.page - 24, false, 24);
		holes_put(&h, 3 * h.page - 24, false, 24);
		holes_put(&h, 2 * h.page, false, 40);
		for (unsigned int k = 0; k < 3; k++) {
			phdr[k] = (struct elf_phdr){ .type = ELF_PT_NOTE, .filesz = 40,
						     .offset = (uintptr_t)h.d + kinds[order[k]] };
			whole |= order[k] == 2;
		}
		assert_int_equal(holes_find(&h, phdr, 3, &at), whole);
		assert_int_equal(at / h.page, whole ? 0 : order[0] == 1 ? 3 : 1);
		holes_end(&h);
	}
}

/*
 * What a flattened dump has lost is not there: of the first note the text, which thousands of
 * segments hold, and takes no memory; behind it others are found, up to as much of it as is
 * searched.
 */
static void notes_behind_what_is_lost(void **state)
{
	const uint64_t limit = 16 << 20;

	(void)state;
	for (unsigned int i = 0; i < 4 * 6; i++) {
		struct elf_phdr *phdr = mem_alloc(4096 * sizeof(*phdr));
		const uint64_t ends[] = { 8 << 10, limit - 4096, limit, limit + 4096 };
		const uint64_t lost = ends[i % 4], at = lost + i / 4 * 4;
		struct input_part *parts = mem_alloc(2 * sizeof(*parts));
		struct vmcore core;
		BUF_AUTO b = {0};

		add_info(&b, false, VMCOREINFO_MAX);
		open_two(&core, &b, &b, at);
		parts[0] = (struct input_part){ 0, 24 };
		parts[1] = (struct input_part){ lost, UINT64_MAX };
		core.input.cut = true;
		core.input.parts = parts;
		core.input.n_parts = 2;
		for (unsigned int p = 0; p < 4096; p++)
			phdr[p] = (struct elf_phdr){ .type = ELF_PT_NOTE, .filesz = UINT64_MAX };
		core.elf = (struct elf){ .phdr = phdr, .n_phdrs = i % 2 ? 1 : 4096 };
		assert_int_equal(notes_find(&core), lost < limit ? 0 : -EINVAL);
		assert_int_equal(core.n_infos, lost < limit);
		assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < 256 << 20);
		fail_forget();
		vmcore_close(&core);
		free(phdr);
	}
}

/* --- memory --- */

/* 0 may be a virtual address where there are 64 bits, and no physical one is beside it. */
static uint32_t first_that_holds(const struct elf *elf, uint64_t address, bool physical,
				 uint64_t mask)
{
	for (uint32_t i = 0; i < elf->n_phdrs; i++) {
		const struct elf_phdr *p = &elf->phdr[i];
		uint64_t va = p->vaddr & mask, start = physical ? p->paddr : va;

		if (p->type == ELF_PT_LOAD && address >= start && address - start < p->memsz &&
		    (physical || (va != mask && (p->vaddr || (!p->paddr && mask > UINT32_MAX)))))
			return i;
	}
	return SEGMENT_NONE;
}

static uint64_t edge(void)
{
	uint64_t v = any(24);

	return any(2) ? v : UINT64_MAX - v;
}

/* PT_LOADs in any order, overlapping, empty, up to the end of the address space and beyond. */
static void segments_anywhere(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 2000; times++) {
		struct elf_phdr phdr[8];
		struct elf elf = { .phdr = phdr, .n_phdrs = any(9) };
		struct arena arena = {0};
		struct segments s = {0};
		uint64_t left, mask = times & 2 ? UINT32_MAX : UINT64_MAX;

		for (uint32_t i = 0; i < elf.n_phdrs; i++)
			phdr[i] = (struct elf_phdr){
				.type = any(8) ? ELF_PT_LOAD : ELF_PT_NOTE,
				.vaddr = edge(), .paddr = edge(), .memsz = edge(),
			};
		segments_init(&s, &arena, &elf, times & 1, mask);
		for (uint64_t a = -(uint64_t)60; a != 60; a++) {
			uint32_t i = segments_find(&s, a, &left);

			assert_int_equal(i, first_that_holds(&elf, a, times & 1, mask));
			for (uint64_t b = 0; b < left && b < 8; b++)
				assert_int_equal(first_that_holds(&elf, a + b, times & 1, mask), i);
		}
		arena_free(&arena);
	}
}

/* So many that what holds them has no more room than they need. */
static void segments_many(void **state)
{
	enum { N = 2100 };
	static struct elf_phdr phdr[N];
	const struct elf elf = { .phdr = phdr, .n_phdrs = N };
	struct arena arena = {0};
	struct segments s = {0};
	uint64_t left;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		phdr[i] = (struct elf_phdr){ .type = ELF_PT_LOAD, .paddr = 3 * i + 1, .memsz = 2 };
	segments_init(&s, &arena, &elf, true, UINT64_MAX);
	for (uint64_t a = 0; a < 3 * N; a++) {
		assert_int_equal(segments_find(&s, a, &left), a % 3 ? a / 3 : SEGMENT_NONE);
		assert_int_equal(left, a % 3 == 1 ? 2 : 1);
	}
	assert_int_equal(segments_find(&s, 3 * N, &left), SEGMENT_NONE);
	assert_int_equal(left, UINT64_MAX - 3 * N);
	arena_free(&arena);
}

/* What a segment says of an address, read into memory or where it is mapped. */
static void expect_piece(struct vmcore *core, const struct buf *b, uint64_t a, bool physical)
{
	uint32_t i = first_that_holds(&core->elf, a, physical, vmcore_word_mask(core));
	const struct elf_phdr *p = &core->elf.phdr[i == SEGMENT_NONE ? 0 : i];
	uint64_t into = a - (physical ? p->paddr : p->vaddr & vmcore_word_mask(core)), n = 0;
	uint64_t limit = p->filesz < p->memsz ? p->filesz : p->memsz, offset = p->offset + into;
	size_t len = 1 + any(20);
	bool held = i != SEGMENT_NONE, left_out = held && into >= p->filesz;
	uint8_t d[20] = {0};
	const uint8_t *at;
	uint64_t gap = core->format->gap(core, a, physical);

	if (held && into < limit && offset >= into && offset < b->len)
		n = b->len - offset;
	n = n < len ? n : len;
	n = n && limit - into < n ? limit - into : n;
	assert_int_equal(core->format->piece(core, a, physical, d, len, NULL), n);
	assert_memory_equal(d, n ? b->data + offset : d, n);
	if (core->input.map) {
		assert_int_equal(core->format->piece(core, a, physical, NULL, len, &at), n);
		assert_memory_equal(n ? at : d, d, n);
	}
	assert_int_equal(core->format->covers(core, a, physical), held);
	assert_int_equal(core->format->left_out(core, a, physical), left_out);
	assert_int_equal(gap != 0, (!held || left_out) && a != UINT64_MAX);
	for (uint64_t next = a; next - a < gap && next - a < 8; next++)
		assert_int_equal(first_that_holds(&core->elf, next, physical,
						  vmcore_word_mask(core)), i);
}

/* Segments that are not all in the file, or end behind it, or behind all files. */
static void core_memory(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 300; times++) {
		struct elf_phdr phdr[4];
		struct vmcore core;
		BUF_AUTO b = {0};

		for (unsigned int i = 0; i < 60; i++)
			buf_add(&b, &(uint8_t){ (uint8_t)(i + 1) }, 1);
		open_bytes(&core, &b, times % 2);
		core.format = &vmcore_elf;
		core.word = times & 2 ? 4 : 8;
		core.elf = (struct elf){ .phdr = phdr, .n_phdrs = 1 + any(4) };
		for (uint32_t i = 0; i < core.elf.n_phdrs; i++)
			phdr[i] = (struct elf_phdr){
				.type = any(8) ? ELF_PT_LOAD : ELF_PT_NOTE,
				.offset = any(8) ? any(64) : edge(), .vaddr = edge(),
				.paddr = edge(), .filesz = edge(), .memsz = edge(),
			};
		for (uint64_t a = -(uint64_t)30; a != 50; a++) {
			expect_piece(&core, &b, a, true);
			expect_piece(&core, &b, a & vmcore_word_mask(&core), false);
		}
		vmcore_close(&core);
	}
}

/* Memory that cannot be read is not there, and nothing is said of it. */
static void core_unreadable(void **state)
{
	struct elf_phdr phdr = { .type = ELF_PT_LOAD, .filesz = 8, .memsz = 8 };
	uint64_t v;
	struct vmcore core;

	(void)state;
	assert_int_equal(vmcore_open(&core, "/"), 0);
	core.format = &vmcore_elf;
	core.word = 8;
	core.elf = (struct elf){ .phdr = &phdr, .n_phdrs = 1 };
	assert_int_equal(core.format->piece(&core, 0, true, &v, sizeof(v), NULL), 0);
	assert_string_equal(fail_text(), "");
	vmcore_close(&core);
}

/* --- headers: where a file is cut off that ends before what they describe --- */

static void headers_cut(const char *spec)
{
	BUF_AUTO b = {0};
	size_t full;

	mkcore(&b, spec);
	full = b.len;
	for (; b.len > 3; b.len -= b.len < 400 || full - b.len < 40 ? 1 : 61) {
		struct vmcore core;
		uint64_t most, least = b.len;
		int rc;

		open_bytes(&core, &b, true);
		rc = vmcore_read_headers(&core);
		for (uint32_t i = 0; i < core.elf.n_phdrs; i++) {
			const struct elf_phdr *p = &core.elf.phdr[i];

			least = p->offset + p->filesz > least ? p->offset + p->filesz : least;
		}
		most = core.elf.n_missing ? (least > b.len ? least : b.len + 1) : least;
		if (!core.elf.phdr || core.elf.type != ELF_ET_CORE)
			most = b.len < 64 ? 64 : b.len;
		assert_int_equal(!core.cut, b.len >= most);
		if (core.cut) {
			STRING_AUTO words = mem_printf("the file is cut off after %zu bytes of at"
						       " least %zu", b.len, (size_t)most);

			assert_string_equal(core.cut, words);
		}
		if (b.len == full)
			assert_int_equal(rc, core.elf.type == ELF_ET_CORE ? 0 : -EINVAL);
		vmcore_close(&core);
	}
}

static void core_headers(void **state)
{
	(void)state;
	headers_cut("");
	headers_cut("class 32\nextended\nsplit 100\n");
	headers_cut("type 2\n");
}

/* Nothing is cut off of what is no core, or has headers alone: which fill their room. */
static void core_headers_only(void **state)
{
	enum { N = 1500, SIZE = 64 + 56 * N };
	struct vmcore core;
	BUF_AUTO b = {0};

	(void)state;
	buf_add(&b, "no ELF file at all", 18);
	open_bytes(&core, &b, true);
	assert_fails(vmcore_read_headers(&core), ENOEXEC, "neither an ELF core nor a dump of");
	assert_null(core.cut);
	vmcore_close(&core);
	b.len = 0;
	mkcore(&b, "");
	buf_reserve(&b, SIZE);
	memset(b.data + 64, 0, SIZE - 64);
	b.len = SIZE;
	bytes_put(b.data + 56, N, 2, true);
	for (uint32_t i = 0; i < N; i++)
		bytes_put(b.data + 64 + 56 * i + 32, i, 8, true);
	open_bytes(&core, &b, true);
	assert_fails(vmcore_read_headers(&core), EINVAL, "there is no VMCOREINFO note");
	assert_int_equal(core.elf.n_phdrs, N);
	assert_null(core.cut);
	vmcore_close(&core);
}

/* --- vmcoreinfo --- */

static void info_lines(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t v;
	} numbers[] = {
		{ "", -ENOENT, 0 }, { "N", -ENOENT, 0 }, { "N=", -EBADMSG, 0 }, { "N=7", 0, 7 },
		{ "N=\n7", -EBADMSG, 0 }, { "N= 7\n", -EBADMSG, 0 }, { "N=7 \n", -EBADMSG, 0 },
		{ "NN=7\nN=8\n", 0, 8 }, { "N=7\nN=8\n", 0, 7 }, { "\n\nN=9\n", 0, 9 },
		{ "M=1\nN=0x1f\nO=2\n", 0, 31 }, { "N=010\n", 0, 10 }, { "N=-1\n", 0, UINT64_MAX },
		{ "N=18446744073709551615\n", 0, UINT64_MAX }, { "N=1x\n", -EBADMSG, 0 },
		{ "N=18446744073709551616\n", -EBADMSG, 0 }, { "N=0x\n", -EBADMSG, 0 },
		{ "N7=\n", -ENOENT, 0 }, { "XN=7\n", -ENOENT, 0 }, { "N=x\n", -EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		STRING_AUTO text = mem_copy_string(numbers[i].text);
		const struct vmcoreinfo info = { .text = text };
		uint64_t v = 5;

		assert_int_equal(vmcoreinfo_number(&info, "N", &v), numbers[i].rc);
		assert_int_equal(v, numbers[i].rc ? 5 : numbers[i].v);
		assert_string_equal(fail_text(), !numbers[i].rc ? "" :
				    numbers[i].rc == -ENOENT ? "vmcoreinfo lacks N" :
				    "vmcoreinfo: N is not a number");
		fail_forget();
		assert_int_equal(vmcoreinfo_has_number(&info, "N", &v), !numbers[i].rc);
		assert_string_equal(fail_text(), "");
	}
}

static void info_symbols(void **state)
{
	const struct vmcoreinfo info = { .text = "SYMBOL(a)=c0\nSYMBOL(ab)=x\nH=f\n" };
	uint64_t v;

	(void)state;
	assert_true(vmcoreinfo_has_symbol(&info, "a") && vmcoreinfo_has_symbol(&info, "ab"));
	assert_false(vmcoreinfo_has_symbol(&info, "b") || vmcoreinfo_has_symbol(&info, "abc"));
	assert_int_equal(vmcoreinfo_symbol(&info, "a", &v), 0);
	assert_int_equal(v, 0xc0);
	assert_fails(vmcoreinfo_symbol(&info, "ab", &v), EBADMSG, "SYMBOL(ab) is not a number");
	assert_fails(vmcoreinfo_symbol(&info, "b", &v), ENOENT, "vmcoreinfo lacks SYMBOL(b)");
	assert_true(vmcoreinfo_has_hex(&info, "H", &v));
	assert_int_equal(v, 15);
	assert_false(vmcoreinfo_has_hex(&info, "SYMBOL(ab)", &v));
	assert_false(vmcoreinfo_has_number(&info, "H", &v));
}

/* Up to 64 characters that can be printed. */
static void info_release(void **state)
{
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		static const char ends[] = "\n \x1b\x7f\x80";

		for (size_t e = 0; e < sizeof(ends); e++) {
			char text[96] = "OSRELEASE=";
			const struct vmcoreinfo info = { .text = text };
			const char *found;
			size_t len;

			memset(text + strlen(text), '6', n);
			text[10 + n] = ends[e];
			found = vmcoreinfo_release(&info, &len);
			assert_int_equal(len, n > 64 ? 64 : n ? n : 1);
			assert_int_equal(*found, n ? '6' : '?');
		}
	}
	for (unsigned int i = 0; i < 2; i++) {
		const struct vmcoreinfo info = { .text = i ? "" : "RELEASE=6\n" };
		size_t len;

		assert_string_equal(vmcoreinfo_release(&info, &len), "?");
		assert_int_equal(len, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_lines),
		cmocka_unit_test(info_symbols),
		cmocka_unit_test(info_release),
		cmocka_unit_test(segments_anywhere),
		cmocka_unit_test(core_unreadable),
		cmocka_unit_test(core_memory),
		cmocka_unit_test(core_headers),
		cmocka_unit_test(core_headers_only),
		cmocka_unit_test(segments_many),
		cmocka_unit_test(notes_behind_holes),
		cmocka_unit_test(notes_unreadable),
		cmocka_unit_test(notes_behind_what_is_lost),
		cmocka_unit_test(notes_too_many),
		cmocka_unit_test(notes_anywhere),
		cmocka_unit_test(notes_far),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
