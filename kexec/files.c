// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/progress.h"
#include "kexec/arch/arch.h"
#include "kexec/files.h"

#define FILES_SIZE_MAX ((uint64_t)4 << 30)	/* kernel/kexec_file.c:KEXEC_FILE_SIZE_MAX */
#define FILES_EMPTY_SIZE 4096

void files_init(struct files *f)
{
	*f = (struct files){ .kernel_copy = -1, .initrd_copy = -1 };
}

void files_free(struct files *f)
{
	kernel_close(&f->kernel);
	file_close(&f->initrd);
	file_close(&f->dtb);
	ranges_free(&f->dtb_reserve);
	if (f->kernel_copy >= 0)
		close(f->kernel_copy);
	if (f->initrd_copy >= 0)
		close(f->initrd_copy);
	arena_free(&f->arena);
}

int files_open_kernel(struct files *f, const struct plan_request *request, const struct arch *arch)
{
	int rc = 0;

	progress_begin(FILES_STEP_KERNEL);
	if (!f->kernel.file.name)
		rc = arch ? kernel_open(&f->kernel, &f->arena, request->kernel) :
			    kernel_open_unpacked(&f->kernel, request->kernel);
	progress_end();
	if (rc < 0)
		kernel_close(&f->kernel);
	return rc;
}

int files_open_initrd(struct files *f, const struct plan_request *request, const struct arch *arch,
		      uint64_t *size)
{
	unsigned int uimage_arch = arch ? arch->uimage_arch : 0;
	int rc = 0;

	*size = 0;
	progress_begin(FILES_STEP_INITRD);
	if (!f->initrd.name && request->initrd) {
		rc = initrd_open(&f->initrd, &f->arena, request->initrd, request->more_initrds,
				 uimage_arch);
	} else if (!f->initrd.name && f->kernel.initrd.data) {
		f->initrd = f->kernel.initrd;
		f->kernel.initrd = (struct file){0};
		debug("initrd: the one inside %s", f->initrd.name);
	}
	progress_end();
	if (rc >= 0 && f->initrd.name)
		rc = initrd_check(&f->initrd, uimage_arch, size);
	if (rc < 0)
		file_close(&f->initrd);
	return rc;
}

/* Since Linux 6.3, which complains in its log without it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif

static int files_write(int fd, const uint8_t *data, uint64_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return fail(errno, "memfd: %s", strerror(errno));
		data += n > 0 ? n : 0;
		size -= n > 0 ? (uint64_t)n : 0;
	}
	return 0;
}

/* What is behind the part of a device that was read, and proved. */
static int files_write_rest(int fd, const struct file *f)
{
	static uint8_t data[65536];
	int rc = 0;

	for (uint64_t at = f->size; f->is_device && at < f->whole && rc >= 0;) {
		uint64_t size = f->whole - at < sizeof(data) ? f->whole - at : sizeof(data);

		if (pread(f->fd, data, size, (off_t)at) != (ssize_t)size)
			return fail(EIO, "%s: cannot be read to its end", f->name);
		rc = files_write(fd, data, size);
		at += size;
	}
	return rc;
}

/* Sealed, because the kernel reads it later. */
static int files_copy(const struct file *f, int *copy)
{
	int rc, fd = memfd_create("kernel", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("kernel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fail(errno, "memfd_create: %s", strerror(errno));
	rc = files_write(fd, f->data, f->size);
	if (rc >= 0)
		rc = files_write_rest(fd, f);
	if (rc >= 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		rc = fail(errno, "memfd: %s", strerror(errno));
	if (rc < 0)
		close(fd);
	else
		*copy = fd;
	return rc;
}

/* What is too large for this system call may be right for the other. */
static int files_check_size(const struct file *f, uint64_t size)
{
	return size <= FILES_SIZE_MAX ? 0 :
					fail(EFBIG,
					     "%s: has %" PRIu64 " bytes, kexec_file_load takes"
					     " up to %" PRIu64,
					     f->name, size, FILES_SIZE_MAX);
}

static bool files_goes_as_it_is(const struct file *f)
{
	return f->name && f->fd >= 0 && !f->is_device;
}

/* What the plan has changed for kexec_load is for that call alone. */
static int files_copy_kernel(struct files *f)
{
	struct kernel *k = &f->kernel;
	int rc = files_check_size(&k->file, k->file.is_device ? k->file.whole : k->file.size);

	if (rc >= 0)
		rc = file_read(&k->file);
	if (rc < 0)
		return rc;
	kernel_swap_change(k);
	rc = files_copy(&k->file, &f->kernel_copy);
	kernel_swap_change(k);
	return rc;
}

int files_kernel_fd(struct files *f, int *fd)
{
	int rc = 0;

	*fd = f->kernel.file.fd;
	if (files_goes_as_it_is(&f->kernel.file))
		return 0;
	if (f->kernel_copy < 0)
		rc = files_copy_kernel(f);
	*fd = f->kernel_copy;
	return rc < 0 ? fail_in(rc, "Cannot load %s", f->kernel.file.name) : 0;
}

int files_initrd_fd(struct files *f, int *fd)
{
	int rc = 0;

	*fd = -1;
	if (!f->initrd.name)
		return 0;
	if (uimage_probe(&f->initrd))
		rc = initrd_read(&f->initrd);
	if (rc < 0)
		return fail_in(rc, "Could not open initrd file");
	rc = files_check_size(&f->initrd, f->initrd.size);
	if (rc >= 0 && !files_goes_as_it_is(&f->initrd) && f->initrd_copy < 0) {
		rc = file_read(&f->initrd);
		if (rc >= 0)
			rc = files_copy(&f->initrd, &f->initrd_copy);
	}
	*fd = f->initrd_copy >= 0 ? f->initrd_copy : f->initrd.fd;
	return rc;
}

int files_empty_initrd_fd(struct files *f, int *fd)
{
	static uint8_t page[FILES_EMPTY_SIZE];
	struct file empty = { .name = "an empty initrd", .data = page, .size = sizeof(page) };
	int rc = f->initrd_copy < 0 ? files_copy(&empty, &f->initrd_copy) : 0;

	*fd = f->initrd_copy;
	return rc;
}

bool files_are_unchanged(const struct files *f)
{
	return (!files_goes_as_it_is(&f->kernel.file) || file_is_unchanged(&f->kernel.file)) &&
	       (!files_goes_as_it_is(&f->initrd) || file_is_unchanged(&f->initrd));
}

bool files_hold(const struct files *f)
{
	return file_holds(&f->kernel.file) && file_holds(&f->initrd) && file_holds(&f->dtb);
}
