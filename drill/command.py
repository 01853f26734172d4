# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The command line of kdump-drill."""

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import sys
import tempfile
import traceback

import advise
import causes
import page
import report
import settings as machine_settings
from failure import Failure
from initramfs import elf_machine, read_file
from machines import find_emulator
from settings import MIB, reserving, size_in_bytes
from story import CRITICAL, EM, KINDS, OK, UNKNOWN, Drill, Result, Wish


class Parser(argparse.ArgumentParser):
    """Of a status that monitoring takes for "unknown" when the command line is wrong."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, f"kdump-drill: {message}\n")


def parser():
    parse = Parser(prog="kdump-drill", allow_abbrev=False,
                   description="Crash a virtual copy of this machine and see whether a dump is left. Needs no root,"
                               " and leaves this machine as it is.",
                   epilog="Status: 0 a dump is left, 1 with something missing, 2 none, 3 not known.")
    parse.add_argument("--machine", metavar="DIR",
                       help="not this machine, but what `kexec --record DIR` wrote, or a copy of a machine's files")
    parse.add_argument("--arch", choices=sorted(KINDS), help="default: as the machine's, or the kernel's")
    parse.add_argument("--kernel", metavar="FILE", help="that crashes")
    parse.add_argument("--capture-kernel", metavar="FILE", help="that is loaded; default: as kdump is configured, else --kernel")
    parse.add_argument("--initrd", metavar="FILE", help="of the capture kernel; an empty name: none")
    parse.add_argument("--command-line", metavar="TEXT", help="of the capture kernel, besides --options")
    parse.add_argument("--options", metavar="WORDS", help="of kexec, instead of what kdump is configured to give")
    parse.add_argument("--crashkernel", metavar="SIZE",
                       help="as the boot parameter, of ranges what this memory gets; default: what is reserved here")
    parse.add_argument("--hotplug", action="store_true", help="load with --hotplug")
    parse.add_argument("--add-cpu", action="store_true", help="add a CPU after the load, and crash on it")
    parse.add_argument("--add-memory", metavar="SIZE", help="add memory after the load")
    parse.add_argument("--memory", metavar="SIZE", help="of the virtual machine; default: as little as will do")
    parse.add_argument("--cpus", type=int, default=1, metavar="N", help="of the virtual machine (default: 1)")
    parse.add_argument("--boot-words", metavar="TEXT", default="", help="for the kernel that crashes, besides")
    parse.add_argument("--disk", metavar="IMAGE", help="a virtio disk; it stays as it is")
    parse.add_argument("--watch", type=int, default=300, metavar="SECONDS",
                       help="how long the capture initrd is watched at most (default: 300)")
    parse.add_argument("--emulate", action="store_true", help="do without KVM")
    for name in "kexec", "vmcore-dmesg", "busybox":
        parse.add_argument(f"--{name}", metavar="FILE", help="to be used in the virtual machine; default: the one here")
    parse.add_argument("--advise", action="store_true",
                       help="crash as often as it takes to find the smallest crashkernel= that captures")
    parse.add_argument("--step", metavar="SIZE", default="16M", help="with --advise: how closely (default: 16M)")
    parse.add_argument("--report", metavar="FILE.html", help="a page with all that is known, besides")
    parse.add_argument("--json", action="store_true", help="for programs")
    parse.add_argument("--keep", metavar="DIR", help="keep consoles and what was made")
    return parse


def main(arguments=None):
    options = parser().parse_args(joined(sys.argv[1:] if arguments is None else arguments))
    end_on_signals()
    advice = None
    try:
        with place_for(options.report):
            result, advice = held(options)
            say(options, result, advice)
            if options.report:
                write_page(options.report, result, advice)
    except (Failure, OSError) as failure:
        result = unknown(options, str(failure))
    except KeyboardInterrupt:
        result = unknown(options, "interrupted")
    except Exception as fault: # status 1 would mean that a dump is left
        traceback.print_exc()
        result = unknown(options, f"{type(fault).__name__}: {fault}")
    if options.keep and result.status != OK:
        print(f"logs: {options.keep}", file=sys.stderr)
    return result.status


def write_page(path, result, advice):
    """The verdict has been said: it stays."""
    try:
        page.write(path, result, advice)
    except OSError as error:
        print(f"kdump-drill: --report: {path}: {error.strerror}", file=sys.stderr)


def end_on_signals():
    """Of those that end a program, with the machine, and what is in the way removed."""
    for number in signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) != signal.SIG_IGN: # nohup
            signal.signal(number, lambda *_: sys.exit(UNKNOWN))


@contextlib.contextmanager
def place_for(path):
    """A file can be written there, which is known before the drill; what is made for that does not stay without it."""
    if not path:
        yield
        return
    new = not os.path.lexists(path)
    try:
        open(path, "ab").close()
    except OSError as error:
        raise Failure(f"--report: {path}: {error.strerror}") from None
    try:
        yield
    finally:
        if new and os.path.isfile(path) and not os.path.getsize(path):
            os.unlink(path)


def held(options):
    """(the Result, the Advice or None)"""
    settings = gather(options)
    if settings.disabled and not options.advise:
        result = Result(arch=settings.arch, crashkernel=settings.crashkernel)
        result.judge(CRITICAL, "not-armed", f"not armed: {settings.disabled}, so nothing is loaded", causes.DISABLED)
        return result, None
    with working_directory(options.keep) as directory:
        wish = wish_of(options, settings, directory)
        return advised(settings, wish, options) if options.advise else (drill(settings, wish, options), None)


def unknown(options, why):
    """What is said, and the Result, of a drill that was not held."""
    result = Result()
    result.judge(UNKNOWN, "unknown", "; ".join(filter(None, map(str.strip, why.splitlines()))))
    say(options, result, None)
    return result


def say(options, result, advice):
    if options.json:
        print(report.as_json(result, advice and advise.as_dict(advice)), flush=True)
    else:
        lines = (advise.text(advice) if advice else []) + report.text(result)
        print("\n".join(map(report.printable, lines)), flush=True)


def joined(arguments):
    """With what follows --options as its value: it begins with a dash, which argparse takes for another option."""
    words, rest = [], list(arguments)
    while rest:
        word = rest.pop(0)
        words.append(f"{word}={rest.pop(0)}" if word == "--options" and rest else word)
    return words


def drill(settings, wish, options):
    """One, told step by step where somebody looks on."""
    def tell(step):
        if sys.stderr.isatty() and not options.json:
            print(f"[{step.at:6.1f} s] {step.name}: {report.printable(step.text)}", file=sys.stderr, flush=True)
    return Drill(settings, wish, tell).run()


def advised(settings, wish, options):
    """(the drill with what is advised, the Advice)"""
    last = {}

    def one(size):
        settings.crashkernel = f"{size >> 20}M"
        last[size] = drill(settings, wish, options)
        return last[size]

    def tell(size, result):
        if sys.stderr.isatty() and not options.json:
            print(f"crashkernel={size >> 20}M: {result.verdict}", file=sys.stderr, flush=True)

    advice = advise.advise(one, advise.start_of(settings), advise.least_size(settings), settings, bool(wish.add_memory),
                           step_of(options), tell, advise.host_memory())
    if settings.disabled:
        last[advice.advised].notes.append(f"{settings.disabled}: nothing is loaded there now")
    return last[advice.advised], advice


def step_of(options):
    step = size_in_bytes(options.step)
    if step < MIB:
        raise Failure(f"--step {options.step}: at least 1M")
    return step


def gather(options):
    """Settings of the machine, and what was said instead."""
    settings = machine_settings.survey(options.machine or "")
    if options.kernel:
        settings.kernel = options.kernel
        if not options.machine:
            # Those of this machine are for its own kernel.
            settings.uncovered, settings.initrd = [], ""
    if options.capture_kernel or (options.kernel and not options.machine):
        settings.disabled = "" # whatever the machine would do
        settings.capture_kernel = options.capture_kernel or options.kernel
    if settings.disabled and not options.advise:
        return settings
    settings.capture_kernel = settings.capture_kernel or settings.kernel
    if options.initrd is not None:
        settings.initrd = options.initrd
    if options.command_line is not None:
        settings.append = options.command_line
        if not options.machine and options.kernel:
            settings.options = []  # those of this machine are for its own kernel
    if options.options is not None:
        try:
            settings.options = shlex.split(options.options)
        except ValueError as error:
            raise Failure(f"--options: {error}") from None
    if options.crashkernel:
        memory = size_in_bytes(options.memory) if options.memory else settings.memory
        settings.crashkernel = reserving(options.crashkernel, memory)
    if not settings.kernel:
        raise Failure(f"which kernel? {settings.why['kernel']}; name one with --kernel")
    if not settings.crashkernel:
        raise Failure("how much is to be reserved? Nothing is here: name it with --crashkernel")
    settings.arch = options.arch or arch_of(settings)
    if settings.arch not in KINDS:
        raise Failure(f"machines of {settings.arch} cannot be drilled; name another with --arch")
    for path in settings.kernel, settings.capture_kernel, settings.initrd, options.disk:
        if path:
            read_file(path, 1) # whether it can be; a drill needs not be root
    return settings


def arch_of(settings):
    """Of the kernel, where it says it."""
    head = read_file(settings.kernel, 4096)
    machine = elf_machine(head)
    named = [arch for arch, number in EM.items() if number == machine]
    if named:
        return named[0]
    if head[0x202:0x206] == b"HdrS":
        return "x86_64"
    if head[56:60] == b"ARM\x64":
        return "arm64"
    return settings.arch


def wish_of(options, settings, directory):
    if options.cpus < 1:
        raise Failure("--cpus: at least one")
    if settings.arch == "arm64" and (options.add_cpu or options.add_memory or options.hotplug):
        raise Failure("on arm64 no kernel keeps a crash image current: nothing is added in a drill")
    find_emulator(KINDS[settings.arch]) # before more is done
    if options.advise:
        step_of(options)
    added = size_in_bytes(options.add_memory) if options.add_memory else 0
    size_in_bytes(options.memory or "0")
    return Wish(directory=directory,
                kexec=options.kexec or program("kexec"),
                vmcore_dmesg=options.vmcore_dmesg or program("vmcore-dmesg", options.kexec),
                busybox=options.busybox or program("busybox"),
                memory=options.memory or "", cpus=options.cpus, add_cpu=options.add_cpu,
                add_memory=added,
                hotplug=options.hotplug, disk=options.disk or "", watch=options.watch, emulate=options.emulate,
                words=options.boot_words, own_options=options.options is not None)


def program(name, beside=None):
    """Where it is: beside another, or where programs are."""
    if beside and os.path.exists(os.path.join(os.path.dirname(beside), name)):
        return os.path.join(os.path.dirname(beside), name)
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        raise Failure(f"there is no {name} here; install it, or name one with --{name}")
    return found


def working_directory(keep):
    if not keep:
        return tempfile.TemporaryDirectory(prefix="kdump-drill-")
    os.makedirs(keep, exist_ok=True)
    return Kept(keep)


class Kept(str):
    """A directory that stays."""

    def __enter__(self):
        return str(self)

    def __exit__(self, *exception):
        pass
