# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64 machines: recorded ones, what is planned for them and what is not."""
import filecmp
import os
import re

from bzimage import bzimage
from cases import LOAD, PLAN, json_plan, loads, put, remove, segments_of
from harness import Case, expect
from recorded import Recorded, golden
from vmlinux import elf64, kernel_text, vmlinux

MACHINES = [Recorded("q35-bios", 4096, crash=(0x2f000000, 0x10000000)),
            Recorded("q35-bios-added", 4096, crash=(0x2f000000, 0x10000000)),
            Recorded("q35-bios-kexec", 4096, crash=(0, 0)),
            Recorded("q35-uefi", 4096, crash=(0x2b000000, 0x10000000))]
# What was recorded when kexec still read it.
ONCE_READ = {"sys/kernel/boot_params/version"}


def files_of(root):
    names = {os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names}
    return sorted(names - ONCE_READ)


def is_the_same(r):
    """What was recorded on the machine is recorded of its recording."""
    roots = [os.path.join(r.dir, name) for name in ("machine", "copy")]
    names = files_of(roots[0])
    expect(names == files_of(roots[1]), set(names) ^ set(files_of(roots[1])))
    expect("proc/kcore" in names and "sys/firmware/memmap/0/type" in names, names)
    _, different, unread = filecmp.cmpfiles(*roots, names, shallow=False)
    expect(not different and not unread, f"differ: {different} {unread}")


BIOS, ADDED, KEXECED, UEFI = MACHINES
KERNEL = bzimage()
EFI_INFO, RSDP, LOADER = 0x1c0, 0x70, 0x210     # offsets in struct boot_params


def boot_params(field, size, want):
    """Bytes of the zero page as --dump writes it; @want says whether they are right."""
    def check(r):
        with open(os.path.join(r.dir, "out/boot_params.bin"), "rb") as f:
            data = f.read()
        expect(want(data[field:field + size]), data[field:field + size].hex())
    return check


def command_line(want):
    return json_plan(lambda p: expect(want(p["command_line"]), p["command_line"]))


def marks(p):
    """Of --hotplug: one segment may be rewritten, and is out of the digest."""
    s = segments_of(p)
    expect([n for n in s if s[n]["hotplug"]] == ["elfcorehdr"] == [n for n in s if not s[n]["digest"]], s)
    expect(list(p["hotplug"]) == ["elfcorehdr"], p["hotplug"])


def exact_map(p):
    """The words give RAM: all of the crash region but the elfcorehdr, which lies in none of it."""
    words = p["command_line"].split()
    core = segments_of(p)["elfcorehdr"]
    start, end = int(core["address"], 16), int(core["address"], 16) + core["memsz"]
    ram = [tuple(int(n) << 10 for n in re.findall(r"(\d+)K", w)) for w in words if w.startswith("memmap=") and "@" in w]
    high = [(at, at + size) for size, at in ram if at >= BIOS.crash[0]]
    expect(words.index("memmap=exactmap") < words.index("quiet"), words)
    expect(high == [(BIOS.crash[0], start), (end, sum(BIOS.crash))], (high, start, end))


def five_levels(where):
    path = os.path.join(where, "machine/proc/cpuinfo")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("flags\t\t:", "flags\t\t: la57"))


def retained(where):
    put("machine/proc/cmdline", b"quiet retain_initrd\n")(where)


def x86(name, argv, status=0, machine=BIOS, kernel=KERNEL, **more):
    return Case("x86_64: " + name, argv, status, machine=machine, kernel=kernel, **more)


def elf(entry, virtual=0xffffffff81000000):
    """As vmlinux of x86_64: its entry is a physical address."""
    return elf64([(0x1000000, kernel_text(1 << 20), 3 << 20)], machine=62, e_type=2, align=0x200000, entry=entry,
                 phdrs={0: dict(vaddr=virtual)})


SHOWN = "-p --dry-run --json {kernel} --append=quiet "
DUMPED = " {kernel} --dry-run --dump={dir}/out"

CASES = [case for m in MACHINES for case in (
    Case(f"{m.name}: recorded again, it is the same", "--record {dir}/copy", stdout="what kexec reads",
         machine=m, check=is_the_same),)] + [
    # --- plans ---
    *[x86(f"plan for the recorded {m.name}", PLAN, machine=m, stdout="elfcorehdr",
          check=golden(f"{m.name}.txt")) for m in (BIOS, ADDED, UEFI)],
    x86("normal plan for the recorded q35-uefi", "-l --initrd={initrd} --append=quiet {kernel} --dry-run",
        machine=UEFI, stdout="e820", check=golden("q35-uefi-normal.txt")),
    *[x86(f"load on the recorded {m.name}", LOAD, machine=m, check=loads("0x3e0005 = 0"))
      for m in (BIOS, ADDED, UEFI)],
    x86("marks of --hotplug", PLAN + " --json", machine=ADDED, stdout="hotplug", check=json_plan(marks)),
    x86("-p", "-p {kernel}", check=loads("0x3e0001 = 0")),
    x86("-l", "-l {kernel}", check=loads("0x3e0000 = 0")),
    x86("-l, an ELF kernel", "-l {kernel}", kernel=elf(0x1000000),
        check=loads("0x3e0000 = 0")),
    x86("-l on a machine that was started by kexec", "-l {kernel}", machine=KEXECED,
        check=loads("0x3e0000 = 0")),
    x86("an image may be unloaded", "-p -u", check=loads("0x1 = 0")),

    # --- the capture kernel's command line ---
    x86("acpi_no_memhotplug is added", SHOWN, stdout="quiet",
        check=command_line(lambda c: c.endswith("K acpi_no_memhotplug quiet"))),
    x86("acpi_no_memhotplug is not added twice", SHOWN.split() + ["--append=quiet acpi_no_memhotplug"], stdout="quiet",
        check=command_line(lambda c: c.endswith("K quiet acpi_no_memhotplug"))),
    x86("acpi_no_memhotplug behind -- is for init", SHOWN.split() + ["--append=quiet -- acpi_no_memhotplug"],
        stdout="quiet",
        check=command_line(lambda c: c.endswith("K acpi_no_memhotplug quiet -- acpi_no_memhotplug"))),
    x86("--acpi-memhotplug leaves it out", SHOWN + "--acpi-memhotplug", stdout="quiet",
        check=command_line(lambda c: "acpi_no_memhotplug" not in c)),
    x86("a normal kernel adds memory", "-l --dry-run --json --append=quiet {kernel}", stdout="quiet",
        check=command_line(lambda c: c == "quiet")),
    Case("acpi_no_memhotplug is not for POWER", PLAN + " --json", stdout="maxcpus",
         check=command_line(lambda c: "acpi_no_memhotplug" not in c)),
    x86("--pass-memmap-cmdline", SHOWN + "--pass-memmap-cmdline", stdout="memmap", check=json_plan(exact_map)),
    x86("command line of 2047 bytes", "-l -c {kernel} --append=" + 2047 * "a", check=loads("0x3e0000 = 0")),
    x86("command line of 2048 bytes", "-l -c {kernel} --append=" + 2048 * "a", 1,
        error="Command line overflow: 2048 bytes .* takes 2047; shorten it by 1"),
    x86("a kernel that takes less", "-l -c {kernel} --append=" + 300 * "a", 1, kernel=bzimage(cmdline_size=255),
        error="Command line overflow: 300 bytes .* takes 255"),

    # --- boot_params ---
    x86("EFI is passed on", "-l" + DUMPED, machine=UEFI, stdout="e820",
        check=boot_params(EFI_INFO, 4, lambda b: b == b"EL64")),
    x86("--noefi", "-l --noefi" + DUMPED, machine=UEFI, stdout="e820",
        check=boot_params(EFI_INFO, 32, lambda b: not any(b))),
    x86("ACPI is found without EFI", "-l --noefi" + DUMPED, machine=UEFI, stdout="e820",
        check=boot_params(RSDP, 8, any)),
    x86("who started it", "-l" + DUMPED, stdout="e820",
        check=boot_params(LOADER, 1, lambda b: b == b"\xd0")),

    # --- refused ---
    x86("nothing is reserved", "-p -c {kernel}", 1, machine=KEXECED,
        error="Memory for crashkernel is not reserved: boot with crashkernel=SIZE"),
    x86("a kernel for POWER", "-l -c {kernel}", 255, kernel=vmlinux(),
        error="kernel .*: is for ELF machine 21, this machine is 62 \\(x86_64\\)"),
    x86("a static program", "-l -c {kernel}", 255, kernel=elf(0x1000000, virtual=0x1000000),
        error="is not a Linux kernel but some other program: it is linked to run at 0x1000000"),
    x86("no code at the entry", "-l -c {kernel}", 255, kernel=elf(0x10),
        error="its entry point is in none of its segments"),
    x86("5-level paging", "-l -c {kernel}", 255, kernel=bzimage(xloadflags=3), prepare=five_levels,
        error="cannot start where 5-level paging is on, as it is here"),
    x86("5-level paging, and the kernel knows it", "-l -c {kernel}", prepare=five_levels,
        check=loads("0x3e0000 = 0")),
    x86("the kernel's addresses are not known", "-p -c {kernel}", 4, prepare=remove("proc/kcore"),
        stderr="the dump will not have the kernel's virtual addresses", check=loads("0x3e0001 = 0")),
    x86("the map is made of what the kernel has", "-l {kernel}",
        prepare=remove("sys/kernel/boot_params", "sys/firmware/memmap"), check=loads("0x3e0000 = 0"),
        stderr="what was hot-added is told to the next kernel as if it had been there at boot"),
    x86("a map that the boot loader told", "-l {kernel}", prepare=remove("sys/firmware/memmap"), stderr="",
        check=loads("0x3e0000 = 0")),
    x86("larger than the crash region", "-p -c {kernel}", 1, kernel=bzimage(init_size=0x10000001),
        error="kernel: Could not find a free area of memory of 0x10000001 bytes"),

    x86("--reuseinitrd, which is not shown", "-l -c {kernel} --reuseinitrd", 1, prepare=retained,
        error="--reuseinitrd: the running kernel does not show its initrd as a file; name one with --initrd"),

    # --- options ---
    *[x86(f"--{word}", f"-l -c {{kernel}} --{word}", check=loads("0x3e0000 = 0"))
      for word in ("console-serial", "serial=ttyS1", "serial=0x3e8", "serial-baud=57600", "console-vga", "noefi",
                   "reuse-video-type", "elf32-core-headers")],
    *[Case(f"--{word} on POWER", f"-l -c {{kernel}} --{word}", 1,
           error=f"--{word.split('=')[0]}: there is no such thing on a machine of type ppc64le")
      for word in ("serial=ttyS1", "serial-baud=9600", "console-vga", "noefi", "pass-memmap-cmdline")],
    Case("--console-serial on POWER", "-l -c {kernel} --console-serial", check=loads("0x150000 = 0")),
    *[x86(f"--{word} is refused", f"-l {{kernel}} --{word}", 1, error=why) for word, why in (
        ("reset-vga", "--reset-vga: is not supported; the next kernel finds the screen"),
        ("real-mode", "kernels are entered in 64-bit mode"), ("entry-32bit", "kernels are entered in 64-bit mode"),
        ("module=x", "for multiboot and other programs"), ("args-elf", "for multiboot and other programs"),
        ("args-none", "for multiboot and other programs"))],
    *[x86(f"--{word}", f"-l {{kernel}} --{word}", 1, error=why) for word, why in (
        ("serial=ttyS2", "Bad serial port in --serial=ttyS2"), ("serial=65536", "Bad serial port"),
        ("serial=-1", "Bad serial port"), ("serial=0", "Bad serial port"), ("serial=0x3f8x", "Bad serial port"),
        ("serial-baud=115201", "Bad speed in --serial-baud=115201"), ("serial-baud=4800", "Bad speed"),
        ("serial-baud=50000", "Bad speed"), ("serial-baud=9600x", "Bad speed"))],
    x86("-s drops what only kexec_load can do", "-s -l {kernel} --noefi", 253,
        stderr="--noefi and --pass-memmap-cmdline: the running kernel's own loader knows nothing of that"),
    Case("x86_64: addresses that cannot be seen are not recorded", "--record {dir}/copy", 1,
         error=r"proc/iomem: all addresses are 0: kexec needs to be root \(CAP_SYS_ADMIN\) to see them",
         machine=MACHINES[0], prepare=put("machine/proc/iomem", b"00000000-00000000 : System RAM\n")),
]
