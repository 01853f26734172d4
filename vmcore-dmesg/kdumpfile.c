// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * makedumpfile's compressed formats through libkdumpfile; without it, words on
 * what the file is and what reads it.
 */
#include "vmcore-dmesg/diskdump.h"
#include "vmcore-dmesg/vmcore.h"

/* Of a file that cannot be opened: it may be cut off. */
static void kdumpfile_note_needs(struct vmcore *core)
{
	struct diskdump pages;
	unsigned int word;
	bool little;

	diskdump_guess(&core->input, &little, &word);
	diskdump_init(&pages, &core->input, little, word);
	core->needs = pages.needs;
}

#ifdef HAVE_KDUMPFILE

#include <libkdumpfile/kdumpfile.h>
#include <stdlib.h>

static const struct {
	const char *name;
	uint16_t machine;
} machines[] = {
	{ KDUMP_ARCH_PPC64, ELF_EM_PPC64 }, { KDUMP_ARCH_X86_64, ELF_EM_X86_64 },
	{ KDUMP_ARCH_IA32, ELF_EM_386 }, { KDUMP_ARCH_AARCH64, ELF_EM_AARCH64 },
	{ KDUMP_ARCH_S390X, ELF_EM_S390 }, { KDUMP_ARCH_ARM, ELF_EM_ARM },
	{ KDUMP_ARCH_PPC, ELF_EM_PPC },
};

/* Its cache is of 1024 pages, of up to 64 KiB; ours are read one after the other. */
#define CACHE_SIZE "cache.size"
#define CACHE_PAGES 16

struct kdump {
	kdump_ctx_t *ctx;
	struct diskdump pages;
};

/* --- the file --- */

static int failed(kdump_ctx_t *ctx, const char *what)
{
	return fail(EINVAL, "%s: %s", what, kdump_get_err(ctx));
}

/* What the file is was recorded by vmcore_read_headers(). */
static int kdumpfile_open_file(struct vmcore *core, kdump_ctx_t *ctx)
{
	STRING_AUTO what = mem_copy_string(fail_text());
	kdump_num_t order, word;
	const char *arch;
	char *info;

	fail_forget();
	/* What a file that is cut off has no page for would end the program. */
	if (kdump_set_number_attr(ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER) != KDUMP_OK ||
	    kdump_set_number_attr(ctx, CACHE_SIZE, CACHE_PAGES) != KDUMP_OK)
		kdump_clear_err(ctx);
	if (kdump_open_fd(ctx, core->input.fd) != KDUMP_OK)
		return failed(ctx, what);
	/*
	 * That reads page tables; where the dump has them not, there are vmcore_physical()'s rules.
	 */
	if (kdump_set_string_attr(ctx, KDUMP_ATTR_OSTYPE, "linux") != KDUMP_OK)
		kdump_clear_err(ctx);
	if (kdump_get_number_attr(ctx, KDUMP_ATTR_BYTE_ORDER, &order) != KDUMP_OK ||
	    kdump_get_number_attr(ctx, KDUMP_ATTR_PTR_SIZE, &word) != KDUMP_OK ||
	    kdump_get_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK)
		return failed(ctx, what);
	core->class_word = (unsigned int)word;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(machines[i].name, arch))
			core->machine = machines[i].machine;
	if (kdump_vmcoreinfo_raw(ctx, &info) != KDUMP_OK)
		return failed(ctx, "there is no vmcoreinfo");
	core->infos = arena_alloc(&core->arena, sizeof(*core->infos));
	core->infos->len = strnlen(info, VMCOREINFO_MAX);
	core->infos->text = arena_string(&core->arena, info, core->infos->len);
	core->infos->little = order == KDUMP_LITTLE_ENDIAN;
	core->n_infos = 1;
	free(info);
	return 0;
}

/* libkdumpfile 0.5.1 crashes on freeing what it failed to open: that is left to exit(). */
static kdump_ctx_t *volatile not_opened;

static int open_kdumpfile(struct vmcore *core)
{
	kdump_ctx_t *ctx = kdump_new();
	struct kdump *kd;
	int rc;

	if (!ctx)
		return fail(ENOMEM, "libkdumpfile has no memory");
	rc = kdumpfile_open_file(core, ctx);
	if (rc < 0) {
		not_opened = ctx;
		kdumpfile_note_needs(core);
		return rc;
	}
	core->handle = kd = mem_alloc(sizeof(*kd));
	*kd = (struct kdump){ .ctx = ctx };
	diskdump_init(&kd->pages, &core->input, core->infos->little, core->class_word);
	core->needs = kd->pages.needs;
	return 0;
}

static void close_kdumpfile(struct vmcore *core)
{
	struct kdump *kd = core->handle;

	if (kd)
		kdump_free(kd->ctx);
	free(kd);
	core->handle = NULL;
}

/* --- memory --- */

/* What is not in the file is no error of it; of what makes no sense, the first is kept. */
static void note_error(struct vmcore *core, kdump_status status)
{
	kdump_ctx_t *ctx = ((struct kdump *)core->handle)->ctx;
	const char *why = kdump_get_err(ctx);

	if (status != KDUMP_ERR_NODATA && status != KDUMP_ERR_ADDRXLAT && !core->unread && why)
		core->unread = arena_string(&core->arena, why, strlen(why));
	kdump_clear_err(ctx);
}

/* How much of what was read is in pages that are whole. */
static size_t held(struct vmcore *core, uint64_t address, bool physical, size_t len)
{
	struct kdump *kd = core->handle;
	uint64_t page = kd->pages.page, pa;
	size_t one = 1;

	for (size_t n = 0; page && n < len; n += page - (address + n) % page) {
		pa = address + n;
		if (!physical && !vmcore_physical(core, address + n, &pa, &one))
			continue;
		if (diskdump_has_lost(&kd->pages, pa))
			return n;
	}
	return len;
}

/* It translates virtual addresses itself, where the dump has what that takes. */
static size_t kdumpfile_piece(struct vmcore *core, uint64_t address, bool physical, void *buf,
			      size_t len, const uint8_t **at)
{
	struct kdump *kd = core->handle;
	size_t done = len;
	kdump_status status;

	(void)at;
	if (!buf)
		return 0;
	status = kdump_read(kd->ctx, physical ? KDUMP_MACHPHYSADDR : KDUMP_KVADDR, address,
			    buf, &done);
	if (status != KDUMP_OK)
		note_error(core, status);
	return held(core, address, physical, done);
}

/* Whether the machine had it, whatever became of its page on the way to the file. */
static bool has_memory(struct vmcore *core, uint64_t address)
{
	kdump_ctx_t *ctx = ((struct kdump *)core->handle)->ctx;
	kdump_attr_t pages;
	kdump_addr_t page, found;
	kdump_num_t shift;
	bool has = false;

	if (kdump_get_number_attr(ctx, KDUMP_ATTR_PAGE_SHIFT, &shift) == KDUMP_OK &&
	    kdump_get_attr(ctx, KDUMP_ATTR_MEMORY_PAGEMAP, &pages) == KDUMP_OK &&
	    pages.type == KDUMP_BITMAP) {
		page = found = address >> shift;
		has = kdump_bmp_find_set(pages.val.bitmap, &found) == KDUMP_OK && found == page;
	}
	kdump_clear_err(ctx);
	return has;
}

#else

static int open_kdumpfile(struct vmcore *core)
{
	STRING_AUTO what = mem_copy_string(fail_text());

	kdumpfile_note_needs(core);
	return fail(ENOSYS,
		    "%s, for which this vmcore-dmesg was built without libkdumpfile; install"
		    " one with it, or makedumpfile for makedumpfile --dump-dmesg",
		    what);
}

static void close_kdumpfile(struct vmcore *core)
{
	(void)core;
}

static size_t kdumpfile_piece(struct vmcore *core, uint64_t address, bool physical, void *buf,
			      size_t len, const uint8_t **at)
{
	(void)core;
	(void)address;
	(void)physical;
	(void)buf;
	(void)len;
	(void)at;
	return 0;
}

static bool has_memory(struct vmcore *core, uint64_t address)
{
	(void)core;
	(void)address;
	return false;
}

#endif

static bool kdumpfile_covers(struct vmcore *core, uint64_t address, bool physical)
{
	uint8_t byte;

	return kdumpfile_piece(core, address, physical, &byte, 1, NULL) == 1 ||
	       (physical && has_memory(core, address));
}

/*
 * Pages of zeroes are in the file, which has one for all of them. What is not
 * there was thought to be free, or a cache, or a user's: right or wrong.
 */
static bool kdumpfile_left_out(struct vmcore *core, uint64_t address, bool physical)
{
	(void)core;
	(void)address;
	(void)physical;
	return false;
}

/* It has no way to tell. */
static uint64_t kdumpfile_gap(struct vmcore *core, uint64_t address, bool physical)
{
	(void)core;
	(void)address;
	(void)physical;
	return 0;
}

const struct vmcore_format vmcore_kdumpfile = {
	open_kdumpfile,	  close_kdumpfile,    kdumpfile_piece,
	kdumpfile_covers, kdumpfile_left_out, kdumpfile_gap,
};
