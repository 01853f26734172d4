# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Both kexecs under qemu-user: what they execute, call and keep in memory."""
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("lib", "contract", "differential")]
from counts import NoCounts, compile_plugin, emulator_that_counts
from tap import Failure

EMULATOR = ["qemu-ppc64le", "-cpu", "power9"]
THIS_MACHINE = [f"qemu-{platform.machine()}", "-cpu", "max"]


class Count:
    """Guest instructions of what qemu-user runs. Several may be counted at once."""

    def __init__(self, directory, emulator):
        self.plugin, self.directory = f"{directory}/count.so", directory
        try:
            self.emulator = emulator_that_counts(*emulator)
        except NoCounts as lack:
            print(lack, file=sys.stderr)
            sys.exit(lack.status)
        compile_plugin(self.plugin)

    def run(self, command, env):
        """Its status may say what it found, but not that nothing was run."""
        done = subprocess.run([*self.emulator, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **env}, check=False)
        if done.returncode not in (0, 1) or done.stderr.startswith("Cannot"):
            raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")

    def __call__(self, command, env=None):
        """Of a command line that begins with the emulator, whichever."""
        with tempfile.NamedTemporaryFile(dir=self.directory) as out:
            self.run(["-plugin", self.plugin, *command[1:]], {"COUNT_OUT": out.name, **(env or {})})
            return int(Path(out.name).read_text())

    def calls(self, command, env=None):
        """System calls of the same."""
        with tempfile.NamedTemporaryFile(dir=self.directory) as log:
            self.run(["-strace", "-D", log.name, *command[1:]], env or {})
            return len(re.findall(rb"^\d+ \w+\(", Path(log.name).read_bytes(), re.M))


def last_line(shell, command):
    return shell(command).splitlines()[-1]


class Packaged:
    """The packaged kexec for an architecture, or None where it cannot be had; what it loads goes nowhere."""

    def __init__(self, shell, arch, kind, lacks):
        said = shell(f'"{REPOSITORY}/tests/differential/run" {arch} --peer "$(mktemp -d)"', (0, lacks)).splitlines()
        self.kexec = kind(said[0], said[1]) if len(said) == 2 else None

    def command(self, case, *options):
        """(command, environment)"""
        command = [word for word in self.kexec.command(case) if word != "-d"]
        told = {"INTERPOSE_PAGE_SIZE": str(getattr(case.machine, "page_size", 4096))}
        return [*command, *options], told | self.kexec.prepare(case)


def ours(kexec, case, *options):
    return [kexec, "--sysroot", case.root, *options, *case.options(), "--dry-run", case.kernel.path]


def anonymous(pid):
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def asleep(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"


def memory_at_report(command):
    """Anonymous bytes while it waits to tell its plan, everything in memory: into a pipe that is full."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    with subprocess.Popen(command, stdout=writer) as process:
        os.close(writer)
        waited = 0
        while waited < 5: # asleep, and for good
            time.sleep(0.1)
            waited = waited + 1 if process.poll() is None and asleep(process.pid) else 0
            if process.poll() is not None:
                raise subprocess.CalledProcessError(process.returncode, command)
        used = anonymous(process.pid)
        while os.read(reader, 65536):
            pass
        os.close(reader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used


def memory_at_load(command, env):
    """The same of the packaged one, which stops itself in its system call."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, **env, "INTERPOSE_STOP": "1"}) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
        used = anonymous(process.pid)
        process.send_signal(signal.SIGCONT)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used
