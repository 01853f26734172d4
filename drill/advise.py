# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""How large crashkernel= must be: found by drills, each a real crash, between a size that fails and one that captures."""

import os
from typing import NamedTuple

from failure import Failure
from settings import MIB, reserved_size

# As the kernels align the region.
STEP = 16 * MIB
# Never offered: no kernel starts in less.
LEAST = 64 * MIB
MOST_RUNS = 24
# With that a kernel is not silent or stuck because of it.
AMPLE = 512 * MIB
# Causes that are about memory; and that no size changes.
OF_MEMORY = {"out-of-memory", "short-of-memory", "no-space"}
OF_NO_SIZE = {"lost-cpu", "image-damaged", "no-vmcore", "log-unreadable"}

# Beside what was measured: what the machine has and a drill does not.
SHARE, LEAST_MARGIN = .2, 32 * MIB
# PCI-DMA's bounce buffers, which x86_64 sets aside where memory above 4 GiB may come (64 MiB by default,
# kernel/dma/swiotlb.c:swiotlb_size_or_default), and not in a drill that adds none.
SWIOTLB = 64 * MIB


class Margin(NamedTuple):
    """So many bytes, and why."""

    size: int
    why: str


class Advice(NamedTuple):
    """Sizes in bytes; @runs: (size, whether it captured, the verdict) of each drill; @confirmed: the advised size was
    tried."""

    smallest: int
    largest_failing: int        # 0: none was seen to fail
    margins: tuple
    advised: int
    runs: tuple
    confirmed: bool

    def parameter(self):
        return f"crashkernel={self.advised // MIB}M"


def advise(drill, start, least, settings, adds_memory, step=STEP, tell=lambda size, result: None, most=0):
    """The Advice. @drill(size) crashes a machine with so many bytes reserved; @start is tried first, less than @least
    is not, nor more than @most (0: whatever it takes). Failure where a larger size does not help."""
    runs = {}
    failed = []

    def captures(size):
        if size not in runs:
            if len(runs) == MOST_RUNS:
                raise Failure(f"no end after {MOST_RUNS} drills")
            result = drill(size)
            if result.verdict == "unknown":
                raise Failure(result.sentence)
            runs[size] = captured(result), result.verdict
            tell(size, result)
            if not runs[size][0]:
                expect_memory(result, size, failed)
                failed.append((size, result.cause and result.cause.name))
        return runs[size][0]

    low, high = bracket(captures, align(start, step), align(least, step), step, most)
    while high - low > step:
        middle = align((low + high) // 2, step)
        if captures(middle):
            high = middle
        else:
            low = middle
    margins = tuple(margins_of(high, settings, adds_memory))
    advised = align(high + sum(margin.size for margin in margins), STEP)
    confirmed = captures(advised)
    if not confirmed:
        raise Failure(f"{high // MIB} MiB captured, but {advised // MIB} MiB did not: {runs[advised][1]}")
    return Advice(high, low if low in runs else 0, margins, advised,
                  tuple((size, *outcome) for size, outcome in runs.items()), confirmed)


def captured(result):
    return result.verdict.startswith("captured") and not (result.cause and result.cause.name in OF_MEMORY - {"no-space"})


def expect_memory(result, size, failed):
    """Failure where the drill with @size failed, as those in @failed did, for what more memory does not cure."""
    cause = result.cause
    if not cause or cause.name in OF_MEMORY:
        return
    again = size >= AMPLE and any(smaller < size and name == cause.name for smaller, name in failed)
    if cause.name in OF_NO_SIZE or again or result.verdict == "not-reserved":
        raise Failure(f"the size of crashkernel= is not what it is about: with {size // MIB} MiB, {cause.sentence}"
                      f" ({cause.line or result.sentence}); {cause.remedy}")


def host_memory():
    """Of this machine, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def align(size, step):
    return -(-size // step) * step


def bracket(captures, start, least, step, most):
    """(a size that is too small, one that captures)"""
    low, high = max(least - step, 0), max(start, least)
    while not captures(high):
        low, high = high, 2 * high
        if most and high > most:
            raise Failure(f"{low // MIB} MiB are not enough, and this machine has no memory for a drill with {high // MIB} MiB")
    return low, high


def least_size(settings):
    """What the image takes by itself: less cannot be loaded."""
    return max(LEAST, sum(os.path.getsize(path) for path in (settings.capture_kernel, settings.initrd) if path))


def margins_of(size, settings, adds_memory):
    """For what a drill does not cover."""
    yield Margin(max(int(size * SHARE), LEAST_MARGIN),
                 "a fifth, 32 MiB at least, for what the drill's machine does not have: the disks, networks and CPUs of"
                 " the real one" + (f", with the drivers {', '.join(settings.uncovered)}" if settings.uncovered else ""))
    if settings.arch == "x86_64" and settings.memory_hotplug and not adds_memory:
        yield Margin(SWIOTLB, "bounce buffers (swiotlb), which the capture kernel sets aside where the firmware announces"
                              " memory above 4 GiB that may be added; no such was announced in the drill"
                              " (--add-memory does)")


def text(advice):
    """Lines for people."""
    lines = [f"KDUMP-DRILL ADVICE: {advice.parameter()}",
             f"  {'smallest':<18} {advice.smallest // MIB} MiB captured" +
             (f", {advice.largest_failing // MIB} MiB did not" if advice.largest_failing else
              ", the smallest that was tried")]
    lines += [f"  {'margin':<18} {margin.size // MIB} MiB: {margin.why}" for margin in advice.margins]
    lines += [f"  {'drill':<18} {size // MIB:5} MiB  {verdict}" for size, _, verdict in advice.runs]
    return lines + [f"  {'to be set':<18} {advice.parameter()} on the command line of the kernel, by the boot loader"]


def as_dict(advice):
    return {"parameter": advice.parameter(), "advised": advice.advised, "smallest": advice.smallest,
            "largest_failing": advice.largest_failing or None,
            "margins": [{"bytes": margin.size, "why": margin.why} for margin in advice.margins],
            "runs": [{"bytes": size, "captured": good, "verdict": verdict} for size, good, verdict in advice.runs]}


def start_of(settings):
    return reserved_size(settings.crashkernel)
