# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64 machines: surveyed and recorded, but no image is planned for them."""
import filecmp
import os

from cases import loads_nothing, put
from harness import Case, expect
from recorded import Recorded

MACHINES = [Recorded("q35-bios", 4096, crash=(0x2f000000, 0x10000000)),
            Recorded("q35-bios-added", 4096, crash=(0x2f000000, 0x10000000)),
            Recorded("q35-bios-kexec", 4096, crash=(0, 0)),
            Recorded("q35-uefi", 4096, crash=(0x2b000000, 0x10000000))]
NO_PLAN = r"this version loads no kernels on a machine of type x86_64"


def files_of(root):
    return sorted(os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names)


def is_the_same(r):
    """What was recorded on the machine is recorded of its recording."""
    roots = [os.path.join(r.dir, name) for name in ("machine", "copy")]
    names = files_of(roots[0])
    expect(names == files_of(roots[1]), set(names) ^ set(files_of(roots[1])))
    expect("proc/kcore" in names and "sys/firmware/memmap/0/type" in names, names)
    _, different, unread = filecmp.cmpfiles(*roots, names, shallow=False)
    expect(not different and not unread, f"differ: {different} {unread}")


CASES = [case for m in MACHINES for case in (
    Case(f"{m.name}: recorded again, it is the same", "--record {dir}/copy", stdout="what kexec reads",
         machine=m, check=is_the_same),
    Case(f"{m.name}: no plan", "-p --dry-run {kernel}", 1, error=NO_PLAN, machine=m, check=loads_nothing),
    Case(f"{m.name}: kexec_load", "-p -c {kernel}", 1, error=NO_PLAN, machine=m, check=loads_nothing),
    Case(f"{m.name}: --hotplug", "-p -c --hotplug {kernel}", 1, error=NO_PLAN, machine=m,
         check=loads_nothing))] + [
    Case("x86_64: addresses that cannot be seen are not recorded", "--record {dir}/copy", 1,
         error=r"proc/iomem: all addresses are 0: kexec needs to be root \(CAP_SYS_ADMIN\) to see them",
         machine=MACHINES[0], prepare=put("machine/proc/iomem", b"00000000-00000000 : System RAM\n")),
]
