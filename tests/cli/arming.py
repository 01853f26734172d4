# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Armed must be true: which system call loads, what a failure costs, what is said and answered."""
import json
import os

from cases import HALF, KERNEL, OLD, all_of, loads, loads_nothing, patched, put, remove, state
from harness import Case, expect
from machine import MIB, Machine
from vmlinux import vmlinux

BOTH = {"KEXEC_MODEL_FILE": "0"}
ARMED = put("machine/sys/kernel/kexec_crash_loaded", b"1\n")
HOTPLUG = "-p -a --hotplug {kernel}"
EPERM, EIO, E2BIG, ENOEXEC, ENOMEM, EACCES, EINVAL, ETXTBSY, EFBIG = 1, 5, 7, 8, 12, 13, 22, 26, 27
ENOSYS, ENODATA, ENOPKG, ELIBBAD, EADDRNOTAVAIL = 38, 61, 65, 80, 99
EBADMSG, EOPNOTSUPP, ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED = 74, 95, 126, 127, 128, 129


def both(**more):
    return {**BOTH, **{f"KEXEC_MODEL_{k.upper()}": str(v) for k, v in more.items()}}


def pauses(*wanted):
    def check(r):
        got = [int(line.split()[1]) for line in r.read("calls").splitlines() if line.startswith("  sleep")]
        expect(got == list(wanted), f"pauses: {got}")
    return check


def system_calls(*wanted):
    return lambda r: expect(json.loads(r.stdout)["system_calls"] == list(wanted), r.stdout)


def limit(value):
    return put("machine/proc/sys/kernel/kexec_load_limit_panic", b"%d\n" % value)


def limit_reads(value):
    return lambda r: expect(r.read("machine/proc/sys/kernel/kexec_load_limit_panic") == f"{value}\n",
                            r.read("machine/proc/sys/kernel/kexec_load_limit_panic"))


def sparse(name, size):
    def prepare(where):
        with open(os.path.join(where, name), "wb") as f:
            f.truncate(size)
    return prepare


def no_log(r):
    loads_nothing(r)
    expect(not os.path.exists(os.path.join(r.dir, "machine/kexec-log")), "the log was written to")


def again(prepare):
    return all_of(prepare, ARMED) if prepare else ARMED


FIRST = [
    ("with both calls", both(), {}, loads("0x150009 = 0"), None),
    ("under lockdown", both(policy=EPERM), {}, loads("0x150009 = -1", "0x6 = 0"),
     "not permitted: .*lockdown.*; loading with kexec_file_load\n"),
    ("under Secure Boot", both(policy=EACCES), {}, loads("0x150009 = -13", "0x6 = 0"),
     "Permission denied: .*; loading with kexec_file_load\n"),
    ("without kexec_load", both(policy=ENOSYS), {}, loads("0x150009 = -38", "0x6 = 0"),
     "no kexec_load .*; loading with kexec_file_load\n"),
    ("under lockdown, on a kernel with a wrong backup region", both(policy=EPERM), {"machine": OLD},
     loads("0x150009 = -1", "0x6 = 0"), "(?s)with kexec_file_load\n.*warning: .*wrong place .*; use -c\n"),
]

CALLS = [Case(f"--hotplug {name}{over}", HOTPLUG, env=env, stderr=stderr, prepare=prepare,
              check=all_of(check, state(1, 1)), **more)
         for name, env, more, check, stderr in FIRST for over, prepare in (("", None), (" again", ARMED))]
CALLS += [
    Case("--hotplug, kexec_load fails otherwise", HOTPLUG, 255, env=both(fail=ENOMEM), stderr="no free pages",
         check=loads("0x150009 = -12")),
    Case("--hotplug, big-endian, under lockdown", HOTPLUG, 255, machine=Machine(little=False),
         env=both(policy=EPERM), stderr="kexec_load failed", check=loads("0x150009 = -1")),
    Case("--hotplug, both calls refused", HOTPLUG, 255, env=both(policy=EPERM, file=EPERM), prepare=ARMED,
         stderr="(?s)kexec_load failed.*kexec_file_load failed", check=state(1, 0)),
    Case("--hotplug, no call at all", HOTPLUG, 255, env={"KEXEC_MODEL_POLICY": "38"}, stderr="CONFIG_KEXEC_FILE"),
    Case("--hotplug, no plan, no call", HOTPLUG, 1, env=both(), prepare=remove("sys/devices/system/cpu/cpu3"),
         error="1 of 4 possible CPUs", check=loads_nothing),
    Case("-s says what the kernel gets wrong", "-s -p {kernel}", env=both(), machine=OLD, check=loads("0x6 = 0"),
         stderr=r"\Akexec: warning: this Linux has a wrong place for the first 64 KiB .*; use -c\n\Z"),
    *[Case(f"-a does not let it: {argv}", f"{argv} {{kernel}}", env=both(), machine=OLD, stderr=r"\A\Z",
           check=all_of(loads("0x150001 = 0"), state(1, 0))) for argv in ("-p", "-p --type=elf-ppc64")],
    Case("-a says so too, where there is no other", "-p {kernel}", env=both(policy=EPERM), machine=OLD,
         check=loads("0x150001 = -1", "0x6 = 0"), stderr="(?s)loading with kexec_file_load.*wrong place"),
    Case("... or where only the running kernel understands the machine", "-p {kernel}", env=both(), machine=OLD,
         prepare=remove("proc/device-tree"), check=loads("0x6 = 0"),
         stderr="(?s)no device tree.*the running kernel planned alone.*wrong place"),
    Case("-s -l has no backup region", "-s -l {kernel}", env=both(), machine=OLD, check=loads("0x4 = 0")),
    Case("-s on a kernel of which nothing is known", "-s -p {kernel}", env=both(), check=loads("0x6 = 0")),
]
CALLS += [Case(f"--dry-run {argv} says which call", f"{argv} --dry-run {{kernel}}", env=both(), **more,
               stdout=rf"(?m)^  system call   {' else '.join(calls)} \(")
          for argv, calls, more in (
              ("-p --hotplug", ["kexec_load,", "kexec_file_load"], {}), ("-p", ["kexec_file_load,", "kexec_load"], {}),
              ("-p -c", ["kexec_load"], {}), ("-p -s", ["kexec_file_load"], {}),
              ("-p --hotplug -s", ["kexec_file_load"], {}), ("-p --mem-min=1M", ["kexec_load"], {}),
              ("-p --hotplug", ["kexec_load"], {"machine": Machine(little=False)}))]
CALLS += [
    Case("--dry-run --json says which call: --hotplug", HOTPLUG + " --dry-run --json", stdout="{",
         check=system_calls("kexec_load", "kexec_file_load")),
    Case("--dry-run --json says which call: -s", "-p -s --dry-run --json {kernel}", stdout="{",
         check=system_calls("kexec_file_load")),
]

# --- a kexec_file_load that fails has cost the armed image ---
REFUSED = EPERM, EACCES, EKEYREJECTED, EKEYREVOKED, EKEYEXPIRED, ENOKEY, EBADMSG, ELIBBAD, ENODATA, ENOPKG
OTHERWISE = EIO, E2BIG, ENOEXEC, ENOMEM, EINVAL, ETXTBSY, EFBIG, EOPNOTSUPP, EADDRNOTAVAIL
COSTS = [Case(f"kexec_file_load fails with errno {err}{over}: the plan is there", "-p {kernel}",
              env=both(file=err), stderr="; loading with kexec_load\n", prepare=prepare,
              check=all_of(loads(f"0x6 = -{err}", "0x150001 = 0"), state(1, 0)))
         for err in OTHERWISE for over, prepare in (("", None), (" over an armed image", ARMED))]
COSTS += [Case(f"kexec_file_load refuses with errno {err}: that is final", "-p {kernel}", 255,
               env=both(file=err), prepare=ARMED, stderr="kexec_file_load failed", check=loads(f"0x6 = -{err}"))
          for err in REFUSED]

NO_TREE = remove("proc/device-tree")
NO_REGION = put("machine/sys/kernel/kexec_crash_size", b"0\n")
BIG = all_of(ARMED, sparse("initrd", 600 * MIB))
LONG = "x" * 2030


def being_written(call):
    return f"exec 3>>{{dir}}/vmlinux; {{argv}} {call} {{dir}}/vmlinux"


COSTS += [
    Case("a machine that only the running kernel understands", "-p {kernel}", env=both(), prepare=again(NO_TREE),
         stderr="no device tree.*; the running kernel planned alone\n", check=all_of(loads("0x6 = 0"), state(1, 1))),
    Case("... and no kexec_file_load", "-p {kernel}", 1, prepare=again(NO_TREE), error="no device tree",
         check=state(1, 0)),
    Case("... and a failure is final", "-p {kernel}", 255, env=both(file=EINVAL), prepare=again(NO_TREE),
         stderr="(?s)no device tree.*was to plan alone.*kexec_file_load failed", check=loads("0x6 = -22")),
    Case("... and not a kernel for it", "-p {kernel}", 255, env=both(), prepare=again(NO_TREE),
         kernel=patched(KERNEL, 18, "<H", 62), error="is for ELF machine 62", check=all_of(loads_nothing, state(1, 0))),
    *[Case(f"{argv}: nothing is reserved", argv + " {kernel}", 1, env=both(), prepare=again(NO_REGION),
           error="Memory for crashkernel is not reserved: boot with", check=all_of(loads_nothing, state(1, 0)))
      for argv in ("-p -s", "-p -a", "-p -c")],
    *[Case(f"{argv}: wrong type", argv + " {kernel}", 255, env=both(), prepare=ARMED, error=error,
           check=all_of(loads_nothing, state(1, 0)))
      for call in ("-p -s", "-l -s", "-p -a", "-p -c", "-l -c")
      for argv, error in ((f"{call} --type=uImage", "Wrong file type uImage, file matches type elf-ppc64"),
                          (f"{call} -t odd", "Unsupported kernel type odd"))],
    Case("-s: the right type", "-p -s --type=elf-ppc64 {kernel}", env=both(), check=loads("0x6 = 0")),
    *[Case(f"{argv}: what is larger than the crash region costs nothing", argv + " --initrd={initrd} {kernel}", 1,
           env=both(), prepare=BIG, stderr="larger than|free area", check=all_of(loads_nothing, state(1, 0)))
      for argv in ("-p -s", "-p -a", "-p -c", "-p --hotplug")],
    *[Case(f"{argv}: what is larger than half of memory costs nothing", argv + " --initrd={initrd} {kernel}", 1,
           env=both(), machine=HALF, prepare=all_of(ARMED, sparse("initrd", 330 * MIB)), stderr="half of memory",
           check=all_of(loads_nothing, state(1, 0)))
      for argv in ("-p -s", "-p -a", "-p -c", "-p --hotplug")],
    Case("-s with a command line that the kernel cannot lengthen", ["-s", "-p", "--append=" + LONG, "{kernel}"], 1,
         env=both(), prepare=ARMED, error="Command line overflow: 20[0-9]+ bytes .* takes 2047",
         check=all_of(loads_nothing, state(1, 0))),
    Case("-s while the kernel is being written", "", 1, env=both(), prepare=ARMED, shell=being_written("-s -p"),
         error="is open for writing", check=all_of(loads_nothing, state(1, 0))),
    Case("-a while the kernel is being written", "", env=both(), prepare=ARMED, shell=being_written("-p"),
         stderr="open for writing.*; loading with kexec_load", check=all_of(loads("0x6 = -26", "0x150001 = 0"), state(1, 0))),
    *[Case(f"{argv}: a capture kernel of the other byte order", argv + " -p {kernel}", 255, env=both(), prepare=ARMED,
           kernel=vmlinux(little=False), error="is big-endian, unlike .*not find the dump", check=loads_nothing)
      for argv in ("-s", "-a", "-c", "-a --hotplug", "--dry-run")],
    Case("another kernel of the other byte order starts", "-c -l {kernel}", kernel=vmlinux(little=False),
         check=loads("0x150000 = 0")),
    Case("a limit is used up", HOTPLUG, 255, env=both(), prepare=all_of(ARMED, limit(0)),
         stderr="kexec_load_limit", check=state(1, 0)),
    Case("a limit is counted", HOTPLUG, env=both(), prepare=all_of(ARMED, limit(1)),
         check=all_of(loads("0x150009 = 0"), limit_reads(0))),
    Case("a limit is not used up by another's lock", "-p -c {kernel}", 255, env=both(fail="16,16,0"),
         prepare=all_of(ARMED, limit(3)), error="another load, unload or hotplug update",
         check=all_of(loads("0x150001 = -16"), limit_reads(2), state(1, 0))),
    Case("... nor a lock that takes turns with another call", "-p -s {kernel}", 255, env=both(file="16,0"),
         prepare=all_of(ARMED, limit(3)), error="another load, unload or hotplug update",
         check=all_of(loads("0x6 = -16"), limit_reads(2), state(1, 0))),
    Case("a limit ends the reloads, which is a failure", HOTPLUG, 255, env=both(arrives=100), prepare=limit(2),
         stderr="kexec_file_load failed", check=state(1, 1)),
]

# --- events that the kernel has dropped ---
AGAIN = r"CPUs or memory changed .*; loading again\n"
KEPT_CHANGING = r"(?s)(CPUs or memory changed [^\n]*\n.*){4}kept changing; the loaded image is not current"
EVENTS = [Case(f"an event during the call: {argv}", argv + " {kernel}", env=both(arrives=1), stderr=AGAIN,
               check=all_of(loads(call, call), state(1, 1), pauses(100)))
          for argv, call in (("-p -s", "0x6 = 0"), ("-p -s --hotplug", "0x6 = 0"), ("-p -a", "0x6 = 0"),
                             ("-p -a --hotplug", "0x150009 = 0"), ("-p -c --hotplug", "0x150009 = 0"))]
EVENTS += [Case(f"events for ever: {argv}", argv + " {kernel}", 4, env=both(arrives=100), stderr=KEPT_CHANGING,
                check=all_of(loads(*[call] * 5), state(1, 1), pauses(100, 200, 400, 800)))
           for argv, call in (("-p -s", "0x6 = 0"), ("-p -a", "0x6 = 0"), ("-p --hotplug", "0x150009 = 0"))]
EVENTS += [
    Case("an event while somebody else has the lock", HOTPLUG, env=both(arrives=1, fail="16,0"), stderr=AGAIN,
         check=loads("0x150009 = -16", "0x150009 = 0", "0x150009 = 0")),
    Case("an event during a call that fails", "-p {kernel}", env=both(arrives=1, file=ENOMEM),
         stderr="; loading with kexec_load\n", check=loads("0x6 = -12", "0x150001 = 0")),
    Case("an image that is not kept current is stale anyhow", "-p -c {kernel}", env=both(arrives=100),
         check=loads("0x150001 = 0")),
    Case("nor one of a kernel that keeps none", "-p -s {kernel}", env=both(arrives=100), machine=Machine(hotplug=False),
         check=loads("0x6 = 0")),
    Case("that the kernel keeps none just now says nothing", "-p -s {kernel}", env=both(arrives=1, deaf=1), stderr=AGAIN,
         check=all_of(loads("0x6 = 0", "0x6 = 0"), pauses(100))),
    Case("an event during a normal load", "-l -s {kernel}", env=both(arrives=100), check=loads("0x4 = 0")),
]

# --- loaded, and not what was asked for ---
NOT_KEPT = "the image is loaded, but the kernel will NOT keep it current when CPUs and memory change"
TRUTH = [Case(f"not kept current: {argv}", argv + " -p --hotplug {kernel}", 4, env=both(deaf=1), stderr=NOT_KEPT,
              check=state(1, 0)) for argv in ("-s", "-a", "-c")]
TRUTH += [
    Case("a plan that is only shown is no load", "-s -p --dry-run {kernel}", machine=Machine(little=False),
         env=both(), stdout="Segments", stderr="big-endian Linux", check=no_log),
    Case("the next try fails: nothing is armed", "-c -p --hotplug {kernel}", 255, env=both(arrives=1, fail="0,12"),
         stderr="no crash kernel is armed now", check=all_of(state(0, 0), lambda r: expect(
             r.stderr.count("is armed now") == 1, r.stderr))),
    Case("while the kernel changes the image, none is lost", "-c -p {kernel}", 255, env={"KEXEC_MODEL_FAIL": "12",
         "KEXEC_MODEL_SETTLES": "1"}, prepare=ARMED, stderr=r"(?s)\A(?!.*is armed now).*crashkernel=", check=state(1, 1)),
    Case("changed by the kernel when the load began, and lost", "-c -p {kernel}", 255, env={"KEXEC_MODEL_FAIL": "12",
         "KEXEC_MODEL_MEANWHILE": "echo 1 >$KEXEC_MODEL_ROOT/sys/kernel/kexec_crash_loaded"}, stderr="the one loaded before is gone",
         check=state(0, 0)),
    Case("nothing was loaded, and nothing is lost", "-c -p {kernel}", 255, env={"KEXEC_MODEL_FAIL": "12"},
         stderr=r"(?s)\A(?!.*is armed now).*crashkernel=", check=state(0, 0)),
    Case("the next try fails: what is armed is stale", "-c -p --hotplug {kernel}", 255,
         env=both(arrives=1, fail="0," + ",".join(["16"] * 40)), stderr="the loaded image is not current", check=state(1, 1)),
    Case("lockdown, and the kernel is being written", "", 1, env=both(policy=1), prepare=ARMED,
         shell=being_written("-p --hotplug"), stderr="open for writing", check=state(1, 0)),
    Case("lockdown, and the running kernel's words do not fit", "-p --hotplug --command-line=" + "x" * 2026 + " {kernel}",
         1, env=both(policy=1), prepare=ARMED, stderr="Command line overflow", check=state(1, 0)),
    Case("a log of a TPM that is not understood", "-s -p {kernel}", env=both(), machine=Machine(sml=(0x2ffb0000, 0x40000)),
         prepare=put("machine/proc/device-tree/vdevice/vtpm@30000003/linux,sml-base", b"12345"), check=loads("0x6 = 0")),
    Case("not kept current for lack of support", "-s -p --hotplug {kernel}", 4, env=both(),
         machine=Machine(hotplug=False), stderr=NOT_KEPT, check=loads("0x6 = 0")),
    Case("a CPU without notes", "-c -p {kernel}", 4, machine=Machine(cores=2),
         prepare=remove("sys/devices/system/cpu/cpu1"), check=all_of(loads("0x150001 = 0"), state(1, 0)),
         stderr="warning: 1 of 4 possible CPUs have no crash_notes"),
    Case("a CPU without notes is nothing to an image of the running kernel", "-p {kernel}", env=both(),
         machine=Machine(cores=2), prepare=remove("sys/devices/system/cpu/cpu1"), stderr=r"\A\Z",
         check=all_of(loads("0x6 = 0"), state(1, 1))),
    Case("... but to ours, which takes its place", "-p {kernel}", 4, env=both(file=ENOMEM),
         machine=Machine(cores=2), prepare=remove("sys/devices/system/cpu/cpu1", "sys/kernel/vmcoreinfo"),
         stderr="(?s)warning: 1 of 4 possible CPUs have no crash_notes.*warning: sys/kernel/vmcoreinfo is not there",
         check=all_of(loads("0x6 = -12", "0x150001 = 0"), state(1, 0))),
    Case("a CPU without notes, looked at", "-c -p --dry-run {kernel}", machine=Machine(cores=2),
         prepare=remove("sys/devices/system/cpu/cpu1"), stdout="Segments", stderr="warning: 1 of 4 possible CPUs"),
]

# --- what has been loaded once can be loaded again ---
KERNELS = {
    "both calls": (both(), {}), "no kexec_file_load": ({}, {}), "no kexec_load": (both(policy=ENOSYS), {}),
    "lockdown": (both(policy=EPERM), {}), "Secure Boot": (both(policy=EACCES), {}),
    "no crash_hotplug": (both(), {"machine": Machine(hotplug=False)}),
    "no crash_hotplug, no kexec_file_load": ({}, {"machine": Machine(hotplug=False)}),
    "a kernel that keeps nothing": (both(deaf=1), {}), "an old one": (both(), {"machine": OLD}),
    "big-endian": (both(), {"machine": Machine(little=False), "kernel": vmlinux(little=False)}),
    "no files for it": (both(file=ENOEXEC), {}), "no memory": (both(file=ENOMEM), {}),
    "no device tree": (both(), {"prepare": NO_TREE}),
    "no notes": (both(), {"prepare": remove(*[f"sys/devices/system/cpu/cpu{i}" for i in range(4)])}),
    "no notes of absent CPUs": (both(), {"prepare": remove("sys/devices/system/cpu/cpu3")}),
    "no vmcoreinfo": (both(), {"prepare": remove("sys/kernel/vmcoreinfo")}),
    "no elfcorehdr size": (both(), {"prepare": remove("sys/kernel/crash_elfcorehdr_size")}),
    "an unknown machine": (both(), {"prepare": put("machine/kexec-snapshot", b"machine riscv64\nbyte-order little\n"
                                                   b"page-size 4096\nrelease 7.2.0\n")}),
    "a small region": (both(), {"machine": Machine(crash=(512 * MIB, 4 * MIB))}),
    "a region at the edge": (both(), {"machine": Machine(crash=(512 * MIB, 3 * MIB + 512 * 1024))}),
}
OPTIONS = ["-p", "-p -s", "-p -c", "-p --hotplug", "-p -s --hotplug", "-p -c --hotplug", "-p -t elf-ppc64",
           "-p --initrd={dir}/initrd", f"-p --append={LONG}", f"-p --hotplug --append={LONG}"]
TWICE = """
for words in {options}; do
	echo 0 >{{dir}}/machine/sys/kernel/kexec_crash_loaded
	{{argv}} $words {{dir}}/vmlinux 2>{{dir}}/first && first=0 || first=$?
	echo 1 >{{dir}}/machine/sys/kernel/kexec_crash_loaded
	{{argv}} $words {{dir}}/vmlinux 2>{{dir}}/again && again=0 || again=$?
	echo "$first, again $again: $words"
	[ $first = $again ] || cat {{dir}}/first {{dir}}/again
done""".format(options=" ".join(f'"{o}"' for o in OPTIONS))


def same_again(r):
    lines = [line.split(":")[0].split(", again ") for line in r.stdout.splitlines()]
    expect(len(lines) == len(OPTIONS) and all(first == again for first, again in lines), r.stdout)


REPEATED = [Case(f"loaded twice: {name}", "", stdout="again", env=env, shell=TWICE, check=same_again, **more)
            for name, (env, more) in KERNELS.items()]

CASES = CALLS + COSTS + EVENTS + TRUTH + REPEATED
