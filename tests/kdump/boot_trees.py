# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Trees of what boot loaders read, made up; and bootctl, which says what is in them."""
import glob
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

from tap import Failure  # noqa: E402

VENDOR = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
VARIABLES = "sys/firmware/efi/efivars"
KERNEL = b"a kernel"


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def variable(*strings):
    """Attributes and UTF-16, as efivarfs has it."""
    return b"\6\0\0\0" + "".join(s + "\0" for s in strings).encode("utf-16-le")


def set_variables(root, variables):
    for name, strings in variables.items():
        strings = [strings] if isinstance(strings, str) else strings
        write(f"{root}/{VARIABLES}/{name}-{VENDOR}", variable(*strings))


def uki(release, cmdline=None, linux=KERNEL, more=()):
    """A program for UEFI whose headers bootctl believes."""
    sections = [(".text", b"stub" * 16), (".osrel", release.encode())]
    sections += [(".cmdline", cmdline.encode())] if cmdline is not None else []
    sections += [(".linux", linux), *more]
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20b, 0, 0, 0, 0, 0, 0x1000, 0x1000, 0, 0x1000, 512, 0, 0,
                           0, 0, 1, 0, 0, 0x100000, 0x400, 0, 10, 0x160, 0, 0, 0, 0, 0, 16) + bytes(128)
    at = -(-(0x40 + 24 + len(optional) + 40 * len(sections)) // 512) * 512
    table, body, virtual = b"", b"", 0x1000
    for name, data in sections:
        raw = -(-len(data) // 512) * 512
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(data), virtual, raw, at + len(body), 0, 0, 0, 0, 0x40000040)
        body += data.ljust(raw, b"\xa5")
        virtual += -(-(len(data) or 1) // 0x1000) * 0x1000
    head = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0x22e)
    return (head + optional + table).ljust(at, b"\0") + body


class Bootctl:
    """Debian's, in a cell of its own (this is another mount namespace): there it finds the variables of UEFI that the
    tree has, and not what says that this machine is a container."""

    def __init__(self, systemd, top):
        self.top, self.cell = top, f"{top}/cell"
        for name in "usr", "proc", "sys", "dev", "tmp":
            os.makedirs(f"{self.cell}/{name}")
        for name in "lib", "lib64":
            os.symlink(f"usr/{name}", f"{self.cell}/{name}")
        os.makedirs(self.cell + top)
        for arguments in (["--bind", f"{systemd}/usr", f"{self.cell}/usr"], ["-t", "proc", "none", f"{self.cell}/proc"],
                          ["-t", "tmpfs", "none", f"{self.cell}/sys"], ["--bind", top, self.cell + top]):
            subprocess.run(["mount", *arguments], check=True)
        loader = glob.glob("usr/lib/*/ld-linux-*.so.*", root_dir=systemd)[0]
        libraries = os.path.dirname(loader)
        self.command = ["chroot", self.cell, f"/{loader}", "--library-path", f"/{libraries}:/{libraries}/systemd",
                        "/usr/bin/bootctl"]
        self.knows_variables = self.listens()

    def listens(self):
        root = f"{self.top}/listens"
        for name in "a", "b":
            write(f"{root}/efi/loader/entries/{name}.conf", "linux /x\n")
        set_variables(root, {"LoaderInfo": "systemd-boot 257", "LoaderEntryOneShot": "a.conf"})
        return [e["id"] for e in self.list(root) if e["isDefault"]] == ["a.conf"]

    def list(self, root):
        env = dict(os.environ, SYSTEMD_RELAX_ESP_CHECKS="1", SYSTEMD_RELAX_XBOOTLDR_CHECKS="1", LC_ALL="C.UTF-8")
        env.pop("container", None)
        paths = [f"--esp-path={root}/efi"]
        if os.path.isdir(f"{root}/boot"):
            paths.append(f"--boot-path={root}/boot")
        firmware = f"{self.cell}/sys/firmware"
        shutil.rmtree(firmware, ignore_errors=True)
        if os.path.isdir(f"{root}/sys/firmware"):
            shutil.copytree(f"{root}/sys/firmware", firmware)
        done = subprocess.run([*self.command, *paths, "list", "--json=short"], capture_output=True, env=env)
        if done.returncode or not done.stdout.startswith(b"["):
            raise Failure(f"bootctl: {done}")
        return json.loads(done.stdout)


# --- at random ---

PIECES = ["6.1", "6.10", "6.1.0-26", "6.12~rc1", "6.12^1", "0-rescue", "debian", "Debian", "a", "b", "aa", "1", "01", "-", ".", "~",
          "^", "_", "+", "Z", "9", "10"]
# What bootctl takes for the name of an entry.
PLAIN = [piece for piece in PIECES if "~" not in piece and "^" not in piece]


def some(rng, most=4, pieces=PIECES):
    return "".join(rng.choice(pieces) for _ in range(rng.randint(1, most)))


def counters(rng):
    return rng.choice(["", "", "", "+3", "+0", "+1-2", "+0-3", "+2-0", "+03-1", "+x", "+1-", "+", "+4-5-6"])


def type1(rng):
    lines = [f"linux /{rng.choice(['vmlinuz', 'x/linux', 'y'])}"]
    if rng.random() < .6:
        lines.append(f"sort-key {rng.choice(['debian', 'fedora', 'Debian', 'a', 'a-1'])}")
    if rng.random() < .7:
        lines.append(f"version {some(rng, pieces=[*PIECES, ' ', 'é'])}x")
    if rng.random() < .5:
        lines.append(f"machine-id {rng.choice('ab') * 32}")
    if rng.random() < .8:
        lines.append(f"title {rng.choice(['Debian GNU/Linux 13 (trixie)', 'Ümlaut', 'a  b'])}")
    lines += [f"options {rng.choice(['quiet', 'root=UUID=1  ro', 'x=é'])}" for _ in range(rng.randint(0, 2))]
    lines += [f"initrd /{rng.choice(['initrd', 'ucode'])}" for _ in range(rng.randint(0, 2))]
    lines += rng.choice([[], ["# comment"], [""], ["linux"], ["initrd"], ["  "]])
    rng.shuffle(lines)
    return rng.choice(["\n", "\n", "\r\n"]).join(line.replace(" ", rng.choice([" ", "\t", "   "]), 1) for line in lines) + "\n"


def type2(rng):
    fields = {"ID": ["debian", "fedora", '"a"'], "IMAGE_ID": ["img"], "VERSION_ID": ["12", '"13"'], "VERSION": ["'13 (x)'"],
              "IMAGE_VERSION": ["7", "~8"], "BUILD_ID": ["b"], "NAME": ["Debian"], "PRETTY_NAME": ['"Debian 13"']}
    lines = [f"{name}={rng.choice(values)}" for name, values in fields.items() if rng.random() < .5]
    rng.shuffle(lines)
    return uki("\n".join(["NAME=x", *lines]) + "\n", rng.choice([None, "root=x quiet\n", "a"]))


def as_version(name):
    """What of it is compared: no other characters, and no leading zeros."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", re.sub(r"[^0-9A-Za-z~^.-]", "", name))


def random_tree(root, seed):
    """Every file that an entry names is there: what lacks one systemd-boot leaves out, and bootctl does not.

    No two entries have one name, or names that are the same version: of these nothing says which comes first.
    """
    rng = random.Random(seed)
    taken = set()
    places = [f"{root}/efi"] + ([f"{root}/boot"] if rng.random() < .5 else [])
    for place in places:
        for name in "vmlinuz", "x/linux", "y", "initrd", "ucode", "EFI/x":
            write(f"{place}/{name}", KERNEL)
        for _ in range(rng.randint(0, 6)):
            name = some(rng, pieces=PIECES if rng.random() < .1 else PLAIN).lstrip(".~") or "z"
            if as_version(name) in taken:
                continue
            taken.add(as_version(name))
            write(f"{place}/loader/entries/{name}{counters(rng)}.conf", type1(rng))
        for _ in range(rng.choice([0, 0, 1, 2])):
            name = f"{rng.choice('abc')}{rng.randint(1, 9)}"
            if name not in taken:
                write(f"{place}/EFI/Linux/{name}{counters(rng)}.efi", type2(rng))
            taken.add(name)
    ids = sorted(os.path.basename(p) for p in glob.glob(f"{root}/*/loader/entries/*") + glob.glob(f"{root}/*/EFI/Linux/*"))
    patterns = ["*", "a*", "*.efi", "*[0-9].conf", "debian*", "DEBIAN*", "?.conf", "none", *ids]
    if rng.random() < .5:
        write(f"{root}/efi/loader/loader.conf", f"timeout 3\n#default *\ndefault {rng.choice(patterns)}\n")
    if rng.random() < .4:
        # Of an entry without boots left to try bootctl takes no notice here, and systemd-boot does.
        names = ["LoaderEntryOneShot", "LoaderEntryDefault"] + ["LoaderEntryPreferred"] * (not any("+0" in i for i in ids))
        names = rng.sample(names, rng.randint(0, len(names)))
        set_variables(root, {"LoaderInfo": "systemd-boot 257", **{n: rng.choice(patterns) for n in names}})
