# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Run scenarios with one kernel or both and tell the outcome in TAP."""

import argparse
import signal
import sys
import time

import memory
import recording
import scenarios
import sizes
from files import Site, build
from qemu import Hardware
from stage import Stage
from stream import Failure

SCENARIOS = {
    "crash": scenarios.crash,
    "cpu-hotplug": scenarios.cpu_hotplug,
    "cpu-stale": scenarios.cpu_stale,
    "cpu-all": scenarios.cpu_all,
    "cpu-replug": scenarios.cpu_replug,
    "cpu-reload": scenarios.cpu_reload,
    "hash": scenarios.hash_mmu,
    "powernv": scenarios.powernv,
    "mem-hotplug": memory.hotplug,
    "mem-stale": memory.stale,
    "mem-reload": memory.reload,
    "mem-reload-hotplug": memory.reload_hotplug,
    "mem-remove": memory.remove,
    "low-64k": memory.low,
    "exec": scenarios.execute,
    "unload": scenarios.unload,
    "reload": scenarios.reload,
    "corrupt": scenarios.corrupt,
    "big-initrd": sizes.big_initrd,
    "cmdline-limit": sizes.command_line_limit,
    "record": recording.record,
}

# The machines that are not the usual one.
HARDWARE = {
    "exec": Hardware(smp="2"),
    "cpu-all": Hardware(smp="1,maxcpus=8"),
    # A guest with the hash MMU must not be resized: the capture kernel of
    # Linux 6.12 cannot take over such a page table, whoever loads it.
    "hash": Hardware(machine="pseries,resize-hpt=disabled", cpu="power8"),
    "powernv": Hardware(machine="powernv9", smp="2", memory="3G",
                        crashkernel="768M", terminals=1),
    "big-initrd": Hardware(memory="4G", crashkernel="1G"),
}

# What runs when no scenario is named; with 4k pages the main story and where the
# page size enters: where segments go, how ranges are rounded, the backup region.
DEFAULT = {
    "64k": list(SCENARIOS),
    "4k": ["crash", "cpu-hotplug", "cpu-stale", "mem-hotplug", "mem-reload", "low-64k",
           "unload", "reload", "corrupt", "record"],
}
KERNELS = tuple(DEFAULT)
CONSOLE_LINES = 30


def main():
    options = parse()
    if options.list:
        for name, scenario in SCENARIOS.items():
            kernels = [kernel for kernel in KERNELS if name in DEFAULT[kernel]]
            print(f"{name:18} {' '.join(kernels):6} {scenario.__doc__}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    try:
        programs = options.kexec or build("ppc64le")
        if options.record:
            return save_recording(options, programs)
        return run_all(options, programs)
    except (Failure, OSError) as failure:
        print(f"Bail out! {failure}")
        return 1


def parse():
    parser = argparse.ArgumentParser(prog="tests/system/run")
    parser.add_argument("--kernel", choices=[*KERNELS, "all"], default="all",
                        help="by page size (default: all)")
    parser.add_argument("--kexec", metavar="DIR",
                        help="static ppc64le kexec and vmcore-dmesg "
                             "(default: as tests/build makes them)")
    parser.add_argument("--list", action="store_true",
                        help="name the scenarios, and with which kernels "
                             "they run by default")
    parser.add_argument("--record", metavar="OUT.tar.gz",
                        help="record a machine instead, as a fixture")
    usual = Hardware()
    parser.add_argument("--smp", default=usual.smp,
                        help=f"with --record ({usual.smp})")
    parser.add_argument("--mem", default=usual.memory,
                        help=f"with --record ({usual.memory})")
    parser.add_argument("--thorough", action="store_true",
                        help="all scenarios with both kernels, when none "
                             "is named")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO",
                        help="default: all with 64k pages; with 4k pages those "
                             "where the page size matters")
    options = parser.parse_args()
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return options


def run_all(options, programs):
    kernels = KERNELS if options.kernel == "all" else [options.kernel]
    runs = [(kernel, name) for kernel in kernels
            for name in chosen(options, kernel)]
    sites = {kernel: Site(kernel, programs) for kernel in kernels}
    print(f"1..{len(runs)}", flush=True)
    failures = 0
    for number, (kernel, name) in enumerate(runs, 1):
        failures += not run_one(number, kernel, sites[kernel], name)
    return 1 if failures else 0


def chosen(options, kernel):
    """The names of the scenarios to run with this kernel."""
    default = SCENARIOS if options.thorough else DEFAULT[kernel]
    return options.scenario or list(default)


def run_one(number, kernel, site, name):
    start = time.monotonic()
    stage = Stage(site, name, HARDWARE.get(name, Hardware()))
    failure = None
    try:
        with stage:
            SCENARIOS[name](stage)
    except (Failure, OSError) as error:
        failure = str(error)
    verdict = "not ok" if failure else "ok"
    seconds = time.monotonic() - start
    print(f"{verdict} {number} - {name} ({kernel}): {seconds:.1f} s")
    if stage.times:
        print("#", ", ".join(f"{step} {took:.1f} s" for step, took in stage.times))
    if failure:
        explain(stage, failure)
    sys.stdout.flush()
    return failure is None


def explain(stage, failure):
    lines = failure.splitlines() + ["the console ended with:"]
    lines += stage.machine.console.last_lines(CONSOLE_LINES)
    lines += [f"logs: {stage.directory}"]
    for line in lines:
        print(f"#   {line}")


def save_recording(options, programs):
    site = Site("64k" if options.kernel == "all" else options.kernel, programs)
    hardware = Hardware(smp=options.smp, memory=options.mem)
    with Stage(site, "save-recording", hardware) as stage:
        stage.boot()
        recording.save(recording.fetch(stage), options.record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
