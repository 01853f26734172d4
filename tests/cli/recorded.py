# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Machines in tests/machines/, recorded on the real (emulated) thing."""
import os
import tarfile
from dataclasses import dataclass

from harness import expect

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Recorded:
    """Takes the place of a generated Machine."""
    name: str
    page_size: int
    little: bool = True
    crash: tuple = (0x20000000, 0x20000000)

    def write(self, path):
        os.makedirs(path, 0o700)
        with tarfile.open(os.path.join(HERE, "../machines", self.name + ".tar.gz")) as tar:
            tar.extractall(path)
        return path


def golden(name):
    """stdout is golden/NAME, with the test's own directory as DIR."""
    def check(r):
        path = os.path.join(HERE, "golden", name)
        got = r.stdout.replace(r.dir, "DIR")
        if os.environ.get("KEXEC_TEST_WRITE_GOLDEN"):
            with open(path, "w") as f:
                f.write(got)
        with open(path) as f:
            want = f.read()
        expect(got == want, f"stdout is not {path}:\n{got}")
    return check
