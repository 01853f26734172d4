#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Process 1 of the first and of the capture kernel: runs the lines which come
# in on the second terminal ("TAG COMMAND") and answers each with what it
# printed and a line "TAG STATUS".  A newline goes before that line, so output
# which does not end in one is no trouble.  The word control=hvc0 on the
# kernel's command line, which makes a variable of it, names another terminal.

export PATH=/sbin:/bin
# busybox finds its own commands through /proc.
/bin/busybox mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp

for module in /module-*.ko; do
	[ ! -e "$module" ] || insmod "$module"
done
kernel=first
[ ! -e /proc/vmcore ] || kernel=capture
[ ! -e /proc/sys/kernel/sysrq ] || echo 1 >/proc/sys/kernel/sysrq

# While it is open: the last close resets a terminal.
exec 3<>"/dev/${control:-hvc1}"
stty raw -echo <&3
printf '\nready %s\n' "$kernel" >&3

while read -r tag command <&3; do
	(eval "$command") </dev/null >&3 2>&1 3>&-
	printf '\n%s %d\n' "$tag" $? >&3
done
poweroff -f
