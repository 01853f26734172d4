# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""arm64: what is asked of its plans, beside machines at random."""
import os
import random
import re

import arm64_checks as checks
import arm64_selftest as selftest
import machine_arm64 as arm
import plan
import runner
from generator import write_initrd
from machine import GIB, MIB, write_file
from runner import Failure, one_line

EXTRA_STATUS = 255      # of a kernel that is none for this machine


def everything():
    """What can be told at once: two regions, CMA, reservations, a kernel that would keep images."""
    return arm.Machine(memory=[(0x40000000, 0x100000000), (0x880000000, 0x900000000)], hotplug=True,
                       crash=(0x8c0000000, 0x8d0000000), crash_low=(0x90000000, 0x98000000),
                       cma=[(0x890000000, 0x894000000)], possible=8, present=6,
                       tree_reserve=[(0x50000000, 0x10000), (0x48000000, 0x280123)])


MACHINES = {
    "two regions, CMA, reservations": everything,
    "ACPI": lambda: arm.Machine(acpi=True),
    "pages of 16 KiB": lambda: arm.Machine(page_size=16384),
    "pages of 64 KiB": lambda: arm.Machine(page_size=65536),
    "52 bits on 48": lambda: arm.Machine(linear=(0xfff0000000000000 - 0xfff1000040000000) % (1 << 64)),
    "no /proc/kcore": lambda: arm.Machine(kcore=False),
    "/proc/device-tree alone": lambda: arm.Machine(fdt=False),
    "no ITS": lambda: arm.Machine(its=False),
    "memory from 0": lambda: arm.Machine(memory=[(0, 2 * GIB)], kernel=(0x200000, 0x2800000), lpis=[0x2900000],
                                         crash=(0x50000000, 0x60000000), reserved=[(0x3000000, 0x3100000)],
                                         initrd=None),
}
# (machine, header's fields, what the one line must say)
REFUSED = {
    "a region of 1 MiB": (lambda: arm.Machine(crash=(0x90000000, 0x90100000), hotplug=True), {}, "free area"),
    "no crash hotplug": (lambda: arm.Machine(hotplug=False), {}, "keeps crash images current"),
    "a big-endian kernel": (everything, {"big": True}, "big-endian, unlike the running kernel"),
    "a kernel of before 3.17": (everything, {"size": 0}, "image_size is 0"),
    "a text offset beyond 2 MiB": (everything, {"text_offset": 2 * MIB}, "text_offset"),
    "no magic": (everything, {"magic": b"ARM\x65"}, "Cannot determine the file type"),
}


class Arm64(runner.Run):
    arch = "arm64"
    share_of_machines = .15

    def make_fixtures(self):
        self.kernels = {}
        for name, fields in {"common": {}, "offset": {"text_offset": 0x80000}, "16k": {"page_shift": 2},
                             **{name: fields for name, (_, fields, _) in REFUSED.items()}}.items():
            data = arm.image(**fields)
            path = os.path.join(self.dir, re.sub("[ /,.]", "-", f"Image-{name}"))
            write_file(path, data)
            size = fields.get("size", arm.IMAGE_SIZE)
            self.kernels[name] = plan.Kernel(path, True, [(fields.get("text_offset", 0), data[:size], size)])
        return write_initrd(self.dir, 100_001)

    def examine(self, case):
        made = plan.make(self.kexec, case)
        found = checks.run_all(case, made)
        if found:
            raise Failure(*(f"{check}: {text}" for check, text in found))
        return made

    def case(self, name, machine, kernel="common", crash=True):
        return plan.Case(machine, self.kernels[kernel],
                         machine.write(os.path.join(self.dir, re.sub("[ /,]", "-", name))), self.initrd,
                         command_line="root=/dev/sda1 irqpoll", hotplug=crash and machine.hotplug, crash=crash,
                         old_root=True)

    def one(self, number, crash):
        rng = random.Random(f"{self.args.seed}-{crash}-{number}")
        kind = arm.KINDS[number % len(arm.KINDS)]
        kernel = rng.choice(("common", "common", "offset", "16k"))
        self.examine(self.case(f"random-{number}", arm.at_random(rng, kind), kernel, crash))
        return f"planned, {kind}"

    def random(self, number):
        return self.one(number, True)

    def normal(self, number):
        return self.one(number, False)

    def named(self, name, make):
        for crash in True, False:
            for kernel in "common", "offset":
                self.examine(self.case(f"{name} {kernel} {crash}", make(), kernel, crash))

    def refused(self, name, make, word):
        case = self.case(name, make(), name if REFUSED[name][1] else "common")
        case.hotplug = True
        try:
            plan.make(self.kexec, case)
        except plan.Refused as e:
            one_line(e, status=e.status if e.status == EXTRA_STATUS else 1)
            if not re.search(word, e.message):
                raise Failure(f"'{word}' is not in: {e.message}") from e
            return None
        raise Failure("planned what cannot work")

    def seeds(self):
        """Each plan has another."""
        seen = set()
        for i in range(3):
            made = self.examine(self.case(f"seeds {i}", everything()))
            seen.add(checks.chosen(made)["kaslr-seed"] + checks.chosen(made)["rng-seed"])
        if len(seen) != 3:
            raise Failure("two plans have the same seed")

    def check_the_checks(self, crash):
        case = self.case(f"self-test {crash}", everything(), crash=crash)
        made = self.examine(case)
        untested, unnoticed = selftest.missed(case, made)
        if untested or unnoticed:
            raise Failure(*(f"no mutation for {name}" for name in untested),
                          *(f"mutation {number} was not noticed by {check}, only by {found}"
                            for number, check, found in unnoticed))
        return f"{len(selftest.CRASH if crash else selftest.NORMAL)} mutations"

    def one_by_one(self):
        for crash in True, False:
            self.test(f"each check of a {'crash' if crash else 'normal'} image notices what it is for",
                      self.check_the_checks, crash)
        if self.args.self_test:
            return
        for name, make in MACHINES.items():
            self.test(f"machine {name}", self.named, name, make)
        for name, (make, _, word) in REFUSED.items():
            self.test(f"refuses: {name}", self.refused, name, make, word)
        self.test("fresh seeds", self.seeds)
