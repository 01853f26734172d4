# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What arm64 is asked: no kernel of it keeps an image current, so nothing is plugged.

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import gzip
import os
import re
import sys

from architecture import PACKAGED
from chain import PACK
from dump import Dump, show, subtract
from files import REPOSITORY
from fileload import STATUS_NO_FILE_LOAD
from plug import wait_until
from readers import agree
from scenarios import corrupt_loaded, crash_and_compare
from stage import expect

sys.path.insert(0, os.path.join(REPOSITORY, "tests", "lib"))

import bzimage  # noqa: E402

NO_FILE_LOAD = "kexec_file_load not available"
FAULT_TIMEOUT = 120
# Of ESR_EL1.EC and EL2's: of the level that runs.
DATA_ABORT = 0x25
GIC_LOST = "Expected reserved range"
GIC_TIMEOUT = 180
GIC_PROPERTIES = "GICv3: using LPI property table @0x"
# Of a table, and of what a kernel resets in each; its text has no such page.
TABLE_SIZE, TABLE_ALIKE = 64 << 10, 4096
# Where the linear map begins, with addresses of 52 bits and with 48 (arch/arm64/include/asm/memory.h).
LINEAR_52, LINEAR_48 = 0xfff0 << 48, 0xffff << 48


def crash(stage):
    """The plain crash dump; --hotplug and -s are refused with the reason, -a and -u do as they are told."""
    stage.boot()
    status, output = stage.guest.run(stage.load_command(["--hotplug"]))
    expect(status == 1 and "keeps crash images current" in output, f"--hotplug: status {status}\n{output}")
    status, output = stage.guest.run(stage.load_command(how="-s -p"))
    expect(status == STATUS_NO_FILE_LOAD and NO_FILE_LOAD in output, f"-s: status {status}\n{output}")
    stage.expect_loaded(False)
    stage.load(how="-a -p")
    stage.unload()
    _load_and_crash(stage, cpu=0)


def crash_other(stage):
    """Another CPU crashes, after one has gone offline and come back."""
    stage.boot()
    online = "/sys/devices/system/cpu/cpu1/online"
    stage.guest.check(f"echo 0 >{online} && echo 1 >{online}")
    _load_and_crash(stage, cpu=1)


def crash_el2(stage):
    """The purgatory is entered at EL2, without VHE."""
    _crash_at(stage, "CPU: All CPU\\(s\\) started at EL2")


def crash_vhe(stage):
    """The same with VHE: the kernel runs at EL2."""
    _crash_at(stage, "VHE mode initialized successfully|Virtualization Host Extensions")


def crash_acpi(stage):
    """UEFI and ACPI: the tree says nothing of memory."""
    stage.boot()
    expect(stage.guest.check("ls /sys/firmware/efi"), "no UEFI")
    _load_and_crash(stage, cpu=1)


def crash_high(stage):
    """Two regions, of which the capture kernel uses both."""
    stage.boot()
    regions = stage.architecture.crash_regions(stage)
    expect(len(regions) == 2, f"not two regions: {show(regions)}")
    _load_and_crash(stage, cpu=0)
    total, size = stage.memory_total(), sum(map(len, regions))
    expect(total > size / 2, f"the capture kernel has {total} of {size} bytes")


def reload(stage):
    """A load over a loaded image replaces it; this one has its device tree from a file."""
    stage.boot()
    stage.load()
    stage.guest.check("cp /sys/firmware/fdt /tmp/tree")
    stage.load("--dtb=/tmp/tree", command_line=stage.line("nr_cpus=1 second_load"))
    stage.crash(cpu=0)
    stage.captured_log(cpu=0)
    command_line = stage.guest.read("/proc/cmdline")
    expect("second_load" in command_line, f"captured with '{command_line}'")


def corrupt(stage):
    """One wrong byte in the loaded kernel: the purgatory says so and stops."""
    stage.boot()
    stage.load()
    corrupt_loaded(stage)


def fault(stage):
    """The kernel's first bytes are in no page table: the purgatory, which reads them, names the address and stops."""
    stage.boot()
    stage.load()
    plan = stage.planned()
    kernel, purgatory, idmap = plan["kernel"], plan["purgatory"], plan["idmap"]
    entry, shift = _table_entry(stage, idmap, kernel.start)
    expect(kernel.start >> shift != purgatory.start >> shift, "the same entry maps the purgatory")
    stage.machine.write_memory(entry, bytes(8))
    position = stage.machine.console.position()
    stage.crash(cpu=0)
    stage.machine.console.wait("purgatory: stopped; there will be no dump", FAULT_TIMEOUT, position)
    found = re.search("purgatory: a fault, ESR 0x([0-9a-f]{16}) ELR 0x[0-9a-f]{16} FAR 0x([0-9a-f]{16})",
                      stage.machine.console.text(position))
    expect(found and int(found[1], 16) >> 26 == DATA_ABORT, f"no data abort: {found and found[0]}")
    expect(int(found[2], 16) >> shift == kernel.start >> shift, f"{found[0]}: the kernel is at {kernel.start:#x}")
    stage.expect_silence()


def uncached(stage):
    """A purgatory that has no page tables verifies all the same, with the caches off: it says what is damaged, which
    is the word that names the tables."""
    stage.boot()
    stage.load()
    plan = stage.planned()
    purgatory, idmap = plan["purgatory"], plan["idmap"]
    word = stage.machine.save_memory(purgatory).find(idmap.start.to_bytes(8, "little"))
    expect(word >= 0, "the purgatory does not name its tables")
    stage.machine.write_memory(purgatory.start + word, bytes(8))
    region, position = stage.crash_region(), stage.machine.console.position()
    stage.crash(cpu=0)
    stage.architecture.expect_stopped(stage, region, position)
    said = stage.machine.console.text(position)
    expect("purgatory: purgatory is damaged" in said and "a fault" not in said, said)


def chain(stage):
    """kexec -l and -e of a zboot and of a unified kernel image, on a GIC whose tables nobody but the loader reserves; then a crash."""
    _start_two(stage, lambda image: bzimage.zboot(gzip.compress(image, 1)), bzimage.uki)
    _load_and_crash(stage, cpu=1)


def gic_lost(stage):
    """The same with the packaged kexec, which does not know of them: the next kernel resets them in its own text."""
    stage.boot()
    table = _gic_tables(stage)[0]
    command = stage.load_command(["--no-checks", "--debug"], stage.line("earlycon"), how="-c -l")
    loaded = stage.guest.check(command.replace(stage.loader, PACKAGED, 1) + " 2>&1")
    segments = [range(int(start, 16), int(start, 16) + int(size, 16)) for start, size in
                re.findall(r"segment\[\d\]\.mem += (0x[0-9a-f]+)\s+segment\[\d\]\.memsz += (0x[0-9a-f]+)", loaded)]
    expect(subtract([table], segments) != [table], f"{show([table])} is in none of {show(segments)}")
    position = stage.machine.console.position()
    stage.guest.start(f"{PACKAGED} -e")
    stage.machine.console.wait(rf"{GIC_PROPERTIES}{table.start:016x}\b", GIC_TIMEOUT, position)
    wait_until(lambda: len(set(stage.machine.save_memory(table)[:TABLE_ALIKE])) == 1, GIC_TIMEOUT,
               f"all alike at {show([table])}")


def readers_52(stage):
    """A processor and a kernel with addresses of 52 bits: so are those in the dump, and its log is read."""
    agree(stage, _expect_52)


def _expect_52(stage):
    dump = Dump(stage.guest)
    start = min(part.start for part in dump.memory())
    mapped = [(at + start) % (1 << 64) for at in dump.linear_map()]
    expect(any(LINEAR_52 <= at < LINEAR_48 for at in mapped), f"memory begins at {', '.join(map(hex, mapped))}")


def exec_acpi(stage):
    """The same on a machine with UEFI: each kernel finds it, and ACPI."""
    _start_two(stage)
    expect(stage.guest.check("ls /sys/firmware/efi"), "the third kernel knows no UEFI")
    expect(stage.guest.check("ls /sys/firmware/acpi/tables/APIC"), "the third kernel knows no ACPI")


def _gic_tables(stage):
    """What the kernel that answers says of the tables of its GIC; the properties are first."""
    starts = [int(at, 16) for at in re.findall(r"GICv3: .*LPI \w+ table @0x([0-9a-f]+)", stage.guest.check("dmesg"))]
    expect(len(starts) == 1 + len(stage.cpus()), f"tables at {[hex(at) for at in starts]}")
    return [range(at, at + TABLE_SIZE) for at in starts]


def _start_two(stage, *packing):
    """Two kernels, one after the other. packing: of each what makes its file of an Image; else it is one."""
    with open(stage.site.kernel, "rb") as file:
        image = file.read()
    stage.boot()
    cpus, tables = stage.cpus(), _gic_tables(stage)
    lives = [stage.boot_id()]
    for generation in 2, 3:
        stage.guest.check(PACK)
        kernel = "/tmp/kernel" if packing else None
        if packing:
            stage.deliver(kernel, packing[generation - 2](image))
        stage.start_kernel(f"{stage.first_command_line()} generation={generation}", initrd="/tmp/whole", kernel=kernel)
        lives.append(stage.boot_id())
        expect(stage.cpus() == cpus, f"CPUs {stage.cpus()} came up, not {cpus}")
        log = stage.guest.check("dmesg")
        expect(GIC_LOST not in log, f"kernel {generation} has not the GIC's tables reserved:\n{log}")
        expect(_gic_tables(stage) == tables, f"kernel {generation} has other tables of the GIC")
        lost = subtract(tables, stage.resources("reserved"))
        expect(not lost, f"kernel {generation} has {show(lost)}, tables of the GIC, as free memory")
    expect(len(set(lives)) == 3, f"not three kernels: {lives}")


def _table_entry(stage, tables, address):
    """Of the page tables of a kernel with pages of 4 KiB: where the entry is that maps the address, and how much it does."""
    memory = stage.machine.save_memory(tables)
    at, shift = tables.start, 39
    while True:
        entry = at + 8 * (address >> shift & 511)
        value = int.from_bytes(memory[entry - tables.start:][:8], "little")
        if shift == 12 or value & 3 != 3:
            break
        at, shift = value & 0xfffffffff000, shift - 9
    expect(value & 1 and (value & 0xfffffffff000) >> shift == address >> shift, f"{value:#x} does not map {address:#x}")
    return entry, shift


def _crash_at(stage, level):
    stage.boot()
    said = stage.guest.check("dmesg")
    expect(re.search(level, said), f"not in the log: {level}\n{said}")
    _load_and_crash(stage, cpu=0)


def _load_and_crash(stage, cpu):
    """Captured, verified, with all memory and the addresses that the crashed kernel had."""
    stage.load("--console-serial")
    memory = stage.memory_to_dump()
    text = int(stage.guest.check("grep -m 1 ' T _text$' /proc/kallsyms").split()[0], 16)
    crash_and_compare(stage, cpu, asked=True)
    dump = Dump(stage.guest)
    expect(not subtract(memory, dump.memory()), f"of {show(memory)} the dump has {show(dump.memory())}")
    expect(dump.has_virtual(text), f"no part of the dump is at {text:#x}")
