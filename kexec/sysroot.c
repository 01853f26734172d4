// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kexec/sysroot.h"

#define READ_STEP	(64 * 1024)
#define READ_MAX	((size_t)256 * 1024 * 1024)	/* no property or sysfs file comes near */

bool sysroot_is_live(const struct sysroot *sr)
{
	return !strcmp(sr->root, "/");
}

static char *below(const char *root, const char *path)
{
	size_t len = strlen(root);

	return mem_printf("%s%s%s", root, len && root[len - 1] == '/' ? "" : "/", path);
}

char *sysroot_name(const struct sysroot *sr, const char *path)
{
	return below(sr->root, path);
}

/* No more than @max bytes. What gives less than @whole at once, asked for more, has ended. */
static int read_all(int fd, size_t max, ssize_t whole, struct buf *out)
{
	size_t end = out->len + max;

	while (out->len < end) {
		size_t step = end - out->len < READ_STEP ? end - out->len : READ_STEP;
		ssize_t got;

		buf_reserve(out, step);
		got = read(fd, out->data + out->len, step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		out->len += (size_t)got;
		out->data[out->len] = 0;
		if (got < whole && (size_t)got < step)
			return 0;
	}
	return max > READ_MAX ? -EFBIG : 0;
}

/*
 * Open below the root. A snapshot is somebody's report: no link in it, at no
 * step of the path, may lead elsewhere. -errno.
 */
static int open_steps(int fd, const char *path, int flags)
{
	while (fd >= 0) {
		size_t len = strcspn(path, "/");
		bool last = !path[len];
		STRING_AUTO step = last ? NULL : mem_copy_text(path, len);
		int next = openat(fd, last ? path : step,
				  O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY));

		next = next < 0 ? -errno : next;
		close(fd);
		if (last || next < 0)
			return next;
		fd = next;
		path += len + 1;
	}
	return -errno;
}

static int open_below(const struct sysroot *sr, const char *path, int flags)
{
	if (sysroot_is_live(sr)) {
		STRING_AUTO name = sysroot_name(sr, path);
		int fd = open(name, flags | O_CLOEXEC);

		return fd < 0 ? -errno : fd;
	}
	return open_steps(open(sr->root, O_PATH | O_DIRECTORY | O_CLOEXEC), path, flags);
}

static int open_in(const struct sysroot_dir *dir, const char *path, int flags)
{
	int fd = dirfd(dir->stream);

	if (!sysroot_is_live(dir->sr) && strchr(path, '/'))
		return open_steps(fcntl(fd, F_DUPFD_CLOEXEC, 0), path, flags);
	fd = openat(fd, path, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* Its device was taken away after it was found or opened. Another may have come since. */
static bool went_away(int rc)
{
	return rc == -ENODEV || rc == -ENXIO;
}

static int read_file(const struct sysroot *sr, const char *path, size_t max, struct buf *out)
{
	struct stat st;
	int rc, fd = open_below(sr, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fd;
	rc = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? read_all(fd, max, 1, out) : -EBADF;
	close(fd);
	return rc;
}

static int make_directories(char *name, size_t skip)
{
	for (char *p = name + skip; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(name, 0700) < 0 && errno != EEXIST)
			return fail(errno, "%s: %s", name, strerror(errno));
		*p = '/';
	}
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Who reads may take a failure for an answer; a copy without it would give another one. */
static void note_incomplete(const struct sysroot *sr, int rc)
{
	if (rc < 0 && sr->incomplete && !*sr->incomplete)
		*sr->incomplete = -rc;
}

static int copy_file(const struct sysroot *sr, const char *path, const void *data, size_t len)
{
	STRING_AUTO name = below(sr->copy, path);
	int fd, rc = make_directories(name, strlen(sr->copy) + 1);

	if (rc < 0)
		return rc;
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(errno, "%s: %s", name, strerror(errno));
	rc = write_all(fd, data, len);
	if (close(fd) < 0 && rc >= 0)
		rc = -errno;
	return rc < 0 ? fail(-rc, "%s: %s", name, strerror(-rc)) : 0;
}

int sysroot_record(const struct sysroot *sr, const char *path, const void *data, size_t len)
{
	int rc = copy_file(sr, path, data, len);

	note_incomplete(sr, rc);
	return rc;
}

bool sysroot_exists(const struct sysroot *sr, const char *path)
{
	int fd = open_below(sr, path, O_PATH);
	struct stat st;
	bool exists = fd >= 0 && !fstat(fd, &st) && !S_ISLNK(st.st_mode);

	if (fd >= 0)
		close(fd);
	return exists;
}

int sysroot_write(const struct sysroot *sr, const char *path, const char *text, bool create)
{
	STRING_AUTO name = sysroot_name(sr, path);
	int rc,
		fd = open(name,
			  O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_TRUNC : 0),
			  0600);

	if (fd < 0)
		return fail(errno, "%s: %s", name, strerror(errno));
	rc = write_all(fd, (const uint8_t *)text, strlen(text));
	if (close(fd) < 0 && rc >= 0)
		rc = -errno;
	return rc < 0 ? fail(-rc, "%s: %s", name, strerror(-rc)) : 0;
}

void sysroot_remove(const struct sysroot *sr, const char *path)
{
	STRING_AUTO name = sysroot_name(sr, path);

	unlink(name);
}

/* @out is as it was @before. */
static int read_nothing(struct buf *out, size_t before)
{
	out->len = before;
	if (out->data)
		out->data[before] = 0;
	return -ENOENT;
}

static bool is_gone(int rc)
{
	return rc == -ENOENT || rc == -ENOTDIR || went_away(rc);
}

/* Why a file that is there could not be read. */
static int read_failed(const struct sysroot *sr, const char *path, int rc)
{
	STRING_AUTO name = sysroot_name(sr, path);

	if (rc == -EBADF || rc == -ELOOP)
		return fail(EINVAL, "%s: is not a regular file", name);
	if (rc == -EACCES || rc == -EPERM)
		return fail(-rc, "%s: %s (kexec needs to be root to read this)", name,
			    strerror(-rc));
	note_incomplete(sr, rc);
	return fail(-rc, "%s: %s", name, strerror(-rc));
}

int sysroot_read_start(const struct sysroot *sr, const char *path, size_t max, struct buf *out)
{
	size_t before = out->len;
	int rc = read_file(sr, path, max, out);

	if (went_away(rc)) {
		out->len = before;
		rc = read_file(sr, path, max, out);
	}
	if (is_gone(rc))
		return read_nothing(out, before);
	if (rc < 0)
		return read_failed(sr, path, rc);
	return sr->copy ? sysroot_record(sr, path, out->data + before, out->len - before) : 0;
}

int sysroot_read(const struct sysroot *sr, const char *path, struct buf *out)
{
	return sysroot_read_start(sr, path, READ_MAX + 1, out);
}

/* One number in @base, and a newline. */
static bool parse_number(const char *text, int base, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	return !errno && isxdigit((uint8_t)*text) && end != text && (!*end || *end == '\n');
}

static int no_number(const struct sysroot *sr, const char *path, const char *text)
{
	STRING_AUTO name = sysroot_name(sr, path);

	return fail(EINVAL, "%s: \"%.*s\" is not a number", name, (int)strcspn(text, "\n"), text);
}

int sysroot_number(const struct sysroot *sr, const char *path, int base, uint64_t *value)
{
	BUF_AUTO text = {0};
	int rc = sysroot_read(sr, path, &text);

	if (rc < 0 || parse_number((char *)text.data, base, value))
		return rc;
	return no_number(sr, path, (char *)text.data);
}

int sysroot_number2(const struct sysroot *sr, const char *path, const char *old_path,
		    uint64_t *value)
{
	int rc = sysroot_number(sr, path, 10, value);

	return rc == -ENOENT ? sysroot_number(sr, old_path, 10, value) : rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sysroot_entry *)a)->name,
		      ((const struct sysroot_entry *)b)->name);
}

static struct sysroot_entry entry_of(DIR *dir, const struct dirent *e, struct arena *names)
{
	mode_t type = DTTOIF(e->d_type);
	struct stat st;

	if (e->d_type == DT_UNKNOWN)
		type = fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 :
		       st.st_mode;
	return (struct sysroot_entry){
		.name = arena_string(names, e->d_name, strlen(e->d_name)),
		.directory = S_ISDIR(type), .regular = S_ISREG(type),
	};
}

static int list_entries(DIR *dir, struct arena *names, struct sysroot_list *list)
{
	struct dirent *e;
	size_t cap = 0;

	while (errno = 0, e = readdir(dir)) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (list->n == cap) {
			cap = cap ? 2 * cap : 32;
			list->at = mem_resize(list->at, cap, sizeof(*list->at));
		}
		list->at[list->n++] = entry_of(dir, e, names);
	}
	return -errno;
}

static int open_directory(const struct sysroot_dir *dir)
{
	return dir->above ? open_in(dir->above, dir->name, O_RDONLY | O_DIRECTORY) :
			    open_below(dir->sr, dir->name, O_RDONLY | O_DIRECTORY);
}

static int list_directory(struct sysroot_dir *dir, struct arena *names)
{
	int rc, fd = open_directory(dir);

	if (fd < 0)
		return fd;
	dir->stream = fdopendir(fd);
	if (!dir->stream) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = names ? list_entries(dir->stream, names, &dir->list) : 0;
	if (rc < 0)
		sysroot_close(dir);
	return rc;
}

static int open_and_list(struct sysroot_dir *dir, struct arena *names)
{
	int rc = list_directory(dir, names);

	if (went_away(rc))
		rc = list_directory(dir, names);
	if (rc == -ENOENT || went_away(rc) || (rc == -ENOTDIR && sysroot_is_live(dir->sr)))
		return -ENOENT;
	if (rc < 0) {
		STRING_AUTO path = dir->above ? sysroot_path_in(dir->above, dir->name) :
				   mem_copy_string(dir->name);
		STRING_AUTO name = sysroot_name(dir->sr, path);

		if (rc == -ELOOP || rc == -ENOTDIR)
			return fail(EINVAL, "%s: is not a directory", name);
		return fail(-rc, "%s: %s", name, strerror(-rc));
	}
	if (dir->list.n)
		qsort(dir->list.at, dir->list.n, sizeof(*dir->list.at), by_name);
	return 0;
}

int sysroot_open(const struct sysroot *sr, const char *path, struct arena *names,
		 struct sysroot_dir *dir)
{
	*dir = (struct sysroot_dir){ .sr = sr, .name = path };
	return open_and_list(dir, names);
}

int sysroot_open_in(const struct sysroot_dir *above, const struct sysroot_entry *e,
		    struct arena *names, struct sysroot_dir *dir)
{
	*dir = (struct sysroot_dir){ .sr = above->sr, .above = above, .name = e->name };
	return open_and_list(dir, names);
}

void sysroot_close(struct sysroot_dir *dir)
{
	if (dir->stream)
		closedir(dir->stream);
	dir->stream = NULL;
	sysroot_list_free(&dir->list);
}

char *sysroot_path_in(const struct sysroot_dir *dir, const char *name)
{
	STRING_AUTO above = dir->above ? sysroot_path_in(dir->above, dir->name) : NULL;

	return mem_printf("%s/%s", above ? above : dir->name, name);
}

/* The kind of what was listed is known. */
static int read_entry(const struct sysroot_dir *dir, const struct sysroot_entry *e, struct buf *out)
{
	int rc = 0, fd = open_in(dir, e->name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (!e->regular)
		rc = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EBADF;
	if (rc >= 0)
		rc = read_all(fd, READ_MAX + 1, SYSROOT_PIECE, out);
	close(fd);
	return rc;
}

int sysroot_read_in(const struct sysroot_dir *dir, const struct sysroot_entry *e, struct buf *out)
{
	size_t before = out->len;
	int rc = read_entry(dir, e, out);

	if (went_away(rc)) {
		out->len = before;
		rc = read_entry(dir, e, out);
	}
	if (is_gone(rc))
		return read_nothing(out, before);
	if (rc < 0 || dir->sr->copy) {
		STRING_AUTO path = sysroot_path_in(dir, e->name);

		if (rc < 0)
			return read_failed(dir->sr, path, rc);
		return sysroot_record(dir->sr, path, out->data + before, out->len - before);
	}
	return 0;
}

int sysroot_number_in(const struct sysroot_dir *dir, const char *name, int base, uint64_t *value)
{
	const struct sysroot_entry e = { .name = name };
	BUF_AUTO text = {0};
	STRING_AUTO path = NULL;
	int rc = sysroot_read_in(dir, &e, &text);

	if (rc < 0 || parse_number((char *)text.data, base, value))
		return rc;
	path = sysroot_path_in(dir, name);
	return no_number(dir->sr, path, (char *)text.data);
}

int sysroot_list(const struct sysroot *sr, const char *path, struct arena *names,
		 struct sysroot_list *list)
{
	struct sysroot_dir dir;
	int rc = sysroot_open(sr, path, names, &dir);

	*list = dir.list;
	dir.list = (struct sysroot_list){0};
	sysroot_close(&dir);
	return rc;
}

static int remove_recorded(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

void sysroot_unrecord(const struct sysroot *sr, const char *path)
{
	STRING_AUTO name = sr->copy ? below(sr->copy, path) : NULL;

	if (name)
		nftw(name, remove_recorded, 16, FTW_DEPTH | FTW_PHYS);
}

void sysroot_list_free(struct sysroot_list *list)
{
	free(list->at);
	*list = (struct sysroot_list){0};
}
