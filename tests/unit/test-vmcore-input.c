// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * vmcore-dmesg: the file with the dump, which may be a pipe, flattened, cut off, not to be mapped or
 * in part unreadable, against plain models of what is in it.
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

#include "vmcore-dmesg/input.h"

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
	return n < 0 ? n : preadv(fd, &(struct iovec){ data, (size_t)n }, 1, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	ssize_t n = taken(size);

	return n < 0 ? n : pwritev(fd, &(struct iovec){ (void *)(uintptr_t)data, (size_t)n }, 1, at);
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
	static const uint64_t far[] = { UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, 1ull << 62 };

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
		STRING_AUTO words = mem_printf("a flattened dump with a piece of %s", rows[i].words);
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
		if (flat)
			add_number(&b, UINT64_MAX), add_number(&b, UINT64_MAX);
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
				       " such file or directory; TMPDIR names another place", missing);
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
	for (unsigned int lost = 3; lost < 4; lost--) {
		struct buf b = { .data = mem_alloc(3 * page), .len = 3 * page };
		int fd = make_file(memset(b.data, 'x', b.len) ? &b : NULL);
		struct input in;
		uint8_t *d = mem_alloc(b.len);
		size_t done;

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

/* In a process that cannot look at files any more: bit 0 is open, bit 1 is to be. */
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
	pid = fork();
	if (!pid)
		_exit(open_unseen(name));
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
		if (S_ISBLK(st[0].st_mode) && S_ISBLK(st[1].st_mode) && st[0].st_rdev == st[1].st_rdev)
			same = true;
		in.source = st[0];
		assert_int_equal(input_is(&in, &st[1]), same);
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
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fail_forget();
	return failed;
}
