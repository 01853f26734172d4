// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * Texts of files and of the kernel, for libFuzzer; the first byte says by whom they are read: udev
 * rules, lists of CPUs, the kernel's log, command lines, entries of boot loaders.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/idlist.h"
#include "kexec/cmdline.h"
#include "kexec/klog.h"
#include "kexec/logread.h"
#include "kexec/syscalls.h"
#include "kexec/udev.h"
#include "next-boot/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* None is made. */
const struct syscalls syscalls;

static void text_udev(struct arena *arena, const char *text)
{
	struct udev_reloads found = { .arch = strlen(text) % 2 ? "x86-64" : NULL };

	udev_scan(arena, "file", text, &found);
	for (size_t i = 0; i < found.n; i++)
		if (!found.at[i].line || !(found.at[i].ungated | found.at[i].actions))
			abort();
	udev_actions(&found, UDEV_CPU);
}

static void text_ids(const char *text)
{
	struct idlist list;

	if (idlist_parse(&list, text) < 0 && (list.n || !*fail_text()))
		abort();
	for (size_t i = 0; i < list.n; i++)
		if (list.id[i] >= IDLIST_MAX || (i && list.id[i - 1] >= list.id[i]) ||
		    !idlist_has(&list, list.id[i]))
			abort();
	idlist_free(&list);
}

static void text_log(struct arena *arena, const char *text)
{
	BUF_AUTO lines = {0};
	unsigned long priority;
	struct klog log;

	klog_scan(arena, text, &log, &lines);
	logread_text(text, &priority);
}

/* What is taken out is not found, and what is joined is found as before. */
static void text_command_line(struct arena *arena, const char *text)
{
	static const char *const names[] = { "root", "crashkernel", NULL };
	const struct plan_request request = {
		.crash = true, .cmdline = text, .reuse_cmdline = true,
	};
	char *without = cmdline_without(arena, text, names);
	char *joined = cmdline_join(arena, text, "a=b");
	const char *p = text, *word;
	size_t len, n;

	while (cmdline_next(&p, &word, &len))
		if (word < text || word + len > text + strlen(text))
			abort();
	if (cmdline_find(without, "root", &n) || !joined)
		abort();
	cmdline_wanted(arena, text, &request);
}

static void text_entry(struct arena *arena, char *text)
{
	char *key, *value;
	int left, done;

	if (!entry_id(arena, text, &left, &done))
		abort();
	while (entry_line(&text, &key, &value)) {
		struct names words = {0};

		entry_words(arena, value, &words);
		free(words.at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	char *text;

	if (!size)
		return 0;
	text = mem_alloc(size);
	memcpy(text, data + 1, size - 1);
	switch (*data % 5) {
	case 0: text_udev(&arena, text); break;
	case 1: text_ids(text); break;
	case 2: text_log(&arena, text); break;
	case 3: text_command_line(&arena, text); break;
	case 4: text_entry(&arena, text); break;
	}
	fail_forget();
	free(text);
	arena_free(&arena);
	return 0;
}
