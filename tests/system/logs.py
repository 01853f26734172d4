# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What other programs print of a log, as vmcore-dmesg would."""

import re

# Where a line begins that is the first of its record; makedumpfile has the caller too.
STAMP = re.compile(r"(\[ *\d+\.\d{6}\] )(\[ *[TC]\d+\] )?")


def as_ours(text):
    """With a time on the later lines of a record too, and without the callers."""
    lines, stamp, margin = [], "", 0
    for line in text.splitlines(True):
        if found := STAMP.match(line):
            stamp, margin = found[1], len(found[0])
            line = line[margin:]
        lines.append(stamp + line.removeprefix(" " * margin))
    return "".join(lines)
