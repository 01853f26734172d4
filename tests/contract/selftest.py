# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Spoil a good plan in one way at a time: the check for it must complain.

Each entry: the check that must notice, and a function that spoils (case, plan).
"""
import copy
import struct

import checks
import facts
import fdt
import spans
from spoil import flip, machine_of, segment


def over_rtas(case, plan):
    plan.segment("initrd").mem = case.machine.rtas[0] // 0x10000 * 0x10000


def no_backup(_, plan):
    plan.segments = [s for s in plan.segments if s.name != "backup"]


def first_page_taken(case, _):
    case.machine.reserved.append((case.machine.crash[0], 1))


def full_region(case, plan):
    start, end = facts.crash(case.machine)[0]
    for hole in spans.subtract([(start, end)], plan.occupied()):
        filler = copy.copy(plan.segment("backup"))
        filler.mem, filler.memsz = hole[0], hole[1] - hole[0]
        plan.segments.append(filler)


def initrd_magic(_, plan):
    plan.segment("initrd").data[:4] = checks.ELF_MAGIC


def flags(_, plan):
    plan.flags &= ~8


def entry(_, plan):
    plan.entry += 4


def zeros_for_data(case, plan):
    """The last byte of the kernel, whose region is the third, is to be zero, which it is not."""
    plan.segment("kernel").data[-1] = 1
    params(488, -1)(case, plan)
    params(496, 1)(case, plan)


def params(offset, change):
    """Change one u64 of the purgatory's parameters."""
    def spoil(case, plan):
        order = "<Q" if case.machine.little else ">Q"
        data, at = plan.segment("purgatory").data, checks.Params.OFFSET + offset
        value, = struct.unpack_from(order, data, at)
        struct.pack_into(order, data, at, value + change)
    return spoil


def header(offset, change):
    """Change one field of the FDT's header."""
    def spoil(_, plan):
        data = plan.segment("fdt").data
        value, = struct.unpack_from(">I", data, offset)
        struct.pack_into(">I", data, offset, value + change)
    return spoil


def no_free_space(_, plan):
    tree = fdt.Tree(plan.segment("fdt").data)
    struct.pack_into(">I", plan.segment("fdt").data, 4, tree.totalsize - tree.free())


def reserve(case, plan):
    """Take the second half off the elfcorehdr's entry."""
    data, want = plan.segment("fdt").data, plan.segment("elfcorehdr").mem
    tree = fdt.Tree(data)
    i = next(i for i, (start, _) in enumerate(tree.reserve) if start == want)
    struct.pack_into(">Q", data, tree.off_reserve + 16 * i + 8, tree.reserve[i][1] // 2)


def log_elsewhere(case, plan):
    """Point to memory that is not usable, with a property that is nobody's pointer now."""
    case.machine.little = False
    data = plan.segment("fdt").data
    offset = fdt.Tree(data).root.child("vdevice").child("vtpm@30000003").offsets["linux,sml-base"]
    struct.pack_into(">Q", data, offset, 1 << 30)


def no_log(_, plan):
    """Rename the property."""
    data = plan.segment("fdt").data
    at = data.index(b"linux,sml-base")
    data[at:at + 5] = b"other"


def reserve_less(_, plan):
    """Free the start of what is the crashed kernel's."""
    data = plan.segment("fdt").data
    tree = fdt.Tree(data)
    i = next(i for i, (start, _) in enumerate(tree.reserve) if start == facts.BACKUP_SIZE)
    struct.pack_into(">QQ", data, tree.off_reserve + 16 * i, 0x20000, tree.reserve[i][1] - 0x10000)


def reserve_more(_, plan):
    data = plan.segment("fdt").data
    tree = fdt.Tree(data)
    struct.pack_into(">QQ", data, tree.off_reserve, plan.segment("kernel").mem, 0x10000000)


def reserve_all(case, plan):
    data = plan.segment("fdt").data
    struct.pack_into(">QQ", data, fdt.Tree(data).off_reserve, *case.machine.crash)


def prop(path, name, at, value):
    """Write bytes into a property's value."""
    def spoil(_, plan):
        data = plan.segment("fdt").data
        node = fdt.Tree(data).root
        for part in path.split("/")[1:]:    # "": the root
            node = node.child(part)
        start = node.offsets[name] + (at if at >= 0 else len(node.props[name]) + at)
        data[start:start + len(value)] = value
    return spoil


def elf(index, field, change):
    """Change a field of a program header, or of the last ones when @index is negative."""
    def spoil(case, plan):
        core = checks.Core(case, plan.segment("elfcorehdr").data)
        i = index if index >= 0 else core.count + index
        values = list(core.phdrs[i])
        values[field] += change
        struct.pack_into(core.order + "IIQQQQQQ", plan.segment("elfcorehdr").data,
                         facts.EHDR_SIZE + facts.PHDR_SIZE * i, *values)
    return spoil


def shorter_load(case, plan):
    for field in 5, 6:
        elf(-1, field, -0x10000)(case, plan)


def longer_rtas(case, plan):
    core = checks.Core(case, plan.segment("elfcorehdr").data)
    rtas = next(i for i, h in enumerate(core.phdrs) if h[4] == case.machine.rtas[0])
    elf(rtas, 6, 0x10000)(case, plan)


def first_load(field, change):
    def spoil(case, plan):
        core = checks.Core(case, plan.segment("elfcorehdr").data)
        first = next(i for i, h in enumerate(core.phdrs) if h[0] == checks.PT_LOAD)
        elf(first, field, change)(case, plan)
    return spoil


CPU = "/cpus/PowerPC,POWER9@0"
USABLE = "linux,usable-memory"
DRCONF, STREAM = "/ibm,dynamic-reconfiguration-memory", "linux,drconf-usable-memory"
MUTATIONS = {
    "segment off its page": ("segments", segment("initrd", mem=lambda s: s.mem + 16)),
    "memsz off its page": ("segments", segment("initrd", memsz=lambda s: s.memsz - 16)),
    "segments overlap": ("segments", segment("initrd", mem=lambda s: s.mem - 0x10000)),
    "segment below the crash region": ("segments", segment("fdt", mem=0x1fff0000)),
    "segment above the crash region": ("segments", segment("fdt", mem=0x40000000)),
    "bufsz > memsz": ("segments", segment("purgatory", data=lambda s: bytearray(s.memsz + 1))),
    "no backup segment": ("expected_segments", no_backup),
    "hotplug mark lost": ("expected_segments", segment("fdt", hotplug=False)),
    "segment over RTAS": ("protected", over_rtas),
    "segment over a reserved range": ("protected", machine_of(reserved=[(0x20000000, 1 << 28)])),
    "segment beyond real mode": ("real_mode", machine_of(radix=False, memory=[[(0, 600 << 20)]])),
    "firmware in the first page": ("control_pages", first_page_taken),
    "no page left": ("control_pages", full_region),
    "entry off by one instruction": ("entry_and_flags", entry),
    "hotplug flag lost": ("entry_and_flags", flags),
    "initrd with ELF magic": ("magics", initrd_magic),
    "FDT magic lost": ("magics", flip("fdt", 0)),
    "kernel byte": ("kernel", flip("kernel", 70000)),
    "run-at-load": ("run_at_load", flip("kernel", 0x5c)),
    "kernel moved": ("kernel", segment("kernel", mem=lambda s: s.mem + 0x1000)),
    "kernel without its bss": ("kernel", segment("kernel", memsz=lambda s: s.memsz - 0x10000)),
    "initrd byte": ("initrd", flip("initrd", 99)),
    "slave code": ("purgatory_head", flip("purgatory", 0x61)),
    "first word": ("purgatory_head", flip("purgatory", 3)),
    "parameters: kernel": ("purgatory_params", params(320, 0x1000)),
    "parameters: fdt": ("purgatory_params", params(376, 8)),
    "parameters: backup": ("purgatory_params", params(336, 0x10000)),
    "parameters: backup size": ("purgatory_params", params(344, -1)),
    "parameters: console": ("purgatory_params", params(352, -1)),
    "one region less": ("digest_regions", params(408, -1)),
    "region too short": ("digest_regions", params(488, -1)),
    "zeros too few": ("digest_regions", params(496, -1)),
    "zeros where data is": ("digest", zeros_for_data),
    "unit that is not there": ("purgatory_params", params(416, 1)),
    "copy of another segment": ("sealed", params(840, 0x10000)),
    "copy elsewhere": ("sealed", params(856, 16)),
    "one copy less": ("sealed", params(424, -1)),
    "copy of the elfcorehdr changed": ("sealed", flip("sealed", 100)),
    "copy of the tree changed": ("sealed", flip("sealed", -100)),
    "digest": ("digest", flip("purgatory", checks.Params.OFFSET + 20)),
    "purgatory code": ("digest", flip("purgatory", 0x600)),
    "FDT version 16": ("fdt_header", header(20, -1)),
    "totalsize > memsz": ("fdt_header", header(4, 1 << 20)),
    "no free space": ("fdt_room", no_free_space),
    "cpu without device_type": ("fdt_header", prop(CPU, "device_type", 0, b"x")),
    "half the elfcorehdr reserved": ("fdt_reserve", reserve),
    "kernel's memory reserved": ("fdt_reserve", reserve_more),
    "nothing left to start with": ("starts", reserve_all),
    "real mode ends below": ("starts", machine_of(radix=False, memory=[[(0, 512 << 20)]])),
    "memory ends before the kernel": ("in_memory", machine_of(memory=[[(0, 512 << 20)]], lmbs=[])),
    "log where nothing is usable": ("pointed_memory", log_elsewhere),
    "log not pointed to": ("pointers_kept", no_log),
    "crashed memory free": ("crashed_memory", reserve_less),
    "reserve map without an end": ("fdt_reserve", header(8, -32)),
    "elfcorehdr= elsewhere": ("command_line", prop("/chosen", "bootargs", -3, b"0")),
    "command line word": ("command_line", prop("/chosen", "bootargs", 0, b"R")),
    "property not dropped": ("chosen", machine_of(chosen={})),
    "initrd one byte longer": ("chosen", prop("/chosen", "linux,initrd-end", -1, b"\xff")),
    "usable memory too small": ("usable_memory", prop("/memory@0", USABLE, -4, b"\x20")),
    "drconf stream out of step": ("usable_memory", prop(DRCONF, STREAM, 31, b"\1")),
    "first block split": ("first_block", prop("/memory@0", USABLE, -4, b"\0\1\0\0")),
    "firmware's property": ("same_tree", prop("", "compatible", 2, b"X")),
    "LMB's flags": ("same_tree", prop(DRCONF, "ibm,dynamic-memory", 27, b"\0")),
    "byte order of the header": ("elf_header", flip("elfcorehdr", 5)),
    "sections": ("elf_header", flip("elfcorehdr", 60)),
    "no room to grow": ("elf_header", segment("elfcorehdr", memsz=0x10000)),
    "note elsewhere": ("notes", elf(3, 2, 0x10000)),
    "note with p_paddr 0": ("notes", elf(5, 4, -0x7f050000)),
    "a load among the notes": ("notes", elf(0, 0, -3)),
    "backup's offset": ("loads", first_load(2, 0x10000)),
    "backup's size": ("loads", first_load(6, 0x10000)),
    "virtual address": ("loads", elf(-1, 3, 0x10000)),
    "second p_paddr 0": ("loads", elf(5, 4, -0x7f050000)),
    "memory missing in the dump": ("dump", shorter_load),
    "crash region in the dump": ("dump", longer_rtas),
}


def missed(case, plan):
    """(checks that no mutation is for, [(mutation, check, what was found)] not noticed)."""
    unnoticed = []
    for name, (check, spoil) in MUTATIONS.items():
        bad_case, bad_plan = copy.deepcopy(case), copy.deepcopy(plan)
        spoil(bad_case, bad_plan)
        found = {who for who, _ in checks.run_all(bad_case, bad_plan)}
        if check not in found:
            unnoticed.append((name, check, sorted(found)))
    return sorted(checks.CHECKS.keys() - {c for c, _ in MUTATIONS.values()}), unnoticed
