# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Generated x86_64 machines: snapshot directories as `kexec --record` would write them.

A Machine is a description with plain values; write() makes the files. at_random() makes one of
a kind. It knows nothing of kexec's own code, so that tests which use it check that code.
"""
import os
import struct
from dataclasses import dataclass, field

from machine import GIB, MIB, id_list, write_file

PAGE = 4096
RAM, RESERVED, ACPI, NVS, UNUSABLE, PMEM, PRAM, SOFT = 1, 2, 3, 4, 5, 7, 12, 0xefffffff
NAMES = {RAM: "System RAM", RESERVED: "Reserved", ACPI: "ACPI Tables",
         NVS: "ACPI Non-volatile Storage", UNUSABLE: "Unusable memory", PMEM: "Persistent Memory",
         PRAM: "Persistent Memory (legacy)", SOFT: "Soft Reserved"}
SETUP_E820_EXT, SETUP_RNG_SEED = 1, 9
IN_ZERO_PAGE = 128
KERNEL_MAP = 0xffffffff80000000
SHA_FLAGS = ["ssse3", "sse4_1", "sha_ni"]
FLAGS = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat sse sse2 ht syscall nx lm"


@dataclass
class Efi:
    """What /sys/firmware/efi tells, and boot_params."""
    systab: int = 0x7f5eb018
    config_table: int = 0x7f5eb098
    fw_vendor: int = 0x7f5ef018
    smbios: int = 0x7f520000
    acpi20: int = 0x7f77d014
    stride: int = 48
    # type, physical, virtual, pages, attribute
    regions: list = field(default_factory=lambda: [
        (5, 0x7f4ec000, 0xfffffffeff000000, 128, 0x800000000000000f),
        (6, 0x7f56c000, 0xfffffffefee00000, 128, 0x800000000000000f)])


@dataclass
class Machine:
    release: str = "6.12.0-generated"
    cmdline: str = "root=/dev/sda1 crashkernel=256M"
    # The map that the boot loader told: (start, end, type), [start, end)
    e820: list = field(default_factory=lambda: [
        (0, 0x9fc00, RAM), (0x9fc00, 0xa0000, RESERVED), (0xf0000, MIB, RESERVED),
        (MIB, 0x7ffe0000, RAM), (0x7ffe0000, 0x80000000, RESERVED),
        (0xb0000000, 0xc0000000, RESERVED), (0xfffc0000, 0x100000000, RESERVED),
        (0x100000000, 0x180000000, RAM)])
    memmap: bool = True                 # False: no CONFIG_FIRMWARE_MEMMAP
    dimms: list = field(default_factory=list)       # (start, end) of RAM that came after boot
    driver: list = field(default_factory=list)      # of RAM that kmem added
    nested: int = 0                     # lines of devices inside PCI buses
    crash: tuple = (0x60000000, 0x70000000)         # the upper region; None: none
    crash_low: tuple = None
    cma: list = field(default_factory=list)
    possible: int = 4
    present: int = 1
    efi: Efi = None
    rsdp: int = 0
    secure_boot: int = None             # byte of the variable; None: no efivarfs
    lockdown: str = "[none] integrity confidentiality"  # None: no securityfs
    la57: bool = False
    gbpages: bool = True
    sha: object = False                 # the SHA extensions; of three flags, the name of one that lacks
    page_offset: int = 0xffff888000000000
    text_phys: int = 0x1000000
    text: int = KERNEL_MAP + 0x1000000
    text_size: int = 0x2e00000
    kcore: bool = True
    hotplug: bool = True
    new_sysfs: bool = False
    nr_cpus: int = 8192                 # NR_CPUS_DEFAULT, in the size of the elfcorehdr
    most_ranges: int = 8192             # CRASH_MAX_MEMORY_RANGES
    noise: bytes = bytes(4096)          # of boot_params, where nothing is told
    little, page_size = True, PAGE

    # --- what memory there is ---

    def ram(self):
        """System RAM as Linux has it: without its first page."""
        mine = [(start, end) for start, end, kind in self.e820 if kind == RAM]
        return [(max(start, PAGE), end) for start, end in mine + self.dimms if end > PAGE]

    def low_ram(self):
        return [(start, min(end, MIB)) for start, end in self.ram() if start < MIB]

    def of_type(self, kind):
        """As in /proc/iomem, where the first page is reserved."""
        return [(s, e) for s, e, k in self.e820 if k == kind] + ([(0, PAGE)] if kind == RESERVED else [])

    def hint(self):
        """arch/x86/kernel/crash.c:arch_crash_get_elfcorehdr_size: without the ELF header."""
        return 56 * (2 + self.nr_cpus + self.most_ranges)

    def mem_total(self):
        return sum(e - s for s, e in self.ram()) * 63 // 64 // 1024 * 1024

    # --- files ---

    def boot_params(self):
        page = bytearray(self.noise)
        page[0x000:0x040] = bytes(range(0x40))          # screen_info
        page[0x1f1:0x200] = bytes(15)
        struct.pack_into("<H4sH", page, 0x1fe, 0xaa55, b"\xeb\x6aHd", 0x5372)
        struct.pack_into("<4sH", page, 0x202, b"HdrS", 0x20f)
        struct.pack_into("<Q", page, 0x070, self.rsdp)
        page[0x1e8] = min(len(self.e820), IN_ZERO_PAGE)
        for i, (start, end, kind) in enumerate(self.e820[:IN_ZERO_PAGE]):
            struct.pack_into("<QQI", page, 0x2d0 + 20 * i, start, end - start, kind)
        if self.efi:
            e = self.efi
            struct.pack_into("<4sIIIIIII", page, 0x1c0, b"EL64", e.systab & 0xffffffff, e.stride, 1,
                             0x7e000018, 100 * e.stride, e.systab >> 32, 0)
        return bytes(page)

    def setup_data(self):
        nodes = [(SETUP_RNG_SEED, b"")]     # used, and made empty
        more = self.e820[IN_ZERO_PAGE:]
        if more:
            nodes.append((SETUP_E820_EXT, b"".join(struct.pack("<QQI", s, e - s, k) for s, e, k in more)))
        return nodes

    def iomem(self):
        areas = [(s, e, NAMES[k]) for s, e, k in self.e820 if k != RAM]
        areas += [(0, PAGE, "Reserved")] + [(s, e, "System RAM") for s, e in self.ram()]
        areas += [(s, e, "System RAM (kmem)") for s, e in self.driver]
        areas.append((0xc0000000, 0xfec00000, "PCI Bus 0000:00"))
        regions = [r for r in (self.crash_low, self.crash) if r]
        data = self.text_phys + self.text_size // 2
        inside = sorted([(s, e, "Crash kernel") for s, e in regions] + [
            (self.text_phys, data, "Kernel code"), (data, self.text_phys + self.text_size, "Kernel data")])
        lines = []
        for start, end, name in sorted(areas):
            lines.append(f"{start:08x}-{end - 1:08x} : {name}")
            lines += [f"  {s:08x}-{e - 1:08x} : {what}" for s, e, what in inside if start <= s < end]
            if name.startswith("PCI"):
                lines += [f"  {start + i * PAGE:08x}-{start + i * PAGE + 0xfff:08x} : 0000:00:{i % 32:02x}.0"
                          for i in range(self.nested)]
        return "\n".join(lines) + "\n"

    def kcore_headers(self):
        loads = [(self.text, self.text_phys, self.text_size),
                 ((self.page_offset + (1 << 46)) % (1 << 64), (1 << 64) - 1, (1 << 45) - 1)]
        loads += [(self.page_offset + s, s, e - s) for s, e in self.ram() + self.driver]
        head = struct.pack("<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 4, 62, 1, 0, 64, 0, 0, 64,
                           56, len(loads) + 1, 0, 0, 0)
        head += struct.pack("<IIQQQQQQ", 4, 0, 64 + 56 * (len(loads) + 1), 0, 0, 0x2968, 0, 0)
        return head + b"".join(struct.pack("<IIQQQQQQ", 1, 7, (v & (1 << 47) - 1) + PAGE, v, p, n, n, PAGE)
                               for v, p, n in loads)

    def cpuinfo(self):
        sha = "".join(f" {flag}" for flag in SHA_FLAGS if self.sha and flag != self.sha)
        flags = FLAGS + sha + " pdpe1gb" * self.gbpages + " la57" * self.la57
        return "".join(f"processor\t: {i}\nvendor_id\t: GenuineIntel\nflags\t\t: {flags}\nbugs\t\t:\n\n"
                       for i in range(self.present))

    def efi_files(self):
        e, top = self.efi, "sys/firmware/efi"
        files = {f"{top}/fw_platform_size": "64\n", f"{top}/config_table": f"0x{e.config_table:x}\n",
                 f"{top}/fw_vendor": f"0x{e.fw_vendor:x}\n", f"{top}/systab":
                 f"ACPI20=0x{e.acpi20:x}\nACPI=0x{e.acpi20 - 20:x}\nSMBIOS3=0x{e.smbios + 64:x}\n"
                 f"SMBIOS=0x{e.smbios:x}\n"}
        for i, region in enumerate(e.regions):
            for name, value in zip(("type", "phys_addr", "virt_addr", "num_pages", "attribute"), region):
                files[f"{top}/runtime-map/{i}/{name}"] = f"0x{value:x}\n"
        if self.secure_boot is not None:
            files[f"{top}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"] = \
                b"\6\0\0\0" + bytes([self.secure_boot])
        return files

    def kexec_files(self):
        kexec = "sys/kernel/kexec/{}" if self.new_sysfs else "sys/kernel/{}"
        old = "" if self.new_sysfs else "kexec_"
        regions = [r for r in (self.crash, self.crash_low) if r]
        files = {kexec.format(f"{old}crash_loaded"): "0\n", kexec.format(f"{old}loaded"): "0\n",
                 kexec.format(f"{old}crash_size"): f"{sum(e - s for s, e in regions)}\n"}
        if self.cma:
            files[kexec.format(f"{old}crash_cma_ranges")] = "".join(
                f"{s:08x}-{e - 1:08x}\n" for s, e in self.cma)
        if self.hotplug:
            files.update({"sys/devices/system/cpu/crash_hotplug": "0\n",
                          "sys/devices/system/memory/crash_hotplug": "0\n",
                          kexec.format("crash_elfcorehdr_size"): f"{self.hint()}\n"})
        return files

    def cpu_files(self):
        top = "sys/devices/system/cpu"
        files = {f"{top}/possible": id_list(range(self.possible)),
                 f"{top}/present": id_list(range(self.present)), f"{top}/online": id_list(range(self.present))}
        for cpu in range(self.present):
            files[f"{top}/cpu{cpu}/crash_notes"] = f"{0x5f000000 + 0x200 * cpu:x}\n"
            files[f"{top}/cpu{cpu}/crash_notes_size"] = "400\n"
        return files

    def memmap_files(self):
        entries = self.e820 + [(s, e, RAM) for s, e in self.dimms]
        return {f"sys/firmware/memmap/{i}/{name}": value for i, (start, end, kind) in enumerate(entries)
                for name, value in (("start", f"0x{start:x}\n"), ("end", f"0x{end - 1:x}\n"),
                                    ("type", NAMES[kind] + "\n"))}

    def files(self):
        total = self.mem_total() // 1024
        files = {"kexec-snapshot": f"machine x86_64\nbyte-order little\npage-size 4096\nrelease {self.release}\n",
                 "proc/cmdline": self.cmdline + "\n", "proc/iomem": self.iomem(),
                 "proc/cpuinfo": self.cpuinfo(), "proc/meminfo": f"MemTotal:       {total:8} kB\n",
                 "sys/kernel/vmcoreinfo": "0x000000005e000000 1024\n",
                 "sys/kernel/boot_params/data": self.boot_params()}
        for i, (kind, data) in enumerate(self.setup_data()):
            files[f"sys/kernel/boot_params/setup_data/{i}/type"] = f"0x{kind:x}\n"
            files[f"sys/kernel/boot_params/setup_data/{i}/data"] = data
        files.update(self.cpu_files() | self.kexec_files())
        files.update(self.memmap_files() if self.memmap else {})
        files.update(self.efi_files() if self.efi else {})
        if self.kcore:
            files["proc/kcore"] = self.kcore_headers()
        if self.lockdown is not None:
            files["sys/kernel/security/lockdown"] = self.lockdown + "\n"
        return files

    def write(self, path):
        """Make the snapshot directory @path, which must not exist."""
        os.makedirs(path, 0o700)
        made = {path}
        for name, value in self.files().items():
            target = f"{path}/{name}"
            directory = os.path.dirname(target)
            if directory not in made:
                os.makedirs(directory, exist_ok=True)
                made.add(directory)
            write_file(target, value if isinstance(value, bytes) else value.encode())
        return path


# --- machines at random ---

KINDS = ("bios", "uefi", "numa", "iomem", "entries", "two regions", "cma")


def pages(rng, low, high):
    return rng.randrange(low // PAGE, high // PAGE + 1) * PAGE


def low_memory(rng):
    top = rng.choice((0x9fc00, 0x9f000, 0x80000, 0x58000))
    return [(0, top, RAM), (top, 0xa0000, RESERVED), (0xe0000, MIB, RESERVED)]


def firmware_holes(rng, start, end, count, kinds):
    """RAM from @start to @end with pieces of other kinds in it, none in the first 768 MiB."""
    areas, at = [], start
    cuts = sorted(pages(rng, start + 768 * MIB, end - MIB) for _ in range(count))
    for cut in cuts:
        size = pages(rng, PAGE, MIB // 4)
        if cut <= at or cut + size >= end:
            continue
        areas += [(at, cut, RAM), (cut, cut + size, rng.choice(kinds))]
        at = cut + size
    return areas + [(at, end, RAM)]


def many_holes(rng, start, count):
    """RAM and something else in turn, each of a few pages."""
    areas, at = [], start
    for i in range(count):
        size = pages(rng, PAGE, 16 * PAGE)
        areas.append((at, at + size, (RAM, RESERVED)[i % 2]))
        at += size
    return areas


def at_random(rng, kind):
    """A machine of one of KINDS: 2 GiB below the hole, more above 4 GiB."""
    low_end = pages(rng, 0x7e000000, 0xa0000000)
    kinds = (RESERVED, ACPI, NVS, UNUSABLE) if kind == "uefi" else (RESERVED, ACPI, NVS)
    e820 = low_memory(rng) + firmware_holes(rng, MIB, low_end, rng.choice((0, 3, 12)), kinds)
    e820.append((0xfed1c000, 0xfed20000, RESERVED))
    at = 4 * GIB
    for _ in range({"numa": rng.randrange(2, 9)}.get(kind, 1)):
        size = rng.randrange(8, 64) * 128 * MIB
        e820.append((at, at + size, RAM))
        at += size + (rng.randrange(0, 3) * GIB if kind == "numa" else 0)
    upper = e820[-1]
    if kind == "entries":
        e820 += many_holes(rng, at, rng.randrange(120, 1500))
    if kind == "iomem":
        e820 += many_holes(rng, at, 2900)
    if rng.random() < 0.3:
        e820.append((1 << 42, (1 << 42) + 4 * GIB, rng.choice((PMEM, PRAM, SOFT))))
    m = Machine(e820=sorted(e820), possible=rng.choice((1, 4, 64, 288)), memmap=rng.random() < 0.9)
    m.present = rng.randrange(1, m.possible + 1)
    m.nested = 10_000 if kind == "iomem" else rng.randrange(0, 8)
    m.la57, m.gbpages = rng.random() < 0.3, rng.random() < 0.7
    m.sha = rng.choice([False, True, True, *SHA_FLAGS])
    m.page_offset = (0xff11000000000000 if m.la57 else 0xffff888000000000) + rng.randrange(0, 1 << 14) * GIB
    m.text_phys = rng.randrange(8, 16) * 16 * MIB
    m.text = KERNEL_MAP + rng.randrange(1, 32) * 16 * MIB
    m.crash = (0x20000000, 0x20000000 + rng.randrange(4, 16) * 16 * MIB)
    if kind == "two regions":
        m.crash_low = m.crash
        m.crash = (upper[0] + 256 * MIB, upper[0] + 256 * MIB + rng.randrange(16, 40) * 16 * MIB)
    if kind == "cma":
        m.cma = [(upper[0] + i * 128 * MIB, upper[0] + i * 128 * MIB + 64 * MIB)
                 for i in range(rng.randrange(1, 5))]
        m.new_sysfs = rng.random() < 0.5
    if kind == "uefi":
        m.efi = Efi(stride=rng.choice((40, 48, 56)))
        m.secure_boot = rng.choice((None, 0, 1))
        m.rsdp = rng.choice((0, m.efi.acpi20))
    if rng.random() < 0.3:
        m.dimms = [(1 << 40, (1 << 40) + 256 * MIB)]
    if rng.random() < 0.2:
        m.driver = [(1 << 41, (1 << 41) + GIB)]
    return m
