# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a program executes, counted by a plugin of qemu-user."""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


class NoCounts(Exception):
    """There is no emulator that counts: the exit status, and what was said last, which is why."""

    def __init__(self, status, said):
        super().__init__(said)
        self.status = status


def emulator_that_counts(program, *options):
    """The words of its command."""
    done = subprocess.run([HERE / "emulator-that-counts", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        raise NoCounts(done.returncode, done.stderr.strip().rpartition("\n")[2])
    return [*done.stdout.rstrip("\n").split("\t"), *options]


def compile_plugin(path):
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", HERE / "count.c", "-o", path], check=True)
