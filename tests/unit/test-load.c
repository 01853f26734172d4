// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * The story of a load: a command line and a machine in a directory; which system calls come of it,
 * in which order, what the kernel's log and the user hear, and with what status it ends.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <libfdt.h>

#include "kexec/exit.h"
#include "kexec/klog.h"
#include "kexec/load.h"
#include "kexec/readiness.h"
#include "kexec/syscalls.h"
#include "tests/unit/bzimage.h"
#include "tests/unit/power.h"

#define NEW "7.1.0"   /* has no flaw that is known */
#define OLD "6.12.57" /* forgets where the backup region is */
#define UNKNOWN "6.18.3"

static char *dir;
static struct sysroot sr;
static struct buf done;
static struct arena words; /* until the end: getopt(3) remembers where it was */

/* The running kernel of a row: answers to one call after the other, and what happens meanwhile. */
static struct {
	int load[4], file[4], random, reboot;
	unsigned int loads, files;
	bool deaf;   /* keeps no image current */
	bool seeded; /* the random bytes are in a segment */
	void (*during)(void), (*asleep)(void), (*at_random)(void), (*loaded)(void);
} kernel;

static void says(const char *name, const char *text)
{
	unit_write(dir, name, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* With all that is in it. */
static void is_gone(const char *name)
{
	STRING_AUTO path = mem_printf("%s%s%s", dir, *name ? "/" : "", name);

	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void set_armed(bool armed, bool kept)
{
	says(SYS_CRASH_LOADED, armed ? "1\n" : "0\n");
	says(SYS_CPU_CRASH_HOTPLUG, kept ? "1\n" : "0\n");
	says(SYS_MEMORY_CRASH_HOTPLUG, kept ? "1\n" : "0\n");
}

/* kernel/kexec.c and kexec_file.c: what is asked first leaves the armed image, the rest does not.
 */
static int answer(const char *call, unsigned long flags, bool crash, bool kept, int rc)
{
	if (kernel.during)
		kernel.during();
	buf_printf(&done, rc ? "%s%lx=%d " : "%s%lx ", call, flags & 0xffff, rc);
	if (crash && rc != -EPERM && rc != -ENOSYS && rc != -EACCES)
		set_armed(!rc, !rc && kept && !kernel.deaf);
	if (!crash && !rc)
		says(SYS_LOADED, "1\n");
	return rc;
}

static const uint8_t seed[32] = "the bytes that a new kernel gets";

static int fake_load(unsigned long entry, unsigned long n, const struct kexec_segment *segment,
		     unsigned long flags)
{
	int rc = kernel.load[kernel.loads++ % ARRAY_SIZE(kernel.load)];

	(void)entry;
	for (unsigned long i = 0; i < n && rc != -EFAULT; i++) /* else nothing is there to read */
		kernel.seeded |= segment[i].buf &&
			memmem(segment[i].buf, segment[i].bufsz, seed + 8, 16) != NULL;
	if (n)
		return answer("load", flags, flags & 1, flags & 8, rc);
	buf_printf(&done, rc ? "unload%lx=%d " : "unload%lx ", flags & 0xffff, rc);
	return rc;
}

enum { FILE_UNLOAD = 1, FILE_ON_CRASH = 2 };

static int fake_file_load(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
			  const char *cmdline, unsigned long flags)
{
	int rc = kernel.file[kernel.files++ % ARRAY_SIZE(kernel.file)];

	(void)kernel_fd;
	(void)initrd_fd;
	(void)cmdline_size;
	(void)cmdline;
	if (!(flags & FILE_UNLOAD))
		return answer("file", flags, flags & FILE_ON_CRASH, true, rc);
	buf_printf(&done, rc ? "fileunload%lx=%d " : "fileunload%lx ", flags, rc);
	return rc;
}

static int fake_log_line(const char *line)
{
	if (kernel.loaded && !strcmp(line, KLOG_LOADED))
		kernel.loaded();
	buf_printf(&done, "%s ",
		   !strcmp(line, KLOG_LOADING)				  ? "loading" :
			   !strcmp(line, KLOG_LOADED)			  ? "loaded" :
			   !strncmp(line, KLOG_DOUBT, strlen(KLOG_DOUBT)) ? "doubt" :
									    line);
	return 0;
}

static int fake_random(void *bytes, size_t n)
{
	if (kernel.at_random)
		kernel.at_random();
	for (size_t i = 0; i < n; i++)
		((uint8_t *)bytes)[i] = seed[i % sizeof(seed)];
	return kernel.random;
}

static void fake_sleep(unsigned int ms)
{
	buf_printf(&done, "sleep%u ", ms);
	if (kernel.asleep)
		kernel.asleep();
}

static int fake_reboot(void)
{
	buf_printf(&done, "reboot ");
	return kernel.reboot;
}

static int fake_shut_down(void)
{
	buf_printf(&done, "shutdown ");
	return kernel.reboot;
}

static int fake_interfaces_down(void)
{
	buf_printf(&done, "down ");
	return 0;
}

static void fake_sync(void)
{
	buf_printf(&done, "sync ");
}

const struct syscalls syscalls = {
	.kexec_load = fake_load,
	.kexec_file_load = fake_file_load,
	.reboot_kexec = fake_reboot,
	.interfaces_down = fake_interfaces_down,
	.shut_down = fake_shut_down,
	.log_line = fake_log_line,
	.random = fake_random,
	.sync = fake_sync,
	.sleep_ms = fake_sleep,
	.any_machine = true,
};

/* --- what a machine may be, or become --- */

static void facts(const char *name, const char *order, const char *release)
{
	STRING_AUTO text = mem_printf("machine %s\nbyte-order %s\npage-size 65536\nrelease %s\n",
				      name, order, release);

	says(SNAPSHOT_FACTS, text);
}

static void old(void)
{
	facts("ppc64le", "little", OLD);
}

static void unknown(void)
{
	facts("ppc64le", "little", UNKNOWN);
}

static void foreign(void)
{
	facts("s390x", "big", NEW);
}

static void big_endian(void)
{
	facts("ppc64le", "big", NEW);
	power_kernel(&(struct power){ .dir = dir, .little = false });
}

static void armed(void)
{
	set_armed(true, true);
}

static void disarmed(void)
{
	set_armed(false, false);
}

static void locked_down(void)
{
	says(SYS_LOCKDOWN, "none [integrity] confidentiality\n");
}

static void without_tree(void)
{
	is_gone(PROC_DEVICE_TREE);
}

static void armed_without_tree(void)
{
	armed();
	without_tree();
}

static void old_without_tree(void)
{
	old();
	without_tree();
}

static void without_cpu_hotplug(void)
{
	is_gone(SYS_CPU_CRASH_HOTPLUG);
}

static void without_memory_hotplug(void)
{
	is_gone(SYS_MEMORY_CRASH_HOTPLUG);
}

static void without_hotplug(void)
{
	without_cpu_hotplug();
	without_memory_hotplug();
}

static void old_without_memory_hotplug(void)
{
	old();
	without_memory_hotplug();
}

static void preserving(void)
{
	says(DEV_LIVEUPDATE, "");
}

static void no_kernel(void)
{
	says("vmlinux", "not a kernel");
}

static void with_fadump(void)
{
	says(SYS_FADUMP_ENABLED, "1\n");
}

static void with_fadump_nonsense(void)
{
	says(SYS_FADUMP_ENABLED, "what?\n");
}

/* Of a machine that has one CPU. */
static void write_blob(uint32_t id)
{
	static const uint8_t memory[16] = { [12] = 0x80 };
	uint8_t fdt[2048];
	int node;

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(fdt_setprop_u32(fdt, 0, "#address-cells", 2) |
				 fdt_setprop_u32(fdt, 0, "#size-cells", 2),
			 0);
	node = fdt_add_subnode(fdt, 0, "memory@0");
	assert_int_equal(fdt_setprop_string(fdt, node, "device_type", "memory") |
				 fdt_setprop(fdt, node, "reg", memory, sizeof(memory)),
			 0);
	node = fdt_add_subnode(fdt, 0, "cpus");
	assert_int_equal(fdt_setprop_u32(fdt, node, "#address-cells", 1) |
				 fdt_setprop_u32(fdt, node, "#size-cells", 0),
			 0);
	node = fdt_add_subnode(fdt, node, id ? "PowerPC,POWER9@1" : "PowerPC,POWER9@0");
	assert_int_equal(fdt_setprop_string(fdt, node, "device_type", "cpu") |
				 fdt_setprop_u32(fdt, node, "reg", id),
			 0);
	unit_write(dir, "blob", fdt, sizeof(fdt));
	says(SYS_CPU "/cpu1/physical_id", "1\n");
	says(SYS_CPU "/cpu0/physical_id", "0\n");
}

/* ... which is not the one that would start it. */
static void blob_of_the_second(void)
{
	write_blob(1);
}

static void blob_of_the_first(void)
{
	write_blob(0);
	says(SYS_REBOOT_CPU, "1\n");
}

static void blob_and_no_room_to_remember(void)
{
	write_blob(1);
	says(RUN_REBOOT_CPU "/in-the-way", "");
}

/* Of the architectures that are seeded. */
static void a_pc(void)
{
	const char *srcdir = getenv("srcdir");
	STRING_AUTO command = mem_printf("tar -xzf %s/tests/machines/q35-bios.tar.gz -C %s",
					 srcdir ? srcdir : ".", dir);

	is_gone("");
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(system(command), 0);
	bzimage_write(dir, "bzImage");
}

static void too_small(void)
{
	power_be(&(struct power){ .dir = dir }, POWER_TREE "chosen/linux,crashkernel-size", 8 << 20,
		 8);
	says(SYS_CRASH_SIZE, "8388608\n");
}

static int open_for_writing = -1;

static void being_written(void)
{
	STRING_AUTO path = mem_printf("%s/vmlinux", dir);

	open_for_writing = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(open_for_writing >= 0);
}

static void huge(void)
{
	STRING_AUTO path = mem_printf("%s/initrd", dir);

	assert_int_equal(truncate(path, ((off_t)4 << 30) + 1), 0);
}

static void without_notes(void)
{
	is_gone(SYS_CPU "/cpu7");
}

static void nonsense(void)
{
	says(SYS_CPU_CRASH_HOTPLUG, "what?\n");
	says(SYS_CRASH_LOADED, "what?\n");
	says(SYS_LOCKDOWN, "what?\n");
}

static void nonsense_of_hotplug(void)
{
	says(SYS_CPU_CRASH_HOTPLUG, "what?\n");
}

static void other_cpu(void)
{
	says(RUN_REBOOT_CPU, "0 3\n");
	says(SYS_REBOOT_CPU, "3\n");
}

static void other_cpu_for_good(void)
{
	says(SYS_REBOOT_CPU, "3\n");
	says(RUN_REBOOT_CPU "/in-the-way", "");
}

/* Another CPU at each call; once, and for as long as there are calls. */
static void more_cpus(void)
{
	STRING_AUTO text = mem_printf("0-%u\n", 1 + kernel.loads + kernel.files);

	says(SYS_CPU_ONLINE, text);
}

static void one_more_cpu(void)
{
	says(SYS_CPU_ONLINE, "0-2\n");
}

/* As where no lease could be had: else the writer waits. */
static void file_is_written(void)
{
	STRING_AUTO path = mem_printf("%s/vmlinux", dir);
	FILE *f;

	for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("more", f);
	fclose(f);
}

/* What is not under a lease is copied: then nothing that is written later matters. */
static bool leases_work(void)
{
	STRING_AUTO path = mem_printf("%s/lease", dir);
	bool works;
	int fd;

	says("lease", "");
	fd = open(path, O_RDONLY);
	works = !fcntl(fd, F_SETLEASE, F_RDLCK);
	close(fd);
	return works;
}

static void comes_back(void)
{
	set_armed(true, true);
}

/* --- rows --- */

struct row {
	const char *argv; /* @ is the directory */
	void (*before)(void);
	int load[4], file[4], random, reboot;
	bool deaf;
	void (*during)(void), (*asleep)(void), (*at_random)(void), (*loaded)(void);
	int status;
	const char *did, *said, *unsaid; /* said: on stderr or stdout; NULL: whatever it is */
	const char *said_too;
};

static char *heard_of(FILE *f)
{
	BUF_AUTO text = { 0 };
	char part[4096];
	size_t n;

	rewind(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&text, part, n);
	fclose(f);
	return mem_printf("%.*s", (int)text.len, text.len ? (char *)text.data : "");
}

/* Both streams in a file, while this is done. */
static char *run_words(char *text, int *status)
{
	char *argv[16] = { (char *)"kexec" };
	int argc = 1, before[2] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
	FILE *heard = tmpfile();
	struct options o;

	assert_non_null(heard);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strchr(word, '@') ?
			arena_printf(&words, "%.*s%s%s", (int)strcspn(word, "@"), word, dir,
				     strchr(word, '@') + 1) :
			arena_printf(&words, "%s", word);
	fflush(NULL);
	dup2(fileno(heard), STDOUT_FILENO);
	dup2(fileno(heard), STDERR_FILENO);
	*status = options_parse(&o, argc, argv);
	if (*status != STATUS_OK) {
		say_why(*status);
	} else {
		message_debug(o.debug);
		*status = o.action == ACTION_UNLOAD ? unload(&o, &sr) : load(&o, &sr);
		message_debug(false);
	}
	fflush(NULL);
	dup2(before[0], STDOUT_FILENO);
	dup2(before[1], STDERR_FILENO);
	close(before[0]);
	close(before[1]);
	arena_free(&o.arena);
	return heard_of(heard);
}

static bool machine_is_set;

/* All anew after a row that changed more than what is loaded. */
static void set_machine(void)
{
	disarmed();
	says(SYS_LOADED, "0\n");
	if (machine_is_set)
		return;
	is_gone("");
	assert_int_equal(mkdir(dir, 0700), 0);
	power_write(&(struct power){ dir, "ppc64le", true, 65536 });
	facts("ppc64le", "little", NEW);
	says(SYS_CRASH_SIZE, "536870912\n");
	says(SYS_CRASH_LOADED, "0\n");
	says(SYS_LOADED, "0\n");
	says(SYS_REBOOT_CPU, "0\n");
}

static bool row_holds(const struct row *r)
{
	STRING_AUTO text = mem_copy_string(r->argv);
	STRING_AUTO said = NULL;
	int status;
	bool holds;

	set_machine();
	memset(&kernel, 0, sizeof(kernel));
	memcpy(kernel.load, r->load, sizeof(kernel.load));
	memcpy(kernel.file, r->file, sizeof(kernel.file));
	kernel.random = r->random;
	kernel.reboot = r->reboot;
	kernel.deaf = r->deaf;
	kernel.during = r->during;
	kernel.asleep = r->asleep;
	kernel.at_random = r->at_random;
	kernel.loaded = r->loaded;
	buf_free(&done);
	buf_printf(&done, "%s", "");
	machine_is_set = !r->before && !r->during && !r->asleep && !r->at_random && !r->loaded;
	if (r->before)
		r->before();
	fail_forget();
	said = run_words(text, &status);
	if (open_for_writing >= 0)
		close(open_for_writing);
	open_for_writing = -1;
	holds = status == r->status && !strcmp((char *)done.data, r->did) &&
		(!r->said || strstr(said, r->said)) &&
		(!r->said_too || strstr(said, r->said_too)) &&
		(!r->unsaid || !strstr(said, r->unsaid));
	if (!holds)
		print_error("%s: status %d, did \"%s\", said:\n%s", r->argv, status,
			    (char *)done.data, said);
	return holds;
}

static void try_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n && unit_has_purgatory("ppc64le"); i++)
		if (!row_holds(&rows[i]))
			_fail(rows[i].argv, (int)i);
}

#define TRY(rows) try_rows(rows, ARRAY_SIZE(rows))
#define K "@/vmlinux"

static void which_call_is_made(void **state)
{
	static const struct row rows[] = {
		{ "-p " K, .did = "loading file6 loaded ", .unsaid = "kexec:" },
		{ "-p " K, .file = { -ENOSYS }, .did = "loading file6=-38 load1 loaded ",
		  .said = "; loading with kexec_load\n" },
		{ "-p --hotplug " K, .did = "loading load9 loaded ", .unsaid = "warning" },
		/* Why is said once. */
		{ "-p --hotplug " K, .load = { -EPERM }, .did = "loading load9=-1 file6 loaded ",
		  .said = "; loading with kexec_file_load\n", .unsaid = "kexec: \n" },
		{ "-p --hotplug " K, .load = { -ENOMEM }, .status = 255,
		  .did = "loading load9=-12 ", .said = "kexec_load failed" },
		{ "-p --hotplug " K, .load = { -EPERM }, .file = { -EACCES }, .status = 255,
		  .did = "loading load9=-1 file6=-13 ", .said = "kexec_file_load failed" },
		{ "-p -c " K, .did = "loading load1 loaded " },
		{ "-p -c " K, .load = { -ENOSYS }, .status = 255, .did = "loading load1=-38 " },
		{ "-p -s " K, .did = "loading file6 loaded " },
		{ "-p -s " K, .file = { -ENOSYS }, .status = 253, .did = "loading file6=-38 " },
		{ "-p -s " K, .file = { -EINVAL }, .status = 255, .did = "loading file6=-22 " },
		{ "-p -s --mem-min=1M " K, .status = 1, .did = "loading ",
		  .said = "--mem-max not supported while using --kexec-file-syscall" },
		{ "-p --mem-min=1M " K, .did = "loading load1 loaded " },
		{ "-p -s --noefi " K, .did = "loading file6 loaded ",
		  .said = "the running kernel's own loader knows nothing of that" },
		{ "-p --noefi " K, .status = 1, .did = "loading ", .unsaid = "kexec_file_load" },
		{ "-p " K, foreign, .did = "loading file6 loaded " },
		{ "-p " K, foreign, .file = { -ENOSYS }, .status = 1, .did = "loading file6=-38 " },
		{ "-p " K, locked_down, .did = "loading file6 loaded ",
		  .unsaid = "loading with kexec_file_load" },
		{ "-p --hotplug " K, locked_down, .did = "loading file6 loaded ",
		  .said = "loading with kexec_file_load: the running kernel is locked down" },
		{ "-p --hotplug -s " K, locked_down, .did = "loading file6 loaded ",
		  .unsaid = "loading with kexec_file_load" },
		{ "-p " K, locked_down, .file = { -EPERM }, .status = 255,
		  .did = "loading file6=-1 " },
		{ "-l " K, .did = "file4 ", .unsaid = "kexec:" },
		{ "-l " K, .file = { -ENOSYS }, .did = "file4=-38 load0 " },
		{ "-l " K, .file = { -EACCES }, .status = 255, .did = "file4=-13 " },
		{ "-l " K, .file = { -ENOEXEC }, .load = { -EBUSY, -EBUSY },
		  .did = "file4=-8 load0=-16 sleep100 load0=-16 sleep100 load0 " },
		{ "-l -c " K, .load = { -ENOMEM }, .status = 255, .did = "load0=-12 " },
		/* Open for writing: no file for that call, but one that can be planned with. */
		{ "-p --hotplug " K, being_written, .load = { -EPERM }, .status = 1,
		  .did = "loading load9=-1 ", .said = "is open for writing" },
		{ "-p " K, being_written, .file = { -ETXTBSY },
		  .did = "loading file6=-26 load1 loaded ", .unsaid = "would not load it" },
		/* Too large for that call alone. */
		{ "-l --initrd=@/initrd " K, huge, .status = 1, .did = "",
		  .said = "kexec_file_load takes up to 4294967296; loading with kexec_load" },
		{ "-l -s --initrd=@/initrd " K, huge, .status = 255, .did = "",
		  .said = "kexec_file_load takes up to", .unsaid = "loading with" },
		/* Written while it was waited for the lock: no other call is made with it. */
		{ "-l " K, .file = { -EBUSY }, .asleep = file_is_written, .status = 255,
		  .did = "file4=-16 sleep100 ", .said = "was written to after" },
		/* What the capture kernel needs does not fit: no call is made. */
		{ "-p -c " K, too_small, .status = 1, .did = "loading ",
		  .said = "is not in the memory which the capture kernel would have" },
		{ "-p -c " K, .did = "loading load1 loaded " },
	};
	/* The random bytes are for the second kernel; without them, it has none. */
	static const struct row seeded[] = {
		{ "-l -c @/bzImage", a_pc, .did = "load0 " },
		{ "-l -c @/bzImage", a_pc, .random = -EIO, .did = "load0 " },
	};

	(void)state;
	TRY(rows);
	for (size_t i = 0; i < ARRAY_SIZE(seeded) && unit_has_purgatory("x86_64"); i++) {
		assert_true(row_holds(&seeded[i]));
		assert_int_equal(kernel.seeded, !i);
	}
}

/* What this kernel is known to get wrong, by the call that is made. */
static void known_flaws(void **state)
{
#define PLACE "has a wrong place for the first 64 KiB"
#define LOSES "loses the place of the first 64 KiB"
#define LOST "memory that is preserved for the next kernel"
	static const struct row rows[] = {
		{ "-p " K, old, .did = "loading load1 loaded ", .unsaid = "64 KiB" },
		{ "-p --hotplug " K, old, .did = "loading load9 loaded ", .said = LOSES },
		{ "-p --hotplug " K, old_without_memory_hotplug, .did = "loading load9 loaded ",
		  .unsaid = LOSES },
		{ "-p " K, old, .load = { -EPERM }, .did = "loading load1=-1 file6 loaded ",
		  .said = PLACE },
		{ "-p -s " K, old, .did = "loading file6 loaded ", .said = PLACE },
		{ "-p " K, old_without_tree, .did = "loading file6 loaded ", .said = PLACE },
		{ "-p -s " K, big_endian, .status = 4, .did = "loading file6 loaded doubt ",
		  .said = "moves to address 0" },
		{ "-p -s " K, .did = "loading file6 loaded ", .unsaid = "64 KiB" },
		{ "-l -c " K, preserving, .did = "load0 ", .said = LOST },
		{ "-l " K, preserving, .did = "file4 ", .unsaid = LOST },
		{ "-p -c " K, preserving, .did = "loading load1 loaded ", .unsaid = LOST },
		{ "-d -p --hotplug " K, unknown, .load = { -EFAULT },
		  .did = "loading load19=-14 load19 loaded ",
		  .said = "not known whether it keeps" },
		{ "-d -p --hotplug " K, .load = { -EFAULT },
		  .did = "loading load19=-14 load19 loaded ",
		  .unsaid = "not known whether it keeps" },
		{ "-d -p -c " K, unknown, .load = { -EFAULT },
		  .did = "loading load11=-14 load11 loaded ",
		  .unsaid = "not known whether it keeps" },
	};

	(void)state;
	TRY(rows);
}

/* Where the machine is not understood, the running kernel may do so; of the files all is known. */
static void without_a_plan(void **state)
{
	static const struct row rows[] = {
		{ "-p " K, without_tree, .did = "loading file6 loaded ",
		  .said = "the running kernel planned alone" },
		{ "-p " K, without_tree, .file = { -ENOMEM }, .status = 255,
		  .did = "loading file6=-12 ", .said = "the running kernel was to plan alone" },
		{ "-p " K, without_tree, .file = { -ENOSYS }, .status = 1,
		  .did = "loading file6=-38 ", .said = "device-tree", .unsaid = "plan alone" },
		{ "-p --dry-run " K, without_tree, .status = 1, .did = "", .said = "device-tree" },
		{ "-p --hotplug " K, without_tree, .status = 1, .did = "loading " },
		{ "-p -c " K, without_tree, .status = 1, .did = "loading " },
		{ "-p -s " K, without_tree, .did = "loading file6 loaded ", .unsaid = "alone" },
		{ "-l " K, without_tree, .did = "file4 ", .unsaid = "alone" },
		{ "-l " K, without_tree, .file = { -ENOSYS }, .status = 1, .did = "file4=-38 ",
		  .said = "device-tree" },
		{ "-p " K, no_kernel, .status = 255, .did = "loading " },
		{ "-l -s --type=Image " K, .status = 255, .did = "", .said = "mage" },
		{ "-l -s --type=elf-ppc64 " K, .did = "file4 " },
		{ "-p -s " K, no_kernel, .status = 255, .did = "loading " },
		{ "-l " K, no_kernel, .status = 255, .did = "" },
		{ "-p " K, armed_without_tree, .file = { -ENOMEM }, .status = 255,
		  .did = "loading file6=-12 sleep300 ", .said = "no crash kernel is armed now" },
	};

	(void)state;
	TRY(rows);
}

/* A CPU that comes while the lock is taken is lost on the image: it is loaded again. */
static void what_changes_meanwhile(void **state)
{
#define CHANGED "CPUs or memory changed while the image was loaded; loading again"
#define FAILED "CPUs or memory changed and loading again failed; the loaded image is not current"
#define GONE "no crash kernel is armed now; the one loaded before is gone"
	static const struct row rows[] = {
		{ "-p --hotplug " K, .during = one_more_cpu,
		  .did = "loading load9 loaded sleep100 load9 loaded ", .said = CHANGED },
		{ "-p " K, .during = one_more_cpu,
		  .did = "loading file6 loaded sleep100 file6 loaded ", .said = CHANGED },
		{ "-p -s " K, .during = one_more_cpu,
		  .did = "loading file6 loaded sleep100 file6 loaded ", .said = CHANGED },
		{ "-p --hotplug " K, .during = more_cpus, .status = 4,
		  .did = "loading load9 loaded sleep100 load9 loaded sleep200 load9 loaded sleep400"
			 " load9 loaded sleep800 load9 loaded doubt ",
		  .said = "kept changing; the loaded image is not current" },
		/* That it keeps none just now, another event can be the cause of. */
		{ "-p " K, .deaf = true, .during = one_more_cpu,
		  .did = "loading file6 loaded sleep100 file6 loaded ", .said = CHANGED },
		{ "-p " K, .deaf = true, .loaded = without_cpu_hotplug, .during = one_more_cpu,
		  .did = "loading file6 loaded sleep100 file6 loaded ", .said = CHANGED },
		{ "-p " K, .deaf = true, .loaded = without_memory_hotplug, .during = one_more_cpu,
		  .did = "loading file6 loaded sleep100 file6 loaded ", .said = CHANGED },
		/* Nobody promised anything of these. */
		{ "-p " K, .loaded = without_hotplug, .during = one_more_cpu,
		  .did = "loading file6 loaded " },
		{ "-p -c " K, .during = one_more_cpu, .did = "loading load1 loaded " },
		{ "-l " K, .during = one_more_cpu, .did = "file4 " },
		{ "-p " K, foreign, .during = one_more_cpu, .did = "loading file6 loaded " },
		/* Nor is it kept current, but it was asked for. */
		{ "-p --hotplug " K, .deaf = true, .during = one_more_cpu, .status = 4,
		  .did = "loading load9 loaded sleep100 load9 loaded sleep100 sleep100 doubt ",
		  .said = "will NOT keep it current" },
		{ "-p --hotplug " K, .load = { 0, -EPERM }, .file = { -EPERM },
		  .during = one_more_cpu, .status = 255,
		  .did = "loading load9 loaded sleep100 load9=-1 file6=-1 doubt ", .said = FAILED,
		  .unsaid = GONE },
		{ "-p --hotplug " K, .load = { 0, -ENOMEM }, .during = one_more_cpu, .status = 255,
		  .did = "loading load9 loaded sleep100 load9=-12 sleep300 sleep300 ", .said = GONE,
		  .unsaid = FAILED },
		{ "-p --hotplug " K, .load = { -ENOMEM }, .during = one_more_cpu, .status = 255,
		  .did = "loading load9=-12 ", .unsaid = FAILED },
	};

	(void)state;
	TRY(rows);
}

static void what_was_armed(void **state)
{
	static const struct row rows[] = {
		{ "-p -c " K, armed, .load = { -ENOMEM }, .status = 255,
		  .did = "loading load1=-12 sleep300 ", .said = GONE },
		{ "-p -c " K, armed, .load = { -ENOMEM }, .asleep = comes_back, .status = 255,
		  .did = "loading load1=-12 sleep300 ", .unsaid = GONE },
		{ "-p -c " K, armed, .load = { -EPERM }, .status = 255, .did = "loading load1=-1 ",
		  .unsaid = GONE },
		{ "-p -c " K, .load = { -ENOMEM }, .status = 255, .did = "loading load1=-12 ",
		  .unsaid = GONE },
		{ "-l -c " K, armed, .load = { -ENOMEM }, .status = 255, .did = "load0=-12 ",
		  .unsaid = GONE },
		{ "-p -c " K, armed, .did = "loading load1 loaded ", .unsaid = GONE },
		/* It was just being changed when load() looked first. */
		{ "-p -c " K, disarmed, .load = { -ENOMEM }, .at_random = comes_back, .status = 255,
		  .did = "loading load1=-12 sleep300 ", .said = GONE },
		{ "-l -c " K, disarmed, .load = { -ENOMEM }, .at_random = comes_back, .status = 255,
		  .did = "load0=-12 ", .unsaid = GONE },
		{ "-p -c " K, nonsense, .load = { -ENOMEM }, .status = 255,
		  .did = "loading load1=-12 ", .unsaid = "what?" },
		{ "-p -c " K, nonsense, .did = "loading load1 loaded ", .unsaid = "what?" },
	};
	static const struct row left_over[] = {
		{ "-l -c " K, nonsense_of_hotplug, .did = "load0 ", .unsaid = "what?" },
		{ "-p -c " K, nonsense_of_hotplug, .did = "loading load1 loaded ",
		  .unsaid = "what?" },
		{ "-p -c " K, .loaded = nonsense_of_hotplug, .did = "loading load1 loaded ",
		  .unsaid = "what?" },
	};

	(void)state;
	TRY(rows);
	/* Nor is it left over for whoever asks next. */
	assert_string_equal(fail_text(), "");
	for (size_t i = 0; i < ARRAY_SIZE(left_over); i++) {
		try_rows(&left_over[i], 1);
		assert_string_equal(fail_text(), "");
	}
}

static void files_that_are_written(void **state)
{
#define BEFORE "written to, or cannot be read any more; try again"
#define DURING "was written to while it was loaded; load again"
	static const struct row rows[] = {
		{ "-p -c " K, .during = file_is_written, .status = 4,
		  .did = "loading load1 loaded doubt ", .said = DURING },
		{ "-p -s " K, .during = file_is_written, .status = 4,
		  .did = "loading file6 loaded doubt ", .said = DURING },
		{ "-l -c " K, .during = file_is_written, .status = 4, .did = "load0 ",
		  .said = DURING },
		{ "-p -c --dry-run " K, .at_random = file_is_written, .did = "",
		  .unsaid = "written to" },
		{ "-p -s " K, .did = "loading file6 loaded ", .unsaid = DURING },
	};

	static const struct row mapped[] = {
		{ "-p -c " K, .at_random = file_is_written, .status = 255, .did = "loading ",
		  .said = BEFORE },
		/* The other call would be made with the same files. */
		{ "-p --hotplug " K, .at_random = file_is_written, .status = 255, .did = "loading ",
		  .said = BEFORE "; loading with kexec_file_load",
		  .said_too = "was written to after kexec had looked at it" },
	};

	(void)state;
	TRY(rows);
	if (leases_work())
		TRY(mapped);
}

/* What was asked for, and what it is worth. */
static void images_in_doubt(void **state)
{
#define NOTES "have no crash_notes"
	static const struct row rows[] = {
		{ "-p --hotplug " K, .deaf = true, .status = 4,
		  .did = "loading load9 loaded sleep100 sleep100 doubt ",
		  .said = "will NOT keep it current" },
		{ "-p " K, .deaf = true, .did = "loading file6 loaded ", .unsaid = "NOT" },
		{ "-p -c " K, without_notes, .status = 4, .did = "loading load1 loaded doubt ",
		  .said = NOTES },
		{ "-p -s " K, without_notes, .did = "loading file6 loaded ", .unsaid = NOTES },
		{ "-p -c --dry-run " K, without_notes, .did = "", .said = NOTES },
		{ "-p --hotplug " K, without_notes, .status = 1, .did = "loading ", .said = NOTES },
	};

	(void)state;
	TRY(rows);
}

static void what_is_shown(void **state)
{
	static const struct row rows[] = {
		{ "-p --dry-run " K, .did = "", .said = "Crash image for Linux " NEW,
		  .said_too = "system call   kexec_file_load, else kexec_load" },
		{ "-p --hotplug --dry-run " K, .did = "",
		  .said = "system call   kexec_load, else kexec_file_load" },
		{ "-l --dry-run " K, .did = "", .said = "Normal image" },
		{ "-p -s --dry-run " K, .did = "", .said = "system call   kexec_file_load (" },
		{ "-p --dry-run --map " K, .did = "", .said = "purgatory",
		  .unsaid = "system call" },
#ifdef HAVE_JSON_C
		{ "-p --dry-run --json " K, .did = "", .said = "\"segments\"",
		  .unsaid = "system call   " },
		{ "-p --dry-run --json --dump=@/initrd " K, .status = 1, .did = "",
		  .said = "initrd", .unsaid = "\"segments\"" },
#endif
		{ "-p --dry-run --dump=@/dump " K, .did = "", .said = "system call" },
		{ "-p --dry-run --dump=@/initrd " K, .status = 1, .did = "", .said = "initrd",
		  .unsaid = "system call" },
		{ "-p --hotplug --dry-run " K, old, .did = "", .said = LOSES },
		{ "-p --hotplug --dry-run " K, armed, .did = "", .said = "Crash image" },
		{ "--dry-run " K, .did = "", .said = "Normal image" },
		{ "-p -c " K, .did = "loading load1 loaded ", .unsaid = "Crash image" },
	};

	(void)state;
	TRY(rows);
}

static void where_firmware_dumps(void **state)
{
	static const struct row rows[] = {
		{ "-p " K, with_fadump, .status = 1, .did = "", .said = "fadump is enabled" },
		{ "-p --force " K, with_fadump, .did = "loading file6 loaded " },
		{ "-p --dry-run " K, with_fadump, .did = "", .unsaid = "fadump is enabled" },
		{ "-l " K, with_fadump, .did = "file4 " },
		{ "-p " K, with_fadump_nonsense, .status = 1, .did = "", .said = "fadump" },
		{ "-l " K, with_fadump_nonsense, .did = "file4 " },
		{ "-p --reuseinitrd " K, .status = 1, .did = "", .said = "retain_initrd" },
	};

	(void)state;
	TRY(rows);
}

static void what_follows_a_load(void **state)
{
	static const struct row rows[] = {
		{ "-f " K, .reboot = -EPERM, .status = 255, .did = "file4 sync down reboot ",
		  .said = "kexec failed" },
		{ "-f -x -y " K, .reboot = -EPERM, .status = 255, .did = "file4 reboot " },
		{ K, .did = "file4 shutdown " },
		{ K, .reboot = -ENOENT, .status = 255, .did = "file4 shutdown ",
		  .said = "neither systemctl nor shutdown" },
		{ K, .file = { -EACCES }, .status = 255, .did = "file4=-13 " },
		{ "-f " K, .file = { -EACCES }, .status = 255, .did = "file4=-13 " },
		{ "-f --dry-run " K, .did = "" },
		{ "-c " K, .during = file_is_written, .status = 4, .did = "load0 " },
	};

	(void)state;
	TRY(rows);
}

static void what_is_unloaded(void **state)
{
	static const struct row rows[] = {
		{ "-p -u", armed, .did = "fileunload3 " },
		{ "-u", .did = "fileunload1 " },
		{ "-u", .file = { -ENOSYS }, .did = "fileunload1=-38 unload0 " },
		{ "-p -u", .file = { -ENOSYS }, .did = "fileunload3=-38 unload1 " },
		{ "-u", .file = { -ENOSYS }, .load = { -ENOSYS }, .status = 255,
		  .did = "fileunload1=-38 unload0=-38 " },
		{ "-u", .file = { -EPERM }, .status = 255, .did = "fileunload1=-1 " },
		{ "-c -u", .did = "unload0 " },
		{ "-c -u", .load = { -ENOSYS }, .status = 255, .did = "unload0=-38 " },
		{ "-s -u", .did = "fileunload1 " },
		{ "-s -u", .file = { -ENOSYS }, .status = 253, .did = "fileunload1=-38 " },
		{ "-s -u", .file = { -EPERM }, .status = 255, .did = "fileunload1=-1 " },
	};

	(void)state;
	TRY(rows);
}

/* The CPU that starts the next kernel is put back as soon as another image is there, or none. */
static void the_cpu_that_starts(void **state)
{
	static const struct {
		struct row row;
		bool back;
	} rows[] = {
		{ { "-l -c " K, other_cpu, .did = "load0 " }, true },
		{ { "-l " K, other_cpu, .did = "file4 " }, true },
		{ { "-u", other_cpu, .did = "fileunload1 " }, true },
		{ { "-p -c " K, other_cpu, .did = "loading load1 loaded " }, false },
		{ { "-p " K, other_cpu, .did = "loading file6 loaded " }, false },
		{ { "-p -u", other_cpu, .did = "fileunload3 " }, false },
		{ { "-l -c " K, other_cpu, .load = { -ENOMEM }, .status = 255,
		    .did = "load0=-12 " },
		  false },
		{ { "-l " K, other_cpu, .file = { -EACCES }, .status = 255, .did = "file4=-13 " },
		  false },
		{ { "-c -u", other_cpu, .load = { -EPERM }, .status = 255, .did = "unload0=-1 " },
		  false },
	};
	static const struct row for_good[] = {
		{ "-l " K, other_cpu_for_good, .did = "file4 ",
		  .said = "the CPU which starts the next kernel stays changed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) && unit_has_purgatory("ppc64le"); i++) {
		STRING_AUTO memory = NULL;

		if (!row_holds(&rows[i].row))
			_fail(rows[i].row.argv, (int)i);
		memory = mem_printf("%s/" RUN_REBOOT_CPU, dir);
		assert_int_equal(access(memory, F_OK) != 0, rows[i].back);
	}
	TRY(for_good);
	assert_string_equal(fail_text(), "");
}

/* A tree without the CPU that would start it: another one does. */
static void another_cpu_starts(void **state)
{
	static const struct {
		struct row row;
		const char *cpu;
	} rows[] = {
		{ { "-l -c --dtb=@/blob " K, blob_of_the_second, .did = "load0 " }, "1" },
		{ { "-l -c --dtb=@/blob " K, blob_of_the_first, .did = "load0 " }, "0" },
		{ { "-l -c --dtb=@/blob " K, blob_of_the_second, .load = { -ENOMEM }, .status = 255,
		    .did = "load0=-12 " },
		  "0" },
		{ { "-l -c --dtb=@/blob " K, blob_and_no_room_to_remember, .status = 255,
		    .did = "load0 unload0 ", .said = "unloaded again, it would start on a CPU" },
		  "0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) && unit_has_purgatory("ppc64le"); i++) {
		BUF_AUTO cpu = { 0 };

		if (!row_holds(&rows[i].row))
			_fail(rows[i].row.argv, (int)i);
		assert_int_equal(sysroot_read(&sr, SYS_REBOOT_CPU, &cpu), 0);
		assert_int_equal(cpu.data[0], rows[i].cpu[0]);
	}
}

static int free_words(void **state)
{
	(void)state;
	arena_free(&words);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	sr.root = dir = unit_directory();
	machine_is_set = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	buf_free(&done);
	fail_forget();
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(which_call_is_made),     TEST(known_flaws),      TEST(without_a_plan),
		TEST(what_changes_meanwhile), TEST(what_was_armed),   TEST(files_that_are_written),
		TEST(images_in_doubt),	      TEST(what_is_shown),    TEST(where_firmware_dumps),
		TEST(what_follows_a_load),    TEST(what_is_unloaded), TEST(the_cpu_that_starts),
		TEST(another_cpu_starts),
	};

	message_program("kexec");
	return cmocka_run_group_tests_name("load", tests, NULL, free_words);
}
