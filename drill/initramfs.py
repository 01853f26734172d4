# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the kernels of a machine unpack: the first one's system, and what a drill adds to the capture kernel's."""

import os
import re
import struct
import subprocess

import cpio
from failure import Failure

HERE = os.path.dirname(os.path.abspath(__file__))

# In the capture kernel, beside whatever its initrd has; and which of busybox's commands are wanted there.
HELPER = ".kdump-drill"
HELPER_INIT = f"/{HELPER}/init"
HELPER_COMMANDS = ("base64", "cat", "dd", "grep", "md5sum", "mkdir", "mknod", "mount", "rm", "sh", "stty", "tail", "touch",
                   "unshare", "usleep")

PT_INTERP = 3
SONAME = re.compile(rb"lib[a-z0-9_+-]+\.so\.[0-9]+")


def write_initramfs(path, busybox, programs, files, scripts=None):
    """programs go to /sbin by their name, as do scripts (name: text), files (name: path) to the root."""
    with cpio.Writer(path) as archive:
        made = ["bin", "sbin", "dev", "proc", "sys", "tmp", "lib"]
        for name in files:
            made += [name[:at] for at, c in enumerate(name) if c == "/"]
        for name in dict.fromkeys(made):
            archive.directory(name)
        # Opened before init can mount /dev: its messages reach the console.
        archive.character_device("dev/console", 5, 1)
        archive.file("bin/busybox", read_file(busybox), 0o755)
        archive.file("init", script("init.sh", "/bin/busybox sh"), 0o755)
        archive.file("channel", read_file(os.path.join(HERE, "channel.sh")), 0o755)
        for program in programs:
            name = "sbin/" + os.path.basename(program)
            archive.file(name, read_file(program), 0o755)
        for name, text in (scripts or {}).items():
            archive.file(f"sbin/{name}", text.encode(), 0o755)
        for name, source in files.items():
            archive.file(name, read_file(source), 0o755 if name.startswith(("lib/", "sbin/")) else 0o644)


def write_helper(path, busybox, vmcore_dmesg, terminals, init):
    """What comes along into the capture kernel, behind its initrd; @terminals are for commands and measurements,
    @init what is started in the end."""
    with cpio.Writer(path) as archive:
        archive.directory(HELPER)
        archive.directory(f"{HELPER}/bin")
        archive.directory(f"{HELPER}/lib")
        archive.file(f"{HELPER}/bin/busybox", read_file(busybox), 0o755)
        for name in HELPER_COMMANDS:
            archive.symlink(f"{HELPER}/bin/{name}", "busybox")
        archive.file(f"{HELPER}/init", script("capture-init.sh", f"/{HELPER}/bin/sh"), 0o755)
        for name in "watch.sh", "channel.sh":
            archive.file(f"{HELPER}/{name}", read_file(os.path.join(HERE, name)))
        archive.file(f"{HELPER}/terminals", " ".join(terminals).encode() + b"\n")
        archive.file(f"{HELPER}/next", init.encode() + b"\n")
        for name, data in packed(vmcore_dmesg, "vmcore-dmesg", f"{HELPER}/lib", f"{HELPER}/bin").items():
            archive.file(name, data, 0o755)


def script(name, interpreter):
    """One of those beside, as what the kernel in a machine starts: none of them is a program here."""
    return f"#!{interpreter}\n".encode() + read_file(os.path.join(HERE, name))


def packed(program, name, libraries, programs):
    """{path in an archive: bytes} of a program of this host, with the libraries that it needs or may load; a static one
    is all it takes."""
    data = read_file(program)
    if not is_dynamic(data):
        return {f"{programs}/{name}": data}
    paths = _needed(program, set())
    for soname in sorted(set(SONAME.findall(data))):
        if (found := _cached_library(soname.decode())):
            paths |= _needed(found, {found})
    loader = next((path for path in paths if os.path.basename(path).startswith(("ld-", "ld64"))), None)
    if not loader:
        raise Failure(f"{program}: ldd does not say what it needs; take a static one, or run this where it runs")
    start = f"#!/{HELPER}/bin/sh\n" if programs.startswith(HELPER) else "#!/bin/busybox sh\n"
    start += f"exec /{libraries}/{os.path.basename(loader)} --library-path /{libraries} /{libraries}/{name} \"$@\"\n"
    contents = {f"{libraries}/{os.path.basename(path)}": read_file(path) for path in sorted(paths)}
    return contents | {f"{libraries}/{name}": data, f"{programs}/{name}": start.encode()}


def _needed(path, found):
    """With what ldd names; nothing of a program for another machine."""
    done = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return found | set(re.findall(r"(?:=> |^\s*)(/\S+) \(", done.stdout, re.M))


def _cached_library(soname):
    try:
        done = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, text=True, check=False)
    except OSError:
        return None
    found = re.search(rf"^\s*{re.escape(soname)} .*=> (/\S+)$", done.stdout, re.M)
    return found and found[1]


def elf_machine(data):
    """EM_*, or 0 of what is no ELF file."""
    if data[:4] != b"\x7fELF" or len(data) < 64:
        return 0
    return struct.unpack_from(_order(data) + "H", data, 18)[0]


def is_dynamic(data):
    """Whether an ELF file, 64-bit as all here are, asks for an interpreter."""
    if not elf_machine(data):
        return False
    offset, = struct.unpack_from(_order(data) + "Q", data, 32)
    size, count = struct.unpack_from(_order(data) + "HH", data, 54)
    return any(struct.unpack_from(_order(data) + "I", data, offset + i * size)[0] == PT_INTERP for i in range(count))


def _order(data):
    return "<" if data[5] == 1 else ">"


def read_file(path, size=-1):
    """So many bytes, or all; Failure with what to do where they cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except PermissionError:
        raise Failure(f"{path}: only root can read it; make a copy that you can read, and name that") from None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
