# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The system in the machine: what it boots from and how to talk to it."""

import base64
import binascii
import os
import re
import shlex

import cpio
from stream import Failure

HERE = os.path.dirname(os.path.abspath(__file__))

# Emulation on a loaded machine is slow; these only bound a hang.
BOOT_TIMEOUT = 300
COMMAND_TIMEOUT = 180


def write_initramfs(path, busybox, programs, files):
    """programs go to /sbin by their name, files (name: path) to the root."""
    with cpio.Writer(path) as archive:
        for name in "bin", "sbin", "dev", "proc", "sys", "tmp":
            archive.directory(name)
        # Opened before init can mount /dev: its messages reach the console.
        archive.character_device("dev/console", 5, 1)
        archive.file("bin/busybox", _read(busybox), 0o755)
        archive.file("init", _read(os.path.join(HERE, "init.sh")), 0o755)
        for program in programs:
            name = "sbin/" + os.path.basename(program)
            archive.file(name, _read(program), 0o755)
        for name, source in files.items():
            archive.file(name, _read(source))


def _read(path):
    with open(path, "rb") as file:
        return file.read()


class Guest:
    """Commands for whichever kernel is alive behind the command channel."""

    def __init__(self, machine):
        self.machine = machine
        self._control = machine.control
        self._count = 0
        self._seen = 0

    def wait_ready(self, kernel, timeout=BOOT_TIMEOUT):
        """Until the init of this kernel ("first", "capture") listens."""
        found = self._control.wait(r"^ready (\w+)\n", timeout, self._seen)
        self._seen = found.end()
        if found[1] != kernel:
            raise Failure(f"the {found[1]} kernel came up, not the {kernel} kernel")

    def has_come_up(self):
        """True when a kernel has booted since wait_ready()."""
        return self._control.search(r"^ready \w+\n", self._seen) is not None

    def run(self, command, timeout=COMMAND_TIMEOUT):
        """(status, output) of a shell command."""
        tag = self.start(command)
        start = self._seen
        found = self._control.wait(rf"\n{tag} (\d+)\n", timeout, start)
        self._seen = found.end()
        return int(found[1]), self._control.text()[start:found.start()]

    def check(self, command, timeout=COMMAND_TIMEOUT):
        """The output of a shell command which has to succeed."""
        status, output = self.run(command, timeout)
        if status:
            raise Failure(f"in the guest: {command}: status {status}\n{output}")
        return output

    def start(self, command):
        """Send a shell command, perhaps the last one this kernel gets."""
        self._count += 1
        self._seen = self._control.position()
        tag = f"done-{self._count}"
        self._control.send(f"{tag} {command}\n")
        return tag

    def read(self, path):
        """The text of a file, without white space around it."""
        return self.check(f"cat {shlex.quote(path)}").strip()

    def read_bytes(self, path, offset, size):
        """That many bytes from there in a file, or what there is of them."""
        output = self.check(f"dd if={shlex.quote(path)} bs=64k skip={offset} "
                            f"count={size} iflag=skip_bytes,count_bytes,fullblock "
                            "2>/dev/null | base64")
        try:
            return base64.b64decode(output)
        except binascii.Error as error:
            raise Failure(f"{path} has not come through: {error}") from None

    def read_number(self, path):
        """A big-endian number: a property of the device tree."""
        output = self.check(f"xxd -p {shlex.quote(path)}")
        return int(re.sub(r"\s", "", output), 16)
