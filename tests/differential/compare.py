#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Hold our plans against those of the packaged kexec-tools, on generated machines.

A difference that no entry of differences.py explains is a failed test.
"""
import argparse
import concurrent.futures
import copy
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../contract"), os.path.join(HERE, "../lib")]

import of_arm64     # noqa: E402
import of_ppc64     # noqa: E402
import of_x86_64    # noqa: E402
import spans        # noqa: E402
from pairs import Difference, both  # noqa: E402
from tap import Tap  # noqa: E402

# What an architecture's module offers: MACHINES (how many), TABLE, compare(pair), SPOILED, MUTATIONS, NAMED;
# Kernels, Peer; case_of_name, case_of_number, case_to_spoil.
ARCHES = {"ppc64": of_ppc64, "x86_64": of_x86_64, "arm64": of_arm64}


# --- what explains them ---

def explain(arch, pair, difference):
    """(what is left unexplained or None, names of the entries that explain)."""
    used, left = [], [difference.ours, difference.theirs]
    for entry in arch.TABLE:
        if not re.fullmatch(entry.kind, difference.kind):
            continue
        if not difference.is_set:
            if entry.explains(pair, difference):
                return None, [entry.name]
            continue
        for side in 0, 1:
            known = entry.explains(pair, difference)[side]
            if spans.intersect(left[side], known):
                left[side] = spans.subtract(left[side], known)
                used.append(entry.name)
    if difference.is_set and not any(left):
        return None, used
    return Difference(difference.kind, *left, difference.is_set), used


# --- can it fail? ---

def unnoticed(arch, pair):
    """Plans of ours that are wrong in one way, and about which nobody complains."""
    for name in arch.SPOILED:
        bad = copy.deepcopy(pair)
        arch.MUTATIONS[name][1](bad.case, bad.ours)
        try:
            if not any(explain(arch, bad, d)[0] for d in arch.compare(bad)):
                yield f"{name}: not noticed"
        except (ValueError, LookupError):
            pass        # unreadable is noticed too


# --- the machines ---

class Examiner:
    """Works in a process of its own."""

    def __init__(self, args, directory):
        self.args, self.directory = args, directory
        self.arch = ARCHES[args.arch]
        self.kernels = self.arch.Kernels(directory)
        self.peer = self.arch.Peer(args.peer, args.interpose)

    def examine(self, which):
        """(the unexplained, the entries used, what happened)"""
        case = None
        try:
            make = self.arch.case_of_name if which in self.arch.NAMED else self.arch.case_of_number
            case = make(self.args, which, self.directory, self.kernels)
            pair = both(case, self.args.kexec, self.peer)
            unexplained, used = [], []
            for difference in self.arch.compare(pair):
                left, names = explain(self.arch, pair, difference)
                used += names
                if left:
                    unexplained.append(str(left))
            return unexplained, used, happened(pair)
        except Exception:  # pylint: disable=broad-except
            return traceback.format_exc().splitlines(), [], "?"
        finally:
            if case and not self.args.keep:
                for suffix in "", "-dump", "-peer":
                    shutil.rmtree(case.root + suffix, ignore_errors=True)


def happened(pair):
    side = {True: "loads", False: "refuses"}
    if bool(pair.ours) == bool(pair.theirs):
        return "both " + ("load" if pair.ours else "refuse")
    return f"ours {side[bool(pair.ours)]}, the peer {side[bool(pair.theirs)]}"


EXAMINER = []


def start(args, directory):
    own = os.path.join(directory, str(os.getpid()))
    os.mkdir(own)
    EXAMINER.append(Examiner(args, own))


def work(which):
    return EXAMINER[0].examine(which)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--kexec", default="kexec/kexec", help="the program to test")
    p.add_argument("--arch", choices=ARCHES, default="ppc64")
    p.add_argument("--peer", required=True, help="directory with the unpacked package")
    p.add_argument("--interpose", required=True, help="the library that interpose.c makes")
    p.add_argument("--machines", type=int, help="how many at random")
    p.add_argument("--seed", default="1", help="of the series that is generated")
    p.add_argument("--only", type=int, metavar="N", help="only machine N of the random ones")
    p.add_argument("--keep", metavar="DIR", help="leave snapshots and images in this directory")
    p.add_argument("--list", action="store_true", help="what may differ, and why")
    args = p.parse_args()
    args.machines = args.machines or ARCHES[args.arch].MACHINES
    return args


def spoil(args, directory):
    examiner = Examiner(args, directory)
    case = examiner.arch.case_to_spoil(directory, examiner.kernels)
    return list(unnoticed(examiner.arch, both(case, args.kexec, examiner.peer)))


def run(args, directory):
    tap, used, outcomes, arch = Tap(f"differential {args.arch}"), Counter(), Counter(), ARCHES[args.arch]
    with open(os.path.join(args.peer, "complete"), encoding="ascii") as f:
        print(f"# the peer: kexec-tools {f.read().strip()}, {args.arch}; seed {args.seed}")
    if args.only is None:
        tap.result("wrong plans are noticed", spoil(args, directory), f"{len(arch.SPOILED)} ways")
    numbers = [args.only] if args.only is not None else [*arch.NAMED, *range(args.machines)]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), None, start,
                                                (args, directory)) as pool:
        for which, (unexplained, names, outcome) in zip(numbers, pool.map(work, numbers)):
            used.update(set(names))
            outcomes[outcome] += 1
            tap.result(f"machine {which}" + (f" of seed {args.seed}" if isinstance(which, int)
                                             else ""), unexplained, outcome)
    if args.only is None:
        for entry in arch.TABLE:
            tap.result(f"intended: {entry.name}",
                       [] if used[entry.name] or entry.rare else ["no machine shows this; take it off the table"],
                       f"{used[entry.name]} machines")
        tap.result("most machines are loaded by both", [] if outcomes["both load"] * 4 > args.machines
                   else [f"only {outcomes['both load']}"], f"{outcomes['both load']}")
    for outcome, count in outcomes.most_common():
        print(f"# {count} machines: {outcome}")
    return tap.end()


def main():
    args = arguments()
    if args.list:
        print(ARCHES[args.arch].TABLE.text())
        return 0
    if args.keep:
        os.makedirs(args.keep)
        return run(args, os.path.abspath(args.keep))
    shm = "/dev/shm" if os.path.isdir("/dev/shm") and "TMPDIR" not in os.environ else None
    with tempfile.TemporaryDirectory(dir=shm) as directory:
        return run(args, directory)


if __name__ == "__main__":
    sys.exit(main())
