# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The command lines of kdumpctl, load.sh, kdump-config and others, with a packaged kexec.

usage: consumers.py KEXEC

The cli layer has what each does to a model of the kernel; here the packaged
program plans the same on the same machine. Prints TAP.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../cli"), os.path.join(HERE, "../lib")]

from cases import CONSUMERS  # noqa: E402
from harness import Case, Harness  # noqa: E402

LOADS = [(who, argv) for who, argv, *_ in CONSUMERS if "{kernel}" in argv]

if __name__ == "__main__":
    sys.exit(Harness(sys.argv[1], sys.argv[1]).run(
        [Case(f"packaged, as {who} calls it", argv + " --dry-run", stdout="image for Linux",
              model=False) for who, argv in LOADS]))
