# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""CPUs and memory come and go: what QEMU plugs, and until the guest has it."""

import contextlib
import time

from dump import subtract
from failure import expect
from physical import online_memory

PLUG_TIMEOUT = 120
POLL = 1


def wait_until(done, timeout, what):
    """The first true result of done()."""
    deadline = time.monotonic() + timeout
    while not (result := done()):
        expect(time.monotonic() < deadline, f"{what}: not in {timeout} s")
        time.sleep(POLL)
    return result


class Plugged:
    """A machine (qemu.py), its guest, and the kind it is of (machines.py)."""

    def __init__(self, kind, machine, guest):
        self.kind = kind
        self.machine = machine
        self.guest = guest
        self.times = []
        self._cores = []
        self._dimms = []

    @contextlib.contextmanager
    def timed(self, step):
        start = time.monotonic()
        yield
        self.times.append((step, time.monotonic() - start))

    def cpus(self):
        """The numbers of the online CPUs."""
        return _number_list(self.guest.read("/sys/devices/system/cpu/online"))

    def possible_cpus(self):
        """The numbers of the CPUs that may ever be there."""
        return _number_list(self.guest.read("/sys/devices/system/cpu/possible"))

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
        if self.kind.online_cpus:
            self.guest.check(self.kind.online_cpus)
        return self.cpus()

    def unplug_cpu(self):
        """Remove the core plugged last, and with it its CPU."""
        before = self.cpus()
        self._unplug(self._cores.pop())
        expect(len(self.cpus()) == len(before) - 1,
               f"CPUs {before} became {self.cpus()}")

    def plug_memory(self, size=None):
        """Add a DIMM to the machine, of the usual size or this; its range, once all is online."""
        name = f"dimm-{len(self._dimms)}"
        with self.timed("plug"):
            added = self.machine.add_dimm(name, size or self.kind.dimm_size)
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


def _number_list(text):
    """The set that the kernel writes like 0-3,8."""
    numbers = set()
    for item in text.split(","):
        first, _, last = item.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
