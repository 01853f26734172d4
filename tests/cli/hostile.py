# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Cases with a machine whose every string is hostile: nothing of it reaches a terminal.

That every output is clean the harness checks, of these cases as of all others. Here each
string that can come from a machine, a snapshot, a file or an argument holds every byte,
control characters as UTF-8, and what is nearly UTF-8.
"""
import json
import os
import re

from harness import Case, expect
from machine import Machine, Node, text

READABLE = "äж€\U0001d11e"
ALMOST = (b"\xc2", b"\xc3(", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x9d\x84", b"\xf0(\x8c\xbc",  # cut
          b"\xed\xa0\x80", b"\xed\xbf\xbf",                                             # surrogates
          b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf",     # overlong
          b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfb\xbf\xbf\xbf\xbf", b"\xfe\xff")    # too large
CONTROLS = b"".join(chr(c).encode() for c in [*range(0x80, 0xa0), 0x61c, 0x200e, 0x2028, 0x202e, 0x2066])
LOW = b"\x1b]0;a\x07\x1b[2J" + bytes(c for c in range(1, 0x80) if c not in b"/{}")
HIGH = bytes(range(0x80, 0x100))
ODD = b" ".join(ALMOST) + CONTROLS + READABLE.encode()
# Of a file's length at most, and with nothing that only a path or a format means.
NAMES = [n.replace(b"/", b"") for n in (LOW, HIGH + b"\x1b", ODD + b"\x1b")]
ALL = LOW + HIGH + ODD
WORD = ALL.replace(b"\n", b"").replace(b'"', b"")


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def rename(where, path, name):
    path = f"{where}/machine/{path}".encode()
    os.rename(path, os.path.join(os.path.dirname(path), name))


RULE = 'SUBSYSTEM=="cpu|memory", RUN+="/usr/lib/kdump-reload"\n'


def spoil(name):
    """Everything of the machine that is text is hostile; so are the names of kernel and initrd."""
    def prepare(where):
        root = f"{where}/machine"
        put(f"{root}/proc/cmdline", b"root=" + WORD + b" " + WORD + b"\n")
        with open(f"{root}/kexec-snapshot", "rb") as f:
            facts = f.read()
        put(f"{root}/kexec-snapshot", re.sub(rb"release .*", lambda m: b"release 6.12.91-" + WORD, facts))
        tree = "proc/device-tree"
        put(f"{root}/{tree}/chosen/bootargs", WORD + b"\0")
        put(f"{root}/{tree}/model", WORD + b"\0")
        os.rename(f"{root}/{tree}/a", f"{root}/{tree}/b".encode() + name)
        os.rename(f"{root}/{tree}/b".encode() + name + b"/p", f"{root}/{tree}/b".encode() + name + b"/" + name)
        rename(where, f"{tree}/reserved-memory/firmware-0@28000000", name[:200] + b"@28000000")
        rename(where, f"{tree}/cpus/PowerPC,POWER9@0", name[:200] + b"@0")
        put(f"{root}/sys/kernel/kexec_crash_loaded", b"1\n")
        put(f"{root}/sys/kernel/kexec_crash_size", b"536870912\n")
        for kind in "cpu", "memory":
            put(f"{root}/sys/devices/system/{kind}/crash_hotplug", b"1\n")
        put(f"{root}/kexec-log", b"<3>[    1.000000] crash hp: " + WORD + b"\n")
        put(f"{root}/usr/lib/udev/rules.d/".encode() + name[:240] + b".rules", RULE.encode())
        for file in "vmlinux", "initrd":
            os.link(f"{where}/{file}", f"{where}/".encode() + file[:1].encode() + name[:250])
    return prepare


def machine():
    return Machine(reserved_nodes=[(0x28000000, 0x10000)], release="6.12.91",
                   extra={"a": Node({"p": text("x")})})


def arg(data):
    return os.fsdecode(data)


def escaped(r):
    expect("\\x1b" in r.stdout + r.stderr, f"nothing hostile was shown: {r.stdout}{r.stderr}")


def readable(r):
    escaped(r)
    expect(READABLE in r.stdout, r.stdout)


def is_json(r):
    shown = json.loads(r.raw[0].decode())       # strictly UTF-8
    said = shown.get("release", shown.get("command_line"))
    expect(all(c in said for c in ("\x1b", "\x7f", "\ufffd", "\x85", "\u202e", READABLE)), ascii(said))
    expect(READABLE in r.stdout, ascii(r.stdout))       # ... and for people as it is


def modes(name):
    """(what, arguments, status, check)"""
    kernel, initrd = "{dir}/" + arg(b"v" + name[:250]), "{dir}/" + arg(b"i" + name[:250])
    load = ["-p", "--hotplug", f"--initrd={initrd}", "--reuse-cmdline", f"--append={arg(ALL)}", kernel]
    return [
        ("plan", [*load, "--dry-run"], 0, readable),
        ("plan, JSON", [*load, "--dry-run", "--json"], 0, is_json),
        ("plan, -d", [*load, "--dry-run", "-d"], 0, readable),
        ("load", load, 0, escaped),
        ("load, -d", [*load, "-d"], 0, escaped),
        ("normal plan", ["-l", "--dry-run", "-d", f"--base-cmdline={arg(ALL)}", kernel], 0, readable),
        ("readiness", ["-S", "--verbose", "-d", f"--initrd={initrd}", kernel], 1, escaped),
        ("readiness, JSON", ["-S", "--verbose", "--json"], 1, is_json),
        ("record", ["--record", "{dir}/" + arg(name)], 0, escaped),
        ("no kernel", ["-p", kernel + "x"], 1, escaped),
        ("no initrd", ["-p", f"--initrd={initrd}x", "{kernel}"], 255, escaped),
        ("no device tree", ["-p", "-c", f"--dtb={initrd}x", "{kernel}"], 1, escaped),
        ("no kernel in it", ["-p", initrd], 255, escaped),
        ("kernel that would not fit", ["-S", "--verbose", "--json", initrd], 1, lambda r: json.loads(r.raw[0])),
        ("dump that is there", [*load, "--dry-run", "--dump=" + kernel], 1, escaped),
        ("snapshot that is none", ["--sysroot", "{dir}/" + arg(name), "-S", "--verbose"], 3, escaped),
    ]


def broken(path, data=ALL):
    return lambda where: put(f"{where}/machine/{path}", data)


CASES = [Case(f"hostile strings {i}: {what}", argv, status, machine=machine(), prepare=spoil(name),
              stdout="" if check is not None else None, stderr="", check=check, usual=True)
         for i, name in enumerate(NAMES) for what, argv, status, check in modes(name)]
CASES += [Case(f"hostile argument: {what}", argv, status, stderr=re.escape("\\x1b"), stdout="")
          for what, argv, status in [
    ("option", ["--" + arg(ALL)], 1), ("short option", ["-\x1b"], 1), ("half a character", ["-\udcc2"], 1),
    ("value that is not taken", ["--hotplug=" + arg(ALL)], 1), ("address", ["-p", "--mem-min=" + arg(ALL), "{kernel}"], 1),
    ("type", ["-p", "--type=" + arg(ALL), "{kernel}"], 255), ("operand", ["-S", arg(ALL)], 1),
    ("operands", ["-p", arg(ALL), "{kernel}"], 1), ("directory", ["--sysroot=" + arg(ALL), "-p", "--dry-run", "{kernel}"], 1),
] if what != "half a character"]
CASES += [Case("hostile argument: half a character", ["-\udcc2"], 1, stderr=re.escape("'\\xc2'"))]
CASES += [Case(f"hostile {path}", argv, status, machine=Machine(new_sysfs="kexec/" in path, hotplug=True),
               prepare=broken(path, data), stderr=re.escape("\\x1b"))
          for path, argv, status, data in [
    ("sys/kernel/kexec_crash_loaded", "-S", 255, ALL),
    ("sys/kernel/kexec_crash_size", "--print-ckr-size", 1, ALL),
    ("sys/devices/system/cpu/possible", "-p --dry-run {kernel}", 1, ALL),
    ("sys/devices/system/cpu/present", "-S --verbose", 3, ALL),
    ("sys/devices/system/cpu/cpu0/crash_notes", "-p --dry-run {kernel}", 1, ALL),
    ("sys/kernel/vmcoreinfo", "-p --dry-run {kernel}", 1, ALL),
    ("sys/kernel/kexec/crash_cma_ranges", "-p --dry-run {kernel}", 1, ALL),
    ("kexec-snapshot", "-p --dry-run {kernel}", 1,
     b"machine ppc64le\nrelease 6\nbyte-order " + WORD + b"\npage-size " + WORD + b"\n"),
    ("kexec-snapshot", "-p --dry-run {kernel}", 1,
     b"machine " + WORD + b"\nrelease 6\nbyte-order little\npage-size 4096\n"),
]]
