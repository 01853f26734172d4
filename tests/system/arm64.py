# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""arm64: QEMU's virt, with a device tree, or with UEFI and ACPI."""

from architecture import Architecture
from dump import Dump, subtract
from machines import Virt

DIGEST_TIMEOUT = 120

USUAL = Virt.usual


class Arm64(Architecture, Virt):
    """What /proc/iomem tells."""

    unusual = {
        "arm-crash-el2": USUAL._replace(machine="virt,gic-version=3,virtualization=on", cpu="cortex-a72"),
        "arm-crash-vhe": USUAL._replace(machine="virt,gic-version=3,virtualization=on"),
        "arm-crash-acpi": USUAL._replace(uefi=True),
        "arm-chain": USUAL._replace(disk=1 << 28),
        "arm-exec-acpi": USUAL._replace(uefi=True),
        "arm-crash-high": USUAL._replace(memory="6G", crashkernel="256M,high"),
        "readers": USUAL._replace(disk=1 << 30),
        # With FEAT_LPA2; its keys of pointers by an algorithm that is quickly emulated.
        "arm-readers-52": USUAL._replace(cpu="max,pauth-impdef=on", disk=1 << 30),
    }

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
