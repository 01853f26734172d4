# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The story of tests/demo: the same crash twice, captured and lost."""

import argparse
import re
import signal
import sys
import time

from files import ARCHIVE_LACKS, Site, build
from scenarios import LOST_CPU
from stage import Stage, expect
from stream import ArchiveLacks, Failure

CONSOLE_LINES = 15

# In the captured log, what nobody reads in a demonstration.
REGISTERS = re.compile(r"\] (GPR|IRQMASK|MSR|REGS|NIP|LR)")

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
    parser.add_argument("--kernel", choices=["64k", "4k"], default="64k",
                        help="by page size (default: 64k)")
    parser.add_argument("--started", type=float, default=time.time(),
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    try:
        Demo(options.started).tell_all(options.kernel)
    except ArchiveLacks as lack:
        print(f"The demo cannot run today: {lack}. Debian's mirror is in the middle of a synchronisation: "
              "try again in an hour, or name another mirror in apt's sources.list(5).")
        return ARCHIVE_LACKS
    except (Failure, OSError) as failure:
        print(f"The demo has failed: {failure}")
        return 1
    return 0


class Demo:
    def __init__(self, started):
        self._started = started

    def say(self, text):
        print(f"[{time.time() - self._started:6.1f} s] {text}", flush=True)

    def quote(self, title, lines):
        print(f"\n  ---- {title} ----")
        for line in lines:
            print(f"  | {line}")
        print("  ----\n", flush=True)

    def tell_all(self, kernel):
        self.say("building kexec and vmcore-dmesg for ppc64le")
        programs = build("ppc64le")
        self.say(f"built: {programs}")
        self.say(f"getting Debian's ppc64le kernel ({kernel} pages) and busybox")
        try:
            site = Site(kernel, programs)
        except ArchiveLacks as lack:
            self.say(str(lack))
            self.say("compiling a small kernel instead, from Debian's source (some minutes, once)")
            site = Site("small", programs)
        self.say(f"ready: {site.kernel}")
        self.tell(site, "demo-hotplug", self.captured, "--hotplug")
        self.say("now the same machine and crash, loaded without --hotplug")
        self.tell(site, "demo-stale", self.lost)
        self.say("done: with --hotplug the dump is there, without it is lost")

    def tell(self, site, name, ending, *options):
        with Stage(site, name, site.architecture.usual) as stage:
            try:
                self.crash(stage, ending, options)
            except (Failure, OSError):
                self.quote("the console ended with",
                           stage.machine.console.last_lines(CONSOLE_LINES))
                self.say(f"logs: {stage.directory}")
                raise

    def crash(self, stage, ending, options):
        self.say("starting a POWER9 machine in QEMU: 1 CPU of 4, 2 GiB")
        stage.boot()
        release = stage.guest.check("uname -r").strip()
        self.say(f"Linux {release} is up, CPUs {sorted(stage.cpus())} online")
        self.say("# " + stage.load_command(options))
        stage.load(*options)
        cpu_kept, memory_kept = stage.crash_hotplug()
        self.say(f"loaded; crash_hotplug reads {cpu_kept} for CPUs, "
                 f"{memory_kept} for memory")
        expect(cpu_kept == ("1" if options else "0"), "it was to be otherwise")
        region = stage.crash_region()
        self.say("hot-adding a CPU")
        cpu = stage.plug_cpu()
        self.say(f"CPU {cpu} is online; crashing on CPU {cpu}")
        stage.crash(cpu)
        ending(stage, cpu, region)

    def captured(self, stage, cpu, _region):
        self.say("the kernel has panicked; waiting for the capture kernel")
        log = stage.captured_log(cpu)
        count = len(stage.architecture.captured_cpus(stage))
        self.say(f"the capture kernel is up and was told of {count} CPUs")
        start = log.rindex("\n", 0, log.index(stage.marker)) + 1
        last_words = log[start:].splitlines()
        self.quote("vmcore-dmesg /proc/vmcore, from our marker on, no registers",
                   [line for line in last_words if not REGISTERS.search(line)])

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


if __name__ == "__main__":
    sys.exit(main())
