# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The story of tests/demo: the same crash twice, captured and lost; of arm64, by ours and by the packaged loader."""

import argparse
import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "../lib"), os.path.join(HERE, "../../drill")]

from architecture import PACKAGED  # noqa: E402
from dump import Dump, show, subtract  # noqa: E402
from failure import Failure  # noqa: E402
from files import Site, build  # noqa: E402
from firstline import crash_to_first_line, early_line  # noqa: E402
from memory import find_pattern, lost_content, plug_movable  # noqa: E402
from scenarios import LOST_CPU  # noqa: E402
from scripts import ARCHIVE_LACKS, ArchiveLacks  # noqa: E402
from stage import Stage, expect  # noqa: E402

CONSOLE_LINES = 15

# In the captured log, what nobody reads in a demonstration.
REGISTERS = re.compile(r"\] (GPR|IRQMASK|MSR|REGS|NIP|LR|Code:|R[0-9A-Z]{1,2}[0-9PXI]?:)")

# What of the early log is worth showing; the texts in guest memory have no end
# mark of their own.
EARLY_LINES = re.compile(
    rb"Failed to identify boot CPU !"
    rb"|kernel BUG at \S+?:\d+!"
    rb"|Oops: [ -~]+?\]"
    rb"|NIP \[[0-9a-f]+\] early_init\w+\+0x[0-9a-f]+/0x[0-9a-f]+"
    rb"|Kernel panic - not syncing: [A-Za-z ]+")


def main():
    parser = argparse.ArgumentParser(prog="tests/demo")
    parser.add_argument("machine", nargs="?", choices=["power", "x86_64", "arm64"], default="power",
                        help="what to emulate (default: power)")
    parser.add_argument("--kernel", choices=["64k", "4k"], default="64k",
                        help="for power, by page size (default: 64k)")
    parser.add_argument("--started", type=float, default=time.time(),
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    demo = {"power": lambda: Power(options.started, options.kernel), "x86_64": lambda: PC(options.started),
            "arm64": lambda: Arm(options.started)}[options.machine]()
    try:
        demo.tell_all()
    except ArchiveLacks as lack:
        print(f"The demo cannot run today: {lack}. Debian's mirror is in the middle of a synchronisation: "
              "try again in an hour, or name another mirror in apt's sources.list(5).")
        return ARCHIVE_LACKS
    except (Failure, OSError) as failure:
        print(f"The demo has failed: {failure}")
        return 1
    return 0


class Demo:
    """What both machines have in common: how a story is told, and where each begins."""

    arch = ""               # of the programs
    machine = ""            # what is emulated, in words

    def __init__(self, started):
        self._started = started

    def say(self, text):
        print(f"[{time.time() - self._started:6.1f} s] {text}", flush=True)

    def quote(self, title, lines):
        print(f"\n  ---- {title} ----")
        for line in lines:
            print(f"  | {line}")
        print("  ----\n", flush=True)

    def build(self):
        self.say(f"building kexec and vmcore-dmesg for {self.arch}")
        programs = build(self.arch)
        self.say(f"built: {programs}")
        return programs

    def tell(self, site, name, ending, *options, loader="kexec"):
        with Stage(site, name, site.architecture.usual, loader) as stage:
            try:
                self.crash(stage, ending, options)
            except (Failure, OSError):
                self.quote("the console ended with",
                           stage.machine.console.last_lines(CONSOLE_LINES))
                self.say(f"logs: {stage.directory}")
                raise

    def boot(self, stage):
        self.say(f"starting {self.machine} in QEMU")
        stage.boot()
        release = stage.guest.check("uname -r").strip()
        self.say(f"Linux {release} is up, CPUs {sorted(stage.cpus())} online")

    def boot_and_load(self, stage, options):
        self.boot(stage)
        self.say("# " + stage.load_command(options))
        stage.load(*options)
        cpu_kept, memory_kept = stage.crash_hotplug()
        self.say(f"loaded; crash_hotplug reads {cpu_kept} for CPUs, "
                 f"{memory_kept} for memory")
        expect(cpu_kept == ("1" if "--hotplug" in options else "0"), "it was to be otherwise")

    def crash_on(self, stage):
        """The CPU that is hot-added, on which the machine has crashed."""
        self.say("hot-adding a CPU")
        cpu = stage.plug_cpu()
        self.say(f"CPU {cpu} is online; crashing on CPU {cpu}")
        stage.crash(cpu)
        return cpu

    def show_log(self, stage, cpu):
        log = stage.captured_log(cpu)
        count = len(stage.architecture.captured_cpus(stage))
        start = log.rindex("\n", 0, log.index(stage.marker)) + 1
        self.say(f"the capture kernel is up and was told of {count} CPU{'s' if count != 1 else ''}")
        self.quote("vmcore-dmesg /proc/vmcore, from our marker on, no registers",
                   [line for line in log[start:].splitlines() if not REGISTERS.search(line)])


class Power(Demo):
    """A CPU is added and crashes: without --hotplug nothing is captured."""

    arch, machine = "ppc64le", "a POWER9 machine: 1 CPU of 4, 2 GiB,"

    def __init__(self, started, kernel):
        super().__init__(started)
        self._kernel = kernel

    def tell_all(self):
        programs = self.build()
        self.say(f"getting Debian's ppc64le kernel ({self._kernel} pages) and busybox")
        try:
            site = Site(self._kernel, programs)
        except ArchiveLacks as lack:
            self.say(str(lack))
            self.say("compiling a small kernel instead, from Debian's source (some minutes, once)")
            site = Site("small", programs)
        self.say(f"ready: {site.kernel}")
        self.tell(site, "demo-hotplug", self.captured, "--hotplug")
        self.say("now the same machine and crash, loaded without --hotplug")
        self.tell(site, "demo-stale", self.lost)
        self.say("done: with --hotplug the dump is there, without it is lost")

    def crash(self, stage, ending, options):
        self.boot_and_load(stage, options)
        region = stage.crash_region()
        ending(stage, self.crash_on(stage), region)

    def captured(self, stage, cpu, _region):
        self.say("the kernel has panicked; waiting for the capture kernel")
        self.show_log(stage, cpu)

    def lost(self, stage, cpu, region):
        self.say("the kernel has panicked; looking for the capture kernel "
                 "in guest memory")
        memory = stage.wait_memory(region, LOST_CPU)
        stage.expect_silence()
        start = memory.rfind(LOST_CPU[0])
        found = EARLY_LINES.findall(memory, start, start + 16384)
        self.say("no capture kernel came up; its log buffer says why:")
        self.quote("log of the capture kernel, read from guest memory",
                   [line.decode() for line in dict.fromkeys(found)])
        self.say(f"CPU {cpu} was not in the device tree made at load time: "
                 "the dump is lost")


class PC(Demo):
    """Memory and a CPU are added, the CPU crashes: without two options both are missing."""

    arch, machine = "x86_64", "a PC: 1 CPU of 4, 1 GiB,"

    def tell_all(self):
        programs = self.build()
        self.say("getting Debian's amd64 kernel and busybox")
        site = Site("x86-6.12", programs)
        self.say(f"ready: {site.kernel}")
        self.tell(site, "demo-x86-hotplug", self.captured, "--hotplug")
        self.say("now the same machine and crash, without --hotplug, and with a capture kernel that may add memory")
        self.tell(site, "demo-x86-stale", self.lost, site.architecture.unguarded_options(None)[0])
        self.say("done: with --hotplug all is in the dump, without the new memory is lost")

    def crash(self, stage, ending, options):
        self.boot_and_load(stage, options)
        self.say("hot-adding memory, and writing a text into it")
        added = plug_movable(stage)
        chunks = find_pattern(stage, added)
        self.say(f"memory {show([added])} has {len(chunks)} samples of the text")
        cpu = self.crash_on(stage)
        self.say("the kernel has panicked; waiting for the capture kernel")
        ending(stage, cpu, added, chunks)

    def captured(self, stage, cpu, added, chunks):
        self.show_log(stage, cpu)
        dump = Dump(stage.guest)
        expect(not subtract([added], dump.memory()), f"the new memory is not in {show(dump.memory())}")
        lost = lost_content(stage, dump, chunks)
        expect(not lost, f"not what was there, in the dump at {lost}")
        self.say(f"/proc/vmcore has the memory {show([added])}, and all {len(chunks)} samples of the text")

    def lost(self, stage, cpu, added, chunks):
        self.show_log(stage, cpu)
        memory, own = Dump(stage.guest).memory(), stage.system_ram()
        expect(subtract([added], memory) == [added], f"some of the new memory is in {show(memory)}")
        expect(not subtract([added], own), f"the capture kernel has {show(own)} only")
        self.say(f"/proc/vmcore has nothing of {show([added])}: the capture kernel has taken it for its own, and the"
                 f" {len(chunks)} samples are lost")


class Arm(Demo):
    """A CPU goes and comes back, and crashes; what differs from the packaged loader is how long its purgatory takes."""

    arch, machine = "arm64", "an arm64 machine: 2 CPUs, 1 GiB,"

    def tell_all(self):
        programs = self.build()
        self.say("getting Debian's arm64 kernel and busybox, and the packaged kexec-tools for comparison")
        site = Site("arm64-6.12", programs)
        self.say(f"ready: {site.kernel}")
        self._took = {}
        self.tell(site, "demo-arm64", self.refused, "--console-serial")
        self.say("now the same machine and crash, loaded by the packaged kexec-tools")
        self.tell(site, "demo-arm64-packaged", lambda stage: None, loader=PACKAGED)
        ours, theirs = self._took["kexec"], self._took[PACKAGED]
        expect(ours < theirs / 2, f"ours took {ours:.1f} s, the packaged one {theirs:.1f} s")
        self.say(f"done: captured by both; from the crash to the capture kernel's first line, digest verified, "
                 f"it took {ours:.1f} s with ours and {theirs:.1f} s with the packaged one")

    def refused(self, stage):
        """What the other two stories begin with."""
        command = stage.load_command(["--hotplug"])
        self.say("# " + command)
        status, output = stage.guest.run(command)
        expect(status == 1 and "keeps crash images current" in output, f"--hotplug: status {status}\n{output}")
        self.quote("status 1: no kernel of arm64 has crash hotplug yet", output.splitlines())

    def crash(self, stage, ending, options):
        self.boot(stage)
        ending(stage)
        line = early_line(stage)
        self.say("# " + stage.load_command(options, line))
        stage.load(*options, command_line=line)
        online = "/sys/devices/system/cpu/cpu1/online"
        stage.guest.check(f"echo 0 >{online}")
        self.say(f"CPU 1 is offline, CPUs {sorted(stage.cpus())} online; bringing it back")
        stage.guest.check(f"echo 1 >{online}")
        self.say(f"CPUs {sorted(stage.cpus())} online; crashing on CPU 1")
        position = stage.machine.console.position()
        took, _ = crash_to_first_line(stage, cpu=1)
        self._took[stage.loader] = took
        said = re.findall(r"purgatory: [^\r\n]+", stage.machine.console.text(position))
        if said:
            self.quote("on the serial port, between the two kernels", said)
        self.say(f"the capture kernel's first line is there {took:.1f} s after the crash")
        self.show_log(stage, cpu=1)
        expect(len(stage.architecture.captured_cpus(stage)) == 2, "not the registers of both CPUs")


if __name__ == "__main__":
    sys.exit(main())
