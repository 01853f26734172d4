# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""One drill: a machine is built, armed, crashed and watched; what came of it."""

import contextlib
import json
import os
import re
import secrets
import shlex
import struct
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import causes
from dump import Dump, subtract
from failure import Failure
from guest import Guest
from initramfs import HELPER, HELPER_INIT, elf_machine, packed, read_file, write_helper, write_initramfs, is_dynamic
from machines import PC, PSeries, Virt, find_emulator
from plug import Plugged
from qemu import Machine
from settings import MIB, reserved_size, size_in_bytes

KINDS = {"x86_64": PC, "ppc64le": PSeries, "arm64": Virt}
EM = {"x86_64": 62, "ppc64le": 21, "arm64": 183}

# Statuses are those of `kexec -S --verbose`.
OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")

# Emulation on a loaded machine is slow; these only bound a hang.
BOOT_TIMEOUT = 600
CRASH_TIMEOUT = 120
CAPTURE_TIMEOUT = 600
# So long nothing is said by a capture kernel that is looked for in memory, and given up.
SILENCE, LOST = 15, 150
# So long an initrd says nothing when no more is to be expected.
IDLE = 45
POLL = .5
# After a text that means failure: for what is said beside it.
GRACE = 4
CONSOLE_LINES = 25
LOG_BYTES = 6000
FIRST_LINE = re.compile(r"Linux version|Booting Linux on physical CPU|BIOS-provided|BIOS-e820|Command line: ")
SAMPLE = re.compile(r"^m (\d+\.\d+) (\d+) (\d+) (\d+) (\d+)\r?$", re.M)
LOST_DUMP = "lost", "a crash would leave no dump"
# The answer comes before what it was answered with is gone.
GO = "(usleep 1500000; touch /{}/go) >/dev/null 2>&1 &"


class Wish(NamedTuple):
    """What is asked for beside the machine's own settings."""

    directory: str              # for what is made, and logs
    kexec: str                  # programs for the guest
    vmcore_dmesg: str
    busybox: str
    memory: str = ""            # "": enough
    cpus: int = 1
    add_cpu: bool = False
    add_memory: int = 0         # bytes
    hotplug: bool = False       # load with --hotplug, even if the settings do not say so
    disk: str = ""              # an image of one, which stays as it is
    watch: int = 300            # seconds, of the initrd at most
    emulate: bool = False       # without KVM
    words: str = ""             # of the first kernel's command line, besides
    own_options: bool = False   # those of kexec are not the machine's


class Step(NamedTuple):
    """Something that happened: when, since the machine was switched on, and what is to be known."""

    name: str
    at: float
    text: str


class Sample(NamedTuple):
    """Of the capture kernel's memory, in KiB; seconds since it booted."""

    at: float
    total: int
    free: int
    available: int


@dataclass
class Result:
    """What came of a drill."""

    status: int = UNKNOWN
    verdict: str = "unknown"
    sentence: str = "the drill has not come to an end"
    cause: causes.Cause = None
    warnings: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    samples: list = field(default_factory=list)
    plan: dict = None
    console: list = field(default_factory=list)
    log: list = field(default_factory=list)
    command: str = ""
    crashkernel: str = ""
    reserved: int = 0
    memory: str = ""
    arch: str = ""
    release: str = ""
    accelerated: bool = False

    def lowest(self, what):
        """The sample in which "free" or "available" was least, or None."""
        return min(self.samples, key=lambda sample: getattr(sample, what), default=None)

    def judge(self, status, verdict, sentence, cause=None):
        self.status, self.verdict, self.sentence, self.cause = status, verdict, sentence, cause


class Ended(Exception):
    """The story is over; what is to be said is in the result."""


class Boot(NamedTuple):
    """What Machine wants to know of a site."""

    architecture: object
    kvm: bool
    kernel: str
    first: str


class Drill:
    """Of these settings (settings.py) as they are wished for. @tell is called with each Step."""

    def __init__(self, settings, wish, tell=lambda step: None):
        self._settings, self._wish, self._tell = settings, wish, tell
        self._kind = KINDS[settings.arch]()
        self._kind.emulator = find_emulator(self._kind)
        self.result = Result(crashkernel=settings.crashkernel, arch=settings.arch)
        self._marker = f"kdump-drill marker {secrets.token_hex(8)}"
        self._machine = self._guest = self._plugged = None
        self._crashed = 0 # where the console was

    def run(self):
        """The Result; Failure only where nothing could be tried."""
        check_programs(self._settings.arch, self._wish)
        boot = self._prepare()
        machine = Machine(self._wish.directory, boot, self._hardware(boot.kvm), self._first_line(), more=self._disk())
        self._machine = machine
        with machine:
            self._guest = Guest(machine)
            self._plugged = Plugged(self._kind, machine, self._guest)
            try:
                self._story()
            except Ended:
                pass
            except Failure as failure:
                self._break_off(failure)
        self._collect()
        return self.result

    def _break_off(self, failure):
        """Something failed on the way: what is known of it."""
        if self._crashed:
            cause = causes.classify(self._console()) or self._nothing_more()._replace(line=str(failure))
            self.result.judge(CRITICAL, *LOST_DUMP, cause)
        else:
            self.result.judge(UNKNOWN, "unknown",
                              f"the drill did not come to the crash: {str(failure).splitlines()[0]}")

    # --- before ---

    def _prepare(self):
        """The initramfs of the first kernel, with all that the second gets."""
        settings, wish, kind = self._settings, self._wish, self._kind
        helper = os.path.join(wish.directory, "helper.cpio")
        command = terminal_of(kind)
        write_helper(helper, wish.busybox, wish.vmcore_dmesg, (command, kind.measured), self._next_init())
        self._helper_size = os.path.getsize(helper)
        files = {"capture-kernel": settings.capture_kernel, "helper": helper}
        if settings.initrd:
            files["capture-initrd"] = settings.initrd
        first = os.path.join(wish.directory, "first.cpio")
        programs = os.path.join(wish.directory, "programs")
        os.makedirs(programs, exist_ok=True)
        for name, data in packed(wish.kexec, "kexec", "lib", "sbin").items():
            path = os.path.join(programs, os.path.basename(name) + (".lib" if name.startswith("lib/") else ""))
            with open(path, "wb") as file:
                file.write(data)
            files[name] = path
        # No udev runs there: they are what readiness judges by.
        write_initramfs(first, wish.busybox, [], files | settings.rules)
        self._payload = sum(os.path.getsize(path) for path in files.values())
        kvm = not wish.emulate and kind.has_kvm(settings.kernel)
        self.result.accelerated = kvm
        return Boot(kind, kvm, settings.kernel, first)

    def _next_init(self):
        """What the capture kernel would have started."""
        words = " ".join([*self._settings.options, self._settings.append]).split()
        named = [word.partition("rdinit=")[2] for word in words if "rdinit=" in word]
        return named[-1] if named else "/init"

    def _hardware(self, kvm):
        wish, usual = self._wish, self._kind.usual
        self.result.memory = memory = wish.memory or self._enough_memory()
        size = size_in_bytes(memory)
        if wish.add_memory:
            memory = f"{size // MIB}M,slots=4,maxmem={(size + 4 * max(wish.add_memory, 1 << 30)) // MIB}M"
        most = wish.cpus + (2 if wish.add_cpu else 0)
        smp = f"{wish.cpus},maxcpus={most}"
        usual = usual._replace(cpu=self._kind.most_able or usual.cpu)
        if self._settings.arch == "x86_64":
            smp += f",sockets={most},cores=1,threads=1"
        elif self._settings.arch == "arm64":
            smp = str(wish.cpus)
        return usual._replace(memory=memory, smp=smp, terminals=3, words=wish.words)

    def _enough_memory(self):
        """For the reservation, and a first kernel with all this in its initramfs, twice: packed and unpacked."""
        need = reserved_size(self._settings.crashkernel) + 3 * self._payload + 640 * MIB
        whole = max(need, size_in_bytes(self._kind.usual.memory.split(",")[0]))
        return f"{-(-whole // (256 * MIB)) * 256}M"

    def _first_line(self):
        words = f" {self._wish.words}" if self._wish.words else ""
        return f"console={self._kind.console} crashkernel={self._settings.crashkernel} panic=5{words}"

    def _disk(self):
        """The image stays as it is: what is written goes into a file that QEMU removes."""
        if not self._wish.disk:
            return []
        return ["-drive", f"if=none,id=given,file={self._wish.disk.replace(',', ',,')},snapshot=on",
                "-device", "virtio-blk-pci,drive=given"]

    # --- the story ---

    def _story(self):
        self._boot()
        self._load()
        added = self._plug()
        self._crash()
        self._capture(added)
        self._watch()

    def _step(self, name, text):
        step = Step(name, self._machine.elapsed(), text)
        self.result.steps.append(step)
        self._tell(step)

    def _boot(self):
        """A kernel that panics before it listens has ended its machine."""
        self._guest.wait_ready("first", BOOT_TIMEOUT)
        self.result.release = self._guest.check("uname -r").strip()
        reserved = self._guest.check("cat /sys/kernel/kexec/crash_size || cat /sys/kernel/kexec_crash_size 2>/dev/null")
        self.result.reserved = int(reserved.split()[-1])
        self._step("booted", f"Linux {self.result.release}, {self.result.memory}, crashkernel="
                             f"{self.result.crashkernel}: {self.result.reserved // MIB} MiB are reserved")
        if not self.result.reserved:
            self._end(CRITICAL, "not-reserved", "not armed: no memory is reserved for a crash kernel",
                      causes.REFUSED._replace(line=f"crashkernel={self.result.crashkernel}", remedy="try another size:"
                                              " the machine has too little memory for this one, or not in one piece"))

    def _command(self):
        settings = self._settings
        options = list(settings.options)
        if self._wish.hotplug and "--hotplug" not in options:
            options.append("--hotplug")
        words = f"{settings.append} console={self._kind.console} rdinit={HELPER_INIT}".strip()
        initrds = (["--initrd=/capture-initrd"] if settings.initrd else []) + ["--initrd=/helper"]
        return ["kexec", "-p", *options, *initrds, f"--command-line={words}", "/capture-kernel"]

    def _load(self):
        command = shlex.join(self._command())
        self.result.command = command
        started = self._machine.elapsed()
        status, output = self._guest.run(command)
        took = self._machine.elapsed() - started
        self.result.notes += [line for line in output.splitlines() if line.startswith("kexec: ") and status == 4]
        if status not in (0, 4) and causes.is_usage(output) and self._wish.own_options:
            self._end(UNKNOWN, "unknown", f"--options: {causes.refusal(output).line}")
        if status not in (0, 4):
            self._end(CRITICAL, "not-armed", "not armed: kexec did not load the crash kernel", causes.refusal(output))
        self._step("loaded", f"in {took:.1f} s: {command}")
        status, output = self._guest.run("kexec -S --verbose")
        self._step("armed", output.splitlines()[0] if output else f"kexec -S --verbose: status {status}")
        status, output = self._guest.run(f"{command} --dry-run --json 2>/dev/null")
        try:
            self.result.plan = json.loads(output) if not status else None
        except ValueError:
            self.result.plan = None

    def _plug(self):
        """The ranges of memory that were added."""
        added = []
        if self._wish.add_memory:
            added.append(self._plugged.plug_memory(self._wish.add_memory))
            self._step("memory added", f"{len(added[0]) // MIB} MiB at {added[0].start:#x}")
        self._cpu = 0
        if self._wish.add_cpu:
            self._cpu = self._plugged.plug_cpu()
            self._step("CPU added", f"CPU {self._cpu}")
        self._cpus = len(self._plugged.cpus())
        return added

    def _crash(self):
        guest = self._guest
        guest.check(f"echo '{self._marker}' >/dev/kmsg")
        self._crash_region = self._region()
        self._crashed = self._machine.console.position()
        self._step("crashed", f"on CPU {self._cpu} of {self._cpus}")
        guest.start(f"taskset {1 << self._cpu:x} sh -c 'echo c >/proc/sysrq-trigger'")

    def _region(self):
        """Where the image lies, from the plan; None where that is not known."""
        try:
            part = self.result.plan["ranges"]["crash_region"][0]
            return range(int(part["start"], 16), int(part["end"], 16))
        except (KeyError, TypeError, IndexError):
            return None

    def _console(self):
        """What the capture kernel said; before its first line, what was said since the crash but for the panic."""
        text = self._machine.console.text(self._crashed)
        first = FIRST_LINE.search(text)
        if first:
            return text[first.start():]
        return "\n".join(line for line in text.splitlines() if "panic" not in line)

    def _capture(self, added):
        self._wait_capture()
        guest = self._guest
        # The log, which nobody needs whole.
        status, output = guest.run("vmcore-dmesg --color=never /proc/vmcore >/tmp/log 2>/tmp/error; status=$?; "
                                   f"tail -c {LOG_BYTES} /tmp/log; cat /tmp/error; rm /tmp/log; exit $status")
        self.result.log = output.splitlines()[-60:]
        if status or self._marker not in output:
            self._end(CRITICAL, "log-unreadable", "the capture kernel has a dump of which the log cannot be read",
                      causes.UNREADABLE._replace(line=output.splitlines()[-1] if output else ""))
        self._step("log read", f"by vmcore-dmesg, with what was written there before the crash: {self._marker}")
        self._look_at_dump(added)

    def _wait_capture(self):
        """Until the helper listens in the capture kernel; Ended when it will not."""
        console = self._machine.console
        began = heard = time.monotonic()
        known, first, failed, looked = console.position(), False, None, began
        while True:
            up, now = self._guest.has_come_up(), time.monotonic()
            text = self._console()
            if console.position() != known:
                known, heard = console.position(), now
            if not first and FIRST_LINE.search(text):
                first = True
                self._step("capture kernel up", "its first line is on the console")
            if up:
                break
            failed = failed or (now if causes.is_final(text) else None)
            if (failed and now - failed > GRACE) or self._machine.wait_exit(0):
                self._lost(causes.classify(self._console()) or self._nothing_more())
            if not first and now - max(heard, looked) > SILENCE:
                looked = now
                if (cause := self._look_into_memory()):
                    self._lost(cause)
            if now - heard > LOST or now - began > CAPTURE_TIMEOUT:
                self._lost(self._nothing_more())
            time.sleep(POLL)
        kernel = self._guest.newcomer()
        self._guest.wait_ready(kernel)
        self._step("capture initrd up", "the first program of the capture kernel runs")
        if kernel != "capture":
            self._end(CRITICAL, "no-vmcore", "the capture kernel came up without a dump", causes.NO_VMCORE)
        self._step("vmcore found", "/proc/vmcore is there")

    def _look_into_memory(self):
        """Of a kernel that died before it had a console: only POWER's are known to."""
        if self._settings.arch != "ppc64le" or not self._crash_region:
            return None
        memory = self._machine.save_memory(self._crash_region)
        return causes.classify_memory(memory, read_file(self._settings.capture_kernel))

    def _nothing_more(self):
        """Of a capture kernel that gives no reason."""
        first = any(step.name == "capture kernel up" for step in self.result.steps)
        return causes.STUCK if first else causes.SILENT

    def _lost(self, cause):
        self._end(CRITICAL, *LOST_DUMP, cause)

    def _look_at_dump(self, added):
        """What of the machine is in it: a CPU's registers, memory that was added."""
        dump = Dump(self._guest)
        missing = subtract(added, dump.memory())
        cpus = len(dump.registers())
        size = sum(map(len, dump.memory()))
        if missing:
            self.result.warnings.append("the dump lacks memory that was added: load with --hotplug")
        if cpus != self._cpus:
            self.result.warnings.append(f"the dump has the registers of {cpus} CPUs, of {self._cpus}:"
                                        " load with --hotplug")
        self._step("dump looked at", f"{size // MIB} MiB of memory, the registers of {cpus} of {self._cpus} CPUs")

    def _watch(self):
        """The system's own initrd goes on; until it ends the machine, fails for good, or has nothing more to say."""
        console = self._machine.console
        with contextlib.suppress(Failure): # what is left to say is on the console
            self._guest.check(GO.format(HELPER))
        began = heard = time.monotonic()
        self._step("initrd started", self._next_init())
        position = known = console.position()
        failed, ended, read, written = None, False, 0, 0
        while not ended and time.monotonic() - began < self._wish.watch:
            ended = self._machine.wait_exit(0)
            now = time.monotonic()
            before = read, written
            read, written = before if ended else self._moved(before)
            if console.position() != known or (read, written) != before:
                known, heard = console.position(), now
            failed = failed or (now if causes.is_final(console.text(position)) else None)
            if (failed and now - failed > GRACE) or now - heard > IDLE:
                break
            time.sleep(0 if ended else POLL)
        if ended:
            self._machine.console.wait_end(GRACE) # what it said last is still on its way
            self._step("machine ended", f"{time.monotonic() - began:.1f} s after the initrd started")
        judge_watched(self.result, console.text(position), bool(self._wish.disk), written, ended)
        raise Ended

    def _moved(self, before):
        """How many bytes were read from the disk that was given, and written there; as @before where the machine is just
        ending. A system that starts with `quiet` on its command line reads for a minute, and says nothing."""
        if not self._wish.disk:
            return before
        with contextlib.suppress(Failure, StopIteration):
            return next((disk["stats"]["rd_bytes"], disk["stats"]["wr_bytes"])
                        for disk in self._machine.monitor.command("query-blockstats") if disk.get("device") == "given")
        return before

    def _end(self, *judgement):
        self.result.judge(*judgement)
        raise Ended

    def _collect(self):
        result = self.result
        result.console = self._machine.console.last_lines(CONSOLE_LINES)
        for found in SAMPLE.finditer(self._machine.measured.text()):
            at, total, free, available, check = found.groups()
            if int(total) + int(free) + int(available) == int(check):
                result.samples.append(Sample(float(at), int(total), int(free), int(available)))
        result.notes.append(own_share(self._helper_size, os.path.getsize(self._wish.busybox)))
        if result.samples:
            result.notes.append("memory is measured from the first program of the capture kernel on: not while the"
                                " kernel unpacks the initrd")
        if self._settings.uncovered:
            result.notes.append("not covered, the drill's machine has none of it: the drivers "
                                + ", ".join(self._settings.uncovered))
        if not result.accelerated:
            result.notes.append("times are those of an emulated processor")


def judge_watched(result, console, disk, written, ended):
    """The verdict, by what there is of the initrd: its console, and what it wrote to the disk."""
    good, cause = causes.judge_initrd(console, disk, written)
    if not ended:
        result.notes.append("what the initrd does with the dump the drill did not see to its end")
    if good is False:
        result.judge(CRITICAL, "lost", "the capture kernel has the dump, but its initrd failed", cause)
    elif good is None:
        result.judge(WARNING, "captured-not-saved", "a crash would leave a dump, but the drill did not see it saved", cause)
    else:
        line = causes.saved(console)
        result.notes.append(f"the dump was saved: {line}" if line else
                            f"the dump was saved: {written // MIB} MiB were written to the disk")
        trouble = causes.TROUBLE.search(console.replace("\r", ""))
        if trouble:
            result.warnings.append(f"while it was saved: {trouble[0].strip()}")
        if result.warnings:
            result.judge(WARNING, "captured-incomplete", f"a crash would leave a dump, but {result.warnings[0]}")
        else:
            result.judge(OK, "captured", "a crash would leave a dump")


def terminal_of(kind):
    """The second terminal, as init.sh knows it."""
    return {"hvc0": "hvc1", "ttyS0": "ttyS1", "ttyAMA0": "ttyS0"}[kind.console]


def own_share(helper, busybox):
    """Of the crash region. Who measures runs from a program that has been removed, and which stays in memory for that."""
    return (f"the drill's own programs take {helper / MIB:.1f} MiB of the crash region, and {busybox / MIB:.1f} MiB while the"
            " initrd runs")


def check_programs(arch, wish):
    """Failure when one of them cannot run in the guest."""
    for name, path in ("kexec", wish.kexec), ("vmcore-dmesg", wish.vmcore_dmesg), ("busybox", wish.busybox):
        data = read_file(path)
        if elf_machine(data) != EM[arch]:
            raise Failure(f"{path}: not a program for {arch}; name one with --{name}")
        try:
            dynamic = is_dynamic(data)
        except (struct.error, OverflowError):
            raise Failure(f"{path}: damaged: no program; name one with --{name}") from None
        if name == "busybox" and dynamic:
            raise Failure(f"{path}: not a static program; install busybox-static, or name one with --busybox")
