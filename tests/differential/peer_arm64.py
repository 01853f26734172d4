# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The packaged kexec for arm64 under qemu-user, on another machine's files: what would it load?"""
import os

import checks
import peer
from machine import Node, write_file


class Image(peer.Image):
    words_said, kept = {}, ("elfcorehdr",)

    def role(self, case, mem, memsz, data):
        if data[:4] == checks.FDT_MAGIC:
            return "fdt"
        if data[:4] == checks.ELF_MAGIC:
            return "elfcorehdr"
        if mem <= self.entry < mem + memsz:
            return "purgatory"
        if case.initrd and bytes(data) == case.initrd_bytes():
            return "initrd"
        return "kernel"


class Peer(peer.Peer):
    libraries_of, image = "usr/lib/aarch64-linux-gnu", Image

    def command(self, case):
        return ["qemu-aarch64", os.path.join(self.libraries, "ld-linux-aarch64.so.1"), "--library-path",
                self.libraries, "--preload", self.interpose, self.program, "-c", *case.options(), "-d",
                case.kernel.path]

    def prepare(self, case):
        """What it reads and ours does not; of a tree it has the directory alone, if nothing else."""
        m = case.machine
        files = {"proc/kallsyms": f"{m.text:x} T _text\n{m.text:x} T _stext\n", "proc/version":
                 f"Linux version {m.release} (generated)\n"}
        for name, text in files.items():
            os.makedirs(os.path.dirname(f"{case.root}/{name}"), exist_ok=True)
            write_file(f"{case.root}/{name}", text.encode())
        if not os.path.exists(f"{case.root}/proc/device-tree"):
            m.write_node(f"{case.root}/proc/device-tree", Node(m.tree()))
        return {"INTERPOSE_ROOT": case.root, "INTERPOSE_RELEASE": m.release, "INTERPOSE_CPUS": str(m.present)}
