# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86's kernel file, and what UEFI starts: PE programs with a kernel inside."""
import struct

# Offsets in the file and sizes: Documentation/arch/x86/boot.rst.
FIELDS = dict(setup_sects=(0x1f1, "B"), syssize=(0x1f4, "I"), boot_flag=(0x1fe, "H"),
              jump_length=(0x201, "B"), magic=(0x202, "4s"), version=(0x206, "H"),
              loadflags=(0x211, "B"), initrd_addr_max=(0x22c, "I"), kernel_alignment=(0x230, "I"),
              relocatable_kernel=(0x234, "B"), xloadflags=(0x236, "H"), cmdline_size=(0x238, "I"),
              pref_address=(0x258, "Q"), init_size=(0x260, "I"))
XLF_KERNEL_64, XLF_ABOVE_4G, XLF_5LEVEL = 1, 2, 0x20


def bzimage(code=None, setup_sects=4, **fields):
    """A header and @code, with any field as given; behind it, a signature that does not count."""
    code = bytes((i * 5 + (i >> 8)) & 0xff for i in range(0x8000)) if code is None else code
    values = dict(setup_sects=setup_sects, syssize=-(-len(code) // 16), boot_flag=0xaa55, jump_length=0x6a,
                  magic=b"HdrS", version=0x20f, loadflags=1, initrd_addr_max=0x7fffffff,
                  kernel_alignment=0x200000, relocatable_kernel=1,
                  xloadflags=XLF_KERNEL_64 | XLF_ABOVE_4G | XLF_5LEVEL, cmdline_size=2047,
                  pref_address=0x1000000, init_size=0x100000) | fields
    setup = bytearray(512 * (1 + (setup_sects or 4)))
    setup[:2] = b"MZ"
    for name, value in values.items():
        at, kind = FIELDS[name]
        struct.pack_into("<" + kind, setup, at, value)
    return bytes(setup) + code.ljust(-(-len(code) // 16) * 16, b"\0")


def pe(sections, align=512):
    """@sections: (name, data) or (name, data, virtual size). Raw data is padded to @align."""
    headers = 0x40 + 24 + 40 * len(sections)
    at = -(-headers // align) * align
    table, body, virtual = b"", b"", 0x1000
    for name, data, *size in sections:
        raw = -(-len(data) // align) * align
        table += struct.pack("<8sIIIIIIHHI", name.encode(), size[0] if size else len(data), virtual, raw,
                             at + len(body), 0, 0, 0, 0, 0x40000040)
        body += data.ljust(raw, b"\xa5")         # what is padding must not be seen
        virtual += -(-(len(data) or 1) // 0x1000) * 0x1000
    head = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 0, 0x22e)
    return (head + table).ljust(at, b"\0") + body


def uki(kernel, initrd=None, cmdline=None, ucode=None, more=()):
    parts = [(".text", b"stub" * 100), (".osrel", b"ID=test\n")]
    parts += [(".cmdline", cmdline)] if cmdline is not None else []
    parts += [(".ucode", ucode)] if ucode is not None else []
    parts += [(".initrd", initrd)] if initrd is not None else []
    return pe([*parts, (".linux", kernel), *more])


def zboot(data, compression=b"gzip"):
    """drivers/firmware/efi/libstub/zboot-header.S"""
    head = b"MZ\0\0zimg" + struct.pack("<II", 0x200, len(data)) + bytes(8)
    return (head + compression).ljust(0x3c, b"\0").ljust(0x200, b"\0") + data + bytes(4)
