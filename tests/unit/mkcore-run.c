// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/mkcore-run.h"

/* A file in memory, that is gone when it is closed; its name is for opening it. */
static int store(const struct buf *b, char *name, size_t size)
{
	int fd = memfd_create("mkcore", MFD_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(name, size, "/proc/self/fd/%d", fd);
	assert_int_equal(b->len ? write(fd, b->data, b->len) : 0, b->len);
	return fd;
}

static char *contents(const char *name, size_t *len)
{
	FILE *f = fopen(name, "r");
	char piece[4096];
	BUF_AUTO b = {0};
	size_t n;

	buf_add(&b, "", 0);
	while (f && (n = fread(piece, 1, sizeof(piece), f)))
		buf_add(&b, piece, n);
	if (f)
		fclose(f);
	*len = b.len;
	return memcpy(mem_alloc(b.len + 1), b.data, b.len);
}

/* Like main(): a walk that fails writes nothing. */
static int print_log(struct vmcore *core, struct how *how, const char *name, struct log *log)
{
	struct output out;
	int rc;

	*log = (struct log){
		.record = print_record, .to = &how->print, .since_clear = how->since_clear,
	};
	how->print.out = &out;
	output_open(&out, name);
	print_begin(&how->print);
	rc = log_walk(core, log);
	print_end(&how->print);
	assert_int_equal(output_close(&out, rc < 0), 0);
	return rc;
}

struct result run_how(const struct buf *b, struct how how)
{
	struct result r = {0};
	struct vmcore core;
	char name[32], out[32];
	int fd = store(b, name, sizeof(name)), out_fd = store(&(struct buf){0}, out, sizeof(out));

	r.rc = vmcore_open(&core, name);
	if (r.rc >= 0)
		r.rc = vmcore_fill(&core);
	if (how.reads)
		input_unmap(&core.input);
	if (r.rc >= 0)
		r.rc = log_open(&core);
	if (how.keep)
		assert_int_equal(ftruncate(fd, (off_t)how.keep), 0);
	if (r.rc >= 0)
		r.rc = print_log(&core, &how, out, &r.log);
	vmcore_close(&core);
	r.out = contents(out, &r.len);
	close(fd);
	close(out_fd);
	return r;
}

struct result run_on(const struct buf *b)
{
	struct result mapped = run_how(b, (struct how){0});
	struct result r = run_how(b, (struct how){ .reads = true });

	assert_int_equal(mapped.rc, r.rc);
	assert_string_equal(mapped.out, r.out);
	assert_int_equal(mapped.log.damaged, r.log.damaged);
	free(mapped.out);
	return r;
}

struct result run(const char *spec)
{
	BUF_AUTO b = {0};

	mkcore(&b, spec);
	return run_on(&b);
}

bool whole(const struct result *r)
{
	return r->rc >= 0 && !r->log.damaged && !r->log.disordered;
}

void prints(const char *spec, const char *out)
{
	struct result r = run(spec);

	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, out);
	assert_int_equal(r.log.damaged, 0);
	assert_int_equal(r.log.lost, 0);
	assert_false(r.log.disordered);
	free(r.out);
}

void prints_part(const char *spec, const char *out, uint64_t damaged)
{
	struct result r = run(spec);

	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, out);
	assert_int_equal(r.log.damaged, damaged);
	assert_int_equal(r.log.lost, 0);
	assert_false(r.log.disordered);
	free(r.out);
}

void salvages(const char *spec, const char *out)
{
	struct result r = run(spec);

	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, out);
	assert_int_equal(r.log.damaged, 0);
	assert_true(r.log.disordered);
	free(r.out);
}

void fails(const char *spec, int err, const char *message)
{
	struct result r = run(spec);

	assert_int_equal(r.rc, -err);
	assert_string_equal(fail_text(), message);
	assert_string_equal(r.out, "");
	free(r.out);
}

void prints_how(const char *spec, struct how how, const char *out)
{
	BUF_AUTO b = {0};
	struct result r;

	mkcore(&b, spec);
	r = run_how(&b, how);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.out, out);
	assert_true(whole(&r));
	free(r.out);
}

char *numbered(const char *before, unsigned int from, unsigned int n, const char *format)
{
	BUF_AUTO b = {0};

	buf_printf(&b, "%s", before);
	for (unsigned int i = from; i < from + n; i++) {
		STRING_AUTO text = mem_printf("message %03u", i);

		buf_printf(&b, format, i, text);
	}
	return mem_copy_string((char *)b.data);
}

void keeps(const char *ring, unsigned int n, unsigned int kept)
{
	STRING_AUTO spec = numbered(ring, 0, n, RECORD_FORMAT);
	STRING_AUTO out = numbered("", n - kept, kept, OUTPUT_FORMAT);

	prints(spec, out);
}

const char *const machines[] = {
	"class 64\norder little\n",
	"class 64\norder big\n",
	"class 64\norder big\nmark little\n",
	"class 64\norder little\nmark big\n",
	"class 64\norder little\nload 0xffff888001000000 0x1000000\nmachine 62\n",
	"class 64\norder little\nload 0xffff000001000000 0x41000000\nmachine 183\n",
	"class 64\norder big\nload 0x1000000 0x1000000\nmachine 22\n",
	"class 32\norder little\nmachine 3\n",
	"class 32\norder big\nmachine 20\n",
	"class 64\nword 4\nload 0xc0100000 0x100000\nmachine 3\n",
	"class 64\norder big\nextended\n",
	"class 32\norder little\nmachine 3\nextended\n",
	NULL,
};

void on_all_machines(const char *spec, const char *out)
{
	for (size_t i = 0; machines[i]; i++) {
		STRING_AUTO whole_spec = mem_printf("%s%s", machines[i], spec);

		prints(whole_spec, out);
	}
}

void garble(const char *ring, unsigned int times)
{
	STRING_AUTO spec = numbered(ring, 0, 40, RECORD_FORMAT);
	BUF_AUTO good = {0};
	uint32_t seed = 1;

	mkcore(&good, spec);
	for (unsigned int i = 0; i < times; i++) {
		BUF_AUTO b = {0};
		struct result r;

		buf_add(&b, good.data, good.len);
		for (unsigned int n = 0; n < 1 + i % 8; n++) {
			seed = seed * 1664525 + 1013904223;
			b.data[(seed >> 8) % b.len] = (uint8_t)(seed >> 24 ^ i);
		}
		r = run_how(&b, (struct how){ .reads = i & 1 });
		assert_true(r.rc >= 0 || *fail_text());
		free(r.out);
	}
}
