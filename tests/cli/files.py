# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Kernel files and initrds of people who do this job: what they are, where they lie, how large they are."""
import gzip
import lzma
import os
import shutil
import subprocess
import tempfile

from cases import KERNEL, LOAD, all_of, json_plan, loads, loads_nothing, segments_of
from harness import Case, expect
from machine import GIB, Machine
from vmlinux import ET_EXEC, elf64, kernel_text, uimage, vmlinux, zimage

FILE_LOAD = {"KEXEC_MODEL_FILE": "0"}
DISK = b"070701" + bytes(range(250)) * 300


def put(name, data, size=None, tail=b""):
    """A file with these bytes, the rest up to @size a hole, @tail at its end."""
    def prepare(where):
        with open(os.path.join(where, name), "wb") as f:
            f.write(data)
            if size:
                f.truncate(size)
                f.seek(size - len(tail))
                f.write(tail)
    return prepare


def planned_initrd(data):
    def check(r):
        with open(r.dir + "/out/initrd.bin", "rb") as f:
            expect(f.read() == data, "not the RAM disk's bytes")
    return check


def file_load_initrd(size):
    """The model says how much it read of the initrd's descriptor."""
    return lambda r: expect(f"initrd={size}" in r.read("calls"), r.read("calls"))


# --- block devices ---

def losetup(*argv):
    program = shutil.which("losetup", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    return program and subprocess.run([program, *argv], capture_output=True, text=True)


def have_loop_devices():
    """Containers have none."""
    with tempfile.NamedTemporaryFile() as f:
        f.truncate(4096)
        done = losetup("-f", "--show", f.name)
        if done and not done.returncode:
            return losetup("-d", done.stdout.strip()).returncode == 0
    print("# block devices: there are no loop devices here, so these cases are not made")
    return False


class Device:
    """A loop device over a file of the case's directory, for as long as the case runs."""

    def __init__(self, name, data):
        self.name, self.data, self.device = name, data, None

    def prepare(self, where):
        path = f"{where}/{self.name}"
        if os.path.exists(path):
            os.unlink(path)
        with open(f"{where}/backing", "wb") as f:
            f.write(self.data + bytes(-len(self.data) % 4096))
        done = losetup("-f", "--show", f"{where}/backing")
        expect(done.returncode == 0, done.stderr)
        self.device = done.stdout.strip()
        os.symlink(self.device, path)

    def finish(self, where):
        if self.device:
            losetup("-d", self.device)


def on_device(title, name, data, argv, check=None, **kw):
    device = Device(name, data)
    return Case(title, argv, prepare=device.prepare, finish=device.finish, check=check, **kw)


PADDED = DISK + bytes(-len(DISK) % 4096)
DEVICES = [
    on_device("a kernel on a block device", "vmlinux", KERNEL, "-c -p {kernel}", loads("0x150001 = 0")),
    on_device("a gzip kernel on a block device, zeroes behind it", "vmlinux", gzip.compress(KERNEL),
              "-c -p {kernel}", loads("0x150001 = 0")),
    on_device("a uImage on a block device", "vmlinux", uimage(gzip.compress(KERNEL), 1), "-c -p {kernel}",
              loads("0x150001 = 0")),
    on_device("a kernel on a block device, -s", "vmlinux", KERNEL, "-s -p {kernel}", loads("0x6 = 0"), env=FILE_LOAD),
    on_device("an initrd on a block device", "initrd", DISK, "-p --dry-run --dump {dir}/out --initrd={initrd} {kernel}",
              planned_initrd(PADDED), stdout="initrd"),
    on_device("a wrapped initrd on a block device", "initrd", uimage(DISK, kind=3),
              "-p --dry-run --dump {dir}/out --initrd={initrd} {kernel}", planned_initrd(DISK), stdout="initrd"),
    on_device("an initrd on a block device, -s", "initrd", DISK, "-s -p --initrd={initrd} {kernel}",
              all_of(loads("0x2 = 0"), file_load_initrd(len(PADDED))), env=FILE_LOAD),
]

# --- initrds ---

WRAPPED = [
    ("wrapped", uimage(DISK, kind=3), None),
    ("wrapped, with a padding behind", uimage(DISK, kind=3) + b"\xff" * 4096, None),
    ("wrapped and compressed", uimage(DISK, kind=3, compression=1), None),
    ("wrapped, with a wrong header", uimage(DISK, kind=3)[:40] + b"?" + uimage(DISK, kind=3)[41:], "header is damaged"),
    ("wrapped, with wrong data", uimage(DISK, kind=3)[:-9] + b"?" + uimage(DISK, kind=3)[-8:], "data is damaged"),
    ("wrapped, cut off", uimage(DISK, kind=3)[:-1], "uImage: truncated"),
    ("wrapped, for another machine", uimage(DISK, kind=3, arch=2), "U-Boot's architecture 2, this machine is 7"),
    ("wrapped, empty", uimage(b"", kind=3), "no RAM disk inside"),
    ("that is a wrapped kernel", uimage(KERNEL), "holds a kernel, not a RAM disk"),
    ("that is a wrapped device tree", uimage(DISK, kind=8), "holds a device tree, not"),
    ("that is several files", uimage(DISK, kind=4), "holds several files; take them out"),
    ("that is a script", uimage(DISK, kind=6), "is of type 6, not a RAM disk"),
    ("that is a kernel", KERNEL, "begins like an ELF file, a kernel or a program"),
    ("that is a device tree", b"\xd0\x0d\xfe\xed" + DISK, "begins like a device tree"),
]


def initrd_cases(what, data, error):
    bad = dict(error="Could not open initrd file: .*initrd: .*" + error) if error else {}
    rows = []
    for mode, flag in ("-p", "0x150001"), ("-l", "0x150000"):
        rows.append(Case(f"initrd {what}, {mode}", f"-c {mode} --dry-run --dump {{dir}}/out --initrd={{initrd}} {{kernel}}",
                         255 if error else 0, stdout=None if error else "initrd", prepare=put("initrd", data),
                         check=loads_nothing if error else planned_initrd(DISK), **bad))
    rows.append(Case(f"initrd {what}, -s", "-s -l --initrd={initrd} {kernel}", 255 if error else 0, env=FILE_LOAD,
                     prepare=put("initrd", data), check=loads_nothing if error else
                     all_of(loads("0x0 = 0"), file_load_initrd(len(DISK))), **bad))
    return rows


# --- what is no kernel, and what is one all the same ---

def program(paddr, vaddr, **kw):
    return elf64([(paddr, kernel_text(65536), 70000)], phdrs={0: dict(vaddr=vaddr)}, **kw)


NO_KERNELS = [
    ("a static program", program(0x10000000, 0x10000000, e_type=ET_EXEC), "some other program: it is linked to run at 0x10000000"),
    ("a static program that can move", program(0, 0), "some other program: it is linked to run at 0x0"),
    ("a static program, big-endian", program(0x10000000, 0x10000000, little=False, e_type=ET_EXEC), "some other program"),
    ("a static program, gzip", gzip.compress(program(0, 0)), "some other program"),
    ("debug information alone", elf64([(0, b"", 65536)]), "no code to start"),
]
KERNELS = [
    ("linked for 32 MiB, as old crash kernels are", elf64([(0x2000000, kernel_text(65536, relocatable=False), 70000)],
                                                         e_type=ET_EXEC), "-l"),
    ("that stays where it was linked", elf64([(0x22000000, kernel_text(65536, relocatable=False), 70000)], e_type=ET_EXEC), "-p"),
    ("of several pieces, the first one last", elf64([(0x100000, b"x" * 4096, 4096), (0, kernel_text(65536), 70000)]), "-p"),
]

# --- sizes ---

TIB = GIB << 10
TOO_LARGE = "Could not find a free area of memory of 0x"


def all_of_xz():
    """Two streams, the second with a dictionary of 768 MiB, which is more than it uses."""
    import binascii
    stream = lzma.compress(KERNEL[1 << 20:], filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    header = bytearray(stream[12:12 + 4 * (stream[12] + 1)])
    header[header.index(b"\x21\x01", 2) + 2] = 2 * (29 - 12) + 1
    header[-4:] = binascii.crc32(header[:-4]).to_bytes(4, "little")
    return lzma.compress(KERNEL[:1 << 20]) + bytes(8) + stream[:12] + bytes(header) + stream[12 + len(header):]


SIZES = [
    Case("an initrd of a terabyte", "-c -p --initrd={initrd} {kernel}", 1, error="initrd: " + TOO_LARGE,
         prepare=put("initrd", DISK, TIB)),
    Case("an initrd of a terabyte, -l", "-c -l --initrd={initrd} {kernel}", 1, error="initrd: " + TOO_LARGE + ".* in memory",
         prepare=put("initrd", DISK, TIB)),
    Case("an initrd of a terabyte, -s", "-s -p --initrd={initrd} {kernel}", 1,
         error="are together larger than 0x" + "20000000 bytes, the crash region; reserve more",
         prepare=put("initrd", DISK, TIB), env=FILE_LOAD, check=loads_nothing),
    Case("an initrd of a terabyte, -s -l", "-s -l --initrd={initrd} {kernel}", 255,
         prepare=put("initrd", DISK, TIB), env=FILE_LOAD, error="kexec_file_load takes up to 4294967296"),
    Case("an initrd of a terabyte, -a -l", "-l --initrd={initrd} {kernel}", 1, env=FILE_LOAD, check=loads_nothing,
         prepare=put("initrd", DISK, TIB), stderr="takes up to 4294967296; loading with kexec_load\n.*" + TOO_LARGE),
    Case("a kernel with a terabyte of debug information", "-c -p {kernel}", prepare=put("vmlinux", KERNEL, TIB, b"debug"),
         check=loads("0x150001 = 0")),
    Case("an initrd of a terabyte, -a", "-p --initrd={initrd} {kernel}", 1, env=FILE_LOAD, check=loads_nothing,
         prepare=put("initrd", DISK, TIB), error="initrd: " + TOO_LARGE),
    Case("something of a terabyte", "-c -p {kernel}", 255, prepare=put("vmlinux", b"what?", TIB), error="Cannot determine"),
    Case("a kernel for a terabyte of memory", "-c -p {kernel}", 1, error="kernel: " + TOO_LARGE, prepare=put(
        "vmlinux", vmlinux(phdrs={0: dict(filesz=TIB, memsz=TIB)}), 2 * TIB)),
    Case("a compressed kernel of a terabyte", "-c -p {kernel}", 1, error="bytes of gzip data, more than 2147483648",
         prepare=put("vmlinux", gzip.compress(KERNEL), TIB)),
    Case("a uImage with a terabyte behind it", "-c -p {kernel}", prepare=put("vmlinux", uimage(KERNEL), TIB),
         check=loads("0x150001 = 0")),
    Case("program headers at the end of a terabyte", "-c -p {kernel}", 1, error="program headers end at",
         prepare=put("vmlinux", KERNEL[:32] + (TIB - 4096).to_bytes(8, "little") + KERNEL[40:], TIB)),
    Case("a kernel at the end of a terabyte", "-c -p {kernel}", 1, error="has data up to 0x10000000000, beyond 0x80000000",
         prepare=put("vmlinux", KERNEL[:72] + (TIB - (3 << 20)).to_bytes(8, "little") + KERNEL[80:], TIB)),
    Case("gzip kernel, garbage behind it", "-c -p {kernel}", kernel=gzip.compress(KERNEL) + b"garbage",
         stderr="warning: .*: 7 bytes behind the gzip data are not used", check=loads("0x150001 = 0")),
    Case("xz kernel, a dictionary of 768 MiB", "-c -p {kernel}", kernel=all_of_xz(), check=loads("0x150001 = 0")),
    Case("xz kernel, more memory than there is", "sh", 1, shell="ulimit -v 600000; {argv} -p --dry-run {kernel}",
         kernel=all_of_xz(), native=True, error=r"dictionary needs 7\d\d MiB of memory, which cannot be had; compress"),
]

# --- options ---

POSIX = {"POSIXLY_CORRECT": "1"}
OPTIONS = [
    Case("options behind the kernel, whatever the environment says", "-p {kernel} --initrd={initrd} -c --hotplug",
         env=POSIX, check=loads("0x150009 = 0")),
    Case("options behind the kernel, JSON", "{kernel} --dry-run --json -p", stdout="{", env=POSIX,
         check=json_plan(lambda p: expect(p["image"] == "crash", p["image"]))),
    Case("a kernel behind --", "-c -p -- {kernel}", env=POSIX, check=loads("0x150001 = 0")),
    Case("an option behind --", "-c -p -- {kernel} --initrd=x", 1, env=POSIX, error="more than one kernel"),
    Case("two kernels and an option", "-p {kernel} -c {kernel}", 1, env=POSIX, error="more than one kernel"),
    Case("no digest, no marks", "-p --hotplug -i --dry-run --json --initrd={initrd} {kernel}", stdout="{",
         check=json_plan(lambda p: expect(not any(s["digest"] for s in p["segments"]) and
                                          segments_of(p)["fdt"]["hotplug"], p["segments"]))),
    Case("no digest, as text", "-l -i --dry-run {kernel}", stdout=r"(?s)kernel .* no +no +\S+vmlinux\n  purgatory .* no +no ",
         check=lambda r: expect(" yes " not in r.stdout.split("Memory of")[0], r.stdout)),
]

# --- command lines ---

REUSED = Machine(cmdline="BOOT_IMAGE=/vmlinux root=UUID=1-2 ro dm-mod.create=x quiet -- single root=none")
LINES = [
    Case("appended in front of the reused --", ["-p", "--dry-run", "--reuse-cmdline", "--append=maxcpus=1 -- more", "{kernel}"],
         machine=REUSED, stdout=r"K root=UUID=1-2 ro dm-mod.create=x quiet maxcpus=1 -- single root=none more\n"),
    Case("appended in front of the reused --, -s", ["-s", "-l", "--reuse-cmdline", "--append=maxcpus=1", "{kernel}"],
         machine=REUSED, env=FILE_LOAD, check=lambda r: expect('quiet maxcpus=1 -- single root=none"' in r.read("calls"),
                                                               r.read("calls"))),
    Case("root= of init is not the kernel's", ["-l", "--dry-run", "--append=quiet -- root=x", "{kernel}"], machine=REUSED,
         stdout="command line  root=UUID=1-2 quiet -- root=x\n"),
    Case("an open quote does not swallow what is appended", ["-p", "--dry-run", "--reuse-cmdline", "--append=maxcpus=1", "{kernel}"],
         machine=Machine(cmdline='root=/dev/sda1 v="1 2'), stdout='K root=/dev/sda1 v="1 2" maxcpus=1\n'),
    Case("an open quote in the old root=", ["-l", "--dry-run", "--append=quiet", "{kernel}"],
         machine=Machine(cmdline='ro "root=/dev/a b'), stdout='line  "root=/dev/a b" quiet\n'),
    Case("elfcorehdr= of the user's own, behind --", ["-p", "--dry-run", "--append=a -- elfcorehdr=1G b", "{kernel}"],
         stdout=r"K root=/dev/sda1 a -- b\n", stderr="elfcorehdr= is taken out"),
    Case("--remove-cmdline with values", ["-p", "--dry-run", "--base-cmdline=a b=x c b=y b=x=z console=ttyS0,115200 console=hvc0 "
                                          "dm-mod.create=x", "--remove-cmdline=b=x,dm_mod.create console=ttyS0,115200", "{kernel}"],
         stdout=r"a c b=y b=x=z console=hvc0\n"),
]

CASES = (DEVICES if have_loop_devices() else []) + SIZES + OPTIONS + LINES
for row in WRAPPED:
    CASES += initrd_cases(*row)
for what, data, error in NO_KERNELS:
    CASES += [Case(f"no kernel: {what}, {mode}", f"{mode} {{kernel}}", 255, kernel=data, env=FILE_LOAD, error=error,
                   check=loads_nothing) for mode in ("-c -p", "-c -l", "-s -p", "-s -l", "-a -p", "-a -l")]
CASES += [Case(f"a kernel {what}", f"-c {mode} {{kernel}}", kernel=data,
               check=loads("0x150001 = 0" if mode == "-p" else "0x150000 = 0")) for what, data, mode in KERNELS]
CASES += [Case("uImage of several files", LOAD, 255, kernel=uimage(KERNEL, kind=4), error="holds several files; take them out"),
          Case("the initrd in a zImage is a kernel", "-p --dry-run {kernel}", 255, kernel=zimage(KERNEL, initrd=KERNEL),
               error="begins like an ELF file")]
