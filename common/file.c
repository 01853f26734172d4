// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"

static const char *kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "a directory";
	case S_IFCHR:
	case S_IFBLK: return "a device";
	case S_IFIFO: return "a FIFO";
	default: return "a special file";
	}
}

static int map(struct file *f, int fd)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return fail(errno, "%s: %s", f->name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(EINVAL, "%s: is %s, not a regular file", f->name, kind(st.st_mode));
	if (!st.st_size)
		return fail(EINVAL, "%s: is empty", f->name);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
		    fd, 0);
	if (data == MAP_FAILED)
		return fail(errno, "%s: cannot be mapped: %s", f->name, strerror(errno));
	f->data = data;
	f->size = (uint64_t)st.st_size;
	f->mapped = true;
	return 0;
}

int file_open(struct file *f, const char *name)
{
	int rc, fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*f = (struct file){ .name = name, .fd = -1 };
	if (fd < 0)
		return fail(errno, "%s: %s", name, strerror(errno));
	f->fd = fd;
	rc = map(f, fd);
	if (rc < 0)
		file_close(f);
	return rc;
}

void file_close(struct file *f)
{
	if (f->name && f->fd >= 0)
		close(f->fd);
	if (f->mapped)
		munmap(f->data, f->size);
	else
		free(f->data);
	*f = (struct file){0};
}
