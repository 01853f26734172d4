# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a machine is to the tests, whatever its architecture."""

# What the kexec of the package kexec-tools is called in a guest: the twin of ours.
PACKAGED = "kexec-packaged"


class Architecture:
    """What differs between two; power.py and x86_64.py have one object of a subclass each, which is a machine's
    class (machines.py), too.

    A stage is what stage.py makes of a machine; the methods with one talk to its guest.
    """

    unusual = {} # Hardware by the name of a scenario

    # The segments which a kernel keeps current.
    kept = ("elfcorehdr",)
    # Bytes of the purgatory's segment, at least.
    purgatory_size = 9000

    def hardware(self, scenario):
        return self.unusual.get(scenario, self.usual)

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

    def has_printed(self, said, line):
        """Whether this line is in what the console said."""
        return line in said

    def has_unit(self, stage):
        """Whether the guest's processor has what purgatory/arch/NAME/lanes.h wants."""
        raise NotImplementedError

    def expect_stopped(self, stage, region, position):
        """The purgatory in this region found its image damaged; the console's position is that before the crash."""
        raise NotImplementedError
