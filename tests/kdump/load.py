# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""kdump-load on made-up machines: what it finds, what it asks kexec for, when it reloads.

usage: unshare --mount python3 load.py KDUMP-LOAD KEXEC [SHELL...]

With a shell (dash; busybox sh): run by that one. Prints TAP.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))

import apart  # noqa: E402
from machine import Machine  # noqa: E402
from tap import Failure, Tap, expect  # noqa: E402
from vmlinux import vmlinux  # noqa: E402

VERSION = "6.12.1-test"
REMOVE = ("hugepages hugepagesz hugetlb_cma kvm_cma_resv_ratio log_buf_len panic_on_warn quiet "
          "slub_debug swiotlb")
APPEND = ("maxcpus=1 irqpoll noirqdistrib reset_devices cgroup_disable=memory numa=off panic=10")
DEBIAN = {f"boot/vmlinux-{VERSION}": vmlinux(), f"boot/initrd.img-{VERSION}": b"every boot",
          f"var/lib/kdump/initrd.img-{VERSION}": b"capture"}
FEDORA = {f"boot/vmlinuz-{VERSION}": vmlinux(), f"boot/initramfs-{VERSION}.img": b"every boot",
          f"boot/initramfs-{VERSION}kdump.img": b"capture"}
SUSE = {f"boot/vmlinux-{VERSION}": vmlinux(), f"boot/initrd-{VERSION}": b"every boot",
        "var/lib/kdump/initrd": b"capture"}


def write(path, data, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(path, mode)


class Tools:
    load = []       # with the shell in front
    kexec = None


# --- what is found, what is asked for: --explain with another root ---

def explain(files, *arguments, remove=(), machine=None):
    """(status, output, errors) with the root's name taken out."""
    with tempfile.TemporaryDirectory() as top:
        root = os.path.join(top, "root")
        (machine or Machine(cmdline="root=/dev/sda1 quiet log_buf_len=1M crashkernel=512M")).write(root)
        facts = {"proc/sys/kernel/osrelease": VERSION + "\n", "proc/sys/kernel/arch": "ppc64le\n",
                 "sys/kernel/kexec_crash_size": "536870912\n", **files}
        for name, data in facts.items():
            write(os.path.join(root, name), data)
        for name in remove:
            os.unlink(os.path.join(root, name))
        done = subprocess.run([*Tools.load, f"--root={root}", *(arguments or ["--explain"])],
                              env=dict(os.environ, KEXEC=Tools.kexec), capture_output=True, text=True)
        return (done.returncode, done.stdout.replace(root, "").replace(Tools.kexec, "kexec"),
                done.stderr.replace(root, ""))


def line_of(output, name):
    for line in output.splitlines():
        if line.startswith(name + " "):
            return line[len(name):].strip()
    raise Failure(f"no line {name}: {output}")


def finds(files, kernel, initrd, **kw):
    """The files are found, and kexec's plan is made of them."""
    status, output, errors = explain(files, **kw)
    expect(status == 0, f"status {status}: {errors}")
    expect(line_of(output, "kernel") == kernel, output)
    expect(line_of(output, "initrd") == initrd, output)
    expect("Crash image for Linux" in output, output)
    return output


def debian():
    output = finds(DEBIAN, f"/boot/vmlinux-{VERSION}",
                   f"/var/lib/kdump/initrd.img-{VERSION} (made for capturing)")
    expect(line_of(output, "command") == (
        f"kexec -p --hotplug --initrd=/var/lib/kdump/initrd.img-{VERSION} --reuse-cmdline "
        f"'--remove-cmdline={REMOVE}' '--command-line={APPEND}' /boot/vmlinux-{VERSION}"), output)
    expect(f"K root=/dev/sda1 {APPEND}\n" in output, output)


def debian_with_kdump_tools():
    """The plan is not what happens, and this is said."""
    expect(not explain(DEBIAN)[2], "there is something to say without it")
    status, output, errors = explain({**DEBIAN, "usr/sbin/kdump-config": ""})
    expect(status == 0 and "Crash image for Linux" in output, output)
    expect(errors.startswith("kdump-load: kdump-tools is installed: its kdump-tools.service loads") and
           errors.count("\n") == 1, errors)


def debian_before_its_first_capture_initrd():
    files = {k: v for k, v in DEBIAN.items() if "kdump" not in k}
    finds(files, f"/boot/vmlinux-{VERSION}",
          f"/boot/initrd.img-{VERSION} (the one of every boot: no other was found)")


def fedora():
    finds(FEDORA, f"/boot/vmlinuz-{VERSION}", f"/boot/initramfs-{VERSION}kdump.img (made for capturing)")


def fedora_kernel_in_its_module_directory():
    files = {f"usr/lib/modules/{VERSION}/vmlinuz": vmlinux(),
             f"var/lib/kdump/initramfs-{VERSION}kdump.img": b"capture"}
    finds(files, f"/usr/lib/modules/{VERSION}/vmlinuz",
          f"/var/lib/kdump/initramfs-{VERSION}kdump.img (made for capturing)")


def suse():
    finds(SUSE, f"/boot/vmlinux-{VERSION}", "/var/lib/kdump/initrd (made for capturing)")


def older_suse():
    finds({f"boot/vmlinux-{VERSION}": vmlinux(), f"boot/initrd-{VERSION}-kdump": b"capture"},
          f"/boot/vmlinux-{VERSION}", f"/boot/initrd-{VERSION}-kdump (made for capturing)")


def suse_kernel_in_its_module_directory():
    finds({f"usr/lib/modules/{VERSION}/Image": vmlinux(), "var/lib/kdump/initrd": b"capture"},
          f"/usr/lib/modules/{VERSION}/Image", "/var/lib/kdump/initrd (made for capturing)")


def initrd_named_after_the_one_of_every_boot():
    finds({f"boot/Image-{VERSION}": vmlinux(), f"boot/initrd-{VERSION}kdump.img": b"capture",
           f"boot/initrd-{VERSION}": b"every boot"},
          f"/boot/Image-{VERSION}", f"/boot/initrd-{VERSION}kdump.img (made for capturing)")


def all_of_the_boot_directory_that_is_named():
    """Its kernel, whatever it is called, before the one of the modules; and the initrd beside it."""
    files = {"etc/sysconfig/kdump": "KDUMP_BOOTDIR=/efi/x\n", f"efi/x/vmlinux-{VERSION}": vmlinux(),
             f"usr/lib/modules/{VERSION}/vmlinuz": b"?", f"boot/vmlinuz-{VERSION}": b"?"}
    capture = {f"efi/x/initramfs-{VERSION}kdump.img": b"capture", f"boot/initramfs-{VERSION}kdump.img": b"?"}
    finds({**files, **capture}, f"/efi/x/vmlinux-{VERSION}",
          f"/efi/x/initramfs-{VERSION}kdump.img (made for capturing)")
    finds({**files, f"efi/x/initrd-{VERSION}": b"every boot", f"boot/initrd-{VERSION}": b"?"},
          f"/efi/x/vmlinux-{VERSION}", f"/efi/x/initrd-{VERSION} (the one of every boot: no other was found)")


def no_initrd_at_all():
    output = finds({f"boot/vmlinux-{VERSION}": vmlinux()}, f"/boot/vmlinux-{VERSION}", "none (none was found)")
    expect("--initrd" not in output, output)


def no_kernel():
    """What is known until then is said all the same."""
    status, output, errors = explain({"sys/kernel/kexec_crash_size": "0\n"})
    expect(status == 1 and output == "configuration   none, the defaults\n", f"{status}: {output}")
    expect([line.split(":")[1] for line in errors.splitlines()] == [
        " no memory is reserved for a crash kernel, although crashkernel= asks for it",
        f" no kernel of version {VERSION}"], errors)
    expect(f" /boot/NAME-{VERSION} " in errors and f"/usr/lib/modules/{VERSION}/NAME, " in errors and
           "vmlinuz vmlinux Image image; set KDUMP_KERNELVER" in errors, errors)


def windows_line_ends():
    status, output, errors = explain({**DEBIAN, "etc/default/kdump": "KEXEC_ARGS=-c\r\n"})
    expect(status == 1 and not output and errors.startswith(
        "kdump-load: /etc/default/kdump: its lines end in CR LF"), f"{status}: {output}{errors}")
    # ... one within a line is nothing special.
    expect(explain({**DEBIAN, "etc/default/kdump": "# a\rb\n"})[0] == 0, "a CR in a comment")


def what_it_does_not_understand():
    status, _, errors = explain(DEBIAN, "--explian")
    expect(status == 2 and errors.startswith("kdump-load: what does --explian mean?\nUsage: "), errors)
    done = subprocess.run([*Tools.load, "--root="], capture_output=True, text=True)
    expect(done.returncode == 2 and not done.stdout, done)
    done = subprocess.run([*Tools.load, "--explain", "--root=/no/such"], capture_output=True, text=True)
    expect(done.returncode == 1 and done.stderr == "kdump-load: /no/such: no such directory\n", done)


def configuration():
    files = {**DEBIAN, "etc/default/kdump": '''
KDUMP_KERNELVER=1.2.3
KDUMP_BOOTDIR=/efi
KDUMP_IMG=linux
KDUMP_IMG_EXT=.efi
KDUMP_COMMANDLINE="root=/dev/sdb crashkernel=1G maxcpus=4 a='b"
KDUMP_COMMANDLINE_REMOVE="maxcpus b"
KDUMP_COMMANDLINE_APPEND="maxcpus=1 quiet"
KEXEC_ARGS="-c --mem-min=0x20000000"
''', "efi/linux-1.2.3.efi": vmlinux()}
    output = finds(files, "/efi/linux-1.2.3.efi", "none (none was found)")
    expect(line_of(output, "configuration") == "/etc/default/kdump", output)
    expect(line_of(output, "command") == (
        "kexec -p --hotplug '--base-cmdline=root=/dev/sdb crashkernel=1G maxcpus=4 a='\\''b' "
        "'--remove-cmdline=maxcpus b' '--command-line=maxcpus=1 quiet' -c --mem-min=0x20000000 "
        "/efi/linux-1.2.3.efi"), output)
    expect("K root=/dev/sdb a='b maxcpus=1 quiet\n" in output, output)


def another_machines_configuration_is_not_run():
    with tempfile.TemporaryDirectory() as top:
        mark = os.path.join(top, "mark")
        odd = [f"touch {mark}; KDUMP_IMG=a", f"KDUMP_IMG=`touch {mark}`", f'KDUMP_IMG="$(touch {mark})"',
               f"KDUMP_IMG=a; touch {mark}", f"KDUMP_IMG=a touch {mark}", f"KDUMP_IMG='a' touch {mark} # b",
               'KDUMP_IMG="a"b', "KDUMP_IMG='a'#b", 'KDUMP_IMG="a', r"KDUMP_IMG=a\b", r'KDUMP_IMG="a\b"',
               "KDUMP_IMG=*", "export KDUMP_IMG=a"]
        text = "\n".join([f"touch {mark}", "#KDUMP_IMG=b", "KDUMP_OTHER=`", *odd, " KDUMP_IMG_EXT='' # none",
                          "KEXEC_ARGS='-c' \t# c", 'KDUMP_COMMANDLINE_APPEND="a=$1"',
                          "KDUMP_COMMANDLINE_APPEND='$x \"y\" #z'", "KDUMP_COMMANDLINE_REMOVE=quiet"])
        status, output, errors = explain({**DEBIAN, "etc/default/kdump": text})
        expect(not os.path.exists(mark), "it was run")
        expect(status == 0 and line_of(output, "command") == (
            f"kexec -p --hotplug --initrd=/var/lib/kdump/initrd.img-{VERSION} --reuse-cmdline "
            f"--remove-cmdline=quiet '--command-line=$x \"y\" #z' -c /boot/vmlinux-{VERSION}"),
            f"{status}: {output}{errors}")
        odd.append('KDUMP_COMMANDLINE_APPEND="a=$1"')
        expect([line for line in errors.splitlines() if "not a plain" in line] ==
               [f"kdump-load: /etc/default/kdump: left out, not a plain assignment: {line}" for line in odd],
               errors)


def another_machine_leads_to_no_file_of_this_one():
    """By names of its configuration, and by links; a link that stays inside is followed."""
    with tempfile.TemporaryDirectory() as top:
        root = f"{top}/root"
        write(f"{root}/proc/sys/kernel/osrelease", VERSION + "\n")
        for at in (f"{top}/here", f"{root}/inside"):
            write(f"{at}/vmlinux-{VERSION}", vmlinux())
        write(f"{top}/here/default", "KEXEC_ARGS=-x\n")

        def explained():
            return subprocess.run([*Tools.load, "--explain", f"--root={root}"], cwd=top, capture_output=True,
                                  env=dict(os.environ, KEXEC="/bin/echo"), text=True, check=False)

        for boot, link, good in (("/inside", None, True), ("/boot/../inside", None, True),
                                 ("/../here", None, False), ("/inside/../../here", None, False),
                                 ("/boot", f"../inside/vmlinux-{VERSION}", True),
                                 ("/boot", f"../../here/vmlinux-{VERSION}", False),
                                 ("/boot", f"{top}/here/vmlinux-{VERSION}", False)):
            shutil.rmtree(f"{root}/boot", ignore_errors=True)
            os.makedirs(f"{root}/boot")
            if link:
                os.symlink(link, f"{root}/boot/vmlinux-{VERSION}")
            write(f"{root}/etc/default/kdump", f"KDUMP_BOOTDIR={boot}\n")
            done = explained()
            expect((done.returncode == 0) == good, f"{boot} {link}: {done.stdout}{done.stderr}")
            expect(good or f"no kernel of version {VERSION}: there is no {boot}/NAME-" in done.stderr, done.stderr)
        os.unlink(f"{root}/etc/default/kdump")
        os.symlink(f"{top}/here/default", f"{root}/etc/default/kdump")
        shutil.rmtree(f"{root}/boot")
        os.rename(f"{root}/inside", f"{root}/boot")
        done = explained()
        expect(done.returncode == 0 and " -x " not in done.stdout, f"{done.stdout}{done.stderr}")


HARMLESS = ("-c -a -d -i -x -y -s -p -cd -xyi --kexec-syscall --kexec-file-syscall --kexec-syscall-auto --load-panic"
            " --hotplug --debug --no-checks --no-ifdown --no-sync --no-cma --force-dtb --args-linux"
            " --elf64-core-headers --dt-no-old-root --reuse-cmdline --command-line=a --append=* --base-cmdline=b"
            " --remove-cmdline=c --type=elf-ppc64 --mem-min=0x20000000 --mem-max=4G").split()
HARMFUL = ("-- - -u -e -f -l -S -v -h -t -pu -cu --load --exec --unload --force --status --verbose --version --help"
           " --json --dump --dump={0}/canary --dum={0}/canary --record={0}/canary --rec {0}/canary --sysroot=/"
           " --sys=/ --sysroot / --initrd={0}/secret --ramdisk={0}/secret --initr=x --dtb={0}/secret --reuseinitrd"
           " --entry=0 --load-pani --append --mem-min 0x20000000 --print-ckr-size {0}/secret /etc/passwd * {0}/*"
           " ~ $HOME $(touch$IFS{0}/canary) `touch {0}/canary` ; && || > >{0}/canary |")


def another_machines_arguments():
    """Asked of a recorder, because kexec might load."""
    with tempfile.TemporaryDirectory() as root:
        write(f"{root}/boot/vmlinux-{VERSION}", vmlinux())
        write(f"{root}/proc/sys/kernel/osrelease", VERSION + "\n")
        write(f"{root}/secret", "x")
        write(f"{root}/kexec", f'#!/bin/sh\nprintf "%s\\n" "$@" >{root}/asked\n', 0o755)
        for word in [*HARMLESS, *HARMFUL.replace("{0}", root).split()]:
            write(f"{root}/etc/default/kdump", f"KEXEC_ARGS='{word}'\n")
            done = subprocess.run([*Tools.load, "--explain", f"--root={root}"], cwd=root,
                                  env=dict(os.environ, KEXEC=f"{root}/kexec"), capture_output=True, text=True)
            with open(f"{root}/asked", encoding="utf-8") as f:
                asked = f.read().splitlines()
            expect(asked[:3] == [f"--sysroot={root}", "--dry-run", "-p"] and asked[-1].startswith(root + "/boot"),
                   asked)
            between = [w for w in asked[3:-1] if w not in ("--reuse-cmdline", f"--remove-cmdline={REMOVE}",
                                                          f"--command-line={APPEND}", "--hotplug") and
                       not w.startswith("--command-line=nr_cpus=1 ")]
            if word in HARMLESS:
                expect(word in asked and "left out" not in done.stderr, f"{word}: {asked} {done.stderr}")
            else:
                expect(not between and f"not for looking at another machine: {word}\n" in done.stderr,
                       f"{word}: {between} {done.stderr}")
            expect(not os.path.exists(f"{root}/canary"), word)


def another_machines_values_are_words():
    """Patterns, commands and lines in any of them: one argument or one name, as it is written."""
    with tempfile.TemporaryDirectory() as top:
        canary = f"{top}/canary"
        odd = ["*", "/*", f"$(touch {canary})", f"`touch {canary}`", f"; touch {canary}", f"--dump={canary}",
               f"a --record={canary}", f"\\n--dump={canary}", "[a-z]", "~"]
        for value in odd:
            text = "".join(f"{name}='{value}'\n" for name in (
                "KDUMP_COMMANDLINE", "KDUMP_COMMANDLINE_REMOVE", "KDUMP_COMMANDLINE_APPEND"))
            status, output, errors = explain({**DEBIAN, "etc/default/kdump": text + "KEXEC_ARGS='-c * -d'\n"})
            expect(not errors or "KEXEC_ARGS" in errors, errors)
            expect(f"--base-cmdline={value} --remove-cmdline={value} --command-line={value} -c -d /boot" in
                   line_of(output, "command").replace("'", ""), f"{status} {output}{errors}")
            expect(not os.path.exists(canary), value)
        for name in "KDUMP_KERNELVER", "KDUMP_IMG", "KDUMP_BOOTDIR", "KDUMP_IMG_EXT":
            for value in [*odd, "/boot/*"]:
                status, output, errors = explain({**DEBIAN, "etc/default/kdump": f"{name}='{value}'\n"})
                expect(status == 1 and "command" not in output, f"{name}={value}: {status} {output}{errors}")
                expect(not os.path.exists(canary), value)


def another_root_that_is_this_one():
    """Looked at like any other: its configuration is not run."""
    with tempfile.TemporaryDirectory() as top:
        for path in "/etc", "/boot":
            subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
        try:
            write("/etc/default/kdump", f"touch {top}/canary\n")
            write(f"/boot/vmlinux-{os.uname().release}", vmlinux())
            for root in "/", "//", "/.", ".":
                done = subprocess.run([*Tools.load, "--explain", f"--root={root}"], capture_output=True, text=True,
                                      cwd="/", env=dict(os.environ, KEXEC="/bin/true"))
                expect(done.returncode == 0 and "command" in done.stdout, done)
                expect(not os.path.exists(f"{top}/canary"), root)
        finally:
            for path in "/etc", "/boot":
                subprocess.run(["umount", path], check=True)


def a_root_is_no_option():
    with tempfile.TemporaryDirectory() as top:
        for root in "-n", "a b", "a*", "$(x)":
            write(f"{top}/{root}/boot/vmlinux-{VERSION}", vmlinux())
            write(f"{top}/{root}/proc/sys/kernel/osrelease", VERSION + "\n")
            done = subprocess.run([*Tools.load, "--explain", "--root", root], cwd=top, capture_output=True, text=True,
                                  env=dict(os.environ, KEXEC="/bin/true"))
            expect(done.returncode == 0 and line_of(done.stdout, "kernel") == f"{top}/{root}/boot/vmlinux-{VERSION}",
                   f"{root}: {done}")


def nothing_reaches_a_terminal():
    """What files are called and say, and arguments."""
    low = bytes(c for c in range(1, 0x80) if c not in b"\n'/")
    high = b" ".join([bytes(range(0x80, 0x100)), *(chr(c).encode() for c in [*range(0x80, 0xa0), 0x61c, 0x200e, 0x2028,
                                                                           0x202e, 0x2066, 0xe4, 0x20ac, 0x1d11e]),
                      b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"])
    for odd in low, high:
        with tempfile.TemporaryDirectory() as top:
            root = os.path.join(top.encode(), b"r" + odd[:200])
            for name, data in [("boot/vmlinux-1", vmlinux()), ("proc/sys/kernel/osrelease", b"1\n"),
                               ("etc/default/kdump", b"KEXEC_ARGS='" + odd + b"'\nKDUMP_COMMANDLINE='" + odd +
                                b"'\nKDUMP_IMG=\"" + odd + b"`\nKDUMP_IMG=vmlinux\n")]:
                write(os.path.join(root, name.encode()), data)
            shown = b""
            for arguments in ["--explain", b"--root=" + root], ["--explain", b"--root=" + root + b"x"], [b"-" + odd]:
                done = subprocess.run([*Tools.load, *arguments], capture_output=True,
                                      env=dict(os.environ, KEXEC="/bin/true"))
                shown += done.stdout + done.stderr
            text = shown.decode()       # which is UTF-8, strictly
            bad = [c for c in text if c not in "\n\t" and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or
                                                          c in "\u061c\u200e\u202e\u2066")]
            expect(not bad, ascii(text))
            expect("\\x1b" in text if odd is low else "ä € 𝄞" in text and "\\x9b" in text, ascii(text))


def sysconfig_comes_first():
    output = finds({**DEBIAN, "etc/default/kdump": "exit 9\n", "etc/sysconfig/kdump": "KEXEC_ARGS=-c\n"},
                   f"/boot/vmlinux-{VERSION}", f"/var/lib/kdump/initrd.img-{VERSION} (made for capturing)")
    expect(line_of(output, "configuration") == "/etc/sysconfig/kdump", output)


def the_shipped_configuration_changes_nothing():
    with open(os.path.join(HERE, "../../kdump/kdump.conf"), "rb") as f:
        shipped = f.read()
    plain = explain(DEBIAN)[1].split("\n", 1)[1]
    expect(explain({**DEBIAN, "etc/sysconfig/kdump": shipped})[1].split("\n", 1)[1] == plain, "it does")
    # ... and what it shows as defaults are the defaults.
    shown = b"\n".join(line.lstrip(b"#") for line in shipped.splitlines() if line.startswith(b"#KDUMP_COMMANDLINE_"))
    expect(shown.count(b"\n") == 1, shown)
    expect(explain({**DEBIAN, "etc/sysconfig/kdump": shown})[1].split("\n", 1)[1] == plain, shown)


def hotplug_by_itself():
    both = ["sys/devices/system/cpu/crash_hotplug", "sys/devices/system/memory/crash_hotplug"]
    for arguments, remove, asked in [("", [], True), ("", both[:1], True), ("", both, False),
                                     ("-c", [], True), ("-a -d", [], True), ("-s", [], False),
                                     ("--kexec-file-syscall", [], False), ("-s -c", [], True),
                                     ("-s --kexec-syscall-auto", [], True), ("-c -s", [], False),
                                     ("-d\t-s\t-d", [], False)]:
        _, output, _ = explain({**DEBIAN, "etc/default/kdump": f'KEXEC_ARGS="{arguments}"\n'}, remove=remove)
        expect((" --hotplug " in line_of(output, "command")) == asked, f"{arguments} {remove}: {output}")
    _, output, _ = explain({**DEBIAN, "etc/default/kdump": "KEXEC_ARGS=--hotplug\n"})
    expect(line_of(output, "command").count("--hotplug") == 1, output)


def check():
    for files, status, message in [
            ({}, 0, ""),
            ({"sys/kernel/kexec_crash_size": "0\n"}, 1, "although crashkernel= asks for it"),
            ({"sys/kernel/kexec_crash_size": "0\n", "proc/cmdline": "quiet\n"}, 1, "boot with crashkernel=SIZE"),
            ({"sys/kernel/kexec_crash_size": "0\n", "sys/kernel/kexec/crash_size": "1\n"}, 0, ""),
            ({"sys/kernel/fadump/enabled": "0\n"}, 0, ""),
            ({"sys/kernel/fadump/enabled": "1\n"}, 1, "fadump")]:
        got, output, errors = explain(files, "--check")
        expect(got == status and not output and message in errors and bool(errors) == bool(status),
               f"{files}: {got} {output} {errors}")
    status, _, errors = explain({}, "--check", remove=["sys/kernel/kexec_crash_size"])
    expect(status == 1 and "CONFIG_CRASH_DUMP" in errors, f"{status}: {errors}")
    # A regular file that gives an error instead of a size, as when the kernel's lock is held.
    with tempfile.TemporaryDirectory() as root:
        size = f"{root}/sys/kernel/kexec_crash_size"
        write(size, "")
        subprocess.run(["mount", "--bind", f"/proc/{os.getpid()}/mem", size], check=True)
        done = subprocess.run([*Tools.load, "--check", f"--root={root}"], capture_output=True, text=True)
        subprocess.run(["umount", size], check=True)
        expect(done.returncode == 0 and not done.stderr, done)


def only_looking_elsewhere():
    for arguments in ["--root=/x"], ["--root=/"], ["--root", "/"], ["--reload"], ["--unload"]:
        status, _, errors = explain(DEBIAN, *arguments)
        expect(status == 1 and "add --explain" in errors, f"{arguments}: {status} {errors}")


# --- on "this" machine: what is run, and when ---

class ThisMachine:
    """/sys, /boot, /run and /etc made up; kexec, systemctl and udevadm are recorders."""

    def __init__(self):
        self.bin = tempfile.mkdtemp()
        self.log = os.path.join(self.bin, "log")
        for path in "/sys", "/boot", "/run", "/var/lib", "/etc":
            subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
        release = os.uname().release
        write(f"/boot/vmlinuz-{release}", vmlinux())
        self.kernel = f"/boot/vmlinuz-{release}"
        os.makedirs("/run/kdump/reload")
        for name in "kexec", "udevadm":
            self.program(name, f'echo "{name} $*" >> {self.log}')
        self.systemctl()

    def program(self, name, text):
        write(os.path.join(self.bin, name), "#!/bin/sh\n" + text + "\n", 0o755)

    def systemctl(self, kdump_tools="false", slow=0):
        self.program("systemctl", f'echo "systemctl $*" >> {self.log}\n'
                     f'case $* in *is-active*) {kdump_tools};; *) sleep {slow};; esac')

    def crash_hotplug(self, value):
        for subsystem in "cpu", "memory":
            write(f"/sys/devices/system/{subsystem}/crash_hotplug", value + "\n")

    def run(self, *arguments, load=None, umask=-1, **variables):
        env = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}", KEXEC=f"{self.bin}/kexec",
                   **{"INVOCATION_ID": "", **variables})
        return subprocess.run([*(load or Tools.load), *arguments], env=env, capture_output=True, text=True, umask=umask)

    def calls(self, *ignored):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log, encoding="utf-8") as f:
                return [line for line in f.read().splitlines() if not line.startswith(ignored)]
        return []

    def forget(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.log)


MACHINE = None
EVENT = "/run/kdump/reload/event"
RELOAD = "systemctl try-reload-or-restart kdump.service"
NOISE = ("udevadm", "systemctl --quiet is-active", "kexec -S --verbose")


def a_load_is_one_kexec_and_answers_events():
    write(EVENT, "")
    MACHINE.crash_hotplug("0")
    done = MACHINE.run()
    calls = MACHINE.calls()
    expect(done.returncode == 0 and len(calls) == 1, f"{done} {calls}")
    expect(calls[0].startswith("kexec -p --hotplug --reuse-cmdline --remove-cmdline=") and
           calls[0].endswith(MACHINE.kernel), calls)
    expect(not os.path.exists(EVENT), "the event is still there")
    expect("no initrd made to capture a dump was found: loading none;" in done.stderr, done.stderr)
    version = os.uname().release
    for name, said in (f"/boot/initrd-{version}", True), (f"/boot/initrd-{version}-kdump", False):
        write(name, "x")
        done = MACHINE.run()
        expect((f"loading {name};" in done.stderr) == said and bool(done.stderr) == said, done.stderr)
        os.unlink(name)
    MACHINE.forget()
    MACHINE.run("--unload")
    expect(MACHINE.calls() == ["kexec -p -u"], MACHINE.calls())


NOTES = "/run/kdump/loads"


def noted():
    with open(NOTES, encoding="utf-8") as f:
        return {tuple(line.split()[:2]): [int(n) for n in line.split()[2:]] for line in f}


def what_is_noted():
    """How often, how long, when, why, and how it ended; whatever the mask, and of kexec's status nothing is lost."""
    if os.path.exists(NOTES):
        os.unlink(NOTES)
    MACHINE.crash_hotplug("0")
    with open(Tools.load[-1], encoding="utf-8") as f:
        script = f.read()
    hasty = [*Tools.load[:-1], os.path.join(MACHINE.bin, "hasty")]
    write(hasty[-1], script.replace("quiet_seconds=2", "quiet_seconds=0.3"), 0o755)
    MACHINE.program("kexec", "sleep 0.3; exit 4")
    before = time.time()
    expect(MACHINE.run().returncode == 4, "the status")
    count, took, when, last, status = noted()["load", "hand"]
    expect((count, status) == (1, 4) and 30 <= took == last < 1000 and before - 1 <= when <= time.time() + 1, noted())
    MACHINE.program("kexec", "exit 0")
    expect(MACHINE.run(umask=0o77).returncode == 0 and os.stat(NOTES).st_mode & 0o777 == 0o644, "the mode")
    expect(noted()["load", "hand"][0] == 2 and noted()["load", "hand"][1] >= took, noted())
    MACHINE.program("kexec", "exit 1")
    # A load that failed is none, and takes nothing from what is known of the last one that did not.
    before = noted()["load", "hand"]
    for variables, why in ({}, "hand"), ({"INVOCATION_ID": "x"}, "service"):
        expect(MACHINE.run(**variables).returncode == 1 and noted()["failure", why][0] == 1 and noted()["failure", why][4] == 1, noted())
    expect(noted()["load", "hand"] == before and ("load", "service") not in noted(), noted())
    # Events, and the load that they ask for; one without events afterwards is no answer to them.
    MACHINE.program("systemctl", f'case $* in *is-active*) false;; *) KEXEC=/bin/true exec {" ".join(hasty)};; esac')
    write(EVENT, "")
    MACHINE.run("--reload", load=hasty)
    expect(noted()["load", "hotplug"][0] == 1 and noted()["event", "reloaded"][0] == 1, noted())
    expect(30 <= noted()["event", "reloaded"][3] < 6000, noted())
    MACHINE.run()
    expect(noted()["load", "hotplug"][0] == 1 and not os.path.exists("/run/kdump/asked"), noted())
    # Who was killed while it asked, asks no more.
    gone = subprocess.Popen(["true"])
    gone.wait()
    for asker in f"{gone.pid}\n", "", "none\n":
        write("/run/kdump/asked", asker)
        MACHINE.program("kexec", "exit 0")
        MACHINE.run()
        expect(noted()["load", "hotplug"][0] == 1, f"{asker}: {noted()}")
    os.unlink("/run/kdump/asked")
    MACHINE.program("systemctl", "case $* in *is-active*) false;; *) exit 1;; esac")
    write(EVENT, "")
    expect(MACHINE.run("--reload", load=hasty).returncode == 1 and noted()["event", "failed"][0] == 1 and
           noted()["event", "reloaded"][0] == 1, noted())
    MACHINE.systemctl()
    MACHINE.program("kexec", "exit 0")
    MACHINE.crash_hotplug("1")
    write(EVENT, "")
    MACHINE.run("--reload", load=hasty)
    expect(noted()["event", "kept"][0] == 1, noted())
    # What somebody else wrote there is kept or left out, and no failure; so is one that cannot be written.
    write(NOTES, "load hand x 1 1 1 1\nload hand 08 1 1 1 1\nload other 7 7 7 7 7\n$(touch /run/canary) `touch /run/canary`\n")
    done = MACHINE.run()
    expect(done.returncode == 0 and not os.path.exists("/run/canary") and "cannot be written" not in done.stderr, done)
    with open(NOTES, encoding="utf-8") as f:
        expect("load other 7 7 7 7 7\n" in f.read(), "other lines")
    os.unlink(NOTES)
    os.mkdir(NOTES)
    done = MACHINE.run()
    expect(done.returncode == 0 and f"{NOTES}: cannot be written" in done.stderr, done)
    os.rmdir(NOTES)
    MACHINE.program("kexec", f'echo "kexec $*" >> {MACHINE.log}')


def loads_at_once_are_all_noted():
    """None is lost, none twice; nobody but root can keep them from it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(NOTES)
    MACHINE.program("kexec", "exit 0")
    threads = [threading.Thread(target=MACHINE.run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(NOTES, encoding="utf-8") as f:
        lines = f.read().splitlines()
    expect(len(lines) == 1 and noted()["load", "hand"][0] == 12, lines)
    expect(os.stat(NOTES + ".lock").st_mode & 0o777 == 0o600, "the lock")
    expect(sorted(n for n in os.listdir("/run/kdump") if n.startswith("loads")) == ["loads", "loads.lock"], os.listdir("/run/kdump"))
    MACHINE.program("kexec", f'echo "kexec $*" >> {MACHINE.log}')


def this_machines_configuration_is_a_shell_script():
    for text, argument in [("KEXEC_ARGS=-c\n[ -f /none ] && KEXEC_ARGS=-s\n", " -c /boot/"),
                           ('KEXEC_ARGS="-c $KDUMP_UNKNOWN"\n', " -c /boot/"),
                           ("KEXEC_ARGS=$(echo -a)\nfalse\n", " -a /boot/")]:
        MACHINE.forget()
        write("/etc/default/kdump", text)
        done = MACHINE.run()
        expect(done.returncode == 0 and argument in "".join(MACHINE.calls()), f"{text}: {done} {MACHINE.calls()}")
    os.unlink("/etc/default/kdump")


def storm(stop):
    """Events, until this one; kdump-load may take each away at any moment."""
    while not stop.wait(.05):
        with open(EVENT, "w", encoding="ascii"):
            pass


def a_storm_is_one_reload():
    MACHINE.crash_hotplug("0")
    stop = threading.Event()
    write(EVENT, "")
    thread = threading.Thread(target=storm, args=(stop,))
    timer = threading.Timer(3, stop.set)
    thread.start()
    timer.start()
    MACHINE.run("--reload")
    waited = stop.is_set()
    thread.join()
    expect(waited, "it did not wait")
    expect(MACHINE.calls(*NOISE) == [RELOAD], MACHINE.calls())
    expect(not os.path.exists(EVENT), "the event is still there")


def a_storm_without_an_end_is_not_waited_out():
    MACHINE.crash_hotplug("0")
    with open(Tools.load[-1], encoding="utf-8") as f:
        script = f.read()
    expect("\nmost_rounds=60" in script and "\nquiet_seconds=2\n" in script, "the limits have other names")
    hasty = os.path.join(MACHINE.bin, "hasty")
    write(hasty, script.replace("most_rounds=60", "most_rounds=3").replace("quiet_seconds=2", "quiet_seconds=1"), 0o755)
    stop = threading.Event()
    write(EVENT, "")
    thread = threading.Thread(target=storm, args=(stop,))
    thread.start()
    MACHINE.run("--reload", load=[*Tools.load[:-1], hasty])
    stop.set()
    thread.join()
    expect(MACHINE.calls(*NOISE) == [RELOAD], MACHINE.calls())


def events_that_cannot_be_answered_are_no_endless_loop():
    write(EVENT, "")
    subprocess.run(["mount", "--bind", "/run/kdump", "/run/kdump"], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", "/run/kdump"], check=True)
    done = MACHINE.run("--reload")
    subprocess.run(["umount", "/run/kdump"], check=True)
    expect(done.returncode == 1 and not MACHINE.calls() and
           "/run/kdump/reload: cannot be emptied" in done.stderr, f"{done} {MACHINE.calls()}")


def nothing_where_the_kernel_keeps_it_current():
    MACHINE.crash_hotplug("1")
    write(EVENT, "")
    done = MACHINE.run("--reload")
    expect(done.returncode == 0 and not MACHINE.calls(*NOISE), MACHINE.calls())
    expect("nothing to do" in done.stderr and not os.path.exists(EVENT), done.stderr)
    # Half is not enough.
    write("/sys/devices/system/cpu/crash_hotplug", "0\n")
    MACHINE.run("--reload")
    expect(MACHINE.calls(*NOISE) == [RELOAD], MACHINE.calls())


def a_change_that_was_missed_is_a_reload():
    """The kernel says that it keeps the image current; kexec says that there is a doubt."""
    MACHINE.crash_hotplug("1")
    for status in 1, 2, 3, 255:
        MACHINE.forget()
        MACHINE.program("kexec", f'echo "kexec $*" >> {MACHINE.log}; exit {status}')
        write(EVENT, "")
        done = MACHINE.run("--reload")
        expect(done.returncode == 0 and MACHINE.calls(*NOISE) == [RELOAD] and "nothing to do" not in done.stderr,
               f"{status}: {done} {MACHINE.calls()}")
    MACHINE.program("kexec", f'echo "kexec $*" >> {MACHINE.log}')


def memory_that_was_removed_is_a_reload():
    """The kernel keeps the image current, nobody has a doubt, and yet the range is still in it."""
    MACHINE.crash_hotplug("1")
    for files, reloads in (["removed"], True), (["event", "removed"], True), (["event"], False), (["moved"], False):
        MACHINE.forget()
        for name in files:
            write(f"/run/kdump/reload/{name}", "")
        done = MACHINE.run("--reload")
        expect(done.returncode == 0 and MACHINE.calls(*NOISE) == [RELOAD] * reloads and
               ("nothing to do" in done.stderr) != reloads and not os.listdir("/run/kdump/reload"),
               f"{files}: {done} {MACHINE.calls()}")


def reload_without_kernel_support():
    shutil.rmtree("/sys/devices", ignore_errors=True)
    MACHINE.run("--reload")
    expect(MACHINE.calls(*NOISE) == [RELOAD], MACHINE.calls())


def kdump_tools_is_asked_where_it_is_active():
    MACHINE.crash_hotplug("0")
    MACHINE.systemctl(kdump_tools="true")
    MACHINE.run("--reload")
    expect(MACHINE.calls(*NOISE) == ["systemctl restart kdump-tools.service"], MACHINE.calls())
    MACHINE.systemctl()


def fadump_is_registered_again():
    MACHINE.crash_hotplug("0")
    for registered, written in ("1", "1\n"), ("0", "0"):
        write("/sys/kernel/fadump/enabled", "1\n")
        write("/sys/kernel/fadump/registered", registered)
        done = MACHINE.run("--reload")
        with open("/sys/kernel/fadump/registered", encoding="utf-8") as f:
            expect(f.read() == written and not MACHINE.calls(*NOISE), f"{done} {MACHINE.calls()}")
    shutil.rmtree("/sys/kernel/fadump")


LOOKING = [debian, debian_with_kdump_tools, debian_before_its_first_capture_initrd, fedora, fedora_kernel_in_its_module_directory,
           suse, older_suse, suse_kernel_in_its_module_directory, initrd_named_after_the_one_of_every_boot,
           all_of_the_boot_directory_that_is_named, no_initrd_at_all, no_kernel, configuration,
           windows_line_ends, what_it_does_not_understand,
           another_machines_configuration_is_not_run, another_machine_leads_to_no_file_of_this_one,
           another_machines_arguments,
           another_machines_values_are_words, another_root_that_is_this_one, a_root_is_no_option,
           nothing_reaches_a_terminal,
           sysconfig_comes_first,
           the_shipped_configuration_changes_nothing, hotplug_by_itself, check,
           only_looking_elsewhere]
DOING = [a_load_is_one_kexec_and_answers_events, what_is_noted, loads_at_once_are_all_noted, this_machines_configuration_is_a_shell_script,
         a_storm_is_one_reload, a_storm_without_an_end_is_not_waited_out,
         events_that_cannot_be_answered_are_no_endless_loop, nothing_where_the_kernel_keeps_it_current,
         a_change_that_was_missed_is_a_reload, memory_that_was_removed_is_a_reload, reload_without_kernel_support, kdump_tools_is_asked_where_it_is_active,
         fadump_is_registered_again]


def main():
    global MACHINE
    apart.refuse_the_machines_own_mounts()
    load, Tools.kexec = map(os.path.abspath, sys.argv[1:3])
    Tools.load = [*sys.argv[3:], load]
    tap = Tap("kdump-load", len(LOOKING) + len(DOING))
    for test in LOOKING + DOING:
        if test is DOING[0]:
            MACHINE = ThisMachine()
        if MACHINE:
            MACHINE.forget()
        tap.run(test.__name__.replace("_", " "), test)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
