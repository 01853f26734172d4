# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Run what needs no machine, then drills with small kernels, and say in TAP what came of it."""

import argparse
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, part) for part in ("../lib", "../system", "../../drill")]

import browser  # noqa: E402
import host  # noqa: E402
import machines_drilled  # noqa: E402
from processes import in_processes  # noqa: E402
from scripts import ArchiveLacks  # noqa: E402
from tap import Tap, problem_of  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="tests/drill/run")
    parser.add_argument("--thorough", action="store_true", help="what is slow, too")
    parser.add_argument("--host", action="store_true", help="only what needs no machine")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="machines at a time")
    parser.add_argument("word", nargs="?", default="", help="only drills whose name has it")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    tap = Tap("drill")
    if not options.word:
        for test in host.TESTS:
            tap.run(test.__name__.replace("_", " "), test)
    if options.thorough and not options.word:
        for name, test in browser.TESTS.items():
            tap.result(**attempt(name, test))
    if not options.host:
        chosen = [name for name in machines_drilled.DRILLS if options.word in name and
                  (options.thorough or options.word or name not in machines_drilled.THOROUGH)]
        for outcome in in_processes(run_one, chosen, options.jobs):
            tap.result(**outcome)
    return tap.end()


def run_one(name):
    return attempt(name, machines_drilled.DRILLS[name])


def attempt(name, test):
    """What Tap.result() is told."""
    began = time.monotonic()
    try:
        more = test() or ()
    except ArchiveLacks as lack:
        return {"name": name, "skip": str(lack)}
    except Exception as error:
        return {"name": f"{name}: {time.monotonic() - began:.1f} s", "problem": problem_of(error)}
    return {"name": f"{name}: {time.monotonic() - began:.1f} s", "more": more}


if __name__ == "__main__":
    sys.exit(main())
