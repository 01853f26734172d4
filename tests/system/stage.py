# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""One crash test on one machine, in steps: what scenarios are told with."""

import hashlib
import os
import re
import secrets
import time

from failure import expect
from guest import Guest
from physical import resources
from plug import POLL, Plugged
from qemu import Machine

# Where the console has to be the command channel too: it says no more than
# that the kernel panics.
ONE_TERMINAL = "loglevel=1 control={}"

CRASH_TIMEOUT = 120
CAPTURE_TIMEOUT = 300
# A capture kernel that is to come at all has come long before.
QUIET_TIME = 10

DISK = "/dev/vda"
# The command channel is a terminal.
PRINT_LOG = "vmcore-dmesg --color=never /proc/vmcore"
LOADED = "cat /sys/kernel/kexec/crash_loaded || cat /sys/kernel/kexec_crash_loaded"
CMA_RANGES = "/sys/kernel/kexec/crash_cma_ranges"
PANIC = "Kernel panic - not syncing: sysrq triggered crash"


class Stage(Plugged):
    """A machine of a site, from its boot to the end of the context."""

    def __init__(self, site, name, hardware, loader="kexec"):
        self.architecture = site.architecture
        self.hardware = hardware
        self.directory = os.path.join(site.directory, name)
        self.site = site
        self.loader = loader # the program of the guest that loads
        self.marker = f"kexec-hotplug test marker {secrets.token_hex(8)}"
        console = self.architecture.console
        self._terminal = "" if hardware.terminals > 1 else " " + ONE_TERMINAL.format(console)
        os.makedirs(self.directory, exist_ok=True)
        machine = Machine(self.directory, site, hardware, self.first_command_line() + self._terminal)
        super().__init__(self.architecture, machine, Guest(machine))

    def __enter__(self):
        self.machine.__enter__()
        return self

    def __exit__(self, *exception):
        self.machine.__exit__(*exception)

    # What kernels are told, and with what they are loaded.

    def first_command_line(self):
        words = f" {self.hardware.words}" if self.hardware.words else ""
        return self.line(f"crashkernel={self.hardware.crashkernel} panic=5{words}")

    def capture_command_line(self):
        return self.line("nr_cpus=1 panic=5" + self.architecture.capture_words(self.loader))

    def line(self, words):
        """A command line with a console."""
        return f"console={self.architecture.console} {words}"

    def load_command(self, options=(), command_line=None, initrd="/capture.cpio", kernel=None,
                     how="-c -p"):
        """Of the capture kernel, unless told otherwise."""
        return " ".join([self.loader, how, *options, f"--initrd={initrd}" if initrd else "",
                         f"--command-line='{command_line or self.capture_command_line()}'",
                         kernel or f"/{self.architecture.kernel}"])

    def deliver(self, path, data):
        """Put a file into the guest, through the disk."""
        with self.timed("deliver"):
            with open(self.machine.disk, "r+b") as disk:
                disk.write(data)
            self.guest.check("echo 3 >/proc/sys/vm/drop_caches")
            self.guest.check(f"head -c {len(data)} {DISK} >{path}")
            digest = self.guest.check(f"md5sum <{path}").split()[0]
        expect(digest == hashlib.md5(data).hexdigest(), f"{path} has not come through")

    # The first kernel.

    def boot(self):
        with self.timed("boot"):
            self.guest.wait_ready("first")
        self.expect_loaded(False)

    def load(self, *options, command_line=None, **how):
        """Load the crash kernel; how as for load_command(). The output."""
        command_line = (command_line or self.capture_command_line()) + self._terminal
        with self.timed("load"):
            output = self.guest.check(self.load_command(options, command_line, **how))
        self.expect_loaded(True)
        return output

    def planned(self):
        """{name: range} of what a load would load where, as ours tells it."""
        plan = self.guest.check(self.load_command(["--dry-run"]))
        return {name: range(int(start, 16), int(end, 16)) for name, start, end in
                re.findall(r"^ +(\w+) +0x([0-9a-f]{12})-0x([0-9a-f]{12}) ", plan, re.M)}

    def start_kernel(self, command_line, how="-c -l", **what):
        """kexec -l and -e: not the kernel which answers then, but another."""
        before = self.boot_id()
        self.guest.check(self.load_command([], command_line, how=how, **what))
        status, output = self.guest.run("kexec -S -l")
        expect(status == 1, f"kexec -S -l: status {status}\n{output}")
        with self.timed("exec"):
            self.guest.start(f"{self.loader} -e")
            self.guest.wait_ready("first")
        seen = self.guest.read("/proc/cmdline")
        expect(seen == command_line, f"came up with '{seen}'")
        expect(self.boot_id() != before, "it is the same kernel still")

    def boot_id(self):
        """Another one in each life of a kernel."""
        return self.guest.read("/proc/sys/kernel/random/boot_id")

    def unload(self):
        self.guest.check(f"{self.loader} -p -u")
        self.expect_loaded(False)

    def expect_loaded(self, loaded):
        """The kernel and kexec -S agree about the crash image."""
        said = self.guest.check(f"({LOADED}) 2>/dev/null").strip()
        expect(said == str(int(loaded)), f"crash_loaded is {said}")
        status, output = self.guest.run("kexec -S -p")
        expect(status == int(loaded), f"kexec -S -p: status {status}\n{output}")

    def crash_hotplug(self):
        """Whether the kernel keeps the image correct: CPUs, memory."""
        return tuple(
            self.guest.read(f"/sys/devices/system/{device}/crash_hotplug")
            for device in ("cpu", "memory"))

    def known_cpus(self):
        return self.architecture.known_cpus(self)

    def cma_areas(self):
        """What crashkernel=,cma has set aside; the ends in the file are inclusive."""
        text = self.guest.check(f"cat {CMA_RANGES}")
        return [range(int(start, 16), int(last, 16) + 1)
                for start, last in re.findall(r"^([0-9a-f]+)-([0-9a-f]+)$", text, re.M)]

    def system_ram(self):
        """What the kernel which answers uses as memory."""
        return self.resources("System RAM")

    def resources(self, name):
        """The ranges of this name in /proc/iomem."""
        return resources(self.guest, name)

    def memory_to_dump(self):
        """What of the memory is not the capture kernel's own."""
        return self.architecture.memory_to_dump(self)

    def crash_region(self):
        """The memory reserved for the capture kernel, where its image lies."""
        return self.architecture.crash_regions(self)[-1]

    def memory_total(self):
        """What the kernel which answers has in all, in bytes."""
        found = re.search(r"^MemTotal: +(\d+) kB$", self.guest.read("/proc/meminfo"), re.M)
        return int(found[1]) << 10

    def crash(self, cpu):
        """Panic on this CPU, having left the marker in the kernel's log."""
        self.guest.check(f"echo '{self.marker}' >/dev/kmsg")
        position = self.machine.console.position()
        self.start_panic(cpu)
        if self.architecture.console_is_whole:
            self.machine.console.wait(re.escape(PANIC), CRASH_TIMEOUT, position)

    def start_panic(self, cpu):
        self.guest.start(f"taskset {1 << cpu:x} sh -c 'echo c >/proc/sysrq-trigger'")

    # After the crash.

    def captured_log(self, cpu):
        """The log out of /proc/vmcore, after checking that it is the crash's."""
        with self.timed("capture"):
            self.guest.wait_ready("capture", CAPTURE_TIMEOUT)
        log = self.guest.check(PRINT_LOG)
        _, marked, after = log.partition(self.marker)
        expect(marked, f"the captured log lacks '{self.marker}'")
        found = re.search(rf"{PANIC}\n(?:.*\n){{,3}}?.*\bCPU: (\d+) .*PID: \d+ Comm: ", after)
        expect(found, f"the captured log lacks '{PANIC}' and its CPU")
        expect(int(found[1]) == cpu, f"CPU {found[1]} crashed, not CPU {cpu}")
        return log

    def expect_silence(self):
        """The capture kernel does not come up."""
        time.sleep(QUIET_TIME)
        expect(not self.guest.has_come_up(), "a capture kernel came up")

    def expect_no_dump(self):
        """The capture kernel does not come up, or finds nothing to save."""
        time.sleep(QUIET_TIME)
        if self.guest.has_come_up():
            self.guest.wait_ready("capture")
            expect(self.guest.run("test -e /proc/vmcore")[0], "there is a dump")

    def wait_memory(self, region, texts):
        """Until guest memory has each text more often than the kernel file."""
        with open(self.site.kernel, "rb") as file:
            kernel = file.read()
        deadline = time.monotonic() + CAPTURE_TIMEOUT
        while True:
            memory = self.machine.save_memory(region)
            missing = [text for text in texts
                       if memory.count(text) <= kernel.count(text)]
            if not missing:
                return memory
            expect(not self.guest.has_come_up(), "a capture kernel came up")
            expect(time.monotonic() < deadline,
                   f"not in guest memory: {missing} in {CAPTURE_TIMEOUT} s")
            time.sleep(POLL)
