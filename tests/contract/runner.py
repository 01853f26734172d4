# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the contract's tests of all architectures share: plans at random, told as TAP."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import tempfile
import traceback
from collections import Counter

import plan
import tap

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 100             # machines to one test
SANITIZED_SHARE = 32    # of so many machines, one is for the program with sanitizers
NORMAL_SHARE = 10       # and to so many crash images, there is one for a normal boot
KEPT = 8                # machines that failed


class Failure(tap.Failure):
    """Complaints about one test."""

    def __init__(self, *complaints):
        super().__init__("\n".join(complaints))


class Run:
    """The tests of one architecture; each has a class of its own which fills in the rest."""
    arch = None
    share_of_machines = 1   # of --machines

    def __init__(self, args, directory):
        self.args, self.dir = args, directory
        self.initrd = self.make_fixtures()
        self.fixtures = set(os.listdir(directory))
        self.tap = tap.Tap(f"contract {self.arch}")
        self.kexec = args.kexec

    def make_fixtures(self):
        """Kernels and whatever all machines share; returns the path of an initrd."""
        raise NotImplementedError

    def one_by_one(self):
        """Tests that are not of machines at random."""
        raise NotImplementedError

    def random(self, number):
        """Plan and check crash image @number of the seed; what happened, in words."""
        raise NotImplementedError

    def normal(self, number):
        """The same for a reboot."""
        raise NotImplementedError

    # --- TAP ---

    def test(self, name, function, *args):
        note, problem = attempt(function, *args)
        self.clean()
        self.tap.result(name, problem, note or "")

    def clean(self):
        """Snapshots are thousands of small files."""
        if not self.args.keep:
            for name in set(os.listdir(self.dir)) - self.fixtures:
                path = os.path.join(self.dir, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    # --- what every architecture asks ---

    def refusal(self, case, word=""):
        try:
            plan.make(self.kexec, case)
        except plan.Refused as e:
            one_line(e)
            if not re.search(word, e.message):
                raise Failure(f"'{word}' is not in: {e.message}") from e
            return
        raise Failure("planned what cannot work")

    # --- machines at random, by one process for each CPU ---

    def random_machines(self):
        print(f"# seed {self.args.seed}", flush=True)
        machines = int(self.args.machines * self.share_of_machines)
        series = [(kind, first, min(first + BATCH, count))
                  for kind, count in (("crash", machines), ("normal", machines // NORMAL_SHARE))
                  for first in range(0, count, BATCH)]
        outcomes, kept = Counter(), 0
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), None, begin_work,
                                                    (type(self), self.args, self.dir)) as pool:
            for (kind, first, end), results in zip(series, pool.map(work, series)):
                notes = Counter(note for _, note, problem in results if not problem)
                bad = [(number, problem) for number, _, problem in results if problem]
                outcomes += Counter({f"{kind}, {note}": n for note, n in notes.items()})
                self.tap.result(f"{kind} images, machines {first}-{end - 1} of seed {self.args.seed}",
                                "\n".join(f"machine {number}: {problem}" for number, problem in bad),
                                ", ".join(f"{n} {note}" for note, n in notes.most_common()))
                for number, _ in bad:
                    kept += 1
                    self.explain_failure(kind, number, kept <= KEPT)
        for outcome, n in outcomes.most_common():
            print(f"# {n} machines: {outcome}")

    def explain_failure(self, kind, number, keep):
        command = [os.path.join(HERE, "run"), "--arch", self.arch, "--kexec", self.args.kexec,
                   "--add-cores", self.args.add_cores, "--seed", self.args.seed, "--only", str(number)]
        if kind == "normal":
            command.append("--normal")
        print("# again: " + " ".join(command))
        if keep and not self.args.keep:
            place = tempfile.mkdtemp(prefix=f"kexec-contract-{self.args.seed}-{number}-")
            subprocess.run([*command, "--keep", place + "/machine"], stdout=subprocess.DEVNULL,
                           check=False)
            print(f"# kept in {place}", flush=True)

    def share(self, number):
        """The programs for one machine: quick ones for most."""
        self.kexec = self.args.fast_kexec if number % SANITIZED_SHARE else self.args.kexec

    def all(self):
        self.one_by_one()
        if not self.args.self_test:
            self.random_machines()

    def only(self):
        function = self.normal if self.args.normal else self.random
        self.test(f"machine {self.args.only} of seed {self.args.seed}", function, self.args.only)


def attempt(function, *args):
    """(note, problem)"""
    try:
        return function(*args), ""
    except Failure as e:
        return "", str(e)
    except plan.Refused as e:
        return "", "refused: " + e.message
    except Exception:  # pylint: disable=broad-except
        return "", traceback.format_exc()


WORKER = []


def begin_work(kind, args, directory):
    own = os.path.join(directory, f"worker-{os.getpid()}")
    os.mkdir(own)
    WORKER.append(kind(args, own))


def work(batch):
    kind, first, end = batch
    run, results = WORKER[0], []
    for number in range(first, end):
        run.share(number)
        results.append((number, *attempt(run.normal if kind == "normal" else run.random, number)))
        run.clean()
    return results


def one_line(refusal, status=1):
    status = 255 if "unlike the running kernel" in refusal.message else status
    if refusal.status != status or not refusal.message.startswith("kexec: ") \
            or refusal.message.count("\n") != 1:
        raise Failure(f"status {refusal.status}, not one line:", refusal.message)
