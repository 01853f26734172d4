# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the digest costs, against the packaged kexec-tools 2.0.32 in the same run: for tests/bench."""
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("lib", "contract", "differential")]
import machine_x86_64
import peer
import peer_x86_64
from machine import Machine
from plan import Case, Kernel

INITRD, LARGE_INITRD = 30_000_000, 500_000_000
BLOB_MAX = 14 * 1024
# What makes code for the purgatory of little-endian ppc64: its flags, but those which are no use in a program.
PURGATORY = ["-std=gnu11", "-O2", "-fno-builtin", "-fno-align-functions", "-fno-align-jumps", "-fno-align-labels",
             "-fno-align-loops", "-fno-tree-loop-distribute-patterns", "-mcpu=power8", "-static", f"-I{REPOSITORY}"]
PARTS = ["common/sha256.c", "purgatory/lanes.c", "purgatory/arch/ppc64/lanes.c", "kexec/arch/lanes.c",
         *(f"kexec/arch/{arch}/lanes.c" for arch in ("arm64", "ppc64", "x86_64")), "tests/digest/speed-main.c"]
EMULATOR = ["qemu-ppc64le", "-cpu", "power9"]
SLOPE = 1 << 20, 4 << 20
TIMES = 5


class Count:
    """Guest instructions of what qemu-user runs."""

    def __init__(self, directory):
        self.plugin, self.out = f"{directory}/count.so", f"{directory}/count"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", REPOSITORY / "tests/lib/count.c", "-o", self.plugin],
                       check=True)

    def __call__(self, command, env=None):
        """Of a command line that begins with qemu-ppc64le."""
        subprocess.run([*EMULATOR, "-plugin", self.plugin, *command[1:]], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env={**os.environ, "COUNT_OUT": self.out, **(env or {})}, check=True)
        return int(Path(self.out).read_text())


def last_line(shell, command):
    return shell(command).splitlines()[-1]


class Packaged:
    """The packaged kexec for an architecture, or None where it cannot be had; what it loads goes nowhere."""

    def __init__(self, shell, arch, kind, lacks):
        said = shell(f'"{REPOSITORY}/tests/differential/run" {arch} --peer "$(mktemp -d)"', (0, lacks)).splitlines()
        self.kexec = kind(said[0], said[1]) if len(said) == 2 else None

    def command(self, case, *options):
        """(command, environment)"""
        command = [word for word in self.kexec.command(case) if word != "-d"]
        told = {"INTERPOSE_PAGE_SIZE": str(getattr(case.machine, "page_size", 4096))}
        return [*command, *options], told | self.kexec.prepare(case)


def crash_case(machine, kernel, initrd, directory):
    return Case(machine, Kernel(kernel, True, []), machine.write(f"{directory}/machine"), initrd, "x", False, old_root=True)


def zeros(directory, size):
    """An initrd: what is in it makes no difference."""
    path = f"{directory}/initrd-{size}"
    with open(path, "wb") as file:
        for _ in range(size // 1_000_000):
            file.write(os.urandom(1_000_000))
    return path


def recorded(name, directory):
    """A machine that once was,."""
    with tarfile.open(REPOSITORY / f"tests/machines/{name}.tar.gz") as archive:
        archive.extractall(f"{directory}/{name}", filter="data")
    return f"{directory}/{name}"


def ours(kexec, case, *options):
    return [kexec, "--sysroot", case.root, *options, *case.options(), "--dry-run", case.kernel.path]


def ppc64le_load(tests, tools, count, directory):
    kexec = last_line(tools.shell, f'"{REPOSITORY}/tests/build" ppc64le') + "/kexec"
    kernel = last_line(tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel 4k')
    case = Case(Machine(page_size=4096), Kernel(kernel, True, []), recorded("pseries-4k-8cpu", directory),
                zeros(directory, INITRD), "x", False, old_root=True)
    packaged = Packaged(tools.shell, "ppc64", peer.Peer, tools.lacks)
    for what, options, target, most in (("with the digest", (), 450, 0.2), ("--no-checks", ("--no-checks",), 2.5, 20)):
        mine = count(["", *ours(kexec, case, *options)]) / 1e6
        theirs = None
        if packaged.kexec:
            command, told = packaged.command(case, *(["-i"] if options else []))
            theirs = count(command, told) / 1e6
        tests.target(f"ppc64le -p, {what}, 30 MB initrd, instructions, millions", mine, theirs, target, most)


def purgatory(tests, tools, count, directory):
    program = f"{directory}/speed"
    subprocess.run(["powerpc64le-linux-gnu-gcc", *PURGATORY, *(REPOSITORY / part for part in PARTS), "-o", program],
                   check=True)
    for kind, most in ("unit", 6.5), ("portable", 38.5), ("zeros", 1):
        few, many = (count(["", program, kind, str(size)]) for size in SLOPE)
        tests.limit(f"purgatory of ppc64le, {kind}, instructions per byte", (many - few) / (SLOPE[1] - SLOPE[0]),
                    36.9 if kind != "zeros" else None, most)
    for blob in tools.build("purgatory/ppc64le.bin"):
        tests.limit("its size, bytes", os.path.getsize(blob), None, BLOB_MAX)


def cpu_seconds(command, env=None):
    """User and system, the least of some runs: others use this machine, too."""
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                       check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(TIMES))


def x86_64_load(tests, tools, directory):
    kexec, = tools.build("kexec/kexec")
    kernel = last_line(tools.shell, f'"{REPOSITORY}/tests/system/fetch" kernel x86-6.12')
    packaged = Packaged(tools.shell, "x86_64", peer_x86_64.Peer, tools.lacks)
    for size, target in (INITRD, 1 / 8), (LARGE_INITRD, 1 / 5):
        m = machine_x86_64.Machine(crash=(0x100000000, 0x140000000), cmdline="root=/dev/sda1 crashkernel=1G,high")
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            case = crash_case(m, kernel, zeros(scratch, size), scratch)
            mine, theirs = cpu_seconds(ours(kexec, case)), None
            if packaged.kexec:
                command, told = packaged.command(case)
                theirs = cpu_seconds(command, told)
        tests.told(f"x86_64 -p, {size // 1_000_000} MB initrd, user and system CPU, s", mine, theirs, target)


def bench(tests, tools):
    """@tools: shell() and build() of tests/bench, and the status that says that a package is not served."""
    with tempfile.TemporaryDirectory(prefix="kexec-bench-") as directory:
        tools.shell("need qemu-user gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross gcc libc6-dev")
        count = Count(directory)
        purgatory(tests, tools, count, directory)
        ppc64le_load(tests, tools, count, directory)
        x86_64_load(tests, tools, directory)
