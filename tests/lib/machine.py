# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Generated machines: snapshot directories as `kexec --record` would write them.

A Machine is a description with plain values; write() makes the files. It knows
nothing of kexec's own code, so that tests which use it check that code.
"""
import os
import struct
from dataclasses import dataclass, field

MIB = 1 << 20
GIB = 1 << 30

LMB_ASSIGNED, LMB_RESERVED = 0x8, 0x80


def be32(*values):
    return struct.pack(f">{len(values)}I", *values)


def be64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def text(value):
    return value.encode() + b"\0"


def write_file(path, data):
    """Thousands of these make a machine."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, data)
    os.close(fd)


class Node(dict):
    """A device tree node: str → bytes is a property, str → Node a child."""

    def write(self, path):
        os.mkdir(path)
        for name, value in self.items():
            if isinstance(value, Node):
                value.write(f"{path}/{name}")
            else:
                write_file(f"{path}/{name}", value)

    def add_names(self, base=""):
        """The kernel gives every node a `name` property."""
        self.setdefault("name", text(base))
        for name, value in list(self.items()):
            if isinstance(value, Node):
                value.add_names(name.split("@")[0])
        return self


@dataclass
class Machine:
    little: bool = True
    page_size: int = 65536
    release: str = "6.12.0-generated"
    cmdline: str = "root=/dev/sda1 crashkernel=512M"
    # memory nodes: each a list of (base, size)
    memory: list = field(default_factory=lambda: [[(0, 2 * GIB)]])
    # LMBs: size and (base, flags); version 1 or 2 of the property
    lmb_size: int = 256 * MIB
    lmbs: list = field(default_factory=list)
    lmb_version: int = 2
    crash: tuple = (512 * MIB, 512 * MIB)      # base, size; None: nothing reserved
    memory_limit: int = 2 * GIB
    reserved: list = field(default_factory=list)
    reserved_nodes: list = field(default_factory=list)  # below /reserved-memory
    reserved_kinds: list = field(default_factory=list)  # of these: "no-map", "reusable"; default ""
    rtas: tuple = (0x2fff0000, 0x10000)
    opal: tuple = None
    tce: list = field(default_factory=list)    # (base, size) of TCE tables; not on guests
    htab: tuple = None                         # hash table; not on guests
    sml: tuple = None                          # log of a TPM
    virtual_tpm: bool = True
    sml_size_bytes: int = 4
    exports: list = field(default_factory=list)  # (base, size) of what OPAL offers to read
    device_memory: list = field(default_factory=list)   # (base, size) of GPUs: no RAM by itself
    kernel_end: int = 0x3000000
    cores: int = 1                             # present
    possible_cores: int = 4
    threads: int = 1
    first_cpu: int = 0                         # hardware id of the first thread
    cpu_numbers: list = None                   # logical numbers of possible CPUs, default 0..N-1
    cpu_name: str = "PowerPC,POWER9"
    cpu_props: dict = field(default_factory=dict)
    core_props: dict = field(default_factory=dict)  # core → more properties of that one
    cpus: dict = field(default_factory=dict)   # more nodes and properties of /cpus
    hvterm: bool = True
    radix: bool = True
    pvr: int = 0x004e1202
    hwcap: tuple = None                        # AT_HWCAP, AT_HWCAP2; None: the snapshot is an older one
    hotplug: bool = True
    hotplug_ranges: int = 8192
    new_sysfs: bool = False
    guest: bool = True                         # of a hypervisor; False: bare metal
    iomem: list = None                         # (start, end) of "System RAM"; None: no such file
    meminfo: bool = True                       # False: no /proc/meminfo, as in old recordings
    chosen: dict = field(default_factory=dict)  # more properties of /chosen
    extra: dict = field(default_factory=dict)  # more nodes and properties of the root
    addr_cells: int = 2
    size_cells: int = 2

    def possible(self):
        return self.cpu_numbers or list(range(self.possible_cores * self.threads))

    def pair(self, base, size):
        def cells(value, n):
            return value.to_bytes(4 * n, "big") if value < 1 << (32 * n) else b"\xff" * 4 * n
        return cells(base, self.addr_cells) + cells(size, self.size_cells)

    def drconf(self):
        if self.lmb_version == 1:
            body = b"".join(be64(base) + be32(0x80000000 + i, 0, 0, flags)
                            for i, (base, flags) in enumerate(self.lmbs))
            return be32(len(self.lmbs)) + body
        sets = []
        for base, flags in self.lmbs:
            if sets and sets[-1][2] == flags and sets[-1][1] + sets[-1][0] * self.lmb_size == base:
                sets[-1][0] += 1
            else:
                sets.append([1, base, flags])
        return be32(len(sets)) + b"".join(be32(n) + be64(base) + be32(0x80000000, 0, flags)
                                          for n, base, flags in sets)

    def cpu_node(self, core):
        hw = self.first_cpu + core * self.threads
        props = {
            "device_type": text("cpu"),
            "reg": be32(hw),
            "ibm,ppc-interrupt-server#s": be32(*range(hw, hw + self.threads)),
            "cpu-version": be32(self.pvr),
            "ibm,pa-features": bytes(range(66)),
            "ibm,segment-page-sizes": bytes(200),
            "timebase-frequency": be32(512000000),
            "ibm,my-drc-index": be32(0x10000000 + core),
        }
        props.update(self.cpu_props)
        props.update(self.core_props.get(core, {}))
        return Node(props)

    def chosen_node(self):
        props = Node({
            "bootargs": text(self.cmdline),
            "linux,memory-limit": be64(self.memory_limit),
        })
        if self.guest:
            vec5 = bytearray(40)
            vec5[24] = 0x40 if self.radix else 0
            props["ibm,architecture-vec-5"] = bytes(vec5)
        if self.kernel_end is not None:
            props["linux,kernel-end"] = be64(self.kernel_end)
        if self.crash:
            props["linux,crashkernel-base"] = be64(self.crash[0])
            props["linux,crashkernel-size"] = be64(self.crash[1])
        if self.htab:
            props["linux,htab-base"] = be64(self.htab[0])
            props["linux,htab-size"] = be64(self.htab[1])
        props.update(self.chosen)
        return props

    def reserved_children(self):
        """(number, (base, size), kind)"""
        kinds = self.reserved_kinds + [""] * len(self.reserved_nodes)
        return [(i, area, kinds[i]) for i, area in enumerate(self.reserved_nodes)]

    def native(self, value, size):
        """A number as this machine's kernel stores it, for the few properties that are so."""
        return value.to_bytes(size, "little" if self.little else "big")

    def add_tables(self, root):
        """TCE tables and TPM log: what the kernel's first stage left in memory."""
        for i, (base, size) in enumerate(self.tce):
            root[f"pci@{0x800000020000000 + i:x}"] = Node({
                "device_type": text("pci"), "linux,tce-base": self.native(base, 8),
                "linux,tce-size": self.native(size, 4)})
        if self.sml and self.virtual_tpm:
            root.setdefault("vdevice", Node())["vtpm@30000003"] = Node({
                "compatible": text("IBM,vtpm20"), "device_type": text("IBM,vtpm20"),
                "linux,sml-base": self.native(self.sml[0], 8),
                "linux,sml-size": self.native(self.sml[1], self.sml_size_bytes)})
        elif self.sml:
            root["tpm@57"] = Node({
                "compatible": text("nuvoton,npct650"), "linux,sml-base": be64(self.sml[0]),
                "linux,sml-size": self.sml[1].to_bytes(self.sml_size_bytes, "big")})

    def tree(self):
        root = Node({
            "#address-cells": be32(self.addr_cells),
            "#size-cells": be32(self.size_cells),
            "compatible": text("qemu,pseries"),
            "device_type": text("chrp"),
            "model": text("generated"),
            "chosen": self.chosen_node(),
            "cpus": Node({"#address-cells": be32(1), "#size-cells": be32(0), **self.cpus}),
        })
        for core in range(self.cores):
            hw = self.first_cpu + core * self.threads
            root["cpus"][f"{self.cpu_name}@{hw:x}"] = self.cpu_node(core)
        for pairs in self.memory:
            root[f"memory@{pairs[0][0]:x}"] = Node({
                "device_type": text("memory"),
                "reg": b"".join(self.pair(*p) for p in pairs),
            })
        for base, size in self.device_memory:
            root[f"memory@{base:x}"] = Node({
                "device_type": text("memory"), "compatible": text("ibm,coherent-device-memory"),
                "reg": self.pair(base, size), "linux,usable-memory": self.pair(base, 0)})
        if self.lmbs:
            key = "ibm,dynamic-memory" + ("" if self.lmb_version == 1 else "-v2")
            root["ibm,dynamic-reconfiguration-memory"] = Node({
                "ibm,lmb-size": self.lmb_size.to_bytes(4 * self.size_cells, "big"),
                key: self.drconf(),
            })
        if self.reserved:
            root["reserved-ranges"] = b"".join(self.pair(*p) for p in self.reserved)
        if self.reserved_nodes:
            root["reserved-memory"] = Node({
                "#address-cells": be32(self.addr_cells), "#size-cells": be32(self.size_cells),
                "ranges": b"", **{f"firmware-{i}@{base:x}": Node({
                    "reg": self.pair(base, size), **({kind: b""} if kind else {})})
                    for i, (base, size), kind in self.reserved_children()}})
        if self.rtas:
            root["rtas"] = Node({"linux,rtas-base": be32(self.rtas[0]),
                                 "linux,rtas-entry": be32(self.rtas[0]),
                                 "rtas-size": be32(self.rtas[1])})
        if self.opal:
            root["ibm,opal"] = Node({"opal-base-address": be64(self.opal[0]),
                                     "opal-runtime-size": be64(self.opal[1]),
                                     "opal-entry-address": be64(self.opal[0] + 0x100)})
            root["ibm,opal"]["firmware"] = Node({"exports": Node({
                f"area-{i}": be64(*area) for i, area in enumerate(self.exports)})})
        if self.hvterm:
            root["chosen"]["stdout-path"] = text("/vdevice/vty@71000000")
            root["vdevice"] = Node({"vty@71000000": Node({
                "compatible": text("hvterm1"), "device_type": text("serial"),
                "reg": be32(0x71000000)})})
        self.add_tables(root)
        root.update(self.extra)
        return root.add_names()

    def mem_total(self):
        """What the kernel manages: not itself, nor the crash region; 1/64 for its tables."""
        pairs = [pair for node in self.memory for pair in node]
        pairs += [(base, self.lmb_size) for base, flags in self.lmbs
                  if flags & LMB_ASSIGNED and not flags & LMB_RESERVED]
        held = (self.kernel_end or 0) + (self.crash[1] if self.crash else 0)
        total = sum(size for _, size in pairs)
        return max(total - total // 64 - held, total // 16) // self.page_size * self.page_size

    def cpu_files(self):
        numbers = self.possible()
        present = numbers[:self.cores * self.threads]
        files = {"possible": id_list(numbers), "present": id_list(present),
                 "online": id_list(present)}
        for i, cpu in enumerate(numbers):
            files[f"cpu{cpu}/crash_notes"] = f"{0x7f000000 + 0x10000 * i:x}\n"
            files[f"cpu{cpu}/crash_notes_size"] = "568\n"
        return {"sys/devices/system/cpu/" + k: v for k, v in files.items()}

    def files(self):
        files = self.cpu_files()
        kexec = "sys/kernel/kexec/{}" if self.new_sysfs else "sys/kernel/{}"
        loaded = kexec.format("crash_loaded" if self.new_sysfs else "kexec_crash_loaded")
        files.update({
            "kexec-snapshot": "machine {}\nbyte-order {}\npage-size {}\nrelease {}\n".format(
                "ppc64le" if self.little else "ppc64", "little" if self.little else "big",
                self.page_size, self.release) + (
                "hwcap {:x} {:x}\n".format(*self.hwcap) if self.hwcap else ""),
            "proc/cmdline": self.cmdline + "\n",
            "sys/kernel/vmcoreinfo": "0x000000007e000000 1024\n",
            loaded: "0\n",
        })
        if self.iomem is not None:
            files["proc/iomem"] = "".join(f"{start:08x}-{end - 1:08x} : System RAM\n"
                                          for start, end in self.iomem)
        if self.meminfo:
            files["proc/meminfo"] = f"MemTotal:       {self.mem_total() // 1024:8} kB\n" \
                                    f"MemFree:        {self.mem_total() // 2048:8} kB\n"
        if self.hotplug:
            size = 64 + 56 * (len(self.possible()) + 1 + self.hotplug_ranges)
            files.update({
                "sys/devices/system/cpu/crash_hotplug": "0\n",
                "sys/devices/system/memory/crash_hotplug": "0\n",
                kexec.format("crash_elfcorehdr_size"): f"{size}\n",
            })
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
            write_file(target, value.encode())
        os.makedirs(os.path.join(path, "proc"), exist_ok=True)
        self.tree().write(os.path.join(path, "proc/device-tree"))
        return path


def id_list(numbers):
    """0-3,8 as sysfs prints it."""
    runs = []
    for n in numbers:
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs) + "\n"
