# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""One crash test on one machine, in steps: what scenarios are told with."""

import contextlib
import os
import re
import secrets
import time

from guest import Guest
from qemu import Machine
from stream import Failure

FIRST_COMMAND_LINE = "console=hvc0 crashkernel=512M panic=5"
CAPTURE_COMMAND_LINE = "console=hvc0 nr_cpus=1 panic=5"
SMP = "1,maxcpus=4"
MEMORY = "2G,slots=4,maxmem=4G"

PLUG_TIMEOUT = 120
CRASH_TIMEOUT = 120
CAPTURE_TIMEOUT = 300
# A capture kernel that is to come at all has come long before.
QUIET_TIME = 10
POLL = 1

LOADED = "cat /sys/kernel/kexec/crash_loaded || cat /sys/kernel/kexec_crash_loaded"
PANIC = "Kernel panic - not syncing: sysrq triggered crash"


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Stage:
    """A machine of a site, from its boot to the end of the context."""

    def __init__(self, site, name, smp=SMP, memory=MEMORY):
        self.directory = os.path.join(site.directory, name)
        self.site = site
        self.times = []
        self.marker = f"kexec-hotplug test marker {secrets.token_hex(8)}"
        os.makedirs(self.directory, exist_ok=True)
        self.machine = Machine(self.directory, site.vmlinux, site.first,
                               FIRST_COMMAND_LINE, smp, memory)
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

    # The first kernel.

    def boot(self):
        with self.timed("boot"):
            self.guest.wait_ready("first")
        self.expect_loaded(False)

    def load(self, *options, command_line=CAPTURE_COMMAND_LINE):
        with self.timed("load"):
            output = self.guest.check(load_command(options, command_line))
        self.expect_loaded(True)
        return output

    def unload(self):
        self.guest.check("kexec -p -u")
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

    def cpu_nodes(self):
        """The CPUs which the device tree of the running kernel names."""
        names = self.guest.check("ls /proc/device-tree/cpus").split()
        return sorted(name for name in names if "@" in name)

    def plug_cpu(self):
        """Add a core to the machine; the number of its CPU, once online."""
        before = self.cpus()
        with self.timed("plug"):
            self.machine.add_core()
            deadline = time.monotonic() + PLUG_TIMEOUT
            while not (added := self.cpus() - before):
                expect(time.monotonic() < deadline,
                       f"no new CPU online in {PLUG_TIMEOUT} s")
                time.sleep(POLL)
        return min(added)

    def crash_region(self):
        """(address, size) of the memory reserved for the capture kernel."""
        chosen = "/proc/device-tree/chosen/linux,crashkernel-"
        return tuple(self.guest.read_number(chosen + name)
                     for name in ("base", "size"))

    def crash(self, cpu):
        """Panic on this CPU, having left the marker in the kernel's log."""
        self.guest.check(f"echo '{self.marker}' >/dev/kmsg")
        position = self.machine.console.position()
        self.guest.start(f"taskset {1 << cpu:x} "
                         "sh -c 'echo c >/proc/sysrq-trigger'")
        self.machine.console.wait(re.escape(PANIC), CRASH_TIMEOUT, position)

    # After the crash.

    def captured_log(self, cpu):
        """The log out of /proc/vmcore, after checking that it is the crash's."""
        with self.timed("capture"):
            self.guest.wait_ready("capture", CAPTURE_TIMEOUT)
        log = self.guest.check("vmcore-dmesg /proc/vmcore")
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
        with open(self.site.vmlinux, "rb") as file:
            kernel = file.read()
        deadline = time.monotonic() + CAPTURE_TIMEOUT
        while True:
            memory = self.machine.save_memory(*region)
            missing = [text for text in texts
                       if memory.count(text) <= kernel.count(text)]
            if not missing:
                return memory
            expect(not self.guest.has_come_up(), "a capture kernel came up")
            expect(time.monotonic() < deadline,
                   f"not in guest memory: {missing} in {CAPTURE_TIMEOUT} s")
            time.sleep(POLL)


def load_command(options, command_line=CAPTURE_COMMAND_LINE, prefix="/"):
    return " ".join(["kexec -c -p", *options, f"--initrd={prefix}capture.cpio",
                     f"--command-line='{command_line}'", f"{prefix}vmlinux"])


def _number_list(text):
    """The set that the kernel writes like 0-3,8."""
    numbers = set()
    for item in text.split(","):
        first, _, last = item.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
