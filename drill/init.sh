# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Process 1 of the first and of the capture kernel: prepares the system, and becomes the command
# channel on the second terminal. The word control=hvc0 on the kernel's command line, which makes
# a variable of it, names another terminal.

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

case $(uname -m) in
x86_64) terminal=ttyS1 ;;
aarch64) terminal=ttyS0 ;;
*) terminal=hvc1 ;;
esac
exec /bin/busybox sh /channel "${control:-$terminal}" "$kernel"
