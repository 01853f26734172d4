# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64 machines and kernels at random: one number is one machine, whatever else is generated."""
import os
import random
import struct
from dataclasses import dataclass

import machine_x86_64 as pc
import x86_checks as checks
import x86_facts as facts
from bzimage import XLF_5LEVEL, XLF_ABOVE_4G, XLF_KERNEL_64, bzimage
from generator import maybe, write_initrd
from machine import MIB
from plan import Case
from vmlinux import ET_DYN, ET_EXEC, elf64

KERNEL_MAP = 0xffffffff80000000
SETUP_SIZE = 0x202


@dataclass
class Kernel:
    """A kernel file, and what it says of how to load it."""
    path: str
    pieces: list                # (paddr, data, memsz)
    entry: int                  # from its lowest address
    align: int = 0x200000
    relocatable: bool = True
    header: bytes = None        # the setup header from 0x1f1 on; None: an ELF file has none
    below: int = 0              # where kernel and initrd must end; 0: anywhere
    initrd_below: int = 0
    five_level: bool = True
    cmdline_max: int = checks.COMMAND_LINE_SIZE - 1

    @property
    def lowest(self):
        return min(paddr for paddr, _, _ in self.pieces)

    @property
    def size(self):
        return max(paddr + size for paddr, _, size in self.pieces) - self.lowest


PATTERN = bytes((i * 5 + (i >> 8)) & 0xff for i in range(0x10000))
# Some kinds are thousands of files each.
KINDS = [kind for kind in pc.KINDS for _ in range({"iomem": 1, "entries": 4}.get(kind, 8))]


def code(size):
    return PATTERN * (size >> 16)


# name: fields of the setup header
HEADERS = {
    "common": {"xloadflags": 0x7f},
    "large": {"xloadflags": 0x3f, "init_size": 48 * MIB, "kernel_alignment": 0x1000000, "cmdline_size": 2047},
    "odd": {"init_size": 0x123450, "setup_sects": 0, "kernel_alignment": 0x1000, "pref_address": MIB},
    "low": {"xloadflags": XLF_KERNEL_64 | XLF_5LEVEL, "initrd_addr_max": 0x37ffffff},
    "old": {"version": 0x20c, "xloadflags": XLF_KERNEL_64 | XLF_ABOVE_4G, "cmdline_size": 255},
    "fixed": {"relocatable_kernel": 0, "pref_address": 0x1000000},
    "high": {"pref_address": 1 << 30},
}


class Kernels:
    def __init__(self, directory):
        self.made = {name: self.bz(f"{directory}/bzImage-{name}", fields)
                     for name, fields in HEADERS.items()}
        self.made["vmlinux"] = self.elf(f"{directory}/vmlinux", ET_EXEC)
        self.made["vmlinux-dyn"] = self.elf(f"{directory}/vmlinux-dyn", ET_DYN)

    @staticmethod
    def bz(path, fields):
        data = code(2 * MIB // 16)
        blob = bzimage(data, **fields)
        write(path, blob + b"signature" * 100)
        start = 512 * (1 + (blob[0x1f1] or 4))
        flags, = struct.unpack_from("<H", blob, 0x236)
        initrd_max, align = struct.unpack_from("<II", blob, 0x22c)
        pref, init_size = struct.unpack_from("<QI", blob, 0x258)
        cmdline_max, = struct.unpack_from("<I", blob, 0x238)
        high = flags & XLF_ABOVE_4G
        return Kernel(path, [(pref, blob[start:], init_size)], 0x200, align, bool(blob[0x234]),
                      blob[0x1f1:SETUP_SIZE + blob[0x201]], 0 if high else checks.FOUR_GIB,
                      0 if high else initrd_max + 1, bool(flags & XLF_5LEVEL), cmdline_max)

    @staticmethod
    def elf(path, kind):
        """As the linker makes it: text, data, and a piece with data and bss."""
        base, parts = 0x1000000, [code(MIB), code(MIB // 4), code(MIB // 16)]
        pieces = [(base, parts[0], MIB), (base + 2 * MIB, parts[1], MIB), (base + 4 * MIB, parts[2], 3 * MIB)]
        phdrs = {i: {"vaddr": KERNEL_MAP + at} for i, (at, _, _) in enumerate(pieces)}
        write(path, elf64(pieces, machine=checks.EM_X86_64, e_type=kind, align=0x200000, phdrs=phdrs,
                          entry=base + 0x40))
        return Kernel(path, pieces, 0x40)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def machine(rng, kind=None):
    m = pc.at_random(rng, kind or rng.choice(KINDS))
    m.noise = rng.randbytes(4096)
    if maybe(rng, .3):
        size = rng.choice([16, 32, 48]) * MIB
        m.crash = (m.crash[0], m.crash[0] + size)
    if maybe(rng, .3):
        m.nr_cpus = 64
    m.most_ranges = rng.choice([8192, 8192, 8192, 64, 20000])
    m.kcore = maybe(rng, .95)
    return m


def case(number, seed, directory, kernels):
    """Case @number of the series @seed."""
    rng = random.Random(f"x86_64/{seed}/{number}")
    m = machine(rng)
    return case_of(rng, m, f"{seed}-{number}", directory, kernels)


def case_of(rng, m, name, directory, kernels, kernel=None):
    size = rng.choice([0, 1, 65536, 100_001, rng.choice([0, 2 * MIB, 12 * MIB, 24 * MIB])])
    words = "root=/dev/sda1 irqpoll nr_cpus=1" + " x=y" * rng.choice([0] * 6 + [1, 60, 400, 520])
    names = ["common"] * 20 + ["large"] * 4 + ["odd"] * 4 + ["vmlinux-dyn"] * 4 + list(kernels.made)
    more = tuple(option for option, chance in (("--acpi-memhotplug", .1), ("--noefi", .1)) if maybe(rng, chance))
    if maybe(rng, .1):
        words = words.replace("irqpoll", checks.NO_MEMHOTPLUG)
    return Case(m, kernel or kernels.made[rng.choice(names)], m.write(f"{directory}/{name}"),
                write_initrd(directory, size) if size else None, words, maybe(rng, .8), old_root=True,
                more=more)


def line_length(case_):
    line = case_.command_line
    if case_.crash:
        line = f"elfcorehdr={case_.machine.crash[0] >> 10}K " + line
        if checks.NO_MEMHOTPLUG not in line and "--acpi-memhotplug" not in case_.more:
            line = checks.NO_MEMHOTPLUG + " " + line
    return len(line)


# The kernel has its place before the line is made.
OVERFLOW = "Command line overflow|free area"


def wrong(case_):
    """Why no plan can be, whatever room there is; or None."""
    k, m = case_.kernel, case_.machine
    if m.la57 and not k.five_level:
        # What is larger than the region is not even read.
        return "5-level paging|free area" if case_.crash and least(case_) > m.crash[1] - m.crash[0] else "5-level paging"
    if not case_.crash:
        return OVERFLOW if line_length(case_) > k.cmdline_max else None
    if k.below and m.crash[0] + k.size > k.below or k.lowest + k.size > m.crash[1] or \
            k.initrd_below and case_.initrd and m.crash[0] > k.initrd_below:
        return "Could not find a free area"
    if not k.relocatable and k.lowest < m.crash[0]:
        return "not relocatable|free area"
    # The header's address may have a digit more at the end of the region.
    return OVERFLOW if line_length(case_) > k.cmdline_max else None


def core_room(case_):
    m = case_.machine
    return facts.elfcorehdr_room(m, m.present + 2 + len(facts.dump(m))) if case_.hotplug else pc.PAGE


def least(case_):
    """Bytes that a crash image takes."""
    initrd = os.path.getsize(case_.initrd) if case_.initrd else 0
    return case_.kernel.size + initrd + (3 + facts.page_tables(case_.machine)) * pc.PAGE + core_room(case_)


def fits(case_):
    """True: a plan must come; False: none can; None: too close to tell without planning."""
    k, m = case_.kernel, case_.machine
    if wrong(case_):
        return False
    if not case_.crash:
        return True
    pages = (3 + facts.page_tables(m)) * pc.PAGE
    most = least(case_) + k.align + 2 * MIB + 2 * core_room(case_) + pages
    room = m.crash[1] - m.crash[0]
    if least(case_) > room:
        return False
    close = line_length(case_) + 2 > k.cmdline_max or k.below or k.initrd_below
    return True if most <= room and not close else None
