# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Compressed kdump files out of ELF cores, by every compressor that the format knows.

What no packaged makedumpfile writes (Debian's has no snappy), and files whose
pages are missing or broken where a test wants it. 64-bit machines of either
byte order; the format is version 6 of diskdump's, as libkdumpfile and crash read it:

    block 0     header: signature, utsname, status, block size, ...
    block 1...  sub-header, then the note with vmcoreinfo, to both of which it points
    bitmaps     pages that the machine has; pages that are in the file
    page descriptors, one for each bit of the second bitmap, and the pages
"""
import ctypes
import struct
import zlib

ZLIB, LZO, SNAPPY, INCOMPLETE, ZSTD = 1, 2, 4, 8, 0x20
PT_LOAD, PT_NOTE = 1, 4
INFO_AT = 24	# of a note named VMCOREINFO
MACHINES = {21: (b"ppc64", b"ppc64le"), 22: (b"s390x", b""), 62: (b"", b"x86_64"),
            183: (b"aarch64_be", b"aarch64")}


def _lzo(data):
    room = ctypes.create_string_buffer(len(data) + len(data) // 16 + 67)
    work = ctypes.create_string_buffer(1 << 20)
    size = ctypes.c_ulong(len(room))
    done = ctypes.CDLL("liblzo2.so.2").lzo1x_1_compress(data, ctypes.c_ulong(len(data)), room,
                                                        ctypes.byref(size), work)
    assert done == 0
    return room.raw[:size.value]


def _snappy(data):
    room = ctypes.create_string_buffer(32 + len(data) + len(data) // 6)
    size = ctypes.c_size_t(len(room))
    done = ctypes.CDLL("libsnappy.so.1").snappy_compress(data, ctypes.c_size_t(len(data)), room,
                                                         ctypes.byref(size))
    assert done == 0
    return room.raw[:size.value]


def _zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(2 * len(data))
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(room)), data,
                                 ctypes.c_size_t(len(data)), 3)
    assert size <= len(room)
    return room.raw[:size]


COMPRESSORS = {"none": (0, bytes), "zlib": (ZLIB, zlib.compress), "lzo": (LZO, _lzo),
               "snappy": (SNAPPY, _snappy), "zstd": (ZSTD, _zstd)}


class Core:
    """A 64-bit ELF core: its pages by number, and its VMCOREINFO note."""

    def __init__(self, data, page=4096):
        self.data, self.page = data, page
        self.order = "<" if data[5] == 1 else ">"
        self.machine, = self.unpack("H", 18)
        table, = self.unpack("Q", 32)
        n, = self.unpack("H", 56)
        headers = [self.unpack("IIQQQQ", table + 56 * i) for i in range(n)]
        self.loads = [(offset, pa, size) for kind, _, offset, _, pa, size in headers
                      if kind == PT_LOAD]
        notes = b"".join(data[offset:offset + size] for kind, _, offset, _, _, size in headers
                         if kind == PT_NOTE)
        at = notes.index(b"VMCOREINFO\0") - 12
        size, = struct.unpack_from(self.order + "I", notes, at + 4)
        self.info_size = size
        self.note = notes[at:at + INFO_AT + size].ljust(-(-(INFO_AT + size) // 4) * 4, b"\0")

    def unpack(self, form, at):
        return struct.unpack_from(self.order + form, self.data, at)

    def pages(self):
        """{page frame number: contents}"""
        pages = {}
        for offset, pa, size in self.loads:
            for at in range(pa, pa + size):
                if at != pa and at % self.page:
                    continue
                page = pages.setdefault(at // self.page, bytearray(self.page))
                part = min(self.page - at % self.page, pa + size - at)
                page[at % self.page:at % self.page + part] = \
                    self.data[offset + at - pa:offset + at - pa + part]
        return pages



def diskdump(core, compressor, without=(), broken=(), status=0, flags=None):
    """The file's bytes. Pages of zeroes share one descriptor's data, as makedumpfile -d 1 has it;
    pages in without are none of the file's, those in broken make no sense to any decompressor,
    or have the flags that are given."""
    flag, compress = COMPRESSORS[compressor]
    block, order, pages = core.page, core.order, core.pages()
    stored = [frame for frame in sorted(pages) if frame not in without]
    frames = max(pages) + 1
    sub_blocks = -(-(104 + len(core.note)) // block)
    bitmap_blocks = -(-frames // (8 * block))
    bitmaps = [bytearray(bitmap_blocks * block) for _ in range(2)]
    for bitmap, members in zip(bitmaps, (pages, stored)):
        for frame in members:
            bitmap[frame // 8] |= 1 << frame % 8
    names = [b"Linux", b"crashed", b"6.12.0", b"#1", MACHINES[core.machine][order == "<"], b""]
    header = struct.pack(order + "8si390s6xQQIiiIIIIIIi", b"KDUMP   ", 6,
                         b"".join(name.ljust(65, b"\0") for name in names), 0, 0, flag | status,
                         block, sub_blocks, 2 * bitmap_blocks, min(frames, 0xffffffff), 0, 0, 0, 0, 1)
    note_at = block + 104
    sub = struct.pack(order + "Qii11Q", 0, bool(without), 0, 0, 0, note_at + INFO_AT, core.info_size,
                      note_at, len(core.note), 0, 0, 0, 0, frames)
    head = header.ljust(block, b"\0") + (sub + core.note).ljust(sub_blocks * block, b"\0") + \
        bitmaps[0] + bitmaps[1]
    data_at = len(head) + 24 * len(stored)
    data, descriptors = bytearray(bytes(block)), b""
    for frame in stored:
        page = bytes(pages[frame])
        if not any(page) and frame not in broken:
            descriptors += struct.pack(order + "QIIQ", data_at, block, 0, 0)
            continue
        small = compress(page)
        used = flag if len(small) < block else 0
        if frame in broken:
            small, used = b"\xff" * 100, flag if flags is None else flags
        elif not used:
            small = page
        descriptors += struct.pack(order + "QIIQ", data_at + len(data), len(small), used, 0)
        data += small
    return head + descriptors + bytes(data)


def flattened(data, piece=5000):
    """makedumpfile -F's form of a file: its pieces in another order, some of them twice."""
    parts = [(at, data[at:at + piece]) for at in range(0, len(data), piece)]
    head = b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1)
    first = [(parts[0][0], bytes(len(parts[0][1])))]
    return head.ljust(4096, b"\0") + b"".join(
        struct.pack(">qq", at, len(part)) + part for at, part in first + parts[::-1]) + \
        struct.pack(">qq", -1, -1)
