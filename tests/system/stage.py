# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""One crash test on one machine, in steps: what scenarios are told with."""

import contextlib
import hashlib
import os
import re
import secrets
import time

from dump import subtract
from guest import Guest
from physical import online_memory, resources
from qemu import Machine
from tap import expect

# Where the console has to be the command channel too: it says no more than
# that the kernel panics.
ONE_TERMINAL = "loglevel=1 control={}"

PLUG_TIMEOUT = 120
CRASH_TIMEOUT = 120
CAPTURE_TIMEOUT = 300
# A capture kernel that is to come at all has come long before.
QUIET_TIME = 10
POLL = 1

DISK = "/dev/vda"
# The command channel is a terminal.
PRINT_LOG = "vmcore-dmesg --color=never /proc/vmcore"
LOADED = "cat /sys/kernel/kexec/crash_loaded || cat /sys/kernel/kexec_crash_loaded"
CMA_RANGES = "/sys/kernel/kexec/crash_cma_ranges"
PANIC = "Kernel panic - not syncing: sysrq triggered crash"


def wait_until(done, timeout, what):
    """The first true result of done()."""
    deadline = time.monotonic() + timeout
    while not (result := done()):
        expect(time.monotonic() < deadline, f"{what}: not in {timeout} s")
        time.sleep(POLL)
    return result


class Stage:
    """A machine of a site, from its boot to the end of the context."""

    def __init__(self, site, name, hardware, loader="kexec"):
        self.architecture = site.architecture
        self.hardware = hardware
        self.directory = os.path.join(site.directory, name)
        self.site = site
        self.loader = loader # the program of the guest that loads
        self.times = []
        self.marker = f"kexec-hotplug test marker {secrets.token_hex(8)}"
        console = self.architecture.console
        self._terminal = "" if hardware.terminals > 1 else " " + ONE_TERMINAL.format(console)
        self._cores = []
        self._dimms = []
        os.makedirs(self.directory, exist_ok=True)
        self.machine = Machine(self.directory, site, hardware,
                               self.first_command_line() + self._terminal)
        self.guest = Guest(self.machine)

    def __enter__(self):
        self.machine.__enter__()
        return self

    def __exit__(self, *exception):
        self.machine.__exit__(*exception)

    @contextlib.contextmanager
    def timed(self, step):
        start = time.monotonic()
        yield
        self.times.append((step, time.monotonic() - start))

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

    def cpus(self):
        """The numbers of the online CPUs."""
        return _number_list(self.guest.read("/sys/devices/system/cpu/online"))

    def possible_cpus(self):
        """The numbers of the CPUs that may ever be there."""
        return _number_list(self.guest.read("/sys/devices/system/cpu/possible"))

    def known_cpus(self):
        return self.architecture.known_cpus(self)

    def plug_cpu(self):
        """Add a core to the machine; the number of its CPU, once online."""
        before = self.cpus()
        with self.timed("plug"):
            self._cores.append(self.machine.add_core())
            added = wait_until(lambda: self._online_cpus() - before,
                               PLUG_TIMEOUT, "a new CPU online")
        return min(added)

    def _online_cpus(self):
        """Those that are, having brought up what only waits for that."""
        if self.architecture.online_cpus:
            self.guest.check(self.architecture.online_cpus)
        return self.cpus()

    def unplug_cpu(self):
        """Remove the core plugged last, and with it its CPU."""
        before = self.cpus()
        self._unplug(self._cores.pop())
        expect(len(self.cpus()) == len(before) - 1,
               f"CPUs {before} became {self.cpus()}")

    def plug_memory(self):
        """Add a DIMM to the machine; its range, once all is online."""
        name = f"dimm-{len(self._dimms)}"
        with self.timed("plug"):
            added = self.machine.add_dimm(name, self.architecture.dimm_size)
            self._dimms.append(name)
            wait_until(lambda: not subtract([added], self.memory()),
                       PLUG_TIMEOUT, "all of the new memory online")
        return added

    def unplug_memory(self):
        """Remove the DIMM plugged last."""
        name = self._dimms.pop()
        self._unplug(name)
        self.machine.free_dimm(name)

    def _unplug(self, name):
        with self.timed("unplug"):
            self.machine.ask_back(name)
            wait_until(lambda: not self.machine.has_device(name),
                       PLUG_TIMEOUT, f"{name} given back")

    def memory(self):
        """The ranges of the memory blocks which are online."""
        return online_memory(self.guest)

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
        self.guest.start(f"taskset {1 << cpu:x} "
                         "sh -c 'echo c >/proc/sysrq-trigger'")
        if self.architecture.console_is_whole:
            self.machine.console.wait(re.escape(PANIC), CRASH_TIMEOUT, position)

    # After the crash.

    def captured_log(self, cpu):
        """The log out of /proc/vmcore, after checking that it is the crash's."""
        with self.timed("capture"):
            self.guest.wait_ready("capture", CAPTURE_TIMEOUT)
        log = self.guest.check(PRINT_LOG)
        _, marked, after = log.partition(self.marker)
        expect(marked, f"the captured log lacks '{self.marker}'")
        found = re.search(rf"{PANIC}\n.*\bCPU: (\d+) .*PID: \d+ Comm: ", after)
        expect(found, f"the captured log lacks '{PANIC}' and its CPU")
        expect(int(found[1]) == cpu, f"CPU {found[1]} crashed, not CPU {cpu}")
        return log

    def expect_silence(self):
        """The capture kernel does not come up."""
        time.sleep(QUIET_TIME)
        expect(not self.guest.has_come_up(), "a capture kernel came up")

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


def _number_list(text):
    """The set that the kernel writes like 0-3,8."""
    numbers = set()
    for item in text.split(","):
        first, _, last = item.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
