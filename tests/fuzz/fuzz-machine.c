// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Files of recorded machines, for libFuzzer: FUZZ_MACHINES is a directory of such. The input says
 * which file of which machine has other contents: iomem, memmap, ranges of CMA, vmcoreinfo, the
 * device tree, its table of memory, ACPI's and EFI's tables, boot_params, what was noted and
 * logged. Whatever it says: the survey and what is judged of it end, and errors have words.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "kexec/machine.h"
#include "kexec/policy.h"
#include "kexec/readiness.h"
#include "kexec/syscalls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_sleep(unsigned int ms)
{
	(void)ms;
}

const struct syscalls syscalls = { .sleep_ms = no_sleep, .any_machine = true };

static char **files;
static size_t n_files;

static int note_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)at;
	if (type == FTW_F) {
		files = mem_resize(files, n_files + 1, sizeof(*files));
		files[n_files++] = mem_copy_string(path);
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_files(void)
{
	const char *top = getenv("FUZZ_MACHINES");

	if (!top || nftw(top, note_file, 16, FTW_PHYS) || !n_files)
		abort();
	qsort(files, n_files, sizeof(*files), by_text);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	close(fd);
}

static void get(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf_reserve(out, 1u << 20);
	n = read(fd, out->data, 1u << 20);
	if (fd < 0 || n < 0)
		abort();
	out->len = (size_t)n;
	close(fd);
}

static void read_all_of(const char *root)
{
	const struct sysroot sr = { .root = root };
	struct readiness readiness = {0};
	struct machine machine;
	struct policy policy;

	if (machine_survey(&machine, &sr) < 0 && !*fail_text())
		abort();
	fail_forget();
	machine_free(&machine);
	if (readiness_read(&readiness, &sr) >= 0)
		readiness_judge(&readiness);
	fail_forget();
	readiness_free(&readiness);
	policy_read(&policy, &sr);
	fail_forget();
}

/* Two bytes choose the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO before = {0};
	const char *path;
	char *root;

	if (!files)
		find_files();
	if (size < 2)
		return 0;
	path = files[(data[0] | data[1] << 8) % n_files];
	root = mem_copy_string(path);
	*strchr(root + strlen(getenv("FUZZ_MACHINES")) + 1, '/') = 0;
	get(path, &before);
	put(path, data + 2, size - 2);
	read_all_of(root);
	put(path, before.data, before.len);
	free(root);
	return 0;
}
