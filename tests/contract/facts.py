# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the kernel's contract demands of a plan, derived from a machine's description."""
import spans
from common import EHDR_SIZE, PHDR_SIZE
from machine import GIB, LMB_ASSIGNED, LMB_RESERVED

BACKUP_SIZE = 0x10000
# What every core can grow by when the partition moves to another machine, and a new name.
CORE_GROWTH, NEW_NAME = 256, 32
# What the linear map is made of at the coarsest: the large pages of a hash MMU.
LINEAR_PIECE = 16 << 20
PARAMS_END = 0x100 + 16 * 8 + 32 + 17 * (16 + 24) + 2 * 80   # purgatory/params.h
POWER9 = 0x4e


# arch/powerpc/include/uapi/asm/cputable.h: PPC_FEATURE_HAS_ALTIVEC and _VSX, PPC_FEATURE2_VEC_CRYPTO
LANES = 0x10000080, 0x02000000


def has_lanes(machine):
    """Where the digest may be made with the vector unit's instructions for SHA-256."""
    return bool(machine.hwcap) and all(have & want == want for have, want in zip(machine.hwcap, LANES))


def live_lmbs(machine):
    """The LMBs that the kernel uses; it skips all others (early_init_drmem_lmb)."""
    return [base for base, flags in machine.lmbs
            if flags & LMB_ASSIGNED and not flags & LMB_RESERVED]


def tree_memory(machine):
    nodes = [pair for node in machine.memory for pair in node]
    return spans.union(spans.sized(nodes),
                       [(b, b + machine.lmb_size) for b in live_lmbs(machine)])


def managed(machine):
    """totalram_pages, of which an image may take half; or the best guess without MemTotal."""
    return machine.mem_total() if machine.meminfo else spans.total(tree_memory(machine))


def dump_memory(machine):
    """What /proc/iomem lists, or all of the tree; linux,memory-limit alone means nothing."""
    known = spans.union(machine.iomem) if machine.iomem else tree_memory(machine)
    return spans.subtract(known, spans.sized(machine.device_memory))


def crash(machine):
    base, size = machine.crash
    return [(base, base + size)]


def optional(pair):
    return spans.sized([pair]) if pair else []


def firmware(machine):
    """RTAS and OPAL: kept alive, dumped, and usable by the capture kernel."""
    return spans.union(optional(machine.rtas), optional(machine.opal))


def protected(machine):
    """Where nothing may be written while this kernel runs."""
    return spans.union(firmware(machine), spans.sized(machine.tce), optional(machine.htab),
                       spans.sized(machine.exports),
                       spans.sized(machine.reserved), spans.sized(machine.reserved_nodes),
                       [(0, machine.kernel_end or 0)])


def pieces(areas):
    """The whole pieces of linear map which these (start, end) need."""
    return spans.union([(start // LINEAR_PIECE * LINEAR_PIECE, -(-end // LINEAR_PIECE) * LINEAR_PIECE)
                        for start, end in spans.union(areas)])


def tables(machine):
    """What kernels read through their linear map because the tree points to it."""
    return spans.union(spans.sized(machine.tce), optional(machine.sml), spans.sized(machine.exports))


def mapped_nodes(machine):
    """Of /reserved-memory, what may be mapped and is nobody's pages."""
    return spans.sized([area for _, area, kind in machine.reserved_children() if not kind])


def usable(machine):
    low = [(0, crash(machine)[0][1])]
    return spans.intersect(
        spans.union(low, firmware(machine), pieces(tables(machine) + mapped_nodes(machine))),
        tree_memory(machine))


def readable(machine, start, end):
    """Can a capture kernel be made to have it in its linear map?"""
    return not spans.subtract(pieces([(start, end)]), usable(machine))


def dump(machine):
    return spans.union(spans.subtract(dump_memory(machine), crash(machine)), firmware(machine))


def reserved(machine):
    """What the reserve map owes to the machine; the image's own entries come on top."""
    return spans.union(firmware(machine), tables(machine), spans.sized(machine.reserved),
                       [(BACKUP_SIZE, machine.crash[0])])


def rma(machine):
    """The end of what real mode reaches on a guest with a hash MMU."""
    if machine.opal or machine.radix or not machine.guest:
        return 1 << 64
    # prom.c:early_init_dt_add_memory_arch: the pair that begins at 0, not what lies behind it
    first = min((base, size) for node in machine.memory for base, size in node if size)[1]
    return min(first, GIB << 10 if machine.pvr >> 16 >= POWER9 else GIB)


def missing_cores(machine):
    """Hardware ids of the cores that may come."""
    ids = range(machine.first_cpu, machine.first_cpu + len(machine.possible()), machine.threads)
    return list(ids)[machine.cores:]


def growth(machine):
    """Bytes of an FDT: one property more in each core's node."""
    cores = max(-(-len(machine.possible()) // machine.threads), machine.cores)
    return cores * (12 + CORE_GROWTH) + NEW_NAME


def elfcorehdr_room(machine, own_size):
    size = EHDR_SIZE + PHDR_SIZE * (len(machine.possible()) + 1 + machine.hotplug_ranges)
    page = max(machine.page_size, 4096)
    return -(-(max(size, own_size) + PHDR_SIZE) // page) * page
