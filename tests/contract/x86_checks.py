# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The clauses of the contract on x86_64. Each check takes a Case and its Plan and yields complaints.

Sources: Documentation/arch/x86/{boot,zero-page}.rst, arch/x86/kernel/{crash,e820,setup,
machine_kexec_64,kexec-bzimage64}.c, fs/proc/vmcore.c of Linux 6.12.
"""
import struct

import common
import machine_x86_64 as pc
import spans
import x86_facts as facts
from common import ELF_MAGIC, PT_LOAD, PT_NOTE, Core, Params, control_page, kernel_words, memparse
from machine import MIB

ZERO_PAGE, IN_ZERO_PAGE = 4096, 128
HEADER = 0x1f1
E820_EXT, EFI, RNG_SEED = 1, 4, 9
COMMAND_LINE_SIZE = 2048
NO_MEMHOTPLUG = "acpi_no_memhotplug"
EM_X86_64 = 62
ARCH_FLAGS, ON_CRASH, UPDATE_ELFCOREHDR = EM_X86_64 << 16, 1, 4
FOUR_GIB, MAXMEM = 1 << 32, 1 << 46

CRASH, NORMAL = {}, {}


def crash(function):
    CRASH[function.__name__] = function
    return function


def normal(function):
    NORMAL[function.__name__] = function
    return function


def both(function):
    return crash(normal(function))


def run_all(case, plan):
    return common.run_all(case, plan, CRASH if case.crash else NORMAL)


# --- segments ---

@both
def segments(case, plan):
    m = case.machine
    yield from common.segments(plan, m.page_size, m.crash if case.crash else (MIB, MAXMEM),
                               m.mem_total())


@both
def expected_segments(case, plan):
    names = sorted(s.name for s in plan.segments if not s.name.startswith("kernel-"))
    want = ["boot_params", "kernel", "purgatory"] + ["initrd"] * bool(case.initrd) + \
        ["elfcorehdr"] * case.crash + ["sealed"] * plan.copies
    if names != sorted(want):
        yield f"segments {names}"
    hot = [s.name for s in plan.segments if s.hotplug]
    if hot != ["elfcorehdr"] * case.hotplug:
        yield f"hotplug segments {hot}"


@normal
def known_memory(case, plan):
    """In memory that the next kernel knows of when it starts, and this one has as memory."""
    m = case.machine
    good = spans.intersect(facts.known_ram(m), spans.union(m.ram()))
    for s in plan.segments:
        lost = spans.subtract([(s.mem, s.end)], good)
        if lost:
            yield f"{s.name}: {spans.text(lost)} is not memory of firmware's map"


@crash
def control_pages(case, plan):
    """kimage_alloc_crash_control_pages: the lowest that no segment covers; control code, a copy of
    vmcoreinfo, page tables."""
    m, (start, end) = case.machine, case.machine.crash
    size = facts.CONTROL_PAGES * pc.PAGE
    at = control_page(plan, start, size) + size
    for number in range(1 + facts.page_tables(m)):
        at = control_page(plan, at, pc.PAGE) + pc.PAGE
        if at > end:
            yield f"{number} of {1 + facts.page_tables(m)} pages left for the running kernel"
            return


@both
def entry_and_flags(case, plan):
    if plan.entry != plan.segment("purgatory").mem:
        yield f"entry {plan.entry:#x} is not the purgatory"
    want = ARCH_FLAGS | (ON_CRASH if case.crash else 0) | (UPDATE_ELFCOREHDR if case.hotplug else 0)
    if plan.flags != want:
        yield f"flags {plan.flags:#x}, expected {want:#x}"


@crash
def magics(case, plan):
    """crash_handle_hotplug_event finds what it rewrites by its first bytes."""
    found = [s.name for s in plan.segments if s.data[:4] == ELF_MAGIC]
    if "elfcorehdr" not in found or case.hotplug and found != ["elfcorehdr"]:
        yield f"{ELF_MAGIC!r} begins {found}"


# --- kernel and initrd ---

def kernel_base(case, plan):
    """Where the kernel's first byte went; the segment begins on its page."""
    return min(s.mem for s in plan.kernel()) + case.kernel.lowest % pc.PAGE


@both
def kernel(case, plan):
    k, base = case.kernel, kernel_base(case, plan)
    if base % k.align:
        yield f"load base {base:#x} is not aligned to {k.align:#x}"
    if base != k.lowest if not k.relocatable else base < k.lowest:
        yield f"loaded at {base:#x}, linked for {k.lowest:#x}"
    if k.below and max(s.end for s in plan.kernel()) > k.below:
        yield f"loaded at {base:#x}, beyond {k.below:#x}"
    for paddr, data, memsz in k.pieces:
        at = base + paddr - k.lowest
        if plan.memory(at, memsz) != data.ljust(memsz, b"\0"):
            yield f"the bytes of the piece at {paddr:#x} differ"


@both
def initrd(case, plan):
    s = plan.segment("initrd")
    if not s:
        return
    if s.data != case.initrd_bytes():
        yield "not the file's bytes"
    limit = case.kernel.initrd_below
    if limit and s.mem + len(s.data) > limit:
        yield f"ends at {s.mem + len(s.data):#x}, beyond {limit:#x}"


# --- purgatory ---

digest_regions, digest, sealed = both(common.digest_regions), both(common.digest), both(common.sealed)


@both
def purgatory_params(case, plan):
    p, m = plan.segment("purgatory"), case.machine
    params = Params(case, p)
    if params.magic != Params.MAGIC:
        yield f"magic {params.magic:#x}"
    if not len(p.data) <= params.image_size <= p.memsz:
        yield f"image_size {params.image_size:#x} with {len(p.data):#x} bytes in {p.memsz:#x}"
    if params.kernel != kernel_base(case, plan) + case.kernel.entry:
        yield f"goes to {params.kernel:#x}"
    if params.words != (plan.segment("boot_params").mem, 0, 0, 0):
        yield f"words {params.words}"
    if params.units != (m.sha is True):
        yield f"units {params.units:#x} where the processor has {m.sha} of the SHA extensions"
    if (params.source, params.backup, params.backup_size) != (0, 0, 0):
        yield "copies a backup region"


# --- boot_params: arch/x86/include/uapi/asm/bootparam.h ---

class Told:
    """boot_params and all that it points to, as the kernel reads it."""

    def __init__(self, plan):
        segment = plan.segment("boot_params")
        self.plan, self.data, self.addr = plan, bytes(segment.data), segment.mem
        self.nodes = self.chain()
        self.here = self.data[0x1e8]
        table = self.data[0x2d0:0x2d0 + 20 * self.here] + self.nodes.get(E820_EXT, b"")
        self.e820 = [(s, s + size, kind) for s, size, kind in struct.iter_unpack("<QQI", table)]

    def u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def u64(self, at):
        return struct.unpack_from("<Q", self.data, at)[0]

    def split(self, low, high):
        return self.u32(high) << 32 | self.u32(low)

    def at(self, address, size):
        """Bytes of the image, but not of the zero page."""
        if address < self.addr + ZERO_PAGE and address + size > self.addr:
            raise ValueError(f"{address:#x}+{size:#x} is in boot_params")
        return self.plan.memory(address, size)

    def chain(self):
        nodes, at = {}, self.u64(0x250)
        while at:
            following, kind, size = struct.unpack("<QII", self.at(at, 16))
            if kind in nodes:
                raise ValueError(f"setup_data of type {kind} twice")
            nodes[kind] = self.at(at + 16, size)
            at = following
        return nodes

    def cmdline(self):
        start = self.split(0x228, 0x0c8) - self.addr
        if start < ZERO_PAGE:
            raise ValueError("the command line is in boot_params")
        return self.data[start:self.data.index(b"\0", start)].decode()


def told(plan):
    return Told(plan)


# What the running kernel was told, copied or left out; and what is set anew.
INHERITED = [(0x000, 0x002), (0x004, 0x040), (0x1ec, 0x1ed), (0x23c, 0x240)]
INHERITED_OR_NOT = [(0x040, 0x054), (0x060, 0x070), (0x080, 0x0b0), (0x140, 0x1c0), (0x290, 0x2d0),
                    (0xd00, 0xeec)]
SET = [(0x002, 0x004), (0x070, 0x078), (0x0c0, 0x0cc), (0x1c0, 0x1e4), (0x1e8, 0x1eb),
       (0x1f1, 0x290), (0x2d0, 0xcd0)]


@both
def zero_page(case, plan):
    """Nothing but what is meant: sanitize_boot_params() is for loaders which copy the rest."""
    data, old = told(plan).data, case.machine.boot_params()
    for start, end in INHERITED:
        if data[start:end] != old[start:end]:
            yield f"{start:#x}-{end:#x} is not the running kernel's"
    for start, end in INHERITED_OR_NOT:
        if data[start:end] not in (old[start:end], bytes(end - start)):
            yield f"{start:#x}-{end:#x} is neither the running kernel's nor empty"
    rest = spans.subtract([(0, ZERO_PAGE)], INHERITED + INHERITED_OR_NOT + SET)
    for start, end in rest:
        if any(data[start:end]):
            yield f"{start:#x}-{end:#x} is set: {data[start:end].hex()[:40]}"
    if data[0x1e9] not in (0, min(old[0x1e9], 6)) or data[0x1ea] not in (0, min(old[0x1ea], 16)):
        yield f"{data[0x1e9]} EDD entries, {data[0x1ea]} signatures"


@both
def setup_header(case, plan):
    t, k = told(plan), case.kernel
    if t.data[0x1fe:0x200] != b"\x55\xaa" or t.data[0x202:0x206] != b"HdrS":
        yield "no marks"
    if struct.unpack_from("<H", t.data, 0x206)[0] < 0x20c:
        yield "no 64-bit protocol"
    if t.data[0x210] != 0xd0:
        yield f"type of loader {t.data[0x210]:#x}"
    if k.header is None:
        return
    ours = {*range(0x210, 0x212), *range(0x218, 0x220), *range(0x228, 0x22c), *range(0x23c, 0x240),
            *range(0x250, 0x258)}
    for i, byte in enumerate(k.header):
        if HEADER + i not in ours and t.data[HEADER + i] != byte:
            yield f"byte {HEADER + i:#x} is {t.data[HEADER + i]:#x}, not the kernel's {byte:#x}"
            return


@both
def initrd_told(case, plan):
    """With EFI a kernel that is told of no initrd takes what the boot before left: it is told of an empty one."""
    t, s = told(plan), plan.segment("initrd")
    if not s and 4 in t.nodes:
        at, size = t.split(0x218, 0x0c0), t.split(0x21c, 0x0c4)
        if not size or at % pc.PAGE or size % pc.PAGE or t.at(at, size) != bytes(size):
            yield f"no initrd, and no empty one at {at:#x}+{size:#x}"
        return
    got, want = (t.split(0x218, 0x0c0), t.split(0x21c, 0x0c4)), (s.mem, len(s.data)) if s else (0, 0)
    if got != want:
        yield f"initrd {got[0]:#x}+{got[1]:#x}, it is {want[0]:#x}+{want[1]:#x}"


@both
def below_4g(case, plan):
    """XLF_CAN_BE_LOADED_ABOVE_4G is of kernel, boot_params, command line and initrd."""
    if case.kernel.below:
        for s in plan.segments:
            if s.name in ("boot_params", "initrd") and s.end > FOUR_GIB:
                yield f"{s.name} ends at {s.end:#x}"


@both
def rsdp(case, plan):
    m = case.machine
    want = m.rsdp or (m.efi.acpi20 if m.efi else 0)
    if told(plan).u64(0x070) != want:
        yield f"RSDP {told(plan).u64(0x070):#x}, expected {want:#x}"


@both
def setup_data(case, plan):
    t = told(plan)
    kinds = {RNG_SEED} | ({EFI} if has_efi(case) else set()) | ({E820_EXT} if len(t.e820) > 128 else set())
    if set(t.nodes) != kinds:
        yield f"types {sorted(t.nodes)}"
    seed = t.nodes[RNG_SEED]
    if len(seed) != 32 or len(set(seed)) < 8:
        yield f"a seed of {len(seed)} bytes, {seed.hex()}"


def has_efi(case):
    return case.machine.efi and "--noefi" not in case.more


@both
def efi(case, plan):
    t, e = told(plan), case.machine.efi
    if not has_efi(case):
        if any(t.data[0x1c0:0x1e0]):
            yield "efi_info without EFI"
        return
    size, stride = t.u32(0x1d4), t.u32(0x1c8)
    table = t.at(t.split(0x1d0, 0x1dc), size)
    regions = [struct.unpack_from("<IIQQQQ", table, i) for i in range(0, size, stride)]
    if stride != e.stride or [(r[0], *r[2:]) for r in regions] != e.regions:
        yield f"regions {regions} of {stride} bytes"
    if t.data[0x1c0:0x1c4] != b"EL64" or t.split(0x1c4, 0x1d8) != e.systab or t.u32(0x1cc) != 1:
        yield f"signature, system table {t.split(0x1c4, 0x1d8):#x} or version {t.u32(0x1cc)}"
    if struct.unpack_from("<4Q", t.nodes[EFI]) != (e.fw_vendor, 0, e.config_table, e.smbios):
        yield "SETUP_EFI's tables"


# --- the map of memory ---

@both
def e820_entries(case, plan):
    t = told(plan)
    if t.here != min(len(t.e820), IN_ZERO_PAGE):
        yield f"{t.here} entries in the zero page of {len(t.e820)}"
    if len(t.nodes.get(E820_EXT, b"")) % 20:
        yield "a part of an entry"
    if any(start >= end for start, end, _ in t.e820):
        yield "an empty entry"


def differ(got, want):
    for i, (a, b) in enumerate(zip(got, want)):
        if a != b:
            return f"group {i} is type {a[0]}, {spans.text(a[1])}; expected {b[0]}, {spans.text(b[1])}"
    return f"{len(got)} groups, expected {len(want)}" if len(got) != len(want) else None


@crash
def e820_crash(case, plan):
    core = plan.segment("elfcorehdr")
    wrong = differ(facts.kinds(told(plan).e820), facts.crash_map(case.machine, (core.mem, core.end)))
    if wrong:
        yield wrong


@normal
def e820_normal(case, plan):
    wrong = differ(facts.kinds(told(plan).e820), facts.kinds(facts.normal_map(case.machine)))
    if wrong:
        yield wrong


@both
def e820_ram(case, plan):
    """e820__update_table: what is RAM and something else is something else. The image lies in RAM,
    but for the elfcorehdr, which nobody may take."""
    entries = told(plan).e820
    ram = spans.union([(s, e) for s, e, kind in entries if kind == pc.RAM])
    ram = spans.subtract(ram, [(s, e) for s, e, kind in entries if kind != pc.RAM])
    for s in plan.segments:
        if s.name == "elfcorehdr":
            if spans.intersect([(s.mem, s.end)], ram):
                yield "the elfcorehdr is free to be taken"
        elif spans.subtract([(s.mem, s.end)], ram):
            yield f"{s.name} is not in RAM"
    low = spans.intersect(ram, [(0, 0x9f000)])
    if spans.total(low) < 8 * pc.PAGE:
        yield f"below 0x9f000, for the decompressor's trampoline, {spans.text(low)}"


# --- the command line ---

@both
def command_line(case, plan):
    line, core = told(plan).cmdline(), plan.segment("elfcorehdr")
    if len(line) > case.kernel.cmdline_max:
        yield f"{len(line)} bytes, the kernel takes {case.kernel.cmdline_max}"
    want = case.command_line.split()
    if case.crash and "--acpi-memhotplug" not in case.more and NO_MEMHOTPLUG not in want:
        want.insert(0, NO_MEMHOTPLUG)
    words = line.split()
    if case.crash:
        first = words.pop(0)
        if not first.startswith("elfcorehdr=") or memparse(first[11:]) != core.mem:
            yield f"begins with {first}, the header is at {core.mem:#x}"
        if sum(w.startswith("elfcorehdr=") for w in kernel_words(line)) != 1:
            yield "elfcorehdr= is not there once"
    if words != want:
        yield f"words {words}, expected {want}"


# --- the elfcorehdr: fs/proc/vmcore.c ---

@crash
def elf_header(case, plan):
    segment = plan.segment("elfcorehdr")
    core = Core(case, segment.data)
    if core.ident != ELF_MAGIC + bytes([2, 1, 1]) + bytes(9):
        yield f"e_ident {core.ident.hex()}"
    if core.header != (4, EM_X86_64, 1, 0, common.EHDR_SIZE, 0, 0, common.EHDR_SIZE, common.PHDR_SIZE):
        yield f"header {core.header}"
    if not 0 < core.count < 0xffff or core.rest[1:] != (0, 0):
        yield f"{core.count} program headers, sections {core.rest}"
    if common.EHDR_SIZE + common.PHDR_SIZE * core.count > len(segment.data):
        yield "program headers run out of the segment"


@crash
def elf_room(case, plan):
    """The running kernel writes whole 4096 bytes, and refuses when they are more than memsz."""
    segment = plan.segment("elfcorehdr")
    need = facts.elfcorehdr_room(case.machine, Core(case, segment.data).count)
    if case.hotplug and segment.memsz < need:
        yield f"memsz {segment.memsz}, needs {need}"


@crash
def notes(case, plan):
    """One for each CPU that is there, and vmcoreinfo's; in front of all else, without a gap."""
    core, m = Core(case, plan.segment("elfcorehdr").data), case.machine
    want = [(0x5f000000 + 0x200 * cpu, 400) for cpu in range(m.present)] + [(0x5e000000, 0x1024)]
    phdrs = [(PT_NOTE, 0, at, 0, at, size, size, 0) for at, size in want]
    if core.phdrs[:len(phdrs)] != phdrs:
        wrong = next(i for i, h in enumerate(phdrs) if core.phdrs[i:i + 1] != [h])
        yield f"program header {wrong} is {core.phdrs[wrong:wrong + 1]}, expected {phdrs[wrong]}"
    if any(h[0] != PT_LOAD for h in core.phdrs[len(phdrs):]):
        yield "something other than PT_LOAD behind the notes"


def memory_loads(case, plan):
    """The PT_LOADs without the kernel's text."""
    headers = Core(case, plan.segment("elfcorehdr").data).of_type(PT_LOAD)
    return headers[1:] if case.machine.kcore else headers


@crash
def text_load(case, plan):
    m = case.machine
    first = Core(case, plan.segment("elfcorehdr").data).of_type(PT_LOAD)[0]
    if m.kcore and first != (PT_LOAD, 7, m.text_phys, m.text, m.text_phys, m.text_size, m.text_size, 0):
        yield f"{first}"


@crash
def loads(case, plan):
    m, headers = case.machine, memory_loads(case, plan)
    starts = [h[4] for h in headers]
    if starts != sorted(starts):
        yield "not sorted by p_paddr"
    if sum(h[6] for h in headers) != spans.total(spans.sized([(h[4], h[6]) for h in headers])):
        yield "the same memory twice"
    for _, flags, offset, vaddr, paddr, filesz, memsz, align in headers:
        linear = (paddr + m.page_offset) % (1 << 64) if m.kcore else vaddr
        if (flags, offset, vaddr, align) != (7, paddr, linear, 0) or filesz != memsz:
            yield f"PT_LOAD at {paddr:#x}: {vaddr:#x}, file {offset:#x}+{filesz:#x}"


@crash
def dump(case, plan):
    got = spans.sized([(h[4], h[6]) for h in memory_loads(case, plan)])
    wrong = spans.difference(got, facts.dump(case.machine))
    if wrong:
        yield wrong
