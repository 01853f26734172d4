# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Cases with kernels for x86 and for UEFI, as far as any machine can show them."""
import gzip
import lzma
import os

from bzimage import bzimage, pe, uki, zboot
from cases import KERNEL, expect, json_plan, loads, loads_nothing, segments_of
from harness import Case
from hostile import WORD
from vmlinux import uimage

INITRD, UCODE = b"initrd" * 1001, b"microcode"
NOTICE = "a unified kernel image: nothing is measured into the TPM"
UKI = uki(KERNEL, INITRD, b"root=/dev/uki quiet\n", UCODE)


def plan_of(initrd=None, command_line=None):
    """The plan as JSON has this many bytes of initrd, and this in its command line."""
    def check(p):
        got = segments_of(p).get("initrd")
        expect(initrd is None and not got or got and int(got["bufsz"]) == initrd, p["segments"])
        expect(command_line in p["command_line"] + " ", p["command_line"])
    return json_plan(check)


def bytes_of_initrd(want):
    def check(r):
        with open(os.path.join(r.dir, "out/initrd.bin"), "rb") as f:
            data = f.read()
        expect(data[:len(want)] == want and not any(data[len(want):]), data[:100])
    return check


def file_of(r, name):
    with open(os.path.join(r.dir, name), "rb") as f:
        return f.read()


ODD = b"1234567"


def more(where):
    for name, data in ("odd", ODD), ("wrapped", uimage(b"wrapped", kind=3)), ("damaged", uimage(b"wrapped", kind=3)[:-1] + b"x"):
        with open(os.path.join(where, name), "wb") as f:
            f.write(data)


JOIN = "-l --dry-run --json --dump {dir}/out "
JOINED = "--initrd was given more than once; the files are joined"
INSIDE = UCODE + bytes(-len(UCODE) % 4) + INITRD

CASES = [
    # --- bzImage: of x86, so refused here with the reason ---
    Case("bzImage on POWER", "-l {kernel}", 255, kernel=bzimage(),
         error="kernel .*: is for ELF machine 62, this machine is 21"),
    Case("bzImage on POWER, gzip", "-l {kernel}", 255, kernel=gzip.compress(bzimage()),
         error="kernel .*: is for ELF machine 62, this machine is 21"),
    *[Case(f"bzImage: {what}", "-c -l {kernel}", status, kernel=data, error=why) for what, data, status, why in (
        ("too old", bzimage(version=0x20b), 255, "bzImage: has version 2.11 of the boot protocol"),
        ("32-bit", bzimage(xloadflags=0), 255, "bzImage: is a 32-bit kernel"),
        ("zImage", bzimage(loadflags=0), 255, "bzImage: is to be loaded below 1 MiB"),
        ("header too short", bzimage(jump_length=3), 1, "bzImage: its header ends at 0x205"),
        ("alignment", bzimage(kernel_alignment=3), 1, "bzImage: alignment 0x3 is not a power of two"),
        ("cut", bzimage()[:-1], 1, "bzImage: truncated, 35327 bytes of 35328"),
        ("no code", bzimage(b""), 1, "bzImage: has no code at its 64-bit entry"),
        ("little memory", bzimage(init_size=0x7fff), 1, "bzImage: wants 0x7fff bytes of memory for 0x8000"),
        ("far away", bzimage(pref_address=(1 << 64) - 1), 1, "bzImage: load address 0xf+ is beyond all memory"))],
    *[Case(f"--type {word}", "-l --type " + word + " {kernel}", 255, error=f"Unsupported kernel type {word}: {why}")
      for word, why in (("multiboot-x86", "kexec loads Linux"), ("multiboot2-x86", "kexec loads Linux"),
                        ("elf-x86", "kexec loads 64-bit kernels"), ("nbi-x86", "nothing has made such files"))],
    Case("--type unknown", "-l --type vax {kernel}", 255, error="Unsupported kernel type vax; on this machine there"
         " are elf-ppc64, bzImage, Image, uki, zboot, zImage, uImage"),
    Case("--type bzImage64 is bzImage", "-l --type bzImage64 {kernel}", 255,
         error="Wrong file type bzImage64, file matches type elf-ppc64"),

    # --- unified kernel images ---
    Case("UKI", "-c -l {kernel}", kernel=UKI, stderr=NOTICE, check=loads("0x150000 = 0")),
    Case("UKI: initrd and command line", "-l --dry-run --json --dump {dir}/out {kernel}", kernel=UKI, stdout="{",
         stderr=NOTICE, check=lambda r: (plan_of(len(INSIDE), "root=/dev/uki quiet ")(r), bytes_of_initrd(INSIDE)(r))),
    Case("UKI: the user's own", "-l --dry-run --json --command-line=mine --initrd {initrd} {kernel}", kernel=UKI,
         stdout="{", stderr=NOTICE, check=plan_of(30000, "mine ")),
    Case("UKI: the user's command line is empty", ["-l", "--dry-run", "--json", "--command-line=", "--dt-no-old-root",
                                                   "{kernel}"], kernel=UKI, stdout="{", stderr=NOTICE,
         check=json_plan(lambda p: expect("uki" not in p["command_line"], p["command_line"]))),
    Case("UKI: --reuse-cmdline", "-l --dry-run --json --reuse-cmdline {kernel}", kernel=UKI, stdout="{", stderr=NOTICE,
         check=json_plan(lambda p: expect("/dev/uki" not in p["command_line"], p["command_line"]))),
    Case("UKI: the base profile only", "-l --dry-run --json {kernel}", stdout="{", stderr=NOTICE,
         kernel=uki(KERNEL, INITRD, b"base", more=[(".profile", b"ID=x"), (".cmdline", b"other"), (".initrd", b"o"),
                                                   (".linux", b"no kernel")]),
         check=plan_of(len(INITRD), "base ")),
    Case("UKI: zboot inside", "-p --type uki {kernel}", kernel=uki(zboot(gzip.compress(KERNEL))), stderr=NOTICE,
         check=loads("0x150001 = 0")),
    Case("UKI: compressed", "-p --type uki {kernel}", kernel=gzip.compress(uki(lzma.compress(KERNEL), INITRD)),
         stderr=NOTICE, check=loads("0x150001 = 0")),
    Case("UKI: -s", "-s -p {kernel}", kernel=UKI, env={"KEXEC_MODEL_FILE": "0"}, stderr=NOTICE, check=loads("0x2 = 0")),
    Case("UKI: hostile command line", "-l --dry-run {kernel}", kernel=uki(KERNEL, INITRD, WORD), stdout="command line",
         stderr=NOTICE),
    *[Case(f"UKI: {what}", "-c -l {kernel}", status, kernel=data, error=why) for what, data, status, why in (
        ("no kernel", uki(b""), 1, "uki: there is no kernel inside"),
        ("cut", UKI[:-1], 1, "uki: section 5 ends at 0x.* beyond the file"),
        ("two initrds", uki(KERNEL, INITRD, more=[(".initrd", b"x")]), 1, "uki: has more than one section .initrd"),
        ("not a kernel", uki(b"text" * 100), 255, "Cannot determine the file type"),
        ("PE without a kernel", pe([(".text", b"x")]), 255, "Cannot determine the file type"),
        ("in itself", uki(uki(uki(uki(uki(KERNEL))))), 1, "is packed 4 times or more"))],

    Case("UKI: a bzImage, on POWER", "-c -l {kernel}", 255, kernel=uki(bzimage()), stderr="is for ELF machine 62",
         check=loads_nothing),

    # --- several initrds ---
    Case("two initrds", JOIN + "--initrd={dir}/odd --ramdisk {initrd} {kernel}", stdout="{", stderr=JOINED, prepare=more,
         check=lambda r: bytes_of_initrd(ODD + b"\0" + file_of(r, "initrd"))(r)),
    Case("three initrds, one in U-Boot's wrapping", JOIN + "--initrd={dir}/odd --initrd={dir}/wrapped --initrd={dir}/odd"
         " {kernel}", stdout="{", stderr=JOINED, prepare=more, check=bytes_of_initrd(ODD + b"\0wrapped\0" + ODD)),
    Case("their names are shown", "-l --dry-run --initrd={dir}/odd --initrd={initrd} {kernel}", stdout="odd \\+ /.*/initrd",
         stderr=JOINED, prepare=more),
    Case("an empty name drops them", "-l --dry-run --initrd={initrd} --initrd={dir}/odd --initrd= {kernel}", prepare=more,
         stdout=r"(?s)\A((?!  initrd ).)*\Z"),
    Case("and another begins anew", JOIN + "--initrd={initrd} --initrd= --initrd={dir}/odd {kernel}", prepare=more,
         stdout="{", check=bytes_of_initrd(ODD)),
    *[Case(f"two initrds: {what}", f"{how} --initrd={{dir}}/odd --initrd={{initrd}} {{kernel}}", prepare=more,
           env={"KEXEC_MODEL_FILE": "0"}, stderr=JOINED, check=loads(flags)) for what, how, flags in (
        ("-c", "-c -p", "0x150001 = 0"), ("-s", "-s -p", "0x2 = 0"), ("-s, a normal kernel", "-s -l", "0x0 = 0"))],
    *[Case(f"two initrds: {what}", f"{how} --initrd={{initrd}} --initrd={{dir}}/{name} {{kernel}}", 255, prepare=more,
           stderr=f"{JOINED}(.|\n)*{why}", check=loads_nothing) for what, name, why in (
        ("the second is a kernel", "vmlinux", "Could not open initrd file: .*begins like an ELF file"),
        ("the second is not there", "none", "Could not open initrd file: Cannot open"),
        ("the second is damaged", "damaged", "Could not open initrd file: .*its CRC is wrong")) for how in ("-c -l", "-s -p")],
    Case("two initrds in place of a UKI's", JOIN + "--initrd={dir}/odd --initrd={dir}/odd {kernel}", kernel=UKI, prepare=more,
         stdout="{", stderr=NOTICE, check=bytes_of_initrd(ODD + b"\0" + ODD)),

    # --- EFI zboot ---
    *[Case(f"zboot: {what}", "-p --type " + word + " {kernel}", kernel=data, check=loads("0x150001 = 0"))
      for what, word, data in (("gzip", "zboot", zboot(gzip.compress(KERNEL))),
                               ("xz, as kexec-tools calls it", "vmlinuz", zboot(lzma.compress(KERNEL), b"xzkern")),
                               ("lzma", "zboot", zboot(lzma.compress(KERNEL, format=lzma.FORMAT_ALONE), b"lzma")))],
    *[Case(f"zboot: {what}", "-c -l {kernel}", status, kernel=data, error=why) for what, data, status, why in (
        ("lzo", zboot(b"x" * 99, b"lzo"), 1, 'zboot: is compressed with "lzo", which kexec does not decompress'),
        ("damaged name", zboot(b"x" * 99, b"gz\x1b[2J"), 1, "zboot: the name of its compression is damaged"),
        ("cut", zboot(gzip.compress(KERNEL))[:1000], 1, "zboot: the kernel inside ends beyond the file"),
        ("damaged inside", zboot(gzip.compress(KERNEL)[:-9]), 1, "gzip data: "))],
]
