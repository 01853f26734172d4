# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Clauses of the contract that are the same on every architecture, and how its parts are read."""
import hashlib
import re
import struct

import spans

SEGMENT_MAX = 16
ELF_MAGIC = b"\x7fELF"
EHDR_SIZE, PHDR_SIZE = 64, 56
PT_LOAD, PT_NOTE = 1, 4
MEMORY_UNITS = {"K": 10, "M": 20, "G": 30}


def run_all(case, plan, functions):
    """[(check, complaint)]; a check that cannot read its input complains too."""
    found = []
    for name, function in functions.items():
        try:
            found += [(name, text) for text in function(case, plan)]
        except (struct.error, LookupError, ValueError, AttributeError) as e:
            found.append((name, f"unreadable: {type(e).__name__}: {e}"))
    return found


def segments(plan, page, region, memory):
    """kernel/kexec_core.c:sanity_check_segment_list. @memory: bytes that the kernel manages."""
    if not 0 < len(plan.segments) <= SEGMENT_MAX:
        yield f"{len(plan.segments)} segments"
    for s in plan.segments:
        if s.mem % page or s.memsz % page or not s.memsz:
            yield f"{s.name}: {s.mem:#x}+{s.memsz:#x} is not in pages"
        if len(s.data) > s.memsz:
            yield f"{s.name}: bufsz {len(s.data)} > memsz {s.memsz}"
        if s.mem < region[0] or s.end > region[1]:
            yield f"{s.name}: {s.mem:#x}-{s.end:#x} is outside the crash region"
    ordered = sorted(plan.segments, key=lambda s: s.mem)
    for a, b in zip(ordered, ordered[1:]):
        if a.end > b.mem:
            yield f"{a.name} and {b.name} overlap"
    if sum(s.memsz for s in plan.segments) // page > memory // page // 2:
        yield "more than half of the memory"


def control_page(plan, start, page):
    """kimage_alloc_crash_control_pages: the lowest page that no segment covers."""
    while True:
        hit = next((s for s in plan.segments if start < s.end and s.mem < start + page), None)
        if not hit:
            return start
        start = -(-hit.end // page) * page


class Params:
    """struct purgatory_params, purgatory/params.h"""
    OFFSET, MAGIC, MAX_REGIONS, MAX_KEPT = 0x100, 0x6b78707572676131, 17, 2
    NAMES = 16 * MAX_REGIONS
    FIELDS = f"QQ32s{NAMES}s14Q"
    KEPT = "5Q6I16s"

    def __init__(self, case, segment):
        order = "<" if case.machine.little else ">"
        fields = struct.unpack_from(order + self.FIELDS, segment.data, self.OFFSET)
        (self.magic, self.image_size, self.digest, self.names, self.kernel, self.source, self.backup,
         self.backup_size, self.consoles, self.port, self.divisor, self.fdt, self.opal_base,
         self.opal_entry, self.spare, self.count, self.units, self.kept_count) = fields
        self.words = fields[11:15]      # of the architecture; those names are ppc64's
        at = self.OFFSET + struct.calcsize(order + self.FIELDS)
        self.table = segment.data[at:at + 24 * min(self.count, self.MAX_REGIONS)]
        self.entries = list(struct.iter_unpack(order + "3Q", self.table))
        # Whether a byte is hashed or is to be zero: all that is verified, as (start, size).
        self.regions = [(start, size + zeros) for start, size, zeros in self.entries]
        self.digest_at = segment.mem + self.OFFSET + 16
        at += 24 * self.MAX_REGIONS
        size = struct.calcsize(order + self.KEPT)
        self.kept = [struct.unpack_from(order + self.KEPT, segment.data, at + size * i)
                     for i in range(min(self.kept_count, self.MAX_KEPT))]


def digest_regions(case, plan):
    """Everything but what the kernel may rewrite, the digest itself with the names, and the stack."""
    p = plan.segment("purgatory")
    params = Params(case, p)
    want = spans.union([(s.mem, s.end) for s in plan.segments
                        if not s.hotplug and s.name != "purgatory"],
                       spans.subtract([(p.mem, p.mem + len(p.data))],
                                      [(params.digest_at, params.digest_at + 32 + Params.NAMES)]))
    got = spans.sized(params.regions)
    wrong = spans.difference(got, want)
    if wrong:
        yield wrong


def sealed(case, plan):
    """The purgatory looks after each segment that changes, with a copy of it in what is verified."""
    params = Params(case, plan.segment("purgatory"))
    copies = next((s for s in plan.segments if s.name == "sealed"), None)
    kept = sorted((s.mem, s.memsz, s.name) for s in plan.segments if s.hotplug and plan.copies)
    got = sorted((start, size, name.split(b"\0")[0].decode()) for start, size, *_, name in params.kept)
    if got != kept or params.kept_count != len(kept):
        yield f"the purgatory looks after {got}, not {kept}"
        return
    for start, size, at, length, kind, cpus, cpus_end, spare, *_, name in params.kept:
        segment = next(s for s in plan.segments if s.mem == start)
        copy = plan.memory(at, length)
        if not copies or at < copies.mem or at + length > copies.mem + len(copies.data) or at % 16:
            yield f"the copy of {segment.name} is at {at:#x}"
        if kind == 1 and copy != bytes(segment.data):
            yield f"the copy of {segment.name} is another one"
        if kind == 2:
            yield from sealed_tree(segment, copy, cpus, cpus_end, spare)


def sealed_tree(segment, copy, cpus, cpus_end, spare):
    """Without the spare node the copy's blocks are the segment's; the nodes of CPUs begin with it."""
    words, of_copy = struct.unpack_from(">10I", segment.data), list(struct.unpack_from(">10I", copy))
    of_copy[3] -= spare
    of_copy[9] -= spare
    without = bytes(copy[40:cpus]) + bytes(copy[cpus + spare:])
    if list(words) != of_copy or without != bytes(segment.data[40:40 + len(without)]) or not spare:
        yield "the copy of the tree is another one"
    if copy[cpus:cpus + 4] != b"\0\0\0\1" or copy[cpus + spare - 4:cpus + spare] != b"\0\0\0\2" or \
            copy[cpus_end - 4:cpus_end] != b"\0\0\0\2":
        yield "the nodes of CPUs are elsewhere"


def lanes(regions, table):
    """The digest, by the words of purgatory/params.h."""
    text = b"".join(region + bytes(-len(region) % 16384) for region in regions)
    pages = [text[i:i + 4096] for i in range(0, len(text), 4096)]
    parts = [hashlib.sha256(b"".join(pages[lane::4])).digest() for lane in range(4)]
    return hashlib.sha256(b"".join(parts) + table).digest()


def digest(case, plan):
    params = Params(case, plan.segment("purgatory"))
    if lanes([plan.memory(start, size) for start, size, _ in params.entries], params.table) != params.digest:
        yield "the digest of the regions differs"
    for start, size, zeros in params.entries:
        if any(plan.memory(start + size, zeros)):
            yield f"{start + size:#x}+{zeros:#x} is not zero"


class Core:
    """The header and its program headers, as /proc/vmcore's code takes them: right behind it."""

    def __init__(self, case, data):
        self.order = "<" if case.machine.little else ">"
        self.ident = bytes(data[:16])
        fields = struct.unpack_from(self.order + "HHIQQQIHHHHHH", data, 16)
        self.header, self.count = fields[:9], fields[9]
        self.rest = fields[10:]
        at = EHDR_SIZE
        self.phdrs = [struct.unpack_from(self.order + "IIQQQQQQ", data, at + PHDR_SIZE * i)
                      for i in range(self.count)]

    def of_type(self, p_type):
        return [h for h in self.phdrs if h[0] == p_type]


def memparse(word):
    number, unit = re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)([KMG]?)", word).groups()
    return int(number, 0) << MEMORY_UNITS.get(unit, 0)


def kernel_words(line):
    """What the kernel takes for itself: up to "--", a quoted space being no end (next_arg)."""
    words = re.findall(r'(?:[^\s"]|"[^"]*"?)+', line)
    return words[:words.index("--")] if "--" in words else words
