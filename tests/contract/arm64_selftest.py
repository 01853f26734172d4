# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Spoil a good plan of arm64 in one way at a time: the check for it must complain.

Each entry: the check that must notice, and a function that spoils (case, plan).
"""
import copy
import struct

import arm64_checks as checks
import spans
from machine import GIB, MIB
from spoil import flip, machine_of, plan_of, segment


def machine_more(**changes):
    def spoil(case, plan):
        for key, value in changes.items():
            setattr(case.machine, key, getattr(case.machine, key) + [value(plan)])
    return spoil


def prop(name, change, where=lambda root: root.child("chosen")):
    """In the tree as it was read; None: the property goes."""
    def spoil(_, plan):
        props = where(checks.tree(plan).root).props
        value = change(props.get(name, b""))
        if value is None:
            del props[name]
        else:
            props[name] = value
    return spoil


def reserve(change):
    def spoil(_, plan):
        checks.tree(plan).reserve = change(checks.tree(plan).reserve)
    return spoil


def elf(index, at, change):
    """A field of 8 bytes of a program header; @index counts from the end if it is negative."""
    def spoil(_, plan):
        data = plan.segment("elfcorehdr").data
        count = struct.unpack_from("<H", data, 56)[0]
        place = 64 + 56 * (index % count) + at
        struct.pack_into("<Q", data, place, change(struct.unpack_from("<Q", data, place)[0]))
    return spoil


def word(number, change):
    def spoil(_, plan):
        data, at = plan.segment("purgatory").data, 0x100 + 104 + 17 * 16 + 8 * number
        struct.pack_into("<Q", data, at, change(struct.unpack_from("<Q", data, at)[0]))
    return spoil


def kernel_address(change):
    def spoil(_, plan):
        data = plan.segment("purgatory").data
        struct.pack_into("<Q", data, 0x100 + 48 + 17 * 16, change(struct.unpack_from("<Q", data, 0x100 + 48 + 17 * 16)[0]))
    return spoil


def leaf(change):
    """The first leaf of the page tables."""
    def spoil(_, plan):
        data = plan.segment("idmap").data
        for at in range(0, len(data), 8):
            entry = struct.unpack_from("<Q", data, at)[0]
            if entry & 1 << 10:
                struct.pack_into("<Q", data, at, change(entry))
                return
    return spoil


def full_region(case, plan):
    for hole in spans.subtract([case.machine.crash], plan.occupied()):
        filler = copy.copy(plan.segment("purgatory"))
        filler.name, filler.mem, filler.memsz = "filler", hole[0], hole[1] - hole[0]
        plan.segments.append(filler)


def on(name):
    return lambda plan: (plan.segment(name).mem, plan.segment(name).mem + 4096)


def alone(spoil):
    """What a comparison with another program's plan cannot notice: it differs there, or is judged by the machine."""
    spoil.alone = True
    return spoil


BOTH = [
    ("segments", segment("fdt", mem=lambda s: s.mem + 1)),
    ("segments", segment("initrd", memsz=0)),
    ("expected_segments", lambda _, plan: plan.segments.remove(plan.segment("idmap"))),
    ("expected_segments", segment("initrd", hotplug=True)),
    ("not_in_use", machine_more(reserved=on("initrd"))),
    ("not_in_use", machine_more(lpis=lambda plan: plan.segment("kernel").mem + 4096)),
    ("entry_and_flags", alone(plan_of(entry=lambda e: e + 4))),
    ("entry_and_flags", plan_of(flags=lambda f: f ^ 0x10000)),
    ("kernel", flip("kernel", 4096)),
    ("kernel", alone(kernel_address(lambda a: a + 4096))),
    ("initrd", flip("initrd", 7)),
    ("initrd", alone(segment("initrd", mem=lambda s: s.mem + 40 * GIB))),
    ("initrd", alone(prop("linux,initrd-end", lambda v: bytes(8)))),
    ("blob", segment("fdt", mem=lambda s: s.mem // (2 * MIB) * 2 * MIB + 2 * MIB - 8)),
    ("nodes", prop("reg", lambda v: v[::-1], lambda root: next(c for c in root.children if c.name != "chosen"))),
    ("nodes", alone(lambda _, plan: checks.tree(plan).root.child("cpus").children.reverse())),
    ("chosen_is_fresh", prop("kaslr-seed", lambda v: bytes(8))),
    ("chosen_is_fresh", prop("rng-seed", lambda v: bytes(range(32)))),
    ("chosen_is_fresh", prop("linux,booted-from-kexec", lambda v: None)),
    ("chosen_is_fresh", prop("linux,kho-fdt", lambda v: bytes(8))),
    ("chosen_is_fresh", prop("bootargs", lambda v: b"other words\0")),
    ("reserve_map", reserve(lambda r: r[1:])),
    ("reserve_map", reserve(lambda r: r + [(0x7000, 0x1000)])),
    ("purgatory", word(0, lambda a: a + 8)),
    ("purgatory", kernel_address(lambda a: a - (1 << 30))),
    ("purgatory", word(5, lambda units: units ^ 1)),
    ("sealed", word(6, lambda kept: kept + 1)),
    ("digest_regions", segment("fdt", memsz=lambda s: s.memsz + 4096)),
    ("identity_map", leaf(lambda e: e + 4096)),
    ("identity_map", leaf(lambda e: e & ~(1 << 10))),
    ("identity_map", leaf(lambda e: e | 4)),
    ("identity_map", leaf(lambda e: 0)),
    ("identity_map", word(1, lambda a: a + 4096)),
    ("identity_map", word(3, lambda granule: (granule + 1) % 3)),
]
CRASH = BOTH + [
    ("segments", segment("initrd", mem=lambda s: 0x1000)),
    ("control_pages", full_region),
    ("magics", flip("elfcorehdr", 1)),
    ("usable", prop("linux,usable-memory-range", lambda v: v[16:] + v[:16])),
    ("usable", prop("linux,usable-memory-range", lambda v: v[:16])),
    ("elfcorehdr_place", prop("linux,elfcorehdr", lambda v: v[8:] + v[:8])),
    ("elfcorehdr_place", prop("bootargs", lambda v: b"elfcorehdr=1K " + v)),
    ("core", elf(0, 24, lambda v: v + 8)),
    ("core", elf(0, 32, lambda v: v + 8)),
    ("core", elf(-1, 16, lambda v: v + 4096)),
    ("core", elf(-1, 24, lambda v: v + 4096)),
    ("core", alone(elf(-1, 32, lambda v: v - 4096))),
    ("core", machine_of(text=0x1000)),
    ("core", flip("elfcorehdr", 18)),
    ("core_room", segment("elfcorehdr", memsz=4096)),
]
NORMAL = BOTH + [
    ("known_memory", machine_of(memory=[(0, 4096)])),
    ("no_crash_words", prop("linux,elfcorehdr", lambda v: bytes(16))),
    ("not_in_use", machine_more(cma=on("kernel"))),
]


def missed(case, made):
    """(checks without a mutation, [(mutation's number, its check, what noticed)])"""
    known = checks.CRASH if case.crash else checks.NORMAL
    mutations = CRASH if case.crash else NORMAL
    unnoticed = []
    for number, (check, spoil) in enumerate(mutations):
        spoilt_case, spoilt = copy.deepcopy(case), copy.deepcopy(made)
        spoilt.tree = None
        checks.tree(spoilt)
        spoil(spoilt_case, spoilt)
        found = {name for name, _ in checks.run_all(spoilt_case, spoilt)}
        if check not in found:
            unnoticed.append((number, check, found))
    return [name for name in known if name not in {check for check, _ in mutations}], unnoticed
