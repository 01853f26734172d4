# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Cases about --dtb: a device tree of the user's, --entry and --reuseinitrd."""
import os
import shutil
import subprocess

from cases import all_of, json_plan, loads
from harness import Case, expect
from machine import GIB, MIB, Machine, Node, be32, be64, text
from vmlinux import vmlinux

TWO = dict(cores=2, possible_cores=2)


def machine(**kw):
    return Machine(**{**TWO, **kw})


def dts_of(where):
    return subprocess.run(["dtc", "-q", "-I", "fs", "-O", "dts", f"{where}/machine/proc/device-tree"],
                          check=True, capture_output=True, text=True).stdout


def put(where, name, text_):
    path = os.path.join(where, "machine", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text_)


def blob(*edits, memreserve=(), cpus=True, reboot_cpu="0"):
    """Make {dir}/dtb of the machine's own tree: each edit is the words of an fdtput command."""
    def prepare(where):
        dts = dts_of(where)
        for start, size in memreserve:
            dts = dts.replace("/dts-v1/;", f"/dts-v1/;\n/memreserve/ {start:#x} {size:#x};")
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", f"{where}/dtb"], input=dts,
                       text=True, check=True)
        for words in edits:
            options = 2 if words[0] == "-t" else 1
            subprocess.run(["fdtput", *words[:options], f"{where}/dtb", *words[options:]], check=True)
        for cpu in range(2 if cpus else 0):
            put(where, f"sys/devices/system/cpu/cpu{cpu}/physical_id", f"{cpu}\n")
        if reboot_cpu is not None:
            put(where, "sys/kernel/reboot/cpu", reboot_cpu + "\n")
        put(where, "sys/kernel/kexec_loaded", "0\n")
        put(where, "run/.keep", "")
    return prepare


def reboot_cpu(now, remembered):
    """The setting, and what kexec remembers of it (None: nothing)."""
    def check(r):
        got = r.read("machine/sys/kernel/reboot/cpu").strip()
        path = "machine/run/kexec-reboot-cpu"
        kept = r.read(path).strip() if os.path.exists(f"{r.dir}/{path}") else None
        expect((got, kept) == (now, remembered), f"reboot CPU {got}, remembered {kept}")
    return check


def fdt(*tests):
    """tests: (node, property, value as fdtget prints it, or None: there is none)"""
    def check(r):
        for kind, node, name, want in tests:
            done = subprocess.run(["fdtget", "-t", kind, f"{r.dir}/out/fdt.dtb", node, name],
                                  capture_output=True, text=True)
            got = done.stdout.strip() if not done.returncode else None
            expect(got == want, f"{node} {name} is {got}, not {want}")
    return check


def reserves(start, size, yes=True):
    def test(p):
        found = [r for r in p["ranges"]["reserve"] if int(r["start"], 0) == start and
                 int(r["end"], 0) == start + size]
        expect(bool(found) == yes, p["ranges"]["reserve"])
    return json_plan(test)


NO_CPU0 = ("-r", "/cpus/PowerPC,POWER9@0")
NO_CPU1 = ("-r", "/cpus/PowerPC,POWER9@1")
DRY = "-l --dry-run --dump {dir}/out --dtb={dir}/dtb "
SHOW = "-l --dry-run --json --dtb={dir}/dtb "
L = "-l --dtb={dir}/dtb {kernel}"

CASES = [
    Case("--dtb", L, machine=machine(), prepare=blob(), check=loads("0x150000 = 0")),
    Case("--devicetreeblob for a crash kernel", "-p --hotplug --devicetreeblob {dir}/dtb {kernel}",
         machine=machine(), prepare=blob(), check=loads("0x150009 = 0")),
    Case("--dtb and kexec_file_load", "-s " + L, 1, machine=machine(), prepare=blob(),
         error="--dtb not supported while using --kexec-file-syscall", env={"KEXEC_MODEL_FILE": "0"}),
    Case("--dtb never tries kexec_file_load", "-a " + L, machine=machine(), prepare=blob(),
         env={"KEXEC_MODEL_FILE": "0"}, check=loads("0x150000 = 0")),
    Case("--dtb: what is in it is used", DRY + "{kernel}", machine=machine(), stdout="command line",
         prepare=blob(("-t", "s", "/", "model", "mine")), check=fdt(("s", "/", "model", "mine"))),
    Case("--dtb: its own command line", DRY + "{kernel}", machine=machine(), stdout="command line  root=/x y\n",
         prepare=blob(("-t", "s", "/chosen", "bootargs", "root=/x y")),
         check=fdt(("s", "/chosen", "bootargs", "root=/x y"))),
    Case("--dtb: the user's command line instead", DRY + "--append=root=/z {kernel}", machine=machine(),
         prepare=blob(("-t", "s", "/chosen", "bootargs", "root=/x y")), stdout="command line  root=/z\n",
         check=fdt(("s", "/chosen", "bootargs", "root=/z"))),
    Case("--dtb: no /chosen at all", DRY + "--append=root=/z {kernel}", machine=machine(), stdout="Segments",
         prepare=blob(("-r", "/chosen")), check=fdt(("s", "/chosen", "bootargs", "root=/z"))),
    Case("--dtb: the initrd is ours", DRY + "--initrd={initrd} {kernel}", machine=machine(), stdout="Segments",
         prepare=blob(("-t", "x", "/chosen", "linux,initrd-start", "0", "1000"),
                      ("-t", "x", "/chosen", "linux,initrd-end", "0", "2000")),
         check=lambda r: expect(subprocess.run(
             ["fdtget", "-t", "x", f"{r.dir}/out/fdt.dtb", "/chosen", "linux,initrd-start"],
             capture_output=True, text=True).stdout.split()[1] != "1000", "the old initrd")),
    Case("--dtb: no initrd, none of the old", DRY + "{kernel}", machine=machine(), stdout="Segments",
         prepare=blob(("-t", "x", "/chosen", "linux,initrd-start", "0", "1000")),
         check=fdt(("x", "/chosen", "linux,initrd-start", None))),
    Case("--dtb: its reservations are kept", SHOW + "{kernel}", machine=machine(), stdout="{",
         prepare=blob(memreserve=[(0x50000000, 0x100000)]), check=reserves(0x50000000, 0x100000)),
    Case("--dtb: nothing goes into its reservations", SHOW + "{kernel}", machine=machine(), stdout="{",
         prepare=blob(memreserve=[(0x3000000, 0x10000000)]), check=json_plan(lambda p: expect(
             all(int(s["address"], 0) >= 0x13000000 for s in p["segments"]), p["segments"]))),
    Case("--dtb: the old initrd's reservation is not kept", SHOW + "{kernel}", machine=machine(), stdout="{",
         prepare=blob(("-t", "x", "/chosen", "linux,initrd-start", "0", "50000000"),
                      ("-t", "x", "/chosen", "linux,initrd-end", "0", "50012345"),
                      memreserve=[(0x50000000, 0x12345)]), check=reserves(0x50000000, 0x12345, False)),
    Case("--dtb: usable memory of a crash kernel", "-p --dry-run --dump {dir}/out --dtb={dir}/dtb {kernel}",
         machine=machine(), prepare=blob(), stdout="reserve map",
         check=fdt(("x", "/memory@0", "linux,usable-memory", "0 0 0 40000000"))),
    Case("--dtb: elfcorehdr= of a crash kernel", "-p --dry-run --dump {dir}/out --dtb={dir}/dtb {kernel}",
         machine=machine(), prepare=blob(("-t", "s", "/chosen", "bootargs", "elfcorehdr=1G root=/x")),
         stdout="command line  elfcorehdr=[0-9]+K root=/x\n"),
    Case("--dtb: crashkernel= is not for a capture kernel", "-p --dry-run --dtb={dir}/dtb {kernel}",
         machine=machine(), prepare=blob(), stdout="command line  elfcorehdr=[0-9]+K root=/dev/sda1\n"),
    Case("--dtb: the crash region must be memory there", "-p --dtb={dir}/dtb {kernel}", 1, machine=machine(),
         prepare=blob(("-t", "x", "/memory@0", "reg", "0", "0", "0", "10000000")),
         error="the crash region is not in this device tree's memory"),
    Case("--dtb: nothing goes into what its nodes reserve", SHOW + "{kernel}", machine=machine(), stdout="{",
         prepare=blob(("-cp", "/reserved-memory/x@3000000"),
                      ("-t", "x", "/reserved-memory", "#address-cells", "2"),
                      ("-t", "x", "/reserved-memory", "#size-cells", "2"),
                      ("-t", "x", "/reserved-memory/x@3000000", "reg", "0", "3000000", "0", "8000000"),
                      ("-t", "x", "/", "reserved-ranges", "0", "b000000", "0", "1000000")),
         check=json_plan(lambda p: expect(all(int(s["address"], 0) >= 0xc000000 for s in p["segments"]),
                                          p["segments"]))),
    Case("--dtb: what only the running kernel knows", DRY + "{kernel}", machine=machine(), stdout="Segments",
         prepare=blob(("-t", "x", "/rtas", "linux,rtas-base", "1234"), ("-d", "/rtas", "linux,rtas-entry")),
         check=fdt(("x", "/rtas", "linux,rtas-base", "2fff0000"), ("x", "/rtas", "linux,rtas-entry", "2fff0000"))),
    *[Case(f"--dtb: what was negotiated, {mode}, {what}",
           f"{mode} --dry-run --dump {{dir}}/out --dtb={{dir}}/dtb --append=root=/z {{kernel}}",
           machine=machine(extra={"ibm,secure-boot": be32(2)}), stdout="Segments", prepare=blob(*edits),
           check=fdt(("x", "/chosen", "ibm,architecture-vec-5", "0 0 0 0 0 0 40000000 0 0 0"),
                     ("x", "/", "ibm,secure-boot", "2"), ("x", "/rtas", "rtas-size", "10000")))
      for mode in ("-l", "-p") for what, edits in (
          ("no /chosen", [("-r", "/chosen")]), ("no /rtas", [("-r", "/rtas")]),
          ("none of it", [("-d", "/chosen", "ibm,architecture-vec-5"), ("-d", "/", "ibm,secure-boot")]),
          ("another machine's", [("-t", "x", "/chosen", "ibm,architecture-vec-5", *["0"] * 10),
                                 ("-t", "x", "/", "ibm,secure-boot", "0"),
                                 ("-t", "x", "/rtas", "rtas-size", "1")]))],
    Case("--dtb: the firmware's tokens, and its node's numbers in its tree", DRY + "{kernel}",
         machine=machine(), stdout="Segments", prepare=blob(
             ("-t", "x", "/rtas", "ibm,gone-token", "7"), ("-t", "x", "/rtas", "phandle", "77")),
         check=fdt(("x", "/rtas", "ibm,gone-token", None), ("x", "/rtas", "phandle", "77"))),
    Case("--dtb: bare metal has negotiated nothing", DRY + "{kernel}", stdout="Segments",
         machine=machine(guest=False, rtas=None, opal=(0x30000000, 0x1000000)), prepare=blob(
             ("-t", "x", "/chosen", "ibm,architecture-vec-5", "1", "2"),
             ("-t", "x", "/ibm,opal", "opal-entry-address", "1", "2")),
         check=fdt(("x", "/chosen", "ibm,architecture-vec-5", None),
                   ("x", "/ibm,opal", "opal-entry-address", "0 30000100"))),
    Case("--dtb: a DMA window that is gone", DRY + "{kernel}", stdout="Segments", prepare=blob(
        ("-t", "x", "/pci@800000020000000", "ibm,dma-window", "1", "2")),
        machine=machine(extra={"pci@800000020000000": Node({
            "device_type": text("pci"), "linux,dma64-ddr-window-info": bytes(24)})}),
         check=fdt(("x", "/pci@800000020000000", "ibm,dma-window", None))),
    Case("--dtb: a log that the running machine has not", DRY + "{kernel}", stdout="Segments",
         machine=machine(), prepare=blob(
             ("-cp", "/tpm"), ("-t", "x", "/tpm", "linux,sml-base", "0", "10000000"),
             ("-t", "x", "/tpm", "linux,sml-size", "1000")),
         check=fdt(("x", "/tpm", "linux,sml-base", None), ("x", "/tpm", "linux,sml-size", None))),
    Case("--dtb: a log in memory that is not there for a capture kernel",
         "-p --dry-run --dump {dir}/out --dtb={dir}/dtb {kernel}", stdout="Segments",
         machine=machine(memory=[[(0, GIB)], [(GIB, GIB)]], sml=(0x50000000, 0x1000), virtual_tpm=False),
         prepare=blob(("-r", "/memory@40000000")), check=fdt(("x", "/tpm@57", "linux,sml-base", None))),
    Case("a log above the crash region", "-p --dry-run --dump {dir}/out {kernel}", stdout="Segments",
         machine=machine(memory=[[(0, GIB)], [(GIB, GIB)]], sml=(0x51fff000, 0x2000), virtual_tpm=False),
         check=fdt(("x", "/tpm@57", "linux,sml-base", "0 51fff000"),
                   ("x", "/memory@40000000", "linux,usable-memory", "0 51000000 0 2000000"))),
    Case("a log whose size has 64 bits, or is none", "-p --dry-run {kernel}", 1,
         machine=machine(extra={"tpm": Node({"linux,sml-base": be64(GIB), "linux,sml-size": b"123"})}),
         error="tpm/linux,sml-base and linux,sml-size have 8 and 3 bytes, not 4 or 8"),
    Case("a reservation that becomes the kernel's own pages", "-p --dry-run --dump {dir}/out {kernel}",
         machine=machine(reserved_nodes=[(0x8000000, MIB), (0x28000000, MIB), (0x8800000, MIB)],
                         reserved_kinds=["reusable", "reusable", ""]), stdout="Segments",
         check=fdt(("s", "/reserved-memory/firmware-0@8000000", "status", "disabled"),
                   ("s", "/reserved-memory/firmware-1@28000000", "status", None),
                   ("s", "/reserved-memory/firmware-2@8800000", "status", None))),
    Case("--dtb: memory that is not there", L, machine=machine(), check=loads("0x150000 = 0"),
         prepare=blob(("-t", "x", "/memory@0", "reg", "0", "0", "1", "0")),
         stderr="warning: .*not all of 0x0-0x100000000 is memory of this machine"),
    Case("--dtb: only its memory is used", SHOW + "{kernel}", machine=machine(), stdout="{",
         prepare=blob(("-t", "x", "/memory@0", "reg", "0", "0", "0", "10000000")), check=json_plan(lambda p: expect(
             all(int(s["address"], 0) < 0x10000000 for s in p["segments"]), p["segments"]))),
    Case("--dtb: no memory", L, 1, machine=machine(), prepare=blob(("-r", "/memory@0")),
         error="no memory at address 0"),
    Case("--dtb: one cell", SHOW + "{kernel}", machine=machine(addr_cells=1, size_cells=1), stdout="{",
         prepare=blob(), check=json_plan(lambda p: expect(p["segments"], p))),
    Case("--dtb: no /cpus", L, 1, machine=machine(), prepare=blob(("-r", "/cpus")),
         error="there is no /cpus node"),
    Case("--dtb: no CPU", L, 1, machine=machine(), prepare=blob(NO_CPU0, NO_CPU1),
         error="there is no CPU in this device tree"),
    Case("--dtb: a crash kernel needs every CPU", "-p --dtb={dir}/dtb {kernel}", 1, machine=machine(),
         prepare=blob(NO_CPU1), error="the CPU with hardware id 1 is not in this device tree"),
    Case("--dtb: not a device tree", "-l --dtb={kernel} {kernel}", 1, machine=machine(),
         error="--dtb .*vmlinux: is not a device tree blob"),
    Case("--dtb: not a device tree, with an initrd", "-l --dtb={initrd} --initrd={initrd} {kernel}", 1,
         error="is not a device tree blob"),
    Case("--dtb: does not exist", "-l --dtb=/nonexistent {kernel}", 1,
         error="--dtb /nonexistent: Cannot open `/nonexistent': No such file"),
    Case("--dtb: damaged", L, 1, machine=machine(), error="damaged device tree blob: ", prepare=all_of(
        blob(), lambda w: os.truncate(f"{w}/dtb", os.path.getsize(f"{w}/dtb") - 100))),

    Case("as petitboot calls it, with a device tree",
         "-l --debug --initrd={initrd} --dtb={dir}/dtb --append=quiet {kernel}", machine=machine(),
         prepare=blob(), stderr="debug: kexec_load: entry", check=loads("0x150010 = -22", "0x150000 = 0")),
    Case("as op-test calls it, bundled, with a device tree",
         "-lc {kernel} --initrd={initrd} --dtb={dir}/dtb --append=quiet", machine=machine(), prepare=blob(),
         check=loads("0x150000 = 0")),

    # --- the CPU which starts the next kernel ---
    Case("reboot CPU: all there", L, machine=machine(), prepare=blob(NO_CPU1),
         check=all_of(loads("0x150000 = 0"), reboot_cpu("0", None))),
    Case("reboot CPU: another one", L, machine=machine(), prepare=blob(NO_CPU0),
         check=all_of(loads("0x150000 = 0"), reboot_cpu("1", "0 1"))),
    Case("reboot CPU: nowhere to remember it", L, machine=machine(), prepare=all_of(
        blob(NO_CPU0), lambda w: shutil.rmtree(f"{w}/machine/run")),
         stderr="warning: CPU 1 will start the next kernel, and --unload will not put CPU 0 back: .*/run/",
         check=all_of(loads("0x150000 = 0"), reboot_cpu("1", None))),
    Case("reboot CPU: in the plan", "-l --dry-run --dtb={dir}/dtb {kernel}", machine=machine(),
         prepare=blob(NO_CPU0), stdout="CPU 1 will start it", check=reboot_cpu("0", None)),
    Case("reboot CPU: put back when the load fails", L, 255, machine=machine(), prepare=blob(NO_CPU0),
         env={"KEXEC_MODEL_FAIL": "12"}, stderr="not enough free memory",
         check=all_of(loads("0x150000 = -12"), reboot_cpu("0", None))),
    Case("reboot CPU: a failed load leaves that of the image which stays", "-l {kernel}", 255, machine=machine(),
         prepare=all_of(blob(reboot_cpu="1"), lambda w: put(w, "run/kexec-reboot-cpu", "0 1\n")),
         env={"KEXEC_MODEL_FAIL": "12"}, stderr="not enough free memory",
         check=all_of(loads("0x150000 = -12"), reboot_cpu("1", "0 1"))),
    Case("reboot CPU: put back by unload", "-u", machine=machine(), prepare=all_of(
        blob(reboot_cpu="1"), lambda w: put(w, "run/kexec-reboot-cpu", "0 1\n")),
         check=all_of(loads("0x0 = 0"), reboot_cpu("0", None))),
    Case("reboot CPU: somebody else's setting stays", "-u", machine=machine(), prepare=all_of(
        blob(reboot_cpu="1"), lambda w: put(w, "run/kexec-reboot-cpu", "0 3\n")),
         check=all_of(loads("0x0 = 0"), reboot_cpu("1", None))),
    Case("reboot CPU: unloading a crash kernel leaves it", "-p -u", machine=machine(), prepare=all_of(
        blob(reboot_cpu="1"), lambda w: put(w, "run/kexec-reboot-cpu", "0 1\n")),
         check=all_of(loads("0x1 = 0"), reboot_cpu("1", "0 1"))),
    Case("reboot CPU: put back by the next load", "-l {kernel}", machine=machine(), prepare=all_of(
        blob(reboot_cpu="1"), lambda w: put(w, "run/kexec-reboot-cpu", "0 1\n")),
         check=all_of(loads("0x150000 = 0"), reboot_cpu("0", None))),
    Case("reboot CPU: the first setting is remembered", L, machine=machine(), prepare=all_of(
        blob(NO_CPU0, reboot_cpu="5"), lambda w: put(w, "run/kexec-reboot-cpu", "7 5\n")),
         check=all_of(loads("0x150000 = 0"), reboot_cpu("1", "7 1"))),
    Case("reboot CPU: never changed when unchanged", "-u", machine=machine(), prepare=blob(reboot_cpu="1"),
         check=all_of(loads("0x0 = 0"), reboot_cpu("1", None))),
    Case("reboot CPU: cannot be chosen", L, 1, machine=machine(), prepare=blob(NO_CPU0, reboot_cpu=None),
         error="no CPU that can start the second kernel"),
    Case("reboot CPU: nothing known of CPUs", L, 1, machine=machine(), prepare=blob(NO_CPU0, cpus=False),
         error="no CPU that can start the second kernel"),

    # --- --entry ---
    Case("--entry", "-l --dry-run --json --entry=0x3000100 {kernel}", stdout='"entry":"0x3000100"'),
    Case("--entry where nothing is", "-l --entry=0x70000000 {kernel}", 1,
         error="--entry=0x70000000: nothing will be loaded there"),
    Case("--entry with -s", "-s -l --entry=0x3000100 {kernel}", 1, error="--entry not supported while"),
    Case("--entry, no number", "-l --entry=here {kernel}", 1, error="Bad option value in --entry=here"),

    # --- --reuseinitrd ---
    Case("--reuseinitrd, nothing kept", "-l --reuseinitrd {kernel}", 1, error="boot it with retain_initrd"),
    Case("--reuseinitrd: a file", "-l --reuseinitrd {kernel}", check=loads("0x150000 = 0"),
         machine=Machine(cmdline="retain_initrd"),
         prepare=lambda w: put(w, "sys/firmware/initrd", "x" * 12345)),
    Case("--reuseinitrd: a file, for a crash kernel", "-p --dry-run --json --reuseinitrd {kernel}",
         machine=Machine(cmdline="retain_initrd"), stdout='"bufsz":12345',
         prepare=lambda w: put(w, "sys/firmware/initrd", "x" * 12345)),
    Case("--reuseinitrd: a file, kexec_file_load", "-s -l --reuseinitrd {kernel}", check=loads("0x0 = 0"),
         machine=Machine(cmdline="retain_initrd"), env={"KEXEC_MODEL_FILE": "0"},
         prepare=lambda w: put(w, "sys/firmware/initrd", "x" * 12345)),
    Case("--reuseinitrd: in memory", "-l --dry-run --dump {dir}/out --reuseinitrd {kernel}", stdout="Segments",
         machine=Machine(cmdline="retain_initrd quiet", chosen={
             "linux,initrd-start": be64(0x8000000), "linux,initrd-end": be64(0x8012345)}),
         check=fdt(("x", "/chosen", "linux,initrd-start", "0 8000000"),
                   ("x", "/chosen", "linux,initrd-end", "0 8012345"))),
    Case("--reuseinitrd: nothing goes there, it is reserved", "-l --dry-run --json --reuseinitrd {kernel}",
         machine=Machine(cmdline="retain_initrd", chosen={
             "linux,initrd-start": be32(0x3000000), "linux,initrd-end": be32(0x9000000)}), stdout="{",
         check=all_of(reserves(0x3000000, 0x6000000), json_plan(lambda p: expect(all(
             int(s["address"], 0) >= 0x9000000 for s in p["segments"]), p["segments"])))),
    Case("--reuseinitrd: in memory, for a crash kernel", "-p --reuseinitrd {kernel}", 1,
         machine=Machine(cmdline="retain_initrd"), error="outside the crash region"),
    Case("--reuseinitrd: where the new kernel will be", "-l --reuseinitrd {kernel}", 1,
         kernel=vmlinux(phdrs={0: dict(memsz=200 * MIB)}), machine=Machine(cmdline="retain_initrd", chosen={
             "linux,initrd-start": be64(0x8000000), "linux,initrd-end": be64(0x8012345)}),
         error="is where the new kernel will run"),
    Case("--reuseinitrd: not in the tree", "-l --reuseinitrd {kernel}", 1,
         machine=Machine(cmdline="retain_initrd"), error="does not say where"),
    Case("--reuseinitrd and --initrd", "-l --reuseinitrd --initrd={initrd} {kernel}", 1,
         error="contradict each other"),
    Case("--load-live-update", "--load-live-update {kernel}", 1, error="are for the Xen hypervisor"),
    Case("--exec-live-update", "--exec-live-update", 1, error="are for the Xen hypervisor"),
    Case("--load-preserve-context", "--load-preserve-context --mem-max=1G {kernel}", 1, error="KEXEC_JUMP"),
]
