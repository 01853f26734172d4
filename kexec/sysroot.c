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

/* No more than @max bytes. */
static int read_all(int fd, size_t max, struct buf *out)
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
		if (!got)
			return 0;
	}
	return max > READ_MAX ? -EFBIG : 0;
}

/*
 * Open below the root. A snapshot is somebody's report: no link in it, at no
 * step of the path, may lead elsewhere. -errno.
 */
static int open_below(const struct sysroot *sr, const char *path, int flags)
{
	int fd, next;

	if (sysroot_is_live(sr)) {
		STRING_AUTO name = sysroot_name(sr, path);

		fd = open(name, flags | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	fd = open(sr->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0) {
		size_t len = strcspn(path, "/");
		bool last = !path[len];
		char *step = mem_printf("%.*s", (int)len, path);

		next = openat(fd, step, O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY));
		next = next < 0 ? -errno : next;
		free(step);
		close(fd);
		if (last || next < 0)
			return next;
		fd = next;
		path += len + 1;
	}
	return -errno;
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
	rc = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? read_all(fd, max, out) : -EBADF;
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

int sysroot_record(const struct sysroot *sr, const char *path, const void *data, size_t len)
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
	int rc, fd = open(name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_TRUNC : 0),
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

int sysroot_read_start(const struct sysroot *sr, const char *path, size_t max, struct buf *out)
{
	STRING_AUTO name = sysroot_name(sr, path);
	size_t before = out->len;
	int rc = read_file(sr, path, max, out);

	if (went_away(rc)) {
		out->len = before;
		rc = read_file(sr, path, max, out);
	}
	if (rc == -EBADF || rc == -ELOOP)
		return fail(EINVAL, "%s: is not a regular file", name);
	if (rc == -ENOENT || rc == -ENOTDIR || went_away(rc)) {
		out->len = before;
		if (out->data)
			out->data[before] = 0;
		return -ENOENT;
	}
	if (rc == -EACCES || rc == -EPERM)
		return fail(-rc, "%s: %s (kexec needs to be root to read this)", name, strerror(-rc));
	if (rc < 0)
		return fail(-rc, "%s: %s", name, strerror(-rc));
	if (!sr->copy)
		return 0;
	return sysroot_record(sr, path, out->data + before, out->len - before);
}

int sysroot_read(const struct sysroot *sr, const char *path, struct buf *out)
{
	return sysroot_read_start(sr, path, READ_MAX + 1, out);
}

int sysroot_number(const struct sysroot *sr, const char *path, int base, uint64_t *value)
{
	BUF_AUTO text = {0};
	char *end;
	int rc = sysroot_read(sr, path, &text);

	if (rc < 0)
		return rc;
	errno = 0;
	*value = strtoull((char *)text.data, &end, base);
	if (errno || !isxdigit(text.data[0]) || end == (char *)text.data || (*end && *end != '\n')) {
		STRING_AUTO name = sysroot_name(sr, path);

		return fail(EINVAL, "%s: \"%.*s\" is not a number", name,
			    (int)strcspn((char *)text.data, "\n"), text.data);
	}
	return 0;
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

static bool is_directory(DIR *dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return !fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static int list_entries(DIR *dir, struct sysroot_list *list)
{
	struct dirent *e;
	size_t cap = 0;

	while (errno = 0, e = readdir(dir)) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (list->n == cap) {
			cap = cap ? 2 * cap : 16;
			list->at = mem_resize(list->at, cap, sizeof(*list->at));
		}
		list->at[list->n++] = (struct sysroot_entry){
			mem_copy_string(e->d_name), is_directory(dir, e),
		};
	}
	return -errno;
}

static int list_directory(const struct sysroot *sr, const char *path, struct sysroot_list *list)
{
	int rc, fd = open_below(sr, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return fd < 0 ? fd : -errno;
	rc = list_entries(dir, list);
	closedir(dir);
	if (rc < 0)
		sysroot_list_free(list);
	return rc;
}

int sysroot_list(const struct sysroot *sr, const char *path, struct sysroot_list *list)
{
	STRING_AUTO name = sysroot_name(sr, path);
	int rc;

	*list = (struct sysroot_list){0};
	rc = list_directory(sr, path, list);
	if (went_away(rc))
		rc = list_directory(sr, path, list);
	if (rc == -ENOENT || went_away(rc) || (rc == -ENOTDIR && sysroot_is_live(sr)))
		return -ENOENT;
	if (rc == -ELOOP || rc == -ENOTDIR)
		return fail(EINVAL, "%s: is not a directory", name);
	if (rc < 0)
		return fail(-rc, "%s: %s", name, strerror(-rc));
	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), by_name);
	return 0;
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
	for (size_t i = 0; i < list->n; i++)
		free(list->at[i].name);
	free(list->at);
	*list = (struct sysroot_list){0};
}
