# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Machines to play with, each with what it has told to world.c: what it has, and what may come."""
import random

import facts
import fdt
import generator
import machine_arm64 as arm
import spans
import x86_facts
import x86_generator
from machine import GIB, MIB, Node, be32

MOST_SLOTS = 12


def line(word, *values):
    return " ".join([word, *(f"{v:x}" if isinstance(v, int) and not isinstance(v, bool) else str(v).strip() or "-"
                             for v in values)])


def ranges(word, areas):
    return [line(word, start, end) for start, end in areas]


def slots(rng, at, size, count):
    """Places for memory: some touch each other, some do not."""
    out = []
    for _ in range(count):
        out.append((at, at + size))
        at += size * rng.choice((1, 1, 2, 3))
    return out


# --- ppc64 ---

def cpu_nodes(m):
    """name and node of each core that may be there; those that are not are like the largest that is."""
    live = [(name, node) for name, node in m.tree()["cpus"].items()
            if isinstance(node, Node) and node.get("device_type") == b"cpu\0"]
    size = {name: fdt.node_cost(name, dict(node)) for name, node in live}
    model = max(live, key=lambda pair: size[pair[0]])[1]
    for hw in facts.missing_cores(m):
        node = Node(model)
        node.update({"reg": be32(hw), "ibm,ppc-interrupt-server#s": be32(*range(hw, hw + m.threads))})
        live.append((f"{m.cpu_name}@{hw:x}", node))
    return live


def ppc64_memory(rng, m):
    """(what stays, what may go, what may come)"""
    all_ram, base = facts.dump_memory(m), m.crash[0] + m.crash[1]
    lmbs = [(at, at + m.lmb_size, flags) for at, flags in m.lmbs if at >= base]
    go = [(s, e) for s, e, flags in lmbs if not spans.subtract([(s, e)], all_ram)
          and flags & 0x8 and not flags & 0x80 and not spans.intersect([(s, e)], facts.firmware(m))]
    come = [(s, e) for s, e, flags in lmbs if not flags & 0x88 and not spans.intersect([(s, e)], all_ram)]
    if not come:
        come = slots(rng, 1 << 41, 256 * MIB, MOST_SLOTS)
    go, come = go[:MOST_SLOTS], come[:MOST_SLOTS]
    return spans.subtract(all_ram, go), go, come


def ppc64(rng, many):
    m = generator.machine(rng)
    m.hotplug, m.device_memory, m.meminfo = True, [], True
    m.reserved_nodes, m.reserved = [], []
    if m.memory_limit and m.iomem is None:
        m.iomem = facts.tree_memory(m)
    stay, go, come = ppc64_memory(rng, m)
    if many:
        m.hotplug_ranges = 8192
        come = [((1 << 41) + i * 2 * m.lmb_size, (1 << 41) + (2 * i + 1) * m.lmb_size) for i in range(8200)]
    names = cpu_nodes(m)
    told = [line("arch", "ppc64", int(not m.little), m.page_size, m.hotplug_ranges, 0, 0xc << 60),
            line("vmcoreinfo", 0x7e000000, 0x7e001024), *ranges("ram", stay), *ranges("crash", facts.crash(m)),
            *ranges("keep", facts.firmware(m)), *(line("slot", s, e, "1") for s, e in go),
            *(line("slot", s, e, "0") for s, e in come)]
    cores = len(m.possible()) // m.threads
    for number, (name, node) in enumerate(names):
        told.append(line("core", name, "1" if number >= cores else "0"))
        told += [line("prop", key, value.hex()) for key, value in node.items() if not isinstance(value, Node)]
    for i in range(len(m.possible())):
        core = i // m.threads
        told.append(line("cpu", 0x7f000000 + 0x10000 * i, 568, m.first_cpu + i, str(core),
                         "1" if core < m.cores else "0"))
    return m, facts.crash(m)[0], told


# --- the others ---

def cpus(m, at, step, size):
    return [line("cpu", at + step * i, size, i, "-1", "1" if i < m.present else "0") for i in range(m.possible)]


def x86_64(rng, many):
    m = x86_generator.machine(rng, rng.choice(("bios", "uefi", "numa", "two regions", "cma")))
    m.hotplug, m.kcore, m.most_ranges = True, True, rng.choice((8192, 64, 20000))
    m.dimms = slots(rng, 1 << 40, 256 * MIB, rng.randrange(4))
    come = slots(rng, (1 << 40) + 64 * GIB, 256 * MIB, 8200 if many else MOST_SLOTS)
    m.most_ranges = 8192 if many else m.most_ranges
    regions = [r for r in (m.crash, m.crash_low) if r]
    told = [line("arch", "x86_64", 0, m.page_size, m.most_ranges, MIB, m.page_offset),
            line("vmcoreinfo", 0x5e000000, 0x5e001024),
            line("text", m.text_phys, m.text_phys + m.text_size, m.text),
            *ranges("ram", spans.subtract(x86_facts.all_ram(m), m.dimms)), *ranges("crash", regions),
            *ranges("cma", m.cma), *(line("slot", s, e, "1") for s, e in m.dimms),
            *(line("slot", s, e, "0") for s, e in come), *cpus(m, 0x5f000000, 0x200, 400)]
    return m, m.crash, told


def arm64(rng, many):
    m = arm.at_random(rng, rng.choice(("tree", "acpi", "two regions", "cma", "numa")))
    m.hotplug = m.kcore = True
    m.driver = slots(rng, 1 << 41, 256 * MIB, rng.randrange(4))
    come = slots(rng, (1 << 41) + 64 * GIB, 256 * MIB, 8200 if many else MOST_SLOTS)
    regions = [r for r in (m.crash, m.crash_low) if r]
    told = [line("arch", "arm64", 0, m.page_size, m.most_ranges, 0, m.linear % (1 << 64)),
            line("vmcoreinfo", 0x43196000, 0x43197024), line("text", *m.kernel, m.text),
            *ranges("ram", spans.subtract(m.ram(), m.driver)), *ranges("crash", regions), *ranges("cma", m.cma),
            *(line("slot", s, e, "1") for s, e in m.driver), *(line("slot", s, e, "0") for s, e in come),
            *cpus(m, 0x43000000, 0x1000, 400)]
    return m, m.crash, told


MAKERS = {"ppc64": ppc64, "x86_64": x86_64, "arm64": arm64}


def make(arch, seed, number):
    """(machine, its crash region, lines); the first of a series may get as many ranges as its kernel takes."""
    rng = random.Random(f"play/{arch}/{seed}/{number}")
    return MAKERS[arch](rng, number == 0)
