# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a capture kernel takes of its memory while it starts, as far as no configuration changes it.

Each need is (what, bytes, alignment, limit): one piece that ends at or below the limit. Sources,
Linux 6.12: arch/powerpc/kernel/rtas.c:rtas_initialize, mm/book3s64/radix_pgtable.c:
radix_init_pgtable, mm/book3s64/hash_utils.c:htab_initialize, kernel/setup_64.c:
emergency_stack_init.
"""
import facts
import spans
from machine import GIB, MIB

KIB = 1 << 10
STEP = 16 * MIB         # prom.c:early_init_devtree cuts memory to whole ones
VECTORS = 32 * KIB      # and reserves these at 0
STACK = 16 * KIB
ANYWHERE = 1 << 64


def low_limit(machine):
    """Below which a part of the memory has to be."""
    return min(facts.rma(machine), GIB) if machine.rtas else facts.rma(machine)


def hash_table(memory):
    """For 64 KiB pages, with which it is smallest: 128 bytes to two pages, a power of two."""
    return 1 << max(18, ((memory - 1).bit_length() - 17) + 7)


def needs(machine):
    real = facts.rma(machine)
    if machine.rtas:
        yield "RTAS buffer", 64 * KIB, 4 * KIB, low_limit(machine)
    if machine.radix:
        yield "process table", 8 * MIB, 8 * MIB, ANYWHERE
    elif not machine.guest:
        table = hash_table(spans.total(memory(machine)))
        yield "hash table", table, table, ANYWHERE
    for _ in range(3):
        yield "stack", STACK, STACK, min(real, 4 * GIB) if machine.guest else real


def memory(machine):
    """What is left of the usable memory when it is cut: its lowest part."""
    left, out = spans.total(facts.usable(machine)) // STEP * STEP, []
    for start, end in facts.usable(machine):
        out.append((start, min(end, start + left)))
        left -= out[-1][1] - start
    return spans.union(out)


def has_piece(free, size, align, limit):
    for start, end in spans.intersect(free, [(0, limit)]):
        if -(-start // align) * align + size <= end:
            return True
    return False


def missing(machine, free):
    """Needs that nothing in @free satisfies, each asked alone."""
    return [f"{what}: no {size:#x} bytes below {limit:#x} in {spans.text(free)}"
            for what, size, align, limit in needs(machine)
            if not has_piece(free, size, align, limit)]


def region_free(machine):
    """Of an empty crash region."""
    taken = spans.union(facts.protected(machine), facts.optional(machine.sml))
    return spans.subtract(spans.intersect(facts.crash(machine), memory(machine)), taken)
