# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Kernels which kexec has started are normal kernels: they load others.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

from scenarios import crash_and_compare, expect_lost
from stage import expect

# The kernels after the first one need what is in its initramfs: behind a first
# archive the kernel takes another.
PACK = ("cd / && for file in sbin/kexec* lib/* vmlinu* capture.cpio; do [ ! -e $file ] || echo $file; done "
        "| cpio -o -H newc >/tmp/rest && cat /capture.cpio /tmp/rest >/tmp/whole")


def chain(stage):
    """kexec starts a kernel, which starts a third: three lives, one machine."""
    stage.boot()
    lives = [stage.boot_id()]
    for generation in 2, 3:
        _start(stage, stage.line(f"generation={generation}"))
        lives.append(stage.boot_id())
    expect(len(set(lives)) == 3, f"not three kernels: {lives}")


def crash(stage):
    """A kernel started by kexec loads; a CPU is added and crashes: captured."""
    _second_kernel(stage)
    stage.load("--hotplug")
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    crash_and_compare(stage, stage.plug_cpu())


def stale(stage):
    """The same without --hotplug: lost, and for this reason only."""
    _second_kernel(stage)
    stage.load()
    expect_lost(stage)


def _second_kernel(stage):
    """Reserving memory as the first did, and nothing loaded."""
    stage.boot()
    _start(stage, stage.first_command_line())
    stage.expect_loaded(False)


def _start(stage, command_line):
    stage.guest.check(PACK)
    stage.start_kernel(command_line, initrd="/tmp/whole")
