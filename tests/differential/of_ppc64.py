# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""ppc64: how two images are compared, and on which machines."""
import random
from collections import Counter

import checks
import differences
import facts
import fdt
import generator
import named
import normal
import peer
import selftest
import spans
from pairs import Difference, compare_addresses, digested, same, sets

OWN = "elfcorehdr", "fdt", "backup", "initrd"
# What the contract demands of any image; the peer's is held against it too.
CRASH_CHECKS = ["segments", "protected", "real_mode", "control_pages", "kernel", "initrd",
                "magics", "fdt_header", "fdt_room", "elf_header"]
NORMAL_CHECKS = ["placement", "kernel", "initrd", "real_mode", "protected", "fdt_header"]

MACHINES = 300
TABLE, MUTATIONS = differences.TABLE, selftest.MUTATIONS
Kernels, Peer = generator.Kernels, peer.Peer
# Plans of ours that are wrong in one way, and about which somebody must complain.
SPOILED = ["kernel byte", "initrd byte", "hotplug flag lost", "no backup segment", "one region less",
           "half the elfcorehdr reserved", "kernel's memory reserved", "command line word",
           "elfcorehdr= elsewhere", "initrd one byte longer", "usable memory too small",
           "drconf stream out of step", "firmware's property", "LMB's flags", "FDT version 16",
           "note elsewhere", "backup's offset", "virtual address", "memory missing in the dump",
           "byte order of the header"]


def compare(pair):
    """All differences of a pair."""
    if pair.our_refusal or pair.their_refusal:
        if not (pair.our_refusal and pair.their_refusal):
            yield Difference("refusal", pair.our_refusal or "loads", pair.their_refusal or "loads")
        return
    yield from compare_addresses(pair, pair.machine.page_size)
    yield from compare_contents(pair)
    yield from compare_purgatory(pair)
    yield from compare_trees(pair)
    if pair.case.crash:
        yield from compare_cores(pair)
    for name, text in judge(pair):
        yield Difference("contract: " + name, "kept", text)


def judge(pair):
    """The contract's complaints about the peer's image."""
    known = checks.CHECKS if pair.case.crash else {f.__name__: f for f in normal.CHECKS}
    wanted = CRASH_CHECKS if pair.case.crash else NORMAL_CHECKS
    return checks.run_all(pair.case, pair.theirs, {name: known[name] for name in wanted})


# --- segments ---

def compare_contents(pair):
    ours, theirs = pair.ours, pair.theirs
    base = checks.load_base(ours), checks.load_base(theirs)
    for paddr, data, memsz in pair.case.kernel.pieces:
        at = paddr - pair.case.kernel.lowest
        if memsz:
            try:
                got = [image.memory(b + at, memsz) for image, b in zip((ours, theirs), base)]
            except ValueError as e:
                got = ["there", str(e)]
            yield from same(f"kernel's bytes of {paddr:#x}", *got)
    for name in "initrd", "backup":
        if ours.segment(name) and theirs.segment(name):
            a, b = ours.segment(name), theirs.segment(name)
            yield from same(f"bytes of {name}", bytes(a.data).rstrip(b"\0"),
                            bytes(b.data).rstrip(b"\0"))
            yield from same(f"bufsz of {name}", len(a.data), len(b.data))


def compare_purgatory(pair):
    ours, theirs, case = pair.ours, pair.theirs, pair.case
    params = checks.Params(case, ours.segment("purgatory"))
    words = theirs.words
    for name, their_segment in ("kernel", checks.load_base(theirs)), (
            "fdt", theirs.segment("fdt").mem):
        yield from same(f"purgatory: {name} is what is loaded", True, words[name] == their_segment)
    if case.crash and theirs.segment("backup"):
        yield from same("purgatory: backup is what is loaded", True,
                        words["backup"] == theirs.segment("backup").mem)
    for name in "opal_base", "opal_entry":
        yield from same(f"purgatory: {name}", getattr(params, name), words[name])
    ours_by, theirs_by = digested(ours, params.regions), digested(theirs, theirs.regions())
    for name in sorted(ours_by.keys() | theirs_by.keys()):
        yield from same(f"digest of {name}", ours_by.get(name), theirs_by.get(name))


# --- the device tree ---

def words_of(tree):
    value = tree.root.child("chosen").props.get("bootargs", b"")
    return value.rstrip(b"\0").decode()


def compare_trees(pair):
    try:
        trees = checks.tree_of(pair.ours), checks.tree_of(pair.theirs)
    except fdt.Bad as e:
        yield Difference("FDT: sound", "yes", str(e))
        return
    for name in "version", "last_comp", "boot_cpu":
        yield from same(f"FDT: {name}", *(getattr(t, name) for t in trees))
    yield from compare_lines(pair, *map(words_of, trees))
    yield from compare_reserved(pair, trees)
    yield from compare_usable(pair, *(t.root for t in trees))
    yield from compare_chosen(pair, trees)
    yield from compare_nodes(*(t.root for t in trees))


def compare_lines(pair, ours, theirs):
    def rest(line):
        return [w for w in line.split() if not w.startswith("elfcorehdr=")]
    yield from same("command line: words in order", rest(ours), rest(theirs))
    yield from same("command line: trailing blank", ours.endswith(" "), theirs.endswith(" "))
    places = [[i for i, w in enumerate(line.split()) if w.startswith("elfcorehdr=")]
              for line in (ours, theirs)]
    yield from same("command line: place of elfcorehdr=", *places)
    if pair.case.crash:
        seen = [[checks.memparse(w[11:]) for w in checks.kernel_words(line)
                 if w.startswith("elfcorehdr=")] == [image.segment("elfcorehdr").mem]
                for line, image in ((ours, pair.ours), (theirs, pair.theirs))]
        yield from same("command line: elfcorehdr= is the header's address", *seen)


def compare_reserved(pair, trees):
    reserved, own = [], []
    for tree, image in zip(trees, (pair.ours, pair.theirs)):
        reserved.append(spans.sized(tree.reserve))
        own += [(s.mem, s.end) for s in image.segments if s.name in OWN]
        for s in image.segments:
            if s.name in OWN and spans.subtract([(s.mem, s.end)], reserved[-1]):
                yield Difference(f"reserve map covers {s.name}", image is pair.ours,
                                 image is pair.theirs)
    yield from sets("reserve map", *(spans.subtract(got, own) for got in reserved))


def stream(machine, value, dead_too):
    """linux,drconf-usable-memory, with an entry for each LMB or for those in use."""
    cells, pairs, live = checks.Cells(machine, value), [], set(facts.live_lmbs(machine))
    for base, _ in machine.lmbs:
        if base in live or dead_too:
            got = [cells.pair() for _ in range(cells.counter())]
            pairs += got if base in live else []
            if spans.subtract(spans.sized(got), [(base, base + machine.lmb_size)]):
                raise ValueError(f"out of step at the LMB {base:#x}")
    if cells.more():
        raise ValueError("more than the LMBs have")
    return pairs


def usable(machine, root, dead_too):
    """The memory that a kernel finds in its tree: early_init_dt_scan_memory, drmem."""
    pairs = []
    for node in root.children:
        if node.is_type("memory"):
            pairs += checks.node_memory(machine, node)
    drconf = root.child("ibm,dynamic-reconfiguration-memory")
    if machine.lmbs and "linux,drconf-usable-memory" in drconf.props:
        pairs += stream(machine, drconf.props["linux,drconf-usable-memory"], dead_too)
    return spans.sized(pairs)


def compare_usable(pair, ours, theirs):
    m = pair.machine
    mine = usable(m, ours, False)
    for dead_too in False, True:
        try:
            yield from sets("usable memory", mine, usable(m, theirs, dead_too))
            return
        except ValueError as e:
            yield Difference("usable memory: every LMB in the stream" if dead_too else
                             "usable memory: the stream's LMBs", "those in use", str(e))


# Compared by their meaning, above.
BY_MEANING = {"bootargs", "linux,usable-memory", "linux,drconf-usable-memory",
              "linux,initrd-start", "linux,initrd-end"}


def compare_chosen(pair, trees):
    """Of the initrd's place: does it say where the image has it?"""
    for tree, image in zip(trees, (pair.ours, pair.theirs)):
        props, s = tree.root.child("chosen").props, image.segment("initrd")
        got = [checks.number(props[name]) for name in ("linux,initrd-start", "linux,initrd-end")
               if name in props]
        if got != ([s.mem, s.mem + len(s.data)] if s else []):
            yield Difference("initrd's place in the tree", image is pair.ours,
                             image is pair.theirs)


def compare_nodes(ours, theirs, path=""):
    for name in sorted(ours.props.keys() | theirs.props.keys()):
        if name not in BY_MEANING:
            yield from same(f"property {path}/{name}", ours.props.get(name),
                            theirs.props.get(name))
    children = [Counter(c.name for c in node.children) for node in (ours, theirs)]
    for name, _ in sorted((children[0] - children[1]).items()):
        yield Difference(f"node {path}/{name}", "there", None)
    for name, _ in sorted((children[1] - children[0]).items()):
        yield Difference(f"node {path}/{name}", None, "there")
    for name in sorted(children[0] & children[1]):
        a, b = ([c for c in node.children if c.name == name] for node in (ours, theirs))
        for one, other in zip(a, b):
            yield from compare_nodes(one, other, f"{path}/{name}")


# --- the elfcorehdr ---

def compare_cores(pair):
    a, b = (checks.Core(pair.case, image.segment("elfcorehdr").data)
            for image in (pair.ours, pair.theirs))
    yield from same("elfcorehdr: ident", a.ident, b.ident)
    yield from same("elfcorehdr: header", a.header, b.header)
    notes = [{h[4]: h for h in core.of_type(checks.PT_NOTE)} for core in (a, b)]
    for at in sorted(notes[0].keys() | notes[1].keys()):
        yield from same(f"elfcorehdr: note at {at:#x}", *(n.get(at) for n in notes))
    yield from sets("dump", *(spans.sized([(h[4], h[6]) for h in core.of_type(checks.PT_LOAD)])
                              for core in (a, b)))
    for core, image in (a, pair.ours), (b, pair.theirs):
        for text in faults(core, image):
            yield Difference("elfcorehdr: " + text, image is pair.theirs, image is pair.ours)


def faults(core, image):
    """What is odd in the PT_LOADs of one side."""
    headers = core.of_type(checks.PT_LOAD)
    starts = [h[4] for h in headers]
    if starts != sorted(starts):
        yield "PT_LOADs are sorted"
    merged = spans.sized([(h[4], h[6]) for h in headers])
    if spans.total(merged) != sum(h[6] for h in headers):
        yield "PT_LOADs are disjoint"
    if any(not h[6] for h in headers):
        yield "no PT_LOAD is empty"
    backup = image.segment("backup")
    for h in headers:
        want = backup.mem if h[4] == 0 and backup else h[4]
        if (h[1], h[2], h[3], h[7]) != (7, want, h[4] | checks.LINEAR_MAP, 0) or h[5] != h[6]:
            yield f"PT_LOAD at {h[4]:#x} is as all are"
    if not headers or headers[0][4] or headers[0][6] != facts.BACKUP_SIZE:
        yield "the first PT_LOAD is the backup region"


# --- the machines ---

def options(case, number):
    """Every command line that both understand, in turn."""
    rng = random.Random(f"options {number}")
    if case.crash and rng.random() < .25:
        case.command_line = "irqpoll maxcpus=1"
        case.old_root = True
    if rng.random() < .2:
        case.reuse_cmdline = True
    return case


def tame(rng, machine, kernels):
    """Take away, in turn, most of what the peer dies of: the rest is worth comparing too."""
    if rng.random() < .9:
        machine.kernel_end = machine.kernel_end or 0x2345678
    if rng.random() < .9:
        machine.new_sysfs = False
    if rng.random() < .8:
        machine.extra = {k: v for k, v in machine.extra.items() if not k.startswith("memory@")}
    if rng.random() < .8:
        machine.memory_limit = 0
    return [k for k in kernels if len(k.pieces) == 1] if rng.random() < .9 else kernels


def case_of_number(args, number, directory, kernels):
    """The peer runs on little-endian machines only."""
    rng = random.Random(f"{args.seed}/{number}")
    if rng.random() < .8:       # real mode reaches the crash region: the peer insists, even on radix
        machine = generator.machine(rng, little=True, radix=False)
        machine.radix = not machine.htab and rng.random() < .6
    else:
        machine = generator.machine(rng, little=True)
    kernels = tame(rng, machine, kernels.made)
    case = generator.case_of(rng, machine, f"{args.seed}-{number}", directory, kernels)
    case.crash = number % 4 != 3
    case.hotplug = case.hotplug and case.crash
    return options(case, number)


NAMED = {name: make for name, make in named.MACHINES.items() if make().little}


def case_of_name(_, name, directory, kernels):
    return named.case(name, NAMED[name](), directory, kernels.made[0], generator.write_initrd(directory, 100_001))


def case_to_spoil(directory, kernels):
    return named.case("spoiled", named.lpar(memory_limit=0), directory, kernels.made[0],
                      generator.write_initrd(directory, 100_001))
