# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The table: what a user types, on which machine, and what must happen."""
import gzip
import json
import lzma
import os
import re
import shutil
import struct
import subprocess

from harness import Case, expect
from machine import GIB, MIB, Machine, Node, be32, be64, text
from recorded import Recorded, golden
from vmlinux import elf64, kernel_text, uimage, vmlinux, zimage

LOAD = "-p --hotplug --dt-no-old-root --initrd={initrd} --command-line=maxcpus=1 {kernel}"
PLAN = LOAD + " --dry-run"


# --- checks ---

def loads(*flags):
    """Exactly these successful calls happened, by their flags."""
    def check(r):
        expect([c.split("flags=")[1] for c in r.calls()] == list(flags), f"calls: {r.calls()}")
    return check


def loads_nothing(r):
    expect(not r.calls(), f"calls: {r.calls()}")


def state(loaded, hotplug):
    def check(r):
        got = (r.read("machine/sys/kernel/kexec_crash_loaded"),
               r.read("machine/sys/devices/system/cpu/crash_hotplug"))
        expect(got == (f"{loaded}\n", f"{hotplug}\n"), f"loaded, crash_hotplug: {got}")
    return check


def all_of(*checks):
    def check(r):
        for c in checks:
            c(r)
    return check


def json_plan(test):
    def check(r):
        plan = json.loads(r.stdout)
        expect(plan["version"] == 1, "version")
        test(plan)
    return check


def segments_of(plan):
    return {s["name"]: s for s in plan["segments"]}


def check_hotplug_plan(plan):
    s = segments_of(plan)
    expect(list(s) == ["kernel", "purgatory", "backup", "elfcorehdr", "initrd", "fdt", "sealed"], list(s))
    expect([n for n in s if not s[n]["digest"]] == ["elfcorehdr", "fdt"], "digest marks")
    expect([n for n in s if s[n]["hotplug"]] == ["elfcorehdr", "fdt"], "hotplug marks")
    expect(plan["entry"] == s["purgatory"]["address"], "entry")
    expect(plan["flags"] == "0x150009", plan["flags"])
    expect(plan["hotplug"]["fdt"]["possible"] == 4 and plan["hotplug"]["fdt"]["now"] == 1, "cores")
    expect(plan["hotplug"]["fdt"]["bytes_free"] >= plan["hotplug"]["fdt"]["bytes_needed"], "room")


# Each look at the clock moves it by a second.
SLOW = {"KEXEC_MODEL_CLOCK": "1000"}
# What a terminal gets, with @ for the carriage returns; stdout is a pipe.
ON_A_TERMINAL = ("script -qec '{argv} {argv_of_it} >{dir}/out' /dev/null </dev/null | tr '\\r' @")
STEPS = ["surveying", "reading the kernel", "reading the initrd", "planning", "hashing", "proving"]


def check_steps(plan):
    """In the order in which they begin, with as many bytes as there are, and how long each took."""
    steps = {step["name"]: step for step in plan["steps"]}
    expect(list(steps) == STEPS, list(steps))
    digest = sum(s["bufsz"] for s in plan["segments"] if s["digest"])
    hashed = steps["hashing"]["bytes"]
    # All but the digest itself, and a few words beside it.
    expect(digest - 4096 < hashed < digest, f"{hashed} bytes are hashed of {digest}")
    expect(steps["reading the initrd"]["bytes"] == segments_of(plan)["initrd"]["bufsz"], "the initrd")
    expect([steps[name]["bytes"] for name in ("surveying", "planning", "proving")] == [0, 0, 0], "bytes of nothing")
    expect(all(step["microseconds"] % 1000000 == 0 and step["microseconds"] > 0 for step in plan["steps"]), "times")


def check_decoded(plan):
    steps = {step["name"]: step["bytes"] for step in plan["steps"]}
    expect(steps["decoding"] == len(KERNEL) and 0 < steps["reading the kernel"] < len(KERNEL), steps)


def on_a_terminal(argv):
    return ON_A_TERMINAL.replace("{argv_of_it}", argv)


MAP_LETTERS = {"kernel": "K", "purgatory": "P", "backup": "B", "elfcorehdr": "E", "initrd": "I", "fdt": "D",
               "boot-params": "D", "sealed": "S"}


def check_map(r):
    """Each character is what --json has there: of several segments the smallest, of none what may not be used, or a dot."""
    plan = json.loads(r.read("plan.json"))
    parts = [(int(s["address"], 0), int(s["address"], 0) + s["memsz"],
              MAP_LETTERS[s["name"]].lower() if s["hotplug"] else MAP_LETTERS[s["name"]]) for s in plan["segments"]]
    region = plan["ranges"]["crash_region"][0] if plan["image"] == "crash" else {
        "start": hex(min(p[0] for p in parts)), "end": hex(max(p[1] for p in parts))}
    start, end = int(region["start"], 0), int(region["end"], 0)
    page = plan["machine"]["page_size"]
    cell = -(-(end - start) // 1024 // page) * page or page
    rows = re.findall(r"^  (0x[0-9a-f]{12})  ([KPBEIDMSed.#]{1,64})$", r.stdout, re.M)
    got = {int(at, 16) + i * cell: c for at, row in rows for i, c in enumerate(row)}
    expect(list(got) == list(range(start, end, cell)), f"{len(got)} characters, of {-(-(end - start) // cell)}")
    for at, c in got.items():
        here = [p for p in parts if p[0] < min(at + cell, end) and p[1] > at]
        want = (min(here, key=lambda p: p[1] - p[0])[2] if here else
                "#" if overlaps(plan["ranges"]["avoid"], at, min(at + cell, end)) else ".")
        expect(c == want, f"{at:#x}: {c}, not {want}")
    for first, last, c in parts:
        expect(re.search(rf"^  {c}  \S+ +0x{first:012x}-0x{last:012x}  .*$", r.stdout, re.M), f"no line of {first:#x}")
    taken = {page_at for p in plan["ranges"]["avoid"] for page_at in range(max(int(p["start"], 0), start) // page,
                                                                       -(-min(int(p["end"], 0), end) // page))}
    free = (end - start) // page - sum((last - first) // page for first, last, _ in parts) - len(taken)
    expect(f".  free: {human(free * page)}" in r.stdout, f"not {human(free * page)} free")
    more = plan["ranges"]["crash_region"][1:] if plan["image"] == "crash" else []
    got = re.findall(r"^  \+  elsewhere +(0x[0-9a-f]+)-(0x[0-9a-f]+) +(.*?)  ", r.stdout, re.M)
    want = [(f"{int(x['start'], 0):#014x}", f"{int(x['end'], 0):#014x}", human(int(x["end"], 0) - int(x["start"], 0))) for x in more]
    expect(got == want, f"other regions: {got}, not {want}")


def human(size):
    """As kexec writes sizes."""
    unit = 0
    while size and size % 1024 == 0:
        size, unit = size // 1024, unit + 1
    while size >= 100 * 1024:
        size, unit = size // 1024, unit + 1
    return f"{size} {['B', 'KiB', 'MiB', 'GiB'][unit]}"


def check_normal_plan(plan):
    s = segments_of(plan)
    expect(list(s) == ["kernel", "purgatory", "initrd", "fdt"], list(s))
    expect(plan["flags"] == "0x150000" and "hotplug" not in plan, plan["flags"])
    floor = max(0x3000000, s["kernel"]["memsz"])
    expect(all(int(x["address"], 0) >= floor for x in plan["segments"]), plan["segments"])
    expect("elfcorehdr" not in plan["command_line"], plan["command_line"])


def check_plain_plan(plan):
    expect(all(s["digest"] and not s["hotplug"] for s in plan["segments"]), "marks")
    expect(plan["flags"] == "0x150001" and "hotplug" not in plan, "flags")


def overlaps(ranges, start, end):
    return any(int(r["start"], 0) < end and start < int(r["end"], 0) for r in ranges)


DRIVER_LINES = "  100000000-13fffffff : System RAM (kmem)", "100000000-13fffffff : System RAM (virtio_mem)", \
    "    100000000-13fffffff : System RAM (some driver)", "  100000000-13fffffff : System RAM"


def driver_memory(line):
    """Below a line of the driver's, or by itself."""
    above = "100000000-13fffffff : Persistent Memory\n" if line.startswith(" ") else ""
    return put("machine/proc/iomem", f"00000000-7fffffff : System RAM\n{above}{line}\n".encode())


def check_cma(plan):
    """0x10000000-0x20000000 and 0x60000000-0x70000000: to be used, not dumped, not reserved."""
    r = plan["ranges"]
    for start in (0x10000000, 0x60000000):
        expect(overlaps(r["usable"], start, start + 1) and overlaps(r["usable"], start + (256 * MIB) - 1,
                                                                  start + 256 * MIB), r["usable"])
        expect(not overlaps(r["dump"], start, start + 256 * MIB), r["dump"])
        expect(not overlaps(r["reserve"], start, start + 256 * MIB), r["reserve"])
    expect(overlaps(r["reserve"], 0xffff000, 0x10000000) and overlaps(r["dump"], 0xffff000, 0x10000000), r)
    expect(len(r["crash_region"]) == 3, r["crash_region"])
    expect(all(0x20000000 <= int(s["address"], 0) < 0x40000000 for s in plan["segments"]), plan["segments"])


# The kernel manages about 590 MiB of it.
HALF = Machine(memory=[[(0, 1280 * MIB)]], crash=(512 * MIB, 640 * MIB))
RECORDED = [Recorded("pseries-64k", 65536), Recorded("pseries-4k-8cpu", 4096)]


# --- preparations ---

def remove(*names):
    def prepare(where):
        for name in names:
            path = os.path.join(where, "machine", name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    return prepare


def put(name, data):
    def prepare(where):
        path = os.path.join(where, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
    return prepare


def instead_of_kernel(make):
    def prepare(where):
        path = os.path.join(where, "vmlinux")
        os.unlink(path)
        make(path)
    return prepare


# --- readiness: what -S --verbose finds, as files of the machine ---

FILE_LOAD = {"KEXEC_MODEL_FILE": "0"}
READINESS = {
    "loaded": "sys/kernel/kexec_crash_loaded", "new_loaded": "sys/kernel/kexec/crash_loaded", "size": "sys/kernel/kexec_crash_size",
    "cpu": "sys/devices/system/cpu/crash_hotplug", "memory": "sys/devices/system/memory/crash_hotplug",
    "fadump": "sys/kernel/fadump/enabled", "registered": "sys/kernel/fadump/registered",
    "ready": "sys/kernel/fadump/hotplug_ready", "old_registered": "sys/kernel/fadump_registered",
    "rules": "usr/lib/udev/rules.d/98-kexec.rules", "etc_rules": "etc/udev/rules.d/98-kexec.rules",
    "lockdown": "sys/kernel/security/lockdown",
    "secure_boot": "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "run_rules": "run/udev/rules.d/70-other.rules", "cma": "sys/kernel/kexec/crash_cma_ranges",
}

RELOAD = """SUBSYSTEM!="cpu|memory", GOTO="end"
{gate}
RUN+="/usr/lib/kdump/reload"
LABEL="end"
"""
UNGATED = RELOAD.format(gate="# none")
GATED = RELOAD.format(gate='ATTRS{crash_hotplug}=="1", GOTO="end"')
CPU_ONLY = UNGATED.replace("cpu|memory", "cpu")


def facts(**values):
    """Of a machine that is ready, but for these. None: there is no such file."""
    def prepare(where):
        for name, value in {"loaded": 1, "size": 512 * MIB, "cpu": 1, "memory": 1, **values}.items():
            path = os.path.join(where, "machine", READINESS[name])
            if value is None:
                os.path.exists(path) and os.unlink(path)
            elif isinstance(value, str):
                put("machine/" + READINESS[name], value.encode())(where)
            else:
                put("machine/" + READINESS[name], b"%d\n" % value)(where)
    return prepare


def readiness(verdict, status, test=lambda j: None):
    def check(r):
        j = json.loads(r.stdout)
        expect((j["version"], j["verdict"], j["status"]) == (1, verdict, status), j)
        expect(bool(j["warnings"]) <= (status != 0), j)
        test(j)
    return check


def says(key, value):
    return lambda j: expect(j[key] == value, j)


def rule(j):
    return [(u["file"], u["line"], u["subsystem"], u["gated"]) for u in j["udev"]]


def has_rules(*wanted):
    return lambda j: expect(rule(j) == list(wanted), rule(j))


RULES = READINESS["rules"]
GATED_RULES = [(f"/{RULES}", 3, "cpu", True), (f"/{RULES}", 3, "memory", True)]
NOT_KEPT = {"cpu": 0, "memory": 0}
OLD_COMPLAINT = b"<6>[    3.000000] crash hp: kexec_trylock() failed, kdump image may be inaccurate\n"
OLD = Machine(release="6.12.40")
HIGH = {"memory": [[(0, 4 * GIB)]], "crash": (1536 * MIB, 512 * MIB)}

# name, status, first line, facts, verdict, check of the JSON, machine
READINESS_CASES = [
    ("kept current", 0, "OK: armed; the kernel keeps it current", {}, "kept-current",
     says("loaded_with", "kexec_file_load, or kexec_load with --hotplug"), Machine()),
    ("new place", 0, "OK: armed; the kernel keeps", {"loaded": None, "new_loaded": 1}, "kept-current",
     says("loaded", True), Machine(new_sysfs=True)),
    ("memory hotplug only", 0, "OK: armed; the kernel keeps", {"cpu": None}, "kept-current",
     says("crash_hotplug", {"cpu": None, "memory": True}), Machine()),
    ("not kept current", 1, "WARNING: armed, but stale once CPUs or memory change", NOT_KEPT,
     "stale-after-hotplug", says("loaded_with", "kexec_load without --hotplug"), Machine()),
    ("a kernel that cannot", 1, "WARNING: armed, but stale", {"cpu": None, "memory": None},
     "stale-after-hotplug", says("loaded_with", "unknown"), Machine(hotplug=False)),
    ("rules reload", 0, "OK: armed; udev rules reload it", {**NOT_KEPT, "rules": GATED},
     "reloaded-by-udev", has_rules(*GATED_RULES), Machine()),
    ("rules reload for CPUs only", 1, "WARNING: armed, but stale", {**NOT_KEPT, "rules": CPU_ONLY},
     "stale-after-hotplug", has_rules((f"/{RULES}", 3, "cpu", False)), Machine()),
    ("rules for CPUs that are added", 1, "WARNING: armed, but stale",
     {**NOT_KEPT, "rules": UNGATED.replace('RUN', 'SUBSYSTEM=="cpu", ACTION!="add", GOTO="end"\nRUN')},
     "stale-after-hotplug", has_rules((f"/{RULES}", 4, "cpu", False), (f"/{RULES}", 4, "memory", False)),
     Machine()),
    ("rules for another architecture", 1, "WARNING: armed, but stale",
     {**NOT_KEPT, "rules": UNGATED.replace("# none", 'CONST{arch}!="x86*", GOTO="end"')},
     "stale-after-hotplug", has_rules(), Machine()),
    ("rules for this architecture", 0, "OK: armed; udev rules",
     {**NOT_KEPT, "rules": UNGATED.replace("# none", 'CONST{arch}!="x86*|ppc64-le", GOTO="end"')},
     "reloaded-by-udev", has_rules((f"/{RULES}", 3, "cpu", False), (f"/{RULES}", 3, "memory", False)),
     Machine()),
    ("rules hidden by an empty file", 1, "WARNING: armed, but stale",
     {**NOT_KEPT, "rules": GATED, "etc_rules": ""}, "stale-after-hotplug", has_rules(), Machine()),
    ("rules in /run", 0, "OK: armed; udev rules", {**NOT_KEPT, "run_rules": UNGATED},
     "reloaded-by-udev", lambda j: expect(len(j["udev"]) == 2, j), Machine()),
    ("superfluous rules", 0, "OK: armed; the kernel", {"rules": GATED}, "kept-current",
     has_rules(*GATED_RULES), Machine()),
    ("harmful rules", 1, r"WARNING: armed; the kernel .*; but /usr/lib/\S+:3 reloads although",
     {"rules": UNGATED}, "kept-current", lambda j: expect(not j["udev"][0]["gated"], j), Machine()),
    ("nothing loaded", 2, "CRITICAL: not armed: no crash kernel is loaded", {"loaded": 0, **NOT_KEPT},
     "not-loaded", says("loaded_with", "nothing"), Machine()),
    ("nothing reserved", 2, "CRITICAL: not armed: no memory is reserved",
     {"loaded": 0, "size": 0, **NOT_KEPT}, "not-reserved", says("bytes_reserved", 0), Machine()),
    ("the size is not known", 2, "CRITICAL: not armed: no crash kernel", {"loaded": 0, "size": None},
     "not-loaded", says("bytes_reserved", None), Machine()),
    ("the kernel does not say", 3, "UNKNOWN: ", {"loaded": None}, "unknown", says("loaded", None), Machine()),
    ("locked down", 0, "OK: armed; (.*\n)+  loads +only signed kernels, with kexec_file_load \\(-s\\): the running"
     " kernel is locked down\n", {"lockdown": "none [integrity] confidentiality\n"}, "kept-current", says("signed_only", True),
     Machine()),
    ("not locked down", 0, "OK: armed; (?!(.*\n)*  loads )", {"lockdown": "[none] integrity confidentiality\n"},
     "kept-current", says("signed_only", False), Machine()),
    ("Secure Boot", 0, "OK: armed; (.*\n)+  loads +only with kexec_file_load \\(-s\\), signed kernels: Secure Boot is"
     " on\n",
     {"secure_boot": "\6\0\0\0\1"}, "kept-current", says("signed_only", True), Machine()),
    ("fadump", 0, "OK: armed: fadump is registered",
     {"loaded": 0, "fadump": 1, "registered": 1, "ready": 1}, "fadump",
     lambda j: expect(j["fadump"]["registered"], j), Machine()),
    ("fadump, old place", 2, "CRITICAL: .*fadump is enabled, but not registered",
     {"loaded": 0, "fadump": 1, "old_registered": 0}, "fadump-not-registered",
     lambda j: expect(j["fadump"]["registered"] is False, j), Machine()),
    ("fadump, does not keep up", 1, "WARNING: fadump is registered, but",
     {"loaded": 0, "fadump": 1, "registered": 1}, "fadump-stale-after-hotplug",
     says("bytes_reserved", 512 * MIB), Machine()),
    ("fadump beside a crash kernel", 1, "but a crash kernel is loaded too",
     {"fadump": 1, "registered": 1, "ready": 1}, "fadump", lambda j: None, Machine()),
    ("fadump that does not say", 3, "UNKNOWN: ", {"fadump": 1}, "unknown", lambda j: None, Machine()),
    ("a kernel that forgets the backup region", 1, "but this Linux loses the place", {}, "kept-current",
     says("keeps_backup_region", False), OLD),
    ("the same, without memory hotplug", 0, "OK: ", {"memory": None}, "kept-current",
     says("keeps_backup_region", False), OLD),
    ("a mended kernel", 0, "OK: ", {}, "kept-current", says("keeps_backup_region", True),
     Machine(release="6.12.91")),
    ("a region where nothing can start", 2, "CRITICAL: not armed: a crash kernel is loaded, but it cannot"
     " start in the memory that is reserved; but the capture kernel would stop .* RTAS .* below 0x40000000",
     {}, "cannot-start", lambda j: expect("rtas_initialize" in j["warnings"][0], j), Machine(**HIGH)),
    ("the same without firmware to call", 0, "OK: ", {}, "kept-current", lambda j: None,
     Machine(**HIGH, rtas=None)),
    ("the same with more memory for it below", 0, "OK: ", {"cma": "30000000-37ffffff\n"}, "kept-current",
     lambda j: None, Machine(**HIGH)),
    ("such a region, nothing loaded", 2, "CRITICAL: not armed: no crash kernel is loaded; but the capture",
     {"loaded": 0}, "not-loaded", lambda j: None, Machine(**HIGH)),
]


def linked(name):
    """A link in the snapshot, to a directory outside with the files that are looked for there."""
    def prepare(where):
        outside = os.path.join(where, "outside")
        os.makedirs(f"{outside}/rules.d")
        for secret in "initrd", "chosen", "rules.d/98-kexec.rules":
            with open(f"{outside}/{secret}", "w") as f:
                f.write('SUBSYSTEM=="cpu", RUN+="kexec secret"\n')
        target = os.path.join(where, "machine", name)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(outside, target)
    return prepare


def no_secret(r):
    for path, _, files in os.walk(r.dir + "/out"):
        for name in files:
            with open(os.path.join(path, name), "rb") as f:
                expect(b"secret" not in f.read(), f"{path}/{name} has what is outside of the snapshot")


# --- broken kernels ---

KERNEL = vmlinux()


def patched(data, offset, fmt, *values):
    offset %= len(data)
    return data[:offset] + struct.pack(fmt, *values) + data[offset + struct.calcsize(fmt):]


def second_piece(paddr):
    return elf64([(0, kernel_text(3 << 20), 3 << 20), (paddr, b"x" * 4096, 4096)])


# --- the machine's own faults ---

def root_with(**props):
    return Machine(extra={k.replace("_", "-"): v for k, v in props.items()})


def many_properties(count):
    node = Node({f"property-with-a-name-of-its-own-{i:05}": be32(i) for i in range(count)})
    return Machine(extra={"many": node})


def many_reserved(count):
    return Machine(reserved=[(2 * GIB + i * 2 * MIB, MIB) for i in range(count)])


def limit_case(name, length, **kw):
    """A command line such that with elfcorehdr= it has @length bytes."""
    added = len("elfcorehdr=527744K ")
    return Case(name, ["-p", "--dry-run", "--json", "--dt-no-old-root", "--command-line=" + "x" * (length - added),
                       "{kernel}"], **kw)


BAD_KERNELS = [
    ("that cannot be read", lambda p: os.symlink(p, p), 1, "Too many levels of symbolic links"),
    ("that does not exist", lambda p: None, 1, "No such file or directory"),
    ("that is empty", lambda p: open(p, "wb").close(), 1, "is empty"),
    ("that is a directory", os.mkdir, 1, "is a directory"),
    ("that is a FIFO", os.mkfifo, 1, "is a FIFO"),
    ("that is a device", lambda p: os.symlink("/dev/zero", p), 1, "is a character device"),
]

# Of 64 KiB which are zeros in memory, and in the file wherever that would be: at its start, behind its end.
BSS = [elf64([(0, kernel_text(3 << 20), 3 << 20), (3 << 20, b"", 65536)], phdrs={1: dict(offset=offset)})
       for offset in (0, 0x10000 + (3 << 20), 1 << 40, 2**64 - 1)]
# Its first bytes are the file's own headers, as an executable program has them.
AT_START = elf64([(0, kernel_text(3 << 20), 3 << 20), (3 << 20, b"", 65536)], phdrs={1: dict(offset=0, filesz=4096)})


def headers_are_loaded(r):
    with open(os.path.join(r.dir, "memory"), "rb") as f:
        expect(AT_START[:4096] in f.read(), "they are not loaded")


BAD_ELF = [
    ("text", b"#!/bin/sh\necho hello\n", 255, "not an ELF file"),
    ("one byte", b"\x7f", 255, "not an ELF file"),
    ("magic only", b"\x7fELF", 1, "broken ELF header"),
    ("half a header", KERNEL[:40], 1, "truncated ELF header"),
    ("headers only", KERNEL[:64 + 56], 1, "truncated or damaged"),
    ("truncated", KERNEL[:1 << 20], 1, "truncated or damaged"),
    ("no program headers", patched(KERNEL, 56, "<H", 0), 1, "nothing to load"),
    ("program headers outside", patched(KERNEL, 32, "<Q", len(KERNEL)), 1, "end beyond the file"),
    ("program headers wrap", patched(KERNEL, 32, "<Q", 2**64 - 8), 1, "end beyond the file"),
    ("program header size", patched(KERNEL, 54, "<H", 32), 1, "program headers of 32 bytes"),
    ("data outside", patched(KERNEL, 64 + 8, "<Q", len(KERNEL)), 1, "end beyond the file"),
    ("data wraps", patched(KERNEL, 64 + 8, "<Q", 2**64 - 4096), 1, "end beyond the file"),
    ("address wraps", patched(KERNEL, 64 + 24, "<Q", 2**64 - 4096), 1, "wrap around 64 bits"),
    ("filesz above memsz", patched(KERNEL, 64 + 40, "<Q", 4096), 1, "in the file but"),
    ("alignment", patched(KERNEL, 64 + 48, "<Q", 0x30000), 1, "not a power of two"),
    ("wrong machine", patched(KERNEL, 18, "<H", 62), 255, "is for ELF machine 62"),
    ("32 bit", b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 20, 1, 0, 52, 0,
               0, 52, 32, 1, 0, 0, 0) + struct.pack("<8I", 1, 84, 0, 0, 4, 4, 7, 4) + b"code", 255,
     "is a 32 bit ELF file"),
    ("a core", patched(KERNEL, 16, "<H", 4), 255, "not an executable"),
    ("a module", patched(KERNEL, 16, "<H", 1), 255, "not an executable"),
    ("byte order", patched(KERNEL, 5, "<B", 3), 1, "unknown byte order"),
    ("overlapping segments", second_piece(0x100000), 1, "segments overlap"),
    ("larger than the crash region", vmlinux(phdrs={0: dict(memsz=600 * MIB)}), 1,
     r"Could not find a free area of memory of 0x25800000 bytes \(614400 KiB\) in the crash region"),
    ("as large as 64 bits", vmlinux(phdrs={0: dict(memsz=2**64 - 4096)}), 1, "Could not find a free area of memory of"),
    ("far apart", second_piece(2**60), 1, "Could not find a free area of memory of"),
    ("not relocatable", elf64([(0, kernel_text(65536, relocatable=False), 65536)]), 1,
     "is not relocatable and linked for 0x0"),
    ("too small", elf64([(0, b"x" * 255, 65536)]), 255, "has 255 bytes in the file: there is no code"),
    ("zImage with a truncated kernel", zimage(gzip.compress(KERNEL)[:-1000]), 1, "gzip data: truncated"),
    ("zImage with no kernel", zimage(b""), 1, "zImage: there is no kernel inside"),
    ("zImage in zImages", zimage(zimage(zimage(zimage(zimage(KERNEL))))), 1, "is packed 4 times or more"),
    ("zImage, kernel beyond its end", patched(zimage(KERNEL), -2 * 64 + 32, ">Q", 1 << 40), 1,
     "the kernel inside ends beyond the file"),
    ("uImage with a damaged header", patched(uimage(KERNEL), 40, "B", 1), 1, "header is damaged"),
    ("uImage with damaged data", patched(uimage(KERNEL), 70000, "B", 1), 1, "data is damaged"),
    ("truncated uImage", uimage(KERNEL)[:-1], 1, "uImage: truncated"),
    ("uImage of a RAM disk", uimage(KERNEL, kind=3), 255, "holds a RAM disk, not a kernel"),
    ("uImage with bzip2", uimage(KERNEL, compression=2), 1, "compressed with bzip2"),
    ("uImage of something flat", uimage(b"x" * 5000), 255, "neither an ELF file nor a flat"),
    ("truncated gzip", gzip.compress(KERNEL)[:-1000], 1, "gzip data: truncated"),
    ("damaged gzip", gzip.compress(KERNEL)[:5000] + bytes(200) + gzip.compress(KERNEL)[5200:], 1,
     "gzip data: "),
    ("truncated xz", lzma.compress(KERNEL)[:-1000], 1, "xz data: truncated"),
    ("truncated lz4", b"\x04\x22\x4d\x18\x64\x40\xa7\x10\x00\x00\x00", 1, "lz4 data: truncated"),
    ("damaged lz4", b"\x04\x22\x4d\x18" + bytes(20), 1, "lz4 data: ERROR_"),
    ("truncated lz4 of the old kind", b"\x02\x21\x4c\x18\x20\x00\x00\x00x", 1, "lz4 data: truncated"),
    ("damaged lz4 of the old kind", b"\x02\x21\x4c\x18\x04\x00\x00\x00\xff\xff\xff\xff", 1, "lz4 data: damaged"),
    ("garbage behind lz4", b"\x02\x21\x4c\x18\x02\x00\x00\x00\x10xgarbage", 1, "lz4 data: truncated, damaged, or"),
    ("truncated zstd", b"\x28\xb5\x2f\xfd\x04\x00\x00\x00", 1, "zstd data: truncated"),
]

BAD_MACHINES = [
    ("no crash region", Machine(crash=None), None, "Memory for crashkernel is not reserved.*crashkernel="),
    ("a crash region of 0", Machine(crash=(512 * MIB, 0)), None, "Memory for crashkernel is not reserved"),
    ("a crash region that wraps", Machine(crash=(2**64 - 4096, 65536)), None, "wraps around"),
    ("a crash region over RTAS", Machine(crash=(512 * MIB, 64 * MIB), rtas=(0x20000000, MIB)), None,
     "over RTAS"),
    ("a small crash region", Machine(crash=(512 * MIB, 16 * MIB)), None,
     r"its process table takes 0x800000 bytes .*, 0x[0-9a-f]+ are free for it there"),
    ("a crash region behind the last whole 16 MiB", Machine(crash=(512 * MIB, 8 * MIB)), None,
     "kernel at .* is not in the memory which the capture kernel would have"),
    ("a crash region that RTAS does not reach", Machine(**HIGH), None, r"the buffer for RTAS takes 0x10000 bytes below 0x40000000 \(arch/powerpc/kernel/rtas.c:"
     r"rtas_initialize\), 0x0 are free for it there; reserve memory below that"),
    ("no /cpus", Machine(), remove("proc/device-tree/cpus"), "there is no /cpus node"),
    ("no CPU in /cpus", Machine(), remove("proc/device-tree/cpus/PowerPC,POWER9@0"), "no CPU node"),
    ("no memory", Machine(memory=[]), None, "there is no memory"),
    ("no device tree", Machine(), remove("proc/device-tree"), "no device tree"),
    ("no crash notes", Machine(), remove(*[f"sys/devices/system/cpu/cpu{i}" for i in range(4)]),
     "crash_notes"),
    ("an odd crashkernel-base", Machine(), put("machine/proc/device-tree/chosen/linux,crashkernel-base",
                                               b"123"), "has 3 bytes, not 4 or 8"),
    ("an odd reg", Machine(), put("machine/proc/device-tree/memory@0/reg", bytes(17)),
     "has 17 bytes, not a multiple of 16"),
    ("an odd lmb-size", Machine(lmbs=[(2 * GIB, 8)]),
     put("machine/proc/device-tree/ibm,dynamic-reconfiguration-memory/ibm,lmb-size", b"12345"),
     "has 5 bytes"),
    ("a short drconf", Machine(lmbs=[(2 * GIB, 8)]),
     put("machine/proc/device-tree/ibm,dynamic-reconfiguration-memory/ibm,dynamic-memory-v2",
         be32(1000) + bytes(24)), "its count of entries wants"),
    ("a drconf set without end", Machine(),
     put("machine/proc/device-tree/ibm,dynamic-reconfiguration-memory/ibm,dynamic-memory-v2",
         be32(1, 0xffffffff) + be64(0) + be32(0, 0, 8)), "lmb-size is missing"),
    ("too many LMBs", Machine(lmbs=[(2 * GIB, 8)]),
     put("machine/proc/device-tree/ibm,dynamic-reconfiguration-memory/ibm,dynamic-memory-v2",
         be32(1, 0xffffffff) + be64(0) + be32(0, 0, 8)), "counts more than"),
    ("address cells of 0", root_with(**{"#address_cells": be32(0)}), None, "address-cells is 0"),
    ("address cells of 3", root_with(**{"#address_cells": be32(3)}), None, "address-cells is 3"),
    ("size cells of 0", root_with(**{"#size_cells": be32(0)}), None, "size-cells is 0"),
    ("size cells of 3", root_with(**{"#size_cells": be32(3)}), None, "size-cells is 3"),
    ("odd address cells", root_with(**{"#address_cells": b"12"}), None, "has 2 bytes, not 4"),
    ("memory that wraps", Machine(memory=[[(0, GIB)], [(2**64 - 4096, 65536)]]), None,
     "do not fit in 64 bits"),
    ("a broken CPU list", Machine(), put("machine/sys/devices/system/cpu/possible", b"0-x\n"),
     "is not a list of numbers"),
    ("a broken vmcoreinfo", Machine(), put("machine/sys/kernel/vmcoreinfo", b"nothing\n"),
     "is not an address and a size"),
    ("a broken elfcorehdr size", Machine(), put("machine/sys/kernel/crash_elfcorehdr_size", b"many\n"),
     "is not a number"),
    ("an unknown type", Machine(), put("machine/kexec-snapshot", b"machine vax\nbyte-order little\n"
                                       b"page-size 4096\nrelease 1\n"), "type vax"),
    ("an odd page size", Machine(page_size=5000), None, "page size of 5000"),
    ("no facts", Machine(), remove("kexec-snapshot"), "is not a snapshot made with --record"),
    ("no hotplug support", Machine(hotplug=False), None,
     r"cpu/crash_hotplug does not exist.*CONFIG_CRASH_HOTPLUG"),
    ("a crash note at 0", Machine(), put("machine/sys/devices/system/cpu/cpu1/crash_notes", b"0\n"),
     "cpu1/crash_notes: 0x0 is no address"),
    ("a negative note size", Machine(), put("machine/sys/devices/system/cpu/cpu1/crash_notes_size",
                                            b"-1\n"), "is not a number"),
    ("an absurd elfcorehdr size", Machine(), put("machine/sys/kernel/crash_elfcorehdr_size",
                                                 b"18446744073709551615\n"), "bytes cannot be"),
    ("memory that does not begin at 0", Machine(memory=[[(256 * MIB, 2 * GIB)]]), None,
     "memory begins at 0x10000000, not at 0"),
    ("a crash region beyond memory", Machine(crash=(512 * MIB, 8 * GIB)), None, "is not inside memory"),
    ("a crash region in the kernel", Machine(kernel_end=0x30000000), None, "inside the running kernel"),
    ("a FIFO in the tree", Machine(), lambda w: os.mkfifo(
        os.path.join(w, "machine/proc/device-tree/chosen/fifo")), "is not a regular file"),
    ("a link in the tree", Machine(), lambda w: os.symlink(
        "/proc/self/environ", os.path.join(w, "machine/proc/device-tree/chosen/link")),
     "is not a regular file"),
    ("odd facts", Machine(), put("machine/kexec-snapshot", b"machine ppc64le\nbyte-order odd\n"
                                 b"page-size 4096\nrelease 1\n"), "neither little nor big"),
    ("odd facts of the processor", Machine(), put("machine/kexec-snapshot", b"machine ppc64le\nbyte-order little\n"
                                                  b"page-size 4096\nrelease 1\nhwcap 12 x\n"),
     "hwcap 12 x. is not two hexadecimal numbers"),
    ("no elfcorehdr size", Machine(), remove("sys/kernel/crash_elfcorehdr_size"),
     r"crash_elfcorehdr_size does not exist.*CONFIG_CRASH_HOTPLUG"),
    ("a tree without end", Machine(), lambda where: os.makedirs(
        os.path.join(where, "machine/proc/device-tree", "/".join(["deep"] * 100))), "levels deep"),
]

CASES = [
    # --- what prints and does nothing ---
    Case("--version", "--version", stdout=r"\Akexec-tools \d+\.\d+\.\d+", sysroot=False),
    Case("-v", "-v", stdout=r"\Akexec-tools 3\.0\.0-dev \(kexec-hotplug\)\n\Z", sysroot=False),
    Case("--help", "--help", stdout=r"(?s)Usage: kexec.*--hotplug", sysroot=False),
    Case("-h", "-h", stdout="Usage: kexec", sysroot=False),
    Case("unknown option", "--bogus", 1, error="unrecognized .*option '--bogus'"),
    Case("unknown short option", "-pZ {kernel}", 1, error="invalid option -- 'Z'"),
    Case("missing argument", "-p --initrd", 1, error="option '--initrd' requires an argument"),
    Case("unwanted argument", "-p --hotplug=yes {kernel}", 1, error="takes no argument"),
    Case("ambiguous option", "--re {kernel}", 1, error="ambiguous option '--re'"),
    Case("a kernel for no load", "-p -u {kernel}", 1, error="a kernel is for loading"),
    Case("no directory", ["--sysroot", "", "-p", "--dry-run", "{kernel}"], 1, error="needs a directory",
         sysroot=False),
    Case("control characters in a name", ["-p", "{dir}/a\n\x1b[31mb"], 1,
         error=r"a\\x0a\\x1b\[31mb': No such file"),
    Case("no action, no kernel", "", 255, error="No kernel specified"),
    Case("no kernel", "-p", 255, error="No kernel specified"),
    Case("two kernels", "-p {kernel} {kernel}", 1, error="more than one kernel"),
    Case("contradiction", "-p -l {kernel}", 1, error="-p .* and -l .* contradict"),
    Case("contradiction: -l -e", "-l -e {kernel}", 1, error="-e .* and -l .* contradict"),
    Case("contradiction: -l -f", "-l -f {kernel}", 1, error="-f .* and -l .* contradict"),
    Case("contradiction: -u -S", "-u -S", 1, error="-u .* and -S .* contradict"),
    Case("--hotplug without -p", "-l --hotplug {kernel}", 1, error="--hotplug is for crash kernels"),
    Case("loader option without a load", "-u --initrd=x", 1, error="are for loading a kernel"),
    Case("bad --mem-min", "-l --mem-min=12Q {kernel}", 1, error="Bad option value in --mem-min=12Q"),
    Case("--json alone", "-p --json {kernel}", 1, error="add --dry-run"),
    Case("--map alone", "-p --map {kernel}", 1, error="--json, --map and --dump show a plan; add --dry-run"),
    Case("--map and --json", "-p --dry-run --map --json {kernel}", 1, error="--json and --map contradict"),
    Case("--map of nothing", "-u --map", 1, error="need a kernel to plan for"),
    Case("--map with -S --verbose", "-S --verbose --map {kernel}", 1, error="loads nothing"),
    *[Case(f"--map: {name}", "sh", stdout="free: ", check=check_map, machine=machine,
           shell=f"{{argv}} --dry-run --json {argv} >{{dir}}/plan.json && {{argv}} --dry-run --map {argv}")
      for name, argv, machine in (
          ("with --hotplug", LOAD, Machine()),
          ("without --hotplug", "-p --initrd={initrd} {kernel}", Machine(page_size=4096)),
          ("firmware inside", "-p {kernel}", Machine(rtas=(0x30000000, 0x10000))),
          ("a region of odd size", "-p {kernel}", Machine(crash=(512 * MIB, 333 * MIB + 65536))),
          ("a normal image", "-l --initrd={initrd} {kernel}", Machine()))],
    Case("--map: memory of CMA elsewhere", "sh", stdout="  \\+  elsewhere ", check=check_map,
         shell="{argv} --dry-run --json " + LOAD + " >{dir}/plan.json && {argv} --dry-run --map " + LOAD,
         prepare=put("machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n60000000-6fffffff\n")),
    Case("another machine", LOAD, 1, error="is a recorded machine.*--dry-run", model=False),
    Case("unloading another machine", "-p -u", 1, error="is a recorded machine", model=False),

    # --- state ---
    Case("status: nothing loaded", "-S", 0),
    Case("status: crash kernel", "-S", 1, prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n")),
    Case("status: -p", "-S -p", 1, prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n")),
    Case("status: new place", "-S", 1, machine=Machine(new_sysfs=True),
         prepare=put("machine/sys/kernel/kexec/crash_loaded", b"1\n")),
    Case("status: -l is another", "-S -l", 0,
         prepare=lambda w: [put("machine/sys/kernel/kexec_crash_loaded", b"1\n")(w),
                            put("machine/sys/kernel/kexec_loaded", b"0\n")(w)]),
    Case("status: -d changes nothing", "-S -d", 1,
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n")),
    Case("status: unknown", "-S", 255, error="CONFIG_CRASH_DUMP",
         prepare=remove("sys/kernel/kexec_crash_loaded")),
    Case("crash size", "--print-ckr-size", stdout=r"\A536870912\n\Z",
         prepare=put("machine/sys/kernel/kexec_crash_size", b"536870912\n")),
    Case("crash size, new place", "--print-ckr-size", stdout=r"\A4096\n\Z",
         prepare=put("machine/sys/kernel/kexec/crash_size", b"4096\n")),

    Case("--verbose alone", "-p --verbose {kernel}", 1, error="--verbose is for -S"),
    Case("--verbose about the normal kernel", "-S -l --verbose", 1, error="--verbose is for -S and the crash"),
    Case("--dry-run with -S --verbose", "-S --verbose --dry-run {kernel}", 1, error="loads nothing"),
    Case("readiness: a broken file", "-S --verbose", 3, error="kexec_crash_loaded: .* is not a number",
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"maybe\n")),
    Case("readiness: CPUs without notes", "-S --verbose", 1, stdout="but 2 of 4 possible CPUs have no",
         prepare=lambda w: [remove("sys/devices/system/cpu/cpu2", "sys/devices/system/cpu/cpu3")(w),
                            facts()(w)]),
    Case("readiness: a kernel that would not find the dump", "-S --verbose {kernel}", 1, prepare=facts(),
         kernel=vmlinux(little=False),
         stdout="but that kernel would not load: kernel .* is big-endian, unlike the running kernel"),
    Case("readiness: the first answers waver", "-S --verbose", stdout="OK: armed; the kernel keeps it current",
         prepare=facts(loaded=0, **NOT_KEPT), env={"KEXEC_MODEL_SETTLES": "1"}),
    Case("readiness: rules hidden by a link", "-S --verbose", 1, stdout="no rule reloads",
         prepare=lambda w: [facts(**NOT_KEPT, rules=GATED, etc_rules="")(w),
                            os.unlink(f"{w}/machine/{READINESS['etc_rules']}"),
                            os.symlink("/dev/null", f"{w}/machine/{READINESS['etc_rules']}")]),
    Case("readiness: a kernel that fits", "-S --verbose --initrd={initrd} {kernel}", prepare=facts(),
         stdout=r"would fit     yes: 3\d\d\d KiB are loaded, 508 MiB are left", check=loads_nothing),
    Case("readiness: a kernel that fits with the running initrd", "-S --verbose --reuseinitrd {kernel}",
         stdout=r"would fit     yes: 4\d\d\d KiB are loaded", machine=Machine(cmdline="retain_initrd"),
         prepare=lambda w: [facts()(w), put("machine/sys/firmware/initrd", b"initrd" * 200000)(w)]),
    Case("readiness: the running initrd is gone", "-S --verbose --reuseinitrd {kernel}", 1, prepare=facts(),
         stdout="but that kernel would not load: --reuseinitrd: the running kernel has not kept"),
    Case("readiness: a kernel that fits, JSON", "-S --verbose --json --hotplug {kernel}", stdout="{",
         prepare=facts(), check=readiness("kept-current", 0, lambda j: expect(
             j["fit"]["fits"] and 0 < j["fit"]["bytes_used"] < j["fit"]["bytes_reserved"] == 512 * MIB, j))),
    Case("readiness: a kernel that does not fit", "-S --verbose --initrd={initrd} {kernel}", 1,
         stdout="(?s)but that kernel would not load: initrd: Could not find a free area .*would fit     no",
         machine=Machine(crash=(512 * MIB, 32 * MIB)), check=loads_nothing,
         prepare=lambda w: [facts(size=32 * MIB)(w), put("initrd", bytes(48 * MIB))(w)]),
    Case("readiness: a kernel that does not fit, JSON", "-S --verbose --json {kernel}", 2, stdout="{",
         machine=Machine(crash=(512 * MIB, MIB)), prepare=facts(loaded=0, size=MIB),
         check=readiness("not-loaded", 2, lambda j: expect(
             not j["fit"]["fits"] and "free area" in j["fit"]["problem"], j))),
    Case("readiness of a recording", "sh", 0, stdout="OK: armed; udev rules reload", shell=
         "{argv} --record {dir}/copy >{dir}/log && cd {dir}/copy && "
         "test -e usr/lib/udev/rules.d/98-kexec.rules && ! test -e etc && "
         "{argv} --sysroot {dir}/copy -S --verbose",
         prepare=lambda w: [facts(**NOT_KEPT, rules=GATED)(w),
                            put("machine/etc/udev/rules.d/1.rules", b"SUBSYSTEM==\"net\"\n")(w)]),
    # --- what the kernel's log says ---
    *[Case(f"log: {what}", "sh", status, shell="{argv} " + argv + " && cat {dir}/machine/kexec-log && "
           "{argv} -S --verbose", stdout="(?s)" + stdout, stderr="", env=env,
           prepare=lambda w: [facts(loaded=0, **NOT_KEPT)(w), put("machine/kexec-log", OLD_COMPLAINT)(w)])
      for what, argv, env, status, stdout in [
          ("what is older than the load", LOAD, {}, 0, r"^<6>.*loading.*loaded\n.*OK: armed; the"
           " kernel keeps.*  current       yes"),
          ("an event that was dropped, planned or not", LOAD, {"KEXEC_MODEL_DROPS": "1"}, 1,
           r"loading.*trylock.*loaded\n.*WARNING: armed, but perhaps stale"),
          ("an event that was dropped, and planned for in another load", LOAD,
           {"KEXEC_MODEL_DROPS": "1", "KEXEC_MODEL_ARRIVES": "1"}, 0, "trylock.*OK: armed; the kernel keeps"),
          ("an event that was dropped", "-s -p {kernel}", {"KEXEC_MODEL_FILE": "0", "KEXEC_MODEL_DROPS": "1"}, 1,
           r"loading.*trylock.*loaded\n.*WARNING: armed, but perhaps stale.*has 1 complaint of updates that"
           r" failed, the last: \"\[ +7\.000000\] crash hp: kexec_trylock.*  current       perhaps not"),
          ("kexec_file_load", "-s -p {kernel}", {"KEXEC_MODEL_FILE": "0"}, 0,
           r"loading.*loaded\n.*OK: armed; the kernel keeps"),
          ("planned and loaded by kexec_file_load", LOAD, {"KEXEC_MODEL_FILE": "0", "KEXEC_MODEL_DROPS": "1"}, 1,
           "WARNING: armed, but perhaps stale"),
      ]],
    *[Case(f"readiness after a load, {what}", "sh", 1, shell="{argv} " + argv + "; test $? = 4 && "
           "{argv} -S --verbose", stdout="(?s)WARNING: armed.*of the loaded kernel: " + stdout, stderr="warning: ",
           env=env, kernel=kernel, prepare=lambda w, gone=gone: [facts(loaded=0, **NOT_KEPT, rules=GATED)(w), *(
               remove(name)(w) for name in gone)])
      for what, argv, env, kernel, gone, stdout in [
          ("CPUs without notes", "-p {kernel}", {}, None, ["sys/devices/system/cpu/cpu3"], "1 of 4 possible CPUs"),
          ("no vmcoreinfo", LOAD, {}, None, ["sys/kernel/vmcoreinfo"], "sys/kernel/vmcoreinfo is not there"),
          ("not kept", LOAD, {"KEXEC_MODEL_DEAF": "1"}, None, [], "the running kernel does not keep it current"),
          ("CPUs that go on changing", LOAD, {"KEXEC_MODEL_ARRIVES": "9"}, None, [], "CPUs or memory kept changing"),
      ]],
    Case("log: a load that fails takes nothing back", "sh", 1, shell="{argv} -p -s {kernel}; {argv} -S --verbose",
         prepare=lambda w: [facts()(w), put("machine/kexec-log", OLD_COMPLAINT)(w)], stderr="",
         env={"KEXEC_MODEL_FILE": "1"}, stdout="WARNING: armed, but perhaps stale.*before or after the load"),
    Case("log: no load", "sh", stdout="none", shell="{argv} -p --dry-run {kernel} >{dir}/x && {argv} -l -c {kernel} &&"
         " test ! -e {dir}/machine/kexec-log && echo none"),
    Case("log: JSON", "-S --verbose --json", 1, stdout="{", check=readiness("update-missed", 1, lambda j: expect(
        (j["current"], j["missed_updates"]) == (False, 1), j)),
        prepare=lambda w: [facts()(w), put("machine/kexec-log", OLD_COMPLAINT)(w)]),
    Case("log: not there, JSON", "-S --verbose --json", stdout="{", prepare=facts(),
         check=readiness("kept-current", 0, lambda j: expect(
             (j["current"], j["missed_updates"]) == (None, None), j))),
    Case("log: recorded", "sh", stdout=r"\A<6>.*inaccurate\n\Z", shell=
         "{argv} --record {dir}/a >{dir}/x && {argv} --sysroot {dir}/a --record {dir}/b >{dir}/x && "
         "diff -r {dir}/a {dir}/b && cat {dir}/b/kexec-log",
         prepare=lambda w: put("machine/kexec-log", b"<6>[1.0] secret\n" + OLD_COMPLAINT)(w)),
    Case("load on a kernel that forgets", LOAD, machine=OLD, check=loads("0x150009 = 0"),
         stderr=r"\Akexec: warning: this Linux loses the place .*; reload after such changes\n\Z"),
    Case("load on a kernel that forgets, no --hotplug", "-p {kernel}", machine=OLD,
         check=loads("0x150001 = 0")),

    # --- loading ---
    Case("load", LOAD, check=all_of(loads("0x150009 = 0"), state(1, 1))),
    Case("load without --hotplug", "-p {kernel}", check=all_of(loads("0x150001 = 0"), state(1, 0))),
    Case("load over a loaded image", LOAD, check=all_of(loads("0x150009 = 0"), state(1, 1)),
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n")),
    Case("options after the kernel", "-p {kernel} --hotplug --initrd {initrd} -c",
         check=loads("0x150009 = 0")),
    Case("abbreviations", "--load-pa --hot --app=x {kernel}", check=loads("0x150009 = 0")),
    Case("bundled", "-pc --hotplug {kernel}", check=loads("0x150009 = 0")),
    Case("compatibility", "-p --args-linux --elf64-core-headers -a {kernel}",
         check=loads("0x150001 = 0")),
    Case("new place of the size", LOAD, machine=Machine(new_sysfs=True), check=loads("0x150009 = 0")),
    Case("big-endian machine", LOAD, machine=Machine(little=False), check=loads("0x150009 = 0")),
    Case("gzip kernel", LOAD, kernel=gzip.compress(KERNEL), check=loads("0x150009 = 0")),
    Case("xz kernel", LOAD, kernel=lzma.compress(KERNEL), check=loads("0x150009 = 0")),
    Case("lzma kernel", LOAD, kernel=lzma.compress(KERNEL, format=lzma.FORMAT_ALONE),
         check=loads("0x150009 = 0")),
    # --- kernels inside something ---
    *[Case(f"{what}", "-p --hotplug --type " + kind + " {kernel}", kernel=data,
           check=loads("0x150009 = 0"), machine=Machine(little=little)) for what, kind, data, little in (
        ("zImage", "zImage", zimage(gzip.compress(KERNEL)), True),
        ("zImage, 32-bit wrapper, not compressed", "zImage", zimage(KERNEL, bits=32), True),
        ("zImage, little-endian wrapper, xz", "zImage", zimage(lzma.compress(KERNEL), little=True), True),
        ("gzip zImage", "zImage", gzip.compress(zimage(KERNEL)), True),
        ("uImage of an ELF file", "uImage", uimage(KERNEL), True),
        ("uImage, gzip", "uImage", uimage(gzip.compress(KERNEL), 1), True),
        ("uImage of a zImage", "uImage", uimage(zimage(gzip.compress(KERNEL))), True),
        ("uImage of a flat kernel", "uImage", uimage(gzip.compress(kernel_text(3 << 20)), 1), True),
        ("uImage of a flat big-endian kernel", "uImage", uimage(kernel_text(3 << 20, little=False)), False),
        ("plain ELF", "elf-ppc64", KERNEL, True))],
    Case("the kernel inside is what is loaded", PLAN + " --dump {dir}/out", kernel=zimage(gzip.compress(KERNEL)),
         stdout="ELF in a zImage", check=lambda r: expect(
             open(r.dir + "/out/kernel.bin", "rb").read(4 << 20)[0x100:0x10000] ==
             kernel_text(3 << 20)[0x100:0x10000], "not the kernel's bytes")),
    Case("a flat kernel keeps room for its bss", "-l --dry-run --json {kernel}", stdout="{",
         kernel=uimage(kernel_text(3 << 20)), check=json_plan(lambda p: expect(
             int(segments_of(p)["kernel"]["memsz"]) >= (19 << 20), p["segments"]))),
    Case("the initrd in a zImage", "-p --dry-run {kernel}", stdout="initrd",
         kernel=zimage(gzip.compress(KERNEL), initrd=b"initrd" * 1000)),
    Case("--initrd instead of the initrd in a zImage", "-l --dry-run --json --initrd={initrd} {kernel}",
         kernel=zimage(gzip.compress(KERNEL), initrd=b"x" * 100000), stdout="{",
         check=json_plan(lambda p: expect(int(segments_of(p)["initrd"]["bufsz"]) == 30000, p["segments"]))),
    Case("-s unpacks a zImage", "-s -p {kernel}", kernel=zimage(gzip.compress(KERNEL), little=True),
         env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x6 = 0")),
    Case("-s and the initrd in a zImage", "-s -p {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         kernel=zimage(KERNEL, initrd=b"x" * 100), check=loads("0x2 = 0")),
    Case("another type than said", "-p -t uImage {kernel}", 255,
         error="Wrong file type uImage, file matches type elf-ppc64"),

    # --- what changes between survey and load ---
    Case("a CPU arrives during the load", LOAD, env={"KEXEC_MODEL_ARRIVES": "1"},
         stderr=r"\Akexec: CPUs or memory changed .* loading again\n\Z",
         check=loads("0x150009 = 0", "0x150009 = 0")),
    Case("CPUs arrive for ever", LOAD, 4, env={"KEXEC_MODEL_ARRIVES": "100"},
         stderr="warning: CPUs or memory kept changing", check=loads(*["0x150009 = 0"] * 5)),
    Case("without --hotplug one load is enough", "-p {kernel}", env={"KEXEC_MODEL_ARRIVES": "100"},
         check=loads("0x150001 = 0")),

    # --- what is missing, or not as it was at boot ---
    Case("CPUs without notes", LOAD, 1, error="2 of 4 possible CPUs have no crash_notes",
         prepare=remove("sys/devices/system/cpu/cpu2", "sys/devices/system/cpu/cpu3")),
    Case("CPUs without notes, no --hotplug", "-p {kernel}", 4, stderr="warning: 2 of 4 possible CPUs",
         prepare=remove("sys/devices/system/cpu/cpu2", "sys/devices/system/cpu/cpu3"),
         check=loads("0x150001 = 0")),
    Case("no list of possible CPUs", LOAD, 1, error="0 of 0 possible CPUs",
         prepare=remove("sys/devices/system/cpu/possible")),
    Case("no vmcoreinfo", LOAD, 4, stderr="warning: sys/kernel/vmcoreinfo is not there",
         prepare=remove("sys/kernel/vmcoreinfo"), check=loads("0x150009 = 0")),
    Case("a reservation made smaller", PLAN + " --json", stdout="{",
         prepare=put("machine/sys/kernel/kexec_crash_size", b"268435456\n"),
         check=json_plan(lambda p: expect(p["ranges"]["crash_region"][0]["end"] == "0x30000000", p))),
    Case("a reservation given back", LOAD, 1, error="Memory for crashkernel is not reserved",
         prepare=put("machine/sys/kernel/kexec_crash_size", b"0\n")),
    Case("a kernel of the other byte order", LOAD, 255, kernel=vmlinux(little=False),
         error="kernel .* is big-endian, unlike", check=loads_nothing),
    *[Case(f"memory that a driver added, {line}: in the dump", PLAN + " --json", stdout="{",
           prepare=driver_memory(line), check=json_plan(lambda p: expect(
               p["ranges"]["dump"][-1]["end"] == "0x140000000", p["ranges"]))) for line in DRIVER_LINES],
    *[Case(f"memory that a driver added, {line}: nothing is put there", "-l --dry-run --json {kernel}",
           stdout="{", prepare=driver_memory(line), check=json_plan(lambda p: expect(
               all(int(s["address"], 0) < 2 * GIB for s in p["segments"]), p["segments"])))
      for line in DRIVER_LINES],
    Case("memory like any other, above a hole", "-l --dry-run --json {kernel}", stdout="{",
         prepare=put("machine/proc/iomem", b"00000000-7fffffff : System RAM\n"
                     b"100000000-13fffffff : System RAM\n"), check=json_plan(lambda p: expect(
                         any(int(s["address"], 0) >= 4 * GIB for s in p["segments"]), p["segments"]))),
    Case("no memory, only named like it", PLAN + " --json", stdout="{",
         prepare=put("machine/proc/iomem", b"00000000-7fffffff : System RAM\n"
                     b"100000000-13fffffff : System RAM disk\n140000000-0x14fffffff : System RAM\n"),
         check=json_plan(lambda p: expect(p["ranges"]["dump"][-1]["end"] == "0x80000000", p["ranges"]))),
    Case("disabled and coherent memory", PLAN + " --json", stdout="{",
         machine=Machine(extra={"memory@300000000": Node({
             "device_type": text("memory"), "reg": be64(0x300000000, GIB), "status": text("disabled")}),
             "memory@400000000": Node({
                 "device_type": text("memory"), "reg": be64(0x400000000, GIB),
                 "linux,usable-memory": be64(0x400000000, 0)})}),
         check=json_plan(lambda p: expect(p["ranges"]["dump"][-1]["end"] == "0x80000000", p["ranges"]))),
    Case("standard output is full", "sh", 1, stderr="No space left on device", shell=
         "{argv} -p --dry-run {kernel} > /dev/full"),

    Case("memory hotplug only", LOAD, prepare=remove("sys/devices/system/cpu/crash_hotplug"),
         check=loads("0x150009 = 0")),
    Case("the kernel agrees after a while", LOAD, env={"KEXEC_MODEL_DEAF": "1", "KEXEC_MODEL_SETTLES": "1"},
         check=state(1, 1)),
    Case("the kernel does not agree", LOAD, 4, env={"KEXEC_MODEL_DEAF": "1"},
         stderr="will NOT keep it current when CPUs and memory change", check=state(1, 0)),
    Case("unload", "-p -u", check=all_of(loads("0x1 = 0"), state(0, 0))),
    Case("unload, other order", "-u -p", check=loads("0x1 = 0")),
    Case("unload the normal image", "-u", check=loads("0x0 = 0")),
    *[Case(f"a piece of zeros, in the file {where}", "-l -c {kernel}", kernel=data, check=loads("0x150000 = 0"))
      for where, data in zip(("at its start", "at its end", "behind it", "nowhere"), BSS)],
    Case("a piece that is the file's own headers", "sh", kernel=AT_START, shell=
         "KEXEC_MODEL_MEMORY={dir}/memory {argv} -p -c {kernel}", check=all_of(loads("0x150001 = 0"), headers_are_loaded)),
    # --- the normal kernel ---
    Case("-l", "-l --initrd={initrd} {kernel}", check=loads("0x150000 = 0")),
    Case("-l, petitboot", "-l --initrd={initrd} --append=root=/dev/sdb {kernel}",
         check=loads("0x150000 = 0")),
    Case("-f", "-f {kernel}", 255, stderr="kexec failed: Function not implemented",
         prepare=put("machine/sys/kernel/kexec_loaded", b"0\n"),
         check=loads("0x150000 = 0", "sync", "ifdown", "reboot = -38")),
    Case("-f -x -y", "-fxy {kernel}", 255, stderr="kexec failed",
         prepare=put("machine/sys/kernel/kexec_loaded", b"0\n"),
         check=loads("0x150000 = 0", "reboot = -38")),
    Case("no action", "{kernel}", check=loads("0x150000 = 0", "shutdown")),
    Case("-e, nothing loaded", "-e", 1, error="Nothing has been loaded!",
         prepare=put("machine/sys/kernel/kexec_loaded", b"0\n")),
    Case("-e", "-e", 255, error="kexec failed",
         prepare=put("machine/sys/kernel/kexec_loaded", b"1\n"),
         check=loads("sync", "ifdown", "reboot = -38")),
    Case("-e -f", "-e -f", 255, error="kexec failed",
         prepare=put("machine/sys/kernel/kexec_loaded", b"1\n"),
         check=loads("sync", "ifdown", "reboot = -38")),
    Case("a normal plan", "-l --dry-run --json --initrd={initrd} {kernel}", stdout="{",
         check=json_plan(check_normal_plan)),
    Case("a normal plan, kernel's end unknown", "-l --dry-run {kernel}", stdout="0x0000100",
         machine=Machine(kernel_end=None)),
    Case("--mem-min, --mem-max", "-l --dry-run --json --mem-min=1G --mem-max=0x4fffffff {kernel}",
         stdout="{", check=json_plan(lambda p: expect(all(
             0x40000000 <= int(s["address"], 0) < 0x50000000 for s in p["segments"]), p["segments"]))),
    Case("--type", "-p -t elf-ppc64 {kernel}", check=loads("0x150001 = 0")),
    Case("--type unknown", "-t bogus -p {kernel}", 255, error="Unsupported kernel type bogus"),
    Case("--no-checks", "-l -i --dry-run --json {kernel}", stdout="{",
         check=json_plan(lambda p: expect(p["segments"], "segments"))),
    Case("root= of the running kernel", "-l --dry-run --command-line=quiet {kernel}",
         stdout="command line  root=/dev/sda1 quiet\n"),
    Case("--dt-no-old-root", "-l --dry-run --dt-no-old-root --command-line=quiet {kernel}",
         stdout="command line  quiet\n"),
    Case("--reuse-cmdline", "-l --dry-run --reuse-cmdline --command-line=quiet {kernel}",
         stdout="command line  root=/dev/sda1 crashkernel=512M quiet\n"),
    Case("--reuse-cmdline for a crash kernel", "-p --dry-run --reuse-cmdline {kernel}",
         machine=Machine(cmdline='BOOT_IMAGE=/vmlinux root=/dev/sda1 x.crashkernel=1 "crashkernel=1G" '
                         'crashkernel=2G-4G:320M,4G-:512M quiet'),
         stdout="K root=/dev/sda1 x.crashkernel=1 quiet\n"),
    Case("--remove-cmdline", ["-p", "--dry-run", "--reuse-cmdline", "--remove-cmdline=quiet, log_buf_len,,a",
                              "--append=quiet nr_cpus=1", "{kernel}"],
         machine=Machine(cmdline='root=/dev/sda1 quiet "log_buf_len=4 M" aa=1 x.quiet a log_buf_length=1'),
         stdout="K root=/dev/sda1 aa=1 x.quiet log_buf_length=1 quiet nr_cpus=1\n"),
    Case("--remove-cmdline of nothing", "-l --dry-run --reuse-cmdline --remove-cmdline= {kernel}",
         stdout="command line  root=/dev/sda1 crashkernel=512M\n"),
    Case("--base-cmdline", ["-p", "--dry-run", "--base-cmdline=root=/dev/sdb crashkernel=1G maxcpus=2",
                            "--remove-cmdline=maxcpus", "--append=maxcpus=1", "{kernel}"],
         stdout="K root=/dev/sdb maxcpus=1\n"),
    Case("--remove-cmdline alone", "-p --dry-run --remove-cmdline=quiet --append=quiet {kernel}", 1,
         error="needs a command line to begin with"),

    # --- kexec_file_load ---
    Case("-s without the system call", "-s -p {kernel}", 253,
         error="syscall kexec_file_load not available"),
    Case("-s", "-s -l {kernel}", env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x4 = 0")),
    Case("-s -p", "-s -p --initrd={initrd} {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         check=all_of(loads("0x2 = 0"), state(1, 1))),
    Case("-s -p --hotplug", "-s -p --hotplug {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         check=all_of(loads("0x6 = 0"), state(1, 1))),
    Case("-s -p --hotplug, not agreed", "-s -p --hotplug {kernel}", 4, stderr="will NOT keep it current",
         env={"KEXEC_MODEL_FILE": "0", "KEXEC_MODEL_DEAF": "1"}, check=loads("0x6 = 0")),
    Case("-s, gzip kernel", "-s -l {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         kernel=gzip.compress(KERNEL), check=loads("0x4 = 0")),
    Case("-s, signature", "-s -l {kernel}", 255, env={"KEXEC_MODEL_FILE": "129"},
         error="kexec_file_load failed: .*signature"),
    Case("-s, not this format", "-s -l {kernel}", 255, error="files of this kind", env={"KEXEC_MODEL_FILE": "8"}),
    Case("-s, no kernel", "-s -l {kernel}", 255, kernel=b"text", error="Cannot determine the file type",
         env={"KEXEC_MODEL_FILE": "0"}, check=loads_nothing),
    Case("-a prefers the file call", "-p {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         check=loads("0x6 = 0")),
    Case("-a -p, big-endian: the kernel's own loader spoils dumps", "-a -p {kernel}",
         machine=Machine(little=False), env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x150001 = 0")),
    Case("-a -l, big-endian", "-a -l {kernel}", machine=Machine(little=False),
         env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x4 = 0")),
    Case("-s -p, kernel of the other byte order", "-s -p {kernel}", 255, kernel=vmlinux(little=False),
         env={"KEXEC_MODEL_FILE": "0"}, error="kernel .* is big-endian, unlike .* not find the dump",
         check=loads_nothing),
    Case("-s -l, kernel of the other byte order", "-s -l {kernel}", kernel=vmlinux(little=False),
         env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x4 = 0")),
    Case("-s -p, big-endian", "-s -p {kernel}", 4, machine=Machine(little=False),
         env={"KEXEC_MODEL_FILE": "0"}, stderr="warning: .* big-endian Linux .*; use -c",
         check=loads("0x6 = 0")),
    Case("-a falls back", "-p {kernel}", env={"KEXEC_MODEL_FILE": "22"},
         stderr="Invalid argument.*; loading with kexec_load",
         check=loads("0x6 = -22", "0x150001 = 0")),
    Case("-a does not fall back on a bad signature", "-p {kernel}", 255,
         env={"KEXEC_MODEL_FILE": "126"}, stderr="signature", check=loads("0x6 = -126")),
    Case("-c never asks for the file call", "-c -p {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         check=loads("0x150001 = 0")),
    Case("--no-cma, known", "-s -l --no-cma {kernel}", env={"KEXEC_MODEL_FILE": "0",
         "KEXEC_MODEL_KNOWS": "38"}, check=loads("0x14 = 0")),
    Case("--no-cma, unknown", "-s -l --no-cma {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         stderr="does not know --no-cma; loaded without", check=loads("0x14 = -22", "0x4 = 0")),
    Case("-s -d, unknown", "-s -d -l {kernel}", env={"KEXEC_MODEL_FILE": "0"},
         stderr="does not know the debug flag", check=loads("0xc = -22", "0x4 = 0")),
    Case("kexec jump", "-l --load-preserve-context {kernel}", 1, error="KEXEC_JUMP"),
    Case("unload with -s", "-s -p -u", env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x3 = 0")),
    Case("unload with -s, no such call", "-s -p -u", 253, error="not available"),
    Case("--reuse-cmdline with -s", "-s -l --reuse-cmdline --append=quiet {kernel}",
         env={"KEXEC_MODEL_FILE": "0"}, check=lambda r: expect(
             'cmdline="root=/dev/sda1 crashkernel=512M quiet"' in r.read("calls"), r.read("calls"))),
    Case("--remove-cmdline with -s", "-s -p --reuse-cmdline --remove-cmdline=root --append=quiet {kernel}",
         env={"KEXEC_MODEL_FILE": "0"}, check=lambda r: expect(
             'cmdline="quiet"' in r.read("calls"), r.read("calls"))),
    Case("fadump", LOAD, 1, error="fadump is enabled",
         prepare=put("machine/sys/kernel/fadump/enabled", b"1\n")),
    Case("fadump, forced", LOAD + " -f", prepare=put("machine/sys/kernel/fadump/enabled", b"1\n"),
         check=loads("0x150009 = 0")),

    Case("debug flag, unknown to the kernel", LOAD + " -d", stderr="debug: kexec_load: entry",
         check=lambda r: loads("0x150019 = -22", "0x150009 = 0")(r)),
    Case("debug flag, known to the kernel", LOAD + " -d", env={"KEXEC_MODEL_KNOWS": "10"},
         stderr="debug", check=loads("0x150019 = -14", "0x150019 = 0")),
    Case("debug flag, loads are limited", LOAD + " -d", stderr="debug", check=loads("0x150009 = 0"),
         prepare=put("machine/proc/sys/kernel/kexec_load_limit_panic", b"3\n")),

    # --- the system call fails ---
    Case("busy for a moment", LOAD, env={"KEXEC_MODEL_FAIL": "16,16,0"},
         check=loads("0x150009 = -16", "0x150009 = -16", "0x150009 = 0")),
    Case("busy for ever", LOAD, 255, env={"KEXEC_MODEL_FAIL": ",".join(["16"] * 100)},
         stderr="kexec_load failed: .*busy.*another load"),
    Case("not root", LOAD, 255, env={"KEXEC_MODEL_FAIL": "1"},
         stderr="kexec_load failed: .*CAP_SYS_BOOT", prepare=put(
             "machine/sys/kernel/kexec_crash_loaded", b"1\n"), check=state(1, 0)),
    *[Case(f"may not: {argv}", argv, 255, env={"KEXEC_MODEL_LACKS": "1"}, stderr=r"\Akexec: it lacks what it takes\n\Z",
           check=loads()) for argv in ("-p {dir}/none", "-l {kernel}", "-e", "-u", "{kernel}")],
    Case("may not: but look", "-p --dry-run {kernel}", env={"KEXEC_MODEL_LACKS": "1"}, stdout="Segments"),
    *[Case(f"no CAP_SYS_BOOT: {argv}", argv, 255, model=False, sysroot=False,
           shell="setpriv --bounding-set=-sys_boot {argv} " + argv,
           stderr=r"\Akexec: the capability CAP_SYS_BOOT is missing, .*: run it as root, outside of containers\n\Z")
      for argv in ("-p {dir}/none", "-l {kernel}", "-e", "-p -u")],
    Case("no system call", LOAD, 255, env={"KEXEC_MODEL_FAIL": "38"}, stderr="CONFIG_KEXEC"),
    Case("EINVAL", LOAD, 255, env={"KEXEC_MODEL_FAIL": "22"}, stderr=r"Linux 6.10 .*\n\Z"),
    Case("a failed load disarms", LOAD, 255, env={"KEXEC_MODEL_FAIL": "12"},
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         stderr="(?s)crashkernel=\n.*no crash kernel is armed now; the one loaded before is gone"),
    Case("-s looks before it disarms", "-s -p {dir}/initrd", 255, env={"KEXEC_MODEL_FILE": "0"},
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"), error="Cannot determine the file type",
         check=all_of(loads_nothing, state(1, 0))),
    Case("-s looks at the machine it is for", "-s -p {kernel}", 255, env={"KEXEC_MODEL_FILE": "0"},
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"), kernel=patched(KERNEL, 18, "<H", 62),
         error="is for ELF machine 62", check=all_of(loads_nothing, state(1, 0))),
    Case("fadump, and no word on what is loaded", "-p {kernel}", 1, error="fadump is enabled", prepare=all_of(
        put("machine/sys/kernel/fadump/enabled", b"1\n"), remove("sys/kernel/kexec_crash_loaded"))),
    *[Case(f"a snapshot whose {name} leads elsewhere", argv, status, machine=Machine(cmdline="retain_initrd"),
           prepare=linked(name), stdout=stdout, stderr=stderr, check=no_secret)
      for name, argv, status, stdout, stderr in (
          ("proc/device-tree", "-p --dry-run --dump {dir}/out {kernel}", 1, None, "is not a directory"),
          ("sys/firmware", "-l --reuseinitrd --dry-run --dump {dir}/out {kernel}", 1, None, "does not say where"),
          ("etc/udev", "--record {dir}/out", 1, None, "rules.d: is not a directory"))],
    Case("a failed file load disarms", "-s -p {kernel}", 255, env={"KEXEC_MODEL_FILE": "8"},
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         stderr="(?s)files of this kind.*no crash kernel is armed now", check=loads("0x6 = -8")),
    Case("a fallback that would fail disarms nothing", "-p {kernel}", 255, env={"KEXEC_MODEL_FILE": "8"},
         kernel=b"text", prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         error="Cannot determine the file type", check=all_of(loads_nothing, state(1, 0))),
    Case("over an armed image the plan comes first, then kexec_file_load", "-p {kernel}",
         env={"KEXEC_MODEL_FILE": "0"}, prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         check=all_of(loads("0x6 = 0"), state(1, 1))),
    Case("over an armed image the fallback is the plan", "-p {kernel}", env={"KEXEC_MODEL_FILE": "8"},
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         stderr="file.* of this kind; loading with kexec_load\n",
         check=all_of(loads("0x6 = -8", "0x150001 = 0"), state(1, 0))),
    Case("what every load says", "-p --append=quiet {kernel}", usual=True, check=loads("0x150001 = 0"),
         stderr=r"\Akexec: syscall kexec_file_load not available \(CONFIG_KEXEC_FILE\); loading with "
         r"kexec_load\nkexec: Modified cmdline:elfcorehdr=[0-9]+K root=/dev/sda1 quiet\n\Z"),
    Case("a wrong option shows the usage", "--bogus", 1, stderr=r"(?s)'--bogus'.*\nUsage: kexec \["),
    Case("a failed load shows no usage", "-p {kernel}", 255, kernel=b"text", usual=True,
         stderr=r"\Akexec: Cannot load .*: Cannot determine the file type of .*\n\Z"),
    Case("a plan that fails disarms nothing", "-c -p {kernel}", 255, kernel=b"text",
         prepare=put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
         error="Cannot determine the file type", check=state(1, 0)),
    Case("--dump without --dry-run", "-p --dump {dir}/out {kernel}", 1, error="add --dry-run"),
    Case("EADDRNOTAVAIL", LOAD, 255, env={"KEXEC_MODEL_FAIL": "99"}, stderr="outside the crash region"),
    Case("ETXTBSY", LOAD, 255, env={"KEXEC_MODEL_FAIL": "26"}, stderr="overlaps the running kernel"),
    Case("EACCES", LOAD, 255, env={"KEXEC_MODEL_FAIL": "13"}, stderr="security policy"),
    Case("EFAULT", LOAD, 255, env={"KEXEC_MODEL_FAIL": "14"}, stderr="kexec_load failed: Bad address"),
    Case("failed unload", "-p -u", 255, env={"KEXEC_MODEL_FAIL": "1"}, error="kexec unload failed: "),

    # --- plans ---
    Case("plan as text", PLAN, stdout=r"(?s)FDT: room for 4 cores, 1 now: [\d,]+ bytes needed, [\d,]+ free\n"
         r"  elfcorehdr: room for [\d,]+ CPUs and memory ranges, 9 now: ", check=loads_nothing),
    Case("plan as JSON", PLAN + " --json", stdout="{", check=all_of(loads_nothing,
                                                                   json_plan(check_hotplug_plan))),
    Case("plan without --hotplug", "-p --dry-run --json {kernel}", stdout="{",
         check=json_plan(check_plain_plan)),
    Case("plan with the real program", PLAN + " --json", stdout="{", model=False,
         check=json_plan(check_hotplug_plan)),
    Case("plan as JSON: how long each step took", PLAN + " --json", stdout="{", env=SLOW, check=json_plan(check_steps)),
    Case("plan as JSON: of a compressed kernel", PLAN + " --json", stdout="{", kernel=gzip.compress(KERNEL), check=json_plan(check_decoded)),
    Case("-d: how long each step took", LOAD + " -d", env=SLOW, stderr=
         r"(?s)surveying: \d+000\.000 ms\n.*reading the kernel: \d+000\.000 ms, \d+ bytes\n.*"
         r"hashing: \d+000\.000 ms, \d+ bytes\n.*loading: \d+000\.000 ms, \d+ bytes\n"),
    Case("-s -d: how long each step took", "-s -l -d {kernel}", env=SLOW | {"KEXEC_MODEL_FILE": "0"},
         stderr=r"(?s)reading the kernel: .*loading: \d+000\.000 ms, [1-9]\d+ bytes\n"),
    Case("a line for who waits", "sh", env=SLOW, shell=on_a_terminal(PLAN),
         stdout=r"@reading the kernel: \d+ of \d+ MiB, 0 MiB/s.*@hashing: \d+ of \d+ MiB.*@ +@\Z"),
    Case("a line for who waits: not with --json", "sh", env=SLOW, shell=on_a_terminal(PLAN + " --json")),
    Case("a line for who waits: not into a pipe", PLAN, stdout="Segments", env=SLOW),
    Case("a line for who waits: not in the first second", "sh", shell=on_a_terminal(PLAN)),
    Case("a line for who waits: gone before a message", "sh", env=SLOW, shell=on_a_terminal("-p --dry-run --initrd={kernel} {kernel}"),
         stdout=r"@ +@kexec[^@]*: Could not open initrd file.* begins like an ELF file"),
    Case("plan explains", PLAN + " -d", stdout="Segments", stderr="debug: kernel: .*lowest place"),
    Case("--dump", PLAN + " --dump {dir}/out", stdout="Segments",
         check=lambda r: expect(sorted(os.listdir(r.dir + "/out")) == [
             "backup.bin", "elfcorehdr.bin", "fdt.dtb", "initrd.bin", "kernel.bin", "purgatory.bin", "sealed.bin"],
             os.listdir(r.dir + "/out"))),
    Case("--dump into what exists", PLAN + " --dump {dir}", 1, error="exists already"),
    limit_case("command line at the limit", 2047, stdout="{"),
    limit_case("command line one byte over", 2048, status=1,
               error="Command line overflow: 2048 bytes .* takes 2047; shorten it by 1"),
    Case("elfcorehdr= of the user's own",
         ["-p", "--dry-run", "--command-line=a elfcorehdr=1G netelfcorehdr=x", "{kernel}"],
         stdout="elfcorehdr=[0-9]+K root=/dev/sda1 a netelfcorehdr=x", stderr="elfcorehdr= is taken out"),
    Case("crashkernel=,cma", PLAN + " --json", stdout="{", check=json_plan(check_cma), prepare=put(
        "machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n60000000-6fffffff\n")),
    Case("crashkernel=,cma, by the old name", PLAN + " --json", stdout="{", check=json_plan(check_cma), prepare=put(
        "machine/sys/kernel/kexec_crash_cma_ranges", b"10000000-1fffffff\n60000000-6fffffff\n")),
    Case("crashkernel=,cma, by both names", PLAN + " --json", stdout="{", check=json_plan(check_cma), prepare=all_of(
        put("machine/sys/kernel/kexec_crash_cma_ranges", b"10000000-10ffffff\n"),
        put("machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n60000000-6fffffff\n"))),
    Case("crashkernel=,cma is recorded", "--record {dir}/copy", stdout="what kexec reads", prepare=put(
        "machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n"), check=lambda r: expect(
            r.read("copy/sys/kernel/kexec/crash_cma_ranges") == "10000000-1fffffff\n", "no copy")),
    Case("CMA ranges with 0x", PLAN, 1, error='"0x10000000-0x1fffffff" is not a range', prepare=put(
        "machine/sys/kernel/kexec/crash_cma_ranges", b"0x10000000-0x1fffffff\n")),
    Case("crashkernel=,cma as text", PLAN, stdout="0x10000000-0x20000000  256 MiB  crashkernel=,cma, not for",
         prepare=put("machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n")),
    Case("no crashkernel=,cma", PLAN + " --json", stdout="{", check=json_plan(lambda p: expect(
        len(p["ranges"]["crash_region"]) == 1, p["ranges"])), prepare=put(
            "machine/sys/kernel/kexec/crash_cma_ranges", b"")),
    Case("a broken list of CMA ranges", PLAN, 1, error='"12-" is not a range', prepare=put(
        "machine/sys/kernel/kexec/crash_cma_ranges", b"10000000-1fffffff\n12-\n")),
    Case("several crash regions", PLAN + " --json", stdout="{", check=json_plan(check_cma), prepare=put(
        "machine/proc/iomem", b"00000000-7fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n"
        b"  20000000-3fffffff : Crash kernel\n  60000000-6fffffff : Crash kernel\n")),
    Case("a GPU's memory is neither used nor dumped", PLAN + " --json", stdout="{", machine=Machine(
        memory=[[(0, 2 * GIB)]], extra={"memory@80000000": Node({
            "device_type": text("memory"), "compatible": text("ibm,coherent-device-memory"),
            "reg": be64(2 * GIB, GIB)})}), check=json_plan(lambda p: expect(
                not overlaps(p["ranges"]["dump"], 2 * GIB, 3 * GIB) and
                not overlaps(p["ranges"]["usable"], 2 * GIB, 3 * GIB), p["ranges"]))),
    Case("a GPU's memory stays limited in a normal kernel", "-l --dry-run --dump {dir}/out {kernel}",
         stdout="Segments", machine=Machine(extra={"memory@80000000": Node({
             "device_type": text("memory"), "compatible": text("ibm,coherent-device-memory"),
             "reg": be64(2 * GIB, GIB), "linux,usable-memory": be64(2 * GIB, 0)})}),
         check=lambda r: expect(subprocess.run(
             ["fdtget", "-t", "x", f"{r.dir}/out/fdt.dtb", "/memory@80000000", "linux,usable-memory"],
             capture_output=True, text=True).stdout.split() == ["0", "80000000", "0", "0"], "usable")),
    Case("a capture kernel's limits do not stay", "-l --dry-run --dump {dir}/out {kernel}", stdout="Segments",
         machine=Machine(cmdline="elfcorehdr=1G", extra={"memory@80000000": Node({
             "device_type": text("memory"), "reg": be64(2 * GIB, GIB),
             "linux,usable-memory": be64(0, 0)})}),
         check=lambda r: expect(subprocess.run(
             ["fdtget", f"{r.dir}/out/fdt.dtb", "/memory@80000000", "linux,usable-memory"],
             capture_output=True).returncode, "still limited")),
    Case("nothing goes into /reserved-memory", "-l --dry-run --json {kernel}", stdout="{", machine=Machine(
        extra={"reserved-memory": Node({"#address-cells": be32(2), "#size-cells": be32(2), "ranges": b"",
                                        "log@3000000": Node({"reg": be64(0x3000000, 0x1000000)})})}),
         check=json_plan(lambda p: expect(all(int(s["address"], 0) >= 0x4000000 for s in p["segments"]) and
                                          overlaps(p["ranges"]["avoid"], 0x3000000, 0x4000000), p))),
    Case("the keystore's password", "-c -l {kernel}", stderr="warning: .*PLPKS.* only kexec_file_load",
         prepare=put("machine/sys/firmware/secvar/format", b"ibm,plpks-sb-v1\0"), check=loads("0x150000 = 0")),
    Case("memory added since boot", PLAN + " --json", stdout="{",
         machine=Machine(memory=[[(0, 2 * GIB)], [(2 * GIB, GIB)]], memory_limit=2 * GIB),
         check=json_plan(lambda p: expect(p["ranges"]["dump"][-1]["end"] == "0xc0000000", p["ranges"]))),
    Case("one cell for addresses and sizes", PLAN, stdout="0x000080000000 .* memory",
         machine=Machine(addr_cells=1, size_cells=1, memory=[[(0, 2 * GIB)]])),
    Case("ten thousand properties", PLAN, stdout="Segments", machine=many_properties(10000)),
    Case("two thousand reservations", PLAN, stdout="reserved-ranges", machine=many_reserved(2000)),
    *[Case(f"kernel that begins like {what}", PLAN, 1, error=f"begins like {what}",
           kernel=elf64([(0, magic + kernel_text(65536)[4:], 65536)]))
      for what, magic in (("a device tree", b"\xd0\x0d\xfe\xed"), ("an ELF file", b"\x7fELF"))],
    Case("initrd that does not exist", "-p --initrd=/nonexistent {kernel}", 255,
         error="Could not open initrd file: Cannot open `/nonexistent': No such file"),
    Case("initrd that is empty", "-p --initrd={initrd} {kernel}", 255, error="is empty",
         prepare=put("initrd", b"")),
    Case("initrd that does not fit", "-p --initrd={initrd} {kernel}", 1,
         error="initrd: Could not find a free area of memory of 0x3000000 bytes .49152 KiB.", machine=Machine(crash=(512 * MIB, 32 * MIB)),
         prepare=put("initrd", bytes(48 * MIB))),
    *[Case(f"half of memory: {what}", "-c -p --hotplug --initrd={initrd} {kernel}" + more, status, machine=machine,
           error=error, prepare=lambda w, size=size: [put("initrd", b"070701")(w),
                                                      os.truncate(f"{w}/initrd", size * MIB)], check=check)
      for what, more, status, machine, size, error, check in (
          ("the kernel's, without the crash region", "", 1, HALF, 330, r"half of memory \(0x[0-9a-f]+\), which",
           loads_nothing),
          ("what just fits", "", 0, HALF, 280, None, loads("0x150009 = 0")),
          ("a machine that does not say", " --dry-run", 1, Machine(
              memory=[[(0, 640 * MIB)]], crash=(128 * MIB, 512 * MIB), meminfo=False), 330,
           r"half of memory \(0x14000000, an estimate: proc/meminfo", loads_nothing))],
    Case("a plan by an estimate says so", "-p --dry-run {kernel}", machine=Machine(meminfo=False),
         stdout="(?m)^  may take      1 GiB, .* .an estimate"),
    Case("a broken meminfo", "-c -p {kernel}", 1, prepare=put("machine/proc/meminfo", b"MemFree: 12 kB\n"),
         error="does not have the line"),
    Case("hash guest with a low RMA", PLAN, 1, error="below 0x10000000 .as far as early boot",
         machine=Machine(radix=False, memory=[[(0, 256 * MIB)], [(256 * MIB, 2 * GIB)]])),
]

for name, status, line, values, verdict, test, machine in READINESS_CASES:
    CASES += [
        Case(f"readiness: {name}", "-S --verbose", status, machine=machine, prepare=facts(**values),
             stdout=r"\AKEXEC (OK|WARNING|CRITICAL|UNKNOWN): .*\n  loaded ",
             check=lambda r, line=line: expect(re.search(rf"\AKEXEC [^\n]*{line}", r.stdout), r.stdout)),
        Case(f"readiness: {name}, JSON", "-S --verbose --json", status, machine=machine, stdout="{",
             prepare=facts(**values), check=readiness(verdict, status, test)),
    ]

# What others type: each one's own words, and what must come of them.
CONSUMERS = [
    ("kdumpctl", "-s -p --command-line=quiet --initrd={initrd} {kernel}", FILE_LOAD, "0x2 = 0"),
    ("kdumpctl, Secure Boot", "-s -s -p --command-line=quiet --initrd={initrd} {kernel}", FILE_LOAD,
     "0x2 = 0"),
    ("kdumpctl, big-endian", "--dt-no-old-root -p --command-line=quiet --initrd={initrd} {kernel}", {},
     "0x150001 = 0"),
    ("kdumpctl unload", "-p -u", {}, "0x1 = 0"),
    ("kdumpctl unload, Secure Boot", "-s -p -u", FILE_LOAD, "0x3 = 0"),
    ("load.sh", "-p {kernel} --append=quiet --initrd={initrd} -a", {}, "0x150001 = 0"),
    ("load.sh unload", "-a -p -u", {}, "0x1 = 0"),
    ("kdump-config", "-p --args-linux --hotplug --command-line=quiet --initrd={initrd} {kernel}", {},
     "0x150009 = 0"),
    ("kdump-config, both calls", "-p --args-linux --hotplug --command-line=quiet --initrd={initrd} {kernel}",
     FILE_LOAD, "0x150009 = 0"),
    ("load.sh, both calls", "-p {kernel} --append=quiet --initrd={initrd} -a", FILE_LOAD, "0x2 = 0"),
    ("drgn, both calls", "--load-panic --kexec-syscall-auto --command-line=quiet {kernel}", FILE_LOAD, "0x6 = 0"),
    ("systemctl kexec", "--load {kernel} --append quiet --initrd {initrd}", {}, "0x150000 = 0"),
    ("petitboot", "-l --initrd={initrd} --append=\"\" {kernel}", {}, "0x150000 = 0"),
    ("op-test", "--initrd={initrd} {kernel} -l -c --append=quiet", {}, "0x150000 = 0"),
    ("op-test, bundled", "-lc {kernel} --initrd= --append=", {}, "0x150000 = 0"),
    ("drgn", "--load-panic --kexec-syscall-auto --command-line=quiet {kernel}", {}, "0x150001 = 0"),
    ("kselftest", "--load {kernel}", {}, "0x150000 = 0"),
    ("kselftest unload", "--unload", {}, "0x0 = 0"),
]
CASES += [Case(f"as {who} calls it", argv, env=env, check=loads(flags))
          for who, argv, env, flags in CONSUMERS]
for m in RECORDED:
    CASES += [
        Case(f"plan for the recorded {m.name}", PLAN, machine=m, stdout="elfcorehdr",
             check=golden(f"{m.name}.txt")),
        Case(f"load on the recorded {m.name}", LOAD, machine=m, check=loads("0x150009 = 0")),
    ]
CASES += [Case(f"kernel {what}", LOAD, status, error=error, prepare=instead_of_kernel(make))
          for what, make, status, error in BAD_KERNELS]
CASES += [Case(f"bad kernel: {what}", LOAD, status, error=error, kernel=data)
          for what, data, status, error in BAD_ELF]
CASES += [Case(f"machine with {what}", LOAD, 1, error=error, machine=machine, prepare=prepare)
          for what, machine, prepare, error in BAD_MACHINES]
