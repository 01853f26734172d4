# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The clauses of the kernel's contract. Each check takes a Case and its Plan and yields complaints.

Nothing here asks kexec how it did its work: bytes that it would load on one
side, the machine's description on the other.
"""
import re
import struct

import boot
import common
import facts
import fdt
import spans
from common import ELF_MAGIC, PT_LOAD, PT_NOTE, Core, Params, control_page, kernel_words, memparse

FDT_MAGIC = b"\xd0\x0d\xfe\xed"
LINEAR_MAP = 0xc000000000000000
COMMAND_LINE_SIZE = 2048

# Properties of the running kernel which the next one would misread, or which describe
# the boot that made them.
CHOSEN_DROPPED = {
    "linux,kernel-end", "linux,crashkernel-base", "linux,crashkernel-size", "linux,memory-limit",
    "linux,htab-base", "linux,htab-size", "linux,tce-alloc-start", "linux,tce-alloc-end",
    "linux,initrd-start", "linux,initrd-end", "linux,usable-memory-range", "linux,elfcorehdr",
    "linux,booted-from-kexec", "linux,ima-kexec-buffer", "rng-seed", "kaslr-seed", "bootargs",
}
CHOSEN_ADDED = {"bootargs", "linux,initrd-start", "linux,initrd-end", "linux,elfcorehdr",
                "linux,booted-from-kexec"}

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def run_all(case, plan, functions=None):
    return common.run_all(case, plan, functions or CHECKS)


def tree_of(plan):
    """Read once for all checks, as long as nobody changes a byte. Not to be changed either."""
    data = bytes(plan.segment("fdt").data)
    if not plan.tree or plan.tree.blob != data:
        plan.tree = fdt.Tree(data)
    return plan.tree


# --- segments ---

@check
def segments(case, plan):
    m = case.machine
    return common.segments(plan, m.page_size, facts.crash(m)[0], facts.managed(m))


@check
def expected_segments(case, plan):
    names = sorted(s.name for s in plan.segments if not re.fullmatch(r"kernel-\d+", s.name))
    want = ["backup", "elfcorehdr", "fdt", "kernel", "purgatory"] + ["initrd"] * bool(case.initrd) + \
        ["sealed"] * plan.copies
    if names != sorted(want):
        yield f"segments {names}"
    hot = sorted(s.name for s in plan.segments if s.hotplug)
    if hot != (["elfcorehdr", "fdt"] if case.hotplug else []):
        yield f"hotplug segments {hot}"


@check
def protected(case, plan):
    taken = spans.union(facts.protected(case.machine), facts.optional(case.machine.sml))
    for s in plan.segments:
        hit = spans.intersect([(s.mem, s.end)], taken)
        if hit:
            yield f"{s.name} overwrites {spans.text(hit)}"


@check
def real_mode(case, plan):
    limit = facts.rma(case.machine)
    for s in plan.segments:
        if s.name != "elfcorehdr" and s.end > limit:
            yield f"{s.name} ends at {s.end:#x}, real mode at {limit:#x}"


@check
def control_pages(case, plan):
    page, (start, end) = case.machine.page_size, facts.crash(case.machine)[0]
    start = -(-start // page) * page
    for use in "control code", "vmcoreinfo":
        start = control_page(plan, start, page)
        if start + page > end:
            yield f"no page left for {use}"
            return
        hit = spans.intersect([(start, start + page)], facts.protected(case.machine))
        if hit:
            yield f"the page for {use} overwrites {spans.text(hit)}"
        start += page


@check
def entry_and_flags(case, plan):
    if plan.entry != plan.segment("purgatory").mem:
        yield f"entry {plan.entry:#x} is not the purgatory"
    want = 21 << 16 | 1 | (8 if case.hotplug else 0)
    if plan.flags != want:
        yield f"flags {plan.flags:#x}, expected {want:#x}"


@check
def magics(case, plan):
    """crash_handle_hotplug_event and get_fdt_index know segments by their first bytes."""
    for magic, name in (ELF_MAGIC, "elfcorehdr"), (FDT_MAGIC, "fdt"):
        found = [s.name for s in plan.segments if s.data[:4] == magic]
        if name not in found or case.hotplug and found != [name]:
            yield f"{magic!r} begins {found}"


# --- the kernel ---

def load_base(plan):
    """Where the kernel's first byte goes, whatever address it is linked for."""
    return min(s.mem for s in plan.kernel())


def piece_bytes(kernel_, paddr, data, memsz):
    data = data.ljust(memsz, b"\0")
    if paddr == kernel_.lowest and kernel_.relocatable:
        run_at_load = struct.pack("<I" if kernel_.little else ">I", 1)
        data = data[:0x5c] + run_at_load + data[0x60:]
    return data


@check
def kernel(case, plan):
    base, linked = load_base(plan), case.kernel.lowest
    if base % 0x10000:
        yield f"load base {base:#x} is not aligned"
    if not case.kernel.relocatable and base != linked:
        yield f"loaded at {base:#x}, but must run at {linked:#x}"
    covered = spans.union([(s.mem, s.end) for s in plan.kernel()])
    for paddr, data, memsz in case.kernel.pieces:
        start = base + paddr - linked
        outside = spans.subtract([(start, start + memsz)], covered)
        if outside:
            yield f"no kernel segment at {spans.text(outside)}"
        if memsz and not same_bytes(plan, start, piece_bytes(case.kernel, paddr, data, memsz)):
            yield f"the bytes of the PT_LOAD at {paddr:#x} differ"


@check
def run_at_load(case, plan):
    """The word is in the capture kernel's byte order, whatever the running kernel's is."""
    word = plan.memory(load_base(plan) + 0x5c, 4)
    if case.kernel.relocatable and word != struct.pack("<I" if case.kernel.little else ">I", 1):
        yield f"the word at 0x5c is {word.hex()}"


def same_bytes(plan, start, want):
    """Pieces that share a page lie in one segment, all others in segments of their own."""
    for s in plan.kernel():
        if s.mem <= start and start + len(want) <= s.end:
            return plan.memory(start, len(want)) == want
    return False


@check
def initrd(case, plan):
    if case.initrd and plan.segment("initrd").data != case.initrd_bytes():
        yield "not the file's bytes"


# --- the purgatory ---

@check
def purgatory_head(case, plan):
    """The kernel copies 256 bytes to 0, where secondaries enter the *new* kernel's code."""
    p, base = plan.segment("purgatory"), load_base(plan)
    ours, theirs = bytes(p.data[4:0x100]), plan.memory(base + 4, 0xfc)
    flag = slice(0x58, 0x5c)
    if ours[:flag.start] + ours[flag.stop:] != theirs[:flag.start] + theirs[flag.stop:]:
        yield "bytes 4-0xff are not the kernel's"
    word, = struct.unpack_from("<I" if case.machine.little else ">I", p.data)
    target = word & 0x03fffffc
    if word & 0xfc000003 != 0x48000000 or not facts.PARAMS_END <= target < len(p.data):
        yield f"first word {word:#x} is no branch to the purgatory's code"


@check
def purgatory_params(case, plan):
    p, m = plan.segment("purgatory"), case.machine
    params = Params(case, p)
    if params.magic != Params.MAGIC:
        yield f"magic {params.magic:#x}"
    if not len(p.data) <= params.image_size <= p.memsz:
        yield f"image_size {params.image_size:#x} with {len(p.data):#x} bytes in {p.memsz:#x}"
    if params.count > Params.MAX_REGIONS:
        yield f"{params.count} regions"
    want = {
        "kernel": load_base(plan), "fdt": plan.segment("fdt").mem, "source": 0,
        "backup": plan.segment("backup").mem, "backup_size": facts.BACKUP_SIZE,
        "opal_base": m.opal[0] if m.opal else 0,
        "opal_entry": m.opal[0] + 0x100 if m.opal else 0,
        "consoles": int(m.hvterm), "port": 0x71000000 if m.hvterm else 0, "divisor": 0, "spare": 0,
        "units": int(facts.has_lanes(m)),
    }
    for name, value in want.items():
        if getattr(params, name) != value:
            yield f"{name} is {getattr(params, name):#x}, expected {value:#x}"
    if plan.segment("backup").memsz < facts.BACKUP_SIZE:
        yield "backup region too small"


digest_regions, digest, sealed = check(common.digest_regions), check(common.digest), check(common.sealed)


# --- the device tree ---

@check
def fdt_header(case, plan):
    segment, tree = plan.segment("fdt"), tree_of(plan)
    if (tree.version, tree.last_comp) != (17, 16):
        yield f"version {tree.version}, compatible with {tree.last_comp}"
    if tree.totalsize > segment.memsz:
        yield f"totalsize {tree.totalsize} > memsz {segment.memsz}"
    cpus = tree.root.child("cpus")
    if cpus is None:
        yield "no /cpus"
    wrong = [c.name for c in cpus.children if c.name.startswith(case.machine.cpu_name + "@")
             and not c.is_type("cpu")]
    if wrong:
        yield f"without device_type: {wrong}"


def fdt_need(case, tree):
    """Bytes that update_cpus_node wants when every possible core has come."""
    m = case.machine
    in_fdt = [c for c in tree.root.child("cpus").children if c.is_type("cpu")]
    now = sum(fdt.node_cost(c.name, c.props) for c in in_fdt)
    live = fdt.from_machine("", m.tree()).child("cpus").children
    live = [c for c in live if c.is_type("cpu")]
    costs = [fdt.node_cost(c.name, c.props) for c in live]
    largest = live[costs.index(max(costs))]
    later = sum(fdt.node_cost(f"{m.cpu_name}@{hw:x}", largest.props)
                for hw in facts.missing_cores(m))
    block = tree.strings()
    names = {name for c in live for name in c.props}
    strings = sum(len(n) + 1 for n in names if n.encode() + b"\0" not in block)
    return sum(costs) + later + strings - now


@check
def fdt_room(case, plan):
    if case.hotplug:
        tree = tree_of(plan)
        need = fdt_need(case, tree) + facts.growth(case.machine)
        if tree.free() < need:
            yield f"{tree.free()} bytes free, {need} needed"


@check
def fdt_reserve(case, plan):
    got = spans.sized(tree_of(plan).reserve)
    own = spans.union([(s.mem, s.end) for s in plan.segments
                       if s.name in ("elfcorehdr", "fdt", "backup", "initrd")])
    lost = spans.subtract(spans.union(own, facts.reserved(case.machine)), got)
    if lost:
        yield f"not reserved: {spans.text(lost)}"
    allowed = spans.union(own, facts.reserved(case.machine), facts.protected(case.machine))
    waste = spans.subtract(spans.intersect(got, facts.crash(case.machine)), allowed)
    if waste:
        yield f"reserved for nothing: {spans.text(waste)}"


@check
def command_line(case, plan):
    value = tree_of(plan).root.child("chosen").props["bootargs"]
    if value[-1:] != b"\0" or b"\0" in value[:-1]:
        yield "not one string"
    if len(value) > COMMAND_LINE_SIZE:
        yield f"{len(value)} bytes with the NUL"
    line = value[:-1].decode()
    if [w for w in line.split() if not w.startswith("elfcorehdr=")] != case.command_line.split():
        yield f"words changed: {line}"
    ours = [w for w in kernel_words(line) if w.startswith("elfcorehdr=")]
    if [memparse(w[11:]) for w in ours] != [plan.segment("elfcorehdr").mem]:
        yield f"the kernel sees {ours} for the header at {plan.segment('elfcorehdr').mem:#x}"


def number(value):
    if len(value) not in (4, 8):
        raise ValueError(f"a number of {len(value)} bytes")
    return int.from_bytes(value, "big")


@check
def chosen(case, plan):
    """Nothing of the running kernel's own; all that firmware put there."""
    props = dict(tree_of(plan).root.child("chosen").props)
    before = {k: v for k, v in case.machine.tree()["chosen"].items()
              if k not in CHOSEN_DROPPED | {"name"}}
    for name, value in before.items():
        if props.get(name) != value:
            yield f"{name} changed"
    extra = props.keys() - before.keys() - CHOSEN_ADDED - {"name"}
    if extra:
        yield f"not dropped: {sorted(extra)}"
    segment, ends = plan.segment("initrd"), ("linux,initrd-start", "linux,initrd-end")
    got = [number(props[name]) for name in ends if name in props]
    if got != ([segment.mem, segment.mem + len(segment.data)] if segment else []):
        yield f"initrd at {[hex(n) for n in got]}"
    if "linux,elfcorehdr" in props:
        base, size = Cells(case.machine, props["linux,elfcorehdr"]).pair()
        if (base, base + size) != (plan.segment("elfcorehdr").mem, plan.segment("elfcorehdr").end):
            yield "linux,elfcorehdr is not the header's segment"


class Cells:
    """A stream of numbers in root cells, read as the kernel reads it."""

    def __init__(self, machine, value):
        self.addr, self.size, self.value, self.at = machine.addr_cells, machine.size_cells, value, 0

    def next(self, cells):
        end = self.at + 4 * cells
        if end > len(self.value):
            raise ValueError("the property ends within a number")
        number_ = int.from_bytes(self.value[self.at:end], "big")
        self.at = end
        return number_

    def counter(self):
        return self.next(self.size)

    def pair(self):
        return self.next(self.addr), self.next(self.size)

    def more(self):
        return self.at < len(self.value)


def node_memory(machine, node):
    """early_init_dt_scan_memory: linux,usable-memory replaces reg; empty pairs count nothing."""
    cells = Cells(machine, node.props.get("linux,usable-memory", node.props["reg"]))
    pairs = []
    while cells.more():
        pairs.append(cells.pair())
    return pairs


def drconf_memory(machine, node):
    """early_init_drmem_lmb: LMBs not in use are skipped without reading the stream."""
    cells, pairs = Cells(machine, node.props["linux,drconf-usable-memory"]), []
    for base in facts.live_lmbs(machine):
        for _ in range(cells.counter()):
            start, size = cells.pair()
            if start < base or start + size > base + machine.lmb_size:
                raise ValueError(f"{start:#x}+{size:#x} for the LMB at {base:#x}: out of step")
            pairs.append((start, size))
    if cells.more():
        raise ValueError(f"{len(cells.value) - cells.at} bytes after the last LMB's")
    return pairs


def all_usable(machine, root):
    """All (base, size) pairs that the capture kernel finds."""
    pairs = [pair for node in root.children if node.is_type("memory")
             for pair in node_memory(machine, node)]
    if machine.lmbs:
        pairs += drconf_memory(machine, root.child("ibm,dynamic-reconfiguration-memory"))
    return pairs


def native(machine, value):
    return int.from_bytes(value, "little" if machine.little else "big")


def tables_in(machine, root):
    """(node, property, start, end) of what kernels read through their linear map: read out of
    a tree, whatever the machine was meant to have."""
    for node in root.walk():
        props = node.props
        if "linux,sml-base" in props:
            virtual = props.get("compatible", b"").startswith(b"IBM,vtpm")
            start, size = (native(machine, props[name]) if virtual else number(props[name])
                           for name in ("linux,sml-base", "linux,sml-size"))
            yield node, "linux,sml-base", start, start + size
        if "linux,tce-base" in props:
            start = number(props["linux,tce-base"])
            yield node, "linux,tce-base", start, start + number(props["linux,tce-size"])
    opal = root.child("ibm,opal")
    for name, value in opal.child("firmware").child("exports").props.items() if opal else ():
        if name != "name":
            start, size = struct.unpack(">QQ", value)
            yield opal.child("firmware").child("exports"), name, start, start + size


def reservations_in(machine, root):
    """(node, [(start, end)]) of /reserved-memory's children that a kernel takes notice of."""
    parent = root.child("reserved-memory")
    for node in parent.children if parent else ():
        if node.props.get("status", b"okay\0") != b"disabled\0":
            cells, areas = Cells(machine, node.props["reg"]), []
            while cells.more():
                areas.append(cells.pair())
            yield node, spans.sized(areas)


@check
def pointed_memory(case, plan):
    """Whatever the tree points to is there: a capture kernel faults where it has no memory."""
    m, tree = case.machine, tree_of(plan)
    has, reserved = spans.sized(all_usable(m, tree.root)), spans.sized(tree.reserve)
    for node, name, start, end in tables_in(m, tree.root):
        for lost, what in ((spans.subtract(facts.pieces([(start, end)]), has), "not usable"),
                           (spans.subtract([(start, end)], reserved), "not reserved")):
            if lost:
                yield f"{node.name}/{name} points to {start:#x}-{end:#x}: {spans.text(lost)} {what}"
    for node, areas in reservations_in(m, tree.root):
        if "reusable" in node.props and spans.subtract(areas, facts.crash(m)):
            yield f"{node.name} gives away what is not the capture kernel's"
        elif not {"no-map", "reusable"} & node.props.keys():
            lost = spans.subtract(spans.intersect(areas, facts.tree_memory(m)), has)
            if lost:
                yield f"{node.name}: {spans.text(lost)} is memory but not usable"
    firmware = spans.intersect(firmware_in(tree.root), facts.tree_memory(m))
    lost = spans.subtract(firmware, has) or spans.subtract(firmware, reserved)
    if lost:
        yield f"firmware at {spans.text(lost)} is not usable, or not reserved"


def firmware_in(root):
    """Where the tree says that RTAS and OPAL are."""
    names = {"rtas": ("linux,rtas-base", "rtas-size"),
             "ibm,opal": ("opal-base-address", "opal-runtime-size")}
    return spans.sized([tuple(number(node.props[name]) for name in names[node.name])
                        for node in root.children if node.name in names])


@check
def pointers_kept(case, plan):
    """What a capture kernel can read, it is told of."""
    live = fdt.from_machine("", case.machine.tree())
    ours = {(node.name, name) for node, name, _, _ in tables_in(case.machine, tree_of(plan).root)}
    for node, name, start, end in tables_in(case.machine, live):
        if facts.readable(case.machine, start, end) and (node.name, name) not in ours:
            yield f"{node.name}/{name} is gone"


@check
def crashed_memory(case, plan):
    """What the capture kernel has as memory but must not write to: all but its own region."""
    m, tree = case.machine, tree_of(plan)
    own = spans.union(facts.crash(m), [(0, facts.BACKUP_SIZE)], spans.sized(tree.reserve))
    lost = spans.subtract(spans.sized(all_usable(m, tree.root)), own)
    if lost:
        yield f"free to be overwritten: {spans.text(lost)}"


@check
def usable_memory(case, plan):
    m, root = case.machine, tree_of(plan).root
    for node in root.children:
        if node.is_type("memory"):
            mine = node_memory(m, node)
            own = spans.sized([pair for n in m.memory if node.name == f"memory@{n[0][0]:x}"
                               for pair in n])
            if not mine:
                yield f"{node.name} has no pair at all"
            if spans.subtract(spans.sized(mine), own):
                yield f"{node.name} grew"
    pairs = all_usable(m, root)
    wrong = spans.difference(spans.sized(pairs), facts.usable(m))
    if wrong:
        yield wrong
    if spans.total(spans.sized(pairs)) != sum(size for _, size in pairs):
        yield "pairs overlap"


@check
def first_block(case, plan):
    """The hash MMU takes its real mode area from the first block, which must begin at 0."""
    m = case.machine
    first = next(n for n in tree_of(plan).root.children if n.is_type("memory"))
    base, size = node_memory(m, first)[0]
    want = min(spans.sized([m.memory[0][0]])[0][1], facts.crash(m)[0][1])
    if base or size < want:
        yield f"first block {base:#x}+{size:#x}, expected to reach {want:#x}"


def capture_memory(case, plan):
    """Free when the capture kernel sets up its first allocator."""
    m, tree = case.machine, tree_of(plan)
    taken = [(s.mem, s.end) for s in plan.segments if s.name == "fdt" or s.name.startswith("kernel")]
    return spans.subtract(boot.memory(m), spans.union(
        taken, [(0, boot.VECTORS)], spans.sized(tree.reserve), spans.sized(m.reserved),
        spans.sized(m.reserved_nodes)))


@check
def starts(case, plan):
    yield from boot.missing(case.machine, capture_memory(case, plan))


@check
def in_memory(case, plan):
    """The kernel runs, and reads its initrd, in what it knows as memory; RTAS reaches 4 GiB."""
    reach = spans.intersect(boot.memory(case.machine),
                            [(0, 4 << 30 if case.machine.rtas else boot.ANYWHERE)])
    for s in plan.segments:
        if s.name.startswith("kernel") and spans.subtract([(s.mem, s.end)], reach):
            yield f"{s.name}: {s.mem:#x}-{s.end:#x} is out of reach"
        if s.name == "initrd" and spans.subtract([(s.mem, s.end)], boot.memory(case.machine)):
            yield f"{s.name}: {s.mem:#x}-{s.end:#x} is in no memory"


def strip(node, machine):
    """Take off what may differ from the live tree; other checks see to that."""
    for n in node.walk():
        n.props.pop("name", None)
        if n.is_type("memory"):
            n.props.pop("linux,usable-memory", None)
    for name in CHOSEN_DROPPED | CHOSEN_ADDED:
        node.child("chosen").props.pop(name, None)
    for table, name, start, end in list(tables_in(machine, node)):
        if not facts.readable(machine, start, end):     # pointers_kept: no others are missing
            table.props.pop(name)
            table.props.pop(name.replace("base", "size"), None)
    for child in node.child("reserved-memory").children if machine.reserved_nodes else ():
        if "reusable" in child.props:
            child.props.pop("status", None)
    if machine.lmbs:
        drconf = node.child("ibm,dynamic-reconfiguration-memory")
        drconf.props.pop("linux,drconf-usable-memory", None)
    return node


@check
def same_tree(case, plan):
    ours = strip(fdt.Tree(plan.segment("fdt").data).root, case.machine)
    live = strip(fdt.from_machine("", case.machine.tree()), case.machine)
    yield from list(fdt.compare(ours, live))[:5]


# --- elfcorehdr ---

@check
def elf_header(case, plan):
    segment = plan.segment("elfcorehdr")
    core = Core(case, segment.data)
    ident = ELF_MAGIC + bytes([2, 1 if case.machine.little else 2, 1]) + bytes(9)
    if core.ident != ident:
        yield f"e_ident {core.ident.hex()}"
    if core.header != (4, 21, 1, 0, facts.EHDR_SIZE, 0, 0, facts.EHDR_SIZE, facts.PHDR_SIZE):
        yield f"header {core.header}"
    if not 0 < core.count < 0xffff or core.rest[1:] != (0, 0):
        yield f"{core.count} program headers, sections {core.rest}"
    own = facts.EHDR_SIZE + facts.PHDR_SIZE * core.count
    if own > len(segment.data):
        yield "program headers run out of the segment"
    if case.hotplug and segment.memsz < facts.elfcorehdr_room(case.machine, own):
        yield f"memsz {segment.memsz}, needs {facts.elfcorehdr_room(case.machine, own)}"


@check
def notes(case, plan):
    core = Core(case, plan.segment("elfcorehdr").data)
    want = [(0x7f000000 + 0x10000 * i, 568) for i in range(len(case.machine.possible()))]
    want.append((0x7e000000, 0x1024))
    phdrs = [(PT_NOTE, 0, at, 0, at, size, size, 0) for at, size in want]
    if core.phdrs[:len(phdrs)] != phdrs:
        wrong = next(i for i, h in enumerate(phdrs) if core.phdrs[i:i + 1] != [h])
        yield f"program header {wrong} is {core.phdrs[wrong:wrong + 1]}, expected {phdrs[wrong]}"
    if any(h[0] != PT_LOAD for h in core.phdrs[len(phdrs):]):
        yield "something other than PT_LOAD behind the notes"


@check
def loads(case, plan):
    core, backup = Core(case, plan.segment("elfcorehdr").data), plan.segment("backup")
    headers = core.of_type(PT_LOAD)
    starts = [h[4] for h in headers]
    if starts != sorted(starts):
        yield "not sorted by p_paddr"
    if [h for h in core.phdrs if h[4] == 0] != headers[:1]:
        yield "more or less than one program header with p_paddr 0"
    for i, (_, flags, offset, vaddr, paddr, filesz, memsz, align) in enumerate(headers):
        want = paddr if i else backup.mem
        if (flags, offset, vaddr, align) != (7, want, paddr | LINEAR_MAP, 0) or filesz != memsz:
            yield f"PT_LOAD at {paddr:#x}: {headers[i]}"
    if headers[0][6] != facts.BACKUP_SIZE:
        yield f"the backup's PT_LOAD has {headers[0][6]:#x} bytes"


@check
def dump(case, plan):
    """RAM, memory added since boot included, without the crash region, with the firmware."""
    core = Core(case, plan.segment("elfcorehdr").data)
    got = spans.sized([(h[4], h[6]) for h in core.of_type(PT_LOAD)])
    wrong = spans.difference(got, facts.dump(case.machine))
    if wrong:
        yield wrong
