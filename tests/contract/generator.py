# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Machines at random: one number is one machine, whatever else is generated."""
import os
import random

import boot
import facts
import fdt
import spans
from machine import GIB, MIB, Machine, Node, be32, be64, text
from plan import Case, Kernel
from vmlinux import elf64, kernel_text

PAGE_SIZES = 4096, 16384, 65536
CPU_NAMES = "PowerPC,POWER9", "PowerPC,POWER10", "PowerPC,POWER8"
LMB_FLAGS = [0x8] * 6 + [0x108, 0x48, 0x0, 0x40, 0x80, 0x88]
PT_NOTE = 4


class Kernels:
    """Kernel files, made once and shared by all machines."""

    def __init__(self, directory):
        self.made = []
        for little in True, False:
            for name, pieces, phdrs in self.shapes(little):
                path = f"{directory}/vmlinux-{name}-{'le' if little else 'be'}"
                with open(path, "wb") as f:
                    f.write(elf64(pieces, little, phdrs=phdrs))
                loads = [p for i, p in enumerate(pieces) if i not in (phdrs or {})]
                self.made.append(Kernel(path, little, loads))

    @staticmethod
    def shapes(little):
        code = kernel_text(120_000, little)
        more = bytes(range(256)) * 300
        last = len(code) + 20
        yield "one", [(0, code, len(code) + 0x12345)], None
        yield "shared", [(0, code, len(code)), (last, more, len(more)),
                         (last + len(more) + 4, more[:77], 7000)], None
        yield "apart", [(0, code, len(code) + 99), (0x80000, more, len(more)),
                        (0x110000, more[:4096], 0x30000)], None
        yield "unsorted", [(0x100000, more, 0x20000), (0, code, len(code))], None
        yield "high", [(0x2000000, code, len(code)), (0x2080000, more, len(more))], None
        yield "notes", [(0, code, len(code)), (0x1000, b"", 0), (0x90000, more, 0x20000)], {
            1: {"type": PT_NOTE, "filesz": 64, "memsz": 64, "offset": 0x10000}}


def write_initrd(directory, size):
    path = f"{directory}/initrd-{size}"
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(random.Random(size).randbytes(size))
    return path


def maybe(rng, chance):
    return rng.random() < chance


def page_down(value, page):
    return value // page * page


def place_crash(rng, m):
    page = m.page_size
    base = rng.choice([64 * MIB, 128 * MIB, 512 * MIB, rng.randrange(48, 700) * MIB + page,
                       rng.choice([rng.randrange(700, 1100) * MIB, rng.randrange(980, 1030) * MIB])])
    size = rng.choice([32 * MIB, 64 * MIB, 256 * MIB, rng.randrange(30, 512) * MIB + 3 * page])
    m.crash = (base, page_down(size, page))


def cut(rng, start, end, pieces):
    """Consecutive (base, size) pairs, MiB aligned."""
    points = sorted(rng.randrange(start // MIB + 1, end // MIB) * MIB for _ in range(pieces - 1))
    edges = [start, *points, end]
    return [(a, b - a) for a, b in zip(edges, edges[1:]) if b > a]


def flat_memory(rng, m, top):
    """Memory nodes of one or several pairs, with holes clear of the crash region."""
    first = 0 if m.radix or maybe(rng, .1) else -(-(m.crash[0] + m.crash[1]) // MIB) * MIB
    pairs = [(0, first)] * bool(first) + cut(rng, first, top, rng.randrange(1, 6))
    pairs += [(top + 256 * MIB * (2 * i + 1), 256 * MIB) for i in range(rng.randrange(3))]
    if maybe(rng, .1):
        pairs.append((top + 64 * GIB, 0))
    nodes = []
    for pair in pairs:
        if nodes and maybe(rng, .5):
            nodes[-1].append(pair)
        else:
            nodes.append([pair])
    if maybe(rng, .2) and m.radix and m.crash[0] > 96 * MIB and len(nodes[0]) == 1:
        punch_hole(nodes, m)
    m.memory = nodes


def punch_hole(nodes, m):
    """No memory from 72 MiB up to a bit below the crash region."""
    base, size = nodes[0][0]
    resume = m.crash[0] - 16 * MIB
    if resume < base + size:
        nodes[0] = [(0, 72 * MIB), (resume, base + size - resume)]


def lmb_memory(rng, m, top):
    """A memory node for the real mode area and LMBs for all else, as on an LPAR."""
    m.lmb_size = rng.choice([16, 64, 256]) * MIB
    m.lmb_version = rng.choice([1, 2])
    size = m.lmb_size
    low = m.crash[0] + m.crash[1] // 2
    if m.radix or maybe(rng, .1):
        low = rng.choice([m.lmb_size, 128 * MIB, low])
    low = -(-low // size) * size
    m.memory = [[(0, low)]]
    needed = -(-top // size) * size
    end = max(needed, low) + size * rng.randrange(1, 60)
    for base in range(low, end, size):
        used = base + size > m.crash[0] and base < m.crash[0] + m.crash[1]
        m.lmbs.append((base, 0x8 if used else rng.choice(LMB_FLAGS)))
    if maybe(rng, .3):
        far = 1 << 40
        m.lmbs += [(far + i * size, rng.choice(LMB_FLAGS)) for i in range(rng.randrange(1, 30))]


def near(rng, m, size):
    """An address that is interesting to the crash region: in, across an edge, below or above."""
    base, end = m.crash[0], m.crash[0] + m.crash[1]
    if maybe(rng, .03):         # where the kernel takes pages for itself: no plan can be
        return rng.choice([base, base - size // 2, base + m.page_size])
    return rng.choice([
        *(rng.randrange(base + 4 * m.page_size, end - size) for _ in range(3)),
        end - size // 2, end - size, max(base - 2 * size, MIB), end + size])


def place_firmware(rng, m):
    if m.opal:
        size = 0x1c00000 if m.crash[1] > 200 * MIB else 0x200000
        m.opal = (page_down(near(rng, m, size), 0x10000), size)
        m.exports = [(m.opal[0] + 0x40000, 0x5678)] * maybe(rng, .5)
        m.exports += [(page_down(near(rng, m, 0x9000), 4096), 0x8123)] * maybe(rng, .5)
    if m.rtas:
        size = rng.choice([0x8000, 0x10000, 0x2a000])
        m.rtas = (near(rng, m, size) + rng.choice([0, 0, 0x1230]), size)
    if not m.guest and not m.opal and not m.little:
        m.tce = [(page_down(near(rng, m, 0x80000), 4096), 0x80000) for _ in range(rng.randrange(3))]
    if not m.guest and not m.radix:
        m.htab = (page_down(near(rng, m, MIB), 0x40000), MIB)
    if maybe(rng, .3):
        m.sml = (page_down(near(rng, m, 0x8000), 4096), 0x8000)
        m.virtual_tpm = m.guest
        m.sml_size_bytes = rng.choice([4, 4, 8])


def place_devices(rng, m):
    """GPUs with memory of their own, which the kernel gets from a driver or not at all."""
    if m.opal and m.addr_cells == 2 and m.size_cells == 2 and maybe(rng, .4):
        m.device_memory = [((4 + i) << 40, 16 * GIB) for i in range(rng.randrange(1, 4))]
        if m.iomem and maybe(rng, .5):
            m.iomem = spans.union(m.iomem, spans.sized(m.device_memory[:1]))


def place_reserved(rng, m):
    """Nested, overlapping, unaligned and empty ranges."""
    for _ in range(rng.choice([0, 0, 1, 3, 8])):
        size = rng.choice([1, 0x1000, 0x10000, 0x12345, MIB])
        base = near(rng, m, size)
        m.reserved.append((base, size))
        if maybe(rng, .5):
            m.reserved.append((base + size // 4, size // 2))
        if maybe(rng, .3):
            m.reserved.append((base + size // 2, size))
    if maybe(rng, .3):
        m.reserved_nodes = [(near(rng, m, 0x10000), 0x10000) for _ in range(rng.randrange(1, 5))]
        m.reserved_kinds = [rng.choice(["", "", "no-map", "reusable"]) for _ in m.reserved_nodes]


def fill_cpus(rng, m):
    m.threads = rng.choice([1, 2, 4, 8])
    m.possible_cores = rng.choice([1, 1, 2, 2, 4, 4, 8, rng.choice([8, 8, 24, 48])])
    m.cores = rng.randrange(1, m.possible_cores + 1)
    if maybe(rng, .05):
        m.cores = m.possible_cores + 2      # nr_cpus= on the command line
    m.first_cpu = rng.choice([0, 0, m.threads, 0xf8, 0x1000])
    m.cpu_name = rng.choice(CPU_NAMES)
    if maybe(rng, .3):
        count = m.possible_cores * m.threads
        m.cpu_numbers = sorted(rng.sample(range(count * 3), count))
    m.cpu_props = {f"ibm,random-{i}": rng.randbytes(rng.randrange(200))
                   for i in range(rng.randrange(4))}
    if maybe(rng, .3):
        m.core_props = {rng.randrange(m.cores): {"ibm,only-this-core": bytes(rng.randrange(3000))}}
    if maybe(rng, .4):
        m.cpus = {"l2-cache@2000": Node({"device_type": text("cache"), "reg": be32(0x2000)}),
                  "ibm,powerpc-cpu-features": Node({"isa": be32(3000)})}


def limit_memory(rng, m):
    memory = facts.tree_memory(m)
    top, end = memory[-1][1], m.crash[0] + m.crash[1]
    m.memory_limit = rng.choice([0, end, top, 1 << 60, page_down(rng.randrange(end, top + 1), MIB)])
    m.iomem = rng.choice([None, memory])
    if maybe(rng, .2):
        limit = page_down(rng.choice([end, (end + top) // 2]), m.page_size)
        m.cmdline += f" mem={limit:#x}"
        m.memory_limit = limit
        m.iomem = spans.intersect(memory, [(0, limit)])
        if maybe(rng, .5):          # memory that was added after the boot
            m.iomem = spans.union(m.iomem, memory[-1:])
    elif maybe(rng, .3):
        m.cmdline += " notmem=1G"


def clutter(rng, m):
    """What the planner must carry over unread, and what it must not carry over."""
    def noise(depth):
        node = Node({f"p{rng.randrange(99)},#x.{i}": rng.randbytes(rng.choice([0, 1, 3, 4, 900]))
                     for i in range(rng.randrange(5))})
        for i in range(rng.randrange(4) if depth else 0):
            name = f"{rng.choice(['dev', 'a+b', 'x_y'])}@{rng.randrange(1 << 40):x},{i}"
            node[name] = noise(depth - 1)
        return node
    m.extra = {"ibm,noise": noise(3)}
    if maybe(rng, .3):
        m.extra["collisions"] = collisions(rng)
    if m.guest and maybe(rng, .5):
        m.extra |= {f"pci@80000002000000{i}": host_bridge(rng, i) for i in range(10, 13)}
    if maybe(rng, .5):
        m.chosen = {"linux,initrd-start": be64(0x4000000), "linux,initrd-end": be64(0x5000000),
                    "rng-seed": bytes(32), "linux,stdout-path": text("/vdevice/vty@71000000"),
                    "linux,booted-from-kexec": b"", "linux,elfcorehdr": be64(0x1234, 0x5678),
                    "linux,usable-memory-range": be64(0, GIB), "ibm,other": rng.randbytes(9),
                    "linux,ima-kexec-buffer": be64(0x6000000, 0x1000)}
    if maybe(rng, .3):
        node, pairs = f"memory@{m.memory[-1][0][0]:x}", m.memory[-1]
        reg = b"".join(m.pair(*p) for p in pairs)
        m.extra[node] = Node({"device_type": text("memory"), "linux,usable-memory": reg, "reg": reg})
        m.cmdline += " elfcorehdr=1G"   # a capture kernel, which had its memory limited


def collisions(rng):
    """The kernel adds #1, #2, … to names which a directory has already."""
    node = Node({"dev": rng.randbytes(5), "a#b": b"no suffix"})
    for i in range(1, rng.randrange(2, 5)):
        node[f"dev#{i}"] = Node({"reg": be32(i), "deep": b"x", "deep#1": Node()})
    return node


def host_bridge(rng, number):
    """With DMA windows that the running kernel opened; the default one may be gone for them."""
    node = Node({"device_type": text("pci"), "#address-cells": be32(3),
                 "ibm,pe-total-#msi": be32(number)})
    for name in "linux,direct64-ddr-window-info", "linux,dma64-ddr-window-info":
        if maybe(rng, .5):
            node[name] = be32(0x80000000 + number, 0) + be64(1 << 59) + be32(16, 34)
    if maybe(rng, .5):
        node["ibm,dma-window"] = be32(0x80000001, 0, 0, 0, 0x40000000)
    return node


# Of POWER9, POWER8 and POWER7; the last three have each one bit less than POWER8.
HWCAPS = [None, (0xdc0065c2, 0xaef00000), (0xdc0065c2, 0xae000000), (0xdc0065c2, 0), (0xcc0065c2, 0xae000000),
          (0xdc006542, 0xae000000), (0xdc0065c2, 0xac000000)]


def machine(rng, little=None, radix=None):
    """One at random, but for what the caller wants to have decided."""
    m = Machine(little=maybe(rng, .65) if little is None else little,
                radix=maybe(rng, .6) if radix is None else radix, page_size=rng.choice(PAGE_SIZES),
                pvr=rng.choice([0x004e1202, 0x00800200, 0x004d0200]), new_sysfs=maybe(rng, .5),
                hvterm=maybe(rng, .6), hotplug_ranges=rng.choice([8192, 8192, 1, 40]))
    platform = rng.choice(["guest"] * 7 + ["powernv"] * 2 + ["bare"])
    if platform != "guest":
        m.guest = m.hvterm = False
        m.radix = m.radix and platform == "powernv"
        if m.radix and m.pvr >> 16 < facts.POWER9:
            m.pvr = 0x004e1202
        m.rtas, m.opal = (None, (0, 0)) if platform == "powernv" else (m.rtas, None)
    place_crash(rng, m)
    top = -(-(m.crash[0] + m.crash[1]) // MIB) * MIB + rng.choice([64 * MIB, GIB, 3 * GIB])
    if platform == "guest" and maybe(rng, .6):
        lmb_memory(rng, m, top)
    else:
        flat_memory(rng, m, max(top, GIB))
        if all(base + size < 1 << 32 for pairs in m.memory for base, size in pairs) and maybe(rng, .2):
            m.addr_cells, m.size_cells = rng.choice([(2, 1), (1, 1)])
    place_firmware(rng, m)
    place_reserved(rng, m)
    fill_cpus(rng, m)
    limit_memory(rng, m)
    place_devices(rng, m)
    clutter(rng, m)
    m.kernel_end = rng.choice([None, 0x2345678, page_down(m.crash[0], MIB)])
    m.meminfo = maybe(rng, .9)
    m.hwcap = rng.choice(HWCAPS)
    return m


def case_of(rng, m, name, directory, kernels):
    size = rng.choice([0, 1, 65536, 100_001, rng.choice([0, 0, 2 * MIB, 12 * MIB, 24 * MIB])])
    words = "root=/dev/sda1 irqpoll maxcpus=1" + " x=y" * rng.choice([0, 0, 1, 400])
    kernels = [k for k in kernels if k.little == m.little] or kernels
    return Case(m, rng.choice(kernels), m.write(f"{directory}/{name}"),
                write_initrd(directory, size) if size else None, words, maybe(rng, .8))


def case(number, seed, directory, kernels):
    """Case @number of the series @seed."""
    rng = random.Random(f"{seed}/{number}")
    m = machine(rng)
    made = [k for k in kernels.made if k.little != m.little] if maybe(rng, .02) else kernels.made
    return case_of(rng, m, f"{seed}-{number}", directory, made)


def needs(case_):
    """Bytes of every segment, rounded: (the least, a generous estimate)."""
    m, page = case_.machine, case_.machine.page_size
    def pages(n):
        return -(-n // page) * page
    kernel = max(p + size for p, _, size in case_.kernel.pieces) - case_.kernel.lowest
    ranges = len(facts.dump(m)) + 2
    header = facts.elfcorehdr_room(m, 64 + 56 * (len(m.possible()) + 1 + ranges))
    initrd = os.path.getsize(case_.initrd) if case_.initrd else 0
    least = pages(kernel) + 0x10000 + (header if case_.hotplug else page) + pages(initrd) + 4 * page
    tree = fdt.from_machine("", m.tree())
    blob = sum(fdt.node_cost(n.name, n.props) for n in tree.walk()) + 32 * len(m.lmbs)
    largest = max(fdt.node_cost(n.name, n.props) for n in tree.child("cpus").children)
    blob += 0x10000 + (len(facts.missing_cores(m)) + 2) * largest + 2 * facts.growth(m)
    return least, least + pages(blob) + 12 * 0x10000 + 4 * page


def fits(case_):
    """True: a plan must come; False: none can; None: too close to tell without planning."""
    m = case_.machine
    if case_.kernel.little != m.little:
        return False            # it would not find the dump
    strict = min(facts.GIB, m.memory[0][0][1]) if not m.radix and not m.opal else facts.rma(m)
    free, first = spans.subtract(facts.crash(m), facts.protected(m)), m.crash[0] + 2 * m.page_size
    if spans.subtract([(m.crash[0], first)], free):
        return False            # the kernel would take its pages there
    free = spans.subtract(free, facts.optional(m.sml))
    if spans.subtract([(m.crash[0], first)], free):
        return None             # pages over a log: better refused, but no harm to the machine
    if boot.missing(m, boot.region_free(m)):
        return False            # whatever is loaded there, it cannot start
    least, most = needs(case_)
    most += sum(size + 2 * align for _, size, align, _ in boot.needs(m))
    half = facts.managed(m) // m.page_size // 2 * m.page_size
    if least > half:
        return False
    if most > half:
        return None
    low, free = min(strict, boot.low_limit(m)), spans.intersect(free, boot.memory(m))
    if any(end - start >= most for start, end in spans.intersect(free, [(0, low)])):
        return True
    return False if spans.total(spans.intersect(free, [(0, facts.rma(m))])) < least else None
