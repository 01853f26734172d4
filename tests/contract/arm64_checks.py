# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The clauses of the contract on arm64. Each check takes a Case and its Plan and yields complaints.

Sources: Documentation/arch/arm64/booting.rst, arch/arm64/kernel/{machine_kexec,machine_kexec_file}.c,
drivers/of/{kexec,fdt}.c, drivers/irqchip/irq-gic-v3-its.c of Linux 6.12 and 7.2; of page tables, the
architecture's manual (D8, "VMSAv8-64").
"""
import struct

import common
import machine_arm64 as arm
import spans
from common import ELF_MAGIC, PT_LOAD, PT_NOTE, Core, Params, control_page
from fdt import Tree
from machine import GIB, MIB

EM_AARCH64, ON_CRASH, HOTPLUG = 183, 1, 8
STALE = ("linux,kho-fdt", "linux,kho-scratch", "linux,ima-kexec-buffer", "linux,dmcryptkeys")
UEFI = ("linux,uefi-system-table", "linux,uefi-mmap-start", "linux,uefi-mmap-size", "linux,uefi-mmap-desc-size",
        "linux,uefi-mmap-desc-ver")

CRASH, NORMAL = {}, {}


def crash(function):
    CRASH[function.__name__] = function
    return function


def normal(function):
    NORMAL[function.__name__] = function
    return function


def both(function):
    return crash(normal(function))


def run_all(case, plan):
    return common.run_all(case, plan, CRASH if case.crash else NORMAL)


def tree(plan):
    if not plan.tree:
        plan.tree = Tree(bytes(plan.segment("fdt").data))
    return plan.tree


def chosen(plan):
    return tree(plan).root.child("chosen").props


def pairs(case, value):
    """(base, size) in root cells."""
    a, s = (4 * c for c in case.machine.cells)
    if len(value) % (a + s):
        raise ValueError(f"{len(value)} bytes of pairs")
    return [(int.from_bytes(value[i:i + a], "big"), int.from_bytes(value[i + a:i + a + s], "big"))
            for i in range(0, len(value), a + s)]


def regions(m):
    return [r for r in (m.crash, m.crash_low, *m.cma) if r]


# --- segments ---

@both
def segments(case, plan):
    m = case.machine
    yield from common.segments(plan, m.page_size, m.crash if case.crash else (0, 1 << 48), m.mem_total())


@both
def expected_segments(case, plan):
    names = sorted(s.name for s in plan.segments)
    want = ["fdt", "idmap", "kernel", "purgatory"] + ["initrd"] * bool(case.initrd) + ["elfcorehdr"] * case.crash + \
        ["sealed"] * plan.copies
    if names != sorted(want):
        yield f"segments {names}"
    hot = [s.name for s in plan.segments if s.hotplug]
    if hot != ["elfcorehdr"] * case.hotplug:
        yield f"hotplug segments {hot}"


@both
def not_in_use(case, plan):
    """The kernel does not look at what memblock has reserved; the GIC writes its tables at any time."""
    m = case.machine
    holes = m.reserved + m.tables() + (m.driver if not case.crash else [])
    holes += [] if case.crash else regions(m) + spans.sized(m.tree_reserve)
    mine = [r for r in (m.initrd,) if r]
    for s in plan.segments:
        hit = spans.intersect([(s.mem, s.end)], spans.subtract(holes, mine) if not case.crash else holes)
        if hit:
            yield f"{s.name} is at {spans.text(hit)}, which is in use"


@normal
def known_memory(case, plan):
    for s in plan.segments:
        lost = spans.subtract([(s.mem, s.end)], case.machine.memory)
        if lost:
            yield f"{s.name}: {spans.text(lost)} is not memory of the next kernel"


@crash
def control_pages(case, plan):
    """kimage_alloc_crash_control_pages: control code, a copy of vmcoreinfo."""
    m, at = case.machine, case.machine.crash[0]
    for _ in range(2):
        at = control_page(plan, at, m.page_size) + m.page_size
    if at > m.crash[1]:
        yield "no pages left for the running kernel"


@both
def entry_and_flags(case, plan):
    if plan.entry != plan.segment("purgatory").mem:
        yield f"entry {plan.entry:#x} is not the purgatory"
    want = EM_AARCH64 << 16 | (ON_CRASH if case.crash else 0) | (HOTPLUG if case.hotplug else 0)
    if plan.flags != want:
        yield f"flags {plan.flags:#x}, expected {want:#x}"


@crash
def magics(case, plan):
    found = [s.name for s in plan.segments if s.data[:4] == ELF_MAGIC]
    if "elfcorehdr" not in found or case.hotplug and found != ["elfcorehdr"]:
        yield f"{ELF_MAGIC!r} begins {found}"


# --- kernel, initrd, tree: where ---

@both
def kernel(case, plan):
    s, (offset, data, memsz) = plan.segment("kernel"), case.kernel.pieces[0]
    start = Params(case, plan.segment("purgatory")).kernel
    if start % (2 * MIB) != offset:
        yield f"the Image is at {start:#x}, not {offset:#x} from a multiple of 2 MiB"
    if plan.memory(start, memsz) != bytes(data[:memsz]).ljust(memsz, b"\0"):
        yield "the kernel's bytes differ"
    if start + memsz > s.end:
        yield f"image_size {memsz:#x} does not fit"


@both
def initrd(case, plan):
    s = plan.segment("initrd")
    base = plan.segment("kernel").mem // GIB * GIB
    if s.data != case.initrd_bytes():
        yield "not the file's bytes"
    if s.mem < base or s.end > base + 32 * GIB:
        yield f"{s.mem:#x} is not in the kernel's window from {base:#x}"
    props = chosen(plan)
    told = [int.from_bytes(props[f"linux,initrd-{end}"], "big") for end in ("start", "end")]
    if told != [s.mem, s.mem + len(s.data)]:
        yield f"the tree says {told[0]:#x}-{told[1]:#x}"


@both
def blob(_, plan):
    s = plan.segment("fdt")
    if len(s.data) > 2 * MIB or s.mem % 8 or s.mem // (2 * MIB) != (s.mem + len(s.data) - 1) // (2 * MIB):
        yield f"{len(s.data)} bytes at {s.mem:#x} cross 2 MiB"
    if tree(plan).version < 17 or tree(plan).totalsize != len(s.data):
        yield "version, or size"


# --- the tree ---

@both
def nodes(case, plan):
    """All but /chosen is as it was, in a blob's order; a directory has none."""
    def shape(node):
        return tuple((c.name, c.props, shape(c)) for c in (
            node.children if case.machine.fdt else sorted(node.children, key=lambda c: c.name)) if c.name != "chosen")
    want = Tree(arm.Blob(case.machine.tree()).data).root
    if shape(tree(plan).root) != shape(want):
        yield "other nodes than the running kernel's"


@both
def chosen_is_fresh(case, plan):
    props = chosen(plan)
    if props["bootargs"][:-1].decode().split()[-2:] != case.command_line.split()[-2:]:
        yield f"bootargs {props['bootargs']}"
    if len(props["kaslr-seed"]) != 8 or not any(props["kaslr-seed"]):
        yield "no seed for KASLR"
    if len(props["rng-seed"]) < 32 or props["rng-seed"] == bytes(range(32)):
        yield "no fresh rng-seed"
    if "linux,booted-from-kexec" not in props:
        yield "not linux,booted-from-kexec"
    yield from (f"{name} is the running kernel's" for name in STALE if name in props)
    if case.machine.acpi:
        yield from (f"{name} is lost" for name in UEFI if name not in props)


@normal
def no_crash_words(_, plan):
    yield from (f"{name} in a normal tree" for name in ("linux,elfcorehdr", "linux,usable-memory-range")
                if name in chosen(plan))


@crash
def usable(case, plan):
    """The upper region first, which caps all memory; what follows is added."""
    got, m = pairs(case, chosen(plan)["linux,usable-memory-range"]), case.machine
    want = [(s, e - s) for s, e in regions(m)]
    if got[0] != want[0] or spans.difference(spans.sized(got), spans.sized(want)):
        yield f"{got}, expected {want}"
    if m.crash_low and got[1] != want[1]:
        yield f"second is {got[1]}, which older kernels read last"


@crash
def elfcorehdr_place(case, plan):
    s = plan.segment("elfcorehdr")
    if pairs(case, chosen(plan)["linux,elfcorehdr"]) != [(s.mem, s.memsz)]:
        yield "linux,elfcorehdr is elsewhere"
    if b"elfcorehdr=" in chosen(plan)["bootargs"]:
        yield "it is on the command line too"


@both
def reserve_map(case, plan):
    got, m = spans.sized(tree(plan).reserve), case.machine
    want = [(s.mem, s.end) for s in plan.segments if s.name in ("elfcorehdr", "initrd")]
    want += spans.sized((base, size) for base, size in m.tree_reserve
                        if not m.initrd or base != m.initrd[0])
    want += [] if case.crash else m.tables()
    wrong = spans.difference(got, spans.union(want))
    if wrong:
        yield wrong


# --- the dump ---

@crash
def core(case, plan):
    m, c = case.machine, Core(case, plan.segment("elfcorehdr").data)
    if c.header[1] != EM_AARCH64 or c.ident[:7] != b"\x7fELF\2\1\1":
        yield f"ELF header {c.header}"
    notes = [(p[5], p[4]) for p in c.of_type(PT_NOTE)]
    want = [(400, 0x43000000 + 0x1000 * i) for i in range(m.present)] + [(0x1024, 0x43196000)]
    if sorted(notes) != sorted(want):
        yield f"notes {notes}"
    loads = [p[2:] for p in c.of_type(PT_LOAD)]
    dump = [(p, p + size) for _, _, p, size, _, _ in loads]
    want = spans.subtract(m.ram(), regions(m))
    if spans.difference(dump, want):
        yield spans.difference(dump, want)
    if any(offset != p for offset, _, p, *_ in loads):
        yield "a part is not where it was"
    linear = [p for p in loads if p[1] == (p[2] + m.linear) % (1 << 64)]
    if m.kcore and spans.difference([(p[2], p[2] + p[3]) for p in linear], want):
        yield "not all of memory is in the linear map"
    if m.kcore and (m.text, m.kernel[0], m.kernel[1] - m.kernel[0]) not in [p[1:4] for p in loads]:
        yield "the kernel's text is not there"


@crash
def core_room(case, plan):
    """With --hotplug the kernel writes a header for all CPUs and ranges that there can be."""
    m, s = case.machine, plan.segment("elfcorehdr")
    if case.hotplug and s.memsz < -(-m.hint() // 4096) * 4096:
        yield f"{s.memsz} bytes, the kernel wants {m.hint()}"


# --- the purgatory ---

@both
def purgatory(case, plan):
    p = Params(case, plan.segment("purgatory"))
    if p.words[0] != plan.segment("fdt").mem:
        yield f"FDT at {p.words[0]:#x}"
    if p.kernel < plan.segment("kernel").mem or p.kernel >= plan.segment("kernel").end:
        yield f"kernel at {p.kernel:#x}"
    if p.units != (case.machine.sha2 is True):
        yield f"units {p.units:#x} where the processors have {case.machine.sha2} of SHA-2"


@both
def digest_regions(case, plan):
    yield from common.digest_regions(case, plan)


sealed = both(common.sealed)


# By TCR_EL1.TG0: bits of the offset in a page, and the first level of a walk with addresses of 48 bits.
GRANULES = {0: (12, 0), 1: (16, 1), 2: (14, 0)}


def walk(read, root, shift, first):
    """Every leaf: (virtual, physical, bytes, device), by the processor's rules."""
    def table(at, level, virtual):
        if at % (1 << shift):
            raise ValueError(f"a table at {at:#x}")
        size = 1 << shift + (shift - 3) * (3 - level)
        entries = min(1 << 48, size << shift - 3) // size if level == first else 1 << shift - 3
        for i, (entry,) in enumerate(struct.iter_unpack("<Q", read(at, 8 * entries))):
            address = virtual + i * size
            if not entry & 1:
                continue
            if entry & (1 << shift) - 1 & 0xf000:
                raise ValueError(f"{address:#x}: {entry:#x} is beyond 48 bits")
            if level < 3 and entry & 2:
                yield from table(entry & 0xfffffffff000, level + 1, address)
            elif level == 2 or level == 1 and shift == 12 or level == 3 and entry & 2:
                yield address, entry & 0xfffffffff000 & ~(size - 1), size, bool(entry & 4)
                if not entry & 1 << 10:
                    raise ValueError(f"{address:#x} faults at its first access")
            else:
                raise ValueError(f"descriptor {entry:#x} at level {level}")
    yield from table(root, first, 0)


@both
def identity_map(case, plan):
    """What the purgatory reads is mapped to itself; of all else, its console alone. Every processor knows its pages."""
    p, page = Params(case, plan.segment("purgatory")), case.machine.page_size
    shift, first = GRANULES[p.words[3]]
    if 1 << shift != page:
        yield f"pages of {1 << shift} bytes, where the running kernel has {page}"
        return
    leaves = list(walk(plan.memory, p.words[1], shift, first))
    yield from (f"{v:#x} is mapped to {pa:#x}" for v, pa, *_ in leaves if v != pa)
    got = [(pa, pa + size) for _, pa, size, device in leaves if not device]
    want = [(s.mem, s.end) for s in plan.segments]
    if spans.difference(got, want):
        yield spans.difference(got, want)
    devices = [(pa, size) for _, pa, size, device in leaves if device]
    if devices != ([] if case.machine.acpi else [(arm.UART // page * page, page)]):
        yield f"devices {devices}"
