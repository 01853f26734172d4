# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Capture initrds, each with a busybox and an init that does or does not do its work."""

import cpio
from initramfs import read_file

PREPARE = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
"""


def saves(mib):
    """Copies @mib of the dump into memory, and ends the machine as kdump's do."""
    return f"""
dd if=/proc/vmcore of=/tmp/vmcore bs=64k count={mib << 4} 2>/dev/null &&
	# Twice: a PC's terminal loses characters.
	for i in 1 2; do echo 'capture initrd: saved vmcore in /tmp'; done
sleep 1
reboot -f
"""


SAVES = saves(16)
# Says that the dump could not be saved, and ends the machine all the same.
SAVES_NOT = """
echo 'kdump-tools: failed to save vmcore in /var/crash/202611261200'
echo 'kdump-tools: failed to save vmcore in /var/crash/202611261200'
sleep 1
reboot -f
"""
# Says nothing, and writes some of the dump to the disk.
WRITES = """
dd if=/proc/vmcore of=/dev/vda bs=1M count=16 2>/dev/null
sync
sleep 2
reboot -f
"""
# Waits for a root file system which is not there.
HAS_NO_ROOT = """
tries=0
while ! mount "$(findfs LABEL=crash-root 2>/dev/null)" /root 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 3 ] || break
	sleep 1
done
for i in 1 2; do echo 'ALERT!  LABEL=crash-root does not exist.  Dropping to a shell!'; done
exec sleep 1000
"""


def write(path, busybox, init, filler=0):
    """With so many bytes beside it that cannot be compressed to nothing."""
    with cpio.Writer(path) as archive:
        for name in "bin", "dev", "proc", "tmp", "root":
            archive.directory(name)
        archive.character_device("dev/console", 5, 1)
        archive.file("bin/busybox", read_file(busybox), 0o755)
        archive.file("init", (PREPARE + init).encode(), 0o755)
        for part in range(filler >> 20):
            archive.file(f"filler-{part}", bytes([1 + part % 255]) * (1 << 20))
