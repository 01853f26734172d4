# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What only PCs are asked: CPU and memory in one story, UEFI, lockdown.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import re
import struct
import subprocess

from architecture import PACKAGED
from chain import PACK
from dump import Dump, show, subtract
from memory import captured_without, expect_all, find_pattern, lost_content, plug_movable
from scenarios import PURGATORY_MAGIC, crash_and_compare
from stage import expect
from uefi import LOCKED

FORGOTTEN = "this kernel leaves memory that was removed in the image"
KCORE = "/proc/kcore"
SETUP_SECTS, PAYLOAD = 0x1f1, 0x248
ZSTD = b"\x28\xb5\x2f\xfd"
# purgatory/params.h: where the word `consoles` and the second region's start are, from the magic number on.
CONSOLES_AT, REGION_AT = 352, 432 + 24
NOWHERE, PAGE_FAULT = 0x700000000000, 14
RUNTIME_MAP = "/sys/firmware/efi/runtime-map"


def hotplug(stage):
    """Memory and a CPU are added after the load, the CPU crashes: both are in the dump."""
    stage.boot()
    stage.load("--hotplug")
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    added, cpu, chunks = _plug_both(stage)
    memory, region = stage.memory_to_dump(), stage.crash_region()
    expect(not subtract([added], memory), f"the new memory {show([added])} is not in {show(memory)}")
    text, linear = _addresses(stage)
    crash_and_compare(stage, cpu)
    dump = Dump(stage.guest)
    expect_all(dump, memory)
    lost = lost_content(stage, dump, chunks)
    expect(not lost, f"not what was there, in the dump at {lost}")
    expect(dump.text() == text, f"the kernel's text is at {dump.text():#x} in the dump, not at {text:#x}")
    expect(dump.linear_map() == linear, f"memory is at {dump.linear_map()} in the dump, not at {linear}")
    total = stage.memory_total()
    expect(total < len(region), f"the capture kernel has {total} bytes, more than its region")


def stale(stage):
    """The same without --hotplug: the dump lacks the memory, and the registers of the CPU."""
    stage.boot()
    stage.load()
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    added, cpu, _ = _plug_both(stage)
    cpus = len(stage.known_cpus())
    captured_without(stage, added, cpu)
    seen = len(stage.architecture.captured_cpus(stage))
    expect(seen == cpus - 1, f"registers of {seen} CPUs, where there were {cpus}")


def fault(stage):
    """The purgatory reads where there is no memory: on the console it names the exception and the address, and stops."""
    region, position = _fault(stage)
    stage.architecture.expect_stopped(stage, region, position)
    said = stage.machine.console.text(position)
    for line in (f"purgatory: a fault, exception 0x{PAGE_FAULT:016x} RIP 0x{region.start >> 32:08x}",
                 "purgatory: stopped; there will be no dump."):
        expect(stage.architecture.has_printed(said, line), f"not on the console: {line}\n{said}")
    # The port loses characters; a zero more or less is not another address.
    expect(re.search("0x0*70{3,}", said), f"the address is not {NOWHERE:#x}: {said}")


def fault_untold(stage):
    """The same of a purgatory that knows no console, where nobody could read it: the machine starts again."""
    _fault(stage, (CONSOLES_AT, 0))
    stage.guest.wait_ready("first")


def _fault(stage, *more):
    """The crash region, and where the console was; the purgatory runs, and has these words: it shall read NOWHERE."""
    stage.boot()
    stage.load()
    region, position = stage.crash_region(), stage.machine.console.position()
    magic = struct.pack("<Q", PURGATORY_MAGIC)
    purgatory = stage.machine.save_memory(region).find(magic)
    expect(purgatory >= 0, "there is no purgatory in the crash region")
    stage.machine.monitor.command("set-action", reboot="reset", panic="none")   # else a reset ends it
    for at, word in (REGION_AT, NOWHERE), *more:
        stage.machine.write_memory(region.start + purgatory + at, struct.pack("<Q", word))
    stage.crash(cpu=0)
    return region, position


def taken(stage):
    """The same when the capture kernel is not told to leave it alone: it overwrites the memory."""
    stage.boot()
    stage.load("--hotplug", *stage.architecture.unguarded_options(stage.loader),
               command_line=stage.line("nr_cpus=1 panic=5"))
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    added, cpu, chunks = _plug_both(stage)
    crash_and_compare(stage, cpu)
    own = stage.system_ram()
    expect(not subtract([added], own), f"the capture kernel has {show(own)} only")
    expect(lost_content(stage, Dump(stage.guest), chunks), "nothing is lost: does it leave it alone?")


def packaged(stage):
    """The same with the packaged kexec-tools, which does not tell it: the memory is lost."""
    stage.loader = PACKAGED
    taken(stage)


def remove(stage):
    """Memory is added and removed after the load, then loaded again: not in the dump."""
    added = _removed(stage)
    stage.load("--hotplug")
    captured_without(stage, added)


def remove_stale(stage):
    """The same, not loaded again: the kernel says that it has rewritten its headers, and has not."""
    added = _removed(stage)
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    dumped = Dump(stage.guest).memory()
    expect(not subtract([added], dumped), f"the dump has {show(dumped)}: mended?")


def uefi(stage):
    """kexec starts a second kernel and a third on a machine with UEFI: all three use it."""
    stage.boot()
    before = _runtime_map(stage)
    expect(before, "the first kernel knows no UEFI")
    for generation in 2, 3:
        stage.guest.check(PACK)
        stage.start_kernel(stage.line(f"generation={generation}"), initrd="/tmp/whole")
        seen = _runtime_map(stage)
        expect(seen == before, f"kernel {generation} has\n{seen}\nwhere the first had\n{before}")


def vmlinux(stage):
    """The vmlinux inside of the bzImage, which is linked for another place, captures a crash."""
    stage.boot()
    stage.deliver("/tmp/vmlinux", _inside(stage.site.kernel))
    stage.load("--hotplug", kernel="/tmp/vmlinux")
    memory = stage.memory_to_dump()
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    expect_all(Dump(stage.guest), memory)


def _inside(kernel):
    """Of a bzImage, by its header (Documentation/arch/x86/boot.rst): what is compressed in there."""
    with open(kernel, "rb") as file:
        data = file.read()
    at, size = struct.unpack_from("<II", data, PAYLOAD)
    start = (data[SETUP_SECTS] + 1) * 512 + at
    packed = data[start:start + size]
    expect(packed.startswith(ZSTD), f"{kernel}: its payload is not by zstd")
    # Behind it is its size, unpacked.
    return subprocess.run(["zstd", "-d", "-q", "-c"], input=packed[:-4], stdout=subprocess.PIPE, check=True).stdout


def lockdown(stage):
    """lockdown=integrity: nothing is loaded, by either system call, and it is said why."""
    stage.boot()
    expect("[integrity]" in stage.guest.check(LOCKED), "the kernel is not locked down")
    for how in "-c -p", "-c -l", "-s -l":
        status, output = stage.guest.run(stage.load_command(how=how))
        expect(status, f"{how} has loaded\n{output}")
        if stage.loader != PACKAGED:
            expect("locked down" in output, f"{how} does not say that it is the lockdown:\n{output}")
    stage.expect_loaded(False)
    said = stage.guest.check("dmesg")
    expect("Lockdown: " in said, "the kernel has refused nothing for this reason")


def _plug_both(stage):
    """(the new memory, the new CPU, what find_pattern() has found in the memory)"""
    added = plug_movable(stage)
    return added, stage.plug_cpu(), find_pattern(stage, added)


def _removed(stage):
    """Loaded; then memory came and went. Its range. That this kernel forgets it, kexec -S says from the start."""
    stage.boot()
    stage.load("--hotplug")
    status, output = stage.guest.run("kexec -S --verbose")
    expect(status == 1 and FORGOTTEN in output, f"kexec -S --verbose: status {status}\n{output}")
    before = stage.memory()
    added = plug_movable(stage)
    stage.unplug_memory()
    after = stage.memory()
    expect(after == before, f"the memory {show(before)} became {show(after)}")
    return added


def _addresses(stage):
    """Of the running kernel: where its text is, and what is added to physical addresses."""
    symbols = stage.guest.check("grep -E ' [Tt] _text$' /proc/kallsyms")
    linear = Dump(stage.guest, path=KCORE).linear_map()
    expect(len(linear) == 1, f"memory is at {linear}")
    return int(re.match("[0-9a-f]+", symbols)[0], 16), linear


def _runtime_map(stage):
    """What the firmware has asked to be mapped, a line each, in any order."""
    return stage.guest.check(f"for entry in {RUNTIME_MAP}/*; do "
                             "[ ! -e $entry/type ] || echo $(cat $entry/*); done | sort")
