# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64: PCs with the firmware SeaBIOS or OVMF."""

import difflib
import os
import re
import shutil
import time

from architecture import PACKAGED, Architecture
from dump import Dump, subtract
from failure import Failure
from machines import PC, flash
from scripts import script

USUAL = PC.usual
NO_UNIT = USUAL._replace(unit=False)
CMA = USUAL._replace(crashkernel="256M crashkernel=64M,cma")

# Of the package ovmf, what has Microsoft's keys, by which Debian's shim is signed; only the firmware writes there.
SECURE_FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"
SECURE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
SECURE = ["-global", "driver=cfi.pflash01,property=secure,value=on"]
GRUB = """set timeout=0
linux /vmlinuz {}
initrd /first.cpio
boot
"""

# What a capture kernel must be told, or it takes hot-added memory for its own; and what keeps
# our kexec from saying it.
GUARD = "acpi_no_memhotplug"
NO_GUARD = "--acpi-memhotplug"

MIB = 1 << 20
STOP_TIMEOUT = 120
# So long, and in so few bytes, a CPU runs that has stopped.
STOPPED_TIME, STOPPED_CODE = 10, 16


class X86(Architecture, PC):
    """What /proc/iomem tells."""

    unusual = {
        "readers": USUAL._replace(disk=1 << 30),
        "no-unit": NO_UNIT,
        "no-unit-corrupt": NO_UNIT,
        "uefi": USUAL._replace(uefi=True),
        "cma": CMA,
        "cma-unknown": CMA,
        "uefi-no-initrd": USUAL._replace(uefi=True),
        "secure-boot": USUAL._replace(machine="q35,vmport=on,smm=on", uefi=True, secure_boot=True),
        "uki": USUAL._replace(disk=128 << 20),
        "vmlinux": USUAL._replace(disk=128 << 20),
        "lockdown": USUAL._replace(words="lockdown=integrity"),
    }
    def arguments(self, hardware, directory, kvm):
        if not hardware.secure_boot:
            return super().arguments(hardware, directory, kvm)
        return (super().arguments(hardware._replace(uefi=False), directory, kvm) +
                flash(directory, SECURE_FIRMWARE, SECURE_VARIABLES) + SECURE)

    def boot_arguments(self, hardware, directory, files, append):
        if not hardware.secure_boot:
            return super().boot_arguments(hardware, directory, files, append)
        esp = os.path.join(directory, "esp")
        shutil.rmtree(esp, ignore_errors=True)
        kernel, initrd = files
        for name, source in {"EFI/BOOT/BOOTX64.EFI": script("fetch", "signed", "shim"),
                             "EFI/BOOT/grubx64.efi": script("fetch", "signed", "grub"),
                             "vmlinuz": kernel, "first.cpio": initrd}.items():
            os.makedirs(os.path.join(esp, os.path.dirname(name)), exist_ok=True)
            shutil.copyfile(source, os.path.join(esp, name))
        os.makedirs(os.path.join(esp, "EFI/debian"))
        with open(os.path.join(esp, "EFI/debian/grub.cfg"), "w", encoding="ascii") as file:
            file.write(GRUB.format(append))
        return ["-drive", f"if=none,id=esp,format=raw,readonly=on,file=fat:{esp}",
                "-device", "virtio-blk-pci,drive=esp"]

    def capture_words(self, loader):
        """Ours says it by itself."""
        return f" {GUARD}" if loader == PACKAGED else ""

    def unguarded_options(self, loader):
        """What keeps this loader from saying it."""
        return [] if loader == PACKAGED else [NO_GUARD]

    def has_printed(self, said, line):
        """Most of it: the port loses characters."""
        return any(difflib.SequenceMatcher(None, seen[:len(line)], line, autojunk=False).ratio() > .85
                   for seen in re.split(r"[\r\n]+", said))

    def has_unit(self, stage):
        flags = re.search(r"^flags\s*:(.*)$", stage.guest.read("/proc/cpuinfo"), re.M)
        return {"sha_ni", "sse4_1", "ssse3"} <= set(flags[1].split())

    def crash_regions(self, stage):
        return stage.resources("Crash kernel")

    def memory_to_dump(self, stage):
        """Of the first MiB nothing is dumped: the capture kernel and the firmware use it."""
        return subtract(stage.system_ram(), [range(MIB), *self.crash_regions(stage)])

    def known_cpus(self, stage):
        """Here only their number can be compared."""
        return range(len(stage.cpus()))

    def captured_cpus(self, stage):
        """How many have left their registers in the dump."""
        return range(len(Dump(stage.guest).registers()))

    def expect_stopped(self, stage, region, position):
        """It says nothing without being asked to: the CPU stays where it is, in the purgatory."""
        deadline = time.monotonic() + STOP_TIMEOUT
        since = here = None
        while since is None or time.monotonic() - since < STOPPED_TIME:
            if time.monotonic() > deadline or stage.guest.has_come_up():
                raise Failure(f"the CPU has not stopped in the crash region, it is at {here}")
            before, here = here, stage.machine.instruction_pointer()
            stays = before is not None and abs(here - before) < STOPPED_CODE
            if not (stays and here in region):
                since = time.monotonic()
            time.sleep(1)


X86_64 = X86()
