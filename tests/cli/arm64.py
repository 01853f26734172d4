# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""arm64 machines: what is planned for them and what is not."""
import gzip
import lzma
import os

from bzimage import uki, zboot
from cases import LOAD, json_plan, loads, loads_nothing, put, remove, segments_of
from harness import Case, expect
from machine import MIB, Node, be32, be64, text
from machine_arm64 import Blob, Machine, image
from recorded import Recorded
from vmlinux import elf64, vmlinux

KERNEL = image()
# Of Debian's unmodified 6.12 on QEMU's virt, with two CPUs.
RECORDED = [Recorded("virt-tree", 4096, crash=(0x6ac00000, 0x10000000)),
            Recorded("virt-acpi", 4096, crash=(0x5fa00000, 0x10000000))]
KEEPS = Machine(hotplug=True)           # a kernel with the series as it was posted
ACPI = Machine(acpi=True)
NO_MEMORY = "linux,usable-memory-range"


def arm(name, argv, status=0, kernel=KERNEL, machine=None, **more):
    return Case("arm64: " + name, argv, status, machine=machine or Machine(), kernel=kernel, **more)


def elf(magic=b"ARM\x64", page_shift=1):
    """As vmlinux of arm64: physical addresses are the virtual ones, an Image's header is at the start."""
    return elf64([(0xffff800080000000, image(magic=magic, page_shift=page_shift), 0x90000)], machine=183, e_type=3, align=0x10000,
                 entry=0xffff800080000000, phdrs={0: dict(vaddr=0xffff800080000000)})


def segments(*names):
    return json_plan(lambda p: expect(list(segments_of(p)) == list(names), list(segments_of(p))))


def marks(p):
    """Of --hotplug: the elfcorehdr may be rewritten, and is out of the digest; the tree may not."""
    s = segments_of(p)
    expect([n for n in s if s[n]["hotplug"]] == ["elfcorehdr"] == [n for n in s if not s[n]["digest"]], s)
    expect(p["flags"] == "0xb70009", p["flags"])


START, CRASH = 0x40000000, 0x90000000    # of a generated machine's memory and of its crash region


def lowest(test):
    """Of the addresses of all segments."""
    return json_plan(lambda p: expect(test(min(int(s["address"], 16) for s in p["segments"])), p["segments"]))


def command_line(want):
    return json_plan(lambda p: expect(p["command_line"] == want, p["command_line"]))


def in_tree(*names, absent=()):
    """Names of properties, in the strings of the tree that --dump writes."""
    def check(r):
        with open(os.path.join(r.dir, "out/fdt.dtb"), "rb") as f:
            data = f.read()
        expect(all(n.encode() + b"\0" in data for n in names), data[-300:])
        expect(not any(n.encode() + b"\0" in data for n in absent), data[-300:])
    return check


def other_tree(memory=True, chosen=None, reserved=None):
    """--dtb: of another kernel for this machine. @reserved: (start, bytes) of /reserved-memory."""
    root = Machine().tree()
    if reserved:
        root["reserved-memory"] = Node({"#address-cells": be32(2), "#size-cells": be32(2), "ranges": b"",
                                        "pool@0": Node({"reg": be64(*reserved), "no-map": b""})})
    root["model"] = text("of the user")
    root["chosen"] = Node(chosen or {})
    if not memory:
        del root["memory@40000000"]
    return put("other.dtb", Blob(root).data)


UART_PL011, UART_8250, VERBOSE, UART = 8, 16, 0x100, 0x9000000


def told(consoles, shift):
    """What the purgatory that --dump writes is told of the port (purgatory/params.h)."""
    def check(r):
        with open(os.path.join(r.dir, "out/purgatory.bin"), "rb") as f:
            data = f.read(0x100 + 0x200)
        got = [int.from_bytes(data[0x100 + at:0x108 + at], "little") for at in (352, 360, 392)]
        expect(got == [consoles, UART, shift], got)
    return check


def of_granule(granule):
    """What the purgatory that --dump writes is told of the size of pages in its tables (purgatory/params.h)."""
    def check(r):
        with open(os.path.join(r.dir, "out/purgatory.bin"), "rb") as f:
            data = f.read(0x100 + 0x200)
        got = int.from_bytes(data[0x100 + 400:0x108 + 400], "little")
        expect(got == granule, got)
    return check


SHOWN = "-p -c --dry-run --json --command-line=quiet {kernel}"
DUMPED = " -c {kernel} --dry-run --dump={dir}/out"

CASES = [case for m in RECORDED for case in (
    arm(f"load on the recorded {m.name}", LOAD.replace(" --hotplug", ""), machine=m, check=loads("0xb70001 = 0")),
    arm(f"-l on the recorded {m.name}", "-l --initrd={initrd} {kernel}", machine=m, check=loads("0xb70000 = 0")),
    arm(f"--hotplug on the recorded {m.name}", LOAD, 1, machine=m, error="keeps crash images current"))] + [
    # --- plans and loads ---
    arm("-p", "-p {kernel}", check=loads("0xb70001 = 0")),
    arm("-l", "-l {kernel}", check=loads("0xb70000 = 0")),
    arm("-p on an ACPI machine", "-p {kernel}", machine=ACPI, check=loads("0xb70001 = 0")),
    arm("-l with pages of 64 KiB", "-l {kernel}", kernel=image(page_shift=3), machine=Machine(page_size=65536),
        check=loads("0xb70000 = 0")),
    arm("an image may be unloaded", "-p -u", check=loads("0x1 = 0")),
    arm("segments of a crash image", SHOWN, stdout="idmap",
        check=segments("kernel", "purgatory", "elfcorehdr", "fdt", "idmap")),
    *[arm(f"page tables of pages of {page >> 10} KiB", "-p --initrd={initrd}" + DUMPED, machine=Machine(page_size=page),
          kernel=image(page_shift=shift), stdout="idmap", stderr="^$", check=of_granule(granule))
      for page, shift, granule in ((4096, 1, 0), (16384, 2, 2), (65536, 3, 1))],
    *[arm(f"{way}: pages for which there are no tables", f"{way} -c {{kernel}}", machine=Machine(page_size=8192), kernel=image(page_shift=0),
          stderr="will verify the image with the caches off, .* pages of 8 KiB, for which this kexec knows no page tables",
          check=loads(flags)) for way, flags in (("-p", "0xb70001 = 0"), ("-l", "0xb70000 = 0"))],
    arm("without a digest nothing is said of them", "-p -c --no-checks {kernel}", machine=Machine(page_size=8192),
        kernel=image(page_shift=0), stderr="^$", check=loads("0xb70001 = 0")),
    arm("no page tables without a digest", SHOWN + " --no-checks", stdout="fdt",
        check=segments("kernel", "purgatory", "elfcorehdr", "fdt")),
    arm("the command line of a crash image", SHOWN, stdout="quiet", check=command_line("acpi_no_memhotplug quiet")),
    arm("the command line of a normal image", SHOWN.replace("-p", "-l"), stdout="quiet", check=command_line("quiet")),
    arm("command line of 2048 bytes", "-l -c {kernel} --append=" + 2048 * "a", 1,
        error="Command line overflow: 2048 bytes .* takes 2047; shorten it by 1"),

    # --- hotplug: by the kernel's files ---
    arm("--hotplug on a kernel that lacks it", LOAD, 1,
        error="--hotplug: Path .*crash_hotplug does not exist: no release of Linux up to 7.3 keeps crash images"
              " current on a machine of type aarch64"),
    arm("--hotplug on one that has it", LOAD, machine=KEEPS, check=loads("0xb70009 = 0")),
    arm("marks of --hotplug", LOAD + " --dry-run --json", machine=KEEPS, stdout="hotplug", check=json_plan(marks)),

    # --- kernels ---
    *[arm(f"an Image in {name}", "-l -c {kernel}", kernel=data, check=loads("0xb70000 = 0"), **more)
      for name, data, more in (("gzip", gzip.compress(KERNEL), {}), ("xz", lzma.compress(KERNEL), {}),
                               ("zboot", zboot(gzip.compress(KERNEL)), {}),
                               ("a unified kernel image", uki(KERNEL), {"stderr": "nothing is measured"}))],
    arm("vmlinux", "-l -c {kernel}", kernel=elf(), stderr="^$", check=loads("0xb70000 = 0")),
    arm("vmlinux with other pages", "-l -c {kernel}", kernel=elf(page_shift=2), check=loads("0xb70000 = 0"),
        stderr="has pages of 16 KiB, the running one of 4 KiB: it only starts on processors that know both"),
    arm("vmlinux, by its type", "-l -c --type=vmlinux {kernel}", kernel=elf(), check=loads("0xb70000 = 0")),
    arm("an Image, by its type", "-l -c --type=Image {kernel}", check=loads("0xb70000 = 0")),
    arm("an Image is no vmlinux", "-l -c --type=vmlinux {kernel}", 255,
        error="Wrong file type vmlinux, file matches type Image"),
    arm("an ELF program", "-l -c {kernel}", 255, kernel=elf(b"none"),
        error="does not begin with the header of an Image: not a Linux kernel but some other program"),
    arm("a kernel for POWER", "-l -c {kernel}", 255, kernel=vmlinux(),
        error="kernel .*: is for ELF machine 21, this machine is 183 \\(aarch64\\)"),
    Case("arm64: its kernel on POWER", "-l -c {kernel}", 255, kernel=KERNEL,
         error="kernel .*: is for ELF machine 183, this machine is 21"),
    arm("a big-endian Image", "-l -c {kernel}", 255, kernel=image(big=True),
        error="is big-endian, unlike the running kernel; it is not known whether the processors here can run it"),
    arm("other pages", "-l -c {kernel}", kernel=image(page_shift=3), check=loads("0xb70000 = 0"),
        stderr="has pages of 64 KiB, the running one of 4 KiB: it only starts on processors that know both"),
    arm("image_size 0", "-l -c {kernel}", 255, kernel=image(size=0), error="image_size is 0"),
    arm("image_size 63", "-l -c {kernel}", 1, kernel=image(size=63), error="image_size 0x3f cannot be"),
    arm("text_offset 2 MiB", "-l -c {kernel}", 1, kernel=image(text_offset=2 * MIB),
        error="text_offset 0x200000 is not a page below 0x200000"),
    arm("text_offset 4095", "-l -c {kernel}", 1, kernel=image(text_offset=4095), error="text_offset 0xfff is"),
    arm("larger than the crash region", "-p -c {kernel}", 1, kernel=image(size=0x10000001),
        error="kernel: Could not find a free area of memory of 0x10000001 bytes"),

    # --- the tree ---
    arm("what a crash image is told", "-p" + DUMPED, stdout="idmap",
        check=in_tree("linux,elfcorehdr", NO_MEMORY, "kaslr-seed", "rng-seed", "linux,booted-from-kexec",
                      absent=("linux,kho-fdt", "linux,initrd-start"))),
    arm("what a normal image is told", "-l" + DUMPED, stdout="idmap",
        check=in_tree("kaslr-seed", "rng-seed", absent=("linux,elfcorehdr", NO_MEMORY))),
    arm("nokaslr", "-l --command-line=nokaslr" + DUMPED, stdout="idmap", check=in_tree("rng-seed", absent=("kaslr-seed",))),
    arm("UEFI is passed on", "-l" + DUMPED, machine=ACPI, stdout="idmap",
        check=in_tree("linux,uefi-system-table", "linux,uefi-mmap-desc-ver")),
    arm("--dtb", "-l --dtb={dir}/other.dtb" + DUMPED, stdout="idmap", prepare=other_tree(),
        check=in_tree("model", "bootargs", "linux,booted-from-kexec")),
    arm("--dtb on an ACPI machine keeps UEFI", "-l --dtb={dir}/other.dtb" + DUMPED, machine=ACPI, stdout="idmap",
        prepare=other_tree(memory=False), check=in_tree("linux,uefi-system-table", "model")),
    arm("--dtb without memory", "-l -c --dtb={dir}/other.dtb {kernel}", 1, prepare=other_tree(memory=False),
        error="there is no memory in this device tree; no kernel can boot from it"),
    arm("--dtb without the crash region's memory", "-p -c --dtb={dir}/other.dtb {kernel}", 1, prepare=other_tree(memory=False),
        error="the crash region is no memory in this device tree; name the tree"),
    arm("-p --dtb that reserves memory of the crash region", "-p -c --dtb={dir}/other.dtb {kernel}", 1,
        prepare=other_tree(reserved=(CRASH + MIB, MIB)), error="reserves memory of the crash region for a device"),
    arm("-l --dtb that reserves memory", "-l --json --dry-run --dtb={dir}/other.dtb {kernel}", stdout="idmap",
        prepare=other_tree(reserved=(START, 64 * MIB)), check=lowest(lambda at: at >= START + 64 * MIB)),
    arm("-l --dtb that reserves none", "-l --json --dry-run --dtb={dir}/other.dtb {kernel}", stdout="idmap",
        prepare=other_tree(), check=lowest(lambda at: at == START)),
    arm("-p --dtb", "-p --dtb={dir}/other.dtb" + DUMPED, stdout="idmap", prepare=other_tree(),
        check=in_tree("model", "linux,elfcorehdr", NO_MEMORY)),
    arm("a tree of more than 2 MiB", "-l -c --dtb={dir}/other.dtb {kernel}", 1,
        prepare=other_tree(chosen={"large": bytes(2 * MIB)}), error=r"device tree: has \d+ bytes, the kernel takes"),
    arm("a damaged tree", "-l -c {kernel}", 1, prepare=put("machine/sys/firmware/fdt", b"\xd0\x0d\xfe\xedxx"),
        error="sys/firmware/fdt"),
    arm("no tree at all", "-l -c {kernel}", 1, prepare=remove("sys/firmware/fdt"),
        error="this machine has no device tree, not even the one with which UEFI starts a kernel"),

    # --- the machine ---
    arm("nothing is reserved", "-p -c {kernel}", 1, machine=Machine(crash=None),
        error="Memory for crashkernel is not reserved: boot with crashkernel=SIZE"),
    arm("no memory is known", "-l -c {kernel}", 1, prepare=remove("proc/iomem"),
        error="proc/iomem: is not there, so it is not known what memory this machine has"),
    arm("addresses that cannot be seen", "-l -c {kernel}", 1,
        prepare=put("machine/proc/iomem", b"00000000-00000000 : System RAM\n"),
        error=r"proc/iomem: all addresses are 0: kexec needs to be root"),
    arm("no memory", "-l -c {kernel}", 1, prepare=put("machine/proc/iomem", b"00000000-00000fff : pl011\n"),
        error='proc/iomem: has no "System RAM"'),
    arm("the kernel's addresses are not known", "-p -c {kernel}", 4, prepare=remove("proc/kcore"),
        stderr="the dump will not have the kernel's virtual addresses", check=loads("0xb70001 = 0")),
    arm("the GIC's tables are not known", "-l -c {kernel}", prepare=remove("kexec-log-tables"),
        stderr="tables in memory, and the kernel's log cannot be read: the next kernel can clear what it has there",
        check=loads("0xb70000 = 0")),
    arm("a capture kernel has no memory there", "-p -c {kernel}", prepare=remove("kexec-log-tables"),
        check=loads("0xb70001 = 0")),
    arm("--reuseinitrd, which is not shown", "-l -c {kernel} --reuseinitrd", 1,
        prepare=put("machine/proc/cmdline", b"retain_initrd\n"),
        error="--reuseinitrd: the running kernel does not show its initrd as a file; name one with --initrd"),

    # --- options ---
    arm("--console-serial", "-l -c {kernel} --console-serial", check=loads("0xb70000 = 0")),
    arm("--serial=ttyAMA0", "-l -c {kernel} --serial=ttyAMA0", check=loads("0xb70000 = 0")),
    arm("--serial=ttyS0", "-p -c {kernel} --serial=ttyS0 --dry-run --dump={dir}/out", machine=Machine(
        stdout="serial@9000000", uart=b"snps,dw-apb-uart\0", cmdline="console=ttyS0"), stdout="idmap",
        stderr="^$", check=told(VERBOSE | UART_8250, 2)),
    arm("a silent 8250", "-p -c {kernel} --dry-run --dump={dir}/out", machine=Machine(
        stdout="serial@9000000", uart=b"ns16550a\0", cmdline="console=ttyS0"), stdout="idmap",
        stderr="^$", check=told(UART_8250, 2)),
    arm("--serial=ttyS0 where there is a PL011", "-p -c {kernel} --serial=ttyS0 --dry-run --dump={dir}/out", stdout="idmap",
        stderr="not of this kind .*; the purgatory uses the one that is named", check=told(VERBOSE | UART_PL011, 0)),
    arm("--serial=ttyAMA0 where there is an 8250", "-p -c {kernel} --serial=ttyAMA0 --dry-run --dump={dir}/out",
        machine=Machine(stdout="serial@9000000", uart=b"ns16550a\0", cmdline="console=ttyS0"), stdout="idmap",
        stderr="not of this kind", check=told(VERBOSE | UART_8250, 2)),
    Case("arm64: --serial=ttyS0 on POWER", "-l -c {kernel} --serial=ttyS0", 1,
         error="--serial=ttyS0: there is no such thing on a machine of type ppc64le"),
    Case("arm64: --serial=ttyAMA0 on POWER", "-l -c {kernel} --serial=ttyAMA0", 1,
         error="--serial=ttyAMA0: there is no such thing on a machine of type ppc64le"),
    arm("--console-serial without a port", "-l -c {kernel} --console-serial", machine=Machine(stdout="nowhere"),
        stderr="names a serial console which this kernel uses; the purgatory will say nothing",
        check=loads("0xb70000 = 0")),
    *[arm(f"--{word}", f"-l -c {{kernel}} --{word}", 1,
          error=f"--{word.split('=')[0]}: there is no such thing on a machine of type aarch64")
      for word in ("serial=ttyS1", "console-vga", "noefi", "pass-memmap-cmdline")],
    arm("-a without kexec_file_load", "-a -l {kernel}", check=loads("0xb70000 = 0")),
    arm("-s without kexec_file_load", "-s -p {kernel}", 253, error="syscall kexec_file_load not available"),
    *[arm(f"{way} with kexec_file_load{what}", f"{way} --initrd={{initrd}} {{kernel}}", machine=machine, env={"KEXEC_MODEL_FILE": "0"},
          stderr="^$", check=loads(call))
      for way, machine, what, call in (("-s -l", None, "", "0x0 = 0"), ("-s -p", None, "", "0x2 = 0"), ("-a -l", None, "", "0x0 = 0"),
                                       ("-a -p", None, "", "0x2 = 0"), ("-s -p --hotplug", KEEPS, ", kept", "0x2 = 0"))],
    arm("-s unpacks a zboot", "-s -l --initrd={initrd} {kernel}", kernel=zboot(gzip.compress(KERNEL)), env={"KEXEC_MODEL_FILE": "0"},
        check=loads("0x0 = 0")),
    arm("-s -u with kexec_file_load", "-s -p -u", env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x3 = 0")),
    arm("recorded", "--record {dir}/copy", stdout="what kexec reads", check=loads_nothing),
]
