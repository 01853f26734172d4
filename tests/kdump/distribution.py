# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A whole Debian with systemd, its own kdump-tools, and our packages instead of kexec-tools.

usage: distribution.py ARCH ours|packaged TREE.img DIRECTORY NAME=KERNEL=INITRD...

ARCH is Debian's name of it. TREE.img is the file system that tests/kdump/distribution
made, and is left as it is; "packaged" is the twin with kexec-tools. Prints TAP.
"""
import contextlib
import hashlib
import os
import re
import shutil
import signal
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../lib"), os.path.join(HERE, "../../drill")]

from architecture import Architecture  # noqa: E402
from debians import DEBIANS  # noqa: E402
from dump import Dump, show, subtract  # noqa: E402
from guest import Guest  # noqa: E402
from logs import as_ours  # noqa: E402
from memory import NEW_IS_MOVABLE, spread, write_pattern  # noqa: E402
from physical import online_memory  # noqa: E402
from qemu import Machine  # noqa: E402
from tap import Failure, Tap, expect, problem_of  # noqa: E402

MARKER = "kexec-hotplug distribution marker"
CAPTURE_TIMEOUT = 900
# systemd on an emulated machine takes its time, on a busy one more.
BOOT_TIMEOUT = 600
RULES = "/usr/lib/udev/rules.d"
HASH_MMU = "disable_radix"
SEEN = "/var/crash/seen"
# How much of the memory that was added is looked at.
SAMPLES = 16


class Boot(NamedTuple):
    """What Machine wants to know of a site."""

    architecture: Architecture
    kvm: bool
    kernel: str
    first: str


class Site:
    """The disk of one story, and the kernels it can be booted with."""

    def __init__(self, debian, image, kernels, directory):
        self.debian = debian
        self.directory = directory
        self.kernels = kernels
        self.boots = 0
        self.crash = {}
        self.added = None # memory that came before the crash
        self.disk = os.path.join(directory, "disk.img")
        os.makedirs(directory, exist_ok=True)
        shutil.copyfile(image, self.disk)
        # Machine knows no disks with content: they come in front.
        self.emulator = os.path.join(directory, "qemu")
        with open(self.emulator, "w", encoding="utf-8") as f:
            # One queue, whose interrupt any CPU takes: with one for each, Linux 6.1 started with maxcpus=1
            # on another CPU than the first waits for its disk for ever, whoever has loaded it.
            f.write(f'#!/bin/sh\nexec {debian.architecture.emulator} '
                    f'-drive "file={self.disk},format=raw,if=none,id=disk,cache=unsafe" '
                    '-device virtio-blk-pci,drive=disk,num-queues=1 "$@"\n')
        os.chmod(self.emulator, 0o755)

    @contextlib.contextmanager
    def booted(self, kernel, parameters):
        """(machine, guest) of a system that has come up."""
        file, initrd = self.kernels[kernel]
        architecture, hardware = self.debian.architecture, self.debian.hardware(kernel)
        self.boots += 1
        logs = os.path.join(self.directory, f"boot-{self.boots}")
        os.makedirs(logs, exist_ok=True)
        machine = Machine(logs, Boot(architecture, architecture.has_kvm(file), file, initrd), hardware,
                          f"root=/dev/vda rw console={architecture.console} "
                          f"crashkernel={hardware.crashkernel} quiet {parameters}", self.emulator)
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


def service_status(guest):
    """What kexec ended with, as kdump.service ran it."""
    return guest.check("systemctl show -P ExecMainStatus kdump.service").strip()


def last_reload(guest):
    """When kdump-reload.service last ran. At boot it may, for what was there before udev: it then finds nothing to do."""
    return guest.check("systemctl show kdump-reload.service -p ExecMainStartTimestampMonotonic --value").strip()


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


def add_cpu(site, machine, guest):
    """Hot-add a CPU; udev has seen it when this returns. Its number."""
    number = int(guest.check("grep -c ^processor /proc/cpuinfo"))
    guest.check("stdbuf -oL udevadm monitor --udev --subsystem-match=cpu > /tmp/events 2>&1 & sleep 1")
    machine.add_core()
    bring_up = site.debian.architecture.online_cpus or ":"
    wait_for(guest, f"({bring_up}); grep -q 'online .*/cpu{number} ' /tmp/events")
    quiet(guest)
    return number


def add_memory(site, machine, guest):
    """Hot-add memory, and write to it. (its range, by the address of some pages the digest of what is there)"""
    guest.check(NEW_IS_MOVABLE)
    added = machine.add_dimm("dimm", site.debian.architecture.dimm_size)
    end = time.monotonic() + 180
    while subtract([added], online_memory(guest)):
        expect(time.monotonic() < end, f"the new memory {show([added])} is not online")
        time.sleep(1)
    quiet(guest)
    chunks = write_pattern(guest, machine, added)
    return added, {address: hashlib.md5(chunks[address]).hexdigest() for address in spread(sorted(chunks), SAMPLES)}


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

def merged(ranges):
    """Those that touch each other are one."""
    whole = []
    for part in sorted(ranges, key=lambda part: part.start):
        if whole and whole[-1].stop == part.start:
            part = range(whole.pop().start, part.stop)
        whole.append(part)
    return whole


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
    before, last = loads(guest), last_reload(guest)
    state["cpu"] = add_cpu(site, machine, guest)
    expect(loads(guest) == before, "the crash kernel was loaded again")
    expect(last_reload(guest) == last, "kdump-reload.service ran")
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current any more")


def crash_is_captured(site, state):
    machine, guest = state["machine"], state["guest"]
    expect(guest.read("/sys/kernel/kexec_crash_loaded") == "1", "nothing is loaded")
    cpus = int(guest.check("grep -c ^processor /proc/cpuinfo"))
    site.crash = {"cpu": state["cpu"], "cpus": cpus, "memory": site.debian.memory_to_dump(guest),
                  "linear": site.debian.linear_map(guest), "samples": state.get("samples", {})}
    # What makedumpfile says of the pages, too.
    guest.check("grep -q ^MAKEDUMP_ARGS= /etc/default/kdump-tools || "
                "echo 'MAKEDUMP_ARGS=\"-c -d 31 --message-level 23\"' >> /etc/default/kdump-tools")
    addresses = " ".join(str(address) for address in site.crash["samples"])
    guest.check(f"rm -rf {SEEN}; echo {addresses} > /var/crash/samples; echo '{MARKER}' > /dev/kmsg; sync")
    began = machine.elapsed()
    guest.start(f"taskset {1 << state['cpu']:x} sh -c 'echo c > /proc/sysrq-trigger'")
    expect(machine.wait_exit(CAPTURE_TIMEOUT), "the machine has not rebooted")
    # Elsewhere the next boot finds the dump, or does not.
    if site.debian.architecture.console_is_whole:
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
    status, errors = guest.read(f"{SEEN}/status"), guest.read(f"{SEEN}/errors")
    expect((status, errors) == ("0", ""), f"vmcore-dmesg /proc/vmcore: status {status}: {errors}")
    expect(read_text(guest, f"{SEEN}/log") == as_ours(log), "vmcore-dmesg /proc/vmcore read another log")
    headers = Dump(guest, path=f"{SEEN}/headers")
    memory, cpus = merged(headers.memory()), len(headers.registers())
    expect(memory == merged(wanted["memory"]),
           f"/proc/vmcore has memory {show(memory)}, not {show(merged(wanted['memory']))}")
    expect(headers.linear_map() == wanted["linear"], f"memory is at {headers.linear_map()}, not {wanted['linear']}")
    expect(cpus == wanted["cpus"], f"/proc/vmcore has {cpus} CPUs, not {wanted['cpus']}")
    lost = lost_samples(guest, wanted["samples"])
    expect(not lost, f"not what was there, in /proc/vmcore at {lost}")
    expect(set(guest.read(f"{SEEN}/units").split()) == {"inactive"}, "units of ours ran in the capture system")
    expect(guest.read(f"{SEEN}/loaded") == "0", "the capture system loaded a crash kernel")
    return log


def lost_samples(guest, samples):
    """Where something else was in /proc/vmcore, or nothing that could be read."""
    seen = dict(line.split() for line in guest.read(f"{SEEN}/samples").splitlines())
    return [hex(address) for address, digest in samples.items() if seen.get(str(address)) != digest]


def dump_can_be_read(site, state):
    """By both readers, whole, as kdump-tools stored it: filtered and compressed."""
    guest = state["guest"]
    log = capture_saw_everything(site, guest)
    poisoned = site.crash.get("poisoned", 0)
    expect(poisoned == 0, f"makedumpfile saw {poisoned} broken pages")
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


def added_cpu_and_memory_reload_nothing(site, state):
    machine, guest = state["machine"], state["guest"]
    before, last = loads(guest), last_reload(guest)
    _, state["samples"] = add_memory(site, machine, guest)
    expect(loads(guest) == before, "the crash kernel was loaded again")
    expect(last_reload(guest) == last, "kdump-reload.service ran")
    added_cpu_reloads_nothing(site, state)


def removed_memory_reloads_once(site, state):
    """It stays in the headers that the kernel writes: our rule has kdump-tools load again."""
    machine, guest = state["machine"], state["guest"]
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")
    add_memory(site, machine, guest)
    before = loads(guest)
    guest.check("rm /tmp/pattern /tmp/copies")
    machine.ask_back("dimm")
    end = time.monotonic() + 180
    while machine.has_device("dimm"):
        expect(time.monotonic() < end, "the memory is not given back")
        time.sleep(1)
    time.sleep(3)
    quiet(guest)
    expect(loads(guest) == before + 1, f"{loads(guest) - before} reloads")
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current any more")


def twin_without_our_rule_reloads(site, state):
    machine, guest = state["machine"], state["guest"]
    use_the_distributions_rule(guest)
    before = udev_reloads(guest)
    add_cpu(site, machine, guest)
    expect(udev_reloads(guest) > before, "no reload was seen")
    use_our_rules(guest)


def own_service_loads_and_keeps_current(site, state):
    machine, guest = state["machine"], state["guest"]
    use_kdump_service(guest)
    expect(service_status(guest) == "0", "it was loaded with a warning")
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")
    before, last = own_loads(guest), last_reload(guest)
    add_cpu(site, machine, guest)
    expect(own_loads(guest) == before and last_reload(guest) == last, "it was loaded again")
    state["cpu"] = 1


def twin_without_kcore_is_warned(site, state):
    """What the kernel's addresses are is in a file that ProtectKernelTunables= hides: the image is loaded,
    and the service is up, but it says what the dump will lack."""
    guest = state["guest"]
    dropin = "/run/systemd/system/kdump.service.d"
    guest.check(f"mkdir -p {dropin} && printf '[Service]\\nProtectKernelTunables=yes\\n' > {dropin}/twin.conf && "
                "systemctl daemon-reload && systemctl restart kdump.service", 600)
    expect(service_status(guest) == "4", "it was loaded without a warning")
    expect("/proc/kcore" in guest.check("journalctl -b --no-pager -o cat -u kdump.service"), "nothing names /proc/kcore")
    guest.check(f"rm -r {dropin} && systemctl daemon-reload && systemctl restart kdump.service", 600)
    expect(service_status(guest) == "0", "it was loaded with a warning")


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


def packaged_kexec_tools_loads_with_hotplug(site, state):
    """Debian's own, told what our packages tell it."""
    guest = state["guest"]
    owner = guest.check("dpkg -S /usr/sbin/kexec").split(":")[0]
    expect(owner == "kexec-tools", f"kexec is of {owner}")
    guest.check("echo 'KDUMP_KEXEC_ARGS=\"--hotplug\"' >> /etc/default/kdump-tools && "
                "kdump-config unload && kdump-config load", 600)
    expect(crash_hotplug(guest) == ["1", "1"], "the image is not kept current")


def added_cpu_and_memory_reload(site, state):
    machine, guest = state["machine"], state["guest"]
    before = udev_reloads(guest)
    site.added, state["samples"] = add_memory(site, machine, guest)
    between = udev_reloads(guest)
    expect(between > before, "no reload is in the journal after the memory came")
    state["cpu"] = add_cpu(site, machine, guest)
    expect(udev_reloads(guest) > between, "no reload is in the journal after the CPU came")


def added_memory_cannot_be_read(site, state):
    """It is in the headers, but the capture kernel has it for its own: nothing of it is left."""
    memory = merged(Dump(state["guest"], path=f"{SEEN}/headers").memory())
    expect(not subtract([site.added], memory), f"/proc/vmcore has memory {show(memory)}, not {show([site.added])}")
    samples = site.crash["samples"]
    lost = lost_samples(state["guest"], samples)
    expect(samples and len(lost) == len(samples), f"of {len(samples)} samples only {len(lost)} are lost: {lost}")


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


# (which kernel, words for its command line, what happens)
STORIES = {
    ("ppc64el", "ours"): [
        ("new", "", [first_boot_loads, added_cpu_reloads_nothing, crash_is_captured]),
        ("new", HASH_MMU, [dump_has_all_but_what_makedumpfile_left_out, twin_without_our_rule_reloads,
                           own_service_loads_and_keeps_current, next_kernel_puts_the_reboot_cpu_back,
                           own_service_captures]),
        ("old", "", [dump_can_be_read, storm_is_one_reload_of_kdump_tools,
                     storm_is_one_reload_of_our_service, twin_storm_is_many_reloads,
                     older_kernel_is_captured]),
        ("new", "", [dump_can_be_read, next_kernel_waits_for_kdump_tools]),
    ],
    ("amd64", "ours"): [
        ("new", "", [first_boot_loads, added_cpu_and_memory_reload_nothing, crash_is_captured]),
        ("new", "", [dump_can_be_read, removed_memory_reloads_once, own_service_loads_and_keeps_current,
                     twin_without_kcore_is_warned, own_service_captures]),
        ("new", "", [dump_can_be_read]),
    ],
    ("amd64", "packaged"): [
        ("new", "", [packaged_kexec_tools_loads_with_hotplug, added_cpu_and_memory_reload, crash_is_captured]),
        ("new", "", [added_memory_cannot_be_read]),
    ],
}


def step_name(step):
    return step.__name__.replace("_", " ")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    arch, loader, image, directory = sys.argv[1:5]
    kernels = {name: files for name, *files in (argument.split("=") for argument in sys.argv[5:])}
    site = Site(DEBIANS[arch], image, kernels, directory)
    stories = STORIES[arch, loader]
    system = arch if loader == "ours" else f"{arch}, {loader}"
    tap = Tap(f"distribution {system}", sum(len(steps) for *_, steps in stories))
    for kernel, parameters, steps in stories:
        left, problem = list(steps), None
        try:
            with site.booted(kernel, parameters) as (machine, guest):
                state = {"machine": machine, "guest": guest}
                while left:
                    began = time.monotonic()
                    left[0](site, state)
                    tap.result(f"{step_name(left.pop(0))}: {time.monotonic() - began:.0f} s")
        except Exception as error:
            problem = problem_of(error)
        for step in left:
            tap.result(step_name(step), problem or "no reason")
            problem = "the step before failed"
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
