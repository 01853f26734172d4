/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * What the running kernel's log says of the loaded crash image. A kernel that
 * keeps it current tells nobody but its log when it did not:
 * kernel/crash_core.c:crash_handle_hotplug_event() drops an event that comes
 * while the image is being loaded, and goes on whatever becomes of an update
 * (arch/powerpc/kexec/crash.c, arch/x86/kernel/crash.c). Every such line begins
 * with "crash hp: ", above debug level. One that comes from a mere reading of
 * crash_hotplug during a load cannot be told from a dropped event.
 *
 * When an image was loaded the kernel does not say. kexec does, in the same log,
 * so that what is older than the image need worry nobody.
 */
#ifndef KEXEC_KLOG_H
#define KEXEC_KLOG_H

#include "kexec/sysroot.h"

/* What kexec writes, as lines "kexec: ..." of the facility "user". */
#define KLOG_LOADING	"kexec: loading a crash kernel"
#define KLOG_LOADED	"kexec: a crash kernel is loaded"
/* ... and behind that why it may be of no use: what a warning said, shortened. */
#define KLOG_DOUBT	"kexec: the loaded crash kernel: "

struct klog {
	bool known;		/* the log could be read; all of it that there still is */
	bool since_load; /* it says when the image was loaded, so missed is about this image */
	size_t missed;		/* complaints: since that load, or all */
	const char *last;	/* the last of them, time stamp included; NULL: none */
	const char *doubt;	/* KLOG_DOUBT of the last load; NULL: none */
};

/*
 * Read the log: syslog(2), for which many systems want CAP_SYSLOG; of a
 * snapshot its copy. What this user may not read is not known, which is no
 * error. With sr->copy set the lines that matter, and no others, are copied.
 */
int klog_read(const struct sysroot *sr, struct arena *arena, struct klog *out);

/*
 * The same for lines as syslog(2) gives them: "<LEVEL>[TIME] TEXT". @lines gets those that matter.
 */
void klog_scan(struct arena *arena, const char *text, struct klog *out, struct buf *lines);

/* Write a line, one of the above, into the log of this machine. That may fail: it is for later. */
void klog_write(const char *line);
void klog_write_doubt(const char *why);

#endif
