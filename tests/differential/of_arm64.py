# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""arm64: how two images are compared, and on which machines."""
import os
import random
import re
from collections import Counter

import arm64
import arm64_checks as checks
import arm64_selftest as selftest
import common
import differences_arm64 as differences
import machine_arm64 as arm
import peer_arm64 as peer
import plan
import spans
from generator import write_initrd
from machine import write_file
from pairs import Difference, compare_addresses, digested, same, sets

MACHINES = 60
TABLE, NAMED, Peer = differences.TABLE, arm64.MACHINES, peer.Peer
# What the contract demands of any image; the peer's is held against it too.
CRASH_CHECKS = ["segments", "not_in_use", "control_pages", "magics", "initrd", "blob", "nodes", "usable",
                "elfcorehdr_place", "core"]
NORMAL_CHECKS = ["segments", "not_in_use", "known_memory", "initrd", "blob", "nodes", "no_crash_words"]
MUTATIONS = {f"{i} {check}": (check, spoil) for i, (check, spoil) in enumerate(selftest.CRASH)}
# Plans of ours that are wrong in one way, and about which somebody must complain: all but those of
# what the peer does not have, and of what is judged by the machine alone.
SPOILED = [name for name, (check, spoil) in MUTATIONS.items() if check in (
    "kernel", "initrd", "usable", "core", "entry_and_flags", "nodes")
    and not getattr(spoil, "alone", False)]


class Kernels:
    def __init__(self, directory):
        self.made = {}
        for name, fields in {"common": {}, "offset": {"text_offset": 0x80000}}.items():
            path = os.path.join(directory, f"Image-{name}")
            data = arm.image(**fields)
            write_file(path, data)
            self.made[name] = plan.Kernel(path, True, [(fields.get("text_offset", 0), data, arm.IMAGE_SIZE)])


def compare(pair):
    """All differences of a pair."""
    if pair.our_refusal or pair.their_refusal:
        if not (pair.our_refusal and pair.their_refusal):
            yield Difference("refusal", pair.our_refusal or "loads", pair.their_refusal or "loads")
        return
    yield from compare_addresses(pair, pair.machine.page_size)
    yield from compare_contents(pair)
    yield from compare_trees(pair)
    if pair.case.crash:
        yield from compare_cores(pair)
    known = checks.CRASH if pair.case.crash else checks.NORMAL
    wanted = CRASH_CHECKS if pair.case.crash else NORMAL_CHECKS
    for name, text in common.run_all(pair.case, pair.theirs, {name: known[name] for name in wanted}):
        yield Difference("contract: " + name, "kept", text)


def compare_contents(pair):
    offset, data, memsz = pair.case.kernel.pieces[0]
    got = []
    for image in pair.ours, pair.theirs:
        s = image.segment("kernel")
        at = s.mem // 0x200000 * 0x200000 + offset
        got.append(image.memory(at, memsz).rstrip(b"\0") if s.mem <= at and at + memsz <= s.end else b"not there")
    yield from same("kernel's bytes", *got)
    for s in (image.segment("initrd") for image in (pair.ours, pair.theirs)):
        yield from same("initrd's bytes", bytes(s.data), pair.case.initrd_bytes())
    params = common.Params(pair.case, pair.ours.segment("purgatory"))
    theirs = digested(pair.theirs, pair.theirs.regions())
    for name, share in digested(pair.ours, params.regions).items():
        yield from same(f"digest of {name}", share, theirs.get(name))


# Compared by their meaning: places are another image's.
PLACES = {"linux,initrd-start", "linux,initrd-end", "linux,elfcorehdr"}


def compare_trees(pair):
    ours, theirs = checks.tree(pair.ours), checks.tree(pair.theirs)
    for name in "version", "last_comp":
        yield from same(f"FDT: {name}", getattr(ours, name), getattr(theirs, name))
    a, b = checks.chosen(pair.ours), checks.chosen(pair.theirs)
    for name in sorted((a.keys() | b.keys()) - PLACES):
        yield from same(f"/chosen/{name}", a.get(name), b.get(name))
    yield from compare_nodes(ours.root, theirs.root)
    own = [(s.mem, s.end) for image in (pair.ours, pair.theirs) for s in image.segments]
    yield from sets("reserve map", *(spans.subtract(spans.sized(t.reserve), own) for t in (ours, theirs)))
    for tree, image in (ours, pair.ours), (theirs, pair.theirs):
        for name in "elfcorehdr", "initrd":
            s = image.segment(name)
            if s and spans.subtract([(s.mem, s.mem + len(s.data))], spans.sized(tree.reserve)):
                yield Difference(f"reserve map covers {name}", image is pair.theirs, image is pair.ours)


def compare_nodes(ours, theirs, path=""):
    for name in sorted(ours.props.keys() | theirs.props.keys()):
        if path != "/chosen":
            yield from same(f"property {path}/{name}", ours.props.get(name), theirs.props.get(name))
    counts = [Counter(c.name for c in node.children) for node in (ours, theirs)]
    yield from same(f"nodes of {path}/", sorted(counts[0]), sorted(counts[1]))
    for child in ours.children:
        other = theirs.child(child.name)
        if other:
            yield from compare_nodes(child, other, f"{path}/{child.name}")


def compare_cores(pair):
    a, b = (common.Core(pair.case, image.segment("elfcorehdr").data) for image in (pair.ours, pair.theirs))
    yield from same("elfcorehdr: ident", a.ident, b.ident)
    yield from same("elfcorehdr: header", a.header, b.header)
    notes = [{h[4]: h for h in core.of_type(common.PT_NOTE)} for core in (a, b)]
    for at in sorted(notes[0].keys() | notes[1].keys()):
        yield from same("elfcorehdr: note", *(n.get(at) for n in notes))
    loads = [core.of_type(common.PT_LOAD) for core in (a, b)]
    yield from sets("dump", *(spans.sized([(h[4], h[6]) for h in part]) for part in loads))
    yield from same("elfcorehdr: addresses in the linear map",
                    *({(h[3] - h[4]) % (1 << 64) for h in part if h[3] != pair.machine.text} for part in loads))
    yield from same("elfcorehdr: the kernel's text",
                    *([h[3:7] for h in part if h[3] == pair.machine.text] for part in loads))


# --- the machines ---

def case_on(machine, name, crash, directory, kernels, kernel="common"):
    """With what both understand: no release keeps images on arm64."""
    machine.hotplug, machine.fdt = False, True       # it has no other way to read a tree
    root = machine.write(os.path.join(directory, re.sub("[ /,]", "-", name)))
    return plan.Case(machine, kernels.made[kernel], root, write_initrd(directory, 100_001),
                     command_line="root=/dev/sda1 irqpoll", hotplug=False, crash=crash, old_root=True)


def case_of_number(args, number, directory, kernels):
    rng = random.Random(f"{args.seed}/{number}")
    machine = arm.at_random(rng, arm.KINDS[number % len(arm.KINDS)])
    return case_on(machine, f"{args.seed}-{number}", number % 3 != 2, directory, kernels,
                   rng.choice(("common", "common", "offset")))


def case_of_name(_, name, directory, kernels):
    return case_on(NAMED[name](), name, True, directory, kernels)


def case_to_spoil(directory, kernels):
    return case_on(arm64.everything(), "spoiled", True, directory, kernels)
