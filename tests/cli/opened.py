# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What was looked at is what is loaded: files that are replaced or written to between the look and the call."""
import gzip
import os
import zlib

from arming import ARMED, BOTH
from cases import KERNEL, all_of, loads, state
from files import DISK
from harness import Case, expect
from vmlinux import uimage, vmlinux

OTHER = {"vmlinux": vmlinux(size=70000), "initrd": DISK[::-1]}
LOOKED_AT = {"vmlinux": KERNEL, "initrd": b"initrd" * 5000}
WORDS = "{argv} %s --initrd={dir}/initrd {dir}/vmlinux"
# Neither root nor the owner: there is no lease, and nobody waits.
NO_LEASE = "setpriv --bounding-set=-lease " + WORDS


def in_directory(command):
    return 'cd "$KEXEC_MODEL_ROOT/.." && ' + command


RENAMED = "mv other-{0} {0}"
# The writer is told to come again.
KEPT_OUT = "! dd if=other-{0} of={0} conv=notrunc oflag=nonblock 2>refused && grep -q unavailable refused"
WRITTEN = "cat other-{0} >{0}"


def others(where):
    for name, data in OTHER.items():
        with open(f"{where}/other-{name}", "wb") as f:
            f.write(data)
        os.chown(f"{where}/{name}", 65534, 65534)


def got(kernel=KERNEL, initrd=LOOKED_AT["initrd"]):
    """The model says what it read of the descriptors."""
    wanted = [f"  read kernel {zlib.crc32(kernel):08x}", f"  read initrd {zlib.crc32(initrd):08x}"]
    return lambda r: expect([line for line in r.read("calls").splitlines() if "  read" in line] == wanted, r.read("calls"))


def case(name, argv, change, shell=WORDS, when="MEANWHILE", file="16,0", status=0, **more):
    env = {"KEXEC_MODEL_FILE": file, **more.pop("env", {})}
    if change:
        env["KEXEC_MODEL_" + when] = in_directory(change)
    prepare = all_of(others, ARMED, *([more.pop("prepare")] if "prepare" in more else []))
    return Case(f"opened once: {name}", "sh", status, shell=shell % argv, env=env, prepare=prepare, **more)


CASES = []
for what in OTHER:
    for call, flags in ("-s -p", "0x2"), ("-a -p", "0x2"), ("-s -l", "0x0"):
        file = "0" if "-a" in call else "16,0"
        done = [f"{flags} = -16"] * (file != "0") + [f"{flags} = 0"]
        for change, done_to in (RENAMED, "another takes its name"), (KEPT_OUT, "a writer waits"):
            CASES.append(case(f"{what}, {call}: {done_to}", call, change.format(what), file=file, check=all_of(loads(*done), got())))
    for call in "-s -p", "-s -l":
        CASES.append(case(f"{what}, {call}: written to", call, WRITTEN.format(what), NO_LEASE, status=255,
                          stderr="kexec_file_load failed: Stale file handle: the kernel or the initrd was written to after",
                          check=all_of(loads(("0x2" if "-p" in call else "0x0") + " = -16"), state(1, 0))))
    # kexec_load reads the file itself, where that is mapped: under a lease, which ends when a writer has waited long.
    CASES += [
        case(f"{what}, -c: the lease ends, nobody writes", "-c -p", "true", env={"KEXEC_MODEL_LEASES_END": "1"},
             check=all_of(loads("0x150001 = 0"), state(1, 0))),
        case(f"{what}, -c: mapped, and written to", "-c -p", WRITTEN.format(what), env={"KEXEC_MODEL_LEASES_END": "1"},
             status=255, stderr="the kernel, the initrd or the device tree was written to, or cannot be read any more; try",
             check=all_of(loads(), state(1, 0))),
        case(f"{what}, -c: mapped, and written to at the wrong moment", "-c -p", WRITTEN.format(what), when="DURING",
             env={"KEXEC_MODEL_LEASES_END": "1"}, status=4, stderr="was written to while it was loaded; load again",
             check=loads("0x150001 = 0")),
        case(f"{what}, -c: a copy, and written to", "-c -p", WRITTEN.format(what), NO_LEASE,
             check=all_of(loads("0x150001 = 0"), state(1, 0))),
    ]
    CASES += [
        case(f"{what}, -a: written to, so the plan is loaded", "-p", WRITTEN.format(what), NO_LEASE, file="0",
             stderr=r"was written to after .*; loading with kexec_load\n", check=all_of(loads("0x150001 = 0"), state(1, 0))),
        case(f"{what}, -s: written to at the wrong moment", "-p -s", WRITTEN.format(what), NO_LEASE, "DURING", "0", status=4,
             stderr="warning: the kernel or the initrd was written to while it was loaded; load again",
             check=all_of(loads("0x2 = 0"), lambda r: expect("was written to while" in r.read("machine/kexec-log"),
                                                             r.read("machine/kexec-log")))),
    ]


def written(name, data):
    def prepare(where):
        with open(f"{where}/{name}", "wb") as f:
            f.write(data)
    return prepare


# What is unpacked for the plan is what the running kernel is given, without what the plan has changed in it.
for how, data in ("gzip", gzip.compress(KERNEL)), ("uImage", uimage(gzip.compress(KERNEL), 1)):
    CASES += [case(f"{how} kernel, {call}", call, RENAMED.format("vmlinux") if file != "0" else "", file=file,
                   prepare=written("vmlinux", data), check=all_of(loads(*calls), got()), **more)
              for call, file, calls, more in (
                  ("-a -p", "0", ["0x2 = 0"], {}), ("-s -p", "16,0", ["0x2 = -16", "0x2 = 0"], {}),
                  ("-s -l", "0", ["0x0 = 0"], {}))]
    CASES.append(Case(f"opened once: {how} kernel, when kexec_load may not", "-p --hotplug --initrd={initrd} {kernel}", kernel=data,
                      env={**BOTH, "KEXEC_MODEL_POLICY": "1"}, stderr="loading with kexec_file_load",
                      check=all_of(loads("0x150009 = -1", "0x2 = 0"), got())))
CASES += [
    case("wrapped initrd, -a -p", "-a -p", RENAMED.format("initrd"), file="0", check=all_of(loads("0x2 = 0"), got(initrd=DISK)),
         prepare=written("initrd", uimage(DISK, kind=3))),
]
