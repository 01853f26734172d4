# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Machines in tests/machines/, recorded on the real (emulated) thing."""
import os
import re
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


PURGATORY = re.compile(r"^  purgatory +(0x[0-9a-f]+)-(0x[0-9a-f]+) +[0-9,]+ +[0-9,]+ ", re.M)


def of_any_compiler(text):
    """How large a purgatory is the compiler decides, and with that where the segment begins that is next to it."""
    row = PURGATORY.search(text)
    if not row:
        return text
    start, end = row.groups()
    following = re.search(rf"^  \S+ +({end})-(0x[0-9a-f]+) ", text, re.M)
    text = text.replace(row[0], f"  purgatory {start} ")
    if following:
        place = f"{following[1]}-{following[2]}"
        text = text.replace(place, f"next, {int(following[2], 16) - int(end, 16):x} bytes")
    return text


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
        expect(of_any_compiler(got) == of_any_compiler(want), f"stdout is not {path}:\n{got}")
    return check
