# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Spoil a good plan of x86_64 in one way at a time: the check for it must complain.

Each entry: the check that must notice, and a function that spoils (case, plan).
"""
import copy
import struct

import common
import machine_x86_64 as pc
import spans
import x86_checks as checks
from common import PHDR_SIZE
from machine import MIB
from spoil import flip, machine_of, plan_of, segment


def told(at, bit=1):
    return flip("boot_params", at, bit)


def put(at, form, *values):
    def spoil(_, plan):
        struct.pack_into(form, plan.segment("boot_params").data, at, *values)
    return spoil


def kernel_of(**changes):
    def spoil(case, _):
        for key, value in changes.items():
            setattr(case.kernel, key, value)
    return spoil


def lost(name):
    def spoil(_, plan):
        plan.segments = [s for s in plan.segments if s.name != name]
    return spoil


def full_region(case, plan):
    for hole in spans.subtract([case.machine.crash], plan.occupied()):
        filler = copy.copy(plan.segment("purgatory"))
        filler.mem, filler.memsz = hole[0], hole[1] - hole[0]
        plan.segments.append(filler)


def region_ends(case, plan):
    """Behind the last segment, with some pages left in front: for code, not for tables."""
    full_region(case, plan)
    plan.segments[-1].mem += 4 * pc.PAGE
    plan.segments[-1].memsz -= 4 * pc.PAGE


def first_node(kind):
    """Where the node of setup_data of that type begins in the segment."""
    def find(plan):
        data, at = plan.segment("boot_params"), checks.told(plan).u64(0x250)
        while struct.unpack_from("<QI", data.data, at - data.mem)[1] != kind:
            at, = struct.unpack_from("<Q", data.data, at - data.mem)
        return at - data.mem
    return find


def node(kind, at, form, *values):
    def spoil(_, plan):
        start = first_node(kind)(plan)
        struct.pack_into(form, plan.segment("boot_params").data, start + at, *values)
    return spoil


def leads_round(_, plan):
    node(checks.RNG_SEED, 0, "<Q", checks.told(plan).u64(0x250))(None, plan)


def without_elf_header(case, plan):
    """crash_elfcorehdr_size is whole pages, and the segment has no more."""
    case.machine.most_ranges = 16384 - 2 - case.machine.nr_cpus
    plan.segment("elfcorehdr").memsz = case.machine.hint()


def efi_map(at, value):
    def spoil(_, plan):
        t = checks.told(plan)
        struct.pack_into("<Q", plan.segment("boot_params").data, t.split(0x1d0, 0x1dc) - t.addr + at, value)
    return spoil


def word(text, other):
    """In the command line, of the same length."""
    def spoil(_, plan):
        data = plan.segment("boot_params").data
        at = data.index(text)
        data[at:at + len(other)] = other
    return spoil


def entry(which, start=None, size=None, kind=None):
    """Of the e820 in the zero page: @which picks one of (start, end, type)."""
    def spoil(_, plan):
        t = checks.told(plan)
        i = next(i for i, e in enumerate(t.e820) if which(plan, e))
        old = t.e820[i]
        struct.pack_into("<QQI", plan.segment("boot_params").data, 0x2d0 + 20 * i,
                         old[0] if start is None else start, old[1] - old[0] if size is None else size,
                         old[2] if kind is None else kind)
    return spoil


def is_region(plan, e):
    return e[0] <= plan.segment("purgatory").mem < e[1]


def is_low(_, e):
    return e[2] == pc.RAM and e[1] <= MIB


def is_reserved(_, e):
    return e[2] == pc.RESERVED and e[0] > 0


def core_in_ram(_, plan):
    """The piece in front of the elfcorehdr reaches over it."""
    core = plan.segment("elfcorehdr")
    entry(lambda _, e: e[1] == core.mem, size=core.end - next(
        e[0] for e in checks.told(plan).e820 if e[1] == core.mem))(None, plan)


def swapped(_, plan):
    data = plan.segment("boot_params").data
    table = data[0x2d0:0x2d0 + 40]
    data[0x2d0:0x2d0 + 40] = table[20:] + table[:20]


def elf(index, field, change, kind=None):
    """Change a field of a program header: @index of all, or of those of @kind."""
    def spoil(case, plan):
        core = common.Core(case, plan.segment("elfcorehdr").data)
        those = [i for i, h in enumerate(core.phdrs) if kind in (None, h[0])]
        values = list(core.phdrs[those[index]])
        values[field] += change
        struct.pack_into("<IIQQQQQQ", plan.segment("elfcorehdr").data, 64 + PHDR_SIZE * those[index], *values)
    return spoil


def shorter(case, plan):
    for field in 5, 6:
        elf(-1, field, -0x10000, common.PT_LOAD)(case, plan)


def without_initrd(told):
    """It is gone, and @told of instead, (address, size)."""
    def spoil(_, plan):
        plan.segments.remove(plan.segment("initrd"))
        data = plan.segment("boot_params").data
        for (low, high), value in zip(((0x218, 0x0c0), (0x21c, 0x0c4)), told(plan)):
            struct.pack_into("<I", data, low, value & 0xffffffff)
            struct.pack_into("<I", data, high, value >> 32)
    return spoil


def some_memory(plan):
    return plan.segment("kernel").mem, pc.PAGE


def zeros_for_data(case, plan):
    """The last byte of the kernel, whose region is the third, is to be zero, which it is not."""
    plan.segment("kernel").data[-1] = 1
    params(488, -1)(case, plan)
    params(496, 1)(case, plan)


def params(offset, change):
    def spoil(_, plan):
        data, at = plan.segment("purgatory").data, checks.Params.OFFSET + offset
        value, = struct.unpack_from("<Q", data, at)
        struct.pack_into("<Q", data, at, value + change)
    return spoil


LOAD, NOTE = common.PT_LOAD, common.PT_NOTE
CRASH = {
    "segment off its page": ("segments", segment("initrd", mem=lambda s: s.mem + 16)),
    "segments overlap": ("segments", segment("initrd", mem=lambda s: s.mem - 0x1000)),
    "segment below the region": ("segments", segment("boot_params", mem=0x1ffff000)),
    "segment in the low region": ("segments", machine_of(crash=(1 << 33, (1 << 33) + (1 << 28)))),
    "bufsz > memsz": ("segments", segment("purgatory", data=lambda s: bytearray(s.memsz + 1))),
    "no boot_params": ("expected_segments", lost("boot_params")),
    "hotplug mark lost": ("expected_segments", segment("elfcorehdr", hotplug=False)),
    "no page left": ("control_pages", full_region),
    "no page for the tables": ("control_pages", region_ends),
    "entry": ("entry_and_flags", plan_of(entry=lambda v: v + 4)),
    "hotplug flag lost": ("entry_and_flags", plan_of(flags=lambda v: v & ~4)),
    "the newer flag": ("entry_and_flags", plan_of(flags=lambda v: v | 8)),
    "initrd with ELF magic": ("magics", lambda _, plan: plan.segment("initrd").data.__setitem__(
        slice(0, 4), checks.ELF_MAGIC)),
    "kernel byte": ("kernel", flip("kernel", 70000)),
    "kernel moved": ("kernel", segment("kernel", mem=lambda s: s.mem + 0x1000)),
    "kernel below where it unpacks": ("kernel", kernel_of(pieces=[(1 << 40, b"", 1)])),
    "kernel without room to unpack": ("kernel", segment("kernel", memsz=lambda s: s.memsz - 0x10000)),
    "kernel above 4 GiB": ("kernel", kernel_of(below=0x10000000)),
    "initrd byte": ("initrd", flip("initrd", 99)),
    "initrd above its limit": ("initrd", kernel_of(initrd_below=0x20000000)),
    "one region less": ("digest_regions", params(408, -1)),
    "region too short": ("digest_regions", params(488, -1)),
    "zeros too few": ("digest_regions", params(496, -1)),
    "zeros where data is": ("digest", zeros_for_data),
    "unit that is not there": ("purgatory_params", params(416, 1)),
    "copy of another segment": ("sealed", params(840, 0x1000)),
    "copy elsewhere": ("sealed", params(856, 16)),
    "one copy less": ("sealed", params(424, -1)),
    "digest": ("digest", flip("purgatory", checks.Params.OFFSET + 20)),
    "purgatory code": ("digest", flip("purgatory", 0x600)),
    "boot_params changed": ("digest", told(0x700)),
    "16-bit entry": ("purgatory_params", params(320, -0x200)),
    "other boot_params": ("purgatory_params", params(376, 0x1000)),
    "backup": ("purgatory_params", params(344, 8)),
    "sentinel": ("zero_page", told(0x1ef)),
    "loader's scratch": ("zero_page", told(0x1e5)),
    "screen": ("zero_page", told(0x006)),
    "subarch": ("zero_page", told(0x23c)),
    "EDD entries": ("zero_page", put(0x1e9, "B", 7)),
    "EDID": ("zero_page", told(0x150)),
    "boot flag": ("setup_header", told(0x1fe)),
    "magic": ("setup_header", told(0x202)),
    "protocol": ("setup_header", put(0x206, "<H", 0x20b)),
    "loader": ("setup_header", told(0x210)),
    "payload": ("setup_header", told(0x248)),
    "init_size": ("setup_header", told(0x260)),
    "initrd's address": ("initrd_told", told(0x219)),
    "initrd's upper address": ("initrd_told", told(0x0c0)),
    "initrd's size": ("initrd_told", told(0x21c)),
    "no initrd, and none that is empty": ("initrd_told", without_initrd(lambda _: (0, 0))),
    "an initrd that is not empty": ("initrd_told", without_initrd(some_memory)),
    "boot_params above 4 GiB": ("below_4g", lambda case, plan: (
        setattr(case.kernel, "below", 1 << 32), setattr(plan.segment("boot_params"), "mem", 1 << 32))),
    "RSDP": ("rsdp", told(0x071)),
    "no seed": ("setup_data", node(checks.RNG_SEED, 12, "<I", 0)),
    "a constant seed": ("setup_data", node(checks.RNG_SEED, 16, "32s", b"1" * 32)),
    "IMA's list": ("setup_data", node(checks.RNG_SEED, 8, "<I", 8)),
    "a chain that leads away": ("setup_data", put(0x250, "<Q", 0x1234)),
    "a chain that leads round": ("setup_data", leads_round),
    "EFI's signature": ("efi", told(0x1c0)),
    "EFI's table": ("efi", told(0x1c5)),
    "EFI's stride": ("efi", put(0x1c8, "<I", 40)),
    "EFI's virtual address": ("efi", efi_map(16, 0)),
    "SMBIOS": ("efi", node(checks.EFI, 16 + 24, "<Q", 0)),
    "count of entries": ("e820_entries", put(0x1e8, "B", 200)),
    "an empty entry": ("e820_entries", entry(is_reserved, size=0)),
    "type of an entry": ("e820_crash", entry(is_reserved, kind=pc.ACPI)),
    "region too long": ("e820_crash", entry(is_region, size=1 << 31)),
    "low memory gone": ("e820_ram", entry(is_low, kind=pc.RESERVED)),
    "another order": ("e820_crash", swapped),
    "all of memory": ("e820_crash", entry(is_region, start=MIB, size=1 << 32)),
    "the header can be taken": ("e820_ram", core_in_ram),
    "elfcorehdr= elsewhere": ("command_line", word(b"elfcorehdr=1", b"elfcorehdr=2")),
    "no acpi_no_memhotplug": ("command_line", word(b"acpi_no_mem", b"acpi_xx_mem")),
    "a word changed": ("command_line", word(b"irqpoll", b"irqpol1")),
    "line too long": ("command_line", kernel_of(cmdline_max=30)),
    "byte order of the header": ("elf_header", flip("elfcorehdr", 5)),
    "machine of the header": ("elf_header", flip("elfcorehdr", 18)),
    "sections": ("elf_header", flip("elfcorehdr", 60)),
    "no room to grow": ("elf_room", segment("elfcorehdr", memsz=0x10000)),
    "the ELF header forgotten": ("elf_room", without_elf_header),
    "note elsewhere": ("notes", elf(3, 2, 0x10000)),
    "a load among the notes": ("notes", elf(0, 0, -3)),
    "text elsewhere": ("text_load", elf(0, 3, 0x200000, LOAD)),
    "text's size": ("text_load", elf(0, 6, 0x1000, LOAD)),
    "virtual address": ("loads", elf(-1, 3, 0x10000, LOAD)),
    "virtual address by or": ("loads", machine_of(page_offset=0xff11000000000000 + (1 << 32))),
    "file offset": ("loads", elf(2, 2, 0x1000, LOAD)),
    "memory missing in the dump": ("dump", shorter),
    "CMA in the dump": ("dump", machine_of(cma=[(0x120000000, 0x124000000)])),
    "the first MiB in the dump": ("dump", elf(1, 4, -MIB, LOAD)),
}
NORMAL = {
    "segment in no known memory": ("known_memory", machine_of(e820=[(0, 0x9fc00, pc.RAM)])),
    "segment in memory that came later": ("known_memory", segment("initrd", mem=1 << 40)),
    "map cut": ("e820_normal", entry(is_reserved, size=0x1000)),
    "map of a capture kernel": ("e820_normal", entry(is_low, kind=pc.RESERVED)),
    "below 1 MiB": ("segments", segment("initrd", mem=0x80000)),
    "an elfcorehdr": ("expected_segments", segment("initrd", name="elfcorehdr")),
    "crash flag": ("entry_and_flags", plan_of(flags=lambda v: v | 1)),
}


def missed(case, plan):
    """(checks that no mutation is for, [(mutation, check, what was found)] not noticed)."""
    unnoticed, table = [], CRASH if case.crash else NORMAL
    for name, (check, spoil) in table.items():
        bad_case, bad_plan = copy.deepcopy(case), copy.deepcopy(plan)
        spoil(bad_case, bad_plan)
        found = {who for who, _ in checks.run_all(bad_case, bad_plan)}
        if check not in found:
            unnoticed.append((name, check, sorted(found)))
    tested = {check for check, _ in [*CRASH.values(), *NORMAL.values()]}
    return sorted({*checks.CRASH, *checks.NORMAL} - tested), unnoticed
