// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: the file with the dump, which may be a pipe, flattened, cut off, not to be mapped
 * or in part unreadable, against plain models of what is in it.
 */
#include "tests/unit/unit.h"

#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "vmcore-dmesg/diskdump.h"

static unsigned int seed = 1;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

/* In place of the C library's: what may become of such calls. */
static struct {
	bool odd;		/* reads and writes are short, or interrupted, at random */
	bool interrupted;	/* the last one was */
	bool is_proc;		/* each file is one of /proc */
	uint64_t readable;	/* bytes, then read() fails */
	uint64_t good;		/* bytes of each file, behind which pread() fails */
	unsigned int preads, strays;	/* how many of them; of close() for what is not open */
	uint64_t got;		/* bytes by pread() */
} os;

/* How many of @size bytes are read or written now, or -1: EINTR, not twice in a row. */
static ssize_t taken(uint64_t size)
{
	os.interrupted = os.odd && !os.interrupted && !any(4);
	if (os.interrupted)
		errno = EINTR;
	return os.interrupted	  ? -1 :
	       os.odd && size > 1 ? 1 + (ssize_t)any((unsigned int)size) :
				    (ssize_t)size;
}

/* The same of those that can be had: EIO where that is none. */
static ssize_t had(size_t size, uint64_t good)
{
	if (good || !size)
		return taken(size < good ? size : good);
	errno = EIO;
	return -1;
}

ssize_t read(int fd, void *data, size_t size)
{
	ssize_t n = had(size, os.readable);

	if (n > 0)
		n = readv(fd, &(struct iovec){ data, (size_t)n }, 1);
	os.readable -= n > 0 ? (uint64_t)n : 0;
	return n;
}

ssize_t pread(int fd, void *data, size_t size, off_t at)
{
	uint64_t start = (uint64_t)at;
	ssize_t n = had(size, start < os.good ? os.good - start : 0);

	os.preads++;
	if (n > 0)
		n = preadv(fd, &(struct iovec){ data, (size_t)n }, 1, at);
	os.got += n > 0 ? (uint64_t)n : 0;
	return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	struct iovec piece = { .iov_base = (void *)(uintptr_t)data };
	ssize_t n = taken(size);

	piece.iov_len = (size_t)n;
	return n < 0 ? n : pwritev(fd, &piece, 1, at);
}

int fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	*fs = (struct statfs){ .f_type = os.is_proc ? PROC_SUPER_MAGIC : TMPFS_MAGIC };
	return 0;
}

int close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	os.strays += rc < 0;
	return rc;
}

static int standard_input;
static unsigned int opened;

static unsigned int count_open(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int setup(void **state)
{
	(void)state;
	memset(&os, 0, sizeof(os));
	os.readable = os.good = UINT64_MAX;
	standard_input = dup(STDIN_FILENO);
	opened = count_open();
	return 0;
}

/* What was opened was closed, once. */
static int teardown(void **state)
{
	bool right = count_open() == opened && !os.strays;

	(void)state;
	dup2(standard_input, STDIN_FILENO);
	close(standard_input);
	fail_forget();
	return right ? 0 : -1;
}

/* --- sources --- */

/* How a file is read: by its name; by standard input, where that is not at its start; a pipe. */
enum source { BY_NAME, BY_POSITION, BY_PIPE, SOURCES };

static int make_file(const struct buf *b)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t done = 0; done < b->len;) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		assert_true(n > 0);
		done += (size_t)n;
	}
	return fd;
}

#define PIPE_ROOM 65536

static int make_pipe(const struct buf *b)
{
	int ends[2];

	assert_true(b->len <= PIPE_ROOM);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(b->len ? write(ends[1], b->data, b->len) : 0, b->len);
	close(ends[1]);
	return ends[0];
}

static int open_fd(struct input *in, int fd, bool named)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	assert_true(named || dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	errno = ESPIPE;		/* of something before, which is nobody's */
	return input_open(in, named ? name : "-");
}

static int open_source(struct input *in, const struct buf *b, enum source source)
{
	int fd = source == BY_PIPE ? make_pipe(b) : make_file(b), rc;

	if (source == BY_POSITION)
		lseek(fd, any(100), SEEK_SET);
	rc = open_fd(in, fd, source == BY_NAME);
	close(fd);
	return rc;
}

/* --- what is in a dump --- */

struct model {
	struct buf d;
	bool *there;		/* each byte of it */
	uint64_t cut_at;	/* UINT64_MAX: it has its end */
	size_t end;		/* so many bytes of the file are read */
};

static void model_free(struct model *m)
{
	buf_free(&m->d);
	free(m->there);
}

static void model_resize(struct model *m, size_t size)
{
	size_t old = m->d.len;

	if (size <= old)
		return;
	buf_reserve(&m->d, size - old);
	memset(m->d.data + old, 0, size - old);
	m->there = mem_resize(m->there, size, sizeof(*m->there));
	memset(m->there + old, 0, size - old);
	m->d.len = size;
}

static void model_put(struct model *m, uint64_t offset, const uint8_t *d, size_t len)
{
	if (!len)
		return;
	model_resize(m, offset + len);
	memcpy(m->d.data + offset, d, len);
	memset(m->there + offset, true, len);
}

static size_t model_has(const struct model *m, uint64_t offset, size_t len)
{
	size_t n = 0;

	while (n < len && offset < m->d.len && offset + n < m->d.len &&
	       (m->there[offset + n] || m->cut_at == UINT64_MAX))
		n++;
	return n;
}

/* What is asked for: anywhere, or around where something begins or ends. */
static uint64_t some_offset(const struct model *m)
{
	uint64_t at = any((unsigned int)m->d.len + 30);

	for (unsigned int i = any(3) * 1000; i && at && at < m->d.len; i--, at--)
		if (m->there[at] != m->there[at - 1])
			return at + 2 - any(5);
	return at;
}

static void compare_piece(struct input *in, const struct model *m, uint64_t offset, size_t len)
{
	size_t expected = model_has(m, offset, len), done;
	uint8_t *d = mem_alloc(len + 1);
	const uint8_t *at = NULL;

	memset(d, 0xee, len + 1);
	fail_forget();
	assert_int_equal(input_read(in, offset, d, len, &done), 0);
	assert_string_equal(fail_text(), "");
	assert_int_equal(done, expected);
	assert_true(!done || !memcmp(d, m->d.data + offset, done));
	assert_int_equal(d[len], 0xee);
	free(d);
	assert_int_equal(input_map(in, offset, len, &at), in->map ? expected : 0);
	assert_true(!in->map || !expected || !memcmp(at, m->d.data + offset, expected));
	fail(0, "what was before");
	if (len)
		assert_int_equal(input_has(in, offset, len), expected == len);
	assert_string_equal(fail_text(), "what was before");
	fail_forget();
}

static void compare_pieces(struct input *in, const struct model *m)
{
	static const uint64_t far[] = { UINT64_MAX, INT64_MAX, 1ull << 63, 1ull << 62 };

	for (unsigned int i = 0; i < 12; i++) {
		uint64_t offset = some_offset(m);
		size_t len = any(3) ? any(60) : any((unsigned int)m->d.len + 100);

		compare_piece(in, m, offset, len);
		compare_piece(in, m, offset, model_has(m, offset, len));
		compare_piece(in, m, far[any(ARRAY_SIZE(far))] - any(3), any(9));
	}
	compare_piece(in, m, 0, m->d.len);
}

static void compare_parts(const struct input *in, const struct model *m)
{
	size_t n = 0;

	assert_int_equal(in->cut, m->cut_at != UINT64_MAX);
	if (!in->cut)
		return;
	assert_int_equal(in->cut_at, m->cut_at);
	for (size_t at = 0; at < m->d.len; at++) {
		size_t start = at;

		while (at < m->d.len && m->there[at])
			at++;
		if (at == start)
			continue;
		assert_true(n < in->n_parts);
		assert_int_equal(in->parts[n].start, start);
		assert_int_equal(in->parts[n++].end, at);
	}
	assert_int_equal(in->n_parts, n);
}

/* Mapped, and as what cannot be: with reads of any length. */
static void compare(struct input *in, const struct model *m)
{
	assert_int_equal(in->size, os.is_proc ? 0 : m->d.len);
	assert_int_equal(!in->map, os.is_proc || !m->d.len);
	compare_parts(in, m);
	compare_pieces(in, m);
	input_unmap(in);
	assert_null(in->map);
	os.odd = any(2);
	compare_pieces(in, m);
	os.odd = false;
}

static void open_and_compare(const struct buf *b, const struct model *m, enum source source,
			     bool copied)
{
	struct input in;

	os.is_proc = !any(4);
	assert_int_equal(open_source(&in, b, source), 0);
	assert_int_equal(in.copy >= 0, copied);
	os.odd = any(2);
	assert_int_equal(input_fill(&in), 0);
	os.odd = false;
	assert_int_equal(in.copy, -1);
	compare(&in, m);
	input_close(&in);
}

static void add_any(struct buf *b, size_t len)
{
	bool zeroes = !any(3);

	buf_reserve(b, len);
	for (size_t i = 0; i < len; i++)
		b->data[b->len + i] = zeroes ? 0 : (uint8_t)any(4);
	if (zeroes && len && !any(3))
		b->data[b->len + any((unsigned int)len)] = 1;
	b->len += len;
	b->data[b->len] = 0;
}

/* Files that are what they are, up to a pipe's room. */
static void plain_files(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 11, 4095, 4096, 4097, 8192, PIPE_ROOM };

	(void)state;
	for (unsigned int times = 0; times < 150; times++) {
		struct model m = { .cut_at = UINT64_MAX };
		unsigned int left = any(3) ? sizes[any(ARRAY_SIZE(sizes))] : any(PIPE_ROOM);
		enum source source = any(SOURCES);
		BUF_AUTO b = {0};

		while (left) {
			unsigned int n = any(2) ? left : any(left + 1);

			add_any(&b, n);
			left -= n;
		}
		model_put(&m, 0, b.data, b.len);
		open_and_compare(&b, &m, source, source == BY_PIPE);
		model_free(&m);
	}
}

/* --- flattened ones --- */

static void add_number(struct buf *b, uint64_t v)
{
	uint8_t d[8];

	be64_put(d, v);
	buf_add(b, d, sizeof(d));
}

static void add_flat_header(struct buf *b)
{
	buf_add(b, "makedumpfile\0\0\0", 16);
	add_number(b, 1);
	add_number(b, 1);
	add_any(b, 4096 - b->len);
}

struct piece {
	uint64_t offset;
	size_t at, len;		/* in the file */
};

/* It may touch or overlap the one before, or be far away. */
static struct piece add_piece(struct buf *b, const struct piece *before, unsigned int room)
{
	static const unsigned int sizes[] = { 0, 1, 65535, 65536, 65537, 140000 };
	unsigned int len = any(5) ? any(300) : sizes[any(ARRAY_SIZE(sizes))];
	struct piece p = { .len = len < room ? len : any(300) };
	const uint64_t offsets[] = { before->offset + before->len, before->offset + before->len,
				     before->offset - p.len, before->offset, any(1000),
				     any(100000), before->offset + before->len + 1 };

	p.offset = offsets[any(ARRAY_SIZE(offsets))];
	if (p.offset > 1 << 20)
		p.offset = 0;
	add_number(b, p.offset);
	add_number(b, p.len);
	p.at = b->len;
	add_any(b, p.len);
	return p;
}

static void make_flat(struct buf *b, struct model *m, unsigned int room)
{
	struct piece pieces[12] = {{0}};
	unsigned int n = any(ARRAY_SIZE(pieces));
	size_t end;

	add_flat_header(b);
	for (unsigned int i = 0; i < n; i++)
		pieces[i] = add_piece(b, &pieces[i ? i - 1 : 0], room);
	end = b->len + 16;
	add_number(b, UINT64_MAX);
	add_number(b, any(2) ? UINT64_MAX : 3);
	add_any(b, any(2) * any(40));
	if (any(2)) {
		const size_t ends[] = { end - 1 - any(17), pieces[n / 2].at, 12 + any(40), 4096 };
		size_t cut = any(2) ? 12 + any((unsigned int)end - 12) : ends[any(4)];

		b->len = cut < 12 ? 12 : cut;
	}
	m->cut_at = b->len < end ? b->len : UINT64_MAX;
	m->end = b->len < end ? b->len : end;
	for (unsigned int i = 0; i < n; i++)
		if (pieces[i].at < b->len)
			model_put(m, pieces[i].offset, b->data + pieces[i].at,
				  b->len - pieces[i].at < pieces[i].len ?
					  b->len - pieces[i].at : pieces[i].len);
}

static void flattened(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 700; times++) {
		enum source source = any(SOURCES);
		struct model m = {0};
		BUF_AUTO b = {0};

		make_flat(&b, &m, source == BY_PIPE ? 400 : UINT32_MAX);
		open_and_compare(&b, &m, source, true);
		model_free(&m);
	}
}

/* It says so in its first 12 bytes, and nothing that follows says otherwise. */
static void what_is_flattened(void **state)
{
	(void)state;
	for (unsigned int row = 0; row < 1200; row++) {
		uint8_t head[48] = "makedumpfile\0\0\0";
		uint64_t type = any(2) ? 1 : any(3), version = any(2) ? 1 : any(3);
		unsigned int wrong = any(3) ? 48 : any(16), len = any(2) ? any(49) : 30 + any(4);
		struct buf b = { .data = head, .len = len };
		bool flat = len >= 12 && (wrong >= len || wrong >= 16) &&
			    (len < 32 || (type == 1 && version == 1));
		struct input in;

		be64_put(head + 16, type);
		be64_put(head + 24, version);
		if (wrong < 16)
			head[wrong]++;
		assert_int_equal(open_source(&in, &b, row % SOURCES), 0);
		assert_int_equal(in.copy >= 0, flat || row % SOURCES == BY_PIPE);
		assert_int_equal(input_fill(&in), 0);
		assert_int_equal(in.cut, flat);
		assert_int_equal(in.size, flat ? 0 : len);
		input_close(&in);
	}
}

/* Sizes of all that a file can have are fine as long as nothing is stored; others are not. */
static void flattened_bounds(void **state)
{
	static const struct {
		uint64_t offset, size;
		const char *words;
	} rows[] = {
		{ 0, INT64_MAX, NULL },
		{ INT64_MAX, 0, NULL },
		{ 5, INT64_MAX - 5, NULL },
		{ 6, INT64_MAX - 5, "0x7ffffffffffffffa bytes at offset 0x6" },
		{ INT64_MAX, 1, "0x1 bytes at offset 0x7fffffffffffffff" },
		{ (uint64_t)INT64_MAX + 1, 0, "0x0 bytes at offset 0x8000000000000000" },
		{ UINT64_MAX - 1, 0, "0x0 bytes at offset 0xfffffffffffffffe" },
		{ 0, UINT64_MAX, "0xffffffffffffffff bytes at offset 0x0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO words = mem_printf("a flattened dump with a piece of %s",
					       rows[i].words ? rows[i].words : "no wrong size");
		BUF_AUTO b = {0};
		struct input in;

		add_flat_header(&b);
		add_number(&b, rows[i].offset);
		add_number(&b, rows[i].size);
		assert_int_equal(open_source(&in, &b, BY_NAME), 0);
		if (rows[i].words) {
			assert_fails(input_fill(&in), EINVAL, words);
			assert_null(in.map);
		} else {
			assert_int_equal(input_fill(&in), 0);
			assert_int_equal(in.cut_at, b.len);
		}
		input_close(&in);
	}
}

/* In order, or in reverse, what is noted of a dump is no more for many pieces than for one. */
static void flattened_in_order(void **state)
{
	enum { N = 1000, SIZE = 3 };

	(void)state;
	for (unsigned int backwards = 0; backwards < 2; backwards++) {
		BUF_AUTO b = {0};
		struct input in;

		add_flat_header(&b);
		for (unsigned int i = 0; i < N; i++) {
			add_number(&b, SIZE * (backwards ? N - 1 - i : i));
			add_number(&b, SIZE);
			buf_add(&b, "abc", SIZE);
		}
		assert_int_equal(open_source(&in, &b, BY_NAME), 0);
		assert_int_equal(input_fill(&in), 0);
		assert_int_equal(in.n_parts, 1);
		assert_int_equal(in.parts->end, N * SIZE);
		assert_true(malloc_usable_size(in.parts) < N * sizeof(*in.parts) / 4);
		input_close(&in);
	}
}

/* --- copies --- */

/* Of free memory a copy has holes: there may be more of it than room. */
static void zeroes_take_no_room(void **state)
{
	static const uint8_t zeroes[60000];
	struct stat st;

	(void)state;
	for (unsigned int flat = 0; flat < 2; flat++) {
		BUF_AUTO b = {0};
		struct input in;

		if (flat) {
			add_flat_header(&b);
			add_number(&b, 0);
			add_number(&b, sizeof(zeroes));
		}
		buf_add(&b, zeroes, sizeof(zeroes));
		assert_int_equal(open_source(&in, &b, flat ? BY_NAME : BY_PIPE), 0);
		assert_int_equal(input_fill(&in), 0);
		assert_int_equal(fstat(in.fd, &st), 0);
		assert_int_equal(st.st_size, sizeof(zeroes));
		assert_true(st.st_blocks * 512 < (blkcnt_t)sizeof(zeroes) / 2);
		input_close(&in);
	}
}

/* In $TMPDIR, where nobody else finds it. */
static void where_copies_are(void **state)
{
	const char *tmpdir = getenv("TMPDIR");
	STRING_AUTO before = tmpdir ? mem_copy_string(tmpdir) : NULL;
	const struct buf b = { .data = (uint8_t *)(uintptr_t)"dump", .len = 4 };
	char *dir = unit_directory(), link[32], target[256] = "";
	STRING_AUTO missing = mem_printf("%s/missing", dir);
	STRING_AUTO words = mem_printf("has to be copied first, and that cannot be done in %s: No"
				       " such file or directory; TMPDIR names another place",
				       missing);
	struct input in;

	(void)state;
	setenv("TMPDIR", missing, 1);
	assert_fails(open_source(&in, &b, BY_PIPE), ENOENT, words);
	input_close(&in);
	assert_int_equal(open_source(&in, &b, BY_NAME), 0);
	input_close(&in);
	setenv("TMPDIR", dir, 1);
	assert_int_equal(open_source(&in, &b, BY_PIPE), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", in.copy);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_memory_equal(target, dir, strlen(dir));
	assert_int_equal(fcntl(in.copy, F_GETFD), FD_CLOEXEC);
	input_close(&in);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	assert_int_equal(rmdir(dir), 0);
	free(dir);
}

/* Wherever it is that the file cannot be read. */
static void copies_that_fail(void **state)
{
	(void)state;
	for (unsigned int times = 0; times < 300; times++) {
		struct model m = {0};
		BUF_AUTO b = {0};
		struct input in;

		make_flat(&b, &m, 400);
		assert_int_equal(open_source(&in, &b, any(2) ? BY_PIPE : BY_NAME), 0);
		os.odd = any(2);
		os.readable = any((unsigned int)m.end);
		assert_fails(input_fill(&in), EIO, "cannot be read: Input/output error");
		assert_null(in.map);
		os.odd = false;
		os.readable = UINT64_MAX;
		input_close(&in);
		model_free(&m);
	}
}

static int fill_limited(const struct buf *b, rlim_t most, struct input *in)
{
	struct rlimit before, limit;
	int rc;

	assert_int_equal(open_source(in, b, BY_PIPE), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = most;
	setrlimit(RLIMIT_FSIZE, &limit);
	rc = input_fill(in);
	setrlimit(RLIMIT_FSIZE, &before);
	return rc;
}

static void copies_that_find_no_room(void **state)
{
	struct input in;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int flat = 0; flat < 2; flat++)
		for (unsigned int zeroes = 0; zeroes < 2; zeroes++) {
			BUF_AUTO b = {0};

			if (flat) {
				add_flat_header(&b);
				add_number(&b, 0);
				add_number(&b, 9000);
			}
			buf_reserve(&b, 9000);
			memset(b.data + b.len, zeroes ? 0 : 'x', 9000);
			b.len += 9000;
			assert_fails(fill_limited(&b, 8999, &in), EFBIG,
				     zeroes ? "a copy cannot be made: File too large" :
				     "has to be copied first, and does not fit into TMPDIR or"
				     " /var/tmp: File too large");
			assert_null(in.map);
			input_close(&in);
			assert_int_equal(fill_limited(&b, 9000, &in), 0);
			input_close(&in);
		}
	signal(SIGXFSZ, SIG_DFL);
}

/* --- what cannot be read --- */

/* Up to where it can be, without a word; from there on with one. */
static void unreadable(void **state)
{
	struct model m = { .cut_at = UINT64_MAX };
	BUF_AUTO b = {0};
	struct input in;

	(void)state;
	add_any(&b, 3000);
	model_put(&m, 0, b.data, 2000);
	assert_int_equal(open_source(&in, &b, BY_NAME), 0);
	os.is_proc = true;
	assert_int_equal(input_fill(&in), 0);
	os.good = 2000;
	os.odd = true;
	for (unsigned int times = 0; times < 1000; times++) {
		uint64_t offset = any(3) ? any(3000) : 1990 + any(20);
		size_t len = 1 + any(1000), expected = model_has(&m, offset, len), done;
		STRING_AUTO words = mem_printf("cannot be read at offset 0x%x: Input/output error",
					       (unsigned int)offset);
		uint8_t d[1000];

		fail_forget();
		assert_int_equal(input_read(&in, offset, d, len, &done), expected ? 0 : -EIO);
		assert_string_equal(fail_text(), expected ? "" : words);
		assert_int_equal(done, expected);
		assert_memory_equal(d, b.data + offset, done);
		fail_forget();
		assert_int_equal(input_has(&in, offset, len), expected == len);
		assert_string_equal(fail_text(), "");
	}
	input_close(&in);
	model_free(&m);
}

/* Where a file ends is found out once. */
static void known_end(void **state)
{
	const struct buf b = { .data = (uint8_t *)(uintptr_t)"0123456789", .len = 10 };
	struct input in;
	uint8_t d[20];
	size_t done;

	(void)state;
	os.is_proc = true;
	assert_int_equal(open_source(&in, &b, BY_NAME), 0);
	assert_int_equal(input_fill(&in), 0);
	assert_int_equal(input_read(&in, 7, d, 20, &done), 0);
	assert_int_equal(done, 3);
	os.preads = 0;
	for (unsigned int offset = 10; offset < 15; offset++) {
		assert_int_equal(input_read(&in, offset, d, 5, &done), 0);
		assert_int_equal(done, 0);
	}
	assert_int_equal(os.preads, 0);
	assert_int_equal(input_read(&in, 0, d, 20, &done), 0);
	assert_int_equal(done, 10);
	assert_int_equal(os.preads, 1);
	input_close(&in);
}

static void mapped_and_shorter(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	if (unit_is_emulated())
		return;
	for (unsigned int lost = 0; lost <= 3; lost++) {
		struct buf b = { .data = mem_alloc(3 * page), .len = 3 * page };
		uint8_t *d = mem_alloc(b.len);
		struct input in;
		size_t done;
		int fd;

		memset(b.data, 'x', b.len);
		fd = make_file(&b);
		assert_int_equal(open_fd(&in, fd, true), 0);
		assert_int_equal(input_fill(&in), 0);
		assert_int_equal(input_faults(), 0);
		assert_int_equal(ftruncate(fd, (off_t)((3 - lost) * page)), 0);
		assert_int_equal(input_read(&in, 0, d, b.len, &done), 0);
		assert_int_equal(done, b.len);
		assert_int_equal(input_faults(), lost);
		for (size_t i = 0; i < b.len; i++)
			assert_int_equal(d[i], i < (3 - lost) * page ? 'x' : 0);
		input_close(&in);
		close(fd);
		free(d);
		buf_free(&b);
	}
}

/* A file that no map is large enough for has a size, and what is there is read. */
static void too_large(void **state)
{
	const struct buf b = { .data = (uint8_t *)(uintptr_t)"dump", .len = 4 };
	int fd = make_file(&b);
	struct input in;
	uint8_t d[8];
	size_t done;

	(void)state;
	assert_int_equal(ftruncate(fd, INT64_MAX), 0);
	assert_int_equal(open_fd(&in, fd, true), 0);
	assert_int_equal(input_fill(&in), 0);
	assert_null(in.map);
	assert_int_equal(in.size, INT64_MAX);
	assert_int_equal(input_read(&in, 0, d, sizeof(d), &done), 0);
	assert_int_equal(done, sizeof(d));
	assert_memory_equal(d, "dump\0\0\0", sizeof(d));
	assert_true(input_has(&in, INT64_MAX - 1, 1));
	assert_false(input_has(&in, INT64_MAX - 1, 2));
	input_close(&in);
	close(fd);
}

/* --- files that are opened, or not --- */

static void not_to_be_opened(void **state)
{
	const struct buf b = { .data = (uint8_t *)(uintptr_t)"dump", .len = 4 };
	struct input in;
	int fd = make_file(&b);

	(void)state;
	assert_fails(input_open(&in, "/nonexistent"), ENOENT,
		     "cannot be opened: No such file or directory");
	input_close(&in);
	close(STDIN_FILENO);
	assert_fails(input_open(&in, "-"), EBADF, "cannot be opened: Bad file descriptor");
	input_close(&in);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(open("/dev/null", i ? O_WRONLY : O_PATH), STDIN_FILENO);
		assert_fails(input_open(&in, "-"), EBADF, "cannot be opened: Bad file descriptor");
		input_close(&in);
		close(STDIN_FILENO);
	}
	/* A number as good as any. */
	assert_int_equal(open_fd(&in, fd, true), 0);
	assert_int_equal(in.fd, STDIN_FILENO);
	assert_int_equal(input_fill(&in), 0);
	assert_int_equal(in.size, 4);
	input_close(&in);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	dup2(standard_input, STDIN_FILENO);
	close(fd);
}

/* In a process that cannot look at files any more: one that is open, and one that is to be. */
static int open_unseen(const char *name)
{
	struct input seen, in;
	uint8_t d[8];
	size_t done;

	if (input_open(&seen, name))
		return 1;
	unit_let_fail(SYS_newfstatat, EIO);
	unit_let_fail(SYS_fstat, EIO);
	if (input_open(&in, name) != -EIO ||
	    strcmp(fail_text(), "cannot be looked at: Input/output error"))
		return 2;
	if (input_fill(&seen) || seen.map || seen.size)
		return 3;
	return input_read(&seen, 0, d, sizeof(d), &done) || done != 4;
}

static void not_to_be_seen(void **state)
{
	const struct buf b = { .data = (uint8_t *)(uintptr_t)"dump", .len = 4 };
	char name[32];
	int fd = make_file(&b), status;
	pid_t pid;

	(void)state;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	pid = unit_is_emulated() ? -1 : fork();
	if (!pid)
		_exit(open_unseen(name));
	if (pid < 0) {		/* no calls fail there */
		close(fd);
		return;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
}

static void the_same_file(void **state)
{
	static const mode_t modes[] = { S_IFREG, S_IFBLK | 0600, S_IFBLK, S_IFCHR, S_IFIFO };

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		struct stat st[2] = {{0}};
		struct input in = {0};
		bool same;

		for (unsigned int j = 0; j < 2; j++) {
			st[j].st_mode = modes[any(ARRAY_SIZE(modes))];
			st[j].st_dev = any(2);
			st[j].st_ino = any(2);
			st[j].st_rdev = any(2);
		}
		same = st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino;
		if (S_ISBLK(st[0].st_mode) && S_ISBLK(st[1].st_mode))
			same |= st[0].st_rdev == st[1].st_rdev;
		in.source = st[0];
		assert_int_equal(input_is(&in, &st[1]), same);
	}
}

/* --- compressed dumps --- */

struct page {
	uint64_t frame, offset, size;
};

struct dump {
	struct buf b;
	struct page pages[400];
	unsigned int n, last;	/* pages; those of zeroes which come last */
	bool little;
	unsigned int word;
	uint64_t block, bitmap, descs, frames;
	struct input_part parts[8];	/* what is left of it, in order */
	unsigned int n_parts;
};

static void put(struct dump *dump, uint64_t at, uint64_t v, size_t size)
{
	bytes_put(dump->b.data + at, v, size, dump->little);
}

/* Two bitmaps as large as each other, of which the first does not matter, nor what fills blocks. */
static void add_tables(struct dump *dump, unsigned int blocks, unsigned int sub)
{
	uint64_t sizes = dump->word == 8 ? 428 : 416;

	dump->bitmap = dump->block * (1 + sub + blocks);
	dump->descs = dump->bitmap + dump->block * blocks;
	dump->frames = 8 * dump->block * blocks;
	buf_reserve(&dump->b, (size_t)dump->descs);
	memset(dump->b.data, 0xa5, (size_t)dump->descs);
	dump->b.len = (size_t)dump->descs;
	memset(dump->b.data + dump->bitmap, 0, (size_t)(dump->descs - dump->bitmap));
	memcpy(dump->b.data, "KDUMP   ", 8);
	put(dump, 8, 6, 4);
	put(dump, sizes, dump->block, 4);
	put(dump, sizes + 4, sub, 4);
	put(dump, sizes + 8, 2 * blocks, 4);
	put(dump, dump->block + dump->word + 4, 0, 4);
}

/* Which pages: few anywhere, or many in a row. */
static void choose_pages(struct dump *dump, unsigned int n)
{
	bool row = any(2);
	uint64_t frame = any(2) ? 0 : any(20);

	for (dump->n = 0; dump->n < n && frame < dump->frames; dump->n++) {
		dump->pages[dump->n].frame = frame;
		dump->b.data[dump->bitmap + frame / 8] |= (uint8_t)(1 << frame % 8);
		frame += row && any(20) ? 1 : 1 + any((unsigned int)(2 * dump->frames / n));
	}
}

/* In order, but those of zeroes: if the first page is one, it is what the others share. */
static void add_pages(struct dump *dump)
{
	uint64_t first = dump->descs + 24 * dump->n, end = first, zeroes = 0;
	unsigned int many = any(2) ? 2 : 20;

	for (unsigned int i = 0; i < dump->n; i++) {
		struct page *p = &dump->pages[i];
		uint8_t desc[24] = {0};

		p->size = 1 + any(40);
		p->offset = end;
		if (!any(many)) {
			p->size = zeroes = zeroes ? zeroes : end == first ? p->size : 0;
			p->offset = zeroes ? first : end;
			p->size = zeroes ? zeroes : 7;
		}
		end = p->offset + p->size > end ? p->offset + p->size : end;
		dump->last = p->offset == first ? dump->last + 1 : 0;
		bytes_put(desc, p->offset, 8, dump->little);
		bytes_put(desc + 8, p->size, 4, dump->little);
		memset(desc + 12, 0x5a, 12);
		buf_add(&dump->b, desc, sizeof(desc));
	}
	buf_reserve(&dump->b, (size_t)(end - first));
	memset(dump->b.data + dump->b.len, 0x77, (size_t)(end - first));
	dump->b.len += (size_t)(end - first);
}

static void make_dump(struct dump *dump, uint64_t block, unsigned int blocks, unsigned int n)
{
	*dump = (struct dump){ .block = block, .little = any(2), .word = any(2) ? 4 : 8 };
	add_tables(dump, blocks, 1 + any(2));
	choose_pages(dump, n);
	add_pages(dump);
	dump->parts[0].end = dump->b.len;
	dump->n_parts = 1;
}

/* Where something ends, or anywhere. */
static uint64_t some_end(const struct dump *dump)
{
	const struct page *p = &dump->pages[dump->n ? any(dump->n) : 0];
	const uint64_t ends[] = { 440, dump->bitmap + 1, dump->descs, dump->descs + 24 * dump->n,
				  dump->bitmap + p->frame / 8, p->offset + p->size, dump->b.len,
				  dump->descs + 24 * any(dump->n + 1) };
	uint64_t end = any(4) ? ends[any(ARRAY_SIZE(ends))] + 2 - any(4) :
				any((unsigned int)dump->b.len + 1);

	return end < dump->b.len ? end : dump->b.len - !any(3);
}

static void lose_parts(struct dump *dump)
{
	uint64_t at = any(3) ? 0 : any(1000), end;

	for (dump->n_parts = 0; dump->n_parts < ARRAY_SIZE(dump->parts) && at < dump->b.len;) {
		end = any(3) ? some_end(dump) : dump->b.len;
		if (end <= at)
			end = at + 1;
		dump->parts[dump->n_parts++] = (struct input_part){ at, end };
		at = end + 1 + any(any(2) ? 50 : (unsigned int)dump->block);
	}
}

static bool is_there(const struct dump *dump, uint64_t at, uint64_t size)
{
	for (unsigned int i = 0; i < dump->n_parts; i++)
		if (at >= dump->parts[i].start && at < dump->parts[i].end &&
		    size <= dump->parts[i].end - at)
			return size;
	return false;
}

/* Of a page behind a hole in the bitmap nobody knows which descriptor is its. */
static bool has_lost(const struct dump *dump, uint64_t frame)
{
	if (!is_there(dump, 0, 440) || frame >= dump->frames)
		return false;
	if (!is_there(dump, dump->bitmap, frame / 8 + 1))
		return true;
	for (unsigned int i = 0; i < dump->n; i++)
		if (dump->pages[i].frame == frame)
			return !is_there(dump, dump->descs + 24 * i, 24) ||
			       !is_there(dump, dump->pages[i].offset, dump->pages[i].size);
	return false;
}

/* How it is that something of the file is lost. */
enum loss { CUT_OFF, UNREADABLE, FLATTENED, LOSSES };

static void open_dump(struct input *in, struct dump *dump, enum loss loss)
{
	size_t whole = dump->b.len, left = (size_t)dump->parts[0].end;

	os.is_proc = true;
	dump->b.len = loss == CUT_OFF ? left : whole;
	assert_int_equal(open_source(in, &dump->b, BY_NAME), 0);
	dump->b.len = whole;
	assert_int_equal(input_fill(in), 0);
	if (loss == UNREADABLE)
		os.good = left;
	if (loss != FLATTENED)
		return;
	in->cut = true;
	in->n_parts = dump->n_parts;
	in->parts = mem_alloc(sizeof(dump->parts));
	memcpy(in->parts, dump->parts, sizeof(dump->parts));
}

static void close_dump(struct input *in, struct dump *dump)
{
	input_close(in);
	buf_free(&dump->b);
	os.is_proc = os.odd = false;
	os.good = UINT64_MAX;
}

/* Which frame is asked for next: the same, one near it, that of a page, one beyond all. */
static uint64_t some_frame(const struct dump *dump, const struct diskdump *d, uint64_t before)
{
	const uint64_t frames[] = {
		before, before + 1, before + 8, before ? before - 1 : 0,
		dump->n ? dump->pages[any(dump->n)].frame : 5, dump->frames - 1 - any(9),
		any((unsigned int)dump->frames + 9), any(9), d->step * any(257),
		dump->frames + any(3), UINT64_MAX / dump->block,
	};

	return frames[any(ARRAY_SIZE(frames))] & UINT64_MAX / dump->block;
}

/* Each answer costs no more than the way from a mark; the same one again only the page's part. */
static void ask(const struct dump *dump, struct diskdump *d, unsigned int times)
{
	const uint64_t page = 1 + 24 + 1;
	uint64_t frame = 0;

	for (unsigned int i = 0; i < times; i++) {
		uint64_t before = frame;

		frame = some_frame(dump, d, before);
		fail(0, "what was before");
		os.got = 0;
		assert_int_equal(diskdump_has_lost(d, frame * dump->block + any(500)),
				 has_lost(dump, frame));
		assert_true(os.got <= d->step / 8 + page);
		assert_true(i == 0 || frame != before || os.got <= page);
		if (os.good == UINT64_MAX)
			assert_string_equal(fail_text(), "what was before");
		assert_true(!*fail_text() || !strcmp(fail_text(), "what was before"));
		fail_forget();
	}
}

/* What a dump of which something is lost says of itself, and of each page. */
static void ask_all(struct dump *dump, enum loss loss, bool damaged, unsigned int times)
{
	bool whole = dump->parts[0].end == dump->b.len && loss != FLATTENED;
	uint64_t once = 440 + 4 + dump->descs - dump->bitmap + (24 + 1) * (dump->last + 1);
	struct diskdump d;
	struct input in;

	open_dump(&in, dump, loss);
	os.odd = !damaged && any(2);
	os.got = 0;
	diskdump_init(&d, &in, dump->little, dump->word);
	assert_string_equal(fail_text(), "");
	assert_true(os.got <= once);
	assert_true(d.needs <= dump->b.len);
	assert_true(whole || damaged || loss == FLATTENED || d.needs > dump->parts[0].end);
	assert_int_equal(d.page, whole || !is_there(dump, 0, 440) ? 0 : dump->block);
	ask(dump, &d, times);
	close_dump(&in, dump);
}

static void lost_pages(void **state)
{
	static struct dump dump;

	(void)state;
	for (unsigned int times = 0; times < 1500; times++) {
		enum loss loss = any(LOSSES);
		const uint64_t blocks[] = { 512, 512, 1024, 4096 };
		uint64_t block = blocks[any(ARRAY_SIZE(blocks))];

		make_dump(&dump, block, 1 + any(4), 1 + any(any(2) ? 4 : 399));
		if (loss == FLATTENED)
			lose_parts(&dump);
		else
			dump.parts[0].end = some_end(&dump);
		ask_all(&dump, loss, false, 40);
	}
}

/* One whose marks are farther from each other than what is read at once. */
static void lost_of_many(void **state)
{
	static struct dump dump;

	(void)state;
	for (unsigned int times = 0; times < 2; times++) {
		make_dump(&dump, 1 << 20, 2, 300);
		dump.parts[0].end = dump.pages[dump.n / 2].offset + times;
		ask_all(&dump, CUT_OFF, false, 100);
	}
}

/* A dump without pages, or even without a bitmap. */
static void lost_of_none(void **state)
{
	static struct dump dump;

	(void)state;
	for (unsigned int blocks = 0; blocks < 2; blocks++)
		for (unsigned int lost = 0; lost < (blocks ? 3 : 1); lost++) {
			make_dump(&dump, 512, blocks, 1);
			memset(dump.b.data + dump.bitmap, 0, (size_t)(dump.descs - dump.bitmap));
			dump.n = dump.last = 0;
			dump.b.len = (size_t)dump.descs;
			dump.parts[0].end = dump.descs - lost;
			ask_all(&dump, CUT_OFF, false, 20);
		}
}

/* Descriptors that make no sense: their pages are lost, and nothing else. */
static void lost_by_descriptors(void **state)
{
	static struct dump dump;

	(void)state;
	for (unsigned int times = 0; times < 500; times++) {
		struct page *p;

		make_dump(&dump, 512, 1, 1 + any(40));
		p = &dump.pages[any(3) ? any(dump.n) : dump.n - 1];
		p->size = any(3) ? UINT32_MAX - any(3) : 0;
		p->offset = p->size ? UINT64_MAX - any(any(2) ? 50 : 1 << 30) : p->offset;
		put(&dump, dump.descs + 24 * (uint64_t)(p - dump.pages), p->offset, 8);
		put(&dump, dump.descs + 24 * (uint64_t)(p - dump.pages) + 8, p->size, 4);
		dump.parts[0].end -= 1 + any(20);
		dump.last = dump.n;
		ask_all(&dump, any(2) ? FLATTENED : CUT_OFF, true, 40);
	}
}

/* What is no such dump, or one of several, has lost nothing, and needs its header. */
static void lost_of_others(void **state)
{
	static const struct {
		uint64_t at, v;
		size_t size;
	} rows[] = {
		{ 0, 'k', 1 }, { 7, 0, 1 }, { 428, 0, 4 }, { 428, 513, 4 }, { 428, 768, 4 },
		{ 428, 1 << 21, 4 }, { 428, 1u << 31, 4 }, { 512 + 12, 1, 4 },
		{ 512 + 12, 1u << 31, 4 }, { 0, 'K', 1 },
	};
	static struct dump dump;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diskdump d;
		struct input in;

		do {
			buf_free(&dump.b);
			make_dump(&dump, 512, 1, 9);
		} while (dump.word != 8);
		put(&dump, rows[i].at, rows[i].v, rows[i].size);
		dump.parts[0].end = dump.b.len - 1;
		open_dump(&in, &dump, CUT_OFF);
		diskdump_init(&d, &in, dump.little, dump.word);
		assert_int_equal(d.page, i + 1 < ARRAY_SIZE(rows) ? 0 : 512);
		assert_int_equal(d.needs, i + 1 < ARRAY_SIZE(rows) ? 440 : dump.b.len);
		for (unsigned int frame = 0; frame < 20 && !d.page; frame++)
			assert_false(diskdump_has_lost(&d, 512 * frame));
		close_dump(&in, &dump);
	}
}

static void guesses(void **state)
{
	static const struct {
		const char *machine;
		unsigned int word;
	} rows[] = {
		{ "", 4 }, { "x86_64", 8 }, { "i686", 4 }, { "aarch64", 8 }, { "ppc64le", 8 },
		{ "s390x", 8 }, { "s390", 4 }, { "s390xy", 4 }, { "armv7l", 4 }, { "6", 4 },
		{ "_______________________________________________________________64", 8 },
		{ "________________________________________________________________6", 4 },
	};
	static const struct {
		const char *version;
		bool little;
	} versions[] = {
		{ "\6\0\0\0", true }, { "\0\0\0\6", false }, { "\xff\xff\0\0", true },
		{ "\0\0\1\0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(versions); i++) {
		const char *machine = rows[i / 4].machine;
		uint8_t head[450] = "KDUMP   ";
		struct buf b = { .data = head, .len = sizeof(head) };
		unsigned int word = 12 - rows[i / 4].word;
		bool little = !versions[i % 4].little;
		struct input in;

		memset(head + 12 + 65, '6', 3 * 65);
		memcpy(head + 8, versions[i % 4].version, 4);
		memcpy(head + 12 + 4 * 65, machine, strlen(machine));
		memset(head + 12 + 5 * 65, '4', 65);
		assert_int_equal(open_source(&in, &b, BY_NAME), 0);
		assert_int_equal(input_fill(&in), 0);
		diskdump_guess(&in, &little, &word);
		assert_int_equal(word, rows[i / 4].word);
		assert_int_equal(little, versions[i % 4].little);
		input_close(&in);
	}
}

#define input_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		input_test(what_is_flattened),
		input_test(plain_files),
		input_test(flattened),
		input_test(flattened_bounds),
		input_test(flattened_in_order),
		input_test(zeroes_take_no_room),
		input_test(where_copies_are),
		input_test(copies_that_fail),
		input_test(copies_that_find_no_room),
		input_test(unreadable),
		input_test(known_end),
		input_test(mapped_and_shorter),
		input_test(too_large),
		input_test(not_to_be_opened),
		input_test(not_to_be_seen),
		input_test(the_same_file),
		input_test(lost_pages),
		input_test(lost_of_many),
		input_test(lost_of_none),
		input_test(lost_by_descriptors),
		input_test(lost_of_others),
		input_test(guesses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
