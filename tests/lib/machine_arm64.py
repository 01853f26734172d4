# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Generated arm64 machines: snapshot directories as `kexec --record` would write them.

A Machine is a description with plain values; write() makes the files. at_random() makes one of
a kind. It knows nothing of kexec's own code, so that tests which use it check that code.
"""
import os
import struct
from dataclasses import dataclass, field

from machine import GIB, MIB, Node, be32, be64, id_list, text, write_file

LPI_TABLE = 64 << 10
UART = 0x9000000
IMAGE_SIZE = 0x90000


def image(code=None, size=IMAGE_SIZE, text_offset=0, page_shift=1, big=False, flags=8, magic=b"ARM\x64"):
    """Documentation/arch/arm64/booting.rst: a header and @code; @page_shift as in the header's flags."""
    code = bytes((i * 7 + (i >> 8)) & 0xff for i in range(0x60000)) if code is None else code
    head = struct.pack("<8sQQQ24x4sI", b"MZ\0\x14\0\0\0\0", text_offset, size, flags | page_shift << 1 | big, magic, 0)
    return head + code


class Blob:
    """A flattened device tree, version 17."""

    def __init__(self, root, reserve=()):
        self.strings, self.offsets = b"", {}
        body = self.node("", root) + struct.pack(">I", 9)
        rsv = b"".join(struct.pack(">QQ", base, size) for base, size in (*reserve, (0, 0)))
        at = 40 + len(rsv)
        total = at + len(body) + len(self.strings)
        self.data = struct.pack(">10I", 0xd00dfeed, total, at, at + len(body), 40, 17, 16, 0, len(self.strings),
                                len(body)) + rsv + body + self.strings

    def name(self, name):
        if name not in self.offsets:
            self.offsets[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        return self.offsets[name]

    @staticmethod
    def pad(data):
        return data + bytes(-len(data) % 4)

    def node(self, name, node):
        out = struct.pack(">I", 1) + self.pad(name.encode() + b"\0")
        for key, value in node.items():
            if not isinstance(value, Node):
                out += struct.pack(">III", 3, len(value), self.name(key)) + self.pad(value)
        return out + b"".join(self.node(k, v) for k, v in node.items() if isinstance(v, Node)) + struct.pack(">I", 2)


@dataclass
class Machine:
    release: str = "6.12.0-generated"
    cmdline: str = "console=ttyAMA0 crashkernel=256M"
    page_size: int = 4096
    memory: list = field(default_factory=lambda: [(0x40000000, 0xc0000000)])    # [start, end), of the tree
    driver: list = field(default_factory=list)      # memory that a driver has added
    kernel: tuple = (0x40200000, 0x42800000)        # [_text, _end), physical
    reserved: list = field(default_factory=lambda: [(0x48000000, 0x48300000), (0xbe000000, 0xbfff0000)])
    tree_reserve: list = field(default_factory=list)        # (base, size) which firmware has reserved
    crash: tuple = (0x90000000, 0xa0000000)         # the upper region; None: none
    crash_low: tuple = None
    cma: list = field(default_factory=list)
    initrd: tuple = (0x48000000, 0x48280123)        # of the running kernel; None: none
    possible: int = 2
    present: int = 2
    acpi: bool = False                  # UEFI tells of memory, the tree has /chosen alone
    its: bool = True
    lpis: list = field(default_factory=lambda: [0x429f0000, 0x42a00000, 0x42a10000])
    cells: tuple = (2, 2)
    linear: int = 0xffff000000000000 - 0x40000000   # virtual - physical
    text: int = 0xffff800080000000
    kcore: bool = True
    hotplug: bool = False               # no release has the files
    fdt: bool = True                    # /sys/firmware/fdt; else /proc/device-tree
    sha2: bool = None                   # do the processors have the instructions; None: the snapshot does not say
    little: bool = True
    stdout: str = "pl011@9000000"
    uart: bytes = b"arm,pl011\0arm,primecell\0"      # what it is compatible with; others have registers of 4 bytes
    chosen: dict = field(default_factory=dict)
    new_sysfs: bool = False
    most_ranges: int = 8192

    def ram(self):
        return sorted(self.memory + self.driver)

    def tables(self):
        """Where the LPI tables lie, if somebody has to know."""
        return [] if self.acpi or not self.its else [(at, at + LPI_TABLE) for at in self.lpis]

    def hint(self):
        """The series as posted, arch_crash_get_elfcorehdr_size: with the ELF header."""
        return 64 + 56 * (2 + self.possible + self.most_ranges)

    def mem_total(self):
        held = sum(e - s for s, e in (r for r in (self.crash, self.crash_low) if r))
        return (sum(e - s for s, e in self.ram()) - held) * 63 // 64 // 1024 * 1024

    def pair(self, start, size):
        return b"".join(n.to_bytes(4 * c, "big") for n, c in zip((start, size), self.cells))

    def tree(self):
        chosen = Node({"bootargs": text(self.cmdline), "kaslr-seed": be64(0), "rng-seed": bytes(range(32)),
                       "linux,kho-fdt": be64(1), **self.chosen})
        if self.initrd:
            chosen["linux,initrd-start"], chosen["linux,initrd-end"] = map(be64, self.initrd)
        root = Node({"#address-cells": be32(self.cells[0]), "#size-cells": be32(self.cells[1]), "chosen": chosen})
        if self.acpi:
            chosen.update({"linux,uefi-system-table": be64(0xbfd00018), "linux,uefi-mmap-start": be64(0xbe00e9c0),
                           "linux,uefi-mmap-size": be32(0x630), "linux,uefi-mmap-desc-size": be32(48),
                           "linux,uefi-mmap-desc-ver": be32(1)})
            return root
        chosen["stdout-path"] = text("/" + self.stdout)
        if b"pl011" in self.uart:
            root["pl011@9000000"] = Node({"compatible": self.uart, "reg": self.pair(UART, 0x1000)})
        else:
            root["serial@9000000"] = Node({"compatible": self.uart, "reg": self.pair(UART, 0x1000), "reg-shift": be32(2)})
        # As a firmware has them that names its large cores first: the kernel numbers CPUs in this order.
        root["cpus"] = Node({"#address-cells": be32(1), "#size-cells": be32(0), **{
            f"cpu@{cpu:x}": Node({"device_type": text("cpu"), "reg": be32(cpu)}) for cpu in reversed(range(self.present))}})
        for start, end in self.memory:
            root[f"memory@{start:x}"] = Node({"device_type": text("memory"), "reg": self.pair(start, end - start)})
        if self.its:
            root["its@8080000"] = Node({"compatible": text("arm,gic-v3-its"), "reg": self.pair(0x8080000, 0x20000)})
        return root

    def iomem(self):
        lines = [(UART, UART + 0x1000, "pl011@9000000", 0)]
        inside = [(s, e, "reserved") for s, e in self.reserved]
        inside += [(self.kernel[0] + 0x10000, self.kernel[1] - 0x500000, "Kernel code"),
                   (self.kernel[1] - 0x400000, self.kernel[1], "Kernel data")]
        inside += [(*r, "Crash kernel") for r in (self.crash, self.crash_low) if r]
        for start, end in self.memory:
            lines.append((start, end, "System RAM", 0))
            lines += [(s, e, name, 1) for s, e, name in sorted(inside) if start <= s < end]
        lines += [(s, e, "System RAM (virtio_mem)", 0) for s, e in self.driver]
        return "".join(f"{'  ' * depth}{s:08x}-{e - 1:08x} : {name}\n" for s, e, name, depth in lines)

    def kcore_headers(self):
        loads = [(self.text, self.kernel[0], self.kernel[1] - self.kernel[0]),
                 (0xffff800080000000 - (1 << 31), (1 << 64) - 1, 1 << 31)]
        loads += [((s + self.linear) % (1 << 64), s, e - s) for s, e in self.ram()]
        head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 183, 1, 0, 64, 0, 0, 64, 56, len(loads), 0, 0, 0)
        return head + b"".join(struct.pack("<IIQQQQQQ", 1, 7, 0, v, p, n, n, 4096) for v, p, n in loads)

    def cpu_files(self):
        files = {f"sys/devices/system/cpu/{name}": id_list(range(n)) for name, n in (
            ("possible", self.possible), ("present", self.present), ("online", self.present))}
        for cpu in range(self.present):
            files[f"sys/devices/system/cpu/cpu{cpu}/crash_notes"] = f"{0x43000000 + 0x1000 * cpu:x}\n"
            files[f"sys/devices/system/cpu/cpu{cpu}/crash_notes_size"] = "400\n"
        return files

    def kexec_files(self):
        new = "sys/kernel/kexec/" if self.new_sysfs else "sys/kernel/kexec_"
        files = {f"{new}loaded": "0\n", f"{new}crash_loaded": "0\n",
                 f"{new}crash_size": f"{sum(e - s for s, e in (r for r in (self.crash, self.crash_low) if r))}\n"}
        if self.cma:
            files["sys/kernel/kexec/crash_cma_ranges"] = "".join(f"{s:08x}-{e - 1:08x}\n" for s, e in self.cma)
        if self.hotplug:
            files["sys/devices/system/cpu/crash_hotplug"] = "0\n"
            files["sys/devices/system/memory/crash_hotplug"] = "0\n"
            files["sys/kernel/kexec/crash_elfcorehdr_size" if self.new_sysfs else
                  "sys/kernel/crash_elfcorehdr_size"] = f"{self.hint()}\n"
        return files

    def log(self):
        words = ["using LPI property table"] + [f"CPU{i}: using allocated LPI pending table"
                                                for i in range(len(self.lpis))]
        return "".join(f"<6>[    0.{i:06}] GICv3: {word} @{at:#018x}\n"
                       for i, (word, at) in enumerate(zip(words, self.lpis)))

    def files(self):
        files = {"kexec-snapshot": f"machine aarch64\nbyte-order little\npage-size {self.page_size}\n"
                                   f"release {self.release}\n" + {
                                       None: "", False: "hwcap 83 0\n", True: "hwcap c3 0\n"}[self.sha2],
                 "proc/cmdline": self.cmdline + "\n", "proc/iomem": self.iomem(),
                 "proc/meminfo": f"MemTotal:       {self.mem_total() // 1024:8} kB\n",
                 "sys/kernel/vmcoreinfo": "0x0000000043196000 1024\n", **self.cpu_files(), **self.kexec_files()}
        if self.its and not self.acpi:
            files["kexec-log-tables"] = self.log()
        if self.kcore:
            files["proc/kcore"] = self.kcore_headers()
        if self.fdt:
            files["sys/firmware/fdt"] = Blob(self.tree(), self.tree_reserve).data
        return files

    def write_node(self, path, node):
        os.makedirs(path)
        for name, value in node.items():
            if isinstance(value, Node):
                self.write_node(f"{path}/{name}", value)
            else:
                write_file(f"{path}/{name}", value)

    def write(self, path):
        """Make the snapshot directory @path, which must not exist."""
        os.makedirs(path, 0o700)
        for name, value in self.files().items():
            os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
            write_file(f"{path}/{name}", value if isinstance(value, bytes) else value.encode())
        if not self.fdt:
            self.write_node(f"{path}/proc/device-tree", self.tree())
        return path


# --- machines at random ---

KINDS = ("tree", "acpi", "two regions", "cma", "numa", "crowded")


def blocks(rng, low, high, size):
    return rng.randrange(low // size, high // size + 1) * size


def reserved_pieces(rng, start, end, count, page):
    """Pieces of memory that are in use, of any size."""
    out, at = [], start
    for _ in range(count):
        at += blocks(rng, page, (end - start) // count, page)
        size = blocks(rng, page, 4 * MIB, page)
        if at + size >= end:
            break
        out.append((at, at + size))
        at += size + page
    return out


def at_random(rng, kind):
    page = rng.choice((4096, 16384, 65536))
    base = rng.choice((0x40000000, 0x80000000, 0, 0x8000000000))
    size = rng.randrange(16, 64) * 128 * MIB
    m = Machine(memory=[(base, base + size)], page_size=page, possible=rng.choice((1, 2, 64, 300)),
                acpi=kind == "acpi" or rng.random() < .2, fdt=rng.random() < .8)
    m.present = rng.randrange(1, m.possible + 1)
    if kind == "numa":
        at = base + size
        for _ in range(rng.randrange(1, 6)):
            at += rng.randrange(0, 512) * GIB
            more = rng.randrange(8, 64) * 128 * MIB
            m.memory.append((at, at + more))
            at += more
    m.kernel = (base + 0x200000, base + 0x2800000)
    region = base + rng.randrange(400, 1000) * 2 * MIB
    m.crash = (region, region + rng.randrange(16, 128) * 2 * MIB)
    if kind == "two regions":
        top = m.memory[-1][1]
        region = min(region, top - 512 * MIB)
        m.crash_low = (region, region + min(m.crash[1] - m.crash[0], 256 * MIB))
        m.crash = (top - 256 * MIB, top - rng.randrange(0, 32) * 2 * MIB)
    if kind == "cma":
        m.cma = [(region + (i + 5) * 64 * MIB, region + (i + 6) * 64 * MIB) for i in range(rng.randrange(1, 5))]
        m.cma = [(s, e) for s, e in m.cma if e <= base + size and s >= m.crash[1]]
    m.initrd = (base + 0x8000000, base + 0x8000000 + rng.randrange(1, 3 * MIB)) if rng.random() < .8 else None
    count = rng.randrange(40, 200) if kind == "crowded" else rng.randrange(1, 8)
    m.reserved = [(base + 0x8000000, base + 0x8300000)]
    m.reserved += reserved_pieces(rng, base + 0x9000000, region - 4 * MIB, count, page)
    m.lpis = [base + 0x2900000 + i * LPI_TABLE for i in range(rng.randrange(1, 9))]
    m.its = rng.random() < .8
    m.linear = rng.choice((0xffff000000000000, 0xfff0000000000000)) - base + rng.randrange(0, 1 << 10) * GIB
    m.text = 0xffff800080000000 + rng.randrange(0, 1 << 20) * 2 * MIB
    if m.fdt and rng.random() < .4:
        m.tree_reserve = [(base + 0x7000000, 0x1000), (base + 0x7100000, 0x12345)]
        if m.initrd:
            m.tree_reserve.append((m.initrd[0], m.initrd[1] - m.initrd[0]))
    if rng.random() < .3:
        m.driver = [(1 << 41, (1 << 41) + GIB)]
    if rng.random() < .2 and base < 1 << 32 and size < 1 << 32 and not m.acpi and kind != "numa":
        m.cells = (2, 1)
    m.hotplug = rng.random() < .3
    m.sha2 = rng.choice((None, False, True))
    return m
