# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What an image for a normal reboot (kexec -l) must be: the contract's other half.

The running kernel copies it over itself at the end, and the new kernel copies
itself to 0: everything lies above both.
"""
import checks
import facts
import spans
from checks import (digest, digest_regions, fdt_header, initrd, load_base, node_memory, protected,
                    purgatory_head, same_bytes, same_tree, tree_of, Params)

ARCH_FLAGS = 21 << 16


def placement(case, plan):
    m, page = case.machine, case.machine.page_size
    sizes = [p + size for p, _, size in case.kernel.pieces]
    floor = max(m.kernel_end or 0, max(sizes) - case.kernel.lowest)
    for s in plan.segments:
        if s.mem % page or s.memsz % page or len(s.data) > s.memsz or not s.memsz:
            yield f"{s.name} is not made of whole pages, or has more data than memory"
        if s.mem < floor:
            yield f"{s.name} at {s.mem:#x} is below {floor:#x}, where kernels are"
        if spans.subtract([(s.mem, s.end)], facts.dump_memory(m)):
            yield f"{s.name} at {s.mem:#x}-{s.end:#x} is not in memory"
    if sum(s.memsz for s in plan.segments) != sum(e - b for b, e in plan.occupied()):
        yield "segments overlap"


def names_and_flags(case, plan):
    want = sorted(["purgatory", "fdt"] + (["initrd"] if case.initrd else []))
    got = sorted(s.name for s in plan.segments if not s.name.startswith("kernel"))
    if got != want:
        yield f"segments {got}"
    if plan.flags != ARCH_FLAGS or plan.entry != plan.segment("purgatory").mem:
        yield f"flags {plan.flags:#x}, entry {plan.entry:#x}"
    if any(s.hotplug or not s.digest for s in plan.segments):
        yield "hotplug or digest marks"


def kernel(case, plan):
    """As in the file: told nothing, it copies itself to 0."""
    base = load_base(plan)
    for paddr, data, memsz in case.kernel.pieces:
        start = base + paddr - case.kernel.lowest
        if memsz and not same_bytes(plan, start, data.ljust(memsz, b"\0")):
            yield f"the bytes of the PT_LOAD at {paddr:#x} differ"


def real_mode(case, plan):
    reach = facts.rma(case.machine)
    for s in plan.segments:
        if s.end > reach:
            yield f"{s.name} ends at {s.end:#x}, real mode at {reach:#x}"


def parameters(case, plan):
    params = Params(case, plan.segment("purgatory"))
    if (params.kernel, params.fdt) != (load_base(plan), plan.segment("fdt").mem):
        yield "wrong kernel or FDT address"
    if params.backup_size:
        yield "copies a backup region"


def tree(case, plan):
    root = tree_of(plan).root
    chosen = root.child("chosen").props
    if chosen["bootargs"] != case.command_line.encode() + b"\0":
        yield f"bootargs {chosen['bootargs']}"
    if "linux,elfcorehdr" in chosen:
        yield "an elfcorehdr"
    device = {f"memory@{base:x}" for base, _ in case.machine.device_memory}
    for node in root.walk():
        for name in "linux,usable-memory", "linux,drconf-usable-memory":
            if name in node.props and node.name not in device:
                yield f"{node.name} is limited by {name}"
        if node.name in device and any(size for _, size in node_memory(case.machine, node)):
            yield f"{node.name} is a device's, and would become RAM"


def reserve(case, plan):
    m, got = case.machine, spans.sized(tree_of(plan).reserve)
    own = spans.union([(s.mem, s.end) for s in plan.segments if s.name in ("fdt", "initrd")])
    firmware = spans.union(facts.firmware(m), facts.tables(m), spans.sized(m.reserved))
    wrong = spans.difference(got, spans.union(own, firmware))
    if wrong:
        yield wrong


CHECKS = [placement, names_and_flags, kernel, real_mode, parameters, tree, reserve, protected,
          initrd, purgatory_head, digest_regions, digest, fdt_header, same_tree]


def _below_the_kernels(plan):
    plan.segment("fdt").mem = 0


def _other_kernel_byte(plan):
    plan.kernel()[0].data[0x2000] ^= 1


def _told_to_stay(plan):
    plan.kernel()[0].data[0x5c:0x60] = b"\1\0\0\0"


def _no_reserve_map(plan):
    data = plan.segment("fdt").data
    at = int.from_bytes(data[16:20], "big")
    data[at:at + 16] = bytes(16)


# Plans that are wrong in one way, and the check which must say so.
MUTATIONS = [(_below_the_kernels, "placement"), (_other_kernel_byte, "digest"),
             (_other_kernel_byte, "kernel"), (_told_to_stay, "kernel"), (_no_reserve_map, "reserve")]


def run_all(case, plan):
    return checks.run_all(case, plan, {f.__name__: f for f in CHECKS})
