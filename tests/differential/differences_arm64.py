# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What may differ from kexec-tools' images on arm64, and why. See differences.py."""
import spans
from pairs import Table

TABLE = Table()
entry = TABLE.entry
NOTHING = ([], [])
GUARD = b"acpi_no_memhotplug "


@entry("segments|digest of (idmap|sealed)")
def page_tables_and_copies(pair, d):
    """Ours turns the caches on while it verifies, with page tables that are a part of the image; the peer
    verifies with the caches off. With --hotplug ours has copies of what the running kernel rewrites."""
    more = {"idmap", "sealed"} if pair.case.hotplug else {"idmap"}
    if d.kind != "segments":
        return d.ours == 1
    return set(d.ours) - set(d.theirs) == more and set(d.theirs) < set(d.ours)


@entry(r"address of (kernel|purgatory|elfcorehdr|initrd|fdt)")
def other_places(pair, d):
    """Ours keeps the lowest pages of the crash region free for the kernel's own, puts the tree on a multiple of
    2 MiB and the header among the lowest; the peer puts that at the end. Each of both is held against the
    contract."""
    return True


@entry("memsz of (purgatory|fdt)|digest of purgatory")
def other_programs_other_sizes(pair, d):
    """The purgatory is another program, and ours verifies itself too; the trees have not the same in them."""
    return d.kind != "digest of purgatory" or d.ours > 0 and d.theirs == 0


# --- the tree ---

@entry("/chosen/bootargs")
def kept_from_adding_memory(pair, d):
    """Ours tells a capture kernel acpi_no_memhotplug; the peer's property ends with two NULs."""
    want = d.theirs.rstrip(b"\0") + b"\0"
    return d.ours == (GUARD if pair.case.crash else b"") + want


@entry("/chosen/(linux,kho-fdt|linux,booted-from-kexec)")
def handed_over(pair, d):
    """drivers/of/kexec.c takes out what the running kernel was handed over, and says that it was kexec."""
    return d.ours is None if "kho" in d.kind else d.ours == b""


@entry("/chosen/(kaslr-seed|rng-seed)")
def fresh_seeds(pair, d):
    """Ours hands over fresh seeds, as the kernel's own loader does; of the running kernel's, which it has used
    and zeroed, the peer makes a fresh one at most for KASLR."""
    return bool(d.ours) and len(d.ours) in (8, 32)


@entry("/chosen/linux,usable-memory-range|contract: usable")
def memory_of_crashkernel_cma(pair, d):
    """The peer does not use what crashkernel=,cma has set aside."""
    return bool(pair.machine.cma) and (d.ours == "kept" or d.ours.startswith(d.theirs))


@entry("dump")
def not_crashkernel_cma(pair, d):
    """... and so dumps it."""
    return [], pair.machine.cma


@entry("dump")
def memory_that_a_driver_added(pair, d):
    """It is memory of the running kernel: ours dumps it, the peer does not look at it."""
    return pair.machine.driver, []


@entry("contract: core")
def cores_of_the_peer(pair, d):
    """What of it differs is compared by itself."""
    return True


@entry("contract: elfcorehdr_place|reserve map covers (elfcorehdr|initrd)")
def reserved_by_name(pair, d):
    """The kernel reserves an initrd and an elfcorehdr that /chosen names; as its own loader, ours has them in
    the reserve map as well, in whole pages. The peer names the header's bytes."""
    return True


@entry("reserve map")
def tables_of_the_interrupt_controller(pair, d):
    """Where nobody else reserves the GIC's LPI tables, ours does. Of the running kernel's initrd the peer keeps
    the reservation."""
    m = pair.machine
    old = spans.sized([(base, size) for base, size in m.tree_reserve if m.initrd and base == m.initrd[0]])
    return ([] if pair.case.crash else m.tables()), old


@entry("contract: (control_pages|known_memory|blob)", rare=True)
def room_of_others(pair, d):
    """The peer leaves no page for the running kernel, or uses memory that a driver has added."""
    return True


# --- the dump ---

@entry("elfcorehdr: the kernel's text")
def text_from_kcore(pair, d):
    """/proc/kcore has the kernel from _text on; "Kernel code" in /proc/iomem, which the peer takes, begins
    64 KiB later, so that its address is wrong by as much."""
    m = pair.machine
    if not m.kcore:
        return not d.ours
    return [h[0] for h in d.ours] == [m.text] and [h[0] for h in d.theirs] in ([], [m.text]) and \
        all(h[1] == m.kernel[0] + 0x10000 for h in d.theirs)


@entry("elfcorehdr: addresses in the linear map")
def linear_map_from_kcore(pair, d):
    """/proc/kcore has the linear map as it is; the peer reckons it from the size of addresses that it guesses."""
    return d.ours == ({pair.machine.linear % (1 << 64)} if pair.machine.kcore else {0})
