# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The packaged kexec under qemu-user: what would it load?"""
import os
import re
import shutil
import struct
import subprocess

import checks
import plan

LIBRARIES = "usr/lib/powerpc64le-linux-gnu"
BACKUP_SIZE = 0x10000
WORDS = {"kernel": "kernel is ", "fdt": "dt_offset is ", "backup": "backup_start is ",
         "opal_base": "opal_base is ", "opal_entry": "opal_entry is ",
         "run_at_load": "run_at_load flag is ", "stack": "stack is "}


class Image(plan.Plan):
    """Like a plan, but nobody says which segment is what: their contents do."""
    words_said, kept = WORDS, ("elfcorehdr", "fdt")

    def __init__(self, dump, case, said):  # pylint: disable=super-init-not-called
        with open(os.path.join(dump, "image"), encoding="ascii") as f:
            (self.entry, self.flags), *rows = [[int(word, 16) for word in line.split()]
                                               for line in f]
        self.segments = []
        for i, (mem, memsz, bufsz) in enumerate(rows):
            with open(os.path.join(dump, str(i)), "rb") as f:
                data = bytearray(f.read())
            assert len(data) == bufsz
            name = self.role(case, mem, memsz, data)
            hot = case.hotplug and name in self.kept
            self.segments.append(plan.Segment(name, mem, memsz, data, hot, not hot))
        self.number_kernels()
        self.words = {key: int(re.search(text + "([0-9a-f]+)", said).group(1), 16)
                      for key, text in self.words_said.items() if text in said}
        self.said = said

    def role(self, case, mem, memsz, data):
        if data[:4] == checks.FDT_MAGIC:
            return "fdt"
        if data[:4] == checks.ELF_MAGIC:
            return "elfcorehdr"
        if mem <= self.entry < mem + memsz:
            return "purgatory"
        if case.initrd and bytes(data) == case.initrd_bytes():
            return "initrd"
        if memsz == BACKUP_SIZE and not any(data):
            return "backup"
        return "kernel"

    def number_kernels(self):
        for i, s in enumerate(self.kernel()):
            s.name = f"kernel-{i}" if i else "kernel"

    def regions(self):
        """What the purgatory will verify: (start, size) pairs from the first segment's on."""
        data = bytes(self.segment("purgatory").data)
        first = min((s for s in self.segments if s.name != "purgatory" and s.digest),
                    key=lambda s: s.mem)
        at = data.find(struct.pack("<QQ", first.mem, first.memsz))
        pairs = []
        while at >= 0 and at + 16 <= len(data):
            pair = struct.unpack_from("<QQ", data, at)
            if not pair[1]:
                break
            pairs.append(pair)
            at += 16
        return pairs


class Peer:
    libraries_of, image = LIBRARIES, Image

    def __init__(self, directory, interpose):
        self.libraries = os.path.join(directory, self.libraries_of)
        self.program = os.path.join(directory, "usr/sbin/kexec")
        self.interpose = os.path.abspath(interpose)
        with open(os.path.join(directory, "complete"), encoding="ascii") as f:
            self.version = f.read().strip()

    def command(self, case):
        return ["qemu-ppc64le", "-L", case.root,
                os.path.join(self.libraries, "ld64.so.2"), "--library-path", self.libraries,
                "--preload", self.interpose, self.program, "-c", *case.options(), "-d",
                case.kernel.path]

    def prepare(self, _):
        """Files that kexec does not record; what else the library is to be told."""
        return {}

    def load(self, case):
        dump = case.root + "-peer"
        shutil.rmtree(dump, ignore_errors=True)
        os.mkdir(dump)
        told = {"INTERPOSE_DUMP": dump, "INTERPOSE_PAGE_SIZE": str(case.machine.page_size)}
        told |= self.prepare(case)
        done = subprocess.run(self.command(case), env=os.environ | told, capture_output=True,
                              text=True, errors="replace", check=False)
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines()
                         if not line.startswith("sym:"))
        if done.returncode or not os.path.exists(os.path.join(dump, "image")):
            raise plan.Refused(done.returncode, said)
        return self.image(dump, case, said)
