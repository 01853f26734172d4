// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What a boot loader would start: versions, entries with their boot counters and their order,
 * loader.conf and UEFI's variables, GRUB's environment and what is followed of its script.
 */
#include "tests/unit/unit.h"

#include "next-boot/loader.h"
#include "next-boot/version.h"

static char *dir;
static struct tree tree;

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	assert_int_equal(tree_open(&tree, dir), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	unit_remove(dir);
	fail_forget();
	return 0;
}

static void put(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

/* Of what setup() made nothing is left. */
static void clear(void)
{
	tree_close(&tree);
	unit_remove(dir);
	fail_forget();
	setup(NULL);
}

static void assert_text(const char *is, const char *text)
{
	if (text)
		assert_string_equal(is ? is : "(null)", text);
	else
		assert_null(is);
}

static void assert_names(const struct names *names, const char *text)
{
	BUF_AUTO out = {0};

	for (size_t i = 0; i < names->n; i++)
		buf_printf(&out, "%s%s", i ? " " : "", names->at[i]);
	assert_string_equal(out.len ? (char *)out.data : "", text);
}

/* --- versions --- */

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* UAPI.10's own examples, and what they leave out; of a pair the first is less. */
static void versions(void **state)
{
	static const char *const equal[][2] = {
		{ "11", "11" }, { "11.0", "11_.0" }, { "011", "11" }, { "1.00", "1.0" },
		{ NULL, "" }, { "1_2", "1/2" }, { "\xc3\xa9", "" }, { "00", "0" },
		{ "bar-123+", "bar-123" },
	};
	static const char *const pairs[][2] = {
		{ "systemd-123", "systemd-123.1" }, { "bar-123", "foo-123" }, { "123", "123a" },
		{ "9", "10" }, { "99", "100" }, { "a", "1" }, { "a", "0" }, { "A", "a" },
		{ "1.2", "1.10" },
		{ "1", "1^" }, { "1~", "1" }, { "1-", "1^" }, { "1^", "1." }, { "1-1", "1.1" },
		{ "1.", "1.a" }, { "Z", "a" }, { "abc", "abcd" }, { "abb", "abc" },
		{ "123.aa2", "123.11" },
		/* After a separator what does not count ends a word; before the next it does not. */
		{ "a.+4", "a.Z+1" }, { "1.+9", "1.5" }, { "0~,2", "0~a" }, { "~", "~~" },
		{ "0-+z", "0-a" }, { "0^_z", "0^a" }, { "1.~a", "1." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(equal); i++) {
		assert_int_equal(version_compare(equal[i][0], equal[i][1]), 0);
		assert_int_equal(version_compare(equal[i][1], equal[i][0]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (sign(version_compare(pairs[i][0], pairs[i][1])) != -1)
			print_error("%s %s\n", pairs[i][0], pairs[i][1]);
		assert_int_equal(sign(version_compare(pairs[i][0], pairs[i][1])), -1);
		assert_int_equal(sign(version_compare(pairs[i][1], pairs[i][0])), 1);
	}
}

/* --- boot counting --- */

static void counters(void **state)
{
	static const struct {
		const char *file, *id;
		int left, done;
	} rows[] = {
		{ "a.conf", "a.conf", -1, -1 },
		{ "a+3.conf", "a.conf", 3, -1 },
		{ "a+0-3.conf", "a.conf", 0, 3 },
		{ "a+2-1.efi", "a.efi", 2, 1 },
		{ "a+007-010.efi", "a.efi", 7, 10 },
		{ "+3.conf", ".conf", 3, -1 },
		{ "a+1+2.conf", "a+1.conf", 2, -1 },
		{ "6.1+deb13.conf", "6.1+deb13.conf", -1, -1 },
		{ "6.1+2.3.conf", "6.1+2.3.conf", -1, -1 },
		{ "a+.conf", "a+.conf", -1, -1 },
		{ "a+3-.conf", "a+3-.conf", -1, -1 },
		{ "a+-3.conf", "a+-3.conf", -1, -1 },
		{ "a+3-2-1.conf", "a+3-2-1.conf", -1, -1 },
		{ "a+3x.conf", "a+3x.conf", -1, -1 },
		{ "a+2147483647.conf", "a.conf", INT32_MAX, -1 },
		{ "a+2147483648.conf", "a+2147483648.conf", -1, -1 },
		{ "a+3-2147483648.conf", "a+3-2147483648.conf", -1, -1 },
		/* Of 18 digits, and of 19. */
		{ "a+000000000000000003.conf", "a.conf", 3, -1 },
		{ "a+0000000000000000003.conf", "a+0000000000000000003.conf", -1, -1 },
		{ "a+18446744073709551617.conf", "a+18446744073709551617.conf", -1, -1 },
		{ "a+3", "a+3", -1, -1 },
		{ "a.b+3", "a.b+3", -1, -1 },
		{ "", "", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int left = 7, done = 7;

		assert_string_equal(entry_id(&tree.arena, rows[i].file, &left, &done), rows[i].id);
		assert_int_equal(left, rows[i].left);
		assert_int_equal(done, rows[i].done);
	}
}

/* --- lines and words --- */

static void lines(void **state)
{
	char text[] = "# a comment\n\n  title  A  B \t\r\n\tlinux\t/a b\nempty\nempty2 \n #x\n"
		      "last v";
	static const char *const expected[][2] = {
		{ "title", "A  B" }, { "linux", "/a b" }, { "empty", "" }, { "empty2", "" },
		{ "last", "v" },
	};
	char *at = text, *key, *value;
	struct names words;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(entry_line(&at, &key, &value));
		assert_string_equal(key, expected[i][0]);
		assert_string_equal(value, expected[i][1]);
	}
	assert_false(entry_line(&at, &key, &value));
	entry_words(&tree.arena, " \t a  bc\td ", &words);
	assert_names(&words, "a bc d");
	free(words.at);
	entry_words(&tree.arena, " ", &words);
	assert_names(&words, "");
	free(words.at);
}

/* --- entries of type 1 --- */

static void read_whole(struct entries *all)
{
	struct place whole = tree_whole(&tree);

	*all = (struct entries){0};
	assert_int_equal(entries_read(&tree, &whole, all), 0);
}

static void an_entry(void **state)
{
	struct entries all;
	const struct entry *e;
	struct said said;

	(void)state;
	put("loader/entries/a+2-1.conf",
	    "title A title\nversion 6.12\nmachine-id 0123\nsort-key debian\narchitecture x64\n"
	    "linux /k1\nlinux /k2\noptions quiet\noptions  root=/dev/a  rw \ninitrd /i1\n"
	    "initrd /i2\ndevicetree /d\nunknown x\ntitle\n");
	put("loader/entries/b.CONF", "efi /b.efi\nprofile 1\n");
	put("loader/entries/c.conf", "uki /c.efi\n");
	put("loader/entries/d.conf", "");
	put("loader/entries/e.conf.bak", "linux /e\n");
	put("loader/entries/.conf", "linux /e\n");
	put("loader/entries/f", "linux /e\n");
	unit_listen(&said);
	read_whole(&all);
	unit_heard(&said);
	assert_string_equal(said.text, "");
	assert_int_equal(all.n, 4);
	e = &all.at[0];
	assert_int_equal(e->type, ENTRY_TYPE1);
	assert_text(e->id, "a.conf");
	assert_text(e->path, "/loader/entries/a+2-1.conf");
	assert_int_equal(e->left, 2);
	assert_int_equal(e->done, 1);
	assert_text(e->title, "A title");
	assert_text(e->version, "6.12");
	assert_text(e->machine_id, "0123");
	assert_text(e->sort_key, "debian");
	assert_text(e->architecture, "x64");
	assert_text(e->kernel, "/k2");
	assert_text(e->options, "quiet root=/dev/a  rw");
	assert_text(e->devicetree, "/d");
	assert_text(e->efi, NULL);
	assert_text(e->profile, NULL);
	assert_names(&e->initrd, "/i1 /i2");
	assert_text(entry_image(e), "/k2");
	assert_text(all.at[1].id, "b.CONF");
	assert_text(all.at[1].profile, "1");
	assert_int_equal(all.at[1].left, ENTRY_NOT_COUNTED);
	assert_int_equal(all.at[1].done, ENTRY_NOT_COUNTED);
	assert_text(entry_image(&all.at[1]), "/b.efi");
	assert_text(entry_image(&all.at[2]), "/c.efi");
	assert_text(entry_image(&all.at[3]), NULL);
	entries_free(&all);
}

/* What cannot be read is left out, aloud; a link that leads nowhere quietly. */
static void entries_that_are_none(void **state)
{
	STRING_AUTO fifo = mem_printf("%s/loader/entries/fifo.conf", dir);
	STRING_AUTO link = mem_printf("%s/loader/entries/link.conf", dir);
	struct entries all;
	struct said said;

	(void)state;
	read_whole(&all);		/* there is no such directory */
	assert_int_equal(all.n, 0);
	entries_free(&all);
	put("loader/entries/dir.conf/a", "");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("/nowhere", link), 0);
	unit_listen(&said);
	read_whole(&all);
	unit_heard(&said);
	assert_int_equal(all.n, 0);
	assert_non_null(strstr(said.text, "left out: //loader/entries/dir.conf: is not a"));
	assert_non_null(strstr(said.text, "left out: //loader/entries/fifo.conf: is not a"));
	assert_ptr_equal(strstr(strstr(said.text, "fifo.conf"), "left out"), NULL);
	assert_ptr_equal(strstr(said.text, "left out"), strstr(said.text, "left out: //loader"));
	entries_free(&all);
}

/* --- entries of type 2: unified kernel images --- */

struct part {
	const char *name, *text;
	size_t size;		/* 0: of the text */
};

/* A PE file with nothing but sections, of which each has a page of the file. */
static void put_image(const char *name, const struct part *parts, size_t n)
{
	size_t size = 4096 * (n + 1 + 32);
	uint8_t *d = mem_alloc(size);

	memset(d, 0, size);
	memcpy(d, "MZ", 2);
	bytes_put(d + 0x3c, 0x40, 4, true);
	memcpy(d + 0x40, "PE\0", 4);
	bytes_put(d + 0x46, n, 2, true);
	for (size_t i = 0; i < n; i++) {
		uint8_t *s = d + 0x58 + 40 * i;
		size_t len = parts[i].size ? parts[i].size : strlen(parts[i].text);

		memcpy(s, parts[i].name, strlen(parts[i].name));
		bytes_put(s + 8, len, 4, true);
		bytes_put(s + 16, round_up64(len, 512), 4, true);
		bytes_put(s + 20, 4096 * (i + 1), 4, true);
		memcpy(d + 4096 * (i + 1), parts[i].text, strlen(parts[i].text));
	}
	unit_write(dir, name, d, size);
	free(d);
}

/* Only where kernels are a file is opened as one. */
static void read_boot(struct entries *all)
{
	struct place boot;

	*all = (struct entries){0};
	assert_int_equal(tree_place(&tree, "/boot", &boot), 0);
	assert_int_equal(entries_read(&tree, &boot, all), 0);
	close(boot.fd);
}

static void images(void **state)
{
	static const struct {
		struct part parts[3];	/* .linux is another */
		const char *title, *version, *sort_key, *options;	/* no title: left out */
		const char *said;
	} rows[] = {
		{ { { ".osrel", "ID=a\nPRETTY_NAME=\"A b\"\nVERSION_ID=1\n", 0 },
		    { ".cmdline", " quiet ro\n", 0 } }, "A b", "1", "a", "quiet ro", "" },
		{ { { ".osrel", "IMAGE_ID=i\nID=a\nNAME=N\nIMAGE_VERSION=2\nVERSION=1", 0 } },
		  "i", "2", "i", NULL, "" },
		{ { { ".osrel", "NAME=N\nID=a\nBUILD_ID=4\nVERSION_ID=3\n", 0 } }, "N", "3", "a",
		  NULL, "" },
		{ { { ".osrel", "XNAME=N\nNAMES=M\nNAME='a \\\"b\\\\ c'\nBUILD_ID=4", 0 } },
		  "a \"b\\ c", "4", NULL, NULL, "" },
		{ { { ".osrel", "NAME=a\nNAME=b\\", 0 } }, "b\\", NULL, NULL, NULL, "" },
		{ { { ".osrel", "NAME=a\nNAME=\" \"\nID=c", 0 } }, "c", NULL, "c", NULL, "" },
		{ { { ".osrel", "VERSION=1\n", 0 } }, NULL, NULL, NULL, NULL,
		  "its os-release has no name" },
		{ { { ".cmdline", "a", 0 } }, NULL, NULL, NULL, NULL,
		  "is no unified kernel image" },
		{ { { ".osrel", "NAME=a", 65536 } }, "a", NULL, NULL, NULL, "" },
		{ { { ".osrel", "NAME=a", 65537 } }, NULL, NULL, NULL, NULL,
		  "is no unified kernel image" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct part parts[4] = { { ".linux", "kernel", 0 } };
		struct entries all;
		struct said said;
		size_t n = 0;

		while (n < 3 && rows[i].parts[n].name) {
			parts[n + 1] = rows[i].parts[n];
			n++;
		}
		clear();
		put_image("boot/EFI/Linux/a+2-1.efi", parts, n + 1);
		unit_listen(&said);
		read_boot(&all);
		unit_heard(&said);
		if (all.n != (rows[i].title != NULL))
			print_error("row %zu: %s\n", i, said.text);
		assert_int_equal(all.n, rows[i].title != NULL);
		assert_non_null(strstr(said.text, rows[i].said));
		assert_true(rows[i].title || strstr(said.text, "left out: "));
		if (rows[i].title) {
			assert_string_equal(said.text, "");
			assert_int_equal(all.at[0].type, ENTRY_TYPE2);
			assert_text(all.at[0].id, "a.efi");
			assert_text(all.at[0].path, "/boot/EFI/Linux/a+2-1.efi");
			assert_text(entry_image(&all.at[0]), "/EFI/Linux/a+2-1.efi");
			assert_int_equal(all.at[0].left, 2);
			assert_int_equal(all.at[0].done, 1);
			assert_text(all.at[0].title, rows[i].title);
			assert_text(all.at[0].version, rows[i].version);
			assert_text(all.at[0].sort_key, rows[i].sort_key);
			assert_text(all.at[0].options, rows[i].options);
		}
		entries_free(&all);
	}
}

static void read_none(struct said *said)
{
	struct entries all;

	unit_listen(said);
	read_boot(&all);
	unit_heard(said);
	assert_int_equal(all.n, 0);
	entries_free(&all);
}

/* No kernel in it, no image at all, one that is cut; and nothing that can be opened. */
static void images_that_are_none(void **state)
{
	static const struct part parts[] = { { ".osrel", "NAME=a", 0 } };
	static const struct part cut[] = { { ".linux", "", 1 }, { ".osrel", "NAME=a", 9999 } };
	STRING_AUTO short_file = mem_printf("%s/boot/EFI/Linux/c.efi", dir);
	struct said said;

	(void)state;
	put_image("boot/EFI/Linux/a.efi", parts, 1);
	put("boot/EFI/Linux/b.efi", "no PE file, though its name says that it is one");
	put_image("boot/EFI/Linux/c.efi", cut, 2);
	assert_int_equal(truncate(short_file, 2 * 4096 + 9998), 0);
	read_none(&said);
	assert_non_null(strstr(said.text, "/a.efi: is no unified kernel image"));
	assert_non_null(strstr(said.text, "/b.efi: is no unified kernel image"));
	assert_non_null(strstr(said.text, "/c.efi: is no unified kernel image"));
}

static void images_that_cannot_be_opened(void **state)
{
	STRING_AUTO link = mem_printf("%s/boot/EFI/Linux/a.efi", dir);
	struct said said;

	(void)state;
	put("boot/EFI/Linux/b.EFI/x", "");
	put("boot/EFI/Linux/c.efi", "");
	assert_int_equal(symlink("/nowhere", link), 0);
	read_none(&said);
	assert_non_null(strstr(said.text, "/EFI/Linux/a.efi: there is no such file in /boot"));
	assert_non_null(strstr(said.text, "/EFI/Linux/b.EFI: is not a regular file"));
	assert_non_null(strstr(said.text, "/c.efi: is empty"));
}

/* --- as many as are read --- */

static void many(void **state)
{
	struct place whole = tree_whole(&tree);
	struct entries all = {0};

	(void)state;
	put("loader/entries/a.conf", "linux /a\n");
	put("boot/vmlinuz-1", "x");
	put("usr/lib/modules/2/vmlinuz", "x");
	all.n = 4095;		/* one by one each is copied 4,000 times */
	all.at = mem_resize(NULL, all.n, sizeof(*all.at));
	memset(all.at, 0, all.n * sizeof(*all.at));
	assert_int_equal(entries_read(&tree, &whole, &all), 0);
	assert_int_equal(all.n, 4096);
	assert_fails(entries_read(&tree, &whole, &all), E2BIG, "has more than 4096 entries");
	assert_int_equal(entries_read_kernels(&tree, &all), 0);
	assert_int_equal(all.n, 4096);
	all.n = 4095;
	assert_int_equal(entries_read_kernels(&tree, &all), 0);
	assert_int_equal(all.n, 4096);
	assert_text(all.at[4095].id, "vmlinuz-1");
	entries_free(&all);
}

/* --- their order --- */

static void order(void **state)
{
	struct made {
		const char *sort_key, *machine_id, *version, *id;
		int left, done;
	};
	/* Each before the next one. */
	static const struct made made[] = {
		{ "a", "1", "2", "a.conf", -1, -1 },
		{ "a", "1", "1", "b.conf", -1, -1 },
		{ "a", "1", "1", "a.conf", -1, -1 },
		{ "a", "1", NULL, "z.conf", -1, -1 },
		{ "a", "2", "9", "a.conf", -1, -1 },
		{ "b", NULL, "1", "a.conf", -1, -1 },
		{ "b", "0", "1", "a.conf", 3, 0 },
		{ NULL, "0", "1", "b-10.conf", -1, -1 },
		{ NULL, "9", "9", "b-9.conf", -1, -1 },
		{ NULL, NULL, NULL, "a.conf", -1, -1 },
		{ NULL, NULL, NULL, "a.conf", 5, 0 },
		{ NULL, NULL, NULL, "a.conf", 5, 2 },
		{ NULL, NULL, NULL, "a.conf", 5, -1 },
		{ NULL, NULL, NULL, "a.conf", 4, 0 },
		{ "a", "1", "2", "a.conf", 0, 3 },
		{ NULL, NULL, NULL, "z.conf", 0, 0 },
	};
	struct entry e[ARRAY_SIZE(made)];
	struct entries all = {0};
	struct place whole = tree_whole(&tree);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		e[i] = (struct entry){ .sort_key = made[i].sort_key, .version = made[i].version,
				       .machine_id = made[i].machine_id, .id = made[i].id,
				       .left = made[i].left, .done = made[i].done, .path = "" };
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		for (size_t k = 0; k < ARRAY_SIZE(made); k++) {
			int is = sign(entry_compare(&e[i], &e[k]));

			if (is != sign((i > k) - (i < k)))
				print_error("%zu %zu: %d\n", i, k, is);
			assert_int_equal(is, (i > k) - (i < k));
		}
	entries_sort(&all, true);	/* of none there is nothing to sort */
	for (size_t i = ARRAY_SIZE(made); i-- > 0;) {
		struct entry *last = entries_add(&all, ENTRY_TYPE1, &whole, made[i].id);

		assert_int_equal(last->menu, -1);
		*last = e[i];
		last->path = i ? "2" : "1";
	}
	entries_sort(&all, false);
	for (size_t i = 0; i < all.n; i++)
		assert_ptr_equal(all.at[i].id, made[i].id);
	/* GRUB: by the name alone, the newest first; of equal ones by the path. */
	entries_sort(&all, true);
	assert_text(all.at[0].id, "z.conf");
	assert_text(all.at[2].id, "b.conf");
	assert_text(all.at[3].id, "b-10.conf");
	assert_text(all.at[4].id, "b-9.conf");
	assert_text(all.at[5].path, "1");
	assert_text(all.at[6].path, "2");
	entries_free(&all);
}

/* --- kernels --- */

static void kernels(void **state)
{
	static const char *const files[] = {
		"boot/vmlinuz-1", "boot/initrd.img-1", "boot/vmlinux-2", "boot/initramfs-2.img",
		"boot/Image-3", "boot/initrd-3", "boot/image-4", "boot/initrd.img-4",
		"boot/initrd-4", "boot/vmlinuz-", "boot/vmlinuz-5.old", "boot/vmlinuz-5.sig",
		"boot/vmlinuz-5.dpkg-new", "boot/vmlinuz", "boot/other-5",
		"usr/lib/modules/1/vmlinuz", "usr/lib/modules/6/vmlinux",
		"usr/lib/modules/6/vmlinuz", "usr/lib/modules/7/image", "usr/lib/modules/8/other",
	};
	static const struct {
		const char *id, *kernel, *version, *initrd;
	} rows[] = {
		{ "Image-3", "/boot/Image-3", "3", "/boot/initrd-3" },
		{ "image-4", "/boot/image-4", "4", "/boot/initrd.img-4" },
		{ "vmlinux-2", "/boot/vmlinux-2", "2", "/boot/initramfs-2.img" },
		{ "vmlinuz-1", "/boot/vmlinuz-1", "1", "/boot/initrd.img-1" },
		{ "vmlinuz-6", "/usr/lib/modules/6/vmlinuz", "6", "" },
		{ "image-7", "/usr/lib/modules/7/image", "7", "" },
	};
	struct entries all = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i], "x");
	assert_int_equal(entries_read_kernels(&tree, &all), 0);
	assert_int_equal(all.n, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(all.at[i].type, ENTRY_KERNEL);
		assert_text(all.at[i].id, rows[i].id);
		assert_text(all.at[i].kernel, rows[i].kernel);
		assert_text(all.at[i].path, rows[i].kernel);
		assert_text(all.at[i].version, rows[i].version);
		assert_names(&all.at[i].initrd, rows[i].initrd);
	}
	entries_free(&all);
}

/* --- what systemd-boot would start --- */

#define VENDOR	"-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

/* A variable of UEFI's: attributes, then UTF-16 with a NUL. */
static void put_variable(const char *name, const char *text)
{
	STRING_AUTO path = mem_printf("sys/firmware/efi/efivars/%s" VENDOR, name);
	BUF_AUTO out = {0};

	buf_add(&out, "\7\0\0\0", 4);
	for (const char *s = text;; s++) {
		buf_add(&out, (char[]){ *s, 0 }, 2);
		if (!*s)
			break;
	}
	unit_write(dir, path, out.data, out.len);
}

static void put_entry(const char *name)
{
	STRING_AUTO path = mem_printf("boot/loader/entries/%s", name);

	put(path, "linux /vmlinuz\n");
}

static void chosen_of_entries(void **state)
{
	static const struct {
		const char *conf, *variables[4][2];
		const char *id, *why;	/* why: or the refusal */
	} rows[] = {
		{ NULL, { { NULL } }, "c.conf", "the first one" },
		{ "default b*\n", { { NULL } }, "b.conf", "default in loader.conf" },
		{ "default B.CONF\n", { { NULL } }, "b.conf", "default in loader.conf" },
		{ "default x\n", { { NULL } }, "c.conf", "the first one" },
		{ "default\n", { { NULL } }, "c.conf", "the first one" },
		{ "timeout 3\ndefault x\ndefault b.conf\n", { { NULL } }, "b.conf",
		  "default in loader.conf" },
		{ "preferred b.conf\ndefault a.conf\n", { { NULL } }, "b.conf",
		  "preferred in loader.conf" },
		{ "preferred z.conf\ndefault z.conf\n", { { NULL } }, "z.conf",
		  "default in loader.conf" },	/* z has no boots left */
		{ "preferred\n", { { NULL } }, "c.conf", "the first one" },
		{ "default b.conf\n", { { "LoaderEntryDefault", "a.conf" } }, "a.conf",
		  "LoaderEntryDefault" },
		{ "default b.conf\n", { { "LoaderEntryDefault", "x.conf" } }, "b.conf",
		  "default in loader.conf" },
		{ "preferred b.conf\n", { { "LoaderEntryPreferred", "a.conf" } }, "a.conf",
		  "LoaderEntryPreferred" },
		{ "preferred b.conf\n", { { "LoaderEntryOneShot", "a.conf" } }, "a.conf",
		  "LoaderEntryOneShot, for one boot" },
		{ "default @saved\n", { { "LoaderEntryLastBooted", "a.conf" } }, "a.conf",
		  "LoaderEntryLastBooted: the default is @saved" },
		{ "default b.conf\n",
		  { { "LoaderEntryLastBooted", "a.conf" }, { "LoaderEntryDefault", "@SAVED" } },
		  "a.conf", "LoaderEntryLastBooted: the default is @saved" },
		{ "default @saved\n",
		  { { "LoaderEntryLastBooted", "a.conf" }, { "LoaderEntryDefault", "b.conf" } },
		  "b.conf", "LoaderEntryDefault" },
		{ "default b.conf\n", { { "LoaderEntryLastBooted", "a.conf" } }, "b.conf",
		  "default in loader.conf" },
		{ NULL,
		  { { "LoaderEntries", "auto-windows" }, { "LoaderEntryDefault", "auto-win*" } },
		  NULL, "would start auto-windows, which is no kernel of Linux" },
		{ NULL, { { "LoaderEntries", "windows" }, { "LoaderEntryDefault", "win*" } },
		  "c.conf", "the first one" },
		{ NULL,
		  { { "LoaderEntries", "auto-a" }, { "LoaderEntryDefault", "auto-b" } }, "c.conf",
		  "the first one" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entries all;
		struct choice c = {0};
		struct loader l;
		int rc;

		clear();
		put("boot/EFI/systemd/x", "");
		put("boot/vmlinuz", "x");
		put_entry("a.conf");
		put_entry("b.conf");
		put_entry("c+1-0.conf");
		put_entry("z+0-3.conf");
		put("boot/loader/entries/d.conf", "linux /missing\n");
		put("boot/loader/entries/e.conf", "title of nothing\n");
		put("boot/loader/entries/auto-f.conf", "linux /vmlinuz\n");
		put("proc/sys/kernel/arch", "x86_64\n");
		put("boot/loader/entries/g.conf", "linux /vmlinuz\narchitecture AA64\n");
		if (rows[i].conf)
			put("boot/loader/loader.conf", rows[i].conf);
		for (size_t k = 0; k < 4 && rows[i].variables[k][0]; k++)
			put_variable(rows[i].variables[k][0], rows[i].variables[k][1]);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(l.kind, LOADER_SPECIFICATION);
		assert_text(l.name, "systemd-boot (it is installed)");
		assert_text(l.machine, "x64");
		rc = loader_choose(&tree, &l, &all, &c);
		if (rows[i].id) {
			assert_int_equal(rc, 0);
			if (strcmp(c.entry->id, rows[i].id))
				print_error("row %zu: %s\n", i, c.entry->id);
			assert_text(c.entry->id, rows[i].id);
			assert_text(c.why, rows[i].why);
			assert_true(!!c.note == !strcmp(c.why, "LoaderEntryOneShot, for one boot"));
		} else {
			assert_int_equal(rc, -EINVAL);
			assert_non_null(strstr(fail_text(), rows[i].why));
		}
		entries_free(&all);
		loader_free(&l);
	}
}

/* UTF-16 of any kind: pairs, halves of pairs, an odd byte, no NUL at the end. */
static void names_of_loaders(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *name;	/* NULL: nobody says anything */
	} rows[] = {
		{ "a\0b\0\0\0", 6, "ab" },
		{ "a\0b\0", 4, "ab" },
		{ "a\0b\0c", 5, "ab" },
		{ "\x7f\0\x80\0\0\0", 6, "\x7f\xc2\x80" },
		{ "\xff\x07\0\x08\0\0", 6, "\xdf\xbf\xe0\xa0\x80" },
		{ "\xff\xff\0\0", 4, "\xef\xbf\xbf" },
		{ "\0\xd8\0\xdc\0\0", 6, "\xf0\x90\x80\x80" },
		{ "\xff\xdb\xff\xdf\0\0", 6, "\xf4\x8f\xbf\xbf" },
		{ "\0\xd8\0\xdc", 4, "\xf0\x90\x80\x80" },
		{ "\0\xd8\0\0", 4, "\xef\xbf\xbd" },
		{ "\0\xd8", 2, "\xef\xbf\xbd" },
		{ "\0\xdc\0\0", 4, "\xef\xbf\xbd" },
		{ "\xff\xdf" "a\0", 4, "\xef\xbf\xbd" "a" },
		{ "\0\xd8\xff\xdb\0\xdc", 6, "\xef\xbf\xbd\xf4\x8f\xb0\x80" },
		{ "\0\xe0\0\0", 4, "\xee\x80\x80" },
		{ "\xff\xd7\0\0", 4, "\xed\x9f\xbf" },
		{ "\0\xd8\0\xe0", 4, "\xef\xbf\xbd\xee\x80\x80" },
		{ "\0\0a\0", 4, "a" },		/* an empty one is none */
		{ "", 0, NULL },
		{ "\0\0", 2, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		BUF_AUTO out = {0};
		struct entries all;
		struct loader l;
		STRING_AUTO name = mem_printf("%s (says LoaderInfo)", rows[i].name);

		clear();
		put("boot/EFI/systemd/x", "");
		put_entry("a.conf");
		buf_add(&out, "\7\0\0\0", 4);
		buf_add(&out, rows[i].bytes, rows[i].len);
		unit_write(dir, "sys/firmware/efi/efivars/LoaderInfo" VENDOR, out.data, out.len);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_text(l.name, rows[i].name ? name : "systemd-boot (it is installed)");
		entries_free(&all);
		loader_free(&l);
	}
}

/* --- GRUB --- */

#define CFG	"boot/grub/grub.cfg"
#define ENTRY(name)	"menuentry '" name "' {\n linux /boot/vmlinuz-" name " " name "\n}\n"
#define THREE	ENTRY("a") ENTRY("b") ENTRY("c")

/* What is started by which script; of what only GRUB knows the refusal says on what it depends. */
static void chosen_of_scripts(void **state)
{
	static const struct {
		const char *script, *env;
		const char *title, *why;	/* title NULL: the refusal */
	} rows[] = {
		{ THREE, NULL, "a", "the first of GRUB's menu" },
		{ "set default=1\n" THREE, NULL, "b", "the default of grub.cfg" },
		{ "set default=\"1\"\n" THREE, NULL, "b", "the default of grub.cfg" },
		{ "default='c'\n" THREE, NULL, "c", "the default of grub.cfg" },
		{ "set default=x\n" THREE, NULL, "a",
		  "the first: x, the default of grub.cfg, is not in GRUB's menu" },
		{ "set default=3\n" THREE, NULL, "a",
		  "the first: 3, the default of grub.cfg, is not in GRUB's menu" },
		{ "set default=\"${saved_entry}\"\n" THREE, "saved_entry=b\n", "b",
		  "saved_entry of GRUB's environment block" },
		{ "set default=\"$saved_entry\"\n" THREE, NULL, "a", "the first of GRUB's menu" },
		{ "if [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\nelse\n"
		  " set default=\"${saved_entry}\"\nfi\n" THREE,
		  "# GRUB Environment Block\nsaved_entry=b\nnext_entry=c\n####", "c",
		  "next_entry of GRUB's environment block, which stays there" },
		{ "if [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\nelse\n"
		  " set default=\"${saved_entry}\"\nfi\n" THREE,
		  "saved_entry=b\nnext_entry=\n", "b", "saved_entry of GRUB's environment block" },
		/* "\" before "\" and before a newline; the last one counts. */
		{ "set default=\"${saved_entry}\"\n" THREE, "saved_entry=a\nsaved_entry=\\b\n", "b",
		  "saved_entry of GRUB's environment block" },
		{ "set default=\"$x\"\n" THREE, "x=b\\\nc\n", "a",
		  "the first: b\nc, the default of grub.cfg, is not in GRUB's menu" },
		{ "if true; then default=1; fi\n" THREE, NULL, "b", "the default of grub.cfg" },
		{ "if false; then default=1; fi\n" THREE, NULL, "a", "the first of GRUB's menu" },
		{ "if false; then default=1; elif true; then default=2; fi\n" THREE, NULL, "c",
		  "the default of grub.cfg" },
		{ "if true; then default=1; elif true; then default=2; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if true; then default=1; else default=2; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if [ a = b -o 3 -gt 2 ]; then default=1; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if [ a = a -a 2 -gt 2 ]; then default=1; fi\n" THREE, NULL, "a",
		  "the first of GRUB's menu" },
		{ "if [ ! a = b ]; then default=1; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if test -z \"$x\"; then default=1; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if test -n \"$x\"; then default=1; fi\n" THREE, NULL, "a",
		  "the first of GRUB's menu" },
		{ "if [ 2 -le 2 -a 2 -ge 2 -a 1 -lt 2 -a 1 -ne 2 -a 2 -eq 02 -a a != b -a"
		  " a == a ]; then default=1; fi\n" THREE, NULL, "b", "the default of grub.cfg" },
		{ "if [ -f /boot/grub/grub.cfg ]; then default=1; fi\n" THREE, NULL, "b",
		  "the default of grub.cfg" },
		{ "if [ -f /boot/grub/none ]; then default=1; fi\n" THREE, NULL, "a",
		  "the first of GRUB's menu" },
		{ "if [ $grub_platform = efi ]; then default=1; fi\n" THREE, NULL, NULL,
		  "is decided by $grub_platform, of which only GRUB knows" },
		{ "if [ -f /other ]; then default=1; fi\n" THREE, NULL, NULL, "is decided by" },
		{ "keystatus --shift && default=1\n" THREE, NULL, NULL,
		  "is decided by the command before it" },
		{ "function f {\n default=1\n}\nf\n" THREE, NULL, NULL, "the function f" },
		{ "function f {\n default=1\n}\n" THREE, NULL, "a", "the first of GRUB's menu" },
		{ "default=1\nunset default\n" THREE, NULL, "a", "the first of GRUB's menu" },
		{ "set default='m>1'\nsubmenu m {\n" THREE "}\n", NULL, "b",
		  "the default of grub.cfg" },
		{ "set default='m>>>1'\nsubmenu 'm>' {\n" THREE "}\n", NULL, "b",
		  "the default of grub.cfg" },
		{ "set default='0>c'\nsubmenu m {\n" THREE "}\n", NULL, "c",
		  "the default of grub.cfg" },
		{ "set default=1\nsubmenu m {\n" ENTRY("x") "}\n" THREE, NULL, "a",
		  "the default of grub.cfg" },
		{ "set default=i\n" ENTRY("a") "menuentry b --id i {\n linux /boot/b b\n}\n", NULL,
		  "b", "the default of grub.cfg" },
		{ "set default=\"$menuentry_id_option\"\n" THREE, NULL, "a",
		  "the first of GRUB's menu" },
		{ "# set default=1\nset default=2 # 1\n" THREE, NULL, "c",
		  "the default of grub.cfg" },
		{ "set \\\n default=1\n" THREE, NULL, "b", "the default of grub.cfg" },
		{ "source /boot/grub/custom.cfg\n" THREE, NULL, "c", "the default of grub.cfg" },
		{ "source /boot/grub/none.cfg\n" THREE, NULL, "a", "the first of GRUB's menu" },
		{ "source /elsewhere.cfg\nset default=x\n" THREE, NULL, NULL,
		  "it also reads /elsewhere.cfg, which cannot be known" },
		{ "menuentry nothing {\n chainloader +1\n}\n", NULL, NULL,
		  "GRUB would start \"nothing\", which is no kernel of Linux" },
		{ "\n", NULL, NULL, "grub.cfg has no entry in its menu" },
		{ "if [ $grub_platform = efi ]; then\n" ENTRY("x") "fi\n" THREE, NULL, NULL,
		  "whether GRUB would start \"x\" is decided by $grub_platform" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entries all;
		struct choice c = {0};
		struct loader l;
		int rc;

		clear();
		put(CFG, rows[i].script);
		put("boot/grub/custom.cfg", "set default=2\n");
		if (rows[i].env)
			put("boot/grub/grubenv", rows[i].env);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(l.kind, LOADER_GRUB);
		rc = loader_choose(&tree, &l, &all, &c);
		if (!rows[i].title && (rc >= 0 || !strstr(fail_text(), rows[i].why)))
			print_error("row %zu: %d %s\n", i, rc, fail_text());
		if (rows[i].title && (rc < 0 || strcmp(c.entry->title, rows[i].title) ||
				      strcmp(c.why, rows[i].why)))
			print_error("row %zu: %d %s %s\n", i, rc,
				    rc < 0 ? fail_text() : c.entry->title, rc < 0 ? "" : c.why);
		if (rows[i].title) {
			assert_int_equal(rc, 0);
			assert_text(c.entry->title, rows[i].title);
			assert_text(c.why, rows[i].why);
		} else {
			assert_true(rc < 0);
			assert_non_null(strstr(fail_text(), rows[i].why));
		}
		entries_free(&all);
		loader_free(&l);
	}
}

/* What an entry loads, and what makes nobody know it. */
static void bodies(void **state)
{
	static const struct {
		const char *body;
		const char *kernel, *options, *initrd;
		const char *doubt;	/* NULL: it is known */
	} rows[] = {
		{ "linux /boot/k a b=c", "/boot/k", "a b=c", "", NULL },
		{ "linux16 /boot/k a\ninitrd16 /i /j", "/boot/k", "a", "/i /j", NULL },
		{ "linuxefi /boot/k\ninitrdefi /i", "/boot/k", "", "/i", NULL },
		{ "linuxes /boot/k", NULL, NULL, "", NULL },
		{ "linux", NULL, NULL, "", NULL },
		{ "linux /boot/k 'a b' c\\\"d e\\'f", "/boot/k", "\"a b\" c\\\"d e\\'f", "", NULL },
		{ "set x='1 2'\nlinux /boot/k $x \"$x\"", "/boot/k", "1 2 \"1 2\"", "", NULL },
		{ "linux /boot/k a$x", "/boot/k", "a", "", "it has $x, which nothing sets" },
		{ "linux /boot/k $x", "/boot/k", "", "", "it has $x, which nothing sets" },
		{ "linux /boot/k $vt_handoff", "/boot/k", "", "", NULL },
		{ "linux /boot/k $grub_cpu", "/boot/k", "", "",
		  "it has $grub_cpu, of which only GRUB knows what it is" },
		{ "initrd /i\ninitrd /j ''", NULL, NULL, "/j", NULL },
		{ "linux ($root)/boot/k", "/boot/k", "", "", NULL },
		{ "linux (hd1)/boot/k", "(hd1)/boot/k", "", "", "(hd1)/boot/k is on another disk" },
		{ "if [ $grub_cpu = i386 ]; then\nlinux /boot/k\nfi", "/boot/k", "", "",
		  "what it loads is decided by $grub_cpu, of which only GRUB knows what it is" },
		{ "search --set=root --fs-uuid 12-34\nlinux (12-34)/k", "/k", "", "", NULL },
		{ "search --set=x --file /k\nlinux /k $x", "/k", "", "",
		  "it has $x, of which only GRUB knows what it is" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO script = mem_printf("menuentry e {\n%s\n}\n", rows[i].body);
		struct entries all = {0};
		struct grub g;
		const struct entry *e;

		clear();
		put(CFG, script);
		assert_int_equal(grub_read(&tree, &g, &all), 0);
		assert_int_equal(all.n, 1);
		e = &all.at[0];
		if (!e->doubt != !rows[i].doubt)
			print_error("row %zu: %s\n", i, e->doubt ? e->doubt : "");
		assert_text(e->title, "e");
		assert_text(e->kernel, rows[i].kernel);
		assert_text(e->options, rows[i].options);
		assert_names(&e->initrd, rows[i].initrd);
		assert_text(e->doubt, rows[i].doubt);
		entries_free(&all);
		grub_free(&g);
	}
}

/* As deep as it is followed, and deeper. */
static void depths(void **state)
{
	static const char *const opens[][2] = {
		{ "if true; then\n", "fi\n" }, { "submenu m {\n", "}\n" }, { "f {\n", "}\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(opens); i++) {
		BUF_AUTO script = {0};
		struct entries all = {0};
		struct grub g;
		int n = 32 + (int)(i & 1);

		for (int k = 0; k < n; k++)
			buf_printf(&script, "%s", opens[i / 2][0]);
		for (int k = 0; k < n; k++)
			buf_printf(&script, "%s", opens[i / 2][1]);
		clear();
		put(CFG, (char *)script.data);
		if (i & 1)
			assert_fails(grub_read(&tree, &g, &all), EINVAL,
				     "/boot/grub/grub.cfg: has braces in braces in braces");
		else
			assert_int_equal(grub_read(&tree, &g, &all), 0);
		entries_free(&all);
		grub_free(&g);
	}
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Emulators of older kernels have no openat2: then no file of a tree can be opened. */
static bool opens_trees(void)
{
	struct place whole;
	bool opens;

	if (tree_open(&tree, "/") < 0)
		return true;
	whole = tree_whole(&tree);
	opens = place_has(&whole, "/");
	tree_close(&tree);
	return opens || !unit_is_emulated();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),	/* the only one without a tree */
		IN_A_TREE(counters),
		IN_A_TREE(lines),
		IN_A_TREE(an_entry),
		IN_A_TREE(entries_that_are_none),
		IN_A_TREE(images),
		IN_A_TREE(images_that_are_none),
		IN_A_TREE(images_that_cannot_be_opened),
		IN_A_TREE(many),
		IN_A_TREE(order),
		IN_A_TREE(kernels),
		IN_A_TREE(chosen_of_entries),
		IN_A_TREE(names_of_loaders),
		IN_A_TREE(chosen_of_scripts),
		IN_A_TREE(bodies),
		IN_A_TREE(depths),
	};

	return _cmocka_run_group_tests("next-boot", tests,
				       opens_trees() ? ARRAY_SIZE(tests) : 1, NULL, NULL);
}
