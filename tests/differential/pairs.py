# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""One machine, planned by both: what is not the same, and what explains it."""
import re
from collections import Counter
from dataclasses import dataclass

import plan
import spans


@dataclass
class Difference:
    """One thing that is not the same. For sets of addresses, ours and theirs are what only
    the one has."""
    kind: str
    ours: object
    theirs: object
    is_set: bool = False

    def __str__(self):
        shown = spans.text if self.is_set else show
        return f"{self.kind}: {shown(self.ours)}, peer {shown(self.theirs)}"


def show(value):
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 40 else f"{len(value)} bytes"
    return hex(value) if type(value) is int else str(value)


@dataclass
class Pair:
    """One machine, planned by both; of image and refusal one is None."""
    case: object
    ours: object = None
    theirs: object = None
    our_refusal: str = None
    their_refusal: str = None
    their_words: str = ""

    @property
    def machine(self):
        return self.case.machine


def both(case, kexec, other):
    pair = Pair(case)
    try:
        pair.ours = plan.make(kexec, case)
    except plan.Refused as e:
        pair.our_refusal = e.message.strip()
        if e.status != 1 and e.status != 255 or e.message.count("\n") != 1:
            raise
    try:
        pair.theirs = other.load(case)
        pair.their_words = pair.theirs.said
    except plan.Refused as e:
        pair.their_words = e.message
        pair.their_refusal = f"status {e.status}: " + "; ".join(e.message.splitlines()[-4:])
    return pair


def same(kind, ours, theirs):
    if ours != theirs:
        yield Difference(kind, ours, theirs)


def sets(kind, ours, theirs):
    only = spans.subtract(ours, theirs), spans.subtract(theirs, ours)
    if any(only):
        yield Difference(kind, *only, is_set=True)


def compare_addresses(pair, page):
    ours, theirs = pair.ours, pair.theirs
    yield from same("segments", roles(ours), roles(theirs))
    yield from same("flags", ours.flags, theirs.flags)
    for s in ours.segments:
        other = theirs.segment(s.name)
        if other:
            yield from same(f"address of {s.name}", s.mem, other.mem)
            yield from same(f"memsz of {s.name}", s.memsz, -(-other.memsz // page) * page)
            yield from same(f"whole pages of {s.name}", 0, other.memsz % page)


def roles(image):
    return sorted(s.name for s in image.segments)


def digested(image, regions):
    """Per segment, how many bytes the purgatory verifies."""
    sizes = Counter()
    for start, size in regions:
        owner = next((s.name for s in image.segments if s.mem <= start and start + size <= s.end),
                     "elsewhere")
        sizes[owner] += size
    return {s.name: sizes[s.name] / s.memsz for s in image.segments} | (
        {"elsewhere": 1} if sizes["elsewhere"] else {})


@dataclass
class Entry:
    name: str
    kind: str               # a pattern for Difference.kind
    explains: object
    reason: str
    rare: bool = False      # other seeds show it, the default run may not


class Table(list):
    """What may differ. Its entries are functions of (pair, difference), see differences.py."""

    def entry(self, kind, rare=False):
        def add(function):
            reason = re.sub(r"\s+", " ", function.__doc__)
            self.append(Entry(function.__name__.replace("_", " "), kind, function, reason, rare))
            return function
        return add

    def text(self):
        return "\n\n".join(f"{e.name}\n    {e.reason}" for e in self)
