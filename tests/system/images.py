# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Other files to start from than vmlinux, other device trees than the live one.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

from chain import PACK
from scenarios import LOST_CPU
from stage import expect

NEXT = "started=again"
# Where a kernel which kexec starts has its log buffer.
LOW_MEMORY = range(256 << 20)
FIRST_CPU = "PowerPC,POWER9@0"


def device_tree(stage):
    """kexec -l --dtb: a tree without the CPU that usually starts it; another does."""
    stage.boot()
    option = _without_first_cpu(stage)
    status, output = stage.guest.run(stage.load_command([option]))
    expect(status == 1 and "would not be dumped" in output, f"-p: status {status}\n{output}")
    _load(stage, option)
    expect(_reboot_cpu(stage) == "1", "CPU 1 was not chosen")
    stage.guest.check("kexec -u")
    expect(_reboot_cpu(stage) == "0", "CPU 0 was not put back")
    stage.start_kernel(stage.line(NEXT), how=f"-c -l {option}")
    nodes = stage.known_cpus()
    expect(nodes and FIRST_CPU not in nodes, f"CPUs {nodes}")


def device_tree_lost(stage):
    """The same, started by the CPU that is not in the tree: lost, for this reason."""
    stage.boot()
    _load(stage, _without_first_cpu(stage))
    stage.guest.check("echo 0 >/sys/kernel/reboot/cpu")
    stage.guest.start("kexec -e")
    with stage.timed("readout"):
        stage.wait_memory(LOW_MEMORY, LOST_CPU)
    stage.expect_silence()


def zimage(stage):
    """kexec -l of a boot wrapper with a compressed kernel inside."""
    stage.boot()
    stage.start_kernel(stage.line(NEXT), kernel="/zImage")


def old_initrd(stage):
    """kexec -l --reuseinitrd: a third kernel starts with the second one's initrd."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(initrd=None, how="-c -l --reuseinitrd"))
    expect(status == 1 and "retain_initrd" in output, f"status {status}\n{output}")
    stage.guest.check(PACK)
    stage.start_kernel(stage.line(f"{NEXT} retain_initrd"), initrd="/tmp/whole")
    stage.start_kernel(stage.line(NEXT), initrd=None, how="-c -l --reuseinitrd")


def _load(stage, option):
    stage.guest.check(stage.load_command(command_line=stage.line(NEXT), how=f"-c -l {option}"))


def _reboot_cpu(stage):
    return stage.guest.read("/sys/kernel/reboot/cpu")


def _without_first_cpu(stage):
    """--dtb of this machine's own tree, as kexec plans it for the machine less a CPU."""
    stage.guest.check(
        "mkdir -p /run && kexec --record /tmp/machine >/dev/null && "
        f"rm -r /tmp/machine/proc/device-tree/cpus/{FIRST_CPU} && "
        "kexec --sysroot /tmp/machine -l --dry-run --dump /tmp/plan /vmlinux >/dev/null")
    return "--dtb=/tmp/plan/fdt.dtb"
