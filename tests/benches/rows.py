# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The rows of the table of tests/bench. Each function measures some; the short form is without the `LONG` ones."""
import copy
import gzip
import json
import math
import os
import resource
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaged import EMULATOR, REPOSITORY, THIS_MACHINE, Count, Packaged, last_line, memory_at_load, memory_at_report, ours
import machine_x86_64
import peer
import peer_x86_64
from machine import GIB, MIB, Machine, Node, be32, text
from plan import Case, Kernel
from vmlinux import vmlinux

INITRD, LARGE_INITRD = 30_000_000, 500_000_000
# The second has to do for other compilers, as all that fails: gcc 14 makes 14,376 where 12 makes 14,328.
BLOB_TARGET, BLOB_MAX = 14_336, 14_464
SIZE_MAX = 465_000
# What makes code for the purgatory of little-endian ppc64: its flags, but those which are no use in a program.
PURGATORY = ["-std=gnu11", "-O2", "-fno-builtin", "-fno-align-functions", "-fno-align-jumps", "-fno-align-labels",
             "-fno-align-loops", "-fno-tree-loop-distribute-patterns", "-mcpu=power8", "-static", f"-I{REPOSITORY}"]
SMALL = "purgatory/lanes.c"
PARTS = ["common/sha256.c", "purgatory/arch/ppc64/lanes.c", "kexec/arch/lanes.c",
         *(f"kexec/arch/{arch}/lanes.c" for arch in ("arm64", "ppc64", "x86_64")), "tests/digest/speed-main.c"]
SLOPE = 1 << 20, 4 << 20
INITRD_SLOPE = 1_000_000, 4_000_000
TIMES = 5
# Machines are hundreds of thousands of files.
MACHINES = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
GROWTH_MAX = 1.1


class Later:
    """A table whose rows go into another one at once."""

    def __init__(self):
        self.rows = []

    def add(self, *args, **named):
        self.rows.append((args, named))

    def give(self, table):
        for args, named in self.rows:
            table.add(*args, **named)


class Bench:
    """
    What the rows share. @tools: shell() and build() of tests/bench, and the status that says that a
    package is not served.
    """

    def __init__(self, table, tools, directory):
        tools.shell("need qemu-user gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross gcc libc6-dev")
        self.table, self.tools, self.directory = table, tools, directory
        self.count = Count(directory, EMULATOR)
        self.kexec = last_line(tools.shell, f'"{REPOSITORY}/tests/build" ppc64le') + "/kexec"
        self.packaged = Packaged(tools.shell, "ppc64", peer.Peer, tools.lacks)
        self.packaged_x86_64 = Packaged(tools.shell, "x86_64", peer_x86_64.Peer, tools.lacks)
        self.kernel = f"{directory}/vmlinux"
        Path(self.kernel).write_bytes(vmlinux())

    def add(self, *args, **named):
        self.table.add(*args, **named)

    def beside(self):
        """For what is measured while others are: its rows are kept until it is their turn."""
        own = copy.copy(self)
        own.table, own.directory = Later(), tempfile.mkdtemp(dir=self.directory)
        return own

    def case(self, machine, scratch, kernel=None, initrd=None):
        return Case(machine, Kernel(kernel or self.kernel, True, []), machine.write(f"{scratch}/machine"), initrd, "x",
                    False, old_root=True)

    def both(self, machine, count=None, theirs=True):
        """Instructions, or calls, of ours and theirs to survey and plan; no digest. None: there is no peer."""
        count = count or self.count
        with tempfile.TemporaryDirectory(dir=MACHINES) as scratch:
            case = self.case(machine, scratch)
            mine = count(["", *ours(self.kexec, case, "--no-checks")])
            return mine, count(*self.packaged.command(case, "-i")) if theirs and self.packaged.kexec else None

    def of_hotplug(self, machine):
        """Instructions without and with --hotplug."""
        with tempfile.TemporaryDirectory(dir=MACHINES) as scratch:
            case = self.case(machine, scratch)
            return [self.count(["", *ours(self.kexec, case, "--no-checks", *more)]) for more in ([], ["--hotplug"])]


def random_file(directory, size):
    path = f"{directory}/initrd-{size}"
    with open(path, "wb") as file:
        for _ in range(size // 1_000_000):
            file.write(os.urandom(1_000_000))
    return path


def recorded(name, directory):
    """A machine that once was."""
    with tarfile.open(REPOSITORY / f"tests/machines/{name}.tar.gz") as archive:
        archive.extractall(f"{directory}/{name}", filter="data")
    return f"{directory}/{name}"


# --- the digest ---

def load(b):
    kernel = last_line(b.tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel 4k')
    case = Case(Machine(page_size=4096), Kernel(kernel, True, []), recorded("pseries-4k-8cpu", b.directory),
                random_file(b.directory, INITRD), "x", False, old_root=True)
    for what, options, packaged, target, most in (
            ("with the digest", [], [], 450, 470), ("`--no-checks`", ["--no-checks"], ["-i"], 2.5, 2)):
        theirs = None
        if b.packaged.kexec:
            theirs = b.count(*b.packaged.command(case, *packaged)) / 1e6
        mine = b.count(["", *ours(b.kexec, case, *options)]) / 1e6
        b.add(f"ppc64le `-p`, vmlinux and 30 MB initrd, {what}; million instructions", mine, theirs, target,
              most)


def loader_slope(b):
    """What the packaged loader needs for a byte more of the initrd."""
    if not b.packaged.kexec:
        return None
    with tempfile.TemporaryDirectory(dir=b.directory) as scratch:
        few, many = (b.count(*b.packaged.command(b.case(Machine(), f"{scratch}/{size}", initrd=random_file(b.directory, size))))
                     for size in INITRD_SLOPE)
    return (many - few) / (INITRD_SLOPE[1] - INITRD_SLOPE[0])


def purgatory(b):
    """The packaged one is not measured by itself, but its loader."""
    packaged = loader_slope(b)
    program = f"{b.directory}/speed"
    # What adds the lanes up is compiled to be small there (Makefile.am), its inner loops not.
    subprocess.run(["powerpc64le-linux-gnu-gcc", *PURGATORY, "-Os", "-c", REPOSITORY / SMALL, "-o", f"{program}.o"], check=True)
    subprocess.run(["powerpc64le-linux-gnu-gcc", *PURGATORY, f"{program}.o", *(REPOSITORY / part for part in PARTS), "-o",
                    program], check=True)
    for kind, theirs, target in ("unit", packaged, 6.5), ("portable", packaged, 38.5), ("zeros", None, 1):
        few, many = (b.count(["", program, kind, str(size)]) for size in SLOPE)
        what = {"unit": "purgatory of ppc64le, instructions a byte (packaged: its loader's)", "zeros": "the same, a byte that must be zero",
                "portable": "the same without the processor's instructions for it"}[kind]
        b.add(what, (many - few) / (SLOPE[1] - SLOPE[0]), theirs, target, target)
    for blob in b.tools.build("purgatory/ppc64le.bin"):
        b.add("its size, bytes", os.path.getsize(blob), None, BLOB_TARGET, BLOB_MAX)


HASHED_SLOPE = 1_000_000, INITRD
HASHED_TARGET, HASHED_MAX = 1.004, 1.02 # the first is 1.00, as it is shown


def hashed(b):
    """
    Of both by what they execute: what the digest adds to a load, in units of what it adds for a byte more of the
    initrd, against the bytes that the digest has to cover.
    """
    native, = b.tools.build("kexec/kexec")
    power = last_line(b.tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel 4k')
    pc = last_line(b.tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel x86-6.12')
    root = machine_x86_64.Machine(**X86_64).write(f"{b.directory}/pc")
    for arch, kexec, packaged, count, case in (
            ("ppc64le", b.kexec, b.packaged, b.count,
             Case(Machine(page_size=4096), Kernel(power, True, []), recorded("pseries-4k-8cpu", b.directory), None, "x", False,
                  old_root=True)),
            ("x86_64", str(native), b.packaged_x86_64, Count(b.directory, THIS_MACHINE),
             Case(machine_x86_64.Machine(**X86_64), Kernel(pc, True, []), root, None, "x", False, old_root=True))):
        few, many = (copy.copy(case) for _ in HASHED_SLOPE)
        few.initrd, many.initrd = (random_file(b.directory, size) for size in HASHED_SLOPE)
        said = subprocess.run([*EMULATOR, *ours(b.kexec, many, "--json")], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True)
        data = sum(segment["bufsz"] for segment in json.loads(said.stdout)["segments"] if segment["digest"])

        def packaged_count(case, *more, packaged=packaged, count=count, front=[""] * (arch == "x86_64")):
            command, told = packaged.command(case, *more) # which begins with the emulator, or needs none
            return count([*front, *command], told)

        def times(measure, no_checks):
            with_all, with_few, without = measure(many), measure(few), measure(many, no_checks)
            return (with_all - without) * (HASHED_SLOPE[1] - HASHED_SLOPE[0]) / (with_all - with_few) / data

        theirs = times(packaged_count, "-i") if packaged.kexec else None
        b.add(f"{arch}, bytes hashed for a byte of the image (instructions of the digest, in those for a byte of the initrd)",
              times(lambda case, *more: count(["", *ours(kexec, case, *more)]), "--no-checks"), theirs, HASHED_TARGET, HASHED_MAX)


def cpu_seconds(command, env=None):
    """User and system, the least of some runs: others use this machine, too."""
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                       check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(TIMES))


X86_64 = {"crash": (0x100000000, 0x140000000), "cmdline": "root=/dev/sda1 crashkernel=1G,high"}


def x86_64_load(b):
    kexec, = b.tools.build("kexec/kexec")
    kernel = last_line(b.tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel x86-6.12')
    for size, target in (INITRD, 1 / 8), (LARGE_INITRD, 1 / 5):
        with tempfile.TemporaryDirectory(dir=b.directory) as scratch:
            case = b.case(machine_x86_64.Machine(**X86_64), scratch, kernel=kernel, initrd=random_file(scratch, size))
            mine, theirs = cpu_seconds(ours(kexec, case)), None
            if b.packaged_x86_64.kexec:
                theirs = cpu_seconds(*b.packaged_x86_64.command(case))
        b.add(f"x86_64 `-p`, bzImage and {size // 1_000_000} MB initrd, user and system CPU, s", mine, theirs, target,
              of_peer=True)


# --- memory ---

DEBUG_ELF = {"size": 33_000_000, "debug": 272_000_000}


def memory(b):
    """Of files: what is beyond a load of a tiny kernel."""
    kexec, = b.tools.build("kexec/kexec")
    with tempfile.TemporaryDirectory(dir=b.directory) as scratch:
        large, debug = f"{scratch}/large", f"{scratch}/debug"
        Path(large).write_bytes(vmlinux(47_000_000))
        with open(debug, "wb") as file:
            file.write(vmlinux(DEBUG_ELF["size"]))
            for _ in range(DEBUG_ELF["debug"] // 1_000_000):
                file.write(os.urandom(1_000_000))
        root = Machine(crash=(512 * MIB, 1 * GIB), memory=[[(0, 4 * GIB)]], memory_limit=4 * GIB).write(f"{scratch}/machine")

        def used(kernel, initrd, theirs):
            case = Case(Machine(), Kernel(kernel, True, []), root, initrd, "x", False, old_root=True)
            if theirs and not b.packaged.kexec:
                return None
            if theirs:
                command, told = b.packaged.command(case)
                return memory_at_load(command, told)
            return memory_at_report(ours(kexec, case))

        least = used(b.kernel, None, False), used(b.kernel, None, True)
        for what, kernel, initrd in ("47 MB vmlinux and 500 MB initrd", large, random_file(scratch, LARGE_INITRD)), \
                                    ("305 MB vmlinux with debug information", debug, None):
            mine, theirs = ((used(kernel, initrd, of) - base) / MIB if base is not None else None
                            for of, base in zip((False, True), least))
            b.add(f"anonymous memory for {what}, MiB", mine, theirs, 4, 4)


# --- large machines ---

CPU_PROPS = {f"ibm,property-{i}": be32(i) for i in range(40)}


def pci_nodes(n, properties=25):
    """All in one bus, and not in the order in which a directory lists them; `name` is one of the properties."""
    return {"pci@800000020000000": Node({"device_type": text("pci"), "reg": be32(0), **{
        f"ethernet@{i:x}": Node({"device_type": text("network"), "reg": be32(i), **{
            f"ibm,pci-property-{j}": be32(i, j) for j in range(properties - 3)}}) for i in range(n)}})}


def cpu_nodes(n, threads=8):
    return Machine(cores=n, possible_cores=n, threads=threads, cpu_props=CPU_PROPS)


def memory_nodes(n):
    return Machine(memory=[[(0, 2 * GIB)]] + [[((4 + i) * GIB, GIB)] for i in range(n)])


def lmbs(n, every=1, **more):
    return Machine(lmb_version=1, lmbs=[(2 * GIB + i * 256 * MIB, 8 * (i % every == 0)) for i in range(n)], **more)


def iomem(n):
    return Machine(iomem=[(0, 2 * GIB)] + [((4 + 2 * i) * GIB, (5 + 2 * i) * GIB) for i in range(n)])


WHY_PCI = ("a fifth is checking the finished tree (fdt_check_full of libfdt, and walking it), a sixth sorting what"
           " directories list, a tenth copying names and values; the rest is one open, read and close for each property")


def large(b):
    for what, machine, target, most, why in (
            ("131,072 LMBs of version 1 and 2,048 threads", lmbs(131_072, cores=256, possible_cores=256, threads=8), 95, 55, ""),
            ("2,048 CPU nodes, 16,384 threads", cpu_nodes(2048), 500, 430, ""),
            ("4,096 memory nodes", memory_nodes(4096), 85, 76, ""),
            ("4,096 PCI nodes with 25 properties", Machine(extra=pci_nodes(4096)), 200, 275, WHY_PCI)):
        mine, theirs = (count and count / 1e6 for count in b.both(machine))
        b.add(f"{what}, no digest; million instructions", mine, theirs, target, most, why=why)


def exponent(few, many, least):
    """Of the growth to four times as many."""
    return math.log((many - least) / (few - least)) / math.log(4)


def growth(b):
    """Of the packaged one a machine an eighth as large is enough to see it."""
    least = b.both(Machine())
    for what, make, n, packaged in (("32,768 separate ranges of RAM", lambda n: lmbs(2 * n, 2), 32_768, 4096),
                                    ("262,144 lines of /proc/iomem", iomem, 262_144, None)):
        found = [exponent(*(b.both(make(i), theirs=which)[which] for i in (size // 4, size)), least[which])
                 if size and least[which] else None for which, size in enumerate((n, packaged))]
        b.add(f"{what}: exponent of the growth of the instructions", *found, GROWTH_MAX, GROWTH_MAX)


def hotplug(b):
    plain, kept = b.of_hotplug(cpu_nodes(1024))
    b.add("`--hotplug` against the same load without, 1,024 CPU nodes: times the instructions", kept / plain, None, 1.2, 1.2,
          why="the rehearsal adds every CPU that can come to a copy of the tree")


def calls(b):
    n, properties = 400, 25
    few, many = (b.both(Machine(extra=pci_nodes(i, properties)), b.count.calls) for i in (0, n))
    found = [(all_calls - least) / (n * properties) if least else None for least, all_calls in zip(few, many)]
    b.add("system calls for a property of the device tree", *found, 3.4, 3.4)


WHY_GZIP = ("38 of 100 are libdeflate's CRC-32, which has none of POWER's instructions for it; its decoder needs 55 of"
            " 100 of zlib's")


def gzip_header(data, flags):
    """With a checksum of itself, which libdeflate does not look at: such a file zlib reads."""
    head = data[:3] + bytes([flags]) + data[4:10]
    return head + (zlib.crc32(head) & 0xffff).to_bytes(2, "little") * (flags == 2) + data[10:]


def compressed(b):
    """What decoding adds to a load: with libdeflate, as many times what it adds with zlib."""
    kernel = last_line(b.tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel 4k')
    packed = gzip.compress(Path(kernel).read_bytes(), 6, mtime=0)
    root = recorded("pseries-4k-8cpu", b.directory)
    costs = []
    for name, data in ("vmlinux", None), ("deflate", gzip_header(packed, 0)), ("zlib", gzip_header(packed, 2)):
        path = kernel
        if data:
            path = f"{b.directory}/{name}.gz"
            Path(path).write_bytes(data)
        case = Case(Machine(page_size=4096), Kernel(path, True, []), root, None, "x", False, old_root=True)
        costs.append(b.count(["", *ours(b.kexec, case, "--no-checks")]) / 1e6)
    plain, fast, slow = costs
    b.add("decoding a gzip kernel with libdeflate: times the instructions that zlib needs", (fast - plain) / (slow - plain),
          None, 0.6, 0.75, why=WHY_GZIP)


# --- the program ---

WHY_SIZE = ("code and constants are 351 KB: what an architecture is, 41 (ppc64), 20 and 17; kernel formats 15; loading"
            " and surveying 108; readiness and its reports 36; decompression, ranges, ELF, digest 33; both purgatories 29; libfdt"
            " 29; options 10; relocations 14. For memory that is read-only after relocation a file grows by 64 KiB at a time")
WHY_START = ("tables with 400 more pointers that the dynamic linker relocates, seven instructions each; eight more"
             " functions that it looks up, 400 each; the table of 84 options")
WHY_STATE = ("what `--version` takes more, and, before anything is read, a look at which standard streams are open, and five"
             " calls that give up capabilities and set the filter of system calls: 12 thousand instructions")


def programs(b):
    """Linked dynamically, with the C library of the packaged one."""
    installed = Path(last_line(b.tools.shell, f'"{REPOSITORY}/tests/build" ppc64le-dynamic'))
    kexec = f"{b.directory}/kexec"
    subprocess.run(["powerpc64le-linux-gnu-strip", "-o", kexec, installed / "kexec"], check=True)
    if not b.packaged.kexec:
        b.add("`kexec` of ppc64le, dynamic, stripped, with every planner and both its purgatories, bytes",
              os.path.getsize(kexec), None, 265_000, SIZE_MAX, why=WHY_SIZE)
        return
    theirs = b.packaged.kexec
    start = ["", f"{theirs.libraries}/ld64.so.2", "--library-path"]
    with tempfile.TemporaryDirectory(dir=b.directory) as scratch:
        root = Machine().write(f"{scratch}/machine")
        (Path(root) / "sys/kernel/kexec_loaded").write_text("0\n")
        libraries = f"{scratch}/lib"
        shutil.copytree(installed.parent / "lib", libraries, symlinks=True)
        for file in Path(theirs.libraries).glob("l*.so*"):
            shutil.copy(file, libraries)
        for options in ["--version"], ["-S"]:
            both = [["", "-L", root, *start[1:], directory, program, *options] for directory, program in (
                (libraries, kexec), (theirs.libraries, theirs.program))]
            for what, measure, unit, most in (("thousand instructions", b.count, 1e3, 1.20),
                                              ("system calls", b.count.calls, 1, 1.20)):
                mine, packaged = (measure(command) / unit for command in both)
                b.add(f"`kexec {options[0]}`, dynamic; {what}", mine, packaged, 1, most, of_peer=True,
                      why=WHY_START if options == ["--version"] else WHY_STATE)
    b.add("`kexec` of ppc64le, dynamic, stripped, with every planner and both its purgatories, bytes",
          os.path.getsize(kexec), os.path.getsize(theirs.program), 265_000, SIZE_MAX, why=WHY_SIZE)


# What counts is measured at the same time as others that do, the rest by itself and first.
COUNTED = [load, hashed, large, growth, hotplug, calls, compressed, programs, purgatory]
ALL = [load, purgatory, hashed, x86_64_load, memory, large, growth, hotplug, calls, compressed, programs]
LONG = [hashed, memory, large, growth]


def bench(table, tools, small):
    with tempfile.TemporaryDirectory(prefix="kexec-bench-") as directory:
        b = Bench(table, tools, directory)
        found = {measure: b.beside() for measure in ALL if not small or measure not in LONG}
        for measure in set(found) - set(COUNTED):
            measure(found[measure])
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for done in [pool.submit(measure, found[measure]) for measure in COUNTED if measure in found]:
                done.result()
        for own in found.values():
            own.table.give(table)
