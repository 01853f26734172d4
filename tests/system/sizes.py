# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The large and the limits.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import re

from stage import expect

# COMMAND_LINE_SIZE of the kernel, without the byte which ends the string.
COMMAND_LINE_LIMIT = 2047

INITRD_SIZE = 300 << 20
# A second archive at the end of the initrd, behind as many zeros as it takes.
MAKE_INITRD = (f"cd /tmp && cp /capture.cpio big && truncate -s {INITRD_SIZE} big "
               "&& echo {marker} >last-file "
               "&& echo last-file | cpio -o -H newc >>big")


def big_initrd(stage):
    """An initrd of 300 MiB reaches the capture kernel to its end."""
    stage.boot()
    stage.guest.check(MAKE_INITRD.format(marker=stage.marker))
    stage.load("--hotplug", initrd="/tmp/big")
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    last = stage.guest.read("/last-file")
    expect(last == stage.marker, f"the end of the initrd has '{last}'")


def command_line_limit(stage):
    """As long a command line as there may be; one byte more is refused."""
    stage.boot()
    added = _added_by_kexec(stage)
    own, room = stage.capture_command_line(), COMMAND_LINE_LIMIT - len(added)
    _expect_refused(stage, _padded(own, room + 1))
    stage.load("--hotplug", command_line=_padded(own, room))
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    seen = stage.guest.read("/proc/cmdline")
    expect(seen == added + _padded(own, room),
           f"the capture kernel has, in {len(seen)} bytes: {seen}")


def _added_by_kexec(stage):
    plan = stage.guest.check(stage.load_command(["--hotplug", "--dry-run"]))
    found = re.search(r"command line +(elfcorehdr=\w+ )" +
                      re.escape(stage.capture_command_line()) + "$", plan, re.M)
    expect(found, f"the command line is not as expected:\n{plan}")
    return found[1]


def _expect_refused(stage, command_line):
    status, output = stage.guest.run(stage.load_command(["--hotplug"], command_line))
    expect(status == 1, f"one byte too many: status {status}\n{output}")
    for number in COMMAND_LINE_LIMIT + 1, COMMAND_LINE_LIMIT:
        expect(re.search(rf"\b{number}\b", output),
               f"refused, but without the number {number}: {output}")
    stage.expect_loaded(False)


def _padded(own, size):
    """A command line of this size; its last word is the one to lose."""
    start, end = f"{own} padding=", " last_word"
    return start + "x" * (size - len(start) - len(end)) + end
