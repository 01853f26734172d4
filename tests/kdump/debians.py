# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What differs between Debians of two architectures, for distribution.py.

The names of packages and files are in the script beside, tests/kdump/distribution.
"""

from dump import Dump, subtract
from physical import resources
from power import POWER
from x86_64 import X86_64

KCORE = "/proc/kcore"
CRASH_KERNEL = "/proc/device-tree/chosen/linux,crashkernel"
RTAS = "/proc/device-tree/rtas"
MIB = 1 << 20
# Where POWER's kernels have all memory.
LINEAR_MAP = 0xc << 60


class Debian:
    architecture = None

    def hardware(self, kernel):
        """For the kernel of this name: "new", or "old" where there is one."""
        return self.architecture.usual

    def memory_to_dump(self, guest):
        """The ranges that /proc/vmcore is to have after a crash."""
        raise NotImplementedError

    def linear_map(self, guest):
        """What is added to physical addresses, a set."""
        raise NotImplementedError


class Ppc64el(Debian):
    architecture = POWER

    def hardware(self, kernel):
        return POWER.usual._replace(smp="2") if kernel == "old" else POWER.usual

    def memory_to_dump(self, guest):
        """All RAM but the crash kernel's, and what RTAS has in there."""
        crash = _range(guest, f"{CRASH_KERNEL}-base", f"{CRASH_KERNEL}-size")
        rtas = _range(guest, f"{RTAS}/linux,rtas-base", f"{RTAS}/rtas-size")
        return subtract(resources(guest, "System RAM"), [crash]) + ([rtas] if rtas.start in crash else [])

    def linear_map(self, guest):
        return {LINEAR_MAP}


class Amd64(Debian):
    architecture = X86_64

    def hardware(self, kernel):
        """systemd needs more than the little system of the other tests. And the thread of an added CPU
        ends QEMU 7.2 (tcg_region_initial_alloc) when what was translated has just filled the last part
        of its buffer, which takes as long as this story."""
        return X86_64.usual._replace(memory="2G,slots=4,maxmem=8G", crashkernel="512M", threads=False)

    def memory_to_dump(self, guest):
        return subtract(resources(guest, "System RAM"), [range(MIB), *resources(guest, "Crash kernel")])

    def linear_map(self, guest):
        return Dump(guest, path=KCORE).linear_map()


def _range(guest, start, size):
    first, length = (int.from_bytes(guest.read_bytes(path, 0, 8), "big") for path in (start, size))
    return range(first, first + length)


DEBIANS = {"ppc64el": Ppc64el(), "amd64": Amd64()}
