# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What came of a drill, for people and for programs."""

import json

from story import WORDS

MIB_KIB = 1024


def mib(kib):
    return f"{kib / MIB_KIB:.0f} MiB"


def text(result):
    """Lines; the first is the verdict, as monitoring shows it."""
    lines = [f"KDUMP-DRILL {WORDS[result.status]}: {result.sentence}"]
    if result.cause:
        lines.append(field("cause", result.cause.sentence))
        if result.cause.line:
            lines.append(field("known by", result.cause.line))
        lines.append(field("what helps", result.cause.remedy))
    lines += [field("warning", warning) for warning in result.warnings]
    lines += [field(step.name, f"{step.at:6.1f} s  {step.text}") for step in result.steps]
    lines += memory_lines(result)
    lines += [field("note", note) for note in result.notes]
    if result.status != 0 and result.console:
        lines += ["the console ended with:", *(f"  | {printable(line)}" for line in result.console)]
    return lines


def field(name, value):
    return f"  {name:<18} {printable(value)}"


def memory_lines(result):
    if not result.samples:
        return []
    free, available = result.lowest("free"), result.lowest("available")
    return [field("memory", f"{mib(free.total)} for the capture kernel, of {result.reserved >> 20} MiB reserved"),
            field("lowest free", f"{mib(free.free)}, {free.at:.1f} s after the capture kernel started"),
            field("lowest available", f"{mib(available.available)}, {available.at:.1f} s after it started")]


def printable(line):
    """Nothing of a console is any business of this terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def as_json(result, advice=None):
    """One object; "version" is 1 and grows when a member changes its meaning or goes away."""
    free, available = result.lowest("free"), result.lowest("available")
    said = {
        "version": 1,
        "status": result.status,
        "verdict": result.verdict,
        "sentence": result.sentence,
        "cause": result.cause and {"name": result.cause.name, "sentence": result.cause.sentence,
                                   "remedy": result.cause.remedy, "line": result.cause.line},
        "warnings": result.warnings,
        "notes": result.notes,
        "machine": {"arch": result.arch, "release": result.release, "memory": result.memory,
                    "accelerated": result.accelerated},
        "crashkernel": result.crashkernel,
        "reserved": result.reserved,
        "command": result.command,
        "steps": [{"name": step.name, "seconds": round(step.at, 2), "text": step.text} for step in result.steps],
        "memory": result.samples and {
            "total_kib": free.total, "lowest_free_kib": free.free, "lowest_available_kib": available.available,
            "samples": [{"seconds": sample.at, "free_kib": sample.free, "available_kib": sample.available}
                        for sample in result.samples]} or None,
        "plan": result.plan,
        "console": result.console,
    }
    if advice:
        said["advice"] = advice
    return json.dumps(said, indent=2)
