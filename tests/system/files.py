# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The files machines are made of, built and fetched by the scripts beside."""

import os
import subprocess

from guest import write_initramfs
from stream import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("KEXEC_BUILD_DIR",
                                       os.path.join(REPOSITORY, "build")))


def build(arch):
    """The directory with a static kexec and vmcore-dmesg for arch."""
    return _last_line(os.path.join(REPOSITORY, "tests", "build"), arch)


def fetch(*what):
    """The path of a "busybox", or of a "kernel" by its page size."""
    return _last_line(os.path.join(HERE, "fetch"), *what)


def _last_line(*command):
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if output.returncode:
        raise Failure(f"{' '.join(command)}: status {output.returncode}")
    return output.stdout.splitlines()[-1]


class Site:
    """What all machines with the kernel of one page size have in common."""

    def __init__(self, page_size, programs_directory):
        self.directory = os.path.join(BUILD, "system", page_size)
        self.vmlinux = fetch("kernel", page_size)
        self.capture = os.path.join(self.directory, "capture.cpio")
        self.first = os.path.join(self.directory, "first.cpio")
        os.makedirs(self.directory, exist_ok=True)
        busybox = fetch("busybox")
        programs = sorted(entry.path for entry in os.scandir(programs_directory)
                          if entry.is_file())
        readers = [program for program in programs
                   if os.path.basename(program) != "kexec"]
        write_initramfs(self.capture, busybox, readers, {})
        write_initramfs(self.first, busybox, programs,
                        {"vmlinux": self.vmlinux, "capture.cpio": self.capture})
