# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What of the drill needs no machine: what consoles mean, where settings come from, what is reported."""

import io
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from unittest import mock

import advise
import causes
import command
import initramfs
import page
import report
import settings
from failure import Failure, expect
from initramfs import packed
from machines import PC, PSeries, Virt, find_emulator
from story import CRITICAL, OK, UNKNOWN, WARNING, Drill, Ended, Result, Sample, Step, Wish, judge_watched, own_share
from stream import Stream
from tap import expect_same

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
MIB = 1 << 20

# What consoles have said, as these kernels and initrds print it.
CONSOLES = {
    "out-of-memory": (
        "[    1.911] Initramfs unpacking failed: write error\n[    2.2] Kernel panic - not syncing: "
        "No working init found.",
        "[    3.1] sh invoked oom-killer: gfp_mask=0x140cca, order=0\n[    3.2] Kernel panic - not syncing: "
        "System is deadlocked on memory",
        "[    0.4] Out of memory: Killed process 77 (systemd-udevd) total-vm:25072kB",
        "cp: error writing '/sysroot/vmcore': Cannot allocate memory",
    ),
    "short-of-memory": ("[  2.4] kswapd0: page allocation failure: order:0\r\n",
                        "[  2.4] page allocation failure: order:0\n[    3.2] Kernel panic - not syncing: hung"),
    "no-space": ("cp: error writing '/mnt/vmcore': No space left on device",
                 "cat: write error: No space left on device\nkdump-tools: failed to save vmcore in /var/crash/1"),
    "no-root": (
        "ALERT!  UUID=6a1c6d1a-03ab-4a34-b5a1-3d7c1a2b2f5e does not exist.  Dropping to a shell!",
        "Gave up waiting for root file system device.  Common problems:",
        "[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "[    9.9] dracut-initqueue[300]: Warning: dracut-initqueue: timeout, still waiting",
        "dracut Warning: /dev/disk/by-uuid/1111-2222 does not exist",
    ),
    "saving-failed": ("kdump: saving vmcore failed", "makedumpfile Failed.",
                      "[   12.1] kdump-tools[333]: failed to save vmcore in /var/crash/202611261200",
                      "kdump-tools: failed to save vmcore via FTP in dumps:/dump.202611261200",
                      "kdump-tools: Unable to mount remote NFS directory dumps:/srv. Cannot save core",
                      "kdump-tools: Unable to reach remote server root@dumps; can't continue",
                      "kdump-tools: makedumpfile scp failed. The vmcore file will  not be available"),
    "read-only": (
        "kdump-tools[399]: mkdir: cannot create directory '/var/crash': Read-only file system\n"
        "kdump-tools[391]: kdump-tools: failed to save vmcore in /var/crash/202611261726 ... failed!",),
    "driver-missing": ("modprobe: FATAL: Module nvme not found in directory /lib/modules/6.12",),
    "init-died": ("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
                  "You are in emergency mode. After logging in, type \"journalctl -xb\""),
    "no-vmcore": ("[  0.3] Warning: Core image elf header not found", "Kdump: vmcore not initialized"),
    "lost-cpu": ("Failed to identify boot CPU !",),
    "image-damaged": ("purgatory: digest mismatch",),
    "capture-panicked": ("[  1.0] Kernel panic - not syncing: Fatal exception",),
}
HARMLESS = (
    "[    0.000000] Linux version 6.12.118\n[    0.1] Memory: 190000K/262144K available",
    "[    1.0] Freeing initrd memory: 31000K\nsystemd[1]: Reached target initrd-root-fs.target",
    "kdump: saving vmcore complete",
    "kdump-tools: saved vmcore in /var/crash/202611261200",
    "kdump-tools: failed to save dmesg content in /var/crash/202611261200",
    "[    0.0] mem auto-init: stack:all(zero), heap alloc:on",
    "rm: cannot remove '/run/x': Read-only file system",
)


def consoles_are_understood():
    """Each text has its cause, and no other; what a sound boot prints has none."""
    expect_same("the causes", {cause.name for cause, _ in causes.PATTERNS + causes.REASONS}, set(CONSOLES))
    for name, texts in CONSOLES.items():
        for text in texts:
            found = causes.classify("noise before\n" + text + "\nnoise after")
            expect(found and found.name == name, f"{text}: {found and found.name}, not {name}")
            expect(found.line in text.replace("\r", "") and found.remedy, f"{text}: known by {found.line!r}")
    for text in HARMLESS:
        expect(causes.classify(text) is None, f"{text}: {causes.classify(text)}")


def memory_counts_before_what_follows():
    """An initrd that was not unpacked has no init and no root: that is not what is to be mended."""
    said = "\n".join(texts[0] for texts in (CONSOLES["init-died"], CONSOLES["no-root"], CONSOLES["out-of-memory"]))
    expect_same("the cause", causes.classify(said).name, "out-of-memory")


def a_silent_kernel_is_read():
    """The texts count where memory has them more often than the kernel's file."""
    texts = b"".join(causes.SILENT_LOG[0][1])
    expect(causes.classify_memory(texts, texts) is None, "the text in the kernel's own file was taken for its log")
    expect_same("the cause", causes.classify_memory(texts + texts, texts).name, "lost-cpu")


# (what the initrd's console had, with a disk, MiB written there, status, verdict, cause)
INITRDS = (
    ("kdump: saving vmcore complete", False, 0, OK, "captured", None),
    ("kdump-tools: saved vmcore in /var/crash/1", True, 0, OK, "captured", None),
    ("kdump-tools: saved vmcore via FTP in dumps:/dump.1", False, 0, OK, "captured", None),
    ("The dumpfile is saved to /sysroot/var/crash/vmcore-incomplete.", True, 0, OK, "captured", None),
    # Nothing says that it was saved.
    ("", False, 0, WARNING, "captured-not-saved", "no-sign"),
    ("", True, 0, WARNING, "captured-not-saved", "no-sign"),
    ("mount: mounting /dev/vda on /mnt failed, nothing was saved", True, 0, WARNING, "captured-not-saved", "no-sign"),
    ("The dumpfile is saved to STDOUT.", True, 0, WARNING, "captured-not-saved", "no-sign"),
    ("kdump: saving vmcore-dmesg.txt complete", True, 0, WARNING, "captured-not-saved", "no-sign"),
    ("kdump-tools: saved dmesg content in /var/crash/1", True, 1, WARNING, "captured-not-saved", "no-sign"),
    # Or what was written does.
    ("quiet", True, 40, OK, "captured", None),
    ("modprobe: FATAL: Module nvme not found in directory /lib/modules/6.12", True, 40, OK, "captured", None),
    ("modprobe: FATAL: Module nvme not found in directory /lib/modules/6.12", True, 0, CRITICAL, "lost", "driver-missing"),
    ("page allocation failure: order:4", True, 40, OK, "captured", None),
    ("Out of memory: Killed process 77 (cp)", True, 40, CRITICAL, "lost", "out-of-memory"),
    ("kdump-tools: failed to save vmcore in /var/crash/1", True, 40, CRITICAL, "lost", "saving-failed"),
    ("kdump-tools: failed to save vmcore in /var/crash/1", True, 0, CRITICAL, "lost", "saving-failed"),
    ("kdump-tools: failed to save vmcore in /var/crash/1", False, 0, WARNING, "captured-not-saved", "saving-failed"),
    ("cp: write error: No space left on device", True, 40, CRITICAL, "lost", "no-space"),
    ("cp: /var: Read-only file system\nkdump-tools: failed to save vmcore in /var/crash/1", True, 0, CRITICAL, "lost",
     "read-only"),
    ("touch: /etc/x: Read-only file system", True, 40, OK, "captured", None),
    # The last word counts.
    ("kdump-tools: makedumpfile failed, falling back to 'cp'\nkdump-tools: saved vmcore in /var/crash/1", True, 0, OK,
     "captured", None),
    ("saving vmcore complete\nkdump-tools: failed to save vmcore in /var/crash/1", True, 0, CRITICAL, "lost",
     "saving-failed"),
    # What may be said on the way.
    ("modprobe: FATAL: Module nvme not found in directory /lib/modules/6.12\nkdump: saving vmcore complete", True, 0, OK,
     "captured", None),
    ("systemd-udevd: page allocation failure: order:4\nkdump: saving vmcore complete", False, 0, OK, "captured", None),
    ("tar: No space left on device\nkdump: saving vmcore complete", False, 0, OK, "captured", None),
    ("Warning: /dev/sdb does not exist\nkdump: saving vmcore complete", True, 0, OK, "captured", None),
    ("ioremap: Cannot allocate memory\nkdump: saving vmcore complete", False, 0, OK, "captured", None),
    ("kdump: saving vmcore complete\nKernel panic - not syncing: Fatal exception", False, 0, WARNING, "captured-incomplete",
     None),
    ("page allocation failure: order:4", False, 0, WARNING, "captured-not-saved", "short-of-memory"),
    ("Out of memory: Killed process 77 (udevd)\nkdump: saving vmcore complete", False, 0, WARNING, "captured-incomplete",
     None),
    ("Out of memory: Killed process 77 (init)", False, 0, CRITICAL, "lost", "out-of-memory"),
    ("Kernel panic - not syncing: Attempted to kill init!", False, 0, CRITICAL, "lost", "init-died"),
)


def initrds_are_judged():
    """A dump is left only where something shows it; nothing else is lost before the end."""
    for console, disk, written, *wanted in INITRDS:
        result = Result()
        judge_watched(result, console.replace("\n", "\r\n"), disk, written << 20, True)
        expect_same(f"{console!r}, disk: {disk}", [result.status, result.verdict, result.cause and result.cause.name], wanted)
    unfinished = Result()
    judge_watched(unfinished, "kdump: saving vmcore complete", False, 0, False)
    expect(unfinished.status == OK and any("not see to its end" in note for note in unfinished.notes), f"{unfinished.notes}")


def what_is_final_is_few():
    """A panic ends it; what an initrd goes on after does not."""
    for console, *_ in INITRDS:
        expect_same(console, causes.is_final(console), "Kernel panic" in console)
    for name, texts in CONSOLES.items():
        for text in texts:
            wanted = name in ("lost-cpu", "image-damaged") or "Kernel panic" in text or "a shell" in text
            expect_same(text, causes.is_final(text), wanted)


def refusals_are_quoted():
    """kexec's own last line, not of how it is used; who gave wrong options learns that nothing is known."""
    usage = ("kexec: unrecognized or ambiguous option '--bogus'; see kexec --help\nUsage: kexec [-l|-p|-f] [OPTION]... KERNEL\n"
             "       kexec --record DIR\n")
    expect_same("known by", causes.refusal(usage).line, usage.splitlines()[0])
    expect_same("known by", causes.refusal("kexec: a note\nkexec: /k: no kernel\n").line, "kexec: /k: no kernel")
    expect_same("known by", causes.refusal("sh: kexec: not found\n").line, "sh: kexec: not found")
    for own, status in ((True, UNKNOWN), (False, CRITICAL)):
        for output, wanted in ((usage, status), ("kexec: /k: no kernel\n", CRITICAL)):
            drill = object.__new__(Drill)
            drill._settings, drill.result = settings.Settings(), Result()
            drill._wish = Wish("", "", "", "", own_options=own)
            drill._kind, drill._machine = mock.Mock(console="ttyS0"), mock.Mock(**{"elapsed.return_value": 1})
            drill._guest = mock.Mock(**{"run.return_value": (1, output)})
            try:
                drill._load()
                expect(False, "it was loaded")
            except Ended:
                expect_same(f"{output!r}, own: {own}", drill.result.status, wanted)


def _tree(directory, files):
    for name, content in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if content.startswith("-> "):
            os.symlink(content[3:], path)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)


MACHINE = {"proc/sys/kernel/osrelease": "6.12.0-test\n", "proc/sys/kernel/arch": "x86_64\n",
           "proc/cmdline": "root=/dev/sda1 quiet crashkernel=2G-4G:256M,4G-:384M\n",
           "sys/kernel/kexec_crash_size": "402653184\n",
           "boot/vmlinuz-6.12.0-test": "kernel", "boot/initrd.img-6.12.0-test": "initrd",
           "sys/class/block/sda/device/driver": "-> ../../../../bus/scsi/drivers/megaraid_sas",
           "sys/class/net/eth0/device/driver": "-> ../../../../bus/pci/drivers/mlx5_core"}
DUMP_TOOLS = """USE_KDUMP=1
#KDUMP_KEXEC_ARGS="-s"
KDUMP_KERNEL=/var/lib/kdump/vmlinuz
KDUMP_INITRD=/var/lib/kdump/initrd.img
KDUMP_KEXEC_ARGS="--no-checks"
KDUMP_CMDLINE_APPEND="nr_cpus=1 mine"  # and so on
KDUMP_STAMP="$(date)"
"""


def _surveyed(files):
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, MACHINE | files)
        found = settings.survey(directory)
    for name in "kernel", "capture_kernel", "initrd":
        value = getattr(found, name)
        expect(not value or value.startswith(directory), f"{name} {value} is not below {directory}")
        setattr(found, name, value.removeprefix(directory))
    return found


def kdump_tools_are_read():
    """Debian's file, its links, and not what only a shell could evaluate."""
    found = _surveyed({"etc/default/kdump-tools": DUMP_TOOLS,
                       "var/lib/kdump/vmlinuz": "-> /boot/vmlinuz-6.12.0-test",
                       "var/lib/kdump/initrd.img": "-> initrd.img-6.12.0-test",
                       "var/lib/kdump/initrd.img-6.12.0-test": "capture"})
    expect_same("the kernel that crashes", found.kernel, "/boot/vmlinuz-6.12.0-test")
    expect_same("the capture kernel", found.capture_kernel, "/boot/vmlinuz-6.12.0-test")
    expect_same("the initrd", found.initrd, "/var/lib/kdump/initrd.img-6.12.0-test")
    expect_same("the words", found.append, "nr_cpus=1 mine")
    expect_same("the options", found.options,
                ["--no-checks", "--base-cmdline=root=/dev/sda1 quiet crashkernel=2G-4G:256M,4G-:384M",
                 "--remove-cmdline=crashkernel hugepages hugepagesz abm"])
    expect("KDUMP_STAMP" not in settings.assignments(DUMP_TOOLS), "a command was taken for a value")


def kdump_tools_before_its_first_load():
    """Its links are not there yet, or no kernel is named: what it would load then."""
    capture = {"var/lib/kdump/initrd.img-6.12.0-test": "capture"}
    for said, initrd in ((DUMP_TOOLS, "/var/lib/kdump/initrd.img-6.12.0-test"), ("USE_KDUMP=1\n", "/boot/initrd.img-6.12.0-test")):
        found = _surveyed(capture | {"etc/default/kdump-tools": said})
        expect_same(said, (found.capture_kernel, found.initrd), ("/boot/vmlinuz-6.12.0-test", initrd))
    # Files of a copy that has no links.
    found = _surveyed({"etc/default/kdump-tools": DUMP_TOOLS, "var/lib/kdump/vmlinuz": "kernel", "var/lib/kdump/initrd.img": "capture"})
    expect_same("a copy's", (found.capture_kernel, found.initrd), (settings.KDUMP_TOOLS_KERNEL, settings.KDUMP_TOOLS_INITRD))
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, {"proc/sys/kernel/osrelease": "6.12.0-test\n", "usr/lib/modules/6.12.0-test/vmlinuz": "kernel",
                          "boot/initrd.img-6.12.0-test": "initrd", "etc/default/kdump-tools": "USE_KDUMP=1\n"})
        expect_same("of a kernel beside its modules", settings.survey(directory).initrd, directory + "/boot/initrd.img-6.12.0-test")
    found = _surveyed({"etc/default/kdump-tools": "USE_KDUMP=1\nKDUMP_KERNEL=/boot/mine\n", "boot/mine": "kernel"})
    expect_same("without an initrd", (found.capture_kernel, found.initrd), ("/boot/mine", ""))


def rules_come_along():
    """Those of udev that load, from wherever udev reads them; they are what is judged in the drill's machine."""
    rule = 'SUBSYSTEM=="memory", ACTION=="remove", RUN+="/usr/sbin/kdump-config reload"\n'
    files = {f"{where[1:]}/{name}": text for where in settings.UDEV_RULES
             for name, text in (("98-kexec.rules", rule), ("50-other.rules", "x"), ("README", rule))}
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, MACHINE | files)
        found = settings.survey(directory).rules
        expect_same("rules", found, {name: f"{directory}/{name}" for name in files if name.endswith("98-kexec.rules")})
        masked = settings.survey(directory)
        with open(os.path.join(directory, "etc/udev/rules.d/98-kexec.rules"), "w", encoding="utf-8"):
            pass # as one that is a link to /dev/null: it takes the place of the others
        expect_same("with one that is empty", settings.survey(directory).rules, masked.rules)
        path = os.path.join(directory, "cpio")
        initramfs.write_initramfs(path, os.path.join(directory, "boot/vmlinuz-6.12.0-test"), [], found)
        listed = subprocess.run(["cpio", "-it", "--quiet"], stdin=open(path, "rb"), stdout=subprocess.PIPE, text=True, check=True)
        names = listed.stdout.splitlines()
        expect(len(names) == len(set(names)) and set(found) <= set(names), f"{names}")
        for name in found:
            expect(os.path.dirname(name) in names[:names.index(name)], f"{name} before its directory: {names}")


def a_copy_is_not_this_machine():
    """Which kernel ran is what the copy says, or the only one there is; never what this machine runs."""
    silent = {"proc/sys/kernel/osrelease": ""}
    expect_same("the only one", _surveyed(silent).kernel, "/boot/vmlinuz-6.12.0-test")
    for files, text in ((silent | {"boot/vmlinux-6.1": "another"}, "has 2, and does not say which"),
                        ({"proc/sys/kernel/osrelease": "6.1\n"}, "of Linux 6.1 none is there")):
        found = _surveyed(files)
        expect(not found.kernel and text in found.why["kernel"], f"{found.kernel}, {found.why['kernel']}")
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, MACHINE | silent | {f"boot/vmlinuz-{platform.release()}": "kernel"})
        expect_same("of this release", settings.survey(directory).kernel, "")


HOTPLUG = {"sys/devices/system/cpu/crash_hotplug": "1\n"}


def the_hook_of_kdump_tools_counts():
    """The rule of the file that this project's package has there: before the configuration, and where the kernel can."""
    plain, own, more = (f"USE_KDUMP=1\n{line}\n" for line in ("", 'KDUMP_KEXEC_ARGS="-c"', 'KDUMP_KEXEC_ARGS="$KDUMP_KEXEC_ARGS -c"'))
    with open(os.path.join(TOP, "packaging/debian/kdump-tools.lsb"), encoding="utf-8") as file:
        text = file.read()
    for name in settings.KDUMP_TOOLS_HOOK:
        for said in plain, own, more:
            for kernel in {}, HOTPLUG, {"sys/devices/system/memory/crash_hotplug": "1\n"}:
                for hook in {}, {name[1:]: text}:
                    found = _surveyed({"etc/default/kdump-tools": said} | kernel | hook)
                    with tempfile.TemporaryDirectory() as directory:
                        # As a shell has it, which finds the files of the kernel there.
                        _tree(directory, {"kdump-config": f'. {directory}/hook\n{said}printf %s "$KDUMP_KEXEC_ARGS"\n',
                                          "hook": text.replace("/sys/", f"{directory}/sys/") if hook else ""} | kernel)
                        done = subprocess.run(["sh", f"{directory}/kdump-config"], stdout=subprocess.PIPE, text=True, check=True)
                    expect_same(f"{said!r}, {kernel}, hook: {bool(hook)}",
                                [word for word in found.options if "cmdline=" not in word], done.stdout.split())


def switched_off_is_not_armed():
    """USE_KDUMP=0: nothing is loaded, and no machine is started; unless it is told what would be loaded."""
    for said, off in (("USE_KDUMP=0\n", True), ("", True), ("USE_KDUMP=\n", True), ("USE_KDUMP=1\n", False),
                      ("USE_KDUMP=$(yes)\n", False)):
        why = _surveyed({"etc/default/kdump-tools": said}).disabled
        expect_same(said, (bool(why), "does not set" in why), (off, off and "0" not in said))
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, MACHINE | {"etc/default/kdump-tools": "USE_KDUMP=0\n"})
        status, said = _answer("--machine", directory)
        expect(status == CRITICAL and "not armed" in said and "USE_KDUMP=0" in said, f"status {status}: {said}")
        status, said = _answer("--machine", directory, "--capture-kernel", directory + "/none")
        expect(status == UNKNOWN and "No such file" in said, f"status {status}: {said}")


def values_follow_their_options():
    """Each option of kexec that has one, in the next word or in the same."""
    with open(os.path.join(TOP, "kexec/options.c"), encoding="utf-8") as file:
        rows = re.findall(r'\{ (\'(\w)\'|OPT_\w+), "([\w-]+)", "', file.read())
    wanted = {f"--{name}" for *_, name in rows} | {f"-{short}" for _, short, _ in rows if short}
    expect_same("options with a value", settings.VALUED, wanted)
    found = settings.Settings()
    settings.understand(found, ["-p", "-t", "elf", "--mem-max", "1G", "--initrd", "/i", "--append", "a b", "-d", "/k"],
                        settings.Tree())
    expect_same("the files", (found.capture_kernel, found.initrd, found.append), ("/k", "/i", "a b"))
    expect_same("the options", found.options, ["-telf", "--mem-max=1G", "-d"])


def kdump_load_is_asked():
    """Where there is no kdump-tools; its arguments are turned into those for another machine."""
    found = _surveyed({"etc/sysconfig/kdump": 'KDUMP_COMMANDLINE_APPEND="nr_cpus=1 reset_devices"\nKEXEC_ARGS="-s"\n',
                       "boot/initramfs-6.12.0-testkdump.img": "capture"})
    expect_same("the initrd", found.initrd, "/boot/initramfs-6.12.0-testkdump.img")
    expect_same("the words", found.append, "nr_cpus=1 reset_devices")
    expect("-s" in found.options and "-p" not in found.options, f"options {found.options}")
    expect("--base-cmdline=" + MACHINE["proc/cmdline"].strip() in found.options, f"options {found.options}")
    expect(not any(word.startswith(("--initrd", "--reuse-cmdline")) for word in found.options), f"{found.options}")


def reservations_are_read():
    """The size that is reserved, not ranges that another amount of memory would choose from."""
    expect_same("crashkernel", _surveyed({}).crashkernel, "384M")
    cma = MACHINE["proc/cmdline"].replace("crashkernel=", "crashkernel=64M,cma crashkernel=")
    expect_same("crashkernel", _surveyed({"proc/cmdline": cma}).crashkernel, "384M crashkernel=64M,cma")
    expect_same("crashkernel", _surveyed({"sys/kernel/kexec_crash_size": "0"}).crashkernel, "")
    expect_same("crashkernel", _surveyed({"sys/kernel/kexec_crash_size": "0",
                                          "proc/cmdline": "crashkernel=1G"}).crashkernel, "1G")
    for text, size in (("512M", 512 << 20), ("1G", 1 << 30), ("4096", 4096), ("64k", 65536)):
        expect_same(text, settings.size_in_bytes(text), size)
    try:
        settings.size_in_bytes("much")
        expect(False, "much is a size")
    except Failure as failure:
        expect("not a size" in str(failure), str(failure))


def boot_parameters_are_understood():
    """A size, with a place, or for ranges that of this much memory."""
    for text, memory, wanted in (
            ("256M", 0, "256M"), ("256M@64M", 0, "256M@64M"), ("1G,high", 0, "1G,high"),
            ("256M crashkernel=64M,cma", 0, "256M crashkernel=64M,cma"),
            ("1G-4G:256M,4G-:512M", 2 << 30, "256M"), ("1G-4G:256M,4G-:512M", 4 << 30, "512M"),
            ("1G-4G:256M,4G-:512M@64M", 64 << 30, "512M@64M"),
            ("1G-4G:256M", 8 << 30, "reserves nothing in a machine with 8192 MiB"), ("2G-:256M", 0, "name it with --memory"),
            ("2G:256M", 4 << 30, "2G:256M is no range"), ("much", 0, "much: not a size"), ("1G-:much", 4 << 30, "not a size")):
        try:
            found = settings.reserving(text, memory)
            expect_same(text, found, wanted)
            expect(settings.reserved_size(found) >= 256 << 20, found)
        except Failure as failure:
            expect(wanted in str(failure), f"{text}: {failure}")
    blocks = {f"sys/devices/system/memory/memory{number}/state": "online" for number in range(32)}
    expect_same("by blocks", _surveyed(blocks | {"sys/devices/system/memory/block_size_bytes": "8000000\n"}).memory, 4 << 30)
    total = f"MemTotal:       {(4096 - 384 - 100) << 10} kB\n"
    expect_same("by what is free to use", _surveyed({"proc/meminfo": total}).memory, 4 << 30)
    expect_same("not known", _surveyed({}).memory, 0)


def drivers_are_named():
    """Those of disks and networks, and of what they hang on, which a drill does not have."""
    expect_same("the drivers", _surveyed({}).uncovered, ["megaraid_sas", "mlx5_core"])
    nvme, sas = ("sys/devices/pci0000:00/0000:00:1d.0/" + rest for rest in
                 ("0000:03:00.0/nvme/nvme0/nvme0n1", "0000:04:00.0/host0/target0:0:0/0:0:0:0/block/sdb"))
    where = {"sys/class/block/nvme0n1": "-> ../.." + nvme.removeprefix("sys"), f"{nvme}/size": "1",
             "sys/class/block/sdb": "-> ../.." + sas.removeprefix("sys"), f"{sas}/device": "-> ../../../0:0:0:0",
             "sys/devices/pci0000:00/0000:00:1d.0/driver": "-> ../../../bus/pci/drivers/pcieport",
             "sys/devices/pci0000:00/0000:00:1d.0/0000:03:00.0/driver": "-> ../../../../bus/pci/drivers/nvme",
             "sys/devices/pci0000:00/0000:00:1d.0/0000:04:00.0/driver": "-> ../../../../bus/pci/drivers/mpt3sas",
             "sys/devices/pci0000:00/0000:00:1d.0/0000:04:00.0/host0/target0:0:0/0:0:0:0/driver":
             "-> ../../../../../../../../bus/scsi/drivers/sd"}
    expect_same("the drivers", _surveyed(where).uncovered, ["megaraid_sas", "mlx5_core", "mpt3sas", "nvme"])


def a_recorded_machine_will_do():
    """A `kexec --record` snapshot has no kernel: what it has is taken."""
    with tempfile.TemporaryDirectory() as directory:
        _tree(directory, {"kexec-snapshot": "machine ppc64le\nbyte-order little\nrelease 6.12.9\n",
                          "proc/cmdline": "crashkernel=512M quiet\n", "sys/kernel/kexec_crash_size": "536870912\n"})
        found = settings.survey(directory)
    expect_same("what is known", (found.arch, found.kernel, found.crashkernel), ("ppc64le", "", "512M"))
    expect("maxcpus=1" in found.append and "--base-cmdline=crashkernel=512M quiet" in found.options,
           f"{found.append}, {found.options}")


def _result(**what):
    result = Result(arch="x86_64", release="6.12", crashkernel="256M", reserved=256 << 20, memory="1G",
                    steps=[Step("booted", 3.25, "Linux"), Step("crashed", 9.5, "on CPU 1 of 2")],
                    samples=[Sample(1.0, 200000, 150000, 140000), Sample(1.3, 200000, 90000, 80000),
                             Sample(1.5, 200000, 95000, 79000)], console=["last \x1b[31mwords"], notes=["a note"])
    result.judge(*what.get("judge", (OK, "captured", "a crash would leave a dump")))
    return result


def reports_say_it():
    """The verdict first; causes and the console where something failed; nothing that a terminal obeys."""
    lines = report.text(_result())
    expect_same("the verdict", lines[0], "KDUMP-DRILL OK: a crash would leave a dump")
    said = "\n".join(lines)
    for part in ("lowest free        88 MiB, 1.3 s", "lowest available   77 MiB, 1.5 s", "195 MiB for the capture",
                 "3.2 s  Linux", "a note"):
        expect(part in said, f"no '{part}' in\n{said}")
    expect("console ended" not in said, said)
    cause = causes.classify(CONSOLES["out-of-memory"][0])
    said = "\n".join(report.text(_result(judge=(CRITICAL, "lost", "a crash would leave no dump", cause))))
    expect(said.startswith("KDUMP-DRILL CRITICAL: a crash would leave no dump\n"), said)
    for part in "ran out of memory", "--advise", "Initramfs unpacking failed", "| last \\x1b[31mwords":
        expect(part in said, f"no '{part}' in\n{said}")


def reports_are_json():
    """With the same, as numbers."""
    said = json.loads(report.as_json(_result()))
    expect_same("status and verdict", (said["status"], said["verdict"], said["cause"]), (0, "captured", None))
    expect_same("memory", (said["memory"]["lowest_free_kib"], said["memory"]["lowest_available_kib"],
                           len(said["memory"]["samples"])), (90000, 79000, 3))
    empty = json.loads(report.as_json(Result()))
    expect_same("without a story", (empty["status"], empty["memory"], empty["steps"]), (3, None, []))


def _answer(*words):
    """(status, what was printed) of the command."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            status = command.main(list(words))
        except SystemExit as leave:
            status = leave.code
    return status, out.getvalue()


def refusals_say_what_to_do():
    """Each has status 3: not known."""
    with tempfile.TemporaryDirectory() as directory:
        kernel = os.path.join(directory, "vmlinuz")
        with open(kernel, "wb") as file:
            file.write(b"\0" * 0x202 + b"HdrS" + b"\0" * 512)
        here = ["--machine", directory]
        for words, text in (
                (["--bogus"], "unrecognized arguments: --bogus"),
                (here, "which kernel? none is there; name one with --kernel"),
                ([*here, "--kernel", kernel], "how much is to be reserved? Nothing is here: name it with --crashkernel"),
                ([*here, "--kernel", directory + "/none", "--crashkernel", "256M"], "No such file"),
                ([*here, "--kernel", kernel, "--crashkernel", "256M", "--cpus", "0"], "--cpus: at least one"),
                ([*here, "--kernel", kernel, "--crashkernel", "256M", "--add-memory", "much"], "much: not a size"),
                ([*here, "--kernel", kernel, "--crashkernel", "256M", "--busybox", kernel, "--kexec", sys.executable,
                  "--vmcore-dmesg", kernel], "not a program for x86_64; name one with --vmcore-dmesg"),
                ([*here, "--kernel", kernel, "--crashkernel", "256M", "--arch", "arm64", "--add-cpu"],
                 "on arm64 no kernel keeps a crash image current")):
            status, said = _answer(*words)
            expect(status == UNKNOWN and text in said, f"{words}: status {status}: {said}")


def faults_are_not_verdicts():
    """Whatever goes wrong, the status is not that of a drill; with --json it is said in that."""
    with tempfile.TemporaryDirectory() as directory:
        kernel = os.path.join(directory, "vmlinuz")
        with open(kernel, "wb") as file:
            file.write(b"\0" * 0x202 + b"HdrS" + b"\0" * 512)
        broken = os.path.join(directory, "broken")
        with open(broken, "wb") as file: # program headers that are not there
            file.write(b"\x7fELF\2\1\1" + b"\0" * 9 + b"\2\0\x3e\0" + b"\xff" * 44)
        static = ["--kexec", broken, "--busybox", broken, "--vmcore-dmesg", broken]
        here = ["--machine", directory, "--kernel", kernel, "--crashkernel", "256M", *static]
        for words, text in (([*here, "--options", "'x"], "--options: No closing quotation"),
                            ([*here, "--advise", "--step", "0"], "--step 0: at least 1M"),
                            ([*here, "--advise", "--step", "64k"], "--step 64k: at least 1M"),
                            (here, "broken: damaged: no program"),
                            ([*here, "--report", directory + "/none/x.html"], "--report: "),
                            ([*here, "--kernel", directory + "/\x1b[31mred"], "\\x1b[31mred")):
            with mock.patch("command.find_emulator"), mock.patch("story.find_emulator"):
                status, said = _answer(*words)
                expect(status == UNKNOWN and text in said and "\x1b" not in said, f"{words}: status {status}: {said}")
                status, said = _answer(*words, "--json")
            found = json.loads(said)
            expect_same(f"{words}", (status, found["status"], found["verdict"]), (UNKNOWN, UNKNOWN, "unknown"))
        with mock.patch("command.gather", side_effect=RuntimeError("unforeseen")):
            status, said = _answer(*here)
        expect(status == UNKNOWN and "KDUMP-DRILL UNKNOWN: RuntimeError: unforeseen" in said, f"status {status}: {said}")


def a_report_loses_no_result():
    """Its place is tried before the drill; when it cannot be written then, the verdict has been said."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "x.html")
        held = mock.patch("command.held", return_value=(_result(), None))
        with mock.patch("command.held", side_effect=Failure("no machine")):
            expect_same("status", _answer("--report", path)[0], UNKNOWN)
        expect(not os.path.exists(path), "an empty page was left")
        with held as drill:
            status, said = _answer("--report", directory + "/none/x.html")
            expect(status == UNKNOWN and not drill.called and "No such file" in said, f"status {status}: {said}")
        with held, mock.patch("page.write", side_effect=OSError(28, "No space left on device")):
            status, said = _answer("--report", path)
            expect(status == OK and said.startswith("KDUMP-DRILL OK: ") and said.endswith("x.html: No space left on device\n"),
                   f"status {status}: {said}")
        with held:
            expect_same("status", _answer("--report", path)[0], OK)
        expect(os.path.getsize(path) > 1000, "no page was written")


ENDS = """
import os, sys, time
sys.path.insert(0, {drill!r})
import command
from machines import PC
from qemu import Machine
from story import Boot
def held(options):
    kind = PC()
    machine = Machine({directory!r}, Boot(kind, False, "kernel", "initrd"), kind.usual, "", emulator={emulator!r})
    try:
        print(machine._process.pid, flush=True)
        while True: # a signal that comes just before one sleep is seen after it
            time.sleep(.1)
    finally:
        machine._end()
command.held = held
sys.exit(command.main([]))
"""


def _ended_by(number, directory, ignored=False):
    """(the drill's status, whether its emulator has ended) after a signal."""
    emulator = os.path.join(directory, "emulator")
    with open(emulator, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec sleep 60\n")
    os.chmod(emulator, 0o755)
    text = ENDS.format(drill=os.path.join(TOP, "drill"), directory=directory, emulator=emulator)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    with subprocess.Popen([sys.executable, "-B", "-c", text], stdout=subprocess.PIPE, text=True) as drill:
        signal.signal(signal.SIGHUP, before)
        try:
            child = int(drill.stdout.readline())
            drill.send_signal(number)
            if ignored:
                time.sleep(.5)
                return drill.poll(), not _lives(child)
            drill.wait(30)
            deadline = time.monotonic() + 30
            while _lives(child) and time.monotonic() < deadline:
                time.sleep(.05)
            return drill.returncode, not _lives(child)
        finally:
            drill.kill()


def _lives(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def no_machine_outlives_its_drill():
    """Whatever ends that; what nohup has ignored does not."""
    with tempfile.TemporaryDirectory() as directory:
        for number, status in ((signal.SIGTERM, UNKNOWN), (signal.SIGHUP, UNKNOWN), (signal.SIGKILL, -signal.SIGKILL)):
            expect_same(f"after {number.name}", _ended_by(number, directory), (status, True))
        expect_same("after an ignored SIGHUP", _ended_by(signal.SIGHUP, directory, ignored=True), (None, False))


def a_signal_ends_a_wait():
    """Though nothing wakes who waits, as where it came just before; and nothing is said any more."""
    def leave(*_):
        raise Ended("by a signal")

    ours, theirs = socket.socketpair()
    other = threading.Timer(.5, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    before = signal.signal(signal.SIGUSR1, leave)
    began = time.monotonic()
    try:
        with theirs:
            quiet = Stream("nobody", ours, os.devnull, time.monotonic)
            other.start()
            quiet.wait("a word", 30)
    except Ended:
        took = time.monotonic() - began
        expect(took < 15, f"the signal was seen after {took:.1f} s")
    finally:
        signal.signal(signal.SIGUSR1, before)
        other.join()


def emulators_are_found():
    """By their name, or where a distribution has the only one; what is to be installed is said."""
    for kind, package in ((PC, "qemu-system-x86"), (PSeries, "qemu-system-ppc"), (Virt, "qemu-system-arm")):
        with mock.patch("shutil.which", return_value=None), mock.patch("machines.HOST_EMULATOR", sys.executable):
            for host in "x86_64", "ppc64le", "aarch64":
                with mock.patch("platform.machine", return_value=host):
                    try:
                        expect_same(kind.name, (host, find_emulator(kind)), (kind.host, sys.executable))
                    except Failure as failure:
                        expect(host != kind.host and f"install {package} " in str(failure), f"{host}: {failure}")


def programs_of_any_system_run():
    """A drill's PC has what they want; that of who does without is not changed."""
    drill = object.__new__(Drill)
    drill._settings, drill._wish = settings.Settings(arch="x86_64"), Wish("", "", "", "", memory="1G")
    drill._kind, drill.result = PC(), Result()
    expect(drill._hardware(False).cpu.startswith("max,"), f"{drill._hardware(False)}")
    drill._settings.arch, drill._kind = "ppc64le", PSeries()
    expect_same("on POWER", drill._hardware(False).cpu, PSeries.usual.cpu)


def its_own_share_is_told():
    """Of the crash region: what goes, and what stays while memory is measured."""
    said = own_share(3 * MIB, 2 * MIB)
    expect("3.0 MiB of the crash region" in said and "2.0 MiB while the initrd runs" in said, said)


def what_only_root_reads_is_named():
    """And what to do about it."""
    with mock.patch("builtins.open", side_effect=PermissionError(13, "Permission denied")):
        status, said = _answer("--machine", "/", "--kernel", "/boot/secret", "--crashkernel", "256M")
    expect(status == UNKNOWN and "/boot/secret: only root can read it; make a copy" in said, f"status {status}: {said}")


def options_of_kexec_begin_with_a_dash():
    """They are a value all the same."""
    for words in (["--options", "-c"], ["--options=-c"]):
        expect_same(f"{words}", command.parser().parse_args(command.joined([*words, "--json"])).options, "-c")


def programs_bring_their_libraries():
    """A dynamic program runs by what was packed, and nothing else."""
    found = packed("/usr/bin/env", "env", "lib", "sbin")
    expect(any(name.startswith("lib/libc.so") for name in found), f"packed: {sorted(found)}")
    loader = next(name for name in found if name.startswith(("lib/ld-", "lib/ld64")))
    with tempfile.TemporaryDirectory() as directory:
        for name, data in found.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, 0o755)
        done = subprocess.run([f"{directory}/{loader}", "--library-path", f"{directory}/lib", f"{directory}/lib/env", "x=y"],
                              stdout=subprocess.PIPE, env={}, check=False)
    expect_same("what it prints", done.stdout, b"x=y\n")


def _options(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text.replace("\\-", "-")))


def options_are_in_step():
    """What --help has is what the manual page and the completions have."""
    wanted = {option for action in command.parser()._actions for option in action.option_strings}
    with open(os.path.join(TOP, "man/kdump-drill.8"), encoding="utf-8") as file:
        section = file.read().split(".SH OPTIONS")[1].split(".SH EXIT STATUS")[0]
    heads = " ".join(re.findall(r"^\.TP\n(.*)$", section, re.M)).replace('"', "")
    expect_same("kdump-drill(8)", _options(heads), wanted)
    done = subprocess.run(["bash", "--norc", "-c", '. "$1"; COMP_WORDS=(kdump-drill -) COMP_CWORD=1; _kdump_drill; '
                           'printf "%s\\n" "${COMPREPLY[@]}"', "bash", os.path.join(TOP, "completions/kdump-drill.bash")],
                          stdout=subprocess.PIPE, text=True, check=True)
    expect_same("bash", set(done.stdout.split()), wanted)
    done = subprocess.run(["zsh", "-fc", '_arguments() { print -rl -- "$@" }; . "$1"', "zsh",
                           os.path.join(TOP, "completions/_kdump-drill")], stdout=subprocess.PIPE, text=True, check=True)
    heads = [re.match(r"(?:\([^)]*\))?(--?[\w-]+)\[", line) for line in done.stdout.splitlines()]
    expect_same("zsh", {head[1] for head in heads if head}, wanted)


class _Adviser:
    """Captures from a size on; each size that was tried; how the others end."""

    def __init__(self, enough, cause=causes.MEMORY, verdict="lost"):
        self.enough, self.tried, self.cause, self.verdict = enough * MIB, [], cause, verdict

    def __call__(self, size):
        self.tried.append(size // MIB)
        result = _result()
        if size < self.enough:
            result.judge(CRITICAL, self.verdict, "a crash would leave no dump", self.cause)
        return result


def advice_is_the_smallest():
    """For each size that is enough: within a step of it, with a margin, confirmed, and nothing is tried twice."""
    plain = settings.Settings(arch="ppc64le")
    for enough in range(70, 1200, 37):
        for start in (64, 256, 1024):
            drill = _Adviser(enough)
            found = advise.advise(drill, start * MIB, 64 * MIB, plain, False)
            expect(enough * MIB <= found.smallest < (enough + 16) * MIB, f"{enough} from {start}: {found.smallest // MIB}")
            margin = sum(margin.size for margin in found.margins)
            expect(found.advised >= found.smallest + margin >= found.smallest + max(32 * MIB, found.smallest // 5) - 1,
                   f"{enough}: {found}")
            expect(len(set(drill.tried)) == len(drill.tried) and found.confirmed, f"tried {drill.tried}")
            expect(found.advised % (16 * MIB) == 0 and found.parameter() == f"crashkernel={found.advised // MIB}M",
                   found.parameter())


def margins_have_reasons():
    """Bounce buffers where memory may come, on PCs, unless it came in the drill; drivers by their names."""
    machine = settings.Settings(arch="x86_64", memory_hotplug=True, uncovered=["mlx5_core"])
    found = list(advise.margins_of(512 * MIB, machine, False))
    expect_same("sizes", [margin.size // MIB for margin in found], [102, 64])
    expect("mlx5_core" in found[0].why and "swiotlb" in found[1].why, f"{found}")
    expect_same("with memory", len(list(advise.margins_of(512 * MIB, machine, True))), 1)
    machine.arch = "ppc64le"
    expect_same("on POWER", len(list(advise.margins_of(64 * MIB, machine, False))), 1)


def advice_can_fail():
    """A drill of which nothing is known ends the search."""
    def unknown(size):
        return Result(sentence=f"no machine with {size}")
    try:
        advise.advise(unknown, 64 * MIB, 64 * MIB, settings.Settings(), False)
        expect(False, "advice was given")
    except Failure as failure:
        expect("no machine with" in str(failure), str(failure))


def advice_ends_where_memory_does_not_help():
    """With the cause, after few drills; with what this machine has where it is memory."""
    never = 1 << 40
    for cause, verdict, most, tried, text in (
            (causes.CPU, "lost", 0, 1, "not what it is about"), (causes.NO_VMCORE, "no-vmcore", 0, 1, "not what it is about"),
            (causes.ROOT, "lost", 0, 3, "root file system"), (causes.INIT, "lost", 0, 3, "not what it is about"),
            (causes.SILENT, "lost", 0, 3, "said nothing"), (causes.REFUSED, "not-reserved", 0, 1, "not what it is about"),
            (causes.MEMORY, "lost", 8192, 6, "this machine has no memory for a drill with 16384 MiB")):
        drill = _Adviser(never, cause, verdict)
        try:
            advise.advise(drill, 256 * MIB, 64 * MIB, settings.Settings(arch="ppc64le"), False, most=most * MIB)
            expect(False, f"{cause.name}: advice was given")
        except Failure as failure:
            expect(text in str(failure), str(failure))
        expect(len(drill.tried) <= tried, f"{cause.name}: tried {drill.tried}")
    # A kernel may be silent for want of memory.
    drill = _Adviser(300, causes.SILENT)
    found = advise.advise(drill, 64 * MIB, 64 * MIB, settings.Settings(arch="ppc64le"), False)
    expect_same("the smallest", found.smallest // MIB, 304)
    short = _result(judge=(WARNING, "captured-not-saved", "not seen", causes.SHORT))
    expect(not advise.captured(short), "short of memory, and it was advised")
    expect(advise.host_memory() > 64 * MIB, "this machine has no memory")


class _Reader(HTMLParser):
    """What is not closed, and what is asked for from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.text = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.handle_startendtag(tag, attributes)

    def handle_startendtag(self, tag, attributes):
        if tag in ("script", "link", "img", "iframe", "object", "base", "form"):
            self.wrong.append(tag)
        self.wrong += [name for name, value in attributes if name in ("src", "href", "action") or name.startswith("on")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data):
        self.text.append(data)


def pages_are_whole():
    """All of it is in the file; nothing is fetched or run, whatever a console has said."""
    result = _result(judge=(CRITICAL, "lost", "a crash would leave no dump",
                            causes.classify("<script>alert(1)</script> Out of memory: <b>")))
    result.plan = PLAN
    advice = advise.Advice(192 * MIB, 160 * MIB, (advise.Margin(38 * MIB, "a fifth"),), 240 * MIB,
                           ((160 * MIB, False, "lost"), (192 * MIB, True, "captured")), True)
    text = page.page(result, advice)
    read = _Reader(text)
    expect(not read.wrong and not read.open, f"wrong: {read.wrong}, open: {read.open}")
    expect("http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text, "a link")
    said = " ".join(read.text)
    for part in ("CRITICAL", "a crash would leave no dump", "ran out of memory", "crashkernel=240M", "0x10000000–0x20000000",
                 "256 MiB, 191 MiB to run in", "rewritten on hotplug", "<script>alert(1)</script>", "88 MiB at least"):
        expect(part in said, f"no '{part}'")
    # To scale: the kernel has a quarter of sixteen rows.
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height=".86" style="fill:var\(--kernel\)', text)]
    expect(abs(sum(widths) - 4) < .001, f"the kernel has {sum(widths)} rows of 16")
    expect(_Reader(page.page(Result())).wrong == [], "an empty page")


PLAN = {"ranges": {"crash_region": [{"start": "0x10000000", "end": "0x20000000", "why": ""}],
                   "avoid": [{"start": "0x1fff0000", "end": "0x20000000", "why": "RTAS"}]},
        "segments": [{"name": "kernel", "address": "0x10000000", "memsz": 64 * MIB, "hotplug": False, "digest": True},
                     {"name": "elfcorehdr", "address": "0x14000000", "memsz": MIB, "hotplug": True, "digest": False}]}


TESTS = (options_of_kexec_begin_with_a_dash, what_only_root_reads_is_named, options_are_in_step, advice_is_the_smallest, margins_have_reasons, advice_can_fail, pages_are_whole,
         consoles_are_understood, memory_counts_before_what_follows, a_silent_kernel_is_read, kdump_tools_are_read,
         kdump_tools_before_its_first_load, rules_come_along, a_copy_is_not_this_machine,
         kdump_load_is_asked, reservations_are_read, drivers_are_named, a_recorded_machine_will_do, reports_say_it,
         reports_are_json, refusals_say_what_to_do, programs_bring_their_libraries, initrds_are_judged,
         what_is_final_is_few, refusals_are_quoted, the_hook_of_kdump_tools_counts, switched_off_is_not_armed,
         values_follow_their_options, boot_parameters_are_understood, faults_are_not_verdicts, a_report_loses_no_result,
         no_machine_outlives_its_drill, a_signal_ends_a_wait, emulators_are_found,
         programs_of_any_system_run, its_own_share_is_told, advice_ends_where_memory_does_not_help)
