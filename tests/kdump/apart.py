# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""For tests that mount things over /sys and others."""
import os
import sys


def refuse_the_machines_own_mounts():
    """Only under `unshare --mount`: never over what everyone sees."""
    if os.readlink("/proc/self/ns/mnt") == os.readlink(f"/proc/{os.getppid()}/ns/mnt"):
        sys.exit("run this under unshare --mount")
