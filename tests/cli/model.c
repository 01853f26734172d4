// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * A strict model of the kernel's kexec_load and kexec_file_load, linked into
 * kexec in place of the system calls: it checks what kernel/kexec.c,
 * kernel/kexec_file.c and kernel/kexec_core.c check, in their order, and keeps
 * the loaded state and the load limits in the files of a recorded machine.
 *
 * From the environment: KEXEC_MODEL_ROOT, the machine; KEXEC_MODEL_REGION,
 * "START-END" in hex, its crash region; KEXEC_MODEL_LOG, where each call is
 * written; KEXEC_MODEL_FAIL, errnos for the first calls of kexec_load, by number,
 * "16,16,0"; KEXEC_MODEL_POLICY, the errno with which a policy (lockdown: 1, Secure
 * Boot: 13) refuses each kexec_load, or 38: there is none; KEXEC_MODEL_KNOWS, flag
 * bits of a newer kernel, hex; KEXEC_MODEL_DEAF, set: keep no image current;
 * KEXEC_MODEL_ARRIVES, that many calls, of either kind and in vain or not, during
 * each of which a CPU comes online and the kernel, whose lock is taken, forgets it;
 * KEXEC_MODEL_FILE, set: there is kexec_file_load, and it answers with that errno, or those, one
 * for each call ("16,0"; the last for all that follow); KEXEC_MODEL_MEANWHILE, a shell command for
 * the first time that kexec sleeps or asks for random bytes, when it has looked at the files, and
 * KEXEC_MODEL_DURING, one for when a load has read them; KEXEC_MODEL_LEASES_END, set: before these
 * no lease of a file is left;
 * KEXEC_MODEL_SETTLES, set: while kexec sleeps, a loaded image that is kept current
 * appears; KEXEC_MODEL_REBOOT, the errno of reboot(2); KEXEC_MODEL_DROPS, that many loads during
 * each of which an event is dropped; KEXEC_MODEL_MEMORY, a file for what a crash image is in
 * memory when it has been loaded; KEXEC_MODEL_LACKS, set: this process may not load;
 * KEXEC_MODEL_LOCK, a file which is the kernel's lock: for who comes while another has it, the call
 * is busy, and time passes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/confine.h"
#include "common/crc32.h"
#include "common/error.h"
#include "common/mem.h"
#include "kexec/syscalls.h"

#define ON_CRASH	0x1u
#define KNOWN_FLAGS	0xfu
#define SEGMENTS_MAX	16
#define COMMAND_LINE_MAX 2048	/* of the machines that are modelled, NUL included */

/* How kernels differ. */
static const struct model_arch {
	const char *machine;		/* of kexec-snapshot */
	unsigned long number;		/* KEXEC_ARCH_* */
	unsigned long keep_flags;	/* any of which asks to keep the image current */
	unsigned int crash_pages;	/* at least so many for itself: x86_64, page tables too */
	int trees; /* segments that begin like a device tree, with those flags */
	const char *magic;		/* of the files that it loads itself, four bytes */
	off_t magic_at;
} model_arches[] = {
	{ "ppc64", 21u << 16, 0x8, 2, 1, "\177ELF", 0 },
	/* kernel/kexec.c: KEXEC_UPDATE_ELFCOREHDR as well; arch/x86/kernel/kexec-bzimage64.c */
	{ "x86_64", 62u << 16, 0xc, 8, 0, "HdrS", 0x202 },
	{ "aarch64", 183u << 16, 0x8, 2, 1, "ARM\x64", 56 },
};

static unsigned long calls;	/* of kexec_load */
static unsigned long loads;	/* calls of either kind */

/* Not a fault of the program that is tested. */
static void give_up(void)
{
	fputs("the model of the kernel cannot go on\n", stderr);
	abort();
}

/* What is written for the kernel: in the recorded machine, or where a variable says. */
enum {
	FILE_LOADED, FILE_LOADED_NEW, FILE_CRASH_LOADED, FILE_CRASH_LOADED_NEW, FILE_CPU_HOTPLUG,
	FILE_MEMORY_HOTPLUG, FILE_LIMIT_REBOOT, FILE_LIMIT_PANIC, FILE_ONLINE, FILE_KERNEL_LOG,
	FILE_CALLS, FILE_MEMORY, FILE_LOCK, FILES
};

static struct model_file {
	const char *name, *variable;
	int flags, fd;	/* the latter + 1, once it has been opened; -1: cannot be */
} model_files[FILES] = {
	[FILE_LOADED] = { "sys/kernel/kexec_loaded", NULL, 0, 0 },
	[FILE_LOADED_NEW] = { "sys/kernel/kexec/loaded", NULL, 0, 0 },
	[FILE_CRASH_LOADED] = { "sys/kernel/kexec_crash_loaded", NULL, 0, 0 },
	[FILE_CRASH_LOADED_NEW] = { "sys/kernel/kexec/crash_loaded", NULL, 0, 0 },
	[FILE_CPU_HOTPLUG] = { "sys/devices/system/cpu/crash_hotplug", NULL, 0, 0 },
	[FILE_MEMORY_HOTPLUG] = { "sys/devices/system/memory/crash_hotplug", NULL, 0, 0 },
	[FILE_LIMIT_REBOOT] = { "proc/sys/kernel/kexec_load_limit_reboot", NULL, 0, 0 },
	[FILE_LIMIT_PANIC] = { "proc/sys/kernel/kexec_load_limit_panic", NULL, 0, 0 },
	[FILE_ONLINE] = { "sys/devices/system/cpu/online", NULL, 0, 0 },
	[FILE_KERNEL_LOG] = { "kexec-log", NULL, O_CREAT | O_APPEND, 0 },
	[FILE_CALLS] = { NULL, "KEXEC_MODEL_LOG", O_CREAT | O_APPEND, 0 },
	[FILE_MEMORY] = { NULL, "KEXEC_MODEL_MEMORY", O_CREAT, 0 },
	[FILE_LOCK] = { NULL, "KEXEC_MODEL_LOCK", 0, 0 },
};

/*
 * Open from before kexec gives up what it has no use for: what the model does is the kernel's work.
 * -1: that it is not there, or of a log that it is another's, is all that the model can do with.
 */
static int model_try(unsigned int number, int flags)
{
	struct model_file *f = &model_files[number];
	const char *path = f->variable ? getenv(f->variable) : NULL;
	char name[4096];

	if (f->variable && !path)
		f->fd = -1;
	if (f->fd)
		return f->fd > 0 ? f->fd - 1 : -1;
	snprintf(name, sizeof(name), "%s/%s", getenv("KEXEC_MODEL_ROOT"), f->name);
	f->fd = open(path ? path : name, O_RDWR | O_CLOEXEC | (f->flags & flags), 0644) + 1;
	if (f->fd)
		return f->fd - 1;
	if ((errno == ENOENT && (f->flags & flags) == f->flags) ||
	    (errno == EACCES && number != FILE_MEMORY &&
	     (f->flags & O_CREAT || number == FILE_ONLINE)))
		f->fd = -1;
	return -1;
}

static int model_file(unsigned int number)
{
	int fd = model_try(number, ~0);

	if (!model_files[number].fd)
		give_up();
	return fd;
}

/* A part of one that is only read. */
static FILE *model_open(const char *name)
{
	FILE *f = fopen(name, "r");

	if (!f && errno != ENOENT && errno != EACCES)
		give_up();
	return f;
}

static unsigned long setting(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 16) : 0;
}

/* As sysfs: who reads has the old number or the new one. No file is made. */
static void write_text(unsigned int number, const char *text)
{
	size_t len = strlen(text);
	int fd = model_file(number);

	if (fd >= 0 && (pwrite(fd, text, len, 0) != (ssize_t)len || ftruncate(fd, (off_t)len) < 0))
		give_up();
}

static void write_state(unsigned int number, int value)
{
	char text[32];

	snprintf(text, sizeof(text), "%d\n", value);
	write_text(number, text);
}

__attribute__((format(printf, 2, 3))) static void add_text(unsigned int number, const char *format,
							   ...)
{
	int fd = model_file(number);
	va_list args;

	va_start(args, format);
	if (fd >= 0 && vdprintf(fd, format, args) < 0)
		give_up();
	va_end(args);
}

/* The number in a file of the machine, or @otherwise. */
static long read_state(const char *file, const char *format, long otherwise)
{
	char name[4096];
	long value = otherwise;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", getenv("KEXEC_MODEL_ROOT"), file);
	f = model_open(name);
	if (f) {
		if (fscanf(f, format, &value) != 1)
			value = otherwise;
		fclose(f);
	}
	return value;
}

static const struct model_arch *model_arch(void)
{
	size_t n = sizeof(model_arches) / sizeof(*model_arches);
	char name[4096], text[256] = "";
	FILE *f;

	snprintf(name, sizeof(name), "%s/kexec-snapshot", getenv("KEXEC_MODEL_ROOT"));
	f = model_open(name);
	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		fclose(f);
	}
	for (size_t i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "machine %s\n", model_arches[i].machine);
		if (strstr(text, name))
			return &model_arches[i];
	}
	return model_arches;
}

/* kernel/kexec_core.c:kexec_load_permitted: every try counts, whatever becomes of it. */
static int load_permitted(unsigned long crash)
{
	unsigned int file = crash ? FILE_LIMIT_PANIC : FILE_LIMIT_REBOOT;
	long limit = read_state(model_files[file].name, "%ld", -1);

	if (limit > 0)
		write_state(file, (int)limit - 1);
	return limit != 0;
}

static void set_normal_loaded(int loaded)
{
	write_state(FILE_LOADED, loaded);
	write_state(FILE_LOADED_NEW, loaded);
}

static void set_loaded(int loaded, int hotplug)
{
	write_state(FILE_CRASH_LOADED, loaded);
	write_state(FILE_CRASH_LOADED_NEW, loaded);
	write_state(FILE_CPU_HOTPLUG, hotplug);
	write_state(FILE_MEMORY_HOTPLUG, hotplug);
}

/* kernel/crash_core.c:crash_handle_hotplug_event, while the load holds the lock */
static void drop_event(void)
{
	const char *times = getenv("KEXEC_MODEL_DROPS");

	if (times && loads <= strtoul(times, NULL, 10))
		add_text(FILE_KERNEL_LOG,
			 "<6>[    7.000000] crash hp: kexec_trylock() failed, kdump image may be"
			" inaccurate\n");
}

static void bring_cpus_online(unsigned long last)
{
	char text[32];

	snprintf(text, sizeof(text), "0-%lu\n", last);
	write_text(FILE_ONLINE, text);
}

/* An event while the lock is taken (kernel/crash_core.c:crash_handle_hotplug_event) is dropped. */
static void have_an_event(void)
{
	const char *arrives = getenv("KEXEC_MODEL_ARRIVES");

	loads++;
	if (arrives && loads <= strtoul(arrives, NULL, 10))
		bring_cpus_online(loads);
}

/* The errno that the test wants of this call, 0: what the checks say. */
static int wanted_failure(void)
{
	const char *list = getenv("KEXEC_MODEL_FAIL");

	for (unsigned long i = 0; list && i < calls; i++) {
		list = strchr(list, ',');
		list += list != NULL;
	}
	return list ? atoi(list) : 0;
}

/* Page alignment as of the kernel with the largest pages; kexec must not rely on less. */
static int check_segment(const struct kexec_segment *s, unsigned long start, unsigned long end)
{
	unsigned long page = setting("KEXEC_MODEL_PAGE");

	if (s->mem + s->memsz < s->mem || ((s->mem | s->memsz) & (page - 1)))
		return -EADDRNOTAVAIL;
	if (s->bufsz > s->memsz)
		return -EINVAL;
	if (end && (s->mem < start || s->mem + s->memsz > end))
		return -EADDRNOTAVAIL;
	return 0;
}

static int check_list(const struct kexec_segment *s, unsigned long n, unsigned long start,
		      unsigned long end)
{
	for (unsigned long i = 0; i < n; i++) {
		int rc = check_segment(&s[i], start, end);

		if (rc < 0)
			return rc;
		for (unsigned long k = 0; k < i; k++)
			if (s[i].mem < s[k].mem + s[k].memsz && s[k].mem < s[i].mem + s[i].memsz)
				return -EINVAL;
	}
	return 0;
}

/* sanity_check_segment_list: MemTotal is totalram_pages. */
static unsigned long half_of_memory(void)
{
	unsigned long page = setting("KEXEC_MODEL_PAGE");
	long kib = read_state("proc/meminfo", "MemTotal: %ld", 0);

	return kib && page ? (unsigned long)kib * 1024 / page / 2 * page : ~0ul;
}

static int check_total(const struct kexec_segment *s, unsigned long n)
{
	unsigned long total = 0, half = half_of_memory();

	for (unsigned long i = 0; i < n; i++) {
		total += s[i].memsz;
		if (s[i].memsz > half || total > half)
			return -EINVAL;
	}
	return 0;
}

/*
 * kimage_alloc_crash_control_pages: the control page, then the copy of
 * vmcoreinfo and page tables, each the lowest page that no segment covers.
 */
static int take_crash_pages(const struct kexec_segment *s, unsigned long n, unsigned long start,
			    unsigned long end)
{
	unsigned long page = setting("KEXEC_MODEL_PAGE"), at = start;

	for (unsigned int found = 0; found < model_arch()->crash_pages; at += page, found++) {
		for (unsigned long i = 0; i < n; i++)
			if (at < s[i].mem + s[i].memsz && s[i].mem < at + page) {
				at = s[i].mem + s[i].memsz;
				i = -1ul;
			}
		if (at + page > end)
			return -ENOMEM;
	}
	return 0;
}

/* As crash_handle_hotplug_event() and get_fdt_index() will look for them. */
static int count_magic(const struct kexec_segment *s, unsigned long n, const char *magic)
{
	int found = 0;

	for (unsigned long i = 0; i < n; i++)
		found += s[i].bufsz >= 4 && !memcmp(s[i].buf, magic, 4);
	return found;
}

static void keep_number(FILE *f, uint64_t value)
{
	if (fwrite(&value, sizeof(value), 1, f) != 1)
		give_up();
}

/*
 * Numbers of 64 bits in the order of this machine: entry, flags, segments; of each segment
 * address, size in memory, bytes, and these.
 */
static void keep_memory(unsigned long entry, unsigned long n, const struct kexec_segment *s,
			unsigned long flags)
{
	int fd = model_file(FILE_MEMORY);
	FILE *f;

	if (fd < 0)
		return;
	f = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "wb");
	if (!f || (ftruncate(fd, 0) < 0 && errno != EINVAL))	/* a device */
		give_up();
	rewind(f);
	keep_number(f, entry);
	keep_number(f, flags);
	keep_number(f, n);
	for (unsigned long i = 0; i < n; i++) {
		keep_number(f, s[i].mem);
		keep_number(f, s[i].memsz);
		keep_number(f, s[i].bufsz);
		if (s[i].bufsz && fwrite(s[i].buf, 1, s[i].bufsz, f) != s[i].bufsz)
			give_up();
	}
	if (fclose(f))
		give_up();
}

static int load_normal(unsigned long n, const struct kexec_segment *s)
{
	int rc = check_list(s, n, 0, 0);

	if (rc >= 0)
		rc = check_total(s, n);
	if (rc >= 0)
		set_normal_loaded(n != 0);
	return rc;
}

static int load(unsigned long entry, unsigned long n, const struct kexec_segment *s,
		unsigned long flags)
{
	unsigned long start = 0, end = 0;
	int rc, hotplug;

	if (!(flags & ON_CRASH))
		return load_normal(n, s);
	set_loaded(0, 0);		/* the old image is freed before anything is checked */
	if (!n)
		return 0;
	sscanf(getenv("KEXEC_MODEL_REGION"), "%lx-%lx", &start, &end);
	if (entry < start || entry >= end)
		return -EADDRNOTAVAIL;
	rc = check_list(s, n, start, end);
	if (rc >= 0)
		rc = check_total(s, n);
	if (rc >= 0)
		rc = take_crash_pages(s, n, start, end);
	if (rc < 0)
		return rc;
	hotplug = (flags & model_arch()->keep_flags) && !getenv("KEXEC_MODEL_DEAF");
	if (hotplug && (count_magic(s, n, "\177ELF") != 1 ||
			count_magic(s, n, "\xd0\x0d\xfe\xed") != model_arch()->trees))
		abort();		/* nothing the kernel would notice: it would be too late */
	set_loaded(1, hotplug);
	keep_memory(entry, n, s, flags);
	drop_event();
	return 0;
}

static void log_line(const char *line)
{
	add_text(FILE_CALLS, "%s\n", line);
}

static void log_call(unsigned long entry, unsigned long n, const struct kexec_segment *s,
		     unsigned long flags, int rc)
{
	add_text(FILE_CALLS, "kexec_load entry=0x%lx segments=%lu flags=0x%lx = %d\n", entry, n,
		 flags, rc);
	for (unsigned long i = 0; (uintptr_t)s >= 4096 && i < n; i++)
		add_text(FILE_CALLS, "  mem=0x%lx memsz=0x%zx bufsz=0x%zx\n", s[i].mem, s[i].memsz,
			 s[i].bufsz);
}

/* kernel/kexec_core.c:kexec_trylock; so long that others come meanwhile. */
static int take_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = model_file(FILE_LOCK);

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return -EBUSY;
	usleep(5000);
	return 0;
}

static void release_lock(void)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	int fd = model_file(FILE_LOCK);

	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) < 0)
		give_up();
}

/* do_kexec_load, under the lock. */
static int answer_locked(unsigned long entry, unsigned long n, const struct kexec_segment *s,
			 unsigned long flags, int rc)
{
	have_an_event();
	if (rc == -EBUSY || rc == -EPERM || rc == -EACCES || rc == -ENOSYS)
		return rc;
	if (rc && flags & ON_CRASH)
		set_loaded(0, 0);
	return rc ? rc : load(entry, n, s, flags);
}

/* kernel/kexec.c: kexec_load_check, which frees nothing; who finds the lock taken is counted. */
static int answer_load(unsigned long entry, unsigned long n, const struct kexec_segment *s,
		       unsigned long flags)
{
	unsigned long known = KNOWN_FLAGS | setting("KEXEC_MODEL_KNOWS") | 0xffff0000;
	const char *policy = getenv("KEXEC_MODEL_POLICY");
	int rc = -wanted_failure();

	if (policy && atoi(policy) == ENOSYS)
		return -ENOSYS;
	if (!load_permitted(flags & ON_CRASH))
		return -EPERM;
	if (policy)
		return -atoi(policy);
	if (flags & ~known ||
	    (flags & 0xffff0000 && (flags & 0xffff0000) != model_arch()->number) ||
	    n > SEGMENTS_MAX)
		return -EINVAL;
	if (n && (uintptr_t)s < 4096)
		return -EFAULT;
	if (take_lock() < 0)
		return -EBUSY;
	rc = answer_locked(entry, n, s, flags, rc);
	release_lock();
	return rc;
}

/* As when a writer has waited for as long as /proc/sys/fs/lease-break-time says. */
static void end_leases(void)
{
	for (int fd = 3; fd < 256; fd++)
		fcntl(fd, F_SETLEASE, F_UNLCK);
}

static void run_once(const char *name)
{
	const char *command = getenv(name);

	if (command && getenv("KEXEC_MODEL_LEASES_END"))
		end_leases();
	if (command && system(command))
		give_up();
	unsetenv(name);
}

static int model_kexec_load(unsigned long entry, unsigned long n, const struct kexec_segment *s,
			    unsigned long flags)
{
	int rc = answer_load(entry, n, s, flags);

	calls++;
	log_call(entry, n, s, flags, rc);
	if (!rc && n)
		run_once("KEXEC_MODEL_DURING");
	return rc;
}

#define FILE_UNLOAD	0x1u
#define FILE_ON_CRASH	0x2u
#define FILE_NO_INITRD	0x4u

/* fs/kernel_read_file.c: not while somebody has it open for writing, as for a lease. */
static int read_whole_file(int fd, off_t magic_at, char magic[4])
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	if (fcntl(fd, F_GETLEASE) != F_RDLCK) {
		fcntl(fd, F_SETSIG, SIGURG);
		if (fcntl(fd, F_SETLEASE, F_RDLCK) && errno == EAGAIN)
			return -ETXTBSY;
		fcntl(fd, F_SETLEASE, F_UNLCK);
	}
	return pread(fd, magic, 4, magic_at) == 4 ? 0 : -EBADF;
}

static unsigned long size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : (unsigned long)st.st_size;
}

/*
 * arch/powerpc/kexec/elf_64.c: elfcorehdr= in front of the command line, and a
 * place for everything; of what it makes itself only the backup region counts here.
 */
static int file_fits(int kernel_fd, int initrd_fd, unsigned long cmdline_size, unsigned long flags)
{
	unsigned long start = 0, end = 0, size = size_of(kernel_fd) + 65536;
	char elfcorehdr[64];

	if (!(flags & FILE_NO_INITRD))
		size += size_of(initrd_fd);
	if (size > half_of_memory())
		return -EINVAL;
	if (!(flags & FILE_ON_CRASH))
		return 0;
	sscanf(getenv("KEXEC_MODEL_REGION"), "%lx-%lx", &start, &end);
	snprintf(elfcorehdr, sizeof(elfcorehdr), "elfcorehdr=0x%lx ", start);
	if (strlen(elfcorehdr) + cmdline_size > COMMAND_LINE_MAX)
		return -EINVAL;
	return size > end - start ? -EADDRNOTAVAIL : 0;
}

/* Reads what the kernel would: both files from their descriptors. */
static int load_files(int kernel_fd, int initrd_fd, unsigned long cmdline_size, const char *cmdline,
		      unsigned long flags)
{
	char magic[4] = "";
	int rc = read_whole_file(kernel_fd, model_arch()->magic_at, magic);

	if (rc >= 0 && memcmp(magic, model_arch()->magic, 4))
		rc = -ENOEXEC;
	if (rc >= 0 && !(flags & FILE_NO_INITRD))
		rc = read_whole_file(initrd_fd, 0, magic);
	if (rc >= 0 && cmdline_size && cmdline[cmdline_size - 1])
		rc = -EINVAL;
	return rc < 0 ? rc : file_fits(kernel_fd, initrd_fd, cmdline_size, flags);
}

static void log_line(const char *line);

static void log_bytes(const char *what, int fd)
{
	unsigned long size = size_of(fd);
	uint8_t *data = mem_alloc(size ? size : 1);
	STRING_AUTO line = NULL;

	if (pread(fd, data, size, 0) != (ssize_t)size)
		give_up();
	line = mem_printf("  read %s %08x", what, crc32_of(data, size));
	log_line(line);
	free(data);
}

static int wanted_file_failure(void)
{
	static unsigned long file_calls;
	const char *list = getenv("KEXEC_MODEL_FILE"), *next;

	for (unsigned long i = 0; list && i < file_calls && (next = strchr(list, ',')); i++)
		list = next + 1;
	file_calls++;
	return list ? -atoi(list) : -ENOSYS;
}

static int answer_file_locked(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
			      const char *cmdline, unsigned long flags, int wanted)
{
	int rc = wanted;

	have_an_event();
	if (wanted == -EPERM || wanted == -EBUSY)
		return wanted;
	/* As kexec_load does: the old crash image goes before the new one is looked at. */
	if (flags & FILE_ON_CRASH)
		set_loaded(0, 0);
	if (!rc && !(flags & FILE_UNLOAD))
		rc = load_files(kernel_fd, initrd_fd, cmdline_size, cmdline, flags);
	if (rc)
		return rc;
	if (!(flags & FILE_UNLOAD))
		log_bytes("kernel", kernel_fd);
	if (!(flags & (FILE_UNLOAD | FILE_NO_INITRD)))
		log_bytes("initrd", initrd_fd);
	run_once("KEXEC_MODEL_DURING");
	if ((flags & FILE_ON_CRASH) && !(flags & FILE_UNLOAD))
		drop_event();
	if (flags & FILE_ON_CRASH)
		set_loaded(!(flags & FILE_UNLOAD),
			   !(flags & FILE_UNLOAD) && !getenv("KEXEC_MODEL_DEAF"));
	else
		set_normal_loaded(!(flags & FILE_UNLOAD));
	return 0;
}

static int answer_file_load(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
			    const char *cmdline, unsigned long flags)
{
	int rc = wanted_file_failure();

	if (rc == -ENOSYS)
		return rc;
	if (!load_permitted(flags & FILE_ON_CRASH))
		return -EPERM;
	if (flags & ~(7ul | setting("KEXEC_MODEL_KNOWS")))
		return -EINVAL;
	if (take_lock() < 0)
		return -EBUSY;
	rc = answer_file_locked(kernel_fd, initrd_fd, cmdline_size, cmdline, flags, rc);
	release_lock();
	return rc;
}

static int model_kexec_file_load(int kernel_fd, int initrd_fd, unsigned long cmdline_size,
				 const char *cmdline, unsigned long flags)
{
	int rc = answer_file_load(kernel_fd, initrd_fd, cmdline_size, cmdline, flags);
	char line[4096];

	snprintf(line, sizeof(line), "kexec_file_load cmdline=\"%s\" initrd=%lu flags=0x%lx = %d",
		 cmdline ? cmdline : "", size_of(initrd_fd), flags, rc);
	log_line(line);
	return rc;
}

/* It never succeeds here; live update makes it fail with any errno. */
static int model_reboot_kexec(void)
{
	const char *answer = getenv("KEXEC_MODEL_REBOOT");

	log_line("reboot kexec flags=reboot = -38");
	return answer ? -atoi(answer) : -ENOSYS;
}

static int model_interfaces_down(void)
{
	log_line("ifdown flags=ifdown");
	return 0;
}

static int model_shut_down(void)
{
	log_line("shutdown flags=shutdown");
	return 0;
}

static void model_sync(void)
{
	log_line("sync flags=sync");
}

/* The same each time, so that plans can be compared. */
static int model_random(void *bytes, size_t n)
{
	run_once("KEXEC_MODEL_MEANWHILE");
	for (size_t i = 0; i < n; i++)
		((unsigned char *)bytes)[i] = (unsigned char)(i + 1);
	return 0;
}

/* What the kernel was at, it has done meanwhile. */
static void model_sleep_ms(unsigned int ms)
{
	char line[64];

	run_once("KEXEC_MODEL_MEANWHILE");
	snprintf(line, sizeof(line), "  sleep %u", ms);
	log_line(line);
	if (getenv("KEXEC_MODEL_SETTLES"))
		set_loaded(1, 1);
	if (getenv("KEXEC_MODEL_LOCK"))
		usleep(1000 * ms);
}

/* Stands still, or goes on so many milliseconds whenever somebody looks. */
static uint64_t model_now(void)
{
	const char *step = getenv("KEXEC_MODEL_CLOCK");
	static uint64_t now;

	now += step ? strtoull(step, NULL, 10) * 1000000 : 0;
	return now;
}

static int model_log_line(const char *line)
{
	add_text(FILE_KERNEL_LOG, "<14>[    8.000000] %s\n", line);
	return 0;
}

/* As the real one; but what a test runs meanwhile is not confined. */
static void model_confine(unsigned int purposes)
{
	/* Others write nothing, or may make a file when there is something to write. */
	bool crash = purposes & CONFINE_LOADS && !(purposes & CONFINE_WRITES);

	for (unsigned int i = 0; i < FILES; i++)
		model_try(i, crash ? ~0 : ~O_CREAT);
	if (!getenv("KEXEC_MODEL_MEANWHILE") && !getenv("KEXEC_MODEL_DURING"))
		confine(purposes);
}

static int model_permitted(void)
{
	return getenv("KEXEC_MODEL_LACKS") ? fail(EPERM, "it lacks what it takes") : 0;
}

const struct syscalls syscalls = {
	.confine = model_confine,
	.permitted = model_permitted,
	.kexec_load = model_kexec_load,
	.kexec_file_load = model_kexec_file_load,
	.reboot_kexec = model_reboot_kexec,
	.interfaces_down = model_interfaces_down,
	.shut_down = model_shut_down,
	.log_line = model_log_line,
	.sync = model_sync,
	.random = model_random,
	.sleep_ms = model_sleep_ms,
	.now = model_now,
	.any_machine = true,
};
