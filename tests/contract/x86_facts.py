# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the kernel's contract demands of a plan on x86_64, derived from a machine's description."""
import machine_x86_64 as pc
import spans
from common import EHDR_SIZE, PHDR_SIZE
from machine import GIB, MIB

CORE_PAGE = 4096        # crash_core.c: ELF_CORE_HEADER_ALIGN
MORE_RANGES = 512       # beyond what there is now, whatever the kernel was built to expect
CONTROL_PAGES = 2       # KEXEC_CONTROL_PAGE_SIZE, aligned to it (one page since Linux 6.14)


def kinds(areas):
    """(start, end, type) in groups of one type in a row: [(type, merged)]."""
    groups = []
    for start, end, kind in areas:
        if not groups or groups[-1][0] != kind:
            groups.append((kind, []))
        groups[-1][1].append((start, end))
    return [(kind, spans.union(ranges)) for kind, ranges in groups]


def crash_map(m, core):
    """arch/x86/kernel/crash.c:crash_setup_memmap_entries, group by group."""
    region = [p for p in spans.subtract([m.crash], [core]) if p[1] - p[0] >= pc.PAGE]
    parts = [(pc.RAM, m.low_ram()), (pc.ACPI, m.of_type(pc.ACPI)), (pc.NVS, m.of_type(pc.NVS)),
             (pc.RESERVED, m.of_type(pc.RESERVED)), (pc.RAM, [m.crash_low] if m.crash_low else []),
             (pc.RAM, region), (pc.RAM, m.cma)]
    return kinds([(s, e, kind) for kind, areas in parts for s, e in areas])


def normal_map(m):
    """Firmware's: the kernel shows it, or at least what the boot loader told it."""
    return sorted(m.e820)


def known_ram(m):
    """What the next kernel has as memory from the start."""
    return spans.union([(s, e) for s, e, kind in normal_map(m) if kind == pc.RAM])


def all_ram(m):
    return spans.union(m.ram(), m.driver)


def dump(m):
    """arch/x86/kernel/crash.c:prepare_elf_headers"""
    return spans.subtract(all_ram(m), [(0, MIB), m.crash, *([m.crash_low] if m.crash_low else []), *m.cma])


def elfcorehdr_room(m, program_headers):
    """What any regeneration writes (crash_prepare_elf64_headers): notes of all possible CPUs and of
    vmcoreinfo, the kernel's text, the ranges. @program_headers: now, of which the ranges are part."""
    asked = m.hint() + EHDR_SIZE
    later = EHDR_SIZE + PHDR_SIZE * (program_headers + MORE_RANGES + m.possible - m.present)
    if m.possible <= m.nr_cpus:
        asked = max(asked, EHDR_SIZE + PHDR_SIZE * (m.possible + 2 + m.most_ranges))
    return -(-max(asked, min(later, EHDR_SIZE + PHDR_SIZE * 65534)) // CORE_PAGE) * CORE_PAGE


def page_tables(m):
    """Pages of the identity map for the jump (machine_kexec_64.c:init_pgtable). A unit of the
    address space that is mapped at all takes a page of each level above the entries that map it; a
    GiB that is mapped whole takes none where the processor has entries for it."""
    areas = all_ram(m) + m.of_type(pc.ACPI) + m.of_type(pc.NVS)
    if m.efi:
        areas += [(at // pc.PAGE * pc.PAGE, at // pc.PAGE * pc.PAGE + 2 * pc.PAGE)
                  for at in (m.efi.systab, m.efi.config_table)]
    top, upper, lower = set(), set(), set()
    for start, end in areas:
        top.update(range(start >> 48, (end - 1 >> 48) + 1))
        upper.update(range(start >> 39, (end - 1 >> 39) + 1))
        for unit in range(start >> 30, (end - 1 >> 30) + 1):
            whole = start <= unit * GIB and (unit + 1) * GIB <= end
            if not (m.gbpages and whole):
                lower.add(unit)
    return 1 + (len(top) if m.la57 else 0) + len(upper) + len(lower)
