# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What has to happen, and what must not, when an emulated machine crashes.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import re
import struct

from architecture import PACKAGED
from failure import Failure
from stage import expect

EXIT_TIMEOUT = 180

# What a capture kernel that does not know the CPU it starts on leaves in its
# log buffer, before there is a console.
LOST_CPU = (b"Failed to identify boot CPU !",
            b"kernel BUG at arch/powerpc/kernel/prom.c:")

# Where to break the loaded kernel: in its text, and how much of it identifies
# the place.
TEXT_OFFSET = 1 << 20
TEXT_SAMPLE = 4096


# purgatory/params.h: its magic, and where the word `units` is from there on.
PURGATORY_MAGIC, UNITS_AT = 0x6b78707572676131, 416

# What the purgatory says when it is asked to: that it is there, that all is well, where it goes.
TOLD = ("I'm in purgatory", "purgatory: the SHA-256 digest is right", "purgatory: jumping to the kernel at 0x")


def crash(stage):
    """No hotplug event: the plain crash dump."""
    stage.boot()
    asked = stage.loader != PACKAGED
    stage.load("--hotplug", *["--console-serial"] * asked)
    expect_unit(stage)
    position = stage.machine.console.position()
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    if asked:
        expect_told(stage, position)


def no_hotplug(stage):
    """A kernel without crash hotplug: --hotplug is refused, the plain load works."""
    stage.boot()
    if stage.loader != PACKAGED:
        status, output = stage.guest.run(stage.load_command(["--hotplug"]))
        expect(status == 1 and "CONFIG_CRASH_HOTPLUG" in output, f"--hotplug: status {status}\n{output}")
        stage.expect_loaded(False)
    stage.load()
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)


def cpu_hotplug(stage, command_line=None):
    """A CPU is added after the load and crashes: the dump is there."""
    stage.boot()
    stage.load("--hotplug", command_line=command_line)
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    before = stage.known_cpus()
    cpu = stage.plug_cpu()
    nodes = stage.known_cpus()
    expect(len(nodes) == len(before) + 1, f"CPUs {before} became {nodes}")
    crash_and_compare(stage, cpu)


def cpu_stale(stage):
    """The same without --hotplug: lost, and for this reason only."""
    stage.boot()
    stage.load()
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    expect_lost(stage)


def expect_lost(stage):
    """A CPU is added and crashes: the capture kernel does not know it."""
    region = stage.crash_region()
    stage.crash(stage.plug_cpu())
    with stage.timed("readout"):
        stage.wait_memory(region, LOST_CPU)
    stage.expect_silence()


def cpu_all(stage):
    """All CPUs but one are added after the load; the last crashes."""
    stage.boot()
    stage.load("--hotplug")
    possible = stage.possible_cpus()
    while stage.cpus() != possible:
        cpu = stage.plug_cpu()
    expect(cpu == max(possible), f"of {possible}, CPU {cpu} came last")
    crash_and_compare(stage, cpu)


def cpu_replug(stage):
    """A CPU is added, removed and added again, and crashes."""
    stage.boot()
    stage.load("--hotplug")
    before = stage.known_cpus()
    stage.plug_cpu()
    stage.unplug_cpu()
    nodes = stage.known_cpus()
    expect(nodes == before, f"CPUs {before} became {nodes}")
    crash_and_compare(stage, stage.plug_cpu())


def cpu_reload(stage):
    """A load after the CPU was added knows it, also without --hotplug."""
    stage.boot()
    stage.load()
    cpu = stage.plug_cpu()
    stage.load()
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    crash_and_compare(stage, cpu)


def hash_mmu(stage):
    """The same as cpu-hotplug, with the hash MMU."""
    # This machine's interrupt controller lets the kernel distribute interrupts
    # to all CPUs, which QEMU does by sending them to CPU 0: it is not there.
    cpu_hotplug(stage, stage.capture_command_line() + " noirqdistrib")
    said = stage.guest.read("/proc/cpuinfo")
    expect(re.search(r"^MMU\s*: Hash$", said, re.M), f"no hash MMU:\n{said}")


def power10(stage):
    """The same as cpu-hotplug, with POWER10 processors."""
    cpu_hotplug(stage)
    said = stage.guest.read("/proc/cpuinfo")
    expect("POWER10" in said, f"no POWER10:\n{said}")


def powernv(stage):
    """A machine with OPAL, where nothing is plugged: the plain crash dump."""
    stage.boot()
    said = stage.guest.read("/proc/cpuinfo")
    expect(re.search(r"^platform\s*: PowerNV$", said, re.M), f"not OPAL:\n{said}")
    stage.load("--hotplug")
    crash_and_compare(stage, max(stage.cpus()))


def unload(stage):
    """An unloaded image does not start: the machine reboots."""
    stage.boot()
    stage.load("--hotplug")
    stage.unload()
    stage.crash(cpu=0)
    expect(stage.machine.wait_exit(EXIT_TIMEOUT), "the machine did not reboot")
    expect(not stage.guest.has_come_up(), "a capture kernel came up")


def reload(stage):
    """A load over a loaded image replaces it."""
    stage.boot()
    stage.load("--hotplug")
    stage.load("--hotplug", command_line=stage.line("nr_cpus=1 second_load"))
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    command_line = stage.guest.read("/proc/cmdline")
    expect("second_load" in command_line, f"captured with '{command_line}'")


def execute(stage):
    """kexec -l and -e: another kernel starts, with every CPU."""
    executed(stage, how="-c -l")


def executed(stage, how):
    """Boot, load another kernel in this way and start it."""
    stage.boot()
    cpus = stage.cpus()
    expect(len(cpus) == int(stage.hardware.smp.split(",")[0]), f"CPUs {cpus} online")
    stage.start_kernel(stage.line("second_kernel"), how=how)
    expect(stage.cpus() == cpus, f"CPUs {stage.cpus()} came up, not {cpus}")


def no_unit(stage):
    """A processor without instructions for SHA-256: the plain crash dump."""
    crash(stage)


def no_unit_corrupt(stage):
    """The same, with one wrong byte in the loaded kernel: the purgatory stops there."""
    corrupt(stage)


def expect_unit(stage):
    """The purgatory makes the digest with such instructions where the processor has them."""
    if stage.loader == PACKAGED:
        return
    there = stage.architecture.has_unit(stage)
    expect(there or stage.hardware.unit is not True, "the processor has no instructions for SHA-256")
    expect(not there or stage.hardware.unit is not False, "the processor has instructions for SHA-256")
    memory = stage.machine.save_memory(stage.crash_region())
    for order in "<", ">":
        at = memory.find(struct.pack(order + "Q", PURGATORY_MAGIC))
        if at >= 0:
            units, = struct.unpack_from(order + "Q", memory, at + UNITS_AT)
            expect(units == int(there), f"the purgatory has units {units:#x}, the processor {there}")
            return
    raise Failure("there is no purgatory in the crash region")


def corrupt(stage):
    """One wrong byte in the loaded kernel: the purgatory stops there."""
    stage.boot()
    stage.load("--hotplug")
    expect_unit(stage)
    corrupt_loaded(stage)


def corrupt_loaded(stage):
    """Break what is loaded, and crash."""
    stage.machine.flip_byte(_loaded_text(stage))
    region, position = stage.crash_region(), stage.machine.console.position()
    stage.crash(cpu=0)
    stage.architecture.expect_stopped(stage, region, position)
    if stage.architecture.console_is_whole and stage.loader != PACKAGED:
        said = stage.machine.console.text(position)
        expect(re.search(r"purgatory: kernel(-\d+)? is damaged", said), "it is not said what is damaged")


def expect_told(stage, position, asked=True):
    """On the console, of which the position is that before the crash, the purgatory has told its way, or nothing."""
    said = stage.machine.console.text(position)
    for line in TOLD:
        told = stage.architecture.has_printed(said, line)
        expect(told == asked, f"{'not ' * asked}on the console: {line}\n{said}")


def crash_and_compare(stage, cpu, asked=False):
    """Captured after a crash of this CPU, by a kernel which knows all CPUs. asked: the purgatory is to tell its way."""
    nodes, position = stage.known_cpus(), stage.machine.console.position()
    stage.crash(cpu)
    stage.captured_log(cpu)
    seen = stage.architecture.captured_cpus(stage)
    expect(seen == nodes, f"of the CPUs the capture kernel has {seen}, not {nodes}")
    if stage.loader != PACKAGED:
        expect_told(stage, position, asked)


def _loaded_text(stage):
    """The address in the crash region where the kernel's text was loaded."""
    region = stage.crash_region()
    with open(stage.site.kernel, "rb") as file:
        file.seek(TEXT_OFFSET)
        sample = file.read(TEXT_SAMPLE)
    offset = stage.machine.save_memory(region).find(sample)
    expect(offset >= 0, "the loaded kernel is not in the crash region")
    return region.start + offset
