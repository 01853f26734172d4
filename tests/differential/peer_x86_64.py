# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The packaged kexec for amd64, on another machine's files: what would it load?"""
import os
import struct

import checks
import peer

NT_TASKSTRUCT, KCORE_NOTES = 4, 0x2968


class Image(peer.Image):
    words_said, kept = {}, ("elfcorehdr",)

    def role(self, case, mem, memsz, data):
        if data[:4] == checks.ELF_MAGIC:
            return "elfcorehdr"
        if mem <= self.entry < mem + memsz:
            return "purgatory"
        if data[0x202:0x206] == b"HdrS":
            return "boot_params"
        if case.initrd and bytes(data) == case.initrd_bytes():
            return "initrd"
        if any(len(data) > 0x1000 and bytes(data[0x400:0x1000]) in piece
               for _, piece, _ in case.kernel.pieces):
            return "kernel"
        return "backup" if len(data) > 0x10000 and not any(data) else "setup_data"


    def number_kernels(self):
        for i, s in enumerate(self.kernel()):
            s.name = f"kernel-{i + 1}" if i else "kernel"


class Peer(peer.Peer):
    libraries_of, image = "usr/lib/x86_64-linux-gnu", Image

    def command(self, case):
        return [os.path.join(self.libraries, "ld-linux-x86-64.so.2"), "--library-path", self.libraries,
                "--preload", self.interpose, self.program, "-c", *case.options(), "-d", case.kernel.path]

    def prepare(self, case):
        m = case.machine
        if m.kcore:
            note = struct.pack("<III8s", 5, KCORE_NOTES - 20, NT_TASKSTRUCT, b"CORE\0")
            with open(case.root + "/proc/kcore", "ab") as f:
                f.write(note.ljust(KCORE_NOTES, b"\0"))
        with open(case.root + "/proc/kallsyms", "w", encoding="ascii") as f:
            f.write(f"{m.text:x} T _text\n{m.text:x} T _stext\n")
        if m.efi:
            with open(case.root + "/sys/firmware/efi/runtime", "w", encoding="ascii") as f:
                f.write(f"{m.efi.systab + 0x100:#x}\n")
        return {"INTERPOSE_ROOT": case.root, "INTERPOSE_RELEASE": m.release,
                "INTERPOSE_CPUS": str(m.present)}
