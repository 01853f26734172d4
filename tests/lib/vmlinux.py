# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Kernels for tests: ELF64 files with the few bytes that a loader looks at."""
import binascii
import struct

ET_EXEC, ET_DYN, PT_LOAD = 2, 3, 1


def kernel_text(size, little=True, relocatable=True):
    """Bytes of a kernel's first piece: distinct, with the run-at-load word at 0x5c."""
    data = bytearray((i * 7 + (i >> 8)) & 0xff for i in range(min(size, 65536)))
    data *= -(-size // len(data))
    del data[size:]
    word = 0x72756e30 if relocatable else 0x12345678
    data[0x5c:0x60] = struct.pack("<I" if little else ">I", word)
    return bytes(data)


def elf64(pieces, little=True, machine=21, e_type=ET_DYN, align=0x10000, phdrs=None,
          entry=0xc000000000000000):
    """pieces: (paddr, data, memsz). phdrs overrides the program header fields by index."""
    order = "<" if little else ">"
    offset = 0x10000
    table, body = b"", b""
    for i, (paddr, data, memsz) in enumerate(pieces):
        f = dict(type=PT_LOAD, flags=7, offset=offset + len(body),
                 vaddr=0xc000000000000000 + paddr, paddr=paddr, filesz=len(data), memsz=memsz,
                 align=align)
        f.update((phdrs or {}).get(i, {}))
        table += struct.pack(order + "IIQQQQQQ", f["type"], f["flags"], f["offset"], f["vaddr"],
                             f["paddr"], f["filesz"], f["memsz"], f["align"])
        body += data
    ident = b"\x7fELF" + bytes([2, 1 if little else 2, 1]) + bytes(9)
    header = ident + struct.pack(order + "HHIQQQIHHHHHH", e_type, machine, 1, entry,
                                 64, 0, 0, 64, 56, len(pieces), 0, 0, 0)
    return (header + table).ljust(offset, b"\0") + body


def vmlinux(size=3 << 20, little=True, **kw):
    return elf64([(0, kernel_text(size, little), size + 0x12345)], little, **kw)


def zimage(kernel, initrd=None, bits=64, little=False):
    """A boot wrapper: an ELF program with the kernel in a section (arch/powerpc/boot/wrapper)."""
    order, word = "<" if little else ">", "Q" if bits == 64 else "I"
    parts = [(b"", b""), (b".text", bytes(64)), (b".kernel:vmlinux.strip", kernel)]
    parts += [(b".kernel:initrd", initrd)] if initrd else []
    names = b"".join(name + b"\0" for name, _ in parts) + b".shstrtab\0"
    parts.append((b".shstrtab", names))
    ehdr, shdr = (64, 64) if bits == 64 else (52, 40)
    body, headers = b"", b""
    for name, data in parts:
        at = names.index(name + b"\0")
        headers += struct.pack(order + "II" + 4 * word + "II" + 2 * word, at, 1 if name else 0, 0, 0,
                               ehdr + len(body), len(data), 0, 0, 1, 0)
        body += data
    header = b"\x7fELF" + bytes([bits // 32, 1 if little else 2, 1]) + bytes(9) + struct.pack(
        order + "HHI" + 3 * word + "IHHHHHH", ET_EXEC, 21 if bits == 64 else 20, 1, 0, 0,
        ehdr + len(body), 0, ehdr, 0, 0, shdr, len(parts), len(parts) - 1)
    return header + body + headers


def uimage(data, compression=0, kind=2, load=0, arch=7):
    """The legacy image of U-Boot."""
    def header(crc):
        return struct.pack(">7I4B32s", 0x27051956, crc, 0, len(data), load, load,
                           binascii.crc32(data), 5, arch, kind, compression, b"Linux")
    return header(binascii.crc32(header(0))) + data
