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
import struct
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))

from architecture import Architecture  # noqa: E402
from guest import Guest  # noqa: E402
from logs import as_ours  # noqa: E402
from power import POWER  # noqa: E402
from qemu import Machine  # noqa: E402
from stream import Failure  # noqa: E402

MARKER = "kexec-hotplug distribution marker"
CAPTURE_TIMEOUT = 900
# systemd on an emulated machine takes its time, on a busy one more.
BOOT_TIMEOUT = 600
RULES = "/usr/lib/udev/rules.d"
PLUGGABLE = POWER.usual
TWO_CPUS = POWER.usual._replace(smp="2")
HASH_MMU = "disable_radix"


def expect(truth, message):
    if not truth:
        raise Failure(message)


class Boot(NamedTuple):
    """What Machine wants to know of a site."""

    architecture: Architecture
    kvm: bool
    kernel: str
    first: str


class Site:
    """The disk of one story, and the kernels it can be booted with."""

    def __init__(self, image, kernels, directory):
        self.directory = directory
        self.kernels = kernels
        self.boots = 0
        self.crash = {}
        self.disk = os.path.join(directory, "disk.img")
        os.makedirs(directory, exist_ok=True)
        shutil.copyfile(image, self.disk)
        # Machine knows no disks with content: they come in front.
        self.emulator = os.path.join(directory, "qemu")
        with open(self.emulator, "w", encoding="utf-8") as f:
            # One queue, whose interrupt any CPU takes: with one for each, Linux 6.1 started with maxcpus=1
            # on another CPU than the first waits for its disk for ever, whoever has loaded it.
            f.write(f'#!/bin/sh\nexec {POWER.emulator} -drive "file={self.disk},format=raw,if=none,id=disk,'
                    'cache=unsafe" -device virtio-blk-pci,drive=disk,num-queues=1 "$@"\n')
        os.chmod(self.emulator, 0o755)

    @contextlib.contextmanager
    def booted(self, kernel, hardware, parameters):
        """(machine, guest) of a system that has come up."""
        vmlinux, initrd = self.kernels[kernel]
        self.boots += 1
        logs = os.path.join(self.directory, f"boot-{self.boots}")
        os.makedirs(logs, exist_ok=True)
        machine = Machine(logs, Boot(POWER, False, vmlinux, initrd), hardware,
                          "root=/dev/vda rw console=hvc0 crashkernel=512M quiet " + parameters,
                          self.emulator)
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


# --- dumps ---

def memory_to_dump(guest):
    """[(start, end)] of what a dump has: all RAM but the crash kernel's, and what RTAS has in there."""
    def cell(path, size):
        return int.from_bytes(guest.read_bytes(f"/proc/device-tree/{path}", 0, size), "big")

    ram = [(int(m[1], 16), int(m[2], 16) + 1) for m in
           re.finditer(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM$", guest.check("cat /proc/iomem"), re.M)]
    crash = cell("chosen/linux,crashkernel-base", 8)
    crash_end = crash + cell("chosen/linux,crashkernel-size", 8)
    rtas = cell("rtas/linux,rtas-base", 4)
    memory = [(start, min(end, crash)) for start, end in ram if start < crash]
    memory += [(max(start, crash_end), end) for start, end in ram if end > crash_end]
    if crash <= rtas < crash_end:
        memory.append((rtas, rtas + cell("rtas/rtas-size", 4)))
    return sorted(memory)


def core_contents(headers):
    """([(start, end)] of memory, how many CPUs) of an ELF core that begins so."""
    memory, cpus = [], 0
    first, = struct.unpack_from("<Q", headers, 32)
    size, count = struct.unpack_from("<HH", headers, 54)
    for at in range(first, first + size * count, size):
        kind, _, offset, virtual, physical, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", headers, at)
        if kind == 1:
            expect(virtual == physical + (0xc << 60) and in_file == in_memory, f"memory at {virtual:#x}")
            start = memory.pop()[0] if memory and memory[-1][1] == physical else physical
            memory.append((start, physical + in_memory))
        elif kind == 4:
            cpus = count_registers(headers[offset:offset + in_file])
    return memory, cpus


def count_registers(notes):
    """How many notes hold the registers of a CPU (NT_PRSTATUS)."""
    found = at = 0
    while at + 12 <= len(notes):
        name, size, kind = struct.unpack_from("<III", notes, at)
        found += kind == 1 and notes[at + 12:at + 12 + name] == b"CORE\0"
        at += 12 + (name + 3 & ~3) + (size + 3 & ~3)
    return found


def read_text(guest, path):
    return guest.read_bytes(path, 0, 1 << 30).decode()


def newest(guest, name):
    """The file dmesg.* that the last crash left."""
    return read_text(guest, guest.check(f"ls -d /var/crash/2*/{name}.2* | tail -n 1").strip())


def dump_as_file(guest):
    """Where the last crash's dump is. What kdump-tools stores is a stream; makedumpfile makes
    a file of it, /var/tmp/dump."""
    stored = guest.check("ls -d /var/crash/2*/dump.2* | tail -n 1").strip()
    guest.check(f"rm -f /var/tmp/dump /var/tmp/dmesg && makedumpfile -R /var/tmp/dump < {stored}", 600)
    expect(guest.read_bytes("/var/tmp/dump", 0, 8) == b"KDUMP   ", "no header of a compressed dump")
    return stored


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
    expect(guest.read("/sys/kernel/kexec_crash_loaded") == "1", "nothing is loaded")
    cpus = int(guest.check("grep -c ^processor /proc/cpuinfo"))
    site.crash = {"cpu": state["cpu"], "cpus": cpus, "memory": memory_to_dump(guest)}
    # What makedumpfile says of the pages, too.
    guest.check("grep -q ^MAKEDUMP_ARGS= /etc/default/kdump-tools || "
                "echo 'MAKEDUMP_ARGS=\"-c -d 31 --message-level 23\"' >> /etc/default/kdump-tools")
    guest.check(f"rm -rf /var/crash/seen; echo '{MARKER}' > /dev/kmsg; sync")
    began = machine.elapsed()
    guest.start(f"taskset {1 << state['cpu']:x} sh -c 'echo c > /proc/sysrq-trigger'")
    expect(machine.wait_exit(CAPTURE_TIMEOUT), "the machine has not rebooted")
    console = machine.console.text()
    expect("saved vmcore in /var/crash" in console, "no dump was saved")
    site.crash["poisoned"] = int(re.search(r"Hwpoison pages +: 0x([0-9a-f]+)", console)[1], 16)
    print(f"# captured and rebooted {machine.elapsed() - began:.0f} s after the crash")


def capture_saw_everything(site, guest):
    """What was in /proc/vmcore, that is in the image we loaded; the log that was read from it."""
    log, wanted = newest(guest, "dmesg"), site.crash
    expect(log.count(MARKER) == 1, "the log has no marker")
    panic = re.search(r"\] CPU: (\d+) .*Comm: (taskset|sh) ", log)
    expect(panic and int(panic[1]) == wanted["cpu"], f"it was not CPU {wanted['cpu']} that crashed")
    seen = "/var/crash/seen"
    status, errors = guest.read(f"{seen}/status"), guest.read(f"{seen}/errors")
    expect((status, errors) == ("0", ""), f"vmcore-dmesg /proc/vmcore: status {status}: {errors}")
    expect(read_text(guest, f"{seen}/log") == as_ours(log), "vmcore-dmesg /proc/vmcore read another log")
    memory, cpus = core_contents(guest.read_bytes(f"{seen}/headers", 0, 131072))
    expect(memory == wanted["memory"], f"/proc/vmcore has memory {memory}, not {wanted['memory']}")
    expect(cpus == wanted["cpus"], f"/proc/vmcore has {cpus} CPUs, not {wanted['cpus']}")
    expect(set(guest.read(f"{seen}/units").split()) == {"inactive"}, "units of ours ran in the capture system")
    expect(guest.read(f"{seen}/loaded") == "0", "the capture system loaded a crash kernel")
    return log


def dump_can_be_read(site, state):
    """By both readers, whole, as kdump-tools stored it: filtered and compressed."""
    guest = state["guest"]
    log = capture_saw_everything(site, guest)
    expect(site.crash["poisoned"] == 0, f"makedumpfile saw {site.crash['poisoned']} broken pages")
    stored = dump_as_file(guest)
    guest.check("makedumpfile --dump-dmesg /var/tmp/dump /var/tmp/dmesg", 600)
    expect(read_text(guest, "/var/tmp/dmesg") == log, "makedumpfile read another log from the dump")
    for dump in stored, "/var/tmp/dump":
        errors = guest.check(f"vmcore-dmesg --output=/var/tmp/log {dump} 2>&1")
        expect(not errors, f"vmcore-dmesg {dump}: {errors}")
        expect(read_text(guest, "/var/tmp/log") == as_ours(log), f"vmcore-dmesg read another log from {dump}")
    lines = log.count("\n")
    print(f"# {lines} lines read by both from {guest.check(f'stat -c %s {stored}').strip()} bytes")


def dump_has_all_but_what_makedumpfile_left_out(site, state):
    """makedumpfile, 1.7.6 as 1.7.8, does not find the kernel's page structures where those are mapped by
    radix page tables of 4 KiB pages: it takes the memory at their offset for them, sees broken pages on a
    machine that has none, and leaves out pages of any kind, whichever -d it is given and whoever loaded the
    crash kernel. What was in /proc/vmcore is whole. The control is the same kernel, loaded by us, with the
    hash MMU: no broken page, nothing missing."""
    guest = state["guest"]
    log = capture_saw_everything(site, guest)
    expect(guest.check("getconf PAGESIZE").strip() == "4096", "a kernel with larger pages: no page may be missing")
    if site.crash["poisoned"] == 0:
        print("# this makedumpfile knows the page tables: nothing may be missing")
        return dump_can_be_read(site, state)
    stored = dump_as_file(guest)
    status, output = guest.run("makedumpfile --dump-dmesg /var/tmp/dump /var/tmp/dmesg", 600)
    expect(status and "is excluded from /var/tmp/dump" in output, f"makedumpfile: status {status}: {output}")
    # What is there is right; what is not is said.
    status, output = guest.run(f"vmcore-dmesg --output=/var/tmp/log {stored}")
    expect(status == 70 and "not in the dump" in output, f"vmcore-dmesg: status {status}: {output}")
    lines, logged = read_text(guest, "/var/tmp/log").splitlines(), as_ours(log).splitlines()
    strange = [line for line in lines if line not in logged]
    expect(lines and not strange, f"lines that were never logged: {strange}")
    print(f"# makedumpfile took {site.crash['poisoned']} pages for broken; "
          f"{len(lines)} of {len(logged)} lines are in the dump")


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
    state["cpu"] = 1


def next_kernel_puts_the_reboot_cpu_back(site, state):
    """kexec -l --dtb has chosen the CPU to start the next kernel; kexec.service, for which /sys is read-only
    but for that, loads another kernel and puts the CPU back that was there before."""
    guest = state["guest"]
    setting, dropin = "/sys/kernel/reboot/cpu", "/run/systemd/system/kexec.service.d"
    # Nobody has told this tree of CPU 1, which was added later.
    guest.check(f"cp /sys/firmware/fdt /var/tmp/fdt && echo 1 > {setting} && "
                "kexec -c -l --dtb=/var/tmp/fdt --reuse-cmdline /boot/vmlinux-$(uname -r)", 600)
    expect(guest.read(setting) == "0", "kexec -l --dtb chose no CPU")
    guest.check(f"mkdir -p {dropin} && printf '[Service]\\nReadWritePaths=\\n' > {dropin}/twin.conf && "
                "systemctl daemon-reload && systemctl start kexec.service", 600)
    expect(guest.read(setting) == "0", "the twin that may not write has put the CPU back")
    guest.check(f"rm -r {dropin} && systemctl daemon-reload && systemctl restart kexec.service", 600)
    expect(guest.read(setting) == "1", "the CPU was not put back")
    # systemctl kexec finds a kernel.
    expect(guest.read("/sys/kernel/kexec_loaded") == "1", "kexec.service loaded nothing")
    guest.check("systemctl stop kexec.service")
    expect(guest.read("/sys/kernel/kexec_loaded") == "0", "kexec.service unloaded nothing")


def own_service_captures(site, state):
    """kdump.service has loaded; kdump-tools saves, as it would for any other loader."""
    guest = state["guest"]
    guest.check("echo 'KDUMP_COMMANDLINE_APPEND=\"reset_devices systemd.unit=kdump-tools-dump.service "
                "maxcpus=1 irqpoll noirqdistrib\"' >> /etc/default/kdump && systemctl reload kdump.service && "
                "chmod +x /usr/sbin/kdump-config", 600)
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")
    crash_is_captured(site, state)


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


def older_kernel_is_captured(site, state):
    """Which cannot keep the image current: it was loaded when both CPUs were there."""
    guest = state["guest"]
    use_our_rules(guest)
    guest.check("systemctl restart kdump-tools.service", 600)
    state["cpu"] = 1
    crash_is_captured(site, state)


def next_kernel_waits_for_kdump_tools(site, state):
    """The kernel has one lock for loading. The twin does not wait."""
    guest = state["guest"]
    units = "/usr/lib/systemd/system/kexec.service /run/systemd/system/twin.service"
    guest.check(f"sed '/^After=/s/ kdump-tools.service//' {units.replace(' ', ' > ')} && ! cmp -s {units} && "
                "systemctl daemon-reload")

    def waits(unit):
        guest.check(f"systemctl stop {unit} && systemctl restart kdump-tools.service {unit}", 600)
        loaded = guest.check("systemctl show -P ActiveEnterTimestampMonotonic kdump-tools.service")
        began = guest.check(f"systemctl show -P ExecMainStartTimestampMonotonic {unit}")
        return int(began) >= int(loaded)

    expect(waits("kexec.service"), "kexec.service did not wait for kdump-tools.service")
    expect(not waits("twin.service"), "its twin waited, too")


BOOTS = [
    ("new", PLUGGABLE, "", [first_boot_loads, added_cpu_reloads_nothing, crash_is_captured]),
    ("new", PLUGGABLE, HASH_MMU, [dump_has_all_but_what_makedumpfile_left_out, twin_without_our_rule_reloads,
                                  own_service_loads_and_keeps_current, next_kernel_puts_the_reboot_cpu_back,
                                  own_service_captures]),
    ("old", TWO_CPUS, "", [dump_can_be_read, storm_is_one_reload_of_kdump_tools,
                           storm_is_one_reload_of_our_service, twin_storm_is_many_reloads,
                           older_kernel_is_captured]),
    ("new", PLUGGABLE, "", [dump_can_be_read, next_kernel_waits_for_kdump_tools]),
]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    kernels = {name: (vmlinux, initrd) for name, vmlinux, initrd in
               (argument.split("=") for argument in sys.argv[3:])}
    site = Site(sys.argv[1], kernels, sys.argv[2])
    boots = [boot for boot in BOOTS if boot[0] in kernels]
    number = failed = 0
    print(f"1..{sum(len(steps) for *_, steps in boots)}", flush=True)
    for kernel, hardware, parameters, steps in boots:
        left = list(steps)
        problem = None
        try:
            with site.booted(kernel, hardware, parameters) as (machine, guest):
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
