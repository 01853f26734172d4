# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The command lines of kdumpctl, load.sh, kdump-config and others, with a packaged kexec.

usage: consumers.py KEXEC [x86_64]

The cli layer has what each does to a model of the kernel; here the packaged
program plans the same on the same machine, also on one of x86_64, for which it has
to have a purgatory. Prints TAP.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../cli"), os.path.join(HERE, "../lib")]

import x86_64_consumers as x86  # noqa: E402
from cases import CONSUMERS  # noqa: E402
from harness import Case, Harness  # noqa: E402

LOADS = [Case(f"packaged, as {who} calls it", argv + " --dry-run", stdout="image for Linux", model=False)
         for who, argv, *_ in CONSUMERS if "{kernel}" in argv]
LOADS_X86 = [Case(f"packaged, as {who} calls it on x86_64", [*argv, "--dry-run"], stdout="image for Linux .* on x86_64",
                  stderr="", model=False, machine=x86.MACHINE, kernel=x86.KERNEL)
             for who, argv, *_ in x86.CONSUMERS if "{kernel}" in argv]

if __name__ == "__main__":
    sys.exit(Harness(sys.argv[1], sys.argv[1]).run(LOADS + (LOADS_X86 if "x86_64" in sys.argv[2:] else [])))
