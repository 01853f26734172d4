# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64: how two images are compared, and on which machines."""
import random
import struct

import common
import differences_x86_64 as differences
import peer_x86_64 as peer
import spans
import x86_64
import x86_checks as checks
import x86_generator as generator
import x86_selftest as selftest
from generator import write_initrd
from machine import MIB
from pairs import Difference, compare_addresses, digested, same, sets

MACHINES = 200
TABLE, MUTATIONS = differences.TABLE, selftest.CRASH
Kernels, Peer, NAMED = generator.Kernels, peer.Peer, x86_64.MACHINES
# What the contract demands of any image; the peer's is held against it too.
CRASH_CHECKS = ["segments", "control_pages", "kernel", "initrd", "magics", "initrd_told", "below_4g",
                "e820_entries", "e820_ram", "elf_header", "elf_room"]
NORMAL_CHECKS = ["segments", "known_memory", "kernel", "initrd", "initrd_told", "below_4g", "e820_entries",
                 "e820_ram"]
KERNELS = "common", "common", "common", "large", "odd", "old", "vmlinux-dyn"
# Plans of ours that are wrong in one way, and about which somebody must complain.
SPOILED = ["kernel byte", "initrd byte", "hotplug flag lost", "one region less", "sentinel", "screen",
           "subarch", "loader", "init_size", "initrd's upper address", "initrd's size", "RSDP",
           "EFI's table", "EFI's virtual address", "SMBIOS", "type of an entry", "region too long",
           "all of memory", "elfcorehdr= elsewhere", "a word changed", "byte order of the header",
           "note elsewhere", "text elsewhere", "virtual address", "file offset",
           "memory missing in the dump", "no seed"]


def compare(pair):
    """All differences of a pair."""
    if pair.our_refusal or pair.their_refusal:
        if not (pair.our_refusal and pair.their_refusal):
            yield Difference("refusal", pair.our_refusal or "loads", pair.their_refusal or "loads")
        return
    yield from compare_addresses(pair, pair.machine.page_size)
    yield from compare_contents(pair)
    yield from compare_purgatory(pair)
    yield from compare_told(pair, checks.told(pair.ours), checks.told(pair.theirs))
    if pair.case.crash:
        yield from compare_cores(pair)
    known = checks.CRASH if pair.case.crash else checks.NORMAL
    wanted = CRASH_CHECKS if pair.case.crash else NORMAL_CHECKS
    for name, text in common.run_all(pair.case, pair.theirs, {name: known[name] for name in wanted}):
        yield Difference("contract: " + name, "kept", text)


def compare_contents(pair):
    ours, theirs = pair.ours, pair.theirs
    base = [checks.kernel_base(pair.case, image) for image in (ours, theirs)]
    for paddr, _, memsz in pair.case.kernel.pieces:
        at = paddr - pair.case.kernel.lowest
        try:
            got = [image.memory(b + at, memsz) for image, b in zip((ours, theirs), base)]
        except ValueError as e:
            got = ["there", str(e)]
        yield from same(f"kernel's bytes of {paddr:#x}", *got)
    if ours.segment("initrd") and theirs.segment("initrd"):
        yield from same("bytes of initrd", *(bytes(i.segment("initrd").data) for i in (ours, theirs)))


def compare_purgatory(pair):
    params = checks.Params(pair.case, pair.ours.segment("purgatory"))
    ours_by, theirs_by = digested(pair.ours, params.regions), digested(pair.theirs, pair.theirs.regions())
    for name in sorted(ours_by.keys() | theirs_by.keys()):
        yield from same(f"digest of {name}", ours_by.get(name), theirs_by.get(name))


# --- boot_params ---

FIELDS = {"screen_info": (0x000, 0x040), "apm_bios_info": (0x040, 0x054), "tboot_addr": (0x058, 0x060),
          "ist_info": (0x060, 0x070), "acpi_rsdp_addr": (0x070, 0x078), "drives": (0x080, 0x0a0),
          "sys_desc_table": (0x0a0, 0x0b0), "edid_info": (0x140, 0x1c0), "memory sizes": (0x1e0, 0x1e4),
          "scratch": (0x1e4, 0x1e8), "EDD counts": (0x1e9, 0x1eb), "kbd_status": (0x1eb, 0x1ec),
          "secure_boot": (0x1ec, 0x1ed), "sentinel": (0x1ef, 0x1f0), "setup_sects": (0x1f1, 0x1f2),
          "header to the loader": (0x1f2, 0x210), "loader": (0x210, 0x211), "loadflags": (0x211, 0x212),
          "header to the initrd": (0x212, 0x218), "header to the command line": (0x220, 0x228),
          "header to the subarch": (0x22c, 0x23c), "hardware_subarch": (0x23c, 0x240),
          "header to setup_data": (0x240, 0x250), "the header's end": (0x258, 0x290),
          "EDD signatures": (0x290, 0x2d0), "EDD": (0xd00, 0xeec)}


def compare_told(pair, ours, theirs):
    for name, (start, end) in FIELDS.items():
        yield from same(f"boot_params: {name}", ours.data[start:end], theirs.data[start:end])
    for name, t, image in ("ours", ours, pair.ours), ("theirs", theirs, pair.theirs):
        s = image.segment("initrd")
        got = t.split(0x218, 0x0c0), t.split(0x21c, 0x0c4)
        if got != ((s.mem, len(s.data)) if s else (0, 0)):
            yield Difference(f"boot_params: initrd, {name}", "where it is", str(got))
    yield from same("command line: is not in boot_params", *(
        line_of(t)[0] - t.addr >= checks.ZERO_PAGE for t in (ours, theirs)))
    yield from compare_lines(pair, line_of(ours)[1], line_of(theirs)[1])
    for kind in sorted(ours.nodes.keys() | theirs.nodes.keys()):
        if kind != checks.E820_EXT:
            yield from same(f"setup_data of type {kind}", *(
                t.nodes[kind].rstrip(b"\0") if kind in t.nodes else None for t in (ours, theirs)))
    yield from compare_efi(ours, theirs)
    kinds = sorted({kind for t in (ours, theirs) for _, _, kind in t.e820})
    for kind in kinds:
        yield from sets(f"e820 type {kind:#x}", *(
            spans.union([(s, e) for s, e, k in t.e820 if k == kind]) for t in (ours, theirs)))


def line_of(t):
    """(address, text), wherever it is."""
    address = t.split(0x228, 0x0c8)
    start = address - t.addr
    return address, t.data[start:t.data.index(b"\0", start)].decode()


def compare_efi(ours, theirs):
    told = []
    for t in ours, theirs:
        size, stride = t.u32(0x1d4), t.u32(0x1c8) or 48
        table = t.at(t.split(0x1d0, 0x1dc), size) if size else b""
        told.append((t.data[0x1c0:0x1c4], t.split(0x1c4, 0x1d8), t.u32(0x1cc),
                     [struct.unpack_from("<I4x4Q", table, i) for i in range(0, size, stride)]))
    for name, a, b in zip(("signature", "system table", "version", "regions"), *told):
        yield from same(f"EFI: {name}", a, b)


def compare_lines(pair, ours, theirs):
    def rest(line):
        return [w for w in line.split() if not w.startswith("elfcorehdr=")]
    yield from same("command line: words", rest(ours), rest(theirs))
    yield from same("command line: trailing blank", ours.endswith(" "), theirs.endswith(" "))
    if pair.case.crash:
        yield from same("command line: place of elfcorehdr=", *(
            [i for i, w in enumerate(line.split()) if w.startswith("elfcorehdr=")] for line in (ours, theirs)))
        for line, image in (ours, pair.ours), (theirs, pair.theirs):
            seen = [checks.memparse(w[11:]) for w in checks.kernel_words(line) if w.startswith("elfcorehdr=")]
            if seen != [image.segment("elfcorehdr").mem]:
                yield Difference("command line: elfcorehdr= is the header's address", image is pair.theirs,
                                 image is pair.ours)


# --- the elfcorehdr ---

def is_whole(core):
    count, = struct.unpack_from("<H", core.data, 56)
    return common.EHDR_SIZE + common.PHDR_SIZE * count <= len(core.data)


def compare_cores(pair):
    whole = [is_whole(image.segment("elfcorehdr")) for image in (pair.ours, pair.theirs)]
    yield from same("elfcorehdr: has all its program headers", *whole)
    if not all(whole):
        return
    a, b = (common.Core(pair.case, image.segment("elfcorehdr").data) for image in (pair.ours, pair.theirs))
    yield from same("elfcorehdr: ident", a.ident, b.ident)
    yield from same("elfcorehdr: header", a.header, b.header)
    notes = [{h[4]: h for h in core.of_type(common.PT_NOTE)} for core in (a, b)]
    for at in sorted(notes[0].keys() | notes[1].keys()):
        yield from same(f"elfcorehdr: note at {at:#x}", *(n.get(at) for n in notes))
    text = [[h for h in core.of_type(common.PT_LOAD) if h[3] >= generator.KERNEL_MAP] for core in (a, b)]
    yield from same("elfcorehdr: the kernel's text", *text)
    loads = [[h for h in core.of_type(common.PT_LOAD) if h[3] < generator.KERNEL_MAP] for core in (a, b)]
    high = [[h for h in mine if h[4] >= MIB] for mine in loads]
    yield from sets("dump", *(spans.sized([(h[4], h[6]) for h in mine]) for mine in high))
    yield from same("dump below 1 MiB", *([h for h in mine if h[4] < MIB] for mine in loads))
    yield from same("elfcorehdr: what is added to addresses", *(
        {(h[3] - h[4]) % (1 << 64) for h in mine} for mine in high))
    yield from same("elfcorehdr: offsets", *([h for h in mine if h[2] != h[4]] for mine in high))


# --- the machines ---

def case_of_number(args, number, directory, kernels):
    rng = random.Random(f"{args.seed}/{number}")
    m = generator.machine(rng)
    m.noise = m.noise if rng.random() < .5 else bytes(4096)
    kernel = kernels.made[rng.choice(KERNELS)] if rng.random() < .9 else None
    case = generator.case_of(rng, m, f"{args.seed}-{number}", directory, kernels, kernel)
    case.more = tuple(option for option in case.more if option != "--acpi-memhotplug")
    case.more += () if case.kernel.header else ("--args-linux",)
    case.crash = number % 4 != 3
    case.hotplug = case.hotplug and case.crash
    return case


def case_of_name(_, name, directory, kernels, file=None):
    root = NAMED[name]().write(f"{directory}/{(file or name).replace(' ', '-').replace('/', '-')}")
    return generator.Case(NAMED[name](), kernels.made["common"], root, write_initrd(directory, 100_001),
                          old_root=True)


def case_to_spoil(directory, kernels):
    return case_of_name(None, "UEFI", directory, kernels, "spoiled")
