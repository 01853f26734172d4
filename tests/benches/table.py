# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The table of tests/bench: what is measured, what the packaged kexec-tools needs for it in the same run, and
the target. Nothing fails that is a time; what else is worse than `most` does, whether or not a target is met."""
import re
import subprocess
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HISTORY, README = REPOSITORY / "tests/benches/history.tsv", REPOSITORY / "README.md"
BEGIN, END = "<!-- tests/bench --write begins -->", "<!-- tests/bench --write ends -->"
HEAD = "| what | ours | kexec-tools 2.0.32 | ratio | target | |\n|---|---|---|---|---|---|"


def figure(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}" if abs(value) >= 100 else \
        f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3f}"


class Row:
    """
    @target, @most: the same unit as @ours; with @of_peer, times what the peer needs. @most: more than that
    fails; None: nothing does. @why: what takes the rest, where the target is missed.
    """

    def __init__(self, what, ours, theirs, target, most=None, of_peer=False, why=""):
        self.what, self.ours, self.theirs, self.target, self.why = what, ours, theirs, target, why
        unit = theirs if of_peer else 1
        self.wanted = "≤ " + (f"{target:.2f} of it" if of_peer else figure(target))
        self.unknown = of_peer and theirs is None
        self.met = not self.unknown and ours <= target * unit
        self.fails = most is not None and not self.unknown and ours > most * unit
        self.most = most if most is None or self.unknown else most * unit

    @property
    def ratio(self):
        return self.ours / self.theirs if self.theirs else None

    @property
    def verdict(self):
        return "not measured" if self.unknown else "met" if self.met else "**not met**"

    def cells(self):
        ratio = "–" if self.ratio is None else f"{self.ratio:.3f}"
        return [self.what, figure(self.ours), figure(self.theirs), ratio, self.wanted, self.verdict]


class Table:
    def __init__(self, tests):
        self.tests, self.rows = tests, []

    def add(self, *args, **named):
        row = Row(*args, **named)
        self.rows.append(row)
        told = " | ".join(row.cells())
        if row.most is None:
            print(f"# {told}", flush=True)
        else:
            self.tests.result(told, f"more than {figure(row.most)}" if row.fails else "")

    def markdown(self):
        missed = [f"- {row.what}: {row.why}" for row in self.rows if row.why and not row.met and not row.unknown]
        return "\n".join([HEAD, *("| " + " | ".join(row.cells()) + " |" for row in self.rows),
                          *(["", "What takes the rest, where a target is not met:", "", *missed] if missed else [])])

    def show(self):
        print("".join(f"# {line}\n" for line in self.markdown().splitlines()), end="", flush=True)

    def write(self):
        """Into the history, and the README."""
        commit = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--dirty", "--abbrev=10"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        with open(HISTORY, "a", encoding="utf-8") as file:
            for row in self.rows:
                print(date.today(), commit, row.what, f"{row.ours:.6g}", "-" if row.theirs is None else f"{row.theirs:.6g}", row.wanted,
                      row.verdict.strip("*"), sep="\t", file=file)
        text = README.read_text()
        new = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{self.markdown()}\n{END}", text, flags=re.S)
        README.write_text(new)
