# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The udev rules against rules.table, evaluated by udev itself.

usage: unshare --mount python3 rules.py RULES-DIRECTORY

In a mount namespace of its own this puts a made-up /sys in front of `udevadm
test`. Prints TAP. Each gate of the rules is also inverted, and left out, one by
one: the table has to notice.
"""
import glob
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import apart  # noqa: E402
from tap import Tap  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = {
    "subsystem": ["cpu", "memory", "node"],
    "action": ["online", "offline", "add", "remove", "change", "move"],
    "crash_hotplug": ["0", "1", "-"],
    "fadump": ["no", "1", "off", "0", "old"],
    "listening": ["yes", "no"],
    "arch": ["x86-64", "other"],
}
ENOUGH_FOR_MUTANTS = dict(COLUMNS, action=["online", "offline", "add", "remove", "change"],
                          crash_hotplug=["0", "1"], fadump=["no", "1", "off", "0"])
FILES = {"generic": "98-kexec.rules", "ppc64": "98-kexec.rules.ppc64"}
RULES = "/usr/lib/udev/rules.d/98-kexec.rules"
STAMP = "/run/kdump/reload"
# Before and after systemd 257.
RUN = re.compile(r"^(?:run: |  RUN\{program\} : ).*" + STAMP + "/([a-z]+)", re.M)
WHAT = {"event": "reload", "removed": "removed"}
# CONST{arch} is of uname(2); to a program that asked for the personality of 32 bits it says i686.
AS_ARCH = {"x86-64": [], "other": ["setarch", "i686"]} if platform.machine() == "x86_64" else {"other": []}
# enabled, hotplug_ready; None: there is no such file
FADUMP = {"no": None, "off": ("0", "1"), "old": ("1", None), "0": ("1", "0"), "1": ("1", "1")}


def read_table():
    rows = []
    with open(os.path.join(HERE, "rules.table"), encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                rows.append([word.split(",") for word in words])
    return rows


def expected(table, rules, event):
    """What the table says; its last column is not a condition."""
    facts = [rules, *event]
    for row in table:
        if all(fact in cell or cell == ["*"] for fact, cell in zip(facts, row)):
            return row[-1][0]
    return "nothing"


# --- the made-up machine ---

def private_tmpfs(path):
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def device(subsystem):
    number = {"memory": 8}.get(subsystem, 1)
    return f"/sys/devices/system/{subsystem}/{subsystem}{number}"


def set_up():
    for path in "/sys", "/run", "/usr/lib/udev", "/usr/lib/systemd/network", "/etc/udev":
        private_tmpfs(path)
    for path in "/sys/class", "/run/udev/data", "/etc/udev/rules.d", os.path.dirname(RULES):
        os.makedirs(path)
    for subsystem in COLUMNS["subsystem"]:
        os.makedirs(f"/sys/bus/{subsystem}/devices")
        write(device(subsystem) + "/uevent", "")
        os.symlink(f"../../../../bus/{subsystem}", device(subsystem) + "/subsystem")
        # As in Linux, the parent is a device too, but of no subsystem.
        write(os.path.dirname(device(subsystem)) + "/uevent", "")


def set_state(crash_hotplug, fadump, listening):
    for subsystem in "cpu", "memory":
        path = f"/sys/devices/system/{subsystem}/crash_hotplug"
        if crash_hotplug == "-":
            if os.path.exists(path):
                os.unlink(path)
        else:
            write(path, crash_hotplug + "\n")
    shutil.rmtree("/sys/kernel/fadump", ignore_errors=True)
    for name, value in zip(("enabled", "hotplug_ready"), FADUMP[fadump] or ()):
        if value is not None:
            write(f"/sys/kernel/fadump/{name}", value + "\n")
    if listening == "yes":
        os.makedirs(STAMP, exist_ok=True)
    elif os.path.exists(STAMP):
        os.rmdir(STAMP)


def ask_udev(subsystem, action, arch):
    done = subprocess.run([*AS_ARCH[arch], "udevadm", "test", "--action", action, device(subsystem)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, SYSTEMD_DEVICE_VERIFY_SYSFS="0",
                                   SYSTEMD_LOG_LEVEL="err"))
    if done.returncode or f"ACTION={action}" not in done.stdout:
        raise RuntimeError(f"udevadm test --action {action}: {done.stdout}")
    return "+".join(WHAT[name] for name in RUN.findall(done.stdout)) or "nothing"


# --- the checks ---

def differences(rules, table, pool, columns):
    """Each event on which udev and the table disagree, as text."""
    states = itertools.product(columns["crash_hotplug"], columns["fadump"], columns["listening"])
    for state in states:
        set_state(*state)
        events = list(itertools.product(columns["subsystem"], columns["action"],
                                        [arch for arch in columns["arch"] if arch in AS_ARCH]))
        for event, got in zip(events, pool.map(lambda e: ask_udev(*e), events)):
            facts = (*event[:2], *state, event[2])
            want = expected(table, rules, facts)
            if got != want:
                yield f"{' '.join(facts)}: {got}, the table says {want}"


def attributes_read(subsystem, action):
    """Files that the rules' gates are about, read while this event was handled."""
    files = [f"/sys/devices/system/{subsystem}/crash_hotplug", *glob.glob("/sys/kernel/fadump/*")]
    for path in files:
        os.utime(path, (0, 0))
    ask_udev(subsystem, action, "other")
    return [path for path in files if os.stat(path).st_atime]


def costs_of_coldplug(rules):
    """What is read or started when the devices that are there at boot are announced, as text.

    "add" is what systemd-udev-trigger.service asks for, "change" what udevadm trigger does. There
    are few CPUs, but tens of thousands of blocks of memory; CPUs are hot-plugged by "add" on x86.
    """
    cold = [("memory", "add"), ("memory", "change"), ("cpu", "change")]
    cold += [("cpu", "add")] if rules == "ppc64" else []
    set_state("0", "0", "yes")
    if not attributes_read("memory", "online"):
        yield "no attribute was seen to be read on an event that matters"
    for event in cold:
        yield from (f"{' '.join(event)}: {path} is read" for path in attributes_read(*event))
        for arch in AS_ARCH:
            if ask_udev(*event, arch) != "nothing":
                yield f"{' '.join(event)} {arch}: a reload"


def install_rules(text):
    write(RULES, text)


def mutants(text):
    """(what, text) with one gate inverted, or one line that skips left out."""
    for number, line in enumerate(text.replace("\\\n", "").splitlines(), 1):
        lines = text.replace("\\\n", "").splitlines()
        if line.startswith("#"):
            continue
        for gate in re.finditer(r"(\w+(?:\{[^}]*\})?)(==|!=)", line):
            other = "!=" if gate[2] == "==" else "=="
            lines[number - 1] = line[:gate.start(2)] + other + line[gate.end(2):]
            yield f"line {number}: {gate[1]}{other}", "\n".join(lines) + "\n"
        if "GOTO=" in line:
            lines[number - 1] = ""
            yield f"line {number} is left out", "\n".join(lines) + "\n"


def main():
    apart.refuse_the_machines_own_mounts()
    table, tap = read_table(), Tap("kdump")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = {}
        for rules, name in FILES.items():
            with open(os.path.join(sys.argv[1], name), encoding="utf-8") as f:
                texts[rules] = f.read()
        set_up()
        for rules, text in texts.items():
            install_rules(text)
            tap.result(f"the {rules} udev rules do what the table says",
                       list(differences(rules, table, pool, COLUMNS))[:10])
            tap.result(f"the {rules} udev rules do nothing for what is there at boot",
                       list(costs_of_coldplug(rules))[:10])
            tried, survivors = 0, []
            for what, mutant in mutants(text):
                install_rules(mutant)
                tried += 1
                if not next(differences(rules, table, pool, ENOUGH_FOR_MUTANTS), None):
                    survivors.append(f"{what}, and the table is still true")
            tap.result(f"the {rules} rules with a gate inverted or left out, {tried} times, are noticed",
                       survivors[:10] or ([] if tried else ["there is no gate"]))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
