// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/bytes.h"
#include "next-boot/tree.h"

/* As if @dir were the root: neither ".." nor a link leaves it. */
static int tree_openat(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int tree_fail(int rc, const struct tree *t, const struct place *p, const char *path)
{
	if (rc == -ENOENT || rc == -ENOTDIR)
		return -ENOENT;
	return fail(-rc, "%s%s/%s: %s", strcmp(t->root, "/") ? t->root : "",
		    strcmp(p->name, "/") ? p->name : "", path + (*path == '/'),
		    rc == -ENOSYS ? "the running kernel has no openat2 (Linux 5.6)" :
				    strerror(-rc));
}

int tree_open(struct tree *t, const char *root)
{
	*t = (struct tree){ .root = root };
	t->fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->fd < 0 ? fail(errno, "%s: %s", root, strerror(errno)) : 0;
}

void tree_close(struct tree *t)
{
	close(t->fd);
	arena_free(&t->arena);
}

struct place tree_whole(const struct tree *t)
{
	return (struct place){ "/", t->fd };
}

int tree_place(const struct tree *t, const char *path, struct place *p)
{
	int fd = tree_openat(t->fd, path, O_RDONLY | O_DIRECTORY);
	struct place whole = tree_whole(t);

	*p = (struct place){ path, fd };
	return fd < 0 ? tree_fail(fd, t, &whole, path) : 0;
}

/* A FIFO is not waited for. */
static int tree_open_text(const struct tree *t, const struct place *p, const char *path)
{
	int fd = tree_openat(p->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return tree_fail(fd, t, p, path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return fail(EINVAL, "%s/%s: is not a regular file", p->name, path);
}

int place_text(struct tree *t, const struct place *p, const char *path, struct buf *out)
{
	int rc, fd = tree_open_text(t, p, path);
	ssize_t got = 1;

	*out = (struct buf){0};
	if (fd < 0)
		return fd;
	while (got > 0 && out->len <= TREE_TEXT_MAX) {
		buf_reserve(out, 65536);
		got = read(fd, out->data + out->len, 65536);
		out->len += got > 0 ? (size_t)got : 0;
	}
	rc = got < 0 ? tree_fail(-errno, t, p, path) : out->len <= TREE_TEXT_MAX ? 0 :
	     fail(EFBIG, "%s/%s: is larger than any such file is", p->name, path);
	close(fd);
	if (rc < 0) {
		buf_free(out);
		return rc;
	}
	buf_add(out, "", 1);
	out->len--;
	out->data[out->len] = 0;
	return 0;
}

bool place_has(const struct place *p, const char *path)
{
	int fd = tree_openat(p->fd, path, O_PATH);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int place_list(struct tree *t, const struct place *p, const char *path, struct names *out)
{
	int fd = tree_openat(p->fd, path, O_RDONLY | O_DIRECTORY);
	const struct dirent *d;
	DIR *dir;
	int rc;

	*out = (struct names){0};
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return tree_fail(fd, t, p, path);
	dir = fdopendir(fd);
	if (!dir) {
		rc = tree_fail(-errno, t, p, path);
		close(fd);
		return rc;
	}
	while (errno = 0, (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		out->at = mem_resize(out->at, out->n + 1, sizeof(*out->at));
		out->at[out->n++] = arena_string(&t->arena, d->d_name, strlen(d->d_name));
	}
	rc = errno ? tree_fail(-errno, t, p, path) : 0;
	closedir(dir);
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), by_bytes);
	return rc;
}

static bool is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return !strncmp(path, directory, len) && (path[len] == '/' || !strcmp(directory, "/"));
}

/* Of what was found from the whole tree; from a place nothing else can be reached. */
static bool is_for_booting(const char *path)
{
	static const char *const homes[] = { "/boot", "/efi", "/usr/lib/modules", "/lib/modules" };

	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (is_below(path, homes[i]))
			return true;
	return false;
}

/* Where the kernel says that @fd is. */
static char *tree_name_of(int fd)
{
	STRING_AUTO link = mem_printf(SELF_FDS "/%d", fd);

	return realpath(link, NULL);
}

static int tree_check_found(const struct tree *t, const struct place *p, const char *path, int fd,
			    const char *name)
{
	STRING_AUTO root = NULL;
	struct stat st;

	if (!name || fstat(fd, &st) < 0 || !(root = tree_name_of(t->fd)))
		return fail(errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(EINVAL, "%s: is not a regular file", path);
	if (!is_below(name, root))
		return fail(EXDEV, "%s: is not below %s", path, t->root);
	if (p->fd == t->fd && !is_for_booting(name + (strcmp(root, "/") ? strlen(root) : 0)))
		return fail(EXDEV, "%s: is not where kernels are: /boot, /efi, /usr/lib/modules",
			    path);
	return 0;
}

int place_find(struct tree *t, const struct place *p, const char *path, const char **found)
{
	int rc = 0, fd = tree_openat(p->fd, path, O_PATH);
	char *name;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return fail(ENOENT, "%s: there is no such file in %s", path, p->name);
	if (fd < 0)
		return tree_fail(fd, t, p, path);
	name = tree_name_of(fd);
	rc = tree_check_found(t, p, path, fd, name);
	if (rc >= 0)
		*found = arena_string(&t->arena, name, strlen(name));
	free(name);
	close(fd);
	return rc;
}
