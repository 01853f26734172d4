// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Boot parameters of x86_64 and the text of /proc/iomem, for libFuzzer: what is built of anything
 * that a running kernel and a kernel file may say is what the proofs take, and what the proofs
 * take leads nowhere else.
 */
#include <stdlib.h>

#include "common/bytes.h"
#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/iomem.h"

#define ADDR	0x100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct x86_64_efi_region region = { 5, 0x7f000000, 0xfffffffeff000000, 16, 15 };
static const struct x86_64_efi efi = { &region, 1, 1, 2, 3 };
static const uint8_t seed[X86_RNG_SEED_SIZE];

/* The second time with what the input says of a kernel, where that is a header at all. */
static void boot_build(const uint8_t *data, size_t size, bool header)
{
	struct x86_64_e820_entry areas[] = { { 0, 0x9f000, 1 }, { 0x100000, 0x40000000, 1 } };
	struct x86_64_e820 e820 = { areas, 2, 2 };
	bool has_efi = le32_get(data + 0x1c4) | le32_get(data + 0x1d8);
	struct x86_64_boot b = {
		.running = data, .header = header ? data + X86_BP_HEADER : NULL,
		.header_size = size - X86_BP_HEADER, .e820 = &e820, .cmdline = "", .seed = seed,
		.efi = has_efi ? &efi : NULL,
	};
	struct x86_64_expect expect = {
		.cmdline = "", .kernel_bytes = UINT64_MAX, .vmlinux = !header,
	};
	BUF_AUTO out = {0};
	int rc = x86_64_boot_build(&b, ADDR, &out);
	bool nowhere = false;

	if (rc >= 0 && header) {
		/* It is where it wants to be, but for one that wants multiples of nothing. */
		expect.kernel_at = out.data[0x234] ? 0 : le64_get(out.data + 0x258);
		nowhere = out.data[0x234] && !le32_get(out.data + 0x230);
	}
	if (rc < 0 ? !header || !*fail_text() :
	    (x86_64_prove_boot_data(out.data, out.len, ADDR, &expect) < 0) != nowhere)
		abort();
	fail_forget();
}

static int boot_line(const struct iomem_line *line, void *context)
{
	uint64_t *sum = context;
	uint32_t type = 0;

	if (line->start >= line->end)
		abort();
	for (size_t i = 0; i < line->name_len; i++)
		*sum += (uint8_t)line->name[i];
	*sum += x86_64_e820_named(line->name, line->name_len, &type);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x86_64_expect expect = { .cmdline = "",
					.kernel_bytes = UINT64_MAX,
					.crash = size % 2 };
	BUF_AUTO text = {0};
	uint64_t sum = 0;

	if (x86_64_prove_boot_data(data, size, ADDR, &expect) < 0 && !*fail_text())
		abort();	/* an error without words */
	fail_forget();
	if (size >= X86_BOOT_PARAMS_SIZE) {
		boot_build(data, size, false);
		boot_build(data, size, true);
	}
	buf_add(&text, data, size);
	iomem_each((char *)text.data, boot_line, &sum);
	return 0;
}
