// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What a boot loader would start: files of a tree, versions, entries with their boot counters and
 * their order, loader.conf and UEFI's variables, GRUB's environment and what is followed of its
 * script.
 */
#include "tests/unit/boot-tree.h"

#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "next-boot/loader.h"
#include "next-boot/version.h"

static char *dir;
static struct tree tree;
static int n_open;

static int open_files(void)
{
	DIR *fds = opendir(SELF_FDS);
	int n = 0;

	assert_non_null(fds);
	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

/* What is opened next is descriptor 0, which is one like others. */
static void open_tree(const char *root)
{
	int first = open("/dev/null", O_RDONLY);

	assert_int_equal(tree_open(&tree, root), 0);
	close(first);
}

static int setup(void **state)
{
	(void)state;
	close(STDIN_FILENO);
	n_open = open_files();
	dir = unit_directory();
	open_tree(dir);
	return 0;
}

/* Whatever was opened has been closed. */
static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	unit_remove(dir);
	fail_forget();
	return open_files() == n_open ? 0 : -1;
}

static void put(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

/* Of what setup() made nothing is left. */
static void clear(void)
{
	assert_int_equal(teardown(NULL), 0);
	setup(NULL);
}

/* A link to itself, which can be neither followed nor read, where @name is. */
static void put_loop(const char *name)
{
	STRING_AUTO beside = mem_printf("%s.d", name);
	STRING_AUTO path = mem_printf("%s/%s", dir, name);

	put(beside, "");	/* the directories */
	assert_int_equal(symlink(strrchr(path, '/') + 1, path), 0);
}

static void put_link(const char *name, const char *target)
{
	STRING_AUTO path = mem_printf("%s/%s", dir, name);

	assert_int_equal(symlink(target, path), 0);
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

/* --- files of a tree --- */

#define TOO_MANY_LINKS	"Too many levels of symbolic links"

static void put_kernels(void)
{
	static const char *const names[] = {
		"boot/k", "boot/dir/x", "bootx/k", "efi/k", "usr/lib/modules/1/k",
		"lib/modules/1/k", "etc/secret",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put(names[i], names[i]);
	put_link("k", "boot/k");
	put_link("boot/inside", "dir/../dir/x");
	put_link("boot/outside", "/etc/secret");
	put_link("boot/nowhere", "/none");
	put_loop("boot/loop");
}

/* Who has a place as root finds what is in it; of the whole tree that where kernels are. */
static void files_of_trees(void **state)
{
	static const struct {
		const char *place, *path;
		int err;
		const char *found;	/* or the message */
	} rows[] = {
		{ "/", "/boot/k", 0, "/boot/k" },
		{ "/", "/k", 0, "/boot/k" },
		{ "/", "/efi/k", 0, "/efi/k" },
		{ "/", "/usr/lib/modules/1/k", 0, "/usr/lib/modules/1/k" },
		{ "/", "/lib/modules/1/k", 0, "/lib/modules/1/k" },
		{ "/", "/../boot/k", 0, "/boot/k" },
		{ "/boot", "/k", 0, "/boot/k" },
		{ "/boot", "k", 0, "/boot/k" },
		{ "/boot", "/inside", 0, "/boot/dir/x" },
		{ "/boot", "/../../k", 0, "/boot/k" },
		{ "/etc", "/secret", 0, "/etc/secret" },
		{ "/", "/etc/secret", EXDEV, "/etc/secret: is not where kernels are: /boot, /efi" },
		{ "/", "/boot/outside", EXDEV, "/boot/outside: is not where kernels are" },
		{ "/", "/boot/../etc/secret", EXDEV, "is not where kernels are" },
		{ "/", "/bootx/k", EXDEV, "is not where kernels are" },
		{ "/boot", "/outside", ENOENT, "/outside: there is no such file in /boot" },
		{ "/boot", "/nowhere", ENOENT, "/nowhere: there is no such file in /boot" },
		{ "/boot", "/../etc/secret", ENOENT, "there is no such file in /boot" },
		{ "/boot", "/none", ENOENT, "/none: there is no such file in /boot" },
		{ "/boot", "/k/x", ENOENT, "/k/x: there is no such file in /boot" },
		{ "/boot", "/dir", EINVAL, "/dir: is not a regular file" },
		{ "/boot", "/loop", ELOOP, "/boot/loop: " TOO_MANY_LINKS },
		{ "/", "/boot/loop", ELOOP, "/boot/loop: " TOO_MANY_LINKS },
	};

	(void)state;
	put_kernels();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool whole = !strcmp(rows[i].place, "/");
		struct place p = tree_whole(&tree);
		const char *found = "none";

		if (!whole)
			assert_int_equal(tree_place(&tree, rows[i].place, &p), 0);
		if (rows[i].err) {
			assert_fails(place_find(&tree, &p, rows[i].path, &found), rows[i].err,
				     rows[i].found);
			assert_text(found, "none");
		} else {
			STRING_AUTO file = mem_printf("%s%s", dir, rows[i].found);

			assert_int_equal(place_find(&tree, &p, rows[i].path, &found), 0);
			assert_text(found, file);
		}
		assert_int_equal(place_has(&p, rows[i].path),
				 rows[i].err != ENOENT && rows[i].err != ELOOP);
		if (!whole)
			close(p.fd);
	}
}

/* Of which the root has no name of its own. */
static void files_of_the_whole_machine(void **state)
{
	STRING_AUTO boot = mem_printf("%s/boot", dir);
	STRING_AUTO kernel = mem_printf("%s/k", boot);
	STRING_AUTO loop = mem_printf("%s/loop: " TOO_MANY_LINKS, boot);
	struct place whole, p;
	const char *found;

	(void)state;
	put_kernels();
	tree_close(&tree);
	open_tree("/");
	whole = tree_whole(&tree);
	assert_int_equal(tree_place(&tree, boot, &p), 0);
	assert_int_equal(place_find(&tree, &p, "/k", &found), 0);
	assert_text(found, kernel);
	assert_fails(place_find(&tree, &p, "/loop", &found), ELOOP, loop);
	assert_fails(place_find(&tree, &whole, kernel, &found), EXDEV, "is not where kernels are");
	close(p.fd);
}

/* A place that is not of the tree; and a file whose name is too long for the kernel to say it. */
static void files_that_are_elsewhere(void **state)
{
	char *other = unit_directory(), name[241] = { 0 };
	struct place p = { "/other", open(other, O_PATH) };
	const char *found;
	int at, next;

	(void)state;
	unit_write(other, "k", "k", 1);
	assert_fails(place_find(&tree, &p, "/k", &found), EXDEV, "/k: is not below ");
	close(p.fd);
	unit_remove(other);
	memset(name, 'a', 240);
	at = open(dir, O_PATH);
	for (int i = 0; i < 18; i++) {
		assert_int_equal(mkdirat(at, name, 0700), 0);
		next = openat(at, name, O_PATH);
		close(at);
		at = next;
	}
	close(openat(at, "k", O_CREAT | O_WRONLY, 0600));
	p.fd = at;
	assert_fails(place_find(&tree, &p, "/k", &found), ENAMETOOLONG, "/k: ");
	close(at);
}

static void texts(void **state)
{
	static const struct {
		size_t len;
		int err;
	} rows[] = {
		{ 0, 0 }, { 1, 0 }, { 65536, 0 }, { 65537, 0 }, { TREE_TEXT_MAX - 1, 0 },
		{ TREE_TEXT_MAX, 0 }, { TREE_TEXT_MAX + 1, EFBIG },
		{ 2 * TREE_TEXT_MAX, EFBIG },
	};
	char *text = mem_alloc(2 * TREE_TEXT_MAX);
	struct place whole = tree_whole(&tree);
	struct buf out;

	(void)state;
	for (size_t i = 0; i < 2 * TREE_TEXT_MAX; i++)
		text[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_write(dir, "text", text, rows[i].len);
		if (rows[i].err) {
			assert_fails(place_text(&tree, &whole, "text", &out), rows[i].err,
				     "//text: is larger than any such file is");
			assert_null(out.data);
			continue;
		}
		assert_int_equal(place_text(&tree, &whole, "text", &out), 0);
		assert_int_equal(out.len, rows[i].len);
		assert_memory_equal(out.data, text, out.len);
		assert_int_equal(out.data[out.len], 0);
		buf_free(&out);
	}
	free(text);
	put("dir/x", "");
	put_loop("loop");
	fail_forget();
	assert_int_equal(place_text(&tree, &whole, "/none", &out), -ENOENT);
	assert_int_equal(place_text(&tree, &whole, "/text/x", &out), -ENOENT);
	assert_string_equal(fail_text(), "");
	assert_fails(place_text(&tree, &whole, "/dir", &out), EINVAL, "is not a regular file");
	assert_fails(place_text(&tree, &whole, "/loop", &out), ELOOP, "/loop: " TOO_MANY_LINKS);
	assert_null(out.data);
}

static void lists(void **state)
{
	struct place whole = tree_whole(&tree);
	struct names names;

	(void)state;
	put("dir/b", "");
	put("dir/a", "");
	put("dir/B", "");
	put("dir/.hidden", "");
	put("dir/c.d", "");
	put("dir/\xff", "");
	put("dir/1", "");
	put("empty/.hidden", "");
	put_loop("loop");
	assert_int_equal(place_list(&tree, &whole, "/dir", &names), 0);
	assert_names(&names, "1 B a b c.d \xff");
	free(names.at);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(place_list(&tree, &whole,
					    ((const char *[]){ "/empty", "/none", "/dir/a" })[i],
					    &names), 0);
		assert_int_equal(names.n, 0);
		assert_string_equal(fail_text(), "");
	}
	assert_fails(place_list(&tree, &whole, "/loop", &names), ELOOP, "/loop: " TOO_MANY_LINKS);
	assert_int_equal(names.n, 0);
}

static void trees_that_are_none(void **state)
{
	STRING_AUTO none = mem_printf("%s/none", dir);
	STRING_AUTO file = mem_printf("%s/file", dir);
	struct tree t;
	struct place p;

	(void)state;
	put("file", "");
	assert_fails(tree_open(&t, none), ENOENT, "/none: No such file or directory");
	assert_fails(tree_open(&t, file), ENOTDIR, "/file: Not a directory");
	assert_int_equal(tree_place(&tree, "/none", &p), -ENOENT);
	assert_int_equal(tree_place(&tree, "/file", &p), -ENOENT);
	assert_string_equal(fail_text(), "");
	/* Descriptor 0 is one, too. */
	assert_int_equal(tree_open(&t, dir), 0);
	assert_int_equal(t.fd, 0);
	p = tree_whole(&t);
	assert_true(place_has(&p, "file"));
	tree_close(&t);
}

static int find_kernel(struct place *whole)
{
	const char *found;

	return place_find(&tree, whole, "/boot/k", &found);
}

static int read_kernel(struct place *whole)
{
	struct buf out;

	return place_text(&tree, whole, "/boot/k", &out);
}

static int list_boot(struct place *whole)
{
	struct names names;

	return place_list(&tree, whole, "/boot", &names);
}

/* The child's status: 0, or what was not as it should be. */
static int fails_in_child(const long *calls, int err, int (*f)(struct place *), const char *text)
{
	struct place whole = tree_whole(&tree);
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		for (; *calls >= 0; calls++)
			unit_let_fail(*calls, err);
		if (f(&whole) != -err)
			_exit(3);
		_exit(strstr(fail_text(), text) ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* What never happens to a file is an error all the same. */
static void calls_that_fail(void **state)
{
	static const struct {
		long calls[4];
		int err;
		int (*f)(struct place *whole);
		const char *text;
	} rows[] = {
		{ { SYS_openat2, -1 }, ENOSYS, find_kernel,
		  "/boot/k: the running kernel has no openat2 (Linux 5.6)" },
		{ { SYS_openat2, -1 }, EIO, find_kernel, "/boot/k: Input/output error" },
		{ { SYS_read, -1 }, EIO, read_kernel, "/boot/k: Input/output error" },
		{ { SYS_fcntl, -1 }, EIO, list_boot, "/boot: Input/output error" },
		{ { SYS_getdents64, -1 }, EIO, list_boot, "/boot: Input/output error" },
		{ { SYS_fstat, SYS_newfstatat, SYS_statx, -1 }, EIO, find_kernel,
		  "/boot/k: Input/output error" },
	};

	(void)state;
	if (unit_is_emulated())
		return;
	put_kernels();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status = fails_in_child(rows[i].calls, rows[i].err, rows[i].f, rows[i].text);

		if (status)
			print_error("row %zu: %#x\n", i, (unsigned int)status);
		assert_int_equal(status, 0);
	}
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
		/* After a separator what does not count ends a word. */
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
		{ "default b.conf\nother a.conf\ndefault\n", { { NULL } }, "b.conf",
		  "default in loader.conf" },
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
		{ "\0\xdc\0\xdc", 4, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xff\xdf" "a\0", 4, "\xef\xbf\xbd" "a" },
		{ "\0\xd8\xff\xdb\0\xdc", 6, "\xef\xbf\xbd\xf4\x8f\xb0\x80" },
		{ "\0\xe0\0\0", 4, "\xee\x80\x80" },
		{ "\xff\xd7\0\0", 4, "\xed\x9f\xbf" },
		{ "\0\xd8\0\xe0", 4, "\xef\xbf\xbd\xee\x80\x80" },
		{ "\0\0a\0", 4, "a" },		/* an empty one is none */
		{ "", 0, NULL },
		{ "\0\0", 2, NULL },
		{ "a", 1, NULL },
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

/* --- which loader there is, and what it has --- */

/* The menu: a letter for the type, and the id. */
static char *menu_of(const struct entries *all)
{
	BUF_AUTO out = {0};

	for (size_t i = 0; i < all->n; i++)
		buf_printf(&out, "%s%c:%s", i ? " " : "", "12gk"[all->at[i].type], all->at[i].id);
	return mem_printf("%s", out.len ? (char *)out.data : "");
}

static void put_uki(const char *name)
{
	static const struct part parts[] = {
		{ ".linux", "kernel", 0 }, { ".osrel", "NAME=image", 0 },
	};

	put_image(name, parts, ARRAY_SIZE(parts));
}

/* Up to @n of them: "NAME.efi" is an image, of others the text is behind the "=". */
static void put_files(const char *const *files, size_t n)
{
	for (; n-- && *files; files++) {
		size_t len = strcspn(*files, "=");
		STRING_AUTO name = mem_printf("%.*s", (int)len, *files);

		if (strstr(name, ".efi"))
			put_uki(name);
		else
			put(name, *files + len + ((*files)[len] == '='));
	}
}

#define GRUB_MENU	"menuentry x {\n linux /vmlinuz-x\n}\n"
#define ENTRY_FILE	"loader/entries/"

static void loaders(void **state)
{
	static const struct {
		const char *files[8], *info;
		enum loader_kind kind;
		const char *name, *menu;
	} rows[] = {
		{ { NULL }, NULL, LOADER_LINKS, "not known", "" },
		{ { "boot/vmlinuz-1", "boot/vmlinuz-2" }, NULL, LOADER_LINKS, "not known",
		  "k:vmlinuz-2 k:vmlinuz-1" },
		{ { "boot/vmlinuz-1" }, "GRUB 2.12", LOADER_LINKS, "not known", "k:vmlinuz-1" },
		{ { "boot/vmlinuz-1", "efi/EFI/systemd/x" }, NULL, LOADER_LINKS, "not known",
		  "k:vmlinuz-1" },
		/* With no ESP, each ESP there can be, and with /boot beside it. */
		{ { "boot/" ENTRY_FILE "a.conf", "boot/vmlinuz-1" }, NULL, LOADER_SPECIFICATION,
		  "one of the Boot Loader Specification (it has entries)", "1:a.conf" },
		{ { "boot/EFI/Linux/a.efi", "boot/vmlinuz-1" }, NULL, LOADER_SPECIFICATION,
		  "one of the Boot Loader Specification (it has entries)", "2:a.efi" },
		{ { "boot/EFI/systemd/x", "boot/" ENTRY_FILE "a.conf" }, NULL,
		  LOADER_SPECIFICATION, "systemd-boot (it is installed)", "1:a.conf" },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "boot/" ENTRY_FILE "b.conf",
		    "boot/EFI/Linux/c.efi" }, NULL, LOADER_SPECIFICATION,
		  "systemd-boot (it is installed)", "2:c.efi 1:b.conf 1:a.conf" },
		{ { "efi/x", "boot/efi/EFI/systemd/x", "boot/efi/" ENTRY_FILE "a.conf",
		    "boot/" ENTRY_FILE "b.conf" }, NULL, LOADER_SPECIFICATION,
		  "systemd-boot (it is installed)", "1:b.conf 1:a.conf" },
		{ { "efi/x", "efi/" ENTRY_FILE "b.conf", "boot/EFI/BOOT/x",
		    "boot/" ENTRY_FILE "a.conf" }, NULL, LOADER_SPECIFICATION,
		  "one of the Boot Loader Specification (it has entries)", "1:a.conf" },
		{ { "efi/EFI/x", "efi/" ENTRY_FILE "b.conf", "boot/efi/EFI/systemd/x",
		    "boot/efi/" ENTRY_FILE "a.conf" }, NULL, LOADER_SPECIFICATION,
		  "systemd-boot (it is installed)", "1:a.conf" },
		/* A system without /boot; and one where it is no directory. */
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf" }, NULL,
		  LOADER_SPECIFICATION, "systemd-boot (it is installed)", "1:a.conf" },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "boot" }, NULL,
		  LOADER_SPECIFICATION, "systemd-boot (it is installed)", "1:a.conf" },
		/* GRUB's configuration beside what another can start. */
		{ { "boot/grub/grub.cfg=" GRUB_MENU }, NULL, LOADER_GRUB,
		  "GRUB (there is /boot/grub/grub.cfg)", "g:x" },
		{ { "boot/grub2/grub.cfg=" GRUB_MENU, "boot/" ENTRY_FILE "a.conf" }, NULL,
		  LOADER_GRUB, "GRUB (there is /boot/grub2/grub.cfg)", "g:x" },
		{ { "boot/grub/grub.cfg=blscfg\n" GRUB_MENU, "boot/EFI/Linux/a.efi" }, NULL,
		  LOADER_GRUB, "GRUB (there is /boot/grub/grub.cfg)", "g:x" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU "blscfg\n", "boot/" ENTRY_FILE "a.conf",
		    "boot/" ENTRY_FILE "b.conf", "boot/EFI/Linux/c.efi", "boot/vmlinuz-1" }, NULL,
		  LOADER_GRUB_BLS, "GRUB (there is /boot/grub/grub.cfg)", "1:b 1:a g:x" },
		{ { "boot/grub/grub.cfg=blscfg\n", "boot/" ENTRY_FILE "a-9.conf",
		    "boot/" ENTRY_FILE "a-10.conf=sort-key a\n" }, NULL,
		  LOADER_GRUB_BLS, "GRUB (there is /boot/grub/grub.cfg)", "1:a-10 1:a-9" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/EFI/systemd/x",
		    "boot/" ENTRY_FILE "a.conf" }, NULL, LOADER_SPECIFICATION,
		  "systemd-boot (it is installed)", "1:a.conf" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/EFI/systemd/x" }, NULL, LOADER_LINKS,
		  "not known", "" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/EFI/systemd/x",
		    "boot/" ENTRY_FILE "a.conf", "sys/firmware/efi/efivars/x" }, NULL,
		  LOADER_GRUB, "GRUB (there is /boot/grub/grub.cfg)", "g:x" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/EFI/systemd/x",
		    "boot/" ENTRY_FILE "a.conf", "sys/firmware/efi/efivars" }, NULL,
		  LOADER_SPECIFICATION, "systemd-boot (it is installed)", "1:a.conf" },
		/* What says itself what it is. */
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/" ENTRY_FILE "a.conf" },
		  "systemd-boot 257", LOADER_SPECIFICATION, "systemd-boot 257 (says LoaderInfo)",
		  "1:a.conf" },
		{ { "boot/vmlinuz-1" }, "rEFInd", LOADER_SPECIFICATION,
		  "rEFInd (says LoaderInfo)", "" },
		{ { "boot/grub/grub.cfg=" GRUB_MENU, "boot/" ENTRY_FILE "a.conf",
		    "boot/EFI/systemd/x" }, "grub 2.12", LOADER_GRUB,
		  "grub 2.12 (says LoaderInfo)", "g:x" },
		{ { "boot/" ENTRY_FILE "a.conf", "boot/EFI/systemd/x", "boot/vmlinuz-1" },
		  "GRUB 2.12", LOADER_GRUB_BLS, "GRUB 2.12 (says LoaderInfo)", "1:a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entries all;
		struct loader l;
		STRING_AUTO menu = NULL;

		clear();
		put_files(rows[i].files, ARRAY_SIZE(rows[i].files));
		if (rows[i].info)
			put_variable("LoaderInfo", rows[i].info);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_string_equal(fail_text(), "");
		menu = menu_of(&all);
		if (l.kind != rows[i].kind || strcmp(menu, rows[i].menu))
			print_error("row %zu: %d %s\n", i, (int)l.kind, menu);
		assert_int_equal(l.kind, rows[i].kind);
		assert_text(l.name, rows[i].name);
		assert_string_equal(menu, rows[i].menu);
		entries_free(&all);
		loader_free(&l);
	}
}

/* Nothing is guessed where a file is that cannot be read: of each it is said. */
static void what_cannot_be_read(void **state)
{
	static const struct {
		const char *files[3], *info, *loop;
		bool read;	/* all of the menu is */
	} rows[] = {
		{ { NULL }, NULL, "efi", false },
		{ { NULL }, NULL, "boot", false },
		{ { "efi/EFI/systemd/x" }, NULL, "boot", false },
		{ { "boot/vmlinuz-1" }, NULL, "boot/efi", false },
		{ { "boot/vmlinuz-1" }, NULL, "boot/grub/grub.cfg", false },
		{ { "efi/EFI/x", "boot/vmlinuz-1" }, NULL, "boot/grub/grub.cfg", false },
		{ { "efi/EFI/x", "boot/vmlinuz-1" }, NULL, "efi/loader/entries", false },
		{ { "boot/vmlinuz-1" }, NULL, "boot/loader/entries", false },
		{ { "boot/EFI/x" }, NULL, "boot/loader/entries", false },
		{ { "boot/EFI/x" }, NULL, "usr/lib/modules", false },
		{ { "boot/vmlinuz-1" }, NULL, "sys/firmware/efi/efivars/LoaderInfo" VENDOR,
		  false },
		{ { "boot/EFI/systemd/x", "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" },
		  NULL, "boot/loader/loader.conf", true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "boot/loader/loader.conf", true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "sys/firmware/efi/efivars/LoaderEntryOneShot" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "sys/firmware/efi/efivars/LoaderEntryPreferred" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "sys/firmware/efi/efivars/LoaderEntryDefault" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "sys/firmware/efi/efivars/LoaderEntryLastBooted" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, NULL,
		  "sys/firmware/efi/efivars/LoaderEntries" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, "GRUB",
		  "sys/firmware/efi/efivars/LoaderEntryOneShot" VENDOR, true },
		{ { "boot/" ENTRY_FILE "a.conf=linux /k\n", "boot/k" }, "GRUB",
		  "sys/firmware/efi/efivars/LoaderEntryDefault" VENDOR, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO said = mem_printf("/%s: " TOO_MANY_LINKS, rows[i].loop);
		struct entries all;
		struct loader l;
		struct choice c;
		int rc;

		clear();
		put_files(rows[i].files, ARRAY_SIZE(rows[i].files));
		if (rows[i].info)
			put_variable("LoaderInfo", rows[i].info);
		put_loop(rows[i].loop);
		rc = loader_read(&tree, &l, &all);
		if (rc != (rows[i].read ? 0 : -ELOOP))
			print_error("row %zu: %d %s\n", i, rc, fail_text());
		assert_int_equal(rc, rows[i].read ? 0 : -ELOOP);
		if (rows[i].read)
			rc = loader_choose(&tree, &l, &all, &c);
		if (rc != -ELOOP)
			print_error("row %zu: %d %s\n", i, rc, fail_text());
		assert_int_equal(rc, -ELOOP);
		assert_non_null(strstr(fail_text(), said));
		entries_free(&all);
		loader_free(&l);
	}
}

static const char *machine(void)
{
	struct entries all;
	struct loader l;
	const char *name;

	assert_int_equal(loader_read(&tree, &l, &all), 0);
	assert_string_equal(fail_text(), "");
	name = l.machine;
	entries_free(&all);
	loader_free(&l);
	return name;
}

/* What the kernel says, which older ones do not: then it is what uname(2) does. */
static void machines(void **state)
{
	static const char *const rows[][2] = {
		{ "x86_64\n", "x64" }, { "x86_64", "x64" }, { "aarch64\n", "aa64" },
		{ "riscv64\n", "riscv64" }, { "loongarch64\n", "loongarch64" },
		{ "ppc64le\n", NULL }, { "x86_64x\n", NULL }, { "\n", NULL },
	};
	struct utsname uts;
	const char *own;

	(void)state;
	uname(&uts);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put("proc/sys/kernel/arch", rows[i][0]);
		assert_text(machine(), rows[i][1]);
	}
	put("proc/sys/kernel/arch", uts.machine);
	own = machine();
	put("proc/sys/kernel/arch", "");
	assert_text(machine(), own);
	clear();
	assert_text(machine(), own);
	put_loop("proc/sys/kernel/arch");
	assert_text(machine(), own);
}

#define BLSCFG	"boot/grub/grub.cfg=blscfg\n"
#define SCRIPT	"boot/grub/grub.cfg=menuentry x {\n linux /k\n}\n"

/* Which of the files that a path can mean is the entry's. */
static void files_of_entries(void **state)
{
	static const struct {
		const char *files[5];
		const char *path;
		const char *found;	/* or NULL: there is no such file */
	} rows[] = {
		{ { "boot/vmlinuz-1" }, "/boot/vmlinuz-1", "/boot/vmlinuz-1" },
		{ { "boot/vmlinuz-1" }, "/vmlinuz-1", NULL },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "efi/k", "boot/k" }, "/k",
		  "/efi/k" },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "boot/k" }, "/k", NULL },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "boot/k" }, "/boot/k", NULL },
		{ { "efi/EFI/systemd/x", "efi/" ENTRY_FILE "a.conf", "boot/loader/x", "efi/boot/k",
		    "boot/k" }, "/boot/k", "/efi/boot/k" },
		/* GRUB's, of a file system that is /boot, or has it, or a snapshot of it. */
		{ { SCRIPT, "boot/k" }, "/k", "/boot/k" },
		{ { SCRIPT, "boot/k" }, "/boot/k", "/boot/k" },
		{ { SCRIPT, "boot/k" }, "/@/.snapshots/1/boot/k", "/boot/k" },
		{ { SCRIPT, "boot/boot/k", "boot/k" }, "/boot/k", "/boot/boot/k" },
		{ { SCRIPT, "efi/EFI/x", "efi/k", "boot/k" }, "/k", "/boot/k" },
		{ { SCRIPT, "efi/EFI/x", "efi/k" }, "/k", NULL },
		{ { SCRIPT, "boot/x" }, "/k", NULL },
		{ { SCRIPT, "boot/x" }, "/boot/k", NULL },
		{ { SCRIPT, "etc/secret" }, "/boot/../etc/secret", NULL },
		/* /boot is the ESP. */
		{ { SCRIPT, "boot/EFI/x", "boot/k" }, "/k", "/boot/k" },
		{ { SCRIPT, "boot/EFI/x", "boot/k" }, "/boot/k", "/boot/k" },
		{ { SCRIPT, "boot/EFI/x" }, "/k", NULL },
		/* Entries beside GRUB's script: in /boot, or on the ESP. */
		{ { BLSCFG, "boot/" ENTRY_FILE "a.conf", "boot/k" }, "/k", "/boot/k" },
		{ { BLSCFG, "boot/" ENTRY_FILE "a.conf", "boot/k" }, "/boot/k", "/boot/k" },
		{ { BLSCFG, "boot/" ENTRY_FILE "a.conf" }, "/k", NULL },
		{ { BLSCFG, "efi/EFI/x", "efi/" ENTRY_FILE "a.conf", "efi/k" }, "/k", "/efi/k" },
		{ { BLSCFG, "efi/EFI/x", "efi/" ENTRY_FILE "a.conf", "efi/k", "boot/k" }, "/k",
		  "/boot/k" },
		{ { BLSCFG, "efi/EFI/x", "efi/" ENTRY_FILE "a.conf" }, "/k", NULL },
		{ { BLSCFG, "boot/EFI/x", "boot/" ENTRY_FILE "a.conf", "boot/k" }, "/k",
		  "/boot/k" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		STRING_AUTO file = NULL;
		struct entries all;
		struct loader l;
		const char *found = NULL;
		int rc;

		clear();
		put_files(rows[i].files, ARRAY_SIZE(rows[i].files));
		file = mem_printf("%s%s", dir, rows[i].found ? rows[i].found : "");
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(all.n, 1);
		rc = loader_find(&tree, &l, &all.at[0], rows[i].path, &found);
		if ((rc < 0) != !rows[i].found || (rc >= 0 && strcmp(found, file)))
			print_error("row %zu: %d %s\n", i, rc, rc < 0 ? fail_text() : found);
		assert_int_equal(rc < 0, !rows[i].found);
		assert_text(found, rows[i].found ? file : NULL);
		assert_int_equal(!*fail_text() && rc < 0, false);
		entries_free(&all);
		loader_free(&l);
	}
}

/* An entry that stands in GRUB's menu, with its variables; and what the menu had before. */
static void menu_after_entries(void **state)
{
	static const char script[] =
		"set more='ro quiet'\nset second=/i2\nblscfg\nsubmenu s {\n"
		" menuentry y {\n linux /k\n }\n}\n" GRUB_MENU;
	struct entries all;
	struct choice c;
	struct loader l;
	STRING_AUTO menu = NULL;

	(void)state;
	put("boot/grub/grub.cfg", script);
	put("boot/loader/entries/a.conf", "linux /k\ninitrd /i1 $second\noptions $more rw\n");
	put("boot/loader/entries/b.conf", "linux /k\n");
	assert_int_equal(loader_read(&tree, &l, &all), 0);
	menu = menu_of(&all);
	assert_string_equal(menu, "1:b 1:a g:s g:y g:x");
	assert_text(all.at[0].options, NULL);
	assert_names(&all.at[0].initrd, "");
	assert_text(all.at[1].options, "ro quiet rw");
	assert_names(&all.at[1].initrd, "/i1 /i2");
	assert_int_equal(all.at[2].menu, -1);
	assert_int_equal(all.at[3].menu, 2);
	assert_int_equal(all.at[4].menu, -1);
	assert_int_equal(loader_choose(&tree, &l, &all, &c), 0);
	assert_ptr_equal(c.entry, &all.at[0]);
	entries_free(&all);
	loader_free(&l);
	/* Where no script is, an entry is as its file has it, but for what GRUB has: nothing. */
	clear();
	put_variable("LoaderInfo", "GRUB 2.12");
	put("boot/loader/entries/a.conf", "linux /k\noptions a $more b\n");
	assert_int_equal(loader_read(&tree, &l, &all), 0);
	assert_int_equal(l.kind, LOADER_GRUB_BLS);
	assert_text(all.at[0].options, "a  b");
	entries_free(&all);
	loader_free(&l);
}

/* A GRUB without a script: what its variables name, with the suffix or not. */
static void chosen_by_variables(void **state)
{
	static const struct {
		const char *once, *now, *id, *why;
	} rows[] = {
		{ NULL, NULL, "b", "the first of GRUB's menu" },
		{ "a", NULL, "a", "LoaderEntryOneShot, for one boot" },
		{ "a.conf", NULL, "a", "LoaderEntryOneShot, for one boot" },
		{ NULL, "a", "a", "LoaderEntryDefault" },
		{ NULL, "a.conf", "a", "LoaderEntryDefault" },
		{ "aa", "a", "aa", "LoaderEntryOneShot, for one boot" },
		{ "a", "aa", "a", "LoaderEntryOneShot, for one boot" },
		{ "x", "aa.conf", "aa", "LoaderEntryDefault" },
		{ "x", "y", "b", "the first of GRUB's menu" },
		{ "a.con", "a.conf.conf", "b", "the first of GRUB's menu" },
		{ "", "A", "b", "the first of GRUB's menu" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entries all;
		struct choice c;
		struct loader l;

		clear();
		put_entry("a.conf");
		put_entry("aa.conf");
		put_entry("b.conf");
		put_variable("LoaderInfo", "GRUB 2.12");
		if (rows[i].once)
			put_variable("LoaderEntryOneShot", rows[i].once);
		if (rows[i].now)
			put_variable("LoaderEntryDefault", rows[i].now);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(loader_choose(&tree, &l, &all, &c), 0);
		if (strcmp(c.entry->id, rows[i].id) || strcmp(c.why, rows[i].why))
			print_error("row %zu: %s, %s\n", i, c.entry->id, c.why);
		assert_text(c.entry->id, rows[i].id);
		assert_text(c.why, rows[i].why);
		assert_int_equal(c.note && strstr(c.note, "it stays set"),
				 !strcmp(c.why, "LoaderEntryOneShot, for one boot"));
		entries_free(&all);
		loader_free(&l);
	}
}

/* "IMAGE@PROFILE" is a profile of an image that is there, and nothing else. */
static void chosen_profiles(void **state)
{
	static const struct {
		const char *now;
		const char *id;		/* NULL: it is refused */
	} rows[] = {
		{ "u.efi@1", NULL }, { "U*@p", NULL }, { "u.efi@@", "b.conf" },
		{ "u.efi", "u.efi" }, { "x.efi@1", "b.conf" }, { "@u.efi", "b.conf" },
		{ "b.conf@1", "b.conf" }, { "a.conf@1", "b.conf" }, { "@", "b.conf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entries all;
		struct choice c;
		struct loader l;
		int rc;

		clear();
		put("boot/vmlinuz", "x");
		put_uki("boot/EFI/Linux/u.efi");
		put("boot/loader/entries/a.conf", "sort-key z\nlinux /vmlinuz\n");
		put("boot/loader/entries/b.conf", "sort-key 1\nlinux /vmlinuz\n");
		put_variable("LoaderEntryDefault", rows[i].now);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		rc = loader_choose(&tree, &l, &all, &c);
		if ((rc < 0) != !rows[i].id || (rc >= 0 && strcmp(c.entry->id, rows[i].id)))
			print_error("row %zu: %d %s\n", i, rc, rc < 0 ? fail_text() : c.entry->id);
		if (rows[i].id) {
			assert_int_equal(rc, 0);
			assert_text(c.entry->id, rows[i].id);
		} else {
			assert_int_equal(rc, -EINVAL);
			assert_non_null(strstr(fail_text(), "one of the profiles of a unified"));
		}
		entries_free(&all);
		loader_free(&l);
	}
}

/* Nothing that can be started is no default, but an error. */
static void nothing_to_choose(void **state)
{
	struct entries all;
	struct choice c;
	struct loader l;

	(void)state;
	put_variable("LoaderInfo", "systemd-boot 257");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(all.n, i);
		assert_fails(loader_choose(&tree, &l, &all, &c), ENOENT,
			     "no entry of the boot loader can be started");
		entries_free(&all);
		loader_free(&l);
		put("boot/loader/entries/a.conf", "linux /none\n");
	}
}

/* No loader: what a link names, the first that names a kernel, else what is running. */
static void chosen_links(void **state)
{
	struct utsname uts;
	STRING_AUTO own = NULL;
	STRING_AUTO own_id = NULL;
	const struct {
		const char *links[3][2], *release;
		const char *id, *why;	/* id NULL: the message */
	} rows[] = {
		{ { { "boot/vmlinuz", "vmlinuz-1" } }, "2\n", "vmlinuz-1",
		  "the link /boot/vmlinuz" },
		{ { { "boot/vmlinux", "vmlinuz-1" } }, "2\n", "vmlinuz-1",
		  "the link /boot/vmlinux" },
		{ { { "boot/image", "vmlinuz-1" } }, "2\n", "vmlinuz-1", "the link /boot/image" },
		{ { { "boot/Image", "vmlinuz-1" } }, "2\n", "vmlinuz-1", "the link /boot/Image" },
		{ { { "vmlinuz", "/boot/vmlinuz-1" } }, "2\n", "vmlinuz-1", "the link /vmlinuz" },
		{ { { "vmlinux", "boot/vmlinuz-1" } }, "2\n", "vmlinuz-1", "the link /vmlinux" },
		{ { { "vmlinuz", "boot/vmlinuz-3" }, { "boot/vmlinuz", "vmlinuz-1" } }, "2\n",
		  "vmlinuz-1", "the link /boot/vmlinuz" },
		{ { { "vmlinux", "boot/vmlinuz-3" }, { "boot/vmlinuz", "none" },
		    { "boot/image", "other" } }, "2\n", "vmlinuz-3", "the link /vmlinux" },
		{ { { "boot/vmlinuz", "vmlinuz" } }, "2\n", "vmlinuz-2",
		  "the running version: there is no link that names another" },
		{ { { "boot/vmlinuz", "other" } }, "2\n", "vmlinuz-2",
		  "the running version: there is no link that names another" },
		{ { { NULL } }, "3", "vmlinuz-3",
		  "the running version: there is no link that names another" },
		{ { { NULL } }, "4\n", NULL,
		  "no boot loader that is known, no link and no kernel of version 4 in /boot" },
		{ { { NULL } }, "\n", NULL, "no kernel of version that is running in /boot" },
		{ { { NULL } }, "", "own",
		  "the running version: there is no link that names another" },
		{ { { NULL } }, NULL, "own",
		  "the running version: there is no link that names another" },
	};

	(void)state;
	uname(&uts);
	own_id = mem_printf("vmlinuz-%s", uts.release);
	own = mem_printf("boot/%s", own_id);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *id = rows[i].id && !strcmp(rows[i].id, "own") ? own_id : rows[i].id;
		struct entries all;
		struct choice c;
		struct loader l;
		int rc;

		clear();
		put("boot/vmlinuz-1", "x");
		put("boot/vmlinuz-2", "x");
		put("boot/vmlinuz-3", "x");
		put("boot/other", "x");
		put(own, "x");
		put_link("boot/vmlinuz-0", "nowhere");
		put_link("boot/vmlinuz-99999", "nowhere");
		for (size_t k = 0; k < 3 && rows[i].links[k][0]; k++)
			put_link(rows[i].links[k][0], rows[i].links[k][1]);
		if (rows[i].release)
			put("proc/sys/kernel/osrelease", rows[i].release);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(l.kind, LOADER_LINKS);
		rc = loader_choose(&tree, &l, &all, &c);
		if ((rc < 0) != !id || (rc >= 0 && strcmp(c.entry->id, id)))
			print_error("row %zu: %d %s\n", i, rc, rc < 0 ? fail_text() : c.entry->id);
		if (id) {
			assert_int_equal(rc, 0);
			assert_text(c.entry->id, id);
			assert_text(c.why, rows[i].why);
			assert_text(c.note, NULL);
		} else {
			assert_int_equal(rc, -ENOENT);
			assert_non_null(strstr(fail_text(), rows[i].why));
		}
		entries_free(&all);
		loader_free(&l);
	}
}

/* By what an entry is called, its file is, or its title says. */
static void chosen_by_name(void **state)
{
	static const struct {
		const char *name, *id;	/* id NULL: the message is about the name */
	} rows[] = {
		{ "a.conf", "a.conf" }, { "a+3-1.conf", "a.conf" }, { "A title", "a.conf" },
		{ "u.efi", "u.efi" }, { "u+2.efi", "u.efi" }, { "z.conf", "z.conf" },
		{ "a", NULL }, { "a+3.conf", NULL }, { "a title", NULL }, { "", NULL },
	};
	struct entries all;
	struct choice c;
	struct loader l;

	(void)state;
	put("boot/loader/entries/a+3-1.conf", "title A title\nlinux /k\n");
	put("boot/loader/entries/n.conf", "title nothing\n");
	put("boot/loader/entries/z.conf", "linux /k\n");
	put_uki("boot/EFI/Linux/u+2.efi");
	assert_int_equal(loader_read(&tree, &l, &all), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		c = (struct choice){0};
		if (rows[i].id) {
			assert_int_equal(loader_choose_named(&all, rows[i].name, &c), 0);
			assert_text(c.entry->id, rows[i].id);
			assert_text(c.why, "it was asked for");
		} else {
			assert_fails(loader_choose_named(&all, rows[i].name, &c), ENOENT,
				     ": there is no such entry; kdump-load --list shows");
			assert_null(c.entry);
		}
	}
	assert_fails(loader_choose_named(&all, "n.conf", &c), ENOENT, "n.conf: names no kernel");
	entries_free(&all);
	loader_free(&l);
	/* GRUB's are not called as their file is: that is the same one of all. */
	clear();
	put("boot/grub/grub.cfg", "menuentry x --id i {\n linux /k\n}\n");
	assert_int_equal(loader_read(&tree, &l, &all), 0);
	assert_int_equal(loader_choose_named(&all, "i", &c), 0);
	assert_int_equal(loader_choose_named(&all, "x", &c), 0);
	assert_fails(loader_choose_named(&all, "grub.cfg", &c), ENOENT, "there is no such entry");
	entries_free(&all);
	loader_free(&l);
}

/* As many bytes as attributes have, or fewer: such a variable has no text. */
static void short_variables(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 5; n++) {
		struct entries all;
		struct loader l;

		clear();
		unit_write(dir, "sys/firmware/efi/efivars/LoaderInfo" VENDOR, "abcde", n);
		assert_int_equal(loader_read(&tree, &l, &all), 0);
		assert_int_equal(l.kind, LOADER_LINKS);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),	/* the only one without a tree */
		IN_A_TREE(files_of_trees),
		IN_A_TREE(files_of_the_whole_machine),
		IN_A_TREE(files_that_are_elsewhere),
		IN_A_TREE(texts),
		IN_A_TREE(lists),
		IN_A_TREE(trees_that_are_none),
		IN_A_TREE(calls_that_fail),
		IN_A_TREE(loaders),
		IN_A_TREE(what_cannot_be_read),
		IN_A_TREE(machines),
		IN_A_TREE(files_of_entries),
		IN_A_TREE(menu_after_entries),
		IN_A_TREE(chosen_by_variables),
		IN_A_TREE(chosen_profiles),
		IN_A_TREE(nothing_to_choose),
		IN_A_TREE(chosen_links),
		IN_A_TREE(chosen_by_name),
		IN_A_TREE(short_variables),
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
				       unit_opens_trees() ? ARRAY_SIZE(tests) : 1, NULL, NULL);
}
