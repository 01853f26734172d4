# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a machine would load for a crash, and with how much memory: from its own files, or a copy of them.

Nothing here is changed, and nothing needs root; what only root can read is named. `kdump-load --explain` (which reads
/etc/sysconfig/kdump, too, as kdumpctl has it) or the file of kdump-tools says what is loaded.
"""

import os
import platform
import re
import shlex
import subprocess
from dataclasses import dataclass, field

from failure import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
# Installed beside this; in the source tree it is a template, of which only a default is left out.
KDUMP_LOAD = (os.path.join(HERE, "kdump-load"), os.path.join(HERE, "../kdump/kdump-load.in"))

KDUMP_TOOLS, KDUMP_CONFIG = "/etc/default/kdump-tools", "/usr/sbin/kdump-config"
KDUMP_TOOLS_KERNEL, KDUMP_TOOLS_INITRD = "/var/lib/kdump/vmlinuz", "/var/lib/kdump/initrd.img"
# What this project's package adds there: --hotplug, where the kernel can do it, before that file is read.
KDUMP_TOOLS_HOOK = tuple(f"{lib}/lsb/init-functions.d/50-kexec-hotplug" for lib in ("/lib", "/usr/lib"))
UDEV_RULES = tuple(f"{where}/udev/rules.d" for where in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"))
CRASH_HOTPLUG = "/sys/devices/system/cpu/crash_hotplug", "/sys/devices/system/memory/crash_hotplug"
# What kdump-tools adds where its file does not say.
KDUMP_TOOLS_APPEND = "reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb"
KDUMP_TOOLS_REMOVE = "crashkernel hugepages hugepagesz abm"

ARCHITECTURES = {"x86_64": "x86_64", "ppc64le": "ppc64le", "aarch64": "arm64", "arm64": "arm64"}
KERNEL_NAMES = "vmlinuz", "vmlinux", "Image"
# Where no configuration says it.
APPEND = {"ppc64le": "maxcpus=1 irqpoll noirqdistrib reset_devices cgroup_disable=memory numa=off panic=10",
          "x86_64": "nr_cpus=1 irqpoll reset_devices cgroup_disable=memory panic=10",
          "arm64": "nr_cpus=1 reset_devices cgroup_disable=memory panic=10"}
MIB = 1 << 20
# Of kexec's, those with a value of their own, which may be the next word.
VALUED = {"--initrd", "--ramdisk", "--command-line", "--append", "--base-cmdline", "--remove-cmdline", "--dtb",
          "--devicetreeblob", "-t", "--type", "--mem-min", "--mem-max", "--entry", "--serial", "--serial-baud", "--dump",
          "--record", "--sysroot", "--module"}
# Of a drill's machine itself, and of what is between a device and its own driver.
COVERED = {"sd", "sr", "virtio_blk", "virtio-pci", "pcieport", "usb", "hub"}
# The kernel counts a machine's memory in these, to find the range of crashkernel= that it is in.
MEMORY_UNIT = 128 * MIB


@dataclass
class Settings:
    """What a drill is about; @why says of each where it comes from."""

    arch: str = ""
    kernel: str = ""            # the running one
    release: str = ""           # its release, where that is known
    capture_kernel: str = ""
    initrd: str = ""            # "": none
    options: list = field(default_factory=list)     # of kexec, but for these files and the append
    append: str = ""            # --command-line
    crashkernel: str = ""       # as a boot parameter has it
    uncovered: list = field(default_factory=list)   # drivers of this machine's disks and networks
    rules: dict = field(default_factory=dict)       # udev's that answer hotplug, {name in a machine: file}
    memory_hotplug: bool = False    # the kernel can have more memory added
    memory: int = 0             # bytes that the machine has; 0: not known
    disabled: str = ""          # why nothing is loaded there
    why: dict = field(default_factory=dict)


class Tree:
    """The files of this machine, or below a directory."""

    def __init__(self, root=""):
        self.root = root.rstrip("/")

    def path(self, name):
        return self.root + name

    def exists(self, name):
        return os.path.exists(self.path(name))

    def present(self, name):
        """A file, or a link to whatever."""
        return os.path.lexists(self.path(name))

    def names(self, name):
        """Of what is in a directory that may not be there."""
        try:
            return sorted(os.listdir(self.path(name)))
        except OSError:
            return []

    def text(self, name, default=""):
        """Of a file that may not be there."""
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read().strip()
        except OSError:
            return default


def survey(root=""):
    """Settings of this machine, or of what is below @root: a `kexec --record` snapshot, or more of its files."""
    tree = Tree(root)
    settings = Settings()
    _survey_machine(tree, settings)
    found = _from_kdump_tools(tree, settings) or _from_kdump_load(tree, settings)
    if not found:
        settings.append = APPEND.get(settings.arch, "")
        settings.options = ["--base-cmdline=" + tree.text("/proc/cmdline"), "--remove-cmdline=quiet"]
        settings.why["capture"] = "no kdump configuration was found: the usual words of a command line"
    settings.crashkernel = crashkernel(tree)
    settings.why["crashkernel"] = "what is reserved there" if settings.crashkernel else "nothing is reserved there"
    settings.uncovered = drivers(tree)
    settings.rules = rules(tree)
    return settings


def rules(tree):
    """Of udev's those that may load, and all of the same name, which may take their place: {name in a machine: file}."""
    files = {f"{where}/{name}": name for where in UDEV_RULES for name in tree.names(where) if name.endswith(".rules")}
    wanted = {name for path, name in files.items() if re.search("kdump|kexec", tree.text(path))}
    return {path[1:]: tree.path(path) for path, name in files.items() if name in wanted}


def _survey_machine(tree, settings):
    snapshot = dict(line.split(" ", 1) for line in tree.text("/kexec-snapshot").splitlines() if " " in line)
    machine = snapshot.get("machine") or tree.text("/proc/sys/kernel/arch") or platform.machine()
    settings.arch = ARCHITECTURES.get(machine, machine)
    release = snapshot.get("release") or tree.text("/proc/sys/kernel/osrelease")
    release = release or ("" if tree.root else platform.release())
    settings.memory_hotplug = tree.exists(CRASH_HOTPLUG[1])
    settings.memory = memory_of(tree)
    if release:
        found = [path for name in KERNEL_NAMES for path in (f"/boot/{name}-{release}", f"/usr/lib/modules/{release}/{name}",
                                                            f"/lib/modules/{release}/{name}") if tree.exists(path)][:1]
        settings.why["kernel"] = f"the running kernel, Linux {release}" if found else f"of Linux {release} none is there"
    else:
        found = [f"/boot/{name}" for name in tree.names("/boot") if name.partition("-")[0] in KERNEL_NAMES]
        settings.why["kernel"] = ("none is there" if not found else f"the only one in {tree.path('/boot')}" if len(found) == 1
                                  else f"{tree.root} has {len(found)}, and does not say which of them was running")
    settings.kernel = tree.path(found[0]) if len(found) == 1 else ""
    settings.release = release or os.path.basename(settings.kernel).partition("-")[2]


def _from_kdump_tools(tree, settings):
    """Debian's: a shell script's settings, which must be plain to be read here."""
    if not (tree.exists(KDUMP_TOOLS) and (tree.root or tree.exists(KDUMP_CONFIG))):
        return False
    hook = any(map(tree.exists, KDUMP_TOOLS_HOOK)) and any(map(tree.exists, CRASH_HOTPLUG))
    said = assignments(tree.text(KDUMP_TOOLS), {"KDUMP_KEXEC_ARGS": "--hotplug" if hook else ""})
    computed = "USE_KDUMP" not in said and "USE_KDUMP=" in tree.text(KDUMP_TOOLS)
    if said.get("USE_KDUMP", "") in ("", "0") and not computed:
        value = said.get("USE_KDUMP")
        settings.disabled = f"{tree.path(KDUMP_TOOLS)} " + (f"has USE_KDUMP={value}" if value else "does not set USE_KDUMP")
    _kdump_tools_files(tree, settings, said.get("KDUMP_KERNEL"), said.get("KDUMP_INITRD"))
    settings.options = said["KDUMP_KEXEC_ARGS"].split()
    settings.append = said.get("KDUMP_CMDLINE_APPEND") or KDUMP_TOOLS_APPEND
    settings.options += ["--base-cmdline=" + (said.get("KDUMP_CMDLINE") or tree.text("/proc/cmdline")),
                         f"--remove-cmdline={KDUMP_TOOLS_REMOVE}"]
    settings.why["capture"] = tree.path(KDUMP_TOOLS)
    return True


def _kdump_tools_files(tree, settings, kernel, initrd):
    """What it loads by these settings; without one of the kernel, the running one. Its own links are made by the first
    load, for the running kernel."""
    release = settings.release
    if not kernel:
        kernel, initrd = settings.kernel.removeprefix(tree.root), f"/boot/initrd.img-{release}"
        initrd = initrd if tree.exists(initrd) else ""
    if kernel == KDUMP_TOOLS_KERNEL and not tree.present(kernel):
        kernel = settings.kernel.removeprefix(tree.root)
    if release and initrd == KDUMP_TOOLS_INITRD and not tree.present(initrd):
        initrd = f"{initrd}-{release}"
    settings.capture_kernel = _inside(tree, kernel) if kernel else ""
    settings.initrd = _inside(tree, initrd) if initrd else ""


def assignments(text, given=None):
    """{name: value} of the lines that assign plain words, and variables that are known: of lines before, or @given. A
    shell's other lines are left out."""
    found = dict(given or {})
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            continue
        if "'" not in value:
            value = re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda name: found.get(name[1] or name[2], name[0]), value)
        try:
            words = shlex.split(value, comments=True)
        except ValueError:
            continue
        if len(words) <= 1 and not any(c in "".join(words) for c in "$`"):
            found[name] = words[0] if words else ""
    return found


def _inside(tree, path):
    """The file that a path, or a link there, names below the root."""
    for _ in range(40):
        real = tree.path(path)
        if not os.path.islink(real):
            return real
        target = os.readlink(real)
        path = target if target.startswith("/") else os.path.normpath(os.path.join(os.path.dirname(path), target))
    raise Failure(f"{path}: a link to itself")


def _from_kdump_load(tree, settings):
    """What kdump-load would load; False where it finds nothing to load."""
    script = next((path for path in KDUMP_LOAD if os.path.exists(path)), None)
    if not script:
        return False
    command = ["sh", script, "--explain", *([f"--root={tree.root}"] if tree.root else [])]
    done = subprocess.run(command, env={**os.environ, "KEXEC": "true"}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"^command +(.*)$", done.stdout, re.M)
    if not found:
        return False
    configuration = re.search(r"^configuration +(.*)$", done.stdout, re.M)
    settings.why["capture"] = "kdump-load --explain, configuration: " + (configuration[1] if configuration else "?")
    understand(settings, shlex.split(found[1])[1:], tree)
    return True


def understand(settings, words, tree):
    """Arguments of kexec: the files of them become settings, the rest options for a machine whose /proc/cmdline is
    another."""
    settings.options = []
    for word in with_values(words):
        if word == "-p" or word == "--load-panic":
            continue
        if word == "--reuse-cmdline":
            settings.options.append("--base-cmdline=" + tree.text("/proc/cmdline"))
        elif word.startswith("--command-line=") or word.startswith("--append="):
            settings.append = word.partition("=")[2]
        elif word.startswith("--initrd=") or word.startswith("--ramdisk="):
            settings.initrd = word.partition("=")[2]
        elif not word.startswith("-"):
            settings.capture_kernel = word
        else:
            settings.options.append(word)


def with_values(words):
    """Arguments of kexec, each option in one word with its value."""
    rest = iter(words)
    for word in rest:
        value = next(rest, None) if word in VALUED else None
        yield word if value is None else f"{word}={value}" if word.startswith("--") else word + value


def memory_of(tree):
    """Bytes, as the kernel counts them for the ranges of crashkernel=, or 0."""
    blocks = "/sys/devices/system/memory"
    size = tree.text(f"{blocks}/block_size_bytes")
    count = sum(bool(re.fullmatch(r"memory\d+", name)) for name in tree.names(blocks))
    if count and re.fullmatch(r"[0-9a-f]+", size):
        return count * int(size, 16)
    total = re.search(r"^MemTotal: +(\d+) kB", tree.text("/proc/meminfo"), re.M)
    reserved = tree.text("/sys/kernel/kexec/crash_size") or tree.text("/sys/kernel/kexec_crash_size")
    known = (int(total[1]) << 10) + (int(reserved) if reserved.isdigit() else 0) if total else 0
    return -(-known // MEMORY_UNIT) * MEMORY_UNIT


def reserving(text, memory):
    """The value of crashkernel= with a size for ranges ("1G-4G:256M,4G-:512M@64M"): that for so many bytes of memory."""
    if ":" not in text:
        reserved_size(text)
        return text
    ranges, at, offset = text.partition("@")
    if not memory:
        raise Failure(f"--crashkernel {text}: for how much memory? It is not known here: name it with --memory")
    for part in ranges.split(","):
        bounds, _, size = part.partition(":")
        start, dash, end = bounds.partition("-")
        if not dash:
            raise Failure(f"--crashkernel {text}: {part} is no range; say 1G-4G:256M,4G-:512M")
        if size_in_bytes(start) <= memory and (not end or memory < size_in_bytes(end)):
            reserved_size(size)
            return size + at + offset
    raise Failure(f"--crashkernel {text}: reserves nothing in a machine with {memory // MIB} MiB")


def reserved_size(text):
    """Bytes of a value of crashkernel= without ranges: "256M", "256M@64M", "256M,high"."""
    return size_in_bytes(re.split("[ ,@]", text)[0])


def crashkernel(tree):
    """As little as a boot parameter must say to reserve what this machine has reserved: with a size for ranges."""
    size = tree.text("/sys/kernel/kexec/crash_size") or tree.text("/sys/kernel/kexec_crash_size")
    said = re.findall(r"(?:^|\s)crashkernel=(\S+)", tree.text("/proc/cmdline"))
    extra = "".join(f" crashkernel={value}" for value in said if value.endswith(",cma"))
    if size.isdigit() and int(size):
        return f"{int(size) // MIB}M{extra}"
    plain = [value for value in said if re.fullmatch(r"\d+[KMG]", value)]
    return plain[-1] + extra if plain else ""


def drivers(tree):
    """Of the disks and network cards there: a drill has none of these."""
    found = set()
    for where in "/sys/class/block", "/sys/class/net", "/sys/class/scsi_host":
        for name in tree.names(where):
            found |= _drivers_above(tree, f"{where}/{name}") | _drivers_above(tree, f"{where}/{name}/device")
    return sorted(found - COVERED)


def _drivers_above(tree, name):
    """Of a device and all that it hangs on: a disk of SCSI has its own, the adapter another."""
    top, at, found = os.path.realpath(tree.path("/sys")), os.path.realpath(tree.path(name)), set()
    while at.startswith(top + "/"):
        driver = os.path.join(at, "driver")
        if os.path.islink(driver):
            found.add(os.path.basename(os.readlink(driver)))
        at = os.path.dirname(at)
    return found


def size_in_bytes(text):
    """Of "512M" and the like, as boot parameters and QEMU have them."""
    found = re.fullmatch(r"(\d+)([KMGkmg]?)", text)
    if not found:
        raise Failure(f"{text}: not a size; say 512M, or 1G")
    return int(found[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]
