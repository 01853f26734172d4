# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""From a crash to the capture kernel's first line: what the packaged purgatory takes, and ours.

Emulated machines are slow, and the seconds are this host's; what counts is their ratio, one machine after the
other in one run. For the table they are those of its processors, which do not depend on who else is busy.
"""

import time

from architecture import PACKAGED
from failure import Failure
from files import Site
from stage import Stage, expect

KERNELS = ["64k", "x86-6.12", "arm64-6.12"]
# With what a kernel says its first lines at once.
EARLY = {"arm64": " earlycon", "x86_64": " earlyprintk=serial,ttyS0,115200"}
# A PC's port loses characters: of several lines one comes through.
FIRST = "Linux version|Booting Linux on physical CPU|BIOS-provided|BIOS-e820|Command line: "
TIMEOUT = 300
LOADERS, CHECKS = (PACKAGED, "kexec"), ((), ("--no-checks",))


def early_line(stage):
    """Of a capture kernel whose first line is seen."""
    return stage.capture_command_line() + EARLY.get(stage.site.arch, "")


def crash_to_first_line(stage, cpu):
    """Crash on this CPU; the seconds, and those of the emulator."""
    console = stage.machine.console
    position = console.position()
    stage.crash(cpu)
    since, spent = time.monotonic(), stage.machine.cpu_seconds()
    console.wait(FIRST, TIMEOUT, position)
    return time.monotonic() - since, stage.machine.cpu_seconds() - spent


def table(kernels):
    """Print it; 1 if ours is no better anywhere."""
    failures = 0
    print("| | digest verified: packaged / ours | not verified: packaged / ours |\n|---|---|---|", flush=True)
    for kernel in kernels:
        site = Site(kernel, twin=True)
        took = {}
        for options in CHECKS:
            for loader in LOADERS:
                took[options, loader], release = _measure(site, loader, options)
        cells = [" / ".join(f"{took[options, loader]:.1f} s" for loader in LOADERS) for options in CHECKS]
        print(f"| {site.arch}, Linux {release} | {' | '.join(cells)} |", flush=True)
        try:
            expect(took[(), "kexec"] < took[(), PACKAGED], "with the digest, ours is no faster than the packaged one")
        except Failure as failure:
            print(f"# {kernel}: {failure}")
            failures += 1
    return 1 if failures else 0


def _measure(site, loader, options):
    """(seconds, release of the kernel)"""
    name = f"first-line-{loader}{''.join(options)}"
    with Stage(site, name, site.architecture.usual, loader) as stage:
        stage.boot()
        release = stage.guest.check("uname -r").strip()
        stage.load(*options, command_line=early_line(stage))
        took, spent = crash_to_first_line(stage, cpu=0)
        print(f"# {site.arch} {name}: {spent:.2f} s of the processors, {took:.1f} s by the clock", flush=True)
        return took if site.kvm else spent, release
