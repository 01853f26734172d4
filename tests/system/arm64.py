# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""arm64: QEMU's virt, with a device tree, or with UEFI and ACPI."""

import os
import shutil

from architecture import Architecture, Hardware
from dump import Dump, subtract

DIGEST_TIMEOUT = 120

# Pages of 4, 16 and 64 KiB, and VHE; the one before has pages of 4 and 64 KiB, and no VHE.
USUAL = Hardware(machine="virt,gic-version=3", cpu="cortex-a76", smp="2", memory="1G", crashkernel="256M")

# Of the package qemu-efi-aarch64.
FIRMWARE = "/usr/share/AAVMF/AAVMF_CODE.fd"
VARIABLES = "/usr/share/AAVMF/AAVMF_VARS.fd"


class Arm64(Architecture):
    """Facts are in /proc/iomem; the second terminal is a PCI card."""

    name = "arm64"
    emulator = "qemu-system-aarch64"
    console = "ttyAMA0"
    kernel = "vmlinuz"
    usual = USUAL
    unusual = {
        "arm-crash-el2": USUAL._replace(machine="virt,gic-version=3,virtualization=on", cpu="cortex-a72"),
        "arm-crash-vhe": USUAL._replace(machine="virt,gic-version=3,virtualization=on"),
        "arm-crash-acpi": USUAL._replace(uefi=True),
        "arm-exec-acpi": USUAL._replace(uefi=True),
        "arm-crash-high": USUAL._replace(memory="6G", crashkernel="256M,high"),
        "readers": USUAL._replace(disk=1 << 30),
        # With FEAT_LPA2; its keys of pointers by an algorithm that is quickly emulated.
        "arm-readers-52": USUAL._replace(cpu="max,pauth-impdef=on", disk=1 << 30),
    }

    def arguments(self, hardware, directory, kvm):
        arguments = ["-M", hardware.machine, "-accel", "tcg,thread=multi", "-cpu", hardware.cpu]
        if hardware.uefi:
            variables = os.path.join(directory, "variables")
            shutil.copyfile(VARIABLES, variables)
            arguments += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={FIRMWARE}",
                          "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
        return arguments

    def terminals(self, names):
        """There is one serial port, which is the console."""
        console, *others = names
        arguments = ["-serial", f"chardev:{console}"]
        for name in others:
            arguments += ["-device", f"pci-serial,chardev={name}"]
        return arguments

    def crash_regions(self, stage):
        return stage.resources("Crash kernel")

    def memory_to_dump(self, stage):
        return subtract(stage.system_ram(), self.crash_regions(stage))

    def known_cpus(self, stage):
        """Here only their number can be compared."""
        return range(len(stage.cpus()))

    def captured_cpus(self, stage):
        """How many have left their registers in the dump."""
        return range(len(Dump(stage.guest).registers()))

    def expect_stopped(self, stage, region, position):
        stage.machine.console.wait("(?i)digest mismatch", DIGEST_TIMEOUT, position)
        stage.expect_silence()


ARM64 = Arm64()
