# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the scripts beside fetch and build: they print its path as their last line."""

import os
import subprocess
import sys

from failure import Failure

HERE = os.path.dirname(os.path.abspath(__file__))

# Of tests/lib/packages.sh.
ARCHIVE_LACKS = 69


class ArchiveLacks(Failure):
    """What this needs is not served now: no fault of ours. The message begins with "archive: "."""


def last_line(*command):
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        reason = f"archive: {os.path.basename(command[0])} does not say what"
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("archive: "):
                reason = line.strip()
        output = process.stdout.read()
    if process.returncode == ARCHIVE_LACKS:
        raise ArchiveLacks(reason)
    if process.returncode:
        raise Failure(f"{' '.join(command)}: status {process.returncode}")
    return output.splitlines()[-1]


def script(name, *arguments):
    return last_line(os.path.join(HERE, name), *arguments)
