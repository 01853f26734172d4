# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""/proc/vmcore as the capture kernel shows it: which memory it has, and what.

Ranges of physical addresses are Python's own.
"""

import struct

from stream import Failure

PATH = "/proc/vmcore"
PT_LOAD = 1

# In an Elf64_Ehdr, where the number of program headers is; an Elf64_Phdr.
HEADER_SIZE, COUNT_OFFSET = 64, 56
PROGRAM_HEADER = "II QQQ QQQ"


def subtract(ranges, holes):
    """What is left of the ranges without the holes."""
    for hole in holes:
        cut = [(range(part.start, min(part.stop, hole.start)),
                range(max(part.start, hole.stop), part.stop))
               for part in ranges]
        ranges = [piece for pair in cut for piece in pair if piece]
    return ranges


def show(ranges):
    return ", ".join(f"{part.start:#x}-{part.stop:#x}" for part in ranges)


class Dump:
    """The dump in the machine whose capture kernel this guest now is."""

    def __init__(self, guest, big_endian=False):
        self._guest = guest
        # Not what the identification says: where the crashed kernel has rewritten
        # the header, that is always "little-endian".
        self._order = ">" if big_endian else "<"
        # Physical addresses to the offset in the file of the first of them.
        self._loads = {}
        entry = struct.Struct(self._order + PROGRAM_HEADER)
        table = entry.iter_unpack(self._read(HEADER_SIZE, self._count() * entry.size))
        for kind, _, offset, _, start, length, *_ in table:
            if kind == PT_LOAD:
                self._loads[range(start, start + length)] = offset

    def memory(self):
        return list(self._loads)

    def read(self, address, size):
        for part, offset in self._loads.items():
            if address in part and address + size <= part.stop:
                return self._read(offset + address - part.start, size)
        raise Failure(f"not in the dump: {address:#x}-{address + size:#x}")

    def _count(self):
        header = self._read(0, HEADER_SIZE)
        if not header.startswith(b"\x7fELF\2"):
            raise Failure(f"{PATH} is no 64-bit ELF file: {header}")
        return struct.unpack_from(self._order + "H", header, COUNT_OFFSET)[0]

    def _read(self, offset, size):
        data = self._guest.read_bytes(PATH, offset, size)
        if len(data) != size:
            raise Failure(f"{PATH}: {len(data)} of {size} bytes at {offset:#x}")
        return data
