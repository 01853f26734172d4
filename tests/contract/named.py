# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Cases with a point of their own: (name, what they add to a common case)."""
import os
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from machine import GIB, MIB, Machine, Node, be32, be64, text
from plan import Case, Kernel
from vmlinux import ET_EXEC, elf64, kernel_text

HERE = os.path.dirname(os.path.abspath(__file__))


def load_generate():
    """The program that makes the machines with a name of their own, as a module."""
    loader = SourceFileLoader("generate", os.path.join(HERE, "../machines/generate"))
    module = module_from_spec(spec_from_loader("generate", loader))
    loader.exec_module(module)
    return module


generate = load_generate()


def lpar(**more):
    """A common LPAR: LMBs above the first GiB, some of them free, RTAS in the crash region."""
    flags = [0x8, 0x8, 0x0, 0x8, 0x88, 0x8, 0x80, 0x8]
    values = {"memory": [[(0, GIB)]], "lmb_version": 1, "threads": 4, "possible_cores": 16,
              "cores": 6, "lmbs": [(GIB + i * 256 * MIB, f) for i, f in enumerate(flags)],
              "chosen": {"ibm,other": b"kept"}}
    return Machine(**{**values, **more})


def crowded():
    """Thousands of reservations and properties: no table in the planner may be of fixed size."""
    return lpar(reserved=[(0x40000000 + i * 0x3000, 0x1001) for i in range(5000)],
                extra={"many": Node({f"vendor,property-{i}": be32(i) for i in range(3000)})})


def collisions():
    """Names twice in one directory: the kernel adds #1, #2, … to what comes later."""
    return lpar(
        cpus={"l2-cache": be32(0x2000), "l2-cache#1": Node({"device_type": text("cache")})},
        extra={"bus": Node({"dev": b"property", "dev#1": Node({"first": b""}),
                            "dev#2": Node({"second": b"", "#size-cells": be32(0)}),
                            "interrupt-server#s": be32(7), "dev@1": Node({"dev#x": b"x"})})})


def fragmented(step, taken=0x20000, radix=True):
    """A reserved range every @step bytes, from a bit above the start of the crash region."""
    start, end = 512 * MIB + 0x40000, GIB
    return lpar(reserved=[(base, taken) for base in range(start, end, step)], radix=radix)


def limited():
    """Memory came after the boot; the exported limit is still the boot's, and no mem= is given."""
    return lpar(cmdline="root=/dev/sda1 notmem=1G", memory_limit=GIB,
                memory=[[(0, GIB)], [(64 * GIB, GIB)]])


def power8():
    """Real mode ends at 1 GiB, whatever the size of the first node."""
    return lpar(radix=False, pvr=0x004d0200, memory=[[(0, 4 * GIB)]], lmbs=[],
                crash=(768 * MIB, 768 * MIB))


def bare_metal():
    """An old machine without hypervisor: TCE tables in and above the crash region, a hash table."""
    return lpar(little=False, guest=False, hvterm=False, radix=False, lmbs=[],
                memory=[[(0, GIB)], [(GIB, GIB)]], htab=(0x28000000, 0x1000000),
                tce=[(0x24000000, 0x80000), (0x60000000, 0x80000)])


def mem_option():
    """The kernel uses less than there is; one LMB was added since."""
    return lpar(cmdline="root=/dev/sda1 mem=1G", memory_limit=GIB, iomem=[(0, GIB + 256 * MIB)])


def both_versions():
    """The kernel reads v1 of the LMBs' property when both are there."""
    machine = lpar()
    node = Node({"ibm,lmb-size": be64(machine.lmb_size), "ibm,dynamic-memory": machine.drconf(),
                 "ibm,dynamic-memory-v2": be32(1, 8) + be64(GIB) + be32(0x80000000, 0, 0x8)})
    machine.extra = {"ibm,dynamic-reconfiguration-memory": node}
    return machine


def many_ranges():
    """The kernel may be built to expect more ranges than an ELF header can count."""
    return lpar(hotplug_ranges=65536)


def header_to_the_byte():
    """What the kernel wants for its elfcorehdr is whole pages, and it writes beyond it."""
    return lpar(page_size=4096, hotplug_ranges=512 + 72 - 16 * 4 - 1)


def rtas_above():
    """In the first LMB behind the crash region, of which nothing else is left to use."""
    return lpar(rtas=(GIB + 0x10000, 0x10000))


def log_in_the_way():
    """A TPM log where the capture kernel would put its own data."""
    return lpar(sml=(512 * MIB + 0x30000, 0x8000))


def log_above(**more):
    """A TPM log above the crash region: the capture kernel maps it."""
    return lpar(sml=(GIB + 0x1ff0000, 0x28000), **more)


def log_in_no_memory():
    """Where no kernel has it mapped: it is not to be pointed to."""
    return lpar(sml=(0x60010000, 0x10000))


def logs_of_all_kinds():
    """A physical TPM, and OPAL's exports beside and apart from OPAL; a reservation to be mapped."""
    return Machine(guest=False, radix=False, rtas=None, hvterm=False, crash=(512 * MIB, 200 * MIB),
                   opal=(0x30000000, 0x1c00000), exports=[(0x31000000, 0x1000), (0x6fff0000, 0x123)],
                   sml=(0x5ffff000, 0x2000), virtual_tpm=False, sml_size_bytes=8,
                   reserved_nodes=[(0x50001000, 0x3000), (0x54000000, 0x1000), (0x58000000, MIB)],
                   reserved_kinds=["", "no-map", "reusable"])


def rtas_in_no_memory():
    """Where the LMB is not in use."""
    return lpar(rtas=(0x60010000, 0x10000))


def sparse():
    """CPU numbers whose list is longer than libraries read at once."""
    return lpar(threads=8, possible_cores=48, cores=40, cpu_numbers=list(range(0, 1152, 3)))


def across(start, size, **more):
    """A crash region that reaches over what RTAS or real mode reach."""
    return lpar(memory=[[(0, 4 * GIB)]], lmbs=[], crash=(start * MIB, size * MIB), **more)


def powernv():
    """Without RTAS a region above 1 GiB is as good as any."""
    return lpar(memory=[[(0, 4 * GIB)]], lmbs=[], crash=(1536 * MIB, 512 * MIB), guest=False,
                hvterm=False, rtas=None, opal=(0x30000000, 0x1c00000))


MACHINES = {"huge": generate.huge, "nested": generate.nested, "crowded": crowded,
            "fragmented": lambda: fragmented(MIB, radix=False), "collisions": collisions, "limited": limited,
            "mem=": mem_option, "POWER8": power8, "bare metal": bare_metal,
            "LMBs v1 and v2": both_versions, "many ranges": many_ranges,
            "header to the byte": header_to_the_byte, "RTAS above": rtas_above,
            "RTAS in no memory": rtas_in_no_memory, "sparse": sparse,
            "TPM log": log_in_the_way, "TPM log above": log_above,
            "TPM log above, big-endian": lambda: log_above(little=False),
            "TPM log above, memory nodes": lambda: log_above(
                lmbs=[], memory=[[(0, GIB)], [(GIB, GIB)]]),
            "TPM log in no memory": log_in_no_memory, "logs of all kinds": logs_of_all_kinds,
            "1 MiB below 1 GiB": lambda: across(1023, 512),
            "from 512 MiB to 6 GiB": lambda: lpar(memory=[[(0, 16 * GIB)]], lmbs=[],
                                                  crash=(512 * MIB, 5 * GIB + 512 * MIB)),
            "real mode ends in it": lambda: across(1000, 512, radix=False, pvr=0x004d0200),
            "above 1 GiB, OPAL": powernv}

# Sizes of initrds (MiB) which leave little, and what is said when it is too little.
TIGHT = {
    "most of the region above 1 GiB": (lambda: across(960, 192), 100, None),
    "9 MiB left": (lambda: across(600, 64), 54, "process table"),
    "the same, across 1 GiB": (lambda: across(992, 64), 55, "while it starts"),
    "beside the only piece for a process table": (lambda: across(127, 17), 1, None),
    "two times 32 KiB below 1 GiB": (lambda: across(1023, 64, page_size=4096, reserved=[
        (1023 * MIB + 0x8000, 0xf0000)]), 8, "RTAS"),
}

# Whatever the line ends with, the kernel must find elfcorehdr= in it.
COMMAND_LINES = ["root=/dev/sda1 -- single", 'dyndbg="file a.c +p" quiet', 'broken="quiet',
                 "x" * 2000]

# What cannot be planned, and what the one line about it must say.
REFUSED = {
    "crash region of 1 MiB": (lambda: lpar(crash=(512 * MIB, MIB), rtas=None), "free area"),
    "crash region full of reservations": (lambda: fragmented(0x40000), "free area"),
    "RTAS where the kernel takes its pages": (
        lambda: lpar(rtas=(512 * MIB + 0x10000, 0x1000)), "RTAS"),
    "real mode ends below the crash region": (
        lambda: lpar(radix=False, memory=[[(0, 256 * MIB)], [(256 * MIB, 768 * MIB)]]),
        "early boot.*Reserve memory below 0x10000000 "),
    "kernel without crash hotplug": (lambda: lpar(hotplug=False), "crash_hotplug"),
    "crash region above 1 GiB": (lambda: across(1536, 512), "below 0x40000000 .*rtas_initialize"),
    "crash region from 1 GiB on": (lambda: across(1024, 512), "rtas_initialize"),
    "pieces for a process table that kernels take from": (lambda: across(128, 16), "process table"),
    "no aligned piece for a process table": (lambda: fragmented(4 * MIB), "process table"),
}


def fixed_kernel(directory):
    """Not relocatable: linked for a place in the crash region, no flag to patch."""
    pieces = [(0x21000000, kernel_text(200_000, relocatable=False), 300_000)]
    path = os.path.join(directory, "vmlinux-fixed")
    with open(path, "wb") as f:
        f.write(elf64(pieces, e_type=ET_EXEC))
    return Kernel(path, True, pieces, relocatable=False)


def case(name, machine, directory, kernel, initrd=None, hotplug=True):
    root = os.path.join(directory, name.replace(" ", "-"))
    return Case(machine, kernel, machine.write(root), initrd, hotplug=hotplug)
