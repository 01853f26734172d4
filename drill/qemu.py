# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A machine: a QEMU child, its terminals, monitor and memory."""

import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

import gdbstub
from failure import Failure
from stream import Stream

MONITOR_TIMEOUT = 120
END_TIMEOUT = 30
JOB_TIMEOUT = 300

# Of prctl().
PR_SET_PDEATHSIG = 1
LIBRARY = ctypes.CDLL(None)


class Monitor:
    """QMP over a connected socket."""

    def __init__(self, connection):
        connection.settimeout(MONITOR_TIMEOUT)
        self._file = connection.makefile("rw", encoding="utf-8")
        connection.close() # the file still holds it

    def greet(self):
        self._receive("QMP")
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        request = {"execute": name, "arguments": arguments}
        try:
            self._file.write(json.dumps(request) + "\n")
            self._file.flush()
            reply = self._receive("return", "error")
        except OSError as error:
            raise Failure(f"QEMU's monitor does not answer: {error}") from None
        if "error" in reply:
            raise Failure(f"QMP {name}: {reply['error']['desc']}")
        return reply["return"]

    def close(self):
        with contextlib.suppress(OSError):
            self._file.close()

    def _receive(self, *keys):
        """The next message with one of these keys: what is left are events."""
        while True:
            line = self._file.readline()
            if not line:
                raise Failure("QEMU has closed its monitor")
            message = json.loads(line)
            if any(key in message for key in keys):
                return message


class Machine:
    """Use as a context: leaving it ends the child, whatever happened.

    A site has an architecture, whether KVM is used, and the paths of a kernel and its first initrd;
    the emulator may be another program that knows the options of the usual one, and @more are further
    options.
    """

    def __init__(self, directory, site, hardware, append, emulator=None, more=()):
        self.directory = directory
        self.started = time.monotonic()
        terminals = ["con", "ctl", "mem"][:hardware.terminals]
        names = ["qmp", *terminals]
        ours, theirs = zip(*(socket.socketpair() for _ in names))
        command = [emulator or site.architecture.emulator,
                   *site.architecture.arguments(hardware, directory, site.kvm),
                   "-smp", hardware.smp, "-m", hardware.memory, "-nodefaults", "-display", "none", "-no-reboot",
                   *site.architecture.boot_arguments(hardware, directory, (site.kernel, site.first), append)]
        command += more
        self.disk = self._path("disk")
        if hardware.disk:
            command += _disk_arguments(self.disk, hardware.disk)
        for name, end in zip(names, theirs):
            command += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
        command += site.architecture.terminals(terminals)
        command += ["-mon", "chardev=qmp,mode=control"]
        with open(self._path("qemu.log"), "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[end.fileno() for end in theirs], preexec_fn=_dying_with(os.getpid()))
        for end in theirs:
            end.close()
        self.monitor = Monitor(ours[0])
        self.console = Stream("the console", ours[1],
                              self._path("console.log"), self.elapsed)
        self.control = self.measured = self.console
        if hardware.terminals > 1:
            self.control = Stream("the command channel", ours[2],
                                  self._path("control.log"), self.elapsed)
        if hardware.terminals > 2:
            self.measured = Stream("what is measured", ours[3], self._path("measured.log"), self.elapsed)

    def __enter__(self):
        try:
            self.monitor.greet()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *exception):
        self._end()

    def elapsed(self):
        return time.monotonic() - self.started

    def cpu_seconds(self):
        """What it has taken of this host's processors: of an emulated machine its time, whoever else is busy here."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_exit(self, timeout):
        """True when QEMU has ended by itself."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def add_core(self):
        """Plug the lowest core that is possible and not there yet; its name."""
        slots = self.monitor.command("query-hotpluggable-cpus")
        free = [slot for slot in slots if "qom-path" not in slot]
        if not free:
            raise Failure("the machine has no core left to plug")
        slot = min(free, key=lambda slot: sorted(slot["props"].items()))
        name = f"core-{slots.index(slot)}"
        self.monitor.command("device_add", id=name, driver=slot["type"],
                             **slot["props"])
        return name

    def add_dimm(self, name, size):
        """Plug memory; the physical addresses it got."""
        backend = f"{name}-memory"
        self.monitor.command("object-add", id=backend, size=size,
                             **{"qom-type": "memory-backend-ram"})
        self.monitor.command("device_add", id=name, driver="pc-dimm",
                             memdev=backend)
        for dimm in self.monitor.command("query-memory-devices"):
            if dimm["data"].get("id") == name:
                start = dimm["data"]["addr"]
                return range(start, start + dimm["data"]["size"])
        raise Failure(f"the machine does not know its new memory {name}")

    def free_dimm(self, name):
        """What is left to do when the memory has been given back."""
        self.monitor.command("object-del", id=f"{name}-memory")

    def ask_back(self, name):
        """Ask the guest for a device; it lets go when it can."""
        self.monitor.command("device_del", id=name)

    def has_device(self, name):
        devices = self.monitor.command("qom-list", path="/machine/peripheral")
        return any(device["name"] == name for device in devices)

    def instruction_pointer(self):
        """Of the first CPU, of a POWER, x86 or arm64 machine."""
        registers = self._human("info registers")
        found = re.search(r"\b(?:[RE]IP=|NIP +|PC=)([0-9a-f]+)", registers)
        if not found:
            raise Failure(f"QEMU does not say where the CPU is:\n{registers}")
        return int(found[1], 16)

    def save_memory(self, addresses):
        """Guest physical memory as bytes."""
        path = self._path("memory")
        self.monitor.command("pmemsave", val=addresses.start, size=len(addresses), filename=path)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data

    def flip_byte(self, address):
        """Invert one byte of guest physical memory through the gdb stub."""
        self.flip_bytes([address])

    def flip_bytes(self, addresses):
        """Each of them; the machine goes on."""
        with self._debugger() as client:
            for address in addresses:
                client.flip_physical_byte(address)

    def write_memory(self, address, data):
        """These bytes into guest physical memory; the machine goes on."""
        with self._debugger() as client:
            client.write_physical(address, lambda old: data, len(data))

    @contextlib.contextmanager
    def _debugger(self):
        # A socket's path is short, a log directory's may not be.
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "gdb")
            self._human(f"gdbserver unix:{path},server=on,wait=off")
            with gdbstub.Client(path) as client:
                yield client
            self._human("gdbserver none")
        self.monitor.command("cont")

    def make_snapshots(self):
        """
        Room for save_state(), where there is no disk that could have it. A reset does not end the machine
        from now on: a state is loaded into one that runs.
        """
        self.monitor.command("set-action", reboot="reset", panic="none")
        path = self._path("states")
        with open(path, "wb"):
            pass
        self.monitor.command("blockdev-add", **{"driver": "file", "filename": path, "node-name": "states-file"})
        self._job("blockdev-create", options={"driver": "qcow2", "file": "states-file", "size": 1 << 30})
        self.monitor.command("blockdev-add", **{"driver": "qcow2", "file": "states-file", "node-name": "states"})

    def save_state(self, tag):
        self._job("snapshot-save", tag=tag, vmstate="states", devices=["states"])

    def load_state(self, tag):
        """Of a machine that runs; it goes on from there."""
        self._job("snapshot-load", tag=tag, vmstate="states", devices=["states"])

    def _job(self, command, **arguments):
        """A command of QMP that is a job, to its end."""
        name = "job"
        self.monitor.command(command, **{"job-id": name}, **arguments)
        deadline = time.monotonic() + JOB_TIMEOUT
        while True:
            job = next(j for j in self.monitor.command("query-jobs") if j["id"] == name)
            if job["status"] == "concluded":
                break
            if time.monotonic() > deadline:
                raise Failure(f"{command} is not done in {JOB_TIMEOUT} s")
            time.sleep(0.1)
        self.monitor.command("job-dismiss", id=name)
        if "error" in job:
            raise Failure(f"{command}: {job['error']}")

    def _human(self, line):
        return self.monitor.command("human-monitor-command", **{"command-line": line})

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _end(self):
        self._process.kill()
        self._process.wait()
        self.monitor.close()
        for stream in {self.console, self.control, self.measured}:
            stream.wait_end(END_TIMEOUT)


def _dying_with(parent):
    """For a child: it ends when the thread that started it does, whatever ended that."""
    def prepare():
        LIBRARY.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent: # it has ended before that
            os.kill(os.getpid(), signal.SIGKILL)
    return prepare


def _disk_arguments(path, size):
    with open(path, "wb") as file:
        file.truncate(size)
    return ["-blockdev", f"driver=file,filename={path},node-name=disk,cache.no-flush=on",
            "-device", "virtio-blk-pci,drive=disk"]
