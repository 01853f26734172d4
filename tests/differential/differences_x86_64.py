# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What may differ from kexec-tools' images on x86_64, and why. See differences.py."""
import struct

import machine_x86_64 as pc
import spans
import x86_checks as checks
import x86_facts as facts
from pairs import Table

TABLE = Table()
entry = TABLE.entry
NOTHING = ([], [])
XLF_EFI_KEXEC = 0x10
LOADED_HIGH = 1


def spread(segment):
    return [(segment.mem, segment.end)] if segment else []


def running(pair, start, end):
    return pair.machine.boot_params()[start:end]


# --- segments ---

@entry("segments")
def no_backup_and_one_segment_for_boot_data(pair, d):
    """What boot_params points to is in its segment; the peer has a segment for each setup_data. It
    also saves the first 640 KiB for the dump, which kernels with crash hotplug leave alone
    (arch/x86/realmode/init.c:reserve_real_mode) and out of the header that they make. With --hotplug
    ours has copies of what the running kernel rewrites, for the purgatory."""
    more = {"sealed"} if pair.case.hotplug else set()
    return set(d.theirs) - set(d.ours) <= {"backup", "setup_data"} and set(d.ours) - set(d.theirs) == more


@entry(r"address of (kernel(-\d)?|purgatory|elfcorehdr|initrd|boot_params)")
def lowest_places(pair, d):
    """Ours takes the lowest places, the peer the highest. Each of both is held against the
    contract."""
    return True


@entry("memsz of (purgatory|boot_params)|digest of (purgatory|backup|setup_data|sealed)")
def other_programs_other_sizes(pair, d):
    """The purgatory is another program, and ours verifies itself too; boot_params has more in it."""
    if d.kind == "digest of sealed":
        return d.ours == 1
    return not d.kind.endswith(("backup", "setup_data")) or d.ours is None


@entry("memsz of elfcorehdr|contract: elf_room")
def room_for_the_header(pair, d):
    """crash_elfcorehdr_size counts neither the ELF header nor the spare program header, nor more
    ranges than the kernel was built for. The peer has what it says, and the kernel refuses to
    write more."""
    theirs = pair.theirs.segment("elfcorehdr").memsz
    return pair.case.hotplug and theirs == -(-pair.machine.hint() // 4096) * 4096 and \
        pair.ours.segment("elfcorehdr").memsz > theirs


@entry("memsz of elfcorehdr")
def pages_of_the_header(pair, d):
    """Where nobody rewrites it, the header has as many pages as it needs; the peer's has 16 KiB or more."""
    return not pair.case.hotplug and 0x4000 <= d.theirs > d.ours and \
        d.ours == -(-len(pair.ours.segment("elfcorehdr").data) // 4096) * 4096


@entry("kernel's bytes of .*|contract: kernel")
def bytes_behind_the_kernel(pair, d):
    """The header says how much of the file is the kernel. The peer loads what follows, a signature
    mostly, as well."""
    k = pair.case.kernel
    data = k.pieces[0][1]
    if k.header is None or d.kind == "contract: kernel":
        return k.header is not None and "bytes of the piece" in d.theirs
    return d.theirs[:len(data)] == data == d.ours[:len(data)] and d.theirs[len(data):].startswith(b"signature")


# --- boot_params ---

INHERITED = {"apm_bios_info": (0x040, 0x054), "ist_info": (0x060, 0x070), "drives": (0x080, 0x0a0),
             "sys_desc_table": (0x0a0, 0x0b0), "edid_info": (0x140, 0x1c0), "EDD counts": (0x1e9, 0x1eb),
             "secure_boot": (0x1ec, 0x1ed), "EDD signatures": (0x290, 0x2d0), "EDD": (0xd00, 0xeec)}


@entry("boot_params: (" + "|".join(INHERITED) + ")")
def what_firmware_told_is_passed_on(pair, d):
    """APM, Intel SpeedStep, drives, EDD, EDID and secure boot: what the running kernel was told and
    nobody can ask again. The peer asks for a part of it, where the files are, and leaves it out."""
    start, end = INHERITED[d.kind.split(": ")[1]]
    want = running(pair, start, end)
    if d.kind.endswith("counts"):
        want = bytes([min(want[0], 6), min(want[1], 16)])
    return d.ours == want and not any(d.theirs)


@entry("boot_params: screen_info")
def command_line_of_protocol_1(pair, d):
    """The peer sets the pointer to the command line of boot protocols before 2.02 too: cl_magic and
    cl_offset of screen_info."""
    cut = slice(0x20, 0x24)
    return d.theirs[cut][:2] == b"\x3f\xa3" and d.ours[:0x20] == d.theirs[:0x20] and d.ours[0x24:] == d.theirs[0x24:]


@entry("boot_params: header to the loader")
def root_device_of_old_kernels(pair, d):
    """The peer sets root_flags and root_dev, and with the byte for a pointing device it writes over
    the boot flag. Ours leaves the header as it is in the file."""
    k = pair.case.kernel
    legacy = {0x1f2, 0x1f3, 0x1fc, 0x1fd, 0x1fe, 0x1ff}
    return k.header is None or d.ours == k.header[1:0x1f] and all(
        a == b for i, (a, b) in enumerate(zip(d.ours, d.theirs)) if 0x1f2 + i not in legacy)


@entry("boot_params: loadflags")
def loaded_high(pair, d):
    """The kernel is loaded high, as its file says; the peer, like the kernel's own loader, clears it."""
    return d.ours[0] == LOADED_HIGH and not any(d.theirs)


@entry("boot_params: (setup_sects|header .*|the header's end)")
def header_of_an_elf_kernel(pair, d):
    """A vmlinux has no setup header. Ours makes one of what a loader is asked for; the peer another."""
    return pair.case.kernel.header is None


@entry("boot_params: initrd, ours")
def an_empty_initrd(pair, d):
    """Without an initrd a kernel with EFI takes the one that the boot before left in EFI's tables. Ours tells it of
    a page of zeroes; what is there the contract's check initrd_told sees. The peer tells of none."""
    return pair.machine.efi is not None and pair.case.initrd is None


@entry("contract: initrd_told")
def no_initrd_at_all(pair, d):
    """As the difference above: the peer tells a kernel with EFI of no initrd, not of an empty one."""
    return pair.case.initrd is None and "no initrd, and no empty one at 0x0+0x0" in d.theirs


@entry("boot_params: memory sizes")
def ends_are_counted(pair, d):
    """Memory above 1 MiB in KiB: the peer counts to the last byte and rounds down."""
    ours, theirs = (struct.unpack("<I", v)[0] for v in (d.ours, d.theirs))
    return ours == theirs + 1


@entry("setup_data of type 9")
def seeds_are_fresh(pair, d):
    """32 random bytes, each time others."""
    return bool(d.ours and d.theirs) and len(d.ours) <= 32 and len(d.theirs) <= 32


@entry("setup_data of type 4")
def runtime_is_not_used(pair, d):
    """Of struct efi_setup_data the kernel reads no `runtime` any more; the kernel's own loader leaves
    it 0."""
    return bool(d.ours and d.theirs) and d.ours[:8] == d.theirs[:8] and d.ours[16:] == d.theirs[16:]


@entry("EFI: regions")
def order_of_regions(pair, d):
    """In ascending order of their numbers in runtime-map; the peer's order is that of the directory."""
    return sorted(d.ours) == sorted(d.theirs)


@entry("EFI: .*|setup_data of type 4")
def efi_for_every_kernel(pair, d):
    """The peer passes EFI's services on to kernels that say they can take them (XLF_EFI_KEXEC); others
    do not look, so ours tells them too."""
    k = pair.case.kernel
    flags = struct.unpack_from("<H", k.header, 0x236 - 0x1f1)[0] if k.header else 0
    return bool(pair.machine.efi) and not flags & XLF_EFI_KEXEC and \
        d.theirs in (None, 0, [], bytes(4))


# --- the map of memory ---

@entry("e820 type 0x1")
def each_keeps_its_own_header_apart(pair, d):
    """The elfcorehdr is in no RAM of the capture kernel's, wherever it is. Nor is the peer's backup."""
    if not pair.case.crash:
        return NOTHING
    theirs = spread(pair.theirs.segment("elfcorehdr")) + spread(pair.theirs.segment("backup"))
    return theirs, spread(pair.ours.segment("elfcorehdr"))


@entry("contract: e820_ram")
def backup_in_no_ram(pair, d):
    """The peer's backup is in no entry either: the capture kernel must not write to it."""
    return d.theirs == "backup is not in RAM"


@entry("contract: e820_ram")
def whole_pages_of_the_header(pair, d):
    """The peer takes the header's bytes out of its map, not its pages: the rest of the last page is
    RAM, of which the kernel can use none."""
    core = pair.theirs.segment("elfcorehdr")
    ram = spans.union([(s, e) for s, e, kind in checks.told(pair.theirs).e820 if kind == pc.RAM])
    hit = spans.intersect(ram, spread(core))
    return "elfcorehdr is free" in d.theirs and not spans.subtract(hit, [(core.end - 4096, core.end)])


@entry("e820 type 0x1|dump")
def cma_is_the_capture_kernels(pair, d):
    """crashkernel=,cma: the capture kernel's memory, and not in the dump. The peer knows nothing of it."""
    if not pair.case.crash:
        return NOTHING
    return (pair.machine.cma, []) if d.kind != "dump" else ([], pair.machine.cma)


@entry("e820 type 0x1")
def memory_that_came_later(pair, d):
    """Memory that was hot-added through ACPI the next kernel adds itself. The peer tells it as if
    firmware had."""
    return ([], pair.machine.dimms) if not pair.case.crash else NOTHING


@entry("contract: known_memory")
def no_segment_in_memory_that_came_later(pair, d):
    """And it loads there, where no kernel has memory when it starts."""
    return bool(pair.machine.dimms) and "is not memory of firmware's map" in d.theirs


@entry("e820 type 0x1")
def the_first_kib(pair, d):
    """The map begins where firmware's begins. The peer leaves out the first KiB."""
    return ([(0, 0x400)], []) if not pair.case.crash else NOTHING


@entry("e820 type 0x(1|2)")
def the_first_page(pair, d):
    """Where the kernel does not show firmware's map we take the boot loader's. The peer takes /proc/iomem's, where
    the first page is the kernel's own."""
    if pair.case.crash or pair.machine.memmap:
        return NOTHING
    return ([(0, pc.PAGE)], []) if d.kind == "e820 type 0x1" else ([], [(0, pc.PAGE)])


@entry("e820 type 0x(2|5|efffffff)")
def types_of_memory(pair, d):
    """Unusable and soft reserved memory is told as such, and not to a capture kernel. The peer takes
    both for reserved."""
    kind, others = int(d.kind[10:], 16), (pc.UNUSABLE, pc.SOFT)
    mine = pair.machine.of_type(kind) if not pair.case.crash and kind in others else []
    return mine, pair.machine.of_type(pc.SOFT) + pair.machine.of_type(pc.UNUSABLE) if kind == pc.RESERVED else []


@entry("e820 type 0x(7|c)")
def persistent_memory_after_a_crash(pair, d):
    """A capture kernel is not told of persistent memory (crash_setup_memmap_entries), and cannot spoil it."""
    if not pair.case.crash:
        return NOTHING
    return [], pair.machine.of_type(pc.PMEM) + pair.machine.of_type(pc.PRAM)


# --- the command line ---

@entry("command line: words")
def no_memory_hotplug(pair, d):
    """Capture kernels get acpi_no_memhotplug: they would take hot-added memory for their own, and
    overwrite what they should save. The peer's loses it."""
    ours = [w for w in d.ours if w != checks.NO_MEMHOTPLUG or w in pair.case.command_line.split()]
    return pair.case.crash and ours == d.theirs


@entry("command line: is not in boot_params")
def command_line_of_an_elf_kernel(pair, d):
    """Of a vmlinux the peer puts the command line into boot_params itself, behind all that
    is defined."""
    return pair.case.kernel.header is None and d.ours


@entry("command line: (words|place of elfcorehdr=|elfcorehdr= is the header's address)")
def command_line_above_4_gib(pair, d):
    """And of its address there the peer sets the lower half alone: the kernel finds no command line."""
    t = checks.told(pair.theirs)
    return pair.case.kernel.header is None and t.addr >= 1 << 32 and t.u32(0x0c8) == 0


@entry("command line: words")
def rsdp_is_in_boot_params(pair, d):
    """The peer adds acpi_rsdp= where it does not pass EFI on; ours has it in boot_params always."""
    rsdp = checks.told(pair.ours).u64(0x070)
    ours = [w for w in d.ours if w != checks.NO_MEMHOTPLUG or w in pair.case.command_line.split()]
    return ours == [w for w in d.theirs if w != f"acpi_rsdp={rsdp:#x}"] != d.theirs


@entry("command line: place of elfcorehdr=")
def elfcorehdr_first(pair, d):
    """Ours is the first word: what follows a "--" or an unbalanced quote the kernel does not see."""
    return d.ours == [0] and len(d.theirs) == 1


# --- the elfcorehdr ---

@entry("dump below 1 MiB")
def not_the_first_mib(pair, d):
    """The kernel leaves the first MiB alone, and out of the header that it makes itself."""
    return d.ours == []


@entry("elfcorehdr: has all its program headers|contract: elf_header", rare=True)
def header_is_not_cut(pair, d):
    """Where there are more ranges than the kernel was built for, the header needs more than
    crash_elfcorehdr_size. The peer cuts it there, and the dump lacks the rest."""
    core = pair.theirs.segment("elfcorehdr")
    return pair.case.hotplug and core.memsz == -(-pair.machine.hint() // 4096) * 4096 and \
        (d.ours is True or "run out" in d.theirs or "unreadable" in d.theirs)


# --- refusals ---

def they_refuse(pair, d, words):
    return d.ours == "loads" and words in pair.their_words


@entry("refusal")
def newer_sysfs_names(pair, d):
    """/sys/kernel/kexec/crash_elfcorehdr_size is the file's newer name, which the peer does not
    know."""
    return they_refuse(pair, d, "crash_elfcorehdr_size does not exist") and pair.machine.new_sysfs


@entry("refusal")
def no_kcore(pair, d):
    """Without /proc/kcore a dump lacks the kernel's virtual addresses, and most of it can be read. Ours
    warns; the peer dies."""
    return they_refuse(pair, d, "Cannot open /proc/kcore") and not pair.machine.kcore


@entry("refusal")
def any_number_of_program_headers(pair, d):
    """Of /proc/kcore the peer reads 64 KiB, and dies where it has more ranges than fit."""
    return they_refuse(pair, d, "ELF program headers truncated") and len(facts.all_ram(pair.machine)) > 1000


@entry("refusal")
def sizes_of_seven_digits(pair, d):
    """crash_elfcorehdr_size is a million and more where the kernel expects many ranges. The peer reads
    six digits, and says that there is no such file."""
    return they_refuse(pair, d, "crash_elfcorehdr_size does not exist") and pair.machine.hint() >= 10**6


@entry("refusal", rare=True)
def lines_are_not_cut(pair, d):
    """A command line that the kernel would cut is refused, with the words for it that are added."""
    if "Command line overflow" not in d.ours or d.theirs != "loads":
        return False
    more = len(checks.NO_MEMHOTPLUG) + 1 if pair.case.crash else 0
    return len(checks.told(pair.theirs).cmdline()) + more > pair.case.kernel.cmdline_max


@entry("refusal|contract: kernel", rare=True)
def kernels_that_cannot_move(pair, d):
    """A bzImage whose header says that it is not relocatable runs where it was linked alone. The peer
    puts it anywhere."""
    k = pair.case.kernel
    said = "is not relocatable" in d.ours and d.theirs == "loads" or "linked for" in d.theirs
    return said and k.header is not None and not k.relocatable


@entry("refusal")
def five_levels(pair, d):
    """A kernel without 5-level paging cannot start where it is on. The peer does not look."""
    return "5-level paging is on" in d.ours and d.theirs == "loads" and pair.machine.la57 and \
        not pair.case.kernel.five_level


@entry("contract: segments")
def vmlinux_inside_the_crash_region(pair, d):
    """Of a vmlinux for a crash the peer puts purgatory and boot_params into the first MiB, and the
    kernel refuses the load (EADDRNOTAVAIL)."""
    return pair.case.kernel.header is None and "outside the crash region" in d.theirs


@entry("refusal", rare=True)
def initrd_of_a_vmlinux(pair, d):
    """64-bit kernels find their initrd anywhere. For a vmlinux the peer keeps it below 896 MiB, where
    a crash region may not be."""
    return they_refuse(pair, d, "initrd_addr_max is 0x37ffffff") and pair.case.kernel.header is None
