// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/file.h"
#include "common/mapping.h"
#include "common/mem.h"
#include "common/progress.h"

static const char *kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "a directory";
	case S_IFCHR: return "a character device";
	case S_IFIFO: return "a FIFO";
	default: return "a special file";
	}
}

/* A block device has its size where it ends. */
static int find_size(struct file *f)
{
	struct stat st;
	off_t end;

	if (fstat(f->fd, &st) < 0)
		return fail(errno, "%s: %s", f->name, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(EINVAL, "%s: is %s, not a regular file", f->name, kind(st.st_mode));
	f->is_device = S_ISBLK(st.st_mode);
	end = f->is_device ? lseek(f->fd, 0, SEEK_END) : st.st_size;
	if (end <= 0)
		return fail(EINVAL, "%s: is empty", f->name);
	f->size = f->whole = (uint64_t)end;
	f->modified = st.st_mtim;
	return 0;
}

/*
 * Who opens it for writing waits until it is closed, for 45 seconds at most
 * (/proc/sys/fs/lease-break-time), and we get a signal: one that is ignored by default. Only its
 * owner, root and some file systems have leases; of a device there is none.
 */
static void take_lease(struct file *f)
{
	fcntl(f->fd, F_SETSIG, SIGURG);
	f->is_written = fcntl(f->fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
}

/* Exactly @size bytes from @start. */
static int read_piece(const struct file *f, uint8_t *data, uint64_t start, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = pread(f->fd, data + done, size - done, (off_t)(start + done));

		if (n < 0 && errno != EINTR)
			return fail(errno, "%s: %s", f->name, strerror(errno));
		if (!n)
			return fail(EBUSY, "%s: became shorter while it was read; try again",
				    f->name);
		done += n > 0 ? (uint64_t)n : 0;
	}
	return 0;
}

#define READ_PIECE (8 * PROGRESS_PIECE) /* of what is not mapped: with one system call */

static int read_start(const struct file *f, uint64_t size)
{
	int rc = 0;

	for (uint64_t done = 0; done < size && rc >= 0; done += READ_PIECE) {
		uint64_t piece = size - done < READ_PIECE ? size - done : READ_PIECE;

		rc = read_piece(f, f->data + done, done, piece);
		progress_advance(piece);
	}
	return rc;
}

int file_open(struct file *f, const char *name)
{
	int rc;

	*f = (struct file){ .name = name };
	f->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd < 0)
		return fail(errno, "Cannot open `%s': %s%s", name, strerror(errno),
			    errno == ENOENT || errno == ENOTDIR ?
				    "; name a file that is there" :
				    errno == EACCES || errno == EPERM ?
				    "; it must be readable by who runs this" :
				    "");
	take_lease(f);
	rc = find_size(f);
	if (rc >= 0)
		rc = read_piece(f, f->head, 0, f->size < FILE_HEAD_SIZE ? f->size : FILE_HEAD_SIZE);
	if (rc < 0)
		file_close(f);
	return rc;
}

/* Under a lease too: what is on another machine, or below an overlay, changes all the same. */
bool file_is_unchanged(const struct file *f)
{
	struct stat now;

	return !fstat(f->fd, &now) && now.st_mtim.tv_sec == f->modified.tv_sec &&
	       now.st_mtim.tv_nsec == f->modified.tv_nsec &&
	       (f->is_device || (uint64_t)now.st_size == f->whole);
}

/* Only under a lease; false: copy it. What cannot be read is found out now. */
static bool map_start(struct file *f, uint64_t size)
{
	if (fcntl(f->fd, F_GETLEASE) != F_RDLCK || size > SIZE_MAX / 2)
		return false;
	f->data = mapping_make(f->fd, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	f->mapped = f->data ? size : 0;
	for (uint64_t done = 0; f->data && done < size; done += PROGRESS_PIECE) {
		uint64_t piece = size - done < PROGRESS_PIECE ? size - done : PROGRESS_PIECE;

		mapping_touch(f->data + done, (size_t)piece);
		progress_advance(piece);
	}
	return f->data;
}

static void drop_data(struct file *f)
{
	if (f->mapped)
		mapping_end(f->data, f->mapped);
	else
		free(f->data);
	f->data = NULL;
	f->mapped = 0;
}

int file_read_start(struct file *f, uint64_t size)
{
	unsigned int faults = mapping_faults();
	int rc = 0;

	if (f->data)
		return 0;
	progress_expect(size);
	if (!map_start(f, size)) {
		f->data = mem_alloc(size);
		rc = read_start(f, size);
	}
	if (rc >= 0 && mapping_faults() != faults)
		rc = fail(EIO, "%s: %s", f->name, strerror(EIO));
	if (rc >= 0 && !file_is_unchanged(f))
		rc = fail(EBUSY, "%s: changed while it was read; try again", f->name);
	if (rc < 0)
		drop_data(f);
	else
		f->size = size;
	return rc;
}

int file_read(struct file *f)
{
	return file_read_start(f, f->size);
}

bool file_peek(const struct file *f, uint64_t offset, void *out, size_t len)
{
	if (offset > f->size || len > f->size - offset)
		return false;
	if (f->data)
		memcpy(out, f->data + offset, len);
	return f->data || pread(f->fd, out, len, (off_t)offset) == (ssize_t)len;
}

void file_unpacked(struct file *f, const char *name, uint8_t *data, uint64_t size)
{
	*f = (struct file){ .name = name, .data = data, .size = size, .fd = -1 };
	memcpy(f->head, data, size < FILE_HEAD_SIZE ? size : FILE_HEAD_SIZE);
}

void file_narrow(struct file *f, uint64_t offset, uint64_t size)
{
	const char *name = f->name;
	uint8_t *data = f->mapped ? mem_alloc(size) : f->data;

	memmove(data, f->data + offset, size);
	if (!f->mapped)
		f->data = NULL;
	file_close(f);
	file_unpacked(f, name, data, size);
}

bool file_holds(const struct file *f)
{
	return !f->mapped || (!mapping_faults() && file_is_unchanged(f));
}

int file_check(const struct file *f)
{
	if (file_holds(f))
		return 0;
	return fail(EBUSY, "%s: changed while it was read, or cannot be read to its end; try again",
		    f->name);
}

void file_close(struct file *f)
{
	if (f->name && f->fd >= 0)
		close(f->fd);
	drop_data(f);
	*f = (struct file){0};
}

void file_take_streams(void)
{
	struct pollfd streams[] = {
		{ .fd = STDIN_FILENO }, { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO },
	};
	int fd = STDIN_FILENO;

	poll(streams, ARRAY_SIZE(streams), 0);
	if (!((streams[0].revents | streams[1].revents | streams[2].revents) & POLLNVAL))
		return;
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/", O_PATH | O_CLOEXEC);
	close(fd);
}
