# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64: is the machine ready? What is armed there is of no account: the files of its kernel say it."""
from cases import all_of, put, readiness
from harness import Case, expect
from recorded import Recorded

MACHINE = Recorded("q35-bios-added", 4096, crash=(0x2f000000, 0x10000000))
RULES = "machine/usr/lib/udev/rules.d/98-kexec.rules"
REMOVED = b'SUBSYSTEM=="memory", ACTION=="remove", CONST{arch}=="x86-64", RUN+="/usr/bin/touch /run/kdump/reload/removed"\n'
OFFLINE = REMOVED.replace(b"remove", b"offline", 1)
STALE = "leaves memory that was removed in the image.*no udev rule reloads on the event \"remove\""


def files(kept=1, memory=b"1\n", rules=None):
    found = [put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
             put("machine/sys/devices/system/cpu/crash_hotplug", b"%d\n" % kept),
             put("machine/sys/devices/system/memory/crash_hotplug", memory)]
    return all_of(*found, *[put(RULES, rules)] * (rules is not None))


def ready(name, status, stdout, prepare):
    return Case(f"x86_64: readiness: {name}", "-S --verbose", status, machine=MACHINE, prepare=prepare,
                stdout="(?s)" + stdout)


CASES = [
    ready("no rule reloads when memory is removed", 1, "WARNING: armed; the kernel keeps it.*but.*" + STALE, files()),
    ready("a rule does", 0, r"OK: armed; the kernel keeps it.*98-kexec.rules:1 reloads on memory remove\n", files(rules=REMOVED)),
    ready("a rule reloads too early", 1, STALE, files(rules=OFFLINE)),
    ready("nothing is kept current", 1, "WARNING: armed, but stale", files(kept=0, memory=b"0\n", rules=REMOVED)),
    Case("x86_64: readiness: JSON", "-S --verbose --json", 1, stdout="{", machine=MACHINE, prepare=files(),
         check=readiness("kept-current", 1, lambda j: expect(len(j["warnings"]) == 1 and "removed" in j["warnings"][0], j))),
    ready("CPUs that are only possible have no notes", 0, "OK: .*4 possible, 2 present, 2 with crash notes", files(rules=REMOVED)),
    ready("a CPU that is present has none", 1, "1 of 3 present CPUs have no crash_notes",
          all_of(files(rules=REMOVED), put("machine/sys/devices/system/cpu/present", b"0-2\n"))),
]
