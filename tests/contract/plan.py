# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Run kexec on a case and hold what it planned."""
import json
import os
import subprocess
from dataclasses import dataclass

import spans


@dataclass
class Segment:
    name: str
    mem: int
    memsz: int
    data: bytearray
    hotplug: bool
    digest: bool

    @property
    def end(self):
        return self.mem + self.memsz


@dataclass
class Kernel:
    """A kernel file: path, byte order, and its PT_LOADs as (paddr, data, memsz)."""
    path: str
    little: bool
    pieces: list
    relocatable: bool = True

    @property
    def lowest(self):
        return min(paddr for paddr, _, _ in self.pieces)


@dataclass
class Case:
    """One question to the planner."""
    machine: object
    kernel: Kernel
    root: str                   # the snapshot
    initrd: str = None
    command_line: str = "root=/dev/sda1 irqpoll"
    hotplug: bool = True
    crash: bool = True          # else for a normal reboot
    old_root: bool = False      # the running kernel's root= where the new line has none
    reuse_cmdline: bool = False
    more: tuple = ()            # options of the architecture

    def options(self):
        """What any kexec of this command line understands."""
        return ["-p" if self.crash else "-l",
                *(["--hotplug"] if self.hotplug else []),
                *([] if self.old_root else ["--dt-no-old-root"]),
                *(["--reuse-cmdline"] if self.reuse_cmdline else []),
                *([f"--initrd={self.initrd}"] if self.initrd else []), *self.more,
                f"--command-line={self.command_line}"]

    def command(self, kexec):
        return [kexec, "--sysroot", self.root, *self.options(), "--dry-run", "--json",
                "--dump", self.root + "-dump", self.kernel.path]

    def initrd_bytes(self):
        with open(self.initrd, "rb") as f:
            return f.read()


class Refused(Exception):
    """kexec made no plan; the message is its stderr."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class Plan:
    tree = None         # the device tree, once it was read

    def __init__(self, report, dump):
        self.entry = int(report["entry"], 0)
        self.flags = int(report["flags"], 0)
        self.segments = [self.read(s, dump) for s in report["segments"]]

    @staticmethod
    def read(s, dump):
        name = s["name"]
        path = os.path.join(dump, "fdt.dtb" if name == "fdt" else name + ".bin")
        with open(path, "rb") as f:
            data = bytearray(f.read())
        if len(data) != s["bufsz"]:
            raise ValueError(f"{path} has {len(data)} bytes, the report says {s['bufsz']}")
        return Segment(name, int(s["address"], 0), s["memsz"], data, s["hotplug"], s["digest"])

    def segment(self, name):
        return next((s for s in self.segments if s.name == name), None)

    def kernel(self):
        return [s for s in self.segments if s.name.startswith("kernel")]

    def occupied(self):
        return spans.union([(s.mem, s.end) for s in self.segments])

    def memory(self, start, size):
        """What lies there after the load: the kernel fills up with zeros."""
        for s in self.segments:
            if s.mem <= start and start + size <= s.end:
                at = start - s.mem
                return bytes(s.data[at:at + size]).ljust(size, b"\0")
        raise ValueError(f"{start:#x}+{size:#x} is not inside one segment")


# What is said where the copies for the purgatory do not fit: the image is loaded without.
NO_COPIES = "the purgatory has no copies of what the running kernel rewrites"


def make(kexec, case):
    done = subprocess.run(case.command(kexec), capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.splitlines(keepends=True)
        raise Refused(done.returncode, "".join(
            line for line in said if not line.startswith("kexec: warning: ")))
    plan = Plan(json.loads(done.stdout), case.root + "-dump")
    plan.copies = case.hotplug and NO_COPIES not in done.stderr
    return plan
