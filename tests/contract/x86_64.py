# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64: what is asked of its plans, beside machines at random."""
import os
import random
import re

import machine_x86_64 as pc
import plan
import runner
import x86_checks as checks
import x86_generator as generator
import x86_selftest as selftest
from generator import write_initrd
from machine import GIB, MIB
from runner import Failure, one_line

EXTRA_STATUS = 255      # of a kernel that is none for this machine


def uefi():
    """Everything that can be told at once: EFI, two regions, CMA, memory that came later."""
    return pc.Machine(efi=pc.Efi(), noise=random.Random("noise").randbytes(4096), present=6, possible=8,
                      dimms=[(1 << 40, (1 << 40) + GIB)])


def two_regions():
    return pc.Machine(crash=(0x140000000, 0x150000000), crash_low=(0x60000000, 0x70000000),
                      cma=[(0x160000000, 0x164000000)])


def entries(count):
    """A map of so many entries."""
    more = [(5 * GIB + i * 2 * MIB, 5 * GIB + i * 2 * MIB + 0x1000 * (1 + i % 7), (pc.RAM, pc.RESERVED)[i % 2])
            for i in range(count - 2)]
    return pc.Machine(e820=[(0, 0x9fc00, pc.RAM), (MIB, 2 * GIB, pc.RAM), *more])


def large():
    """12 TiB without 1 GiB pages: 12,288 pages of tables, 48 MiB, of which the region has to have room."""
    return pc.Machine(e820=[(0, 0x9fc00, pc.RAM), (MIB, 2 * GIB, pc.RAM), (4 * GIB, 12 << 40, pc.RAM)],
                      gbpages=False)


def small_region(size):
    return pc.Machine(crash=(0x60000000, 0x60000000 + size))


MACHINES = {"UEFI": uefi, "two regions, CMA": two_regions, "128 entries": lambda: entries(128),
            "129 entries": lambda: entries(129), "3,000 entries": lambda: entries(3000),
            "12 TiB in small pages": large,
            "no firmware map": lambda: pc.Machine(memmap=False),
            "no firmware map, memory added": lambda: pc.Machine(memmap=False, dimms=[(1 << 40, (1 << 40) + GIB)]),
            "5 levels": lambda: pc.Machine(la57=True, page_offset=0xff11000000000000),
            "no /proc/kcore": lambda: pc.Machine(kcore=False),
            "iomem of 10,000 lines": lambda: pc.Machine(nested=10_000)}

# (machine, kernel, what the one line must say)
REFUSED = {
    "a region full of page tables": (lambda: pc.Machine(e820=large().e820, gbpages=False,
                                                        crash=(0x60000000, 0x62000000)), "common", "own pages"),
    "a region of 1 MiB": (lambda: small_region(MIB), "common", "free area"),
    "5 levels, a kernel without": (lambda: pc.Machine(la57=True), "old", "5-level"),
    "a kernel that must be below 4 GiB": (two_regions, "low", "0x100000000|4 GiB"),
    "a kernel that cannot be moved": (uefi, "fixed", "free area|reloc"),
    "a kernel that unpacks itself above": (
        lambda: pc.Machine(crash=(0x30000000, 0x34000000)), "high", "above 0x40000000"),
    "an initrd beyond its limit": (uefi, "low", "below 0x38000000"),
    "no crash hotplug": (lambda: pc.Machine(hotplug=False), "common", "crash_hotplug"),
}
COMMAND_LINES = ["root=/dev/sda1 -- single", 'dyndbg="file a.c +p" quiet', "acpi_no_memhotplug quiet", ""]


class X86_64(runner.Run):
    arch = "x86_64"
    share_of_machines = .25

    def make_fixtures(self):
        self.kernels = generator.Kernels(self.dir)
        return write_initrd(self.dir, 100_001)

    def examine(self, case):
        """Plan and check; returns the plan."""
        made = plan.make(self.kexec, case)
        found = checks.run_all(case, made)
        if found:
            raise Failure(*(f"{check}: {text}" for check, text in found))
        return made

    def case(self, name, machine, kernel="common", crash=True, **more):
        return plan.Case(machine, self.kernels.made[kernel],
                         machine.write(os.path.join(self.dir, re.sub("[ /,]", "-", name))), self.initrd,
                         hotplug=crash, crash=crash, old_root=True, **more)

    def either(self, case):
        """Planned when it must be, refused in one line when it must be."""
        wrong, fits = generator.wrong(case), generator.fits(case)
        try:
            self.examine(case)
        except plan.Refused as e:
            if fits:
                raise Failure("refused, although it fits: " + e.message) from e
            one_line(e, status=e.status if e.status == EXTRA_STATUS else 1)
            if wrong and not re.search(wrong, e.message):
                raise Failure(f"'{wrong}' is not in: {e.message}") from e
            return "rightly refused" if fits is False else "refused, may be right"
        if fits is False:
            raise Failure(f"planned, although there cannot be room, or {wrong}")
        return "planned"

    def random(self, number):
        return self.either(generator.case(number, self.args.seed, self.dir, self.kernels))

    def normal(self, number):
        case = generator.case(number, f"{self.args.seed}-normal", self.dir, self.kernels)
        case.crash = case.hotplug = False
        return self.either(case)

    def named(self, name, make):
        for crash in True, False:
            self.examine(self.case(f"{name} {crash}", make(), crash=crash))

    def with_kernel(self, name):
        """Each kind on one machine, for a reboot; where it can be moved, for a crash too."""
        kernel = self.kernels.made[name]
        for crash in (True, False) if kernel.relocatable and name != "high" else (False,):
            machine = uefi()
            if kernel.below:
                machine.crash = (0x30000000, 0x38000000)
            self.examine(self.case(f"kernel {name} {crash}", machine, name, crash))

    def refused(self, name, make, kernel, word):
        case = self.case(name, make(), kernel)
        try:
            plan.make(self.kexec, case)
        except plan.Refused as e:
            one_line(e, status=e.status if e.status == EXTRA_STATUS else 1)
            if not re.search(word, e.message):
                raise Failure(f"'{word}' is not in: {e.message}") from e
            return None
        raise Failure("planned what cannot work")

    def command_line(self, number):
        for crash in True, False:
            self.examine(self.case(f"line {number} {crash}", uefi(), crash=crash,
                                   command_line=COMMAND_LINES[number]))

    def seeds(self):
        """Each plan has another: never the running kernel's, which it has used."""
        seeds = {checks.told(self.examine(self.case(f"seeds {i}", uefi()))).nodes[checks.RNG_SEED]
                 for i in range(3)}
        if len(seeds) != 3:
            raise Failure("two plans have the same seed")

    def check_the_checks(self, crash):
        case = self.case(f"self-test {crash}", uefi(), crash=crash)
        made = self.examine(case)
        untested, unnoticed = selftest.missed(case, made)
        if untested or unnoticed:
            raise Failure(*(f"no mutation for {name}" for name in untested),
                          *(f"'{name}' was not noticed by {check}, only by {found}"
                            for name, check, found in unnoticed))
        return f"{len(selftest.CRASH if crash else selftest.NORMAL)} mutations"

    def one_by_one(self):
        for crash in True, False:
            self.test(f"each check of a {'crash' if crash else 'normal'} image notices what it is for",
                      self.check_the_checks, crash)
        if self.args.self_test:
            return
        for name, make in MACHINES.items():
            self.test(f"machine {name}", self.named, name, make)
        for name in self.kernels.made:
            self.test(f"kernel {name}", self.with_kernel, name)
        for name, (make, kernel, word) in REFUSED.items():
            self.test(f"refuses: {name}", self.refused, name, make, kernel, word)
        for number, line in enumerate(COMMAND_LINES):
            self.test(f"command line {line[:40]}", self.command_line, number)
        self.test("fresh seeds", self.seeds)
