# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The files machines are made of, built and fetched by the scripts beside."""

import glob
import gzip
import lzma
import os
import re
import subprocess
from typing import NamedTuple

from architecture import PACKAGED, Architecture
from arm64 import ARM64
from initramfs import write_initramfs
from power import POWER
from scripts import ArchiveLacks, last_line, script
from x86_64 import X86_64

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("KEXEC_BUILD_DIR",
                                       os.path.join(REPOSITORY, "build")))


class Kernel(NamedTuple):
    """Where one comes from, and what its machine can run."""

    script: str
    arch: str # of the programs
    architecture: Architecture = POWER
    file_load: bool = False # it has kexec_file_load


# Debian's for POWER are named by their page size; the newest that is served, with 4 KiB
# pages, is "new", and an older one, without crash hotplug, has its version for a name.
KERNELS = {
    "64k": Kernel("fetch", "ppc64le"),
    "4k": Kernel("fetch", "ppc64le"),
    "new": Kernel("fetch", "ppc64le"),
    "6.1": Kernel("fetch", "ppc64le"),
    "small": Kernel("compile", "ppc64le", file_load=True),
    "small-be": Kernel("compile", "ppc64", file_load=True),
    "x86-6.12": Kernel("fetch", "x86_64", X86_64, file_load=True),
    "x86-new": Kernel("fetch", "x86_64", X86_64, file_load=True),
    "x86-6.1": Kernel("fetch", "x86_64", X86_64, file_load=True),
    "arm64-6.12": Kernel("fetch", "arm64", ARM64),
    "arm64-16k": Kernel("fetch", "arm64", ARM64),
    "arm64-new": Kernel("fetch", "arm64", ARM64),
}

# As Debian calls them; it has no packages for ppc64.
DEBIAN = {"ppc64le": "ppc64el", "x86_64": "amd64", "arm64": "arm64"}

# The one whose boot wrapper is compiled too.
ZIMAGE = "small"

# Copies of the kernel in the first initramfs.
COMPRESSED = {"vmlinux.gz": gzip.open, "vmlinux.xz": lzma.open}


def build(arch):
    """The directory with a static kexec and vmcore-dmesg for arch."""
    return last_line(os.path.join(REPOSITORY, "tests", "build"), arch)


def packaged(arch, package, program):
    """The command which runs the program of a Debian package here, emulated if need be."""
    return script("fetch", "program", DEBIAN[arch], package, program).split("\t")


def ukify():
    """(the command that runs Debian's, the stub which it puts in front)"""
    *command, stub = script("fetch", "ukify").split("\t")
    return command, stub


def _busybox(arch):
    """Debian has none for big-endian machines."""
    if arch in DEBIAN:
        try:
            return script("fetch", "busybox", DEBIAN[arch])
        except ArchiveLacks:
            if arch == "x86_64":
                raise
    return script("compile", "busybox", arch)


class Site:
    """What all machines with one of the KERNELS have in common."""

    def __init__(self, kernel, programs_directory=None, twin=False, scripts=None):
        origin = KERNELS[kernel]
        self.arch = origin.arch
        self.architecture = origin.architecture
        self.big_endian = origin.arch == "ppc64"
        self.directory = os.path.join(BUILD, "system", kernel)
        self.kernel = script(origin.script, "kernel", kernel)
        self.kvm = origin.architecture.has_kvm(self.kernel)
        self.capture = os.path.join(self.directory, "capture.cpio")
        self.first = os.path.join(self.directory, "first.cpio")
        os.makedirs(self.directory, exist_ok=True)
        busybox = _busybox(origin.arch)
        programs_directory = programs_directory or build(origin.arch)
        programs = sorted(entry.path for entry in os.scandir(programs_directory)
                          if entry.is_file())
        readers = [program for program in programs
                   if os.path.basename(program) != "kexec"]
        write_initramfs(self.capture, busybox, readers, self._modules())
        files = {origin.architecture.kernel: self.kernel, "capture.cpio": self.capture}
        scripts = dict(scripts or {})
        if kernel == ZIMAGE:
            files["zImage"] = os.path.join(os.path.dirname(self.kernel), "zImage")
        if origin.file_load and origin.arch == "ppc64le":
            for name, opener in COMPRESSED.items():
                files[name] = self._compress(name, opener)
        if twin or origin.architecture is not POWER:
            added, scripts[PACKAGED] = self._twin()
            files.update(added | self._modules())
        write_initramfs(self.first, busybox, programs, files, scripts)

    def _twin(self):
        """The packaged kexec: files, and the text of a script that runs it."""
        command = packaged(self.arch, "kexec-tools", "kexec")
        loader, program = command[-4], command[-1]
        needed = subprocess.run([*command[:-1], "--list", program], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        paths = [program, loader, *re.findall(r"=> (/\S+)", needed)]
        files = {f"lib/{os.path.basename(path)}": path for path in paths}
        return files, (f"#!/bin/busybox sh\nexec /lib/{os.path.basename(loader)} --library-path /lib "
                       f'/lib/{os.path.basename(program)} "$@"\n')

    def _modules(self):
        """Those which init loads: they lie beside the kernel."""
        return {os.path.basename(path): path for path in
                glob.glob(os.path.join(os.path.dirname(self.kernel), "module-*.ko"))}

    def _compress(self, name, opener):
        path = os.path.join(self.directory, name)
        with open(self.kernel, "rb") as source, opener(path, "wb") as target:
            target.write(source.read())
        return path
