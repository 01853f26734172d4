# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What may differ from kexec-tools' images, and why.

One entry for each difference that is meant. Its function says of one difference whether it is
this one, as narrowly as can be told; of sets of addresses, it gives what it accounts for on our
side and on the peer's. Its documentation is the reason. A difference which no entry explains is a
failed test, and so is an entry which nothing shows any more, unless it is marked as rare.
"""
import re

import boot
import checks
import facts
import spans
from machine import GIB
from pairs import Table

RUN_AT_LOAD = slice(0x5c, 0x60)
EVERYTHING = [(0, 1 << 64)]
PAGE = 4096
# The elfcorehdr has room for so many ranges more than there are.
MORE_RANGES = 512


TABLE = Table()
entry = TABLE.entry


# --- how the peer sees a machine ---

def first_pairs(machine):
    """Of each memory node, only the first pair."""
    return spans.sized([node[0] for node in machine.memory])


def lost_pairs(machine):
    return spans.subtract(spans.sized([p for node in machine.memory for p in node]),
                          first_pairs(machine))


def all_lmbs(machine):
    return spans.union([(b, b + machine.lmb_size) for b, _ in machine.lmbs])


def dead_lmbs(machine):
    return spans.subtract(all_lmbs(machine), facts.tree_memory(machine))


def rma_top(machine):
    """The end of the lowest memory node, whatever the MMU."""
    return sum(min(node[0] for node in machine.memory))


def real_mode(machine):
    """With a hash MMU and without OPAL, the first memory alone, whatever follows it at once: who
    does not know better takes such a machine for a guest."""
    if machine.opal or machine.radix:
        return boot.ANYWHERE
    return min(rma_top(machine), GIB << 10 if machine.pvr >> 16 >= facts.POWER9 else GIB)


def rounded(ranges, page):
    return spans.union([(start // page * page, -(-end // page) * page) for start, end in ranges])


def crash_of(machine):
    return facts.crash(machine)[0]


# --- placement and sizes ---

def free_for_kernel(m):
    """Above two pages that the running kernel can take, in memory of nobody else."""
    start, end = crash_of(m)
    taken = spans.union(facts.protected(m), facts.optional(m.sml))
    page, left, at = m.page_size, 2, -(-start // m.page_size) * m.page_size
    while left:
        if not spans.intersect([(at, at + page)], taken):
            left -= 1
        at += page
    return spans.intersect(spans.subtract([(at, end)], rounded(taken, page)), boot.memory(m))


def kernel_size(kernel):
    return max(p + s for p, _, s in kernel.pieces) - kernel.lowest


def partly_low(m):
    """A part of the crash region is good for what must be low, another part is not."""
    start, end = crash_of(m)
    return start < min(boot.low_limit(m), real_mode(m)) < end


def lowest_kernel_place(pair):
    """On 64 KiB."""
    for low, high in free_for_kernel(pair.machine):
        base = -(-low // 0x10000) * 0x10000
        if base + kernel_size(pair.case.kernel) <= high:
            return base
    return None


def highest_kernel_place(pair):
    """On 64 KiB, where real mode and RTAS reach."""
    m = pair.machine
    limit = min(real_mode(m), 4 * GIB if m.rtas else boot.ANYWHERE)
    for low, high in reversed(spans.intersect(free_for_kernel(m), [(0, limit)])):
        base = (high - kernel_size(pair.case.kernel)) // 0x10000 * 0x10000
        if base >= low:
            return base
    return None


@entry("address of kernel")
def two_pages_are_left_to_the_running_kernel(pair, d):
    """The running kernel takes the two lowest free pages of the crash region for itself. The peer
    puts the kernel on the first page and leaves it to luck what the pages then overwrite; ours
    begins at the first 64 KiB above two pages which are free to be taken."""
    return pair.case.crash and not partly_low(pair.machine) and d.ours == lowest_kernel_place(pair)


@entry("address of kernel")
def low_memory_is_left_to_the_capture_kernel(pair, d):
    """Of a crash region that is only in part where real mode and RTAS reach, the low part is kept
    for what the capture kernel must have there: ours goes to the top of where early boot
    reaches. The peer fills the low part first."""
    return pair.case.crash and partly_low(pair.machine) and d.ours == highest_kernel_place(pair)


@entry("contract: control_pages")
def pages_of_the_running_kernel(pair, d):
    """What it overwrites when nobody cares for these two pages is the firmware's."""
    return True


@entry("contract: real_mode")
def one_gib_before_power9(pair, d):
    """Real mode ends at 1 GiB on hash guests before POWER9, wherever the first memory node does."""
    return pair.machine.pvr >> 16 < facts.POWER9 and not pair.machine.radix


@entry("address of (purgatory|backup|elfcorehdr|initrd|fdt)|address of kernel(-1)?")
def order_of_placement(pair, d):
    """Kernel, purgatory, backup, elfcorehdr, initrd from below, FDT from above; the peer has
    another order. Each of both is held against the contract: inside the region, in real
    mode's reach, over nothing of the firmware's."""
    if "kernel" in d.kind:
        return not pair.case.crash
    return True


@entry("memsz of (purgatory|fdt)")
def other_programs_other_sizes(pair, d):
    """The purgatory is another program, and the FDT's room for CPUs which come later is computed
    exactly, where the peer guesses from the first cpu node's files."""
    return True


@entry("memsz of elfcorehdr|contract: elf_header")
def room_for_one_header_more(pair, d):
    """What the kernel asks for, and one program header: it writes one behind what it counted. The
    peer has that room only where rounding up to pages leaves it."""
    m = pair.machine
    want = facts.EHDR_SIZE + facts.PHDR_SIZE * (len(m.possible()) + 1 + m.hotplug_ranges)
    return pair.case.hotplug and -want % m.page_size < facts.PHDR_SIZE


@entry("memsz of elfcorehdr")
def room_for_more_ranges(pair, d):
    """Memory may be in more ranges than the kernel was built to expect. There is room for 512
    more than there are, where what the kernel asks for has less; the peer has what it asks for."""
    m, core = pair.machine, checks.Core(pair.case, pair.ours.segment("elfcorehdr").data)
    asked = facts.EHDR_SIZE + facts.PHDR_SIZE * (len(m.possible()) + 1 + m.hotplug_ranges)
    more = facts.EHDR_SIZE + facts.PHDR_SIZE * (core.count + MORE_RANGES)
    return pair.case.hotplug and d.theirs < d.ours and asked < more and \
        d.ours == -(-(more + facts.PHDR_SIZE) // m.page_size) * m.page_size


@entry("bufsz of backup")
def backup_without_data(pair, d):
    """The backup region's zeros are not carried along: memsz alone makes the kernel clear it."""
    return d.ours == 0


@entry("kernel's bytes of .*|contract: kernel")
def run_at_load_is_set_when_loading(pair, d):
    """The word at 0x5c which tells a relocatable kernel to stay where it is. Ours is set in the
    segment, under the digest; the peer's purgatory sets it at the time of the crash."""
    flag = pair.theirs.words.get("run_at_load")
    return flag == 1 and only_run_at_load(pair, d)


def only_run_at_load(pair, d):
    if not pair.case.crash:
        return False
    if d.kind == "contract: kernel":
        return f"bytes of the PT_LOAD at {pair.case.kernel.lowest:#x} differ" in d.theirs
    return len(d.ours) == len(d.theirs) and d.ours[:0x5c] == d.theirs[:0x5c] \
        and d.ours[0x60:] == d.theirs[0x60:]


@entry("contract: kernel")
def kernel_on_small_pages(pair, d):
    """With pages below 64 KiB the peer puts the kernel on any page of its; kernels are linked for
    64 KiB (16 KiB is what RELOCATABLE needs)."""
    return "is not aligned" in d.theirs and pair.machine.page_size < 0x10000


# --- the command line ---

@entry("command line: trailing blank")
def no_trailing_blank(pair, d):
    """The peer always ends the line with a blank."""
    return d.theirs and not d.ours


@entry("command line: place of elfcorehdr=")
def elfcorehdr_first(pair, d):
    """Ours is the first word: what follows a "--" or an unbalanced quote the kernel does not see."""
    return d.ours == [0] and len(d.theirs) == 1


@entry("command line: (place of elfcorehdr=|elfcorehdr= is the header's address)")
def elfcorehdr_of_the_running_kernel(pair, d):
    """With --reuse-cmdline in a capture kernel, its elfcorehdr= is not for the next one. The peer
    passes it on."""
    return pair.case.reuse_cmdline and "elfcorehdr=" in pair.machine.cmdline


@entry("command line: words in order")
def old_root_first(pair, d):
    """The running kernel's root= is put in front of the line, where the user's words can follow
    it; the peer appends it."""
    return pair.case.old_root and sorted(d.ours) == sorted(d.theirs) \
        and d.ours[0].startswith("root=") and d.theirs[-1] == d.ours[0]


# --- the device tree ---

@entry("FDT: last_comp|contract: fdt_header")
def compatible_with_16(pair, d):
    """The FDT's oldest compatible version is 16, as the specification wants; the peer writes 17."""
    return d.theirs == 17 or d.theirs == "version 17, compatible with 17"


STALE = {"linux,memory-limit", "rng-seed", "kaslr-seed", "linux,ima-kexec-buffer",
         "linux,usable-memory-range", "linux,elfcorehdr"}


@entry("property /chosen/.*")
def stale_properties(pair, d):
    """What described or seeded the boot of the running kernel is not passed on: its memory limit,
    random seeds, the IMA log of an earlier kexec, what limits a capture kernel."""
    return d.kind.rpartition("/")[2] in STALE and d.ours is None


@entry("property .*/linux,sml-(base|size)")
def pointers_to_no_memory(pair, d):
    """The log of a TPM is read through the linear map. Where there is no memory for that, the
    kernel would fault, and is told of no log. The peer passes the pointer on."""
    m = pair.machine
    return bool(m.sml) and d.ours is None and not facts.readable(m, m.sml[0], sum(m.sml))


@entry("property /reserved-memory/.*/status")
def reusable_memory_of_the_crashed_kernel(pair, d):
    """Of a reserved area that is reusable a kernel makes pages of its own. Outside of the crash
    region they are the crashed kernel's, and the capture kernel must not; the peer lets it."""
    m = pair.machine
    mine = [f"firmware-{i}@{base:x}" for i, (base, size), kind in m.reserved_children()
            if kind == "reusable" and spans.subtract([(base, base + size)], facts.crash(m))]
    return d.kind.split("/")[2] in mine and (d.ours, d.theirs) == (b"disabled\0", None)


@entry("reserve map covers (elfcorehdr|initrd|fdt)")
def reserved_over_memsz(pair, d):
    """Entries of the reserve map cover all of a segment's memsz: what the running kernel adds to
    the elfcorehdr after the load, and the FDT's growth, must not be allocated by the capture
    kernel. The peer reserves the bytes of the file."""
    s = pair.theirs.segment(d.kind.rpartition(" ")[2])
    return not d.ours and not spans.subtract([(s.mem, s.mem + len(s.data))], spans.sized(
        checks.tree_of(pair.theirs).reserve))


# --- the purgatory ---

@entry("digest of purgatory")
def purgatory_verifies_itself(pair, d):
    """The purgatory's own code is under the digest, all but the digest; the peer's is not."""
    return d.theirs == 0 and d.ours > 0


@entry("segments|digest of sealed")
def copies_of_what_changes(pair, d):
    """With --hotplug ours has a segment with copies of what the running kernel rewrites, for the purgatory to
    put in the place of what is damaged; the peer's purgatory does not look."""
    if d.kind == "digest of sealed":
        return d.ours == 1
    return pair.case.hotplug and set(d.ours) - set(d.theirs) == {"sealed"} and set(d.theirs) < set(d.ours)


# --- the elfcorehdr ---

@entry("elfcorehdr: PT_LOADs are sorted")
def sorted_by_address(pair, d):
    """PT_LOADs are sorted by address; the peer puts the firmware's after all others."""
    return d.ours


@entry("elfcorehdr: no PT_LOAD is empty")
def memory_node_of_no_size(pair, d):
    """A memory node may be empty; the peer makes a PT_LOAD of it."""
    return d.ours and any(not size for node in pair.machine.memory for _, size in node)


@entry("elfcorehdr: note at .*|memsz of elfcorehdr")
def notes_of_sparse_cpus(pair, d):
    """Every possible CPU has a note. The peer takes the numbers below the count of CPUs, which
    are not all of them where numbers are left out, and its libc counts no more than it can
    read of them at once."""
    if d.kind.startswith("memsz"):
        return pair.machine.cpu_numbers and d.ours > d.theirs
    if d.theirs:
        return False
    m, core = pair.machine, checks.Core(pair.case, pair.theirs.segment("elfcorehdr").data)
    cpu = dict(zip((0x7f000000 + 0x10000 * i for i in range(len(m.possible()))), m.possible()))
    theirs = [cpu[h[4]] for h in core.of_type(checks.PT_NOTE) if h[4] in cpu]
    return cpu[d.ours[4]] > max(theirs, default=-1)


# --- memory: what is dumped, what may be used, what is reserved ---

@entry("dump|usable memory")
def whole_pages_of_firmware(pair, d):
    """RTAS and OPAL are dumped, and left to the capture kernel, as long as they are; the peer
    rounds them to pages."""
    m = pair.machine
    return [], spans.subtract(rounded(facts.firmware(m), m.page_size), facts.firmware(m))


@entry("dump")
def memory_limit_of_the_boot(pair, d):
    """linux,memory-limit says what the kernel used at boot, if anything, and is not raised when
    memory is added. The peer drops all that is above it; ours believes /proc/iomem."""
    limit = pair.machine.memory_limit
    return spans.subtract(EVERYTHING, [(0, limit)]) if limit else [], []


@entry("usable memory|reserve map")
def what_the_tree_points_to(pair, d):
    """What the tree points to is in the capture kernel's linear map: whole pieces of memory, of
    which all that is the crashed kernel's is reserved. The peer leaves the kernel to fault there;
    of TCE tables it gives the pages."""
    m = pair.machine
    mine = facts.pieces(facts.tables(m) + facts.mapped_nodes(m))
    return mine, rounded(spans.sized(m.tce), m.page_size)


@entry("dump|usable memory")
def every_pair_of_reg(pair, d):
    """Memory nodes with several (address, size) pairs count in full; the peer takes the first."""
    return lost_pairs(pair.machine), []


@entry("dump")
def memory_the_kernel_uses(pair, d):
    """What the kernel was told not to use (mem=) is not in /proc/iomem and not worth dumping. The
    peer goes by the device tree alone."""
    m = pair.machine
    return [], spans.subtract(facts.tree_memory(m), facts.dump_memory(m)) if m.iomem else []


@entry("dump")
def firmware_outside_of_memory(pair, d):
    """RTAS and OPAL are dumped wherever they are, as the running kernel does when it writes the
    header; the peer leaves out what no memory node has."""
    m = pair.machine
    return spans.subtract(facts.firmware(m), facts.tree_memory(m)), []


@entry("contract: placement", rare=True)
def no_segment_beyond_mem(pair, d):
    """With mem= the running kernel refuses segments above; the peer does not look."""
    m = pair.machine
    beyond = spans.subtract(facts.tree_memory(m), facts.dump_memory(m))
    return "is not in memory" in d.theirs and not spans.subtract(named_ranges(d.theirs), beyond)


@entry("usable memory: the stream's LMBs")
def stream_of_lmbs_in_use(pair, d):
    """linux,drconf-usable-memory has an entry for each LMB in use: kernels skip the others
    without reading one. The peer has one for each LMB, and the kernel which reads that goes out
    of step at the first that is not in use."""
    return bool(dead_lmbs(pair.machine))


@entry("usable memory: every LMB in the stream")
def lmb_of_firmware(pair, d):
    """An LMB with firmware in it may get, in the peer's stream, a pair for all memory below as
    well."""
    m, found = pair.machine, re.fullmatch("out of step at the LMB 0x([0-9a-f]+)", d.theirs)
    base = int(found.group(1), 16) if found else 0
    return bool(found and spans.intersect(facts.firmware(m), [(base, base + m.lmb_size)]))


@entry("(reserve map|usable memory|dump|address of .*|contract: .*|usable memory: .*|"
       "elfcorehdr: PT_LOAD.*)")
def one_cell_numbers(pair, d):
    """#address-cells and #size-cells of the root count. The peer takes two of each and reads
    other addresses out of trees with one."""
    odd = (pair.machine.addr_cells, pair.machine.size_cells) != (2, 2)
    return (EVERYTHING, EVERYTHING) if d.is_set and odd else ([], []) if d.is_set else odd


# --- where the peer breaks the contract ---

def named_ranges(text):
    """The ranges in a complaint."""
    return spans.union([(int(a, 16), int(b, 16))
                        for a, b in re.findall(r"0x([0-9a-f]+)-0x([0-9a-f]+)", text)])


def peer_free(pair):
    """The memory which the peer itself says it takes for free."""
    found = re.findall(r"setup_memory_ranges memory_range\[\d+\] start:(\w+), end:(\w+)",
                       pair.their_words)
    return spans.union([(int(a, 16), int(b, 16) + 1) for a, b in found])


def peer_excludes(machine):
    ranges = [(0, machine.kernel_end or 0), *spans.sized(machine.reserved),
              *facts.firmware(machine), *facts.optional(machine.htab), *spans.sized(machine.tce)]
    return sorted(ranges + [(b, b + s) for b, s in machine.reserved])


def reopened(pair):
    """Behind an exclusion that lies inside another."""
    m = pair.machine
    return spans.intersect(peer_free(pair), facts.protected(m))


@entry("contract: protected")
def nested_exclusions(pair, d):
    """A reserved range which ends inside another one does not end that. In the peer the memory
    behind it is free again, and segments go over firmware."""
    hit = rounded(named_ranges(d.theirs), pair.machine.page_size)
    return bool(spans.intersect(hit, rounded(reopened(pair), pair.machine.page_size)))


@entry("contract: placement")
def nested_exclusions_of_the_kernel(pair, d):
    """The same, where the range is the running kernel's own: it refuses the load (ETXTBSY)."""
    return "where kernels are" in d.theirs and bool(reopened(pair))


@entry("contract: protected")
def tpm_log_is_kept(pair, d):
    """No segment goes over the log of a TPM; the peer does not know of it."""
    return bool(spans.intersect(named_ranges(d.theirs), facts.optional(pair.machine.sml)))


@entry("contract: fdt_room")
def room_for_cpus(pair, d):
    """The FDT's room is enough for every CPU that may come, libfdt's costs included. The peer's
    guess is not."""
    return pair.case.hotplug and "needed" in d.theirs


@entry("node .*")
def names_without_suffix(pair, d):
    """The kernel exports the second "x" of a directory as "x#1"; its name is x. The peer takes
    the file's name."""
    return "#" in d.kind if d.theirs else True


@entry("FDT: sound|contract: (fdt_room|fdt_header)")
def one_usable_memory(pair, d):
    """A capture kernel which loads one in turn has linux,usable-memory already. Ours replaces
    it; the peer adds a second property of that name."""
    return "has two properties linux,usable-memory" in d.theirs or \
        "has two properties linux,drconf-usable-memory" in d.theirs


@entry("purgatory: kernel is what is loaded")
def kernel_above_other_segments(pair, d):
    """Where the kernel does not fit below some obstacle and something smaller does, the peer's
    purgatory jumps to where the kernel is not: below it, to the lowest segment or to none."""
    at, lowest = pair.theirs.words["kernel"], min(s.mem for s in pair.theirs.segments)
    return d.ours and lowest <= at < checks.load_base(pair.theirs)


# --- several PT_LOADs ---

def pieces(pair):
    return len(pair.case.kernel.pieces) > 1


@entry("segments|(memsz|address|digest) of kernel.*|kernel's bytes of .*|purgatory: kernel .*|"
       "contract: (kernel|placement|protected)")
def kernels_in_pieces(pair, d):
    """All PT_LOADs move together, keeping their distances. The peer moves the first and leaves
    the others at the addresses they are linked for."""
    return pieces(pair)


# --- what the peer refuses ---

def they_refuse(pair, d, words):
    return d.ours == "loads" and words in pair.their_words


@entry("refusal")
def kernel_end_is_not_needed(pair, d):
    """Kernels without crash support export no linux,kernel-end. The peer dies; ours stays above
    256 MiB, and the running kernel has the last word."""
    return they_refuse(pair, d, "linux,kernel-end: No such file") and not pair.machine.kernel_end


@entry("refusal")
def newer_sysfs_names(pair, d):
    """/sys/kernel/kexec/crash_elfcorehdr_size is the file's newer name, which the peer does not
    know."""
    return they_refuse(pair, d, "crash_elfcorehdr_size does not exist") and pair.machine.new_sysfs


@entry("refusal", rare=True)
def kernels_with_odd_notes(pair, d):
    """Notes in the kernel file are nothing to the loader; the peer reads them and dies of what it
    does not understand."""
    return they_refuse(pair, d, "ELF Note corrupted") and "notes" in pair.case.kernel.path


@entry("refusal")
def any_number_of_reservations(pair, d):
    """The peer has a table of 256 reservations, and dies."""
    return they_refuse(pair, d, "reservation meta data") and len(pair.machine.reserved) > 200


@entry("refusal")
def one_cell_numbers_of_memory(pair, d):
    """The peer, which wants two cells for each number, dies of memory nodes with one."""
    return (they_refuse(pair, d, "not enough data for mem property") or
            they_refuse(pair, d, "mem property overflow") or
            they_refuse(pair, d, "Could not")) and \
        (pair.machine.addr_cells, pair.machine.size_cells) != (2, 2)


@entry("refusal")
def real_mode_as_the_mmu_has_it(pair, d):
    """With a radix MMU, and without hypervisor, early boot reaches all of memory. The peer always
    stays inside the lowest memory node, and finds no room where ours is above."""
    m = pair.machine
    return they_refuse(pair, d, "Could not") and \
        any(s.end > rma_top(m) for s in pair.ours.segments) and \
        (m.radix or not m.guest)


@entry("refusal")
def kernels_in_pieces_find_room(pair, d):
    """PT_LOADs which stay at their linked addresses want room from the crash region to there, and
    do not find it."""
    return pieces(pair) and (they_refuse(pair, d, "Could not find a free area") or
                             they_refuse(pair, d, "is not page aligned"))


@entry("refusal", rare=True)
def other_order_finds_room(pair, d):
    """The only hole that is large enough for the initrd is low. Ours has the kernel and the small
    parts at the top, for the sake of low memory; the peer has put them into that hole."""
    size = pair.case.initrd and len(pair.case.initrd_bytes())
    return bool(size) and they_refuse(pair, d, f"find a free area of memory of {size:#x} bytes") and \
        partly_low(pair.machine) and \
        any(end - start >= size for start, end in
            spans.intersect(peer_free(pair), facts.crash(pair.machine)))


@entry("refusal", rare=True)
def fewer_possible_cpus_than_nodes(pair, d):
    """The list of possible CPUs is read as long as it is. The peer's libc counts no more of a
    sparse one than it reads at once, and the peer dies of having more cores than that."""
    m = pair.machine
    return they_refuse(pair, d, "Possible CPU nodes can't be less") and \
        (m.cores > m.possible_cores or m.cpu_numbers and len(m.possible()) > 200)


# --- what we refuse ---

@entry("refusal")
def firmware_where_the_kernel_takes_pages(pair, d):
    """The lowest free pages of the crash region, which the running kernel takes, are the
    firmware's. The peer loads, and the kernel overwrites them."""
    if d.theirs != "loads" or "would put its own pages at" not in d.ours:
        return False
    start = crash_of(pair.machine)[0]
    two = [(start, start + 2 * pair.machine.page_size)]
    return bool(spans.intersect(two, spans.union(facts.protected(pair.machine),
                                                 facts.optional(pair.machine.sml))))


def peer_breaks(pair, name):
    """What the contract's check says of the peer's image."""
    return [text for _, text in checks.run_all(pair.case, pair.theirs, {name: checks.CHECKS[name]})
            if not text.startswith("unreadable")]


NEEDS = {"process table": "process table", "hash table": "hash table",
         "buffer for RTAS": "RTAS buffer", "stacks": "stack"}


def wants_the_same(d, missing):
    """Ours refuses for want of something that these complaints say is missing."""
    return d.theirs == "loads" and any(
        re.search(f"would stop while it starts: (its|the) .*{ours} takes", d.ours) and
        text.startswith(theirs) for ours, theirs in NEEDS.items() for text in missing)


@entry("refusal")
def capture_kernels_that_cannot_start(pair, d):
    """What every kernel takes while it starts must be free for it, where it must be. The peer
    does not look: its image cannot start for want of the same."""
    return wants_the_same(d, peer_breaks(pair, "starts"))


@entry("refusal", rare=True)
def regions_in_which_nothing_can_start(pair, d):
    """The same, of a crash region with nothing in it: whatever is loaded there, and however the
    peer's tree is read, cannot start."""
    return wants_the_same(d, boot.missing(pair.machine, boot.region_free(pair.machine)))


@entry("refusal", rare=True)
def only_over_the_tpm_log(pair, d):
    """The peer's image can start only because it lets the capture kernel take the memory of a
    TPM's log, to which its tree still points. With that kept, as ours is, it cannot."""
    if not pair.machine.sml or d.theirs != "loads":
        return False
    free = spans.subtract(checks.capture_memory(pair.case, pair.theirs),
                          facts.optional(pair.machine.sml))
    return wants_the_same(d, boot.missing(pair.machine, free))


@entry("refusal", rare=True)
def nested_exclusions_make_room(pair, d):
    """Where the peer finds the room that ours lacks only behind a nested exclusion, over what is
    not to be written to."""
    page = pair.machine.page_size
    hit = [named_ranges(text) for text in peer_breaks(pair, "protected")] \
        if d.theirs == "loads" and "Could not find a free area" in d.ours else []
    return any(spans.intersect(rounded(h, page), rounded(reopened(pair), page)) for h in hit)


@entry("refusal", rare=True)
def crash_region_that_real_mode_does_not_reach(pair, d):
    """Where all that is free is above what real mode reaches, no kernel can start. The peer takes
    real mode to end where the first memory node does, and loads."""
    return d.theirs == "loads" and "as far as early boot reaches here" in d.ours and \
        bool(peer_breaks(pair, "real_mode"))
