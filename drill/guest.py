# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The system in the machine: what it boots from and how to talk to it."""

import base64
import binascii
import hashlib
import re
import shlex
import time

from failure import Failure
from stream import CODING

# Emulation on a loaded machine is slow; these only bound a hang.
BOOT_TIMEOUT = 300
COMMAND_TIMEOUT = 180

# After so long without a word, a line is sent again: some was lost. Nothing is run twice.
QUIET = 20
BOOT_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
READY = rf"^ready (\w+) ({BOOT_ID})\n"


class Guest:
    """Commands for whichever kernel is alive behind the command channel; see channel.sh."""

    def __init__(self, machine):
        self.machine = machine
        self._control = machine.control
        self._count = 0
        self._boots = [""] # those that have been waited for

    def wait_ready(self, kernel, timeout=BOOT_TIMEOUT):
        """Until the init of this kernel ("first", "capture") listens."""
        found = self._control.wait(self._ready(), timeout)
        self._boots.append(found[2])
        if found[1] != kernel:
            raise Failure(f"the {found[1]} kernel came up, not the {kernel} kernel")

    def is_back(self):
        """The kernel which was waited for first is alive again, as it was: the machine's state was put back."""
        self._boots.append(self._boots[1])

    def has_come_up(self):
        """True when a kernel has booted since wait_ready()."""
        return self.newcomer() is not None

    def newcomer(self):
        """What the kernel is called that has booted since wait_ready(), or None."""
        found = self._control.search(self._ready())
        return found and found[1]

    def _ready(self):
        """Said by a kernel that has not been waited for."""
        known = "|".join(filter(None, self._boots)) or "nothing"
        return READY.replace(f"({BOOT_ID})", f"(?!{known})({BOOT_ID})")

    def run(self, command, timeout=COMMAND_TIMEOUT):
        """(status, output) of a shell command."""
        line, position = self._send(command, timeout)
        tag = line.split()[0]
        deadline = time.monotonic() + timeout
        while True:
            found = self._ask(line, rf"^{tag} (\d+) ([0-9a-f]{{32}})\n", deadline, position)
            output = self._control.text()[position:found.start()]
            # Between the last of these, should an answer have come twice, and a newline.
            output = output.rpartition(f"\nanswer {tag}\n")[2][:-1].encode(CODING)
            if hashlib.md5(output).hexdigest() == found[2]:
                return int(found[1]), output.decode(errors="replace")
            position = found.end()
            self._control.send(line)

    def start(self, command):
        """Have a shell command begin, perhaps the last one this kernel gets."""
        self._send(command, COMMAND_TIMEOUT)

    def _send(self, command, timeout):
        """(what was sent, where what came of it begins)"""
        self._count += 1
        position = self._control.position()
        tag, command = f"done-{self._count}", command.strip()
        digest = hashlib.md5(f"{self._boots[-1]} {tag} {command}".encode()).hexdigest()
        line = f"{tag} {digest} {command}\n"
        self._control.send(line)
        # When that has got lost, what follows tells as well.
        self._ask(line, rf"^(begin {tag}|answer {tag}|{tag} \d+ .*)\n|{self._ready()}",
                  time.monotonic() + timeout, position)
        return line, position

    def _ask(self, line, pattern, deadline, position):
        """Wait for the pattern, sending the line again when it seems to be necessary."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failure(f"no answer to: {line.strip()}")
            found = self._control.wait_or_quiet(rf"{pattern}|^garbled\n", left, QUIET, position)
            if found and found[0] != "garbled\n":
                return found
            position = found.end() if found else position
            self._control.send(line)

    def check(self, command, timeout=COMMAND_TIMEOUT):
        """The output of a shell command which has to succeed."""
        status, output = self.run(command, timeout)
        if status:
            raise Failure(f"in the guest: {command}: status {status}\n{output}")
        return output

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
