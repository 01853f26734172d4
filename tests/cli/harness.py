# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Runs cases: each in a directory of its own, with a machine and a kernel."""
import os
import re
import shutil
import subprocess
import tempfile
import threading
import traceback
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from machine import Machine
from tap import Failure, Tap, expect
from vmlinux import vmlinux

# While a file is being written no program is started, which would have it open for writing, too.
FORKING = threading.Lock()

ONE_LINE = re.compile(r"\A(kexec: [^\n]+\n)(Usage: kexec .*)?\Z", re.S)
# What every load says; the cases which are about these lines see them.
USUAL = re.compile(r"^kexec: (Modified cmdline:.*|syscall kexec_file_load .*; loading with kexec_load)\n",
                   re.M)

# Characters that turn the direction of what follows.
BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@dataclass
class Case:
    """What to run and what must come of it.

    argv may use {kernel} {initrd} {dir}; stdout and stderr are regular
    expressions which must be found, None: the stream must be empty. `error`
    instead of stderr: exactly one line of that form, and nothing loaded.
    """
    name: str
    argv: str
    status: int = 0
    stdout: str = None
    stderr: str = None
    error: str = None
    machine: Machine = field(default_factory=Machine)
    kernel: bytes = None                # default: a small vmlinux for the machine
    prepare: object = None              # called with the directory before the run
    check: object = None                # called with the Result after it
    finish: object = None               # called with the directory at the end, whatever happened
    env: dict = field(default_factory=dict)
    model: bool = True                  # False: the real program
    native: bool = False                # of the tree test beside sanitized: where address space is limited
    sysroot: bool = True                # pass --sysroot
    usual: bool = False                 # stderr: with the lines that every load prints
    shell: str = None                   # instead of argv: a command with {argv} for program and root


@dataclass
class Result:
    dir: str
    status: int
    stdout: str
    stderr: str
    file_load: bool                     # the case is about kexec_file_load
    raw: tuple = ()                     # both streams, bytes

    def read(self, name):
        with open(os.path.join(self.dir, name)) as f:
            return f.read()

    def calls(self):
        """Calls in the model's log; kexec_file_load only where the machine is to have it."""
        if not os.path.exists(os.path.join(self.dir, "calls")):
            return []
        return [line for line in self.read("calls").splitlines() if not line.startswith(" ") and
                (self.file_load or not line.startswith("kexec_file_load"))]


def unclean(r):
    """What a terminal might obey, or what is no text at all: in no output of any case."""
    try:
        return [c for c in (b"".join(r.raw)).decode() if c not in "\n\t" and
                (unicodedata.category(c) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(c) in BIDI)]
    except UnicodeDecodeError as e:
        return str(e)


class Harness:
    def __init__(self, kexec, model):
        self.kexec, self.model = os.path.abspath(kexec), os.path.abspath(model)

    def run(self, cases):
        tap = Tap("cli", len(cases))
        # Threads: they wait for the program, which takes the time.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = pool.map(self.try_case, cases)
        for case, problem in zip(cases, problems):
            tap.result(case.name, problem)
        return tap.end()

    def try_case(self, case):
        where = tempfile.mkdtemp(prefix="kexec-cli-")
        try:
            self.check(case, self.execute(case, where))
            return ""
        except Failure as e:
            return str(e)
        except Exception:
            return traceback.format_exc()
        finally:
            if case.finish:
                case.finish(where)
            with FORKING:
                subprocess.run(["chmod", "-R", "u+rwx", where], check=False)
            shutil.rmtree(where, ignore_errors=True)

    def execute(self, case, where):
        machine = os.path.join(where, "machine")
        with FORKING:
            case.machine.write(machine)
            with open(os.path.join(where, "vmlinux"), "wb") as f:
                f.write(case.kernel if case.kernel is not None else vmlinux(little=case.machine.little))
            with open(os.path.join(where, "initrd"), "wb") as f:
                f.write(b"initrd" * 5000)
            if case.prepare:
                case.prepare(where)
        words = case.argv.split() if isinstance(case.argv, str) else case.argv
        names = dict(kernel=f"{where}/vmlinux", initrd=f"{where}/initrd", dir=where)
        words = [w.format(**names) for w in words]
        argv = [self.kexec.replace("/sanitized/", "/test/") if case.native else self.model if case.model else self.kexec]
        argv += ["--sysroot", machine] if case.sysroot else []
        if case.shell:
            argv, words = ["sh", "-c"], [case.shell.format(argv=" ".join(argv), **names)]
        with FORKING:
            process = subprocess.Popen(argv + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=self.environment(case, where, machine))
        with process:
            try:
                out, err = process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Result(where, process.returncode, out.decode(errors="replace"),
                      err.decode(errors="replace").replace(argv[0] + ":", "kexec:"),
                      "KEXEC_MODEL_FILE" in case.env, (out, err))

    def environment(self, case, where, machine):
        crash = case.machine.crash or (0, 0)
        env = dict(os.environ, KEXEC_MODEL_ROOT=machine, KEXEC_MODEL_LOG=f"{where}/calls",
                   KEXEC_MODEL_MEMORY=os.devnull,
                   KEXEC_MODEL_REGION=f"{crash[0]:x}-{crash[0] + crash[1]:x}",
                   KEXEC_MODEL_PAGE=f"{case.machine.page_size:x}")
        env.update(case.env)
        return env

    def check(self, case, r):
        shown = f"status {r.status}\nstdout: {r.stdout[-2000:]}\nstderr: {r.stderr[-4000:]}"
        expect(r.status == case.status, f"status is not {case.status}: {shown}")
        expect("Sanitizer" not in r.stderr and "runtime error" not in r.stderr, shown)
        expect(not unclean(r), f"not for a terminal: {unclean(r)}: {shown}")
        self.match("stdout", case.stdout, r.stdout, shown)
        if case.error:
            expect(ONE_LINE.match(USUAL.sub("", r.stderr)), f"not one line on stderr: {shown}")
            expect(not any("= 0" in c for c in r.calls()), f"something was loaded: {shown}")
        self.match("stderr", case.error or case.stderr, r.stderr if case.usual else
                   USUAL.sub("", r.stderr), shown)
        if case.check:
            case.check(r)

    @staticmethod
    def match(stream, pattern, got, shown):
        if pattern is None:
            expect(not got, f"{stream} is not empty: {shown}")
        else:
            expect(re.search(pattern, got), f"{stream} has no /{pattern}/: {shown}")
