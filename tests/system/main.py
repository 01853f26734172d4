# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Run scenarios with one kernel or both and tell the outcome in TAP."""

import argparse
import signal
import sys
import time

import recording
import scenarios
from files import Site, build
from stage import MEMORY, SMP, Stage
from stream import Failure

SCENARIOS = {
    "crash": scenarios.crash,
    "cpu-hotplug": scenarios.cpu_hotplug,
    "cpu-stale": scenarios.cpu_stale,
    "unload": scenarios.unload,
    "reload": scenarios.reload,
    "corrupt": scenarios.corrupt,
    "record": recording.record,
}
KERNELS = "64k", "4k"
CONSOLE_LINES = 30


def main():
    options = parse()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:12} {scenario.__doc__}")
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
                        help="name the scenarios")
    parser.add_argument("--record", metavar="OUT.tar.gz",
                        help="record a machine instead, as a fixture")
    parser.add_argument("--smp", default=SMP, help=f"with --record ({SMP})")
    parser.add_argument("--mem", default=MEMORY,
                        help=f"with --record ({MEMORY})")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO",
                        help="default: all of them")
    options = parser.parse_args()
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return options


def run_all(options, programs):
    names = options.scenario or list(SCENARIOS)
    kernels = KERNELS if options.kernel == "all" else [options.kernel]
    sites = {kernel: Site(kernel, programs) for kernel in kernels}
    print(f"1..{len(sites) * len(names)}", flush=True)
    number = failures = 0
    for kernel, site in sites.items():
        for name in names:
            number += 1
            failures += not run_one(number, kernel, site, name)
    return 1 if failures else 0


def run_one(number, kernel, site, name):
    start = time.monotonic()
    stage = Stage(site, name)
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
    with Stage(site, "save-recording", options.smp, options.mem) as stage:
        stage.boot()
        recording.save(recording.fetch(stage), options.record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
