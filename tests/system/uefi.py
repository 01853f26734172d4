# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What only comes from machines with UEFI: unified kernel images, secure boot, an initrd that is left behind.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import os
import re
import struct
import subprocess
import sys

from dump import Dump
from failure import Failure
from files import REPOSITORY, ukify
from memory import expect_all
from stage import expect

sys.path.insert(0, os.path.join(REPOSITORY, "tests", "lib"))

import bzimage  # noqa: E402

EXIT_TIMEOUT = 300
LOCKED = "mount -t securityfs security /sys/kernel/security && cat /sys/kernel/security/lockdown"
# What each refusal has in common, and what kexec -S --verbose says.
SIGNED = "sign"


# --- unified kernel images ---

def unified(stage):
    """Linux is started by a unified kernel image, and with another, of Debian's ukify, a crash is captured."""
    stage.boot()
    stage.deliver("/tmp/first.efi", _generated(stage))
    before = stage.boot_id()
    stage.guest.check(f"{stage.loader} -c -l /tmp/first.efi")
    stage.guest.start(f"{stage.loader} -e")
    with stage.timed("exec"):
        stage.guest.wait_ready("first")
    expect(stage.boot_id() != before, "it is the same kernel still")
    _expect_command_line(stage, re.escape(stage.first_command_line() + " started=generated"))
    stage.deliver("/tmp/capture.efi", _of_ukify(stage))
    with stage.timed("load"):
        said = stage.guest.check(f"{stage.loader} -c -p --hotplug /tmp/capture.efi")
    expect("measure" in said, f"it does not say that nothing is measured:\n{said}")
    stage.expect_loaded(True)
    memory = stage.memory_to_dump()
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    _expect_command_line(stage, r"elfcorehdr=\S+ acpi_no_memhotplug " + re.escape(_capture_words(stage)))
    expect_all(Dump(stage.guest), memory)


def _expect_command_line(stage, pattern):
    seen = stage.guest.read("/proc/cmdline")
    expect(re.fullmatch(pattern, seen), f"came up with '{seen}', not '{pattern}'")


def _capture_words(stage):
    return stage.capture_command_line() + " started=ukify"


def _generated(stage):
    """With all that the first kernel had, and microcode that is none, which goes in front."""
    with open(stage.site.kernel, "rb") as kernel, open(stage.site.first, "rb") as initrd:
        return bzimage.uki(kernel.read(), initrd=initrd.read(), ucode=bytes(4096),
                           cmdline=f"{stage.first_command_line()} started=generated\n".encode())


def _of_ukify(stage):
    path = os.path.join(stage.directory, "capture.efi")
    command, stub = ukify()
    done = subprocess.run([*command, "build", f"--linux={stage.site.kernel}", f"--initrd={stage.site.capture}",
                           f"--cmdline={_capture_words(stage)}", f"--stub={stub}", f"--output={path}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure(f"ukify: status {done.returncode}\n{done.stdout}")
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    return data


# --- secure boot ---

def secure_boot(stage):
    """Secure Boot by shim and GRUB: with -s a signed kernel is loaded and captures, all else is refused."""
    stage.boot()
    said = stage.guest.check("dmesg")
    expect("secureboot: Secure boot enabled" in said, "the kernel does not know of secure boot")
    expect("[integrity]" in stage.guest.check(LOCKED), "the kernel is not locked down")
    for how, kernel in ("-c -p", None), ("-c -l", None), ("-s -p", _unsigned(stage)), ("-s -l", _damaged(stage)):
        status, output = stage.guest.run(stage.load_command(how=how, kernel=kernel))
        expect(status, f"{how} has loaded {kernel or 'a signed kernel'}\n{output}")
        expect(SIGNED in output, f"{how} {kernel or ''} does not say what is loaded:\n{output}")
    stage.expect_loaded(False)
    status, output = stage.guest.run("kexec -S --verbose")
    expect(SIGNED in output, f"kexec -S --verbose: status {status}\n{output}")
    stage.load("--hotplug", how="-s -p")
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    stage.unload()
    stage.load(how="-a -p")
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)


def _unsigned(stage):
    """The path of a copy without the table of certificates: Documentation of PE, data directory 4."""
    with open(stage.site.kernel, "rb") as file:
        head = file.read(4096)
    at = struct.unpack_from("<I", head, 0x3c)[0] + 24 + 112 + 8 * 4
    expect(any(head[at:at + 8]), f"{stage.site.kernel} is not signed")
    return _changed(stage, "/tmp/unsigned", f"dd if=/dev/zero bs=1 seek={at} count=8")


def _damaged(stage):
    """And of one with a byte that was not signed."""
    return _changed(stage, "/tmp/damaged", f"printf x | dd bs=1 seek={os.path.getsize(stage.site.kernel) // 2}")


def _changed(stage, path, command):
    stage.guest.check(f"cp /{stage.architecture.kernel} {path} && {command} of={path} conv=notrunc 2>/dev/null")
    return path


# --- an initrd that the firmware remembers ---

def no_initrd(stage):
    """kexec -l without an initrd: the next kernel does not take the first one's for its own."""
    stage.boot()
    line = stage.line("panic=5")
    stage.guest.check(stage.load_command([], line, initrd=None, how="-c -l"))
    stage.guest.start(f"{stage.loader} -e")
    with stage.timed("exec"):
        ended = stage.machine.wait_exit(EXIT_TIMEOUT)
    expect(not stage.guest.has_come_up(), "it came up, with an initrd that nobody gave it")
    expect(ended, "it has not ended: a kernel without a root file system panics")
