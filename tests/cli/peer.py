# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Exit statuses and messages of kexec-tools 2.0.32, as measured on Linux 6.12 ppc64le without
KEXEC_FILE. Each row is what a script may rely on; where we differ on purpose, the reason is beside it.
"""
import os
import subprocess

from cases import all_of
from harness import Case, expect
from machine import Machine

ARMED, EMPTY = b"1\n", b"0\n"


def loaded(crash=EMPTY, normal=EMPTY, size=b"536870912\n"):
    def prepare(where):
        for name, data in (("kexec_crash_loaded", crash), ("kexec_loaded", normal), ("kexec_crash_size", size)):
            with open(f"{where}/machine/sys/kernel/{name}", "wb") as f:
                f.write(data)
        with open(f"{where}/text", "w") as f:
            f.write("not a kernel\n")
    return prepare


def no_sysfs(*names):
    def prepare(where):
        for name in names:
            os.unlink(f"{where}/machine/{name}")
    return prepare


def state(crash, hotplug):
    def check(r):
        got = (r.read("machine/sys/kernel/kexec_crash_loaded").strip(),
               r.read("machine/sys/devices/system/cpu/crash_hotplug").strip())
        expect(got == (str(crash), str(hotplug)), got)
    return check


# name, argv, status, stdout, stderr (None: nothing on that stream), check
ROWS = [
    ("-v", "-v", 0, r"\Akexec-tools 3\.\d+\.\d+", None, None),
    ("--ver", "--ver", 0, r"\Akexec-tools", None, None),
    ("--s", "--s", 0, None, None, None),
    ("--help", "--help", 0, "Usage: kexec", None, None),
    # The peer prints the usage to stdout; a program whose output is read should not.
    ("--bogus", "--bogus", 1, None, r"(?s)unrecognized.*option '--bogus'.*Usage", None),
    ("-?", "-?", 1, None, "Usage", None),
    ("no operand", "", 255, None, r"(?s)No kernel specified.*Usage", None),
    ("-p alone", "-p", 255, None, r"(?s)No kernel specified.*Usage", None),
    ("-l alone", "-l", 255, None, r"(?s)No kernel specified.*Usage", None),
    ("-S, nothing loaded", "-S", 0, None, None, None),
    ("-S -p, nothing loaded", "-S -p", 0, None, None, None),
    ("-p, no such file", "-p /nonexistent", 1, None,
     "Cannot open `/nonexistent': No such file or directory", None),
    ("-p, not a kernel", "-p {dir}/text", 255, None, "Cannot determine the file type of .*/text", None),
    ("-p, no such initrd", "-p --initrd=/nonexistent {kernel}", 255, None,
     "Could not open initrd file.*/nonexistent", None),
    ("-t bogus", "-t bogus -p {kernel}", 255, None, "Unsupported kernel type bogus", None),
    ("-e, nothing loaded", "-e", 1, None, "Nothing has been loaded!", None),
    ("-p -u", "-p -u", 0, None, None, state(0, 0)),
    ("-a -p -u", "-a -p -u", 0, None, None, state(0, 0)),
    ("-c -p -u", "-c -p -u", 0, None, None, state(0, 0)),
    # The peer unloads the normal image and forgets about -l.
    ("-l -u", "-l -u", 0, None, None, None),
    ("-u", "-u", 0, None, None, None),
    # The peer says "No kernel specified" and 255, and has unloaded by then.
    ("-u -p", "-u -p", 0, None, None, state(0, 0)),
    ("-s -p, no system call", "-s -p {kernel}", 253, None, "syscall kexec_file_load not available", None),
    ("-s -p -u, no system call", "-s -p -u", 253, None, "syscall kexec_file_load not available", None),
    ("-p", "-p {kernel}", 0, None, "Modified cmdline:.*elfcorehdr=[0-9]+K", state(1, 0)),
    ("-l", "-l {kernel}", 0, None, "Modified cmdline:", state(0, 0)),
    ("-p --hotplug", "-p --hotplug {kernel}", 0, None, "Modified cmdline:", state(1, 1)),
    ("-p --hotplug, after the operand", "{kernel} -a --hotplug -p", 0, None, "Modified cmdline:", state(1, 1)),
    ("everything at once", "-p --args-linux --dt-no-old-root --elf64-core-headers -d --hotplug {kernel}", 0,
     None, r"(?s)ELFCOREHDR_SIZE 459096.*kdump fdt extra size: \d+.*Skipping segment mem: 0x2[0-9a-f]+ from"
     r" SHA calculation.*kexec_load: entry = 0x2[0-9a-f]+ flags = 0x150009", state(1, 1)),
    ("--print-ckr-size", "--print-ckr-size", 0, r"\A536870912\n\Z", None, None),
    ("-p --reuse-cmdline", "-p --reuse-cmdline {kernel}", 0, None,
     r"Modified cmdline:elfcorehdr=[0-9]+K root=/dev/sda1\n", state(1, 0)),
    ("-l --reuse-cmdline", "-l --reuse-cmdline {kernel}", 0, None,
     r"Modified cmdline:root=/dev/sda1 crashkernel=512M\n", None),
]

ARMED_ROWS = [
    ("-S, crash kernel loaded", "-S", 1),
    ("-S -p, crash kernel loaded", "-S -p", 1),
    ("-S -l, only a crash kernel loaded", "-S -l", 0),
    # The peer answers 0 here: a bug nobody can want.
    ("-S -d, crash kernel loaded", "-S -d", 1),
]

CASES = [Case(f"as the peer: {name}", argv, status, stdout, stderr, usual=True, check=check, prepare=loaded())
         for name, argv, status, stdout, stderr, check in ROWS]
CASES += [Case(f"as the peer: {name}", argv, status, prepare=loaded(crash=ARMED))
          for name, argv, status in ARMED_ROWS]
CASES += [
    Case("as the peer: -p over a loaded image", "-p {kernel}", 0, stderr="Modified cmdline", usual=True,
         prepare=loaded(crash=ARMED), check=state(1, 0)),
    Case("as the peer: nothing reserved", "-p {kernel}", 1, machine=Machine(crash=None), prepare=loaded(size=EMPTY),
         stderr="Memory for crashkernel is not reserved"),
    Case("as the peer: --hotplug without kernel support", "-p --hotplug {kernel}", 1, prepare=loaded(),
         machine=Machine(hotplug=False),
         stderr="Path .*crash_hotplug does not exist, the kernel needs CONFIG_CRASH_HOTPLUG"),
    Case("as the peer: -S, the kernel does not say", "-S", 255, stderr="CONFIG_CRASH_DUMP",
         prepare=all_of(loaded(), no_sysfs("sys/kernel/kexec_crash_loaded"))),
    Case("as the peer: not for root only", "-p {kernel}", 1, model=True, stderr="Permission denied.*root",
         prepare=all_of(loaded(), lambda w: subprocess.run(["chmod", "-R", "a+rX", w], check=True),
                      lambda w: os.chmod(f"{w}/machine/sys/devices/system/cpu/cpu0/crash_notes", 0)),
         shell="setpriv --reuid 65534 --regid 65534 --clear-groups {argv} -c -p {kernel}"),
]
