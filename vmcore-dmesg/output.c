// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/error.h"
#include "common/mem.h"
#include "vmcore-dmesg/output.h"

static void output_open_file(struct output *out)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;

	out->fd = open(out->name, flags);
	if (out->fd < 0 && errno == ENOENT) {
		out->fd = open(out->name, flags | O_CREAT | O_EXCL, 0600);
		out->made = out->fd >= 0;
	}
	/* A link that leads nowhere, yet; or somebody was quicker. */
	if (out->fd < 0 && errno == EEXIST)
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
	if (out->made)
		unlink(out->name);
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
