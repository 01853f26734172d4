// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Kernel files of any kind, for libFuzzer: ELF, bzImage, Image, zImage, uImage, zboot,
 * unified kernel images, compressed; and the same bytes as an initrd. What is accepted must be in
 * order, inside the file, and readable to its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "kexec/format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t sum(const uint8_t *p, uint64_t n)
{
	uint8_t s = 0;

	while (n--)
		s ^= *p++;
	return s;
}

static void check(const struct kernel *k)
{
	volatile uint8_t seen = k->initrd.data ? sum(k->initrd.data, k->initrd.size) : 0;

	if (!k->n_pieces || !k->format || k->low > k->high)
		abort();
	for (unsigned int i = 0; i < k->n_pieces; i++) {
		const struct kernel_piece *p = &k->piece[i];

		if (p->filesz > p->memsz || p->addr + p->memsz < p->addr || p->addr < k->low ||
		    p->addr + p->memsz > k->high ||
		    (i && k->piece[i - 1].addr + k->piece[i - 1].memsz > p->addr))
			abort();
		seen ^= sum(p->data, p->filesz);
	}
	(void)seen;
}

static void check_initrd(const char *name)
{
	struct file f = {0};
	uint64_t size;
	int rc = file_open(&f, name);
	volatile uint8_t seen;

	if (rc >= 0)
		rc = initrd_check(&f, 7, &size);
	if (rc >= 0)
		rc = initrd_read(&f);
	if (rc >= 0 ? f.size != size : !*fail_text())
		abort();
	seen = rc >= 0 ? sum(f.data, f.size) : 0;
	(void)seen;
	file_close(&f);
	fail_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct kernel kernel;
	char name[64];
	int fd = memfd_create("kernel", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (kernel_open(&kernel, &arena, name) >= 0 && kernel_read(&kernel) >= 0)
		check(&kernel);
	else if (!*fail_text())
		abort();	/* an error without words */
	fail_forget();
	check_initrd(name);
	kernel_close(&kernel);
	arena_free(&arena);
	close(fd);
	return 0;
}
