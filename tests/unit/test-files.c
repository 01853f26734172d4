// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* The files of a load: which of them kexec_file_load gets, and copies of what it does not take. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/crc32.h"
#include "kexec/arch/arch.h"
#include "kexec/files.h"
#include "tests/unit/bzimage.h"

/* In place of the C library's: what a memfd may answer. */
static struct {
	int first_error, error;		 /* of the first memfd_create(), of each */
	unsigned int taken, interrupted; /* bytes that a write() takes, 0: all; EINTR, so often */
	int write_error;
	bool unsealable;
	unsigned int made;
} memory;

int memfd_create(const char *name, unsigned int flags)
{
	int err = memory.made++	   ? memory.error :
		memory.first_error ? memory.first_error :
				     memory.error;

	if (err) {
		errno = err;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, memory.unsealable ? 0 : flags);
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (memory.interrupted) {
		memory.interrupted--;
		errno = EINTR;
		return -1;
	}
	if (memory.write_error) {
		errno = memory.write_error;
		return -1;
	}
	return syscall(SYS_write, fd, data,
		       memory.taken && memory.taken < size ? memory.taken : size);
}

static char *dir, *kernel_path, *initrd_path;
static struct files files;
static struct plan_request request;

#define TEXT "what is in a kernel, more or less"

static int setup(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	dir = unit_directory();
	kernel_path = mem_printf("%s/kernel", dir);
	initrd_path = mem_printf("%s/initrd", dir);
	request = (struct plan_request){ .kernel = kernel_path };
	unit_write(dir, "kernel", TEXT, strlen(TEXT));
	unit_write(dir, "initrd", "070701 and so on", 16);
	files_init(&files);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_free(&files);
	unit_remove(dir);
	free(kernel_path);
	free(initrd_path);
	fail_forget();
	return 0;
}

static void holds(int fd, const void *data, size_t size)
{
	uint8_t *read = mem_alloc(size + 1);

	assert_int_equal(pread(fd, read, size + 1, 0), size);
	assert_memory_equal(read, data, size);
	free(read);
}

/* A file of gzip's with one block as it is. */
static void write_gzip(const char *name, const uint8_t *data, uint16_t n)
{
	uint8_t *file = mem_alloc(23 + n);

	memcpy(file, "\x1f\x8b\x08", 3);
	file[9] = 3;
	file[10] = 1;
	bytes_put(file + 11, n, 2, true);
	bytes_put(file + 13, ~n & 0xffff, 2, true);
	memcpy(file + 15, data, n);
	bytes_put(file + 15 + n, crc32_of(data, n), 4, true);
	bytes_put(file + 19 + n, n, 4, true);
	unit_write(dir, name, file, 23 + n);
	free(file);
}

static int open_kernel(void)
{
	return files_open_kernel(&files, &request, NULL);
}

/* What is a file goes as it is; what had to be unpacked is copied, once, and nobody changes it. */
static void what_is_handed_over(void **state)
{
	uint64_t size;
	int fd = -1, again = -1;

	(void)state;
	assert_int_equal(open_kernel(), 0);
	assert_int_equal(files_kernel_fd(&files, &fd), 0);
	assert_int_equal(fd, files.kernel.file.fd);
	assert_int_equal(files_initrd_fd(&files, &fd), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
	assert_int_equal(size, 0);
	request.initrd = initrd_path;
	assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
	assert_int_equal(size, 16);
	assert_int_equal(files_initrd_fd(&files, &fd), 0);
	assert_int_equal(fd, files.initrd.fd);
	assert_int_equal(memory.made, 0);
	files_free(&files);
	files_init(&files);
	write_gzip("kernel", (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	assert_int_equal(open_kernel(), 0);
	assert_int_equal(files_kernel_fd(&files, &fd), 0);
	assert_int_not_equal(fd, files.kernel.file.fd);
	assert_string_equal(fail_text(), "");
	holds(fd, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(files_kernel_fd(&files, &again), 0);
	assert_true(again == fd && memory.made == 1);
	assert_int_equal(files_empty_initrd_fd(&files, &again), 0);
	assert_int_equal(lseek(again, 0, SEEK_END), 4096);
	assert_int_equal(files_empty_initrd_fd(&files, &again), 0);
	assert_int_equal(memory.made, 2);
	files_free(&files);
	assert_true(fcntl(fd, F_GETFD) < 0 && fcntl(again, F_GETFD) < 0);
	files_init(&files);
}

/* Neither an error nor what is open already opens anything. */
static void what_is_opened(void **state)
{
	struct plan_request none = { .kernel = "/nowhere/at/all" };
	uint64_t size;
	int fd;

	(void)state;
	assert_int_equal(files_open_kernel(&files, &none, NULL), -ENOENT);
	assert_null(files.kernel.file.name);
	assert_int_equal(open_kernel(), 0);
	fd = files.kernel.file.fd;
	assert_int_equal(files_open_kernel(&files, &none, NULL), 0);
	assert_int_equal(files.kernel.file.fd, fd);
	none.initrd = "/nowhere/at/all";
	assert_int_equal(files_open_initrd(&files, &none, NULL, &size), -ENOENT);
	assert_null(files.initrd.name);
	unit_write(dir, "initrd", "\177ELF", 4);
	none.initrd = initrd_path;
	assert_int_equal(files_open_initrd(&files, &none, NULL, &size), -ENOEXEC);
	assert_null(files.initrd.name);
	unit_write(dir, "initrd", "070701 and so on", 16);
	assert_int_equal(files_open_initrd(&files, &none, NULL, &size), 0);
	fd = files.initrd.fd;
	none.initrd = "/nowhere/at/all";
	assert_int_equal(files_open_initrd(&files, &none, NULL, &size), 0);
	assert_int_equal(files.initrd.fd, fd);
	assert_int_equal(size, 16);
	fail_forget();
	/* With an architecture it is looked at. */
	files_free(&files);
	files_init(&files);
	assert_int_equal(files_open_kernel(&files, &request, arch_find("x86_64")), -ENOEXEC);
	assert_null(files.kernel.file.name);
	bzimage_write(dir, "kernel");
	assert_int_equal(files_open_kernel(&files, &request, arch_find("x86_64")), 0);
	assert_string_equal(files.kernel.format, "bzImage");
}

/* The one inside a kernel, unless one is named. */
static void initrds_inside(void **state)
{
	static const char inside[] = "070701 inside the kernel";
	uint64_t size;
	int fd;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *data = mem_alloc(sizeof(inside));

		assert_int_equal(open_kernel(), 0);
		memcpy(data, inside, sizeof(inside));
		file_unpacked(&files.kernel.initrd, "inside", data, sizeof(inside));
		request.initrd = i ? initrd_path : NULL;
		assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
		assert_int_equal(size, i ? 16 : sizeof(inside));
		assert_int_equal(files.kernel.initrd.data != NULL, i);
		assert_int_equal(files_initrd_fd(&files, &fd), 0);
		assert_int_equal(fd == files.initrd.fd, i);
		if (!i)
			holds(fd, inside, sizeof(inside));
		/* Again, it is the same. */
		assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
		assert_int_equal(size, i ? 16 : sizeof(inside));
		files_free(&files);
		files_init(&files);
	}
}

/* U-Boot's wrapping is for kexec: the running kernel takes what is in it. */
static void initrds_in_a_wrapping(void **state)
{
	uint8_t d[64 + 16] = { 0x27, 0x05, 0x19, 0x56 };
	uint64_t size;
	int fd;

	(void)state;
	memcpy(d + 64, "070701 wrapped..", 16);
	bytes_put(d + 12, 16, 4, false);
	bytes_put(d + 24, crc32_of(d + 64, 16), 4, false);
	d[28] = 5; /* Linux */
	d[30] = 3; /* a RAM disk */
	bytes_put(d + 4, crc32_of(d, 64), 4, false);
	unit_write(dir, "initrd", d, sizeof(d));
	request.initrd = initrd_path;
	assert_int_equal(open_kernel(), 0);
	assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
	assert_int_equal(size, 16);
	assert_int_equal(files_initrd_fd(&files, &fd), 0);
	assert_int_not_equal(fd, files.initrd.fd);
	holds(fd, d + 64, 16);
	files_free(&files);
	files_init(&files);
	/* What becomes damaged after it was looked at is not handed over. */
	assert_int_equal(open_kernel(), 0);
	assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
	unit_end_lease(files.initrd.fd);
	d[64] ^= 1;
	unit_write(dir, "initrd", d, sizeof(d));
	assert_true(files_initrd_fd(&files, &fd) < 0);
	assert_non_null(strstr(fail_text(), "Could not open initrd file"));
}

/* A device has no end that the running kernel would see: all that is on it goes, in memory. */
static void kernels_on_devices(void **state)
{
	enum { WHOLE = 3 * 65536 + 100, PART = 4096 };
	uint8_t *data = mem_alloc(WHOLE);
	int fd;

	(void)state;
	for (size_t i = 0; i < WHOLE; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	for (unsigned int cut = 0; cut < 2; cut++) {
		unit_write(dir, "kernel", data, WHOLE);
		assert_int_equal(open_kernel(), 0);
		unit_end_lease(files.kernel.file.fd);
		files.kernel.file.is_device = true;
		files.kernel.file.size = PART;
		files.kernel.file.whole = WHOLE;
		if (cut) {
			assert_int_equal(file_read(&files.kernel.file), 0);
			assert_int_equal(truncate(kernel_path, WHOLE - 1), 0);
			assert_fails(files_kernel_fd(&files, &fd), EIO,
				     "cannot be read to its end");
		} else {
			assert_int_equal(files_kernel_fd(&files, &fd), 0);
			holds(fd, data, WHOLE);
		}
		files_free(&files);
		files_init(&files);
	}
	/* And more than the call takes is said before it is read. */
	memory.made = 0;
	assert_int_equal(open_kernel(), 0);
	files.kernel.file.is_device = true;
	files.kernel.file.whole = ((uint64_t)4 << 30) + 1;
	assert_fails(files_kernel_fd(&files, &fd), EFBIG, "kexec_file_load takes up to 4294967296");
	assert_int_equal(memory.made, 0);
	free(data);
}

static void initrds_that_are_large(void **state)
{
	uint64_t size;
	int fd;

	(void)state;
	request.initrd = initrd_path;
	for (unsigned int more = 0; more < 2; more++) {
		assert_int_equal(truncate(initrd_path, ((off_t)4 << 30) + more), 0);
		assert_int_equal(open_kernel(), 0);
		assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
		assert_int_equal(files_initrd_fd(&files, &fd), more ? -EFBIG : 0);
		files_free(&files);
		files_init(&files);
	}
}

/* Whatever a memfd says: a copy, or an error, and no descriptor that is left over. */
static void copies_that_fail(void **state)
{
	static const struct {
		int first_error, error;
		unsigned int taken, interrupted;
		int write_error;
		bool unsealable;
		int rc;
		const char *text;
	} rows[] = {
		{ .taken = 1 },
		{ .taken = 5, .interrupted = 3 },
		/* Linux before 6.3 does not know that flag. */
		{ .first_error = EINVAL },
		{ .first_error = EINVAL, .error = EINVAL, .rc = -EINVAL, .text = "memfd_create" },
		{ .first_error = ENOMEM, .rc = -ENOMEM, .text = "memfd_create" },
		{ .write_error = ENOSPC, .rc = -ENOSPC, .text = "memfd: No space" },
		{ .unsealable = true, .rc = -EPERM, .text = "memfd: Operation not permitted" },
	};

	write_gzip("kernel", (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = -1, next = -1;

		assert_int_equal(open_kernel(), 0);
		next = open("/dev/null", O_RDONLY);
		close(next);
		memory.made = 0;
		memory.first_error = rows[i].first_error;
		memory.error = rows[i].error;
		memory.taken = rows[i].taken;
		memory.interrupted = rows[i].interrupted;
		memory.write_error = rows[i].write_error;
		memory.unsealable = rows[i].unsealable;
		assert_int_equal(files_kernel_fd(&files, &fd), rows[i].rc);
		memset(&memory, 0, sizeof(memory));
		if (!rows[i].rc) {
			holds(fd, TEXT, sizeof(TEXT) - 1);
		} else {
			assert_non_null(strstr(fail_text(), rows[i].text));
			assert_non_null(strstr(fail_text(), "Cannot load "));
			assert_int_equal(fd, -1);
			assert_true(fcntl(next, F_GETFD) < 0);
		}
		fail_forget();
		files_free(&files);
		files_init(&files);
	}
	teardown(state);
	setup(state);
}

/* A copy gets the lowest descriptor that is free: any is one. */
static void copies_at_descriptor_0(void **state)
{
	int before = dup(STDIN_FILENO), fd = -1;
	uint64_t size;

	(void)state;
	write_gzip("kernel", (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	assert_int_equal(open_kernel(), 0);
	close(STDIN_FILENO);
	errno = EINVAL; /* of something before */
	assert_int_equal(files_kernel_fd(&files, &fd), 0);
	assert_int_equal(fd, STDIN_FILENO);
	assert_int_equal(files_kernel_fd(&files, &fd), 0);
	assert_int_equal(fd, STDIN_FILENO);
	assert_int_equal(memory.made, 1);
	files_free(&files);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	files_init(&files);
	assert_int_equal(open_kernel(), 0); /* that takes it */
	assert_int_equal(files_empty_initrd_fd(&files, &fd), 0);
	assert_int_equal(files_open_initrd(&files, &request, NULL, &size), 0);
	files_free(&files);
	files_init(&files);
	dup2(before, STDIN_FILENO);
	close(before);
	/* The same of an initrd's. */
	assert_int_equal(open_kernel(), 0);
	before = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	assert_int_equal(files_empty_initrd_fd(&files, &fd), 0);
	assert_int_equal(fd, STDIN_FILENO);
	assert_int_equal(files_empty_initrd_fd(&files, &fd), 0);
	assert_int_equal(memory.made, 3);
	files_free(&files);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	files_init(&files);
	dup2(before, STDIN_FILENO);
	close(before);
}

static void initrds_at_descriptor_0(void **state)
{
	int before = dup(STDIN_FILENO), fd = -1;
	uint8_t *data = mem_alloc(8);

	(void)state;
	assert_int_equal(open_kernel(), 0);
	memcpy(data, "unpacked", 8);
	file_unpacked(&files.initrd, "inside", data, 8);
	close(STDIN_FILENO);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(files_initrd_fd(&files, &fd), 0);
		assert_int_equal(fd, STDIN_FILENO);
		assert_int_equal(memory.made, 1);
	}
	files_free(&files);
	files_init(&files);
	dup2(before, STDIN_FILENO);
	close(before);
}

/* What cannot be read of a device is not copied. */
static void initrds_on_devices(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(open_kernel(), 0);
	assert_int_equal(file_open(&files.initrd, initrd_path), 0);
	unit_end_lease(files.initrd.fd);
	files.initrd.is_device = true;
	files.initrd.whole = files.initrd.size;
	assert_int_equal(truncate(initrd_path, 8), 0);
	assert_fails(files_initrd_fd(&files, &fd), EBUSY, "became shorter while it was read");
	assert_int_equal(memory.made, 0);
}

/* Each of them counts: a device tree, an initrd or a kernel that is another now. */
static void files_that_are_others_now(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		STRING_AUTO dtb = mem_printf("%s/dtb", dir);
		const char *const paths[] = { NULL, kernel_path, initrd_path, dtb };
		struct file *const all[] = { &files.kernel.file, &files.initrd, &files.dtb };

		unit_write(dir, "dtb", "a tree", 6);
		assert_int_equal(open_kernel(), 0);
		assert_int_equal(file_open(&files.initrd, initrd_path), 0);
		assert_int_equal(file_open(&files.dtb, dtb), 0);
		for (unsigned int k = 0; k < 3; k++)
			assert_int_equal(file_read(all[k]), 0);
		for (unsigned int k = 0; k < 3; k++)
			unit_end_lease(all[k]->fd);
		if (paths[i]) {
			FILE *f = fopen(paths[i], "a");

			assert_non_null(f);
			fputs("more", f);
			fclose(f);
		}
		/* Only what is mapped changes with its file. */
		if (!i || all[i - 1]->mapped)
			assert_int_equal(files_hold(&files), i == 0);
		assert_int_equal(files_are_unchanged(&files), i == 0 || i == 3);
		files_free(&files);
		files_init(&files);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_handed_over),
		TEST(what_is_opened),
		TEST(initrds_inside),
		TEST(initrds_in_a_wrapping),
		TEST(kernels_on_devices),
		TEST(initrds_that_are_large),
		TEST(copies_that_fail),
		TEST(copies_at_descriptor_0),
		TEST(initrds_at_descriptor_0),
		TEST(initrds_on_devices),
		TEST(files_that_are_others_now),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
