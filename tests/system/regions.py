# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Crash regions where a capture kernel hardly starts, and where it cannot.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

from stage import expect

MIB = 1 << 20
WARNING = "the capture kernel may run out of memory"


def high(stage):
    """RTAS does not reach the crash region, or too little of it: no image is loaded, and it is said."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(["--hotplug"]))
    expect(status == 1 and "rtas_initialize" in output, f"status {status}\n{output}")
    stage.expect_loaded(False)
    status, output = stage.guest.run("kexec -S --verbose")
    expect(status == 2 and "RTAS" in output, f"kexec -S --verbose: status {status}\n{output}")


def across(stage):
    """RTAS reaches 24 MiB of the crash region, less than the kernel is large: captured."""
    stage.boot()
    output = stage.load("--hotplug")
    expect(WARNING not in output, output)
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)


def edge(stage):
    """RTAS reaches 128 KiB of the crash region: its buffer, and below that the first CPU's data. Captured."""
    stage.boot()
    output = stage.load("--hotplug")
    expect(WARNING in output and "the work area for RTAS" in output, output)
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)


def tight(stage):
    """The largest initrd without a warning is captured with; as large as the region is refused."""
    stage.boot()
    stage.guest.check("cp /capture.cpio /tmp/big")
    fits, too_large = _size(stage), len(stage.crash_region()) // MIB
    while too_large - fits > 1:
        size = (fits + too_large) // 2
        status, output = _plan(stage, size)
        if status or WARNING in output:
            too_large = size
        else:
            fits = size
    status, output = _plan(stage, fits)
    expect(not status and WARNING not in output, f"{fits} MiB: status {status}\n{output}")
    stage.load("--hotplug", initrd="/tmp/big")
    status, output = _plan(stage, len(stage.crash_region()) // MIB)
    expect(status == 1, f"as large as the region: status {status}\n{output}")
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)


def _size(stage):
    """Of the usual initrd, in whole MiB."""
    return int(stage.guest.check("stat -c %s /tmp/big")) // MIB + 1


def _plan(stage, size):
    stage.guest.check(f"truncate -s {size}M /tmp/big")
    return stage.guest.run(stage.load_command(["--hotplug", "--dry-run", "--no-checks"], initrd="/tmp/big"))
