// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Boot parameters as the kernel reads them: arch/x86/kernel/{e820,setup}.c. Where things are is
 * written here again, from Documentation/arch/x86/zero-page.rst: a number that is wrong in the
 * builder must not be wrong here too.
 */
#include <inttypes.h>
#include <string.h>

#include "common/bytes.h"
#include "common/error.h"
#include "kexec/arch/x86_64/x86_64.h"

#define ZERO_PAGE	4096
#define NODE_HEAD	16
#define NODES_MAX	64		/* there are ten types */
#define ENTRY		20
/* e820.c:__e820__range_add() drops what is more: 128 and three for each of 1024 NUMA nodes. */
#define ENTRIES_MAX	(128 + 3 * 1024)
#define RAM		1

enum { NODE_E820 = 1, NODE_EFI = 4, NODE_IMA = 8, NODE_KHO = 10 };

struct boot_read {
	const uint8_t *data;
	size_t len;
	uint64_t addr;
	const uint8_t *more;		/* entries of the e820 that are not in the zero page */
	size_t n_more;
	bool has_efi_node;
};

/* The bytes of [at, at + size), physical; NULL: not all of it is in this segment. */
static const uint8_t *read_inside(const struct boot_read *r, uint64_t at, uint64_t size)
{
	if (at < r->addr || at - r->addr > r->len || size > r->len - (at - r->addr))
		return NULL;
	return r->data + (at - r->addr);
}

static uint64_t read_split(const struct boot_read *r, unsigned int low, unsigned int high)
{
	return (uint64_t)le32_get(r->data + high) << 32 | le32_get(r->data + low);
}

static int prove_header(const struct boot_read *r, const struct x86_64_expect *expect)
{
	if (r->data[0x1ef])
		return fail(EINVAL, "the sentinel is 0x%x; the kernel would clear most of"
			    " them", r->data[0x1ef]);
	if (le16_get(r->data + 0x1fe) != 0xaa55 || le32_get(r->data + 0x202) != 0x53726448 ||
	    le16_get(r->data + 0x206) < 0x20c)
		return fail(EINVAL, "there is no header of protocol 2.12 or later");
	if (r->data[0x210] != 0xd0)
		return fail(EINVAL, "the type of loader is 0x%x, not kexec's", r->data[0x210]);
	if (le32_get(r->data + 0x260) > expect->kernel_bytes)
		return fail(EINVAL, "the kernel needs 0x%x bytes to start, its segment has 0x%"
			    PRIx64, le32_get(r->data + 0x260), expect->kernel_bytes);
	return 0;
}

/*
 * head64.c:__startup_64() stops a vmlinux elsewhere, before it can say so. A bzImage moves itself
 * up, out of what its header wants; one that does not run just anywhere takes the place that it
 * names.
 */
static int prove_kernel_at(const struct boot_read *r, const struct x86_64_expect *expect)
{
	uint64_t align = expect->vmlinux ? 0x200000 : le32_get(r->data + 0x230);

	if (!expect->vmlinux && !r->data[0x234]) {
		if (expect->kernel_at != le64_get(r->data + 0x258))
			return fail(EINVAL,
				    "the kernel only runs at 0x%" PRIx64 "; it is at 0x%" PRIx64,
				    le64_get(r->data + 0x258), expect->kernel_at);
	} else if (!align || expect->kernel_at % align) {
		return fail(EINVAL,
			    "the kernel is at 0x%" PRIx64 ", which is no multiple of 0x%" PRIx64,
			    expect->kernel_at, align);
	}
	return 0;
}

static int prove_cmdline(const struct boot_read *r, const struct x86_64_expect *expect)
{
	uint64_t at = read_split(r, 0x228, 0x0c8), limit = le32_get(r->data + 0x238);
	size_t len = strlen(expect->cmdline);
	const uint8_t *text = read_inside(r, at, len + 1);

	if (!text || text < r->data + ZERO_PAGE || memcmp(text, expect->cmdline, len + 1) != 0)
		return fail(EINVAL, "the command line is not at 0x%" PRIx64, at);
	if (len > limit)
		return fail(EINVAL, "the command line has %zu bytes, the kernel reads %" PRIu64,
			    len, limit);
	return 0;
}

/* Zeroes alone, and whole pages, which the kernel frees. */
static int prove_empty_initrd(const struct boot_read *r, uint64_t at, uint64_t size)
{
	const uint8_t *zeroes = size ? read_inside(r, at, size) : NULL;

	for (uint64_t i = 0; zeroes && i < size; i++)
		if (zeroes[i])
			zeroes = NULL;
	if (zeroes && !(at % ZERO_PAGE) && !(size % ZERO_PAGE))
		return 0;
	return fail(EINVAL,
		    "there is no initrd, but at 0x%" PRIx64 " (0x%" PRIx64 " bytes) no empty one"
		    " is in its place",
		    at, size);
}

static int prove_initrd(const struct boot_read *r, const struct x86_64_expect *expect)
{
	uint64_t at = read_split(r, 0x218, 0x0c0), size = read_split(r, 0x21c, 0x0c4);

	/* With EFI there has to be one, or the kernel takes that of the boot before. */
	if (!expect->initrd_size && r->has_efi_node)
		return prove_empty_initrd(r, at, size);
	if (at == expect->initrd && size == expect->initrd_size)
		return 0;
	return fail(EINVAL, "they say that the initrd is at 0x%" PRIx64 " (0x%" PRIx64
		    " bytes); it is at 0x%" PRIx64 " (0x%" PRIx64 ")", at, size, expect->initrd,
		    expect->initrd_size);
}

static int prove_node(struct boot_read *r, const uint8_t *node, uint32_t type, uint32_t len)
{
	if (type == NODE_IMA || type == NODE_KHO)
		return fail(EINVAL, "setup_data of type %u is of the running kernel's own"
			    " memory, which is gone then", type);
	if (type == NODE_EFI)
		r->has_efi_node = true;
	if (type != NODE_E820)
		return 0;
	if (r->more || len % ENTRY)
		return fail(EINVAL, "entries of the e820 in setup_data are %u bytes, or there"
			    " twice", len);
	r->more = node + NODE_HEAD;
	r->n_more = len / ENTRY;
	return 0;
}

/* A chain that leads round is longer than any that does not. */
static int prove_setup_data(struct boot_read *r)
{
	uint64_t at = le64_get(r->data + 0x250);
	int rc = 0;

	for (unsigned int n = 0; at && rc >= 0; n++) {
		const uint8_t *node = read_inside(r, at, NODE_HEAD);
		uint32_t len = node ? le32_get(node + 12) : 0;

		if (!node || node < r->data + ZERO_PAGE || at % 8 || n == NODES_MAX ||
		    !read_inside(r, at, NODE_HEAD + (uint64_t)len))
			return fail(EINVAL, "the chain of setup_data leads to 0x%" PRIx64
				    ", where no node is, or does not end", at);
		rc = prove_node(r, node, le32_get(node + 8), len);
		at = le64_get(node);
	}
	return rc;
}

static int prove_efi(const struct boot_read *r)
{
	const uint8_t *info = r->data + 0x1c0;
	uint32_t signature = le32_get(info), stride = le32_get(info + 8),
		 size = le32_get(info + 20);
	uint64_t map = read_split(r, 0x1d0, 0x1dc);
	const uint8_t *at = read_inside(r, map, size);

	if (!signature && !r->has_efi_node)
		return 0;
	if (signature != 0x34364c45 || !r->has_efi_node || !read_split(r, 0x1c4, 0x1d8))
		return fail(EINVAL, "EFI's signature, system table and setup_data are not all"
			    " there");
	if (!at || at < r->data + ZERO_PAGE || stride < 40 || !size || size % stride)
		return fail(EINVAL, "EFI's map of memory, %u bytes of %u at 0x%" PRIx64
			    ", cannot be read", size, stride, map);
	return 0;
}

/* --- the e820 --- */

static size_t entry_count(const struct boot_read *r)
{
	return r->data[0x1e8] + r->n_more;
}

static const uint8_t *entry_at(const struct boot_read *r, size_t i)
{
	size_t here = r->data[0x1e8];

	return i < here ? r->data + 0x2d0 + i * ENTRY : r->more + (i - here) * ENTRY;
}

/* One entry, and all of them together the kernel drops: append_e820_table(). */
static int prove_entry_counts(const struct boot_read *r)
{
	unsigned int here = r->data[0x1e8];

	if (here < 2 || here > 128 || (r->n_more && here < 128) || entry_count(r) > ENTRIES_MAX)
		return fail(EINVAL, "%u entries of the e820 in the zero page and %zu behind"
			    " it are not what the kernel takes", here, r->n_more);
	return 0;
}

static int prove_entry(const struct x86_64_expect *expect, const uint8_t *e, uint64_t before)
{
	uint64_t start = le64_get(e), size = le64_get(e + 8);

	if (!size || start + size < start)
		return fail(EINVAL, "the e820 has 0x%" PRIx64 " bytes at 0x%" PRIx64, size,
			    start);
	if (!expect->crash && start < before)
		return fail(EINVAL, "the e820's entry at 0x%" PRIx64 " is not behind the one"
			    " before it", start);
	if (start < expect->core.end && expect->core.start < start + size)
		return fail(EINVAL, "the e820's entry at 0x%" PRIx64 " has the elfcorehdr in"
			    " it", start);
	return 0;
}

/* RAM that is something else as well is not RAM for the kernel: e820__update_table(). */
static int prove_ram_alone(struct ranges *ram, const struct ranges *other)
{
	uint64_t total = ranges_total(ram), shared;
	RANGES_AUTO both = {0};

	ranges_merge(ram);
	ranges_copy(&both, ram);
	ranges_intersect(&both, other);
	shared = both.n ? both.at[0].start : 0;
	if (both.n)
		return fail(EINVAL, "the e820 has 0x%" PRIx64 " as RAM and as something else",
			    shared);
	if (total != ranges_total(ram))
		return fail(EINVAL, "the e820 has some RAM twice");
	return 0;
}

static int prove_covered(const struct ranges *ram, const struct x86_64_expect *expect)
{
	for (size_t i = 0; i < expect->covered.n; i++) {
		const struct range *c = &expect->covered.at[i];

		if (!ranges_cover(ram, c->start, c->end))
			return fail(EINVAL, "%s, 0x%" PRIx64 "-0x%" PRIx64 ", is not RAM of the"
				    " e820", c->why ? c->why : "a segment", c->start, c->end - 1);
	}
	return 0;
}

static int prove_e820(const struct boot_read *r, const struct x86_64_expect *expect)
{
	RANGES_AUTO ram = {0}, other = {0};
	uint64_t before = 0;
	int rc = prove_entry_counts(r);

	for (size_t i = 0; rc >= 0 && i < entry_count(r); i++) {
		const uint8_t *e = entry_at(r, i);
		struct ranges *to = le32_get(e + 16) == RAM ? &ram : &other;

		rc = prove_entry(expect, e, before);
		before = le64_get(e) + le64_get(e + 8);
		if (rc >= 0)
			rc = ranges_add(to, le64_get(e), le64_get(e + 8), NULL);
	}
	ranges_merge(&other);
	if (rc >= 0)
		rc = prove_ram_alone(&ram, &other);
	return rc < 0 ? rc : prove_covered(&ram, expect);
}

int x86_64_prove_boot_data(const uint8_t *data, size_t len, uint64_t addr,
			   const struct x86_64_expect *expect)
{
	struct boot_read r = { .data = data, .len = len, .addr = addr };
	int rc = 0;

	if (len < ZERO_PAGE || addr + len < addr)
		rc = fail(EINVAL, "0x%zx bytes at 0x%" PRIx64 " are none", len, addr);
	if (rc >= 0)
		rc = prove_header(&r, expect);
	if (rc >= 0)
		rc = prove_kernel_at(&r, expect);
	if (rc >= 0)
		rc = prove_cmdline(&r, expect);
	if (rc >= 0)
		rc = prove_setup_data(&r);
	if (rc >= 0)
		rc = prove_initrd(&r, expect);
	if (rc >= 0)
		rc = prove_efi(&r);
	if (rc >= 0)
		rc = prove_e820(&r, expect);
	return rc < 0 ? fail_in(rc, "boot parameters") : 0;
}
