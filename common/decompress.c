// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_DEFLATE
#include <libdeflate.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#if LZMA_VERSION >= 50040002
#define HAVE_LZIP
#endif
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4.h>
#include <lz4frame.h>
#endif

#include "common/bytes.h"
#include "common/decompress.h"
#include "common/error.h"
#include "common/library.h"
#include "common/mem.h"
#include "common/progress.h"

#define STEP	((size_t)1 << 20)
#define GZIP_RATIO_USUAL 8	/* of a kernel; what says more may lie */

struct method {
	const char *name, *library;
	bool (*probe)(const struct file *f);
	const struct library *needs;	/* NULL: @run sees to it */
	/* Up to @max bytes, a step more or less; NULL: not built in. */
	int (*run)(const struct file *in, struct buf *out, uint64_t max);
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

static bool is_lzip(const struct file *f)
{
	return begins(f, "LZIP", 4);
}

/*
 * LZMA "alone" has no magic: (pb * 5 + lp) * 9 + lc, of which liblzma takes lc + lp
 * up to 4; a dictionary of any size; the size of what is inside or all ones; then
 * data, of which the first byte is always 0. No other kernel file looks so.
 */
static bool is_lzma(const struct file *f)
{
	unsigned int properties = f->head[0];
	uint64_t inside = le64_get(f->head + 5);

	return f->size > 13 && properties < 5 * 5 * 9 &&
	       properties % 9 + properties / 9 % 5 <= 4 &&
	       inside && (inside == UINT64_MAX || inside <= DECOMPRESS_MAX) && !f->head[13];
}

#define ZSTD_MAGIC		0xfd2fb528u
#define LZ4_MAGIC		0x184d2204u
#define LZ4_LEGACY_MAGIC 0x184c2102u /* what lz4 -l makes, and so the kernel's Makefiles */
#define SKIPPED_MAGIC		0x184d2a50u	/* with any last digit: of a frame that both skip */

static bool is_skipped(uint32_t magic)
{
	return (magic & ~0xfu) == SKIPPED_MAGIC;
}

/*
 * The magic of the first frame that is not skipped (RFC 8878, 3.1.2); where there is none,
 * of the last. 0: none at all.
 */
static uint32_t frame_magic(const struct file *f)
{
	uint8_t header[8];
	uint32_t magic = 0;
	uint64_t at = 0;

	while (file_peek(f, at, header, 4)) {
		magic = le32_get(header);
		if (!is_skipped(magic) || !file_peek(f, at, header, sizeof(header)))
			break;
		at += sizeof(header) + le32_get(header + 4);
	}
	return magic;
}

static bool is_zstd(const struct file *f)
{
	uint32_t magic = frame_magic(f);

	return magic == ZSTD_MAGIC || (f->size >= 8 && is_skipped(magic));
}

static bool is_lz4(const struct file *f)
{
	uint32_t magic = frame_magic(f);

	return magic == LZ4_MAGIC || magic == LZ4_LEGACY_MAGIC;
}

/*
 * Room for one more step, or an error when the output has no end. How far it is goes by what comes
 * out: of how much there will be not every format tells.
 */
__attribute__((unused))
static int more_room(struct buf *out, uint64_t max)
{
	if (out->len > max)
		return fail(EFBIG, "decompresses to more than %" PRIu64 " bytes", max);
	buf_reserve(out, STEP);
	progress_reach(out->len);
	return 0;
}

#ifdef HAVE_ZLIB
#define ZLIB_FUNCTIONS(F) F(inflate) F(inflateInit2_) F(inflateReset) F(inflateEnd)
#ifdef ZLIB_SONAME
LIBRARY_LOADED(zlib, ZLIB_FUNCTIONS, ZLIB_SONAME, "gzip-compressed kernels", "recommended");
#else
LIBRARY_LINKED(zlib, ZLIB_FUNCTIONS);
#endif

/* One member. */
static int inflate_member(z_stream *z, const struct file *in, uint64_t *fed, struct buf *out,
			  uint64_t max)
{
	int rc, z_rc = Z_OK;

	while (z_rc != Z_STREAM_END) {
		if (!z->avail_in && *fed < in->size) {
			uint64_t left = in->size - *fed;

			z->next_in = in->data + *fed;
			z->avail_in = (uInt)(left < STEP ? left : STEP);
			*fed += z->avail_in;
		}
		rc = more_room(out, max);
		if (rc < 0)
			return rc;
		z->next_out = out->data + out->len;
		z->avail_out = STEP;
		z_rc = zlib.inflate(z, Z_NO_FLUSH);
		out->len += STEP - z->avail_out;
		if (z_rc != Z_OK && z_rc != Z_STREAM_END)
			return fail(EINVAL, "%s", z_rc == Z_BUF_ERROR ? "truncated" :
				    z->msg ? z->msg : "damaged");
	}
	return 0;
}

/*
 * Behind a member gzip(1) takes another one, the start of one, zeroes, and (with a warning)
 * garbage.
 */
static bool begins_member(const struct file *in, uint64_t at)
{
	uint64_t left = in->size - at;
	const uint8_t *p = in->data + at;

	return (left == 1 && *p) || (left >= 2 && p[0] == 0x1f && p[1] == 0x8b);
}

static void warn_behind_gzip(const struct file *in, uint64_t at)
{
	for (uint64_t i = at; i < in->size; i++)
		if (in->data[i]) {
			warn("%s: %" PRIu64 " bytes behind the gzip data are not used", in->name,
			     in->size - at);
			return;
		}
}

static int inflate_all(z_stream *z, const struct file *in, struct buf *out, uint64_t max)
{
	uint64_t fed = 0;
	int rc;

	do {
		zlib.inflateReset(z);
		rc = inflate_member(z, in, &fed, out, max);
	} while (rc >= 0 && begins_member(in, fed - z->avail_in));
	if (rc >= 0)
		warn_behind_gzip(in, fed - z->avail_in);
	return rc;
}

static int run_zlib(const struct file *in, struct buf *out, uint64_t max)
{
	z_stream z = {0};
	int rc;

	/* 16: a gzip header, with its CRC */
	if (zlib.inflateInit2_(&z, 15 + 16, ZLIB_VERSION, (int)sizeof(z)) != Z_OK)
		return fail(ENOMEM, "zlib cannot start");
	rc = inflate_all(&z, in, out, max);
	zlib.inflateEnd(&z);
	return rc;
}
#ifdef HAVE_DEFLATE
#define DEFLATE_FUNCTIONS(F)                                                     \
	F(libdeflate_alloc_decompressor) F(libdeflate_free_decompressor)         \
		F(libdeflate_gzip_decompress_ex)
#ifdef DEFLATE_SONAME
LIBRARY_LOADED(libdeflate, DEFLATE_FUNCTIONS, DEFLATE_SONAME, "gzip-compressed kernels, faster",
	       "suggested");
#else
LIBRARY_LINKED(libdeflate, DEFLATE_FUNCTIONS);
#endif

#define GZIP_HEADER_CRC 0x02	/* in byte 3, of a header with a checksum, which libdeflate skips */

/* The end of a file says how large its last member is; those before are as large at most. */
static bool deflate_member(struct libdeflate_decompressor *d, const struct file *in, uint64_t *at,
			   struct buf *out, uint64_t max)
{
	uint32_t room = in->size >= 4 ? le32_get(in->data + in->size - 4) : 0;
	size_t used, got;

	if (in->size - *at < 4 || in->data[*at + 3] & GZIP_HEADER_CRC || room > max ||
	    out->len > max - room || room / GZIP_RATIO_USUAL > in->size)
		return false;
	buf_reserve(out, room);
	if (libdeflate.libdeflate_gzip_decompress_ex(d, in->data + *at, in->size - *at,
						  out->data + out->len, room, &used,
						  &got) != LIBDEFLATE_SUCCESS)
		return false;
	*at += used;
	out->len += got;
	return true;
}

/* False: whatever it is, zlib has the word. Of what is behind, nothing is said then. */
static bool run_deflate(const struct file *in, struct buf *out, uint64_t max)
{
	struct libdeflate_decompressor *d;
	uint64_t at = 0;
	bool good;

	if (library_need(&libdeflate_library) < 0) {
		fail_forget();
		return false;
	}
	d = libdeflate.libdeflate_alloc_decompressor();
	good = d && deflate_member(d, in, &at, out, max);
	while (good && begins_member(in, at))
		good = deflate_member(d, in, &at, out, max);
	if (good)
		warn_behind_gzip(in, at);
	libdeflate.libdeflate_free_decompressor(d);
	return good;
}
#else
static bool run_deflate(const struct file *in, struct buf *out, uint64_t max)
{
	(void)in, (void)out, (void)max;
	return false;
}
#endif

/* The faster one for what it calls good; zlib needs not be there then, and says what is wrong. */
static int run_gzip(const struct file *in, struct buf *out, uint64_t max)
{
	int rc;

	if (run_deflate(in, out, max))
		return 0;
	out->len = 0;
	rc = library_need(&zlib_library);
	return rc < 0 ? rc : run_zlib(in, out, max);
}
#else
#define run_gzip NULL
#endif

#ifdef HAVE_LZMA
#define LZMA_FUNCTIONS(F) \
	F(lzma_auto_decoder) F(lzma_code) F(lzma_end) F(lzma_memlimit_set) F(lzma_memusage)
#ifdef LZMA_SONAME
LIBRARY_LOADED(lzma, LZMA_FUNCTIONS, LZMA_SONAME, "xz-compressed kernels", "recommended");
#else
LIBRARY_LINKED(lzma, LZMA_FUNCTIONS);
#endif

/* By itself: an older liblzma has all but this. */
#ifdef HAVE_LZIP
#define LZIP_FUNCTIONS(F) F(lzma_lzip_decoder)
#ifdef LZMA_SONAME
LIBRARY_LOADED(lzip, LZIP_FUNCTIONS, LZMA_SONAME, "lzip-compressed kernels", "suggested");
#else
LIBRARY_LINKED(lzip, LZIP_FUNCTIONS);
#endif
#endif

/*
 * The dictionary's memory is only touched as far as there is output, which is
 * limited. So each one may have what it wants; @want is the largest so far.
 */
static int lzma_step(lzma_stream *s, uint64_t *want)
{
	lzma_ret ret = lzma.lzma_code(s, LZMA_FINISH);

	switch (ret) {
	case LZMA_OK:
	case LZMA_STREAM_END:
		return ret == LZMA_STREAM_END;
	case LZMA_MEMLIMIT_ERROR:
		*want = lzma.lzma_memusage(s);
		ret = lzma.lzma_memlimit_set(s, *want);
		return ret == LZMA_OK ? 0 : fail(EINVAL, "damaged");
	case LZMA_MEM_ERROR:
		return fail(ENOMEM,
			    "its dictionary needs %" PRIu64 " MiB of memory, which cannot be had;"
			    " compress it again with a smaller one (xz -6 needs 9 MiB)",
			    *want >> 20);
	case LZMA_BUF_ERROR:
		return fail(EINVAL, "truncated");
	case LZMA_OPTIONS_ERROR:
		return fail(ENOTSUP, "needs a newer liblzma");
	default:
		return fail(EINVAL, "damaged, or something else is behind it");
	}
}

static int lzma_all(lzma_stream *s, struct buf *out, uint64_t max)
{
	uint64_t want = 0;
	int rc;

	do {
		rc = more_room(out, max);
		if (rc < 0)
			return rc;
		s->next_out = out->data + out->len;
		s->avail_out = STEP;
		rc = lzma_step(s, &want);
		out->len += STEP - s->avail_out;
	} while (!rc);
	return rc;
}

/* The auto decoder would take nothing behind lzip data, of which the format allows anything. */
static lzma_ret lzma_start(lzma_stream *s, const struct file *in)
{
#ifdef HAVE_LZIP
	if (is_lzip(in))
		return lzip.lzma_lzip_decoder(s, 1, LZMA_CONCATENATED);
#endif
	(void)in;
	return lzma.lzma_auto_decoder(s, 1, LZMA_CONCATENATED);
}

static int run_lzma(const struct file *in, struct buf *out, uint64_t max)
{
	lzma_stream s = LZMA_STREAM_INIT;
	int rc;

	if (lzma_start(&s, in) != LZMA_OK)
		return fail(ENOMEM, "liblzma cannot start");
	s.next_in = in->data;
	s.avail_in = in->size;
	rc = lzma_all(&s, out, max);
	lzma.lzma_end(&s);
	return rc;
}

#ifdef HAVE_LZIP
static int run_lzip(const struct file *in, struct buf *out, uint64_t max)
{
	int rc = library_need(&lzip_library);

	return rc < 0 ? rc : run_lzma(in, out, max);
}
#endif
#else
#define run_lzma NULL
static const struct library lzma_library;
#endif

#ifndef HAVE_LZIP
#define run_lzip NULL
#endif

#ifdef HAVE_ZSTD
#define ZSTD_FUNCTIONS(F)                                                      \
	F(ZSTD_createDCtx) F(ZSTD_DCtx_setParameter) F(ZSTD_decompressStream)  \
		F(ZSTD_dParam_getBounds) F(ZSTD_freeDCtx) F(ZSTD_getErrorName) \
			F(ZSTD_isError)
#ifdef ZSTD_SONAME
LIBRARY_LOADED(zstd, ZSTD_FUNCTIONS, ZSTD_SONAME, "zstd-compressed kernels", "recommended");
#else
LIBRARY_LINKED(zstd, ZSTD_FUNCTIONS);
#endif

/* Frame after frame; one to be skipped is a frame without output. */
static int zstd_all(ZSTD_DCtx *ctx, const struct file *in, struct buf *out, uint64_t max)
{
	ZSTD_inBuffer from = { in->data, in->size, 0 };
	size_t left = 1;

	while (left || from.pos < from.size) {
		ZSTD_outBuffer to;
		int rc = more_room(out, max);

		if (rc < 0)
			return rc;
		to = (ZSTD_outBuffer){ out->data + out->len, STEP, 0 };
		left = zstd.ZSTD_decompressStream(ctx, &to, &from);
		out->len += to.pos;
		if (zstd.ZSTD_isError(left))
			return fail(EINVAL, "%s", zstd.ZSTD_getErrorName(left));
		if (left && from.pos == from.size && to.pos < to.size)
			return fail(EINVAL, "truncated");
	}
	return 0;
}

/* The largest window (--long=31): its memory, too, is only touched as far as there is output. */
static int run_zstd(const struct file *in, struct buf *out, uint64_t max)
{
	ZSTD_DCtx *ctx = zstd.ZSTD_createDCtx();
	ZSTD_bounds window = zstd.ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	int rc;

	if (!ctx ||
	    zstd.ZSTD_isError(zstd.ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax,
							  window.upperBound)))
		rc = fail(ENOMEM, "libzstd cannot start");
	else
		rc = zstd_all(ctx, in, out, max);
	zstd.ZSTD_freeDCtx(ctx);
	return rc;
}
#else
#define run_zstd NULL
static const struct library zstd_library;
#endif

#ifdef HAVE_LZ4
#define LZ4_FUNCTIONS(F)                                                                 \
	F(LZ4_compressBound) F(LZ4_decompress_safe) F(LZ4F_createDecompressionContext)   \
		F(LZ4F_decompress) F(LZ4F_freeDecompressionContext) F(LZ4F_getErrorName) \
			F(LZ4F_isError)
#ifdef LZ4_SONAME
LIBRARY_LOADED(lz4, LZ4_FUNCTIONS, LZ4_SONAME, "lz4-compressed kernels", "recommended");
#else
LIBRARY_LINKED(lz4, LZ4_FUNCTIONS);
#endif

#define LZ4_LEGACY_BLOCK (8 << 20)	/* what is inside of one at most */

/* Blocks until the file ends, or something begins that no size of a block can be. */
static int lz4_legacy_frame(const struct file *in, uint64_t *at, struct buf *out, uint64_t max)
{
	*at += 4;
	while (in->size - *at >= 4) {
		uint32_t size = le32_get(in->data + *at);
		int n, rc = more_room(out, max);

		if (rc < 0 || size > (uint32_t)lz4.LZ4_compressBound(LZ4_LEGACY_BLOCK))
			return rc;
		*at += 4;
		if (size > in->size - *at)
			return fail(EINVAL, "truncated");
		buf_reserve(out, LZ4_LEGACY_BLOCK);
		n = lz4.LZ4_decompress_safe((const char *)in->data + *at,
					    (char *)out->data + out->len,
					(int)size, LZ4_LEGACY_BLOCK);
		if (n < 0)
			return fail(EINVAL, "damaged");
		out->len += (size_t)n;
		*at += size;
	}
	return 0;
}

/* Also one that is to be skipped. */
static int lz4_frame(LZ4F_dctx *ctx, const struct file *in, uint64_t *at, struct buf *out,
		     uint64_t max)
{
	size_t left;

	do {
		size_t from = in->size - *at, to = STEP;
		int rc = more_room(out, max);

		if (rc < 0)
			return rc;
		left = lz4.LZ4F_decompress(ctx, out->data + out->len, &to, in->data + *at, &from,
					   NULL);
		if (lz4.LZ4F_isError(left))
			return fail(EINVAL, "%s", lz4.LZ4F_getErrorName(left));
		*at += from;
		out->len += to;
		if (left && *at == in->size && to < STEP)
			return fail(EINVAL, "truncated");
	} while (left);
	return 0;
}

static int lz4_all(LZ4F_dctx *ctx, const struct file *in, struct buf *out, uint64_t max)
{
	uint64_t at = 0;
	int rc = 0;

	while (rc >= 0 && at < in->size) {
		uint32_t magic = in->size - at >= 4 ? le32_get(in->data + at) : 0;

		if (magic == LZ4_LEGACY_MAGIC)
			rc = lz4_legacy_frame(in, &at, out, max);
		else if (magic == LZ4_MAGIC || is_skipped(magic))
			rc = lz4_frame(ctx, in, &at, out, max);
		else
			rc = fail(EINVAL, "truncated, damaged, or something else is behind it");
	}
	return rc;
}

static int run_lz4(const struct file *in, struct buf *out, uint64_t max)
{
	LZ4F_dctx *ctx;
	int rc;

	if (lz4.LZ4F_isError(lz4.LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION)))
		return fail(ENOMEM, "liblz4 cannot start");
	rc = lz4_all(ctx, in, out, max);
	lz4.LZ4F_freeDecompressionContext(ctx);
	return rc;
}
#else
#define run_lz4 NULL
static const struct library lz4_library;
#endif

static const struct method methods[] = {
	{ "gzip", "zlib", is_gzip, NULL, run_gzip },
	{ "xz", "liblzma", is_xz, &lzma_library, run_lzma },
	{ "zstd", "libzstd", is_zstd, &zstd_library, run_zstd },
	{ "lz4", "liblz4", is_lz4, &lz4_library, run_lz4 },
	{ "lzip", "liblzma 5.4", is_lzip, &lzma_library, run_lzip },
	/* The last: it has no magic. */
	{ "lzma", "liblzma", is_lzma, &lzma_library, run_lzma },
};

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

int file_decompress(struct file *f, uint64_t max)
{
	const struct method *m = method_of(f);
	const char *name = f->name;
	struct buf out = {0};
	int rc;

	if (!m->run)
		return fail(ENOTSUP, "is compressed with %s, but this kexec was built without %s",
			    m->name, m->library);
	if (f->size > max)
		return fail(EFBIG, "has %" PRIu64 " bytes of %s data, more than %" PRIu64, f->size,
			    m->name, max);
	rc = m->needs ? library_need(m->needs) : 0;
	if (rc >= 0)
		rc = file_read(f);
	progress_begin("decoding");
	if (rc >= 0)
		rc = m->run(f, &out, max);
	progress_reach(out.len);
	progress_end();
	if (rc >= 0)
		rc = file_check(f);
	if (rc >= 0 && !out.len)
		rc = fail(EINVAL, "nothing inside");
	if (rc < 0) {
		buf_free(&out);
		return fail_in(rc, "%s data", m->name);
	}
	file_close(f);
	file_unpacked(f, name, out.data, out.len);
	return 0;
}
