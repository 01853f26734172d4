// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "common/bytes.h"
#include "common/decompress.h"
#include "common/error.h"
#include "common/mem.h"

#define STEP	((size_t)1 << 20)
#define LZMA_MEMORY_MAX	((uint64_t)256 << 20)

struct method {
	const char *name, *library;
	bool (*probe)(const struct file *f);
	int (*run)(const struct file *in, struct buf *out);	/* NULL: not built in */
};

static bool begins(const struct file *f, const char *magic, size_t len)
{
	return f->size >= len && !memcmp(f->head, magic, len);
}

static bool is_gzip(const struct file *f)
{
	return begins(f, "\x1f\x8b\x08", 3);
}

static bool is_xz(const struct file *f)
{
	return begins(f, "\xfd" "7zXZ\0", 6);
}

/* LZMA "alone": default properties, a dictionary of 2^n bytes, size known or all ones. */
static bool is_lzma(const struct file *f)
{
	return f->size > 13 && f->head[0] == 0x5d && is_power_of_two(le32_get(f->head + 1)) &&
	       (le64_get(f->head + 5) == UINT64_MAX || le64_get(f->head + 5) <= DECOMPRESS_MAX);
}

static bool is_zstd(const struct file *f)
{
	return begins(f, "\x28\xb5\x2f\xfd", 4);
}

/* Room for one more step, or an error when the output has no end. */
__attribute__((unused))
static int more_room(struct buf *out)
{
	if (out->len > DECOMPRESS_MAX)
		return fail(EFBIG, "decompresses to more than %" PRIu64 " bytes", DECOMPRESS_MAX);
	buf_reserve(out, STEP);
	return 0;
}

#ifdef HAVE_ZLIB
static int inflate_all(z_stream *z, const struct file *in, struct buf *out)
{
	uint64_t fed = 0;
	int rc, z_rc = Z_OK;

	while (z_rc != Z_STREAM_END) {
		if (!z->avail_in && fed < in->size) {
			uint64_t left = in->size - fed;

			z->next_in = in->data + fed;
			z->avail_in = (uInt)(left < STEP ? left : STEP);
			fed += z->avail_in;
		}
		rc = more_room(out);
		if (rc < 0)
			return rc;
		z->next_out = out->data + out->len;
		z->avail_out = STEP;
		z_rc = inflate(z, Z_NO_FLUSH);
		out->len += STEP - z->avail_out;
		if (z_rc != Z_OK && z_rc != Z_STREAM_END)
			return fail(EINVAL, "%s", z_rc == Z_BUF_ERROR ? "truncated" :
				    z->msg ? z->msg : "damaged");
	}
	return 0;
}

static int run_gzip(const struct file *in, struct buf *out)
{
	z_stream z = {0};
	int rc;

	if (inflateInit2(&z, 15 + 16) != Z_OK)		/* 16: a gzip header, with its CRC */
		return fail(ENOMEM, "zlib cannot start");
	rc = inflate_all(&z, in, out);
	inflateEnd(&z);
	return rc;
}
#else
#define run_gzip NULL
#endif

#ifdef HAVE_LZMA
static int lzma_all(lzma_stream *s, struct buf *out)
{
	lzma_ret ret = LZMA_OK;

	while (ret != LZMA_STREAM_END) {
		int rc = more_room(out);

		if (rc < 0)
			return rc;
		s->next_out = out->data + out->len;
		s->avail_out = STEP;
		ret = lzma_code(s, LZMA_FINISH);
		out->len += STEP - s->avail_out;
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return fail(EINVAL, "%s", ret == LZMA_BUF_ERROR ? "truncated" :
				    ret == LZMA_MEMLIMIT_ERROR ? "needs too large a dictionary" :
				    "damaged");
	}
	return 0;
}

static int run_lzma(const struct file *in, struct buf *out)
{
	lzma_stream s = LZMA_STREAM_INIT;
	int rc;

	if (lzma_auto_decoder(&s, LZMA_MEMORY_MAX, 0) != LZMA_OK)
		return fail(ENOMEM, "liblzma cannot start");
	s.next_in = in->data;
	s.avail_in = in->size;
	rc = lzma_all(&s, out);
	lzma_end(&s);
	return rc;
}
#else
#define run_lzma NULL
#endif

#ifdef HAVE_ZSTD
static int zstd_all(ZSTD_DCtx *ctx, const struct file *in, struct buf *out)
{
	ZSTD_inBuffer from = { in->data, in->size, 0 };
	size_t left = 1;

	while (left) {
		ZSTD_outBuffer to;
		int rc = more_room(out);

		if (rc < 0)
			return rc;
		to = (ZSTD_outBuffer){ out->data + out->len, STEP, 0 };
		left = ZSTD_decompressStream(ctx, &to, &from);
		out->len += to.pos;
		if (ZSTD_isError(left))
			return fail(EINVAL, "%s", ZSTD_getErrorName(left));
		if (left && from.pos == from.size && to.pos < to.size)
			return fail(EINVAL, "truncated");
	}
	return 0;
}

static int run_zstd(const struct file *in, struct buf *out)
{
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	int rc;

	if (!ctx)
		return fail(ENOMEM, "libzstd cannot start");
	rc = zstd_all(ctx, in, out);
	ZSTD_freeDCtx(ctx);
	return rc;
}
#else
#define run_zstd NULL
#endif

static const struct method methods[] = {
	{ "gzip", "zlib", is_gzip, run_gzip },
	{ "xz", "liblzma", is_xz, run_lzma },
	{ "lzma", "liblzma", is_lzma, run_lzma },
	{ "zstd", "libzstd", is_zstd, run_zstd },
};

static int decompress(struct file *f, const struct method *m)
{
	const char *name = f->name;
	struct buf out = {0};
	int rc;

	if (!m->run)
		return fail(ENOTSUP, "is compressed with %s, but this kexec was built without %s",
			    m->name, m->library);
	rc = file_read(f);
	if (rc >= 0)
		rc = m->run(f, &out);
	if (rc >= 0 && !out.len)
		rc = fail(EINVAL, "nothing inside");
	if (rc < 0) {
		buf_free(&out);
		return fail_in(rc, "%s data", m->name);
	}
	file_close(f);
	*f = (struct file){ .name = name, .data = out.data, .size = out.len, .fd = -1 };
	memcpy(f->head, f->data, f->size < FILE_HEAD_SIZE ? f->size : FILE_HEAD_SIZE);
	return 0;
}

static const struct method *method_of(const struct file *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].probe(f))
			return &methods[i];
	return NULL;
}

bool file_is_compressed(const struct file *f)
{
	return method_of(f);
}

int file_decompress(struct file *f)
{
	const struct method *m = method_of(f);

	return m ? decompress(f, m) : file_read(f);
}
