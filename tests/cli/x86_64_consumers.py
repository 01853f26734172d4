# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The command lines of distributions on x86_64, word for word, on a machine that was recorded."""
from bzimage import bzimage
from cases import FILE_LOAD, all_of
from harness import Case, expect
from recorded import Recorded

MACHINE = Recorded("q35-uefi", 4096, crash=(0x2b000000, 0x10000000))
KERNEL = bzimage()

# kdump-utils: KDUMP_COMMANDLINE_APPEND of x86_64, behind the running kernel's words without crashkernel=.
KDUMPCTL = ("BOOT_IMAGE=(hd0,gpt2)/vmlinuz-7.2 root=/dev/mapper/rhel-root ro irqpoll nr_cpus=1 reset_devices cgroup_disable=memory "
            "mce=off numa=off udev.children-max=2 panic=10 acpi_no_memhotplug transparent_hugepage=never nokaslr "
            "hest_disable novmcoredd cma=0 hugetlb_cma=0 pcie_ports=compat disable_cpu_apicid=0")
# kdump-tools: KDUMP_CMDLINE_APPEND of amd64.
KDUMP_CONFIG = ("BOOT_IMAGE=/vmlinuz-7.2 root=UUID=1 ro quiet reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 "
                "irqpoll usbcore.nousb")
LOAD_SH = ("root=/dev/sda2 elevator=deadline sysrq=yes reset_devices acpi_no_memhotplug cgroup_disable=memory nokaslr numa=off "
           "irqpoll nr_cpus=1 root=kdump rootflags=bind rd.udev.children-max=8 disable_cpu_apicid=0 panic=1")

# who, words, environment, the last call, what is in its command line
CONSUMERS = [
    ("kdumpctl", ["-s", "-p", f"--command-line={KDUMPCTL}", "--initrd={initrd}", "{kernel}"], FILE_LOAD, "0x2 = 0", KDUMPCTL),
    ("kdumpctl, Secure Boot", ["-s", "-s", "-p", f"--command-line={KDUMPCTL}", "--initrd={initrd}", "{kernel}"], FILE_LOAD,
     "0x2 = 0", KDUMPCTL),
    ("kdumpctl, -c --hotplug", ["-c", "--hotplug", "-p", f"--command-line={KDUMPCTL}", "--initrd={initrd}", "{kernel}"], FILE_LOAD,
     "0x3e0005 = 0", KDUMPCTL),
    ("kdumpctl unload", ["-p", "-u"], {}, "0x1 = 0", None),
    ("kdumpctl unload, Secure Boot", ["-s", "-p", "-u"], FILE_LOAD, "0x3 = 0", None),
    ("kdump-config", ["-p", f"--command-line={KDUMP_CONFIG}", "--initrd={initrd}", "{kernel}"], FILE_LOAD, "0x2 = 0",
     "acpi_no_memhotplug " + KDUMP_CONFIG),
    ("kdump-config with our words", ["-p", "--hotplug", f"--command-line={KDUMP_CONFIG}", "--initrd={initrd}", "{kernel}"],
     FILE_LOAD, "0x3e0005 = 0", "acpi_no_memhotplug " + KDUMP_CONFIG),
    ("kdump-config, Secure Boot", ["-p", "-s", f"--command-line={KDUMP_CONFIG}", "--initrd={initrd}", "{kernel}"], FILE_LOAD,
     "0x2 = 0", "acpi_no_memhotplug " + KDUMP_CONFIG),
    ("kdump-config unload, Secure Boot", ["-s", "-p", "-u"], FILE_LOAD, "0x3 = 0", None),
    ("load.sh", ["-p", "{kernel}", f"--append={LOAD_SH}", "--initrd={initrd}", "-a"], FILE_LOAD, "0x2 = 0", LOAD_SH),
    ("load.sh, no kexec_file_load", ["-p", "{kernel}", f"--append={LOAD_SH}", "--initrd={initrd}", "-a"], {}, "0x3e0001 = 0", LOAD_SH),
    ("load.sh unload", ["-a", "-p", "-u"], {}, "0x1 = 0", None),
    ("systemctl kexec", ["--load", "{kernel}", "--append", "root=UUID=1 ro quiet", "--initrd", "{initrd}"], FILE_LOAD,
     "0x0 = 0", "root=UUID=1 ro quiet"),
    ("systemctl kexec, no kexec_file_load", ["--load", "{kernel}", "--append", "root=UUID=1 ro quiet", "--initrd", "{initrd}"], {},
     "0x3e0000 = 0", "root=UUID=1 ro quiet"),
    ("systemctl kexec, no initrd", ["--load", "{kernel}", "--append", "root=/dev/sda1"], FILE_LOAD, "0x0 = 0", "root=/dev/sda1"),
    ("drgn", ["--load-panic", "--kexec-syscall-auto", "--command-line=console=ttyS0 panic=-1", "{kernel}"], FILE_LOAD, "0x2 = 0",
     "acpi_no_memhotplug console=ttyS0 panic=-1"),
    ("kselftest", ["--load", "{kernel}"], {}, "0x3e0000 = 0", None),
    ("kselftest unload", ["--unload"], {}, "0x0 = 0", None),
]


def last_call(flags):
    """Its words may have flags= in them, too."""
    def check(r):
        expect(r.calls()[-1].endswith(f" flags={flags}") and sum(" = 0" in call for call in r.calls()) == 1, r.calls())
    return check


def words(cmdline):
    """The words are those that the consumer gave, whichever call took them."""
    def check(r):
        said = r.read("calls") + r.stderr
        expect(cmdline is None or cmdline in said, f"no {cmdline!r} in {said}")
    return check


CASES = [Case(f"x86_64: as {who} calls it", argv, machine=MACHINE, kernel=KERNEL, env=env, usual=True, stderr="",
              check=all_of(last_call(flags), words(cmdline))) for who, argv, env, flags, cmdline in CONSUMERS]
