# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Drills of emulated machines, by the command as an operator runs it: each verdict has a twin with another."""

import json
import os
import subprocess
import sys
import tempfile

import initrds
from failure import Failure, expect
from files import BUILD, DEBIAN, KERNELS, build
from scripts import last_line, script
from tap import expect_same

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = os.path.join(HERE, "../../drill/kdump-drill")
TIMEOUT = 1500
MIB = 1 << 20


class Bed:
    """A directory for one drill, with what its command line names."""

    def __init__(self, name, kernel):
        self.origin = KERNELS[kernel]
        self.directory = os.path.join(BUILD, "drill", name)
        os.makedirs(self.directory, exist_ok=True)
        self.kernel = script(self.origin.script, "kernel", kernel)
        self.busybox = script("fetch", "busybox", DEBIAN[self.origin.arch])
        self.programs = build(self.origin.arch)

    def initrd(self, init, filler=0):
        path = os.path.join(self.directory, "initrd")
        initrds.write(path, self.busybox, init, filler)
        return path

    def drill(self, *words, initrd=None, kexec=None):
        """(status, the JSON object); without an initrd of a machine that @words name."""
        command = [sys.executable, COMMAND, "--kexec", kexec or os.path.join(self.programs, "kexec"),
                   "--busybox", self.busybox, "--vmcore-dmesg", os.path.join(self.programs, "vmcore-dmesg"),
                   "--emulate", "--json", "--keep", os.path.join(self.directory, "kept"), *words]
        if initrd:
            command += ["--kernel", self.kernel, "--initrd", initrd, "--command-line", "nr_cpus=1 panic=5"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise Failure(f"status {done.returncode}, and no JSON: {done.stdout}") from None


def _verdict(outcome, status, verdict, cause=None):
    got, said = outcome
    name = said["cause"] and said["cause"]["name"]
    expect((got, said["status"], said["verdict"], name) == (status, status, verdict, cause),
           f"status {got}, {said['verdict']} ({said['sentence']}), cause {said['cause']}, not {status}, {verdict}, {cause}\n" +
           "\n".join([*(f"{step['seconds']:6.1f} {step['name']}: {step['text']}" for step in said["steps"]),
                      *said["console"]]))
    return said


def _steps(said):
    return [f"{step['seconds']:.1f} s {step['name']}" for step in said["steps"]]


def _went(said, *names):
    seen = [step["name"] for step in said["steps"]]
    expect([name for name in seen if name in names] == list(names), f"steps {seen}, not {names}")


def captured():
    """POWER: a CPU is added after the load and crashes; all is seen to the end, and memory was measured."""
    bed = Bed("captured", "small")
    said = _verdict(bed.drill("--crashkernel", "256M", "--hotplug", "--add-cpu",
                              initrd=bed.initrd(initrds.saves(64))), 0, "captured")
    _went(said, "booted", "loaded", "armed", "CPU added", "crashed", "capture kernel up", "vmcore found", "log read",
          "dump looked at", "initrd started", "machine ended")
    expect_same("reserved", said["reserved"], 256 * MIB)
    memory = said["memory"]
    expect(len(memory["samples"]) > 3 and 0 < memory["lowest_free_kib"] < memory["total_kib"] < 256 << 10, f"{memory}")
    # What the initrd writes (64 MiB) shows, but for about 8 MiB: pages of 64 KiB on a CPU's list (mm/page_alloc.c,
    # struct per_cpu_pages), which are not counted as free before that either.
    free = [sample["free_kib"] for sample in memory["samples"]]
    expect(max(free) - min(free) > 32 << 10, f"free memory did not move: {free}")
    expect({"kernel", "initrd", "fdt"} <= {segment["name"] for segment in said["plan"]["segments"]}, "no plan")
    return _steps(said)


def lost_cpu():
    """The same by kexec_load without --hotplug: lost, for this reason, and what helps is said."""
    bed = Bed("lost-cpu", "small")
    said = _verdict(bed.drill("--crashkernel", "256M", "--add-cpu", "--options=-c", initrd=bed.initrd(initrds.SAVES)),
                    2, "lost", "lost-cpu")
    expect("--hotplug" in said["cause"]["remedy"], said["cause"]["remedy"])
    return _steps(said)


def no_root():
    """x86_64: the initrd does not find its root; without a disk that is a warning, the dump is there."""
    bed = Bed("no-root", "x86-6.12")
    said = _verdict(bed.drill("--crashkernel", "192M", initrd=bed.initrd(initrds.HAS_NO_ROOT)),
                    1, "captured-not-saved", "no-root")
    _went(said, "vmcore found", "log read", "initrd started")
    expect("--disk" in said["cause"]["remedy"], said["cause"]["remedy"])
    return _steps(said)


def not_saved():
    """POWER: the initrd has a disk, says that it could not save the dump, and ends the machine; its twin writes the dump
    there, and says nothing."""
    bed = Bed("not-saved", "small")
    disk = os.path.join(bed.directory, "disk")
    with open(disk, "wb") as file:
        file.truncate(64 * MIB)
    here = ["--crashkernel", "256M", "--disk", disk]
    said = _verdict(bed.drill(*here, initrd=bed.initrd(initrds.SAVES_NOT)), 2, "lost", "saving-failed")
    _went(said, "vmcore found", "initrd started", "machine ended")
    said = _verdict(bed.drill(*here, initrd=bed.initrd(initrds.WRITES)), 0, "captured")
    expect(any("16 MiB were written to the disk" in note for note in said["notes"]), f"{said['notes']}")
    with open(disk, "rb") as file:
        expect(not any(file.read()), "the disk was changed")
    return _steps(said)


# The initrd fits into the region, and what is in it does not beside it.
LARGE, TOO_SMALL = 60 * MIB, 128


def too_large():
    """POWER: the initrd is too large for the region: out of memory; what is advised captures."""
    bed = Bed("too-large", "small")
    initrd = bed.initrd(initrds.SAVES, LARGE)
    said = _verdict(bed.drill("--crashkernel", f"{TOO_SMALL}M", initrd=initrd), 2, "lost", "out-of-memory")
    expect("--advise" in said["cause"]["remedy"], said["cause"]["remedy"])
    said = _verdict(bed.drill("--crashkernel", f"{TOO_SMALL}M", "--advise", "--step", "64M", initrd=initrd),
                    0, "captured")
    advice = said["advice"]
    runs = {run["bytes"] // MIB: run["captured"] for run in advice["runs"]}
    expect(runs[TOO_SMALL] is False and runs[advice["advised"] // MIB], f"{runs}")
    expect(advice["largest_failing"] < advice["smallest"] <= advice["advised"] - 32 * MIB, f"{advice}")
    expect_same("reserved in the last one", said["reserved"], advice["advised"])
    return [f"{size} MiB: {'captured' if good else 'lost'}" for size, good in sorted(runs.items())] + _steps(said)


def refused():
    """POWER: a capture kernel that is none is refused by kexec: not armed."""
    bed = Bed("refused", "small")
    said = _verdict(bed.drill("--crashkernel", "256M", "--capture-kernel", bed.busybox,
                              initrd=bed.initrd(initrds.SAVES)), 2, "not-armed", "refused")
    return _steps(said)


def dynamic():
    """x86_64: programs that are no static ones; memory and a CPU are added: both are in the dump."""
    bed = Bed("dynamic", "x86-6.12")
    kexec = os.path.join(BUILD, "test/kexec/kexec")
    said = _verdict(bed.drill("--crashkernel", "256M", "--hotplug", "--add-cpu", "--add-memory", "256M",
                              initrd=bed.initrd(initrds.SAVES), kexec=kexec), 0, "captured")
    _went(said, "memory added", "CPU added", "vmcore found", "dump looked at", "machine ended")
    return _steps(said)


def incomplete():
    """Its twin without --hotplug: there is a dump, which lacks both."""
    bed = Bed("incomplete", "x86-6.12")
    said = _verdict(bed.drill("--crashkernel", "256M", "--add-cpu", "--add-memory", "256M", "--options", "-c",
                              initrd=bed.initrd(initrds.SAVES)), 1, "captured-incomplete")
    expect(any("memory that was added" in warning for warning in said["warnings"]) and
           any("registers of 1 CPUs, of 2" in warning for warning in said["warnings"]), f"{said['warnings']}")
    return _steps(said)


def debian():
    """x86_64: a copy of a whole Debian's files, and its disk: kdump-tools' own configuration and capture initrd, systemd,
    makedumpfile. It says that the dump was saved; its twin has its root mounted read-only, and is told so."""
    bed = Bed("debian", "x86-6.12")
    with tempfile.TemporaryDirectory(dir=bed.directory) as tree:
        tar = last_line(os.path.join(HERE, "../kdump/distribution"), "--tree", "amd64")
        subprocess.run(["tar", "-C", tree, "-xf", tar], check=True)
        disk = os.path.join(bed.directory, "disk")
        with open(disk, "wb") as file:
            file.truncate(1536 * MIB)
        subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, disk], check=True)
        os.makedirs(os.path.join(tree, "proc/sys/kernel"), exist_ok=True)
        with open(os.path.join(tree, "proc/sys/kernel/arch"), "w", encoding="utf-8") as file:
            file.write("x86_64\n")
        for mode, expected in ("rw", (0, "captured")), ("ro", (2, "lost", "read-only")):
            with open(os.path.join(tree, "proc/cmdline"), "w", encoding="utf-8") as file:
                file.write(f"root=/dev/vda {mode} quiet crashkernel=512M\n")
            said = _verdict(bed.drill("--machine", tree, "--crashkernel", "512M", "--disk", disk, "--hotplug",
                                      "--add-memory", "256M"), *expected)
            _went(said, "memory added", "crashed", "vmcore found", "log read", "initrd started", "machine ended")
            if mode == "rw":
                expect(any("kdump-tools: saved vmcore in /var/crash/" in note for note in said["notes"]), f"{said['notes']}")
                steps = _steps(said)
    os.unlink(disk)
    return steps


def arm64():
    """arm64: the plain drill."""
    bed = Bed("arm64", "arm64-6.12")
    return _steps(_verdict(bed.drill("--crashkernel", "256M", initrd=bed.initrd(initrds.SAVES)), 0, "captured"))


DRILLS = {"captured (POWER)": captured, "lost CPU (POWER)": lost_cpu, "no root (x86_64)": no_root,
          "too large, and advice (POWER)": too_large, "refused (POWER)": refused, "not saved, and written (POWER)": not_saved,
          "memory and a CPU, dynamic programs (x86_64)": dynamic, "the same without --hotplug (x86_64)": incomplete,
          "captured (arm64)": arm64, "a whole Debian, and one that is mounted read-only (x86_64)": debian}
THOROUGH = {"refused (POWER)", "not saved, and written (POWER)", "memory and a CPU, dynamic programs (x86_64)",
            "the same without --hotplug (x86_64)", "captured (arm64)",
            "a whole Debian, and one that is mounted read-only (x86_64)"}
