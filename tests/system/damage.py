# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Bytes of the loaded image change before the crash: what comes of it.

A machine is loaded once and its state kept; each crash begins with that state.
"""

import multiprocessing
import random
import re
import struct
import tempfile
import time
from typing import NamedTuple

from architecture import PACKAGED
from failure import Failure
from files import Site
from scenarios import PURGATORY_MAGIC, TEXT_OFFSET, TEXT_SAMPLE, crash_and_compare
from stage import PRINT_LOG, Stage, expect

KERNELS = ["64k", "x86-6.12", "arm64-6.12"]
LOADERS = {"ours": "kexec", "packaged": PACKAGED}
FLIPS, SECONDS = 10, 3600
STATE = "loaded"
# Whoever has not said anything by then, says nothing; the longest capture here takes a third of it.
OUTCOME_TIMEOUT = 90
REFUSED = "(?i)digest.*match|purgatory: a fault"
TOLD = "purgatory: stopped; there will be no dump."
# Seconds between two looks at the console; and where it says nothing: so often, so many seconds after the other, the
# CPU is in so few bytes of the crash region.
PAUSE = 0.2
STOPPED_LOOKS, STOPPED_PAUSE, STOPPED_CODE = 8, 0.5, 16
# The CPU that crashes is the one of which the emulator says where it is.
LOOKED_AT = 0
OUTCOMES = ["captured", "captured after a replacement", "refused", "captured, another dump", "silent"]
CAPTURED, REPLACED_FIRST, STOPPED, OTHER_DUMP, SILENT = OUTCOMES
REPLACED = "its copy of the load is used"
CRASH_HOTPLUG = "/sys/devices/system/cpu/crash_hotplug"
# Of a program header what says which memory is in the dump: nobody reads its flags and its alignment.
TOLD_OF_MEMORY = "I4x5Q8x"
PAGE = 4096
ELF_CORE, FDT_MAGIC, CPIO, EHDR, PHDR = b"\x7fELF", b"\xd0\x0d\xfe\xed", b"070701", 64, 56
SEALED = b"copies follow:"


class Part(NamedTuple):
    """A segment: what it is, and where the bytes are that matter."""

    name: str
    start: int
    size: int


def mended(stage):
    """What the kernel rewrites is damaged after the load: the purgatory says so, and the dump is there."""
    kept = _load_and_damage(stage, "--hotplug")
    position = stage.machine.console.position()
    crash_and_compare(stage, cpu=0)
    _expect_replaced(stage, position, kept, "is damaged")


def unmended(stage):
    """The same with --no-checks, which makes no copies: nothing comes up, or what does finds no dump."""
    _load_and_damage(stage, "--hotplug", "--no-checks")
    stage.crash(cpu=0)
    stage.expect_no_dump()


def lost_cpu(stage):
    """A CPU comes, its number is lost from the image, and it crashes: the copy gets a node for it."""
    stage.boot()
    stage.load("--hotplug")
    cpu = stage.plug_cpu()
    part = next(part for part in find_parts(stage) if part.name == "fdt")
    tree = stage.machine.save_memory(range(part.start, part.start + part.size))
    places = list(_numbers(tree, cpu))
    expect(len(places) > 1, f"CPU {cpu} is not in the tree")
    stage.machine.flip_bytes([part.start + at for at in places])
    position = stage.machine.console.position()
    stage.crash(cpu)
    stage.captured_log(cpu)
    _expect_replaced(stage, position, ["fdt"], "lacks the CPU that crashed")
    seen = stage.architecture.captured_cpus(stage)
    expect([name for name in seen if name.endswith("@crashed")], f"the capture kernel has {seen}")


def _numbers(tree, cpu):
    """Where in a flattened tree the numbers of this CPU are: the first byte of each."""
    struct_at, strings = struct.unpack_from(">2I", tree, 8)
    at, node = struct_at, ""
    while (tag := struct.unpack_from(">I", tree, at)[0]) != 9:
        at += 4
        if tag == 1:
            node = tree[at:tree.index(b"\0", at)].decode()
            at += len(node) // 4 * 4 + 4
        elif tag == 3:
            size, name = struct.unpack_from(">2I", tree, at)
            name = tree[strings + name:tree.index(b"\0", strings + name)]
            if node.startswith("PowerPC,") and name in (b"reg", b"ibm,ppc-interrupt-server#s"):
                yield from (at + 8 + i for i in range(0, size, 4)
                            if struct.unpack_from(">I", tree, at + 8 + i)[0] == cpu)
            at += 8 + (size + 3) // 4 * 4


def _load_and_damage(stage, *options):
    stage.boot()
    stage.load(*options)
    starts = {part.name: part.start for part in find_parts(stage)}
    kept = stage.architecture.kept
    expect(set(kept) <= set(starts), f"in the crash region there is only {list(starts)}")
    # Where the structure block is, and what the first program header is.
    stage.machine.flip_bytes([starts[name] + {"fdt": 8, "elfcorehdr": EHDR}[name] for name in kept])
    return kept


def _expect_replaced(stage, position, names, why):
    said = stage.machine.console.text(position)
    for name in names if stage.architecture.console_is_whole else []:
        expect(f"purgatory: {name} {why}; {REPLACED}" in said, f"nothing is said of {name}")


def find_parts(stage):
    """The segments in the crash region, by what is in them."""
    region = stage.crash_region()
    memory = stage.machine.save_memory(region)
    found = {}
    order = ">" if stage.site.big_endian else "<"
    with open(stage.site.capture, "rb") as file:
        capture = file.read()
    for at in range(0, len(memory), PAGE):
        page = memory[at:at + PAGE]
        if page.startswith(ELF_CORE) and struct.unpack_from(order + "H", page, 16)[0] == 4:
            found["elfcorehdr"] = (at, EHDR + PHDR * struct.unpack_from(order + "H", page, 56)[0])
        elif page.startswith(FDT_MAGIC):
            strings, size = struct.unpack_from(">I", page, 12)[0], struct.unpack_from(">I", page, 32)[0]
            found["fdt"] = (at, strings + size)
        elif page.startswith(CPIO) and memory[at:at + len(capture)] == capture:
            found["initrd"] = (at, len(capture))
        elif page.startswith(SEALED):
            found["sealed"] = (at, PAGE)
        elif page[0x100:0x108] == struct.pack(order + "Q", PURGATORY_MAGIC):
            found["purgatory"] = (at, stage.architecture.purgatory_size)
    kernel = kernel_at(stage, memory)
    if kernel:
        found["kernel"] = kernel
    return [Part(name, region.start + at, size) for name, (at, size) in found.items()]


def _tables(stage):
    """arm64's page tables, which nothing in them tells from others: where ours says that they are."""
    tables = stage.planned().get("idmap") if stage.loader != PACKAGED else None
    return [Part("idmap", tables.start, len(tables))] if tables else []


def kernel_at(stage, memory):
    """Where a part of the kernel's file lies."""
    with open(stage.site.kernel, "rb") as file:
        file.seek(TEXT_OFFSET)
        text = file.read(4 * TEXT_OFFSET)
    at = memory.find(text[:TEXT_SAMPLE])
    if at < 0:
        return None
    size = TEXT_SAMPLE
    while size < len(text) and memory[at + size:at + size + PAGE] == text[size:size + PAGE]:
        size += PAGE
    return at, size


def table(kernels, loaders, flips, seconds, jobs, seed="", rows=None, segment=None):
    """
    Print it, of all that the file `rows` has where there is one, to which what is seen now is added; 1 if ours is
    silent, or makes another dump, more often than once in twenty times. The purgatory's own bytes are not in this:
    where its instructions are others there may be nobody who could say so.
    """
    deadline = time.monotonic() + seconds
    if not rows:
        with tempfile.NamedTemporaryFile(prefix="kexec-damage-") as file:
            return table(kernels, loaders, flips, seconds, jobs, seed, file.name, segment)
    sites = {kernel: Site(kernel, twin=True) for kernel in kernels}
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for done in [pool.apply_async(count, (sites[kernel], kernel, name, flips, deadline, seed, rows, segment))
                     for kernel in kernels for name in loaders]:
            done.get()
        pool.close()
        pool.join()
    made = read_rows(rows)
    print("| segment | flips | " + " | ".join(OUTCOMES) + " |\n|" + "---|" * (2 + len(OUTCOMES)))
    for (kernel, name, part), seen in made.items():
        cells = [str(number) for number in (sum(seen.values()), *seen.values())]
        print(f"| {kernel}, {name}: {part} | {' | '.join(cells)} |")
    ours = [seen for (_, name, part), seen in made.items() if name == "ours" and part != "purgatory"]
    silent, total = sum(seen[SILENT] + seen[OTHER_DUMP] for seen in ours), sum(sum(seen.values()) for seen in ours)
    print(f"# ours, but for the purgatory: {total - silent} of {total} captured as without damage, or refused",
          flush=True)
    return 1 if silent * 20 > total else 0


def read_rows(rows):
    """{(kernel, loader, segment): {outcome: how often}} of a file with a line for each crash."""
    out = {}
    with open(rows, encoding="ascii") as file:
        for line in file:
            *which, _, outcome = line.rstrip("\n").split("\t")
            out.setdefault(tuple(which), dict.fromkeys(OUTCOMES, 0))[outcome] += 1
    return dict(sorted(out.items(), key=lambda row: row[0][:2]))


def count(site, kernel, loader, flips, deadline, seed, rows, segment):
    """The segments in turn, or one of them, until there are enough, or time is up: each crash is a line more in `rows`."""
    program = LOADERS[loader]
    rng = random.Random(f"{site.arch} {program} {seed}".rstrip())
    with Stage(site, f"damage-{program}", site.architecture.usual, program) as stage:
        stage.boot()
        # Not every packaged one has it, nor has every kernel; then nothing is rewritten, and the digest covers all.
        known = stage.guest.run(f"[ -e {CRASH_HOTPLUG} ] && {program} --help | grep -q -e --hotplug")[0] == 0
        stage.load(*["--hotplug"] if known else [])
        parts, region = find_parts(stage) + _tables(stage), stage.crash_region()
        parts = [part for part in parts if segment in (None, part.name)]
        expect(parts, f"there is no segment {segment}")
        stage.guest.check(f"echo '{stage.marker}' >/dev/kmsg")
        stage.machine.make_snapshots()
        stage.machine.save_state(STATE)
        stage.start_panic(LOOKED_AT)
        stage.guest.wait_ready("capture")
        whole = told_of_memory(stage)
        for turn in range(flips * len(parts)):
            part = parts[turn % len(parts)]
            if time.monotonic() > deadline:
                break
            at = rng.randrange(part.size)
            outcome = one_crash(stage, region, part, part.start + at, whole)
            with open(rows, "a", encoding="ascii") as file:
                file.write(f"{kernel}\t{loader}\t{part.name}\t{at:#x}\t{outcome}\n")
            print(f"# {site.arch} {program} {part.name}+{at:#x}: {outcome}", flush=True)


def told_of_memory(stage):
    """Of each program header of the dump."""
    order = ">" if stage.site.big_endian else "<"
    headers = stage.guest.read_bytes("/proc/vmcore", 0, PAGE)
    expect(len(headers) == PAGE, "the dump has no headers")
    number = min(struct.unpack_from(order + "H", headers, 56)[0], (PAGE - EHDR) // PHDR)
    return [struct.unpack_from(order + TOLD_OF_MEMORY, headers, EHDR + PHDR * i) for i in range(number)]


def one_crash(stage, region, part, address, whole):
    """With this byte another; the outcome."""
    stage.machine.load_state(STATE)
    stage.guest.is_back()
    position = stage.machine.console.position()
    before = stage.machine.save_memory(range(address, address + 1))
    stage.machine.flip_bytes([address])
    stage.start_panic(LOOKED_AT)
    deadline = time.monotonic() + OUTCOME_TIMEOUT
    seen, looks_at = [], time.monotonic()
    while (now := time.monotonic()) < deadline:
        if re.search(REFUSED, stage.machine.console.text(position)):
            return STOPPED
        if stage.guest.has_come_up():
            return captured(stage, part, address, before, position, whole)
        if now >= looks_at:
            looks_at = now + STOPPED_PAUSE
            seen = seen[1 - STOPPED_LOOKS:] + [stage.machine.instruction_pointer()]
        if len(seen) == STOPPED_LOOKS and max(seen) - min(seen) < STOPPED_CODE and seen[0] in region:
            # Ours has said so, or it only turns in circles.
            said = stage.machine.console.text(position)
            return STOPPED if stage.loader == PACKAGED or stage.architecture.has_printed(said, TOLD) else SILENT
        time.sleep(PAUSE)
    return SILENT


def captured(stage, part, address, before, position, whole):
    try:
        stage.guest.wait_ready("capture", 30)
        log = stage.guest.check(PRINT_LOG, 60)
        same = told_of_memory(stage) == whole
    except Failure:
        return SILENT
    if stage.marker not in log:
        return SILENT
    if not same:
        return OTHER_DUMP
    # Not every console says all, but what is in this memory is the purgatory's work.
    mended_here = part.name == "elfcorehdr" and stage.machine.save_memory(range(address, address + 1)) == before
    return REPLACED_FIRST if mended_here or REPLACED in stage.machine.console.text(position) else CAPTURED
