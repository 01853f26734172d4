# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the tests in Python say, as TAP: tests/lib/tap.sh counts it. And how they say what they expect."""

import os
import sys
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../drill"))

from failure import Failure, expect  # noqa: E402


def expect_same(what, got, wanted):
    expect(got == wanted, f"{what}: {got!r}, expected {wanted!r}")


def problem_of(error):
    """What a test that raised this says: of anything but a Failure, which is said on purpose, also where it was,
    after what it is: of many lines a summary has the first."""
    if isinstance(error, Failure):
        return str(error) or "Failure"
    return f"{type(error).__name__}: {error}\n" + "".join(traceback.format_exception(error)).rstrip()


class Tap:
    """@area is in front of each name. @planned, where it is known: the number of tests."""

    def __init__(self, area, planned=None):
        self.area, self.planned = area, planned
        self.count = self.failed = 0
        if planned is not None:
            print(f"1..{planned}", flush=True)

    def result(self, name, problem="", note="", skip="", more=()):
        """@problem, text or lines of it: it failed. @note: what is to be known beside the name; @more, lines of it."""
        lines = problem.splitlines() if isinstance(problem, str) else list(problem)
        self.count += 1
        self.failed += bool(lines)
        print(f"{'not ok' if lines else 'ok'} {self.count} - {self.area}: {name}" + (f" ({note})" if note else "") +
              (f" # SKIP {skip}" if skip else ""))
        print("".join(f"# {line}\n" for line in (*more, *lines)), end="", flush=True)

    def run(self, name, test, *args):
        """Whatever the test raises is its own failure, and the others run; whether it passed."""
        problem = ""
        try:
            test(*args)
        except Exception as error:
            problem = problem_of(error)
        self.result(name, problem)
        return not problem

    def end(self):
        """The exit status."""
        if self.planned is None:
            print(f"1..{self.count}")
        return 1 if self.failed or (self.planned is not None and self.count != self.planned) else 0
