# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Where the running kernel loads by itself: kexec_file_load.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import re

from dump import Dump
from files import COMPRESSED
from memory import expect_all
from scenarios import crash_and_compare, executed
from stage import PRINT_LOG, expect

# What -d says of each of the two system calls.
FILE_LOAD = "kexec_file_load: flags"
LOAD = "kexec_load: entry"
STATUS_NO_FILE_LOAD = 253


def cpu(stage):
    """kexec -s -p: the kernel's own loader; a CPU is added and crashes."""
    stage.boot()
    _expect_call(stage.load("-d", how="-s -p"), FILE_LOAD)
    _added_cpu_captured(stage)


def hotplug(stage):
    """kexec -s -p --hotplug: added memory and an added CPU are in the dump."""
    stage.boot()
    stage.load("--hotplug", how="-s -p")
    stage.plug_memory()
    memory = stage.memory_to_dump()
    _added_cpu_captured(stage)
    expect_all(Dump(stage.guest, stage.site.big_endian), memory)


def start(stage):
    """kexec -s -l and -e: another kernel starts, with every CPU."""
    executed(stage, how="-s -l")


def auto(stage):
    """Without -c or -s the kernel's own loader is used where there is one, but not for --hotplug."""
    stage.boot()
    # Only an image of that loader is kept correct without --hotplug.
    _expect_call(stage.load("-d", how="-p"), FILE_LOAD)
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    _expect_call(stage.load("-d", "--hotplug", how="-a -p"), LOAD)
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    _added_cpu_captured(stage)


def auto_fallback(stage):
    """Where there is none, -s says so, and -p and -a use the other."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(how="-s -p"))
    expect(status == STATUS_NO_FILE_LOAD, f"kexec -s: status {status}\n{output}")
    stage.expect_loaded(False)
    _expect_call(stage.load("-d", how="-p"), LOAD)
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    _expect_call(stage.load("-d", "--hotplug", how="-a -p"), LOAD)
    _added_cpu_captured(stage)


def auto_big_endian(stage):
    """A big-endian kernel spoils its own crash images: -p and -a use the other."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(how="-s -p"))
    expect(status == 4 and "; use -c" in output, f"-s: status {status}\n{output}")
    _expect_call(stage.load("-d", how="-p"), LOAD)
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    _expect_call(stage.load("-d", "--hotplug", how="-a -p"), LOAD)
    _added_cpu_captured(stage)


def spoilt(stage):
    """For this reason: loaded with -s, the log in the dump is not the crash's."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(how="-s -p"))
    expect(status == 4, f"-s: status {status}\n{output}")
    stage.expect_loaded(True)
    stage.crash(cpu=0)
    with stage.timed("capture"):
        stage.guest.wait_ready("capture")
    log = stage.guest.check(PRINT_LOG)
    expect(log and stage.marker not in log, "it is the log of the crash: mended?")


def compressed(stage):
    """kexec -s -p of compressed kernels; of half of one nothing is loaded."""
    stage.boot()
    for kernel in (f"/{name}" for name in COMPRESSED):
        half = f"dd if={kernel} of=/tmp/half bs=1M count=1 2>/dev/null"
        status, output = stage.guest.run(
            f"{half} && " + stage.load_command(how="-s -p", kernel="/tmp/half"))
        expect(status and "/tmp/half" in output,
               f"half of {kernel}: status {status}\n{output}")
        stage.expect_loaded(False)
        stage.load(how="-s -p", kernel=kernel)
        stage.unload()
    stage.load(how="-s -p", kernel=kernel)
    _added_cpu_captured(stage)


def _added_cpu_captured(stage):
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    crash_and_compare(stage, stage.plug_cpu())


def _expect_call(output, wanted):
    """The system call which -d speaks of last is the one that loaded."""
    calls = re.findall(f"{FILE_LOAD}|{LOAD}", output)
    expect(calls and calls[-1] == wanted, f"'{wanted}' is not last in\n{output}")
