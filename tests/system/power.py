# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""POWER machines: pseries, and powernv for one."""

from architecture import Architecture
from dump import subtract
from machines import PSeries

DIGEST_TIMEOUT = 120

USUAL = PSeries.usual

# A guest with the hash MMU must not be resized: the capture kernel of Linux 6.12
# cannot take over such a page table, whoever loads it.
HASH = USUAL._replace(machine="pseries,resize-hpt=disabled", cpu="power8")

# Of this kind the capture kernel gets more memory, which is in use before.
CMA = USUAL._replace(memory="3G,slots=4,maxmem=5G", crashkernel="512M crashkernel=256M,cma")

# Vectors, but nothing for SHA-256: older than the little-endian kernels run on.
NO_UNIT = HASH._replace(cpu="power7", unit=False)

TWO = USUAL._replace(smp="2")


class Power(Architecture, PSeries):
    """What the device tree tells."""

    unusual = {
        "exec": TWO,
        "file-exec": TWO,
        "chain": TWO,
        "dtb": TWO,
        "dtb-lost": TWO,
        "power10": USUAL._replace(cpu="power10"),
        "corrupt-power8": HASH,
        "corrupt-power10": USUAL._replace(cpu="power10"),
        "no-unit": NO_UNIT,
        "no-unit-corrupt": NO_UNIT,
        "cpu-all": USUAL._replace(smp="1,maxcpus=8"),
        "hash": HASH,
        "mem-hash": HASH,
        "powernv": USUAL._replace(machine="powernv9", smp="2", memory="3G", crashkernel="768M",
                                  terminals=1),
        "cma": CMA,
        "cma-hotplug": CMA,
        "cma-unknown": CMA,
        "readers": USUAL._replace(memory="1G", crashkernel="256M", disk=1 << 30),
        "big-initrd": USUAL._replace(memory="4G", crashkernel="1G"),
        "region-high": USUAL._replace(memory="4G", crashkernel="512M@1536M"),
        "region-across": USUAL._replace(memory="4G", crashkernel="512M@1000M"),
        "region-edge": USUAL._replace(memory="4G", crashkernel="512M@1048448K"),
        "region-taken": USUAL._replace(memory="4G", crashkernel="512M@1048512K"),
        "region-tight": USUAL._replace(crashkernel="192M"),
    }
    kept = ("elfcorehdr", "fdt")
    purgatory_size = 14000

    def has_unit(self, stage):
        """Since ISA 2.07."""
        return "POWER7" not in stage.guest.read("/proc/cpuinfo")

    def crash_regions(self, stage):
        chosen = "/proc/device-tree/chosen/linux,crashkernel-"
        start, size = (stage.guest.read_number(chosen + name) for name in ("base", "size"))
        return [range(start, start + size)]

    def memory_to_dump(self, stage):
        return subtract(stage.memory(), self.crash_regions(stage))

    def known_cpus(self, stage):
        """The CPUs which the device tree of the running kernel names."""
        names = stage.guest.check("ls /proc/device-tree/cpus").split()
        return sorted(name for name in names if "@" in name)

    captured_cpus = known_cpus

    def expect_stopped(self, stage, region, position):
        stage.machine.console.wait("(?i)digest", DIGEST_TIMEOUT, position)
        stage.expect_silence()


POWER = Power()
