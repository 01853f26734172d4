// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/error.h"
#include "common/mem.h"
#include "vmcore-dmesg/output.h"

/* What exit(3) removes. */
static struct output *output_in_vain;

static void output_remove_made(void)
{
	struct output *out = output_in_vain;

	if (out && out->made)
		unlink(out->made_name ? out->made_name : out->name);
	output_in_vain = NULL;
}

static void output_was_made(struct output *out)
{
	static bool registered;

	out->made = true;
	output_in_vain = out;
	if (!registered)
		registered = !atexit(output_remove_made);
}

/* Of a link that leads nowhere, yet, what it leads to. */
static void output_make_behind_link(struct output *out, int flags)
{
	const char *slash = strrchr(out->name, '/');
	char to[PATH_MAX];
	ssize_t n = readlink(out->name, to, sizeof(to));

	if (n <= 0 || (size_t)n == sizeof(to))
		return;
	out->made_name = mem_printf("%.*s%.*s",
				    slash && *to != '/' ? (int)(slash + 1 - out->name) : 0,
				    out->name, (int)n, to);
	out->fd = open(out->made_name, flags | O_CREAT | O_EXCL, 0600);
	if (out->fd >= 0)
		output_was_made(out);
}

static void output_open_file(struct output *out)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	bool exists = false;

	out->fd = open(out->name, flags);
	if (out->fd < 0 && errno == ENOENT) {
		out->fd = open(out->name, flags | O_CREAT | O_EXCL, 0600);
		exists = out->fd < 0 && errno == EEXIST;
		if (out->fd >= 0)
			output_was_made(out);
		else if (exists)
			output_make_behind_link(out, flags);
	}
	/* A link to such a link; or somebody was quicker. */
	if (out->fd < 0 && exists)
		out->fd = open(out->name, flags | O_CREAT, 0600);
	if (out->fd < 0)
		out->error = errno;
}

void output_open(struct output *out, const char *name)
{
	*out = (struct output){
		.name = name, .fd = name ? -1 : STDOUT_FILENO, .data = mem_alloc(OUTPUT_BUFFER),
	};
	if (name)
		output_open_file(out);
}

/* The file loses nothing before it is known not to be the dump. */
static int output_begin(struct output *out)
{
	struct stat st;

	out->begun = true;
	out->made = false;
	if (!out->name)
		return 0;
	if (fstat(out->fd, &st) < 0)
		return -errno;
	out->refused = out->dump && input_is(out->dump, &st);
	if (out->refused)
		return -EEXIST;
	return S_ISREG(st.st_mode) && ftruncate(out->fd, 0) < 0 ? -errno : 0;
}

void output_flush(struct output *out)
{
	if (!out->begun && !out->error)
		out->error = -output_begin(out);
	for (size_t done = 0; done < out->len && !out->error;) {
		ssize_t n = write(out->fd, out->data + done, out->len - done);

		if (n < 0 && errno != EINTR)
			out->error = errno;
		done += n > 0 ? (size_t)n : 0;
	}
	out->len = 0;
}

/* Devices and pipes have nothing to be synchronised. */
static void close_file(struct output *out)
{
	if (!out->error && fsync(out->fd) < 0 && errno != EINVAL && errno != EROFS)
		out->error = errno;
	if (close(out->fd) < 0 && !out->error)
		out->error = errno;
}

int output_close(struct output *out, bool discard)
{
	if (!discard)
		output_flush(out);
	if (out->name && out->fd >= 0)
		close_file(out);
	output_remove_made();
	free(out->made_name);
	out->made_name = NULL;
	free(out->data);
	out->data = NULL;
	if (out->refused)
		return fail(out->error, "%s is the dump itself, and was left as it is: name"
			    " another file for the log", out->name);
	if (out->error)
		return fail(out->error, "%s: cannot be written: %s",
			    out->name ? out->name : "standard output", strerror(out->error));
	return 0;
}

/* What does not fit. */
static void output_add_long(struct output *out, const uint8_t *p, size_t len)
{
	while (len) {
		size_t n = OUTPUT_BUFFER - out->len;

		if (n > len)
			n = len;
		memcpy(out->data + out->len, p, n);
		out->len += n;
		p += n;
		len -= n;
		if (out->len == OUTPUT_BUFFER)
			output_flush(out);
	}
}

void output_add(struct output *out, const void *data, size_t len)
{
	if (len >= OUTPUT_BUFFER - out->len) {
		output_add_long(out, data, len);
		return;
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

void output_text(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}
