# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A whole Debian ppc64el with systemd, its own kdump-tools, and our packages instead of kexec-tools.

usage: distribution.py TREE.img DIRECTORY KERNEL=VMLINUX=INITRD...

TREE.img is the file system that tests/kdump/distribution made, and is left as
it is. Prints TAP.
"""
import contextlib
import os
import re
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))

import qemu  # noqa: E402
from guest import Guest  # noqa: E402
from stream import Failure  # noqa: E402

MARKER = "kexec-hotplug distribution marker"
CAPTURE_TIMEOUT = 900
# systemd on an emulated machine takes its time, on a busy one more.
BOOT_TIMEOUT = 600
RULES = "/usr/lib/udev/rules.d"
PLUGGABLE = qemu.Hardware(smp="1,maxcpus=4")
TWO_CPUS = qemu.Hardware(smp="2")


def expect(truth, message):
    if not truth:
        raise Failure(message)


class Site:
    """The disk of one story, and the kernels it can be booted with."""

    def __init__(self, image, kernels, directory):
        self.directory = directory
        self.kernels = kernels
        self.boots = 0
        self.disk = os.path.join(directory, "disk.img")
        os.makedirs(directory, exist_ok=True)
        shutil.copyfile(image, self.disk)
        # qemu.Machine knows machines without disks: they come in front.
        self.emulator = os.path.join(directory, "qemu")
        with open(self.emulator, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec {qemu.EMULATOR} -drive "file={self.disk},format=raw,'
                    'if=virtio,cache=unsafe" "$@"\n')
        os.chmod(self.emulator, 0o755)

    @contextlib.contextmanager
    def booted(self, kernel, hardware):
        """(machine, guest) of a system that has come up."""
        vmlinux, initrd = self.kernels[kernel]
        self.boots += 1
        logs = os.path.join(self.directory, f"boot-{self.boots}")
        os.makedirs(logs, exist_ok=True)
        usual, qemu.EMULATOR = qemu.EMULATOR, self.emulator
        try:
            machine = qemu.Machine(logs, hardware, vmlinux, initrd,
                                   "root=/dev/vda rw console=hvc0 crashkernel=512M quiet")
        finally:
            qemu.EMULATOR = usual
        with machine:
            guest = Guest(machine)
            try:
                guest.wait_ready("first", BOOT_TIMEOUT)
                yield machine, guest
            except Failure as failure:
                tail = "\n".join(machine.console.last_lines(12))
                raise Failure(f"{failure}\nthe console ended with:\n{tail}\nlogs: {logs}") from None


# --- what a system says ---

def loads(guest):
    """How often kdump-tools has loaded a crash kernel since boot, says the journal."""
    output = guest.check("journalctl -b --no-pager -o cat -t kdump-config -t kdump-tools")
    return len(re.findall(r"^loaded kdump kernel$", output, re.M))


def udev_reloads(guest):
    """How often udev itself ran kdump-config to reload. It tries: the seccomp filter of
    systemd-udevd has no kexec_load, so under systemd 257 each try fails, and the image stays stale."""
    output = guest.check("journalctl -b --no-pager -o cat -t kdump-config")
    return len(re.findall(r"^(loaded|failed to unload|failed to load) kdump kernel$", output, re.M))


def own_loads(guest):
    """How often kdump.service has run kexec."""
    output = guest.check("journalctl -b --no-pager -o cat -u kdump.service")
    return len(re.findall(r"^(Started|Finished|Reloaded) kdump\.service", output, re.M))


def reload_ran(guest):
    return guest.check("systemctl show kdump-reload.service -p ExecMainStartTimestampMonotonic "
                       "--value").strip() != "0"


def crash_hotplug(guest):
    return guest.check("cat /sys/devices/system/cpu/crash_hotplug "
                       "/sys/devices/system/memory/crash_hotplug").split()


def wait_for(guest, command, timeout=180):
    end = time.monotonic() + timeout
    while guest.run(command)[0]:
        expect(time.monotonic() < end, f"never true: {command}")
        time.sleep(1)


def quiet(guest):
    """Until udev and what it started have nothing to do any more."""
    guest.check("udevadm settle --timeout=120")
    time.sleep(3)
    wait_for(guest, "test \"$(systemctl is-active kdump-reload.service)\" = inactive")
    wait_for(guest, "test -z \"$(systemctl list-jobs --no-legend)\"")


def add_cpu(machine, guest):
    """Hot-add a CPU; udev has seen it when this returns. Its number."""
    number = int(guest.check("grep -c ^processor /proc/cpuinfo"))
    guest.check("stdbuf -oL udevadm monitor --udev --subsystem-match=cpu > /tmp/events 2>&1 & sleep 1")
    machine.add_core()
    wait_for(guest, f"grep -q 'online .*/cpu{number} ' /tmp/events")
    quiet(guest)
    return number


def burst(guest, count):
    """So many events, half of them "online"."""
    for _ in range(count // 2):
        guest.check("echo 0 > /sys/devices/system/cpu/cpu1/online && "
                    "echo 1 > /sys/devices/system/cpu/cpu1/online")
    quiet(guest)


def use_the_distributions_rule(guest):
    """What kdump-tools does without our packages."""
    guest.check(f"mv {RULES}/98-kexec.rules {RULES}/98-kexec.rules.off && cp {RULES}/50-kdump-tools.rules.distrib "
                f"{RULES}/50-kdump-tools.rules && udevadm control --reload")


def use_our_rules(guest):
    guest.check(f"mv {RULES}/98-kexec.rules.off {RULES}/98-kexec.rules && rm {RULES}/50-kdump-tools.rules && "
                "udevadm control --reload")


def use_kdump_service(guest):
    """As on a system without kdump-tools."""
    guest.check("systemctl stop kdump-tools.service && systemctl disable kdump-tools.service && "
                "chmod -x /usr/sbin/kdump-config")
    guest.check("systemctl start kdump.service && systemctl is-active kdump.service")


def use_kdump_tools(guest):
    """As Debian has it, again."""
    guest.check("systemctl stop kdump.service && chmod +x /usr/sbin/kdump-config && "
                "systemctl enable kdump-tools.service && systemctl start kdump-tools.service")


# --- the story ---

def first_boot_loads(site, state):
    machine, guest = state["machine"], state["guest"]
    expect("ready to kdump" in guest.check("kdump-config status"), "kdump-config status")
    guest.check("systemctl is-active kdump-tools.service && systemctl --no-pager status kdump-tools.service")
    failed = guest.check("systemctl --failed --no-legend").strip()
    expect(not failed, f"failed units: {failed}")
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")
    expect(loads(guest) == 1, f"{loads(guest)} loads at boot")
    expect("kdump-config" in guest.run("systemctl status kdump.service")[1], "kdump.service does not say why")
    # By hand, as an administrator would.
    guest.check("kdump-config unload && kdump-config load")
    expect(crash_hotplug(guest) == ["1", "1"], "not after kdump-config load by hand")
    expect("--hotplug" in guest.check("kdump-config show"), "kdump-config show")
    # Documentation was never unpacked; nothing that is there differs from the package.
    changed = guest.check("dpkg --verify kdump-tools | grep -v ^missing || :").strip()
    expect(not changed, f"kdump-tools is not as packaged: {changed}")
    print(f"# up after {machine.elapsed():.0f} s")


def added_cpu_reloads_nothing(site, state):
    machine, guest = state["machine"], state["guest"]
    before = loads(guest)
    state["cpu"] = add_cpu(machine, guest)
    expect(loads(guest) == before, "the crash kernel was loaded again")
    expect(not reload_ran(guest), "kdump-reload.service ran")
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current any more")


def crash_is_captured(site, state):
    machine, guest = state["machine"], state["guest"]
    guest.check(f"echo '{MARKER}' > /dev/kmsg; sync")
    began = machine.elapsed()
    guest.start(f"taskset {1 << state['cpu']:x} sh -c 'echo c > /proc/sysrq-trigger'")
    expect(machine.wait_exit(CAPTURE_TIMEOUT), "the machine has not rebooted")
    console = machine.console.text()
    expect("saved vmcore in /var/crash" in console, "no dump was saved")
    print(f"# captured and rebooted {machine.elapsed() - began:.0f} s after the crash")


def dump_can_be_read(site, state):
    guest = state["guest"]
    dump = guest.check("ls /var/crash/2*/dump.2*").strip()
    expect(guest.check("grep -c '" + MARKER + "' /var/crash/2*/dmesg.2*").strip() == "1", "dmesg")
    expect(guest.run("grep -q 'CPU: 1 ' /var/crash/2*/dmesg.2*")[0] == 0, "it was not CPU 1 that crashed")
    # What kdump-tools stores is a stream; makedumpfile makes a file of it.
    guest.check(f"makedumpfile -R /var/tmp/dump < {dump}", 600)
    header = guest.read_bytes("/var/tmp/dump", 0, 4096)
    expect(header.startswith(b"KDUMP   ") and guest.check("uname -r").strip().encode() in header,
           f"no header of a compressed dump: {header[:64]}")
    # makedumpfile 1.7.6 says that it does not support Linux 6.12, and with it leaves pages of the
    # kernel's data out (-d 31): the log is read from the dump where they are there.
    status, output = guest.run("makedumpfile --dump-dmesg /var/tmp/dump /var/tmp/dmesg", 600)
    expect(status == 0 or ("is excluded from /var/tmp/dump" in output and
                           "kernel version is not supported" in output), output)
    expect(status or guest.run(f"grep -q '{MARKER}' /var/tmp/dmesg")[0] == 0, "the dump has no marker")
    print(f"# makedumpfile --dump-dmesg on the filtered dump: status {status}")
    print("#", guest.check(f"ls -l {dump}").strip())


def twin_without_our_rule_reloads(site, state):
    machine, guest = state["machine"], state["guest"]
    use_the_distributions_rule(guest)
    before = udev_reloads(guest)
    add_cpu(machine, guest)
    expect(udev_reloads(guest) > before, "no reload was seen")


def own_service_loads_and_keeps_current(site, state):
    machine, guest = state["machine"], state["guest"]
    use_our_rules(guest)
    use_kdump_service(guest)
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")
    before = own_loads(guest)
    add_cpu(machine, guest)
    expect(own_loads(guest) == before and not reload_ran(guest), "it was loaded again")
    # systemctl kexec finds a kernel.
    guest.check("systemctl start kexec.service")
    expect(guest.read("/sys/kernel/kexec_loaded") == "1", "kexec.service loaded nothing")
    guest.check("systemctl stop kexec.service")
    expect(guest.read("/sys/kernel/kexec_loaded") == "0", "kexec.service unloaded nothing")


def storm_is_one_reload_of_kdump_tools(site, state):
    guest = state["guest"]
    expect(guest.run("ls /sys/devices/system/cpu/crash_hotplug")[0] != 0, "this kernel has support")
    use_kdump_tools(guest)
    expect("ready to kdump" in guest.check("kdump-config status"), "kdump-config status")
    before = loads(guest)
    burst(guest, 32)
    expect(loads(guest) == before + 1, f"{loads(guest) - before} reloads")
    expect("ready to kdump" in guest.check("kdump-config status"), "kdump-config status afterwards")


def storm_is_one_reload_of_our_service(site, state):
    guest = state["guest"]
    use_kdump_service(guest)
    before = own_loads(guest)
    burst(guest, 32)
    expect(own_loads(guest) == before + 1, f"{own_loads(guest) - before} reloads")
    expect(guest.read("/sys/kernel/kexec_crash_loaded") == "1", "nothing is loaded")


def twin_storm_is_many_reloads(site, state):
    guest = state["guest"]
    use_kdump_tools(guest)
    use_the_distributions_rule(guest)
    before = udev_reloads(guest)
    burst(guest, 6)
    expect(udev_reloads(guest) == before + 3, f"{udev_reloads(guest) - before} reloads")


BOOTS = [
    ("new", PLUGGABLE, [first_boot_loads, added_cpu_reloads_nothing, crash_is_captured]),
    ("new", PLUGGABLE, [dump_can_be_read, twin_without_our_rule_reloads,
                        own_service_loads_and_keeps_current]),
    ("old", TWO_CPUS, [storm_is_one_reload_of_kdump_tools, storm_is_one_reload_of_our_service,
                       twin_storm_is_many_reloads]),
]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    kernels = {name: (vmlinux, initrd) for name, vmlinux, initrd in
               (argument.split("=") for argument in sys.argv[3:])}
    site = Site(sys.argv[1], kernels, sys.argv[2])
    boots = [boot for boot in BOOTS if boot[0] in kernels]
    number = failed = 0
    print(f"1..{sum(len(steps) for _, _, steps in boots)}", flush=True)
    for kernel, hardware, steps in boots:
        left = list(steps)
        problem = None
        try:
            with site.booted(kernel, hardware) as (machine, guest):
                state = {"machine": machine, "guest": guest}
                while left:
                    began = time.monotonic()
                    left[0](site, state)
                    number += 1
                    name = left.pop(0).__name__.replace("_", " ")
                    print(f"ok {number} - distribution: {name}: {time.monotonic() - began:.0f} s", flush=True)
        except (Failure, OSError) as failure:
            problem = str(failure)
        for step in left:
            number, failed = number + 1, failed + 1
            print(f"not ok {number} - distribution: {step.__name__.replace('_', ' ')}")
            print("\n".join("#   " + line for line in (problem or "").splitlines()), flush=True)
            problem = "the step before failed"
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
