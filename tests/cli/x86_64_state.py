# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""x86_64: what the running kernel says of itself: is it ready, what does it refuse and why."""
from errno import EACCES, EBUSY, EIO, ENOEXEC, EPERM

from arming import both
from bzimage import bzimage
from cases import all_of, loads, loads_nothing, put, readiness, state
from harness import Case, expect
from recorded import Recorded

MACHINE = Recorded("q35-bios-added", 4096, crash=(0x2f000000, 0x10000000))
RULES = "machine/usr/lib/udev/rules.d/98-kexec.rules"
REMOVED = b'SUBSYSTEM=="memory", ACTION=="remove", CONST{arch}=="x86-64", RUN+="/usr/bin/touch /run/kdump/reload/removed"\n'
OFFLINE = REMOVED.replace(b"remove", b"offline", 1)
STALE = "leaves memory that was removed in the image.*no udev rule reloads on the event \"remove\""


def files(kept=1, memory=b"1\n", rules=None):
    found = [put("machine/sys/kernel/kexec_crash_loaded", b"1\n"),
             put("machine/sys/devices/system/cpu/crash_hotplug", b"%d\n" % kept),
             put("machine/sys/devices/system/memory/crash_hotplug", memory)]
    return all_of(*found, *[put(RULES, rules)] * (rules is not None))


def ready(name, status, stdout, prepare):
    return Case(f"x86_64: readiness: {name}", "-S --verbose", status, machine=MACHINE, prepare=prepare,
                stdout="(?s)" + stdout)


CASES = [
    ready("no rule reloads when memory is removed", 1, "WARNING: armed; the kernel keeps it.*but.*" + STALE, files()),
    ready("a rule does", 0, r"OK: armed; the kernel keeps it.*98-kexec.rules:1 reloads on memory remove\n", files(rules=REMOVED)),
    ready("a rule reloads too early", 1, STALE, files(rules=OFFLINE)),
    ready("nothing is kept current", 1, "WARNING: armed, but stale", files(kept=0, memory=b"0\n", rules=REMOVED)),
    Case("x86_64: readiness: JSON", "-S --verbose --json", 1, stdout="{", machine=MACHINE, prepare=files(),
         check=readiness("kept-current", 1, lambda j: expect(len(j["warnings"]) == 1 and "removed" in j["warnings"][0], j))),
    ready("CPUs that are only possible have no notes", 0, "OK: .*4 possible, 2 present, 2 with crash notes", files(rules=REMOVED)),
    ready("a CPU that is present has none", 1, "1 of 3 present CPUs have no crash_notes",
          all_of(files(rules=REMOVED), put("machine/sys/devices/system/cpu/present", b"0-2\n"))),
]


# --- refusals ---

LOCKED = put("machine/sys/kernel/security/lockdown", b"none [integrity] confidentiality\n")
SECURE = put("machine/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\6\0\0\0\1")
UEFI = Recorded("q35-uefi", 4096, crash=(0x2b000000, 0x10000000))
KERNEL = bzimage()
ARMED = all_of(put("machine/sys/kernel/kexec_crash_loaded", b"1\n"), put("machine/sys/kernel/kexec/crash_loaded", b"1\n"))
LOCKED_LOAD = "locked down: it takes kernels by kexec_file_load \\(-s\\) only"
LOCKED_FILE = "locked down: it takes only kernels signed with a key"
REFUSED = ["0x2 = -1", "0x6 = -1"]       # with an empty initrd, and as that may be what is refused, without
SECURE_LOAD = "under Secure Boot the running kernel takes kernels by kexec_file_load \\(-s\\) only"


def refused(name, argv, text, policy, *prepare, calls=(), file=0, status=255, **more):
    return Case(f"x86_64: refused: {name}", argv, status, machine=UEFI, kernel=KERNEL, env=both(policy=policy, file=file),
                stderr="(?s)" + text, prepare=all_of(ARMED, *prepare), check=all_of(loads(*calls), state(1, 0)), **more)


CASES += [
    refused("lockdown", "-c -p {kernel}", "kexec_load failed: .*" + LOCKED_LOAD, EPERM, LOCKED, calls=["0x3e0001 = -1"]),
    refused("lockdown, -u", "-c -p -u", "unload failed: .*" + LOCKED_LOAD, EPERM, LOCKED, calls=["0x1 = -1"]),
    refused("lockdown, normal", "-c -l {kernel}", LOCKED_LOAD, EPERM, LOCKED, calls=["0x3e0000 = -1"]),
    refused("lockdown, not signed", "-s -p {kernel}", "kexec_file_load failed: .*" + LOCKED_FILE, EPERM, LOCKED,
            calls=REFUSED, file=EPERM),
    refused("lockdown, -a goes no further", "-p {kernel}", LOCKED_FILE, EPERM, LOCKED, calls=REFUSED, file=EPERM),
    refused("lockdown, -a --hotplug", "-p --hotplug {kernel}", "loading with kexec_file_load: the running kernel is locked.*" +
            LOCKED_FILE, EPERM, LOCKED, calls=REFUSED, file=EPERM),
    refused("lockdown, no such files", "-l {kernel}", "files of this kind\n\\Z", EPERM, LOCKED, calls=["0x0 = -8"], file=ENOEXEC),
    refused("Secure Boot", "-c -p {kernel}", SECURE_LOAD, EACCES, SECURE, LOCKED, calls=["0x3e0001 = -13"]),
    refused("Secure Boot, -u", "-c -p -u", SECURE_LOAD, EACCES, SECURE, calls=["0x1 = -13"]),
    refused("IMA without Secure Boot", "-c -p {kernel}", r"security policy \(IMA, SELinux\)", EACCES, calls=["0x3e0001 = -13"]),
    refused("neither", "-c -p {kernel}", r"needs root \(CAP_SYS_BOOT\)", EPERM, calls=["0x3e0001 = -1"]),
    refused("LoadPin", "-s -p --initrd={initrd} {kernel}", "not on the file system that LoadPin has pinned", EPERM,
            put("machine/proc/sys/kernel/kexec_load_disabled", b"0\n"), calls=["0x2 = -1"], file=EPERM),
    refused("LoadPin, and -c", "-c -p {kernel}", r"\A(?!.*root).*LoadPin or lockdown", EPERM,
            put("machine/proc/sys/kernel/kexec_load_disabled", b"0\n"), calls=["0x3e0001 = -1"]),
    refused("disabled", "-s -p {kernel}", "kexec_load_disabled is 1", EPERM, LOCKED,
            put("machine/proc/sys/kernel/kexec_load_disabled", b"1\n"), calls=REFUSED, file=EPERM),
    refused("used up", "-c -p {kernel}", "kexec_load_limit_panic is 0", EPERM,
            put("machine/proc/sys/kernel/kexec_load_limit_panic", b"0\n"), calls=["0x3e0001 = -1"]),
    Case("x86_64: lockdown, and -u goes by kexec_file_load", "-p -u", machine=UEFI, kernel=KERNEL, env=both(policy=EPERM),
         prepare=all_of(ARMED, LOCKED), check=all_of(loads("0x3 = 0"), state(0, 0))),
    Case("x86_64: lockdown, and --hotplug goes by kexec_file_load", "-p --hotplug {kernel}", machine=UEFI, kernel=KERNEL, env=both(policy=EPERM),
         prepare=all_of(LOCKED, put("machine/sys/kernel/kexec_crash_loaded", b"0\n")), stderr="\\Akexec: loading with kexec_file_load: the running kernel is locked down.*\n\\Z",
         check=all_of(loads("0x2 = 0"), state(1, 1))),
    Case("x86_64: lockdown, and -a has one call", "-p --dry-run {kernel}", machine=UEFI, kernel=KERNEL, prepare=LOCKED,
         stdout=r"(?m)^  system call   kexec_file_load \(the running kernel is locked down", check=loads_nothing),
]

# --- an initrd that EFI's tables tell of ---

EMPTY = "  read initrd c71c0011"		# crc32 of a page of zeroes
UNSIGNED = "no initrd that it does not trust"


def reads(empty, *calls):
    def check(r):
        loads(*calls)(r)
        said = r.read("calls")
        expect((EMPTY in said) == empty, said)
    return check


CASES += [
    Case("x86_64: UEFI, -s without an initrd", "-s -l {kernel}", machine=UEFI, kernel=KERNEL, env=both(), stderr=r"\A\Z",
         check=reads(True, "0x0 = 0")),
    Case("x86_64: UEFI, -s -p without an initrd", "-s -p {kernel}", machine=UEFI, kernel=KERNEL, env=both(), stderr=r"\A\Z",
         check=reads(True, "0x2 = 0")),
    Case("x86_64: UEFI, -s with an initrd", "-s -l --initrd={initrd} {kernel}", machine=UEFI, kernel=KERNEL, env=both(),
         check=reads(False, "0x0 = 0")),
    Case("x86_64: BIOS, -s without an initrd", "-s -l {kernel}", machine=MACHINE, kernel=KERNEL, env=both(),
         check=reads(False, "0x4 = 0")),
    Case("x86_64: UEFI, -s without an initrd where one must be signed", "-s -l {kernel}", machine=UEFI, kernel=KERNEL,
         env=both(file="13,0"), stderr=f"warning: .*{UNSIGNED}", check=reads(False, "0x0 = -13", "0x4 = 0")),
    Case("x86_64: UEFI, -s without an initrd where LoadPin is", "-s -l {kernel}", machine=UEFI, kernel=KERNEL,
         env=both(file="1,0"), stderr=f"warning: .*{UNSIGNED} .* LoadPin", check=reads(False, "0x0 = -1", "0x4 = 0")),
    Case("x86_64: UEFI, -s without an initrd where loads are limited, and LoadPin is", "-s -l {kernel}", machine=UEFI, kernel=KERNEL,
         prepare=put("machine/proc/sys/kernel/kexec_load_limit_reboot", b"1\n"), env=both(file="0"),
         stderr="warning: .*empty initrd would count: ", check=reads(False, "0x4 = 0")),
    Case("x86_64: UEFI, -s, and LoadPin has not pinned the kernel", "-s -l {kernel}", 255, machine=UEFI, kernel=KERNEL,
         env=both(file="1"), stderr=rf"(?s)\A(?!.*{UNSIGNED}).*kexec_file_load failed", check=reads(False, "0x0 = -1", "0x4 = -1")),
    Case("x86_64: UEFI, -s, and the kernel must be signed", "-s -l {kernel}", 255, machine=UEFI, kernel=KERNEL,
         env=both(file="13"), stderr=rf"(?s)\A(?!.*{UNSIGNED}).*kexec_file_load failed", check=reads(False, "0x0 = -13", "0x4 = -13")),
]

# --- memory that is kept for the next kernel ---

LOST = "warning: memory that is preserved for the next kernel .* is lost when this one is started"
KHO, LIVE = put("machine/proc/cmdline", b"quiet kho=on\n"), put("machine/dev/liveupdate", b"")


def preserved(name, argv, calls, prepare, warning=LOST, **env):
    return Case(f"x86_64: preserved memory: {name}", argv, machine=UEFI, kernel=KERNEL, env=both(**env), prepare=prepare,
                check=loads(*calls), stderr=warning or r"\A\Z")


CASES += [
    preserved("-c", "-c -l {kernel}", ["0x3e0000 = 0"], KHO),
    preserved("-c, live update", "-c -l {kernel}", ["0x3e0000 = 0"], LIVE),
    preserved("-c, none", "-c -l {kernel}", ["0x3e0000 = 0"], put("machine/proc/cmdline", b"kho=off\n"), None),
    preserved("-a prefers the call that keeps it", "-l {kernel}", ["0x0 = 0"], KHO, None),
    preserved("-a where that call cannot", "-l {kernel}", ["0x0 = -8", "0x3e0000 = 0"], KHO, file=ENOEXEC),
    preserved("a crash kernel gets none", "-c -p {kernel}", ["0x3e0001 = 0"], KHO, None),
] + [
    Case(f"x86_64: reboot fails: {name}", "-e -x -y", 255, machine=UEFI, kernel=KERNEL, env={"KEXEC_MODEL_REBOOT": str(err)},
         prepare=all_of(put("machine/sys/kernel/kexec/loaded", b"1\n"), *prepare), error=text)
    for name, err, prepare, text in (
        ("live update", EIO, [LIVE], "kexec failed: Input/output error: what is preserved .*live update.* may not be ready"),
        ("live update, busy", EBUSY, [LIVE], "kexec failed: .*a load or a hotplug update is going on"),
        ("not live update", EIO, [], r"kexec failed: Input/output error\n\Z"))
]
