# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What QEMU is told to be: POWER, a PC, or arm64, with firmware, CPUs, memory and terminals."""

import os
import platform
import shutil
import subprocess
from typing import NamedTuple

from failure import Failure

# Without KVM, Linux believes in a CPU that may come only when it sees a hypervisor it
# knows: it takes this one for VMware, see acpi_is_processor_usable().
VMWARE = ["-smbios", "type=1,serial=VMware-x"]

# A kernel without a root file system panics and reboots at once: where KVM is good for
# something, in a few seconds.
KVM = "/dev/kvm"
TRIAL_TIMEOUT = 30
TRIAL = ("-m", "512M", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio")
PANIC = b"Kernel panic - not syncing"

# The only one that some distributions have, of a name without an architecture, for machines like the host.
HOST_EMULATOR = "/usr/libexec/qemu-kvm"
PACKAGES = {"qemu-system-x86_64": "qemu-system-x86", "qemu-system-ppc64": "qemu-system-ppc",
            "qemu-system-aarch64": "qemu-system-arm"}


def find_emulator(kind):
    """Its path; Failure with what to install."""
    found = shutil.which(kind.emulator)
    if not found and platform.machine() == kind.host and os.access(HOST_EMULATOR, os.X_OK):
        found = HOST_EMULATOR
    if not found:
        raise Failure(f"{kind.emulator} is not installed, for machines of {kind.name}: install {PACKAGES[kind.emulator]}"
                      " (Debian), qemu-kvm or another package that has it")
    return found


class Hardware(NamedTuple):
    """What machine to build."""

    machine: str
    cpu: str
    smp: str
    memory: str
    crashkernel: str
    # Where there is only one, the console is the command channel as well; a third is for what is
    # measured meanwhile.
    terminals: int = 2
    # An empty one of so many bytes.
    disk: int = 0
    # Of the first kernel, besides.
    words: str = ""
    uefi: bool = False
    # With UEFI, which starts only what is signed: shim, GRUB, and a signed kernel.
    secure_boot: bool = False
    # Whether the processor has instructions for SHA-256; None: as QEMU, or this host, has it.
    unit: bool = None
    # Whether each emulated CPU has a thread of its own, where there is a choice.
    threads: bool = True


class Emulated:
    """What differs between machines for who starts QEMU, plugs into it and talks to its guest."""

    name = ""
    emulator = ""
    host = "" # what a machine is called that can run such guests by itself
    console = "" # the kernel's name of the first terminal
    measured = "" # and of the third
    kernel = "" # the name of the kernel in the first initramfs, its path is /kernel
    usual = None # Hardware
    most_able = "" # the CPU for programs of any system, where the usual one lacks what those want
    dimm_size = 0
    # Something online only when the guest is told to.
    online_cpus = None
    # Where nothing that was printed on the console gets lost.
    console_is_whole = False

    def has_kvm(self, kernel):
        """Whether a machine with this kernel runs here without being emulated."""
        if platform.machine() != self.host or not os.access(KVM, os.R_OK | os.W_OK):
            return False
        command = [self.emulator, "-M", self.usual.machine, *TRIAL, "-accel", "kvm", "-cpu", "host",
                   "-append", f"console={self.console} panic=-1", "-kernel", kernel]
        try:
            tried = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, timeout=TRIAL_TIMEOUT)
            return PANIC in tried.stdout
        except (OSError, subprocess.TimeoutExpired):
            return False

    def arguments(self, hardware, directory, kvm):
        """The emulator's, for all but terminals, disks and what is booted."""
        raise NotImplementedError

    def boot_arguments(self, hardware, directory, files, append):
        """For the kernel and the initrd that are booted, files, and the command line."""
        kernel, initrd = files
        return ["-kernel", kernel, "-initrd", initrd, "-append", append]

    def terminals(self, names):
        """The emulator's arguments for terminals on these character devices; the console is first."""
        return [word for name in names for word in ("-serial", f"chardev:{name}")]


class PSeries(Emulated):
    """Facts are in the device tree, and there is a console that says all."""

    name = "POWER"
    emulator = "qemu-system-ppc64"
    host = "ppc64le"
    console = "hvc0"
    measured = "hvc2"
    kernel = "vmlinux"
    usual = Hardware(machine="pseries", cpu="power9", unit=True, smp="1,maxcpus=4", memory="2G,slots=4,maxmem=4G",
                     crashkernel="512M")
    dimm_size = 512 << 20
    console_is_whole = True

    def arguments(self, hardware, directory, kvm):
        accelerator = ["kvm", "-cpu", "host"] if kvm else ["tcg,thread=multi", "-cpu", hardware.cpu]
        return ["-M", hardware.machine, "-accel", *accelerator]


class PC(Emulated):
    """Facts are in /proc/iomem; the console loses characters."""

    name = "x86_64"
    emulator = "qemu-system-x86_64"
    host = "x86_64"
    console = "ttyS0"
    measured = "ttyS2"
    kernel = "vmlinuz"
    # One CPU at boot: Linux 7.2 panics by itself when two are emulated in threads.
    usual = Hardware(machine="q35,vmport=on", cpu="qemu64,-hypervisor",
                     smp="1,maxcpus=4,sockets=4,cores=1,threads=1", memory="1G,slots=4,maxmem=4G",
                     crashkernel="256M")
    # A system's own programs may want x86-64-v2 or more.
    most_able = "max,-hypervisor"
    dimm_size = 256 << 20
    online_cpus = ("for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do "
                   "[ ! -e $cpu ] || echo 1 >$cpu; done")
    # Of the package ovmf: the firmware, and a template of its variables.
    firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"

    def arguments(self, hardware, directory, kvm):
        arguments = ["-M", hardware.machine]
        processor = {True: "host", False: hardware.cpu}[kvm] + (",-sha-ni" if hardware.unit is False else "")
        threads = "multi" if hardware.threads else "single"
        arguments += ["-accel", "kvm"] if kvm else ["-accel", f"tcg,thread={threads}", *VMWARE]
        arguments += ["-cpu", processor]
        return arguments + (flash(directory, *self.firmware) if hardware.uefi else [])


class Virt(Emulated):
    """Facts are in /proc/iomem; the terminals behind the first are PCI cards."""

    name = "arm64"
    emulator = "qemu-system-aarch64"
    host = "aarch64"
    console = "ttyAMA0"
    measured = "ttyS1"
    kernel = "vmlinuz"
    # Pages of 4, 16 and 64 KiB, and VHE; the one before has pages of 4 and 64 KiB, and no VHE.
    usual = Hardware(machine="virt,gic-version=3", cpu="cortex-a76", smp="2", memory="1G", crashkernel="256M")
    # Of the package qemu-efi-aarch64.
    firmware = "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"

    def arguments(self, hardware, directory, kvm):
        accelerator = ["kvm", "-cpu", "host"] if kvm else ["tcg,thread=multi", "-cpu", hardware.cpu]
        return ["-M", hardware.machine, "-accel", *accelerator,
                *(flash(directory, *self.firmware) if hardware.uefi else [])]

    def terminals(self, names):
        """There is one serial port, which is the console."""
        console, *others = names
        arguments = ["-serial", f"chardev:{console}"]
        for name in others:
            arguments += ["-device", f"pci-serial,chardev={name}"]
        return arguments


def flash(directory, firmware, template):
    """A machine's own copy of the variables: the firmware writes there."""
    variables = os.path.join(directory, "variables")
    shutil.copyfile(template, variables)
    return ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={firmware}",
            "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
