# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A dump brought home: every program that reads logs out of dumps agrees.

The scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import difflib
import os
import subprocess

from failure import Failure
from files import build, packaged
from logs import STAMP, as_ours
from stage import expect

TIMEOUT = 300
KEXEC_TOOLS = "the vmcore-dmesg of kexec-tools"
X86 = "x86_64"
TOO_WIDE = "VA Bits 52 not supported"
SAVE = "dd if=/proc/vmcore of=/dev/vda bs=1M conv=fsync 2>/dev/null"


def agree(stage, also=lambda stage: None):
    """On another machine vmcore-dmesg says the same, and so do other programs."""
    stage.boot()
    stage.load()
    stage.crash(cpu=0)
    there = stage.captured_log(cpu=0)
    also(stage)
    core = _bring_home(stage)
    ours = _run(os.path.join(build("native"), "vmcore-dmesg"), core)
    _expect_same("vmcore-dmesg in the guest", there.strip(), "here", ours.strip())
    for name, text in _others(stage, core):
        _expect_same("vmcore-dmesg", ours, name, as_ours(text))
        if name == KEXEC_TOOLS:
            _expect_raw(ours, text)
    # Emulated, makedumpfile would take minutes.
    if stage.site.arch == X86:
        for name, text in _of_compressed(stage, core):
            _expect_same("vmcore-dmesg", ours, name, as_ours(text))
    os.unlink(core) # large; kept when something has failed


def _others(stage, core):
    """What other programs say; of another byte order, theirs do not read dumps."""
    if stage.site.big_endian:
        return
    yield KEXEC_TOOLS, _run(*packaged(stage.site.arch, "kexec-tools", "vmcore-dmesg"), core)
    text = os.path.join(stage.directory, "makedumpfile.txt")
    try:
        _run(*packaged(stage.site.arch, "makedumpfile", "makedumpfile"), "-f", "--dump-dmesg", core, text)
    except Failure as failure:
        # Version 1.7.8 reads no dump of an arm64 kernel that is built for addresses of 52 bits, as Debian's are.
        if stage.site.arch == "arm64" and TOO_WIDE in str(failure):
            return
        raise
    with open(text, encoding="utf-8") as file:
        yield "makedumpfile", file.read()


def _of_compressed(stage, core):
    """What is in a dump as distributions keep it: compressed, and without the pages nobody reads."""
    makedumpfile = packaged(X86, "makedumpfile", "makedumpfile")
    small, text = (os.path.join(stage.directory, name) for name in ("compressed", "compressed.txt"))
    with stage.timed("compress"):
        _run(*makedumpfile, "-f", "-c", "-d", "31", core, small)
    yield "vmcore-dmesg of a compressed dump", _run(os.path.join(build("here"), "vmcore-dmesg"), small)
    _run(*makedumpfile, "-f", "--dump-dmesg", small, text)
    with open(text, encoding="utf-8") as file:
        yield "makedumpfile of a compressed dump", file.read()
    os.unlink(small)


def _bring_home(stage):
    """The path of a copy of /proc/vmcore."""
    with stage.timed("save"):
        size = int(stage.guest.check("stat -c %s /proc/vmcore"))
        stage.guest.check(SAVE)
    core = stage.machine.disk
    expect(0 < size <= os.path.getsize(core), f"/proc/vmcore has {size} bytes")
    os.truncate(core, size)
    return core


def _run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n"
                      f"{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def _expect_same(name, text, other_name, other):
    difference = difflib.unified_diff(text.splitlines(True), other.splitlines(True),
                                      name, other_name, n=1)
    expect(text == other, "not the same log:\n" + "".join(difference))


def _expect_raw(ours, theirs):
    """Each line as it is, but for the time that only ours has on the later lines of a record."""
    pairs = list(zip(ours.splitlines(True), theirs.splitlines(True), strict=True))
    expect(pairs, "both logs are empty")
    for line, other in pairs:
        later = not STAMP.match(other) and STAMP.match(line)
        expect(other == (line[later.end():] if later else line), f"{KEXEC_TOOLS} has {other!r} for {line!r}")
