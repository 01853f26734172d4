# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the kernel in a guest says of its physical memory."""

import re

BLOCKS = "/sys/devices/system/memory"


def online_memory(guest):
    """The ranges of the memory blocks which are online."""
    size = int(guest.read(f"{BLOCKS}/block_size_bytes"), 16)
    online = guest.check(f"grep -lx online {BLOCKS}/memory*/state")
    starts = [int(number) * size
              for number in re.findall(r"/memory(\d+)/", online)]
    return [range(start, start + size) for start in sorted(starts)]


def resources(guest, name):
    """The ranges of this name in /proc/iomem."""
    text = guest.check("cat /proc/iomem")
    return [range(int(start, 16), int(last, 16) + 1)
            for start, last in re.findall(rf"^ *([0-9a-f]+)-([0-9a-f]+) : {name}$", text, re.M)]
