# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Run scenarios with one kernel or all and tell the outcome in TAP."""

import argparse
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "../lib"), os.path.join(HERE, "../../drill")]

import arm_scenarios  # noqa: E402
import chain  # noqa: E402
import damage  # noqa: E402
import fileload  # noqa: E402
import firstline  # noqa: E402
import images  # noqa: E402
import memory  # noqa: E402
import readers  # noqa: E402
import recording  # noqa: E402
import regions  # noqa: E402
import scenarios  # noqa: E402
import sizes  # noqa: E402
import uefi  # noqa: E402
import unprotected  # noqa: E402
import x86_scenarios  # noqa: E402
from architecture import PACKAGED  # noqa: E402
from failure import Failure  # noqa: E402
from files import KERNELS, Site  # noqa: E402
from processes import in_processes  # noqa: E402
from scripts import ArchiveLacks  # noqa: E402
from stage import Stage  # noqa: E402
from tap import Tap, problem_of  # noqa: E402

SCENARIOS = {
    "crash": scenarios.crash,
    "no-hotplug": scenarios.no_hotplug,
    "cpu-hotplug": scenarios.cpu_hotplug,
    "cpu-stale": scenarios.cpu_stale,
    "cpu-all": scenarios.cpu_all,
    "cpu-replug": scenarios.cpu_replug,
    "cpu-reload": scenarios.cpu_reload,
    "hash": scenarios.hash_mmu,
    "power10": scenarios.power10,
    "powernv": scenarios.powernv,
    "mem-hotplug": memory.hotplug,
    "mem-stale": memory.stale,
    "mem-reload": memory.reload,
    "mem-reload-hotplug": memory.reload_hotplug,
    "mem-remove": memory.remove,
    "mem-hash": memory.hotplug_hash,
    "low-64k": memory.low,
    "cma": memory.cma,
    "cma-hotplug": memory.cma_hotplug,
    "cma-unknown": memory.cma_unknown,
    "exec": scenarios.execute,
    "chain": chain.chain,
    "chain-crash": chain.crash,
    "chain-stale": chain.stale,
    "dtb": images.device_tree,
    "dtb-lost": images.device_tree_lost,
    "old-initrd": images.old_initrd,
    "zimage": images.zimage,
    "file-cpu": fileload.cpu,
    "file-hotplug": fileload.hotplug,
    "file-exec": fileload.start,
    "file-compressed": fileload.compressed,
    "auto": fileload.auto,
    "auto-fallback": fileload.auto_fallback,
    "auto-be": fileload.auto_big_endian,
    "file-spoilt-be": fileload.spoilt,
    "readers": readers.agree,
    "unload": scenarios.unload,
    "reload": scenarios.reload,
    "corrupt": scenarios.corrupt,
    "corrupt-power8": scenarios.corrupt,
    "corrupt-power10": scenarios.corrupt,
    "mended": damage.mended,
    "unmended": damage.unmended,
    "lost-cpu": damage.lost_cpu,
    "no-unit": scenarios.no_unit,
    "no-unit-corrupt": scenarios.no_unit_corrupt,
    "big-initrd": sizes.big_initrd,
    "cmdline-limit": sizes.command_line_limit,
    "region-high": regions.high,
    "region-across": regions.across,
    "region-edge": regions.edge,
    "region-taken": regions.high,
    "region-tight": regions.tight,
    "record": recording.record,
    "cpu-mem-hotplug": x86_scenarios.hotplug,
    "cpu-mem-stale": x86_scenarios.stale,
    "cpu-mem-taken": x86_scenarios.taken,
    "cpu-mem-packaged": x86_scenarios.packaged,
    "mem-remove-reload": x86_scenarios.remove,
    "mem-remove-stale": x86_scenarios.remove_stale,
    "uefi": x86_scenarios.uefi,
    "uefi-no-initrd": uefi.no_initrd,
    "vmlinux": x86_scenarios.vmlinux,
    "uki": uefi.unified,
    "secure-boot": uefi.secure_boot,
    "lockdown": x86_scenarios.lockdown,
    "fault": x86_scenarios.fault,
    "fault-untold": x86_scenarios.fault_untold,
    "arm-crash": arm_scenarios.crash,
    "arm-crash-other": arm_scenarios.crash_other,
    "arm-crash-el2": arm_scenarios.crash_el2,
    "arm-crash-vhe": arm_scenarios.crash_vhe,
    "arm-crash-acpi": arm_scenarios.crash_acpi,
    "arm-crash-high": arm_scenarios.crash_high,
    "arm-reload": arm_scenarios.reload,
    "arm-corrupt": arm_scenarios.corrupt,
    "arm-fault": arm_scenarios.fault,
    "arm-uncached": arm_scenarios.uncached,
    "arm-chain": arm_scenarios.chain,
    "arm-chain-lost": arm_scenarios.gic_lost,
    "arm-exec-acpi": arm_scenarios.exec_acpi,
    "arm-readers-52": arm_scenarios.readers_52,
}

# What not every kernel can be asked. The small ones, which have kexec_file_load, have a
# disk as well. The purgatory inside of a big-endian Linux 6.12 spoils dumps, see
# big_endian_file_flaw in kexec/arch.
FILE_LOAD = {"file-exec", "readers"}
FILE_CRASH = {"file-cpu", "file-hotplug", "file-compressed", "auto"}
NO_FILE_LOAD = {"auto-fallback"}
BIG_ENDIAN = {"auto-be", "file-spoilt-be"}
OLD = {"no-hotplug"} # of kernels that cannot keep an image current
NEW = {"cma", "cma-hotplug", "cma-unknown"} # of Linux 7.2
WRAPPER = {"zimage"} # compiled for one kernel
NO_UNIT = {"no-unit", "no-unit-corrupt"} # little-endian ones run only on what has it
JSON = {"record"} # the big-endian programs are built without
# Of PCs only, and of these only what does not ask for a device tree.
X86_ONLY = {"cpu-mem-hotplug", "cpu-mem-stale", "cpu-mem-taken", "cpu-mem-packaged",
            "mem-remove-reload", "mem-remove-stale", "uefi", "uefi-no-initrd", "uki", "secure-boot",
            "lockdown", "vmlinux", "fault", "fault-untold"}
X86_ALSO = {"crash", "cpu-reload", "mem-hotplug", "mem-stale", "mem-reload", "mem-reload-hotplug",
            "exec", "chain", "chain-crash", "file-exec", "file-hotplug", "unload", "reload",
            "corrupt", "mended", "unmended", "no-unit", "no-unit-corrupt", "readers", "record"}
X86 = X86_ONLY | X86_ALSO
ARM_ONLY = {name for name in SCENARIOS if name.startswith("arm-")}
ARM = ARM_ONLY | {"readers"}
UNABLE = {
    "64k": ARM_ONLY | X86_ONLY | NO_UNIT | FILE_LOAD | FILE_CRASH | BIG_ENDIAN | WRAPPER | OLD | NEW,
    "4k": ARM_ONLY | X86_ONLY | NO_UNIT | FILE_LOAD | FILE_CRASH | BIG_ENDIAN | WRAPPER | OLD | NEW,
    "new": ARM_ONLY | X86_ONLY | NO_UNIT | FILE_LOAD | FILE_CRASH | BIG_ENDIAN | WRAPPER | OLD,
    "6.1": set(SCENARIOS) - {"no-hotplug", "readers"},
    "small": ARM_ONLY | X86_ONLY | NO_UNIT | NO_FILE_LOAD | BIG_ENDIAN | OLD | NEW,
    "small-be": ARM_ONLY | X86_ONLY | NO_FILE_LOAD | FILE_CRASH | JSON | WRAPPER | OLD | NEW,
    "x86-6.12": set(SCENARIOS) - X86,
    "x86-new": set(SCENARIOS) - X86 - {"cma", "cma-unknown"},
    "x86-6.1": set(SCENARIOS) - {"no-hotplug", "exec"},
    "arm64-6.12": set(SCENARIOS) - ARM,
    "arm64-16k": set(SCENARIOS) - ARM | {"arm-fault"}, # which follows tables for pages of 4 KiB
    "arm64-new": set(SCENARIOS) - ARM,
}

# What runs when no scenario is named: each scenario with one kernel at least, or as the
# twin of one; what is left to --thorough has a near relative here. With 4k pages where the page
# size enters: where segments go, how ranges are rounded, the backup region. With the small kernels what Debian's do not have.
DEFAULT = {
    "64k": ["crash", "cpu-hotplug", "cpu-stale", "cpu-all", "hash", "powernv", "mem-hotplug",
            "mem-stale", "low-64k", "unload", "corrupt", "mended", "big-initrd", "region-high",
            "region-tight"],
    "4k": ["low-64k"],
    "new": ["cpu-hotplug", "mem-remove", "cma", "cma-hotplug"],
    "6.1": ["no-hotplug", "readers"],
    "small": ["power10", "mem-hash", "chain-crash", "chain-stale", "file-cpu", "file-hotplug",
              "file-exec", "file-compressed", "auto", "readers", "dtb", "dtb-lost", "zimage"],
    "small-be": ["cpu-hotplug", "low-64k", "exec", "auto-be", "file-spoilt-be", "readers"],
    "x86-6.12": ["crash", "cpu-mem-hotplug", "cpu-mem-stale", "cpu-mem-taken", "chain", "file-hotplug",
                 "corrupt", "mended", "fault", "readers", "uki"],
    "x86-new": ["cpu-mem-hotplug", "mem-remove-reload", "cma", "uefi", "lockdown", "readers"],
    "x86-6.1": ["no-hotplug"],
    "arm64-6.12": ["arm-crash", "arm-crash-acpi", "arm-chain", "arm-chain-lost", "arm-corrupt", "arm-fault"],
    "arm64-16k": ["arm-crash-other"],
    "arm64-new": ["arm-crash-el2"],
}
LOADERS = {"ours": "kexec", "packaged": PACKAGED}
TABLES = {"first-line": firstline, "damage": damage, "unprotected": unprotected}
CONSOLE_LINES = 30


def main():
    options = parse()
    if options.list:
        for name, scenario in SCENARIOS.items():
            kernels = [kernel for kernel in KERNELS if name in DEFAULT[kernel]]
            print(f"{name:18} {' '.join(kernels):21} {scenario.__doc__}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    try:
        if options.record:
            return save_recording(options)
        if options.table:
            made = TABLES[options.table]
            loaders = [options.loader] if options.loader else list(LOADERS)
            more = (loaders, options.flips, options.seconds, options.jobs, options.seed, options.rows,
                    options.segment) if made is damage else ()
            return made.table(made.KERNELS if options.kernel == "all" else [options.kernel], *more)
        return run_all(options)
    except (Failure, OSError) as failure:
        print(f"Bail out! {failure}")
        return 1


def parse():
    parser = argparse.ArgumentParser(prog="tests/system/run")
    parser.add_argument("--kernel", choices=[*KERNELS, "all"], default="all",
                        help="for POWER Debian's by page size, or a small one; for x86_64 "
                             "and arm64 one by its version (default: all)")
    parser.add_argument("--kexec", metavar="DIR",
                        help="static kexec and vmcore-dmesg for the guest "
                             "(default: as tests/build makes them)")
    parser.add_argument("--jobs", type=int, metavar="N", default=len(os.sched_getaffinity(0)),
                        help="machines at a time (default: one for each CPU here)")
    parser.add_argument("--list", action="store_true",
                        help="name the scenarios, and with which kernels "
                             "they run by default")
    parser.add_argument("--record", metavar="OUT.tar.gz",
                        help="record a machine instead, as a fixture")
    parser.add_argument("--table", choices=list(TABLES),
                        help="measure instead: seconds from a crash to the capture kernel's first line, "
                             "by loader, with the digest and without, in about ten minutes; or what comes of a "
                             "crash after a byte of the image has changed, by loader, in an hour or less; or seconds "
                             "without a current image after CPUs and memory have come, by loader, in half an hour")
    parser.add_argument("--flips", type=int, default=damage.FLIPS, help="with --table damage: of each segment")
    parser.add_argument("--seconds", type=int, default=damage.SECONDS,
                        help="with --table damage: later than that no crash begins")
    parser.add_argument("--seed", default="", help="with --table damage: which bytes; the same ones each time for the same word")
    parser.add_argument("--rows", metavar="FILE", help="with --table damage: add a line for each crash, print the table of all lines")
    parser.add_argument("--segment", help="with --table damage: of this one alone")
    parser.add_argument("--smp", help="with --record: the CPUs, as for QEMU's -smp")
    parser.add_argument("--mem", help="with --record: the memory, as for QEMU's -m")
    parser.add_argument("--uefi", action="store_true", help="with --record, of x86_64: not a BIOS")
    parser.add_argument("--loader", choices=list(LOADERS),
                        help="with which kexec to load on x86_64 and arm64, where Debian's is there, too (default: "
                             "ours; with --table damage both)")
    parser.add_argument("--thorough", action="store_true",
                        help="all scenarios with all kernels, when none "
                             "is named")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO",
                        help="default: those which --list has for the kernel")
    options = parser.parse_args()
    if options.kexec and options.kernel == "all":
        parser.error("--kexec is for one --kernel")
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return options


def run_all(options):
    kernels = list(KERNELS) if options.kernel == "all" else [options.kernel]
    names = [(kernel, name) for kernel in kernels for name in chosen(options, kernel)]
    if not names:
        raise Failure("no chosen kernel can run this")
    wanted = {kernel for kernel, _ in names}
    sites = {kernel: make_site(kernel, options.kexec) for kernel in kernels if kernel in wanted}
    tap = Tap("system", len(names))
    # Most machines have one CPU, and so has a thread of QEMU: as many at a time as there are
    # CPUs here. In processes, which end their machines when they are told to end.
    for outcome in in_processes(run_one, [(sites[kernel], kernel, name, LOADERS[options.loader or "ours"])
                                          for kernel, name in names], options.jobs):
        tap.result(**outcome)
    return tap.end()


def make_site(kernel, programs):
    """Or why there is none now."""
    try:
        return Site(kernel, programs)
    except ArchiveLacks as lack:
        return lack


def chosen(options, kernel):
    """The names of the scenarios to run with this kernel."""
    default = SCENARIOS if options.thorough else DEFAULT[kernel]
    return [name for name in options.scenario or default if name not in UNABLE[kernel]]


def run_one(run):
    """What Tap.result() is told."""
    site, kernel, name, loader = run
    start = time.monotonic()
    title = f"{name} ({kernel})"
    if isinstance(site, ArchiveLacks):
        return {"name": title, "skip": str(site)}
    stage = Stage(site, name, site.architecture.hardware(name), loader)
    problem = ()
    try:
        with stage:
            SCENARIOS[name](stage)
    except ArchiveLacks as lack:
        return {"name": title, "skip": str(lack)}
    except Exception as error:
        problem = explain(stage, problem_of(error))
    steps = [", ".join(f"{step} {took:.1f} s" for step, took in stage.times)] if stage.times else []
    return {"name": f"{title}: {time.monotonic() - start:.1f} s", "problem": problem, "more": steps}


def explain(stage, failure):
    lines = failure.splitlines() + ["the console ended with:"]
    lines += stage.machine.console.last_lines(CONSOLE_LINES)
    lines += [f"logs: {stage.directory}"]
    return [f"  {line}" for line in lines]


def save_recording(options):
    site = Site("64k" if options.kernel == "all" else options.kernel, options.kexec)
    usual = site.architecture.usual
    hardware = usual._replace(smp=options.smp or usual.smp, memory=options.mem or usual.memory,
                              uefi=options.uefi)
    with Stage(site, "save-recording", hardware) as stage:
        stage.boot()
        recording.save(recording.fetch(stage), options.record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
