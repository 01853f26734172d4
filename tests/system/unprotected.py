# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""CPUs and memory come: for how long would a crash have found no image, or a stale one?

The guest watches that by itself (unprotected.sh), and handles the events that its kernel sends as udev's rules have them
handled: the packaged kexec as Debian's kdump-tools runs it, ours as our own rule and service do. Emulated machines are
slow, and the seconds are this host's; what counts is their ratio.
"""

import os
import re
import shlex
import struct
import time

from architecture import PACKAGED
from damage import EHDR, ELF_CORE, PAGE, PHDR
from dump import show, subtract
from failure import Failure
from files import Site
from initramfs import read_file
from stage import Stage, expect

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = ["64k", "x86-6.12"]
# What loads, and with what.
WAYS = {"packaged": (PACKAGED, ()), "reload": ("kexec", ()), "hotplug": ("kexec", ("--hotplug",))}
STORM = 32
# So many seconds without a change are the end of it, and that is waited for.
QUIET, TIMEOUT = 15, 1500
# Between two looks of the guest, and its clock.
GRAIN = 0.1
DIRECTORY = "/tmp/unprotected"
LINE = re.compile(r"^([0-9.]+) (none|stale|current)$", re.M)
PT_LOAD = 1


def table(kernels):
    """Print it; 1 if --hotplug leaves a time without a current image, or a reload by ours one without any for longer."""
    failures = 0
    print("| | packaged, loads again on each event | ours, loads again when they are over | ours, `--hotplug` |\n"
          "|---|---|---|---|", flush=True)
    for kernel in kernels:
        site = Site(kernel, twin=True, scripts={"unprotected": "#!/bin/busybox sh\n" +
                                                read_file(os.path.join(HERE, "unprotected.sh")).decode()})
        measured = {way: _measure(site, way) for way in WAYS}
        releases = {release for _, release in measured.values()}
        for event in measured["packaged"][0]:
            times = {way: found[event] for way, (found, _) in measured.items()}
            cells = [f"{none + stale:.1f} s ({none:.1f} s){'' if covered else ', then stale'}"
                     for none, stale, covered in times.values()]
            print(f"| {site.arch}, Linux {', '.join(releases)}: {event} | {' | '.join(cells)} |", flush=True)
            try:
                expect(sum(times["hotplug"][:2]) < GRAIN, "--hotplug leaves a time without a current image")
                expect(times["reload"][0] < times["packaged"][0], "ours leaves none for as long as the packaged one")
                expect(all(times[way][2] for way in ("reload", "hotplug")), "what ours has loaded has not the memory")
            except Failure as failure:
                print(f"# {kernel}, {event}: {failure}")
                failures += 1
    return 1 if failures else 0


def _measure(site, way):
    """
    ({event: (seconds without an image, seconds with a stale one, whether the image has what has come)}, release of
    the kernel)
    """
    loader, options = WAYS[way]
    most = {"memory": {"ppc64le": "2G,slots=4,maxmem=16G", "x86_64": "1G,slots=4,maxmem=8G"}[site.arch]}
    with Stage(site, f"unprotected-{way}", site.architecture.usual._replace(**most), loader) as stage:
        stage.boot()
        release = stage.guest.check("uname -r").strip()
        command = stage.load_command(options, stage.capture_command_line())
        stage.guest.check(f"mkdir {DIRECTORY} && echo {shlex.quote(command)} >{DIRECTORY}/load")
        stage.guest.check(f"unprotected start {way}")
        stage.expect_loaded(True)
        expect(stage.crash_hotplug() == (("1", "1") if way == "hotplug" else ("0", "0")), "crash_hotplug is otherwise")
        block = int(stage.guest.read("/sys/devices/system/memory/block_size_bytes"), 16)
        found = {"a CPU": (*_spans(stage, stage.plug_cpu), True)}
        for name, blocks in ("a block of memory", 1), (f"{STORM} blocks of memory", STORM):
            added = []
            spans = _spans(stage, lambda: added.append(stage.plug_memory(blocks * block)))
            found[name] = (*spans, not (lost := _lost(stage, added)))
            print(f"# {site.arch} {way} {name}: none {spans[0]:.2f} s, stale {spans[1]:.2f} s" +
                  (f", {show(lost)} is in no image" if lost else ""), flush=True)
    return found, release


def _spans(stage, event):
    """Seconds without an image, and with a stale one, from the event until all is quiet."""
    before = len(LINE.findall(_watched(stage)))
    expect(before, "nothing is watched")
    event()
    deadline = time.monotonic() + TIMEOUT
    while True:
        time.sleep(1)
        now = float(stage.guest.read("/proc/uptime").split()[0])
        lines = [(float(when), what) for when, what in LINE.findall(_watched(stage))]
        if lines[-1][1] == "current" and now - lines[-1][0] > QUIET:
            break
        expect(time.monotonic() < deadline, f"not current again in {TIMEOUT} s:\n{_log(stage)}")
    lengths = {"none": 0, "stale": 0, "current": 0}
    for (since, what), (until, _) in zip(lines[before - 1:], lines[before:]):
        lengths[what] += until - since
    return lengths["none"], lengths["stale"]


def _watched(stage):
    return stage.guest.check(f"cat {DIRECTORY}/watched")


def _log(stage):
    return stage.guest.check(f"tail -n 20 {DIRECTORY}/log")


def _lost(stage, added):
    """What of this memory no ELF header in the crash region has: current is not only what the guest says."""
    region = stage.crash_region()
    memory = stage.machine.save_memory(region)
    order = ">" if stage.site.big_endian else "<"
    has = []
    for at in range(0, len(memory), PAGE):
        if memory[at:at + len(ELF_CORE)] != ELF_CORE or struct.unpack_from(order + "H", memory, at + 16)[0] != 4:
            continue
        for i in range(struct.unpack_from(order + "H", memory, at + 56)[0]):
            kind, _, _, _, start, _, size = struct.unpack_from(order + "IIQQQQQ", memory, at + EHDR + i * PHDR)
            if kind == PT_LOAD:
                has.append(range(start, start + size))
    return subtract(added, has)
