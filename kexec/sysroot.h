/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * The machine's files, all below one root: "/" on the machine itself, or a
 * snapshot made elsewhere by --record. While `copy` is set every file that is
 * read is written there too: a snapshot is what the survey reads, no more.
 *
 * Only this header knows where the kernel keeps things. Paths are relative to
 * the root.
 */
#ifndef KEXEC_SYSROOT_H
#define KEXEC_SYSROOT_H

#include <stdbool.h>

#include "common/mem.h"

#define PROC_CMDLINE		"proc/cmdline"
#define PROC_CPUINFO		"proc/cpuinfo"
#define PROC_DEVICE_TREE	"proc/device-tree"
#define PROC_IOMEM		"proc/iomem"
#define PROC_KCORE		"proc/kcore"
#define PROC_MEMINFO		"proc/meminfo"
#define PROC_LOAD_DISABLED	"proc/sys/kernel/kexec_load_disabled"
#define PROC_LOAD_LIMIT_PANIC	"proc/sys/kernel/kexec_load_limit_panic"
#define PROC_LOAD_LIMIT_REBOOT	"proc/sys/kernel/kexec_load_limit_reboot"
#define SYS_CPU			"sys/devices/system/cpu"
#define SYS_CPU_POSSIBLE	SYS_CPU "/possible"
#define SYS_CPU_PRESENT		SYS_CPU "/present"
#define SYS_CPU_ONLINE		SYS_CPU "/online"
#define SYS_CPU_CRASH_HOTPLUG	SYS_CPU "/crash_hotplug"
#define SYS_MEMORY_CRASH_HOTPLUG "sys/devices/system/memory/crash_hotplug"
#define SYS_VMCOREINFO		"sys/kernel/vmcoreinfo"
/* Since 2025-11 (v6 of "kexec: reorganize kexec and kdump sysfs"), and before. */
#define SYS_LOADED		"sys/kernel/kexec/loaded"
#define SYS_LOADED_OLD		"sys/kernel/kexec_loaded"
#define SYS_CRASH_LOADED	"sys/kernel/kexec/crash_loaded"
#define SYS_CRASH_LOADED_OLD	"sys/kernel/kexec_crash_loaded"
#define SYS_CRASH_SIZE		"sys/kernel/kexec/crash_size"
#define SYS_CRASH_SIZE_OLD	"sys/kernel/kexec_crash_size"
#define SYS_CRASH_CMA_RANGES	"sys/kernel/kexec/crash_cma_ranges"
#define SYS_CRASH_CMA_RANGES_OLD "sys/kernel/kexec_crash_cma_ranges"
#define SYS_ELFCOREHDR_SIZE	"sys/kernel/kexec/crash_elfcorehdr_size"
#define SYS_ELFCOREHDR_SIZE_OLD	"sys/kernel/crash_elfcorehdr_size"
#define SYS_FADUMP_ENABLED	"sys/kernel/fadump/enabled"
#define SYS_FADUMP_ENABLED_OLD	"sys/kernel/fadump_enabled"
#define SYS_FADUMP_REGISTERED	"sys/kernel/fadump/registered"
#define SYS_FADUMP_REGISTERED_OLD "sys/kernel/fadump_registered"
#define SYS_FADUMP_HOTPLUG_READY "sys/kernel/fadump/hotplug_ready"
#define SYS_FADUMP_MEM_RESERVED	"sys/kernel/fadump/mem_reserved"
#define SYS_SECVAR_FORMAT	"sys/firmware/secvar/format"
/* x86: what the boot loader told (arch/x86/kernel/ksysfs.c), and the map of memory then. */
#define SYS_BOOT_PARAMS		"sys/kernel/boot_params"
#define SYS_FIRMWARE_MEMMAP	"sys/firmware/memmap"
/* The device tree as the running kernel was handed it (drivers/of/fdt.c:of_fdt_raw_init). */
#define SYS_FIRMWARE_FDT	"sys/firmware/fdt"
#define SYS_ACPI_SPCR		"sys/firmware/acpi/tables/SPCR"
#define SYS_EFI			"sys/firmware/efi"
#define SYS_EFI_RUNTIME_MAP	SYS_EFI "/runtime-map"
#define SYS_EFI_SECURE_BOOT	SYS_EFI "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SYS_LOCKDOWN		"sys/kernel/security/lockdown"
#define SYS_REBOOT_CPU		"sys/kernel/reboot/cpu"
#define SYS_INITRD		"sys/firmware/initrd"
#define KERNEL_LOG		"dev/kmsg"
#define DEV_LIVEUPDATE		"dev/liveupdate"
/* What kexec remembers until the next boot. */
#define RUN_REBOOT_CPU		"run/kexec-reboot-cpu"
/* What kdump-load remembers until then: kexec/loads.h. */
#define RUN_KDUMP_LOADS		"run/kdump/loads"
/*
 * In the order in which udev prefers them: a file hides those of its name further down (udev(7)).
 */
#define UDEV_RULES_ETC		"etc/udev/rules.d"
#define UDEV_RULES_RUN		"run/udev/rules.d"
#define UDEV_RULES_LOCAL	"usr/local/lib/udev/rules.d"
#define UDEV_RULES_USR		"usr/lib/udev/rules.d"
#define UDEV_RULES_LIB		"lib/udev/rules.d"
/* A snapshot's own facts: what is a system call on the machine itself. */
#define SNAPSHOT_FACTS		"kexec-snapshot"
#define SNAPSHOT_LOG		"kexec-log"
/* Where tables of hardware lie in memory. */
#define SNAPSHOT_LOG_TABLES	"kexec-log-tables"

struct sysroot {
	const char *root;	/* "/" or a snapshot */
	const char *copy;	/* NULL, or where --record writes */
	int *incomplete; /* with a copy: 0, or the first errno for which it lacks something; what
			    nobody here may read is a fact like another, and is none */
};

bool sysroot_is_live(const struct sysroot *sr);

/* The path as the user knows it, for messages: "/sys/kernel/vmcoreinfo". */
char *sysroot_name(const struct sysroot *sr, const char *path);

/*
 * Append the whole file, whatever length stat() claims, to @out.
 * -ENOENT is no error to report (no message); everything else has one. It is
 * also what a file or directory says whose device is taken away while it is
 * read (fs/kernfs/file.c: ENODEV, at any moment): then @out is as it was.
 */
int sysroot_read(const struct sysroot *sr, const char *path, struct buf *out);

/*
 * The same of the first @max bytes, for files that are much larger ("proc/kcore"): those that are
 * read are what is recorded. Fewer where it ends.
 */
int sysroot_read_start(const struct sysroot *sr, const char *path, size_t max, struct buf *out);

/* A file with one number, in @base (10, 16), and a newline. */
int sysroot_number(const struct sysroot *sr, const char *path, int base, uint64_t *value);

/* sysroot_number(), decimal, of the first of two names which exists. */
int sysroot_number2(const struct sysroot *sr, const char *path, const char *old_path,
		    uint64_t *value);

/*
 * A directory's entries, sorted by name. The names live in an arena of the caller's, and are
 * good for nodes and properties as they are.
 */
struct sysroot_entry {
	const char *name;
	bool directory, regular;
};

struct sysroot_list {
	struct sysroot_entry *at;
	size_t n;
};

int sysroot_list(const struct sysroot *sr, const char *path, struct arena *names,
		 struct sysroot_list *list);
void sysroot_list_free(struct sysroot_list *list);

/*
 * An open directory and what is in it, for trees of many thousand files: these are found
 * without their path. Errors are those of sysroot_list() and sysroot_read(). Without an arena
 * for @names what is in it is not looked at.
 */
struct sysroot_dir {
	const struct sysroot *sr;
	const struct sysroot_dir *above;	/* NULL: @name is a path below the root */
	const char *name;
	void *stream;				/* DIR * */
	struct sysroot_list list;
};

int sysroot_open(const struct sysroot *sr, const char *path, struct arena *names,
		 struct sysroot_dir *dir);
int sysroot_open_in(const struct sysroot_dir *above, const struct sysroot_entry *e,
		    struct arena *names, struct sysroot_dir *dir);
void sysroot_close(struct sysroot_dir *dir);

/* The path of an entry, below the root: for messages. */
char *sysroot_path_in(const struct sysroot_dir *dir, const char *name);

/*
 * Append a file of sysfs, of the device tree or of a disk: one that gives as much as it is
 * asked for, or at least SYSROOT_PIECE bytes, until it ends (fs/kernfs/file.c).
 */
#define SYSROOT_PIECE	4096
int sysroot_read_in(const struct sysroot_dir *dir, const struct sysroot_entry *e, struct buf *out);

/* sysroot_number() of a file in it, or in one of its directories: @name is the way there. */
int sysroot_number_in(const struct sysroot_dir *dir, const char *name, int base, uint64_t *value);

/* Is there such a file? It need not be readable, and is not recorded. */
bool sysroot_exists(const struct sysroot *sr, const char *path);

/* For files that are not part of a snapshot. */
/* A setting of the kernel, or with @create a file of our own. */
int sysroot_write(const struct sysroot *sr, const char *path, const char *text, bool create);
void sysroot_remove(const struct sysroot *sr, const char *path);

/*
 * Of the snapshot being recorded, take out what was written at or below @path: it is not so any
 * more.
 */
void sysroot_unrecord(const struct sysroot *sr, const char *path);

/* Write a file into the snapshot which is being recorded. */
int sysroot_record(const struct sysroot *sr, const char *path, const void *data, size_t len);

#endif
