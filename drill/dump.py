# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""/proc/vmcore as the capture kernel shows it: which memory it has, what is there, and registers.

Ranges of physical addresses are Python's own.
"""

import struct

from failure import Failure

PATH = "/proc/vmcore"
PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS = 1

# In an Elf64_Ehdr, where the number of program headers is; an Elf64_Phdr.
HEADER_SIZE, COUNT_OFFSET = 64, 56
PROGRAM_HEADER = "II QQQ QQQ"
NOTE_HEADER = "III"

# From here on x86_64 has the kernel's own text, and no map of physical memory; POWER has
# nothing there. What has no physical address is in /proc/kcore only.
KERNEL_TEXT = 0xffffffff80000000
NOWHERE = (1 << 64) - 1


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

    def __init__(self, guest, big_endian=False, path=PATH):
        self._guest = guest
        self._path = path
        # Not what the identification says: where the crashed kernel has rewritten
        # the header, that is always "little-endian".
        self._order = ">" if big_endian else "<"
        # Physical addresses to the offset in the file of the first of them, and its virtual address.
        self._loads = {}
        self._text = None # the virtual address of the kernel's own text, mapped twice
        self._notes = []
        entry = struct.Struct(self._order + PROGRAM_HEADER)
        table = entry.iter_unpack(self._read(HEADER_SIZE, self._count() * entry.size))
        for kind, _, offset, virtual, start, length, *_ in table:
            if kind == PT_NOTE:
                self._notes.append((offset, length))
            elif kind == PT_LOAD and virtual >= KERNEL_TEXT:
                self._text = virtual
            elif kind == PT_LOAD and start != NOWHERE:
                self._loads[range(start, start + length)] = offset, virtual

    def text(self):
        return self._text

    def has_virtual(self, address):
        """Whether a part begins at this address of the crashed kernel."""
        return any(virtual == address for _, virtual in self._loads.values())

    def linear_map(self):
        """What is added to physical addresses, a set: one, if all is as it should be."""
        return {virtual - part.start for part, (_, virtual) in self._loads.items()}

    def registers(self):
        """The note of each CPU that has left one."""
        return [content for kind, content in self._all_notes() if kind == NT_PRSTATUS]

    def memory(self):
        return list(self._loads)

    def read(self, address, size):
        for part, (offset, _) in self._loads.items():
            if address in part and address + size <= part.stop:
                return self._read(offset + address - part.start, size)
        raise Failure(f"not in the dump: {address:#x}-{address + size:#x}")

    def has(self, address, content):
        """Whether that is there, and can be read."""
        try:
            return self.read(address, len(content)) == content
        except Failure:
            return False

    def _all_notes(self):
        """(kind, content) of each; names and contents are padded to four bytes."""
        head = struct.Struct(self._order + NOTE_HEADER)
        for offset, length in self._notes:
            data = self._read(offset, length)
            at = 0
            while at + head.size <= len(data):
                name, size, kind = head.unpack_from(data, at)
                start = at + head.size + (name + 3) // 4 * 4
                yield kind, data[start:start + size]
                at = start + (size + 3) // 4 * 4

    def _count(self):
        header = self._read(0, HEADER_SIZE)
        if not header.startswith(b"\x7fELF\2"):
            raise Failure(f"{self._path} is no 64-bit ELF file: {header}")
        return struct.unpack_from(self._order + "H", header, COUNT_OFFSET)[0]

    def _read(self, offset, size):
        data = self._guest.read_bytes(self._path, offset, size)
        if len(data) != size:
            raise Failure(f"{self._path}: {len(data)} of {size} bytes at {offset:#x}")
        return data
