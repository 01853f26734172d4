# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a machine is to the tests, whatever its architecture."""

from typing import NamedTuple


# What the kexec of the package kexec-tools is called in a guest: the twin of ours.
PACKAGED = "kexec-packaged"


class Hardware(NamedTuple):
    """What machine to build; each Architecture says what most scenarios want."""

    machine: str
    cpu: str
    smp: str
    memory: str
    crashkernel: str
    # Where there is only one, the console is the command channel as well.
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


class Architecture:
    """What differs between two; power.py and x86_64.py have one object of a subclass each.

    A stage is what stage.py makes of a machine; the methods with one talk to its guest.
    """

    name = ""
    emulator = ""
    console = "" # the kernel's name of the first terminal
    kernel = "" # the name of the kernel in the first initramfs, its path is /kernel
    usual = None # Hardware
    unusual = {} # by the name of a scenario
    dimm_size = 0
    # Something online only when the guest is told to.
    online_cpus = None
    # Where nothing that was printed on the console gets lost.
    console_is_whole = False

    def hardware(self, scenario):
        return self.unusual.get(scenario, self.usual)

    def has_kvm(self, kernel):
        """Whether a machine with this kernel runs here without being emulated."""
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

    def capture_words(self, loader):
        """What the command line of a capture kernel has to have, and this loader does not add."""
        return ""

    def crash_regions(self, stage):
        """Ranges of memory reserved for the capture kernel; the image is in the last."""
        raise NotImplementedError

    def memory_to_dump(self, stage):
        """The ranges which a complete dump has, as the crashing kernel knows them."""
        raise NotImplementedError

    def known_cpus(self, stage):
        """Before the crash: of all the CPUs that there are, what the capture kernel is to tell."""
        raise NotImplementedError

    def captured_cpus(self, stage):
        """After the crash: what it tells, to be compared with known_cpus()."""
        raise NotImplementedError

    def has_unit(self, stage):
        """Whether the guest's processor has what purgatory/arch/NAME/lanes.h wants."""
        raise NotImplementedError

    def expect_stopped(self, stage, region, position):
        """The purgatory in this region found its image damaged; the console's position is that before the crash."""
        raise NotImplementedError
