// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/mapping.h"
#include "common/mem.h"
#include "vmcore-dmesg/input.h"

#define COPY_PIECE ((size_t)64 * 1024)
#define FLATTENED "makedumpfile\0\0\0"
#define FLATTENED_NAME 12	/* bytes of it that are text */
#define FLATTENED_HEADER 4096
#define FLATTENED_END UINT64_MAX

/* --- the map --- */

static unsigned int faults_before;	/* of an earlier dump */

/* Files of /proc have a size, but mapping memory that is gone is not for us. */
static bool has_size(int fd, struct stat *st)
{
	struct statfs fs;

	return !fstat(fd, st) && S_ISREG(st->st_mode) && !fstatfs(fd, &fs) &&
	       fs.f_type != PROC_SUPER_MAGIC;
}

/* Not what is empty, or too large: mmap(2) refuses. */
static void map(struct input *in)
{
	struct stat st;

	if (!has_size(in->fd, &st))
		return;
	in->size = (uint64_t)st.st_size;
	faults_before = mapping_faults();
	in->map = in->size <= SIZE_MAX / 2 ?
			  mapping_make(in->fd, (size_t)in->size, PROT_READ, MAP_SHARED) :
			  NULL;
	in->map_size = in->map ? in->size : 0;
}

void input_unmap(struct input *in)
{
	mapping_end((void *)(uintptr_t)in->map, in->map_size);
	in->map = NULL;
	in->map_size = 0;
}

unsigned int input_faults(void)
{
	return mapping_faults() - faults_before;
}

/* How many of @len bytes at @offset are in the dump, as far as the parts tell. */
static size_t in_parts(const struct input *in, uint64_t offset, size_t len)
{
	size_t low = 0, high = in->n_parts;

	if (!in->cut)
		return len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (in->parts[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == in->n_parts || in->parts[low].start > offset)
		return 0;
	return len < in->parts[low].end - offset ? len : (size_t)(in->parts[low].end - offset);
}

size_t input_map(const struct input *in, uint64_t offset, size_t len, const uint8_t **at)
{
	len = in_parts(in, offset, len);
	if (offset >= in->map_size)
		return 0;
	*at = in->map + offset;
	return len < in->map_size - offset ? len : (size_t)(in->map_size - offset);
}

/* --- files that others are copied to --- */

static int temporary_file(void)
{
	const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
	STRING_AUTO name = mem_printf("%s/vmcore-dmesg-XXXXXX", dir);
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return fail(errno, "has to be copied first, and that cannot be done in %s: %s;"
			    " TMPDIR names another place", dir, strerror(errno));
	unlink(name);
	return fd;
}

static bool is_zero(const uint8_t *d, size_t len)
{
	return !d[0] && !memcmp(d, d + 1, len - 1);
}

/* Free memory behind all that was stored (@size bytes) takes no room. */
static int store(int fd, const uint8_t *d, size_t len, uint64_t offset, uint64_t size)
{
	for (size_t done = offset >= size && is_zero(d, len) ? len : 0; done < len;) {
		ssize_t n = pwrite(fd, d + done, len - done, (off_t)(offset + done));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return fail(errno, "has to be copied first, and does not fit into"
				    " TMPDIR or /var/tmp: %s", strerror(errno));
	}
	return 0;
}

/* As many bytes as come. */
static int read_some(int fd, uint8_t *d, size_t len, size_t *done)
{
	for (*done = 0; *done < len;) {
		ssize_t n = read(fd, d + *done, len - *done);

		if (!n)
			break;
		if (n > 0)
			*done += (size_t)n;
		else if (errno != EINTR)
			return fail(errno, "cannot be read: %s", strerror(errno));
	}
	return 0;
}

/* --- makedumpfile's flattened format --- */

struct flat {
	int from, to;
	uint8_t *d;		/* COPY_PIECE bytes */
	uint64_t read, size;	/* bytes of the file so far, and of the dump */
	struct buf parts;	/* struct input_part, in the order of the file */
};

/* Pieces that go on where the last one ended, or end where it began, are one part. */
static void note_part(struct flat *flat, uint64_t start, uint64_t end)
{
	struct input_part part = { start, end }, *last = NULL;

	if (flat->parts.len)
		last = (struct input_part *)(void *)(flat->parts.data + flat->parts.len) - 1;
	if (last && last->end == start)
		last->end = end;
	else if (last && last->start == end)
		last->start = start;
	else
		buf_add(&flat->parts, &part, sizeof(part));
}

static int compare_parts(const void *a, const void *b)
{
	uint64_t x = ((const struct input_part *)a)->start,
		 y = ((const struct input_part *)b)->start;

	return (x > y) - (x < y);
}

/* For input_read(): sorted, and those that touch made one. */
static void keep_parts(struct input *in, struct flat *flat)
{
	size_t n = flat->parts.len / sizeof(struct input_part);

	in->cut = true;
	in->cut_at = flat->read;
	in->parts = (struct input_part *)(void *)flat->parts.data;
	flat->parts = (struct buf){0};
	if (n)
		qsort(in->parts, n, sizeof(*in->parts), compare_parts);
	for (size_t i = 0; i < n; i++) {
		struct input_part *last = in->n_parts ? &in->parts[in->n_parts - 1] : NULL;

		if (!last || in->parts[i].start > last->end)
			in->parts[in->n_parts++] = in->parts[i];
		else if (in->parts[i].end > last->end)
			last->end = in->parts[i].end;
	}
}

static int flat_read(struct flat *flat, size_t len, size_t *done)
{
	int rc = read_some(flat->from, flat->d, len, done);

	flat->read += rc < 0 ? 0 : *done;
	return rc;
}

/* One piece: 0 at the end of the file, 1 at the end mark, 2 when there may be more. */
static int copy_piece(struct flat *flat)
{
	uint64_t offset, left;
	size_t done;
	int rc = flat_read(flat, 16, &done);

	offset = be64_get(flat->d);
	left = be64_get(flat->d + 8);
	if (rc < 0 || done < 16 || offset == FLATTENED_END)
		return rc < 0 ? rc : done == 16;
	if (offset > INT64_MAX || left > INT64_MAX - offset)
		return fail(EINVAL, "a flattened dump with a piece of 0x%" PRIx64 " bytes"
			    " at offset 0x%" PRIx64, left, offset);
	for (; left; left -= done, offset += done) {
		rc = flat_read(flat, left < COPY_PIECE ? (size_t)left : COPY_PIECE, &done);
		if (rc >= 0 && done)
			rc = store(flat->to, flat->d, done, offset, flat->size);
		if (rc < 0 || !done)
			return rc;
		note_part(flat, offset, offset + done);
		if (offset + done > flat->size)
			flat->size = offset + done;
	}
	return 2;
}

/*
 * A page of header, of which @len bytes are there, then pieces, each behind its
 * offset and its size as big-endian s64, until an offset of -1.
 */
static int copy_flattened(struct input *in, int to, uint8_t *d, size_t len, uint64_t *size)
{
	struct flat flat = { .from = in->fd, .to = to, .d = d, .read = len };
	int rc = 2;

	while (rc == 2)
		rc = copy_piece(&flat);
	if (!rc)
		keep_parts(in, &flat);
	*size = flat.size;
	buf_free(&flat.parts);
	return rc < 0 ? rc : 0;
}

/* Also one that is cut off in its header, as long as it says what it is. */
static bool is_flattened(const uint8_t *d, size_t len)
{
	if (len < FLATTENED_NAME ||
	    memcmp(d, FLATTENED, len < sizeof(FLATTENED) ? len : sizeof(FLATTENED)))
		return false;
	return len < 32 || (be64_get(d + 16) == 1 && be64_get(d + 24) == 1);
}

/* --- copies --- */

/* All of a pipe, or a flattened dump, from the start. */
static int copy(struct input *in, int to, uint8_t *d)
{
	uint64_t size = 0;
	size_t n;
	int rc = read_some(in->fd, d, FLATTENED_HEADER, &n);

	if (rc >= 0 && is_flattened(d, n)) {
		rc = copy_flattened(in, to, d, n, &size);
	} else {
		while (rc >= 0 && n) {
			rc = store(to, d, n, size, size);
			size += n;
			if (rc >= 0)
				rc = read_some(in->fd, d, COPY_PIECE, &n);
		}
	}
	if (rc >= 0 && ftruncate(to, (off_t)size) < 0)
		rc = fail(errno, "a copy cannot be made: %s", strerror(errno));
	return rc;
}

static int use_copy(struct input *in)
{
	uint8_t *d = mem_alloc(COPY_PIECE);
	int rc = copy(in, in->copy, d);

	free(d);
	close(in->fd);
	in->fd = in->copy;
	in->copy = -1;
	return rc;
}

static bool needs_copy(struct input *in)
{
	uint8_t d[FLATTENED_HEADER];
	ssize_t n;

	if (lseek(in->fd, 0, SEEK_CUR) < 0)
		return true;
	n = pread(in->fd, d, sizeof(d), 0);
	return n > 0 && is_flattened(d, (size_t)n) && !lseek(in->fd, 0, SEEK_SET);
}

/* --- any file --- */

/* One that was closed is open by now, but not for reading: file_take_streams(). */
static int take_standard_input(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	errno = EBADF;
	return -1;
}

int input_open(struct input *in, const char *name)
{
	*in = (struct input){ .end = INT64_MAX, .copy = -1 };
	in->fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) :
				     take_standard_input();
	if (in->fd < 0)
		return fail(errno, "cannot be opened: %s", strerror(errno));
	if (fstat(in->fd, &in->source) < 0)
		return fail(errno, "cannot be looked at: %s", strerror(errno));
	if (!needs_copy(in))
		return 0;
	in->copy = temporary_file();
	return in->copy < 0 ? in->copy : 0;
}

int input_fill(struct input *in)
{
	int rc = in->copy >= 0 ? use_copy(in) : 0;

	if (rc >= 0)
		map(in);
	return rc;
}

bool input_is(const struct input *in, const struct stat *st)
{
	const struct stat *source = &in->source;

	return (source->st_dev == st->st_dev && source->st_ino == st->st_ino) ||
	       (S_ISBLK(source->st_mode) && S_ISBLK(st->st_mode) &&
		source->st_rdev == st->st_rdev);
}

void input_close(struct input *in)
{
	input_unmap(in);
	if (in->fd >= 0)
		close(in->fd);
	if (in->copy >= 0)
		close(in->copy);
	in->fd = in->copy = -1;
	free(in->parts);
	in->parts = NULL;
}

bool input_has(struct input *in, uint64_t offset, uint64_t len)
{
	uint8_t last;
	size_t done;

	if (__builtin_add_overflow(offset, len - 1, &offset))
		return false;
	if (in->cut &&
	    in_parts(in, offset - (len - 1), len < SIZE_MAX ? (size_t)len : SIZE_MAX) < len)
		return false;
	if (input_read(in, offset, &last, 1, &done) < 0)
		fail_forget();
	return done == 1;
}

int input_read(struct input *in, uint64_t offset, void *buf, size_t len, size_t *done)
{
	const uint8_t *at = buf;

	len = in_parts(in, offset, len);
	*done = input_map(in, offset, len, &at);
	if (*done || !len) {
		memcpy(buf, at, *done);
		return 0;
	}
	if (offset >= in->end)
		return 0;
	if (len > in->end - offset)
		len = in->end - offset;
	while (*done < len) {
		ssize_t n = pread(in->fd, (uint8_t *)buf + *done, len - *done,
				  (off_t)(offset + *done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !*done)
			return fail(errno, "cannot be read at offset 0x%" PRIx64 ": %s", offset,
				    strerror(errno));
		if (!n)
			in->end = offset + *done;
		if (n <= 0)
			break;
		*done += (size_t)n;
	}
	return 0;
}
