# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What of the drill needs no machine: what consoles mean, where settings come from, what is reported."""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from unittest import mock

import advise
import causes
import command
import page
import report
import settings
from failure import Failure, expect
from initramfs import packed
from story import CRITICAL, OK, UNKNOWN, Result, Sample, Step
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
        "[  2.4] kswapd0: page allocation failure: order:0\r\n",
    ),
    "no-root": (
        "ALERT!  UUID=6a1c6d1a-03ab-4a34-b5a1-3d7c1a2b2f5e does not exist.  Dropping to a shell!",
        "Gave up waiting for root file system device.  Common problems:",
        "[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "[    9.9] dracut-initqueue[300]: Warning: dracut-initqueue: timeout, still waiting",
        "dracut Warning: /dev/disk/by-uuid/1111-2222 does not exist",
    ),
    "saving-failed": ("kdump: saving vmcore failed", "makedumpfile Failed."),
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
    "[    0.0] mem auto-init: stack:all(zero), heap alloc:on",
)


def consoles_are_understood():
    """Each text has its cause, and no other; what a sound boot prints has none."""
    expect_same("the causes", {cause.name for cause, _ in causes.PATTERNS}, set(CONSOLES))
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


def drivers_are_named():
    """Those of disks and networks, which a drill does not have."""
    expect_same("the drivers", _surveyed({}).uncovered, ["megaraid_sas", "mlx5_core"])


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
                (here, "which kernel? None was found below /boot; name one with --kernel"),
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
    """Captures from a size on; each size that was tried."""

    def __init__(self, enough):
        self.enough, self.tried = enough * MIB, []

    def __call__(self, size):
        self.tried.append(size // MIB)
        result = _result()
        if size < self.enough:
            result.judge(CRITICAL, "lost", "a crash would leave no dump")
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
         kdump_load_is_asked, reservations_are_read, drivers_are_named, a_recorded_machine_will_do, reports_say_it,
         reports_are_json, refusals_say_what_to_do, programs_bring_their_libraries)
