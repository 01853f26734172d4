// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/progress.h"
#include "kexec/apply.h"
#include "kexec/policy.h"
#include "kexec/syscalls.h"

/* errno of kexec_load(2): kernel/kexec.c, kernel/kexec_core.c, arch machine_kexec_prepare(). */
static const char *apply_cause(int err, uint32_t flags, const struct sysroot *sr)
{
	struct policy policy;

	switch (err) {
	case EPERM:
	case EACCES:
		policy_guess(&policy, sr);
		return policy_cause(&policy, err, flags & KEXEC_ON_CRASH, false);
	case EINVAL:
		return flags & (KEXEC_CRASH_HOTPLUG_SUPPORT | KEXEC_UPDATE_ELFCOREHDR) ?
		       "the kernel does not know --hotplug (Linux 6.10 and later do), or found the"
		       " segments inconsistent or larger than half of memory" :
		       "the kernel found the segments inconsistent or larger than half of memory";
	case EADDRNOTAVAIL:
		return flags & KEXEC_ON_CRASH ?
			"a segment or the entry point is outside the crash region: did the"
			" reservation shrink meanwhile?" :
			"a segment is not made of whole pages";
	case ENOMEM:
		return !(flags & KEXEC_ON_CRASH) ? "not enough free memory" :
		       "the kernel found no free pages for itself in the crash region; reserve more"
		       " with crashkernel=";
	case EBUSY:
		return "another load, unload or hotplug update is going on; try again";
	case ETXTBSY:
		return "a segment overlaps the running kernel or an I/O table (TCE)";
	case EFAULT:
		return "a page of the kernel's or the initrd's file could not be read again";
	case ENOSYS:
		return "this kernel has no kexec_load system call (CONFIG_KEXEC)";
	default:
		return "unexpected";
	}
}

/* kernel/kexec_core.c:kexec_load_permitted */
bool apply_is_counted(bool crash, const struct sysroot *sr)
{
	BUF_AUTO limit = {0};

	if (sysroot_read(sr, crash ? PROC_LOAD_LIMIT_PANIC : PROC_LOAD_LIMIT_REBOOT, &limit) >= 0)
		return strcmp((char *)limit.data, "-1\n");
	fail_forget();
	return false;
}

/* The size is read under the same lock (kernel/crash_core.c:crash_get_memory_size). */
unsigned int apply_tries(bool crash, const struct sysroot *sr)
{
	uint64_t size;

	if (!apply_is_counted(crash, sr))
		return APPLY_BUSY_TRIES;
	for (unsigned int i = 0; state_crash_size(sr, &size) == -EBUSY && i < APPLY_BUSY_TRIES; i++)
		syscalls.sleep_ms(APPLY_BUSY_SLEEP_MS);
	fail_forget();
	return 1;
}

/* EBUSY means that somebody else holds the lock for a moment, never "already loaded". */
static int apply_call(unsigned long entry, unsigned long n, const struct kexec_segment *segment,
		      uint32_t flags, const struct sysroot *sr)
{
	return APPLY_RETRY(apply_tries(flags & KEXEC_ON_CRASH, sr),
			   syscalls.kexec_load(entry, n, segment, flags));
}

/*
 * Does the kernel know this flag? It looks at flags before it reads the
 * segments, so an unreadable list answers EFAULT, and EINVAL for an unknown
 * flag, without touching what is loaded.
 */
static bool apply_knows_flag(const struct image *image, const struct sysroot *sr, uint32_t flag)
{
	if (apply_is_counted(image->flags & KEXEC_ON_CRASH, sr))
		return false;
	return apply_call(image->entry, 1, (const struct kexec_segment *)8, image->flags | flag,
			  sr) == -EFAULT;
}

#define HOTPLUG_LOOKS 3

static void apply_show(const struct image *image, uint32_t flags)
{
	debug("kexec_load: entry = 0x%" PRIx64 " flags = 0x%x nr_segments = %u", image->entry,
	      flags, image->n_segments);
	for (unsigned int i = 0; i < image->n_segments; i++)
		debug("segment[%u]: bufsz = 0x%" PRIx64 " mem = 0x%" PRIx64 " memsz = 0x%" PRIx64
		      " (%s)", i, image->segment[i].bufsz, image->segment[i].addr,
		      image->segment[i].memsz, image->segment[i].name);
}

/* They read 0 as well while somebody else holds the kernel's lock: look again. */
bool apply_check_hotplug(const struct sysroot *sr)
{
	enum answer cpu_kept, memory_kept;
	bool cpu = false, memory = false;

	for (unsigned int i = 0; i < HOTPLUG_LOOKS && (!cpu || !memory); i++) {
		if (i)
			syscalls.sleep_ms(APPLY_BUSY_SLEEP_MS);
		if (state_kept(sr, &cpu_kept, &memory_kept) < 0)
			fail_forget();
		cpu = state_keeps(cpu_kept, memory_kept);
		memory = state_keeps(memory_kept, cpu_kept);
	}
	if (!cpu || !memory)
		warn("the image is loaded, but the kernel will NOT keep it current when %s%s%s"
		     " change:"
		     " crash_hotplug does not read 1. Reload after each change",
		     cpu ? "" : "CPUs", !cpu && !memory ? " and " : "", memory ? "" : "memory");
	return cpu && memory;
}

int apply_load(const struct image *image, const struct sysroot *sr)
{
	struct kexec_segment segment[SEGMENT_MAX];
	uint32_t flags = image->flags;
	uint64_t bytes = 0;
	int rc;

	for (unsigned int i = 0; i < image->n_segments; i++) {
		const struct segment *s = &image->segment[i];

		bytes += s->bufsz;
		segment[i] = (struct kexec_segment){ s->data, s->bufsz, s->addr, s->memsz };
	}
	if (message_debugging() && apply_knows_flag(image, sr, KEXEC_DEBUG))
		flags |= KEXEC_DEBUG;
	notice("Modified cmdline:%s", image->cmdline);
	apply_show(image, flags);
	progress_begin(APPLY_STEP);
	rc = apply_call(image->entry, image->n_segments, segment, flags, sr);
	progress_advance(rc < 0 ? 0 : bytes);
	progress_end();
	if (rc < 0)
		return fail(-rc, "kexec_load failed: %s: %s", strerror(-rc),
			    apply_cause(-rc, flags, sr));
	return 0;
}

int apply_unload(bool crash, const struct sysroot *sr)
{
	uint32_t flags = crash ? KEXEC_ON_CRASH : 0;
	int rc = apply_call(0, 0, NULL, flags, sr);

	if (rc < 0)
		return fail(-rc, "kexec unload failed: %s: %s", strerror(-rc),
			    apply_cause(-rc, flags, sr));
	return 0;
}
