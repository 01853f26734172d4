# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""An emulated POWER machine: a QEMU child, its terminals, monitor and memory."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time

import gdbstub
from stream import Failure, Stream

EMULATOR = "qemu-system-ppc64"
MONITOR_TIMEOUT = 120
END_TIMEOUT = 30


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
    """Use as a context: leaving it ends the child, whatever happened."""

    def __init__(self, directory, kernel, initrd, append, smp, memory):
        self.directory = directory
        self.started = time.monotonic()
        ours, theirs = zip(*(socket.socketpair() for _ in range(3)))
        command = [EMULATOR, *_arguments(kernel, initrd, append, smp, memory)]
        for name, end in zip(("con", "ctl", "qmp"), theirs):
            command += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
        command += ["-serial", "chardev:con", "-serial", "chardev:ctl"]
        command += ["-mon", "chardev=qmp,mode=control"]
        with open(self._path("qemu.log"), "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[end.fileno() for end in theirs])
        for end in theirs:
            end.close()
        self.console = Stream("the console", ours[0],
                              self._path("console.log"), self.elapsed)
        self.control = Stream("the command channel", ours[1],
                              self._path("control.log"), self.elapsed)
        self.monitor = Monitor(ours[2])

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

    def wait_exit(self, timeout):
        """True when QEMU has ended by itself."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def add_core(self):
        """Plug the lowest core that is possible and not there yet."""
        slots = self.monitor.command("query-hotpluggable-cpus")
        free = [slot for slot in slots if "qom-path" not in slot]
        if not free:
            raise Failure("the machine has no core left to plug")
        slot = min(free, key=lambda slot: slot["props"]["core-id"])
        self.monitor.command("device_add", driver=slot["type"], **slot["props"])

    def save_memory(self, address, size):
        """Guest physical memory as bytes."""
        path = self._path("memory")
        self.monitor.command("pmemsave", val=address, size=size, filename=path)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data

    def flip_byte(self, address):
        """Invert one byte of guest physical memory through the gdb stub."""
        # A socket's path is short, a log directory's may not be.
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "gdb")
            self._human(f"gdbserver unix:{path},server=on,wait=off")
            with gdbstub.Client(path) as client:
                client.flip_physical_byte(address)
            self._human("gdbserver none")
        self.monitor.command("cont")

    def _human(self, line):
        self.monitor.command("human-monitor-command", **{"command-line": line})

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _end(self):
        self._process.kill()
        self._process.wait()
        self.monitor.close()
        for stream in self.console, self.control:
            stream.wait_end(END_TIMEOUT)


def _arguments(kernel, initrd, append, smp, memory):
    return ["-M", "pseries", "-accel", "tcg,thread=multi", "-cpu", "power9",
            "-smp", smp, "-m", memory,
            "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", kernel, "-initrd", initrd, "-append", append]
