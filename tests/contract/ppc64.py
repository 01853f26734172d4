# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""POWER: what is asked of its plans, beside machines at random."""
import os
import resource
import shutil
import subprocess

import checks
import facts
import fdt
import generator
import named
import normal
import plan
import runner
import selftest
from runner import Failure, one_line

HUGE_CPU_SECONDS = 1.0
DTC_MACHINES = 12


class Ppc64(runner.Run):
    arch = "ppc64"

    def make_fixtures(self):
        self.kernels = generator.Kernels(self.dir)
        self.add_cores_program = self.args.add_cores
        return generator.write_initrd(self.dir, 100_001)

    def share(self, number):
        super().share(number)
        fast = self.kexec == self.args.fast_kexec
        self.add_cores_program = self.args.fast_add_cores if fast else self.args.add_cores

    def examine(self, case):
        """Plan and check; returns the plan."""
        made = plan.make(self.kexec, case)
        found = checks.run_all(case, made)
        if found:
            raise Failure(*(f"{check}: {text}" for check, text in found))
        if case.hotplug:
            self.rehearse(case)
        return made

    def normal(self, number):
        """The same machines, but for a reboot. Little memory is no fault of the planner's."""
        case = generator.case(number, f"{self.args.seed}-normal", self.dir, self.kernels)
        case.crash = case.hotplug = False
        try:
            found = normal.run_all(case, plan.make(self.kexec, case))
        except plan.Refused as e:
            one_line(e)
            if "Could not find a free area" not in e.message and "half of memory" not in e.message:
                raise
            return "refused, no room"
        if found:
            raise Failure(*(f"{check}: {text}" for check, text in found))
        return "planned"

    def normal_can_fail(self):
        for mutate, check in normal.MUTATIONS:
            case = named.case(f"normal-{mutate.__name__}-{check}", named.lpar(), self.dir,
                              self.kernels.made[0], self.initrd, hotplug=False)
            case.crash = False
            made = plan.make(self.kexec, case)
            if normal.run_all(case, made):
                raise Failure("complains about a good plan")
            mutate(made)
            if check not in [name for name, _ in normal.run_all(case, made)]:
                raise Failure(f"{check} did not notice {mutate.__name__}")

    def add_cores(self, case):
        tree = case.root + "/proc/device-tree/cpus"
        return subprocess.run([self.add_cores_program, str(facts.CORE_GROWTH),
                               case.root + "-dump/fdt.dtb", tree,
                               *(f"{hw:x}" for hw in facts.missing_cores(case.machine))],
                              capture_output=True, text=True, check=False)

    def rehearse(self, case):
        done = self.add_cores(case)
        if done.returncode:
            raise Failure("with every core added: " + done.stderr.strip())

    def random(self, number):
        case = generator.case(number, self.args.seed, self.dir, self.kernels)
        fits = generator.fits(case)
        try:
            self.examine(case)
            if fits is False:
                raise Failure("planned, although there cannot be room")
            return "planned"
        except plan.Refused as e:
            if fits:
                raise Failure("refused, although it fits: " + e.message) from e
            one_line(e)
            return "rightly refused" if fits is False else "refused, may be right"

    def named(self, name, make):
        machine = make()
        kernel = next(k for k in self.kernels.made if k.little == machine.little)
        case = named.case(name, machine, self.dir, kernel, self.initrd)
        self.examine(case)
        return self.cpu_time(case) if name == "huge" else None

    def cpu_time(self, case):
        shutil.rmtree(case.root + "-dump")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        plan.make(self.args.fast_kexec, case)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"# planning {case.root.rpartition('/')[2]}: {seconds:.2f} s of CPU")
        if seconds >= HUGE_CPU_SECONDS:
            raise Failure(f"{seconds:.2f} s of CPU, allowed {HUGE_CPU_SECONDS}")
        return f"{seconds:.2f} s of CPU"

    def refused(self, name, make, word):
        self.refusal(named.case(name, make(), self.dir, self.kernels.made[0], self.initrd), word)

    def tight(self, name, make, mib, word):
        initrd = os.path.join(self.dir, f"initrd-{mib}M")
        with open(initrd, "wb") as f:
            f.truncate(mib << 20)
        case = named.case(name, make(), self.dir, self.kernels.made[0], initrd)
        if word:
            self.refusal(case, word)
        else:
            self.examine(case)

    def initrd_magic(self, magic):
        """It is none, and the kernel would take it for the elfcorehdr or the device tree."""
        path = os.path.join(self.dir, "initrd-" + magic.hex())
        with open(path, "wb") as f:
            f.write(magic + bytes(5000))
        kernel = self.kernels.made[0]
        case = named.case("magic-" + magic.hex(), named.lpar(), self.dir, kernel, path)
        try:
            plan.make(self.kexec, case)
        except plan.Refused as e:
            return one_line(e, status=255)
        raise Failure("planned what cannot work")

    def command_line(self, number):
        case = named.case(f"line-{number}", named.lpar(), self.dir, self.kernels.made[0])
        case.command_line = named.COMMAND_LINES[number]
        self.examine(case)

    def fixed_kernel(self):
        kernel = named.fixed_kernel(self.dir)
        self.examine(named.case("fixed-kernel", named.lpar(), self.dir, kernel, self.initrd))

    def stable(self):
        """The same machine gives the same plan, in whatever order its directories are read."""
        plans = []
        for name, turn in ("forward", list), ("backward", lambda v: list(reversed(v))):
            machine = named.collisions()
            machine.extra = {"bus": named.Node(turn(machine.extra["bus"].items()))}
            machine.cpus = dict(turn(machine.cpus.items()))
            case = named.case(name, machine, self.dir, self.kernels.made[0], self.initrd)
            plans.append(self.examine(case))
        if [s.data for s in plans[0].segments] != [s.data for s in plans[1].segments]:
            raise Failure("two plans for one machine differ")

    def no_room(self, name, machine):
        """The negative control: without --hotplug the added cores find no room."""
        case = named.case(name, machine, self.dir, self.kernels.made[0], self.initrd, hotplug=False)
        self.examine(case)
        done = self.add_cores(case)
        if done.returncode != 1 or "NOSPACE" not in done.stderr:
            raise Failure(f"status {done.returncode}, {done.stderr.strip() or 'all cores fit'}")

    def dtc(self, number):
        """Somebody else's flattening of the same directory."""
        case = generator.case(number, "dtc", self.dir, self.kernels)
        command = ["dtc", "-I", "fs", "-O", "dtb", "-f", "-q", "-q", "-q",
                   case.root + "/proc/device-tree"]
        theirs = fdt.Tree(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        try:
            ours = fdt.Tree(plan.make(self.kexec, case).segment("fdt").data)
        except plan.Refused:
            return "refused"
        for root in ours.root, theirs.root:     # dtc takes names from directories as they are
            root.children = [c for c in root.children if c.name != "collisions"]
        found = list(fdt.compare(checks.strip(ours.root, case.machine),
                                 checks.strip(theirs.root, case.machine)))
        if found:
            raise Failure(*found)
        return None

    def check_the_checks(self):
        case = named.case("self-test", named.log_above(), self.dir, self.kernels.made[0], self.initrd)
        made = self.examine(case)
        untested, unnoticed = selftest.missed(case, made)
        if untested or unnoticed:
            raise Failure(*(f"no mutation for {name}" for name in untested),
                          *(f"'{name}' was not noticed by {check}, only by {found}"
                            for name, check, found in unnoticed))
        return f"{len(selftest.MUTATIONS)} mutations"

    def one_by_one(self):
        self.test("each check notices what it is for", self.check_the_checks)
        if self.args.self_test:
            return
        for name, make in named.MACHINES.items():
            self.test(f"machine {name}", self.named, name, make)
        for name, (make, word) in named.REFUSED.items():
            self.test(f"refuses: {name}", self.refused, name, make, word)
        for name, (make, mib, word) in named.TIGHT.items():
            self.test(f"initrd of {mib} MiB: {name}", self.tight, name, make, mib, word)
        for magic in checks.ELF_MAGIC, checks.FDT_MAGIC:
            self.test(f"initrd that begins with {magic.hex()}", self.initrd_magic, magic)
        for number, line in enumerate(named.COMMAND_LINES):
            self.test(f"command line {line[:40]}", self.command_line, number)
        self.test("kernel that is not relocatable", self.fixed_kernel)
        self.test("stable order", self.stable)
        for pages in 4096, 65536:
            machine = named.lpar(page_size=pages, possible_cores=256)
            self.test(f"without --hotplug no room for cores, {pages // 1024} KiB pages",
                      self.no_room, f"no-room-{pages}", machine)
        for number in range(DTC_MACHINES):
            self.test(f"tree as dtc reads it, machine {number} of seed dtc", self.dtc, number)
        self.test("checks of normal boots notice what they are for", self.normal_can_fail)
